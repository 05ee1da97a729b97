//! The table as a whole; what each function gives is in `terraform`.

mod terraform;

use super::{Call, Function, Home, Time, families, find, table};
use bggo_values::context::{Context, Draws, IterationKey, Site, WallClock};
use bggo_values::json::RawJson;
use bggo_values::{Fault, Number, Seq, Text, Type, Value, literal};
use proptest::prelude::*;
use std::path::Path;
use std::time::Duration;

#[test]
fn every_function_is_found_by_its_name_and_no_name_is_twice() {
    let table = table();
    assert!(table.len() > 120, "{}", table.len());
    assert!(table.windows(2).all(|pair| pair[0].name < pair[1].name));
    for function in table {
        let found = find(function.name).unwrap();
        assert_eq!(found.name, function.name);
    }
    assert!(find("try").is_none() && find("can").is_none() && find("").is_none());
    for family in families() {
        let names: Vec<&str> = family
            .functions
            .iter()
            .map(|function| function.name)
            .collect();
        assert!(names.is_sorted(), "{}: {names:?}", family.title);
    }
}

#[test]
fn each_function_is_where_the_table_says_and_that_place_does_not_name_the_table() {
    let runtime = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../runtime/values");
    let read = |path: String| std::fs::read_to_string(runtime.join(path)).unwrap();
    for function in table() {
        let (package, text) = match function.home {
            Home::Module(module) => ("functions", read(format!("functions/src/{module}.rs"))),
            Home::Crate(package) => {
                let folder = package.strip_prefix("bggo-").unwrap();
                let files = std::fs::read_dir(runtime.join(folder).join("src")).unwrap();
                let files = files
                    .map(|file| file.unwrap().path())
                    .filter(|path| path.is_file());
                let texts = files.map(|path| std::fs::read_to_string(path).unwrap());
                (folder, texts.collect::<String>())
            }
        };
        let context = match function.call {
            Call::Plain(_) => "",
            Call::InContext(_) => "context: &Context<'_>, ",
        };
        let line = format!("pub fn {}({context}values: &[Value])", function.rust);
        let made = format!("    {} = ", function.rust);
        assert!(
            text.contains(&line) || package == "fakes" && text.contains(&made),
            "{package}: {}",
            function.rust
        );
        let manifest = read(format!("{package}/Cargo.toml"));
        assert!(
            !manifest.contains("bggo-function-table"),
            "{package} must not name the table"
        );
    }
}

#[test]
fn only_the_surroundings_and_chance_are_not_pure() {
    for function in table() {
        let expected = match function.name {
            "abspath" | "env" | "pathexpand" | "timestamp" => Time::Start,
            "bcrypt" | "timestamp_ms" | "uuid" => Time::Iteration,
            name if name.starts_with("random_") || name.starts_with("fake_") => Time::Iteration,
            _ => Time::Pure,
        };
        assert_eq!(function.time, expected, "{}", function.name);
        let asks = matches!(function.call, Call::InContext(_));
        assert_eq!(asks, expected == Time::Iteration, "{}", function.name);
    }
}

/// One of every kind, among them the unusual.
fn samples() -> Vec<Value> {
    let raw = |text: &str| Value::Raw(RawJson::from_text(text).unwrap());
    vec![
        Value::Null,
        Value::Bool(true),
        Value::from(Number::new(-1)),
        Value::from(Number::parse("0.0000000000000000000000000001").unwrap()),
        Value::from(Number::parse("9999999999999999999999999999").unwrap()),
        Value::text(""),
        Value::text("/a/"),
        Value::text("%[1]5.2f %s é\u{301}"),
        Value::from(Duration::MAX),
        Value::Bytes(Seq::Static(&[0xff])),
        Value::list(&[]),
        literal::value("[1, \"a\", null, [true], {a = 1}]").unwrap(),
        literal::value("{b = 1, a = null}").unwrap(),
        raw("[1e400,{\"a\":1.50}]"),
        raw("{\"a\":1e400}"),
        raw("1e400"),
        raw("null"),
    ]
}

#[test]
fn nothing_that_is_passed_makes_a_function_panic() {
    let samples = samples();
    // It takes its time by intention.
    for function in table().iter().filter(|function| function.name != "bcrypt") {
        let _ = call(function, &[]);
        for a in &samples {
            let _ = call(function, std::slice::from_ref(a));
            for b in &samples {
                let _ = call(function, &[a.clone(), b.clone()]);
                if function.rest.is_none() && function.params.len() < 3 {
                    continue;
                }
                for c in &samples {
                    let _ = call(function, &[a.clone(), b.clone(), c.clone()]);
                    let _ = call(function, &[a.clone(), b.clone(), c.clone(), a.clone()]);
                }
            }
        }
    }
}

#[test]
fn what_is_deep_or_long_overflows_no_stack() {
    let many = 5_000;
    let nested = |open: &str, inner: &str, close: &str| {
        format!("{}{inner}{}", open.repeat(many), close.repeat(many))
    };
    let texts = [
        nested("[", "", "]"),
        nested("{a: ", "1", "}"),
        nested("- ", "a", ""),
        nested("<div>", "x", "</div>"),
        nested("<b><p>", "x", ""),
        nested(":not(", "a", ")"),
        nested("a ", "a", ""),
        nested("a > ", "a", ""),
        nested("$[?", "@", "]"),
        format!("$[?{}]", nested("(", "@", ")")),
        format!("$[?{}]", nested("!(", "@", ")")),
        format!("$[?{}]", nested("length(", "@", ")")),
        nested("(", "a", ")"),
        nested("(?:", "a", ")*"),
        nested("''", "", "'"),
        nested("\"\"", "", "\n"),
        nested("1s", "", ""),
        nested("../", "", "/.."),
        nested("a=1&", "", "%41"),
    ];
    // A thread of a program has no more stack than this.
    let run = move || {
        let texts: Vec<Value> = texts.into_iter().map(Value::from).collect();
        for function in table().iter().filter(|function| function.name != "bcrypt") {
            let other = Value::text("<a>x</a>");
            for text in &texts {
                let _ = call(function, std::slice::from_ref(text));
                let _ = call(function, &[text.clone(), other.clone()]);
                let _ = call(function, &[other.clone(), text.clone()]);
                let _ = call(function, &[Value::Null, text.clone()]);
            }
        }
    };
    let thread = std::thread::Builder::new().stack_size(2 << 20).spawn(run);
    thread.unwrap().join().unwrap();
}

#[test]
fn a_selector_or_path_has_a_bound_that_its_texts_in_quotes_do_not_count_for() {
    let said = |text: String| {
        let values = [Value::text("[]"), Value::from(text)];
        let said = call(find("jsonpath").unwrap(), &values);
        said.map_err(|fault| fault.to_string())
    };
    let deep = |count: usize| format!("$[?{}@.a{}]", "(".repeat(count), ")".repeat(count));
    let bound = |text: &str| Err(format!("argument 2 of `jsonpath`: {text}"));
    assert_eq!(said(deep(31)), Ok(Value::list(&[])));
    assert_eq!(said(deep(32)), bound("its brackets are more than 32 deep"));
    assert_eq!(
        said(format!("$['{}']", "[(".repeat(99))),
        Ok(Value::list(&[]))
    );
    assert_eq!(
        said(format!("$['{}']", "a".repeat(4096))),
        bound("it is longer than 4,096 bytes")
    );
}

#[test]
fn null_is_a_fault_where_the_table_says_so() {
    for function in table() {
        let Some(param) = function.params.first() else {
            continue;
        };
        let mut arguments: Vec<Value> = vec![Value::text("1"); function.params.len()];
        if let Some(first) = arguments.first_mut() {
            *first = Value::Null;
        }
        let expected = format!("argument 1 of `{}` must not be null", function.name);
        let found = call(function, &arguments).map_err(|fault| fault.to_string());
        assert_eq!(
            found == Err(expected),
            !param.nullable,
            "{}: {found:?}",
            function.name
        );
    }
}

#[test]
fn types_of_calls() {
    let cases = [
        ("max", "number, number", Ok("number")),
        ("split", "string, string", Ok("list(string)")),
        ("tolist", "tuple([number, string])", Ok("list(string)")),
        ("tolist", "tuple([])", Ok("list(null)")),
        ("tolist", "any", Ok("list(any)")),
        ("toset", "list(number)", Ok("set(number)")),
        (
            "tomap",
            "object({a = number, b = string})",
            Ok("map(string)"),
        ),
        (
            "tomap",
            "tuple([number, bool])",
            Err("a map or object is required, found a tuple([number, bool])"),
        ),
        (
            "tolist",
            "tuple([number, bool])",
            Err("what it holds has no type in common"),
        ),
        (
            "tonumber",
            "bool",
            Err("a number is required, found a bool"),
        ),
        ("tonumber", "any", Ok("number")),
        (
            "tostring",
            "list(string)",
            Err("a string is required, found a list(string)"),
        ),
        (
            "length",
            "number",
            Err("a string, list, map or object is required, found a number"),
        ),
        ("sum", "tuple([number, string])", Ok("number")),
        (
            "sum",
            "list(bool)",
            Err("a list, set or tuple of numbers is required, found a list(bool)"),
        ),
        (
            "concat",
            "tuple([number]), tuple([string])",
            Ok("tuple([number, string])"),
        ),
        ("concat", "list(number), list(string)", Ok("list(string)")),
        (
            "concat",
            "list(number), tuple([number])",
            Ok("list(number)"),
        ),
        ("concat", "list(number), tuple([string])", Ok("any")),
        ("concat", "list(number), any", Ok("list(any)")),
        (
            "concat",
            "list(number), string",
            Err("a list, set or tuple is required, found a string"),
        ),
        ("coalesce", "number, string", Ok("string")),
        (
            "coalesce",
            "number, bool",
            Err("the arguments have no type in common"),
        ),
        (
            "contains",
            "string, string",
            Err("a list, set or tuple is required, found a string"),
        ),
        ("distinct", "list(string)", Ok("list(string)")),
        (
            "flatten",
            "tuple([tuple([number]), string])",
            Ok("tuple([number, string])"),
        ),
        ("flatten", "list(list(string))", Ok("list(string)")),
        ("flatten", "tuple([list(string), number])", Ok("any")),
        ("flatten", "list(any)", Ok("list(any)")),
        ("keys", "object({a = number})", Ok("list(string)")),
        (
            "keys",
            "list(string)",
            Err("a map or object is required, found a list(string)"),
        ),
        (
            "values",
            "object({b = number, a = string})",
            Ok("tuple([string, number])"),
        ),
        ("values", "map(number)", Ok("list(number)")),
        ("lookup", "map(number), string", Ok("number")),
        (
            "lookup",
            "map(number), string, bool",
            Err(
                "the default must have the type of the map's values: a number is required, found a bool",
            ),
        ),
        (
            "lookup",
            "object({a = number, b = number}), string, number",
            Ok("number"),
        ),
        (
            "lookup",
            "object({a = number, b = string}), string",
            Ok("any"),
        ),
        (
            "merge",
            "object({a = number}), object({b = string, a = bool})",
            Ok("object({a = bool, b = string})"),
        ),
        ("merge", "map(number), map(number)", Ok("map(number)")),
        ("merge", "map(number), object({a = string})", Ok("any")),
        ("merge", "", Ok("object({})")),
        (
            "merge",
            "string",
            Err("a map or object is required, found a string"),
        ),
        ("jsondecode", "string", Ok("any")),
        ("uuid", "", Ok("string")),
    ];
    for (name, types, expected) in cases {
        let Type::Tuple(types) = bggo_values::types::parse(&format!("tuple([{types}])")).unwrap()
        else {
            panic!("no tuple")
        };
        let found = (find(name).unwrap().result)(&types).map(|ty| ty.to_string());
        assert_eq!(
            found,
            expected.map(str::to_string).map_err(str::to_string),
            "{name}({types:?})"
        );
    }
}

#[derive(Debug)]
struct Stopped;

impl WallClock for Stopped {
    fn since_epoch(&self) -> Duration {
        Duration::from_millis(1_796_030_100_250)
    }
}

/// A call in the first iteration of the first user.
fn call(function: &Function, values: &[Value]) -> Result<Value, Fault> {
    match function.call {
        Call::Plain(call) => call(values),
        Call::InContext(call) => call(&context(&Draws::new()), values),
    }
}

fn context(draws: &Draws) -> Context<'_> {
    Context {
        seed: 1,
        scenario: 0,
        iteration: IterationKey::User { user: 1, nth: 0 },
        site: Site {
            path: 0,
            call: 0,
            instance: 0,
        },
        draws,
        clock: &Stopped,
    }
}

#[test]
fn a_uuid_is_random_and_of_version_4() {
    let draws = Draws::new();
    let uuid = || {
        bggo_functions::random::uuid(&context(&draws), &[])
            .unwrap()
            .to_string()
    };
    let first = bggo_functions::random::uuid(&context(&Draws::new()), &[]).unwrap();
    assert_eq!(uuid(), first.to_string());
    let all: std::collections::BTreeSet<String> = (0..1000).map(|_| uuid()).collect();
    assert_eq!(all.len(), 1000);
    for text in &all {
        let shape: String = text
            .chars()
            .map(|c| {
                if c.is_ascii_hexdigit() && !c.is_uppercase() {
                    'x'
                } else {
                    c
                }
            })
            .collect();
        assert_eq!(shape, "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx");
        assert_eq!(text.as_bytes()[14], b'4');
        assert!(matches!(text.as_bytes()[19], b'8' | b'9' | b'a' | b'b'));
    }
}

#[test]
fn an_environment_variable_is_text_or_null() {
    let env = |name: &str| bggo_functions::environment::env(&[Value::from(name.to_string())]);
    assert_eq!(
        env("CARGO_PKG_NAME"),
        Ok(Value::text("bggo-function-table"))
    );
    for name in ["BGGO_NO_SUCH_NAME", "", "A=B", "A\0B"] {
        assert_eq!(env(name), Ok(Value::Null), "{name:?}");
    }
}

proptest! {
    #[test]
    fn base64_of_any_bytes_reads_back(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
        let text = bggo_values::base64::to_base64(&bytes);
        prop_assert_eq!(text.len() % 4, 0);
        prop_assert_eq!(bggo_values::base64::from_base64(&text), Some(bytes));
    }

    #[test]
    fn no_template_makes_format_panic(template in "[%0-9.+# a-z\\[\\]é-]{0,12}", number in any::<i64>()) {
        let _ = bggo_functions::string::format(&[Value::from(template), Value::from(Number::new(number)), Value::text("x")]);
    }

    #[test]
    fn fixed_and_scientific_agree_with_the_standard_library(whole in -1_000_000i64..1_000_000, precision in 0usize..4) {
        // Divided by a power of two, so that it is exact as a binary fraction and a tie is a tie in both.
        let binary = whole as f64 / 64.0;
        let value = Value::from(Number::from_f64(binary).unwrap());
        let fixed = bggo_functions::string::format(&[Value::from(format!("%.{precision}f")), value.clone()]).unwrap();
        let expected = format!("{binary:.precision$}");
        let expected = if expected.trim_matches(['-', '0', '.']).is_empty() && whole == 0 { expected.replace('-', "") } else { expected };
        prop_assert_eq!(fixed.to_string(), expected);
    }
}

#[test]
fn functions_quote_values_only_where_a_fault_says_so() {
    const SECRET: &str = "hunter2";
    let text = || Value::text(SECRET);
    let pair = || Value::from(vec![(Text::from(SECRET.to_owned()), text())]);
    let patterns = [
        "hunter2",
        "/hunter2(/",
        "/hunter2\\p{hunter2}/",
        "{hunter2",
        "%hunter2",
        "%[hunter2]s",
    ];
    let mut values: Vec<Value> = patterns.map(Value::text).into();
    values.extend([
        pair(),
        Value::from(vec![text(), pair()]),
        Value::Null,
        Value::Bool(true),
        Value::Number(7_u32.into()),
    ]);
    let mut count = 0;
    let mut calls: Vec<Vec<Value>> = vec![Vec::new()];
    for _ in 0..3 {
        let longer = |call: &Vec<Value>| {
            let call = call.clone();
            values
                .iter()
                .map(move |value| [&call[..], std::slice::from_ref(value)].concat())
        };
        let longer: Vec<Vec<Value>> = calls.iter().flat_map(longer).collect();
        for function in table() {
            let Call::Plain(call) = function.call else {
                continue;
            };
            for fault in longer.iter().filter_map(|values| call(values).err()) {
                count += 1;
                let [before, _, after] = fault.parts();
                let name = function.name;
                assert!(
                    !before.contains(SECRET) && !after.contains(SECRET),
                    "{name}: {fault}"
                );
            }
        }
        calls = longer;
    }
    assert!(count > 1_000);
}

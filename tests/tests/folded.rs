//! Each function and operator gives equal bytes folded by the compiler and late in the program; texts change no code.

use bggo_function_table::Time;
use bggo_tests::Grid;
use bggo_values::{json, literal};
use std::fmt::Write as _;

/// Expressions over constants: each literal in `{}` is written as it is, and as a variable with that default.
const EXPRESSIONS: &[&str] = &[
    "{1} + {0.2}",
    "{1} - {3}",
    "{7} * {0.1}",
    "{10} / {4}",
    "{10} % {4}",
    "-{5}",
    "!{true}",
    "{1} == {1}",
    "{\"a\"} != {\"b\"}",
    "{1} < {2}",
    "{2} <= {2}",
    "{3} > {2}",
    "{2} >= {3}",
    "{true} && {false}",
    "{false} || {true}",
    "{true} ? {\"yes\"} : {\"no\"}",
    "\"a${{\"b\"}}c${{1.50}}\"",
    "\"%{if {true}}x%{else}y%{endif}\"",
    "\"%{for x in {[\"a\", \"b\"]}}<${x}>%{endfor}\"",
    "[for x in {[3, 1, 2]} : x * 2 if x != 1]",
    "{for k, v in {{ a = 1, b = 2 }} : v => k}",
    "{for x in {[\"a\", \"b\", \"a\"]} : x => 1...}",
    "{[{ n = 1 }, { n = 2 }]}[*].n",
    "{[10, 20]}[1]",
    "{{ a = { b = 5 } }}.a.b",
    "[{1}, {\"two\"}, {null}]",
    "{ one = {1}, \"two words\" = {[2]} }",
    "abs({-5})",
    "ceil({1.2})",
    "floor({-1.2})",
    "max({1}, {5}, {3})",
    "min({1}, {5}, {3})",
    "sum({[1, 2.5]})",
    "length({\"größe\"})",
    "length({[1, 2]})",
    "tonumber({\"12.50\"})",
    "tostring({1.0})",
    "tobool({\"true\"})",
    "tolist({[\"b\", \"a\"]})",
    "toset({[\"b\", \"a\", \"b\"]})",
    "tomap({{ a = \"x\" }})",
    "try({[1]}[5], {\"none\"})",
    "try({1}, {\"none\"})",
    "try({{ a = true }}.a, {\"none\"})",
    "try({[1]}, {[\"none\"]})",
    "try({[1]}, {[]})",
    "can({[1]}[5])",
    "split({\",\"}, {\"a,b,c\"})",
    "join({\"-\"}, {[\"a\", \"b\"]})",
    "replace({\"hello\"}, {\"l\"}, {\"L\"})",
    r#"replace({"a1b22"}, {"/(?P<l>[a-z])(\\d+)/"}, {"$2$l"})"#,
    r#"replace({"Größe"}, {"/(?i)ö|\\B/"}, {"_"})"#,
    "upper({\"straße\"})",
    "lower({\"ÄB\"})",
    "substr({\"hello\"}, {-3}, {0})",
    "trimspace({\"  x \"})",
    "substr({\"hello\"}, {1}, {3})",
    "strrev({\"abc\"})",
    "startswith({\"hello\"}, {\"he\"})",
    "endswith({\"hello\"}, {\"lo\"})",
    "format({\"%05.2f %s %q\"}, {3.14159}, {\"x\"}, {\"y\"})",
    "concat({[1]}, {[2, 3]})",
    "contains({[\"a\"]}, {\"a\"})",
    "distinct({[1, 2, 1]})",
    "flatten({[[1], [2, [3]]]})",
    "keys({{ b = 1, a = 2 }})",
    "values({{ b = 1, a = 2 }})",
    "lookup({{ a = 1 }}, {\"a\"}, {0})",
    "merge({{ a = 1 }}, {{ b = 2 }})",
    "range({1}, {4})",
    "coalesce({\"\"}, {\"x\"})",
    "jsonencode({{ b = [1, null], a = \"<&>\" }})",
    "jsondecode({\"{\\\"a\\\": [1, 2.50]}\"})",
    "base64encode({\"héllo\"})",
    "base64decode({\"aGk=\"})",
    "urlencode({\"a b&c\"})",
    "md5({\"x\"})",
    "sha256({\"x\"})",
    "max({[1, 9, 4]}...)",
    "join({\"\"}, {[\"e\", \"\\u0301\"]})",
    "{\"e\\u0301\"} == {\"é\"}",
    "upper({\"e\\u0301\"})",
    "base64decode({\"ZcyB\"})",
    "lookup({{ \"e\\u0301\" = 1 }}, {\"é\"}, {0})",
];

/// The calls of the manual, as the expressions above; without those whose value is another one at each call.
fn calls_of_the_manual() -> Vec<String> {
    let functions = bggo_function_table::table().iter();
    let functions = functions.filter(|function| function.time != Time::Iteration);
    let calls = functions.map(|function| {
        let arguments = function.example.strip_prefix(function.name).unwrap();
        let arguments = arguments
            .strip_prefix('(')
            .unwrap()
            .strip_suffix(')')
            .unwrap();
        let arguments = literal::value(&format!("[{arguments}]"))
            .unwrap()
            .items()
            .unwrap();
        let arguments = arguments
            .iter()
            .map(|argument| format!("{{{}}}", json::encode_hcl(argument)));
        format!(
            "{}({})",
            function.name,
            arguments.collect::<Vec<_>>().join(", ")
        )
    });
    calls.collect()
}

/// Splits an expression at `{LITERAL}`, where the literal is balanced; an object form `{for` or `{ name` is left alone.
fn written(expression: &str, late: bool, variables: &mut Vec<String>) -> String {
    let bytes = expression.as_bytes();
    let (mut out, mut at) = (String::new(), 0);
    while at < bytes.len() {
        let rest = &expression[at..];
        let words = ["{x}", "{for", "{ ", "{if", "{else", "{endif", "{endfor"];
        let is_hole = rest.starts_with('{') && !words.iter().any(|word| rest.starts_with(word));
        if !is_hole {
            let letter = rest.chars().next().unwrap();
            out.push(letter);
            at += letter.len_utf8();
            continue;
        }
        let end = closing(rest);
        let literal = &rest[1..end];
        // `${{..}}` is a hole of a text around one of ours.
        if late {
            out.push_str(&format!("var.v{}", variables.len()));
            variables.push(literal.to_owned());
        } else {
            out.push_str(literal);
        }
        at += end + 1;
    }
    out
}

fn closing(text: &str) -> usize {
    let (mut depth, mut quoted, mut escaped) = (0, false, false);
    for (at, letter) in text.char_indices() {
        match letter {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '{' if !quoted => depth += 1,
            '}' if !quoted => {
                depth -= 1;
                if depth == 0 {
                    return at;
                }
            }
            _ => {}
        }
    }
    panic!("not balanced: {text}");
}

#[test]
fn every_function_and_operator_gives_equal_bytes_folded_and_late() {
    let (mut grid, mut variables) = (String::new(), Vec::new());
    let expressions: Vec<String> = EXPRESSIONS
        .iter()
        .map(|expression| (*expression).to_owned())
        .chain(calls_of_the_manual())
        .collect();
    for (number, expression) in expressions.iter().enumerate() {
        // The inside of a text's hole is `${` + ours + `}`.
        let expression = expression
            .replace("${{", "$\u{1}{")
            .replace("}}c", "}\u{2}c")
            .replace("}}\"", "}\u{2}\"");
        for late in [false, true] {
            let text = written(&expression, late, &mut variables)
                .replace("$\u{1}", "${")
                .replace('\u{2}', "}");
            let word = if late { "late" } else { "folded" };
            let _ = write!(
                grid,
                "step \"print\" \"{word}_{number}\" {{\n  arguments {{\n    input = \"{number} {word} ${{jsonencode({text})}}\"\n  }}\n}}\n"
            );
        }
    }
    for (number, literal) in variables.iter().enumerate() {
        let _ = write!(
            grid,
            "variable \"v{number}\" {{\n  default = {literal}\n}}\n"
        );
    }
    let ended = Grid::new(&grid).build().start(&[]).finish().expect_code(0);
    let of = |number: usize, word: &str| {
        let begin = format!("{number} {word} ");
        ended
            .stdout
            .lines()
            .find_map(|line| line.strip_prefix(&begin))
            .unwrap_or_else(|| panic!("no line {begin:?}"))
            .to_owned()
    };
    let unequal: Vec<String> = (0..expressions.len())
        .filter(|number| of(*number, "folded") != of(*number, "late"))
        .map(|number| {
            format!(
                "{}: folded {}, late {}",
                expressions[number],
                of(number, "folded"),
                of(number, "late")
            )
        })
        .collect();
    assert!(unequal.is_empty(), "{}", unequal.join("\n"));
}

#[test]
fn no_text_of_a_grid_can_change_the_program() {
    let nasty = [
        r#"\"); std::process::exit(7); (\""#,
        "*/ fn main() {} /*",
        "{} {0} {:?} %s",
        r"line\nbreak",
        "'#![allow(x)]",
        "}}{{",
        "\\\\\\\"",
        "\u{202e}abc",
        "r#\\\"x\\\"#",
    ];
    let mut grid = String::new();
    for (number, text) in nasty.iter().enumerate() {
        let _ = write!(
            grid,
            "step \"print\" \"t{number}\" {{\n  description = \"{text}\"\n  tags = {{ \"{text}\" = \"{text}\" }}\n  arguments {{\n    input = \"{number}:{text}\"\n  }}\n}}\n\
             step \"print\" \"l{number}\" {{\n  arguments {{\n    input = \"L{number}:{text}${{vu.id}}\"\n  }}\n}}\n"
        );
    }
    let ended = Grid::new(&grid).build().start(&[]).finish().expect_code(0);
    assert_eq!(
        ended
            .stdout
            .lines()
            .filter(|line| line.contains(':'))
            .count(),
        2 * nasty.len(),
        "{}",
        ended.stdout
    );
    assert!(ended.stdout.contains("{} {0} {:?} %s"), "{}", ended.stdout);
    assert!(
        ended.stdout.contains("L1:*/ fn main() {} /*1"),
        "{}",
        ended.stdout
    );
}

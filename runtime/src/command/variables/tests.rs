//! Where a value comes from, how its text is read, and that every problem is said at once.

use super::*;
use crate::fault::{FaultText, Place};
use crate::grid::Validation;
use bggo_values::{Field, Number, json};
use std::time::Duration;

const PLACE: Place = Place::new("grid.hcl", 3, 1);
const BLOCK: Place = Place::new("grid.hcl", 7, 3);
static OPERATOR: Place = Place::new("grid.hcl", 9, 4);

static PLAIN: [Variable; 1] = [Variable::new("x", PLACE)
    .ty(|| Type::String)
    .default(|| Value::Text(Text::Static("default")))];
static TYPED: [Variable; 7] = [
    Variable::new("text", PLACE)
        .ty(|| Type::String)
        .default(|| Value::Null),
    Variable::new("number", PLACE)
        .ty(|| Type::Number)
        .default(|| Value::Null),
    Variable::new("truth", PLACE)
        .ty(|| Type::Bool)
        .default(|| Value::Null),
    Variable::new("time", PLACE)
        .ty(|| Type::Duration)
        .default(|| Value::Null),
    Variable::new("untyped", PLACE).default(|| Value::Null),
    Variable::new("any", PLACE)
        .ty(|| Type::Any)
        .default(|| Value::Null),
    Variable::new("list", PLACE)
        .ty(|| Type::List(Box::new(Type::Number)))
        .default(|| Value::Null),
];
static REQUIRED: [Variable; 2] = [
    Variable::new("base_url", PLACE).ty(|| Type::String),
    Variable::new("var", PLACE).ty(|| Type::Number),
];
static STRICT: [Variable; 3] = [
    Variable::new("never_null", PLACE)
        .ty(|| Type::List(Box::new(Type::String)))
        .nullable(false),
    Variable::new("default_for_null", PLACE)
        .ty(|| Type::List(Box::new(Type::String)))
        .nullable(false)
        .default(|| Value::Null),
    Variable::new("secret", PLACE)
        .ty(|| Type::Number)
        .sensitive()
        .default(|| Value::Null),
];
static CHECKS: [Validation; 2] = [
    Validation::new(
        BLOCK,
        |start| Ok(!start.variable(0).is_null()),
        |_| Ok(Value::Text(Text::Static("it must be there"))),
    ),
    Validation::new(
        BLOCK,
        |_| Err(Fault::new("value", "division by zero").at(&OPERATOR)),
        |_| Ok(Value::Null),
    ),
];
static SECRETS: [Variable; 3] = [
    Variable::new("token", PLACE)
        .ty(|| Type::String)
        .sensitive()
        .default(|| Value::Null)
        .validations(&SECRET_CHECKS),
    Variable::new("box", PLACE)
        .ty(|| {
            Type::Object(vec![
                Field::required("key", Type::String),
                Field::optional("n", Type::Number, None),
            ])
        })
        .sensitive()
        .default(|| Value::Null),
    Variable::new("plain", PLACE).default(|| Value::Null),
];
static SECRET_CHECKS: [Validation; 2] = [
    Validation::new(BLOCK, |_| Err(hunter2_is_no_number()), |_| Ok(Value::Null)),
    Validation::new(BLOCK, |_| Ok(false), |_| Err(hunter2_is_no_number())),
];
fn hunter2_is_no_number() -> Fault {
    let text = FaultText::value("hunter2").and(" is no number");
    Fault::new("value", text).at(&OPERATOR)
}

static CHECKED: [Variable; 1] = [Variable::new("x", PLACE)
    .default(|| Value::Null)
    .validations(&CHECKS)];

fn grid(variables: &'static [Variable]) -> Grid {
    Grid::new("g").variables(Box::leak(Box::new([variables])))
}

struct Folder(tempfile::TempDir);

impl Folder {
    fn new(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            fs::write(folder.path().join(name), text).unwrap();
        }
        Self(folder)
    }

    fn around(&self, environment: &[(&str, &str)]) -> Around {
        let environment = environment
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect();
        Around {
            folder: self.0.path().to_owned(),
            environment,
        }
    }
}

fn flag(name: &str, text: &str) -> Given {
    Given::Flag(name.to_owned(), text.to_owned())
}

fn var(name: &str, text: &str) -> Given {
    Given::Var(name.to_owned(), text.to_owned())
}

/// The value of `x` as JSON.
fn x(given: &[Given], around: &Around) -> String {
    let (values, remarks) = read(&grid(&PLAIN), given, around);
    assert_eq!(remarks, Remarks::default());
    json::encode_plain(&values[0])
}

#[test]
fn a_text_from_outside_is_normalised_wherever_it_comes_from() {
    let nothing = Folder::new(&[]);
    assert_eq!(
        x(&[var("x", "e\u{301}")], &nothing.around(&[])),
        "\"\u{e9}\""
    );
    let environment = [("BGGO_VAR_x", "e\u{301}")];
    assert_eq!(x(&[], &nothing.around(&environment)), "\"\u{e9}\"");
    for written in ["x = \"e\u{301}\"", "x = \"e\\u0301\""] {
        let folder = Folder::new(&[("bggo.vars.hcl", written)]);
        assert_eq!(x(&[], &folder.around(&[])), "\"\u{e9}\"");
    }
}

#[test]
fn the_last_of_two_environment_variables_with_one_name_counts() {
    let environment = [("BGGO_VAR_x", "first"), ("BGGO_VAR_x", "last")];
    let nothing = Folder::new(&[]);
    assert_eq!(x(&[], &nothing.around(&environment)), "\"last\"");
}

#[test]
fn the_strongest_source_wins() {
    let folder = Folder::new(&[
        ("bggo.vars.hcl", "x = \"bggo\""),
        ("a.auto.vars.hcl", "x = \"a\""),
        ("b.auto.vars.hcl", "x = \"b\""),
        ("given.hcl", "x = \"given\""),
    ]);
    let environment = [("BGGO_VAR_x", "environment")];
    let file = Given::File("given.hcl".into());
    assert_eq!(x(&[], &Folder::new(&[]).around(&[])), "\"default\"");
    assert_eq!(
        x(&[], &Folder::new(&[]).around(&environment)),
        "\"environment\""
    );
    assert_eq!(
        x(
            &[],
            &Folder::new(&[("bggo.vars.hcl", "x = \"bggo\"")]).around(&environment)
        ),
        "\"bggo\""
    );
    assert_eq!(x(&[], &folder.around(&environment)), "\"b\"");
    assert_eq!(
        x(std::slice::from_ref(&file), &folder.around(&environment)),
        "\"given\""
    );
    assert_eq!(
        x(
            &[file.clone(), var("x", "var")],
            &folder.around(&environment)
        ),
        "\"var\""
    );
    assert_eq!(
        x(
            &[var("x", "var"), file.clone()],
            &folder.around(&environment)
        ),
        "\"given\""
    );
    assert_eq!(
        x(
            &[var("x", "one"), var("x", "two")],
            &folder.around(&environment)
        ),
        "\"two\""
    );
    assert_eq!(
        x(
            &[file, var("x", "var"), flag("x", "own")],
            &folder.around(&environment)
        ),
        "\"own\""
    );
}

fn typed(given: &[Given]) -> Vec<Value> {
    let (values, remarks) = read(&grid(&TYPED), given, &Folder::new(&[]).around(&[]));
    assert_eq!(remarks, Remarks::default());
    values
}

#[test]
fn scalars_take_a_text_as_it_is_and_everything_else_is_read_as_hcl() {
    let values = typed(&[
        flag("text", "null"),
        flag("number", "-12.50"),
        flag("truth", "true"),
        flag("time", "1m30s"),
        flag("untyped", "[1]"),
        flag("any", "[1, \"a\"]"),
        flag("list", "[\"1\", 2]"),
    ]);
    assert!(matches!(&values[0], Value::Text(text) if text.as_str() == "null"));
    assert_eq!(values[1], Value::Number(Number::parse("-12.5").unwrap()));
    assert_eq!(values[2], Value::Bool(true));
    assert_eq!(values[3], Value::Duration(Duration::from_secs(90)));
    assert!(matches!(&values[4], Value::Text(text) if text.as_str() == "[1]"));
    assert_eq!(json::encode_plain(&values[5]), "[1,\"a\"]");
    assert_eq!(json::encode_plain(&values[6]), "[1,2]");
}

#[test]
fn null_is_a_value_unless_the_variable_says_otherwise() {
    assert!(typed(&[flag("list", "null")])[6].is_null());
    let given = [flag("never_null", "null"), flag("default_for_null", "null")];
    let (values, remarks) = read(&grid(&STRICT), &given, &Folder::new(&[]).around(&[]));
    assert_eq!(
        remarks.errors,
        ["--never-null: variable \"never_null\" (grid.hcl:3:1) must not be null"]
    );
    assert!(values[1].is_null());
}

#[test]
fn all_that_is_missing_is_said_at_once_with_its_cure() {
    let (_, remarks) = read(&grid(&REQUIRED), &[], &Folder::new(&[]).around(&[]));
    assert_eq!(
        remarks.errors,
        [
            "variable \"base_url\" (grid.hcl:3:1) needs a value: set it by --base-url <string>, BGGO_VAR_base_url or in bggo.vars.hcl",
            "variable \"var\" (grid.hcl:3:1) needs a value: set it by --var var=<number>, BGGO_VAR_var or in bggo.vars.hcl",
        ]
    );
}

#[test]
fn a_name_is_one_whether_its_accents_are_composed_or_not() {
    static COMPOSED: [Variable; 1] = [Variable::new("caf\u{e9}", PLACE)];
    let decomposed = "cafe\u{301}";
    let folder = Folder::new(&[("v.hcl", &format!("{decomposed} = \"file\""))]);
    let environment = format!("BGGO_VAR_{decomposed}");
    for (given, value) in [
        (vec![Given::File("v.hcl".into())], "file"),
        (vec![var(decomposed, "flag")], "flag"),
        (vec![], "environment"),
    ] {
        let around = folder.around(&[(&environment, "environment")]);
        let (values, remarks) = read(&grid(&COMPOSED), &given, &around);
        assert_eq!(remarks, Remarks::default());
        assert!(
            matches!(&values[0], Value::Text(text) if text.as_str() == value),
            "{values:?}"
        );
    }
}

#[test]
fn what_a_file_that_cannot_be_read_may_set_is_not_called_missing() {
    for text in [
        "base_url = name\n",
        "base_url = \"",
        "base_url = 1\nbase_url = 2\n",
    ] {
        let folder = Folder::new(&[("v.hcl", text)]);
        let given = [Given::File("v.hcl".into())];
        let (_, remarks) = read(&grid(&REQUIRED), &given, &folder.around(&[]));
        let [error] = &remarks.errors[..] else {
            panic!("{text}: {:?}", remarks.errors);
        };
        assert!(error.starts_with("v.hcl:"), "{error}");
    }
}

#[test]
fn an_undeclared_name_is_an_error_in_a_flag_a_warning_in_a_file_and_nothing_in_the_environment() {
    let folder = Folder::new(&[("bggo.vars.hcl", "\n  y = 1")]);
    let (_, remarks) = read(
        &grid(&PLAIN),
        &[var("z", "1")],
        &folder.around(&[("BGGO_VAR_nobody", "1")]),
    );
    assert_eq!(
        remarks.errors,
        ["--var z: the grid declares no variable \"z\"; it declares \"x\""]
    );
    assert_eq!(
        remarks.warnings,
        ["bggo.vars.hcl:2:3: the grid declares no variable \"y\"; it declares \"x\""]
    );
}

#[test]
fn a_file_that_cannot_be_read_is_an_error_with_its_place() {
    let folder = Folder::new(&[("bad.hcl", "x = \"a\"\ny = f(1)\n")]);
    fs::write(folder.0.path().join("latin.hcl"), b"x = \"\xe4\"").unwrap();
    let given = ["none.hcl", "bad.hcl", "latin.hcl"].map(|name| Given::File(name.into()));
    let (_, remarks) = read(&grid(&PLAIN), &given, &folder.around(&[]));
    assert_eq!(remarks.errors.len(), 3);
    assert!(remarks.errors[0].starts_with("none.hcl: the file cannot be read: "));
    assert!(remarks.errors[1].starts_with("bad.hcl:2:"));
    assert_eq!(remarks.errors[2], "latin.hcl: the file is not UTF-8");
}

#[test]
fn a_value_of_the_wrong_type_is_named_with_its_source_but_never_a_sensitive_one() {
    let given = [flag("never_null", "[]"), flag("secret", "hunter2")];
    let (_, remarks) = read(&grid(&STRICT), &given, &Folder::new(&[]).around(&[]));
    assert_eq!(
        remarks.errors,
        ["--secret: the value is no number; variable \"secret\" (grid.hcl:3:1)"]
    );
}

#[test]
fn a_text_that_does_not_fit_is_quoted() {
    let given = [flag("number", "many"), flag("time", "5 seconds")];
    let (_, remarks) = read(&grid(&TYPED), &given, &Folder::new(&[]).around(&[]));
    assert_eq!(
        remarks.errors,
        [
            "--number: \"many\" is no number; variable \"number\" (grid.hcl:3:1)",
            "--time: \"5 seconds\" is no duration: a duration is required, like \"1m30s\" or \"250ms\": its units are d (24 hours), h, m, s, ms, us and ns; variable \"time\" (grid.hcl:3:1)",
        ]
    );
}

#[test]
fn validations_that_do_not_hold_or_fail_are_all_said() {
    let start = Start::new(vec![Value::Null], 0);
    assert_eq!(
        validate(&grid(&CHECKED), &start),
        [
            "variable \"x\" (grid.hcl:7:3): it must be there",
            "variable \"x\" (grid.hcl:7:3): its condition fails: division by zero, grid.hcl:9:4",
        ]
    );
}

#[test]
fn a_fault_of_a_sensitive_variables_validation_is_placed_and_told_without_the_value() {
    let start = Start::new(vec![Value::text("hunter2"), Value::Null, Value::Null], 0);
    let kept_back = "(sensitive value) is no number, grid.hcl:9:4";
    assert_eq!(
        validate(&grid(&SECRETS), &start),
        [
            format!("variable \"token\" (grid.hcl:7:3): its condition fails: {kept_back}"),
            format!(
                "variable \"token\" (grid.hcl:7:3) does not hold, and its message fails: {kept_back}"
            ),
        ]
    );
}

#[test]
fn what_differs_of_an_object_is_said_and_nothing_of_its_value() {
    let wrong = [
        "{ kee = \"hunter2\" }",
        "{ key = \"hunter2\", n = \"hunter2\" }",
        "hunter2",
    ];
    let expected = [
        "--box: the attribute `key` is required; variable \"box\" (grid.hcl:3:1)",
        "--box: attribute `n`: a number is required, found a string that is no number; variable \"box\" (grid.hcl:3:1)",
        "--box: expected an object({key = string, n = optional(number)}), written in HCL; variable \"box\" (grid.hcl:3:1)",
    ];
    for (text, expected) in wrong.into_iter().zip(expected) {
        let (_, remarks) = read(
            &grid(&SECRETS),
            &[flag("box", text)],
            &Folder::new(&[]).around(&[]),
        );
        assert_eq!(remarks.errors, [expected]);
    }
}

#[test]
fn a_file_with_a_fault_is_quoted_only_where_no_sensitive_variable_stands() {
    for (text, expected) in [
        (
            "plain = 1\ntoken = hunter2\n",
            "v.hcl:2:9: only a literal value can stand here, not the name (not shown, it may be sensitive): a text needs quotes".to_owned(),
        ),
        (
            "box = {\n  key = hunter2\n}\n",
            "v.hcl:2:9: only a literal value can stand here, not the name (not shown, it may be sensitive): a text needs quotes".to_owned(),
        ),
        (
            "plain = [\ntoken = \"hunter2\"\n",
            "v.hcl:2:1: only a literal value can stand here, not the name `token`: a text needs quotes".to_owned(),
        ),
        (
            "tokn = hunter2\n",
            "v.hcl:1:8: only a literal value can stand here, not the name (not shown, it may be sensitive): a text needs quotes".to_owned(),
        ),
        ("token = \"hunter2\n", "v.hcl:1:17: a quoted string ends on its line: write `\\n`, or a heredoc".to_owned()),
        ("token = \"hunter2\"\ntoken = \"b\"\n", "v.hcl:2:1: `token` is set twice".to_owned()),
        ("token = \"a\" hunter2\n", "v.hcl:1:13: expected the end of the line, found (not shown, it may be sensitive)".to_owned()),
        (
            "{\n  \"token\": \"hunter2\"\n}\n",
            "v.hcl:1:1: this is no file of variables: it holds lines such as `base_url = \"http://localhost\"`, not one object as JSON has it".to_owned(),
        ),
        (
            "token = \"hunter2\"\nplain = 1x\n",
            "v.hcl:2:10: a number cannot go on with a letter: a text needs quotes".to_owned(),
        ),
        (
            "token = <<E\nhunter2\nE\nplain = name\n",
            "v.hcl:4:9: only a literal value can stand here, not the name `name`: a text needs quotes"
                .to_owned(),
        ),
    ] {
        let folder = Folder::new(&[("v.hcl", text)]);
        let (_, remarks) = read(&grid(&SECRETS), &[Given::File("v.hcl".into())], &folder.around(&[]));
        assert_eq!(remarks.errors, [expected], "{text}");
    }
}

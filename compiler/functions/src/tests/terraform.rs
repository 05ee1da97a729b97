//! Every function against results of Terraform 1.11 (`terraform console`, each call inside `jsonencode`).
//!
//! `terraform.cases` holds a call a line, its arguments literals, and below it the result as JSON. A call goes the way that
//! the compiler sends it: arguments converted to the parameters' types, the value to the type of the call.

use crate::{self as functions, Function, Time};
use bggo_values::{Type, Value, convert::convert, json, literal};

const CASES: &str = include_str!("terraform.cases");
/// Calls of functions that Terraform does not have, and of its own where ours give something else by intention.
const OWN: &str = include_str!("own.cases");
/// Calls that are faults in Terraform as well, with the text that they have here.
const FAULTS: &str = include_str!("faults.cases");

/// Calls a function of the table as a compiled grid would.
fn call(function: &Function, arguments: &[Value]) -> Result<Value, String> {
    let types: Vec<Type> = arguments.iter().map(Type::of).collect();
    let ty = (function.result)(&types)?;
    let converted: Result<Vec<Value>, _> = arguments
        .iter()
        .enumerate()
        .map(
            |(place, value)| match function.params.get(place).or(function.rest.as_ref()) {
                Some(param) if (param.ty)() != Type::Any => convert(value, &(param.ty)()),
                _ => Ok(value.clone()),
            },
        )
        .collect();
    let value = super::call(function, &converted.map_err(|fault| fault.to_string())?)
        .map_err(|fault| fault.to_string())?;
    convert(&value, &ty).map_err(|fault| fault.to_string())
}

/// Pairs of a line and the indented line below it.
fn cases(text: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> {
    let mut lines = text
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    std::iter::from_fn(move || Some((lines.next()?, lines.next()?.trim_start())))
}

/// Reads `name(literal, ..)` and calls it; after `any` as with arguments that only the run knows.
fn run(line: &str) -> Result<Value, String> {
    let (late, line) = match line.strip_prefix("any ") {
        Some(line) => (true, line),
        None => (false, line),
    };
    let (name, rest) = line.split_once('(').unwrap();
    let arguments = literal::value(&format!("[{}]", rest.strip_suffix(')').unwrap())).unwrap();
    let Value::List(arguments) = arguments else {
        panic!("{line}: no list")
    };
    let function = functions::find(name).unwrap_or_else(|| panic!("{line}: no such function"));
    if late {
        super::call(function, &arguments).map_err(|fault| fault.to_string())
    } else {
        call(function, &arguments)
    }
}

/// The calls that give something else than the JSON beside them, with what they give.
fn unlike(cases: impl Iterator<Item = (&'static str, &'static str)>) -> Vec<String> {
    let mut wrong = Vec::new();
    for (line, expected) in cases {
        let expected = json::decode(expected).ok();
        match run(line) {
            Ok(value) if Some(&value) == expected.as_ref() => {}
            Ok(value) => wrong.push(format!("{line}\n    {}", json::encode_plain(&value))),
            Err(fault) => wrong.push(format!("{line}\n    ! {fault}")),
        }
    }
    wrong
}

#[test]
fn each_call_gives_what_terraform_gives() {
    let wrong = unlike(cases(CASES));
    assert!(
        wrong.is_empty(),
        "not as in Terraform:\n{}",
        wrong.join("\n")
    );
}

#[test]
fn each_fault_says_what_is_wrong_and_names_no_value() {
    let mut wrong = Vec::new();
    for (line, expected) in cases(FAULTS) {
        match run(line) {
            Err(fault) if fault == expected => {}
            Err(fault) => wrong.push(format!("{line}\n    {fault}")),
            Ok(value) => wrong.push(format!("{line}\n    = {}", json::encode(&value))),
        }
    }
    assert!(
        wrong.is_empty(),
        "not as written down:\n{}",
        wrong.join("\n")
    );
}

#[test]
fn every_function_but_those_of_chance_and_the_surroundings_has_cases() {
    let ours = ["abspath", "base64gzip", "env", "pathexpand", "timestamp"];
    for function in functions::table() {
        if function.time == Time::Iteration || ours.contains(&function.name) {
            continue;
        }
        let opening = format!("{}(", function.name);
        let count = cases(CASES)
            .chain(cases(OWN))
            .filter(|(line, _)| line.starts_with(&opening))
            .count();
        assert!(count >= 3, "{} has {count} cases", function.name);
    }
}

#[test]
fn each_call_of_our_own_functions_gives_what_is_written_down() {
    let wrong = unlike(cases(OWN));
    assert!(
        wrong.is_empty(),
        "not as written down:\n{}",
        wrong.join("\n")
    );
}

#[test]
fn each_example_of_the_manual_gives_what_the_manual_says() {
    let checked = functions::table()
        .iter()
        .filter(|function| function.name != "timestamp")
        .map(|function| (function.example, function.gives));
    let wrong = unlike(checked);
    assert!(
        wrong.is_empty(),
        "not as in the table:\n{}",
        wrong.join("\n")
    );
}

//! Every function against results of Terraform 1.11 (`terraform console`, each call inside `jsonencode`).
//!
//! `terraform.cases` holds a call a line, its arguments literals, and below it the result as JSON. A call goes the way that
//! the compiler sends it: arguments converted to the parameters' types, the value to the type of the call.

use bggo_values::functions::{self, Function};
use bggo_values::{Type, Value, convert::convert, json, literal};

const CASES: &str = include_str!("terraform.cases");

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
    let value = (function.call)(&converted.map_err(|fault| fault.to_string())?)
        .map_err(|fault| fault.to_string())?;
    convert(&value, &ty).map_err(|fault| fault.to_string())
}

fn cases() -> impl Iterator<Item = (&'static str, &'static str)> {
    let mut lines = CASES
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    std::iter::from_fn(move || Some((lines.next()?, lines.next()?.trim_start())))
}

#[test]
fn each_call_gives_what_terraform_gives() {
    let mut wrong = Vec::new();
    for (line, expected) in cases() {
        let (name, rest) = line.split_once('(').unwrap();
        let arguments = literal::value(&format!("[{}]", rest.strip_suffix(')').unwrap())).unwrap();
        let Value::List(arguments) = arguments else {
            panic!("{line}: no list")
        };
        let function = functions::find(name).unwrap_or_else(|| panic!("{line}: no such function"));
        let expected = json::decode(expected).unwrap();
        match call(function, &arguments) {
            Ok(value) if value == expected => {}
            Ok(value) => wrong.push(format!(
                "{line}\n  gives {}\n  not   {}",
                json::encode(&value),
                json::encode(&expected)
            )),
            Err(fault) => wrong.push(format!(
                "{line}\n  fails: {fault}\n  not   {}",
                json::encode(&expected)
            )),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_function_but_those_of_the_surroundings_has_a_case() {
    for function in functions::table()
        .iter()
        .filter(|function| function.name != "uuid" && function.name != "env")
    {
        let count = cases()
            .filter(|(line, _)| line.starts_with(&format!("{}(", function.name)))
            .count();
        assert!(count >= 3, "{} has {count} cases", function.name);
    }
}

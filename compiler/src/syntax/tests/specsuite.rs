//! The test suite of HCL itself (`specsuite/tests` of hashicorp/hcl), of which nothing is kept here:
//! `BGGO_SPECSUITE=FOLDER cargo test -p bggo --lib specsuite -- --ignored`.
//!
//! A case is a file of HCL and a file `.t` that says on which lines it is wrong, or what its attributes are. Its schema, a
//! `.hcldec`, gives only the variables: grids have schemas of their own.

use std::collections::BTreeMap;
use std::path::Path;

use bggo_values::Value;

use crate::diagnostics::Problems;
use crate::modules::Modules;
use crate::source::{FileId, Sources};
use crate::syntax::bounds::LineBreaks;
use crate::syntax::decl::{Expr, ExprKind};
use crate::syntax::expr::FileParser;
use crate::syntax::lexer;
use crate::syntax::structure::{self, Body, Item};
use crate::syntax::token::Tokens;

/// Cases, or attributes of cases, that are otherwise in bggo, and why.
const EXCEPTIONS: &[(&str, &str)] = &[
    (
        "structure/attributes/unexpected",
        "what a block may hold is said by the shapes of grids, not by a schema of the case",
    ),
    (
        "expressions/primitive_literals: fractional_number_precision",
        "numbers have 28 digits, and one of 63 is an error",
    ),
    (
        "expressions/operators: arithmetic.add_big",
        "numbers have 28 digits, and one of 63 is an error",
    ),
    (
        "expressions/operators: arithmetic.mod_frac",
        "`11 % 5.1` is 0.8: numbers are decimal, and the case has what binary ones give",
    ),
];

#[test]
#[ignore = "needs a copy of the suite: BGGO_SPECSUITE=FOLDER"]
fn specsuite() {
    let folder = std::env::var("BGGO_SPECSUITE").expect("BGGO_SPECSUITE names a folder");
    let mut cases = Vec::new();
    collect(Path::new(&folder), &mut cases);
    cases.sort();
    let (mut wrong, mut held) = (Vec::new(), 0);
    for case in &cases {
        let name = case.strip_prefix(&folder).unwrap().with_extension("");
        let name = name.display().to_string();
        for (what, fine) in judged(case) {
            let what = format!("{name}{what}");
            let excepted = EXCEPTIONS.iter().any(|(exception, _)| *exception == what);
            match fine {
                // An exception that holds is none any more.
                Ok(()) if excepted => wrong.push(format!("{what} is no exception")),
                Ok(()) => held += 1,
                Err(_) if excepted => {}
                Err(why) => wrong.push(format!("{what}: {why}")),
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(cases.len() > 10 && held > 50, "{} {held}", cases.len());
    println!(
        "{} cases: {held} judgements hold, {} exceptions",
        cases.len(),
        EXCEPTIONS.len()
    );
}

fn collect(folder: &Path, found: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("the folder") {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "t") {
            found.push(path);
        }
    }
}

/// What is judged in a case, and how it went.
fn judged(case: &Path) -> Vec<(String, Result<(), String>)> {
    let read = |ending: &str| std::fs::read_to_string(case.with_extension(ending));
    let (text, said) = (read("hcl").unwrap(), read("t").unwrap());
    let (attributes, lines) = attributes(&text);
    let (told, _) = attributes_of(&said, Body::default());
    let expected: Vec<usize> = told
        .iter()
        .filter(|(path, _)| path.ends_with("from.line"))
        .map(|(_, line)| line.trim().parse().unwrap())
        .collect();
    if !expected.is_empty() {
        let fine = match lines == expected {
            true => Ok(()),
            false => Err(format!("wrong in lines {expected:?}, found {lines:?}")),
        };
        return vec![(String::new(), fine)];
    }
    let variables = attributes_of(&read("hcldec").unwrap_or_default(), Body::default()).0;
    let mut judged = Vec::new();
    let numbers = |path: &str| {
        let exception = format!(": {path}");
        EXCEPTIONS
            .iter()
            .any(|(name, _)| name.ends_with(&exception))
    };
    if !lines.is_empty() && !attributes.iter().any(|(path, _)| numbers(path)) {
        judged.push((String::new(), Err(format!("wrong in lines {lines:?}"))));
    }
    let result = told.iter().find(|(path, _)| path == "result");
    let Some((_, result)) = result else {
        return judged;
    };
    for (path, written) in attributes {
        let fine = match of_result(result, &path) {
            Some(expected) => equal(&written, &expected, &variables),
            None => Err("the case does not say what it is".to_owned()),
        };
        judged.push((format!(": {path}"), fine));
    }
    judged
}

/// The attributes of a file by their paths, and the lines on which its syntax is wrong.
fn attributes(text: &str) -> (Vec<(String, String)>, Vec<usize>) {
    let mut problems = Problems::default();
    let tokens = lexer::lex(FileId(0), text, &mut problems);
    let body = structure::cut(FileId(0), &tokens, &mut problems);
    let (attributes, found) = attributes_of(text, body);
    problems.extend(found);
    problems.sort();
    let start = |problem: &crate::diagnostics::Problem| problem.span.unwrap().start as usize;
    let lines = problems.list.iter().map(start);
    let lines = lines.map(|at| text[..at].matches('\n').count() + 1);
    (attributes, lines.collect())
}

/// The same for what is cut already; an empty body is cut here.
fn attributes_of(text: &str, body: Body) -> (Vec<(String, String)>, Problems) {
    let mut problems = Problems::default();
    let tokens = lexer::lex(FileId(0), text, &mut Problems::default());
    let body = match body.items.is_empty() {
        true => structure::cut(FileId(0), &tokens, &mut Problems::default()),
        false => body,
    };
    let mut found = Vec::new();
    walk(&tokens, body, "", &mut found, &mut problems);
    (found, problems)
}

fn walk(
    tokens: &Tokens<'_>,
    body: Body,
    path: &str,
    found: &mut Vec<(String, String)>,
    problems: &mut Problems,
) {
    for item in body.items {
        match item {
            Item::Attribute(attribute) if attribute.value.is_empty() => {}
            Item::Attribute(attribute) => {
                let mut ids = 0;
                let mut parser = FileParser::new(FileId(0), tokens, &mut ids, problems);
                let span = parser.range_span(&attribute.value);
                let _ = parser.read_with_height(attribute.value, LineBreaks::End, 0);
                let value = &tokens.text[span.start as usize..span.end as usize];
                found.push((format!("{path}{}", attribute.name.text), value.to_owned()));
            }
            Item::Block(block) => {
                let labels = block.labels.iter().map(|label| label.name.text.as_str());
                let names: Vec<&str> = [block.kind.text.as_str()]
                    .into_iter()
                    .chain(labels)
                    .collect();
                let path = format!("{path}{}.", names.join("."));
                walk(tokens, block.body, &path, found, problems);
            }
        }
    }
}

/// What stands at a path of an object, or behind its first name: a schema may leave the kind of a block out.
fn of_result(result: &str, path: &str) -> Option<String> {
    let tokens = lexer::lex(FileId(0), result, &mut Problems::default());
    let (mut ids, mut problems) = (0, Problems::default());
    let mut parser = FileParser::new(FileId(0), &tokens, &mut ids, &mut problems);
    let all = 0..tokens.list.len() - 1;
    let (read, _) = parser.read_with_height(all, LineBreaks::Ignored, 0);
    let (_, short) = path.split_once('.').unwrap_or((path, path));
    let found = at(&read, path).or_else(|| at(&read, short))?;
    Some(result[found.span.start as usize..found.span.end as usize].to_owned())
}

fn at<'e>(expr: &'e Expr, path: &str) -> Option<&'e Expr> {
    let (first, rest) = path.split_once('.').unwrap_or((path, ""));
    let ExprKind::Object(pairs) = &expr.kind else {
        return None;
    };
    let mut pairs = pairs.iter();
    let (_, value) =
        pairs.find(|(key, _)| matches!(&key.kind, ExprKind::Text(text) if text == first))?;
    match rest {
        "" => Some(value),
        rest => at(value, rest),
    }
}

/// Whether both expressions have one value, as a grid computes them.
fn equal(written: &str, expected: &str, variables: &[(String, String)]) -> Result<(), String> {
    let named: BTreeMap<&str, &str> = variables
        .iter()
        .filter_map(|(path, value)| Some((path.strip_prefix("variables.")?, value.as_str())))
        .collect();
    let (mut before, mut after) = (String::new(), String::new());
    for (name, value) in named {
        before.push_str(&format!("[for {name} in [{value}] : "));
        after.push_str("][0]");
    }
    // A heredoc ends with its line.
    let text = format!(
        "locals {{\n  x = {before}(\n{written}\n) == (\n{expected}\n){after}\n}}\nstep \"print\" \"p\" {{\n  arguments {{\n    input = local.x\n  }}\n}}\n"
    );
    let sources = Sources::from_texts(vec![("case.hcl".to_owned(), text)]);
    let (typed, problems) = crate::check(&sources, Modules::built_in());
    let Some(typed) = typed else {
        let told: Vec<_> = problems.list.iter().map(|one| one.text.as_str()).collect();
        return Err(told.join("; "));
    };
    match typed.locals.first().map(|local| local.value.constant()) {
        Some(Some(Value::Bool(true))) => Ok(()),
        other => Err(format!("{written} gives no {expected}: {other:?}")),
    }
}

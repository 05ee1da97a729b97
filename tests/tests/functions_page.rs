//! The page of functions: what it says of each is what the table of functions says. (`bggo-function-table` checks the
//! examples.) `INSTA_UPDATE=always` writes it.

use bggo_function_table::{Function, Param, Time, families};
use bggo_tests::repository;
use bggo_values::Type;

const OPENING: &str = "<!-- from the table of functions -->\n";
const CLOSING: &str = "<!-- end -->";

#[test]
fn the_page_of_functions_says_what_the_table_says() {
    let path = repository().join("docs/functions.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once(OPENING).unwrap();
    let (_, after) = rest.split_once(CLOSING).unwrap();
    let made = format!("{before}{OPENING}{}\n{CLOSING}{after}", tables());
    if made == page {
        return;
    }
    if std::env::var("INSTA_UPDATE").is_ok_and(|update| update == "always") {
        std::fs::write(&path, made).unwrap();
        return;
    }
    let first = page
        .lines()
        .zip(made.lines())
        .find(|(is, should)| is != should);
    panic!("not as in the table (INSTA_UPDATE=always writes it): {first:?}");
}

fn tables() -> String {
    let parts = families().iter().map(|family| {
        let rows: String = family.functions.iter().map(row).collect();
        format!("\n## {}\n\n| function | what it gives | example | result |\n| --- | --- | --- | --- |\n{rows}", family.title)
    });
    parts.collect()
}

fn row(function: &Function) -> String {
    let time = match function.time {
        Time::Pure | Time::Iteration => "",
        Time::Start => " Known when the program starts.",
    };
    let cells = [
        code(&signature(function)),
        format!("{}{time}", function.description),
        code(function.example),
        code(function.gives),
    ];
    format!(
        "| {} |\n",
        cells.map(|cell| cell.replace('|', "\\|")).join(" | ")
    )
}

/// A text as code, whatever marks it holds.
fn code(text: &str) -> String {
    assert!(!text.contains('`') && !text.contains('\n'), "{text}");
    format!("`{text}`")
}

fn signature(function: &Function) -> String {
    let params = function.params.iter();
    let mut written: Vec<String> = params
        .clone()
        .map(|param| match param.optional {
            true => format!("[{}]", written(param)),
            false => written(param),
        })
        .collect();
    if let Some(rest) = &function.rest {
        if function
            .params
            .last()
            .is_none_or(|last| last.name != rest.name)
        {
            written.push(self::written(rest));
        }
        written.push("..".to_owned());
    }
    let types: Vec<Type> = params.map(|param| (param.ty)()).collect();
    let gives = (function.result)(&types).unwrap();
    format!("{}({}): {gives}", function.name, written.join(", "))
}

fn written(param: &Param) -> String {
    let ty = (param.ty)().to_string();
    match ty == "any" || ty == param.name {
        true => param.name.to_owned(),
        false => format!("{}: {ty}", param.name),
    }
}

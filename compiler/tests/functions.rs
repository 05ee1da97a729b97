//! Calls of functions in a grid give what Terraform gives: the table of cases, on the way that a grid takes, on which the
//! compiler converts arguments and results.

use bggo::check::typed::TKind;
use bggo::diagnostics::Severity;
use bggo::modules::Modules;
use bggo::source::Sources;
use bggo_values::json;

/// A call a line, and below it its result as JSON. After `any` a call has arguments that are known late.
const CASES: &str = include_str!("../functions/src/tests/terraform.cases");

/// What calls with more than literals in them give: patterns, sets, lists that are spread, calls in calls.
const MORE: &str = r#"
replace("hello world", "/w.*d/", "everybody")
    "hello everybody"
replace("hello", "/(l+)(o)/", "$2$1")
    "heoll"
replace("abc", "//", "-")
    "-a-b-c-"
replace("hello", "/l/", "$$")
    "he$$o"
setproduct(toset(["b", "a"]), toset(["x"]))
    [["a","x"],["b","x"]]
sum(toset([1, 2, 2]))
    3
join(",", toset(["b", "a"]))
    "a,b"
reverse(toset(["a", "b"]))
    ["b","a"]
one(toset([1]))
    1
contains(toset(["a"]), "a")
    true
merge([{ a = "b" }, {}, { e = "f" }]...)
    {"a":"b","e":"f"}
coalesce(["", "b"]...)
    "b"
[for block in cidrsubnets("10.0.0.0/8", 8, 8) : cidrsubnets(block, 4, 4)]
    [["10.0.0.0/20","10.0.16.0/20"],["10.1.0.0/20","10.1.16.0/20"]]
length(regexall("[a-z]+", "1234abcd5678efgh9"))
    2
try(tonumber("a"), true, "x")
    true
try([1][3], "none")
    "none"
can({ a = 1 }.b)
    false
can(regex("^a", "b"))
    false
try(null, 1)
    null
tolist(toset(["b", "a"]))
    ["a","b"]
max([12, 54, 3]...)
    54
flatten([for k, v in { a = [1, 2], b = [3] } : [for y in v : "${k}${y}"]])
    ["a1","a2","b3"]
issensitive(sensitive("a"))
    true
"#;

#[test]
fn calls_in_a_grid_give_what_terraform_gives() {
    let mut lines = CASES
        .lines()
        .chain(MORE.lines())
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    let mut cases = Vec::new();
    while let (Some(call), Some(result)) = (lines.next(), lines.next()) {
        if !call.starts_with("any ") {
            cases.push((call, result.trim_start()));
        }
    }
    assert!(cases.len() > 800, "{} cases", cases.len());
    let locals = cases.iter().enumerate();
    let locals = locals.map(|(place, (call, _))| format!("  c{place} = jsonencode({call})\n"));
    let locals: String = locals.collect();
    let grid = format!("locals {{\n{locals}}}\n\nstep \"noop\" \"last\" {{}}\n");
    let sources = Sources::from_texts(vec![("main.hcl".to_owned(), grid)]);
    let (declarations, mut problems) = bggo::syntax::parse(&sources);
    let (resolved, found) = bggo::resolve::resolve(declarations, Modules::built_in());
    problems.extend(found);
    let (typed, found) = bggo::check::check(&resolved, Modules::built_in(), &sources);
    problems.extend(found);
    let errors: Vec<&str> = problems
        .list
        .iter()
        .filter(|problem| problem.severity == Severity::Error)
        .map(|problem| problem.text.as_str())
        .collect();
    let typed = typed.unwrap_or_else(|| panic!("{errors:#?}"));
    let mut wrong = Vec::new();
    for ((call, expected), local) in cases.iter().zip(&typed.locals) {
        let TKind::Constant(value) = &local.value.kind else {
            wrong.push(format!("{call}\n    is not known when the grid is built"));
            continue;
        };
        let found = value.as_text().unwrap_or_default();
        if json::decode(found).ok() != json::decode(expected).ok() {
            wrong.push(format!("{call}\n    {found}"));
        }
    }
    assert!(
        wrong.is_empty(),
        "not as in Terraform:\n{}",
        wrong.join("\n")
    );
}

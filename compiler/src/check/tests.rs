//! Types, binding times, scopes and sensitivity of small grids.

use bggo_manifest::Lifetime;
use bggo_values::Value;

use super::typed::{TExpr, TInstances, TKind, Typed};
use super::walk::walk;
use crate::diagnostics::Problems;
use crate::modules::Modules;
use crate::source::Sources;

const SESSION: &str = r#"
description = "For tests: an asset on another one, and a runner that needs it."

asset "line" {
  description = "A connection."
  scope       = "vu"
  scopes      = ["run", "worker", "vu"]
}
asset "session" {
  description = "On a line."
  scope       = "vu"
  scopes      = ["run", "vu"]
  uses "line" {
    asset       = "line"
    description = "Its line."
  }
  output "token" {
    type        = string
    sensitive   = true
    description = "Secret."
  }
}
asset "sender" {
  description = "Has a task of its own."
  scope       = "worker"
  scopes      = ["run"]
  spawns      = true
  input "to" {
    type = string
  }
}
runner "talk" {
  description = "Talks."
  uses "session" {
    asset       = "session"
    description = "Its session."
  }
  input "word" {
    type        = string
    description = "What is said."
  }
}
runner "list" {
  description = "Takes lists of some lengths."
  input "items" {
    type       = list(any)
    min_length = 2
    max_length = 3
  }
  input "texts" {
    type       = list(string)
    max_length = 1
  }
  input "keys" {
    type       = map(any)
    max_length = 1
  }
}
"#;

fn check(grid: &str) -> (Option<Typed>, Problems) {
    let modules = Modules::built_in().clone().with(&[("session", SESSION)]);
    assert!(modules.faults.is_empty(), "{:?}", modules.faults);
    assert_eq!(modules.contradictions(), Vec::<String>::new());
    let sources = Sources::from_texts(vec![("grid.hcl".to_owned(), grid.to_owned())]);
    crate::check(&sources, &modules)
}

fn typed(grid: &str) -> Typed {
    let (typed, problems) = check(grid);
    typed.unwrap_or_else(|| panic!("{problems:#?}"))
}

fn problems(grid: &str) -> Vec<(&'static str, String)> {
    let (_, problems) = check(grid);
    let problems = problems.list.into_iter();
    problems
        .map(|problem| (problem.code.0, problem.text))
        .collect()
}

/// The only argument of the only step, which is a `print`.
fn printed(expr: &str, before: &str) -> TExpr {
    let grid = format!(
        "{before}\nstep \"print\" \"p\" {{\n  arguments {{\n    input = {expr}\n  }}\n}}\n"
    );
    let mut typed = typed(&grid);
    let mut step = typed.bodies[0].steps.pop().unwrap();
    step.arguments.remove(0).1
}

fn value(expr: &str) -> String {
    match printed(expr, "").kind {
        TKind::Constant(value) => bggo_values::json::encode_plain(&value),
        other => panic!("not folded: {other:?}"),
    }
}

#[test]
fn constants_are_folded_by_the_functions_that_run_later() {
    for (expr, expected) in [
        ("0.1 + 0.2", "0.3"),
        ("[for x in [3, 1] : x * 2 if x > 1]", "[6]"),
        (
            "{ for k, v in { b = 1, a = 2 } : upper(k) => v }",
            r#"{"A":2,"B":1}"#,
        ),
        (
            "{ for x in [\"a\", \"b\", \"a\"] : x => 1... }",
            r#"{"a":[1,1],"b":[1]}"#,
        ),
        (
            "\"%{ for i, x in [\"a\", \"b\"] }${i}${x} %{ endfor }\"",
            r#""0a 1b ""#,
        ),
        ("[[1, 2], [3]][*][0]", "[1,3]"),
        ("true ? \"a\" : 1", r#""a""#),
        ("false ? \"a\" : 1", r#""1""#),
        ("try(1 / 0, jsondecode(\"{\"), 3)", "3"),
        ("can([1][2])", "false"),
        ("{ (\"a${1}\") = 1, a1 = 2 }", r#"{"a1":2}"#),
        ("max([1, 7, 5]...)", "7"),
        ("coalesce(null, \"\", 3)", r#""3""#),
        ("path.grid", r#"".""#),
        (
            "[for k, x in toset([\"b\", \"a\"]) : \"${k}=${x}\"]",
            r#"["a=a","b=b"]"#,
        ),
        ("distinct([\"a\", \"a\"])", r#"["a"]"#),
        ("!(1 > 2) && \"true\" == \"true\"", "true"),
    ] {
        assert_eq!(value(expr), expected, "{expr}");
    }
}

#[test]
fn arguments_are_converted_where_they_are_not_of_their_type() {
    let typed = typed(
        r#"
variable "n" {
  type = number
}
variable "any" {}
step "http_request" "a" {
  arguments {
    url           = var.any
    timeout       = "1m30s"
    headers       = { A = var.n, B = "b" }
    max_redirects = var.n
    method        = null
  }
}
"#,
    );
    let arguments: Vec<String> = typed.bodies[0].steps[0]
        .arguments
        .iter()
        .map(|(_, value)| {
            let kind = match &value.kind {
                TKind::Constant(Value::Duration(_)) => "constant",
                TKind::Convert(of) if matches!(of.kind, TKind::Variable(_)) => "converted",
                TKind::Object(pairs) => match &pairs[0].1.kind {
                    TKind::Convert(_) => "object with a converted value",
                    _ => "object",
                },
                TKind::Variable(_) => "as it is",
                other => panic!("{other:?}"),
            };
            format!("{kind} {}", value.ty)
        })
        .collect();
    assert_eq!(
        arguments,
        [
            "converted string",
            "object with a converted value map(string)",
            "as it is number",
            "constant duration",
        ]
    );
}

#[test]
fn scope_is_the_manifests_narrowed_to_what_is_read() {
    let scopes = |grid: &str| -> Vec<Lifetime> {
        let grid = format!(
            "{grid}\nstep \"noop\" \"n\" {{\n  depends_on = [\"s\"]\n}}\nstep \"noop\" \"first\" {{}}\n"
        );
        typed(&grid).bodies[0]
            .resources
            .iter()
            .map(|resource| resource.scope)
            .collect()
    };
    let on = |line: &str, session: &str| {
        format!(
            "resource \"session\" \"s\" {{\n  {session}\n  uses {{\n    line = resource.line.l\n  }}\n}}\nresource \"line\" \"l\" {{\n  {line}\n}}"
        )
    };
    use Lifetime::{Iteration, Run, Vu, Worker};
    assert_eq!(scopes(&on("", "")), [Vu, Vu]);
    assert_eq!(
        scopes(&on("scope = \"run\"", "scope = \"run\"")),
        [Run, Run]
    );
    assert_eq!(scopes(&on("scope = \"worker\"", "")), [Vu, Worker]);
    assert_eq!(
        scopes(&on("scope = \"iteration\"", "")),
        [Iteration, Iteration]
    );
    assert_eq!(
        scopes(&on("depends_on = [step.noop.first]", "")),
        [Iteration, Iteration]
    );
}

#[test]
fn explicit_scope_wider_than_a_use_is_an_error() {
    let found = problems(
        r#"
resource "line" "l" {}
resource "session" "s" {
  scope = "run"
  uses {
    line = resource.line.l
  }
}
step "talk" "t" {
  uses {
    session = resource.session.s
  }
}
"#,
    );
    assert_eq!(found[0].0, "invalid_scope");
}

#[test]
fn what_lives_for_the_run_is_handed_only_to_what_does() {
    let handed = |line: &str, session: &str| {
        problems(&format!(
            "resource \"line\" \"l\" {{\n  {line}\n}}\nresource \"session\" \"s\" {{\n  {session}\n  uses {{\n    line = resource.line.l\n  }}\n}}\n\
             step \"talk\" \"t\" {{\n  uses {{\n    session = resource.session.s\n  }}\n}}\n"
        ))
    };
    let run = "scope = \"run\"";
    let of = |name: &str| {
        let text = format!("`resource.{name}` has the scope \"run\": only its exports can be used");
        ("invalid_scope", text)
    };
    assert_eq!(handed("", ""), []);
    assert_eq!(handed(run, ""), [of("line.l")]);
    assert_eq!(handed(run, run), [of("session.s")], "not to the step");
}

#[test]
fn missing_use_is_named_with_its_asset() {
    let found = problems("step \"talk\" \"t\" {}\nresource \"session\" \"s\" {}\n");
    let codes: Vec<_> = found.iter().map(|(code, _)| *code).collect();
    assert!(codes.contains(&"missing_use"), "{found:?}");
    let uses: Vec<_> = found
        .iter()
        .filter(|(code, _)| *code == "missing_use")
        .collect();
    assert_eq!(uses.len(), 2, "of the step and of the resource: {found:?}");
    assert!(
        uses.iter().any(|(_, text)| text.contains("`session`")),
        "{found:?}"
    );
}

#[test]
fn export_that_is_sensitive_spreads() {
    let grid = r#"
resource "line" "l" {}
resource "session" "s" {
  uses {
    line = resource.line.l
  }
}
step "talk" "t" {
  uses {
    session = resource.session.s
  }
  arguments {
    word = "Bearer ${resource.session.s.token}"
  }
}
step "print" "p" {
  arguments {
    input = { a = resource.session.s }
  }
}
"#;
    let typed = typed(grid);
    assert!(typed.bodies[0].steps[0].sensitive);
    assert!(
        typed.bodies[0].steps[1].sensitive,
        "what is shown is redacted, but not a fault of computing it"
    );
    let paths = &typed.bodies[0].steps[1].arguments[0].1.sensitivity.paths;
    assert_eq!(*paths, [["a", "token"]]);
}

#[test]
fn a_step_that_is_enabled_by_something_sensitive_is_sensitive() {
    let grid = r#"
variable "token" {
  sensitive = true
}
step "noop" "a" {
  enabled = { eu = true }[var.token]
}
step "noop" "b" {
  enabled = true
}
"#;
    let typed = typed(grid);
    let marks = typed.bodies[0].steps.iter().map(|step| step.sensitive);
    assert_eq!(marks.collect::<Vec<_>>(), [true, false]);
}

#[test]
fn a_step_is_sensitive_if_its_argument_was_computed_beside_something_sensitive() {
    let grid = r#"
variable "token" {
  sensitive = true
}
locals {
  both = { a = "x", b = { eu = "1" }[var.token] }
  one  = local.both.a
}
step "noop" "a" {
  arguments {
    delay = local.both.a
  }
}
step "print" "b" {
  arguments {
    input = ["x", { eu = "1" }[var.token]][0]
  }
}
step "print" "c" {
  arguments {
    input = local.one
  }
}
"#;
    let typed = typed(grid);
    let marks = typed.bodies[0].steps.iter().map(|step| step.sensitive);
    assert_eq!(marks.collect::<Vec<_>>(), [true, true, true]);
}

#[test]
fn a_resource_with_a_sensitive_argument_is_sensitive() {
    let grid = r#"
variable "token" {
  sensitive = true
}
resource "http_client" "s" {
  arguments {
    headers = { x = var.token }
  }
}
resource "http_client" "t" {}
step "noop" "a" {
  depends_on = [resource.http_client.s, resource.http_client.t]
}
"#;
    let typed = typed(grid);
    let marks: Vec<bool> = typed.bodies[0]
        .resources
        .iter()
        .map(|it| it.sensitive)
        .collect();
    assert_eq!(marks, [true, false]);
}

#[test]
fn instances_are_in_order_of_their_keys() {
    let typed = typed("step \"noop\" \"a\" {\n  for_each = { b = 1, a = 2 }\n}\n");
    let TInstances::ForEach(keys) = &typed.bodies[0].steps[0].instances else {
        panic!("{:?}", typed.bodies[0].steps[0].instances);
    };
    let keys: Vec<&str> = keys.iter().map(|(key, _)| key.as_str()).collect();
    assert_eq!(keys, ["a", "b"]);
}

#[test]
fn resource_is_used_through_locals_and_other_resources() {
    let typed = typed(
        r#"
resource "line" "l" {}
resource "session" "s" {
  uses {
    line = resource.line.l
  }
}
locals {
  token = resource.session.s.token
  again = local.token
}
step "print" "p" {
  arguments {
    input = local.again
  }
}
"#,
    );
    assert!(
        typed.bodies[0]
            .resources
            .iter()
            .all(|resource| resource.used)
    );
}

#[test]
fn grid_without_errors_holds_no_node_of_an_error() {
    let before = "variable \"flag\" {\n  type = bool\n}\n";
    for expr in [
        "var.flag ? [for x in null : x] : []",
        "var.flag ? null.x : 1",
        "var.flag ? null[0] : 1",
        "var.flag ? \"a${null}\" : \"\"",
        "var.flag ? upper(null) : \"\"",
        "var.flag ? { (null) = 1 } : {}",
        "var.flag ? [1][7] : 1",
        "var.flag ? tonumber(\"x\") : 1",
        "var.flag ? [for x in [0] : 1 / x] : []",
        "var.flag ? null + 1 : 1",
        "var.flag ? null && true : false",
        "var.flag && (null ? true : false)",
        "try(null[0], [for x in null : x], 1)",
        "[for x in [1, 2] : try(x / 0, x)]",
    ] {
        let expr_typed = printed(expr, before);
        walk(&expr_typed, &mut |node| {
            assert!(!matches!(node.kind, TKind::Error), "{expr}: {node:?}");
        });
    }
}

#[test]
fn computation_without_end_is_left_to_the_program() {
    let huge =
        "[for a in range(1000) : [for b in range(1000) : [for c in range(1000) : a * b * c]]]";
    let typed = printed(huge, "");
    assert!(matches!(typed.kind, TKind::For(_)));
}

/// Locals each of which names the one before it twice.
fn doubled(levels: usize, first: &str, twice: impl Fn(&str) -> String) -> String {
    let locals = (1..=levels).map(|at| {
        let before = format!("local.l{}", at - 1);
        format!("  l{at} = {}\n", twice(&before))
    });
    format!(
        "locals {{\n  l0 = {first}\n{}}}",
        locals.collect::<String>()
    )
}

#[test]
fn values_that_double_line_by_line_are_left_to_the_program() {
    for (first, twice) in [
        (
            "tolist([1])",
            (|of: &str| format!("concat({of}, {of})")) as fn(&str) -> String,
        ),
        ("\"0123456789abcdef\"", |of| {
            format!("\"${{{of}}}${{{of}}}\"")
        }),
        ("\"0123456789abcdef\"", |of| {
            format!("join(\"\", [{of}, {of}])")
        }),
        ("[1]", |of| format!("[for one in range(2) : {of}]")),
    ] {
        let last = printed("local.l50", &doubled(50, first, twice));
        assert!(matches!(last.kind, TKind::Local(_)), "{:?}", last.ty);
        let few = printed("local.l8", &doubled(8, first, twice));
        assert!(few.constant().is_some());
    }
}

#[test]
fn a_type_of_too_many_parts_is_refused_once_where_it_passes_the_bound() {
    const LARGE: [(&str, &str); 1] = [(
        "too_large",
        "the type of this value has more than 100000 parts",
    )];
    let step = "step \"print\" \"p\" {\n  arguments {\n    input = local.l50\n  }\n}\n";
    for (first, twice) in [
        (
            "uuid()",
            (|of: &str| format!("[{of}, {of}]")) as fn(&str) -> String,
        ),
        ("uuid()", |of| format!("{{ a = {of}, b = {of} }}")),
        ("[1, true]", |of| format!("[{of}, {of}]")),
    ] {
        let grid = format!("{}\n{step}", doubled(50, first, twice));
        let found = problems(&grid);
        let found: Vec<_> = found.iter().map(|(code, text)| (*code, &**text)).collect();
        assert_eq!(found, LARGE, "{first}");
    }
    // Items that fit alone do not fit beside each other, however many they are.
    let wide = vec!["local.l15"; 1000].join(", ");
    for whole in [
        format!("[{wide}]"),
        format!("concat({wide})"),
        "{ a = local.l15, b = local.l15 }".to_owned(),
    ] {
        let locals = doubled(15, "uuid()", |of| format!("[{of}, {of}]"));
        let found = problems(&format!("{locals}\n{}", step.replace("local.l50", &whole)));
        let found: Vec<_> = found.iter().map(|(code, text)| (*code, &**text)).collect();
        assert_eq!(found, LARGE, "{whole:.20}");
    }
}

#[test]
fn long_chain_of_locals_needs_no_stack() {
    use std::fmt::Write;
    let mut grid = String::from(
        "variable \"n\" {\n  type = number\n}\nresource \"http_client\" \"c\" {\n  arguments {\n    user_agent = \"${local.l0}\"\n  }\n}\nlocals {\n",
    );
    for at in 0..5000 {
        writeln!(grid, "  l{at} = local.l{} + 1", at + 1).unwrap();
    }
    grid.push_str("  l5000 = vu.id\n}\nstep \"noop\" \"n\" {\n  depends_on = [\"c\"]\n}\n");
    assert_eq!(typed(&grid).bodies[0].resources[0].scope, Lifetime::Vu);
}

#[test]
fn the_length_of_a_list_or_object_that_is_written_out_is_judged_whatever_is_in_it() {
    let refused = |argument: &str| {
        let grid = format!("step \"list\" \"l\" {{\n  arguments {{\n    {argument}\n  }}\n}}\n");
        problems(&grid)
    };
    for (argument, text) in [
        (
            "items = [vu.id]",
            "`items` must have a length of at least 2",
        ),
        (
            "items = [1, 2, vu.id, 4]",
            "`items` must have a length of at most 3",
        ),
        (
            "items = vu.id > 1 ? [1, 2] : [vu.id]",
            "`items` must have a length of at least 2",
        ),
        (
            "texts = [vu.id, vu.iteration]",
            "`texts` must have a length of at most 1",
        ),
        (
            "keys = { a = vu.id, b = 1 }",
            "`keys` must have a length of at most 1",
        ),
    ] {
        assert_eq!(refused(argument), [("value_refused", text.to_owned())]);
    }
    for argument in [
        "items = [vu.id, 1]",
        "items = [for n in [1] : n + vu.id]",
        "keys = { (\"${vu.id}\") = 1, (\"${vu.iteration}\") = 2 }",
    ] {
        assert_eq!(refused(argument), [], "{argument}");
    }
}

/// A grid with a threshold of this condition.
fn judged(condition: &str) -> String {
    format!(
        "step \"noop\" \"a\" {{}}\n# bggo: allow(unused_variable)\nvariable \"limit\" {{\n  default = \"1s\"\n}}\nthreshold \"t\" {{\n  condition = {condition}\n}}\n"
    )
}

#[test]
fn a_condition_means_the_same_in_a_grid_and_in_a_flag() {
    use bggo_metrics::{Draft, IterationLayout, Layout, StepLayout, Term};
    let layout = Layout {
        steps: vec![StepLayout {
            scenario: "main".into(),
            path: Vec::new(),
            name: "noop.a".into(),
            tags: Vec::new(),
            metrics: Vec::new(),
            checks: Vec::new(),
            first: 0,
        }],
        iterations: vec![IterationLayout {
            scenario: "main".into(),
            tags: Vec::new(),
            first: 4,
        }],
        ..Layout::default()
    };
    for condition in [
        "noop.a.response_time.p95 < \"300 ms\"",
        "run.failed.ratio <= \"0.5%\" || run.failed.ratio >= 0.25",
        "!(noop.a.failed[\"timeout\"].count == 3 && \"2s\" > run.response_time.p99_9)",
        "scenario.main.step.noop.a.started.rate > 10 && scenario.main.queued.max < run.queued.mean",
        "run.failed.count != 1 && (run.failed.count != 2 || run.failed.count != 3) && !(run.failed.count < 4)",
    ] {
        let draft = Draft::read(condition).and_then(|draft| draft.resolve(&layout));
        let of_flag = draft.unwrap_or_else(|wrong| panic!("{condition}: {wrong}"));
        let mut of_grid = condition.to_owned();
        for root in ["noop.a.", "run.", "scenario.main."] {
            of_grid = of_grid.replace(root, &format!("metrics.{root}"));
        }
        let of_grid = of_grid.replace("step.metrics.", "step.");
        let typed = typed(&judged(&of_grid));
        let threshold = &typed.thresholds[0];
        assert_eq!(
            threshold.addresses, of_flag.condition.addresses,
            "{condition}"
        );
        let terms: Vec<Term> = threshold
            .terms
            .iter()
            .map(|term| match term {
                super::typed::TTerm::Plain(term) => *term,
                super::typed::TTerm::Bound(..) => panic!("{condition}: a bound that is not known"),
            })
            .collect();
        assert_eq!(terms, of_flag.condition.terms, "{condition}");
    }
}

#[test]
fn a_condition_reads_a_bounded_number_of_figures_and_says_so_once() {
    let one = |at: u32| format!("metrics.run.response_time.p50_{at:04} < \"1s\"");
    let of = |count: u32| {
        let all: Vec<String> = (1000..1000 + count).map(one).collect();
        problems(&judged(&all.join(" && ")))
    };
    assert_eq!(of(1_000), []);
    let said = "a condition reads at most 1000 different figures".to_owned();
    assert_eq!(of(1_001), [("invalid_threshold", said.clone())]);
    assert_eq!(of(1_100), [("invalid_threshold", said)]);
}

#[test]
fn a_bound_of_a_variable_is_converted_when_the_program_starts() {
    let grid = judged("metrics.noop.a.response_time.p95 < var.limit");
    let typed = typed(&grid);
    let bounds: Vec<&TExpr> = typed.thresholds[0].expressions().collect();
    assert_eq!(bounds.len(), 1);
    assert_eq!(bounds[0].ty, bggo_values::Type::Duration);
    assert_eq!(bounds[0].binding, super::typed::Binding::Start);
}

#[test]
fn what_has_tasks_of_its_own_lives_for_a_worker_or_the_run() {
    let found = |body: &str, to: &str| {
        problems(&format!(
            "resource \"sender\" \"s\" {{\n{body}  arguments {{\n    to = {to}\n  }}\n}}\n\
             step \"print\" \"p\" {{\n  depends_on = [resource.sender.s]\n  arguments {{\n    input = \"x\"\n  }}\n}}\n"
        ))
    };
    assert_eq!(found("", "\"a\""), []);
    assert_eq!(found("  scope = \"run\"\n", "\"a\""), []);
    for scope in ["vu", "iteration"] {
        assert_eq!(
            found(&format!("  scope = \"{scope}\"\n"), "\"a\""),
            [(
                "invalid_scope",
                format!("a `sender` cannot have the scope \"{scope}\"")
            )]
        );
    }
    assert_eq!(
        found("", "\"${vu.id}\""),
        [(
            "invalid_scope",
            "a `sender` cannot have the scope \"vu\", which it needs for what it reads".to_owned()
        )]
    );
}

//! What holds of any emitted program: its shape, its size, and that no text of a grid becomes code.

use crate::modules::Modules;
use crate::source::Sources;
use std::fmt::Write;

fn emitted(grid: &str) -> String {
    let sources = Sources::from_texts(vec![("grid.hcl".into(), grid.into())]);
    let (compiled, problems) = crate::compile(&sources, Modules::built_in());
    let compiled = compiled.unwrap_or_else(|| panic!("{:?}", problems.list));
    compiled.package.files["src/main.rs"].clone()
}

/// A grid with every kind of thing, with `text` in each place that takes one.
fn with_text(text: &str) -> String {
    let quoted = text
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
        .replace("${", "$${")
        .replace("%{", "%%{");
    format!(
        r#"
variable "v" {{
  description = "{quoted}"
  default     = "{quoted}"
  validation {{
    condition     = var.v != "{quoted}."
    error_message = "{quoted}"
  }}
}}
locals {{
  start = "{quoted}${{var.v}}{quoted}"
  late  = {{ "{quoted}" = [vu.id, "{quoted}"] }}
}}
step "print" "holes" {{
  description = "{quoted}"
  tags        = {{ "{quoted}" = "{quoted}" }}
  arguments {{
    input = "{quoted}${{vu.id}}{quoted}"
  }}
}}
step "http_request" "json" {{
  arguments {{
    url          = "http://127.0.0.1/{quoted}${{vu.id}}{quoted}"
    method       = "POST"
    json         = {{ "{quoted}" = "{quoted}${{vu.id}}", fixed = "{quoted}" }}
    query_params = {{ "X" = "{quoted}" }}
  }}
}}
step "print" "each" {{
  for_each = {{ "{quoted}" = "{quoted}" }}
  arguments {{
    input = [each.key, each.value, local.start, local.late, var.v == "{quoted}", {{ "{quoted}" = "{quoted}" }}]
  }}
}}
"#
    )
}

/// Kinds of the items of a file, and the names of its functions.
fn items(rust: &str) -> Vec<String> {
    let file = syn::parse_file(rust).unwrap_or_else(|error| panic!("{error}\n{rust}"));
    let mut found = Vec::new();
    for item in file.items {
        found.push(match item {
            syn::Item::Fn(function) => format!("fn {}", function.sig.ident),
            syn::Item::Static(item) => format!("static {}", item.ident),
            syn::Item::Const(item) => format!("const {}", item.ident),
            syn::Item::Struct(item) => format!("struct {}", item.ident),
            syn::Item::Impl(_) => "impl".to_owned(),
            syn::Item::Use(_) => "use".to_owned(),
            _ => "other".to_owned(),
        });
    }
    found
}

#[test]
fn no_text_of_a_grid_becomes_code() {
    let plain = items(&emitted(&with_text("plain text")));
    assert!(!plain.contains(&"other".to_owned()), "{plain:?}");
    for text in [
        "\"); std::process::exit(1); (\"",
        "*/ fn injected() {} /*",
        "\n} fn injected() {} {\n",
        "// \\",
        "{} {0} {v} {{ }} {:?}",
        "r#\"raw\"# \"# '\\''",
        "\u{2028}\u{85}\r\t\u{0}é",
        "${var.v} %{ if true }",
        "#[doc = \"\"] #!",
    ] {
        assert_eq!(items(&emitted(&with_text(text))), plain, "{text:?}");
    }
}

#[test]
fn a_thousand_instances_emit_as_many_lines_as_one() {
    let grid = |count: usize| {
        format!(
            r#"
step "noop" "plain" {{ count = {count} }}
step "env_vars" "read" {{
  count = {count}
  arguments {{ prefix = "X${{count.index}}" }}
}}
step "print" "all" {{
  arguments {{ input = step.env_vars.read[*].output.vars }}
}}
"#
        )
    };
    let (one, thousand) = (emitted(&grid(1)), emitted(&grid(1000)));
    assert_eq!(one.lines().count(), thousand.lines().count());
    assert_eq!(
        one.replace('1', ""),
        thousand.replace("1000", "1").replace('1', "")
    );
}

#[test]
fn nothing_but_statics_grows_with_the_grid() {
    let mut grid = String::from("variable \"v\" {}\nlocals {\n  l = uuid()\n}\n");
    for at in 0..300 {
        let _ = writeln!(grid, "resource \"http_client\" \"c{at}\" {{}}");
        let _ = writeln!(grid, "step \"http_request\" \"s{at}\" {{");
        let _ = writeln!(grid, "  uses {{ client = resource.http_client.c{at} }}");
        let _ = writeln!(
            grid,
            "  arguments {{ url = \"http://127.0.0.1/${{var.v}}\" }}"
        );
        if at % 3 > 0 {
            let _ = writeln!(grid, "  depends_on = [step.http_request.s{}]", at - 1);
        }
        let _ = writeln!(grid, "}}");
    }
    let reads: Vec<String> = (0..300)
        .map(|at| format!("step.http_request.s{at}.output.status_code"))
        .collect();
    let _ = writeln!(
        grid,
        "step \"print\" \"all\" {{\n  arguments {{ input = [{}, local.l] }}\n}}",
        reads.join(", ")
    );
    let file = syn::parse_file(&emitted(&grid)).unwrap();
    for item in file.items {
        if matches!(item, syn::Item::Static(_) | syn::Item::Const(_)) {
            continue;
        }
        let alone = syn::File {
            shebang: None,
            frontmatter: None,
            attrs: Vec::new(),
            items: vec![item],
        };
        let text = prettyplease::unparse(&alone);
        assert!(text.lines().count() < 130, "{text}");
    }
}

#[test]
fn the_steps_of_a_large_grid_stand_in_modules() {
    let grid = |count: usize| {
        let mut text = String::from("step \"noop\" \"main_steps_1\" {}\n");
        for number in 0..count {
            let _ = writeln!(
                text,
                "step \"print\" \"p{number}\" {{\n  arguments {{ input = vu.id + {number} }}\n}}"
            );
        }
        emitted(&text)
    };
    assert!(!grid(32).contains("mod "));
    let large = grid(33);
    let modules: Vec<_> = syn::parse_file(&large)
        .unwrap()
        .items
        .into_iter()
        .filter_map(|item| match item {
            syn::Item::Mod(module) => Some((
                module.ident.to_string(),
                module.content.map_or(0, |(_, items)| items.len()),
            )),
            _ => None,
        })
        .collect();
    // `use super::*;`, and two functions and a place a step; the step called `main_steps_1` keeps its name.
    assert_eq!(
        modules,
        [
            ("main_steps_1_2".to_owned(), 97),
            ("main_steps_2".to_owned(), 4)
        ]
    );
    assert!(
        large.contains("/// Steps from grid.hcl:2 to grid.hcl:95.\nmod main_steps_1_2 {"),
        "{large}"
    );
}

#[test]
fn each_body_is_one_set_of_structs_and_functions_with_slots_from_zero() {
    let rust = emitted(
        r#"
resource "http_client" "shared" {}
step "http_request" "a" {
  arguments { url = "http://localhost/${vu.id}" }
  uses { client = resource.http_client.shared }
}
scenario "second" {
  step "http_request" "a" {
    arguments { url = "http://localhost/${vu.id}" }
    uses { client = resource.http_client.shared }
  }
  step "print" "b" {
    arguments { input = step.http_request.a.output.status_code }
  }
}
"#,
    );
    let items = items(&rust);
    for item in [
        "struct Main",
        "struct MainSteps",
        "fn a",
        "fn a_attempt",
        "fn shared",
        "static MAIN_STEPS",
        "struct SecondBody",
        "struct SecondBodySteps",
        "struct SecondBodyOutputs",
        "fn second_a",
        "fn second_a_attempt",
        "fn second_b",
        "fn second_shared",
        "fn second_a_status_code",
        "static SECOND_STEPS",
    ] {
        let count = items.iter().filter(|found| *found == item).count();
        assert_eq!(count, 1, "{item} in {items:?}");
    }
    assert!(!items.contains(&"struct MainOutputs".to_owned()));
    for part in [
        "Body::new(\"main\", &MAIN_STEPS)",
        "Info::new(\"http_request\", \"a\", \"grid.hcl:3\")\n        .slots(0..18)",
        "Info::new(\"http_request\", \"a\", \"grid.hcl:8\")\n        .slots(0..18)",
        "const STEP_SECOND_A: &Info = &SECOND_STEPS[0];",
        "fn second_a<'a>(this: &'a SecondBody<'_>) -> Running<'a, Flow>",
        "second: SecondBodySteps::new(cx)",
    ] {
        assert!(rust.contains(part), "no {part} in\n{rust}");
    }
}

#[test]
fn steps_that_need_the_same_resources_share_the_wait_and_enabled_comes_before_it() {
    let rust = emitted(
        r#"
variable "on" { default = true }
resource "http_target" "site" {}
resource "http_target" "other" {}
step "print" "first" {
  arguments { input = resource.http_target.site.url }
}
step "print" "second" {
  arguments { input = resource.http_target.site.url }
  depends_on = [step.print.first]
}
step "print" "both" {
  arguments { input = "${resource.http_target.site.url} ${resource.http_target.other.url}" }
}
step "print" "maybe" {
  enabled = var.on
  arguments { input = resource.http_target.site.url }
}
step "print" "asks" {
  enabled = resource.http_target.site.url != ""
  arguments { input = "asked" }
}
"#,
    );
    let waits = items(&rust);
    let waits: Vec<_> = waits
        .iter()
        .filter(|item| item.starts_with("fn wait_for"))
        .collect();
    assert_eq!(waits, ["fn wait_for_site", "fn wait_for_site_and_other"]);
    for (call, count) in [
        ("(this, wait_for_site, first_attempt)", 1),
        ("(this, wait_for_site, second_attempt)", 1),
        ("(this, wait_for_site_and_other, both_attempt)", 1),
        ("(this, wait_for_site, asks_attempt)", 1),
        ("(this, maybe_attempt)", 1),
        // Each wait has one; the attempt that is not always enabled has one.
        ("site(this).await?;", 3),
    ] {
        assert_eq!(rust.matches(call).count(), count, "{call} in\n{rust}");
    }
}

#[test]
fn what_is_built_on_an_asset_that_a_step_is_handed_waits_for_that_one_first() {
    let rust = emitted(
        r#"
resource "http_client" "client" {}
resource "websocket" "session" {
  uses { client = resource.http_client.client }
  arguments { url = "ws://localhost/" }
}
step "http_request" "asks" {
  enabled = resource.websocket.session.subprotocol == null
  uses { client = resource.http_client.client }
  arguments { url = "http://localhost/" }
}
"#,
    );
    let wait = "(this, wait_for_client_and_session, asks_attempt)";
    assert!(rust.contains(wait), "{rust}");
}

#[test]
fn users_settle_their_assets_only_where_a_step_opens_something_on_one() {
    let manifest = r#"
asset "line" {
  concurrency = "exclusive"
  scopes      = ["worker"]
}
runner "begin" {
  opens = "transaction"
  uses "line" { asset = "line" }
}
runner "commit" {
  closes = "transaction"
  uses "line" { asset = "line" }
}
runner "talk" {
  uses "line" { asset = "line" }
}
"#;
    let modules = Modules::default().with(&[("line", manifest)]);
    assert_eq!(modules.faults, Vec::<String>::new());
    let settled = |scope: &str, grid: &str| {
        let line = format!("resource \"line\" \"a\" {{\n  scope = \"{scope}\"\n}}\n");
        let uses = "uses {\n    line = resource.line.a\n  }\n}";
        let grid = line + &grid.replace("on a }", uses);
        let sources = Sources::from_texts(vec![("grid.hcl".into(), grid)]);
        let (compiled, problems) = crate::compile(&sources, &modules);
        let compiled = compiled.unwrap_or_else(|| panic!("{:?}", problems.list));
        let main = &compiled.package.files["src/main.rs"];
        main.matches("user_scope.settle().await;").count()
    };
    let begin = "step \"begin\" \"a\" { on a }\n".replace("{ on", "{\n  on");
    let talk = "step \"talk\" \"a\" {\n  on a }\n";
    assert_eq!(settled("vu", &begin), 1);
    assert_eq!(settled("vu", talk), 0);
    assert_eq!(settled("worker", &begin), 0);
    assert_eq!(settled("iteration", &begin), 0);
    let in_a_flow = format!("flow \"words\" {{\n{begin}}}\nstep \"words\" \"all\" {{}}\n");
    assert_eq!(settled("vu", &in_a_flow), 1);
    let set_up = format!("vu_setup {{\n{begin}}}\n{talk}");
    assert_eq!(settled("vu", &set_up), 1);
    let both = format!("vu_setup {{\n{begin}}}\n{begin}");
    assert_eq!(settled("vu", &both), 2);
}

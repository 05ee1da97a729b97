//! What is offered while something is written.

use serde_json::{Value, json};

use super::editor::Editor;

const BEFORE: &str = r#"variable "host" {
  type        = object({ name = string, port = number })
  default     = { name = "a", port = 1 }
  description = "Where the shop is."
}

locals {
  page = { path = "/" }
}

resource "http_client" "shop" {}

metric "orders" {
  kind = "counter"
}

flow "login" {
  description = "Gets a token."

  input "user" {
    type = string
  }

  output "name" {
    value = "x"
  }
}

step "http_request" "front" {
  arguments {
    method = "GET"
    url    = "http://127.0.0.1:1/"
  }
}

step "login" "first" {
  arguments {
    user = "a"
  }
}

"#;

/// What is offered at the end of a text that is still being written, by name.
fn offered(editor: &mut Editor, name: &str, written: &str) -> Vec<Value> {
    let text = format!("{BEFORE}{written}");
    editor.open(name, &text);
    let line = text.matches('\n').count();
    let start = text.rfind('\n').unwrap() + 1;
    let column = text[start..].encode_utf16().count();
    let ask = json!({ "position": { "line": line, "character": column } });
    editor
        .of_file("completion", name, ask)
        .as_array()
        .unwrap()
        .clone()
}

#[test]
fn what_fits_a_place_is_offered_there() {
    const STEP: &str = "step \"http_request\" \"a\" {\n  ";
    let mut editor = Editor::start();
    for (count, (written, has, has_not)) in [
        ("", "step scenario variable", "arguments"),
        ("st", "step", "count"),
        ("step \"", "http_request print login", "http_client"),
        ("resource \"", "http_client", "http_request"),
        (
            STEP,
            "arguments uses depends_on count timeouts check",
            "scenario",
        ),
        (
            &format!("{STEP}arguments {{\n    "),
            "method url body",
            "arguments input",
        ),
        (&format!("{STEP}uses {{\n    "), "client", "method"),
        (&format!("{STEP}record {{\n    "), "orders", "method"),
        (
            &format!("{STEP}retry {{\n    "),
            "attempts backoff",
            "limit",
        ),
        (
            &format!("{STEP}retry {{\n    backoff {{\n    "),
            "strategy initial",
            "attempts",
        ),
        (
            &format!("{STEP}check \"ok\" {{\n    condition = output."),
            "status_code",
            "front",
        ),
        (
            &format!("{STEP}depends_on = [step."),
            "http_request login",
            "front",
        ),
        (
            &format!("{STEP}depends_on = [\"step.http_request."),
            "front",
            "first",
        ),
        (
            &format!("{STEP}uses {{\n    client = resource."),
            "http_client",
            "shop",
        ),
        (
            &format!("{STEP}uses {{\n    client = resource.http_client."),
            "shop",
            "front",
        ),
        (
            "step \"login\" \"b\" {\n  arguments {\n    ",
            "user",
            "method url",
        ),
        ("scenario \"s\" {\n  ", "load step start_after", "variable"),
        (
            "scenario \"s\" {\n  load \"",
            "constant_vus ramping_vus",
            "step",
        ),
        (
            "scenario \"s\" {\n  load \"constant_vus\" {\n    ",
            "vus duration",
            "rate stage",
        ),
        (
            "scenario \"s\" {\n  load \"ramping_vus\" {\n    ",
            "start_vus stage",
            "rate",
        ),
        (
            "flow \"f\" {\n  input \"x\" {\n    ",
            "type default",
            "value",
        ),
        ("locals {\n  b = ", "step var local upper true", "front"),
        ("locals {\n  b = step.", "http_request login", "front"),
        ("locals {\n  b = step.http_request.", "front", "first"),
        (
            "locals {\n  b = step.http_request.front.",
            "output",
            "front",
        ),
        (
            "locals {\n  b = step.http_request.front.output.",
            "status_code",
            "output",
        ),
        ("locals {\n  b = step.login.first.output.", "name", "user"),
        ("locals {\n  b = var.", "host", "page"),
        ("locals {\n  b = var.host.", "name port", "host"),
        ("locals {\n  b = \"${local.page.", "path", "page"),
        ("locals {\n  b = [for x in local.", "page", "path"),
        ("setup {\n  ", "step timeouts", "resource"),
        ("setup {\n  step \"print\" \"p\" {\n    arguments { input = 1 }\n  }\n  step \"print\" \"q\" {\n    arguments {\n      input = step.print.", "p", "front"),
        ("data \"inline\" \"rows\" {\n  ", "rows columns order", "file"),
        ("data \"inline\" \"rows\" {\n  columns = { user = string }\n  rows = []\n}\nlocals {\n  b = data.inline.rows.", "user", "rows"),
        ("locals {\n  b = vu.", "id iteration", "name"),
        (
            "flow \"f\" {\n  input \"x\" { type = string }\n  output \"y\" {\n    value = input.",
            "x",
            "user",
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let found = offered(&mut editor, &format!("{count}.hcl"), written);
        let names: Vec<_> = found
            .iter()
            .map(|one| one["label"].as_str().unwrap())
            .collect();
        for name in has.split_whitespace() {
            assert!(
                names.contains(&name),
                "{written}: {name} is not in {names:?}"
            );
        }
        for name in has_not.split_whitespace() {
            assert!(!names.contains(&name), "{written}: {name} is in {names:?}");
        }
    }
    for (count, written) in ["# st", "locals {\n  b = \"st", "step \"print\" \""]
        .into_iter()
        .enumerate()
    {
        let found = offered(&mut editor, &format!("none{count}.hcl"), written);
        assert_eq!(found, Vec::<Value>::new(), "{written}");
    }
    editor.end();
}

#[test]
fn types_and_descriptions_come_from_the_manifests_and_from_the_grid() {
    let mut editor = Editor::start();
    let mut one = |name: &str, written: &str, label: &str| {
        let found = offered(&mut editor, name, written);
        let found = found
            .iter()
            .find(|one| one["label"] == label)
            .unwrap()
            .clone();
        let words = found["documentation"]["value"].as_str().unwrap().to_owned();
        (found["detail"].as_str().unwrap().to_owned(), words)
    };
    let arguments = "step \"http_request\" \"a\" {\n  arguments {\n    ";
    let (ty, words) = one("a.hcl", arguments, "url");
    assert_eq!(ty, "string");
    assert!(
        words.starts_with("`url`: `string`, required\n\n"),
        "{words}"
    );
    let (ty, words) = one("b.hcl", "locals {\n  b = var.", "host");
    assert!(ty.starts_with("object("), "{ty}");
    assert_eq!(words, "Where the shop is.");
    let (signature, words) = one("c.hcl", "locals {\n  b = up", "upper");
    assert!(signature.starts_with("upper("), "{signature}");
    assert!(words.contains(" gives "), "{words}");
    assert_eq!(one("d.hcl", "step \"", "login").1, "Gets a token.");
    editor.end();
}

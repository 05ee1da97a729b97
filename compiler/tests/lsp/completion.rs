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

#[test]
fn attributes_of_an_answer_come_from_its_schema() {
    let folder = tempfile::tempdir().unwrap();
    let schema = r##"{
      "type": "object",
      "required": ["user", "items"],
      "properties": {
        "user": { "$ref": "#/$defs/user" },
        "items": { "type": "array", "items": { "type": "object", "properties": { "price": { "type": "number" } } } },
        "labels": { "additionalProperties": { "$ref": "#/$defs/user" } }
      },
      "$defs": { "user": { "properties": { "nick": { "type": "string" }, "friend": { "$ref": "#/$defs/user" } } } }
    }"##;
    std::fs::write(folder.path().join("page.json"), schema).unwrap();
    let before = r#"step "http_request" "page" {
  arguments {
    url             = "http://127.0.0.1:1/"
    response_schema = "page.json"
  }
}

flow "first" {
  step "http_request" "page" {
    arguments {
      url             = "http://127.0.0.1:1/"
      response_schema = "page.json"
    }
  }
  output "user" {
    value = step.http_request.page.output.json.user
  }
}

step "first" "of_all" {}

locals {
  page = step.http_request.page.output.json
  b = "#;
    let mut editor = Editor::start();
    for (count, (written, expected)) in [
        (
            "step.http_request.page.output.json.",
            "user: user, items: list(object), labels: map(user)",
        ),
        (
            "upper(step.http_request.page.output.json.user.",
            "nick: string, friend: user",
        ),
        (
            "step.http_request.page.output.json.user.friend.friend.",
            "nick: string, friend: user",
        ),
        ("\"${local.page.items[0].", "price: number"),
        ("local.page.items[*].", "price: number"),
        ("local.page.labels.any.", "nick: string, friend: user"),
        (
            "step.first.of_all.output.user.",
            "nick: string, friend: user",
        ),
        ("step.http_request.page.output.json.user.nick.", ""),
        ("step.http_request.page.output.json.nobody.", ""),
    ]
    .into_iter()
    .enumerate()
    {
        let name = folder.path().join(format!("{count}.hcl"));
        let name = name.to_str().unwrap();
        let text = format!("{before}{written}");
        editor.open(name, &text);
        let line = text.matches('\n').count();
        let column = text.len() - text.rfind('\n').unwrap() - 1;
        let ask = json!({ "position": { "line": line, "character": column } });
        let found = editor.of_file("completion", name, ask);
        let found = found.as_array().unwrap().iter().map(|one| {
            let text = |name: &str| one[name].as_str().unwrap_or_default().to_owned();
            format!("{}: {}", text("label"), text("detail"))
        });
        assert_eq!(found.collect::<Vec<_>>().join(", "), expected, "{written}");
    }
    let name = folder.path().join("hover.hcl");
    let name = name.to_str().unwrap();
    editor.open(name, &format!("{before}local.page.user.friend\n}}\n"));
    for (line, column, expected) in [
        (
            15,
            45,
            "`json`: `object({user = user, items = list(object), labels = map(user)})`.",
        ),
        (15, 49, "`object({nick = string, friend = user})`"),
        (23, 24, "`object({nick = string, friend = user})`"),
    ] {
        let ask = json!({ "position": { "line": line, "character": column } });
        let found = editor.of_file("hover", name, ask);
        let words = found["contents"]["value"].as_str().unwrap_or_default();
        assert!(words.contains(expected), "{line}:{column}: {words}");
    }
    editor.end();
}

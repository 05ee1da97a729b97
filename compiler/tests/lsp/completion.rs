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
    offered_in(editor, name, BEFORE, written)
}

fn offered_in(editor: &mut Editor, name: &str, before: &str, written: &str) -> Vec<Value> {
    let text = format!("{before}{written}");
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
            &format!("{STEP}depends_on = ["),
            "step.http_request.front step.login.first resource.http_client.shop",
            "step.http_request.a",
        ),
        (
            &format!("{STEP}depends_on = [\""),
            "step.http_request.front resource.http_client.shop",
            "step.http_request.a",
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
    for (count, written) in [
        "# st",
        "locals {\n  b = \"st",
        "step \"print\" \"",
        "locals {\n  b = <<E\n st",
    ]
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

/// What is declared where objects are written.
const TYPED: &str = r#"variable "shops" {
  type    = list(object({ city = string, open = bool }))
  default = []
}

locals {
  by_name = { a = { street = "x" } }
}

flow "order" {
  input "item" {
    type = object({ name = string, size = optional(number) })
  }

  step "noop" "wait" {}
}

"#;

#[test]
fn names_of_a_for_and_keys_of_objects_with_types_are_offered() {
    let mut editor = Editor::start();
    for (count, (written, has, has_not)) in [
        (
            "locals {\n  b = [for shop in var.shops : sh",
            "shop upper var",
            "city",
        ),
        (
            "locals {\n  b = [for shop in var.shops : shop.",
            "city open",
            "upper street",
        ),
        (
            "locals {\n  b = { for name, shop in local.by_name : name => \"${shop.",
            "street",
            "city",
        ),
        (
            "locals {\n  b = { for name, shop in local.by_name : name.",
            "",
            "street",
        ),
        (
            "locals {\n  b = [for shop in var.shops : [for part in shop.city : sh",
            "shop part",
            "city",
        ),
        (
            "locals {\n  b = [for shop in var.shops : shop]\n  c = sh",
            "upper",
            "shop",
        ),
        (
            "step \"order\" \"b\" {\n  arguments {\n    item = { ",
            "name size",
            "upper",
        ),
        (
            "variable \"z\" {\n  type    = object({ street = string })\n  default = {\n    ",
            "street",
            "upper",
        ),
        (
            "step \"http_request\" \"b\" {\n  on_error {\n    fallback = { ",
            "status_code body json",
            "upper",
        ),
        (
            "step \"http_request\" \"b\" {\n  arguments {\n    headers = { ",
            "Content-Type Accept",
            "upper",
        ),
        (
            "scenario \"s\" {\n  mix = { ",
            "order",
            "http_request upper",
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let found = offered_in(&mut editor, &format!("{count}.hcl"), TYPED, written);
        let names: Vec<&str> = found
            .iter()
            .map(|one| one["label"].as_str().unwrap())
            .collect();
        let is_there = |name: &str| names.contains(&name);
        assert!(
            has.split_whitespace().all(is_there),
            "{written}: not all of {has} in {names:?}"
        );
        assert!(
            !has_not.split_whitespace().any(is_there),
            "{written}: some of {has_not} in {names:?}"
        );
    }
    editor.end();
}

/// What is declared where values are read.
const READ: &str = r#"grid {
  name = "shop"
}

variable "page" {
  type = object({ size = number })
}

metric "orders" {
  kind = "counter"
}

metric "load" {
  kind = "gauge"
}

threshold "fast" {
  condition = metrics.run.failed.ratio < "1%"
}

data "csv" "users" {
  file = "users.csv"
}

data "inline" "rows" {
  rows = [{ user = "ann", age = 3 }]
}

setup {
  step "print" "made" {
    arguments { input = 1 }
  }
}

flow "login" {
  input "user" {
    type = object({ name = string })
  }
  step "http_request" "ask" {
    arguments { url = "http://127.0.0.1:1/${input.user.name}" }
  }
  output "answer" {
    value = { token = "x" }
  }
}

scenario "buyers" {
  vu_setup {
    step "login" "own" {
      arguments { user = { name = "a" } }
    }
  }
  step "http_request" "buy" {
    arguments { url = "http://127.0.0.1:1/" }
    check "bought" { condition = true }
  }
}

scenario "others" {
  step "login" "again" {
    for_each = { a = { name = "x", age = 2 } }
    arguments { user = { name = "a" } }
  }
}

"#;

fn check_offers(cases: &[(&str, &str, &str)]) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("users.csv"), "name,born\nann,2001\n").unwrap();
    let mut editor = Editor::start();
    for (count, (written, has, has_not)) in cases.iter().enumerate() {
        let path = folder.path().join(format!("{count}/grid.hcl"));
        std::fs::create_dir(path.parent().unwrap()).unwrap();
        std::fs::copy(
            folder.path().join("users.csv"),
            path.with_file_name("users.csv"),
        )
        .unwrap();
        let found = offered_in(&mut editor, path.to_str().unwrap(), READ, written);
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
    editor.end();
}

#[test]
fn names_behind_dots_are_those_that_may_stand_there() {
    const TEARDOWN: &str = "teardown {\n  step \"print\" \"z\" {\n    arguments {\n      input = ";
    let in_others =
        |rest: &str| format!("scenario \"more\" {{\n  step \"http_request\" \"z\" {{\n    {rest}");
    let threshold = |rest: &str| format!("threshold \"z\" {{\n  condition = {rest}");
    check_offers(&[
        (&format!("{TEARDOWN}setup."), "step", "print"),
        (&format!("{TEARDOWN}setup.step."), "print", "login"),
        (&format!("{TEARDOWN}setup.step.print."), "made", "own"),
        (
            &format!("{TEARDOWN}setup.step.print.made."),
            "output",
            "made",
        ),
        (
            &format!("{TEARDOWN}setup.step.login.own.output."),
            "",
            "answer",
        ),
        (&in_others("count = vu_setup."), "step", "print"),
        (&in_others("count = vu_setup.step."), "login", "print"),
        (&in_others("count = vu_setup.step.login."), "own", "made"),
        (
            &in_others("count = vu_setup.step.login.own.output."),
            "answer",
            "token",
        ),
        (
            &in_others("count = vu_setup.step.login.own.output.answer."),
            "token",
            "answer",
        ),
        (
            &in_others("repeat {\n      until = previous."),
            "output",
            "status_code",
        ),
        (
            &in_others("arguments {\n      url = previous.output."),
            "status_code headers",
            "output",
        ),
        (
            &in_others("repeat {\n      until = output."),
            "status_code",
            "answer",
        ),
        (&in_others("count = scenario."), "name iteration", "buyers"),
        (
            &in_others("uses {\n      client = "),
            "local upper",
            "resource.http_client.shop",
        ),
        (
            "scenario \"more\" {\n  after = scenario.",
            "buyers others",
            "name",
        ),
        (
            "scenario \"more\" {\n  load \"search\" {\n    until = threshold.",
            "fast",
            "buyers",
        ),
        (
            "scenario \"more\" {\n  load \"search\" {\n    until = ",
            "threshold",
            "metrics",
        ),
        ("locals {\n  b = var.", "page", "size"),
        ("locals {\n  b = var.page.", "size", "page"),
        ("locals {\n  b = data.", "csv inline", "users"),
        ("locals {\n  b = data.csv.", "users", "rows"),
        ("locals {\n  b = data.csv.users.", "name born", "user"),
        ("locals {\n  b = data.inline.rows.", "user age", "born"),
        (&threshold(""), "metrics", "threshold"),
        (
            &threshold("metrics."),
            "run scenario flow custom http_request login print",
            "buyers",
        ),
        (
            &threshold("metrics.run."),
            "response_time failed dropped",
            "buyers highest_rate",
        ),
        (&threshold("metrics.run.failed."), "ratio count", "p95"),
        (
            &threshold("metrics.custom."),
            "orders load",
            "response_time",
        ),
        (&threshold("metrics.custom.orders."), "sum rate", "p95 last"),
        (&threshold("metrics.custom.load."), "last", "sum"),
        (&threshold("metrics.scenario."), "buyers others", "login"),
        (
            &threshold("metrics.scenario.buyers."),
            "step response_time highest_rate",
            "checks",
        ),
        (
            &threshold("metrics.scenario.buyers.step."),
            "http_request",
            "login",
        ),
        (
            &threshold("metrics.scenario.buyers.step.http_request."),
            "buy",
            "ask",
        ),
        (
            &threshold("metrics.scenario.buyers.step.http_request.buy."),
            "checks waiting",
            "dropped",
        ),
        (
            &threshold("metrics.scenario.buyers.step.http_request.buy.waiting."),
            "p95",
            "ratio",
        ),
        (
            &threshold("metrics.scenario.buyers.queued."),
            "p95",
            "ratio",
        ),
        (&threshold("metrics.flow."), "login", "buyers"),
        (
            &threshold("metrics.flow.login."),
            "step response_time checks",
            "dropped",
        ),
        (
            &threshold("metrics.flow.login.step.http_request."),
            "ask",
            "buy",
        ),
        (
            &threshold("metrics.flow.login.step.http_request.ask."),
            "waiting",
            "dropped",
        ),
        (&threshold("metrics.http_request."), "ask buy", "again"),
        (
            &threshold("metrics.http_request.buy."),
            "response_time waiting",
            "dropped",
        ),
        (
            &threshold("metrics.http_request.buy.response_time."),
            "p95 max",
            "ratio",
        ),
        (
            "flow \"f\" {\n  input \"who\" {\n    type = object({ name = string })\n  }\n  output \"y\" {\n    value = input.who.",
            "name",
            "who",
        ),
        (
            "step \"print\" \"z\" {\n  for_each = { a = { first = 1 } }\n  arguments {\n    input = each.value.",
            "first",
            "key",
        ),
    ]);
}

#[test]
fn attributes_and_labels_of_every_block_are_offered() {
    let step = |rest: &str| format!("step \"http_request\" \"z\" {{\n  {rest}");
    let all_step = "arguments uses timeouts record retry repeat on_error concurrency rate_limit check \
        depends_on count for_each enabled continue_on_failure delay_before delay_after always sensitive tags description";
    check_offers(&[
        (
            "",
            "step resource data scenario flow setup teardown vu_setup vu_teardown metric threshold variable locals grid",
            "arguments",
        ),
        (&step(""), all_step, "mix"),
        (
            "step \"mix\" \"z\" {\n  ",
            "mix depends_on check",
            "arguments",
        ),
        ("step \"mix\" \"z\" {\n  mix \"", "login", "http_request"),
        (
            "step \"mix\" \"z\" {\n  mix \"login\" {\n    ",
            "weight arguments",
            "count",
        ),
        ("step \"", "http_request login mix", "csv"),
        (
            &step("timeouts {\n    "),
            "execution start queue deadline",
            "limit",
        ),
        (
            &step("retry {\n    "),
            "attempts max_duration retry_on abort_on backoff",
            "until",
        ),
        (
            &step("retry {\n    backoff {\n      "),
            "strategy initial factor max jitter",
            "attempts",
        ),
        (
            &step("repeat {\n    "),
            "until while every max_attempts timeout collect",
            "limit",
        ),
        (&step("on_error {\n    "), "action fallback", "limit"),
        (
            &step("concurrency {\n    "),
            "limit per_key order scope",
            "burst",
        ),
        (&step("rate_limit {\n    "), "limit per burst key", "scope"),
        (
            &step("check \"c\" {\n    "),
            "condition error_message required",
            "limit",
        ),
        (&step("record {\n    "), "orders load", "buyers"),
        (
            "resource \"http_client\" \"z\" {\n  ",
            "arguments uses depends_on scope description",
            "count",
        ),
        ("data \"", "csv jsonl inline", "users"),
        (
            "data \"csv\" \"z\" {\n  ",
            "file header delimiter columns embed order advance share at_end sensitive description",
            "rows",
        ),
        (
            "data \"jsonl\" \"z\" {\n  ",
            "file columns order advance share at_end sensitive",
            "header rows",
        ),
        ("data \"inline\" \"z\" {\n  ", "rows columns order", "file"),
        (
            "scenario \"z\" {\n  ",
            "load step resource mix setup teardown vu_setup vu_teardown start_after after graceful_stop pace tags",
            "flow",
        ),
        (
            "scenario \"z\" {\n  mix \"login\" {\n    ",
            "weight arguments",
            "step",
        ),
        (
            "scenario \"z\" {\n  mix \"login\" {\n    arguments {\n      ",
            "user",
            "url",
        ),
        (
            "scenario \"z\" {\n  vu_setup {\n    ",
            "step timeouts description",
            "load",
        ),
        (
            "scenario \"z\" {\n  vu_setup {\n    timeouts {\n      ",
            "execution",
            "queue",
        ),
        ("setup {\n  ", "step timeouts description", "resource"),
        ("teardown {\n  ", "step timeouts description", "resource"),
        (
            "flow \"z\" {\n  ",
            "input output step resource description",
            "load",
        ),
        (
            "flow \"z\" {\n  input \"i\" {\n    ",
            "type default description sensitive nullable",
            "value",
        ),
        (
            "flow \"z\" {\n  output \"o\" {\n    ",
            "value description sensitive",
            "type",
        ),
        (
            "metric \"z\" {\n  ",
            "kind unit scale description",
            "condition",
        ),
        (
            "threshold \"z\" {\n  ",
            "condition over for after on_fail description",
            "kind",
        ),
        (
            "variable \"z\" {\n  ",
            "type default description sensitive nullable validation",
            "value",
        ),
        (
            "variable \"z\" {\n  type = ",
            "string number object duration",
            "strng",
        ),
        (
            "variable \"z\" {\n  validation {\n    ",
            "condition error_message",
            "type",
        ),
        (
            "grid {\n  ",
            "name description required_version tags",
            "step",
        ),
        (
            "scenario \"z\" {\n  load \"search\" {\n    ",
            "start factor increment max hold until precision",
            "stage",
        ),
        (
            "scenario \"z\" {\n  load \"ramping_arrival_rate\" {\n    stage {\n      ",
            "duration rate",
            "vus stage",
        ),
    ]);
}

/// Blocks with a gap where a word is written, and whether the word stands in a list.
const ONE_OF: &[(&str, &str)] = &[
    (
        "step \"http_request\" \"z\" {\n  arguments { url = \"http://127.0.0.1:1/\" }\n  on_error {\n    action = ",
        "\n  }\n}\n",
    ),
    (
        "step \"http_request\" \"z\" {\n  arguments { url = \"http://127.0.0.1:1/\" }\n  retry {\n    backoff {\n      strategy = ",
        "\n    }\n  }\n}\n",
    ),
    (
        "step \"http_request\" \"z\" {\n  arguments { url = \"http://127.0.0.1:1/\" }\n  retry {\n    backoff {\n      jitter = ",
        "\n    }\n  }\n}\n",
    ),
    (
        "step \"http_request\" \"z\" {\n  arguments { url = \"http://127.0.0.1:1/\" }\n  concurrency {\n    limit = 1\n    scope = ",
        "\n  }\n}\n",
    ),
    (
        "step \"http_request\" \"z\" {\n  arguments { url = \"http://127.0.0.1:1/\" }\n  retry {\n    retry_on = [",
        "]\n  }\n}\n",
    ),
    (
        "step \"http_request\" \"z\" {\n  arguments { url = \"http://127.0.0.1:1/\" }\n  retry {\n    abort_on = [",
        "]\n  }\n}\n",
    ),
    (
        "step \"http_request\" \"z\" {\n  arguments {\n    url = \"http://127.0.0.1:1/\"\n    method = ",
        "\n  }\n}\n",
    ),
    ("resource \"http_client\" \"z\" {\n  scope = ", "\n}\n"),
    (
        "data \"inline\" \"z\" {\n  rows = [{ a = 1 }]\n  order = ",
        "\n}\n",
    ),
    (
        "data \"inline\" \"z\" {\n  rows = [{ a = 1 }]\n  advance = ",
        "\n}\n",
    ),
    (
        "data \"inline\" \"z\" {\n  rows = [{ a = 1 }]\n  share = ",
        "\n}\n",
    ),
    (
        "data \"inline\" \"z\" {\n  rows = [{ a = 1 }]\n  at_end = ",
        "\n}\n",
    ),
    ("metric \"z\" {\n  kind = ", "\n}\n"),
    (
        "threshold \"z\" {\n  condition = metrics.run.failed.ratio < \"1%\"\n  on_fail = ",
        "\n}\n",
    ),
    (
        "scenario \"z\" {\n  step \"noop\" \"n\" {}\n  load \"constant_arrival_rate\" {\n    rate = 1\n    duration = \"1s\"\n    when_full = ",
        "\n  }\n}\n",
    ),
    (
        "scenario \"z\" {\n  step \"noop\" \"n\" {}\n  load \"constant_arrival_rate\" {\n    rate = 1\n    duration = \"1s\"\n    arrivals = ",
        "\n  }\n}\n",
    ),
];

#[test]
fn words_of_a_closed_list_are_offered_with_and_without_quotes_and_each_is_taken() {
    let mut editor = Editor::start();
    for (count, (before, after)) in ONE_OF.iter().enumerate() {
        let name = format!("{count}.hcl");
        let errors = |found: Vec<Value>| -> Vec<Value> {
            found
                .into_iter()
                .filter(|one| one["severity"] == 1)
                .collect()
        };
        // What is no word of the list is an error there, which is what shows that the list is closed.
        let unknown = format!(
            "{before}\"nonsense\"{after}step \"print\" \"y\" {{\n  arguments {{ input = 1 }}\n}}\n"
        );
        let found = errors(editor.open(&name, &unknown));
        assert!(!found.is_empty(), "{unknown}");
        let words: Vec<String> = offered_in(&mut editor, &name, "", &format!("{before}\""))
            .iter()
            .map(|one| one["label"].as_str().unwrap().to_owned())
            .collect();
        assert!(words.len() > 1, "{before}: {words:?}");
        let whole = offered_in(&mut editor, &name, "", before);
        for word in &words {
            let quoted = format!("\"{word}\"");
            assert!(
                whole.iter().any(|one| one["label"] == quoted.as_str()),
                "{before}: {quoted}"
            );
            let text = unknown.replace("\"nonsense\"", &quoted);
            let line = before.matches('\n').count();
            let found = errors(editor.open(&name, &text));
            let at_word = found.iter().filter(|one| {
                let message = one["message"].as_str().unwrap();
                one["range"]["start"]["line"] == line
                    && !message.contains("needs the attribute `fallback`")
            });
            let at_word: Vec<_> = at_word.collect();
            assert!(at_word.is_empty(), "{text}: {at_word:#?}");
        }
    }
    editor.end();
}

#[test]
fn resources_that_fit_and_what_names_mean_are_offered() {
    let mut editor = Editor::start();
    let step = "step \"http_request\" \"a\" {\n  uses {\n    client = ";
    let found = offered(&mut editor, "a.hcl", step);
    assert_eq!(found[0]["label"], "resource.http_client.shop");
    let mut words = |name: &str, written: &str, label: &str| {
        let found = offered(&mut editor, name, written);
        let found = found
            .iter()
            .find(|one| one["label"] == label)
            .unwrap()
            .clone();
        found["documentation"]["value"].as_str().unwrap().to_owned()
    };
    let step = "step \"http_request\" \"a\" {\n  ";
    assert!(words("b.hcl", step, "retry").starts_with("After a failure"));
    assert!(words("c.hcl", "scenario \"s\" {\n  load \"", "search").starts_with("The rate rises"));
    let load = "scenario \"s\" {\n  load \"constant_vus\" {\n    ";
    assert_eq!(words("d.hcl", load, "duration"), "How long it lasts.");
    assert!(words("e.hcl", "thr", "threshold").contains("exit code 99"));
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

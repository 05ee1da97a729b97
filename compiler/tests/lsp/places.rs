//! What is said of a place: its words, where its name is declared and read, and its new name.

use serde_json::{Value, json};

use super::editor::{Editor, range, uri};

const GRID: &str = r#"variable "host" {
  type        = string
  default     = "http://127.0.0.1:1"
  description = "Where the shop is."
}

locals {
  page = "${var.host}/é😀/${vu.id}"
}

resource "http_client" "shop" {}

flow "login" {
  description = "Gets a token."

  input "user" {
    type        = string
    description = "Who."
  }

  step "print" "say" {
    arguments {
      input = upper(input.user)
    }
  }

  output "name" {
    value = input.user
  }
}

step "http_request" "front" {
  arguments {
    method = "GET"
    url    = local.page
  }
  uses {
    client = resource.http_client.shop
  }
}

step "print" "token" {
  count = 2

  arguments {
    input = step.login.first.output.name
  }
}

step "login" "first" {
  depends_on = ["step.http_request.front"]

  arguments {
    user = step.http_request.front.output.status_code == 200 ? "a" : var.host
  }
}

threshold "fast" {
  condition = metrics.http_request.front.response_time.p95 < "1s"
}
"#;

/// The position of a byte of a piece of the text.
fn at(piece: &str, offset: usize) -> Value {
    let byte = GRID.find(piece).unwrap() + offset;
    let line = GRID[..byte].matches('\n').count();
    let start = GRID[..byte].rfind('\n').map_or(0, |at| at + 1);
    json!({ "line": line, "character": GRID[start..byte].encode_utf16().count() })
}

fn opened() -> Editor {
    let mut editor = Editor::start();
    assert_eq!(editor.open("a.hcl", GRID), Vec::<Value>::new());
    editor
}

#[test]
fn what_is_pointed_at_is_said_in_words() {
    let mut editor = opened();
    let mut words = |piece: &str, offset: usize| {
        let found = editor.of_file("hover", "a.hcl", json!({ "position": at(piece, offset) }));
        found["contents"]["value"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };
    for (piece, offset, expected) in [
        ("\"http_request\" \"front\"", 3, "runner `http_request`"),
        ("\"http_client\" \"shop\"", 3, "asset `http_client`"),
        ("url    =", 1, "`url`: `string`, required"),
        ("client = resource", 1, "`client`: `http_client"),
        (
            "var.host}",
            5,
            "variable `host`: `string`, known when the program starts\n\nWhere the shop is.",
        ),
        (
            "local.page",
            7,
            "local `page`: `string`, known for each user",
        ),
        ("\"login\" \"first\"", 3, "flow `login`\n\nGets a token."),
        ("user = step", 1, "input `user`: `string`\n\nWho."),
        ("output.status", 9, "`status_code`: `number`."),
        ("upper(", 1, "upper("),
        ("status_code == 200", 12, "`bool`, known in each iteration"),
        ("\"GET\"", 1, "`string`, known when the grid is built"),
        // Who names it.
        ("\"host\"", 2, "Named by `local.page`, `step.login.first`."),
        (
            "page =",
            1,
            "known for each user\n\nNamed by `step.http_request.front`.",
        ),
        (
            "front\" {",
            1,
            "`step.http_request.front`\n\nNamed by `step.login.first`, `threshold fast`.",
        ),
        ("\"first\"", 2, "Named by `step.print.token`."),
        ("\"token\"", 2, "Nothing names it."),
        ("output.status", 9, "Named by `step.login.first`."),
        (
            "\"user\"",
            2,
            "Named by `step.print.say`, `flow login`, `step.login.first`.",
        ),
        (
            "output \"name\"",
            9,
            "output `name`: `string`, known in each iteration\n\nNamed by `step.print.token`.",
        ),
        (
            "\"http_client\" \"shop\"",
            17,
            "Named by `step.http_request.front`.",
        ),
        // Words of the language.
        (
            "depends_on",
            3,
            "`depends_on`\n\nMore steps and resources to wait for.",
        ),
        (
            "uses {",
            0,
            "`uses`\n\nThe resources that the step works with.",
        ),
        (
            "variable \"host\"",
            0,
            "`variable`\n\nA value that is given when the program runs",
        ),
        (
            "condition =",
            1,
            "`condition`\n\nWhat must be true of figures",
        ),
        (
            "type        = string\n  default",
            0,
            "`type`\n\nThe type of the value",
        ),
    ] {
        let found = words(piece, offset);
        assert!(found.contains(expected), "{piece}: {found}");
    }
    assert_eq!(words("\n\nlocals", 1), "");
    editor.end();
}

#[test]
fn a_load_is_said_in_words_also_where_the_grid_is_wrong() {
    let text = "scenario \"s\" {\n  load \"constant_vus\" {\n    duration = nonsense\n  }\n  step \"noop\" \"n\" {}\n}\n";
    let mut editor = Editor::start();
    assert_eq!(editor.open("a.hcl", text).len(), 1);
    let mut words = |line: usize, column: usize| {
        let at = json!({ "line": line, "character": column });
        let found = editor.of_file("hover", "a.hcl", json!({ "position": at }));
        found["contents"]["value"].clone()
    };
    assert_eq!(
        words(1, 12),
        "profile `constant_vus`\n\nUsers iterate for a time."
    );
    assert_eq!(words(2, 6), "`duration`: `duration`\n\nHow long it lasts.");
    assert_eq!(
        words(1, 2),
        "`load`\n\nHow much load: `load \"PROFILE\"`. Without it the steps run once."
    );
    editor.end();
}

#[test]
fn a_name_leads_to_its_declaration_and_to_all_who_read_it() {
    let mut editor = opened();
    let place = |piece: &str, offset: usize, length: u64| {
        let start = at(piece, offset);
        let mut end = start.clone();
        end["character"] = json!(start["character"].as_u64().unwrap() + length);
        json!({ "uri": uri("a.hcl"), "range": { "start": start, "end": end } })
    };
    let ask = json!({ "position": at("resource.http_client.shop", 22) });
    assert_eq!(
        editor.of_file("definition", "a.hcl", ask),
        json!([place("\"http_client\" \"shop\"", 15, 4)])
    );
    let mut ask =
        json!({ "position": at("front\" {", 1), "context": { "includeDeclaration": false } });
    let readers = [
        place("\"step.http_request.front\"", 19, 5),
        place("step.http_request.front.output", 18, 5),
        place("metrics.http_request.front", 21, 5),
    ];
    assert_eq!(
        editor.of_file("references", "a.hcl", ask.clone()),
        json!(readers)
    );
    ask["context"]["includeDeclaration"] = json!(true);
    let all = editor.of_file("references", "a.hcl", ask);
    assert_eq!(all.as_array().unwrap().len(), 4);
    editor.end();
}

#[test]
fn a_new_name_is_written_at_each_place_and_the_grid_stays_right() {
    let mut editor = opened();
    for (version, (piece, offset, places)) in [
        ("front\" {", 1, 4),
        ("\"host\"", 1, 3),
        ("local.page", 7, 2),
        ("\"shop\"", 1, 2),
        ("flow \"login\"", 7, 3),
        ("input.user)", 7, 4),
        ("output \"name\"", 9, 2),
    ]
    .into_iter()
    .enumerate()
    {
        let ask = json!({ "position": at(piece, offset), "newName": "an-other" });
        let edit = editor.of_file("rename", "a.hcl", ask);
        let changes = edit["changes"][uri("a.hcl")].as_array().unwrap().clone();
        assert_eq!(changes.len(), places, "{piece}: {edit:#}");
        let version = 2 * i32::try_from(version).unwrap() + 2;
        // Later places first, so that the earlier ones stay where they are.
        let changes: Vec<Value> = changes
            .iter()
            .rev()
            .map(|change| json!({ "range": change["range"], "text": change["newText"] }))
            .collect();
        let found = editor.change("a.hcl", version, json!(changes));
        assert_eq!(found, Vec::<Value>::new(), "{piece}");
        editor.replace("a.hcl", version + 1, GRID);
    }
    let mut refused = |piece: &str, offset: usize, name: &str| {
        let params = json!({
            "textDocument": { "uri": uri("a.hcl") }, "position": at(piece, offset), "newName": name
        });
        editor.request("textDocument/rename", params)
    };
    assert_eq!(refused("\"host\"", 1, "1st"), Err(-32803));
    assert_eq!(refused("\"host\"", 1, ""), Err(-32803));
    assert_eq!(refused("threshold", 1, "x"), Err(-32803));
    let two = GRID.replace("page =", "side = 1\n  page =");
    editor.replace("a.hcl", 90, &two);
    let start = two.find("page =").unwrap();
    let line = two[..start].matches('\n').count();
    let params = json!({
        "textDocument": { "uri": uri("a.hcl") }, "position": range((line, 2), (line, 2))["start"], "newName": "side"
    });
    assert_eq!(editor.request("textDocument/rename", params), Err(-32803));
    editor.end();
}

#[test]
fn types_of_locals_and_numbers_of_instances_stand_between_the_words() {
    let grid = "locals {\n  all = [\"a\", \"b\"]\n}\n\nstep \"print\" \"each\" {\n  for_each = toset(local.all)\n  arguments {\n    input = each.key\n  }\n}\n\nstep \"print\" \"one\" {\n  count = 1\n  arguments {\n    input = count.index\n  }\n}\n";
    let mut editor = Editor::start();
    assert_eq!(editor.open("b.hcl", grid), Vec::<Value>::new());
    let mut shown = |from: usize, to: usize| {
        let ask = json!({ "range": range((from, 0), (to, 0)) });
        let found = editor.of_file("inlayHint", "b.hcl", ask);
        let found = found.as_array().unwrap().iter();
        let found = found.map(|one| {
            json!([
                one["position"]["line"],
                one["position"]["character"],
                one["label"]
            ])
        });
        json!(found.collect::<Vec<_>>())
    };
    let local = json!([1, 5, ": tuple([string, string])"]);
    let steps = [json!([4, 19, "2 instances"]), json!([11, 18, "1 instance"])];
    assert_eq!(shown(0, 20), json!([local, steps[0], steps[1]]));
    assert_eq!(shown(5, 20), json!([steps[1]]));
    editor.end();
}

#[test]
fn every_form_of_an_item_of_depends_on_is_found_and_renamed() {
    let forms = [
        "step.print.a",
        "step.print.a[\"x\"]",
        "step.print.a[*]",
        "\"step.print.a\"",
        "\"step.print.a[\\\"x\\\"]\"",
        "\"print.a\"",
        "\"print.a[\\\"x\\\"]\"",
        "\"a\"",
        "\"a[\\\"x\\\"]\"",
    ];
    let mut editor = Editor::start();
    for (count, form) in forms.iter().enumerate() {
        let name = format!("{count}.hcl");
        let text = format!(
            "step \"print\" \"a\" {{\n  for_each = {{ x = 1 }}\n  arguments {{ input = 1 }}\n}}\n\nstep \"print\" \"b\" {{\n  depends_on = [{form}]\n  arguments {{ input = 1 }}\n}}\n"
        );
        assert_eq!(editor.open(&name, &text), Vec::<Value>::new(), "{form}");
        let ask = json!({ "position": range((0, 14), (0, 14))["start"], "newName": "other" });
        let edit = editor.of_file("rename", &name, ask);
        let mut changes = edit["changes"][uri(&name)].as_array().unwrap().clone();
        assert_eq!(changes.len(), 2, "{form}: {edit:#}");
        changes.reverse();
        let changes = changes.iter();
        let changes: Vec<Value> = changes
            .map(|change| json!({ "range": change["range"], "text": change["newText"] }))
            .collect();
        assert_eq!(
            editor.change(&name, 2, json!(changes)),
            Vec::<Value>::new(),
            "{form}"
        );
    }
    editor.end();
}

#[test]
fn a_name_that_is_read_where_nobody_can_tell_is_not_renamed() {
    let text = r#"flow "f" {
  step "noop" "n" {}
  output "a" { value = 1 }
}

step "f" "one" {
  count = 2
}

step "print" "two" {
  arguments { input = "${step.f.one[0].output.a} ${join(",", step.f.one[*].output.a)}" }
}

step "print" "three" {
  arguments { input = [for call in step.f.one : call.output.a] }
}
"#;
    let mut editor = Editor::start();
    let params = json!({
        "textDocument": { "uri": uri("a.hcl") },
        "position": range((2, 10), (2, 10))["start"],
        "newName": "b",
    });
    assert_eq!(editor.open("a.hcl", text), Vec::<Value>::new());
    let edit = editor
        .request("textDocument/rename", params.clone())
        .unwrap();
    assert_eq!(edit["changes"][uri("a.hcl")].as_array().unwrap().len(), 4);
    // Behind a local it is not known whose output that is.
    let handed = text.to_owned()
        + "\nlocals {\n  all = step.f.one\n}\n\nstep \"print\" \"four\" {\n  arguments { input = local.all[1].output.a }\n}\n";
    assert_eq!(editor.replace("a.hcl", 2, &handed), Vec::<Value>::new());
    assert_eq!(editor.request("textDocument/rename", params), Err(-32803));
    editor.end();
}

#[test]
fn a_step_whose_figures_are_read_with_those_of_others_is_not_renamed_alone() {
    let body = |name: &str| {
        format!(
            "scenario \"{name}\" {{\n  load \"constant_arrival_rate\" {{\n    rate     = 1\n    duration = \"1s\"\n  }}\n  step \"noop\" \"home\" {{}}\n}}\n"
        )
    };
    let threshold = |of: &str| {
        format!(
            "threshold \"t\" {{\n  condition = metrics.{of}noop.home.service_time.p95 < \"1s\"\n}}\n"
        )
    };
    let mut editor = Editor::start();
    let params = json!({
        "textDocument": { "uri": uri("a.hcl") },
        "position": range((5, 16), (5, 16))["start"],
        "newName": "start",
    });
    // One scenario has the step, so the threshold is of it alone.
    let one = body("buy") + &threshold("");
    assert_eq!(editor.open("a.hcl", &one), Vec::<Value>::new());
    let edit = editor
        .request("textDocument/rename", params.clone())
        .unwrap();
    assert_eq!(edit["changes"][uri("a.hcl")].as_array().unwrap().len(), 2);
    let two = body("buy") + &body("look");
    let both = format!("{two}{}", threshold(""));
    assert_eq!(editor.replace("a.hcl", 2, &both), Vec::<Value>::new());
    assert_eq!(
        editor.request("textDocument/rename", params.clone()),
        Err(-32803)
    );
    // That of one scenario names a step.
    let own = format!("{two}{}", threshold("scenario.buy.step."));
    assert_eq!(editor.replace("a.hcl", 3, &own), Vec::<Value>::new());
    let edit = editor.request("textDocument/rename", params).unwrap();
    assert_eq!(edit["changes"][uri("a.hcl")].as_array().unwrap().len(), 2);
    editor.end();
}

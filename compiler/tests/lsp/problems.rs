//! Problems as they are published, their cures, the outline and the formatted text.

use serde_json::{Value, json};

use super::editor::{Editor, changed, opened, range, uri};

const GRID: &str = "step \"print\" \"a\" {\n  arguments {\n    input = \"hello\"\n  }\n}\n";

#[test]
fn problems_come_as_a_text_is_opened_edited_and_closed() {
    let mut editor = Editor::start();
    assert_eq!(editor.open("a.hcl", GRID), Vec::<Value>::new());
    let place = range((0, 6), (0, 11));
    let found = editor.change("a.hcl", 2, json!([{ "range": place, "text": "prnt" }]));
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!(found[0]["code"], "unknown_runner");
    assert_eq!(found[0]["severity"], 1);
    assert_eq!(found[0]["source"], "bggo");
    assert_eq!(found[0]["range"], range((0, 5), (0, 11)));
    let related = &found[0]["relatedInformation"][0];
    assert_eq!(related["message"], "did you mean `print`?");
    assert_eq!(related["location"]["uri"], uri("a.hcl"));
    assert_eq!(editor.replace("a.hcl", 3, GRID), Vec::<Value>::new());
    editor.tell(
        "textDocument/didClose",
        json!({ "textDocument": { "uri": uri("a.hcl") } }),
    );
    assert_eq!(editor.published(), (Value::Null, Vec::new()));
    editor.end();
}

#[test]
fn columns_count_units_of_utf_16_or_bytes_where_the_editor_takes_them() {
    let text = "locals {\n  a = \"é😀\" + wrong\n}\n".to_owned() + GRID;
    let offers = json!({ "general": { "positionEncodings": ["utf-8", "utf-16"] } });
    for (offered, said, columns) in [(json!({}), "utf-16", (14, 19)), (offers, "utf-8", (17, 22))] {
        let (mut editor, capabilities) = Editor::start_with(offered, &[]);
        assert_eq!(capabilities["positionEncoding"], said);
        let found = editor.open("a.hcl", &text);
        let place = range((1, columns.0), (1, columns.1));
        assert!(
            found.iter().any(|problem| problem["range"] == place),
            "{found:#?}"
        );
        editor.end();
    }
}

#[test]
fn of_edits_that_wait_only_the_last_is_checked() {
    let edits = (2..50).map(|version| {
        let text = GRID.replace("print", "wrong");
        (
            "textDocument/didChange",
            changed("a.hcl", version, json!([{ "text": text }])),
        )
    });
    let mut waiting = vec![("textDocument/didOpen", opened("a.hcl", GRID))];
    waiting.extend(edits);
    waiting.push((
        "textDocument/didChange",
        changed("a.hcl", 50, json!([{ "text": GRID }])),
    ));
    let (mut editor, _) = Editor::start_with(json!({}), &waiting);
    assert_eq!(editor.published(), (json!(50), Vec::new()));
    editor.end();
}

#[test]
fn each_file_is_a_grid_and_values_for_a_run_are_none() {
    let mut editor = Editor::start();
    assert_eq!(editor.open("a.hcl", GRID), Vec::<Value>::new());
    // The same name twice in one grid would be an error.
    assert_eq!(editor.open("b.hcl", GRID), Vec::<Value>::new());
    assert_eq!(
        editor.open("run.vars.hcl", "users = 3\n"),
        Vec::<Value>::new()
    );
    let found = editor.open("c.hcl", "users = 3\n");
    assert_eq!(found[0]["code"], "unknown_attribute");
    editor.end();
}

#[test]
fn a_text_that_is_no_file_yet_is_a_grid_if_the_editor_says_so() {
    let mut editor = Editor::start();
    for (count, (language, is_grid)) in [("hcl", true), ("bggo", true), ("json", false)]
        .into_iter()
        .enumerate()
    {
        let uri = format!("untitled:Untitled-{count}");
        let text = "users = 3\n";
        let item = json!({ "uri": uri, "languageId": language, "version": 1, "text": text });
        editor.tell("textDocument/didOpen", json!({ "textDocument": item }));
        let named = json!({ "textDocument": { "uri": uri } });
        let symbols = editor
            .request("textDocument/documentSymbol", named)
            .unwrap();
        assert_eq!(symbols.is_array(), is_grid, "{language}");
        if is_grid {
            assert_eq!(editor.published().1[0]["code"], "unknown_attribute");
        }
    }
    editor.end();
}

#[test]
fn a_cure_that_is_a_replacement_is_an_action_where_its_problem_stands() {
    let mut editor = Editor::start();
    let wrong = GRID.replace("input", "inpt");
    assert_eq!(editor.open("a.hcl", &wrong).len(), 1, "{wrong}");
    let ask = |place: Value| json!({ "range": place, "context": { "diagnostics": [] } });
    let found = editor.of_file("codeAction", "a.hcl", ask(range((2, 6), (2, 6))));
    let actions = found.as_array().unwrap();
    assert_eq!(actions.len(), 1, "{found:#}");
    assert_eq!(actions[0]["title"], "Change `inpt` to `input`");
    assert_eq!(actions[0]["kind"], "quickfix");
    assert_eq!(
        actions[0]["edit"]["changes"][uri("a.hcl")],
        json!([{ "range": range((2, 4), (2, 8)), "newText": "input" }])
    );
    let elsewhere = editor.of_file("codeAction", "a.hcl", ask(range((4, 0), (4, 1))));
    assert_eq!(elsewhere, json!([]));
    editor.end();
}

#[test]
fn a_text_is_formatted_unless_it_cannot_be_read() {
    let mut editor = Editor::start();
    let options = json!({ "options": { "tabSize": 2, "insertSpaces": true } });
    let crooked = GRID.replace("    input = ", "  input=");
    editor.open("a.hcl", &crooked);
    let edits = editor.of_file("formatting", "a.hcl", options.clone());
    assert_eq!(
        edits,
        json!([{ "range": range((0, 0), (5, 0)), "newText": GRID }])
    );
    editor.replace("a.hcl", 2, GRID);
    assert_eq!(
        editor.of_file("formatting", "a.hcl", options.clone()),
        json!([])
    );
    editor.replace("a.hcl", 3, "step {\n");
    assert_eq!(editor.of_file("formatting", "a.hcl", options), Value::Null);
    editor.end();
}

#[test]
fn the_outline_shows_what_is_declared_and_what_stands_within_it() {
    let text = "variable \"host\" {\n  type = string\n  default = \"a\"\n}\n\nlocals {\n  two = 2\n}\n\n\
        scenario \"s\" {\n  step \"print\" \"b\" {\n    arguments { input = var.host }\n  }\n}\n\nflow \"f\" {\n  input \"x\" { type = string }\n}\n";
    let mut editor = Editor::start();
    editor.open("a.hcl", text);
    let found = editor.of_file("documentSymbol", "a.hcl", json!({}));
    let shown = |symbol: &Value| {
        let words = [&symbol["detail"], &symbol["name"]];
        words.map(|word| word.as_str().unwrap()).join(" ")
    };
    let mut names = Vec::new();
    for symbol in found.as_array().unwrap() {
        names.push(shown(symbol));
        let inner = symbol["children"].as_array();
        names.extend(
            inner
                .into_iter()
                .flatten()
                .map(|one| "  ".to_owned() + &shown(one)),
        );
    }
    assert_eq!(
        names,
        [
            "variable host",
            "local two",
            "scenario s",
            "  print b",
            "flow f",
            "  input x"
        ]
    );
    editor.end();
}

#[test]
fn what_is_not_known_or_makes_no_sense_is_refused_and_nothing_breaks() {
    let mut editor = Editor::start();
    assert_eq!(
        editor.request("textDocument/moniker", json!({})),
        Err(-32601)
    );
    assert_eq!(
        editor.request("textDocument/formatting", json!(3)),
        Err(-32602)
    );
    editor.tell("textDocument/didOpen", json!({ "textDocument": 3 }));
    editor.tell("no/such", json!({}));
    let closed = json!({ "textDocument": { "uri": uri("closed.hcl") } });
    editor.tell("textDocument/didClose", closed.clone());
    assert_eq!(
        editor.request("textDocument/documentSymbol", closed),
        Ok(Value::Null)
    );
    assert_eq!(editor.open("a.hcl", GRID), Vec::<Value>::new());
    editor.end();
}

//! Methods and messages of `.proto` files: what is offered of them, and what is said of them.

use serde_json::json;

use super::editor::{Editor, uri};

const MANIFEST: &str = include_str!("../../../tests/modules/remote/manifest.hcl");

const PROTO: &str = r#"syntax = "proto3";
package shop;

message Item {
  // What people call it.
  string name = 1;
  Money unit_price = 2;
  repeated Item parts = 3;
  map<string, Money> prices = 4;
  Status status = 5;
}
message Money { int64 units = 1; }
message Items { repeated Item items = 1; }
enum Status {
  UNKNOWN = 0;
  OPEN = 1;
}
service Cart {
  // Puts an item into the cart.
  rpc Add(Item) returns (Items);
  rpc Watch(Items) returns (stream Item);
}
"#;

const CLIENT: &str = r#"resource "remote" "shop" {
  arguments {
    proto = ["shop.proto"]
  }
}

step "remote_call" "first" {
  uses {
    remote = resource.remote.shop
  }
  arguments {
    method  = "shop.Cart/Add"
    message = { name = "a", unitPrice = { units = 1 }, parts = [{ status = "OPEN" }] }
  }
}

step "print" "it" {
  arguments {
    input = step.remote_call.first.output.message.items[0].status
  }
}
"#;

const CALL: &str = r#"step "remote_call" "call" {
  uses {
    remote = resource.remote.shop
  }
  arguments {
"#;

#[test]
fn methods_fields_and_names_of_enums_are_offered() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("shop.proto"), PROTO).unwrap();
    let mut editor = Editor::start_beside("remote", MANIFEST);
    let fields = "name: string, unit_price: shop.Money, parts: list(shop.Item), prices: map(shop.Money), status: string";
    let message = "    method = \"shop.Cart/Add\"\n    message = { ";
    for (count, (written, expected)) in [
        ("    method = \"", "shop.Cart/Add: , shop.Cart/Watch: "),
        (message, fields),
        (&format!("{message}na"), fields),
        (&format!("{message}unitPrice = {{ "), "units: number"),
        (
            &format!("{message}name = \"x\", parts = [{{}}, {{\n st"),
            fields,
        ),
        (&format!("{message}prices = {{ any = {{ "), "units: number"),
        (&format!("{message}status = \""), "UNKNOWN: , OPEN: "),
        (
            &format!("{message}parts = [{{ status = \""),
            "UNKNOWN: , OPEN: ",
        ),
        (&format!("{message}name = \""), ""),
    ]
    .iter()
    .enumerate()
    {
        let name = folder.path().join(format!("{count}.hcl"));
        let name = name.to_str().unwrap();
        let text = format!("{CLIENT}{CALL}{written}");
        editor.open(name, &text);
        let line = text.matches('\n').count();
        let column = text.len() - text.rfind('\n').unwrap() - 1;
        let ask = json!({ "position": { "line": line, "character": column } });
        let found = editor.of_file("completion", name, ask);
        let found = found.as_array().unwrap().iter().map(|one| {
            let text = |name: &str| one[name].as_str().unwrap_or_default().to_owned();
            format!("{}: {}", text("label"), text("detail"))
        });
        assert_eq!(found.collect::<Vec<_>>().join(", "), *expected, "{written}");
    }
    editor.end();
}

#[test]
fn comments_of_methods_and_fields_are_shown() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("shop.proto"), PROTO).unwrap();
    let mut editor = Editor::start_beside("remote", MANIFEST);
    let name = folder.path().join("hover.hcl");
    let name = name.to_str().unwrap();
    editor.open(name, CLIENT);
    for (piece, expected) in [
        (
            "Cart/Add",
            "`shop.Cart/Add` sends `shop.Item`, gets `shop.Items`\n\nPuts an item into the cart.",
        ),
        ("name = ", "`name`: `string`\n\nWhat people call it."),
        ("unitPrice", "`unitPrice`: `shop.Money`"),
        ("units", "`units`: `number`"),
        (
            "status = ",
            "`status`: `string`\n\none of `UNKNOWN`, `OPEN`",
        ),
        ("status\n", "one of `UNKNOWN`, `OPEN`"),
        (
            "message.items",
            "`message`: `object({items = list(shop.Item)})`",
        ),
    ] {
        let at = CLIENT.find(piece).unwrap() + 1;
        let line = CLIENT[..at].matches('\n').count();
        let column = at - CLIENT[..at].rfind('\n').unwrap() - 1;
        let ask = json!({ "position": { "line": line, "character": column } });
        let found = editor.of_file("hover", name, ask);
        let words = found["contents"]["value"].as_str().unwrap_or_default();
        assert!(words.contains(expected), "{piece}: {words}");
    }
    editor.end();
}

#[test]
fn a_file_that_is_not_saved_counts() {
    let folder = tempfile::tempdir().unwrap();
    let proto = folder.path().join("shop.proto");
    std::fs::write(&proto, PROTO).unwrap();
    let mut editor = Editor::start_beside("remote", MANIFEST);
    let name = folder.path().join("grid.hcl");
    let name = name.to_str().unwrap();
    let text = CLIENT.replace("items[0].status", "items[0].stat");
    let list = editor.open(name, &text);
    let told = list[0]["message"].as_str().unwrap();
    assert!(told.contains("no field `stat`"), "{list:?}");
    editor.open_only(
        proto.to_str().unwrap(),
        &PROTO.replace("Status status", "Status stat"),
    );
    let mut told = Vec::new();
    while !told
        .iter()
        .any(|text: &String| text.contains("no field `status`"))
    {
        let (of, _, list) = editor.published_of();
        let list = list
            .iter()
            .map(|one| one["message"].as_str().unwrap().to_owned());
        told = if of == uri(name) {
            list.collect()
        } else {
            Vec::new()
        };
    }
    editor.end();
}

//! The command itself, over its standard input and output.

use std::io::{BufReader, Write};
use std::process::{Command, Stdio};

use lsp_server::{Message, Notification, Request};
use serde_json::{Value, json};

use super::editor::opened;

#[test]
fn the_command_speaks_the_protocol_and_ends_with_the_editor() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_bggo"))
        .args(["lsp", "--stdio"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut to = child.stdin.take().unwrap();
    let mut from = BufReader::new(child.stdout.take().unwrap());
    let mut say = |message: Message| {
        message.write(&mut to).unwrap();
        to.flush().unwrap();
    };
    let request = |id: i32, method: &str, params: Value| {
        Message::from(Request::new(id.into(), method.to_owned(), params))
    };
    let tell =
        |method: &str, params: Value| Message::from(Notification::new(method.to_owned(), params));
    say(request(1, "initialize", json!({ "capabilities": {} })));
    let Some(Message::Response(ready)) = Message::read(&mut from).unwrap() else {
        panic!("no answer")
    };
    let ready = serde_json::to_value(ready).unwrap();
    assert_eq!(ready["result"]["serverInfo"]["name"], "bggo");
    say(tell("initialized", json!({})));
    say(tell("textDocument/didOpen", opened("a.hcl", "locals {\n")));
    let Some(Message::Notification(problems)) = Message::read(&mut from).unwrap() else {
        panic!("no problems")
    };
    assert_eq!(
        problems.params["diagnostics"][0]["code"],
        "unclosed_bracket"
    );
    say(request(2, "shutdown", Value::Null));
    assert!(matches!(
        Message::read(&mut from).unwrap(),
        Some(Message::Response(_))
    ));
    say(tell("exit", Value::Null));
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

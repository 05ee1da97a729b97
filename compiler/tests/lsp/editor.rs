//! The editor's side of a conversation.

use std::thread::JoinHandle;
use std::time::Duration;

use bggo::modules::Modules;
use lsp_server::{Connection, Message, Notification, Request};
use serde_json::{Value, json};

/// Longer than anything takes, so that a server that says nothing fails its test.
const PATIENCE: Duration = Duration::from_secs(60);

/// An editor that talks to a server in another thread.
pub struct Editor {
    connection: Connection,
    server: Option<JoinHandle<()>>,
    next: i32,
    /// Notifications that came while an answer was waited for.
    told: Vec<Notification>,
    /// What the server asked meanwhile.
    asked: Vec<Request>,
}

/// The address of a file that need not be there, or of a path from the root.
pub fn uri(name: &str) -> String {
    match name.starts_with('/') {
        true => format!("file://{name}"),
        false => format!("file:///grids/{name}"),
    }
}

impl Editor {
    /// Starts a server that counts columns in UTF-16.
    pub fn start() -> Self {
        Self::start_with(json!({}), &[]).0
    }

    /// The same, with a module of `tests/modules` beside those that ship with bggo.
    pub fn start_beside(name: &str, manifest: &str) -> Self {
        let modules = Modules::built_in().clone().with(&[(name, manifest)]);
        Self::start_of(modules, json!({}), &[]).0
    }

    /// Starts a server that finds these notifications waiting when it is ready. Also gives its capabilities.
    pub fn start_with(capabilities: Value, waiting: &[(&str, Value)]) -> (Self, Value) {
        Self::start_of(Modules::built_in().clone(), capabilities, waiting)
    }

    fn start_of(modules: Modules, capabilities: Value, waiting: &[(&str, Value)]) -> (Self, Value) {
        let (connection, other) = Connection::memory();
        let mut editor = Editor {
            connection,
            server: None,
            next: 0,
            told: Vec::new(),
            asked: Vec::new(),
        };
        let id = editor.ask("initialize", json!({ "capabilities": capabilities }));
        editor.tell("initialized", json!({}));
        for (method, params) in waiting {
            editor.tell(method, params.clone());
        }
        let serve = move || bggo::lsp::serve(&other, &modules).unwrap();
        editor.server = Some(std::thread::spawn(serve));
        let result = editor.answer(id).unwrap();
        (editor, result["capabilities"].clone())
    }

    /// Says something.
    pub fn tell(&self, method: &str, params: Value) {
        let notification = Notification::new(method.to_owned(), params);
        self.connection.sender.send(notification.into()).unwrap();
    }

    fn ask(&mut self, method: &str, params: Value) -> i32 {
        self.next += 1;
        let request = Request::new(self.next.into(), method.to_owned(), params);
        self.connection.sender.send(request.into()).unwrap();
        self.next
    }

    /// What is answered to a request, or the code of the refusal.
    pub fn request(&mut self, method: &str, params: Value) -> Result<Value, i32> {
        let id = self.ask(method, params);
        self.answer(id)
    }

    fn answer(&mut self, id: i32) -> Result<Value, i32> {
        loop {
            match self.connection.receiver.recv_timeout(PATIENCE).unwrap() {
                Message::Response(response) => {
                    assert_eq!(response.id, id.into());
                    let response = serde_json::to_value(response).unwrap();
                    return match response.get("error") {
                        Some(error) => Err(i32::try_from(error["code"].as_i64().unwrap()).unwrap()),
                        None => Ok(response["result"].clone()),
                    };
                }
                Message::Notification(notification) => self.told.push(notification),
                Message::Request(request) => self.asked.push(request),
            }
        }
    }

    /// The next problems that are published: the version of the text, and the list.
    pub fn published(&mut self) -> (Value, Vec<Value>) {
        let (_, version, list) = self.published_of();
        (version, list)
    }

    /// The same, with the address of the file before.
    pub fn published_of(&mut self) -> (String, Value, Vec<Value>) {
        let notification = if self.told.is_empty() {
            match self.connection.receiver.recv_timeout(PATIENCE).unwrap() {
                Message::Notification(notification) => notification,
                other => panic!("expected problems, found {other:?}"),
            }
        } else {
            self.told.remove(0)
        };
        assert_eq!(notification.method, "textDocument/publishDiagnostics");
        let params = notification.params;
        let list = params["diagnostics"].as_array().unwrap().clone();
        let uri = params["uri"].as_str().unwrap().to_owned();
        (uri, params["version"].clone(), list)
    }

    /// The next problems that are published within a time: the address of the file, the version of the text, and the list.
    pub fn published_within(&mut self, time: Duration) -> Option<(String, Value, Vec<Value>)> {
        if self.told.is_empty() {
            match self.connection.receiver.recv_timeout(time).ok()? {
                Message::Notification(notification) => self.told.push(notification),
                other => panic!("expected problems, found {other:?}"),
            }
        }
        Some(self.published_of())
    }

    /// The first thing that the server asked, and has not been given out: its method and what goes with it.
    pub fn asked(&mut self) -> (String, Value) {
        while self.asked.is_empty() {
            match self.connection.receiver.recv_timeout(PATIENCE).unwrap() {
                Message::Request(request) => self.asked.push(request),
                Message::Notification(notification) => self.told.push(notification),
                Message::Response(response) => panic!("nobody asked for {response:?}"),
            }
        }
        let request = self.asked.remove(0);
        (request.method, request.params)
    }

    /// Opens a text.
    pub fn open_only(&self, name: &str, text: &str) {
        self.tell("textDocument/didOpen", opened(name, text));
    }

    /// Replaces the whole text.
    pub fn replace_only(&self, name: &str, version: i32, text: &str) {
        let changes = json!([{ "text": text }]);
        self.tell("textDocument/didChange", changed(name, version, changes));
    }

    /// Closes a text.
    pub fn close(&self, name: &str) {
        let closed = json!({ "textDocument": { "uri": uri(name) } });
        self.tell("textDocument/didClose", closed);
    }

    /// Says that a file was created (1), changed (2) or deleted (3).
    pub fn disk_changed(&self, name: &str, kind: u32) {
        let changes = json!([{ "uri": uri(name), "type": kind }]);
        self.tell(
            "workspace/didChangeWatchedFiles",
            json!({ "changes": changes }),
        );
    }

    /// Opens a text, and gives its problems.
    pub fn open(&mut self, name: &str, text: &str) -> Vec<Value> {
        self.tell("textDocument/didOpen", opened(name, text));
        self.published().1
    }

    /// Replaces the whole text, and gives its problems.
    pub fn replace(&mut self, name: &str, version: i32, text: &str) -> Vec<Value> {
        self.change(name, version, json!([{ "text": text }]))
    }

    /// Makes changes, and gives the problems of what is left.
    pub fn change(&mut self, name: &str, version: i32, changes: Value) -> Vec<Value> {
        self.tell("textDocument/didChange", changed(name, version, changes));
        let (of, list) = self.published();
        assert_eq!(of, version);
        list
    }

    /// A request about a file.
    pub fn of_file(&mut self, method: &str, name: &str, more: Value) -> Value {
        let mut params = more;
        params["textDocument"] = json!({ "uri": uri(name) });
        self.request(&format!("textDocument/{method}"), params)
            .unwrap()
    }

    /// Ends the server, and says whether it ended in order.
    pub fn end(mut self) {
        assert_eq!(self.request("shutdown", Value::Null), Ok(Value::Null));
        self.tell("exit", Value::Null);
        self.server.take().unwrap().join().unwrap();
    }
}

/// What is said of a text that is opened.
pub fn opened(name: &str, text: &str) -> Value {
    json!({ "textDocument": { "uri": uri(name), "languageId": "hcl", "version": 1, "text": text } })
}

/// What is said of one that is changed.
pub fn changed(name: &str, version: i32, changes: Value) -> Value {
    json!({ "textDocument": { "uri": uri(name), "version": version }, "contentChanges": changes })
}

/// A range of one line or several.
pub fn range(start: (usize, usize), end: (usize, usize)) -> Value {
    let place = |(line, character)| json!({ "line": line, "character": character });
    json!({ "start": place(start), "end": place(end) })
}

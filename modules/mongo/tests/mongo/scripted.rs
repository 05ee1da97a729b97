//! A server that says what a test has it say.

use bson::{Document, doc};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// What it says to a command.
pub enum Says {
    /// An answer.
    Answer(Document),
    /// An answer with these flags, to the message whose number is this much larger.
    Other(Document, u32, i32),
    /// Bytes as they are; then it says nothing more.
    Bytes(Vec<u8>),
    /// It ends the connection.
    Close,
    /// Nothing.
    Nothing,
}

type Script = Box<dyn FnMut(&Document) -> Option<Says> + Send>;

/// A running server. It ends with its test.
pub struct Scripted {
    port: u16,
    seen: Arc<Mutex<Vec<(u32, Document)>>>,
}

impl Scripted {
    /// Says what `script` has it say, and hello by itself where that says nothing.
    pub fn start(script: impl FnMut(&Document) -> Option<Says> + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let script: Arc<Mutex<Script>> = Arc::new(Mutex::new(Box::new(script)));
        let all = Arc::clone(&seen);
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let Ok(client) = client else { return };
                let (seen, script) = (Arc::clone(&all), Arc::clone(&script));
                std::thread::spawn(move || serve(client, &seen, &script));
            }
        });
        Self { port, seen }
    }

    pub fn url(&self) -> String {
        format!("mongodb://127.0.0.1:{}", self.port)
    }

    /// Commands that came, but for those with which a connection begins.
    pub fn commands(&self) -> Vec<Document> {
        self.all().into_iter().map(|(_, command)| command).collect()
    }

    /// The same with the flags of their messages.
    pub fn all(&self) -> Vec<(u32, Document)> {
        let seen = self.seen.lock().unwrap();
        let of_steps = |(_, command): &&(u32, Document)| {
            let name = command.keys().next().unwrap();
            !matches!(name.as_str(), "hello" | "isMaster" | "buildInfo")
        };
        seen.iter().filter(of_steps).cloned().collect()
    }
}

/// What a server says to hello that is as others.
pub fn hello() -> Document {
    doc! {
        "isWritablePrimary": true,
        "maxBsonObjectSize": 16_777_216,
        "minWireVersion": 0,
        "maxWireVersion": 21,
        "ok": 1.0,
    }
}

fn serve(mut client: TcpStream, seen: &Mutex<Vec<(u32, Document)>>, script: &Mutex<Script>) {
    while let Some((number, flags, command)) = read(&mut client) {
        seen.lock().unwrap().push((flags, command.clone()));
        let said = (script.lock().unwrap())(&command);
        let said = said.unwrap_or_else(|| {
            Says::Answer(match command.keys().next().unwrap().as_str() {
                "hello" => hello(),
                "buildInfo" => doc! { "version": "7.0.1", "ok": 1.0 },
                _ => doc! { "ok": 0.0, "code": 59, "codeName": "CommandNotFound", "errmsg": "no such command" },
            })
        });
        let bytes = match said {
            Says::Answer(document) => message(&document, 0, number),
            Says::Other(document, flags, more) => message(&document, flags, number + more),
            Says::Bytes(bytes) => bytes,
            Says::Nothing => continue,
            Says::Close => return,
        };
        if client.write_all(&bytes).is_err() {
            return;
        }
    }
}

/// A message of the server.
pub fn message(document: &Document, flags: u32, answers: i32) -> Vec<u8> {
    let mut body = flags.to_le_bytes().to_vec();
    body.push(0);
    document.to_writer(&mut body).unwrap();
    if flags & 1 != 0 {
        body.extend_from_slice(&[0; 4]);
    }
    let mut message = Vec::new();
    for word in [i32::try_from(body.len() + 16).unwrap(), 77, answers, 2013] {
        message.extend_from_slice(&word.to_le_bytes());
    }
    [message, body].concat()
}

/// The next command: its number, its flags, and its document; documents of another section stand under the name of that.
fn read(client: &mut TcpStream) -> Option<(i32, u32, Document)> {
    let mut head = [0; 16];
    client.read_exact(&mut head).ok()?;
    let word = |at: usize| i32::from_le_bytes(head[at..at + 4].try_into().unwrap());
    assert_eq!(word(12), 2013);
    let mut rest = vec![0; usize::try_from(word(0)).unwrap() - 16];
    client.read_exact(&mut rest).ok()?;
    let flags = u32::from_le_bytes(rest[..4].try_into().unwrap());
    assert_eq!(rest[4], 0);
    let mut left = &rest[5..];
    let mut command = Document::from_reader(&mut left).unwrap();
    if !left.is_empty() {
        assert_eq!(left[0], 1);
        assert_eq!(
            left.len() - 1,
            usize::try_from(i32::from_le_bytes(left[1..5].try_into().unwrap())).unwrap()
        );
        left = &left[5..];
        let end = left.iter().position(|byte| *byte == 0).unwrap();
        let name = String::from_utf8(left[..end].to_vec()).unwrap();
        left = &left[end + 1..];
        let mut documents = Vec::new();
        while !left.is_empty() {
            documents.push(Document::from_reader(&mut left).unwrap());
        }
        command.insert(name, documents);
    }
    Some((word(4), flags, command))
}

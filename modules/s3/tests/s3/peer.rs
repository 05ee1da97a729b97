//! A peer that answers as a test tells it, and says what it was asked.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// What a peer was asked.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Method and target.
    pub line: String,
    /// All fields.
    pub head: String,
    pub body: Vec<u8>,
}

/// A peer with one thread a connection.
pub struct Peer {
    url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

/// An answer.
pub fn answer(status: &str, fields: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\n{fields}Content-Length: {length}\r\n\r\n{body}")
}

impl Peer {
    /// `says` gets the method and target of each request before its body is read, and gives the answer; an empty one closes the
    /// connection, and one with `Connection: close` does so behind it.
    pub fn start(says: impl Fn(&str) -> String + Send + Sync + 'static) -> Self {
        Self::with(usize::MAX, says)
    }

    /// One that sends its answers one byte at a time.
    pub fn slow(says: impl Fn(&str) -> String + Send + Sync + 'static) -> Self {
        Self::with(1, says)
    }

    fn with(piece: usize, says: impl Fn(&str) -> String + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (all, says) = (Arc::clone(&asked), Arc::new(says));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (all, says) = (Arc::clone(&all), Arc::clone(&says));
                std::thread::spawn(move || serve(stream, piece, &*says, &all));
            }
        });
        Self { url, asked }
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// Method and target of all requests.
    pub fn lines(&self) -> Vec<String> {
        self.asked().into_iter().map(|one| one.line).collect()
    }
}

fn serve(stream: TcpStream, piece: usize, says: &dyn Fn(&str) -> String, all: &Mutex<Vec<Asked>>) {
    let mut out = stream.try_clone().unwrap();
    out.set_nodelay(true).unwrap();
    let mut reader = BufReader::new(stream);
    loop {
        let (mut line, mut head, mut length) = (String::new(), String::new(), 0);
        if reader.read_line(&mut line).unwrap_or(0) == 0 {
            return;
        }
        loop {
            let mut field = String::new();
            if reader.read_line(&mut field).unwrap_or(0) == 0 {
                return;
            }
            if let Some(value) = field.strip_prefix("Content-Length: ") {
                length = value.trim().parse().unwrap();
            }
            if field == "\r\n" {
                break;
            }
            head.push_str(&field);
        }
        let line = line.replace(" HTTP/1.1\r\n", "");
        let answer = says(&line);
        let mut body = Vec::new();
        let _ = reader.by_ref().take(length).read_to_end(&mut body);
        all.lock().unwrap().push(Asked { line, head, body });
        let mut pieces = answer.as_bytes().chunks(piece);
        let is_sent = pieces.all(|piece| out.write_all(piece).is_ok());
        if answer.is_empty() || !is_sent || answer.contains("Connection: close\r\n") {
            return;
        }
    }
}

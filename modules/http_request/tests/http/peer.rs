//! What a raw TCP peer saw of a request, and peers that follow a script.

use bggo_tests::server::RawPeer;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// Answers 200 with an empty body and closes.
pub const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

/// A request as it came over the wire.
pub struct Seen {
    pub line: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Seen {
    /// The next request at a peer.
    pub fn at(peer: &RawPeer) -> Self {
        let bytes = peer.request();
        let end = bytes
            .windows(4)
            .position(|window| window == b"\r\n\r\n")
            .expect("a head");
        let head = String::from_utf8(bytes[..end].to_vec()).expect("a head of text");
        let mut lines = head.split("\r\n");
        let line = lines.next().expect("a request line").to_owned();
        let headers = lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect();
        Self {
            line,
            headers,
            body: bytes[end + 4..].to_vec(),
        }
    }

    /// The values of a header, joined by a bar.
    pub fn header(&self, name: &str) -> Option<String> {
        let values: Vec<&str> = self
            .headers
            .iter()
            .filter(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
            .collect();
        (!values.is_empty()).then(|| values.join(" | "))
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.body.clone()).expect("a body of text")
    }
}

/// What a scripted peer does once it has read a request.
pub enum Then {
    /// Answers and keeps the connection.
    Answer(Vec<u8>),
    /// Answers and closes.
    AnswerAndClose(Vec<u8>),
    /// Closes without a word.
    Close,
    /// The same, by a reset.
    Reset,
}

/// A peer that does what a function of the request says.
pub struct Script {
    address: SocketAddr,
    seen: Receiver<(usize, String)>,
    stopped: Arc<AtomicBool>,
    listening: Option<JoinHandle<()>>,
}

impl Script {
    /// `then` gets the request line, and the request's number on its connection, from 0.
    pub fn start(then: impl Fn(&str, usize) -> Then + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, seen) = channel();
        let (then, stopped) = (Arc::new(then), Arc::new(AtomicBool::new(false)));
        let is_over = Arc::clone(&stopped);
        let listening = std::thread::spawn(move || {
            for (connection, stream) in (1..).zip(listener.incoming()) {
                if is_over.load(Ordering::SeqCst) {
                    return;
                }
                let (sender, then) = (sender.clone(), Arc::clone(&then));
                // It ends with its connection.
                std::thread::spawn(move || talk(stream.unwrap(), connection, &sender, &*then));
            }
        });
        Self {
            address,
            seen,
            stopped,
            listening: Some(listening),
        }
    }

    /// `http://127.0.0.1:PORT`
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The requests so far: the number of the connection, from 1, and the request line without its version.
    pub fn seen(&self) -> Vec<(usize, String)> {
        self.seen.try_iter().collect()
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::SeqCst);
        // Wakes the listener up.
        drop(TcpStream::connect(self.address));
        if let Some(listening) = self.listening.take() {
            listening.join().unwrap();
        }
    }
}

fn talk(
    mut stream: TcpStream,
    connection: usize,
    seen: &Sender<(usize, String)>,
    then: &dyn Fn(&str, usize) -> Then,
) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    for number in 0.. {
        let Some(line) = next_request(&mut reader) else {
            return;
        };
        let line = line.trim_end().trim_end_matches(" HTTP/1.1").to_owned();
        // The test may be over.
        let _ = seen.send((connection, line.clone()));
        match then(&line, number) {
            Then::Answer(bytes) => stream.write_all(&bytes).unwrap(),
            Then::AnswerAndClose(bytes) => {
                stream.write_all(&bytes).unwrap();
                return;
            }
            Then::Close => return,
            Then::Reset => {
                let at_once = Some(Duration::ZERO);
                rustix::net::sockopt::set_socket_linger(&stream, at_once).unwrap();
                return;
            }
        }
    }
}

/// Reads a request; its body is as long as it says. `None` at the end of the connection.
fn next_request(reader: &mut BufReader<TcpStream>) -> Option<String> {
    let mut first = None;
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if line == "\r\n" {
            break;
        }
        if let Some(digits) = line.strip_prefix("content-length: ") {
            length = digits.trim().parse().unwrap();
        }
        first.get_or_insert(line);
    }
    reader.read_exact(&mut vec![0; length]).ok()?;
    first
}

//! A TCP peer that sees the exact bytes of each request and answers what the test says.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// A listening peer; one request a connection, its bytes handed to the test.
pub struct RawPeer {
    address: SocketAddr,
    requests: Receiver<Vec<u8>>,
    closed: Receiver<()>,
}

impl RawPeer {
    /// Answers every request with `answer` and closes; `None` never answers.
    pub fn start(answer: Option<&'static [u8]>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let address = listener.local_addr().expect("an address");
        let (sender, requests) = channel();
        let (close, closed) = channel();
        std::thread::spawn(move || {
            let mut open = Vec::new();
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { return };
                if sender.send(request(&mut stream)).is_err() {
                    return;
                }
                match answer {
                    Some(bytes) => {
                        // The client may be gone already; then there is nobody to answer.
                        let _ = stream.write_all(bytes);
                        drop(stream);
                        // Few tests ask for it, and the last one may be gone.
                        let _ = close.send(());
                    }
                    None => open.push(stream),
                }
            }
        });
        Self {
            address,
            requests,
            closed,
        }
    }

    /// `http://127.0.0.1:PORT`
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The bytes of the next request.
    pub fn request(&self) -> Vec<u8> {
        self.requests
            .recv_timeout(Duration::from_secs(60))
            .expect("no request came")
    }

    /// Waits until the peer has closed the next connection that it answered on.
    pub fn wait_for_close(&self) {
        self.closed
            .recv_timeout(Duration::from_secs(60))
            .expect("no connection was closed");
    }
}

/// Reads head and body (by `Content-Length`, or to the last chunk).
fn request(stream: &mut TcpStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut part = [0; 4096];
    while !complete(&bytes) {
        match stream.read(&mut part) {
            Ok(0) | Err(_) => break,
            Ok(count) => bytes.extend_from_slice(&part[..count]),
        }
    }
    bytes
}

fn complete(bytes: &[u8]) -> bool {
    let Some(head) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else {
        return false;
    };
    let text = String::from_utf8_lossy(&bytes[..head]).to_ascii_lowercase();
    let body = &bytes[head + 4..];
    if text.contains("transfer-encoding: chunked") {
        return body.ends_with(b"0\r\n\r\n");
    }
    let length = text
        .lines()
        .find_map(|line| line.strip_prefix("content-length:"))
        .and_then(|length| length.trim().parse().ok());
    body.len() >= length.unwrap_or(0usize)
}

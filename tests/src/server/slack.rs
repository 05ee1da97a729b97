//! A server that answers posts as the incoming webhooks of Slack do, by the documentation, and keeps what it was sent.

use serde_json::Value;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};

/// A listening server. What a webhook answers is said by its path.
///
/// | path | answer |
/// | --- | --- |
/// | `/services/ok` | `ok` if the message has a text or blocks |
/// | `/services/busy` | the first time that it takes a message in a second, then `ok` |
/// | `/services/full` | that it takes none for an hour |
/// | `/services/archived` | that its channel is archived |
/// | `/services/broken` | a server's error |
/// | `/services/silent` | nothing |
/// | `/services/slow` | `ok`, one byte at a time |
/// | `/services/dies` | nothing: it closes the connection |
/// | `/services/breaks` | nothing: it breaks the connection off |
/// | `/services/half` | half of `ok` |
/// | any other | that there is no such webhook |
pub struct SlackWebhooks {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<Posted>>>,
}

/// A request.
#[derive(Debug, Clone)]
pub struct Posted {
    /// Its path.
    pub path: String,
    /// Its Content-Type.
    pub content_type: String,
    /// Its body; null if that is no JSON.
    pub message: Value,
}

impl SlackWebhooks {
    /// Listens on a free port.
    pub fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let address = listener.local_addr().expect("an address");
        let seen = Arc::default();
        let keeps = Arc::clone(&seen);
        std::thread::spawn(move || {
            let mut silent = Vec::new();
            for stream in listener.incoming().flatten() {
                silent.extend(answer(stream, &keeps));
            }
        });
        Self { address, seen }
    }

    /// The url of a webhook.
    pub fn url(&self, webhook: &str) -> String {
        format!("http://{}/services/{webhook}", self.address)
    }

    /// What came for a webhook.
    pub fn posted(&self, webhook: &str) -> Vec<Posted> {
        let path = format!("/services/{webhook}");
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let posted = seen.iter().filter(|posted| posted.path == path);
        posted.cloned().collect()
    }
}

/// Answers one request and closes. Gives the connection back that gets no answer.
fn answer(mut stream: TcpStream, seen: &Mutex<Vec<Posted>>) -> Option<TcpStream> {
    let posted = read(&mut stream)?;
    let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
    let before = seen
        .iter()
        .filter(|other| other.path == posted.path)
        .count();
    let (status, more, body) = match posted.path.as_str() {
        _ if posted.message.is_null() => ("400 Bad Request", "", "invalid_payload"),
        "/services/ok" if !has_content(&posted.message) => ("400 Bad Request", "", "no_text"),
        "/services/busy" if before == 0 => ("429 Too Many Requests", "Retry-After: 1\r\n", ""),
        "/services/ok" | "/services/busy" => ("200 OK", "", "ok"),
        "/services/full" => (
            "429 Too Many Requests",
            "Retry-After: 3600\r\n",
            "rate_limited",
        ),
        "/services/archived" => ("410 Gone", "", "channel_is_archived"),
        "/services/broken" => ("500 Internal Server Error", "", "rollup_error"),
        "/services/silent" => {
            seen.push(posted);
            return Some(stream);
        }
        "/services/dies" => {
            seen.push(posted);
            return None;
        }
        "/services/breaks" => {
            seen.push(posted);
            let now = Some(std::time::Duration::ZERO);
            rustix::net::sockopt::set_socket_linger(&stream, now).expect("a socket");
            return None;
        }
        "/services/slow" | "/services/half" => {
            let text = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
            let is_half = posted.path.ends_with("half");
            let told = text.len() - usize::from(is_half);
            seen.push(posted);
            for byte in text.as_bytes().iter().take(told) {
                let _ = stream.write_all(&[*byte]);
            }
            return None;
        }
        _ => ("404 Not Found", "", "no_service"),
    };
    seen.push(posted);
    let length = body.len();
    let text = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/html\r\n{more}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    );
    // The client may be gone already; then there is nobody to answer.
    let _ = stream.write_all(text.as_bytes());
    None
}

fn has_content(message: &Value) -> bool {
    let is_given = |name: &str| message.get(name).is_some_and(|value| !value.is_null());
    is_given("text") || is_given("blocks")
}

/// A post with its whole body, of a length that is known.
fn read(stream: &mut TcpStream) -> Option<Posted> {
    let mut bytes = Vec::new();
    let mut part = [0; 4096];
    loop {
        let head = bytes.windows(4).position(|window| window == b"\r\n\r\n");
        if let Some(head) = head {
            let text = String::from_utf8_lossy(&bytes[..head]).into_owned();
            let field = |name: &str| {
                let fields = text.lines().filter_map(|line| line.split_once(": "));
                let mut found = fields.filter(|(known, _)| known.eq_ignore_ascii_case(name));
                found.next().map(|(_, value)| value.to_owned())
            };
            let body = &bytes[head + 4..];
            if body.len() >= field("content-length")?.parse().ok()? {
                return Some(Posted {
                    path: text.split(' ').nth(1)?.to_owned(),
                    content_type: field("content-type").unwrap_or_default(),
                    message: serde_json::from_slice(body).unwrap_or_default(),
                });
            }
        }
        match stream.read(&mut part) {
            Ok(0) | Err(_) => return None,
            Ok(count) => bytes.extend_from_slice(&part[..count]),
        }
    }
}

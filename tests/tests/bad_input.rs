//! Servers, proxies, certificates and urls that are no good, each met by a whole program: one kind of failure, one clear text, counts
//! that are the server's own, and bounded memory.

use bggo_tests::Grid;
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// How often each step runs.
const ITERATIONS: u64 = 6;
/// What a program may have, in KiB, whatever comes.
const MEMORY: u64 = 60 << 10;

/// A step, and what comes of it.
struct Bad {
    /// The name of the step, and the path that it asks for.
    name: &'static str,
    /// Its arguments beside the url.
    arguments: &'static str,
    /// The client that it uses.
    client: &'static str,
    /// Kind and text of the failure. `PLACE` is the server's address. Nothing if it passes.
    fails: Option<(&'static str, &'static str)>,
    /// Whether a request is sent, and whether the head of an answer comes.
    counts: (bool, bool),
}

const fn bad(name: &'static str, kind: &'static str, says: &'static str) -> Bad {
    Bad {
        name,
        arguments: "",
        client: "usual",
        fails: Some((kind, says)),
        counts: (true, false),
    }
}

/// The head comes, and the body does not.
const fn cut(name: &'static str, kind: &'static str, says: &'static str) -> Bad {
    Bad {
        counts: (true, true),
        ..bad(name, kind, says)
    }
}

/// No request is sent.
const fn unsent(name: &'static str, kind: &'static str, says: &'static str) -> Bad {
    Bad {
        counts: (false, false),
        ..bad(name, kind, says)
    }
}

/// Nothing comes in time.
const HASTY: &str = "timeout = \"500ms\"";

const ALL: &[Bad] = &[
    bad(
        "garbage",
        "protocol",
        "no answer from PLACE: it does not begin as an HTTP/1 answer does",
    ),
    bad(
        "zeros",
        "protocol",
        "no answer from PLACE: it does not begin as an HTTP/1 answer does",
    ),
    Bad {
        arguments: HASTY,
        ..bad("slow_head", "timeout", "no answer from PLACE within 500ms")
    },
    Bad {
        arguments: "timeout = \"2s\"",
        ..cut(
            "slow_body",
            "timeout",
            "no end of the body from PLACE within 2s",
        )
    },
    Bad {
        arguments: HASTY,
        ..bad("silence", "timeout", "no answer from PLACE within 500ms")
    },
    bad(
        "closes",
        "closed",
        "no answer from PLACE: the other end closed the connection",
    ),
    bad(
        "half_closes",
        "closed",
        "no answer from PLACE: the other end closed the connection",
    ),
    bad(
        "half_closes_in_head",
        "closed",
        "no answer from PLACE: the other end closed the connection",
    ),
    cut(
        "half_closes_in_body",
        "body",
        "the body from PLACE ended early: the other end closed the connection",
    ),
    cut(
        "sends_less",
        "body",
        "the body from PLACE ended early: the other end closed the connection",
    ),
    Bad {
        fails: None,
        ..cut("sends_more", "", "")
    },
    cut("wrong_chunks", "body", "the body from PLACE ended early: "),
    bad("two_lengths", "protocol", "no answer from PLACE: "),
    bad(
        "endless_head",
        "protocol",
        "no answer from PLACE: its head has more than 1,000 fields or is larger than 256 KiB",
    ),
    bad("endless_hints", "protocol", "no answer from PLACE: "),
    cut(
        "endless_trailers",
        "body",
        "the body from PLACE ended early: ",
    ),
    cut(
        "endless_gzip",
        "body",
        "the body is longer than the client's max_body_size, 1000000 bytes",
    ),
    cut(
        "no_gzip",
        "body",
        "the body is not what its Content-Encoding says: it cannot be decompressed as gzip",
    ),
    cut("endless_redirects", "redirect", "more than 3 redirects"),
    Bad {
        client: "two",
        ..bad("no_http_2", "protocol", "no answer from PLACE: ")
    },
    unsent(
        "no_tls",
        "tls",
        "no secure connection to PLACE: the server does not speak TLS here, but plain HTTP",
    ),
    Bad {
        client: "through",
        ..unsent(
            "proxy_refuses",
            "connect",
            "no connection to site.test:443: the proxy would not connect: it answered with status 403",
        )
    },
    Bad {
        client: "trusts_nobody",
        ..unsent(
            "no_certificate",
            "tls",
            "resource http_client.trusts_nobody could not be created: the CA in NONE holds no PEM certificate",
        )
    },
    unsent(
        "wrong_host",
        "request",
        "the url is malformed: its host holds what no name can",
    ),
    unsent(
        "nobody_listens",
        "refused",
        "no connection to 127.0.0.1:1: Connection refused",
    ),
];

/// The grid: a step for each, one after the other.
fn grid() -> String {
    let mut text = String::from(
        r#"
variable "url" {
  type = string
}

variable "ca" {
  type = string
}

resource "http_client" "usual" {
  scope = "vu"
  arguments {
    timeout       = "60s"
    max_redirects = 3
    max_body_size = 1000000
  }
}

resource "http_client" "two" {
  scope = "vu"
  arguments {
    http_version = "2"
  }
}

resource "http_client" "through" {
  scope = "vu"
  arguments {
    proxy = var.url
  }
}

resource "http_client" "trusts_nobody" {
  scope = "vu"
  arguments {
    ca_file = var.ca
  }
}
"#,
    );
    let mut before: Option<&str> = None;
    for one in ALL {
        let name = one.name;
        let url = match name {
            "no_tls" | "no_certificate" => "replace(var.url, \"http:\", \"https:\")".to_owned(),
            "proxy_refuses" => "\"https://site.test/\"".to_owned(),
            "wrong_host" => "\"http://a${vu.iteration}%zz.test/\"".to_owned(),
            "nobody_listens" => "\"http://127.0.0.1:1/\"".to_owned(),
            _ => format!("\"${{var.url}}/{name}\""),
        };
        let waits = before.map(|name| format!("  depends_on = [step.http_request.{name}]\n"));
        let (waits, arguments, client) = (waits.unwrap_or_default(), one.arguments, one.client);
        // The body is read.
        text.push_str(&format!(
            "
step \"http_request\" \"{name}\" {{
  continue_on_failure = true
{waits}  uses {{
    client = resource.http_client.{client}
  }}
  arguments {{
    url = {url}
    {arguments}
  }}
  check \"it is read\" {{
    condition = output.body != \"no\"
  }}
}}
"
        ));
        before = Some(name);
    }
    text
}

/// Heads of requests that came, by what they ask for; and the most memory that the program had, as far as it was looked at.
#[derive(Default)]
struct Seen {
    heads: Mutex<BTreeMap<String, u64>>,
    program: AtomicU64,
    memory: AtomicU64,
}

impl Seen {
    fn looks_at_memory(&self) {
        let program = self.program.load(Ordering::SeqCst);
        let status = std::fs::read_to_string(format!("/proc/{program}/status"));
        let status = status.unwrap_or_default();
        let mut lines = status.lines();
        let line = lines.find_map(|line| line.strip_prefix("VmHWM:"));
        let words = line.and_then(|line| line.split_whitespace().next());
        if let Some(most) = words.and_then(|words| words.parse().ok()) {
            self.memory.fetch_max(most, Ordering::SeqCst);
        }
    }
}

/// Sends a piece again and again, until the other end is gone.
fn pours(stream: &mut TcpStream, piece: &[u8], seen: &Seen) {
    let pieces = piece.repeat((64 << 10) / piece.len() + 1);
    while stream.write_all(&pieces).is_ok() {}
    seen.looks_at_memory();
}

/// Sends a byte now and then, until the other end is gone.
fn drips(stream: &mut TcpStream, bytes: &[u8]) {
    for byte in bytes.iter().cycle() {
        if stream.write_all(&[*byte]).is_err() {
            return;
        }
        std::thread::park_timeout(std::time::Duration::from_millis(100));
    }
}

/// Reads to the end of a head, or of the connection.
fn head(stream: &mut TcpStream) -> String {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") && matches!(stream.read(&mut byte), Ok(1)) {
        head.push(byte[0]);
    }
    String::from_utf8_lossy(&head).into_owned()
}

/// Waits until the other end is gone.
fn reads_on(stream: &mut TcpStream) {
    let mut piece = [0; 4096];
    while matches!(stream.read(&mut piece), Ok(1..)) {}
}

/// A gzip stream of zeros that inflates a thousand times: a stored head, then blocks that say the same again and again.
const GZIP_OF_ZEROS: &[u8] = &[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3];

fn serves(mut stream: TcpStream, seen: &Seen) {
    let mut first = [0];
    if !matches!(stream.peek(&mut first), Ok(1)) {
        return;
    }
    if first[0] == 0x16 {
        // A greeting of TLS.
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        let _ = stream.shutdown(Shutdown::Write);
        return reads_on(&mut stream);
    }
    loop {
        let asked = head(&mut stream);
        let mut words = asked.split(' ');
        let (method, path) = (
            words.next().unwrap_or_default(),
            words.next().unwrap_or_default(),
        );
        if path.is_empty() {
            return;
        }
        let name = path
            .trim_start_matches('/')
            .split('?')
            .next()
            .unwrap_or_default();
        let name = if method == "PRI" { "no_http_2" } else { name };
        let mut heads = seen.heads.lock().unwrap_or_else(PoisonError::into_inner);
        *heads.entry(name.to_owned()).or_default() += 1;
        drop(heads);
        let mut say = |bytes: &[u8]| {
            // The program may be gone: it need not hear the rest.
            let _ = stream.write_all(bytes);
        };
        const OK: &[u8] = b"HTTP/1.1 200 OK\r\n";
        match name {
            _ if method == "CONNECT" => {
                say(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
                continue;
            }
            "garbage" => say(b"SSH-2.0-OpenSSH_9.2\r\n\r\n"),
            "zeros" => say(&[0; 1000]),
            "slow_head" => return drips(&mut stream, b"HTTP/1.1 200 OK\r\nA: b\r\nA: b\r\n"),
            "slow_body" => {
                say(&[OK, b"Content-Length: 10000000000\r\n\r\n"].concat());
                return drips(&mut stream, b"x");
            }
            "silence" => return reads_on(&mut stream),
            "closes" => {}
            "half_closes" => {
                let _ = stream.shutdown(Shutdown::Write);
                return reads_on(&mut stream);
            }
            "half_closes_in_head" | "half_closes_in_body" => {
                let rest: &[u8] = match name {
                    "half_closes_in_head" => b"Content-Len",
                    _ => b"Content-Length: 10\r\n\r\nhalf",
                };
                say(&[OK, rest].concat());
                let _ = stream.shutdown(Shutdown::Write);
                return reads_on(&mut stream);
            }
            "sends_less" => say(&[OK, b"Content-Length: 10\r\n\r\nhalf"].concat()),
            "sends_more" => {
                say(&[
                    OK,
                    b"Content-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil",
                ]
                .concat());
                continue;
            }
            "wrong_chunks" => say(&[
                OK,
                b"Transfer-Encoding: chunked\r\n\r\n2\r\nokay\r\n0\r\n\r\n",
            ]
            .concat()),
            "two_lengths" => {
                say(&[OK, b"Content-Length: 2\r\nContent-Length: 3\r\n\r\nok!"].concat())
            }
            "endless_head" => {
                say(OK);
                return pours(
                    &mut stream,
                    b"A: bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\r\n",
                    seen,
                );
            }
            "endless_hints" => {
                return pours(
                    &mut stream,
                    b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n",
                    seen,
                );
            }
            "endless_trailers" => {
                say(&[OK, b"Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n"].concat());
                return pours(&mut stream, b"A: b\r\n", seen);
            }
            "endless_gzip" => {
                say(&[OK, b"Content-Encoding: gzip\r\n\r\n", GZIP_OF_ZEROS].concat());
                // A stored block of 65,535 zeros that is not the last one.
                let block = [&[0, 0xff, 0xff, 0, 0][..], &[0; 65_535]].concat();
                return pours(&mut stream, &block, seen);
            }
            "no_gzip" => {
                say(&[
                    OK,
                    b"Content-Encoding: gzip\r\nContent-Length: 5\r\n\r\nplain",
                ]
                .concat());
                continue;
            }
            "endless_redirects" => {
                say(b"HTTP/1.1 302 Found\r\nLocation: /endless_redirects?a\r\nContent-Length: 0\r\n\r\n");
                continue;
            }
            "no_http_2" => say(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"),
            other => unreachable!("nobody asks for {other}"),
        }
        let _ = stream.shutdown(Shutdown::Write);
        return reads_on(&mut stream);
    }
}

#[test]
fn each_has_one_kind_one_clear_text_exact_counts_and_bounded_memory() {
    let grid = Grid::new(&grid()).build();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let place = listener.local_addr().unwrap();
    let seen = Arc::new(Seen::default());
    let is_over = Arc::new(AtomicBool::new(false));
    let (all, stops) = (Arc::clone(&seen), Arc::clone(&is_over));
    let serving = std::thread::spawn(move || {
        std::thread::scope(|threads| {
            for stream in listener.incoming() {
                if stops.load(Ordering::SeqCst) {
                    return;
                }
                let (stream, seen) = (stream.unwrap(), &all);
                threads.spawn(move || serves(stream, seen));
            }
        });
    });
    let none = grid.folder().join("none.crt");
    std::fs::write(&none, "this is no certificate\n").unwrap();
    let url = format!("http://{place}");
    let iterations = ITERATIONS.to_string();
    let words = [
        "--vus",
        "2",
        "--iterations",
        &iterations,
        "--max-failed",
        "100%",
    ];
    let more = [
        "--log-format",
        "json",
        "--url",
        &url,
        "--ca",
        none.to_str().unwrap(),
    ];
    let going = grid.start(&[words, more].concat());
    seen.program.store(going.id().into(), Ordering::SeqCst);
    let ended = going.finish();
    is_over.store(true, Ordering::SeqCst);
    // Wakes the listener up.
    drop(TcpStream::connect(place));
    serving.join().expect("no thread panics");
    let lines = ended.stderr.lines();
    let mut events = lines.filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let summary = events.find(|event| event["event"] == "summary");
    let summary = summary.unwrap_or_else(|| panic!("{ended:?}"));
    let heads = seen.heads.lock().unwrap_or_else(PoisonError::into_inner);
    let mut wrong = Vec::new();
    for one in ALL {
        let step = format!("http_request.{}", one.name);
        let of_step = |list: &Value| {
            let list = list.as_array().cloned().unwrap_or_default();
            list.into_iter()
                .find(|entry| entry["step"] == step.as_str())
        };
        let counted = of_step(&summary["steps"]).unwrap_or_default();
        let failures = one.fails.iter();
        let failures = failures.map(|(kind, _)| ((*kind).to_owned(), ITERATIONS.into()));
        let failures = Value::Object(failures.collect());
        if counted["failures"] != failures {
            wrong.push(format!(
                "{step} failed by {}, not {failures}",
                counted["failures"]
            ));
        }
        let example = of_step(&summary["examples"]).unwrap_or_default();
        let (_, says) = one.fails.unwrap_or_default();
        let says = says.replace("PLACE", &place.to_string());
        let says = says.replace("NONE", &none.display().to_string());
        if !example["error"]
            .as_str()
            .unwrap_or_default()
            .starts_with(&says)
        {
            wrong.push(format!("{step} says {}, not {says}", example["error"]));
        }
        let sum = |name: &str| counted["metrics"][name]["sum"].as_u64().unwrap_or(0);
        let came = [sum("requests"), sum("answered"), sum("cut")];
        let (is_sent, is_answered) = one.counts;
        let each = if one.name == "endless_redirects" {
            4
        } else {
            1
        };
        let expected = ITERATIONS * each;
        let sent = u64::from(is_sent) * expected;
        let answered = u64::from(is_answered) * expected;
        if came != [sent, answered, sent - answered] {
            wrong.push(format!("{step}: requests, answered and cut are {came:?}"));
        }
        let served = heads.get(one.name).copied().unwrap_or(0);
        if served != sent {
            wrong.push(format!(
                "{step}: {served} heads came to the server, {sent} were meant"
            ));
        }
    }
    assert!(wrong.is_empty(), "{}\n{}", wrong.join("\n"), ended.stderr);
    let most = seen.memory.load(Ordering::SeqCst);
    assert!((1..MEMORY).contains(&most), "{most} KiB of memory");
}

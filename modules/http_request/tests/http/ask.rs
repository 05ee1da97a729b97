//! Requests as other modules send them, against servers that say what came, byte for byte.

use crate::user::{User, run, some};
use bggo_module_http_request::http_request::Metric;
use bggo_module_http_request::{Answer, Ask, AskBody, AskCounters, Place, http_client};
use bggo_runtime::contract::{Fault, Text};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread::JoinHandle;

/// A server that gives each connection the next list of answers, one to each request, and closes it behind the last. It returns
/// the requests, each with its body.
struct Server {
    place: String,
    serving: JoinHandle<Vec<String>>,
}

impl Server {
    fn start(connections: Vec<Vec<Vec<u8>>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let place = listener.local_addr().unwrap().to_string();
        let serving = std::thread::spawn(move || {
            let mut requests = Vec::new();
            for answers in connections {
                let (mut stream, _) = listener.accept().unwrap();
                for answer in answers {
                    requests.push(request(&mut stream));
                    stream.write_all(&answer).unwrap();
                }
            }
            requests
        });
        Self { place, serving }
    }

    fn place(&self) -> Place {
        Place::new(&format!("http://{}", self.place)).unwrap()
    }

    fn requests(self) -> Vec<String> {
        self.serving.join().unwrap()
    }
}

/// Reads a request. What ends early stays as it is.
fn request(stream: &mut TcpStream) -> String {
    let mut all = Vec::new();
    let mut byte = [0];
    while !all.ends_with(b"\r\n\r\n") {
        if stream.read(&mut byte).unwrap() == 0 {
            return String::from_utf8(all).unwrap();
        }
        all.push(byte[0]);
    }
    let head = String::from_utf8(all).unwrap();
    let length = head
        .split("Content-Length: ")
        .nth(1)
        .and_then(|rest| rest.split("\r\n").next()?.parse().ok())
        .unwrap_or(0);
    let mut body = Vec::new();
    // A client that fails closes the connection in the middle.
    let _ = stream.take(length).read_to_end(&mut body);
    head + &String::from_utf8(body).unwrap()
}

fn answers(texts: &[&str]) -> Vec<Vec<u8>> {
    texts.iter().map(|text| text.as_bytes().to_vec()).collect()
}

const OK: &str =
    "HTTP/1.1 200 OK\r\nETag: \"a\"\r\nSet-Cookie: a=b\r\nContent-Length: 5\r\n\r\nhello";

const COUNTERS: AskCounters = AskCounters {
    dns: Metric::DNS,
    connecting: Metric::CONNECTING,
    tls_handshake: Metric::TLS_HANDSHAKE,
    waiting: Metric::WAITING,
    receiving: Metric::RECEIVING,
    answers: Metric::ANSWERS,
    sent: Metric::SENT,
    received: Metric::RECEIVED,
    reused: Metric::REUSED,
    resent: Metric::RESENT,
    requests: Metric::REQUESTS,
    answered: Metric::ANSWERED,
    cut: Metric::CUT,
};

/// Asks as one user, in order.
fn ask(client: Vec<http_client::In>, asks: &[Ask<'_>]) -> Vec<Result<Answer, Fault>> {
    run(async || {
        let user = User::new(client);
        let mut results = Vec::new();
        for one in asks {
            results.push(user.ask_for_module(one).await);
        }
        user.leave().await;
        results
    })
}

#[test]
fn a_target_and_fields_go_out_as_they_are_written() {
    let server = Server::start(vec![answers(&[OK, OK])]);
    let to = server.place();
    let fields = [
        (Text::Static("x-amz-date"), "today"),
        (Text::Static("user-agent"), "mine"),
    ];
    let put = Ask {
        fields: &fields,
        body: AskBody::Bytes("body".into()),
        ..Ask::new("PUT", &to, "/b/a/../c/./%2e%2E//?x=%2F&y=a+b")
    };
    let get = Ask {
        most: Some(5),
        reads_fields: true,
        ..Ask::new("GET", &to, "/")
    };
    let came: Vec<Answer> = ask(vec![], &[put, get])
        .into_iter()
        .map(Result::unwrap)
        .collect();
    // Only what is asked for is read.
    assert_eq!(
        (came[0].status(), came[0].size, came[0].field("etag")),
        (200, 5, None)
    );
    assert_eq!(&came[0].body[..], b"");
    assert_eq!(
        (&came[1].body[..], came[1].field("etag"), came[1].reason()),
        (b"hello".as_slice(), Some("\"a\""), "OK")
    );
    let place = &server.place;
    let expected = [
        format!(
            "PUT /b/a/../c/./%2e%2E//?x=%2F&y=a+b HTTP/1.1\r\nHost: {place}\r\nx-amz-date: today\r\nuser-agent: mine\r\nAccept: */*\r\nContent-Length: 4\r\n\r\nbody"
        ),
        // No cookie of the answer before, and no compression.
        format!("GET / HTTP/1.1\r\nHost: {place}\r\nUser-Agent: bggo/0.1.0\r\nAccept: */*\r\n\r\n"),
    ];
    assert_eq!(server.requests(), expected);
}

#[test]
fn cookies_and_redirects_are_the_clients_if_they_are_asked_for() {
    let moved =
        "HTTP/1.1 302 Found\r\nLocation: /there\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\n\r\n";
    let server = Server::start(vec![answers(&[moved, moved, OK])]);
    let to = server.place();
    let plain = Ask::new("GET", &to, "/%2E/x");
    let follows = Ask {
        has_cookies: true,
        follows_redirects: true,
        ..Ask::new("GET", &to, "/%2E/x")
    };
    let came = ask(vec![], &[plain, follows]);
    let status: Vec<u16> = came
        .iter()
        .map(|one| one.as_ref().unwrap().status())
        .collect();
    assert_eq!(status, [302, 200]);
    let requests = server.requests();
    let first: Vec<&str> = requests
        .iter()
        .map(|one| one.lines().next().unwrap())
        .collect();
    assert_eq!(
        first,
        [
            "GET /%2E/x HTTP/1.1",
            "GET /%2E/x HTTP/1.1",
            "GET /there HTTP/1.1"
        ]
    );
    let cookies: Vec<bool> = requests
        .iter()
        .map(|one| one.contains("Cookie: a=b\r\n"))
        .collect();
    assert_eq!(cookies, [false, false, true]);
}

#[test]
fn a_part_of_a_file_is_sent_and_nothing_more() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    let text: String = (0..40_000).map(|i| format!("{i:05}")).collect();
    std::fs::write(&path, &text).unwrap();
    let path = path.to_str().unwrap().to_owned();
    // Each has a server and a client of its own: whether a connection is used again depends on when its end is heard of.
    let put = |server: &Server, from, size| {
        let to = server.place();
        let put = Ask {
            body: AskBody::File {
                path: path.clone(),
                from,
                size,
            },
            ..Ask::new("PUT", &to, "/x")
        };
        ask(vec![], &[put]).remove(0)
    };
    let server = Server::start(vec![answers(&[OK])]);
    assert_eq!(put(&server, 7, 150_000).unwrap().status(), 200);
    let other = Server::start(vec![Vec::new()]);
    let fault = put(&other, 0, 200_001).expect_err("the file is shorter");
    other.requests();
    assert_eq!(fault.kind(), "request");
    assert_eq!(
        fault.text(),
        format!("the file {path} cannot be read: it became shorter")
    );
    let requests = server.requests();
    assert_eq!(requests.len(), 1);
    assert!(requests[0].ends_with(&format!("\r\n\r\n{}", &text[7..150_007])));
    assert!(requests[0].contains("Content-Length: 150000\r\n"));
}

#[test]
fn a_body_is_kept_as_far_as_it_may_be_and_of_a_failure_the_beginning() {
    let refused = |size: usize| {
        let body = "x".repeat(size);
        format!("HTTP/1.1 403 Forbidden\r\nDate: today\r\nContent-Length: {size}\r\n\r\n{body}")
    };
    let (short, long) = (refused(10), refused(100_000));
    let server = Server::start(vec![answers(&[&short, &long, OK])]);
    let to = server.place();
    let get = |most| Ask {
        most,
        ..Ask::new("GET", &to, "/")
    };
    let came = ask(vec![], &[get(None), get(Some(5)), get(Some(4))]);
    let short = came[0].as_ref().unwrap();
    assert_eq!(
        (short.status(), short.size, short.body.len()),
        (403, 10, 10)
    );
    assert_eq!(short.field("date"), Some("today"));
    let long = came[1].as_ref().unwrap();
    assert_eq!(
        (long.status(), long.size, long.body.len()),
        (403, 100_000, 16 << 10)
    );
    let fault = came[2].as_ref().expect_err("it is too large");
    assert_eq!(fault.kind(), "body");
    server.requests();
}

#[test]
fn only_known_bytes_of_an_idempotent_method_go_out_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    std::fs::write(&path, "text").unwrap();
    let file = AskBody::File {
        path: path.to_str().unwrap().to_owned(),
        from: 0,
        size: 4,
    };
    let cases = [
        ("PUT", AskBody::Bytes("text".into()), true),
        ("GET", AskBody::Nothing, true),
        ("POST", AskBody::Bytes("text".into()), false),
        ("PUT", file, false),
    ];
    for (method, body, goes_out_again) in cases {
        // The first connection takes the second request and closes without a word; an answer waits on the next one.
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let to = Place::new(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
        let serving = std::thread::spawn(move || {
            let mut requests = 0;
            let (mut stream, _) = listener.accept().unwrap();
            request(&mut stream);
            stream.write_all(OK.as_bytes()).unwrap();
            requests += usize::from(!request(&mut stream).is_empty());
            drop(stream);
            if goes_out_again {
                let (mut stream, _) = listener.accept().unwrap();
                requests += usize::from(!request(&mut stream).is_empty());
                stream.write_all(OK.as_bytes()).unwrap();
            }
            requests
        });
        let (ended, counted) = run(async || {
            let user = User::new(vec![]);
            let first = Ask::new("GET", &to, "/");
            user.ask_for_module(&first).await.unwrap();
            let second = Ask {
                body,
                counters: Some(&COUNTERS),
                ..Ask::new(method, &to, "/")
            };
            let ended = user.ask_for_module(&second).await;
            let counted = [
                Metric::REQUESTS,
                Metric::RESENT,
                Metric::ANSWERED,
                Metric::CUT,
            ]
            .map(|metric| user.counted(metric));
            user.leave().await;
            (ended, counted)
        });
        let sent = serving.join().unwrap();
        if goes_out_again {
            assert_eq!(ended.unwrap().status(), 200, "{method}");
            assert_eq!((sent, counted), (2, [2, 1, 1, 1]), "{method}");
        } else {
            let kind = ended.expect_err("it fails").kind();
            assert!(matches!(kind, "closed" | "reset"), "{method}: {kind}");
            assert_eq!((sent, counted), (1, [1, 0, 0, 1]), "{method}");
        }
    }
}

#[test]
fn a_step_counts_and_an_asset_only_asks() {
    let server = Server::start(vec![answers(&[OK, OK])]);
    let to = server.place();
    run(async || {
        let user = User::new(vec![]);
        let put = Ask {
            body: AskBody::Bytes("body".into()),
            counters: Some(&COUNTERS),
            ..Ask::new("PUT", &to, "/")
        };
        assert_eq!(user.ask_for_asset(&put).await.unwrap().status(), 200);
        assert_eq!(user.counted(Metric::REQUESTS), 0);
        assert_eq!(user.ask_for_module(&put).await.unwrap().status(), 200);
        let counted = [Metric::REQUESTS, Metric::SENT, Metric::RECEIVED];
        assert_eq!(counted.map(|metric| user.counted(metric)), [1, 4, 5]);
        assert_eq!(user.hits(Metric::REUSED), (1, 1));
        assert_eq!(user.recorded(Metric::WAITING), 1);
        assert_eq!(user.counted_by_client(http_client::Metric::CONNECTIONS), 1);
        user.leave().await;
    });
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn what_cannot_be_sent_is_a_fault() {
    let to = Place::new("http://127.0.0.1:1/path?query").unwrap();
    assert_eq!((to.scheme(), to.host()), ("http", "127.0.0.1:1"));
    assert_eq!(
        Place::new("http://a:b@c/").expect_err("a user").kind(),
        "request"
    );
    assert_eq!(Place::new("c").expect_err("no url").kind(), "request");
    let broken = [(Text::Static("X-A"), "a\r\nb")];
    let asks = [
        Ask::new("GET", &to, "/a b"),
        Ask::new("GET", &to, "a"),
        Ask::new("GET", &to, "/\u{fc}"),
        Ask {
            fields: &broken,
            ..Ask::new("GET", &to, "/")
        },
        Ask::new("A B", &to, "/"),
    ];
    for fault in ask(vec![], &asks) {
        assert_eq!(fault.expect_err("it cannot be sent").kind(), "request");
    }
    // A crate that takes urls would send another path.
    let linked = http_client::In::Transport(some(Text::Static("reqwest")));
    let mut came = ask(vec![linked], &[Ask::new("GET", &to, "/a/../b")]);
    let fault = came.remove(0).expect_err("it would be another path");
    assert_eq!(fault.kind(), "request");
    assert!(fault.text().contains("transport of another crate"));
}

#[test]
fn a_crate_that_takes_urls_sends_what_a_url_can_say() {
    let server = Server::start(vec![answers(&[OK])]);
    let to = server.place();
    let linked = http_client::In::Transport(some(Text::Static("reqwest")));
    let get = Ask {
        most: Some(5),
        ..Ask::new("GET", &to, "/b%20c?x=%2F")
    };
    let came = ask(vec![linked], &[get]).remove(0).unwrap();
    assert_eq!(&came.body[..], b"hello");
    let requests = server.requests();
    assert!(
        requests[0].starts_with("GET /b%20c?x=%2F HTTP/1.1\r\n"),
        "{requests:?}"
    );
}

#[test]
fn cookies_go_to_the_paths_that_they_are_for() {
    let sets = "HTTP/1.1 200 OK\r\nSet-Cookie: a=b; Path=/in\r\nContent-Length: 0\r\n\r\n";
    let empty = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    let server = Server::start(vec![answers(&[sets, empty, empty])]);
    let to = server.place();
    let get = |target| Ask {
        has_cookies: true,
        ..Ask::new("GET", &to, target)
    };
    for came in ask(vec![], &[get("/in/a"), get("/out"), get("/in/b?c")]) {
        assert_eq!(came.unwrap().status(), 200);
    }
    let requests = server.requests();
    let has = requests.iter().map(|one| one.contains("Cookie: a=b\r\n"));
    assert_eq!(has.collect::<Vec<_>>(), [false, false, true]);
}

#[test]
fn over_http_2_a_target_goes_out_as_it_is_written_too() {
    run(async || {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let to = Place::new(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
        let server = async {
            let (stream, _) = listener.accept().await.unwrap();
            let mut connection = h2::server::handshake(stream).await.unwrap();
            let mut asked = Vec::new();
            while let Some(Ok((request, mut respond))) = connection.accept().await {
                let field = request.headers().get("x-a").cloned();
                asked.push((request.uri().path_and_query().unwrap().to_string(), field));
                respond
                    .send_response(http::Response::new(()), true)
                    .unwrap();
            }
            asked
        };
        let fields = [(Text::Static("X-A"), "secret")];
        let client = async {
            let version = http_client::In::HttpVersion(some(Text::Static("2")));
            let user = User::new(vec![version]);
            for _ in 0..2 {
                let get = Ask {
                    fields: &fields,
                    secret_fields: &["x-a"],
                    ..Ask::new("GET", &to, "/b/a/../c//%2E?x=a+b")
                };
                assert_eq!(user.ask_for_module(&get).await.unwrap().status(), 200);
            }
            user.leave().await;
        };
        let (asked, ()) = tokio::join!(server, client);
        assert_eq!(asked.len(), 2);
        for (target, field) in asked {
            assert_eq!(target, "/b/a/../c//%2E?x=a+b");
            assert_eq!(field.unwrap(), "secret");
        }
    });
}

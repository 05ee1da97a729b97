//! Each endpoint as a client sees it, over a socket of its own: exact bytes in, status, head and body out.

use super::{Server, serve};
use bggo_values::Value;
use bggo_values::json::RawJson;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};

struct Answer {
    status: u16,
    head: String,
    body: Vec<u8>,
}

impl Answer {
    fn json(&self) -> RawJson {
        RawJson::from_bytes(&self.body)
            .unwrap_or_else(|_| panic!("no JSON: {}", String::from_utf8_lossy(&self.body)))
    }

    /// The text at a path like `json.a`.
    fn at(&self, path: &str) -> String {
        let mut value = Value::Raw(self.json());
        for name in path.split('.') {
            value = value
                .get(name)
                .unwrap_or_else(|| panic!("no {name} in {}", String::from_utf8_lossy(&self.body)));
        }
        value
            .as_text()
            .map_or_else(|| bggo_values::json::encode_plain(&value), str::to_owned)
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            line.split_once(": ")
                .filter(|(known, _)| known.eq_ignore_ascii_case(name))
                .map(|(_, value)| value)
        })
    }
}

struct Client(BufReader<TcpStream>);

impl Client {
    fn new(server: &Server) -> Self {
        Self(BufReader::new(
            TcpStream::connect(server.address()).unwrap(),
        ))
    }

    fn send(&mut self, line: &str, headers: &str, body: &[u8]) -> Answer {
        let length = if body.is_empty() {
            String::new()
        } else {
            format!("Content-Length: {}\r\n", body.len())
        };
        let mut bytes =
            format!("{line} HTTP/1.1\r\nHost: here\r\n{length}{headers}\r\n").into_bytes();
        bytes.extend_from_slice(body);
        self.0.get_mut().write_all(&bytes).unwrap();
        self.answer(line.starts_with("HEAD"))
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.0.read_line(&mut line).unwrap();
        line
    }

    fn answer(&mut self, no_body: bool) -> Answer {
        let mut head = String::new();
        loop {
            let line = self.line();
            if line == "\r\n" || line.is_empty() {
                break;
            }
            head.push_str(&line);
        }
        let status = head[9..12].parse().unwrap();
        let mut answer = Answer {
            status,
            head,
            body: Vec::new(),
        };
        if no_body {
        } else if answer.header("transfer-encoding") == Some("chunked") {
            loop {
                let size = usize::from_str_radix(self.line().trim(), 16).unwrap();
                let mut chunk = vec![0; size];
                self.0.read_exact(&mut chunk).unwrap();
                answer.body.append(&mut chunk);
                self.line();
                if size == 0 {
                    break;
                }
            }
        } else {
            answer.body = vec![
                0;
                answer
                    .header("content-length")
                    .map_or(0, |length| length.parse().unwrap())
            ];
            self.0.read_exact(&mut answer.body).unwrap();
        }
        answer
    }
}

fn server() -> Server {
    serve("127.0.0.1:0").unwrap()
}

/// One request on a connection of its own.
fn ask(line: &str, headers: &str, body: &[u8]) -> Answer {
    let server = server();
    Client::new(&server).send(line, headers, body)
}

#[test]
fn get_shows_the_request() {
    let answer = ask(
        "GET /get?a=1&b=x+y%26&a=2",
        "X-Own: one\r\nX-Own: two\r\n",
        b"",
    );
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.at("args"), r#"{"a":["1","2"],"b":"x y&"}"#);
    assert_eq!(answer.at("headers.X-Own"), "one,two");
    assert_eq!(answer.at("url"), "http://here/get?a=1&b=x+y%26&a=2");
    assert_eq!(answer.at("method"), "GET");
    assert_eq!(answer.at("origin"), "127.0.0.1");
}

#[test]
fn json_comes_back_as_it_was_written() {
    let answer = ask(
        "POST /post",
        "Content-Type: application/json\r\n",
        br#"{"z":1.50,"a":12345678901234567890123456789012345}"#,
    );
    assert_eq!(
        answer.at("json"),
        r#"{"z":1.50,"a":12345678901234567890123456789012345}"#
    );
    assert_eq!(
        answer.at("data"),
        r#"{"z":1.50,"a":12345678901234567890123456789012345}"#
    );
}

#[test]
fn a_body_that_is_no_json_is_data() {
    let answer = ask("PUT /put", "", b"plain");
    assert_eq!(
        (answer.at("data").as_str(), answer.at("json").as_str()),
        ("plain", "null")
    );
    assert_eq!(
        ask("PATCH /patch", "", &[0xff, 0xfe]).at("data"),
        "data:application/octet-stream;base64,//4="
    );
}

#[test]
fn forms_are_read() {
    let answer = ask(
        "POST /anything/deep/path",
        "Content-Type: application/x-www-form-urlencoded\r\n",
        b"a=1&b=%C3%A4",
    );
    assert_eq!(answer.at("form"), r#"{"a":"1","b":"ä"}"#);
    let body = b"--XX\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\none\r\ntwo\r\n--XX\r\nContent-Disposition: form-data; name=\"f\"; filename=\"x.bin\"\r\n\
        Content-Type: image/png\r\n\r\n\xff\xff\xff\r\n--XX--\r\n";
    let answer = ask(
        "POST /post",
        "Content-Type: multipart/form-data; boundary=XX\r\n",
        body,
    );
    assert_eq!(answer.at("form"), r#"{"a":"one\r\ntwo"}"#);
    assert_eq!(answer.at("files"), r#"{"f":"data:image/png;base64,////"}"#);
}

#[test]
fn a_path_takes_its_own_method_only() {
    let answer = ask("GET /post", "", b"");
    assert_eq!((answer.status, answer.header("allow")), (405, Some("POST")));
    assert_eq!(ask("DELETE /delete", "", b"").status, 200);
    assert_eq!(ask("POST /get", "", b"x").status, 405);
    assert_eq!(ask("HEAD /get", "", b"").status, 200);
    assert_eq!(ask("GET /nowhere", "", b"").status, 404);
}

#[test]
fn status_is_the_one_asked_for_or_one_of_them() {
    assert_eq!(ask("GET /status/418", "", b"").status, 418);
    assert_eq!(ask("GET /status/503:0,204:1", "", b"").status, 204);
    assert!([201, 202].contains(&ask("GET /status/201,202", "", b"").status));
    assert_eq!(
        ask("GET /status/302", "", b"").header("location"),
        Some("/redirect/1")
    );
    for wrong in ["x", "99", "100", "200:-1", ""] {
        assert_eq!(
            ask(&format!("GET /status/{wrong}"), "", b"").status,
            400,
            "{wrong}"
        );
    }
}

#[test]
fn delay_takes_fractions_and_answers_with_the_request() {
    assert_eq!(ask("POST /delay/0.01?a=1", "", b"x").at("args.a"), "1");
    for wrong in ["-1", "x", "1e9", "NaN"] {
        assert_eq!(
            ask(&format!("GET /delay/{wrong}"), "", b"").status,
            400,
            "{wrong}"
        );
    }
}

#[test]
fn cookies_are_set_shown_and_deleted() {
    assert_eq!(
        ask("GET /cookies", "Cookie: a=1; b=2\r\n", b"").at("cookies"),
        r#"{"a":"1","b":"2"}"#
    );
    let set = ask("GET /cookies/set?a=1", "", b"");
    assert_eq!(
        (set.status, set.header("location"), set.header("set-cookie")),
        (302, Some("/cookies"), Some("a=1; Path=/"))
    );
    assert_eq!(
        ask("GET /cookies/set/k/v", "", b"").header("set-cookie"),
        Some("k=v; Path=/")
    );
    assert!(
        ask("GET /cookies/delete?a", "", b"")
            .header("set-cookie")
            .unwrap()
            .starts_with("a=; Expires=Thu, 01 Jan 1970")
    );
}

#[test]
fn redirects_count_down_to_get() {
    assert_eq!(
        ask("GET /redirect/2", "", b"").header("location"),
        Some("/redirect/1")
    );
    assert_eq!(
        ask("GET /redirect/1", "", b"").header("location"),
        Some("/get")
    );
    assert_eq!(
        ask("GET /absolute-redirect/2", "", b"").header("location"),
        Some("http://here/absolute-redirect/1")
    );
    let elsewhere = ask(
        "GET /redirect-to?url=http%3A%2F%2Fthere%2F&status_code=307",
        "",
        b"",
    );
    assert_eq!(
        (elsewhere.status, elsewhere.header("location")),
        (307, Some("http://there/"))
    );
    assert_eq!(ask("GET /redirect/0", "", b"").status, 400);
    assert_eq!(
        ask("GET /redirect-to?url=x&status_code=200", "", b"").status,
        400
    );
}

#[test]
fn credentials_are_checked() {
    assert_eq!(
        ask(
            "GET /basic-auth/ann/s3cret",
            "Authorization: Basic YW5uOnMzY3JldA==\r\n",
            b""
        )
        .at("user"),
        "ann"
    );
    let refused = ask(
        "GET /basic-auth/ann/other",
        "Authorization: Basic YW5uOnMzY3JldA==\r\n",
        b"",
    );
    assert_eq!(
        (refused.status, refused.header("www-authenticate")),
        (401, Some("Basic realm=\"Fake Realm\""))
    );
    assert_eq!(
        ask("GET /bearer", "Authorization: Bearer t0ken\r\n", b"").at("token"),
        "t0ken"
    );
    assert_eq!(ask("GET /bearer", "", b"").status, 401);
}

#[test]
fn content_of_its_own() {
    assert_eq!(
        ask("GET /json", "", b"").at("slideshow.author"),
        "Yours Truly"
    );
    let uuid = ask("GET /uuid", "", b"").at("uuid");
    assert_eq!((uuid.len(), &uuid[14..15]), (36, "4"));
    let (one, other) = (
        ask("GET /bytes/1000?seed=7", "", b""),
        ask("GET /bytes/1000?seed=7", "", b""),
    );
    assert_eq!((one.body.len(), &one.body), (1000, &other.body));
    assert_eq!(ask("GET /bytes/200000", "", b"").body.len(), 200_000);
    let lines = ask("GET /stream/3", "", b"");
    let ids: Vec<_> = lines
        .body
        .split(|byte| *byte == b'\n')
        .filter_map(|line| RawJson::from_bytes(line).ok()?.field("id").map(Value::from))
        .collect();
    assert_eq!(ids, [0_i64, 1, 2].map(|id| Value::Number(id.into())));
    let events = ask("GET /sse?count=2", "", b"");
    assert_eq!(events.header("content-type"), Some("text/event-stream"));
    let text = "id: 0\nevent: ping\ndata: {\"id\":0}\n\nid: 1\nevent: ping\ndata: {\"id\":1}\n\n";
    assert_eq!(String::from_utf8_lossy(&events.body), text);
    assert_eq!(ask("GET /sse?count=x", "", b"").status, 400);
    let dripped = ask("GET /drip?numbytes=7&duration=0.02&code=201", "", b"");
    assert_eq!(
        (dripped.status, dripped.body.as_slice()),
        (201, b"*******".as_slice())
    );
}

#[test]
fn gzip_is_compressed() {
    let answer = ask("GET /gzip", "", b"");
    assert_eq!(answer.header("content-encoding"), Some("gzip"));
    let mut text = String::new();
    flate2::read::GzDecoder::new(answer.body.as_slice())
        .read_to_string(&mut text)
        .unwrap();
    assert!(text.contains("\"gzipped\":true"), "{text}");
}

#[test]
fn a_connection_carries_many_requests_and_each_is_counted() {
    let server = server();
    let mut client = Client::new(&server);
    for _ in 0..3 {
        assert_eq!(client.send("GET /get?n=1", "", b"").status, 200);
    }
    assert_eq!(client.send("GET /status/500", "", b"").status, 500);
    assert_eq!(client.send("POST /post", "", b"abc").status, 200);
    let shown = client.send("GET /counts", "", b"");
    assert_eq!(shown.at("paths"), r#"{"/get":3,"/post":1,"/status/500":1}"#);
    let counts = server.counts();
    assert_eq!(
        (counts.connections, counts.requests, counts.paths["/get"]),
        (1, 5, 3)
    );
}

#[test]
fn a_stopped_server_has_closed_its_port_and_its_connections() {
    let server = server();
    let address = server.address();
    let mut open = Client::new(&server);
    assert_eq!(open.send("GET /get", "", b"").status, 200);
    server.stop();
    assert_eq!(open.0.read(&mut [0]).unwrap(), 0);
    assert!(TcpStream::connect(address).is_err());
}

impl Client {
    /// Sends bytes as they are.
    fn say(&mut self, bytes: &[u8]) {
        self.0.get_mut().write_all(bytes).unwrap();
    }

    /// What comes until the server closes.
    fn rest(&mut self) -> String {
        let mut rest = String::new();
        self.0.read_to_string(&mut rest).unwrap();
        rest
    }
}

#[test]
fn requests_that_come_together_are_answered_in_order() {
    let server = server();
    let mut client = Client::new(&server);
    let line = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: here\r\n\r\n");
    let all: String = [
        "/status/201",
        "/delay/0.01",
        "/stream/2",
        "/status/204",
        "/uuid",
    ]
    .map(line)
    .concat();
    client.say(all.as_bytes());
    let seen: Vec<u16> = (0..5).map(|_| client.answer(false).status).collect();
    assert_eq!(seen, [201, 200, 200, 204, 200]);
    // Byte by byte, over two of them.
    for byte in [line("/status/202"), line("/status/203")].concat().bytes() {
        client.say(&[byte]);
    }
    assert_eq!(client.answer(false).status, 202);
    assert_eq!(client.answer(false).status, 203);
    assert_eq!(server.counts().connections, 1);
}

#[test]
fn a_body_may_be_chunked() {
    let server = server();
    let mut client = Client::new(&server);
    let head = "POST /post HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\n\r\n";
    let body = "3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nA: b\r\n\r\n";
    for byte in [head, body].concat().bytes() {
        client.say(&[byte]);
    }
    assert_eq!(client.answer(false).at("data"), "abcde");
    client.say(format!("{head}{body}GET /status/201 HTTP/1.1\r\n\r\n").as_bytes());
    assert_eq!(client.answer(false).at("data"), "abcde");
    assert_eq!(client.answer(false).status, 201);
}

#[test]
fn a_client_that_waits_is_told_to_go_on() {
    let server = server();
    let mut client = Client::new(&server);
    let head =
        "PUT /put HTTP/1.1\r\nHost: here\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n";
    client.say(head.as_bytes());
    assert_eq!(client.answer(true).head, "HTTP/1.1 100 Continue\r\n");
    client.say(b"abc");
    assert_eq!(client.answer(false).at("data"), "abc");
    // One that does not wait is not told.
    client.say(format!("{head}xyz").as_bytes());
    assert_eq!(client.answer(false).at("data"), "xyz");
}

#[test]
fn an_answer_to_head_is_a_head() {
    let server = server();
    let mut client = Client::new(&server);
    let get = client.send("GET /json", "", b"");
    let head = client.send("HEAD /json", "", b"");
    assert_eq!(
        head.header("content-length"),
        Some(get.body.len().to_string().as_str())
    );
    let stream = client.send("HEAD /stream/3", "", b"");
    assert_eq!(stream.header("transfer-encoding"), Some("chunked"));
    assert_eq!(
        client
            .send("GET /status/304", "", b"")
            .header("content-length"),
        None
    );
    assert_eq!(client.send("GET /uuid", "", b"").status, 200);
    assert!(get.header("date").unwrap().ends_with(" GMT"));
}

#[test]
fn what_is_no_request_is_refused_and_the_connection_closed() {
    let too_many = format!("GET / HTTP/1.1\r\n{}\r\n", "a: b\r\n".repeat(1_001));
    for (bytes, status, says) in [
        (
            "nonsense\r\n\r\n",
            400,
            "its first line is not a method, a target and a version",
        ),
        (
            "GET / HTTP/2.0\r\n\r\n",
            400,
            "its version is neither HTTP/1.0 nor HTTP/1.1",
        ),
        (
            "GET / HTTP/1.1\r\nno colon\r\n\r\n",
            400,
            "a line of its headers has no colon",
        ),
        (
            "POST / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
            400,
            "it has a Content-Length beside a Transfer-Encoding",
        ),
        (
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nx",
            400,
            "the size of a chunk is malformed",
        ),
        (
            "POST / HTTP/1.1\r\nContent-Length: 67108865\r\n\r\n",
            413,
            "this server reads 64 MiB at most",
        ),
        (&too_many, 431, "it has too many headers"),
    ] {
        let server = server();
        let mut client = Client::new(&server);
        client.say(bytes.as_bytes());
        let answer = client.answer(false);
        assert_eq!(answer.status, status, "{bytes:.40}");
        assert_eq!(String::from_utf8_lossy(&answer.body), format!("{says}\n"));
        assert_eq!(answer.header("connection"), Some("close"));
        assert_eq!(client.rest(), "");
    }
}

#[test]
fn a_body_that_ends_early_is_refused() {
    for framing in ["Content-Length: 5", "Transfer-Encoding: chunked"] {
        let server = server();
        let mut client = Client::new(&server);
        client.say(format!("POST /post HTTP/1.1\r\n{framing}\r\n\r\n3\r\n").as_bytes());
        client.0.get_mut().shutdown(Shutdown::Write).unwrap();
        let answer = client.answer(false);
        assert_eq!(
            (answer.status, answer.body.as_slice()),
            (400, &b"the body ended early\n"[..])
        );
        assert_eq!(client.rest(), "");
    }
}

#[test]
fn a_connection_lasts_as_long_as_both_want() {
    let server = server();
    let mut client = Client::new(&server);
    assert_eq!(
        client
            .send("GET /uuid", "Connection: close\r\n", b"")
            .status,
        200
    );
    assert_eq!(client.rest(), "");
    // HTTP/1.0: the end of the connection is the end of the answer, unless it has a length and the client asks to go on.
    let mut client = Client::new(&server);
    for _ in 0..2 {
        client.say(b"GET /status/201 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
        let answer = client.answer(false);
        assert_eq!(answer.header("connection"), Some("keep-alive"));
        assert!(answer.head.starts_with("HTTP/1.0 201 Created\r\n"));
    }
    client.say(b"GET /bytes/200000?seed=1 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    let answer = client.answer(false);
    assert_eq!(answer.header("content-length"), None);
    assert_eq!(answer.header("transfer-encoding"), None);
    assert_eq!(answer.header("connection"), None);
    let mut body = Vec::new();
    client.0.read_to_end(&mut body).unwrap();
    assert_eq!(body.len(), 200_000);
}

#[test]
fn a_target_may_be_a_whole_url() {
    let server = server();
    let mut client = Client::new(&server);
    client.say(b"GET http://there:81/get?a=1#b HTTP/1.1\r\n\r\n");
    assert_eq!(client.answer(false).at("url"), "http://there:81/get?a=1");
    client.say(b"GET http://there?a=1 HTTP/1.1\r\nHost: here\r\n\r\n");
    assert_eq!(client.answer(false).status, 200);
    assert_eq!(server.counts().paths["/get"], 1);
    assert_eq!(server.counts().paths["/"], 1);
}

//! What each phase of a request means: by the order in which client and server do things, on one clock for both.

use crate::peer::{Script, Then};
use crate::user::{User, method, run, some, text, url};
use bggo_module_http_request::http_client;
use bggo_module_http_request::http_request::{In, Metric, Output, Wanted};
use bggo_runtime::contract::{Text, Value};
use bggo_tests::server::{Certificates, Nginx, free_port};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// A phase in `timings`.
fn phase(output: &Output, name: &str) -> Duration {
    let time = match output.timings.get(name) {
        Some(Value::Duration(time)) => Some(time),
        _ => None,
    };
    time.expect(name)
}

/// All phases, in their order.
fn phases(output: &Output) -> [Duration; 6] {
    [
        "dns",
        "connecting",
        "tls_handshake",
        "sending",
        "waiting",
        "receiving",
    ]
    .map(|name| phase(output, name))
}

fn sum(phases: [Duration; 6]) -> Duration {
    phases.iter().sum()
}

/// Two requests of one user, with all outputs.
fn asked_twice(client: Vec<http_client::In>, to: &str) -> [Output; 2] {
    run(async || {
        let user = User::new(client);
        let first = user.ask(vec![url(to)]).await.unwrap();
        let second = user.ask(vec![url(to)]).await.unwrap();
        user.leave().await;
        [first, second]
    })
}

/// That the first of two requests made a connection, and the second one found it.
fn are_phases_of_two(outputs: &[Output; 2], has_tls: &str) {
    let [first, second] = outputs;
    let all = phases(first);
    assert_eq!(text(&first.reused), "false");
    assert!(all[1] > Duration::ZERO, "{all:?}");
    assert_eq!((all[2] > Duration::ZERO).to_string(), has_tls, "{all:?}");
    assert!(all[4] > Duration::ZERO, "{all:?}");
    assert!(sum(all) <= phase(first, "total"), "{first:?}");
    let all = phases(second);
    assert_eq!(text(&second.reused), "true");
    assert_eq!(all[..3], [Duration::ZERO; 3]);
    assert!(all[4] > Duration::ZERO, "{all:?}");
    assert!(sum(all) <= phase(second, "total"), "{second:?}");
}

#[test]
fn the_phases_of_a_dial_belong_to_the_request_that_dialled() {
    let nginx = Nginx::start("location / { return 200 ok; }");
    are_phases_of_two(&asked_twice(vec![], &nginx.url()), "false");
}

#[test]
fn so_do_those_of_tls_whichever_http_is_spoken() {
    let (certificates, port) = (Certificates::new(&["localhost"]), free_port());
    let _nginx = Nginx::start(&format!(
        "listen 127.0.0.1:{port} ssl http2; ssl_certificate {}; ssl_certificate_key {};
         location / {{ return 200 ok; }}",
        certificates.path("server.crt"),
        certificates.path("server.key"),
    ));
    for version in ["1.1", "2"] {
        let client = vec![
            http_client::In::CaFile(some(certificates.path("ca.crt"))),
            http_client::In::HttpVersion(some(Text::Static(version))),
        ];
        let outputs = asked_twice(client, &format!("https://localhost:{port}/"));
        assert_eq!(text(&outputs[0].http_version), version);
        are_phases_of_two(&outputs, "true");
    }
}

/// When a server had what of a request with a long body.
struct Heard {
    /// Before it read the second half of the body, which no buffer of the system holds.
    half: Instant,
    /// After it had read all.
    all: Instant,
}

/// The length of a body of which a half does not fit between the two ends.
const LONG: usize = 32 << 20;

/// A server that takes one request with a body of [`LONG`] bytes.
fn slow_reader() -> (String, JoinHandle<Heard>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let served = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") {
            stream.read_exact(&mut byte).unwrap();
            head.push(byte[0]);
        }
        let mut body = vec![0; LONG / 2];
        stream.read_exact(&mut body).unwrap();
        let half = Instant::now();
        stream.read_exact(&mut body).unwrap();
        let all = Instant::now();
        stream.write_all(ANSWER).unwrap();
        Heard { half, all }
    });
    (format!("http://{address}/"), served)
}

#[test]
fn waiting_begins_with_the_last_byte_of_a_request_and_sending_ends_there() {
    let body = || In::Body(some(Text::from("x".repeat(LONG))));
    // With the phase `sending`, and where nobody asks for it.
    for wanted in [Wanted::NONE.timings(), Wanted::NONE.status_code()] {
        let (to, served) = slow_reader();
        let (begun, ended, waited, output) = run(async || {
            let user = User::new(vec![]);
            let begun = Instant::now();
            let request = vec![url(to), method("POST"), body()];
            let output = user.ask_late(request, &[], wanted).await.unwrap();
            let ended = Instant::now();
            let waited = user.recorded_time(Metric::WAITING);
            user.leave().await;
            (begun, ended, waited, output)
        });
        let heard = served.join().unwrap();
        // The last byte was sent after the server had begun to read what no buffer holds, and before it had read all.
        assert!(waited <= ended - heard.half, "{waited:?}");
        if !output.timings.is_null() {
            assert_eq!(phase(&output, "waiting"), waited);
            let sending = phase(&output, "sending");
            assert!(sending <= heard.all - begun, "{sending:?}");
            assert!(sum(phases(&output)) <= phase(&output, "total"));
        }
    }
}

#[test]
fn dials_are_recorded_once_and_what_nobody_asks_for_is_not_recorded() {
    let peer = Script::start(|_, _| Then::Answer(ANSWER.to_vec()));
    run(async || {
        let user = User::new(vec![]);
        for _ in 0..3 {
            let body = In::Body(some(Text::Static("four")));
            let request = vec![url(peer.url()), method("POST"), body];
            user.ask_late(request, &[], Wanted::ALL).await.unwrap();
        }
        let dials = [Metric::DNS, Metric::CONNECTING, Metric::TLS_HANDSHAKE];
        assert_eq!(dials.map(|metric| user.recorded(metric)), [1, 1, 0]);
        let each = [Metric::WAITING, Metric::RECEIVING];
        assert_eq!(each.map(|metric| user.recorded(metric)), [3, 3]);
        assert_eq!(user.hits(Metric::REUSED), (2, 3));
        assert_eq!(user.counted(Metric::SENT), 12);
        // An output reads it, and no metric does.
        let sending = Metric::SENDING;
        assert_eq!(user.recorded_on_demand(sending), 0);
        user.leave().await;
        let user = User::asking(vec![], sending);
        for _ in 0..3 {
            let request = vec![url(peer.url())];
            user.ask_late(request, &[], Wanted::NONE).await.unwrap();
        }
        assert_eq!(user.recorded_on_demand(sending), 3);
        user.leave().await;
    });
}

#[test]
fn a_request_that_is_sent_again_is_one_more_that_had_a_connection() {
    let peer = Script::start(|_, nth| match nth {
        0 => Then::Answer(ANSWER.to_vec()),
        _ => Then::Close,
    });
    run(async || {
        let user = User::new(vec![]);
        user.ask(vec![url(peer.url())]).await.unwrap();
        let again = user.ask(vec![url(peer.url())]).await.unwrap();
        assert_eq!(text(&again.reused), "false");
        assert!(phase(&again, "connecting") > Duration::ZERO);
        assert!(sum(phases(&again)) <= phase(&again, "total"));
        assert_eq!(user.counted(Metric::RESENT), 1);
        assert_eq!(user.hits(Metric::REUSED), (1, 3));
        assert_eq!(user.recorded(Metric::CONNECTING), 2);
        user.leave().await;
    });
}

#[test]
fn the_phases_of_a_redirected_request_are_those_of_its_last_hop() {
    let peer = Script::start(|line, _| {
        match line.contains("/from") {
        true => Then::AnswerAndClose(
            b"HTTP/1.1 302 Found\r\nLocation: /to\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                .to_vec(),
        ),
        false => Then::Answer(ANSWER.to_vec()),
    }
    });
    run(async || {
        let user = User::new(vec![]);
        let to = format!("{}/from", peer.url());
        let output = user.ask(vec![url(to)]).await.unwrap();
        assert_eq!(user.recorded(Metric::CONNECTING), 2);
        assert_eq!(user.recorded(Metric::WAITING), 1);
        assert_eq!(user.hits(Metric::REUSED), (0, 2));
        assert!(sum(phases(&output)) <= phase(&output, "total"));
        user.leave().await;
    });
}

#[test]
fn the_reference_transport_tells_what_it_knows() {
    let nginx = Nginx::start("location / { return 200 ok; }");
    let client = vec![http_client::In::Transport(some(Text::Static("reqwest")))];
    let [_, second] = asked_twice(client, &nginx.url());
    assert!(second.reused.is_null());
    assert!(second.timings.get("sending").unwrap().is_null());
    assert!(phase(&second, "waiting") > Duration::ZERO);
    let both = phase(&second, "waiting") + phase(&second, "receiving");
    assert!(both <= phase(&second, "total"));
}

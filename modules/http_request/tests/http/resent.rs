//! A connection that the server closes while it lies idle: which requests go out once more, and how often.

use crate::peer::{Script, Then};
use crate::user::{User, method, run, some, text, url};
use bggo_module_http_request::http_request::{In, Wanted};
use bggo_runtime::contract::Fault;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::rc::Rc;
use std::sync::mpsc::channel;
use std::time::Duration;

fn answer() -> Vec<u8> {
    b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok".to_vec()
}

/// Answers the first request of each connection, and does `then` with the next.
fn once(then: fn() -> Then) -> Script {
    Script::start(move |_, number| match number {
        0 => Then::Answer(answer()),
        _ => then(),
    })
}

/// A request with `method` on a connection that has served one already.
fn second(peer: &Script, name: &'static str, more: Vec<In>) -> Result<String, Fault> {
    run(async || {
        let user = User::new(vec![]);
        user.ask(vec![url(peer.url())]).await.unwrap();
        let mut inputs = vec![url(format!("{}/second", peer.url())), method(name)];
        inputs.extend(more);
        let output = user.ask(inputs).await;
        user.leave().await;
        output.map(|output| text(&output.status_code))
    })
}

fn lines(seen: &[(usize, String)]) -> Vec<(usize, &str)> {
    seen.iter()
        .map(|(connection, line)| (*connection, line.as_str()))
        .collect()
}

#[test]
fn an_idempotent_request_on_a_used_connection_goes_out_once_more_on_a_new_one() {
    for then in [(|| Then::Close) as fn() -> Then, || Then::Reset] {
        for name in ["GET", "HEAD", "OPTIONS", "DELETE", "PUT"] {
            let peer = once(then);
            assert_eq!(second(&peer, name, vec![]).unwrap(), "200", "{name}");
            let again = format!("{name} /second");
            assert_eq!(
                lines(&peer.seen()),
                [(1, "GET /"), (1, &*again), (2, &*again)]
            );
        }
    }
}

#[test]
fn a_byte_of_an_answer_says_that_the_server_had_the_request() {
    let peer = once(|| Then::AnswerAndClose(b"HTTP/1.1 200 OK\r\nContent-Le".to_vec()));
    let fault = second(&peer, "GET", vec![]).unwrap_err();
    assert_eq!(fault.kind(), "closed");
    assert_eq!(lines(&peer.seen()), [(1, "GET /"), (1, "GET /second")]);
}

#[test]
fn a_body_goes_along_again() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(&[7; 100_000]).unwrap();
    let path = file.path().to_str().unwrap().to_owned();
    for body in [In::Body(some("x".to_owned())), In::File(some(path))] {
        let peer = once(|| Then::Close);
        assert_eq!(second(&peer, "PUT", vec![body]).unwrap(), "200");
        assert_eq!(peer.seen().len(), 3);
    }
}

#[test]
fn what_is_not_idempotent_is_never_sent_twice() {
    for name in ["POST", "PATCH"] {
        let peer = once(|| Then::Close);
        let fault = second(&peer, name, vec![In::Body(some("x".to_owned()))]).unwrap_err();
        assert_eq!(fault.kind(), "closed", "{name}");
        let line = format!("{name} /second");
        assert_eq!(lines(&peer.seen()), [(1, "GET /"), (1, &*line)]);
    }
}

#[test]
fn a_new_connection_that_is_closed_before_an_answer_is_a_fault_at_once() {
    for (then, kind) in [
        ((|| Then::Close) as fn() -> Then, "closed"),
        (|| Then::Reset, "reset"),
    ] {
        let peer = Script::start(move |_, _| then());
        let fault = run(async || {
            let user = User::new(vec![]);
            let fault = user.ask(vec![url(peer.url())]).await.unwrap_err();
            user.leave().await;
            fault
        });
        assert_eq!(fault.kind(), kind);
        assert_eq!(peer.seen().len(), 1);
    }
}

#[test]
fn the_second_time_is_the_last() {
    // The connection that the request goes out on once more is closed as well.
    let peer = Script::start(|line, _| match line {
        "GET /" => Then::Answer(answer()),
        _ => Then::Close,
    });
    assert_eq!(second(&peer, "GET", vec![]).unwrap_err().kind(), "closed");
    assert_eq!(
        lines(&peer.seen()),
        [(1, "GET /"), (1, "GET /second"), (2, "GET /second")]
    );
}

#[test]
fn no_other_idle_connection_is_tried_before_a_new_one() {
    let peer = once(|| Then::Close);
    run(async || {
        let user = Rc::new(User::new(vec![]));
        let two = [(), ()].map(|()| {
            let (user, address) = (Rc::clone(&user), peer.url());
            tokio::task::spawn_local(async move { user.ask(vec![url(address)]).await.map(drop) })
        });
        for one in two {
            one.await.unwrap().unwrap();
        }
        let before = peer.seen();
        user.ask(vec![url(peer.url())]).await.unwrap();
        let after = peer.seen();
        let known = before
            .iter()
            .map(|(connection, _)| *connection)
            .max()
            .unwrap();
        assert_eq!(after.len(), 2, "{before:?}, then {after:?}");
        assert!(
            after[0].0 <= known && after[1].0 > known,
            "{before:?}, then {after:?}"
        );
        Rc::into_inner(user).unwrap().leave().await;
    });
}

#[test]
fn each_request_may_go_out_once_more() {
    let peer = once(|| Then::Close);
    run(async || {
        let user = User::new(vec![]);
        for _ in 0..4 {
            user.ask_late(vec![url(peer.url())], &[], Wanted::NONE)
                .await
                .unwrap();
        }
        user.leave().await;
    });
    let connections: Vec<usize> = peer.seen().iter().map(|(number, _)| *number).collect();
    assert_eq!(connections, [1, 1, 2, 2, 3, 3, 4]);
}

#[test]
fn what_is_not_idempotent_takes_no_connection_that_is_closed_by_then() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let (close, closing) = channel::<()>();
    let (closed, is_closed) = channel();
    let server = std::thread::spawn(move || {
        for stream in listener.incoming().take(3) {
            let mut stream = stream.unwrap();
            assert_ne!(stream.read(&mut [0; 4096]).unwrap(), 0);
            stream.write_all(&answer()).unwrap();
            closing.recv().unwrap();
            drop(stream);
            closed.send(()).unwrap();
        }
    });
    run(async || {
        let user = User::new(vec![]);
        for name in ["GET", "POST", "PATCH"] {
            let output = user.ask(vec![url(&*address), method(name)]).await.unwrap();
            assert_eq!(text(&output.body), "ok");
            // The connection lies idle, and nothing more was there to be read.
            for _ in 0..10 {
                tokio::task::yield_now().await;
            }
            close.send(()).unwrap();
            // This thread stands still: only the system knows of the close.
            is_closed.recv().unwrap();
            // It rests for long enough that the system is asked: from a millisecond on.
            std::thread::sleep(Duration::from_millis(1));
        }
        user.leave().await;
    });
    server.join().unwrap();
}

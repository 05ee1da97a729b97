//! A server of our own, which confirms out of order, sends messages back, refuses some, says that it is blocked, and breaks off where
//! it is told to: totals balance.

use crate::user::{BATCH, PUBLISH, User, batch, known, limit, message, run, text, told, whole};
use bggo_module_rabbitmq::rabbitmq_publish_batch::{In, Metric};
use bggo_module_rabbitmq::{rabbitmq_connection, rabbitmq_get, rabbitmq_publish};
use bggo_runtime::contract::{Text, Value};
use std::future::poll_fn;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::thread::JoinHandle;

/// A frame of a method on a channel.
fn method(channel: u16, payload: &[u8]) -> Vec<u8> {
    frame(1, channel, payload)
}

fn frame(kind: u8, channel: u16, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![kind];
    bytes.extend(channel.to_be_bytes());
    bytes.extend(u32::try_from(payload.len()).unwrap().to_be_bytes());
    bytes.extend(payload);
    bytes.push(0xce);
    bytes
}

fn confirm(method: u16, tag: u64, last: u8) -> Vec<u8> {
    let mut payload = vec![0, 60];
    payload.extend(method.to_be_bytes());
    payload.extend(tag.to_be_bytes());
    payload.push(last);
    self::method(1, &payload)
}

fn ack(tag: u64, multiple: bool) -> Vec<u8> {
    confirm(80, tag, multiple.into())
}

fn nack(tag: u64) -> Vec<u8> {
    confirm(120, tag, 0)
}

/// A message to queue `q` that comes back.
fn returned() -> Vec<u8> {
    let mut bytes = method(1, b"\0\x3c\0\x32\x01\x38\x08NO_ROUTE\0\x01q");
    bytes.extend(frame(2, 1, b"\0\x3c\0\0\0\0\0\0\0\0\0\x01\0\0"));
    bytes.extend(frame(3, 1, b"x"));
    bytes
}

const START: &[u8] =
    b"\0\x0a\0\x0a\0\x09\0\0\0\x0e\x07versionS\0\0\0\x011\0\0\0\x05PLAIN\0\0\0\x05en_US";
const TUNE: &[u8] = b"\0\x0a\0\x1e\x07\xff\0\x02\0\0\0\0";
const OPEN_OK: &[u8] = b"\0\x0a\0\x29\0";
const CHANNEL_OPEN_OK: &[u8] = b"\0\x14\0\x0b\0\0\0\0";
const SELECT_OK: &[u8] = b"\0\x55\0\x0b";
const CLOSE_OK: &[u8] = b"\0\x0a\0\x33";

/// A client of the server.
struct Client(TcpStream);

impl Client {
    /// The kind, channel and payload of the next frame. `None` at the end.
    fn frame(&mut self) -> Option<(u8, u16, Vec<u8>)> {
        let mut head = [0; 7];
        self.0.read_exact(&mut head).ok()?;
        let size = u32::from_be_bytes([head[3], head[4], head[5], head[6]]) as usize;
        let mut payload = vec![0; size + 1];
        self.0.read_exact(&mut payload).ok()?;
        assert_eq!(payload.pop(), Some(0xce));
        Some((head[0], u16::from_be_bytes([head[1], head[2]]), payload))
    }

    fn says(&mut self, bytes: &[u8]) {
        // Whoever was cut off before cannot hear it.
        let _ = self.0.write_all(bytes);
    }

    fn expects(&mut self, class: u8, method: u8) {
        let (kind, _, payload) = self.frame().unwrap();
        assert_eq!((kind, payload[1], payload[3]), (1, class, method));
    }

    fn logs_in(&mut self) {
        self.0.read_exact(&mut [0; 8]).unwrap();
        self.says(&method(0, START));
        self.expects(10, 11);
        self.says(&method(0, TUNE));
        self.expects(10, 31);
        self.expects(10, 40);
        self.says(&method(0, OPEN_OK));
    }

    /// Opens the channel for confirms.
    fn opens(&mut self) {
        self.expects(20, 10);
        self.says(&method(1, CHANNEL_OPEN_OK));
        self.expects(85, 10);
        self.says(&method(1, SELECT_OK));
    }

    /// Reads so many messages, each of three frames.
    fn reads(&mut self, count: usize) {
        for _ in 0..count {
            self.expects(60, 40);
            assert_eq!(self.frame().unwrap().0, 2);
            assert_eq!(self.frame().unwrap().0, 3);
        }
    }

    /// Hears the goodbye.
    fn ends(mut self) {
        self.expects(10, 50);
        self.says(&method(0, CLOSE_OK));
    }
}

/// A server with one client.
fn serve(script: impl FnOnce(Client) + Send + 'static) -> (String, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("amqp://127.0.0.1:{}", listener.local_addr().unwrap().port());
    let serving = std::thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        // Before the client can see its connection end: whoever comes then is refused, and does not wait in vain.
        drop(listener);
        stream.set_nodelay(true).unwrap();
        let mut client = Client(stream);
        client.logs_in();
        script(client);
    });
    (url, serving)
}

#[test]
fn confirms_in_any_order_returns_and_refusals_add_up() {
    let (url, serving) = serve(|mut client| {
        client.opens();
        client.reads(50);
        // From the last one on, byte by byte.
        for tag in (41..=50).rev() {
            for byte in ack(tag, false) {
                client.says(&[byte]);
            }
        }
        // Three come back, each before its confirm.
        for _ in 0..3 {
            client.says(&returned());
        }
        client.says(&ack(3, true));
        // Each tenth is refused, and the rest confirmed at once.
        for tag in [10, 20, 30, 40] {
            client.says(&nack(tag));
        }
        client.says(&ack(25, true));
        client.says(&ack(40, true));
        client.ends();
    });
    run(async || {
        let user = User::new(&url);
        let mut inputs = batch("q", 50);
        inputs.push(In::Mandatory(known(Some(true))));
        let (kind, text) = told(user.publish_batch(inputs).await);
        assert_eq!(kind, "nack");
        assert_eq!(text, "the server refused 4 of 50 messages");
        assert_eq!(user.counted_by(&BATCH, Metric::MESSAGES), 43);
        assert_eq!(user.counted_by(&BATCH, Metric::RETURNED), 3);
        assert_eq!(user.counted_by(&BATCH, Metric::NACKED), 4);
        assert_eq!(user.counted_by(&BATCH, Metric::POSSIBLY_WRITTEN), 0);
        user.leave().await;
    });
    serving.join().unwrap();
}

#[test]
fn a_step_that_is_given_up_leaves_no_confirm_for_the_next_one() {
    let (url, serving) = serve(|mut client| {
        client.opens();
        client.reads(1);
        // The first one is refused when its step has gone.
        client.reads(1);
        client.says(&nack(1));
        client.says(&ack(2, false));
        client.ends();
    });
    run(async || {
        let user = User::new(&url);
        let mut late = message("q", "x");
        late.push(rabbitmq_publish::In::Timeout(limit(200)));
        assert_eq!(told(user.publish(late).await).0, "timeout");
        assert_eq!(
            user.counted_by(&PUBLISH, rabbitmq_publish::Metric::POSSIBLY_WRITTEN),
            1
        );
        user.sends("q", "y").await.unwrap();
        assert_eq!(
            user.counted_by(&PUBLISH, rabbitmq_publish::Metric::POSSIBLY_WRITTEN),
            1
        );
        user.leave().await;
    });
    serving.join().unwrap();
}

#[test]
fn a_message_that_came_for_a_get_that_was_given_up_goes_back_to_its_queue() {
    let asked = Arc::new(AtomicBool::new(false));
    let has_asked = Arc::clone(&asked);
    let (url, serving) = serve(move |mut client| {
        client.expects(20, 10);
        client.says(&method(1, CHANNEL_OPEN_OK));
        client.expects(60, 70);
        has_asked.store(true, Ordering::SeqCst);
        client.expects(20, 10);
        client.says(&method(2, CHANNEL_OPEN_OK));
        client.expects(85, 10);
        client.says(&method(2, SELECT_OK));
        client.reads(1);
        // The message and the confirm come at once: whoever waits for the confirm reads both.
        let mut both = method(1, b"\0\x3c\0\x47\0\0\0\0\0\0\0\x07\0\0\x01q\0\0\0\0");
        both.extend(frame(2, 1, b"\0\x3c\0\0\0\0\0\0\0\0\0\x01\0\0"));
        both.extend(frame(3, 1, b"x"));
        both.extend(method(2, b"\0\x3c\0\x50\0\0\0\0\0\0\0\x01\0"));
        client.says(&both);
        let (_, channel, payload) = client.frame().unwrap();
        assert_eq!((channel, &payload[..4]), (1, &b"\0\x3c\0\x78"[..]));
        assert_eq!((payload[11], payload[12]), (7, 2), "it is given back");
        // The next step gets what is there now, and not that message.
        client.expects(60, 70);
        client.says(&method(1, b"\0\x3c\0\x48\0"));
        client.ends();
    });
    run(async || {
        let user = User::new(&url);
        let queue = || vec![rabbitmq_get::In::Queue(text("q"))];
        {
            let mut gets = pin!(user.get(queue()));
            let mut publishes = pin!(user.sends("other", "y"));
            // The get is polled until it has asked, and never again.
            while !asked.load(Ordering::SeqCst) {
                poll_fn(|cx| {
                    assert!(gets.as_mut().poll(cx).is_pending());
                    Poll::Ready(())
                })
                .await;
                tokio::task::yield_now().await;
            }
            publishes.as_mut().await.unwrap();
        }
        let output = user.get(queue()).await.unwrap();
        assert_eq!(output.message, Value::Null);
        user.leave().await;
    });
    serving.join().unwrap();
}

#[test]
fn a_server_that_is_blocked_is_waited_for_or_fails_the_step() {
    for fails in [false, true] {
        let (goes_on, waits) = std::sync::mpsc::channel();
        let (url, serving) = serve(move |mut client| {
            client.opens();
            client.reads(10);
            client.says(&ack(5, true));
            client.says(&method(0, b"\0\x0a\0\x3c\x06memory"));
            if fails {
                // The rest is confirmed too late for its step.
                waits.recv().unwrap();
                client.says(&ack(10, true));
                client.says(&method(0, b"\0\x0a\0\x3d"));
                client.reads(1);
                client.says(&ack(11, false));
            } else {
                client.says(&method(0, b"\0\x0a\0\x3d"));
                client.says(&ack(10, true));
            }
            client.ends();
        });
        run(async || {
            let word = if fails { "fail" } else { "wait" };
            let blocked = rabbitmq_connection::In::Blocked(known(Some(Text::Static(word))));
            let user = User::with(&url, vec![blocked]);
            let done = user.publish_batch(batch("q", 10)).await;
            if fails {
                let (kind, text) = told(done);
                assert_eq!((kind.as_str(), text.contains("memory")), ("blocked", true));
                assert_eq!(user.counted_by(&BATCH, Metric::POSSIBLY_WRITTEN), 5);
                goes_on.send(()).unwrap();
                user.waits_until(|| user.recorded(rabbitmq_connection::Metric::BLOCKED_TIME) == 1)
                    .await;
                user.sends("q", "x").await.unwrap();
            } else {
                assert_eq!(whole(&done.unwrap().confirmed), 10);
                assert_eq!(user.recorded(rabbitmq_connection::Metric::BLOCKED_TIME), 1);
            }
            user.leave().await;
        });
        serving.join().unwrap();
    }
}

#[test]
fn a_connection_that_ends_half_way_counts_what_was_not_confirmed() {
    let closes: &[u8] = b"\0\x0a\0\x32\x01\x40\x1eCONNECTION_FORCED - going down\0\0\0\0";
    for (bytes, expected) in [
        (Vec::new(), "closed"),
        (method(0, closes), "connection_closed"),
        (b"nonsense".to_vec(), "protocol"),
        // A confirm of what was never sent.
        (ack(99, false), "protocol"),
    ] {
        let (url, serving) = serve(move |mut client| {
            client.opens();
            client.reads(10);
            client.says(&ack(4, true));
            client.says(&bytes);
        });
        run(async || {
            let user = User::new(&url);
            let (kind, text) = told(user.publish_batch(batch("q", 10)).await);
            assert_eq!(kind, expected, "{text}");
            assert_eq!(user.counted_by(&BATCH, Metric::POSSIBLY_WRITTEN), 6);
            // The next step wants a connection of its own, and nobody listens any more.
            assert_eq!(told(user.sends("q", "x").await).0, "refused");
        });
        serving.join().unwrap();
    }
}

#[test]
fn a_server_that_says_what_it_may_not_ends_the_connection() {
    let deliver = b"\0\x3c\0\x3c\x01c\0\0\0\0\0\0\0\x01\0\0\x01q";
    let broken: Vec<Vec<u8>> = vec![
        // A message that nobody asked for, two beginnings of one, a header without one, and a body without a header.
        [
            method(1, deliver),
            frame(2, 1, b"\0\x3c\0\0\0\0\0\0\0\0\0\0\0\0"),
        ]
        .concat(),
        [method(1, deliver), method(1, deliver)].concat(),
        frame(2, 1, b"\0\x3c\0\0\0\0\0\0\0\0\0\x01\0\0"),
        [method(1, deliver), frame(3, 1, b"x")].concat(),
        // More than its header says.
        [
            method(1, deliver),
            frame(2, 1, b"\0\x3c\0\0\0\0\0\0\0\0\0\x01\0\0"),
            frame(3, 1, b"xy"),
        ]
        .concat(),
        // An answer to nothing, a channel that is not open, a method of clients, and one that is cut off.
        method(1, b"\0\x32\0\x1f\0\0\0\0"),
        method(7, b"\0\x3c\0\x50\0\0\0\0\0\0\0\x01\0"),
        method(1, b"\0\x3c\0\x28\0\0\0\0\0"),
        method(1, b"\0\x3c\0\x50\0"),
        // A frame that is larger than was agreed on, and one with another end.
        b"\x03\0\x01\x7f\xff\xff\xff".to_vec(),
        b"\x08\0\0\0\0\0\0\x00".to_vec(),
    ];
    for bytes in broken {
        let said = bytes.clone();
        let (url, serving) = serve(move |mut client| {
            client.opens();
            client.reads(1);
            client.says(&said);
            // It stays until the client goes.
            while client.frame().is_some() {}
        });
        run(async || {
            let user = User::new(&url);
            let (kind, text) = told(user.sends("q", "x").await);
            assert_eq!(kind, "protocol", "{bytes:?} {text}");
            user.leave().await;
        });
        serving.join().unwrap();
    }
}

//! A proxy that hands on replies byte by byte, or ends the connection after each byte of one.

use crate::user::{User, known, list, run, told};
use bggo_module_redis::redis_connection::Metric;
use bggo_module_redis::{redis_pipeline, redis_subscription};
use bggo_runtime::contract::{Early, Shape, Value, encode_json};
use bggo_tests::server::Redis;
use std::io::{BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Never ends a connection by itself.
const NEVER: usize = usize::MAX;

/// A proxy. It hands on replies one byte at a time, and ends its next connection after so many of them.
struct Cutter {
    port: u16,
    after: Arc<AtomicUsize>,
}

impl Cutter {
    fn start(server: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let after = Arc::new(AtomicUsize::new(NEVER));
        let left = Arc::clone(&after);
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let Ok(client) = client else { return };
                let behind = TcpStream::connect(("127.0.0.1", server)).unwrap();
                behind.set_nodelay(true).unwrap();
                client.set_nodelay(true).unwrap();
                let (from, to) = (client.try_clone().unwrap(), behind.try_clone().unwrap());
                std::thread::spawn(move || {
                    let _ = std::io::copy(&mut &from, &mut &to);
                    let _ = to.shutdown(Shutdown::Both);
                });
                let left = Arc::clone(&left);
                std::thread::spawn(move || {
                    for byte in BufReader::new(&behind).bytes() {
                        let Ok(byte) = byte else { break };
                        let before = left.load(Ordering::SeqCst);
                        if before == 0 || (&client).write_all(&[byte]).is_err() {
                            break;
                        }
                        if before != NEVER {
                            left.store(before - 1, Ordering::SeqCst);
                        }
                    }
                    let _ = client.shutdown(Shutdown::Both);
                    let _ = behind.shutdown(Shutdown::Both);
                });
            }
        });
        Self { port, after }
    }
}

#[test]
fn replies_that_come_byte_by_byte_are_whole() {
    let server = Redis::start();
    let proxy = Cutter::start(server.port());
    run(async || {
        let user = User::new(&format!("redis://127.0.0.1:{}", proxy.port));
        user.asks(&["HSET", "hash", "a\r\n", "1", "b", "+OK"])
            .await
            .unwrap();
        assert_eq!(
            user.asks(&["HGETALL", "hash"]).await.unwrap(),
            r#"{"a\r\n":"1","b":"+OK"}"#
        );
        assert_eq!(user.asks(&["GET", "nothing"]).await.unwrap(), "null");
        user.leave().await;
    });
}

#[test]
fn a_reply_that_is_cut_off_anywhere_fails_its_step_and_the_next_one_gets_its_own() {
    let server = Redis::start();
    server.ask(&["RPUSH", "list", "one", "two", "three"]);
    let proxy = Cutter::start(server.port());
    let size = b"*3\r\n$3\r\none\r\n$3\r\ntwo\r\n$5\r\nthree\r\n".len();
    run(async || {
        let user = User::new(&format!("redis://127.0.0.1:{}", proxy.port));
        for after in 0..size {
            let mine = format!("mine{after}");
            assert_eq!(
                user.asks(&["ECHO", &mine]).await.unwrap(),
                format!("\"{mine}\"")
            );
            proxy.after.store(after, Ordering::SeqCst);
            assert_eq!(
                told(user.asks(&["LRANGE", "list", "0", "-1"]).await).0,
                "closed",
                "{after}"
            );
            proxy.after.store(NEVER, Ordering::SeqCst);
        }
        assert_eq!(user.asks(&["PING"]).await.unwrap(), "\"PONG\"");
        assert_eq!(user.counted(Metric::RECONNECTS), size as u64);
        user.leave().await;
    });
    assert_eq!(server.calls("lrange"), size as u64);
}

#[test]
fn a_transaction_that_is_cut_off_anywhere_fails_as_a_whole() {
    let server = Redis::start();
    let proxy = Cutter::start(server.port());
    let commands = Value::from(vec![list(&["INCR", "n"]), list(&["INCR", "m"])]);
    let transaction = || {
        vec![
            redis_pipeline::In::Commands(Early::Known(Shape::from(commands.clone()))),
            redis_pipeline::In::Transaction(known(true)),
        ]
    };
    // As long as the counters have one digit; then the replies are longer, and are cut off as well.
    let rounds = b"+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n:1\r\n:1\r\n".len();
    run(async || {
        let user = User::new(&format!("redis://127.0.0.1:{}", proxy.port));
        for after in 0..rounds {
            user.asks(&["PING"]).await.unwrap();
            proxy.after.store(after, Ordering::SeqCst);
            let (kind, _) = told(user.pipeline(transaction()).await);
            assert_eq!(kind, "closed", "{after}");
            proxy.after.store(NEVER, Ordering::SeqCst);
        }
        let counts = format!("[{0},{0}]", rounds + 1);
        let output = user.pipeline(transaction()).await.unwrap();
        assert_eq!(encode_json(&output.values), counts);
        // Two commands of a step may have been executed, with what makes them a transaction.
        assert!(user.counted_by_step(redis_pipeline::Metric::POSSIBLY_EXECUTED) >= rounds as u64);
        user.leave().await;
    });
    // The server executed each of them once, whatever was heard of it.
    assert_eq!(server.calls("exec"), rounds as u64 + 1);
}

/// Waits until the server has so many subscribers to a channel.
async fn has_subscribers(server: &Redis, count: u32) {
    let begun = Instant::now();
    while server.ask(&["PUBSUB", "NUMSUB", "news"]) != format!("news\n{count}") {
        assert!(
            begun.elapsed() < Duration::from_secs(20),
            "no {count} subscribers"
        );
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

#[test]
fn a_message_that_is_cut_off_anywhere_ends_the_subscription_and_the_next_one_gets_its_own() {
    let server = Redis::start();
    let proxy = Cutter::start(server.port());
    let size = b">3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$3\r\ncut\r\n".len();
    run(async || {
        let url = format!("redis://127.0.0.1:{}", proxy.port);
        let channels = redis_subscription::In::Channels(known(Some(list(&["news"]))));
        let user = User::subscribed(&url, Vec::new(), vec![channels]);
        for after in 0..size {
            let mine = format!("mine{after}");
            let publishes = async {
                has_subscribers(&server, 1).await;
                server.ask(&["PUBLISH", "news", &mine]);
            };
            let (came, ()) = tokio::join!(user.receive(vec![]), publishes);
            assert_eq!(came.unwrap().message.as_text(), Some(&*mine));
            proxy.after.store(after, Ordering::SeqCst);
            server.ask(&["PUBLISH", "news", "cut"]);
            assert_eq!(told(user.receive(vec![]).await).0, "closed", "{after}");
            proxy.after.store(NEVER, Ordering::SeqCst);
            has_subscribers(&server, 0).await;
        }
        use bggo_module_redis::redis_subscription::Metric;
        let received = user.counted_by_subscription(Metric::MESSAGES_RECEIVED);
        assert_eq!(received, size as u64);
        user.leave().await;
    });
    assert_eq!(server.calls("subscribe"), size as u64);
}

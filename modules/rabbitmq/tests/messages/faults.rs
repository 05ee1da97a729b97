//! Servers that die, freeze, come back and have no memory, and proxies that cut connections off: each message is counted once.

use crate::user::{BATCH, PUBLISH, User, batch, known, limit, message, number, run, told};
use bggo_module_rabbitmq::rabbitmq_publish::{In, Metric};
use bggo_module_rabbitmq::{rabbitmq_connection, rabbitmq_publish_batch};
use bggo_runtime::contract::Text;
use bggo_tests::server::Rabbitmq;
use std::io::{BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

#[test]
fn a_server_that_freezes_dies_and_comes_back_loses_nothing_that_it_confirmed() {
    let mut server = Rabbitmq::start();
    let vhost = server.vhost("faults");
    vhost.queue("q", r#"{"durable":true}"#);
    let (url, name) = (vhost.url(), vhost.name().to_owned());
    // It is made again by hand: the vhost would hold the server.
    std::mem::forget(vhost);
    let persistent = || {
        let mut inputs = message("q", "kept");
        inputs.push(In::DeliveryMode(known(Some(Text::Static("persistent")))));
        inputs.push(In::Timeout(limit(1000)));
        inputs
    };
    run(async || {
        let user = User::new(&url);
        let mut confirmed = 0_i64;
        for _ in 0..5 {
            user.publish(persistent()).await.unwrap();
            confirmed += 1;
        }
        server.freeze();
        let (kind, text) = told(user.publish(persistent()).await);
        assert_eq!(kind, "timeout", "{text}");
        assert_eq!(user.counted_by(&PUBLISH, Metric::POSSIBLY_WRITTEN), 1);
        server.resume();
        user.publish(persistent()).await.unwrap();
        confirmed += 1;
        // The one that was given up was written when the server went on.
        assert_eq!(user.ready("q").await.unwrap(), confirmed + 1);
        assert_eq!(user.counted(rabbitmq_connection::Metric::CONNECTIONS), 1);

        // No memory: messages wait, and nothing is lost.
        server.alarm(true);
        let mut waits = persistent();
        waits.push(In::Timeout(limit(300)));
        assert_eq!(told(user.publish(waits).await).0, "timeout");
        let possibly = user.counted_by(&PUBLISH, Metric::POSSIBLY_WRITTEN);
        let ends = async {
            tokio::time::sleep(Duration::from_millis(50)).await;
            server.alarm(false);
        };
        let mut patient = persistent();
        patient.push(In::Timeout(limit(20_000)));
        let (published, ()) = tokio::join!(user.publish(patient), ends);
        published.unwrap();
        confirmed += 1;
        let there = user.ready("q").await.unwrap();
        assert!(
            there >= confirmed && there <= confirmed + possibly as i64,
            "{there} {confirmed} {possibly}"
        );
        assert!(user.recorded(rabbitmq_connection::Metric::BLOCKED_TIME) >= 1);

        server.die();
        let (kind, text) = told(user.publish(persistent()).await);
        assert!(kind == "closed", "{kind} {text}");
        server.restart();
        user.publish(persistent()).await.unwrap();
        confirmed += 1;
        let possibly = user.counted_by(&PUBLISH, Metric::POSSIBLY_WRITTEN) as i64;
        let there = user.ready("q").await.unwrap();
        assert!(
            there >= confirmed && there <= confirmed + possibly,
            "{there} {confirmed} {possibly}"
        );
        assert_eq!(user.counted(rabbitmq_connection::Metric::CONNECTIONS), 2);

        // It says goodbye when it is stopped in an orderly way.
        server.http("DELETE", &format!("/api/vhosts/{name}"), "");
        let (kind, text) = told(user.publish(persistent()).await);
        assert_eq!(kind, "connection_closed", "{text}");
        user.leave().await;
    });
}

#[test]
fn heartbeats_keep_an_idle_connection_and_find_a_server_that_is_gone() {
    let server = Rabbitmq::start();
    let vhost = server.vhost("heartbeats");
    vhost.queue("q", "{}");
    run(async || {
        let beat = rabbitmq_connection::In::Heartbeat(known(Some(Duration::from_secs(1))));
        let user = User::with(&vhost.url(), vec![beat]);
        user.sends("q", "one").await.unwrap();
        // A server that hears nothing for two intervals closes the connection.
        let rests = tokio::time::sleep(Duration::from_secs(5));
        user.idle_beside(rests).await;
        user.sends("q", "two").await.unwrap();
        assert_eq!(user.counted(rabbitmq_connection::Metric::CONNECTIONS), 1);
        server.freeze();
        let (kind, text) = told(user.takes("nothing").await);
        assert_eq!(kind, "closed", "{text}");
        assert!(text.contains("2s"), "{text}");
        server.resume();
        assert_eq!(user.ready("q").await.unwrap(), 2);
        assert_eq!(user.counted(rabbitmq_connection::Metric::CONNECTIONS), 2);
        user.leave().await;
    });
}

/// Never ends a connection by itself.
const NEVER: usize = usize::MAX;

/// A proxy. It hands on what the server says one byte at a time, and ends its next connection after so many of them.
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
                            // The test may have set it meanwhile.
                            let (order, less) = (Ordering::SeqCst, before - 1);
                            let _ = left.compare_exchange(before, less, order, order);
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
fn a_connection_that_is_cut_off_after_any_byte_of_its_answers_counts_each_message_once() {
    let server = Rabbitmq::shared();
    let vhost = server.vhost("faults-cut");
    vhost.queue("q", "{}");
    let proxy = Cutter::start(server.port());
    run(async || {
        let judge = User::new(&vhost.url());
        judge.sends("q", "first").await.unwrap();
        let (mut least, mut most) = (1_i64, 1_i64);
        // The channel's opening, a window's confirms and a consumer's messages have fewer bytes than this.
        for after in 0..60 {
            let user = User::with(
                &vhost.url_at(proxy.port),
                vec![rabbitmq_connection::In::Prefetch(number(1))],
            );
            proxy.after.store(NEVER, Ordering::SeqCst);
            // The connection is opened whole.
            user.ready("q").await.unwrap();
            proxy.after.store(after, Ordering::SeqCst);
            let published = user.publish_batch(batch("q", 3)).await;
            let confirmed =
                user.counted_by(&BATCH, rabbitmq_publish_batch::Metric::MESSAGES) as i64;
            let possibly =
                user.counted_by(&BATCH, rabbitmq_publish_batch::Metric::POSSIBLY_WRITTEN) as i64;
            match published {
                Ok(_) => assert_eq!((confirmed, possibly), (3, 0)),
                Err(fault) => {
                    assert_eq!(fault.kind(), "closed", "{}", fault.text());
                    assert!((1..=3).contains(&possibly), "{possibly}");
                }
            }
            least += confirmed;
            most += confirmed + possibly;
            proxy.after.store(NEVER, Ordering::SeqCst);
            // The next step has another connection, if it was cut off.
            let there = user.ready("q").await;
            let there = match there {
                Ok(there) => there,
                Err(_) => user.ready("q").await.unwrap(),
            };
            assert!(
                least <= there && there <= most,
                "{after}: {least} {there} {most}"
            );
            user.leave().await;
        }
        let there = judge.ready("q").await.unwrap();
        assert!((least..=most).contains(&there), "{least} {there} {most}");
        judge.leave().await;
    });
}

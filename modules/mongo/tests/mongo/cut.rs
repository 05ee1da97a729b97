//! A proxy that hands on answers byte by byte, or ends the connection after each byte of one.

use crate::user::{User, run, told};
use bggo_module_mongo::mongo_connection::Metric;
use bggo_tests::server::Mongo;
use std::io::{BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Never ends a connection by itself.
const NEVER: usize = usize::MAX;

/// A proxy. It hands on answers one byte at a time, and ends its next connection after so many of them.
struct Cutter {
    port: u16,
    after: Arc<AtomicUsize>,
    handed: Arc<AtomicUsize>,
}

impl Cutter {
    fn start(server: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (after, handed) = (Arc::new(AtomicUsize::new(NEVER)), Arc::default());
        let (left, count) = (Arc::clone(&after), Arc::clone(&handed));
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let Ok(client) = client else { return };
                let (left, count) = (Arc::clone(&left), Arc::clone(&count));
                serve(client, server, left, count);
            }
        });
        Self {
            port,
            after,
            handed,
        }
    }
}

fn serve(client: TcpStream, server: u16, left: Arc<AtomicUsize>, handed: Arc<AtomicUsize>) {
    let behind = TcpStream::connect(("127.0.0.1", server)).unwrap();
    behind.set_nodelay(true).unwrap();
    client.set_nodelay(true).unwrap();
    let (from, to) = (client.try_clone().unwrap(), behind.try_clone().unwrap());
    std::thread::spawn(move || {
        let _ = std::io::copy(&mut &from, &mut &to);
        let _ = to.shutdown(Shutdown::Both);
    });
    std::thread::spawn(move || {
        for byte in BufReader::new(&behind).bytes() {
            let Ok(byte) = byte else { break };
            let before = left.load(Ordering::SeqCst);
            if before == 0 {
                break;
            }
            // Before the byte is sent: who has read the last one must find it counted.
            handed.fetch_add(1, Ordering::SeqCst);
            if (&client).write_all(&[byte]).is_err() {
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

#[test]
fn an_answer_that_is_cut_off_anywhere_fails_its_step_and_the_next_one_gets_its_own() {
    let server = Mongo::start();
    let proxy = Cutter::start(server.port());
    run(async || {
        let user = User::new(&format!("mongodb://127.0.0.1:{}", proxy.port));
        user.inserts(r#"[{"_id": 1, "text": "one"}, {"_id": 2, "text": "two"}]"#)
            .await
            .unwrap();
        // How long the answer is, which comes byte by byte.
        let before = proxy.handed.load(Ordering::SeqCst);
        let all = user.finds("{}").await.unwrap();
        assert_eq!(all, r#"[{"_id":1,"text":"one"},{"_id":2,"text":"two"}]"#);
        let size = proxy.handed.load(Ordering::SeqCst) - before;
        assert!(size > 100, "{size}");
        for after in 0..size {
            let id = after % 2 + 1;
            let own = user.finds(&format!(r#"{{"_id": {id}}}"#)).await.unwrap();
            assert!(own.starts_with(&format!(r#"[{{"_id":{id},"#)), "{own}");
            proxy.after.store(after, Ordering::SeqCst);
            assert_eq!(told(user.finds("{}").await).0, "closed", "{after}");
            proxy.after.store(NEVER, Ordering::SeqCst);
        }
        assert_eq!(user.finds("{}").await.unwrap(), all);
        assert_eq!(user.counted(Metric::RECONNECTS), size as u64);
        user.leave().await;
    });
}

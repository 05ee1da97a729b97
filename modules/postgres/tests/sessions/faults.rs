//! Answers that do not come: limits, servers that die or freeze, connections that are cut.

use crate::user::{User, kind, limit, run, text};
use crate::{server, user};
use bggo_module_postgres::postgres_connection::Metric;
use bggo_module_postgres::{postgres_commit, postgres_query};
use bggo_tests::server::Postgres;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

const NEXT: &str = "SELECT 42 AS n";
const NEXT_ROWS: &str = r#"[{"n":42}]"#;

#[test]
fn a_step_that_takes_too_long_is_cancelled_and_the_next_gets_its_own_answer() {
    let _held = server();
    run(async || {
        let user = user();
        let pid = user.rows("SELECT pg_backend_pid() AS n").await.unwrap();
        let slow = user.query(vec![
            text("SELECT pg_sleep(600)"),
            postgres_query::In::Timeout(limit(50)),
        ]);
        assert_eq!(kind(slow.await), "timeout");
        assert_eq!(user.rows(NEXT).await.unwrap(), NEXT_ROWS);
        // The server sees it ended, long before ten minutes.
        let pid: String = pid.chars().filter(char::is_ascii_digit).collect();
        let sees = format!("SELECT count(*) FROM pg_stat_activity WHERE pid = {pid}");
        user.waits_until(|| server().ask(&sees) == "0").await;
        assert_eq!(user.counted(Metric::CANCELS), 1);
        assert_eq!(user.counted(Metric::RECONNECTS), 1);
        assert_eq!(user.counted(Metric::POSSIBLY_WRITTEN), 0);
        user.leave().await;
    });
}

#[test]
fn a_step_that_is_dropped_is_cancelled_by_the_next_one_or_by_the_end() {
    let _held = server();
    run(async || {
        for leaves in [false, true] {
            let user = user();
            let pid = user.rows("SELECT pg_backend_pid() AS n").await.unwrap();
            let pid: String = pid.chars().filter(char::is_ascii_digit).collect();
            {
                let slow = user.rows("SELECT pg_sleep(600)");
                let _ = tokio::time::timeout(std::time::Duration::from_millis(50), slow).await;
            }
            let sees = format!("SELECT count(*) FROM pg_stat_activity WHERE pid = {pid}");
            if leaves {
                user.leave().await;
            } else {
                assert_eq!(user.rows(NEXT).await.unwrap(), NEXT_ROWS);
                user.waits_until(|| server().ask(&sees) == "0").await;
                user.leave().await;
            }
            server().wait_for(&sees, "0");
        }
    });
}

#[test]
fn a_write_whose_answer_does_not_come_is_counted() {
    let _held = server();
    run(async || {
        let user = user();
        server().ask("DROP TABLE IF EXISTS slow; CREATE TABLE slow (id int)");
        let slow = "INSERT INTO slow SELECT 1 FROM pg_sleep(600)";
        let inputs = || vec![text(slow), postgres_query::In::Timeout(limit(50))];
        assert_eq!(kind(user.query(inputs()).await), "timeout");
        assert_eq!(user.counted(Metric::POSSIBLY_WRITTEN), 1);
        // In a transaction nothing is written without its end.
        user.begin().await.unwrap();
        assert_eq!(kind(user.query(inputs()).await), "timeout");
        assert_eq!(user.counted(Metric::POSSIBLY_WRITTEN), 1);
        assert_eq!(user.counted(Metric::TRANSACTIONS_LOST), 1);
        let (kind_of_it, text_of_it) = user.fails(NEXT).await;
        assert_eq!(kind_of_it, "transaction_lost");
        assert!(text_of_it.contains("began"), "{text_of_it}");
        assert_eq!(kind(user.commit().await), "transaction_lost");
        assert!(user.roll_back().await.unwrap());
        assert_eq!(user.rows(NEXT).await.unwrap(), NEXT_ROWS);
        assert_eq!(server().ask("SELECT count(*) FROM slow"), "0");
        user.leave().await;
    });
}

#[test]
fn a_backend_that_is_terminated_costs_one_step_at_most() {
    let _held = server();
    run(async || {
        let user = user();
        // While the connection rests.
        let pid = user.rows("SELECT pg_backend_pid() AS n").await.unwrap();
        let pid: String = pid.chars().filter(char::is_ascii_digit).collect();
        server().ask(&format!("SELECT pg_terminate_backend({pid})"));
        server().wait_for(
            &format!("SELECT count(*) FROM pg_stat_activity WHERE pid = {pid}"),
            "0",
        );
        // The thread hears of it.
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        assert_eq!(user.rows(NEXT).await.unwrap(), NEXT_ROWS);
        assert_eq!(user.counted(Metric::RECONNECTS), 1);
        // While it works.
        let (kind_of_it, text_of_it) = user
            .fails("SELECT pg_terminate_backend(pg_backend_pid()), pg_sleep(600)")
            .await;
        assert_eq!(kind_of_it, "shutdown");
        assert!(text_of_it.contains("57P01"), "{text_of_it}");
        assert_eq!(user.rows(NEXT).await.unwrap(), NEXT_ROWS);
        // In a transaction.
        user.begin().await.unwrap();
        assert_eq!(
            user.fails("SELECT pg_terminate_backend(pg_backend_pid()), pg_sleep(600)")
                .await
                .0,
            "shutdown"
        );
        assert_eq!(user.fails(NEXT).await.0, "transaction_lost");
        // The next iteration knows nothing of it.
        user.begins_another_iteration();
        assert_eq!(user.rows(NEXT).await.unwrap(), NEXT_ROWS);
        assert_eq!(user.counted(Metric::RECONNECTS), 3);
        assert_eq!(user.counted(Metric::CANCELS), 0);
        user.leave().await;
    });
}

#[test]
fn a_server_that_dies_is_refused_and_found_again() {
    run(async || {
        let mut own = Postgres::start();
        let user = User::new(&own.url("postgres"));
        user.rows(NEXT).await.unwrap();
        own.die();
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        assert_eq!(user.fails(NEXT).await.0, "refused");
        own.start_again();
        assert_eq!(user.rows(NEXT).await.unwrap(), NEXT_ROWS);
        assert_eq!(user.counted(Metric::RECONNECTS), 1);
        user.leave().await;
    });
}

#[test]
fn a_server_that_is_frozen_holds_a_step_no_longer_than_its_limit() {
    run(async || {
        let own = Postgres::start();
        let user = User::new(&own.url("postgres"));
        user.rows(NEXT).await.unwrap();
        user.begin().await.unwrap();
        own.signal_all("STOP");
        let commit = user.commit_with(vec![postgres_commit::In::Timeout(limit(50))]);
        assert_eq!(kind(commit.await), "commit_unknown");
        assert_eq!(user.counted(Metric::POSSIBLY_WRITTEN), 1);
        assert_eq!(user.counted(Metric::TRANSACTIONS_LOST), 0);
        own.signal_all("CONT");
        assert_eq!(user.rows(NEXT).await.unwrap(), NEXT_ROWS);
        user.leave().await;
    });
}

/// A proxy that ends each connection after so many bytes of the server, and lets the next ones pass.
struct Cutter {
    port: u16,
    connections: Arc<AtomicUsize>,
}

impl Cutter {
    /// Cuts the first connection behind `most` bytes.
    fn new(to: u16, most: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let connections = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&connections);
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let Ok(client) = client else {
                    return;
                };
                let number = counted.fetch_add(1, Ordering::SeqCst);
                let left = if number == 0 { most } else { usize::MAX };
                let server = TcpStream::connect(("127.0.0.1", to)).unwrap();
                let (mut from_client, mut to_server) =
                    (client.try_clone().unwrap(), server.try_clone().unwrap());
                std::thread::spawn(move || {
                    let _ = std::io::copy(&mut from_client, &mut to_server);
                    let _ = to_server.shutdown(std::net::Shutdown::Both);
                });
                std::thread::spawn(move || pass(server, client, left));
            }
        });
        Self { port, connections }
    }
}

/// Passes on at most so many bytes, one by one.
fn pass(mut server: TcpStream, mut client: TcpStream, mut left: usize) {
    let mut bytes = [0; 4096];
    while let Ok(count @ 1..) = server.read(&mut bytes) {
        let now = count.min(left);
        left -= now;
        if client.write_all(&bytes[..now]).is_err() || left == 0 {
            break;
        }
    }
    let _ = client.shutdown(std::net::Shutdown::Both);
    let _ = server.shutdown(std::net::Shutdown::Both);
}

#[test]
fn an_answer_that_is_cut_off_at_any_byte_is_no_answer_to_the_next_step() {
    let _held = server();
    run(async || {
        server().ask("DROP TABLE IF EXISTS cuts; CREATE TABLE cuts (id int)");
        // How many bytes of the server an uncut session is, at most.
        let mut failures = 0;
        let mut reported = 0;
        let mut possibly = 0;
        let mut cut = 1;
        loop {
            let cutter = Cutter::new(server().port(), cut);
            let url = format!(
                "postgres://postgres@127.0.0.1:{}/postgres?sslmode=disable",
                cutter.port
            );
            let user = User::new(&url);
            let inserted = user.rows("INSERT INTO cuts VALUES (1)").await;
            let next = user.rows(NEXT).await;
            match &inserted {
                Ok(_) => reported += 1,
                Err(fault) => {
                    failures += 1;
                    assert!(
                        matches!(fault.kind(), "closed" | "protocol"),
                        "{}",
                        fault.text()
                    );
                }
            }
            possibly += user.counted(Metric::POSSIBLY_WRITTEN);
            // It has its own answer, or none.
            if let Ok(rows) = &next {
                assert_eq!(rows, NEXT_ROWS);
            }
            let connections = cutter.connections.load(Ordering::SeqCst);
            user.leave().await;
            if inserted.is_ok() && next.is_ok() && connections == 1 {
                break;
            }
            cut += if cut < 400 { 7 } else { 1 };
        }
        assert!(failures > 50, "{failures}");
        assert!(possibly > 0);
        let written: u64 = server().ask("SELECT count(*) FROM cuts").parse().unwrap();
        assert!(
            written >= reported && written <= reported + possibly,
            "{written} {reported} {possibly}"
        );
    });
}

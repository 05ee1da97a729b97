//! Servers that die, freeze and come back, and steps that are given up.

use crate::user::{User, command, known, run, told};
use bggo_module_redis::redis_command::{In, Metric};
use bggo_module_redis::redis_connection;
use bggo_tests::server::{Redis, RedisSetup};
use std::time::Duration;

#[test]
fn a_step_that_is_given_up_leaves_no_reply_for_the_next_one() {
    let server = Redis::start();
    run(async || {
        let user = User::new(&server.url());
        let slow = vec![
            command(&["BLPOP", "none", "30"]),
            In::Timeout(known(Some(Duration::from_millis(200)))),
        ];
        let (kind, text) = told(user.command(slow).await);
        assert_eq!(kind, "timeout");
        assert!(text.contains("200ms"), "{text}");
        assert_eq!(user.asks(&["ECHO", "mine"]).await.unwrap(), "\"mine\"");
        assert_eq!(user.counted(redis_connection::Metric::RECONNECTS), 1);
        assert_eq!(user.counted_by_step(Metric::POSSIBLY_EXECUTED), 1);
        user.leave().await;
    });
}

#[test]
fn a_user_that_is_cancelled_leaves_no_reply_either() {
    let server = Redis::start();
    run(async || {
        let user = User::new(&server.url());
        user.asks(&["PING"]).await.unwrap();
        let blocked = user.asks(&["BLPOP", "none", "30"]);
        assert!(
            tokio::time::timeout(Duration::from_millis(50), blocked)
                .await
                .is_err()
        );
        assert_eq!(user.asks(&["ECHO", "mine"]).await.unwrap(), "\"mine\"");
        assert_eq!(user.counted_by_step(Metric::POSSIBLY_EXECUTED), 1);
        // The server is left by the connection that was given up.
        user.waits_until(|| server.info("clients", "blocked_clients") == 0)
            .await;
        user.leave().await;
    });
}

#[test]
fn a_server_that_freezes_is_a_timeout_and_is_found_again() {
    let server = Redis::start();
    run(async || {
        let user = User::new(&server.url());
        user.asks(&["PING"]).await.unwrap();
        server.freeze();
        let limit = || In::Timeout(known(Some(Duration::from_millis(200))));
        assert_eq!(
            told(user.command(vec![command(&["INCR", "n"]), limit()]).await).0,
            "timeout"
        );
        assert_eq!(
            told(user.command(vec![command(&["INCR", "n"]), limit()]).await).0,
            "timeout"
        );
        server.resume();
        assert_eq!(user.asks(&["ECHO", "mine"]).await.unwrap(), "\"mine\"");
        // What was sent once may have been executed; what was not sent was not.
        assert_eq!(user.counted_by_step(Metric::POSSIBLY_EXECUTED), 1);
        user.leave().await;
    });
    assert!(server.calls("incr") <= 1);
}

#[test]
fn a_server_that_dies_is_told_and_one_that_comes_back_is_used() {
    let mut server = Redis::start();
    run(async || {
        let user = User::new(&server.url());
        user.asks(&["SET", "key", "x"]).await.unwrap();
        server.die();
        // A thread that waits hears of the end.
        let mut looks = 0;
        user.waits_until(|| {
            looks += 1;
            looks > 3
        })
        .await;
        assert_eq!(told(user.asks(&["GET", "key"]).await).0, "refused");
        assert_eq!(told(user.asks(&["GET", "key"]).await).0, "refused");
        server.restart();
        assert_eq!(user.asks(&["GET", "key"]).await.unwrap(), "null");
        assert_eq!(user.counted(redis_connection::Metric::RECONNECTS), 1);
        user.leave().await;
    });
}

#[test]
fn a_server_that_dies_while_a_step_waits_is_told() {
    let mut server = Redis::start();
    let url = server.url();
    run(async || {
        let user = User::new(&url);
        user.asks(&["PING"]).await.unwrap();
        let blocked = user.asks(&["BLPOP", "none", "30"]);
        let dies = async {
            tokio::time::sleep(Duration::from_millis(50)).await;
            server.die();
        };
        let (blocked, ()) = tokio::join!(blocked, dies);
        assert_eq!(told(blocked).0, "closed");
        assert_eq!(user.counted_by_step(Metric::POSSIBLY_EXECUTED), 1);
        user.leave().await;
    });
}

#[test]
fn what_the_server_refuses_has_its_kind() {
    let server = Redis::start();
    // One more megabyte than what this server has taken for itself.
    let most = server.info("memory", "used_memory") + 1_000_000;
    server.ask(&["CONFIG", "SET", "maxmemory-policy", "noeviction"]);
    server.ask(&["CONFIG", "SET", "maxmemory", &most.to_string()]);
    run(async || {
        let user = User::new(&server.url());
        user.asks(&["RPUSH", "list", "x"]).await.unwrap();
        let large = "x".repeat(200_000);
        for (words, expected) in [
            (&["GET", "list"][..], "wrong_type"),
            (&["NOSUCH"], "server_error"),
            (&["GET"], "server_error"),
            (
                &["EVALSHA", "0000000000000000000000000000000000000000", "0"],
                "no_script",
            ),
        ] {
            assert_eq!(told(user.asks(words).await).0, expected, "{words:?}");
        }
        let mut kinds = Vec::new();
        for number in 0..20 {
            if let Err(fault) = user.asks(&["SET", &format!("large{number}"), &large]).await {
                kinds.push(fault.kind());
            }
        }
        assert!(
            !kinds.is_empty() && kinds.iter().all(|kind| *kind == "out_of_memory"),
            "{kinds:?}"
        );
        user.leave().await;
    });
}

#[test]
fn a_server_with_too_many_clients_says_so() {
    let server = Redis::start_with(RedisSetup {
        arguments: &["--maxclients", "2"],
        ..RedisSetup::default()
    });
    run(async || {
        let users: Vec<User> = (0..4).map(|_| User::new(&server.url())).collect();
        let mut refused = 0;
        for user in &users {
            if let Err(fault) = user.asks(&["PING"]).await {
                assert!(
                    ["server_error", "closed"].contains(&fault.kind()),
                    "{}: {}",
                    fault.kind(),
                    fault.text()
                );
                refused += 1;
            }
        }
        assert_eq!(refused, 2);
    });
}

#[test]
fn a_reply_that_is_larger_than_allowed_is_not_kept() {
    let server = Redis::start();
    server.ask(&["SET", "large", &"x".repeat(100_000)]);
    run(async || {
        let user = User::with(
            &server.url(),
            vec![redis_connection::In::MaxReplySize(known(64_000_u64))],
        );
        assert_eq!(told(user.asks(&["GET", "large"]).await).0, "too_large");
        assert_eq!(user.asks(&["ECHO", "mine"]).await.unwrap(), "\"mine\"");
        user.leave().await;
    });
}

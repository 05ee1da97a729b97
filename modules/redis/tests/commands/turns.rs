//! Steps of one user that run side by side have the connection one after the other.

use crate::user::{User, command, known, run};
use bggo_module_redis::redis_command::{In, Metric};
use bggo_module_redis::redis_connection;
use bggo_runtime::contract::Value;
use bggo_tests::server::Redis;
use std::time::Duration;

#[test]
fn each_step_gets_its_own_reply_and_all_use_one_connection() {
    let server = Redis::start();
    run(async || {
        let user = User::new(&server.url());
        user.asks(&["RPUSH", "list", "first"]).await.unwrap();
        let texts = ["a", "b", "c", "d"];
        let words = texts.map(|text| ["ECHO", text]);
        let [first, second, third, fourth] = words.each_ref().map(|words| user.asks(words));
        let blocks = user.asks(&["BLPOP", "list", "5"]);
        let (first, second, third, fourth, blocked) =
            tokio::join!(first, second, third, fourth, blocks);
        for (came, text) in [first, second, third, fourth].into_iter().zip(texts) {
            assert_eq!(came.unwrap(), format!("\"{text}\""));
        }
        assert_eq!(blocked.unwrap(), r#"["list","first"]"#);
        assert_eq!(user.counted(redis_connection::Metric::CONNECTIONS), 1);
        user.leave().await;
    });
    assert_eq!(server.calls("echo"), 4);
}

#[test]
fn a_step_that_waits_for_its_turn_too_long_fails_and_harms_nobody() {
    let server = Redis::start();
    run(async || {
        let user = User::new(&server.url());
        user.asks(&["PING"]).await.unwrap();
        let waits = user.command(vec![
            command(&["ECHO", "late"]),
            In::Timeout(known(Some(Duration::from_millis(200)))),
        ]);
        let (blocked, waited) =
            tokio::join!(user.command(vec![command(&["BLPOP", "none", "1"])]), waits);
        assert_eq!(waited.unwrap_err().kind(), "timeout");
        assert_eq!(blocked.unwrap().value, Value::Null);
        assert_eq!(user.counted_by_step(Metric::POSSIBLY_EXECUTED), 0);
        assert_eq!(user.asks(&["PING"]).await.unwrap(), "\"PONG\"");
        assert_eq!(user.counted(redis_connection::Metric::CONNECTIONS), 1);
        user.leave().await;
    });
    assert_eq!(server.calls("echo"), 0);
}

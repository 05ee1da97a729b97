//! What a command gives, in both versions of the protocol.

use crate::user::{User, command, known, list, run};
use bggo_module_redis::redis_command::{In, Metric};
use bggo_module_redis::redis_connection;
use bggo_runtime::contract::{Early, Number, Shape, Value, encode_json};
use bggo_tests::server::Redis;

/// The value as JSON, and the type, of a command.
async fn told(user: &User, words: &[&str]) -> (String, String) {
    let output = user.command(vec![command(words)]).await.unwrap();
    assert_eq!(output.is_null, Value::Bool(output.value.is_null()));
    (
        encode_json(&output.value),
        output.r#type.as_text().unwrap().to_owned(),
    )
}

async fn tells_types(user: &User, newer: bool) {
    let of = |older: &'static str, newest: &'static str| if newer { newest } else { older };
    user.asks(&["HSET", "hash", "a", "1", "b", "x"])
        .await
        .unwrap();
    user.asks(&["SADD", "set", "one"]).await.unwrap();
    for (words, json, kind) in [
        (&["SET", "key", "väl\r\nue"][..], "\"OK\"", "string"),
        (&["GET", "key"], "\"väl\\r\\nue\"", "string"),
        (&["GET", "nothing"], "null", "null"),
        (&["INCR", "number"], "1", "integer"),
        (&["LRANGE", "list", "0", "-1"], "[]", "list"),
        (
            &["HGETALL", "hash"],
            of(r#"["a","1","b","x"]"#, r#"{"a":"1","b":"x"}"#),
            of("list", "map"),
        ),
        (&["SMEMBERS", "set"], r#"["one"]"#, of("list", "set")),
        (
            &["ZINCRBY", "z", "1.5", "m"],
            of(r#""1.5""#, "1.5"),
            of("string", "double"),
        ),
    ] {
        assert_eq!(
            told(user, words).await,
            (json.to_owned(), kind.to_owned()),
            "{words:?}"
        );
    }
}

#[test]
fn values_have_their_types_in_both_versions_of_the_protocol() {
    let server = Redis::start();
    for (version, newer) in [(2, false), (3, true)] {
        server.ask(&["FLUSHALL"]);
        run(async || {
            let inputs = vec![redis_connection::In::Resp(known(Number::from(version)))];
            let user = User::with(&server.url(), inputs);
            tells_types(&user, newer).await;
            let clients = server.ask(&["CLIENT", "LIST"]);
            assert!(
                clients
                    .lines()
                    .any(|line| line.contains("name=bggo ")
                        && line.contains(&format!("resp={version}"))),
                "{clients}"
            );
            user.leave().await;
        });
    }
}

#[test]
fn bytes_go_and_come_as_they_are() {
    let server = Redis::start();
    run(async || {
        let user = User::new(&server.url());
        let raw: Vec<u8> = (0..=255).collect();
        let bytes = Value::Bytes(raw.clone().into());
        let key = Value::Bytes(b"key\r\n\0".to_vec().into());
        let shape =
            |items: Vec<Value>| vec![In::Command(Early::Known(Shape::from(Value::from(items))))];
        user.command(shape(vec![Value::text("SET"), key.clone(), bytes]))
            .await
            .unwrap();
        let output = user
            .command(shape(vec![Value::text("GET"), key]))
            .await
            .unwrap();
        let Value::Bytes(came) = &output.value else {
            panic!("{:?}", output.value);
        };
        assert_eq!(&**came, raw);
        user.leave().await;
    });
    assert_eq!(server.calls("set"), 1);
}

#[test]
fn numbers_are_written_as_short_as_they_are() {
    let server = Redis::start();
    run(async || {
        let user = User::new(&server.url());
        let items = vec![
            Value::text("RPUSH"),
            Value::text("list"),
            Value::number(-7),
            Value::Number(Number::parse("0.10").unwrap()),
            Value::Bool(true),
        ];
        let command = In::Command(Early::Known(Shape::from(Value::from(items))));
        user.command(vec![command]).await.unwrap();
        assert_eq!(server.ask(&["LRANGE", "list", "0", "-1"]), "-7\n0.1\ntrue");
        user.leave().await;
    });
}

#[test]
fn each_step_is_one_command_of_the_server_and_bytes_are_counted() {
    let server = Redis::start();
    run(async || {
        let user = User::new(&server.url());
        for _ in 0..50 {
            user.asks(&["SET", "key", "value"]).await.unwrap();
        }
        assert_eq!(user.counted(redis_connection::Metric::CONNECTIONS), 1);
        assert_eq!(user.recorded(redis_connection::Metric::CONNECTING), 1);
        assert_eq!(
            user.counted_by_step(Metric::DATA_SENT),
            50 * "*3\r\n$3\r\nSET\r\n$3\r\nkey\r\n$5\r\nvalue\r\n".len() as u64
        );
        assert_eq!(user.counted_by_step(Metric::DATA_RECEIVED), 50 * 5);
        assert_eq!(user.counted_by_step(Metric::POSSIBLY_EXECUTED), 0);
        user.leave().await;
    });
    assert_eq!(server.calls("set"), 50);
}

#[test]
fn what_varies_is_read_with_each_run() {
    let server = Redis::start();
    run(async || {
        let user = User::new(&server.url());
        for number in 0..20 {
            let key = format!("key{number}");
            let reply = user
                .command(vec![In::Command(Early::Known(Shape::from(list(&[
                    "SET", &key, "x",
                ]))))])
                .await
                .unwrap();
            assert_eq!(reply.value.as_text(), Some("OK"));
        }
        user.leave().await;
    });
    assert_eq!(server.ask(&["DBSIZE"]), "20");
}

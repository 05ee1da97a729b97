//! Streams: what is added, what is read alone and by groups, and how long it was on its way.

use crate::user::{User, known, list, run, some, told};
use bggo_module_redis::{redis_stream_add, redis_stream_read};
use bggo_runtime::contract::{Early, Number, Text, Value, encode_json};
use bggo_tests::server::Redis;
use std::time::Duration;

fn maybe<T>(value: T) -> Early<Option<T>> {
    Early::Known(Some(value))
}

/// A field of an object.
fn field(object: &Value, name: &str) -> Option<Value> {
    object.get(name)
}

fn fields(pairs: &[(&'static str, Value)]) -> redis_stream_add::In {
    let pairs = pairs.iter();
    let pairs: Vec<_> = pairs
        .map(|(key, value)| (Text::Static(key), value.clone()))
        .collect();
    redis_stream_add::In::Fields(Early::Known(Value::from(pairs)))
}

fn adds(pairs: &[(&'static str, Value)]) -> Vec<redis_stream_add::In> {
    vec![
        redis_stream_add::In::Stream(known(Text::Static("s"))),
        fields(pairs),
    ]
}

fn reads(more: Vec<redis_stream_read::In>) -> Vec<redis_stream_read::In> {
    let mut inputs = vec![redis_stream_read::In::Streams(Early::Known(list(&["s"])))];
    inputs.extend(more);
    inputs
}

fn after(id: &'static str) -> redis_stream_read::In {
    redis_stream_read::In::After(some(id))
}

fn count(count: u32) -> redis_stream_read::In {
    redis_stream_read::In::Count(known(Number::from(count)))
}

#[test]
fn entries_come_as_they_were_added() {
    let server = Redis::start();
    for resp in [2, 3] {
        server.ask(&["DEL", "s"]);
        run(async || {
            use bggo_module_redis::redis_connection::In::Resp;
            let user = User::with(&server.url(), vec![Resp(known(Number::from(resp)))]);
            let nested = Value::from(vec![Value::number(1)]);
            let raw = Value::Bytes(vec![0, 0xff].into());
            let output = user
                .stream_add(adds(&[
                    ("name", Value::text("Ada")),
                    ("n", Value::number(7)),
                    ("list", nested),
                    ("raw", raw),
                ]))
                .await
                .unwrap();
            let id = output.id.as_text().unwrap().to_owned();
            user.stream_add(adds(&[("name", Value::text("Bo"))]))
                .await
                .unwrap();
            let read = user
                .stream_read(reads(vec![after("0"), count(5)]))
                .await
                .unwrap();
            assert_eq!(read.count, Value::number(2));
            let first = read.entries.items().unwrap().first().unwrap().clone();
            assert_eq!(field(&first, "id"), Some(Value::from(id)));
            let fields = field(&first, "fields").unwrap();
            assert_eq!(field(&fields, "name"), Some(Value::text("Ada")));
            assert_eq!(field(&fields, "n"), Some(Value::text("7")));
            assert_eq!(field(&fields, "list"), Some(Value::text("[1]")));
            assert!(matches!(field(&fields, "raw"), Some(Value::Bytes(_))));
            // Nobody sees the stamp, and it was measured.
            assert_eq!(field(&fields, "bggo-sent"), None);
            use redis_stream_read::Metric;
            assert_eq!(user.recorded_by_step(Metric::END_TO_END), 2);
            assert_eq!(user.recorded_by_step(Metric::DELIVERY_LATENCY), 2);
            assert_eq!(user.recorded_by_step(Metric::END_TO_END_WALL_CLOCK), 0);
            // Nothing is behind the last one.
            let last = read.last_id.as_text().unwrap().to_owned();
            let behind = redis_stream_read::In::After(some(&last));
            let read = user.stream_read(reads(vec![behind])).await.unwrap();
            assert_eq!((read.count, read.entry), (Value::number(0), Value::Null));
            user.leave().await;
        });
        assert_eq!(server.ask(&["XLEN", "s"]), "2");
    }
}

#[test]
fn a_stream_keeps_no_more_than_it_may() {
    let server = Redis::start();
    run(async || {
        let user = User::new(&server.url());
        for n in 0..10 {
            let mut inputs = adds(&[("n", Value::number(n))]);
            inputs.push(redis_stream_add::In::MaxLength(maybe(Number::from(3))));
            inputs.push(redis_stream_add::In::Exact(known(true)));
            user.stream_add(inputs).await.unwrap();
        }
        user.leave().await;
    });
    assert_eq!(server.ask(&["XLEN", "s"]), "3");
}

#[test]
fn a_group_gets_each_entry_once_and_acknowledges_it() {
    let server = Redis::start();
    server.ask(&["XGROUP", "CREATE", "s", "g", "$", "MKSTREAM"]);
    run(async || {
        let user = User::new(&server.url());
        let of = |consumer: &'static str, ack: bool| {
            reads(vec![
                redis_stream_read::In::Group(some("g")),
                redis_stream_read::In::Consumer(some(consumer)),
                redis_stream_read::In::Ack(known(ack)),
                count(2),
            ])
        };
        for n in 0..5 {
            user.stream_add(adds(&[("n", Value::number(n))]))
                .await
                .unwrap();
        }
        let mut came = Vec::new();
        for (consumer, ack) in [("a", true), ("b", false), ("a", true), ("b", true)] {
            let read = user.stream_read(of(consumer, ack)).await.unwrap();
            for entry in read.entries.items().unwrap().iter() {
                came.push(encode_json(
                    &field(entry, "fields").unwrap().get("n").unwrap(),
                ));
            }
        }
        assert_eq!(came, ["\"0\"", "\"1\"", "\"2\"", "\"3\"", "\"4\""]);
        user.leave().await;
    });
    // Two of them were not acknowledged.
    assert!(server.ask(&["XPENDING", "s", "g"]).starts_with('2'));
    run(async || {
        let user = User::new(&server.url());
        let read = user
            .stream_read(reads(vec![
                redis_stream_read::In::Group(some("none")),
                redis_stream_read::In::Consumer(some("a")),
            ]))
            .await;
        let (kind, text) = told(read);
        assert_eq!(kind, "server_error");
        assert!(text.starts_with("NOGROUP"), "{text}");
        user.leave().await;
    });
}

#[test]
fn a_step_that_waits_gets_what_is_added_meanwhile() {
    let server = Redis::start();
    run(async || {
        let (user, other) = (User::new(&server.url()), User::new(&server.url()));
        let block = redis_stream_read::In::Block(maybe(Duration::from_secs(5)));
        let waits = user.stream_read(reads(vec![block]));
        let adds = async {
            // Once the server knows that it waits.
            while server.ask(&["CLIENT", "LIST"]).matches("flags=b").count() == 0 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            other
                .stream_add(adds(&[("n", Value::number(1))]))
                .await
                .unwrap();
        };
        let (read, ()) = tokio::join!(waits, adds);
        assert_eq!(read.unwrap().count, Value::number(1));
        // Where nothing comes, nothing is no failure.
        let block = redis_stream_read::In::Block(maybe(Duration::from_millis(20)));
        let read = user.stream_read(reads(vec![block])).await.unwrap();
        assert_eq!(read.count, Value::number(0));
        user.leave().await;
        other.leave().await;
    });
}

fn begin(id: &'static str) -> redis_stream_read::In {
    redis_stream_read::In::Begin(some(id))
}

/// The numbers of the entries that a step got.
async fn numbers(user: &User, more: Vec<redis_stream_read::In>) -> Vec<String> {
    let read = user.stream_read(reads(more)).await.unwrap();
    let entries = read.entries.items().unwrap();
    let number = |entry: &Value| field(&field(entry, "fields").unwrap(), "n").unwrap();
    entries
        .iter()
        .map(|entry| number(entry).as_text().unwrap().to_owned())
        .collect()
}

fn added(server: &Redis, number: u32) {
    server.ask(&["XADD", "s", "*", "n", &number.to_string()]);
}

#[test]
fn steps_read_on_over_iterations_and_miss_nothing() {
    let server = Redis::start();
    added(&server, 0);
    run(async || {
        let user = User::new(&server.url());
        let none: [String; 0] = [];
        // What was there before is not read, and what comes between two steps that find nothing is.
        assert_eq!(numbers(&user, vec![count(5)]).await, none);
        for number in 1..=3 {
            added(&server, number);
        }
        assert_eq!(numbers(&user, vec![count(2)]).await, ["1", "2"]);
        user.begins_another_iteration();
        added(&server, 4);
        assert_eq!(numbers(&user, vec![count(5)]).await, ["3", "4"]);
        assert_eq!(numbers(&user, vec![count(5)]).await, none);
        // One that waits gets what came before it waited.
        added(&server, 5);
        let block = redis_stream_read::In::Block(maybe(Duration::from_secs(5)));
        assert_eq!(numbers(&user, vec![block]).await, ["5"]);
        // A step that says where it reads moves nothing.
        assert_eq!(numbers(&user, vec![after("0"), count(1)]).await, ["0"]);
        added(&server, 6);
        assert_eq!(numbers(&user, vec![count(5)]).await, ["6"]);
        // The connection goes, and what was read stays read.
        server.ask(&["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"]);
        added(&server, 7);
        let read = user.stream_read(reads(vec![count(5)])).await;
        let again = match read {
            Ok(read) => read,
            Err(_) => user.stream_read(reads(vec![count(5)])).await.unwrap(),
        };
        assert_eq!(again.count, Value::number(1));
        user.leave().await;
    });
    // The last id was asked for once.
    assert_eq!(server.calls("xrevrange"), 1);
}

#[test]
fn a_user_begins_where_the_step_says_and_each_stream_has_its_own_place() {
    let server = Redis::start();
    added(&server, 1);
    added(&server, 2);
    server.ask(&["XADD", "t", "*", "n", "10"]);
    run(async || {
        let user = User::new(&server.url());
        let all = || vec![begin("0"), count(1)];
        assert_eq!(numbers(&user, all()).await, ["1"]);
        assert_eq!(numbers(&user, all()).await, ["2"]);
        let both = || {
            vec![
                redis_stream_read::In::Streams(Early::Known(list(&["s", "t"]))),
                begin("0"),
                count(5),
            ]
        };
        let read = user.stream_read(both()).await.unwrap();
        assert_eq!(field(&read.entry, "stream"), Some(Value::text("t")));
        assert_eq!(read.count, Value::number(1));
        added(&server, 3);
        server.ask(&["XADD", "t", "*", "n", "11"]);
        assert_eq!(
            user.stream_read(both()).await.unwrap().count,
            Value::number(2)
        );
        // Steps side by side share what there is.
        for number in 4..8 {
            added(&server, number);
        }
        let (one, other) = tokio::join!(
            numbers(&user, vec![count(3)]),
            numbers(&user, vec![count(3)])
        );
        let mut came = [one, other].concat();
        came.extend(numbers(&user, vec![count(3)]).await);
        assert_eq!(came, ["4", "5", "6", "7"]);
        user.leave().await;
    });
    assert_eq!(server.calls("xrevrange"), 0);
}

#[test]
fn a_stream_that_is_none_fails_and_one_that_comes_later_is_read_from_its_first_entry() {
    let server = Redis::start();
    run(async || {
        let user = User::new(&server.url());
        let none: [String; 0] = [];
        assert_eq!(numbers(&user, vec![]).await, none);
        added(&server, 1);
        assert_eq!(numbers(&user, vec![]).await, ["1"]);
        server.ask(&["SET", "text", "x"]);
        let inputs = vec![redis_stream_read::In::Streams(Early::Known(list(&[
            "text",
        ])))];
        assert_eq!(told(user.stream_read(inputs).await).0, "wrong_type");
        user.leave().await;
    });
}

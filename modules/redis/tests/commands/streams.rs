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

//! Subscriptions: what is published comes to the steps that wait, in both versions of the protocol.

use crate::user::{User, known, list, run, told};
use bggo_module_redis::redis_connection;
use bggo_module_redis::redis_publish;
use bggo_module_redis::redis_receive::{In as Receive, Output};
use bggo_module_redis::redis_subscription::{In, Metric};
use bggo_runtime::contract::{Early, Number, Text, Value, encode_json};
use bggo_tests::server::{Redis, RedisSetup};
use std::time::Duration;

fn names(names: &[&str]) -> Early<Option<Value>> {
    known(Some(list(names)))
}

fn soon() -> Receive {
    Receive::Timeout(known(Some(Duration::from_millis(200))))
}

fn count(count: i64) -> Receive {
    Receive::Count(known(Some(Number::from(count))))
}

async fn publishes(user: &User, channel: &str, message: Value) -> Value {
    let inputs = vec![
        redis_publish::In::Channel(known(Text::from(channel.to_owned()))),
        redis_publish::In::Message(known(message)),
    ];
    user.publish(inputs).await.unwrap().receivers
}

/// Lets the subscription begin: a step that finds nothing.
async fn begins(user: &User) {
    assert_eq!(told(user.receive(vec![soon()]).await).0, "timeout");
}

fn shown(output: &Output) -> String {
    encode_json(&output.messages)
}

#[test]
fn messages_of_channels_and_patterns_come_in_order_in_both_versions() {
    let server = Redis::start();
    for version in [2, 3] {
        run(async || {
            let resp = redis_connection::In::Resp(known(Number::from(version)));
            let subscription = vec![
                In::Channels(names(&["news", "other"])),
                In::Patterns(names(&["orders.*"])),
            ];
            let user = User::subscribed(&server.url(), vec![resp], subscription);
            begins(&user).await;
            assert_eq!(
                publishes(&user, "news", Value::text("one")).await,
                Value::number(1)
            );
            let object = Value::from(vec![(Text::Static("id"), Value::number(7))]);
            publishes(&user, "orders.new", object).await;
            publishes(&user, "nobody", Value::text("lost")).await;
            publishes(&user, "other", Value::Bytes(vec![0xff, 0].into())).await;
            let output = user.receive(vec![count(2)]).await.unwrap();
            assert_eq!(
                shown(&output),
                r#"[{"channel":"news","message":"one"},{"channel":"orders.new","message":"{\"id\":7}"}]"#
            );
            assert_eq!(encode_json(&output.json), r#"{"id":7}"#);
            assert_eq!(output.channel.as_text(), Some("orders.new"));
            let output = user.receive(vec![]).await.unwrap();
            assert!(matches!(&output.message, Value::Bytes(bytes) if **bytes == [0xff, 0]));
            assert_eq!(output.json, Value::Null);
            assert_eq!(user.counted_by_subscription(Metric::MESSAGES_RECEIVED), 3);
            assert_eq!(user.counted_by_subscription(Metric::DROPPED), 0);
            user.leave().await;
        });
    }
}

#[test]
fn a_step_that_waits_gets_what_comes_while_it_waits() {
    let server = Redis::start();
    run(async || {
        let user = User::subscribed(
            &server.url(),
            Vec::new(),
            vec![In::Channels(names(&["news"]))],
        );
        begins(&user).await;
        let later = async {
            tokio::time::sleep(Duration::from_millis(50)).await;
            publishes(&user, "news", Value::text("late")).await
        };
        let (came, receivers) = tokio::join!(user.receive(vec![]), later);
        assert_eq!(came.unwrap().message.as_text(), Some("late"));
        assert_eq!(receivers, Value::number(1));
        user.leave().await;
    });
}

#[test]
fn messages_of_another_iteration_are_dropped_unless_they_are_kept() {
    let server = Redis::start();
    for keeps in [false, true] {
        run(async || {
            let subscription = vec![In::Channels(names(&["news"])), In::Keep(known(Some(keeps)))];
            let user = User::subscribed(&server.url(), Vec::new(), subscription);
            begins(&user).await;
            publishes(&user, "news", Value::text("old")).await;
            user.waits_until(|| user.counted_by_subscription(Metric::MESSAGES_RECEIVED) == 1)
                .await;
            user.begins_another_iteration();
            publishes(&user, "news", Value::text("new")).await;
            let output = user.receive(vec![]).await.unwrap();
            assert_eq!(
                output.message.as_text(),
                Some(if keeps { "old" } else { "new" })
            );
            assert_eq!(
                user.counted_by_subscription(Metric::DROPPED),
                u64::from(!keeps)
            );
            user.leave().await;
        });
    }
}

#[test]
fn an_inbox_that_is_full_drops_the_oldest_and_counts_it() {
    let server = Redis::start();
    run(async || {
        let subscription = vec![
            In::Channels(names(&["news"])),
            In::InboxMessages(known(Some(Number::from(3)))),
        ];
        let user = User::subscribed(&server.url(), Vec::new(), subscription);
        begins(&user).await;
        for number in 0..10 {
            publishes(&user, "news", Value::number(number)).await;
        }
        user.waits_until(|| user.counted_by_subscription(Metric::MESSAGES_RECEIVED) == 10)
            .await;
        let output = user.receive(vec![count(3)]).await.unwrap();
        assert!(
            shown(&output).contains(r#""message":"7""#),
            "{}",
            shown(&output)
        );
        assert_eq!(user.counted_by_subscription(Metric::DROPPED), 7);
        user.leave().await;
    });
}

#[test]
fn messages_of_a_step_that_is_given_up_are_the_next_ones() {
    let server = Redis::start();
    run(async || {
        let user = User::subscribed(
            &server.url(),
            Vec::new(),
            vec![In::Channels(names(&["news"]))],
        );
        begins(&user).await;
        publishes(&user, "news", Value::text("one")).await;
        assert_eq!(
            told(user.receive(vec![count(2), soon()]).await).0,
            "timeout"
        );
        publishes(&user, "news", Value::text("two")).await;
        let output = user.receive(vec![count(2)]).await.unwrap();
        assert_eq!(
            shown(&output),
            r#"[{"channel":"news","message":"one"},{"channel":"news","message":"two"}]"#
        );
        user.leave().await;
    });
}

#[test]
fn a_server_that_dies_ends_the_subscription_and_the_next_step_has_a_new_one() {
    let mut server = Redis::start();
    let url = server.url();
    run(async || {
        let user = User::subscribed(&url, Vec::new(), vec![In::Channels(names(&["news"]))]);
        begins(&user).await;
        server.die();
        let (kind, text) = told(user.receive(vec![]).await);
        assert_eq!(kind, "closed");
        assert!(text.starts_with("the subscription ended: "), "{text}");
        server.restart();
        begins(&user).await;
        assert_eq!(
            publishes(&user, "news", Value::text("again")).await,
            Value::number(1)
        );
        assert_eq!(
            user.receive(vec![]).await.unwrap().message.as_text(),
            Some("again")
        );
        user.leave().await;
    });
}

#[test]
fn a_user_who_may_not_read_a_channel_is_told() {
    let server = Redis::start_with(RedisSetup::default());
    server.ask(&[
        "ACL",
        "SETUSER",
        "ada",
        "on",
        ">pw",
        "~*",
        "+@all",
        "resetchannels",
        "&own.*",
    ]);
    run(async || {
        use crate::user::some;
        let who = || {
            vec![
                redis_connection::In::Username(some("ada")),
                redis_connection::In::Password(some("pw")),
            ]
        };
        let user = User::subscribed(&server.url(), who(), vec![In::Channels(names(&["other"]))]);
        let (kind, text) = told(user.receive(vec![soon()]).await);
        assert_eq!(kind, "subscribe");
        assert!(text.contains("NOPERM"), "{text}");
        let user = User::subscribed(
            &server.url(),
            who(),
            vec![In::Channels(names(&["own.news"]))],
        );
        begins(&user).await;
        assert_eq!(
            publishes(&user, "own.news", Value::text("x")).await,
            Value::number(1)
        );
        assert_eq!(
            user.receive(vec![]).await.unwrap().message.as_text(),
            Some("x")
        );
    });
}

#[test]
fn a_stamp_tells_how_long_a_message_was_on_its_way() {
    let server = Redis::start();
    run(async || {
        let user = User::subscribed(
            &server.url(),
            Vec::new(),
            vec![In::Channels(names(&["news"]))],
        );
        begins(&user).await;
        let object = Value::from(vec![(Text::Static("id"), Value::number(7))]);
        let inputs = vec![
            redis_publish::In::Channel(known(Text::Static("news"))),
            redis_publish::In::Message(known(object)),
            redis_publish::In::Stamp(known(Some(true))),
        ];
        user.publish(inputs).await.unwrap();
        publishes(&user, "news", Value::text("{}")).await;
        let output = user.receive(vec![count(2)]).await.unwrap();
        assert_eq!(
            shown(&output),
            r#"[{"channel":"news","message":"{\"id\":7}"},{"channel":"news","message":"{}"}]"#
        );
        use bggo_module_redis::redis_receive::Metric;
        assert_eq!(user.recorded_by_step(Metric::END_TO_END), 1);
        user.leave().await;
    });
}

//! Channels: what is sent comes to the steps that wait.

use crate::server;
use crate::user::{User, kind, known, limit, number, run, some, told};
use bggo_module_postgres::postgres_listener::{In, Metric};
use bggo_module_postgres::postgres_receive::{In as Receive, Metric as Received, Output};
use bggo_module_postgres::{postgres_connection, postgres_notify};
use bggo_runtime::contract::{Number, Text, Value, encode_json};

fn user(listener: Vec<In>) -> User {
    let url = postgres_connection::In::Url(some(&server().url("postgres")));
    User::listening(vec![url], listener)
}

fn channels(names: &[&str]) -> In {
    let names: Vec<Value> = names
        .iter()
        .map(|name| Value::from((*name).to_owned()))
        .collect();
    In::Channels(known(Value::from(names)))
}

fn count(count: i64) -> Receive {
    Receive::Count(known(Some(Number::new(count))))
}

async fn notifies(user: &User, channel: &str, payload: Option<Value>) {
    let inputs = vec![
        postgres_notify::In::Channel(known(Text::from(channel.to_owned()))),
        postgres_notify::In::Payload(known(payload)),
    ];
    user.notify(inputs).await.unwrap();
}

/// Lets the listener begin: a step that finds nothing.
async fn begins(user: &User) {
    let soon = Receive::Timeout(limit(100));
    assert_eq!(kind(user.receive(vec![soon]).await), "timeout");
}

/// Channel and payload of each.
fn shown(output: &Output) -> Vec<(String, String)> {
    let notifications = output.notifications.items().unwrap();
    let text = |one: &Value, name: &str| one.get(name).unwrap().to_string();
    let one = |one: &Value| (text(one, "channel"), text(one, "payload"));
    notifications.iter().map(one).collect()
}

#[test]
fn notifications_come_in_order_from_all_channels() {
    let _held = server();
    run(async || {
        let user = user(vec![channels(&["orders", "It's \"odd\""])]);
        begins(&user).await;
        server().ask("NOTIFY orders, 'from psql'");
        let object = Value::from(vec![("id".into(), number(7))]);
        notifies(&user, "It's \"odd\"", Some(object)).await;
        notifies(&user, "nobody", Some(Value::text("lost"))).await;
        notifies(&user, "orders", None).await;
        let output = user.receive(vec![count(2)]).await.unwrap();
        let pair = |channel: &str, payload: &str| (channel.to_owned(), payload.to_owned());
        assert_eq!(
            shown(&output),
            [
                pair("orders", "from psql"),
                pair("It's \"odd\"", r#"{"id":7}"#)
            ]
        );
        assert_eq!(encode_json(&output.json), r#"{"id":7}"#);
        assert_eq!(output.channel.as_text(), Some("It's \"odd\""));
        let own = user.rows("SELECT pg_backend_pid() AS n").await.unwrap();
        assert_eq!(own, format!(r#"[{{"n":{}}}]"#, encode_json(&output.pid)));
        let output = user.receive(vec![]).await.unwrap();
        assert_eq!(shown(&output), [pair("orders", "")]);
        assert_eq!(user.counted_by_listener(Metric::NOTIFICATIONS_RECEIVED), 3);
        assert_eq!(user.counted_by_listener(Metric::DROPPED), 0);
        user.leave().await;
    });
}

#[test]
fn a_notification_inside_of_a_transaction_comes_with_its_commit() {
    let _held = server();
    run(async || {
        let user = user(vec![channels(&["committed"])]);
        begins(&user).await;
        user.begin().await.unwrap();
        notifies(&user, "committed", Some(Value::text("back"))).await;
        assert!(user.roll_back().await.unwrap());
        user.begin().await.unwrap();
        notifies(&user, "committed", Some(Value::text("there"))).await;
        let soon = Receive::Timeout(limit(100));
        assert_eq!(kind(user.receive(vec![soon]).await), "timeout");
        user.commit().await.unwrap();
        let output = user.receive(vec![]).await.unwrap();
        assert_eq!(output.payload.as_text(), Some("there"));
        user.leave().await;
    });
}

#[test]
fn what_came_for_another_iteration_is_dropped_unless_it_is_kept() {
    let _held = server();
    for keeps in [false, true] {
        run(async || {
            let user = user(vec![channels(&["kept"]), In::Keep(known(Some(keeps)))]);
            begins(&user).await;
            notifies(&user, "kept", Some(Value::text("old"))).await;
            user.waits_until(|| user.counted_by_listener(Metric::NOTIFICATIONS_RECEIVED) == 1)
                .await;
            user.begins_another_iteration();
            notifies(&user, "kept", Some(Value::text("new"))).await;
            let output = user.receive(vec![]).await.unwrap();
            let expected = if keeps { "old" } else { "new" };
            assert_eq!(output.payload.as_text(), Some(expected));
            assert_eq!(user.counted_by_listener(Metric::DROPPED), u64::from(!keeps));
            user.leave().await;
        });
    }
}

#[test]
fn a_listener_whose_backend_ends_says_so_once_and_listens_again() {
    let _held = server();
    run(async || {
        let user = user(vec![channels(&["ended"])]);
        begins(&user).await;
        server().ask("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN \"ended\"%'");
        let (kind_of_it, text) = told(user.receive(vec![]).await);
        assert_eq!(kind_of_it, "closed", "{text}");
        assert!(text.contains("57P01"), "{text}");
        begins(&user).await;
        notifies(&user, "ended", Some(Value::text("again"))).await;
        let output = user.receive(vec![]).await.unwrap();
        assert_eq!(output.payload.as_text(), Some("again"));
        let long = vec![
            postgres_notify::In::Channel(known(Text::from("ended".to_owned()))),
            postgres_notify::In::Payload(known(Some(Value::from("x".repeat(8000))))),
        ];
        assert_eq!(kind(user.notify(long).await), "data");
        user.leave().await;
    });
}

#[test]
fn a_stamp_tells_how_long_a_notification_was_on_its_way() {
    let _held = server();
    run(async || {
        let user = user(vec![channels(&["stamped"])]);
        begins(&user).await;
        let object = Value::from(vec![("id".into(), number(7))]);
        let inputs = vec![
            postgres_notify::In::Channel(known(Text::Static("stamped"))),
            postgres_notify::In::Payload(known(Some(object.clone()))),
            postgres_notify::In::Stamp(known(Some(true))),
        ];
        user.notify(inputs).await.unwrap();
        notifies(&user, "stamped", Some(object)).await;
        let output = user.receive(vec![count(2)]).await.unwrap();
        let pair = ("stamped".to_owned(), r#"{"id":7}"#.to_owned());
        assert_eq!(shown(&output), [pair.clone(), pair]);
        assert_eq!(user.recorded_by_step(Received::END_TO_END), 1);
        user.leave().await;
    });
}

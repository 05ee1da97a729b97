//! A cluster of two nodes: commands go where their keys are, and follow what moves.

use crate::user::{User, command, known, list, run, told};
use bggo_module_redis::{
    redis_connection, redis_pipeline, redis_publish, redis_receive, redis_subscription,
};
use bggo_runtime::contract::{Early, Number, Shape, Text, Value, encode_json};
use bggo_tests::server::{Redis, RedisCluster};
use std::time::Duration;

/// Its slot is 12182, of the second node.
const FOO: &str = "foo";
/// Its slot is 5061, of the first one.
const BAR: &str = "bar";

fn user(server: &Redis) -> User {
    User::with(
        &server.url(),
        vec![redis_connection::In::Cluster(known(true))],
    )
}

fn pipeline(commands: &[&[&str]], transaction: bool) -> Vec<redis_pipeline::In> {
    let commands: Vec<Value> = commands.iter().map(|words| list(words)).collect();
    vec![
        redis_pipeline::In::Commands(Early::Known(Shape::from(Value::from(commands)))),
        redis_pipeline::In::Transaction(known(transaction)),
    ]
}

#[test]
fn commands_go_to_the_node_that_has_their_key() {
    let cluster = RedisCluster::start();
    let [first, second] = cluster.nodes();
    run(async || {
        let user = user(first);
        for key in [FOO, BAR] {
            user.asks(&["SET", key, key]).await.unwrap();
        }
        let many: Vec<[&str; 2]> = (0..20)
            .map(|n| ["GET", if n % 2 == 0 { FOO } else { BAR }])
            .collect();
        let many: Vec<&[&str]> = many.iter().map(<[&str; 2]>::as_slice).collect();
        let output = user.pipeline(pipeline(&many, false)).await.unwrap();
        let expected: Vec<&str> = (0..20)
            .map(|n| if n % 2 == 0 { FOO } else { BAR })
            .collect();
        assert_eq!(encode_json(&output.values), encode_json(&list(&expected)));
        let counters = [["INCR", "{foo}n"], ["INCR", "{foo}n"]];
        let counters: Vec<&[&str]> = counters.iter().map(<[&str; 2]>::as_slice).collect();
        let output = user.pipeline(pipeline(&counters, true)).await.unwrap();
        assert_eq!(encode_json(&output.values), "[1,2]");
        let apart = [["INCR", "{foo}n"], ["INCR", "{bar}n"]];
        let apart: Vec<&[&str]> = apart.iter().map(<[&str; 2]>::as_slice).collect();
        assert_eq!(
            told(user.pipeline(pipeline(&apart, true)).await).0,
            "argument"
        );
        // Nobody was sent on: the slots were asked for.
        assert_eq!(user.counted(redis_connection::Metric::REDIRECTIONS), 0);
        user.leave().await;
    });
    assert_eq!((first.calls("set"), second.calls("set")), (1, 1));
    assert_eq!((first.calls("get"), second.calls("get")), (10, 10));
    assert_eq!((first.calls("incr"), second.calls("incr")), (0, 2));
}

#[test]
fn a_slot_that_moves_is_followed() {
    let cluster = RedisCluster::start();
    let [first, second] = cluster.nodes();
    run(async || {
        let user = user(second);
        user.asks(&["GET", FOO]).await.unwrap();
        // The second node has no such key any more, so it names the first.
        cluster.begin_move(12_182, 1);
        assert_eq!(user.asks(&["SET", FOO, "1"]).await.unwrap(), "\"OK\"");
        assert_eq!(user.counted(redis_connection::Metric::REDIRECTIONS), 1);
        assert_eq!((first.calls("set"), second.calls("set")), (1, 0));
        let counters = [["INCR", FOO], ["INCR", FOO]];
        let counters: Vec<&[&str]> = counters.iter().map(<[&str; 2]>::as_slice).collect();
        let output = user.pipeline(pipeline(&counters, false)).await.unwrap();
        assert_eq!(encode_json(&output.values), "[2,3]");
        // A transaction goes as a whole, and has no reply more.
        let output = user.pipeline(pipeline(&counters, true)).await.unwrap();
        assert_eq!(encode_json(&output.values), "[4,5]");
        // Once it has moved, one command finds out.
        cluster.end_move(12_182, 1);
        for _ in 0..5 {
            user.asks(&["GET", FOO]).await.unwrap();
        }
        assert!(user.counted(redis_connection::Metric::REDIRECTIONS) >= 5);
        user.leave().await;
    });
    assert_eq!(first.ask(&["GET", FOO]), "5");
}

#[test]
fn without_cluster_a_key_of_another_node_is_a_failure() {
    let cluster = RedisCluster::start();
    let [first, _] = cluster.nodes();
    run(async || {
        let user = User::new(&first.url());
        let (kind, text) = told(user.command(vec![command(&["GET", FOO])]).await);
        assert_eq!(kind, "moved");
        assert!(text.contains("12182"), "{text}");
        user.leave().await;
    });
}

#[test]
fn a_node_that_dies_fails_the_steps_that_need_it_and_no_others() {
    let mut cluster = RedisCluster::start();
    let url = cluster.nodes()[0].url();
    let user = |url: &str| User::with(url, vec![redis_connection::In::Cluster(known(true))]);
    run(async || {
        let user = user(&url);
        user.asks(&["SET", FOO, "1"]).await.unwrap();
        user.asks(&["SET", BAR, "1"]).await.unwrap();
        cluster.node_mut(1).die();
        let kinds = [
            told(user.asks(&["GET", FOO]).await).0,
            told(user.asks(&["GET", FOO]).await).0,
        ];
        assert_eq!(kinds[1], "refused", "{kinds:?}");
        // The node that is left serves its half until it notices.
        assert_eq!(user.asks(&["GET", BAR]).await.unwrap(), "\"1\"");
        cluster.node_mut(1).restart();
        user.leave().await;
    });
}

/// A user with a subscription to shard channels.
fn subscribed(url: &str, channels: &[&str]) -> User {
    let subscription = vec![redis_subscription::In::ShardChannels(known(Some(list(
        channels,
    ))))];
    let cluster = redis_connection::In::Cluster(known(true));
    User::subscribed(url, vec![cluster], subscription)
}

async fn publishes_to_shard(user: &User, channel: &'static str, message: &'static str) -> Value {
    let inputs = vec![
        redis_publish::In::Channel(known(Text::Static(channel))),
        redis_publish::In::Message(known(Value::text(message))),
        redis_publish::In::Shard(known(true)),
    ];
    user.publish(inputs).await.unwrap().receivers
}

/// Lets the subscription begin: a step that finds nothing.
async fn begins(user: &User) {
    let soon = redis_receive::In::Timeout(known(Some(Duration::from_millis(200))));
    assert_eq!(told(user.receive(vec![soon]).await).0, "timeout");
}

#[test]
fn shard_channels_are_at_the_node_that_has_them_and_move_with_their_slot() {
    let cluster = RedisCluster::start();
    let [first, second] = cluster.nodes();
    let subscribers = |node: &Redis| node.ask(&["PUBSUB", "SHARDNUMSUB", FOO]);
    run(async || {
        let user = subscribed(&first.url(), &[FOO, "{foo}other"]);
        begins(&user).await;
        assert_eq!(subscribers(first), "foo\n0");
        assert_eq!(subscribers(second), "foo\n1");
        assert_eq!(
            publishes_to_shard(&user, FOO, "one").await,
            Value::number(1)
        );
        assert_eq!(
            publishes_to_shard(&user, "{foo}other", "two").await,
            Value::number(1)
        );
        let count = redis_receive::In::Count(known(Number::from(2)));
        let output = user.receive(vec![count]).await.unwrap();
        assert_eq!(
            encode_json(&output.messages),
            r#"[{"channel":"foo","message":"one"},{"channel":"{foo}other","message":"two"}]"#
        );
        // The slot moves: the subscription ends, and the next one is told where it went.
        cluster.begin_move(12_182, 1);
        cluster.end_move(12_182, 1);
        let (kind, text) = told(user.receive(vec![]).await);
        assert_eq!(kind, "closed");
        assert!(text.contains("moved"), "{text}");
        begins(&user).await;
        assert_eq!(user.counted(redis_connection::Metric::REDIRECTIONS), 1);
        assert_eq!(subscribers(first), "foo\n1");
        assert_eq!(subscribers(second), "foo\n0");
        assert_eq!(
            publishes_to_shard(&user, FOO, "three").await,
            Value::number(1)
        );
        let output = user.receive(vec![]).await.unwrap();
        assert_eq!(output.message.as_text(), Some("three"));
        user.leave().await;
        let user = subscribed(&first.url(), &[FOO, BAR]);
        let (kind, text) = told(user.receive(vec![]).await);
        assert_eq!(kind, "subscribe");
        assert!(text.contains("different slots"), "{text}");
    });
    assert_eq!(first.calls("spublish") + second.calls("spublish"), 3);
}

#[test]
fn one_server_has_all_shard_channels() {
    let server = Redis::start();
    for version in [2, 3] {
        run(async || {
            let resp = redis_connection::In::Resp(known(Number::from(version)));
            let channels = redis_subscription::In::ShardChannels(known(Some(list(&[FOO, BAR]))));
            let user = User::subscribed(&server.url(), vec![resp], vec![channels]);
            begins(&user).await;
            assert_eq!(
                publishes_to_shard(&user, BAR, "here").await,
                Value::number(1)
            );
            let output = user.receive(vec![]).await.unwrap();
            assert_eq!(output.message.as_text(), Some("here"));
            assert_eq!(output.channel.as_text(), Some(BAR));
            user.leave().await;
        });
    }
}

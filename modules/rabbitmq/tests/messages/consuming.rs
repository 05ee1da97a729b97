//! What is consumed is acknowledged as the step says, and what is not goes back.

use crate::user::{
    CONSUME, User, batch, body, known, limit, message, number, part, run, some, text, told, whole,
};
use bggo_module_rabbitmq::rabbitmq_consume::{In, Metric};
use bggo_module_rabbitmq::{
    rabbitmq_ack, rabbitmq_connection, rabbitmq_declare_queue, rabbitmq_delete_queue, rabbitmq_get,
    rabbitmq_publish,
};
use bggo_runtime::contract::{Number, Text, Value};
use bggo_tests::server::Rabbitmq;

fn from(queue: &str) -> Vec<In> {
    vec![In::Queue(text(queue))]
}

fn with_ack(queue: &str, ack: &'static str) -> Vec<In> {
    vec![
        In::Queue(text(queue)),
        In::Ack(known(Some(Text::Static(ack)))),
    ]
}

fn items(value: &Value) -> Vec<Value> {
    value.items().unwrap().iter().cloned().collect()
}

#[test]
fn each_message_comes_once_and_in_order_however_it_is_acknowledged() {
    let server = Rabbitmq::shared();
    let vhost = server.vhost("consuming-order");
    for ack in ["each", "batch", "none"] {
        vhost.queue(ack, "{}");
        run(async || {
            let prefetch = rabbitmq_connection::In::Prefetch(number(10));
            let user = User::with(&vhost.url(), vec![prefetch]);
            user.publish_batch(batch(ack, 95)).await.unwrap();
            for at in 0..95 {
                let output = user.consume(with_ack(ack, ack)).await.unwrap();
                assert_eq!(body(&output.message), format!("message {at}"));
                assert_eq!(whole(&output.count), 1);
            }
            assert_eq!(user.counted_by(&CONSUME, Metric::MESSAGES), 95);
            assert_eq!(user.counted_by(&CONSUME, Metric::REDELIVERED), 0);
            assert_eq!(user.worker.recorded_by(&CONSUME, Metric::END_TO_END), 95);
            let mut none = with_ack(ack, ack);
            none.push(In::Timeout(limit(200)));
            assert_eq!(told(user.consume(none).await).0, "timeout");
            user.leave().await;
            // What was acknowledged when the user left does not come again.
            vhost.holds(ack, 0, 0);
        });
    }
}

#[test]
fn a_step_takes_several_and_passes_with_what_came() {
    let server = Rabbitmq::shared();
    let vhost = server.vhost("consuming-several");
    vhost.queue("q", "{}");
    run(async || {
        let user = User::new(&vhost.url());
        user.publish_batch(batch("q", 7)).await.unwrap();
        let several = |count: i64| {
            let mut inputs = from("q");
            inputs.push(In::MaxMessages(known(Some(Number::from(count)))));
            inputs.push(In::Timeout(limit(300)));
            inputs
        };
        let output = user.consume(several(5)).await.unwrap();
        let bodies: Vec<String> = items(&output.messages).iter().map(body).collect();
        assert_eq!(
            bodies,
            [
                "message 0",
                "message 1",
                "message 2",
                "message 3",
                "message 4"
            ]
        );
        let output = user.consume(several(5)).await.unwrap();
        assert_eq!(whole(&output.count), 2);
        assert_eq!(told(user.consume(several(5)).await).0, "timeout");
        user.leave().await;
        vhost.holds("q", 0, 0);
    });
}

#[test]
fn what_nobody_acknowledged_goes_back() {
    let server = Rabbitmq::shared();
    let vhost = server.vhost("consuming-manual");
    vhost.queue("q", "{}");
    run(async || {
        let user = User::new(&vhost.url());
        user.publish_batch(batch("q", 6)).await.unwrap();
        let mut tags = Vec::new();
        for _ in 0..6 {
            let output = user.consume(with_ack("q", "manual")).await.unwrap();
            tags.push(part(&output.message, "delivery_tag"));
        }
        vhost.holds("q", 0, 6);
        let says = |tag: &str, action: &'static str, multiple: bool| {
            vec![
                rabbitmq_ack::In::DeliveryTag(text(tag)),
                rabbitmq_ack::In::Action(known(Some(Text::Static(action)))),
                rabbitmq_ack::In::Multiple(known(Some(multiple))),
            ]
        };
        user.ack(says(&tags[1], "ack", true)).await.unwrap();
        user.ack(says(&tags[3], "reject", false)).await.unwrap();
        // What goes back is offered again, to the same consumer.
        user.ack(says(&tags[2], "requeue", false)).await.unwrap();
        let again = user.consume(with_ack("q", "manual")).await.unwrap();
        assert_eq!(body(&again.message), "message 2");
        assert_eq!(user.counted_by(&CONSUME, Metric::REDELIVERED), 1);
        // Once more is a failure, which harms nobody.
        let (kind, told_text) = told(user.ack(says(&tags[1], "ack", false)).await);
        assert_eq!(kind, "precondition_failed", "{told_text}");
        assert_eq!(
            told(user.ack(says("nonsense", "ack", false)).await).0,
            "precondition_failed"
        );
        vhost.holds("q", 0, 3);
        user.leave().await;
        vhost.holds("q", 3, 0);
    });
}

#[test]
fn messages_with_another_correlation_id_wait_for_other_steps() {
    let server = Rabbitmq::shared();
    let vhost = server.vhost("consuming-matching");
    vhost.queue("q", "{}");
    run(async || {
        let user = User::new(&vhost.url());
        for id in ["a", "b", "c"] {
            let mut inputs = message("q", id);
            inputs.push(rabbitmq_publish::In::CorrelationId(some(id)));
            user.publish(inputs).await.unwrap();
        }
        let of = |id: &str| {
            let mut inputs = from("q");
            inputs.push(In::MatchCorrelationId(some(id)));
            user.consume(inputs)
        };
        let (c, a) = tokio::join!(of("c"), of("a"));
        assert_eq!(body(&c.unwrap().message), "c");
        assert_eq!(body(&a.unwrap().message), "a");
        assert_eq!(user.takes("q").await.unwrap(), "b");
        user.leave().await;
        vhost.holds("q", 0, 0);
    });
}

#[test]
fn a_step_that_waits_gets_what_comes_meanwhile_and_holds_up_nobody() {
    let server = Rabbitmq::shared();
    let vhost = server.vhost("consuming-waiting");
    vhost.queue("q", "{}");
    vhost.queue("other", "{}");
    run(async || {
        let user = User::new(&vhost.url());
        let later = async {
            for _ in 0..20 {
                user.sends("other", "meanwhile").await.unwrap();
            }
            user.sends("q", "late").await.unwrap();
        };
        let (came, ()) = tokio::join!(user.takes("q"), later);
        assert_eq!(came.unwrap(), "late");
        assert_eq!(user.ready("other").await.unwrap(), 20);
        // One that is given up leaves its message for the next one.
        let waits = user.takes("q");
        let limit = std::time::Duration::from_millis(50);
        assert!(tokio::time::timeout(limit, waits).await.is_err());
        user.sends("q", "kept").await.unwrap();
        assert_eq!(user.takes("q").await.unwrap(), "kept");
        assert_eq!(user.counted(rabbitmq_connection::Metric::CONNECTIONS), 1);
        user.leave().await;
        vhost.holds("q", 0, 0);
    });
}

#[test]
fn messages_are_got_one_by_one() {
    let server = Rabbitmq::shared();
    let vhost = server.vhost("consuming-getting");
    vhost.queue("q", "{}");
    run(async || {
        let user = User::new(&vhost.url());
        user.publish_batch(batch("q", 2)).await.unwrap();
        let get = |ack: bool| {
            vec![
                rabbitmq_get::In::Queue(text("q")),
                rabbitmq_get::In::Ack(known(Some(ack))),
            ]
        };
        let output = user.get(get(true)).await.unwrap();
        assert_eq!(body(&output.message), "message 0");
        assert_eq!(whole(&output.message_count), 1);
        let output = user.get(get(false)).await.unwrap();
        let tag = part(&output.message, "delivery_tag");
        vhost.holds("q", 0, 1);
        assert_eq!(user.get(get(true)).await.unwrap().message, Value::Null);
        user.ack(vec![rabbitmq_ack::In::DeliveryTag(text(&tag))])
            .await
            .unwrap();
        vhost.holds("q", 0, 0);
        let missing = vec![rabbitmq_get::In::Queue(text("nowhere"))];
        assert_eq!(told(user.get(missing).await).0, "not_found");
        assert_eq!(user.get(get(true)).await.unwrap().message, Value::Null);
        user.leave().await;
    });
}

#[test]
fn a_consumer_that_the_server_ends_is_told() {
    let server = Rabbitmq::shared();
    let vhost = server.vhost("consuming-cancelled");
    vhost.queue("q", "{}");
    run(async || {
        let user = User::new(&vhost.url());
        assert_eq!(told(user.takes("nowhere").await).0, "not_found");
        user.sends("q", "one").await.unwrap();
        assert_eq!(user.takes("q").await.unwrap(), "one");
        let deletes = async {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            vhost.delete_queue("q");
        };
        let (waited, ()) = tokio::join!(user.takes("q"), deletes);
        let (kind, told_text) = told(waited);
        assert_eq!(kind, "consumer_cancelled", "{told_text}");
        assert_eq!(told(user.takes("q").await).0, "not_found");
        vhost.queue("q", "{}");
        user.sends("q", "two").await.unwrap();
        assert_eq!(user.takes("q").await.unwrap(), "two");
        // One that nobody waits for fails the next step.
        vhost.delete_queue("q");
        vhost.queue("q", "{}");
        assert_eq!(told(user.takes("q").await).0, "consumer_cancelled");
        user.sends("q", "three").await.unwrap();
        assert_eq!(user.takes("q").await.unwrap(), "three");
        user.leave().await;
    });
}

#[test]
fn consumers_of_queues_that_are_gone_leave_their_channels_to_others() {
    let server = Rabbitmq::shared();
    let vhost = server.vhost("consuming-passing");
    run(async || {
        let most = rabbitmq_connection::In::ChannelMax(number(5));
        let user = User::with(&vhost.url(), vec![most]);
        for at in 0..12 {
            let queue = format!("passing-{at}");
            user.declare_queue(vec![rabbitmq_declare_queue::In::Queue(some(&queue))])
                .await
                .unwrap();
            user.sends(&queue, &queue).await.unwrap();
            assert_eq!(user.takes(&queue).await.unwrap(), queue);
            user.delete_queue(vec![rabbitmq_delete_queue::In::Queue(text(&queue))])
                .await
                .unwrap();
        }
        assert_eq!(user.counted(rabbitmq_connection::Metric::CONNECTIONS), 1);
        user.leave().await;
    });
}

#[test]
fn a_verdict_on_several_is_on_those_that_steps_have() {
    let server = Rabbitmq::shared();
    let vhost = server.vhost("consuming-verdicts");
    vhost.queue("q", "{}");
    run(async || {
        let user = User::new(&vhost.url());
        for id in ["a", "b", "c"] {
            let mut inputs = message("q", id);
            inputs.push(rabbitmq_publish::In::CorrelationId(some(id)));
            user.publish(inputs).await.unwrap();
        }
        let mut of_c = with_ack("q", "manual");
        of_c.push(In::MatchCorrelationId(some("c")));
        let c = user.consume(of_c).await.unwrap();
        let all = |tag: &str| {
            vec![
                rabbitmq_ack::In::DeliveryTag(text(tag)),
                rabbitmq_ack::In::Multiple(known(Some(true))),
            ]
        };
        user.ack(all(&part(&c.message, "delivery_tag")))
            .await
            .unwrap();
        // The two before it wait for other steps.
        vhost.holds("q", 0, 2);
        for id in ["a", "b"] {
            let output = user.consume(with_ack("q", "manual")).await.unwrap();
            assert_eq!(body(&output.message), id);
            let tag = part(&output.message, "delivery_tag");
            user.ack(all(&tag)).await.unwrap();
        }
        vhost.holds("q", 0, 0);
        user.leave().await;
    });
}

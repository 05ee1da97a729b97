//! What is published is in its queue, byte for byte, once; what is not is told.

use crate::user::{
    BATCH, PUBLISH, REQUEST, User, batch, body, known, message, number, run, some, text, told,
    whole,
};
use bggo_module_rabbitmq::rabbitmq_publish::{In, Metric};
use bggo_module_rabbitmq::{rabbitmq_connection, rabbitmq_publish_batch, rabbitmq_request};
use bggo_runtime::contract::{Text, Value, encode_json};
use bggo_tests::server::Rabbitmq;
use std::time::Duration;

#[test]
fn a_message_arrives_with_all_its_properties() {
    let server = Rabbitmq::shared();
    let vhost = server.vhost("publishing-properties");
    vhost.queue("q", r#"{"arguments":{"x-max-priority":9}}"#);
    run(async || {
        let user = User::new(&vhost.url());
        let headers = Value::from(vec![
            (Text::Static("tries"), Value::number(3)),
            (Text::Static("tags"), Value::from(vec![Value::text("a")])),
            (Text::Static("urgent"), Value::Bool(true)),
        ]);
        let mut inputs = message("q", "");
        inputs[1] = In::Body(known(Value::from(vec![(
            Text::Static("id"),
            Value::number(7),
        )])));
        inputs.extend([
            In::DeliveryMode(known(Some(Text::Static("persistent")))),
            In::ContentType(some("application/json")),
            In::ContentEncoding(some("identity")),
            In::Headers(known(Some(headers))),
            In::Priority(number(5)),
            In::CorrelationId(some("c-1")),
            In::ReplyTo(some("answers")),
            In::Expiration(known(Some(Duration::from_secs(60)))),
            In::MessageId(some("m-1")),
            In::Timestamp(number(1_700_000_000)),
            In::Type(some("order")),
            In::UserId(some("guest")),
            In::AppId(some("shop")),
        ]);
        let output = user.publish(inputs).await.unwrap();
        assert_eq!(encode_json(&output.confirmed), "true");
        assert_eq!(encode_json(&output.returned), "false");
        let mut there = vhost.messages("q", 2);
        assert_eq!(there.len(), 1);
        // When it was sent, for whoever measures how long it was on its way.
        let headers = there[0]["properties"]["headers"].as_object_mut().unwrap();
        let stamp = headers.remove("bggo-sent").unwrap();
        assert_eq!(stamp.as_str().unwrap().len(), 48);
        assert_eq!(there[0]["payload"], r#"{"id":7}"#);
        assert_eq!(
            there[0]["properties"],
            serde_json::json!({
                "content_type": "application/json", "content_encoding": "identity",
                "headers": {"tries": 3, "tags": ["a"], "urgent": true},
                "delivery_mode": 2, "priority": 5, "correlation_id": "c-1", "reply_to": "answers",
                "expiration": "60000", "message_id": "m-1", "timestamp": 1_700_000_000,
                "type": "order", "user_id": "guest", "app_id": "shop",
            })
        );
        // The same is what a consumer gets.
        let inputs = vec![bggo_module_rabbitmq::rabbitmq_get::In::Queue(text("q"))];
        let got = user.get(inputs).await.unwrap().message;
        let properties = encode_json(&got.get("properties").unwrap());
        assert!(properties.contains(r#""headers":{"tries":3,"tags":["a"],"urgent":true}"#));
        assert!(properties.contains(r#""delivery_mode":"persistent","priority":5"#));
        user.leave().await;
    });
}

#[test]
fn bodies_of_all_sizes_go_through_and_none_is_left_out() {
    let server = Rabbitmq::shared();
    let vhost = server.vhost("publishing-sizes");
    vhost.queue("q", "{}");
    run(async || {
        let small = rabbitmq_connection::In::FrameMax(known(Some(4096_u64)));
        let user = User::with(&vhost.url(), vec![small]);
        let sizes = [0, 1, 4087, 4088, 4089, 8176, 8177, 1_000_000];
        for size in sizes {
            user.sends("q", &"y".repeat(size)).await.unwrap();
        }
        assert_eq!(user.ready("q").await.unwrap(), sizes.len() as i64);
        for size in sizes {
            assert_eq!(user.takes("q").await.unwrap().len(), size);
        }
        let mut bytes = message("q", "");
        bytes[1] = In::Body(known(Value::Bytes(vec![0xff, 0, 0xce].into())));
        user.publish(bytes).await.unwrap();
        let inputs = vec![bggo_module_rabbitmq::rabbitmq_consume::In::Queue(text("q"))];
        let got = user.consume(inputs).await.unwrap().message;
        assert!(matches!(got.get("body"), Some(Value::Bytes(bytes)) if *bytes == [0xff, 0, 0xce]));
        user.leave().await;
    });
}

#[test]
fn a_window_of_messages_is_confirmed_one_by_one() {
    let server = Rabbitmq::shared();
    let vhost = server.vhost("publishing-window");
    vhost.queue("q", "{}");
    vhost.queue(
        "two",
        r#"{"arguments":{"x-max-length":2,"x-overflow":"reject-publish"}}"#,
    );
    run(async || {
        let user = User::new(&vhost.url());
        for _ in 0..3 {
            let output = user.publish_batch(batch("q", 100)).await.unwrap();
            assert_eq!(whole(&output.confirmed), 100);
            assert_eq!(whole(&output.returned), 0);
        }
        assert_eq!(user.ready("q").await.unwrap(), 300);
        assert_eq!(user.takes("q").await.unwrap(), "message 0");

        // A queue that is full refuses the rest.
        let (kind, text) = told(user.publish_batch(batch("two", 10)).await);
        assert_eq!(kind, "nack", "{text}");
        assert!(text.contains("of 10 messages"), "{text}");
        let refused = user.counted_by(&BATCH, rabbitmq_publish_batch::Metric::NACKED);
        let taken = user.counted_by(&BATCH, rabbitmq_publish_batch::Metric::MESSAGES) - 300;
        assert_eq!(refused + taken, 10);
        assert_eq!(user.ready("two").await.unwrap(), taken as i64);
        assert_eq!(told(user.sends("two", "one more").await).0, "nack");
        user.leave().await;
    });
}

#[test]
fn what_no_queue_takes_comes_back_only_if_that_is_asked_for() {
    let server = Rabbitmq::shared();
    let vhost = server.vhost("publishing-returns");
    vhost.queue("q", "{}");
    run(async || {
        let user = User::new(&vhost.url());
        // A confirm does not mean that anything got the message.
        user.sends("nowhere", "lost").await.unwrap();
        let mandatory = |queue: &str| {
            let mut inputs = message(queue, "x");
            inputs.push(In::Mandatory(known(Some(true))));
            inputs
        };
        user.publish(mandatory("q")).await.unwrap();
        let (kind, text) = told(user.publish(mandatory("nowhere")).await);
        assert_eq!(kind, "unroutable");
        assert!(text.contains("312 NO_ROUTE"), "{text}");
        let mut passes = mandatory("nowhere");
        passes.push(In::OnReturn(known(Some(Text::Static("pass")))));
        let output = user.publish(passes).await.unwrap();
        assert_eq!(encode_json(&output.returned), "true");
        assert_eq!(encode_json(&output.confirmed), "false");
        assert_eq!(whole(&output.return_code), 312);
        assert_eq!(output.return_text.as_text(), Some("NO_ROUTE"));
        assert_eq!(user.counted_by(&PUBLISH, Metric::RETURNED), 2);
        // Those side by side get their own.
        let (first, second, third) = tokio::join!(
            user.publish(mandatory("q")),
            user.publish(mandatory("nowhere")),
            user.publish(mandatory("q")),
        );
        first.unwrap();
        assert_eq!(told(second).0, "unroutable");
        third.unwrap();
        assert_eq!(user.ready("q").await.unwrap(), 3);
        assert_eq!(user.counted_by(&PUBLISH, Metric::POSSIBLY_WRITTEN), 0);
        user.leave().await;
    });
}

#[test]
fn an_exchange_that_is_missing_fails_its_step_and_no_other() {
    let server = Rabbitmq::shared();
    let vhost = server.vhost("publishing-errors");
    vhost.queue("q", "{}");
    run(async || {
        let user = User::new(&vhost.url());
        user.sends("q", "before").await.unwrap();
        let mut inputs = message("q", "x");
        inputs.push(In::Exchange(known(Some(Text::Static("nowhere")))));
        let (kind, text) = told(user.publish(inputs).await);
        assert_eq!(kind, "not_found");
        assert!(text.contains("404 NOT_FOUND"), "{text}");
        assert_eq!(user.counted_by(&PUBLISH, Metric::POSSIBLY_WRITTEN), 0);
        user.sends("q", "after").await.unwrap();
        let mut other = message("q", "x");
        other.push(In::UserId(some("somebody")));
        assert_eq!(told(user.publish(other).await).0, "precondition_failed");
        let long = "k".repeat(256);
        assert_eq!(told(user.sends(&long, "x").await).0, "value");
        let wide = "ü".repeat(200);
        assert_eq!(told(user.sends(&wide, "x").await).0, "argument");
        user.sends("q", "last").await.unwrap();
        assert_eq!(user.ready("q").await.unwrap(), 3);
        assert_eq!(user.counted(rabbitmq_connection::Metric::CONNECTIONS), 1);
        user.leave().await;
    });
}

#[test]
fn without_confirms_a_message_is_sent_and_nothing_is_heard_of_it() {
    let server = Rabbitmq::shared();
    let vhost = server.vhost("publishing-plain");
    vhost.queue("q", "{}");
    run(async || {
        let user = User::new(&vhost.url());
        for _ in 0..50 {
            let mut inputs = message("q", "x");
            inputs.push(In::Confirm(known(Some(false))));
            let output = user.publish(inputs).await.unwrap();
            assert_eq!(encode_json(&output.confirmed), "false");
        }
        // A confirm on another channel says nothing of them, so the server is asked.
        vhost.holds("q", 50, 0);
        user.leave().await;
    });
}

#[test]
fn requests_get_their_own_answers() {
    let server = Rabbitmq::shared();
    let vhost = server.vhost("publishing-requests");
    vhost.queue("work", "{}");
    run(async || {
        let user = User::new(&vhost.url());
        let worker = User::new(&vhost.url());
        let ask = |body: &str| {
            vec![
                rabbitmq_request::In::RoutingKey(text("work")),
                rabbitmq_request::In::Body(known(Value::Text(Text::from(body)))),
            ]
        };
        let serve = async {
            let mut asked = Vec::new();
            for _ in 0..3 {
                let inputs = vec![bggo_module_rabbitmq::rabbitmq_consume::In::Queue(text(
                    "work",
                ))];
                asked.push(worker.consume(inputs).await.unwrap().message);
            }
            // They are answered from the last one on.
            for message in asked.iter().rev() {
                let properties = message.get("properties").unwrap();
                let of = |name: &str| match properties.get(name) {
                    Some(Value::Text(text)) => text.to_string(),
                    other => panic!("{name}: {other:?}"),
                };
                let mut answer =
                    crate::user::message(&of("reply_to"), &format!("re: {}", body(message)));
                answer.push(In::CorrelationId(some(&of("correlation_id"))));
                worker.publish(answer).await.unwrap();
            }
        };
        let (one, two, three, ()) = tokio::join!(
            user.request(ask("one")),
            user.request(ask("two")),
            user.request(ask("three")),
            serve
        );
        for (answer, expected) in [(one, "re: one"), (two, "re: two"), (three, "re: three")] {
            assert_eq!(body(&answer.unwrap().message), expected);
        }
        let mut nobody = ask("hello");
        nobody[0] = rabbitmq_request::In::RoutingKey(text("nobody"));
        assert_eq!(told(user.request(nobody).await).0, "unroutable");
        let mut late = ask("late");
        late.push(rabbitmq_request::In::Timeout(crate::user::limit(200)));
        assert_eq!(told(user.request(late).await).0, "timeout");
        assert_eq!(
            user.counted_by(&REQUEST, rabbitmq_request::Metric::POSSIBLY_WRITTEN),
            1
        );
        user.leave().await;
        worker.leave().await;
    });
}

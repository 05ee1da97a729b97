//! Queues, exchanges and bindings are made, looked at, emptied and deleted.

use crate::user::{User, batch, known, message, run, some, text, told, whole};
use bggo_module_rabbitmq::{
    rabbitmq_bind, rabbitmq_connection, rabbitmq_consume, rabbitmq_declare_exchange,
    rabbitmq_declare_queue, rabbitmq_delete_exchange, rabbitmq_delete_queue, rabbitmq_publish,
    rabbitmq_purge_queue, rabbitmq_unbind,
};
use bggo_runtime::contract::{Text, Value};
use bggo_tests::server::Rabbitmq;

#[test]
fn what_is_declared_is_there_and_what_is_bound_gets_messages() {
    let server = Rabbitmq::shared();
    let vhost = server.vhost("declaring");
    run(async || {
        let user = User::new(&vhost.url());
        let arguments = Value::from(vec![(Text::Static("x-max-length"), Value::number(50))]);
        let declare = || {
            vec![
                rabbitmq_declare_queue::In::Queue(known(Some(Text::Static("orders")))),
                rabbitmq_declare_queue::In::Durable(known(Some(true))),
                rabbitmq_declare_queue::In::Arguments(known(Some(arguments.clone()))),
            ]
        };
        let output = user.declare_queue(declare()).await.unwrap();
        assert_eq!(output.queue.as_text(), Some("orders"));
        assert_eq!(whole(&output.message_count), 0);
        let path = "/api/queues/declaring/orders";
        let there = server.http("GET", path, "");
        assert_eq!(there["durable"], true);
        assert_eq!(there["arguments"]["x-max-length"], 50);

        user.declare_exchange(vec![
            rabbitmq_declare_exchange::In::Exchange(text("events")),
            rabbitmq_declare_exchange::In::Type(known(Some(Text::Static("topic")))),
        ])
        .await
        .unwrap();
        user.declare_exchange(vec![
            rabbitmq_declare_exchange::In::Exchange(text("all")),
            rabbitmq_declare_exchange::In::Type(known(Some(Text::Static("fanout")))),
        ])
        .await
        .unwrap();
        user.bind(vec![
            rabbitmq_bind::In::Source(text("events")),
            rabbitmq_bind::In::Queue(some("orders")),
            rabbitmq_bind::In::RoutingKey(known(Some(Text::Static("order.*")))),
        ])
        .await
        .unwrap();
        user.bind(vec![
            rabbitmq_bind::In::Source(text("all")),
            rabbitmq_bind::In::Exchange(some("events")),
        ])
        .await
        .unwrap();
        let to = |exchange: &'static str, key: &str| {
            let mut inputs = message(key, "x");
            inputs.push(rabbitmq_publish::In::Exchange(known(Some(Text::Static(
                exchange,
            )))));
            user.publish(inputs)
        };
        to("events", "order.new").await.unwrap();
        to("events", "user.new").await.unwrap();
        to("all", "order.old").await.unwrap();
        assert_eq!(user.ready("orders").await.unwrap(), 2);

        user.unbind(vec![
            rabbitmq_unbind::In::Source(text("all")),
            rabbitmq_unbind::In::Exchange(some("events")),
        ])
        .await
        .unwrap();
        user.unbind(vec![
            rabbitmq_unbind::In::Source(text("events")),
            rabbitmq_unbind::In::Queue(some("orders")),
            rabbitmq_unbind::In::RoutingKey(known(Some(Text::Static("order.*")))),
        ])
        .await
        .unwrap();
        to("events", "order.new").await.unwrap();
        assert_eq!(user.ready("orders").await.unwrap(), 2);

        let delete = |if_empty: bool| {
            vec![
                rabbitmq_delete_queue::In::Queue(text("orders")),
                rabbitmq_delete_queue::In::IfEmpty(known(Some(if_empty))),
            ]
        };
        assert_eq!(
            told(user.delete_queue(delete(true)).await).0,
            "precondition_failed"
        );
        let purge = vec![rabbitmq_purge_queue::In::Queue(text("orders"))];
        assert_eq!(
            whole(&user.purge_queue(purge).await.unwrap().message_count),
            2
        );
        user.publish_batch(batch("orders", 3)).await.unwrap();
        let output = user.delete_queue(delete(false)).await.unwrap();
        assert_eq!(whole(&output.message_count), 3);
        assert_eq!(server.try_http("GET", path, "").unwrap().0, 404);
        user.delete_exchange(vec![rabbitmq_delete_exchange::In::Exchange(text("events"))])
            .await
            .unwrap();
        assert_eq!(
            server
                .try_http("GET", "/api/exchanges/declaring/events", "")
                .unwrap()
                .0,
            404
        );
        user.leave().await;
    });
}

#[test]
fn what_the_server_refuses_is_told_and_the_next_step_goes_on() {
    let server = Rabbitmq::shared();
    let vhost = server.vhost("declaring-refused");
    vhost.queue("q", r#"{"durable":true}"#);
    run(async || {
        let user = User::new(&vhost.url());
        let named =
            |name: &'static str| rabbitmq_declare_queue::In::Queue(known(Some(Text::Static(name))));
        let (kind, told_text) = told(user.declare_queue(vec![named("q")]).await);
        assert_eq!(kind, "precondition_failed", "{told_text}");
        assert_eq!(told(user.ready("nowhere").await).0, "not_found");
        assert_eq!(
            told(user.declare_queue(vec![named("amq.mine")]).await).0,
            "access_refused"
        );
        let own = rabbitmq_declare_queue::In::Exclusive(known(Some(true)));
        let output = user.declare_queue(vec![own]).await.unwrap();
        let name = output.queue.as_text().unwrap().to_owned();
        assert!(name.starts_with("amq.gen-"), "{name}");
        // Another connection may not use it, and it goes with this one.
        let other = User::new(&vhost.url());
        assert_eq!(told(other.ready(&name).await).0, "resource_locked");
        assert_eq!(user.counted(rabbitmq_connection::Metric::CONNECTIONS), 1);
        user.leave().await;
        assert_eq!(told(other.ready(&name).await).0, "not_found");
        other.leave().await;
    });
}

#[test]
fn what_is_larger_than_a_frame_is_not_sent_and_the_connection_stays() {
    let server = Rabbitmq::shared();
    let vhost = server.vhost("declaring-frames");
    vhost.queue("q", "{}");
    run(async || {
        let small = rabbitmq_connection::In::FrameMax(known(Some(4096_u64)));
        let user = User::with(&vhost.url(), vec![small]);
        let much = Value::from(vec![(Text::Static("much"), Value::from("x".repeat(4100)))]);
        let mut publish = message("q", "x");
        publish.push(rabbitmq_publish::In::Headers(known(Some(much.clone()))));
        let declare = vec![
            rabbitmq_declare_queue::In::Queue(known(Some(Text::Static("other")))),
            rabbitmq_declare_queue::In::Arguments(known(Some(much.clone()))),
        ];
        let consume = vec![
            rabbitmq_consume::In::Queue(text("q")),
            rabbitmq_consume::In::Arguments(known(Some(much))),
        ];
        let failures = [
            told(user.publish(publish).await),
            told(user.declare_queue(declare).await),
            told(user.consume(consume).await),
        ];
        for (kind, text) in failures {
            assert_eq!(kind, "argument", "{text}");
            assert!(text.contains("frame_max"), "{text}");
        }
        // A body is cut into several frames, and comes back whole.
        let body = "y".repeat(10_000);
        user.sends("q", &body).await.unwrap();
        assert_eq!(user.takes("q").await.unwrap(), body);
        assert_eq!(user.counted(rabbitmq_connection::Metric::CONNECTIONS), 1);
        user.leave().await;
    });
}

//! A virtual user with a connection: each step gives its outputs or its fault.

use bggo_module_rabbitmq::{
    rabbitmq_ack, rabbitmq_bind, rabbitmq_connection, rabbitmq_consume, rabbitmq_declare_exchange,
    rabbitmq_declare_queue, rabbitmq_delete_exchange, rabbitmq_delete_queue, rabbitmq_get,
    rabbitmq_publish, rabbitmq_publish_batch, rabbitmq_purge_queue, rabbitmq_request,
    rabbitmq_unbind,
};
use bggo_runtime::contract::testing::{Lifetime, Policy};
use bggo_runtime::contract::{
    Counter, Early, Fault, Info, Number, ResourceInfo, Text, Trend, Value,
};
use bggo_test_user::TestUser;
pub use bggo_test_user::{known, limit, run, some, told};
use std::ops::Deref;
use std::rc::Rc;

/// Steps whose metrics are counted apart.
pub static PUBLISH: Info = Info::new("rabbitmq_publish", "publish", "test.hcl:1").slots(0..16);
pub static BATCH: Info = Info::new("rabbitmq_publish_batch", "batch", "test.hcl:3").slots(32..48);
pub static REQUEST: Info = Info::new("rabbitmq_request", "request", "test.hcl:4").slots(48..64);
pub static CONSUME: Info = Info::new("rabbitmq_consume", "consume", "test.hcl:5").slots(48..64);
static OTHER: Info = Info::new("rabbitmq_get", "other", "test.hcl:6").slots(48..64);
static CONNECTION: ResourceInfo =
    ResourceInfo::new("rabbitmq_connection", "connection", "test.hcl:2").first_slot(16);

static SHARED: ResourceInfo = ResourceInfo::new("rabbitmq_connection", "shared", "test.hcl:7")
    .first_slot(16)
    .scope(Lifetime::Worker);

/// A user.
pub struct User {
    user: TestUser,
    connection: Rc<rabbitmq_connection::Prepared>,
    connections: rabbitmq_connection::Slot,
}

impl Deref for User {
    type Target = TestUser;

    fn deref(&self) -> &TestUser {
        &self.user
    }
}

macro_rules! step {
    ($name:ident, $runner:ident, $info:ident) => {
        /// A step whose inputs are all known early.
        pub async fn $name(&self, inputs: Vec<$runner::In>) -> Result<$runner::Output, Fault> {
            let prepared = $runner::Prepared::new(
                &self.prepare(),
                Ok(inputs),
                $runner::Wanted::ALL,
                Policy::new(),
            );
            self.runs((&$info, prepared.policy()), async |it, step| {
                let mut make = |cx| self.connection.create(cx, Ok(Vec::new()));
                let connection = self.connections.get(it, &mut make);
                let needs = $runner::Needs::NONE.connection(connection);
                prepared.run(step, needs, &[]).await
            })
            .await
        }
    };
}

impl User {
    /// With a connection to this url, which is opened by its first step.
    pub fn new(url: &str) -> Self {
        Self::with(url, Vec::new())
    }

    pub fn with(url: &str, inputs: Vec<rabbitmq_connection::In>) -> Self {
        Self::of(&CONNECTION, url, inputs)
    }

    /// With a connection that others share.
    pub fn sharing(url: &str, inputs: Vec<rabbitmq_connection::In>) -> Self {
        Self::of(&SHARED, url, inputs)
    }

    /// Another user with the same connection.
    pub fn beside(&self, number: u64) -> Self {
        Self {
            user: self.user.beside(number),
            connection: Rc::clone(&self.connection),
            connections: self.connections.clone(),
        }
    }

    fn of(
        info: &'static ResourceInfo,
        url: &str,
        mut inputs: Vec<rabbitmq_connection::In>,
    ) -> Self {
        let user = TestUser::default();
        let cx = user.prepare();
        inputs.push(rabbitmq_connection::In::Url(known(url.to_owned())));
        let connection = rabbitmq_connection::Prepared::new(&cx, Ok(inputs));
        let connections = rabbitmq_connection::Slot::new(&user.scope, info, 0, &[]);
        Self {
            user,
            connection,
            connections,
        }
    }

    step!(publish, rabbitmq_publish, PUBLISH);
    step!(publish_batch, rabbitmq_publish_batch, BATCH);
    step!(request, rabbitmq_request, REQUEST);
    step!(consume, rabbitmq_consume, CONSUME);
    step!(get, rabbitmq_get, OTHER);
    step!(ack, rabbitmq_ack, OTHER);
    step!(declare_queue, rabbitmq_declare_queue, OTHER);
    step!(declare_exchange, rabbitmq_declare_exchange, OTHER);
    step!(bind, rabbitmq_bind, OTHER);
    step!(unbind, rabbitmq_unbind, OTHER);
    step!(purge_queue, rabbitmq_purge_queue, OTHER);
    step!(delete_queue, rabbitmq_delete_queue, OTHER);
    step!(delete_exchange, rabbitmq_delete_exchange, OTHER);

    /// Publishes a text to a queue.
    pub async fn sends(&self, queue: &str, body: &str) -> Result<(), Fault> {
        self.publish(message(queue, body)).await.map(drop)
    }

    /// Takes one message of a queue: its body.
    pub async fn takes(&self, queue: &str) -> Result<String, Fault> {
        let inputs = vec![rabbitmq_consume::In::Queue(text(queue))];
        let output = self.consume(inputs).await?;
        Ok(body(&output.message))
    }

    /// How many messages are ready in a queue, as a passive declare says.
    pub async fn ready(&self, queue: &str) -> Result<i64, Fault> {
        let inputs = vec![
            rabbitmq_declare_queue::In::Queue(known(Some(Text::from(queue)))),
            rabbitmq_declare_queue::In::Passive(known(Some(true))),
        ];
        let output = self.declare_queue(inputs).await?;
        Ok(whole(&output.message_count))
    }

    /// What the connection has counted so far.
    pub fn counted(&self, metric: Counter) -> u64 {
        self.worker.counted_by_asset(&CONNECTION, metric)
    }

    /// What the steps of a runner have counted so far.
    pub fn counted_by(&self, info: &'static Info, metric: Counter) -> u64 {
        self.worker.counted_by(info, metric)
    }

    /// How many values the connection has recorded of a trend so far.
    pub fn recorded(&self, metric: Trend) -> u64 {
        self.worker.recorded_by_asset(&CONNECTION, metric)
    }

    pub async fn leave(self) {
        self.user.scope.destroy().await;
    }
}

/// A text that is known early.
pub fn text(text: &str) -> Early<Text> {
    known(Text::from(text))
}

/// A message with a text to a queue.
pub fn message(queue: &str, body: &str) -> Vec<rabbitmq_publish::In> {
    vec![
        rabbitmq_publish::In::RoutingKey(text(queue)),
        rabbitmq_publish::In::Body(known(Value::Text(Text::from(body)))),
    ]
}

/// The same with several.
pub fn batch(queue: &str, count: usize) -> Vec<rabbitmq_publish_batch::In> {
    let bodies: Vec<Value> = (0..count)
        .map(|number| Value::Text(Text::from(format!("message {number}"))))
        .collect();
    vec![
        rabbitmq_publish_batch::In::RoutingKey(text(queue)),
        rabbitmq_publish_batch::In::Bodies(known(Value::from(bodies))),
    ]
}

/// The body of a message as a text.
pub fn body(message: &Value) -> String {
    match message.get("body") {
        Some(Value::Text(text)) => text.to_string(),
        other => panic!("no text: {other:?}"),
    }
}

/// A text of a message.
pub fn part(message: &Value, name: &str) -> String {
    match message.get(name) {
        Some(Value::Text(text)) => text.to_string(),
        other => panic!("no {name}: {other:?}"),
    }
}

/// A whole number.
pub fn whole(value: &Value) -> i64 {
    match value {
        Value::Number(number) => number.as_i64().unwrap(),
        other => panic!("no number: {other:?}"),
    }
}

pub fn number(number: i64) -> Early<Option<Number>> {
    known(Some(Number::from(number)))
}

//! A virtual user with a connection: each step gives its outputs or its fault.

use bggo_module_redis::{
    redis_command, redis_connection, redis_pipeline, redis_publish, redis_receive, redis_script,
    redis_stream_add, redis_stream_read, redis_subscription,
};
use bggo_runtime::contract::testing::Policy;
use bggo_runtime::contract::{
    Counter, Early, Fault, Info, ResourceInfo, Shape, Trend, Value, encode_json,
};
use bggo_test_user::TestUser;
pub use bggo_test_user::{known, run, some, told};
use std::ops::Deref;
use std::rc::Rc;

static STEP: Info = Info::new("redis_command", "step", "test.hcl:1").slots(0..24);
static CONNECTION: ResourceInfo =
    ResourceInfo::new("redis_connection", "connection", "test.hcl:2").first_slot(24);

static SUBSCRIPTION: ResourceInfo =
    ResourceInfo::new("redis_subscription", "subscription", "test.hcl:3").first_slot(40);

/// A user.
pub struct User {
    user: TestUser,
    connection: Rc<redis_connection::Prepared>,
    connections: redis_connection::Slot,
    subscription: Rc<redis_subscription::Prepared>,
    subscriptions: redis_subscription::Slot,
}

impl Deref for User {
    type Target = TestUser;

    fn deref(&self) -> &TestUser {
        &self.user
    }
}

macro_rules! step {
    ($name:ident, $runner:ident) => {
        /// A step whose inputs are all known early.
        pub async fn $name(&self, inputs: Vec<$runner::In>) -> Result<$runner::Output, Fault> {
            let prepared = $runner::Prepared::new(
                &self.prepare(),
                Ok(inputs),
                $runner::Wanted::ALL,
                Policy::new(),
            );
            self.runs((&STEP, prepared.policy()), async |it, step| {
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

    pub fn with(url: &str, inputs: Vec<redis_connection::In>) -> Self {
        Self::subscribed(url, inputs, Vec::new())
    }

    /// With a subscription as well, which begins with its first step.
    pub fn subscribed(
        url: &str,
        mut inputs: Vec<redis_connection::In>,
        subscription: Vec<redis_subscription::In>,
    ) -> Self {
        let user = TestUser::default();
        let cx = user.prepare();
        inputs.push(redis_connection::In::Url(known(url.to_owned())));
        let connection = redis_connection::Prepared::new(&cx, Ok(inputs));
        let subscription = redis_subscription::Prepared::new(&cx, Ok(subscription));
        let connections = redis_connection::Slot::new(&user.scope, &CONNECTION, 0, &[]);
        let subscriptions =
            redis_subscription::Slot::new(&user.scope, &SUBSCRIPTION, 0, &[&connections]);
        Self {
            user,
            connection,
            connections,
            subscription,
            subscriptions,
        }
    }

    /// A step that waits for messages, whose inputs are all known early.
    pub async fn receive(
        &self,
        inputs: Vec<redis_receive::In>,
    ) -> Result<redis_receive::Output, Fault> {
        let prepared = redis_receive::Prepared::new(
            &self.prepare(),
            Ok(inputs),
            redis_receive::Wanted::ALL,
            Policy::new(),
        );
        self.runs((&STEP, prepared.policy()), async |it, step| {
            let mut make = |cx| self.connection.create(cx, Ok(Vec::new()));
            self.connections.get(it, &mut make).await?;
            let mut make = |cx| {
                let needs = redis_subscription::Needs::NONE.connection(Some(&self.connections));
                self.subscription.create(cx, needs, Ok(Vec::new()))
            };
            let subscription = self.subscriptions.get(it, &mut make);
            let needs = redis_receive::Needs::NONE.subscription(subscription);
            prepared.run(step, needs, &[]).await
        })
        .await
    }

    /// What the subscription has counted so far.
    pub fn counted_by_subscription(&self, metric: Counter) -> u64 {
        self.worker.counted_by_asset(&SUBSCRIPTION, metric)
    }

    step!(command, redis_command);
    step!(pipeline, redis_pipeline);
    step!(script, redis_script);
    step!(publish, redis_publish);
    step!(stream_add, redis_stream_add);
    step!(stream_read, redis_stream_read);

    /// A command of words: its value as JSON.
    pub async fn asks(&self, words: &[&str]) -> Result<String, Fault> {
        let output = self.command(vec![command(words)]).await?;
        Ok(encode_json(&output.value))
    }

    /// What the connection has counted so far.
    pub fn counted(&self, metric: Counter) -> u64 {
        self.worker.counted_by_asset(&CONNECTION, metric)
    }

    /// What the steps have counted so far.
    pub fn counted_by_step(&self, metric: Counter) -> u64 {
        self.worker.counted_by(&STEP, metric)
    }

    /// How many values the steps have recorded of a trend so far.
    pub fn recorded_by_step(&self, metric: Trend) -> u64 {
        self.worker.recorded_by(&STEP, metric)
    }

    /// How many values the connection has recorded of a trend so far.
    pub fn recorded(&self, metric: Trend) -> u64 {
        self.worker.recorded_by_asset(&CONNECTION, metric)
    }

    pub async fn leave(self) {
        self.user.scope.destroy().await;
    }
}

/// A command of words that is known early.
pub fn command(words: &[&str]) -> redis_command::In {
    redis_command::In::Command(Early::Known(Shape::from(list(words))))
}

/// Words as a list.
pub fn list(words: &[&str]) -> Value {
    Value::from(
        words
            .iter()
            .map(|word| Value::from((*word).to_owned()))
            .collect::<Vec<_>>(),
    )
}

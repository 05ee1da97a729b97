//! A virtual user with a client and a stream: each step gives its outputs or its fault.

use crate::shop;
use bggo_module_grpc::{
    grpc_client, grpc_close, grpc_receive, grpc_request, grpc_send, grpc_stream,
};
use bggo_runtime::contract::testing::Policy;
use bggo_runtime::contract::{
    Counter, Early, Fault, Info, Method, ResourceInfo, Shape, Text, Trend, Value,
};
use bggo_test_user::TestUser;
pub use bggo_test_user::{kind, known, limit, run, some, told};
use std::ops::Deref;
use std::rc::Rc;

static STEP: Info = Info::new("grpc_request", "step", "test.hcl:1").slots(0..16);
static CLIENT: ResourceInfo =
    ResourceInfo::new("grpc_client", "client", "test.hcl:2").first_slot(32);
static STREAM: ResourceInfo =
    ResourceInfo::new("grpc_stream", "stream", "test.hcl:3").first_slot(48);

/// A user.
pub struct User {
    user: TestUser,
    client: Rc<grpc_client::Prepared>,
    stream: Rc<grpc_stream::Prepared>,
    clients: grpc_client::Slot,
    streams: grpc_stream::Slot,
}

impl Deref for User {
    type Target = TestUser;

    fn deref(&self) -> &TestUser {
        &self.user
    }
}

impl User {
    /// With a client of this server, which connects with its first step.
    pub fn new(target: &str) -> Self {
        Self::with(target, Vec::new(), vec![method_of_stream(shop::talk())])
    }

    pub fn with(
        target: &str,
        mut client: Vec<grpc_client::In>,
        stream: Vec<grpc_stream::In>,
    ) -> Self {
        let user = TestUser::default();
        let cx = user.prepare();
        client.push(grpc_client::In::Target(known(target.to_owned())));
        let client = grpc_client::Prepared::new(&cx, Ok(client));
        let stream = grpc_stream::Prepared::new(&cx, Ok(stream));
        let clients = grpc_client::Slot::new(&user.scope, &CLIENT, 0, &[]);
        let streams = grpc_stream::Slot::new(&user.scope, &STREAM, 0, &[&clients]);
        Self {
            user,
            client,
            stream,
            clients,
            streams,
        }
    }

    /// A call through a prepared step, as often as a test likes.
    pub fn prepared(&self, inputs: Vec<grpc_request::In>) -> grpc_request::Prepared {
        self.prepared_with(inputs, Policy::new())
    }

    /// The same with what the grid says of the step.
    pub fn prepared_with(
        &self,
        inputs: Vec<grpc_request::In>,
        policy: Policy,
    ) -> grpc_request::Prepared {
        grpc_request::Prepared::new(
            &self.prepare(),
            Ok(inputs),
            grpc_request::Wanted::ALL,
            policy,
        )
    }

    /// Runs a prepared step with what comes late.
    pub async fn calls(
        &self,
        prepared: &grpc_request::Prepared,
        late: &[grpc_request::Late<'_>],
    ) -> Result<grpc_request::Output, Fault> {
        self.runs((&STEP, prepared.policy()), async |it, step| {
            let mut make = |cx| self.client.create(cx, Ok(Vec::new()));
            let client = self.clients.get(it, &mut make);
            let needs = grpc_request::Needs::NONE.client(client);
            prepared.run(step, needs, late).await
        })
        .await
    }

    /// A call whose inputs are all known early.
    pub async fn request(
        &self,
        inputs: Vec<grpc_request::In>,
    ) -> Result<grpc_request::Output, Fault> {
        self.calls(&self.prepared(inputs), &[]).await
    }

    /// A unary call with a message: its text.
    pub async fn asks(&self, name: &str) -> Result<String, Fault> {
        let output = self.request(asking(name)).await?;
        Ok(shop::text(&output.message))
    }

    /// The kind and the text of the failure of a unary call.
    pub async fn fails(&self) -> (String, String) {
        told(self.asks("x").await)
    }

    /// What the client has counted so far.
    pub fn counted(&self, metric: Counter) -> u64 {
        self.worker.counted_by_asset(&CLIENT, metric)
    }

    /// What the steps have counted so far.
    pub fn counted_by_step(&self, metric: Counter) -> u64 {
        self.worker.counted_by(&STEP, metric)
    }

    /// How many values the client has recorded of a trend so far.
    pub fn recorded(&self, metric: Trend) -> u64 {
        self.worker.recorded_by_asset(&CLIENT, metric)
    }

    pub async fn leave(self) {
        self.user.scope.destroy().await;
    }
}

macro_rules! step_of_stream {
    ($name:ident, $with:ident, $runner:ident, $late:ty) => {
        impl User {
            /// A step of the stream whose inputs are all known early.
            pub async fn $name(&self, inputs: Vec<$runner::In>) -> Result<$runner::Output, Fault> {
                self.$with(inputs, &[]).await
            }

            /// The same with inputs that come with the run.
            pub async fn $with(
                &self,
                inputs: Vec<$runner::In>,
                late: &[$late],
            ) -> Result<$runner::Output, Fault> {
                let wanted = $runner::Wanted::ALL;
                let cx = self.prepare();
                let prepared = $runner::Prepared::new(&cx, Ok(inputs), wanted, Policy::new());
                self.runs((&STEP, prepared.policy()), async |it, step| {
                    let mut make = |cx| self.client.create(cx, Ok(Vec::new()));
                    self.clients.get(it, &mut make).await?;
                    let mut make = |cx| {
                        let needs = grpc_stream::Needs::NONE.client(Some(&self.clients));
                        self.stream.create(cx, needs, Ok(Vec::new()))
                    };
                    let stream = self.streams.get(it, &mut make);
                    let needs = $runner::Needs::NONE.stream(stream);
                    prepared.run(step, needs, late).await
                })
                .await
            }
        }
    };
}

step_of_stream!(send, send_late, grpc_send, grpc_send::Late<'_>);
step_of_stream!(receive, receive_late, grpc_receive, grpc_receive::Late<'_>);
step_of_stream!(close, close_late, grpc_close, grpc_close::Late<'_>);

impl User {
    /// Sends a message on the stream.
    pub async fn says(&self, name: &str) -> Result<(), Fault> {
        let message = grpc_send::In::Message(Early::Known(Some(shop::known_ask(name, 0))));
        self.send(vec![message]).await.map(drop)
    }

    /// The text of the next message on the stream.
    pub async fn hears(&self) -> Result<String, Fault> {
        let output = self.receive(vec![]).await?;
        Ok(shop::text(&output.message))
    }
}

/// The inputs of a unary call with a message.
pub fn asking(name: &str) -> Vec<grpc_request::In> {
    vec![method(shop::unary()), message(shop::known_ask(name, 0))]
}

pub fn method(method: Method) -> grpc_request::In {
    grpc_request::In::Method(Early::Known(method))
}

pub fn method_of_stream(method: Method) -> grpc_stream::In {
    grpc_stream::In::Method(Early::Known(method))
}

pub fn message(shape: Shape) -> grpc_request::In {
    grpc_request::In::Message(Early::Known(Some(shape)))
}

/// A map of texts.
pub fn map(pairs: &[(&'static str, &'static str)]) -> Value {
    let pairs = pairs.iter();
    let pairs = pairs.map(|(name, value)| (Text::Static(name), Value::text(value)));
    pairs.collect::<Vec<_>>().into()
}

/// A list of texts.
pub fn list(texts: &[&'static str]) -> Value {
    let texts = texts.iter().map(|text| Value::text(text));
    texts.collect::<Vec<_>>().into()
}

//! A virtual user with a client and a stream: each step gives its outputs or its fault.

use crate::shop;
use bggo_module_grpc::{
    grpc_client, grpc_close, grpc_receive, grpc_request, grpc_send, grpc_stream,
};
use bggo_runtime::contract::testing::{
    At, Begun, Iteration, Policy, Scope, UserContext, WorkerContext,
};
use bggo_runtime::contract::{
    Counter, Early, Fault, Info, Method, Prepare, ResourceInfo, Shape, Text, Trend, Value,
};
use std::future::poll_fn;
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;
use tokio::task::LocalSet;

static STEP: Info = Info::new("grpc_request", "step", "test.hcl:1").slots(0..16);
static CLIENT: ResourceInfo =
    ResourceInfo::new("grpc_client", "client", "test.hcl:2").first_slot(32);
static STREAM: ResourceInfo =
    ResourceInfo::new("grpc_stream", "stream", "test.hcl:3").first_slot(48);

/// A user.
pub struct User {
    worker: Rc<WorkerContext>,
    scope: Scope,
    client: Rc<grpc_client::Prepared>,
    stream: Rc<grpc_stream::Prepared>,
    clients: grpc_client::Slot,
    streams: grpc_stream::Slot,
}

/// Runs a test on a runtime like a worker's. A test that hangs fails.
pub fn run<T>(test: impl AsyncFnOnce() -> T) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let limit = Duration::from_secs(60);
    LocalSet::new().block_on(&runtime, async {
        tokio::time::timeout(limit, test())
            .await
            .expect("the test takes no minute")
    })
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
        let worker = Rc::new(WorkerContext::alone().unwrap());
        let cx = Prepare::new(&worker);
        let scope = cx.scope();
        client.push(grpc_client::In::Target(known(target.to_owned())));
        let client = grpc_client::Prepared::new(&cx, Ok(client));
        let stream = grpc_stream::Prepared::new(&cx, Ok(stream));
        let clients = grpc_client::Slot::new(&scope, &CLIENT, 0, &[]);
        let streams = grpc_stream::Slot::new(&scope, &STREAM, 0, &[&clients]);
        Self {
            worker,
            scope,
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
        let cx = Prepare::new(&self.worker);
        grpc_request::Prepared::new(&cx, Ok(inputs), grpc_request::Wanted::ALL, policy)
    }

    /// Runs a prepared step with what comes late.
    pub async fn runs(
        &self,
        prepared: &grpc_request::Prepared,
        late: &[grpc_request::Late<'_>],
    ) -> Result<grpc_request::Output, Fault> {
        let user = UserContext::new(Rc::clone(&self.worker), 1, 0);
        let begun = Begun::when_free(self.worker.moment(), 0);
        let it = Iteration::new(&user, &begun);
        let step = it.step(At::step(&STEP), prepared.policy());
        let mut make = |cx| self.client.create(cx, Ok(Vec::new()));
        let client = self.clients.get(&it, &mut make);
        let needs = grpc_request::Needs::NONE.client(client);
        self.idle_beside(prepared.run(&step, needs, late)).await
    }

    /// A call whose inputs are all known early.
    pub async fn request(
        &self,
        inputs: Vec<grpc_request::In>,
    ) -> Result<grpc_request::Output, Fault> {
        self.runs(&self.prepared(inputs), &[]).await
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

    /// Work of a user, whose assets look after what they have while it waits.
    pub async fn idle_beside<T>(&self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        poll_fn(|cx| {
            let polled = work.as_mut().poll(cx);
            if polled.is_pending() {
                self.scope.poll_idle(cx);
            }
            polled
        })
        .await
    }

    /// Waits as a user does between two steps, until something has happened.
    pub async fn waits_until(&self, mut has_happened: impl FnMut() -> bool) {
        let happens = async {
            while !has_happened() {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        self.idle_beside(happens).await;
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
        self.scope.destroy().await;
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
                let cx = Prepare::new(&self.worker);
                let wanted = $runner::Wanted::ALL;
                let prepared = $runner::Prepared::new(&cx, Ok(inputs), wanted, Policy::new());
                let user = UserContext::new(Rc::clone(&self.worker), 1, 0);
                let begun = Begun::when_free(self.worker.moment(), 0);
                let it = Iteration::new(&user, &begun);
                let step = it.step(At::step(&STEP), prepared.policy());
                let mut make = |cx| self.client.create(cx, Ok(Vec::new()));
                self.clients.get(&it, &mut make).await?;
                let mut make = |cx| {
                    let needs = grpc_stream::Needs::NONE.client(Some(&self.clients));
                    self.stream.create(cx, needs, Ok(Vec::new()))
                };
                let stream = self.streams.get(&it, &mut make);
                let needs = $runner::Needs::NONE.stream(stream);
                self.idle_beside(prepared.run(&step, needs, late)).await
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

/// The kind and the text of a failure.
pub fn told<T: std::fmt::Debug>(result: Result<T, Fault>) -> (String, String) {
    let fault = result.expect_err("the step should fail");
    (fault.kind().to_owned(), fault.text().to_owned())
}

/// The kind of a failure.
pub fn kind<T: std::fmt::Debug>(result: Result<T, Fault>) -> String {
    told(result).0
}

/// An input that is known early.
pub fn known<T>(value: impl Into<T>) -> Early<T> {
    Early::Known(value.into())
}

/// An optional text that is known early.
pub fn some(text: &str) -> Early<Option<Text>> {
    Early::Known(Some(Text::from(text.to_owned())))
}

/// A limit that is known early.
pub fn limit(millis: u64) -> Early<Option<Duration>> {
    Early::Known(Some(Duration::from_millis(millis)))
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

//! A virtual user with its client: asks, and gets a step's outputs or its fault.

use bggo_module_http_request::http_client::{self, Slot};
use bggo_module_http_request::http_events;
use bggo_module_http_request::http_request::{self, In, Late, Needs, Output, Wanted};
use bggo_module_http_request::{Answer, Ask, Upgrade, Upgraded};
use bggo_runtime::contract::testing::{
    At, Begun, Iteration, Policy, Scope, UserContext, WorkerContext,
};
use bggo_runtime::contract::{
    AssetCx, Counter, Early, Fault, Info, OnDemand, Prepare, Rate, ResourceInfo, Trend, Value,
};
use std::future::poll_fn;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;
use tokio::task::LocalSet;

static STEP: Info = Info::new("http_request", "asked", "test.hcl:1").slots(0..32);
static KEEPING_BACK: Info = Info::new("http_request", "kept_back", "test.hcl:4")
    .slots(0..32)
    .sensitive_inputs(&["url"]);
static LISTENED: Info = Info::new("http_events", "heard", "test.hcl:3").slots(0..32);
static CLIENT: ResourceInfo =
    ResourceInfo::new("http_client", "client", "test.hcl:2").first_slot(32);

/// A user.
pub struct User {
    worker: Rc<WorkerContext>,
    scope: Scope,
    client: Rc<http_client::Prepared>,
    late: Vec<http_client::In>,
    slot: Slot,
}

/// Runs a test on a runtime like a worker's.
pub fn run<T>(test: impl AsyncFnOnce() -> T) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    LocalSet::new().block_on(&runtime, test())
}

/// One request of a user of its own, all outputs wanted.
pub fn ask(client: Vec<http_client::In>, request: Vec<In>) -> Result<Output, Fault> {
    run(async || {
        let user = User::new(client);
        let result = user.ask(request).await;
        user.leave().await;
        result
    })
}

/// The fault of one request.
pub fn fault(client: Vec<http_client::In>, request: Vec<In>) -> Fault {
    ask(client, request).expect_err("the step should fail")
}

impl User {
    pub fn new(client: Vec<http_client::In>) -> Self {
        Self::with_late(client, Vec::new())
    }

    /// With inputs of the client that come with its creation.
    pub fn with_late(client: Vec<http_client::In>, late: Vec<http_client::In>) -> Self {
        Self::on(WorkerContext::alone().unwrap(), client, late)
    }

    /// In a run in which somebody asks for a metric of the step.
    pub fn asking(client: Vec<http_client::In>, metric: OnDemand<Trend>) -> Self {
        let worker = WorkerContext::alone().unwrap();
        Self::on(worker.asking(&STEP, metric), client, Vec::new())
    }

    fn on(worker: WorkerContext, client: Vec<http_client::In>, late: Vec<http_client::In>) -> Self {
        let worker = Rc::new(worker);
        let cx = Prepare::new(&worker);
        let scope = cx.scope();
        // What a grid names where it asks for these, which is so only if a test or the default says it.
        let mut client = client;
        client.push(http_client::In::TransportLink(&bggo_http_reqwest::LINK));
        client.push(http_client::In::HttpVersionLink(&bggo_http_3::LINK));
        let client = http_client::Prepared::new(&cx, Ok(client));
        let slot = Slot::new(&scope, &CLIENT, 0, &[]);
        Self {
            worker,
            scope,
            client,
            late,
            slot,
        }
    }

    /// Another user of the same thread, with a client of the same resource.
    pub fn beside(&self) -> Self {
        let scope = Prepare::new(&self.worker).scope();
        let slot = Slot::new(&scope, &CLIENT, 0, &[]);
        Self {
            worker: Rc::clone(&self.worker),
            scope,
            client: Rc::clone(&self.client),
            late: self.late.clone(),
            slot,
        }
    }

    pub async fn ask(&self, request: Vec<In>) -> Result<Output, Fault> {
        self.ask_late(request, &[], Wanted::ALL).await
    }

    /// With inputs that come with the run.
    pub async fn ask_late(
        &self,
        early: Vec<In>,
        late: &[Late<'_>],
        wanted: Wanted,
    ) -> Result<Output, Fault> {
        self.ask_as(&STEP, early, late, wanted).await
    }

    /// A request whose url is sensitive.
    pub async fn ask_keeping_back(&self, request: Vec<In>) -> Result<Output, Fault> {
        let wanted = Wanted::ALL;
        self.ask_as(&KEEPING_BACK, request, &[], wanted).await
    }

    async fn ask_as(
        &self,
        info: &'static Info,
        early: Vec<In>,
        late: &[Late<'_>],
        wanted: Wanted,
    ) -> Result<Output, Fault> {
        let prepared = http_request::Prepared::new(
            &Prepare::new(&self.worker),
            Ok(early),
            wanted,
            Policy::new(),
        );
        let user = UserContext::new(Rc::clone(&self.worker), 1, 0);
        let begun = Begun::when_free(self.worker.moment(), 0);
        let it = Iteration::new(&user, &begun);
        let step = it.step(At::step(info), prepared.policy());
        prepared
            .run(
                &step,
                Needs::NONE.client(
                    self.slot
                        .get(&it, &mut |cx| self.client.create(cx, Ok(self.late.clone()))),
                ),
                late,
            )
            .await
    }

    /// Runs a step without late inputs so often, whose outputs nobody reads.
    pub async fn repeat(&self, request: Vec<In>, times: usize) {
        let prepared = http_request::Prepared::new(
            &Prepare::new(&self.worker),
            Ok(request),
            Wanted::NONE,
            Policy::new(),
        );
        let user = UserContext::new(Rc::clone(&self.worker), 1, 0);
        let begun = Begun::when_free(self.worker.moment(), 0);
        let it = Iteration::new(&user, &begun);
        for _ in 0..times {
            let mut make = |cx| self.client.create(cx, Ok(self.late.clone()));
            let needs = Needs::NONE.client(self.slot.get(&it, &mut make));
            let ended = prepared.done(&it, At::step(&STEP), needs).await;
            assert!(ended.is_ok(), "a step failed");
        }
    }

    /// Reads the events of an answer, all outputs wanted.
    pub async fn listen(&self, ask: Vec<http_events::In>) -> Result<http_events::Output, Fault> {
        let prepared = http_events::Prepared::new(
            &Prepare::new(&self.worker),
            Ok(ask),
            http_events::Wanted::ALL,
            Policy::new(),
        );
        let user = UserContext::new(Rc::clone(&self.worker), 1, 0);
        let begun = Begun::when_free(self.worker.moment(), 0);
        let it = Iteration::new(&user, &begun);
        let step = it.step(At::step(&LISTENED), prepared.policy());
        let mut make = |cx| self.client.create(cx, Ok(self.late.clone()));
        let client = self.slot.get(&it, &mut make);
        let needs = http_events::Needs::NONE.client(client);
        prepared.run(&step, needs, &[]).await
    }

    /// Asks for another protocol, as a step of another module does.
    pub async fn upgrade(&self, asked: &Upgrade<'_>) -> Result<Upgraded, Fault> {
        let user = UserContext::new(Rc::clone(&self.worker), 1, 0);
        let begun = Begun::when_free(self.worker.moment(), 0);
        let it = Iteration::new(&user, &begun);
        let policy = Policy::new();
        let step = it.step(At::step(&STEP), &policy);
        let mut make = |cx| self.client.create(cx, Ok(self.late.clone()));
        let client = self.slot.get(&it, &mut make).await?;
        client.upgrade(&step, asked).await
    }

    /// The same as an asset asks while it is created.
    pub async fn upgrade_for_asset(&self, asked: &Upgrade<'_>) -> Result<Upgraded, Fault> {
        let user = UserContext::new(Rc::clone(&self.worker), 1, 0);
        let begun = Begun::when_free(self.worker.moment(), 0);
        let it = Iteration::new(&user, &begun);
        let mut make = |cx| self.client.create(cx, Ok(self.late.clone()));
        let client = self.slot.get(&it, &mut make).await?;
        let clock = AssetCx::alone(&self.worker).clock();
        client.upgrade(&clock, asked).await
    }

    /// Sends a request as a step of another module does.
    pub async fn ask_for_module(&self, asked: &Ask<'_>) -> Result<Answer, Fault> {
        let user = UserContext::new(Rc::clone(&self.worker), 1, 0);
        let begun = Begun::when_free(self.worker.moment(), 0);
        let it = Iteration::new(&user, &begun);
        let policy = Policy::new();
        let step = it.step(At::step(&STEP), &policy);
        let mut make = |cx| self.client.create(cx, Ok(self.late.clone()));
        let client = self.slot.get(&it, &mut make).await?;
        client.ask(&step, asked).await
    }

    /// The same as an asset asks.
    pub async fn ask_for_asset(&self, asked: &Ask<'_>) -> Result<Answer, Fault> {
        let user = UserContext::new(Rc::clone(&self.worker), 1, 0);
        let begun = Begun::when_free(self.worker.moment(), 0);
        let it = Iteration::new(&user, &begun);
        let mut make = |cx| self.client.create(cx, Ok(self.late.clone()));
        let client = self.slot.get(&it, &mut make).await?;
        let clock = AssetCx::alone(&self.worker).clock();
        client.ask(&clock, asked).await
    }

    /// What the steps that read events have counted so far.
    pub fn heard(&self, metric: Counter) -> u64 {
        self.worker.counted_by(&LISTENED, metric)
    }

    /// What the steps have counted so far.
    pub fn counted(&self, metric: Counter) -> u64 {
        self.worker.counted_by(&STEP, metric)
    }

    /// How many values the steps have recorded of a trend so far.
    pub fn recorded(&self, metric: Trend) -> u64 {
        self.worker.recorded_by(&STEP, metric)
    }

    /// The same of one that is measured on demand.
    pub fn recorded_on_demand(&self, metric: OnDemand<Trend>) -> u64 {
        self.worker.recorded_on_demand_by(&STEP, metric)
    }

    /// The sum of a trend of times so far.
    pub fn recorded_time(&self, metric: Trend) -> Duration {
        self.worker.time_by(&STEP, metric)
    }

    /// Hits of a rate so far, and of how many.
    pub fn hits(&self, metric: Rate) -> (u64, u64) {
        self.worker.hits_by(&STEP, metric)
    }

    /// What the client has counted so far.
    pub fn counted_by_client(&self, metric: Counter) -> u64 {
        self.worker.counted_by_asset(&CLIENT, metric)
    }

    /// How many values the client has recorded of a trend so far.
    pub fn recorded_by_client(&self, metric: Trend) -> u64 {
        self.worker.recorded_by_asset(&CLIENT, metric)
    }

    /// Waits as a user does between two steps, until something has happened.
    pub async fn waits_until(&self, mut has_happened: impl FnMut() -> bool) {
        let happens = async {
            while !has_happened() {
                poll_fn(|cx| {
                    self.scope.poll_idle(cx);
                    Poll::Ready(())
                })
                .await;
                tokio::task::yield_now().await;
            }
        };
        let happened = tokio::time::timeout(Duration::from_secs(60), happens).await;
        happened.expect("it happens");
    }

    pub async fn leave(self) {
        self.scope.destroy().await;
    }
}

/// An input that is known early.
pub fn known<T>(value: impl Into<T>) -> Early<T> {
    Early::Known(value.into())
}

/// An optional input that is known early.
pub fn some<T>(value: impl Into<T>) -> Early<Option<T>> {
    Early::Known(Some(value.into()))
}

/// The url of a request.
pub fn url(text: impl Into<String>) -> In {
    In::Url(known(text.into()))
}

/// The method of a request.
pub fn method(name: &'static str) -> In {
    In::Method(some(bggo_runtime::contract::Text::Static(name)))
}

/// A map, object or anything else, written as JSON.
pub fn value(json: &str) -> Value {
    bggo_runtime::contract::decode_json(json).unwrap()
}

/// The text of an output.
pub fn text(value: &Value) -> String {
    value.to_string()
}

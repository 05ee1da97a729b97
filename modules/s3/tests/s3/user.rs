//! A virtual user with its clients: runs a step, and gets its outputs or its fault.

use bggo_module_http_request::http_client;
use bggo_module_s3::{
    s3, s3_client, s3_delete_object, s3_get_object, s3_head_object, s3_list_objects,
    s3_multipart_upload, s3_presign, s3_put_object,
};
use bggo_runtime::contract::testing::{
    At, Begun, Iteration, Policy, Scope, UserContext, WorkerContext,
};
use bggo_runtime::contract::{
    Counter, Early, Fault, Info, Prepare, ResourceInfo, Seq, Text, Value,
};
use bggo_tests::server::Versitygw;
use std::rc::Rc;
use tokio::task::LocalSet;

static STEP: Info = Info::new("s3", "asked", "test.hcl:1").slots(0..32);
static HTTP: ResourceInfo = ResourceInfo::new("http_client", "http", "test.hcl:2").first_slot(32);
static S3: ResourceInfo = ResourceInfo::new("s3_client", "s3", "test.hcl:3").first_slot(48);

/// A user.
pub struct User {
    worker: Rc<WorkerContext>,
    scope: Scope,
    http: Rc<http_client::Prepared>,
    http_slot: http_client::Slot,
    s3: Rc<s3_client::Prepared>,
    s3_slot: s3_client::Slot,
}

/// Runs a test on a runtime like a worker's.
pub fn run<T>(test: impl AsyncFnOnce() -> T) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    LocalSet::new().block_on(&runtime, test())
}

/// The arguments of a client that may do everything at this server, with these in place of the usual ones.
pub fn client(url: &str, others: Vec<s3_client::In>) -> Vec<s3_client::In> {
    let mut inputs = vec![
        s3_client::In::Endpoint(some(url)),
        s3_client::In::Region(known(Versitygw::REGION)),
        s3_client::In::AccessKeyId(known(Versitygw::ACCESS_KEY)),
        s3_client::In::SecretAccessKey(known(Versitygw::SECRET_KEY)),
    ];
    inputs.extend(others);
    inputs
}

/// Runs a step of a runner.
macro_rules! runner {
    ($name:ident, $runner:ident) => {
        pub async fn $name(&self, inputs: Vec<$runner::In>) -> Result<$runner::Output, Fault> {
            let prepare = Prepare::new(&self.worker);
            let wanted = $runner::Wanted::ALL;
            let prepared = $runner::Prepared::new(&prepare, Ok(inputs), wanted, Policy::new());
            let user = UserContext::new(Rc::clone(&self.worker), 1, 0);
            let begun = Begun::when_free(self.worker.moment(), 0);
            let it = Iteration::new(&user, &begun);
            let step = it.step(At::step(&STEP), prepared.policy());
            let mut make = |cx| self.http.create(cx, Ok(Vec::new()));
            self.http_slot.get(&it, &mut make).await?;
            let mut make = |cx| {
                let needs = s3_client::Needs::NONE.client(Some(&self.http_slot));
                self.s3.create(cx, needs, Ok(Vec::new()))
            };
            let needs = $runner::Needs::NONE.client(self.s3_slot.get(&it, &mut make));
            prepared.run(&step, needs, &[]).await
        }
    };
}

impl User {
    pub fn new(s3: Vec<s3_client::In>) -> Self {
        Self::with(s3, Vec::new())
    }

    /// With arguments of the client of HTTP as well.
    pub fn with(s3: Vec<s3_client::In>, http: Vec<http_client::In>) -> Self {
        let worker = Rc::new(WorkerContext::alone().unwrap());
        let prepare = Prepare::new(&worker);
        let scope = prepare.scope();
        let http_slot = http_client::Slot::new(&scope, &HTTP, 0, &[]);
        Self {
            http: http_client::Prepared::new(&prepare, Ok(http)),
            s3: s3_client::Prepared::new(&prepare, Ok(s3)),
            s3_slot: s3_client::Slot::new(&scope, &S3, 0, &[&http_slot]),
            http_slot,
            scope,
            worker,
        }
    }

    runner!(put, s3_put_object);
    runner!(get, s3_get_object);
    runner!(head, s3_head_object);
    runner!(delete, s3_delete_object);
    runner!(list, s3_list_objects);
    runner!(upload, s3_multipart_upload);
    runner!(presign, s3_presign);

    /// Runs one prepared step with these clients of S3, one after the other. They share the client of HTTP.
    pub async fn get_by(
        &self,
        inputs: Vec<s3_get_object::In>,
        clients: Vec<Vec<s3_client::In>>,
    ) -> Vec<Result<s3_get_object::Output, Fault>> {
        use s3_get_object::{Needs, Prepared, Wanted};
        let prepare = Prepare::new(&self.worker);
        let prepared = Prepared::new(&prepare, Ok(inputs), Wanted::ALL, Policy::new());
        let user = UserContext::new(Rc::clone(&self.worker), 1, 0);
        let mut outcomes = Vec::new();
        for client in clients {
            let begun = Begun::when_free(self.worker.moment(), 0);
            let it = Iteration::new(&user, &begun);
            let step = it.step(At::step(&STEP), prepared.policy());
            let s3 = s3_client::Prepared::new(&prepare, Ok(client));
            let slot = s3_client::Slot::new(&self.scope, &S3, 0, &[&self.http_slot]);
            let mut make = |cx| self.http.create(cx, Ok(Vec::new()));
            self.http_slot.get(&it, &mut make).await.unwrap();
            let mut make = |cx| {
                let needs = s3_client::Needs::NONE.client(Some(&self.http_slot));
                s3.create(cx, needs, Ok(Vec::new()))
            };
            let needs = Needs::NONE.client(slot.get(&it, &mut make));
            outcomes.push(prepared.run(&step, needs, &[]).await);
        }
        outcomes
    }

    /// Uploads to a presigned url.
    pub async fn send(&self, inputs: Vec<s3::In>) -> Result<s3::Output, Fault> {
        let prepare = Prepare::new(&self.worker);
        let prepared = s3::Prepared::new(&prepare, Ok(inputs), s3::Wanted::ALL, Policy::new());
        let user = UserContext::new(Rc::clone(&self.worker), 1, 0);
        let begun = Begun::when_free(self.worker.moment(), 0);
        let it = Iteration::new(&user, &begun);
        let step = it.step(At::step(&STEP), prepared.policy());
        let mut make = |cx| self.http.create(cx, Ok(Vec::new()));
        let needs = s3::Needs::NONE.client(self.http_slot.get(&it, &mut make));
        prepared.run(&step, needs, &[]).await
    }

    /// What the steps have counted so far.
    pub fn counted(&self, metric: Counter) -> u64 {
        self.worker.counted_by(&STEP, metric)
    }

    /// What the client of S3 has counted so far.
    pub fn aborted(&self) -> u64 {
        self.worker
            .counted_by_asset(&S3, s3_client::Metric::ABORTED)
    }

    /// How many connections were opened.
    pub fn connections(&self) -> u64 {
        self.worker
            .counted_by_asset(&HTTP, http_client::Metric::CONNECTIONS)
    }

    /// Destroys what it has: how often its uploads were aborted in the end.
    pub async fn leave(self) -> u64 {
        let worker = Rc::clone(&self.worker);
        self.scope.destroy().await;
        drop(self);
        worker.counted_by_asset(&S3, s3_client::Metric::ABORTED)
    }
}

/// An input that is known early.
pub fn known(text: &str) -> Early<Text> {
    Early::Known(Text::from(text))
}

/// The content of an object, known when the step is prepared.
pub fn content(bytes: &[u8]) -> Early<Option<Seq<u8>>> {
    Early::Known(Some(bytes.to_vec().into()))
}

/// An optional input that is known early.
pub fn some(text: &str) -> Early<Option<Text>> {
    Early::Known(Some(Text::from(text)))
}

/// The text of an output.
pub fn text(value: &Value) -> String {
    value.to_string()
}

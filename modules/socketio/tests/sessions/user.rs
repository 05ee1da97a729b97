//! A virtual user in a namespace: each step gives its outputs or its fault.

use bggo_module_http_request::http_client;
use bggo_module_socketio::{
    socketio, socketio_client, socketio_emit, socketio_request, socketio_wait,
};
use bggo_runtime::contract::testing::Policy;
use bggo_runtime::contract::{
    Counter, Early, Fault, Info, ResourceInfo, Seq, Trend, Value, decode_json, encode_json,
};
use bggo_test_user::TestUser;
pub use bggo_test_user::{NEVER, known, limit, run, some, told};
use std::ops::Deref;
use std::rc::Rc;

static STEP: Info = Info::new("socketio_emit", "step", "test.hcl:1").slots(0..16);
static CLIENT: ResourceInfo =
    ResourceInfo::new("http_client", "browser", "test.hcl:2").first_slot(32);
static SOCKET: ResourceInfo =
    ResourceInfo::new("socketio_client", "client", "test.hcl:3").first_slot(16);

/// A user.
pub struct User {
    user: TestUser,
    client: Rc<http_client::Prepared>,
    socket: Rc<socketio_client::Prepared>,
    clients: http_client::Slot,
    sockets: socketio_client::Slot,
}

impl Deref for User {
    type Target = TestUser;

    fn deref(&self) -> &TestUser {
        &self.user
    }
}

macro_rules! step {
    ($with:ident, $runner:ident) => {
        /// A step, with inputs that come with the run.
        pub async fn $with(
            &self,
            inputs: Vec<$runner::In>,
            late: &[$runner::Late<'_>],
        ) -> Result<$runner::Output, Fault> {
            let prepared = $runner::Prepared::new(
                &self.prepare(),
                Ok(inputs),
                $runner::Wanted::ALL,
                Policy::new(),
            );
            self.runs((&STEP, prepared.policy()), async |it, step| {
                let mut make = |cx| self.client.create(cx, Ok(Vec::new()));
                self.clients.get(it, &mut make).await?;
                let mut make = |cx| {
                    let needs = socketio_client::Needs::NONE.client(Some(&self.clients));
                    self.socket.create(cx, needs, Ok(Vec::new()))
                };
                let socket = self.sockets.get(it, &mut make);
                let needs = $runner::Needs::NONE.client(socket);
                prepared.run(step, needs, late).await
            })
            .await
        }
    };
}

impl User {
    /// In a namespace, which the user enters with the first step.
    pub fn new(mut socket: Vec<socketio_client::In>, url: &str) -> Self {
        let user = TestUser::default();
        let cx = user.prepare();
        socket.push(socketio_client::In::Url(known(url.to_owned())));
        let client = http_client::Prepared::new(&cx, Ok(Vec::new()));
        let socket = socketio_client::Prepared::new(&cx, Ok(socket));
        let clients = http_client::Slot::new(&user.scope, &CLIENT, 0, &[]);
        let sockets = socketio_client::Slot::new(&user.scope, &SOCKET, 0, &[&clients]);
        Self {
            user,
            client,
            socket,
            clients,
            sockets,
        }
    }

    step!(emit_late, socketio_emit);
    step!(request_late, socketio_request);
    step!(wait_late, socketio_wait);

    /// A step that emits.
    pub async fn emit(
        &self,
        inputs: Vec<socketio_emit::In>,
    ) -> Result<socketio_emit::Output, Fault> {
        self.emit_late(inputs, &[]).await
    }

    /// A step that asks.
    pub async fn request(
        &self,
        inputs: Vec<socketio_request::In>,
    ) -> Result<socketio_request::Output, Fault> {
        self.request_late(inputs, &[]).await
    }

    /// A step that waits.
    pub async fn wait(
        &self,
        inputs: Vec<socketio_wait::In>,
    ) -> Result<socketio_wait::Output, Fault> {
        self.wait_late(inputs, &[]).await
    }

    /// A step that connects by itself.
    pub async fn once(&self, inputs: Vec<socketio::In>) -> Result<socketio::Output, Fault> {
        let prepared = socketio::Prepared::new(
            &self.prepare(),
            Ok(inputs),
            socketio::Wanted::ALL,
            Policy::new(),
        );
        self.runs((&STEP, prepared.policy()), async |it, step| {
            let mut make = |cx| self.client.create(cx, Ok(Vec::new()));
            let needs = socketio::Needs::NONE.client(self.clients.get(it, &mut make));
            prepared.run(step, needs, &[]).await
        })
        .await
    }

    /// Emits an event with arguments of this JSON.
    pub async fn says(&self, event: &str, args: &str) -> Result<(), Fault> {
        self.emit(emission(event, args)).await.map(|_| ())
    }

    /// The JSON of what the server acknowledges with.
    pub async fn acked(&self, event: &str, args: &str) -> Result<String, Fault> {
        let mut inputs = emission(event, args);
        inputs.push(socketio_emit::In::Ack(known(true)));
        let output = self.emit(inputs).await?;
        Ok(encode_json(&output.ack))
    }

    /// The JSON of the answer to an event.
    pub async fn asks(&self, event: &str, data: &str, on: &str) -> Result<String, Fault> {
        let inputs = question(event, Some(decode_json(data).unwrap()), on);
        let output = self.request(inputs).await?;
        Ok(encode_json(&output.response_data))
    }

    /// The JSON of the arguments of an event.
    pub async fn hears(&self, event: &str) -> Result<String, Fault> {
        let event = socketio_wait::In::Event(known(event.to_owned()));
        let output = self.wait(vec![event]).await?;
        Ok(encode_json(&output.args))
    }

    /// The id that the server gave.
    pub fn id(&self) -> String {
        self.sockets.export(0).unwrap().to_string()
    }

    /// What the user's connection has counted so far.
    pub fn counted(&self, metric: Counter) -> u64 {
        self.worker.counted_by_asset(&SOCKET, metric)
    }

    /// How many values it has recorded of a trend so far.
    pub fn recorded(&self, metric: Trend) -> u64 {
        self.worker.recorded_by_asset(&SOCKET, metric)
    }

    /// How many values the steps have recorded of a trend so far.
    pub fn recorded_by_step(&self, metric: Trend) -> u64 {
        self.worker.recorded_by(&STEP, metric)
    }

    pub async fn leave(self) {
        self.user.scope.destroy().await;
    }
}

/// The inputs of a step that emits.
pub fn emission(event: &str, args: &str) -> Vec<socketio_emit::In> {
    vec![
        socketio_emit::In::Event(known(event.to_owned())),
        socketio_emit::In::Args(Early::Known(Some(decode_json(args).unwrap()))),
    ]
}

/// The inputs of a step that asks.
pub fn question(event: &str, data: Option<Value>, on: &str) -> Vec<socketio_request::In> {
    vec![
        socketio_request::In::EmitEvent(known(event.to_owned())),
        socketio_request::In::EmitData(Early::Known(data)),
        socketio_request::In::OnEvent(known(on.to_owned())),
    ]
}

/// Bytes as a value.
pub fn bytes(bytes: &[u8]) -> Value {
    Value::Bytes(Seq::from(bytes.to_vec()))
}

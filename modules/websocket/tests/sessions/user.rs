//! A virtual user with a session: each step gives its outputs or its fault.

use bggo_module_http_request::http_client;
use bggo_module_websocket::{
    websocket, websocket_close, websocket_ping, websocket_receive, websocket_request,
    websocket_send,
};
use bggo_runtime::contract::testing::{
    At, Begun, Iteration, Policy, Scope, UserContext, WorkerContext,
};
use bggo_runtime::contract::{
    Counter, Early, Fault, Info, Moment, Prepare, ResourceInfo, Seq, Text, Trend, Value,
};
use std::cell::Cell;
use std::future::poll_fn;
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;
use tokio::task::LocalSet;

static STEP: Info = Info::new("websocket_send", "step", "test.hcl:1").slots(0..16);
static CLIENT: ResourceInfo =
    ResourceInfo::new("http_client", "client", "test.hcl:2").first_slot(32);
static SOCKET: ResourceInfo = ResourceInfo::new("websocket", "socket", "test.hcl:3").first_slot(16);

/// Milliseconds of a limit that passes in no test: whoever is not woken hangs.
pub const NEVER: u64 = 600_000;

/// A user.
pub struct User {
    worker: Rc<WorkerContext>,
    scope: Scope,
    client: Rc<http_client::Prepared>,
    socket: Rc<websocket::Prepared>,
    clients: http_client::Slot,
    sockets: websocket::Slot,
    /// When the iteration of its steps began.
    began: Cell<Moment>,
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

macro_rules! step {
    ($name:ident, $with:ident, $runner:ident, $late:ty) => {
        /// A step whose inputs are all known early.
        pub async fn $name(&self, inputs: Vec<$runner::In>) -> Result<$runner::Output, Fault> {
            self.$with(inputs, &[]).await
        }

        /// The same with inputs that come with the run.
        pub async fn $with(
            &self,
            inputs: Vec<$runner::In>,
            late: &[$late],
        ) -> Result<$runner::Output, Fault> {
            let prepared = $runner::Prepared::new(
                &Prepare::new(&self.worker),
                Ok(inputs),
                $runner::Wanted::ALL,
                Policy::new(),
            );
            let user = UserContext::new(Rc::clone(&self.worker), 1, 0);
            let begun = Begun::when_free(self.began.get(), 0);
            let it = Iteration::new(&user, &begun);
            let step = it.step(At::step(&STEP), prepared.policy());
            let mut make = |cx| self.client.create(cx, Ok(Vec::new()));
            self.clients.get(&it, &mut make).await?;
            let mut make = |cx| {
                let needs = websocket::Needs::NONE.client(Some(&self.clients));
                self.socket.create(cx, needs, Ok(Vec::new()))
            };
            let socket = self.sockets.get(&it, &mut make);
            let needs = $runner::Needs::NONE.socket(socket);
            self.idle_beside(prepared.run(&step, needs, late)).await
        }
    };
}

impl User {
    /// With a session of these inputs, which begins with its first step.
    pub fn new(socket: Vec<websocket::In>) -> Self {
        Self::with_client(Vec::new(), socket)
    }

    pub fn with_client(mut client: Vec<http_client::In>, socket: Vec<websocket::In>) -> Self {
        let worker = Rc::new(WorkerContext::alone().unwrap());
        let cx = Prepare::new(&worker);
        let scope = cx.scope();
        // What a grid names where it asks for these.
        client.push(http_client::In::TransportLink(&bggo_http_reqwest::LINK));
        client.push(http_client::In::HttpVersionLink(&bggo_http_3::LINK));
        let client = http_client::Prepared::new(&cx, Ok(client));
        let socket = websocket::Prepared::new(&cx, Ok(socket));
        let clients = http_client::Slot::new(&scope, &CLIENT, 0, &[]);
        let sockets = websocket::Slot::new(&scope, &SOCKET, 0, &[&clients]);
        Self {
            began: Cell::new(worker.moment()),
            worker,
            scope,
            client,
            socket,
            clients,
            sockets,
        }
    }

    step!(send, send_late, websocket_send, websocket_send::Late<'_>);
    step!(
        receive,
        receive_late,
        websocket_receive,
        websocket_receive::Late<'_>
    );
    step!(
        request,
        request_late,
        websocket_request,
        websocket_request::Late<'_>
    );
    step!(ping, ping_late, websocket_ping, websocket_ping::Late);
    step!(
        close,
        close_late,
        websocket_close,
        websocket_close::Late<'_>
    );

    /// A message as text.
    pub async fn says(&self, text: &str) {
        self.send(vec![websocket_send::In::Text(some(text))])
            .await
            .unwrap();
    }

    /// The next message, a text.
    pub async fn hears(&self) -> String {
        self.receive(vec![]).await.unwrap().message.to_string()
    }

    /// The answer to a text.
    pub async fn asks(&self, text: &str) -> Result<String, Fault> {
        let inputs = vec![websocket_request::In::Text(some(text))];
        let output = self.request(inputs).await?;
        Ok(output.message.to_string())
    }

    /// The fault of a step that waits for a message.
    pub async fn fails(&self) -> (String, String) {
        told(self.receive(vec![]).await.map(|_| ()))
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

    /// From now on steps are those of another iteration.
    pub fn begins_another_iteration(&self) {
        self.began.set(self.worker.moment());
    }

    /// An export of the session, by its number.
    pub fn exported(&self, number: usize) -> Value {
        self.sockets.export(number).unwrap()
    }

    /// What the session has counted so far.
    pub fn counted(&self, metric: Counter) -> u64 {
        self.worker.counted_by_asset(&SOCKET, metric)
    }

    /// How many values the session has recorded of a trend so far.
    pub fn recorded(&self, metric: Trend) -> u64 {
        self.worker.recorded_by_asset(&SOCKET, metric)
    }

    pub async fn leave(self) {
        self.scope.destroy().await;
    }
}

/// The kind and the text of a failure.
pub fn told<T: std::fmt::Debug>(result: Result<T, Fault>) -> (String, String) {
    let fault = result.expect_err("the step should fail");
    (fault.kind().to_owned(), fault.text().to_owned())
}

/// An input that is known early.
pub fn known<T>(value: impl Into<T>) -> Early<T> {
    Early::Known(value.into())
}

/// An optional text that is known early.
pub fn some(text: &str) -> Early<Option<Text>> {
    Early::Known(Some(Text::from(text.to_owned())))
}

/// Optional bytes that are known early.
pub fn bytes(bytes: &[u8]) -> Early<Option<Seq<u8>>> {
    Early::Known(Some(Seq::Shared(bytes.into())))
}

/// A limit of a step that is known early.
pub fn limit(millis: u64) -> Early<Option<Duration>> {
    Early::Known(Some(Duration::from_millis(millis)))
}

/// The bytes of an output.
pub fn bytes_of(value: &Value) -> Vec<u8> {
    match value {
        Value::Bytes(bytes) => bytes.to_vec(),
        other => panic!("no bytes, but {other:?}"),
    }
}

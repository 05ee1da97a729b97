//! A virtual user with a session: each step gives its outputs or its fault.

use bggo_module_http_request::http_client;
use bggo_module_websocket::{
    websocket, websocket_close, websocket_ping, websocket_receive, websocket_request,
    websocket_send,
};
use bggo_runtime::contract::testing::Policy;
use bggo_runtime::contract::{Counter, Early, Fault, Info, ResourceInfo, Seq, Trend, Value};
use bggo_test_user::TestUser;
pub use bggo_test_user::{NEVER, known, limit, run, some, told};
use std::ops::Deref;
use std::rc::Rc;

static STEP: Info = Info::new("websocket_send", "step", "test.hcl:1").slots(0..16);
static CLIENT: ResourceInfo =
    ResourceInfo::new("http_client", "client", "test.hcl:2").first_slot(32);
static SOCKET: ResourceInfo = ResourceInfo::new("websocket", "socket", "test.hcl:3").first_slot(16);

/// A user.
pub struct User {
    user: TestUser,
    client: Rc<http_client::Prepared>,
    socket: Rc<websocket::Prepared>,
    clients: http_client::Slot,
    sockets: websocket::Slot,
}

impl Deref for User {
    type Target = TestUser;

    fn deref(&self) -> &TestUser {
        &self.user
    }
}

macro_rules! step {
    ($name:ident, $with:ident, $that_reads:ident, $runner:ident, $late:ty) => {
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
            self.$that_reads($runner::Wanted::ALL, inputs, late).await
        }

        /// The same, of which these outputs are read.
        pub async fn $that_reads(
            &self,
            wanted: $runner::Wanted,
            inputs: Vec<$runner::In>,
            late: &[$late],
        ) -> Result<$runner::Output, Fault> {
            let prepared =
                $runner::Prepared::new(&self.prepare(), Ok(inputs), wanted, Policy::new());
            self.runs((&STEP, prepared.policy()), async |it, step| {
                let mut make = |cx| self.client.create(cx, Ok(Vec::new()));
                self.clients.get(it, &mut make).await?;
                let mut make = |cx| {
                    let needs = websocket::Needs::NONE.client(Some(&self.clients));
                    self.socket.create(cx, needs, Ok(Vec::new()))
                };
                let socket = self.sockets.get(it, &mut make);
                let needs = $runner::Needs::NONE.socket(socket);
                prepared.run(step, needs, late).await
            })
            .await
        }
    };
}

impl User {
    /// With a session of these inputs, which begins with its first step.
    pub fn new(socket: Vec<websocket::In>) -> Self {
        Self::with_client(Vec::new(), socket)
    }

    pub fn with_client(mut client: Vec<http_client::In>, socket: Vec<websocket::In>) -> Self {
        let user = TestUser::default();
        let cx = user.prepare();
        // What a grid names where it asks for these.
        client.push(http_client::In::TransportLink(&bggo_http_reqwest::LINK));
        client.push(http_client::In::HttpVersionLink(&bggo_http_3::LINK));
        let client = http_client::Prepared::new(&cx, Ok(client));
        let socket = websocket::Prepared::new(&cx, Ok(socket));
        let clients = http_client::Slot::new(&user.scope, &CLIENT, 0, &[]);
        let sockets = websocket::Slot::new(&user.scope, &SOCKET, 0, &[&clients]);
        Self {
            user,
            client,
            socket,
            clients,
            sockets,
        }
    }

    step!(
        send,
        send_late,
        send_that_reads,
        websocket_send,
        websocket_send::Late<'_>
    );
    step!(
        receive,
        receive_late,
        receive_that_reads,
        websocket_receive,
        websocket_receive::Late<'_>
    );
    step!(
        request,
        request_late,
        request_that_reads,
        websocket_request,
        websocket_request::Late<'_>
    );
    step!(
        ping,
        ping_late,
        ping_that_reads,
        websocket_ping,
        websocket_ping::Late
    );
    step!(
        close,
        close_late,
        close_that_reads,
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
        self.user.scope.destroy().await;
    }
}

/// Optional bytes that are known early.
pub fn bytes(bytes: &[u8]) -> Early<Option<Seq<u8>>> {
    Early::Known(Some(Seq::Shared(bytes.into())))
}

/// The bytes of an output.
pub fn bytes_of(value: &Value) -> Vec<u8> {
    match value {
        Value::Bytes(bytes) => bytes.to_vec(),
        other => panic!("no bytes, but {other:?}"),
    }
}

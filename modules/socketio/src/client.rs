//! The asset `socketio_client`: a user in a namespace.

use crate::connect::enter;
use crate::owner::Owner;
use crate::settings::{Given, Limits, Settings, Way};
use crate::socket::Socket;
use crate::socketio_client::{Error as Kind, Exports, Inputs, Metric, Uses};
use bggo_module_http_request::Asking;
use bggo_runtime::contract::{Asset, AssetCx, Fault, Prepare, Step, Value};
use std::rc::Rc;
use std::task::Context;
use std::time::Duration;

/// The time limit of a connection whose grid says nothing of it.
const CONNECT: Duration = Duration::from_secs(10);

/// A user in a namespace.
#[derive(Debug)]
pub struct SocketioClient {
    socket: Socket,
    id: Option<String>,
    /// Events of other iterations stay.
    keeps: bool,
}

impl Asset for SocketioClient {
    const WORKS_WHEN_IDLE: bool = true;

    type Inputs = Inputs;
    type Uses = Uses;
    /// The settings, if they are the same for all users of the thread.
    type Ready = Option<Rc<Settings>>;
    type Exports = Exports;

    fn prepare(_: &Prepare<'_>, inputs: &Inputs) -> Result<Self::Ready, Fault> {
        Ok(settings(inputs)?.map(Rc::new))
    }

    async fn create(
        cx: AssetCx,
        ready: Rc<Self::Ready>,
        uses: Uses,
        inputs: Inputs,
    ) -> Result<Self, Fault> {
        let client = uses
            .client
            .ok_or_else(|| Kind::Request.fault("a session needs a client: name one in `uses`"))?;
        let settings =
            match &*ready {
                Some(settings) => Rc::clone(settings),
                None => {
                    let settings = settings(&inputs)?;
                    Rc::new(settings.ok_or_else(|| {
                        Kind::Request.fault("an argument of the session is missing")
                    })?)
                }
            };
        let (clock, metrics) = (cx.clock(), cx.metrics());
        let begun = cx.now();
        let owner = Owner {
            asking: Asking::Asset(&clock),
            client: &client,
            clock: clock.clone(),
            metrics: Some(metrics.clone()),
            url_is_sensitive: cx.info().is_sensitive(),
        };
        let time = settings.connect_timeout.unwrap_or(CONNECT);
        let entered = enter(&settings, owner, time).await?;
        metrics.record_time(Metric::CONNECTING, cx.now() - begun);
        Ok(Self {
            socket: entered.socket,
            id: entered.id,
            keeps: settings.keeps,
        })
    }

    fn exports(&self) -> Exports {
        Exports {
            id: self.id.clone().map_or(Value::Null, Value::from),
        }
    }

    fn has_idle_work(&self) -> bool {
        self.socket.has_idle_work()
    }

    fn poll_idle(&self, cx: &mut Context<'_>) {
        self.socket.poll_idle(cx);
    }

    fn is_spent(&self) -> bool {
        self.socket.is_spent()
    }

    async fn destroy(self) -> Result<(), Fault> {
        self.socket.leave().await;
        Ok(())
    }
}

impl SocketioClient {
    /// The user, for steps.
    pub(crate) fn socket(&self) -> &Socket {
        &self.socket
    }

    /// The user, for a step that takes events. Those of another iteration are not for it.
    pub(crate) fn socket_for(&self, step: &Step<'_>) -> &Socket {
        if !self.keeps {
            self.socket.forget_before(step.iteration_began());
        }
        &self.socket
    }
}

/// The settings, if each argument is known.
fn settings(inputs: &Inputs) -> Result<Option<Settings>, Fault> {
    let Some(transports) = inputs.transports.known() else {
        return Ok(None);
    };
    let way = way(transports)?;
    let given = given(inputs, way);
    given.map(|given| given.settings()).transpose()
}

fn given(inputs: &Inputs, way: Way) -> Option<Given<'_>> {
    let count = |number: Option<u64>| {
        number
            .and_then(|number| usize::try_from(number).ok())
            .unwrap_or(usize::MAX)
    };
    Some(Given {
        url: inputs.url.known()?,
        way,
        namespace: inputs.namespace.known()?,
        auth: inputs.auth.known()?.as_deref(),
        path: inputs.path.known()?.as_deref(),
        headers: inputs.headers.known()?.as_ref(),
        query: inputs.query.known()?.as_ref(),
        insecure_skip_verify: *inputs.insecure_skip_verify.known()?,
        connect_timeout: Some(*inputs.connect_timeout.known()?),
        keep: *inputs.keep.known()?,
        limits: Limits {
            max_message: count(Some(*inputs.max_message_size.known()?)),
            inbox_messages: count(inputs.inbox_messages.known()?.as_u64()),
            inbox_bytes: count(Some(*inputs.inbox_size.known()?)),
        },
    })
}

/// How a connection is made by these transports.
fn way(transports: &Value) -> Result<Way, Fault> {
    let items = transports.items().unwrap_or_else(|| Vec::new().into());
    let names: Vec<&str> = items.iter().filter_map(Value::as_text).collect();
    match &names[..] {
        ["websocket"] => Ok(Way::WebSocket),
        ["polling", "websocket"] => Ok(Way::PollingFirst),
        _ => Err(Kind::Request
            .fault("the transports are websocket alone, or polling and then websocket")),
    }
}

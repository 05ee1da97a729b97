//! The runner `socketio`: connects, emits, waits and closes in one step.

use crate::connect::enter;
use crate::owner::Owner;
use crate::payload::{Acknowledgement, Payload};
use crate::request::{asked, first};
use crate::settings::{DEFAULT_LIMITS, Given, Settings, Way};
use crate::shown::{Heard, show};
use crate::socket::{Event, Socket};
use crate::socketio::{Error as Kind, Inputs, Late, Metric, Output, Plain, Uses, Wanted};
use crate::waits::{DEFAULT, Limit, What, within};
use bggo_module_http_request::{Asking, HttpClient};
use bggo_runtime::contract::{AssetClock, Fault, Moment, Prepare, Runner, Step, Value};
use std::rc::Rc;
use std::time::Duration;

/// A prepared step.
#[derive(Debug)]
pub struct Socketio {
    inputs: Inputs,
    wanted: Wanted,
    clock: AssetClock,
    /// What it does, if that is known early.
    fixed: Option<Visit>,
}

/// A connection for one event.
#[derive(Debug)]
struct Visit {
    settings: Rc<Settings>,
    emits: Option<Payload>,
    on_event: String,
    timeout: Duration,
}

impl Runner for Socketio {
    type Inputs = Inputs;
    type Late<'a> = Late<'a>;
    type Uses<'a> = Uses<'a>;
    type Wanted = Wanted;
    type Output = Output;

    fn prepare(cx: &Prepare<'_>, inputs: Inputs, wanted: Wanted) -> Result<Self, Fault> {
        let is_known = inputs.url.known().is_some()
            && inputs.namespace.known().is_some()
            && inputs.auth.known().is_some()
            && inputs.path.known().is_some()
            && inputs.headers.known().is_some()
            && inputs.query.known().is_some()
            && inputs.insecure_skip_verify.known().is_some()
            && inputs.on_event.known().is_some()
            && inputs.emit_event.known().is_some()
            && inputs.emit_data.known().is_some()
            && inputs.timeout.known().is_some();
        let fixed = match is_known {
            true => Some(visit(&inputs.with(&[])?)?),
            false => None,
        };
        Ok(Self {
            inputs,
            wanted,
            clock: cx.clock(),
            fixed,
        })
    }

    async fn run<'a>(
        &'a self,
        step: &'a Step<'_>,
        uses: Uses<'a>,
        late: &'a [Late<'a>],
    ) -> Result<Output, Fault> {
        let made;
        let visit = match &self.fixed {
            Some(fixed) => fixed,
            None => {
                made = visit(&self.inputs.with(late)?)?;
                &made
            }
        };
        let client = uses
            .client
            .ok_or_else(|| Kind::Request.fault("a session needs a client"))?;
        let begun = step.now();
        let socket = visit.enter(step, client, (&self.clock, begun)).await?;
        let answer = visit.wait(step, &socket, begun).await;
        let emitted = visit.emits.as_ref().ok_or(visit.on_event.as_str());
        let heard = answer
            .as_ref()
            .map(|event| Heard::Event(&event.name, &event.args));
        show(step, emitted, heard);
        let event = match answer {
            Ok(event) => event,
            Err(fault) => {
                // Its time may be over.
                socket.give_up(&fault);
                return Err(fault);
            }
        };
        step.received_at(event.came);
        socket.leave().await;
        Ok(Output {
            response_data: match self.wanted.response_data {
                true => first(event),
                false => Value::Null,
            },
        })
    }
}

impl Visit {
    async fn enter(
        &self,
        step: &Step<'_>,
        client: &HttpClient,
        (clock, begun): (&AssetClock, Moment),
    ) -> Result<Socket, Fault> {
        let owner = Owner {
            asking: Asking::Step(step),
            client,
            clock: clock.clone(),
            metrics: None,
            // The query of the handshake is a part of its url.
            url_is_sensitive: ["url", "query"]
                .into_iter()
                .any(|input| step.info().is_input_sensitive(input)),
        };
        let entered = enter(&self.settings, owner, self.timeout).await?;
        step.record_time(Metric::CONNECTING, step.now() - begun);
        Ok(entered.socket)
    }

    async fn wait(&self, step: &Step<'_>, socket: &Socket, begun: Moment) -> Result<Event, Fault> {
        // It waits before the event goes out, so that no answer is too quick.
        let waits = socket.event(&self.on_event);
        if let Some(event) = &self.emits {
            socket.put(event, None)?;
        }
        let limit = Limit {
            what: What::Event(&self.on_event),
            from: begun,
            limit: self.timeout,
        };
        loop {
            within(step, limit, |cx| waits.poll(cx)).await?;
            if let Some(event) = waits.take_event() {
                socket.acknowledge(&event, &Acknowledgement::new(&[]));
                return Ok(event);
            }
        }
    }
}

fn visit(plain: &Plain<'_>) -> Result<Visit, Fault> {
    let given = Given {
        url: &plain.url,
        way: Way::WebSocket,
        namespace: &plain.namespace,
        auth: plain.auth.as_deref(),
        path: plain.path.as_deref(),
        headers: plain.headers,
        query: plain.query,
        insecure_skip_verify: plain.insecure_skip_verify,
        connect_timeout: None,
        keep: false,
        limits: DEFAULT_LIMITS,
    };
    let emits = plain.emit_event.as_deref();
    Ok(Visit {
        settings: Rc::new(given.settings()?),
        emits: emits.map(|name| asked(name, plain.emit_data)).transpose()?,
        on_event: plain.on_event.to_string(),
        timeout: plain.timeout.unwrap_or(DEFAULT),
    })
}

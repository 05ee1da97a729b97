//! The runner `websocket_ping`.

use crate::session::Wants;
use crate::waits::{DEFAULT, Limit, What, within};
use crate::websocket_ping::{Inputs, Late, Output, Uses, Wanted};
use bggo_runtime::contract::{Fault, Prepare, Runner, Step, Value};

/// A prepared step that pings.
#[derive(Debug)]
pub struct WebsocketPing {
    inputs: Inputs,
}

impl Runner for WebsocketPing {
    type Inputs = Inputs;
    type Late<'a> = Late;
    type Uses<'a> = Uses<'a>;
    type Wanted = Wanted;
    type Output = Output;

    fn prepare(_: &Prepare<'_>, inputs: Inputs, _: Wanted) -> Result<Self, Fault> {
        Ok(Self { inputs })
    }

    async fn run<'a>(
        &'a self,
        step: &'a Step<'_>,
        uses: Uses<'a>,
        late: &'a [Late],
    ) -> Result<Output, Fault> {
        let plain = self.inputs.with(late)?;
        let session = uses.socket.session();
        let sent = step.sent();
        let payload = session.ping()?;
        let operation = session.operation(Wants::Pong(payload, None));
        let limit = Limit {
            what: What::Pong,
            from: sent,
            limit: plain.timeout.unwrap_or(DEFAULT),
        };
        within(step, &operation, limit).await?;
        let round_trip = operation.came().map(|came| {
            step.received_at(came);
            came - sent
        });
        Ok(Output {
            round_trip: round_trip.map_or(Value::Null, Value::Duration),
        })
    }
}

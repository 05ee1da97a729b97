//! The runner `websocket_send`.

use crate::content::{Fixed, Given};
use crate::session::Wants;
use crate::shown::{Said, show};
use crate::waits::{DEFAULT, Limit, What, within};
use crate::websocket_send::{Inputs, Late, Output, Plain, Uses, Wanted};
use bggo_runtime::contract::{Fault, Prepare, Runner, Step};
use std::time::Duration;

/// A prepared step that sends.
#[derive(Debug)]
pub struct WebsocketSend {
    inputs: Inputs,
    /// The message and the limit, if both are known early.
    fixed: Option<(Fixed, Duration)>,
}

impl Runner for WebsocketSend {
    type Inputs = Inputs;
    type Late<'a> = Late<'a>;
    type Uses<'a> = Uses<'a>;
    type Wanted = Wanted;
    type Output = Output;

    fn prepare(_: &Prepare<'_>, inputs: Inputs, _: Wanted) -> Result<Self, Fault> {
        let is_known = inputs.text.known().is_some()
            && inputs.json.known().is_some()
            && inputs.binary.known().is_some()
            && inputs.timeout.known().is_some();
        let fixed = match is_known {
            true => {
                let (given, timeout) = given(inputs.with(&[])?)?;
                Some((given.into_fixed(), timeout))
            }
            false => None,
        };
        Ok(Self { inputs, fixed })
    }

    async fn run<'a>(
        &'a self,
        step: &'a Step<'_>,
        uses: Uses<'a>,
        late: &'a [Late<'a>],
    ) -> Result<Output, Fault> {
        let made;
        let (message, packed, timeout) = match &self.fixed {
            Some((fixed, timeout)) => (fixed.outgoing(), Some(&fixed.packed), *timeout),
            None => {
                made = given(self.inputs.with(late)?)?;
                (made.0.outgoing(), None, made.1)
            }
        };
        let session = uses.socket.session();
        let operation = session.operation(Wants::Sent);
        let limit = Limit {
            what: What::Sent,
            from: step.sent(),
            limit: timeout,
        };
        let sent = match session.put(message, packed) {
            Ok(()) => within(step, &operation, limit).await,
            Err(fault) => Err(fault),
        };
        show(
            step,
            Said::Message(message),
            sent.as_ref().map(|()| &[][..]),
        );
        sent?;
        Ok(Output {})
    }
}

fn given(plain: Plain<'_>) -> Result<(Given<'_>, Duration), Fault> {
    let given = Given::one(plain.text, plain.json, plain.binary)?;
    Ok((given, plain.timeout.unwrap_or(DEFAULT)))
}

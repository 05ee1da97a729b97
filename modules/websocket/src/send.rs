//! The runner `websocket_send`.

use crate::content::{Fixed, Given};
use crate::session::Wants;
use crate::shown::{Said, show};
use crate::websocket_send::{Inputs, Late, Output, Plain, Uses, Wanted};
use bggo_runtime::contract::{Fault, Prepare, Runner, Step};
use std::future::poll_fn;

/// A prepared step that sends.
#[derive(Debug)]
pub struct WebsocketSend {
    inputs: Inputs,
    /// The message, if it is known early.
    fixed: Option<Fixed>,
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
            && inputs.binary.known().is_some();
        let fixed = match is_known {
            true => Some(given(inputs.with(&[])?)?.into_fixed()),
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
        let (message, packed) = match &self.fixed {
            Some(fixed) => (fixed.outgoing(), Some(&fixed.packed)),
            None => {
                made = given(self.inputs.with(late)?)?;
                (made.outgoing(), None)
            }
        };
        let session = uses.socket.session();
        let operation = session.operation(Wants::Sent);
        step.sent();
        let sent = match session.put(message, packed) {
            Ok(()) => poll_fn(|cx| operation.poll(cx)).await,
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

fn given(plain: Plain<'_>) -> Result<Given<'_>, Fault> {
    Given::one(plain.text, plain.json, plain.binary)
}

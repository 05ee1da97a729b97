//! The runner `websocket_close`.

use crate::close::{Closing, REASON};
use crate::session::Wants;
use crate::waits::{DEFAULT, Limit, What, within};
use crate::websocket_close::{Error as Kind, Inputs, Late, Output, Uses, Wanted};
use bggo_runtime::contract::{Fault, Number, Prepare, Runner, Step, Value};

/// A prepared step that closes.
#[derive(Debug)]
pub struct WebsocketClose {
    inputs: Inputs,
}

impl Runner for WebsocketClose {
    type Inputs = Inputs;
    type Late<'a> = Late<'a>;
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
        late: &'a [Late<'a>],
    ) -> Result<Output, Fault> {
        let plain = self.inputs.with(late)?;
        let code = plain
            .code
            .as_u64()
            .and_then(|code| u16::try_from(code).ok());
        let reason = plain.reason.unwrap_or_default().into_owned();
        if reason.len() > REASON {
            return Err(Kind::Reason.fault("the reason has more than 123 bytes"));
        }
        let closing = Closing { code, reason };
        let session = uses.socket.session();
        let sent = step.sent();
        session.close(&closing)?;
        let operation = session.operation(Wants::End);
        let limit = Limit {
            what: What::Close,
            from: sent,
            limit: plain.timeout.unwrap_or(DEFAULT),
        };
        within(step, &operation, limit).await?;
        let answer = session.answer_to_close().unwrap_or_default();
        let code = answer.code.map(|code| Number::from(u32::from(code)));
        Ok(Output {
            code: code.map_or(Value::Null, Value::Number),
            reason: answer.reason.into(),
        })
    }
}

//! The runner `grpc_close`.

use crate::channel::Slot;
use crate::grpc_close::{Inputs, Late, Metric, Output, Uses, Wanted};
use crate::limit::{Limit, Of, within};
use crate::outcome::{Outcome, Reads, passes_late};
use crate::shown::{Said, is_shown, show};
use crate::stream::judge;
use bggo_runtime::contract::{Fault, Number, Prepare, Runner, Step};
use std::pin::pin;
use std::time::Duration;

/// How long a step waits whose grid says nothing of it.
const DEFAULT: Duration = Duration::from_secs(10);

/// A prepared step that ends a stream.
#[derive(Debug)]
pub struct GrpcClose {
    inputs: Inputs,
    wanted: Wanted,
}

impl Runner for GrpcClose {
    type Inputs = Inputs;
    type Late<'a> = Late<'a>;
    type Uses<'a> = Uses<'a>;
    type Wanted = Wanted;
    type Output = Output;

    fn prepare(_: &Prepare<'_>, inputs: Inputs, wanted: Wanted) -> Result<Self, Fault> {
        Ok(Self { inputs, wanted })
    }

    async fn run<'a>(
        &'a self,
        step: &'a Step<'_>,
        uses: Uses<'a>,
        late: &'a [Late<'a>],
    ) -> Result<Output, Fault> {
        let plain = self.inputs.with(late)?;
        let stream = uses.stream;
        let limit = stream.limit(Limit {
            from: step.sent_at_once(),
            time: plain.timeout.unwrap_or(DEFAULT),
            of: Of::Close,
        });
        let closed = within(step, (stream.client(), limit), pin!(stream.close())).await;
        let closed = match closed.map_err(|fault| stream.failed(fault)) {
            Err(fault) if passes_late(&fault, plain.expect_status) => {
                Ok((Slot::expired(), 0, step.now()))
            }
            closed => closed,
        };
        let result = match &closed {
            Ok((slot, skipped, came)) => {
                step.received_at(*came);
                step.add(Metric::MESSAGES_RECEIVED, *skipped);
                judge(slot, plain.expect_status)
            }
            Err(fault) => Err(fault.clone()),
        };
        if let Some(bytes) = is_shown(step, result.as_ref().err()) {
            let said = Said {
                codec: stream.codec(),
                metadata: Some(stream.metadata()),
                message: None,
            };
            let slot = closed.as_ref().ok().map(|(slot, ..)| slot);
            show(step, said, (slot, None), bytes);
        }
        let code = result?;
        let (slot, skipped, _) = closed?;
        let reads = Reads {
            metadata: self.wanted.metadata,
            trailers: self.wanted.trailers,
            details: self.wanted.details,
        };
        let outcome = Outcome::of(code, &slot, reads);
        Ok(Output {
            status_code: outcome.status_code,
            status: outcome.status,
            status_message: outcome.status_message,
            metadata: outcome.metadata,
            trailers: outcome.trailers,
            details: outcome.details,
            skipped: Number::from(skipped).into(),
        })
    }
}

//! The runner `grpc_receive`.

use crate::codec::decode;
use crate::grpc_receive::{Inputs, Late, Metric, Output, Uses, Wanted};
use crate::limit::{Limit, Of, within};
use crate::shown::{Said, is_shown, show};
use crate::stream::GrpcStream;
use bggo_protobuf::Decoder;
use bggo_runtime::contract::{Fault, Number, Predicate, Prepare, Runner, Step, Value};
use std::cell::OnceCell;
use std::pin::pin;
use std::time::Duration;

/// How long a step waits whose grid says nothing of it.
const DEFAULT: Duration = Duration::from_secs(10);

/// A prepared step that waits for a message. What its message is, the stream says when the step runs for the first time.
#[derive(Debug)]
pub struct GrpcReceive {
    inputs: Inputs,
    wanted: Wanted,
    decoder: OnceCell<Decoder>,
}

impl Runner for GrpcReceive {
    type Inputs = Inputs;
    type Late<'a> = Late<'a>;
    type Uses<'a> = Uses<'a>;
    type Wanted = Wanted;
    type Output = Output;

    fn prepare(_: &Prepare<'_>, inputs: Inputs, wanted: Wanted) -> Result<Self, Fault> {
        Ok(Self {
            inputs,
            wanted,
            decoder: OnceCell::new(),
        })
    }

    async fn run<'a>(
        &'a self,
        step: &'a Step<'_>,
        uses: Uses<'a>,
        late: &'a [Late<'a>],
    ) -> Result<Output, Fault> {
        let stream = uses.stream;
        let (mut predicate, mut timeout) = (None, self.inputs.timeout.known().copied().flatten());
        for input in late {
            match *input {
                Late::Match(given) => predicate = given,
                Late::Timeout(given) => timeout = given,
            }
        }
        let limit = stream.limit(Limit {
            from: step.sent_at_once(),
            time: timeout.unwrap_or(DEFAULT),
            of: Of::Message,
        });
        let next = pin!(self.next(step, stream, predicate));
        let came = within(step, (stream.client(), limit), next).await;
        let came = came.map_err(|fault| stream.failed(fault));
        if let Some(bytes) = is_shown(step, came.as_ref().err()) {
            let said = Said {
                codec: stream.codec(),
                metadata: None,
                message: None,
            };
            let slot = crate::channel::Slot::default();
            let value = came.as_ref().ok().map(|output| &output.message);
            show(step, said, (value.map(|_| &slot), value), bytes);
        }
        came
    }
}

impl GrpcReceive {
    /// The next message that fits.
    async fn next(
        &self,
        step: &Step<'_>,
        stream: &GrpcStream,
        predicate: Option<Predicate<'_>>,
    ) -> Result<Output, Fault> {
        let mut skipped = 0_u64;
        loop {
            let message = stream.receive().await?;
            step.add(Metric::MESSAGES_RECEIVED, 1);
            let output = Output {
                message: self.value(step, stream, &message.bytes)?,
                skipped: Number::from(skipped).into(),
            };
            let fits = match predicate {
                Some(predicate) => output.clone().fits(self.wanted, step, predicate)?,
                None => true,
            };
            if fits {
                step.received_at(message.came);
                return Ok(output);
            }
            skipped += 1;
        }
    }

    /// The value of a message, if somebody reads it.
    fn value(&self, step: &Step<'_>, stream: &GrpcStream, bytes: &[u8]) -> Result<Value, Fault> {
        if !self.wanted.message && step.shows_exchanges().is_none() {
            return Ok(Value::Null);
        }
        let decoder = match self.decoder.get() {
            Some(decoder) => decoder,
            None => {
                let decoder = stream.codec().decoder()?;
                self.decoder.get_or_init(|| decoder)
            }
        };
        decode(decoder, bytes)
    }
}

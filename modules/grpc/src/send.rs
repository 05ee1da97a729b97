//! The runner `grpc_send`.

use crate::codec::Content;
use crate::framing::{self, Compression};
use crate::grpc_send::{Inputs, Late, Metric, Output, Uses, Wanted};
use crate::limit::{Limit, Of, within};
use crate::shown::{Said, is_shown, show};
use crate::stream::GrpcStream;
use bggo_runtime::contract::{Early, Fault, Parts, Prepare, Runner, Step};
use std::cell::{OnceCell, RefCell};
use std::pin::pin;
use std::time::Duration;

/// How long a step waits whose grid says nothing of it.
const DEFAULT: Duration = Duration::from_secs(10);
/// Bytes before each message.
const PREFIX: usize = 5;

/// A prepared step that sends a message. What its message is, the stream says when the step runs for the first time.
#[derive(Debug)]
pub struct GrpcSend {
    inputs: Inputs,
    content: OnceCell<Content>,
    /// A message that is known early, as it is sent.
    fixed: OnceCell<(Compression, Vec<u8>)>,
    /// Where the next message is written that is not.
    room: RefCell<Vec<u8>>,
}

impl Runner for GrpcSend {
    type Inputs = Inputs;
    type Late<'a> = Late<'a>;
    type Uses<'a> = Uses<'a>;
    type Wanted = Wanted;
    type Output = Output;

    fn prepare(_: &Prepare<'_>, inputs: Inputs, _: Wanted) -> Result<Self, Fault> {
        Ok(Self {
            inputs,
            content: OnceCell::new(),
            fixed: OnceCell::new(),
            room: RefCell::default(),
        })
    }

    async fn run<'a>(
        &'a self,
        step: &'a Step<'_>,
        uses: Uses<'a>,
        late: &'a [Late<'a>],
    ) -> Result<Output, Fault> {
        let stream = uses.stream;
        let (mut parts, mut timeout) = (None, self.inputs.timeout.known().copied().flatten());
        for input in late {
            match *input {
                Late::Message(given) => parts = given,
                Late::Timeout(given) => timeout = given,
            }
        }
        let mut made = Vec::new();
        let frame = match self.fixed.get() {
            Some((compression, frame)) if *compression == stream.compression() => frame,
            _ => {
                made = self.frame(stream, parts)?;
                &made
            }
        };
        let limit = stream.limit(Limit {
            from: step.sent_at_once(),
            time: timeout.unwrap_or(DEFAULT),
            of: Of::Close,
        });
        let sent = within(step, (stream.client(), limit), pin!(stream.send(frame))).await;
        let sent = sent.map_err(|fault| stream.failed(fault));
        if sent.is_ok() {
            step.add(Metric::MESSAGES_SENT, 1);
        }
        if let Some(bytes) = is_shown(step, sent.as_ref().err()) {
            let is_plain = frame.first() == Some(&0);
            let said = Said {
                codec: stream.codec(),
                metadata: Some(stream.metadata()),
                message: frame.get(PREFIX..).filter(|_| is_plain),
            };
            show(step, said, (None, None), bytes);
        }
        if made.capacity() > 0 {
            self.room.replace(made);
        }
        sent?;
        Ok(Output {})
    }
}

impl GrpcSend {
    /// The message as it is sent.
    fn frame(&self, stream: &GrpcStream, parts: Option<Parts<'_>>) -> Result<Vec<u8>, Fault> {
        let codec = stream.codec();
        let content = match self.content.get() {
            Some(content) => content,
            None => {
                let content = match &self.inputs.message {
                    Early::Known(shape) => codec.content(shape.as_ref())?,
                    Early::Later => Content::Whole,
                };
                self.content.get_or_init(|| content)
            }
        };
        let mut frame = self.room.take();
        frame.clear();
        let compression = stream.compression();
        framing::put(&mut frame, compression, |out| {
            codec.put(content, parts, out)
        })?;
        if matches!(content, Content::Known(_)) {
            let _ = self.fixed.set((compression, frame.clone()));
        }
        Ok(frame)
    }
}

//! The runner `grpc_request`: a call from its first message to its status.

use crate::channel::{Call, Reads as Keep, Slot, Upload};
use crate::client::{Found, GrpcClient, Settings};
use crate::codec::{Codec, Content, decode};
use crate::ended::End;
use crate::framing::{self, Keeps};
use crate::grpc_request::{Error as Kind, Inputs, Late, Metric, Output, Uses, Wanted};
use crate::head::{self, Metadata};
use crate::limit::{Limit, Of, within};
use crate::outcome::{self, Outcome, Reads};
use crate::shown::{Said, is_shown, show};
use bggo_http2::{Asking, Block, Code, Ends};
use bggo_protobuf::Decoder;
use bggo_runtime::contract::{
    Early, Fault, FaultText, Method, Moment, Number, Parts, Prepare, Runner, Step, Value,
};
use std::cell::RefCell;
use std::future::poll_fn;
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

/// How often a call is made again that its server did not look at.
const AGAIN: u32 = 2;
/// Bytes before each message.
const PREFIX: usize = 5;

/// A prepared step that makes a call.
#[derive(Debug)]
pub struct GrpcRequest {
    inputs: Inputs,
    wanted: Wanted,
    codec: Codec,
    decoder: Decoder,
    message: Content,
    /// Messages of a list that is known early, as bytes.
    messages: Option<Vec<Vec<u8>>>,
    /// What is known early of the metadata.
    metadata: Metadata,
    /// What is the same each time, for the client that was there last.
    made: RefCell<Option<Rc<Made>>>,
    /// Memory for what is sent.
    room: RefCell<Vec<u8>>,
}

/// What is the same in all calls through clients of these settings.
#[derive(Debug)]
struct Made {
    settings: Rc<Settings>,
    block: Block,
    /// All messages as they are sent, if they are known early.
    frames: Option<Frames>,
}

/// Messages as they are sent.
#[derive(Debug, Default)]
struct Frames {
    bytes: Vec<u8>,
    count: u64,
    /// Where the last one begins.
    last: usize,
}

/// What comes with a run, or was known before.
#[derive(Debug, Default)]
struct Given<'a> {
    message: Option<Parts<'a>>,
    messages: Option<&'a Value>,
    /// What came late of the metadata.
    metadata: Option<Metadata>,
    deadline: Option<Duration>,
    expect_messages: Option<Number>,
    expect_status: Option<&'a Value>,
}

/// What is sent.
#[derive(Debug, Clone, Copy)]
struct Ask<'a> {
    made: &'a Made,
    frames: &'a Frames,
    metadata: Option<&'a Metadata>,
    /// The deadline that the server hears of.
    deadline: Option<Duration>,
    begun: Moment,
    keep: Keep,
}

/// What came of a call that has a status.
struct Answered {
    slot: Slot,
    /// When it was sent, and when the last bytes came.
    sent: Moment,
    came: Moment,
}

/// The messages of a call are counted however it ends, also where its step is given up.
struct Counted<'a> {
    step: &'a Step<'a>,
    call: &'a Call,
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        let count = self.call.count();
        if count > 0 {
            self.step.add(Metric::MESSAGES_RECEIVED, count);
        }
    }
}

impl Runner for GrpcRequest {
    type Inputs = Inputs;
    type Late<'a> = Late<'a>;
    type Uses<'a> = Uses<'a>;
    type Wanted = Wanted;
    type Output = Output;

    fn prepare(_: &Prepare<'_>, inputs: Inputs, wanted: Wanted) -> Result<Self, Fault> {
        let method = known_method(&inputs.method)?;
        let codec = Codec::new(method)?;
        let message = match &inputs.message {
            Early::Known(shape) => codec.content(shape.as_ref())?,
            Early::Later => Content::Whole,
        };
        let messages = match &inputs.messages {
            Early::Known(Some(list)) => Some(encode_all(&codec, list)?),
            Early::Known(None) | Early::Later => None,
        };
        let metadata = match &inputs.metadata {
            Early::Known(map) => head::metadata(map.as_ref()).map_err(of_metadata)?,
            Early::Later => Metadata::new(),
        };
        Ok(Self {
            decoder: codec.decoder()?,
            codec,
            message,
            messages,
            metadata,
            inputs,
            wanted,
            made: RefCell::default(),
            room: RefCell::default(),
        })
    }

    async fn run<'a>(
        &'a self,
        step: &'a Step<'_>,
        uses: Uses<'a>,
        late: &'a [Late<'a>],
    ) -> Result<Output, Fault> {
        let client = uses.client;
        let begun = step.sent_at_once();
        let given = self.given(late)?;
        let made = self.made(client.settings())?;
        let mut own = Frames::default();
        let frames = match &made.frames {
            Some(frames) => frames,
            None => {
                own.bytes = self.room.take();
                own.bytes.clear();
                self.put(&given, client.settings(), &mut own)?;
                &own
            }
        };
        let limit = match given.deadline {
            Some(deadline) => Limit {
                from: begun,
                time: deadline,
                of: Of::Deadline,
            },
            None => Limit {
                from: begun,
                time: client.settings().timeout,
                of: Of::Client,
            },
        };
        let reads = Reads {
            metadata: self.wanted.metadata,
            trailers: self.wanted.trailers,
            details: self.wanted.details,
        };
        let is_seen = step.shows_exchanges().is_some();
        let ask = Ask {
            made: &made,
            frames,
            metadata: given.metadata.as_ref(),
            // The server is told of whichever ends first.
            deadline: given.deadline.map(|deadline| {
                step.time_limit()
                    .map_or(deadline, |most| most.min(deadline))
            }),
            begun,
            keep: Keep {
                messages: match self.wanted {
                    Wanted { messages: true, .. } => Keeps::All,
                    Wanted { message: true, .. } => Keeps::Last,
                    _ if is_seen => Keeps::Last,
                    _ => Keeps::None,
                },
                heads: reads.heads() || is_seen,
                holds_up: false,
            },
        };
        let answered = {
            let work = pin!(self.call(step, client, &ask));
            within(step, (client, limit), work).await
        };
        let answered = match answered {
            Err(fault) if outcome::passes_late(&fault, given.expect_status) => Ok(Answered {
                slot: Slot::expired(),
                sent: begun,
                came: step.now(),
            }),
            answered => answered,
        };
        let result = match &answered {
            Ok(answered) => self.judge(step, answered, &given),
            Err(fault) => Err(fault.clone()),
        };
        let shown = is_shown(step, result.as_ref().err());
        if let Some(bytes) = shown {
            let slot = answered.as_ref().ok().map(|answered| &answered.slot);
            let last = slot.and_then(|slot| slot.assembler.messages.back());
            let came = last.and_then(|last| self.decoder.decode(&last.bytes).ok());
            let sent = frames.bytes.get(frames.last + PREFIX..);
            let said = Said {
                codec: &self.codec,
                metadata: Some(given.metadata.as_ref().unwrap_or(&self.metadata)),
                message: sent.filter(|_| frames.count > 0 && !frames.is_compressed()),
            };
            show(step, said, (slot, came.as_ref()), bytes);
        }
        self.room.replace(own.bytes);
        result?;
        self.output(&answered?.slot, reads)
    }
}

impl GrpcRequest {
    /// What is known of a run.
    fn given<'a>(&'a self, late: &'a [Late<'a>]) -> Result<Given<'a>, Fault> {
        let inputs = &self.inputs;
        let mut given = Given {
            deadline: inputs.deadline.known().copied().flatten(),
            expect_messages: inputs.expect_messages.known().copied().flatten(),
            expect_status: inputs.expect_status.known().and_then(Option::as_ref),
            ..Given::default()
        };
        for input in late {
            match *input {
                // It is known before.
                Late::Method(_) => {}
                Late::Message(parts) => given.message = parts,
                Late::Messages(list) => given.messages = list,
                Late::Metadata(map) => {
                    given.metadata = Some(head::metadata(map).map_err(of_metadata)?);
                }
                Late::Deadline(deadline) => given.deadline = deadline,
                Late::ExpectMessages(count) => given.expect_messages = count,
                Late::ExpectStatus(names) => given.expect_status = names,
            }
        }
        Ok(given)
    }

    /// What is the same in all calls through such a client.
    fn made(&self, settings: &Rc<Settings>) -> Result<Rc<Made>, Fault> {
        if let Some(made) = &*self.made.borrow()
            && Rc::ptr_eq(&made.settings, settings)
        {
            return Ok(Rc::clone(made));
        }
        let method = self.codec.method;
        let mut frames = None;
        let inputs = &self.inputs;
        let is_known = match (&inputs.messages, &self.message) {
            (Early::Known(Some(_)), _) => true,
            (Early::Known(None), Content::Known(_)) => true,
            (Early::Known(None), _) | (Early::Later, _) => false,
        };
        if is_known {
            let mut known = Frames::default();
            self.put(&Given::default(), settings, &mut known)?;
            frames = Some(known);
        }
        let made = Rc::new(Made {
            settings: Rc::clone(settings),
            block: head::block(&settings.heads, method.name, &self.metadata),
            frames,
        });
        self.made.replace(Some(Rc::clone(&made)));
        Ok(made)
    }

    /// Writes all messages as they are sent.
    fn put(
        &self,
        given: &Given<'_>,
        settings: &Settings,
        frames: &mut Frames,
    ) -> Result<(), Fault> {
        let compression = settings.heads.compression;
        let mut put = |write: &mut dyn FnMut(&mut Vec<u8>) -> Result<(), Fault>| {
            frames.last = frames.bytes.len();
            frames.count += 1;
            framing::put(&mut frames.bytes, compression, write)
        };
        if let Some(messages) = &self.messages {
            for message in messages {
                put(&mut |out| {
                    out.extend_from_slice(message);
                    Ok(())
                })?;
            }
            return Ok(());
        }
        if let Some(list) = given.messages {
            for value in items(list)?.iter() {
                put(&mut |out| self.codec.encode(value, out))?;
            }
            return Ok(());
        }
        let has_message =
            given.message.is_some() || !matches!(self.inputs.message, Early::Known(None));
        if has_message || !self.codec.method.client_streams {
            put(&mut |out| self.codec.put(&self.message, given.message, out))?;
        }
        Ok(())
    }

    /// Makes the call, once more where the server did not look at it.
    async fn call(
        &self,
        step: &Step<'_>,
        client: &GrpcClient,
        ask: &Ask<'_>,
    ) -> Result<Answered, Fault> {
        let mut sent = ask.begun;
        for again in 0.. {
            let (channel, found) = client.channel().await?;
            if found == Found::Made {
                sent = step.sent();
            }
            let mut varying = Block::new();
            if let Some(deadline) = ask.deadline {
                head::put_timeout(&mut varying, deadline.saturating_sub(sent - ask.begun));
            }
            head::put_metadata(&mut varying, ask.metadata.into_iter().flatten());
            let asking = Asking {
                block: [ask.made.block.bytes(), varying.bytes()],
                has_body: true,
                is_head: false,
            };
            let opened = {
                let wait = channel.wait();
                poll_fn(|cx| channel.poll_open(&wait, (&asking, ask.keep), cx)).await
            };
            let end = match opened {
                // The connection takes no more, and nothing was sent.
                None => End::GoneAway(Code::NO_ERROR),
                Some(call) => {
                    step.add(Metric::MESSAGES_SENT, ask.frames.count);
                    let mut upload = Upload {
                        rest: &ask.frames.bytes,
                        ends: Ends::Yes,
                        is_done: false,
                    };
                    let over = {
                        let _counted = Counted { step, call: &call };
                        let wait = call.wait();
                        poll_fn(|cx| call.poll_over(&wait, &mut upload, cx)).await
                    };
                    let came = call.came();
                    let slot = call.into_slot();
                    match over {
                        Ok(()) => return Ok(Answered { slot, sent, came }),
                        Err(end) => end,
                    }
                }
            };
            if !end.is_unseen() || again == AGAIN {
                return Err(end.fault());
            }
        }
        // The loop returns before its numbers end.
        Err(End::GoneAway(Code::NO_ERROR).fault())
    }

    /// Whether the step passes.
    fn judge(&self, step: &Step<'_>, answered: &Answered, given: &Given<'_>) -> Result<(), Fault> {
        let Answered { slot, sent, came } = answered;
        step.received_at(*came);
        let streams = self.codec.method.server_streams;
        if streams && let Some(first) = slot.assembler.first {
            step.record_time(Metric::TIME_TO_FIRST_MESSAGE, first - *sent);
        }
        let code = slot.status.unwrap_or(crate::status::Code::OK);
        if !outcome::passes(code, given.expect_status) {
            return Err(outcome::fault(code, slot));
        }
        let count = slot.assembler.count;
        if code == crate::status::Code::OK && !streams && count != 1 {
            let text = format_args!("the server sent {count} messages, and the method has one");
            return Err(Kind::Protocol.fault(FaultText::plain(text)));
        }
        if let Some(expected) = given.expect_messages
            && Number::from(count) != expected
        {
            let text =
                format_args!("the server sent {count} messages, and {expected} were expected");
            return Err(Kind::Messages.fault(FaultText::plain(text)));
        }
        Ok(())
    }

    fn output(&self, slot: &Slot, reads: Reads) -> Result<Output, Fault> {
        let code = slot.status.unwrap_or(crate::status::Code::OK);
        let came = &slot.assembler.messages;
        let all = match self.wanted.messages {
            true => {
                let values = came.iter().map(|one| decode(&self.decoder, &one.bytes));
                Some(values.collect::<Result<Vec<Value>, Fault>>()?)
            }
            false => None,
        };
        let message = match (&all, came.back()) {
            (Some(all), _) => all.last().cloned(),
            (None, Some(last)) if self.wanted.message => Some(decode(&self.decoder, &last.bytes)?),
            _ => None,
        };
        let outcome = Outcome::of(code, slot, reads);
        Ok(Output {
            status_code: outcome.status_code,
            status: outcome.status,
            status_message: outcome.status_message,
            message: message.unwrap_or(Value::Null),
            messages: all.map_or(Value::Null, Value::from),
            metadata: outcome.metadata,
            trailers: outcome.trailers,
            details: outcome.details,
        })
    }
}

impl Frames {
    fn is_compressed(&self) -> bool {
        self.bytes.get(self.last) == Some(&1)
    }
}

/// The method, which is known when the grid is built.
pub(crate) fn known_method(method: &Early<Method>) -> Result<Method, Fault> {
    let known = method.known().copied();
    known.ok_or_else(|| Fault::missing("method"))
}

pub(crate) fn of_metadata(text: FaultText) -> Fault {
    Kind::Metadata.fault(text)
}

fn encode_all(codec: &Codec, list: &Value) -> Result<Vec<Vec<u8>>, Fault> {
    let mut messages = Vec::new();
    for value in items(list)?.iter() {
        let mut message = Vec::new();
        codec.encode(value, &mut message)?;
        messages.push(message);
    }
    Ok(messages)
}

fn items(list: &Value) -> Result<bggo_runtime::contract::Seq<Value>, Fault> {
    list.items()
        .ok_or_else(|| Fault::new("value", "`messages` is a list of messages"))
}

//! The asset `grpc_stream`: a call that lasts over steps. Its head goes out with the first step that needs it.
//!
//! Messages that no step has taken hold the server up, by the window of the stream, so there is no inbox that could overflow.

use crate::channel::{Call, Reads, Slot, Upload};
use crate::client::GrpcClient;
use crate::codec::Codec;
use crate::ended::End;
use crate::framing::{Compression, Keeps, Message};
use crate::grpc_receive::Error as Kind;
use crate::grpc_stream::{Exports, Inputs, Uses};
use crate::head::{self, Metadata};
use crate::limit::{Limit, Of};
use crate::outcome;
use crate::request::{known_method, of_metadata};
use crate::status::Code;
use bggo_http2::{Asking, Code as OfHttp2, Ends};
use bggo_runtime::contract::{Asset, AssetClock, AssetCx, Fault, Moment, Prepare, Value};
use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;

/// How often a call is begun again where its connection takes no more.
const AGAIN: u32 = 2;

/// A stream.
#[derive(Debug)]
pub struct GrpcStream {
    client: Arc<GrpcClient>,
    codec: Rc<Codec>,
    metadata: Metadata,
    deadline: Option<Duration>,
    clock: AssetClock,
    call: RefCell<Option<Rc<Call>>>,
    /// Only one step begins the call.
    opening: Mutex<()>,
    /// Only one message is on its way: the pieces of two would mix.
    sending: Mutex<()>,
    opened: Cell<Option<Moment>>,
    state: Cell<State>,
    /// A step has failed because it is over.
    has_failed: Cell<bool>,
}

/// How far a stream is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Messages can be sent.
    Open,
    /// Nothing more is sent.
    HalfClosed,
    /// A step waited for its end.
    Closed,
    /// It was given up in the middle of a message, or its deadline passed.
    GivenUp,
}

impl Asset for GrpcStream {
    type Inputs = Inputs;
    type Uses = Uses;
    /// The messages of the method.
    type Ready = Rc<Codec>;
    type Exports = Exports;

    fn prepare(_: &Prepare<'_>, inputs: &Inputs) -> Result<Self::Ready, Fault> {
        Ok(Rc::new(Codec::new(known_method(&inputs.method)?)?))
    }

    async fn create(
        cx: AssetCx,
        ready: Rc<Self::Ready>,
        uses: Uses,
        inputs: Inputs,
    ) -> Result<Self, Fault> {
        let metadata = inputs.metadata.known().and_then(Option::as_ref);
        Ok(Self {
            client: uses.client,
            codec: Rc::clone(&ready),
            metadata: head::metadata(metadata).map_err(of_metadata)?,
            deadline: inputs.deadline.known().copied().flatten(),
            clock: cx.clock(),
            call: RefCell::default(),
            opening: Mutex::new(()),
            sending: Mutex::new(()),
            opened: Cell::default(),
            state: Cell::new(State::Open),
            has_failed: Cell::new(false),
        })
    }

    fn exports(&self) -> Exports {
        Exports {}
    }

    fn is_spent(&self) -> bool {
        self.state.get() == State::Closed || self.has_failed.get()
    }

    async fn destroy(self) -> Result<(), Fault> {
        // A call that is not over is reset.
        Ok(())
    }
}

impl GrpcStream {
    /// Whose connections it uses.
    pub(crate) fn client(&self) -> &GrpcClient {
        &self.client
    }

    /// The messages of its method.
    pub(crate) fn codec(&self) -> &Rc<Codec> {
        &self.codec
    }

    /// How its messages are compressed.
    pub(crate) fn compression(&self) -> Compression {
        self.client.settings().heads.compression
    }

    /// Its own metadata.
    pub(crate) fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// The limit of a step that waits so long: its own, or the deadline of the stream if that passes before.
    pub(crate) fn limit(&self, own: Limit) -> Limit {
        let Some(deadline) = self.deadline else {
            return own;
        };
        let from = self.opened.get().unwrap_or(own.from);
        if from + deadline < own.from + own.time {
            return Limit {
                from,
                time: deadline,
                of: Of::Deadline,
            };
        }
        own
    }

    /// A step failed with this because of the stream.
    pub(crate) fn failed(&self, fault: Fault) -> Fault {
        if fault.kind() == Kind::DeadlineExceeded.name() {
            self.gives_up();
        }
        fault
    }

    /// Sends a message, with what stands before it. The method may take no other one.
    ///
    /// # Errors
    /// The stream is over.
    pub(crate) async fn send(&self, frame: &[u8]) -> Result<(), Fault> {
        let call = self.call().await?;
        let _turn = match self.sending.try_lock() {
            Ok(turn) => turn,
            Err(_) => self.sending.lock().await,
        };
        self.check_is_open()?;
        let ends = match self.codec.method.client_streams {
            true => Ends::No,
            false => Ends::Yes,
        };
        if ends == Ends::Yes {
            self.state.set(State::HalfClosed);
        }
        let mut sending = Sending {
            stream: self,
            upload: Upload {
                rest: frame,
                ends,
                is_done: false,
            },
        };
        let sent = {
            let wait = call.wait();
            poll_fn(|cx| call.poll_sent(&wait, &mut sending.upload, cx)).await
        };
        sent.map_err(|end| match end {
            Some(end) => self.is_lost(&end),
            None => self.is_over(&call),
        })
    }

    /// Waits for a message.
    ///
    /// # Errors
    /// The stream is over.
    pub(crate) async fn receive(&self) -> Result<Message, Fault> {
        let call = self.call().await?;
        if self.state.get() == State::Closed {
            return Err(closed_before());
        }
        let wait = call.wait();
        loop {
            let is_there = poll_fn(|cx| call.poll_message(&wait, cx)).await;
            if !is_there.map_err(|end| self.is_lost(&end))? {
                return Err(self.is_over(&call));
            }
            // Another step may have been quicker.
            let taken = call.with_slot(|slot| slot.assembler.messages.pop_front());
            if let Some(message) = taken.flatten() {
                return Ok(message);
            }
        }
    }

    /// Says that nothing more will be sent, and waits for the status: what came of the call, and how many messages nobody took.
    ///
    /// # Errors
    /// The call has no status.
    pub(crate) async fn close(&self) -> Result<(Slot, u64, Moment), Fault> {
        let call = self.call().await?;
        let turn = self.sending.lock().await;
        let mut upload = Upload {
            rest: &[],
            ends: Ends::Yes,
            is_done: false,
        };
        match self.state.get() {
            State::Open => self.state.set(State::HalfClosed),
            State::HalfClosed => upload.is_done = true,
            State::Closed => return Err(closed_before()),
            State::GivenUp => return Err(given_up()),
        }
        // What nobody takes any more holds nobody up.
        let mut skipped = 0;
        call.with_slot(|slot| {
            slot.assembler.keeps = Keeps::None;
            skipped = slot.assembler.messages.len() as u64;
            slot.assembler.messages.clear();
        });
        let before = call.with_slot(|slot| slot.assembler.count);
        let over = {
            let wait = call.wait();
            poll_fn(|cx| call.poll_over(&wait, &mut upload, cx)).await
        };
        drop(turn);
        over.map_err(|end| self.is_lost(&end))?;
        self.state.set(State::Closed);
        let came = call.came();
        let slot = call.with_slot(Slot::take).unwrap_or_default();
        skipped += slot.assembler.count - before.unwrap_or(0);
        Ok((slot, skipped, came))
    }

    fn check_is_open(&self) -> Result<(), Fault> {
        match self.state.get() {
            State::Open => Ok(()),
            State::HalfClosed if self.codec.method.client_streams => {
                // The step that closed it waits no more: the server did not end it in time.
                self.has_failed.set(true);
                Err(Kind::Closed.fault("a step said before that nothing more is sent"))
            }
            State::HalfClosed => {
                Err(Kind::Closed.fault("the method takes one message, which was sent before"))
            }
            State::Closed => Err(closed_before()),
            State::GivenUp => Err(given_up()),
        }
    }

    /// The call is reset once no step waits for it.
    fn gives_up(&self) {
        self.state.set(State::GivenUp);
        self.has_failed.set(true);
        self.call.take();
    }

    /// The failure of a step that needs a call which has no status.
    fn is_lost(&self, end: &End) -> Fault {
        self.has_failed.set(true);
        end.fault()
    }

    /// The failure of a step that needs a call whose server has said how it ended.
    fn is_over(&self, call: &Call) -> Fault {
        self.has_failed.set(true);
        let ended = call.with_slot(|slot| match slot.status {
            Some(code) if code != Code::OK => outcome::fault(code, slot),
            _ => Kind::Closed.fault("the server ended the stream before, with status OK"),
        });
        ended.unwrap_or_else(closed_before)
    }

    /// The call, which begins with the first step that needs it.
    async fn call(&self) -> Result<Rc<Call>, Fault> {
        if let Some(call) = &*self.call.borrow() {
            return Ok(Rc::clone(call));
        }
        // It happens once, so the other steps hold no place for it.
        Box::pin(self.begin()).await
    }

    async fn begin(&self) -> Result<Rc<Call>, Fault> {
        if self.state.get() == State::GivenUp {
            return Err(given_up());
        }
        let _turn = self.opening.lock().await;
        if let Some(call) = &*self.call.borrow() {
            return Ok(Rc::clone(call));
        }
        let settings = self.client.settings();
        let mut block = head::block(&settings.heads, self.codec.method.name, &self.metadata);
        if let Some(deadline) = self.deadline {
            head::put_timeout(&mut block, deadline);
        }
        let asking = Asking {
            block: [block.bytes(), &[]],
            has_body: true,
            is_head: false,
        };
        let reads = Reads {
            messages: Keeps::All,
            heads: true,
            holds_up: true,
        };
        for _ in 0..=AGAIN {
            let (channel, _) = self.client.channel().await?;
            let wait = channel.wait();
            let opened = poll_fn(|cx| channel.poll_open(&wait, (&asking, reads), cx)).await;
            if let Some(call) = opened {
                let call = Rc::new(call);
                self.call.replace(Some(Rc::clone(&call)));
                self.opened.set(Some(self.clock.now()));
                return Ok(call);
            }
        }
        Err(End::GoneAway(OfHttp2::NO_ERROR).fault())
    }
}

/// A message on its way. If it is cut off in the middle, nothing can follow it on its stream.
struct Sending<'a> {
    stream: &'a GrpcStream,
    upload: Upload<'a>,
}

impl Drop for Sending<'_> {
    fn drop(&mut self) {
        if !self.upload.is_done {
            self.stream.gives_up();
        }
    }
}

fn closed_before() -> Fault {
    Kind::Closed.fault("a step closed the stream before")
}

fn given_up() -> Fault {
    Kind::Closed.fault("the stream was given up before")
}

/// Whether a status passes that ended a stream.
///
/// # Errors
/// It does not.
pub(crate) fn judge(slot: &Slot, expected: Option<&Value>) -> Result<Code, Fault> {
    let code = slot.status.unwrap_or(Code::OK);
    match outcome::passes(code, expected) {
        true => Ok(code),
        false => Err(outcome::fault(code, slot)),
    }
}

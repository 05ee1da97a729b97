//! A user in a namespace: what comes over its session becomes events in its inbox, acks for who waits for them, and answers to pings.
//!
//! ```text
//! Waits --put--> Session (websocket) --> frames
//! Waits <--event, ack-- inbox, waiting <-- State::takes <-- messages of the session
//! ```
//!
//! As in the session, whoever waits drives for all: it takes each message and wakes whom it is for. Between steps the idle work of the
//! user does. Messages of the session are taken out at once, since pings of Engine.IO stand among them.

use crate::engine::{EnginePacket, MESSAGE, PONG};
use crate::malformed::Malformed;
use crate::packet::{Kind as PacketKind, Packet};
use crate::payload::{Acknowledgement, Kind as PayloadKind, Payload, disconnect};
use crate::settings::Settings;
use crate::socketio_client::Metric;
use crate::socketio_emit::Error as Kind;
use bggo_module_websocket::{
    Content, Message, Operation, Outgoing, Session, SessionContext, Wants,
};
use bggo_runtime::contract::{
    Counter, Deadline, Fault, FaultText, Moment, Seq, Text, Value, format_duration,
};
use bggo_wire::{Inbox, InboxLimits};
use std::cell::RefCell;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

/// The close code of a session that is given up in good order.
const NORMAL: u16 = 1000;
/// The close code of one whose server sent what it may not.
const PROTOCOL: u16 = 1002;
/// The close code of one whose server sent too much.
const TOO_LARGE: u16 = 1009;

/// A user in a namespace.
#[derive(Debug)]
pub(crate) struct Socket {
    session: Session,
    state: RefCell<State>,
}

#[derive(Debug)]
struct State {
    settings: Rc<Settings>,
    /// A packet whose attachments are coming.
    partial: Option<Box<Partial>>,
    inbox: Inbox<Event>,
    /// Who waits, in the order in which they came.
    waiting: Vec<Waiting>,
    /// The number of the next one that waits.
    next: u32,
    /// The number of the next ack.
    next_ack: u64,
    /// Until when the next ping has to come.
    ping_timer: Deadline,
    /// The longest time without a ping.
    silence: Duration,
    context: Rc<SessionContext>,
}

/// A packet of which not all attachments have come.
#[derive(Debug)]
struct Partial {
    packet: Packet,
    attachments: Vec<Seq<u8>>,
    missing: usize,
    /// Bytes that have come of it.
    size: usize,
}

/// An event that came.
#[derive(Debug)]
pub(crate) struct Event {
    pub(crate) name: Text,
    pub(crate) args: Vec<Value>,
    /// The server wants an acknowledgement of this number.
    asks_for_ack: Option<u64>,
    pub(crate) came: Moment,
}

/// An acknowledgement that came.
#[derive(Debug)]
pub(crate) struct Acked {
    pub(crate) args: Vec<Value>,
    pub(crate) came: Moment,
}

/// A step that waits.
#[derive(Debug)]
struct Waiting {
    number: u32,
    waker: Option<Waker>,
    wants: Wanted,
}

/// What a step waits for.
#[derive(Debug)]
enum Wanted {
    /// An event of this name.
    Event(Text),
    /// The ack of this number.
    Ack(u64, Option<Acked>),
}

/// Why a session cannot go on.
#[derive(Debug)]
enum Lost {
    Malformed(Malformed),
    TooLarge,
    /// The server says goodbye to the namespace.
    Disconnected,
    /// The server says goodbye to the session.
    Closed,
}

impl From<Malformed> for Lost {
    fn from(malformed: Malformed) -> Self {
        Self::Malformed(malformed)
    }
}

impl Lost {
    /// The code with which the session is closed for it, and the failure of who needs it.
    fn said(self) -> (u16, Fault) {
        match self {
            Self::Malformed(malformed) => (PROTOCOL, malformed.into()),
            Self::TooLarge => (
                TOO_LARGE,
                Kind::MessageTooLarge.fault(
                    "an event of the server with its attachments has more bytes than max_message_size allows",
                ),
            ),
            Self::Disconnected => (
                NORMAL,
                Kind::NamespaceDisconnected
                    .fault("the server disconnected the user from the namespace"),
            ),
            Self::Closed => (
                NORMAL,
                Kind::ClosedByPeer.fault("the server closed the session of Engine.IO"),
            ),
        }
    }
}

impl Socket {
    /// Begins in a namespace that has let the user in.
    pub(crate) fn begin(
        session: Session,
        settings: &Rc<Settings>,
        silence: Duration,
        context: &Rc<SessionContext>,
    ) -> Self {
        let clock = &context.clock;
        let mut ping_timer = clock.deadline();
        ping_timer.set(clock.now() + silence);
        Self {
            session,
            state: RefCell::new(State {
                settings: Rc::clone(settings),
                partial: None,
                inbox: Inbox::new(),
                waiting: Vec::new(),
                next: 0,
                next_ack: 0,
                ping_timer,
                silence,
                context: Rc::clone(context),
            }),
        }
    }

    /// See [`Session::is_spent`].
    pub(crate) fn is_spent(&self) -> bool {
        self.session.is_spent()
    }

    /// See [`Session::has_idle_work`].
    pub(crate) fn has_idle_work(&self) -> bool {
        self.session.has_idle_work()
    }

    /// Reads and writes what can be now, if no step that waits does.
    pub(crate) fn poll_idle(&self, cx: &mut Context<'_>) {
        loop {
            self.session.poll_idle(cx);
            // An answer to a ping goes out with the next turn.
            if !self.take_messages(None) && !self.is_overdue(cx) {
                break;
            }
        }
        self.state.borrow_mut().inbox.release();
    }

    /// Says goodbye without waiting for the server. The step that had the connection has failed with this.
    pub(crate) fn give_up(&self, fault: &Fault) {
        self.says_goodbye();
        self.session.give_up(NORMAL, fault.clone());
    }

    /// Says goodbye and waits a second for the answer of the server.
    pub(crate) async fn leave(&self) {
        self.says_goodbye();
        self.session.leave().await;
    }

    /// Leaves the namespace, if the session is not over. That goes out with the close frame.
    fn says_goodbye(&self) {
        if !self.session.is_over() {
            let goodbye = disconnect(&self.state.borrow().settings.namespace);
            let _ = self.session.put(text(&goodbye), None);
        }
    }

    /// Drops the events of this name that have come so far, of which none can be an answer to what is emitted next: how many.
    pub(crate) fn skip(&self, name: &str) -> u64 {
        loop {
            self.session.catch_up();
            if !self.take_messages(None) {
                break;
            }
        }
        let state = &mut *self.state.borrow_mut();
        let skipped = state.inbox.drop_all(|event| *event.name == *name);
        state.count(Metric::DROPPED, skipped);
        skipped
    }

    /// Drops the events that came before this moment.
    pub(crate) fn forget_before(&self, moment: Moment) {
        let state = &mut *self.state.borrow_mut();
        let dropped = state.inbox.drop_while(|event| event.came < moment);
        state.count(Metric::DROPPED, dropped);
    }

    /// Tells a server that asked for it that an event has arrived. It goes out at once, as far as that takes no waiting.
    pub(crate) fn acknowledge(&self, event: &Event, args: &Acknowledgement) {
        let Some(id) = event.asks_for_ack else {
            return;
        };
        // A session that is over needs no answer, and no step has failed for that.
        if !self.session.is_over() && self.put_packet(&args.0, PayloadKind::Ack(id)).is_ok() {
            self.session.catch_up();
        }
    }

    /// Begins to wait for an event.
    pub(crate) fn event(&self, name: &str) -> Waits<'_> {
        self.waits(Wanted::Event(Text::from(name)))
    }

    /// Begins to wait for an ack, and says for which: the next event that is emitted asks for it.
    pub(crate) fn ack(&self) -> (Waits<'_>, u64) {
        let id = {
            let state = &mut *self.state.borrow_mut();
            let id = state.next_ack;
            state.next_ack = id.wrapping_add(1);
            id
        };
        (self.waits(Wanted::Ack(id, None)), id)
    }

    fn waits(&self, wants: Wanted) -> Waits<'_> {
        let operation = self.session.operation(Wants::Messages(1));
        let state = &mut *self.state.borrow_mut();
        let number = state.next;
        state.next = number.wrapping_add(1);
        state.waiting.push(Waiting {
            number,
            waker: None,
            wants,
        });
        Waits {
            socket: self,
            operation,
            number,
        }
    }

    /// Appends an event. It goes out while somebody waits.
    ///
    /// # Errors
    /// The session is over.
    pub(crate) fn put(&self, event: &Payload, ack: Option<u64>) -> Result<(), Fault> {
        self.put_packet(event, PayloadKind::Event(ack))
    }

    fn put_packet(&self, payload: &Payload, kind: PayloadKind) -> Result<(), Fault> {
        let packet = payload.packet(&self.state.borrow().settings.namespace, kind);
        self.session.put(text(&packet), None)?;
        let mut size = packet.len();
        for attachment in &payload.attachments {
            size += attachment.len();
            let attachment = Outgoing {
                is_text: false,
                bytes: attachment,
            };
            self.session.put(attachment, None)?;
        }
        let state = self.state.borrow();
        state.count(Metric::MESSAGES_SENT, 1);
        state.count(Metric::BYTES_SENT, size as u64);
        Ok(())
    }

    /// Begins to wait until the system has taken all that was appended.
    pub(crate) fn sent(&self) -> Sent<'_> {
        Sent {
            socket: self,
            operation: self.session.operation(Wants::Sent),
        }
    }

    /// Records how long an acknowledgement took.
    pub(crate) fn acknowledged_in(&self, time: Duration) {
        if let Some(metrics) = &self.state.borrow().context.metrics {
            metrics.record_time(Metric::ACK_TIME, time);
        }
    }

    /// Takes the messages out of the session that have come so far: whether there were any. `by` is who does.
    fn take_messages(&self, by: Option<u32>) -> bool {
        let mut has_taken = false;
        while let Some(message) = self.session.take() {
            has_taken = true;
            let taken = self.state.borrow_mut().takes(message);
            match taken {
                Ok(None) => {}
                Ok(Some(answer)) => {
                    // A session that is over needs no answer, and no step has failed for that.
                    if !self.session.is_over() {
                        let _ = self.session.put(text(&answer), None);
                    }
                }
                Err(lost) => {
                    let (code, fault) = lost.said();
                    self.session.give_up(code, fault);
                    // What came behind it means nothing.
                    while self.session.take().is_some() {}
                }
            }
        }
        if has_taken {
            self.state.borrow_mut().wake_served(by);
        }
        has_taken
    }

    /// Gives the session up if no ping has come for too long: whether it did.
    fn is_overdue(&self, cx: &mut Context<'_>) -> bool {
        if self.session.is_over() {
            return false;
        }
        let silence = {
            let state = &mut *self.state.borrow_mut();
            if state.ping_timer.poll(cx).is_pending() {
                return false;
            }
            format_duration(state.silence)
        };
        let text = format_args!("the server sent no ping within {silence}");
        let fault = Kind::PingTimeout.fault(FaultText::plain(text));
        self.session.give_up(NORMAL, fault);
        true
    }
}

/// A text message.
fn text(text: &str) -> Outgoing<'_> {
    Outgoing {
        is_text: true,
        bytes: text.as_bytes(),
    }
}

/// A step that waits until all is sent.
#[derive(Debug)]
pub(crate) struct Sent<'a> {
    socket: &'a Socket,
    operation: Operation<'a>,
}

impl Sent<'_> {
    /// # Errors
    /// The session ended before.
    pub(crate) fn poll(&self, cx: &mut Context<'_>) -> Poll<Result<(), Fault>> {
        let socket = self.socket;
        loop {
            let polled = self.operation.poll(cx);
            // A server that cannot write does not read either.
            if polled.is_ready() || !socket.take_messages(None) && !socket.is_overdue(cx) {
                return polled;
            }
        }
    }
}

impl Drop for Sent<'_> {
    fn drop(&mut self) {
        self.socket.state.borrow().leaves_the_ping_timer();
    }
}

/// What a step waits for. Dropped, it waits no more.
#[derive(Debug)]
pub(crate) struct Waits<'a> {
    socket: &'a Socket,
    operation: Operation<'a>,
    number: u32,
}

impl Waits<'_> {
    /// Waits until it is there.
    ///
    /// # Errors
    /// The session ended before.
    pub(crate) fn poll(&self, cx: &mut Context<'_>) -> Poll<Result<(), Fault>> {
        let socket = self.socket;
        loop {
            socket.take_messages(Some(self.number));
            if socket.state.borrow().is_there(self.number) {
                return Poll::Ready(Ok(()));
            }
            match self.operation.poll(cx) {
                // They are in the session's inbox.
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(fault)) => return Poll::Ready(Err(fault)),
                // What it read may be for another one that waits.
                Poll::Pending
                    if socket.take_messages(Some(self.number)) || socket.is_overdue(cx) => {}
                Poll::Pending => break,
            }
        }
        let state = &mut *socket.state.borrow_mut();
        if let Some(waiting) = state.waiting(self.number) {
            match &mut waiting.waker {
                Some(waker) => waker.clone_from(cx.waker()),
                none => *none = Some(cx.waker().clone()),
            }
        }
        Poll::Pending
    }

    /// Takes the event, once it is there.
    pub(crate) fn take_event(&self) -> Option<Event> {
        let state = &mut *self.socket.state.borrow_mut();
        let waiting = state.waiting.iter().find(|one| one.number == self.number);
        match &waiting?.wants {
            Wanted::Event(name) => state.inbox.take_first(|event| event.name == *name),
            Wanted::Ack(..) => None,
        }
    }

    /// Counts an event as dropped, which did not match.
    pub(crate) fn skips(&self) {
        self.socket.state.borrow().count(Metric::DROPPED, 1);
    }

    /// Takes the acknowledgement, once it is there.
    pub(crate) fn take_ack(&self) -> Option<Acked> {
        let state = &mut *self.socket.state.borrow_mut();
        match &mut state.waiting(self.number)?.wants {
            Wanted::Ack(_, acked) => acked.take(),
            Wanted::Event(_) => None,
        }
    }
}

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        let state = &mut *self.socket.state.borrow_mut();
        state.waiting.retain(|one| one.number != self.number);
        // The one behind it may be the first now.
        state.wake_served(None);
        state.leaves_the_ping_timer();
    }
}

impl State {
    /// Somebody goes who may have been the last to look at the time of the next ping, which wakes only the last: another one that
    /// waits looks at it again.
    fn leaves_the_ping_timer(&self) {
        if let Some(waker) = self.waiting.iter().find_map(|one| one.waker.as_ref()) {
            waker.wake_by_ref();
        }
    }

    fn count(&self, counter: Counter, count: u64) {
        if count > 0
            && let Some(metrics) = &self.context.metrics
        {
            metrics.add(counter, count);
        }
    }

    fn waiting(&mut self, number: u32) -> Option<&mut Waiting> {
        self.waiting.iter_mut().find(|one| one.number == number)
    }

    /// Whether what this one waits for is there. An event goes to the one that has waited longest for its name.
    fn is_there(&self, number: u32) -> bool {
        for one in &self.waiting {
            match &one.wants {
                Wanted::Ack(_, acked) if one.number == number => return acked.is_some(),
                Wanted::Event(name) if one.number == number => {
                    let is_earlier = |earlier: &&Waiting| earlier.number != number;
                    let mut earlier = self.waiting.iter().take_while(is_earlier);
                    let is_first = !earlier.any(
                        |earlier| matches!(&earlier.wants, Wanted::Event(other) if other == name),
                    );
                    return is_first && self.inbox.has(|event| event.name == *name);
                }
                _ => {}
            }
        }
        false
    }

    /// Wakes those for whom something is there, except who sees it itself.
    fn wake_served(&mut self, by: Option<u32>) {
        let mut at = 0;
        while let Some(number) = self.waiting.get(at).map(|one| one.number) {
            if by != Some(number)
                && self.is_there(number)
                && let Some(waiting) = self.waiting.get_mut(at)
                && let Some(waker) = waiting.waker.take()
            {
                waker.wake();
            }
            at += 1;
        }
    }

    /// Takes a message of the session. What it gives is the answer to it.
    fn takes(&mut self, message: Message) -> Result<Option<String>, Lost> {
        let came = message.came;
        match message.content {
            Content::Binary(bytes) => self.takes_attachment(bytes, came)?,
            Content::Text(text) => match EnginePacket::read(&text)? {
                EnginePacket::Ping(payload) => {
                    self.ping_timer.set(self.context.clock.now() + self.silence);
                    return Ok(Some(format!("{PONG}{payload}")));
                }
                EnginePacket::Message(packet) => self.takes_packet(packet, came)?,
                EnginePacket::Noop => {}
                EnginePacket::Close => return Err(Lost::Closed),
                EnginePacket::Open(_) => {
                    return Err(Malformed("a session of Engine.IO began a second time").into());
                }
            },
        }
        Ok(None)
    }

    fn takes_packet(&mut self, text: &str, came: Moment) -> Result<(), Lost> {
        if self.partial.is_some() {
            return Err(Malformed("a packet came where an attachment was missing").into());
        }
        let packet = Packet::read(text, &self.settings.namespace)?;
        match packet.kind {
            PacketKind::Disconnect => return Err(Lost::Disconnected),
            PacketKind::Connect | PacketKind::ConnectError => {
                return Err(Malformed("a namespace answered a second time").into());
            }
            PacketKind::Event | PacketKind::Ack => {}
        }
        let size = text.len() + MESSAGE.len_utf8();
        match packet.attachments {
            None | Some(0) => self.takes_whole(&packet, &[], (size, came)),
            Some(missing) => {
                self.partial = Some(Box::new(Partial {
                    packet,
                    attachments: Vec::new(),
                    missing,
                    size,
                }));
                Ok(())
            }
        }
    }

    fn takes_attachment(&mut self, bytes: Seq<u8>, came: Moment) -> Result<(), Lost> {
        let Some(partial) = &mut self.partial else {
            return Err(Malformed("an attachment came that belongs to no packet").into());
        };
        partial.size = partial.size.saturating_add(bytes.len());
        if partial.size > self.context.rules.max_message {
            return Err(Lost::TooLarge);
        }
        partial.attachments.push(bytes);
        partial.missing = partial.missing.saturating_sub(1);
        match self.partial.take_if(|partial| partial.missing == 0) {
            None => Ok(()),
            Some(whole) => self.takes_whole(&whole.packet, &whole.attachments, (whole.size, came)),
        }
    }

    fn takes_whole(
        &mut self,
        packet: &Packet,
        attachments: &[Seq<u8>],
        (size, came): (usize, Moment),
    ) -> Result<(), Lost> {
        if packet.kind == PacketKind::Ack {
            let args = packet.values(attachments)?;
            self.takes_ack(packet.id, Acked { args, came });
        } else {
            let named = packet.event(attachments)?;
            let event = Event {
                name: named.name,
                args: named.args,
                asks_for_ack: packet.id,
                came,
            };
            self.takes_event(event, size);
        }
        self.count(Metric::MESSAGES_RECEIVED, 1);
        self.count(Metric::BYTES_RECEIVED, size as u64);
        Ok(())
    }

    fn takes_ack(&mut self, id: Option<u64>, acked: Acked) {
        for one in &mut self.waiting {
            if let Wanted::Ack(number, place) = &mut one.wants
                && Some(*number) == id
            {
                place.get_or_insert(acked);
                return;
            }
        }
        // Its step has been given up.
        self.count(Metric::DROPPED, 1);
    }

    fn takes_event(&mut self, event: Event, size: usize) {
        let is_wanted = self
            .waiting
            .iter()
            .any(|one| matches!(&one.wants, Wanted::Event(name) if *name == event.name));
        let limits = match is_wanted {
            // It does not stay.
            true => InboxLimits {
                messages: usize::MAX,
                bytes: usize::MAX,
                ..self.settings.inbox
            },
            false => self.settings.inbox,
        };
        let dropped = self.inbox.put(event, size, &limits);
        self.count(Metric::DROPPED, dropped);
    }
}

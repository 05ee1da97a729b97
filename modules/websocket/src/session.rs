//! A session on its connection. It is driven by the steps that wait for it and, between them, by its user's idle work: it has no task.
//!
//! ```text
//! Operation --put, flush--> wire           (whoever waits drives: it reads and writes for all)
//! Operation <--take-- inbox <-- Reader <-- bytes that came
//! ```
//!
//! All that has come is kept here: the state of the reader, and messages in the inbox. So an operation that is dropped loses nothing.
//! tokio keeps one reader's waker a socket, that of who drove last; who was woken for something that is another one's wakes that one.

use crate::close::Closing;
use crate::deflate::deflate;
use crate::ended::End;
use crate::frame::{Compression, Opcode, peek_opcode, put_frame};
use crate::reader::{Came, ReadRules, Reader};
use crate::violation::Violation;
use bggo_runtime::contract::{
    AssetClock, AssetMetrics, Counter, Deadline, Fault, LabelledCounter, Moment, Running, Seq,
    Text, Trend,
};
use bggo_wire::{Buf, Idle, Inbox, InboxLimits, KeepsDeadline, OnFull, Trouble, Wire};
use std::cell::RefCell;
use std::future::poll_fn;
use std::num::NonZeroU32;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

/// Bytes that may stand unread: more than the largest frame that is read where it stands.
const MOST: usize = 64 << 10;
/// How long the end of a session waits for the close frame of its server.
const GOODBYE: Duration = Duration::from_secs(1);

/// What sessions of a resource may do.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    /// The most bytes of a message, decompressed.
    pub max_message: usize,
    /// How much stands in the inbox.
    pub inbox: InboxLimits,
    /// How often a ping is sent by itself.
    pub ping_interval: Option<Duration>,
    /// What is counted.
    pub counters: SessionCounters,
}

/// What the sessions of a resource share on a thread.
#[derive(Debug)]
pub struct SessionContext {
    /// What they may do.
    pub rules: Rules,
    /// The clock of the thread.
    pub clock: AssetClock,
    /// `None` if nothing is counted.
    pub metrics: Option<AssetMetrics>,
}

/// The metrics of an asset that has sessions. They mean what those of `websocket` mean.
#[derive(Debug, Clone, Copy)]
pub struct SessionCounters {
    /// How long a session lasted.
    pub session_duration: Trend,
    /// What ended it.
    pub ended: LabelledCounter,
    /// Its messages. `None` if whoever has the session counts what they mean.
    pub messages: Option<MessageCounters>,
}

/// The metrics of messages.
#[derive(Debug, Clone, Copy)]
pub struct MessageCounters {
    /// Messages that were sent.
    pub messages_sent: Counter,
    /// Messages that came.
    pub messages_received: Counter,
    /// Their bytes, before they are compressed.
    pub bytes_sent: Counter,
    /// Their bytes, decompressed.
    pub bytes_received: Counter,
    /// Messages that no step got.
    pub dropped: Counter,
}

/// What a message holds.
#[derive(Debug, Clone)]
pub enum Content {
    /// A text.
    Text(Text),
    /// Bytes.
    Binary(Seq<u8>),
}

impl Content {
    /// Its bytes.
    pub fn size(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Binary(bytes) => bytes.len(),
        }
    }
}

/// A message that came.
#[derive(Debug)]
pub struct Message {
    /// What it holds.
    pub content: Content,
    /// When its last bytes were read.
    pub came: Moment,
}

/// A message that is sent.
#[derive(Debug, Clone, Copy)]
pub struct Outgoing<'a> {
    /// Whether it is a text. Then its bytes are UTF-8.
    pub is_text: bool,
    /// What it holds.
    pub bytes: &'a [u8],
}

/// A session.
#[derive(Debug)]
pub struct Session(RefCell<Inner>);

#[derive(Debug)]
struct Inner {
    wire: Wire,
    /// What it needs while something happens. `None` while it rests: every idle user has a session.
    busy: Option<Box<Busy>>,
    compression: Compression,
    driver: Driver,
    /// Who looks after it while no step waits.
    idle: Option<Waker>,
    /// Who drives was woken as idle work is: by the same task.
    wakes_idle: bool,
    /// A close frame was sent.
    says_goodbye: bool,
    end: Option<Box<End>>,
    /// A step has failed because it is over.
    has_failed: bool,
    ping_timer: Option<Box<Deadline>>,
    began: Moment,
    context: Rc<SessionContext>,
}

/// What a session needs while messages come and steps wait.
#[derive(Debug, Default)]
struct Busy {
    reader: Reader,
    inbox: Inbox<Message>,
    /// Who waits, in the order in which they came.
    waiting: Vec<Waiting>,
    /// The number of the one that began to wait last.
    last: u32,
    /// The answer to the last ping, while something else is unsent: of several pings one answer is enough.
    pong: Option<Vec<u8>>,
    /// Nothing more can be sent. What the server said before may still come.
    unsendable: Option<Trouble>,
    /// The time limit of the operation before, for the next one: a new one would look for a place each time.
    limit: Option<Deadline>,
    /// When the last bytes came.
    came: Option<Moment>,
}

/// The number of an operation.
type Number = NonZeroU32;

/// Who has the socket's waker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Driver {
    /// The idle work of its user.
    Idle,
    /// The operation of this number.
    Operation(Number),
}

/// An operation that waits.
#[derive(Debug)]
struct Waiting {
    number: Number,
    waker: Option<Waker>,
    wants: Wants,
}

/// What an operation waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wants {
    /// So many messages in the inbox.
    Messages(usize),
    /// The next message, and when it came: nothing is read of what it holds.
    Next(Option<Moment>),
    /// That everything is sent.
    Sent,
    /// The answer to this ping, and when it came.
    Pong([u8; 8], Option<Moment>),
    /// The close frame of the server.
    End,
}

/// What came that is no message.
enum Control {
    /// A part of one.
    Part,
    Ping(Vec<u8>),
    /// What it holds, if that may be the payload of a ping of ours.
    Pong(Option<[u8; 8]>),
    Close(Closing),
}

impl Control {
    #[cold]
    #[inline(never)]
    fn of(came: Came<'_>) -> Self {
        match came {
            Came::Ping(payload) => Self::Ping(payload.to_vec()),
            Came::Pong(payload) => Self::Pong(payload.try_into().ok()),
            Came::Close(closing) => Self::Close(closing),
            Came::Part | Came::Text(_) | Came::Binary(_) => Self::Part,
        }
    }
}

/// How far a session was driven.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Drove {
    /// Nothing more can be done now.
    Dry,
    /// Something came that may be what the driver waits for.
    Something,
}

impl Session {
    /// Begins on a connection whose handshake is over.
    pub(crate) fn begin(
        wire: Wire,
        compression: Compression,
        context: &Rc<SessionContext>,
    ) -> Self {
        let now = context.clock.now();
        let ping_timer = context.rules.ping_interval.map(|interval| {
            let mut timer = context.clock.deadline();
            timer.set(now + interval);
            Box::new(timer)
        });
        Self(RefCell::new(Inner {
            wire,
            busy: None,
            compression,
            driver: Driver::Idle,
            idle: None,
            wakes_idle: false,
            says_goodbye: false,
            end: None,
            has_failed: false,
            ping_timer,
            began: now,
            context: Rc::clone(context),
        }))
    }

    /// Whether it is over.
    pub fn is_over(&self) -> bool {
        self.0.borrow().end.is_some()
    }

    /// Whether a step that needs a session needs another one: a step closed it, or has failed because it was over.
    pub fn is_spent(&self) -> bool {
        let inner = self.0.borrow();
        let waits_for_end = |waiting: &Waiting| waiting.wants == Wants::End;
        match inner.end.as_deref() {
            // The step that closed it waits no more: the server did not answer in time.
            None => inner.says_goodbye && !inner.all_waiting().iter().any(waits_for_end),
            Some(End::ByClient(_)) => true,
            Some(_) => inner.has_failed,
        }
    }

    /// Whether nobody drives it but idle work.
    pub fn has_idle_work(&self) -> bool {
        let inner = self.0.borrow();
        inner.end.is_none() && inner.driver == Driver::Idle
    }

    /// Reads and writes what can be now, if no operation that waits does.
    pub fn poll_idle(&self, cx: &mut Context<'_>) {
        let inner = &mut *self.0.borrow_mut();
        match &mut inner.idle {
            Some(waker) => waker.clone_from(cx.waker()),
            none => *none = Some(cx.waker().clone()),
        }
        if inner.driver == Driver::Idle {
            while inner.drive(cx, Driver::Idle) == Drove::Something && inner.end.is_none() {}
            inner.rests();
        }
    }

    /// Begins to wait for something.
    pub fn operation(&self, wants: Wants) -> Operation<'_> {
        let inner = &mut *self.0.borrow_mut();
        let busy = Busy::of(&mut inner.busy);
        busy.last = busy.last.wrapping_add(1);
        let number = Number::new(busy.last).unwrap_or(Number::MIN);
        busy.waiting.push(Waiting {
            number,
            waker: None,
            wants,
        });
        Operation {
            session: self,
            number,
        }
    }

    /// Takes what has come so far into the inbox, as far as there is room.
    pub fn catch_up(&self) {
        let inner = &mut *self.0.borrow_mut();
        // Whoever drives goes on to be the one that is woken. If nobody is to be woken, somebody is about to drive.
        let driver = match inner.driver {
            Driver::Idle => inner.idle.clone(),
            Driver::Operation(number) => inner.waiting(number).and_then(|one| one.waker.clone()),
        };
        let mut cx = Context::from_waker(driver.as_ref().unwrap_or(Waker::noop()));
        while inner.drive(&mut cx, inner.driver) == Drove::Something && inner.end.is_none() {}
    }

    /// Drops the messages that came before this moment.
    pub(crate) fn forget_before(&self, moment: Moment) {
        let inner = &mut *self.0.borrow_mut();
        let dropped = inner.take_out(|inbox| inbox.drop_while(|message| message.came < moment));
        inner.count_dropped(dropped.unwrap_or(0));
    }

    /// Takes what has come so far into the inbox, and drops all messages there: how many. Whoever calls it has to wait for an operation
    /// within the same poll.
    pub(crate) fn skip(&self, cx: &mut Context<'_>) -> u64 {
        if self.0.borrow_mut().has_nothing_until(cx) {
            return 0;
        }
        self.catch_up();
        let inner = &mut *self.0.borrow_mut();
        let skipped = inner.take_out(Inbox::clear).unwrap_or(0);
        inner.count_dropped(skipped);
        skipped
    }

    /// Whether what is sent is compressed.
    pub(crate) fn compresses(&self) -> bool {
        self.0.borrow().compression == Compression::On
    }

    /// Takes the oldest message of those that have come.
    pub fn take(&self) -> Option<Message> {
        self.0.borrow_mut().take_out(Inbox::take).flatten()
    }

    /// Appends a message. It goes out while an operation or idle work drives. `packed` is where its compressed bytes are kept, if it
    /// is sent more than once.
    ///
    /// # Errors
    /// The session is over.
    pub fn put(&self, message: Outgoing<'_>, packed: Option<&Packed>) -> Result<(), Fault> {
        let inner = &mut *self.0.borrow_mut();
        inner.check_is_open()?;
        let opcode = match message.is_text {
            true => Opcode::Text,
            false => Opcode::Binary,
        };
        let key = inner.key();
        let is_packed = inner.compression == Compression::On
            && inner.put_packed((opcode, key), message.bytes, packed);
        if !is_packed {
            put_frame(inner.wire.out(), (opcode, false), message.bytes, key);
        }
        if let Some((metrics, counters)) = inner.counts() {
            metrics.add(counters.messages_sent, 1);
            metrics.add(counters.bytes_sent, message.bytes.len() as u64);
        }
        Ok(())
    }

    /// Appends a ping, and gives what its pong will hold.
    ///
    /// # Errors
    /// The session is over.
    pub(crate) fn ping(&self) -> Result<[u8; 8], Fault> {
        let inner = &mut *self.0.borrow_mut();
        inner.check_is_open()?;
        let payload = inner.context.clock.random().to_be_bytes();
        inner.put_control(Opcode::Ping, &payload);
        Ok(payload)
    }

    /// Appends a close frame. Nothing is sent behind it.
    ///
    /// # Errors
    /// The session is over.
    pub fn close(&self, closing: &Closing) -> Result<(), Fault> {
        let inner = &mut *self.0.borrow_mut();
        inner.check_is_open()?;
        inner.says_goodbye = true;
        inner.put_control(Opcode::Close, &closing.payload());
        Ok(())
    }

    /// Whoever has the session gives it up for this reason: a close frame with this code goes out as far as that takes no waiting, and
    /// each step that needs the session fails so. A session that is over stays as it is.
    pub fn give_up(&self, code: u16, fault: Fault) {
        let inner = &mut *self.0.borrow_mut();
        if inner.end.is_some() {
            return;
        }
        if !inner.says_goodbye {
            inner.says_at_once(&Closing {
                code: Some(code),
                reason: String::new(),
            });
        }
        inner.ends(End::GivenUp(fault));
    }

    /// Says goodbye, if no step did, and waits a second for the answer of the server. However it ends: that is counted, and is no failure.
    /// (Boxed, as [`Connect::session`](crate::Connect::session) is.)
    #[inline(never)]
    pub fn leave(&self) -> Running<'_, ()> {
        Box::pin(self.says_goodbye_and_waits())
    }

    async fn says_goodbye_and_waits(&self) {
        if self.is_over() {
            return;
        }
        // A step may have said it already. Then its answer is waited for here.
        let _ = self.close(&Closing {
            code: Some(1000),
            reason: String::new(),
        });
        let operation = self.operation(Wants::End);
        let mut deadline = self.deadline_in(GOODBYE);
        poll_fn(|cx| {
            loop {
                if operation.poll(cx).is_ready() {
                    return Poll::Ready(());
                }
                // What comes before the answer is for nobody any more.
                if self.take().is_none() {
                    return deadline.poll(cx);
                }
            }
        })
        .await;
    }

    fn deadline_in(&self, time: Duration) -> Deadline {
        let clock = &self.0.borrow().context.clock;
        let mut deadline = clock.deadline();
        deadline.set(clock.now() + time);
        deadline
    }

    /// What the server said when a step closed the session.
    pub(crate) fn answer_to_close(&self) -> Option<Closing> {
        match self.0.borrow().end.as_deref() {
            Some(End::ByClient(closing)) => Some(closing.clone()),
            _ => None,
        }
    }
}

/// Where the compressed bytes of a message are kept that is sent more than once.
pub type Packed = std::cell::OnceCell<Vec<u8>>;

/// Something that a step waits for. When it is dropped, another one that waits drives the session.
#[derive(Debug)]
pub struct Operation<'a> {
    session: &'a Session,
    number: Number,
}

impl Operation<'_> {
    /// Waits until it is there. Messages are then in the inbox.
    ///
    /// # Errors
    /// The session ended before.
    pub fn poll(&self, cx: &mut Context<'_>) -> Poll<Result<(), Fault>> {
        let inner = &mut *self.session.0.borrow_mut();
        loop {
            if inner.is_there(self.number) {
                return Poll::Ready(Ok(()));
            }
            if let Some(fault) = inner.ended() {
                return Poll::Ready(Err(fault));
            }
            if inner.drive(cx, Driver::Operation(self.number)) == Drove::Dry {
                break;
            }
        }
        let is_sent = !inner.wire.has_unsent();
        if let Some(waiting) = inner.waiting(self.number) {
            if waiting.wants == Wants::Sent && is_sent {
                return Poll::Ready(Ok(()));
            }
            match &mut waiting.waker {
                Some(waker) => waker.clone_from(cx.waker()),
                none => *none = Some(cx.waker().clone()),
            }
        }
        Poll::Pending
    }

    /// Takes the oldest message.
    pub(crate) fn take(&self) -> Option<Message> {
        self.session.take()
    }

    /// Puts a message back before those that have come since, for the next step.
    pub(crate) fn put_back(&self, message: Message) {
        let size = message.content.size();
        let inner = &mut *self.session.0.borrow_mut();
        let busy = Busy::of(&mut inner.busy);
        busy.inbox.put_back(message, size);
    }

    /// Counts a message as dropped, which did not match.
    pub(crate) fn skips(&self) {
        let inner = self.session.0.borrow();
        inner.count_dropped(1);
    }

    /// When the pong came, or the next message, which is taken.
    pub(crate) fn came(&self) -> Option<Moment> {
        match &mut self.session.0.borrow_mut().waiting(self.number)?.wants {
            Wants::Pong(_, came) => return *came,
            Wants::Next(came) if came.is_some() => return came.take(),
            _ => {}
        }
        // It was there before.
        self.take().map(|message| message.came)
    }
}

impl Future for &Operation<'_> {
    type Output = Result<(), Fault>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Operation::poll(*self, cx)
    }
}

/// The deadline stands in its session while that does not rest.
impl KeepsDeadline for Operation<'_> {
    #[inline]
    fn take_deadline(&self) -> Option<Deadline> {
        let inner = &mut *self.session.0.borrow_mut();
        inner.busy.as_mut()?.limit.take()
    }

    #[inline]
    fn leave_deadline(&self, deadline: Deadline) {
        let inner = &mut *self.session.0.borrow_mut();
        Busy::of(&mut inner.busy).limit = Some(deadline);
    }
}

impl Drop for Operation<'_> {
    fn drop(&mut self) {
        let inner = &mut *self.session.0.borrow_mut();
        if let Some(busy) = &mut inner.busy {
            busy.waiting.retain(|waiting| waiting.number != self.number);
        }
        // The one behind it may be the first now.
        inner.wake_served(Driver::Idle);
        // It may have been woken to drive, and goes before it does.
        let nobody_drives = inner.driver == Driver::Idle && !inner.all_waiting().is_empty();
        if nobody_drives || inner.driver == Driver::Operation(self.number) {
            inner.hand_over();
        }
    }
}

impl Inner {
    /// Where messages are counted, if they are.
    #[inline]
    fn counts(&self) -> Option<(&AssetMetrics, &MessageCounters)> {
        let context = &self.context;
        let metrics = context.metrics.as_ref()?;
        Some((metrics, context.rules.counters.messages.as_ref()?))
    }

    /// Counts messages that no step got.
    #[inline]
    fn count_dropped(&self, count: u64) {
        if count > 0
            && let Some((metrics, counters)) = self.counts()
        {
            metrics.add(counters.dropped, count);
        }
    }

    /// Takes messages out of the inbox; `None` if it rests, and so has none. It may have been full before: who drives may have waited for
    /// room.
    fn take_out<T>(&mut self, take: impl FnOnce(&mut Inbox<Message>) -> T) -> Option<T> {
        let rules = &self.context.rules.inbox;
        let inbox = &mut self.busy.as_mut()?.inbox;
        let was_full = rules.on_full == OnFull::Block && inbox.is_full(rules);
        let taken = take(inbox);
        if was_full {
            self.has_room_again();
        }
        Some(taken)
    }

    /// The inbox was full, and messages went: who drives may have waited for room.
    fn has_room_again(&mut self) {
        if let Driver::Operation(number) = self.driver
            && let Some(waiting) = self.waiting(number)
            && let Some(waker) = &waiting.waker
        {
            waker.wake_by_ref();
        }
    }

    /// Whether nothing has come while nobody waited, as far as the system has told. Then whoever asks is woken for what comes, and has to
    /// drive within the same poll.
    fn has_nothing_until(&mut self, cx: &mut Context<'_>) -> bool {
        self.driver == Driver::Idle
            && self.end.is_none()
            && !self.says_goodbye
            && self.has_no_messages()
            && self.wire.has_nothing_until(cx)
    }

    /// When the last bytes came.
    fn came(&self) -> Moment {
        let busy = self.busy.as_ref();
        busy.and_then(|busy| busy.came).unwrap_or(self.began)
    }

    fn has_no_messages(&self) -> bool {
        let busy = self.busy.as_ref();
        busy.is_none_or(|busy| busy.inbox.is_empty())
    }

    /// All who wait, in the order in which they came.
    fn all_waiting(&self) -> &[Waiting] {
        let busy = self.busy.as_ref();
        busy.map_or(&[], |busy| &busy.waiting)
    }

    /// Nobody drives: it holds no memory for those who do, and none at all if nothing is left of what they did.
    fn rests(&mut self) {
        if let Some(busy) = &mut self.busy {
            if busy.is_over() {
                self.busy = None;
            } else {
                busy.inbox.release();
                busy.limit = None;
            }
        }
    }

    fn check_is_open(&mut self) -> Result<(), Fault> {
        if let Some(fault) = self.ended() {
            return Err(fault);
        }
        if self.says_goodbye {
            return Err(End::ByClient(Closing::default()).fault());
        }
        Ok(())
    }

    /// The failure of a step that needs the session, if it is over.
    fn ended(&mut self) -> Option<Fault> {
        let fault = self.end.as_ref()?.fault();
        self.has_failed = true;
        Some(fault)
    }

    /// Appends a message compressed, if that makes it shorter: short ones only grow.
    #[cold]
    #[inline(never)]
    fn put_packed(
        &mut self,
        (opcode, key): (Opcode, [u8; 4]),
        message: &[u8],
        packed: Option<&Packed>,
    ) -> bool {
        let made;
        let bytes = match packed {
            Some(packed) => packed.get_or_init(|| deflate(message)),
            None => {
                made = deflate(message);
                &made
            }
        };
        let is_shorter = bytes.len() < message.len();
        if is_shorter {
            put_frame(self.wire.out(), (opcode, true), bytes, key);
        }
        is_shorter
    }

    /// The key of the next mask.
    fn key(&self) -> [u8; 4] {
        let [.., a, b, c, d] = self.context.clock.random().to_be_bytes();
        [a, b, c, d]
    }

    fn waiting(&mut self, number: Number) -> Option<&mut Waiting> {
        let waiting = &mut self.busy.as_mut()?.waiting;
        waiting.iter_mut().find(|waiting| waiting.number == number)
    }

    /// Whether what this one waits for is there.
    fn is_there(&self, number: Number) -> bool {
        let Some(busy) = &self.busy else {
            return false;
        };
        let waiting = busy.waiting.iter().find(|one| one.number == number);
        match waiting.map(|waiting| waiting.wants) {
            Some(Wants::Messages(count)) => {
                let is_first = busy.wanted().is_some_and(|(_, first)| first == number);
                is_first && busy.inbox.len() >= count
            }
            Some(Wants::Next(Some(_))) => true,
            Some(Wants::Next(None)) => {
                !busy.inbox.is_empty() && busy.wanted().is_some_and(|(_, first)| first == number)
            }
            Some(Wants::Sent) => self.end.is_none() && !self.wire.has_unsent(),
            Some(Wants::Pong(_, came)) => came.is_some(),
            Some(Wants::End) => matches!(self.end.as_deref(), Some(End::ByClient(_))),
            None => false,
        }
    }

    /// Reads and writes what can be now. It stops where something came that may be what the driver waits for.
    fn drive(&mut self, cx: &mut Context<'_>, driver: Driver) -> Drove {
        self.ping_when_due(cx);
        loop {
            if self.end.is_some() {
                return Drove::Something;
            }
            if !self.wire.peek().is_empty()
                && self.may_take()
                && let Some(drove) = self.next_event(driver)
            {
                self.wake_served(driver);
                if drove == Drove::Something {
                    return drove;
                }
                continue;
            }
            self.flush(cx, driver);
            if !self.may_take() {
                self.driven_by(driver, cx);
                return Drove::Dry;
            }
            if !self.fill(cx, driver) {
                return Drove::Dry;
            }
        }
    }

    /// Reads once. False if nothing came.
    fn fill(&mut self, cx: &mut Context<'_>, driver: Driver) -> bool {
        let filled = match driver {
            // It holds no memory while it waits.
            Driver::Idle => self.wire.poll_idle(cx).map(|idle| match idle {
                Idle::Bytes => None,
                Idle::Gone(trouble) => Some(trouble),
            }),
            Driver::Operation(_) => self.wire.poll_fill(cx, MOST).map(|filled| match filled {
                Ok(0) => Some(Trouble::closed()),
                Ok(_) => None,
                Err(trouble) => Some(trouble),
            }),
        };
        match filled {
            Poll::Ready(None) => {
                Busy::of(&mut self.busy).came = Some(self.context.clock.now());
                true
            }
            Poll::Ready(Some(trouble)) => {
                // What could not be sent says more than that nothing comes.
                let trouble = self.take_unsendable().unwrap_or(trouble);
                self.ends(End::Broken(trouble));
                true
            }
            Poll::Pending => {
                self.driven_by(driver, cx);
                match self.take_unsendable() {
                    Some(trouble) => {
                        self.ends(End::Broken(trouble));
                        true
                    }
                    None => false,
                }
            }
        }
    }

    fn take_unsendable(&mut self) -> Option<Trouble> {
        self.busy.as_mut()?.unsendable.take()
    }

    /// The socket has its waker.
    fn driven_by(&mut self, driver: Driver, cx: &Context<'_>) {
        self.driver = driver;
        let idle = self.idle.as_ref();
        self.wakes_idle = idle.is_some_and(|idle| idle.will_wake(cx.waker()));
    }

    /// Sends what stands there, as far as the system takes it.
    fn flush(&mut self, cx: &mut Context<'_>, driver: Driver) {
        while self.wire.has_unsent() && self.is_sendable() {
            self.wire.send_only();
            match self.wire.poll_flush(cx) {
                Poll::Pending => return,
                Poll::Ready(Ok(())) => {
                    let pong = self.busy.as_mut().and_then(|busy| busy.pong.take());
                    if let Some(payload) = pong {
                        self.put_control(Opcode::Pong, &payload);
                    }
                    self.wake_served(driver);
                }
                Poll::Ready(Err(trouble)) => {
                    Busy::of(&mut self.busy).unsendable = Some(trouble);
                }
            }
        }
    }

    /// Whether the next frame may be taken: who waits for messages has not got them, or there is room for more. Control frames pass by
    /// a full inbox if they stand in front.
    fn may_take(&self) -> bool {
        let Some(busy) = &self.busy else {
            return true;
        };
        if !busy.reader.is_within_a_frame()
            && peek_opcode(self.wire.peek()).is_some_and(Opcode::is_control)
        {
            return true;
        }
        match busy.wanted() {
            Some((count, _)) => busy.inbox.len() < count,
            None => {
                let limits = &self.context.rules.inbox;
                limits.on_full == OnFull::DropOldest
                    // What comes before the answer to a goodbye is dropped where there is no room.
                    || self.says_goodbye
                    || !busy.inbox.is_full(limits)
            }
        }
    }

    /// Whether nothing has kept it from sending.
    fn is_sendable(&self) -> bool {
        let busy = self.busy.as_ref();
        busy.is_none_or(|busy| busy.unsendable.is_none())
    }

    /// Takes the next thing that stands there whole. `None` if more has to come.
    fn next_event(&mut self, driver: Driver) -> Option<Drove> {
        let busy = Busy::of(&mut self.busy);
        let rules = ReadRules {
            max_message: self.context.rules.max_message,
            compression: self.compression,
        };
        let (taken, came) = match busy.reader.read(self.wire.peek(), &rules) {
            Ok(read) => read,
            Err(violation) => {
                self.violated(violation);
                return Some(Drove::Something);
            }
        };
        let unread = busy.next_unread(driver);
        let is_read = unread.is_none();
        let (size, content) = match came {
            Came::Text(text) => {
                let content = is_read.then(|| Content::Text(Text::Shared((&*text).into())));
                (text.len(), content)
            }
            Came::Binary(bytes) => {
                let content = is_read.then(|| Content::Binary(Seq::Shared((&*bytes).into())));
                (bytes.len(), content)
            }
            Came::Part if taken == 0 => return None,
            Came::Part | Came::Ping(_) | Came::Pong(_) | Came::Close(_) => {
                let control = Control::of(came);
                self.wire.consume(taken);
                return Some(self.takes_control(control));
            }
        };
        if let Some((unread, came)) = unread {
            *unread = Some(came.unwrap_or(self.began));
        }
        self.wire.consume(taken);
        if let Some((metrics, counters)) = self.counts() {
            metrics.add(counters.messages_received, 1);
            metrics.add(counters.bytes_received, size as u64);
        }
        if let Some(content) = content {
            self.keeps_message(content, size);
        }
        Some(Drove::Something)
    }

    /// A message goes into the inbox.
    fn keeps_message(&mut self, content: Content, size: usize) {
        let message = Message {
            content,
            came: self.came(),
        };
        let rules = self.context.rules.inbox;
        let busy = Busy::of(&mut self.busy);
        let limits = match busy.wanted() {
            // Who waits takes all that it wants, however much that is.
            Some(_) => InboxLimits {
                messages: usize::MAX,
                bytes: usize::MAX,
                ..rules
            },
            None if self.says_goodbye => InboxLimits {
                on_full: OnFull::DropOldest,
                ..rules
            },
            None => rules,
        };
        let dropped = busy.inbox.put(message, size, &limits);
        self.count_dropped(dropped);
    }

    /// What comes seldom.
    #[cold]
    #[inline(never)]
    fn takes_control(&mut self, control: Control) -> Drove {
        match control {
            Control::Part => Drove::Dry,
            Control::Ping(payload) => {
                self.answer_ping(payload);
                Drove::Dry
            }
            Control::Pong(payload) => self.takes_pong(payload),
            Control::Close(closing) => {
                self.takes_close(closing);
                Drove::Something
            }
        }
    }

    fn answer_ping(&mut self, payload: Vec<u8>) {
        if self.says_goodbye {
            return;
        }
        match self.wire.has_unsent() {
            true => Busy::of(&mut self.busy).pong = Some(payload),
            false => self.put_control(Opcode::Pong, &payload),
        }
    }

    fn takes_pong(&mut self, payload: Option<[u8; 8]>) -> Drove {
        let now = self.came();
        for waiting in self.busy.iter_mut().flat_map(|busy| &mut busy.waiting) {
            if let Wants::Pong(asked, came) = &mut waiting.wants
                && Some(*asked) == payload
            {
                came.get_or_insert(now);
                return Drove::Something;
            }
        }
        Drove::Dry
    }

    /// The server says goodbye, or answers ours.
    fn takes_close(&mut self, closing: Closing) {
        if self.says_goodbye {
            self.ends(End::ByClient(closing));
            return;
        }
        // It is answered with its own code.
        let answer = Closing {
            code: closing.code,
            reason: String::new(),
        };
        self.says_at_once(&answer);
        self.ends(End::ByServer(closing));
    }

    #[cold]
    #[inline(never)]
    fn violated(&mut self, violation: Violation) {
        if !self.says_goodbye {
            let closing = Closing {
                code: Some(violation.close_code()),
                reason: String::new(),
            };
            self.says_at_once(&closing);
        }
        self.ends(End::Violated(violation));
    }

    /// Sends a close frame as far as that takes no waiting, for nobody drives the session any more.
    fn says_at_once(&mut self, closing: &Closing) {
        let mut frame = Buf::new();
        let key = self.key();
        put_frame(&mut frame, (Opcode::Close, false), &closing.payload(), key);
        self.wire.send_only();
        self.wire.send_now(frame.bytes());
    }

    /// The session is over.
    #[cold]
    #[inline(never)]
    fn ends(&mut self, end: End) {
        if self.end.is_some() {
            return;
        }
        let context = &self.context;
        if let Some(metrics) = &context.metrics {
            let counters = &context.rules.counters;
            let lasted = context.clock.now() - self.began;
            metrics.add_labelled(counters.ended, end.by(), 1);
            metrics.record_time(counters.session_duration, lasted);
        }
        self.end = Some(Box::new(end));
        self.ping_timer = None;
        if !self.wire.has_unsent() {
            // The server sees that nothing more comes, whoever keeps the session.
            let mut cx = Context::from_waker(Waker::noop());
            let _ = pin!(self.wire.finish()).poll(&mut cx);
        }
        for waiting in self.busy.iter_mut().flat_map(|busy| &mut busy.waiting) {
            if let Some(waker) = waiting.waker.take() {
                waker.wake();
            }
        }
    }

    fn put_control(&mut self, opcode: Opcode, payload: &[u8]) {
        let key = self.key();
        put_frame(self.wire.out(), (opcode, false), payload, key);
    }

    fn ping_when_due(&mut self, cx: &mut Context<'_>) {
        let Some(interval) = self.context.rules.ping_interval else {
            return;
        };
        while let Some(timer) = &mut self.ping_timer
            && timer.poll(cx).is_ready()
        {
            timer.set(self.context.clock.now() + interval);
            if !self.says_goodbye && self.end.is_none() {
                self.put_control(Opcode::Ping, b"");
            }
        }
    }

    /// Wakes those for whom something is there, except who drives, which sees it itself.
    fn wake_served(&mut self, driver: Driver) {
        if let [only] = self.all_waiting()
            && driver == Driver::Operation(only.number)
        {
            return;
        }
        let mut at = 0;
        while let Some(number) = self.all_waiting().get(at).map(|waiting| waiting.number) {
            if driver != Driver::Operation(number)
                && self.is_there(number)
                && let Some(waiting) = self.waiting(number)
                && let Some(waker) = waiting.waker.take()
            {
                waker.wake();
            }
            at += 1;
        }
    }

    /// Whoever was woken for all drives no more: another one that waits does so from now on.
    fn hand_over(&mut self) {
        self.driver = Driver::Idle;
        let mut waiting = self.busy.iter_mut().flat_map(|busy| &mut busy.waiting);
        if let Some(waker) = waiting.find_map(|waiting| waiting.waker.take()) {
            waker.wake();
        } else if let Some(idle) = &self.idle
            && !self.wakes_idle
        {
            // The same task is woken as before otherwise, and then looks after it.
            idle.wake_by_ref();
        }
    }
}

impl Busy {
    /// That of a session, which rests no more.
    #[inline]
    fn of(busy: &mut Option<Box<Self>>) -> &mut Self {
        busy.get_or_insert_with(Self::begin)
    }

    /// Seldom called, and seldom where it would matter: a session whose steps follow each other does not rest between them.
    #[cold]
    #[inline(never)]
    fn begin() -> Box<Self> {
        Box::default()
    }

    /// How many messages the first one wants that waits for some, and its number.
    fn wanted(&self) -> Option<(usize, Number)> {
        self.waiting.iter().find_map(|waiting| match waiting.wants {
            Wants::Messages(count) => Some((count, waiting.number)),
            Wants::Next(None) => Some((1, waiting.number)),
            _ => None,
        })
    }

    /// Where it is written when the next message came, with when that was, if who drives takes it at once and reads nothing of it.
    fn next_unread(&mut self, driver: Driver) -> Option<(&mut Option<Moment>, Option<Moment>)> {
        if !self.inbox.is_empty() {
            return None;
        }
        let first = self.waiting.iter_mut().find(|waiting| {
            let wants = waiting.wants;
            matches!(wants, Wants::Messages(_) | Wants::Next(None))
        })?;
        match &mut first.wants {
            Wants::Next(when) if driver == Driver::Operation(first.number) => {
                Some((when, self.came))
            }
            _ => None,
        }
    }

    /// Whether nothing is left: nobody waits, and nothing that came or is to be said stands here.
    fn is_over(&self) -> bool {
        self.waiting.is_empty()
            && self.inbox.is_empty()
            && self.reader.is_empty()
            && self.pong.is_none()
            && self.unsendable.is_none()
    }
}

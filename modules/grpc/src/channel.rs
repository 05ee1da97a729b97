//! One connection and the calls on it. It is driven by the steps that wait for a call and, between them, by its user's idle work or by
//! a task.
//!
//! ```text
//! Call --open, send--> Connection (bggo-http2) --bytes--> wire       (whoever waits drives: it reads and writes for all)
//! Call <-- Slot: head, Assembler (messages), status <-- events <-- bytes that came
//! ```
//!
//! All that came is kept in the slot of its call, so a step that is dropped loses nothing of a stream, and a call that is dropped is
//! reset. tokio keeps one reader's waker a socket, that of who drove last; who was woken for something that is another one's wakes
//! that one.

use crate::ended::End;
use crate::framing::{Assembler, Compression, Keeps, Terms};
use crate::status::Code;
use bggo_http2::{
    Asking, Connection, Ends, Event, Head, Key, Limits, Room, Rules as OfHttp2, Sink,
};
use bggo_runtime::contract::{AssetClock, Deadline, Moment};
use bggo_wire::{Buf, Trouble, Wire};
use std::cell::RefCell;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

const RULES: OfHttp2 = OfHttp2 {
    limits: Limits {
        fields: 1_000,
        bytes: 256 << 10,
    },
    stream_window: 1 << 20,
    // Several streams whose messages nobody takes do not hold up the others.
    connection_window: 16 << 20,
};
/// Bytes that may stand before they are read: more than the largest frame.
const MOST: usize = 64 << 10;
/// Nothing is read, and no message appended, while so many bytes are unsent.
const UNSENT: usize = 64 << 10;

/// A connection and the calls on it.
#[derive(Debug)]
pub(crate) struct Channel(RefCell<Inner>);

/// What holds for all calls of a connection.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ChannelRules {
    /// The most bytes of a message that comes.
    pub(crate) max_message: usize,
    /// How long nothing may have come before the server is pinged, and how long nothing may come then.
    pub(crate) keepalive: Option<(Duration, Duration)>,
}

#[derive(Debug)]
struct Inner {
    wire: Wire,
    http2: Connection,
    /// By key.
    slots: Vec<Slot>,
    /// Calls that are not closed.
    open: usize,
    /// Who waits.
    waiting: Vec<Waiting>,
    /// The number of the next one that waits.
    next: u32,
    /// Who of them has the socket's waker; idle work if nobody has.
    driver: Option<u32>,
    /// Who looks after it while nobody waits.
    idle: Option<Waker>,
    /// Who drives was woken as idle work is: by the same task.
    wakes_idle: bool,
    /// Somebody waits until less is unsent.
    is_full: bool,
    /// Calls are made elsewhere from now on.
    is_retired: bool,
    end: Option<End>,
    keepalive: Option<Box<Keepalive>>,
    /// When the last bytes came.
    came: Moment,
    max_message: usize,
    clock: AssetClock,
}

#[derive(Debug)]
struct Waiting {
    number: u32,
    /// The call; without one it is for room.
    key: Option<Key>,
    waker: Option<Waker>,
}

#[derive(Debug)]
struct Keepalive {
    time: Duration,
    answer: Duration,
    timer: Deadline,
    /// When a ping was sent that is not answered.
    asked: Option<Moment>,
}

/// How far a connection was driven.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Drove {
    /// Nothing more can be done now.
    Dry,
    /// Something came that may be what the driver waits for.
    Something,
}

/// What came for a call.
#[derive(Debug, Default)]
pub(crate) struct Slot {
    /// Whether heads are kept for whoever reads them later.
    keeps_heads: bool,
    /// Whether steps take the messages one by one, so that those which nobody has taken hold the server up.
    holds_up: bool,
    pub(crate) assembler: Assembler,
    /// Bytes of messages that the server may not send again yet.
    held: usize,
    /// What the head says, once it came.
    answer: Option<Answer>,
    /// The head, if heads are kept.
    pub(crate) head: Option<Head>,
    pub(crate) status: Option<Code>,
    /// The trailers, if heads are kept or the status is not OK.
    pub(crate) trailers: Option<Head>,
    lost: Option<End>,
}

impl Slot {
    /// Of a call whose deadline passed before its server ended it.
    pub(crate) fn expired() -> Self {
        Self {
            status: Some(Code::DEADLINE_EXCEEDED),
            ..Self::default()
        }
    }
}

/// What is read of each head.
#[derive(Debug, Clone, Copy)]
struct Answer {
    http_status: u16,
    is_grpc: bool,
    /// `None` if it is one that nobody asked for.
    compression: Option<Compression>,
}

/// What is left to be sent of a call.
#[derive(Debug)]
pub(crate) struct Upload<'a> {
    pub(crate) rest: &'a [u8],
    /// Whether nothing follows.
    pub(crate) ends: Ends,
    pub(crate) is_done: bool,
}

/// Which parts of an answer are kept.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reads {
    pub(crate) messages: Keeps,
    pub(crate) heads: bool,
    /// Messages that nobody has taken hold the server up.
    pub(crate) holds_up: bool,
}

thread_local! {
    /// The head that was read last on this thread.
    static HEAD: RefCell<Head> = RefCell::default();
}

/// The buffer of a wire as what a connection writes to.
struct Out<'a>(&'a mut Buf);

impl Sink for Out<'_> {
    fn put(&mut self, bytes: &[u8]) {
        self.0.put(bytes);
    }
}

impl Channel {
    /// Begins HTTP/2 on a new connection. Its first bytes go out with the first call.
    pub(crate) fn begin(mut wire: Wire, rules: ChannelRules, clock: AssetClock) -> Rc<Self> {
        let now = clock.now();
        let keepalive = rules.keepalive.map(|(time, answer)| {
            let mut timer = clock.deadline();
            timer.set(now + time);
            Box::new(Keepalive {
                time,
                answer,
                timer,
                asked: None,
            })
        });
        Rc::new(Self(RefCell::new(Inner {
            http2: Connection::new(RULES, &mut Out(wire.out())),
            wire,
            slots: Vec::new(),
            open: 0,
            waiting: Vec::new(),
            next: 0,
            driver: None,
            idle: None,
            wakes_idle: false,
            is_full: false,
            is_retired: false,
            end: None,
            keepalive,
            came: now,
            max_message: rules.max_message,
            clock,
        })))
    }

    /// Whether calls can be made on it, after a look at what came meanwhile.
    pub(crate) fn takes_calls(&self, cx: &mut Context<'_>) -> bool {
        let inner = &mut *self.0.borrow_mut();
        // A call drives within the same poll.
        if inner.takes_calls() && inner.has_nothing_until(cx) {
            return true;
        }
        if inner.driver.is_none() {
            inner.drive(cx, None);
        }
        inner.is_retired |= inner.wire.is_nearly_used_up();
        inner.takes_calls()
    }

    /// Whether nothing more happens on it that anybody wants.
    pub(crate) fn is_over(&self) -> bool {
        let inner = self.0.borrow();
        let takes_none = inner.is_retired || inner.http2.room() == Room::Never;
        inner.open == 0 && (inner.end.is_some() || takes_none)
    }

    /// Whether nobody drives it but idle work.
    pub(crate) fn has_idle_work(&self) -> bool {
        let inner = self.0.borrow();
        inner.end.is_none() && inner.driver.is_none()
    }

    /// Reads and writes what can be now, if nobody who waits does.
    pub(crate) fn poll_idle(&self, cx: &mut Context<'_>) {
        let inner = &mut *self.0.borrow_mut();
        match &mut inner.idle {
            Some(waker) => waker.clone_from(cx.waker()),
            none => *none = Some(cx.waker().clone()),
        }
        if inner.driver.is_none() {
            inner.drive(cx, None);
        }
    }

    /// Opens a call once there is room for one. `None` if the connection takes no more. `begin` makes its head.
    pub(crate) fn poll_open<'a>(
        self: &Rc<Self>,
        wait: &Wait<'_>,
        (asking, reads): (&Asking<'a>, Reads),
        cx: &mut Context<'_>,
    ) -> Poll<Option<Call>> {
        wait.poll(cx, |inner| {
            let room = inner.http2.room();
            if inner.end.is_some() || inner.is_retired || room == Room::Never {
                return Some(None);
            }
            if room == Room::Later {
                return None;
            }
            let key = inner.http2.open(asking, &mut Out(inner.wire.out()))?;
            if inner.slots.len() <= key.0 {
                inner.slots.resize_with(key.0 + 1, Slot::default);
            }
            if let Some(slot) = inner.slots.get_mut(key.0) {
                slot.keeps_heads = reads.heads;
                slot.holds_up = reads.holds_up;
                slot.assembler.keeps = reads.messages;
            }
            inner.open += 1;
            Some(Some(Call {
                channel: Rc::clone(self),
                key,
            }))
        })
    }

    /// Begins to wait for room.
    pub(crate) fn wait(&self) -> Wait<'_> {
        self.waits_for(None)
    }

    fn waits_for(&self, key: Option<Key>) -> Wait<'_> {
        let inner = &mut *self.0.borrow_mut();
        let number = inner.next;
        inner.next = inner.next.wrapping_add(1);
        inner.waiting.push(Waiting {
            number,
            key,
            waker: None,
        });
        Wait {
            channel: self,
            number,
        }
    }
}

/// Somebody who waits. When it is dropped, another one that waits drives the connection.
#[derive(Debug)]
pub(crate) struct Wait<'c> {
    channel: &'c Channel,
    number: u32,
}

impl Wait<'_> {
    /// Waits until `ready` finds what it looks for, which may be that the connection is over.
    fn poll<T>(
        &self,
        cx: &mut Context<'_>,
        mut ready: impl FnMut(&mut Inner) -> Option<T>,
    ) -> Poll<T> {
        let inner = &mut *self.channel.0.borrow_mut();
        loop {
            if let Some(found) = ready(inner) {
                return Poll::Ready(found);
            }
            if inner.drive(cx, Some(self.number)) == Drove::Dry {
                break;
            }
        }
        // What was appended may have gone out.
        if let Some(found) = ready(inner) {
            return Poll::Ready(found);
        }
        let waits = |waiting: &&mut Waiting| waiting.number == self.number;
        if let Some(waiting) = inner.waiting.iter_mut().find(waits) {
            match &mut waiting.waker {
                Some(waker) => waker.clone_from(cx.waker()),
                none => *none = Some(cx.waker().clone()),
            }
        }
        Poll::Pending
    }
}

impl Drop for Wait<'_> {
    fn drop(&mut self) {
        let inner = &mut *self.channel.0.borrow_mut();
        let is_it = |waiting: &Waiting| waiting.number == self.number;
        let Some(at) = inner.waiting.iter().position(is_it) else {
            return;
        };
        inner.waiting.swap_remove(at);
        // It may have been woken to drive, and goes before it does.
        let nobody_drives = inner.driver.is_none() && !inner.waiting.is_empty();
        if nobody_drives || inner.driver == Some(self.number) {
            inner.hand_over();
        }
    }
}

/// A call on a connection. One that is dropped before its end is reset.
#[derive(Debug)]
pub(crate) struct Call {
    channel: Rc<Channel>,
    key: Key,
}

impl Call {
    /// Begins to wait for something of the call.
    pub(crate) fn wait(&self) -> Wait<'_> {
        self.channel.waits_for(Some(self.key))
    }

    /// Sends what is left, and waits until the call is over: what came is in its slot.
    ///
    /// # Errors
    /// It has no status.
    pub(crate) fn poll_over(
        &self,
        wait: &Wait<'_>,
        upload: &mut Upload<'_>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), End>> {
        wait.poll(cx, |inner| {
            inner.send(self.key, upload);
            inner.outcome(self.key)
        })
    }

    /// Sends what is left. It waits until the system has taken all of it.
    ///
    /// # Errors
    /// The call is over: why, if it has no status.
    pub(crate) fn poll_sent(
        &self,
        wait: &Wait<'_>,
        upload: &mut Upload<'_>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), Option<End>>> {
        wait.poll(cx, |inner| {
            // Nothing more is sent on what is over.
            let is_over = inner.outcome(self.key).is_some();
            if !is_over {
                inner.send(self.key, upload);
            }
            if upload.is_done && !inner.wire.has_unsent() {
                return Some(Ok(()));
            }
            let outcome = inner.outcome(self.key)?;
            Some(Err(outcome.err()))
        })
    }

    /// Waits for a message, or for the end of the call: then it is false.
    ///
    /// # Errors
    /// The call has no status, and no message is there.
    pub(crate) fn poll_message(
        &self,
        wait: &Wait<'_>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<bool, End>> {
        wait.poll(cx, |inner| {
            let slot = inner.slots.get(self.key.0);
            if slot.is_some_and(|slot| !slot.assembler.messages.is_empty()) {
                return Some(Ok(true));
            }
            Some(inner.outcome(self.key)?.map(|()| false))
        })
    }

    /// What came for the call.
    pub(crate) fn with_slot<T>(&self, look: impl FnOnce(&mut Slot) -> T) -> Option<T> {
        let inner = &mut *self.channel.0.borrow_mut();
        let slot = inner.slots.get_mut(self.key.0)?;
        let seen = look(slot);
        if slot.assembler.messages.is_empty() && slot.held > 0 {
            let held = std::mem::take(&mut slot.held);
            inner.http2.taken(self.key, held);
            // Whoever drives may wait for what the server may send only then.
            inner.says_at_once();
        }
        Some(seen)
    }

    /// When the last bytes came on its connection.
    pub(crate) fn came(&self) -> Moment {
        self.channel.0.borrow().came
    }
}

impl Call {
    /// How many messages came so far.
    pub(crate) fn count(&self) -> u64 {
        self.with_slot(|slot| slot.assembler.count)
            .unwrap_or_default()
    }

    /// What came for the call, which is closed.
    pub(crate) fn into_slot(self) -> Slot {
        self.with_slot(Slot::take).unwrap_or_default()
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        let inner = &mut *self.channel.0.borrow_mut();
        inner.open -= 1;
        inner.http2.close(self.key);
        if let Some(slot) = inner.slots.get_mut(self.key.0) {
            let held = slot.held;
            *slot = Slot::default();
            if held > 0 {
                // What nobody reads any more counts no longer against what may come on the connection.
                inner.http2.taken(self.key, held);
            }
        }
        inner.says_at_once();
        // There may be room for another one.
        inner.wake(|waiting| waiting.key.is_none());
        if inner.open == 0
            && inner.http2.room() == Room::Never
            && let Some(idle) = &inner.idle
        {
            idle.wake_by_ref();
        }
    }
}

impl Inner {
    /// Whether calls can be made on it, as far as is known.
    fn takes_calls(&self) -> bool {
        !self.is_retired && self.end.is_none() && self.http2.room() != Room::Never
    }

    /// Whether nothing has come while nobody waited, as far as the system has told. Then whoever asks is woken for what comes, and has to
    /// drive within the same poll.
    fn has_nothing_until(&mut self, cx: &mut Context<'_>) -> bool {
        self.driver.is_none() && self.wire.has_nothing_until(cx)
    }

    /// How a call ended, if it did.
    fn outcome(&self, key: Key) -> Option<Result<(), End>> {
        let slot = self.slots.get(key.0)?;
        if slot.status.is_some() {
            return Some(Ok(()));
        }
        if let Some(end) = &slot.lost {
            return Some(Err(end.clone()));
        }
        self.end.clone().map(Err)
    }

    /// Appends what is left of an upload, as far as the windows and the buffer allow.
    fn send(&mut self, key: Key, upload: &mut Upload<'_>) {
        while !upload.is_done {
            let out = self.wire.out();
            let room = UNSENT.saturating_sub(out.len()).min(upload.rest.len());
            if room == 0 && !upload.rest.is_empty() {
                self.is_full = true;
                return;
            }
            let (now, later) = upload.rest.split_at(room);
            let ends = match later.is_empty() {
                true => upload.ends,
                false => Ends::No,
            };
            let sent = self.http2.send(key, now, ends, &mut Out(out));
            upload.rest = upload.rest.get(sent..).unwrap_or_default();
            upload.is_done = upload.rest.is_empty();
            if sent < now.len() {
                // The window is full.
                return;
            }
        }
    }

    /// Reads and writes what can be now, and hands out what comes. It stops when something came that may be for who drives.
    fn drive(&mut self, cx: &mut Context<'_>, driver: Option<u32>) -> Drove {
        if self.end.is_some() {
            return Drove::Dry;
        }
        while self.end.is_none() {
            self.keep_alive(cx);
            let mut has_own = false;
            while let Some(event) = self.next_event() {
                has_own |= self.takes(event, driver);
            }
            if self.end.is_some() {
                break;
            }
            let unsent = self.flush(cx);
            if std::mem::take(&mut self.is_full) {
                if unsent < UNSENT {
                    self.wake_but(driver);
                    has_own = true;
                } else {
                    self.is_full = true;
                }
            }
            if has_own && driver.is_some() {
                return Drove::Something;
            }
            if self.end.is_some() {
                break;
            }
            if unsent > UNSENT {
                self.driven_by(driver, cx);
                return Drove::Dry;
            }
            match self.wire.poll_fill(cx, MOST) {
                Poll::Pending => {
                    self.driven_by(driver, cx);
                    return Drove::Dry;
                }
                Poll::Ready(Ok(1..)) => self.lives(),
                Poll::Ready(Ok(0)) => self.ends(End::Broken(Trouble::closed())),
                Poll::Ready(Err(trouble)) => self.ends(End::Broken(trouble)),
            }
        }
        Drove::Something
    }

    /// The socket has its waker.
    fn driven_by(&mut self, driver: Option<u32>, cx: &Context<'_>) {
        self.driver = driver;
        let idle = self.idle.as_ref();
        self.wakes_idle = idle.is_some_and(|idle| idle.will_wake(cx.waker()));
    }

    /// Sends what stands there: how much is left.
    fn flush(&mut self, cx: &mut Context<'_>) -> usize {
        self.http2.put_replies(&mut Out(self.wire.out()));
        if self.wire.has_unsent() {
            self.wire.send_only();
            if let Poll::Ready(Err(trouble)) = self.wire.poll_flush(cx) {
                // What the server said before it closed may stand there.
                self.hear_the_last(cx);
                self.ends(End::Broken(trouble));
            }
        }
        self.wire.out().len()
    }

    /// Takes what has come on a connection that takes nothing more.
    fn hear_the_last(&mut self, cx: &mut Context<'_>) {
        while self.end.is_none()
            && let Poll::Ready(Ok(1..)) = self.wire.poll_fill(cx, MOST)
        {
            self.came = self.clock.now();
            while let Some(event) = self.next_event() {
                self.takes(event, None);
            }
        }
    }

    /// The next thing that has come. What belongs to a message is put where it belongs.
    fn next_event(&mut self) -> Option<Event> {
        if self.wire.peek().is_empty() {
            return None;
        }
        let received = HEAD.with_borrow_mut(|head| self.http2.receive(self.wire.peek(), head));
        let received = match received {
            Ok(received) => received,
            Err(bad) => {
                self.says_at_once();
                self.ends(End::Bad(bad));
                return None;
            }
        };
        if let Event::Data(key, size, _) = received.event
            && let Some(slot) = self.slots.get_mut(key.0)
        {
            let came = self.wire.peek().get(..received.taken).unwrap_or_default();
            let (_, data) = came.split_at(came.len() - size.min(came.len()));
            slot.takes(data, (self.max_message, self.came));
            // While nothing waits to be taken, more may come: a message may be larger than the window.
            slot.held += size;
            let is_held = slot.holds_up && !slot.assembler.messages.is_empty();
            if !is_held || slot.lost.is_some() {
                let held = std::mem::take(&mut slot.held);
                self.http2.taken(key, held);
            }
        }
        self.wire.consume(received.taken);
        (received.event != Event::More).then_some(received.event)
    }

    /// Hands on what came: whether it may be for who drives.
    fn takes(&mut self, event: Event, driver: Option<u32>) -> bool {
        let key = match event {
            Event::More | Event::Nothing | Event::Pong(_) => return false,
            Event::Room => {
                self.wake_but(driver);
                return true;
            }
            Event::GoesAway(code) => {
                for (at, slot) in self.slots.iter_mut().enumerate() {
                    if self.http2.is_refused(Key(at)) {
                        slot.lost.get_or_insert(End::GoneAway(code));
                    }
                }
                self.wake_but(driver);
                return true;
            }
            Event::Head(key, ends) => {
                if let Some(slot) = self.slots.get_mut(key.0) {
                    HEAD.with_borrow(|head| slot.begins(head, ends));
                }
                key
            }
            Event::Trailers(key) => {
                if let Some(slot) = self.slots.get_mut(key.0) {
                    HEAD.with_borrow(|head| slot.finishes(head));
                }
                key
            }
            Event::Data(key, _, ends) => {
                if ends == Ends::Yes
                    && let Some(slot) = self.slots.get_mut(key.0)
                {
                    slot.ends_without_trailers();
                }
                key
            }
            Event::End(key) => {
                if let Some(slot) = self.slots.get_mut(key.0) {
                    slot.ends_without_trailers();
                }
                key
            }
            Event::Reset(key, code) => self.loses(key, End::Reset(code)),
            Event::Failed(key, bad) => self.loses(key, End::Failed(bad)),
        };
        let mut is_of_driver = false;
        for waiting in &mut self.waiting {
            if waiting.key != Some(key) {
                continue;
            }
            if driver == Some(waiting.number) {
                is_of_driver = true;
            } else if let Some(waker) = waiting.waker.take() {
                waker.wake();
            }
        }
        is_of_driver
    }

    fn loses(&mut self, key: Key, end: End) -> Key {
        if let Some(slot) = self.slots.get_mut(key.0) {
            slot.lost.get_or_insert(end);
        }
        key
    }

    /// The connection is of no use any more.
    fn ends(&mut self, end: End) {
        if self.end.is_none() {
            self.end = Some(end);
            self.keepalive = None;
            self.wake(|_| true);
        }
    }

    /// Something came.
    fn lives(&mut self) {
        self.came = self.clock.now();
        if let Some(keepalive) = &mut self.keepalive
            && keepalive.asked.take().is_some()
        {
            keepalive.timer.set(self.came + keepalive.time);
        }
    }

    /// Asks the server for a sign of life if it has been silent for too long.
    fn keep_alive(&mut self, cx: &mut Context<'_>) {
        let Some(keepalive) = &mut self.keepalive else {
            return;
        };
        while keepalive.timer.poll(cx).is_ready() {
            if keepalive.asked.is_some() {
                self.ends(End::Silent);
                return;
            }
            let now = self.clock.now();
            let due = self.came + keepalive.time;
            if now < due {
                keepalive.timer.set(due);
                continue;
            }
            keepalive.asked = Some(now);
            keepalive.timer.set(now + keepalive.answer);
            self.http2.ping(*b"keepaliv", &mut Out(self.wire.out()));
        }
    }

    /// Sends what the server is owed as far as that takes no waiting.
    fn says_at_once(&mut self) {
        if self.http2.has_replies() && self.end.is_none() {
            let mut replies = Vec::new();
            self.http2.put_replies(&mut replies);
            self.wire.send_only();
            self.wire.send_now(&replies);
        }
    }

    fn wake(&mut self, is_meant: impl Fn(&Waiting) -> bool) {
        for waiting in &mut self.waiting {
            if is_meant(waiting)
                && let Some(waker) = waiting.waker.take()
            {
                waker.wake();
            }
        }
    }

    /// Wakes all but who drives, which sees it itself.
    fn wake_but(&mut self, driver: Option<u32>) {
        self.wake(|waiting| driver != Some(waiting.number));
    }

    /// Whoever was woken for all drives no more: another one that waits does so from now on.
    fn hand_over(&mut self) {
        self.driver = None;
        let mut waiting = self.waiting.iter_mut();
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

impl Slot {
    /// The head of the answer came.
    fn begins(&mut self, head: &Head, ends: Ends) {
        self.answer = Some(Answer::read(head));
        if self.keeps_heads {
            self.head = Some(head.copy());
        }
        if ends == Ends::Yes {
            self.finishes(head);
        }
    }

    /// The answer ended with this head, which has to say how.
    fn finishes(&mut self, trailers: &Head) {
        let Some(code) = Code::read(trailers) else {
            self.ends_without_trailers();
            return;
        };
        if self.status.is_none() && code == Code::OK && self.assembler.is_within_a_message() {
            let text = "the server ended the call in the middle of a message";
            self.lost.get_or_insert(End::NoAnswer(text));
        }
        if self.lost.is_some() {
            return;
        }
        if self.keeps_heads || code != Code::OK {
            self.trailers = Some(trailers.copy());
        }
        self.status = Some(code);
    }

    /// The answer ended, and nothing of gRPC said how. A status of HTTP may.
    fn ends_without_trailers(&mut self) {
        match self.http_status() {
            _ if self.status.is_some() || self.lost.is_some() => {}
            Some(status) => self.status = Some(Code::of_http(status)),
            None => {
                let text = "the server ended the call without a status";
                self.lost = Some(End::NoAnswer(text));
            }
        }
    }

    /// A piece of a message came.
    fn takes(&mut self, piece: &[u8], (most, came): (usize, Moment)) {
        let compression = match self.answer {
            Some(Answer {
                http_status: 200,
                is_grpc: true,
                compression: Some(compression),
            }) => compression,
            Some(Answer {
                http_status: 200,
                is_grpc: true,
                ..
            }) => {
                let text = "the server compresses in a way that nobody asked for";
                self.lost.get_or_insert(End::NoAnswer(text));
                return;
            }
            // The page of a proxy, of which the status is enough.
            Some(Answer { http_status, .. }) if http_status != 200 => {
                self.status = Some(Code::of_http(http_status));
                return;
            }
            _ => {
                let text = "the answer is none of gRPC, by its Content-Type";
                self.lost.get_or_insert(End::NoAnswer(text));
                return;
            }
        };
        if self.lost.is_some() {
            return;
        }
        let terms = Terms {
            most,
            compression,
            came,
        };
        let taken = self.assembler.takes(piece, &terms);
        let taken = taken.and_then(|()| match self.holds_up {
            true => Ok(()),
            false => self.assembler.check_kept(),
        });
        if let Err(bad) = taken {
            self.lost = Some(End::Message(bad));
        }
    }

    /// All that came so far. The window of the server stays as it is.
    pub(crate) fn take(&mut self) -> Self {
        Self {
            assembler: std::mem::take(&mut self.assembler),
            head: self.head.take(),
            status: self.status,
            trailers: self.trailers.take(),
            answer: self.answer,
            ..Self::default()
        }
    }

    /// The status of HTTP, where it says more than the status.
    pub(crate) fn http_status(&self) -> Option<u16> {
        let status = self.answer?.http_status;
        (status != 200).then_some(status)
    }
}

impl Answer {
    fn read(head: &Head) -> Self {
        let mut answer = Self {
            http_status: head.status(),
            is_grpc: false,
            compression: Some(Compression::None),
        };
        for (name, value) in head.fields() {
            match name {
                b"content-type" => answer.is_grpc = value.starts_with(b"application/grpc"),
                b"grpc-encoding" => {
                    answer.compression = match value {
                        b"identity" => Some(Compression::None),
                        b"gzip" => Some(Compression::Gzip),
                        _ => None,
                    };
                }
                _ => {}
            }
        }
        answer
    }
}

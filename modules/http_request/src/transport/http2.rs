//! One connection of HTTP/2 and the requests on it. It is driven by the requests themselves and, between them, by its user's
//! idle work: it has no task.
//!
//! ```text
//! exchange --open, send--> Connection --bytes--> wire          (whoever waits drives: it reads and writes for all)
//! Reply <-- slot of the request <-- events <-- bytes that came
//! ```
//!
//! What comes for a request is kept in its slot, and it is woken if another one drove; of a body that nobody reads only the size is.
//! What several users share is driven by a task alone: they append, and all that they append in one turn goes out at once.

mod failure;
mod sent;
mod upload;

pub(crate) use self::failure::Http2Failure;
pub(super) use self::sent::Sent;

use self::failure::{Cause, End, Takes};
use self::upload::Upload;

use super::compose::put_block;
use super::driving::Driving;
use super::message::{AnswerContext, AnswerHead, Details, Outgoing};
use super::settings::Keeps;
use crate::body;
use crate::fault::{HEAD_BYTES, HEAD_FIELDS, Unreadable};
use crate::http_request::Error as Kind;
use crate::request;
use bggo_http2::{
    Asking, Block, Code, Connection, Ends, Event, Head, Keeping, Key, Limits, Room, Rules, Sink,
};
use bggo_runtime::contract::{FaultText, Moment};
use bggo_wire::{Buf, Line, Trouble, Wire};
use bytes::Bytes;
use http::header::{HeaderMap, HeaderName, HeaderValue};
use http::{Method, StatusCode, Version};
use std::cell::{Cell, OnceCell, RefCell};
use std::collections::VecDeque;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::ops::DerefMut;
use std::rc::Rc;
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

const RULES: Rules = Rules {
    limits: Limits {
        fields: HEAD_FIELDS,
        bytes: HEAD_BYTES,
    },
    stream_window: 2 << 20,
    connection_window: 5 << 20,
};
/// Bytes that may stand before they are read: more than the largest frame.
const MOST: usize = 64 << 10;
/// Nothing is read, and no body appended, while so many bytes are unsent.
const UNSENT: usize = 64 << 10;

/// A connection and the requests on it.
pub(super) struct Session {
    /// The number of its server.
    pub(super) server: u32,
    peer: Option<SocketAddr>,
    inner: RefCell<Inner>,
    /// Requests whose answers are not over.
    open: Cell<usize>,
    has_served: Cell<bool>,
    /// It is not kept for later requests.
    closes_when_idle: bool,
    /// It had a request, has none any more, and is not kept.
    is_left: Cell<bool>,
    /// It takes no more requests.
    is_retired: Cell<bool>,
    rests_since: Cell<Moment>,
    /// Who waits for it, and the task that drives it, if several users share it.
    shared: OnceCell<(Rc<Line>, Rc<Driving>)>,
}

struct Inner {
    wire: Wire,
    connection: Connection,
    /// By key.
    slots: Vec<Slot>,
    /// Who waits until another request may be opened.
    waits: Vec<Waker>,
    /// Whose waker the socket has.
    driver: Driver,
    /// Who looks after it while it has no request.
    idle: Option<Waker>,
    /// The task that drives for all, if several users share the connection: none of them is woken when something comes.
    task: Option<Waker>,
    /// That task was woken and has not driven since.
    is_called: bool,
    /// Somebody waits until less is unsent.
    is_full: bool,
    ended: Option<End>,
}

/// Who is woken when something comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Driver {
    /// The idle work of its user.
    Idle,
    Request(Key),
    /// Somebody who waits for room.
    Waits,
}

/// How far a connection was driven.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Drove {
    /// Nothing more can be done now.
    Dry,
    /// Something came for the request that drives, which is in its slot.
    Mine,
}

/// What came for a request while another one drove.
#[derive(Default)]
struct Slot {
    waker: Option<Waker>,
    head: Option<(Head, Ends)>,
    pieces: VecDeque<Bytes>,
    /// Nobody reads the body: so many bytes of it were dropped.
    skipped: Option<u64>,
    /// Nobody reads it if the status is 200.
    may_skip: bool,
    has_ended: bool,
    waits_for_room: bool,
    lost: Option<End>,
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

impl Session {
    /// Begins HTTP/2 on a new connection. Its first bytes go out with the first request.
    pub(super) fn begin(server: u32, mut wire: Wire, keeps: Keeps, now: Moment) -> Rc<Self> {
        Rc::new(Self {
            server,
            peer: wire.peer(),
            inner: RefCell::new(Inner {
                connection: Connection::new(RULES, &mut Out(wire.out())),
                wire,
                slots: Vec::new(),
                waits: Vec::new(),
                driver: Driver::Idle,
                idle: None,
                task: None,
                is_called: false,
                is_full: false,
                ended: None,
            }),
            open: Cell::new(0),
            has_served: Cell::new(false),
            closes_when_idle: keeps == Keeps::None,
            is_left: Cell::new(false),
            is_retired: Cell::new(false),
            rests_since: Cell::new(now),
            shared: OnceCell::new(),
        })
    }

    /// Several users share it from now on, and a task looks after it.
    pub(super) fn share(&self, line: Rc<Line>, driving: &Rc<Driving>) {
        self.inner.borrow_mut().task = driving.waker();
        // It is said once, when it is new.
        let _ = self.shared.set((line, Rc::clone(driving)));
        driving.wake();
    }

    /// Whether it takes one more request now. What several users share takes no second one before the server has said how many it
    /// takes at once, which stands before its first answer.
    pub(super) fn has_room(&self) -> bool {
        if self.inner.borrow().wire.is_nearly_used_up() {
            self.retire();
        }
        match self.shared.get() {
            _ if self.is_retired.get() => false,
            None => true,
            Some(_) if self.has_served.get() => self.inner.borrow().connection.room() == Room::Now,
            Some(_) => self.open.get() == 0,
        }
    }

    /// Whether nobody knows yet how many requests it takes at once.
    pub(super) fn is_new(&self) -> bool {
        !self.has_served.get() && !self.is_retired.get()
    }

    /// It takes no more requests, and is over when those that it has are.
    pub(super) fn retire(&self) {
        self.is_retired.set(true);
    }

    /// Whether its requests alone drive it from now on. What several users share is looked after until it is over.
    pub(super) fn is_left_by_its_user(&self) -> bool {
        self.is_retired.get() && self.shared.get().is_none()
    }

    /// Reads and writes what can be now, as the task that looks after it.
    pub(super) fn drive_shared(&self, cx: &mut Context<'_>) {
        let mut inner = self.inner.borrow_mut();
        match &mut inner.task {
            Some(task) => task.clone_from(cx.waker()),
            none => *none = Some(cx.waker().clone()),
        }
        inner.is_called = false;
        inner.drive_by(cx, Driver::Idle);
    }

    /// Reads and writes what can be now, if no request that waits does.
    pub(super) fn drive(&self, cx: &mut Context<'_>) {
        let inner = &mut *self.inner.borrow_mut();
        match &mut inner.idle {
            Some(waker) => waker.clone_from(cx.waker()),
            none => *none = Some(cx.waker().clone()),
        }
        if !matches!(inner.driver, Driver::Request(_)) {
            inner.drive(cx, Driver::Idle);
        }
    }

    /// Whether an answer came on it.
    pub(super) fn has_served(&self) -> bool {
        self.has_served.get()
    }

    /// Whether no request can be sent on it any more.
    pub(super) fn is_over(&self) -> bool {
        let inner = self.inner.borrow();
        let takes_none = self.is_retired.get() || inner.connection.is_over();
        // Who still reads an answer needs it to be driven.
        self.is_left.get() || inner.ended.is_some() || takes_none && self.open.get() == 0
    }

    /// For how long it has had no request; zero if it has one.
    pub(super) fn rested(&self, now: Moment) -> Duration {
        if self.open.get() > 0 {
            return Duration::ZERO;
        }
        now - self.rests_since.get()
    }

    /// Opens a request when there is room for one. `None` if the connection takes no more.
    fn poll_open(self: &Rc<Self>, asking: &Asking<'_>, cx: &mut Context<'_>) -> Poll<Option<Open>> {
        let inner = &mut *self.inner.borrow_mut();
        loop {
            let room = inner.connection.room();
            // One that is retired may be forgotten by its pool, whose task drives it no more then.
            if inner.ended.is_some() || room == Room::Never || self.is_retired.get() {
                return Poll::Ready(None);
            }
            if room == Room::Now {
                return Poll::Ready(self.open_now(inner, asking));
            }
            inner.drive(cx, Driver::Waits);
            if inner.ended.is_none() && inner.connection.room() == Room::Later {
                // It may be woken many times before there is room.
                if !inner.waits.iter().any(|known| known.will_wake(cx.waker())) {
                    inner.waits.push(cx.waker().clone());
                }
                return Poll::Pending;
            }
        }
    }

    /// Opens a request, for which there is room.
    fn open_now(self: &Rc<Self>, inner: &mut Inner, asking: &Asking<'_>) -> Option<Open> {
        let key = inner.connection.open(asking, &mut Out(inner.wire.out()))?;
        if inner.slots.len() <= key.0 {
            inner.slots.resize_with(key.0 + 1, Slot::default);
        }
        self.open.set(self.open.get() + 1);
        Some(Open {
            session: Rc::clone(self),
            key,
        })
    }

    /// Somebody who waited for room waits no more.
    fn gives_up_waiting(&self) {
        let inner = &mut *self.inner.borrow_mut();
        if inner.driver == Driver::Waits {
            inner.hand_over(None);
        }
    }
}

impl Inner {
    /// Reads and writes what can be now, and hands out what comes. It stops when something came for the request that drives.
    fn drive(&mut self, cx: &mut Context<'_>, driver: Driver) -> Drove {
        let Some(task) = &self.task else {
            return self.drive_by(cx, driver);
        };
        let has_something = !self.wire.out().is_empty() || self.connection.has_replies();
        if has_something && !std::mem::replace(&mut self.is_called, true) {
            task.wake_by_ref();
        }
        Drove::Dry
    }

    fn drive_by(&mut self, cx: &mut Context<'_>, driver: Driver) -> Drove {
        while self.ended.is_none() {
            if let Some(event) = self.next_event() {
                let drove = self.takes(event, driver);
                if drove != Drove::Dry {
                    if self.connection.has_replies() {
                        self.flush(cx);
                    }
                    return drove;
                }
                continue;
            }
            if self.ended.is_some() || !self.flush(cx) {
                break;
            }
            match self.wire.poll_fill(cx, MOST) {
                Poll::Pending => {
                    self.driver = driver;
                    break;
                }
                Poll::Ready(Ok(1..)) => {}
                Poll::Ready(Ok(0)) => self.ends(End::Broken(Trouble::closed())),
                Poll::Ready(Err(trouble)) => self.ends(End::Broken(trouble)),
            }
        }
        Drove::Dry
    }

    /// Sends what stands there. False if so much is left that nothing is read for now.
    fn flush(&mut self, cx: &mut Context<'_>) -> bool {
        self.connection.put_replies(&mut Out(self.wire.out()));
        if self.wire.has_unsent() {
            self.wire.send_only();
            if let Poll::Ready(Err(trouble)) = self.wire.poll_flush(cx) {
                // What the server said before it closed may stand there.
                self.hear_the_last(cx);
                if self.ended.is_none() {
                    self.ends(End::Broken(trouble));
                }
                return false;
            }
        }
        let unsent = self.wire.out().len();
        if self.is_full && unsent < UNSENT {
            self.is_full = false;
            self.wake_senders();
        }
        unsent <= UNSENT
    }

    /// Takes what has come on a connection that takes nothing more.
    fn hear_the_last(&mut self, cx: &mut Context<'_>) {
        while let Poll::Ready(Ok(1..)) = self.wire.poll_fill(cx, MOST) {
            while let Some(event) = self.next_event() {
                self.takes(event, Driver::Idle);
            }
            if self.ended.is_some() {
                return;
            }
        }
    }

    /// The next thing that has come. What belongs to a body is put where it belongs.
    fn next_event(&mut self) -> Option<Event> {
        if self.wire.peek().is_empty() {
            return None;
        }
        let received = HEAD.with_borrow_mut(|head| self.connection.receive(self.wire.peek(), head));
        let received = match received {
            Ok(received) => received,
            Err(bad) => {
                self.says_at_once();
                self.ends(End::Bad(bad));
                return None;
            }
        };
        if let Event::Data(key, size, _) = received.event {
            let came = self.wire.peek().get(..received.taken).unwrap_or_default();
            let (_, data) = came.split_at(came.len() - size.min(came.len()));
            if let Some(slot) = self.slots.get_mut(key.0) {
                match &mut slot.skipped {
                    Some(skipped) => *skipped += size as u64,
                    None => slot.pieces.push_back(Bytes::copy_from_slice(data)),
                }
                if slot.skipped.is_some() {
                    self.connection.taken(key, size);
                }
            }
        }
        self.wire.consume(received.taken);
        (received.event != Event::More).then_some(received.event)
    }

    /// Hands on what came.
    fn takes(&mut self, event: Event, driver: Driver) -> Drove {
        let (key, ends, lost) = match event {
            Event::More | Event::Nothing | Event::Pong(_) => return Drove::Dry,
            Event::Room => {
                self.wake_senders();
                self.wake_waiting();
                return Drove::Dry;
            }
            Event::GoesAway(code) => {
                self.goes_away(code);
                return match driver {
                    Driver::Request(_) => Drove::Mine,
                    Driver::Idle | Driver::Waits => Drove::Dry,
                };
            }
            Event::Head(key, ends) => {
                if let Some(slot) = self.slots.get_mut(key.0) {
                    let head = HEAD.with_borrow(Head::copy);
                    if slot.may_skip && head.status() == 200 {
                        slot.skipped = Some(0);
                    }
                    slot.head = Some((head, ends));
                }
                (key, Ends::No, None)
            }
            Event::Data(key, _, ends) => (key, ends, None),
            // Nobody reads trailers.
            Event::End(key) | Event::Trailers(key) => (key, Ends::Yes, None),
            Event::Reset(key, code) => (key, Ends::No, Some(End::Reset(code))),
            Event::Failed(key, bad) => (key, Ends::No, Some(End::Failed(bad))),
        };
        let Some(slot) = self.slots.get_mut(key.0) else {
            return Drove::Dry;
        };
        slot.has_ended |= ends == Ends::Yes;
        if let Some(lost) = lost {
            slot.lost.get_or_insert(lost);
        }
        if driver == Driver::Request(key) {
            return Drove::Mine;
        }
        slot.wake();
        Drove::Dry
    }

    fn goes_away(&mut self, code: Code) {
        let takes = match self.connection.takes_any() {
            true => Takes::Some,
            false => Takes::None,
        };
        for (at, slot) in self.slots.iter_mut().enumerate() {
            if self.connection.is_refused(Key(at)) {
                slot.lost.get_or_insert(End::GoneAway(code, takes));
                slot.wake();
            }
        }
        self.wake_waiting();
    }

    /// The connection is of no use any more.
    fn ends(&mut self, end: End) {
        self.ended.get_or_insert(end);
        for slot in &mut self.slots {
            slot.wake();
        }
        self.wake_waiting();
    }

    fn wake_waiting(&mut self) {
        for waker in self.waits.drain(..) {
            waker.wake();
        }
    }

    fn wake_senders(&mut self) {
        for slot in &mut self.slots {
            if slot.waits_for_room {
                slot.wake();
            }
        }
    }

    /// Whoever was woken for all drives no more: another one that waits does so from now on. `by` is who was.
    fn hand_over(&mut self, by: Option<&Waker>) {
        self.driver = Driver::Idle;
        if let Some(next) = self.slots.iter_mut().find(|slot| slot.waker.is_some()) {
            next.wake();
        } else if !self.waits.is_empty() {
            self.wake_waiting();
        } else if let Some(idle) = &self.idle
            && by.is_none_or(|by| !by.will_wake(idle))
        {
            // The same task is woken as before otherwise, and then looks after it.
            idle.wake_by_ref();
        }
    }

    /// Sends what the server is owed as far as that takes no waiting.
    fn says_at_once(&mut self) {
        if self.connection.has_replies() {
            let mut replies = Vec::new();
            self.connection.put_replies(&mut replies);
            self.wire.send_only();
            self.wire.send_now(&replies);
        }
    }
}

impl Slot {
    /// Whether the answer came to its end.
    fn is_answered(&self) -> bool {
        self.has_ended || matches!(self.head, Some((_, Ends::Yes)))
    }

    fn wake(&mut self) {
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    fn waits(&mut self, cx: &Context<'_>) {
        match &mut self.waker {
            Some(waker) => waker.clone_from(cx.waker()),
            none => *none = Some(cx.waker().clone()),
        }
    }
}

/// A request on a session, from its first byte to the end of its answer.
struct Open {
    session: Rc<Session>,
    key: Key,
}

impl Open {
    /// Why nothing more comes.
    fn lost(&self, inner: &Inner) -> Option<End> {
        let slot = inner.slots.get(self.key.0)?;
        if slot.has_ended {
            return None;
        }
        slot.lost.clone().or_else(|| inner.ended.clone())
    }

    /// Drives the connection for this request. It is pending if nothing came for it.
    fn poll_drive(&self, inner: &mut Inner, cx: &mut Context<'_>) -> Poll<Drove> {
        let drove = inner.drive(cx, Driver::Request(self.key));
        if drove != Drove::Dry || inner.ended.is_some() {
            return Poll::Ready(drove);
        }
        match inner.slots.get_mut(self.key.0) {
            Some(slot) => slot.waits(cx),
            None => return Poll::Ready(drove),
        }
        Poll::Pending
    }

    /// Waits for the head of the answer: what is read of it, and whether the answer ends with it.
    fn poll_head(
        &self,
        hears: &AnswerContext<'_>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(AnswerHead, Ends), End>> {
        let inner = &mut *self.session.inner.borrow_mut();
        loop {
            let slot = inner.slots.get_mut(self.key.0);
            if let Some((head, ends)) = slot.and_then(|slot| slot.head.take()) {
                return Poll::Ready(Ok((self.answer_head(&head, hears), ends)));
            }
            if let Some(end) = self.lost(inner) {
                return Poll::Ready(Err(end));
            }
            let _ = ready!(self.poll_drive(inner, cx));
        }
    }

    /// What is read of a head. Most answers need no field of theirs, and then none is copied.
    fn answer_head(&self, head: &Head, hears: &AnswerContext<'_>) -> AnswerHead {
        let reads = hears.reads;
        let status = StatusCode::from_u16(head.status()).unwrap_or_default();
        let reads_fields = reads.fields
            || reads.cookies && head.sets_cookies()
            || reads.location && head.has_location()
            || hears.examples.takes(status)
            || hears.examples.may_come;
        let details = (reads_fields || reads.address).then(|| {
            let mut details = Box::<Details>::default();
            details.remote_address = self.session.peer.filter(|_| reads.address);
            if reads_fields {
                put_fields(&mut details.headers, head);
            }
            details
        });
        AnswerHead {
            status,
            version: Version::HTTP_2,
            came: hears.now(),
            details,
        }
    }

    /// Appends a part of the body as the server takes it. False if it takes no more: it is gone, or the answer came to its end.
    fn poll_send(&self, rest: &mut Bytes, ends: Ends, cx: &mut Context<'_>) -> Poll<bool> {
        let inner = &mut *self.session.inner.borrow_mut();
        loop {
            let is_answered = inner.slots.get(self.key.0).is_none_or(Slot::is_answered);
            if is_answered || self.lost(inner).is_some() {
                return Poll::Ready(false);
            }
            let out = inner.wire.out();
            let room = UNSENT.saturating_sub(out.len()).min(rest.len());
            let (now, later) = rest.split_at(room);
            let ends_now = if later.is_empty() { ends } else { Ends::No };
            let sent = inner
                .connection
                .send(self.key, now, ends_now, &mut Out(out));
            let _ = rest.split_to(sent);
            if rest.is_empty() {
                return Poll::Ready(true);
            }
            if let Some(slot) = inner.slots.get_mut(self.key.0) {
                slot.waits_for_room = true;
            }
            let drove = inner.drive(cx, Driver::Request(self.key));
            let has_room = inner.connection.may_send(self.key) > 0;
            let is_sent = inner.wire.out().len() < UNSENT;
            if drove == Drove::Dry && inner.ended.is_none() && !(has_room && is_sent) {
                inner.is_full |= !is_sent;
                if let Some(slot) = inner.slots.get_mut(self.key.0) {
                    slot.waits(cx);
                }
                return Poll::Pending;
            }
        }
    }

    /// The next piece of the body, `None` at its end.
    fn poll_piece(&self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>, End>> {
        let inner = &mut *self.session.inner.borrow_mut();
        loop {
            let slot = inner.slots.get_mut(self.key.0);
            let (piece, has_ended) = match slot {
                Some(slot) => (slot.pieces.pop_front(), slot.has_ended),
                None => (None, true),
            };
            if let Some(piece) = piece {
                inner.connection.taken(self.key, piece.len());
                return Poll::Ready(Ok(Some(piece)));
            }
            if has_ended {
                return Poll::Ready(Ok(None));
            }
            if let Some(end) = self.lost(inner) {
                return Poll::Ready(Err(end));
            }
            let _ = ready!(self.poll_drive(inner, cx));
        }
    }

    /// Drops the body: how many bytes it had.
    fn poll_skip(&self, cx: &mut Context<'_>) -> Poll<Result<u64, End>> {
        let inner = &mut *self.session.inner.borrow_mut();
        loop {
            let Some(slot) = inner.slots.get_mut(self.key.0) else {
                return Poll::Ready(Ok(0));
            };
            let kept: usize = slot.pieces.drain(..).map(|piece| piece.len()).sum();
            let skipped = slot.skipped.get_or_insert(0);
            *skipped += kept as u64;
            inner.connection.taken(self.key, kept);
            if slot.has_ended {
                return Poll::Ready(Ok(*skipped));
            }
            if let Some(end) = self.lost(inner) {
                return Poll::Ready(Err(end));
            }
            let _ = ready!(self.poll_drive(inner, cx));
        }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        let session = &self.session;
        session.open.set(session.open.get() - 1);
        if session.closes_when_idle && session.open.get() == 0 {
            session.is_left.set(true);
        }
        self.leaves(&mut session.inner.borrow_mut());
        if let Some((line, driving)) = session.shared.get() {
            line.call_next();
            if session.is_over() {
                driving.wake();
            }
        }
    }
}

impl Open {
    /// The request is over, or nobody wants the rest of its answer.
    fn leaves(&self, inner: &mut Inner) {
        inner.connection.close(self.key);
        let mut by = None;
        if let Some(slot) = inner.slots.get_mut(self.key.0) {
            let left = std::mem::take(slot);
            // What nobody reads any more counts no longer against what may come on the connection.
            let unread = left.pieces.iter().map(Bytes::len).sum();
            if unread > 0 {
                inner.connection.taken(self.key, unread);
            }
            by = left.waker;
        }
        // The server hears at once that nobody wants the rest.
        inner.says_at_once();
        inner.wake_waiting();
        if inner.driver == Driver::Request(self.key) {
            inner.hand_over(by.as_ref());
        }
    }
}

/// Waits for room.
struct Waiting<'a>(&'a Session);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.gives_up_waiting();
    }
}

/// An answer whose head has come.
pub(crate) struct Reply {
    head: AnswerHead,
    /// Until the body is over.
    body: Option<Open>,
    /// What is left of the request, as long as the answer came first and is not over.
    upload: Option<Upload>,
}

/// Sends a request and waits for the head of its answer.
pub(super) async fn exchange(
    session: &Rc<Session>,
    outgoing: &Outgoing<'_>,
) -> Result<Reply, Http2Failure> {
    let was_reused = session.has_served.get();
    let lost = |cause| Http2Failure { cause, was_reused };
    let unsent = |fault| lost(Cause::Request(fault, false));
    let mut upload = match outgoing.payload.bytes() {
        Some(bytes) => Upload::new(bytes, None),
        None => match Box::pin(outgoing.payload.open()).await.map_err(unsent)? {
            body::OpenedBody::Stream(stream) => Upload::new(Bytes::new(), Some(stream)),
            body::OpenedBody::None | body::OpenedBody::Bytes(_) => Upload::new(Bytes::new(), None),
        },
    };
    let size = upload.size();
    if outgoing.template.is_none() {
        request::check_length(outgoing.fields, size).map_err(unsent)?;
    }
    let open = open(session, outgoing, size).await;
    let Some(open) = open else {
        let ended = session.inner.borrow().ended.clone();
        return Err(lost(Cause::NoRoom(ended)));
    };
    let hears = &outgoing.hears;
    hears.phases.hands_over(size);
    if size == 0 {
        hears.note_sent();
    }
    let mut left = (size > 0).then_some(&mut upload);
    let came = poll_fn(|cx| open.poll_answer(&mut left, hears, cx)).await;
    let is_sent = left.is_none();
    let (head, ends) = came.map_err(lost)?;
    session.serves();
    let upload = (!is_sent).then_some(upload);
    Ok(open.reply(head, ends, upload))
}

impl Session {
    /// An answer came on it.
    fn serves(&self) {
        let is_first = !self.has_served.replace(true);
        if let (true, Some((line, _))) = (is_first, self.shared.get()) {
            // From now on others may use it as well.
            line.call_next();
        }
    }
}

impl Open {
    /// Sends what is left of a body.
    fn poll_upload(
        &self,
        upload: &mut Upload,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), Unreadable>> {
        upload.poll(cx, |rest, ends, cx| self.poll_send(rest, ends, cx))
    }

    /// Sends what is left of the request, and waits for the head of its answer.
    fn poll_answer(
        &self,
        left: &mut Option<impl DerefMut<Target = Upload>>,
        hears: &AnswerContext<'_>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(AnswerHead, Ends), Cause>> {
        if let Some(upload) = left
            && let Poll::Ready(sent) = hears.watch(self.poll_upload(upload, cx))
        {
            *left = None;
            sent.map_err(|error| Cause::Request(Kind::Request.fault(error.0), true))?;
        }
        self.poll_head(hears, cx).map_err(|end| {
            let inner = self.session.inner.borrow();
            if inner.connection.is_begun(self.key) {
                Cause::EndOfAnswer(end)
            } else {
                Cause::End(end)
            }
        })
    }

    /// The answer, from its body on.
    fn reply(self, head: AnswerHead, ends: Ends, upload: Option<Upload>) -> Reply {
        let mut reply = Reply {
            head,
            body: Some(self),
            upload,
        };
        if ends == Ends::Yes {
            reply.finish();
        }
        reply
    }
}

/// Opens a request when there is room for one. `None` if the connection takes no more.
async fn open(session: &Rc<Session>, outgoing: &Outgoing<'_>, size: u64) -> Option<Open> {
    let _waiting = Waiting(session);
    poll_fn(|cx| asking(outgoing, size, |asking| session.poll_open(asking, cx))).await
}

/// The head of a request, as `take` needs it. One that is the same each time is made once.
fn asking<T>(outgoing: &Outgoing<'_>, size: u64, take: impl FnOnce(&Asking<'_>) -> T) -> T {
    let made;
    let fixed = match outgoing.template {
        Some(template) => template.block(|| put_block(outgoing, size)),
        None => {
            made = put_block(outgoing, size);
            made.bytes()
        }
    };
    let cookies = outgoing.cookies.map(|cookies| {
        let mut block = Block::new();
        block.field(b"cookie", cookies.as_bytes(), Keeping::Never);
        block
    });
    take(&Asking {
        block: [fixed, cookies.as_ref().map_or(&[], Block::bytes)],
        has_body: size > 0,
        is_head: *outgoing.method == Method::HEAD,
    })
}

fn put_fields(headers: &mut HeaderMap, head: &Head) {
    for (name, value) in head.fields() {
        let name = HeaderName::from_bytes(name);
        let value = HeaderValue::from_maybe_shared(Bytes::copy_from_slice(value));
        // Both were checked when the head was read.
        if let (Ok(name), Ok(value)) = (name, value) {
            let _ = headers.try_append(name, value);
        }
    }
}

impl Reply {
    pub(super) fn head(&self) -> &AnswerHead {
        &self.head
    }

    pub(super) fn take_head(&mut self) -> AnswerHead {
        self.head.take()
    }

    /// Whether nothing of the body is left.
    pub(super) fn has_ended(&self) -> bool {
        self.body.is_none()
    }

    /// The next piece of the body as it came, `None` at its end.
    ///
    /// # Errors
    /// It ended early: why.
    pub(super) fn poll_piece(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Option<Bytes>, FaultText>> {
        let Some(open) = &self.body else {
            return Poll::Ready(Ok(None));
        };
        send_rest(&mut self.upload, open, cx)?;
        let piece = ready!(open.poll_piece(cx)).map_err(|end| end.words())?;
        if piece.is_none() {
            self.finish();
        }
        Poll::Ready(Ok(piece))
    }

    /// Drops the rest of the body: how many bytes it had.
    ///
    /// # Errors
    /// It ended early: why.
    pub(super) fn poll_skip(&mut self, cx: &mut Context<'_>) -> Poll<Result<u64, FaultText>> {
        let Some(open) = &self.body else {
            return Poll::Ready(Ok(0));
        };
        send_rest(&mut self.upload, open, cx)?;
        let skipped = ready!(open.poll_skip(cx)).map_err(|end| end.words());
        self.finish();
        Poll::Ready(skipped)
    }

    /// Nobody reads the rest: the server is told so.
    pub(super) fn leave(&mut self) {
        self.finish();
    }

    fn finish(&mut self) {
        if let Some(open) = self.body.take() {
            open.session.rests_since.set(self.head.came);
        }
    }
}

/// Sends what is left of a request whose answer has begun, as far as that can be now: a server may read all of it before its
/// answer ends (RFC 9113, section 8.1).
fn send_rest(
    upload: &mut Option<Upload>,
    open: &Open,
    cx: &mut Context<'_>,
) -> Result<(), FaultText> {
    if let Some(rest) = upload
        && let Poll::Ready(sent) = open.poll_upload(rest, cx)
    {
        *upload = None;
        sent.map_err(|error| error.0)?;
    }
    Ok(())
}

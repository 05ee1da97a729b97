//! A connection that is logged in. It is driven by the steps that wait for it and, between them, by its user's idle work: it has no task. One
//! that several users share has a task, which alone reads and writes; the channels of each user are a lane.
//!
//! ```text
//! Waits --frames--> wire                    (whoever waits drives: it reads and writes for all)
//! Waits <-- operations, inboxes <-- channels <-- frames that came
//! ```
//!
//! All that has come is kept here, so a step that is given up loses nothing, and its answer is dropped when it comes. The system knows
//! one waker of a socket, that of who drove last; whoever ends wakes another one that waits.

use crate::channel::{Asked, Channel, Consumer, FREE, Role, Subscription};
use crate::frame::{self, Frame, HEARTBEAT, Kind};
use crate::message::{Message, Partial};
use crate::method::{Ask, Closed, Method, put_publish};
use crate::operations::{Operations, Reply, Returned, Tally, Wants};
use crate::outcome;
use crate::properties::put_sized;
use crate::rabbitmq_connection::Metric;
use crate::rabbitmq_publish::Error as Of;
use crate::window::{Window, route};
use bggo_runtime::contract::{
    AssetClock, AssetMetrics, Deadline, Fault, FaultText, Moment, Value, format_duration,
};
use bggo_wire::{Inbox, InboxLimits, OnFull, Trouble, Wire};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

/// What stands in an inbox before nothing is read any more while no step waits. Of a consumer that acknowledges the server sends no
/// more than the prefetch.
const INBOX: InboxLimits = InboxLimits {
    messages: 10_000,
    bytes: 4 << 20,
    on_full: OnFull::Block,
};
/// How long the end of a connection waits for the server's word.
const GOODBYE: Duration = Duration::from_secs(1);
/// A server that was silent for so many halves of the heartbeat is gone.
const SILENT: u32 = 4;

/// What holds for a connection.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rules {
    /// The most bytes of a message that is taken.
    pub(crate) max_message: usize,
    /// How many messages a consumer has that were not acknowledged. 0 for any number.
    pub(crate) prefetch: u16,
    /// Whether a publish fails while the server takes none.
    pub(crate) fails_blocked: bool,
    /// The most bytes of a frame.
    pub(crate) frame_max: usize,
    pub(crate) channel_max: u16,
    /// The interval of heartbeats, if there are any.
    pub(crate) heartbeat: Option<Duration>,
}

/// A connection.
#[derive(Debug)]
pub(crate) struct Session(RefCell<Inner>);

#[derive(Debug)]
struct Inner {
    wire: Wire,
    state: State,
}

#[derive(Debug)]
struct State {
    rules: Rules,
    clock: AssetClock,
    metrics: AssetMetrics,
    channels: Vec<Channel>,
    operations: Operations,
    heart: Option<Box<Heart>>,
    blocked: Option<Box<Blocked>>,
    /// Why it is over.
    end: Option<Box<Fault>>,
    /// A step has failed because it is over.
    has_failed: bool,
    /// What is said to the server once the frames that came were taken.
    replies: Vec<u8>,
    /// The number of the last consumer, and of the last request.
    consumers: u32,
    requests: u64,
    /// The number of the last lane.
    lanes: u32,
    /// Wakes the task, if one drives it and has run since it was woken.
    task: Option<Waker>,
    /// The task reads nothing now.
    is_held: bool,
    /// When the bytes were read that are being taken, once somebody asked.
    now: Option<Moment>,
}

/// Heartbeats: a half of the interval after the other.
#[derive(Debug)]
struct Heart {
    half: Duration,
    deadline: Deadline,
    /// Something came since the last half.
    has_heard: bool,
    silent: u32,
}

/// The server takes no messages.
#[derive(Debug)]
struct Blocked {
    since: Moment,
    reason: Box<str>,
}

/// A message that is published.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Outgoing<'a> {
    /// Whose channels it goes by.
    pub(crate) lane: u32,
    pub(crate) exchange: &'a str,
    pub(crate) routing_key: &'a str,
    pub(crate) mandatory: bool,
    /// The payload of its header, without the size of a body.
    pub(crate) header: &'a [u8],
    /// Bodies, each a message of its own.
    pub(crate) bodies: &'a [&'a [u8]],
}

/// How messages that a step takes are acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Acks {
    /// Each by itself.
    Each,
    /// Several at once.
    Batch,
    /// They need not be.
    None,
    /// By another step.
    Manual,
}

/// What is said of deliveries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Ack,
    Requeue,
    Drop,
}

impl Session {
    /// Begins on a connection that is logged in.
    pub(crate) fn new(
        wire: Wire,
        rules: Rules,
        (clock, metrics, has_task): (AssetClock, AssetMetrics, bool),
    ) -> Self {
        let heart = rules.heartbeat.map(|interval| {
            let half = interval / 2;
            let mut deadline = clock.deadline();
            deadline.set(clock.now() + half);
            Box::new(Heart {
                half,
                deadline,
                has_heard: false,
                silent: 0,
            })
        });
        Self(RefCell::new(Inner {
            wire,
            state: State {
                rules,
                clock,
                metrics,
                channels: Vec::new(),
                operations: match has_task {
                    true => Operations::of_task(),
                    false => Operations::default(),
                },
                heart,
                blocked: None,
                end: None,
                has_failed: false,
                replies: Vec::new(),
                consumers: 0,
                requests: 0,
                lanes: 0,
                task: None,
                is_held: false,
                now: None,
            },
        }))
    }

    /// Does something, and then wakes those for whom something came, and the task if it has something to do.
    fn with<T>(&self, work: impl FnOnce(&mut Inner) -> T) -> T {
        let (made, woken, task) = {
            let inner = &mut *self.0.borrow_mut();
            let made = work(inner);
            let state = &mut inner.state;
            let has_work = state.task.is_some() && (state.is_held || inner.wire.has_unsent());
            let task = if has_work { state.task.take() } else { None };
            (made, state.operations.take_woken(), task)
        };
        for waker in woken.into_iter().chain(task) {
            waker.wake();
        }
        made
    }

    /// What the task of a connection does that is shared.
    pub(crate) fn poll_task(&self, cx: &mut Context<'_>) {
        let woken = {
            let inner = &mut *self.0.borrow_mut();
            let had_unsent = inner.wire.has_unsent();
            inner.drive(cx);
            if had_unsent && !inner.wire.has_unsent() {
                inner.state.operations.all_is_sent();
            }
            inner.state.task = Some(cx.waker().clone());
            inner.state.operations.take_woken()
        };
        for waker in woken {
            waker.wake();
        }
    }

    /// The number of another user.
    pub(crate) fn next_lane(&self) -> u32 {
        let state = &mut self.0.borrow_mut().state;
        state.lanes = (state.lanes + 1) % FREE;
        // 0 is whoever has a connection alone.
        state.lanes = state.lanes.max(1);
        state.lanes
    }

    /// A user has gone: its channels are closed, and others may have them once the server says so too.
    pub(crate) fn leaves(&self, lane: u32) {
        self.with(|inner| {
            let Inner { wire, state } = inner;
            for (number, channel) in (1..).zip(&mut state.channels) {
                if channel.lane != lane {
                    continue;
                }
                if channel.is_open {
                    if let Role::Consumes(consumer) = &channel.role
                        && consumer.batch.1 > 0
                    {
                        put_verdict(wire, number, (consumer.batch.1, true), Verdict::Ack);
                    }
                    let mut bytes = Vec::with_capacity(32);
                    put_method(&mut bytes, number, Ask::ChannelClose);
                    wire.send_only();
                    wire.out().put(&bytes);
                }
                *channel = Channel {
                    is_closing: channel.is_open,
                    opened: channel.opened,
                    ..Channel::new(FREE, Role::Plain)
                };
            }
        });
    }

    /// Whether its user's idle work has to look after it.
    pub(crate) fn has_idle_work(&self) -> bool {
        let inner = self.0.borrow();
        inner.state.end.is_none() && inner.state.operations.is_empty()
    }

    /// Reads and writes what can be now, if no step waits.
    pub(crate) fn poll_idle(&self, cx: &mut Context<'_>) {
        self.with(|inner| {
            if inner.state.operations.is_empty() {
                inner.drive(cx);
                inner.state.rests();
            }
        });
    }

    /// Whether a step has failed because it is over: the next one needs another one.
    pub(crate) fn is_spent(&self) -> bool {
        self.0.borrow().state.has_failed
    }

    /// Whether a publish has to wait, since the server takes no messages now.
    pub(crate) fn holds_back(&self) -> bool {
        let state = &self.0.borrow().state;
        state.blocked.is_some() && !state.rules.fails_blocked
    }

    /// Begins to wait until the server takes messages again.
    pub(crate) fn unblocked(&self) -> Waits<'_> {
        self.begins(0, Wants::Unblocked)
    }

    fn begins(&self, lane: u32, wants: Wants) -> Waits<'_> {
        let number = self.with(|inner| inner.state.operations.begin(lane, wants));
        Waits {
            session: self,
            number,
        }
    }

    /// Sends messages in one write, and begins to wait for their confirms.
    ///
    /// # Errors
    /// The connection is over, blocked, or the messages cannot be sent.
    pub(crate) fn publish(
        &self,
        message: Outgoing<'_>,
        room: &mut Vec<u8>,
    ) -> Result<Waits<'_>, Fault> {
        self.with(|inner| {
            let state = &mut inner.state;
            state.check_is_open()?;
            state.check_is_not_blocked()?;
            let number = state.channel(
                (message.lane, &mut *room),
                |role| matches!(role, Role::Confirms(_)),
                || Role::Confirms(Window::new()),
            )?;
            let opening = room.len();
            if let Err(fault) = put_messages(room, number, message, state.rules.frame_max) {
                return Err(inner.sends_only_opening(room, opening, fault));
            }
            let state = &mut inner.state;
            let count = u32::try_from(message.bodies.len()).unwrap_or(u32::MAX);
            let operation = state.operations.begin(
                message.lane,
                Wants::Confirms(Tally {
                    left: count,
                    ..Tally::default()
                }),
            );
            if let Some(Channel {
                role: Role::Confirms(window),
                ..
            }) = state.get(number)
            {
                for _ in message.bodies {
                    let route = message
                        .mandatory
                        .then(|| route(message.exchange, message.routing_key));
                    window.put(operation, route);
                }
            }
            inner.sends(room);
            Ok(operation)
        })
        .map(|number| Waits {
            session: self,
            number,
        })
    }

    /// The same without confirms: it waits until the messages are sent.
    ///
    /// # Errors
    /// As of [`Session::publish`].
    pub(crate) fn publish_plain(
        &self,
        message: Outgoing<'_>,
        room: &mut Vec<u8>,
    ) -> Result<Waits<'_>, Fault> {
        self.with(|inner| {
            let state = &mut inner.state;
            state.check_is_open()?;
            state.check_is_not_blocked()?;
            let is_it = |role: &Role| matches!(role, Role::Plain);
            let number = state.channel((message.lane, &mut *room), is_it, || Role::Plain)?;
            let opening = room.len();
            if let Err(fault) = put_messages(room, number, message, state.rules.frame_max) {
                return Err(inner.sends_only_opening(room, opening, fault));
            }
            inner.sends(room);
            Ok(inner.state.operations.begin(message.lane, Wants::Sent))
        })
        .map(|number| Waits {
            session: self,
            number,
        })
    }

    /// A correlation id that no other request of the connection has.
    pub(crate) fn next_request(&self) -> String {
        let requests = &mut self.0.borrow_mut().state.requests;
        *requests += 1;
        requests.to_string()
    }

    /// Sends a request, and begins to wait for its answer.
    ///
    /// # Errors
    /// As of [`Session::publish`].
    pub(crate) fn request(
        &self,
        message: Outgoing<'_>,
        correlation_id: &str,
        room: &mut Vec<u8>,
    ) -> Result<Waits<'_>, Fault> {
        self.with(|inner| {
            let state = &mut inner.state;
            state.check_is_open()?;
            state.check_is_not_blocked()?;
            let is_it = |role: &Role| matches!(role, Role::Requests);
            let number = state.channel((message.lane, &mut *room), is_it, || Role::Requests)?;
            let opening = room.len();
            if let Err(fault) = put_messages(room, number, message, state.rules.frame_max) {
                return Err(inner.sends_only_opening(room, opening, fault));
            }
            inner.sends(room);
            Ok(inner.state.operations.begin(
                message.lane,
                Wants::Answer {
                    correlation_id: correlation_id.as_bytes().into(),
                    message: None,
                },
            ))
        })
        .map(|number| Waits {
            session: self,
            number,
        })
    }

    /// Asks something of the server, and begins to wait for its answer.
    ///
    /// # Errors
    /// The connection is over, or a name is too long.
    pub(crate) fn ask(&self, lane: u32, ask: Ask<'_>) -> Result<Waits<'_>, Fault> {
        let no_ack = matches!(ask, Ask::Get { no_ack: true, .. });
        let gets = matches!(ask, Ask::Get { .. });
        self.with(|inner| {
            let state = &mut inner.state;
            state.check_is_open()?;
            let mut bytes = Vec::new();
            let number = match gets {
                true => state.channel(
                    (lane, &mut bytes),
                    |role| matches!(role, Role::Gets(_)),
                    || Role::Gets(VecDeque::new()),
                ),
                false => {
                    let is_it = |role: &Role| matches!(role, Role::Declares(_));
                    state.channel(
                        (lane, &mut bytes),
                        is_it,
                        || Role::Declares(VecDeque::new()),
                    )
                }
            }?;
            let opening = bytes.len();
            let put = frame::put(&mut bytes, (Kind::Method, number), |out| ask.put(out));
            let put = put.and_then(|()| frame::fits(bytes.len() - opening, state.rules.frame_max));
            if let Err(why) = put {
                let fault = outcome::unwritable(why);
                return Err(inner.sends_only_opening(&mut bytes, opening, fault));
            }
            let state = &mut inner.state;
            let operation = state.operations.begin(lane, Wants::Reply(None));
            if let Some(Channel {
                role: Role::Gets(asked) | Role::Declares(asked),
                ..
            }) = state.get(number)
            {
                asked.push_back(Asked { operation, no_ack });
            }
            inner.sends(&bytes);
            Ok(operation)
        })
        .map(|number| Waits {
            session: self,
            number,
        })
    }

    /// The channel of a consumer, which begins with the first step that needs it.
    ///
    /// # Errors
    /// The connection is over, the consumer was ended since the last step, or a name is too long.
    pub(crate) fn consumer(&self, lane: u32, wanted: &Subscription) -> Result<u16, Fault> {
        self.with(|inner| {
            let state = &mut inner.state;
            state.check_is_open()?;
            let is_it = |role: &Role| matches!(role, Role::Consumes(consumer) if consumer.subscription == *wanted);
            for channel in &mut state.channels {
                if let Role::Consumes(consumer) = &mut channel.role
                    && channel.lane == lane
                    && consumer.subscription == *wanted
                    && let Some(fault) = consumer.fault.take()
                {
                    return Err(fault);
                }
            }
            let consumers = &mut state.consumers;
            let mut number_of_it = None;
            let is_mine = |channel: &Channel| channel.lane == lane && is_it(&channel.role);
            if !state.channels.iter().any(is_mine) {
                *consumers += 1;
                number_of_it = Some(*consumers);
            }
            let mut bytes = Vec::new();
            let tag = match &wanted.tag {
                Some(tag) => tag.clone(),
                None => format!("bggo-{}", number_of_it.unwrap_or(0)).into(),
            };
            // One that has ended gives its channel to the next one, or a user that consumes from a new queue each time would use up all.
            if number_of_it.is_some()
                && let Some(ended) = (state.channels.iter_mut())
                    .filter(|one| one.lane == lane)
                    .find_map(|one| one.ended(wanted))
            {
                ended.subscription = wanted.clone();
                ended.tag = tag.clone();
                ended.fault = None;
            }
            let number = state.channel((lane, &mut bytes), is_it, || {
                Role::Consumes(Box::new(Consumer {
                    subscription: wanted.clone(),
                    tag,
                    is_begun: false,
                    inbox: Inbox::new(),
                    batch: (0, 0),
                    fault: None,
                }))
            })?;
            if !bytes.is_empty() {
                inner.sends(&bytes);
            }
            Ok(number)
        })
    }

    /// Begins to wait until so many messages of a consumer are there, with this correlation id if it is given.
    pub(crate) fn messages(
        &self,
        (lane, channel): (u32, u16),
        count: usize,
        correlation_id: Option<&[u8]>,
    ) -> Waits<'_> {
        let wants = Wants::Messages {
            channel,
            count,
            correlation_id: correlation_id.map(Box::from),
        };
        self.begins(lane, wants)
    }

    /// Takes messages of a consumer, at most so many. What acknowledges them goes out when the user waits next.
    pub(crate) fn take(
        &self,
        channel: u16,
        count: usize,
        (correlation_id, acks): (Option<&[u8]>, Acks),
    ) -> Vec<Message> {
        self.with(|inner| {
            let Inner { wire, state } = inner;
            let half = u32::from(state.rules.prefetch / 2).max(1);
            let Some(Channel {
                role: Role::Consumes(consumer),
                unacked,
                ..
            }) = state.get(channel)
            else {
                return Vec::new();
            };
            let mut taken = Vec::new();
            while taken.len() < count {
                let message = match correlation_id {
                    None => consumer.inbox.take(),
                    Some(id) => consumer
                        .inbox
                        .take_first(|message| message.correlation_id() == Some(id)),
                };
                let Some(message) = message else { break };
                let tag = message.tag();
                match acks {
                    Acks::None => {}
                    Acks::Each => {
                        put_verdict(wire, channel, (tag, false), Verdict::Ack);
                        // The server goes on when it hears of half a prefetch.
                        consumer.batch.0 += 1;
                        if consumer.batch.0 >= half {
                            consumer.batch.0 = 0;
                            wire.send_only();
                            wire.send_now(&[]);
                        }
                    }
                    Acks::Manual => {
                        // What is acknowledged at once for all before it is done with first.
                        if consumer.batch.1 > 0 {
                            put_verdict(wire, channel, (consumer.batch.1, true), Verdict::Ack);
                            consumer.batch = (0, 0);
                            wire.send_only();
                            wire.send_now(&[]);
                        }
                        unacked.push(tag);
                    }
                    // Another step has some of those before it.
                    Acks::Batch if !unacked.is_empty() => {
                        put_verdict(wire, channel, (tag, false), Verdict::Ack);
                        wire.send_only();
                        wire.send_now(&[]);
                    }
                    Acks::Batch => {
                        consumer.batch = (consumer.batch.0 + 1, tag);
                        if consumer.batch.0 >= half {
                            put_verdict(wire, channel, (tag, true), Verdict::Ack);
                            consumer.batch = (0, 0);
                            wire.send_only();
                            wire.send_now(&[]);
                        }
                    }
                }
                taken.push(message);
            }
            taken
        })
    }

    /// What names a delivery on a channel for the step that acknowledges it.
    pub(crate) fn delivery_tag(&self, channel: u16, tag: u64) -> Value {
        let mut inner = self.0.borrow_mut();
        let opened = inner.state.get(channel).map_or(0, |channel| channel.opened);
        Value::from(format!("{channel}.{opened}.{tag}"))
    }

    /// A message that was got is acknowledged, or is for a later step to acknowledge.
    pub(crate) fn got(&self, (number, opened): (u16, u32), tag: u64, acks: Acks) {
        self.with(|inner| {
            let channel = inner.state.get(number);
            // One that was closed since has put the message back into its queue.
            let Some(channel) = channel.filter(|one| one.is_open && one.opened == opened) else {
                return;
            };
            match acks {
                Acks::Manual => channel.unacked.push(tag),
                Acks::None => {}
                Acks::Each | Acks::Batch => {
                    put_verdict(&mut inner.wire, number, (tag, false), Verdict::Ack);
                    inner.wire.send_only();
                    inner.wire.send_now(&[]);
                }
            }
        });
    }

    /// Says something of a delivery, or of all up to it that steps were given on its channel: of how many.
    ///
    /// # Errors
    /// It is none that waits for it, or the connection is over.
    pub(crate) fn judge(
        &self,
        delivery_tag: &str,
        multiple: bool,
        verdict: Verdict,
    ) -> Result<usize, Fault> {
        self.with(|inner| {
            let Inner { wire, state } = inner;
            state.check_is_open()?;
            let unknown = || {
                Of::PreconditionFailed.fault(
                    "no delivery of this connection waits for it: it was acknowledged before, or its channel was closed since",
                )
            };
            let mut parts = delivery_tag.splitn(3, '.');
            let mut part = || parts.next().and_then(|part| part.parse::<u64>().ok());
            let (Some(number), Some(opened), Some(tag)) = (part(), part(), part()) else {
                return Err(unknown());
            };
            let number = u16::try_from(number).map_err(|_| unknown())?;
            let channel = state.get(number).ok_or_else(unknown)?;
            let is_there = channel.is_open
                && u64::from(channel.opened) == opened
                && channel.unacked.contains(&tag);
            if !is_there {
                return Err(unknown());
            }
            // Each by itself: messages that no step has yet may have tags between them.
            let is_meant = |one: &u64| if multiple { *one <= tag } else { *one == tag };
            let judged: Vec<u64> = channel.unacked.iter().copied().filter(is_meant).collect();
            channel.unacked.retain(|one| !is_meant(one));
            for one in &judged {
                put_verdict(wire, number, (*one, false), verdict);
            }
            let count = judged.len();
            wire.send_only();
            wire.send_now(&[]);
            Ok(count)
        })
    }

    /// Says goodbye, and waits a little for the server to say so too. What a step took and nobody acknowledged yet is acknowledged first.
    pub(crate) async fn close(&self) {
        let mut deadline = self.with(|inner| {
            let Inner { wire, state } = inner;
            for (at, channel) in (1..).zip(&mut state.channels) {
                if let Role::Consumes(consumer) = &mut channel.role
                    && consumer.batch.1 > 0
                    && channel.is_open
                {
                    put_verdict(wire, at, (consumer.batch.1, true), Verdict::Ack);
                }
            }
            let mut bytes = Vec::new();
            let said = frame::put(&mut bytes, (Kind::Method, 0), |out| Ask::Close.put(out));
            if said.is_ok() {
                wire.send_only();
                wire.out().put(&bytes);
            }
            let mut deadline = state.clock.deadline();
            deadline.set(state.clock.now() + GOODBYE);
            deadline
        });
        poll_fn(|cx| {
            let is_over = self.with(|inner| {
                inner.drive(cx);
                inner.state.end.is_some()
            });
            if is_over {
                return Poll::Ready(());
            }
            deadline.poll(cx)
        })
        .await;
    }
}

/// An operation of a step. When it is dropped, what comes for it is for nobody.
#[derive(Debug)]
#[must_use]
pub(crate) struct Waits<'s> {
    session: &'s Session,
    number: u32,
}

impl Waits<'_> {
    /// Drives the connection until it has what it waits for.
    pub(crate) fn poll(&self, cx: &mut Context<'_>) -> Poll<Result<(), Fault>> {
        self.session.with(|inner| {
            if let Some(operation) = inner.state.operations.get(self.number) {
                operation.waker = None;
            }
            if let Some(outcome) = inner.outcome(self.number) {
                return Poll::Ready(outcome);
            }
            if !inner.state.operations.has_task() {
                inner.drive(cx);
                if let Some(outcome) = inner.outcome(self.number) {
                    return Poll::Ready(outcome);
                }
            }
            if let Some(operation) = inner.state.operations.get(self.number) {
                operation.waker = Some(cx.waker().clone());
            }
            Poll::Pending
        })
    }

    /// The same as a future.
    ///
    /// # Errors
    /// The server refused, or the connection is over.
    pub(crate) async fn wait(&self) -> Result<(), Fault> {
        poll_fn(|cx| self.poll(cx)).await
    }

    /// What it has so far.
    pub(crate) fn got(&self) -> Option<Wants> {
        let mut inner = self.session.0.borrow_mut();
        let operation = inner.state.operations.get(self.number)?;
        Some(std::mem::replace(&mut operation.wants, Wants::Sent))
    }

    /// What has come so far of its confirms: how many were taken, came back and were refused.
    pub(crate) fn tally(&self) -> Option<(u32, u32, u32)> {
        let mut inner = self.session.0.borrow_mut();
        match &inner.state.operations.get(self.number)?.wants {
            Wants::Confirms(tally) => Some((tally.acked, tally.returned, tally.nacked)),
            _ => None,
        }
    }

    /// How many of its messages may have been taken by the server though no confirm came.
    pub(crate) fn possibly_written(&self) -> u32 {
        let mut inner = self.session.0.borrow_mut();
        match inner.state.operations.get(self.number) {
            Some(operation) => match &operation.wants {
                Wants::Confirms(tally) => tally.left.saturating_sub(tally.refused),
                // The server took none of a request that failed for another reason.
                Wants::Answer { message: None, .. } => u32::from(
                    operation
                        .fault
                        .as_ref()
                        .is_none_or(|fault| is_of_connection(fault.kind())),
                ),
                _ => 0,
            },
            None => 0,
        }
    }
}

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        self.session.with(|inner| {
            let ended = inner.state.operations.end(self.number);
            if let Some(Wants::Reply(Some(Reply::Message(message, _, place)))) = ended {
                inner.gives_back(place, message.tag());
            }
        });
    }
}

impl Inner {
    /// What became of an operation, once that is known.
    fn outcome(&mut self, number: u32) -> Option<Result<(), Fault>> {
        let has_unsent = self.wire.has_unsent();
        let state = &mut self.state;
        let is_blocked = state.blocked.is_some();
        let Some(operation) = state.operations.get(number) else {
            return Some(Err(outcome::protocol("the operation is over")));
        };
        let is_done = match &operation.wants {
            Wants::Confirms(tally) => tally.left == 0,
            Wants::Sent => !has_unsent,
            Wants::Unblocked => !is_blocked,
            Wants::Reply(reply) => reply.is_some(),
            Wants::Answer { message, .. } => message.is_some(),
            Wants::Messages {
                channel,
                count,
                correlation_id,
            } => holds(&state.channels, *channel, *count, correlation_id.as_deref()),
        };
        if let Some(fault) = operation.fault.clone() {
            state.has_failed |= state.end.is_some();
            return Some(Err(fault));
        }
        if is_done {
            return Some(Ok(()));
        }
        let end = state.end.as_deref().cloned()?;
        state.has_failed = true;
        Some(Err(end))
    }

    /// Sends something: at once, or with what others send where a task does it.
    fn sends(&mut self, bytes: &[u8]) {
        self.wire.send_only();
        match self.state.operations.has_task() {
            true => self.wire.out().put(bytes),
            false => self.wire.send_now(bytes),
        }
    }

    /// Reads and writes all that can be now.
    fn drive(&mut self, cx: &mut Context<'_>) {
        if self.state.end.is_some() {
            return;
        }
        if let Err(fault) = self.beat(cx) {
            return self.ends(fault);
        }
        self.wire.send_only();
        let flushed = self.wire.poll_flush(cx);
        if self.state.holds_up() {
            return;
        }
        let most = self.state.rules.frame_max + 1;
        loop {
            if let Err(fault) = self.take_frames() {
                return self.ends(fault);
            }
            match self.wire.poll_fill(cx, most) {
                Poll::Pending => break,
                Poll::Ready(Ok(0)) => return self.ends(outcome::broken(&Trouble::closed())),
                Poll::Ready(Ok(_)) => {
                    if let Some(heart) = &mut self.state.heart {
                        heart.has_heard = true;
                    }
                }
                Poll::Ready(Err(trouble)) => return self.ends(outcome::broken(&trouble)),
            }
        }
        // What the server said before it broke off was read first.
        if let Poll::Ready(Err(trouble)) = flushed {
            return self.ends(outcome::broken(&trouble));
        }
        if self.wire.has_unsent()
            && flushed.is_ready()
            && let Poll::Ready(Err(trouble)) = self.wire.poll_flush(cx)
        {
            self.ends(outcome::broken(&trouble));
        }
    }

    /// What was to be sent behind the opening of a channel cannot be sent; the channel is open all the same.
    fn sends_only_opening(&mut self, bytes: &mut Vec<u8>, opening: usize, fault: Fault) -> Fault {
        bytes.truncate(opening);
        if !bytes.is_empty() {
            self.sends(bytes);
        }
        fault
    }

    /// A message that was got and that its step did not live to see: another one may get it.
    fn gives_back(&mut self, (number, opened): (u16, u32), tag: u64) {
        let is_there = self
            .state
            .get(number)
            .is_some_and(|one| one.is_open && one.opened == opened);
        if is_there {
            put_verdict(&mut self.wire, number, (tag, false), Verdict::Requeue);
            self.wire.send_only();
            self.wire.send_now(&[]);
        }
    }

    /// Takes the whole frames that came.
    fn take_frames(&mut self) -> Result<(), Fault> {
        let Self { wire, state } = self;
        let most = state.rules.frame_max;
        let mut at = 0;
        state.now = None;
        let taken = loop {
            let came = wire.peek().get(at..).unwrap_or_default();
            match frame::next(came, most) {
                Ok(None) => break Ok(()),
                Ok(Some(frame)) => {
                    at += frame.payload.len() + frame::AROUND;
                    if let Err(fault) = state.take(frame) {
                        break Err(fault);
                    }
                }
                Err(why) => break Err(outcome::no_frame(why)),
            }
        };
        wire.consume(at);
        if !state.replies.is_empty() {
            wire.send_only();
            wire.out().put(&std::mem::take(&mut state.replies));
        }
        taken
    }

    /// Sends a heartbeat when it is time.
    fn beat(&mut self, cx: &mut Context<'_>) -> Result<(), Fault> {
        let Self { wire, state } = self;
        let is_held_up = state.holds_up();
        let Some(heart) = &mut state.heart else {
            return Ok(());
        };
        while heart.deadline.poll(cx).is_ready() {
            heart.deadline.set(state.clock.now() + heart.half);
            heart.silent = match heart.has_heard || is_held_up {
                true => 0,
                false => heart.silent + 1,
            };
            heart.has_heard = false;
            if heart.silent >= SILENT {
                let text = format!(
                    "nothing came from the server for {}, not even a heartbeat",
                    format_duration(heart.half * SILENT)
                );
                return Err(Of::Closed.fault(text));
            }
            if !wire.has_unsent() {
                wire.out().put(&HEARTBEAT);
            }
        }
        Ok(())
    }

    /// It is over.
    fn ends(&mut self, fault: Fault) {
        // The server hears that it was understood.
        self.wire.send_only();
        let _ = self
            .wire
            .poll_flush(&mut Context::from_waker(Waker::noop()));
        let state = &mut self.state;
        state.unblocks();
        let numbers: Vec<u32> = state.operations.all().map(|one| one.number).collect();
        for number in numbers {
            state.operations.fail_if_open(number, &fault);
        }
        state.channels = Vec::new();
        state.heart = None;
        state.end = Some(Box::new(fault));
    }
}

/// Whether the inbox of a channel has so many messages.
fn holds(channels: &[Channel], number: u16, count: usize, correlation_id: Option<&[u8]>) -> bool {
    let channel = usize::from(number)
        .checked_sub(1)
        .and_then(|at| channels.get(at));
    let Some(Channel {
        role: Role::Consumes(consumer),
        ..
    }) = channel
    else {
        return false;
    };
    match correlation_id {
        None => consumer.inbox.len() >= count,
        Some(id) => {
            let mut left = count;
            consumer.inbox.has(|message| {
                left -= usize::from(left > 0 && message.correlation_id() == Some(id));
                left == 0
            })
        }
    }
}

impl State {
    fn check_is_open(&mut self) -> Result<(), Fault> {
        match self.end.as_deref() {
            None => Ok(()),
            Some(fault) => {
                self.has_failed = true;
                Err(fault.clone())
            }
        }
    }

    fn check_is_not_blocked(&self) -> Result<(), Fault> {
        match &self.blocked {
            Some(blocked) if self.rules.fails_blocked => Err(blocked.fault()),
            _ => Ok(()),
        }
    }

    fn get(&mut self, number: u16) -> Option<&mut Channel> {
        let at = usize::from(number).checked_sub(1)?;
        self.channels.get_mut(at)
    }

    /// The channel for something. What opens it is appended, if it is not open.
    fn channel(
        &mut self,
        (lane, out): (u32, &mut Vec<u8>),
        is_it: impl Fn(&Role) -> bool,
        make: impl FnOnce() -> Role,
    ) -> Result<u16, Fault> {
        let mut channels = self.channels.iter();
        let found = channels.position(|one| one.lane == lane && is_it(&one.role));
        let at = match found {
            Some(at) => at,
            None => self.new_channel(lane, make()),
        };
        let most = match self.rules.channel_max {
            0 => u16::MAX,
            most => most,
        };
        let number = u16::try_from(at + 1).ok().filter(|number| *number <= most);
        let Some(number) = number else {
            self.channels.pop();
            let shared = match lane {
                0 => "",
                _ => ": let fewer users share it, or raise channel_max here and at the server",
            };
            let text =
                format!("the connection has {most} channels already, and needs one more{shared}");
            return Err(Of::ChannelClosed.fault(text));
        };
        let (prefetch, frame_max) = (self.rules.prefetch, self.rules.frame_max);
        if let Some(channel) = self.channels.get_mut(at) {
            channel
                .open(out, number, (prefetch, frame_max))
                .map_err(outcome::unwritable)?;
        }
        Ok(number)
    }

    /// Another channel for a lane: where it stands.
    fn new_channel(&mut self, lane: u32, role: Role) -> usize {
        let is_free = |one: &Channel| one.lane == FREE && !one.is_closing;
        let free = self.channels.iter().position(is_free);
        match free.and_then(|at| Some((at, self.channels.get_mut(at)?))) {
            Some((at, channel)) => {
                channel.lane = lane;
                channel.role = role;
                at
            }
            None => {
                if self.channels.is_empty() {
                    // Most users have one, and each has the memory.
                    self.channels.reserve_exact(1);
                }
                self.channels.push(Channel::new(lane, role));
                self.channels.len() - 1
            }
        }
    }

    /// Whether nothing is read until a step waits: of a consumer whose server does not wait for it, too much came. Where several users
    /// share the connection it has to be a step of the consumer's user.
    fn holds_up(&mut self) -> bool {
        let has_task = self.operations.has_task();
        if !has_task && !self.operations.is_empty() {
            return false;
        }
        let Self {
            channels,
            operations,
            rules,
            ..
        } = self;
        self.is_held = channels.iter().any(|channel| match &channel.role {
            Role::Consumes(consumer) => {
                let is_unlimited = consumer.subscription.no_ack || rules.prefetch == 0;
                is_unlimited
                    && consumer.inbox.is_full(&INBOX)
                    && !(has_task && operations.all().any(|one| one.lane == channel.lane))
            }
            _ => false,
        });
        self.is_held
    }

    /// Gives memory back while nothing happens.
    fn rests(&mut self) {
        self.operations.release();
        for channel in &mut self.channels {
            match &mut channel.role {
                Role::Confirms(window) => window.release(),
                Role::Consumes(consumer) => consumer.inbox.release(),
                _ => {}
            }
        }
    }

    /// Takes a frame.
    fn take(&mut self, frame: Frame<'_>) -> Result<(), Fault> {
        match frame.kind {
            Kind::Heartbeat => Ok(()),
            Kind::Method => {
                let method = Method::read(frame.payload);
                let method = method.ok_or_else(|| {
                    outcome::protocol("the server said something that no server says")
                })?;
                match frame.channel {
                    0 => self.take_of_connection(method),
                    number => self.take_of_channel(number, method, frame.payload),
                }
            }
            Kind::Header | Kind::Body => self.take_part(frame),
        }
    }

    fn take_of_connection(&mut self, method: Method<'_>) -> Result<(), Fault> {
        match method {
            Method::Close(closed) => {
                self.say(0, Ask::CloseOk);
                Err(outcome::connection_closed(closed))
            }
            Method::CloseOk => Err(outcome::broken(&Trouble::closed())),
            Method::Blocked(reason) => {
                if self.blocked.is_none() {
                    let blocked = Blocked {
                        since: self.clock.now(),
                        reason: String::from_utf8_lossy(reason).into(),
                    };
                    if self.rules.fails_blocked {
                        let fault = blocked.fault();
                        let numbers: Vec<u32> = self
                            .operations
                            .all()
                            .filter(|one| {
                                matches!(&one.wants, Wants::Confirms(tally) if tally.left > 0)
                            })
                            .map(|one| one.number)
                            .collect();
                        for number in numbers {
                            self.operations.fail(number, &fault);
                        }
                    }
                    self.blocked = Some(Box::new(blocked));
                }
                Ok(())
            }
            Method::Unblocked => {
                self.unblocks();
                Ok(())
            }
            _ => Err(outcome::protocol("the server says that of no connection")),
        }
    }

    fn unblocks(&mut self) {
        let Some(blocked) = self.blocked.take() else {
            return;
        };
        let time = self.clock.now() - blocked.since;
        self.metrics.record_time(Metric::BLOCKED_TIME, time);
        let numbers: Vec<u32> = self
            .operations
            .all()
            .filter(|one| matches!(one.wants, Wants::Unblocked))
            .map(|one| one.number)
            .collect();
        for number in numbers {
            self.operations.tell(number, |_| {});
        }
    }

    fn take_of_channel(
        &mut self,
        number: u16,
        method: Method<'_>,
        payload: &[u8],
    ) -> Result<(), Fault> {
        let channel = usize::from(number)
            .checked_sub(1)
            .and_then(|at| self.channels.get_mut(at));
        let Some(channel) = channel else {
            return Err(outcome::protocol(
                "the server speaks on a channel that is not open",
            ));
        };
        if !channel.is_open {
            // It was said before the server heard that the channel is closed.
            match method {
                Method::ChannelCloseOk => channel.is_closing = false,
                Method::ChannelClose(_) if channel.is_closing => {
                    self.say(number, Ask::ChannelCloseOk);
                }
                _ => {}
            }
            return Ok(());
        }
        if channel.partial.is_some() {
            return Err(outcome::protocol("a message has no end"));
        }
        match method {
            Method::ChannelClose(closed) => self.channel_closed(number, closed),
            Method::Opened => {}
            Method::Done => self.replied(number, Reply::Done)?,
            Method::Count(count) => self.replied(number, Reply::Count(count))?,
            Method::QueueDeclared {
                queue,
                messages,
                consumers,
            } => {
                let queue = String::from_utf8_lossy(queue).into();
                self.replied(
                    number,
                    Reply::Queue {
                        queue,
                        messages,
                        consumers,
                    },
                )?;
            }
            Method::Empty => self.replied(number, Reply::Empty)?,
            Method::Flow(active) => self.say(number, Ask::FlowOk(active)),
            Method::Cancel(_) => self.cancelled(number),
            Method::Return { .. } | Method::Deliver { .. } | Method::Got { .. } => {
                channel.partial = Some(Box::new(Partial::new(payload)));
            }
            Method::Ack { tag, multiple } => self.confirmed(number, (tag, multiple), true)?,
            Method::Nack { tag, multiple } => self.confirmed(number, (tag, multiple), false)?,
            _ => return Err(outcome::protocol("the server says that of no channel")),
        }
        Ok(())
    }

    /// Takes the header of a message, or a part of its body.
    fn take_part(&mut self, frame: Frame<'_>) -> Result<(), Fault> {
        let most = self.rules.max_message;
        let Some(channel) = self.get(frame.channel) else {
            return Err(outcome::protocol(
                "the server speaks on a channel that is not open",
            ));
        };
        if !channel.is_open {
            return Ok(());
        }
        let Some(mut partial) = channel.partial.take() else {
            return Err(outcome::protocol("a message has no beginning"));
        };
        let taken = match frame.kind {
            Kind::Header => partial.take_header(frame.payload, most),
            _ => partial.take_body(frame.payload),
        };
        taken.map_err(outcome::no_message)?;
        match partial.whole() {
            Ok(message) => self.came(frame.channel, message),
            Err(partial) => {
                channel.partial = Some(Box::new(partial));
                Ok(())
            }
        }
    }

    /// A message came whole.
    fn came(&mut self, number: u16, mut message: Message) -> Result<(), Fault> {
        let clock = &self.clock;
        message.came = Some(*self.now.get_or_insert_with(|| clock.now()));
        let Self {
            channels,
            operations,
            replies,
            ..
        } = self;
        let channel = usize::from(number)
            .checked_sub(1)
            .and_then(|at| channels.get_mut(at));
        let Some(channel) = channel else {
            return Ok(());
        };
        let (opened, lane) = (channel.opened, channel.lane);
        match (&mut channel.role, message.method()) {
            (Role::Consumes(consumer), Some(Method::Deliver { .. })) => {
                let size = message.size();
                consumer.inbox.put(message, size, &INBOX);
                self.wakes_for(number);
            }
            (Role::Gets(asked), Some(Method::Got { envelope, left })) => {
                let tag = envelope.tag;
                let Some(asked) = asked.pop_front() else {
                    return Err(outcome::protocol("an answer came that nobody asked for"));
                };
                let reply = Reply::Message(Box::new(message), left, (number, opened));
                let is_wanted = operations.tell(asked.operation, |operation| {
                    operation.wants = Wants::Reply(Some(reply));
                });
                if !is_wanted && !asked.no_ack {
                    // Its step was given up: another one may get it.
                    put_method(
                        replies,
                        number,
                        Ask::Nack {
                            tag,
                            multiple: false,
                            requeue: true,
                        },
                    );
                }
            }
            (Role::Requests, Some(Method::Deliver { .. })) => {
                let id = message.correlation_id().unwrap_or_default();
                let asked = operations.of_request(lane, id);
                if let Some(asked) = asked {
                    operations.tell(asked, |operation| {
                        if let Wants::Answer { message: place, .. } = &mut operation.wants {
                            place.get_or_insert_with(|| Box::new(message));
                        }
                    });
                }
            }
            (Role::Requests, Some(Method::Return { code, text, .. })) => {
                let id = message.correlation_id().unwrap_or_default();
                if let Some(asked) = operations.of_request(lane, id) {
                    let fault = Of::Unroutable.fault(outcome::coded(code, text));
                    operations.fail(asked, &fault);
                }
            }
            (
                Role::Confirms(window),
                Some(Method::Return {
                    code,
                    text,
                    exchange,
                    routing_key,
                }),
            ) => {
                if let Some(number) = window.returned(exchange, routing_key)
                    && let Some(operation) = operations.get(number)
                    && let Wants::Confirms(tally) = &mut operation.wants
                {
                    tally.first.get_or_insert_with(|| {
                        Box::new(Returned {
                            code,
                            text: String::from_utf8_lossy(text).into(),
                            shown: outcome::coded(code, text),
                        })
                    });
                }
            }
            (Role::Plain, Some(Method::Return { .. })) => {}
            _ => return Err(outcome::protocol("a message came that nobody asked for")),
        }
        Ok(())
    }

    /// Wakes the steps that have now got the messages of a channel that they wait for.
    fn wakes_for(&mut self, number: u16) {
        let Self {
            channels,
            operations,
            ..
        } = self;
        let numbers: Vec<u32> = operations
            .all()
            .filter(|one| match &one.wants {
                Wants::Messages {
                    channel,
                    count,
                    correlation_id,
                } => {
                    one.waker.is_some()
                        && *channel == number
                        && holds(channels, *channel, *count, correlation_id.as_deref())
                }
                _ => false,
            })
            .map(|one| one.number)
            .collect();
        for number in numbers {
            operations.tell(number, |_| {});
        }
    }

    /// An answer came to the oldest question of a channel.
    fn replied(&mut self, number: u16, reply: Reply) -> Result<(), Fault> {
        let asked = match self.get(number) {
            Some(Channel {
                role: Role::Gets(asked) | Role::Declares(asked),
                ..
            }) => asked.pop_front(),
            _ => None,
        };
        let asked =
            asked.ok_or_else(|| outcome::protocol("an answer came that nobody asked for"))?;
        self.operations.tell(asked.operation, |operation| {
            operation.wants = Wants::Reply(Some(reply));
        });
        Ok(())
    }

    fn confirmed(
        &mut self,
        number: u16,
        (tag, multiple): (u64, bool),
        is_ack: bool,
    ) -> Result<(), Fault> {
        let Self {
            channels,
            operations,
            ..
        } = self;
        let channel = usize::from(number)
            .checked_sub(1)
            .and_then(|at| channels.get_mut(at));
        let Some(Channel {
            role: Role::Confirms(window),
            ..
        }) = channel
        else {
            return Err(outcome::protocol(
                "the server confirms what was not to be confirmed",
            ));
        };
        let confirmed = window.confirm(tag, multiple, |number, is_returned| {
            operations.tell(number, |operation| {
                if let Wants::Confirms(tally) = &mut operation.wants {
                    tally.left = tally.left.saturating_sub(1);
                    match (is_ack, is_returned) {
                        (true, false) => tally.acked += 1,
                        (true, true) => tally.returned += 1,
                        (false, _) => tally.nacked += 1,
                    }
                }
            });
        });
        confirmed
            .map_err(|_| outcome::protocol("the server confirms a message that was never sent"))
    }

    /// The server ended a consumer.
    fn cancelled(&mut self, number: u16) {
        let Some(Channel {
            role: Role::Consumes(consumer),
            ..
        }) = self.get(number)
        else {
            return;
        };
        consumer.is_begun = false;
        let text = FaultText::plain("the server ended the consumer of queue ")
            .and_value(&consumer.subscription.queue)
            .and(": the queue was deleted, or moved");
        self.consumer_ends(number, &Of::ConsumerCancelled.fault(text));
    }

    /// Fails the steps that wait for messages of a consumer, or the next one that does.
    fn consumer_ends(&mut self, number: u16, fault: &Fault) {
        let waiting: Vec<u32> = self
            .operations
            .all()
            .filter(
                |one| matches!(&one.wants, Wants::Messages { channel, .. } if *channel == number),
            )
            .map(|one| one.number)
            .collect();
        for operation in &waiting {
            self.operations.fail(*operation, fault);
        }
        if waiting.is_empty()
            && let Some(Channel {
                role: Role::Consumes(consumer),
                ..
            }) = self.get(number)
        {
            consumer.fault = Some(fault.clone());
        }
    }

    /// The server closed a channel: all that waits for it fails. It is opened again when it is needed.
    fn channel_closed(&mut self, number: u16, closed: Closed<'_>) {
        self.say(number, Ask::ChannelCloseOk);
        self.metrics
            .add_labelled(Metric::CHANNEL_ERRORS, &closed.code.to_string(), 1);
        let fault = outcome::channel_closed(closed);
        let Self {
            channels,
            operations,
            ..
        } = self;
        let channel = usize::from(number)
            .checked_sub(1)
            .and_then(|at| channels.get_mut(at));
        let Some(channel) = channel else {
            return;
        };
        channel.is_open = false;
        channel.partial = None;
        channel.unacked = Vec::new();
        let lane = channel.lane;
        match &mut channel.role {
            Role::Confirms(window) => {
                let is_only = window.unconfirmed() == 1;
                window.end(|number| {
                    operations.tell(number, |operation| {
                        operation.fault.get_or_insert_with(|| fault.clone());
                        if let Wants::Confirms(tally) = &mut operation.wants {
                            // Of several nobody knows which one it was.
                            tally.refused += u32::from(is_only);
                        }
                    });
                });
            }
            Role::Plain => {}
            Role::Declares(asked) | Role::Gets(asked) => {
                for asked in std::mem::take(asked) {
                    operations.fail(asked.operation, &fault);
                }
            }
            Role::Requests => {
                let numbers: Vec<u32> = operations
                    .all()
                    .filter(|one| one.lane == lane && matches!(one.wants, Wants::Answer { .. }))
                    .map(|one| one.number)
                    .collect();
                for number in numbers {
                    operations.fail_if_open(number, &fault);
                }
            }
            Role::Consumes(consumer) => {
                consumer.is_begun = false;
                consumer.inbox = Inbox::new();
                consumer.batch = (0, 0);
                self.consumer_ends(number, &fault);
            }
        }
    }

    fn say(&mut self, number: u16, ask: Ask<'_>) {
        put_method(&mut self.replies, number, ask);
    }
}

impl Blocked {
    fn fault(&self) -> Fault {
        let text = FaultText::plain("the server takes no messages: ").and_value(&self.reason);
        Of::Blocked.fault(text)
    }
}

/// Whether a failure says nothing of what became of what was sent.
fn is_of_connection(kind: &str) -> bool {
    ["closed", "connection_closed", "protocol", "too_large"].contains(&kind)
}

/// Appends a method without texts, which can always be written.
fn put_method(out: &mut Vec<u8>, number: u16, ask: Ask<'_>) {
    let _ = frame::put(out, (Kind::Method, number), |out| ask.put(out));
}

/// Appends what is said of deliveries.
fn put_verdict(wire: &mut Wire, channel: u16, (tag, multiple): (u64, bool), verdict: Verdict) {
    let ask = match verdict {
        Verdict::Ack => Ask::Ack { tag, multiple },
        Verdict::Requeue | Verdict::Drop => Ask::Nack {
            tag,
            multiple,
            requeue: verdict == Verdict::Requeue,
        },
    };
    let mut bytes = Vec::with_capacity(24);
    put_method(&mut bytes, channel, ask);
    wire.out().put(&bytes);
}

/// Appends messages, each as a method, a header and the frames of its body.
fn put_messages(
    out: &mut Vec<u8>,
    channel: u16,
    message: Outgoing<'_>,
    frame_max: usize,
) -> Result<(), Fault> {
    // Sizes and the class of a header stand before its properties.
    const BEFORE: usize = 12;
    frame::fits(message.header.len() + BEFORE + frame::AROUND, frame_max)
        .map_err(outcome::unwritable)?;
    for body in message.bodies {
        frame::put(out, (Kind::Method, channel), |out| {
            put_publish(
                out,
                (message.exchange, message.routing_key),
                message.mandatory,
            )
        })
        .map_err(outcome::unwritable)?;
        let header: Result<(), Fault> = frame::put(out, (Kind::Header, channel), |out| {
            put_sized(out, message.header, body.len());
            Ok(())
        });
        header?;
        frame::put_body(out, channel, body, frame_max);
    }
    Ok(())
}

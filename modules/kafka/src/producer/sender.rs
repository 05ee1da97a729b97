//! What a producer does between its steps and its brokers, as one state that is polled: by a task of the asset, or by its user.
//!
//! ```text
//! step -append-> the batch of a partition, a place among the waiters
//! poll:  lookup (topics, leaders)   links (a connection to each leader): batches -> request -> answer -> waiters are told
//! ```
//!
//! A partition's batches stand in a queue in the order of their records. The first ones may be under way, at most `max_in_flight` requests
//! to a broker. What was under way when a connection broke is sent again, in the same order and with the same numbers, so that
//! the broker finds out what it has already.

use crate::connection::{Cluster, Connection, PartitionMetadata, TopicMetadata, no_answer_within};
use crate::kafka_produce::Error as Kind;
use crate::kafka_producer::Metric;
use crate::outcome::{self, Code};
use crate::producer::batch::{Batch, HEAD, ProducerId, State as Stage};
use crate::producer::compression::Compression;
use crate::producer::partitioner::Partitioner;
use crate::producer::request::{Part, Produce, VERSIONS};
use crate::producer::waiters::{Failed, Later, Outcome, Waiters, Written};
use bggo_runtime::contract::{
    AssetMetrics, Deadline, Fault, FaultText, Moment, Running, format_duration,
};
use bggo_wire::Line;
use kafka_protocol::messages::{ApiKey, ProduceResponse};
use kafka_protocol::protocol::Decodable;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::fmt;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

/// How long nothing is tried again that has just failed.
const BACKOFF: Duration = Duration::from_millis(100);

/// How a producer sends.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rules {
    pub(crate) acks: i16,
    pub(crate) idempotence: bool,
    pub(crate) linger: Duration,
    pub(crate) batch_size: usize,
    pub(crate) compression: Compression,
    pub(crate) partitioner: Partitioner,
    pub(crate) max_in_flight: usize,
    pub(crate) max_request_size: usize,
    pub(crate) buffer_memory: usize,
    pub(crate) max_block: Duration,
    pub(crate) delivery_timeout: Duration,
}

/// A producer's work.
pub(crate) struct Sender {
    cluster: Rc<Cluster>,
    pub(crate) rules: Rules,
    state: RefCell<State>,
    /// Who waits for memory.
    pub(crate) room: Line,
    /// Who polls it, if it is not a step that waits.
    driver: RefCell<Option<Waker>>,
    /// Whether a task polls it. Otherwise steps do that wait, and idle work.
    has_task: bool,
    timer: RefCell<Timer>,
    metrics: AssetMetrics,
    is_ending: Cell<bool>,
    /// A moment, and the time since 1970 then: what is needed for each record asks no clock.
    origin: (Moment, Duration),
}

struct Timer {
    deadline: Deadline,
    at: Option<Moment>,
}

struct State {
    topics: Vec<Topic>,
    links: Vec<Link>,
    waiters: Waiters,
    /// Partitions that have batches, by topic and number.
    busy: Vec<(u32, u32)>,
    /// Bytes of records that are not acknowledged.
    used: usize,
    /// Some were freed, and nobody was told.
    has_freed: bool,
    producer: ProducerId,
    lookup: Option<Running<'static, Found>>,
    wants_lookup: bool,
    lookup_not_before: Option<Moment>,
    /// Memory of batches that are done.
    spare: Vec<Vec<u8>>,
    /// Topics that wait for what a lookup says.
    asking: Vec<Waker>,
    random: u64,
}

/// What a broker says of a batch: its first offset and its time, as far as it says them, or why not.
type Said = Result<(Option<i64>, Option<i64>), (Code, Option<String>)>;

/// What a lookup says of each topic.
type Found = Result<Vec<Result<TopicMetadata, Code>>, Fault>;

struct Topic {
    name: Box<str>,
    partitions: Vec<Partition>,
    is_known: bool,
    /// How often it was looked up, and why that failed if it did.
    looked_up: u64,
    fault: Option<Fault>,
    /// The partition of records without a key, until its batch is closed.
    sticky: Option<u32>,
    /// How many records went to partitions in turn.
    turn: u32,
}

struct Partition {
    leader: Option<i32>,
    queue: VecDeque<Batch>,
    is_busy: bool,
    /// Batches whose answer is to come, also of those that were given up.
    under_way: usize,
    /// Something is sent again: nothing new goes until what is under way has come back.
    holds: bool,
    producer: ProducerId,
    sequence: i32,
    /// Numbers begin anew, under a new epoch.
    renumbers: bool,
    /// The number of a batch that was given up, and that the broker may have. Those behind it keep their numbers, by which the broker knows
    /// what it has of them, and no others go out until it is known where its count is.
    doubtful: Option<i32>,
}

/// The connection to a broker.
struct Link {
    broker: i32,
    stands: Stands,
    requests: VecDeque<Request>,
    throttled: Option<Moment>,
    version: i16,
    /// When its connection was opened last.
    opened: Option<Moment>,
}

enum Stands {
    Closed,
    Opening(Running<'static, Result<Rc<Connection>, Fault>>),
    Open(Rc<Connection>),
    Failed(Moment),
}

/// A request whose answer is to come.
struct Request {
    number: i32,
    sent: Moment,
    parts: Vec<(u32, u32)>,
}

/// A record that is to be sent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Record<'a> {
    /// Key, value and headers.
    pub(crate) tail: &'a [u8],
    /// The hash of its key, if it has one.
    pub(crate) hash: Option<u32>,
    pub(crate) partition: Option<u32>,
    /// In milliseconds since 1970.
    pub(crate) timestamp: i64,
}

/// A record that stands in its batch.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Appended {
    pub(crate) partition: u32,
    /// Its place among those that wait.
    pub(crate) place: u32,
    /// Whether its batch takes no more.
    pub(crate) is_last: bool,
}

impl fmt::Debug for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender")
            .field("rules", &self.rules)
            .finish_non_exhaustive()
    }
}

impl Sender {
    pub(crate) fn new(
        cluster: Rc<Cluster>,
        rules: Rules,
        producer: ProducerId,
        (metrics, has_task): (AssetMetrics, bool),
    ) -> Self {
        Self {
            timer: RefCell::new(Timer {
                deadline: cluster.clock().deadline(),
                at: None,
            }),
            state: RefCell::new(State {
                topics: Vec::new(),
                links: Vec::new(),
                waiters: Waiters::default(),
                busy: Vec::new(),
                used: 0,
                has_freed: false,
                producer,
                lookup: None,
                wants_lookup: false,
                lookup_not_before: None,
                spare: Vec::new(),
                asking: Vec::new(),
                random: cluster.clock().random() | 1,
            }),
            origin: (cluster.clock().now(), cluster.clock().since_1970()),
            cluster,
            rules,
            room: Line::default(),
            driver: RefCell::default(),
            has_task,
            metrics,
            is_ending: Cell::new(false),
        }
    }

    /// Waits for what is known of a topic: its number. `since` is how often it had been looked up when the step began.
    ///
    /// # Errors
    /// There is no such topic, or no broker says.
    pub(crate) fn poll_topic(
        &self,
        name: &str,
        since: &mut Option<u64>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<u32, Fault>> {
        if since.is_some() {
            self.poll_by_step(cx);
        }
        let mut state = self.state.borrow_mut();
        let at = state.topics.iter().position(|topic| *topic.name == *name);
        let at = at.unwrap_or_else(|| {
            state.topics.push(Topic::new(name));
            state.topics.len() - 1
        });
        let Some(topic) = state.topics.get(at) else {
            return Poll::Pending;
        };
        if topic.is_known {
            return Poll::Ready(Ok(at as u32));
        }
        if let (Some(since), Some(fault)) = (*since, &topic.fault)
            && topic.looked_up > since
        {
            return Poll::Ready(Err(fault.clone()));
        }
        let is_first = since.is_none();
        since.get_or_insert(topic.looked_up);
        state.wants_lookup = true;
        state.asking.push(cx.waker().clone());
        drop(state);
        if is_first {
            self.wake_driver();
            self.poll_by_step(cx);
        }
        Poll::Pending
    }

    /// The time of a moment as records have it: in milliseconds since 1970.
    pub(crate) fn timestamp(&self, at: Moment) -> i64 {
        let (origin, since_1970) = self.origin;
        i64::try_from((since_1970 + (at - origin)).as_millis()).unwrap_or(i64::MAX)
    }

    /// Whether there is memory for a record.
    pub(crate) fn has_room(&self, size: usize) -> bool {
        let used = self.state.borrow().used;
        used == 0 || used.saturating_add(size) <= self.rules.buffer_memory
    }

    /// Puts a record into the batch of its partition.
    ///
    /// # Errors
    /// The topic has no such partition, or the record is too large.
    pub(crate) fn append(&self, topic: u32, record: &Record<'_>) -> Result<Appended, Fault> {
        let mut state = self.state.borrow_mut();
        let state = &mut *state;
        // More than any head, place and time take.
        if record.tail.len().saturating_add(HEAD + 32) > self.rules.max_request_size {
            let text = format_args!(
                "a record of {} bytes is more than max_request_size allows",
                record.tail.len()
            );
            return Err(Kind::MessageTooLarge.fault(FaultText::plain(text)));
        }
        let Some(of_topic) = state.topics.get_mut(topic as usize) else {
            return Err(Fault::missing("topic"));
        };
        let number = of_topic.choose(record, self.rules.partitioner, &mut state.random)?;
        let is_sticky = of_topic.sticky == Some(number);
        let Some(partition) = of_topic.partitions.get_mut(number as usize) else {
            return Err(Fault::missing("partition"));
        };
        let fits = |batch: &Batch| {
            let size = batch.size() + batch.record_size(record.tail, record.timestamp);
            batch.state == Stage::Filling
                && (batch.count == 0 || size <= self.rules.batch_size.max(HEAD))
        };
        let is_new = !partition.queue.back().is_some_and(fits);
        if is_new {
            let memory = state.spare.pop().unwrap_or_default();
            let now = self.cluster.clock().now();
            partition
                .queue
                .push_back(Batch::new(memory, now, record.timestamp));
        }
        let Some(batch) = partition.queue.back_mut() else {
            return Err(Fault::missing("partition"));
        };
        let before = batch.held;
        batch.put(record.tail, record.timestamp);
        state.used += batch.held - before;
        let place = state.waiters.add(&mut batch.waiters);
        let is_full = batch.size() >= self.rules.batch_size;
        if is_full && is_sticky {
            of_topic.sticky = None;
        }
        if !std::mem::replace(&mut partition.is_busy, true) {
            state.busy.push((topic, number));
            // It may have one by now.
            state.wants_lookup |= partition.leader.is_none();
        }
        if is_new || is_full {
            self.wake_driver();
        }
        Ok(Appended {
            partition: number,
            place,
            is_last: is_full,
        })
    }

    /// Waits until it is known what became of a record.
    pub(crate) fn poll_outcome(&self, appended: Appended, cx: &mut Context<'_>) -> Poll<Outcome> {
        let told = self.state.borrow_mut().waiters.poll(appended.place, cx);
        if told.is_ready() || self.has_task {
            return told;
        }
        self.poll(cx);
        self.state.borrow_mut().waiters.poll(appended.place, cx)
    }

    /// The step of a record ends before it is known what became of it.
    pub(crate) fn tell_later(&self, appended: Appended, later: Later) {
        self.state.borrow_mut().waiters.end(appended.place, later);
    }

    /// Who waits for a record goes: whether it is not known what became of it.
    pub(crate) fn leave(&self, appended: Appended) -> bool {
        self.state.borrow_mut().waiters.leave(appended.place)
    }

    /// Work of a producer whose user waits.
    pub(crate) fn poll_idle(&self, cx: &mut Context<'_>) {
        self.driver.replace(Some(cx.waker().clone()));
        self.poll(cx);
    }

    /// The task of a producer: it is over when nothing is left once the end has come.
    pub(crate) fn poll_task(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mut driver = self.driver.borrow_mut();
        match &mut *driver {
            Some(waker) => waker.clone_from(cx.waker()),
            none => *none = Some(cx.waker().clone()),
        }
        drop(driver);
        self.poll(cx);
        match self.is_ending.get() && self.state.borrow().busy.is_empty() {
            true => Poll::Ready(()),
            false => Poll::Pending,
        }
    }

    /// From here on nothing waits for more records, and nothing is tried again once no broker answers.
    pub(crate) fn end(&self) {
        self.is_ending.set(true);
        self.wake_driver();
    }

    /// Somebody waits for room: batches go out at once.
    pub(crate) fn flush(&self) {
        self.wake_driver();
    }

    fn poll_by_step(&self, cx: &mut Context<'_>) {
        if !self.has_task {
            self.poll(cx);
        }
    }

    fn wake_driver(&self) {
        if let Some(driver) = &*self.driver.borrow() {
            driver.wake_by_ref();
        }
    }

    /// Does all that can be done now, and has `cx` woken for the rest.
    fn poll(&self, cx: &mut Context<'_>) {
        loop {
            let (mut woken, next) = {
                let state = &mut *self.state.borrow_mut();
                let next = self.work(state, cx);
                (state.waiters.take_woken(), next)
            };
            for waker in woken.drain(..) {
                waker.wake();
            }
            let mut state = self.state.borrow_mut();
            state.waiters.give_back(woken);
            let has_freed = std::mem::take(&mut state.has_freed);
            drop(state);
            if has_freed {
                self.room.call_next();
            }
            let mut timer = self.timer.borrow_mut();
            let timer = &mut *timer;
            if timer.at != next {
                timer.at = next;
                match next {
                    Some(at) => timer.deadline.set(at),
                    None => timer.deadline.clear(),
                }
            }
            if timer.deadline.poll(cx).is_pending() {
                return;
            }
            timer.at = None;
        }
    }

    /// Works until nothing more can be done now: when something is due next.
    fn work(&self, state: &mut State, cx: &mut Context<'_>) -> Option<Moment> {
        loop {
            let now = self.cluster.clock().now();
            let mut next = Next(None);
            let mut goes_on = self.look_up(state, now, &mut next, cx);
            goes_on |= self.expire(state, now, &mut next);
            let mut links = std::mem::take(&mut state.links);
            for link in &mut links {
                goes_on |= self.drive(link, state, (now, &mut next), cx);
            }
            // A lookup may have found more.
            links.append(&mut state.links);
            state.links = links;
            if !goes_on {
                return next.0;
            }
        }
    }

    /// Asks for topics and leaders, where somebody wants to know.
    fn look_up(
        &self,
        state: &mut State,
        now: Moment,
        next: &mut Next,
        cx: &mut Context<'_>,
    ) -> bool {
        if state.lookup.is_none() {
            if !state.wants_lookup {
                return false;
            }
            if let Some(at) = state.lookup_not_before.filter(|at| *at > now) {
                next.is_by(at);
                return false;
            }
            state.wants_lookup = false;
            state.lookup_not_before = Some(now + BACKOFF);
            let names: Vec<_> = state
                .topics
                .iter()
                .map(|topic| topic.name.to_string())
                .collect();
            let cluster = Rc::clone(&self.cluster);
            state.lookup = Some(Box::pin(async move {
                let names: Vec<_> = names.iter().map(String::as_str).collect();
                cluster.topics(&names).await
            }));
        }
        let Some(lookup) = &mut state.lookup else {
            return false;
        };
        let Poll::Ready(found) = lookup.as_mut().poll(cx) else {
            return false;
        };
        state.lookup = None;
        self.count_opened();
        match found {
            Ok(found) => {
                for (at, found) in found.into_iter().enumerate() {
                    self.learn(state, at, found);
                }
            }
            Err(fault) => {
                for topic in state.topics.iter_mut().filter(|topic| !topic.is_known) {
                    topic.looked_up += 1;
                    topic.fault = Some(fault.clone());
                }
                // Nobody can take what never went out. Of all else the brokers know more than this end does.
                self.fail_all(state, &fault, |batch| {
                    !batch.went_out || self.is_ending.get()
                });
                state.wants_lookup = !state.busy.is_empty();
            }
        }
        state.waiters.wakes(&mut state.asking);
        true
    }

    /// Takes what a lookup says of a topic.
    fn learn(&self, state: &mut State, at: usize, found: Result<TopicMetadata, Code>) {
        let producer = state.producer;
        let Some(topic) = state.topics.get_mut(at) else {
            return;
        };
        match found {
            Ok(found) if !found.partitions.is_empty() => {
                topic.is_known = true;
                topic.looked_up += 1;
                topic.fault = None;
                let leaders: Vec<_> = found.partitions.iter().filter_map(|of| of.leader).collect();
                topic.learns(&found.partitions, producer);
                if leaders.len() < found.partitions.len() {
                    state.wants_lookup |= !state.busy.is_empty();
                }
                for broker in leaders {
                    if !state.links.iter().any(|link| link.broker == broker) {
                        state.links.push(Link::new(broker));
                    }
                }
            }
            Err(code) if code.is_retriable() && code != Code::UNKNOWN_TOPIC_OR_PARTITION => {
                state.wants_lookup = true;
            }
            found => {
                let code = found.err().unwrap_or(Code::UNKNOWN_TOPIC_OR_PARTITION);
                let fault = code.of_topic(&topic.name);
                topic.is_known = false;
                topic.looked_up += 1;
                topic.fault = Some(fault.clone());
                self.fail_topic(state, at as u32, &fault);
            }
        }
    }

    /// Gives up records whose time is over.
    fn expire(&self, state: &mut State, now: Moment, next: &mut Next) -> bool {
        let limit = self.rules.delivery_timeout;
        let mut over = Vec::new();
        for (topic, number) in &state.busy {
            let Some(partition) = state
                .topics
                .get(*topic as usize)
                .and_then(|of| of.partitions.get(*number as usize))
            else {
                continue;
            };
            // They are in order.
            match partition.queue.front() {
                Some(batch) if batch.begun + limit <= now => over.push((*topic, *number)),
                Some(batch) => next.is_by(batch.begun + limit),
                None => {}
            }
        }
        for (topic, number) in &over {
            let text = format_args!("no acknowledgement within {}", format_duration(limit));
            let fault = Kind::DeliveryTimeout.fault(FaultText::plain(text));
            self.fail_in(state, (*topic, *number), &fault, |batch| {
                batch.begun + limit <= now
            });
        }
        !over.is_empty()
    }

    fn drive(
        &self,
        link: &mut Link,
        state: &mut State,
        (now, next): (Moment, &mut Next),
        cx: &mut Context<'_>,
    ) -> bool {
        match &mut link.stands {
            Stands::Closed => {
                if !state.has_work_for(link.broker) {
                    return false;
                }
                let (cluster, broker) = (Rc::clone(&self.cluster), link.broker);
                link.stands = Stands::Opening(Box::pin(async move { cluster.open(broker).await }));
                true
            }
            Stands::Opening(opening) => {
                let Poll::Ready(opened) = opening.as_mut().poll(cx) else {
                    return false;
                };
                self.count_opened();
                let version = |connection: &Connection| {
                    connection.version(ApiKey::Produce, VERSIONS.0, VERSIONS.1)
                };
                match opened.and_then(|connection| Ok((version(&connection)?, connection))) {
                    Ok((version, connection)) => {
                        link.version = version;
                        link.opened = Some(now);
                        link.stands = Stands::Open(connection);
                    }
                    Err(_) => {
                        // Another broker may lead by now. If none answers, the lookup says so to all that wait.
                        state.wants_lookup = true;
                        link.stands = Stands::Failed(now + BACKOFF);
                    }
                }
                true
            }
            Stands::Failed(until) => {
                if *until <= now {
                    link.stands = Stands::Closed;
                    return true;
                }
                next.is_by(*until);
                false
            }
            Stands::Open(connection) => {
                let connection = Rc::clone(connection);
                self.exchange(link, state, &connection, (now, next), cx)
            }
        }
    }

    /// Takes answers and sends requests.
    fn exchange(
        &self,
        link: &mut Link,
        state: &mut State,
        connection: &Connection,
        (now, next): (Moment, &mut Next),
        cx: &mut Context<'_>,
    ) -> bool {
        let mut goes_on = false;
        let mut bad = None;
        let version = link.version;
        let mut hears = |number: i32, body: &[u8]| {
            goes_on = true;
            let Some(request) = link
                .requests
                .pop_front()
                .filter(|request| request.number == number)
            else {
                bad = Some("an answer came that belongs to no request");
                return;
            };
            match read(body, version) {
                Some(answer) => {
                    if answer.throttle_time_ms > 0 {
                        let time = Duration::from_millis(u64::from(
                            answer.throttle_time_ms.unsigned_abs(),
                        ));
                        link.throttled = Some(now + time);
                        self.metrics.record_time(Metric::THROTTLE_TIME, time);
                    }
                    self.answered(state, &request, &answer, now);
                }
                None => {
                    link.requests.push_front(request);
                    bad = Some("what came is no answer to Produce");
                }
            }
        };
        let ended = connection.poll(cx, &mut hears);
        if let Some(text) = bad {
            connection.give_up(outcome::no_answer(text));
        }
        if ended.is_ready() || connection.is_over() {
            self.lost(link, state);
            state.wants_lookup = true;
            // One that is closed as soon as it is opened is not opened again at once.
            link.stands = Stands::Failed(link.opened.map_or(now, |opened| opened + BACKOFF));
            return true;
        }
        if let Some(request) = link.requests.front() {
            let limit = self.cluster.settings().request_timeout;
            let at = request.sent + limit;
            if at <= now {
                connection.give_up(no_answer_within(limit));
                return true;
            }
            next.is_by(at);
        }
        if let Some(until) = link.throttled {
            if until > now {
                next.is_by(until);
                return goes_on;
            }
            link.throttled = None;
        }
        let mut has_sent = false;
        // Without acknowledgements nothing else says that the broker is slow.
        let may_send = || self.rules.acks != 0 || !connection.has_unsent();
        while link.requests.len() < self.rules.max_in_flight
            && may_send()
            && self.send(link, state, connection, (now, next))
        {
            has_sent = true;
            if self.rules.acks == 0 {
                goes_on |= connection.poll(cx, &mut |_, _| {}).is_ready();
            }
        }
        if has_sent {
            // What the system takes goes out now.
            goes_on |= connection.poll(cx, &mut |_, _| {}).is_ready();
        }
        goes_on
    }

    /// Sends a request with what is due for a broker: whether there was something.
    fn send(
        &self,
        link: &mut Link,
        state: &mut State,
        connection: &Connection,
        (now, next): (Moment, &mut Next),
    ) -> bool {
        let flushes = self.is_ending.get() || self.room.is_waited_for();
        let mut size = 0;
        let mut chosen: Vec<(u32, u32, usize)> = Vec::new();
        for (topic, number) in &state.busy {
            let Some(of) = state.topics.get_mut(*topic as usize) else {
                continue;
            };
            let Some(partition) = of.partitions.get_mut(*number as usize) else {
                continue;
            };
            if partition.leader != Some(link.broker) {
                continue;
            }
            let linger = match flushes {
                true => Duration::ZERO,
                false => self.rules.linger,
            };
            let Some(at) = partition.due(now, (linger, self.rules.batch_size), next) else {
                continue;
            };
            let more = partition.queue.get(at).map_or(0, Batch::size);
            if size > 0 && size + more > self.rules.max_request_size {
                continue;
            }
            size += more;
            chosen.push((*topic, *number, at));
            if of.sticky == Some(*number) {
                of.sticky = None;
            }
        }
        if chosen.is_empty() {
            return false;
        }
        chosen.sort_unstable();
        for (topic, number, at) in &chosen {
            self.make_ready(state, (*topic, *number, *at), now);
        }
        let parts: Vec<_> = chosen
            .iter()
            .filter_map(|(topic, number, at)| {
                let of = state.topics.get(*topic as usize)?;
                let batch = of.partitions.get(*number as usize)?.queue.get(*at)?;
                Some(Part {
                    topic: &of.name,
                    partition: *number,
                    batch: batch.bytes(),
                })
            })
            .collect();
        let settings = self.cluster.settings();
        let request = Produce {
            version: link.version,
            client_id: settings.client_id.as_str(),
            acks: self.rules.acks,
            timeout: i32::try_from(settings.request_timeout.as_millis()).unwrap_or(i32::MAX),
            parts: &parts,
        };
        let is_answered = self.rules.acks != 0;
        let number = connection.send_bytes(is_answered, |number, wire| {
            request.write(number, &mut |piece| wire.out().put(piece));
        });
        drop(parts);
        for (topic, partition, at) in &chosen {
            if let Some(partition) = state.partition(*topic, *partition) {
                partition.under_way += 1;
                if let Some(batch) = partition.queue.get_mut(*at) {
                    batch.state = Stage::Sent(number);
                }
            }
        }
        let request = Request {
            number,
            sent: now,
            parts: chosen
                .iter()
                .map(|(topic, partition, _)| (*topic, *partition))
                .collect(),
        };
        if is_answered {
            link.requests.push_back(request);
        } else {
            // Nobody says what becomes of them.
            for (topic, partition) in &request.parts {
                self.settle(state, (*topic, *partition), number, Ok((None, None)), now);
            }
        }
        true
    }

    /// Closes a batch, numbers it and counts it.
    fn make_ready(&self, state: &mut State, (topic, number, at): (u32, u32, usize), now: Moment) {
        let mut memory = state.spare.pop().unwrap_or_default();
        let Some(partition) = state.partition(topic, number) else {
            return;
        };
        if std::mem::take(&mut partition.renumbers) {
            // Nothing is under way, so the broker hears of the new epoch by its first record.
            partition.producer.epoch = partition.producer.epoch.wrapping_add(1) & i16::MAX;
            partition.sequence = 0;
            partition.doubtful = None;
            for batch in &mut partition.queue {
                batch.sequence = None;
            }
        }
        let (producer, sequence) = (partition.producer, partition.sequence);
        let Some(batch) = partition.queue.get_mut(at) else {
            return;
        };
        let is_first = batch.sent.is_none();
        batch.close(self.rules.compression, &mut memory);
        if self.rules.idempotence && batch.sequence.is_none() {
            batch.sequence = Some((producer, sequence));
            let count = i32::try_from(batch.count).unwrap_or(i32::MAX);
            // After the greatest number comes zero.
            partition.sequence = sequence.wrapping_add(count) & i32::MAX;
        }
        batch.seal();
        batch.sent = Some(now);
        if is_first {
            self.metrics
                .record(Metric::BATCH_RECORDS, u64::from(batch.count));
            self.metrics
                .record(Metric::BATCH_BYTES, batch.size() as u64);
        } else {
            self.metrics.add(Metric::RETRIES, 1);
        }
        state.keep(memory, self.rules.batch_size);
    }

    /// Takes the answer to a request.
    fn answered(
        &self,
        state: &mut State,
        request: &Request,
        answer: &ProduceResponse,
        now: Moment,
    ) {
        for (topic, number) in &request.parts {
            let name = state.topics.get(*topic as usize).map(|topic| &*topic.name);
            let of_topic = answer
                .responses
                .iter()
                .find(|of| Some(of.name.0.as_str()) == name);
            let found = of_topic.and_then(|of| {
                let mut parts = of.partition_responses.iter();
                parts.find(|part| part.index == *number as i32)
            });
            let said = match found {
                None => Err((Code::UNKNOWN_TOPIC_OR_PARTITION, None)),
                Some(part) => match Code::of(part.error_code) {
                    None => Ok((
                        Some(part.base_offset).filter(|offset| *offset >= 0),
                        Some(part.log_append_time_ms).filter(|time| *time >= 0),
                    )),
                    // It came before.
                    Some(Code::DUPLICATE_SEQUENCE) => {
                        Ok((Some(part.base_offset).filter(|offset| *offset >= 0), None))
                    }
                    Some(code) => Err((code, part.error_message.as_ref().map(ToString::to_string))),
                },
            };
            self.settle(state, (*topic, *number), request.number, said, now);
        }
    }

    /// What became of the batch of a partition in the request of a number.
    fn settle(
        &self,
        state: &mut State,
        (topic, number): (u32, u32),
        request: i32,
        said: Said,
        now: Moment,
    ) {
        let Some(partition) = state.partition(topic, number) else {
            return;
        };
        partition.under_way = partition.under_way.saturating_sub(1);
        let is_it = |batch: &Batch| batch.state == Stage::Sent(request);
        let Some(at) = partition.queue.iter().position(is_it) else {
            // It was given up before.
            return;
        };
        let (code, words) = match said {
            Ok((offset, timestamp)) => {
                let Some(mut batch) = partition.queue.remove(at) else {
                    return;
                };
                partition.is_at(batch.sequence);
                let sent = batch.sent.unwrap_or(now);
                let waiters = std::mem::take(&mut batch.waiters);
                state.waiters.tell(waiters, |at| {
                    Outcome::Written(Written {
                        offset: offset.map(|offset| offset + at),
                        timestamp,
                        sent,
                        acknowledged: now,
                    })
                });
                self.free(state, batch);
                state.rests(topic, number);
                return;
            }
            Err(said) => said,
        };
        let loses_count = matches!(
            code,
            Code::OUT_OF_ORDER_SEQUENCE | Code::UNKNOWN_PRODUCER_ID
        );
        if code.is_retriable() || loses_count {
            // Behind one that is sent again, a number that is out of order says nothing new.
            partition.renumbers |= loses_count && at == 0 && !partition.holds;
            partition.holds = true;
            if let Some(batch) = partition.queue.get_mut(at) {
                batch.state = Stage::Closed;
                batch.not_before = Some(now + BACKOFF);
                // REQUEST_TIMED_OUT, NOT_ENOUGH_REPLICAS_AFTER_APPEND: it may stand in the log of the leader.
                batch.went_out |= matches!(code.0, 7 | 20);
            }
            state.wants_lookup |= code.is_of_old_metadata();
            return;
        }
        if code == Code::MESSAGE_TOO_LARGE && self.split(state, (topic, number), at) {
            return;
        }
        let fault = match (code, state.topics.get(topic as usize)) {
            (Code::UNKNOWN_TOPIC_OR_PARTITION, Some(topic)) => code.of_topic(&topic.name),
            _ => code.fault(words.as_deref()),
        };
        self.fail_in(state, (topic, number), &fault, |batch| {
            batch.state == Stage::Sent(request)
        });
    }

    /// Puts two halves in the place of a batch that was too large: whether it could be divided.
    fn split(&self, state: &mut State, (topic, number): (u32, u32), at: usize) -> bool {
        let Some(partition) = state.partition(topic, number) else {
            return false;
        };
        let Some([mut first, mut rest]) = partition.queue.get(at).and_then(Batch::halves) else {
            return false;
        };
        let Some(batch) = partition.queue.remove(at) else {
            return false;
        };
        // What is under way behind it is refused, since the count of the broker has not moved, and goes again behind the halves.
        partition.holds = true;
        (first.waiters, rest.waiters) = state.waiters.split(&batch.waiters, first.count);
        let held = first.held + rest.held;
        state.used = state.used.saturating_sub(batch.held) + held;
        for (half, at) in [(first, at), (rest, at + 1)] {
            let mut half = half;
            let mut memory = state.spare.pop().unwrap_or_default();
            half.close(self.rules.compression, &mut memory);
            state.keep(memory, self.rules.batch_size);
            if let Some(partition) = state.partition(topic, number) {
                partition.queue.insert(at, half);
            }
        }
        state.keep(batch.into_memory(), self.rules.batch_size);
        true
    }

    /// The connection of a link is gone: what was under way goes again.
    fn lost(&self, link: &mut Link, state: &mut State) {
        for request in link.requests.drain(..) {
            for (topic, number) in request.parts {
                let Some(partition) = state.partition(topic, number) else {
                    continue;
                };
                partition.under_way = partition.under_way.saturating_sub(1);
                partition.holds = true;
                let is_it = |batch: &&mut Batch| batch.state == Stage::Sent(request.number);
                if let Some(batch) = partition.queue.iter_mut().find(is_it) {
                    batch.state = Stage::Closed;
                    batch.went_out = true;
                }
            }
        }
    }

    fn fail_all(&self, state: &mut State, fault: &Fault, which: impl Fn(&Batch) -> bool) {
        for place in state.busy.clone() {
            self.fail_in(state, place, fault, |batch| {
                !matches!(batch.state, Stage::Sent(_)) && which(batch)
            });
        }
    }

    fn fail_topic(&self, state: &mut State, topic: u32, fault: &Fault) {
        for place in state.busy.clone() {
            if place.0 == topic {
                self.fail_in(state, place, fault, |batch| {
                    !matches!(batch.state, Stage::Sent(_))
                });
            }
        }
    }

    /// Gives up batches of a partition, and tells those who wait.
    fn fail_in(
        &self,
        state: &mut State,
        (topic, number): (u32, u32),
        fault: &Fault,
        which: impl Fn(&Batch) -> bool,
    ) {
        while let Some(partition) = state.partition(topic, number) {
            let Some(at) = partition.queue.iter().position(&which) else {
                break;
            };
            let Some(mut batch) = partition.queue.remove(at) else {
                break;
            };
            let is_refused = fault.kind() != Kind::DeliveryTimeout.name();
            let possibly_written =
                batch.went_out || (matches!(batch.state, Stage::Sent(_)) && !is_refused);
            if let Some((_, sequence)) = batch.sequence {
                partition.holds = true;
                if possibly_written {
                    partition.doubtful = Some(sequence);
                } else {
                    // The broker expects its number next: those behind it, of which it takes none, need new ones.
                    partition.renumbers = true;
                }
            }
            let waiters = std::mem::take(&mut batch.waiters);
            let failed = Failed {
                fault: fault.clone(),
                possibly_written,
            };
            state
                .waiters
                .tell(waiters, |_| Outcome::Failed(failed.clone()));
            self.free(state, batch);
        }
        state.rests(topic, number);
    }

    fn free(&self, state: &mut State, batch: Batch) {
        state.used = state.used.saturating_sub(batch.held);
        state.has_freed = true;
        state.keep(batch.into_memory(), self.rules.batch_size);
    }

    fn count_opened(&self) {
        let opened = self.cluster.take_opened();
        if opened.count > 0 {
            self.metrics.add(Metric::CONNECTIONS, opened.count);
            self.metrics.record_time(Metric::CONNECTING, opened.took);
        }
    }
}

/// When something is due next.
struct Next(Option<Moment>);

impl Next {
    fn is_by(&mut self, at: Moment) {
        self.0 = Some(self.0.map_or(at, |next| next.min(at)));
    }
}

impl State {
    fn partition(&mut self, topic: u32, number: u32) -> Option<&mut Partition> {
        self.topics
            .get_mut(topic as usize)?
            .partitions
            .get_mut(number as usize)
    }

    /// Whether batches wait for a broker.
    fn has_work_for(&self, broker: i32) -> bool {
        self.busy.iter().any(|(topic, number)| {
            let topic = self.topics.get(*topic as usize);
            let partition = topic.and_then(|topic| topic.partitions.get(*number as usize));
            partition.is_some_and(|partition| {
                partition.leader == Some(broker) && !partition.queue.is_empty()
            })
        })
    }

    /// A partition may have nothing left.
    fn rests(&mut self, topic: u32, number: u32) {
        let Some(partition) = self.partition(topic, number) else {
            return;
        };
        if partition.queue.is_empty() {
            partition.is_busy = false;
            self.busy.retain(|place| *place != (topic, number));
        }
    }

    /// Keeps memory for other batches, if it is no more than they need.
    fn keep(&mut self, memory: Vec<u8>, batch_size: usize) {
        if self.spare.len() < 16 && memory.capacity() <= batch_size.saturating_mul(2) {
            self.spare.push(memory);
        }
    }
}

impl Topic {
    fn new(name: &str) -> Self {
        Self {
            name: name.into(),
            partitions: Vec::new(),
            is_known: false,
            looked_up: 0,
            fault: None,
            sticky: None,
            turn: 0,
        }
    }

    fn learns(&mut self, found: &[PartitionMetadata], producer: ProducerId) {
        let count = self.partitions.len().max(found.len());
        self.partitions.resize_with(count, || Partition {
            leader: None,
            queue: VecDeque::new(),
            is_busy: false,
            under_way: 0,
            holds: false,
            producer,
            sequence: 0,
            renumbers: false,
            doubtful: None,
        });
        for (partition, found) in self.partitions.iter_mut().zip(found) {
            partition.leader = found.leader;
        }
    }

    /// The partition of a record.
    fn choose(
        &mut self,
        record: &Record<'_>,
        partitioner: Partitioner,
        random: &mut u64,
    ) -> Result<u32, Fault> {
        // A topic that is known has one at least.
        let count = u32::try_from(self.partitions.len())
            .unwrap_or(u32::MAX)
            .max(1);
        if let Some(number) = record.partition {
            if number >= count {
                let text = FaultText::plain("topic ").and_value(&self.name);
                let text = text.and(format_args!(
                    " has {count} partitions, and none with the number {number}"
                ));
                return Err(Kind::UnknownTopic.fault(text));
            }
            return Ok(number);
        }
        if let (Partitioner::Default, Some(hash)) = (partitioner, record.hash) {
            return Ok(hash % count);
        }
        Ok(match partitioner {
            Partitioner::Random => draw(random, count),
            Partitioner::RoundRobin => {
                self.turn = self.turn.wrapping_add(1);
                self.turn % count
            }
            Partitioner::Default => match self.sticky {
                Some(number) => number,
                None => {
                    let from = draw(random, count);
                    let mut all = (from..count).chain(0..from);
                    // One that nobody leads takes nothing now.
                    let led = all.find(|number| {
                        let partition = self.partitions.get(*number as usize);
                        partition.is_some_and(|partition| partition.leader.is_some())
                    });
                    *self.sticky.insert(led.unwrap_or(from))
                }
            },
        })
    }
}

impl Partition {
    /// The broker has a batch with this number: its count has passed all before it.
    fn is_at(&mut self, sequence: Option<(ProducerId, i32)>) {
        let has_passed = |doubtful: i32| {
            // After the greatest number comes zero: what is less than half of all numbers ahead is behind it.
            sequence.is_some_and(|(_, number)| number.wrapping_sub(doubtful) & i32::MAX < 1 << 30)
        };
        if self.doubtful.is_some_and(has_passed) {
            self.doubtful = None;
        }
    }

    /// The batch that goes next, if it is due.
    fn due(
        &mut self,
        now: Moment,
        (linger, full): (Duration, usize),
        next: &mut Next,
    ) -> Option<usize> {
        if self.under_way > 0 {
            if self.holds || self.renumbers {
                return None;
            }
        } else {
            self.holds = false;
        }
        let is_waiting = |batch: &Batch| !matches!(batch.state, Stage::Sent(_));
        let at = self.queue.iter().position(is_waiting)?;
        let batch = self.queue.get(at)?;
        if self.doubtful.is_some() && batch.sequence.is_none() {
            if self.under_way > 0 {
                return None;
            }
            // None behind it said where the count of the broker is, and none is left that it may have.
            self.renumbers = true;
        }
        if let Some(until) = batch.not_before.filter(|until| *until > now) {
            next.is_by(until);
            return None;
        }
        let waits_for_more =
            batch.state == Stage::Filling && batch.size() < full && at + 1 == self.queue.len();
        if waits_for_more && batch.begun + linger > now {
            next.is_by(batch.begun + linger);
            return None;
        }
        Some(at)
    }
}

impl Link {
    fn new(broker: i32) -> Self {
        Self {
            broker,
            stands: Stands::Closed,
            requests: VecDeque::new(),
            throttled: None,
            version: VERSIONS.0,
            opened: None,
        }
    }
}

/// An answer to a request that carries batches.
fn read(body: &[u8], version: i16) -> Option<ProduceResponse> {
    let mut body = match version {
        // Fields may be added here, and none was to this day.
        9.. => body.strip_prefix(&[0])?,
        _ => body,
    };
    ProduceResponse::decode(&mut body, version).ok()
}

/// A number below `count`.
fn draw(random: &mut u64, count: u32) -> u32 {
    // Xorshift: which partition gets the next batch is no secret.
    *random ^= *random << 13;
    *random ^= *random >> 7;
    *random ^= *random << 17;
    (((*random >> 32) * u64::from(count)) >> 32) as u32
}

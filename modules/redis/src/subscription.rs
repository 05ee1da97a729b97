//! The asset `redis_subscription`: channels, and what came from them.
//!
//! ```text
//! redis_receive --takes-- inbox <-- Scan, Push <-- bytes that came     (whoever waits reads; between steps its user's idle work does)
//! ```

use crate::cluster::SEED;
use crate::command::{put_bytes, put_head};
use crate::connection::RedisConnection;
use crate::redis_connection::Metric as Redirected;
use crate::redis_subscription::{Error as Kind, Exports, Inputs, Metric, Uses};
use crate::reply::Reply;
use crate::routed::REDIRECTIONS;
use crate::scan::Scan;
use crate::slot::slot;
use bggo_runtime::contract::{
    Asset, AssetClock, AssetCx, AssetMetrics, Fault, FaultText, Moment, Prepare, Step, Text, Value,
};
use bggo_wire::{Inbox, InboxLimits, KeptDeadline, OnFull, Trouble, Turns, Wire};
use std::cell::RefCell;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Context, Poll, Waker, ready};

/// A subscription.
#[derive(Debug)]
pub struct RedisSubscription {
    inner: RefCell<Inner>,
    /// Steps that receive do so one after the other.
    pub(crate) turns: Turns,
    pub(crate) deadline: KeptDeadline,
    settings: Rc<Settings>,
    clock: AssetClock,
    metrics: AssetMetrics,
}

/// What holds for all subscriptions of a resource on a thread.
#[derive(Debug)]
pub struct Settings {
    /// The commands that subscribe, and how many channels they name.
    commands: Vec<u8>,
    channels: usize,
    /// The first one that is no pattern.
    channel: Option<Text>,
    /// The slots of the shard channels, each once: one node has all channels of one slot.
    slots: Vec<u16>,
    inbox: InboxLimits,
    keeps: bool,
}

#[derive(Debug)]
struct Inner {
    wire: Wire,
    scan: Scan,
    most: usize,
    inbox: Inbox<Message>,
    /// The step that waits.
    waiting: Option<Waker>,
    /// Why no more will come.
    ended: Option<Fault>,
    /// A step has failed because of that.
    is_told: bool,
}

/// A message that came.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    pub(crate) channel: Text,
    pub(crate) payload: Value,
    pub(crate) came: Moment,
}

/// What a server says on a connection that is subscribed.
enum Push {
    Message {
        channel: Text,
        payload: Value,
        bytes: usize,
    },
    /// One more channel is subscribed to.
    Subscribed,
    /// It refuses a channel, or names the node that has it.
    Refused(String),
    /// The node has a shard channel no more.
    Left,
    /// Something else.
    Else,
}

impl Asset for RedisSubscription {
    const WORKS_WHEN_IDLE: bool = true;

    type Inputs = Inputs;
    type Uses = Uses;
    /// The settings, if they are the same for all subscriptions of the thread.
    type Ready = Option<Rc<Settings>>;
    type Exports = Exports;

    fn prepare(_: &Prepare<'_>, inputs: &Inputs) -> Result<Self::Ready, Fault> {
        Ok(settings(inputs).map(Rc::new))
    }

    async fn create(
        cx: AssetCx,
        ready: Rc<Self::Ready>,
        uses: Uses,
        inputs: Inputs,
    ) -> Result<Self, Fault> {
        let settings = match &*ready {
            Some(settings) => Rc::clone(settings),
            None => Rc::new(settings(&inputs).ok_or_else(|| {
                Kind::Subscribe.fault("an argument of the subscription is missing")
            })?),
        };
        let (clock, metrics) = (cx.clock(), cx.metrics());
        let inner = begin(&uses.connection, &settings, &clock, &metrics).await?;
        Ok(Self {
            inner: RefCell::new(inner),
            turns: Turns::new(),
            deadline: KeptDeadline::new(),
            settings,
            clock,
            metrics,
        })
    }

    fn exports(&self) -> Exports {
        Exports {
            channel: match &self.settings.channel {
                Some(channel) => Value::Text(channel.clone()),
                None => Value::Null,
            },
            subscribed: true.into(),
        }
    }

    fn has_idle_work(&self) -> bool {
        let inner = self.inner.borrow();
        inner.ended.is_none() && !self.holds_up(&inner)
    }

    fn poll_idle(&self, cx: &mut Context<'_>) {
        self.read(cx);
    }

    fn is_spent(&self) -> bool {
        self.inner.borrow().is_told
    }

    async fn destroy(self) -> Result<(), Fault> {
        // Its connection closes with it.
        Ok(())
    }
}

impl RedisSubscription {
    /// Drops messages of other iterations than that of a step, if the grid does not keep them.
    pub(crate) fn forget_before(&self, step: &Step<'_>) {
        if self.settings.keeps {
            return;
        }
        let began = step.iteration_began();
        let dropped = self
            .inner
            .borrow_mut()
            .inbox
            .drop_while(|message| message.came < began);
        self.count_dropped(dropped);
    }

    /// Messages that a step skipped.
    pub(crate) fn count_dropped(&self, count: u64) {
        if count > 0 {
            self.metrics.add(Metric::DROPPED, count);
        }
    }

    /// The next message.
    ///
    /// # Errors
    /// No more will come.
    pub(crate) fn poll_next(&self, cx: &mut Context<'_>) -> Poll<Result<Message, Fault>> {
        self.read(cx);
        let mut inner = self.inner.borrow_mut();
        if let Some(message) = inner.inbox.take() {
            inner.waiting = None;
            return Poll::Ready(Ok(message));
        }
        if let Some(fault) = inner.ended.clone() {
            inner.is_told = true;
            return Poll::Ready(Err(fault));
        }
        inner.waiting = Some(cx.waker().clone());
        Poll::Pending
    }

    /// Gives a message back: the next step gets it first.
    pub(crate) fn put_back(&self, message: Message) {
        let bytes = size(&message.payload);
        self.inner.borrow_mut().inbox.put_back(message, bytes);
    }

    /// Whether nothing is read until a step has taken something.
    fn holds_up(&self, inner: &Inner) -> bool {
        self.settings.inbox.on_full == OnFull::Block && inner.inbox.is_full(&self.settings.inbox)
    }

    /// Takes all that has come into the inbox.
    fn read(&self, cx: &mut Context<'_>) {
        let mut inner = self.inner.borrow_mut();
        let mut waits = None;
        while inner.ended.is_none() && !self.holds_up(&inner) {
            match inner.poll_push(cx) {
                Poll::Pending => break,
                Poll::Ready(Ok(Push::Message {
                    channel,
                    payload,
                    bytes,
                })) => {
                    let came = self.clock.now();
                    inner.put(
                        Message {
                            channel,
                            payload,
                            came,
                        },
                        bytes,
                        &self.settings,
                        &self.metrics,
                    );
                }
                Poll::Ready(Ok(Push::Subscribed | Push::Else)) => continue,
                Poll::Ready(Ok(Push::Refused(error))) => inner.ended = Some(refused(&error)),
                Poll::Ready(Ok(Push::Left)) => inner.ended = Some(left()),
                Poll::Ready(Err(fault)) => inner.ended = Some(fault),
            }
            waits = waits.or_else(|| inner.waiting.take());
        }
        drop(inner);
        // It may take the message at once, so nothing is borrowed here.
        if let Some(waker) = waits
            && !waker.will_wake(cx.waker())
        {
            waker.wake();
        }
    }
}

/// Subscribes, in a cluster at the node that has the shard channels.
async fn begin(
    connection: &RedisConnection,
    settings: &Settings,
    clock: &AssetClock,
    metrics: &AssetMetrics,
) -> Result<Inner, Fault> {
    let cluster = connection.settings().cluster();
    let mut node = None;
    if let Some(cluster) = cluster {
        if settings.slots.len() > 1 {
            let text = "the shard channels are in different slots of the cluster: give them the same part in braces, as `{news}:sport`, or a subscription each";
            return Err(Kind::Subscribe.fault(text));
        }
        node = settings.slots.first().map(|slot| (cluster, *slot));
    }
    let mut moved = None;
    for _ in 0..=REDIRECTIONS {
        let opened = match node {
            Some(of_cluster) => connection.open_apart_at(of_cluster, moved).await,
            None => connection.open_apart().await.map(|wire| (wire, SEED)),
        };
        let (mut wire, at) = opened.map_err(|fault| Kind::Connect.of(fault))?;
        wire.send_only();
        wire.out().put(&settings.commands);
        wire.flush().await.map_err(|trouble| broken(&trouble))?;
        let mut inner = Inner {
            wire,
            scan: Scan::default(),
            most: connection.settings().max_reply,
            inbox: Inbox::new(),
            waiting: None,
            ended: None,
            is_told: false,
        };
        let error = inner.begin(settings, clock, metrics).await?;
        let Some(error) = error else {
            return Ok(inner);
        };
        let redirection = cluster.and_then(|cluster| cluster.redirection(&error, at));
        match redirection {
            Some(to) => {
                connection.count(Redirected::REDIRECTIONS, 1);
                moved = Some(to.to());
            }
            None => return Err(refused(&error)),
        }
    }
    Err(Kind::Subscribe.fault("the nodes of the cluster name one another for the shard channels"))
}

impl Inner {
    /// Waits until all channels are subscribed to, or one is refused: why.
    async fn begin(
        &mut self,
        settings: &Settings,
        clock: &AssetClock,
        metrics: &AssetMetrics,
    ) -> Result<Option<String>, Fault> {
        let mut missing = settings.channels;
        while missing > 0 {
            match poll_fn(|cx| self.poll_push(cx)).await? {
                Push::Subscribed => missing -= 1,
                Push::Message {
                    channel,
                    payload,
                    bytes,
                } => {
                    let message = Message {
                        channel,
                        payload,
                        came: clock.now(),
                    };
                    self.put(message, bytes, settings, metrics);
                }
                Push::Refused(error) => return Ok(Some(error)),
                Push::Left => return Err(left()),
                Push::Else => {}
            }
        }
        Ok(None)
    }

    fn put(&mut self, message: Message, bytes: usize, settings: &Settings, metrics: &AssetMetrics) {
        let dropped = self.inbox.put(message, bytes, &settings.inbox);
        metrics.add(Metric::MESSAGES_RECEIVED, 1);
        if dropped > 0 {
            metrics.add(Metric::DROPPED, dropped);
        }
    }

    /// What the server says next.
    fn poll_push(&mut self, cx: &mut Context<'_>) -> Poll<Result<Push, Fault>> {
        loop {
            let no_reply = |_| Kind::Protocol.fault("what came is no reply of Redis");
            if let Some(end) = self.scan.end(self.wire.peek()).map_err(no_reply)? {
                self.scan = Scan::default();
                let reply = Reply::new(self.wire.peek().get(..end).unwrap_or_default());
                let push = push(reply);
                self.wire.consume(end);
                return Poll::Ready(push);
            }
            match ready!(self.wire.poll_fill(cx, self.most)) {
                Ok(0) => return Poll::Ready(Err(broken(&Trouble::closed()))),
                Ok(_) => {}
                Err(trouble) => return Poll::Ready(Err(broken(&trouble))),
            }
        }
    }
}

fn push(reply: Reply<'_>) -> Result<Push, Fault> {
    if let Some(error) = reply.error() {
        return Ok(Push::Refused(error.to_owned()));
    }
    let no_reply = || Kind::Protocol.fault("what came is no message of a subscription");
    let items = reply.items().ok_or_else(no_reply)?;
    let text = |at: usize| match items.get(at)?.value().ok()? {
        Value::Text(text) => Some(text),
        Value::Bytes(bytes) => Some(Text::from(String::from_utf8_lossy(&bytes).into_owned())),
        _ => None,
    };
    let kind = text(0).ok_or_else(no_reply)?;
    // A message of a pattern has the pattern before its channel.
    let channel = match kind.as_str() {
        "message" | "smessage" => 1,
        "pmessage" => 2,
        "subscribe" | "psubscribe" | "ssubscribe" => return Ok(Push::Subscribed),
        "sunsubscribe" => return Ok(Push::Left),
        _ => return Ok(Push::Else),
    };
    let payload = items.get(channel + 1).and_then(|item| item.value().ok());
    let payload = payload.ok_or_else(no_reply)?;
    Ok(Push::Message {
        channel: text(channel).ok_or_else(no_reply)?,
        bytes: size(&payload),
        payload,
    })
}

fn refused(error: &str) -> Fault {
    let (word, rest) = error.split_once(' ').unwrap_or((error, ""));
    Kind::Subscribe.fault(crate::outcome::told(word, rest))
}

fn left() -> Fault {
    Kind::Closed.fault(
        "the subscription ended: the shard channels have moved to another node of the cluster",
    )
}

fn size(payload: &Value) -> usize {
    match payload {
        Value::Text(text) => text.len(),
        Value::Bytes(bytes) => bytes.len(),
        _ => 0,
    }
}

fn broken(trouble: &Trouble) -> Fault {
    let text = match trouble.kind() {
        bggo_wire::Kind::TooLarge => {
            return Kind::Protocol
                .fault("a message has more bytes than max_reply_size of its connection");
        }
        _ => FaultText::plain("the subscription ended: ").and_text(trouble.text()),
    };
    Kind::Closed.of(trouble.fault(text))
}

/// The settings, if each argument is known.
fn settings(inputs: &Inputs) -> Option<Settings> {
    let lists = [
        ("SUBSCRIBE", inputs.channels.known()?),
        ("PSUBSCRIBE", inputs.patterns.known()?),
        ("SSUBSCRIBE", inputs.shard_channels.known()?),
    ];
    let (mut commands, mut count) = (Vec::new(), 0);
    for (command, list) in lists {
        let Some(names) = list.items().filter(|names| !names.is_empty()) else {
            continue;
        };
        put_head(&mut commands, names.len() + 1);
        put_bytes(&mut commands, command.as_bytes());
        for name in names.iter().filter_map(Value::as_text) {
            put_bytes(&mut commands, name.as_bytes());
            count += 1;
        }
    }
    let shard_channels = inputs.shard_channels.known()?.items()?;
    let names = shard_channels.iter().filter_map(Value::as_text);
    let mut slots: Vec<u16> = names.map(|name| slot(name.as_bytes())).collect();
    slots.sort_unstable();
    slots.dedup();
    Some(Settings {
        slots,
        commands,
        channels: count,
        channel: inputs
            .channels
            .known()?
            .at(0)
            .and_then(|first| first.as_text().map(|text| Text::from(text.to_owned()))),
        inbox: InboxLimits {
            messages: inputs
                .inbox_messages
                .known()?
                .as_usize()
                .unwrap_or(usize::MAX),
            bytes: usize::try_from(*inputs.inbox_size.known()?).unwrap_or(usize::MAX),
            on_full: match &**inputs.on_full.known()? {
                "block" => OnFull::Block,
                _ => OnFull::DropOldest,
            },
        },
        keeps: *inputs.keep.known()?,
    })
}

//! The asset `redis_subscription`: channels, and what came from them.
//!
//! ```text
//! redis_receive --takes-- inbox of Listening <-- Scan, Push <-- bytes that came
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
use bggo_runtime::contract::{Asset, AssetCx, Counter, Fault, FaultText, Prepare, Text, Value};
use bggo_wire::{Keeps, Listening, Listens, Trouble, Wire};
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

/// A subscription.
#[derive(Debug)]
pub struct RedisSubscription {
    pub(crate) listening: Listening<Pushes>,
    settings: Rc<Settings>,
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
    keeps: Keeps,
}

/// A connection that is subscribed.
#[derive(Debug)]
pub(crate) struct Pushes {
    wire: Wire,
    scan: Scan,
    most: usize,
}

/// A message that came.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    pub(crate) channel: Text,
    pub(crate) payload: Value,
}

/// What a server says on a connection that is subscribed.
enum Push {
    Message(Message),
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
        let (pushes, early) = begin(&uses.connection, &settings).await?;
        let listening = Listening::new(pushes, settings.keeps, (cx.clock(), cx.metrics()));
        early.into_iter().for_each(|message| listening.put(message));
        Ok(Self {
            listening,
            settings,
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
        self.listening.has_idle_work()
    }

    fn poll_idle(&self, cx: &mut Context<'_>) {
        self.listening.read(cx);
    }

    fn is_spent(&self) -> bool {
        self.listening.is_spent()
    }

    async fn destroy(self) -> Result<(), Fault> {
        // Its connection closes with it.
        Ok(())
    }
}

impl Listens for Pushes {
    type Message = Message;

    const RECEIVED: Counter = Metric::MESSAGES_RECEIVED;
    const DROPPED: Counter = Metric::DROPPED;

    fn poll_heard(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Message>, Fault>> {
        Poll::Ready(match ready!(self.poll_push(cx))? {
            Push::Message(message) => Ok(Some(message)),
            Push::Refused(error) => Err(refused(&error)),
            Push::Left => Err(left()),
            Push::Subscribed | Push::Else => Ok(None),
        })
    }

    fn size(message: &Message) -> usize {
        match &message.payload {
            Value::Text(text) => text.len(),
            Value::Bytes(bytes) => bytes.len(),
            _ => 0,
        }
    }
}

/// Subscribes, in a cluster at the node that has the shard channels. Gives messages as well that came before all channels were subscribed to.
async fn begin(
    connection: &RedisConnection,
    settings: &Settings,
) -> Result<(Pushes, Vec<Message>), Fault> {
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
        let mut pushes = Pushes {
            wire,
            scan: Scan::default(),
            most: connection.settings().max_reply,
        };
        let mut early = Vec::new();
        let Some(error) = pushes.begin(settings.channels, &mut early).await? else {
            return Ok((pushes, early));
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

impl Pushes {
    /// Waits until so many channels are subscribed to, or one is refused: why.
    async fn begin(
        &mut self,
        channels: usize,
        early: &mut Vec<Message>,
    ) -> Result<Option<String>, Fault> {
        let mut missing = channels;
        while missing > 0 {
            match poll_fn(|cx| self.poll_push(cx)).await? {
                Push::Subscribed => missing -= 1,
                Push::Message(message) => early.push(message),
                Push::Refused(error) => return Ok(Some(error)),
                Push::Left => return Err(left()),
                Push::Else => {}
            }
        }
        Ok(None)
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
    Ok(Push::Message(Message {
        channel: text(channel).ok_or_else(no_reply)?,
        payload,
    }))
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
        keeps: Keeps::new(
            inputs.inbox_messages.known()?.as_usize(),
            *inputs.inbox_size.known()?,
            inputs.on_full.known()?,
            *inputs.keep.known()?,
        ),
    })
}

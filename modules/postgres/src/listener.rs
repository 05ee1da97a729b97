//! The asset `postgres_listener`: channels, and the notifications that came from them.
//!
//! ```text
//! postgres_receive --takes-- inbox <-- Said <-- messages of the server     (whoever waits reads; between steps its user's idle work does)
//! ```

use crate::connection::PostgresConnection;
use crate::message::{self, Bad, Fields, MOST, Message, put_query, send};
use crate::postgres_listener::{Error as Kind, Exports, Inputs, Metric, Uses};
use crate::server_error::ServerError;
use bggo_runtime::contract::{
    Asset, AssetClock, AssetCx, AssetMetrics, Fault, FaultText, Moment, Prepare, Step, Text, Value,
};
use bggo_wire::{Inbox, InboxLimits, KeptDeadline, OnFull, Trouble, Turns, Wire};
use std::cell::RefCell;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Context, Poll, Waker, ready};

/// A connection that listens.
#[derive(Debug)]
pub struct PostgresListener {
    inner: RefCell<Inner>,
    /// Steps that receive do so one after the other.
    pub(crate) turns: Turns,
    pub(crate) deadline: KeptDeadline,
    settings: Rc<Settings>,
    clock: AssetClock,
    metrics: AssetMetrics,
}

/// What holds for all listeners of a resource on a thread.
#[derive(Debug)]
pub struct Settings {
    /// The statements that listen.
    statements: String,
    /// The first channel.
    channel: Text,
    inbox: InboxLimits,
    keeps: bool,
}

#[derive(Debug)]
struct Inner {
    wire: Wire,
    inbox: Inbox<Notification>,
    /// The step that waits.
    waiting: Option<Waker>,
    /// Why no more will come.
    ended: Option<Fault>,
    /// A step has failed because of that.
    is_told: bool,
}

/// A notification that came.
#[derive(Debug, Clone)]
pub(crate) struct Notification {
    /// The process of the server for the session that sent it.
    pub(crate) pid: u32,
    pub(crate) channel: Text,
    pub(crate) payload: Text,
    pub(crate) came: Moment,
}

/// What a server says on a connection that listens.
enum Said {
    Notification(u32, Text, Text),
    /// It is ready: all channels are listened to.
    Ready,
    Error(ServerError),
    /// Something else.
    Else,
}

impl Asset for PostgresListener {
    const WORKS_WHEN_IDLE: bool = true;

    type Inputs = Inputs;
    type Uses = Uses;
    /// The settings, if they are the same for all listeners of the thread.
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
            None => Rc::new(
                settings(&inputs)
                    .ok_or_else(|| Kind::Listen.fault("an argument of the listener is missing"))?,
            ),
        };
        let connection: &PostgresConnection = &uses.connection;
        let wire = connection.open_apart().await;
        let mut wire = wire.map_err(|fault| Kind::Connect.of(fault))?;
        wire.send_only();
        send(wire.out(), |out| put_query(out, &settings.statements));
        wire.flush().await.map_err(|trouble| broken(&trouble))?;
        let mut inner = Inner {
            wire,
            inbox: Inbox::new(),
            waiting: None,
            ended: None,
            is_told: false,
        };
        let (clock, metrics) = (cx.clock(), cx.metrics());
        loop {
            match poll_fn(|cx| inner.poll_said(cx)).await? {
                Said::Ready => break,
                Said::Error(error) => return Err(Kind::Listen.of(error.fault())),
                Said::Notification(pid, channel, payload) => {
                    let came = clock.now();
                    let notification = Notification {
                        pid,
                        channel,
                        payload,
                        came,
                    };
                    inner.put(notification, &settings, &metrics);
                }
                Said::Else => {}
            }
        }
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
            channel: Value::Text(self.settings.channel.clone()),
            listening: true.into(),
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

impl PostgresListener {
    /// Drops notifications of other iterations than that of a step, if the grid does not keep them.
    pub(crate) fn forget_before(&self, step: &Step<'_>) {
        if self.settings.keeps {
            return;
        }
        let began = step.iteration_began();
        let dropped = self
            .inner
            .borrow_mut()
            .inbox
            .drop_while(|notification| notification.came < began);
        self.count_dropped(dropped);
    }

    /// Notifications that a step skipped.
    pub(crate) fn count_dropped(&self, count: u64) {
        if count > 0 {
            self.metrics.add(Metric::DROPPED, count);
        }
    }

    /// The next notification.
    ///
    /// # Errors
    /// No more will come.
    pub(crate) fn poll_next(&self, cx: &mut Context<'_>) -> Poll<Result<Notification, Fault>> {
        self.read(cx);
        let mut inner = self.inner.borrow_mut();
        if let Some(notification) = inner.inbox.take() {
            inner.waiting = None;
            return Poll::Ready(Ok(notification));
        }
        if let Some(fault) = inner.ended.clone() {
            inner.is_told = true;
            return Poll::Ready(Err(fault));
        }
        inner.waiting = Some(cx.waker().clone());
        Poll::Pending
    }

    /// Gives a notification back: the next step gets it first.
    pub(crate) fn put_back(&self, notification: Notification) {
        let bytes = notification.payload.len();
        self.inner.borrow_mut().inbox.put_back(notification, bytes);
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
            match inner.poll_said(cx) {
                Poll::Pending => break,
                Poll::Ready(Ok(Said::Notification(pid, channel, payload))) => {
                    let notification = Notification {
                        pid,
                        channel,
                        payload,
                        came: self.clock.now(),
                    };
                    inner.put(notification, &self.settings, &self.metrics);
                }
                Poll::Ready(Ok(Said::Ready | Said::Else)) => continue,
                Poll::Ready(Ok(Said::Error(error))) => {
                    inner.ended = Some(Kind::Closed.of(error.fault()));
                }
                Poll::Ready(Err(fault)) => inner.ended = Some(fault),
            }
            waits = waits.or_else(|| inner.waiting.take());
        }
        drop(inner);
        // It may take the notification at once, so nothing is borrowed here.
        if let Some(waker) = waits
            && !waker.will_wake(cx.waker())
        {
            waker.wake();
        }
    }
}

impl Inner {
    fn put(&mut self, notification: Notification, settings: &Settings, metrics: &AssetMetrics) {
        let bytes = notification.payload.len();
        let dropped = self.inbox.put(notification, bytes, &settings.inbox);
        metrics.add(Metric::NOTIFICATIONS_RECEIVED, 1);
        if dropped > 0 {
            metrics.add(Metric::DROPPED, dropped);
        }
    }

    /// What the server says next.
    fn poll_said(&mut self, cx: &mut Context<'_>) -> Poll<Result<Said, Fault>> {
        loop {
            let malformed = |Bad(text)| Kind::Protocol.fault(text);
            if let Some((message, length)) = message::first(self.wire.peek()).map_err(malformed)? {
                let said = said(message).map_err(malformed);
                self.wire.consume(length);
                return Poll::Ready(said);
            }
            match ready!(self.wire.poll_fill(cx, MOST + 5)) {
                Ok(0) => return Poll::Ready(Err(broken(&Trouble::closed()))),
                Ok(_) => {}
                Err(trouble) => return Poll::Ready(Err(broken(&trouble))),
            }
        }
    }
}

fn said(message: Message<'_>) -> Result<Said, Bad> {
    let mut fields = Fields(message.body);
    let text = |bytes: &[u8]| Text::from(String::from_utf8_lossy(bytes).into_owned());
    Ok(match message.tag {
        b'A' => Said::Notification(fields.u32()?, text(fields.text()?), text(fields.text()?)),
        b'Z' => Said::Ready,
        b'E' => Said::Error(ServerError::read(message.body)),
        _ => Said::Else,
    })
}

fn broken(trouble: &Trouble) -> Fault {
    let text = FaultText::plain("the connection of the listener ended: ").and_text(trouble.text());
    Kind::Closed.of(trouble.fault(text))
}

/// The settings, if each argument is known.
fn settings(inputs: &Inputs) -> Option<Settings> {
    let channels = inputs.channels.known()?.items()?;
    let names = channels.iter().filter_map(Value::as_text);
    let listen = |name: &str| format!("LISTEN \"{}\"", name.replace('"', "\"\""));
    Some(Settings {
        statements: names.map(listen).collect::<Vec<_>>().join("; "),
        channel: Text::from(channels.first()?.as_text()?.to_owned()),
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

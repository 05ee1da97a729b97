//! The asset `postgres_listener`: channels, and the notifications that came from them.
//!
//! ```text
//! postgres_receive --takes-- inbox of Listening <-- Said <-- messages of the server
//! ```

use crate::connection::PostgresConnection;
use crate::message::{self, Bad, Fields, MOST, Message, put_query, send};
use crate::postgres_listener::{Error as Kind, Exports, Inputs, Metric, Uses};
use crate::server_error::ServerError;
use bggo_runtime::contract::{Asset, AssetCx, Counter, Fault, FaultText, Prepare, Text, Value};
use bggo_wire::{Keeps, Listening, Listens, Trouble, Wire};
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

/// A connection that listens.
#[derive(Debug)]
pub struct PostgresListener {
    pub(crate) listening: Listening<Notifications>,
    settings: Rc<Settings>,
}

/// What holds for all listeners of a resource on a thread.
#[derive(Debug)]
pub struct Settings {
    /// The statements that listen.
    statements: String,
    /// The first channel.
    channel: Text,
    keeps: Keeps,
}

/// The wire of a session that listens.
#[derive(Debug)]
pub(crate) struct Notifications(Wire);

/// A notification that came.
#[derive(Debug, Clone)]
pub(crate) struct Notification {
    /// The process of the server for the session that sent it.
    pub(crate) pid: u32,
    pub(crate) channel: Text,
    pub(crate) payload: Text,
}

/// What a server says on a connection that listens.
enum Said {
    Notification(Notification),
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
        let mut notifications = Notifications(wire);
        let mut early = Vec::new();
        loop {
            match poll_fn(|cx| notifications.poll_said(cx)).await? {
                Said::Ready => break,
                Said::Error(error) => return Err(Kind::Listen.of(error.fault())),
                Said::Notification(notification) => early.push(notification),
                Said::Else => {}
            }
        }
        let clock_and_metrics = (cx.clock(), cx.metrics());
        let listening = Listening::new(notifications, settings.keeps, clock_and_metrics);
        early
            .into_iter()
            .for_each(|notification| listening.put(notification));
        Ok(Self {
            listening,
            settings,
        })
    }

    fn exports(&self) -> Exports {
        Exports {
            channel: Value::Text(self.settings.channel.clone()),
            listening: true.into(),
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

impl Listens for Notifications {
    type Message = Notification;

    const RECEIVED: Counter = Metric::NOTIFICATIONS_RECEIVED;
    const DROPPED: Counter = Metric::DROPPED;

    fn poll_heard(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Notification>, Fault>> {
        Poll::Ready(match ready!(self.poll_said(cx))? {
            Said::Notification(notification) => Ok(Some(notification)),
            Said::Error(error) => Err(Kind::Closed.of(error.fault())),
            Said::Ready | Said::Else => Ok(None),
        })
    }

    fn size(notification: &Notification) -> usize {
        notification.payload.len()
    }
}

impl Notifications {
    /// What the server says next.
    fn poll_said(&mut self, cx: &mut Context<'_>) -> Poll<Result<Said, Fault>> {
        loop {
            let malformed = |Bad(text)| Kind::Protocol.fault(text);
            if let Some((message, length)) = message::first(self.0.peek()).map_err(malformed)? {
                let said = said(message).map_err(malformed);
                self.0.consume(length);
                return Poll::Ready(said);
            }
            match ready!(self.0.poll_fill(cx, MOST + 5)) {
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
        b'A' => Said::Notification(Notification {
            pid: fields.u32()?,
            channel: text(fields.text()?),
            payload: text(fields.text()?),
        }),
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
        keeps: Keeps::new(
            inputs.inbox_messages.known()?.as_usize(),
            *inputs.inbox_size.known()?,
            inputs.on_full.known()?,
            *inputs.keep.known()?,
        ),
    })
}

//! The beginning of a connection: the handshake of WebSocket, the first packet of Engine.IO, and the answer of the namespace.
//!
//! ```text
//! 101 -> 0{"pingInterval":..} -> 40/namespace,{auth} -> 40/namespace,{"sid":..}   (or 44: refused)
//! GET -> 0{"sid":..,..} -> 101 -> 2probe -> 3probe -> 5 -> 40.. as before         (polling first)
//! ```

use crate::engine::{EnginePacket, Opened, PONG};
use crate::kinds::named;
use crate::malformed::Malformed;
use crate::owner::Owner;
use crate::packet::{Kind as PacketKind, Packet};
use crate::payload::connect;
use crate::place::handshake;
use crate::polling;
use crate::settings::{Settings, Way};
use crate::socket::Socket;
use crate::socketio_client::{Error as Kind, Metric};
use bggo_module_websocket::{Compression, Connect, Content, Message, Outgoing, Session, Wants};
use bggo_runtime::contract::{Deadline, Fault, FaultText, Text, format_duration};
use std::future::poll_fn;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

/// The most characters of a server's words that a fault shows.
const SHOWN: usize = 300;

/// A user whom the namespace has let in.
#[derive(Debug)]
pub(crate) struct Entered {
    pub(crate) socket: Socket,
    /// The id that the server gave.
    pub(crate) id: Option<String>,
}

/// How long all of it may take.
struct Limit {
    deadline: Deadline,
    time: Duration,
}

/// Connects, shakes hands and enters the namespace, all within a time.
///
/// # Errors
/// The kinds of the asset `socketio_client`.
pub(crate) async fn enter(
    settings: &Rc<Settings>,
    owner: Owner<'_>,
    time: Duration,
) -> Result<Entered, Fault> {
    let context = settings.context(&owner);
    let mut limit = Limit {
        deadline: owner.clock.deadline(),
        time,
    };
    let began = owner.clock.now();
    limit.deadline.set(began + time);
    let headers = settings.headers.iter();
    let headers = headers.map(|(name, value)| (name.as_str(), value.as_str()));
    let headers: Vec<_> = headers.collect();
    let polled = match settings.way {
        Way::WebSocket => None,
        Way::PollingFirst => Some(polling::open(settings, &owner, &headers, time).await?),
    };
    let session = polled.as_ref().and_then(|opened| opened.session.as_deref());
    let begun = owner.clock.now();
    let connect = Connect {
        url: &handshake(&settings.server, "websocket", session),
        headers: &headers,
        subprotocols: &[],
        compression: Compression::Off,
        timeout: time.saturating_sub(begun - began),
        trusts_every_certificate: settings.trusts_every_certificate,
        url_is_sensitive: owner.url_is_sensitive,
    };
    let connected = connect.session(owner.asking, owner.client, context);
    let session = connected.await?.session;
    let entered = async {
        let opened = match polled {
            None => hear_open(&session, &mut limit).await?,
            Some(opened) => {
                upgrade(&session, &mut limit).await?;
                if let Some(metrics) = &owner.metrics {
                    metrics.record_time(Metric::UPGRADE, owner.clock.now() - begun);
                }
                opened
            }
        };
        let id = enter_namespace(&session, settings, &mut limit).await?;
        Ok((opened.silence, id))
    };
    match entered.await {
        Ok((silence, id)) => Ok(Entered {
            socket: Socket::begin(session, settings, silence, context),
            id,
        }),
        Err(fault) => {
            let fault = named(fault).unwrap_or_else(|fault| fault);
            session.give_up(1000, fault.clone());
            Err(fault)
        }
    }
}

/// Hears what the server announces.
async fn hear_open(session: &Session, limit: &mut Limit) -> Result<Opened, Fault> {
    let first = next_text(session, limit).await?;
    match EnginePacket::read(&first)? {
        EnginePacket::Open(opened) => Ok(opened),
        _ => Err(Malformed("the first packet of Engine.IO does not open a session").into()),
    }
}

/// Goes on with a session that began by polling.
async fn upgrade(session: &Session, limit: &mut Limit) -> Result<(), Fault> {
    put(session, "2probe")?;
    if *next_text(session, limit).await? != *"3probe" {
        return Err(Malformed("the server did not answer the probe of WebSocket").into());
    }
    put(session, "5")
}

/// Asks to be let into the namespace: the id that the server gives.
async fn enter_namespace(
    session: &Session,
    settings: &Settings,
    limit: &mut Limit,
) -> Result<Option<String>, Fault> {
    put(
        session,
        &connect(&settings.namespace, settings.auth.as_deref()),
    )?;
    loop {
        let text = next_text(session, limit).await?;
        match EnginePacket::read(&text)? {
            EnginePacket::Ping(payload) => put(session, &format!("{PONG}{payload}"))?,
            EnginePacket::Noop => {}
            EnginePacket::Message(text) => return entered(text, &settings.namespace),
            EnginePacket::Close => {
                return Err(Kind::ClosedByPeer.fault("the server closed the session of Engine.IO"));
            }
            EnginePacket::Open(_) => {
                return Err(Malformed("a session of Engine.IO began a second time").into());
            }
        }
    }
}

/// What the namespace says to who wants to enter: the id that it gives.
fn entered(text: &str, namespace: &str) -> Result<Option<String>, Fault> {
    let packet = Packet::read(text, namespace)?;
    match packet.kind {
        PacketKind::Connect => Ok(packet.field("sid")),
        PacketKind::ConnectError => {
            let text = FaultText::plain("the server refused the namespace");
            let why: String = packet.why_refused().chars().take(SHOWN).collect();
            Err(Kind::ConnectError.fault(match why.trim() {
                "" => text,
                why => text.and(": ").and_value(why),
            }))
        }
        PacketKind::Disconnect | PacketKind::Event | PacketKind::Ack => {
            Err(Malformed("the namespace did not answer who wants to enter").into())
        }
    }
}

fn put(session: &Session, text: &str) -> Result<(), Fault> {
    let message = Outgoing {
        is_text: true,
        bytes: text.as_bytes(),
    };
    session.put(message, None)
}

/// The next message, which is a text.
async fn next_text(session: &Session, limit: &mut Limit) -> Result<Text, Fault> {
    match next(session, limit).await?.content {
        Content::Text(text) => Ok(text),
        Content::Binary(_) => Err(Malformed("an attachment came that belongs to no packet").into()),
    }
}

async fn next(session: &Session, limit: &mut Limit) -> Result<Message, Fault> {
    let operation = session.operation(Wants::Messages(1));
    poll_fn(|cx| {
        match operation.poll(cx) {
            Poll::Ready(Err(fault)) => return Poll::Ready(Err(fault)),
            Poll::Ready(Ok(())) => {
                if let Some(message) = session.take() {
                    return Poll::Ready(Ok(message));
                }
            }
            Poll::Pending => {}
        }
        limit.deadline.poll(cx).map(|()| {
            let within = format_duration(limit.time);
            let text = format_args!("the namespace did not answer within {within}");
            Err(Kind::Timeout.fault(FaultText::plain(text)))
        })
    })
    .await
}

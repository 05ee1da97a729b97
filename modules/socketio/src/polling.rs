//! The first request of a session that begins by polling: what the server announces, before the session goes on over WebSocket.

use crate::engine::{EnginePacket, Opened};
use crate::kinds::named;
use crate::malformed::Malformed;
use crate::owner::Owner;
use crate::place::handshake;
use crate::settings::Settings;
use crate::socketio_client::Error as Kind;
use bggo_module_http_request::{Answer, Ask, Place};
use bggo_runtime::contract::{Fault, FaultText, Text};
use std::time::Duration;

/// The most bytes of the answer.
const MOST: u64 = 64 << 10;
/// The most characters of a refusal that a fault shows.
const SHOWN: usize = 200;
/// What stands between two packets of an answer.
const BETWEEN: char = '\u{1e}';

/// Asks for a session.
///
/// # Errors
/// There is none: the kinds of the asset `socketio_client`.
pub(crate) async fn open(
    settings: &Settings,
    owner: &Owner<'_>,
    headers: &[(&str, &str)],
    time: Duration,
) -> Result<Opened, Fault> {
    let url = handshake(&settings.server, "polling", None);
    let place = Place::new(&url).map_err(refused)?;
    let fields = headers.iter();
    let fields: Vec<_> = fields
        .map(|(name, value)| (Text::from(*name), *value))
        .collect();
    let ask = Ask {
        fields: &fields,
        timeout: Some(time),
        most: Some(MOST),
        // Servers behind a balancer find the session again by a cookie.
        has_cookies: true,
        url_is_sensitive: owner.url_is_sensitive,
        ..Ask::new("GET", &place, target(&url))
    };
    let answer = owner.client.ask(owner.asking, &ask).await;
    read(&answer.map_err(refused)?)
}

fn read(answer: &Answer) -> Result<Opened, Fault> {
    let text = String::from_utf8_lossy(&answer.body);
    if answer.status() != 200 {
        let shown: String = text
            .chars()
            .filter(|c| !c.is_control())
            .take(SHOWN)
            .collect();
        let status = format_args!("status {}, expected 200", answer.status());
        return Err(Kind::Handshake.fault(match shown.as_str() {
            "" => FaultText::plain(status),
            shown => FaultText::plain(status).and(": ").and_value(shown),
        }));
    }
    let mut packets = text.split(BETWEEN);
    let first = packets.next().unwrap_or_default();
    let EnginePacket::Open(opened) = EnginePacket::read(first)? else {
        return Err(Malformed("the first packet of Engine.IO does not open a session").into());
    };
    if opened.session.is_none() {
        return Err(Malformed("a session of Engine.IO came without a name").into());
    }
    match packets.next() {
        None => Ok(opened),
        Some(_) => Err(Malformed("a message came before anybody was in a namespace").into()),
    }
}

/// Path and query of a url.
fn target(url: &str) -> &str {
    let behind = url.split_once("://").map_or(url, |(_, behind)| behind);
    let at = behind.find('/').unwrap_or(behind.len());
    behind.get(at..).unwrap_or_default()
}

/// A failure of the request, of a kind that the manifest names.
fn refused(fault: Fault) -> Fault {
    named(fault).unwrap_or_else(|fault| Kind::Handshake.of(fault))
}

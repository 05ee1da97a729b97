//! Packets of Engine.IO, protocol 4, as texts of WebSocket: the first character says what a packet is.
//!
//! ```text
//! 0 open   1 close   2 ping   3 pong   4 message   5 upgrade   6 noop
//! ```
//!
//! A binary message has no such character: it is a message as it stands.

use crate::malformed::Malformed;
use bggo_runtime::contract::{RawJson, Value};
use std::time::Duration;

/// The answer to a ping begins so.
pub(crate) const PONG: char = '3';
/// A message begins so.
pub(crate) const MESSAGE: char = '4';
/// The longest time between two pings that a server may announce. It only keeps sums of times small.
const LONGEST: u64 = 24 * 60 * 60 * 1_000;

/// A packet of a server.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum EnginePacket<'a> {
    Open(Opened),
    Close,
    /// With what its answer holds.
    Ping(&'a str),
    Message(&'a str),
    Noop,
}

/// What a server announces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Opened {
    /// The name of the session, for another transport of it.
    pub(crate) session: Option<String>,
    /// The longest time without a ping.
    pub(crate) silence: Duration,
}

impl<'a> EnginePacket<'a> {
    /// Reads a packet.
    ///
    /// # Errors
    /// It is none that a server may send to a session that no transport is about to replace.
    pub(crate) fn read(text: &'a str) -> Result<Self, Malformed> {
        let mut letters = text.chars();
        let kind = letters.next();
        let rest = letters.as_str();
        match kind {
            Some('0') => Ok(Self::Open(Opened::read(rest)?)),
            Some('1') => Ok(Self::Close),
            Some('2') => Ok(Self::Ping(rest)),
            Some('3') => Err(Malformed("a pong came, and nobody had sent a ping")),
            Some('4') => Ok(Self::Message(rest)),
            Some('5') => Err(Malformed(
                "an upgrade came, and nobody had asked for another transport",
            )),
            Some('6') => Ok(Self::Noop),
            Some(_) => Err(Malformed("a packet of Engine.IO came of an unknown kind")),
            None => Err(Malformed("an empty packet of Engine.IO came")),
        }
    }
}

impl Opened {
    fn read(json: &str) -> Result<Self, Malformed> {
        const WRONG: Malformed =
            Malformed("the first packet of Engine.IO does not say when pings come");
        let json = RawJson::from_text(json).map_err(|_| WRONG)?;
        let millis = |name: &str| match json.field(name).map(Value::from) {
            Some(Value::Number(number)) => number.as_u64().filter(|millis| *millis <= LONGEST),
            _ => None,
        };
        let interval = millis("pingInterval").ok_or(WRONG)?;
        let timeout = millis("pingTimeout").ok_or(WRONG)?;
        match interval + timeout {
            0 => Err(WRONG),
            millis => Ok(Self {
                session: json.field("sid").and_then(text_of),
                silence: Duration::from_millis(millis),
            }),
        }
    }
}

fn text_of(json: RawJson) -> Option<String> {
    Some(json.string()?.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_character_says_what_a_packet_is() {
        for (text, packet) in [
            ("1", EnginePacket::Close),
            ("2", EnginePacket::Ping("")),
            ("2probe", EnginePacket::Ping("probe")),
            ("4", EnginePacket::Message("")),
            ("42[\"a\"]", EnginePacket::Message("2[\"a\"]")),
            ("4\u{fc}", EnginePacket::Message("\u{fc}")),
            ("6", EnginePacket::Noop),
        ] {
            assert_eq!(EnginePacket::read(text), Ok(packet), "{text}");
        }
        for text in ["", "3", "3probe", "5", "7", "b", "\u{fc}", "{}", " 4"] {
            assert!(EnginePacket::read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_first_packet_says_when_pings_come() {
        let open = r#"0{"sid":"lv_VI97HAXpY6yYWAAAB","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}"#;
        let silence = Duration::from_secs(45);
        let session = Some("lv_VI97HAXpY6yYWAAAB".to_owned());
        let opened = EnginePacket::Open(Opened { session, silence });
        assert_eq!(EnginePacket::read(open), Ok(opened));
        for text in [
            "0",
            "0x",
            "0{}",
            "0[]",
            r#"0{"pingInterval":25000}"#,
            r#"0{"pingInterval":"25000","pingTimeout":1}"#,
            r#"0{"pingInterval":-1,"pingTimeout":1}"#,
            r#"0{"pingInterval":1.5,"pingTimeout":1}"#,
            r#"0{"pingInterval":0,"pingTimeout":0}"#,
            r#"0{"pingInterval":1e300,"pingTimeout":1}"#,
            r#"0{"pingInterval":99999999999,"pingTimeout":1}"#,
        ] {
            assert!(EnginePacket::read(text).is_err(), "{text}");
        }
    }
}

//! Socket.IO over WebSocket (Engine.IO 4): lets everybody into the namespace `/`, and acknowledges each event with its own arguments.

use super::websocket::{Answered, Talk, Websocket};

/// A server of Socket.IO.
pub type Socketio = Websocket<Acknowledge>;

/// Acknowledges events.
#[derive(Default)]
pub struct Acknowledge;

impl Talk for Acknowledge {
    /// The session is open. It pings later than any run lasts.
    const GREETING: Option<&'static str> = Some(
        r#"0{"sid":"a","upgrades":[],"pingInterval":600000,"pingTimeout":20000,"maxPayload":1000000}"#,
    );

    fn answer(message: &[u8], answer: &mut Vec<u8>) -> Answered {
        let text = std::str::from_utf8(message).expect("a packet is text");
        if text.starts_with("40") {
            answer.extend_from_slice(br#"40{"sid":"b"}"#);
            return Answered::Else;
        }
        // `42NUMBER["EVENT",ARGUMENTS]`
        let Some((number, event)) = text
            .strip_prefix("42")
            .and_then(|text| text.split_once('['))
        else {
            return Answered::Nothing;
        };
        let (_, arguments) = event.split_once(',').expect("an event with arguments");
        for part in ["43", number, "[", arguments] {
            answer.extend_from_slice(part.as_bytes());
        }
        Answered::Operation
    }
}

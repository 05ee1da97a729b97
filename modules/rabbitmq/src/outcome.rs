//! What the server or the connection says went wrong -> a failure of a kind of the manifest.

use crate::codec::Unwritable;
use crate::frame::NoFrame;
use crate::message::NoMessage;
use crate::method::Closed;
use crate::rabbitmq_publish::Error as Kind;
use bggo_runtime::contract::{Fault, FaultText};
use bggo_wire::Trouble;

/// The failure of what was under way on a channel that the server closed.
pub(crate) fn channel_closed(closed: Closed<'_>) -> Fault {
    let kind = match closed.code {
        403 => Kind::AccessRefused,
        404 => Kind::NotFound,
        405 => Kind::ResourceLocked,
        406 => Kind::PreconditionFailed,
        _ => Kind::ChannelClosed,
    };
    kind.fault(said(closed))
}

/// The failure of all that needs a connection that the server closed.
pub(crate) fn connection_closed(closed: Closed<'_>) -> Fault {
    Kind::ConnectionClosed.fault(said(closed))
}

/// A code and its text, which may quote names.
pub(crate) fn said(closed: Closed<'_>) -> FaultText {
    coded(closed.code, closed.text)
}

/// The same of a message that came back.
pub(crate) fn coded(code: u16, text: &[u8]) -> FaultText {
    let text = String::from_utf8_lossy(text);
    let (word, rest) = text.split_once(" - ").unwrap_or((&text, ""));
    let is_word = !word.is_empty()
        && word
            .bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte == b'_');
    let shown = FaultText::plain(code);
    match (is_word, rest.is_empty()) {
        (true, true) => shown.and(" ").and(word),
        (true, false) => shown.and(" ").and(word).and(": ").and_value(rest),
        (false, _) => shown.and(" ").and_value(&text),
    }
}

/// The failure of a connection that broke off.
pub(crate) fn broken(trouble: &Trouble) -> Fault {
    let kind = match trouble.kind() {
        bggo_wire::Kind::TooLarge => Kind::Protocol,
        _ => Kind::Closed,
    };
    kind.of(trouble.fault(trouble.text().clone()))
}

/// The failure of what is no frame.
pub(crate) fn no_frame(why: NoFrame) -> Fault {
    protocol(match why {
        NoFrame::Kind => "what came is no frame of AMQP 0-9-1",
        NoFrame::TooLarge => "a frame is larger than was agreed on",
        NoFrame::End => "a frame has another end than its size says",
    })
}

/// The failure of what is no message.
pub(crate) fn no_message(why: NoMessage) -> Fault {
    match why {
        NoMessage::Broken => protocol("the parts of a message do not fit"),
        NoMessage::TooLarge => {
            Kind::TooLarge.fault("a message has more bytes than max_message_size")
        }
    }
}

/// The failure of a server that says what it may not.
pub(crate) fn protocol(text: &'static str) -> Fault {
    Kind::Protocol.fault(text)
}

/// The failure of what cannot be sent.
pub(crate) fn unwritable(why: Unwritable) -> Fault {
    Kind::Argument.fault(match why {
        Unwritable::TooLong => {
            "a name, a key or a property has more than 255 bytes, or a table is too large"
        }
        Unwritable::OverFrame => {
            "headers or arguments are larger than a frame, and only bodies are cut into several: frame_max of the connection, or of the server, is smaller"
        }
        Unwritable::TooDeep => "a table has too many tables or lists in each other",
    })
}

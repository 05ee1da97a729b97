//! How a session ended, and the failure of each step that asks something of it afterwards.

use crate::close::Closing;
use crate::violation::Violation;
use crate::websocket_receive::Error as Kind;
use bggo_runtime::contract::{Fault, FaultText};
use bggo_wire::Trouble;

/// Why a session is over.
#[derive(Debug)]
pub(crate) enum End {
    /// A step closed it, and the server answered so.
    ByClient(Closing),
    /// The server closed it.
    ByServer(Closing),
    /// The server did what it may not.
    Violated(Violation),
    /// The connection broke or ended without a close frame.
    Broken(Trouble),
    /// Whoever has the session gave it up.
    GivenUp(Fault),
}

impl End {
    /// What ended it, for the label of a metric.
    pub(crate) fn by(&self) -> &'static str {
        match self {
            Self::ByClient(_) => "client",
            Self::ByServer(_) => "server",
            Self::Violated(violation) => violation_kind(*violation).name(),
            Self::Broken(trouble) => trouble.kind().name(),
            Self::GivenUp(fault) => fault.kind(),
        }
    }

    /// The failure of a step that needs the session.
    pub(crate) fn fault(&self) -> Fault {
        match self {
            Self::ByClient(_) => Kind::Closed.fault("a step closed the session before"),
            Self::ByServer(closing) => {
                let text = FaultText::plain("the server closed the session");
                let text = match closing.code {
                    Some(code) => text.and(format_args!(" with code {code}")),
                    None => text.and(" without a code"),
                };
                Kind::ClosedByPeer.fault(match closing.reason.as_str() {
                    "" => text,
                    reason => text.and(": ").and_value(reason),
                })
            }
            Self::Violated(violation) => {
                let kind = violation_kind(*violation);
                kind.fault(match violation {
                    Violation::Protocol(text) => text,
                    Violation::TooLarge => {
                        "a message of the server has more bytes than max_message_size allows"
                    }
                    Violation::InvalidUtf8 => "a text of the server is no valid UTF-8",
                })
            }
            Self::Broken(trouble) => {
                let words = FaultText::plain("the session broke off");
                trouble.clone().after(&words).into()
            }
            Self::GivenUp(fault) => fault.clone(),
        }
    }
}

const fn violation_kind(violation: Violation) -> Kind {
    match violation {
        Violation::Protocol(_) => Kind::Protocol,
        Violation::TooLarge => Kind::MessageTooLarge,
        Violation::InvalidUtf8 => Kind::InvalidUtf8,
    }
}

//! Why a call ended without a status, and the failure of the step that made it.

use crate::framing::BadMessage;
use crate::grpc_request::Error as Kind;
use bggo_http2::{Bad, Code};
use bggo_runtime::contract::{Fault, FaultText};
use bggo_wire::{Kind as OfWire, Trouble};

/// Why nothing more comes for a call.
#[derive(Debug, Clone)]
pub(crate) enum End {
    /// The connection broke off.
    Broken(Trouble),
    /// Nothing came within the limit, not even the answer to a ping.
    Silent,
    /// What came on the connection is no HTTP/2.
    Bad(Bad),
    /// What came for this call is no answer.
    Failed(Bad),
    /// The server gave the call up.
    Reset(Code),
    /// The server takes no more calls on the connection, and did not look at this one.
    GoneAway(Code),
    /// A message is none that may come.
    Message(BadMessage),
    /// The answer is none of gRPC, and why.
    NoAnswer(&'static str),
}

impl End {
    /// Whether the server says that it did not look at the call, so that it may be made again.
    pub(crate) fn is_unseen(&self) -> bool {
        match self {
            Self::GoneAway(_) => true,
            Self::Reset(code) => *code == Code::REFUSED_STREAM,
            _ => false,
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::Broken(trouble) if trouble.kind() == OfWire::Tls => Kind::Tls,
            // However a server dies, it is the same.
            Self::Broken(_) | Self::Silent | Self::Reset(_) => Kind::Reset,
            Self::Bad(_) | Self::Failed(_) | Self::NoAnswer(_) => Kind::Protocol,
            Self::GoneAway(_) => Kind::Goaway,
            Self::Message(BadMessage::TooLarge(_) | BadMessage::TooMany) => Kind::MessageTooLarge,
            Self::Message(BadMessage::Malformed(_)) => Kind::Protocol,
        }
    }

    fn words(&self) -> FaultText {
        match self {
            Self::Broken(trouble) => {
                FaultText::plain("the connection broke off: ").and_text(trouble.text())
            }
            Self::Silent => {
                FaultText::plain("nothing came from the server, not even the answer to a ping")
            }
            Self::Bad(Bad::NotHttp2) => FaultText::plain(Bad::NotHttp2.words()),
            Self::Bad(bad) => FaultText::plain(format_args!(
                "what came is no right HTTP/2: {}",
                bad.words()
            )),
            Self::Failed(bad) => {
                FaultText::plain(format_args!("the answer is none: {}", bad.words()))
            }
            Self::Reset(code) => FaultText::plain(format_args!(
                "the server gave the call up ({})",
                code.name()
            )),
            Self::GoneAway(code) => FaultText::plain(format_args!(
                "the server ended the connection ({}) and did not look at the call",
                code.name()
            )),
            Self::Message(BadMessage::TooLarge(most)) => FaultText::plain(format_args!(
                "a message of the server has more than {most} bytes, which is max_receive_message_size"
            )),
            Self::Message(BadMessage::TooMany) => FaultText::plain(
                "the messages of the server have together more than 64 MiB, which is the most that a step keeps",
            ),
            Self::Message(BadMessage::Malformed(text)) | Self::NoAnswer(text) => {
                FaultText::plain(text)
            }
        }
    }

    /// The failure of a step.
    pub(crate) fn fault(&self) -> Fault {
        let fault = self.kind().fault(self.words());
        match self {
            Self::Broken(trouble) => match trouble.host_limit() {
                Some(limit) => fault.by_host(limit),
                None => fault,
            },
            _ => fault,
        }
    }
}

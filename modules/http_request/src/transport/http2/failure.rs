//! Why a request over HTTP/2 has no answer, or none that comes to its end.

use crate::fault;
use crate::http_request::Error as Kind;
use crate::transport::message::{Outgoing, Unread};
use bggo_http2::{Bad, Code};
use bggo_runtime::contract::{Fault, FaultText};
use bggo_wire::{Kind as OfWire, Trouble};

/// Why an answer does not come, or does not come to its end.
#[derive(Debug, Clone)]
pub(super) enum End {
    Broken(Trouble),
    /// What came for all of the connection is no HTTP/2.
    Bad(Bad),
    /// What came for this request is no answer.
    Failed(Bad),
    Reset(Code),
    /// The server takes no more requests and did not look at this one.
    GoneAway(Code, Takes),
}

/// Whether a server that goes away takes some of the requests of its connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Takes {
    None,
    Some,
}

impl End {
    pub(super) fn words(&self) -> FaultText {
        match self {
            Self::Broken(trouble) => trouble.text().clone(),
            Self::Bad(Bad::NotHttp2) => FaultText::plain(Bad::NotHttp2.words()),
            Self::Bad(bad) => FaultText::plain(format_args!(
                "what came is no right HTTP/2: {}",
                bad.words()
            )),
            Self::Failed(bad) => FaultText::plain(bad.words()),
            Self::Reset(code) => FaultText::plain(format_args!(
                "the other end gave the HTTP/2 stream up ({})",
                code.name()
            )),
            Self::GoneAway(code, _) => FaultText::plain(format_args!(
                "the other end ended the HTTP/2 connection ({})",
                code.name()
            )),
        }
    }
}

/// Whether a head is larger than any may be.
fn is_too_large(bad: Bad) -> bool {
    matches!(
        bad,
        Bad::TooManyFields | Bad::HeadTooLarge | Bad::BlockTooLarge
    )
}

/// Why no answer came.
pub(crate) struct Http2Failure {
    pub(super) cause: Cause,
    /// The connection had served before.
    pub(super) was_reused: bool,
}

pub(super) enum Cause {
    /// The connection takes no more requests, and this one was not sent.
    NoRoom(Option<End>),
    /// It was sent, or a part of it.
    End(End),
    /// The same, and a part of its answer came: the server has read it.
    EndOfAnswer(End),
    /// The body of the request cannot be read. Whether a part of it was sent.
    Request(Fault, bool),
}

impl Http2Failure {
    /// Whether the server read the request, as far as that is known.
    pub(in crate::transport) fn unread(&self) -> Unread {
        match &self.cause {
            Cause::End(End::Broken(trouble))
                if self.was_reused && matches!(trouble.kind(), OfWire::Reset | OfWire::Closed) =>
            {
                Unread::Perhaps
            }
            Cause::End(End::Reset(code)) if *code == Code::REFUSED_STREAM => Unread::Told,
            Cause::End(End::GoneAway(_, Takes::None)) => Unread::Told,
            Cause::End(End::GoneAway(_, Takes::Some)) => Unread::Behind,
            Cause::End(End::Broken(_) | End::Reset(_) | End::Bad(_) | End::Failed(_))
            | Cause::EndOfAnswer(_)
            | Cause::NoRoom(_)
            | Cause::Request(..) => Unread::No,
        }
    }

    /// Whether the connection takes no more requests, and this one was not sent.
    pub(in crate::transport) fn found_no_room(&self) -> bool {
        matches!(self.cause, Cause::NoRoom(_))
    }

    /// Whether a part of the request at least was handed over.
    pub(in crate::transport) fn was_sent(&self) -> bool {
        matches!(
            self.cause,
            Cause::End(_) | Cause::EndOfAnswer(_) | Cause::Request(_, true)
        )
    }

    pub(in crate::transport) fn fault(self, outgoing: &Outgoing<'_>) -> Fault {
        let end = match self.cause {
            Cause::Request(fault, _) => return fault,
            Cause::End(end) | Cause::EndOfAnswer(end) | Cause::NoRoom(Some(end)) => end,
            Cause::NoRoom(None) => End::GoneAway(Code::NO_ERROR, Takes::None),
        };
        let kind = match &end {
            End::Failed(bad) | End::Bad(bad) if is_too_large(*bad) => {
                return fault::too_large_head(outgoing.url, outgoing.hosts);
            }
            End::Broken(trouble) => {
                return fault::of_exchange(trouble, outgoing.url, outgoing.hosts);
            }
            End::GoneAway(..) => Kind::Closed,
            End::Reset(_) => Kind::Reset,
            End::Bad(_) | End::Failed(_) => Kind::Protocol,
        };
        fault::given_up(kind, &end.words(), outgoing.url, outgoing.hosts)
    }
}

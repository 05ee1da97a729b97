//! One exchange on a connection: what was appended goes out while answers are read, so that neither end waits for the other to read.

use crate::message::{self, Bad, MOST, Message};
use crate::postgres_query::Error as Kind;
use crate::server_error::ServerError;
use bggo_runtime::contract::{Fault, FaultText};
use bggo_wire::{Look, Trouble, Wire};
use std::task::{Context, Poll};

/// Why an exchange is over before its answer is whole.
#[derive(Debug)]
pub(crate) enum End {
    /// The server ended the connection and said why.
    Said(ServerError),
    Broken(Trouble),
    Bad(Bad),
}

/// Whether more of an answer is to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Goes {
    On,
    Done,
}

/// What the server says between answers.
#[derive(Debug, Default)]
pub(crate) struct Beside {
    /// Notices since they were counted last.
    pub(crate) notices: u64,
    /// Why the server ends the connection.
    pub(crate) fatal: Option<ServerError>,
}

impl Beside {
    /// Takes a message that is a part of no answer.
    fn takes(&mut self, message: Message<'_>) -> bool {
        match message.tag {
            b'N' => {
                self.notices += 1;
                let notice = ServerError::read(message.body);
                if notice.class() == "57" {
                    // A server that dies at once takes its leave by a warning.
                    self.fatal = Some(notice);
                }
            }
            // A setting has another value, or somebody notifies.
            b'S' | b'A' => {}
            _ => return false,
        }
        true
    }

    /// Hears what the server has said unasked: whether the connection is of use.
    pub(crate) fn hears(&mut self, wire: &mut Wire) -> bool {
        loop {
            let length = match message::first(wire.peek()) {
                Ok(Some((message, length))) if self.takes(message) => length,
                Ok(Some((message, _))) => {
                    if message.tag == b'E' {
                        self.fatal = Some(ServerError::read(message.body));
                    }
                    return false;
                }
                Ok(None) => 0,
                Err(_) => return false,
            };
            wire.consume(length);
            if length > 0 && !wire.peek().is_empty() {
                continue;
            }
            // The beginning of a message may stay. Otherwise a look reads what comes behind, or the end.
            if !wire.peek().is_empty() || wire.is_quiet(Look::Told) {
                return true;
            }
            if wire.peek().is_empty() {
                return false;
            }
        }
    }
}

/// Sends what was appended and takes the messages that come, until `take` says that the answer is whole.
pub(crate) fn poll(
    wire: &mut Wire,
    beside: &mut Beside,
    take: &mut dyn FnMut(Message<'_>) -> Result<Goes, Bad>,
    cx: &mut Context<'_>,
) -> Poll<Result<(), End>> {
    let mut broken = None;
    loop {
        if broken.is_none()
            && wire.has_unsent()
            && let Poll::Ready(Err(trouble)) = wire.poll_flush(cx)
        {
            // The server may have said why, before it broke off.
            broken = Some(trouble);
        }
        let mut taken = 0;
        let goes = loop {
            let rest = wire.peek().get(taken..).unwrap_or_default();
            let (message, length) = match message::first(rest) {
                Ok(Some(first)) => first,
                Ok(None) => break Goes::On,
                Err(bad) => return Poll::Ready(Err(End::Bad(bad))),
            };
            taken += length;
            if beside.takes(message) {
                continue;
            }
            if message.tag == b'E' {
                let error = ServerError::read(message.body);
                if error.is_fatal() {
                    beside.fatal = Some(error);
                }
            }
            match take(message) {
                Ok(Goes::On) => {}
                Ok(Goes::Done) => break Goes::Done,
                Err(bad) => return Poll::Ready(Err(End::Bad(bad))),
            }
        };
        wire.consume(taken);
        if goes == Goes::Done {
            return Poll::Ready(Ok(()));
        }
        let trouble = match wire.poll_fill(cx, MOST + 5) {
            Poll::Pending if broken.is_none() => return Poll::Pending,
            Poll::Pending | Poll::Ready(Ok(0)) => Trouble::closed(),
            Poll::Ready(Ok(_)) => continue,
            Poll::Ready(Err(trouble)) => trouble,
        };
        return Poll::Ready(Err(match beside.fatal.take() {
            Some(fatal) => End::Said(fatal),
            None => End::Broken(broken.unwrap_or(trouble)),
        }));
    }
}

impl End {
    pub(crate) fn fault(&self) -> Fault {
        match self {
            Self::Said(error) => error.fault(),
            Self::Bad(Bad(text)) => Kind::Protocol.fault(*text),
            Self::Broken(trouble) => {
                let kind = match trouble.kind() {
                    bggo_wire::Kind::Tls => Kind::Tls,
                    bggo_wire::Kind::TooLarge => Kind::Protocol,
                    bggo_wire::Kind::Local => Kind::Local,
                    _ => Kind::Closed,
                };
                let words = FaultText::plain("the connection ended before the answer was whole: ");
                kind.of(trouble.fault(words.and_text(trouble.text())))
            }
        }
    }
}

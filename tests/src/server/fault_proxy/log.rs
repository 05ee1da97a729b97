//! What a proxy saw, exchange by exchange, and what a program has to have counted.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

/// How often a request is sent again that a server refuses without a word of others that it takes.
const MOST_REFUSED: u32 = 2;

/// How often a request was sent again so far.
#[derive(Default)]
struct Before {
    was_perhaps_read: bool,
    refused: u32,
}

/// What happens to an exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The answer passes as it is.
    None,
    /// It passes, and the program sends on before it is told that the connection is over.
    HalfClose,
    /// It passes byte by byte.
    OneByte,
    /// It passes later.
    Delay(Duration),
    /// The connection is reset before any byte of the answer.
    ResetBefore,
    /// It is closed before any byte of the answer.
    CloseBefore,
    /// It is reset while the body of the request is on its way.
    ResetInRequest,
    /// The request is refused, with its body unread.
    AnswerInRequest,
    /// It is reset when so many bytes of the head have passed.
    ResetInHead(usize),
    /// It is closed when so many bytes of the head have passed.
    CloseInHead(usize),
    /// It is reset when so many bytes of the body have passed.
    ResetInBody(usize),
    /// It is closed when so many bytes of the body have passed.
    CloseInBody(usize),
    /// No answer ever comes.
    Swallow,
    /// HTTP/2: the stream is refused, unread.
    Refuse,
    /// HTTP/2: the stream is given up before its answer.
    GiveUpBefore,
    /// HTTP/2: the stream is given up when so many bytes of the body have passed.
    GiveUpInBody(usize),
    /// HTTP/2: the server goes away, and has not looked at this one.
    GoAway,
}

/// A request whose head came to the proxy, and what became of it.
#[derive(Debug, Clone)]
pub struct Exchange {
    /// The number of its connection, from 0.
    pub connection: u64,
    /// How many heads of answers had passed on that connection before.
    pub nth: u64,
    /// Its method.
    pub method: String,
    /// Its path and query.
    pub path: String,
    /// The server answered it whole.
    pub is_forwarded: bool,
    /// The status of the server's answer.
    pub status: Option<u16>,
    /// The head of the answer passed whole.
    pub head_passed: bool,
    /// What happened.
    pub fault: Fault,
    /// It is one of HTTP/2.
    pub is_stream: bool,
    /// The server said of the whole connection that it looks at some of its requests and not at this one.
    pub is_behind: bool,
}

/// What a program has to have counted after a run that was not cut off.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Heads of requests that came.
    pub heads: u64,
    /// Requests that the server has answered whole.
    pub forwarded: u64,
    /// Heads of answers that passed whole.
    pub answered: u64,
    /// Requests that have to be sent once more.
    pub resent: u64,
    /// Those of them that the server said it did not look at, whatever they asked for.
    pub left: u64,
    /// Failures of steps by kind, without those of refused connections.
    pub failures: BTreeMap<&'static str, u64>,
    /// Connections that were taken, refused ones included.
    pub connections: u64,
    /// Those that were reset at once.
    pub refused: u64,
}

/// All that a proxy saw.
pub struct Log {
    /// In the order in which their answers ended.
    pub exchanges: Vec<Exchange>,
    pub(super) connections: u64,
    pub(super) refused: u64,
}

impl Log {
    /// What a program has to have counted.
    pub fn tally(&self) -> Tally {
        let mut tally = Tally {
            connections: self.connections,
            refused: self.refused,
            ..Tally::default()
        };
        // What is sent again is known by its path, which no other request has.
        let mut before = HashMap::<_, Before>::new();
        // One that the program sent before it heard that the connection goes away may be read when it has been sent again already,
        // on a newer connection.
        let mut exchanges: Vec<&Exchange> = self.exchanges.iter().collect();
        exchanges.sort_by_key(|one| one.connection);
        for one in exchanges {
            tally.heads += 1;
            tally.forwarded += u64::from(one.is_forwarded);
            tally.answered += u64::from(one.head_passed);
            let Some(kind) = one.kind() else { continue };
            let before = before.entry((&one.method, &one.path)).or_default();
            if one.is_left() && (one.is_behind || before.refused < MOST_REFUSED) {
                before.refused += u32::from(!one.is_behind);
                tally.left += 1;
                tally.resent += 1;
                continue;
            }
            if one.may_have_been_read() && !std::mem::replace(&mut before.was_perhaps_read, true) {
                tally.resent += 1;
                continue;
            }
            *tally.failures.entry(kind).or_default() += 1;
        }
        tally
    }
}

impl Exchange {
    /// The kind of the failure that it is if it is not sent again; `None` if it is none.
    fn kind(&self) -> Option<&'static str> {
        match self.fault {
            Fault::None | Fault::HalfClose | Fault::OneByte | Fault::Delay(_) => None,
            // A redirect is followed whatever its body is.
            Fault::ResetInBody(_) | Fault::CloseInBody(_) | Fault::GiveUpInBody(_)
                if self.status == Some(302) =>
            {
                None
            }
            Fault::ResetInBody(_) | Fault::CloseInBody(_) | Fault::GiveUpInBody(_) => Some("body"),
            Fault::ResetBefore | Fault::ResetInRequest | Fault::ResetInHead(_) => Some("reset"),
            Fault::Refuse | Fault::GiveUpBefore => Some("reset"),
            Fault::CloseBefore | Fault::CloseInHead(_) | Fault::GoAway => Some("closed"),
            Fault::Swallow => Some("timeout"),
            Fault::AnswerInRequest => Some("status"),
        }
    }

    /// Whether the server said that it did not look at it, so that it is sent again whatever its method is (RFC 9113, section 8.7).
    fn is_left(&self) -> bool {
        matches!(self.fault, Fault::Refuse | Fault::GoAway)
    }

    /// Whether it is sent again, unless that was done already, though nobody knows whether it was read (RFC 9112, section 9.3.1).
    fn may_have_been_read(&self) -> bool {
        let is_idempotent = matches!(self.method.as_str(), "GET" | "HEAD" | "PUT");
        let was_reused = self.nth > 0;
        is_idempotent
            && match self.fault {
                Fault::ResetBefore | Fault::CloseBefore | Fault::ResetInRequest => was_reused,
                // A part of a frame is no part of an answer yet.
                Fault::ResetInHead(_) | Fault::CloseInHead(_) => was_reused && self.is_stream,
                _ => false,
            }
    }
}

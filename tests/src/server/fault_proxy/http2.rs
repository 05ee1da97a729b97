//! A connection of the program that speaks HTTP/2: requests come beside each other and are answered one after the other.

use super::Shared;
use super::frames::{
    ACK, DATA, END_STREAM, Frame, HEADERS, PING, PREFACE, RST_STREAM, SETTINGS, WINDOW_UPDATE,
    answer, frame, go_away, length, number, read, request,
};
use super::log::{Exchange, Fault};
use super::program::Program;
use super::server::{Message, Server, exactly};
use std::collections::HashSet;
use std::io::{ErrorKind, Result};
use std::time::Duration;

/// Nothing is kept in the table of fields.
const NO_TABLE: &[u8] = &[0, 1, 0, 0, 0, 0];
/// How many kinds of faults a plan chooses from.
const FAULTS: u64 = 16;
/// Where those begin that leave the connection alone, behind those that break it off.
const OF_STREAMS: u64 = 12;
/// What a stream is told.
const NO_ERROR: u32 = 0;
const INTERNAL_ERROR: u32 = 2;
const REFUSED_STREAM: u32 = 7;
/// A server that goes away says this first, and then which request is the last one (RFC 9113, section 6.8).
const SOON: u32 = (1 << 31) - 1;

/// A connection of the program, and the server.
pub(super) struct Connection<'a> {
    program: Program,
    server: Server,
    number: u64,
    /// How many heads of answers have passed.
    nth: u64,
    /// How many heads of requests came.
    heads: u64,
    /// What came and is no whole frame yet.
    left: Vec<u8>,
    /// Requests that are not answered yet.
    open: Vec<Asked>,
    /// Those that never are, until the program gives them up.
    swallowed: HashSet<u32>,
    /// The stream of the newest request.
    newest: u32,
    /// Once it is said that it is over: the last stream that is answered.
    last: Option<u32>,
    /// Nothing more is said.
    is_half_closed: bool,
    shared: &'a Shared,
}

/// A request.
struct Asked {
    stream: u32,
    /// Its number on the connection.
    number: u64,
    method: String,
    path: String,
    body: Vec<u8>,
}

impl Asked {
    /// Whether it never has an answer, so that its time ends it.
    fn is_swallowed(&self) -> bool {
        self.path.contains("/swallow")
    }
}

/// Whether a connection goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Goes {
    On,
    /// It is closed in the middle of what is said.
    Closed,
    /// It is reset.
    Reset,
}

impl<'a> Connection<'a> {
    pub(super) fn new(program: Program, number: u64, shared: &'a Shared) -> Self {
        Self {
            program,
            server: Server::new(shared.server),
            number,
            nth: 0,
            heads: 0,
            left: Vec::new(),
            open: Vec::new(),
            swallowed: HashSet::new(),
            newest: 0,
            last: None,
            is_half_closed: false,
            shared,
        }
    }

    /// Passes exchanges until the program, a fault or the server ends the connection.
    pub(super) fn serve(mut self) -> Result<()> {
        let preface = exactly(PREFACE.len(), &mut self.left, |left| {
            self.program.more(left)
        })?;
        if preface != PREFACE {
            return Err(ErrorKind::InvalidData.into());
        }
        self.says(&frame(SETTINGS, 0, 0, NO_TABLE));
        loop {
            let head = exactly(9, &mut self.left, |left| self.program.more(left))?;
            let length = length(&head);
            let payload = exactly(length, &mut self.left, |left| self.program.more(left))?;
            match self.takes(read(&head, payload))? {
                Goes::On => self.ends_in_good_order(),
                Goes::Closed => return self.program.closes(),
                Goes::Reset => {
                    self.program.reset();
                    return Ok(());
                }
            }
        }
    }

    /// Says nothing more once all is answered that it said it would.
    fn ends_in_good_order(&mut self) {
        let is_over = self.last.is_some() && self.open.is_empty() && self.swallowed.is_empty();
        if is_over && !self.is_half_closed {
            self.is_half_closed = true;
            // The program may have closed by then.
            let _ = self.program.says_no_more();
        }
    }

    /// Says something unless nothing more is said. A program that has closed hears no more, but what it sent before is read.
    fn says(&mut self, bytes: &[u8]) {
        if !self.is_half_closed && self.program.say(bytes).is_err() {
            self.is_half_closed = true;
        }
    }

    fn says_byte_by_byte(&mut self, bytes: &[u8]) {
        if !self.is_half_closed && self.program.say_byte_by_byte(bytes).is_err() {
            self.is_half_closed = true;
        }
    }

    fn takes(&mut self, came: Frame) -> Result<Goes> {
        let ends = came.flags & END_STREAM != 0;
        match came.kind {
            SETTINGS | PING if came.flags & ACK == 0 => {
                let payload: &[u8] = if came.kind == PING {
                    &came.payload
                } else {
                    &[]
                };
                self.says(&frame(came.kind, ACK, 0, payload));
            }
            HEADERS => {
                let (method, path) = request(&came)?;
                let asked = Asked {
                    stream: came.stream,
                    number: self.heads,
                    method,
                    path,
                    body: Vec::new(),
                };
                self.heads += 1;
                self.newest = came.stream;
                if self.last.is_some_and(|last| came.stream > last) {
                    self.log(&asked, Fault::GoAway, None);
                    return Ok(Goes::On);
                }
                if let Some(fault) = self.fault_of_request(&asked, ends) {
                    return Ok(self.broken_off(&asked, fault));
                }
                self.open.push(asked);
            }
            DATA => {
                let size = u32::try_from(came.payload.len()).expect("a frame is short");
                if size > 0 {
                    self.says(&number(WINDOW_UPDATE, 0, size));
                }
                let mut open = self.open.iter_mut();
                let Some(asked) = open.find(|asked| asked.stream == came.stream) else {
                    return Ok(Goes::On);
                };
                asked.body.extend(came.payload);
                if size > 0 && !ends {
                    self.says(&number(WINDOW_UPDATE, came.stream, size));
                }
            }
            RST_STREAM => {
                self.swallowed.remove(&came.stream);
                return Ok(Goes::On);
            }
            _ => return Ok(Goes::On),
        }
        let mut open = self.open.iter();
        if ends && let Some(at) = open.position(|asked| asked.stream == came.stream) {
            let asked = self.open.remove(at);
            return Ok(self.answers(&asked));
        }
        Ok(Goes::On)
    }

    /// Answers a whole request, or does what the plan says.
    fn answers(&mut self, asked: &Asked) -> Goes {
        if asked.is_swallowed() {
            self.swallowed.insert(asked.stream);
            self.log(asked, Fault::Swallow, None);
            return Goes::On;
        }
        let (method, path, size) = (&asked.method, &asked.path, asked.body.len());
        let head = format!("{method} {path} HTTP/1.1\r\nHost: a\r\nContent-Length: {size}\r\n\r\n");
        let whole = [head.as_bytes(), &*asked.body].concat();
        let Some(came) = self.server.answer(&whole) else {
            // The server is gone, and so are all answers.
            self.log(asked, Fault::CloseBefore, None);
            for other in std::mem::take(&mut self.open) {
                self.log(&other, Fault::CloseBefore, None);
            }
            return Goes::Closed;
        };
        let (head, body) = answer(asked.stream, &came);
        let fault = self.fault(asked, &came, (&head, &body));
        if fault == Fault::GoAway {
            self.last = Some(asked.stream - 1);
        }
        // The fault is logged before the program can do anything because of it.
        self.log(asked, fault, Some(&came));
        let bytes = [&*head, &*body].concat();
        if came.is_last() && self.last.is_none() && fault != Fault::GoAway {
            // Before the answer, so that no request is sent that would be refused.
            self.goes_away(self.newest);
        }
        match fault {
            Fault::ResetBefore => return Goes::Reset,
            Fault::CloseBefore => return Goes::Closed,
            Fault::ResetInHead(count) | Fault::CloseInHead(count) => {
                self.says(&bytes[..count]);
            }
            Fault::ResetInBody(count) | Fault::CloseInBody(count) => {
                self.says(&bytes[..head.len() + count]);
            }
            Fault::Refuse => self.says(&number(RST_STREAM, asked.stream, REFUSED_STREAM)),
            Fault::GiveUpBefore => {
                self.says(&number(RST_STREAM, asked.stream, INTERNAL_ERROR));
            }
            Fault::GiveUpInBody(count) => {
                let part = frame(DATA, 0, asked.stream, &came.body[..count]);
                let given_up = number(RST_STREAM, asked.stream, INTERNAL_ERROR);
                self.says(&[head, part, given_up].concat());
            }
            Fault::GoAway => self.goes_away(asked.stream - 1),
            Fault::OneByte => self.says_byte_by_byte(&bytes),
            Fault::Delay(how_long) => {
                std::thread::park_timeout(how_long);
                self.says(&bytes);
            }
            _ => self.says(&bytes),
        }
        match fault {
            Fault::ResetInHead(_) | Fault::ResetInBody(_) => return Goes::Reset,
            Fault::CloseInHead(_) | Fault::CloseInBody(_) => return Goes::Closed,
            _ => {}
        }
        if fault == Fault::HalfClose && self.last.is_none() {
            self.goes_away(self.newest);
        }
        Goes::On
    }

    /// Says which request is the last one that is answered.
    fn goes_away(&mut self, last: u32) {
        let open = std::mem::take(&mut self.open).into_iter();
        let (answered, refused): (Vec<_>, Vec<_>) = open.partition(|asked| asked.stream <= last);
        self.open = answered;
        self.last = Some(last);
        for asked in refused {
            self.log(&asked, Fault::GoAway, None);
        }
        self.says(&[go_away(SOON), go_away(last)].concat());
    }

    /// Breaks a request off before its body has come.
    fn broken_off(&mut self, asked: &Asked, fault: Fault) -> Goes {
        self.log(asked, fault, None);
        match fault {
            Fault::ResetInRequest => return Goes::Reset,
            Fault::AnswerInRequest => {
                let refused = Message {
                    head: b"HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\n".to_vec(),
                    body: b"no".to_vec(),
                };
                let (head, body) = answer(asked.stream, &refused);
                // The whole answer, and a word that the rest of the body need not come (RFC 9113, section 8.1).
                let enough = number(RST_STREAM, asked.stream, NO_ERROR);
                self.says(&[head, body, enough].concat());
            }
            _ => self.says(&number(RST_STREAM, asked.stream, REFUSED_STREAM)),
        }
        Goes::On
    }

    fn log(&mut self, asked: &Asked, fault: Fault, answer: Option<&Message>) {
        let is_broken = matches!(
            fault,
            Fault::ResetBefore
                | Fault::CloseBefore
                | Fault::ResetInHead(_)
                | Fault::CloseInHead(_)
                | Fault::Refuse
                | Fault::GiveUpBefore
                | Fault::GoAway
        );
        let head_passed = fault == Fault::AnswerInRequest || answer.is_some() && !is_broken;
        self.shared.log(Exchange {
            connection: self.number,
            nth: self.nth,
            method: asked.method.clone(),
            path: asked.path.clone(),
            is_forwarded: answer.is_some(),
            status: answer.map(Message::status),
            head_passed,
            fault,
            is_stream: true,
            is_behind: fault == Fault::GoAway && self.last.is_some_and(|last| last > 0),
        });
        self.nth += u64::from(head_passed);
    }

    fn planned(&self, asked: &Asked) -> Option<(u64, usize)> {
        let plan = self.shared.plan;
        let (what, place) = plan.fault(self.number, asked.number, FAULTS)?;
        let breaks_off = (3..10).contains(&what);
        let what = match plan.only_streams && breaks_off {
            true => OF_STREAMS + what % (FAULTS - OF_STREAMS),
            false => what,
        };
        Some((what, place))
    }

    /// What happens to the request before its body is read.
    fn fault_of_request(&self, asked: &Asked, ends: bool) -> Option<Fault> {
        if asked.is_swallowed() {
            return None;
        }
        match self.planned(asked)? {
            (9, _) => Some(Fault::ResetInRequest),
            (10, _) if !ends => Some(Fault::AnswerInRequest),
            (12, place) if place % 2 == 0 => Some(Fault::Refuse),
            _ => None,
        }
    }

    /// What happens to the exchange whose answer this is.
    fn fault(&self, asked: &Asked, came: &Message, (head, body): (&[u8], &[u8])) -> Fault {
        let Some((what, place)) = self.planned(asked) else {
            return Fault::None;
        };
        // What is cut off has bytes that do not come.
        let in_head = 1 + place % (head.len() - 1);
        let in_body = || place % body.len();
        // A frame's head is no part of the body.
        let in_data = || place % (body.len() - 9);
        // Where a redirect's body is late the next request goes out before it, on a connection that must not break unseen.
        let is_redirect = came.status() == 302;
        match what {
            7 | 8 | 14 if is_redirect && !body.is_empty() => Fault::GiveUpInBody(in_data()),
            0 => Fault::HalfClose,
            1 => Fault::OneByte,
            2 => Fault::Delay(Duration::from_millis(place as u64 % 30)),
            3 => Fault::ResetBefore,
            4 => Fault::CloseBefore,
            5 => Fault::ResetInHead(in_head),
            6 => Fault::CloseInHead(in_head),
            7 if !body.is_empty() => Fault::ResetInBody(in_body()),
            8 if !body.is_empty() => Fault::CloseInBody(in_body()),
            12 => Fault::Refuse,
            13 => Fault::GiveUpBefore,
            14 if !body.is_empty() => Fault::GiveUpInBody(in_data()),
            // One that is never answered would be refused as well, and not by its time.
            15 if self.swallowed.is_empty() && self.last.is_none() => Fault::GoAway,
            _ => Fault::None,
        }
    }
}

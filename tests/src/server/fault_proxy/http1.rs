//! A connection of the program that speaks HTTP/1: one exchange after the other.

use super::Shared;
use super::log::{Exchange, Fault};
use super::program::Program;
use super::server::{Message, Server, exactly, head};
use std::io::Result;
use std::time::Duration;

/// The answer to a request whose body is not read.
const REFUSED: &[u8] =
    b"HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno";
/// How many kinds of faults a plan chooses from.
const FAULTS: u64 = 12;

/// A connection of the program, and the server.
pub(super) struct Connection<'a> {
    program: Program,
    server: Server,
    number: u64,
    nth: u64,
    /// No more answers pass.
    is_half_closed: bool,
    shared: &'a Shared,
}

impl<'a> Connection<'a> {
    pub(super) fn new(program: Program, number: u64, shared: &'a Shared) -> Self {
        Self {
            program,
            server: Server::new(shared.server),
            number,
            nth: 0,
            is_half_closed: false,
            shared,
        }
    }

    /// Passes exchanges until the program, a fault or the server ends the connection.
    pub(super) fn serve(mut self) -> Result<()> {
        let mut left = Vec::new();
        while let Some(mut request) = head(&mut left, |left| self.program.more(left))? {
            let length = request.length()?;
            let mut seen = Exchange {
                connection: self.number,
                nth: self.nth,
                method: request.word(0),
                path: request.word(1),
                is_forwarded: false,
                status: None,
                head_passed: false,
                fault: Fault::CloseBefore,
                is_stream: false,
                is_behind: false,
            };
            let is_swallowed = seen.path.contains("/swallow");
            if !self.is_half_closed
                && !is_swallowed
                && let Some(fault) = self.fault_of_request(length)
            {
                return self.broken_off(seen, fault);
            }
            request.body = exactly(length, &mut left, |left| self.program.more(left))?;
            if self.is_half_closed {
                self.shared.log(seen);
                continue;
            }
            if is_swallowed {
                seen.fault = Fault::Swallow;
                self.shared.log(seen);
                // The program waits in vain, and closes.
                continue;
            }
            let Some(answer) = self.server.answer(&request.bytes()) else {
                // The server is gone, and so is the answer.
                self.shared.log(seen);
                return Ok(());
            };
            seen.is_forwarded = true;
            seen.status = Some(answer.status());
            seen.fault = self.fault(&answer);
            // The fault is logged before the program can do anything because of it.
            let (bytes, head) = (answer.bytes(), answer.head.len());
            let passed = match seen.fault {
                Fault::ResetBefore | Fault::CloseBefore => 0,
                Fault::ResetInHead(count) | Fault::CloseInHead(count) => count,
                Fault::ResetInBody(count) | Fault::CloseInBody(count) => head + count,
                _ => bytes.len(),
            };
            seen.head_passed = passed >= head;
            let fault = seen.fault;
            self.shared.log(seen);
            self.pass(&bytes[..passed], fault)?;
            match fault {
                Fault::ResetBefore | Fault::ResetInHead(_) | Fault::ResetInBody(_) => {
                    self.program.reset();
                    return Ok(());
                }
                Fault::CloseBefore | Fault::CloseInHead(_) | Fault::CloseInBody(_) => return Ok(()),
                _ => {}
            }
            self.nth += 1;
            if fault == Fault::HalfClose || answer.is_last() {
                self.program.says_no_more()?;
                self.is_half_closed = true;
            }
        }
        Ok(())
    }

    fn planned(&self) -> Option<(u64, usize)> {
        self.shared.plan.fault(self.number, self.nth, FAULTS)
    }

    /// What happens to the request before its body is read.
    fn fault_of_request(&self, length: usize) -> Option<Fault> {
        match self.planned()?.0 {
            9 => Some(Fault::ResetInRequest),
            10 if length > 0 => Some(Fault::AnswerInRequest),
            _ => None,
        }
    }

    /// Ends the connection before the body of a request was read.
    fn broken_off(mut self, mut seen: Exchange, fault: Fault) -> Result<()> {
        let has_answer = fault == Fault::AnswerInRequest;
        seen.fault = fault;
        seen.head_passed = has_answer;
        self.shared.log(seen);
        if !has_answer {
            self.program.reset();
            return Ok(());
        }
        self.program.say(REFUSED)?;
        // What is left unread may overtake the answer.
        self.program.closes()
    }

    /// What happens to the exchange whose answer this is.
    fn fault(&self, answer: &Message) -> Fault {
        let Some((what, place)) = self.planned() else {
            return Fault::None;
        };
        // A body that is cut off has bytes that do not come.
        let in_head = 1 + place % (answer.head.len() - 1);
        let in_body = || place % answer.body.len();
        match what {
            0 => Fault::HalfClose,
            1 => Fault::OneByte,
            2 => Fault::Delay(Duration::from_millis(place as u64 % 30)),
            3 => Fault::ResetBefore,
            4 => Fault::CloseBefore,
            5 => Fault::ResetInHead(in_head),
            6 => Fault::CloseInHead(in_head),
            7 if !answer.body.is_empty() => Fault::ResetInBody(in_body()),
            8 if !answer.body.is_empty() => Fault::CloseInBody(in_body()),
            _ => Fault::None,
        }
    }

    fn pass(&mut self, bytes: &[u8], fault: Fault) -> Result<()> {
        match fault {
            Fault::OneByte => self.program.say_byte_by_byte(bytes),
            Fault::Delay(how_long) => {
                std::thread::park_timeout(how_long);
                self.program.say(bytes)
            }
            _ => self.program.say(bytes),
        }
    }
}

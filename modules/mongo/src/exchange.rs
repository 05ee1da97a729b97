//! The exchange of a step: its turn, the connection, a message and its answer, and further ones where the answer asks for them.

use crate::connection::MongoConnection;
use crate::message;
use crate::mongo_command::Error as Kind;
use crate::outcome;
use crate::reply::Reply;
use bggo_runtime::contract::{
    Counter, Fault, FaultText, Moment, Running, Step, Trend, format_duration,
};
use bggo_wire::{Loan, Trouble, Turn, within};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

/// How long a step may take whose grid says nothing of it.
pub(crate) const DEFAULT: Duration = Duration::from_secs(10);

/// What exchanges of a runner count.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Counts {
    pub(crate) waiting: Trend,
    pub(crate) data_sent: Counter,
    pub(crate) data_received: Counter,
    /// Of a runner that writes.
    pub(crate) possibly_written: Option<Counter>,
}

/// What a step asks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ask<'a> {
    /// How long all of it may take, from the beginning of the step.
    pub(crate) timeout: Duration,
    pub(crate) counts: &'a Counts,
    /// Whether the server answers.
    pub(crate) is_answered: bool,
}

/// What follows on an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Goes {
    /// Nothing.
    Done,
    /// Another message, which was written.
    On,
    /// The step has what it wants; another message, which was written, tells the server so.
    CleansUp,
}

/// What hears answers: each with the moments when its message was sent and when it came. It may write a message that follows.
pub(crate) trait Hears {
    /// One more answer.
    ///
    /// # Errors
    /// The server fails the command.
    fn hear(
        &mut self,
        reply: &Reply<'_>,
        times: (Moment, Moment),
        next: &mut Vec<u8>,
    ) -> Result<Goes, Fault>;
}

/// Sends a message when it is the step's turn, and takes the answers.
///
/// # Errors
/// There is no connection, it broke, what came is no answer, it took too long, or the server fails the command.
pub(crate) async fn exchange<'a>(
    step: &'a Step<'a>,
    connection: &'a MongoConnection,
    ask: Ask<'a>,
    message: &'a mut Vec<u8>,
    heard: &'a mut (dyn Hears + 'a),
) -> Result<(), Fault> {
    let begun = step.sent_at_once();
    let mut work = Exchange {
        step,
        connection,
        ask,
        message,
        next: Vec::new(),
        heard,
        opening: None,
        begun: None,
        sent: begun,
        number: 0,
        cleans_up: false,
        received: 0,
    };
    let until = begun + ask.timeout;
    let done = within(step, &connection.deadline, until, Pin::new(&mut work)).await;
    done.unwrap_or_else(|| {
        let text = format_args!("no answer within {}", format_duration(work.ask.timeout));
        Err(Kind::Timeout.fault(FaultText::plain(text)))
    })
}

/// A turn and the connection.
type Begun<'a> = (Turn<'a>, Loan<'a>);

/// An exchange. It is polled by hand: an `async fn` would hold all that it ever waits for, and a step is made for each command.
struct Exchange<'a> {
    step: &'a Step<'a>,
    connection: &'a MongoConnection,
    ask: Ask<'a>,
    message: &'a mut Vec<u8>,
    /// A message that follows.
    next: Vec<u8>,
    heard: &'a mut (dyn Hears + 'a),
    /// What is not there at once: a turn that is waited for, a connection that is opened.
    opening: Option<Running<'a, Result<Begun<'a>, Fault>>>,
    /// From when a message is sent until its answer has come.
    begun: Option<Begun<'a>>,
    /// When the first message was sent.
    sent: Moment,
    /// The number of the message that is on its way.
    number: i32,
    cleans_up: bool,
    received: u64,
}

impl Drop for Exchange<'_> {
    fn drop(&mut self) {
        // A command whose answer was not waited for, or did not come. What follows on an answer only reads.
        if let (Some(_), Some(counter), 0) =
            (&self.begun, self.ask.counts.possibly_written, self.received)
        {
            self.step.add(counter, 1);
        }
    }
}

impl Future for Exchange<'_> {
    type Output = Result<(), Fault>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        if this.begun.is_none() {
            let begun = ready!(this.poll_begin(cx))?;
            this.begun = Some(begun);
            this.number = this.connection.next_number();
            message::number(this.message, this.number);
            this.send();
        }
        this.poll_answers(cx)
    }
}

impl<'a> Exchange<'a> {
    /// Its turn, and the connection.
    fn poll_begin(&mut self, cx: &mut Context<'_>) -> Poll<Result<Begun<'a>, Fault>> {
        let (step, connection, waiting) = (self.step, self.connection, self.ask.counts.waiting);
        if self.opening.is_none() {
            let turn = connection.turns.take_now();
            if let Some(turn) = turn {
                if let Some(wire) = connection.there(cx) {
                    return Poll::Ready(Ok((turn, wire)));
                }
                self.opening = Some(Box::pin(
                    async move { Ok((turn, connection.reopen().await?)) },
                ));
            } else {
                let came = step.now();
                self.opening = Some(Box::pin(async move {
                    let turn = connection.turns.take().await;
                    step.record_time(waiting, step.now() - came);
                    // It is looked at again behind this: its answers are read in the same poll.
                    let wire = match connection.is_there() {
                        Some(wire) => wire,
                        None => connection.reopen().await?,
                    };
                    Ok((turn, wire))
                }));
            }
        }
        let Some(opening) = &mut self.opening else {
            return Poll::Pending;
        };
        let begun = ready!(opening.as_mut().poll(cx));
        self.opening = None;
        self.sent = step.sent();
        Poll::Ready(begun)
    }

    /// Sends the message, as far as the system takes it: the first one, or one that follows.
    fn send(&mut self) {
        let Some((_, wire)) = &mut self.begun else {
            return;
        };
        let bytes = match self.next.is_empty() {
            true => &*self.message,
            false => &self.next,
        };
        if !self.ask.is_answered {
            wire.send_only();
        }
        wire.send_now(bytes);
        self.step.add(self.ask.counts.data_sent, bytes.len() as u64);
    }

    fn poll_answers(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Fault>> {
        loop {
            let Some((_, wire)) = &mut self.begun else {
                return Poll::Pending;
            };
            match wire.poll_flush(cx) {
                Poll::Ready(Err(trouble)) => {
                    return Poll::Ready(Err(outcome::broken(&trouble)));
                }
                Poll::Pending if !self.ask.is_answered => return Poll::Pending,
                Poll::Ready(Ok(())) | Poll::Pending => {}
            }
            if !self.ask.is_answered {
                break;
            }
            let length = loop {
                match message::whole(wire.peek(), self.number).map_err(outcome::no_answer)? {
                    Some(length) => break length,
                    None => match ready!(wire.poll_fill(cx, message::MOST)) {
                        Ok(0) => {
                            return Poll::Ready(Err(outcome::broken(&Trouble::closed())));
                        }
                        Ok(_) => {}
                        Err(trouble) => return Poll::Ready(Err(outcome::broken(&trouble))),
                    },
                }
            };
            let came = self.step.now();
            let bytes = wire.peek().get(..length).unwrap_or_default();
            let document = message::answer(bytes).map_err(outcome::no_answer)?;
            let reply = Reply::read(document).map_err(outcome::no_document)?;
            self.next.clear();
            let goes = match self.cleans_up {
                // Whatever the server says to that.
                true => Ok(Goes::Done),
                false => self.heard.hear(&reply, (self.sent, came), &mut self.next),
            };
            wire.consume(length);
            wire.paid();
            self.received += length as u64;
            if !self.cleans_up {
                self.step.received_at(came);
            }
            match goes {
                Ok(Goes::Done) => break,
                Ok(goes) => {
                    self.cleans_up = goes == Goes::CleansUp;
                    self.number = self.connection.next_number();
                    message::number(&mut self.next, self.number);
                    self.send();
                }
                Err(fault) => {
                    self.over();
                    return Poll::Ready(Err(fault));
                }
            }
        }
        self.over();
        Poll::Ready(Ok(()))
    }

    /// All has come. The next step may have the connection from here on.
    fn over(&mut self) {
        self.step.add(self.ask.counts.data_received, self.received);
        self.begun = None;
    }
}

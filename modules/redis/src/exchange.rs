//! An exchange of a step: its turn, the connection, commands and their replies.

use crate::ask::Ask;
use crate::connection::{RedisConnection, poll_reply};
use crate::outcome;
use crate::redis_command::Error as Kind;
use crate::reply::Reply;
use crate::routed::routed;
use crate::scan::Scan;
use bggo_runtime::contract::{Fault, FaultText, Running, Step, format_duration};
use bggo_wire::{Loan, Turn, within};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

/// Sends commands when it is the step's turn, and hands over each reply with the number of its command.
///
/// # Errors
/// There is no connection, it broke, what came is no reply, or it took too long. What the server refuses is a reply.
pub(crate) async fn exchange<'a>(
    step: &'a Step<'a>,
    connection: &'a RedisConnection,
    ask: Ask<'a>,
    heard: &'a mut (dyn FnMut(usize, Reply<'_>) + 'a),
) -> Result<(), Fault> {
    let until = step.sent_at_once() + ask.timeout;
    if let Some(cluster) = connection.settings().cluster() {
        // In a box: it would make each step without a cluster wider.
        let mut work = Box::pin(routed(step, (connection, cluster), ask, heard));
        let done = within(step, &connection.deadline, until, work.as_mut()).await;
        return done.unwrap_or_else(|| Err(too_late(ask.timeout)));
    }
    let mut work = Exchange {
        step,
        connection,
        ask,
        heard,
        opening: None,
        begun: None,
        scan: Scan::default(),
        answered: 0,
        received: 0,
    };
    let done = within(step, &connection.deadline, until, Pin::new(&mut work)).await;
    done.unwrap_or_else(|| Err(too_late(work.ask.timeout)))
}

#[cold]
fn too_late(limit: Duration) -> Fault {
    let text = format_args!("no reply within {}", format_duration(limit));
    Kind::Timeout.fault(FaultText::plain(text))
}

/// A turn and the connection.
type Begun<'a> = (Turn<'a>, Loan<'a>);

/// An exchange. It is polled by hand: an `async fn` would hold all that it ever waits for, and a step is made for each command.
struct Exchange<'a> {
    step: &'a Step<'a>,
    connection: &'a RedisConnection,
    ask: Ask<'a>,
    heard: &'a mut (dyn FnMut(usize, Reply<'_>) + 'a),
    /// What is not there at once: a turn that is waited for, a connection that is opened.
    opening: Option<Running<'a, Result<Begun<'a>, Fault>>>,
    /// Once the commands were sent.
    begun: Option<Begun<'a>>,
    scan: Scan,
    answered: usize,
    received: u64,
}

impl Drop for Exchange<'_> {
    fn drop(&mut self) {
        let left = self.ask.count - self.answered;
        // Commands whose step was given up.
        if self.begun.is_some() && left > 0 {
            self.step
                .add(self.ask.counts.possibly_executed, left as u64);
        }
    }
}

impl Future for Exchange<'_> {
    type Output = Result<(), Fault>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        if this.begun.is_none() {
            let begun = ready!(this.poll_begin(cx))?;
            this.send(begun);
        }
        this.poll_replies(cx)
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
                    // It is looked at again behind this: its replies are read in the same poll.
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
        step.sent();
        Poll::Ready(begun)
    }

    /// Sends the commands, as far as the system takes them.
    fn send(&mut self, begun: Begun<'a>) {
        let (_, wire) = self.begun.insert(begun);
        for _ in 0..self.ask.count {
            wire.owe();
        }
        wire.send_now(self.ask.commands);
        self.step
            .add(self.ask.counts.data_sent, self.ask.commands.len() as u64);
    }

    /// Reads replies, also while commands are still being sent: a server that waits until its replies are read would wait for ever.
    fn poll_replies(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Fault>> {
        let most = self.connection.settings().max_reply;
        let Some((_, wire)) = &mut self.begun else {
            return Poll::Pending;
        };
        if let Poll::Ready(Err(trouble)) = wire.poll_flush(cx) {
            return Poll::Ready(Err(outcome::broken(&trouble)));
        }
        while self.answered < self.ask.count {
            let end = ready!(poll_reply(wire, &mut self.scan, most, cx))?;
            let reply = wire.peek().get(..end).unwrap_or_default();
            (self.heard)(self.answered, Reply::new(reply));
            wire.consume(end);
            wire.paid();
            self.answered += 1;
            self.received += end as u64;
        }
        self.step.received_at(self.step.now());
        self.step.add(self.ask.counts.data_received, self.received);
        // The next step may have it from here on.
        self.begun = None;
        Poll::Ready(Ok(()))
    }
}

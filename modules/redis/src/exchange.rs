//! An exchange of a step: its turn, the connection, commands and their replies.

use crate::connection::{RedisConnection, end_of_reply};
use crate::outcome;
use crate::redis_command::Error as Kind;
use crate::reply::Reply;
use bggo_runtime::contract::{Counter, Fault, FaultText, Moment, Step, Trend, format_duration};
use bggo_wire::within;
use std::pin::pin;
use std::time::Duration;

/// How long a step may take whose grid says nothing of it.
pub(crate) const DEFAULT: Duration = Duration::from_secs(10);

/// What exchanges of a runner count.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Counts {
    pub(crate) waiting: Trend,
    pub(crate) data_sent: Counter,
    pub(crate) data_received: Counter,
    pub(crate) possibly_executed: Counter,
}

/// What a step asks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ask<'a> {
    /// The commands as they are sent.
    pub(crate) commands: &'a [u8],
    /// How many there are, and so how many replies.
    pub(crate) count: usize,
    /// How long all of it may take, from the beginning of the step.
    pub(crate) timeout: Duration,
    pub(crate) counts: &'a Counts,
}

/// Commands that were sent and are not answered yet. They are counted where their step is given up.
struct Unanswered<'a> {
    step: &'a Step<'a>,
    counter: Counter,
    count: u64,
}

impl Drop for Unanswered<'_> {
    fn drop(&mut self) {
        if self.count > 0 {
            self.step.add(self.counter, self.count);
        }
    }
}

/// Sends commands when it is the step's turn, and hands over each reply with the number of its command.
///
/// # Errors
/// There is no connection, it broke, what came is no reply, or it took too long. What the server refuses is a reply.
pub(crate) async fn exchange(
    step: &Step<'_>,
    connection: &RedisConnection,
    ask: Ask<'_>,
    heard: &mut (dyn FnMut(usize, Reply<'_>) + '_),
) -> Result<(), Fault> {
    let begun = step.sent_at_once();
    let work = pin!(talk(step, connection, ask, heard));
    let done = within(step, &connection.deadline, begun + ask.timeout, work).await;
    done.unwrap_or_else(|| {
        let text = format_args!("no reply within {}", format_duration(ask.timeout));
        Err(Kind::Timeout.fault(FaultText::plain(text)))
    })
}

async fn talk(
    step: &Step<'_>,
    connection: &RedisConnection,
    ask: Ask<'_>,
    heard: &mut (dyn FnMut(usize, Reply<'_>) + '_),
) -> Result<(), Fault> {
    let mut is_late = false;
    let _turn = match connection.turns.take_now() {
        Some(turn) => turn,
        None => {
            let came: Moment = step.now();
            let turn = connection.turns.take().await;
            step.record_time(ask.counts.waiting, step.now() - came);
            is_late = true;
            turn
        }
    };
    let mut wire = match connection.there() {
        Some(wire) => wire,
        None => {
            is_late = true;
            // It happens seldom, so steps hold no place for it.
            Box::pin(connection.reopen()).await?
        }
    };
    if is_late {
        step.sent();
    }
    let mut unanswered = Unanswered {
        step,
        counter: ask.counts.possibly_executed,
        count: ask.count as u64,
    };
    for _ in 0..ask.count {
        wire.owe();
    }
    wire.send_now(ask.commands);
    step.add(ask.counts.data_sent, ask.commands.len() as u64);
    wire.flush()
        .await
        .map_err(|trouble| outcome::broken(&trouble))?;
    let most = connection.settings().max_reply;
    let mut received = 0;
    for number in 0..ask.count {
        let end = end_of_reply(&mut wire, most).await?;
        heard(
            number,
            Reply::new(wire.peek().get(..end).unwrap_or_default()),
        );
        received += end as u64;
        wire.consume(end);
        wire.paid();
        unanswered.count -= 1;
    }
    step.received_at(step.now());
    step.add(ask.counts.data_received, received);
    Ok(())
}

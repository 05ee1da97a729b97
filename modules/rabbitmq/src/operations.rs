//! Operations of steps that wait for something of a connection, and what each has got so far.

use crate::message::Message;
use bggo_runtime::contract::{Fault, FaultText};
use std::task::Waker;

/// The operations that wait.
#[derive(Debug, Default)]
pub(crate) struct Operations {
    waiting: Vec<Operation>,
    /// The number of the one that began last.
    last: u32,
    /// Those to be woken, once nothing is borrowed.
    woken: Vec<Waker>,
    /// A task hears the socket, and no operation does.
    has_task: bool,
}

/// An operation.
#[derive(Debug)]
pub(crate) struct Operation {
    pub(crate) number: u32,
    /// Whose it is, where several users share the connection; otherwise 0.
    pub(crate) lane: u32,
    pub(crate) waker: Option<Waker>,
    pub(crate) wants: Wants,
    /// Why it gets nothing more.
    pub(crate) fault: Option<Fault>,
}

/// What an operation waits for, and has.
#[derive(Debug)]
pub(crate) enum Wants {
    /// The confirms of messages.
    Confirms(Tally),
    /// That everything is sent.
    Sent,
    /// That the server takes messages again.
    Unblocked,
    /// The answer to a question.
    Reply(Option<Reply>),
    /// The answer to a request.
    Answer {
        correlation_id: Box<[u8]>,
        message: Option<Box<Message>>,
    },
    /// Messages in the inbox of a channel.
    Messages {
        channel: u16,
        count: usize,
        correlation_id: Option<Box<[u8]>>,
    },
}

/// What became of messages.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tally {
    /// Those without a confirm.
    pub(crate) left: u32,
    /// Those of them that the server has surely not taken.
    pub(crate) refused: u32,
    pub(crate) acked: u32,
    pub(crate) nacked: u32,
    pub(crate) returned: u32,
    /// The first one that came back.
    pub(crate) first: Option<Box<Returned>>,
}

/// Why a message came back.
#[derive(Debug, Clone)]
pub(crate) struct Returned {
    pub(crate) code: u16,
    pub(crate) text: Box<str>,
    pub(crate) shown: FaultText,
}

/// The answer to a question.
#[derive(Debug)]
pub(crate) enum Reply {
    Done,
    Count(u32),
    Queue {
        queue: Box<str>,
        messages: u32,
        consumers: u32,
    },
    /// A message, how many are left, and the channel with how often it was opened.
    Message(Box<Message>, u32, (u16, u32)),
    Empty,
}

impl Operations {
    /// Of a connection that a task drives.
    pub(crate) fn of_task() -> Self {
        Self {
            has_task: true,
            ..Self::default()
        }
    }

    /// Whether a task hears the socket.
    pub(crate) const fn has_task(&self) -> bool {
        self.has_task
    }

    /// Begins one: its number, from 1.
    pub(crate) fn begin(&mut self, lane: u32, wants: Wants) -> u32 {
        self.last = self.last.checked_add(1).unwrap_or(1);
        self.waiting.push(Operation {
            number: self.last,
            lane,
            waker: None,
            wants,
            fault: None,
        });
        self.last
    }

    /// The one of this number, if it still waits.
    pub(crate) fn get(&mut self, number: u32) -> Option<&mut Operation> {
        self.waiting
            .iter_mut()
            .find(|operation| operation.number == number)
    }

    /// All that wait.
    pub(crate) fn all(&mut self) -> impl Iterator<Item = &mut Operation> {
        self.waiting.iter_mut()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// One waits no more: what it had and did not take. Another one is woken in its place: it may be the one that hears the socket from
    /// now on.
    pub(crate) fn end(&mut self, number: u32) -> Option<Wants> {
        let at = self.waiting.iter().position(|one| one.number == number);
        let ended = at.map(|at| self.waiting.remove(at).wants);
        if self.has_task {
            return ended;
        }
        let next = self.waiting.iter_mut().find_map(|one| one.waker.take());
        self.woken.extend(next);
        ended
    }

    /// Gives memory back that is not needed while nothing waits.
    pub(crate) fn release(&mut self) {
        if self.waiting.is_empty() {
            self.waiting = Vec::new();
        }
    }

    /// Changes what one has got, and wakes it. Whether it still waits.
    pub(crate) fn tell(&mut self, number: u32, change: impl FnOnce(&mut Operation)) -> bool {
        let Some(operation) = self
            .waiting
            .iter_mut()
            .find(|operation| operation.number == number)
        else {
            return false;
        };
        change(operation);
        let is_done = match &operation.wants {
            Wants::Confirms(tally) => tally.left == 0,
            _ => true,
        };
        if is_done || operation.fault.is_some() {
            self.woken.extend(operation.waker.take());
        }
        true
    }

    /// Fails one.
    pub(crate) fn fail(&mut self, number: u32, fault: &Fault) {
        self.tell(number, |operation| {
            operation.fault.get_or_insert_with(|| fault.clone());
        });
    }

    /// Fails one that has not got all yet.
    pub(crate) fn fail_if_open(&mut self, number: u32, fault: &Fault) {
        self.tell(number, |operation| {
            let has_all = match &operation.wants {
                Wants::Confirms(tally) => tally.left == 0,
                Wants::Reply(reply) => reply.is_some(),
                Wants::Answer { message, .. } => message.is_some(),
                Wants::Sent | Wants::Unblocked | Wants::Messages { .. } => false,
            };
            if !has_all {
                operation.fault.get_or_insert_with(|| fault.clone());
            }
        });
    }

    /// Wakes those that wait until everything is sent.
    pub(crate) fn all_is_sent(&mut self) {
        for one in &mut self.waiting {
            if matches!(one.wants, Wants::Sent) {
                self.woken.extend(one.waker.take());
            }
        }
    }

    /// The request of a lane with this correlation id.
    pub(crate) fn of_request(&self, lane: u32, id: &[u8]) -> Option<u32> {
        let is_it = |one: &&Operation| {
            one.lane == lane
                && matches!(&one.wants, Wants::Answer { correlation_id, .. } if **correlation_id == *id)
        };
        self.waiting.iter().find(is_it).map(|one| one.number)
    }

    /// Those to be woken. Nothing may be borrowed when they are.
    pub(crate) fn take_woken(&mut self) -> Vec<Waker> {
        std::mem::take(&mut self.woken)
    }
}

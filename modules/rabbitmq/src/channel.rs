//! Channels: what each is for, and what it needs for that. The module opens them itself, each when something needs it first.

use crate::codec::Unwritable;
use crate::frame::{self, Kind};
use crate::message::{Message, Partial};
use crate::method::{Ask, NO_ARGUMENTS};
use crate::window::Window;
use bggo_runtime::contract::Fault;
use bggo_wire::Inbox;
use std::collections::VecDeque;

/// The queue of which a client hears answers without one of its own.
pub(crate) const REPLY_TO: &str = "amq.rabbitmq.reply-to";

/// The lane of a channel that nobody has.
pub(crate) const FREE: u32 = u32::MAX;

/// A channel.
#[derive(Debug)]
pub(crate) struct Channel {
    /// Whose it is, where several users share the connection; otherwise 0.
    pub(crate) lane: u32,
    /// Its user has gone, and the server has not said yet that it is closed.
    pub(crate) is_closing: bool,
    pub(crate) is_open: bool,
    /// How often it was opened: a delivery of an earlier time cannot be acknowledged any more.
    pub(crate) opened: u32,
    pub(crate) role: Role,
    /// A message that has not come whole.
    pub(crate) partial: Option<Box<Partial>>,
    /// Deliveries that steps were given and have not acknowledged, in order.
    pub(crate) unacked: Vec<u64>,
}

/// What a channel is for.
#[derive(Debug)]
pub(crate) enum Role {
    /// Messages that are confirmed.
    Confirms(Window),
    /// Messages that are not.
    Plain,
    /// What is declared, bound and deleted.
    Declares(VecDeque<Asked>),
    /// Messages that are got one by one. They are lost to their steps when their channel closes, so it is none where declarations fail.
    Gets(VecDeque<Asked>),
    /// Requests, and their answers.
    Requests,
    /// A consumer.
    Consumes(Box<Consumer>),
}

/// A question whose answer comes behind those before it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked {
    pub(crate) operation: u32,
    /// What comes need not be acknowledged.
    pub(crate) no_ack: bool,
}

/// What a consumer consumes, and how. Steps with the same have the same consumer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Subscription {
    pub(crate) queue: Box<str>,
    pub(crate) no_ack: bool,
    pub(crate) exclusive: bool,
    /// Its tag, if the grid gives it.
    pub(crate) tag: Option<Box<str>>,
    /// The table as it is sent.
    pub(crate) arguments: Box<[u8]>,
}

/// A consumer.
#[derive(Debug)]
pub(crate) struct Consumer {
    pub(crate) subscription: Subscription,
    pub(crate) tag: Box<str>,
    /// It was begun on the channel as it is.
    pub(crate) is_begun: bool,
    pub(crate) inbox: Inbox<Message>,
    /// Messages that steps took and of which the server has not heard yet: how many, and the last one if they are acknowledged at once.
    pub(crate) batch: (u32, u64),
    /// What ended it while no step waited.
    pub(crate) fault: Option<Fault>,
}

impl Channel {
    pub(crate) const fn new(lane: u32, role: Role) -> Self {
        Self {
            lane,
            is_closing: false,
            is_open: false,
            opened: 0,
            role,
            partial: None,
            unacked: Vec::new(),
        }
    }

    /// Its consumer, if that has ended with nothing left of it, and another one may take its place.
    pub(crate) fn ended(&mut self, by: &Subscription) -> Option<&mut Consumer> {
        match &mut self.role {
            Role::Consumes(old)
                if !old.is_begun
                    && old.inbox.is_empty()
                    && self.unacked.is_empty()
                    && old.subscription.no_ack == by.no_ack =>
            {
                Some(old)
            }
            _ => None,
        }
    }

    /// Appends what opens it and makes it what it is for, as far as that is not done.
    pub(crate) fn open(
        &mut self,
        out: &mut Vec<u8>,
        number: u16,
        (prefetch, frame_max): (u16, usize),
    ) -> Result<(), Unwritable> {
        let mut say = |ask: Ask<'_>| {
            let before = out.len();
            frame::put(out, (Kind::Method, number), |out| ask.put(out))?;
            frame::fits(out.len() - before, frame_max)
        };
        let is_new = !self.is_open;
        if is_new {
            say(Ask::ChannelOpen)?;
        }
        match &mut self.role {
            Role::Confirms(_) if is_new => say(Ask::SelectConfirms)?,
            Role::Requests if is_new => say(Ask::Consume {
                queue: REPLY_TO,
                consumer: "answers",
                no_ack: true,
                exclusive: false,
                arguments: NO_ARGUMENTS,
            })?,
            Role::Consumes(consumer) => {
                if is_new && !consumer.subscription.no_ack {
                    say(Ask::Prefetch(prefetch))?;
                }
                if is_new || !consumer.is_begun {
                    let subscription = &consumer.subscription;
                    say(Ask::Consume {
                        queue: &subscription.queue,
                        consumer: &consumer.tag,
                        no_ack: subscription.no_ack,
                        exclusive: subscription.exclusive,
                        arguments: &subscription.arguments,
                    })?;
                    consumer.is_begun = true;
                }
            }
            _ => {}
        }
        if is_new {
            self.is_open = true;
            self.opened = self.opened.wrapping_add(1);
        }
        Ok(())
    }
}

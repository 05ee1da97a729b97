//! What comes on a connection by itself: kept in an inbox, and taken by steps that wait for what matches.
//!
//! ```text
//! Taken --take-- inbox <-- Listens::poll_heard <-- bytes that came     (whoever waits reads; between steps its user's idle work does)
//! ```

use crate::inbox::{Inbox, InboxLimits, OnFull};
use crate::limit::KeptDeadline;
use crate::turns::Turns;
use bggo_runtime::contract::{AssetClock, AssetMetrics, Counter, Fault, Moment, Step};
use std::cell::RefCell;
use std::fmt;
use std::future::poll_fn;
use std::task::{Context, Poll, Waker};

/// A protocol on a connection that listens.
pub trait Listens {
    /// What comes.
    type Message: Clone + fmt::Debug;

    /// Counts what came.
    const RECEIVED: Counter;
    /// Counts what no step took.
    const DROPPED: Counter;

    /// What the other end says next: a message with the bytes that it counts for, or `None` of something that no step waits for.
    ///
    /// # Errors
    /// Nothing more will come.
    fn poll_heard(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Self::Message>, Fault>>;

    /// The bytes that a message counts for in the inbox.
    fn size(message: &Self::Message) -> usize;
}

/// A message and when it came.
#[derive(Debug, Clone)]
pub struct Came<M> {
    /// The message.
    pub message: M,
    /// When it came.
    pub at: Moment,
}

/// How much of what comes is kept.
#[derive(Debug, Clone, Copy)]
pub struct Keeps {
    /// The limits of the inbox.
    pub inbox: InboxLimits,
    /// What came before an iteration waits on for its steps.
    pub over_iterations: bool,
}

impl Keeps {
    /// Of arguments as a grid writes them: `inbox_messages`, `inbox_size`, `on_full` and `keep`.
    pub fn new(messages: Option<usize>, bytes: u64, on_full: &str, keep: bool) -> Self {
        Self {
            inbox: InboxLimits {
                messages: messages.unwrap_or(usize::MAX),
                bytes: usize::try_from(bytes).unwrap_or(usize::MAX),
                on_full: match on_full {
                    "block" => OnFull::Block,
                    _ => OnFull::DropOldest,
                },
            },
            over_iterations: keep,
        }
    }
}

/// A connection that listens, for one asset.
#[derive(Debug)]
pub struct Listening<L: Listens> {
    inner: RefCell<Inner<L>>,
    /// Steps that receive do so one after the other.
    turns: Turns,
    /// That of the step that waits.
    pub deadline: KeptDeadline,
    keeps: Keeps,
    clock: AssetClock,
    metrics: AssetMetrics,
}

#[derive(Debug)]
struct Inner<L: Listens> {
    listens: L,
    inbox: Inbox<Came<L::Message>>,
    /// The step that waits.
    waiting: Option<Waker>,
    /// Why no more will come.
    ended: Option<Fault>,
    /// A step has failed because of that.
    is_told: bool,
}

impl<L: Listens> Listening<L> {
    /// On a connection that has begun to listen.
    pub fn new(listens: L, keeps: Keeps, (clock, metrics): (AssetClock, AssetMetrics)) -> Self {
        Self {
            inner: RefCell::new(Inner {
                listens,
                inbox: Inbox::new(),
                waiting: None,
                ended: None,
                is_told: false,
            }),
            turns: Turns::new(),
            deadline: KeptDeadline::new(),
            keeps,
            clock,
            metrics,
        }
    }

    /// Takes in a message that came while the connection began to listen.
    pub fn put(&self, message: L::Message) {
        self.keep(&mut self.inner.borrow_mut(), message);
    }

    /// Whether [`read`](Self::read) may find something between two steps.
    pub fn has_idle_work(&self) -> bool {
        let inner = self.inner.borrow();
        inner.ended.is_none() && !self.holds_up(&inner)
    }

    /// Whether a step has failed because no more comes: the next one needs another connection.
    pub fn is_spent(&self) -> bool {
        self.inner.borrow().is_told
    }

    /// Takes all that has come into the inbox.
    pub fn read(&self, cx: &mut Context<'_>) {
        let mut inner = self.inner.borrow_mut();
        let mut waits = None;
        while inner.ended.is_none() && !self.holds_up(&inner) {
            match inner.listens.poll_heard(cx) {
                Poll::Pending => break,
                Poll::Ready(Ok(None)) => continue,
                Poll::Ready(Ok(Some(message))) => self.keep(&mut inner, message),
                Poll::Ready(Err(fault)) => inner.ended = Some(fault),
            }
            waits = waits.or_else(|| inner.waiting.take());
        }
        drop(inner);
        // It may take the message at once, so nothing is borrowed here.
        if let Some(waker) = waits
            && !waker.will_wake(cx.waker())
        {
            waker.wake();
        }
    }

    fn keep(&self, inner: &mut Inner<L>, message: L::Message) {
        let bytes = L::size(&message);
        let came = Came {
            message,
            at: self.clock.now(),
        };
        let dropped = inner.inbox.put(came, bytes, &self.keeps.inbox);
        self.metrics.add(L::RECEIVED, 1);
        self.count_dropped(dropped);
    }

    /// Whether nothing is read until a step has taken something.
    fn holds_up(&self, inner: &Inner<L>) -> bool {
        self.keeps.inbox.on_full == OnFull::Block && inner.inbox.is_full(&self.keeps.inbox)
    }

    fn count_dropped(&self, count: u64) {
        if count > 0 {
            self.metrics.add(L::DROPPED, count);
        }
    }

    /// Drops messages of other iterations than that of a step, if the grid does not keep them.
    fn forget_before(&self, step: &Step<'_>) {
        if self.keeps.over_iterations {
            return;
        }
        let began = step.iteration_began();
        let inbox = &mut self.inner.borrow_mut().inbox;
        let dropped = inbox.drop_while(|came| came.at < began);
        self.count_dropped(dropped);
    }

    fn poll_next(&self, cx: &mut Context<'_>) -> Poll<Result<Came<L::Message>, Fault>> {
        self.read(cx);
        let mut inner = self.inner.borrow_mut();
        if let Some(came) = inner.inbox.take() {
            inner.waiting = None;
            return Poll::Ready(Ok(came));
        }
        if let Some(fault) = inner.ended.clone() {
            inner.is_told = true;
            return Poll::Ready(Err(fault));
        }
        inner.waiting = Some(cx.waker().clone());
        Poll::Pending
    }
}

/// Messages that a step has taken. If it is given up, the next one gets them.
#[derive(Debug)]
pub struct Taken<'a, L: Listens> {
    listening: &'a Listening<L>,
    /// Those that match, in the order in which they came.
    pub messages: Vec<Came<L::Message>>,
    /// How many did not match.
    pub skipped: u64,
}

impl<'a, L: Listens> Taken<'a, L> {
    /// None yet.
    pub const fn new(listening: &'a Listening<L>) -> Self {
        Self {
            listening,
            messages: Vec::new(),
            skipped: 0,
        }
    }

    /// Takes so many messages that match, in the step's turn. `look` sees each one as it is taken; `fits` judges by all that
    /// match so far, of which the last one is new, and by how many were skipped.
    ///
    /// # Errors
    /// No more will come, or a message cannot be judged. That one is dropped, or it would fail each step that follows.
    pub async fn take(
        &mut self,
        step: &Step<'_>,
        count: usize,
        mut look: impl FnMut(&mut Came<L::Message>),
        fits: impl Fn(&[Came<L::Message>], u64) -> Result<bool, Fault>,
    ) -> Result<(), Fault> {
        let listening = self.listening;
        let _turn = listening.turns.take().await;
        listening.forget_before(step);
        while self.messages.len() < count {
            let mut came = poll_fn(|cx| listening.poll_next(cx)).await?;
            look(&mut came);
            self.messages.push(came);
            let judged = fits(&self.messages, self.skipped);
            if !matches!(judged, Ok(true)) {
                self.messages.pop();
                self.skipped += 1;
            }
            judged?;
        }
        Ok(())
    }

    /// All that were taken: they are the step's from here on.
    pub fn keep(&mut self) -> Vec<Came<L::Message>> {
        std::mem::take(&mut self.messages)
    }
}

impl<L: Listens> Drop for Taken<'_, L> {
    fn drop(&mut self) {
        let inbox = &mut self.listening.inner.borrow_mut().inbox;
        for came in self.messages.drain(..).rev() {
            let bytes = L::size(&came.message);
            inbox.put_back(came, bytes);
        }
        self.listening.count_dropped(self.skipped);
    }
}

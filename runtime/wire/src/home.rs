//! Where an asset keeps its connections while nobody uses them, and the loan of one to an operation.
//!
//! ```text
//! Home -lend-> Loan -dropped-> Home, if nothing is left of the exchange; else the connection is closed and counted
//! ```

use crate::shared::{Line, Lines};
use crate::wire::{Idle, Look, Wire};
use bggo_runtime::contract::Moment;
use std::cell::{Cell, RefCell};
use std::fmt;
use std::ops::{Deref, DerefMut};
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

/// The connections of one asset that are idle, by a number for each server.
#[derive(Default)]
pub struct Home {
    idle: RefCell<IdleWires>,
    /// `None` while they are all zero, which they are for nearly every user.
    counts: Cell<Option<Box<Counts>>>,
    /// Who waits, if several users share the connections.
    lines: Option<Box<Lines>>,
}

/// A connection and the number of its server. Boxed: a loan is handed on a few times within a request.
type Numbered = (u32, Box<Wire>);

/// Connections and the numbers of their servers. Most users have one, which takes no list.
#[derive(Default)]
struct IdleWires {
    /// What came back last.
    last: Option<Numbered>,
    /// Those before.
    #[expect(
        clippy::box_collection,
        reason = "the place of a list is three times as large, and every idle user has it"
    )]
    others: Option<Box<Vec<Numbered>>>,
}

impl IdleWires {
    /// Takes the one to a server that came back last.
    #[inline]
    fn take(&mut self, server: u32) -> Option<Box<Wire>> {
        if let Some((_, wire)) = self.last.take_if(|(of, _)| *of == server) {
            return Some(wire);
        }
        let others = self.others.as_deref_mut()?;
        let at = others.iter().rposition(|(of, _)| *of == server)?;
        let (_, wire) = others.remove(at);
        Some(wire)
    }

    #[inline]
    fn put(&mut self, server: u32, wire: Box<Wire>) {
        if let Some(before) = self.last.replace((server, wire)) {
            self.others.get_or_insert_default().push(before);
        }
    }

    fn keep(&mut self, mut keeps: impl FnMut(u32, &mut Wire) -> bool) {
        if let Some(others) = &mut self.others {
            others.retain_mut(|(of, wire)| keeps(*of, wire));
            if others.is_empty() {
                self.others = None;
            }
        }
        if let Some((of, wire)) = &mut self.last
            && !keeps(*of, wire)
        {
            self.last = None;
        }
    }

    /// How many of them `counts` counts, by the numbers of their servers. A loop by hand: each request asks.
    #[inline]
    fn count(&self, counts: impl Fn(u32) -> bool) -> usize {
        let is_it = |(of, _): &Numbered| counts(*of);
        let last = usize::from(self.last.as_ref().is_some_and(is_it));
        match &self.others {
            None => last,
            Some(others) => last + others.iter().filter(|one| is_it(one)).count(),
        }
    }
}

impl fmt::Debug for Home {
    /// Leaves the counts out, which cannot be looked at without taking them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Home")
            .field("idle", &self.idle.borrow().count(|_| true))
            .finish_non_exhaustive()
    }
}

/// What became of connections.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Closed because an exchange was given up on them.
    pub poisoned: u64,
    /// Closed because something came behind a whole answer, or unasked.
    pub leftover: u64,
    /// Found closed by the other end while nobody used them.
    pub gone: u64,
}

impl Home {
    /// Without connections.
    pub const fn new() -> Self {
        Self {
            idle: RefCell::new(IdleWires {
                last: None,
                others: None,
            }),
            counts: Cell::new(None),
            lines: None,
        }
    }

    /// Without connections, for several users that wait for them in a line ([`Home::line`]).
    pub fn shared() -> Self {
        Self {
            lines: Some(Box::default()),
            ..Self::new()
        }
    }

    /// Who waits for a connection to a server, if several users share them. Each loan counts there as one in use, and its end
    /// calls the next one. A connection that its loan keeps for good is not counted any more.
    pub fn line(&self, server: u32) -> Option<Rc<Line>> {
        let lines = self.lines.as_ref()?;
        Some(lines.line(server))
    }

    /// The waker is woken once, when a connection that several users share becomes idle.
    pub fn watch(&self, waker: &Waker) {
        if let Some(lines) = &self.lines {
            lines.watch(waker);
        }
    }

    fn loan(&self, server: u32, wire: Box<Wire>) -> Loan<'_> {
        if let Some(lines) = &self.lines {
            lines.line(server).enters();
        }
        Loan {
            home: self,
            server,
            wire: Some(wire),
        }
    }

    /// Lends a connection to a server that can be used: that which came back last and [is quiet](Wire::is_quiet). Those that are
    /// not are closed. A protocol with one server calls it 0.
    pub fn lend_quiet(&self, server: u32, look: Look) -> Option<Loan<'_>> {
        loop {
            let mut loan = self.lend(server)?;
            if loan.is_quiet(look) {
                return Some(loan);
            }
            loan.spent();
        }
    }

    /// The same for a protocol whose server may say something unasked. `heard` gets a connection to which something came: it consumes
    /// what it understands, and says whether the connection is of use. The beginning of a message may stay in it.
    pub fn lend_heard(
        &self,
        server: u32,
        mut heard: impl FnMut(&mut Wire) -> bool,
    ) -> Option<Loan<'_>> {
        loop {
            let mut loan = self.lend(server)?;
            // This look reads what has come.
            if loan.is_quiet(Look::Told) || hears(&mut loan, &mut heard) {
                return Some(loan);
            }
            loan.gone();
        }
    }

    /// The same as [`Wire::is_quiet_until`]: the fill has to follow within the same poll.
    pub fn lend_heard_until(
        &self,
        server: u32,
        cx: &mut Context<'_>,
        mut heard: impl FnMut(&mut Wire) -> bool,
    ) -> Option<Loan<'_>> {
        loop {
            let mut loan = self.lend(server)?;
            if loan.is_quiet_until(cx) || hears(&mut loan, &mut heard) {
                return Some(loan);
            }
            loan.gone();
        }
    }

    /// Lends a connection to a server, whatever has happened to it meanwhile: that which came back last.
    pub fn lend(&self, server: u32) -> Option<Loan<'_>> {
        let wire = self.idle.borrow_mut().take(server)?;
        Some(self.loan(server, wire))
    }

    /// Takes in a new connection to the server of this number, on loan to whoever made it.
    pub fn settle(&self, server: u32, wire: Wire) -> Loan<'_> {
        self.loan(server, Box::new(wire))
    }

    /// How many idle connections to a server there are.
    #[inline]
    pub fn idle(&self, server: u32) -> usize {
        self.idle.borrow().count(|of| of == server)
    }

    /// Whether there are idle connections.
    #[inline]
    pub fn has_idle(&self) -> bool {
        let idle = self.idle.borrow();
        idle.last.is_some()
            || idle
                .others
                .as_ref()
                .is_some_and(|others| !others.is_empty())
    }

    /// Looks after the idle connections: those that are gone, or to which something came unasked, are closed and counted.
    pub fn poll_idle(&self, cx: &mut Context<'_>) {
        self.idle
            .borrow_mut()
            .keep(|_, wire| match wire.poll_idle(cx) {
                Poll::Pending => true,
                Poll::Ready(Idle::Bytes) => {
                    self.count(|counts| counts.leftover += 1);
                    false
                }
                Poll::Ready(Idle::Gone(_)) => {
                    self.count(|counts| counts.gone += 1);
                    false
                }
            });
    }

    /// The same for a protocol whose server may say something unasked: `heard` as of [`Home::lend_heard`].
    pub fn poll_idle_heard(&self, cx: &mut Context<'_>, mut heard: impl FnMut(&mut Wire) -> bool) {
        self.idle.borrow_mut().keep(|_, wire| {
            loop {
                match wire.poll_idle(cx) {
                    Poll::Pending => return true,
                    Poll::Ready(Idle::Bytes) if hears(wire, &mut heard) => {}
                    Poll::Ready(Idle::Bytes) => {
                        self.count(|counts| counts.leftover += 1);
                        return false;
                    }
                    Poll::Ready(Idle::Gone(_)) => {
                        self.count(|counts| counts.gone += 1);
                        return false;
                    }
                }
            }
        });
    }

    /// Closes the idle connections that have rested for `limit`: when the next one will have, if there is one.
    pub fn close_rested(&self, limit: Duration, now: Moment) -> Option<Moment> {
        let mut shortest: Option<Duration> = None;
        self.idle.borrow_mut().keep(|_, wire| {
            let left = limit.saturating_sub(wire.rested(now));
            if left.is_zero() {
                return false;
            }
            shortest = Some(shortest.map_or(left, |known| known.min(left)));
            true
        });
        Some(now + shortest?)
    }

    /// Closes the idle connections to a server.
    pub fn close(&self, server: u32) {
        self.idle.borrow_mut().keep(|of, _| of != server);
    }

    /// What became of connections since this was asked last.
    pub fn take_counts(&self) -> Counts {
        self.counts
            .take()
            .map_or_else(Counts::default, |counts| *counts)
    }

    fn count(&self, change: impl FnOnce(&mut Counts)) {
        let mut counts = self.counts.take().unwrap_or_default();
        change(&mut counts);
        self.counts.set(Some(counts));
    }
}

/// Whether a connection to which something came unasked can still serve.
fn hears(wire: &mut Wire, heard: &mut impl FnMut(&mut Wire) -> bool) -> bool {
    !wire.is_over() && !wire.is_owed() && !wire.is_nearly_used_up() && heard(wire)
}

/// A connection on loan to an operation. When it is dropped, the connection goes back if nothing is left of the exchange;
/// otherwise it is closed: what was given up half-way can leave no answer for the next one.
#[derive(Debug)]
pub struct Loan<'a> {
    home: &'a Home,
    server: u32,
    /// Until it is over.
    wire: Option<Box<Wire>>,
}

impl Loan<'_> {
    /// How many idle connections to the same server there are beside it.
    #[inline]
    pub fn others_idle(&self) -> usize {
        self.home.idle(self.server)
    }

    /// The connection came to an orderly end: it is closed, and nothing is counted.
    pub fn spent(mut self) {
        self.wire = None;
    }

    /// The connection was found closed, or something had come unasked: it is closed and counted.
    pub fn gone(mut self) {
        if let Some(wire) = self.wire.take() {
            let has_more = !wire.peek().is_empty();
            self.home.count(|counts| match has_more {
                true => counts.leftover += 1,
                false => counts.gone += 1,
            });
        }
    }

    /// The connection leaves its home for good, as for another protocol.
    #[expect(clippy::expect_used, reason = "see HAS_WIRE")]
    pub fn keep(mut self) -> Wire {
        *self.wire.take().expect(HAS_WIRE)
    }
}

/// Only `spent`, `gone`, `keep` and `drop` take it, and each of them ends the loan.
const HAS_WIRE: &str = "a loan has its connection";

impl Deref for Loan<'_> {
    type Target = Wire;

    #[expect(clippy::expect_used, reason = "see HAS_WIRE")]
    #[inline]
    fn deref(&self) -> &Wire {
        self.wire.as_ref().expect(HAS_WIRE)
    }
}

impl DerefMut for Loan<'_> {
    #[expect(clippy::expect_used, reason = "see HAS_WIRE")]
    #[inline]
    fn deref_mut(&mut self) -> &mut Wire {
        self.wire.as_mut().expect(HAS_WIRE)
    }
}

impl Drop for Loan<'_> {
    fn drop(&mut self) {
        self.go_back();
        if let Some(lines) = &self.home.lines {
            lines.line(self.server).left();
        }
    }
}

impl Loan<'_> {
    fn go_back(&mut self) {
        let Some(mut wire) = self.wire.take() else {
            return;
        };
        if wire.may_serve_again() {
            wire.will_be_reused();
            self.home.idle.borrow_mut().put(self.server, wire);
            if let Some(lines) = &self.home.lines {
                lines.rests();
            }
        } else if wire.is_over() {
            // The other end closed it or it broke, which its exchange has told.
        } else if wire.is_owed() {
            self.home.count(|counts| counts.poisoned += 1);
        } else if !wire.peek().is_empty() {
            self.home.count(|counts| counts.leftover += 1);
        }
    }
}

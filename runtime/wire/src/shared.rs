//! Connections that several users share: who waits for one, and gets it in the order in which they came.
//!
//! ```text
//! Line -join-> Waiting: looks if nobody waits before it, else waits until it is called
//!   '- call_next <- a connection came back, is gone, or has room for one more exchange
//! ```
//!
//! A line knows nothing of what is waited for. Whoever is called looks whether it finds that, and is the first again if it does not.
//! One that is dropped leaves the line; if it was called, the next one is called in its place.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Poll, Waker};

/// The users that wait for a connection to one server, and how many connections to it are in use.
#[derive(Debug, Default)]
pub struct Line {
    waiting: RefCell<VecDeque<Rc<Place>>>,
    /// Those that were called and have not gone yet.
    called: Cell<usize>,
    /// Connections that are on loan or being made.
    in_use: Cell<usize>,
    /// Those of them that are being made.
    opening: Cell<usize>,
}

#[derive(Debug, Default)]
struct Place {
    is_called: Cell<bool>,
    waker: RefCell<Option<Waker>>,
}

/// One that wants a connection. When it is dropped it leaves the line.
#[derive(Debug)]
pub struct Waiting<'l> {
    line: &'l Line,
    place: Rc<Place>,
    stands: Stands,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stands {
    /// It has not joined the line yet.
    Outside,
    /// It waits, or was called and has not heard yet.
    InLine,
    /// It was called and looks.
    Called,
}

impl Line {
    /// Whether somebody waits, or was called and looks.
    pub fn is_waited_for(&self) -> bool {
        self.called.get() > 0 || !self.waiting.borrow().is_empty()
    }

    /// How many connections are on loan or being made.
    pub fn in_use(&self) -> usize {
        self.in_use.get()
    }

    /// How many connections are being made.
    pub fn opening(&self) -> usize {
        self.opening.get()
    }

    /// Somebody who wants a connection.
    pub fn join(&self) -> Waiting<'_> {
        Waiting {
            line: self,
            place: Rc::default(),
            stands: Stands::Outside,
        }
    }

    /// Calls the one that has waited for the longest time.
    pub fn call_next(&self) {
        let Some(place) = self.waiting.borrow_mut().pop_front() else {
            return;
        };
        place.is_called.set(true);
        self.called.set(self.called.get() + 1);
        // It may drop what it holds when it is woken, so nothing is borrowed here.
        let waker = place.waker.take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    pub(crate) fn enters(&self) {
        self.in_use.set(self.in_use.get() + 1);
    }

    pub(crate) fn left(&self) {
        self.in_use.set(self.in_use.get().saturating_sub(1));
        self.call_next();
    }
}

impl Waiting<'_> {
    /// Whether it may look: nobody waits before it, or it was called.
    pub fn is_next(&self) -> bool {
        match self.stands {
            Stands::Outside => !self.line.is_waited_for(),
            Stands::InLine => false,
            Stands::Called => true,
        }
    }

    /// Waits until it is called. One that was called before and found nothing is the first again.
    pub async fn called(&mut self) {
        let line = self.line;
        match self.stands {
            Stands::Outside => line.waiting.borrow_mut().push_back(Rc::clone(&self.place)),
            Stands::Called => {
                self.place.is_called.set(false);
                line.called.set(line.called.get().saturating_sub(1));
                line.waiting.borrow_mut().push_front(Rc::clone(&self.place));
            }
            Stands::InLine => {}
        }
        self.stands = Stands::InLine;
        poll_fn(|cx| {
            if self.place.is_called.get() {
                return Poll::Ready(());
            }
            let waker = self.place.waker.replace(Some(cx.waker().clone()));
            drop(waker);
            Poll::Pending
        })
        .await;
        self.stands = Stands::Called;
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if self.stands == Stands::Outside {
            return;
        }
        if self.place.is_called.get() {
            // What it did not take is the next one's, and there may be more than it took.
            self.line
                .called
                .set(self.line.called.get().saturating_sub(1));
            self.line.call_next();
        } else {
            let mut waiting = self.line.waiting.borrow_mut();
            waiting.retain(|place| !Rc::ptr_eq(place, &self.place));
        }
    }
}

/// A connection that is being made, and counts as one. When it is dropped there is none.
#[derive(Debug)]
pub struct Opening {
    line: Rc<Line>,
}

impl Opening {
    /// Counts a connection to the server of a line.
    pub fn new(line: &Rc<Line>) -> Self {
        line.enters();
        line.opening.set(line.opening.get() + 1);
        Self {
            line: Rc::clone(line),
        }
    }
}

impl Drop for Opening {
    fn drop(&mut self) {
        let opening = &self.line.opening;
        opening.set(opening.get().saturating_sub(1));
        self.line.left();
    }
}

/// The lines of all servers, by their numbers.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    all: RefCell<Vec<Rc<Line>>>,
    /// Woken when a connection becomes idle.
    watcher: RefCell<Option<Waker>>,
}

impl Lines {
    pub(crate) fn line(&self, server: u32) -> Rc<Line> {
        let mut all = self.all.borrow_mut();
        let at = server as usize;
        if at >= all.len() {
            all.resize_with(at + 1, Rc::default);
        }
        all.get(at).cloned().unwrap_or_default()
    }

    pub(crate) fn watch(&self, waker: &Waker) {
        let before = self.watcher.replace(Some(waker.clone()));
        drop(before);
    }

    /// A connection became idle.
    pub(crate) fn rests(&self) {
        let watcher = self.watcher.take();
        if let Some(watcher) = watcher {
            watcher.wake();
        }
    }
}

#[cfg(test)]
mod tests;

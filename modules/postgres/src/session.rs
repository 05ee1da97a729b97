//! What a session is beside its wire, as the server keeps it: its transaction and its prepared statements.

use crate::described::Described;
use crate::exchange::Beside;
use crate::login::Key;
use bggo_runtime::contract::{Info, Moment};
use std::rc::Rc;

/// Whether a transaction is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum State {
    #[default]
    Idle,
    Open,
    /// It is open and has failed: it can only be rolled back.
    Failed,
}

/// A transaction that several steps are in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Opened {
    /// When its iteration began: no other iteration began then.
    pub(crate) iteration: Moment,
    /// The step that began it.
    pub(crate) by: &'static Info,
}

/// A session beside its wire.
#[derive(Debug, Default)]
pub(crate) struct Session {
    pub(crate) state: State,
    /// The transaction that is open, or was lost with its connection.
    pub(crate) opened: Option<Opened>,
    /// The connection was lost in it.
    pub(crate) is_lost: bool,
    /// The statements that the server has, by the numbers of the thread.
    statements: Vec<(u32, Rc<Described>)>,
    pub(crate) key: Option<Key>,
    pub(crate) beside: Beside,
}

impl State {
    /// What a server says when it is ready.
    pub(crate) fn of(body: &[u8]) -> Self {
        match body {
            b"T" => Self::Open,
            b"E" => Self::Failed,
            _ => Self::Idle,
        }
    }
}

impl Session {
    /// A statement that the server has.
    pub(crate) fn statement(&self, number: u32) -> Option<&Rc<Described>> {
        let known = self.statements.iter().find(|(of, _)| *of == number);
        known.map(|(_, described)| described)
    }

    pub(crate) fn has(&mut self, number: u32, described: Rc<Described>) {
        self.forgets(number);
        self.statements.push((number, described));
    }

    pub(crate) fn forgets(&mut self, number: u32) {
        self.statements.retain(|(of, _)| *of != number);
    }

    /// The connection is gone, and what the server kept with it: whether a transaction was open.
    pub(crate) fn ends(&mut self) -> bool {
        let was_open = self.state != State::Idle;
        self.is_lost |= was_open;
        self.state = State::Idle;
        self.statements.clear();
        self.key = None;
        // What was said last belongs to the connection that is gone.
        self.beside = Beside::default();
        was_open
    }

    /// There is no transaction, or the one that was is over.
    pub(crate) fn has_no_transaction(&mut self) {
        self.opened = None;
        self.is_lost = false;
    }

    /// Whether a transaction was begun in another iteration than that which began then.
    pub(crate) fn is_of_another(&self, iteration: Moment) -> bool {
        self.opened
            .is_some_and(|opened| opened.iteration != iteration)
    }
}

//! What the steps of a worker sent and received, until they end.

use crate::exchange::{Exchange, Unmade};
use std::cell::RefCell;

/// Exchanges of one step that are kept: its first one and its last ones.
const MOST_EXCHANGES: usize = 32;

/// Exchanges of the steps of one worker.
#[derive(Debug, Default)]
pub(super) struct KeptExchanges {
    /// By the address of the step. A step takes its own at its end.
    of_steps: RefCell<Vec<(usize, Vec<Exchange>)>>,
    /// The exchange of the step whose checks are judged next, by its address. Between its end and its checks nothing else happens on
    /// this thread, so there is one at most.
    unjudged: RefCell<Option<(usize, Unmade)>>,
}

/// What the exchanges are that other steps have left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Others {
    /// Of steps that run.
    AreRunning,
    /// Under load a step hands over what failed at its very end, so they are of steps that passed after all.
    HavePassed,
}

impl KeptExchanges {
    /// Keeps what a running step, which has this address, sent and received.
    pub(super) fn keep(&self, step: usize, exchange: Exchange, others: Others) {
        let mut all = self.of_steps.borrow_mut();
        match all.iter_mut().find(|(of, _)| *of == step) {
            // The last ones say most of how it came to its end.
            Some((_, kept)) if kept.len() >= MOST_EXCHANGES => {
                kept.remove(1);
                kept.push(exchange);
            }
            Some((_, kept)) => kept.push(exchange),
            None if others == Others::HavePassed => *all = vec![(step, vec![exchange])],
            None => all.push((step, vec![exchange])),
        }
    }

    /// Keeps the exchange of a step whose checks are judged next.
    pub(super) fn keep_unjudged(&self, step: usize, exchange: Unmade) {
        *self.unjudged.borrow_mut() = Some((step, exchange));
    }

    /// The exchange of this step, whose checks were judged.
    pub(super) fn take_unjudged(&self, step: usize) -> Option<Unmade> {
        let unjudged = self.unjudged.take();
        unjudged
            .filter(|(of, _)| *of == step)
            .map(|(_, exchange)| exchange)
    }

    /// What a step that ends sent and received.
    pub(super) fn take(&self, step: usize) -> Vec<Exchange> {
        let mut all = self.of_steps.borrow_mut();
        let at = all.iter().position(|(of, _)| *of == step);
        at.map(|at| all.swap_remove(at).1).unwrap_or_default()
    }
}

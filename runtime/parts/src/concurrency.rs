//! `concurrency`: how many attempts of a step run at once.

use crate::step_limits::{OwnKey, Places, StepLimits, limits_of};
use bggo_runtime::parts::{DrivenStep, Step};
use bggo_values::Text;
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Among which attempts a step has its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Among {
    /// Those of an iteration; within a flow, of one call.
    Iteration,
    /// Those of a virtual user.
    User,
    /// All of this program.
    Run,
}

/// How many attempts of a step run at once.
#[derive(Debug, Clone)]
pub struct Concurrency {
    limit: u32,
    among: Among,
    key: Text,
}

impl Concurrency {
    /// So many of an iteration.
    pub fn new(limit: u32) -> Self {
        Self {
            limit,
            among: Among::Iteration,
            key: Text::Static(""),
        }
    }

    /// Among which they are counted.
    #[must_use]
    pub fn among(mut self, among: Among) -> Self {
        self.among = among;
        self
    }

    /// For each key by itself.
    #[must_use]
    pub fn per_key(mut self, key: Text) -> Self {
        self.key = key;
        self
    }
}

/// Whose place it is, and where it is counted.
#[derive(Debug)]
enum Whose {
    Own(Rc<RefCell<Places<OwnKey>>>, OwnKey),
    Shared(Arc<StepLimits>, (usize, Text)),
}

/// A place among the attempts that run at once, until it is dropped; also where it is still waited for.
#[derive(Debug)]
pub(crate) struct Place {
    whose: Whose,
    permit: Option<OwnedSemaphorePermit>,
}

/// Waits for a place for an attempt of a step. Who came first has it first.
pub(crate) async fn place(step: &Step<'_>, concurrency: Concurrency) -> Place {
    let limit = concurrency.limit as usize;
    let driven = DrivenStep::of(step);
    let number = std::ptr::from_ref(step.info()).addr();
    // A text may be part of an answer, which would be kept with it.
    let key = Text::from(concurrency.key.as_str().to_owned());
    let (whose, places): (_, Arc<Semaphore>) = match concurrency.among {
        Among::Run => {
            let (limits, key) = (limits_of(driven), (number, key));
            let places = limits.places(key.clone(), limit);
            (Whose::Shared(limits, key), places)
        }
        among => {
            let body = (among == Among::Iteration).then(|| driven.first_slot_of_body());
            let key = OwnKey {
                step: number,
                scenario: driven.scenario(),
                user: step.vu(),
                body,
                key,
            };
            let own: Rc<RefCell<Places<OwnKey>>> = driven.of_worker().get(RefCell::default);
            let places = own.borrow_mut().of(key.clone(), limit);
            (Whose::Own(own, key), places)
        }
    };
    let mut place = Place {
        whose,
        permit: None,
    };
    // The semaphore is never closed.
    place.permit = places.acquire_owned().await.ok();
    place
}

impl Drop for Place {
    fn drop(&mut self) {
        drop(self.permit.take());
        match &self.whose {
            Whose::Own(places, key) => places.borrow_mut().forget(key),
            Whose::Shared(limits, key) => limits.forget(key),
        }
    }
}

//! `concurrency`: how many attempts of a step run at once.

use super::attempt::Step;
use crate::step_limits::OwnKey;
use bggo_values::Text;
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

/// Whose place it is.
#[derive(Debug)]
enum Whose {
    Own(OwnKey),
    Shared((usize, Text)),
}

/// A place among the attempts that run at once, until it is dropped; also where it is still waited for.
#[derive(Debug)]
pub(super) struct Place<'s> {
    step: &'s Step<'s>,
    whose: Whose,
    permit: Option<OwnedSemaphorePermit>,
}

impl Step<'_> {
    /// Waits for a place. Who came first has it first.
    pub(super) async fn place(&self, concurrency: Concurrency) -> Place<'_> {
        let limit = concurrency.limit as usize;
        let step = std::ptr::from_ref(self.info()).addr();
        // A text may be part of an answer, which would be kept with it.
        let key = Text::from(concurrency.key.as_str().to_owned());
        let worker = self.worker();
        let (whose, places): (_, Arc<Semaphore>) = match concurrency.among {
            Among::Run => {
                let key = (step, key);
                (Whose::Shared(key.clone()), worker.limits.places(key, limit))
            }
            among => {
                let body = (among == Among::Iteration).then(|| self.first_slot_of_body());
                let key = OwnKey {
                    step,
                    scenario: self.scenario(),
                    user: self.vu(),
                    body,
                    key,
                };
                let places = worker.places.borrow_mut().of(key.clone(), limit);
                (Whose::Own(key), places)
            }
        };
        let mut place = Place {
            step: self,
            whose,
            permit: None,
        };
        // The semaphore is never closed.
        place.permit = places.acquire_owned().await.ok();
        place
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let worker = self.step.worker();
        drop(self.permit.take());
        match &self.whose {
            Whose::Own(key) => worker.places.borrow_mut().forget(key),
            Whose::Shared(key) => worker.limits.forget(key),
        }
    }
}

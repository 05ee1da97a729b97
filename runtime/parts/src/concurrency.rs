//! `concurrency`: how many attempts of a step run at once.

use crate::queue::{Order, Permit, Queue};
use crate::step_limits::{OwnKey, Places, StepLimits, limits_of};
use bggo_runtime::parts::{DrivenStep, Step};
use bggo_values::Text;
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

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
    order: Order,
}

impl Concurrency {
    /// So many of an iteration.
    pub fn new(limit: u32) -> Self {
        Self {
            limit,
            among: Among::Iteration,
            key: Text::Static(""),
            order: Order::FirstInFirstOut,
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

    /// Who of those that wait is next.
    #[must_use]
    pub fn order(mut self, order: Order) -> Self {
        self.order = order;
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
    permit: Option<Permit>,
}

/// Waits for a place for an attempt of a step.
pub(crate) async fn place(step: &Step<'_>, concurrency: Concurrency) -> Place {
    let queue = || Queue::new(concurrency.limit as usize, concurrency.order);
    let driven = DrivenStep::of(step);
    let number = std::ptr::from_ref(step.info()).addr();
    // A text may be part of an answer, which would be kept with it.
    let key = Text::from(concurrency.key.as_str().to_owned());
    let (whose, places): (_, Arc<Queue>) = match concurrency.among {
        Among::Run => {
            let (limits, key) = (limits_of(driven), (number, key));
            let places = limits.places(key.clone(), queue);
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
            let places = own.borrow_mut().of(key.clone(), queue);
            (Whose::Own(own, key), places)
        }
    };
    let mut place = Place {
        whose,
        permit: None,
    };
    place.permit = Some(places.place().await);
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

//! One scenario on one worker: makes its users when they are wanted, hands arrivals out to them, and waits until all are gone.
//!
//! An arrival is handed to the user that became idle last, whose memory is warm. If none is idle, a new user is made as long as
//! there may be more. Otherwise the arrival waits, or it is dropped and counted.

use super::arriving::Arriving;
use super::program::Worker;
use super::scenario_load::Taking;
use super::scenario_users::ScenarioUsers;
use super::user::User;
use crate::context::WorkerContext;
use crate::shutdown::Phase;
use crate::task;
use bggo_schedule::{Nanos, Ramp, WhenFull, nanos};
use std::rc::Rc;
use std::time::Duration;

/// Arrivals that are handed out before others of the thread get their turn.
const IN_A_ROW: u32 = 64;

/// A scenario on a worker.
#[derive(Clone, Copy)]
pub(super) struct Scenario<'a> {
    users: &'a Rc<ScenarioUsers>,
    context: &'a Rc<WorkerContext>,
    worker: &'a Rc<dyn Worker>,
}

impl<'a> Scenario<'a> {
    /// One whose users `users` counts.
    pub(super) fn new(
        users: &'a Rc<ScenarioUsers>,
        context: &'a Rc<WorkerContext>,
        worker: &'a Rc<dyn Worker>,
    ) -> Self {
        Self {
            users,
            context,
            worker,
        }
    }

    /// Its users from the first to the last.
    pub(super) async fn run(self) {
        let users = self.users;
        let before = users.share();
        if let Some(arriving) = users.arriving() {
            (0..before).for_each(|ordinal| self.make(ordinal));
            users.until(users.begin()).await;
            if before > 0 {
                until_all_have_come().await;
            }
            self.hand_out(arriving).await;
            self.count_left_over(arriving);
            // The load lasts as long as it was asked for, also where nothing is due at its end; unless data have ended it.
            if let Some(length) = users.load.load.schedule.length()
                && !arriving.has_no_rows()
            {
                users.until(users.moment(nanos(length))).await;
            }
        } else {
            users.until(users.begin()).await;
            match &users.load.taking {
                _ if !users.begins() => {}
                Taking::WhenFree(_) => (0..before).for_each(|ordinal| self.make(ordinal)),
                Taking::WhileThere(ramp) => self.as_they_come(ramp).await,
                // Other workers have the arrivals.
                Taking::Arrivals { .. } => {}
            }
        }
        users.until_nobody_is_left().await;
        users.until_results_have_come().await;
        if let Some(arriving) = users.arriving() {
            arriving.gives_places_back();
        }
        // After a signal nobody expects the rest.
        if let Taking::WhenFree(iterations) = &users.load.taking
            && self.context.shutdown.phase() == Phase::Running
        {
            let elapsed = users.elapsed(self.context.moment());
            let left_over = iterations.shared_left_over(Duration::from_nanos(elapsed));
            let slots = users.slots_at(Nanos::MAX);
            self.context
                .iterations_not_started(slots.iterations, left_over);
        }
    }

    /// Makes a user of those of this worker.
    fn make(self, ordinal: u64) {
        if let Some(number) = self.users.number(ordinal) {
            self.begin(User::new(self.context, number, self.users));
        }
    }

    fn begin(self, user: User) {
        let worker = Rc::clone(self.worker);
        task::spawn(worker.user(self.users.scenario(), user));
    }

    /// Makes each user when it comes for the first time. Those of higher numbers come later.
    async fn as_they_come(self, ramp: &Ramp) {
        for ordinal in 0.. {
            let number = self.users.number(ordinal);
            let number = number.and_then(|number| u32::try_from(number - 1).ok());
            let Some((since, _)) = number.and_then(|number| ramp.stays(number).next()) else {
                return;
            };
            self.users.until(self.users.moment(since)).await;
            if !self.users.begins() {
                return;
            }
            self.make(ordinal);
        }
    }

    /// Hands out arrivals until none is left or the scenario ends.
    async fn hand_out(self, arriving: &Arriving) {
        let users = self.users;
        let mut in_a_row = 0;
        while users.begins() {
            let Some(next) = arriving.peek() else {
                if arriving.is_over() {
                    break;
                }
                arriving.until_decided().await;
                continue;
            };
            let due = users.begin().checked_add(Duration::from_nanos(next.due));
            // A moment that no clock can hold never comes.
            let Some(due) = due else {
                break;
            };
            if due > self.context.now() {
                in_a_row = 0;
                users.until(due).await;
                continue;
            }
            in_a_row += 1;
            if in_a_row > IN_A_ROW {
                in_a_row = 0;
                tokio::task::yield_now().await;
                continue;
            }
            if let Some(seat) = arriving.last_idle() {
                if let Some(arrival) = arriving.take(next.due) {
                    seat.hand(arrival);
                }
            } else if let Some(number) = arriving.one_more() {
                let user = User::new(self.context, number, users);
                if let Some(arrival) = arriving.take(next.due) {
                    user.hand(arrival);
                }
                self.begin(user);
            } else {
                match arriving.when_full() {
                    WhenFull::Drop => {
                        if let Some(arrival) = arriving.take(next.due) {
                            let slots = users.slots_at(arrival.due);
                            self.context.iteration_dropped(slots.iterations);
                        }
                    }
                    // A user that becomes free takes it.
                    WhenFull::Wait => {
                        arriving.until_changed().await;
                        arriving.note_room(users.elapsed(self.context.moment()));
                    }
                }
            }
        }
        arriving.end();
    }

    /// Counts arrivals that were due and never began, when nothing begins any more.
    fn count_left_over(self, arriving: &Arriving) {
        let left_over = arriving.left_over(self.users.elapsed(self.context.moment()));
        let slots = self.users.slots_at(Nanos::MAX);
        self.context
            .iterations_not_started(slots.iterations, left_over);
    }
}

/// Completes when each user that was made has been polled. Then it is idle, or it has taken an arrival that is due; before that an
/// arrival would make one more user. The thread polls its tasks in the order in which they were made, some of them in a turn.
async fn until_all_have_come() {
    let last = task::spawn(Box::pin(async {}));
    // Only a task that panics or is aborted gives an error.
    let _ = last.await;
}

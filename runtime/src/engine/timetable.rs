//! What a user keeps of its turns, where its profile says when it may begin: a pace, or a number of users that changes.

use crate::clock::Moment;
use bggo_schedule::{Nanos, Ramp};
use std::cell::Cell;
use std::time::Duration;

/// The turns of one user.
#[derive(Debug, Default)]
pub(super) struct Timetable {
    /// Which of the times at which it is there was looked at last.
    stay: Cell<usize>,
    /// When its iteration before was due.
    before: Cell<Option<Moment>>,
    /// Since when it is free.
    free: Cell<Option<Moment>>,
    /// When its iteration is cut.
    cut_at: Cell<Option<Moment>>,
    /// The moment for which an alarm was set last.
    alarm: Cell<Option<Moment>>,
}

impl Timetable {
    /// The time at which the user is there, now or next, when the scenario is `age` old; `None` if it never comes again.
    pub(super) fn stay(&self, ramp: &Ramp, user: u32, age: Nanos) -> Option<(Nanos, Nanos)> {
        let looked_at = self.stay.get();
        let mut stays = (looked_at..).zip(ramp.stays(user).skip(looked_at));
        let (index, stay) = stays.find(|(_, (_, until))| age < *until)?;
        self.stay.set(index);
        Some(stay)
    }

    /// When its next iteration is due: a pace after the one before, and not before it was free.
    pub(super) fn due(&self, pace: Duration, now: Moment) -> Moment {
        let free = self.free.get().unwrap_or(now);
        self.free.set(Some(free));
        let next = self.before.get().map(|before| before + pace);
        next.map_or(free, |due| due.max(free))
    }

    /// An iteration begins, which was due at a moment.
    pub(super) fn begins(&self, due: Moment) {
        self.before.set(Some(due));
        self.free.set(None);
    }

    /// The iteration that begins is cut at a moment.
    pub(super) fn cut_at(&self, at: Option<Moment>) {
        self.cut_at.set(at);
    }

    /// When the iteration is cut.
    pub(super) fn cuts_at(&self) -> Option<Moment> {
        self.cut_at.get()
    }

    /// Whether an alarm for this moment is still to be set; it counts as set from here on.
    pub(super) fn wants_alarm(&self, at: Moment) -> bool {
        self.alarm.replace(Some(at)) != Some(at)
    }
}

//! The load that a grid declares: a profile and its fields -> a [`Load`], or all that is wrong with it.
//!
//! The compiler judges by these rules what is known when a grid is built, and a program what it knows when it starts, so both
//! say the same. A place is whatever names a part of the grid there: a span, or file, line and column.

mod given;
mod profile;
mod read;

pub use given::{Mistake, Wrong};
pub use profile::{Field, Profile};
pub use read::{MOST_ITERATIONS, MOST_VUS};

use crate::search::MOST_STEPS;
use crate::{
    Arrivals, Bound, Closed, GrowingRate, Growth, Load, Nanos, Ramp, Rate, Schedule, Search, Stage,
    UserStage, nanos,
};
use bggo_values::Value;
use given::{Given, GivenStage};
use read::Reader;
use std::sync::Arc;
use std::time::Duration;

/// Users that open profiles may have together in a run, where the grid does not say how many each may have.
pub const DEFAULT_MAX_VUS: u32 = 10_000;
/// How long iterations of a profile may begin that has a number of them and no length: k6's `maxDuration`.
pub const MAX_DURATION: Duration = Duration::from_secs(600);

/// A load as the grid says it. Fields that are given after a stage belong to that stage.
#[derive(Debug, Clone)]
pub struct Declared<P> {
    profile: Profile,
    /// Of the block `load`, or of the scenario that has none.
    place: P,
    fields: Vec<Given<P>>,
    stages: Vec<GivenStage<P>>,
}

impl<P: Copy> Declared<P> {
    /// A profile without fields.
    pub const fn new(profile: Profile, place: P) -> Self {
        Self {
            profile,
            place,
            fields: Vec::new(),
            stages: Vec::new(),
        }
    }

    /// With a field, of the last stage if there is one. It must be of the type that [`Field::ty`] says.
    #[must_use]
    pub fn field(self, field: Field, value: Value, place: P) -> Self {
        self.given(field, Some(value), place)
    }

    /// With a field whose value is known only when the program starts.
    #[must_use]
    pub fn later(self, field: Field, place: P) -> Self {
        self.given(field, None, place)
    }

    /// With one more stage.
    #[must_use]
    pub fn stage(mut self, place: P) -> Self {
        let fields = Vec::new();
        self.stages.push(GivenStage { place, fields });
        self
    }

    fn given(mut self, field: Field, value: Option<Value>, place: P) -> Self {
        let fields = match self.stages.last_mut() {
            Some(stage) => &mut stage.fields,
            None => &mut self.fields,
        };
        fields.push(Given {
            field,
            value,
            place,
        });
        self
    }

    /// The load; `None` while a part of it is known only when the program starts.
    ///
    /// # Errors
    /// All that is wrong with what is known.
    pub fn load(&self) -> Result<Option<Load>, Vec<Wrong<P>>> {
        let mut reader = Reader::new(self.place, &self.fields);
        let load = self.read(&mut reader);
        if reader.wrong.is_empty() {
            // Without a mistake, what has no value is not known yet.
            Ok(load)
        } else {
            Err(reader.wrong)
        }
    }

    fn read(&self, reader: &mut Reader<'_, P>) -> Option<Load> {
        let schedule = match self.profile {
            Profile::Once => iterations(reader, Some(1), Some(Bound::Shared(1))),
            Profile::SharedIterations => {
                let vus = reader.vus(Field::Vus, Some(1));
                let bound = reader.iterations().map(Bound::Shared);
                iterations(reader, vus, bound)
            }
            Profile::PerVuIterations => {
                let vus = reader.vus(Field::Vus, Some(1));
                let bound = reader.iterations().map(Bound::PerUser);
                iterations(reader, vus, bound)
            }
            Profile::ConstantVus => {
                let vus = reader.vus(Field::Vus, Some(1));
                let length = reader.some_time(Field::Duration, None);
                vus.zip(length)
                    .map(|(users, length)| Schedule::lasting(users, length))
            }
            Profile::RampingVus => self.ramping_vus(reader),
            Profile::ConstantArrivalRate => constant_arrival_rate(reader),
            Profile::RampingArrivalRate => self.ramping_arrival_rate(reader),
            Profile::Search => search(reader),
        };
        let warm_up = reader.time(Field::WarmUp, Some(Duration::ZERO));
        let length = schedule.as_ref().and_then(Schedule::length);
        if let (Some(warm_up), Some(length)) = (warm_up, length)
            && warm_up >= length
            && !warm_up.is_zero()
        {
            let text = "`warm_up` is as long as the whole load or longer: nothing would be left to measure";
            reader.wrong(Field::WarmUp, text.to_owned());
        }
        if self.profile.is_open() {
            reader.no_pace();
        }
        let ramp_down = reader.time(Field::GracefulRampDown, Some(Load::GRACEFUL_STOP));
        let graceful_stop = reader.time(Field::GracefulStop, Some(Load::GRACEFUL_STOP));
        let start_after = reader.time(Field::StartAfter, Some(Duration::ZERO));
        // Zero: none.
        let pace = match reader.is_given(Field::Pace) {
            true => reader.some_time(Field::Pace, None),
            false => Some(Duration::ZERO),
        };
        Some(Load {
            start_after: start_after?,
            graceful_stop: graceful_stop?,
            graceful_ramp_down: ramp_down?,
            pace: pace.map(|pace| (!pace.is_zero()).then_some(pace))?,
            warm_up: warm_up?,
            ..Load::new(self.profile.name(), schedule?)
        })
    }

    fn ramping_vus(&self, reader: &mut Reader<'_, P>) -> Option<Schedule> {
        let start = reader.users(Field::StartVus, Some(1));
        let stages = self.stages(reader, |reader| {
            let length = reader.time(Field::Duration, None);
            let to = reader.users(Field::Vus, None);
            Some((length?, to?))
        });
        let stages: Vec<UserStage> = stages?
            .into_iter()
            .map(|(length, to)| UserStage {
                length: nanos(length),
                to,
            })
            .collect();
        let ramp = Ramp::new(start?, stages);
        reader.total_length(ramp.length())?;
        if ramp.most() == 0 {
            reader.wrong_whole("no stage has a user".to_owned());
            return None;
        }
        Some(Schedule::Ramping(Arc::new(ramp)))
    }

    fn ramping_arrival_rate(&self, reader: &mut Reader<'_, P>) -> Option<Schedule> {
        let unit = reader.unit();
        let start = reader.rate(Field::StartRate, Some(0), unit);
        let stages = self.stages(reader, |reader| {
            let length = reader.time(Field::Duration, None);
            let to = reader.rate(Field::Rate, None, unit);
            Some((length?, to?))
        });
        let users = Users::read(reader);
        let stages: Vec<Stage> = stages?
            .into_iter()
            .map(|(length, to)| Stage {
                length: nanos(length),
                to,
            })
            .collect();
        let lengths = stages.iter().map(|stage| stage.length);
        reader.total_length(lengths.fold(0, Nanos::saturating_add))?;
        // Each of its numbers was judged.
        let rate = Rate::new(unit?, start?, &stages).ok()?;
        Some(users?.at(rate))
    }

    /// What each stage says; `None` if something is wrong or not known yet.
    fn stages<T>(
        &self,
        reader: &mut Reader<'_, P>,
        mut read: impl FnMut(&mut Reader<'_, P>) -> Option<T>,
    ) -> Option<Vec<T>> {
        if self.stages.is_empty() {
            let profile = self.profile.name();
            reader.missing(
                format!("`{profile}` needs a block `stage`"),
                self.profile.stage_form(),
            );
            return None;
        }
        let mut all = Some(Vec::with_capacity(self.stages.len()));
        for stage in &self.stages {
            let mut of_stage = Reader::new(stage.place, &stage.fields);
            let one = read(&mut of_stage);
            reader.wrong.extend(of_stage.wrong);
            all = all.zip(one).map(|(mut all, one)| {
                all.push(one);
                all
            });
        }
        all
    }
}

/// A profile that has a number of iterations.
fn iterations<P: Copy>(
    reader: &mut Reader<'_, P>,
    users: Option<u32>,
    bound: Option<Bound>,
) -> Option<Schedule> {
    let length = reader.some_time(Field::MaxDuration, Some(MAX_DURATION));
    Some(Schedule::Closed(Closed {
        users: users?,
        bound: bound?,
        length: Some(length?),
    }))
}

fn constant_arrival_rate<P: Copy>(reader: &mut Reader<'_, P>) -> Option<Schedule> {
    let unit = reader.unit();
    let rate = reader.rate(Field::Rate, None, unit);
    let length = reader.some_time(Field::Duration, None);
    let users = Users::read(reader);
    let (to, length) = (rate?, nanos(length?));
    // Each of its numbers was judged.
    let rate = Rate::new(unit?, to, &[Stage { length, to }]).ok()?;
    Some(users?.at(rate))
}

fn search<P: Copy>(reader: &mut Reader<'_, P>) -> Option<Schedule> {
    let unit = reader.unit();
    let start = reader.some_rate(Field::Start, unit);
    let growth = growth(reader, unit);
    let max = reader.some_rate(Field::Max, unit);
    if let (Some(start), Some(max)) = (start, max)
        && max < start
    {
        let text = "`max` is less than `start`".to_owned();
        reader.wrong(Field::Max, text);
    }
    let precision = reader.precision();
    let hold = reader.hold();
    let until = reader.text(Field::Until);
    let users = Users::read(reader);
    let (unit, start) = (unit?, start?);
    let hold = nanos(hold?);
    // Each of its numbers was judged.
    let rate = GrowingRate::new(unit).append(0, start, hold).ok()?;
    let search = Search {
        arrivals: users?.arrivals(rate),
        unit,
        start,
        growth: growth?,
        max: max?,
        precision: precision?,
        hold,
        until: until?,
    };
    let steps = search.rise(MOST_STEPS + 1).len();
    if steps > MOST_STEPS {
        let text = format!("more than {MOST_STEPS} steps lie between `start` and `max`");
        reader.wrong_whole(text);
        return None;
    }
    Some(Schedule::Search(Box::new(search)))
}

/// `factor` or `increment`
fn growth<P: Copy>(reader: &mut Reader<'_, P>, unit: Option<Nanos>) -> Option<Growth> {
    let given = (
        reader.is_given(Field::Factor),
        reader.is_given(Field::Increment),
    );
    match given {
        (true, false) => reader.factor(Field::Factor).map(Growth::Factor),
        (false, true) => {
            let increment = reader.some_rate(Field::Increment, unit);
            increment.map(Growth::Increment)
        }
        (true, true) => {
            let text = "a search rises by `factor` or by `increment`, not by both";
            reader.wrong(Field::Increment, text.to_owned());
            None
        }
        (false, false) => {
            let text = "`factor` or `increment` is missing".to_owned();
            reader.missing(text, "`factor = 1.5` makes each step half as high again");
            None
        }
    }
}

/// What an open profile says beside its rate.
struct Users {
    before: u32,
    most: u32,
    shares: bool,
    when_full: crate::WhenFull,
    spread: crate::Spread,
}

impl Users {
    fn read<P: Copy>(reader: &mut Reader<'_, P>) -> Option<Self> {
        let before = reader.users(Field::Vus, Some(0));
        let most = reader.vus(Field::MaxVus, Some(DEFAULT_MAX_VUS));
        if let (Some(before), Some(most)) = (before, most)
            && before > most
        {
            let said = match reader.is_given(Field::MaxVus) {
                true => format!("`max_vus` allows, which is {most}"),
                false => format!("{most}, the most unless `max_vus` says another number"),
            };
            reader.wrong(Field::Vus, format!("`vus` is {before}, more than {said}"));
        }
        let full = [crate::WhenFull::Wait, crate::WhenFull::Drop];
        let when_full = reader.word(Field::WhenFull, &full);
        let spread = [crate::Spread::Even, crate::Spread::Poisson];
        let spread = reader.word(Field::Arrivals, &spread);
        Some(Self {
            before: before?,
            most: most?,
            shares: !reader.is_given(Field::MaxVus),
            when_full: when_full?,
            spread: spread?,
        })
    }

    fn at(self, rate: Rate) -> Schedule {
        Schedule::Open(self.arrivals(rate))
    }

    fn arrivals(self, rate: Rate) -> Arrivals {
        Arrivals {
            rate: Arc::new(rate),
            spread: self.spread,
            users: self.before,
            max_users: self.most,
            shares_users: self.shares,
            when_full: self.when_full,
        }
    }
}

#[cfg(test)]
mod tests;

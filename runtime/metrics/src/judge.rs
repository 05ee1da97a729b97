//! Thresholds, judged at the end of each second and of the run. The run itself judges so, and so does whoever reads its
//! seconds from a file.
//!
//! A condition holds, fails, or is unknown, because a figure that decides it has no value. While the run goes on, only a
//! condition that fails does any harm; at the end an unknown one has never been measured, and that is a failure.
//!
//! - A threshold with a window is broken for good as soon as its condition has failed for `for`. It is judged from the moment
//!   at which its window is full.
//! - One over the whole run is judged by the figures of its end, so a slow beginning does not break it; unless it has a `for`,
//!   or aborts the run.
//! - Time counts from the end of the warm-up: the earliest of those scenarios whose figures it reads.

use crate::address::{HIGHEST_RATE, Quantity, Source, Unknown};
use crate::condition::{Address, Condition, OnFail, Statistic, Term, Threshold};
use crate::implicit::Implicit;
use crate::interval::{FEW_SLOTS, Interval};
use crate::layout::Layout;
use crate::search;
use crate::verdict::{Came, Judged, Reading, Remark, State, Verdict};
use crate::window::{self, Window};
use bggo_values::Text;
use std::time::Duration;

/// What must be known of a scenario to judge its figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Course {
    /// When what is counted begins, since the clock of the run started: at the end of its warm-up.
    pub from: Duration,
    /// When its last iteration may begin, if that is known.
    pub until: Option<Duration>,
    /// Whether iterations are due at moments of their own. Where they are not, first steps have no response times.
    pub has_due_times: bool,
    /// Whether it searches for its rate: what the steps that broke measured is no failure of the run.
    pub searches: bool,
}

/// Judges the thresholds of a run.
#[derive(Debug)]
pub struct Judge {
    watched: Vec<Watched>,
    /// The windows of those that have one, by their lengths.
    windows: Vec<(u32, Window)>,
    /// What was measured since the beginning, of the slots that thresholds over the whole run read.
    so_far: Interval,
    /// These slots.
    slots: Vec<u32>,
    judged: Vec<Judged>,
    /// When the run was stopped before its time: no iteration began any more.
    stopped: Option<Duration>,
    /// For how long the oldest iteration of each scenario has waited, in the order of the layout; none where nobody says it.
    outstanding: Vec<Option<Duration>>,
    /// What steps of searches measured that broke.
    broken_steps: Vec<BrokenSteps>,
}

/// What the steps of one search measured that broke.
#[derive(Debug)]
struct BrokenSteps {
    /// The row of the scenario, where the end of each step is marked.
    row: u32,
    /// Slots of this scenario that implicit thresholds read.
    slots: Vec<u32>,
    /// Since the last step ended.
    step: Interval,
    /// All of those that broke.
    broken: Interval,
}

impl BrokenSteps {
    /// Of the searches of a run, whose implicit thresholds read these slots.
    fn of(layout: &Layout, courses: &[Option<Course>], read: &[u32]) -> Vec<Self> {
        let rows = layout.iterations.iter().zip(courses);
        let searches = rows.filter(|(_, course)| course.is_some_and(|course| course.searches));
        searches
            .map(|(row, _)| {
                let is_own = |slot: u32| {
                    let steps = layout.steps.iter();
                    let of_scenario = steps.filter(|step| step.scenario == row.scenario);
                    let mut slots = of_scenario.map(|step| step.first..step.first_check());
                    slot == row.first || slots.any(|slots| slots.contains(&slot))
                };
                Self {
                    row: row.first,
                    slots: read.iter().copied().filter(|slot| is_own(*slot)).collect(),
                    step: Interval::default(),
                    broken: Interval::default(),
                }
            })
            .collect()
    }

    fn second(&mut self, interval: &Interval) {
        window::merge(&mut self.step, interval, &self.slots);
        if let Some(broke) = search::step_broke(interval, self.row) {
            let step = std::mem::take(&mut self.step);
            if broke {
                self.broken.merge(&step);
            }
        }
    }
}

/// A figure that a threshold reads.
#[derive(Debug)]
enum Figure {
    Of(Source),
    Implicit(Implicit),
}

impl Figure {
    fn slots(&self) -> &[u32] {
        match self {
            Self::Of(source) => &source.slots,
            Self::Implicit(implicit) => implicit.slots(),
        }
    }

    fn quantity(&self) -> Quantity {
        match self {
            Self::Of(source) => source.quantity,
            Self::Implicit(_) => Implicit::QUANTITY,
        }
    }

    fn value(&self, interval: &Interval) -> Option<f64> {
        match self {
            Self::Of(source) => source.value(interval),
            Self::Implicit(implicit) => implicit.value(interval),
        }
    }
}

/// How old the run is, and when it was stopped before its time.
#[derive(Debug, Clone, Copy)]
struct Clock<'a> {
    now: Duration,
    stopped: Option<Duration>,
    /// For how long the oldest iteration of each scenario has waited.
    outstanding: &'a [Option<Duration>],
}

/// A figure of a condition.
#[derive(Debug)]
struct Read {
    figure: Figure,
    /// As it is judged: of service times where there are no response times.
    address: Address,
    /// From when it counts, and until when iterations may begin, if that is known.
    from: Duration,
    until: Option<Duration>,
}

impl Read {
    /// One of the scenarios with these courses.
    fn new(figure: Figure, address: Address, courses: &[Course]) -> Self {
        let ends = courses.iter().map(|one| one.until);
        let ends = ends.collect::<Option<Vec<_>>>();
        Self {
            figure,
            address,
            from: courses.iter().map(|one| one.from).min().unwrap_or_default(),
            until: ends.and_then(|ends| ends.into_iter().max()),
        }
    }

    /// For how long the oldest iteration has waited of those that it reads, if it is about their times.
    fn age(&self, clock: Clock<'_>) -> Option<f64> {
        let Figure::Of(source) = &self.figure else {
            return None;
        };
        let is_of_times = matches!(
            self.address.metric.as_str(),
            "response_time" | "service_time"
        );
        if !is_of_times || source.quantity != Quantity::Time {
            return None;
        }
        let scenarios = source.scenarios.iter();
        let ages = scenarios.filter_map(|at| clock.outstanding.get(*at).copied().flatten());
        ages.max().map(|age| age.as_secs_f64())
    }

    /// Its value in a window, if it has one, or else in the whole run.
    fn value(&self, interval: &mut Interval, over: Option<u32>, clock: Clock<'_>) -> Option<f64> {
        let now = clock.now;
        let ends = [self.until, clock.stopped].into_iter().flatten();
        let end = ends.fold(now, Duration::min);
        let Some(over) = over else {
            interval.span = Some((self.from.min(end), end));
            return self.figure.value(interval);
        };
        // Before the load and after it, how many there are says nothing of it.
        let begins = self.from + Duration::from_secs(over.into());
        let counts = matches!(
            self.address.statistic,
            Statistic::Count | Statistic::Rate | Statistic::Sum
        );
        if counts && (now < begins || now > end) {
            return None;
        }
        self.figure.value(interval)
    }
}

/// A threshold, and how it did so far.
#[derive(Debug)]
struct Watched {
    threshold: Threshold,
    reads: Vec<Read>,
    remarks: Vec<Remark>,
    /// The run leaves out all that it asks about.
    left_out: bool,
    /// From when the first of its figures counts.
    from: Duration,
    /// The second at whose end its condition began to fail.
    failing_since: Option<u32>,
    broken_at: Option<u32>,
    /// Its condition had a value in some second.
    was_known: bool,
    aborted: bool,
    worst: Option<Worst>,
}

/// A threshold when it did worst.
#[derive(Debug)]
struct Worst {
    second: u32,
    /// How far its condition was from holding.
    miss: f64,
    values: Vec<Option<f64>>,
}

impl Judge {
    /// For a run with this layout; `courses` are those of its scenarios, in the layout's order, and `None` of one that the run
    /// leaves out.
    ///
    /// # Errors
    /// Figures that the run does not have, in the order of the thresholds.
    pub fn new(
        thresholds: Vec<Threshold>,
        layout: &Layout,
        courses: &[Option<Course>],
    ) -> Result<Self, Vec<Unknown>> {
        let (mut watched, mut unknown) = (Vec::new(), Vec::new());
        for threshold in thresholds {
            match Watched::new(threshold, layout, courses) {
                Ok(one) => watched.push(one),
                Err(mut wrong) => unknown.append(&mut wrong),
            }
        }
        if !unknown.is_empty() {
            return Err(unknown);
        }
        let mut lengths: Vec<u32> = watched
            .iter()
            .filter_map(|one| one.threshold.over)
            .collect();
        lengths.sort_unstable();
        lengths.dedup();
        let slots = |over: Option<u32>| -> Vec<u32> {
            let mut slots = Vec::new();
            for one in watched.iter().filter(|one| one.threshold.over == over) {
                one.add_slots(&mut slots);
            }
            slots
        };
        let windows = lengths.into_iter();
        let windows = windows.map(|over| (over, Window::new(over, slots(Some(over)))));
        let windows = windows.collect();
        let mut slots = slots(None);
        slots.sort_unstable();
        slots.dedup();
        let mut read = Vec::new();
        for one in watched.iter().filter(|one| one.advice().is_some()) {
            one.add_slots(&mut read);
        }
        read.sort_unstable();
        read.dedup();
        let judged = watched.iter().map(|one| Judged {
            name: one.threshold.name.clone(),
            state: State::Unknown,
            broken_at: None,
            on_fail: one.threshold.on_fail,
            values: vec![None; one.reads.len()],
        });
        Ok(Self {
            judged: judged.collect(),
            watched,
            windows,
            so_far: Interval::default(),
            slots,
            stopped: None,
            outstanding: Vec::new(),
            broken_steps: BrokenSteps::of(layout, courses, &read),
        })
    }

    /// For how long at least the oldest iteration of each scenario has waited at the end of the second that is judged next, in
    /// the order of the layout; `None` of one where none waits.
    pub fn outstanding(&mut self, ages: Vec<Option<Duration>>) {
        self.outstanding = ages;
    }

    /// A second is over. Seconds come in order, from 1; numbers may be left out.
    pub fn second(&mut self, second: u32, interval: &Interval) {
        for (_, window) in &mut self.windows {
            window.push(second, interval);
        }
        window::merge(&mut self.so_far, interval, &self.slots);
        if self.slots.len() <= FEW_SLOTS {
            self.so_far.make_room();
        }
        for one in &mut self.broken_steps {
            one.second(interval);
        }
        let (now, stopped) = (interval.end(), self.stopped);
        let mut wholes: Vec<Option<Interval>> = vec![None; self.windows.len()];
        for (one, judged) in self.watched.iter_mut().zip(&mut self.judged) {
            if !one.is_judged(second) {
                continue;
            }
            let window = one.window(&self.windows);
            let whole = match window {
                Some(at) => match (wholes.get_mut(at), self.windows.get(at)) {
                    (Some(whole), Some((_, window))) => whole.get_or_insert_with(|| window.whole()),
                    _ => continue,
                },
                None => &mut self.so_far,
            };
            let clock = Clock {
                now,
                stopped,
                outstanding: &self.outstanding,
            };
            one.judge(second, whole, judged, clock);
        }
        // The run ends once.
        let mut has_aborted = self.watched.iter().any(|one| one.aborted);
        for one in &mut self.watched {
            let aborts = one.threshold.on_fail == OnFail::Abort && one.broken_at == Some(second);
            one.aborted |= aborts && !has_aborted;
            has_aborted |= one.aborted;
        }
    }

    /// The run is stopped before its time: no iteration begins after `at`.
    pub fn stops(&mut self, at: Duration) {
        self.stopped.get_or_insert(at);
    }

    /// How the thresholds do at the end of the last second, in their order.
    pub fn judged(&self) -> &[Judged] {
        &self.judged
    }

    /// The threshold that ends the run, if one does.
    pub fn aborted_by(&self) -> Option<&Threshold> {
        let one = self.watched.iter().find(|one| one.aborted)?;
        Some(&one.threshold)
    }

    /// The end of a run that measured `total`, in which iterations could begin until `until`. All of its seconds were judged.
    pub fn end(&self, total: &Interval, until: Duration) -> Vec<Verdict> {
        let all = self.watched.iter().zip(&self.judged);
        all.map(|(one, judged)| {
            let broken = self.broken_steps.iter().map(|one| &one.broken);
            let left_out = broken.filter(|_| one.advice().is_some());
            one.end(judged, (total, left_out), until)
        })
        .collect()
    }
}

impl Watched {
    fn new(
        threshold: Threshold,
        layout: &Layout,
        courses: &[Option<Course>],
    ) -> Result<Self, Vec<Unknown>> {
        let course = |scenario: &usize| courses.get(*scenario).copied().flatten();
        let all: Vec<Course> = courses.iter().copied().flatten().collect();
        let (mut reads, mut left_out) = (Vec::new(), false);
        let (mut remarks, mut unknown) = (Vec::new(), Vec::new());
        for address in &threshold.condition.addresses {
            let mut address = address.clone();
            if let Some(implicit) = Implicit::of(&address, layout) {
                reads.push(Read::new(Figure::Implicit(implicit), address, &all));
                continue;
            }
            let source = layout.resolve(&address).and_then(|source| {
                let of: Vec<Course> = source.scenarios.iter().filter_map(course).collect();
                left_out |= of.is_empty();
                // What is found belongs to a search, which flags may have replaced.
                left_out |=
                    address.metric.as_str() == HIGHEST_RATE && !of.iter().any(|one| one.searches);
                let is_response = address.metric.as_str() == "response_time";
                let is_closed = !of.is_empty() && of.iter().all(|one| !one.has_due_times);
                if is_response && is_closed {
                    address.metric = Text::Static("service_time");
                    if !remarks.contains(&Remark::ServiceTimes) {
                        remarks.push(Remark::ServiceTimes);
                    }
                    return Ok((layout.resolve(&address)?, of));
                }
                Ok((source, of))
            });
            match source {
                Ok((source, of)) => reads.push(Read::new(Figure::Of(source), address, &of)),
                Err(wrong) => unknown.push(wrong),
            }
        }
        if !unknown.is_empty() {
            return Err(unknown);
        }
        Ok(Self {
            from: reads.iter().map(|one| one.from).min().unwrap_or_default(),
            threshold,
            reads,
            remarks,
            left_out,
            failing_since: None,
            broken_at: None,
            was_known: false,
            aborted: false,
            worst: None,
        })
    }

    /// Which of the windows is its own.
    fn window(&self, windows: &[(u32, Window)]) -> Option<usize> {
        let over = self.threshold.over?;
        windows.iter().position(|(length, _)| *length == over)
    }

    /// Whether it is judged at the end of this second: what it looks at is full, and its time has come.
    fn is_judged(&self, second: u32) -> bool {
        let wait = self.threshold.over.unwrap_or(0).max(self.threshold.after);
        let from = self.from + Duration::from_secs(wait.into());
        !self.left_out && Duration::from_secs(second.into()) >= from
    }

    /// Whether a condition that fails while the run goes on breaks it for good.
    fn latches(&self) -> bool {
        let Threshold {
            over,
            hold,
            on_fail,
            ..
        } = &self.threshold;
        over.is_some() || *hold > 0 || *on_fail == OnFail::Abort
    }

    fn judge(
        &mut self,
        second: u32,
        interval: &mut Interval,
        judged: &mut Judged,
        clock: Clock<'_>,
    ) {
        let over = self.threshold.over;
        for (value, read) in judged.values.iter_mut().zip(&self.reads) {
            *value = read.value(interval, over, clock);
        }
        let (mut state, mut miss) = evaluate(&self.threshold.condition, &judged.values);
        if state == State::Unknown {
            // Nothing has ended, but somebody waits: whatever its time will be, it is at least this long.
            let with_ages = self.reads.iter().zip(&judged.values);
            let with_ages = with_ages.map(|(read, value)| value.or_else(|| read.age(clock)));
            let with_ages: Vec<Option<f64>> = with_ages.collect();
            let (by_age, by_how_much) = evaluate(&self.threshold.condition, &with_ages);
            if by_age == State::Fails {
                (state, miss) = (by_age, by_how_much);
                judged.values = with_ages;
            }
        }
        judged.state = state;
        self.was_known |= state != State::Unknown;
        match state {
            State::Unknown => {}
            State::Holds => self.failing_since = None,
            State::Fails => {
                let since = *self.failing_since.get_or_insert(second);
                let is_long = second - since >= self.threshold.hold;
                if is_long && self.latches() && self.broken_at.is_none() {
                    self.broken_at = Some(second);
                }
            }
        }
        judged.broken_at = self.broken_at;
        let is_worse = self.worst.as_ref().is_none_or(|worst| miss > worst.miss);
        if over.is_some() && state != State::Unknown && is_worse {
            self.worst = Some(Worst {
                second,
                miss,
                values: judged.values.clone(),
            });
        }
    }

    fn add_slots(&self, slots: &mut Vec<u32>) {
        for read in &self.reads {
            slots.extend_from_slice(read.figure.slots());
        }
    }

    /// Judges all that was measured but for what is left out.
    fn end<'a>(
        &self,
        judged: &Judged,
        (total, left_out): (&Interval, impl Iterator<Item = &'a Interval>),
        until: Duration,
    ) -> Verdict {
        let mut whole = Interval::default();
        let mut slots = Vec::new();
        self.add_slots(&mut slots);
        for slot in slots {
            if let Some(figures) = total.slot(slot) {
                whole.slots.insert(slot, figures.clone());
            }
        }
        for part in left_out {
            for (slot, part) in &part.slots {
                if let Some(figures) = whole.slots.get_mut(slot) {
                    figures.take_away(part);
                }
            }
        }
        let clock = Clock {
            now: until,
            stopped: None,
            outstanding: &[],
        };
        let reads = self.reads.iter();
        let of_whole: Vec<Option<f64>> = reads
            .map(|read| read.value(&mut whole, None, clock))
            .collect();
        let (state, _) = evaluate(&self.threshold.condition, &of_whole);
        let mut remarks = self.remarks.clone();
        let has_window = self.threshold.over.is_some();
        let is_judged_whole = !self.was_known && has_window;
        let came = match state {
            _ if self.left_out => Came::LeftOut,
            _ if self.broken_at.is_some() => Came::Broken,
            _ if self.was_known && self.latches() => Came::Held,
            State::Holds => Came::Held,
            State::Fails => Came::Broken,
            // Without being asked nobody has to measure anything.
            State::Unknown if self.advice().is_some() => Came::Held,
            State::Unknown => Came::NeverMeasured,
        };
        if is_judged_whole && matches!(came, Came::Held | Came::Broken) {
            remarks.push(Remark::JudgedWhole);
        }
        let values = if has_window && self.was_known {
            &judged.values
        } else {
            &of_whole
        };
        let worst = self.worst.as_ref().filter(|_| has_window);
        let reads = self.reads.iter().enumerate();
        let readings = reads.map(|(at, read)| Reading {
            figure: Text::from(read.address.to_string()),
            quantity: read.figure.quantity(),
            value: values.get(at).copied().flatten(),
            worst: worst.and_then(|worst| worst.values.get(at).copied().flatten()),
        });
        Verdict {
            name: self.threshold.name.clone(),
            asked: asked(&self.threshold),
            came,
            on_fail: self.threshold.on_fail,
            readings: readings.collect(),
            worst_at: worst.map(|worst| worst.second),
            broken_at: self.broken_at,
            aborted: self.aborted,
            remarks,
            advice: self.advice(),
        }
    }

    /// How it is changed, if nobody asked for it.
    fn advice(&self) -> Option<Text> {
        match self.reads.as_slice() {
            [
                Read {
                    figure: Figure::Implicit(implicit),
                    ..
                },
            ] => Some(implicit.advice()),
            _ => None,
        }
    }
}

/// What a threshold asks, with its window.
fn asked(threshold: &Threshold) -> Text {
    let mut text = threshold.condition.text.to_string();
    let times = [
        ("over", threshold.over.unwrap_or(0)),
        ("for", threshold.hold),
        ("after", threshold.after),
    ];
    for (word, seconds) in times {
        if seconds > 0 {
            let length = bggo_values::duration::format(Duration::from_secs(seconds.into()));
            text.push_str(&format!(", {word} {length}"));
        }
    }
    Text::from(text)
}

/// A part of a condition that is worked out.
#[derive(Debug, Clone, Copy)]
enum Part {
    Number(Option<f64>),
    /// With how far it is from holding: above 0 where it does not hold, from -1 to 1.
    Truth(State, f64),
}

/// Whether a condition holds of these values of its figures, and how far it is from holding.
///
/// With several parts, unknown ones decide nothing where a known one is enough: `false && unknown` is false.
fn evaluate(condition: &Condition, values: &[Option<f64>]) -> (State, f64) {
    let mut stack: Vec<Part> = Vec::with_capacity(condition.terms.len());
    for term in &condition.terms {
        let part = match term {
            Term::Figure(at) => Some(Part::Number(
                values.get(usize::from(*at)).copied().flatten(),
            )),
            Term::Bound(bound) => Some(Part::Number(Some(*bound))),
            Term::Not => stack.pop().and_then(not),
            Term::And | Term::Or => {
                let right = stack.pop();
                let left = stack.pop();
                left.zip(right)
                    .and_then(|(left, right)| both(*term, left, right))
            }
            _ => {
                let right = stack.pop();
                let left = stack.pop();
                left.zip(right)
                    .and_then(|(left, right)| compared(*term, left, right))
            }
        };
        // Whoever made the condition checked its form.
        let Some(part) = part else {
            return (State::Unknown, 0.0);
        };
        stack.push(part);
    }
    match stack.as_slice() {
        [Part::Truth(state, miss)] => (*state, *miss),
        _ => (State::Unknown, 0.0),
    }
}

fn not(part: Part) -> Option<Part> {
    let Part::Truth(state, miss) = part else {
        return None;
    };
    let state = match state {
        State::Holds => State::Fails,
        State::Fails => State::Holds,
        State::Unknown => State::Unknown,
    };
    Some(Part::Truth(state, -miss))
}

fn both(term: Term, left: Part, right: Part) -> Option<Part> {
    let (Part::Truth(left, left_miss), Part::Truth(right, right_miss)) = (left, right) else {
        return None;
    };
    let is_and = term == Term::And;
    let decides = if is_and { State::Fails } else { State::Holds };
    let other = if is_and { State::Holds } else { State::Fails };
    let state = if left == decides || right == decides {
        decides
    } else if left == other && right == other {
        other
    } else {
        State::Unknown
    };
    let miss = match (left, right) {
        (State::Unknown, _) => right_miss,
        (_, State::Unknown) => left_miss,
        _ if is_and => left_miss.max(right_miss),
        _ => left_miss.min(right_miss),
    };
    Some(Part::Truth(state, miss))
}

fn compared(term: Term, left: Part, right: Part) -> Option<Part> {
    let (Part::Number(left), Part::Number(right)) = (left, right) else {
        return None;
    };
    let (Some(left), Some(right)) = (left, right) else {
        return Some(Part::Truth(State::Unknown, 0.0));
    };
    let largest = left.abs().max(right.abs());
    let above = if largest > 0.0 {
        (left - right) / largest
    } else {
        0.0
    };
    // Both are figures with the same rounding, or a bound as it is written.
    #[expect(
        clippy::float_cmp,
        reason = "counts are compared, which are whole numbers"
    )]
    let (holds, miss) = match term {
        Term::Less => (left < right, above),
        Term::LessOrEqual => (left <= right, above),
        Term::Greater => (left > right, -above),
        Term::GreaterOrEqual => (left >= right, -above),
        Term::Equal => (left == right, above.abs()),
        Term::NotEqual => (left != right, -above.abs()),
        Term::Figure(_) | Term::Bound(_) | Term::And | Term::Or | Term::Not => return None,
    };
    let state = if holds { State::Holds } else { State::Fails };
    Some(Part::Truth(state, miss))
}

#[cfg(test)]
mod tests;

//! The request to run a grid, and what all threads of a run share.

use super::program::Program;
use super::rows_left::RowsLeft;
use super::scenario_load::{ScenarioLoad, Taking};
use super::timer::Spin;
use crate::context::WorkerContextParts;
use crate::event::EventSink;
use crate::exchange::Shown;
use crate::exit::ExitCauses;
use crate::extension::RunExtension;
use crate::grid::Grid;
use crate::judgement::{Overload, RateSearch, SearchOf};
use crate::metrics::{AskedSlots, KnownNames, Recorder, RunNames, RunSlots, Slab, layout_of};
use crate::outputs::{LoadDescription, Report, RunDescription};
use crate::samples::Sampling;
use crate::start::Start;
use bggo_metrics::{Course, Judge, Layout, MetricName, Threshold, Unknown, implicit_thresholds};
use bggo_schedule::{Load, Search, Segment, workers};
use bggo_values::Text;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What is run, and how.
pub struct RunRequest {
    /// Names.
    pub grid: &'static Grid,
    /// The emitted program.
    pub program: &'static dyn Program,
    /// Variables.
    pub start: Arc<Start>,
    /// The load of each scenario, in the order of the grid's table; `None` of one that this run leaves out.
    pub loads: Vec<Option<Load>>,
    /// Which iterations and users of the run are this host's.
    pub segment: Segment,
    /// Worker threads wanted.
    pub threads: u32,
    /// Whether workers may spin for the last microseconds before an iteration is due.
    pub spin: Spin,
    /// Whether each worker stays on a core of its own.
    pub pin: bool,
    /// When the clock of the run starts; as soon as all workers are prepared, where nothing is said.
    pub start_at: Option<Instant>,
    /// A run whose iterations could not begin in time is not failed for it.
    pub allow_overload: bool,
    /// No load: one iteration, with a line for each step.
    pub functional: bool,
    /// How much is shown of what each step of a functional run sends and receives; `None`: only of those that fail.
    pub trace: Option<Shown>,
    /// Of which iterations the steps are written down, and where.
    pub samples: Option<Sampling>,
    /// What a load run is judged by, beside the thresholds that every one has.
    pub thresholds: Vec<Threshold>,
    /// Metrics that are measured although no threshold reads them.
    pub metrics: Vec<MetricName>,
    /// The share of iterations that may fail, below 1; `None` where nobody asks for one.
    pub max_failed: Option<f64>,
    /// How long running iterations may go on after the first signal.
    pub graceful_on_signal: Duration,
}

impl RunRequest {
    /// How many worker threads there are.
    pub(super) fn workers(&self) -> u32 {
        // Its scenarios run one after the other.
        if self.functional {
            return 1;
        }
        let schedules = self.loads.iter().flatten().map(|load| &load.schedule);
        workers(self.threads, schedules)
    }

    /// The slots of all that is measured.
    pub(super) fn slots(&self) -> RunSlots {
        RunSlots::new(self.grid, |scenario| {
            let load = self.loads.get(scenario).and_then(Option::as_ref);
            load.is_some_and(|load| !load.warm_up.is_zero())
        })
    }

    /// The load of each scenario. Call it once in a run: all threads take from the same iterations.
    pub(super) fn scenario_loads(&self, slots: &RunSlots) -> Vec<ScenarioLoad> {
        let workers = self.workers();
        let mut places = None;
        let rows = (0..).zip(&self.loads).zip(&slots.scenarios);
        let rows = rows.zip(&slots.warm_ups);
        rows.filter_map(|(((scenario, load), slots), warm_up)| {
            let load = load.as_ref()?;
            let rows_left = RowsLeft::of(self.grid, scenario, &load.schedule, &self.start);
            let schedule = rows_left.limit(&load.schedule);
            Some(ScenarioLoad {
                scenario,
                load: load.clone(),
                segment: self.segment,
                seed: self
                    .start
                    .seed_of(self.grid.scenarios.get(scenario as usize)?.name()),
                taking: Taking::new(&schedule, (self.segment, workers), &mut places),
                slots: *slots,
                warm_up: *warm_up,
                rows: rows_left,
            })
        })
        .collect()
    }

    /// How it is started, for whoever tells of it.
    pub fn description(&self) -> RunDescription {
        RunDescription {
            grid: self.grid,
            run_id: self.start.run_id().clone(),
            loads: self.described_loads(),
            seed: self.start.seed(),
            segment: self.segment,
            threads: self.workers(),
            functional: self.functional,
        }
    }

    /// What all figures of the run are.
    pub fn layout(&self) -> Layout {
        layout_of(self.grid, &self.slots())
    }

    /// Of which slots somebody asks for the figures: the thresholds of the run, also of a share of it, which is judged later.
    pub(super) fn asked(&self) -> AskedSlots {
        let (slots, layout) = (self.slots(), self.layout());
        let mut asked = Vec::new();
        // What the run does not have was refused before.
        for threshold in &self.thresholds {
            for address in &threshold.condition.addresses {
                asked.extend(layout.slots_of(address).unwrap_or_default());
            }
        }
        for name in &self.metrics {
            asked.extend(name.slots(&layout).unwrap_or_default());
        }
        AskedSlots::new(slots.with_warm_ups(self.grid, asked))
    }

    /// Whether it is judged by thresholds. Of a functional run no step may fail, and a share of a run is judged together with
    /// the others.
    pub(super) fn is_judged(&self) -> bool {
        !self.functional && self.segment == Segment::WHOLE
    }

    /// What a load run is judged by: all its thresholds, and what must be known of each scenario of the grid.
    pub fn judged_by(&self, layout: &Layout) -> (Vec<Threshold>, Vec<Option<Course>>) {
        let course = |load: &Load| Course {
            from: load.start_after.saturating_add(load.warm_up),
            until: load.begins_until(),
            has_due_times: load.schedule.is_open() || load.pace.is_some(),
            searches: load.schedule.search().is_some(),
        };
        let courses = self.loads.iter().map(|load| load.as_ref().map(course));
        let rows = self.grid.scenarios.iter().zip(&self.loads);
        let run = rows.filter(|(_, load)| load.is_some());
        let run: Vec<Text> = run.map(|(row, _)| Text::Static(row.name())).collect();
        let mut thresholds = self.thresholds.clone();
        let implicit = implicit_thresholds(&thresholds, layout, &run, self.max_failed);
        thresholds.extend(implicit);
        // The threshold of a search judges its steps, and not the run.
        for search in self.searching() {
            let place = thresholds.iter().position(|one| one.name == search.until);
            if let Some(place) = place {
                thresholds.remove(place);
            }
        }
        (thresholds, courses.collect())
    }

    /// The loads that search their rates.
    fn searching(&self) -> impl Iterator<Item = &Search> {
        let loads = self.loads.iter().flatten();
        loads.filter_map(|load| load.schedule.search())
    }

    /// The searches of the run.
    ///
    /// # Errors
    /// Figures that a threshold asks for, and the run does not have.
    pub(super) fn searches(&self, layout: &Layout) -> Result<Vec<RateSearch>, Vec<Unknown>> {
        let (_, courses) = self.judged_by(layout);
        let rows = (0..).zip(self.grid.scenarios).zip(&self.loads);
        let searches = rows.filter_map(|((scenario, row), load)| {
            let load = load.as_ref()?;
            let until = &load.schedule.search()?.until;
            let until = self.thresholds.iter().find(|one| one.name == *until)?;
            let search = SearchOf {
                scenario,
                name: Text::Static(row.name()),
                load: load.clone(),
                seed: self.start.seed_of(row.name()),
                until: until.clone(),
                overload: match self.allow_overload {
                    true => Overload::IsAllowed,
                    false => Overload::Ends,
                },
                courses: courses.clone(),
            };
            RateSearch::new(search, layout).transpose()
        });
        searches.collect()
    }

    /// Judges the run.
    ///
    /// # Errors
    /// Thresholds on figures that the run does not have.
    pub(super) fn judge(&self, layout: &Layout) -> Result<Judge, Vec<Unknown>> {
        if !self.is_judged() {
            return Judge::new(Vec::new(), layout, &[]);
        }
        let (thresholds, courses) = self.judged_by(layout);
        Judge::new(thresholds, layout, &courses)
    }

    /// The load of each scenario.
    fn described_loads(&self) -> Vec<LoadDescription> {
        let rows = self.grid.scenarios.iter().zip(&self.loads);
        rows.filter_map(|(row, load)| {
            Some(LoadDescription {
                scenario: row.name(),
                load: load.clone()?,
            })
        })
        .collect()
    }
}

/// Everything that the threads of a run share.
pub(super) struct RunState {
    asked: AskedSlots,
    pub(super) names: Arc<RunNames>,
    pub(super) causes: Arc<ExitCauses>,
    extension: Arc<RunExtension>,
}

impl RunState {
    /// Of a run that is about to begin.
    pub(super) fn new(run: &RunRequest) -> Self {
        Self {
            asked: run.asked(),
            names: Arc::default(),
            causes: Arc::default(),
            extension: Arc::default(),
        }
    }

    /// The parts of the context of one thread.
    pub(super) fn parts(
        &self,
        run: &RunRequest,
        report: &Arc<Report>,
        index: u32,
        slab: &Arc<Slab>,
    ) -> WorkerContextParts {
        WorkerContextParts {
            start: Arc::clone(&run.start),
            index,
            segment: run.segment.worker(index, run.workers()),
            functional: run.functional,
            trace: run.trace,
            samples: run.samples.clone(),
            recorder: Recorder::new(Arc::clone(slab)).asked(self.asked.clone()),
            names: KnownNames::new(Arc::clone(&self.names)),
            events: Arc::clone(report) as Arc<dyn EventSink>,
            causes: Arc::clone(&self.causes),
            run_extension: Arc::clone(&self.extension),
        }
    }
}

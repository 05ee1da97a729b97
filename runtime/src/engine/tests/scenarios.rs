//! Several scenarios side by side, with loads of their own: each is counted apart, and each ends by its own deadline.

use super::whole::Written;
use super::*;
use crate::engine::stopping::Stopping;
use crate::grid::{Body, Scenario};
use crate::info::{At, Info};
use crate::step::{Policy, Ran};
use bggo_metrics::{Draft, MetricName, StepLayout, time_slot};

static STEPS: [Info; 2] = [
    Info::new("noop", "first", "grid.hcl:1").slots(0..4),
    Info::new("noop", "second", "grid.hcl:2").slots(4..8),
];

/// Two scenarios that run one body.
static GRID: Grid = Grid::new("shop")
    .bodies(&[Body::new("shop", &STEPS)])
    .scenarios(&[
        Scenario::new("browse", "shop").tags(&[("kind", "read")]),
        Scenario::new("order", "shop").first_slot(8),
    ]);

static POLICY: Policy = Policy::new();

/// Runs both steps in each iteration; in the second scenario the second one fails once a user.
struct TwoSteps;

impl Program for TwoSteps {
    fn run_assets(&'static self, _: &RunScope) -> Arc<dyn Any + Send + Sync> {
        Arc::new(())
    }

    fn worker(&'static self, _: &Prepare<'_>, _: &Arc<dyn Any + Send + Sync>) -> Rc<dyn Worker> {
        Rc::new(TwoSteps)
    }
}

impl Worker for TwoSteps {
    fn user(self: Rc<Self>, scenario: u32, user: User) -> Running<'static, ()> {
        Box::pin(async move {
            while let Some(begun) = user.next().await {
                let flow = {
                    let iteration = user.iteration(&begun);
                    let both = pin!(async {
                        for info in &STEPS {
                            let step = iteration.step(At::step(info), &POLICY);
                            step.begin();
                            let fails =
                                scenario == 1 && info.name() == "second" && step.iteration() == 0;
                            step.end(if fails {
                                Err(crate::fault::Fault::new("refused", "no"))
                            } else {
                                Ok(Ran::Done)
                            })?;
                        }
                        Ok(())
                    });
                    user.unless_cancelled(both).await
                };
                user.finish(begun, flow);
            }
        })
    }

    fn destroy(&self) -> Running<'_, ()> {
        Box::pin(async {})
    }
}

/// A load whose iterations have a second to finish.
fn with_a_second(schedule: Schedule) -> Load {
    Load {
        graceful_stop: Duration::from_secs(1),
        ..Load::new("constant_vus", schedule)
    }
}

pub(super) fn request(program: &'static dyn Program, schedules: [Schedule; 2]) -> RunRequest {
    RunRequest {
        grid: &GRID,
        program,
        start: Arc::new(Start::new(Vec::new(), 0)),
        loads: schedules
            .map(|schedule| Some(with_a_second(schedule)))
            .to_vec(),
        segment: Segment::WHOLE,
        threads: 2,
        spin: Spin::Off,
        pin: false,
        start_at: None,
        allow_overload: false,
        functional: false,
        trace: None,
        samples: None,
        thresholds: Vec::new(),
        metrics: Vec::new(),
        max_failed: None,
        graceful_on_signal: Duration::ZERO,
    }
}

#[test]
fn thresholds_and_flags_ask_for_metrics_also_in_warm_ups() {
    let mut run = request(&TwoSteps, LOADS);
    run.loads[1].as_mut().unwrap().warm_up = Duration::from_secs(1);
    let asked = |run: &RunRequest| -> Vec<u32> {
        let asked = run.asked();
        (0..run.slots().count)
            .filter(|slot| asked.has(*slot))
            .collect()
    };
    assert_eq!(asked(&run), [0; 0]);
    let layout = run.layout();
    let step = |steps: &[StepLayout], scenario: &str| {
        let mut steps = steps
            .iter()
            .filter(|step| step.scenario.as_str() == scenario);
        steps.next().unwrap().first
    };
    let (browse, order) = (
        step(&layout.steps, "browse"),
        step(&layout.steps, "order") + time_slot::SERVICE,
    );
    let warm_up = step(&layout.warm_up_steps, "order");
    // What a step measures anyway stands where its own metrics could.
    run.metrics = vec![MetricName::read("scenario.browse.step.noop.first.response_time").unwrap()];
    assert_eq!(asked(&run), [browse + time_slot::RESPONSE]);
    let draft = Draft::read("scenario.order.step.noop.first.service_time.p95 < 1s").unwrap();
    run.thresholds = vec![draft.resolve(&layout).unwrap()];
    assert_eq!(
        asked(&run),
        [
            browse + time_slot::RESPONSE,
            order,
            warm_up + time_slot::SERVICE
        ]
    );
}

/// The only user of the second scenario fails once, which is less than one percent of all.
const LOADS: [Schedule; 2] = [Schedule::iterations(3, 300), Schedule::iterations(1, 40)];

fn whole(format: Format) -> (Exit, Written) {
    let written = Written::default();
    let report = Report::new(format, LogLevel::Info, Box::new(written.clone())).unwrap();
    let exit = run(&request(&TwoSteps, LOADS), &Arc::new(report)).unwrap();
    (exit, written)
}

#[test]
fn each_scenario_has_its_own_counts_in_the_json_of_a_run() {
    let (exit, written) = whole(Format::Json);
    assert_eq!(exit, Exit::Passed);
    let events = written.events();
    let start = &events[0];
    let loads = &start["scenarios"];
    assert_eq!(
        (
            &loads[0]["scenario"],
            &loads[0]["profile"],
            &loads[0]["users"],
            &loads[1]["iterations"]
        ),
        (
            &"browse".into(),
            &"constant_vus".into(),
            &3.into(),
            &40.into()
        )
    );
    assert_eq!(
        (&start["users"], &start["iterations"]),
        (&4.into(), &340.into())
    );
    let summary = events.last().unwrap();
    let counts = |row: &serde_json::Value| {
        let field = |name: &str| row[name].as_u64().unwrap();
        (field("count"), field("failed"))
    };
    assert_eq!(counts(&summary["iterations"]), (340, 1));
    let scenarios = &summary["scenarios"];
    assert_eq!(
        (counts(&scenarios[0]), counts(&scenarios[1])),
        ((300, 0), (40, 1))
    );
    assert_eq!(scenarios[0]["tags"]["kind"], "read");
    assert_eq!(scenarios[1]["failures"]["refused"], 1);
    let steps = summary["steps"].as_array().unwrap();
    let steps: Vec<String> = steps
        .iter()
        .map(|step| {
            let (count, failed) = counts(step);
            format!("{} {} {count} {failed}", step["scenario"], step["step"])
        })
        .collect();
    assert_eq!(
        steps,
        [
            r#""browse" "noop.first" 300 0"#,
            r#""browse" "noop.second" 300 0"#,
            r#""order" "noop.first" 40 0"#,
            r#""order" "noop.second" 40 1"#,
        ]
    );
    let intervals = events.iter().filter(|event| event["event"] == "interval");
    let seconds: u64 = intervals
        .map(|line| line["steps"]["order.noop.first"].as_u64().unwrap())
        .sum();
    assert_eq!(seconds, 40);
}

#[test]
fn each_scenario_has_its_own_rows_in_the_summary_and_its_load_in_the_first_line() {
    let (_, written) = whole(Format::Text { colour: false });
    let text = written.text();
    let begins = "shop: browse 3 users, 300 iterations; order 1 user, 40 iterations on 2 threads";
    assert_eq!(text.lines().next(), Some(begins));
    let row = |name: &str| {
        let mut lines = text
            .lines()
            .filter_map(|line| line.strip_prefix("  ")?.strip_prefix(name));
        let line = lines
            .next()
            .unwrap_or_else(|| panic!("no {name} in {text}"));
        line.split_whitespace().next().map(str::to_owned)
    };
    for (name, count) in [
        ("browse.noop.first ", "300"),
        // Times are those of what passed.
        ("order.noop.second ", "39"),
        ("iterations ", "339"),
        ("iterations of browse ", "300"),
        ("iterations of order ", "39"),
    ] {
        assert_eq!(row(name).as_deref(), Some(count), "{name} in {text}");
    }
    assert!(
        text.contains("\nfailures\n  1  refused  order.noop.second\n     no, grid.hcl:2\n"),
        "{text}"
    );
}

#[tokio::test(start_paused = true)]
async fn scenarios_of_different_lengths_end_apart_and_only_what_still_runs_has_failed() {
    let written = Written::default();
    let report = Report::new(Format::Json, LogLevel::Info, Box::new(written.clone())).unwrap();
    let mut bench = bench(|_| Does::WaitsForEver);
    let lengths = [1, 5].map(|seconds| Schedule::lasting(2, Duration::from_secs(seconds)));
    let request = request(bench.program, lengths.clone());
    let loads = lengths.map(with_a_second);
    let loads = [0, 1].map(|number| load_of(number, loads[number as usize].clone()));
    let causes = Arc::clone(&bench.causes);
    let mut stopping = Stopping::new(&request, &report, &causes);
    let begin = tokio::time::Instant::now().into_std();
    let started = Work {
        program: bench.program,
        shared: Arc::new(()),
        loads: loads.to_vec(),
        worker: (0, 1),
        phases: stopping.subscribe(),
        begin: watch::channel(Some(begin)).1,
        news: WorkerNews::new(mpsc::unbounded_channel().0),
        spin: None,
        pin: false,
    };
    stopping.begins(begin, &loads, 1);
    assert_eq!(
        stopping.begins_until(),
        Some(begin + Duration::from_secs(5))
    );
    let context = Rc::clone(&bench.context);
    let control = async {
        let mut ends = Vec::new();
        for _ in 0..2 {
            stopping.time().await;
            let now = tokio::time::Instant::now().into_std();
            stopping.out_of_time(now);
            settle().await;
            let interval = bench.measured();
            let cut = |slot: u32| {
                let iterations = interval.slot(slot);
                iterations.map_or(0, |slot| slot.count(Outcome::Failed))
            };
            ends.push((now - begin, [cut(0), cut(iteration_slot::COUNT)]));
        }
        ends
    };
    let ((), ends) = tokio::join!(work(context, started), control);
    let second = Duration::from_secs;
    assert_eq!(ends, [(second(2), [2, 0]), (second(6), [0, 2])]);
    report.flush();
    let events = written.events();
    let said: Vec<&str> = events
        .iter()
        .map(|event| event["text"].as_str().unwrap())
        .collect();
    assert_eq!(
        said,
        ["browse", "order"].map(|name| format!(
            "iterations of scenario {name} that were still running have failed: --graceful-stop is over"
        ))
    );
}

#[tokio::test(start_paused = true)]
async fn a_threshold_that_ends_the_run_lets_each_scenario_finish_in_its_own_time() {
    let written = Written::default();
    let report = Report::new(Format::Json, LogLevel::Info, Box::new(written.clone())).unwrap();
    let mut bench = bench(|vu| {
        if vu == 1 {
            Does::Waits(Duration::from_secs(4))
        } else {
            Does::WaitsForEver
        }
    });
    let lengths = [3_600, 7_200].map(|seconds| Schedule::lasting(2, Duration::from_secs(seconds)));
    let mut request = request(bench.program, lengths.clone());
    let loads = lengths.map(with_a_second);
    request.loads = loads.iter().cloned().map(Some).collect();
    let loads = [0, 1].map(|number| load_of(number, loads[number as usize].clone()));
    let causes = Arc::clone(&bench.causes);
    let mut stopping = Stopping::new(&request, &report, &causes);
    let begin = tokio::time::Instant::now().into_std();
    let started = Work {
        program: bench.program,
        shared: Arc::new(()),
        loads: loads.to_vec(),
        worker: (0, 1),
        phases: stopping.subscribe(),
        begin: watch::channel(Some(begin)).1,
        news: WorkerNews::new(mpsc::unbounded_channel().0),
        spin: None,
        pin: false,
    };
    stopping.begins(begin, &loads, 1);
    let context = Rc::clone(&bench.context);
    let control = async {
        // User 1 is in its third iteration, which has half a second to go.
        sleep(Duration::from_millis(11_500)).await;
        stopping.abort("fast");
        stopping.time().await;
        let now = tokio::time::Instant::now().into_std();
        stopping.out_of_time(now);
        now - begin
    };
    let ((), ended) = tokio::join!(work(context, started), control);
    assert_eq!(ended, Duration::from_millis(12_500));
    let measured = bench.measured();
    let count = |outcome| {
        let slots = [0, iteration_slot::COUNT];
        let slots = slots.iter().filter_map(|slot| measured.slot(*slot));
        slots.map(|slot| slot.count(outcome)).sum::<u64>()
    };
    // Both scenarios have a user 1, which finishes, and a user 2, whose iteration is cut.
    assert_eq!((count(Outcome::Passed), count(Outcome::Failed)), (6, 2));
    assert_eq!(count(Outcome::Cancelled), 0);
    report.flush();
    assert!(
        written
            .text()
            .contains("threshold fast is broken and ends the run")
    );
}

#[tokio::test(start_paused = true)]
async fn scenarios_of_a_functional_run_run_one_after_the_other() {
    let took = async |kind| {
        let bench = bench_of(kind, |_| Does::Waits(Duration::from_secs(2)));
        let begin = tokio::time::Instant::now();
        bench
            .run_loads(&[0, 1].map(|number| load(number, Schedule::ONCE)))
            .await;
        assert_eq!(bench.count(":iteration"), 2);
        begin.elapsed().as_secs()
    };
    assert_eq!(
        (took(Kind::Functional).await, took(Kind::Load).await),
        (4, 2)
    );
}

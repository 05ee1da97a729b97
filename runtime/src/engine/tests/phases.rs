//! What runs before and after the iterations: of users on a stopped clock, of the whole run on real threads.

use super::arrivals::arrivals;
use super::whole::Written;
use super::*;
use crate::engine::{PhaseKind, PhaseRun};
use crate::grid::{Body, RunPhase, Scenario};
use crate::step_outputs::{KeptOutputs, Outputs};
use bggo_schedule::{Bound, Closed};
use bggo_values::Value;

static NO_STEPS: [Info; 0] = [];
static READ: Info = Info::new("probe", "login", "grid.hcl:1");
static BODY: Body = Body::new("main", &NO_STEPS);

/// How long a phase may take.
const LIMIT: Duration = Duration::from_secs(5);

/// A program whose phases do something, and which notes what happens with the millisecond.
struct Phased {
    /// By user and attempt.
    sets_up: fn(u64, u32) -> Does,
    iterates: Does,
    tears_down: Does,
    /// By the number of the phase of the run.
    phase: fn(u32) -> Does,
    began: Mutex<Option<tokio::time::Instant>>,
    notes: Mutex<Vec<String>>,
}

impl Phased {
    fn nothing() -> Self {
        Self {
            sets_up: |_, _| Does::Nothing,
            iterates: Does::Nothing,
            tears_down: Does::Nothing,
            phase: |_| Does::Nothing,
            began: Mutex::default(),
            notes: Mutex::default(),
        }
    }

    fn of(self) -> &'static Self {
        Box::leak(Box::new(self))
    }

    fn note(&self, text: &str) {
        let mut began = self.began.lock().unwrap();
        let began = began.get_or_insert_with(tokio::time::Instant::now);
        let at = began.elapsed().as_millis();
        self.notes.lock().unwrap().push(format!("{at} {text}"));
    }

    /// What it noted, with times.
    fn timed(&self) -> Vec<String> {
        self.notes.lock().unwrap().clone()
    }

    /// The same without.
    fn notes(&self) -> Vec<String> {
        let timed = self.timed();
        let untimed = timed.iter().filter_map(|note| note.split_once(' '));
        untimed.map(|(_, note)| note.to_owned()).collect()
    }
}

impl Program for Phased {
    fn run_assets(&'static self, _: &RunScope) -> Arc<dyn Any + Send + Sync> {
        Arc::new(())
    }

    fn worker(&'static self, _: &Prepare<'_>, _: &Arc<dyn Any + Send + Sync>) -> Rc<dyn Worker> {
        Rc::new(PhasedWorker(self))
    }
}

struct PhasedWorker(&'static Phased);

async fn does(does: Does) -> Flow {
    assert!(!matches!(does, Does::PanicsAtItsEnd), "it panics");
    iteration(does, 0, &RefCell::new(())).await
}

fn outputs(value: u64) -> KeptOutputs {
    let values = Box::from([Value::Number(value.into())]);
    KeptOutputs::new(std::iter::once(Outputs::Of(values)))
}

impl Worker for PhasedWorker {
    fn user(self: Rc<Self>, _: u32, user: User) -> Running<'static, ()> {
        Box::pin(async move {
            let program = self.0;
            let number = user.context().number();
            for attempt in 0.. {
                program.note(&format!("{number} begins"));
                let is_set_up = {
                    let phase = user.phase_run(PhaseKind::VuSetup, (0, attempt), LIMIT);
                    let steps = does((program.sets_up)(number, attempt));
                    let flow = phase.run(pin!(steps)).await;
                    phase.keep(0, outputs(100 * number + u64::from(attempt)));
                    phase.ends(flow)
                };
                if is_set_up {
                    while let Some(begun) = user.next().await {
                        let read = user.iteration(&begun).of_vu_setup(0);
                        let read = read.field(0, &READ).unwrap();
                        program.note(&format!("{number} iterates with {read:?}"));
                        let flow = {
                            let iteration = pin!(does(program.iterates));
                            user.unless_cancelled(iteration).await
                        };
                        user.finish(begun, flow);
                    }
                    let phase = user.phase_run(PhaseKind::VuTeardown, (0, 0), LIMIT);
                    let steps = does(program.tears_down);
                    let flow = phase.run(pin!(steps)).await;
                    let how = if phase.ends(flow) { "is" } else { "is not" };
                    program.note(&format!("{number} {how} torn down"));
                }
                if is_set_up || !user.is_replaced(attempt).await {
                    break;
                }
            }
            program.note(&format!("{number} ends"));
        })
    }

    fn phase<'a>(self: Rc<Self>, number: u32, run: PhaseRun<'a>) -> Running<'a, bool> {
        Box::pin(async move {
            let program = self.0;
            let steps = async {
                program.note(&format!("phase {number}"));
                does((program.phase)(number)).await
            };
            let flow = run.run(pin!(steps)).await;
            run.ends(flow)
        })
    }
}

async fn on(bench: &Bench, program: &'static Phased, schedule: Schedule) {
    let begin = tokio::time::Instant::now().into_std();
    let load = load(0, schedule);
    bench.run_program(program, (begin, &[load])).await;
}

/// The begin of a value as `{:?}` shows it is no matter of these tests.
fn number(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

#[tokio::test(start_paused = true)]
async fn a_user_iterates_only_when_it_is_set_up_and_reads_what_its_own_setup_gave() {
    let mut bench = bench(|_| Does::Nothing);
    let program = Phased {
        sets_up: |user, _| Does::Waits(Duration::from_secs(user)),
        ..Phased::nothing()
    };
    let program = program.of();
    let schedule = Schedule::Closed(Closed {
        users: 2,
        bound: Bound::PerUser(1),
        length: None,
    });
    on(&bench, program, schedule).await;
    let timed = program.timed();
    let iterates = timed.iter().filter(|note| note.contains("iterates"));
    let iterates: Vec<(&str, String)> = iterates
        .map(|note| {
            let (at, with) = note.split_once(' ').unwrap();
            (at, number(with.split_once("with").unwrap().1))
        })
        .collect();
    assert_eq!(
        iterates,
        [("1000", "100".to_owned()), ("2000", "200".to_owned())]
    );
    let torn_down = timed.iter().filter(|note| note.ends_with("is torn down"));
    assert_eq!(torn_down.count(), 2);
    assert_eq!(bench.counted(Outcome::Passed), 2);
    // What was kept of users goes with them.
    assert!(bench.context.has_forgotten_all_users());
}

#[tokio::test(start_paused = true)]
async fn a_user_whose_setup_fails_counts_as_failed_and_is_replaced_later_and_later() {
    let mut bench = bench(|_| Does::Nothing);
    let program = Phased {
        sets_up: |_, attempt| match attempt {
            8 => Does::Nothing,
            _ => Does::Fails,
        },
        ..Phased::nothing()
    };
    let program = program.of();
    let forever = Duration::from_secs(3600);
    let schedule = Schedule::iterations(1, 1);
    let load = Load {
        graceful_stop: forever,
        ..at_once(schedule)
    };
    let begin = tokio::time::Instant::now().into_std();
    bench
        .run_program(program, (begin, &[load_of(0, load)]))
        .await;
    let begins = program.timed();
    let begins = begins
        .iter()
        .filter_map(|note| note.strip_suffix(" 1 begins"));
    let begins: Vec<u64> = begins.map(|at| at.parse().unwrap()).collect();
    let pauses: Vec<u64> = begins.windows(2).map(|two| two[1] - two[0]).collect();
    // Doubled, up to a minute; a limit comes late by at most 17 ms.
    let asked = [1, 2, 4, 8, 16, 32, 60, 60];
    assert_eq!(pauses.len(), asked.len(), "{pauses:?}");
    for (pause, asked) in pauses.iter().zip(asked) {
        let range = 1000 * asked..=1000 * asked + 20;
        assert!(range.contains(pause), "{pauses:?}");
    }
    let measured = bench.measured();
    let ended = measured.slot(0).unwrap();
    let kinds = ended.kinds.iter();
    let kinds: Vec<(&str, u64)> = kinds.map(|(kind, n)| (kind.as_str(), *n)).collect();
    assert_eq!(
        (kinds, ended.count(Outcome::Passed)),
        (vec![("vu_setup", 8)], 1)
    );
}

#[tokio::test(start_paused = true)]
async fn nobody_takes_the_place_of_a_user_when_nothing_begins_any_more() {
    let bench = bench(|_| Does::Nothing);
    let program = Phased {
        sets_up: |_, _| Does::Fails,
        ..Phased::nothing()
    };
    let program = program.of();
    let stop = async {
        sleep(Duration::from_millis(1_500)).await;
        bench.stop(Phase::Draining);
    };
    tokio::join!(
        on(&bench, program, Schedule::lasting(1, Duration::MAX)),
        stop
    );
    let notes = program.timed();
    let begins = notes.iter().filter(|note| note.ends_with("begins")).count();
    assert_eq!((begins, notes.last().unwrap().as_str()), (2, "1500 1 ends"));
}

#[tokio::test(start_paused = true)]
async fn a_setup_of_a_user_that_takes_too_long_has_failed() {
    let mut bench = bench(|_| Does::Nothing);
    let program = Phased {
        sets_up: |_, attempt| match attempt {
            0 => Does::WaitsForEver,
            _ => Does::Nothing,
        },
        ..Phased::nothing()
    };
    let program = program.of();
    on(&bench, program, Schedule::iterations(1, 1)).await;
    let second = program.timed();
    let second = second.iter().filter(|note| note.ends_with("begins")).nth(1);
    let at: u64 = second.unwrap().split(' ').next().unwrap().parse().unwrap();
    assert!((6_000..=6_040).contains(&at), "{at}");
    let measured = bench.measured();
    let ended = measured.slot(0).unwrap();
    assert_eq!(
        (ended.count(Outcome::Failed), ended.count(Outcome::Passed)),
        (1, 1)
    );
}

#[tokio::test(start_paused = true)]
async fn a_setup_that_is_cancelled_is_no_failure_and_nothing_is_torn_down() {
    let mut bench = bench(|_| Does::Nothing);
    let program = Phased {
        sets_up: |_, _| Does::WaitsForEver,
        ..Phased::nothing()
    };
    let program = program.of();
    let stop = async {
        sleep(Duration::from_secs(1)).await;
        bench.stop(Phase::Cancelled);
    };
    tokio::join!(
        on(&bench, program, Schedule::lasting(3, Duration::MAX)),
        stop
    );
    let notes = program.notes();
    assert_eq!(
        notes.iter().filter(|note| note.ends_with("ends")).count(),
        3
    );
    assert!(
        !notes.iter().any(|note| note.contains("torn down")),
        "{notes:?}"
    );
    assert_eq!(bench.counted(Outcome::Failed), 0);
}

#[tokio::test(start_paused = true)]
async fn what_was_handed_to_a_user_that_is_never_set_up_has_never_begun() {
    let mut bench = bench(|_| Does::Nothing);
    let program = Phased {
        sets_up: |_, _| Does::WaitsForEver,
        ..Phased::nothing()
    };
    let stop = async {
        sleep(Duration::from_millis(1_500)).await;
        bench.stop(Phase::TimeIsOver);
    };
    let schedule = Schedule::Open(arrivals(1, 1, 1));
    tokio::join!(on(&bench, program.of(), schedule), stop);
    assert_eq!(bench.counted(Outcome::NotStarted), 1);
}

#[tokio::test(start_paused = true)]
async fn users_are_torn_down_in_the_time_to_finish_and_cut_at_its_end() {
    for (phase, how) in [
        (Phase::Draining, "1 is torn down"),
        (Phase::TimeIsOver, "1 is not torn down"),
        (Phase::Cancelled, "1 is not torn down"),
    ] {
        let bench = bench(|_| Does::Nothing);
        let program = Phased {
            iterates: Does::Waits(Duration::from_secs(2)),
            tears_down: Does::Waits(Duration::from_secs(2)),
            ..Phased::nothing()
        };
        let program = program.of();
        let stop = async {
            sleep(Duration::from_secs(1)).await;
            bench.stop(Phase::Draining);
            sleep(Duration::from_secs(2)).await;
            bench.stop(phase);
        };
        tokio::join!(
            on(&bench, program, Schedule::lasting(1, Duration::MAX)),
            stop
        );
        let notes = program.notes();
        assert_eq!(&notes[notes.len() - 2..], [how, "1 ends"], "{phase:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_panic_in_a_setup_of_a_user_is_a_bug_and_the_user_ends() {
    let bench = bench(|_| Does::Nothing);
    let program = Phased {
        sets_up: |_, _| Does::PanicsAtItsEnd,
        ..Phased::nothing()
    };
    let program = program.of();
    on(&bench, program, Schedule::iterations(1, 1)).await;
    assert_eq!(bench.causes.exit(), Exit::Bug);
    assert_eq!(program.notes(), ["1 begins", "1 ends"]);
}

#[tokio::test(start_paused = true)]
async fn what_is_due_while_its_user_is_set_up_waits_for_the_user_and_not_for_the_program() {
    let mut bench = bench(|_| Does::Nothing);
    let program = Phased {
        sets_up: |_, _| Does::Waits(Duration::from_secs(3)),
        ..Phased::nothing()
    };
    let schedule = Schedule::Open(arrivals(1, 2, 1));
    on(&bench, program.of(), schedule).await;
    let measured = bench.measured();
    let mean = |slot: u32| measured.slot(slot).unwrap().histogram.mean_time();
    assert_eq!(mean(iteration_slot::START_ERROR), Some(Duration::ZERO));
    assert!(mean(iteration_slot::QUEUED) > Some(Duration::from_secs(2)));
}

/// The grid of these runs: two scenarios, one of which has phases of its own.
static GRID: Grid = Grid::new("phased")
    .scenarios(&[
        Scenario::new("main", "main"),
        Scenario::new("other", "main"),
    ])
    .bodies(&[Body::new("main", &NO_STEPS)])
    .phases(&[
        RunPhase::new("setup", &BODY, 0, SHORT),
        RunPhase::new("setup", &BODY, 0, SHORT).scenario(1),
        RunPhase::new("teardown", &BODY, 0, SHORT).scenario(1),
        RunPhase::new("teardown", &BODY, 0, SHORT),
    ]);

/// No test comes to its end, but where a phase never ends.
const SHORT: Duration = Duration::from_millis(20);

/// A whole run on real threads: how it ended, what was noted but for users that begin and end, and what was said.
fn whole(program: Phased, other: bool) -> (Exit, Vec<String>, String) {
    let program = program.of();
    let schedule = || Schedule::iterations(1, 1);
    let request = RunRequest {
        grid: &GRID,
        program,
        start: Arc::new(Start::new(Vec::new(), 0)),
        functional: false,
        trace: None,
        samples: None,
        loads: vec![
            Some(at_once(schedule())),
            other.then(|| at_once(schedule())),
        ],
        segment: Segment::WHOLE,
        threads: 1,
        spin: Spin::Off,
        thresholds: Vec::new(),
        metrics: Vec::new(),
        max_failed: None,
        pin: false,
        start_at: None,
        allow_overload: false,
        graceful_on_signal: Duration::ZERO,
    };
    let written = Written::default();
    let report = Report::new(Format::Json, LogLevel::Info, Box::new(written.clone()));
    let exit = run(&request, &Arc::new(report.unwrap())).unwrap();
    let notes = program.notes().into_iter();
    let notes = notes.filter(|note| note.starts_with("phase") || note.contains("iterates"));
    let notes = notes.map(|note| note.split(" with").next().unwrap_or_default().to_owned());
    (exit, notes.collect(), written.text())
}

#[test]
fn setups_run_before_all_scenarios_and_teardowns_after_them_in_the_opposite_order() {
    let (exit, notes, said) = whole(Phased::nothing(), true);
    assert_eq!(exit, Exit::Passed, "{said}");
    assert_eq!(
        notes,
        [
            "phase 0",
            "phase 1",
            "1 iterates",
            "1 iterates",
            "phase 2",
            "phase 3"
        ]
    );
    // What belongs to a scenario that does not run does not run either.
    let (exit, notes, said) = whole(Phased::nothing(), false);
    assert_eq!(exit, Exit::Passed, "{said}");
    assert_eq!(notes, ["phase 0", "1 iterates", "phase 3"]);
}

#[test]
fn without_its_setup_a_run_has_no_load_and_what_began_is_torn_down() {
    for does in [Does::Fails, Does::WaitsForEver] {
        let phase = match does {
            Does::Fails => |number| match number {
                0 => Does::Fails,
                _ => Does::Nothing,
            },
            _ => |number| match number {
                0 => Does::WaitsForEver,
                _ => Does::Nothing,
            },
        };
        let program = Phased {
            phase,
            ..Phased::nothing()
        };
        let (exit, notes, said) = whole(program, true);
        assert_eq!(exit, Exit::SetUpFailed, "{said}");
        assert_eq!(notes, ["phase 0", "phase 3"], "{does:?}");
        assert!(said.contains("`setup` failed: no load is put on"), "{said}");
        let late = said.contains("`setup` took longer than its limit of 20ms");
        assert_eq!(late, matches!(does, Does::WaitsForEver), "{said}");
    }
    // The setup of the scenario failed, so that had begun.
    let (exit, notes, said) = whole(
        Phased {
            phase: |number| match number {
                1 => Does::Fails,
                _ => Does::Nothing,
            },
            ..Phased::nothing()
        },
        true,
    );
    assert_eq!(exit, Exit::SetUpFailed, "{said}");
    assert_eq!(notes, ["phase 0", "phase 1", "phase 2", "phase 3"]);
}

#[test]
fn a_teardown_that_fails_keeps_no_other_from_running_and_has_the_lowest_rank() {
    let phase = |number| match number {
        2 => Does::Fails,
        _ => Does::Nothing,
    };
    let (exit, notes, said) = whole(
        Phased {
            phase,
            ..Phased::nothing()
        },
        true,
    );
    assert_eq!(exit, Exit::TeardownFailed, "{said}");
    assert_eq!(notes.last().unwrap(), "phase 3");
    assert!(said.contains("`teardown` failed"), "{said}");
    let (exit, _, said) = whole(
        Phased {
            phase,
            iterates: Does::Fails,
            ..Phased::nothing()
        },
        true,
    );
    assert_eq!(exit, Exit::ThresholdFailed, "{said}");
}

#[test]
fn a_panic_in_a_setup_is_a_bug_and_the_teardown_still_runs() {
    let phase = |number| match number {
        0 => Does::PanicsAtItsEnd,
        _ => Does::Nothing,
    };
    let (exit, notes, said) = whole(
        Phased {
            phase,
            ..Phased::nothing()
        },
        true,
    );
    assert_eq!(exit, Exit::Bug, "{said}");
    assert_eq!(notes, ["phase 0", "phase 3"]);
}

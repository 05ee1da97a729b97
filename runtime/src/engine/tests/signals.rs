//! What SIGINT, SIGTERM and SIGHUP do to a run: this very program, started again, is the run that is interrupted.
//!
//! Each test waits for a line of the run before it sends the next signal, never for a time.

use crate::assets::{Prepare, RunScope};
use crate::engine::{PhaseRun, Program, RunRequest, Spin, User, Worker, run};
use crate::event::LogLevel;
use crate::flow::{Flow, Running};
use crate::grid::{Body, Grid, RunPhase};
use crate::info::Info;
use crate::outputs::{Format, Report};
use crate::start::Start;
use bggo_schedule::{Load, Schedule, Segment};
use std::any::Any;
use std::io::{BufRead, BufReader, Read};
use std::pin::pin;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

const CASE: &str = "BGGO_SIGNALS_CASE";

static GRID: Grid = Grid::new("interrupted");

static NO_STEPS: [Info; 0] = [];
static BODY: Body = Body::new("main", &NO_STEPS);

/// The same with what runs before and after.
static GRID_WITH_PHASES: Grid = Grid::new("interrupted")
    .bodies(&[Body::new("main", &NO_STEPS)])
    .phases(&[
        RunPhase::new("setup", &BODY, 0, HOUR),
        RunPhase::new("teardown", &BODY, 0, HOUR),
    ]);

const HOUR: Duration = Duration::from_secs(3600);

/// Users whose iterations never end by themselves; `stuck`, and their own end does not either.
struct Waiting {
    stuck: bool,
}

impl Program for Waiting {
    fn run_assets(&'static self, _: &RunScope) -> Arc<dyn Any + Send + Sync> {
        Arc::new(())
    }

    fn worker(&'static self, _: &Prepare<'_>, _: &Arc<dyn Any + Send + Sync>) -> Rc<dyn Worker> {
        Rc::new(WaitingWorker { stuck: self.stuck })
    }
}

struct WaitingWorker {
    stuck: bool,
}

/// Phases of the run, of which the one with this number never ends by itself, and users that never do.
struct WithPhases {
    waits_in: u32,
}

impl Program for WithPhases {
    fn run_assets(&'static self, _: &RunScope) -> Arc<dyn Any + Send + Sync> {
        Arc::new(())
    }

    fn worker(&'static self, _: &Prepare<'_>, _: &Arc<dyn Any + Send + Sync>) -> Rc<dyn Worker> {
        Rc::new(WorkerWithPhases(self))
    }
}

struct WorkerWithPhases(&'static WithPhases);

impl Worker for WorkerWithPhases {
    fn user(self: Rc<Self>, scenario: u32, user: User) -> Running<'static, ()> {
        Rc::new(WaitingWorker { stuck: false }).user(scenario, user)
    }

    fn phase<'a>(self: Rc<Self>, number: u32, run: PhaseRun<'a>) -> Running<'a, bool> {
        Box::pin(async move {
            say(&format!("phase {number} runs"));
            let flow = if self.0.waits_in == number {
                run.run(pin!(std::future::pending::<Flow>())).await
            } else {
                run.run(pin!(std::future::ready(Ok(())))).await
            };
            say(&format!("phase {number} ended"));
            run.ends(flow)
        })
    }
}

/// One of its workers prepares for ever.
struct Preparing;

impl Program for Preparing {
    fn run_assets(&'static self, _: &RunScope) -> Arc<dyn Any + Send + Sync> {
        Arc::new(())
    }

    fn worker(&'static self, _: &Prepare<'_>, _: &Arc<dyn Any + Send + Sync>) -> Rc<dyn Worker> {
        static PREPARED: AtomicBool = AtomicBool::new(false);
        if PREPARED.swap(true, Ordering::AcqRel) {
            say("a worker prepares");
            loop {
                std::thread::park();
            }
        }
        Rc::new(PreparedWorker)
    }
}

struct PreparedWorker;

impl Worker for PreparedWorker {
    fn user(self: Rc<Self>, _: u32, user: User) -> Running<'static, ()> {
        Box::pin(async move {
            while let Some(begun) = user.next().await {
                say("an iteration begins");
                user.finish(begun, Ok(()));
            }
        })
    }

    fn destroy(&self) -> Running<'_, ()> {
        Box::pin(async {})
    }
}

impl Worker for WaitingWorker {
    fn user(self: Rc<Self>, _: u32, user: User) -> Running<'static, ()> {
        Box::pin(async move {
            while let Some(begun) = user.next().await {
                say(&format!("user {} waits", user.context().number()));
                let flow = {
                    let iteration = pin!(std::future::pending::<Flow>());
                    user.unless_cancelled(iteration).await
                };
                user.finish(begun, flow);
            }
            if self.stuck {
                say(&format!("user {} is stuck", user.context().number()));
                std::future::pending::<()>().await;
            }
            // Like an asset whose destruction takes its time and then writes a line.
            tokio::time::sleep(Duration::from_millis(50)).await;
            say(&format!("user {} ended", user.context().number()));
        })
    }

    fn destroy(&self) -> Running<'_, ()> {
        Box::pin(async {})
    }
}

fn say(text: &str) {
    use std::io::Write;
    // One write a line, so that lines of two threads never mix.
    std::io::stderr()
        .write_all(format!("{text}\n").as_bytes())
        .unwrap();
}

/// The interrupted run. Started by the harness as a test of its own, it does nothing.
#[test]
fn interrupted_run() {
    let Ok(case) = std::env::var(CASE) else {
        return;
    };
    let forever = Duration::from_secs(3600);
    let functional = case == "functional";
    let grace = if ["graceful", "preparing"].contains(&&*case) {
        forever
    } else {
        Duration::ZERO
    };
    let schedule = if functional {
        Schedule::ONCE
    } else {
        Schedule::lasting(4, forever)
    };
    let of = RunRequest {
        grid: match case.starts_with("phase") {
            true => &GRID_WITH_PHASES,
            false => &GRID,
        },
        program: match &*case {
            "phases" => &WithPhases { waits_in: u32::MAX },
            "phase 0" => &WithPhases { waits_in: 0 },
            "phase 1" => &WithPhases { waits_in: 1 },
            "stuck" => &Waiting { stuck: true },
            "preparing" => &Preparing,
            _ => &Waiting { stuck: false },
        },
        start: Arc::new(Start::new(Vec::new(), 0)),
        loads: vec![Some(Load {
            graceful_stop: grace,
            ..Load::new("constant_vus", schedule)
        })],
        segment: Segment::WHOLE,
        threads: 2,
        spin: Spin::Off,
        pin: false,
        start_at: None,
        allow_overload: false,
        functional,
        trace: None,
        samples: None,
        thresholds: Vec::new(),
        metrics: Vec::new(),
        max_failed: None,
        graceful_on_signal: grace,
    };
    let report = Report::stderr(Format::Text { colour: false }, LogLevel::Info).unwrap();
    let exit = run(&of, &Arc::new(report)).unwrap();
    std::process::exit(exit.code().into());
}

/// A run in a process of its own.
struct Interrupted {
    child: Child,
    stderr: BufReader<ChildStderr>,
    said: String,
}

impl Interrupted {
    fn start(case: &str) -> Self {
        Self::start_after("true", case)
    }

    /// The shell runs `first`, and then becomes the run.
    fn start_after(first: &str, case: &str) -> Self {
        // Also where the tests run under nohup.
        let mut child = Command::new("env")
            .args(["--default-signal=HUP", "sh", "-c"])
            .arg(format!("{first}; exec \"$0\" \"$@\""))
            .arg(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "engine::tests::signals::interrupted_run",
                "--nocapture",
            ])
            .env(CASE, case)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        Self {
            child,
            stderr,
            said: String::new(),
        }
    }

    /// Reads on until `text` was said `times` times in all.
    fn wait_for(&mut self, text: &str, times: usize) {
        while self.said.matches(text).count() < times {
            let read = self.stderr.read_line(&mut self.said).unwrap();
            assert!(
                read > 0,
                "it ended without {times} times {text:?}:\n{}",
                self.said
            );
        }
    }

    fn signal(&self, name: &str) {
        let sent = Command::new("sh")
            .arg("-c")
            .arg(format!("kill -{name} {}", self.child.id()))
            .status()
            .unwrap();
        assert!(sent.success());
    }

    /// Its exit code, and all that it said.
    fn end(mut self) -> (Option<i32>, String) {
        self.stderr.read_to_string(&mut self.said).unwrap();
        (self.child.wait().unwrap().code(), self.said)
    }
}

#[test]
fn the_first_signal_cancels_a_functional_run_whose_ends_still_run() {
    for signal in ["INT", "TERM", "HUP"] {
        let mut run = Interrupted::start("functional");
        run.wait_for("user 1 waits", 1);
        run.signal(signal);
        let (code, said) = run.end();
        assert_eq!(code, Some(105), "{said}");
        assert_eq!(said.matches("user 1 ended").count(), 1, "{said}");
        assert!(said.contains("interrupted: 0 steps, 0 failed"), "{said}");
    }
}

#[test]
fn a_signal_before_the_clock_starts_waits_for_no_worker_that_still_prepares() {
    for signal in ["INT", "TERM", "HUP"] {
        let mut run = Interrupted::start("preparing");
        run.wait_for("a worker prepares", 1);
        run.signal(signal);
        let (code, said) = run.end();
        assert_eq!(code, Some(105), "{said}");
        assert!(!said.contains("an iteration begins"), "{said}");
        assert!(said.contains("interrupted: no iteration ended"), "{said}");
    }
}

#[test]
fn without_grace_the_first_signal_cancels_all_users_and_each_ends_once() {
    let mut run = Interrupted::start("load");
    run.wait_for(" waits", 4);
    run.signal("TERM");
    let (code, said) = run.end();
    assert_eq!(
        (code, said.matches(" ended\n").count()),
        (Some(105), 4),
        "{said}"
    );
    assert!(said.contains("4 cancelled"), "{said}");
}

#[test]
fn within_the_grace_a_second_signal_cancels_and_each_user_still_ends_once() {
    let mut run = Interrupted::start("graceful");
    run.wait_for(" waits", 4);
    run.signal("INT");
    run.wait_for("running iterations have", 1);
    run.signal("INT");
    let (code, said) = run.end();
    assert_eq!(
        (code, said.matches(" ended\n").count()),
        (Some(105), 4),
        "{said}"
    );
    assert!(said.contains("interrupted again"), "{said}");
}

#[test]
fn a_run_that_ignores_hang_ups_from_its_start_goes_on_ignoring_them() {
    let mut run = Interrupted::start_after("trap '' HUP", "graceful");
    run.wait_for(" waits", 4);
    run.signal("HUP");
    run.signal("TERM");
    run.wait_for("running iterations have", 1);
    run.signal("TERM");
    let (code, said) = run.end();
    // The hang-up would have been the first of three signals, and a third one ends the program at once.
    assert_eq!(
        (code, said.matches(" ended\n").count()),
        (Some(105), 4),
        "{said}"
    );
    assert!(!said.contains("ended at once"), "{said}");
}

#[test]
fn a_third_signal_leaves_a_run_whose_ends_hang_and_still_prints_what_was_recorded() {
    let mut run = Interrupted::start("stuck");
    run.wait_for(" waits", 4);
    run.signal("INT");
    run.wait_for(" is stuck", 4);
    run.signal("INT");
    run.wait_for("interrupted again", 1);
    run.signal("INT");
    let (code, said) = run.end();
    assert_eq!(code, Some(105), "{said}");
    assert!(said.contains("resources were left behind"), "{said}");
    assert!(said.contains("cancelled"), "{said}");
}

#[test]
fn a_signal_cancels_the_setup_and_what_began_is_torn_down() {
    for signal in ["INT", "TERM", "HUP"] {
        let mut run = Interrupted::start("phase 0");
        run.wait_for("phase 0 runs", 1);
        run.signal(signal);
        let (code, said) = run.end();
        assert_eq!(code, Some(105), "{said}");
        assert!(said.contains("phase 1 ended"), "{said}");
        assert!(!said.contains("waits"), "{said}");
    }
}

#[test]
fn after_a_signal_under_load_the_teardown_runs() {
    let mut run = Interrupted::start("phases");
    run.wait_for(" waits", 4);
    run.signal("INT");
    let (code, said) = run.end();
    assert_eq!(code, Some(105), "{said}");
    let ended = said.find("user 4 ended").max(said.find("user 1 ended"));
    assert!(ended < said.find("phase 1 runs"), "{said}");
    assert!(said.contains("phase 1 ended"), "{said}");
}

#[test]
fn the_first_signal_leaves_the_teardown_its_time_and_the_second_cancels_it() {
    let mut run = Interrupted::start("phase 1");
    run.wait_for(" waits", 4);
    run.signal("INT");
    run.wait_for("phase 1 runs", 1);
    run.signal("INT");
    let (code, said) = run.end();
    assert_eq!(code, Some(105), "{said}");
    assert!(said.contains("`teardown` is cancelled"), "{said}");
    assert!(said.contains("phase 1 ended"), "{said}");
}

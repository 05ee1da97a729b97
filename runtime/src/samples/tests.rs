//! Which iterations are among the samples, and what a row of a step is.

use super::*;
use crate::fault::FaultText;
use crate::grid::Body;
use crate::info::Info;
use bggo_values::Text;
use std::sync::Mutex;

static STEPS: [Info; 1] = [Info::new("noop", "a", "grid.hcl:1")];
static SCENARIOS: [Scenario; 2] = [
    Scenario::new("browse", "main"),
    Scenario::new("a, b", "main"),
];
static BODIES: [Body; 1] = [Body::new("main", &STEPS)];
static GRID: Grid = Grid::new("grid.hcl").scenarios(&SCENARIOS).bodies(&BODIES);

/// Keeps all rows, and how many it was told of.
#[derive(Debug, Default)]
struct Kept(Mutex<(String, u64)>);

impl SampleSink for Kept {
    fn take(&self, rows: String, count: u64) {
        let mut kept = self.0.lock().unwrap();
        kept.0.push_str(&rows);
        kept.1 += count;
    }
}

fn sampling(share: f64, seed: u64) -> Sampling {
    Sampling::new(share, (seed, &GRID), Arc::new(Kept::default()))
}

fn keys() -> impl Iterator<Item = IterationKey> {
    let numbered = (0..50_000).map(IterationKey::Run);
    let of_users =
        (1..=100).flat_map(|user| (0..500).map(move |nth| IterationKey::User { user, nth }));
    numbered.chain(of_users)
}

#[test]
fn the_share_is_taken_by_the_seed_and_the_key_alone() {
    let taken = |share, seed, scenario| {
        let sampling = sampling(share, seed);
        let taken = keys().filter(|key| sampling.takes(*key, scenario));
        taken.collect::<Vec<_>>()
    };
    let one = taken(0.01, 7, 0);
    // Of 100,000 by chance: 1,000, and five times the deviation of 31.5 around it.
    assert!((842..=1_158).contains(&one.len()), "{}", one.len());
    assert_eq!(taken(0.01, 7, 0), one);
    assert_ne!(taken(0.01, 8, 0), one);
    assert_ne!(taken(0.01, 7, 1), one);
    let more = taken(0.1, 7, 0);
    assert!(
        one.iter().all(|key| more.contains(key)),
        "a larger share has the smaller one in it"
    );
    assert_eq!(taken(1.0, 7, 0).len(), 100_000);
    assert_eq!(taken(0.0, 7, 0).len(), 0);
}

#[test]
fn a_row_has_the_times_of_a_step_in_milliseconds() {
    let sink = Arc::new(Kept::default());
    let taking: Arc<dyn SampleSink> = Arc::<Kept>::clone(&sink);
    let rows = SampleRows::new(Sampling::new(1.0, (7, &GRID), taking));
    let fault = Fault::new("status", FaultText::plain("500"));
    let key = Instance::Key(Text::Static("a \"b\""));
    let mut end = StepEnd {
        info: &STEPS[0],
        instance: &key,
        scenario: 1,
        user: 3,
        iteration: 9,
        first_slot: 0,
        step: 0,
        response: Some(12_345_000),
        service: Some(45_000),
        attempts: 0,
        outcome: StepOutcome::Failed,
        fault: Some(&fault),
    };
    let at = Duration::from_micros(1_700_000_000_000_012);
    let sampled = Sampled {
        key: IterationKey::Run(41),
        at,
        late: Some(2_000_000),
    };
    rows.keep_status(0, "a, b");
    rows.keep_status(0, "503");
    rows.keep_status(8, "200");
    rows.add(&end, sampled);
    end = StepEnd {
        instance: &Instance::Index(4),
        scenario: 0,
        response: None,
        attempts: 0,
        outcome: StepOutcome::Passed,
        fault: None,
        ..end
    };
    let key = IterationKey::User { user: 3, nth: 9 };
    let sampled = Sampled {
        key,
        late: None,
        ..sampled
    };
    rows.add(&end, sampled);
    assert_eq!(*sink.0.lock().unwrap(), (String::new(), 0), "they wait");
    rows.finish();
    let (text, count) = sink.0.lock().unwrap().clone();
    assert_eq!(
        text,
        "1700000000.000012,\"a, b\",3,41,noop.a,\"a \"\"b\"\"\",failed,status,503,2.000,12.345,0.045\n\
         1700000000.000012,browse,3,9,noop.a,4,passed,,,,,0.045\n"
    );
    assert_eq!(count, 2);
    let columns = |line: &str| line.matches(',').count();
    assert_eq!(columns(text.lines().last().unwrap()), columns(HEAD));
}

#[test]
fn a_thread_keeps_a_bounded_number_of_bytes() {
    let sink = Arc::new(Kept::default());
    let taking: Arc<dyn SampleSink> = Arc::<Kept>::clone(&sink);
    let rows = SampleRows::new(Sampling::new(1.0, (7, &GRID), taking));
    let end = StepEnd {
        info: &STEPS[0],
        instance: &Instance::None,
        scenario: 0,
        user: 1,
        iteration: 0,
        first_slot: 0,
        step: 0,
        response: None,
        service: None,
        attempts: 0,
        outcome: StepOutcome::Passed,
        fault: None,
    };
    let sampled = Sampled {
        key: IterationKey::Run(0),
        at: Duration::ZERO,
        late: None,
    };
    for _ in 0..10_000 {
        rows.add(&end, sampled);
        assert!(rows.rows.borrow().len() < FULL);
    }
    drop(rows);
    let (text, count) = sink.0.lock().unwrap().clone();
    assert_eq!((text.lines().count() as u64, count), (10_000, 10_000));
}

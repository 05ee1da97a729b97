//! Thresholds against seconds of known content.

use super::*;
use crate::buckets::bucket;
use crate::condition::Subject;
use crate::implicit::{Implicit, implicit_thresholds};
use crate::interval::{Histogram, SlotFigures};
use crate::layout::{IterationLayout, LabelWarning, MetricKind, MetricLayout, StepLayout, Unit};
use crate::outcome::Outcome;
use crate::search::{SearchStep, StepCame, step_mark};
use crate::slots::{LATE_METRICS, iteration_slot, step_slot, time_slot};

/// Iterations of `browse` stand at 0, of `buy` behind them, and then the step of `browse` with its counter of answers.
const BUY: u32 = iteration_slot::COUNT;
const STEP: u32 = 2 * iteration_slot::COUNT;
const ANSWERS: u32 = STEP + time_slot::COUNT;

fn layout() -> Layout {
    let iterations = |scenario: &'static str, first| IterationLayout {
        scenario: Text::Static(scenario),
        tags: Vec::new(),
        first,
    };
    Layout {
        iterations: vec![iterations("browse", 0), iterations("buy", BUY)],
        steps: vec![StepLayout {
            scenario: Text::Static("browse"),
            path: Vec::new(),
            name: Text::Static("http_request.home"),
            tags: Vec::new(),
            metrics: vec![MetricLayout {
                name: Text::Static("answers"),
                unit: Unit::Other(Text::Static("")),
                kind: MetricKind::Counter,
                label: Some(Text::Static("status")),
                warning: Some(LabelWarning {
                    prefix: Text::Static("5"),
                    over_millionths: 10_000,
                    text: Text::Static("answers had status 5xx"),
                }),
                scale: 1,
                description: None,
            }],
            checks: Vec::new(),
            first: STEP,
        }],
        ..Layout::default()
    }
}

/// An open scenario that counts from the beginning on, without a known end.
const OPEN: Course = Course {
    from: Duration::ZERO,
    until: None,
    has_due_times: true,
    searches: false,
};

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn address(subject: Subject, metric: &'static str, statistic: &str) -> Address {
    Address {
        subject,
        metric: Text::Static(metric),
        key: None,
        tags: Vec::new(),
        statistic: Statistic::of_word(statistic).unwrap(),
    }
}

fn of_run(metric: &'static str, statistic: &str) -> Address {
    address(Subject::Run, metric, statistic)
}

/// `address sign bound`, over the whole run.
fn threshold(address: Address, sign: Term, bound: f64) -> Threshold {
    Threshold {
        name: Text::Static("t"),
        condition: Condition {
            addresses: vec![address],
            terms: vec![Term::Figure(0), Term::Bound(bound), sign],
            text: Text::Static("asked"),
        },
        over: None,
        hold: 0,
        after: 0,
        on_fail: OnFail::Fail,
    }
}

/// `run.response_time.p95 < 300ms`
fn fast() -> Threshold {
    threshold(of_run("response_time", "p95"), Term::Less, 0.3)
}

/// A run of thresholds whose seconds a test makes up.
struct Run {
    judge: Judge,
    total: Interval,
    second: u32,
}

impl Run {
    fn new(thresholds: Vec<Threshold>) -> Self {
        Self::of(thresholds, &[Some(OPEN), Some(OPEN)])
    }

    fn of(thresholds: Vec<Threshold>, courses: &[Option<Course>]) -> Self {
        Self {
            judge: Judge::new(thresholds, &layout(), courses).unwrap(),
            total: Interval::default(),
            second: 0,
        }
    }

    /// A second that measured this.
    fn second(&mut self, slots: Vec<(u32, SlotFigures)>) {
        let from = self.second;
        self.second += 1;
        let interval = Interval {
            span: Some((seconds(from.into()), seconds(self.second.into()))),
            slots: slots.into_iter().collect(),
            ..Interval::default()
        };
        self.total.merge(&interval);
        self.judge.second(self.second, &interval);
    }

    /// A second in which iterations of `browse` took these times, in milliseconds.
    fn took(&mut self, millis: &[u64]) {
        self.second(vec![(time_slot::RESPONSE, times(millis))]);
    }

    fn state(&self) -> State {
        self.judge.judged()[0].state
    }

    fn broken_at(&self) -> Option<u32> {
        self.judge.judged()[0].broken_at
    }

    fn end(&self) -> Verdict {
        let until = seconds(self.second.into());
        self.judge.end(&self.total, until).remove(0)
    }
}

fn times(millis: &[u64]) -> SlotFigures {
    let mut figures = SlotFigures::default();
    for time in millis {
        let micros = time * 1_000;
        figures.histogram.merge(&Histogram {
            buckets: vec![(u32::try_from(bucket(micros)).unwrap(), 1)],
            sum: u128::from(micros) * 1_000,
            extremes: Some((micros * 1_000, micros * 1_000)),
        });
    }
    figures
}

fn outcomes(list: &[(Outcome, u64)]) -> SlotFigures {
    let mut figures = SlotFigures::default();
    for (outcome, n) in list {
        figures.add(*outcome, *n);
    }
    figures
}

#[test]
fn over_the_whole_run_the_end_decides_and_a_slow_beginning_does_not() {
    let mut run = Run::new(vec![fast()]);
    run.took(&[900]);
    assert_eq!((run.state(), run.broken_at()), (State::Fails, None));
    for _ in 0..40 {
        run.took(&[10]);
    }
    let verdict = run.end();
    assert_eq!((verdict.came, verdict.worst_at), (Came::Held, None));
    assert_eq!(verdict.readings[0].value, Some(0.010_007));
    run.took(&[900, 900, 900]);
    let verdict = run.end();
    assert_eq!((verdict.came, verdict.fails()), (Came::Broken, true));
    assert!(verdict.readings[0].value.unwrap() > 0.89);
}

#[test]
fn a_window_forgets_and_a_threshold_that_was_broken_does_not() {
    let mut run = Run::new(vec![Threshold {
        over: Some(3),
        ..fast()
    }]);
    for millis in [[10], [10], [10], [400]] {
        run.took(&millis);
    }
    assert_eq!((run.state(), run.broken_at()), (State::Fails, Some(4)));
    for _ in 0..3 {
        run.took(&[20]);
    }
    assert_eq!((run.state(), run.broken_at()), (State::Holds, Some(4)));
    let verdict = run.end();
    assert_eq!(verdict.came, Came::Broken);
    assert_eq!((verdict.broken_at, verdict.worst_at), (Some(4), Some(4)));
    let reading = &verdict.readings[0];
    assert!(reading.worst.unwrap() > 0.39 && reading.value.unwrap() < 0.03);
    assert_eq!(reading.figure.as_str(), "run.response_time.p95");
    assert_eq!(verdict.asked.as_str(), "asked, over 3s");
}

#[test]
fn a_window_is_judged_when_it_is_full() {
    let mut run = Run::new(vec![Threshold {
        over: Some(5),
        ..fast()
    }]);
    for _ in 0..4 {
        run.took(&[900]);
        assert_eq!(run.state(), State::Unknown);
    }
    let verdict = run.end();
    assert_eq!(verdict.came, Came::Broken);
    assert_eq!(verdict.remarks, [Remark::JudgedWhole]);
    run.took(&[900]);
    assert_eq!((run.state(), run.broken_at()), (State::Fails, Some(5)));
    assert!(run.end().remarks.is_empty());
}

#[test]
fn for_gives_a_condition_time_to_hold_again() {
    let patient = Threshold {
        over: Some(1),
        hold: 2,
        ..fast()
    };
    let mut run = Run::new(vec![patient.clone()]);
    for millis in [400, 400, 10, 400, 400] {
        run.took(&[millis]);
    }
    assert_eq!((run.state(), run.broken_at()), (State::Fails, None));
    assert_eq!(run.end().came, Came::Held);
    run.took(&[400]);
    assert_eq!(run.broken_at(), Some(6));
    // A second without a value neither breaks nor mends.
    let mut silent = Run::new(vec![patient]);
    silent.took(&[400]);
    silent.took(&[]);
    silent.took(&[400]);
    assert_eq!(silent.broken_at(), Some(3));
}

#[test]
fn after_and_a_warm_up_put_off_the_first_judgement() {
    let late = Threshold {
        over: Some(1),
        after: 2,
        ..fast()
    };
    let warm = Course {
        from: Duration::from_millis(1_500),
        ..OPEN
    };
    let mut run = Run::of(vec![late], &[Some(warm), Some(warm)]);
    for second in 1..=3 {
        run.took(&[900]);
        assert_eq!(run.state(), State::Unknown, "second {second}");
    }
    run.took(&[900]);
    assert_eq!(run.broken_at(), Some(4));
}

#[test]
fn what_was_never_measured_fails_and_a_warning_never_does() {
    let mut run = Run::new(vec![
        fast(),
        Threshold {
            over: Some(1),
            ..fast()
        },
        Threshold {
            on_fail: OnFail::Warn,
            ..fast()
        },
    ]);
    run.second(Vec::new());
    run.second(Vec::new());
    let verdicts = run.judge.end(&run.total, seconds(2));
    let came = verdicts.iter().map(|one| (one.came, one.fails()));
    assert_eq!(
        came.collect::<Vec<_>>(),
        [
            (Came::NeverMeasured, true),
            (Came::NeverMeasured, true),
            (Came::NeverMeasured, false)
        ]
    );
}

#[test]
fn a_threshold_that_aborts_is_broken_while_the_run_goes_on_and_only_one_ends_it() {
    let abort = Threshold {
        on_fail: OnFail::Abort,
        ..fast()
    };
    let mut run = Run::new(vec![abort.clone(), abort]);
    run.took(&[10]);
    assert!(run.judge.aborted_by().is_none());
    run.took(&[900]);
    assert_eq!(run.judge.aborted_by().unwrap().name.as_str(), "t");
    let verdicts = run.judge.end(&run.total, seconds(2));
    assert_eq!(verdicts.iter().filter(|one| one.aborted).count(), 1);
    assert!(verdicts.iter().all(Verdict::fails));
}

#[test]
fn an_unknown_part_decides_nothing_where_a_known_one_is_enough() {
    const KNOWN: Option<f64> = Some(1.0);
    let of = |terms: &[Term], values: &[Option<f64>]| {
        let condition = Condition {
            addresses: Vec::new(),
            terms: terms.to_vec(),
            text: Text::Static(""),
        };
        evaluate(&condition, values).0
    };
    let less = |bound| [Term::Figure(0), Term::Bound(bound), Term::Less];
    let unknown = [Term::Figure(1), Term::Bound(1.0), Term::Less];
    let join = |bound, term| [&less(bound)[..], &unknown, &[term]].concat();
    let values = [KNOWN, None];
    assert_eq!(of(&join(0.5, Term::And), &values), State::Fails);
    assert_eq!(of(&join(2.0, Term::And), &values), State::Unknown);
    assert_eq!(of(&join(2.0, Term::Or), &values), State::Holds);
    assert_eq!(of(&join(0.5, Term::Or), &values), State::Unknown);
    let negated = [&unknown[..], &[Term::Not]].concat();
    assert_eq!(of(&negated, &values), State::Unknown);
    let negated = [&less(2.0)[..], &[Term::Not]].concat();
    assert_eq!(of(&negated, &values), State::Fails);
    // What is no condition decides nothing.
    assert_eq!(of(&[Term::Less], &values), State::Unknown);
    assert_eq!(of(&[Term::Figure(0)], &values), State::Unknown);
}

#[test]
fn every_comparison_is_what_it_says() {
    let of = |term, left: f64, right: f64| {
        let part = |value| Part::Number(Some(value));
        match compared(term, part(left), part(right)) {
            Some(Part::Truth(state, miss)) => {
                assert!((-1.0..=1.0).contains(&miss), "{miss}");
                state == State::Holds
            }
            _ => panic!("no truth"),
        }
    };
    for (term, less, equal, greater) in [
        (Term::Less, true, false, false),
        (Term::LessOrEqual, true, true, false),
        (Term::Greater, false, false, true),
        (Term::GreaterOrEqual, false, true, true),
        (Term::Equal, false, true, false),
        (Term::NotEqual, true, false, true),
    ] {
        let found = [of(term, 1.0, 2.0), of(term, 2.0, 2.0), of(term, 2.0, 1.0)];
        assert_eq!(found, [less, equal, greater], "{term:?}");
        assert_eq!(of(term, 0.0, 0.0), equal, "{term:?}");
    }
}

#[test]
fn the_worst_window_is_the_farthest_from_holding_whichever_way_is_worse() {
    let rate = Threshold {
        over: Some(1),
        ..threshold(of_run("service_time", "rate"), Term::Greater, 2.0)
    };
    let mut run = Run::new(vec![rate]);
    for count in [5, 1, 4] {
        run.second(vec![(time_slot::SERVICE, times(&vec![10; count]))]);
    }
    let verdict = run.end();
    assert_eq!((verdict.came, verdict.worst_at), (Came::Broken, Some(2)));
    assert_eq!(verdict.readings[0].worst, Some(1.0));
    assert_eq!(verdict.readings[0].value, Some(4.0));
}

#[test]
fn when_no_iteration_begins_any_more_a_low_rate_breaks_nothing() {
    let rate = Threshold {
        over: Some(1),
        ..threshold(of_run("service_time", "rate"), Term::Greater, 2.0)
    };
    let course = Course {
        until: Some(seconds(2)),
        ..OPEN
    };
    let whole = Threshold {
        over: None,
        ..rate.clone()
    };
    let mut run = Run::of(vec![rate, whole], &[Some(course), Some(course)]);
    for count in [5, 5, 0, 1] {
        run.second(vec![(time_slot::SERVICE, times(&vec![10; count]))]);
    }
    let verdicts = run.judge.end(&run.total, seconds(2));
    assert_eq!(verdicts[0].came, Came::Held);
    // Eleven ended in two seconds.
    assert_eq!(verdicts[1].readings[0].value, Some(5.5));
}

#[test]
fn when_a_run_is_stopped_a_low_rate_breaks_nothing_either() {
    let rate = Threshold {
        over: Some(1),
        ..threshold(of_run("service_time", "rate"), Term::Greater, 2.0)
    };
    let mut run = Run::new(vec![rate]);
    run.second(vec![(time_slot::SERVICE, times(&[10; 5]))]);
    run.judge.stops(Duration::from_millis(1_200));
    run.second(vec![(time_slot::SERVICE, times(&[10]))]);
    assert_eq!((run.state(), run.broken_at()), (State::Unknown, None));
    assert_eq!(run.end().came, Came::Held);
}

#[test]
fn where_nothing_ends_the_age_of_what_waits_breaks_what_it_is_older_than() {
    let windowed = Threshold {
        over: Some(2),
        ..fast()
    };
    let mut run = Run::new(vec![windowed]);
    run.took(&[10]);
    run.took(&[10]);
    // While the window has a value, that decides.
    run.judge.outstanding(vec![Some(seconds(1)), None]);
    run.took(&[]);
    assert_eq!(run.state(), State::Holds);
    // What is younger than the bound may still become good.
    run.judge
        .outstanding(vec![Some(Duration::from_millis(200)), None]);
    run.took(&[]);
    assert_eq!((run.state(), run.broken_at()), (State::Unknown, None));
    run.judge.outstanding(vec![None, Some(seconds(3))]);
    run.took(&[]);
    assert_eq!((run.state(), run.broken_at()), (State::Fails, Some(5)));
    assert_eq!(run.judge.judged()[0].values, [Some(3.0)]);
    // How old something is says nothing of how many fail.
    let mut run = Run::new(vec![threshold(of_run("failed", "ratio"), Term::Less, 0.5)]);
    run.judge.outstanding(vec![Some(seconds(3)), None]);
    run.took(&[]);
    assert_eq!(run.state(), State::Unknown);
}

#[test]
fn a_closed_profile_is_judged_by_its_service_times_and_says_so() {
    let closed = Course {
        has_due_times: false,
        ..OPEN
    };
    let mut run = Run::of(vec![fast()], &[Some(closed), Some(closed)]);
    run.second(vec![(time_slot::SERVICE, times(&[400]))]);
    let verdict = run.end();
    assert_eq!(
        (verdict.came, &verdict.remarks[..]),
        (Came::Broken, &[Remark::ServiceTimes][..])
    );
    assert_eq!(verdict.readings[0].figure.as_str(), "run.service_time.p95");
    // One open scenario is enough for response times.
    let mut run = Run::of(vec![fast()], &[Some(closed), Some(OPEN)]);
    run.second(vec![(time_slot::SERVICE, times(&[400]))]);
    assert_eq!(run.end().came, Came::NeverMeasured);
}

#[test]
fn a_threshold_on_a_scenario_that_is_left_out_is_left_out() {
    let subject = Subject::Scenario(Text::Static("buy"));
    let of_buy = threshold(address(subject, "response_time", "p95"), Term::Less, 0.3);
    let mut run = Run::of(vec![of_buy], &[Some(OPEN), None]);
    run.took(&[10]);
    let verdict = run.end();
    assert_eq!((verdict.came, verdict.fails()), (Came::LeftOut, false));
}

#[test]
fn what_the_run_does_not_have_is_said_of_every_threshold() {
    let wrong = |metric| threshold(of_run(metric, "p95"), Term::Less, 0.3);
    let unknown = Judge::new(
        vec![wrong("respons_time"), fast(), wrong("nothing")],
        &layout(),
        &[Some(OPEN), Some(OPEN)],
    );
    assert_eq!(unknown.unwrap_err().len(), 2);
}

/// The thresholds that nobody asked for, beside these.
fn implicit(declared: &[Threshold], max_failed: Option<f64>) -> Vec<Threshold> {
    let scenarios = [Text::Static("browse"), Text::Static("buy")];
    implicit_thresholds(declared, &layout(), &scenarios, max_failed)
}

fn names(thresholds: &[Threshold]) -> Vec<&str> {
    thresholds.iter().map(|one| one.name.as_str()).collect()
}

#[test]
fn a_run_fails_when_one_percent_failed_or_never_began() {
    let all = implicit(&[], None);
    assert_eq!(names(&all), ["failures", "answers 5xx"]);
    let end = |passed, failed, never| {
        let mut run = Run::new(implicit(&[], None));
        run.second(vec![
            (0, outcomes(&[(Outcome::Passed, passed)])),
            (
                BUY,
                outcomes(&[(Outcome::Failed, failed), (Outcome::NotStarted, never)]),
            ),
        ]);
        run.end()
    };
    assert_eq!(end(99, 1, 0).came, Came::Broken);
    assert_eq!(end(99, 0, 1).came, Came::Broken);
    assert_eq!(end(991, 5, 4).came, Came::Held);
    let verdict = end(96, 4, 0);
    assert_eq!(verdict.readings[0].value, Some(0.04));
    assert_eq!(verdict.asked.as_str(), "less than 1 %");
    assert!(verdict.advice.unwrap().contains("--max-failed"));
    // That nothing ended is another failure, which the run itself says.
    assert_eq!(end(0, 0, 0).came, Came::Held);
}

#[test]
fn a_limit_that_is_asked_for_replaces_the_own_one() {
    let end = |limit, failed| {
        let mut run = Run::new(implicit(&[], Some(limit)));
        run.second(vec![(
            0,
            outcomes(&[(Outcome::Passed, 100 - failed), (Outcome::Failed, failed)]),
        )]);
        run.end()
    };
    assert_eq!(end(0.05, 4).came, Came::Held);
    assert_eq!(end(0.05, 5).came, Came::Broken);
    assert_eq!(end(0.05, 5).asked.as_str(), "less than 5 %");
    assert_eq!(end(0.0, 0).came, Came::Held);
    assert_eq!(end(0.0, 1).came, Came::Broken);
}

#[test]
fn a_threshold_on_failures_replaces_the_implicit_one() {
    let failed = |subject| threshold(address(subject, "failed", "ratio"), Term::Less, 0.5);
    let scenario = |name| Subject::Scenario(Text::Static(name));
    let only = |declared: &[Threshold]| {
        let found = implicit(declared, None);
        names(&found).contains(&"failures")
    };
    assert!(!only(&[failed(Subject::Run)]));
    assert!(only(&[failed(scenario("browse"))]));
    assert!(!only(&[
        failed(scenario("browse")),
        failed(scenario("buy"))
    ]));
    assert!(only(&[fast()]));
    // These leave most failures to it.
    assert!(only(&[threshold(
        of_run("dropped", "ratio"),
        Term::Less,
        0.5
    )]));
    let mut of_one_kind = failed(Subject::Run);
    of_one_kind.condition.addresses[0].key = Some(Text::Static("timeout"));
    assert!(only(&[of_one_kind]));
    // What is asked for is there in any case.
    let asked = implicit(&[failed(Subject::Run)], Some(0.1));
    assert!(names(&asked).contains(&"failures"));
}

#[test]
fn answers_that_look_wrong_count_where_the_grid_does_not_say_which_pass() {
    let end = |wrong, right| {
        let mut run = Run::new(implicit(&[], None));
        let mut figures = SlotFigures::default();
        figures.labels.insert(Text::Static("503"), wrong);
        figures.labels.insert(Text::Static("200"), right);
        run.second(vec![(ANSWERS, figures)]);
        run.judge.end(&run.total, seconds(1)).remove(1)
    };
    assert_eq!(end(1, 99).came, Came::Broken);
    assert_eq!(end(1, 100).came, Came::Held);
    let verdict = end(3, 1);
    assert_eq!(verdict.readings[0].value, Some(0.75));
    assert_eq!(
        verdict.readings[0].figure.as_str(),
        "run.answers[\"5xx\"].ratio"
    );
    // A threshold on these answers replaces it, one on others does not.
    let beside = |key: Option<&'static str>| {
        let mut of_answers = threshold(of_run("answers", "sum"), Term::Less, 1.0);
        of_answers.condition.addresses[0].key = key.map(Text::Static);
        implicit(&[of_answers], None).len()
    };
    assert_eq!(beside(Some("5xx")), 1);
    assert_eq!(beside(Some("503")), 1);
    assert_eq!(beside(Some("2xx")), 2);
    assert_eq!(beside(None), 2);
}

/// A step of a search that came out like this.
fn step(came: StepCame, rate: f64) -> SearchStep {
    SearchStep {
        rate,
        from: Duration::ZERO,
        to: seconds(1),
        came,
        readings: Vec::new(),
    }
}

/// What `browse` measured in a second, at whose end a step came out like this.
fn marked(figures: SlotFigures, step: &SearchStep) -> (u32, SlotFigures) {
    let mut all = figures;
    all.merge(&step_mark(step, Duration::ZERO).unwrap());
    (0, all)
}

#[test]
fn what_broken_steps_of_a_search_measured_is_no_failure_of_the_run() {
    let searching = Course {
        searches: true,
        ..OPEN
    };
    let of = |courses: &[Option<Course>]| Run::of(implicit(&[], None), courses);
    let half = || outcomes(&[(Outcome::Passed, 500), (Outcome::Failed, 500)]);
    let passed = || outcomes(&[(Outcome::Passed, 1_000)]);
    let answers = |status: &'static str| {
        let mut figures = SlotFigures::default();
        figures.labels.insert(Text::Static(status), 1_000);
        (ANSWERS, figures)
    };
    let run = |courses: &[Option<Course>]| {
        let mut run = of(courses);
        run.second(vec![(0, passed()), answers("200")]);
        run.second(vec![
            marked(passed(), &step(StepCame::Held, 100.0)),
            answers("200"),
        ]);
        run.second(vec![(0, half()), answers("503")]);
        run.second(vec![
            marked(half(), &step(StepCame::Broke, 150.0)),
            answers("503"),
        ]);
        run
    };
    let ended = |run: &Run| -> Vec<(Came, Option<f64>)> {
        let verdicts = run.judge.end(&run.total, seconds(4)).into_iter();
        verdicts
            .map(|one| (one.came, one.readings[0].value))
            .collect()
    };
    let mut searched = run(&[Some(searching), Some(OPEN)]);
    assert_eq!(ended(&searched), [(Came::Held, Some(0.0)); 2]);
    // What fails in a step that is not decided counts, and so do other scenarios.
    searched.second(vec![(0, half())]);
    assert_eq!(ended(&searched)[0], (Came::Broken, Some(500.0 / 3_000.0)));
    let mut beside = of(&[Some(searching), Some(OPEN)]);
    beside.second(vec![
        marked(half(), &step(StepCame::Broke, 1.0)),
        (BUY, half()),
    ]);
    assert_eq!(ended(&beside)[0], (Came::Broken, Some(0.5)));
    let not_searched = run(&[Some(OPEN), Some(OPEN)]);
    assert_eq!(
        ended(&not_searched),
        [(Came::Broken, Some(0.25)), (Came::Broken, Some(0.5))]
    );
}

#[test]
fn the_highest_rate_that_held_is_a_figure() {
    let searching = Course {
        searches: true,
        ..OPEN
    };
    let subject = || Subject::Scenario(Text::Static("browse"));
    let asked = |bound| {
        let address = address(subject(), "highest_rate", "value");
        threshold(address, Term::GreaterOrEqual, bound)
    };
    let mut run = Run::of(
        vec![asked(150.0), asked(151.0)],
        &[Some(searching), Some(OPEN)],
    );
    run.second(vec![marked(
        SlotFigures::default(),
        &step(StepCame::Held, 100.0),
    )]);
    run.second(vec![marked(
        SlotFigures::default(),
        &step(StepCame::Broke, 200.0),
    )]);
    run.second(vec![marked(
        SlotFigures::default(),
        &step(StepCame::Held, 150.0),
    )]);
    let verdicts = run.judge.end(&run.total, seconds(3));
    let came: Vec<Came> = verdicts.iter().map(|one| one.came).collect();
    assert_eq!(came, [Came::Held, Came::Broken]);
    assert_eq!(verdicts[0].readings[0].value, Some(150.0));
    // Of a load that does not search nobody asks.
    let other = Run::of(vec![asked(150.0)], &[Some(OPEN), Some(OPEN)]);
    assert_eq!(other.end().came, Came::LeftOut);
    // A search that found nothing failed.
    let nothing = Run::of(vec![asked(150.0)], &[Some(searching), Some(OPEN)]);
    assert_eq!(nothing.end().came, Came::NeverMeasured);
}

#[test]
fn results_that_came_later_and_failed_or_never_came_break_a_threshold_of_their_own() {
    let counter = |name: &&'static str| MetricLayout {
        name: Text::Static(name),
        unit: Unit::Other(Text::Static("")),
        kind: MetricKind::Counter,
        label: None,
        warning: None,
        scale: 1,
        description: None,
    };
    let mut layout = layout();
    layout.steps.truncate(1);
    layout.steps[0].metrics = LATE_METRICS.iter().map(counter).collect();
    let scenarios = [Text::Static("browse"), Text::Static("buy")];
    let of = |declared: &[Threshold]| implicit_thresholds(declared, &layout, &scenarios, None);
    assert_eq!(names(&of(&[])), ["failures", "undelivered"]);
    let late = &of(&[])[1..];
    let value = |accepted: u128, undelivered: u64, possibly: u128| {
        let counted = |sum| {
            let mut figures = SlotFigures::default();
            figures.scalar.sum = sum;
            figures
        };
        let mut failed = SlotFigures::default();
        failed.labels.insert(Text::Static("closed"), undelivered);
        let first = step_slot::first_metric(STEP);
        let mut interval = Interval::default();
        for (slot, figures) in [
            (first, counted(accepted)),
            (first + 2, failed),
            (first + 3, counted(possibly)),
        ] {
            interval.slots.insert(slot, figures);
        }
        let address = &late[0].condition.addresses[0];
        Implicit::of(address, &layout).unwrap().value(&interval)
    };
    assert_eq!(value(100, 0, 0), Some(0.0));
    assert_eq!(value(100, 3, 2), Some(0.05));
    assert_eq!(value(0, 0, 0), None);
    // Whoever judges them is not judged.
    let own = threshold(
        address(
            Subject::Step {
                scenario: None,
                runner: Text::Static("http_request"),
                name: Text::Static("home"),
            },
            "undelivered",
            "count",
        ),
        Term::Less,
        5.0,
    );
    assert_eq!(names(&of(&[own])), ["failures"]);
}

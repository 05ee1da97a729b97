//! Texts of flags: what they mean, what is said of wrong ones, and that any condition is read as it was written.

use super::*;
use crate::{IterationLayout, MetricKind, MetricLayout, StepLayout, Unit};
use proptest::prelude::*;

/// One scenario `main` with the step `http_request.home`.
fn layout() -> Layout {
    let metric = |name: &str, kind, unit: &str, label: Option<&str>| MetricLayout {
        name: Text::from(name),
        unit: Unit::of(Text::from(unit)),
        kind,
        label: label.map(Text::from),
        warning: None,
        scale: 1,
        description: None,
    };
    Layout {
        steps: vec![StepLayout {
            scenario: Text::from("main"),
            path: Vec::new(),
            name: Text::from("http_request.home"),
            tags: vec![(Text::from("team"), Text::from("a"))],
            metrics: vec![
                metric("answers", MetricKind::Counter, "", Some("status")),
                metric("received", MetricKind::Trend, "bytes", None),
            ],
            checks: Vec::new(),
            first: 0,
        }],
        iterations: vec![IterationLayout {
            scenario: Text::from("main"),
            tags: Vec::new(),
            first: 6,
        }],
        ..Layout::default()
    }
}

fn read(text: &str) -> Result<Threshold, Refused> {
    Draft::read(text)?.resolve(&layout())
}

/// The addresses of a text, and its terms.
fn meaning(text: &str) -> (Vec<String>, Vec<Term>) {
    let threshold = read(text).unwrap_or_else(|wrong| panic!("{text}: {wrong}"));
    let addresses = threshold.condition.addresses.iter();
    (
        addresses.map(ToString::to_string).collect(),
        threshold.condition.terms,
    )
}

/// The only address of a text.
fn address(text: &str) -> String {
    let (addresses, _) = meaning(text);
    assert_eq!(addresses.len(), 1, "{text}");
    addresses.concat()
}

/// The bound in `ADDRESS < BOUND`.
fn bound_of(text: &str) -> f64 {
    match meaning(text).1.as_slice() {
        [Term::Figure(0), Term::Bound(bound), Term::Less] => *bound,
        terms => panic!("{text}: {terms:?}"),
    }
}

#[test]
fn everything_at_once() {
    let threshold = read(" http_request.home.p95 < 300ms over 30s for 10s after 1m30s ").unwrap();
    let text = "http_request.home.p95 < 300ms over 30s for 10s after 1m30s";
    assert_eq!(threshold.name.as_str(), text);
    assert_eq!(
        threshold.condition.text.as_str(),
        "http_request.home.p95 < 300ms"
    );
    assert_eq!(
        (threshold.over, threshold.hold, threshold.after),
        (Some(30), 10, 90)
    );
    assert_eq!(threshold.on_fail, OnFail::Fail);
    assert_eq!(
        threshold.condition.terms,
        [Term::Figure(0), Term::Bound(0.3), Term::Less]
    );
}

#[test]
fn short_forms_stand_for_long_ones() {
    let cases = [
        ("p95 < 1s", "run.response_time.p95"),
        ("max < 1s", "run.response_time.max"),
        ("failed < 1%", "run.failed.ratio"),
        ("failed.count < 1", "run.failed.count"),
        ("run.p99_9 < 1s", "run.response_time.p99_9"),
        ("queued.p50 < 1s", "run.queued.p50"),
        ("dropped < 1%", "run.dropped.ratio"),
        ("scenario.main.p95 < 1s", "scenario.main.response_time.p95"),
        ("scenario.main.failed < 1%", "scenario.main.failed.ratio"),
        (
            "scenario.main.step.http_request.home.p95 < 1s",
            "scenario.main.step.http_request.home.response_time.p95",
        ),
        (
            "http_request.home.service_time.mean < 1s",
            "http_request.home.service_time.mean",
        ),
        (
            "http_request.home.failed < 1%",
            "http_request.home.failed.ratio",
        ),
        (
            "http_request.home.failed[\"timeout\"] < 1%",
            "http_request.home.failed[\"timeout\"].ratio",
        ),
        (
            "http_request.home.answers[503].sum < 1",
            "http_request.home.answers[\"503\"].sum",
        ),
        (
            "http_request.home[{ team = \"a\" }].p95 < 1s",
            "http_request.home[{ team = \"a\" }].response_time.p95",
        ),
    ];
    for (text, long) in cases {
        assert_eq!(address(text), long, "{text}");
    }
}

#[test]
fn a_bound_is_what_its_figure_is() {
    let cases = [
        ("p95 < 300ms", 0.3),
        ("p95 < 300 ms", 0.3),
        ("p95<1.5s", 1.5),
        ("p95 < \"300ms\"", 0.3),
        ("failed < 1%", 0.01),
        ("failed < 0.5 %", 0.005),
        ("failed < 0.25", 0.25),
        ("http_request.home.received.p99 < 10KiB", 10_240.0),
        ("http_request.home.received.p99 < 10 KiB", 10_240.0),
        ("http_request.home.received.p99 < 512", 512.0),
        ("http_request.home.started.count < 7", 7.0),
    ];
    for (text, bound) in cases {
        assert!((bound_of(text) - bound).abs() < 1e-12, "{text}");
    }
}

#[test]
fn and_binds_closer_than_or_and_brackets_closest() {
    use Term::{And, Bound, Figure, Greater, Less, Not, Or};
    let (addresses, terms) = meaning("p95 < 1s || !(failed > 1% || 2s > p99) && p95 < 1s over 10s");
    assert_eq!(
        addresses,
        [
            "run.response_time.p95",
            "run.failed.ratio",
            "run.response_time.p99"
        ]
    );
    let p95 = [Figure(0), Bound(1.0), Less];
    let inner = [
        Figure(1),
        Bound(0.01),
        Greater,
        Bound(2.0),
        Figure(2),
        Greater,
    ];
    let wanted: Vec<Term> = [&p95[..], &inner, &[Or, Not], &p95, &[And, Or]].concat();
    assert_eq!(terms, wanted);
}

#[test]
fn figures_are_compared_with_each_other() {
    let (_, terms) = meaning("http_request.home.p95 >= p50");
    assert_eq!(
        terms,
        [Term::Figure(0), Term::Figure(1), Term::GreaterOrEqual]
    );
    let (_, terms) = meaning("http_request.home.started.count == run.started.count");
    assert_eq!(terms, [Term::Figure(0), Term::Figure(1), Term::Equal]);
}

#[test]
fn each_mistake_has_its_column() {
    let cases = [
        (
            "",
            "expected a figure such as `p95` or `http_request.home.p95`, found the end (column 1)",
        ),
        (
            "p95",
            "expected `<`, `<=`, `>` or `>=`, found the end (column 4)",
        ),
        (
            "p95 <",
            "expected a figure such as `p95` or `http_request.home.p95`, found the end (column 6)",
        ),
        (
            "p95 = 1s",
            "expected `<`, `<=`, `>` or `>=`, found `=` (column 5)",
        ),
        (
            "p95 < 300",
            "expected a time such as `300ms`, found `300` (column 7)",
        ),
        (
            "p95 < 1%",
            "expected a time such as `300ms`, found `1%` (column 7)",
        ),
        (
            "p95 < 3x",
            "expected a time such as `300ms`, found `3x` (column 7)",
        ),
        (
            "failed < 1s",
            "expected a share such as `1%` or `0.01`, found `1s` (column 10)",
        ),
        (
            "http_request.home.received.p50 < 1s",
            "expected a size such as `10KiB`, found `1s` (column 34)",
        ),
        (
            "failed.count < 1%",
            "expected a number, found `1%` (column 16)",
        ),
        (
            "p95 == 1s",
            "only a `count` or a `sum` can be asked for an exact value: write `<`, `<=`, `>` or `>=` (column 5)",
        ),
        (
            "1s < 2s",
            "one side of a comparison is a figure such as `p95` (column 1)",
        ),
        (
            "p95 < failed",
            "the figures on both sides are of different kinds (column 5)",
        ),
        (
            "p95 < 1s 5",
            "expected `&&`, `||`, `over`, `for`, `after` or the end (column 10)",
        ),
        (
            "p95 < 1s over",
            "expected a value such as `300ms`, `1%` or `10`, found the end (column 14)",
        ),
        (
            "p95 < 1s over 500ms",
            "`over` takes whole seconds, such as `30s` (column 15)",
        ),
        (
            "p95 < 1s over 0s",
            "`over` takes whole seconds, such as `30s` (column 15)",
        ),
        (
            "p95 < 1s over 1s over 2s",
            "`over` stands twice (column 18)",
        ),
        ("(p95 < 1s", "expected `)`, found the end (column 10)"),
        (
            "p95x < 1s",
            "there is no figure `p95x`: did you mean `p95`? (column 1)",
        ),
        (
            "http_request.home.p95x < 1s",
            "there is no statistic `p95x`: did you mean `p95`? (column 19)",
        ),
        (
            "http_request.hom.p95 < 1s",
            "there is no step `http_request.hom`: did you mean `home`? (column 1)",
        ),
        (
            "failed < 1% && http_request.hom.p95 < 1s",
            "there is no step `http_request.hom`: did you mean `home`? (column 16)",
        ),
        (
            "home.p95 < 1s",
            "`home` is no metric of the run; that of a step is `RUNNER.NAME.p95`, that of a scenario `scenario.NAME.p95` (column 1)",
        ),
        (
            "http_request.home < 1s",
            "an address ends with a statistic such as `.p95` (column 1)",
        ),
        (
            "http_request.home.response_time < 1s",
            "`response_time` needs a statistic, such as `.p95` (column 19)",
        ),
        (
            "http_request.home.answers[503] < 1",
            "`answers` needs a statistic, such as `.count` (column 19)",
        ),
        (
            "scenario.browse.http_request.home.p95 < 1s",
            "nothing stands behind a statistic; a step of a scenario is `scenario.browse.step.http_request.home` (column 35)",
        ),
        (
            "http_request.home.a.b.c < 1",
            "nothing stands behind a statistic (column 23)",
        ),
        (
            "http_request.home.answers.p95 < 1",
            "a counter has no `p95`: it has `sum`, `rate` (column 1)",
        ),
        (
            "metrics.run.failed.ratio < 1%",
            "an address in a flag stands without `metrics.` (column 1)",
        ),
        ("failed[timeout < 1%", "expected `]`, found `<` (column 16)"),
        (
            "custom.basket < 1",
            "a metric of the grid is written `custom.NAME.STATISTIC` (column 1)",
        ),
        (
            "scenario.nope.p95 < 1s",
            "there is no scenario `nope`: there are `main` (column 1)",
        ),
        (
            "µ.ß.p95 < 1s",
            "there is no step `µ.ß`: there are `http_request.home` (column 1)",
        ),
    ];
    for (text, said) in cases {
        match read(text) {
            Ok(threshold) => panic!("{text}: {threshold:?}"),
            Err(wrong) => assert_eq!(wrong.to_string(), said, "{text}"),
        }
    }
}

#[test]
fn a_condition_of_endless_depth_is_refused() {
    let text = format!("{}p95 < 1s{}", "(".repeat(5_000), ")".repeat(5_000));
    let said = read(&text).unwrap_err().text;
    assert_eq!(said, "the condition is too long");
    let text = "!".repeat(200) + "p95 < 1s";
    assert_eq!(read(&text).unwrap_err().text, "the condition is too long");
}

/// A condition as text, with the terms that it means.
fn condition() -> impl Strategy<Value = (String, Vec<Term>)> {
    let comparison = (0_u32..1000, 0_usize..4).prop_map(|(millis, sign)| {
        let signs = [
            ("<", Term::Less),
            ("<=", Term::LessOrEqual),
            (">", Term::Greater),
            (">=", Term::GreaterOrEqual),
        ];
        let (sign, term) = signs[sign];
        let bound = std::time::Duration::from_millis(u64::from(millis)).as_secs_f64();
        let terms = vec![Term::Figure(0), Term::Bound(bound), term];
        (format!("p95 {sign} {millis}ms"), terms)
    });
    comparison.prop_recursive(5, 32, 2, |inner| {
        prop_oneof![
            inner.clone().prop_map(|(text, mut terms)| {
                terms.push(Term::Not);
                (format!("!({text})"), terms)
            }),
            (inner.clone(), inner, any::<bool>()).prop_map(|(left, right, and)| {
                let (sign, term) = if and {
                    ("&&", Term::And)
                } else {
                    ("||", Term::Or)
                };
                let text = format!("({}) {sign} ({})", left.0, right.0);
                (text, [left.1, right.1, vec![term]].concat())
            }),
        ]
    })
}

proptest! {
    #[test]
    fn a_condition_is_read_as_it_was_made((text, terms) in condition()) {
        prop_assert_eq!(read(&text).map(|threshold| threshold.condition.terms), Ok(terms));
    }

    #[test]
    fn no_text_ends_the_program(text in "\\PC{0,40}") {
        if let Err(wrong) = read(&text) {
            prop_assert!(wrong.column <= text.chars().count() + 1);
        }
    }

    #[test]
    fn no_part_of_a_condition_ends_the_program(
        parts in proptest::collection::vec(
            prop_oneof![
                Just("p95"), Just("."), Just("["), Just("]"), Just("\""), Just("{"), Just("}"), Just("<"), Just(" "),
                Just("1s"), Just("%"), Just("over"), Just("failed"), Just("scenario"), Just("µ"), Just("("), Just("!"),
            ],
            0..20,
        ),
    ) {
        let text = parts.concat();
        if let Err(wrong) = read(&text) {
            prop_assert!(wrong.column <= text.chars().count() + 1);
        }
    }
}

#[test]
fn a_share_that_is_compared_with_one_or_more_lacks_its_percent_sign() {
    let found = |text: &str| {
        let found = Draft::read(text).unwrap().without_percent_sign(&layout());
        let texts: Vec<String> = found.iter().map(ToString::to_string).collect();
        texts.join("; ")
    };
    for (text, said) in [
        (
            "failed < 5",
            "a share is from 0 to 1: write `5%` (column 10)",
        ),
        (
            "failed < 1",
            "a share is from 0 to 1: write `1%` (column 10)",
        ),
        (
            "1 > failed && p95 < 300ms",
            "a share is from 0 to 1: write `1%` (column 1)",
        ),
        (
            "!(failed > 1)",
            "a share is from 0 to 1: write `1%` (column 12)",
        ),
        (
            "failed >= 2",
            "a share is from 0 to 1: write `2%` (column 11)",
        ),
    ] {
        assert_eq!(found(text), said, "{text}");
    }
    for text in [
        "failed < 5%",
        "failed < 100%",
        "failed < 0.05",
        "failed >= 1",
        "1 <= failed",
        "failed.count < 5",
    ] {
        assert_eq!(found(text), "", "{text}");
    }
}

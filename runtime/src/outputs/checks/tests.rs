//! What is shown of checks, as text and as values.

use super::*;
use crate::fault::Place;
use crate::info::{CheckInfo, Info, Instance};
use crate::metrics::Layout;
use bggo_metrics::{CheckLayout, IterationLayout, SlotFigures, StepLayout, time_slot};
use serde_json::json;

static STEP: Info = Info::new("http_request", "order", "grid.hcl:3").checks(&[
    CheckInfo::new("is created", Place::new("grid.hcl", 7, 3)),
    CheckInfo::new("is small", Place::new("grid.hcl", 8, 3)).required(),
    CheckInfo::new("is there", Place::new("grid.hcl", 9, 3)),
    CheckInfo::new("is never judged", Place::new("grid.hcl", 10, 3)),
]);
static ONE: [Scenario; 1] = [Scenario::new("main", "main")];

fn layout() -> Layout {
    let checks = STEP.check_infos().iter().map(|check| CheckLayout {
        name: Text::Static(check.name()),
        required: check.is_required(),
    });
    Layout {
        steps: vec![StepLayout {
            scenario: Text::Static("main"),
            path: Vec::new(),
            name: Text::Static("http_request.order"),
            tags: Vec::new(),
            metrics: Vec::new(),
            checks: checks.collect(),
            first: 0,
        }],
        iterations: vec![IterationLayout {
            scenario: Text::Static("main"),
            tags: Vec::new(),
            first: 10,
        }],
        ..Layout::default()
    }
}

fn report(check: usize, text: &str) -> CheckReport {
    CheckReport {
        info: &STEP,
        instance: Instance::None,
        scenario: 0,
        user: 1,
        iteration: 0,
        check: &STEP.check_infos()[check],
        text: text.to_owned(),
        place: STEP.check_infos()[check].place().to_string(),
    }
}

/// Four checks: two that failed, of which one was told, one that held, one that was never judged.
fn judged() -> Vec<CheckRow> {
    let mut interval = Interval::default();
    for (slot, passed, of) in [(0, 975, 1_000), (1, 0, 1_000), (2, 1_000, 1_000)] {
        let recorder =
            crate::metrics::Recorder::new(crate::metrics::Slab::new(1).expect("room for one slot"));
        (0..passed).for_each(|_| recorder.hit(0));
        (passed..of).for_each(|_| recorder.miss(0));
        let names = std::sync::Arc::default();
        let mut one = Interval::default();
        crate::metrics::SlabReader::new(recorder.slab(), names).take(&mut one);
        let figures: SlotFigures = one.slot(0).cloned().unwrap_or_default();
        interval.slots.insert(time_slot::COUNT + slot, figures);
    }
    let mut rows = rows(&layout(), &interval);
    let mut examples = Examples::default();
    examples.keep(&report(0, "got 500"), &ONE);
    examples.keep(&report(0, "got 503"), &ONE);
    examples.fill(&mut rows);
    rows
}

#[test]
fn each_check_has_a_line_with_its_share_and_the_first_example() {
    assert_eq!(
        lines(&judged()),
        "
checks
  failed  http_request.order \"is created\"        975 of 1000 (97.5 %): got 500, grid.hcl:7:3
  failed  http_request.order \"is small\"            0 of 1000 (0.0 %): its step failed
  passed  http_request.order \"is there\"         1000 of 1000
  none    http_request.order \"is never judged\"     0 of 0
"
    );
    assert_eq!(lines(&[]), "");
}

#[test]
fn the_verdict_counts_checks_that_were_judged() {
    assert_eq!(verdict(&judged()).as_deref(), Some("2 of 3 checks failed"));
    assert_eq!(verdict(&judged()[2..]), None);
    assert_eq!(
        verdict(&judged()[1..2]).as_deref(),
        Some("1 of 1 check failed")
    );
}

#[test]
fn the_values_are_those_of_the_lines_and_the_page_of_the_output_names_their_fields() {
    let values = Value::from(values(&judged()));
    let text = bggo_values::json::encode_plain(&values);
    let values: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        values[0],
        json!({
            "scenario": "main",
            "step": "http_request.order",
            "check": "is created",
            "required": false,
            "passed": 975,
            "of": 1_000,
            "example": { "text": "got 500", "place": "grid.hcl:7:3" },
        })
    );
    assert_eq!(values[1]["required"], true);
    assert!(values[1].get("example").is_none());
    let page = include_str!("../../../../docs/output.md");
    for field in values[0].as_object().unwrap().keys() {
        assert!(page.contains(&format!("`{field}`")), "{field}");
    }
}

#[test]
fn a_failure_is_a_line_with_its_message_if_it_has_one() {
    assert_eq!(
        line(&report(0, "got 500"), &ONE),
        "http_request.order \"is created\" failed: got 500, grid.hcl:7:3"
    );
    let bare = line(&report(1, ""), &ONE);
    assert_eq!(bare, "http_request.order \"is small\" failed, grid.hcl:8:3");
}

#[test]
fn an_example_is_kept_up_to_a_length() {
    let mut examples = Examples::default();
    examples.keep(&report(0, &"é".repeat(1_000)), &ONE);
    let mut rows = rows(&layout(), &Interval::default());
    examples.fill(&mut rows);
    let text = &rows[0].example.as_ref().unwrap().text;
    assert_eq!(text.chars().count(), LONGEST_EXAMPLE + 2);
}

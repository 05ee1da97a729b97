//! What is shown of checks, as text and as values.

use super::*;
use crate::interval::SlotFigures;
use crate::layout::{CheckLayout, IterationLayout, StepLayout};
use crate::slots::time_slot;
use serde_json::json;

fn layout() -> Layout {
    let check = |name: &'static str, required| CheckLayout {
        name: Text::Static(name),
        required,
    };
    Layout {
        steps: vec![StepLayout {
            scenario: Text::Static("main"),
            path: Vec::new(),
            name: Text::Static("http_request.order"),
            tags: Vec::new(),
            metrics: Vec::new(),
            checks: vec![
                check("is created", false),
                check("is small", true),
                check("is there", false),
                check("is never judged", false),
            ],
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

/// Four checks: two that failed, of which one was told, one that held, one that was never judged.
fn judged() -> Vec<CheckRow> {
    let mut interval = Interval::default();
    for (slot, passed, of) in [(0, 975, 1_000), (1, 0, 1_000), (2, 1_000, 1_000)] {
        let mut figures = SlotFigures::default();
        (figures.scalar.count, figures.scalar.sum) = (of, passed);
        interval.slots.insert(time_slot::COUNT + slot, figures);
    }
    let mut rows = rows(&layout(), &interval);
    rows[0].example = Some(Example {
        text: "got 500".to_owned(),
        place: "grid.hcl:7:3".to_owned(),
    });
    rows
}

#[test]
fn each_check_has_a_line_with_its_share_and_an_example_and_those_that_failed_come_first() {
    assert_eq!(
        lines(&judged(), Paint(false)),
        "\
checks
  failed  http_request.order \"is created\"        975 of 1000 (97.5 %)
          got 500, grid.hcl:7:3
  failed  http_request.order \"is small\"            0 of 1000 (0.0 %)
          its step failed
  passed  http_request.order \"is there\"         1000 of 1000
  none    http_request.order \"is never judged\"     0 of 0
"
    );
    assert_eq!(lines(&[], Paint(false)), "");
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
    let page = include_str!("../../../../../docs/output.md");
    for field in values[0].as_object().unwrap().keys() {
        assert!(page.contains(&format!("`{field}`")), "{field}");
    }
}

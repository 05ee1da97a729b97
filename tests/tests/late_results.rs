//! Results that come after their steps: the run waits for them, counts them and is judged by them. Stamps in messages: how long
//! they were on their way.

use bggo_tests::bench::summary;
use bggo_tests::{Finished, Grid, repository};
use serde_json::Value;

const GRID: &str = r#"
variable "answer" {
  type    = string
  default = "taken"
}

resource "letter_box" "post" {}

scenario "letters" {
  load "shared_iterations" {
    vus        = 2
    iterations = 10
  }
  graceful_stop = "2s"
  step "letter_send" "late" {
    arguments {
      answer = var.answer
      after  = "300ms"
    }
    uses {
      box = resource.letter_box.post
    }
  }
  step "letter_take" "take" {
    depends_on = ["late"]
    uses {
      box = resource.letter_box.post
    }
    check "stamped" {
      condition     = output.stamped
      error_message = "it has a stamp"
    }
  }
}
"#;

/// What a metric of a step counted, and how many values it had.
fn metric(finished: &Finished, step: &str, metric: &str, figure: &str) -> u64 {
    let summary = summary(&finished.stderr);
    let steps = summary["steps"].as_array().unwrap();
    let found = steps.iter().find(|one| one["step"] == step);
    let found = found.unwrap_or_else(|| panic!("no step {step}: {summary}"));
    match &found["metrics"][metric][figure] {
        Value::Null => 0,
        value => value
            .as_u64()
            .unwrap_or_else(|| panic!("{metric}: {value}")),
    }
}

#[test]
fn a_run_waits_for_late_results_and_is_judged_by_them() {
    let grid = Grid::new(GRID)
        .module(repository().join("tests/modules/post"))
        .build();
    let send = "letter_send.late";
    let of = |finished: &Finished| {
        ["accepted", "delivered", "possibly_written"]
            .map(|name| metric(finished, send, name, "sum"))
    };

    // All iterations are over long before the first answer comes.
    let json = ["--log-format", "json"];
    let ended = grid.start(&json).finish().expect_code(0);
    assert_eq!(of(&ended), [10, 10, 0], "{}", ended.stderr);
    let take = "letter_take.take";
    for name in ["end_to_end", "end_to_end_wall_clock"] {
        let expected = if name == "end_to_end" { 10 } else { 0 };
        assert_eq!(
            metric(&ended, take, name, "count"),
            expected,
            "{}",
            ended.stderr
        );
    }

    // What failed breaks the threshold that nobody asked for, with its kind.
    let refused = grid
        .start(&["--answer", "refused", "--log-format", "json"])
        .finish()
        .expect_code(99);
    assert_eq!(of(&refused), [10, 0, 0], "{}", refused.stderr);
    let told = "step.letter_send.late: not delivered: refused: nobody wants it";
    assert!(refused.stderr.contains(told), "{}", refused.stderr);

    // What never comes is waited for as long as iterations would be, and counted.
    let never = grid
        .start(&["--answer", "none", "--log-format", "json"])
        .finish()
        .expect_code(99);
    assert_eq!(of(&never), [10, 0, 10], "{}", never.stderr);
}

#[test]
fn a_functional_run_fails_by_a_late_result() {
    let grid = Grid::new(
        r#"
resource "letter_box" "post" {}

step "letter_send" "refused" {
  arguments {
    answer = "refused"
    after  = "200ms"
    stamp  = false
  }
  uses {
    box = resource.letter_box.post
  }
}

step "letter_take" "take" {
  depends_on = ["refused"]
  uses {
    box = resource.letter_box.post
  }
}

step "print" "show" {
  arguments {
    input = step.letter_take.take.output.stamped
  }
}
"#,
    )
    .module(repository().join("tests/modules/post"))
    .build();
    let ended = grid.start(&[]).finish();
    assert_eq!(ended.code(), 1, "{}", ended.stderr);
    assert_eq!(ended.stdout, "false\n", "{}", ended.stderr);
    let told = "not delivered: refused: nobody wants it";
    assert_eq!(ended.stderr.matches(told).count(), 1, "{}", ended.stderr);
}

#[test]
fn an_output_that_comes_late_is_not_read() {
    let grid = Grid::new(
        r#"
resource "letter_box" "post" {}

step "letter_send" "late" {
  uses {
    box = resource.letter_box.post
  }
}

step "print" "show" {
  arguments {
    input = step.letter_send.late.output.number
  }
}
"#,
    )
    .module(repository().join("tests/modules/post"));
    let said = grid.try_build();
    let said = String::from_utf8_lossy(&said.stderr);
    assert!(said.contains("error[late_result]"), "{said}");
    assert!(
        said.contains("`number` of `step.letter_send.late` is known only after the step"),
        "{said}"
    );
}

//! What an iteration leaves open on an asset is ended before the next one begins, however the iteration ended.

use bggo_tests::{Grid, repository};

const GRID: &str = r#"
variable "at" {
  type    = number
  default = 1
}
variable "word" {
  type    = string
  default = "no"
}

resource "line" "a" {}

vu_setup {
  step "line_open" "first" {
    uses {
      line = resource.line.a
    }
  }
}

step "line_open" "begin" {
  uses {
    line = resource.line.a
  }
}

step "line_use" "pay" {
  depends_on = ["begin"]
  arguments {
    word = vu.iteration == var.at ? var.word : "paid"
  }
  uses {
    line = resource.line.a
  }
}

step "line_close" "commit" {
  depends_on = ["pay"]
  uses {
    line = resource.line.a
  }
}
"#;

#[test]
fn a_transaction_that_an_iteration_leaves_open_is_rolled_back() {
    let grid = Grid::new(GRID)
        .module(repository().join("tests/modules/line"))
        .build();

    // What a step finds open it would fail by: so all but the second iteration pass.
    let load = ["--vus", "1", "--iterations", "3", "--threads", "1"];
    let ended = grid.start(&load).finish();
    let said: Vec<&str> = ended.stdout.lines().collect();
    let expected = [
        "rolled back",
        "paid",
        "committed",
        "rolled back",
        "paid",
        "committed",
    ];
    assert_eq!(said, expected, "{}", ended.stderr);
    assert!(
        !ended.stderr.contains("it is open already"),
        "{}",
        ended.stderr
    );
    assert!(ended.stderr.contains("left_open"), "{}", ended.stderr);

    // A functional run says who opened it.
    let ended = grid.start(&["--at", "0"]).finish();
    assert_eq!(
        ended.stdout, "rolled back\nrolled back\n",
        "{}",
        ended.stderr
    );
    for step in ["first", "begin"] {
        let warning = format!(
            "resource.line.a: the transaction that step.line_open.{step} opened was left open at the end of its iteration, so it is undone"
        );
        assert_eq!(
            ended.stderr.matches(&warning).count(),
            1,
            "{}",
            ended.stderr
        );
    }

    // One that is interrupted ends so as well.
    let mut run = grid.start(&["--at", "0", "--word", "wait"]);
    run.wait_for_output("waiting");
    run.signal("INT");
    let ended = run.finish();
    assert_eq!(
        ended.stdout, "rolled back\nwaiting\nrolled back\n",
        "{}",
        ended.stderr
    );
}

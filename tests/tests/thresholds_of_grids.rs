//! Thresholds of a grid: what it asks is what a run is judged by, with bounds that come from variables.

use bggo_tests::Grid;

#[test]
fn a_threshold_of_a_grid_or_of_a_flag_decides_the_exit_code() {
    let grid = Grid::new(
        r#"
variable "slowest" {
  type    = duration
  default = "10s"
}

variable "share" {
  type    = string
  default = "50%"
}

metric "waits" {
  kind = "trend"
  unit = "time"
}

step "noop" "wait" {
  arguments {
    delay = "20ms"
  }
  record {
    waits = "20 ms"
  }
  check "always" {
    condition = true
  }
}

threshold "short waits" {
  condition = metrics.noop.wait.service_time.max < var.slowest && metrics.custom.waits.med > "19ms"
}

threshold "few failures" {
  condition = metrics.run.failed.ratio <= var.share && metrics.noop.wait.checks["always"].ratio >= "100%"
}
"#
    )
    .build();
    let load = ["--iterations", "5", "--vus", "1"];
    let passed = grid.start(&load).finish().expect_code(0);
    assert!(passed.stderr.contains("short waits"), "{}", passed.stderr);
    let slow = [&load[..], &["--slowest", "1ms"]].concat();
    let failed = grid.start(&slow).finish().expect_code(99);
    assert!(failed.stderr.contains("short waits"), "{}", failed.stderr);
    let none = [&load[..], &["--share", "few"]].concat();
    let refused = grid.start(&none).finish().expect_code(104);
    assert!(
        refused.stderr.contains("in the threshold \"few failures\""),
        "{}",
        refused.stderr
    );
    let by_flag = [&load[..], &["--threshold", "noop.wait.max < 1ms"]].concat();
    grid.start(&by_flag).finish().expect_code(99);
    let unknown = [&load[..], &["--threshold", "noop.wiat.max < 1ms"]].concat();
    let refused = grid.start(&unknown).finish().expect_code(104);
    assert!(
        refused
            .stderr
            .contains("there is no step `noop.wiat`: did you mean `wait`? (column 1)"),
        "{}",
        refused.stderr
    );
}

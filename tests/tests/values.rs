//! Values that a grid hands to a module and gets back: bytes and sizes, and random ones.

use bggo_tests::{Grid, repository};
use std::collections::BTreeSet;

#[test]
fn bytes_sizes_and_random_values_arrive_early_and_late() {
    let grid = r#"
variable "text" {
  type    = bytes
  default = "é"
}
variable "limit" {
  type    = size
  default = "2KiB"
}
step "content" "built" {
  arguments {
    payload = base64decode("/wA=")
    more    = "512"
  }
}
step "content" "started" {
  arguments {
    payload = var.text
    more    = var.limit > "1KiB" ? base64decode("AA==") : null
    limit   = var.limit
  }
  depends_on = [step.content.built]
}
step "content" "late" {
  arguments {
    payload = step.content.built.output.raw
    limit   = vu.id * 1000
  }
  depends_on = [step.content.started]
}
step "print" "read" {
  arguments {
    input = [
      length(step.content.late.output.raw), base64encode(step.content.late.output.raw),
      jsonencode([step.content.late.output.raw]), try("<${step.content.late.output.raw}>", "no text"),
      step.content.started.output.raw == var.text, "<${step.content.started.output.raw}>", sha256(step.content.late.output.raw)
    ]
  }
}
step "print" "random" {
  count      = 2
  depends_on = [step.print.read]
  arguments {
    input = jsonencode([for n in range(3) : uuid()])
  }
}
"#;
    let grid = Grid::new(grid)
        .module(repository().join("tests/modules/probe"))
        .build();
    let ended = grid.start(&[]).finish().expect_code(0);
    let lines: Vec<&str> = ended.stdout.lines().collect();
    assert_eq!(
        lines[..4],
        [
            "payload [255, 0], more Some([53, 49, 50]), limit 1024",
            "payload [195, 169], more Some([0]), limit 2048",
            "payload [255, 0], more None, limit 1000",
            r#"[2,"/wA=","[\"/wA=\"]","no text",true,"<é>","ea5dbf9596d187e9500f23e9a680109475341cf4e81f7e043f7d97152c10772f"]"#,
        ]
    );
    let random: BTreeSet<&str> = lines[4..]
        .iter()
        .flat_map(|line| line.trim_matches(['[', ']']).split(','))
        .collect();
    assert_eq!(random.len(), 6, "{}", ended.stdout);
}

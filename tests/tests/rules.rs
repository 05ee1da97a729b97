//! Rules of a module that are judged when the program starts, and for each attempt.

use bggo_tests::{Grid, repository};

const GRID: &str = r#"
variable "limit" {
  type    = duration
  default = "2s"
}
variable "height" {
  type    = number
  default = 2
}
variable "word" {
  type    = string
  default = "one"
}

resource "ground" "low" {
  scope = "run"
  arguments {
    height = var.height
  }
}
resource "ground" "base" {
  arguments {
    height = var.height
  }
}
resource "ground" "top" {
  uses {
    base = resource.ground.base
  }
  arguments {
    height = resource.ground.low.height + (vu.id == 1 ? 1 : 0)
  }
}

step "say" "start" {
  continue_on_failure = true
  timeouts {
    execution = var.limit
  }
  arguments {
    word  = var.word
    pause = "1s"
  }
}

step "say" "late" {
  continue_on_failure = true
  uses {
    ground = resource.ground.base
  }
  arguments {
    word = vu.iteration == 1 ? "three" : "two${vu.id > 9 ? "!" : ""}"
  }
}

step "say" "drawn" {
  continue_on_failure = true
  count               = 2
  uses {
    ground = resource.ground.top
  }
  arguments {
    word = count.index == 0 ? uuid() : null
  }
  depends_on = [step.say.late]
}
"#;

#[test]
fn rules_are_judged_at_start_and_for_each_attempt() {
    let grid = Grid::new(GRID)
        .module(repository().join("tests/modules/judged"))
        .build();
    let long = "value: a word has at most 3 letters";
    let pause = "value: the pause is longer than the step";
    let loaded = "value: not this word under load";
    let high = "value: nobody hears it from there";
    let times = |said: &str, text: &str| said.matches(text).count();

    // One iteration: only what was drawn is too long, and nothing is loaded.
    let functional = grid.start(&[]).finish();
    let said = &functional.stderr;
    assert_eq!(
        [long, pause, loaded, high].map(|text| times(said, text)),
        [1, 0, 0, 0],
        "{said}"
    );
    assert!(
        said.contains("grid.hcl:63:5"),
        "the argument's place: {said}"
    );
    let mut words: Vec<&str> = functional.stdout.lines().collect();
    words.sort_unstable();
    assert_eq!(words, ["", "one", "two"]);

    // The second of three iterations has a late word that is too long; that of the start is not for load runs.
    let load = ["--vus", "1", "--iterations", "3", "--threads", "1"];
    let ended = grid.start(&load).finish();
    let said = &ended.stderr;
    assert!(said.contains(loaded) && said.contains(long), "{said}");
    assert!(!said.contains(pause) && !said.contains(high), "{said}");
    assert_eq!(times(&ended.stdout, "one\n"), 0, "{said}");
    assert_eq!(times(&ended.stdout, "two\n"), 2, "{said}");

    // A setting of the step that is a variable.
    let said = grid.start(&["--limit", "500ms"]).finish().stderr;
    assert_eq!(
        [pause, high].map(|text| times(&said, text)),
        [1, 0],
        "{said}"
    );

    // An input of the asset that is used.
    let said = grid.start(&["--height", "5"]).finish().stderr;
    assert!(said.contains(high), "{said}");
    assert_eq!(times(&said, pause), 0, "{said}");
}

#[test]
fn a_resource_that_breaks_a_rule_is_not_created() {
    let text = r#"
variable "lower" {
  type    = number
  default = 2
}
resource "ground" "of_run" {
  scope = "run"
  arguments {
    height = 2
  }
}
resource "ground" "on_it" {
  scope = "run"
  uses {
    base = resource.ground.of_run
  }
  arguments {
    height = resource.ground.of_run.height + var.lower
  }
}
resource "ground" "of_user" {
  arguments {
    height = resource.ground.of_run.height
  }
}
resource "ground" "on_that" {
  uses {
    base = resource.ground.of_user
  }
  arguments {
    height = var.lower + 1
  }
}
step "say" "a" {
  continue_on_failure = true
  arguments {
    word = "${resource.ground.on_it.height}"
  }
}
step "say" "b" {
  uses {
    ground = resource.ground.on_that
  }
  arguments {
    word = "two"
  }
}
"#;
    let grid = Grid::new(text)
        .module(repository().join("tests/modules/judged"))
        .build();
    let fine = grid.start(&[]).finish().expect_code(0);
    let mut words: Vec<&str> = fine.stdout.lines().collect();
    words.sort_unstable();
    assert_eq!(words, ["4", "two"]);
    let said = grid.start(&["--lower", "0"]).finish().stderr;
    assert!(
        said.contains("on_it") && said.contains("value: a ground is higher than its base"),
        "{said}"
    );
}

#[test]
fn a_predicate_is_judged_of_each_output_that_a_step_might_give() {
    let text = r#"
variable "wanted" {
  type    = number
  default = 3
}
locals {
  items = [{ id = 1 }, { id = 2, last = false }, { id = 3 }, { id = 3, last = true }]
}
step "pick" "any" {
  arguments {
    items = [5, 6]
  }
}
step "pick" "third" {
  arguments {
    items = local.items
    match = output.item.id == var.wanted
  }
}
step "pick" "last" {
  for_each = toset(["true", "false"])
  arguments {
    items = local.items
    match = tostring(try(output.item.last, "unsaid")) == each.key && output.skipped > 0
  }
}
step "pick" "never" {
  continue_on_failure = true
  arguments {
    items = local.items
    match = false
  }
}
step "pick" "broken" {
  continue_on_failure = true
  arguments {
    items = [null, { id = 4 }]
    match = output.item.id == 4
  }
  depends_on = [step.pick.never]
}
step "print" "all" {
  arguments {
    input = [
      step.pick.any.output.item,
      step.pick.third.output.skipped,
      step.pick.last["true"].output.item.id,
      step.pick.last["false"].output.skipped,
    ]
  }
  depends_on = [step.pick.broken]
}
"#;
    let grid = Grid::new(text)
        .module(repository().join("tests/modules/judged"))
        .build();
    let ended = grid.start(&[]).finish();
    assert_eq!(ended.stdout, "[5,2,3,1]\n", "{}", ended.stderr);
    assert!(
        ended.stderr.contains("none: no item fits"),
        "{}",
        ended.stderr
    );
    let null = "value: the attribute `id` of a null value is read";
    assert!(ended.stderr.contains(null), "{}", ended.stderr);
    let other = grid.start(&["--wanted", "2"]).finish();
    assert_eq!(other.stdout, "[5,1,3,1]\n", "{}", other.stderr);
}

//! Whole programs whose steps and resources take one of several kinds of asset, and one of which has a task of its own.

use bggo_tests::{Finished, Grid, repository};

const GRID: &str = r#"
variable "panic" {
  type    = bool
  default = false
}
variable "lingers" {
  type    = duration
  default = "0s"
}
variable "of_user" {
  type    = bool
  default = false
}

resource "probe" "base" {
  scope = "worker"
  arguments {
    name = "base"
  }
}
resource "feed" "line" {
  uses {
    base = resource.probe.base
  }
  arguments {
    name  = "line"
    panic = var.panic
  }
}
resource "probe" "mine" {
  arguments {
    name = "mine"
  }
}
resource "depot" "mine" {
  uses {
    on = resource.probe.mine
  }
}
resource "depot" "far" {
  scope = "worker"
  uses {
    on = resource.feed.line
  }
}
resource "probe" "everyones" {
  scope = "run"
  arguments {
    name = "everyones"
  }
}
resource "depot" "everyones" {
  scope = "run"
  uses {
    on = resource.probe.everyones
  }
}
resource "feed" "of_user" {
  scope = "vu"
}

step "offer" "to_feed" {
  uses {
    to = resource.feed.line
  }
  arguments {
    text = "one"
  }
}
step "offer" "to_probe" {
  depends_on = [step.offer.to_feed]
  uses {
    to = resource.probe.mine
  }
  arguments {
    text = "two"
  }
}
step "courier" "to_feed" {
  depends_on = [step.offer.to_probe]
  uses {
    to = resource.feed.line
  }
  arguments {
    parcel = "three"
  }
}
step "courier" "to_probe" {
  depends_on = [step.courier.to_feed]
  uses {
    to = resource.probe.mine
  }
  arguments {
    parcel = "four"
  }
}
step "courier" "by_default" {
  depends_on = [step.courier.to_probe]
  arguments {
    parcel = "five"
  }
}
step "print" "depots" {
  depends_on = [step.courier.by_default]
  arguments {
    input = "${resource.depot.mine.on}, ${resource.depot.far.on}, ${resource.depot.everyones.on}"
  }
}
step "noop" "lingers" {
  depends_on = [step.print.depots]
  arguments {
    delay = var.lingers
  }
}
step "offer" "of_user" {
  enabled    = var.of_user
  depends_on = [step.print.depots]
  uses {
    to = resource.feed.of_user
  }
  arguments {
    text = "six"
  }
}
"#;

fn grid() -> Grid {
    Grid::new(GRID)
        .module(repository().join("tests/modules/agent"))
        .module(repository().join("tests/modules/probe"))
        .build()
}

/// The lines that hold one of these words, in order.
fn lines<'e>(ended: &'e Finished, words: &[&str]) -> Vec<&'e str> {
    let lines = ended.stdout.lines();
    lines
        .filter(|line| words.iter().any(|word| line.contains(word)))
        .collect()
}

#[test]
fn steps_and_resources_take_either_kind_and_tasks_are_joined_at_the_end() {
    let grid = grid();
    let ended = grid.start(&[]).finish().expect_code(0);
    assert_eq!(
        lines(&ended, &[" line", " base"]),
        [
            "creating base",
            "created base",
            "feed line is open",
            "feed line sends one",
            "feed line sends three",
            "closing feed line",
            "feed line is empty",
            "destroyed base",
        ],
        "{ended:?}"
    );
    let either = ["probe mine hears two", "probe mine gets four"];
    assert_eq!(lines(&ended, &["probe mine h", "probe mine g"]), either);
    // The one that is made where a step names none, in the scope of its manifest.
    assert_eq!(
        lines(&ended, &["feed default"]),
        [
            "feed default is open",
            "feed default sends five",
            "closing feed default",
            "feed default is empty"
        ]
    );
    let depots = "probe mine, a feed, probe everyones";
    assert_eq!(lines(&ended, &["a feed"]), [depots]);

    // Under load each worker has one, whose task lives as long as the worker. A number of iterations goes to whoever is free,
    // and one worker may have them all. In a length of time each has some; a step that takes its time keeps them few.
    for (load, workers, iterations) in [
        (
            &["--vus", "4", "--iterations", "40", "--threads", "1"][..],
            1,
            Some(40),
        ),
        (
            &[
                "--vus",
                "4",
                "--duration",
                "2s",
                "--threads",
                "2",
                "--var",
                "lingers=200ms",
            ],
            2,
            None,
        ),
    ] {
        let ended = grid.start(load).finish().expect_code(0);
        let feed = lines(&ended, &["feed line", "destroyed base"]);
        let count = |end: &str| feed.iter().filter(|line| line.ends_with(end)).count();
        let iterations = iterations.unwrap_or(count("sends one"));
        let sent = (count("sends one"), count("sends three"));
        assert_eq!(sent, (iterations, iterations));
        for end in [
            "is open",
            "closing feed line",
            "feed line is empty",
            "destroyed base",
        ] {
            assert_eq!(count(end), workers, "{end}: {feed:?}");
        }
    }

    // A panic in a task is a bug, and nothing is lost of what was made.
    let ended = grid
        .start(&["--var", "panic=true"])
        .finish()
        .expect_code(109);
    assert!(
        ended
            .stderr
            .contains("the sender of feed line was told to panic"),
        "{ended:?}"
    );
    assert_eq!(
        lines(&ended, &["feed line", " base"]),
        [
            "creating base",
            "created base",
            "feed line is open",
            "closing feed line",
            "destroyed base",
        ],
        "{ended:?}"
    );

    // An asset of a user has no tasks.
    let ended = grid
        .start(&["--var", "of_user=true"])
        .finish()
        .expect_code(1);
    let said = "resource feed.of_user could not be created: its task `sender` needs the scope \"worker\" or \"run\", and it has the scope \"vu\"";
    assert!(ended.stderr.contains(said), "{ended:?}");
}

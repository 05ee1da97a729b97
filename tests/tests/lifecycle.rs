//! Lifetimes of resources: created before the first user, destroyed after the last, exactly once on every path.

use bggo_tests::{Finished, Grid, Run, bggo, repository};

fn grid(text: &str) -> Grid {
    Grid::new(text)
        .module(repository().join("tests/modules/probe"))
        .build()
}

fn probe(name: &str, scope: &str, more: &str) -> String {
    format!(
        "resource \"probe\" \"{name}\" {{\n  scope = \"{scope}\"\n  arguments {{\n    name = \"{name}\"\n    destroy_delay = \"20ms\"\n    {more}\n  }}\n}}\n"
    )
}

fn touch(name: &str, probe: &str, more: &str) -> String {
    let uses = if probe.is_empty() {
        String::new()
    } else {
        format!("  uses {{\n    probe = resource.probe.{probe}\n  }}\n")
    };
    format!("step \"touch\" \"{name}\" {{\n{uses}  {more}\n}}\n")
}

/// A step that reads the export of a probe, so that any scope will do.
fn reads(name: &str, probe: &str, more: &str) -> String {
    format!(
        "step \"touch\" \"{name}\" {{\n  arguments {{\n    label = \"{name} on ${{resource.probe.{probe}.name}}\"\n    {more}\n  }}\n}}\n"
    )
}

#[track_caller]
fn expect_once(ended: &Finished, names: &[&str]) {
    for name in names {
        for word in ["created", "destroyed"] {
            let count = ended
                .stdout
                .lines()
                .filter(|line| *line == format!("{word} {name}"))
                .count();
            assert_eq!(
                count, 1,
                "`{word} {name}` once in\n{}\n{}",
                ended.stdout, ended.stderr
            );
        }
    }
}

fn position(ended: &Finished, line: &str) -> usize {
    ended
        .stdout
        .lines()
        .position(|known| known == line)
        .unwrap_or_else(|| panic!("no line {line:?} in\n{}", ended.stdout))
}

#[test]
fn on_success_each_is_created_and_destroyed_once_in_every_scope() {
    for scope in ["run", "worker", "vu", "iteration"] {
        let ended = grid(
            &[
                probe("p", scope, ""),
                reads("a", "p", ""),
                reads("b", "p", ""),
            ]
            .concat(),
        )
        .start(&[])
        .finish()
        .expect_code(0);
        expect_once(&ended, &["p"]);
    }
}

#[test]
fn a_resource_is_gone_before_a_later_step_runs_that_does_not_need_it() {
    let text = [probe("early", "run", ""), probe("late", "run", ""), reads("first", "early", ""), "step \"noop\" \"gap\" {\n  arguments {\n    delay = \"300ms\"\n  }\n  depends_on = [step.touch.first]\n}\n".into(), reads("last", "late", "").replace("  arguments", "  depends_on = [step.noop.gap]\n  arguments")].concat();
    let ended = grid(&text).start(&[]).finish().expect_code(0);
    expect_once(&ended, &["early", "late"]);
    assert!(
        position(&ended, "destroyed early") < position(&ended, "creating late"),
        "{}",
        ended.stdout
    );
}

#[test]
fn a_failed_step_still_destroys_what_was_made() {
    for scope in ["run", "vu"] {
        let ended = grid(
            &[
                probe("p", scope, ""),
                reads("a", "p", "fail = true"),
                reads("b", "p", ""),
            ]
            .concat(),
        )
        .start(&[])
        .finish()
        .expect_code(1);
        expect_once(&ended, &["p"]);
    }
}

#[test]
fn a_failed_creation_fails_its_steps_and_destroys_the_others() {
    let text = [
        probe("good", "vu", ""),
        probe("bad", "vu", "fail = true"),
        touch("a", "good", ""),
        touch("b", "bad", "depends_on = [step.touch.a]"),
    ]
    .concat();
    let ended = grid(&text).start(&[]).finish().expect_code(1);
    expect_once(&ended, &["good"]);
    assert!(
        ended.stderr.contains("probe.bad"),
        "the resource is named: {}",
        ended.stderr
    );
    assert!(
        !ended.stdout.contains("destroyed bad"),
        "what was never made is not destroyed"
    );
}

#[test]
fn a_failed_creation_of_the_run_is_exit_100() {
    let ended = grid(&[probe("bad", "run", "fail = true"), reads("a", "bad", "")].concat())
        .start(&[])
        .finish()
        .expect_code(100);
    assert!(ended.stderr.contains("probe.bad"), "{}", ended.stderr);
}

#[test]
fn an_asset_that_is_being_created_when_the_run_is_cancelled_is_finished_and_destroyed() {
    let text = [
        probe("slow", "vu", "create_delay = \"500ms\""),
        touch("waits", "slow", ""),
        touch(
            "fails",
            "",
            "arguments {\n    delay = \"50ms\"\n    fail = true\n  }",
        ),
    ]
    .concat();
    let ended = grid(&text).start(&[]).finish().expect_code(1);
    expect_once(&ended, &["slow"]);
}

#[test]
fn resources_are_destroyed_in_reverse_order_of_dependency() {
    let text = [
        probe("base", "run", ""),
        "resource \"probe\" \"top\" {\n  arguments {\n    name = \"top of ${resource.probe.base.name}\"\n    destroy_delay = \"100ms\"\n  }\n}\n".into(),
        touch("a", "top", ""),
    ]
    .concat();
    let ended = grid(&text).start(&[]).finish().expect_code(0);
    expect_once(&ended, &["base", "top of base"]);
    assert!(position(&ended, "created base") < position(&ended, "creating top of base"));
    assert!(position(&ended, "destroyed top of base") < position(&ended, "destroyed base"));
}

#[test]
fn one_and_two_signals_destroy_each_exactly_once() {
    let built = grid(
        &[
            probe("p", "vu", ""),
            probe("r", "run", ""),
            reads("a", "r", ""),
            touch(
                "long",
                "p",
                "arguments {\n    label = \"long on ${resource.probe.r.name}\"\n    delay = \"10m\"\n  }",
            ),
        ]
        .concat(),
    );
    for signals in [&["INT"][..], &["TERM"], &["INT", "INT"]] {
        let mut run = built.start(&[]);
        run.wait_for_output("touching long on r");
        for signal in signals {
            run.signal(signal);
        }
        let ended = run.finish().expect_code(105);
        expect_once(&ended, &["p"]);
        expect_once(&ended, &["r"]);
    }
}

#[test]
fn a_third_signal_ends_the_program_at_once_with_all_that_was_measured() {
    let hangs = probe("p", "vu", "").replace("20ms", "1h");
    let long = "arguments {\n    label = \"long\"\n    delay = \"10m\"\n  }";
    let built = grid(&[hangs, touch("long", "p", long)].concat());
    let folder = built.folder().to_owned();
    let flags = "--vus 1 --duration 20m --out run.log --summary-json summary.json --csv run.csv";
    let flags: Vec<&str> = flags.split(' ').collect();
    let mut run = built.start(&flags);
    run.wait_for_output("touching long");
    run.signal("INT");
    run.wait_for("a second signal cancels them");
    run.signal("INT");
    run.wait_for("a third signal ends the program at once");
    run.signal("TERM");
    let ended = run.finish().expect_code(105);
    let said = "error: ended at once: some resources may not have been destroyed";
    assert!(ended.stderr.contains(said), "{}", ended.stderr);
    assert!(ended.stderr.contains("1 cancelled"), "{}", ended.stderr);
    assert_eq!(ended.stdout.matches("created p\n").count(), 1);
    assert_eq!(ended.stdout.matches("destroyed p").count(), 0);
    // Each file is whole.
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).expect(name);
    let summary: serde_json::Value = serde_json::from_str(&read("summary.json")).expect("JSON");
    assert_eq!(summary["exit"], 105, "{summary}");
    assert_eq!(summary["iterations"]["cancelled"], 1, "{summary}");
    assert!(read("run.csv").ends_with('\n'));
    let mut report = bggo();
    report.current_dir(&folder).args(["report", "run.log"]);
    let report = Run::start(report).finish();
    assert_eq!(report.stderr, "");
    assert!(report.stdout.contains("1 cancelled"), "{report:?}");
}

/// Under load a number of iterations goes to whoever is free, and a user may come too late for any. In a length of time each
/// user has one; a step that takes its time keeps them few.
const LINGERS: &str = "arguments {\n    delay = \"200ms\"\n  }";

#[test]
fn under_load_each_user_has_its_own_and_each_is_destroyed_once() {
    let built = grid(
        &[
            probe("p", "vu", ""),
            probe("w", "worker", ""),
            probe("r", "run", ""),
            touch("a", "p", LINGERS),
            reads("b", "w", ""),
            reads("c", "r", ""),
        ]
        .concat(),
    );
    let count =
        |ended: &Finished, line: &str| ended.stdout.lines().filter(|known| *known == line).count();
    let ended = built
        .start(&["--vus", "50", "--duration", "2s", "--threads", "2"])
        .finish()
        .expect_code(0);
    for (name, expected) in [("p", 50), ("w", 2), ("r", 1)] {
        assert_eq!(
            count(&ended, &format!("created {name}")),
            expected,
            "created {name}"
        );
        assert_eq!(
            count(&ended, &format!("destroyed {name}")),
            expected,
            "destroyed {name}"
        );
    }
    let mut run = built.start(&["--vus", "50", "--duration", "10m", "--threads", "2"]);
    run.wait_for("users 50");
    run.signal("INT");
    let ended = run.finish().expect_code(105);
    for (name, expected) in [("p", 50), ("w", 2), ("r", 1)] {
        assert_eq!(
            count(&ended, &format!("created {name}")),
            expected,
            "created {name}"
        );
        assert_eq!(
            count(&ended, &format!("destroyed {name}")),
            expected,
            "destroyed {name}"
        );
    }
}

/// A probe that takes another one.
fn stands_on(name: &str, base: &str, scope: &str, more: &str) -> String {
    let uses = format!("  uses {{\n    base = resource.probe.{base}\n  }}\n}}\n");
    let probe = probe(name, scope, more);
    format!("{}{uses}", probe.strip_suffix("}\n").unwrap())
}

#[test]
fn an_asset_is_handed_the_one_that_it_is_built_on_and_goes_before_it() {
    for scope in ["worker", "vu", "iteration"] {
        let text = [
            probe("line", scope, ""),
            stands_on("session", "line", scope, ""),
            touch("a", "session", ""),
        ]
        .concat();
        let ended = grid(&text).start(&[]).finish().expect_code(0);
        let lines: Vec<&str> = ended.stdout.lines().collect();
        assert_eq!(
            lines,
            [
                "creating line",
                "created line",
                "creating session",
                "created session",
                "session stands on line",
                "destroyed session",
                "destroyed line"
            ],
            "{scope}: {}",
            ended.stderr
        );
    }
}

#[test]
fn under_load_each_user_has_its_own_pair_and_each_goes_once_in_order() {
    let text = [
        probe("line", "vu", ""),
        stands_on("session", "line", "vu", ""),
        touch("a", "session", LINGERS),
        touch("b", "line", ""),
    ]
    .concat();
    let flags = ["--vus", "5", "--duration", "2s"];
    let ended = grid(&text).start(&flags).finish().expect_code(0);
    let count = |line: &str| ended.stdout.lines().filter(|known| *known == line).count();
    for line in [
        "created line",
        "session stands on line",
        "destroyed session",
        "destroyed line",
    ] {
        assert_eq!(
            count(line),
            5,
            "{line}:\n{}\n{}",
            ended.stdout,
            ended.stderr
        );
    }
    // Whenever one has gone, as many sessions have gone before.
    let (mut sessions, mut lines) = (0, 0);
    for line in ended.stdout.lines() {
        sessions += usize::from(line == "destroyed session");
        lines += usize::from(line == "destroyed line");
        assert!(lines <= sessions, "{}", ended.stdout);
    }
}

#[test]
fn where_the_one_below_fails_the_one_on_it_is_not_begun() {
    let text = [
        probe("line", "vu", "fail = true"),
        stands_on("session", "line", "vu", ""),
        touch("a", "session", ""),
    ]
    .concat();
    let ended = grid(&text).start(&[]).finish().expect_code(1);
    assert!(!ended.stdout.contains("session"), "{}", ended.stdout);
    assert!(ended.stderr.contains("probe.line"), "{}", ended.stderr);
}

#[test]
fn assets_of_the_run_are_built_on_each_other_on_their_own_thread() {
    let text = [
        probe("line", "run", ""),
        stands_on("session", "line", "run", ""),
        stands_on("late", "session", "run", "").replace(
            "\"late\"\n    destroy",
            "upper(resource.probe.line.name)\n    destroy",
        ),
        reads("a", "late", ""),
    ]
    .concat();
    let ended = grid(&text).start(&[]).finish().expect_code(0);
    let lines: Vec<&str> = ended.stdout.lines().collect();
    assert_eq!(
        lines,
        [
            "creating line",
            "created line",
            "creating session",
            "created session",
            "session stands on line",
            "creating LINE",
            "created LINE",
            "LINE stands on session",
            "touching a on LINE",
            "destroyed LINE",
            "destroyed session",
            "destroyed line"
        ],
        "{}",
        ended.stderr
    );
}

#[test]
fn an_asset_of_the_run_cannot_be_handed_to_another_thread() {
    for text in [
        [probe("p", "run", ""), touch("a", "p", "")],
        [
            probe("p", "run", "") + &stands_on("q", "p", "vu", ""),
            touch("a", "q", ""),
        ],
    ] {
        let grid = Grid::new(&text.concat()).module(repository().join("tests/modules/probe"));
        let said = grid.try_build();
        let text = String::from_utf8_lossy(&said.stderr).into_owned();
        assert_eq!(said.status.code(), Some(1), "{text}");
        assert!(
            text.contains("`resource.probe.p` has the scope \"run\": only its exports can be used"),
            "{text}"
        );
    }
}

#[test]
fn calls_of_a_flow_share_what_lives_longer_and_make_their_own_and_its_outputs_read_both() {
    let text = r#"
flow "visit" {
  input "name" { type = string }

  resource "probe" "shared" {
    scope = "vu"
    arguments {
      name = "shared"
    }
  }

  resource "probe" "own" {
    arguments {
      name = "own ${input.name} on ${resource.probe.shared.name}"
    }
  }

  step "touch" "a" {
    uses {
      probe = resource.probe.own
    }
  }

  output "names" {
    value = [resource.probe.shared.name, resource.probe.own.name]
  }
}

flow "twice" {
  step "visit" "in" {
    for_each = toset(["x", "y"])

    arguments {
      name = each.key
    }
  }

  output "names" {
    value = step.visit.in[*].output.names
  }
}

step "visit" "first" {
  arguments {
    name = "first"
  }
}

step "twice" "second" {
  depends_on = ["first"]
}

step "visit" "third" {
  depends_on = [step.twice.second]

  arguments {
    name = "third"
  }
}

step "print" "names" {
  arguments {
    input = [step.visit.first.output.names, step.twice.second.output.names, step.visit.third.output.names]
  }
}
"#;
    let ended = grid(text).start(&[]).finish().expect_code(0);
    let own = ["first", "x", "y", "third"].map(|name| format!("own {name} on shared"));
    let mut names: Vec<&str> = own.iter().map(String::as_str).collect();
    names.push("shared");
    expect_once(&ended, &names);
    // It is not gone before the last call has ended that makes something on top of it.
    assert!(
        position(&ended, "destroyed own third on shared") < position(&ended, "destroyed shared"),
        "{}",
        ended.stdout
    );
    let printed = r#"[["shared","own first on shared"],[["shared","own x on shared"],["shared","own y on shared"]],["shared","own third on shared"]]"#;
    assert!(
        ended.stdout.lines().any(|line| line == printed),
        "{}",
        ended.stdout
    );
}

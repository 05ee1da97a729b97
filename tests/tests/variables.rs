//! The command line of a compiled grid: variables by flags, files and the environment, and what is said when they are wrong.

use bggo_tests::{Finished, Grid};
use std::sync::OnceLock;

const GRID: &str = r#"
variable "base_url" {
  type        = string
  description = "Where the service is"
  default     = "http://default"

  validation {
    condition     = startswith(var.base_url, "http")
    error_message = "base_url must begin with http, not ${var.base_url}"
  }
}

variable "users" {
  type    = list(object({ name = string, age = optional(number, 30) }))
  default = []
}

variable "size" {
  type    = number
  default = 1

  validation {
    condition     = var.size <= var.most
    error_message = "size ${var.size} is above ${var.most}"
  }
}

variable "most" {
  type    = number
  default = 1000
}

variable "token" {
  type      = string
  sensitive = true
}

variable "whatever" {
  type    = any
  default = null
}

variable "text" {
  default = null
}

step "print" "url" {
  arguments {
    input = var.base_url
  }
}

step "print" "users" {
  arguments {
    input = var.users
  }
  depends_on = [step.print.url]
}

step "print" "size" {
  arguments {
    input = var.size + 1
  }
  depends_on = [step.print.users]
}

step "print" "token" {
  arguments {
    input = { token = var.token, size = var.size }
  }
  depends_on = [step.print.size]
}

step "print" "anything" {
  enabled = var.whatever != null || var.text != null
  arguments {
    input = { whatever = var.whatever, text = var.text }
  }
  depends_on = [step.print.token]
}
"#;

fn grid() -> &'static Grid {
    static BUILT: OnceLock<Grid> = OnceLock::new();
    BUILT.get_or_init(|| Grid::new(GRID).build())
}

fn run(flags: &[&str], environment: &[(&str, &str)]) -> Finished {
    let mut command = grid().command();
    // Each run in a folder of its own, so that files of variables never meet.
    let folder = tempfile::tempdir().unwrap();
    command
        .current_dir(folder.path())
        .args(flags)
        .envs(environment.iter().copied());
    bggo_tests::Run::start(command).finish()
}

#[test]
fn flags_beat_files_beat_the_environment_beat_the_default() {
    let folder = tempfile::tempdir().unwrap();
    let start = |flags: &[&str]| {
        let mut command = grid().command();
        command
            .current_dir(folder.path())
            .args(["--token", "t"])
            .args(flags)
            .env("BGGO_VAR_base_url", "http://environment");
        bggo_tests::Run::start(command)
            .finish()
            .expect_code(0)
            .stdout
            .lines()
            .next()
            .unwrap()
            .to_owned()
    };
    assert_eq!(start(&[]), "http://environment");
    std::fs::write(
        folder.path().join("bggo.vars.hcl"),
        "base_url = \"http://file\"\n",
    )
    .unwrap();
    assert_eq!(start(&[]), "http://file");
    std::fs::write(
        folder.path().join("x.auto.vars.hcl"),
        "base_url = \"http://auto\"\n",
    )
    .unwrap();
    assert_eq!(start(&[]), "http://auto");
    std::fs::write(
        folder.path().join("given.hcl"),
        "base_url = \"http://given\"\n",
    )
    .unwrap();
    assert_eq!(start(&["--var-file", "given.hcl"]), "http://given");
    assert_eq!(
        start(&["--var-file", "given.hcl", "--var", "base_url=http://var"]),
        "http://var"
    );
    assert_eq!(
        start(&["--base-url", "http://flag", "--var", "base_url=http://var"]),
        "http://flag"
    );
}

#[test]
fn values_from_outside_are_converted_to_the_type_of_the_variable() {
    let ended = run(
        &[
            "--token",
            "t",
            "--size",
            "41",
            "--users",
            "[{ name = \"ann\" }, { name = \"bob\", age = 5 }]",
        ],
        &[],
    )
    .expect_code(0);
    let lines: Vec<&str> = ended.stdout.lines().collect();
    assert_eq!(
        lines,
        [
            "http://default",
            r#"[{"name":"ann","age":30},{"name":"bob","age":5}]"#,
            "42",
            r#"{"token":"(sensitive value)","size":1}"#
        ]
        .map(|line| line.replace("\"size\":1}", "\"size\":41}"))
    );
}

#[test]
fn a_load_and_a_bound_of_a_variable_without_a_value_are_no_faults_of_their_own() {
    let text = r#"
variable "users" {
  type = number
}

scenario "buyers" {
  load "constant_vus" {
    vus      = var.users
    duration = "1s"
  }
  step "noop" "wait" {}
}

threshold "enough" {
  condition = metrics.run.started.count > var.users
}
"#;
    let grid = Grid::new(text).build();
    for (flags, says) in [
        (&[][..], "variable \"users\" (grid.hcl:2:1) needs a value: "),
        (&["--users", "many"], "--users: \"many\" is no number; "),
        (
            &["--var-file", "none.vars.hcl"],
            "none.vars.hcl: the file cannot be read: ",
        ),
    ] {
        let said = grid.start(flags).finish().expect_code(104).stderr;
        let said: Vec<&str> = said.lines().collect();
        let [line] = said[..] else {
            panic!("{flags:?}: {said:?}");
        };
        let rest = line.strip_prefix("error: ").unwrap_or_default();
        assert!(rest.starts_with(says), "{line}");
    }
}

#[test]
fn a_missing_variable_is_named_with_the_ways_to_set_it_and_exit_104() {
    let ended = run(&[], &[]).expect_code(104);
    assert!(ended.stderr.contains("token"), "{}", ended.stderr);
    assert!(ended.stderr.contains("--token"), "{}", ended.stderr);
    assert_eq!(ended.stdout, "", "nothing ran");
}

#[test]
fn a_failed_validation_shows_its_message_and_its_place() {
    let ended = run(&["--token", "t", "--base-url", "ftp://x"], &[]).expect_code(104);
    assert!(
        ended
            .stderr
            .contains("base_url must begin with http, not ftp://x"),
        "{}",
        ended.stderr
    );
    assert!(ended.stderr.contains("grid.hcl:7"), "{}", ended.stderr);
    let above = run(&["--token", "t", "--size", "9", "--most", "8"], &[]).expect_code(104);
    assert!(
        above.stderr.contains("size 9 is above 8"),
        "{}",
        above.stderr
    );
}

#[test]
fn a_wrong_type_an_unknown_flag_and_an_undeclared_name_are_errors_but_the_environment_may_hold_anything()
 {
    let wrong = run(&["--token", "t", "--size", "many"], &[]).expect_code(104);
    assert!(
        wrong.stderr.contains("size") && wrong.stderr.contains("number"),
        "{}",
        wrong.stderr
    );
    let unknown = run(&["--token", "t", "--base-urll", "x"], &[]).expect_code(104);
    assert!(
        unknown.stderr.contains("--base-url"),
        "the nearest flag is suggested: {}",
        unknown.stderr
    );
    let undeclared = run(&["--token", "t", "--var", "nope=1"], &[]).expect_code(104);
    assert!(undeclared.stderr.contains("nope"), "{}", undeclared.stderr);
    run(&["--token", "t"], &[("BGGO_VAR_nope", "1")]).expect_code(0);
}

#[test]
fn a_flag_of_any_type_is_read_as_hcl_and_one_without_a_type_is_the_text() {
    let flags = [
        "--token",
        "t",
        "--whatever",
        "{ a = [1] }",
        "--text",
        "{ a = [1] }",
    ];
    let ended = run(&flags, &[]).expect_code(0);
    let shown = r#"{"whatever":{"a":[1]},"text":"{ a = [1] }"}"#;
    assert!(ended.stdout.contains(shown), "{}", ended.stdout);
    let wrong = run(&["--token", "t", "--whatever", "many words"], &[]).expect_code(104);
    assert!(wrong.stderr.contains("written in HCL"), "{}", wrong.stderr);
}

#[test]
fn a_sensitive_value_never_reaches_a_stream() {
    let ended = run(&["--token", "hush-hush", "--log-level", "debug"], &[]).expect_code(0);
    assert!(
        !ended.stdout.contains("hush-hush") && !ended.stderr.contains("hush-hush"),
        "{ended:?}"
    );
    let wrong = run(&["--token", "hush-hush", "--size", "x"], &[]).expect_code(104);
    assert!(!wrong.stderr.contains("hush-hush"), "{wrong:?}");
}

#[test]
fn help_lists_each_variable_with_type_default_and_description() {
    let ended = run(&["--help"], &[]).expect_code(0);
    for text in [
        "--base-url",
        "string",
        "Where the service is",
        "http://default",
        "--users",
        "--token",
        "--vus",
        "--duration",
        "--iterations",
        "--log-format",
    ] {
        assert!(
            ended.stdout.contains(text),
            "{text} is missing in:\n{}",
            ended.stdout
        );
    }
}

#[test]
fn quiet_prints_only_what_the_grid_prints() {
    let ended = run(&["--token", "t", "--quiet"], &[]).expect_code(0);
    assert_eq!(ended.stderr, "");
    assert!(ended.stdout.starts_with("http://default\n"));
}

#[test]
fn each_step_has_a_line_with_its_name_outcome_and_time_and_the_end_has_a_table() {
    let ended = run(&["--token", "t"], &[]).expect_code(0);
    for name in ["print.url", "print.users", "print.size", "print.token"] {
        assert!(
            ended.stderr.matches(name).count() >= 2,
            "{name} in a line and in the table:\n{}",
            ended.stderr
        );
    }
    assert!(
        ended.stderr.contains("ms") || ended.stderr.contains("µs") || ended.stderr.contains("us"),
        "{}",
        ended.stderr
    );
}

#[test]
fn a_pattern_from_outside_that_is_not_valid_fails_its_step_at_its_place() {
    let grid = Grid::new(
        "variable \"searched\" {\n  default = \"/[0-9]+/\"\n}\nstep \"print\" \"show\" {\n  arguments {\n    input = replace(\"a1b22\", var.searched, \"#\")\n  }\n}\n",
    )
    .build();
    let ended = grid.start(&["--quiet"]).finish().expect_code(0);
    assert_eq!(ended.stdout, "a#b#\n");
    let ended = grid
        .start(&["--searched", "/b[0-9/"])
        .finish()
        .expect_code(1);
    for part in [
        "show",
        "grid.hcl:6:13",
        "argument 2 of `replace`: character 2 of the regular expression: this set is not closed by `]`",
    ] {
        assert!(ended.stderr.contains(part), "{part}: {}", ended.stderr);
    }
}

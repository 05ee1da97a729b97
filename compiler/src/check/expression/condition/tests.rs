//! Conditions of manifests, without a grid.

use super::*;

/// What is wrong with a module that has this rule in a runner, and an asset that the runner uses.
fn faults(condition: &str) -> Vec<String> {
    let text = format!(
        r#"runner "talk" {{
  uses "line" {{
    asset    = "line"
    optional = true
  }}
  input "word" {{ type = string }}
  input "pause" {{ type = duration }}
  rule {{
    condition = {condition}
    error_message = "no"
  }}
}}
asset "line" {{
  input "speed" {{
    type    = number
    default = 1
  }}
  rule {{
    condition     = input.speed > 0
    error_message = "no"
  }}
}}
"#
    );
    let modules = Modules::default().with(&[("talk", &text)]);
    assert_eq!(modules.faults, Vec::<String>::new());
    faults_of_conditions(&modules)
}

#[test]
fn conditions_that_ship_with_the_compiler_are_right() {
    let modules = Modules::built_in();
    assert_eq!(faults_of_conditions(modules), Vec::<String>::new());
    let runners = modules.runners().flat_map(|runner| &runner.rules);
    assert!(
        runners
            .map(|rule| &rule.demand)
            .any(|demand| matches!(demand, Demand::Condition(_)))
    );
}

#[test]
fn a_condition_reads_inputs_those_of_what_is_used_the_time_limit_and_the_load() {
    for right in [
        "input.word == null || length(input.word) < 3",
        "uses.line.speed == null || uses.line.speed > 2",
        "step.time_limit == null || input.pause < step.time_limit",
        "!scenario.loaded || input.word != \"slow\"",
        "length([for word in split(\" \", input.word) : word if word == \"no\"]) == 0",
        "try(length(input.word) > 2, true)",
    ] {
        assert_eq!(faults(right), Vec::<String>::new(), "{right}");
    }
}

#[test]
fn a_wrong_condition_is_a_fault_of_the_manifest_at_its_line() {
    let place = |line: u32, text: &str| {
        format!("talk/manifest.hcl:{line}: the condition of a rule of runner `talk`: {text}")
    };
    for (wrong, text) in [
        ("input.wort == null", "there is no input `wort`"),
        ("uses.lime.speed > 1", "there is no use `lime`"),
        ("uses.line.size > 1", "there is no input `size`"),
        ("input.word", "a condition is a bool, found a string"),
        ("null", "it reads nothing"),
        ("true", "it reads nothing"),
        (
            "input.word == null ? null : null",
            "a condition is a bool, found null",
        ),
        (
            "var.word == null",
            "a rule reads `input.NAME`, `known.NAME`, `uses.KEY.NAME`, `step.time_limit` and `scenario.loaded`, found another name",
        ),
        ("input == null", "expected `input.NAME`"),
        ("nothing(input.word)", "there is no function `nothing`"),
    ] {
        assert_eq!(faults(wrong), [place(9, text)], "{wrong}");
    }
    let lines = "(\n      input.word == null ||\n      input.pause\n    )";
    let found = faults(lines);
    assert!(found[0].starts_with("talk/manifest.hcl:11: "), "{found:?}");
}

#[test]
fn an_asset_has_no_time_limit() {
    let text = r#"asset "line" {
  input "wait" { type = duration }
  rule {
    condition     = input.wait < step.time_limit
    error_message = "no"
  }
}
"#;
    assert_eq!(
        faults_of_conditions(&Modules::default().with(&[("line", text)])),
        [
            "line/manifest.hcl:4: the condition of a rule of asset `line`: `step.time_limit` is for rules of runners: an asset has none"
        ]
    );
}

#[test]
fn whether_a_step_blocks_is_said_of_its_inputs_alone() {
    let faults = |condition: &str| {
        let text = format!(
            r#"asset "line" {{ concurrency = "exclusive" }}
runner "wait" {{
  blocks = {condition}
  uses "line" {{ asset = "line" }}
  input "words" {{ type = list(any) }}
}}
"#
        );
        let modules = Modules::default().with(&[("line", &text)]);
        assert_eq!(modules.faults, Vec::<String>::new());
        faults_of_conditions(&modules)
    };
    assert_eq!(
        faults("contains([\"WAIT\", \"HOLD\"], upper(input.words[0]))"),
        Vec::<String>::new()
    );
    let place = |text: &str| {
        format!("line/manifest.hcl:3: the condition of `blocks` of runner `wait`: {text}")
    };
    for (wrong, text) in [
        (
            "!scenario.loaded || input.words == null",
            "it reads only `input.NAME`",
        ),
        (
            "step.time_limit == null || input.words == null",
            "it reads only `input.NAME`",
        ),
        ("input.word == null", "there is no input `word`"),
        (
            "length(input.words)",
            "a condition is a bool, found a number",
        ),
        ("\"input.words\" == null", "it reads nothing"),
    ] {
        assert_eq!(faults(wrong), [place(text)], "{wrong}");
    }
}

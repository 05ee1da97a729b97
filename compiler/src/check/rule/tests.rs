//! Rules with conditions: judged when the grid is built, or left to the program.

use crate::check::typed::{Binding, TKind, TStep};
use crate::diagnostics::codes;
use crate::modules::Modules;
use crate::source::Sources;

const TALK: &str = r#"
asset "line" {
  scopes = ["run", "worker"]
  uses "base" {
    asset    = "line"
    optional = true
  }
  input "speed" {
    type    = number
    default = 3
  }
  input "secret" {
    type      = string
    sensitive = true
  }
  rule {
    condition     = uses.base.speed == null || uses.base.speed >= input.speed
    error_message = "a line is no faster than its base"
  }
}
runner "talk" {
  uses "line" {
    asset    = "line"
    optional = true
  }
  input "word" { type = string }
  input "pause" { type = duration }
  input "times" {
    type    = number
    default = 1
  }
  input "command" {
    type  = list(any)
    shape = true
  }
  rule {
    when          = ["command"]
    condition     = upper(input.command[0]) != "QUIT"
    error_message = "nobody hangs up"
  }
  rule {
    when          = ["command"]
    condition     = alltrue([for word in known.command : try(upper(word), "") != "SHOUT"])
    error_message = "nobody shouts"
  }
  rule {
    when          = ["word"]
    condition     = length(input.word) <= 4
    error_message = "a word has at most 4 letters"
  }
  rule {
    when          = ["pause"]
    condition     = step.time_limit == null || input.pause < step.time_limit
    error_message = "the pause is longer than the step"
  }
  rule {
    condition     = input.times <= uses.line.speed
    error_message = "more often than the line can"
  }
  rule {
    condition     = input.times < 9 || !scenario.loaded
    error_message = "so often only without load"
  }
  rule {
    condition     = input.times != 2 || 1 / (input.times - 2) > 0
    error_message = "never"
  }
  rule {
    condition     = input.times * 2 < 100
    error_message = "that is very often"
    severity      = "warning"
  }
  rule {
    condition     = uses.line.secret != "x" || tonumber(uses.line.secret) > 0
    error_message = "not this secret"
  }
}
"#;

/// The only step, and what is said of the grid. `arguments` stand in it as they are written.
fn step(before: &str, body: &str) -> (Option<TStep>, Vec<String>) {
    let grid = format!("{before}\nstep \"talk\" \"a\" {{\n{body}\n}}\n");
    let modules = Modules::built_in().clone().with(&[("talk", TALK)]);
    assert_eq!(modules.faults, Vec::<String>::new());
    assert_eq!(
        crate::check::faults_of_conditions(&modules),
        Vec::<String>::new()
    );
    let sources = Sources::from_texts(vec![("grid.hcl".to_owned(), grid)]);
    let (typed, problems) = crate::check(&sources, &modules);
    // Not all tests read all that they declare.
    let said = problems.list.into_iter();
    let said = said.filter(|problem| problem.code != codes::UNUSED_VARIABLE);
    let said = said.map(|problem| problem.text);
    let step = typed.and_then(|mut typed| typed.bodies.remove(0).steps.pop());
    (step, said.collect())
}

fn said(before: &str, arguments: &str) -> Vec<String> {
    step(before, &format!("  arguments {{\n{arguments}\n  }}")).1
}

/// Rules that are left to the program: when each is known, and what it says.
fn left(before: &str, body: &str) -> Vec<(Binding, String)> {
    let (step, said) = step(before, body);
    assert_eq!(said, Vec::<String>::new());
    let rules = step.unwrap().rules.list.into_iter();
    let rules = rules.map(|rule| (rule.condition.binding, rule.message));
    rules.collect()
}

const OFTEN: &str = "`talk`: more often than the line can";

#[test]
fn what_is_known_is_judged_when_the_grid_is_built() {
    let nothing = Vec::<String>::new();
    assert_eq!(said("", "word = \"four\""), nothing);
    assert_eq!(
        said("", "word = \"fives\""),
        ["`talk`: a word has at most 4 letters"]
    );
    assert_eq!(said("", "word = null"), nothing);
    let limited = |pause: &str| {
        let body = format!(
            "  timeouts {{\n    execution = \"2s\"\n  }}\n  arguments {{\n    pause = \"{pause}\"\n  }}"
        );
        step("", &body).1
    };
    assert_eq!(limited("1s"), nothing);
    assert_eq!(limited("2s"), ["`talk`: the pause is longer than the step"]);
    assert_eq!(said("", "pause = \"1h\""), nothing);
}

#[test]
fn defaults_stand_for_what_the_grid_leaves_out() {
    // A step that names no line is given one with defaults.
    assert_eq!(said("", "times = 3"), Vec::<String>::new());
    assert_eq!(said("", "times = 4"), [OFTEN]);
    let line = "resource \"line\" \"fast\" {\n  arguments {\n    speed = 5\n  }\n}";
    let used = |times: u32| {
        let body = format!(
            "  uses {{\n    line = resource.line.fast\n  }}\n  arguments {{\n    times = {times}\n  }}"
        );
        step(line, &body).1
    };
    assert_eq!(used(5), Vec::<String>::new());
    assert_eq!(used(6), [OFTEN]);
}

#[test]
fn what_held_for_one_step_is_asked_again_where_another_gives_something_else() {
    let steps = |times: [u32; 3]| {
        let earlier = times.map(|times| {
            let arguments = format!("arguments {{\n    times = {times}\n  }}");
            format!("step \"talk\" \"t{times}\" {{\n  {arguments}\n}}\n")
        });
        said(&earlier.concat(), "times = 1")
    };
    assert_eq!(steps([1, 3, 0]), Vec::<String>::new());
    assert_eq!(steps([3, 4, 5]), [OFTEN, OFTEN]);
    let late = "step \"talk\" \"late\" {\n  arguments {\n    times = length(uuid())\n  }\n}";
    assert_eq!(said(late, "times = 4"), [OFTEN]);
}

#[test]
fn a_rule_of_an_asset_reads_what_it_is_built_on() {
    let lines = |fast: u32| {
        let lines = format!(
            "resource \"line\" \"base\" {{}}\nresource \"line\" \"top\" {{\n  uses {{\n    base = resource.line.base\n  }}\n  arguments {{\n    speed = {fast}\n  }}\n}}"
        );
        step(&lines, "  uses {\n    line = resource.line.top\n  }").1
    };
    assert_eq!(lines(3), Vec::<String>::new());
    assert_eq!(lines(4), ["`line`: a line is no faster than its base"]);
}

#[test]
fn what_is_known_later_is_left_to_the_program() {
    let variable =
        "variable \"word\" {\n  type = string\n}\nvariable \"times\" {\n  type = number\n}";
    let word = (Binding::Start, "a word has at most 4 letters".to_owned());
    assert_eq!(
        left(variable, "  arguments {\n    word = var.word\n  }"),
        std::slice::from_ref(&word)
    );
    // A rule that warns is not.
    assert_eq!(
        left(variable, "  arguments {\n    times = var.times\n  }"),
        [
            (Binding::Start, "more often than the line can".to_owned()),
            (Binding::Start, "so often only without load".to_owned()),
            (Binding::Start, "never".to_owned()),
        ]
    );
    assert_eq!(
        left("", "  arguments {\n    word = \"w${vu.id}\"\n  }"),
        [(Binding::Vu, word.1)]
    );
    // Half of it is known: the rest is not asked.
    assert_eq!(left("", "  arguments {\n    times = 1\n  }"), []);
    assert_eq!(
        said("", "times = 9")
            .iter()
            .filter(|text| text.contains("without load"))
            .count(),
        0
    );
}

#[test]
fn a_late_argument_is_computed_once_for_the_rule_and_for_the_module() {
    let (step, _) = step(
        "",
        "  count = 2\n  arguments {\n    word = uuid()\n    times = 1\n  }",
    );
    let step = step.unwrap();
    let [(id, value)] = step.rules.shared.as_slice() else {
        panic!("{:?}", step.rules.shared);
    };
    assert!(matches!(value.kind, TKind::Call { .. }));
    let [(0, word), (2, _)] = step.arguments.as_slice() else {
        panic!("{:?}", step.arguments);
    };
    assert!(matches!(word.kind, TKind::Bound(name) if name == *id));
    assert_eq!(word.binding, Binding::Iteration);
}

#[test]
fn what_an_asset_has_drawn_is_judged_by_nobody() {
    let line = "resource \"line\" \"drawn\" {\n  arguments {\n    speed = length(uuid())\n  }\n}";
    let body = "  uses {\n    line = resource.line.drawn\n  }\n  arguments {\n    times = 8\n  }";
    assert_eq!(left(line, body), []);
}

#[test]
fn a_condition_without_a_value_is_said_unless_it_reads_a_secret() {
    let found = said("", "times = 2");
    let text = "`talk`: a rule of the module has no value for these arguments: ";
    assert!(
        found.len() == 1 && found[0].starts_with(text) && found[0].contains("zero"),
        "{found:?}"
    );
    let line = "resource \"line\" \"kept\" {\n  arguments {\n    secret = \"x\"\n  }\n}";
    assert_eq!(
        step(line, "  uses {\n    line = resource.line.kept\n  }").1,
        ["`talk`: a rule of the module has no value for these arguments"]
    );
}

#[test]
fn a_step_whose_rule_reads_a_secret_of_its_asset_keeps_its_faults_to_itself() {
    let line = "variable \"secret\" {\n  type = string\n}\nresource \"line\" \"kept\" {\n  arguments {\n    secret = var.secret\n  }\n}";
    let (step, said) = step(line, "  uses {\n    line = resource.line.kept\n  }");
    assert_eq!(said, Vec::<String>::new());
    let step = step.unwrap();
    assert_eq!(step.rules.list.len(), 1);
    assert!(step.sensitive);
}

#[test]
fn an_item_that_is_written_is_judged_beside_late_ones() {
    let quit = ["`talk`: nobody hangs up"];
    assert_eq!(said("", "command = [\"quit\", vu.id]"), quit);
    let left = |before: &str, command: &str| {
        left(
            before,
            &format!("  arguments {{\n    command = {command}\n  }}"),
        )
    };
    assert_eq!(left("", "[\"say\", vu.id]"), []);
    let message = "nobody hangs up".to_owned();
    let variable = "variable \"word\" {\n  type = string\n  default = \"say\"\n}";
    assert_eq!(
        left(variable, "[var.word, vu.id]"),
        [(Binding::Start, message.clone())]
    );
    let late = left("", "[\"a-${vu.id}\", 1]");
    assert_eq!(late, [(Binding::Vu, message.clone())]);
    // Which item that is shows later.
    let late = left("", "split(\" \", \"say ${vu.id}\")");
    assert_eq!(late, [(Binding::Vu, message)]);
}

#[test]
fn what_is_known_of_an_argument_is_judged_and_the_rest_by_nobody() {
    let shouts = ["`talk`: nobody shouts"];
    let words = "locals {\n  words = [\"say\", vu.id, \"shout\"]\n}";
    assert_eq!(said("", "command = [\"say\", \"shout\"]"), shouts);
    assert_eq!(said("", "command = [vu.id, \"Shout\"]"), shouts);
    assert_eq!(said(words, "command = local.words"), shouts);
    let left = |command: &str| {
        let rules = left(
            "",
            &format!("  arguments {{\n    command = {command}\n  }}"),
        );
        let messages = rules.into_iter().map(|(_, message)| message);
        messages
            .filter(|message| message.contains("shouts"))
            .count()
    };
    assert_eq!(left("[\"say\", \"shout${vu.id}\"]"), 0);
    assert_eq!(left("[for n in range(vu.id) : \"shout\"]"), 0);
}

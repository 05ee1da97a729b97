//! The reader of manifests.

use super::*;
use bggo_values::{Type, Value};

fn faults(text: &str) -> Vec<(usize, String)> {
    read(text)
        .unwrap_err()
        .into_iter()
        .map(|fault| (fault.line(text), fault.text))
        .collect()
}

#[test]
fn a_whole_manifest_is_read() {
    let manifest = read(
        r#"
description = "Talks"
runner "say" {
  description = "Says"
  uses "mouth" {
    asset    = "mouth"
    optional = true
  }
  input "text" {
    type     = string
    required = true
  }
  input "pause" {
    type    = duration
    default = "1s"
  }
  input "body" {
    type = any
    form = "json"
  }
  output "heard" { type = list(string) }
  metric "volume" {
    kind = "trend"
    unit = "time"
  }
  error "deaf" { description = "Nobody listens" }
}
asset "mouth" {
  scope  = "worker"
  scopes = ["vu"]
  output "size" { type = number }
}
"#,
    )
    .unwrap();
    let say = &manifest.runners[0];
    assert_eq!(
        (
            say.name.as_str(),
            say.uses[0].optional,
            say.inputs[0].required
        ),
        ("say", true, true)
    );
    assert_eq!(
        say.inputs[1].default,
        Some(Value::Duration(std::time::Duration::from_secs(1)))
    );
    assert_eq!(say.inputs[2].form, Form::Json);
    assert_eq!(say.outputs[0].ty, Type::list(Type::String));
    assert_eq!(say.metrics[0].kind, MetricKind::Trend);
    assert_eq!(say.errors[0].name, "deaf");
    let mouth = &manifest.assets[0];
    assert_eq!(
        (mouth.scope, mouth.scopes.as_slice()),
        (
            Lifetime::Worker,
            &[Lifetime::Worker, Lifetime::Vu, Lifetime::Iteration][..]
        )
    );
}

#[test]
fn every_fault_is_reported_with_its_line() {
    let text = "runner \"a\" {\n  colour = 1\n  input \"x\" { type = number\n default = \"many\" }\n  lifecycle {}\n}\nthing \"b\" {}\n";
    let found = faults(text);
    assert_eq!(
        found.iter().map(|(line, _)| *line).collect::<Vec<_>>(),
        [2, 4, 5, 7],
        "{found:?}"
    );
    assert!(found[0].1.contains("`colour`"), "{found:?}");
    assert!(found[1].1.contains("does not fit type number"), "{found:?}");
    assert!(found[2].1.contains("`create` and `destroy`"), "{found:?}");
    assert!(found[3].1.contains("`thing`"), "{found:?}");
}

#[test]
fn names_given_twice_and_bad_names_are_faults() {
    let found = faults(
        "runner \"a\" {\n  input \"x\" { type = any }\n  input \"x\" { type = any }\n}\nasset \"A-b\" {}\n",
    );
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(
        found[0].1.contains("`x` is given twice") && found[0].0 == 3,
        "{found:?}"
    );
    assert!(found[1].1.contains("`A-b` is no name"), "{found:?}");
}

#[test]
fn names_that_would_be_one_in_rust_are_faults_wherever_they_stand() {
    let found = faults(
        "runner \"a_b\" {\n  error \"x1\" {}\n  error \"x_1\" {}\n  metric \"m\" { kind = \"trend\" }\n  metric \"m\" { kind = \"trend\" }\n}\nasset \"ab\" {}\n",
    );
    let texts: Vec<String> = found
        .into_iter()
        .map(|(line, text)| format!("{line}: {text}"))
        .collect();
    assert_eq!(
        texts,
        [
            "3: error `x_1` is too much like `x1`: they differ only by `_`",
            "5: metric `m` is given twice",
            "7: runner or asset `ab` is too much like `a_b`: they differ only by `_`",
        ]
    );
}

#[test]
fn an_asset_uses_assets_of_its_manifest_its_own_kind_too() {
    let text = "asset \"a\" {\n  uses \"x\" { asset = \"b\" }\n  uses \"y\" {\n    asset    = \"a\"\n    optional = true\n  }\n}\nasset \"b\" {}\n";
    let manifest = read(text).unwrap();
    let uses: Vec<_> = manifest.assets[0].uses.iter().collect();
    assert_eq!((uses[0].name.as_str(), uses[0].asset.as_str()), ("x", "b"));
    assert_eq!((uses[1].asset.as_str(), uses[1].optional), ("a", true));
    let faults = read("asset \"a\" {\n  uses \"x\" { asset = \"gone\" }\n}\n").unwrap_err();
    assert_eq!(faults[0].text, "this manifest has no asset `gone`");
}

#[test]
fn a_runner_uses_assets_of_its_manifest() {
    let text = "runner \"a\" {\n  uses \"x\" { asset = \"there\" }\n  uses \"y\" { asset = \"gone\" }\n}\nasset \"there\" {}\n";
    assert_eq!(
        faults(text),
        [(3, "this manifest has no asset `gone`".to_owned())]
    );
}

#[test]
fn a_required_input_has_no_default_and_one_of_is_for_strings() {
    let found = faults(
        "runner \"a\" {\n  input \"x\" {\n    type = number\n    required = true\n    default = 1\n    one_of = [\"a\"]\n  }\n}\n",
    );
    assert_eq!(found.len(), 2, "{found:?}");
}

#[test]
fn a_syntax_error_has_its_place() {
    let found = faults("runner \"a\" {\n  input \"x\n}\n");
    assert_eq!(found[0].0, 2, "{found:?}");
}

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
    assert_eq!((uses[0].name.as_str(), uses[0].default_asset()), ("x", "b"));
    assert_eq!((uses[1].default_asset(), uses[1].optional), ("a", true));
    let faults = read("asset \"a\" {\n  uses \"x\" { asset = \"gone\" }\n}\n").unwrap_err();
    assert_eq!(
        faults[0].text,
        "this manifest has no asset `gone`; one of another module needs `module`"
    );
}

#[test]
fn a_runner_uses_assets_of_its_manifest() {
    let text = "runner \"a\" {\n  uses \"x\" { asset = \"there\" }\n  uses \"y\" { asset = \"gone\" }\n}\nasset \"there\" {}\n";
    assert_eq!(
        faults(text),
        [(
            3,
            "this manifest has no asset `gone`; one of another module needs `module`".to_owned()
        )]
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

#[test]
fn bounds_patterns_and_rules_are_read() {
    let text = r#"
runner "send" {
  input "limit" {
    type      = duration
    default   = "1s"
    more_than = "0s"
    max       = "1h"
  }
  input "port" {
    type = number
    min  = 1
    max  = 65535
  }
  input "hosts" {
    type            = list(string)
    min_length      = 1
    pattern         = "^[a-z]+$"
    pattern_message = "write a host"
  }
  input "text" { type = string }
  input "file" { type = string }
  rule { conflicts = ["text", "file"] }
  rule {
    when          = ["port"]
    at_least_one  = ["hosts"]
    error_message = "a port needs its host"
    severity      = "warning"
  }
}
"#;
    let manifest = read(text).unwrap();
    let runner = &manifest.runners[0];
    let bounds = |place: usize| -> Vec<String> {
        let bounds = runner.inputs[place].bounds.iter();
        bounds.map(ToString::to_string).collect()
    };
    assert_eq!(
        bounds(0),
        ["must be at most 1h0m0s", "must be more than 0s"]
    );
    assert_eq!(bounds(1), ["must be at least 1", "must be at most 65535"]);
    assert_eq!(bounds(2), ["must have a length of at least 1"]);
    let pattern = runner.inputs[2].pattern.as_ref().unwrap();
    assert_eq!(
        (pattern.regex.as_str(), pattern.message.as_str()),
        ("^[a-z]+$", "write a host")
    );
    assert_eq!(
        runner.rules[0].text(),
        "at most one of `text`, `file` may be given"
    );
    assert_eq!(runner.rules[1].text(), "a port needs its host");
    assert_eq!(runner.rules[1].severity, Severity::Warning);
}

#[test]
fn keys_and_values_of_a_map_have_patterns() {
    let text = r#"runner "a" {
  input "x" {
    type                = map(string)
    pattern             = "^v$"
    key_pattern         = "^k$"
    key_pattern_message = "write k"
  }
}
"#;
    let input = &read(text).unwrap().runners[0].inputs[0];
    let regex = |pattern: &Option<Pattern>| pattern.as_ref().map(|pattern| pattern.regex.clone());
    assert_eq!(regex(&input.pattern).as_deref(), Some("^v$"));
    assert_eq!(regex(&input.key_pattern).as_deref(), Some("^k$"));
    let wrong = "runner \"a\" {\n  input \"x\" {\n    type = string\n    key_pattern = \"a\"\n  }\n  input \"y\" {\n    type = map(string)\n    key_pattern_message = \"b\"\n  }\n}\n";
    assert_eq!(
        faults(wrong),
        [
            (2, "`key_pattern` is for inputs that are maps".to_owned()),
            (
                6,
                "`key_pattern_message` belongs to a `key_pattern`".to_owned()
            ),
        ]
    );
}

#[test]
fn a_rule_with_a_condition_keeps_its_text_and_its_line() {
    let text = r#"runner "send" {
  input "text" { type = string }
  rule {
    when = ["text"]
    condition = (
      length(input.text) < 3 ||
      scenario.loaded
    )
    error_message = "too long"
  }
}
"#;
    let rule = &read(text).unwrap().runners[0].rules[0];
    let condition = Condition {
        text: "(\n      length(input.text) < 3 ||\n      scenario.loaded\n    )".to_owned(),
        line: 5,
    };
    assert_eq!(rule.demand, Demand::Condition(condition));
    assert_eq!(rule.text(), "too long");
    assert!(!rule.is_broken(|_| Given::Yes));
    for (given, applies) in [
        (Given::Yes, Given::Yes),
        (Given::No, Given::No),
        (Given::Perhaps, Given::Perhaps),
    ] {
        assert_eq!(rule.applies(|_| given), applies);
    }
}

#[test]
fn a_rule_demands_one_thing_and_says_it() {
    let with = |rule: &str| {
        let text = format!(
            "runner \"a\" {{\n  input \"x\" {{ type = string }}\n  rule {{\n{rule}\n  }}\n}}\n"
        );
        faults(&text)
    };
    let one = "a rule has `conflicts`, `at_least_one` or a `condition`, one of them";
    let both = "conflicts = [\"x\"]\n condition = true\n error_message = \"no\"";
    assert_eq!(with(both), [(3, one.to_owned())]);
    let silent = "a rule with a `condition` has an `error_message` that says what to write";
    assert_eq!(
        with("condition = input.x == null"),
        [(3, silent.to_owned())]
    );
}

#[test]
fn values_are_compared_with_bounds() {
    let allows = |bound: Bound, value: Value| bound.allows(&value);
    let nothing = || Value::Duration(std::time::Duration::ZERO);
    let second = || Value::Duration(std::time::Duration::from_secs(1));
    assert!(!allows(Bound::MoreThan(nothing()), nothing()));
    assert!(allows(Bound::MoreThan(nothing()), second()));
    assert!(allows(Bound::MoreThan(nothing()), Value::Null));
    assert!(!allows(Bound::Min(Value::number(1)), Value::number(0)));
    assert!(allows(Bound::Max(Value::number(1)), Value::number(1)));
    assert!(!allows(Bound::MaxLength(2), Value::from("abc")));
    assert!(allows(Bound::MaxLength(2), Value::from("\u{e4}\u{f6}")));
    assert!(!allows(Bound::MinLength(1), Value::list(&[])));
    assert!(allows(Bound::MinLength(1), Value::number(7)));
}

#[test]
fn a_rule_is_broken_only_by_what_is_certain() {
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    let rule = |when: &[&str], demand: Demand| Rule {
        when: names(when),
        demand,
        error_message: String::new(),
        severity: Severity::Error,
    };
    let given = |name: &str| match name {
        "yes" | "also" => Given::Yes,
        "no" => Given::No,
        _ => Given::Perhaps,
    };
    let conflicts = |list: &[&str]| rule(&[], Demand::Conflicts(names(list)));
    assert!(conflicts(&["yes", "no", "also"]).is_broken(given));
    assert!(!conflicts(&["yes", "no", "perhaps"]).is_broken(given));
    let needs = |when: &[&str], list: &[&str]| rule(when, Demand::AtLeastOne(names(list)));
    assert!(needs(&[], &["no"]).is_broken(given));
    assert!(!needs(&[], &["no", "perhaps"]).is_broken(given));
    assert!(!needs(&["no", "perhaps"], &["no"]).is_broken(given));
    assert!(needs(&["no", "yes"], &["no"]).is_broken(given));
}

#[test]
fn faults_of_bounds_patterns_and_rules_have_their_line() {
    let text = r#"runner "a" {
  input "x" {
    type = string
    min = 1
  }
  input "y" {
    type = number
    max = "many"
    default = 0
    more_than = 0
  }
  input "z" { type = bool
    pattern = "a"
    pattern_message = "b"
    min_length = -1
  }
  rule { conflicts = ["x", "gone"] }
  rule { at_least_one = ["y"] }
  rule { severity = "loud" }
}
"#;
    let lines: Vec<usize> = faults(text).into_iter().map(|(line, _)| line).collect();
    assert_eq!(
        lines,
        [4, 6, 8, 12, 15, 17, 18, 19, 19],
        "{:?}",
        faults(text)
    );
}

#[test]
fn an_asset_of_another_module_is_used_by_its_module() {
    let text = "runner \"a\" {\n  uses \"client\" {\n    module = \"http_request\"\n    asset  = \"http_client\"\n  }\n}\n";
    let used = &read(text).unwrap().runners[0].uses[0];
    assert_eq!(
        (used.module.as_deref(), used.default_asset()),
        (Some("http_request"), "http_client")
    );
}

#[test]
fn a_use_takes_one_of_several_kinds_of_asset() {
    let text = "runner \"query\" {\n  uses \"db\" { asset = [\"connection\", \"pool\"] }\n  uses \"log\" { asset = [\"pool\"] }\n}\nasset \"connection\" {}\nasset \"pool\" {}\n";
    let uses = &read(text).unwrap().runners[0].uses;
    assert_eq!(uses[0].assets, ["connection", "pool"]);
    assert_eq!(
        (uses[0].default_asset(), uses[0].has_alternatives()),
        ("connection", true)
    );
    assert!(uses[0].takes("pool") && !uses[0].takes("query"));
    assert!(!uses[1].has_alternatives());
    // Of another module it is not known yet what there is.
    let text = "asset \"session\" {\n  uses \"db\" {\n    module = \"postgres\"\n    asset = [\"connection\", \"pool\"]\n  }\n}\n";
    let used = &read(text).unwrap().assets[0].uses[0];
    assert_eq!(used.module.as_deref(), Some("postgres"));
    assert_eq!(used.assets, ["connection", "pool"]);
}

#[test]
fn kinds_of_asset_that_are_wrong_are_faults() {
    let of = |asset: &str| {
        let text = format!("runner \"a\" {{\n  uses \"x\" {{ {asset} }}\n}}\nasset \"b_c\" {{}}\n");
        faults(&text)
            .into_iter()
            .map(|(_, text)| text)
            .collect::<Vec<_>>()
    };
    let wrong = "`asset` is the name of an asset, or a list of such names";
    assert_eq!(of(""), ["`uses` names the kind of its `asset`"]);
    for asset in ["[]", "\"\"", "[\"b_c\", 1]", "{}"] {
        assert_eq!(of(&format!("asset = {asset}")), [wrong], "{asset}");
    }
    assert_eq!(
        of("asset = [\"b_c\", \"gone\"]"),
        ["this manifest has no asset `gone`; one of another module needs `module`"]
    );
    assert_eq!(
        of("asset = [\"b_c\", \"b_c\"]"),
        ["asset `b_c` is given twice"]
    );
    let alike = of("module = \"other\"\n asset = [\"b_c\", \"bc\"]");
    assert_eq!(
        alike,
        ["asset `bc` is too much like `b_c`: they differ only by `_`"]
    );
}

#[test]
fn an_input_that_asks_for_its_shape_has_a_carrier_of_its_own() {
    let text = "runner \"a\" {\n  input \"x\" {\n    type  = list(any)\n    shape = true\n  }\n  input \"y\" {\n    type  = map(string)\n    shape = false\n  }\n}\n";
    let inputs = read(text).unwrap().runners.remove(0).inputs;
    assert_eq!(
        (inputs[0].shape, inputs[0].carrier()),
        (true, Carrier::Shape)
    );
    assert_eq!(
        (inputs[1].shape, inputs[1].carrier()),
        (false, Carrier::Value)
    );
}

#[test]
fn shapes_are_for_values_of_runners_that_have_parts() {
    let text = r#"runner "a" {
  input "scalar" {
    type = string
    shape = true
  }
  input "unordered" {
    type = set(string)
    shape = true
  }
  input "json" {
    type = any
    form = "json"
    shape = true
  }
  input "shown" {
    type = any
    shown = true
    shape = true
  }
  input "word" {
    type = any
    shape = "yes"
  }
}
asset "b" {
  input "x" {
    type = any
    shape = true
  }
}
"#;
    assert_eq!(
        faults(text),
        [
            (4, "`shape` is for inputs of type list, map, object, tuple and any"),
            (8, "`shape` is for inputs of type list, map, object, tuple and any"),
            (13, "`shape` is for values, and `form = \"json\"` gives a text"),
            (18, "`shape` and `shown` do not go together: sensitive parts are taken out of whole values"),
            (22, "`shape` is true or false"),
            (25, "`shape` is for inputs of runners: an asset is created with the whole of `x`"),
        ]
        .map(|(line, text)| (line, text.to_owned()))
    );
}

#[test]
fn metrics_of_attempts_are_no_runners_own() {
    for name in ["attempts", "retries"] {
        let metric = format!("  metric \"{name}\" {{ kind = \"counter\" }}");
        let text = format!("runner \"x\" {{\n{metric}\n}}\n");
        let fault = format!(
            "`{name}` is a metric of every step that is tried again: give this one another name"
        );
        assert_eq!(faults(&text), [(2, fault)]);
        read(&format!("asset \"x\" {{\n{metric}\n}}\n")).unwrap();
    }
}

#[test]
fn a_kind_of_failure_that_means_a_panic_is_no_modules_own() {
    for owner in ["runner", "asset"] {
        let text = format!("{owner} \"x\" {{\n  error \"bug\" {{}}\n}}\n");
        assert_eq!(
            faults(&text),
            [(
                2,
                "`bug` is the kind of failure of what panicked: give this one another name"
                    .to_owned()
            )]
        );
    }
}

#[test]
fn an_asset_that_spawns_lives_for_a_worker_or_the_run() {
    let asset = |scopes: &str| format!("asset \"sender\" {{\n{scopes}  spawns = true\n}}\n");
    let text = asset("  scope = \"worker\"\n  scopes = [\"run\"]\n");
    let manifest = read(&text).unwrap();
    assert_eq!(manifest.assets[0].scopes, [Lifetime::Run, Lifetime::Worker]);
    for scopes in ["", "  scope = \"run\"\n  scopes = [\"iteration\"]\n"] {
        let found = faults(&asset(scopes));
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].1.contains("`spawns`"), "{found:?}");
    }
}

#[test]
fn a_value_of_an_input_may_link_a_crate() {
    let text = r#"
asset "sum" {
  input "way" {
    type   = string
    one_of = ["plain", "fast", "slow"]
    link "fast" {
      crate = "bggo-sum-fast"
      path  = "ways/fast"
    }
    link "plain" {
      crate          = "bggo-sum-plain"
      path           = "ways/plain"
      shares_sockets = true
    }
  }
}
"#;
    let manifest = read(text).unwrap();
    let input = &manifest.assets[0].inputs[0];
    let link = LinkedCrate {
        value: "fast".to_owned(),
        crate_name: "bggo-sum-fast".to_owned(),
        path: "ways/fast".to_owned(),
        shares_sockets: false,
    };
    let plain = LinkedCrate {
        value: "plain".to_owned(),
        crate_name: "bggo-sum-plain".to_owned(),
        path: "ways/plain".to_owned(),
        shares_sockets: true,
    };
    assert_eq!(input.link(&Value::text("fast")), Some(&link));
    assert_eq!(input.link(&Value::text("plain")), Some(&plain));
    assert_eq!(input.link(&Value::text("slow")), None);
    let linked = manifest.linked_crates();
    assert_eq!(linked.collect::<Vec<_>>(), [&link, &plain]);
}

#[test]
fn what_is_wrong_with_a_link_is_said_at_its_line() {
    let text = r#"
runner "sum" {
  input "way" {
    type   = string
    one_of = ["plain", "fast"]
    link "fast" {
      crate = "bggo-sum-fast"
      path  = "fast"
    }
    link "fast" {
      crate = "bggo-sum-faster"
      path  = "faster"
    }
    link "slow" {
      crate = "bggo-sum-slow"
      path  = "slow"
    }
    link {
      crate = "x"
      path  = "x"
    }
    link "plain" {
      crate   = "../plain"
      path    = "../plain"
      version = "1"
    }
    note "plain" {}
  }
  input "way_link" { type = string }
}
"#;
    assert_eq!(
        faults(text),
        [
            (2, "the module gets the link of `way` as `way_link`, so no input has this name"),
            (10, "the link of \"fast\" is given twice"),
            (14, "a link is for a value of `one_of`, and \"slow\" is none"),
            (18, "`link` has one label, the value that links"),
            (22, "a link names its `crate`: letters, digits, `-` and `_`, beginning with a letter"),
            (22, "a link has the `path` of its crate, a folder in that of the module, such as `path = \"fast\"`"),
            (25, "a link has no attribute `version`"),
            (27, "an input has `link` blocks, not `note`"),
        ]
        .map(|(line, text)| (line, text.to_owned()))
    );
}

#[test]
fn an_input_names_a_document_that_types_an_output() {
    let text = r#"
runner "ask" {
  input "schema" {
    type        = string
    read        = "build"
    as          = ["json_schema", "openapi"]
    description = "What it answers."
  }
  output "answer" {
    type      = any
    type_from = input.schema
  }
}
"#;
    let manifest = read(text).unwrap();
    let runner = &manifest.runners[0];
    let kinds = [DocumentKind::JsonSchema, DocumentKind::OpenApi];
    assert_eq!(runner.inputs[0].reads, kinds);
    assert!(runner.inputs[0].is_document());
    let from = TypeFrom::Document("schema".to_owned());
    assert_eq!(runner.outputs[0].type_from, Some(from));
}

#[test]
fn documents_that_cannot_give_a_type_are_faults() {
    let text = r#"
runner "ask" {
  input "plain" { type = string }
  input "late" {
    type = string
    read = "start"
    as   = ["json_schema"]
  }
  input "kind" {
    type = string
    read = "build"
    as   = ["json_shema"]
  }
  input "none" {
    type = string
    read = "build"
  }
  input "alone" {
    type = string
    as   = ["openapi"]
  }
  input "list" {
    type      = list(string)
    read      = "build"
    as        = ["openapi"]
    sensitive = true
  }
  input "unread" {
    type = string
    read = "build"
    as   = ["openapi"]
  }
  output "a" {
    type      = string
    type_from = input.list
  }
  output "b" {
    type      = any
    type_from = input.plain
  }
  output "c" {
    type      = any
    type_from = input.nobody
  }
  output "d" {
    type      = any
    type_from = "late"
  }
  output "e" {
    type      = any
    type_from = input.late
  }
  rule { conflicts = ["unread", "plain"] }
}

asset "shop" {
  input "schema" {
    type = string
    read = "build"
    as   = ["openapi"]
  }
  output "answer" {
    type      = any
    type_from = input.schema
  }
}
"#;
    assert_eq!(
        faults(text),
        [
            (6, "`read` is \"build\": when the grid is built"),
            (12, "there is no kind of document \"json_shema\": there are \"json_schema\", \"openapi\", \"protobuf\", \"protobuf_set\", \"folders\", \"columns\", \"statements\""),
            (16, "`as` lists the kinds of document that are read: \"json_schema\", \"openapi\", \"protobuf\", \"protobuf_set\", \"folders\", \"columns\", \"statements\""),
            (20, "`as` belongs to `read = \"build\"`"),
            (22, "`list` is read when the grid is built: it is a string, with `required` and `description` alone"),
            (28, "nothing has the type that `unread` reads: an output says `type_from = input.unread`"),
            (35, "with `type_from` the type is any: a document says what it is"),
            (37, "input `plain` has no `read = \"build\"`: it gives no type"),
            (41, "there is no input `nobody`"),
            (47, "`type_from` is an input that names a document, `input.NAME`, or a message of a method, `input.NAME.request` or `uses.KEY.NAME.response`"),
            (53, "input `unread` is read when the grid is built: only a `condition` can be about it"),
            (62, "`type_from` is for outputs of runners"),
        ]
        .map(|(line, text)| (line, text.to_owned()))
    );
}

#[test]
fn columns_type_a_row_and_a_list_of_rows() {
    let text = r#"
runner "query" {
  input "columns" {
    type = map(string)
    read = "build"
    as   = ["columns"]
  }
  input "list" {
    type = list(string)
    read = "build"
    as   = ["columns"]
  }
  input "schema" {
    type = string
    read = "build"
    as   = ["json_schema"]
  }
  input "validate" {
    type = bool
    read = "build"
  }
  output "row" {
    type      = any
    type_from = input.columns
  }
  output "rows" {
    type      = list(any)
    type_from = input.columns
  }
  output "more" {
    type      = any
    type_from = input.list
  }
  output "items" {
    type      = list(any)
    type_from = input.schema
  }
  output "validated" {
    type         = any
    type_from    = input.columns
    validated_by = input.validate
  }
}
"#;
    assert_eq!(
        faults(text),
        [
            (8, "`list` is read when the grid is built: it is a map of strings, with `required` and `description` alone"),
            (34, "with `type_from` the type is any: a document says what it is"),
            (38, "columns say nothing by which a value is validated"),
        ]
        .map(|(line, text)| (line, text.to_owned()))
    );
}

#[test]
fn columns_are_found_by_a_text_in_a_file_that_an_asset_names() {
    let text = r#"
asset "server" {
  input "file" {
    type = string
    read = "build"
    as   = ["statements"]
  }
}
runner "query" {
  uses "server" { asset = "server" }
  input "sql" {
    type     = string
    required = true
  }
  input "columns" {
    type     = map(string)
    read     = "build"
    as       = ["columns"]
    found_by = input.sql
  }
  output "row" {
    type      = any
    type_from = input.columns
  }
}
"#;
    let manifest = read(text).unwrap();
    let columns = &manifest.runners[0].inputs[1];
    assert_eq!(columns.found_by.as_deref(), Some("sql"));
    // What comes may be something else, so the module sees them. It does not see the file.
    assert!(!columns.is_read_when_built());
    assert!(manifest.assets[0].inputs[0].is_read_when_built());
    let text = text.replace(
        "required = true",
        "required = true\n    found_by = input.sql",
    );
    let text = text.replace(
        "found_by = input.sql\n  }\n  output",
        "found_by = input.number\n  }\n  input \"number\" {\n    type = number\n  }\n  output",
    );
    assert_eq!(
        faults(&text),
        [
            (14, "`found_by` is for an input of the kind \"columns\""),
            (16, "there is no input `number` of type string"),
        ]
        .map(|(line, text)| (line, text.to_owned()))
    );
    let text = text.replace("found_by = input.number", "found_by = \"sql\"");
    let wrong = "`found_by` is the input by whose text columns are found: `input.NAME`";
    assert!(faults(&text).contains(&(20, wrong.to_owned())));
}

#[test]
fn a_switch_says_whether_an_output_is_validated() {
    let text = r#"
runner "ask" {
  input "schema" {
    type = string
    read = "build"
    as   = ["json_schema"]
  }
  input "validate" {
    type = bool
    read = "build"
  }
  output "answer" {
    type         = any
    type_from    = input.schema
    validated_by = input.validate
  }
}
"#;
    let manifest = read(text).unwrap();
    let runner = &manifest.runners[0];
    assert!(runner.inputs[1].is_switch);
    assert!(!runner.inputs[1].is_document());
    assert!(runner.inputs[1].is_read_when_built());
    let by = Some("validate".to_owned());
    assert_eq!(runner.outputs[0].validated_by, by);
}

#[test]
fn switches_that_say_nothing_are_faults() {
    let text = r#"
runner "ask" {
  input "schema" {
    type = string
    read = "build"
    as   = ["json_schema"]
  }
  input "idle" {
    type = bool
    read = "build"
  }
  input "twice" {
    type = bool
    read = "build"
  }
  input "full" {
    type    = bool
    read    = "build"
    default = true
  }
  input "late" { type = bool }
  output "a" {
    type         = any
    type_from    = input.schema
    validated_by = input.twice
  }
  output "b" {
    type         = any
    type_from    = input.schema
    validated_by = input.twice
  }
  output "c" {
    type         = any
    type_from    = input.schema
    validated_by = input.late
  }
  output "d" {
    type         = any
    type_from    = input.schema
    validated_by = input.nobody
  }
  output "e" {
    type         = any
    validated_by = input.full
  }
  output "f" {
    type         = any
    type_from    = input.schema
    validated_by = true
  }
}
"#;
    assert_eq!(
        faults(text),
        [
            (8, "nothing is validated by `idle`: an output says `validated_by = input.idle`"),
            (12, "`twice` says one thing alone: of one output whether it is validated, or whether messages are stamped"),
            (16, "`full` is read when the grid is built: it is a bool, with a `description` alone"),
            (32, "input `late` is no bool with `read = \"build\"`"),
            (37, "there is no input `nobody`"),
            (44, "what is validated has its type from a document: `type_from = input.NAME`"),
            (49, "`validated_by` is the input that says whether the output is validated: `input.NAME`"),
        ]
        .map(|(line, text)| (line, text.to_owned()))
    );
}

#[test]
fn an_input_selects_a_method_whose_messages_type_others() {
    let text = r#"
asset "client" {
  input "proto" {
    type = list(string)
    read = "build"
    as   = ["protobuf"]
  }
  input "paths" {
    type = list(string)
    read = "build"
    as   = ["folders"]
  }
  input "set" {
    type = string
    read = "build"
    as   = ["protobuf_set"]
  }
}
asset "stream" {
  uses "client" { asset = "client" }
  input "method" {
    type     = string
    required = true
    selects  = uses.client
    streams  = true
  }
}
runner "call" {
  uses "client" { asset = "client" }
  input "method" {
    type     = string
    required = true
    selects  = uses.client
  }
  input "message" {
    type      = any
    shape     = true
    type_from = input.method.request
  }
  output "messages" {
    type      = list(any)
    type_from = input.method.response
  }
}
runner "send" {
  uses "stream" { asset = "stream" }
  input "message" {
    type      = any
    type_from = uses.stream.method.request
  }
}
"#;
    let manifest = read(text).unwrap();
    let call = &manifest.runners[0];
    assert_eq!(call.inputs[0].selects.as_deref(), Some("client"));
    let of_stream = &manifest.assets[1].inputs[0];
    assert_eq!((of_stream.streams, call.inputs[0].streams), (true, false));
    assert_eq!(call.inputs[0].carrier(), Carrier::Method);
    let of = |by: Option<&str>, side| MessageOf {
        by: by.map(str::to_owned),
        input: "method".to_owned(),
        side,
    };
    assert_eq!(call.inputs[1].type_from, Some(of(None, Side::Request)));
    let response = TypeFrom::Message(of(None, Side::Response));
    assert_eq!(call.outputs[0].type_from, Some(response));
    let send = &manifest.runners[1];
    assert_eq!(
        send.inputs[0].type_from,
        Some(of(Some("stream"), Side::Request))
    );
}

#[test]
fn methods_that_nothing_declares_are_faults() {
    let text = r#"
asset "client" {
  input "proto" {
    type = string
    read = "build"
    as   = ["protobuf"]
  }
  input "more" {
    type = list(string)
    read = "build"
    as   = ["protobuf", "openapi"]
  }
}
asset "alone" {
  input "paths" {
    type = list(string)
    read = "build"
    as   = ["folders"]
  }
  input "message" {
    type      = any
    type_from = input.method.request
  }
}
runner "call" {
  uses "client" { asset = "client" }
  uses "perhaps" {
    asset    = "client"
    optional = true
  }
  uses "alone" { asset = "alone" }
  input "proto" {
    type = list(string)
    read = "build"
    as   = ["protobuf"]
  }
  input "one" {
    type    = string
    selects = uses.client
  }
  input "two" {
    type     = string
    required = true
    selects  = uses.perhaps
  }
  input "three" {
    type     = string
    required = true
    selects  = uses.alone
  }
  input "four" {
    type     = string
    required = true
    selects  = "client"
  }
  input "five" {
    type      = string
    type_from = input.one.request
    streams   = true
  }
  input "six" {
    type      = any
    type_from = input.five.request
  }
  input "seven" {
    type      = any
    type_from = input.one
  }
  output "eight" {
    type      = any
    type_from = uses.client.one.request
  }
  output "nine" {
    type      = any
    type_from = input.one
  }
}
"#;
    let found = faults(text);
    let expected = [
        (
            3,
            "`proto` is read when the grid is built: it is a list of strings, with `required` and `description` alone",
        ),
        (
            8,
            "\"protobuf\", \"protobuf_set\", \"folders\", \"columns\" and \"statements\" stand alone in `as`",
        ),
        (
            8,
            "`more` is read when the grid is built: it is a string, with `required` and `description` alone",
        ),
        (
            8,
            "nothing has the type that `more` reads: an output says `type_from = input.more`",
        ),
        (
            15,
            "\"folders\" are where the files of an input of the kind \"protobuf\" are looked for, and there is none",
        ),
        (20, "`type_from` is for inputs and outputs of runners"),
        (
            32,
            "`proto` belongs in an asset, whose methods runners select",
        ),
        (
            37,
            "`one` selects a method when the grid is built: it is a string that is `required`, with a `description` alone",
        ),
        (
            41,
            "`perhaps` is optional, and without it there is no method",
        ),
        (
            46,
            "`alone` is no asset of this manifest with an input of the kind \"protobuf\" or \"protobuf_set\"",
        ),
        (
            54,
            "`selects` is the use whose asset names the `.proto` files: `uses.KEY`",
        ),
        (
            56,
            "`five` selects no method, so `streams` says nothing of it",
        ),
        (
            58,
            "with `type_from` the type is any or list(any): the method says of which message",
        ),
        (61, "`input.five` is no input that selects a method"),
        (
            67,
            "an input has the type of a message, such as `input.one.request`: a schema is for outputs",
        ),
        (69, "`uses.client.one` is no input that selects a method"),
        (
            73,
            "input `one` selects a method: the type is that of `input.one.request` or `input.one.response`",
        ),
    ];
    assert_eq!(found, expected.map(|(line, text)| (line, text.to_owned())));
}

#[test]
fn a_runner_says_without_which_inputs_it_has_no_effect() {
    let of = |attribute: &str| {
        let text =
            format!("runner \"a\" {{\n  {attribute}\n  input \"x\" {{ type = number }}\n}}\n");
        read(&text).map(|manifest| manifest.runners[0].no_effect_without.clone())
    };
    assert_eq!(of("").unwrap(), None);
    assert_eq!(of("no_effect_without = []").unwrap(), Some(Vec::new()));
    assert_eq!(
        of("no_effect_without = [\"x\"]").unwrap(),
        Some(vec!["x".to_owned()])
    );
    let text = "runner \"a\" {\n  no_effect_without = [\"y\"]\n}\nrunner \"b\" {\n  no_effect_without = true\n}\n";
    let found = faults(text);
    assert_eq!(
        found,
        [
            (2, "there is no input `y`".to_owned()),
            (5, "`no_effect_without` is a list of strings".to_owned())
        ]
    );
}

#[test]
fn a_runner_says_why_its_steps_are_meant_for_setup() {
    let of = |attribute: &str| {
        let text = format!("runner \"a\" {{\n  {attribute}\n}}\n");
        read(&text).map(|manifest| manifest.runners[0].meant_for_setup.clone())
    };
    assert_eq!(of("").unwrap(), None);
    assert_eq!(
        of("meant_for_setup = \"a step starts a process\"").unwrap(),
        Some("a step starts a process".to_owned())
    );
    let text = "runner \"a\" {\n  meant_for_setup = \"\"\n}\nrunner \"b\" {\n  meant_for_setup = true\n}\nasset \"c\" {\n  meant_for_setup = \"x\"\n}\n";
    let found = faults(text);
    let lines: Vec<usize> = found.iter().map(|(line, _)| *line).collect();
    assert_eq!(lines, [2, 5, 8], "{found:?}");
    assert_eq!(
        found[0].1,
        "`meant_for_setup` says why: what a step costs, in a clause"
    );
}

#[test]
fn an_asset_says_how_many_steps_it_serves_at_a_time() {
    let of = |attribute: &str| {
        let text = format!("asset \"line\" {{\n  {attribute}\n}}\n");
        read(&text).map(|manifest| manifest.assets[0].concurrency)
    };
    assert_eq!(of("").unwrap(), Concurrency::Multiplexed);
    for known in Concurrency::ALL {
        let attribute = format!("concurrency = \"{}\"", known.name());
        assert_eq!(of(&attribute).unwrap(), known);
    }
    let text =
        "asset \"a\" {\n  concurrency = \"single\"\n}\nasset \"b\" {\n  concurrency = 1\n}\n";
    let expected = "`concurrency` is \"exclusive\", \"duplex\" or \"multiplexed\"";
    let found = faults(text);
    assert_eq!(found, [2, 5].map(|line| (line, expected.to_owned())));
}

/// A manifest with an asset `line`, an exclusive one, and runners with these attributes that use it.
fn with_line(runners: &[&str]) -> String {
    let runners = runners.iter().enumerate().map(|(at, says)| {
        format!("runner \"r{at}\" {{\n{says}\nuses \"line\" {{ asset = \"line\" }}\n}}\n")
    });
    let asset = "asset \"line\" { concurrency = \"exclusive\" }\n".to_owned();
    asset + &runners.collect::<String>()
}

#[test]
fn a_runner_says_what_it_does_to_its_exclusive_asset() {
    let text = with_line(&[
        "blocks = true",
        "blocks = input.word == \"wait\"\ninput \"word\" { type = string }",
        "blocks = false",
        "opens = \"transaction\"",
        "closes = \"transaction\"",
        "opens = \"batch\"",
        "closes = \"batch\"\nblocks = true",
    ]);
    let manifest = read(&text).unwrap();
    let of = |at: usize| {
        let runner = &manifest.runners[at];
        let blocks = runner.blocks.clone();
        (blocks, runner.opens.as_deref(), runner.closes.as_deref())
    };
    assert_eq!(of(0), (When::Always, None, None));
    let condition = Condition {
        text: "input.word == \"wait\"".to_owned(),
        line: 7,
    };
    assert_eq!(of(1), (When::If(condition), None, None));
    assert_eq!(of(2), (When::Never, None, None));
    assert_eq!(of(3), (When::Never, Some("transaction"), None));
    assert_eq!(of(4), (When::Never, None, Some("transaction")));
    assert_eq!(of(6), (When::Always, None, Some("batch")));
    let says = |at: usize| manifest.runners[at].says_of_exclusive();
    assert_eq!(
        [says(0), says(2), says(3), says(4)],
        [Some("blocks"), None, Some("opens"), Some("closes")]
    );
}

#[test]
fn what_is_wrong_with_these_is_said_at_their_lines() {
    let unpaired = |here: &str, there: &str| {
        format!(
            "this manifest has no runner with `{there} = \"{here}\"`, and what is opened is closed"
        )
    };
    for (runners, line, text) in [
        (
            ["blocks = \"yes\"", ""],
            3,
            "`blocks` is true or false, or a condition over `input.NAME`".to_owned(),
        ),
        (
            ["opens = true", ""],
            3,
            "`opens` is a name, such as \"transaction\"".to_owned(),
        ),
        (
            ["", "closes = \"Trans Action\""],
            7,
            "`closes` is a name, such as \"transaction\"".to_owned(),
        ),
        (["opens = \"batch\"", ""], 3, unpaired("batch", "closes")),
        (["", "closes = \"batch\""], 7, unpaired("batch", "opens")),
        (
            [
                "opens = \"a\"\ncloses = \"b\"",
                "opens = \"b\"\ncloses = \"a\"",
            ],
            4,
            "a runner opens something or closes it, not both".to_owned(),
        ),
    ] {
        let found = faults(&with_line(&runners));
        assert_eq!(found[0], (line, text), "{runners:?}");
    }
    let text = "asset \"wide\" {}\nrunner \"a\" {\n  blocks = true\n  uses \"wide\" { asset = \"wide\" }\n}\n";
    let said =
        "`blocks` is about an asset with `concurrency = \"exclusive\"`, and this runner uses none";
    assert_eq!(faults(text), [(3, said.to_owned())]);
    let two = with_line(&["blocks = true\nuses \"other\" { asset = \"line\" }"]);
    let said = "`blocks` is about the one exclusive asset that a runner uses, and this one uses 2";
    assert_eq!(faults(&two), [(3, said.to_owned())]);
    // What another module's asset is shows once all modules are known.
    let elsewhere = "runner \"a\" {\n  blocks = true\n  uses \"line\" {\n    module = \"line\"\n    asset = \"line\"\n  }\n}\n";
    assert!(read(elsewhere).is_ok());
}

#[test]
fn parts_that_several_share_are_written_once() {
    let text = r#"
shared "sent" {
  input "url" { type = string }
  metric "sent" { kind = "counter" }
  error "lost" { description = "Nobody has it" }
}
runner "a" {
  shares = ["sent"]
  input "size" { type = number }
  rule {
    when          = ["url"]
    condition     = input.size > length(input.url)
    error_message = "too short"
  }
}
runner "b" {
  shares = ["sent"]
  error "late" { description = "It is over" }
}
"#;
    let manifest = read(text).unwrap();
    let names = |runner: &Runner| {
        let inputs = runner.inputs.iter().map(|input| input.name.clone());
        let metrics = runner.metrics.iter().map(|metric| metric.name.clone());
        let errors = runner.errors.iter().map(|error| error.name.clone());
        inputs
            .chain(metrics)
            .chain(errors)
            .collect::<Vec<_>>()
            .join(" ")
    };
    let found: Vec<String> = manifest.runners.iter().map(names).collect();
    // What is shared comes first.
    assert_eq!(found, ["url size sent lost", "url sent lost late"]);
    assert_eq!(manifest.runners[0].rules.len(), 1);
}

#[test]
fn a_shared_part_has_its_faults_once_and_somebody_who_shares_it() {
    let text = r#"
shared "a" {
  size = 1
  input "url" { kind = string }
  runner "x" {}
}
shared "b" {}
shared "a" {}
runner "x" {
  shares = ["a", "c", "a"]
  input "url" { type = string }
}
runner "y" {
  shares = ["a"]
}
asset "z" {
  shares = "a"
}
"#;
    let expected = [
        (3, "a shared block has no attribute `size`"),
        (4, "a `type` is missing"),
        (4, "an input has no attribute `kind`"),
        (
            5,
            "there are `uses`, `input`, `rule`, `output`, `metric` and `error` blocks here, not `runner`",
        ),
        (7, "no runner or asset `shares` this"),
        (8, "shared block `a` is given twice"),
        (8, "no runner or asset `shares` this"),
        (10, "shared block `a` is given twice"),
        (10, "this manifest has no `shared \"c\"`"),
        (11, "input `url` is given twice"),
        (17, "`shares` is a list of strings"),
    ];
    let found = faults(text);
    assert_eq!(found, expected.map(|(line, text)| (line, text.to_owned())));
}

#[test]
fn late_results_and_stamps_give_a_runner_metrics_before_its_own() {
    let text = r#"
runner "send" {
  late_result = input.wait == false
  stamps      = input.stamp
  input "wait" { type = bool }
  input "stamp" {
    type = bool
    read = "build"
  }
  output "place" {
    type       = number
    comes_late = true
  }
  metric "own" { kind = "counter" }
}
runner "take" { reads_stamps = true }
"#;
    let manifest = read(text).unwrap();
    let names = |at: usize| {
        let metrics = manifest.runners[at].metrics.iter();
        metrics.map(|one| one.name.as_str()).collect::<Vec<_>>()
    };
    let (send, take) = (&manifest.runners[0], &manifest.runners[1]);
    assert_eq!(names(0), [&LATE_METRICS[..], &["own"]].concat());
    assert_eq!(names(1), STAMP_METRICS);
    assert!(matches!(send.late_result, When::If(_)));
    assert_eq!(send.stamps.as_deref(), Some("stamp"));
    assert!(send.outputs[0].comes_late && !send.reads_stamps && take.reads_stamps);
}

#[test]
fn what_is_wrong_with_late_results_and_stamps_is_said_at_their_lines() {
    let text = r#"
runner "a" {
  late_result = "yes"
  stamps      = true
}
runner "b" {
  stamps = input.stamp
  input "stamp" { type = bool }
}
runner "c" {
  output "place" {
    type       = number
    comes_late = true
  }
}
runner "d" {
  late_result  = true
  reads_stamps = true
  metric "undelivered" { kind = "counter" }
  metric "end_to_end" { kind = "counter" }
}
runner "e" {
  stamps = input.on
  input "on" {
    type = bool
    read = "build"
  }
  output "stamp" { type = number }
}
"#;
    let taken = "the runner has a metric of this name by its `late_result` or `reads_stamps`: give this one another name";
    assert_eq!(
        faults(text),
        [
            (
                3,
                "`late_result` is true or false, or a condition over `input.NAME`"
            ),
            (
                4,
                "`stamps` is the input that says whether messages are stamped: `input.NAME`"
            ),
            (
                6,
                "there is no input `stamp` that is a bool with `read = \"build\"`"
            ),
            (
                10,
                "output `place` comes late, and the runner has no `late_result`"
            ),
            (19, taken),
            (20, taken),
            (
                22,
                "a runner that stamps its messages has no output `stamp`: give it another name"
            ),
        ]
        .map(|(line, text)| (line, text.to_owned()))
    );
}

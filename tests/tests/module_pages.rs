//! The pages of modules: the README of each says what its manifest says, and each has an example without errors.
//! (`examples.rs` runs them.)
//!
//! A README says where the parts of its manifest go by a pair of comments for each runner and asset; what stands between
//! them is made from the manifest. `INSTA_UPDATE=always` writes it.

use bggo_manifest::{
    Asset, ErrorKind, Form, Input, Lifetime, Manifest, Metric, MetricWarning, Output, Rule, Runner,
    Severity, Use,
};
use bggo_tests::{bggo, repository};
use bggo_values::{Value, json};
use std::path::PathBuf;

/// The folders of all modules.
fn modules() -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = std::fs::read_dir(repository().join("modules"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .collect();
    folders.sort();
    assert!(folders.len() >= 5, "{folders:?}");
    folders
}

#[test]
fn what_a_readme_says_of_its_manifest_is_what_the_manifest_says() {
    let mut stale = Vec::new();
    for folder in modules() {
        let text = std::fs::read_to_string(folder.join("manifest.hcl")).unwrap();
        let manifest = bggo_manifest::read(&text).unwrap();
        let path = folder.join("README.md");
        let page = std::fs::read_to_string(&path).unwrap();
        let mut made = page.clone();
        for (what, part) in parts(&manifest) {
            made = with_part(&made, &what, &part)
                .unwrap_or_else(|| panic!("{}: no comments for {what}", path.display()));
        }
        assert_eq!(
            made.matches(OPENING).count(),
            parts(&manifest).len(),
            "{}: comments for something that is not in the manifest",
            path.display()
        );
        if made == page {
            continue;
        }
        if std::env::var("INSTA_UPDATE").is_ok_and(|update| update == "always") {
            std::fs::write(&path, made).unwrap();
        } else {
            let pairs = page.lines().zip(made.lines());
            let first = pairs.into_iter().find(|(is, should)| is != should);
            stale.push(format!("{}: {first:?}", path.display()));
        }
    }
    assert!(
        stale.is_empty(),
        "not as in the manifest (INSTA_UPDATE=always writes it):\n{}",
        stale.join("\n")
    );
}

#[test]
fn every_module_is_on_the_page_of_modules_and_has_an_example_without_errors() {
    let page = std::fs::read_to_string(repository().join("docs/modules.md")).unwrap();
    for folder in modules() {
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        let link = format!("[`{name}`](../modules/{name}/README.md)");
        assert!(page.contains(&link), "docs/modules.md has no {link}");
        let example = folder.join("example.hcl");
        let said = bggo().arg("check").arg(&example).output().unwrap();
        assert!(
            said.status.success(),
            "{}:\n{}",
            example.display(),
            String::from_utf8_lossy(&said.stderr)
        );
        let manifest = std::fs::read_to_string(folder.join("manifest.hcl")).unwrap();
        let manifest = bggo_manifest::read(&manifest).unwrap();
        let example = std::fs::read_to_string(&example).unwrap();
        let steps = manifest.runners.iter().map(|runner| ("step", &runner.name));
        let resources = manifest
            .assets
            .iter()
            .map(|asset| ("resource", &asset.name));
        for (kind, name) in steps.chain(resources) {
            let block = format!("{kind} \"{name}\"");
            assert!(example.contains(&block), "the example shows no {block}");
        }
    }
}

const OPENING: &str = "<!-- from manifest.hcl: ";
const CLOSING: &str = "<!-- end -->";

/// The page with `part` between the comments for `what`.
fn with_part(page: &str, what: &str, part: &str) -> Option<String> {
    let opening = format!("{OPENING}{what} -->\n");
    let (before, rest) = page.split_once(&opening)?;
    let (_, after) = rest.split_once(CLOSING)?;
    Some(format!("{before}{opening}\n{part}\n{CLOSING}{after}"))
}

/// Each runner and asset, and what its manifest says.
fn parts(manifest: &Manifest) -> Vec<(String, String)> {
    let runners = manifest.runners.iter();
    let runners = runners.map(|of| (format!("runner {}", of.name), runner(of)));
    let assets = manifest.assets.iter();
    let assets = assets.map(|of| (format!("asset {}", of.name), asset(of)));
    runners.chain(assets).collect()
}

fn runner(runner: &Runner) -> String {
    [
        format!("{}\n", runner.description),
        uses(&runner.uses),
        inputs(&runner.inputs),
        rules(&runner.rules),
        outputs("output", &runner.outputs),
        metrics(&runner.metrics),
        errors(&runner.errors),
    ]
    .into_iter()
    .filter(|part| !part.is_empty())
    .collect::<Vec<_>>()
    .join("\n")
}

fn asset(asset: &Asset) -> String {
    let name = |scope: &Lifetime| match scope {
        Lifetime::Run => "`run`",
        Lifetime::Worker => "`worker`",
        Lifetime::Vu => "`vu`",
        Lifetime::Iteration => "`iteration`",
    };
    let others = asset.scopes.iter().filter(|scope| **scope != asset.scope);
    let others: Vec<_> = others.map(name).collect();
    let scopes = match others.as_slice() {
        [] => format!("Its scope is {}.\n", name(&asset.scope)),
        others => format!(
            "Its scope is {}; a grid may choose {}.\n",
            name(&asset.scope),
            others.join(" or ")
        ),
    };
    [
        format!("{}\n", asset.description),
        scopes,
        uses(&asset.uses),
        inputs(&asset.inputs),
        rules(&asset.rules),
        outputs("export", &asset.outputs),
        metrics(&asset.metrics),
        errors(&asset.errors),
    ]
    .into_iter()
    .filter(|part| !part.is_empty())
    .collect::<Vec<_>>()
    .join("\n")
}

/// A table, or nothing where it has no rows.
fn table(heads: &[&str], rows: Vec<Vec<String>>) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let head = line(heads.iter().map(|head| (*head).to_owned()).collect());
    let rule = line(heads.iter().map(|_| "---".to_owned()).collect());
    let rows = rows.into_iter().map(|cells| {
        let cells = cells.into_iter().map(|cell| cell.replace('|', "\\|"));
        line(cells.collect())
    });
    format!("{head}{rule}{}", rows.collect::<String>())
}

fn uses(uses: &[Use]) -> String {
    let rows = uses.iter().map(|part| {
        let optional = if part.optional { ", optional" } else { "" };
        let assets: Vec<_> = part.assets.iter().map(|name| format!("`{name}`")).collect();
        let assets = assets.join(" or ");
        vec![
            format!("`{}`", part.name),
            match &part.module {
                None => format!("{assets}{optional}"),
                Some(module) => format!("{assets} of the module `{module}`{optional}"),
            },
            part.description.clone(),
        ]
    });
    table(&["uses", "asset", "meaning"], rows.collect())
}

fn inputs(inputs: &[Input]) -> String {
    let rows = inputs.iter().map(|input| {
        let mut meaning = input.description.clone();
        if !input.one_of.is_empty() {
            let texts = input
                .one_of
                .iter()
                .map(|text| literal(&Value::from(text.clone())));
            let texts: Vec<_> = texts.collect();
            meaning.push_str(&format!(" One of {}.", texts.join(", ")));
        }
        for bound in &input.bounds {
            meaning.push_str(&format!(" It {bound}."));
        }
        let notes = [
            (input.nullable, " Null is a value."),
            (input.form == Form::Json, " Keys keep their order."),
            (input.sensitive, " Sensitive."),
        ];
        for (holds, note) in notes {
            meaning.push_str(if holds { note } else { "" });
        }
        let default = match &input.default {
            _ if input.required => "required".to_owned(),
            Some(value) => literal(value),
            None => String::new(),
        };
        vec![
            format!("`{}`", input.name),
            format!("`{}`", input.ty),
            default,
            meaning,
        ]
    });
    table(&["input", "type", "default", "meaning"], rows.collect())
}

/// The rules as a list, or nothing where there are none.
fn rules(rules: &[Rule]) -> String {
    let line = |rule: &Rule| match rule.severity {
        Severity::Error => format!("- {}\n", rule.text()),
        Severity::Warning => format!("- {} (a warning)\n", rule.text()),
    };
    match rules {
        [] => String::new(),
        rules => format!("Rules:\n\n{}", rules.iter().map(line).collect::<String>()),
    }
}

fn literal(value: &Value) -> String {
    format!("`{}`", json::encode(value))
}

fn outputs(head: &str, outputs: &[Output]) -> String {
    let rows = outputs.iter().map(|output| {
        let sensitive = if output.sensitive { " Sensitive." } else { "" };
        vec![
            format!("`{}`", output.name),
            format!("`{}`", output.ty),
            format!("{}{sensitive}", output.description),
        ]
    });
    table(&[head, "type", "meaning"], rows.collect())
}

fn metrics(metrics: &[Metric]) -> String {
    let rows = metrics.iter().map(|metric| {
        let of = if metric.unit.is_empty() { "" } else { " of " };
        let label = metric.label.as_ref();
        let label = label.map_or_else(String::new, |label| format!(" by `{label}`"));
        let mut meaning = metric.description.clone();
        if metric.on_demand {
            meaning.push_str(
                " Only where it is [asked for](../../docs/output.md#metrics-of-modules).",
            );
        }
        if let Some(warning) = &metric.warning {
            meaning.push_str(&warning_of(warning, metric.label.as_deref()));
        }
        vec![
            format!("`{}`", metric.name),
            format!("{}{of}{}{label}", metric.kind.name(), metric.unit),
            meaning,
        ]
    });
    table(&["metric", "kind", "meaning"], rows.collect())
}

fn warning_of(warning: &MetricWarning, label: Option<&str>) -> String {
    let (prefix, label) = (&warning.prefix, label.unwrap_or_default());
    let share = f64::from(warning.over) / 10_000.0;
    let unless: Vec<_> = warning
        .unless
        .iter()
        .map(|name| format!("`{name}`"))
        .collect();
    let unless = match unless.as_slice() {
        [] => String::new(),
        names => format!(", unless {} is given", names.join(" or ")),
    };
    format!(
        " A load run warns where more than {share} % have a {label} that begins with {prefix}{unless}."
    )
}

fn errors(errors: &[ErrorKind]) -> String {
    let rows = errors
        .iter()
        .map(|error| vec![format!("`{}`", error.name), error.description.clone()]);
    table(&["failure", "meaning"], rows.collect())
}

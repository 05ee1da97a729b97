//! Metrics in manifests, and what is wrong with some.

use crate::{MetricKind, MetricWarning, read};

fn faults(text: &str) -> Vec<(usize, String)> {
    let faults = read(text).unwrap_err().into_iter();
    faults.map(|fault| (fault.line(text), fault.text)).collect()
}

#[test]
fn metrics_of_runners_and_assets_are_read() {
    let text = r#"
runner "ask" {
  input "expect" { type = string }
  metric "answers" {
    kind        = "counter"
    label       = "status"
    description = "Answers."
    warning {
      prefix  = "5"
      over    = "1%"
      unless  = ["expect"]
      text    = "the server failed"
    }
  }
  metric "hits" { kind = "rate" }
  metric "rare" {
    kind      = "trend"
    on_demand = true
  }
}
asset "pool" {
  metric "open" { kind = "gauge" }
  metric "wait" {
    kind = "trend"
    unit = "time"
  }
}
"#;
    let manifest = read(text).unwrap();
    let answers = &manifest.runners[0].metrics[0];
    assert_eq!(
        (answers.kind, answers.label.as_deref()),
        (MetricKind::Counter, Some("status"))
    );
    assert_eq!(
        answers.warning,
        Some(MetricWarning {
            prefix: "5".to_owned(),
            over: 10_000,
            unless: vec!["expect".to_owned()],
            text: "the server failed".to_owned(),
        })
    );
    assert_eq!(manifest.runners[0].metrics[1].kind, MetricKind::Rate);
    let on_demand = manifest.runners[0].metrics.iter();
    let on_demand: Vec<bool> = on_demand.map(|metric| metric.on_demand).collect();
    assert_eq!(on_demand, [false, false, true]);
    let of_pool = manifest.assets[0].metrics.iter();
    let of_pool: Vec<_> = of_pool
        .map(|metric| (metric.name.as_str(), metric.kind, metric.unit.as_str()))
        .collect();
    assert_eq!(
        of_pool,
        [
            ("open", MetricKind::Gauge, ""),
            ("wait", MetricKind::Trend, "time")
        ]
    );
}

/// A manifest with a metric of these attributes, which begin on line 4.
fn metric(attributes: &str) -> String {
    format!(
        "runner \"a\" {{\n  input \"sure\" {{ type = bool\n default = true }}\n{attributes}\n}}\n"
    )
}

#[test]
fn a_wrong_metric_is_one_fault_with_its_place() {
    let cases = [
        (
            "metric \"x\" {}",
            4,
            "the `kind` of a metric is \"counter\", \"gauge\", \"rate\" or \"trend\"",
        ),
        (
            "metric \"x\" {\n kind = \"sum\"\n label = \"y\"\n}",
            5,
            "the `kind` of a metric is \"counter\", \"gauge\", \"rate\" or \"trend\"",
        ),
        (
            "metric \"x\" {\n kind = \"gauge\"\n label = \"y\"\n}",
            6,
            "only a counter has a `label`, not a gauge",
        ),
        (
            "metric \"x\" {\n kind = \"counter\"\n label = \"A b\"\n}",
            6,
            "`A b` is no name: lower case letters, digits and `_`, beginning with a letter",
        ),
        (
            "metric \"x\" {\n kind = \"rate\"\n unit = \"time\"\n}",
            6,
            "a rate is a share and has no `unit`",
        ),
        (
            "metric \"x\" {\n kind = \"counter\"\n limit = 1\n}",
            6,
            "a metric has no attribute `limit`",
        ),
        (
            "metric \"x\" {\n kind = \"trend\"\n on_demand = \"yes\"\n}",
            6,
            "`on_demand` is true or false",
        ),
        (
            "metric \"x\" {\n kind = \"counter\"\n label = \"y\"\n on_demand = true\n warning {\n prefix = \"5\"\n over = \"1%\"\n text = \"m\"\n}\n}",
            8,
            "a `warning` looks at a metric of every run, and this one is `on_demand`",
        ),
        (
            "metric \"x\" {\n kind = \"counter\"\n alarm {}\n}",
            6,
            "a metric has a `warning` block, not `alarm`",
        ),
        (
            "metric \"x\" {\n kind = \"counter\"\n warning {\n prefix = \"5\"\n over = \"1%\"\n text = \"m\"\n}\n}",
            6,
            "a `warning` is for a counter with a `label`: it looks at the labels",
        ),
    ];
    for (attributes, line, text) in cases {
        assert_eq!(
            faults(&metric(attributes)),
            [(line, text.to_owned())],
            "{attributes}"
        );
    }
}

#[test]
fn a_metric_of_an_asset_is_not_on_demand() {
    let text =
        "asset \"a\" {\n  metric \"x\" {\n    kind = \"trend\"\n    on_demand = true\n  }\n}\n";
    assert_eq!(
        faults(text),
        [(
            4,
            "only a metric of a runner is measured `on_demand`: nothing asks for one of an asset"
                .to_owned()
        )]
    );
}

/// A manifest with a labelled counter whose warning has these attributes, from line 8.
fn warning(attributes: &str) -> String {
    metric(&format!(
        "metric \"x\" {{\n kind = \"counter\"\n label = \"status\"\n warning {{\n{attributes}\n}}\n}}"
    ))
}

#[test]
fn a_wrong_warning_is_one_fault_with_its_place() {
    let share =
        "`over` is a share below 100% with at most four decimals, such as \"1%\" or \"0.5%\"";
    let whole = "prefix = \"5\"\ntext = \"m\"\n";
    let cases = [
        (format!("{whole}over = 0.01"), 10, share),
        (format!("{whole}over = \"100%\""), 10, share),
        (format!("{whole}over = \"0.00001%\""), 10, share),
        (format!("{whole}over = \"1\""), 10, share),
        (whole.to_owned(), 7, share),
        (
            "over = \"1%\"\ntext = \"m\"".to_owned(),
            7,
            "a `warning` needs its `prefix`",
        ),
        (
            "over = \"1%\"\nprefix = \"5\"".to_owned(),
            7,
            "a `warning` needs its `text`",
        ),
        (
            format!("{whole}over = \"1%\"\nunless = [\"gone\"]"),
            11,
            "there is no input `gone`",
        ),
        (
            format!("{whole}over = \"1%\"\nunless = [\"sure\"]"),
            11,
            "input `sure` is always there: `unless` is about those that may be absent",
        ),
        (
            format!("{whole}over = \"1%\"\nhint = \"x\""),
            11,
            "a warning has no attribute `hint`",
        ),
    ];
    for (attributes, line, text) in cases {
        assert_eq!(
            faults(&warning(&attributes)),
            [(line, text.to_owned())],
            "{attributes}"
        );
    }
    let twice = format!("{whole}over = \"1%\"\n}}\n warning {{\n{whole}over = \"1%\"");
    let found = faults(&warning(&twice));
    assert_eq!(found, [(12, "a metric has one `warning`".to_owned())]);
}

#[test]
fn a_share_is_counted_in_millionths() {
    let over = |share: &str| {
        let text = warning(&format!("prefix = \"5\"\ntext = \"m\"\nover = \"{share}\""));
        let manifest = read(&text).unwrap();
        let warning = manifest.runners[0].metrics[0].warning.clone();
        warning.unwrap().over
    };
    assert_eq!(
        [over("0%"), over("1%"), over("0.5%"), over("99.9999 %")],
        [0, 10_000, 5_000, 999_999]
    );
}

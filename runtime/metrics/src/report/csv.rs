//! What each second measured as rows of CSV: a row a second and metric. `docs/output.md` lists the columns.

use super::custom_metrics::in_unit;
use crate::interval::{Histogram, Interval, SlotFigures};
use crate::layout::{
    CustomLayout, IterationLayout, Layout, Measured, MetricLayout, StepLayout, Times, Unit,
};
use crate::outcome::Outcome;
use bggo_values::Text;
use std::fmt::Write as _;
use std::time::Duration;

/// Percentiles of the columns, in millionths.
const PERCENTILES: [u32; 5] = [500_000, 900_000, 950_000, 990_000, 999_000];
/// Outcomes that have rows of their own where there were any, beside `ended` and `failed`, which always stand there.
const OUTCOMES: [(Outcome, &str); 5] = [
    (Outcome::Continued, "continued"),
    (Outcome::Skipped, "skipped"),
    (Outcome::Cancelled, "cancelled"),
    (Outcome::Dropped, "dropped"),
    (Outcome::NotStarted, "not_started"),
];

/// What the names of rows of a warm-up begin with, as the tags of result files do.
const WARM_UP: &str = "warm_up.";

/// Makes the rows of one interval after another.
#[derive(Debug, Default)]
pub struct CsvRows {
    users: u64,
    /// Full names of the steps, in the grid's order; made for the first interval.
    steps: Vec<Text>,
    /// The same in the warm-up of their scenarios.
    warm_up_steps: Vec<Text>,
    text: String,
    /// What the rows of an interval begin with.
    begin: String,
}

/// Whose row it is: a scenario, and a step or `iterations`.
#[derive(Clone, Copy)]
struct Of<'a> {
    scenario: &'a str,
    name: &'a str,
}

impl CsvRows {
    /// The first line.
    pub const HEAD: &'static str = "second,elapsed,at,scenario,name,metric,label,unit,count,sum,min,mean,p50,p90,p95,p99,p99_9,max,last\n";

    /// The rows of the next second, which has this number, each with its line break; `at` is the time at its end, since 1970.
    pub fn next(
        &mut self,
        number: u32,
        layout: &Layout,
        (interval, at): (&Interval, Duration),
    ) -> &str {
        self.users = (self.users + interval.users_begun).saturating_sub(interval.users_ended);
        if self.steps.is_empty() {
            let names = layout.steps.iter().map(|step| layout.full_name(step));
            self.steps = names.collect();
            let names = layout.warm_up_steps.iter();
            let names = names.map(|step| format!("{WARM_UP}{}", layout.full_name(step)));
            self.warm_up_steps = names.map(Text::from).collect();
        }
        self.text.clear();
        self.begin = format!(
            "{number},{:.3},{:.3}",
            interval.end().as_secs_f64(),
            at.as_secs_f64()
        );
        let run = Of {
            scenario: "",
            name: "run",
        };
        let users = self.users;
        self.row(run, ("users", ""), "", |row| {
            let _ = write!(row, ",,,,,,,,,,,{users}");
        });
        for scenario in &layout.iterations {
            self.iterations("iterations", scenario, interval);
        }
        let names = std::mem::take(&mut self.steps);
        for (name, step) in names.iter().zip(&layout.steps) {
            self.step(name, step, interval);
        }
        self.steps = names;
        self.custom("", &layout.custom, interval);
        self.warm_up(layout, interval);
        for resource in &layout.resources {
            let name = format!("resource.{}", resource.name);
            let of = Of {
                scenario: "",
                name: &name,
            };
            for (metric, measured) in resource.measured(interval) {
                self.metric(of, metric, measured);
            }
        }
        &self.text
    }

    /// The same rows of what was due in a warm-up, each only where something was counted: a warm-up is over soon.
    fn warm_up(&mut self, layout: &Layout, interval: &Interval) {
        for scenario in &layout.warm_up_iterations {
            if scenario.counts(interval).is_some() {
                self.iterations(&format!("{WARM_UP}iterations"), scenario, interval);
            }
        }
        let names = std::mem::take(&mut self.warm_up_steps);
        for (name, step) in names.iter().zip(&layout.warm_up_steps) {
            if step.counts(interval).is_some() {
                self.step(name, step, interval);
            }
        }
        self.warm_up_steps = names;
        self.custom(WARM_UP, &layout.warm_up_custom, interval);
    }

    fn step(&mut self, name: &str, step: &StepLayout, interval: &Interval) {
        let of = Of {
            scenario: &step.scenario,
            name,
        };
        self.counts(of, step.counts(interval));
        self.all_times(of, step.times(interval));
        for (metric, measured) in step.measured(interval) {
            self.metric(of, metric, measured);
        }
        for (check, judged) in step.judged(interval) {
            if judged.of > 0 {
                self.row(of, ("checks", &check.name), "", |row| {
                    let _ = write!(row, ",{},{},,,,,,,,,", judged.of, judged.passed);
                });
            }
        }
    }

    /// Metrics of the grid, whose names begin with `before`.
    fn custom(&mut self, before: &str, all: &[CustomLayout], interval: &Interval) {
        for custom in all {
            let Some(measured) = custom.measured(interval) else {
                continue;
            };
            let name = format!("{before}custom{}", custom.qualifier(all));
            let of = Of {
                scenario: &custom.scenario,
                name: &name,
            };
            self.metric(of, &custom.metric, measured);
        }
    }

    fn iterations(&mut self, name: &str, scenario: &IterationLayout, interval: &Interval) {
        let of = Of {
            scenario: &scenario.scenario,
            name,
        };
        self.counts(of, scenario.counts(interval));
        self.all_times(of, scenario.times(interval));
        for (times, name) in [
            (scenario.queued(interval), "queued"),
            (scenario.start_error(interval), "start_error"),
        ] {
            if let Some(times) = times {
                self.times(of, name, times);
            }
        }
    }

    /// A row whose columns behind the unit `values` writes, each with a comma before it.
    fn row(
        &mut self,
        of: Of<'_>,
        (metric, label): (&str, &str),
        unit: &str,
        values: impl FnOnce(&mut String),
    ) {
        self.text.push_str(&self.begin);
        for field in [of.scenario, of.name, metric, label, unit] {
            self.text.push(',');
            push_field(&mut self.text, field);
        }
        values(&mut self.text);
        self.text.push('\n');
    }

    /// A row of a number of things.
    fn count(&mut self, of: Of<'_>, metric: (&str, &str), count: u64) {
        self.row(of, metric, "", |row| {
            let _ = write!(row, ",{count},{count},,,,,,,,,");
        });
    }

    fn counts(&mut self, of: Of<'_>, counts: Option<&SlotFigures>) {
        let ended = counts.map_or(0, SlotFigures::ended);
        self.count(of, ("ended", ""), ended);
        let failed = counts.map_or(0, |counts| counts.count(Outcome::Failed));
        self.count(of, ("failed", ""), failed);
        let Some(counts) = counts else { return };
        for (kind, count) in &counts.kinds {
            self.count(of, ("failures", kind), *count);
        }
        for (outcome, name) in OUTCOMES {
            let count = counts.count(outcome);
            if count > 0 {
                self.count(of, (name, ""), count);
            }
        }
    }

    fn all_times(&mut self, of: Of<'_>, times: Times<'_>) {
        for (times, name) in [
            (times.response, "response_time"),
            (times.passed, "service_time"),
            (times.failed_response, "failed_response_time"),
            (times.failed, "failed_service_time"),
        ] {
            if let Some(times) = times {
                self.times(of, name, times);
            }
        }
    }

    /// A row of times.
    fn times(&mut self, of: Of<'_>, metric: &str, values: &Histogram) {
        let extremes = values.time_extremes();
        let all = Statistics {
            count: values.count(),
            smallest: extremes.map(|(shortest, _)| millis(shortest)),
            mean: values.mean_time().map(millis),
            percentiles: PERCENTILES.map(|at| values.time(at).map(millis)),
            largest: extremes.map(|(_, longest)| millis(longest)),
        };
        self.row(of, (metric, ""), "ms", |row| all.push(row));
    }

    /// A row of a trend, in its unit.
    fn trend(&mut self, of: Of<'_>, metric: &MetricLayout, values: &Histogram) {
        if metric.unit == Unit::Time {
            return self.times(of, &metric.name, values);
        }
        let extremes = values.extremes();
        let value = |parts| in_unit(metric, parts).to_string();
        let all = Statistics {
            count: values.count(),
            smallest: extremes.map(|(smallest, _)| value(smallest)),
            mean: values.mean().map(|parts| mean(metric, parts)),
            percentiles: PERCENTILES.map(|at| values.quantile(at).map(value)),
            largest: extremes.map(|(_, largest)| value(largest)),
        };
        let unit = unit_name(&metric.unit);
        self.row(of, (&metric.name, ""), unit, |row| all.push(row));
    }

    fn metric(&mut self, of: Of<'_>, metric: &MetricLayout, measured: Measured<'_>) {
        let name = metric.name.as_str();
        let unit = unit_name(&metric.unit);
        let value = |value: u64| match metric.unit {
            Unit::Time => millis(Duration::from_micros(value)),
            Unit::Other(_) => in_unit(metric, value).to_string(),
        };
        match measured {
            Measured::Trend(values) => self.trend(of, metric, values),
            Measured::Counter(sum) => self.row(of, (name, ""), unit, |row| {
                let _ = write!(row, ",,{},,,,,,,,,", value(sum));
            }),
            Measured::Labels(sums) => {
                for (label, sum) in sums {
                    self.row(of, (name, label), unit, |row| {
                        let _ = write!(row, ",,{},,,,,,,,,", value(*sum));
                    });
                }
            }
            Measured::Gauge(values) => self.row(of, (name, ""), unit, |row| {
                let (smallest, largest) = values
                    .extremes()
                    .map(|(a, b)| (value(a), value(b)))
                    .unwrap_or_default();
                let mean = values.mean().map(|parts| mean(metric, parts));
                let _ = write!(
                    row,
                    ",{},,{smallest},{},,,,,,{largest},{}",
                    values.count(),
                    mean.unwrap_or_default(),
                    values.last().map(value).unwrap_or_default()
                );
            }),
            Measured::Rate { hits, of: all } => self.row(of, (name, ""), unit, |row| {
                let _ = write!(row, ",{all},{hits},,,,,,,,,");
            }),
        }
    }
}

/// What a row says of a distribution.
struct Statistics {
    count: u64,
    smallest: Option<String>,
    mean: Option<String>,
    percentiles: [Option<String>; PERCENTILES.len()],
    largest: Option<String>,
}

impl Statistics {
    /// The columns behind the unit.
    fn push(self, row: &mut String) {
        let _ = write!(row, ",{},", self.count);
        let all = [self.smallest, self.mean].into_iter();
        let all = all.chain(self.percentiles).chain([self.largest, None]);
        for value in all {
            row.push(',');
            row.push_str(&value.unwrap_or_default());
        }
    }
}

/// A mean of what is counted, in the metric's unit: at least three decimals, and one more than its values have.
fn mean(metric: &MetricLayout, parts: f64) -> String {
    match metric.unit {
        Unit::Time => format!("{:.3}", parts / 1e3),
        Unit::Other(_) => {
            let decimals = metric.scale.checked_ilog10().unwrap_or_default() as usize + 1;
            let mean = parts / f64::from(metric.scale.max(1));
            format!("{mean:.decimals$}", decimals = decimals.max(3))
        }
    }
}

fn unit_name(unit: &Unit) -> &str {
    match unit {
        Unit::Time => "ms",
        Unit::Other(unit) => unit,
    }
}

/// Milliseconds with three decimals.
fn millis(time: Duration) -> String {
    let micros = time.as_micros();
    format!("{}.{:03}", micros / 1_000, micros % 1_000)
}

/// Adds a field to a row as RFC 4180 has it: in quotes if it holds what ends one.
pub fn push_field(row: &mut String, field: &str) {
    if field.contains([',', '"', '\n', '\r']) {
        row.push('"');
        row.push_str(&field.replace('"', "\"\""));
        row.push('"');
    } else {
        row.push_str(field);
    }
}

#[cfg(test)]
mod tests;

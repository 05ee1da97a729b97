//! What a threshold asks of the figures of a run: data, which a grid, a flag or a result file states, and one function judges.

use bggo_values::Text;

/// Whose figures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// The iterations of all scenarios.
    Run,
    /// The iterations of one scenario.
    Scenario(Text),
    /// A step: in one scenario, or in all that have it.
    Step {
        /// The scenario, if it is one.
        scenario: Option<Text>,
        /// The kind of runner.
        runner: Text,
        /// Its name.
        name: Text,
    },
    /// All calls of a flow, or a step of it over all of its calls.
    Flow {
        /// The flow.
        flow: Text,
        /// The kind of runner and the name of a step of it.
        step: Option<[Text; 2]>,
    },
    /// A metric of the grid.
    Custom(Text),
}

/// Which figure of a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Statistic {
    /// The smallest value.
    Minimum,
    /// The mean.
    Mean,
    /// The 50th percentile.
    Median,
    /// The largest value.
    Maximum,
    /// The standard deviation.
    StandardDeviation,
    /// A percentile in millionths of a whole: 950,000 is p95, 999,000 is p99.9.
    Percentile(u32),
    /// How many there are.
    Count,
    /// How many there are in a second.
    Rate,
    /// The share of all, from 0 to 1.
    Ratio,
    /// The sum of the values.
    Sum,
    /// The value that was set last.
    Last,
    /// Its only value.
    Value,
}

/// One figure of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// Whose.
    pub subject: Subject,
    /// `response_time`, `failed`, a metric of a manifest; empty for a metric of the grid.
    pub metric: Text,
    /// Of a metric that has several figures, the one of this kind, check or label: `failed["timeout"]`.
    pub key: Option<Text>,
    /// Only of what has these tags.
    pub tags: Vec<(Text, Text)>,
    /// Which figure.
    pub statistic: Statistic,
}

/// A part of a condition in postfix order: `p95 < 0.3` is `Figure(0), Bound(0.3), Less`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Term {
    /// The figure at this place of [`Condition::addresses`].
    Figure(u16),
    /// A number: seconds of times, bytes of sizes, 0 to 1 of shares.
    Bound(f64),
    /// Whether the first of the two before is less than the second.
    Less,
    /// Or equal.
    LessOrEqual,
    /// Whether it is greater.
    Greater,
    /// Or equal.
    GreaterOrEqual,
    /// Whether both are equal.
    Equal,
    /// Whether they are not.
    NotEqual,
    /// Whether both of the two before hold.
    And,
    /// Whether one of them does.
    Or,
    /// Whether the one before does not hold.
    Not,
}

/// What is asked.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    /// The figures that it reads.
    pub addresses: Vec<Address>,
    /// Its parts.
    pub terms: Vec<Term>,
    /// As it is written.
    pub text: Text,
}

/// What a broken threshold does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnFail {
    /// It ends the run at once, which has failed.
    Abort,
    /// The run fails when it has ended.
    Fail,
    /// It is said.
    Warn,
}

/// A condition that figures must meet.
#[derive(Debug, Clone, PartialEq)]
pub struct Threshold {
    /// What it is called.
    pub name: Text,
    /// What it asks.
    pub condition: Condition,
    /// Seconds of the sliding window that it looks at; the whole run without one.
    pub over: Option<u32>,
    /// How many seconds in a row the condition must fail until it is broken.
    pub hold: u32,
    /// Seconds at the beginning in which it is not judged.
    pub after: u32,
    /// What it does when it is broken.
    pub on_fail: OnFail,
}

impl Threshold {
    /// The second at whose end it can be broken first.
    pub fn judged_after(&self) -> u32 {
        let wait = self.over.unwrap_or(0).max(self.after);
        wait.saturating_add(self.hold)
    }
}

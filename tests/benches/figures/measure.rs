//! Measured figures, each beside its goal -> the table that is printed.

use std::time::Duration;

/// The figures, in the order in which they were measured.
#[derive(Default)]
pub struct Table {
    rows: Vec<[String; 4]>,
}

impl Table {
    /// Adds a time with its goal.
    pub fn time(&mut self, what: &str, how: &str, measured: Duration, goal: Duration) {
        self.row(
            what,
            how,
            format!("{:.1} ms", millis(measured)),
            format!("{:.0} ms", millis(goal)),
            measured <= goal,
        );
    }

    /// Adds a number; `most` says whether the goal is an upper bound.
    pub fn number(&mut self, what: &str, how: &str, measured: f64, unit: &str, goal: Goal) {
        let (held, text) = match goal {
            Goal::AtMost(bound) => (measured <= bound, format!("at most {bound} {unit}")),
            Goal::AtLeast(bound) => (measured >= bound, format!("at least {bound} {unit}")),
            Goal::None => (true, "none".into()),
        };
        self.row(what, how, format!("{measured:.2} {unit}"), text, held);
    }

    /// Prints the table as Markdown.
    pub fn print(&self) {
        println!("\n| what | how | measured | goal |\n| --- | --- | --- | --- |");
        for row in &self.rows {
            println!("| {} |", row.join(" | "));
        }
    }

    fn row(&mut self, what: &str, how: &str, measured: String, goal: String, held: bool) {
        let mark = if held { "" } else { " (missed)" };
        eprintln!("{what}: {measured}, goal {goal}{mark}");
        self.rows
            .push([what.into(), how.into(), format!("{measured}{mark}"), goal]);
    }
}

/// What a number is held against.
pub enum Goal {
    /// Upper bound.
    AtMost(f64),
    /// Lower bound.
    AtLeast(f64),
    /// Only said.
    None,
}

/// The least of some durations.
pub fn least(times: impl IntoIterator<Item = Duration>) -> Duration {
    times.into_iter().min().expect("at least one time")
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

//! How far a load run is: a line that is drawn again each second on a terminal, or a line every ten seconds.

use super::line::{LinesSoFar, P95};
use super::writer::LineWriter;
use super::{Conclusion, Output, RunDescription};
use crate::event::Event;
use crate::judgement::Second;
use crate::metrics::Histogram;
use bggo_metrics::report::measure::{or_dash, rate, short};
use std::collections::VecDeque;
use std::time::Duration;

/// Over which time rates and percentiles are, and how often a plain line is written.
const WINDOW: Duration = Duration::from_secs(10);
/// The narrowest bar that is drawn.
const SHORTEST_BAR: usize = 8;
const LONGEST_BAR: usize = 30;

/// How progress is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// A line that is drawn again each second.
    Bar,
    /// A line every ten seconds.
    Plain,
    /// Not at all.
    None,
}

/// Tells of it.
#[derive(Debug)]
pub struct ProgressLines {
    lines: LineWriter,
    progress: Progress,
    run: Option<RunDescription>,
    so_far: LinesSoFar,
    /// The last seconds: in each how many iterations ended, those of a warm-up too, and how long the others took.
    window: VecDeque<Stretch>,
    iterations: u64,
    failed: u64,
    /// When the next plain line is due.
    next: Duration,
}

#[derive(Debug)]
struct Stretch {
    begin: Duration,
    iterations: u64,
    times: Histogram,
}

/// Where a run is.
#[derive(Debug, Clone, PartialEq)]
pub struct Reached {
    /// Since its start.
    pub elapsed: Duration,
    /// Whether some scenario is in its warm-up, whose iterations are counted apart.
    pub is_warming_up: bool,
    /// How long iterations may begin, if that is bounded.
    pub length: Option<Duration>,
    /// How many iterations it has, if that is known.
    pub total: Option<u64>,
    /// Users that run.
    pub users: u64,
    /// Iterations that have ended.
    pub iterations: u64,
    /// Of them failed.
    pub failed: u64,
    /// Iterations a second that were asked for in the last seconds, if all of them have moments of their own.
    pub asked: Option<f64>,
    /// Iterations a second that ended in the last seconds.
    pub got: f64,
    /// 95 % of those that passed in the last seconds took at most this long.
    pub p95: Option<Duration>,
}

impl ProgressLines {
    /// To these lines.
    pub fn new(lines: LineWriter, progress: Progress) -> Self {
        Self {
            lines,
            progress,
            run: None,
            so_far: LinesSoFar::default(),
            window: VecDeque::new(),
            iterations: 0,
            failed: 0,
            next: WINDOW,
        }
    }

    fn reached(&mut self, second: &Second<'_>) -> Reached {
        let line = self.so_far.next(second);
        self.iterations += line.iterations;
        self.failed += line.failed;
        self.window.push_back(Stretch {
            begin: line.at.saturating_sub(line.length),
            iterations: line.iterations + line.warm_up,
            times: line.times,
        });
        let begin = line.at.saturating_sub(WINDOW);
        // A second that was read late may be older by a little.
        let slack = WINDOW / 100;
        while self.window.len() > 1
            && self
                .window
                .front()
                .is_some_and(|first| first.begin + slack < begin)
        {
            self.window.pop_front();
        }
        let begin = self.window.front().map_or(line.at, |first| first.begin);
        let (mut ended, mut times) = (0, Histogram::default());
        for stretch in &self.window {
            ended += stretch.iterations;
            times.merge(&stretch.times);
        }
        let length = line.at.saturating_sub(begin);
        let run = self.run.as_ref();
        let asked = run.and_then(|run| {
            let due = run.due_by(line.at)?.saturating_sub(run.due_by(begin)?);
            Some(rate(due, length))
        });
        let asked = match (asked, second.tried) {
            (Some(asked), Some(tried)) => Some(asked + tried),
            (one, other) => one.or(other),
        };
        // Beside users that begin when they are free, what was asked for would be compared with more than what became of it.
        let is_all_asked = run.is_some_and(RunDescription::is_all_open);
        let asked = asked.filter(|_| is_all_asked);
        let described = run.map(RunDescription::described);
        let loads = described.as_ref().map_or(&[][..], |run| &run.loads);
        Reached {
            is_warming_up: loads.iter().any(|load| {
                let begun = line.at > load.start_after;
                begun && line.at < load.start_after.saturating_add(load.warm_up)
            }),
            elapsed: line.at,
            length: described.as_ref().and_then(|run| run.length()),
            total: described.as_ref().and_then(|run| run.iterations()),
            users: line.users,
            iterations: self.iterations,
            failed: self.failed,
            asked,
            got: rate(ended, length),
            p95: times.time(P95),
        }
    }
}

impl Output for ProgressLines {
    fn begins(&mut self, run: &RunDescription) {
        self.run = Some(run.clone());
    }

    fn event(&mut self, _: &Event) {}

    fn second(&mut self, second: &Second<'_>) {
        let reached = self.reached(second);
        match self.progress {
            Progress::None => {}
            Progress::Bar => self.lines.draw(Box::new(move |width| bar(&reached, width))),
            Progress::Plain => {
                // A second may be read a little early or late: that moves no line behind it.
                let about = reached.elapsed + WINDOW / 100;
                if about >= self.next {
                    while self.next <= about {
                        self.next += WINDOW;
                    }
                    self.lines.put(plain(&reached) + "\n");
                }
            }
        }
    }

    fn ends(&mut self, _: &Conclusion<'_>) {
        if self.progress == Progress::Bar {
            self.lines.draw_nothing();
        }
    }
}

impl Reached {
    /// Which part of the run is over, from 0 to 1, if that is known.
    fn part(&self) -> Option<f64> {
        let of_time = self.length.map(|length| {
            if length.is_zero() {
                1.0
            } else {
                self.elapsed.as_secs_f64() / length.as_secs_f64()
            }
        });
        let of_count = self
            .total
            .filter(|total| *total > 0)
            .map(|total| self.iterations as f64 / total as f64);
        // A number of iterations that has a length as well is over when one of them is.
        let part = match (of_time, of_count) {
            (Some(time), Some(count)) if self.asked.is_none() => Some(time.max(count)),
            (Some(part), _) | (None, Some(part)) => Some(part),
            (None, None) => None,
        };
        part.map(|part| part.min(1.0))
    }

    fn elapsed(&self) -> String {
        let elapsed = Duration::from_secs(self.elapsed.as_secs_f64().round() as u64);
        match self.length {
            // What runs after the end is the drain.
            Some(length) if self.elapsed > length + Duration::from_millis(500) => {
                format!("{} of {}, drain", short(elapsed), short(length))
            }
            Some(length) => {
                let warm_up = if self.is_warming_up { ", warm-up" } else { "" };
                format!(
                    "{} of {}{warm_up}",
                    short(elapsed.min(length)),
                    short(length)
                )
            }
            None => short(elapsed),
        }
    }

    fn rates(&self) -> String {
        let got = format!("{:.1}/s", self.got);
        match self.asked {
            // Whole iterations in some seconds: more digits would mean nothing.
            Some(asked) if asked < 100.0 => format!("{got} of {asked:.1}/s"),
            Some(asked) => format!("{got} of {asked:.0}/s"),
            None => got,
        }
    }

    /// What is told, the most important first.
    fn parts(&self) -> [String; 6] {
        [
            self.elapsed(),
            self.rates(),
            format!("failed {}", self.failed),
            format!("p95 {}", or_dash(self.p95)),
            format!("users {}", self.users),
            format!("iterations {}", self.iterations),
        ]
    }
}

/// A line for people that is not drawn again, without its line break.
pub fn plain(reached: &Reached) -> String {
    reached.parts().join("  ")
}

/// A line that is drawn again, at most `width` columns wide: what does not fit is left out.
pub fn bar(reached: &Reached, width: usize) -> String {
    let mut text = String::new();
    // The bar itself goes before what is less important than the time.
    let is_bar = reached.part().is_some() && width > 2 * SHORTEST_BAR;
    let of_bar = if is_bar { SHORTEST_BAR + 3 } else { 0 };
    for part in reached.parts() {
        let gap = if text.is_empty() { "" } else { "  " };
        if of_bar + text.len() + gap.len() + part.len() > width {
            break;
        }
        text.push_str(gap);
        text.push_str(&part);
    }
    // Beside it are two brackets and a space.
    let cells = width.saturating_sub(text.len() + 3).min(LONGEST_BAR);
    match reached.part() {
        Some(part) if cells >= SHORTEST_BAR => {
            let full = (part * cells as f64).floor() as usize;
            let full = full.min(cells);
            format!("[{}{}] {text}", "#".repeat(full), " ".repeat(cells - full))
        }
        _ => text,
    }
}

#[cfg(test)]
mod tests;

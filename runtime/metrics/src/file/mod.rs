//! The result file of a run: a log of HdrHistogram that its viewers open as it is, with comment lines `#bggo {..}` that hold
//! what it has no place for, so that nothing is lost.
//!
//! ```text
//! #bggo {"format":1,"build":..,"parts":[..],"loads":[..],"thresholds":[..],"layout":..,"crc":..}
//! #[Histogram log format version 1.3] ..                        what its readers want first
//! Tag=scenario.main.response_time,0.000,1.000,12.345,HISTF..    a histogram of a second
//! #bggo {"second":0,"from":..,"to":..,"slots":{..},"crc":..}    closes the second: all else that it measured
//! #bggo {"ends":[{"exit":0,..}],"crc":..}                       how it ended
//! ```
//!
//! A second whose closing line is not there, or gives another CRC, was cut: it does not count. Merging adds second by second,
//! and everything is written in one order with one coder, so a merge is the same bytes whichever file comes first.

mod crc;
mod deflate;
mod hdr;
mod line;
#[cfg(feature = "tools")]
mod merge;
#[cfg(feature = "tools")]
mod read;
mod share;
mod tags;
mod write;

#[cfg(feature = "tools")]
pub use merge::{Merge, Unmergeable};
#[cfg(feature = "tools")]
pub use read::{Ending, Recording, Second, Unreadable};
pub use share::Share;
#[cfg(feature = "tools")]
pub use share::missing;
pub use tags::SlotTags;
pub use write::{end, head, second};

use crate::condition::Threshold;
use crate::judge::Course;
use crate::layout::Layout;
use crate::report::{Described, DescribedLoad, Examples};
use crate::search::Searched;
use bggo_values::Text;
use std::time::Duration;

/// What is known of a run when it begins.
#[derive(Debug, Clone, PartialEq)]
pub struct Head {
    /// The version of bggo that built the program.
    pub version: Text,
    /// Tells the program from all others.
    pub build: Text,
    /// The name of the grid.
    pub grid: Text,
    /// The seed of all that is random.
    pub seed: u64,
    /// What was run of the whole, and where: of one host, or after a merge of several, in the order of their shares.
    pub parts: Vec<Part>,
    /// The load of each scenario that runs.
    pub loads: Vec<Load>,
    /// What is asked of the figures.
    pub thresholds: Vec<Threshold>,
    /// What the figures are.
    pub layout: Layout,
}

impl Head {
    /// When the first part began, since the beginning of 1970 (UTC).
    pub fn begun(&self) -> Duration {
        let begun = self.parts.iter().map(|part| part.begun);
        begun.min().unwrap_or_default()
    }
}

impl Head {
    /// How the run was started, all its parts together.
    pub fn described(&self) -> Described {
        let shares: Vec<String> = self
            .parts
            .iter()
            .map(|part| part.share.to_string())
            .collect();
        let is_whole = self
            .parts
            .iter()
            .map(|part| part.share.own as f64 / part.share.stripes as f64);
        let mut loads: Vec<DescribedLoad> = Vec::new();
        for load in self.parts.iter().flat_map(|part| &part.loads) {
            match loads.iter_mut().find(|sum| sum.scenario == load.scenario) {
                Some(sum) => add(sum, load),
                None => loads.push(load.clone()),
            }
        }
        let runs: Vec<&str> = self.parts.iter().map(|part| part.run.as_str()).collect();
        Described {
            grid: self.grid.clone(),
            version: self.version.clone(),
            run: Text::from(runs.join(", ")),
            seed: self.seed,
            segment: (is_whole.sum::<f64>() < 1.0 - 1e-10).then(|| Text::from(shares.join(", "))),
            threads: self.parts.iter().map(|part| part.threads).sum(),
            functional: false,
            loads,
        }
    }

    /// What a judge must know of each scenario of the layout.
    pub fn courses(&self) -> Vec<Option<Course>> {
        let rows = self.layout.iterations.iter().map(|row| {
            let mut loads = self.loads.iter();
            let load = loads.find(|load| load.scenario == row.scenario)?;
            Some(load.course)
        });
        rows.collect()
    }
}

/// Adds the share of another part.
fn add(sum: &mut DescribedLoad, share: &DescribedLoad) {
    let both = |one: Option<u64>, other: Option<u64>| Some(one?.saturating_add(other?));
    sum.users += share.users;
    sum.most_users += share.most_users;
    sum.iterations = both(sum.iterations, share.iterations);
    sum.expected = both(sum.expected, share.expected);
}

/// The load of a scenario, over all hosts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Load {
    /// The scenario.
    pub scenario: Text,
    /// A text that no other load has.
    pub exact: Text,
    /// What a judge must know of it.
    pub course: Course,
}

/// What one host did of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// Which iterations and users.
    pub share: Share,
    /// The id of the run.
    pub run: Text,
    /// When it began, since the beginning of 1970 (UTC).
    pub begun: Duration,
    /// Worker threads.
    pub threads: u32,
    /// Its share of the load of each scenario.
    pub loads: Vec<DescribedLoad>,
}

/// How one host's part ended.
#[derive(Debug, Clone, PartialEq)]
pub struct PartEnd {
    /// Its exit code.
    pub exit: u8,
    /// For how long iterations could begin.
    pub begins_for: Duration,
    /// It was left before everything was destroyed.
    pub left: bool,
    /// That its iterations did not begin in time, and why, if it was so.
    pub fell_behind: Option<Text>,
    /// What searches for the highest rate found.
    pub searches: Vec<Searched>,
    /// The text of a failure of each kind.
    pub examples: Examples,
}

#[cfg(test)]
#[cfg(feature = "tools")]
mod tests;

//! The result files of several hosts to that of the whole run, second by second.
//!
//! Counts are added and everything else is the widest of all, so neither the order of the files nor merging in steps changes
//! a byte of what comes out.

use super::read::{Ending, Recording, Second, Unreadable};
use super::{Head, Part, PartEnd};
use std::fmt;
use std::io::BufRead;

/// Why files cannot be merged. The numbers are those of the files.
#[derive(Debug, PartialEq, Eq)]
pub enum Unmergeable {
    /// There is none.
    Nothing,
    /// Two come from different programs: what is different, and how it is in each.
    Different {
        /// What.
        what: &'static str,
        /// The two files.
        files: (usize, usize),
        /// How it is in each.
        values: (String, String),
    },
    /// Two did the same iterations.
    Overlap {
        /// The two files.
        files: (usize, usize),
        /// Their segments.
        segments: (String, String),
    },
}

impl Unmergeable {
    /// In words, with the names of the files.
    pub fn describe(&self, name: impl Fn(usize) -> String) -> String {
        match self {
            Self::Nothing => "there is no file to merge".to_owned(),
            Self::Different {
                what,
                files: (a, b),
                values: (of_a, of_b),
            } => format!(
                "{} and {} are of different runs: {what} {of_a} and {of_b}",
                name(*a),
                name(*b)
            ),
            Self::Overlap {
                files: (a, b),
                segments: (of_a, of_b),
            } => format!(
                "{} and {} hold the same iterations: segments {of_a} and {of_b} overlap",
                name(*a),
                name(*b)
            ),
        }
    }
}

impl fmt::Display for Unmergeable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.describe(|file| format!("file {}", file + 1)))
    }
}

/// A merge under way.
#[derive(Debug)]
pub struct Merge<R> {
    head: Head,
    /// The files, each with its next second.
    files: Vec<(Recording<R>, Option<Second>)>,
    started: bool,
}

/// Whether two heads are of one run.
fn compare(heads: &[&Head], number: usize) -> Result<(), Unmergeable> {
    let (Some(first), Some(other)) = (heads.first(), heads.get(number)) else {
        return Err(Unmergeable::Nothing);
    };
    let different = |what, values| {
        Err(Unmergeable::Different {
            what,
            files: (0, number),
            values,
        })
    };
    if first.build != other.build {
        let words = |head: &Head| format!("{} (of {})", head.build, head.grid);
        return different("the builds are", (words(first), words(other)));
    }
    if first.seed != other.seed {
        let values = (first.seed.to_string(), other.seed.to_string());
        return different("the seeds are", values);
    }
    if first.loads != other.loads {
        let words = |head: &Head| {
            let loads = head.loads.iter();
            let loads = loads.map(|(scenario, load)| format!("{scenario}: {load}"));
            loads.collect::<Vec<_>>().join("; ")
        };
        return different("the loads are", (words(first), words(other)));
    }
    if first.thresholds != other.thresholds {
        let words = |head: &Head| {
            let texts = head.thresholds.iter();
            let texts = texts.map(|one| format!("`{}`", one.condition.text));
            texts.collect::<Vec<_>>().join(", ")
        };
        return different("the thresholds are", (words(first), words(other)));
    }
    if (&first.layout, &first.version) != (&other.layout, &other.version) {
        let values = ("one".to_owned(), "another".to_owned());
        return different("what they measured is", values);
    }
    Ok(())
}

impl<R: BufRead> Merge<R> {
    /// Of these files.
    ///
    /// # Errors
    /// They are not parts of one run.
    pub fn new(files: Vec<Recording<R>>) -> Result<Self, Unmergeable> {
        let heads: Vec<&Head> = files.iter().map(Recording::head).collect();
        for number in 0..heads.len().max(1) {
            compare(&heads, number)?;
        }
        let parts = heads.iter().enumerate();
        let mut parts: Vec<(usize, Part)> = parts
            .flat_map(|(file, head)| head.parts.iter().map(move |part| (file, part.clone())))
            .collect();
        for (place, (file, part)) in parts.iter().enumerate() {
            let mut before = parts.iter().take(place);
            if let Some((other, overlapped)) =
                before.find(|(_, other)| other.share.overlaps(part.share))
            {
                return Err(Unmergeable::Overlap {
                    files: (*other, *file),
                    segments: (overlapped.share.to_string(), part.share.to_string()),
                });
            }
        }
        parts.sort_by_key(|(_, part)| part.share);
        let head = Head {
            parts: parts.into_iter().map(|(_, part)| part).collect(),
            ..heads
                .first()
                .map(|head| (*head).clone())
                .ok_or(Unmergeable::Nothing)?
        };
        Ok(Self {
            head,
            files: files.into_iter().map(|file| (file, None)).collect(),
            started: false,
        })
    }

    /// That of the whole.
    pub fn head(&self) -> &Head {
        &self.head
    }

    /// The next second of all files; `None` when none has one.
    ///
    /// # Errors
    /// A file is damaged: its number.
    pub fn second(&mut self) -> Result<Option<Second>, (usize, Unreadable)> {
        if !std::mem::replace(&mut self.started, true) {
            for (number, (file, next)) in self.files.iter_mut().enumerate() {
                *next = file.second().map_err(|error| (number, error))?;
            }
        }
        let next = self.files.iter();
        let next = next.filter_map(|(_, next)| Some(next.as_ref()?.number));
        let Some(number) = next.min() else {
            return Ok(None);
        };
        let mut merged: Option<Second> = None;
        for (place, (file, next)) in self.files.iter_mut().enumerate() {
            let Some(second) = next.take_if(|second| second.number == number) else {
                continue;
            };
            match &mut merged {
                Some(merged) => merged.interval.merge(&second.interval),
                None => merged = Some(second),
            }
            *next = file.second().map_err(|error| (place, error))?;
        }
        Ok(merged)
    }

    /// How each part of the head ended, when all seconds were read.
    pub fn ends(&self) -> Vec<Option<PartEnd>> {
        let ends = self.files.iter().flat_map(|(file, _)| {
            let parts = file.head().parts.iter().enumerate();
            parts.map(|(place, part)| {
                let end = match file.ending() {
                    Some(Ending::Whole(ends)) => ends.get(place).cloned().flatten(),
                    Some(Ending::Cut(_)) | None => None,
                };
                (part.share, end)
            })
        });
        let mut ends: Vec<_> = ends.collect();
        ends.sort_by_key(|(share, _)| *share);
        ends.into_iter().map(|(_, end)| end).collect()
    }

    /// The files that were cut, with how many bytes of each.
    pub fn cut(&self) -> Vec<(usize, u64)> {
        let files = self.files.iter().enumerate();
        let cut = files.filter_map(|(number, (file, _))| match file.ending() {
            Some(Ending::Cut(bytes)) => Some((number, *bytes)),
            _ => None,
        });
        cut.collect()
    }
}

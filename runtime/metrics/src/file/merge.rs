//! The result files of several hosts to that of the whole run, second by second.
//!
//! Counts are added and everything else is the widest of all, so neither the order of the files nor merging in steps changes
//! a byte of what comes out. Each file is read by a thread of its own, a few seconds ahead: reading is most of the work.

use super::read::{Ending, Recording, Second, Unreadable};
use super::{Head, Part, PartEnd};
use std::fmt;
use std::io::BufRead;
use std::sync::mpsc::{Receiver, sync_channel};

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

/// Seconds of a file that are read ahead.
const AHEAD: usize = 4;

/// A merge under way.
#[derive(Debug)]
pub struct Merge {
    head: Head,
    files: Vec<Reading>,
    started: bool,
}

/// A file that a thread reads.
#[derive(Debug)]
struct Reading {
    parts: Vec<Part>,
    seconds: Receiver<Result<Read, Unreadable>>,
    next: Option<Second>,
    ending: Option<Ending>,
}

/// What the thread read.
#[derive(Debug)]
enum Read {
    Second(Second),
    Ending(Ending),
}

impl Reading {
    fn start<R: BufRead + Send + 'static>(mut file: Recording<R>) -> Self {
        let parts = file.head().parts.clone();
        let (sender, seconds) = sync_channel(AHEAD);
        std::thread::spawn(move || {
            loop {
                let read = match file.second() {
                    Ok(Some(second)) => Ok(Read::Second(second)),
                    Ok(None) => Ok(Read::Ending(
                        file.ending().cloned().unwrap_or(Ending::Cut(0)),
                    )),
                    Err(error) => Err(error),
                };
                let is_last = !matches!(read, Ok(Read::Second(_)));
                // Whoever is gone does not want the rest.
                if sender.send(read).is_err() || is_last {
                    return;
                }
            }
        });
        Self {
            parts,
            seconds,
            next: None,
            ending: None,
        }
    }

    fn advance(&mut self) -> Result<(), Unreadable> {
        self.next = None;
        if self.ending.is_some() {
            return Ok(());
        }
        match self.seconds.recv() {
            Ok(Ok(Read::Second(second))) => self.next = Some(second),
            Ok(Ok(Read::Ending(ending))) => self.ending = Some(ending),
            Ok(Err(error)) => return Err(error),
            // Only a panic ends the thread before.
            Err(gone) => return Err(Unreadable::Io(std::io::Error::other(gone))),
        }
        Ok(())
    }
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
            let loads = loads.map(|load| format!("{}: {}", load.scenario, load.exact));
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

impl Merge {
    /// Of these files.
    ///
    /// # Errors
    /// They are not parts of one run.
    pub fn new<R: BufRead + Send + 'static>(files: Vec<Recording<R>>) -> Result<Self, Unmergeable> {
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
            files: files.into_iter().map(Reading::start).collect(),
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
            for (number, file) in self.files.iter_mut().enumerate() {
                file.advance().map_err(|error| (number, error))?;
            }
        }
        let next = self.files.iter();
        let next = next.filter_map(|file| Some(file.next.as_ref()?.number));
        let Some(number) = next.min() else {
            return Ok(None);
        };
        let mut merged: Option<Second> = None;
        for (place, file) in self.files.iter_mut().enumerate() {
            let Some(second) = file.next.take_if(|second| second.number == number) else {
                continue;
            };
            match &mut merged {
                Some(merged) => merged.interval.merge(&second.interval),
                None => merged = Some(second),
            }
            file.advance().map_err(|error| (place, error))?;
        }
        Ok(merged)
    }

    /// How each part of the head ended, when all seconds were read.
    pub fn ends(&self) -> Vec<Option<PartEnd>> {
        let ends = self.files.iter().flat_map(|file| {
            let parts = file.parts.iter().enumerate();
            parts.map(|(place, part)| {
                let end = match &file.ending {
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
        let cut = files.filter_map(|(number, file)| match &file.ending {
            Some(Ending::Cut(bytes)) => Some((number, *bytes)),
            _ => None,
        });
        cut.collect()
    }
}

//! The result file (`--out`): what a load run measures, second by second, for `bggo report` and `bggo merge`.

use super::file::{NoFile, OutputFile};
use super::{Conclusion, Output, RunDescription};
use crate::event::Event;
use crate::judgement::Second;
use bggo_metrics::file::{self, Head, PartEnd, SlotTags};
use bggo_values::Text;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::Path;
use std::time::{Duration, SystemTime};

/// Whether a file of the same name may be replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replace {
    /// It may (`--force`).
    Yes,
    /// It is refused.
    No,
}

/// Writes the result file.
#[derive(Debug)]
pub struct ResultFile {
    file: OutputFile,
    tags: SlotTags,
    /// Until it is written: when the clock of the run started is known at the end of the first second.
    head: Option<Head>,
}

impl ResultFile {
    /// To a file of this name, which nobody else may write meanwhile.
    ///
    /// # Errors
    /// It is there already, another run writes it, or it cannot be made.
    pub fn create(path: &Path, replace: Replace, head: Head) -> Result<Self, NoFile> {
        let name = path.display().to_string();
        let opened = open(path, replace).map_err(|error| {
            NoFile::Refused(match error.kind() {
                io::ErrorKind::AlreadyExists => {
                    format!("--out: {name} is there already: choose another name, or add --force")
                }
                io::ErrorKind::WouldBlock => format!("--out: another run writes {name}"),
                _ => format!("--out: {name} cannot be written: {error}"),
            })
        })?;
        let tags = SlotTags::of(&head.layout);
        let file = OutputFile::start(name, Box::new(Whole::new(opened)))?;
        Ok(Self {
            file,
            tags,
            head: Some(head),
        })
    }

    /// Writes the head, unless that was done before, of a run that is so old.
    fn put_head(&mut self, age: Duration) {
        let Some(mut head) = self.head.take() else {
            return;
        };
        // A system clock set before 1970 counts as 1970.
        let now = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
        for part in &mut head.parts {
            part.begun = now.saturating_sub(age);
        }
        self.file.put(file::head(&head));
    }
}

/// Opens a file that no other run writes meanwhile.
fn open(path: &Path, replace: Replace) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true);
    match replace {
        Replace::Yes => options.create(true),
        Replace::No => options.create_new(true),
    };
    let file = options.open(path)?;
    file.try_lock()?;
    // A device has no length.
    if file.metadata()?.is_file() {
        file.set_len(0)?;
    }
    Ok(file)
}

/// A file that ends with a whole piece: where a piece finds no room, what was written of it is taken back.
struct Whole {
    file: File,
    /// Bytes of the pieces that are whole.
    whole: u64,
    /// Bytes of the one that is written now.
    written: u64,
}

impl Whole {
    fn new(file: File) -> Self {
        Self {
            file,
            whole: 0,
            written: 0,
        }
    }
}

impl Write for Whole {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.file.write(bytes) {
            Ok(count) => {
                self.written += count as u64;
                Ok(count)
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(error),
            Err(error) => {
                // If that fails as well, whoever reads the file cuts it there.
                let _ = self.file.set_len(self.whole);
                Err(error)
            }
        }
    }

    /// The piece is whole.
    fn flush(&mut self) -> io::Result<()> {
        self.whole += std::mem::take(&mut self.written);
        Ok(())
    }
}

/// Tells this program from all others: a hash of all its bytes.
///
/// # Errors
/// The system does not let it read itself.
pub fn build() -> io::Result<String> {
    let mut program = File::open(std::env::current_exe()?)?;
    let mut bytes = vec![0; 1 << 16];
    // FNV-1a of 64 bits.
    let mut hash = 0xCBF2_9CE4_8422_2325_u64;
    loop {
        let count = program.read(&mut bytes)?;
        if count == 0 {
            return Ok(format!("{hash:016x}"));
        }
        for byte in bytes.iter().take(count) {
            hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3);
        }
    }
}

impl Output for ResultFile {
    fn begins(&mut self, _: &RunDescription) {}

    fn event(&mut self, _: &Event) {}

    fn second(&mut self, second: &Second<'_>) {
        self.put_head(second.interval.end());
        let lines = file::second(&self.tags, second.number, second.interval);
        self.file.put(lines);
    }

    fn ends(&mut self, conclusion: &Conclusion<'_>) {
        self.put_head(conclusion.figures.length);
        let end = PartEnd {
            exit: conclusion.exit.code(),
            begins_for: conclusion.figures.begins_for,
            left: conclusion.left,
            fell_behind: conclusion.not_put_on().map(Text::from),
            searches: conclusion.searches.to_vec(),
            examples: conclusion.examples.clone(),
        };
        self.file.put(file::end(&[Some(end)]));
        self.file.finish();
    }

    fn trouble(&mut self) -> Option<String> {
        self.file.trouble()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_there_is_kept_unless_it_may_be_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.log");
        std::fs::write(&path, "what was there before").unwrap();
        assert_eq!(
            open(&path, Replace::No).unwrap_err().kind(),
            io::ErrorKind::AlreadyExists
        );
        assert_eq!(std::fs::read(&path).unwrap(), b"what was there before");
        let file = open(&path, Replace::Yes).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"");
        // Another run must not take it away.
        assert_eq!(
            open(&path, Replace::Yes).unwrap_err().kind(),
            io::ErrorKind::WouldBlock
        );
        drop(file);
        open(&path, Replace::Yes).unwrap();
    }

    #[test]
    fn the_build_of_a_program_is_the_same_each_time() {
        assert_eq!(build().unwrap(), build().unwrap());
    }
}

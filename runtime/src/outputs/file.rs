//! A file that is written while a run goes on: a mailbox and a thread that writes, so that a slow disk holds up nobody.

use super::mailbox::{Bounded, Received, Receiver, Sender, answer, mailbox};
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// Pieces that may wait: what is more is lost, and the file with it. A piece is at most all that a second measured.
const WAITING: usize = 600;

/// The way to the thread that writes a file.
#[derive(Debug)]
pub struct OutputFile {
    /// As the user wrote its name.
    name: String,
    pieces: Sender<Piece>,
    failed: Arc<Mutex<Option<io::Error>>>,
    is_told: bool,
}

/// A way to have texts written to a file.
#[derive(Debug)]
pub struct FileWriter(Sender<Piece>);

impl FileWriter {
    /// Has a text written, unless too much waits already: then the answer is no.
    pub fn offer(&self, text: String) -> bool {
        self.0.offer(Piece::Text(text))
    }
}

/// Why there is no file to write to. The text says which one and why.
#[derive(Debug, PartialEq, Eq)]
pub enum NoFile {
    /// It cannot be opened, or may not be replaced.
    Refused(String),
    /// The system has no thread that would write it.
    NoThread(String),
}

impl NoFile {
    /// What to say of it.
    pub fn text(&self) -> &str {
        match self {
            Self::Refused(text) | Self::NoThread(text) => text,
        }
    }
}

enum Piece {
    Text(String),
    /// Everything before is written: say so.
    Done(Sender<()>),
}

impl OutputFile {
    /// Makes the file, or empties it if it is there.
    ///
    /// # Errors
    /// It cannot be opened, or the system has no thread for it.
    pub fn create(path: &Path) -> Result<Self, NoFile> {
        let name = path.display().to_string();
        let file = File::create(path)
            .map_err(|error| NoFile::Refused(format!("{name} cannot be written: {error}")))?;
        Self::start(name, Box::new(file))
    }

    /// Writes to `out`, which is called `name` in messages.
    ///
    /// # Errors
    /// The system has no thread for it.
    pub fn start(name: String, out: Box<dyn Write + Send>) -> Result<Self, NoFile> {
        Self::start_on(std::thread::Builder::new(), name, out)
    }

    fn start_on(
        thread: std::thread::Builder,
        name: String,
        out: Box<dyn Write + Send>,
    ) -> Result<Self, NoFile> {
        let (pieces, receiver) = mailbox(WAITING);
        pieces.bounded(Bounded::Yes);
        let failed = Arc::<Mutex<Option<io::Error>>>::default();
        let fails = Arc::clone(&failed);
        thread
            .name("file".to_owned())
            .spawn(move || write(out, &receiver, &fails))
            .map_err(|error| {
                NoFile::NoThread(format!("the system has no thread to write {name}: {error}"))
            })?;
        Ok(Self {
            name,
            pieces,
            failed,
            is_told: false,
        })
    }

    /// Has a text written.
    pub fn put(&self, text: String) {
        self.pieces.offer(Piece::Text(text));
    }

    /// As the user wrote its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A way for another thread to have texts written.
    pub fn writer(&self) -> FileWriter {
        FileWriter(self.pieces.clone())
    }

    /// Waits until all that was put before is written.
    pub fn finish(&self) {
        let (done, written) = answer();
        self.pieces.send(Piece::Done(done));
        // If its thread is gone, nothing more will be written.
        let _ = written.receive(None);
    }

    /// Why the file is not whole, once.
    pub fn trouble(&mut self) -> Option<String> {
        if self.is_told {
            return None;
        }
        let failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        let why = match failed.as_ref() {
            Some(error) => error.to_string(),
            None if self.pieces.lost() > 0 => {
                "the disk was slower than the figures came".to_owned()
            }
            None => return None,
        };
        self.is_told = true;
        Some(format!("{} is not whole: {why}", self.name))
    }
}

/// Ends when nobody can put anything any more. After an error nothing more is written, so that no file has a hole.
fn write(
    mut out: Box<dyn Write + Send>,
    pieces: &Receiver<Piece>,
    failed: &Mutex<Option<io::Error>>,
) {
    let mut is_whole = true;
    while let Received::Item(piece) = pieces.receive(None) {
        match piece {
            Piece::Text(text) if is_whole => {
                if let Err(error) = out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
                    is_whole = false;
                    *failed.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                }
            }
            Piece::Text(_) => {}
            Piece::Done(done) => done.send(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A disk with room for so many bytes.
    struct Full(usize);

    impl Write for Full {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if bytes.len() > self.0 {
                return Err(io::Error::from_raw_os_error(28));
            }
            self.0 -= bytes.len();
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn what_is_put_stands_in_the_file_in_its_order() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        std::fs::write(&path, "what was there before").unwrap();
        let mut file = OutputFile::create(&path).unwrap();
        file.put("one\n".to_owned());
        file.put("two\n".to_owned());
        file.finish();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "one\ntwo\n");
        assert_eq!(file.trouble(), None);
    }

    #[test]
    fn a_file_that_cannot_be_opened_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("no/a.csv");
        let said = OutputFile::create(&path).unwrap_err();
        let NoFile::Refused(text) = said else {
            panic!("{said:?}");
        };
        assert!(text.contains("no/a.csv cannot be written: "), "{text}");
    }

    #[test]
    fn a_thread_that_cannot_be_started_is_no_fault_of_the_file() {
        // No system has so large a stack.
        let thread = std::thread::Builder::new().stack_size(1 << 60);
        let said = OutputFile::start_on(thread, "a.csv".to_owned(), Box::new(Full(5)));
        let said = said.unwrap_err();
        let NoFile::NoThread(text) = said else {
            panic!("{said:?}");
        };
        assert!(
            text.starts_with("the system has no thread to write a.csv: "),
            "{text}"
        );
    }

    #[test]
    fn a_full_disk_is_told_once_and_nothing_is_written_behind_the_hole() {
        let mut file = OutputFile::start("a.csv".to_owned(), Box::new(Full(5))).unwrap();
        file.put("four".to_owned());
        file.finish();
        assert_eq!(file.trouble(), None);
        file.put("too long".to_owned());
        file.put("1".to_owned());
        file.finish();
        let said = file.trouble().unwrap();
        assert!(
            said.starts_with("a.csv is not whole: No space left"),
            "{said}"
        );
        assert_eq!(file.trouble(), None);
    }
}

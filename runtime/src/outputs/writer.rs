//! Lines on their way to stderr: a mailbox and a thread that writes, so that nobody waits for a stopped pipe or a slow
//! terminal. Each line is written and flushed as a whole: a run that is killed hard loses at most its last second.

use super::mailbox::{Bounded, Received, Receiver, Sender, mailbox};
use std::io::{self, Write};

/// Lines that may wait under load. Some thousand lines are some hundred KiB, and more than an hour of live lines.
const WAITING: usize = 4096;

/// The way to the thread that writes.
#[derive(Debug, Clone)]
pub struct LineWriter(Sender<Piece>);

enum Piece {
    Text(String),
    /// Everything before is written: say so.
    Flush(Sender<()>),
}

impl LineWriter {
    /// Starts the thread that writes to `out`.
    ///
    /// # Errors
    /// The system has no thread for it.
    pub fn start(out: Box<dyn Write + Send>) -> io::Result<Self> {
        let (sender, pieces) = mailbox(WAITING);
        std::thread::Builder::new()
            .name("write".to_owned())
            .spawn(move || write(out, &pieces))?;
        Ok(Self(sender))
    }

    /// Whether lines are left out when too many wait. In a functional run none is.
    pub fn bounded(&self, bounded: Bounded) {
        self.0.bounded(bounded);
    }

    /// Has `text`, whole lines, written.
    pub fn put(&self, text: String) {
        self.0.offer(Piece::Text(text));
    }

    /// How often [`LineWriter::put`] left something out.
    pub fn lost(&self) -> u64 {
        self.0.lost()
    }

    /// `done` hears when all that was put before is written.
    pub fn flush(&self, done: Sender<()>) {
        self.0.send(Piece::Flush(done));
    }
}

/// Ends when nobody can put anything any more.
fn write(mut out: Box<dyn Write + Send>, pieces: &Receiver<Piece>) {
    while let Received::Item(piece) = pieces.receive(None) {
        match piece {
            Piece::Text(text) => {
                // A closed stderr is no reason to end a run.
                let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
            }
            Piece::Flush(done) => done.send(()),
        }
    }
}

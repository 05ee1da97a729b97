//! Lines on their way to stderr: a mailbox and a thread that writes, so that nobody waits for a stopped pipe or a slow
//! terminal. Each line is written and flushed as a whole: a run that is killed hard loses at most its last second.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};

/// Lines that may wait under load. Some thousand lines are some hundred KiB, and more than an hour of live lines.
const WAITING: usize = 4096;

/// The way to the thread that writes.
#[derive(Debug, Clone)]
pub struct LineWriter {
    mailbox: Sender<Piece>,
    state: Arc<State>,
}

#[derive(Debug, Default)]
struct State {
    waiting: AtomicUsize,
    bounded: AtomicBool,
    lost: AtomicU64,
}

#[derive(Debug)]
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
        let (mailbox, pieces) = channel();
        let state = Arc::new(State::default());
        let of_thread = Arc::clone(&state);
        std::thread::Builder::new()
            .name("write".to_owned())
            .spawn(move || write(out, &pieces, &of_thread))?;
        Ok(Self { mailbox, state })
    }

    /// Whether lines are left out when too many wait. In a functional run none is.
    pub fn bounded(&self, bounded: Bounded) {
        let bounded = bounded == Bounded::Yes;
        self.state.bounded.store(bounded, Ordering::Relaxed);
    }

    /// Has `text`, whole lines, written.
    pub fn put(&self, text: String) {
        let bounded = self.state.bounded.load(Ordering::Relaxed);
        if bounded && self.state.waiting.load(Ordering::Relaxed) >= WAITING {
            self.state.lost.fetch_add(1, Ordering::Relaxed);
            return;
        }
        self.state.waiting.fetch_add(1, Ordering::Relaxed);
        // The thread ends when nobody can put anything any more.
        let _ = self.mailbox.send(Piece::Text(text));
    }

    /// How often [`LineWriter::put`] left something out.
    pub fn lost(&self) -> u64 {
        self.state.lost.load(Ordering::Relaxed)
    }

    /// `done` hears when all that was put before is written.
    pub fn flush(&self, done: Sender<()>) {
        let _ = self.mailbox.send(Piece::Flush(done));
    }
}

/// Whether a mailbox takes any number of things.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bounded {
    /// What is too much is counted and left out.
    Yes,
    /// Nothing is lost.
    No,
}

fn write(mut out: Box<dyn Write + Send>, pieces: &Receiver<Piece>, state: &State) {
    while let Ok(piece) = pieces.recv() {
        match piece {
            Piece::Text(text) => {
                // A closed stderr is no reason to end a run.
                let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
                state.waiting.fetch_sub(1, Ordering::Relaxed);
            }
            // Who asked may have given up waiting.
            Piece::Flush(done) => {
                let _ = done.send(());
            }
        }
    }
}

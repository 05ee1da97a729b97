//! Lines on their way to stderr: a mailbox and a thread that writes, so that nobody waits for a stopped pipe or a slow
//! terminal. Each line is written and flushed as a whole: a run that is killed hard loses at most its last second.
//!
//! Under the lines of a terminal a line may stand that is drawn again and again. Only this thread writes, so it takes that
//! line away before others are written, and draws it again behind them.

use super::mailbox::{Bounded, Received, Receiver, Sender, mailbox};
use std::fmt;
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Lines that may wait under load. Some thousand lines are some hundred KiB, and more than an hour of live lines.
const WAITING: usize = 4096;
/// The begin of the line, and nothing behind it.
const ERASE: &str = "\r\x1b[K";

/// The way to the thread that writes.
#[derive(Debug, Clone)]
pub struct LineWriter {
    pieces: Sender<Piece>,
    /// A drawing waits that the thread has not seen yet.
    drawing_waits: Arc<AtomicBool>,
}

/// A line for a screen of so many columns, without its line break.
pub type Drawing = Box<dyn Fn(usize) -> String + Send>;

enum Piece {
    Text(String),
    /// The line that stands under all others from now on.
    Draw(Option<Drawing>),
    /// Everything before is written: say so.
    Flush(Sender<()>),
}

impl LineWriter {
    /// Starts the thread that writes to `out`, a screen whose number of columns `width` asks for.
    ///
    /// # Errors
    /// The system has no thread for it.
    pub fn start(out: Box<dyn Write + Send>, width: fn() -> usize) -> io::Result<Self> {
        let (sender, pieces) = mailbox(WAITING);
        let drawing_waits = Arc::new(AtomicBool::new(false));
        let writing = Writing {
            out,
            width,
            drawing: None,
            drawing_waits: Arc::clone(&drawing_waits),
        };
        std::thread::Builder::new()
            .name("write".to_owned())
            .spawn(move || writing.work(&pieces))?;
        Ok(Self {
            pieces: sender,
            drawing_waits,
        })
    }

    /// Whether lines are left out when too many wait. In a functional run none is.
    pub fn bounded(&self, bounded: Bounded) {
        self.pieces.bounded(bounded);
    }

    /// Has `text`, whole lines, written.
    pub fn put(&self, text: String) {
        self.pieces.offer(Piece::Text(text));
    }

    /// Has a line drawn under all others, in the place of the one that stands there. It is left out while the terminal has
    /// not taken the one before.
    pub fn draw(&self, drawing: Drawing) {
        if !self.drawing_waits.swap(true, Ordering::AcqRel) {
            self.pieces.send(Piece::Draw(Some(drawing)));
        }
    }

    /// Has the line that is drawn under all others taken away.
    pub fn draw_nothing(&self) {
        self.pieces.send(Piece::Draw(None));
    }

    /// How often [`LineWriter::put`] left something out.
    pub fn lost(&self) -> u64 {
        self.pieces.lost()
    }

    /// `done` hears when all that was put before is written.
    pub fn flush(&self, done: Sender<()>) {
        self.pieces.send(Piece::Flush(done));
    }
}

impl fmt::Debug for Piece {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Piece")
    }
}

/// What the thread works on.
struct Writing {
    out: Box<dyn Write + Send>,
    width: fn() -> usize,
    drawing: Option<Drawing>,
    drawing_waits: Arc<AtomicBool>,
}

impl Writing {
    /// Ends when nobody can put anything any more.
    fn work(mut self, pieces: &Receiver<Piece>) {
        while let Received::Item(piece) = pieces.receive(None) {
            match piece {
                Piece::Text(text) => self.write(&text),
                Piece::Draw(drawing) => {
                    // What waits now is drawn with it.
                    self.drawing_waits.store(false, Ordering::Release);
                    let stood = self.drawing.is_some();
                    self.drawing = drawing;
                    match &self.drawing {
                        Some(_) => self.write(""),
                        None if stood => self.put(ERASE),
                        None => {}
                    }
                }
                Piece::Flush(done) => done.send(()),
            }
        }
        if self.drawing.is_some() {
            self.put(ERASE);
        }
    }

    /// Writes lines above the one that is drawn.
    fn write(&mut self, lines: &str) {
        match &self.drawing {
            None => self.put(lines),
            Some(drawing) => {
                // A line as wide as the screen would move to the next one.
                let drawn = drawing((self.width)().saturating_sub(1));
                self.put(&format!("{ERASE}{lines}{drawn}"));
            }
        }
    }

    fn put(&mut self, text: &str) {
        // A closed stderr is no reason to end a run.
        let _ = self
            .out
            .write_all(text.as_bytes())
            .and_then(|()| self.out.flush());
    }
}

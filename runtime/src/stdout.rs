//! Writes lines to standard output. Each line is written as a whole, so lines of two threads never mix.

use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};

/// Stderr draws a line on the terminal that stdout is on as well.
static ERASES: AtomicBool = AtomicBool::new(false);

/// Takes the line that stderr draws on this terminal away before each line from now on; it is drawn again in its next
/// second.
pub fn erase_before_lines() {
    ERASES.store(true, Ordering::Relaxed);
}

/// Writes one line.
///
/// # Errors
/// Standard output is closed or full.
pub fn line(text: &str) -> io::Result<()> {
    let erase = if ERASES.load(Ordering::Relaxed) {
        "\r\x1b[K"
    } else {
        ""
    };
    let mut line = String::with_capacity(erase.len() + text.len() + 1);
    line.push_str(erase);
    line.push_str(text);
    line.push('\n');
    io::stdout().lock().write_all(line.as_bytes())
}

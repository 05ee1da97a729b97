//! Writes lines to standard output. Each line is written as a whole, so lines of two threads never mix.

use std::io::{self, Write};

/// Writes one line.
///
/// # Errors
/// Standard output is closed or full.
pub fn line(text: &str) -> io::Result<()> {
    let mut line = String::with_capacity(text.len() + 1);
    line.push_str(text);
    line.push('\n');
    io::stdout().lock().write_all(line.as_bytes())
}

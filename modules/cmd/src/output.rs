//! One stream of a command's output, read to its end: the beginning is kept, the rest is counted and dropped.

use bggo_runtime::contract::Text;
use std::io;
use std::os::fd::OwnedFd;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, ReadBuf};
use tokio::net::unix::pipe::Receiver;

/// Bytes that are read at once.
const CHUNK: usize = 16 << 10;
/// Characters of a line that a fault shows.
const SHOWN: usize = 200;

/// A stream.
#[derive(Debug)]
pub(crate) struct Output {
    /// Until its end.
    pipe: Option<Receiver>,
    kept: Vec<u8>,
    /// How many bytes are kept at most.
    most: usize,
    total: u64,
}

impl Output {
    /// Of a pipe, of which `most` bytes are kept.
    ///
    /// # Errors
    /// It is no pipe.
    pub(crate) fn new(pipe: impl Into<OwnedFd>, most: usize) -> io::Result<Self> {
        Ok(Self {
            pipe: Some(Receiver::from_owned_fd(pipe.into())?),
            kept: Vec::new(),
            most,
            total: 0,
        })
    }

    /// Reads what there is. Ready at the end: no process holds the other side any more.
    pub(crate) fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut chunk = [0; CHUNK];
        while let Some(pipe) = &mut self.pipe {
            let mut read = ReadBuf::new(&mut chunk);
            // A pipe that cannot be read has no more to give, which is an end as well.
            if ready!(Pin::new(pipe).poll_read(cx, &mut read)).is_err() || read.filled().is_empty()
            {
                self.pipe = None;
                break;
            }
            let bytes = read.filled();
            let room = self.most - self.kept.len();
            self.kept.extend_from_slice(&bytes[..bytes.len().min(room)]);
            self.total += bytes.len() as u64;
        }
        Poll::Ready(())
    }

    /// What is kept.
    pub(crate) fn kept(&self) -> &[u8] {
        &self.kept
    }

    /// How many bytes came.
    pub(crate) fn total(&self) -> u64 {
        self.total
    }

    /// What is kept, as text. A character that was cut in two is left out.
    pub(crate) fn text(&self) -> Text {
        let is_cut = self.total > self.kept.len() as u64;
        let whole = if is_cut {
            whole_characters(&self.kept)
        } else {
            &self.kept
        };
        Text::from(String::from_utf8_lossy(whole).into_owned())
    }

    /// The first line that is not empty, made short.
    pub(crate) fn first_line(&self) -> Option<String> {
        let text = String::from_utf8_lossy(&self.kept);
        let line = text.lines().map(str::trim).find(|line| !line.is_empty())?;
        let mut short: String = line.chars().take(SHOWN).collect();
        if short.len() < line.len() {
            short.push_str("..");
        }
        Some(short)
    }
}

/// Without the beginning of a character at the end.
fn whole_characters(bytes: &[u8]) -> &[u8] {
    match std::str::from_utf8(bytes) {
        Ok(_) => bytes,
        Err(error) if error.error_len().is_none() => &bytes[..error.valid_up_to()],
        // There is no UTF-8 before that either: only what may be a beginning at the end is looked at.
        Err(_) => {
            let from = bytes.len().saturating_sub(3);
            let tail = (from..bytes.len()).find(|&at| {
                matches!(std::str::from_utf8(&bytes[at..]), Err(error)
                    if error.valid_up_to() == 0 && error.error_len().is_none())
            });
            &bytes[..tail.unwrap_or(bytes.len())]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_character_that_is_cut_is_left_out_and_other_bytes_stay() {
        let euro = "\u{20ac}".as_bytes();
        assert_eq!(whole_characters(b"ab"), b"ab");
        assert_eq!(whole_characters(&[b"a", &euro[..2]].concat()), b"a");
        assert_eq!(
            whole_characters(&[b"a", euro].concat()),
            [b"a", euro].concat()
        );
        assert_eq!(whole_characters(b"\xff ab"), b"\xff ab");
        assert_eq!(whole_characters(&[b"\xff ", &euro[..1]].concat()), b"\xff ");
        assert_eq!(whole_characters(b""), b"");
    }
}

//! A piece of a file, read as it is needed.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

/// The most bytes of one row.
const LONGEST_ROW: usize = 16 << 20;

/// A piece of a file, which moves on.
pub(crate) struct Window {
    bytes: Vec<u8>,
    /// What of it is passed.
    passed: usize,
    /// Where the bytes begin in the file.
    begin: u64,
    /// Bytes that are read at once; more where a row is longer.
    piece: usize,
    /// The file ends with it.
    pub(crate) is_all: bool,
}

impl Window {
    pub(crate) fn new(begin: u64, piece: usize) -> Self {
        Self {
            bytes: Vec::new(),
            passed: 0,
            begin,
            piece,
            is_all: false,
        }
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        self.bytes.get(self.passed..).unwrap_or_default()
    }

    /// Where its first byte lies that is not passed.
    pub(crate) fn place(&self) -> u64 {
        self.begin + self.passed as u64
    }

    pub(crate) fn pass(&mut self, length: usize) {
        self.passed += length;
    }

    /// Drops what is passed and reads more.
    pub(crate) fn more(&mut self, file: &File) -> io::Result<()> {
        self.begin = self.place();
        self.bytes.drain(..self.passed);
        self.passed = 0;
        let known = self.bytes.len();
        if known > LONGEST_ROW {
            let text = format!("a row has more than {} MiB", LONGEST_ROW >> 20);
            return Err(io::Error::other(text));
        }
        // What is looked at again is at most as much as what is new.
        self.bytes.resize(known + self.piece.max(known), 0);
        let read = loop {
            let room = self.bytes.get_mut(known..).unwrap_or_default();
            match file.read_at(room, self.begin + known as u64) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => break other?,
            }
        };
        self.bytes.truncate(known + read);
        self.is_all = read == 0;
        Ok(())
    }
}

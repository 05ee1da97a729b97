//! The rows that are copied in, in pieces: bytes that are there, rows of the grid as the server reads them, or a file.

use crate::encode;
use crate::postgres_copy_in::Error as Kind;
use bggo_runtime::contract::{Fault, FaultText, Value};
use std::future::poll_fn;
use std::pin::Pin;
use std::task::ready;
use tokio::fs::File;
use tokio::io::{AsyncRead, ReadBuf};

/// How many bytes go in one message, and how many of a file are read at once.
pub(crate) const PIECE: usize = 64 << 10;

/// Rows that are being sent.
pub(crate) enum Source<'a> {
    Bytes(&'a [u8]),
    File { file: File, path: &'a str },
}

impl<'a> Source<'a> {
    /// A file.
    ///
    /// # Errors
    /// It cannot be opened.
    pub(crate) async fn open(path: &'a str) -> Result<Self, Fault> {
        let wrong = |error| unreadable(path, &error);
        let file = File::open(path).await.map_err(wrong)?;
        Ok(Self::File { file, path })
    }

    /// Appends the next piece to a buffer. It is empty behind the last one.
    ///
    /// # Errors
    /// The file cannot be read.
    pub(crate) async fn read(&mut self, piece: &mut Vec<u8>) -> Result<(), Fault> {
        match self {
            Self::Bytes(bytes) => {
                let (now, rest) = bytes.split_at_checked(PIECE).unwrap_or((bytes, &[]));
                piece.extend_from_slice(now);
                *bytes = rest;
                Ok(())
            }
            Self::File { file, path } => {
                let begins = piece.len();
                piece.resize(begins + PIECE, 0);
                let count = poll_fn(|cx| {
                    let mut room = ReadBuf::new(piece.get_mut(begins..).unwrap_or_default());
                    ready!(Pin::new(&mut *file).poll_read(cx, &mut room))?;
                    std::task::Poll::Ready(Ok(room.filled().len()))
                });
                let count = count.await.map_err(|error| unreadable(path, &error));
                piece.truncate(begins + *count.as_ref().unwrap_or(&0));
                count.map(drop)
            }
        }
    }
}

fn unreadable(path: &str, error: &std::io::Error) -> Fault {
    let text = FaultText::plain("the file ").and_value(path);
    Kind::File.fault(text.and(format_args!(" cannot be read: {error}")))
}

/// Rows of the grid in the text format: a line a row, a tab between columns.
///
/// # Errors
/// A row is no list, or a value of it is none that a column can have.
pub(crate) fn lines(rows: &Value) -> Result<Vec<u8>, Fault> {
    let mut lines = Vec::new();
    let rows = rows.items();
    for (number, row) in rows.iter().flat_map(|rows| rows.iter()).enumerate() {
        let wrong = |text: &str| {
            let words = format_args!("row {}: {text}", number + 1);
            Kind::Conversion.fault(FaultText::plain(words))
        };
        let row = row.settled()?;
        let values = row
            .items()
            .ok_or_else(|| wrong("a list of values is expected, one for each column"))?;
        for (column, value) in values.iter().enumerate() {
            if column > 0 {
                lines.push(b'\t');
            }
            match encode::column(value).map_err(wrong)? {
                None => lines.extend_from_slice(b"\\N"),
                Some(text) => put_escaped(&mut lines, &text),
            }
        }
        lines.push(b'\n');
    }
    Ok(lines)
}

fn put_escaped(out: &mut Vec<u8>, text: &str) {
    for byte in text.bytes() {
        let letter = match byte {
            b'\\' => b'\\',
            b'\n' => b'n',
            b'\r' => b'r',
            b'\t' => b't',
            plain => {
                out.push(plain);
                continue;
            }
        };
        out.extend_from_slice(&[b'\\', letter]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bggo_runtime::contract::Number;

    #[test]
    fn rows_are_lines_with_what_ends_them_escaped() {
        let list = Value::from(vec![Value::text("x"), Value::Null]);
        let rows = Value::from(vec![
            Value::from(vec![
                Number::new(1).into(),
                Value::text("a\tb\\c\nd\r"),
                Value::Null,
            ]),
            Value::from(vec![
                Value::Bool(true),
                list,
                Value::Bytes(vec![0, 255].into()),
            ]),
        ]);
        let lines = lines(&rows).unwrap();
        let expected = "1\ta\\tb\\\\c\\nd\\r\t\\N\ntrue\t{\"x\",NULL}\t\\\\x00ff\n";
        assert_eq!(String::from_utf8(lines).unwrap(), expected);
    }

    #[test]
    fn a_row_is_a_list() {
        let rows = Value::from(vec![Value::text("a")]);
        let fault = lines(&rows).unwrap_err();
        assert_eq!(
            fault.text(),
            "row 1: a list of values is expected, one for each column"
        );
    }
}

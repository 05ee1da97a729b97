//! Rows of comma-separated values, as RFC 4180 has them, out of bytes that may come in pieces.
//!
//! A cell in quotes holds delimiters and line breaks, and two quotes in it are one. A quote within a cell that does not begin
//! with one is a character like others. Lines end with LF or CRLF, empty ones are passed over, and a mark of the byte order
//! before the first one is none of its text.

use std::fmt;

/// Cuts bytes into rows.
#[derive(Debug, Clone)]
pub struct Csv {
    delimiter: u8,
    /// The line that is next, from 1.
    line: u64,
    /// Nothing was read yet.
    fresh: bool,
}

/// A row that was cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// How many bytes it takes from where reading began, empty lines before it included.
    pub length: usize,
    /// How many of these are such lines, or a mark.
    pub before: usize,
    /// The line on which it begins, from 1.
    pub line: u64,
}

/// What the next bytes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// A row, whose cells were given out.
    Row(Row),
    /// Part of a row: more bytes tell.
    Part,
    /// Nothing is left.
    End,
}

/// A row that is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CsvFault {
    /// The line, from 1.
    pub line: u64,
    /// What is wrong there.
    pub what: Wrong,
}

/// What is wrong with a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrong {
    /// A quote that begins a cell has no end.
    UnclosedQuote,
    /// Something stands between the end of a quoted cell and the next delimiter.
    BehindQuote,
    /// Its bytes are no text.
    NotUtf8,
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UnclosedQuote => "a cell begins with a quote that is never closed",
            Self::BehindQuote => {
                "behind the closing quote of a cell stands neither a delimiter nor the end of the line"
            }
            Self::NotUtf8 => "the bytes are not UTF-8",
        })
    }
}

impl Csv {
    /// From the beginning of a file.
    pub const fn new(delimiter: u8) -> Self {
        Self {
            delimiter,
            line: 1,
            fresh: true,
        }
    }

    /// From a row in the midst of a file.
    pub const fn from_row(delimiter: u8) -> Self {
        Self {
            delimiter,
            line: 1,
            fresh: false,
        }
    }

    /// Cuts the row that `bytes` begin with and gives out its cells. `is_all` says that no bytes follow these.
    ///
    /// # Errors
    /// What is wrong with the row.
    pub fn next(
        &mut self,
        bytes: &[u8],
        is_all: bool,
        cells: &mut Vec<String>,
    ) -> Result<Next, CsvFault> {
        cells.clear();
        let mut kept = Kept {
            cells,
            cell: Vec::new(),
        };
        self.cut(bytes, is_all, &mut kept)
    }

    /// The same, but the cells are only counted, and need not be text.
    ///
    /// # Errors
    /// What is wrong with the row.
    pub fn skip(
        &mut self,
        bytes: &[u8],
        is_all: bool,
        count: &mut usize,
    ) -> Result<Next, CsvFault> {
        *count = 0;
        self.cut(bytes, is_all, &mut Counted(count))
    }

    fn cut<C: Cells>(
        &mut self,
        bytes: &[u8],
        is_all: bool,
        cells: &mut C,
    ) -> Result<Next, CsvFault> {
        let mut at = 0;
        if self.fresh {
            if !is_all && bytes.len() < 3 {
                return Ok(Next::Part);
            }
            if bytes.starts_with(b"\xef\xbb\xbf") {
                at = 3;
            }
        }
        let mut line = self.line;
        loop {
            match bytes.get(at..) {
                Some([b'\n', ..]) => at += 1,
                Some([b'\r', b'\n', ..]) => at += 2,
                Some([b'\r']) if !is_all => return Ok(Next::Part),
                Some([]) | None if is_all => return Ok(Next::End),
                Some([]) | None => return Ok(Next::Part),
                Some(_) => break,
            }
            line += 1;
        }
        let before = at;
        let first_line = line;
        let fault = |line: u64, what: Wrong| CsvFault { line, what };
        loop {
            let begun = line;
            if bytes.get(at) == Some(&b'"') {
                at += 1;
                loop {
                    let rest = bytes.get(at..).unwrap_or_default();
                    let Some(quote) = rest.iter().position(|byte| *byte == b'"') else {
                        return match is_all {
                            true => Err(fault(begun, Wrong::UnclosedQuote)),
                            false => Ok(Next::Part),
                        };
                    };
                    let (text, behind) = rest.split_at(quote);
                    line += text
                        .iter()
                        .map(|byte| u64::from(*byte == b'\n'))
                        .sum::<u64>();
                    cells.piece(text);
                    at += quote;
                    match behind {
                        [_, b'"', ..] => {
                            cells.piece(b"\"");
                            at += 2;
                        }
                        [_] if !is_all => return Ok(Next::Part),
                        _ => {
                            at += 1;
                            break;
                        }
                    }
                }
            } else {
                let rest = bytes.get(at..).unwrap_or_default();
                let end = rest
                    .iter()
                    .position(|byte| *byte == self.delimiter || *byte == b'\n');
                if end.is_none() && !is_all {
                    return Ok(Next::Part);
                }
                let end = end.unwrap_or(rest.len());
                let mut text = rest.get(..end).unwrap_or_default();
                if rest.get(end) != Some(&self.delimiter) {
                    text = text.strip_suffix(b"\r").unwrap_or(text);
                }
                cells.piece(text);
                at += text.len();
            }
            if !cells.end() {
                return Err(fault(begun, Wrong::NotUtf8));
            }
            match bytes.get(at..) {
                Some([byte, ..]) if *byte == self.delimiter => at += 1,
                Some([b'\n', ..]) => {
                    at += 1;
                    break;
                }
                Some([b'\r', b'\n', ..]) => {
                    at += 2;
                    break;
                }
                Some([b'\r']) if is_all => {
                    at += 1;
                    break;
                }
                Some([]) | None if is_all => break,
                Some([b'\r'] | []) | None => return Ok(Next::Part),
                Some(_) => return Err(fault(line, Wrong::BehindQuote)),
            }
        }
        self.fresh = false;
        self.line = line + 1;
        Ok(Next::Row(Row {
            length: at,
            before,
            line: first_line,
        }))
    }
}

/// What becomes of the cells of a row.
trait Cells {
    /// The next bytes of a cell.
    fn piece(&mut self, bytes: &[u8]);
    /// The cell has ended; `false` if it is no text.
    fn end(&mut self) -> bool;
}

struct Kept<'a> {
    cells: &'a mut Vec<String>,
    cell: Vec<u8>,
}

impl Cells for Kept<'_> {
    fn piece(&mut self, bytes: &[u8]) {
        self.cell.extend_from_slice(bytes);
    }

    fn end(&mut self) -> bool {
        match String::from_utf8(std::mem::take(&mut self.cell)) {
            Ok(cell) => {
                self.cells.push(cell);
                true
            }
            Err(_) => false,
        }
    }
}

struct Counted<'a>(&'a mut usize);

impl Cells for Counted<'_> {
    fn piece(&mut self, _: &[u8]) {}

    fn end(&mut self) -> bool {
        *self.0 += 1;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Rows = Vec<(u64, Vec<String>)>;

    fn whole(text: &[u8]) -> Result<Rows, CsvFault> {
        let (mut csv, mut at, mut cells, mut rows) = (Csv::new(b','), 0, Vec::new(), Vec::new());
        while let Next::Row(row) = csv.next(&text[at..], true, &mut cells)? {
            at += row.length;
            rows.push((row.line, cells.clone()));
        }
        Ok(rows)
    }

    fn in_pieces(text: &[u8], piece: usize) -> Result<Rows, CsvFault> {
        let (mut csv, mut cells, mut rows) = (Csv::new(b','), Vec::new(), Vec::new());
        let (mut at, mut end) = (0, 0);
        loop {
            match csv.next(&text[at..end], end == text.len(), &mut cells)? {
                Next::Row(row) => {
                    at += row.length;
                    rows.push((row.line, cells.clone()));
                }
                Next::Part => end = (end + piece).min(text.len()),
                Next::End => return Ok(rows),
            }
        }
    }

    #[test]
    fn rows_are_cut_however_the_bytes_come() {
        let text = b"\xef\xbb\xbfa,b,\"c \"\"d\"\"\"\r\n\n\r\n1,\"x\r\ny,\nz\",\n5\" pipe,,last\r";
        let expected = [
            (1, vec!["a", "b", "c \"d\""]),
            (4, vec!["1", "x\r\ny,\nz", ""]),
            (7, vec!["5\" pipe", "", "last"]),
        ];
        let expected: Rows = expected
            .into_iter()
            .map(|(line, cells)| (line, cells.into_iter().map(str::to_owned).collect()))
            .collect();
        assert_eq!(whole(text).unwrap(), expected);
        for piece in 1..text.len() {
            assert_eq!(in_pieces(text, piece).unwrap(), expected, "{piece}");
        }
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        for (text, line, what) in [
            (&b"a\n1\n\"x\ny\n"[..], 3, Wrong::UnclosedQuote),
            (b"a,b\n\"x\" y,1\n", 2, Wrong::BehindQuote),
            (b"a\n\"x\ny\"z\n", 3, Wrong::BehindQuote),
            (b"a\n\n\xff\n", 3, Wrong::NotUtf8),
        ] {
            assert_eq!(whole(text), Err(CsvFault { line, what }));
            assert_eq!(in_pieces(text, 1), Err(CsvFault { line, what }));
        }
    }

    #[test]
    fn nothing_has_no_rows() {
        for text in [&b""[..], b"\n\r\n\n", b"\xef\xbb\xbf"] {
            assert_eq!(whole(text), Ok(Vec::new()));
        }
    }
}

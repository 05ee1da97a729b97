//! Rows of a file with a JSON object in each line.

use super::{NEAR, PIECE, open_file};
use crate::places::Places;
use crate::recent::Recent;
use crate::window::Window;
use bggo_runtime::emitted::{FileRows, ReadRows};
use bggo_values::{Fault, Value, json};
use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;

/// An open file of lines.
#[derive(Debug)]
struct LineRows {
    file: File,
    /// Names of the columns, in order.
    columns: &'static [&'static str],
    count: u64,
    places: Places,
    recent: Recent<Value>,
}

/// A line that is a row, or one that is passed over.
enum Line<'w> {
    /// With its bytes, and how many are passed with it.
    Row(&'w [u8], usize),
    /// An empty one.
    Empty(usize),
}

/// Opens a file. That each line is JSON is seen when it is read: here each is looked at for the braces of an object.
///
/// # Errors
/// Why it cannot be read, or what is wrong with it.
pub fn open(path: &Path, of: &FileRows) -> Result<Arc<dyn ReadRows>, String> {
    let mut rows = LineRows {
        file: open_file(path)?,
        columns: of.header,
        count: 0,
        places: Places::new(),
        recent: Recent::new(),
    };
    rows.count_all()?;
    match rows.count {
        0 => Err("has no row".to_owned()),
        _ => Ok(Arc::new(rows)),
    }
}

/// The line that a window begins with; `None` at the end of the file, or where more bytes are needed.
fn line(window: &Window) -> Option<Line<'_>> {
    let bytes = window.bytes();
    let mark = match window.place() {
        0 => bytes.strip_prefix(b"\xef\xbb\xbf").map_or(0, |_| 3),
        _ => 0,
    };
    let end = bytes.iter().position(|byte| *byte == b'\n');
    let (text, passed) = match end {
        Some(end) => (&bytes[mark.min(end)..end], end + 1),
        None if window.is_all && !bytes.is_empty() => (&bytes[mark..], bytes.len()),
        None => return None,
    };
    let text = text.trim_ascii();
    Some(match text.is_empty() {
        true => Line::Empty(passed),
        false => Line::Row(text, passed),
    })
}

impl LineRows {
    fn count_all(&mut self) -> Result<(), String> {
        let mut window = Window::new(0, PIECE);
        let mut number = 0_u64;
        loop {
            let passed = match line(&window) {
                Some(Line::Empty(passed)) => passed,
                Some(Line::Row(text, passed)) => {
                    if !(text.starts_with(b"{") && text.ends_with(b"}")) {
                        return Err(format!(
                            "is wrong in line {}: the line is no JSON object",
                            number + 1
                        ));
                    }
                    self.places.see(self.count, window.place());
                    self.count += 1;
                    passed
                }
                None if window.is_all => return Ok(()),
                None => {
                    let more = window.more(&self.file);
                    more.map_err(|error| format!("cannot be read: {error}"))?;
                    continue;
                }
            };
            number += 1;
            window.pass(passed);
        }
    }

    /// The object of a row; `None` where the file is another one than it was.
    fn object(&self, row: u64) -> io::Result<Option<Arc<Value>>> {
        if let Some(object) = self.recent.get(row) {
            return Ok(Some(object));
        }
        let behind_last = self.recent.place_of(row).map(|place| (row, place));
        let Some((first, place)) = behind_last.or_else(|| self.places.before(row)) else {
            return Ok(None);
        };
        let mut window = Window::new(place, NEAR);
        let mut before = row - first;
        loop {
            let passed = match line(&window) {
                Some(Line::Empty(passed)) => passed,
                Some(Line::Row(text, passed)) if before == 0 => {
                    let text = str::from_utf8(text).ok();
                    let object = text.and_then(|text| json::decode(text).ok()).map(Arc::new);
                    if let Some(object) = &object {
                        let length = passed as u64;
                        self.recent
                            .keep(row, length, window.place() + length, object);
                    }
                    return Ok(object);
                }
                Some(Line::Row(_, passed)) => {
                    before -= 1;
                    passed
                }
                None if window.is_all => return Ok(None),
                None => {
                    window.more(&self.file)?;
                    continue;
                }
            };
            window.pass(passed);
        }
    }
}

impl ReadRows for LineRows {
    fn count(&self) -> u64 {
        self.count
    }

    /// The value of a column as JSON; null where the object lacks it.
    fn cell(&self, row: u64, column: usize) -> Result<String, Fault> {
        let object = self
            .object(row)
            .map_err(|error| Fault::new(format!("the file of the rows cannot be read: {error}")))?;
        let object = object.as_deref().and_then(Value::pairs);
        let pairs = object
            .ok_or_else(|| Fault::new(format!("the line of row {} is no JSON object", row + 1)))?;
        let name = self.columns.get(column);
        let name = name.ok_or_else(|| Fault::new("there is no such column"))?;
        let value = pairs.iter().find(|(key, _)| key.as_str() == *name);
        Ok(json::encode(value.map_or(&Value::Null, |(_, value)| value)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec() -> FileRows {
        FileRows {
            path: "",
            header: &["name", "tags"],
            has_header: false,
            delimiter: b'\n',
            open,
        }
    }

    fn file(text: &str) -> (tempfile::TempDir, std::path::PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rows.jsonl");
        std::fs::write(&path, text).unwrap();
        (folder, path)
    }

    #[test]
    fn any_row_is_found_in_a_file_of_many_pieces() {
        let mut text = "\u{feff}".to_owned();
        for row in 0..5_000 {
            let long = "x".repeat(row % 900);
            text.push_str(&format!(
                "{{\"tags\": [{row}, \"{long}\"], \"name\": \"row{row}\\n\"}}\r\n\n"
            ));
        }
        text.push_str("{}");
        let (_folder, path) = file(&text);
        let rows = open(&path, &spec()).unwrap();
        assert_eq!(rows.count(), 5_001);
        for row in [0, 1, 255, 256, 257, 511, 4_097, 4_999] {
            assert_eq!(rows.cell(row, 0).unwrap(), format!("\"row{row}\\n\""));
            let long = "x".repeat(row as usize % 900);
            assert_eq!(rows.cell(row, 1).unwrap(), format!("[{row},\"{long}\"]"));
        }
        for row in 0..5_000 {
            assert_eq!(rows.cell(row, 0).unwrap(), format!("\"row{row}\\n\""));
        }
        assert_eq!(rows.cell(5_000, 0).unwrap(), "null");
        assert!(rows.cell(5_001, 0).is_err() && rows.cell(0, 2).is_err());
    }

    #[test]
    fn what_is_wrong_is_said_when_it_is_seen() {
        for (text, why) in [
            ("\n\n", "has no row"),
            (
                "{}\n\n[1]\n",
                "is wrong in line 3: the line is no JSON object",
            ),
        ] {
            let (_folder, path) = file(text);
            assert_eq!(open(&path, &spec()).map(drop), Err(why.to_owned()));
        }
        let (_folder, path) = file("{\"name\": 1}\n{oh no}\n");
        let rows = open(&path, &spec()).unwrap();
        assert_eq!(rows.cell(0, 0).unwrap(), "1");
        let fault = rows.cell(1, 0).unwrap_err();
        assert_eq!(fault.text(), "the line of row 2 is no JSON object");
    }
}

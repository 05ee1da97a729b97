//! Values to YAML in the layout of Terraform's encoder: every text in quotes, or as a block where it has several lines.

use bggo_functions::args::args;
use bggo_values::value::by_key;
use bggo_values::{Fault, Value};
use std::fmt::Write as _;

/// A quoted text goes on in a new line at the first space behind this column.
const WIDTH: usize = 80;

/// A longer text is no plain key.
const LONGEST_KEY: usize = 128;

/// The value as YAML.
///
/// # Errors
/// When there is not one argument.
pub fn yamlencode(values: &[Value]) -> Result<Value, Fault> {
    let args = args("yamlencode", values, 1, 1)?;
    let mut writer = Writer { out: String::new() };
    let value = args.any(0);
    writer.node(value, 0, "");
    writer.end_line();
    // What is written without quotes could go on in the next line.
    if !is_collection(value) && !is_text(value) {
        writer.out.push_str("...\n");
    }
    Ok(Value::from(writer.out))
}

fn is_collection(value: &Value) -> bool {
    matches!(value.kind(), "a list" | "an object")
}

fn is_text(value: &Value) -> bool {
    !value.is_null() && !matches!(value.kind(), "a bool" | "a number")
}

struct Writer {
    out: String,
}

impl Writer {
    /// A value whose lines begin at a column and whose first one goes on where the text ends, after `space`.
    fn node(&mut self, value: &Value, column: usize, space: &str) {
        if let Some(items) = value.items().filter(|items| !items.is_empty()) {
            self.out.push_str(space);
            for (place, item) in items.iter().enumerate() {
                self.begin_item(place, column);
                self.out.push('-');
                self.node(item, column + 2, " ");
            }
        } else if let Some(pairs) = value.pairs().filter(|pairs| !pairs.is_empty()) {
            self.out.push_str(space);
            for (place, (key, value)) in by_key(&pairs).into_iter().enumerate() {
                self.begin_item(place, column);
                self.pair(key, value, column);
            }
        } else {
            self.out.push_str(space);
            self.scalar(value, column);
        }
    }

    fn begin_item(&mut self, place: usize, column: usize) {
        if place > 0 {
            self.new_line(column);
        }
    }

    fn pair(&mut self, key: &str, value: &Value, column: usize) {
        if key.contains('\n') || key.len() > LONGEST_KEY {
            self.out.push_str("? ");
            self.text(key, column + 2);
            self.new_line(column);
            self.out.push(':');
            self.node(value, column + 2, " ");
            return;
        }
        self.quoted(key, None);
        self.out.push(':');
        let is_empty = |count: Option<usize>| count == Some(0);
        let items = value.items().map(|items| items.len());
        let pairs = value.pairs().map(|pairs| pairs.len());
        if is_empty(items) || is_empty(pairs) || items.is_none() && pairs.is_none() {
            self.out.push(' ');
            self.scalar(value, column + 2);
        } else {
            // A list stands below its key without a step to the right.
            let below = if items.is_some() { column } else { column + 2 };
            self.new_line(below);
            self.node(value, below, "");
        }
    }

    /// A scalar or an empty collection, whose further lines begin at a column.
    fn scalar(&mut self, value: &Value, column: usize) {
        match value.kind() {
            "a list" => self.out.push_str("[]"),
            "an object" => self.out.push_str("{}"),
            _ if value.is_null() => self.out.push_str("null"),
            "a bool" | "a number" => self.out.push_str(&value.to_string()),
            _ => self.text(&value.to_string(), column.max(2)),
        }
    }

    fn text(&mut self, text: &str, column: usize) {
        if text.contains('\n') && can_be_block(text) {
            self.block(text, column);
        } else {
            self.quoted(text, Some(column));
        }
    }

    /// The lines as they are, with a head that says how they begin and end.
    fn block(&mut self, text: &str, column: usize) {
        self.out.push('|');
        if text.starts_with([' ', '\n']) {
            self.out.push('2');
        }
        if !text.ends_with('\n') {
            self.out.push('-');
        } else if text == "\n" || text.ends_with("\n\n") {
            self.out.push('+');
        }
        self.out.push('\n');
        for line in text.split_inclusive('\n') {
            if line != "\n" {
                self.indent(column);
            }
            self.out.push_str(line);
        }
    }

    /// In double quotes; where it may have several lines, those begin at a column.
    fn quoted(&mut self, text: &str, column: Option<usize>) {
        let begin = self.out.rfind('\n').map_or(0, |at| at + 1);
        let mut at = self.out.get(begin..).unwrap_or_default().chars().count() + 1;
        self.out.push('"');
        // A mark of byte order at the begin makes the encoder write every character by its number.
        let all = text.starts_with('\u{FEFF}');
        let mut after_space = false;
        let mut letters = text.chars().enumerate().peekable();
        while let Some((place, c)) = letters.next() {
            let before = self.out.len();
            if all && c != ' ' || !is_printable(c) || matches!(c, '"' | '\\' | '\n') {
                self.escaped(c);
                after_space = false;
            } else if let (' ', Some(column), Some((_, next)), true) = (
                c,
                column,
                letters.peek(),
                at > WIDTH && !after_space && place > 0,
            ) {
                self.out.push('\n');
                self.indent(column);
                if *next == ' ' {
                    self.out.push('\\');
                }
                at = column + usize::from(*next == ' ');
                after_space = true;
                continue;
            } else {
                self.out.push(c);
                after_space = c == ' ';
            }
            at += self.out.get(before..).unwrap_or_default().chars().count();
        }
        self.out.push('"');
    }

    fn escaped(&mut self, c: char) {
        let letter = match c {
            '\0' => '0',
            '\u{7}' => 'a',
            '\u{8}' => 'b',
            '\t' => 't',
            '\n' => 'n',
            '\u{B}' => 'v',
            '\u{C}' => 'f',
            '\r' => 'r',
            '\u{1B}' => 'e',
            '"' => '"',
            '\\' => '\\',
            '\u{85}' => 'N',
            '\u{A0}' => '_',
            '\u{2028}' => 'L',
            '\u{2029}' => 'P',
            _ => {
                let number = u32::from(c);
                // A String never refuses what is written to it.
                let _ = match number {
                    0..=0xFF => write!(self.out, "\\x{number:02X}"),
                    0x100..=0xFFFF => write!(self.out, "\\u{number:04X}"),
                    _ => write!(self.out, "\\U{number:08X}"),
                };
                return;
            }
        };
        self.out.push('\\');
        self.out.push(letter);
    }

    fn indent(&mut self, column: usize) {
        self.out.extend(std::iter::repeat_n(' ', column));
    }

    fn end_line(&mut self) {
        if !self.out.ends_with('\n') {
            self.out.push('\n');
        }
    }

    fn new_line(&mut self, column: usize) {
        self.end_line();
        self.indent(column);
    }
}

/// Whether the encoder writes it as it is.
fn is_printable(c: char) -> bool {
    matches!(c, '\n' | ' '..='~' | '\u{A0}'..='\u{FFFD}')
        && !matches!(c, '\u{FEFF}' | '\u{2028}' | '\u{2029}')
}

/// Whether its lines can stand as they are: no characters that need an escape, no spaces before the end of a line.
fn can_be_block(text: &str) -> bool {
    text.chars().all(is_printable) && !text.contains(" \n") && !text.ends_with(' ')
}

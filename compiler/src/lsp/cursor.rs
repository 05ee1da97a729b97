//! Where a place stands in a text that is still being written: in which blocks, and in what part of a line.
//!
//! It reads no more than the text before the place, which ends anywhere. What is not closed there is what the place
//! stands in.

use crate::syntax::places::{Holds, inside};

/// A place between two characters.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Cursor {
    /// The blocks around, outermost first.
    pub blocks: Vec<Block>,
    /// What is being written.
    pub writes: Writes,
    /// The names that the `for`s around bind there, outermost first.
    pub bound: Vec<Bound>,
}

/// A name that a `for` binds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bound {
    /// `person` of `for person in var.people`
    pub name: String,
    /// Whether it is the first of two: an index or a key.
    pub is_key: bool,
    /// What the `for` runs over, if that is written as names with dots between them; else empty.
    pub over: Vec<String>,
}

/// A block that is open.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Block {
    /// `step`
    pub kind: String,
    /// Its labels.
    pub labels: Vec<String>,
}

/// What is being written.
#[derive(Debug, Default, PartialEq, Eq)]
pub enum Writes {
    /// Something that has no names: a comment, a heredoc.
    #[default]
    Nothing,
    /// The name of an attribute, or the kind of a block.
    Statement,
    /// A label of a block, with the labels before it.
    Label(Block),
    /// A text within a value of this attribute.
    Text {
        /// The attribute.
        attribute: String,
        /// The keys of the objects around, and that of the text itself, if it stands in an object.
        keys: Vec<String>,
    },
    /// A value: the attribute that gets it, and the names before the dots. `step.print.a` has three, of which the last one
    /// may be a part.
    Value {
        /// The attribute.
        attribute: String,
        /// The names.
        path: Vec<String>,
    },
    /// A key of an object within a value of this attribute.
    Key {
        /// The attribute.
        attribute: String,
        /// The keys of the objects around.
        keys: Vec<String>,
        /// What is written of the key so far.
        path: Vec<String>,
    },
}

/// What is open.
enum Open<'t> {
    Block(Block),
    /// `(`, `[`, or `{` in a value, and where it stands.
    Bracket(char, usize),
    /// A string, from behind its quote.
    Text(usize),
    /// `${` or `%{`
    Hole,
    /// A heredoc, with the word that ends it.
    Heredoc(&'t str),
}

/// The place at the end of this text.
pub fn cursor(text: &str) -> Cursor {
    let mut reader = Reader {
        text,
        open: Vec::new(),
        at: 0,
        statement: 0,
        equals: None,
    };
    let in_comment = reader.read();
    reader.end(in_comment)
}

struct Reader<'t> {
    text: &'t str,
    open: Vec<Open<'t>>,
    at: usize,
    /// Where the statement begins that is being written.
    statement: usize,
    /// Where its `=` is.
    equals: Option<usize>,
}

impl<'t> Reader<'t> {
    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// Goes to the end of the text. Whether that lies in a comment.
    fn read(&mut self) -> bool {
        while let Some(character) = self.rest().chars().next() {
            match self.open.last() {
                Some(Open::Text(_)) => self.in_text(character),
                Some(Open::Heredoc(word)) => self.in_heredoc(word),
                _ => {
                    if let Some(end) = comment(self.rest()) {
                        match end {
                            Some(length) => self.at += length,
                            None => return true,
                        }
                    } else {
                        self.in_code(character);
                    }
                }
            }
        }
        false
    }

    fn in_text(&mut self, character: char) {
        let rest = self.rest();
        match character {
            '\\' => self.at += 1 + rest.chars().nth(1).map_or(0, char::len_utf8),
            '"' => {
                self.open.pop();
                self.at += 1;
            }
            // It is not closed: reading goes on behind it.
            '\n' => {
                self.open.pop();
            }
            _ if rest.starts_with("$${") || rest.starts_with("%%{") => self.at += 3,
            _ if rest.starts_with("${") || rest.starts_with("%{") => {
                self.open.push(Open::Hole);
                self.at += 2;
            }
            _ => self.at += character.len_utf8(),
        }
    }

    /// A whole line, up to a hole in it.
    fn in_heredoc(&mut self, word: &str) {
        let rest = self.rest();
        let line = rest.split_inclusive('\n').next().unwrap_or_default();
        let hole = line.find("${").filter(|at| !line[..*at].ends_with('$'));
        if line.trim() == word {
            self.open.pop();
            self.at += line.trim_end_matches(['\n', '\r']).len();
        } else if let Some(hole) = hole {
            self.open.push(Open::Hole);
            self.at += hole + 2;
        } else {
            self.at += line.len();
        }
    }

    fn in_code(&mut self, character: char) {
        let in_block = matches!(self.open.last(), None | Some(Open::Block(_)));
        let next = self.at + character.len_utf8();
        match character {
            '"' => self.open.push(Open::Text(next)),
            '{' if in_block && self.equals.is_none() => {
                let header = self.text.get(self.statement..self.at);
                self.open
                    .push(Open::Block(block(header.unwrap_or_default())));
                self.begin(next);
            }
            '{' | '(' | '[' => self.open.push(Open::Bracket(character, self.at)),
            '}' => {
                let was_block = matches!(self.open.pop(), Some(Open::Block(_)));
                if was_block {
                    self.begin(next);
                }
            }
            ')' | ']' => {
                if matches!(self.open.last(), Some(Open::Bracket(..))) {
                    self.open.pop();
                }
            }
            '\n' => {
                let line = self.text.get(next..).unwrap_or_default();
                // A block that begins in the first column shows that what is open was left so.
                let begins = line.split_whitespace().next().unwrap_or_default();
                let kind = begins.trim_end_matches('{');
                let is_top = |holds: &Holds| matches!(holds, Holds::Block(top) if *top == kind);
                if line.starts_with(begins) && inside(&[], "").iter().any(is_top) {
                    self.open.clear();
                    self.begin(next);
                } else if in_block {
                    self.begin(next);
                }
            }
            '=' if in_block && self.equals.is_none() => self.equals = Some(self.at),
            '<' if in_block && self.rest().starts_with("<<") => {
                let line = self.rest().split_inclusive('\n').next().unwrap_or_default();
                let word = line.trim_start_matches(['<', '-']).trim();
                if line.ends_with('\n') && !word.is_empty() && word.chars().all(is_of_name) {
                    self.open.push(Open::Heredoc(word));
                    self.at += line.len();
                    return;
                }
            }
            _ => {}
        }
        self.at = next;
    }

    fn begin(&mut self, at: usize) {
        self.statement = at;
        self.equals = None;
    }

    /// The keys of the objects that are open in the value of an attribute; `None` if it is not made of objects and lists alone.
    fn keys(&self, attribute: &str) -> Option<Vec<String>> {
        let mut keys = Vec::new();
        let mut is_first = true;
        for open in &self.open {
            let at = match open {
                Open::Bracket('{' | '[', at) => *at,
                Open::Bracket(..) | Open::Hole => return None,
                Open::Block(_) | Open::Text(_) | Open::Heredoc(_) => continue,
            };
            let key = key_before(self.text.get(..at)?);
            if !std::mem::take(&mut is_first) {
                keys.extend(key);
            } else if key.as_deref() != Some(attribute) {
                return None;
            }
        }
        Some(keys)
    }

    fn end(self, in_comment: bool) -> Cursor {
        let text = self.text;
        let statement = text.get(self.statement..).unwrap_or_default();
        let attribute = self.equals.and_then(|end| text.get(self.statement..end));
        let attribute = attribute.unwrap_or_default().trim().to_owned();
        let writes = match self.open.last() {
            _ if in_comment => Writes::Nothing,
            Some(Open::Heredoc(_)) => Writes::Nothing,
            Some(Open::Text(start)) if self.equals.is_none() => {
                let header = text.get(self.statement..start.saturating_sub(1));
                Writes::Label(block(header.unwrap_or_default()))
            }
            // Its items may be written as texts.
            Some(Open::Text(start)) if attribute == "depends_on" => Writes::Value {
                attribute,
                path: path(text.get(*start..).unwrap_or_default()),
            },
            Some(Open::Text(start)) => {
                let mut keys = self.keys(&attribute).unwrap_or_default();
                let is_in_object = self
                    .open
                    .iter()
                    .any(|open| matches!(open, Open::Bracket('{', _)));
                let before = text.get(..start.saturating_sub(1)).unwrap_or_default();
                keys.extend(key_before(before).filter(|_| is_in_object));
                Writes::Text { attribute, keys }
            }
            Some(Open::Bracket('{', at))
                if let Some(key) = key(text.get(at + 1..).unwrap_or_default())
                    && let Some(keys) = self.keys(&attribute) =>
            {
                Writes::Key {
                    attribute,
                    keys,
                    path: path(key),
                }
            }
            Some(Open::Hole | Open::Bracket(..)) => Writes::Value {
                attribute,
                path: path(statement),
            },
            None | Some(Open::Block(_)) if self.equals.is_some() => Writes::Value {
                attribute,
                path: path(statement),
            },
            None | Some(Open::Block(_)) => match statement.trim_start().chars().all(is_of_name) {
                true => Writes::Statement,
                false => Writes::Nothing,
            },
        };
        let bound = self.bound();
        let blocks = self.open.into_iter().filter_map(|open| match open {
            Open::Block(block) => Some(block),
            _ => None,
        });
        Cursor {
            blocks: blocks.collect(),
            writes,
            bound,
        }
    }

    /// What the `for`s bind whose brackets are open.
    fn bound(&self) -> Vec<Bound> {
        let brackets = self.open.iter().filter_map(|open| match open {
            Open::Bracket('{' | '[', at) => self.text.get(at + 1..),
            _ => None,
        });
        brackets.filter_map(bound_by).flatten().collect()
    }
}

/// The names of a `for` that a text begins with, if it goes on behind the `:`.
fn bound_by(text: &str) -> Option<Vec<Bound>> {
    let rest = text.trim_start().strip_prefix("for")?;
    let (names, rest) = rest.split_once(" in ")?;
    if !names.starts_with(char::is_whitespace) {
        return None;
    }
    let (over, _) = rest.split_at_checked(end_of_collection(rest)?)?;
    let over = over.trim();
    let is_path = over.chars().all(|one| is_of_name(one) || one == '.');
    let over = match is_path {
        true => over.split('.').map(str::to_owned).collect(),
        false => Vec::new(),
    };
    let names: Vec<&str> = names.split(',').map(str::trim).collect();
    if names.len() > 2 || names.iter().any(|name| !name.chars().all(is_of_name)) {
        return None;
    }
    let count = names.len();
    let bound = names.into_iter().enumerate().map(|(at, name)| Bound {
        name: name.to_owned(),
        is_key: at + 1 < count,
        over: over.clone(),
    });
    Some(bound.collect())
}

/// Where the `:` stands that ends what a `for` runs over.
fn end_of_collection(text: &str) -> Option<usize> {
    let (mut depth, mut in_text) = (0_usize, false);
    for (at, character) in text.char_indices() {
        match character {
            '"' => in_text = !in_text,
            _ if in_text => {}
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.checked_sub(1)?,
            ':' if depth == 0 => return Some(at),
            _ => {}
        }
    }
    None
}

/// The length of a comment that a text begins with, without the end of its line; `Some(None)` if it does not end.
fn comment(rest: &str) -> Option<Option<usize>> {
    if rest.starts_with('#') || rest.starts_with("//") {
        return Some(rest.find('\n'));
    }
    rest.starts_with("/*")
        .then(|| rest.find("*/").map(|end| end + 2))
}

/// The kind and the labels of a header.
fn block(header: &str) -> Block {
    let mut words = header.split_whitespace();
    let kind = words.next().unwrap_or_default().to_owned();
    let behind = header.trim_start().get(kind.len()..).unwrap_or_default();
    // Labels stand between quotes: every second piece.
    let labels = behind.split('"').skip(1).step_by(2).map(str::to_owned);
    Block {
        kind,
        labels: labels.collect(),
    }
}

/// The key, with or without quotes, before the `=` or the `:` that a text ends with.
fn key_before(text: &str) -> Option<String> {
    let text = text.trim_end().strip_suffix(['=', ':'])?.trim_end();
    let text = text.strip_suffix('"').unwrap_or(text);
    let start = text.trim_end_matches(is_of_name).len();
    let key = text.get(start..)?;
    (!key.is_empty()).then(|| key.to_owned())
}

/// What is written of a key at the end of what stands in an object, if it is one.
fn key(text: &str) -> Option<&str> {
    let last = text.rsplit([',', '\n', '{', '}']).next()?.trim_start();
    last.chars().all(is_of_name).then_some(last)
}

/// The names with dots between them that a text ends with. What stands in brackets is left out.
fn path(text: &str) -> Vec<String> {
    let mut kept = Vec::new();
    let mut depth = 0_usize;
    for character in text.chars().rev() {
        match character {
            ']' => depth += 1,
            '[' if depth > 0 => depth -= 1,
            _ if depth > 0 => {}
            _ if is_of_name(character) || character == '.' => kept.push(character),
            _ => break,
        }
    }
    let kept: String = kept.iter().rev().collect();
    kept.split('.').map(str::to_owned).collect()
}

fn is_of_name(character: char) -> bool {
    character.is_alphanumeric() || character == '_' || character == '-'
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(keys: &[String]) -> String {
        keys.iter().map(|key| format!(".{key}")).collect()
    }

    fn shown(text: &str) -> String {
        let cursor = cursor(text);
        let blocks: Vec<_> = cursor
            .blocks
            .iter()
            .map(|block| {
                let labels: Vec<_> = block
                    .labels
                    .iter()
                    .map(|label| format!(" {label}"))
                    .collect();
                format!("{}{} > ", block.kind, labels.concat())
            })
            .collect();
        let writes = match cursor.writes {
            Writes::Nothing => "nothing".to_owned(),
            Writes::Statement => "statement".to_owned(),
            Writes::Label(block) => format!("label {} {}", block.kind, block.labels.len()),
            Writes::Text { attribute, keys } => format!("text of {attribute}{}", of(&keys)),
            Writes::Value { attribute, path } => format!("{attribute} = {}", path.join(".")),
            Writes::Key {
                attribute,
                keys,
                path,
            } => format!("key {} of {attribute}{}", path.join("."), of(&keys)),
        };
        blocks.concat() + &writes
    }

    #[test]
    fn names_of_a_for_are_there_behind_its_colon() {
        for (text, expected) in [
            ("locals {\n a = [for x in var.", ""),
            ("locals {\n a = [for x in var.y : x", "x of var.y"),
            (
                "locals {\n a = { for k, v in local.m : k => v.",
                "k= of local.m, v of local.m",
            ),
            (
                "locals {\n a = [for x in f({ b : 1 }) : [for y in x.z : \"${y.",
                "x of , y of x.z",
            ),
            ("locals {\n a = [for x in var.y : x]\n b = ", ""),
            ("locals {\n a = [format(", ""),
        ] {
            let bound = cursor(text).bound;
            let bound: Vec<String> = bound
                .iter()
                .map(|one| {
                    let sign = if one.is_key { "=" } else { "" };
                    format!("{}{sign} of {}", one.name, one.over.join("."))
                })
                .collect();
            assert_eq!(bound.join(", "), expected, "{text}");
        }
    }

    #[test]
    fn a_place_is_found_by_what_is_open_before_it() {
        for (text, expected) in [
            ("", "statement"),
            ("st", "statement"),
            ("step \"", "label step 0"),
            ("step \"print\" \"a", "label step 1"),
            ("step \"print\" \"a\" ", "nothing"),
            ("step \"print\" \"a\" {\n  ar", "step print a > statement"),
            (
                "step \"print\" \"a\" {\n arguments { input = va",
                "step print a > arguments > input = va",
            ),
            (
                "step \"p\" \"a\" {\n arguments {\n  x = { y = [var.",
                "step p a > arguments > x = var.",
            ),
            (
                "step \"p\" \"a\" {\n depends_on = [\"step.p.",
                "step p a > depends_on = step.p.",
            ),
            ("locals {\n a = \"x", "locals > text of a"),
            ("locals {\n a = [\"x\", \"", "locals > text of a"),
            (
                "locals {\n a = \"x ${upper(step.a[0].b",
                "locals > a = step.a.b",
            ),
            ("locals {\n a = 1 # x", "locals > nothing"),
            ("locals {\n a = 1 /* x */ + v", "locals > a = v"),
            ("locals {\n a = \"} {\"\n b = 1\n", "locals > statement"),
            (
                "locals {\n a = <<E\n } ${x} {\nE\n  b",
                "locals > statement",
            ),
            ("locals {\n a = <<E\n text", "locals > nothing"),
            ("locals {\n a = <<E\n ${var.", "locals > a = var."),
            (
                "locals {\n a = f(\nstep \"x\" \"y\" {\n",
                "step x y > statement",
            ),
            ("locals {\n a = \"open\n b = c", "locals > b = c"),
            ("} } ) ]\nlocals {}\nv", "statement"),
            ("locals { a = \"\\\" ${é", "locals > a = é"),
            ("locals {\n a = { b", "locals > key b of a"),
            (
                "locals {\n a = {\n x = 1\n \"y\" : [{ z = 1, b",
                "locals > key b of a.y",
            ),
            (
                "locals {\n a = [{ b = { c = { d = 1 }, e = [",
                "locals > a = ",
            ),
            (
                "locals {\n a = [{ b = { c = { d = 1 }, e = [{",
                "locals > key  of a.b.e",
            ),
            ("locals {\n a = { b = \"x", "locals > text of a.b"),
            ("locals {\n a = { b = [\"x", "locals > text of a.b"),
            ("locals {\n a = f({ b", "locals > a = b"),
            ("locals {\n a = { b = v", "locals > a = v"),
        ] {
            assert_eq!(shown(text), expected, "{text}");
        }
    }
}

//! Values of a grid's variables: command line, files and environment -> one value each, converted and validated.
//!
//! The first of these that gives a value wins: the variable's own flag; `--var` and `--var-file` (the last one on the command
//! line); `*.auto.vars.hcl` (the last one by name); `bggo.vars.hcl`; the environment; the default. Only the winning value is
//! read, and all problems are reported at once.

use super::flags::{Given, how_to_set};
use crate::fault::Fault;
use crate::grid::{Grid, Variable};
use crate::info::Sensitivity;
use crate::start::Start;
use bggo_values::text::normalized;
use bggo_values::{Text, Type, Value, convert, literal};
use std::fs;
use std::path::{Path, PathBuf};

const PREFIX: &str = "BGGO_VAR_";
const FILE: &str = "bggo.vars.hcl";
const AUTO: &str = ".auto.vars.hcl";

/// How many lines are searched backwards for the begin of the attribute with a fault.
const MOST_LINES: usize = 1000;

/// The surroundings of the program. Tests replace them.
#[derive(Debug)]
pub struct Around {
    /// The working folder.
    pub folder: PathBuf,
    /// The environment variables that are valid UTF-8. The last of two with one name counts.
    pub environment: Vec<(String, String)>,
}

/// Messages about the variables.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Remarks {
    /// The run goes on.
    pub warnings: Vec<String>,
    /// There is no run.
    pub errors: Vec<String>,
}

/// A value that was given: where it comes from (for a message), and its content.
struct Found {
    from: String,
    content: Content,
}

enum Content {
    /// Text of a flag or of the environment. The type of the variable decides how it is read.
    Text(String),
    /// A literal of a file.
    Value(Value),
}

/// Reads all variables. The values are those of the grid's order; they are usable when there are no errors.
pub fn read(grid: &Grid, given: &[Given], around: &Around) -> (Vec<Value>, Remarks) {
    let mut gathering = Gathering {
        grid,
        found: grid.all_variables().map(|_| None).collect(),
        unread: false,
        remarks: Remarks::default(),
    };
    gathering.environment(around);
    gathering.folder(&around.folder);
    gathering.given(given, &around.folder);
    let Gathering {
        found,
        unread,
        mut remarks,
        ..
    } = gathering;
    let values = grid
        .all_variables()
        .zip(found)
        .map(|(variable, found)| {
            if unread && found.is_none() && variable.default.is_none() {
                // The file may set it: its own fault is said already.
                return Value::Null;
            }
            settle(grid, variable, found).unwrap_or_else(|text| {
                remarks.errors.push(text);
                Value::Null
            })
        })
        .collect();
    (values, remarks)
}

/// Checks the validations of all variables. Returns the errors of those that fail.
pub fn validate(grid: &Grid, start: &Start) -> Vec<String> {
    let mut errors = Vec::new();
    for variable in grid.all_variables() {
        for validation in variable.validations {
            let subject = format!("variable {:?} ({})", variable.name, validation.place);
            match (validation.condition)(start) {
                Ok(true) => {}
                Ok(false) => errors.push(match (validation.message)(start) {
                    Ok(message) => format!("{subject}: {message}"),
                    Err(fault) => format!(
                        "{subject} does not hold, and its message fails: {}",
                        located(variable, &fault)
                    ),
                }),
                Err(fault) => errors.push(format!(
                    "{subject}: its condition fails: {}",
                    located(variable, &fault)
                )),
            }
        }
    }
    errors
}

/// The fault with its place. Parts of its text that may quote the value of a sensitive variable are hidden.
fn located(variable: &Variable, fault: &Fault) -> String {
    let text = fault.shown(Sensitivity::of(variable.sensitive));
    match fault.place() {
        Some(place) => format!("{text}, {place}"),
        None => text.into_owned(),
    }
}

struct Gathering<'a> {
    grid: &'a Grid,
    /// The strongest value of each variable so far, in the order of the grid.
    found: Vec<Option<Found>>,
    /// A file could not be read, so nobody knows which variables it would have set.
    unread: bool,
    remarks: Remarks,
}

impl Gathering<'_> {
    fn declares(&self, name: &str) -> bool {
        self.grid
            .all_variables()
            .any(|variable| variable.name == name)
    }

    /// Keeps the value in place of a weaker one. Returns whether the grid declares the variable.
    fn keep(&mut self, name: &str, from: &str, content: Content) -> bool {
        let name = normalized(name.to_owned());
        let mut places = self.grid.all_variables().zip(&mut self.found);
        let Some((_, place)) = places.find(|(variable, _)| variable.name == name) else {
            return false;
        };
        *place = Some(Found {
            from: from.to_owned(),
            content,
        });
        true
    }

    fn environment(&mut self, around: &Around) {
        for variable in self.grid.all_variables() {
            let key = format!("{PREFIX}{}", variable.name);
            let mut all = around.environment.iter().rev();
            if let Some((_, text)) = all.find(|(name, _)| {
                // Most names are as they are written, so few texts are made.
                *name == key || !name.is_ascii() && normalized(name.clone()) == key
            }) {
                self.keep(variable.name, &key, Content::Text(text.clone()));
            }
        }
    }

    fn folder(&mut self, folder: &Path) {
        let mut files = Vec::new();
        if folder.join(FILE).is_file() {
            files.push(FILE.to_owned());
        }
        // A working directory that cannot be listed gives no files.
        let mut auto = Vec::new();
        if let Ok(entries) = fs::read_dir(folder) {
            for entry in entries.filter_map(Result::ok) {
                let Ok(name) = entry.file_name().into_string() else {
                    continue;
                };
                if name.ends_with(AUTO) && !name.starts_with('.') {
                    auto.insert(auto.partition_point(|known| *known < name), name);
                }
            }
        }
        files.extend(auto);
        for name in files {
            self.file(&folder.join(&name), &name);
        }
    }

    fn given(&mut self, given: &[Given], folder: &Path) {
        for one in given {
            match one {
                Given::File(path) => self.file(&folder.join(path), &path.display().to_string()),
                Given::Flag(name, text) => {
                    let from = format!("--{}", name.replace('_', "-"));
                    self.text(name, text, from);
                }
                Given::Var(name, text) => self.text(name, text, format!("--var {name}")),
            }
        }
    }

    fn text(&mut self, name: &str, text: &str, from: String) {
        if !self.keep(name, &from, Content::Text(text.to_owned())) {
            let undeclared = self.undeclared(name, &from);
            self.remarks.errors.push(undeclared);
        }
    }

    fn undeclared(&self, name: &str, from: &str) -> String {
        format!(
            "{from}: the grid declares no variable {name:?}{}",
            self.known()
        )
    }

    /// `; it declares "a", "b"`.
    fn known(&self) -> String {
        let names: Vec<String> = self
            .grid
            .all_variables()
            .map(|variable| format!("{:?}", variable.name))
            .collect();
        if names.is_empty() {
            String::new()
        } else {
            format!("; it declares {}", names.join(", "))
        }
    }

    /// Whether a fault at this byte of a file may quote the text there: no sensitive variable can be meant.
    fn may_quote(&self, text: &str, offset: usize) -> bool {
        let sensitive = || self.grid.all_variables().filter(|one| one.sensitive);
        if sensitive().next().is_none() {
            return true;
        }
        let end = text.len().min(offset);
        let line_end = text.get(end..).and_then(|rest| rest.find('\n'));
        let line_end = line_end.map_or(text.len(), |more| end + more);
        // The last line start before the fault up to which the whole file can be read: the wrong attribute begins there.
        let mut starts = text
            .get(..end)
            .unwrap_or(text)
            .rmatch_indices('\n')
            .take(MOST_LINES);
        let begin = loop {
            match starts.next() {
                Some((at, _)) if literal::attributes(&text[..=at]).is_ok() => break at + 1,
                Some(_) => {}
                None => break 0,
            }
        };
        let wrong = &text[begin..line_end];
        // A misspelt name may be meant for a sensitive variable, and an open bracket may swallow the lines of one.
        let name = wrong.split_once('=').map(|(name, _)| name.trim());
        name.is_some_and(|name| self.declares(name))
            && sensitive().all(|one| !wrong.contains(one.name))
    }

    /// What is wrong with a text, without the words of the text that it quotes: it sets them between backquotes. The signs
    /// of the language and the names of variables may stay.
    fn without_quotes(&self, reason: &str, text: &str) -> String {
        let mut shown = String::with_capacity(reason.len());
        for (place, part) in reason.split('`').enumerate() {
            let quoted = place % 2 == 1;
            let of_text = part.contains(char::is_alphanumeric) && text.contains(part);
            if !quoted {
                shown.push_str(part);
            } else if of_text && !self.declares(part) {
                shown.push_str("(not shown, it may be sensitive)");
            } else {
                shown.push_str(&format!("`{part}`"));
            }
        }
        shown
    }

    fn file(&mut self, path: &Path, shown: &str) {
        match self.attributes(path, shown) {
            Ok(attributes) => {
                for (name, value, from) in attributes {
                    if !self.keep(&name, &from, Content::Value(value)) {
                        let undeclared = self.undeclared(&name, &from);
                        self.remarks.warnings.push(undeclared);
                    }
                }
            }
            Err(text) => {
                self.unread = true;
                self.remarks.errors.push(text);
            }
        }
    }

    /// What a file sets: name, value and place of each.
    fn attributes(&self, path: &Path, shown: &str) -> Result<Vec<(String, Value, String)>, String> {
        let bytes =
            fs::read(path).map_err(|error| format!("{shown}: the file cannot be read: {error}"))?;
        let text =
            String::from_utf8(bytes).map_err(|_| format!("{shown}: the file is not UTF-8"))?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        let attributes = literal::attributes(text).map_err(|fault| {
            let place = place(shown, text, fault.offset);
            let reason = if text.trim_start().starts_with('{') {
                "this is no file of variables: it holds lines such as `base_url = \"http://localhost\"`, not one object as JSON has it"
                    .to_owned()
            } else if self.may_quote(text, fault.offset) {
                fault.text
            } else {
                self.without_quotes(&fault.text, text)
            };
            format!("{place}: {reason}")
        })?;
        let placed = attributes.into_iter();
        let placed = placed.map(|(name, value, at)| (name, value, place(shown, text, at)));
        Ok(placed.collect())
    }
}

/// `prod.vars.hcl:3:1` of a byte in a text.
fn place(file: &str, text: &str, offset: usize) -> String {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
    let column = before
        .rsplit('\n')
        .next()
        .unwrap_or_default()
        .chars()
        .count()
        + 1;
    format!("{file}:{line}:{column}")
}

/// The value of a variable: the given one, converted, or its default.
fn settle(grid: &Grid, variable: &Variable, found: Option<Found>) -> Result<Value, String> {
    let default = variable.default.map(|default| default());
    let subject = format!("variable {:?} ({})", variable.name, variable.place);
    let of_default = |default: &Value| {
        converted(variable, default, "its default").map_err(|text| format!("{subject}: {text}"))
    };
    let Some(Found { from, content }) = found else {
        let default = default.ok_or_else(|| {
            let name = variable.name;
            format!(
                "{subject} needs a value: set it by {}, {PREFIX}{name} or in {FILE}",
                how_to_set(grid, variable)
            )
        })?;
        return of_default(&default);
    };
    let (value, shown) = match content {
        Content::Value(value) => (value, "the value".to_owned()),
        Content::Text(text) => {
            // A text of brackets and quotes would be harder to read than the word.
            let plain = !variable.sensitive && !text.contains(['"', '\\', '\n']);
            let shown = if plain {
                format!("{text:?}")
            } else {
                "the value".to_owned()
            };
            let value =
                from_text(variable, text).map_err(|text| format!("{from}: {text}; {subject}"))?;
            (value, shown)
        }
    };
    match (value.is_null(), variable.nullable, default) {
        (true, true, _) => Ok(Value::Null),
        (true, false, Some(default)) => of_default(&default),
        (true, false, None) => Err(format!("{from}: {subject} must not be null")),
        (false, ..) => {
            converted(variable, &value, &shown).map_err(|text| format!("{from}: {text}; {subject}"))
        }
    }
}

/// For scalar types, and for variables without a type, the text is the value. For all other types the text is read as HCL.
fn from_text(variable: &Variable, text: String) -> Result<Value, String> {
    match variable.ty.map(|ty| ty()) {
        None
        | Some(
            Type::String | Type::Number | Type::Bool | Type::Duration | Type::Size | Type::Bytes,
        ) => Ok(Value::Text(Text::from(text).normalized())),
        Some(ty) => literal::value(&text).map_err(|fault| {
            let expected = ty.named();
            if variable.sensitive {
                format!("expected {expected}, written in HCL")
            } else {
                format!("expected {expected}, written in HCL: {fault}")
            }
        }),
    }
}

/// Converts the value to the type of the variable. The error names only what differs, not the whole type.
fn converted(variable: &Variable, value: &Value, shown: &str) -> Result<Value, String> {
    let Some(ty) = variable.ty.map(|ty| ty()) else {
        return Ok(value.clone());
    };
    convert::convert(value, &ty).map_err(|fault| match ty {
        // "is no number" says it all; the fault adds nothing.
        Type::Number => format!("{shown} is no number"),
        Type::String | Type::Bool | Type::Duration | Type::Bytes if variable.sensitive => {
            format!("{shown} is no {ty}")
        }
        Type::String | Type::Bool | Type::Duration | Type::Bytes => {
            format!("{shown} is no {ty}: {fault}")
        }
        // A fault of a conversion names kinds and the type's own attributes, never what a value holds.
        _ => fault.to_string(),
    })
}

#[cfg(test)]
mod tests;

//! A fault of a run: its kind out of a bounded set, what happened, and the place in the grid that it is about.

use crate::info::ResourceInfo;
use std::fmt;

/// A place in the grid, shown as `grid.hcl:5:14`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    file: &'static str,
    line: u32,
    column: u32,
}

impl Place {
    /// A place: file relative to the grid's folder, line and column from 1.
    pub const fn new(file: &'static str, line: u32, column: u32) -> Self {
        Self { file, line, column }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// What went wrong in a step or a resource. One word on the way.
#[derive(Debug, Clone)]
pub struct Fault(Box<Parts>);

#[derive(Debug, Clone)]
struct Parts {
    kind: &'static str,
    text: String,
    place: Option<Place>,
}

impl Fault {
    /// A fault of a kind, with one clause that says what happened.
    pub fn new(kind: &'static str, text: impl Into<String>) -> Self {
        Self(Box::new(Parts {
            kind,
            text: text.into(),
            place: None,
        }))
    }

    /// An input or asset that a step needs is missing.
    pub fn missing(name: &str) -> Self {
        Self::new("value", format!("`{name}` is required, but it is null"))
    }

    /// Whether a text is one of those that an input allows.
    ///
    /// # Errors
    /// It is not; the fault lists them.
    pub fn one_of(input: &str, text: &str, allowed: &[&str]) -> Result<(), Self> {
        if allowed.contains(&text) {
            return Ok(());
        }
        let list = allowed
            .iter()
            .map(|text| format!("{text:?}"))
            .collect::<Vec<_>>()
            .join(", ");
        Err(Self::new(
            "value",
            format!("`{input}` is one of {list}, not {text:?}"),
        ))
    }

    /// What a step books that waits for a resource whose creation failed.
    pub(crate) fn asset(info: &ResourceInfo, cause: &Self) -> Self {
        let text = if info.is_sensitive() {
            format!("resource {info} could not be created")
        } else {
            format!("resource {info} could not be created: {cause}")
        };
        let mut fault = Self::new("asset", text);
        fault.0.place = cause.0.place;
        fault
    }

    /// A resource is asked for that is not there.
    pub(crate) fn no_asset(info: &ResourceInfo) -> Self {
        let text =
            format!("resource {info} is not there: it was not created, or is destroyed already");
        Self::new("asset", text)
    }

    /// The kind, out of a bounded set: failures are counted by it.
    pub fn kind(&self) -> &'static str {
        self.0.kind
    }

    /// The clause.
    pub fn text(&self) -> &str {
        &self.0.text
    }

    /// The place of the expression that failed.
    pub fn place(&self) -> Option<Place> {
        self.0.place
    }

    /// Says where, unless something closer already did.
    #[must_use]
    pub fn at(mut self, place: &'static Place) -> Self {
        self.0.place.get_or_insert(*place);
        self
    }
}

impl From<bggo_values::Fault> for Fault {
    fn from(fault: bggo_values::Fault) -> Self {
        Self::new("value", fault.text())
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.text)
    }
}

impl std::error::Error for Fault {}

/// Says where in the grid a fault happened.
pub trait Placed<T> {
    /// The same result; a fault gets this place, unless something closer already named one.
    ///
    /// # Errors
    /// The fault.
    fn at(self, place: &'static Place) -> Result<T, Fault>;
}

impl<T> Placed<T> for Result<T, bggo_values::Fault> {
    fn at(self, place: &'static Place) -> Result<T, Fault> {
        self.map_err(|fault| Fault::from(fault).at(place))
    }
}

impl<T> Placed<T> for Result<T, Fault> {
    fn at(self, place: &'static Place) -> Result<T, Fault> {
        self.map_err(|fault| fault.at(place))
    }
}

/// A late text as a plain one: borrowed where it has no holes.
pub fn plain_text(text: fmt::Arguments<'_>) -> std::borrow::Cow<'_, str> {
    match text.as_str() {
        Some(text) => std::borrow::Cow::Borrowed(text),
        None => std::borrow::Cow::Owned(text.to_string()),
    }
}

//! A fault of a run: its kind, what happened, and the place in the grid where it happened.

use crate::host_limit::HostLimit;
use crate::info::{ResourceInfo, Sensitivity};
pub use crate::place::Place;
use bggo_values::Text;
use std::borrow::Cow;
use std::fmt::{self, Write as _};
use std::ops::Range;

/// The text of a fault, made of parts. A part may contain a value of the grid, of an answer or of a variable; such parts are
/// hidden if the step or resource that failed has a sensitive input. All other parts are always shown.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FaultText {
    text: String,
    /// The bytes of the parts that may contain a value, ascending.
    values: Vec<Range<usize>>,
}

/// Shown in the place of a hidden part.
pub(crate) const KEPT_BACK: &str = "(sensitive value)";

impl FaultText {
    /// Text that contains no value: words, status codes, ports, limits, errors of the system.
    pub fn plain(text: impl fmt::Display) -> Self {
        Self::default().and(text)
    }

    /// Text that may contain a value.
    pub fn value(text: impl fmt::Display) -> Self {
        Self::default().and_value(text)
    }

    /// Adds text that contains no value.
    #[must_use]
    pub fn and(mut self, text: impl fmt::Display) -> Self {
        // Writing to a String never fails.
        let _ = write!(self.text, "{text}");
        self
    }

    /// Adds text that may contain a value.
    #[must_use]
    pub fn and_value(mut self, text: impl fmt::Display) -> Self {
        let from = self.text.len();
        self = self.and(text);
        if from < self.text.len() {
            self.values.push(from..self.text.len());
        }
        self
    }

    /// Adds all parts of another text.
    #[must_use]
    pub fn and_text(mut self, other: &Self) -> Self {
        let from = self.text.len();
        self.text.push_str(&other.text);
        let values = other.values.iter();
        self.values
            .extend(values.map(|part| part.start + from..part.end + from));
        self
    }

    /// The text with a mark in the place of each part that may contain a value.
    fn without_values(&self) -> String {
        let (mut shown, mut from) = (String::new(), 0);
        for part in &self.values {
            shown.push_str(self.text.get(from..part.start).unwrap_or_default());
            // Two hidden parts side by side get one mark.
            if !shown.ends_with(KEPT_BACK) {
                shown.push_str(KEPT_BACK);
            }
            from = part.end;
        }
        shown.push_str(self.text.get(from..).unwrap_or_default());
        shown
    }
}

impl From<&'static str> for FaultText {
    /// A literal of the program contains no value.
    fn from(text: &'static str) -> Self {
        Self::plain(text)
    }
}

impl From<String> for FaultText {
    /// A computed text may contain a value anywhere.
    fn from(text: String) -> Self {
        Self::value(text)
    }
}

/// What went wrong in a step or a resource. Boxed, so that it is one word in a `Result`.
#[derive(Debug, Clone)]
pub struct Fault(Box<Parts>);

#[derive(Debug, Clone)]
struct Parts {
    kind: &'static str,
    text: FaultText,
    place: Option<Place>,
    host_limit: Option<HostLimit>,
    /// Its kind is one of a manifest.
    is_declared: bool,
}

impl Fault {
    /// A fault of a kind. `text` is one clause that says what happened.
    pub fn new(kind: &'static str, text: impl Into<FaultText>) -> Self {
        Self(Box::new(Parts {
            kind,
            text: text.into(),
            place: None,
            host_limit: None,
            is_declared: false,
        }))
    }

    /// A fault of a kind that a manifest names, for the code that `module!` makes. Where it fails the creation of an asset, the steps
    /// that wait for the asset fail with this kind as well.
    pub fn declared(kind: &'static str, text: impl Into<FaultText>) -> Self {
        Self::new(kind, text).declared_as(kind)
    }

    /// The same fault under a kind that a manifest names.
    #[must_use]
    pub fn declared_as(mut self, kind: &'static str) -> Self {
        self.0.kind = kind;
        self.0.is_declared = true;
        self
    }

    /// The same, of which this host is the cause: it had none left of something. The run says so at its end, with the cure.
    #[must_use]
    pub fn by_host(mut self, limit: HostLimit) -> Self {
        self.0.host_limit = Some(limit);
        self
    }

    /// What this host had none left of, if that is the cause.
    pub(crate) fn host_limit(&self) -> Option<HostLimit> {
        self.0.host_limit
    }

    /// An input or asset that a step needs is missing.
    pub fn missing(name: &str) -> Self {
        let text = FaultText::plain(format_args!("`{name}` is required, but it is null"));
        Self::new("value", text)
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
            FaultText::plain(format_args!("`{input}` is one of {list}, not "))
                .and_value(format_args!("{text:?}")),
        ))
    }

    /// The fault of a step that waited for a resource whose creation failed: of the kind of its cause where a manifest names that, else
    /// of the kind `asset`.
    pub(crate) fn asset(info: &ResourceInfo, cause: &Self) -> Self {
        let text = FaultText::plain(format_args!("resource {info} could not be created: "));
        // The text is made of what the resource knows, so its own inputs decide what is hidden, and not those of the step.
        let text = text.and(cause.shown(Sensitivity::of(info.is_sensitive())));
        let mut fault = Self::new("asset", text);
        if cause.0.is_declared {
            fault = fault.declared_as(cause.kind());
        }
        fault.0.place = cause.0.place;
        fault.0.host_limit = cause.0.host_limit;
        fault
    }

    /// A step asked for a resource that was not created, or is destroyed already.
    pub(crate) fn no_asset(info: &ResourceInfo) -> Self {
        let text = FaultText::plain(format_args!(
            "resource {info} is not there: it was not created, or is destroyed already"
        ));
        Self::new("asset", text)
    }

    /// The kind, out of a bounded set: failures are counted by it.
    pub fn kind(&self) -> &'static str {
        self.0.kind
    }

    /// The clause, with all its values.
    pub fn text(&self) -> &str {
        &self.0.text.text
    }

    /// The clause as it may be shown: without values if the step or resource has a sensitive input.
    pub(crate) fn shown(&self, of: Sensitivity) -> Cow<'_, str> {
        match of {
            Sensitivity::Open => Cow::Borrowed(self.text()),
            Sensitivity::Sensitive => Cow::Owned(self.0.text.without_values()),
        }
    }

    /// The place of the expression that failed.
    pub fn place(&self) -> Option<Place> {
        self.0.place
    }

    /// Adds the place, unless the fault has a closer one already.
    #[must_use]
    pub fn at(mut self, place: &'static Place) -> Self {
        self.0.place.get_or_insert(*place);
        self
    }
}

impl From<bggo_values::Fault> for Fault {
    /// Only the part that quotes a value may hold one: all else names types, places and attributes that the grid writes.
    fn from(fault: bggo_values::Fault) -> Self {
        let [before, value, after] = fault.parts();
        let text = FaultText::plain(before).and_value(value).and(after);
        Self::new("value", text)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

impl std::error::Error for Fault {}

/// Adds to a fault the place in the grid where it happened.
pub trait Placed<T> {
    /// The same result. A fault gets this place, unless it has a closer one already.
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

/// A text before it is a plain one.
#[derive(Debug, Clone, Copy)]
pub enum PlainText<'a> {
    /// It was known before the run.
    Known(&'a Text),
    /// It comes with the run.
    Late(fmt::Arguments<'a>),
}

impl<'a> PlainText<'a> {
    /// The text: borrowed where it has no holes.
    pub fn text(self) -> Cow<'a, str> {
        let text = match self {
            Self::Known(text) => return Cow::Borrowed(text.as_str()),
            Self::Late(text) => text,
        };
        match text.as_str() {
            Some(text) => Cow::Borrowed(text),
            None => {
                // `to_string` begins with room for the known pieces at most, and asks for more at each hole.
                let mut filled = String::with_capacity(ROOM);
                // It fails only where a hole refuses to show itself, and none of ours does.
                let _ = filled.write_fmt(text);
                Cow::Owned(filled)
            }
        }
    }
}

/// Bytes of a late text for which room is made at once: most urls are shorter.
const ROOM: usize = 128;

#[cfg(test)]
mod tests {
    use super::*;
    use bggo_values::{Text, Type, Value, convert, ops};

    static TOKEN: ResourceInfo = ResourceInfo::new("http_client", "a", "grid.hcl:1").sensitive();

    #[test]
    fn whoever_waits_for_an_asset_fails_with_the_kind_of_its_cause_where_a_manifest_names_it() {
        let kinds = |cause: &Fault| {
            let once = Fault::asset(&TOKEN, cause);
            [once.kind(), Fault::asset(&TOKEN, &once).kind()]
        };
        assert_eq!(kinds(&refused()), ["asset", "asset"]);
        assert_eq!(kinds(&Fault::declared("tls", "no")), ["tls", "tls"]);
        let other = refused().declared_as("handshake");
        assert_eq!(kinds(&other), ["handshake", "handshake"]);
        assert_eq!(other.text(), refused().text());
    }

    fn refused() -> Fault {
        let text = FaultText::plain("port ")
            .and(8080)
            .and(" of ")
            .and_value("secret.example")
            .and_value("/token")
            .and(" refuses");
        Fault::new("connect", text)
    }

    #[test]
    fn only_parts_that_may_hold_a_value_are_kept_back() {
        let fault = refused();
        assert_eq!(
            fault.shown(Sensitivity::Open),
            "port 8080 of secret.example/token refuses"
        );
        assert_eq!(
            fault.shown(Sensitivity::Sensitive),
            "port 8080 of (sensitive value) refuses"
        );
    }

    #[test]
    fn a_text_that_was_made_is_kept_back_whole_and_a_literal_never() {
        let made = Fault::new("value", format!("not {}", 1));
        assert_eq!(made.shown(Sensitivity::Sensitive), "(sensitive value)");
        let literal = Fault::new("value", "too long");
        assert_eq!(literal.shown(Sensitivity::Sensitive), "too long");
    }

    #[test]
    fn what_a_value_fault_says_is_shown_of_a_sensitive_input_too() {
        let missing = ops::field(&Value::Null, "id").unwrap_err();
        assert_eq!(
            Fault::from(missing).shown(Sensitivity::Sensitive),
            "the attribute `id` of a null value is read"
        );
        let no_key = ops::index(
            &Value::from(vec![("a".into(), Value::Null)]),
            &Value::text("b"),
        );
        let no_key = Fault::from(no_key.unwrap_err());
        let shown = [Sensitivity::Open, Sensitivity::Sensitive].map(|of| no_key.shown(of));
        assert_eq!(
            shown,
            [
                "the object has no key \"b\"",
                "the object has no key (sensitive value)"
            ]
        );
    }

    #[test]
    fn conversions_and_operators_quote_values_only_where_a_fault_says_so() {
        const SECRET: &str = "hunter2";
        let text = || Value::text(SECRET);
        let pair = || Value::from(vec![(Text::from(SECRET.to_owned()), text())]);
        let patterns = [
            "hunter2",
            "/hunter2(/",
            "/hunter2\\p{hunter2}/",
            "{hunter2",
            "%hunter2",
            "%[hunter2]s",
        ];
        let mut values: Vec<Value> = patterns.map(Value::text).into();
        values.extend([
            pair(),
            Value::from(vec![text(), pair()]),
            Value::Null,
            Value::Bool(true),
        ]);
        values.push(Value::Number(7_u32.into()));
        let mut faults = Vec::new();
        for value in &values {
            let kinds = [
                Type::Number,
                Type::Bool,
                Type::Duration,
                Type::Size,
                Type::Bytes,
                Type::List(Box::new(Type::Number)),
                Type::Map(Box::new(Type::Number)),
            ];
            faults.extend(
                kinds
                    .iter()
                    .filter_map(|kind| convert::convert(value, kind).err()),
            );
            faults.extend(values.iter().filter_map(|by| ops::index(value, by).err()));
            faults.extend(
                values
                    .iter()
                    .filter_map(|other| ops::add(value, other).err()),
            );
        }
        assert!(faults.len() > 100);
        for fault in faults {
            let [before, _, after] = fault.parts();
            assert!(
                !before.contains(SECRET) && !after.contains(SECRET),
                "{fault}"
            );
        }
    }

    #[test]
    fn what_waits_for_a_sensitive_resource_hears_no_value_of_it() {
        let fault = Fault::asset(&TOKEN, &refused());
        let text =
            "resource http_client.a could not be created: port 8080 of (sensitive value) refuses";
        assert_eq!(fault.shown(Sensitivity::Open), text);
    }

    #[test]
    fn what_waits_for_a_resource_without_secrets_hears_all_of_its_fault() {
        static POOL: ResourceInfo = ResourceInfo::new("http_client", "a", "grid.hcl:1");
        let fault = Fault::asset(&POOL, &refused());
        let text = "resource http_client.a could not be created: port 8080 of secret.example/token refuses";
        for of in [Sensitivity::Open, Sensitivity::Sensitive] {
            assert_eq!(fault.shown(of), text);
        }
    }
}

//! What a manifest says of the values of its inputs beside their types: bounds, patterns, and which arguments go together.
//!
//! The compiler judges what is known when the grid is built, by the functions of this file. `module!` makes the same checks
//! for what is known later, with the same texts; a pattern is judged only when the grid is built. A condition is an
//! expression of the grid language: the compiler reads it, and puts what is known later into the program.

use bggo_values::Value;
use std::fmt;

/// A limit of an input's value. It displays as "must be at least 1".
#[derive(Debug, Clone, PartialEq)]
pub enum Bound {
    /// `min`: the least number, duration or size.
    Min(Value),
    /// `max`: the greatest.
    Max(Value),
    /// `more_than`: a number, duration or size that is itself too small.
    MoreThan(Value),
    /// `min_length`: the fewest characters, bytes, items or keys.
    MinLength(usize),
    /// `max_length`: the most.
    MaxLength(usize),
}

impl Bound {
    /// Whether a value, already of the input's type, keeps to it. What cannot be compared does: null, a number's length.
    pub fn allows(&self, value: &Value) -> bool {
        let length = value.length();
        match self {
            Self::Min(least) => !less(value, least),
            Self::Max(most) => !less(most, value),
            Self::MoreThan(limit) => !comparable(value, limit) || less(limit, value),
            Self::MinLength(least) => length.is_none_or(|length| length >= *least),
            Self::MaxLength(most) => length.is_none_or(|length| length <= *most),
        }
    }
}

fn comparable(one: &Value, other: &Value) -> bool {
    matches!(
        (one, other),
        (Value::Number(_), Value::Number(_)) | (Value::Duration(_), Value::Duration(_))
    )
}

fn less(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => one < other,
        (Value::Duration(one), Value::Duration(other)) => one < other,
        _ => false,
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Min(least) => write!(f, "must be at least {least}"),
            Self::Max(most) => write!(f, "must be at most {most}"),
            Self::MoreThan(limit) => write!(f, "must be more than {limit}"),
            Self::MinLength(least) => write!(f, "must have a length of at least {least}"),
            Self::MaxLength(most) => write!(f, "must have a length of at most {most}"),
        }
    }
}

/// What the text of an input looks like. A number is judged by its text, a list item by item, a map by its values or keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    /// A regular expression, which is found somewhere in the text: `^` and `$` tie it to the whole.
    pub regex: String,
    /// What to write instead, one clause; may be empty.
    pub message: String,
}

/// Which arguments of a step or resource go together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// It holds only where one of these is given; empty: always.
    pub when: Vec<String>,
    /// What it asks for.
    pub demand: Demand,
    /// The manifest's own words for a grid that breaks it; may be empty.
    pub error_message: String,
    /// How bad that is.
    pub severity: Severity,
}

/// What a rule asks for, by names of inputs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Demand {
    /// At most one of these is given.
    Conflicts(Vec<String>),
    /// One of these is given, or more.
    AtLeastOne(Vec<String>),
    /// This is true.
    Condition(Condition),
}

/// An expression of the grid language, of type bool, over what a rule may read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// The expression as it is written.
    pub text: String,
    /// The line of the manifest on which it starts, from 1.
    pub line: usize,
}

/// How bad a broken rule is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// The grid does not build; a step or resource fails where it is known only later.
    Error,
    /// `bggo check` and `bggo build` say it. Nothing is said of what is known only later.
    Warning,
}

/// Whether a grid gives an argument. Null gives none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Given {
    /// It does.
    Yes,
    /// It does not.
    No,
    /// It is not known yet.
    Perhaps,
}

impl Rule {
    /// Whether what is given breaks it for certain. Of a condition only whoever can compute it knows.
    pub fn is_broken(&self, given: impl Fn(&str) -> Given) -> bool {
        if self.applies(&given) != Given::Yes {
            return false;
        }
        let yes = |name: &&String| given(name) == Given::Yes;
        match &self.demand {
            Demand::Conflicts(names) => names.iter().filter(yes).count() > 1,
            Demand::AtLeastOne(names) => names.iter().all(|name| given(name) == Given::No),
            Demand::Condition(_) => false,
        }
    }

    /// Whether it holds, as far as its `when` says: `Yes` where nothing of that kind stands there.
    pub fn applies(&self, given: impl Fn(&str) -> Given) -> Given {
        let of_each = || self.when.iter().map(|name| given(name));
        if self.when.is_empty() || of_each().any(|given| given == Given::Yes) {
            Given::Yes
        } else if of_each().all(|given| given == Given::No) {
            Given::No
        } else {
            Given::Perhaps
        }
    }

    /// What is said of a grid that breaks it, one clause.
    pub fn text(&self) -> String {
        if !self.error_message.is_empty() {
            return self.error_message.clone();
        }
        let list = |names: &[String]| {
            let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
            quoted.join(", ")
        };
        match &self.demand {
            Demand::Conflicts(names) => format!("at most one of {} may be given", list(names)),
            Demand::AtLeastOne(names) => match names.as_slice() {
                [one] => format!("`{one}` must be given"),
                more => format!("one of {} must be given", list(more)),
            },
            Demand::Condition(condition) => format!("`{}` must be true", condition.text),
        }
    }

    /// The inputs that it lists by name, in order.
    pub fn inputs(&self) -> impl Iterator<Item = &String> {
        let names: &[String] = match &self.demand {
            Demand::Conflicts(names) | Demand::AtLeastOne(names) => names,
            Demand::Condition(_) => &[],
        };
        self.when.iter().chain(names)
    }
}

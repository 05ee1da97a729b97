//! What goes wrong while values are computed: one clause, no place (whoever calls knows the place).

use std::fmt;

/// Most characters of a value that a fault quotes.
const MOST_QUOTED: usize = 100;

/// A value fault: division by zero, an index out of range, a conversion that is not possible, a null operand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault(Box<Parts>);

/// The clause in three parts. Only the one in the middle may quote a value.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Parts {
    text: String,
    from: usize,
    to: usize,
}

impl Fault {
    /// A fault with its text: one short clause without a full stop, which quotes no value: it may be sensitive.
    pub fn new(text: impl Into<String>) -> Self {
        Self::quoting(text, "", "")
    }

    /// A fault whose text quotes a value: what stands before it, the value, and what stands after it.
    pub fn quoting(before: impl Into<String>, value: &str, after: &str) -> Self {
        let mut text: String = before.into();
        let from = text.len();
        let mut letters = value.chars();
        text.extend(letters.by_ref().take(MOST_QUOTED));
        if letters.next().is_some() {
            text.push('…');
        }
        let to = text.len();
        text.push_str(after);
        Self(Box::new(Parts { text, from, to }))
    }

    /// The clause.
    pub fn text(&self) -> &str {
        &self.0.text
    }

    /// The clause in parts: what stands before the value that it quotes, the value, and what stands after it. Where it
    /// quotes none, the first part is all.
    pub fn parts(&self) -> [&str; 3] {
        let Parts { text, from, to } = &*self.0;
        let part = |range| text.get(range).unwrap_or_default();
        [part(0..*from), part(*from..*to), part(*to..text.len())]
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

impl std::error::Error for Fault {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_of_a_clause_are_the_clause() {
        let fault = Fault::quoting("there is no key ", "\"ü\"", " here");
        assert_eq!(fault.text(), "there is no key \"ü\" here");
        assert_eq!(fault.parts(), ["there is no key ", "\"ü\"", " here"]);
        assert_eq!(Fault::new("nothing").parts(), ["nothing", "", ""]);
    }

    #[test]
    fn a_long_value_is_cut() {
        let fault = Fault::quoting("no ", &"ü".repeat(MOST_QUOTED + 1), "!");
        assert_eq!(fault.text(), format!("no {}…!", "ü".repeat(MOST_QUOTED)));
    }
}

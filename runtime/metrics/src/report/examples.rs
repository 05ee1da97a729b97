//! The text of the first failure of each kind of each step, and of each check: bounded, so that a broken target fills no
//! memory.

use bggo_values::Text;
use std::collections::BTreeMap;

/// How many are kept.
const MOST: usize = 64;
/// The longest text, in characters.
const LONGEST: usize = 200;

/// Texts of failures.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Examples {
    /// By step and kind.
    failures: BTreeMap<(String, Text), String>,
    /// By scenario, step and check: a text, and where the check is written.
    checks: BTreeMap<[String; 3], (String, String)>,
}

impl Examples {
    /// Keeps the text of a failure, if it is the first of its kind in this step and there is room.
    pub fn keep(&mut self, step: &str, kind: Text, text: &str) {
        let key = (step.to_owned(), kind);
        if self.failures.len() < MOST || self.failures.contains_key(&key) {
            self.failures.entry(key).or_insert_with(|| cut(text));
        }
    }

    /// Keeps the text of a check that failed and its place, if it is its first one and there is room.
    pub fn keep_check(&mut self, check: [&str; 3], (text, place): (&str, &str)) {
        let key = check.map(str::to_owned);
        if self.checks.len() < MOST || self.checks.contains_key(&key) {
            let example = || (cut(text), place.to_owned());
            self.checks.entry(key).or_insert_with(example);
        }
    }

    /// The text of a check of a step in a scenario, and its place.
    pub fn of_check(&self, scenario: &str, step: &str, check: &str) -> Option<(&str, &str)> {
        let example = self.checks.get(&[scenario, step, check].map(str::to_owned));
        example.map(|(text, place)| (text.as_str(), place.as_str()))
    }

    /// The text of this kind in a step, by its full name.
    pub fn of(&self, step: &str, kind: &Text) -> Option<&str> {
        let text = self.failures.get(&(step.to_owned(), kind.clone()));
        text.map(String::as_str)
    }

    /// All failures of steps: step, kind and text.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Text, &str)> {
        let all = self.failures.iter();
        all.map(|((step, kind), text)| (step.as_str(), kind, text.as_str()))
    }
}

/// One line of at most [`LONGEST`] characters.
fn cut(text: &str) -> String {
    let one_line = |c: char| if c.is_control() { ' ' } else { c };
    let mut kept: String = text.chars().map(one_line).take(LONGEST).collect();
    if text.chars().nth(LONGEST).is_some() {
        kept.pop();
        kept.push('…');
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_text_of_a_kind_is_kept_in_one_line_and_cut() {
        let mut examples = Examples::default();
        let connect = Text::Static("connect");
        examples.keep("a", connect.clone(), "refused\nby 127.0.0.1");
        examples.keep("a", connect.clone(), "another");
        examples.keep("b", connect.clone(), &"ä".repeat(500));
        assert_eq!(examples.of("a", &connect), Some("refused by 127.0.0.1"));
        let long = examples.of("b", &connect).unwrap();
        assert_eq!(long.chars().count(), LONGEST);
        assert!(long.ends_with("ä…"));
    }

    #[test]
    fn no_more_are_kept_than_there_is_room_for() {
        let mut examples = Examples::default();
        for n in 0..2 * MOST {
            examples.keep(&format!("step{n}"), Text::Static("timeout"), "late");
        }
        assert_eq!(examples.iter().count(), MOST);
    }
}

//! The text of the first failure of each kind of each step, and of each check: bounded, so that a broken target fills no
//! memory.

use bggo_values::{OrderedPairs, Text};

/// How many are kept.
const MOST: usize = 64;
/// The longest text, in characters.
const LONGEST: usize = 200;
/// How many exchanges are kept.
const MOST_EXCHANGES: usize = 20;
/// The longest side of an exchange, in bytes.
const LONGEST_SIDE: usize = 2 << 10;

/// Texts of failures.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Examples {
    /// By step and kind.
    failures: OrderedPairs<(String, Text), String>,
    /// What was sent and what came back, of some of them.
    exchanges: OrderedPairs<(String, Text), (String, Option<String>)>,
    /// By scenario, step and check: a text, and where the check is written.
    checks: OrderedPairs<[String; 2], (String, String)>,
}

impl Examples {
    /// Keeps the text of a failure, if it is the first of its kind in this step and there is room.
    pub fn keep(&mut self, step: &str, kind: Text, text: &str) {
        let key = (step.to_owned(), kind);
        if self.failures.len() < MOST {
            self.failures.insert_new(key, || cut(text));
        }
    }

    /// Keeps what was sent and what came back in a failure, if it is the first of its kind in this step and there is room.
    pub fn keep_exchange(
        &mut self,
        step: &str,
        kind: Text,
        (sent, received): (&str, Option<&str>),
    ) {
        if self.exchanges.len() < MOST_EXCHANGES {
            let sides = || (side(sent), received.map(side));
            let key = (step.to_owned(), kind);
            self.exchanges.insert_new(key, sides);
        }
    }

    /// What was sent and what came back in a failure of this kind in a step.
    pub fn exchange_of(&self, step: &str, kind: &Text) -> Option<(&str, Option<&str>)> {
        let sides = self.exchanges.get(&(step.to_owned(), kind.clone()));
        sides.map(|(sent, received)| (sent.as_str(), received.as_deref()))
    }

    /// Keeps the text of a check that failed and its place, if it is its first one and there is room.
    pub fn keep_check(&mut self, check: [&str; 2], (text, place): (&str, &str)) {
        let key = check.map(str::to_owned);
        if self.checks.len() < MOST {
            let example = || (cut(text), place.to_owned());
            self.checks.insert_new(key, example);
        }
    }

    /// The text of a check of a step, by its full name, and its place.
    pub fn of_check(&self, step: &str, check: &str) -> Option<(&str, &str)> {
        let example = self.checks.get(&[step, check].map(str::to_owned));
        example.map(|(text, place)| (text.as_str(), place.as_str()))
    }

    /// The text of this kind in a step, by its full name.
    pub fn of(&self, step: &str, kind: &Text) -> Option<&str> {
        let text = self.failures.get(&(step.to_owned(), kind.clone()));
        text.map(String::as_str)
    }

    /// All failures of steps: step, kind and text.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Text, &str)> {
        let all = self.failures.as_slice().iter();
        all.map(|((step, kind), text)| (step.as_str(), kind, text.as_str()))
    }
}

/// At most [`LONGEST_SIDE`] bytes.
fn side(text: &str) -> String {
    if text.len() <= LONGEST_SIDE {
        return text.to_owned();
    }
    let mut kept = String::new();
    for c in text.chars() {
        if kept.len() + c.len_utf8() > LONGEST_SIDE {
            break;
        }
        kept.push(c);
    }
    kept + "…"
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

    #[test]
    fn exchanges_are_kept_in_so_much_memory() {
        let mut examples = Examples::default();
        let kind = || Text::Static("status");
        let long = "ä".repeat(LONGEST_SIDE);
        for n in 0..2 * MOST_EXCHANGES {
            examples.keep_exchange(&format!("step{n:03}"), kind(), (&long, Some("no")));
        }
        let kept = |n: usize| examples.exchange_of(&format!("step{n:03}"), &kind());
        assert_eq!(
            (0..2 * MOST_EXCHANGES).filter_map(kept).count(),
            MOST_EXCHANGES
        );
        let (sent, received) = kept(0).unwrap();
        assert!(sent.len() <= LONGEST_SIDE + '…'.len_utf8() && sent.ends_with("ä…"));
        assert_eq!(received, Some("no"));
        assert_eq!(kept(MOST_EXCHANGES), None);
    }
}

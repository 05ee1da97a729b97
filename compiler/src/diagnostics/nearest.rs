//! Hints for names that are not known.

use std::collections::BTreeSet;

use super::Hint;

pub use bggo_metrics::nearest;

/// The most names that a hint lists.
const MOST_LISTED: usize = 24;

/// The words of [`advice`].
pub fn hint<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    advice(name, known).map(|hint| hint.words)
}

/// A hint for an unknown name: the nearest name, or all known names if they are few.
pub fn advice<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<Hint> {
    let mut known: Vec<&str> = known.into_iter().collect();
    // What may be written as an attribute and as a block is one name.
    let mut seen = BTreeSet::new();
    known.retain(|name| seen.insert(*name));
    if let Some(near) = nearest(name, known.iter().copied()) {
        return Some(Hint::meant(near));
    }
    if let Some(longer) = with_part(name, known.iter().copied()) {
        return Some(Hint::meant(longer));
    }
    listed(&known)
}

/// All known names, if they are few.
pub fn listed(known: &[&str]) -> Option<Hint> {
    match known {
        [] => None,
        [one] => Some(format!("only `{one}` is known here").into()),
        [most @ .., last] if most.len() < MOST_LISTED => {
            let most: Vec<_> = most.iter().map(|name| format!("`{name}`")).collect();
            Some(format!("known here are {} and `{last}`", most.join(", ")).into())
        }
        _ => None,
    }
}

/// The first name of which this is a part: `bearer_token` for `token`, `http_request` for `http`.
pub fn with_part<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let mut known = known.into_iter();
    known.find(|known| known.split('_').any(|part| part == name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn part_of_a_name_finds_it() {
        assert_eq!(
            hint("token", ["url", "bearer_token"]).as_deref(),
            Some("did you mean `bearer_token`?")
        );
        assert_eq!(
            hint("http", ["noop", "http_request"]).as_deref(),
            Some("did you mean `http_request`?")
        );
    }

    #[test]
    fn hint_lists_few_names_and_stays_silent_about_many() {
        assert_eq!(
            hint("zzz", ["one", "two"]).as_deref(),
            Some("known here are `one` and `two`")
        );
        let many: Vec<String> = (0..40).map(|n| format!("name{n}")).collect();
        assert_eq!(hint("zzz", many.iter().map(String::as_str)), None);
    }
}

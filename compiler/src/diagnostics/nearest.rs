//! Finds the known name that a misspelt one probably means.

/// The most names that a hint lists.
const MOST_LISTED: usize = 24;

/// The nearest of `known` names, if it is near enough: one typing error in three characters, and not all of them. Two swapped
/// characters count as one.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let length = name.chars().count();
    let allowed = length.max(3) / 3;
    let mut best: Option<(usize, &str)> = None;
    for candidate in known {
        let distance = if candidate.eq_ignore_ascii_case(name) {
            0
        } else {
            strsim::damerau_levenshtein(name, candidate)
        };
        let nearer = best.is_none_or(|(least, at)| (distance, candidate) < (least, at));
        // `a` for `b` has nothing of it.
        let is_other_word = distance >= length.max(candidate.chars().count());
        if distance <= allowed && !is_other_word && candidate != name && nearer {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// A hint for an unknown name: the nearest name, or all known names if they are few.
pub fn hint<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let known: Vec<&str> = known.into_iter().collect();
    if let Some(near) = nearest(name, known.iter().copied()) {
        return Some(format!("did you mean `{near}`?"));
    }
    // `token` for `bearer_token`, `http` for `http_request`.
    let whole = |known: &&&str| known.split('_').any(|part| part == name);
    if let Some(first) = known.iter().find(whole) {
        return Some(format!("did you mean `{first}`?"));
    }
    match known.as_slice() {
        [] => None,
        [one] => Some(format!("only `{one}` is known here")),
        [most @ .., last] if most.len() < MOST_LISTED => {
            let most: Vec<_> = most.iter().map(|name| format!("`{name}`")).collect();
            Some(format!("known here are {} and `{last}`", most.join(", ")))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_find_their_name() {
        assert_eq!(nearest("ulr", ["url", "method"]), Some("url"));
        assert_eq!(
            nearest("depend_on", ["depends_on", "description"]),
            Some("depends_on")
        );
        assert_eq!(nearest("URL", ["url"]), Some("url"));
    }

    #[test]
    fn unlike_names_find_nothing() {
        assert_eq!(nearest("x", ["url", "method"]), None);
        assert_eq!(nearest("banana", ["url", "method"]), None);
        assert_eq!(nearest("4", ["1.1", "2", "3"]), None);
        assert_eq!(nearest("", ["a"]), None);
        assert_eq!(nearest("b", ["ab"]), Some("ab"));
    }

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

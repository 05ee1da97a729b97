//! Finds the known name that a misspelt one probably means: for addresses of figures, for flags, and for all names of a grid.

/// The nearest of `known` names, if it is near enough: one typing error in three characters, and not all of them. Two swapped
/// characters count as one, and letters of the other case as none.
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
}

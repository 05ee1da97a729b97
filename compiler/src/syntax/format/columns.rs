//! How many columns a text takes: its grapheme clusters, as Terraform counts them.

use unicode_segmentation::UnicodeSegmentation as _;

/// The number of grapheme clusters.
pub(super) fn columns(text: &str) -> usize {
    if text.is_ascii() {
        // Hardly any piece has a line break, and a search that finds none costs more than a look at each byte.
        let pairs = match text.as_bytes().contains(&b'\r') {
            true => text.matches("\r\n").count(),
            false => 0,
        };
        return text.len() - pairs;
    }
    text.graphemes(true)
        .map(|cluster| 1 + joined(cluster))
        .sum()
}

/// Consonants that a cluster joins to its first letter. Unicode has joined those of Indic scripts since 15.1; Terraform
/// counts by 15.0.
fn joined(cluster: &str) -> usize {
    let later = cluster.chars().skip(1);
    later.filter(|letter| is_consonant(*letter)).count()
}

/// Letters that stand alone but where a rule of a script joins them, without those of Korean, which were always joined.
fn is_consonant(letter: char) -> bool {
    let is_korean = matches!(letter, '\u{1100}'..='\u{11ff}' | '\u{a960}'..='\u{a97f}' | '\u{ac00}'..='\u{d7ff}');
    letter.is_alphabetic() && !is_korean && format!("x{letter}").graphemes(true).count() == 2
}

#[cfg(test)]
mod tests {
    use super::columns;

    #[test]
    fn clusters_are_counted_by_unicode_15_0() {
        let cases = [
            ("", 0),
            ("abc", 3),
            ("a\r\nb", 3),
            ("e\u{301}", 1),
            ("\u{1f469}\u{200d}\u{1f469}\u{200d}\u{1f467}", 1),
            ("\u{1f1e9}\u{1f1ea}", 1),
            ("\u{ac00}\u{ac01}", 2),
            ("\u{1112}\u{1161}\u{11ab}", 1),
            ("\u{0915}\u{094d}\u{0937}", 2),
            ("\u{0e01}\u{0e47}\u{0e32}", 2),
        ];
        for (text, expected) in cases {
            assert_eq!(columns(text), expected, "{text:?}");
        }
    }
}

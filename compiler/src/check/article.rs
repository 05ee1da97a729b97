//! The name of a kind of asset with its article, for messages.

/// The name of a kind of asset as one of its kind: "a `probe`", "an `http_client`".
pub(super) fn with_article(name: &str) -> String {
    let mut letters = name.chars();
    let is_vowel = |letter: Option<char>| letter.is_some_and(|letter| "aeiou".contains(letter));
    // `http` is spelt out, so it begins with a vowel in speech.
    let first = letters.next();
    let article = match is_vowel(first) || (first == Some('h') && !is_vowel(letters.next())) {
        true => "an",
        false => "a",
    };
    format!("{article} `{name}`")
}

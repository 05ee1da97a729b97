//! How long a text is, in what a reader calls characters (grapheme clusters).

use unicode_segmentation::UnicodeSegmentation;

/// How many characters a text has.
pub(super) fn characters(text: &str) -> usize {
    // A carriage return and a line feed are one cluster, the only one of ASCII.
    if text.is_ascii() && !text.contains('\r') {
        text.len()
    } else {
        text.graphemes(true).count()
    }
}

//! Makes words for the module `choice`, where a grid asks for that.

use bggo_module_choice::Link;

/// Makes a word.
pub static LINK: Link = Link { make };

fn make(word: &str) -> String {
    format!("{word} of a crate")
}

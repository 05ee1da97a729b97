//! Tokens to text: prettyplease, with an empty line between items and the header of the file.

use proc_macro2::TokenStream;

/// The text of a file. The tokens are made by `quote!`, so they parse. If they did not, they would be written as they are, and
/// rustc would name the place.
pub fn text(header: &str, tokens: TokenStream) -> String {
    let shown = tokens.to_string();
    let body = match syn::parse2::<syn::File>(tokens) {
        Ok(file) => spaced(&prettyplease::unparse(&file)),
        Err(_) => shown,
    };
    format!("{header}\n{body}")
}

/// How items begin that are written as a table, one line for each.
const TABLES: &[&str] = &[
    "use ",
    "const LATCH_",
    "const METRIC_",
    "const PLACE_",
    "const RESOURCE_",
    "const STEP_",
    "const USES_OF_",
];

/// How a place in a module begins.
const INNER_PLACE: &str = "    const PLACE_";

/// An empty line before each item that begins at the margin, except between lines of one kind, and between methods
/// and the items of a module.
fn spaced(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 16);
    let mut before = "";
    for line in text.lines() {
        let starts = !line.is_empty() && !line.starts_with([' ', '}', ')', ']']);
        let documented = before.starts_with("///") || before.starts_with("#[");
        let same = TABLES
            .iter()
            .any(|start| line.starts_with(start) && before.starts_with(start));
        // Lines of items of a module and of methods, before which there is an empty line behind others.
        let method = (["    }", "    use super::*;"].contains(&before)
            || before.starts_with(INNER_PLACE))
            && ["    fn ", "    pub", "    ///"]
                .iter()
                .any(|start| line.starts_with(start))
            || before == "    }" && line.starts_with(INNER_PLACE);
        if starts && !before.is_empty() && !documented && !same || method {
            out.push('\n');
        }
        out.push_str(line);
        out.push('\n');
        before = line;
    }
    out
}

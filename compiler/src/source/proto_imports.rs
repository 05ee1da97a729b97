//! The paths that a `.proto` file imports. The rest of it is read by the check, which finds all files here by then.

/// The paths in their order. Of a file with faults those that could be read.
pub(super) fn of(text: &str) -> impl Iterator<Item = String> {
    let mut rest = text;
    let mut imports = Vec::new();
    // Whether the word `import` came, and nothing behind it but `public` or `weak`.
    let mut is_import = false;
    while let Some(token) = next(&mut rest) {
        match token {
            Token::Word("import") => is_import = true,
            Token::Word("public" | "weak") => {}
            Token::Text(path) => {
                if std::mem::take(&mut is_import) {
                    imports.push(path.to_owned());
                }
            }
            Token::Word(_) | Token::Mark => is_import = false,
        }
    }
    imports.into_iter()
}

enum Token<'t> {
    Word(&'t str),
    /// What stands between quotes. A path has no escapes.
    Text(&'t str),
    Mark,
}

/// The next token; comments are gone past.
fn next<'t>(rest: &mut &'t str) -> Option<Token<'t>> {
    loop {
        let text = rest.trim_start();
        let behind = if let Some(comment) = text.strip_prefix("//") {
            comment.find('\n').and_then(|end| comment.get(end..))
        } else if let Some(comment) = text.strip_prefix("/*") {
            comment.find("*/").and_then(|end| comment.get(end + 2..))
        } else {
            *rest = text;
            break;
        };
        *rest = behind.unwrap_or_default();
    }
    let text = *rest;
    let first = text.chars().next()?;
    let (token, behind) = if matches!(first, '"' | '\'') {
        let inner = text.get(1..)?;
        // One that is not closed ends with its line.
        let end = inner.find([first, '\n']).unwrap_or(inner.len());
        let (inner, behind) = inner.split_at(end);
        (Token::Text(inner), behind.get(1..).unwrap_or_default())
    } else if first.is_alphanumeric() || first == '_' {
        let is_of_word = |letter: char| letter.is_alphanumeric() || letter == '_';
        let end = text.find(|letter| !is_of_word(letter));
        let (word, behind) = text.split_at(end.unwrap_or(text.len()));
        (Token::Word(word), behind)
    } else {
        (Token::Mark, text.get(first.len_utf8()..)?)
    };
    *rest = behind;
    Some(token)
}

#[cfg(test)]
mod tests {
    use super::of;

    #[test]
    fn imports_are_found_wherever_they_stand() {
        let text = r#"
// import "no.proto";
syntax = "proto3"; /* import "no.proto"; */
import "a.proto";
import public 'b/c.proto' ;
import weak
  "d.proto"; import"e.proto";
option text = "import";
message import { string import = 1; }
message M { string a = 1 [default = "// import \"x\""]; }
import "open.proto
import "é.proto";
"#;
        let found: Vec<String> = of(text).collect();
        let expected = [
            "a.proto",
            "b/c.proto",
            "d.proto",
            "e.proto",
            "open.proto",
            "é.proto",
        ];
        assert_eq!(found, expected);
        assert_eq!(of("").count(), 0);
        assert_eq!(of("/* import \"a\"").count(), 0);
    }
}

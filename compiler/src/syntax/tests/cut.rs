//! A text that ends anywhere: what is told about it stands where it ends, or is about something that is open there.

use std::path::Path;

use super::parsed;
use crate::diagnostics::Problems;
use crate::source::FileId;
use crate::syntax::lexer;
use crate::syntax::token::{Token, TokenKind, Tokens};

/// Where brackets, strings and holes begin and end, in bytes.
fn pairs(tokens: &Tokens<'_>) -> Vec<(usize, usize)> {
    let (mut pairs, mut open) = (Vec::new(), Vec::new());
    for index in 0..tokens.list.len() {
        let token = tokens.at(index);
        let partner = token.partner as usize;
        if partner != index {
            pairs.push((token.start as usize, tokens.at(partner).end as usize));
        }
        match token.kind {
            kind if kind.opens_bracket() => open.push(token.start as usize),
            kind if kind.closes_bracket() => {
                pairs.push((open.pop().unwrap(), token.end as usize));
            }
            _ => {}
        }
    }
    for comment in &tokens.comments {
        pairs.push((comment.start as usize, comment.end as usize));
    }
    pairs
}

fn check(name: &Path, text: &str) {
    let mut problems = Problems::default();
    let tokens = lexer::lex(FileId(0), text, &mut problems);
    assert!(problems.list.is_empty());
    let bad = |kind: TokenKind| kind == TokenKind::Bad;
    assert!(!tokens.list.iter().any(|token| bad(token.kind)));
    let pairs = pairs(&tokens);
    for (cut, _) in text.char_indices() {
        let (_, problems, _) = parsed(&text[..cut]);
        // The line on which the last token stands; comments may follow it.
        let mut before = tokens.list.iter().rev();
        let is_last = |token: &&Token| {
            (token.start as usize) < cut
                && token.kind != TokenKind::Newline
                && token.end > token.start
        };
        let token = before.find(is_last).map_or(0, |token| token.start as usize);
        let last = text[..token].rfind('\n').map_or(0, |at| at + 1);
        for problem in &problems.list {
            let Some(span) = problem.span else {
                panic!("{problem:?} has no place");
            };
            let (start, end) = (span.start as usize, span.end as usize);
            // What is never closed is told where it begins; of a block that is its header, on the line of its brace.
            let open = pairs.iter().any(|(from, to)| {
                let between = start.min(*from)..start.max(*from);
                *from < cut && *to > cut && !text[between].contains('\n')
            });
            assert!(
                start >= last || open,
                "{}, cut at {cut}, behind `{}`: {} at `{}`",
                name.display(),
                &text[last..cut],
                problem.text,
                &text[start..end.min(cut)],
            );
        }
    }
}

#[test]
fn a_text_that_is_cut_anywhere_blames_no_line_that_is_right() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut checked = 0;
    for folder in ["examples", "tests/fixtures/diagnostics/syntax"] {
        for entry in std::fs::read_dir(root.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let right = name.starts_with("ok_") || folder == "examples";
            if !right || !name.ends_with(".hcl") {
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            if text.len() < 2_000 && !text.starts_with("####") {
                check(&path, &text);
                checked += 1;
            }
        }
    }
    assert!(checked > 8, "only {checked} texts were cut");
}

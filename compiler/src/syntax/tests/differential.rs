//! Our own parser against hcl-edit: the same trees, spans included, and the same texts refused, over the grids of the
//! repository, each of their expressions cut anywhere, and generated expressions.

use std::fmt::Write as _;
use std::ops::Range;
use std::path::Path;

use super::oracle;
use crate::diagnostics::Problems;
use crate::source::FileId;
use crate::syntax::bounds::LineBreaks;
use crate::syntax::expr::FileParser;
use crate::syntax::lexer;
use crate::syntax::structure::{self, Body, Item};
use crate::syntax::token::{TokenKind, Tokens};

const FILE: FileId = FileId(0);

/// How often both read an expression, and both refused one.
#[derive(Default)]
struct Agreed {
    read: usize,
    refused: usize,
}

impl Agreed {
    /// Compares the two readings of some tokens.
    fn compare(&mut self, tokens: &Tokens<'_>, range: &Range<usize>, line_breaks: LineBreaks) {
        let bad = |index: usize| tokens.kind(index) == TokenKind::Bad;
        if range.is_empty() || range.clone().any(bad) {
            return;
        }
        let (mut problems, mut ids) = (Problems::default(), 0);
        let mut parser = FileParser::new(FILE, tokens, &mut ids, &mut problems);
        let expected = oracle::read(&mut parser, range, line_breaks);
        let (expected_problems, mut problems) = (problems.list.len(), Problems::default());
        let mut parser = FileParser::new(FILE, tokens, &mut ids, &mut problems);
        let (found, _) = parser.read_with_height(range.clone(), line_breaks, 0);
        let text = &tokens.text
            [tokens.at(range.start).start as usize..tokens.at(range.end - 1).end as usize];
        let told: Vec<_> = problems.list.iter().map(|problem| &problem.text).collect();
        match expected {
            Ok(expected) if problems.list.len() == expected_problems => {
                let [expected, found] = [&expected, &found].map(without_ids);
                assert_eq!(expected, found, "{text}");
                self.read += 1;
            }
            // What the oracle does not look at: numbers that cannot be held, keys with a dot, `a.*.b.*`.
            Ok(_) if told.iter().all(|text| is_ours(text)) => {}
            Ok(_) => panic!("hcl-edit reads this:\n{text}\n{told:?}"),
            Err(_) if !told.is_empty() => self.refused += 1,
            Err(why) if why.contains("nesting depth") || why.contains("chained") => {}
            Err(why) => panic!("hcl-edit does not read this: {why}\n{text}"),
        }
    }

    fn file(&mut self, text: &str) {
        let tokens = lexer::lex(FILE, text, &mut Problems::default());
        let body = structure::cut(FILE, &tokens, &mut Problems::default());
        let mut ranges = Vec::new();
        attributes(body, &mut ranges);
        for range in ranges {
            self.compare(&tokens, &range, LineBreaks::End);
        }
        for open in 0..tokens.list.len() {
            if tokens.kind(open) == TokenKind::OpenHole {
                let mut hole = open + 1..tokens.at(open).partner as usize;
                while !hole.is_empty() && tokens.kind(hole.start) == TokenKind::Newline {
                    hole.start += 1;
                }
                while !hole.is_empty() && tokens.kind(hole.end - 1) == TokenKind::Newline {
                    hole.end -= 1;
                }
                self.compare(&tokens, &hole, LineBreaks::Ignored);
            }
        }
    }
}

/// Whether a problem is one that hcl-edit has no opinion on, or reads otherwise on purpose.
fn is_ours(text: &str) -> bool {
    [
        "cannot be held exactly",
        "a key with a dot",
        "a second `.*`",
        // A `for` at the start of a bracket is always the form, and `in` is no name of it.
        "expected a name after `for`",
        // hcl-edit lets a line end behind a dot, HCL does not.
        "expected a name after `.`, found the end of the line",
        "stands twice in this object",
    ]
    .iter()
    .any(|ours| text.contains(ours))
}

fn attributes(body: Body, into: &mut Vec<Range<usize>>) {
    for item in body.items {
        match item {
            Item::Attribute(attribute) if !attribute.broken => into.push(attribute.value),
            Item::Attribute(_) => {}
            Item::Block(block) => attributes(block.body, into),
        }
    }
}

/// Expressions are numbered in the order in which they are read.
fn without_ids(expr: &crate::syntax::decl::Expr) -> String {
    let shown = format!("{expr:?}");
    let mut kept = String::new();
    for piece in shown.split("ExprId(") {
        kept.push_str(piece.trim_start_matches(|letter: char| letter.is_ascii_digit()));
    }
    kept
}

fn grids() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut folders: Vec<_> = [
        "tests/fixtures",
        "tests/tests",
        "examples",
        "modules",
        "docs",
    ]
    .map(|folder| root.join(folder))
    .to_vec();
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "hcl") {
                found.push(std::fs::read_to_string(path).unwrap());
            }
        }
    }
    assert!(found.len() > 200, "only {} grids were found", found.len());
    found
}

#[test]
fn the_grids_of_the_repository_are_read_as_hcl_edit_reads_them() {
    crate::on_a_large_stack(|| {
        let mut agreed = Agreed::default();
        for text in grids() {
            agreed.file(&text);
        }
        assert!(
            agreed.read > 2_000 && agreed.refused > 20,
            "{}",
            agreed.read
        );
    });
}

#[test]
fn expressions_that_are_cut_anywhere_are_read_or_refused_as_by_hcl_edit() {
    let mut agreed = Agreed::default();
    let mut seen = std::collections::BTreeSet::new();
    for text in grids() {
        let tokens = lexer::lex(FILE, &text, &mut Problems::default());
        let body = structure::cut(FILE, &tokens, &mut Problems::default());
        let mut ranges = Vec::new();
        attributes(body, &mut ranges);
        for range in ranges {
            let bytes =
                tokens.at(range.start).start as usize..tokens.at(range.end - 1).end as usize;
            let expression = &text[bytes];
            if expression.len() < 120 && seen.insert(expression.to_owned()) {
                for (at, _) in expression.char_indices().skip(1) {
                    agreed.file(&format!("a = {}\n", &expression[..at]));
                }
            }
        }
    }
    assert!(
        agreed.read > 2_000 && agreed.refused > 1_000,
        "{}",
        agreed.read
    );
}

#[test]
fn generated_expressions_are_read_as_hcl_edit_reads_them() {
    let mut agreed = Agreed::default();
    let mut generator = Generator {
        state: 0x2545_f491_4f6c_dd1d,
        text: String::new(),
    };
    for _ in 0..20_000 {
        generator.text.clear();
        generator.expression(3);
        let text = format!("a = {}\n", generator.text);
        let before = agreed.read;
        agreed.file(&text);
        assert!(agreed.read > before, "{text}");
    }
}

/// Expressions without a fault, by the grammar.
struct Generator {
    state: u64,
    text: String,
}

impl Generator {
    /// The next number below this (SplitMix64).
    fn below(&mut self, end: usize) -> usize {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed >> 33) as usize % end
    }

    fn one_of(&mut self, choices: &[&str]) {
        let choice = choices[self.below(choices.len())];
        self.text.push_str(choice);
    }

    fn space(&mut self) {
        self.one_of(&["", " ", "  ", " /* c */ "]);
    }

    /// Between tokens in brackets.
    fn gap(&mut self) {
        self.one_of(&["", " ", "\n  ", " # c\n"]);
    }

    fn expression(&mut self, depth: usize) {
        match self.below(6) {
            0 if depth > 0 => {
                self.chain(depth - 1);
                self.text.push_str(" ? ");
                self.expression(depth - 1);
                self.text.push_str(" : ");
                self.expression(depth - 1);
            }
            1..=3 => self.chain(depth),
            _ => self.operand(depth),
        }
    }

    fn chain(&mut self, depth: usize) {
        self.operand(depth);
        for _ in 0..self.below(4) {
            // A name may hold a `-`.
            self.text.push(' ');
            self.space();
            self.one_of(&[
                "+", "-", "*", "/ ", "%", "==", "!=", "<", "<=", ">", ">=", "&&", "||",
            ]);
            self.text.push(' ');
            self.operand(depth);
        }
    }

    fn operand(&mut self, depth: usize) {
        for _ in 0..self.below(12).saturating_sub(9) {
            self.one_of(&["!", "-", "- "]);
        }
        self.term(depth);
        for _ in 0..self.below(5).saturating_sub(2) {
            match self.below(5) {
                0 if depth > 0 => {
                    self.text.push('[');
                    self.gap();
                    self.expression(depth - 1);
                    self.gap();
                    self.text.push(']');
                }
                1 => self.one_of(&["[*]", "[ * ]"]),
                _ => {
                    self.text.push('.');
                    self.one_of(&["b", "c-d", "null", "for", "\u{e9}"]);
                }
            }
        }
        // Both kinds of splat and an index of the old kind, with what may follow them.
        if self.below(20) == 0 {
            self.text.push_str("[0]");
            self.one_of(&[".*.b", ".*.b.c[0]", ".0", ".0.b", ".*[0]", "[*].*"]);
        }
    }

    fn term(&mut self, depth: usize) {
        let kinds = if depth == 0 { 4 } else { 11 };
        match self.below(kinds) {
            0 => self.one_of(&["a", "var", "null", "true", "false", "if", "in", "e\u{301}"]),
            1 => self.one_of(&["0", "1.5", "12", "1e3", "123456789012345678", "2.5E-3"]),
            2 => self.one_of(&["\"\"", "\"x\"", "\"\\n$${\"", "\"${a}\"", "\"a ${b.c} d\""]),
            3 => self.one_of(&["[]", "{}", "f()", "p::q()"]),
            4 | 5 => {
                self.text.push('(');
                self.gap();
                self.expression(depth - 1);
                self.gap();
                self.text.push(')');
            }
            6 => {
                self.text.push('[');
                self.items(depth);
                self.gap();
                self.one_of(&["]", ",]"]);
            }
            7 => {
                self.one_of(&["f(", "g (", "p::q("]);
                self.items(depth);
                self.gap();
                self.one_of(&[")", ",)", "...)"]);
            }
            8 => self.for_form(depth - 1, false),
            9 => self.for_form(depth - 1, true),
            _ => self.object(depth - 1),
        }
    }

    fn items(&mut self, depth: usize) {
        for place in 0..=self.below(3) {
            if place > 0 {
                self.gap();
                self.text.push(',');
            }
            self.gap();
            self.expression(depth - 1);
        }
    }

    fn object(&mut self, depth: usize) {
        self.text.push('{');
        self.one_of(&["", " ", "\n"]);
        let mut kind = self.below(4);
        for place in 0..self.below(4) {
            match kind {
                0 => write!(self.text, "k{place}").unwrap(),
                1 => write!(self.text, "\"k {place}\"").unwrap(),
                2 => write!(self.text, "{place}").unwrap(),
                _ => {
                    write!(self.text, "(k{place} + ").unwrap();
                    self.expression(depth.saturating_sub(1));
                    self.text.push(')');
                }
            }
            self.one_of(&[" = ", ":", " : ", "="]);
            self.expression(depth);
            // Behind a call, hcl-edit takes a bracket on the next line as more of the same value, which it is not in HCL.
            kind = self.below(4);
            match kind {
                3 => self.one_of(&[", ", ",\n"]),
                _ => self.one_of(&[", ", ",\n", "\n", "\n\n", " # c\n"]),
            }
        }
        self.text.push('}');
    }

    fn for_form(&mut self, depth: usize, object: bool) {
        self.one_of(if object {
            &["{for ", "{ for "]
        } else {
            &["[for ", "[\nfor "]
        });
        self.one_of(&["x", "k, v", "if", "for", "k ,v"]);
        self.text.push_str(" in ");
        self.expression(depth);
        self.gap();
        self.text.push_str(" : ");
        self.expression(depth);
        if object {
            self.gap();
            self.text.push_str("=> ");
            self.expression(depth);
            self.one_of(&["", "", "..."]);
        }
        if self.below(3) == 0 {
            self.text.push_str(" if ");
            self.expression(depth);
        }
        self.gap();
        self.text.push(if object { '}' } else { ']' });
    }
}

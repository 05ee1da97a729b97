//! Problems that stand on a line with a secret say where, and show nothing of the line.

use std::collections::BTreeSet;

use crate::check::looks_like_a_secret;
use crate::diagnostics::{Problem, Problems};
use crate::modules::Modules;
use crate::resolve::model::{Callee, Resolved, StepId};
use crate::source::{FileId, Sources, Span};
use crate::syntax::all_expressions::{expressions, of};
use crate::syntax::decl::{AttributeBlock, Expr, ExprKind, Part};

/// What stands in a message instead of a text of such a line.
const INSTEAD: &str = "(sensitive value)";

/// The shortest text that is taken out of a message.
const SHORTEST: usize = 4;

/// Attributes of sensitive inputs whose values are no secrets.
const SHOWN: [&str; 4] = ["username", "user", "name", "in"];

/// What stands before a token in a header.
const SCHEMES: [&str; 6] = ["Bearer", "Basic", "Digest", "Token", "ApiKey", "Api-Key"];

/// The most lines of one place that are looked at.
const MOST_LINES: u32 = 100;

type Line = (FileId, u32);

/// Hides the lines of problems that hold a secret: a text for a sensitive input of a module or for `sensitive`, or what looks like one.
pub fn hide(problems: &mut Problems, resolved: &Resolved, modules: &Modules, sources: &Sources) {
    if problems.list.is_empty() {
        return;
    }
    let secrets = lines_of_secrets(resolved, modules, sources);
    for problem in &mut problems.list {
        let mut texts = BTreeSet::new();
        for (file, line) in lines_of(problem, sources) {
            let text = sources.file(file).map_or("", |file| file.line(line));
            // Every other piece between quotes is a text, or what stands between two.
            let written = text.split('"').skip(1).flat_map(around_holes);
            let written = written.filter(|piece| piece.len() >= SHORTEST && !is_scheme(piece));
            let is_written = written.clone().any(|piece| !is_name(piece));
            if secrets.contains(&(file, line)) || is_written && looks_like_a_secret(text) {
                problem.is_secret = true;
                texts.extend(written.filter(|piece| !is_name(piece)).map(str::to_owned));
            }
        }
        for text in &texts {
            take_out(problem, text);
        }
    }
}

/// Whether a text between quotes is the name of a header, or what stands between two texts.
fn is_name(piece: &str) -> bool {
    let is_of_name = |letter: char| letter.is_ascii_alphabetic() || "-_ =,:{}[]()".contains(letter);
    piece.chars().all(is_of_name) && (piece.contains('=') || looks_like_a_secret(piece))
}

/// The texts of a piece between quotes, without what is computed within it.
fn around_holes(piece: &str) -> impl Iterator<Item = &str> + Clone {
    let mut parts = piece.split("${");
    let first = parts.next();
    let rest = parts.filter_map(|part| part.split_once('}').map(|(_, text)| text));
    first.into_iter().chain(rest)
}

/// Whether a text only says how a request proves who asks.
fn is_scheme(text: &str) -> bool {
    let text = text.trim();
    SCHEMES.iter().any(|name| text.eq_ignore_ascii_case(name))
}

fn take_out(problem: &mut Problem, text: &str) {
    let labels = problem.labels.iter_mut().map(|(_, words)| words);
    let words = labels
        .chain(&mut problem.hint)
        .chain(std::iter::once(&mut problem.text));
    for words in words.filter(|words| words.contains(text)) {
        *words = words.replace(text, INSTEAD);
    }
}

/// The lines that a problem shows.
fn lines_of(problem: &Problem, sources: &Sources) -> BTreeSet<Line> {
    let labels = problem.labels.iter().map(|(span, _)| *span);
    let spans = problem.span.into_iter().chain(labels);
    spans.flat_map(|span| lines(span, sources)).collect()
}

fn lines(span: Span, sources: &Sources) -> Vec<Line> {
    let Some(file) = sources.file(span.file) else {
        return Vec::new();
    };
    let (first, last) = (file.line_of(span.start), file.line_of(span.end));
    let last = last.min(first + MOST_LINES);
    (first..=last).map(|line| (span.file, line)).collect()
}

/// Whether an expression is written as a text, in whole or in part.
fn is_text(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Text(_) => true,
        ExprKind::Template(parts) => parts.iter().any(|part| matches!(part, Part::Text(_))),
        _ => false,
    }
}

/// The lines of texts that stand for a sensitive input of a module, or in a call of `sensitive`.
fn lines_of_secrets(resolved: &Resolved, modules: &Modules, sources: &Sources) -> BTreeSet<Line> {
    let declarations = &resolved.declarations;
    let mut found = BTreeSet::new();
    for expr in expressions(declarations) {
        if let ExprKind::Call {
            name, arguments, ..
        } = &expr.kind
            && name.text == "sensitive"
        {
            let texts = arguments.iter().flat_map(of).filter(|expr| is_text(expr));
            found.extend(texts.flat_map(|expr| lines(expr.span, sources)));
        }
    }
    let mut add = |block: Option<&AttributeBlock>, is_sensitive: &dyn Fn(&str) -> bool| {
        let attributes = block.map_or(&[][..], |block| &block.attributes);
        for attribute in attributes.iter().filter(|one| is_sensitive(&one.name.text)) {
            let all = of(&attribute.value);
            // The names of an object's attributes are texts as well, and a user's name is no secret.
            let pairs = all.iter().filter_map(|expr| match &expr.kind {
                ExprKind::Object(pairs) => Some(pairs),
                _ => None,
            });
            let shown = pairs.flatten().flat_map(|(name, value)| {
                let is_shown =
                    matches!(&name.kind, ExprKind::Text(name) if SHOWN.contains(&name.as_str()));
                [Some(name.span), is_shown.then_some(value.span)]
            });
            let shown: BTreeSet<Span> = shown.flatten().collect();
            let texts = all
                .iter()
                .filter(|expr| is_text(expr) && !shown.contains(&expr.span));
            found.extend(texts.flat_map(|expr| lines(expr.span, sources)));
        }
    };
    for body in declarations.body_ids() {
        for (index, step) in declarations.body(body).steps.iter().enumerate() {
            let callee = resolved.callees.get(StepId { body, index });
            if let Some(Some(Callee::Runner(at))) = callee {
                let inputs = &modules.runner(*at).inputs;
                add(step.arguments.as_ref(), &|name| {
                    inputs
                        .iter()
                        .any(|input| input.sensitive && input.name == name)
                });
            }
        }
        for id in declarations.resource_ids(body) {
            if let Some(Some(at)) = resolved.assets.get(id) {
                let inputs = &modules.asset(*at).inputs;
                add(declarations.resource(id).arguments.as_ref(), &|name| {
                    inputs
                        .iter()
                        .any(|input| input.sensitive && input.name == name)
                });
            }
        }
    }
    found
}

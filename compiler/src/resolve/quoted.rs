//! Warns of strings that look like a reference: `"step.http_request.a.output.url"` is only a string.

use crate::diagnostics::{Hint, codes};
use crate::source::Span;

use super::model::EdgeKind;
use super::reference::{Reads, Resolver};

impl Resolver<'_> {
    /// Warns of a text that names something which is declared.
    pub(super) fn quoted(&mut self, text: &str, span: Span) {
        // A wrong entry of `uses` is an error with a hint of its own.
        if self.owner.reads != Reads::Everything || self.owner.kind == EdgeKind::Uses {
            return;
        }
        if !self.names_something(text) {
            return self.not_replaced(text, span);
        }
        self.problems
            .warning(
                codes::QUOTED_REFERENCE,
                span,
                format!("this is the text \"{text}\", not the value of `{text}`"),
            )
            .advise(Hint::write(text));
    }

    /// `$var.x` and `{var.x}` in a text, which other languages replace.
    fn not_replaced(&mut self, text: &str, span: Span) {
        for (at, mark) in text.match_indices(['$', '{']) {
            // `$${..}` is written on purpose.
            if mark == "{" && text.get(..at).is_some_and(|before| before.ends_with('$')) {
                continue;
            }
            let rest = text.get(at + mark.len()..).unwrap_or_default();
            let end = rest
                .find(|letter: char| !letter.is_alphanumeric() && !"_-.[]".contains(letter))
                .unwrap_or(rest.len());
            let name = rest.get(..end).unwrap_or_default().trim_end_matches('.');
            if !self.names_something(name) {
                continue;
            }
            let text = format!("the text holds the words `{mark}{name}`, which are not replaced");
            self.problems
                .warning(codes::QUOTED_REFERENCE, span, text)
                .hint(format!("write `${{{name}}}`"));
            return;
        }
    }

    fn names_something(&self, text: &str) -> bool {
        let plain = |part: &str| {
            let word = part.split('[').next().unwrap_or_default();
            let letters = |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '-');
            !word.is_empty()
                && word.chars().all(letters)
                && (word.len() == part.len() || part.ends_with(']'))
        };
        let parts: Vec<&str> = text.split('.').collect();
        if !parts.iter().all(|part| plain(part)) {
            return false;
        }
        let word = |place: usize| {
            let part: Option<&&str> = parts.get(place);
            part.and_then(|part| part.split('[').next())
                .unwrap_or_default()
        };
        let (first, second) = (word(1), word(2));
        let body = self.own_body();
        match word(0) {
            "var" => self.names.variables.contains_key(first),
            "local" => self.names.locals.contains_key(first),
            "step" => parts.len() > 3 && self.names.step(body, first, second).is_some(),
            "resource" => parts.len() > 3 && self.names.resource(body, first, second).is_some(),
            "each" => self.owner.each && matches!(text, "each.key" | "each.value"),
            "count" => self.owner.count && text == "count.index",
            _ => matches!(text, "vu.id" | "vu.iteration" | "run.id" | "path.grid"),
        }
    }
}

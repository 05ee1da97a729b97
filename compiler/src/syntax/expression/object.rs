//! Objects: keys, values, and what stands between them.

use std::collections::BTreeMap;

use crate::diagnostics::codes;
use crate::source::Span;

use super::reader::{Read, Reader, Within};
use crate::syntax::decl::{Expr, ExprKind};
use crate::syntax::token::TokenKind;

impl Reader<'_, '_, '_> {
    /// `{ k = v, .. }`
    pub(super) fn object(&mut self) -> Read {
        let first = self.at;
        let Some(outer) = self.open(Within::Object) else {
            let span = self.token_span(first);
            return self.leaf(span, ExprKind::Error);
        };
        let (mut items, mut places, mut height) = (Vec::new(), Vec::new(), 0);
        let mut broken_line = false;
        loop {
            self.skip_lines();
            if self.kind() == TokenKind::End || self.kind().closes_bracket() {
                break;
            }
            // The rest of an item that is reported may stand on the next line.
            if broken_line && !self.begins_item() {
                self.recover();
                broken_line = !self.takes(",");
                continue;
            }
            self.begin_item();
            if matches!(self.symbol(), "," | "=" | ":" | "=>") {
                self.report_key();
                self.recover();
                broken_line = !self.takes(",");
                continue;
            }
            let key = self.conditional();
            height = height.max(key.height);
            places.push(key.outer);
            let value = if self.takes("=") || self.takes(":") {
                self.conditional()
            } else {
                let missing = self.missing_symbol("=");
                // What other languages write there.
                if self.takes("=>") {
                    self.conditional()
                } else {
                    missing
                }
            };
            let key = self.key(key);
            let ended = matches!(self.next(), TokenKind::End | TokenKind::Newline)
                || self.kind().closes_bracket();
            let value = match ended || self.symbol() == "," {
                true => value,
                false => {
                    let value = self.misread(value);
                    self.report_separator();
                    self.recover();
                    value
                }
            };
            height = height.max(value.height);
            items.push((key, value.expr));
            let faulty = self.state.faulty;
            broken_line = !self.takes(",") && faulty;
        }
        self.report_twins(&items, &places);
        self.close(outer);
        let span = self.span_from(first);
        self.node(span, ExprKind::Object(items), height)
    }

    /// Whether a key is next that has `=` or `:` behind it.
    fn begins_item(&self) -> bool {
        let tokens = self.parser.tokens;
        let behind = match self.kind() {
            TokenKind::Ident | TokenKind::Number => self.at + 1,
            TokenKind::OpenQuote => tokens.at(self.at).partner as usize + 1,
            // Computed, or a separator that ends what was reported.
            TokenKind::OpenParen => return true,
            _ => return tokens.is_symbol(self.at, ","),
        };
        tokens.is_symbol(behind, "=") || tokens.is_symbol(behind, ":")
    }

    /// What an expression means as a key.
    fn key(&mut self, read: Read) -> Expr {
        let Read { expr, outer, .. } = read;
        // `(a)` is the value of `a`.
        if expr.span != outer {
            return expr;
        }
        let kind = match expr.kind {
            // A word is a key, whatever it means elsewhere.
            ExprKind::Root(name) => ExprKind::Text(name),
            ExprKind::Null => ExprKind::Text("null".to_owned()),
            ExprKind::Bool(value) => ExprKind::Text(value.to_string()),
            ExprKind::Number(number) => ExprKind::Text(number.to_string()),
            ExprKind::Field(..) | ExprKind::Index(..) | ExprKind::Splat { .. } => {
                self.parser
                    .problems
                    .error(
                        codes::AMBIGUOUS_KEY,
                        expr.span,
                        "a key with a dot may mean a name or a reference",
                    )
                    .hint("write `(..)` around a reference, `\"..\"` around a name");
                ExprKind::Error
            }
            other => other,
        };
        Expr { kind, ..expr }
    }

    /// Reports keys that an object has already: in Terraform the last one wins, but nobody wants to lose a value. `places` are
    /// those of the keys, with their brackets.
    fn report_twins(&mut self, items: &[(Expr, Expr)], places: &[Span]) {
        let source = self.parser.tokens.text;
        let written = |span: Span| {
            let text = source.get(span.start as usize..span.end as usize);
            text.unwrap_or_default()
        };
        // A name in brackets has one value, too; what is computed otherwise may give another one each time.
        let mut first: BTreeMap<(bool, &str), Span> = BTreeMap::new();
        for ((key, _), place) in items.iter().zip(places) {
            let same = match &key.kind {
                ExprKind::Text(text) => (false, text.as_str()),
                ExprKind::Root(_) | ExprKind::Field(..) => (true, written(key.span)),
                _ => continue,
            };
            let before = *first.entry(same).or_insert(*place);
            if before != *place {
                let text = format!("the key `{}` stands twice in this object", written(*place));
                self.parser
                    .problems
                    .error(codes::DUPLICATE_KEY, *place, text)
                    .label(before, "first here");
            }
        }
    }
}

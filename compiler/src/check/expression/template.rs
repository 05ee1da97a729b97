//! Templates to typed parts: neighbouring known texts become one, and a directive whose condition is known becomes its arm.

use bggo_values::{Type, Value};

use crate::diagnostics::codes;
use crate::source::Span;
use crate::syntax::decl::{Expr, Part};

use super::context::{Checker, constant, error};
use crate::check::typed::{Binding, Sensitivity, TExpr, TKind, TPart};

/// The most bytes of text of one template that are written out when the grid is built: names may double a text at each use
/// of them, without end. What is longer is left to the program.
const MOST_KNOWN: usize = 1 << 20;

impl Checker<'_> {
    pub(super) fn template(&mut self, parts: &[Part], span: Span) -> TExpr {
        let mut text = TypedParts::new();
        self.parts(parts, &mut text);
        if text.broken {
            return error(span);
        }
        let sensitivity = Sensitivity::whole_if(text.sensitive);
        match text.parts.as_slice() {
            [] => constant(Value::text(""), Type::String, span),
            [TPart::Text(only)] => constant(Value::from(only.clone()), Type::String, span),
            _ => TExpr {
                kind: TKind::Template(text.parts),
                ty: Type::String,
                binding: text.binding,
                sensitivity,
                span,
            },
        }
    }

    fn parts(&mut self, parts: &[Part], to: &mut TypedParts) {
        for part in parts {
            match part {
                Part::Text(text) => to.text(text),
                Part::Hole(expr) => {
                    let hole = self.infer(expr);
                    self.hole(hole, to);
                }
                Part::If { condition, yes, no } => self.if_part(condition, [yes, no], to),
                Part::For { .. } => self.for_part(part, to),
            }
        }
    }

    fn hole(&mut self, hole: TExpr, to: &mut TypedParts) {
        to.broken |= hole.is_error();
        if hole.is_error() {
            return;
        }
        let ty = self.opened(&hole.ty);
        if !matches!(*ty, Type::Any | Type::Null) && !ty.is_scalar() {
            let text = format!("{} cannot stand in a text", ty.named());
            let problem = self.error(codes::WRONG_TYPE, hole.span, text);
            problem.hint("make a text of it with `jsonencode(..)` or `join(\", \", ..)`");
            to.broken = true;
            return;
        }
        if let Some(value) = hole.constant() {
            match bggo_values::ops::hole(value) {
                Ok(shown) => {
                    let shown = shown.to_string();
                    if to.known + shown.len() <= MOST_KNOWN {
                        return to.text(&shown);
                    }
                }
                Err(fault) if self.certain => {
                    self.error(codes::INVALID_VALUE, hole.span, fault.text());
                    to.broken = true;
                    return;
                }
                // In an arm that may never run: left to the program.
                Err(_) => {}
            }
        }
        to.add(&hole);
        to.parts.push(TPart::Hole(hole));
    }

    fn if_part(&mut self, condition: &Expr, [yes, no]: [&[Part]; 2], to: &mut TypedParts) {
        let condition = self.condition(condition);
        to.broken |= condition.is_error();
        let known = condition
            .constant()
            .and_then(|value| bggo_values::ops::truth(value).ok());
        let mut arm = |parts: &[Part], chosen: bool| {
            let mut arm = TypedParts::new();
            self.if_chosen(known, chosen, |checker| checker.parts(parts, &mut arm));
            arm
        };
        let (yes, no) = (arm(yes, true), arm(no, false));
        to.broken |= yes.broken || no.broken;
        match known {
            Some(chosen) => {
                let arm = if chosen { yes } else { no };
                to.take(&arm);
                for part in arm.parts {
                    match part {
                        TPart::Text(text) => to.text(&text),
                        part => to.parts.push(part),
                    }
                }
            }
            None => {
                to.add(&condition);
                to.take(&yes);
                to.take(&no);
                to.known += yes.known + no.known;
                to.parts.push(TPart::If {
                    condition,
                    yes: yes.parts,
                    no: no.parts,
                });
            }
        }
    }

    fn for_part(&mut self, part: &Part, to: &mut TypedParts) {
        let Part::For { over, body, .. } = part else {
            return;
        };
        let span = over.span;
        let (node, free) = self.tracked(|checker| {
            let over_expr = checker.infer(over);
            let bound = checker.bind(over.id, &over_expr);
            checker.depth += 1;
            let mut inner = TypedParts::new();
            checker.perhaps(true, |checker| checker.parts(body, &mut inner));
            checker.depth -= 1;
            let Some((key, value)) = bound.filter(|_| !inner.broken) else {
                return error(span);
            };
            inner.add(&over_expr);
            TExpr {
                binding: inner.binding,
                sensitivity: Sensitivity::whole_if(inner.sensitive),
                kind: TKind::Template(vec![TPart::For {
                    key,
                    value,
                    over: over_expr,
                    body: inner.parts,
                }]),
                ty: Type::String,
                span,
            }
        });
        let node = self.fold_form(node, free);
        match node.kind {
            TKind::Constant(value) => to.text(value.as_text().unwrap_or_default()),
            TKind::Template(parts) => {
                to.binding = to.binding.max(node.binding);
                to.sensitive |= node.sensitivity.any();
                to.parts.extend(parts);
            }
            _ => to.broken = true,
        }
    }
}

/// The parts of a template while they are typed: neighbouring texts are one.
struct TypedParts {
    parts: Vec<TPart>,
    binding: Binding,
    sensitive: bool,
    broken: bool,
    /// Bytes of text that are known.
    known: usize,
}

impl TypedParts {
    fn new() -> Self {
        TypedParts {
            parts: Vec::new(),
            binding: Binding::Built,
            sensitive: false,
            broken: false,
            known: 0,
        }
    }

    fn text(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        self.known += text.len();
        match self.parts.last_mut() {
            Some(TPart::Text(last)) => last.push_str(text),
            _ => self.parts.push(TPart::Text(text.to_owned())),
        }
    }

    fn add(&mut self, expr: &TExpr) {
        self.binding = self.binding.max(expr.binding);
        self.sensitive |= expr.sensitivity.any();
    }

    fn take(&mut self, other: &TypedParts) {
        self.binding = self.binding.max(other.binding);
        self.sensitive |= other.sensitive;
    }
}

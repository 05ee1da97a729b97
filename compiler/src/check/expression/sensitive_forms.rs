//! `sensitive`, `nonsensitive` and `issensitive` to typed expressions: forms of the language about what may be shown.

use bggo_values::{Type, Value};

use crate::diagnostics::codes;
use crate::source::Span;
use crate::syntax::decl::{Expr, Name};

use super::context::{Checker, constant, error};
use crate::check::typed::{Binding, Sensitivity, TExpr, TKind};

impl Checker<'_> {
    /// The value itself, as a secret or as none; or whether it is one in any part.
    pub(super) fn sensitivity_form(
        &mut self,
        name: &Name,
        arguments: &[Expr],
        span: Span,
    ) -> TExpr {
        let [argument] = arguments else {
            let text = format!(
                "`{}` takes 1 argument, found {}",
                name.text,
                arguments.len()
            );
            self.error(codes::WRONG_ARGUMENTS, name.span, text);
            return error(span);
        };
        let typed = self.infer(argument);
        if typed.is_error() {
            return error(span);
        }
        match name.text.as_str() {
            // Not even a literal counts as known when the grid is built: what is known there is computed, shown in problems
            // and put into texts as something that nobody keeps back.
            "sensitive" => TExpr {
                ty: typed.ty.clone(),
                binding: typed.binding.max(Binding::Start),
                sensitivity: Sensitivity::whole(),
                span,
                kind: TKind::Convert(Box::new(typed)),
            },
            "nonsensitive" => TExpr {
                sensitivity: Sensitivity::NONE,
                span,
                ..typed
            },
            _ => constant(Value::Bool(typed.sensitivity.any()), Type::Bool, span),
        }
    }
}

//! `sensitive`, `nonsensitive` and `issensitive` to typed expressions: forms of the language about what may be shown.

use bggo_values::{Type, Value};

use crate::diagnostics::codes;
use crate::source::Span;
use crate::syntax::decl::{Expr, Name};

use super::context::{Checker, constant, error};
use crate::check::typed::{Sensitivity, TExpr};

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
        let sensitivity = match name.text.as_str() {
            "sensitive" => Sensitivity::whole(),
            "nonsensitive" => Sensitivity::NONE,
            _ => return constant(Value::Bool(typed.sensitivity.any()), Type::Bool, span),
        };
        TExpr {
            sensitivity,
            span,
            ..typed
        }
    }
}

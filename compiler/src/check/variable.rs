//! Variables to typed variables: type, default and validations, with all that the default breaks.

use std::collections::BTreeMap;

use bggo_values::{Type, Value};

use crate::diagnostics::codes;
use crate::resolve::model::VariableId;
use crate::source::Span;
use crate::syntax::decl::{Expr, ValidationDecl};

use super::expression::context::{Checker, KNOWN_WHEN_BUILT};
use super::fold::{self, Failure, Known};
use super::sensitivity::without_sensitive;
use super::typed::{Binding, TExpr, TVariable};

impl Checker<'_> {
    /// All variables.
    pub(super) fn all_variables(&mut self) -> Vec<TVariable> {
        let declarations = self.declarations;
        for variable in &declarations.variables {
            let ty = variable.ty.as_ref().map_or(Type::Any, |ty| ty.ty.clone());
            let sensitive = variable.sensitive.as_ref();
            let sensitive = sensitive.and_then(|expr| self.known(expr, &Type::Bool, "`sensitive`"));
            self.variables
                .push((ty, matches!(sensitive, Some(Value::Bool(true)))));
        }
        self.flags();
        (0..declarations.variables.len())
            .map(|place| self.one_variable(VariableId(place)))
            .collect()
    }

    fn one_variable(&mut self, id: VariableId) -> TVariable {
        let variable = &self.declarations.variables[id.0];
        let (ty, sensitive) = self.variables[id.0].clone();
        let nullable = variable.nullable.as_ref();
        let nullable = nullable.and_then(|expr| self.known(expr, &Type::Bool, "`nullable`"));
        let nullable = !matches!(nullable, Some(Value::Bool(false)));
        let description = self.description(variable.description.as_ref());
        let default = variable.default.as_ref();
        let default = default.and_then(|expr| self.default(id, expr, nullable));
        let mut validations = Vec::with_capacity(variable.validations.len());
        for validation in &variable.validations {
            if let Some((condition, message)) = self.validation(validation) {
                if let Some((value, expr)) = default.as_ref().zip(variable.default.as_ref()) {
                    let at = if sensitive { variable.span } else { expr.span };
                    self.holds((id, value), [&condition, &message], at);
                }
                validations.push((condition, message, validation.span));
            }
        }
        TVariable {
            name: variable.name.text.clone(),
            span: variable.span,
            ty,
            has_type: variable.ty.is_some(),
            default,
            description,
            sensitive,
            nullable,
            validations,
        }
    }

    fn default(&mut self, id: VariableId, expr: &Expr, nullable: bool) -> Option<Value> {
        let variable = &self.declarations.variables[id.0];
        let (ty, sensitive) = self.variables[id.0].clone();
        let what = format!("the default of `{}`", variable.name.text);
        let before = self.problems.list.len();
        let typed = self.infer_wanted(expr, &ty);
        if !expr.is_whole() {
            return None;
        }
        let typed = self.convert(typed, &ty, &what);
        if sensitive {
            // A problem is shown with its line of the grid, which contains the value, and a cure may be made of the value. So
            // the header is marked instead.
            for problem in self.problems.list.iter_mut().skip(before) {
                problem.span = Some(variable.span);
                problem.labels.clear();
                problem.advise(None);
            }
        }
        if typed.is_error() {
            return None;
        }
        let Some(value) = typed.constant() else {
            let text = format!("{what} must be known when the grid is built");
            self.error(codes::NOT_CONSTANT, typed.span, text)
                .hint(KNOWN_WHEN_BUILT);
            return None;
        };
        if value.is_null() && !nullable {
            let text = format!("{what} is null, but `nullable = false`");
            self.error(codes::INVALID_DEFAULT, typed.span, text)
                .hint("a variable without a default must be set when the program is run");
            return None;
        }
        Some(value.clone())
    }

    fn validation(&mut self, validation: &ValidationDecl) -> Option<(TExpr, TExpr)> {
        let condition = self.condition(&validation.condition);
        let message = self.infer(&validation.error_message);
        let message = self.convert(message, &Type::String, "`error_message`");
        if condition.is_error() || message.is_error() {
            return None;
        }
        for part in [&condition, &message] {
            if part.binding > Binding::Start {
                let text = "a validation must be known when the program starts";
                self.error(codes::NOT_CONSTANT, part.span, text)
                    .hint("random functions have a value only in an iteration");
                return None;
            }
        }
        if message.is_null() {
            self.error(
                codes::INVALID_VALUE,
                message.span,
                "`error_message` is null",
            );
            return None;
        }
        let message = self.fold(without_sensitive(message));
        Some((condition, message))
    }

    /// Whether the default passes a validation.
    fn holds(
        &mut self,
        (id, value): (VariableId, &Value),
        [condition, message]: [&TExpr; 2],
        at: Span,
    ) {
        let name = &self.declarations.variables[id.0].name.text;
        let (text, word) = match fold::value(condition, &mut Known::variable(id, value.clone())) {
            Ok(Value::Bool(false)) => (
                format!("the default of `{name}` fails its own validation"),
                "this is not true of it",
            ),
            Ok(_) | Err(Failure::Unknown) => return,
            // A fault may quote the value.
            Err(Failure::Fault(..)) if self.variables[id.0].1 => {
                let text = format!("the default of `{name}` cannot be validated");
                (text, "this has no value for it")
            }
            Err(Failure::Fault(fault, _)) => {
                let text = format!("the default of `{name}` cannot be validated: {fault}");
                (text, "this has no value for it")
            }
        };
        let message = fold::value(message, &mut Known::variable(id, value.clone())).ok();
        let hint = message.as_ref().and_then(Value::as_text).map(str::to_owned);
        let problem = self.error(codes::INVALID_DEFAULT, at, text);
        problem.label(condition.span, word);
        problem.hint = hint;
    }

    /// Two variables must not share a flag: `a_b` and `a-b` are both `--a-b`.
    fn flags(&mut self) {
        let mut flags: BTreeMap<String, usize> = BTreeMap::new();
        for (place, variable) in self.declarations.variables.iter().enumerate() {
            let flag = variable.name.text.replace('_', "-");
            let first = *flags.entry(flag.clone()).or_insert(place);
            let other = &self.declarations.variables[first];
            if other.name.text != variable.name.text {
                let text = format!(
                    "`{}` and `{}` have the same flag `--{flag}`",
                    other.name.text, variable.name.text
                );
                self.error(codes::DUPLICATE_FLAG, variable.name.span, text)
                    .label(other.name.span, "first here");
            }
        }
    }
}

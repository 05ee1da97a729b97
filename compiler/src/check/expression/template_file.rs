//! `templatefile` and `templatestring`: a template that is read when the grid is built, with the variables that the call gives
//! it in the places of its names.

use std::rc::Rc;

use bggo_values::{Number, Type, Value};

use crate::diagnostics::{Severity, codes, nearest};
use crate::resolve::model::{BoundId, Condition, Read};
use crate::resolve::resolve_template;
use crate::source::{Answer, FileId, Question, Span};
use crate::syntax;
use crate::syntax::decl::{BinaryOp, Expr, ExprKind, Name};

use super::condition::{NO_FILE, place};
use super::context::{Bound, Checker, KNOWN_WHEN_BUILT, constant, error};
use super::files::refusal;
use crate::check::sensitivity::EVERY;
use crate::check::typed::{Binding, Sensitivity, TExpr, TFor, TKind};
use crate::check::walk::children;

/// A template as it was read; `None` with its faults reported.
type ReadTemplate = Option<Rc<Condition>>;

impl Checker<'_> {
    pub(super) fn template_file(
        &mut self,
        name: &Name,
        path: &Expr,
        vars: &Expr,
        span: Span,
    ) -> TExpr {
        let path = self.path(name, path);
        let vars = self.template_variables(name, vars);
        let Some((path, vars)) = path.zip(vars) else {
            return error(span);
        };
        let Some(paths) = self.paths(name, &path) else {
            return error(span);
        };
        let mut found = Vec::with_capacity(paths.len());
        let (mut lacks, mut broken) = (false, false);
        for one in paths {
            match self.answer(Question::Text(one.as_str().to_owned())) {
                None => lacks = true,
                Some(Answer::Text(file)) => {
                    let template = self.read_template(file);
                    let typed = template
                        .map(|template| self.filled(&template, &vars, (file, span)))
                        .unwrap_or_else(|| error(span));
                    broken |= typed.is_error();
                    found.push((one, typed));
                }
                Some(_) if self.unreached => {}
                Some(other) => {
                    self.unreadable(&refusal(other), path.span, span);
                    broken = true;
                }
            }
        }
        if lacks || broken {
            return error(span);
        }
        self.chosen_template(&path, found, span)
    }

    /// The template of the path that the program finds.
    fn chosen_template(
        &mut self,
        path: &TExpr,
        found: Vec<(bggo_values::Text, TExpr)>,
        span: Span,
    ) -> TExpr {
        let mut each = found.into_iter().rev();
        let Some((_, mut chosen)) = each.next() else {
            return constant(Value::text(""), Type::String, span);
        };
        for (one, template) in each {
            let ty = match template.ty == chosen.ty {
                true => chosen.ty.clone(),
                false => Type::Any,
            };
            let condition = TExpr {
                ty: Type::Bool,
                binding: path.binding,
                sensitivity: Sensitivity::NONE,
                span: path.span,
                kind: TKind::Binary(
                    BinaryOp::Equal,
                    Box::new(path.clone()),
                    Box::new(constant(Value::Text(one), Type::String, path.span)),
                ),
            };
            chosen = TExpr {
                ty,
                binding: path.binding.max(template.binding).max(chosen.binding),
                sensitivity: template.sensitivity.clone().and(&chosen.sensitivity),
                span,
                kind: TKind::Conditional(Box::new(condition), Box::new(template), Box::new(chosen)),
            };
        }
        chosen
    }

    pub(super) fn template_string(
        &mut self,
        name: &Name,
        text: &Expr,
        vars: &Expr,
        span: Span,
    ) -> TExpr {
        let is_reference = matches!(
            text.kind,
            ExprKind::Root(_) | ExprKind::Field(..) | ExprKind::Index(..)
        );
        if !is_reference {
            self.error(
                codes::WRONG_ARGUMENTS,
                text.span,
                "the template of `templatestring` is a reference to a text",
            )
            .hint("a text that is written here is a template by itself: `\"${..}\"`");
            return error(span);
        }
        let text = self.infer(text);
        let text = self.convert(text, &Type::String, "the template of `templatestring`");
        let vars = self.template_variables(name, vars);
        if text.is_error() {
            return error(span);
        }
        let Some(vars) = vars else {
            return error(span);
        };
        let Some(known) = text.constant().and_then(Value::as_text) else {
            self.error(
                codes::NOT_CONSTANT,
                text.span,
                "the template of `templatestring` must be known when the grid is built, and this is not",
            )
            .hint(KNOWN_WHEN_BUILT);
            return error(span);
        };
        let known = known.to_owned();
        let before = self.problems.list.len();
        let (expr, ids, problems) = syntax::template(&known, NO_FILE);
        let whole = !problems.has_errors();
        self.problems.extend(problems);
        let mut typed = error(span);
        if whole {
            let (template, problems) = resolve_template(expr, ids);
            self.problems.extend(problems);
            typed = self.filled(&template, &vars, (NO_FILE, span));
        }
        for problem in self.problems.list.iter_mut().skip(before) {
            let Some(at) = problem.span.filter(|at| at.file == NO_FILE) else {
                continue;
            };
            let above = known.get(..at.start as usize).unwrap_or_default();
            let line = above.matches('\n').count() + 1;
            problem.text = format!("line {line} of the template: {}", problem.text);
            problem.span = Some(text.span);
            problem.labels.clear();
            problem.fixes.clear();
        }
        place(&mut typed, text.span);
        typed
    }

    /// The variables of a template: an object or a map.
    fn template_variables(&mut self, name: &Name, vars: &Expr) -> Option<TExpr> {
        let vars = self.infer(vars);
        match &vars.ty {
            Type::Error => None,
            Type::Object(_) | Type::Map(_) => Some(vars),
            other => {
                let text = format!(
                    "the variables of `{}` are an object whose names are known when the grid is built, found {}",
                    name.text,
                    other.named()
                );
                self.error(codes::WRONG_TYPE, vars.span, text)
                    .hint("`{ name = local.name }`; `{}` if there are none");
                None
            }
        }
    }

    /// The template of a file, read once.
    fn read_template(&mut self, file: FileId) -> ReadTemplate {
        if let Some(known) = self.templates.get(&file) {
            return known.clone();
        }
        let text = self.sources.file(file).map(|file| file.text.as_str());
        let (expr, ids, problems) = syntax::template(text.unwrap_or_default(), file);
        let whole = !problems.has_errors();
        self.problems.extend(problems);
        let read = whole.then(|| {
            let (template, problems) = resolve_template(expr, ids);
            self.problems.extend(problems);
            Rc::new(template)
        });
        self.templates.insert(file, read.clone());
        read
    }

    /// A template with the variables of a call in the places of its names.
    fn filled(
        &mut self,
        template: &Condition,
        vars: &TExpr,
        (file, call): (FileId, Span),
    ) -> TExpr {
        let before = self.problems.list.len();
        let (typed, bound) = self.filled_parts(template, vars);
        let typed = bound
            .into_iter()
            .rev()
            .fold(typed, |inner, (id, value)| with_name(inner, id, value));
        for problem in self.problems.list.iter_mut().skip(before) {
            if problem.span.is_some_and(|span| span.file == file) {
                problem.fixes.clear();
                if problem.severity == Severity::Error && problem.labels.is_empty() {
                    problem.label(call, "read here");
                }
            }
        }
        typed
    }

    fn filled_parts(
        &mut self,
        template: &Condition,
        vars: &TExpr,
    ) -> (TExpr, Vec<(BoundId, TExpr)>) {
        let mut bound: Vec<(BoundId, TExpr)> = Vec::new();
        let mut values: Vec<(String, TExpr)> = Vec::new();
        let mut reads = Vec::with_capacity(template.reads.len());
        let often = !template.bound.is_empty();
        for read in &template.reads {
            let Read::Given(name) = read else {
                reads.push(error(template.expr.span));
                continue;
            };
            let known = values.iter().find(|(known, _)| *known == name.text);
            if let Some((_, value)) = known {
                reads.push(TExpr {
                    span: name.span,
                    ..value.clone()
                });
                continue;
            }
            let value = self.template_variable(vars, name);
            let same =
                |other: &&Read| matches!(other, Read::Given(other) if other.text == name.text);
            let times = template.reads.iter().filter(same).count();
            // What is computed is computed once, however often it is read.
            let value = match is_at_hand(&value) || (times == 1 && !often) {
                true => value,
                false => {
                    let id = self.new_name(&name.text, &value);
                    let read = TExpr {
                        kind: TKind::Bound(id),
                        ..value.clone()
                    };
                    bound.push((id, value));
                    read
                }
            };
            values.push((name.text.clone(), value.clone()));
            reads.push(value);
        }
        let outside = std::mem::replace(&mut self.in_template, true);
        let typed = self.with_names_of(template, reads, |checker| checker.infer(&template.expr));
        self.in_template = outside;
        (typed, bound)
    }

    fn new_name(&mut self, name: &str, value: &TExpr) -> BoundId {
        let id = BoundId(u32::try_from(self.bound_names.len()).unwrap_or(u32::MAX));
        self.bound_names.push(name.to_owned());
        self.names.resize(self.bound_names.len(), None);
        if let Some(place) = self.names.last_mut() {
            *place = Some(Bound::Item {
                ty: value.ty.clone(),
                binding: value.binding,
                sensitivity: value.sensitivity.clone(),
                depth: self.depth + 1,
            });
        }
        id
    }

    /// One variable of those that a call gives.
    fn template_variable(&mut self, vars: &TExpr, name: &Name) -> TExpr {
        if let Type::Object(fields) = &vars.ty
            && !fields.iter().any(|field| field.name.as_str() == name.text)
        {
            let known = fields.iter().map(|field| field.name.as_str());
            let hint = nearest::advice(&name.text, known);
            let text = format!("the template has no variable `{}`", name.text);
            self.error(codes::UNKNOWN_REFERENCE, name.span, text)
                .advise(hint);
            return error(name.span);
        }
        if let TKind::Object(pairs) = &vars.kind {
            let named = |(key, _): &&(TExpr, TExpr)| {
                key.constant().and_then(Value::as_text) == Some(name.text.as_str())
            };
            if let (Some((_, value)), Type::Object(_)) = (pairs.iter().rfind(named), &vars.ty) {
                return TExpr {
                    span: name.span,
                    ..value.clone()
                };
            }
        }
        self.attribute(vars.clone(), name, name.span)
    }
}

/// Whether a value is there already, so that reading it twice costs nothing and gives the same.
fn is_at_hand(value: &TExpr) -> bool {
    let own = matches!(
        value.kind,
        TKind::Constant(_)
            | TKind::Variable(_)
            | TKind::Local(_)
            | TKind::Input(_)
            | TKind::Output { .. }
            | TKind::Export { .. }
            | TKind::CountIndex
            | TKind::EachKey
            | TKind::EachValue
            | TKind::VuId
            | TKind::VuIteration
            | TKind::Column { .. }
            | TKind::RunId
            | TKind::Bound(_)
            | TKind::Field(..)
            | TKind::FieldOrNull(..)
            | TKind::Error
    );
    own && children(value).into_iter().all(is_at_hand)
}

/// `[for NAME in [VALUE] : INNER][0]`: what is computed once and read by a name.
fn with_name(inner: TExpr, id: BoundId, value: TExpr) -> TExpr {
    if inner.is_error() || value.is_error() {
        return error(inner.span);
    }
    let span = inner.span;
    let (ty, sensitivity) = (inner.ty.clone(), inner.sensitivity.clone());
    let binding = inner.binding.max(value.binding);
    let listed = |ty: Type, binding: Binding, sensitivity: &Sensitivity, kind: TKind| TExpr {
        ty,
        binding,
        sensitivity: sensitivity.under(EVERY),
        span,
        kind,
    };
    let over = listed(
        Type::list(value.ty.clone()),
        value.binding,
        &value.sensitivity.clone(),
        TKind::List(vec![value]),
    );
    let form = TKind::For(Box::new(TFor {
        key: None,
        value: id,
        over,
        key_result: None,
        result: inner,
        grouped: false,
        condition: None,
    }));
    let list = listed(Type::list(ty.clone()), binding, &sensitivity, form);
    let first = constant(Value::from(Number::from(0)), Type::Number, span);
    TExpr {
        ty,
        binding,
        sensitivity,
        span,
        kind: TKind::Index(Box::new(list), Box::new(first)),
    }
}

#[cfg(test)]
mod tests {
    use crate::modules::Modules;
    use crate::source::Sources;

    /// The value of the last local of a grid with this template in `t.tmpl`.
    fn value(call: &str, template: &str) -> String {
        let grid = format!("locals {{\n  found = {call}\n}}\nstep \"noop\" \"a\" {{}}\n");
        let mut sources = Sources::from_texts(vec![("a.hcl".to_owned(), grid)])
            .beside([("t.tmpl".to_owned(), template.as_bytes().to_vec())]);
        crate::read_files(&mut sources, Modules::built_in());
        let (typed, problems) = crate::check(&sources, Modules::built_in());
        let typed = typed.unwrap_or_else(|| panic!("{:?}", problems.list));
        let value = typed.locals.last().unwrap().value.constant();
        value.unwrap().to_string()
    }

    /// The results are those of Terraform 1.11.
    #[test]
    fn a_file_is_filled_as_terraform_fills_it() {
        let template = "a ${~ x ~}\n\n   b\n%{ for i in [1,2] ~}\n  i=${i}\n%{ endfor ~}\n\n  end\\n \"q\" $${x} %%{if}\n";
        let filled = "aX\n   b\n  i=1\n  i=2\n\n  end\\n \"q\" ${x} %{if}\n";
        let call = "templatefile(\"t.tmpl\", { x = \"X\" })";
        assert_eq!(value(call, template), filled);
        assert_eq!(
            value("templatefile(\"t.tmpl\", {})", "a \u{fc}\r\nb"),
            "a \u{fc}\r\nb"
        );
        assert_eq!(value("templatefile(\"t.tmpl\", {})", ""), "");
        // What is one hole alone keeps its type.
        let call = "templatefile(\"t.tmpl\", { x = [1, 2] })[1] + 1";
        assert_eq!(value(call, "${x}"), "3");
        let call = "[for n in [1, 2] : templatefile(\"t.tmpl\", { n = n * 2 })][1]";
        assert_eq!(value(call, "${n}-${n}"), "4-4");
    }
}

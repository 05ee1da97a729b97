//! Typed expressions to Rust expressions: of type `Value`, `&Value`, `bool` or `Result<Value, Fault>`, as it reads best.
//! Each call that may fault names the place of its own expression.

use super::writer::Writer;
use crate::check::typed::{TExpr, TKind};
use crate::source::Span;
use crate::syntax::decl::{BinaryOp, UnaryOp};
use bggo_values::{Type, Value};
use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

/// Where an expression stands: what its names mean in Rust.
#[derive(Clone, Copy)]
pub enum At<'a> {
    /// `s: &Start`
    Start,
    /// On the control thread, where the other resources of the run have names of their own.
    Run,
    /// `m: &Main<'_>`, in the step with these instances (then there is `index: u32`).
    Iteration(Option<&'a Keys>),
}

/// What is known of a step's instances.
pub struct Keys {
    /// The step has instances: there is an `index`.
    pub instanced: bool,
    /// Keys, if it has some.
    pub keys: Option<Ident>,
    /// Their values.
    pub values: Option<Ident>,
}

/// Tokens of an expression.
pub enum Made {
    /// Of type `Value`.
    Value(TokenStream),
    /// Of type `Result<Value, Fault>`, its place named.
    Fallible(TokenStream),
    /// A call of that type, and the place that its fault gets.
    Placed(TokenStream, Span),
}

impl Writer<'_> {
    /// An expression of type `Value`; faults leave by `?`.
    pub fn value(&mut self, expr: &TExpr, at: At<'_>) -> TokenStream {
        match self.made(expr, at) {
            Made::Value(tokens) => tokens,
            Made::Fallible(tokens) => quote!(#tokens?),
            Made::Placed(call, span) => {
                let call = self.placed(call, span);
                quote!(#call?)
            }
        }
    }

    /// An expression inside of a text: of type `Value`, which can be printed; faults leave by `?`.
    pub fn printable(&mut self, expr: &TExpr, at: At<'_>) -> TokenStream {
        let place = self.place(expr.span);
        let result = match self.made(expr, at) {
            // One call and one `?` where there would be two, for much of a large grid is such calls.
            Made::Placed(call, span) if span == expr.span => quote!(take::printable(#call, #place)),
            Made::Placed(call, span) => {
                let call = self.placed(call, span);
                quote!(take::printable(#call, #place))
            }
            Made::Fallible(call) => quote!(take::printable(#call, #place)),
            Made::Value(value) => quote!(ops::printable(#value).at(#place)),
        };
        quote!(#result?)
    }

    /// An expression of type `Result<Value, Fault>`: the body of a function or closure.
    pub fn result(&mut self, expr: &TExpr, at: At<'_>) -> TokenStream {
        if self.cuts.contains(expr) {
            let made = self.as_function(expr, at);
            return self.as_result(made);
        }
        self.uncut_result(expr, at)
    }

    fn as_result(&mut self, made: Made) -> TokenStream {
        match made {
            Made::Value(tokens) => quote!(Ok(#tokens)),
            Made::Fallible(tokens) => tokens,
            Made::Placed(call, span) => self.placed(call, span),
        }
    }

    /// The same, whether it is cut or not.
    pub fn uncut_result(&mut self, expr: &TExpr, at: At<'_>) -> TokenStream {
        if let TKind::Conditional(condition, yes, no) = &expr.kind {
            let condition = self.truth(condition, at);
            let (yes, no) = (self.result(yes, at), self.result(no, at));
            return quote!(if #condition { #yes } else { #no });
        }
        let made = self.make(expr, at);
        self.as_result(made)
    }

    /// An expression of type `&Value`.
    pub fn reference(&mut self, expr: &TExpr, at: At<'_>) -> TokenStream {
        if let TKind::Bound(id) = expr.kind {
            let name = self.read_bound(id);
            return quote!(#name);
        }
        let value = self.value(expr, at);
        quote!(&#value)
    }

    /// An expression of type `bool`.
    pub fn truth(&mut self, expr: &TExpr, at: At<'_>) -> TokenStream {
        match &expr.kind {
            TKind::Constant(Value::Bool(value)) => quote!(#value),
            TKind::Binary(op @ (BinaryOp::And | BinaryOp::Or), a, b)
                if !self.cuts.contains(expr) =>
            {
                self.logic(*op, a, b, at)
            }
            TKind::Binary(op, a, b) if !self.cuts.contains(expr) && is_comparison(*op) => {
                self.comparison(*op, [a, b], expr.span, at)
            }
            TKind::Unary(UnaryOp::Not, of) if !self.cuts.contains(expr) => self.untruth(of, at),
            _ => {
                let value = self.reference(expr, at);
                let place = self.place(expr.span);
                quote!(ops::truth(#value).at(#place)?)
            }
        }
    }

    /// `!` before an expression of type `bool`.
    pub fn untruth(&mut self, expr: &TExpr, at: At<'_>) -> TokenStream {
        let opposite = match &expr.kind {
            TKind::Binary(BinaryOp::Equal, a, b) => Some((BinaryOp::NotEqual, [&**a, &**b])),
            TKind::Binary(BinaryOp::NotEqual, a, b) => Some((BinaryOp::Equal, [&**a, &**b])),
            _ => None,
        };
        if let Some((op, sides)) = opposite.filter(|_| !self.cuts.contains(expr)) {
            return self.comparison(op, sides, expr.span, at);
        }
        let truth = self.truth(expr, at);
        if is_logic(expr, BinaryOp::And) || is_logic(expr, BinaryOp::Or) {
            quote!(!(#truth))
        } else {
            quote!(!#truth)
        }
    }

    /// A comparison as a `bool`: `==` and `!=` are Rust's own.
    fn comparison(
        &mut self,
        op: BinaryOp,
        [a, b]: [&TExpr; 2],
        span: Span,
        at: At<'_>,
    ) -> TokenStream {
        if let BinaryOp::Equal | BinaryOp::NotEqual = op {
            let (a, b) = (self.side(a, at), self.side(b, at));
            return if op == BinaryOp::Equal {
                quote!(#a == #b)
            } else {
                quote!(#a != #b)
            };
        }
        let (name, _) = operator(op);
        let (name, a, b) = (
            format_ident!("{name}"),
            self.reference(a, at),
            self.reference(b, at),
        );
        let call = self.placed(quote!(ops::#name(#a, #b)), span);
        quote!(#call?.is_true())
    }

    /// A side of `==`, of type `Value`.
    fn side(&mut self, expr: &TExpr, at: At<'_>) -> TokenStream {
        if let TKind::Bound(id) = expr.kind {
            let name = self.read_bound(id);
            return quote!(*#name);
        }
        self.value(expr, at)
    }

    fn logic(&mut self, op: BinaryOp, a: &TExpr, b: &TExpr, at: At<'_>) -> TokenStream {
        let mut side = |expr: &TExpr| {
            let truth = self.truth(expr, at);
            if op == BinaryOp::And && is_logic(expr, BinaryOp::Or) {
                quote!((#truth))
            } else {
                truth
            }
        };
        let (a, b) = (side(a), side(b));
        if op == BinaryOp::And {
            quote!(#a && #b)
        } else {
            quote!(#a || #b)
        }
    }

    fn made(&mut self, expr: &TExpr, at: At<'_>) -> Made {
        if self.cuts.contains(expr) {
            self.as_function(expr, at)
        } else {
            self.make(expr, at)
        }
    }

    fn make(&mut self, expr: &TExpr, at: At<'_>) -> Made {
        let span = expr.span;
        let call = match &expr.kind {
            TKind::Constant(value) => return Made::Value(self.constants.value(value)),
            TKind::Variable(id) => {
                let (name, start) = (self.variable(id.0).clone(), self.start(at));
                return Made::Value(quote!(#name(#start)));
            }
            TKind::Local(id) => {
                let local = self.local(id.0);
                let argument = match local.started {
                    true => self.start(at),
                    false => quote!(m),
                };
                let name = local.name;
                return Made::Fallible(quote!(#name(#argument)));
            }
            TKind::Output {
                step,
                instance,
                field,
            } => return self.output(step.0, instance, *field, span, at),
            TKind::Instances(step) => return Made::Value(self.instances(step.0)),
            TKind::Export { resource, field } => return self.export(resource.0, *field, span, at),
            TKind::CountIndex => return Made::Value(quote!(take::index(index))),
            TKind::EachKey | TKind::EachValue => return Made::Value(each(expr, at)),
            TKind::VuId => return Made::Value(quote!(m.it.vu())),
            TKind::VuIteration => return Made::Value(quote!(m.it.iteration())),
            TKind::RunId => {
                return Made::Value(match at {
                    At::Start => quote!(Value::Text(s.run_id().clone())),
                    At::Run => quote!(Value::Text(start.run_id().clone())),
                    At::Iteration(_) => quote!(m.it.run_id()),
                });
            }
            TKind::Bound(id) => {
                let name = self.read_bound(*id);
                return Made::Value(quote!(#name.clone()));
            }
            TKind::Field(of, name) => {
                let of = self.reference(of, at);
                quote!(ops::field(#of, #name))
            }
            TKind::Index(of, by) => {
                let (of, by) = (self.reference(of, at), self.reference(by, at));
                quote!(ops::index(#of, #by))
            }
            TKind::Splat { over, item, each } => self.splat(over, *item, each, at),
            TKind::List(items) => return Made::Value(self.list(items, at)),
            TKind::Object(pairs) => return Made::Value(self.object(pairs, at)),
            TKind::Template(parts) => return self.template(parts, span, at),
            TKind::Call {
                function,
                arguments,
                expand,
            } => self.function_call(function, (arguments, *expand), span, at),
            TKind::Try(items) => {
                let items: Vec<_> = items.iter().map(|item| self.result(item, at)).collect();
                quote!(forms::attempt(&mut [#(&mut || #items),*]))
            }
            TKind::Can(of) => {
                let of = self.result(of, at);
                return Made::Value(quote!(forms::can(&mut || #of)));
            }
            TKind::Unary(UnaryOp::Not, of) => {
                let of = self.reference(of, at);
                quote!(ops::not(#of))
            }
            TKind::Unary(UnaryOp::Neg, of) => {
                let of = self.reference(of, at);
                quote!(ops::neg(#of))
            }
            TKind::Binary(op @ (BinaryOp::And | BinaryOp::Or), a, b) => {
                let truth = self.logic(*op, a, b, at);
                return Made::Value(quote!(Value::Bool(#truth)));
            }
            TKind::Binary(op, a, b) => {
                let (name, never_faults) = operator(*op);
                let (name, a, b) = (
                    format_ident!("{name}"),
                    self.reference(a, at),
                    self.reference(b, at),
                );
                let call = quote!(ops::#name(#a, #b));
                if never_faults {
                    return Made::Value(call);
                }
                call
            }
            TKind::Conditional(condition, yes, no) => {
                let condition = self.truth(condition, at);
                let (yes, no) = (self.value(yes, at), self.value(no, at));
                return Made::Value(quote!(if #condition { #yes } else { #no }));
            }
            TKind::For(form) => self.form(form, at),
            TKind::Convert(of) => self.convert(of, &expr.ty, at),
            // A grid with errors never comes here.
            TKind::Error => return Made::Value(quote!(Value::Null)),
        };
        Made::Placed(call, span)
    }

    /// A call that may fault, with the place of its expression.
    pub fn placed(&mut self, call: TokenStream, span: Span) -> TokenStream {
        let place = self.place(span);
        quote!(#call.at(#place))
    }

    fn start(&self, at: At<'_>) -> TokenStream {
        match at {
            At::Start => quote!(s),
            At::Run => quote!(&start),
            At::Iteration(_) => quote!(m.it.start()),
        }
    }

    fn convert(&mut self, of: &TExpr, ty: &Type, at: At<'_>) -> TokenStream {
        let (of, ty) = (self.reference(of, at), super::constant::ty(ty));
        quote!(convert::convert(#of, &#ty))
    }
}

fn is_logic(expr: &TExpr, op: BinaryOp) -> bool {
    matches!(&expr.kind, TKind::Binary(found, ..) if *found == op)
}

fn is_comparison(op: BinaryOp) -> bool {
    matches!(
        op,
        BinaryOp::Equal
            | BinaryOp::NotEqual
            | BinaryOp::Less
            | BinaryOp::LessEq
            | BinaryOp::Greater
            | BinaryOp::GreaterEq
    )
}

/// `each.key` or `each.value`.
fn each(expr: &TExpr, at: At<'_>) -> TokenStream {
    let At::Iteration(Some(keys)) = at else {
        return quote!(Value::Null);
    };
    let (name, table) = match expr.kind {
        TKind::EachKey => (format_ident!("key"), &keys.keys),
        _ => (format_ident!("nth"), &keys.values),
    };
    match table {
        Some(table) => quote!(take::#name(&#table, index)),
        None => quote!(Value::Null),
    }
}

/// The function of an operator, and whether it never faults.
fn operator(op: BinaryOp) -> (&'static str, bool) {
    match op {
        BinaryOp::Equal => ("equal", true),
        BinaryOp::NotEqual => ("not_equal", true),
        BinaryOp::Add => ("add", false),
        BinaryOp::Sub => ("sub", false),
        BinaryOp::Mul => ("mul", false),
        BinaryOp::Div => ("div", false),
        BinaryOp::Rem => ("rem", false),
        BinaryOp::Less => ("less", false),
        BinaryOp::LessEq => ("less_eq", false),
        BinaryOp::Greater => ("greater", false),
        BinaryOp::GreaterEq | BinaryOp::And | BinaryOp::Or => ("greater_eq", false),
    }
}

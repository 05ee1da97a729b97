//! Typed expressions to Rust expressions of type `Value`.

use super::writer::Writer;
use crate::check::typed::{InstanceOf, TExpr, TFor, TKind, TPart};
use crate::plan::model::Instances;
use crate::source::Span;
use crate::syntax::decl::{BinaryOp, UnaryOp};
use bggo_values::{Type, Value};
use proc_macro2::{Literal, TokenStream};
use quote::{format_ident, quote};

/// Where an expression stands: what its names mean in Rust, and how a fault leaves.
#[derive(Clone, Copy)]
pub struct At<'a> {
    /// The scope.
    pub around: Around<'a>,
    /// Inside the body of a `for`, a `try` or the like: faults leave without a place, the whole form adds its own.
    pub inside: bool,
}

/// Which names there are.
#[derive(Clone, Copy)]
pub enum Around<'a> {
    /// `s: &Start`
    Start,
    /// On the control thread, where the other resources of the run have names of their own.
    Run,
    /// `m: &Main<'_>`, in the step with these instances (then there is `index: u32`).
    Iteration(Option<&'a Keys>),
}

/// Statics of a step's `for_each`.
pub struct Keys {
    /// Keys, if it has some.
    pub keys: Option<proc_macro2::Ident>,
    /// Their values.
    pub values: Option<proc_macro2::Ident>,
}

impl Writer<'_> {
    /// An expression of type `Value`.
    pub fn value(&mut self, expr: &TExpr, at: At<'_>) -> TokenStream {
        match &expr.kind {
            TKind::Constant(value) => self.constants.value(value),
            TKind::Variable(id) => {
                let (name, start) = (self.variable(id.0), self.start(at));
                quote!(#name(#start))
            }
            TKind::Local(id) => {
                let local = self.local(id.0);
                let argument = match (local.started, at.around) {
                    (true, _) => self.start(at),
                    (false, _) => quote!(m),
                };
                let name = local.name;
                quote!(#name(#argument)?)
            }
            TKind::Output {
                step,
                instance,
                field,
            } => self.output(step.0, instance, *field, expr.span, at),
            TKind::Instances(step) => self.instances(step.0),
            TKind::Export { resource, field } => self.export(resource.0, *field, expr.span, at),
            TKind::CountIndex => quote!(Value::from(Number::from(index))),
            TKind::EachKey => match self.keys(at) {
                Some(Keys {
                    keys: Some(keys), ..
                }) => quote!(take::key(&#keys, index)),
                _ => quote!(Value::Null),
            },
            TKind::EachValue => match self.keys(at) {
                Some(Keys {
                    values: Some(values),
                    ..
                }) => quote!(take::nth(&#values, index)),
                _ => quote!(Value::Null),
            },
            TKind::VuId => quote!(m.it.vu()),
            TKind::VuIteration => quote!(m.it.iteration()),
            TKind::RunId => match at.around {
                Around::Start => quote!(Value::Text(s.run_id().clone())),
                Around::Run => quote!(Value::Text(start.run_id().clone())),
                Around::Iteration(_) => quote!(m.it.run_id()),
            },
            TKind::Bound(id) => {
                let name = self.read_bound(*id);
                quote!(#name.clone())
            }
            TKind::Field(of, name) => {
                let (of, leave) = (self.value(of, at), self.leave(expr.span, at));
                quote!(ops::field(&#of, #name)#leave)
            }
            TKind::Index(of, by) => {
                let (of, by, leave) = (
                    self.value(of, at),
                    self.value(by, at),
                    self.leave(expr.span, at),
                );
                quote!(ops::index(&#of, &#by)#leave)
            }
            TKind::Splat { over, item, each } => {
                let over = self.value(over, at);
                let each = self.value(each, inside(at));
                let name = self.pattern(Some(*item));
                let leave = self.leave(expr.span, at);
                quote!(ops::splat(&#over, &mut |#name| Ok(#each))#leave)
            }
            TKind::List(items) => self.list(items, at),
            TKind::Object(pairs) => self.object(pairs, expr.span, at),
            TKind::Template(parts) => self.template(parts, expr.span, at),
            TKind::Call {
                function,
                arguments,
                expand,
            } => {
                let (module, name) = (
                    format_ident!("{}", function.module),
                    super::names::field(function.rust),
                );
                let leave = self.leave(expr.span, at);
                let items: Vec<_> = arguments
                    .iter()
                    .map(|argument| self.value(argument, at))
                    .collect();
                match (expand, items.split_last()) {
                    (true, Some((last, first))) => {
                        quote!(functions::#module::#name(&take::spread(&[#(#first),*], &#last)#leave)#leave)
                    }
                    _ => quote!(functions::#module::#name(&[#(#items),*])#leave),
                }
            }
            TKind::Try(items) => {
                let items: Vec<_> = items
                    .iter()
                    .map(|item| self.value(item, inside(at)))
                    .collect();
                let leave = self.leave(expr.span, at);
                quote!(ops::attempt(&mut [#(&mut || Ok(#items)),*])#leave)
            }
            TKind::Can(of) => {
                let of = self.value(of, inside(at));
                quote!(ops::can(&mut || Ok(#of)))
            }
            TKind::Unary(op, of) => {
                let (of, leave) = (self.value(of, at), self.leave(expr.span, at));
                match op {
                    UnaryOp::Not => quote!(ops::not(&#of)#leave),
                    UnaryOp::Neg => quote!(ops::neg(&#of)#leave),
                }
            }
            TKind::Binary(op, a, b) => self.binary(*op, a, b, expr.span, at),
            TKind::Conditional(condition, yes, no) => {
                let condition = self.truth(condition, at);
                let (yes, no) = (self.value(yes, at), self.value(no, at));
                quote!(if #condition { #yes } else { #no })
            }
            TKind::For(form) => self.form(form, expr.span, at),
            TKind::Convert(of) => self.convert(of, &expr.ty, expr.span, at),
            // A grid with errors never comes here.
            TKind::Error => quote!(Value::Null),
        }
    }

    /// An expression of type `bool`.
    pub fn truth(&mut self, expr: &TExpr, at: At<'_>) -> TokenStream {
        let (value, leave) = (self.value(expr, at), self.leave(expr.span, at));
        quote!(ops::truth(&#value)#leave)
    }

    /// How a fault of a call leaves: with its place, or bare where the whole form adds one.
    pub fn leave(&mut self, span: Span, at: At<'_>) -> TokenStream {
        if at.inside {
            return quote!(?);
        }
        let place = self.place(span);
        quote!(.at(#place)?)
    }

    fn start(&self, at: At<'_>) -> TokenStream {
        match at.around {
            Around::Start => quote!(s),
            Around::Run => quote!(&start),
            Around::Iteration(_) => quote!(m.it.start()),
        }
    }

    fn keys<'a>(&self, at: At<'a>) -> Option<&'a Keys> {
        match at.around {
            Around::Iteration(keys) => keys,
            Around::Start | Around::Run => None,
        }
    }

    fn binary(
        &mut self,
        op: BinaryOp,
        a: &TExpr,
        b: &TExpr,
        span: Span,
        at: At<'_>,
    ) -> TokenStream {
        if let BinaryOp::And | BinaryOp::Or = op {
            let (a, b) = (self.truth(a, at), self.truth(b, at));
            return if op == BinaryOp::And {
                quote!(Value::Bool(#a && #b))
            } else {
                quote!(Value::Bool(#a || #b))
            };
        }
        let (a, b) = (self.value(a, at), self.value(b, at));
        let name = match op {
            BinaryOp::Equal => return quote!(ops::equal(&#a, &#b)),
            BinaryOp::NotEqual => return quote!(ops::not_equal(&#a, &#b)),
            BinaryOp::Add => "add",
            BinaryOp::Sub => "sub",
            BinaryOp::Mul => "mul",
            BinaryOp::Div => "div",
            BinaryOp::Rem => "rem",
            BinaryOp::Less => "less",
            BinaryOp::LessEq => "less_eq",
            BinaryOp::Greater => "greater",
            BinaryOp::GreaterEq | BinaryOp::And | BinaryOp::Or => "greater_eq",
        };
        let (name, leave) = (format_ident!("{name}"), self.leave(span, at));
        quote!(ops::#name(&#a, &#b)#leave)
    }

    fn list(&mut self, items: &[TExpr], at: At<'_>) -> TokenStream {
        let items: Vec<_> = items.iter().map(|item| self.value(item, at)).collect();
        quote!(Value::from(Vec::from([#(#items),*])))
    }

    fn object(&mut self, pairs: &[(TExpr, TExpr)], span: Span, at: At<'_>) -> TokenStream {
        let mut items = Vec::new();
        let mut plain = true;
        for (key, value) in pairs {
            let value = self.value(value, at);
            if let TKind::Constant(Value::Text(text)) = &key.kind {
                let text = text.as_str();
                items.push(quote!((Text::Static(#text), #value)));
            } else {
                plain = false;
                let (made, leave) = (self.value(key, at), self.leave(key.span, at));
                items.push(quote!((take::object_key(&#made)#leave, #value)));
            }
        }
        if plain {
            return quote!(Value::from(Vec::from([#(#items),*])));
        }
        let _ = span;
        quote!(take::object(Vec::from([#(#items),*])))
    }

    fn template(&mut self, parts: &[TPart], span: Span, at: At<'_>) -> TokenStream {
        if let [TPart::Hole(only)] = parts {
            return self.value(only, at);
        }
        let parts: Vec<_> = parts.iter().map(|part| self.part(part, span, at)).collect();
        let leave = self.leave(span, at);
        quote!(ops::text(&[#(#parts),*])#leave)
    }

    /// A part of a template as a value that can be printed.
    pub fn part(&mut self, part: &TPart, span: Span, at: At<'_>) -> TokenStream {
        match part {
            TPart::Text(text) => quote!(Value::text(#text)),
            TPart::Hole(expr) => self.value(expr, at),
            TPart::If { condition, yes, no } => {
                let condition = self.truth(condition, at);
                let (yes, no) = (self.parts(yes, span, at), self.parts(no, span, at));
                quote!(if #condition { #yes } else { #no })
            }
            TPart::For {
                key,
                value,
                over,
                body,
            } => {
                let over = self.value(over, at);
                let body = self.parts(body, span, inside(at));
                let (key, value) = (self.pattern(*key), self.pattern(Some(*value)));
                let leave = self.leave(span, at);
                quote!(take::joined(&#over, &mut |#key, #value| Ok(#body))#leave)
            }
        }
    }

    fn parts(&mut self, parts: &[TPart], span: Span, at: At<'_>) -> TokenStream {
        match parts {
            [] => quote!(Value::text("")),
            [TPart::Text(text)] => quote!(Value::text(#text)),
            parts => {
                let parts: Vec<_> = parts.iter().map(|part| self.part(part, span, at)).collect();
                let leave = self.leave(span, at);
                quote!(ops::text(&[#(#parts),*])#leave)
            }
        }
    }

    fn form(&mut self, form: &TFor, span: Span, at: At<'_>) -> TokenStream {
        let over_set = matches!(form.over.ty, Type::Set(_));
        let over = self.value(&form.over, at);
        let inner = inside(at);
        let skip = form.condition.as_ref().map(|condition| {
            let condition = self.truth(condition, inner);
            quote!(if !#condition { return Ok(None); })
        });
        let result = self.value(&form.result, inner);
        let made = form.key_result.as_ref().map(|made| self.value(made, inner));
        let leave = self.leave(span, at);
        let (mut key, mut value) = (self.pattern(form.key), self.pattern(Some(form.value)));
        let mut rename = quote!();
        if over_set && form.key.is_some_and(|id| self.is_used(id)) {
            // Both names of a set's element are the element.
            let second = self.bound(form.value.0);
            rename = quote!(let #key = #second;);
            key = quote!(_);
            value = quote!(#second);
        }
        match made {
            None => {
                quote!(ops::for_list(&#over, &mut |#key, #value| { #rename #skip Ok(Some(#result)) })#leave)
            }
            Some(made) => {
                let grouped = form.grouped;
                quote!(ops::for_object(&#over, #grouped, &mut |#key, #value| { #rename #skip Ok(Some((#made, #result))) })#leave)
            }
        }
    }

    fn convert(&mut self, of: &TExpr, ty: &Type, span: Span, at: At<'_>) -> TokenStream {
        let (value, leave) = (self.value(of, at), self.leave(span, at));
        let ty = super::constant::ty(ty);
        quote!(convert::convert(&#value, &#ty)#leave)
    }

    fn output(
        &mut self,
        step: usize,
        instance: &InstanceOf,
        field: Option<usize>,
        span: Span,
        at: At<'_>,
    ) -> TokenStream {
        let (path, info) = (self.output_path(step), self.info(step));
        let leave = self.leave(span, at);
        let slot = match instance {
            InstanceOf::Only => quote!(m.outputs.#path),
            InstanceOf::Position(position) => {
                let position = Literal::u32_unsuffixed(*position);
                quote!(m.outputs.#path.at(#position, #info)#leave)
            }
            InstanceOf::Computed(by) => {
                let by = self.value(by, at);
                match &self.plan.steps[step].instances {
                    Instances::Keys(_) => {
                        let keys = self.key_static(step);
                        quote!(m.outputs.#path.key(&#by, &#keys, #info)#leave)
                    }
                    _ => quote!(m.outputs.#path.index(&#by, #info)#leave),
                }
            }
        };
        match field {
            Some(field) => {
                let position = self.output_position(step, field);
                quote!(#slot.field(#position, #info)#leave)
            }
            None => {
                let names = &self.plan.steps[step].outputs;
                quote!(#slot.whole(&[#(#names),*]))
            }
        }
    }

    fn instances(&mut self, step: usize) -> TokenStream {
        let path = self.output_path(step);
        let names = self.plan.steps[step].outputs.clone();
        match &self.plan.steps[step].instances {
            Instances::Keys(_) => {
                let keys = self.key_static(step);
                quote!(m.outputs.#path.by_key(&#keys, &[#(#names),*]))
            }
            _ => quote!(m.outputs.#path.list(&[#(#names),*])),
        }
    }

    fn export(
        &mut self,
        resource: usize,
        field: Option<usize>,
        span: Span,
        at: At<'_>,
    ) -> TokenStream {
        let planned = self.planned(resource);
        let path = match at.around {
            Around::Run => self.slot_path(planned),
            Around::Start | Around::Iteration(_) => self.resource_path(planned),
        };
        let leave = self.leave(span, at);
        match field {
            Some(field) => {
                let field = Literal::usize_unsuffixed(field);
                quote!(#path.export(#field)#leave)
            }
            None => {
                let names = self.export_names(resource);
                let fields = (0..names.len()).map(|field| quote!(#path.export(#field)#leave));
                let pairs = names
                    .iter()
                    .zip(fields)
                    .map(|(name, value)| quote!((Text::Static(#name), #value)));
                quote!(Value::from(Vec::from([#(#pairs),*])))
            }
        }
    }
}

fn inside(at: At<'_>) -> At<'_> {
    At { inside: true, ..at }
}

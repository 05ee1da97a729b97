//! Typed expressions to Rust expressions of type `Value`, `&Value`, `bool` or `Result<Value, Fault>`, whichever reads best.
//! Each call that may fault names the place of its own expression.

use super::constant;
use super::names::{call_path, field};
use super::tokens::{EvaluatedIn, ExprTokens};
use super::tree::WIDTH;
use super::writer::{ReaderOf, Writer};
use crate::check::typed::{InstanceOf, TExpr, TFor, TKind, TPart};
use crate::check::walk::of_parts;
use crate::plan::model::Instances;
use crate::resolve::model::{BoundId, ResourceId};
use crate::source::Span;
use crate::syntax::decl::{BinaryOp, UnaryOp};
use bggo_function_table::{Call, Function, Home};
use bggo_values::{Type, Value};
use proc_macro2::{Ident, Literal, TokenStream};
use quote::{format_ident, quote};

/// An expression whose fault has no place yet, with the constant of its place.
enum Computed {
    /// Of type `Value`.
    Value(TokenStream, Ident),
    /// Of type `Result<Value, Fault>`, or of the same with the fault of a value.
    Result(TokenStream, Ident),
}

/// Expressions of every kind.
impl Writer<'_> {
    /// An expression of type `Value`; faults leave by `?`.
    pub fn value(&mut self, expr: &TExpr, at: EvaluatedIn<'_>) -> TokenStream {
        match self.expression(expr, at) {
            ExprTokens::Value(tokens) => tokens,
            ExprTokens::Fallible(tokens) => quote!(#tokens?),
            ExprTokens::Placed(call, span) => {
                let call = self.placed(call, span);
                quote!(#call?)
            }
        }
    }

    /// An expression inside of a text: of type `Value`, which can be printed; faults leave by `?`.
    pub fn printable(&mut self, expr: &TExpr, at: EvaluatedIn<'_>) -> TokenStream {
        let result = match self.computed(expr, at) {
            Computed::Value(value, place) => quote!(ops::printable(#value).at(#place)),
            // One call and one `?` instead of two: a large grid has very many of these calls.
            Computed::Result(call, place) => quote!(input_conversion::printable(#call, #place)),
        };
        quote!(#result?)
    }

    /// An expression as an argument of a required input of any type: of type `Value`, not null; faults leave by `?`.
    pub fn required(&mut self, expr: &TExpr, input: &str, at: EvaluatedIn<'_>) -> TokenStream {
        let result = match self.computed(expr, at) {
            Computed::Value(value, place) => {
                quote!(input_conversion::value(#value, #input).at(#place))
            }
            Computed::Result(call, place) => {
                quote!(input_conversion::value_at(#call, #input, #place))
            }
        };
        quote!(#result?)
    }

    /// An expression as the text of a required input, of type `Text`; faults leave by `?`.
    pub fn required_text(&mut self, expr: &TExpr, input: &str, at: EvaluatedIn<'_>) -> TokenStream {
        let result = match self.computed(expr, at) {
            Computed::Value(value, place) => {
                quote!(input_conversion::text(&#value, #input).at(#place))
            }
            Computed::Result(call, place) => {
                quote!(input_conversion::text_at(#call, #input, #place))
            }
        };
        quote!(#result?)
    }

    /// The same of an optional input, of type `Option<Text>`.
    pub fn optional_text(&mut self, expr: &TExpr, at: EvaluatedIn<'_>) -> TokenStream {
        let result = match self.computed(expr, at) {
            Computed::Value(value, place) => {
                quote!(input_conversion::optional_text(&#value).at(#place))
            }
            Computed::Result(call, place) => {
                quote!(input_conversion::optional_text_at(#call, #place))
            }
        };
        quote!(#result?)
    }

    /// An expression for a function that gives its own faults and those of the expression the same place.
    fn computed(&mut self, expr: &TExpr, at: EvaluatedIn<'_>) -> Computed {
        self.note_subject(expr);
        let place = self.place(expr.span);
        match self.expression(expr, at) {
            ExprTokens::Value(value) => Computed::Value(value, place),
            ExprTokens::Placed(call, span) if span != expr.span => {
                Computed::Result(self.placed(call, span), place)
            }
            ExprTokens::Fallible(call) | ExprTokens::Placed(call, _) => {
                Computed::Result(call, place)
            }
        }
    }

    /// An expression of type `Result<Value, Fault>`: the body of a function or closure.
    pub fn result(&mut self, expr: &TExpr, at: EvaluatedIn<'_>) -> TokenStream {
        if let TKind::Conditional(condition, yes, no) = &expr.kind {
            let condition = self.truth(condition, at);
            let yes = self.result(yes, at);
            let otherwise = otherwise(no, self.result(no, at));
            return quote!(if #condition { #yes } else #otherwise);
        }
        match self.expression(expr, at) {
            ExprTokens::Value(tokens) => quote!(Ok(#tokens)),
            ExprTokens::Fallible(tokens) => tokens,
            ExprTokens::Placed(call, span) => self.placed(call, span),
        }
    }

    /// An expression of type `&Value`.
    pub fn reference(&mut self, expr: &TExpr, at: EvaluatedIn<'_>) -> TokenStream {
        if let TKind::Bound(id) = expr.kind {
            let name = self.read_bound(id);
            return quote!(#name);
        }
        let value = self.value(expr, at);
        quote!(&#value)
    }

    /// An expression of type `bool`.
    pub fn truth(&mut self, expr: &TExpr, at: EvaluatedIn<'_>) -> TokenStream {
        match &expr.kind {
            TKind::Constant(Value::Bool(value)) => quote!(#value),
            TKind::Binary(op @ (BinaryOp::And | BinaryOp::Or), a, b) => self.logic(*op, a, b, at),
            TKind::Binary(op, a, b) if is_comparison(*op) => {
                self.comparison(*op, [a, b], expr.span, at)
            }
            TKind::Unary(UnaryOp::Not, of) => self.untruth(of, at),
            _ => {
                let value = self.reference(expr, at);
                let place = self.place(expr.span);
                quote!(ops::truth(#value).at(#place)?)
            }
        }
    }

    /// `!` before an expression of type `bool`.
    pub fn untruth(&mut self, expr: &TExpr, at: EvaluatedIn<'_>) -> TokenStream {
        let opposite = match &expr.kind {
            TKind::Binary(BinaryOp::Equal, a, b) => Some((BinaryOp::NotEqual, [&**a, &**b])),
            TKind::Binary(BinaryOp::NotEqual, a, b) => Some((BinaryOp::Equal, [&**a, &**b])),
            _ => None,
        };
        if let Some((op, sides)) = opposite {
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
        at: EvaluatedIn<'_>,
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
    fn side(&mut self, expr: &TExpr, at: EvaluatedIn<'_>) -> TokenStream {
        if let TKind::Bound(id) = expr.kind {
            let name = self.read_bound(id);
            return quote!(*#name);
        }
        self.value(expr, at)
    }

    fn logic(&mut self, op: BinaryOp, a: &TExpr, b: &TExpr, at: EvaluatedIn<'_>) -> TokenStream {
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

    fn expression(&mut self, expr: &TExpr, at: EvaluatedIn<'_>) -> ExprTokens {
        let span = expr.span;
        self.note_subject(expr);
        let call = match &expr.kind {
            TKind::Separate(inner) => return self.as_function(inner, at),
            TKind::Constant(value) => return ExprTokens::Value(self.constants.value(value)),
            TKind::Variable(id) => {
                let (name, start) = (self.variable(id.0).0.clone(), self.start(at));
                return ExprTokens::Value(quote!(#name(#start)));
            }
            TKind::Local(id) => {
                let plan = self.plan;
                if let (EvaluatedIn::RunAssets, Some(local)) = (at, plan.local_of_run(*id)) {
                    return self.expression(&local.value, at);
                }
                let local = self.local(*id);
                let argument = match local.started {
                    true => self.start(at),
                    false => quote!(this),
                };
                let name = local.name;
                return ExprTokens::Fallible(quote!(#name(#argument)));
            }
            TKind::Input(id) => {
                let at = self.input_position(*id);
                return ExprTokens::Value(quote!(this.inputs[#at].clone()));
            }
            TKind::Output {
                step,
                instance,
                field,
            } if step.body != self.body_id => {
                return self.kept_output(*step, (instance, *field), span, at);
            }
            TKind::Output {
                step,
                instance,
                field,
            } => return self.output(step.index, instance, *field, span, at),
            TKind::Instances(step) if step.body != self.body_id => {
                return self.kept_instances(*step, span, at);
            }
            TKind::Instances(step) => return self.instances(step.index, span),
            TKind::Export { resource, field } => return self.export(*resource, *field, span, at),
            TKind::CountIndex => return ExprTokens::Value(quote!(input_conversion::index(index))),
            TKind::EachKey | TKind::EachValue => return ExprTokens::Value(each(expr, at)),
            TKind::VuId => return ExprTokens::Value(quote!(this.iteration.vu())),
            TKind::Column { data, column } => return self.cell(*data, *column, span),
            TKind::VuIteration => return ExprTokens::Value(quote!(this.iteration.iteration())),
            TKind::ScenarioName => {
                return ExprTokens::Value(quote!(GRID.scenario_name(this.iteration.scenario())));
            }
            TKind::ScenarioIteration => {
                return ExprTokens::Value(quote!(this.iteration.iteration_of_scenario()));
            }
            TKind::Loaded => {
                let start = self.start(at);
                return ExprTokens::Value(quote!(Value::Bool(#start.is_loaded())));
            }
            TKind::RunId => {
                return ExprTokens::Value(match at {
                    EvaluatedIn::Start | EvaluatedIn::RunAssets => {
                        quote!(Value::Text(start.run_id().clone()))
                    }
                    EvaluatedIn::Body(_) => quote!(this.iteration.run_id()),
                });
            }
            TKind::Bound(id) => {
                let name = self.read_bound(*id);
                return ExprTokens::Value(quote!(#name.clone()));
            }
            TKind::Field(of, name) => {
                let of = self.reference(of, at);
                quote!(ops::field(#of, #name))
            }
            TKind::FieldOrNull(of, name) => {
                let of = self.reference(of, at);
                quote!(ops::field_or_null(#of, #name))
            }
            TKind::Index(of, by) => {
                let (of, by) = (self.reference(of, at), self.reference(by, at));
                quote!(ops::index(#of, #by))
            }
            TKind::Splat { over, item, each } => self.splat(over, *item, each, at),
            TKind::List(items) => return ExprTokens::Value(self.list(items, at)),
            TKind::Object(pairs) => return ExprTokens::Value(self.object(pairs, at)),
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
                return ExprTokens::Value(quote!(forms::can(&mut || #of)));
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
                return ExprTokens::Value(quote!(Value::Bool(#truth)));
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
                    return ExprTokens::Value(call);
                }
                call
            }
            TKind::Conditional(condition, yes, no) => {
                let condition = self.truth(condition, at);
                let yes = self.value(yes, at);
                let otherwise = otherwise(no, self.value(no, at));
                return ExprTokens::Value(quote!(if #condition { #yes } else #otherwise));
            }
            TKind::For(form) => self.form(form, at),
            TKind::Convert(of) => self.convert(of, &expr.ty, at),
            // A grid with errors never comes here.
            TKind::Error => return ExprTokens::Value(quote!(Value::Null)),
        };
        ExprTokens::Placed(call, span)
    }

    /// An expression as a function, and the call of it.
    fn as_function(&mut self, expr: &TExpr, at: EvaluatedIn<'_>) -> ExprTokens {
        let body = self.result(expr, at);
        let call = self.function(&[expr], quote!(Value), body, at);
        ExprTokens::Fallible(call)
    }

    fn start(&self, at: EvaluatedIn<'_>) -> TokenStream {
        match at {
            EvaluatedIn::Start => quote!(start),
            EvaluatedIn::RunAssets => quote!(&start),
            EvaluatedIn::Body(_) => quote!(this.iteration.start()),
        }
    }

    fn convert(&mut self, of: &TExpr, ty: &Type, at: EvaluatedIn<'_>) -> TokenStream {
        let (of, ty) = (self.reference(of, at), constant::ty(ty));
        quote!(convert::convert(#of, &#ty))
    }
}

/// Expressions that hold others: lists, objects, templates, `for` and splats.
impl Writer<'_> {
    /// A list of type `Value`.
    pub fn list(&mut self, items: &[TExpr], at: EvaluatedIn<'_>) -> TokenStream {
        let made: Vec<_> = items
            .iter()
            .map(|item| (self.value(item, at), vec![item]))
            .collect();
        let items = self.long(made, &quote!(Value), &format_ident!("items"), at);
        quote!(Value::from(#items))
    }

    /// An object of type `Value`.
    pub fn object(&mut self, pairs: &[(TExpr, TExpr)], at: EvaluatedIn<'_>) -> TokenStream {
        let mut made = Vec::with_capacity(pairs.len());
        let mut fixed = true;
        for (key, value) in pairs {
            if let TKind::Constant(Value::Text(text)) = &key.kind {
                let text = text.as_str();
                self.enter_part(text);
                let item = self.value(value, at);
                self.leave_part();
                made.push((quote!((Text::Static(#text), #item)), vec![value]));
            } else {
                fixed = false;
                let item = self.value(value, at);
                let name = self.reference(key, at);
                let name = self.placed(quote!(input_conversion::object_key(#name)), key.span);
                made.push((quote!((#name?, #item)), vec![key, value]));
            }
        }
        let pairs = self.long(made, &quote!((Text, Value)), &format_ident!("pairs"), at);
        if fixed {
            quote!(Value::from(#pairs))
        } else {
            quote!(input_conversion::object(#pairs))
        }
    }

    /// A text with holes.
    pub fn template(&mut self, parts: &[TPart], span: Span, at: EvaluatedIn<'_>) -> ExprTokens {
        if let [TPart::Hole(only)] = parts {
            return ExprTokens::Value(self.value(only, at));
        }
        ExprTokens::Placed(self.text_call(parts, span, at), span)
    }

    /// Parts of a text, as `Result<Value, Fault>`.
    fn text(&mut self, parts: &[TPart], span: Span, at: EvaluatedIn<'_>) -> TokenStream {
        let call = self.text_call(parts, span, at);
        self.placed(call, span)
    }

    /// The call that joins parts of a text; the caller handles its fault.
    fn text_call(&mut self, parts: &[TPart], span: Span, at: EvaluatedIn<'_>) -> TokenStream {
        let mut size = WIDTH;
        while parts.len() > size * WIDTH {
            size *= WIDTH;
        }
        let items: Vec<_> = if parts.len() <= WIDTH {
            parts.iter().map(|part| self.part(part, span, at)).collect()
        } else {
            let chunks = parts.chunks(size);
            chunks.map(|part| self.text_part(part, span, at)).collect()
        };
        quote!(ops::text(&[#(#items),*]))
    }

    /// Some parts of a long text as a function of their own.
    fn text_part(&mut self, parts: &[TPart], span: Span, at: EvaluatedIn<'_>) -> TokenStream {
        let body = self.text(parts, span, at);
        let of = of_parts(parts);
        let call = self.function(&of, quote!(Value), body, at);
        quote!(#call?)
    }

    /// A part of a template as a value that can be printed.
    pub fn part(&mut self, part: &TPart, span: Span, at: EvaluatedIn<'_>) -> TokenStream {
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
                let over_set = matches!(over.ty, Type::Set(_));
                let over = self.reference(over, at);
                let body = self.parts_result(body, span, at);
                let (key, value, rename) = self.pair(*key, *value, over_set);
                let body = match rename {
                    Some(rename) => quote!({ #rename #body }),
                    None => body,
                };
                let call = quote!(forms::joined(#over, &mut |#key, #value| #body));
                let call = self.placed(call, span);
                quote!(#call?)
            }
        }
    }

    fn parts(&mut self, parts: &[TPart], span: Span, at: EvaluatedIn<'_>) -> TokenStream {
        match parts {
            [] => quote!(Value::text("")),
            [TPart::Text(text)] => quote!(Value::text(#text)),
            parts => {
                let text = self.text(parts, span, at);
                quote!(#text?)
            }
        }
    }

    fn parts_result(&mut self, parts: &[TPart], span: Span, at: EvaluatedIn<'_>) -> TokenStream {
        match parts {
            [] => quote!(Ok(Value::text(""))),
            [TPart::Text(text)] => quote!(Ok(Value::text(#text))),
            parts => self.text(parts, span, at),
        }
    }

    /// `over[*]...`
    pub fn splat(
        &mut self,
        over: &TExpr,
        item: BoundId,
        each: &TExpr,
        at: EvaluatedIn<'_>,
    ) -> TokenStream {
        let (over, each) = (self.reference(over, at), self.result(each, at));
        let name = self.pattern(Some(item));
        quote!(forms::splat(#over, &mut |#name| #each))
    }

    /// `[for ..]` and `{for ..}`
    pub fn form(&mut self, form: &TFor, at: EvaluatedIn<'_>) -> TokenStream {
        let over = self.reference(&form.over, at);
        let skip = form.condition.as_ref().map(|condition| {
            let excluded = self.untruth(condition, at);
            quote!(if #excluded { return Ok(None); })
        });
        let result = self.value(&form.result, at);
        let made = form.key_result.as_ref().map(|made| self.value(made, at));
        let over_set = matches!(form.over.ty, Type::Set(_));
        let (key, value, rename) = self.pair(form.key, form.value, over_set);
        let body = match &made {
            None => quote!(Ok(Some(#result))),
            Some(made) => quote!(Ok(Some((#made, #result)))),
        };
        let body = if skip.is_some() || rename.is_some() {
            quote!({ #rename #skip #body })
        } else {
            body
        };
        match made {
            None => quote!(forms::for_list(#over, &mut |#key, #value| #body)),
            Some(_) => {
                let grouped = form.grouped;
                quote!(forms::for_object(#over, #grouped, &mut |#key, #value| #body))
            }
        }
    }

    /// The patterns of a body's two variables; of a set's element both are the element.
    fn pair(
        &self,
        key: Option<BoundId>,
        value: BoundId,
        over_set: bool,
    ) -> (TokenStream, TokenStream, Option<TokenStream>) {
        let (first, second) = (self.pattern(key), self.pattern(Some(value)));
        if over_set && key.is_some_and(|id| self.is_used(id)) {
            let element = self.bound(value);
            let rename = Some(quote!(let #first = #element;));
            return (quote!(_), quote!(#element), rename);
        }
        (first, second, None)
    }
}

/// Calls of functions: where each is found, and its arguments as a slice.
impl Writer<'_> {
    /// The call alone; the caller handles its fault. The last argument may be spread.
    pub fn function_call(
        &mut self,
        function: &Function,
        (arguments, expand): (&[TExpr], bool),
        span: Span,
        at: EvaluatedIn<'_>,
    ) -> TokenStream {
        let (home, name) = (self.home(function.home), field(function.rust));
        let arguments = self.arguments(arguments, expand, span, at);
        match function.call {
            Call::Plain(_) => quote!(#home::#name(#arguments)),
            Call::InContext(_) => {
                let context = self.context(at);
                quote!(#home::#name(&#context, #arguments))
            }
        }
    }

    /// The context of a call. Each call in the program has a number of its own.
    pub fn context(&mut self, at: EvaluatedIn<'_>) -> TokenStream {
        let call = Literal::u32_unsuffixed(self.context_calls);
        self.context_calls += 1;
        let instance = match at {
            EvaluatedIn::Body(Some(keys)) if keys.instanced => quote!(index),
            _ => quote!(0),
        };
        if self.in_local && self.body().flow.is_some() {
            return quote!(this.iteration.context_of_local(#call));
        }
        quote!(this.iteration.function_context(#call, #instance))
    }

    /// The path of the module of a function that is called. The program names its crate from now on.
    fn home(&mut self, home: Home) -> TokenStream {
        let (package, module) = match home {
            Home::Module(name) => ("bggo-functions", Some(format_ident!("{name}"))),
            Home::Crate(name) => (name, None),
        };
        self.function_crates.insert(package);
        let package = format_ident!("{}", package.replace('-', "_"));
        let module = module.iter();
        quote!(::#package #(::#module)*)
    }

    /// The arguments of a call, as a slice.
    fn arguments(
        &mut self,
        arguments: &[TExpr],
        expand: bool,
        span: Span,
        at: EvaluatedIn<'_>,
    ) -> TokenStream {
        if let ([only], false) = (arguments, expand)
            && let TKind::Bound(id) = only.kind
        {
            let name = self.read_bound(id);
            return quote!(::std::slice::from_ref(#name));
        }
        let Some((last, first)) = arguments.split_last().filter(|_| expand) else {
            let items: Vec<_> = arguments.iter().map(|item| self.value(item, at)).collect();
            return quote!(&[#(#items),*]);
        };
        let items: Vec<_> = first.iter().map(|item| self.value(item, at)).collect();
        let last = self.reference(last, at);
        let spread = self.placed(
            quote!(input_conversion::spread(&[#(#items),*], #last)),
            span,
        );
        quote!(&#spread?)
    }
}

/// Reading of outputs and exports: one function for each output or export that some expression reads.
impl Writer<'_> {
    /// The functions that read outputs and exports, after everything that calls them has been written.
    pub fn reader_functions(&mut self) -> TokenStream {
        let mut out = TokenStream::new();
        for ((of, field), name) in self.readers.clone() {
            out.extend(match of {
                ReaderOf::Output(step) => self.output_function(step, field, &name),
                ReaderOf::Own(step) => self.own_output(step, field, &name),
                ReaderOf::Export(resource) => self.export_function(resource, field, &name),
            });
        }
        out
    }

    /// The constant by which the checks of a step read one of its outputs.
    fn own_output(&self, step: usize, field: usize, name: &Ident) -> TokenStream {
        let planned = &self.body().steps[step];
        let output = &self.all_outputs[self.body_id.0][step][field];
        let number = planned.outputs.iter().position(|kept| kept == output);
        let number = Literal::usize_unsuffixed(number.unwrap_or_default());
        let (runner, step_name) = (&planned.runner, &planned.name);
        let doc = format!(" output.{output} in step.{runner}.{step_name}");
        quote! {
            #[doc = #doc]
            const #name: usize = #number;
        }
    }

    fn output_function(&mut self, step: usize, field: usize, name: &Ident) -> TokenStream {
        let planned = &self.body().steps[step];
        let output = &self.all_outputs[self.body_id.0][step][field];
        let number = planned.outputs.iter().position(|kept| kept == output);
        let number = Literal::usize_unsuffixed(number.unwrap_or_default());
        let address = format!("step.{}.{}", planned.runner, planned.name);
        let single = matches!(planned.instances, Instances::Single);
        let doc = if single {
            format!(" {address}.output.{output}")
        } else {
            format!(" {address}[..].output.{output}")
        };
        let position = self.names.upper(&name.to_string());
        let (info, path) = (&self.step(step).info, self.output_path(step));
        let function = if single {
            let body = self.body_type();
            quote! {
                fn #name(this: &#body<'_>) -> Result<Value, Fault> {
                    #path.field(#position, #info)
                }
            }
        } else {
            quote! {
                fn #name(slot: &OutputSlot) -> Result<Value, Fault> {
                    slot.field(#position, #info)
                }
            }
        };
        quote! {
            #[doc = #doc]
            #function

            const #position: usize = #number;
        }
    }

    fn export_function(&mut self, resource: usize, field: usize, name: &Ident) -> TokenStream {
        let planned = &self.plan.resources[resource];
        let number = Literal::usize_unsuffixed(field);
        let doc = format!(
            " resource.{}.{}.{}",
            planned.asset, planned.name, self.exports[resource][field]
        );
        let position = self.names.upper(&name.to_string());
        let (path, body) = (self.resource_path(resource), self.body_type());
        quote! {
            #[doc = #doc]
            fn #name(this: &#body<'_>) -> Result<Value, Fault> {
                #path.export(#position)
            }

            const #position: usize = #number;
        }
    }

    /// An output of a step, or of one of its instances; all of them as an object.
    pub fn output(
        &mut self,
        step: usize,
        instance: &InstanceOf,
        field: Option<usize>,
        span: Span,
        at: EvaluatedIn<'_>,
    ) -> ExprTokens {
        if let InstanceOf::Own = instance {
            return ExprTokens::Value(match field {
                Some(field) => {
                    let number = self.reader(ReaderOf::Own(step), field);
                    quote!(step.output(#number))
                }
                None => {
                    let names = &self.body().steps[step].outputs;
                    quote!(step.outputs(&[#(#names),*]))
                }
            });
        }
        let (path, info) = (self.output_path(step), self.step(step).info.clone());
        let slot = match instance {
            InstanceOf::Only | InstanceOf::Own => None,
            InstanceOf::Position(position) => {
                let position = Literal::u32_unsuffixed(*position);
                Some(quote!(#path.instance(#position, #info)))
            }
            InstanceOf::Computed(by) => {
                let by = self.reference(by, at);
                Some(match &self.body().steps[step].instances {
                    Instances::Keys(_) => {
                        let keys = self.key_static(step);
                        quote!(#path.key(#by, &#keys, #info))
                    }
                    Instances::Late(late) if late.of.is_keyed() => quote!(#path.key(#by, #info)),
                    _ => quote!(#path.index(#by, #info)),
                })
            }
        };
        let slot = slot.map(|slot| self.placed(slot, span));
        match (field, slot) {
            (Some(field), Some(slot)) => {
                let read = call_path(&self.reader(ReaderOf::Output(step), field));
                ExprTokens::Placed(quote!(#read(#slot?)), span)
            }
            (Some(field), None) => {
                let read = call_path(&self.reader(ReaderOf::Output(step), field));
                ExprTokens::Placed(quote!(#read(this)), span)
            }
            (None, slot) => {
                let names = &self.body().steps[step].outputs;
                let slot = slot.map_or_else(|| quote!(#path), |slot| quote!(#slot?));
                ExprTokens::Value(quote!(#slot.whole(&[#(#names),*])))
            }
        }
    }

    /// All instances of a step, with their outputs.
    pub fn instances(&mut self, step: usize, span: Span) -> ExprTokens {
        let path = self.output_path(step);
        let names = self.names_static(step);
        match &self.body().steps[step].instances {
            Instances::Keys(_) => {
                let keys = self.key_static(step);
                ExprTokens::Value(quote!(#path.by_key(&#keys, &#names)))
            }
            Instances::Late(late) => {
                let info = &self.step(step).info;
                let call = match late.of.is_keyed() {
                    true => quote!(#path.by_key(&#names, #info)),
                    false => quote!(#path.list(&#names, #info)),
                };
                ExprTokens::Placed(call, span)
            }
            _ => ExprTokens::Value(quote!(#path.list(&#names))),
        }
    }

    /// An export of a resource; all of them as an object.
    pub fn export(
        &mut self,
        resource: ResourceId,
        field: Option<usize>,
        span: Span,
        at: EvaluatedIn<'_>,
    ) -> ExprTokens {
        let planned = self.planned(resource);
        if let Some(field) = field {
            return ExprTokens::Placed(self.one_export(planned, field, at), span);
        }
        let values: Vec<_> = (0..self.exports[planned].len())
            .map(|field| {
                let call = self.one_export(planned, field, at);
                self.placed(call, span)
            })
            .collect();
        let names = &self.exports[planned];
        ExprTokens::Value(quote!(Value::from(Vec::from([#((Text::Static(#names), #values?)),*]))))
    }

    fn one_export(&mut self, planned: usize, field: usize, at: EvaluatedIn<'_>) -> TokenStream {
        match at {
            EvaluatedIn::RunAssets => {
                let name = &self.resource(planned).variable;
                let field = Literal::usize_unsuffixed(field);
                quote!(#name.export(#field))
            }
            EvaluatedIn::Start | EvaluatedIn::Body(_) => {
                let name = call_path(&self.reader(ReaderOf::Export(planned), field));
                quote!(#name(this))
            }
        }
    }
}

/// What stands behind `else`: a block, or the next `if` of a chain.
fn otherwise(expr: &TExpr, written: TokenStream) -> TokenStream {
    match expr.kind {
        TKind::Conditional(..) => written,
        _ => quote!({ #written }),
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
fn each(expr: &TExpr, at: EvaluatedIn<'_>) -> TokenStream {
    let EvaluatedIn::Body(Some(keys)) = at else {
        return quote!(Value::Null);
    };
    if let Some(late) = &keys.late {
        return match expr.kind {
            TKind::EachKey => quote!(#late.key_of(index)),
            _ => quote!(#late.value_of(index)),
        };
    }
    let (name, table) = match expr.kind {
        TKind::EachKey => (format_ident!("key"), &keys.keys),
        _ => (format_ident!("nth"), &keys.values),
    };
    match table {
        Some(table) => quote!(input_conversion::#name(&#table, index)),
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

//! Inputs of steps and resources. What is known before a user runs is a static, or a function where the start says it;
//! what is late is computed as `let`s, and then texts are `format_args!` of their names.

use super::argument::{has_holes, is_late, is_of_start, is_redacted, is_started, may_join};
use super::constant;
use super::names::{self, camel};
use super::tokens::{EvaluatedIn, or_unused};
use super::tree::WIDTH;
use super::writer::Writer;
use crate::check::typed::{TExpr, TKind, TPart, TRules};
use crate::plan::model::{Argument, Skeleton};
use bggo_manifest::{Carrier, Form, Input};
use bggo_values::{Value, json};
use proc_macro2::{Ident, Literal, TokenStream};
use quote::{format_ident, quote};
use std::collections::BTreeSet;

/// Late inputs while they are written.
#[derive(Default)]
struct LateInputs {
    /// What is computed first.
    lets: Vec<TokenStream>,
    /// Names of those.
    taken: BTreeSet<String>,
}

/// A format string while it is written.
struct FormatText {
    format: String,
    /// How many parts of it vary so far.
    holes: usize,
    /// The argument that it is for.
    base: String,
    /// The key where a hole of a JSON literal stands.
    key: Option<String>,
}

/// Inputs that are known before a user runs.
impl Writer<'_> {
    /// The inputs of one step or resource, by the names of its module, function and static.
    pub fn known_inputs(
        &mut self,
        (arguments, rules): (&[Argument], &TRules),
        [module, prepare, inputs]: [&Ident; 3],
        doc: &str,
    ) -> TokenStream {
        if !is_started(arguments, rules) {
            if arguments.is_empty() {
                return quote!();
            }
            let items: Vec<_> = arguments
                .iter()
                .map(|argument| self.fixed_input(argument, module))
                .chain(links(arguments, module))
                .collect();
            let count = Literal::usize_unsuffixed(items.len());
            let doc = format!("{doc}: inputs known when built");
            return quote! {
                #[doc = #doc]
                static #inputs: [#module::In; #count] = [#(#items),*];
            };
        }
        let items: Vec<_> = arguments
            .iter()
            .map(|argument| {
                if !is_of_start(argument) {
                    return self.fixed_input(argument, module);
                }
                let value = self.owned_input(argument, EvaluatedIn::Start);
                let variant = camel(&argument.input.name);
                quote!(#module::In::#variant(Early::Known(#value)))
            })
            .chain(links(arguments, module))
            .collect();
        let checks = self.checks(rules, EvaluatedIn::Start);
        let list = owned_list(&items);
        let body = quote!(#checks Ok(#list));
        let start = or_unused("start", &body);
        let doc = format!("{doc}: inputs known at start");
        quote! {
            #[doc = #doc]
            fn #prepare(#start: &Start) -> Result<Vec<#module::In>, Fault> {
                #body
            }
        }
    }

    /// An input that is known when the grid is built, or `Later`.
    fn fixed_input(&mut self, argument: &Argument, module: &Ident) -> TokenStream {
        let (input, variant) = (&argument.input, camel(&argument.input.name));
        if let Some(method) = &argument.method {
            let method = self.methods.method(method);
            return quote!(#module::In::#variant(Early::Known(#method)));
        }
        if let Some(skeleton) = &argument.skeleton {
            self.enter_part(&input.name);
            let shape = self.shape(skeleton, &mut 0);
            self.leave_part();
            let shape = within_option(input, shape);
            return quote!(#module::In::#variant(Early::Known(#shape)));
        }
        let value = match &argument.value.kind {
            TKind::Constant(value) if !is_late(argument) => value,
            _ => return quote!(#module::In::#variant(Early::Later)),
        };
        let known = match (input.carrier(), value) {
            (Carrier::Text, value) if input.form == Form::Json => {
                let text = json::encode_plain(value);
                quote!(Text::Static(#text))
            }
            (Carrier::Text, Value::Text(text)) => {
                let text = text.as_str();
                quote!(Text::Static(#text))
            }
            (Carrier::Number, Value::Number(number)) => constant::number(number),
            (Carrier::Bool, Value::Bool(value)) => quote!(#value),
            (Carrier::Duration, Value::Duration(time)) => constant::duration(*time),
            (Carrier::Size, Value::Number(size)) if size.as_u64().is_some() => {
                let size = Literal::u64_unsuffixed(size.as_u64().unwrap_or_default());
                quote!(#size)
            }
            (Carrier::Bytes, Value::Bytes(bytes)) => constant::bytes(bytes),
            (Carrier::Shape, value) => {
                let value = self.constants.value(value);
                quote!(Shape::Known(#value))
            }
            (_, value) => self.constants.value(value),
        };
        let known = within_option(input, known);
        quote!(#module::In::#variant(Early::Known(#known)))
    }

    /// A value that is known in part: a static, as far as nothing of it is computed when the program starts.
    fn shape(&mut self, skeleton: &Skeleton, next_hole: &mut usize) -> TokenStream {
        let is_started = skeleton.is_started();
        match skeleton {
            Skeleton::Known(expr) => {
                let value = self.value(expr, EvaluatedIn::Start);
                quote!(Shape::Known(#value))
            }
            Skeleton::Hole(_) => {
                let number = Literal::usize_unsuffixed(*next_hole);
                *next_hole += 1;
                quote!(Shape::Hole(#number))
            }
            Skeleton::List(items) => {
                let items = items.iter().map(|item| self.shape(item, next_hole));
                let items: Vec<_> = items.collect();
                if is_started {
                    return quote!(Shape::from(Vec::from([#(#items),*])));
                }
                let name = self.constants.named(quote!(Shape), &items);
                quote!(Shape::list(&#name))
            }
            Skeleton::Object(pairs) => {
                let pairs = pairs.iter().map(|(key, part)| {
                    self.enter_part(key);
                    let part = self.shape(part, next_hole);
                    self.leave_part();
                    quote!((Text::Static(#key), #part))
                });
                let pairs: Vec<_> = pairs.collect();
                if is_started {
                    return quote!(Shape::from(Vec::from([#(#pairs),*])));
                }
                let name = self.constants.named(quote!((Text, Shape)), &pairs);
                quote!(Shape::object(&#name))
            }
        }
    }

    /// An input as an owned value.
    pub fn owned_input(&mut self, argument: &Argument, at: EvaluatedIn<'_>) -> TokenStream {
        self.enter_part(&argument.input.name);
        let input = self.owned(argument, at);
        self.leave_part();
        input
    }

    fn owned(&mut self, argument: &Argument, at: EvaluatedIn<'_>) -> TokenStream {
        let (input, name) = (&argument.input, &argument.input.name);
        let span = argument.value.span;
        if input.form == Form::Json {
            let value = self.shown_reference(argument, at);
            if input.nullable {
                return quote!(Text::from(json::encode_plain(#value)));
            }
            if input.optional() {
                return quote!(input_conversion::optional_json(#value));
            }
            let text = self.placed(quote!(input_conversion::json(#value, #name)), span);
            return quote!(#text?);
        }
        let function = match input.carrier() {
            Carrier::Text => "text",
            Carrier::Number => "number",
            Carrier::Bool => "bool",
            Carrier::Duration => "duration",
            Carrier::Size => "size",
            Carrier::Bytes => "bytes",
            // A predicate is always late, and never a value of its own; a method is never late.
            Carrier::Value | Carrier::Predicate | Carrier::Method => {
                return self.owned_value(argument, at);
            }
            Carrier::Shape => {
                let value = self.owned_value(argument, at);
                return if input.optional() {
                    quote!(#value.map(Shape::Known))
                } else {
                    quote!(Shape::Known(#value))
                };
            }
        };
        if function == "text" && !is_redacted(argument) {
            return if input.optional() {
                self.optional_text(&argument.value, at)
            } else {
                self.required_text(&argument.value, name, at)
            };
        }
        let value = self.shown_reference(argument, at);
        let call = if input.optional() {
            let function = format_ident!("optional_{function}");
            quote!(input_conversion::#function(#value))
        } else {
            let function = format_ident!("{function}");
            quote!(input_conversion::#function(#value, #name))
        };
        let call = self.placed(call, span);
        quote!(#call?)
    }

    fn owned_value(&mut self, argument: &Argument, at: EvaluatedIn<'_>) -> TokenStream {
        let (input, name) = (&argument.input, &argument.input.name);
        if input.nullable {
            return self.shown(argument, at);
        }
        if input.optional() {
            let value = self.shown(argument, at);
            return quote!(input_conversion::optional_value(#value));
        }
        self.required_value(argument, name, at)
    }

    /// The value of a required input, not null.
    fn required_value(
        &mut self,
        argument: &Argument,
        name: &str,
        at: EvaluatedIn<'_>,
    ) -> TokenStream {
        if !is_redacted(argument) {
            return self.required(&argument.value, name, at);
        }
        let value = self.shown(argument, at);
        let value = self.placed(
            quote!(input_conversion::value(#value, #name)),
            argument.value.span,
        );
        quote!(#value?)
    }

    /// An argument's value, without what is sensitive where a reader will see it.
    pub fn shown(&mut self, argument: &Argument, at: EvaluatedIn<'_>) -> TokenStream {
        if !is_redacted(argument) {
            return self.value(&argument.value, at);
        }
        let value = self.reference(&argument.value, at);
        let paths = &argument.value.sensitivity.paths;
        let paths = paths.iter().map(|path| quote!(&[#(#path),*]));
        quote!(ops::redact(#value, &[#(#paths),*]))
    }

    fn shown_reference(&mut self, argument: &Argument, at: EvaluatedIn<'_>) -> TokenStream {
        if !is_redacted(argument) {
            return self.reference(&argument.value, at);
        }
        let value = self.shown(argument, at);
        quote!(&#value)
    }
}

/// Rules of a manifest.
impl Writer<'_> {
    /// Statements that leave with a fault where a rule is broken: of those known at start there, of the others elsewhere,
    /// after the late arguments that these read.
    pub fn checks(&mut self, rules: &TRules, at: EvaluatedIn<'_>) -> TokenStream {
        let of_start = matches!(at, EvaluatedIn::Start);
        let mut out = TokenStream::new();
        if !of_start {
            for (id, value) in &rules.shared {
                let value = self.value(value, at);
                let name = self.read_bound(*id);
                out.extend(quote!(let #name = &#value;));
            }
        }
        for rule in rules.known_at_start(of_start) {
            self.enter_part("rule");
            let broken = self.untruth(&rule.condition, at);
            let (text, place) = (&rule.message, self.place(rule.span));
            self.leave_part();
            out.extend(quote! {
                if #broken {
                    return Err(Fault::new("value", #text).at(#place));
                }
            });
        }
        out
    }
}

/// Late inputs of a step.
impl Writer<'_> {
    /// Late inputs: what is computed first, then the list.
    pub fn late(
        &mut self,
        arguments: &[Argument],
        module: &Ident,
        at: EvaluatedIn<'_>,
    ) -> (Vec<TokenStream>, Vec<TokenStream>) {
        let (mut inputs, mut list) = (LateInputs::default(), Vec::new());
        for argument in arguments.iter().filter(|argument| is_late(argument)) {
            let variant = camel(&argument.input.name);
            self.enter_part(&argument.input.name);
            let item = self.late_input(argument, &mut inputs, at);
            self.leave_part();
            list.push(quote!(#module::Late::#variant(#item)));
        }
        (inputs.lets, list)
    }

    fn late_input(
        &mut self,
        argument: &Argument,
        inputs: &mut LateInputs,
        at: EvaluatedIn<'_>,
    ) -> TokenStream {
        match argument.input.carrier() {
            Carrier::Text => self.late_text(argument, inputs, at),
            Carrier::Value | Carrier::Shape | Carrier::Method => {
                self.late_value(argument, inputs, at)
            }
            Carrier::Predicate => {
                let holds = self.truth(&argument.value, at);
                let name = self.inner(&argument.input.name, inputs);
                let holds = quote!(let #name = || -> Result<bool, Fault> { Ok(#holds) };);
                inputs.lets.push(holds);
                within_option(&argument.input, quote!(Predicate::new(&#name)))
            }
            carrier @ (Carrier::Number
            | Carrier::Bool
            | Carrier::Duration
            | Carrier::Size
            | Carrier::Bytes) => {
                let value = self.owned(argument, at);
                let name = self.inner(&argument.input.name, inputs);
                inputs.lets.push(quote!(let #name = #value;));
                match (carrier, argument.input.optional()) {
                    (Carrier::Bytes, true) => quote!(#name.as_deref()),
                    (Carrier::Bytes, false) => quote!(&#name),
                    _ => quote!(#name),
                }
            }
        }
    }

    fn late_value(
        &mut self,
        argument: &Argument,
        inputs: &mut LateInputs,
        at: EvaluatedIn<'_>,
    ) -> TokenStream {
        let input = &argument.input;
        if let Some(skeleton) = &argument.skeleton {
            let values = self.values(&skeleton.holes(), at);
            let name = self.inner(&input.name, inputs);
            inputs.lets.push(quote!(let #name = #values;));
            return within_option(input, quote!(Parts::Holes(&#name)));
        }
        let value = if input.nullable || input.optional() {
            self.shown(argument, at)
        } else {
            self.required_value(argument, &input.name, at)
        };
        let name = self.inner(&input.name, inputs);
        inputs.lets.push(quote!(let #name = #value;));
        match (input.carrier(), input.optional()) {
            (Carrier::Shape, true) => quote!(input_conversion::present(&#name).map(Parts::Whole)),
            (Carrier::Shape, false) => quote!(Parts::Whole(&#name)),
            (_, true) => quote!(input_conversion::present(&#name)),
            (_, false) => quote!(&#name),
        }
    }

    /// What comes for the holes of a shape: an array, or a `Vec` where it is long.
    fn values(&mut self, holes: &[&TExpr], at: EvaluatedIn<'_>) -> TokenStream {
        let made: Vec<_> = holes
            .iter()
            .map(|expr| (self.value(expr, at), vec![*expr]))
            .collect();
        if made.len() <= WIDTH {
            let values = made.iter().map(|(value, _)| value);
            return quote!([#(#values),*]);
        }
        self.long(made, &quote!(Value), &format_ident!("items"), at)
    }

    fn late_text(
        &mut self,
        argument: &Argument,
        inputs: &mut LateInputs,
        at: EvaluatedIn<'_>,
    ) -> TokenStream {
        let input = &argument.input;
        if let Some(text) = self.holes(argument, inputs, at) {
            return if input.optional() {
                quote!(Some(#text))
            } else {
                text
            };
        }
        let (json, key) = (input.form == Form::Json, &input.name);
        let value = if input.nullable || input.optional() {
            self.shown(argument, at)
        } else {
            self.required_value(argument, key, at)
        };
        let name = self.inner(key, inputs);
        let (value, inside) = if json {
            (quote!(json::Shown(#value)), quote!(#name.0))
        } else {
            (value, quote!(#name))
        };
        inputs.lets.push(quote!(let #name = #value;));
        let format = format!("{{{name}}}");
        let text = quote!(format_args!(#format));
        if input.optional() {
            quote!((!#inside.is_null()).then_some(#text))
        } else {
            text
        }
    }

    /// A template or a JSON literal as one `format_args!`: that captures each hole by name, or of a list of all parts where one
    /// may join the letter before it.
    fn holes(
        &mut self,
        argument: &Argument,
        inputs: &mut LateInputs,
        at: EvaluatedIn<'_>,
    ) -> Option<TokenStream> {
        if !has_holes(argument) {
            return None;
        }
        if let TKind::Template(parts) = &argument.value.kind
            && may_join(parts)
        {
            let parts: Vec<_> = parts
                .iter()
                .map(|part| self.printable_part(part, at))
                .collect();
            let name = self.inner(&argument.input.name, inputs);
            inputs.lets.push(quote!(let #name = [#(#parts),*];));
            return Some(quote!(format_args!("{}", ops::Template(&#name))));
        }
        let mut text = FormatText {
            format: String::new(),
            holes: 0,
            base: argument.input.name.clone(),
            key: None,
        };
        match &argument.value.kind {
            TKind::Template(parts) => self.text_holes(parts, &mut text, inputs, at),
            _ => self.json_holes(&argument.value, &mut text, inputs, at),
        }
        let format = text.format;
        Some(quote!(format_args!(#format)))
    }

    /// A template's text with the name of each part that varies.
    fn text_holes(
        &mut self,
        parts: &[TPart],
        text: &mut FormatText,
        inputs: &mut LateInputs,
        at: EvaluatedIn<'_>,
    ) {
        for part in parts {
            if let TPart::Text(literal) = part {
                text.literal(literal);
                continue;
            }
            let value = self.printable_part(part, at);
            let name = self.hole(text, inputs);
            inputs.lets.push(quote!(let #name = #value;));
        }
    }

    /// A part of a template, of type `Value`; faults leave by `?`.
    fn printable_part(&mut self, part: &TPart, at: EvaluatedIn<'_>) -> TokenStream {
        match part {
            TPart::Text(text) => quote!(Value::text(#text)),
            TPart::Hole(expr) => self.printable(expr, at),
            TPart::If {
                condition: over, ..
            }
            | TPart::For { over, .. } => self.part(part, over.span, at),
        }
    }

    /// JSON with its structure as literal text, and the name of each part that varies.
    fn json_holes(
        &mut self,
        expr: &TExpr,
        text: &mut FormatText,
        inputs: &mut LateInputs,
        at: EvaluatedIn<'_>,
    ) {
        match &expr.kind {
            TKind::Constant(value) => text.literal(&json::encode_plain(value)),
            TKind::Object(pairs) => {
                text.literal("{");
                for (number, (key, value)) in pairs.iter().enumerate() {
                    if number > 0 {
                        text.literal(",");
                    }
                    let outer = text.key.clone();
                    // Literals with other keys are values.
                    let key = key.constant().and_then(Value::as_text).unwrap_or_default();
                    text.literal(&json::encode_plain(&Value::from(key.to_owned())));
                    text.key = names::word(key).map(names::plain);
                    text.literal(":");
                    self.enter_part(key);
                    self.json_holes(value, text, inputs, at);
                    self.leave_part();
                    text.key = outer;
                }
                text.literal("}");
            }
            TKind::List(items) => {
                text.literal("[");
                for (number, item) in items.iter().enumerate() {
                    if number > 0 {
                        text.literal(",");
                    }
                    self.json_holes(item, text, inputs, at);
                }
                text.literal("]");
            }
            _ => {
                let value = self.value(expr, at);
                let name = self.hole(text, inputs);
                inputs.lets.push(quote!(let #name = json::Shown(#value);));
            }
        }
    }

    /// The name of the next hole of a text.
    fn hole(&self, text: &mut FormatText, inputs: &mut LateInputs) -> Ident {
        text.holes += 1;
        let name = match &text.key {
            Some(key) => format!("{}_{key}", text.base),
            None => format!("{}_{}", text.base, text.holes),
        };
        let name = self.inner(&name, inputs);
        text.format.push_str(&format!("{{{name}}}"));
        name
    }

    /// A name that hides nothing that the same function may use.
    fn inner(&self, name: &str, inputs: &mut LateInputs) -> Ident {
        let mut chosen = self.names.inner(name);
        let mut number = 2;
        while !inputs.taken.insert(chosen.to_string()) {
            chosen = self.names.inner(&format!("{name}_{number}"));
            number += 1;
        }
        chosen
    }
}

impl FormatText {
    fn literal(&mut self, text: &str) {
        self.format
            .push_str(&text.replace('{', "{{").replace('}', "}}"));
    }
}

/// `client::In::TransportLink(&::bggo_http_reqwest::LINK)` for each argument whose value links a crate.
fn links(arguments: &[Argument], module: &Ident) -> Vec<TokenStream> {
    let linked = arguments.iter().filter_map(|argument| {
        let variant = camel(&format!("{}_link", argument.input.name));
        let krate = names::crate_name(argument.link.as_ref()?);
        Some(quote!(#module::In::#variant(&::#krate::LINK)))
    });
    linked.collect()
}

/// A `Vec` of inputs.
pub fn owned_list(items: &[TokenStream]) -> TokenStream {
    match items {
        [] => quote!(Vec::new()),
        _ => quote!(Vec::from([#(#items),*])),
    }
}

/// What is there for certain, in an `Option` where the input may be absent.
fn within_option(input: &Input, value: TokenStream) -> TokenStream {
    if input.optional() {
        quote!(Some(#value))
    } else {
        value
    }
}

/// Inputs that are known when the grid is built.
pub fn known(arguments: &[Argument], inputs: &Ident) -> TokenStream {
    if arguments.is_empty() {
        quote!(&[])
    } else {
        quote!(&#inputs)
    }
}

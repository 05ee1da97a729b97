//! Late inputs of a step: what is computed first as `let`s, then texts as `format_args!` of their names.

use super::expr::At;
use super::inputs::{is_late, is_redacted};
use super::names::camel;
use super::tree::WIDTH;
use super::writer::Writer;
use crate::check::typed::{TExpr, TKind, TPart};
use crate::check::walk::walk;
use crate::plan::model::Argument;
use bggo_manifest::{Carrier, Form};
use bggo_values::text::joins_what_is_before;
use bggo_values::{Value, json};
use proc_macro2::{Ident, TokenStream};
use quote::quote;
use std::collections::BTreeSet;

/// Late inputs in the making.
#[derive(Default)]
struct Inputs {
    /// What is computed first.
    lets: Vec<TokenStream>,
    /// Names of those.
    taken: BTreeSet<String>,
}

/// A format string in the making.
struct Text {
    format: String,
    names: Vec<Ident>,
    base: String,
}

impl Writer<'_> {
    /// Late inputs: what is computed first, then the list.
    pub fn late(
        &mut self,
        arguments: &[Argument],
        module: &Ident,
        at: At<'_>,
    ) -> (Vec<TokenStream>, Vec<TokenStream>) {
        let (mut inputs, mut list) = (Inputs::default(), Vec::new());
        for argument in arguments.iter().filter(|argument| is_late(argument)) {
            let variant = camel(&argument.input.name);
            let item = self.late_input(argument, &mut inputs, at);
            list.push(quote!(#module::Late::#variant(#item)));
        }
        (inputs.lets, list)
    }

    fn late_input(&mut self, argument: &Argument, inputs: &mut Inputs, at: At<'_>) -> TokenStream {
        match argument.input.carrier() {
            Carrier::Text => self.late_text(argument, inputs, at),
            Carrier::Value => self.late_value(argument, inputs, at),
            carrier @ (Carrier::Number
            | Carrier::Bool
            | Carrier::Duration
            | Carrier::Size
            | Carrier::Bytes) => {
                let value = self.taken(argument, at);
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

    fn late_value(&mut self, argument: &Argument, inputs: &mut Inputs, at: At<'_>) -> TokenStream {
        let input = &argument.input;
        let mut value = self.shown(argument, at);
        if !input.nullable && !input.optional() {
            let key = &input.name;
            let taken = self.placed(quote!(take::value(#value, #key)), argument.value.span);
            value = quote!(#taken?);
        }
        let name = self.inner(&input.name, inputs);
        inputs.lets.push(quote!(let #name = #value;));
        if input.optional() {
            quote!((!#name.is_null()).then_some(&#name))
        } else {
            quote!(&#name)
        }
    }

    fn late_text(&mut self, argument: &Argument, inputs: &mut Inputs, at: At<'_>) -> TokenStream {
        let input = &argument.input;
        if let Some(text) = self.holes(argument, inputs, at) {
            return if input.optional() {
                quote!(Some(#text))
            } else {
                text
            };
        }
        let (json, key) = (input.form == Form::Json, &input.name);
        let mut value = self.shown(argument, at);
        if !input.nullable && !input.optional() {
            let taken = self.placed(quote!(take::value(#value, #key)), argument.value.span);
            value = quote!(#taken?);
        }
        let name = self.inner(key, inputs);
        let (value, inside) = if json {
            (quote!(json::Shown(#value)), quote!(#name.0))
        } else {
            (value, quote!(#name))
        };
        inputs.lets.push(quote!(let #name = #value;));
        let text = quote!(format_args!("{}", #name));
        if input.optional() {
            quote!((!#inside.is_null()).then_some(#text))
        } else {
            text
        }
    }

    /// A template or a JSON literal as one `format_args!`.
    fn holes(
        &mut self,
        argument: &Argument,
        inputs: &mut Inputs,
        at: At<'_>,
    ) -> Option<TokenStream> {
        if !has_holes(argument) {
            return None;
        }
        let mut text = Text {
            format: String::new(),
            names: Vec::new(),
            base: argument.input.name.clone(),
        };
        match &argument.value.kind {
            TKind::Template(parts) => self.text_holes(parts, &mut text, inputs, at),
            _ => self.json_holes(&argument.value, &mut text, inputs, at),
        }
        let (format, names) = (text.format, text.names);
        Some(quote!(format_args!(#format #(, #names)*)))
    }

    /// A template's text with a `{}` for each part that varies.
    fn text_holes(&mut self, parts: &[TPart], text: &mut Text, inputs: &mut Inputs, at: At<'_>) {
        for part in parts {
            let value = match part {
                TPart::Text(literal) => {
                    text.literal(literal);
                    continue;
                }
                TPart::Hole(expr) => self.printable(expr, at),
                TPart::If {
                    condition: over, ..
                }
                | TPart::For { over, .. } => self.part(part, over.span, at),
            };
            let name = self.hole(text, inputs);
            inputs.lets.push(quote!(let #name = #value;));
        }
    }

    /// JSON with its structure as literal text, and a `{}` for each part that varies.
    fn json_holes(&mut self, expr: &TExpr, text: &mut Text, inputs: &mut Inputs, at: At<'_>) {
        match &expr.kind {
            TKind::Constant(value) => text.literal(&json::encode_plain(value)),
            TKind::Object(pairs) => {
                text.literal("{");
                for (number, (key, value)) in pairs.iter().enumerate() {
                    if number > 0 {
                        text.literal(",");
                    }
                    if let TKind::Constant(key) = &key.kind {
                        text.literal(&json::encode_plain(key));
                    }
                    text.literal(":");
                    self.json_holes(value, text, inputs, at);
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
    fn hole(&self, text: &mut Text, inputs: &mut Inputs) -> Ident {
        text.format.push_str("{}");
        let name = format!("{}_{}", text.base, text.names.len() + 1);
        let name = self.inner(&name, inputs);
        text.names.push(name.clone());
        name
    }

    /// A name that hides nothing that the same function may use.
    fn inner(&self, name: &str, inputs: &mut Inputs) -> Ident {
        let mut chosen = self.names.inner(name);
        let mut number = 2;
        while !inputs.taken.insert(chosen.to_string()) {
            chosen = self.names.inner(&format!("{name}_{number}"));
            number += 1;
        }
        chosen
    }
}

/// Whether an argument is a template or a JSON literal that is written as one `format_args!`. Long ones, those with
/// computed keys and those with a literal that joins a letter of the hole before it are values. (A hole whose text begins
/// with a combining mark stands in `format_args!` as it came: nothing is looked at there again.)
pub fn has_holes(argument: &Argument) -> bool {
    if !is_late(argument) || argument.input.carrier() != Carrier::Text || is_redacted(argument) {
        return false;
    }
    let expr = &argument.value;
    match (&expr.kind, argument.input.form) {
        (TKind::Template(parts), Form::Plain) => {
            let joins =
                |part: &TPart| matches!(part, TPart::Text(text) if joins_what_is_before(text));
            parts.len() > 1 && varying(parts) <= WIDTH && !parts.iter().any(joins)
        }
        (TKind::Object(_) | TKind::List(_), Form::Json) => {
            !has_computed_key(expr) && leaves(expr) <= WIDTH
        }
        _ => false,
    }
}

impl Text {
    fn literal(&mut self, text: &str) {
        self.format
            .push_str(&text.replace('{', "{{").replace('}', "}}"));
    }
}

/// How many parts of a template vary.
fn varying(parts: &[TPart]) -> usize {
    let varies = parts.iter().filter(|part| !matches!(part, TPart::Text(_)));
    varies.count()
}

/// How many parts of a JSON literal vary.
fn leaves(expr: &TExpr) -> usize {
    match &expr.kind {
        TKind::Constant(_) => 0,
        TKind::Object(pairs) => pairs.iter().map(|(_, value)| leaves(value)).sum(),
        TKind::List(items) => items.iter().map(leaves).sum(),
        _ => 1,
    }
}

fn has_computed_key(expr: &TExpr) -> bool {
    let mut found = false;
    walk(expr, &mut |node| {
        if let TKind::Object(pairs) = &node.kind {
            found |= pairs
                .iter()
                .any(|(key, _)| !matches!(key.kind, TKind::Constant(Value::Text(_))));
        }
    });
    found
}

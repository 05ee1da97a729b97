//! Expressions that hold others: lists, objects, templates, `for` and splats.

use super::expr::{At, Made};
use super::tree::WIDTH;
use super::writer::Writer;
use crate::check::typed::{TExpr, TFor, TKind, TPart};
use crate::resolve::model::BoundId;
use crate::source::Span;
use bggo_values::{Type, Value};
use proc_macro2::TokenStream;
use quote::{format_ident, quote};

impl Writer<'_> {
    /// A list of type `Value`.
    pub fn list(&mut self, items: &[TExpr], at: At<'_>) -> TokenStream {
        let made: Vec<_> = items
            .iter()
            .map(|item| (self.value(item, at), vec![item]))
            .collect();
        let items = self.long(made, &quote!(Value), &format_ident!("items"), at);
        quote!(Value::from(#items))
    }

    /// An object of type `Value`.
    pub fn object(&mut self, pairs: &[(TExpr, TExpr)], at: At<'_>) -> TokenStream {
        let mut made = Vec::with_capacity(pairs.len());
        let mut fixed = true;
        for (key, value) in pairs {
            let item = self.value(value, at);
            if let TKind::Constant(Value::Text(text)) = &key.kind {
                let text = text.as_str();
                made.push((quote!((Text::Static(#text), #item)), vec![value]));
            } else {
                fixed = false;
                let name = self.reference(key, at);
                let name = self.placed(quote!(take::object_key(#name)), key.span);
                made.push((quote!((#name?, #item)), vec![key, value]));
            }
        }
        let pairs = self.long(made, &quote!((Text, Value)), &format_ident!("pairs"), at);
        if fixed {
            quote!(Value::from(#pairs))
        } else {
            quote!(take::object(#pairs))
        }
    }

    /// A text with holes.
    pub fn template(&mut self, parts: &[TPart], span: Span, at: At<'_>) -> Made {
        if let [TPart::Hole(only)] = parts {
            return Made::Value(self.value(only, at));
        }
        Made::Fallible(self.text(parts, span, at))
    }

    /// Parts of a text, as `Result<Value, Fault>`.
    fn text(&mut self, parts: &[TPart], span: Span, at: At<'_>) -> TokenStream {
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
        self.placed(quote!(ops::text(&[#(#items),*])), span)
    }

    /// Some parts of a long text as a function of their own.
    fn text_part(&mut self, parts: &[TPart], span: Span, at: At<'_>) -> TokenStream {
        let body = self.text(parts, span, at);
        let of = crate::check::walk::of_parts(parts);
        let call = self.function(&of, quote!(Value), body, at);
        quote!(#call?)
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

    fn parts(&mut self, parts: &[TPart], span: Span, at: At<'_>) -> TokenStream {
        match parts {
            [] => quote!(Value::text("")),
            [TPart::Text(text)] => quote!(Value::text(#text)),
            parts => {
                let text = self.text(parts, span, at);
                quote!(#text?)
            }
        }
    }

    fn parts_result(&mut self, parts: &[TPart], span: Span, at: At<'_>) -> TokenStream {
        match parts {
            [] => quote!(Ok(Value::text(""))),
            [TPart::Text(text)] => quote!(Ok(Value::text(#text))),
            parts => self.text(parts, span, at),
        }
    }

    /// `over[*]...`
    pub fn splat(&mut self, over: &TExpr, item: BoundId, each: &TExpr, at: At<'_>) -> TokenStream {
        let (over, each) = (self.reference(over, at), self.result(each, at));
        let name = self.pattern(Some(item));
        quote!(forms::splat(#over, &mut |#name| #each))
    }

    /// `[for ..]` and `{for ..}`
    pub fn form(&mut self, form: &TFor, at: At<'_>) -> TokenStream {
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
            let element = self.bound(value.0);
            let rename = Some(quote!(let #first = #element;));
            return (quote!(_), quote!(#element), rename);
        }
        (first, second, None)
    }
}

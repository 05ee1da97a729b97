//! Constants of the grid as Rust: values, types, numbers. Every text leaves as a literal made by proc-macro2.

use bggo_values::{Number, Text, Type, Value};
use proc_macro2::{Ident, Literal, TokenStream};
use quote::{format_ident, quote};
use std::time::Duration;

/// Statics that hold the insides of constants.
#[derive(Debug, Default)]
pub struct Constants {
    /// The statics, in order.
    pub statics: TokenStream,
    count: usize,
}

impl Constants {
    /// A constant expression of type `Value`; lists and objects stand in statics of their own.
    pub fn value(&mut self, value: &Value) -> TokenStream {
        match value {
            Value::Null => quote!(Value::Null),
            Value::Bool(value) => quote!(Value::Bool(#value)),
            Value::Number(value) => match value.as_i64() {
                Some(whole) => {
                    let whole = Literal::i64_unsuffixed(whole);
                    quote!(Value::number(#whole))
                }
                None => {
                    let value = number(value);
                    quote!(Value::Number(#value))
                }
            },
            Value::Text(text) => {
                let text = text.as_str();
                quote!(Value::text(#text))
            }
            Value::Duration(time) => {
                let time = duration(*time);
                quote!(Value::Duration(#time))
            }
            Value::Bytes(bytes) => {
                let bytes = self::bytes(bytes);
                quote!(Value::Bytes(#bytes))
            }
            Value::List(items) if items.is_empty() => quote!(Value::list(&[])),
            Value::List(items) => {
                let items: Vec<_> = items.iter().map(|item| self.value(item)).collect();
                let name = self.named(quote!(Value), &items);
                quote!(Value::list(&#name))
            }
            Value::Object(pairs) if pairs.is_empty() => quote!(Value::object(&[])),
            Value::Object(pairs) => {
                let pairs: Vec<_> = pairs
                    .iter()
                    .map(|(key, value)| self.pair(key, value))
                    .collect();
                let name = self.named(quote!((Text, Value)), &pairs);
                quote!(Value::object(&#name))
            }
            // Folding never gives the text of an answer. If it did, its content would be the same value.
            Value::Raw(raw) => self.value(&raw.parse().unwrap_or(Value::Null)),
        }
    }

    fn pair(&mut self, key: &Text, value: &Value) -> TokenStream {
        let (key, value) = (key.as_str(), self.value(value));
        quote!((Text::Static(#key), #value))
    }

    /// A static of these items.
    pub fn named(&mut self, ty: TokenStream, items: &[TokenStream]) -> Ident {
        self.count += 1;
        let (name, count) = (
            format_ident!("DATA_{}", self.count),
            Literal::usize_unsuffixed(items.len()),
        );
        self.statics
            .extend(quote!(static #name: [#ty; #count] = [#(#items),*];));
        name
    }
}

/// A number.
pub fn number(number: &Number) -> TokenStream {
    match number.as_i64() {
        Some(whole) => {
            let whole = Literal::i64_unsuffixed(whole);
            quote!(Number::new(#whole))
        }
        None => {
            let (lo, mid, hi, negative, scale) = number.parts();
            quote!(Number::from_parts(#lo, #mid, #hi, #negative, #scale))
        }
    }
}

/// Raw content.
pub fn bytes(bytes: &[u8]) -> TokenStream {
    let bytes = Literal::byte_string(bytes);
    quote!(Seq::Static(#bytes))
}

/// A length of time.
pub fn duration(time: Duration) -> TokenStream {
    if time.subsec_nanos() == 0 {
        let seconds = Literal::u64_unsuffixed(time.as_secs());
        quote!(Duration::from_secs(#seconds))
    } else if let Ok(nanos) = u64::try_from(time.as_nanos()) {
        if nanos % 1_000_000 == 0 {
            let millis = Literal::u64_unsuffixed(nanos / 1_000_000);
            quote!(Duration::from_millis(#millis))
        } else {
            let nanos = Literal::u64_unsuffixed(nanos);
            quote!(Duration::from_nanos(#nanos))
        }
    } else {
        let (seconds, nanos) = (time.as_secs(), time.subsec_nanos());
        quote!(Duration::new(#seconds, #nanos))
    }
}

/// A type.
pub fn ty(ty: &Type) -> TokenStream {
    match ty {
        Type::String => quote!(Type::String),
        Type::Number => quote!(Type::Number),
        Type::Bool => quote!(Type::Bool),
        Type::Duration => quote!(Type::Duration),
        Type::Size => quote!(Type::Size),
        Type::Bytes => quote!(Type::Bytes),
        Type::List(item) => {
            let item = self::ty(item);
            quote!(Type::list(#item))
        }
        Type::Set(item) => {
            let item = self::ty(item);
            quote!(Type::set(#item))
        }
        Type::Map(item) => {
            let item = self::ty(item);
            quote!(Type::map(#item))
        }
        Type::Object(fields) => {
            let fields = fields.iter().map(|field| {
                let (name, ty) = (field.name.as_str(), self::ty(&field.ty));
                match &field.optional {
                    None => quote!(Field::required(#name, #ty)),
                    Some(default) => {
                        let default = match &default.0 {
                            None => quote!(None),
                            Some(text) => {
                                let text = text.as_str();
                                quote!(Some(#text))
                            }
                        };
                        quote!(Field::optional(#name, #ty, #default))
                    }
                }
            });
            quote!(Type::Object(Vec::from([#(#fields),*])))
        }
        Type::Tuple(items) => {
            let items = items.iter().map(self::ty);
            quote!(Type::Tuple(Vec::from([#(#items),*])))
        }
        Type::Any | Type::Named(_) | Type::Null | Type::Error => quote!(Type::Any),
    }
}

//! Inputs: a manifest's type as it stands in `Inputs`, in `In` (what a grid writes) and in `Late`.

use crate::names::{beside, camel, local, snake};
use crate::rule;
use bggo_manifest::{Bound, Carrier, Form, Input, Rule};
use bggo_values::{Seq, Text, Value};
use proc_macro2::{Ident, TokenStream};
use quote::quote;

fn early(input: &Input) -> TokenStream {
    match input.carrier() {
        Carrier::Text => quote!(::bggo_runtime::glue::Text),
        Carrier::Number => quote!(::bggo_runtime::glue::Number),
        Carrier::Bool => quote!(bool),
        Carrier::Duration => quote!(::core::time::Duration),
        Carrier::Size => quote!(u64),
        Carrier::Bytes => quote!(::bggo_runtime::glue::Seq<u8>),
        Carrier::Value => quote!(::bggo_runtime::glue::Value),
        Carrier::Shape => quote!(::bggo_runtime::glue::Shape),
        // It is never known before a step runs.
        Carrier::Predicate => quote!(()),
        Carrier::Method => quote!(::bggo_runtime::glue::Method),
    }
}

fn late(input: &Input) -> TokenStream {
    match input.carrier() {
        Carrier::Text => quote!(::core::fmt::Arguments<'a>),
        Carrier::Value => quote!(&'a ::bggo_runtime::glue::Value),
        Carrier::Shape => quote!(::bggo_runtime::glue::Parts<'a>),
        Carrier::Bytes => quote!(&'a [u8]),
        Carrier::Predicate => quote!(::bggo_runtime::glue::Predicate<'a>),
        Carrier::Number | Carrier::Bool | Carrier::Duration | Carrier::Size | Carrier::Method => {
            early(input)
        }
    }
}

fn plain(input: &Input) -> TokenStream {
    match input.carrier() {
        Carrier::Text => quote!(::std::borrow::Cow<'a, str>),
        Carrier::Value => quote!(&'a ::bggo_runtime::glue::Value),
        Carrier::Shape => quote!(::std::borrow::Cow<'a, ::bggo_runtime::glue::Value>),
        Carrier::Bytes => quote!(&'a [u8]),
        Carrier::Predicate => late(input),
        Carrier::Number | Carrier::Bool | Carrier::Duration | Carrier::Size | Carrier::Method => {
            early(input)
        }
    }
}

fn option(yes: bool, ty: TokenStream) -> TokenStream {
    if yes {
        quote!(::core::option::Option<#ty>)
    } else {
        ty
    }
}

/// The inputs that a program gives to the module.
pub fn of_programs(inputs: &[Input]) -> Vec<Input> {
    let kept = inputs.iter().filter(|input| !input.is_read_when_built());
    kept.cloned().collect()
}

/// `Inputs`, `In` and what makes the one from the other.
pub fn known(inputs: &[Input], rules: &[Rule]) -> TokenStream {
    let fields = inputs.iter().map(|input| {
        let (name, ty, doc) = (
            snake(&input.name),
            option(input.may_be_absent(), early(input)),
            doc(input),
        );
        quote!(#[doc = #doc] pub #name: ::bggo_runtime::glue::Early<#ty>)
    });
    let links = linked(inputs).map(|input| {
        let (name, link) = (link_field(input), beside(&word_of_link()));
        let doc = doc_of_link(input);
        quote!(#[doc = #doc] pub #name: ::core::option::Option<&'static #link>)
    });
    let fields = fields.chain(links);
    let no_links = linked(inputs).map(|input| {
        let name = link_field(input);
        quote!(#name: ::core::option::Option::None)
    });
    let defaults = inputs.iter().map(|input| {
        let name = snake(&input.name);
        let value = match &input.default {
            Some(value) => {
                let value = constant(input, value);
                quote!(::bggo_runtime::glue::Early::Known(#value))
            }
            None if input.may_be_absent() => quote!(::bggo_runtime::glue::Early::Known(
                ::core::option::Option::None
            )),
            None if input.nullable => {
                let null = constant(input, &Value::Null);
                quote!(::bggo_runtime::glue::Early::Known(#null))
            }
            None => quote!(::bggo_runtime::glue::Early::Later),
        };
        quote!(#name: #value)
    });
    let defaults = defaults.chain(no_links);
    let of_links = linked(inputs).map(|input| {
        let (name, link) = (link_variant(input), beside(&word_of_link()));
        let doc = doc_of_link(input);
        quote!(#[doc = #doc] #name(&'static #link))
    });
    let variants = inputs.iter().map(|input| {
        let (name, ty, doc) = (
            camel(&input.name),
            option(input.optional(), early(input)),
            doc(input),
        );
        quote!(#[doc = #doc] #name(::bggo_runtime::glue::Early<#ty>))
    });
    let variants = variants.chain(of_links);
    let put_links = linked(inputs).map(|input| {
        let (variant, name) = (link_variant(input), link_field(input));
        quote!(In::#variant(link) => self.#name = ::core::option::Option::Some(*link),)
    });
    let puts = inputs.iter().map(put).chain(put_links);
    let rules = rule::checks(rules, |name| {
        let name = snake(name);
        quote!(self.#name.known().map(::core::option::Option::is_some))
    });
    let take = if inputs.is_empty() {
        quote!(match *input {})
    } else {
        quote!(match input { #(#puts)* } ::core::result::Result::Ok(()))
    };
    quote! {
        /// The inputs in `prepare`.
        #[derive(Debug, Clone)]
        pub struct Inputs { #(#fields),* }

        impl Inputs {
            /// The manifest's defaults; a required input stands at `Later`.
            pub fn defaults() -> Self {
                Self { #(#defaults),* }
            }

            #[allow(unused_variables, clippy::unnecessary_wraps, clippy::match_single_binding)]
            fn put(&mut self, input: &In) -> ::core::result::Result<(), ::bggo_runtime::glue::Fault> {
                #take
            }

            /// The defaults with what a grid says.
            #[inline(never)]
            pub(crate) fn of(list: &[In]) -> ::core::result::Result<Self, ::bggo_runtime::glue::Fault> {
                let mut inputs = Self::defaults();
                for input in list {
                    inputs.put(input)?;
                }
                inputs.judge()?;
                ::core::result::Result::Ok(inputs)
            }

            /// The manifest's rules, as far as what they ask is known.
            #[allow(clippy::unnecessary_wraps)]
            fn judge(&self) -> ::core::result::Result<(), ::bggo_runtime::glue::Fault> {
                #rules
                ::core::result::Result::Ok(())
            }
        }

        /// An input as a grid writes it.
        #[derive(Debug, Clone)]
        pub enum In { #(#variants),* }
    }
}

/// Inputs of which some values link a crate. What such a crate gives is an item beside the input.
fn linked(inputs: &[Input]) -> impl Iterator<Item = &Input> {
    inputs.iter().filter(|input| !input.links.is_empty())
}

fn link_field(input: &Input) -> Ident {
    snake(&format!("{}_link", input.name))
}

fn link_variant(input: &Input) -> Ident {
    camel(&format!("{}_link", input.name))
}

/// The module's own type of what a linked crate gives.
fn word_of_link() -> Ident {
    camel("link")
}

fn doc_of_link(input: &Input) -> String {
    format!(
        "What the crate gives that the value of `{}` links, if it is such a value.",
        input.name
    )
}

fn put(input: &Input) -> TokenStream {
    let (variant, field) = (camel(&input.name), snake(&input.name));
    let check = value_check(input, quote!(value.as_str()));
    if !input.optional() || input.may_be_absent() {
        let check = match (check, input.may_be_absent()) {
            (None, _) => quote!(),
            (Some(check), false) => {
                quote!(if let ::bggo_runtime::glue::Early::Known(value) = value { #check })
            }
            (Some(check), true) => {
                quote!(if let ::bggo_runtime::glue::Early::Known(::core::option::Option::Some(value)) = value { #check })
            }
        };
        return quote!(In::#variant(value) => { #check self.#field = ::core::clone::Clone::clone(value); });
    }
    // It has a default: null stands for that.
    let check = check.unwrap_or_default();
    quote! {
        In::#variant(::bggo_runtime::glue::Early::Known(::core::option::Option::Some(value))) => {
            #check
            self.#field = ::bggo_runtime::glue::Early::Known(::core::clone::Clone::clone(value));
        }
        In::#variant(::bggo_runtime::glue::Early::Known(::core::option::Option::None)) => {}
        In::#variant(::bggo_runtime::glue::Early::Later) => self.#field = ::bggo_runtime::glue::Early::Later,
    }
}

/// Statements that leave with a fault unless `value` is one that the manifest allows; `text` is its text where it is one.
/// Patterns are not among them: they are judged when the grid is built, so that no program links an engine for them.
fn value_check(input: &Input, text: TokenStream) -> Option<TokenStream> {
    let name = &input.name;
    let listed = (!input.one_of.is_empty()).then(|| {
        let allowed = &input.one_of;
        quote!(::bggo_runtime::glue::Fault::one_of(#name, #text, &[#(#allowed),*])?;)
    });
    let bounds = input.bounds.iter().map(|bound| {
        let wrong = breaks(input, bound, &text);
        let fault = rule::value_fault(&format!("`{name}` {bound}"));
        quote!(if #wrong { return ::core::result::Result::Err(#fault); })
    });
    let checks: Vec<TokenStream> = listed.into_iter().chain(bounds).collect();
    (!checks.is_empty()).then(|| quote!(#(#checks)*))
}

/// An expression: whether `value` breaks a bound.
fn breaks(input: &Input, bound: &Bound, text: &TokenStream) -> TokenStream {
    let ty = early(input);
    // `value` is borrowed or not.
    let compared = |limit: &Value, operator: TokenStream| {
        let limit = constant(input, limit);
        quote!({ let value: &#ty = &value; *value #operator #limit })
    };
    let length = match input.carrier() {
        Carrier::Text => {
            quote!({ let text: &str = #text; ::core::option::Option::Some(text.chars().count()) })
        }
        Carrier::Bytes => quote!(::core::option::Option::Some(value.len())),
        Carrier::Value | Carrier::Shape => quote!(value.length()),
        Carrier::Number
        | Carrier::Bool
        | Carrier::Duration
        | Carrier::Size
        | Carrier::Predicate
        | Carrier::Method => {
            quote!(::core::option::Option::<usize>::None)
        }
    };
    match bound {
        Bound::Min(least) => compared(least, quote!(<)),
        Bound::Max(most) => compared(most, quote!(>)),
        Bound::MoreThan(limit) => compared(limit, quote!(<=)),
        Bound::MinLength(least) => quote!(#length.is_some_and(|length| length < #least)),
        Bound::MaxLength(most) => quote!(#length.is_some_and(|length| length > #most)),
    }
}

/// Whether a late input borrows anything: then `Late` has a lifetime.
pub fn borrows(inputs: &[Input]) -> bool {
    inputs.iter().any(|input| {
        matches!(
            input.carrier(),
            Carrier::Text | Carrier::Bytes | Carrier::Value | Carrier::Shape | Carrier::Predicate
        )
    })
}

/// `Late`, `Plain`, and `Inputs::with`.
pub fn late_inputs(inputs: &[Input], rules: &[Rule]) -> TokenStream {
    // Where nothing is borrowed there is no lifetime.
    let (life, lives) = if borrows(inputs) {
        (quote!(<'a>), quote!('a))
    } else {
        (quote!(), quote!())
    };
    let variants = inputs.iter().map(|input| {
        let (name, ty, doc) = (
            camel(&input.name),
            option(input.optional(), late(input)),
            doc(input),
        );
        quote!(#[doc = #doc] #name(#ty))
    });
    let fields = inputs.iter().map(|input| {
        let (name, ty, doc) = (
            snake(&input.name),
            option(input.may_be_absent(), plain(input)),
            doc(input),
        );
        quote!(#[doc = #doc] pub #name: #ty)
    });
    let locals = inputs.iter().map(|input| {
        let (name, local) = (snake(&input.name), local(&input.name));
        let value = as_plain(input, input.may_be_absent());
        quote! {
            let mut #local = match &self.#name {
                ::bggo_runtime::glue::Early::Known(value) => #value,
                ::bggo_runtime::glue::Early::Later => ::core::option::Option::None,
            };
        }
    });
    let arms = inputs.iter().map(late_arm);
    let loops = if inputs.is_empty() {
        quote!()
    } else {
        quote!(for late_input in late { match *late_input { #(#arms)* } })
    };
    // A text is made last, so that nothing has to be dropped where another input is missing. (There are no closures, for each of
    // them would be one more function to compile.)
    let made = |input: &Input| match input.carrier() {
        Carrier::Text => quote!(value.text()),
        _ => quote!(value),
    };
    let required = inputs
        .iter()
        .filter(|input| !input.may_be_absent() && input.default.is_none());
    let required = required.map(|input| {
        let (local, text) = (local(&input.name), &input.name);
        quote! {
            let ::core::option::Option::Some(#local) = #local else {
                return ::core::result::Result::Err(::bggo_runtime::glue::Fault::missing(#text));
            };
        }
    });
    let results = inputs.iter().map(|input| {
        let (name, local, made) = (snake(&input.name), local(&input.name), made(input));
        let value = if input.may_be_absent() {
            quote!(match #local {
                ::core::option::Option::Some(::core::option::Option::Some(value)) => ::core::option::Option::Some(#made),
                _ => ::core::option::Option::None,
            })
        } else if let Some(value) = &input.default {
            // A late null leaves the default.
            let default = plain_constant(input, value);
            quote!(match #local {
                ::core::option::Option::Some(value) => #made,
                ::core::option::Option::None => #default,
            })
        } else {
            quote!({ let value = #local; #made })
        };
        quote!(#name: #value)
    });
    let rules = rule::checks(rules, |name| {
        let local = local(name);
        quote!(#local.as_ref().map(::core::option::Option::is_some))
    });
    let checks = inputs.iter().filter_map(|input| {
        let variant = camel(&input.name);
        let check = value_check(input, quote!(&value.to_string()))?;
        let pattern = if input.optional() {
            quote!(::core::option::Option::Some(value))
        } else {
            quote!(value)
        };
        Some(quote!(if let Late::#variant(#pattern) = late_input { #check }))
    });
    quote! {
        /// An input that comes with `run`.
        #[derive(Debug, Clone, Copy)]
        pub enum Late #life { #(#variants),* }

        /// Each input as a plain value, wherever it came from.
        #[derive(Debug)]
        pub struct Plain #life { #(#fields),* }

        impl Inputs {
            /// Each input as a plain value: the late one, else the early one, else the default.
            ///
            /// # Errors
            /// A required input is missing.
            #[inline(never)]
            #[allow(unused_mut, unused_variables)]
            pub fn with #life(&#lives self, late: &#lives [Late #life]) -> ::core::result::Result<Plain #life, ::bggo_runtime::glue::Fault> {
                #(#locals)*
                #loops
                #rules
                #(#required)*
                ::core::result::Result::Ok(Plain { #(#results),* })
            }
        }

        #[allow(unused_variables, clippy::unnecessary_wraps)]
        fn check #life(late: &[Late #life]) -> ::core::result::Result<(), ::bggo_runtime::glue::Fault> {
            for late_input in late { #(#checks)* }
            ::core::result::Result::Ok(())
        }
    }
}

/// A known value, borrowed or copied, as it stands in `Plain` (within its `Option` where it may be absent), as an
/// `Option`: there is none while a shape has holes.
fn as_plain(input: &Input, may_be_absent: bool) -> TokenStream {
    let value = match (input.carrier(), may_be_absent) {
        (Carrier::Text, false) => quote!(::bggo_runtime::glue::PlainText::Known(value)),
        (Carrier::Text, true) => quote!(match value {
            ::core::option::Option::Some(value) =>
                ::core::option::Option::Some(::bggo_runtime::glue::PlainText::Known(value)),
            ::core::option::Option::None => ::core::option::Option::None,
        }),
        (Carrier::Value, false) => quote!(value),
        (Carrier::Value, true) => quote!(value.as_ref()),
        (Carrier::Shape, false) => {
            return quote!(value.known().map(::std::borrow::Cow::Borrowed));
        }
        (Carrier::Shape, true) => {
            return quote!(match value {
                ::core::option::Option::None =>
                    ::core::option::Option::Some(::core::option::Option::None),
                ::core::option::Option::Some(value) => value
                    .known()
                    .map(|value| ::core::option::Option::Some(::std::borrow::Cow::Borrowed(value))),
            });
        }
        (Carrier::Bytes, false) => quote!(&**value),
        (Carrier::Bytes, true) => quote!(value.as_deref()),
        // Known is only that there is none.
        (Carrier::Predicate, false) => return quote!(::core::option::Option::None),
        (Carrier::Predicate, true) => quote!(::core::option::Option::None),
        (
            Carrier::Number | Carrier::Bool | Carrier::Duration | Carrier::Size | Carrier::Method,
            _,
        ) => quote!(*value),
    };
    quote!(::core::option::Option::Some(#value))
}

fn late_arm(input: &Input) -> TokenStream {
    let (variant, name) = (camel(&input.name), local(&input.name));
    let value = match input.carrier() {
        Carrier::Text => quote!(::bggo_runtime::glue::PlainText::Late(value)),
        Carrier::Shape => {
            let field = snake(&input.name);
            let shape = match input.may_be_absent() {
                true => quote!(self.#field.known().and_then(::core::option::Option::as_ref)),
                false => quote!(self.#field.known()),
            };
            quote!(value.value(#shape)?)
        }
        _ => quote!(value),
    };
    let given = quote!(Late::#variant(::core::option::Option::Some(value)));
    match (input.optional(), input.may_be_absent()) {
        (false, _) => {
            quote!(Late::#variant(value) => #name = ::core::option::Option::Some(#value),)
        }
        (true, true) => quote! {
            #given => #name = ::core::option::Option::Some(::core::option::Option::Some(#value)),
            Late::#variant(::core::option::Option::None) => #name = ::core::option::Option::Some(::core::option::Option::None),
        },
        (true, false) => quote! {
            #given => #name = ::core::option::Option::Some(#value),
            Late::#variant(::core::option::Option::None) => #name = ::core::option::Option::None,
        },
    }
}

fn doc(input: &Input) -> String {
    if input.description.is_empty() {
        format!("Input `{}`.", input.name)
    } else {
        input.description.clone()
    }
}

/// A default as an early value.
fn constant(input: &Input, value: &Value) -> TokenStream {
    match (input.carrier(), value) {
        (Carrier::Text, Value::Text(text)) if input.form == Form::Plain => {
            let text = text.as_str();
            quote!(::bggo_runtime::glue::Text::Static(#text))
        }
        (Carrier::Text, value) => {
            let text = bggo_values::json::encode_plain(value);
            quote!(::bggo_runtime::glue::Text::Static(#text))
        }
        (Carrier::Number, Value::Number(number)) => parts(number),
        (Carrier::Bool, Value::Bool(value)) => quote!(#value),
        (Carrier::Duration, Value::Duration(time)) => {
            let (seconds, nanos) = (time.as_secs(), time.subsec_nanos());
            quote!(::core::time::Duration::new(#seconds, #nanos))
        }
        (Carrier::Size, Value::Number(size)) => {
            // The manifest's reader has made sure that a default is of its type.
            let size = size.as_u64().unwrap_or_default();
            quote!(#size)
        }
        (Carrier::Bytes, Value::Bytes(bytes)) => bytes_tokens(bytes),
        (Carrier::Shape, value) => {
            let value = tokens(value);
            quote!(::bggo_runtime::glue::Shape::Known(#value))
        }
        (_, value) => tokens(value),
    }
}

/// A default as a plain value.
fn plain_constant(input: &Input, value: &Value) -> TokenStream {
    match input.carrier() {
        Carrier::Text => {
            let text = match value {
                Value::Text(text) if input.form == Form::Plain => text.as_str().to_owned(),
                value => bggo_values::json::encode_plain(value),
            };
            quote!(::std::borrow::Cow::Borrowed(#text))
        }
        Carrier::Value | Carrier::Shape => {
            let value = tokens(value);
            let value = quote!({
                static DEFAULT: ::bggo_runtime::glue::Value = #value;
                &DEFAULT
            });
            match input.carrier() {
                Carrier::Shape => quote!(::std::borrow::Cow::Borrowed(#value)),
                _ => value,
            }
        }
        Carrier::Bytes => match value {
            Value::Bytes(bytes) => {
                let literal = proc_macro2::Literal::byte_string(bytes);
                quote!(#literal.as_slice())
            }
            value => tokens(value),
        },
        Carrier::Number
        | Carrier::Bool
        | Carrier::Duration
        | Carrier::Size
        | Carrier::Predicate
        | Carrier::Method => constant(input, value),
    }
}

fn parts(number: &bggo_values::Number) -> TokenStream {
    let (lo, mid, hi, negative, scale) = number.parts();
    quote!(::bggo_runtime::glue::Number::from_parts(#lo, #mid, #hi, #negative, #scale))
}

/// A value as a constant expression.
fn tokens(value: &Value) -> TokenStream {
    let path = quote!(::bggo_runtime::glue::Value);
    match value {
        Value::Null => quote!(#path::Null),
        Value::Bool(value) => quote!(#path::Bool(#value)),
        Value::Number(number) => {
            let number = parts(number);
            quote!(#path::Number(#number))
        }
        Value::Text(text) => {
            let text = text.as_str();
            quote!(#path::text(#text))
        }
        Value::Duration(time) => {
            let (seconds, nanos) = (time.as_secs(), time.subsec_nanos());
            quote!(#path::Duration(::core::time::Duration::new(#seconds, #nanos)))
        }
        Value::Bytes(bytes) => {
            let bytes = bytes_tokens(bytes);
            quote!(#path::Bytes(#bytes))
        }
        Value::List(items) => {
            let items = items.iter().map(tokens);
            quote!(#path::list(const { &[#(#items),*] }))
        }
        Value::Object(pairs) => {
            let pairs = pairs.iter().map(|(key, value)| pair(key, value));
            quote!(#path::object(const { &[#(#pairs),*] }))
        }
        Value::Raw(raw) => tokens(&raw.parse().unwrap_or(Value::Null)),
    }
}

fn bytes_tokens(bytes: &Seq<u8>) -> TokenStream {
    let literal = proc_macro2::Literal::byte_string(bytes);
    quote!(::bggo_runtime::glue::Seq::Static(#literal))
}

fn pair(key: &Text, value: &Value) -> TokenStream {
    let (key, value) = (key.as_str(), tokens(value));
    quote!((::bggo_runtime::glue::Text::Static(#key), #value))
}

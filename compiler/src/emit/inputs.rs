//! Inputs that are known before a user runs: statics where the grid says them, functions where the start does.

use super::constant;
use super::cut::or_unused;
use super::expr::At;
use super::names::{camel, field};
use super::tree::Leaf;
use super::writer::Writer;
use crate::check::typed::{Binding, TExpr, TKind, constant_duration};
use crate::plan::model::{Argument, Step};
use bggo_manifest::{Carrier, Form};
use bggo_values::{Value, json};
use proc_macro2::{Ident, Literal, TokenStream};
use quote::{format_ident, quote};

/// Whether an argument differs between users, iterations or instances.
pub fn is_late(argument: &Argument) -> bool {
    argument.value.binding > Binding::Start
}

impl Writer<'_> {
    /// The field of a step in `Steps`.
    pub fn step_leaves(&self) -> Vec<Leaf> {
        (0..self.plan.steps.len())
            .map(|at| {
                let (step, names) = (&self.plan.steps[at], &self.steps[at]);
                let runner = field(&step.runner);
                let (wanted, policy) = (wanted(step, &runner), fixed_policy(step));
                let prepared = if is_started(&step.arguments) {
                    let prepare = &names.prepare;
                    quote!(#runner::Prepared::new(cx, #prepare(cx.start()), #wanted, #policy))
                } else {
                    let inputs = known(&step.arguments, &names.inputs);
                    quote!(#runner::Prepared::fixed(cx, #inputs, #wanted, #policy))
                };
                let limit = late_limit(step).map(|_| {
                    let limit = &names.limit;
                    quote!(.execution(#limit(cx.start())))
                });
                Leaf {
                    name: names.name.clone(),
                    ty: quote!(#runner::Prepared),
                    value: quote!(#prepared #limit),
                }
            })
            .collect()
    }

    /// The field of a resource in `Ready`.
    pub fn ready_leaf(&mut self, at: usize) -> Leaf {
        let resource = &self.plan.resources[at];
        let asset = field(&resource.asset);
        let value = self.resource_prepared(at, &quote!(cx));
        Leaf {
            name: self.resources[at].name.clone(),
            ty: quote!(::std::rc::Rc<#asset::Prepared>),
            value,
        }
    }

    /// What prepares a resource.
    pub fn resource_prepared(&self, at: usize, cx: &TokenStream) -> TokenStream {
        let (resource, names) = (&self.plan.resources[at], &self.resources[at]);
        let asset = field(&resource.asset);
        if is_started(&resource.arguments) {
            let prepare = &names.prepare;
            return quote!(#asset::Prepared::new(#cx, #prepare(#cx.start())));
        }
        let inputs = known(&resource.arguments, &names.inputs);
        quote!(#asset::Prepared::fixed(#cx, #inputs))
    }

    /// Known inputs of steps and resources: statics, and functions for those known at start.
    pub fn inputs(&mut self) -> TokenStream {
        let mut out = TokenStream::new();
        let plan = self.plan;
        for (at, step) in plan.steps.iter().enumerate() {
            let doc = self.step_doc(at);
            let names = &self.steps[at];
            let (owner, prepare, inputs, limit_name) = (
                names.name.clone(),
                names.prepare.clone(),
                names.inputs.clone(),
                names.limit.clone(),
            );
            self.write_for(owner);
            let module = field(&step.runner);
            out.extend(self.known_inputs(&step.arguments, [&module, &prepare, &inputs], &doc));
            if let Some(limit) = late_limit(step) {
                let value = self.reference(limit, At::Start);
                let limit = self.placed(quote!(take::limit(#value)), limit.span);
                let s = or_unused("s", &limit);
                let doc = format!("{doc}: its time limit");
                out.extend(quote! {
                    #[doc = #doc]
                    fn #limit_name(#s: &Start) -> Result<::std::time::Duration, Fault> {
                        #limit
                    }
                });
            }
            out.extend(self.take_parts());
        }
        for (at, resource) in plan.resources.iter().enumerate() {
            let doc = self.resource_doc(at);
            let names = &self.resources[at];
            let (owner, prepare, inputs) = (
                names.name.clone(),
                names.prepare.clone(),
                names.inputs.clone(),
            );
            self.write_for(owner);
            let module = field(&resource.asset);
            out.extend(self.known_inputs(&resource.arguments, [&module, &prepare, &inputs], &doc));
            out.extend(self.take_parts());
        }
        out
    }

    /// The inputs of one step or resource, by the names of its module, function and static.
    fn known_inputs(
        &mut self,
        arguments: &[Argument],
        [module, prepare, inputs]: [&Ident; 3],
        doc: &str,
    ) -> TokenStream {
        if arguments.is_empty() {
            return quote!();
        }
        if !is_started(arguments) {
            let items: Vec<_> = arguments
                .iter()
                .map(|argument| self.fixed_input(argument, module))
                .collect();
            let count = Literal::usize_unsuffixed(items.len());
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
                let value = self.taken(argument, At::Start);
                let variant = camel(&argument.input.name);
                quote!(#module::In::#variant(Early::Known(#value)))
            })
            .collect();
        let body = quote!(Ok(Vec::from([#(#items),*])));
        let s = or_unused("s", &body);
        quote! {
            #[doc = #doc]
            fn #prepare(#s: &Start) -> Result<Vec<#module::In>, Fault> {
                #body
            }
        }
    }

    /// An input that is known when the grid is built, or `Later`.
    fn fixed_input(&mut self, argument: &Argument, module: &Ident) -> TokenStream {
        let (input, variant) = (&argument.input, camel(&argument.input.name));
        let TKind::Constant(value) = &argument.value.kind else {
            return quote!(#module::In::#variant(Early::Later));
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
            (_, value) => self.constants.value(value),
        };
        if input.optional() {
            quote!(#module::In::#variant(Early::Known(Some(#known))))
        } else {
            quote!(#module::In::#variant(Early::Known(#known)))
        }
    }

    /// An input as an owned value, computed here.
    pub fn taken(&mut self, argument: &Argument, at: At<'_>) -> TokenStream {
        let (input, name) = (&argument.input, &argument.input.name);
        let span = argument.value.span;
        if input.form == Form::Json {
            let value = self.shown_reference(argument, at);
            if input.nullable {
                return quote!(Text::from(json::encode_plain(#value)));
            }
            if input.optional() {
                return quote!(take::optional_json(#value));
            }
            let text = self.placed(quote!(take::json(#value, #name)), span);
            return quote!(#text?);
        }
        let function = match input.carrier() {
            Carrier::Text => "text",
            Carrier::Number => "number",
            Carrier::Bool => "bool",
            Carrier::Duration => "duration",
            Carrier::Size => "size",
            Carrier::Bytes => "bytes",
            Carrier::Value => {
                let value = self.shown(argument, at);
                if input.nullable {
                    return value;
                }
                if input.optional() {
                    return quote!(take::optional_value(#value));
                }
                let value = self.placed(quote!(take::value(#value, #name)), span);
                return quote!(#value?);
            }
        };
        let value = self.shown_reference(argument, at);
        let call = if input.optional() {
            let function = format_ident!("optional_{function}");
            quote!(take::#function(#value))
        } else {
            let function = format_ident!("{function}");
            quote!(take::#function(#value, #name))
        };
        let call = self.placed(call, span);
        quote!(#call?)
    }

    /// An argument's value, without what is sensitive where a reader will see it.
    pub fn shown(&mut self, argument: &Argument, at: At<'_>) -> TokenStream {
        if !is_redacted(argument) {
            return self.value(&argument.value, at);
        }
        let value = self.reference(&argument.value, at);
        let paths = &argument.value.sensitivity.paths;
        let paths = paths.iter().map(|path| quote!(&[#(#path),*]));
        quote!(ops::redact(#value, &[#(#paths),*]))
    }

    fn shown_reference(&mut self, argument: &Argument, at: At<'_>) -> TokenStream {
        if !is_redacted(argument) {
            return self.reference(&argument.value, at);
        }
        let value = self.shown(argument, at);
        quote!(&#value)
    }
}

/// Whether parts of an argument are replaced before the module sees it.
pub fn is_redacted(argument: &Argument) -> bool {
    argument.input.shown && !argument.value.sensitivity.paths.is_empty()
}

/// Whether some arguments are known only when the program starts.
fn is_started(arguments: &[Argument]) -> bool {
    arguments.iter().any(is_of_start)
}

/// Computed when the program starts: also what needs nothing but a fault of which is the run's, not the grid's.
fn is_of_start(argument: &Argument) -> bool {
    !is_late(argument) && argument.value.constant().is_none()
}

/// Inputs that are known when the grid is built.
fn known(arguments: &[Argument], inputs: &Ident) -> TokenStream {
    if arguments.is_empty() {
        quote!(&[])
    } else {
        quote!(&#inputs)
    }
}

/// A time limit that is known only when the program starts.
fn late_limit(step: &Step) -> Option<&TExpr> {
    step.execution
        .as_ref()
        .filter(|limit| limit.constant().is_none())
}

fn fixed_policy(step: &Step) -> TokenStream {
    let limit = step.execution.as_ref().and_then(constant_duration);
    let limit = limit.map(|limit| {
        let limit = constant::duration(limit);
        quote!(.execution(#limit))
    });
    let goes_on = step
        .continue_on_failure
        .then(|| quote!(.continue_on_failure()));
    quote!(Policy::new() #limit #goes_on)
}

fn wanted(step: &Step, runner: &Ident) -> TokenStream {
    let read = step.outputs.iter().map(|name| {
        let name = field(name);
        quote!(.#name())
    });
    quote!(#runner::Wanted::NONE #(#read)*)
}

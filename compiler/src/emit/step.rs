//! Steps: known inputs as statics, one function for each step that has more to do than to run, arguments to inputs.

use super::constant;
use super::expr::{Around, At, Keys};
use super::names::{camel, field};
use super::tree::Leaf;
use super::writer::Writer;
use crate::check::typed::{Binding, TExpr, TKind, TPart, constant_duration};
use crate::plan::model::{Argument, Instances, Step};
use bggo_manifest::{Carrier, Form, Lifetime};
use bggo_values::{Value, json};
use proc_macro2::{Ident, Literal, TokenStream};
use quote::{format_ident, quote};

/// Whether an argument differs between users, iterations or instances.
fn is_late(argument: &Argument) -> bool {
    argument.value.binding > Binding::Start
}

impl Writer<'_> {
    /// A step is one statement of its chain: nothing late, nothing read, no resource to wait for or to let go.
    pub fn is_plain(&self, at: usize) -> bool {
        let step = &self.plan.steps[at];
        step.enabled.is_none()
            && step.outputs.is_empty()
            && step.needs.is_empty()
            && step.users_of.is_empty()
            && !step.arguments.iter().any(is_late)
    }

    /// The field of a step in `Steps`.
    pub fn step_leaves(&mut self) -> Vec<Leaf> {
        (0..self.plan.steps.len())
            .map(|at| {
                let step = &self.plan.steps[at];
                let (name, runner) = (self.steps[at].name.clone(), field(&step.runner));
                let wanted = wanted(step, &runner);
                let value = if self.is_started(step) {
                    let prepare = &self.steps[at].prepare;
                    quote!(#runner::Prepared::new(cx, #prepare(cx.start()), #wanted))
                } else {
                    let (inputs, policy) = (&self.steps[at].inputs, self.fixed_policy(step));
                    let inputs = if step.arguments.is_empty() {
                        quote!(&[])
                    } else {
                        quote!(&#inputs)
                    };
                    quote!(#runner::Prepared::fixed(cx, #inputs, #wanted, #policy))
                };
                Leaf {
                    name,
                    ty: quote!(#runner::Prepared),
                    value,
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
        let resource = &self.plan.resources[at];
        let (asset, names) = (field(&resource.asset), &self.resources[at]);
        if resource
            .arguments
            .iter()
            .any(|argument| argument.value.binding == Binding::Start)
        {
            let prepare = &names.prepare;
            return quote!(#asset::Prepared::new(#cx, #prepare(#cx.start())));
        }
        let inputs = &names.inputs;
        if resource.arguments.is_empty() {
            quote!(#asset::Prepared::fixed(#cx, &[]))
        } else {
            quote!(#asset::Prepared::fixed(#cx, &#inputs))
        }
    }

    fn is_started(&self, step: &Step) -> bool {
        let limit = step
            .execution
            .as_ref()
            .is_some_and(|limit| limit.binding == Binding::Start);
        limit
            || step
                .arguments
                .iter()
                .any(|argument| argument.value.binding == Binding::Start)
    }

    fn fixed_policy(&self, step: &Step) -> TokenStream {
        let limit = step
            .execution
            .as_ref()
            .and_then(constant_duration)
            .map(constant::duration);
        let limit = limit.map(|limit| quote!(.execution(#limit)));
        let goes_on = step
            .continue_on_failure
            .then(|| quote!(.continue_on_failure()));
        quote!(Policy::new()#limit #goes_on)
    }

    /// Known inputs of steps and resources: statics, and functions for those known at start.
    pub fn inputs(&mut self) -> TokenStream {
        let mut out = TokenStream::new();
        let plan = self.plan;
        for (at, step) in plan.steps.iter().enumerate() {
            let runner = field(&step.runner);
            if self.is_started(step) {
                let items = self.start_inputs(&step.arguments, &runner);
                let policy = self.fixed_policy(step);
                let limit = step
                    .execution
                    .as_ref()
                    .filter(|limit| limit.binding == Binding::Start)
                    .map(|limit| {
                        let at = At {
                            around: Around::Start,
                            inside: false,
                        };
                        let (value, place) = (self.value(limit, at), self.place(limit.span));
                        quote!(.execution(take::limit(&#value).at(#place)?))
                    });
                let (name, doc) = (&self.steps[at].prepare, self.step_doc(at));
                out.extend(quote! {
                    #[doc = #doc]
                    fn #name(s: &Start) -> Result<(Vec<#runner::In>, Policy), Fault> {
                        Ok((Vec::from([#(#items),*]), #policy #limit))
                    }
                });
            } else if !step.arguments.is_empty() {
                let items: Vec<_> = step
                    .arguments
                    .iter()
                    .map(|argument| self.fixed_input(argument, &runner))
                    .collect();
                let (name, doc, count) = (
                    &self.steps[at].inputs,
                    self.step_doc(at),
                    Literal::usize_unsuffixed(items.len()),
                );
                out.extend(quote! {
                    #[doc = #doc]
                    static #name: [#runner::In; #count] = [#(#items),*];
                });
            }
        }
        for (at, resource) in plan.resources.iter().enumerate() {
            let asset = field(&resource.asset);
            let doc = self.resource_doc(at);
            if resource
                .arguments
                .iter()
                .any(|argument| argument.value.binding == Binding::Start)
            {
                let items = self.start_inputs(&resource.arguments, &asset);
                let name = &self.resources[at].prepare;
                out.extend(quote! {
                    #[doc = #doc]
                    fn #name(s: &Start) -> Result<Vec<#asset::In>, Fault> {
                        Ok(Vec::from([#(#items),*]))
                    }
                });
            } else if !resource.arguments.is_empty() {
                let items: Vec<_> = resource
                    .arguments
                    .iter()
                    .map(|argument| self.fixed_input(argument, &asset))
                    .collect();
                let (name, count) = (
                    &self.resources[at].inputs,
                    Literal::usize_unsuffixed(items.len()),
                );
                out.extend(quote! {
                    #[doc = #doc]
                    static #name: [#asset::In; #count] = [#(#items),*];
                });
            }
        }
        out
    }

    fn start_inputs(&mut self, arguments: &[Argument], module: &Ident) -> Vec<TokenStream> {
        arguments
            .iter()
            .map(|argument| match argument.value.binding {
                Binding::Start => {
                    let value = self.taken(
                        argument,
                        At {
                            around: Around::Start,
                            inside: false,
                        },
                    );
                    let variant = camel(&argument.input.name);
                    quote!(#module::In::#variant(Early::Known(#value)))
                }
                _ => self.fixed_input(argument, module),
            })
            .collect()
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
        let value = self.shown(argument, at);
        let place = self.place(argument.value.span);
        if input.form == Form::Json {
            let text = quote!(Text::from(json::encode_plain(&#value)));
            return if input.optional() {
                quote!(Some(#text))
            } else {
                text
            };
        }
        let function = match input.carrier() {
            Carrier::Text => "text",
            Carrier::Number => "number",
            Carrier::Bool => "bool",
            Carrier::Duration => "duration",
            Carrier::Value if input.nullable => return value,
            Carrier::Value if input.optional() => return quote!(take::optional_value(#value)),
            Carrier::Value => return quote!(take::value(#value, #name).at(#place)?),
        };
        if input.optional() {
            let function = format_ident!("optional_{function}");
            quote!(take::#function(&#value).at(#place)?)
        } else {
            let function = format_ident!("{function}");
            quote!(take::#function(&#value, #name).at(#place)?)
        }
    }

    /// An argument's value, without what is sensitive where a reader will see it.
    fn shown(&mut self, argument: &Argument, at: At<'_>) -> TokenStream {
        let value = self.value(&argument.value, at);
        let paths = &argument.value.sensitivity.paths;
        if !argument.input.shown || paths.is_empty() {
            return value;
        }
        let paths = paths.iter().map(|path| quote!(&[#(#path),*]));
        quote!(ops::redact(&#value, &[#(#paths),*]))
    }

    /// The functions of a step that is more than one statement.
    pub fn step_functions(&mut self, at: usize) -> TokenStream {
        if self.is_plain(at) {
            return quote!();
        }
        let plan = self.plan;
        let step = &plan.steps[at];
        let keys = self.step_keys(at);
        let here = At {
            around: Around::Iteration(Some(&keys)),
            inside: false,
        };
        let instanced = !matches!(step.instances, Instances::Single);
        let (index_parameter, index_argument) = if instanced {
            (quote!(, index: u32), quote!(, index))
        } else {
            (quote!(), quote!())
        };
        let slot = (!step.outputs.is_empty()).then(|| self.own_output(at, instanced));
        let enabled = step.enabled.as_ref().map(|enabled| {
            let condition = self.truth(enabled, here);
            let skip = slot.as_ref().map(|slot| quote!(#slot.skip();));
            quote! {
                if !#condition {
                    #skip
                    return Ok(Ran::Skipped);
                }
            }
        });
        let needs: Vec<_> = step.needs.iter().map(|need| self.wait_for(*need)).collect();
        let (lets, late) = self.late(&step.arguments, &field(&step.runner), here);
        let (path, uses) = (self.step_path(at), self.needs(at));
        let ran = match &slot {
            Some(slot) => {
                let kept = step.outputs.iter().map(|name| field(name));
                quote! {
                    let output = #path.run(step, #uses, &[#(#late),*]).await?;
                    #slot.set([#(output.#kept),*]);
                }
            }
            None => quote!(#path.run(step, #uses, &[#(#late),*]).await?;),
        };
        let names = &self.steps[at];
        let (name, attempt, doc) = (names.name.clone(), names.attempt.clone(), self.step_doc(at));
        let at_step = self.at_step(at);
        quote! {
            #[doc = #doc]
            async fn #name(m: &Main<'_> #index_parameter) -> Flow {
                let step = m.it.step(#at_step, #path.policy());
                step.drive(&mut || Box::pin(#attempt(m, &step #index_argument))).await
            }

            async fn #attempt(m: &Main<'_>, step: &Step<'_> #index_parameter) -> Result<Ran, Fault> {
                #enabled
                #(#needs)*
                #(#lets)*
                #ran
                Ok(Ran::Done)
            }
        }
    }

    fn own_output(&self, at: usize, instanced: bool) -> TokenStream {
        let (path, info) = (self.output_path(at), self.info(at));
        if instanced {
            quote!(m.outputs.#path.at(index, #info)?)
        } else {
            quote!(m.outputs.#path)
        }
    }

    /// `At` of a step or of the instance `index`.
    pub fn at_step(&mut self, at: usize) -> TokenStream {
        let info = self.info(at);
        match self.plan.steps[at].instances {
            Instances::Single => quote!(At::step(#info)),
            Instances::Count(_) => quote!(At::index(#info, index)),
            Instances::Keys(_) => {
                let keys = self.key_static(at);
                quote!(At::nth(#info, &#keys, index))
            }
        }
    }

    fn step_keys(&mut self, at: usize) -> Keys {
        match self.plan.steps[at].instances {
            Instances::Keys(_) => Keys {
                keys: Some(self.key_static(at)),
                values: Some(self.steps[at].values.clone()),
            },
            _ => Keys {
                keys: None,
                values: None,
            },
        }
    }

    /// The assets that a step is handed.
    pub fn needs(&self, at: usize) -> TokenStream {
        let step = &self.plan.steps[at];
        let runner = field(&step.runner);
        let gets = step.uses.iter().map(|(key, resource)| {
            let (key, name) = (field(key), &self.resources[*resource].name);
            quote!(.#key(#name(m)))
        });
        quote!(#runner::Needs::NONE #(#gets)*)
    }

    fn wait_for(&self, resource: usize) -> TokenStream {
        let path = self.resource_path(resource);
        match self.plan.resources[resource].scope {
            Lifetime::Run => quote!(#path.get(&m.it).await?;),
            _ => {
                let name = &self.resources[resource].name;
                quote!(#name(m).await?;)
            }
        }
    }

    /// Late inputs: what is computed first, then the list.
    fn late(
        &mut self,
        arguments: &[Argument],
        module: &Ident,
        at: At<'_>,
    ) -> (Vec<TokenStream>, Vec<TokenStream>) {
        let (mut lets, mut list) = (Vec::new(), Vec::new());
        for argument in arguments.iter().filter(|argument| is_late(argument)) {
            let variant = camel(&argument.input.name);
            let item = self.late_input(argument, &mut lets, at);
            list.push(quote!(#module::Late::#variant(#item)));
        }
        (lets, list)
    }

    fn late_input(
        &mut self,
        argument: &Argument,
        lets: &mut Vec<TokenStream>,
        at: At<'_>,
    ) -> TokenStream {
        let input = &argument.input;
        let name = format_ident!("{}", super::names::local(&input.name));
        let optional = input.optional();
        if input.carrier() == Carrier::Text {
            let mut text = Holes {
                format: String::new(),
                names: Vec::new(),
                base: name.to_string(),
            };
            let whole = match (&argument.value.kind, input.form) {
                (TKind::Template(parts), Form::Plain) if parts.len() > 1 => {
                    self.text_holes(parts, &mut text, lets, at)
                }
                (TKind::Object(_) | TKind::List(_), Form::Json) => {
                    self.json_holes(&argument.value, &mut text, lets, at)
                }
                _ => false,
            };
            if whole {
                let (format, names) = (text.format, text.names);
                let args = quote!(format_args!(#format #(, #names)*));
                return if optional { quote!(Some(#args)) } else { args };
            }
            let value = self.shown(argument, at);
            let place = self.place(argument.value.span);
            let json = input.form == Form::Json;
            let text = quote!(format_args!("{}", #name));
            if optional && json {
                lets.push(quote!(let #name = json::Shown(#value);));
                return quote!((!#name.0.is_null()).then_some(#text));
            }
            if optional {
                lets.push(quote!(let #name = #value;));
                return quote!((!#name.is_null()).then_some(#text));
            }
            let key = &input.name;
            lets.push(if json {
                quote!(let #name = json::Shown(take::value(#value, #key).at(#place)?);)
            } else {
                quote!(let #name = take::value(#value, #key).at(#place)?;)
            });
            return text;
        }
        let value = if input.carrier() == Carrier::Value {
            let value = self.shown(argument, at);
            if input.nullable || optional {
                value
            } else {
                let (key, place) = (&input.name, self.place(argument.value.span));
                quote!(take::value(#value, #key).at(#place)?)
            }
        } else {
            self.taken(argument, at)
        };
        lets.push(quote!(let #name = #value;));
        match input.carrier() {
            Carrier::Value if optional => quote!((!#name.is_null()).then_some(&#name)),
            Carrier::Value => quote!(&#name),
            _ => quote!(#name),
        }
    }

    /// A template's text with a `{}` for each part that varies.
    fn text_holes(
        &mut self,
        parts: &[TPart],
        text: &mut Holes,
        lets: &mut Vec<TokenStream>,
        at: At<'_>,
    ) -> bool {
        for part in parts {
            match part {
                TPart::Text(literal) => text.literal(literal),
                TPart::Hole(expr) => {
                    let (value, leave) = (self.value(expr, at), self.leave(expr.span, at));
                    let name = text.hole();
                    lets.push(quote!(let #name = ops::printable(#value)#leave;));
                }
                TPart::If {
                    condition: over, ..
                }
                | TPart::For { over, .. } => {
                    let value = self.part(part, over.span, at);
                    let name = text.hole();
                    lets.push(quote!(let #name = #value;));
                }
            }
        }
        true
    }

    /// JSON with its structure as literal text, and a `{}` for each part that varies. `false` when a key is computed.
    fn json_holes(
        &mut self,
        expr: &TExpr,
        text: &mut Holes,
        lets: &mut Vec<TokenStream>,
        at: At<'_>,
    ) -> bool {
        if has_computed_key(expr) {
            return false;
        }
        self.json_part(expr, text, lets, at);
        true
    }

    fn json_part(
        &mut self,
        expr: &TExpr,
        text: &mut Holes,
        lets: &mut Vec<TokenStream>,
        at: At<'_>,
    ) {
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
                    self.json_part(value, text, lets, at);
                }
                text.literal("}");
            }
            TKind::List(items) => {
                text.literal("[");
                for (number, item) in items.iter().enumerate() {
                    if number > 0 {
                        text.literal(",");
                    }
                    self.json_part(item, text, lets, at);
                }
                text.literal("]");
            }
            _ => {
                let value = self.value(expr, at);
                let name = text.hole();
                lets.push(quote!(let #name = json::Shown(#value);));
            }
        }
    }

    /// The function that gets a resource, and the one that computes its late inputs.
    pub fn resource_functions(&mut self, at: usize) -> TokenStream {
        let plan = self.plan;
        let resource = &plan.resources[at];
        if resource.scope == Lifetime::Run || !self.is_got(at) {
            return quote!();
        }
        let asset = field(&resource.asset);
        let late: Vec<&Argument> = resource
            .arguments
            .iter()
            .filter(|argument| is_late(argument))
            .collect();
        let items: Vec<_> = late
            .iter()
            .map(|argument| {
                let variant = camel(&argument.input.name);
                let value = self.taken(
                    argument,
                    At {
                        around: Around::Iteration(None),
                        inside: false,
                    },
                );
                quote!(#asset::In::#variant(Early::Known(#value)))
            })
            .collect();
        let (path, ready, doc) = (
            self.resource_path(at),
            self.ready_path(at),
            self.resource_doc(at),
        );
        let names = &self.resources[at];
        let (name, late_name) = (&names.name, &names.late);
        let (inputs, function) = if items.is_empty() {
            (quote!(Ok(Vec::new())), quote!())
        } else {
            let function = quote! {
                fn #late_name(m: &Main<'_>) -> Result<Vec<#asset::In>, Fault> {
                    Ok(Vec::from([#(#items),*]))
                }
            };
            (quote!(#late_name(m)), function)
        };
        quote! {
            #[doc = #doc]
            fn #name<'a>(m: &'a Main<'_>) -> #asset::Get<'a> {
                #path.get(&m.it, &mut |cx| #ready.create(cx, #inputs))
            }

            #function
        }
    }

    /// Some step asks for it.
    fn is_got(&self, at: usize) -> bool {
        self.plan
            .steps
            .iter()
            .any(|step| step.needs.contains(&at) || step.uses.iter().any(|(_, used)| *used == at))
    }

    /// `step "http_request" "first", four.hcl:3`
    pub fn step_doc(&self, at: usize) -> String {
        let step = &self.plan.steps[at];
        let instances = match &step.instances {
            Instances::Single => String::new(),
            Instances::Count(_) => ", `count`".to_owned(),
            Instances::Keys(_) => ", `for_each`".to_owned(),
        };
        format!(
            " step {:?} {:?}{instances}, {}",
            step.runner,
            step.name,
            self.plan.places.line(step.span)
        )
    }

    /// `resource "http_client" "shared", four.hcl:3`
    pub fn resource_doc(&self, at: usize) -> String {
        let resource = &self.plan.resources[at];
        if resource.implicit {
            return format!(" The `{}` of steps that name none.", resource.asset);
        }
        format!(
            " resource {:?} {:?}, {}",
            resource.asset,
            resource.name,
            self.plan.places.line(resource.span)
        )
    }

    /// Keys and values of a `for_each`.
    pub fn key_statics(&mut self) -> TokenStream {
        let mut out = TokenStream::new();
        let plan = self.plan;
        for at in self.read_keys.clone() {
            let Instances::Keys(keys) = &plan.steps[at].instances else {
                continue;
            };
            let (count, texts) = (
                Literal::usize_unsuffixed(keys.len()),
                keys.iter().map(|(key, _)| key),
            );
            let name = &self.steps[at].keys;
            out.extend(quote!(static #name: [&str; #count] = [#(#texts),*];));
            if reads_value(&plan.steps[at]) {
                let values: Vec<_> = keys
                    .iter()
                    .map(|(_, value)| self.constants.value(value))
                    .collect();
                let name = &self.steps[at].values;
                out.extend(quote!(static #name: [Value; #count] = [#(#values),*];));
            }
        }
        out
    }
}

fn reads_value(step: &Step) -> bool {
    let mut found = false;
    for expr in step
        .arguments
        .iter()
        .map(|argument| &argument.value)
        .chain(&step.enabled)
    {
        crate::plan::walk::walk(expr, &mut |node| {
            found |= matches!(node.kind, TKind::EachValue)
        });
    }
    found
}

fn has_computed_key(expr: &TExpr) -> bool {
    let mut found = false;
    crate::plan::walk::walk(expr, &mut |node| {
        if let TKind::Object(pairs) = &node.kind {
            found |= pairs
                .iter()
                .any(|(key, _)| !matches!(key.kind, TKind::Constant(Value::Text(_))));
        }
    });
    found
}

fn wanted(step: &Step, runner: &Ident) -> TokenStream {
    let read = step.outputs.iter().map(|name| {
        let name = field(name);
        quote!(.#name())
    });
    quote!(#runner::Wanted::NONE #(#read)*)
}

/// A format string in the making.
struct Holes {
    format: String,
    names: Vec<TokenStream>,
    base: String,
}

impl Holes {
    fn literal(&mut self, text: &str) {
        self.format
            .push_str(&text.replace('{', "{{").replace('}', "}}"));
    }

    fn hole(&mut self) -> Ident {
        self.format.push_str("{}");
        let name = format_ident!("{}_{}", self.base, self.names.len() + 1);
        self.names.push(quote!(#name));
        name
    }
}

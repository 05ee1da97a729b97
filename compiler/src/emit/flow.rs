//! Flows: what the struct of one run of a flow holds beside that of any body, its outputs, and the attempt of a step that
//! calls one. A flow is written once; each call is a struct that is filled and awaited.

use super::body::BodyField;
use super::names::{call_path, field};
use super::tokens::EvaluatedIn;
use super::writer::Writer;
use crate::plan::model::{Argument, Call, Schedule, Step};
use crate::resolve::model::{BodyId, InputId};
use bggo_manifest::Input;
use bggo_values::Value;
use proc_macro2::{Literal, TokenStream};
use quote::quote;

/// What is known of bodies.
impl Writer<'_> {
    /// `Body::new("browse", &BROWSE_STEPS)` with what it records and calls.
    pub fn body_info(&self, id: BodyId) -> TokenStream {
        let (body, names) = (self.plan.body(id), self.names_of_body(id));
        let (name, table) = (&body.name, &names.table);
        let metrics = (!body.metrics.is_empty()).then(|| {
            let table = &names.metric_table;
            quote!(.metrics(&#table))
        });
        let calls = body.steps.iter().zip(&names.steps);
        let calls = calls.filter_map(|(step, names)| {
            let call = step.call()?;
            let (flow, info) = (&self.names_of_body(call.body).info, &names.info);
            let first = Literal::u32_unsuffixed(call.first_slot);
            Some(quote!(BodyCall::new(#info, &#flow, #first)))
        });
        let calls: Vec<TokenStream> = calls.collect();
        let calls = (!calls.is_empty()).then(|| quote!(.calls(&[#(#calls),*])));
        let phases = self.hosted_rows(id);
        quote!(Body::new(#name, &#table) #metrics #calls #phases)
    }

    /// What is known of the flows that are called.
    pub fn flow_infos(&self) -> TokenStream {
        let bodies = self.plan.called_flows().into_iter();
        let bodies = bodies.chain(self.plan.phase_bodies());
        let flows = bodies.map(|id| {
            let (name, info) = (&self.names_of_body(id).info, self.body_info(id));
            let kind = match self.plan.body(id).phase {
                Some(_) => "phase",
                None => "flow",
            };
            let doc = format!(" The {kind} `{}`.", self.plan.body(id).name);
            quote! {
                #[doc = #doc]
                static #name: Body = #info;
            }
        });
        flows.collect()
    }
}

/// Parts of a flow.
impl Writer<'_> {
    /// The fields of one run that only a flow has: the assets that it is handed, and its inputs.
    pub fn flow_fields(&self) -> Vec<BodyField> {
        let Some(flow) = &self.body().flow else {
            return Vec::new();
        };
        let mut fields = Vec::new();
        if !flow.handed.is_empty() {
            let ty = &self.body_names().user_type;
            fields.push(BodyField {
                field: quote!(handed: #ty<'a>),
                value: quote!(),
            });
        }
        if !flow.read_inputs.is_empty() {
            let count = Literal::usize_unsuffixed(flow.read_inputs.len());
            fields.push(BodyField {
                field: quote!(inputs: [Value; #count]),
                value: quote!(),
            });
        }
        fields
    }

    /// The struct of the assets that a flow is handed, and the function that says which of its own are built on which.
    pub fn handed_struct(&self) -> TokenStream {
        let Some(flow) = &self.body().flow else {
            return quote!();
        };
        let mut out = TokenStream::new();
        let handed = &flow.handed;
        if !handed.is_empty() {
            let fields = handed.iter().map(|at| {
                let asset = field(&self.plan.resources[*at].asset);
                let name = &self.resource(*at).name;
                quote!(#name: &'a #asset::Slot)
            });
            let ty = &self.body_names().user_type;
            let doc = format!(" Assets that a call of `{}` hands to it.", self.body().name);
            out.extend(quote! {
                #[doc = #doc]
                struct #ty<'a> { #(#fields),* }
            });
        }
        let mut on = Vec::new();
        for &own in &flow.own {
            let path = self.resource_path(own);
            for below in &self.plan.resources[own].on {
                let under = self.resource_path(*below);
                // What it was handed is a reference already.
                on.push(match flow.handed.contains(below) {
                    true => quote!(#path.depend_on(#under);),
                    false => quote!(#path.depend_on(&#under);),
                });
            }
        }
        if !on.is_empty() {
            let (name, ty) = (&self.body_names().life, self.body_type());
            let doc = format!(
                " Says what the assets of a call of `{}` are built on.",
                self.body().name
            );
            out.extend(quote! {
                #[doc = #doc]
                fn #name(this: &#ty<'_>) { #(#on)* }
            });
        }
        out
    }

    /// The outputs of a flow that are read, each a function.
    pub fn flow_outputs(&mut self) -> TokenStream {
        let mut out = TokenStream::new();
        let plan = self.plan;
        let Some(flow) = &plan.body(self.body_id).flow else {
            return out;
        };
        for (at, output) in flow.outputs.iter().enumerate() {
            let Some(value) = &output.value else { continue };
            let name = self.body_names().flow_outputs[at].clone();
            self.write_for(&name);
            let result = self.result(value, EvaluatedIn::Body(None));
            let this = super::tokens::or_unused("this", &result);
            let ty = self.body_type();
            let doc = format!(
                " The output `{}` of the flow `{}`.",
                output.name,
                self.body().name
            );
            out.extend(quote! {
                #[doc = #doc]
                fn #name(#this: &#ty<'_>) -> Result<Value, Fault> {
                    #result
                }
            });
            out.extend(self.take_parts());
        }
        out
    }

    /// The position of an input among those that its flow reads.
    pub fn input_position(&self, id: InputId) -> Literal {
        let flow = self.plan.body(id.flow).flow.as_ref();
        let mut read = flow.map_or(&[][..], |flow| &flow.read_inputs).iter();
        let position = read.position(|index| *index == id.index);
        // What something reads is among what is read.
        Literal::usize_unsuffixed(position.unwrap_or_default())
    }
}

/// Calls.
impl Writer<'_> {
    /// The run of a flow, in the attempt of the step at this position of the body.
    pub fn call(&mut self, at: usize, call: &Call, here: EvaluatedIn<'_>) -> TokenStream {
        let (lets, inputs) = self.call_inputs(at, call, here);
        let flow = self.plan.body(call.body);
        let names = self.names_of_body(call.body);
        let (ty, path) = (&names.ty, self.step_path(at));
        let first = Literal::u32_unsuffixed(call.first_slot);
        let mut fields = vec![quote!(iteration: step.in_call(&call)), quote!(steps)];
        if !flow.resources.is_empty() {
            fields.push(quote!(worker: this.worker));
        }
        let handed = flow.flow.as_ref().map_or(&[][..], |flow| &flow.handed);
        if !handed.is_empty() {
            let ty = &names.user_type;
            let slots = handed.iter().map(|at| {
                let (name, path) = (&self.resource(*at).name, self.resource_path(*at));
                // What this body was handed itself is a reference already.
                match self.body().makes(*at) {
                    true => quote!(#name: &#path),
                    false => quote!(#name: #path),
                }
            });
            fields.push(quote!(handed: #ty { #(#slots),* }));
        }
        let own = flow.flow.as_ref().map_or(&[][..], |flow| &flow.own);
        if !own.is_empty() {
            let ty = &names.assets_type;
            fields.push(quote!(assets: #ty::new(this.scope)));
        }
        let mut calls = flow.steps.iter().filter_map(Step::call);
        if calls.any(|call| self.plan.body(call.body).makes_in_calls) {
            fields.push(quote!(scope: this.scope));
        }
        if let Some(late) = super::late::late_values(flow) {
            fields.push(quote!(late: #late));
        }
        if flow.steps.iter().any(Step::has_output_slots) {
            let ty = &names.outputs_type;
            fields.push(quote!(outputs: #ty::new()));
        }
        if flow.memory > 0 {
            fields.push(match self.body().flow {
                Some(_) => quote!(locals: this.locals),
                None => quote!(locals: &this.locals),
            });
        }
        if flow.latches > 0 {
            fields.push(quote!(latches: ::std::array::from_fn(|_| Latch::default())));
        }
        if !inputs.is_empty() {
            fields.push(quote!(inputs));
        }
        let inputs = (!inputs.is_empty()).then(|| quote!(let inputs = [#(#inputs),*];));
        let is_built = own
            .iter()
            .any(|own| !self.plan.resources[*own].on.is_empty());
        let depend = is_built.then(|| {
            let depend = call_path(&names.life);
            quote!(#depend(&called);)
        });
        let reads = !call.outputs.is_empty();
        let read = flow.flow.as_ref().filter(|_| reads);
        let read = read.map_or(&[][..], |flow| &flow.read_by_outputs);
        let waits = read.iter().map(|at| {
            let get = call_path(&names.resources[*at].get);
            quote!(#get(&called).await?;)
        });
        let waits: TokenStream = waits.collect();
        let done = flow
            .flow
            .as_ref()
            .map_or(&[][..], |flow| &flow.read_by_outputs);
        let done = done.iter().filter(|at| own.contains(at)).map(|at| {
            let done = call_path(&names.resources[*at].done);
            quote!(#done(&called);)
        });
        let done: TokenStream = done.collect();
        let outputs = call.outputs.iter().map(|at| {
            let output = call_path(&names.flow_outputs[*at]);
            quote!(#output(&called)?)
        });
        let outputs: Vec<TokenStream> = outputs.collect();
        let keep = (!outputs.is_empty()).then(|| quote!(step.keep([#(#outputs),*]);));
        quote! {
            #(#lets)*
            #inputs
            let steps = #path.begin()?;
            let call = step.call(#first);
            let called = #ty { #(#fields),* };
            #depend
            step.called(&call, #ty::run(&called).await)?;
            #waits
            #keep
            #done
        }
    }

    /// What is computed of the arguments of a call, and the values of the inputs that its flow reads. An argument that the
    /// flow does not read may fault as well; what a mix hands to a flow that it does not choose is not computed.
    fn call_inputs(
        &mut self,
        at: usize,
        call: &Call,
        here: EvaluatedIn<'_>,
    ) -> (Vec<TokenStream>, Vec<TokenStream>) {
        let plan = self.plan;
        let (mut lets, mut inputs) = (Vec::new(), Vec::new());
        let Some(flow) = &plan.body(call.body).flow else {
            return (lets, inputs);
        };
        let given = &plan.body(self.body_id).steps[at].arguments;
        let is_choice =
            matches!(&plan.body(call.body).schedule, Schedule::Choice(all) if all.len() > 1);
        if is_choice && !flow.choice_of_input.is_empty() {
            let mix = &self.names_of_body(call.body).mix;
            let first = Literal::u32_unsuffixed(call.first_slot);
            lets.push(quote!(let chosen = step.choice_of_call(#first, &#mix);));
        }
        for (index, input) in flow.inputs.iter().enumerate() {
            let argument = given
                .iter()
                .find(|argument| argument.input.name == input.name);
            let value = self.call_input(input, argument, here);
            let value = match flow.choice_of_input.get(&index).filter(|_| is_choice) {
                Some(choice) => {
                    let choice = Literal::usize_unsuffixed(*choice);
                    quote!(if chosen == #choice { #value } else { Value::Null })
                }
                None => value,
            };
            if flow.read_inputs.contains(&index) {
                inputs.push(value);
            } else if argument.is_some_and(|argument| argument.value.constant().is_none()) {
                lets.push(quote!(let _ = #value;));
            }
        }
        (lets, inputs)
    }

    fn call_input(
        &mut self,
        input: &Input,
        argument: Option<&Argument>,
        here: EvaluatedIn<'_>,
    ) -> TokenStream {
        let Some(argument) = argument else {
            let default = input.default.as_ref().unwrap_or(&Value::Null);
            return self.constants.value(default);
        };
        self.enter_part(&input.name.replace('.', "_"));
        let value = match &input.default {
            _ if input.nullable => self.value(&argument.value, here),
            None => self.required(&argument.value, &input.name, here),
            Some(_) if argument.value.constant().is_some() => self.value(&argument.value, here),
            Some(default) => {
                let value = self.value(&argument.value, here);
                let default = self.constants.value(default);
                quote!(input_conversion::or_default(#value, || #default))
            }
        };
        self.leave_part();
        value
    }
}

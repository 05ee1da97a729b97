//! A body as Rust: the struct of one run of it, those of its steps, outputs and assets, its schedule, and the functions of
//! its steps. It is written once, even if it is used several times.

use super::names::field;
use super::schedule::ScheduleWriter;
use super::tokens::{EvaluatedIn, metrics};
use super::tree::{Filled, Leaf, tree};
use super::writer::Writer;
use crate::check::typed::TCheck;
use crate::plan::model::{Instances, Local, Step};
use crate::resolve::model::StepId;
use bggo_manifest::Lifetime;
use proc_macro2::{Literal, TokenStream};
use quote::quote;

/// A field of the struct of one run, and what fills it where a user runs the body in an iteration.
pub struct BodyField {
    /// `name: Type`
    pub field: TokenStream,
    /// `name: value`
    pub value: TokenStream,
}

impl Writer<'_> {
    /// The whole body that is being written.
    pub fn body_items(&mut self) -> TokenStream {
        let structs = self.body_structs();
        let (table, one_run) = (self.step_table(), self.one_run());
        let metrics = self.metric_table();
        let schedule = ScheduleWriter::write(self);
        let steps = self.all_steps();
        let late = self.late_functions();
        let waits = self.wait_functions();
        let resources = self.body().resources.iter();
        let resources: Vec<_> = resources.map(|at| self.resource_access(*at)).collect();
        let locals = self.body_locals();
        let flow_outputs = self.flow_outputs();
        let inputs = self.step_inputs();
        let readers = self.reader_functions();
        let keys = self.key_statics();
        let latches = self.latch_positions();
        let handed = self.handed_struct();
        quote! {
            #table
            #metrics
            #latches
            #one_run
            #schedule
            #steps
            #late
            #waits
            #(#resources)*
            #locals
            #flow_outputs
            #readers
            #structs
            #handed
            #inputs
            #keys
        }
    }

    /// The fields of one run of the body.
    pub fn body_fields(&self) -> Vec<BodyField> {
        let (body, names) = (self.body(), self.body_names());
        let (steps, outputs, assets, field) = (
            &names.steps_type,
            &names.outputs_type,
            &names.assets_type,
            &names.field,
        );
        let is_flow = body.flow.is_some();
        let mut fields = vec![
            BodyField {
                field: quote!(iteration: Iteration<'a>),
                value: match body.phase {
                    Some(_) => quote!(iteration: run.iteration()),
                    None => quote!(iteration: user.iteration(&begun)),
                },
            },
            BodyField {
                field: quote!(steps: &'a #steps),
                value: quote!(steps: &self.#field),
            },
        ];
        // The worker prepares resources, and those of the run exist already.
        if !body.resources.is_empty() {
            fields.push(BodyField {
                field: quote!(worker: &'a WorkerState),
                value: quote!(worker: &self),
            });
        }
        if !self.of_body(Lifetime::Vu).is_empty() && !is_flow {
            let of_user = &names.user_type;
            fields.push(BodyField {
                field: quote!(user: &'a #of_user),
                value: quote!(user: &assets),
            });
        }
        if !self.of_body(Lifetime::Iteration).is_empty() {
            fields.push(BodyField {
                field: quote!(assets: #assets),
                value: quote!(assets: #assets::new(&iteration_scope)),
            });
        }
        let mut calls = body.steps.iter().filter_map(Step::call);
        if calls.any(|call| self.plan.body(call.body).makes_in_calls) {
            fields.push(BodyField {
                field: quote!(scope: &'a Scope),
                value: quote!(scope: &iteration_scope),
            });
        }
        if let Some(late) = super::late::late_values(body) {
            let count = body.steps.iter();
            let count = count.filter(|step| step.instances.late().is_some()).count();
            let count = Literal::usize_unsuffixed(count);
            fields.push(BodyField {
                field: quote!(late: [LateInstances; #count]),
                value: quote!(late: #late),
            });
        }
        if body.steps.iter().any(Step::has_output_slots) {
            fields.push(BodyField {
                field: quote!(outputs: #outputs),
                value: quote!(outputs: #outputs::new()),
            });
        }
        if body.memory > 0 {
            let count = Literal::usize_unsuffixed(body.memory);
            let ty = if is_flow {
                quote!(&'a Memo)
            } else {
                quote!(Memo)
            };
            fields.push(BodyField {
                field: quote!(locals: #ty),
                value: quote!(locals: Memo::new(#count)),
            });
        }
        if body.latches > 0 {
            let count = Literal::usize_unsuffixed(body.latches);
            fields.push(BodyField {
                field: quote!(latches: [Latch; #count]),
                value: quote!(latches: ::std::array::from_fn(|_| Latch::default())),
            });
        }
        fields.extend(self.flow_fields());
        fields
    }

    /// The structs of steps, outputs and assets; from here on their paths are known.
    fn body_structs(&mut self) -> TokenStream {
        let names = self.body_names();
        let (steps, outputs, assets) = (
            names.steps_type.clone(),
            names.outputs_type.clone(),
            names.assets_type.clone(),
        );
        let name = &self.body().name;
        let filled = Filled {
            name: &steps.to_string(),
            doc: &format!("Steps of `{name}`, prepared once a thread."),
            parameters: quote!(cx: &Prepare<'_>),
            arguments: quote!(cx),
        };
        let run = match self.body().flow {
            Some(_) => "call",
            None => "iteration",
        };
        let (mut out, paths) = tree(&filled, self.step_leaves());
        self.step_paths = paths;

        let (ids, leaves): (Vec<usize>, Vec<Leaf>) = self.output_leaves().into_iter().unzip();
        if !leaves.is_empty() {
            let filled = Filled {
                name: &outputs.to_string(),
                doc: &format!(
                    "Outputs of `{name}` that some expression reads, new for every {run}."
                ),
                parameters: quote!(),
                arguments: quote!(),
            };
            let (structs, paths) = tree(&filled, leaves);
            out.extend(structs);
            self.output_paths = ids.into_iter().zip(paths).collect();
            let body = self.body_id;
            for (index, path) in &self.output_paths {
                if self.plan.body(body).steps[*index].kept.is_some() {
                    let id = StepId {
                        body,
                        index: *index,
                    };
                    self.kept_paths.insert(id, path.clone());
                }
            }
        }
        let of_iteration = self.of_body(Lifetime::Iteration);
        let doc = format!("Assets of `{name}`, new for every {run}.");
        out.extend(self.slots(&of_iteration, &assets, &doc));
        out
    }

    /// The struct of one run.
    fn one_run(&self) -> TokenStream {
        let ty = self.body_type();
        let doc = format!(" One run of `{}`.", self.body().name);
        let fields = self.body_fields();
        let fields = fields.iter().map(|field| &field.field);
        quote! {
            #[doc = #doc]
            struct #ty<'a> { #(#fields),* }
        }
    }

    fn output_leaves(&self) -> Vec<(usize, Leaf)> {
        let steps = self.body().steps.iter().enumerate();
        let read = steps.filter(|(_, step)| step.has_output_slots());
        read.map(|(at, step)| {
            let name = self.step(at).name.clone();
            let count = self.instance_count(at);
            let (ty, value) = match step.instances {
                Instances::Single => (quote!(OutputSlot), quote!(OutputSlot::default())),
                _ => (quote!(OutputSlots), quote!(OutputSlots::new(#count))),
            };
            (at, Leaf { name, ty, value })
        })
        .collect()
    }

    /// What is known of the steps. Slots count from the first one of the body.
    fn step_table(&self) -> TokenStream {
        let (body, table) = (self.body(), &self.body_names().table);
        let count = Literal::usize_unsuffixed(body.steps.len());
        let infos = body.steps.iter().map(|step| {
            let (runner, name) = (&step.runner, &step.name);
            let place = self.plan.places.line(step.span);
            let (first, end) = (
                Literal::u32_unsuffixed(step.slots.0),
                Literal::u32_unsuffixed(step.slots.0 + step.slots.1),
            );
            let tags = (!step.tags.is_empty()).then(|| {
                let tags = step.tags.iter().map(|(key, value)| quote!((#key, #value)));
                quote!(.tags(&[#(#tags),*]))
            });
            let module = field(runner);
            let metrics = (step.metrics > 0).then(|| metrics(&module, &step.unwarned));
            let sensitive = step.sensitive.then(|| quote!(.sensitive()));
            let withheld = step.withheld.then(|| quote!(.withheld()));
            // The module knows what its own manifest declares sensitive.
            let secret = step.arguments.iter().filter(|argument| {
                let input = &argument.input;
                argument.value.sensitivity.any() && !input.sensitive && !input.shown
            });
            let secret: Vec<&str> = secret.map(|argument| &*argument.input.name).collect();
            let inputs = (!secret.is_empty()).then(|| quote!(.sensitive_inputs(&[#(#secret),*])));
            let checks = step.checks.iter().map(|check| self.check_info(check));
            let checks: Vec<TokenStream> = checks.collect();
            let checks = (!checks.is_empty()).then(|| quote!(.checks(&[#(#checks),*])));
            let attempts = step.parts.has_attempts().then(|| quote!(.counts_attempts()));
            quote!(Info::new(#runner, #name, #place).slots(#first..#end) #metrics #attempts #tags #checks #sensitive #withheld #inputs)
        });
        let names = (0..body.steps.len()).map(|at| {
            let (name, at) = (&self.step(at).info, Literal::usize_unsuffixed(at));
            quote!(const #name: &Info = &#table[#at];)
        });
        let doc = format!(
            " Steps of `{}`, with their slots counted from its first one.",
            body.name
        );
        quote! {
            #[doc = #doc]
            static #table: [Info; #count] = [#(#infos),*];

            #(#names)*
        }
    }

    fn check_info(&self, check: &TCheck) -> TokenStream {
        let (name, place) = (&check.name, self.place_value(check.span));
        let required = check.required.then(|| quote!(.required()));
        let sensitive = check.sensitive.then(|| quote!(.sensitive()));
        quote!(CheckInfo::new(#name, #place) #required #sensitive)
    }

    /// The metrics of the grid that the steps of the body record.
    fn metric_table(&self) -> Option<TokenStream> {
        let (metrics, names) = (&self.body().metrics, self.body_names());
        if metrics.is_empty() {
            return None;
        }
        let table = &names.metric_table;
        let count = Literal::usize_unsuffixed(metrics.len());
        let infos = metrics.iter().map(|metric| {
            let at = Literal::usize_unsuffixed(metric.metric);
            let slot = Literal::u32_unsuffixed(metric.slot);
            let tags = metric.tags.iter();
            let tags: Vec<TokenStream> = tags.map(|(key, value)| quote!((#key, #value))).collect();
            let tags = (!tags.is_empty()).then(|| quote!(.tags(&[#(#tags),*])));
            quote!(BodyMetric::new(&METRICS[#at], #slot) #tags)
        });
        let constants = names.metrics.iter().enumerate().map(|(at, name)| {
            let at = Literal::usize_unsuffixed(at);
            quote!(const #name: &BodyMetric = &#table[#at];)
        });
        let doc = format!(
            " Metrics of the grid that `{}` records, with their slots counted from its first one.",
            self.body().name
        );
        Some(quote! {
            #[doc = #doc]
            static #table: [BodyMetric; #count] = [#(#infos),*];

            #(#constants)*
        })
    }

    fn latch_positions(&self) -> TokenStream {
        let latches = self.body_names().latches.iter().enumerate();
        let positions = latches.map(|(at, name)| {
            let at = Literal::usize_unsuffixed(at);
            quote!(const #name: usize = #at;)
        });
        positions.collect()
    }

    /// The value of a local. Where bodies call flows, they have one and the same in an iteration, so the calls of random
    /// functions in it are the same in all of them.
    fn value_of_local(&mut self, local: &Local) -> TokenStream {
        let next = self.context_calls;
        if !self.plan.called_flows().is_empty() {
            self.context_calls = *self.local_calls.entry(local.id).or_insert(next);
        }
        self.in_local = true;
        let value = self.result(&local.value, EvaluatedIn::Body(None));
        self.in_local = false;
        self.context_calls = self.context_calls.max(next);
        value
    }

    /// Locals that differ between iterations, each computed at most once in a run of the body.
    fn body_locals(&mut self) -> TokenStream {
        let mut out = TokenStream::new();
        for local in &self.body().locals {
            let names = self.local(local.id);
            let (file, line, _) = self.plan.places.of(local.value.span);
            let (name, position, doc) = (
                names.name,
                names.position,
                format!(" local.{}, {file}:{line}", local.name),
            );
            let number = Literal::usize_unsuffixed(local.position);
            self.write_for(&name);
            let value = self.value_of_local(local);
            let ty = self.body_type();
            out.extend(quote! {
                #[doc = #doc]
                fn #name(this: &#ty<'_>) -> Result<Value, Fault> {
                    this.locals.get(#position, &mut || #value)
                }

                const #position: usize = #number;
            });
            out.extend(self.take_parts());
        }
        out
    }
}

//! Steps: one function for each step that is more than a single call, and one function for its attempt.

use super::argument::{has_late, is_late, is_started};
use super::constant;
use super::cut;
use super::inputs::known;
use super::kept::without;
use super::late::enabled_of_attempt;
use super::names::{call_path, field};
use super::parts::EmittedParts;
use super::tokens::{EvaluatedIn, Keys, or_unused, takes_index};
use super::tree::Leaf;
use super::writer::Writer;
use crate::check::typed::{TDelay, TExpr, TJudged, TKind, constant_duration};
use crate::check::typed_parts::COLLECTED;
use crate::check::walk::walk;
use crate::plan::model::{Instances, Step};
use proc_macro2::{Ident, Literal, TokenStream};
use quote::quote;

/// The most steps in one module.
const TOGETHER: usize = 32;

/// The most resources after which a function is named that waits for them.
const NAMED_RESOURCES: usize = 3;

impl Writer<'_> {
    /// The field of each step in the struct of prepared steps.
    pub fn step_leaves(&self) -> Vec<Leaf> {
        let steps = self.body().steps.iter().enumerate();
        let leaves = steps.map(|(at, step)| {
            let names = self.step(at);
            let runner = field(&step.runner);
            let (wanted, policy) = (wanted(step, &runner), fixed_policy(step));
            let steps = step
                .call()
                .map(|call| &self.names_of_body(call.body).steps_type);
            let prepared = if let Some(steps) = steps {
                quote!(Called::new(Box::new(#steps::new(cx)), #policy))
            } else if is_started(&step.arguments, &step.rules) {
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
                ty: match steps {
                    Some(steps) => quote!(Called<#steps>),
                    None => quote!(#runner::Prepared),
                },
                value: quote!(#prepared #limit),
            }
        });
        leaves.collect()
    }

    /// Known inputs and time limits of the steps: statics, and functions for those known at start.
    pub fn step_inputs(&mut self) -> TokenStream {
        let mut out = TokenStream::new();
        for (at, step) in self.body().steps.iter().enumerate() {
            let doc = self.step_doc(at);
            let names = self.step(at);
            let (owner, prepare, inputs, limit_name) = (
                names.name.clone(),
                names.prepare.clone(),
                names.inputs.clone(),
                names.limit.clone(),
            );
            self.write_for(owner);
            if step.call().is_none() {
                let module = field(&step.runner);
                let given = (step.arguments.as_slice(), &step.rules);
                out.extend(self.known_inputs(given, [&module, &prepare, &inputs], &doc));
            }
            if let Some(limit) = late_limit(step) {
                self.enter_part("limit");
                let value = self.reference(limit, EvaluatedIn::Start);
                let limit = self.placed(quote!(input_conversion::limit(#value)), limit.span);
                self.leave_part();
                let start = or_unused("start", &limit);
                let doc = format!("{doc}: its time limit");
                out.extend(quote! {
                    #[doc = #doc]
                    fn #limit_name(#start: &Start) -> Result<Duration, Fault> {
                        #limit
                    }
                });
            }
            out.extend(self.take_parts());
        }
        out
    }

    /// A step is one statement of its chain: nothing late, no `enabled`, no resource to wait for.
    pub fn is_plain(&self, at: usize) -> bool {
        let step = &self.body().steps[at];
        step.needs.is_empty() && !step.is_judged() && self.is_one_call(at)
    }

    /// A step is one call once its resources are there: nothing late, no `enabled`.
    fn is_one_call(&self, at: usize) -> bool {
        let step = &self.body().steps[at];
        let late = step.arguments.iter().any(is_late) || has_late(&step.rules);
        let has_parts = step.delay_before.is_some() || step.has_parts();
        let is_simple = step.enabled.is_none() && step.call().is_none() && !has_parts;
        let is_simple = is_simple && step.without.is_empty();
        is_simple && !late
    }

    /// A step that is one call, as a future.
    pub fn plain(&mut self, at: usize, index: &TokenStream) -> TokenStream {
        let (path, needs) = (self.step_path(at), self.needs(at));
        let step = self.at_step(at, index);
        let kept = self.kept(at, index);
        if self.body().steps[at].is_judged() {
            let judged = call_path(&self.step(at).judged);
            let kept = kept.unwrap_or_else(|| quote!(None));
            let judged = quote!(Some(Box::new(move |step| #judged(this, step))));
            return quote!(#path.judged(&this.iteration, #step, #needs, (#kept, #judged)));
        }
        match kept {
            Some(kept) => quote!(#path.read(&this.iteration, #step, #needs, #kept)),
            None => quote!(#path.done(&this.iteration, #step, #needs)),
        }
    }

    /// Where a step, or its instance `index`, keeps its outputs, if something reads them: an `Option<&OutputSlot>`.
    fn kept(&self, at: usize, index: &TokenStream) -> Option<TokenStream> {
        let step = &self.body().steps[at];
        let path = self.output_path(at);
        step.read.then(|| match step.instances {
            Instances::Single => quote!(Some(&#path)),
            _ => quote!(#path.nth(#index)),
        })
    }

    /// The functions of all steps. In a large grid they are in modules: rustc compiles a module again only if
    /// something in it has changed, and compiles several at the same time.
    pub fn all_steps(&mut self) -> TokenStream {
        let written: Vec<usize> = (0..self.body().steps.len())
            .filter(|at| !self.is_plain(*at))
            .collect();
        if written.len() <= TOGETHER {
            let functions = written.iter().map(|at| self.step_functions(*at, &quote!()));
            return functions.collect();
        }
        let mut out = TokenStream::new();
        for (number, steps) in written.chunks(TOGETHER).enumerate() {
            let name = format!("{}_{}", self.body_names().table, number + 1);
            let name = self.names.snake(&name.to_lowercase());
            let [Some(first), Some(last)] = [steps.first(), steps.last()]
                .map(|at| at.map(|at| self.plan.places.line(self.body().steps[*at].span)))
            else {
                continue;
            };
            let doc = format!(" Steps from {first} to {last}.");
            let functions: TokenStream = steps
                .iter()
                .map(|at| self.step_functions(*at, &quote!(pub(super))))
                .collect();
            out.extend(quote! {
                #[doc = #doc]
                mod #name {
                    use super::*;

                    #functions
                }
                use #name::*;
            });
        }
        out
    }

    /// The functions of a step that is more than one statement, the one that others call with this visibility.
    fn step_functions(&mut self, at: usize, visibility: &TokenStream) -> TokenStream {
        let (names, step) = (self.step(at), &self.body().steps[at]);
        let (name, attempt) = (names.name.clone(), names.attempt.clone());
        let body_type = self.body_type().clone();
        self.write_for(&name);
        let is_one_call = self.is_one_call(at);
        if is_one_call && step.needs.is_empty() {
            return self.one_call(at, visibility);
        }
        let body = self.attempt(at);
        let instanced = !matches!(step.instances, Instances::Single);
        let parameter = instanced.then(|| quote!(, index: u32));
        let index = takes_index(step, &body);
        let (doc, path, at_step) = (
            self.step_doc(at),
            self.step_path(at),
            self.at_step(at, &quote!(index)),
        );
        let kept = self
            .kept(at, &quote!(index))
            .unwrap_or_else(|| quote!(None));
        let attempt_doc = format!("{doc}: one attempt");
        let mut around = EmittedParts::default();
        let drive = if step.has_parts() {
            around = self.parts_of_step(at);
            let (wait, calls) = (self.wait_of_parts(at), &around.calls);
            let judged = step.is_judged().then(|| {
                let judged = call_path(&self.step(at).judged);
                quote!(.judged(#judged))
            });
            quote!(::bggo_parts::drive_in_parts(
                &this.iteration,
                #path.policy(),
                #at_step,
                #kept,
                StepParts::new(this, #attempt) #wait #calls #judged,
            ))
        } else if self.waits_outside(at) {
            let wait = self.wait_function(at);
            // They are there in nearly all runs.
            let at_once = is_one_call.then(|| {
                let run = self.plain(at, &quote!(index));
                quote! {
                    if #wait(this).is_none() {
                        return #run;
                    }
                }
            });
            quote! {
                #at_once
                this.iteration.drive_with_resources(#path.policy(), #at_step, #kept, (this, #wait, #attempt))
            }
        } else {
            quote!(this.iteration.drive(#path.policy(), #at_step, #kept, (this, #attempt)))
        };
        let around = around.functions;
        let judged = self.judged(at);
        let parts = self.take_parts();
        quote! {
            #[doc = #doc]
            #visibility fn #name<'a>(this: &'a #body_type<'_> #parameter) -> Running<'a, Flow> {
                #drive
            }

            #[doc = #attempt_doc]
            fn #attempt<'a>(this: &'a #body_type<'_>, step: &'a Step<'_>) -> Running<'a, Result<Ran, Fault>> {
                Box::pin(async move {
                    #index
                    #body
                })
            }

            #judged

            #around

            #parts
        }
    }

    /// Whether a step waits for its resources before its attempt begins: so most of them do. `enabled` comes before any resource,
    /// unless it reads one, so an attempt with it waits itself.
    fn waits_outside(&self, at: usize) -> bool {
        let step = &self.body().steps[at];
        let enabled = enabled_of_attempt(step);
        // What comes before the resources waits for them only if it reads one.
        let mut before = enabled.into_iter().chain(step.delays());
        let comes_before = enabled.is_some() || step.delay_before.is_some();
        let comes_before = comes_before || !step.without.is_empty();
        !step.needs.is_empty() && (!comes_before || before.any(|it| self.reads_export(it)))
    }

    /// The function that waits for the resources of a step. Steps that need the same ones share it.
    pub fn wait_function(&mut self, at: usize) -> Ident {
        let needs = &self.body().steps[at].needs;
        if let Some(name) = self.waits.get(needs) {
            return name.clone();
        }
        let resources: Vec<String> = needs
            .iter()
            .take(NAMED_RESOURCES)
            .map(|need| self.plan.resources[*need].name.clone())
            .collect();
        let name = format!("wait_for_{}", resources.join("_and_"));
        let name = self.names.snake(&name);
        self.waits.insert(needs.clone(), name.clone());
        name
    }

    /// The functions that wait for resources, as far as steps that are written call them.
    pub fn wait_functions(&self) -> TokenStream {
        let ty = self.body_type();
        let functions = self.waits.iter().map(|(needs, name)| {
            let gets: Vec<_> = needs
                .iter()
                .map(|need| call_path(&self.resource_functions(*need).get))
                .collect();
            let resources = needs.iter().map(|need| &self.plan.resources[*need]);
            let all: Vec<String> = resources
                .map(|resource| format!("{}.{}", resource.asset, resource.name))
                .collect();
            let doc = format!(" Waits for {}.", all.join(", "));
            quote! {
                #[doc = #doc]
                fn #name<'a>(this: &'a #ty<'_>) -> Wait<'a> {
                    if #(#gets(this).is_there())&&* {
                        return None;
                    }
                    Some(Box::pin(async move {
                        #(#gets(this).await?;)*
                        Ok(())
                    }))
                }
            }
        });
        functions.collect()
    }

    /// In this order: `enabled`, the exports that it reads, its rules, its arguments, its assets, the run. Of a step with parts
    /// around its attempts the first two and its checks are such parts.
    fn attempt(&mut self, at: usize) -> TokenStream {
        let step = &self.body().steps[at];
        let keys = self.step_keys(at);
        let here = EvaluatedIn::Body(Some(&keys));
        let before = match step.has_parts() {
            true => TokenStream::new(),
            false => self.before_attempt(at, here),
        };
        let judged = (step.is_judged() && !step.has_parts()).then(|| {
            let judged = call_path(&self.step(at).judged);
            quote!(#judged(this, step))
        });
        if let Some(call) = step.call() {
            let run = self.call(at, call, here);
            let end = judged.unwrap_or_else(|| quote!(Ok(Ran::Done)));
            return quote!(#before #run #end);
        }
        let checks = self.checks(&step.rules, here);
        let (lets, late) = self.late(&step.arguments, &field(&step.runner), here);
        let (path, uses) = (self.step_path(at), self.needs(at));
        let run = quote!(#before #checks #(#lets)* #path.attempt(step, #uses, &[#(#late),*]).await);
        match judged {
            Some(judged) => quote!(#run?; #judged),
            None => run,
        }
    }

    /// The functions of a step that is one call and has something to record or to check.
    fn one_call(&mut self, at: usize, visibility: &TokenStream) -> TokenStream {
        let name = self.step(at).name.clone();
        let body_type = self.body_type().clone();
        let instanced = !matches!(self.body().steps[at].instances, Instances::Single);
        let parameter = instanced.then(|| quote!(, index: u32));
        let run = self.plain(at, &quote!(index));
        let (doc, judged) = (self.step_doc(at), self.judged(at));
        let parts = self.take_parts();
        quote! {
            #[doc = #doc]
            #visibility fn #name<'a>(this: &'a #body_type<'_> #parameter) -> Running<'a, Flow> {
                #run
            }

            #judged

            #parts
        }
    }

    fn before_attempt(&mut self, at: usize, here: EvaluatedIn<'_>) -> TokenStream {
        let step = &self.body().steps[at];
        let without = without(step);
        let enabled = enabled_of_attempt(step).map(|enabled| {
            self.enter_part("enabled");
            let disabled = self.untruth(enabled, here);
            self.leave_part();
            quote! {
                if #disabled {
                    return Ok(Ran::Skipped);
                }
            }
        });
        let needs: Vec<_> = if self.waits_outside(at) {
            Vec::new()
        } else {
            step.needs.iter().map(|need| self.wait_for(*need)).collect()
        };
        let delay = step.delay_before.as_ref().map(|delay| {
            self.enter_part("delay_before");
            let time = self.delay(delay, here);
            self.leave_part();
            quote!(::bggo_parts::delay(step, #time).await;)
        });
        quote!(#without #enabled #delay #(#needs)*)
    }

    /// The time of a delay, of type `Duration`; faults leave by `?`.
    fn delay(&mut self, delay: &TDelay, here: EvaluatedIn<'_>) -> TokenStream {
        match delay {
            TDelay::Fixed(time) => self.delay_time(time, here),
            TDelay::Between([min, max]) => {
                let (min, max) = (self.delay_time(min, here), self.delay_time(max, here));
                let context = self.context(here);
                quote!(::bggo_parts::delay_between(&#context, [#min, #max]))
            }
            TDelay::Exponential(mean) => {
                let mean = self.delay_time(mean, here);
                let context = self.context(here);
                quote!(::bggo_parts::delay_exponential(&#context, #mean))
            }
        }
    }

    fn delay_time(&mut self, time: &TExpr, here: EvaluatedIn<'_>) -> TokenStream {
        if let Some(known) = constant_duration(time) {
            return constant::duration(known);
        }
        let call = self.delay_call(time, here);
        quote!(#call?)
    }

    /// A time that is not known when the grid is built, of type `Result<Duration, Fault>`.
    fn delay_call(&mut self, time: &TExpr, here: EvaluatedIn<'_>) -> TokenStream {
        let value = self.reference(time, here);
        let call = quote!(input_conversion::duration(#value, "delay"));
        self.placed(call, time.span)
    }

    /// A delay as a result of type `Result<Duration, Fault>`.
    pub fn delay_result(
        &mut self,
        name: &str,
        delay: &TDelay,
        here: EvaluatedIn<'_>,
    ) -> TokenStream {
        self.enter_part(name);
        let time = match delay {
            TDelay::Fixed(time) if constant_duration(time).is_none() => self.delay_call(time, here),
            drawn => {
                let time = self.delay(drawn, here);
                quote!(Ok(#time))
            }
        };
        self.leave_part();
        time
    }

    /// What a step records, then its checks: a function that is called when its attempt has run.
    fn judged(&mut self, at: usize) -> Option<TokenStream> {
        let step = &self.body().steps[at];
        if !step.is_judged() {
            return None;
        }
        let keys = self.step_keys(at);
        let here = EvaluatedIn::Body(Some(&keys));
        let mut body = TokenStream::new();
        self.enter_part("record");
        for record in &step.records {
            let value = self.reference(&record.value, here);
            let metric = &self.body_names().metrics[record.metric];
            let call = quote!(step.record_custom(#metric, #value));
            let call = self.placed(call, record.value.span);
            body.extend(quote!(#call?;));
        }
        self.leave_part();
        self.enter_part("check");
        let checks = step.checks.iter().map(|check| {
            let (condition, message) = match &check.judged {
                TJudged::Condition { condition, message } => {
                    let condition = self.result(condition, here);
                    let message = message.as_ref();
                    let message = message.map(|message| self.result(message, here));
                    let message = message.unwrap_or_else(|| quote!(Ok(Value::Null)));
                    (condition, message)
                }
                TJudged::Schema { value, schema } => {
                    let schema = self.schema_static(schema, at);
                    let value = self.reference(value, here);
                    (
                        quote!(Ok(Value::Bool(#schema.fits(#value)))),
                        quote!(Ok(#schema.misfit(#value))),
                    )
                }
            };
            quote!(checks.check(&mut || #condition, &mut || #message);)
        });
        let checks: Vec<TokenStream> = checks.collect();
        self.leave_part();
        body.extend(if checks.is_empty() {
            quote!(Ok(Ran::Done))
        } else {
            quote!(let mut checks = step.checks(); #(#checks)* checks.end())
        });
        let index = takes_index(step, &body);
        let (name, this) = (&self.step(at).judged, or_unused("this", &body));
        let (doc, ty) = (self.step_doc(at), self.body_type());
        let doc = format!("{doc}: what it records and its checks, once it has run");
        Some(quote! {
            #[doc = #doc]
            fn #name(#this: &#ty<'_>, step: &Step<'_>) -> Result<Ran, Fault> {
                #index
                #body
            }
        })
    }

    /// Whether an expression reads an export, also through locals.
    pub fn reads_export(&self, expr: &TExpr) -> bool {
        let (mut found, mut locals) = (false, Vec::new());
        walk(expr, &mut |node| match node.kind {
            TKind::Export { .. } => found = true,
            TKind::Local(id) => locals.push(id),
            _ => {}
        });
        found
            || locals.into_iter().any(|id| {
                let mut all = cut::locals(self.plan);
                all.any(|local| local.id == id && self.reads_export(&local.value))
            })
    }

    /// `At` of a step, or of its instance `index`.
    pub fn at_step(&mut self, at: usize, index: &TokenStream) -> TokenStream {
        let info = self.step(at).info.clone();
        match self.body().steps[at].instances {
            Instances::Single => quote!(At::step(#info)),
            Instances::Count(_) => quote!(At::index(#info, #index)),
            Instances::Keys(_) => {
                let keys = self.key_static(at);
                quote!(At::nth(#info, &#keys, #index))
            }
            Instances::Late(_) => {
                let late = self.late_path(at);
                quote!(#late.at(#info, #index))
            }
        }
    }

    pub fn step_keys(&mut self, at: usize) -> Keys {
        match self.body().steps[at].instances {
            Instances::Keys(_) => Keys {
                instanced: true,
                keys: Some(self.key_static(at)),
                values: Some(self.step(at).values.clone()),
                late: None,
            },
            Instances::Late(_) => Keys {
                instanced: true,
                keys: None,
                values: None,
                late: self.late_path(at),
            },
            Instances::Single | Instances::Count(_) => Keys {
                instanced: matches!(self.body().steps[at].instances, Instances::Count(_)),
                keys: None,
                values: None,
                late: None,
            },
        }
    }

    /// The assets that a step gets.
    pub fn needs(&self, at: usize) -> TokenStream {
        let step = &self.body().steps[at];
        let runner = field(&step.runner);
        let gets = step.uses.iter().map(|used| {
            let key = field(&used.key);
            let name = call_path(&self.resource_functions(used.resource).get);
            match self.variant(&runner, used, "Get") {
                Some(variant) => quote!(.#key(#variant(#name(this)))),
                None => quote!(.#key(#name(this))),
            }
        });
        quote!(#runner::Needs::NONE #(#gets)*)
    }

    /// Waits for a resource.
    pub fn wait_for(&self, resource: usize) -> TokenStream {
        let name = call_path(&self.resource_functions(resource).get);
        quote!(#name(this).await?;)
    }

    /// How many instances a `count` has, names of outputs, keys and values of a `for_each`.
    pub fn key_statics(&mut self) -> TokenStream {
        let mut out = TokenStream::new();
        let steps = &self.body().steps;
        for (at, step) in steps.iter().enumerate() {
            if let Instances::Count(count) = step.instances {
                let name = &self.step(at).count;
                let doc = format!("{}: number of instances", self.step_doc(at));
                let count = Literal::u32_unsuffixed(count);
                out.extend(quote! {
                    #[doc = #doc]
                    const #name: u32 = #count;
                });
            }
        }
        for at in self.read_names.clone() {
            let (name, names) = (&self.step(at).outputs, &steps[at].outputs);
            let count = Literal::usize_unsuffixed(names.len());
            let doc = format!("{}: outputs that are read", self.step_doc(at));
            out.extend(quote! {
                #[doc = #doc]
                static #name: [&str; #count] = [#(#names),*];
            });
        }
        for at in self.read_keys.clone() {
            let Instances::Keys(keys) = &steps[at].instances else {
                continue;
            };
            let (count, texts) = (
                Literal::usize_unsuffixed(keys.len()),
                keys.iter().map(|(key, _)| key),
            );
            let name = &self.step(at).keys;
            let doc = format!("{}: keys", self.step_doc(at));
            out.extend(quote! {
                #[doc = #doc]
                static #name: [Text; #count] = [#(Text::Static(#texts)),*];
            });
            if reads_value(&steps[at]) {
                let values: Vec<_> = keys
                    .iter()
                    .map(|(_, value)| self.constants.value(value))
                    .collect();
                let name = &self.step(at).values;
                let doc = format!("{}: values", self.step_doc(at));
                out.extend(quote! {
                    #[doc = #doc]
                    static #name: [Value; #count] = [#(#values),*];
                });
            }
        }
        out
    }
}

fn reads_value(step: &Step) -> bool {
    let mut found = false;
    for expr in cut::of_step(step) {
        walk(expr, &mut |node| {
            found |= matches!(node.kind, TKind::EachValue)
        });
    }
    found
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
    let collects = step.parts.collects();
    let outputs = step.outputs.iter();
    let read = outputs.filter(|name| !collects || *name != COLLECTED);
    let read = read.map(|name| {
        let name = field(name);
        quote!(.#name())
    });
    let stamp = step.stamped.then(|| quote!(.stamp()));
    quote!(#runner::Wanted::NONE #(#read)* #stamp)
}

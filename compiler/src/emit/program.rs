//! The frame of the program: `main`, tables of steps, resources and variables, threads, users, one iteration's state.

use super::constant;
use super::expr::{Around, At};
use super::names::{camel, crate_name, field};
use super::writer::Writer;
use crate::check::typed::{Binding, TExpr, TKind};
use crate::plan::model::Argument;
use bggo_manifest::Lifetime;
use proc_macro2::{Literal, TokenStream};
use quote::quote;
use std::collections::{BTreeMap, BTreeSet};

impl Writer<'_> {
    /// `use` lines of the modules.
    pub fn imports(&self) -> TokenStream {
        let mut modules: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for step in &self.plan.steps {
            modules
                .entry(&step.crate_name)
                .or_default()
                .insert(&step.runner);
        }
        for resource in &self.plan.resources {
            modules
                .entry(&resource.crate_name)
                .or_default()
                .insert(&resource.asset);
        }
        let uses = modules.iter().map(|(krate, names)| {
            let (krate, names) = (crate_name(krate), names.iter().map(|name| field(name)));
            quote!(use ::#krate::{#(#names),*};)
        });
        quote! {
            #(#uses)*
            use ::bggo_runtime::emitted::*;
        }
    }

    /// `main` and the tables of what the grid has.
    pub fn tables(&mut self) -> TokenStream {
        let plan = self.plan;
        let (_, started) = self.local_counts();
        let (name, count) = (&plan.name, Literal::usize_unsuffixed(plan.steps.len()));
        let infos = plan.steps.iter().map(|step| {
            let (runner, name, place) = (&step.runner, &step.name, plan.places.line(step.span));
            let (first, slots) = (
                Literal::u32_unsuffixed(step.slots.0),
                Literal::u32_unsuffixed(step.slots.1),
            );
            let tags = (!step.tags.is_empty()).then(|| {
                let tags = step.tags.iter().map(|(key, value)| quote!((#key, #value)));
                quote!(.tags(&[#(#tags),*]))
            });
            let sensitive = step.sensitive.then(|| quote!(.sensitive()));
            quote!(Info::new(#runner, #name, #place).slots(#first, #slots) #tags #sensitive)
        });
        let has_resources = !plan.resources.is_empty();
        let resource_count = Literal::usize_unsuffixed(plan.resources.len());
        let resources = plan.resources.iter().map(|resource| {
            let (asset, name, place, scope) = (
                &resource.asset,
                &resource.name,
                plan.places.line(resource.span),
                lifetime(resource.scope),
            );
            quote!(ResourceInfo::new(#asset, #name, #place).scope(Lifetime::#scope))
        });
        let (variables, functions) = self.variables();
        let has_variables = !variables.is_empty();
        let variable_count = Literal::usize_unsuffixed(variables.len());
        let parts_resources = has_resources.then(|| quote!(.resources(&[&RESOURCES])));
        let parts_variables = has_variables.then(|| quote!(.variables(&[&VARIABLES])));
        let parts_locals = (started > 0).then(|| {
            let started = Literal::usize_unsuffixed(started);
            quote!(.locals(#started))
        });
        let resource_table = has_resources.then(|| {
            quote! {
                /// The grid's resources.
                static RESOURCES: [ResourceInfo; #resource_count] = [#(#resources),*];
            }
        });
        let variable_table = has_variables.then(|| {
            quote! {
                /// The grid's variables.
                static VARIABLES: [Variable; #variable_count] = [#(#variables),*];
            }
        });
        let version = env!("CARGO_PKG_VERSION");
        quote! {
            /// What is known of the grid.
            static GRID: Grid = Grid::new(#name).version(#version).steps(&[&STEPS]) #parts_resources #parts_variables #parts_locals;

            fn main() -> ::std::process::ExitCode {
                ::bggo_runtime::emitted::main(&GRID, &Compiled)
            }

            /// The grid's steps.
            static STEPS: [Info; #count] = [#(#infos),*];

            #resource_table
            #variable_table
            #functions
        }
    }

    fn variables(&mut self) -> (Vec<TokenStream>, TokenStream) {
        let plan = self.plan;
        let (mut table, mut functions) = (Vec::new(), TokenStream::new());
        let read = self.read_variables();
        for (at, variable) in plan.variables.iter().enumerate() {
            let (name, accessor) = (&variable.name, self.variable(at).clone());
            let (file, line, column) = plan.places.of(variable.span);
            let (line, column) = (
                Literal::u32_unsuffixed(line),
                Literal::u32_unsuffixed(column),
            );
            let mut parts = quote!(Variable::new(#name, Place::new(#file, #line, #column)));
            if let Some(text) = &variable.description {
                parts.extend(quote!(.description(#text)));
            }
            if variable.sensitive {
                parts.extend(quote!(.sensitive()));
            }
            if !variable.nullable {
                parts.extend(quote!(.nullable(false)));
            }
            if variable.ty != bggo_values::Type::Any {
                let ty = constant::ty(&variable.ty);
                parts.extend(quote!(.ty(|| #ty)));
            }
            if let Some(value) = &variable.default {
                let value = self.constants.value(value);
                parts.extend(quote!(.default(|| #value)));
            }
            if !variable.validations.is_empty() {
                let here = At {
                    around: Around::Start,
                    inside: false,
                };
                let list: Vec<_> = variable
                    .validations
                    .iter()
                    .map(|(condition, message, span)| {
                        let (file, line, column) = plan.places.of(*span);
                        let (line, column) = (Literal::u32_unsuffixed(line), Literal::u32_unsuffixed(column));
                        let (condition, message) =
                            (self.truth(condition, here), self.value(message, here));
                        quote!(Validation::new(Place::new(#file, #line, #column), |s| Ok(#condition), |s| Ok(#message)))
                    })
                    .collect();
                parts.extend(quote!(.validations(&[#(#list),*])));
            }
            table.push(parts);
            if read.contains(&at) {
                let (doc, number) = (format!(" var.{name}"), Literal::usize_unsuffixed(at));
                functions.extend(quote! {
                    #[doc = #doc]
                    fn #accessor(s: &Start) -> Value {
                        s.variable(#number).clone()
                    }
                });
            }
        }
        (table, functions)
    }

    /// Variables that some expression reads.
    fn read_variables(&self) -> BTreeSet<usize> {
        let mut read = BTreeSet::new();
        let plan = self.plan;
        let arguments = plan.steps.iter().flat_map(|step| &step.arguments).chain(
            plan.resources
                .iter()
                .flat_map(|resource| &resource.arguments),
        );
        let steps = plan
            .steps
            .iter()
            .flat_map(|step| step.enabled.iter().chain(&step.execution));
        let validations = plan.variables.iter().flat_map(|variable| {
            variable
                .validations
                .iter()
                .flat_map(|(condition, message, _)| [condition, message])
        });
        let all = arguments
            .map(|argument| &argument.value)
            .chain(steps)
            .chain(validations)
            .chain(plan.locals.iter().map(|local| &local.value));
        for expr in all {
            crate::plan::walk::walk(expr, &mut |node| {
                if let crate::check::typed::TKind::Variable(id) = node.kind {
                    read.insert(id.0);
                }
            });
        }
        read
    }

    /// Locals that are computed when the program runs, each at most once in its binding time.
    pub fn locals(&mut self) -> TokenStream {
        let plan = self.plan;
        let mut out = TokenStream::new();
        for local in &plan.locals {
            let names = self.local(local.id.0);
            let (name, doc, position) = (
                names.name,
                format!(" local.{}", local.name),
                Literal::usize_unsuffixed(names.position),
            );
            if names.started {
                let value = self.value(
                    &local.value,
                    At {
                        around: Around::Start,
                        inside: false,
                    },
                );
                out.extend(quote! {
                    #[doc = #doc]
                    fn #name(s: &Start) -> Result<Value, Fault> {
                        s.local(#position, &|s| Ok(#value))
                    }
                });
            } else {
                let value = self.value(
                    &local.value,
                    At {
                        around: Around::Iteration(None),
                        inside: false,
                    },
                );
                out.extend(quote! {
                    #[doc = #doc]
                    fn #name(m: &Main<'_>) -> Result<Value, Fault> {
                        m.locals.get(#position, &mut || Ok(#value))
                    }
                });
            }
        }
        out
    }

    /// What runs: the program's trait, a thread, a user, an iteration.
    pub fn frame(&mut self) -> TokenStream {
        let has = |scope| !self.of_scope(scope).is_empty();
        let (run, worker, user, iteration) = (
            has(Lifetime::Run),
            has(Lifetime::Worker),
            has(Lifetime::Vu),
            has(Lifetime::Iteration),
        );
        let ready = worker || user || iteration;
        let outputs = self.plan.steps.iter().any(|step| !step.outputs.is_empty());
        let (late_locals, _) = self.local_counts();
        let latches = self.plan.latches;

        let run_struct = self.run_struct();
        let run_assets = if run {
            quote!(::std::sync::Arc::new(Run::new(scope)))
        } else {
            quote!(::std::sync::Arc::new(()))
        };
        let run_scope = if run { quote!(scope) } else { quote!(_) };
        let shared = if run { quote!(shared) } else { quote!(_) };

        let mut thread_fields = vec![quote!(steps: Steps)];
        let mut thread_values = vec![quote!(steps: Steps::new(cx))];
        if ready {
            thread_fields.push(quote!(ready: Ready));
            thread_values.push(quote!(ready: Ready::new(cx)));
        }
        if run {
            thread_fields.push(quote!(run: ::std::sync::Arc<Run>));
            thread_values.push(quote!(run: of_run::<Run>(shared)));
        }
        let worker_stands = self.stands(Lifetime::Worker, &quote!(thread.assets));
        let mut make_thread = quote! { let thread = Thread { #(#thread_values),* }; };
        let mut destroy = quote!(Box::pin(::std::future::ready(())));
        if worker {
            thread_fields.extend([quote!(assets: ThreadAssets), quote!(scope: Scope)]);
            make_thread = quote! {
                let scope = cx.scope();
                let thread = Thread { #(#thread_values,)* assets: ThreadAssets::new(&scope), scope };
                #worker_stands
            };
            destroy = quote!(self.scope.destroy());
        }

        let mut main_fields = vec![quote!(it: It<'a>), quote!(thread: &'a Thread)];
        let mut main_values = vec![quote!(it: user.it(&begun)), quote!(thread: &thread)];
        if user {
            main_fields.push(quote!(user: &'a UserAssets));
            main_values.push(quote!(user: &assets));
        }
        if iteration {
            main_fields.push(quote!(assets: IterationAssets));
            main_values.push(quote!(assets: IterationAssets::new(&scope)));
        }
        if outputs {
            main_fields.push(quote!(outputs: Outputs));
            main_values.push(quote!(outputs: Outputs::new()));
        }
        if late_locals > 0 {
            let count = Literal::usize_unsuffixed(late_locals);
            main_fields.push(quote!(locals: Memo));
            main_values.push(quote!(locals: Memo::new(#count)));
        }
        if latches > 0 {
            let count = Literal::usize_unsuffixed(latches);
            main_fields.push(quote!(latches: [Latch; #count]));
            main_values.push(quote!(latches: ::std::array::from_fn(|_| Latch::default())));
        }
        let user_stands = self.stands(Lifetime::Vu, &quote!(assets));
        let iteration_stands = self.stands(Lifetime::Iteration, &quote!(main.assets));
        let begin_user = user.then(|| {
            quote! {
                let lifetime = user.scope();
                let assets = UserAssets::new(&lifetime);
                #user_stands
            }
        });
        let end_user = user.then(|| quote!(lifetime.destroy().await;));
        let begin_iteration = iteration.then(|| quote!(let scope = user.scope();));
        let end_iteration = iteration.then(|| quote!(scope.destroy().await;));
        quote! {
            /// The compiled grid.
            struct Compiled;

            impl Program for Compiled {
                fn run_assets(&'static self, #run_scope: &RunScope) -> ::std::sync::Arc<dyn ::std::any::Any + Send + Sync> {
                    #run_assets
                }

                fn worker(&'static self, cx: &Prepare<'_>, #shared: &::std::sync::Arc<dyn ::std::any::Any + Send + Sync>) -> ::std::rc::Rc<dyn Worker> {
                    #make_thread
                    ::std::rc::Rc::new(thread)
                }
            }

            #run_struct

            /// What the users of one thread share.
            struct Thread { #(#thread_fields),* }

            impl Worker for Thread {
                fn user(self: ::std::rc::Rc<Self>, user: User) -> Running<'static, ()> {
                    Box::pin(life(self, user))
                }

                fn destroy(&self) -> Running<'_, ()> {
                    #destroy
                }
            }

            /// A virtual user, from its first iteration to the end of its assets.
            async fn life(thread: ::std::rc::Rc<Thread>, user: User) {
                #begin_user
                while let Some(begun) = user.next().await {
                    #begin_iteration
                    let flow = {
                        let main = Main { #(#main_values),* };
                        #iteration_stands
                        let work = iteration(&main);
                        user.unless_cancelled(::std::pin::pin!(work)).await
                    };
                    #end_iteration
                    user.finish(begun, flow);
                }
                #end_user
            }

            /// One iteration of one virtual user.
            struct Main<'a> { #(#main_fields),* }
        }
    }

    /// `assets.client.stand_on(&thread.run.site);` for each resource of a scope that is built on others.
    fn stands(&self, scope: Lifetime, owner: &TokenStream) -> TokenStream {
        let mut out = TokenStream::new();
        for at in self.of_scope(scope) {
            let path = self.slot_path(at);
            for &below in &self.plan.resources[at].on {
                let under = self.slot_path(below);
                let under = match self.plan.resources[below].scope {
                    Lifetime::Run => quote!(thread.run.#under),
                    Lifetime::Worker => quote!(thread.assets.#under),
                    Lifetime::Vu => quote!(assets.#under),
                    Lifetime::Iteration => quote!(main.assets.#under),
                };
                out.extend(quote!(#owner.#path.stand_on(&#under);));
            }
        }
        out
    }

    /// Assets of the run, in order of creation.
    fn run_struct(&mut self) -> Option<TokenStream> {
        let ids = self.of_scope(Lifetime::Run);
        if ids.is_empty() {
            return None;
        }
        let plan = self.plan;
        let mut lets = Vec::new();
        for &at in &ids {
            let resource = &plan.resources[at];
            let (name, asset) = (self.resources[at].name.clone(), field(&resource.asset));
            let prepared = self.resource_prepared(at, &quote!(cx));
            let (number, users) = (
                Literal::usize_unsuffixed(at),
                Literal::u32_unsuffixed(resource.users),
            );
            let below: Vec<_> = resource
                .on
                .iter()
                .map(|below| self.resources[*below].name.clone())
                .collect();
            let late: Vec<&Argument> = resource
                .arguments
                .iter()
                .filter(|argument| argument.value.binding > Binding::Start)
                .collect();
            let make = if late.is_empty() {
                quote!(Box::new(move |cx| prepared.create(cx, Ok(Vec::new()))))
            } else {
                self.run_make(&late, &asset, &below)
            };
            lets.push(quote! {
                let prepared = #prepared;
                let #name = #asset::shared(scope, &RESOURCES[#number], #users, &[#(&#below),*], #make);
            });
        }
        let names: Vec<_> = ids
            .iter()
            .map(|at| self.resources[*at].name.clone())
            .collect();
        Some(quote! {
            /// Assets of the run.
            struct Run { #(#names: Shared),* }

            impl Run {
                fn new(scope: &RunScope) -> Self {
                    let cx = &Prepare::of_run(scope);
                    #(#lets)*
                    Self { #(#names),* }
                }
            }
        })
    }

    /// A creation on the control thread that first waits for the resources that it reads.
    fn run_make(
        &mut self,
        late: &[&Argument],
        asset: &proc_macro2::Ident,
        below: &[proc_macro2::Ident],
    ) -> TokenStream {
        let items: Vec<_> = late
            .iter()
            .map(|argument| {
                let variant = camel(&argument.input.name);
                let value = self.taken(
                    argument,
                    At {
                        around: Around::Run,
                        inside: false,
                    },
                );
                quote!(#asset::In::#variant(Early::Known(#value)))
            })
            .collect();
        let starts = late.iter().any(|argument| reads_start(&argument.value));
        let start = starts.then(|| quote!(let start = ::std::sync::Arc::clone(cx.start());));
        let again = starts.then(|| quote!(let start = ::std::sync::Arc::clone(&start);));
        quote! {{
            #start
            #(let #below = #below.clone();)*
            Box::new(move |cx| {
                #again
                #(let #below = #below.clone();)*
                let prepared = ::std::rc::Rc::clone(&prepared);
                Box::pin(async move {
                    #(#below.get_for(cx).await?;)*
                    let late = Vec::from([#(#items),*]);
                    prepared.create(cx, Ok(late)).await
                })
            })
        }}
    }
}

/// Whether an expression reads anything that is known at start.
fn reads_start(expr: &TExpr) -> bool {
    let mut found = false;
    crate::plan::walk::walk(expr, &mut |node| {
        found |= matches!(
            node.kind,
            TKind::Variable(_) | TKind::Local(_) | TKind::RunId
        )
    });
    found
}

fn lifetime(scope: Lifetime) -> proc_macro2::Ident {
    let name = match scope {
        Lifetime::Run => "Run",
        Lifetime::Worker => "Worker",
        Lifetime::Vu => "Vu",
        Lifetime::Iteration => "Iteration",
    };
    proc_macro2::Ident::new(name, proc_macro2::Span::call_site())
}

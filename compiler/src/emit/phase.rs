//! What runs before and after the iterations: rows of the table of the grid, and the methods of a worker by which it runs.
//! What a user runs is filled as a flow is: it is handed the user's assets.

use super::constant;
use super::names::{call_path, camel};
use super::writer::Writer;
use crate::plan::model::{Hosted, Step};
use crate::resolve::model::{BodyId, StepId};
use crate::syntax::decl::Phase;
use bggo_manifest::Lifetime;
use proc_macro2::{Ident, Literal, TokenStream};
use quote::quote;

/// Rows of tables.
impl Writer<'_> {
    /// `.phases(&[..])` of the grid, with how many outputs of `setup` are kept.
    pub fn phase_table(&self) -> Option<TokenStream> {
        let phases = &self.plan.phases;
        let rows = phases.iter().map(|phase| {
            let (name, info) = (phase.phase.name(), &self.names_of_body(phase.body).info);
            let first = Literal::u32_unsuffixed(phase.first_slot);
            let limit = constant::duration(phase.limit);
            let scenario = phase.scenario.map(|number| {
                let number = Literal::usize_unsuffixed(number);
                quote!(.scenario(#number))
            });
            quote!(RunPhase::new(#name, &#info, #first, #limit) #scenario)
        });
        let rows: Vec<TokenStream> = rows.collect();
        let kept = (self.plan.kept_of_setup > 0).then(|| {
            let kept = Literal::usize_unsuffixed(self.plan.kept_of_setup);
            quote!(.kept_of_setup(#kept))
        });
        (!rows.is_empty()).then(|| quote!(.phases(&[#(#rows),*]) #kept))
    }

    /// `.phases(&[..])` of a body whose users run some.
    pub fn hosted_rows(&self, body: BodyId) -> Option<TokenStream> {
        let hosted = self.plan.body(body).hosted.iter().map(|hosted| {
            let (name, info) = (hosted.phase.name(), &self.names_of_body(hosted.body).info);
            let first = Literal::u32_unsuffixed(hosted.first_slot);
            quote!(BodyPhase::new(#name, &#info, #first))
        });
        let hosted: Vec<TokenStream> = hosted.collect();
        (!hosted.is_empty()).then(|| quote!(.phases(&[#(#hosted),*])))
    }
}

/// What runs once.
impl Writer<'_> {
    /// The method of the trait that runs a phase by its number.
    pub fn phase_method(&self) -> Option<TokenStream> {
        let phases = self.plan.phases.iter().enumerate();
        let arms = phases.map(|(number, phase)| {
            let number = Literal::usize_unsuffixed(number);
            let life = &self.names_of_body(phase.body).life;
            quote!(#number => self.#life(run),)
        });
        let arms: Vec<TokenStream> = arms.collect();
        let no_such_phase = quote!(no_such_phase);
        (!arms.is_empty()).then(|| {
            quote! {
                fn phase<'a>(self: Rc<Self>, number: u32, run: PhaseRun<'a>) -> Running<'a, bool> {
                    match number {
                        #(#arms)*
                        _ => #no_such_phase(number),
                    }
                }
            }
        })
    }

    /// The one run of the phase that is being written.
    pub fn phase_life(&self) -> TokenStream {
        let (names, body) = (self.body_names(), self.body());
        let (life, of_user, ty) = (&names.life, &names.user_type, &names.ty);
        let user = !self.of_body(Lifetime::Vu).is_empty();
        let iteration = !self.of_body(Lifetime::Iteration).is_empty() || body.makes_in_calls;
        let values = self.body_fields().into_iter().map(|field| field.value);
        let values: Vec<TokenStream> = values.collect();
        let of_user_depend = self.dependencies(Lifetime::Vu, &quote!(self), &quote!(assets));
        let depend = self.dependencies(Lifetime::Iteration, &quote!(self), &quote!(this.assets));
        let begin_user = user.then(|| {
            quote! {
                let user_scope = run.scope();
                let assets = #of_user::new(&user_scope);
                #of_user_depend
            }
        });
        let end_user = user.then(|| quote!(user_scope.destroy().await;));
        let begin = iteration.then(|| quote!(let iteration_scope = run.iteration_scope();));
        let end = iteration.then(|| quote!(iteration_scope.destroy().await;));
        let run_steps = self.run_and_keep(self.body_id, &quote!(run));
        let doc = format!(" Runs `{}`.", body.name);
        quote! {
            #[doc = #doc]
            fn #life<'a>(self: Rc<Self>, run: PhaseRun<'a>) -> Running<'a, bool> {
                Box::pin(async move {
                    #begin_user
                    #begin
                    let flow = {
                        let this = #ty { #(#values),* };
                        #depend
                        let steps = #ty::run(&this);
                        #run_steps
                    };
                    #end
                    #end_user
                    run.ends(flow)
                })
            }
        }
    }

    /// Runs `steps` to their flow, and keeps the outputs that others read.
    fn run_and_keep(&self, body: BodyId, run: &TokenStream) -> TokenStream {
        let steps = self.plan.body(body).steps.iter().enumerate();
        let kept = steps.filter_map(|(index, step)| {
            let number = Literal::usize_unsuffixed(step.kept?);
            let slots = match &self.names_of_body(body).steps[index].late {
                Some(late) => {
                    let position = &late.position;
                    quote!(this.late[#position])
                }
                None => {
                    let path = self.kept_paths.get(&StepId { body, index })?;
                    quote!(this.outputs.#path)
                }
            };
            Some(quote!(#run.keep(#number, #slots.kept());))
        });
        let kept: TokenStream = kept.collect();
        match kept.is_empty() {
            true => quote!(#run.run(pin!(steps)).await),
            false => quote! {
                let flow = #run.run(pin!(steps)).await;
                #kept
                flow
            },
        }
    }
}

/// What users run.
impl Writer<'_> {
    /// What the users of the body that is being written do around their iterations.
    pub fn around_iterations(&mut self) -> AroundIterations {
        let hosted = self.body().hosted.clone();
        let mut around = AroundIterations::default();
        let has_assets = !self.of_body(Lifetime::Vu).is_empty();
        let assets = has_assets.then(|| quote!(, &assets));
        for one in &hosted {
            let host = self.body_names().field.to_string();
            let phase = &self.plan.body(one.body).name;
            let name = self.names.snake(&format!("{phase}_of_{host}"));
            let method = self.fill(&name, one, has_assets);
            around.methods.extend(method);
            if one.phase == Phase::VuSetup {
                around
                    .before
                    .push(quote!(self.#name(&user #assets, attempt).await));
            } else {
                around
                    .after
                    .push(quote!(self.#name(&user #assets, 0).await;));
            }
        }
        around
    }

    /// The method that runs a phase of a user.
    fn fill(&self, name: &Ident, hosted: &Hosted, has_assets: bool) -> TokenStream {
        let body = self.plan.body(hosted.body);
        let names = self.names_of_body(hosted.body);
        let (ty, field) = (&names.ty, &names.field);
        let mut fields = vec![
            quote!(iteration: phase.iteration()),
            quote!(steps: &self.#field),
        ];
        if !body.resources.is_empty() {
            fields.push(quote!(worker: self));
        }
        let flow = body.flow.as_ref();
        let handed = flow.map_or(&[][..], |flow| &flow.handed);
        if !handed.is_empty() {
            let ty = &names.user_type;
            let slots = handed.iter().map(|at| {
                let (name, path) = (&self.resource(*at).name, &self.resource_paths[*at]);
                quote!(#name: &assets.#path)
            });
            fields.push(quote!(handed: #ty { #(#slots),* }));
        }
        let own = flow.map_or(&[][..], |flow| &flow.own);
        if !own.is_empty() {
            let ty = &names.assets_type;
            fields.push(quote!(assets: #ty::new(&scope)));
        }
        let mut calls = body.steps.iter().filter_map(Step::call);
        let makes_in_calls = calls.any(|call| self.plan.body(call.body).makes_in_calls);
        if makes_in_calls {
            fields.push(quote!(scope: &scope));
        }
        if let Some(late) = super::late::late_values(body) {
            fields.push(quote!(late: #late));
        }
        if body.steps.iter().any(Step::has_output_slots) {
            let ty = &names.outputs_type;
            fields.push(quote!(outputs: #ty::new()));
        }
        if body.memory > 0 {
            fields.push(quote!(locals: &locals));
        }
        if body.latches > 0 {
            fields.push(quote!(latches: ::std::array::from_fn(|_| Latch::default())));
        }
        let has_scope = !own.is_empty() || makes_in_calls;
        let begin = has_scope.then(|| quote!(let scope = phase.iteration_scope();));
        let end = has_scope.then(|| quote!(scope.destroy().await;));
        let locals = (body.memory > 0).then(|| {
            let count = Literal::usize_unsuffixed(body.memory);
            quote!(let locals = Memo::new(#count);)
        });
        let is_built = own
            .iter()
            .any(|own| !self.plan.resources[*own].on.is_empty());
        let depend = is_built.then(|| {
            let depend = call_path(&names.life);
            quote!(#depend(&this);)
        });
        let run_steps = self.run_and_keep(hosted.body, &quote!(phase));
        let user_type = &self.body_names().user_type;
        let takes_assets = has_assets.then(|| match handed.is_empty() {
            true => quote!(, _: &'a #user_type),
            false => quote!(, assets: &'a #user_type),
        });
        let kind = camel(hosted.phase.name());
        let limit = body.phase.as_ref().map(|phase| phase.limit);
        let limit = constant::duration(limit.unwrap_or_default());
        let first = Literal::u32_unsuffixed(hosted.first_slot);
        let doc = format!(
            " Runs `{}` for a user of `{}`.",
            body.name,
            self.body().name
        );
        quote! {
            #[doc = #doc]
            fn #name<'a>(&'a self, user: &'a User #takes_assets, attempt: u32) -> Running<'a, bool> {
                Box::pin(async move {
                    let phase = user.phase_run(PhaseKind::#kind, (#first, attempt), #limit);
                    #begin
                    #locals
                    let flow = {
                        let this = #ty { #(#fields),* };
                        #depend
                        let steps = #ty::run(&this);
                        #run_steps
                    };
                    #end
                    phase.ends(flow)
                })
            }
        }
    }
}

/// What users do around their iterations.
#[derive(Default)]
pub struct AroundIterations {
    /// The methods that do it.
    pub methods: TokenStream,
    /// Each says whether it passed.
    pub before: Vec<TokenStream>,
    /// Statements.
    pub after: Vec<TokenStream>,
}

//! The frame of the program: the state of a worker thread, and the life of a virtual user of each scenario.

use super::writer::Writer;
use crate::resolve::model::BodyId;
use crate::syntax::decl::Phase;
use bggo_manifest::Lifetime;
use proc_macro2::{Literal, TokenStream};
use quote::quote;

impl Writer<'_> {
    /// The program's trait, and a worker; `lives` are the methods that [`Writer::life`] gives for the bodies.
    pub fn worker(&mut self, lives: &TokenStream) -> TokenStream {
        let has = |scope| !self.of_scope(scope).is_empty();
        let (run, worker, user) = (has(Lifetime::Run), has(Lifetime::Worker), has(Lifetime::Vu));
        let (run_assets, scope, shared) = if run {
            (
                quote!(RunAssets::new(scope)),
                quote!(scope),
                quote!(run_assets),
            )
        } else {
            (quote!(()), quote!(_), quote!(_))
        };
        let (mut fields, mut values) = (Vec::new(), Vec::new());
        let plan = self.plan;
        let hosted = plan.called_flows().into_iter();
        let hosted = hosted.filter(|body| plan.body(*body).phase.is_some());
        for body in plan.run_bodies().chain(plan.phase_bodies()).chain(hosted) {
            let names = self.names_of_body(body);
            let (field, ty) = (&names.field, &names.steps_type);
            fields.push(quote!(#field: #ty));
            values.push(quote!(#field: #ty::new(cx)));
        }
        if worker || user || has(Lifetime::Iteration) {
            fields.push(quote!(ready: ReadyAssets));
            values.push(quote!(ready: ReadyAssets::new(cx)));
        }
        if run {
            fields.push(quote!(run: Arc<RunAssets>));
            let of_run = self.names.of_runtime("of_run");
            values.push(quote!(run: #of_run(run_assets)));
        }
        let mut make = quote!(Rc::new(WorkerState { #(#values),* }));
        let mut destroy = quote!();
        if worker {
            fields.extend([quote!(assets: WorkerAssets), quote!(scope: Scope)]);
            let dependencies =
                self.dependencies(Lifetime::Worker, &quote!(state), &quote!(state.assets));
            make = quote! {
                let scope = cx.scope();
                let state = WorkerState { #(#values,)* assets: WorkerAssets::new(&scope), scope };
                #dependencies
                Rc::new(state)
            };
            destroy = quote! {
                fn destroy(&self) -> Running<'_, ()> {
                    self.scope.destroy()
                }
            };
        }
        let no_such_scenario = self.names.of_runtime("no_such_scenario");
        let arms = self.plan.scenarios.iter().enumerate().map(|(number, row)| {
            let number = Literal::usize_unsuffixed(number);
            let life = &self.names_of_body(row.body).life;
            quote!(#number => Box::pin(self.#life(user)),)
        });
        let phase = self.phase_method();
        let schemas = self.schemas_prepared();
        quote! {
            /// The compiled grid.
            struct Compiled;

            impl Program for Compiled {
                fn run_assets(&'static self, #scope: &RunScope) -> ErasedRunAssets {
                    #schemas
                    Arc::new(#run_assets)
                }

                fn worker(&'static self, cx: &Prepare<'_>, #shared: &ErasedRunAssets) -> Rc<dyn Worker> {
                    #make
                }
            }

            /// What the users of one worker thread share.
            struct WorkerState { #(#fields),* }

            impl Worker for WorkerState {
                fn user(self: Rc<Self>, scenario: u32, user: User) -> Running<'static, ()> {
                    match scenario {
                        #(#arms)*
                        _ => #no_such_scenario(scenario),
                    }
                }

                #phase

                #destroy
            }

            impl WorkerState {
                #lives
            }
        }
    }

    /// The life of a user who runs the body that is being written again and again.
    ///
    /// (It is no `async fn`: every user would keep itself twice, as the argument and as the variable.)
    pub fn life(&mut self) -> TokenStream {
        let around = self.around_iterations();
        let names = self.body_names();
        let (life, of_user) = (&names.life, &names.user_type);
        let user = !self.of_body(Lifetime::Vu).is_empty();
        let body = self.body();
        let iteration = !self.of_body(Lifetime::Iteration).is_empty() || body.makes_in_calls;
        let values = self.body_fields().into_iter().map(|field| field.value);
        let values: Vec<TokenStream> = values.collect();
        let user_dependencies = self.dependencies(Lifetime::Vu, &quote!(self), &quote!(assets));
        let iteration_dependencies =
            self.dependencies(Lifetime::Iteration, &quote!(self), &quote!(this.assets));
        let begin_user = user.then(|| {
            quote! {
                let user_scope = user.scope();
                let assets = #of_user::new(&user_scope);
                #user_dependencies
            }
        });
        let end_user = user.then(|| quote!(user_scope.destroy().await;));
        let begin_iteration =
            iteration.then(|| quote!(let iteration_scope = user.iteration_scope();));
        let end_iteration = iteration.then(|| quote!(iteration_scope.destroy().await;));
        let settle_iteration = (user && body.opens).then(|| quote!(user_scope.settle().await;));
        let mut set_up = body.hosted.iter();
        let set_up =
            set_up.any(|one| one.phase == Phase::VuSetup && self.plan.body(one.body).opens);
        let settle_set_up = (user && set_up).then(|| quote!(user_scope.settle().await;));
        let ty = self.body_type();
        let doc = match self.body_id {
            BodyId::MAIN => {
                " A virtual user, from its first iteration to the end of its assets.".to_owned()
            }
            _ => format!(
                " A virtual user of `{}`, from its first iteration to the end of its assets.",
                self.body().name
            ),
        };
        let iterations = quote! {
            while let Some(begun) = user.next().await {
                #begin_iteration
                let flow = {
                    let this = #ty { #(#values),* };
                    #iteration_dependencies
                    let run = #ty::run(&this);
                    user.unless_cancelled(pin!(run)).await
                };
                #end_iteration
                #settle_iteration
                user.finish(begun, flow);
            }
        };
        let (methods, before, after) = (around.methods, around.before, around.after);
        let whole = match before.as_slice() {
            [] => quote!(#begin_user #iterations #(#after)* #end_user),
            // One whose setup fails is another one from then on.
            before => quote! {
                for attempt in 0.. {
                    #begin_user
                    let is_set_up = #(#before)&&*;
                    if is_set_up {
                        #settle_set_up
                        #iterations
                        #(#after)*
                    }
                    #end_user
                    if is_set_up || !user.is_replaced(attempt).await {
                        break;
                    }
                }
            },
        };
        quote! {
            #[doc = #doc]
            fn #life(self: Rc<Self>, user: User) -> impl Future<Output = ()> {
                async move { #whole }
            }

            #methods
        }
    }

    /// `assets.client.depend_on(&self.run.site);` for each resource of a scope that is built on others. `worker` is the
    /// worker's state, `owner` the struct of that scope.
    pub fn dependencies(
        &self,
        scope: Lifetime,
        worker: &TokenStream,
        owner: &TokenStream,
    ) -> TokenStream {
        let mut out = TokenStream::new();
        let ids = match scope {
            Lifetime::Run | Lifetime::Worker => self.of_scope(scope),
            Lifetime::Vu | Lifetime::Iteration => self.of_body(scope),
        };
        for at in ids {
            let path = &self.resource_paths[at];
            for &below in &self.plan.resources[at].on {
                let under = &self.resource_paths[below];
                let under = match self.plan.resources[below].scope {
                    Lifetime::Run => quote!(#worker.run.#under),
                    Lifetime::Worker => quote!(#worker.assets.#under),
                    Lifetime::Vu => quote!(assets.#under),
                    Lifetime::Iteration => quote!(this.assets.#under),
                };
                out.extend(quote!(#owner.#path.depend_on(&#under);));
            }
        }
        out
    }
}

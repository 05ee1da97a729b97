//! The frame of the program: threads, users, and the state of one iteration.

use super::writer::Writer;
use bggo_manifest::Lifetime;
use proc_macro2::{Literal, TokenStream};
use quote::quote;

impl Writer<'_> {
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
        let outputs = self.plan.bodies[0].steps.iter().any(|step| step.read);
        let (late_locals, _) = self.local_counts();
        let latches = self.plan.bodies[0].latches;

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
}

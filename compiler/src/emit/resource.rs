//! Resources: how each is prepared, made and got. Those of the run are made once, on the control thread, and others of the
//! run are built on them by name; those below are got by the functions of a body.

use super::argument::{has_late, is_late, is_started};
use super::inputs::{known, owned_list};
use super::names::{camel, field};
use super::tokens::{EvaluatedIn, names_in, or_unused};
use super::tree::{Filled, Leaf, WIDTH, tree};
use super::writer::Writer;
use crate::check::typed::TRules;
use crate::plan::model::{Argument, Step, UsedAsset};
use crate::resolve::model::BodyId;
use bggo_manifest::Lifetime;
use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

/// The structs of assets that outlive an iteration.
impl Writer<'_> {
    /// The structs of those that all bodies share, of the run and of a worker; from here on their paths are known.
    pub fn shared_assets(&mut self) -> TokenStream {
        let of_run = self.of_scope(Lifetime::Run);
        for (number, part) in of_run.chunks(WIDTH).enumerate() {
            for &resource in part {
                let name = &self.resource(resource).name;
                if of_run.len() <= WIDTH {
                    self.resource_paths[resource] = quote!(#name);
                } else {
                    let part = format_ident!("part_{}", number + 1);
                    self.resource_paths[resource] = quote!(#part.#name);
                    self.run_parts[resource] = Some(part);
                }
            }
        }
        let mut out = self.run_struct().unwrap_or_default();
        let worker = self.of_scope(Lifetime::Worker);
        let of_worker = format_ident!("WorkerAssets");
        out.extend(self.slots(&worker, &of_worker, "Assets of one worker thread."));
        out
    }

    /// The struct of the assets of a user that runs the body; from here on their paths are known.
    pub fn user_assets(&mut self) -> TokenStream {
        let user = self.of_body(Lifetime::Vu);
        let of_user = self.body_names().user_type.clone();
        let doc = match self.body_id {
            BodyId::MAIN => "Assets of one virtual user.".to_owned(),
            _ => format!("Assets of one virtual user of `{}`.", self.body().name),
        };
        self.slots(&user, &of_user, &doc)
    }

    /// What all assets of a resource share on a thread.
    pub fn ready_assets(&mut self) -> TokenStream {
        let mut out = TokenStream::new();
        let ids: Vec<usize> = (0..self.plan.resources.len())
            .filter(|at| self.plan.resources[*at].scope != Lifetime::Run)
            .collect();
        if !ids.is_empty() {
            let leaves = ids.iter().map(|id| self.ready_leaf(*id)).collect();
            let filled = Filled {
                name: "ReadyAssets",
                doc: "What all assets of a resource share on a thread.",
                parameters: quote!(cx: &Prepare<'_>),
                arguments: quote!(cx),
            };
            let (structs, paths) = tree(&filled, leaves);
            out.extend(structs);
            self.ready_paths = ids.into_iter().zip(paths).collect();
        }
        out
    }

    /// The struct with the slots of some resources, if there are any.
    pub fn slots(&mut self, ids: &[usize], name: &Ident, doc: &str) -> TokenStream {
        if ids.is_empty() {
            return quote!();
        }
        let leaves = ids.iter().map(|id| self.slot_leaf(*id)).collect();
        let filled = Filled {
            name: &name.to_string(),
            doc,
            parameters: quote!(scope: &Scope),
            arguments: quote!(scope),
        };
        let (structs, paths) = tree(&filled, leaves);
        for (id, path) in ids.iter().zip(paths) {
            self.resource_paths[*id] = path;
        }
        structs
    }

    fn slot_leaf(&self, id: usize) -> Leaf {
        let resource = &self.plan.resources[id];
        let asset = field(&resource.asset);
        let (names, uses) = (self.resource(id), self.uses_of(id));
        let info = &names.info;
        Leaf {
            name: names.name.clone(),
            ty: quote!(#asset::Slot),
            value: quote!(#asset::Slot::new(scope, #info, #uses, &[])),
        }
    }

    /// The constant with the number of users that a resource counts where it is made.
    fn uses_of(&self, at: usize) -> &Ident {
        match self.plan.resources[at].scope {
            Lifetime::Run | Lifetime::Worker => &self.resource(at).uses,
            Lifetime::Vu | Lifetime::Iteration => &self.resource_functions(at).uses,
        }
    }

    fn ready_leaf(&mut self, at: usize) -> Leaf {
        let asset = field(&self.plan.resources[at].asset);
        Leaf {
            name: self.resource(at).name.clone(),
            ty: quote!(Rc<#asset::Prepared>),
            value: self.prepared(at),
        }
    }

    /// The call that prepares a resource, in a function with `cx: &Prepare`.
    fn prepared(&self, at: usize) -> TokenStream {
        let (resource, names) = (&self.plan.resources[at], self.resource(at));
        let asset = field(&resource.asset);
        if is_started(&resource.arguments, &resource.rules) {
            let prepare = &names.prepare;
            return quote!(#asset::Prepared::new(cx, #prepare(cx.start())));
        }
        let inputs = known(&resource.arguments, &names.inputs);
        quote!(#asset::Prepared::fixed(cx, #inputs))
    }

    /// Known inputs of all resources.
    pub fn resource_inputs(&mut self) -> TokenStream {
        let mut out = TokenStream::new();
        let plan = self.plan;
        for (at, resource) in plan.resources.iter().enumerate() {
            let doc = self.resource_doc(at);
            let names = self.resource(at);
            let (owner, prepare, inputs) = (
                names.name.clone(),
                names.prepare.clone(),
                names.inputs.clone(),
            );
            self.write_for(owner);
            let module = field(&resource.asset);
            let given = (resource.arguments.as_slice(), &resource.rules);
            out.extend(self.known_inputs(given, [&module, &prepare, &inputs], &doc));
            out.extend(self.take_parts());
        }
        out
    }
}

/// Functions of a body that reach resources.
impl Writer<'_> {
    /// The functions that get a resource, release it, and compute its late inputs.
    pub fn resource_access(&mut self, at: usize) -> TokenStream {
        let get = if self.plan.resources[at].scope == Lifetime::Run {
            self.get_of_run(at)
        } else {
            self.get(at)
        };
        let mut steps = self.body().steps.iter();
        let flow = self.body().flow.as_ref();
        let by_output =
            flow.is_some_and(|flow| flow.own.contains(&at) && flow.read_by_outputs.contains(&at));
        let is_used = by_output || steps.any(|step| step.users_of.contains(&at));
        let done = is_used.then(|| {
            let (name, path) = (&self.resource_functions(at).done, self.resource_path(at));
            let body = self.body_type();
            let doc = format!(
                "{}: one of the steps that use it has ended",
                self.resource_doc(at)
            );
            quote! {
                #[doc = #doc]
                fn #name(this: &#body<'_>) {
                    #path.done();
                }
            }
        });
        quote!(#get #done)
    }

    fn get_of_run(&self, at: usize) -> TokenStream {
        if !self.is_got(at) {
            return quote!();
        }
        let (name, path) = (&self.resource_functions(at).get, self.resource_path(at));
        let (doc, body) = (self.resource_doc(at), self.body_type());
        quote! {
            #[doc = #doc]
            fn #name<'a>(this: &'a #body<'_>) -> GetRunAsset<'a> {
                #path.get(this.iteration.asker())
            }
        }
    }

    fn get(&mut self, at: usize) -> TokenStream {
        let plan = self.plan;
        let resource = &plan.resources[at];
        if !self.is_got(at) {
            return quote!();
        }
        let asset = field(&resource.asset);
        let late: Vec<&Argument> = resource
            .arguments
            .iter()
            .filter(|argument| is_late(argument))
            .collect();
        self.write_for(self.resource_functions(at).get.clone());
        let checks = self.checks(&resource.rules, EvaluatedIn::Body(None));
        let items: Vec<_> = late
            .iter()
            .map(|argument| {
                let variant = camel(&argument.input.name);
                let value = self.owned_input(argument, EvaluatedIn::Body(None));
                quote!(#asset::In::#variant(Early::Known(#value)))
            })
            .collect();
        let (slot, ready, doc) = (
            self.resource_path(at),
            self.ready_path(at),
            self.resource_doc(at),
        );
        let (parts, needs) = (self.take_parts(), self.asset_needs(at));
        let (names, body_type) = (self.resource_functions(at), self.body_type());
        let (name, late_name) = (&names.get, &names.late);
        let (inputs, function) = if items.is_empty() && checks.is_empty() {
            (quote!(Ok(Vec::new())), quote!())
        } else {
            let list = owned_list(&items);
            let body = quote!(#checks Ok(#list));
            let (this, late_doc) = (or_unused("this", &body), format!("{doc}: inputs that vary"));
            let function = quote! {
                #[doc = #late_doc]
                fn #late_name(#this: &#body_type<'_>) -> Result<Vec<#asset::In>, Fault> {
                    #body
                }
            };
            (quote!(#late_name(this)), function)
        };
        quote! {
            #[doc = #doc]
            fn #name<'a>(this: &'a #body_type<'_>) -> #asset::Get<'a> {
                #slot.get(&this.iteration, &mut |cx| #ready.create(cx, #needs #inputs))
            }

            #function

            #parts
        }
    }

    /// `session::Needs::NONE.line(&..),` where its kind takes assets: those are there before it is asked for.
    pub fn asset_needs(&self, at: usize) -> TokenStream {
        let resource = &self.plan.resources[at];
        let Some(uses) = &resource.uses else {
            return quote!();
        };
        let asset = field(&resource.asset);
        let slots = uses.iter().map(|used| {
            let (key, path) = (field(&used.key), self.resource_path(used.resource));
            match self.variant(&asset, used, "Slot") {
                Some(variant) => quote!(.#key(Some(#variant(#path.clone())))),
                None => quote!(.#key(Some(&#path))),
            }
        });
        quote!(#asset::Needs::NONE #(#slots)*,)
    }

    /// `query::DbGet::PostgresPool`: the variant for an asset that is handed to `owner`, where several kinds fit. `what` is
    /// how it is handed over.
    pub fn variant(&self, owner: &Ident, used: &UsedAsset, what: &str) -> Option<TokenStream> {
        let name = format_ident!("{}{what}", camel(&used.key));
        let kind = camel(&self.plan.resources[used.resource].asset);
        used.has_alternatives.then(|| quote!(#owner::#name::#kind))
    }

    /// Some step needs it.
    fn is_got(&self, at: usize) -> bool {
        let flow = self.body().flow.as_ref();
        let by_output = flow.is_some_and(|flow| flow.read_by_outputs.contains(&at));
        let by_step = |step: &Step| {
            step.needs.contains(&at) || step.uses.iter().any(|used| used.resource == at)
        };
        by_output || self.body().steps.iter().any(by_step)
    }
}

/// Assets of the run.
impl Writer<'_> {
    /// The struct of the assets of the run, in order of creation. More than 16 are a struct of such structs.
    pub fn run_struct(&mut self) -> Option<TokenStream> {
        let ids = self.of_scope(Lifetime::Run);
        if ids.is_empty() {
            return None;
        }
        if ids.len() <= WIDTH {
            let run = format_ident!("RunAssets");
            return Some(self.run_part(&ids, &run, " Assets of the run.", &[]));
        }
        let (mut out, mut fields, mut types) = (TokenStream::new(), Vec::new(), Vec::new());
        let mut calls = Vec::new();
        for part in ids.chunks(WIDTH) {
            let number = fields.len() + 1;
            let (field, ty) = (
                format_ident!("part_{number}"),
                format_ident!("RunAssets{number}"),
            );
            out.extend(self.run_part(part, &ty, " A part of the assets of the run.", &fields));
            let earlier = self.earlier(part, &fields);
            let earlier = earlier.iter().map(|(part, _)| quote!(, &#part));
            calls.push(quote!(let #field = #ty::new(scope #(#earlier)*);));
            fields.push(field);
            types.push(ty);
        }
        Some(quote! {
            /// Assets of the run.
            struct RunAssets { #(#fields: #types),* }

            impl RunAssets {
                fn new(scope: &RunScope) -> Self {
                    #(#calls)*
                    Self { #(#fields),* }
                }
            }

            #out
        })
    }

    /// The parts made before that some of these resources are built on, with their number.
    fn earlier(&self, ids: &[usize], parts: &[Ident]) -> Vec<(Ident, usize)> {
        let all = parts.iter().cloned().zip(1..);
        let used = |part: &Ident| {
            let below = ids.iter().flat_map(|at| &self.plan.resources[*at].on);
            below
                .into_iter()
                .any(|below| self.run_parts[*below].as_ref() == Some(part))
        };
        all.filter(|(part, _)| used(part)).collect()
    }

    /// Some assets of the run as one struct; `parts` are the structs before it.
    fn run_part(&mut self, ids: &[usize], ty: &Ident, doc: &str, parts: &[Ident]) -> TokenStream {
        let names: Vec<_> = ids
            .iter()
            .map(|at| self.resource(*at).name.clone())
            .collect();
        let values = ids.iter().map(|at| {
            let names = self.resource(*at);
            let (name, variable) = (&names.name, &names.variable);
            if name == variable {
                quote!(#name)
            } else {
                quote!(#name: #variable)
            }
        });
        let values: Vec<TokenStream> = values.collect();
        let parameters: Vec<_> = self
            .earlier(ids, parts)
            .into_iter()
            .map(|(part, number)| {
                let ty = format_ident!("RunAssets{number}");
                quote!(, #part: &#ty)
            })
            .collect();
        let lets: Vec<_> = ids.iter().map(|at| self.run_asset(*at, ids)).collect();
        let cut = self.take_parts();
        quote! {
            #[doc = #doc]
            struct #ty { #(#names: RunAsset),* }

            impl #ty {
                fn new(scope: &RunScope #(#parameters)*) -> Self {
                    let cx = &scope.prepare();
                    #(#lets)*
                    Self { #(#values),* }
                }
            }

            #cut
        }
    }

    /// `let site = ..;`, in a function that makes those of `together`.
    fn run_asset(&mut self, at: usize, together: &[usize]) -> TokenStream {
        let plan = self.plan;
        let resource = &plan.resources[at];
        let names = self.resource(at);
        let (name, variable) = (names.name.clone(), names.variable.clone());
        let (info, uses) = (names.info.clone(), names.uses.clone());
        let asset = field(&resource.asset);
        let prepared = self.prepared(at);
        let path_of = |below: &usize| {
            let names = self.resource(*below);
            let (name, variable) = (&names.name, &names.variable);
            match &self.run_parts[*below] {
                Some(part) if !together.contains(below) => quote!(#part.#name),
                _ => quote!(#variable),
            }
        };
        let name_of = |below: &usize| self.resource(*below).variable.clone();
        let below = resource
            .on
            .iter()
            .map(|below| (name_of(below), path_of(below)));
        let below: Vec<(Ident, TokenStream)> = below.collect();
        // The slots of the run are on this thread, so an asset can get those that it is built on.
        let needs = resource.uses.as_ref().map(|uses| {
            let slots = uses.iter().map(|used| {
                let kind = field(&plan.resources[used.resource].asset);
                let (key, path) = (field(&used.key), path_of(&used.resource));
                let slot = quote!(#kind::Slot::of_run(scope, &#path));
                match self.variant(&asset, used, "Slot") {
                    Some(variant) => quote!(.#key(#slot.map(#variant))),
                    None => quote!(.#key(#slot.as_ref())),
                }
            });
            quote!(#asset::Needs::NONE #(#slots)*)
        });
        let late: Vec<&Argument> = resource
            .arguments
            .iter()
            .filter(|argument| is_late(argument))
            .collect();
        let takes = resource.uses.as_ref().is_some_and(|uses| !uses.is_empty());
        let judged = has_late(&resource.rules);
        let make = if late.is_empty() && !takes && !judged {
            let needs = needs.map(|needs| quote!(#needs,));
            quote!(Box::new(move |cx| prepared.create(cx, #needs Ok(Vec::new()))))
        } else {
            self.write_for(&name);
            self.run_make((&late, &resource.rules), needs, &asset, &below)
        };
        let paths = below.iter().map(|(_, path)| path);
        quote! {
            let prepared = #prepared;
            let #variable = #asset::shared(scope, #info, #uses, &[#(&#paths),*], #make);
        }
    }

    /// A creation on the control thread that first waits for the resources that it reads or takes.
    fn run_make(
        &mut self,
        (late, rules): (&[&Argument], &TRules),
        needs: Option<TokenStream>,
        asset: &Ident,
        below: &[(Ident, TokenStream)],
    ) -> TokenStream {
        let checks = self.checks(rules, EvaluatedIn::RunAssets);
        let items: Vec<_> = late
            .iter()
            .map(|argument| {
                let variant = camel(&argument.input.name);
                let value = self.owned_input(argument, EvaluatedIn::RunAssets);
                quote!(#asset::In::#variant(Early::Known(#value)))
            })
            .collect();
        let list = owned_list(&items);
        let (late, inputs) = match items.as_slice() {
            [] => (checks, list),
            _ => (quote!(#checks let late = #list;), quote!(late)),
        };
        let starts = names_in(&late, &format_ident!("start"));
        let start = starts.then(|| quote!(let start = Arc::clone(cx.start());));
        let again = starts.then(|| quote!(let start = Arc::clone(&start);));
        let taken = needs.as_ref().map(|needs| quote!(let needs = #needs;));
        let (taken_again, needs) = match needs {
            Some(_) => (quote!(let needs = needs.clone();), quote!(needs,)),
            None => (quote!(), quote!()),
        };
        let (below, paths): (Vec<_>, Vec<_>) = below.iter().cloned().unzip();
        quote! {{
            #start
            #taken
            #(let #below = #paths.clone();)*
            Box::new(move |cx| {
                #again
                #taken_again
                #(let #below = #below.clone();)*
                let prepared = Rc::clone(&prepared);
                Box::pin(async move {
                    #(#below.get_for(&cx).await?;)*
                    #late
                    prepared.create(cx, #needs Ok(#inputs)).await
                })
            })
        }}
    }
}

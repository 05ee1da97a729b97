//! Assets of the run: made once, on the control thread, which other resources of the run are built on by name.

use super::cut::names;
use super::expr::At;
use super::inputs::is_late;
use super::names::{camel, field};
use super::tree::WIDTH;
use super::writer::Writer;
use crate::plan::model::Argument;
use bggo_manifest::Lifetime;
use proc_macro2::{Ident, Literal, TokenStream};
use quote::{format_ident, quote};

impl Writer<'_> {
    /// The struct of the assets of the run, in order of creation. More than 16 are a struct of such structs.
    pub fn run_struct(&mut self) -> Option<TokenStream> {
        let ids = self.of_scope(Lifetime::Run);
        if ids.is_empty() {
            return None;
        }
        if ids.len() <= WIDTH {
            let run = format_ident!("Run");
            return Some(self.run_part(&ids, &run, " Assets of the run.", &[]));
        }
        let (mut out, mut fields, mut types) = (TokenStream::new(), Vec::new(), Vec::new());
        let mut calls = Vec::new();
        for part in ids.chunks(WIDTH) {
            let number = fields.len() + 1;
            let (field, ty) = (format_ident!("part_{number}"), format_ident!("Run{number}"));
            out.extend(self.run_part(part, &ty, " A part of the assets of the run.", &fields));
            let earlier = self.earlier(part, &fields);
            let earlier = earlier.iter().map(|(part, _)| quote!(, &#part));
            calls.push(quote!(let #field = #ty::new(scope #(#earlier)*);));
            fields.push(field);
            types.push(ty);
        }
        Some(quote! {
            /// Assets of the run.
            struct Run { #(#fields: #types),* }

            impl Run {
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

    /// Some assets of the run as one struct; `parts` are those before it.
    fn run_part(&mut self, ids: &[usize], ty: &Ident, doc: &str, parts: &[Ident]) -> TokenStream {
        let names: Vec<_> = ids
            .iter()
            .map(|at| self.resources[*at].name.clone())
            .collect();
        let parameters: Vec<_> = self
            .earlier(ids, parts)
            .into_iter()
            .map(|(part, number)| {
                let ty = format_ident!("Run{number}");
                quote!(, #part: &#ty)
            })
            .collect();
        let lets: Vec<_> = ids.iter().map(|at| self.run_asset(*at, ids)).collect();
        let cut = self.take_parts();
        quote! {
            #[doc = #doc]
            struct #ty { #(#names: Shared),* }

            impl #ty {
                fn new(scope: &RunScope #(#parameters)*) -> Self {
                    let cx = &Prepare::of_run(scope);
                    #(#lets)*
                    Self { #(#names),* }
                }
            }

            #cut
        }
    }

    /// `let site = ..;`, in a function that makes those of `together`.
    fn run_asset(&mut self, at: usize, together: &[usize]) -> TokenStream {
        let plan = self.plan;
        let resource = &plan.resources[at];
        let (name, asset) = (self.resources[at].name.clone(), field(&resource.asset));
        let prepared = self.resource_prepared(at, &quote!(cx));
        let (number, users) = (
            Literal::usize_unsuffixed(at),
            Literal::u32_unsuffixed(resource.users),
        );
        let path_of = |below: &usize| {
            let name = &self.resources[*below].name;
            match &self.run_parts[*below] {
                Some(part) if !together.contains(below) => quote!(#part.#name),
                _ => quote!(#name),
            }
        };
        let name_of = |below: &usize| self.resources[*below].name.clone();
        let below = resource
            .on
            .iter()
            .map(|below| (name_of(below), path_of(below)));
        let below: Vec<(Ident, TokenStream)> = below.collect();
        // Slots of the run stand on this thread, so one that is built on others can be handed them.
        let needs = resource.uses.as_ref().map(|uses| {
            let slots = uses.iter().map(|(key, used)| {
                let kind = field(&plan.resources[*used].asset);
                let (key, path) = (field(key), path_of(used));
                quote!(.#key(#kind::Slot::of_run(scope, &#path).as_ref()))
            });
            quote!(#asset::Needs::NONE #(#slots)*)
        });
        let late: Vec<&Argument> = resource
            .arguments
            .iter()
            .filter(|argument| is_late(argument))
            .collect();
        let takes = resource.uses.as_ref().is_some_and(|uses| !uses.is_empty());
        let make = if late.is_empty() && !takes {
            let needs = needs.map(|needs| quote!(#needs,));
            quote!(Box::new(move |cx| prepared.create(cx, #needs Ok(Vec::new()))))
        } else {
            self.write_for(&name);
            self.run_make(&late, needs, &asset, &below)
        };
        let paths = below.iter().map(|(_, path)| path);
        quote! {
            let prepared = #prepared;
            let #name = #asset::shared(scope, &RESOURCES[#number], #users, &[#(&#paths),*], #make);
        }
    }

    /// A creation on the control thread that first waits for the resources that it reads or takes.
    fn run_make(
        &mut self,
        late: &[&Argument],
        needs: Option<TokenStream>,
        asset: &Ident,
        below: &[(Ident, TokenStream)],
    ) -> TokenStream {
        let items: Vec<_> = late
            .iter()
            .map(|argument| {
                let variant = camel(&argument.input.name);
                let value = self.taken(argument, At::Run);
                quote!(#asset::In::#variant(Early::Known(#value)))
            })
            .collect();
        let list = quote!(Vec::from([#(#items),*]));
        let (late, inputs) = match items.as_slice() {
            [] => (quote!(), quote!(Vec::new())),
            _ => (quote!(let late = #list;), quote!(late)),
        };
        let starts = names(&list, &format_ident!("start"));
        let start = starts.then(|| quote!(let start = ::std::sync::Arc::clone(cx.start());));
        let again = starts.then(|| quote!(let start = ::std::sync::Arc::clone(&start);));
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
                let prepared = ::std::rc::Rc::clone(&prepared);
                Box::pin(async move {
                    #(#below.get_for(cx).await?;)*
                    #late
                    prepared.create(cx, #needs Ok(#inputs)).await
                })
            })
        }}
    }
}

//! Steps: one function for each that has more to do than to run, with another for what one attempt of it does.

use super::expr::{At, Keys};
use super::inputs::is_late;
use super::names::field;
use super::writer::Writer;
use crate::check::typed::{TExpr, TKind};
use crate::check::walk::walk;
use crate::plan::model::{Instances, Step};
use bggo_manifest::Lifetime;
use proc_macro2::{Literal, TokenStream};
use quote::{format_ident, quote};

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

    /// The functions of a step that is more than one statement.
    pub fn step_functions(&mut self, at: usize) -> TokenStream {
        if self.is_plain(at) {
            return quote!();
        }
        let (names, step) = (&self.steps[at], &self.plan.steps[at]);
        let (name, attempt) = (names.name.clone(), names.attempt.clone());
        self.write_for(&name);
        let body = self.attempt(at);
        let instanced = !matches!(step.instances, Instances::Single);
        let parameter = instanced.then(|| quote!(, index: u32));
        let index = format_ident!("index");
        let (inner, argument) = if instanced && super::cut::names(&body, &index) {
            (Some(quote!(, index: u32)), Some(quote!(, index)))
        } else {
            (None, None)
        };
        let (doc, path, at_step) = (
            self.step_doc(at),
            self.step_path(at),
            self.at_step(at, &quote!(index)),
        );
        let attempt_doc = format!("{doc}: what it does");
        let parts = self.take_parts();
        quote! {
            #[doc = #doc]
            async fn #name(m: &Main<'_> #parameter) -> Flow {
                let step = m.it.step(#at_step, #path.policy());
                step.drive(&mut || Box::pin(#attempt(m, &step #argument))).await
            }

            #[doc = #attempt_doc]
            async fn #attempt(m: &Main<'_>, step: &Step<'_> #inner) -> Result<Ran, Fault> {
                #body
                Ok(Ran::Done)
            }

            #parts
        }
    }

    /// Enabled, exports that it reads, arguments, then its assets and the run.
    fn attempt(&mut self, at: usize) -> TokenStream {
        let plan = self.plan;
        let step = &plan.steps[at];
        let keys = self.step_keys(at);
        let here = At::Iteration(Some(&keys));
        let instanced = !matches!(step.instances, Instances::Single);
        let slot = (!step.outputs.is_empty()).then(|| self.own_output(at, instanced));
        let enabled = step.enabled.as_ref().map(|enabled| {
            let disabled = self.untruth(enabled, here);
            let skip = slot.as_ref().map(|slot| quote!(#slot.skip();));
            quote! {
                if #disabled {
                    #skip
                    return Ok(Ran::Skipped);
                }
            }
        });
        let needs: Vec<_> = step.needs.iter().map(|need| self.wait_for(*need)).collect();
        let needs = quote!(#(#needs)*);
        // `enabled` comes before any asset, unless it reads one.
        let reads_export = step
            .enabled
            .as_ref()
            .is_some_and(|it| self.reads_export(it));
        let before = if reads_export {
            quote!(#needs #enabled)
        } else {
            quote!(#enabled #needs)
        };
        let (lets, late) = self.late(&step.arguments, &field(&step.runner), here);
        let (path, uses) = (self.step_path(at), self.needs(at));
        let run = quote!(#path.run(step, #uses, &[#(#late),*]).await?);
        let ran = match &slot {
            Some(slot) => {
                let kept = step.outputs.iter().map(|name| field(name));
                quote! {
                    let output = #run;
                    #slot.set([#(output.#kept),*]);
                }
            }
            None => quote!(#run;),
        };
        quote!(#before #(#lets)* #ran)
    }

    /// Whether an expression reads an export, also through locals.
    fn reads_export(&self, expr: &TExpr) -> bool {
        let (mut found, mut locals) = (false, Vec::new());
        walk(expr, &mut |node| match node.kind {
            TKind::Export { .. } => found = true,
            TKind::Local(id) => locals.push(id),
            _ => {}
        });
        found
            || locals.into_iter().any(|id| {
                let mut all = self.plan.locals.iter();
                all.any(|local| local.id == id && self.reads_export(&local.value))
            })
    }

    fn own_output(&self, at: usize, instanced: bool) -> TokenStream {
        let (path, info) = (self.output_path(at), self.info(at));
        if instanced {
            quote!(m.outputs.#path.at(index, #info)?)
        } else {
            quote!(m.outputs.#path)
        }
    }

    /// `At` of a step, or of its instance `index`.
    pub fn at_step(&mut self, at: usize, index: &TokenStream) -> TokenStream {
        let info = self.info(at);
        match self.plan.steps[at].instances {
            Instances::Single => quote!(At::step(#info)),
            Instances::Count(_) => quote!(At::index(#info, #index)),
            Instances::Keys(_) => {
                let keys = self.key_static(at);
                quote!(At::nth(#info, &#keys, #index))
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

    /// How many instances a `count` has, names of outputs, keys and values of a `for_each`.
    pub fn key_statics(&mut self) -> TokenStream {
        let mut out = TokenStream::new();
        let plan = self.plan;
        for (at, step) in plan.steps.iter().enumerate() {
            if let Instances::Count(count) = step.instances {
                let (name, doc) = (&self.steps[at].count, self.step_doc(at));
                let count = Literal::u32_unsuffixed(count);
                out.extend(quote! {
                    #[doc = #doc]
                    const #name: u32 = #count;
                });
            }
        }
        for &at in &self.read_names {
            let (name, names) = (&self.steps[at].outputs, &plan.steps[at].outputs);
            let count = Literal::usize_unsuffixed(names.len());
            let doc = format!("{}: outputs that are read", self.step_doc(at));
            out.extend(quote! {
                #[doc = #doc]
                static #name: [&str; #count] = [#(#names),*];
            });
        }
        for at in self.read_keys.clone() {
            let Instances::Keys(keys) = &plan.steps[at].instances else {
                continue;
            };
            let (count, texts) = (
                Literal::usize_unsuffixed(keys.len()),
                keys.iter().map(|(key, _)| key),
            );
            let name = &self.steps[at].keys;
            let doc = self.step_doc(at);
            out.extend(quote! {
                #[doc = #doc]
                static #name: [&str; #count] = [#(#texts),*];
            });
            if reads_value(&plan.steps[at]) {
                let values: Vec<_> = keys
                    .iter()
                    .map(|(_, value)| self.constants.value(value))
                    .collect();
                let name = &self.steps[at].values;
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
    for expr in step
        .arguments
        .iter()
        .map(|argument| &argument.value)
        .chain(&step.enabled)
    {
        walk(expr, &mut |node| {
            found |= matches!(node.kind, TKind::EachValue)
        });
    }
    found
}

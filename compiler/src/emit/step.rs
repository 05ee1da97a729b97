//! Steps: one function for each that has more to do than to run, with another for what one attempt of it does.

use super::expr::{At, Keys};
use super::inputs::is_late;
use super::names::field;
use super::writer::Writer;
use crate::check::typed::{TExpr, TKind};
use crate::check::walk::walk;
use crate::plan::model::{Instances, Step};
use proc_macro2::{Literal, TokenStream};
use quote::{format_ident, quote};

/// How many steps stand in one module at most.
const TOGETHER: usize = 32;

impl Writer<'_> {
    /// A step is one statement of its chain: nothing late, no condition, no resource to wait for.
    pub fn is_plain(&self, at: usize) -> bool {
        let step = &self.plan.steps[at];
        step.enabled.is_none() && step.needs.is_empty() && !step.arguments.iter().any(is_late)
    }

    /// A plain step as a future.
    pub fn plain(&mut self, at: usize, index: &TokenStream) -> TokenStream {
        let (path, needs) = (self.step_path(at), self.needs(at));
        let step = self.at_step(at, index);
        match self.kept(at, index) {
            Some(kept) => quote!(#path.read(&m.it, #step, #needs, #kept)),
            None => quote!(#path.done(&m.it, #step, #needs)),
        }
    }

    /// Where a step, or its instance `index`, keeps its outputs, if something reads them: an `Option<&OutputSlot>`.
    fn kept(&self, at: usize, index: &TokenStream) -> Option<TokenStream> {
        let step = &self.plan.steps[at];
        let path = self.output_path(at);
        step.read.then(|| match step.instances {
            Instances::Single => quote!(Some(&m.outputs.#path)),
            _ => quote!(m.outputs.#path.nth(#index)),
        })
    }

    /// The functions of all steps; those of a large grid in modules, for rustc compiles a module again only where
    /// something in it has changed, and several at once.
    pub fn all_steps(&mut self) -> TokenStream {
        let written: Vec<usize> = (0..self.plan.steps.len())
            .filter(|at| !self.is_plain(*at))
            .collect();
        if written.len() <= TOGETHER {
            let functions = written.iter().map(|at| self.step_functions(*at, &quote!()));
            return functions.collect();
        }
        let mut out = TokenStream::new();
        for (number, steps) in written.chunks(TOGETHER).enumerate() {
            let name = self.names.snake(&format!("steps_{}", number + 1));
            let [Some(first), Some(last)] = [steps.first(), steps.last()]
                .map(|at| at.map(|at| self.plan.places.line(self.plan.steps[*at].span)))
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
        let (names, step) = (&self.steps[at], &self.plan.steps[at]);
        let (name, attempt) = (names.name.clone(), names.attempt.clone());
        self.write_for(&name);
        let body = self.attempt(at);
        let instanced = !matches!(step.instances, Instances::Single);
        let parameter = instanced.then(|| quote!(, index: u32));
        let reads_index = instanced && super::cut::names(&body, &format_ident!("index"));
        let index = reads_index.then(|| quote!(let index = step.index();));
        let (doc, path, at_step) = (
            self.step_doc(at),
            self.step_path(at),
            self.at_step(at, &quote!(index)),
        );
        let attempt_doc = format!("{doc}: what it does");
        let parts = self.take_parts();
        quote! {
            #[doc = #doc]
            #visibility fn #name<'a>(m: &'a Main<'_> #parameter) -> Running<'a, Flow> {
                m.it.drive(#at_step, #path.policy(), m, #attempt)
            }

            #[doc = #attempt_doc]
            fn #attempt<'a>(m: &'a Main<'_>, step: &'a Step<'_>) -> Running<'a, Result<Ran, Fault>> {
                Box::pin(async move {
                    #index
                    #body
                })
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
        let kept = self.kept(at, &quote!(index));
        let enabled = step.enabled.as_ref().map(|enabled| {
            let disabled = self.untruth(enabled, here);
            let skip = self.skip(at);
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
        let kept = kept.unwrap_or_else(|| quote!(None));
        quote!(#before #(#lets)* #path.attempt(step, #uses, &[#(#late),*], #kept).await)
    }

    /// Says that a step, or its instance `index`, was not enabled, if something reads its outputs.
    fn skip(&self, at: usize) -> Option<TokenStream> {
        let step = &self.plan.steps[at];
        let (path, info) = (self.output_path(at), self.info(at));
        step.read.then(|| match step.instances {
            Instances::Single => quote!(m.outputs.#path.skip();),
            _ => quote!(m.outputs.#path.at(index, #info)?.skip();),
        })
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
                instanced: true,
                keys: Some(self.key_static(at)),
                values: Some(self.steps[at].values.clone()),
            },
            Instances::Single | Instances::Count(_) => Keys {
                instanced: matches!(self.plan.steps[at].instances, Instances::Count(_)),
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
        let name = &self.resources[resource].name;
        quote!(#name(m).await?;)
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

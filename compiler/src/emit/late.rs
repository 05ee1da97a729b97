//! Instances of steps that are known late: the function that finds them when the step begins, and what a body holds of them.

use super::kept::without;
use super::tokens::{EvaluatedIn, or_unused};
use super::writer::Writer;
use crate::check::typed::{LateOf, TExpr, TKind};
use crate::check::walk::walk;
use crate::plan::AT_ONCE;
use crate::plan::model::{BodyPlan, Instances, Step};
use proc_macro2::{Literal, TokenStream};
use quote::quote;

/// What a body holds of the instances that are known late, by their positions; `None` where it has no such step.
pub fn late_values(body: &BodyPlan) -> Option<TokenStream> {
    let late = body.steps.iter();
    let late = late.filter(|step| step.instances.late().is_some());
    let values = late.map(|step| match step.read {
        true => quote!(LateInstances::with_outputs()),
        false => quote!(LateInstances::new()),
    });
    let values: Vec<TokenStream> = values.collect();
    (!values.is_empty()).then(|| quote!([#(#values),*]))
}

/// `enabled` as far as each attempt judges it. One that is the same for all instances that are known late is judged before
/// these are found: what they are made of may be missing where the step is not enabled.
pub fn enabled_of_attempt(step: &Step) -> Option<&TExpr> {
    let enabled = step.enabled.as_ref()?;
    (step.instances.late().is_none() || reads_instance(enabled)).then_some(enabled)
}

fn reads_instance(expr: &TExpr) -> bool {
    let mut found = false;
    walk(expr, &mut |node| {
        found |= matches!(
            node.kind,
            TKind::CountIndex | TKind::EachKey | TKind::EachValue
        );
    });
    found
}

impl Writer<'_> {
    /// Runs the instances of a step, each of which is the future `one` of its `index`.
    pub fn late_call(&self, at: usize, one: &TokenStream) -> TokenStream {
        let (Instances::Late(_), Some(names)) =
            (&self.body().steps[at].instances, &self.step(at).late)
        else {
            return one.clone();
        };
        let find = &names.find;
        let (path, steps, info) = (self.late_path(at), self.step_path(at), &self.step(at).info);
        quote! {
            ::bggo_parts::each_late(
                &this.iteration,
                (#steps.policy(), At::step(#info)),
                (&#path, #find(this)),
                Box::new(move |index| #one),
            )
        }
    }

    /// The functions that find instances, and the constants with their positions.
    pub fn late_functions(&mut self) -> TokenStream {
        let mut out = TokenStream::new();
        let plan = self.plan;
        let steps = &plan.body(self.body_id).steps;
        let late = steps.iter().enumerate();
        let late = late.filter_map(|(at, step)| Some((at, step, step.instances.late()?)));
        for (position, (at, step, late)) in late.enumerate() {
            let Some(names) = &self.step(at).late else {
                continue;
            };
            let (find, name) = (names.find.clone(), names.position.clone());
            let position = Literal::usize_unsuffixed(position);
            self.write_for(&find);
            let here = EvaluatedIn::Body(None);
            let common = step.enabled.as_ref();
            let common = common.filter(|_| enabled_of_attempt(step).is_none());
            let enabled = common.map(|enabled| {
                self.enter_part("enabled");
                let disabled = self.untruth(enabled, here);
                self.leave_part();
                quote! {
                    if #disabled {
                        return Ok(Ran::Skipped);
                    }
                }
            });
            let (before, between) = match common {
                Some(enabled) if self.reads_export(enabled) => (true, false),
                _ => (false, self.reads_export(&late.over)),
            };
            let waits: TokenStream = step.needs.iter().map(|need| self.wait_for(*need)).collect();
            let (before, between) = (before.then_some(&waits), between.then_some(&waits));
            let (form, part) = match late.of {
                LateOf::Count => (quote!(count), "count"),
                LateOf::Map => (quote!(map), "for_each"),
                LateOf::Set => (quote!(set), "for_each"),
            };
            self.enter_part(part);
            let over = self.reference(&late.over, here);
            let path = self.late_path(at);
            let found = self.placed(quote!(#path.#form(#over)), late.over.span);
            self.leave_part();
            let concurrency = step.parts.concurrency.as_ref();
            let at_once = concurrency
                .filter(|_| late.at_once != Some(AT_ONCE))
                .map(|one| {
                    let limit = self.whole_of_part("limit", &one.limit, here);
                    quote!(#path.at_once(#limit);)
                });
            let without = without(step);
            let body = quote!(#without #before #enabled #between #at_once #found);
            let this = or_unused("this", &body);
            let (ty, doc) = (self.body_type(), self.step_doc(at));
            let position_doc = format!("{doc}: its position among those that are late");
            let doc = format!("{doc}: finds its instances");
            out.extend(quote! {
                #[doc = #doc]
                fn #find<'a>(#this: &'a #ty<'_>) -> Running<'a, Result<Ran, Fault>> {
                    Box::pin(async move { #body })
                }

                #[doc = #position_doc]
                const #name: usize = #position;
            });
            out.extend(self.take_parts());
        }
        out
    }
}

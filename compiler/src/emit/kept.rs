//! Reading of what ran before the iterations: outputs of `setup` and of a user's `vu_setup`, which are kept for the run or for
//! the user.

use super::tokens::{EvaluatedIn, ExprTokens};
use super::writer::Writer;
use crate::check::typed::{InstanceOf, TPhase};
use crate::plan::model::{Instances, Step};
use crate::resolve::model::StepId;
use crate::source::Span;
use proc_macro2::{Ident, Literal, TokenStream};
use quote::quote;

impl Writer<'_> {
    /// What was kept of a step that ran before, of the run or of the user.
    fn kept_path(&self, step: StepId, at: EvaluatedIn<'_>) -> TokenStream {
        let body = self.plan.body(step.body);
        let number = body.steps[step.index].kept.unwrap_or_default();
        let number = Literal::usize_unsuffixed(number);
        if body.phase.as_ref().is_some_and(TPhase::is_of_users) {
            return quote!(this.iteration.of_vu_setup(#number));
        }
        match at {
            EvaluatedIn::Body(_) => quote!(this.iteration.of_setup(#number)),
            EvaluatedIn::Start | EvaluatedIn::RunAssets => quote!(start.of_setup(#number)),
        }
    }

    /// An output of such a step, or of one of its instances; all of them as an object.
    pub fn kept_output(
        &mut self,
        step: StepId,
        (instance, field): (&InstanceOf, Option<usize>),
        span: Span,
        at: EvaluatedIn<'_>,
    ) -> ExprTokens {
        let planned = &self.plan.body(step.body).steps[step.index];
        let kept = self.kept_path(step, at);
        let info = self.names_of_body(step.body).steps[step.index].info.clone();
        let slot = match instance {
            InstanceOf::Only | InstanceOf::Own => None,
            InstanceOf::Position(position) => {
                let position = Literal::u32_unsuffixed(*position);
                Some(quote!(#kept.instance(#position, #info)))
            }
            InstanceOf::Computed(by) => {
                let by = self.reference(by, at);
                Some(match &planned.instances {
                    Instances::Keys(_) => {
                        let keys = self.keys_elsewhere(step);
                        quote!(#kept.key(#by, &#keys, #info))
                    }
                    Instances::Late(late) if late.of.is_keyed() => {
                        quote!(#kept.late_key(#by, #info))
                    }
                    _ => quote!(#kept.index(#by, #info)),
                })
            }
        };
        let slot = match slot {
            Some(slot) => {
                let slot = self.placed(slot, span);
                quote!(#slot?)
            }
            None => kept,
        };
        let Some(field) = field else {
            let names = &planned.outputs;
            return ExprTokens::Value(quote!(#slot.whole(&[#(#names),*])));
        };
        let output = &self.all_outputs[step.body.0][step.index][field];
        let number = planned.outputs.iter().position(|kept| kept == output);
        let number = Literal::usize_unsuffixed(number.unwrap_or_default());
        ExprTokens::Placed(quote!(#slot.field(#number, #info)), span)
    }

    /// All instances of such a step, with their outputs.
    pub fn kept_instances(&mut self, step: StepId, span: Span, at: EvaluatedIn<'_>) -> ExprTokens {
        let planned = &self.plan.body(step.body).steps[step.index];
        let (kept, names) = (self.kept_path(step, at), &planned.outputs);
        let names = quote!(&[#(#names),*]);
        let info = &self.names_of_body(step.body).steps[step.index].info;
        match &planned.instances {
            Instances::Keys(_) => {
                let keys = self.keys_elsewhere(step);
                ExprTokens::Value(quote!(#kept.by_key(&#keys, #names)))
            }
            Instances::Late(late) if late.of.is_keyed() => {
                ExprTokens::Placed(quote!(#kept.late_by_key(#names, #info)), span)
            }
            Instances::Late(_) => ExprTokens::Placed(quote!(#kept.late_list(#names, #info)), span),
            _ => ExprTokens::Value(quote!(#kept.list(#names))),
        }
    }

    /// The static with the keys of a step of another body.
    pub fn keys_elsewhere(&mut self, step: StepId) -> Ident {
        if let Some(known) = self.read_keys_elsewhere.get(&step) {
            return known.clone();
        }
        let of = &self.names_of_body(step.body).steps[step.index].name;
        let name = format!("kept_keys_of_{of}");
        let name = self.names.upper(&name);
        self.read_keys_elsewhere.insert(step, name.clone());
        name
    }

    /// These statics, once all that reads them is written.
    pub fn key_statics_elsewhere(&self) -> TokenStream {
        let all = self.read_keys_elsewhere.iter().map(|(id, name)| {
            let step = &self.plan.body(id.body).steps[id.index];
            let keys = match &step.instances {
                Instances::Keys(keys) => keys.as_slice(),
                _ => &[],
            };
            let (count, texts) = (
                Literal::usize_unsuffixed(keys.len()),
                keys.iter().map(|(key, _)| key),
            );
            let doc = format!(" Keys of step {:?} {:?}.", step.runner, step.name);
            quote! {
                #[doc = #doc]
                static #name: [Text; #count] = [#(Text::Static(#texts)),*];
            }
        });
        all.collect()
    }
}

/// Leaves an attempt that reads outputs of `setup` which never came.
pub fn without(step: &Step) -> Option<TokenStream> {
    (!step.without.is_empty()).then(|| {
        let kept = step.without.iter();
        let kept = kept.map(|number| Literal::usize_unsuffixed(*number));
        quote! {
            if #(!this.iteration.has_set_up(#kept))||* {
                return Ok(Ran::Skipped);
            }
        }
    })
}

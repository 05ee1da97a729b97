//! The structs that hold steps, outputs and slots: trees of at most 16 fields, and the path of each leaf.

use super::names;
use super::tree::{Filled, Leaf, WIDTH, tree};
use super::writer::Writer;
use crate::plan::model::Instances;
use bggo_manifest::Lifetime;
use proc_macro2::{Literal, TokenStream};
use quote::{format_ident, quote};

impl Writer<'_> {
    /// The structs that hold steps, outputs and slots; from here on their paths are known.
    pub fn structs(&mut self) -> TokenStream {
        let mut out = TokenStream::new();
        let leaves = self.step_leaves();
        let filled = Filled {
            name: "Steps",
            doc: "All steps, prepared once a thread.",
            parameters: quote!(cx: &Prepare<'_>),
            arguments: quote!(cx),
        };
        let (structs, paths) = tree(&filled, leaves);
        out.extend(structs);
        self.step_paths = paths;

        let (ids, leaves): (Vec<usize>, Vec<Leaf>) = self.output_leaves().into_iter().unzip();
        if !leaves.is_empty() {
            let filled = Filled {
                name: "Outputs",
                doc: "Outputs that some expression reads, new for every iteration.",
                parameters: quote!(),
                arguments: quote!(),
            };
            let (structs, paths) = tree(&filled, leaves);
            out.extend(structs);
            self.output_paths = ids.into_iter().zip(paths).collect();
        }
        self.resource_paths = vec![TokenStream::new(); self.plan.resources.len()];
        let of_run = self.of_scope(Lifetime::Run);
        for (number, part) in of_run.chunks(WIDTH).enumerate() {
            for &resource in part {
                let name = &self.resources[resource].name;
                if of_run.len() <= WIDTH {
                    self.resource_paths[resource] = quote!(#name);
                } else {
                    let part = format_ident!("part_{}", number + 1);
                    self.resource_paths[resource] = quote!(#part.#name);
                    self.run_parts[resource] = Some(part);
                }
            }
        }
        let kinds = [
            (Lifetime::Worker, "ThreadAssets", "Assets of this thread."),
            (Lifetime::Vu, "UserAssets", "Assets of one virtual user."),
            (
                Lifetime::Iteration,
                "IterationAssets",
                "Assets of one iteration.",
            ),
        ];
        for (scope, name, doc) in kinds {
            let ids = self.of_scope(scope);
            if ids.is_empty() {
                continue;
            }
            let leaves = ids.iter().map(|id| self.slot_leaf(*id)).collect();
            let filled = Filled {
                name,
                doc,
                parameters: quote!(scope: &Scope),
                arguments: quote!(scope),
            };
            let (structs, paths) = tree(&filled, leaves);
            out.extend(structs);
            for (id, path) in ids.into_iter().zip(paths) {
                self.resource_paths[id] = path;
            }
        }
        let ids: Vec<usize> = (0..self.plan.resources.len())
            .filter(|at| self.plan.resources[*at].scope != Lifetime::Run)
            .collect();
        if !ids.is_empty() {
            let leaves = ids.iter().map(|id| self.ready_leaf(*id)).collect();
            let filled = Filled {
                name: "Ready",
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

    fn output_leaves(&self) -> Vec<(usize, Leaf)> {
        let read = self.plan.bodies[0]
            .steps
            .iter()
            .enumerate()
            .filter(|(_, step)| step.read);
        read.map(|(at, step)| {
            let name = self.steps[at].name.clone();
            let count = self.instance_count(at);
            let (ty, value) = match step.instances {
                Instances::Single => (quote!(OutputSlot), quote!(OutputSlot::default())),
                _ => (quote!(OutputSlots), quote!(OutputSlots::new(#count))),
            };
            (at, Leaf { name, ty, value })
        })
        .collect()
    }

    fn slot_leaf(&self, id: usize) -> Leaf {
        let resource = &self.plan.resources[id];
        let asset = names::field(&resource.asset);
        let (number, users) = (
            Literal::usize_unsuffixed(id),
            Literal::u32_unsuffixed(resource.users),
        );
        Leaf {
            name: self.resources[id].name.clone(),
            ty: quote!(#asset::Slot),
            value: quote!(#asset::Slot::new(scope, &RESOURCES[#number], #users, &[])),
        }
    }
}

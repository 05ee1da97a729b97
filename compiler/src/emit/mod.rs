//! A plan to the Rust source of a program: statics and calls, no decisions. The same grid gives the same bytes.

mod call;
mod compound;
mod constant;
mod cut;
mod expr;
mod frame;
mod inputs;
mod iteration;
mod late;
mod names;
mod print;
mod program;
mod reads;
mod resource;
mod run;
mod step;
mod structs;
mod tree;
mod writer;

#[cfg(test)]
mod tests;

use crate::modules::Modules;
use crate::plan::model::Plan;
use iteration::Lines;
use quote::quote;
use std::collections::{BTreeMap, BTreeSet};
use writer::Writer;

/// A package to compile.
#[derive(Debug, Clone)]
pub struct Package {
    /// Path within the package to text.
    pub files: BTreeMap<String, String>,
    /// Crates that it names beside the runtime: those of its modules, and of functions that only it needs.
    pub crates: BTreeSet<String>,
}

/// Writes the program of a plan.
pub fn emit(plan: &Plan, modules: &Modules) -> Package {
    let exports = plan
        .resources
        .iter()
        .map(|resource| {
            let asset = modules
                .find_asset(&resource.asset)
                .map(|found| modules.asset(found));
            asset
                .map(|asset| {
                    asset
                        .outputs
                        .iter()
                        .map(|output| output.name.clone())
                        .collect()
                })
                .unwrap_or_default()
        })
        .collect();
    let outputs = plan.bodies[0]
        .steps
        .iter()
        .map(|step| {
            let runner = modules
                .find_runner(&step.runner)
                .map(|found| modules.runner(found));
            runner
                .map(|runner| {
                    runner
                        .outputs
                        .iter()
                        .map(|output| output.name.clone())
                        .collect()
                })
                .unwrap_or_default()
        })
        .collect();
    let mut writer = Writer::new(plan, exports, outputs);
    let imports = writer.imports();
    let structs = writer.structs();
    let tables = writer.tables();
    let frame = writer.frame();
    let lines = Lines::write(&mut writer);
    let steps = writer.all_steps();
    let resources: Vec<_> = (0..plan.resources.len())
        .map(|at| writer.resource_functions(at))
        .collect();
    let locals = writer.locals();
    let inputs = writer.inputs();
    let readers = writer.reader_functions();
    let keys = writer.key_statics();
    let places = writer.place_table();
    let constants = &writer.constants.statics;
    let tokens = quote! {
        #imports
        #tables
        #frame
        #lines
        #steps
        #(#resources)*
        #locals
        #readers
        #structs
        #inputs
        #keys
        #constants
        #places
    };
    let header = format!(
        "//! The load test `{}`, compiled by bggo {}.\n",
        plan.name.replace(['\n', '\r'], " "),
        env!("CARGO_PKG_VERSION")
    );
    let text = print::text(&header, tokens);
    let function_crates = writer.function_crates.iter().map(|name| (*name).to_owned());
    let crates = plan.bodies[0]
        .steps
        .iter()
        .map(|step| &step.crate_name)
        .chain(plan.resources.iter().map(|resource| &resource.crate_name))
        .cloned()
        .chain(function_crates)
        .collect();
    Package {
        files: BTreeMap::from([("src/main.rs".to_owned(), text)]),
        crates,
    }
}

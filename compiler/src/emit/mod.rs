//! A plan to the Rust source of a program: statics and calls, no decisions. The same grid gives the same bytes.

mod argument;
mod body;
mod constant;
mod cut;
mod data;
mod data_reads;
mod expression;
mod flow;
mod inputs;
mod item_names;
mod kept;
mod late;
mod methods;
mod names;
mod parts;
mod phase;
mod print;
mod program;
mod resource;
mod scenario;
mod schedule;
mod schema;
mod step;
mod threshold;
mod tokens;
mod tree;
mod worker;
mod writer;

#[cfg(test)]
mod tests;

use crate::check::typed_parts::COLLECTED;
use crate::modules::Modules;
use crate::plan::model::Plan;
use bggo_manifest::Output;
use proc_macro2::TokenStream;
use quote::quote;
use std::collections::{BTreeMap, BTreeSet};
use writer::Writer;

/// A package to compile.
#[derive(Debug, Clone)]
pub struct Package {
    /// Path within the package to text.
    pub files: BTreeMap<String, String>,
    /// Path within the package to bytes: the rows of data.
    pub rows: BTreeMap<String, Vec<u8>>,
    /// Crates that it names beside the runtime: those of its modules, those of functions that it calls,
    /// those that values of arguments link, and those of what few grids have.
    pub crates: BTreeSet<String>,
}

/// Writes the program of a plan.
pub fn emit(plan: &Plan, modules: &Modules) -> Package {
    let plan = &cut::cut(plan);
    let names = |outputs: &[Output]| -> Vec<String> {
        outputs.iter().map(|output| output.name.clone()).collect()
    };
    let exports = plan.resources.iter().map(|resource| {
        let asset = modules.find_asset(&resource.asset);
        asset.map_or_else(Vec::new, |asset| names(&modules.asset(asset).outputs))
    });
    let outputs = plan.bodies.iter().map(|body| {
        let steps = body.steps.iter().map(|step| {
            let mut all: Vec<String> = match step.call() {
                Some(call) => {
                    let flow = plan.body(call.body).flow.as_ref();
                    let outputs = flow.map_or(&[][..], |flow| &flow.outputs).iter();
                    outputs.map(|output| output.name.clone()).collect()
                }
                None => {
                    let runner = modules.find_runner(&step.runner);
                    runner.map_or_else(Vec::new, |runner| names(&modules.runner(runner).outputs))
                }
            };
            all.extend(step.parts.collects().then(|| COLLECTED.to_owned()));
            all
        });
        steps.collect()
    });
    let mut writer = Writer::new(plan, exports.collect(), outputs.collect());
    let imports = writer.imports();
    let assets = writer.shared_assets();
    let data = writer.data_items();
    let data_statics = &data.statics;
    let tables = writer.tables(data.of_grid.as_ref());
    let ready = writer.ready_assets();
    let (mut bodies, mut of_users, mut lives) = Default::default();
    for flow in plan.called_flows() {
        writer.enter(flow);
        TokenStream::extend(&mut bodies, writer.body_items());
    }
    for body in plan.run_bodies() {
        writer.enter(body);
        TokenStream::extend(&mut of_users, writer.user_assets());
        TokenStream::extend(&mut bodies, writer.body_items());
        TokenStream::extend(&mut lives, writer.life());
    }
    for body in plan.phase_bodies() {
        writer.enter(body);
        TokenStream::extend(&mut of_users, writer.user_assets());
        TokenStream::extend(&mut bodies, writer.body_items());
        TokenStream::extend(&mut lives, writer.phase_life());
    }
    let worker = writer.worker(&lives);
    let loads = writer.loads();
    let locals = writer.started_locals();
    let inputs = writer.resource_inputs();
    let keys = writer.key_statics_elsewhere();
    let schemas = writer.schema_statics();
    let constants = &writer.constants.statics;
    let messages = &writer.methods.statics;
    let tokens = quote! {
        #imports
        #tables
        #data_statics
        #loads
        #worker
        #bodies
        #locals
        #assets
        #of_users
        #ready
        #inputs
        #keys
        #schemas
        #constants
        #messages
    };
    let header = format!(
        "//! The load test `{}`, compiled by bggo {}.\n",
        plan.name.replace(['\n', '\r'], " "),
        env!("CARGO_PKG_VERSION")
    );
    let text = print::text(&header, tokens);
    let function_crates = writer.function_crates.iter().map(|name| (*name).to_owned());
    let has_parts = plan.steps().any(parts::is_in_parts);
    let crates = plan
        .steps()
        .filter_map(|step| step.crate_name())
        .chain(plan.resources.iter().map(|resource| &resource.crate_name))
        .chain(plan.linked_crates())
        .cloned()
        .chain(function_crates)
        .chain(data.has_files.then(|| "bggo-data".to_owned()))
        .chain(has_parts.then(|| parts::CRATE.to_owned()))
        .collect();
    Package {
        files: BTreeMap::from([("src/main.rs".to_owned(), text)]),
        rows: data.files,
        crates,
    }
}

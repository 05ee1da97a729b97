//! Every fault of a manifest is told in one go, each with its line.

bggo_runtime::contract::module!("fail/faults_of_a_manifest.hcl");

fn main() {}

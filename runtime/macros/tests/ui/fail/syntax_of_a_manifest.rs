//! A manifest that cannot be read is told with the line where it ends.

bggo_runtime::contract::module!("fail/syntax_of_a_manifest.hcl");

fn main() {}

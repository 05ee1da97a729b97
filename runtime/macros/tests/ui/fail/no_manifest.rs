//! A manifest that is not there.

bggo_runtime::contract::module!("fail/gone.hcl");

fn main() {}

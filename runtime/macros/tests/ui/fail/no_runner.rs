//! The type that the manifest asks for is not there.

bggo_runtime::contract::module!("fail/no_runner.hcl");

fn main() {}

//! The manifest is named by a literal.

bggo_runtime::contract::module!(fail);

fn main() {}

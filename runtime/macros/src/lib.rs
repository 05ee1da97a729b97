//! `module!("manifest.hcl")`: turns a manifest into the Rust structs and the glue of a module.

//! Types, binding times and sensitivity of every expression; arguments against manifests; constants folded.

pub mod typed;

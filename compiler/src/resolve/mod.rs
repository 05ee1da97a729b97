//! Names to ids: every traversal becomes a typed reference or a diagnostic; edges carry the place that caused them.

pub mod model;

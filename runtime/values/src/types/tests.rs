//! Types: writing, reading, unifying, fitting.

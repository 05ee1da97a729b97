//! The language server, as an editor meets it: over memory, and once as a process.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod completion;
mod editor;
mod edits;
mod folders;
mod messages;
mod neovim;
mod places;
mod problems;
mod process;

//! `bggo lsp`: what an editor asks about a grid, over the language server protocol.
//!
//! ```text
//! messages --server--> open files --desk--> grids --analysis--> the stages, as `bggo check` runs them
//!                                     published, actions, symbols, hover, names, complete, inlays and others: what they found, in the protocol's words
//! ```
//!
//! One thread does all of it, in the order in which the messages come. A check takes milliseconds, and it waits until no
//! message does: of many edits only the last one is checked.

mod actions;
mod analysis;
mod capabilities;
mod complete;
mod cursor;
mod desk;
mod document;
mod figures;
mod functions;
mod hover;
mod inlays;
mod items;
mod manual;
mod names;
mod published;
mod readers;
mod rename;
mod server;
mod surroundings;
mod symbols;
mod values;

pub use lsp_server::Connection;
pub use server::serve;

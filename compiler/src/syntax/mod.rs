//! Parses texts into declarations; only this folder names hcl-edit.

pub mod decl;

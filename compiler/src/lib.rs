//! The stages of the compiler, in order.

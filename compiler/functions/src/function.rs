//! What the table says of one function, and of a family of them.

use bggo_values::context::Context;
use bggo_values::{Fault, Type, Value};

/// What a function needs and gives.
#[derive(Debug, Clone, Copy)]
pub struct Function {
    /// Its name in a grid.
    pub name: &'static str,
    /// Where emitted code finds it.
    pub home: Home,
    /// Its Rust name there.
    pub rust: &'static str,
    /// The arguments, those with `optional` last.
    pub params: &'static [Param],
    /// Any more arguments, each like this.
    pub rest: Option<Param>,
    /// The type of a call with arguments of these types (those that were given), or why there is none.
    pub result: fn(&[Type]) -> Result<Type, String>,
    /// The function itself.
    pub call: Call,
    /// When it may be called at the earliest.
    pub time: Time,
    /// One sentence for the manual.
    pub description: &'static str,
    /// A call for the manual, its arguments literals.
    pub example: &'static str,
    /// What that gives, as JSON. For what is random: with the seed 1, in the first iteration of the first user.
    pub gives: &'static str,
}

/// A function as it is called.
#[derive(Debug, Clone, Copy)]
pub enum Call {
    /// With its arguments.
    Plain(fn(&[Value]) -> Result<Value, Fault>),
    /// With the context as well: only an iteration has one.
    InContext(fn(&Context<'_>, &[Value]) -> Result<Value, Fault>),
}

/// Where emitted code finds a function. A program names only the crates whose functions it calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Home {
    /// In this module of `bggo-functions`.
    Module(&'static str),
    /// In the crate of this name.
    Crate(&'static str),
}

/// An argument of a function.
#[derive(Debug, Clone, Copy)]
pub struct Param {
    /// Its name, for messages.
    pub name: &'static str,
    /// What it is converted to; `any` takes everything as it is.
    pub ty: fn() -> Type,
    /// Whether null is a value and not a fault.
    pub nullable: bool,
    /// Whether it may be left out.
    pub optional: bool,
}

/// When a function has its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Time {
    /// Always the same: folded when its arguments are known.
    Pure,
    /// When the program starts.
    Start,
    /// Another one in each iteration.
    Iteration,
}

/// Functions that belong together, as the manual shows them.
#[derive(Debug, Clone, Copy)]
pub struct Family {
    /// What they are about.
    pub title: &'static str,
    /// The functions, sorted by name.
    pub functions: &'static [Function],
}

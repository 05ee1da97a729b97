//! How the rows of the table are written.

use crate::function::{Call, Function, Home, Param, Time};
use crate::results as r;
use bggo_values::context::Context;
use bggo_values::{Fault, Type, Value};

type Plain = fn(&[Value]) -> Result<Value, Fault>;
type InContext = fn(&Context<'_>, &[Value]) -> Result<Value, Fault>;
type Answer = fn(&[Type]) -> Result<Type, String>;

pub(super) const fn one(name: &'static str, ty: fn() -> Type) -> Param {
    Param {
        name,
        ty,
        nullable: false,
        optional: false,
    }
}

pub(super) const fn nullable(name: &'static str) -> Param {
    Param {
        name,
        ty: r::any,
        nullable: true,
        optional: false,
    }
}

pub(super) const fn optional(param: Param) -> Param {
    Param {
        optional: true,
        ..param
    }
}

pub(super) const fn text(name: &'static str) -> Param {
    one(name, r::string)
}

pub(super) const fn number(name: &'static str) -> Param {
    one(name, r::number)
}

pub(super) const fn any(name: &'static str) -> Param {
    one(name, r::any)
}

/// A function that always gives the same for the same arguments.
pub(super) const fn pure(
    name: &'static str,
    home: Home,
    params: &'static [Param],
    result: Answer,
    call: Plain,
) -> Function {
    Function {
        name,
        home,
        rust: name,
        params,
        rest: None,
        result,
        call: Call::Plain(call),
        time: Time::Pure,
        description: "",
        example: "",
        gives: "",
    }
}

/// A function of the moment or of chance: another value in each iteration.
pub(super) const fn in_context(
    name: &'static str,
    home: Home,
    params: &'static [Param],
    result: Answer,
    call: InContext,
) -> Function {
    Function {
        name,
        home,
        rust: name,
        params,
        rest: None,
        result,
        call: Call::InContext(call),
        time: Time::Iteration,
        description: "",
        example: "",
        gives: "",
    }
}

impl Function {
    /// Takes any more arguments like this.
    pub(super) const fn rest(self, rest: Param) -> Self {
        Self {
            rest: Some(rest),
            ..self
        }
    }

    /// Has its value when the program starts.
    pub(super) const fn at_start(self) -> Self {
        Self {
            time: Time::Start,
            ..self
        }
    }

    /// What the manual says: a sentence, a call, and what that gives.
    pub(super) const fn says(
        self,
        description: &'static str,
        example: &'static str,
        gives: &'static str,
    ) -> Self {
        Self {
            description,
            example,
            gives,
            ..self
        }
    }
}

//! The signatures of all functions, for the compiler: what a call needs and what type it has.
//!
//! Where arguments of several types meet (`coalesce`, `concat`, `merge`, `lookup`), the result is the type that they have
//! in common, and the checker converts the call's value to it.

mod results;

use super::{collection, conversion, encoding, environment, hash, numeric, random, string};
use bggo_values::context::Context;
use bggo_values::{Fault, Type, Value};
use results as r;

/// What a function needs and gives.
#[derive(Debug, Clone, Copy)]
pub struct Function {
    /// Its name in a grid.
    pub name: &'static str,
    /// The module of this crate that holds it, or another crate.
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
    /// In this module of this crate.
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

/// All functions, sorted by name.
pub fn table() -> &'static [Function] {
    TABLE
}

/// What `base64decode` is where bytes are wanted: the same function, but its value is bytes and need not be UTF-8.
pub fn base64decode_bytes() -> &'static Function {
    static BYTES: Function = Function {
        rust: "base64decode_bytes",
        ..pure(
            "base64decode",
            "encoding",
            TEXT,
            r::to_bytes,
            encoding::base64decode_bytes,
        )
    };
    &BYTES
}

/// The function of this name.
pub fn find(name: &str) -> Option<&'static Function> {
    TABLE
        .binary_search_by(|function| function.name.cmp(name))
        .ok()
        .and_then(|place| TABLE.get(place))
}

const fn one(name: &'static str, ty: fn() -> Type) -> Param {
    Param {
        name,
        ty,
        nullable: false,
        optional: false,
    }
}

const fn nullable(name: &'static str) -> Param {
    Param {
        name,
        ty: r::any,
        nullable: true,
        optional: false,
    }
}

const fn optional(param: Param) -> Param {
    Param {
        optional: true,
        ..param
    }
}

const fn pure(
    name: &'static str,
    module: &'static str,
    params: &'static [Param],
    result: fn(&[Type]) -> Result<Type, String>,
    call: fn(&[Value]) -> Result<Value, Fault>,
) -> Function {
    Function {
        name,
        home: Home::Module(module),
        rust: name,
        params,
        rest: None,
        result,
        call: Call::Plain(call),
        time: Time::Pure,
    }
}

const fn with_rest(function: Function, rest: Param) -> Function {
    Function {
        rest: Some(rest),
        ..function
    }
}

const fn at(function: Function, time: Time) -> Function {
    Function { time, ..function }
}

/// A function of the moment or of chance: another value in each iteration.
const fn in_context(
    name: &'static str,
    module: &'static str,
    params: &'static [Param],
    result: fn(&[Type]) -> Result<Type, String>,
    call: fn(&Context<'_>, &[Value]) -> Result<Value, Fault>,
) -> Function {
    Function {
        name,
        home: Home::Module(module),
        rust: name,
        params,
        rest: None,
        result,
        call: Call::InContext(call),
        time: Time::Iteration,
    }
}

const NUMBER: &[Param] = &[one("number", r::number)];
const TEXT: &[Param] = &[one("string", r::string)];
/// A string or bytes.
const CONTENT: &[Param] = &[one("string", r::any)];
const ANY: &[Param] = &[one("value", r::any)];
const LIST: &[Param] = &[one("list", r::any)];
const OBJECT: &[Param] = &[one("object", r::any)];
const NULLABLE: &[Param] = &[nullable("value")];

static TABLE: &[Function] = &[
    pure("abs", "numeric", NUMBER, r::to_number, numeric::abs),
    pure(
        "base64decode",
        "encoding",
        TEXT,
        r::to_string,
        encoding::base64decode,
    ),
    pure(
        "base64encode",
        "encoding",
        CONTENT,
        r::of_content,
        encoding::base64encode,
    ),
    pure("ceil", "numeric", NUMBER, r::to_number, numeric::ceil),
    with_rest(
        pure(
            "coalesce",
            "collection",
            NULLABLE,
            r::coalesce,
            collection::coalesce,
        ),
        nullable("value"),
    ),
    with_rest(
        pure("concat", "collection", LIST, r::concat, collection::concat),
        one("list", r::any),
    ),
    pure(
        "contains",
        "collection",
        &[one("list", r::any), one("value", r::any)],
        r::contains,
        collection::contains,
    ),
    pure(
        "distinct",
        "collection",
        &[one("list", r::list_of_any)],
        r::distinct,
        collection::distinct,
    ),
    pure(
        "endswith",
        "string",
        &[one("string", r::string), one("suffix", r::string)],
        r::to_bool,
        string::endswith,
    ),
    at(
        pure(
            "env",
            "environment",
            &[one("name", r::string)],
            r::to_string,
            environment::env,
        ),
        Time::Start,
    ),
    pure(
        "flatten",
        "collection",
        LIST,
        r::flatten,
        collection::flatten,
    ),
    pure("floor", "numeric", NUMBER, r::to_number, numeric::floor),
    with_rest(
        pure(
            "format",
            "string",
            &[one("format", r::string)],
            r::to_string,
            string::format,
        ),
        nullable("value"),
    ),
    with_rest(
        pure(
            "join",
            "string",
            &[one("separator", r::string), one("list", r::list_of_strings)],
            r::to_string,
            string::join,
        ),
        one("list", r::list_of_strings),
    ),
    pure(
        "jsondecode",
        "encoding",
        TEXT,
        r::to_any,
        encoding::jsondecode,
    ),
    pure(
        "jsonencode",
        "encoding",
        NULLABLE,
        r::to_string,
        encoding::jsonencode,
    ),
    pure("keys", "collection", OBJECT, r::keys, collection::keys),
    pure("length", "collection", ANY, r::length, collection::length),
    pure(
        "lookup",
        "collection",
        &[
            one("object", r::any),
            one("key", r::string),
            optional(nullable("default")),
        ],
        r::lookup,
        collection::lookup,
    ),
    pure("lower", "string", TEXT, r::to_string, string::lower),
    with_rest(
        pure("max", "numeric", NUMBER, r::to_number, numeric::max),
        one("number", r::number),
    ),
    pure("md5", "hash", CONTENT, r::of_content, hash::md5),
    with_rest(
        pure("merge", "collection", &[], r::merge, collection::merge),
        nullable("object"),
    ),
    with_rest(
        pure("min", "numeric", NUMBER, r::to_number, numeric::min),
        one("number", r::number),
    ),
    pure(
        "range",
        "collection",
        &[
            one("start or limit", r::number),
            optional(one("limit", r::number)),
            optional(one("step", r::number)),
        ],
        r::range,
        collection::range,
    ),
    pure(
        "replace",
        "string",
        &[
            one("string", r::string),
            one("substring", r::string),
            one("replacement", r::string),
        ],
        r::to_string,
        string::replace,
    ),
    pure("sha256", "hash", CONTENT, r::of_content, hash::sha256),
    pure(
        "split",
        "string",
        &[one("separator", r::string), one("string", r::string)],
        r::to_strings,
        string::split,
    ),
    pure(
        "startswith",
        "string",
        &[one("string", r::string), one("prefix", r::string)],
        r::to_bool,
        string::startswith,
    ),
    pure("strrev", "string", TEXT, r::to_string, string::strrev),
    pure(
        "substr",
        "string",
        &[
            one("string", r::string),
            one("offset", r::number),
            one("length", r::number),
        ],
        r::to_string,
        string::substr,
    ),
    pure("sum", "numeric", LIST, r::sum, numeric::sum),
    pure(
        "tobool",
        "conversion",
        NULLABLE,
        r::tobool,
        conversion::tobool,
    ),
    pure(
        "tolist",
        "conversion",
        NULLABLE,
        r::tolist,
        conversion::tolist,
    ),
    pure("tomap", "conversion", NULLABLE, r::tomap, conversion::tomap),
    pure(
        "tonumber",
        "conversion",
        NULLABLE,
        r::tonumber,
        conversion::tonumber,
    ),
    pure("toset", "conversion", NULLABLE, r::toset, conversion::toset),
    pure(
        "tostring",
        "conversion",
        NULLABLE,
        r::tostring,
        conversion::tostring,
    ),
    pure("trimspace", "string", TEXT, r::to_string, string::trimspace),
    pure("upper", "string", TEXT, r::to_string, string::upper),
    pure(
        "urlencode",
        "encoding",
        TEXT,
        r::to_string,
        encoding::urlencode,
    ),
    in_context("uuid", "random", &[], r::to_string, random::uuid),
    pure(
        "values",
        "collection",
        OBJECT,
        r::values,
        collection::values,
    ),
];

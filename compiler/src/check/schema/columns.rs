//! Columns of a table by the names of their types in SQL, as a grid writes them: `{ id = "int8", name = "text" }`.
//!
//! Any of them may be null, and nothing says whether it is: what reads a value of a column takes it for one of its type.

use std::rc::Rc;

use bggo_values::{Field, NamedType, Text, Type};

use crate::source::Span;

use super::types::Opened;

/// The columns that an argument names.
#[derive(Debug)]
pub(in crate::check) struct Columns {
    document: u32,
    /// The argument.
    pub(super) at: Span,
    columns: Vec<(String, Type)>,
}

/// Types of SQL that come as numbers.
const NUMBERS: &[&str] = &[
    "int2",
    "int4",
    "int8",
    "smallint",
    "integer",
    "int",
    "bigint",
    "oid",
    "float4",
    "float8",
    "real",
    "double precision",
    "numeric",
    "decimal",
];

/// Those that come as texts.
const TEXTS: &[&str] = &[
    "text",
    "varchar",
    "character varying",
    "bpchar",
    "char",
    "character",
    "name",
    "uuid",
    "date",
    "time",
    "timetz",
    "time with time zone",
    "time without time zone",
    "timestamp",
    "timestamptz",
    "timestamp with time zone",
    "timestamp without time zone",
    "interval",
    "xml",
    "money",
    "inet",
    "cidr",
    "macaddr",
    "bit",
    "varbit",
    "bit varying",
];

/// The others.
const OTHERS: &[&str] = &["bool", "boolean", "bytea", "json", "jsonb"];

/// All names of types.
pub(in crate::check) fn names() -> impl Iterator<Item = &'static str> {
    NUMBERS.iter().chain(TEXTS).chain(OTHERS).copied()
}

/// The type of the values of a column by the name of its type in SQL: `int8`, `numeric(10, 2)`, `text[]`.
pub(in crate::check) fn of_name(name: &str) -> Option<Type> {
    let name = name.trim().to_ascii_lowercase();
    let (name, is_list) = match name.strip_suffix("[]") {
        Some(element) => (element.trim_end(), true),
        None => (&*name, false),
    };
    // How long it is says nothing here.
    let (before, behind) = match name.split_once('(') {
        Some((before, behind)) => (before.trim_end(), behind.split_once(')')?.1),
        None => (name, ""),
    };
    let whole = format!("{before}{behind}");
    let whole = whole.as_str();
    let ty = match whole {
        _ if NUMBERS.contains(&whole) => Type::Number,
        _ if TEXTS.contains(&whole) => Type::String,
        "bool" | "boolean" => Type::Bool,
        "bytea" => Type::Bytes,
        "json" | "jsonb" => Type::Any,
        _ => return None,
    };
    // A list may hold lists, which no type of SQL says.
    Some(if is_list { Type::list(Type::Any) } else { ty })
}

impl Columns {
    pub(super) fn new(document: u32, at: Span, columns: Vec<(String, Type)>) -> Self {
        Self {
            document,
            at,
            columns,
        }
    }

    /// The type of a row.
    pub(super) fn row(&self) -> Type {
        self.named(0, "row".to_owned())
    }

    /// One level of a type: the row is the first node, and behind it stand its columns.
    pub(super) fn open(&self, node: u32) -> Rc<Opened> {
        let Some(column) = node.checked_sub(1) else {
            let fields = (1..).zip(&self.columns).map(|(node, (name, ty))| Field {
                name: Text::from(name.as_str()),
                ty: self.named(node, ty.to_string()),
                optional: None,
            });
            return Rc::new(Opened {
                declared: Some(self.at),
                ..Opened::of(Type::Object(fields.collect()))
            });
        };
        let ty = self.columns.get(column as usize).map(|(_, ty)| ty.clone());
        Rc::new(Opened::of(ty.unwrap_or(Type::Any)))
    }

    fn named(&self, node: u32, name: String) -> Type {
        Type::Named(NamedType {
            name: Text::from(name),
            document: self.document,
            node,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_of_sql_says_what_its_values_are() {
        for (name, expected) in [
            ("int8", Some("number")),
            ("Numeric(10, 2)", Some("number")),
            ("double precision", Some("number")),
            ("varchar(20)", Some("string")),
            ("timestamp(3) with time zone", Some("string")),
            ("boolean", Some("bool")),
            ("bytea", Some("bytes")),
            ("jsonb", Some("any")),
            ("text[]", Some("list(any)")),
            ("int4 []", Some("list(any)")),
            ("numeric(10", None),
            ("mood", None),
            ("", None),
        ] {
            let ty = of_name(name).map(|ty| ty.to_string());
            assert_eq!(ty.as_deref(), expected, "{name}");
        }
        for name in names() {
            assert!(of_name(name).is_some(), "{name}");
        }
    }
}

//! What copies in and out have in common: the statement that copies, and the ways of its rows.

use crate::postgres_query::Error as Kind;
use crate::sql::Sql;
use bggo_runtime::contract::{Fault, Value};

/// Which way rows go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    In,
    Out,
}

/// What is copied.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Copied<'a> {
    pub(crate) table: Option<&'a str>,
    /// Columns of the table, if not all.
    pub(crate) columns: Option<&'a Value>,
    /// A statement in place of a table.
    pub(crate) sql: Option<&'a str>,
    pub(crate) format: &'a str,
}

impl Copied<'_> {
    /// The statement that copies.
    ///
    /// # Errors
    /// It cannot be one.
    pub(crate) fn statement(&self, direction: Direction) -> Result<String, Fault> {
        Fault::one_of("format", self.format, &["text", "csv", "binary"])?;
        let (to, format) = match direction {
            Direction::In => ("FROM STDIN", self.format),
            Direction::Out => ("TO STDOUT", self.format),
        };
        let statement = match (self.table, self.sql) {
            (Some(table), None) => {
                let columns = self.columns.map(names).unwrap_or_default();
                format!("COPY {table}{columns} {to} (FORMAT {format})")
            }
            (None, Some(sql)) => {
                let seen = Sql::read(sql);
                let sql = sql.trim_end().trim_end_matches(';');
                match direction {
                    _ if seen.is_copy() => sql.to_owned(),
                    // A comment at its end goes to the end of its line.
                    Direction::Out => format!("COPY ({sql}\n) {to} (FORMAT {format})"),
                    Direction::In => {
                        let text = "a statement that copies in begins with COPY";
                        return Err(Kind::Statement.fault(text));
                    }
                }
            }
            _ => return Err(Kind::Statement.fault("one of table and sql is needed")),
        };
        if statement.contains('\0') {
            return Err(Kind::Statement.fault("a statement holds no zero byte"));
        }
        match Sql::read(&statement).statements {
            1 => Ok(statement),
            _ => Err(Kind::Statement.fault("a copy is one statement")),
        }
    }
}

/// Names of columns in brackets, each in quotes.
fn names(columns: &Value) -> String {
    let names = columns.items();
    let names = names.iter().flat_map(|names| names.iter());
    let quoted = names.map(|name| format!("\"{}\"", name.to_string().replace('"', "\"\"")));
    match quoted.collect::<Vec<_>>().join(", ") {
        none if none.is_empty() => none,
        names => format!(" ({names})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_is_of_a_table_or_of_a_statement() {
        let columns = Value::from(vec![Value::text("a"), Value::text("b \" c")]);
        let whole = Copied {
            table: Some("public.orders"),
            columns: None,
            sql: None,
            format: "csv",
        };
        let of_sql = |sql| Copied {
            table: None,
            sql: Some(sql),
            ..whole
        };
        let part = Copied {
            columns: Some(&columns),
            ..whole
        };
        for (copied, direction, expected) in [
            (
                whole,
                Direction::In,
                "COPY public.orders FROM STDIN (FORMAT csv)",
            ),
            (
                part,
                Direction::Out,
                "COPY public.orders (\"a\", \"b \"\" c\") TO STDOUT (FORMAT csv)",
            ),
            (
                of_sql("copy a from stdin with (header);"),
                Direction::In,
                "copy a from stdin with (header)",
            ),
            (
                of_sql("SELECT 1; "),
                Direction::Out,
                "COPY (SELECT 1\n) TO STDOUT (FORMAT csv)",
            ),
        ] {
            assert_eq!(copied.statement(direction).unwrap(), expected);
        }
        for (copied, direction) in [
            (of_sql("SELECT 1"), Direction::In),
            (of_sql("SELECT 1; SELECT 2"), Direction::Out),
            (
                Copied {
                    table: None,
                    ..whole
                },
                Direction::In,
            ),
            (
                Copied {
                    format: "xml",
                    ..whole
                },
                Direction::In,
            ),
        ] {
            assert!(copied.statement(direction).is_err(), "{copied:?}");
        }
    }
}

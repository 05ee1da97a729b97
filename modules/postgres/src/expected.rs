//! The columns that a grid was built for, against those that the server gives: what the grid makes of their values may be wrong otherwise.

use crate::described::Column;
use crate::postgres_query::Error as Kind;
use crate::types::{self, Form, Type};
use bggo_runtime::contract::{Fault, FaultText, Text, Value};

/// The columns that a grid was built for.
#[derive(Debug)]
pub(crate) struct Expected {
    columns: Vec<(Text, Values)>,
}

/// What the values of a column are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Values {
    Numbers,
    Texts,
    Bools,
    Bytes,
    Lists,
    /// What JSON holds.
    Any,
}

impl Values {
    /// Of a type by the name that a grid writes: `int8`, `numeric(10, 2)`, `text[]`. What is not known comes as text.
    fn of_name(name: &str) -> Self {
        let end = name.find('(').unwrap_or(name.len());
        let (before, behind) = name.split_at(end);
        let behind = behind.split_once(')').map_or("", |(_, behind)| behind);
        let whole = format!("{}{behind}", before.trim_end());
        types::number(&whole).map_or(
            match whole.trim_end().ends_with("[]") {
                true => Self::Lists,
                false => Self::Texts,
            },
            Self::of_number,
        )
    }

    fn of_number(oid: u32) -> Self {
        match types::of_number(oid) {
            Form::List(_) => Self::Lists,
            Form::Unknown => Self::Texts,
            Form::One(one) => match one {
                Type::Bool => Self::Bools,
                Type::Whole(..) | Type::Fraction => Self::Numbers,
                Type::Bytes => Self::Bytes,
                Type::Json => Self::Any,
                Type::Timestamp | Type::TimestampWithZone | Type::Interval | Type::Text => {
                    Self::Texts
                }
            },
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Numbers => "numbers",
            Self::Texts => "texts",
            Self::Bools => "bools",
            Self::Bytes => "bytes",
            Self::Lists => "lists",
            Self::Any => "JSON",
        }
    }
}

impl Expected {
    /// The columns, of a map from names to names of types.
    pub(crate) fn of(columns: &Value) -> Self {
        let pairs = columns.pairs();
        let columns = pairs.iter().flat_map(|pairs| pairs.iter());
        Self {
            columns: columns
                .map(|(name, ty)| (name.clone(), Values::of_name(&ty.to_string())))
                .collect(),
        }
    }

    /// Compares them with what the server gives. More columns than the grid knows do no harm.
    ///
    /// # Errors
    /// A column is missing, or its values are others.
    pub(crate) fn check(&self, given: &[Column]) -> Result<(), Fault> {
        for (name, expected) in &self.columns {
            let found = given.iter().find(|column| column.name() == name);
            let wrong = match found {
                None => format!("the server gives no column `{name}`"),
                Some(column) => {
                    let values = Values::of_number(column.oid());
                    if values == *expected || *expected == Values::Any {
                        continue;
                    }
                    let (is, was) = (types::name(column.oid()), expected.words());
                    format!("the column `{name}` is of {is}, and the grid was built for {was}")
                }
            };
            let cure = "name its columns as they are now, or run `bggo postgres describe` again, and build the grid";
            let text = format_args!("{wrong}: {cure}");
            return Err(Kind::Conversion.fault(FaultText::plain(text)));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(built_for: &[(&'static str, &'static str)], given: &[(&str, u32)]) -> Option<String> {
        let columns = built_for.iter().map(|(name, ty)| {
            let ty = Value::Text(Text::Static(ty));
            (Text::Static(name), ty)
        });
        let expected = Expected::of(&Value::from(columns.collect::<Vec<_>>()));
        let given: Vec<Column> = given
            .iter()
            .map(|(name, oid)| Column::of(name, *oid))
            .collect();
        expected.check(&given).err().map(|fault| fault.to_string())
    }

    #[test]
    fn columns_are_those_that_the_grid_was_built_for() {
        let built_for = [
            ("id", "int8"),
            ("price", "numeric(10, 2)"),
            ("at", "timestamp(3) with time zone"),
            ("tags", "text[]"),
            ("mood", "text"),
            ("more", "jsonb"),
        ];
        // Another width, an enum, and something instead of JSON.
        let given = [
            ("id", 23),
            ("price", 701),
            ("at", 1184),
            ("tags", 1015),
            ("mood", 99_999),
            ("more", 25),
            ("others", 25),
        ];
        assert_eq!(check(&built_for, &given), None);
        let wrong = check(&built_for, &given[1..]).unwrap();
        assert!(wrong.contains("gives no column `id`"), "{wrong}");
        let wrong = check(&built_for[..1], &[("id", 25)]).unwrap();
        assert!(
            wrong.contains("the column `id` is of text, and the grid was built for numbers"),
            "{wrong}"
        );
        assert!(wrong.contains("bggo postgres describe"), "{wrong}");
    }
}

//! The types that the module knows of, by the numbers that servers give them: those of `pg_type`, which never change.

/// A type of a parameter or a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Type {
    Bool,
    /// Whole numbers between these.
    Whole(i64, i64),
    /// Numbers with a fraction.
    Fraction,
    Bytes,
    Json,
    Timestamp,
    TimestampWithZone,
    Interval,
    /// Texts, and all that is taken and given as one.
    Text,
}

/// The number of a type, its name, that of lists of it, and what it is.
type Row = (u32, &'static str, u32, Type);

const TYPES: &[Row] = &[
    (16, "bool", 1000, Type::Bool),
    (17, "bytea", 1001, Type::Bytes),
    (18, "char", 1002, Type::Text),
    (19, "name", 1003, Type::Text),
    (20, "int8", 1016, Type::Whole(i64::MIN, i64::MAX)),
    (
        21,
        "int2",
        1005,
        Type::Whole(i16::MIN as i64, i16::MAX as i64),
    ),
    (
        23,
        "int4",
        1007,
        Type::Whole(i32::MIN as i64, i32::MAX as i64),
    ),
    (25, "text", 1009, Type::Text),
    (26, "oid", 1028, Type::Whole(0, u32::MAX as i64)),
    (114, "json", 199, Type::Json),
    (142, "xml", 143, Type::Text),
    (650, "cidr", 651, Type::Text),
    (700, "float4", 1021, Type::Fraction),
    (701, "float8", 1022, Type::Fraction),
    (790, "money", 791, Type::Text),
    (829, "macaddr", 1040, Type::Text),
    (869, "inet", 1041, Type::Text),
    (1042, "bpchar", 1014, Type::Text),
    (1043, "varchar", 1015, Type::Text),
    (1082, "date", 1182, Type::Text),
    (1083, "time", 1183, Type::Text),
    (1114, "timestamp", 1115, Type::Timestamp),
    (1184, "timestamptz", 1185, Type::TimestampWithZone),
    (1186, "interval", 1187, Type::Interval),
    (1266, "timetz", 1270, Type::Text),
    (1560, "bit", 1561, Type::Text),
    (1562, "varbit", 1563, Type::Text),
    (1700, "numeric", 1231, Type::Fraction),
    (2950, "uuid", 2951, Type::Text),
    (3802, "jsonb", 3807, Type::Json),
];

/// Names of the standard for some of them.
const ALIASES: &[(&str, &str)] = &[
    ("boolean", "bool"),
    ("smallint", "int2"),
    ("integer", "int4"),
    ("int", "int4"),
    ("bigint", "int8"),
    ("real", "float4"),
    ("double precision", "float8"),
    ("decimal", "numeric"),
    ("character varying", "varchar"),
    ("character", "bpchar"),
    ("timestamp with time zone", "timestamptz"),
    ("timestamp without time zone", "timestamp"),
];

/// Whether it is one value or a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    One(Type),
    List(Type),
    /// The server has not said, or it is none of those that are known.
    Unknown,
}

/// What the type of this number is.
pub(crate) fn of_number(oid: u32) -> Form {
    let found = TYPES.iter().find_map(|&(one, _, list, kind)| match oid {
        _ if oid == one => Some(Form::One(kind)),
        _ if oid == list => Some(Form::List(kind)),
        _ => None,
    });
    found.unwrap_or(Form::Unknown)
}

/// The number of a type by its name; with `[]` behind it that of lists.
pub(crate) fn number(name: &str) -> Option<u32> {
    let name = name.trim().to_ascii_lowercase();
    let (element, is_list) = match name.strip_suffix("[]") {
        Some(element) => (element.trim_end(), true),
        None => (&*name, false),
    };
    let alias = ALIASES.iter().find(|(alias, _)| *alias == element);
    let element = alias.map_or(element, |(_, name)| name);
    let &(one, _, list, _) = TYPES.iter().find(|(_, name, ..)| *name == element)?;
    Some(if is_list { list } else { one })
}

/// The name of a type, for texts.
pub(crate) fn name(oid: u32) -> String {
    let found = TYPES.iter().find_map(|&(one, name, list, _)| match oid {
        _ if oid == one => Some(name.to_owned()),
        _ if oid == list => Some(format!("{name}[]")),
        _ => None,
    });
    found.unwrap_or_else(|| format!("type {oid}"))
}

/// The name of a type for a file that a grid reads: what is not known here comes as text.
pub(crate) fn plain_name(oid: u32) -> String {
    match of_number(oid) {
        Form::Unknown => "text".to_owned(),
        Form::One(_) | Form::List(_) => name(oid),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_found_by_name_and_number() {
        for (text, oid, shown) in [
            ("int4", 23, "int4"),
            ("Integer", 23, "int4"),
            ("text[]", 1009, "text[]"),
            ("double precision []", 1022, "float8[]"),
        ] {
            assert_eq!(number(text), Some(oid));
            assert_eq!(name(oid), shown);
        }
        assert_eq!(number("mood"), None);
        assert_eq!(name(99_999), "type 99999");
        assert_eq!(of_number(3807), Form::List(Type::Json));
        assert_eq!(of_number(0), Form::Unknown);
    }

    #[test]
    fn the_manifest_knows_the_same_names() {
        let manifest = include_str!("../manifest.hcl");
        let rules = manifest.lines().filter(|line| line.contains(".types :"));
        let rules: Vec<&str> = rules.collect();
        // Of a query, and of a batch.
        assert_eq!(rules.len(), 2);
        let types = TYPES.iter().map(|(_, name, ..)| *name);
        let mut known: Vec<&str> = types.chain(ALIASES.iter().map(|(name, _)| *name)).collect();
        known.sort_unstable();
        for rule in rules {
            let (_, list) = rule.split_once("contains([").unwrap();
            let (list, _) = list.split_once(']').unwrap();
            let mut told: Vec<&str> = list
                .split(", ")
                .map(|name| name.trim_matches('"'))
                .collect();
            told.sort_unstable();
            assert_eq!(told, known);
        }
    }
}

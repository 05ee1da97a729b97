//! What a server says of a statement: the types of its parameters, and its columns.

use crate::decode;
use crate::message::{Bad, Fields, MALFORMED};
use bggo_runtime::contract::{Text, Value};
use std::str;

/// What a statement takes and gives.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Described {
    /// The types of its parameters.
    pub(crate) parameters: Vec<u32>,
    /// What its rows hold.
    pub(crate) columns: Vec<Column>,
}

/// A column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Column {
    name: Text,
    oid: u32,
}

impl Column {
    /// Its name.
    pub(crate) fn name(&self) -> &Text {
        &self.name
    }

    /// The number of its type.
    pub(crate) fn oid(&self) -> u32 {
        self.oid
    }

    /// One for tests.
    #[cfg(test)]
    pub(crate) fn of(name: &str, oid: u32) -> Self {
        let name = Text::from(name.to_owned());
        Self { name, oid }
    }
}

/// The types of the parameters, of the message that says them.
///
/// # Errors
/// The message is malformed.
pub(crate) fn parameters(body: &[u8]) -> Result<Vec<u32>, Bad> {
    let mut fields = Fields(body);
    let count = fields.i16()?.cast_unsigned();
    (0..count).map(|_| fields.u32()).collect()
}

/// The columns, of the message that says them. The second of one name gets `_2` behind it, so that both can be read.
///
/// # Errors
/// The message is malformed.
pub(crate) fn columns(body: &[u8]) -> Result<Vec<Column>, Bad> {
    let mut fields = Fields(body);
    let count = fields.i16()?.cast_unsigned();
    let mut columns: Vec<Column> = Vec::new();
    for _ in 0..count {
        let name = String::from_utf8_lossy(fields.text()?).into_owned();
        // Its table and its number there.
        fields.bytes(6)?;
        let oid = fields.u32()?;
        // Its size, its modifier and its form.
        fields.bytes(8)?;
        let is_taken = |name: &str| columns.iter().any(|column| &*column.name == name);
        let mut name_of_it = name.clone();
        let mut number = 2;
        while is_taken(&name_of_it) {
            name_of_it = format!("{name}_{number}");
            number += 1;
        }
        columns.push(Column {
            name: name_of_it.into(),
            oid,
        });
    }
    Ok(columns)
}

/// A row as an object.
///
/// # Errors
/// The message is malformed, or has another number of columns.
pub(crate) fn row(columns: &[Column], body: &[u8]) -> Result<Value, Bad> {
    let mut fields = Fields(body);
    if usize::from(fields.i16()?.cast_unsigned()) != columns.len() {
        return Err(MALFORMED);
    }
    let values = columns.iter().map(|column| {
        let value = decode::column(fields.value()?, column.oid);
        Ok((column.name.clone(), value))
    });
    let values: Result<Vec<_>, Bad> = values.collect();
    values.map(Value::from)
}

/// What a statement did, as `INSERT 0 5`: its words, and how many rows it read or changed.
pub(crate) fn command(body: &[u8]) -> (&str, Option<u64>) {
    let text = Fields(body)
        .text()
        .ok()
        .and_then(|text| str::from_utf8(text).ok());
    let text = text.unwrap_or_default();
    let words = text.trim_end_matches(|letter: char| letter.is_ascii_digit() || letter == ' ');
    (words, affected(body))
}

/// The same without its words.
pub(crate) fn affected(body: &[u8]) -> Option<u64> {
    let text = body.strip_suffix(&[0]).unwrap_or(body);
    let begins = text.iter().rposition(|letter| *letter == b' ')?;
    let digits = text.get(begins + 1..).filter(|digits| !digits.is_empty())?;
    digits.iter().try_fold(0_u64, |count, digit| {
        let digit = char::from(*digit).to_digit(10)?;
        count.checked_mul(10)?.checked_add(digit.into())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use bggo_runtime::contract::encode_json;

    fn description(names: &[(&str, u32)]) -> Vec<u8> {
        let mut body = u16::try_from(names.len()).unwrap().to_be_bytes().to_vec();
        for (name, oid) in names {
            body.extend_from_slice(name.as_bytes());
            body.extend_from_slice(&[0; 7]);
            body.extend_from_slice(&oid.to_be_bytes());
            body.extend_from_slice(&[0; 8]);
        }
        body
    }

    #[test]
    fn a_row_is_an_object_by_the_names_of_its_columns() {
        let columns = columns(&description(&[
            ("a", 23),
            ("a", 25),
            ("?column?", 16),
            ("a", 23),
        ]))
        .unwrap();
        let body = b"\0\x04\0\0\0\x011\0\0\0\x01x\xff\xff\xff\xff\0\0\0\x012";
        let row_of = row(&columns, body).unwrap();
        assert_eq!(
            encode_json(&row_of),
            r#"{"a":1,"a_2":"x","?column?":null,"a_3":2}"#
        );
        for cut in 0..body.len() {
            assert!(row(&columns, &body[..cut]).is_err(), "{cut}");
        }
        assert!(row(&columns[..2], body).is_err());
    }

    #[test]
    fn a_description_that_is_cut_off_is_malformed() {
        let body = description(&[("a", 23), ("b", 25)]);
        for cut in 0..body.len() {
            assert_eq!(columns(&body[..cut]), Err(MALFORMED), "{cut}");
        }
        assert_eq!(parameters(b"\0\x02\0\0\0\x17\0\0\0\x19"), Ok(vec![23, 25]));
        assert_eq!(parameters(b"\0\x02\0\0\0\x17"), Err(MALFORMED));
    }

    #[test]
    fn a_command_says_how_many_rows_there_were() {
        for (text, expected) in [
            ("SELECT 3", ("SELECT", Some(3))),
            ("INSERT 0 5", ("INSERT", Some(5))),
            ("CREATE TABLE", ("CREATE TABLE", None)),
            ("ROLLBACK", ("ROLLBACK", None)),
            ("SELECT 99999999999999999999", ("SELECT", None)),
            ("", ("", None)),
        ] {
            assert_eq!(command(format!("{text}\0").as_bytes()), expected);
        }
    }
}

//! `expect_status`: the status codes that pass.

use crate::asking::Asking;
use crate::http_request::Error as Kind;
use bggo_runtime::contract::{Fault, FaultText, Value};
use http::StatusCode;
use std::fmt;

/// Codes and ranges of codes; the text is what the grid says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Expect {
    ranges: Vec<(u16, u16)>,
    text: String,
}

/// Which answers become the example of a failure: those that fail their step, if there is none of the kind yet.
#[derive(Clone, Copy)]
pub(crate) struct Examples<'a> {
    pub(crate) asking: Asking<'a>,
    pub(crate) expect: Option<&'a Expect>,
    /// Whether any answer may become one: by a check that fails its step. Then what came of it is kept until it is judged.
    pub(crate) may_come: bool,
    /// Whether each answer without a status of success is one, whatever was shown before.
    pub(crate) failures: bool,
}

impl Examples<'_> {
    /// Whether an answer with this status is one.
    pub(crate) fn takes(&self, status: StatusCode) -> bool {
        if self.failures && !status.is_success() {
            return true;
        }
        let allows = |expect: &Expect| expect.allows(status.as_u16());
        let wanted = |asking: Asking<'_>| asking.step()?.wants_example(Kind::Status.name());
        !self.expect.is_none_or(allows) && wanted(self.asking).is_some()
    }
}

impl Expect {
    /// Reads a number, a pattern (`2xx`, `20x`, `200-299`, `200`), or a list of these.
    pub(crate) fn read(value: &Value) -> Result<Self, Fault> {
        let value = value.settled()?;
        let mut expect = Self {
            ranges: Vec::new(),
            text: String::new(),
        };
        match &*value {
            Value::List(items) if items.is_empty() => {
                return Err(
                    Kind::Request.fault("expect_status is an empty list, which no status is in")
                );
            }
            Value::List(items) => items.iter().try_for_each(|item| expect.add(item))?,
            one => expect.add(one)?,
        }
        Ok(expect)
    }

    fn add(&mut self, value: &Value) -> Result<(), Fault> {
        let value = value.settled()?;
        let written = match &*value {
            Value::Number(_) | Value::Text(_) => value.to_string(),
            other => {
                return Err(Kind::Request.fault(FaultText::plain(format_args!(
                    "a status of expect_status is a number or a pattern as \"2xx\", found {}",
                    other.kind()
                ))));
            }
        };
        let range = range(&written).ok_or_else(|| {
            Kind::Request.fault(
                FaultText::value(&written)
                    .and(" in expect_status is neither a status nor a pattern as \"2xx\""),
            )
        })?;
        self.ranges.push(range);
        if !self.text.is_empty() {
            self.text.push_str(", ");
        }
        self.text.push_str(&written);
        Ok(())
    }

    /// Whether a status passes.
    pub(crate) fn allows(&self, status: u16) -> bool {
        self.ranges
            .iter()
            .any(|(first, last)| (*first..=*last).contains(&status))
    }
}

impl fmt::Display for Expect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn range(pattern: &str) -> Option<(u16, u16)> {
    let status = |text: &str| {
        text.parse()
            .ok()
            .filter(|status| text.len() == 3 && (100..=999).contains(status))
    };
    if let Some((first, last)) = pattern.split_once('-') {
        let (first, last) = (status(first.trim())?, status(last.trim())?);
        return (first <= last).then_some((first, last));
    }
    let fill = |digit: &str| pattern.replace(['x', 'X'], digit);
    let known = pattern.trim_end_matches(['x', 'X']);
    let digits = known.bytes().all(|digit| digit.is_ascii_digit()) && !known.is_empty();
    digits
        .then(|| Some((status(&fill("0"))?, status(&fill("9"))?)))
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use bggo_runtime::contract::Number;

    fn read(value: impl Into<Value>) -> Option<Vec<(u16, u16)>> {
        Expect::read(&value.into()).ok().map(|expect| expect.ranges)
    }

    #[test]
    fn numbers_patterns_and_lists_are_read() {
        assert_eq!(read(Number::new(200)), Some(vec![(200, 200)]));
        assert_eq!(read("2xx"), Some(vec![(200, 299)]));
        assert_eq!(read("20X"), Some(vec![(200, 209)]));
        assert_eq!(read("200-204"), Some(vec![(200, 204)]));
        assert_eq!(
            read(vec![Value::from(Number::new(200)), Value::from("3xx")]),
            Some(vec![(200, 200), (300, 399)])
        );
    }

    #[test]
    fn what_is_no_status_is_refused() {
        for wrong in [
            "", "xxx", "2x0", "99", "0200", "204-200", "2xxx", "-1", "ok",
        ] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
        assert_eq!(read(Number::new(42)), None);
        assert_eq!(read(true), None);
        assert_eq!(read(Vec::<Value>::new()), None);
    }
}

//! Whether a value can be sent, for who knows the value and has no table yet.

use bggo_values::{Fault, Value};

use crate::encode::DEEPEST;
use crate::form::{self, Seconds};
use crate::scalar::scalar;
use crate::schema::{Form, Kind};
use crate::table::Table;
use crate::wrong::Wrong;

/// Whether a value can be sent as one scalar of a kind. Nothing is said of enums and messages, which have names of their own, nor of
/// null, which is not sent.
///
/// # Errors
/// What sending it would fail with.
pub fn check_scalar(kind: Kind, value: &Value) -> Result<(), Fault> {
    if value.is_null() || matches!(kind, Kind::Enum(_) | Kind::Message(_)) {
        return Ok(());
    }
    let nothing = Table {
        request: 0,
        response: 0,
        messages: Vec::new(),
        enums: Vec::new(),
    };
    let written = scalar(&nothing, kind, value);
    written.map(|_| ()).map_err(Wrong::fault)
}

/// The same of a message of a form that has no fields of its own to look at.
///
/// # Errors
/// What sending it would fail with.
pub fn check_form(form: Form, value: &Value) -> Result<(), Fault> {
    let mut out = Vec::new();
    let written = match form {
        Form::Object | Form::Wrapper => Ok(()),
        Form::Any => form::put_any(value, DEEPEST, &mut out),
        _ if value.is_null() => Ok(()),
        Form::Struct => form::put_object(value, DEEPEST, &mut out),
        Form::List => form::put_list(value, DEEPEST, &mut out),
        Form::Timestamp => Seconds::of_timestamp(value).map(|_| ()),
        Form::Duration => Seconds::of_duration(value).map(|_| ()),
    };
    written.map_err(Wrong::fault)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_refused_with_what_sending_it_would_fail_with() {
        let refused = |kind, value: Value| {
            check_scalar(kind, &value)
                .err()
                .map(|fault| fault.text().to_owned())
        };
        assert_eq!(refused(Kind::Int32, Value::number(7)), None);
        assert_eq!(refused(Kind::String, Value::number(7)), None);
        assert_eq!(refused(Kind::Int32, Value::Null), None);
        assert_eq!(refused(Kind::Enum(3), Value::text("ANY")), None);
        assert_eq!(
            refused(Kind::Uint32, Value::number(-1)).as_deref(),
            Some("expected a whole number from 0 to 4294967295, found -1")
        );
        let refused = |form, value: Value| check_form(form, &value).is_err();
        assert!(!refused(
            Form::Timestamp,
            Value::text("2026-01-31T12:00:00Z")
        ));
        assert!(refused(Form::Timestamp, Value::text("yesterday")));
        assert!(!refused(Form::Duration, Value::text("1m")));
        assert!(refused(Form::Duration, Value::number(5)));
        assert!(refused(Form::List, Value::number(5)));
        assert!(!refused(Form::Any, Value::number(5)));
    }
}

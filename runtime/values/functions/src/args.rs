//! Arguments of a function to the types that it takes. Whoever calls has checked and converted them where types were known;
//! a value that is only known at run time is converted here.

use bggo_values::convert::{to_bytes, to_number, to_text};
use bggo_values::{Fault, Number, Seq, Text, Value};

/// The arguments of one call.
#[derive(Clone, Copy)]
pub(super) struct Args<'a> {
    function: &'static str,
    values: &'a [Value],
}

/// At least so many arguments and, without a rest, no more.
pub(super) fn args<'a>(
    function: &'static str,
    values: &'a [Value],
    least: usize,
    most: usize,
) -> Result<Args<'a>, Fault> {
    if values.len() < least || values.len() > most {
        let (count, bound) = match values.len() < least {
            true => (least, "at least "),
            false => (most, "at most "),
        };
        let bound = if least == most { "" } else { bound };
        let needed = match count {
            0 => "takes no arguments".to_string(),
            1 => format!("needs {bound}1 argument"),
            _ => format!("needs {bound}{count} arguments"),
        };
        let found = values.len();
        return Err(Fault::new(format!("`{function}` {needed}, found {found}")));
    }
    Ok(Args { function, values })
}

impl<'a> Args<'a> {
    /// The argument itself, which may be null.
    pub(super) fn any(&self, place: usize) -> &'a Value {
        self.values.get(place).unwrap_or(&Value::Null)
    }

    /// The argument, which must not be null.
    pub(super) fn value(&self, place: usize) -> Result<&'a Value, Fault> {
        let value = self.any(place);
        if value.is_null() {
            Err(value.null_fault(format!(
                "argument {} of `{}` must not be null",
                place + 1,
                self.function
            )))
        } else {
            Ok(value)
        }
    }

    pub(super) fn text(&self, place: usize) -> Result<Text, Fault> {
        to_text(self.value(place)?).map_err(|fault| self.fault(place, fault.text()))
    }

    /// Bytes, or the UTF-8 of what has a text form.
    pub(super) fn content(&self, place: usize) -> Result<Seq<u8>, Fault> {
        let value = match self.value(place)? {
            Value::Bytes(bytes) => return Ok(bytes.clone()),
            _ => Value::Text(self.text(place)?),
        };
        to_bytes(&value).map_err(|fault| self.fault(place, fault.text()))
    }

    pub(super) fn number(&self, place: usize) -> Result<Number, Fault> {
        to_number(self.value(place)?).map_err(|fault| self.fault(place, fault.text()))
    }

    pub(super) fn list(&self, place: usize) -> Result<Seq<Value>, Fault> {
        let value = self.value(place)?;
        value.items().ok_or_else(|| {
            self.fault(
                place,
                &format!("a list is required, found {}", value.kind()),
            )
        })
    }

    pub(super) fn object(&self, place: usize) -> Result<Seq<(Text, Value)>, Fault> {
        let value = self.value(place)?;
        value.pairs().ok_or_else(|| {
            self.fault(
                place,
                &format!("an object is required, found {}", value.kind()),
            )
        })
    }

    pub(super) fn len(&self) -> usize {
        self.values.len()
    }

    /// What is wrong with an argument. Names its place, never its value.
    pub(super) fn fault(&self, place: usize, text: &str) -> Fault {
        Fault::new(format!(
            "argument {} of `{}`: {text}",
            place + 1,
            self.function
        ))
    }
}

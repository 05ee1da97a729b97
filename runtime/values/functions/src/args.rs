//! Arguments of a function to the types that it takes. Whoever calls has checked and converted them where types were known;
//! a value that is only known at run time is converted here.

use bggo_values::convert::{convert, to_bytes, to_number, to_text};
use bggo_values::{Fault, Number, Seq, Text, Type, Value};

/// Most bytes of a selector or path.
const LONGEST_PATTERN: usize = 4096;

/// How deep the brackets of a selector or path may stand in each other.
const DEEPEST_PATTERN: usize = 32;

/// How deep brackets stand in each other, those in quotes left out.
fn depth(text: &str) -> usize {
    let (mut deepest, mut open, mut quote, mut escaped) = (0usize, 0usize, None, false);
    for letter in text.chars() {
        match (letter, quote) {
            _ if escaped => escaped = false,
            ('\\', _) => escaped = true,
            (letter, Some(end)) if letter == end => quote = None,
            (_, Some(_)) => {}
            ('"' | '\'', None) => quote = Some(letter),
            ('(' | '[' | '{', None) => open += 1,
            (')' | ']' | '}', None) => open = open.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(open);
    }
    deepest
}

/// The arguments of one call.
#[derive(Debug, Clone, Copy)]
pub struct Args<'a> {
    function: &'static str,
    values: &'a [Value],
}

/// The arguments of a call of this function: at least so many and at most so many.
///
/// # Errors
/// When there are fewer or more.
pub fn args<'a>(
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
    pub fn any(&self, place: usize) -> &'a Value {
        self.values.get(place).unwrap_or(&Value::Null)
    }

    /// The argument, which must not be null.
    ///
    /// # Errors
    /// When it is null.
    pub fn value(&self, place: usize) -> Result<&'a Value, Fault> {
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

    /// The argument as a text.
    ///
    /// # Errors
    /// When it is null or has no text form.
    pub fn text(&self, place: usize) -> Result<Text, Fault> {
        to_text(self.value(place)?).map_err(|fault| self.fault(place, fault.text()))
    }

    /// Bytes, or the UTF-8 of what has a text form.
    ///
    /// # Errors
    /// When it is neither.
    pub fn content(&self, place: usize) -> Result<Seq<u8>, Fault> {
        let value = match self.value(place)? {
            Value::Bytes(bytes) => return Ok(bytes.clone()),
            _ => Value::Text(self.text(place)?),
        };
        to_bytes(&value).map_err(|fault| self.fault(place, fault.text()))
    }

    /// The argument as a number.
    ///
    /// # Errors
    /// When it is null or no number.
    pub fn number(&self, place: usize) -> Result<Number, Fault> {
        to_number(self.value(place)?).map_err(|fault| self.fault(place, fault.text()))
    }

    /// The argument as a whole number of 64 bits.
    ///
    /// # Errors
    /// When it is none.
    pub fn whole(&self, place: usize) -> Result<i64, Fault> {
        self.number(place)?
            .as_i64()
            .ok_or_else(|| self.fault(place, "a whole number is required"))
    }

    /// The argument as a count: a whole number that is not negative and not above `most`.
    ///
    /// # Errors
    /// When it is none.
    pub fn count(&self, place: usize, most: usize) -> Result<usize, Fault> {
        let number = self.number(place)?;
        match number.as_usize().filter(|count| *count <= most) {
            Some(count) => Ok(count),
            None if number.is_whole() && !number.is_negative() => {
                Err(self.fault(place, &format!("at most {most} is possible")))
            }
            None => Err(self.fault(place, "a whole number that is not negative is required")),
        }
    }

    /// The argument as this type: what the compiler converts where it knows the types.
    ///
    /// # Errors
    /// When it is null or does not convert.
    pub fn converted(&self, place: usize, ty: &Type) -> Result<Value, Fault> {
        convert(self.value(place)?, ty).map_err(|fault| self.fault(place, fault.text()))
    }

    /// The argument as a list of texts, without null in it.
    ///
    /// # Errors
    /// When it is none.
    pub fn texts(&self, place: usize) -> Result<Vec<Text>, Fault> {
        let list = self.list(place)?;
        let texts = list.iter().map(|item| match item.is_null() {
            true => Err(self.fault(place, "the list holds null")),
            false => to_text(item).map_err(|fault| self.fault(place, fault.text())),
        });
        texts.collect()
    }

    /// The argument as a list.
    ///
    /// # Errors
    /// When it is null or no list.
    pub fn list(&self, place: usize) -> Result<Seq<Value>, Fault> {
        let value = self.value(place)?;
        value.items().ok_or_else(|| {
            self.fault(
                place,
                &format!("a list is required, found {}", value.kind()),
            )
        })
    }

    /// The argument as an object.
    ///
    /// # Errors
    /// When it is null or no object.
    pub fn object(&self, place: usize) -> Result<Seq<(Text, Value)>, Fault> {
        let value = self.value(place)?;
        value.pairs().ok_or_else(|| {
            self.fault(
                place,
                &format!("an object is required, found {}", value.kind()),
            )
        })
    }

    /// The function that is called.
    pub fn name(&self) -> &'static str {
        self.function
    }

    /// A selector or path, of a length and depth that its reader surely can take: at most 4,096 bytes, and brackets 32 deep.
    ///
    /// # Errors
    /// When it is longer or deeper, null or no text.
    pub fn pattern(&self, place: usize) -> Result<Text, Fault> {
        let text = self.text(place)?;
        if text.len() > LONGEST_PATTERN {
            return Err(self.fault(place, "it is longer than 4,096 bytes"));
        }
        if depth(&text) > DEEPEST_PATTERN {
            return Err(self.fault(place, "its brackets are more than 32 deep"));
        }
        Ok(text)
    }

    /// How many arguments there are.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// What is wrong with an argument. Names its place, never its value.
    pub fn fault(&self, place: usize, text: &str) -> Fault {
        Fault::new(format!(
            "argument {} of `{}`: {text}",
            place + 1,
            self.function
        ))
    }
}

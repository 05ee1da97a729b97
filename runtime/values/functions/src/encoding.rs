//! JSON, base64 and URL encoding: values to texts and back.

use super::args::{Args, args};
use bggo_values::base64::{from_base64, to_base64};
use bggo_values::json::{decode, encode};
use bggo_values::text::normalized;
use bggo_values::{Fault, Value};

/// The value as JSON: keys sorted, `<`, `>` and `&` escaped. JSON has no bytes: they are their base64, as in the JSON of
/// protobuf and of Go.
///
/// # Errors
/// When there is not one argument.
pub fn jsonencode(values: &[Value]) -> Result<Value, Fault> {
    Ok(Value::from(encode(
        args("jsonencode", values, 1, 1)?.any(0),
    )))
}

/// The value of a JSON text.
///
/// # Errors
/// When the argument is no string, or not JSON.
pub fn jsondecode(values: &[Value]) -> Result<Value, Fault> {
    let args = args("jsondecode", values, 1, 1)?;
    let value = decode(&args.text(0)?).map_err(|fault| args.fault(0, fault.text()))?;
    Ok(value.normalized())
}

/// Bytes, or the UTF-8 of a text, in base64.
///
/// # Errors
/// When the argument is neither bytes nor a string.
pub fn base64encode(values: &[Value]) -> Result<Value, Fault> {
    let content = args("base64encode", values, 1, 1)?.content(0)?;
    Ok(Value::from(to_base64(&content)))
}

/// The text that base64 stands for.
///
/// # Errors
/// When the argument is not base64 with padding, or its bytes are not UTF-8.
pub fn base64decode(values: &[Value]) -> Result<Value, Fault> {
    let (args, bytes) = decoded(values)?;
    String::from_utf8(bytes)
        .map(|text| Value::from(normalized(text)))
        .map_err(|_| args.fault(0, "the decoded bytes are not UTF-8"))
}

/// The bytes that base64 stands for. The compiler calls it for `base64decode` where bytes are wanted.
///
/// # Errors
/// When the argument is not base64 with padding.
pub fn base64decode_bytes(values: &[Value]) -> Result<Value, Fault> {
    let (_, bytes) = decoded(values)?;
    Ok(Value::Bytes(bytes.into()))
}

fn decoded(values: &[Value]) -> Result<(Args<'_>, Vec<u8>), Fault> {
    let args = args("base64decode", values, 1, 1)?;
    let bytes =
        from_base64(&args.text(0)?).ok_or_else(|| args.fault(0, "the text is not base64"))?;
    Ok((args, bytes))
}

/// The text as it stands in the query of a URL: a space is `+`.
///
/// # Errors
/// When the argument is no string.
pub fn urlencode(values: &[Value]) -> Result<Value, Fault> {
    let text = args("urlencode", values, 1, 1)?.text(0)?;
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                out.push(char::from(byte))
            }
            b' ' => out.push('+'),
            _ => {
                out.push('%');
                out.push(char::from(b"0123456789ABCDEF"[usize::from(byte >> 4)]));
                out.push(char::from(b"0123456789ABCDEF"[usize::from(byte & 15)]));
            }
        }
    }
    Ok(Value::from(out))
}

//! Payloads of notifications with a stamp: an object in JSON whose first field holds it, in hexadecimal digits.

use bggo_runtime::contract::Text;
use std::fmt::Write;

/// How such a payload begins.
const HEAD: &str = "{\"bggo-sent\":\"";

/// The payload with a stamp; `None` if it is no object.
pub(crate) fn stamped(payload: &str, stamp: &[u8]) -> Option<String> {
    let fields = payload.strip_prefix('{')?;
    let mut text = String::with_capacity(HEAD.len() + 2 * stamp.len() + 2 + fields.len());
    text.push_str(HEAD);
    for byte in stamp {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
    }
    text.push_str(if fields.starts_with('}') { "\"" } else { "\"," });
    text.push_str(fields);
    Some(text)
}

/// The stamp of a payload, which is taken out of it.
pub(crate) fn take_stamp(payload: &mut Text) -> Option<Vec<u8>> {
    let (digits, fields) = payload.as_str().strip_prefix(HEAD)?.split_once('"')?;
    let digit = |byte: u8| {
        (byte as char)
            .to_digit(16)
            .and_then(|digit| u8::try_from(digit).ok())
    };
    let pairs = digits.as_bytes().chunks_exact(2);
    let bytes = pairs.map(|pair| Some(digit(*pair.first()?)? << 4 | digit(*pair.get(1)?)?));
    let stamp: Vec<u8> = bytes.collect::<Option<_>>()?;
    let fields = fields.strip_prefix(',').unwrap_or(fields);
    *payload = Text::from(format!("{{{fields}"));
    Some(stamp)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_is_the_same_without_its_stamp() {
        for payload in ["{}", "{\"a\":1}", "{\"bggo\":\"{\"}"] {
            let text = stamped(payload, &[0, 0x9f, 0xff]).unwrap();
            assert!(text.starts_with("{\"bggo-sent\":\"009fff\""), "{text}");
            let mut value = Text::from(text);
            assert_eq!(
                take_stamp(&mut value).as_deref(),
                Some(&[0, 0x9f, 0xff][..])
            );
            assert_eq!(value, Text::from(payload.to_owned()));
        }
        assert_eq!(stamped("[1]", &[1]), None);
    }

    #[test]
    fn what_has_no_stamp_stays_as_it_is() {
        for payload in [
            "",
            "{\"bggo-sent\":\"xy\"}",
            "{\"bggo-sent\":1}",
            "{\"bggo-sent\":\"",
        ] {
            let mut value = Text::from(payload.to_owned());
            assert_eq!(take_stamp(&mut value), None);
            assert_eq!(value, Text::from(payload.to_owned()));
        }
    }
}

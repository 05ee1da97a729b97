//! Messages with a stamp where a protocol has no headers: an object in JSON whose first field holds it, in hexadecimal digits.

use std::fmt::Write;

/// How such a message begins.
const HEAD: &str = "{\"bggo-sent\":\"";

/// The message with a stamp; `None` if it is no object.
pub fn stamped(message: &str, stamp: &[u8]) -> Option<String> {
    let fields = message.strip_prefix('{')?;
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

/// The stamp of a message, and the message without it; `None` if it has none.
pub fn unstamped(message: &str) -> Option<(Vec<u8>, String)> {
    let (digits, fields) = message.strip_prefix(HEAD)?.split_once('"')?;
    let digit = |byte: u8| {
        (byte as char)
            .to_digit(16)
            .and_then(|digit| u8::try_from(digit).ok())
    };
    let pairs = digits.as_bytes().chunks_exact(2);
    let bytes = pairs.map(|pair| Some(digit(*pair.first()?)? << 4 | digit(*pair.get(1)?)?));
    let stamp: Vec<u8> = bytes.collect::<Option<_>>()?;
    let fields = fields.strip_prefix(',').unwrap_or(fields);
    Some((stamp, format!("{{{fields}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_the_same_without_its_stamp() {
        for message in ["{}", "{\"a\":1}", "{\"bggo\":\"{\"}"] {
            let text = stamped(message, &[0, 0x9f, 0xff]).unwrap();
            assert!(text.starts_with("{\"bggo-sent\":\"009fff\""), "{text}");
            let (stamp, without) = unstamped(&text).unwrap();
            assert_eq!((&*stamp, &*without), (&[0, 0x9f, 0xff][..], message));
        }
        assert_eq!(stamped("[1]", &[1]), None);
    }

    #[test]
    fn what_has_no_stamp_stays_as_it_is() {
        for message in [
            "",
            "{\"bggo-sent\":\"xy\"}",
            "{\"bggo-sent\":1}",
            "{\"bggo-sent\":\"",
        ] {
            assert_eq!(unstamped(message), None);
        }
    }
}

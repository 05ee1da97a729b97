//! The bytes of a body to text: by its byte-order mark, else by the charset of its Content-Type, else as UTF-8.

use bytes::Bytes;
use encoding_rs::Encoding;
use http::header::{CONTENT_TYPE, HeaderMap};
use std::borrow::Cow;
use std::sync::Arc;

/// A body as text, without a byte-order mark. Bytes that are wrong in its charset become U+FFFD, and nothing else does.
pub(crate) fn text(body: &Bytes, headers: &HeaderMap) -> Arc<str> {
    if let Some((encoding, length)) = Encoding::for_bom(body) {
        return decoded(encoding, &body[length..]);
    }
    let declared = headers
        .get(CONTENT_TYPE)
        .and_then(|kind| charset(kind.as_bytes()));
    // An unknown name counts as none.
    let encoding = declared.and_then(|name| Encoding::for_label_no_replacement(&name));
    decoded(encoding.unwrap_or(encoding_rs::UTF_8), body)
}

/// The value of a header as text: UTF-8, else one character for each byte, as browsers read headers.
pub(crate) fn of_header(value: &[u8]) -> Cow<'_, str> {
    std::str::from_utf8(value)
        .map_or_else(|_| encoding_rs::mem::decode_latin1(value), Cow::Borrowed)
}

fn decoded(encoding: &'static Encoding, body: &[u8]) -> Arc<str> {
    if encoding == encoding_rs::UTF_8 {
        // For valid UTF-8 the standard library is faster than the decoder.
        return String::from_utf8_lossy(body).into();
    }
    encoding.decode_without_bom_handling(body).0.into()
}

/// The value of the parameter `charset`: `text/plain; format=flowed; charset="utf-8"`.
fn charset(kind: &[u8]) -> Option<Cow<'_, [u8]>> {
    let mut rest = &kind[kind.iter().position(|byte| *byte == b';')?..];
    while let Some(inside) = rest.strip_prefix(b";") {
        let (parameter, after) = parameter(inside);
        rest = after;
        let Some(equals) = parameter.iter().position(|byte| *byte == b'=') else {
            continue;
        };
        let (name, value) = (&parameter[..equals], &parameter[equals + 1..]);
        if name.trim_ascii().eq_ignore_ascii_case(b"charset") {
            return Some(unquoted(value.trim_ascii()));
        }
    }
    None
}

/// Splits at the next semicolon outside of quotes.
fn parameter(text: &[u8]) -> (&[u8], &[u8]) {
    let (mut quoted, mut escaped) = (false, false);
    for (at, byte) in text.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b';' if !quoted => return text.split_at(at),
            _ => {}
        }
    }
    (text, &[])
}

fn unquoted(value: &[u8]) -> Cow<'_, [u8]> {
    // Single quotes are no quotes in HTTP, but servers write them.
    let single = value
        .strip_prefix(b"'")
        .and_then(|value| value.strip_suffix(b"'"));
    let Some(inside) = value.strip_prefix(b"\"") else {
        return Cow::Borrowed(single.unwrap_or(value));
    };
    let inside = inside.strip_suffix(b"\"").unwrap_or(inside);
    if !inside.contains(&b'\\') {
        return Cow::Borrowed(inside);
    }
    let mut escaped = false;
    let kept = inside.iter().copied().filter(|byte| {
        escaped = *byte == b'\\' && !escaped;
        !escaped
    });
    Cow::Owned(kept.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(kind: &str, body: &[u8]) -> String {
        let mut headers = HeaderMap::new();
        if !kind.is_empty() {
            headers.insert(CONTENT_TYPE, kind.parse().unwrap());
        }
        text(&Bytes::copy_from_slice(body), &headers).to_string()
    }

    #[test]
    fn the_declared_charset_is_read_however_it_is_written() {
        for kind in [
            "text/plain;charset=ISO-8859-1",
            "text/plain; charset=latin1; format=flowed",
            "text/plain; format=flowed; Charset=\"iso-8859-1\" ;x=y",
            "text/plain; x=\"a;charset=utf-8\"; charset = 'iso-8859-1'",
            "text/plain; charset=\"iso\\-8859-1\"",
            "text/plain; charset; charset=us-ascii",
        ] {
            assert_eq!(read(kind, b"caf\xe9"), "café", "{kind}");
        }
    }

    #[test]
    fn charsets_of_the_field_are_read() {
        for (charset, body, says) in [
            ("windows-1252", &b"\x80"[..], "€"),
            ("iso-8859-15", b"\xa4", "€"),
            ("windows-1251", b"\xc4\xe0", "Да"),
            ("koi8-r", b"\xe4\xc1", "Да"),
            ("shift_jis", b"\x93\xfa\x96\x7b", "日本"),
            ("euc-jp", b"\xc6\xfc\xcb\xdc", "日本"),
            ("gb2312", b"\xd6\xd0", "中"),
            ("big5", b"\xa4\xa4", "中"),
            ("euc-kr", b"\xc7\xd1", "한"),
            ("utf-16le", b"a\0\xe9\0", "aé"),
            ("utf-16be", b"\0a\0\xe9", "aé"),
            ("utf-16", b"a\0\xe9\0", "aé"),
        ] {
            assert_eq!(
                read(&format!("text/plain; charset={charset}"), body),
                says,
                "{charset}"
            );
        }
    }

    #[test]
    fn a_byte_order_mark_wins_and_is_no_text() {
        for kind in ["", "text/plain; charset=iso-8859-1"] {
            assert_eq!(read(kind, "\u{feff}é".as_bytes()), "é");
            assert_eq!(read(kind, b"\xff\xfe\xe9\0"), "é");
            assert_eq!(read(kind, b"\xfe\xff\0\xe9"), "é");
        }
    }

    #[test]
    fn what_is_not_known_or_wrong_is_read_as_utf_8_with_marks_where_it_is_none() {
        for kind in [
            "",
            "text/plain",
            "text/plain; charset=klingon",
            "text/plain; charset=",
            "text/plain; charset=iso-2022-kr",
            "application/json; charset=utf8",
        ] {
            assert_eq!(read(kind, b"caf\xc3\xa9 \xe9!"), "café \u{fffd}!", "{kind}");
        }
        assert_eq!(
            read("text/plain; charset=shift_jis", b"a\xff\x93\xfa"),
            "a\u{fffd}日"
        );
        assert_eq!(
            read("text/plain; charset=utf-16le", b"a\0\0\xd8b\0"),
            "a\u{fffd}b"
        );
        assert_eq!(read("", b""), "");
    }
}

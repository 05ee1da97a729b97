//! A URL to its parts, by the rules of RFC 3986.

use super::args::args;
use bggo_values::text::normalized;
use bggo_values::{Fault, Number, Text, Value};

/// The parts of a URL as an object: `scheme`, `user`, `password`, `host`, `port`, `path`, `query` and `fragment`. What the
/// URL does not have is null; the path is as it is written; of names in the query that come twice the first counts.
///
/// # Errors
/// When the argument is no string, or the port no number of 1 to 65535.
pub fn url(values: &[Value]) -> Result<Value, Fault> {
    let args = args("url", values, 1, 1)?;
    let text = args.text(0)?;
    if text.chars().any(|c| c.is_ascii_control() || c == ' ') {
        return Err(args.fault(0, "a URL has no spaces and no control characters"));
    }
    let (rest, fragment) = cut(&text, '#');
    let (rest, query) = cut(rest, '?');
    let (scheme, rest) = match rest.split_once(':') {
        Some((scheme, rest)) if is_scheme(scheme) => (Some(scheme.to_ascii_lowercase()), rest),
        _ => (None, rest),
    };
    let (authority, path) = match rest.strip_prefix("//") {
        Some(rest) => {
            let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
            (Some(authority), path)
        }
        None => (None, rest),
    };
    let (login, place) = match authority.and_then(|authority| authority.rsplit_once('@')) {
        Some((login, place)) => (Some(login), Some(place)),
        None => (None, authority),
    };
    let (user, password) = match login.map(|login| cut(login, ':')) {
        Some((user, password)) => (Some(user), password),
        None => (None, None),
    };
    let (host, port) = match place.map(host_and_port) {
        Some((host, port)) => (Some(host.to_ascii_lowercase()), port),
        None => (None, None),
    };
    let port = match port.filter(|port| !port.is_empty()) {
        None => Value::Null,
        Some(port) => {
            let number = port.parse::<u16>().ok();
            let number = number.filter(|number| *number > 0 && !port.starts_with('+'));
            let number = number.ok_or_else(|| args.fault(0, "the port must be 1 to 65535"))?;
            Number::from(u32::from(number)).into()
        }
    };
    let decoded =
        |part: Option<&str>| part.map_or(Value::Null, |part| text_of(percent(part, false)));
    let pairs = [
        ("scheme", scheme.map_or(Value::Null, text_of)),
        ("user", decoded(user)),
        ("password", decoded(password)),
        ("host", host.map_or(Value::Null, text_of)),
        ("port", port),
        ("path", text_of(path.to_owned())),
        ("query", pairs_of(query.unwrap_or_default())),
        ("fragment", decoded(fragment)),
    ];
    let pairs = pairs.map(|(name, value)| (Text::Static(name), value));
    Ok(Value::from(pairs.to_vec()))
}

fn text_of(text: String) -> Value {
    Value::from(normalized(text))
}

/// What stands before the first such letter, and what stands behind it.
fn cut(text: &str, at: char) -> (&str, Option<&str>) {
    match text.split_once(at) {
        Some((before, behind)) => (before, Some(behind)),
        None => (text, None),
    }
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
}

/// The host, without the brackets of an address of IPv6, and the text of the port.
fn host_and_port(place: &str) -> (&str, Option<&str>) {
    match place
        .strip_prefix('[')
        .and_then(|rest| rest.split_once(']'))
    {
        Some((host, rest)) => (host, rest.strip_prefix(':')),
        None => cut(place, ':'),
    }
}

fn pairs_of(query: &str) -> Value {
    let mut pairs: Vec<(Text, Value)> = Vec::new();
    for part in query.split('&').filter(|part| !part.is_empty()) {
        let (name, value) = cut(part, '=');
        let name = Text::from(normalized(percent(name, true)));
        if !pairs.iter().any(|(known, _)| *known == name) {
            pairs.push((name, text_of(percent(value.unwrap_or_default(), true))));
        }
    }
    Value::from(pairs)
}

/// The text that percent signs and, in a query, plus signs stand for. Bytes that are no UTF-8 become U+FFFD.
fn percent(text: &str, plus: bool) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        bytes.push(match (first, after) {
            (b'%', [high, low, behind @ ..]) => match (hex(*high), hex(*low)) {
                (Some(high), Some(low)) => {
                    rest = behind;
                    high << 4 | low
                }
                _ => b'%',
            },
            (b'+', _) if plus => b' ',
            (other, _) => *other,
        });
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn hex(digit: u8) -> Option<u8> {
    let digit = char::from(digit).to_digit(16)?;
    u8::try_from(digit).ok()
}

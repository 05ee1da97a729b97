//! Where a server is, as the url of each of its handshakes.

use crate::socketio_client::Error as Kind;
use bggo_runtime::contract::{Fault, Value};

/// The path of a server whose grid says nothing of it.
const PATH: &str = "/socket.io/";

/// The url of a handshake by a transport, of a session that exists already or not.
pub(crate) fn handshake(server: &str, transport: &str, session: Option<&str>) -> String {
    let mut made = format!("{server}&transport={transport}");
    if let Some(session) = session {
        made.push_str("&sid=");
        put_encoded(&mut made, session);
    }
    made
}

/// Where a server is, as http or https, with the beginning of the query.
///
/// # Errors
/// The url, the path or the query makes no sense (`request`).
pub(crate) fn server(
    url: &str,
    path: Option<&str>,
    query: Option<&Value>,
) -> Result<String, Fault> {
    let url = url.trim();
    let (scheme, rest) = scheme(url).ok_or_else(|| {
        Kind::Request.fault("the url of a server begins with http://, https://, ws:// or wss://")
    })?;
    if rest.contains('#') {
        return Err(Kind::Request.fault("the url of a server has no fragment"));
    }
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (place, behind) = rest.split_at(end);
    let (own_path, own_query) = behind.split_once('?').unwrap_or((behind, ""));
    let path = match own_path {
        "" | "/" => path.unwrap_or(PATH),
        own => own,
    };
    if !path.starts_with('/') || path.contains(['?', '#']) || path.contains(char::is_whitespace) {
        return Err(Kind::Request.fault(
            "the path of a server begins with / and holds no space, no query and no fragment",
        ));
    }
    let mut made = format!("{scheme}{place}{path}");
    if !made.ends_with('/') {
        made.push('/');
    }
    made.push_str("?EIO=4");
    if !own_query.is_empty() {
        made.push('&');
        made.push_str(own_query);
    }
    if let Some(Value::Object(pairs)) = query {
        for (name, value) in pairs.iter().filter(|(_, value)| !value.is_null()) {
            made.push('&');
            put_encoded(&mut made, name);
            made.push('=');
            put_encoded(&mut made, &value.to_string());
        }
    }
    Ok(made)
}

/// The scheme of HTTP, and what stands behind that of the url.
fn scheme(url: &str) -> Option<(&'static str, &str)> {
    let schemes = [
        ("ws://", "http://"),
        ("wss://", "https://"),
        ("http://", "http://"),
        ("https://", "https://"),
    ];
    schemes.into_iter().find_map(|(scheme, http)| {
        let (begins, rest) = url.split_at_checked(scheme.len())?;
        begins.eq_ignore_ascii_case(scheme).then_some((http, rest))
    })
}

/// A name or a value of a query.
fn put_encoded(out: &mut String, text: &str) {
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                out.push(char::from(byte));
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bggo_runtime::contract::decode_json;

    #[test]
    fn the_url_says_where_the_server_is() {
        let asks = "EIO=4";
        for (url, path, expected) in [
            ("http://a", None, "http://a/socket.io/"),
            (" WSS://a:1/ ", None, "https://a:1/socket.io/"),
            ("ws://u:p@a", Some("/live"), "http://u:p@a/live/"),
            ("https://a/own/socket.io", None, "https://a/own/socket.io/"),
            ("https://a/own/", Some("/other"), "https://a/own/"),
        ] {
            let made = server(url, path, None).unwrap();
            assert_eq!(made, format!("{expected}?{asks}"), "{url}");
        }
        let query = decode_json(r#"{"a b":"c&d=\u00fc","none":null}"#).unwrap();
        assert_eq!(
            server("http://a?x=1", None, Some(&query)).unwrap(),
            format!("http://a/socket.io/?{asks}&x=1&a%20b=c%26d%3D%C3%BC")
        );
    }

    #[test]
    fn a_handshake_says_its_transport_and_whose_it_is() {
        let place = server("http://a?x=1", None, None).unwrap();
        let asks = "http://a/socket.io/?EIO=4&x=1&transport=";
        assert_eq!(handshake(&place, "polling", None), format!("{asks}polling"));
        assert_eq!(
            handshake(&place, "websocket", Some("a_b-1&")),
            format!("{asks}websocket&sid=a_b-1%26")
        );
    }

    #[test]
    fn what_is_no_place_of_a_server_is_refused() {
        for (url, path) in [
            ("ftp://a", None),
            ("a", None),
            ("", None),
            ("\u{fc}", None),
            ("http://a/#b", None),
            ("http://a", Some("live")),
            ("http://a", Some("/a?b")),
            ("http://a", Some("/a b")),
        ] {
            let fault = server(url, path, None).unwrap_err();
            assert_eq!(fault.kind(), "request", "{url}");
        }
    }
}

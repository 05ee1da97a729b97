//! The head of a call: fields that are the same each time, which are made once, and those that are not.

use crate::framing::Compression;
use bggo_http2::{Block, Head, Keeping};
use bggo_runtime::contract::{FaultText, Text, Value};
use std::time::Duration;

/// The name that servers see.
const AGENT: &str = concat!("grpc-bggo/", env!("CARGO_PKG_VERSION"));

/// Names and values that the grid gives to a call.
pub(crate) type Metadata = Vec<(String, String)>;

/// What a client says in the head of each call.
#[derive(Debug)]
pub(crate) struct OfClient {
    pub(crate) authority: String,
    /// That of the url that is asked for: `http`, or `https` over TLS.
    pub(crate) scheme: &'static str,
    pub(crate) compression: Compression,
    pub(crate) metadata: Metadata,
}

/// The fields that are the same in all calls of a method, and `own`, which replace those of the client.
pub(crate) fn block(client: &OfClient, method: &str, own: &Metadata) -> Block {
    let mut block = Block::new();
    let path = format!("/{method}");
    block.begin("POST", client.scheme, (&client.authority, &path));
    let mut put = |name: &str, value: &str| {
        block.field(name.as_bytes(), value.as_bytes(), Keeping::Allowed);
    };
    put("te", "trailers");
    put("content-type", "application/grpc");
    put("user-agent", AGENT);
    if client.compression == Compression::Gzip {
        put("grpc-encoding", "gzip");
    }
    put("grpc-accept-encoding", "gzip");
    let is_own = |name: &String| own.iter().any(|(known, _)| known == name);
    let of_client = client.metadata.iter().filter(|(name, _)| !is_own(name));
    put_metadata(&mut block, of_client.chain(own));
    block
}

/// Appends metadata.
pub(crate) fn put_metadata<'m>(
    block: &mut Block,
    metadata: impl IntoIterator<Item = &'m (String, String)>,
) {
    for (name, value) in metadata {
        let keeping = match &**name {
            "authorization" | "cookie" => Keeping::Never,
            _ => Keeping::Allowed,
        };
        block.field(name.as_bytes(), value.as_bytes(), keeping);
    }
}

/// Appends how much time the server has.
pub(crate) fn put_timeout(block: &mut Block, left: Duration) {
    block.field(b"grpc-timeout", timeout(left).as_bytes(), Keeping::Allowed);
}

/// At most eight digits and a unit: the largest unit that says it exactly, or the smallest in which there is room for it.
fn timeout(left: Duration) -> String {
    const UNITS: [(u128, char); 4] = [
        (1_000_000_000, 'S'),
        (1_000_000, 'm'),
        (1_000, 'u'),
        (1, 'n'),
    ];
    const MOST: u128 = 99_999_999;
    let nanos = left.as_nanos().max(1);
    let exact = UNITS
        .into_iter()
        .find(|(size, _)| nanos.is_multiple_of(*size) && nanos / size <= MOST);
    let fits = || {
        let mut finest = UNITS.into_iter().rev();
        finest.find(|(size, _)| nanos / size <= MOST)
    };
    match exact.or_else(fits) {
        Some((size, unit)) => format!("{}{unit}", nanos / size),
        None => format!("{MOST}S"),
    }
}

/// The metadata of a map; nulls are left out. Names are written in lower case.
///
/// # Errors
/// A name or a value is none that may be sent.
pub(crate) fn metadata(map: Option<&Value>) -> Result<Metadata, FaultText> {
    let mut metadata = Vec::new();
    let pairs = map.and_then(Value::pairs);
    for (name, value) in pairs.iter().flat_map(|pairs| pairs.iter()) {
        if value.is_null() {
            continue;
        }
        let (name, value) = (name.to_ascii_lowercase(), value.to_string());
        check(&name, &value)?;
        metadata.push((name, value));
    }
    Ok(metadata)
}

fn check(name: &str, value: &str) -> Result<(), FaultText> {
    let is_of_name = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
    if name.is_empty() || !name.bytes().all(is_of_name) {
        let text = FaultText::plain("a name in metadata has letters, digits and _-. only, found ");
        return Err(text.and_value(format_args!("{name:?}")));
    }
    let is_reserved = name.starts_with("grpc-")
        || matches!(name, "te" | "content-type" | "host")
        || bggo_http2::is_of_connection(name);
    if is_reserved {
        let text = FaultText::plain("metadata cannot set ");
        return Err(text.and_value(format_args!("{name:?}")));
    }
    if !value.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        let text = FaultText::plain("the value of ")
            .and_value(format_args!("{name:?}"))
            .and(" in metadata holds other characters than those of ASCII; a name that ends with -bin takes Base64");
        return Err(text);
    }
    Ok(())
}

/// What a head says apart from what gRPC itself does: a map of texts. Those of one name are joined by commas.
pub(crate) fn told(head: Option<&Head>) -> Value {
    let mut pairs: Vec<(Text, String)> = Vec::new();
    for (name, value) in head.iter().flat_map(|head| head.fields()) {
        if name.starts_with(b"grpc-") || name == b"content-type" {
            continue;
        }
        let name = String::from_utf8_lossy(name);
        let value = String::from_utf8_lossy(value);
        match pairs.iter_mut().find(|(known, _)| **known == *name) {
            Some((_, known)) => known.extend([", ", &value]),
            None => pairs.push((Text::from(name.into_owned()), value.into_owned())),
        }
    }
    let pairs = pairs.into_iter();
    let pairs = pairs.map(|(name, value)| (name, Value::from(value)));
    pairs.collect::<Vec<_>>().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use bggo_runtime::contract::Fault;

    #[test]
    fn a_timeout_has_at_most_eight_digits() {
        for (nanos, text) in [
            (5_000_000_000, "5S"),
            (250_000_000, "250m"),
            (1_500_000, "1500u"),
            (1, "1n"),
            (0, "1n"),
            (99_999_999, "99999999n"),
            (123_456_789, "123456u"),
            (100_000_000_001, "100000m"),
        ] {
            assert_eq!(timeout(Duration::from_nanos(nanos)), text, "{nanos}");
        }
        assert_eq!(timeout(Duration::from_secs(3_600)), "3600S");
        assert_eq!(timeout(Duration::MAX), "99999999S");
    }

    fn read(pairs: &[(&'static str, &'static str)]) -> Result<Metadata, String> {
        let pairs = pairs.iter();
        let pairs = pairs.map(|(name, value)| (Text::Static(name), Value::text(value)));
        let map: Value = pairs.collect::<Vec<_>>().into();
        metadata(Some(&map)).map_err(|text| Fault::new("value", text).text().to_owned())
    }

    #[test]
    fn metadata_is_what_may_be_sent() {
        let own = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(
            read(&[("X-Token", "a b"), ("key-bin", "AAE=")]).unwrap(),
            [own("x-token", "a b"), own("key-bin", "AAE=")]
        );
        for name in ["", "a b", ":path", "ü", "a/b"] {
            assert!(read(&[(name, "x")]).unwrap_err().contains("letters"));
        }
        for name in ["grpc-timeout", "TE", "content-type", "connection"] {
            assert!(read(&[(name, "x")]).unwrap_err().contains("cannot set"));
        }
        for value in ["a\nb", "ü", "\u{7f}"] {
            assert!(read(&[("a", value)]).unwrap_err().contains("ASCII"));
        }
        assert_eq!(metadata(None).unwrap_or_default(), []);
        assert_eq!(metadata(Some(&Value::Null)).unwrap_or_default(), []);
    }
}

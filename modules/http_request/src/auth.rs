//! Credentials as headers: Bearer, Basic, an API key in a header or in the query.

use crate::http_request::Error as Kind;
use bggo_runtime::contract::{Fault, FaultText, Text, Value, to_base64};
use http::header::{HeaderName, HeaderValue};
use url::Url;

/// `Bearer TOKEN`
pub(crate) fn bearer(token: &str) -> Result<HeaderValue, Fault> {
    secret(&format!("Bearer {token}"), "bearer_token")
}

/// `Basic BASE64`
pub(crate) fn basic(credentials: &Value) -> Result<HeaderValue, Fault> {
    let text = |name| {
        credentials
            .get(name)
            .filter(|value| !value.is_null())
            .map_or_else(String::new, |value| value.to_string())
    };
    user(&text("username"), &text("password"))
}

/// The same for a user and password that stand in an url.
pub(crate) fn user(name: &str, password: &str) -> Result<HeaderValue, Fault> {
    if name.contains(':') {
        return Err(Kind::Request.fault("the username of basic_auth holds a colon, which ends it"));
    }
    secret(
        &format!(
            "Basic {}",
            to_base64(format!("{name}:{password}").as_bytes())
        ),
        "basic_auth",
    )
}

/// An API key and where it goes.
#[derive(Debug, Clone)]
pub(crate) enum ApiKey {
    /// In a header: its name as it is written.
    Header(Text, HeaderValue),
    /// In the query: name and value.
    Query(String, String),
}

/// Reads `{ name, value, in }`.
pub(crate) fn api_key(key: &Value) -> Result<ApiKey, Fault> {
    let text = |name| {
        key.get(name)
            .filter(|value| !value.is_null())
            .map(|value| value.to_string())
    };
    let name = text("name")
        .filter(|name| !name.is_empty())
        .ok_or_else(|| Kind::Request.fault("api_key has no name"))?;
    let value = text("value").unwrap_or_default();
    match text("in").as_deref() {
        None | Some("header") => {
            HeaderName::from_bytes(name.as_bytes())
                .map_err(|_| Kind::Request.fault("the name of api_key is no header's name"))?;
            Ok(ApiKey::Header(name.into(), secret(&value, "api_key")?))
        }
        Some("query") => Ok(ApiKey::Query(name, value)),
        Some(_) => Err(Kind::Request.fault("api_key goes in = \"header\" or \"query\"")),
    }
}

impl ApiKey {
    /// Adds a key of the query.
    pub(crate) fn append_to(&self, url: &mut Url) {
        if let Self::Query(name, value) = self {
            url.query_pairs_mut().append_pair(name, value);
        }
    }
}

/// A header's value that is never indexed by HTTP/2 nor printed.
fn secret(text: &str, input: &str) -> Result<HeaderValue, Fault> {
    let mut value = HeaderValue::from_str(text).map_err(|_| {
        Kind::Request.fault(FaultText::plain(format_args!(
            "{input} holds what no header can, such as a line break"
        )))
    })?;
    value.set_sensitive(true);
    Ok(value)
}

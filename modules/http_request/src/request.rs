//! The parts of a request, each made from the arguments that it depends on: where to, headers, body.
//!
//! A part whose arguments are all known early is made once a thread; the others are made for each request, by the same
//! functions.

use crate::auth::{self, ApiKey};
use crate::body::{Payload, append_pairs};
use crate::http_request::Error as Kind;
use crate::multipart;
use bggo_runtime::contract::Fault;
use bggo_values::Value;
use reqwest::Url;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE, HeaderMap, HeaderName, HeaderValue};

/// Where a request goes.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    /// Without user and password.
    pub(crate) url: Url,
    /// User and password of the url, as Basic.
    pub(crate) credentials: Option<HeaderValue>,
}

/// Reads the url and adds to its query.
pub(crate) fn target(
    url: &str,
    query: Option<&Value>,
    key: Option<&ApiKey>,
) -> Result<Target, Fault> {
    // The url itself may hold what is sensitive; the parser's word is enough.
    let mut url = Url::parse(url.trim()).map_err(|error| {
        Kind::Request.fault(if url.contains("://") {
            format!("the url is malformed: {error}")
        } else {
            "a url begins with http:// or https://, this one does not".to_owned()
        })
    })?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(Kind::Request.fault(format!(
            "a url begins with http:// or https://, found {}:",
            url.scheme()
        )));
    }
    let credentials = credentials(&mut url)?;
    if let Some(query) = query {
        append_pairs(&mut url, query, "query_params")?;
    }
    if let Some(key) = key {
        key.append_to(&mut url);
    }
    Ok(Target { url, credentials })
}

fn credentials(url: &mut Url) -> Result<Option<HeaderValue>, Fault> {
    if url.username().is_empty() && url.password().is_none() {
        return Ok(None);
    }
    let decoded = |text: &str| {
        let pair = Url::parse(&format!("form:?{}", text.replace('+', "%2B"))).ok();
        pair.and_then(|url| url.query_pairs().next().map(|(name, _)| name.into_owned()))
            .unwrap_or_default()
    };
    let value = auth::user(
        &decoded(url.username()),
        &decoded(url.password().unwrap_or("")),
    )?;
    // An url with a host has a place for these, so that taking them away cannot fail.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    Ok(Some(value))
}

/// The arguments that end up in headers.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct HeadParts<'a> {
    pub(crate) headers: Option<&'a Value>,
    pub(crate) bearer: Option<&'a str>,
    pub(crate) basic: Option<&'a Value>,
    pub(crate) key: Option<&'a ApiKey>,
}

/// Makes the headers; those that the grid names win over what other arguments imply.
pub(crate) fn head(parts: HeadParts<'_>) -> Result<HeaderMap, Fault> {
    let mut headers = HeaderMap::new();
    match (parts.bearer, parts.basic) {
        (Some(_), Some(_)) => {
            return Err(Kind::Request.fault(
                "bearer_token and basic_auth both set Authorization; one of them may be given",
            ));
        }
        (Some(token), None) => drop(headers.insert(AUTHORIZATION, auth::bearer(token)?)),
        (None, Some(credentials)) => drop(headers.insert(AUTHORIZATION, auth::basic(credentials)?)),
        (None, None) => {}
    }
    if let Some(ApiKey::Header(name, value)) = parts.key {
        headers.insert(name.clone(), value.clone());
    }
    if let Some(named) = parts.headers {
        add_headers(&mut headers, named)?;
    }
    Ok(headers)
}

/// Adds a map of headers, replacing those of the same name. A null value adds nothing.
pub(crate) fn add_headers(headers: &mut HeaderMap, named: &Value) -> Result<(), Fault> {
    let named = named.settled()?;
    let Value::Object(pairs) = &*named else {
        return Err(Kind::Request.fault(format!(
            "headers is a map of strings, found {}",
            named.kind()
        )));
    };
    for (name, value) in pairs.iter().filter(|(_, value)| !value.is_null()) {
        let header = HeaderName::from_bytes(name.as_bytes())
            .map_err(|_| Kind::Request.fault(format!("{name:?} is no header's name")))?;
        let text = value.to_string();
        let value = HeaderValue::from_str(&text).map_err(|_| {
            Kind::Request.fault(format!(
                "the header {name} holds what no header can, such as a line break"
            ))
        })?;
        headers.insert(header, value);
    }
    Ok(())
}

/// The request's own cookies as pairs.
pub(crate) fn cookies(cookies: &Value) -> Result<Vec<(String, String)>, Fault> {
    let cookies = cookies.settled()?;
    let Value::Object(pairs) = &*cookies else {
        return Err(Kind::Request.fault(format!(
            "cookies is a map of strings, found {}",
            cookies.kind()
        )));
    };
    let wrong = |text: &str| text.contains(|letter: char| letter == ';' || letter.is_control());
    pairs
        .iter()
        .filter(|(_, value)| !value.is_null())
        .map(|(name, value)| {
            let value = value.to_string();
            if name.is_empty() || wrong(name) || wrong(&value) || name.contains('=') {
                return Err(Kind::Request.fault(format!(
                    "{name:?} in cookies cannot be sent: its name or value holds what ends it"
                )));
            }
            Ok((name.to_string(), value))
        })
        .collect()
}

/// Adds the Cookie header: the jar's cookies but for those that the request names, then the request's.
pub(crate) fn add_cookies(headers: &mut HeaderMap, jar: &[(&str, &str)], own: &[(String, String)]) {
    if headers.contains_key(COOKIE) || (jar.is_empty() && own.is_empty()) {
        return;
    }
    let kept = jar
        .iter()
        .copied()
        .filter(|(name, _)| own.iter().all(|(named, _)| named != name));
    let pairs = kept.chain(
        own.iter()
            .map(|(name, value)| (name.as_str(), value.as_str())),
    );
    let line = pairs
        .map(|(name, value)| format!("{name}={value}"))
        .collect::<Vec<_>>()
        .join("; ");
    if let Ok(value) = HeaderValue::from_bytes(line.as_bytes()) {
        headers.insert(COOKIE, value);
    }
}

/// The arguments of which one is the body.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct BodyParts<'a> {
    pub(crate) body: Option<&'a str>,
    pub(crate) json: Option<&'a str>,
    pub(crate) form_data: Option<&'a Value>,
    pub(crate) multipart: Option<&'a Value>,
    pub(crate) file: Option<&'a str>,
}

/// Makes the body.
pub(crate) fn payload(parts: BodyParts<'_>) -> Result<Payload, Fault> {
    let BodyParts {
        body,
        json,
        form_data,
        multipart,
        file,
    } = parts;
    let given = [
        ("body", body.is_some()),
        ("json", json.is_some()),
        ("form_data", form_data.is_some()),
        ("multipart", multipart.is_some()),
        ("file", file.is_some()),
    ];
    let given: Vec<&str> = given
        .into_iter()
        .filter_map(|(name, given)| given.then_some(name))
        .collect();
    if given.len() > 1 {
        return Err(Kind::Request.fault(format!(
            "a request has one body, found {}",
            given.join(" and ")
        )));
    }
    if let Some(text) = body {
        return Ok(Payload::text(text.to_owned()));
    }
    if let Some(text) = json {
        return Ok(Payload::json(text.to_owned()));
    }
    if let Some(fields) = form_data {
        return Payload::form(fields);
    }
    if let Some(parts) = multipart {
        return multipart::payload(parts);
    }
    Ok(file.map_or_else(Payload::default, |path| Payload::file(path.to_owned())))
}

/// Adds the Content-Type of a body, unless the grid names one.
pub(crate) fn add_content_type(headers: &mut HeaderMap, payload: &Payload) {
    if let Some(kind) = &payload.content_type {
        headers.entry(CONTENT_TYPE).or_insert_with(|| kind.clone());
    }
}

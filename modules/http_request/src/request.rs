//! The parts of a request (url, headers, body), each made from the arguments that it depends on.
//!
//! A part whose arguments are all known early is made once on each thread. The others are made for each request, by the same
//! functions.

use crate::auth::{self, ApiKey};
use crate::body::{Payload, append_pairs};
use crate::fault;
use crate::fields::{Fields, name};
use crate::http_request::Error as Kind;
use crate::multipart;
use crate::target::Target;
use bggo_runtime::contract::{Fault, FaultText, Value};
use bytes::Bytes;
use http::Method;
use http::header::{HeaderName, HeaderValue};
use percent_encoding::percent_decode_str;
use url::Url;

/// Reads the url and adds to its query.
pub(crate) fn target(
    url: &str,
    query: Option<&Value>,
    key: Option<&ApiKey>,
) -> Result<Target, Fault> {
    with_query(written(url)?, query, key)
}

/// What a url says alone.
pub(crate) fn written(text: &str) -> Result<Target, Fault> {
    let mut url = parse(text.trim())?;
    let credentials = credentials(&mut url)?;
    Ok(Target::new(url, credentials))
}

/// Adds to the query of a url.
pub(crate) fn with_query(
    target: Target,
    query: Option<&Value>,
    key: Option<&ApiKey>,
) -> Result<Target, Fault> {
    if query.is_none() && key.is_none() {
        return Ok(target);
    }
    let credentials = target.credentials.clone();
    let mut url = target.into_url();
    if let Some(query) = query {
        let had_none = url.query().is_none();
        append_pairs(&mut url.query_pairs_mut(), query, "query_params")?;
        if had_none && url.query() == Some("") {
            url.set_query(None);
        }
    }
    if let Some(key) = key {
        key.append_to(&mut url);
    }
    Ok(Target::new(url, credentials))
}

/// Reads a url of http or https.
fn parse(text: &str) -> Result<Url, Fault> {
    let Some((scheme, _)) = text.split_once("://") else {
        return Err(Kind::Request.fault(
            "a url begins with http:// or https://, this one does not: write for example http://127.0.0.1:8080/path",
        ));
    };
    if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
        let text = FaultText::plain("a url begins with http:// or https://, this one with ");
        return Err(Kind::Request.fault(text.and_value(format_args!("{scheme}://"))));
    }
    Url::parse(text).map_err(|error| {
        let why = fault::of_url(error);
        Kind::Request.fault(FaultText::plain(format_args!(
            "the url is malformed: {why}"
        )))
    })
}

/// The password that stands in a url.
pub(crate) fn password(url: &str) -> Option<String> {
    let url = Url::parse(url.trim()).ok()?;
    let password = percent_decode_str(url.password()?);
    Some(password.decode_utf8_lossy().into_owned())
}

fn credentials(url: &mut Url) -> Result<Option<HeaderValue>, Fault> {
    if url.username().is_empty() && url.password().is_none() {
        return Ok(None);
    }
    let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let value = auth::user(
        &decoded(url.username()),
        &decoded(url.password().unwrap_or("")),
    )?;
    // A url with a host can lose these, so this cannot fail.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    Ok(Some(value))
}

/// The arguments that become headers.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct HeadParts<'a> {
    pub(crate) headers: Option<&'a Value>,
    pub(crate) bearer: Option<&'a str>,
    pub(crate) basic: Option<&'a Value>,
    pub(crate) key: Option<&'a ApiKey>,
}

/// Makes the headers. Those of `headers` replace those that other arguments set.
pub(crate) fn head(parts: HeadParts<'_>) -> Result<Fields, Fault> {
    let mut headers = Fields::default();
    if let Some(token) = parts.bearer {
        headers.set(name::AUTHORIZATION, auth::bearer(token)?);
    }
    if let Some(credentials) = parts.basic {
        headers.set(name::AUTHORIZATION, auth::basic(credentials)?);
    }
    if let Some(ApiKey::Header(name, value)) = parts.key {
        headers.set(name.clone(), value.clone());
    }
    if let Some(named) = parts.headers {
        add_headers(&mut headers, named, |text| Kind::Request.fault(text))?;
    }
    no_transfer_encoding(&headers).map_err(|text| Kind::Request.fault(text))?;
    Ok(headers)
}

/// Refuses headers that frame the body: the transport frames it, and a server would read it wrongly.
pub(crate) fn no_transfer_encoding(headers: &Fields) -> Result<(), FaultText> {
    if headers.contains("Transfer-Encoding") {
        return Err(
            "Transfer-Encoding cannot be set: a body is sent with its length; leave the header out"
                .into(),
        );
    }
    Ok(())
}

/// What a Content-Length says; `None` if it is no number of bytes.
pub fn content_length(value: &HeaderValue) -> Option<u64> {
    let text = value.to_str().ok();
    let digits = text.filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    digits?.parse().ok()
}

/// Refuses a Content-Length that is not the body's.
pub(crate) fn check_length(headers: &Fields, size: u64) -> Result<(), Fault> {
    let Some(written) = headers.get(name::CONTENT_LENGTH) else {
        return Ok(());
    };
    match content_length(written) {
        Some(length) if length == size => Ok(()),
        Some(length) => Err(Kind::Request.fault(
            FaultText::plain("Content-Length is ")
                .and_value(length)
                .and(format_args!(
                    " and the body has {size} bytes; leave the header out, the right one is sent"
                )),
        )),
        None => Err(Kind::Request.fault(
            "Content-Length is no number of bytes; leave the header out, the right one is sent",
        )),
    }
}

/// Adds a map of headers, replacing those of the same name. A null value adds nothing. `wrong` makes the fault of a header
/// that cannot be sent.
pub(crate) fn add_headers(
    headers: &mut Fields,
    named: &Value,
    wrong: impl Fn(FaultText) -> Fault,
) -> Result<(), Fault> {
    let named = named.settled()?;
    let Value::Object(pairs) = &*named else {
        return Err(wrong(FaultText::plain(format_args!(
            "headers is a map of strings, found {}",
            named.kind()
        ))));
    };
    for (name, value) in pairs.iter().filter(|(_, value)| !value.is_null()) {
        HeaderName::from_bytes(name.as_bytes()).map_err(|_| {
            wrong(FaultText::value(format_args!("{name:?}")).and(" is no header's name"))
        })?;
        let text = value.to_string();
        let value = HeaderValue::from_str(&text).map_err(|_| {
            wrong(
                FaultText::plain("the header ")
                    .and_value(name)
                    .and(" holds what no header can, such as a line break"),
            )
        })?;
        headers.set(name.clone(), value);
    }
    Ok(())
}

/// The request's own cookies as pairs.
pub(crate) fn cookies(cookies: &Value) -> Result<Vec<(String, String)>, Fault> {
    let cookies = cookies.settled()?;
    let Value::Object(pairs) = &*cookies else {
        return Err(Kind::Request.fault(FaultText::plain(format_args!(
            "cookies is a map of strings, found {}",
            cookies.kind()
        ))));
    };
    let wrong = |text: &str| text.contains(|letter: char| letter == ';' || letter.is_control());
    pairs
        .iter()
        .filter(|(_, value)| !value.is_null())
        .map(|(name, value)| {
            let value = value.to_string();
            if name.is_empty() || wrong(name) || wrong(&value) || name.contains('=') {
                return Err(Kind::Request.fault(
                    FaultText::value(format_args!("{name:?}"))
                        .and(" in cookies cannot be sent: its name or value holds what ends it"),
                ));
            }
            Ok((name.to_string(), value))
        })
        .collect()
}

/// The value of Cookie: the cookies of the jar, without those that the request sets itself, then those of the request. `None`
/// if there are none, or if the headers have one.
pub(crate) fn cookie_line(
    jar: &[(&[u8], &[u8])],
    own: &[(String, String)],
    headers: &Fields,
) -> Option<HeaderValue> {
    if headers.contains(name::COOKIE) || (jar.is_empty() && own.is_empty()) {
        return None;
    }
    let kept = jar
        .iter()
        .copied()
        .filter(|(name, _)| own.iter().all(|(named, _)| named.as_bytes() != *name));
    let pairs = kept.chain(
        own.iter()
            .map(|(name, value)| (name.as_bytes(), value.as_bytes())),
    );
    let mut line = Vec::new();
    for (name, value) in pairs {
        if !line.is_empty() {
            line.extend(b"; ");
        }
        line.extend(name);
        line.push(b'=');
        line.extend(value);
    }
    HeaderValue::from_maybe_shared(Bytes::from(line)).ok()
}

/// The arguments of which at most one is given, as a rule of the manifest says.
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

/// Adds the Content-Type of a body, unless the grid sets one. A multipart type without a boundary gets the boundary.
pub(crate) fn add_content_type(headers: &mut Fields, payload: &Payload) -> Result<(), Fault> {
    let Some(implied) = &payload.content_type else {
        return Ok(());
    };
    let Some(named) = headers.get_mut(name::CONTENT_TYPE) else {
        headers.set(name::CONTENT_TYPE, implied.clone());
        return Ok(());
    };
    let Some((_, boundary)) = text(implied).split_once("; boundary=") else {
        return Ok(());
    };
    let written = text(named).to_ascii_lowercase();
    if !written.starts_with("multipart/") {
        return Ok(());
    }
    if written.contains("boundary") {
        return Err(Kind::Request.fault(
            "Content-Type has a boundary, and multipart has another; leave the boundary out, the right one is sent",
        ));
    }
    let whole = format!("{}; boundary={boundary}", text(named));
    if let Ok(value) = HeaderValue::from_str(&whole) {
        *named = value;
    }
    Ok(())
}

/// Adds the fields that follow from the url, the body and the client, unless the step sets them.
pub(crate) fn complete(
    mut headers: Fields,
    (target, payload): (&Target, &Payload),
    of_client: &Fields,
) -> Result<Fields, Fault> {
    if let Some(credentials) = &target.credentials {
        headers.add(name::AUTHORIZATION, credentials.clone());
    }
    add_content_type(&mut headers, payload)?;
    for (name, value) in of_client.iter() {
        headers.add(name.clone(), value.clone());
    }
    Ok(headers)
}

/// Reads a method.
pub(crate) fn method(name: &str) -> Result<Method, Fault> {
    Method::from_bytes(name.as_bytes()).map_err(|_| {
        let text = FaultText::value(format_args!("{name:?}")).and(" is no method");
        Kind::Request.fault(text)
    })
}

/// All arguments of a request, where they are all known.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Arguments<'a> {
    pub(crate) url: &'a str,
    pub(crate) method: &'a str,
    pub(crate) query: Option<&'a Value>,
    pub(crate) headers: Option<&'a Value>,
    pub(crate) bearer: Option<&'a str>,
    pub(crate) basic: Option<&'a Value>,
    pub(crate) key: Option<&'a Value>,
    pub(crate) cookies: Option<&'a Value>,
    pub(crate) bodies: BodyParts<'a>,
}

impl<'a> Arguments<'a> {
    /// A GET without anything else.
    pub(crate) fn get(url: &'a str) -> Self {
        Self {
            url,
            method: "GET",
            query: None,
            headers: None,
            bearer: None,
            basic: None,
            key: None,
            cookies: None,
            bodies: BodyParts::default(),
        }
    }
}

/// A whole request, without what its client adds.
#[derive(Debug, Clone)]
pub(crate) struct Whole {
    pub(crate) key: Option<ApiKey>,
    pub(crate) method: Method,
    pub(crate) target: Target,
    pub(crate) head: Fields,
    pub(crate) cookies: Vec<(String, String)>,
    pub(crate) payload: Payload,
}

/// Makes a request at once.
pub(crate) fn whole(arguments: &Arguments<'_>) -> Result<Whole, Fault> {
    let key = arguments.key.map(auth::api_key).transpose()?;
    Ok(Whole {
        method: method(arguments.method)?,
        target: target(arguments.url, arguments.query, key.as_ref())?,
        head: head(HeadParts {
            headers: arguments.headers,
            bearer: arguments.bearer,
            basic: arguments.basic,
            key: key.as_ref(),
        })?,
        cookies: arguments.cookies.map_or_else(|| Ok(Vec::new()), cookies)?,
        payload: payload(arguments.bodies)?,
        key,
    })
}

fn text(value: &HeaderValue) -> &str {
    value.to_str().unwrap_or("")
}

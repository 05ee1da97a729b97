//! A request as JSON, in httpbin's shape: args, data, files, form, headers, json, method, origin, url.

use crate::form;
use crate::request::{Headers, Request};
use bggo_values::base64::to_base64;
use bggo_values::json::RawJson;
use bggo_values::{Text, Value};
use std::collections::BTreeMap;

/// The answer of `/get`: the request without a body.
pub(crate) fn without_body(request: &Request) -> Value {
    object(vec![
        ("args", args(request)),
        ("headers", headers(request.headers())),
        ("method", request.method().to_owned().into()),
        ("origin", request.origin().into()),
        ("url", request.url().into()),
    ])
}

/// The answer of `/post`, `/anything` and the like: the request with its body.
pub(crate) fn with_body(request: &Request) -> Value {
    let kind = request.headers().get("content-type").unwrap_or("");
    let read = read(kind, &request.body);
    object(vec![
        ("args", args(request)),
        ("data", read.data.into()),
        ("files", read.files),
        ("form", read.form),
        ("headers", headers(request.headers())),
        ("json", read.json),
        ("method", request.method().to_owned().into()),
        ("origin", request.origin().into()),
        ("url", request.url().into()),
    ])
}

struct Read {
    data: String,
    form: Value,
    files: Value,
    json: Value,
}

fn read(kind: &str, body: &[u8]) -> Read {
    let nothing = || form::object(Vec::new());
    let mime = kind
        .split(';')
        .next()
        .unwrap_or("")
        .trim()
        .to_ascii_lowercase();
    if mime == "application/x-www-form-urlencoded" {
        let fields = form::object(form::pairs(&String::from_utf8_lossy(body)));
        return Read {
            data: String::new(),
            form: fields,
            files: nothing(),
            json: Value::Null,
        };
    }
    if let (true, Some(boundary)) = (
        mime == "multipart/form-data",
        form::parameter(kind, "boundary"),
    ) {
        let (files, fields): (Vec<_>, Vec<_>) = form::parts(body, &boundary)
            .into_iter()
            .partition(|part| part.filename.is_some());
        let plain = |part: form::Part| {
            let text = text(&part.content, part.content_type.as_deref());
            (part.name, text)
        };
        return Read {
            data: String::new(),
            form: form::object(fields.into_iter().map(plain).collect()),
            files: form::object(files.into_iter().map(plain).collect()),
            json: Value::Null,
        };
    }
    let json = RawJson::from_bytes(body).map_or(Value::Null, Value::Raw);
    Read {
        data: text(body, Some(kind)),
        form: nothing(),
        files: nothing(),
        json,
    }
}

/// Bytes as text, or as a data URL if they are no text, as httpbin does.
fn text(bytes: &[u8], kind: Option<&str>) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => {
            let kind = kind
                .filter(|kind| !kind.is_empty())
                .unwrap_or("application/octet-stream");
            format!("data:{kind};base64,{}", to_base64(bytes))
        }
    }
}

/// The query's pairs.
pub(crate) fn args(request: &Request) -> Value {
    form::object(form::pairs(request.query()))
}

/// The headers by name, written `Content-Type`; a header that comes twice is joined by a comma.
pub(crate) fn headers(headers: &Headers) -> Value {
    let mut joined: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in headers.iter() {
        let value = String::from_utf8_lossy(value);
        joined
            .entry(title(name))
            .and_modify(|all| {
                all.push(',');
                all.push_str(&value);
            })
            .or_insert_with(|| value.into_owned());
    }
    let fields: Vec<(Text, Value)> = joined
        .into_iter()
        .map(|(name, value)| (name.into(), value.into()))
        .collect();
    fields.into()
}

fn title(name: &str) -> String {
    let mut first = true;
    name.chars()
        .map(|letter| {
            let written = if first {
                letter.to_ascii_uppercase()
            } else {
                letter
            };
            first = letter == '-';
            written
        })
        .collect()
}

/// The cookies that the client sent.
pub(crate) fn cookies(headers: &Headers) -> Vec<(String, String)> {
    headers
        .all("cookie")
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

/// An object with fixed names.
pub(crate) fn object(fields: Vec<(&'static str, Value)>) -> Value {
    fields
        .into_iter()
        .map(|(name, value)| (Text::Static(name), value))
        .collect::<Vec<_>>()
        .into()
}

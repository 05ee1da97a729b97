//! `multipart/form-data`: a list of parts as headers, values, files and the boundary between them.

use crate::body::{Part, Payload};
use crate::http_request::Error as Kind;
use bggo_runtime::contract::{Fault, FaultText, Value};
use http::header::HeaderValue;
use std::fmt::Write;
use std::hash::{BuildHasher, RandomState};
use std::path::Path;

/// The body for a list of `{ name, value | file, filename, content_type }`.
pub(crate) fn payload(parts: &Value) -> Result<Payload, Fault> {
    let Value::List(parts) = parts else {
        return Err(Kind::Request.fault("multipart is a list of parts"));
    };
    // 128 random bits, so no content contains the boundary.
    let boundary = format!(
        "bggo-{:016x}{:016x}",
        RandomState::new().hash_one(0),
        RandomState::new().hash_one(1)
    );
    let mut body = Vec::new();
    let mut text = String::new();
    for part in parts.iter() {
        let head = head(part)?;
        let _ = write!(text, "--{boundary}\r\n{}\r\n", head.lines);
        match head.content {
            Content::Value(value) => text.push_str(&value),
            Content::File(path) => {
                body.push(Part::Bytes(std::mem::take(&mut text).into()));
                body.push(Part::File(path));
            }
        }
        text.push_str("\r\n");
    }
    let _ = write!(text, "--{boundary}--\r\n");
    body.push(Part::Bytes(text.into()));
    let kind = HeaderValue::from_str(&format!("multipart/form-data; boundary={boundary}"))
        .map_err(|_| Kind::Request.fault("the boundary of multipart is no header's value"))?;
    Ok(Payload::parts(kind, body))
}

struct Head {
    lines: String,
    content: Content,
}

enum Content {
    Value(String),
    File(String),
}

fn head(part: &Value) -> Result<Head, Fault> {
    let field = |name: &str| {
        part.get(name)
            .filter(|value| !value.is_null())
            .map(|value| value.to_string())
    };
    let name =
        field("name").ok_or_else(|| Kind::Request.fault("a part of multipart has no name"))?;
    let (content, filename) = match (field("value"), field("file")) {
        (Some(value), None) => (Content::Value(value), field("filename")),
        (None, Some(path)) => {
            let last = Path::new(&path)
                .file_name()
                .map(|last| last.to_string_lossy().into_owned());
            (Content::File(path), field("filename").or(last))
        }
        _ => {
            return Err(Kind::Request.fault(
                FaultText::plain("part ")
                    .and_value(&name)
                    .and(" of multipart has a value or a file, one of them"),
            ));
        }
    };
    let mut lines = format!("Content-Disposition: form-data; name=\"{}\"", quoted(&name));
    if let Some(filename) = &filename {
        let _ = write!(lines, "; filename=\"{}\"", quoted(filename));
    }
    lines.push_str("\r\n");
    let implied =
        matches!(content, Content::File(_)).then(|| "application/octet-stream".to_owned());
    if let Some(kind) = field("content_type").or(implied) {
        if kind.contains(['\r', '\n']) {
            return Err(Kind::Request.fault(
                FaultText::plain("the content_type of part ")
                    .and_value(&name)
                    .and(" has a line break"),
            ));
        }
        let _ = write!(lines, "Content-Type: {kind}\r\n");
    }
    Ok(Head { lines, content })
}

/// A name in quotes as browsers write it (WHATWG): characters that would end the quoted text are percent-encoded.
fn quoted(text: &str) -> String {
    text.replace('"', "%22")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

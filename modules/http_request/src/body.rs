//! The body of a request: bytes, or bytes and files that are streamed in turn; kept so that it can be sent again.

use crate::fault::{Unreadable, unreadable_file};
use crate::http_request::Error as Kind;
use bggo_runtime::contract::Fault;
use bggo_values::Value;
use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use reqwest::Url;
use reqwest::header::HeaderValue;
use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::fs::File;
use tokio::io::{AsyncRead, ReadBuf};

/// Bytes of a file that are read at a time.
const PIECE: usize = 64 << 10;

/// A body and how it is sent.
#[derive(Debug, Clone, Default)]
pub(crate) struct Payload {
    /// The Content-Type that goes with it.
    pub(crate) content_type: Option<HeaderValue>,
    content: Content,
}

#[derive(Debug, Clone, Default)]
enum Content {
    #[default]
    None,
    Bytes(Bytes),
    Parts(Vec<Part>),
}

/// A piece of a body.
#[derive(Debug, Clone)]
pub(crate) enum Part {
    /// Known bytes.
    Bytes(Bytes),
    /// All of a file, by its path relative to the working folder.
    File(String),
}

impl Payload {
    /// Text as it is.
    pub(crate) fn text(text: String) -> Self {
        Self {
            content_type: None,
            content: Content::Bytes(text.into()),
        }
    }

    /// JSON text.
    pub(crate) fn json(text: String) -> Self {
        Self {
            content_type: Some(HeaderValue::from_static("application/json")),
            content: Content::Bytes(text.into()),
        }
    }

    /// An urlencoded form.
    pub(crate) fn form(fields: &Value) -> Result<Self, Fault> {
        // A query and a form are written alike; only an url has the public writer.
        let mut url =
            Url::parse("form:?").map_err(|error| Kind::Request.fault(error.to_string()))?;
        append_pairs(&mut url, fields, "form_data")?;
        let text = url.query().unwrap_or("").to_owned();
        Ok(Self {
            content_type: Some(HeaderValue::from_static(
                "application/x-www-form-urlencoded",
            )),
            content: Content::Bytes(text.into()),
        })
    }

    /// A file, streamed.
    pub(crate) fn file(path: String) -> Self {
        Self {
            content_type: Some(HeaderValue::from_static("application/octet-stream")),
            content: Content::Parts(vec![Part::File(path)]),
        }
    }

    /// Parts one after the other.
    pub(crate) fn parts(content_type: HeaderValue, parts: Vec<Part>) -> Self {
        Self {
            content_type: Some(content_type),
            content: Content::Parts(parts),
        }
    }

    /// The body, ready to be sent once: files are opened and their sizes taken now.
    pub(crate) async fn open(&self) -> Result<Option<reqwest::Body>, Fault> {
        let parts = match &self.content {
            Content::None => return Ok(None),
            Content::Bytes(bytes) => return Ok(Some(bytes.clone().into())),
            Content::Parts(parts) => parts,
        };
        let mut stream = Stream {
            parts: VecDeque::new(),
            left: 0,
        };
        for part in parts {
            let opened = match part {
                Part::Bytes(bytes) => Opened::Bytes(bytes.clone()),
                Part::File(path) => {
                    let unreadable = |error: std::io::Error| {
                        Kind::Request.fault(unreadable_file("file", path, &error))
                    };
                    let file = File::open(path).await.map_err(unreadable)?;
                    let about = file.metadata().await.map_err(unreadable)?;
                    if about.is_dir() {
                        return Err(Kind::Request
                            .fault(format!("the file {path} cannot be read: it is a folder")));
                    }
                    Opened::File {
                        file,
                        left: about.len(),
                        path: path.clone(),
                    }
                }
            };
            stream.left += opened.size();
            stream.parts.push_back(opened);
        }
        Ok(Some(reqwest::Body::wrap(stream)))
    }
}

/// Appends each pair to the url's query, encoded. A list adds its name once an item, null nothing.
pub(crate) fn append_pairs(url: &mut Url, pairs: &Value, input: &str) -> Result<(), Fault> {
    let pairs = pairs.settled()?;
    let Value::Object(pairs) = &*pairs else {
        return Err(Kind::Request.fault(format!("{input} is a map, found {}", pairs.kind())));
    };
    for (name, value) in pairs.iter() {
        let value = value.settled()?;
        match &*value {
            Value::List(items) => {
                for item in items.iter() {
                    append_pair(url, name, item, input)?;
                }
            }
            one => append_pair(url, name, one, input)?,
        }
    }
    Ok(())
}

fn append_pair(url: &mut Url, name: &str, value: &Value, input: &str) -> Result<(), Fault> {
    let value = value.settled()?;
    match &*value {
        Value::Null => {}
        Value::List(_) | Value::Object(_) => {
            return Err(Kind::Request.fault(format!(
                "{name} in {input} is a scalar or a list of scalars, found {}",
                value.kind()
            )));
        }
        scalar => drop(url.query_pairs_mut().append_pair(name, &scalar.to_string())),
    }
    Ok(())
}

/// Opened parts, sent in turn; the whole length is known, so nothing is chunked.
struct Stream {
    parts: VecDeque<Opened>,
    left: u64,
}

enum Opened {
    Bytes(Bytes),
    File { file: File, left: u64, path: String },
}

impl Opened {
    fn size(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::File { left, .. } => *left,
        }
    }
}

impl HttpBody for Stream {
    type Data = Bytes;
    type Error = Unreadable;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Unreadable>>> {
        loop {
            let piece = match self.parts.front_mut() {
                None => return Poll::Ready(None),
                Some(Opened::Bytes(bytes)) => std::mem::take(bytes),
                Some(Opened::File { left: 0, .. }) => Bytes::new(),
                Some(Opened::File { file, left, path }) => {
                    let size = usize::try_from(*left).unwrap_or(PIECE).min(PIECE);
                    let mut buffer = vec![0; size];
                    let mut read = ReadBuf::new(&mut buffer);
                    if let Err(error) = ready!(Pin::new(file).poll_read(cx, &mut read)) {
                        return Poll::Ready(Some(Err(Unreadable(format!(
                            "the file {path} cannot be read: {error}"
                        )))));
                    }
                    let count = read.filled().len();
                    if count == 0 {
                        return Poll::Ready(Some(Err(Unreadable(format!(
                            "the file {path} became shorter while it was sent"
                        )))));
                    }
                    buffer.truncate(count);
                    *left -= count as u64;
                    buffer.into()
                }
            };
            if piece.is_empty() {
                self.parts.pop_front();
                continue;
            }
            self.left -= piece.len() as u64;
            return Poll::Ready(Some(Ok(Frame::data(piece))));
        }
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }
}

//! The body of a request: bytes, or bytes and files that are streamed one after the other. It can be sent again.

use crate::fault::{Unreadable, unreadable_file};
use crate::http_request::Error as Kind;
use bggo_runtime::contract::{Fault, FaultText, Value};
use bytes::{Bytes, BytesMut};
use form_urlencoded::{Serializer, Target};
use http::header::HeaderValue;
use std::collections::VecDeque;
use std::fmt;
use std::io::SeekFrom;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::fs::File;
use tokio::io::{AsyncRead, AsyncSeekExt, ReadBuf};

/// How many bytes of a file are read at once.
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
    /// So many bytes of a file, from this one on.
    Range { path: String, from: u64, size: u64 },
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
        let mut writer = Serializer::new(String::new());
        append_pairs(&mut writer, fields, "form_data")?;
        let text = writer.finish();
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

    /// Bytes of another module, without a type.
    pub(crate) fn plain(bytes: Bytes) -> Self {
        Self {
            content_type: None,
            content: Content::Bytes(bytes),
        }
    }

    /// So many bytes of a file, from this one on, streamed, without a type.
    pub(crate) fn range(path: String, from: u64, size: u64) -> Self {
        Self {
            content_type: None,
            content: Content::Parts(vec![Part::Range { path, from, size }]),
        }
    }

    /// Parts one after the other.
    pub(crate) fn parts(content_type: HeaderValue, parts: Vec<Part>) -> Self {
        Self {
            content_type: Some(content_type),
            content: Content::Parts(parts),
        }
    }

    /// All of it, if it is one piece of known bytes.
    pub(crate) fn whole(&self) -> Option<&[u8]> {
        match &self.content {
            Content::None => Some(&[]),
            Content::Bytes(bytes) => Some(bytes),
            Content::Parts(_) => None,
        }
    }

    /// The same for whoever keeps it.
    pub(crate) fn bytes(&self) -> Option<Bytes> {
        match &self.content {
            Content::None => Some(Bytes::new()),
            Content::Bytes(bytes) => Some(bytes.clone()),
            Content::Parts(_) => None,
        }
    }

    /// How many bytes it has; `None` if it contains a file, whose size is known only when it is opened.
    pub(crate) fn size(&self) -> Option<u64> {
        match &self.content {
            Content::None => Some(0),
            Content::Bytes(bytes) => Some(bytes.len() as u64),
            Content::Parts(parts) => parts.iter().map(Part::size).sum(),
        }
    }

    /// The parts of it that are known before it is sent, and whether there are files beside them.
    pub(crate) fn known(&self) -> (Vec<&Bytes>, bool) {
        let parts = match &self.content {
            Content::None => return (Vec::new(), false),
            Content::Bytes(bytes) => return (vec![bytes], false),
            Content::Parts(parts) => parts,
        };
        let known = parts.iter().filter_map(|part| match part {
            Part::Bytes(bytes) => Some(bytes),
            Part::File(_) | Part::Range { .. } => None,
        });
        let known: Vec<&Bytes> = known.collect();
        let has_files = known.len() < parts.len();
        (known, has_files)
    }

    /// The body, ready to be sent once: files are opened and their sizes taken now.
    pub(crate) async fn open(&self) -> Result<OpenedBody, Fault> {
        let parts = match &self.content {
            Content::None => return Ok(OpenedBody::None),
            Content::Bytes(bytes) => return Ok(OpenedBody::Bytes(bytes.clone())),
            Content::Parts(parts) => parts,
        };
        let mut stream = Stream {
            parts: VecDeque::new(),
            left: 0,
            buffer: BytesMut::new(),
        };
        for part in parts {
            let opened = match part {
                Part::Bytes(bytes) => OpenedPart::Bytes(bytes.clone()),
                Part::File(path) => open_file(path, 0, None).await?,
                Part::Range { path, from, size } => open_file(path, *from, Some(*size)).await?,
            };
            stream.left += opened.size();
            stream.parts.push_back(opened);
        }
        Ok(OpenedBody::Stream(stream))
    }
}

/// Opens a file for its bytes from one on: for so many, or for all that there are.
async fn open_file(path: &str, from: u64, size: Option<u64>) -> Result<OpenedPart, Fault> {
    let wrong = |error| Kind::Request.fault(unreadable_file("file", path, &error));
    let mut file = File::open(path).await.map_err(wrong)?;
    let about = file.metadata().await.map_err(wrong)?;
    if about.is_dir() {
        return Err(Kind::Request.fault(unreadable(path, &"it is a folder")));
    }
    let there = about.len().saturating_sub(from);
    if size.is_some_and(|size| size > there) {
        return Err(Kind::Request.fault(unreadable(path, &"it became shorter")));
    }
    if from > 0 {
        file.seek(SeekFrom::Start(from)).await.map_err(wrong)?;
    }
    Ok(OpenedPart::File {
        file,
        left: size.unwrap_or(there),
        path: path.to_owned(),
    })
}

fn unreadable(path: &str, why: &dyn fmt::Display) -> FaultText {
    FaultText::plain("the file ")
        .and_value(path)
        .and(format_args!(" cannot be read: {why}"))
}

impl Part {
    fn size(&self) -> Option<u64> {
        match self {
            Self::Bytes(bytes) => Some(bytes.len() as u64),
            Self::File(_) => None,
            Self::Range { size, .. } => Some(*size),
        }
    }
}

/// A body that is being sent.
#[derive(Debug)]
pub enum OpenedBody {
    /// There is none.
    None,
    /// Known bytes.
    Bytes(Bytes),
    /// Bytes and files, one after the other.
    Stream(Stream),
}

impl OpenedBody {
    /// How many bytes are sent.
    pub fn size(&self) -> u64 {
        match self {
            Self::None => 0,
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::Stream(stream) => stream.left,
        }
    }
}

/// Adds each pair of a query or a form to its writer. A list adds its name once an item, null adds nothing.
pub(crate) fn append_pairs<T: Target>(
    writer: &mut Serializer<'_, T>,
    pairs: &Value,
    input: &str,
) -> Result<(), Fault> {
    let pairs = pairs.settled()?;
    let Value::Object(pairs) = &*pairs else {
        let text = FaultText::plain(format_args!("{input} is a map, found {}", pairs.kind()));
        return Err(Kind::Request.fault(text));
    };
    for (name, value) in pairs.iter() {
        let value = value.settled()?;
        match &*value {
            Value::List(items) => {
                for item in items.iter() {
                    append_pair(writer, name, item, input)?;
                }
            }
            one => append_pair(writer, name, one, input)?,
        }
    }
    Ok(())
}

fn append_pair<T: Target>(
    writer: &mut Serializer<'_, T>,
    name: &str,
    value: &Value,
    input: &str,
) -> Result<(), Fault> {
    let value = value.settled()?;
    match &*value {
        Value::Null => {}
        Value::List(_) | Value::Object(_) => {
            return Err(Kind::Request.fault(FaultText::value(name).and(format_args!(
                " in {input} is a scalar or a list of scalars, found {}",
                value.kind()
            ))));
        }
        scalar => drop(writer.append_pair(name, &scalar.to_string())),
    }
    Ok(())
}

/// OpenedPart parts, sent one after the other. The whole length is known, so the body is not chunked.
#[derive(Debug)]
pub struct Stream {
    parts: VecDeque<OpenedPart>,
    left: u64,
    /// A piece of a file goes out of it. Its room is used again once the piece is gone.
    buffer: BytesMut,
}

#[derive(Debug)]
enum OpenedPart {
    Bytes(Bytes),
    File { file: File, left: u64, path: String },
}

impl OpenedPart {
    fn size(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::File { left, .. } => *left,
        }
    }
}

impl Stream {
    /// How many bytes are left.
    pub fn size(&self) -> u64 {
        self.left
    }

    /// The next piece, `None` at the end.
    ///
    /// # Errors
    /// A file cannot be read, or became shorter.
    pub fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>, Unreadable>> {
        loop {
            let piece = match self.parts.front_mut() {
                None => return Poll::Ready(Ok(None)),
                Some(OpenedPart::Bytes(bytes)) => std::mem::take(bytes),
                Some(OpenedPart::File { left: 0, .. }) => Bytes::new(),
                Some(OpenedPart::File { file, left, path }) => {
                    let size = usize::try_from(*left).unwrap_or(PIECE).min(PIECE);
                    self.buffer.resize(size, 0);
                    let mut read = ReadBuf::new(&mut self.buffer);
                    if let Err(error) = ready!(Pin::new(file).poll_read(cx, &mut read)) {
                        return Poll::Ready(Err(Unreadable(unreadable(path, &error))));
                    }
                    let count = read.filled().len();
                    if count == 0 {
                        let shorter = "it became shorter while it was sent";
                        return Poll::Ready(Err(Unreadable(unreadable(path, &shorter))));
                    }
                    *left -= count as u64;
                    self.buffer.split_to(count).freeze()
                }
            };
            if piece.is_empty() {
                self.parts.pop_front();
                continue;
            }
            self.left -= piece.len() as u64;
            return Poll::Ready(Ok(Some(piece)));
        }
    }
}

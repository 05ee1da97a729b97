//! One request and its answer on a stream of a connection.

use crate::fault::{self, REQUEST_REJECTED};
use crate::frame::{self, DATA, HEADERS, is_of_http_2};
use crate::incoming::{HEAD_BYTES, Head, Incoming, NoHead, REQUEST_CANCELLED, is_of_connection};
use crate::qpack;
use crate::room::Stream;
use crate::session::{Open, Session};
use bggo_module_http_request::http_request::Error as Kind;
use bggo_module_http_request::link::{
    AnswerHead, Asking, Connection, Details, OpenedBody, Phases, Reply, Request, Unread,
    content_length, no_answer, too_large_head,
};
use bggo_runtime::contract::{Fault, FaultText, Moment, Running};
use bytes::Bytes;
use http::header::CONTENT_LENGTH;
use http::{HeaderMap, Method, StatusCode, Version};
use quinn::{ConnectionError, ReadError, SendStream, VarInt};
use std::future::poll_fn;
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;
use url::{Position, Url};

/// The most bytes of a frame with the fields of an answer: a right head is not longer, however it is written.
const HEAD_FRAME: u64 = 2 * HEAD_BYTES as u64;
/// How many heads may come before that of the answer, and how many bytes these may have together.
const INFORMED: usize = 64;
const INFORMED_BYTES: u64 = HEAD_BYTES as u64;

/// An answer whose head has come.
pub(crate) struct Answer {
    head: AnswerHead,
    incoming: Incoming,
    open: Open,
    /// Bytes of the frame of the body that is being read.
    left: u64,
    /// Bytes of the body that are announced and have not come.
    announced: Option<u64>,
    /// No part of the body may come.
    is_bodiless: bool,
    /// The fields at its end came.
    has_trailers: bool,
}

/// Why no answer came.
pub(crate) struct Http3Failure {
    cause: Cause,
    /// A part of it at least was handed over.
    pub(crate) was_sent: bool,
    /// Whether the server read it.
    pub(crate) unread: Unread,
}

enum Cause {
    Connection(ConnectionError),
    Stream(ReadError),
    /// The stream ended.
    Ended,
    /// The server takes no more requests, and not this one.
    GoneAway(Unread),
    NoHead(NoHead),
    /// The request cannot be made.
    Request(Fault),
}

impl Http3Failure {
    /// Whether the connection takes no more requests, and this one was not sent.
    pub(crate) fn found_no_room(&self) -> bool {
        !self.was_sent && matches!(self.cause, Cause::Connection(_))
    }

    /// The fault for it.
    pub(crate) fn fault(self, session: &Session, asked: &Asked<'_>) -> Fault {
        let Asked { url, hosts, .. } = *asked;
        let after = |text: FaultText| no_answer(url, hosts).and(": ").and_text(&text);
        let lost = |error: &ConnectionError| match fault::of_tls(error, None, hosts.named()) {
            Some(words) => {
                let text = FaultText::plain("no secure connection to ").and_text(&hosts.place(url));
                Kind::Tls.fault(text.and(": ").and_text(&words))
            }
            None => {
                let words = fault::words(error, Some(&session.notices));
                fault::kind_of_lost(error).fault(after(words))
            }
        };
        match self.cause {
            Cause::Request(fault) => fault,
            Cause::Connection(error) | Cause::Stream(ReadError::ConnectionLost(error)) => {
                lost(&error)
            }
            Cause::Stream(ReadError::Reset(code)) => {
                Kind::Reset.fault(after(fault::given_up(code)))
            }
            Cause::Stream(_) => Kind::Closed.fault(after("the stream is closed".into())),
            Cause::Ended => Kind::Closed.fault(after(
                "the other end ended the stream before its answer".into(),
            )),
            Cause::GoneAway(_) => Kind::Closed.fault(after(
                "the other end ended the HTTP/3 connection before it looked at this request".into(),
            )),
            Cause::NoHead(NoHead::TooLarge) => too_large_head(url, hosts),
            Cause::NoHead(NoHead::Wrong(words)) => Kind::Protocol.fault(after(words.into())),
        }
    }
}

/// A request without its body.
pub(crate) struct Asked<'a> {
    pub(crate) method: &'a Method,
    pub(crate) url: &'a Url,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) hosts: bggo_module_http_request::link::Hosts,
    pub(crate) now: Moment,
    pub(crate) asking: Asking<'a>,
    pub(crate) phases: &'a Phases,
}

impl<'a> Asked<'a> {
    pub(crate) fn of(request: &'a Request<'_>) -> Self {
        Self {
            method: request.method,
            url: request.url,
            headers: &request.headers,
            hosts: request.hosts,
            now: request.now,
            asking: request.asking,
            phases: request.phases,
        }
    }
}

/// Sends a request, on a stream if there is one, and waits for the head of its answer. Where nothing was sent, the body is left as it was.
pub(crate) async fn exchange(
    session: &Rc<Session>,
    (stream, begins): (Option<Stream>, Moment),
    asked: &Asked<'_>,
    body: &mut OpenedBody,
) -> Result<Answer, Http3Failure> {
    let has_served = session.has_served();
    let mut open = Open::new(session, begins);
    let opened = match stream {
        Some(stream) => Ok(stream),
        None => session.connection.open_bi().await,
    };
    let (send, receive) = opened.map_err(|error| Http3Failure {
        was_sent: false,
        // Nothing of it was sent.
        unread: Unread::No,
        cause: Cause::Connection(error),
    })?;
    let stream = VarInt::from(send.id()).into_inner();
    match has_served {
        true => asked.phases.begins(begins, Connection::Reused),
        // The making of it took time.
        false => asked.phases.begins(asked.asking.now(), Connection::New),
    }
    let mut incoming = Incoming::new(receive);
    let size = body.size();
    let body = std::mem::replace(body, OpenedBody::None);
    let sending = (Sending::new(send), fields(asked, size));
    let came = {
        let mut left = pin!(session.notices.left(stream));
        let mut coming = pin!(send_and_hear(asked, sending, body, &mut incoming));
        poll_fn(|cx| match coming.as_mut().poll(cx) {
            Poll::Ready(came) => Poll::Ready(came),
            Poll::Pending => left
                .as_mut()
                .poll(cx)
                .map(|unread| Err(Cause::GoneAway(unread))),
        })
        .await
    };
    let head = came.map_err(|cause| {
        if matches!(
            cause,
            Cause::Stream(ReadError::Reset(_)) | Cause::GoneAway(_)
        ) {
            open.heard(asked.asking.now());
        }
        let says = session.notices.unread(stream);
        let unread = match &cause {
            // A server that begins an answer has looked at its request, whatever it says.
            _ if incoming.has_begun() => Unread::No,
            Cause::Stream(ReadError::Reset(code)) if *code == REQUEST_REJECTED => {
                says.unwrap_or(Unread::Told)
            }
            Cause::Stream(ReadError::ConnectionLost(error)) => says.unwrap_or({
                match has_served && fault::is_closed(error) {
                    true => Unread::Perhaps,
                    false => Unread::No,
                }
            }),
            Cause::GoneAway(unread) => *unread,
            _ => Unread::No,
        };
        Http3Failure {
            cause,
            was_sent: true,
            unread,
        }
    })?;
    let came = asked.asking.now();
    open.answered(came);
    let is_bodiless = *asked.method == Method::HEAD
        || matches!(
            head.status,
            StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED
        );
    let announced = announced(&head.fields).map_err(|words| Http3Failure {
        cause: Cause::NoHead(NoHead::Wrong(words)),
        was_sent: true,
        unread: Unread::No,
    })?;
    Ok(Answer {
        head: AnswerHead {
            status: head.status,
            version: Version::HTTP_3,
            came,
            details: Some(Box::new(Details {
                headers: head.fields,
                remote_address: Some(session.peer),
                ..Details::default()
            })),
        },
        incoming,
        open,
        left: 0,
        announced: announced.filter(|_| !is_bodiless),
        is_bodiless,
        has_trailers: false,
    })
}

/// Sends what there is to send and waits for a head. An answer may come first, as from a server that refuses a body: it ends the
/// sending.
async fn send_and_hear(
    asked: &Asked<'_>,
    (mut sending, fields): (Sending, Vec<u8>),
    body: OpenedBody,
    incoming: &mut Incoming,
) -> Result<Head, Cause> {
    if matches!(body, OpenedBody::None) {
        sending.bytes(fields.into()).await;
        sending.end();
        asked.phases.note_sent(|| asked.asking.now());
        return hear(incoming).await;
    }
    let mut sending = Box::pin(sending.all(fields, body));
    let mut hearing = pin!(hear(incoming));
    let mut is_sent = false;
    poll_fn(|cx| {
        if !is_sent {
            match sending.as_mut().poll(cx) {
                Poll::Pending => asked.phases.takes_time(),
                Poll::Ready(Err(fault)) => return Poll::Ready(Err(Cause::Request(fault))),
                Poll::Ready(Ok(())) => {
                    is_sent = true;
                    asked.phases.note_sent(|| asked.asking.now());
                }
            }
        }
        hearing.as_mut().poll(cx)
    })
    .await
}

/// What is sent on a stream. Dropped before its end, the request is no whole one, and the server is told so.
struct Sending {
    stream: SendStream,
    has_ended: bool,
}

impl Sending {
    fn new(stream: SendStream) -> Self {
        Self {
            stream,
            has_ended: false,
        }
    }

    /// Sends bytes. If the server takes no more of them, or the connection is lost, its answer says so, or that there is none.
    async fn bytes(&mut self, bytes: Bytes) {
        if self.has_ended {
            return;
        }
        self.has_ended = self.stream.write_chunk(bytes).await.is_err();
    }

    fn end(&mut self) {
        self.has_ended = true;
        // It only fails where it ended already.
        let _ = self.stream.finish();
    }

    /// Sends fields and a body.
    async fn all(mut self, mut fields: Vec<u8>, body: OpenedBody) -> Result<(), Fault> {
        match body {
            OpenedBody::None => self.bytes(fields.into()).await,
            OpenedBody::Bytes(bytes) => {
                frame::put_frame(DATA, bytes.len(), &mut fields);
                self.bytes(fields.into()).await;
                self.bytes(bytes).await;
            }
            OpenedBody::Stream(mut stream) => {
                self.bytes(fields.into()).await;
                loop {
                    let piece = poll_fn(|cx| stream.poll_piece(cx)).await;
                    let piece = piece.map_err(|unreadable| Kind::Request.fault(unreadable.0))?;
                    let Some(piece) = piece else {
                        break;
                    };
                    let mut begin = Vec::new();
                    frame::put_frame(DATA, piece.len(), &mut begin);
                    self.bytes(begin.into()).await;
                    self.bytes(piece).await;
                }
            }
        }
        self.end();
        Ok(())
    }
}

impl Drop for Sending {
    fn drop(&mut self) {
        if !self.has_ended {
            // It only fails where it ended already.
            let _ = self.stream.reset(REQUEST_CANCELLED);
        }
    }
}

/// The frame with the fields of a request.
fn fields(asked: &Asked<'_>, size: u64) -> Vec<u8> {
    let Asked {
        method,
        url,
        headers,
        ..
    } = *asked;
    let mut section = Vec::with_capacity(256);
    qpack::begin(&mut section);
    let mut put = |name: &str, value: &[u8]| qpack::put(name, value, &mut section);
    put(":method", method.as_str().as_bytes());
    put(":scheme", url.scheme().as_bytes());
    let authority = &url[Position::BeforeHost..Position::AfterPort];
    put(":authority", authority.as_bytes());
    let path = &url[Position::BeforePath..Position::AfterQuery];
    put(":path", path.as_bytes());
    if !headers.contains_key("accept") {
        put("accept", b"*/*");
    }
    for (name, value) in headers {
        if !is_of_connection(name.as_str()) {
            put(name.as_str(), value.as_bytes());
        }
    }
    if size > 0 && !headers.contains_key(CONTENT_LENGTH) {
        put("content-length", size.to_string().as_bytes());
    }
    let mut frame = Vec::with_capacity(section.len() + 8);
    frame::put_frame(HEADERS, section.len(), &mut frame);
    frame.append(&mut section);
    frame
}

/// Waits for the head of the answer.
async fn hear(incoming: &mut Incoming) -> Result<Head, Cause> {
    let (mut informed, mut informed_bytes) = (0, 0);
    loop {
        let begin = incoming.frame_begin().await.map_err(Cause::Stream)?;
        let Some((kind, length)) = begin else {
            return Err(Cause::Ended);
        };
        if kind == HEADERS {
            if length > HEAD_FRAME {
                return Err(Cause::NoHead(NoHead::TooLarge));
            }
            let bytes = incoming.bytes(length).await.map_err(Cause::Stream)?;
            let head = Head::read(&bytes.ok_or(Cause::Ended)?).map_err(Cause::NoHead)?;
            if !head.status.is_informational() {
                return Ok(head);
            }
            informed += 1;
            informed_bytes += length;
            if informed > INFORMED || informed_bytes > INFORMED_BYTES {
                return Err(Cause::NoHead(NoHead::TooLarge));
            }
        } else if kind == DATA || is_elsewhere(kind) {
            return Err(Cause::NoHead(NoHead::Wrong(MISPLACED)));
        } else {
            // Others have no meaning.
            let whole = skip(incoming, length).await.map_err(Cause::Stream)?;
            whole.then_some(()).ok_or(Cause::Ended)?;
        }
    }
}

const MISPLACED: &str = "a frame came where it may not stand";

/// Whether a kind of frame stands on control streams alone, or nowhere.
fn is_elsewhere(kind: u64) -> bool {
    is_of_http_2(kind) || matches!(kind, 0x3 | frame::SETTINGS | 0x5 | frame::GOAWAY | 0xd)
}

/// Reads over so many bytes: whether all of them came.
async fn skip(incoming: &mut Incoming, mut count: u64) -> Result<bool, ReadError> {
    while count > 0 {
        match incoming.piece(count).await? {
            Some(piece) => count -= piece.len() as u64,
            None => return Ok(false),
        }
    }
    Ok(true)
}

/// The length that a head announces.
fn announced(fields: &HeaderMap) -> Result<Option<u64>, &'static str> {
    let mut announced = None;
    for value in fields.get_all(CONTENT_LENGTH) {
        let length = content_length(value).ok_or("its Content-Length is no number")?;
        if announced.is_some_and(|other| other != length) {
            return Err("it has two lengths");
        }
        announced = Some(length);
    }
    Ok(announced)
}

impl Answer {
    /// The next piece of the body.
    async fn next(&mut self) -> Result<Option<Bytes>, FaultText> {
        let session = Rc::clone(&self.open.session);
        let lost = |error: ReadError| fault::words_of_stream(&error, &session.notices);
        while self.left == 0 {
            if self.incoming.has_ended() {
                return Ok(None);
            }
            let begin = self.incoming.frame_begin().await.map_err(lost)?;
            let Some((kind, length)) = begin else {
                return self.end().map(|()| None);
            };
            match kind {
                DATA | HEADERS if self.has_trailers => return Err(MISPLACED.into()),
                DATA if self.is_bodiless && length > 0 => {
                    return Err("a body came where there may be none".into());
                }
                DATA => self.left = length,
                HEADERS if length > HEAD_FRAME => {
                    return Err("the fields at its end are too large".into());
                }
                kind if is_elsewhere(kind) => return Err(MISPLACED.into()),
                // The fields at its end are dropped, and other frames have no meaning.
                _ => {
                    self.has_trailers |= kind == HEADERS;
                    if !skip(&mut self.incoming, length).await.map_err(lost)? {
                        return Err(CUT_OFF.into());
                    }
                }
            }
        }
        let piece = self.incoming.piece(self.left).await.map_err(lost)?;
        let piece = piece.ok_or(CUT_OFF)?;
        let size = piece.len() as u64;
        self.left -= size;
        if let Some(announced) = &mut self.announced {
            *announced = announced.checked_sub(size).ok_or(OTHER_LENGTH)?;
        }
        Ok(Some(piece))
    }

    /// Nothing more comes.
    fn end(&self) -> Result<(), FaultText> {
        if self.incoming.is_cut() {
            Err(CUT_OFF.into())
        } else if self.announced.is_some_and(|rest| rest > 0) {
            Err(OTHER_LENGTH.into())
        } else {
            Ok(())
        }
    }
}

const CUT_OFF: &str = "the other end ended the stream in the middle of a frame";
const OTHER_LENGTH: &str = "it has another length than its head announced";

impl Reply for Answer {
    fn head(&self) -> &AnswerHead {
        &self.head
    }

    fn has_ended(&self) -> bool {
        self.incoming.has_ended()
    }

    fn take_head(&mut self) -> AnswerHead {
        self.head.take()
    }

    fn piece(&mut self) -> Running<'_, Result<Option<Bytes>, FaultText>> {
        Box::pin(self.next())
    }
}

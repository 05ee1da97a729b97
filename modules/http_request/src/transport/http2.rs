//! One connection of HTTP/2 and the requests on it. It is driven by the requests themselves and, between them, by its user's
//! idle work: it has no task.

use super::message::{AnswerHead, Details, Outgoing};
use crate::fault::{self, Unreadable};
use crate::http_request::Error as Kind;
use bggo_runtime::contract::{Fault, FaultText, Moment};
use bggo_wire::Wire;
use bytes::Bytes;
use h2::client::{Builder, Connection, ResponseFuture, SendRequest};
use h2::{Reason, RecvStream, SendStream};
use http::header::{CONTENT_LENGTH, COOKIE, HeaderName, HeaderValue};
use http::{Method, Request, Uri, Version};
use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::net::SocketAddr;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;
use url::Position;

/// The most bytes that the head of an answer may have, each field with 32 more. A longer head fails its request. A head that is
/// longer by a fourth makes h2 end the connection, so this is more than a server should send.
const HEAD_BYTES: u32 = 1 << 20;
/// How much of one body, and of all of a connection, a server may send before it is read.
const BODY_WINDOW: u32 = 2 << 20;
const CONNECTION_WINDOW: u32 = 5 << 20;
/// Fields of a connection, which HTTP/2 does not know (RFC 9113, 8.2.2).
const OF_CONNECTION: [&str; 5] = [
    "connection",
    "proxy-connection",
    "keep-alive",
    "transfer-encoding",
    "upgrade",
];

/// A connection and the requests on it.
pub(super) struct Session {
    /// The number of its server.
    pub(super) server: u32,
    sender: SendRequest<Bytes>,
    connection: RefCell<Connection<Wire, Bytes>>,
    peer: Option<SocketAddr>,
    /// Requests whose answers are not over.
    open: Cell<usize>,
    has_served: Cell<bool>,
    is_over: Cell<bool>,
    /// It is not kept for later requests.
    closes_when_idle: bool,
    rests_since: Cell<Moment>,
}

/// Whether a connection is kept once it has no request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keeps {
    None,
    Idle,
}

impl Session {
    /// Begins HTTP/2 on a new connection.
    pub(super) async fn begin(
        server: u32,
        wire: Wire,
        keeps: Keeps,
        now: Moment,
    ) -> Result<Rc<Self>, h2::Error> {
        let peer = wire.peer();
        let begun = Builder::new()
            .enable_push(false)
            .max_header_list_size(HEAD_BYTES)
            .initial_window_size(BODY_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .handshake(wire)
            .await;
        let (sender, connection) = begun?;
        Ok(Rc::new(Self {
            server,
            sender,
            connection: RefCell::new(connection),
            peer,
            open: Cell::new(0),
            has_served: Cell::new(false),
            is_over: Cell::new(false),
            closes_when_idle: keeps == Keeps::None,
            rests_since: Cell::new(now),
        }))
    }

    /// Reads and writes what can be now.
    pub(super) fn drive(&self, cx: &mut Context<'_>) {
        if self.is_over.get() {
            return;
        }
        // Whoever waits for an answer hears of an error by that.
        let polled = Pin::new(&mut *self.connection.borrow_mut()).poll(cx);
        if polled.is_ready() {
            self.is_over.set(true);
        }
    }

    /// Whether no request can be sent on it any more.
    pub(super) fn is_over(&self) -> bool {
        self.is_over.get()
    }

    /// For how long it has had no request; zero if it has one.
    pub(super) fn rested(&self, now: Moment) -> Duration {
        if self.open.get() > 0 {
            return Duration::ZERO;
        }
        now - self.rests_since.get()
    }
}

/// A request on a session, from its first byte to the end of its answer.
struct Open(Rc<Session>);

impl Open {
    fn new(session: &Rc<Session>) -> Self {
        session.open.set(session.open.get() + 1);
        Self(Rc::clone(session))
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        let session = &self.0;
        session.open.set(session.open.get() - 1);
        if session.closes_when_idle && session.open.get() == 0 {
            session.is_over.set(true);
        }
    }
}

/// An answer whose head has come.
pub(crate) struct Reply {
    head: AnswerHead,
    /// Until the body is over.
    body: Option<(RecvStream, Open)>,
}

/// Why no answer came.
pub(super) struct Lost {
    cause: Cause,
    /// A part of it at least was handed over.
    pub(super) was_sent: bool,
    /// The connection had served before.
    was_reused: bool,
}

enum Cause {
    OfConnection(h2::Error),
    /// The body of the request cannot be read.
    Request(Fault),
}

impl Lost {
    /// Whether the server has closed the connection, or refused the request, perhaps before it read it.
    pub(super) fn is_stale(&self) -> bool {
        let Cause::OfConnection(error) = &self.cause else {
            return false;
        };
        let is_refused = error.is_remote() && error.reason() == Some(Reason::REFUSED_STREAM);
        is_refused || self.was_reused && fault::is_closed(error)
    }

    /// Whether the connection takes no more requests, and this one was not sent.
    pub(super) fn found_no_room(&self) -> bool {
        !self.was_sent && matches!(self.cause, Cause::OfConnection(_))
    }

    pub(super) fn fault(self, outgoing: &Outgoing<'_>) -> Fault {
        match self.cause {
            Cause::OfConnection(error) => {
                fault::of_http_2_exchange(&error, outgoing.url, outgoing.hosts)
            }
            Cause::Request(fault) => fault,
        }
    }
}

/// Sends a request and waits for the head of its answer.
pub(super) async fn exchange(
    session: &Rc<Session>,
    outgoing: &Outgoing<'_>,
) -> Result<Reply, Lost> {
    let was_reused = session.has_served.get();
    let lost = |was_sent: bool| {
        move |error: h2::Error| Lost {
            cause: Cause::OfConnection(error),
            was_sent,
            was_reused,
        }
    };
    let unreadable = |fault: Fault| Lost {
        cause: Cause::Request(fault),
        was_sent: false,
        was_reused,
    };
    let body = outgoing.payload.open().await.map_err(unreadable)?;
    let request = request(outgoing, body.size()).map_err(unreadable)?;
    let open = Open::new(session);
    let mut sender = session.sender.clone();
    let ready = poll_fn(|cx| {
        let first = sender.poll_ready(cx);
        if first.is_ready() {
            return first;
        }
        session.drive(cx);
        sender.poll_ready(cx)
    });
    ready.await.map_err(lost(false))?;
    let is_bodiless = body.size() == 0;
    let sent = sender.send_request(request, is_bodiless);
    let (mut response, mut stream) = sent.map_err(lost(false))?;
    if !is_bodiless {
        let sending = send_body(session, &mut stream, body);
        let mut sending = Box::pin(sending);
        let mut is_sent = false;
        // An answer may come first, as from a server that refuses a body.
        let answered = poll_fn(|cx| {
            if let Poll::Ready(answer) = Pin::new(&mut response).poll(cx) {
                return Poll::Ready(Ok(answer));
            }
            if !is_sent && let Poll::Ready(sent) = sending.as_mut().poll(cx) {
                is_sent = true;
                if let Err(fault) = sent {
                    return Poll::Ready(Err(fault));
                }
            }
            poll_response(session, &mut response, cx).map(Ok)
        });
        let answer = answered.await.map_err(|fault| Lost {
            cause: Cause::Request(fault),
            was_sent: true,
            was_reused,
        })?;
        let answer = answer.map_err(lost(true))?;
        return Ok(reply(open, answer, outgoing));
    }
    let answer = poll_fn(|cx| poll_response(session, &mut response, cx)).await;
    Ok(reply(open, answer.map_err(lost(true))?, outgoing))
}

fn poll_response(
    session: &Session,
    response: &mut ResponseFuture,
    cx: &mut Context<'_>,
) -> Poll<Result<http::Response<RecvStream>, h2::Error>> {
    let first = Pin::new(&mut *response).poll(cx);
    if first.is_ready() {
        return first;
    }
    session.drive(cx);
    Pin::new(response).poll(cx)
}

fn reply(open: Open, answer: http::Response<RecvStream>, outgoing: &Outgoing<'_>) -> Reply {
    let (head, body) = answer.into_parts();
    open.0.has_served.set(true);
    let reads = outgoing.hears.reads;
    let details = Box::new(Details {
        remote_address: open.0.peer.filter(|_| reads.address),
        headers: head.headers,
    });
    let mut reply = Reply {
        head: AnswerHead {
            status: head.status,
            version: Version::HTTP_2,
            came: outgoing.hears.now(),
            details: Some(details),
        },
        body: Some((body, open)),
    };
    if reply.has_ended() {
        reply.is_over();
    }
    reply
}

/// The request as HTTP/2 takes it.
fn request(outgoing: &Outgoing<'_>, size: u64) -> Result<Request<()>, Fault> {
    let Outgoing { method, url, .. } = *outgoing;
    crate::request::check_length(outgoing.fields, size)?;
    let mut headers = outgoing.fields.to_map();
    for name in OF_CONNECTION {
        headers.remove(name);
    }
    let text = |value: String| HeaderValue::try_from(value).ok();
    let mut add = |name: HeaderName, value: Option<HeaderValue>| {
        if let (Some(value), false) = (value, headers.contains_key(&name)) {
            headers.insert(name, value);
        }
    };
    let accept = HeaderName::from_static("accept");
    add(accept, Some(HeaderValue::from_static("*/*")));
    let announces = matches!(*method, Method::POST | Method::PUT | Method::PATCH);
    if size > 0 || announces {
        add(CONTENT_LENGTH, text(size.to_string()));
    }
    add(
        COOKIE,
        outgoing.cookies.and_then(|line| text(line.to_owned())),
    );
    let mut request = Request::new(());
    *request.method_mut() = method.clone();
    *request.version_mut() = Version::HTTP_2;
    *request.headers_mut() = headers;
    *request.uri_mut() = Uri::try_from(&url[..Position::AfterQuery])
        .map_err(|_| Kind::Request.fault("the url holds what no request over HTTP/2 can"))?;
    Ok(request)
}

/// Sends a body as the server takes it.
async fn send_body(
    session: &Session,
    stream: &mut SendStream<Bytes>,
    body: crate::body::Outgoing,
) -> Result<(), Fault> {
    use crate::body::Outgoing::{None, Stream};
    let mut pieces = match body {
        None => return Ok(()),
        crate::body::Outgoing::Bytes(bytes) => {
            // What is left of it after an answer came first is nobody's.
            let _ = send_piece(session, stream, bytes, true).await;
            return Ok(());
        }
        Stream(stream) => stream,
    };
    loop {
        let piece = poll_fn(|cx| pieces.poll_piece(cx)).await;
        let unread = |error: Unreadable| Kind::Request.fault(error.0);
        let Some(piece) = piece.map_err(unread)? else {
            return Ok(());
        };
        let is_last = pieces.size() == 0;
        if send_piece(session, stream, piece, is_last).await.is_err() {
            // The answer says why, or its error does.
            return Ok(());
        }
    }
}

async fn send_piece(
    session: &Session,
    stream: &mut SendStream<Bytes>,
    mut piece: Bytes,
    is_last: bool,
) -> Result<(), h2::Error> {
    while !piece.is_empty() {
        stream.reserve_capacity(piece.len());
        let room = poll_fn(|cx| {
            if let Poll::Ready(room) = stream.poll_capacity(cx) {
                return Poll::Ready(room);
            }
            session.drive(cx);
            stream.poll_capacity(cx)
        });
        let room = match room.await {
            Some(room) => room?,
            None => return Err(Reason::CANCEL.into()),
        };
        let part = piece.split_to(room.min(piece.len()));
        stream.send_data(part, is_last && piece.is_empty())?;
    }
    Ok(())
}

impl Reply {
    pub(super) fn head(&self) -> &AnswerHead {
        &self.head
    }

    pub(super) fn into_head(self) -> AnswerHead {
        self.head
    }

    /// Whether nothing of the body is left.
    pub(super) fn has_ended(&self) -> bool {
        let body = self.body.as_ref();
        body.is_none_or(|(body, _)| body.is_end_stream())
    }

    /// The next piece of the body as it came, `None` at its end.
    ///
    /// # Errors
    /// It ended early: why.
    pub(super) async fn piece(&mut self) -> Result<Option<Bytes>, FaultText> {
        let Some((body, open)) = &mut self.body else {
            return Ok(None);
        };
        let session = &open.0;
        let piece = poll_fn(|cx| {
            if let Poll::Ready(piece) = body.poll_data(cx) {
                return Poll::Ready(piece);
            }
            session.drive(cx);
            body.poll_data(cx)
        });
        let words = |error: h2::Error| FaultText::plain(fault::cause(&error));
        let Some(piece) = piece.await.transpose().map_err(words)? else {
            self.is_over();
            return Ok(None);
        };
        // It only fails for more than was received.
        let _ = body.flow_control().release_capacity(piece.len());
        Ok(Some(piece))
    }

    /// Drops the rest of the body: how many bytes it had.
    ///
    /// # Errors
    /// It ended early: why.
    pub(super) async fn skip(&mut self) -> Result<u64, FaultText> {
        let mut size = 0;
        while let Some(piece) = self.piece().await? {
            size += piece.len() as u64;
        }
        Ok(size)
    }

    /// Nobody reads the rest: the server is told so.
    pub(super) fn leave(&mut self) {
        self.is_over();
    }

    fn is_over(&mut self) {
        if let Some((_, open)) = self.body.take() {
            open.0.rests_since.set(self.head.came);
        }
    }
}

//! One connection of HTTP/3 and the requests on it, and what the server says on streams of its own.

use crate::frame::{
    CONTROL_STREAM, DATA, DECODER_STREAM, ENCODER_STREAM, GOAWAY, HEADERS, PUSH_STREAM, SETTINGS,
    is_of_http_2, settings,
};
use crate::incoming::{HEAD_BYTES, HEAD_FIELDS, Incoming};
use crate::room::{Room, Server};
use crate::tasks::Tasks;
pub(crate) use bggo_module_http_request::link::Keeps;
use bggo_module_http_request::link::Unread;
use bggo_runtime::contract::{Deadline, Moment};
use quinn::{Connection, ConnectionError, ReadError, RecvStream, SendStream, VarInt};
use std::cell::{Cell, RefCell};
use std::future::{pending, poll_fn};
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::Notify;

/// Codes of HTTP/3 (RFC 9114, section 8.1).
pub(crate) const NO_ERROR: VarInt = VarInt::from_u32(0x100);
const STREAM_CREATION_ERROR: VarInt = VarInt::from_u32(0x103);
const CLOSED_CRITICAL_STREAM: VarInt = VarInt::from_u32(0x104);
const FRAME_UNEXPECTED: VarInt = VarInt::from_u32(0x105);
const FRAME_ERROR: VarInt = VarInt::from_u32(0x106);
const ID_ERROR: VarInt = VarInt::from_u32(0x108);
const MISSING_SETTINGS: VarInt = VarInt::from_u32(0x10a);

/// The numbers of streams that carry requests are the multiples of this (RFC 9000, section 2.1).
const STREAMS_OF_REQUESTS: u64 = 4;
/// The most bytes that a frame of a control stream may have.
const CONTROL_FRAME: u64 = 16 << 10;

/// A connection and the requests on it.
pub(crate) struct Session {
    pub(crate) server: Rc<Server>,
    pub(crate) connection: Connection,
    pub(crate) notices: Rc<ServerNotices>,
    pub(crate) peer: SocketAddr,
    used: Rc<Used>,
    has_served: Cell<bool>,
    /// No request is sent on it any more.
    is_over: Cell<bool>,
    keeps: Keeps,
    /// Its server has no other room for it as long as it is there.
    _room: Option<Room>,
    /// The stream on which this client says what it wants: it stays open as long as the connection.
    _control: SendStream,
}

/// How a session is used.
struct Used {
    /// Requests whose answers are not over.
    open: Cell<usize>,
    /// When something of an answer came last, or it had its last request.
    heard: Cell<Moment>,
}

/// How long a session may be without a request.
pub(crate) struct Rest {
    pub(crate) limit: Duration,
    /// Until that may be over.
    pub(crate) deadline: Deadline,
}

/// What a server told beside its answers.
#[derive(Default)]
pub(crate) struct ServerNotices {
    /// It takes no request from this stream on.
    leaves_from: Cell<Option<u64>>,
    /// Calls the requests that hear of it.
    leaves: Notify,
    /// It does not keep to HTTP/3.
    wrong: Cell<Option<&'static str>>,
}

impl ServerNotices {
    /// What the server does that HTTP/3 does not allow.
    pub(crate) fn wrong(&self) -> Option<&'static str> {
        self.wrong.get()
    }

    /// Completes when the server says that it does not answer the request of this stream.
    pub(crate) async fn left(&self, stream: u64) -> Unread {
        loop {
            let mut called = pin!(self.leaves.notified());
            // Before the look, so that nothing is said in between.
            called.as_mut().enable();
            if let Some(unread) = self.unread(stream) {
                return unread;
            }
            called.await;
        }
    }

    /// It takes no request from this stream on.
    fn leaves(&self, from: u64) {
        self.leaves_from.set(Some(from));
        self.leaves.notify_waiters();
    }

    /// What the server said of a stream whose request it does not answer.
    pub(crate) fn unread(&self, stream: u64) -> Option<Unread> {
        match self.leaves_from.get()? {
            0 => Some(Unread::Told),
            from => (stream >= from).then_some(Unread::Behind),
        }
    }
}

impl Session {
    /// Begins HTTP/3 on a new connection to a server, which takes up room there.
    ///
    /// # Errors
    /// The connection broke.
    pub(crate) async fn begin(
        (server, room): (&Rc<Server>, Option<Room>),
        (connection, now): (Connection, Moment),
        (keeps, rest): (Keeps, Rest),
        tasks: &Tasks,
    ) -> Result<Rc<Self>, ConnectionError> {
        let mut control = connection.open_uni().await?;
        let settings = settings((HEAD_BYTES + 32 * HEAD_FIELDS) as u64);
        // If this fails, the connection is lost, which the first request hears.
        let _ = control.write_all(&settings).await;
        let notices = Rc::<ServerNotices>::default();
        let used = Rc::new(Used {
            open: Cell::new(0),
            heard: Cell::new(now),
        });
        tasks.begin(look_after(
            connection.clone(),
            Rc::clone(&notices),
            Rc::clone(server),
            (Rc::clone(&used), rest),
        ));
        Ok(Rc::new(Self {
            server: Rc::clone(server),
            peer: connection.remote_address(),
            connection,
            notices,
            used,
            has_served: Cell::new(false),
            is_over: Cell::new(false),
            keeps,
            _room: room,
            _control: control,
        }))
    }

    /// Whether it takes no more requests.
    pub(crate) fn is_over(&self) -> bool {
        self.is_over.get()
            || self.notices.leaves_from.get().is_some()
            || self.connection.close_reason().is_some()
    }

    /// It takes no more requests.
    pub(crate) fn retire(&self) {
        if !self.is_over.replace(true) {
            self.server.lost_one();
        }
    }

    /// Whether an answer came on it.
    pub(crate) fn has_served(&self) -> bool {
        self.has_served.get()
    }

    /// Whether it has no request.
    pub(crate) fn is_idle(&self) -> bool {
        self.used.open.get() == 0
    }

    /// For how long it has had no request; zero if it has one.
    pub(crate) fn rested(&self, now: Moment) -> Duration {
        if self.used.open.get() > 0 {
            return Duration::ZERO;
        }
        now - self.used.heard.get()
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.connection.close(NO_ERROR, b"");
    }
}

/// A request on a session, from its first byte to the end of its answer.
pub(crate) struct Open {
    pub(crate) session: Rc<Session>,
    begun: Moment,
    is_answered: bool,
}

impl Open {
    pub(crate) fn new(session: &Rc<Session>, begun: Moment) -> Self {
        session.used.open.set(session.used.open.get() + 1);
        Self {
            session: Rc::clone(session),
            begun,
            is_answered: false,
        }
    }

    /// The server said something of it.
    pub(crate) fn heard(&self, now: Moment) {
        self.session.used.heard.set(now);
    }

    /// The head of its answer came.
    pub(crate) fn answered(&mut self, came: Moment) {
        self.is_answered = true;
        self.session.has_served.set(true);
        self.session.used.heard.set(came);
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        let session = &self.session;
        session.used.open.set(session.used.open.get() - 1);
        // A request was given up, and no other was answered since it began: the server may be gone, which UDP does not tell.
        if !self.is_answered && session.used.heard.get() <= self.begun {
            session.retire();
        }
        if session.keeps == Keeps::None && session.is_idle() {
            session.retire();
        }
    }
}

/// Why a connection is closed: a code, and words of the rule that the server broke.
type Wrong = (VarInt, &'static str);

/// Hears what the server says on streams of its own until the connection is over, and closes it when it has had no request for too
/// long. A server that breaks the rules loses it.
async fn look_after(
    connection: Connection,
    notices: Rc<ServerNotices>,
    server: Rc<Server>,
    (used, mut rest): (Rc<Used>, Rest),
) {
    let streams = Streams {
        notices: &notices,
        server: &server,
        control: RefCell::new(None),
        held: RefCell::default(),
    };
    let mut accepting = pin!(streams.accept(&connection));
    let mut next_look = used.heard.get() + rest.limit;
    rest.deadline.set(next_look);
    let wrong = poll_fn(|cx| {
        while rest.deadline.poll(cx).is_ready() {
            let is_idle = used.open.get() == 0;
            let over = used.heard.get() + rest.limit;
            if is_idle && over <= next_look {
                connection.close(NO_ERROR, b"");
                server.lost_one();
                return Poll::Ready(None);
            }
            next_look = match is_idle {
                true => over,
                false => next_look + rest.limit,
            };
            rest.deadline.set(next_look);
        }
        if let Poll::Ready(wrong) = accepting.as_mut().poll(cx) {
            return Poll::Ready(wrong);
        }
        streams.poll_control(cx).map(Some)
    })
    .await;
    if let Some((code, words)) = wrong {
        notices.wrong.set(Some(words));
        connection.close(code, b"");
    }
}

/// A stream whose kind has not come yet.
type Beginning = Pin<Box<dyn Future<Output = (Option<u64>, Incoming)>>>;

/// The kind of a stream; `None` if it ends before.
async fn kind(mut stream: Incoming) -> (Option<u64>, Incoming) {
    let kind = stream.number().await.ok().flatten();
    (kind, stream)
}

type Listening<'a> = Pin<Box<dyn Future<Output = Wrong> + 'a>>;

/// The streams of a server.
struct Streams<'a> {
    notices: &'a ServerNotices,
    server: &'a Server,
    control: RefCell<Option<Listening<'a>>>,
    /// Those on which it says nothing that matters here. They may not be closed.
    held: RefCell<Vec<RecvStream>>,
}

impl<'a> Streams<'a> {
    /// Takes the streams that the server opens: one that says nothing yet holds up no other.
    /// `None` when the connection is over: requests know why.
    async fn accept(&self, connection: &Connection) -> Option<Wrong> {
        let mut accepting = pin!(connection.accept_uni());
        // QUIC bounds how many there can be.
        let mut silent: Vec<Beginning> = Vec::new();
        poll_fn(|cx| {
            while let Poll::Ready(stream) = accepting.as_mut().poll(cx) {
                let Ok(stream) = stream else {
                    return Poll::Ready(None);
                };
                silent.push(Box::pin(kind(Incoming::new(stream))));
                accepting.set(connection.accept_uni());
            }
            let mut at = 0;
            while let Some(one) = silent.get_mut(at) {
                match one.as_mut().poll(cx) {
                    Poll::Pending => at += 1,
                    Poll::Ready((kind, stream)) => {
                        drop(silent.remove(at));
                        if let Some(wrong) = self.begins(kind, stream) {
                            return Poll::Ready(Some(wrong));
                        }
                    }
                }
            }
            Poll::Pending
        })
        .await
    }

    /// A stream of this kind begins.
    fn begins(&self, kind: Option<u64>, stream: Incoming) -> Option<Wrong> {
        match kind {
            Some(CONTROL_STREAM) if self.control.borrow().is_some() => {
                let words = "the server opened two control streams";
                return Some((STREAM_CREATION_ERROR, words));
            }
            Some(CONTROL_STREAM) => {
                let listening = Box::pin(listen(stream, self.notices, self.server));
                *self.control.borrow_mut() = Some(listening);
            }
            Some(ENCODER_STREAM | DECODER_STREAM) => {
                self.held.borrow_mut().extend(stream.into_stream());
            }
            Some(PUSH_STREAM) => {
                return Some((ID_ERROR, "the server pushes what nobody asked for"));
            }
            // Others have no meaning: they are stopped.
            _ => drop(stream),
        }
        None
    }

    fn poll_control(&self, cx: &mut Context<'_>) -> Poll<Wrong> {
        match &mut *self.control.borrow_mut() {
            Some(listening) => listening.as_mut().poll(cx),
            None => Poll::Pending,
        }
    }
}

/// Reads the control stream of a server, which ends only by breaking a rule or with the connection.
async fn listen(mut stream: Incoming, notices: &ServerNotices, server: &Server) -> Wrong {
    let mut is_first = true;
    loop {
        let (kind, length) = match stream.frame_begin().await {
            Ok(Some(frame)) => frame,
            Ok(None) => return ENDED,
            Err(error) => return ended_by(&error).await,
        };
        if is_first != (kind == SETTINGS) {
            return match is_first {
                true => (
                    MISSING_SETTINGS,
                    "the server did not say its settings first",
                ),
                false => (FRAME_UNEXPECTED, "the server said its settings twice"),
            };
        }
        is_first = false;
        if matches!(kind, DATA | HEADERS) || is_of_http_2(kind) {
            return (FRAME_UNEXPECTED, "a frame came where it may not stand");
        }
        if length > CONTROL_FRAME {
            return (FRAME_ERROR, "a frame of the control stream is too large");
        }
        let payload = match stream.bytes(length).await {
            Ok(Some(payload)) => payload,
            Ok(None) => return (FRAME_ERROR, "a frame of the control stream is cut off"),
            Err(error) => return ended_by(&error).await,
        };
        if kind == GOAWAY {
            let Some((first, rest)) = payload.split_first() else {
                return (FRAME_ERROR, "a frame of the control stream is cut off");
            };
            if rest.len() + 1 != crate::frame::number_length(*first) {
                return (
                    FRAME_ERROR,
                    "a frame of the control stream has another length",
                );
            }
            let from = crate::frame::number(*first, rest);
            if !from.is_multiple_of(STREAMS_OF_REQUESTS) {
                let words = "the server goes away from a stream that is no request";
                return (ID_ERROR, words);
            }
            if notices.leaves_from.get().is_some_and(|known| from > known) {
                let words = "the server takes requests again that it said it leaves";
                return (ID_ERROR, words);
            }
            notices.leaves(from);
            server.lost_one();
        }
    }
}

/// A server keeps its control stream for as long as its connection.
const ENDED: Wrong = (
    CLOSED_CRITICAL_STREAM,
    "the server ended its control stream",
);

/// What it means that a control stream cannot be read to its end.
async fn ended_by(error: &ReadError) -> Wrong {
    match error {
        ReadError::Reset(_) => ENDED,
        // The connection is over, which its requests know.
        _ => pending().await,
    }
}

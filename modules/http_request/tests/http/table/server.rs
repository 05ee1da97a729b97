//! A server that follows the script of a row: raw bytes out, raw bytes in, on the thread of the user that asks it.
//!
//! Both share one thread, so that one turn of the server and one of the user follow each other: a byte that is written alone is
//! read alone, without any clock.

use super::Speaks;
use bggo_tests::server::Certificates;
use std::cell::Cell;
use std::net::Shutdown;
use std::os::fd::OwnedFd;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::yield_now;
use tokio_rustls::TlsAcceptor;

/// What the server does next.
#[derive(Clone, Copy)]
pub enum Act {
    /// Waits for a new connection.
    Meet,
    /// Waits for the head of a request, on the connection that is open or on a new one.
    Head,
    /// Reads so many bytes of the request's body.
    Body(usize),
    /// Sends bytes.
    Say(&'static [u8]),
    /// Sends bytes that are made for it.
    Make(fn() -> Vec<u8>),
    /// Sends these bytes one by one and again and again, each when the user has had its turns, until the user closes.
    Drip(&'static [u8]),
    /// Lets the user have its turns, until it has read what was sent.
    Pause,
    /// Sends no more, and still reads. Over TLS it says so before.
    HalfClose,
    /// Closes. Over TLS it says so before.
    Close,
    /// Closes; over TLS without a word.
    Truncate,
    /// Closes by a reset.
    Reset,
    /// Does nothing more with this connection, which stays open.
    Stall,
    /// Takes no connection from here on.
    Refuse,
}

/// What a server saw.
#[derive(Debug, Default)]
pub struct Seen {
    /// Each request whose head came: the number of its connection, from 1, and its bytes.
    pub requests: Vec<(u32, Vec<u8>)>,
    /// Connections that were made.
    pub connections: u32,
    /// The act that was never done.
    pub stopped_at: Option<usize>,
}

/// How bytes go out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pieces {
    /// All at once.
    Whole,
    /// Byte by byte. What is long goes out in some thousand pieces.
    Cut,
}

/// The most pieces that one `Say` is cut into.
const MOST_PIECES: usize = 4096;
/// Turns that the user has while the server waits for it.
const TURNS: usize = 16;

pub trait Bytes: AsyncRead + AsyncWrite + Unpin {}
impl<T: AsyncRead + AsyncWrite + Unpin> Bytes for T {}

/// A connection that was taken.
pub struct Connection {
    pub number: u32,
    pub bytes: Box<dyn Bytes>,
    /// The same socket, for what only a socket can do.
    pub socket: OwnedFd,
    /// What came and belongs to no request yet.
    came: Vec<u8>,
}

/// A server that has not begun yet.
pub struct Server {
    pub listener: TcpListener,
    pub tls: Option<TlsAcceptor>,
    pub pieces: Pieces,
    /// Whether it stands still until the user does something.
    pub waits: Rc<Cell<bool>>,
    /// True when the user has left.
    pub over: watch::Receiver<bool>,
}

/// What a server with these certificates does with a new connection. It offers HTTP/2, or no protocol, so that HTTP/1.1 is
/// spoken.
pub fn acceptor(certificates: &Certificates, speaks: Speaks) -> TlsAcceptor {
    let mut config = certificates.server_config();
    if speaks == Speaks::Two {
        config.alpn_protocols = vec![b"h2".to_vec()];
    }
    TlsAcceptor::from(Arc::new(config))
}

impl Server {
    /// Follows the script. Requests that come after its end are seen and not answered.
    pub async fn follow(self, script: &'static [Act]) -> Seen {
        let mut seen = Seen::default();
        let mut listener = Some(self.listener);
        let mut open: Option<Connection> = None;
        // They are open until the user has left.
        let mut left = Vec::new();
        let (pieces, tls, mut over) = (self.pieces, self.tls, self.over);
        for (number, act) in script
            .iter()
            .chain(std::iter::repeat(&Act::Head))
            .enumerate()
        {
            let is_in_script = number < script.len();
            self.waits
                .set(matches!(act, Act::Meet | Act::Head | Act::Body(_)));
            match act {
                Act::Meet => {
                    let stream = accept(&listener).await;
                    seen.connections += 1;
                    open = connected(stream, seen.connections, tls.as_ref()).await;
                }
                Act::Head => {
                    let next = async {
                        loop {
                            if let Some(one) = &mut open
                                && let Some(head) = one.take_head()
                            {
                                seen.requests.push((one.number, head));
                                return;
                            }
                            let event = tokio::select! {
                                biased;
                                count = read_more(&mut open) => Event::Read(count),
                                stream = accept(&listener) => Event::Accepted(stream),
                            };
                            match event {
                                Event::Read(0) => open = None,
                                Event::Read(_) => (),
                                Event::Accepted(stream) => {
                                    seen.connections += 1;
                                    left.extend(open.take());
                                    open = connected(stream, seen.connections, tls.as_ref()).await;
                                }
                            }
                        }
                    };
                    let came = tokio::select! {
                        biased;
                        () = next => true,
                        _ = over.wait_for(|over| *over) => false,
                    };
                    if !came {
                        seen.stopped_at = is_in_script.then_some(number);
                        return seen;
                    }
                    if !is_in_script {
                        open = None;
                    }
                }
                Act::Body(size) => {
                    while let Some(one) = &mut open
                        && one.came.len() < *size
                    {
                        if read_more(&mut open).await == 0 {
                            open = None;
                        }
                    }
                    if let (Some(one), Some((_, request))) = (&mut open, seen.requests.last_mut()) {
                        request.extend(one.came.drain(..*size));
                    }
                }
                Act::Say(bytes) => say(&mut open, bytes, pieces).await,
                Act::Make(make) => say(&mut open, &make(), pieces).await,
                Act::Drip(bytes) => drip(&mut open, bytes).await,
                Act::Pause => pause().await,
                Act::HalfClose => {
                    if let Some(one) = &mut open {
                        // The user may have closed it before.
                        let _ = one.bytes.shutdown().await;
                    }
                }
                Act::Close => {
                    if let Some(mut one) = open.take() {
                        let _ = one.bytes.shutdown().await;
                    }
                }
                Act::Truncate => drop(open.take().map(|one| one.truncated())),
                Act::Reset => {
                    if let Some(one) = open.take() {
                        let at_once = Some(Duration::ZERO);
                        rustix::net::sockopt::set_socket_linger(&one.socket, at_once).unwrap();
                    }
                }
                Act::Stall => left.extend(open.take()),
                Act::Refuse => listener = None,
            }
        }
        seen
    }
}

enum Event {
    /// So many bytes came; none at the end of the connection.
    Read(usize),
    Accepted(TcpStream),
}

/// Reads what comes next on the connection that is open. Pending for ever if none is.
async fn read_more(open: &mut Option<Connection>) -> usize {
    match open {
        Some(one) => one.bytes.read_buf(&mut one.came).await.unwrap_or(0),
        None => std::future::pending().await,
    }
}

async fn accept(listener: &Option<TcpListener>) -> TcpStream {
    match listener {
        Some(listener) => listener.accept().await.unwrap().0,
        None => std::future::pending().await,
    }
}

/// `None` if the handshake of TLS fails.
pub async fn connected(
    stream: TcpStream,
    number: u32,
    tls: Option<&TlsAcceptor>,
) -> Option<Connection> {
    stream.set_nodelay(true).unwrap();
    let stream = stream.into_std().unwrap();
    let socket = OwnedFd::from(stream.try_clone().unwrap());
    let stream = TcpStream::from_std(stream).unwrap();
    let bytes: Box<dyn Bytes> = match tls {
        Some(tls) => Box::new(tls.accept(stream).await.ok()?),
        None => Box::new(stream),
    };
    Some(Connection {
        number,
        bytes,
        socket,
        came: Vec::new(),
    })
}

async fn say(open: &mut Option<Connection>, bytes: &[u8], pieces: Pieces) {
    let size = match pieces {
        Pieces::Whole => bytes.len(),
        Pieces::Cut => bytes.len() / MOST_PIECES + 1,
    };
    for piece in bytes.chunks(size.max(1)) {
        let Some(one) = open else { return };
        let sent = async {
            one.bytes.write_all(piece).await?;
            one.bytes.flush().await
        };
        // The user may have closed it: it need not hear the rest.
        if sent.await.is_err() {
            return;
        }
        if pieces == Pieces::Cut {
            yield_now().await;
        }
    }
}

async fn drip(open: &mut Option<Connection>, bytes: &[u8]) {
    let Some(one) = open else { return };
    for byte in bytes.iter().cycle() {
        let sent = async {
            one.bytes.write_all(&[*byte]).await?;
            one.bytes.flush().await
        };
        // So many turns that even a fast machine sends far less than a head may have.
        if sent.await.is_err() {
            return;
        }
        pause().await;
    }
}

/// Lets the others on this thread have their turns.
pub async fn pause() {
    for _ in 0..TURNS {
        yield_now().await;
    }
}

impl Connection {
    /// The head of the next request, if all of it has come.
    fn take_head(&mut self) -> Option<Vec<u8>> {
        let end = self.came.windows(4).position(|part| part == b"\r\n\r\n")?;
        Some(self.came.drain(..end + 4).collect())
    }

    /// Ends below TLS.
    fn truncated(self) {
        // The user may have closed it before.
        let _ = TcpStream::from_std(self.socket.into()).map(|stream| {
            let stream = stream.into_std();
            stream.and_then(|stream| stream.shutdown(Shutdown::Write))
        });
    }
}

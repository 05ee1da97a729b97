//! A server of HTTP/2 that follows the script of a row, on the thread of the user that asks it.
//!
//! It sees a request as HTTP/1 would write it, so that one row says for both versions what the server sees.

use super::answers::{Do, Fields, large};
use super::server::{Bytes as Socket, Seen, Server, connected};
use bytes::Bytes;
use h2::server::{Connection, SendResponse};
use h2::{Reason, RecvStream, SendStream};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response};
use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::os::fd::OwnedFd;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::task::yield_now;
use tokio_rustls::TlsAcceptor;

/// Turns that the user has after each part of an answer.
const TURNS: usize = 16;
/// What a server takes of a request's head.
const MOST_HEAD: u32 = 1 << 20;

/// A connection, and what came on it.
struct Open {
    number: u32,
    connection: Connection<Box<dyn Socket>, Bytes>,
    socket: OwnedFd,
    /// Requests that nobody has looked at.
    came: VecDeque<(Request<RecvStream>, SendResponse<Bytes>)>,
    is_over: bool,
}

/// The request that is answered now.
#[derive(Default)]
struct Exchange {
    body: Option<RecvStream>,
    respond: Option<SendResponse<Bytes>>,
    answer: Option<SendStream<Bytes>>,
}

/// Follows the script. Requests that come after its end are seen and not answered.
pub async fn follow(server: Server, script: &'static [Do]) -> Seen {
    let mut seen = Seen::default();
    let (listener, tls, mut over) = (server.listener, server.tls, server.over);
    let mut open: Option<Open> = None;
    let mut exchange = Exchange::default();
    // They are open until the user has left.
    let mut left = Vec::new();
    for (number, act) in script
        .iter()
        .chain(std::iter::repeat(&Do::Head))
        .enumerate()
    {
        let is_in_script = number < script.len();
        server.waits.set(matches!(act, Do::Head | Do::Body(_)));
        match act {
            Do::Head => {
                let next = next(&mut open, &mut left, &listener, (tls.as_ref(), &mut seen));
                let came = tokio::select! {
                    biased;
                    came = next => Some(came),
                    _ = over.wait_for(|over| *over) => None,
                };
                match came {
                    None => {
                        seen.stopped_at = is_in_script.then_some(number);
                        return seen;
                    }
                    Some(came) if is_in_script => exchange = came,
                    Some(_) => open = None,
                }
            }
            Do::Body(size) => {
                if let (Some(one), Some(body)) = (&mut open, &mut exchange.body) {
                    let mut came = Vec::new();
                    while came.len() < *size {
                        let Some(Ok(piece)) = one.beside(|cx| body.poll_data(cx)).await else {
                            break;
                        };
                        // It only fails for more than was received.
                        let _ = body.flow_control().release_capacity(piece.len());
                        came.extend_from_slice(&piece);
                    }
                    if let Some((_, request)) = seen.requests.last_mut() {
                        request.extend(came);
                    }
                }
            }
            Do::Pause => turns(&mut open).await,
            Do::GoAway => {
                if let Some(one) = &mut open {
                    one.connection.graceful_shutdown();
                }
                turns(&mut open).await;
            }
            Do::Close => {
                // What is not read makes a reset of it.
                turns(&mut open).await;
                exchange = Exchange::default();
                open = None;
            }
            Do::Reset => {
                if let Some(one) = &open {
                    let at_once = Some(Duration::ZERO);
                    rustix::net::sockopt::set_socket_linger(&one.socket, at_once).unwrap();
                }
                exchange = Exchange::default();
                open = None;
            }
            Do::Stall => left.extend(open.take()),
            act => {
                if let Some(one) = &mut open {
                    exchange.say(one, act).await;
                }
                turns(&mut open).await;
            }
        }
    }
    seen
}

/// The next request, on the connection that is open or on a new one.
async fn next(
    open: &mut Option<Open>,
    left: &mut Vec<Open>,
    listener: &TcpListener,
    (tls, seen): (Option<&TlsAcceptor>, &mut Seen),
) -> Exchange {
    loop {
        if let Some(one) = open {
            if let Some((request, respond)) = one.came.pop_front() {
                seen.requests.push((one.number, written(&request)));
                return Exchange {
                    body: Some(request.into_body()),
                    respond: Some(respond),
                    answer: None,
                };
            }
            if one.is_over {
                *open = None;
            }
        }
        let accepted = tokio::select! {
            biased;
            () = something(open) => None,
            accepted = listener.accept() => Some(accepted.unwrap().0),
        };
        if let Some(stream) = accepted {
            seen.connections += 1;
            left.extend(open.take());
            *open = begun(connected(stream, seen.connections, tls).await).await;
        }
    }
}

/// Waits until something came on the connection, or it is over. Pending for ever if none is open.
async fn something(open: &mut Option<Open>) {
    let Some(one) = open else {
        return std::future::pending().await;
    };
    poll_fn(|cx| {
        one.drive(cx);
        if one.is_over || !one.came.is_empty() {
            return Poll::Ready(());
        }
        Poll::Pending
    })
    .await;
}

async fn begun(taken: Option<super::server::Connection>) -> Option<Open> {
    let taken = taken?;
    let begun = h2::server::Builder::new()
        .max_header_list_size(MOST_HEAD)
        .handshake(taken.bytes);
    Some(Open {
        number: taken.number,
        connection: begun.await.ok()?,
        socket: taken.socket,
        came: VecDeque::new(),
        is_over: false,
    })
}

/// The request as HTTP/1 writes it.
fn written(request: &Request<RecvStream>) -> Vec<u8> {
    let uri = request.uri();
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let host = uri.authority().map_or("", |authority| authority.as_str());
    let mut text = format!("{} {path} HTTP/1.1\r\nhost: {host}\r\n", request.method()).into_bytes();
    for (name, value) in request.headers() {
        text.extend([name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
    }
    text.extend(b"\r\n");
    text
}

/// Lets the user have its turns, and reads and writes on the connection meanwhile.
async fn turns(open: &mut Option<Open>) {
    for _ in 0..TURNS {
        if let Some(one) = open {
            poll_fn(|cx| {
                one.drive(cx);
                Poll::Ready(())
            })
            .await;
        }
        yield_now().await;
    }
}

fn headers(fields: Fields) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in fields {
        headers.append(
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        );
    }
    headers
}

fn response(status: u16, fields: Fields) -> Response<()> {
    let mut response = Response::new(());
    *response.status_mut() = status.try_into().unwrap();
    *response.headers_mut() = headers(fields);
    response
}

impl Open {
    /// Reads and writes what can be now.
    fn drive(&mut self, cx: &mut Context<'_>) {
        while !self.is_over {
            match self.connection.poll_accept(cx) {
                Poll::Ready(Some(Ok(request))) => self.came.push_back(request),
                Poll::Ready(Some(Err(_)) | None) => self.is_over = true,
                Poll::Pending => return,
            }
        }
    }

    /// Waits for something that the connection brings.
    fn beside<T>(
        &mut self,
        mut what: impl FnMut(&mut Context<'_>) -> Poll<T>,
    ) -> impl Future<Output = T> {
        poll_fn(move |cx| {
            self.drive(cx);
            what(cx)
        })
    }
}

impl Exchange {
    /// Sends a part of the answer. The user may have given the stream up: it need not hear the rest.
    async fn say(&mut self, open: &mut Open, part: &Do) {
        match part {
            Do::Interim(status, fields) => {
                if let Some(respond) = &mut self.respond {
                    let _ = respond.send_informational(response(*status, fields));
                }
            }
            Do::Answer(status, fields) => self.head(response(*status, fields), Ends::Later),
            Do::Bare(status, fields) => self.head(response(*status, fields), Ends::Now),
            Do::Large(size) => {
                let mut answer = response(200, &[]);
                let value = HeaderValue::try_from(large(*size)).unwrap();
                answer.headers_mut().insert("x-large", value);
                self.head(answer, Ends::Now);
            }
            Do::Piece(text) => self.data(open, Bytes::from_static(text)).await,
            Do::Fill(size) => self.data(open, vec![b'x'; *size].into()).await,
            Do::End => {
                if let Some(mut answer) = self.answer.take() {
                    let _ = answer.send_data(Bytes::new(), true);
                }
            }
            Do::Trailers(fields) => {
                if let Some(mut answer) = self.answer.take() {
                    let _ = answer.send_trailers(headers(fields));
                }
            }
            Do::GiveUp(reason) => {
                let reason = Reason::from(*reason);
                match (self.answer.take(), &mut self.respond) {
                    (Some(mut answer), _) => answer.send_reset(reason),
                    (None, Some(respond)) => respond.send_reset(reason),
                    (None, None) => {}
                }
            }
            other => unreachable!("{other:?} is no part of an answer"),
        }
    }

    fn head(&mut self, answer: Response<()>, ends: Ends) {
        if let Some(respond) = &mut self.respond {
            self.answer = respond.send_response(answer, ends == Ends::Now).ok();
        }
    }

    async fn data(&mut self, open: &mut Open, mut left: Bytes) {
        let Some(answer) = &mut self.answer else {
            return;
        };
        while !left.is_empty() {
            answer.reserve_capacity(left.len());
            let Some(Ok(room)) = open.beside(|cx| answer.poll_capacity(cx)).await else {
                return;
            };
            let piece = left.split_to(room.min(left.len()));
            if answer.send_data(piece, false).is_err() {
                return;
            }
        }
    }
}

/// Whether a body follows a head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ends {
    Now,
    Later,
}

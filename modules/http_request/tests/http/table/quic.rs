//! A server of HTTP/3, by the crate h3, that follows the script of a row, on the thread of the user that asks it.
//!
//! It sees a request as HTTP/1 would write it, as the server of HTTP/2 does.

use super::answers::{Do, Fields, large};
use super::server::Seen;
use crate::http3::{config, is_heard};
use bggo_tests::server::Certificates;
use bytes::{Buf, Bytes};
use h3::error::Code;
use h3::server::RequestStream;
use h3_quinn::BidiStream;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response};
use quinn::{Connection, Endpoint, VarInt};
use std::cell::Cell;
use std::net::SocketAddr;
use std::rc::Rc;
use tokio::sync::{mpsc, watch};

/// A server that has not begun yet.
pub struct Server {
    endpoint: Endpoint,
    /// Whether it stands still until the user does something.
    waits: Rc<Cell<bool>>,
    /// True when the user has left.
    over: watch::Receiver<bool>,
}

/// A request, the number of its connection, and the connection.
struct Came {
    number: u32,
    connection: Connection,
    request: Request<()>,
    stream: RequestStream<BidiStream<Bytes>, Bytes>,
    /// The answer is whole.
    has_ended: bool,
}

impl Server {
    pub fn new(
        certificates: &Certificates,
        waits: Rc<Cell<bool>>,
        over: watch::Receiver<bool>,
    ) -> Self {
        let config = config(certificates, &[b"h3"]);
        let endpoint = Endpoint::server(config, "127.0.0.1:0".parse().unwrap()).unwrap();
        Self {
            endpoint,
            waits,
            over,
        }
    }

    pub fn address(&self) -> SocketAddr {
        self.endpoint.local_addr().unwrap()
    }

    /// Follows the script. Requests that come after its end are seen and not answered.
    pub async fn follow(mut self, script: &'static [Do]) -> Seen {
        let mut seen = Seen::default();
        let connections = Rc::<Cell<u32>>::default();
        let (sender, mut requests) = mpsc::unbounded_channel();
        tokio::task::spawn_local(accept(self.endpoint, Rc::clone(&connections), sender));
        let mut open: Option<Came> = None;
        // They are open until the user has left.
        let mut left = Vec::new();
        let acts = script.iter().chain(std::iter::repeat(&Do::Head));
        for (number, act) in acts.enumerate() {
            let is_in_script = number < script.len();
            self.waits.set(matches!(act, Do::Head | Do::Body(_)));
            match act {
                Do::Head => {
                    let came = tokio::select! {
                        biased;
                        came = requests.recv() => came,
                        _ = self.over.wait_for(|over| *over) => None,
                    };
                    seen.connections = connections.get();
                    let Some(came): Option<Came> = came else {
                        seen.stopped_at = is_in_script.then_some(number);
                        return seen;
                    };
                    seen.requests.push((came.number, written(&came.request)));
                    left.extend(open.replace(came));
                }
                Do::Body(size) => {
                    let mut came = Vec::new();
                    while let Some(one) = &mut open
                        && came.len() < *size
                        && let Ok(Some(mut piece)) = one.stream.recv_data().await
                    {
                        came.extend(piece.copy_to_bytes(piece.remaining()));
                    }
                    if let Some((_, request)) = seen.requests.last_mut() {
                        request.extend(came);
                    }
                }
                Do::Pause => {
                    if let Some(one) = &open {
                        is_heard(&one.connection).await;
                    }
                }
                Do::GoAway | Do::Close => {
                    if let Some(one) = open.take() {
                        one.connection.close(VarInt::from_u32(0x100), b"");
                        one.connection.closed().await;
                    }
                }
                Do::Stall => left.extend(open.take()),
                Do::Reset if open.as_ref().is_some_and(|one| one.has_ended) => {
                    if let Some(one) = open.take() {
                        one.connection.close(VarInt::from_u32(0x102), b"");
                    }
                }
                part => {
                    if let Some(one) = &mut open {
                        one.say(part).await;
                        one.has_ended |= matches!(part, Do::Bare(..) | Do::Large(_) | Do::End);
                    }
                }
            }
        }
        seen
    }
}

/// Takes connections and the requests on them.
async fn accept(
    endpoint: Endpoint,
    connections: Rc<Cell<u32>>,
    sender: mpsc::UnboundedSender<Came>,
) {
    while let Some(incoming) = endpoint.accept().await {
        let Ok(connection) = incoming.await else {
            continue;
        };
        connections.set(connections.get() + 1);
        let (number, sender) = (connections.get(), sender.clone());
        tokio::task::spawn_local(async move {
            let quic = h3_quinn::Connection::new(connection.clone());
            let Ok(mut server) = h3::server::Connection::new(quic).await else {
                return;
            };
            while let Ok(Some(resolver)) = server.accept().await {
                let Ok((request, stream)) = resolver.resolve_request().await else {
                    continue;
                };
                let connection = connection.clone();
                let _ = sender.send(Came {
                    number,
                    connection,
                    request,
                    stream,
                    has_ended: false,
                });
            }
        });
    }
}

/// The request as HTTP/1 writes it.
fn written(request: &Request<()>) -> Vec<u8> {
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

fn headers(fields: Fields) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in fields {
        let name = HeaderName::from_static(name);
        headers.append(name, HeaderValue::from_static(value));
    }
    headers
}

fn response(status: u16, fields: Fields) -> Response<()> {
    let mut response = Response::new(());
    *response.status_mut() = status.try_into().unwrap();
    *response.headers_mut() = headers(fields);
    response
}

impl Came {
    /// Sends a part of the answer. The user may have given the stream up: it need not hear the rest.
    async fn say(&mut self, part: &Do) {
        let stream = &mut self.stream;
        match part {
            Do::Interim(status, fields) | Do::Answer(status, fields) => {
                let _ = stream.send_response(response(*status, fields)).await;
            }
            Do::Bare(status, fields) => {
                let _ = stream.send_response(response(*status, fields)).await;
                let _ = stream.finish().await;
            }
            Do::Large(size) => {
                let mut answer = response(200, &[]);
                let value = HeaderValue::try_from(large(*size)).unwrap();
                answer.headers_mut().insert("x-large", value);
                let _ = stream.send_response(answer).await;
                let _ = stream.finish().await;
            }
            Do::Piece(text) => {
                let _ = stream.send_data(Bytes::from_static(text)).await;
            }
            Do::Fill(size) => {
                let _ = stream.send_data(vec![b'x'; *size].into()).await;
            }
            Do::End => {
                let _ = stream.finish().await;
            }
            Do::Trailers(fields) => {
                let _ = stream.send_trailers(headers(fields)).await;
                let _ = stream.finish().await;
            }
            // QUIC resets streams, and a connection only where its server knows nothing of it any more.
            Do::GiveUp(_) | Do::Reset => stream.stop_stream(Code::H3_INTERNAL_ERROR),
            other => unreachable!("{other:?} is no part of an answer"),
        }
    }
}

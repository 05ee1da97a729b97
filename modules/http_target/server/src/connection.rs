//! One connection: bytes to requests, answers to bytes. Requests are answered one after the other, in the order in which they
//! came; answers go out together while further requests are already there.

use crate::counts::Shared;
use crate::date::Date;
use crate::reply::{self, Body, Reply};
use crate::request::Request;
use crate::route;
use bggo_http1::{Bad, Chunks, Framing, Limits, Next, RequestHead, RequestProgress, read_request};
use std::fmt::Write as _;
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// The largest head that is read; a larger one is answered by 431.
const HEAD: Limits = Limits {
    fields: 1_000,
    bytes: 256 << 10,
};
/// The largest body that is read; a larger one is answered by 413.
const LARGEST_BODY: usize = 64 << 20;
/// How much is read at a time.
const READ: usize = 16 << 10;
/// How much is held back at most while further requests are there.
const HELD_BACK: usize = 64 << 10;

/// Serves until the peer or a fault ends the connection, which is no event for this server.
pub(crate) async fn serve(stream: TcpStream, peer: SocketAddr, shared: Shared) {
    // Nagle's algorithm only adds delay here; a system without the option serves all the same.
    let _ = stream.set_nodelay(true);
    let mut connection = Connection {
        stream,
        peer,
        shared,
        input: Vec::new(),
        start: 0,
        end: 0,
        output: Vec::new(),
        head: String::new(),
        date: Date::default(),
    };
    let _ = connection.serve().await;
}

struct Connection {
    stream: TcpStream,
    peer: SocketAddr,
    shared: Shared,
    /// What has come and was not used yet stands from `start` to `end`.
    input: Vec<u8>,
    start: usize,
    end: usize,
    /// What was not sent yet.
    output: Vec<u8>,
    /// The head of an answer while it is written.
    head: String,
    date: Date,
}

/// What the head of a request says about the way its answer is written.
#[derive(Clone, Copy)]
struct Form {
    is_head: bool,
    minor: u8,
    keeps: bool,
}

impl Connection {
    async fn serve(&mut self) -> io::Result<()> {
        loop {
            let (mut request, framing, form, expects) = match self.request().await? {
                None => return self.flush().await,
                Some(Ok(found)) => found,
                Some(Err(bad)) => {
                    let form = Form {
                        is_head: false,
                        minor: 1,
                        keeps: false,
                    };
                    return self.answer(refused(bad), form).await.map(drop);
                }
            };
            self.shared.counted(|counts| counts.request(request.path()));
            if expects && self.start == self.end && framing != Framing::Length(0) {
                self.output
                    .extend_from_slice(b"HTTP/1.1 100 Continue\r\n\r\n");
            }
            if let Err(reply) = self.body(framing, &mut request.body).await? {
                // Where the next request begins is not known.
                let form = Form {
                    keeps: false,
                    ..form
                };
                return self.answer(reply, form).await.map(drop);
            }
            let Some(reply) = self.reply(&request).await else {
                return Ok(());
            };
            if !self.answer(reply, form).await? {
                return Ok(());
            }
        }
    }

    /// The head of the next request, or what is wrong with it. Nothing when the peer sends no further one.
    async fn request(&mut self) -> io::Result<Option<Result<(Request, Framing, Form, bool), Bad>>> {
        let mut progress = RequestProgress::new();
        loop {
            let came = self.input.get(self.start..self.end).unwrap_or_default();
            match read_request(came, &mut progress, &HEAD) {
                Err(bad) => return Ok(Some(Err(bad))),
                Ok(Some(head)) => {
                    let RequestHead {
                        size,
                        framing,
                        keeps,
                        minor,
                        ..
                    } = head;
                    let own = came.get(..size).unwrap_or(came);
                    let request = Request::new(&head, own, self.peer);
                    let form = Form {
                        is_head: head.method == b"HEAD",
                        minor,
                        keeps,
                    };
                    let expects = head.expects_continue;
                    self.start += size;
                    return Ok(Some(Ok((request, framing, form, expects))));
                }
                Ok(None) => {
                    if self.fill().await? == 0 {
                        return Ok(None);
                    }
                }
            }
        }
    }

    /// Reads a body to its end, so that the connection can carry the next request; or says why not.
    async fn body(
        &mut self,
        framing: Framing,
        body: &mut Vec<u8>,
    ) -> io::Result<Result<(), Reply>> {
        match framing {
            Framing::None | Framing::UntilClose => Ok(Ok(())),
            Framing::Length(length) => self.take(length, body).await,
            Framing::Chunked => {
                let mut chunks = Chunks::new(&HEAD);
                loop {
                    let came = self.input.get(self.start..self.end).unwrap_or_default();
                    let piece = match chunks.step(came) {
                        Ok(piece) => piece,
                        Err(bad) => return Ok(Err(refused(bad))),
                    };
                    self.start += piece.skip;
                    match piece.next {
                        Next::End => return Ok(Ok(())),
                        Next::Data(length) => {
                            if let Err(reply) = self.take(length, body).await? {
                                return Ok(Err(reply));
                            }
                        }
                        Next::More => {
                            if self.fill().await? == 0 {
                                return Ok(Err(ended_early()));
                            }
                        }
                    }
                }
            }
        }
    }

    /// So many bytes more of a body.
    async fn take(&mut self, length: u64, body: &mut Vec<u8>) -> io::Result<Result<(), Reply>> {
        let length = usize::try_from(length)
            .ok()
            .filter(|length| *length <= LARGEST_BODY - body.len());
        let Some(mut left) = length else {
            return Ok(Err(reply::refused(413, "this server reads 64 MiB at most")));
        };
        while left > 0 {
            let end = self.end.min(self.start + left);
            let came = self.input.get(self.start..end).unwrap_or_default();
            body.extend_from_slice(came);
            left -= came.len();
            self.start = end;
            if left > 0 && self.fill().await? == 0 {
                return Ok(Err(ended_early()));
            }
        }
        Ok(Ok(()))
    }

    /// The endpoint's answer; nothing if the peer left while it was made.
    async fn reply(&mut self, request: &Request) -> Option<Reply> {
        let mut answer = pin!(route::answer(request, &self.shared));
        // Whoever sends the next request already has not left.
        let mut watches = self.start == self.end;
        let (stream, output) = (&mut self.stream, &mut self.output);
        poll_fn(|cx| {
            if let Poll::Ready(reply) = answer.as_mut().poll(cx) {
                return Poll::Ready(Some(reply));
            }
            // Answers to earlier requests do not wait for a slow one.
            if poll_send(stream, output, cx).is_err() {
                return Poll::Ready(None);
            }
            let mut byte = [0];
            while watches {
                match stream.poll_peek(cx, &mut ReadBuf::new(&mut byte)) {
                    Poll::Pending => break,
                    Poll::Ready(Ok(1..)) => watches = false,
                    Poll::Ready(Ok(0) | Err(_)) => return Poll::Ready(None),
                }
            }
            Poll::Pending
        })
        .await
    }

    /// Writes an answer. It goes out at once if no further request is there. Gives whether the connection goes on.
    async fn answer(&mut self, mut reply: Reply, mut form: Form) -> io::Result<bool> {
        let status = reply.status;
        let has_body = !form.is_head && status != 204 && status != 304;
        let length = reply.body.length();
        let is_chunked = length.is_none() && form.minor > 0;
        // An answer without a length over HTTP/1.0 ends with the connection.
        form.keeps &= length.is_some() || is_chunked;
        self.write_head(&reply, form, is_chunked);
        if has_body {
            if let Body::Whole(bytes) = &reply.body {
                self.output.extend_from_slice(bytes);
            } else {
                self.pieces(&mut reply.body, is_chunked).await?;
            }
        }
        if !form.keeps || self.start == self.end || self.output.len() > HELD_BACK {
            self.flush().await?;
        }
        if !form.keeps {
            poll_fn(|cx| Pin::new(&mut self.stream).poll_shutdown(cx)).await?;
        }
        Ok(form.keeps)
    }

    async fn pieces(&mut self, body: &mut Body, is_chunked: bool) -> io::Result<()> {
        loop {
            let (stream, output) = (&mut self.stream, &mut self.output);
            let next = poll_fn(|cx| match body.poll_piece(cx) {
                // What was written so far goes out before a pause.
                Poll::Pending => match poll_send(stream, output, cx) {
                    Err(error) => Poll::Ready(Err(error)),
                    Ok(_) => Poll::Pending,
                },
                Poll::Ready(piece) => Poll::Ready(Ok(piece)),
            });
            let Some(piece) = next.await? else { break };
            if is_chunked {
                self.head.clear();
                let _ = write!(self.head, "{:x}\r\n", piece.len());
                self.output.extend_from_slice(self.head.as_bytes());
            }
            self.output.extend_from_slice(&piece);
            if is_chunked {
                self.output.extend_from_slice(b"\r\n");
            }
            if self.output.len() > HELD_BACK {
                self.flush().await?;
            }
        }
        if is_chunked {
            self.output.extend_from_slice(b"0\r\n\r\n");
        }
        Ok(())
    }

    fn write_head(&mut self, reply: &Reply, form: Form, is_chunked: bool) {
        let status = reply.status;
        let (head, minor) = (&mut self.head, form.minor);
        head.clear();
        // Writing to a String cannot fail.
        let _ = write!(
            head,
            "HTTP/1.{minor} {status} {}\r\n",
            reply::reason(status)
        );
        for (name, value) in &reply.headers {
            for part in [name, ": ", value, "\r\n"] {
                head.push_str(part);
            }
        }
        match reply.body.length() {
            Some(length) if status != 204 && status != 304 => {
                let _ = write!(head, "content-length: {length}\r\n");
            }
            None if is_chunked => head.push_str("transfer-encoding: chunked\r\n"),
            _ => {}
        }
        match (minor, form.keeps) {
            (0, true) => head.push_str("connection: keep-alive\r\n"),
            (1.., false) => head.push_str("connection: close\r\n"),
            _ => {}
        }
        for part in ["date: ", self.date.now(), "\r\n\r\n"] {
            head.push_str(part);
        }
        self.output.extend_from_slice(head.as_bytes());
    }

    /// Sends what is held back, then reads more; 0 when the peer sends nothing more.
    async fn fill(&mut self) -> io::Result<usize> {
        self.flush().await?;
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
        } else if self.start > 0 && self.end == self.input.len() {
            self.input.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        }
        if self.end == self.input.len() {
            self.input.resize(self.end + self.end.max(READ), 0);
        }
        let (stream, input) = (&mut self.stream, &mut self.input);
        let room = input.get_mut(self.end..).unwrap_or_default();
        let came = poll_fn(|cx| {
            let mut buffer = ReadBuf::new(room);
            ready!(Pin::new(&mut *stream).poll_read(cx, &mut buffer))?;
            Poll::Ready(io::Result::Ok(buffer.filled().len()))
        })
        .await?;
        self.end += came;
        Ok(came)
    }

    async fn flush(&mut self) -> io::Result<()> {
        if self.output.is_empty() {
            return Ok(());
        }
        poll_fn(
            |cx| match poll_send(&mut self.stream, &mut self.output, cx) {
                Err(error) => Poll::Ready(Err(error)),
                Ok(true) => Poll::Ready(Ok(())),
                Ok(false) => Poll::Pending,
            },
        )
        .await
    }
}

/// Sends as much as the peer takes now. Whether that is all.
fn poll_send(
    stream: &mut TcpStream,
    output: &mut Vec<u8>,
    cx: &mut Context<'_>,
) -> io::Result<bool> {
    let mut sent = 0;
    let mut is_all = true;
    while let Some(rest) = output.get(sent..).filter(|rest| !rest.is_empty()) {
        match Pin::new(&mut *stream).poll_write(cx, rest) {
            Poll::Pending => {
                is_all = false;
                break;
            }
            Poll::Ready(Ok(0)) => return Err(io::ErrorKind::WriteZero.into()),
            Poll::Ready(written) => sent += written?,
        }
    }
    output.drain(..sent);
    Ok(is_all)
}

fn refused(bad: Bad) -> Reply {
    let status = match bad {
        Bad::HeadTooLarge | Bad::TooManyFields => 431,
        _ => 400,
    };
    reply::refused(status, bad.words())
}

fn ended_early() -> Reply {
    reply::refused(400, "the body ended early")
}

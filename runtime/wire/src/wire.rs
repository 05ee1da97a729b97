//! One connection: what is to be sent is appended and flushed, what has come is looked at and consumed.
//!
//! It is driven by whoever polls it: there is no task, no channel and no lock between a protocol and its socket.

use crate::buf::Buf;
use crate::socket::Socket;
use crate::trouble::{Phase, Trouble};
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Bytes that the socket carried so far, those of TLS included.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Bytes that were sent.
    pub sent: u64,
    /// Bytes that were received.
    pub received: u64,
}

/// A connection and what stands in it.
#[derive(Debug)]
pub struct Wire {
    socket: Socket,
    out: Buf,
    came: Buf,
    traffic: Traffic,
    /// Answers that the other end owes.
    owed: u32,
    /// When its last exchange was over.
    rests_since: Option<Instant>,
    state: State,
}

#[derive(Debug, Clone, Copy, Default)]
struct State {
    /// It has served before.
    is_reused: bool,
    /// The next flush asks for no answer.
    sends_only: bool,
    /// The other end has said that nothing more will come.
    has_ended: bool,
    /// It failed, so it is of no use any more.
    is_broken: bool,
}

/// What happened on a connection that nobody was using.
#[derive(Debug)]
pub enum Idle {
    /// Something came. It stands in [`Wire::peek`].
    Bytes,
    /// It is gone.
    Gone(Trouble),
}

/// How closely a connection is looked at before it is used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// At what the thread has been told by the system so far, without asking it.
    Told,
    /// The system is asked.
    Ask,
}

impl Wire {
    pub(crate) fn new(socket: Socket) -> Self {
        Self {
            socket,
            out: Buf::new(),
            came: Buf::new(),
            traffic: Traffic::default(),
            owed: 0,
            rests_since: None,
            state: State::default(),
        }
    }

    /// What is to be sent: append to it. Nothing is sent before [`Wire::flush`].
    pub fn out(&mut self) -> &mut Buf {
        &mut self.out
    }

    /// The next flush sends something that gets no answer, such as one part of a request.
    pub fn send_only(&mut self) {
        self.state.sends_only = true;
    }

    /// The other end owes one more answer than was flushed, such as one for each of several requests in one flush.
    pub fn owe(&mut self) {
        self.owed = self.owed.saturating_add(1);
    }

    /// An answer came whole.
    pub fn paid(&mut self) {
        self.owed = self.owed.saturating_sub(1);
    }

    /// Sends what was appended. From then on the other end owes an answer, unless [`Wire::send_only`] was said before.
    ///
    /// # Errors
    /// The connection broke.
    pub async fn flush(&mut self) -> Result<(), Trouble> {
        poll_fn(|cx| self.poll_flush(cx)).await
    }

    /// See [`Wire::flush`]. The answer is owed from the first poll on.
    ///
    /// # Errors
    /// The connection broke.
    pub fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Trouble>> {
        while !self.out.is_empty() {
            let wrote = self.socket.poll_write(cx, self.out.bytes());
            // Whoever gives up now does not know how much went out.
            if !self.state.sends_only && self.owed == 0 {
                self.owed = 1;
            }
            match wrote {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Ok(0)) => return Poll::Ready(Err(self.breaks(Trouble::closed()))),
                Poll::Ready(Ok(count)) => {
                    self.traffic.sent += count as u64;
                    self.out.consume(count);
                }
                Poll::Ready(Err(error)) => {
                    let trouble = Trouble::of_system(Phase::Exchange, &error);
                    return Poll::Ready(Err(self.breaks(trouble)));
                }
            }
        }
        self.state.sends_only = false;
        Poll::Ready(Ok(()))
    }

    /// What has come and was not consumed.
    pub fn peek(&self) -> &[u8] {
        self.came.bytes()
    }

    /// Takes bytes away from the beginning of what has come.
    pub fn consume(&mut self, count: usize) {
        self.came.consume(count);
    }

    /// Reads once: how many bytes came; 0 when there will be no more. `most` is how many may stand unconsumed.
    ///
    /// # Errors
    /// The connection broke, or `most` bytes stand there already.
    pub async fn fill(&mut self, most: usize) -> Result<usize, Trouble> {
        poll_fn(|cx| self.poll_fill(cx, most)).await
    }

    /// See [`Wire::fill`].
    ///
    /// # Errors
    /// The connection broke, or `most` bytes stand there already.
    pub fn poll_fill(&mut self, cx: &mut Context<'_>, most: usize) -> Poll<Result<usize, Trouble>> {
        if self.state.has_ended {
            return Poll::Ready(Ok(0));
        }
        if self.came.len() >= most {
            return Poll::Ready(Err(Trouble::too_large(most)));
        }
        let read = self.socket.poll_read(cx, self.came.room(1));
        if self.came.is_empty() && !matches!(read, Poll::Ready(Ok(1..))) {
            // It would hold a piece while it waits.
            self.came.release();
        }
        Poll::Ready(self.has_read(ready!(read)))
    }

    /// Drops at most `count` bytes of what has come, or of what comes with one read: how many; 0 when there will be no more.
    ///
    /// # Errors
    /// The connection broke.
    pub fn poll_skip(&mut self, cx: &mut Context<'_>, count: u64) -> Poll<Result<u64, Trouble>> {
        if count == 0 {
            return Poll::Ready(Ok(0));
        }
        if self.came.is_empty() {
            match ready!(self.poll_fill(cx, usize::MAX)) {
                Ok(0) => return Poll::Ready(Ok(0)),
                Ok(_) => {}
                Err(trouble) => return Poll::Ready(Err(trouble)),
            }
        }
        let there =
            usize::try_from(count).map_or(self.came.len(), |count| count.min(self.came.len()));
        self.came.consume(there);
        Poll::Ready(Ok(there as u64))
    }

    /// Looks after a connection that nobody uses: completes when something came or it is gone. It holds no memory while it waits.
    pub fn poll_idle(&mut self, cx: &mut Context<'_>) -> Poll<Idle> {
        self.came.shrink();
        match ready!(self.poll_fill(cx, usize::MAX)) {
            Ok(0) => Poll::Ready(Idle::Gone(Trouble::closed())),
            Ok(_) => Poll::Ready(Idle::Bytes),
            Err(trouble) => Poll::Ready(Idle::Gone(trouble)),
        }
    }

    /// Whether it may be used again: nothing is owed, nothing unasked has come, and the other end is there.
    pub fn is_quiet(&mut self, look: Look) -> bool {
        if !self.is_whole() {
            return false;
        }
        if look == Look::Ask {
            return self.socket.has_nothing();
        }
        let mut cx = Context::from_waker(Waker::noop());
        if self.socket.poll_readable(&mut cx).is_pending() {
            return true;
        }
        let read = self.socket.read_now(self.came.room(1));
        let is_quiet = matches!(read, Ok(None));
        match read {
            Ok(None) => self.came.release(),
            Ok(Some(count)) => drop(self.has_read(Ok(count))),
            Err(error) => drop(self.has_read(Err(error))),
        }
        is_quiet
    }

    /// Whether nothing is left of an exchange: then it can serve another.
    pub fn is_whole(&self) -> bool {
        self.owed == 0
            && self.out.is_empty()
            && self.came.is_empty()
            && !self.state.has_ended
            && !self.state.is_broken
    }

    /// Whether an answer is owed, or a part of a request was not sent.
    pub(crate) fn is_owed(&self) -> bool {
        self.owed > 0 || !self.out.is_empty()
    }

    /// An exchange is over, at about this moment.
    pub fn rests(&mut self, now: Instant) {
        self.rests_since = Some(now);
    }

    /// How long it has rested since its last exchange; zero if it is new.
    pub fn rested(&self, now: Instant) -> Duration {
        self.rests_since
            .map_or(Duration::ZERO, |since| now.saturating_duration_since(since))
    }

    /// Whether it has served before.
    pub fn is_reused(&self) -> bool {
        self.state.is_reused
    }

    pub(crate) fn will_be_reused(&mut self) {
        self.state.is_reused = true;
    }

    /// The address of the other end: of the proxy if there is one.
    pub fn peer(&self) -> Option<SocketAddr> {
        self.socket.peer()
    }

    /// What it carried so far.
    pub fn traffic(&self) -> Traffic {
        self.traffic
    }

    /// Sends what was appended, then says that nothing more will be sent.
    ///
    /// # Errors
    /// The connection broke.
    pub async fn finish(&mut self) -> Result<(), Trouble> {
        self.send_only();
        self.flush().await?;
        let shut = poll_fn(|cx| self.socket.poll_shutdown(cx)).await;
        shut.map_err(|error| self.breaks(Trouble::of_system(Phase::Exchange, &error)))
    }

    #[cfg(test)]
    pub(crate) fn socket(&self) -> &Socket {
        &self.socket
    }

    /// One read is over.
    fn has_read(&mut self, read: io::Result<usize>) -> Result<usize, Trouble> {
        match read {
            Ok(0) => {
                self.state.has_ended = true;
                Ok(0)
            }
            Ok(count) => {
                self.came.filled(count);
                self.traffic.received += count as u64;
                Ok(count)
            }
            Err(error) => Err(self.breaks(Trouble::of_system(Phase::Exchange, &error))),
        }
    }

    fn breaks(&mut self, trouble: Trouble) -> Trouble {
        self.state.is_broken = true;
        trouble
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let wire = self.get_mut();
        if wire.came.is_empty() {
            match ready!(wire.poll_fill(cx, usize::MAX)) {
                Ok(_) => {}
                Err(trouble) => return Poll::Ready(Err(error_of(&trouble))),
            }
        }
        let bytes = wire.peek();
        let count = bytes.len().min(into.remaining());
        into.put_slice(bytes.get(..count).unwrap_or_default());
        wire.consume(count);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let wire = self.get_mut();
        wire.send_only();
        if !wire.out.is_empty() {
            ready!(wire.poll_flush(cx)).map_err(|trouble| error_of(&trouble))?;
            wire.send_only();
        }
        let count = bytes.len().min(crate::pool::PIECE);
        wire.out.put(bytes.get(..count).unwrap_or_default());
        // What the system does not take now goes with the next call.
        if let Poll::Ready(Err(trouble)) = wire.poll_flush(cx) {
            return Poll::Ready(Err(error_of(&trouble)));
        }
        Poll::Ready(Ok(count))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let wire = self.get_mut();
        wire.send_only();
        Wire::poll_flush(wire, cx).map_err(|trouble| error_of(&trouble))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let wire = self.get_mut();
        wire.send_only();
        ready!(Wire::poll_flush(wire, cx)).map_err(|trouble| error_of(&trouble))?;
        wire.socket.poll_shutdown(cx)
    }
}

/// For whoever wants a stream: an error of the system's shape.
fn error_of(trouble: &Trouble) -> io::Error {
    use crate::trouble::Kind;
    let kind = match trouble.kind() {
        Kind::Closed => io::ErrorKind::UnexpectedEof,
        Kind::Timeout | Kind::Connect => io::ErrorKind::TimedOut,
        Kind::Refused => io::ErrorKind::ConnectionRefused,
        Kind::Tls => io::ErrorKind::InvalidData,
        _ => io::ErrorKind::ConnectionReset,
    };
    io::Error::new(kind, trouble.clone())
}

//! One connection: what is to be sent is appended and flushed, what has come is looked at and consumed.
//!
//! It is driven by whoever polls it: there is no task, no channel and no lock between a protocol and its socket.

use crate::buf::Buf;
use crate::meter::Meter;
use crate::named::Named;
use crate::socket::Socket;
use crate::tls::{Layer, Plain, Sessions, Tls, speaks_tls};
use crate::trouble::{Kind, Phase, Trouble};
use bggo_runtime::contract::Moment;
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A connection and what stands in it.
#[derive(Debug)]
pub struct Wire {
    socket: Socket,
    /// TLS, if the connection is secured: between the socket and the two buffers.
    layer: Option<Box<Layer>>,
    out: Buf,
    came: Buf,
    meter: Rc<Meter>,
    /// Why bytes could not be sent at once, for the next flush to say.
    untold: Option<Trouble>,
    /// Answers that the other end owes.
    owed: u32,
    /// When its last exchange was over.
    rests_since: Option<Moment>,
    state: State,
}

#[derive(Debug, Clone, Copy, Default)]
struct State {
    /// It has served before.
    is_reused: bool,
    /// The next flush asks for no answer.
    sends_only: bool,
    /// Something came.
    has_received: bool,
    /// The other end has said that nothing more will come.
    has_ended: bool,
    /// It failed, so it is of no use any more.
    is_broken: bool,
    /// Nothing more is sent on it.
    is_finished: bool,
    /// Nothing had come when it was lent just now, and whoever borrowed it is woken when something does.
    has_waker: bool,
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
    pub(crate) fn new(socket: Socket, meter: &Rc<Meter>) -> Self {
        Self {
            socket,
            layer: None,
            out: Buf::new(),
            came: Buf::new(),
            meter: Rc::clone(meter),
            untold: None,
            owed: 0,
            rests_since: None,
            state: State::default(),
        }
    }

    /// What is to be sent: append to it. Nothing is sent before [`Wire::flush`].
    #[inline]
    pub fn out(&mut self) -> &mut Buf {
        &mut self.out
    }

    /// The same as to append bytes and to flush them, as far as that takes no waiting: bytes that the system takes at once are not
    /// copied where the connection is without TLS. A flush has to follow, which sends what is left and says what went wrong.
    pub fn send_now(&mut self, bytes: &[u8]) {
        if self.layer.is_some() || !self.out.is_empty() || self.state.is_broken {
            self.out.put(bytes);
            self.flush_now();
            return;
        }
        self.flush_begins();
        let sent = self.write_now(bytes).unwrap_or(0);
        if let Some(rest) = bytes.get(sent..).filter(|rest| !rest.is_empty()) {
            self.out.put(rest);
        }
    }

    /// Sends what was appended as far as that takes no waiting. The next flush says what went wrong.
    fn flush_now(&mut self) {
        if self.state.is_broken {
            return;
        }
        self.flush_begins();
        loop {
            if let Err(trouble) = self.seal() {
                self.untold = Some(trouble);
                return;
            }
            let unsent = std::mem::take(self.unsent());
            if unsent.is_empty() {
                return;
            }
            let sent = self.write_now(unsent.bytes());
            *self.unsent() = unsent;
            match sent {
                Some(sent @ 1..) => self.unsent().consume(sent),
                _ => return,
            }
        }
    }

    /// Hands bytes to the system, if it takes some now: how many.
    fn write_now(&mut self, bytes: &[u8]) -> Option<usize> {
        match self.socket.write_now(bytes) {
            Ok(sent) => {
                self.meter.sent(sent.unwrap_or(0));
                sent
            }
            Err(error) => {
                let trouble = self.breaks(Trouble::of_system(Phase::Exchange, &error));
                self.untold = Some(trouble);
                None
            }
        }
    }

    /// With TLS: makes records of what was appended, if none of those that were made is left.
    fn seal(&mut self) -> Result<(), Trouble> {
        let Some(layer) = &mut self.layer else {
            return Ok(());
        };
        let waits = !self.out.is_empty() || layer.has_unsent();
        if waits && layer.sealed().is_empty() {
            let turned = layer.turn(&mut Plain::kept(&mut self.came), &mut self.out);
            return turned.map_err(|trouble| self.breaks(trouble));
        }
        Ok(())
    }

    /// What the socket is given next.
    fn unsent(&mut self) -> &mut Buf {
        match &mut self.layer {
            None => &mut self.out,
            Some(layer) => layer.sealed(),
        }
    }

    /// The next flush sends something that gets no answer, such as one part of a request.
    pub fn send_only(&mut self) {
        self.state.sends_only = true;
    }

    /// The other end owes one more answer than was flushed, such as one for each of several requests in one flush.
    #[inline]
    pub fn owe(&mut self) {
        self.owed = self.owed.saturating_add(1);
    }

    /// An answer came whole. Without that word the connection is not used again.
    #[inline]
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
        if let Some(trouble) = self.untold.take() {
            return Poll::Ready(Err(trouble));
        }
        if !self.out.is_empty() {
            self.flush_begins();
        }
        loop {
            if let Err(trouble) = self.seal() {
                return Poll::Ready(Err(trouble));
            }
            let bytes = match &mut self.layer {
                None => &mut self.out,
                Some(layer) => layer.sealed(),
            };
            if bytes.is_empty() {
                break;
            }
            match self.socket.poll_write(cx, bytes.bytes()) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Ok(0)) => return Poll::Ready(Err(self.breaks(Trouble::closed()))),
                Poll::Ready(Ok(count)) => {
                    self.meter.sent(count);
                    bytes.consume(count);
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

    /// Whoever gives up from here on does not know how much went out.
    fn flush_begins(&mut self) {
        if !self.state.sends_only && self.owed == 0 {
            self.owed = 1;
        }
    }

    /// What has come and was not consumed.
    #[inline]
    pub fn peek(&self) -> &[u8] {
        self.came.bytes()
    }

    /// Takes bytes away from the beginning of what has come.
    #[inline]
    pub fn consume(&mut self, count: usize) {
        self.came.consume(count);
    }

    /// Reads once: how many bytes came; 0 when there will be no more. With `most` bytes unconsumed nothing is read; a read below
    /// that may bring more than are missing.
    ///
    /// # Errors
    /// The connection broke, or `most` bytes stand there already.
    pub async fn fill(&mut self, most: usize) -> Result<usize, Trouble> {
        poll_fn(|cx| self.poll_fill(cx, most)).await
    }

    /// Reads until `find` finds what it looks for in all that has come, such as the end of a line or of a message. Nothing is
    /// consumed. A future that is dropped loses nothing.
    ///
    /// # Errors
    /// The connection broke, the other end closed it before, or it is not found in `most` bytes.
    pub async fn until<T>(
        &mut self,
        most: usize,
        mut find: impl FnMut(&[u8]) -> Option<T>,
    ) -> Result<T, Trouble> {
        loop {
            if !self.came.is_empty()
                && let Some(found) = find(self.came.bytes())
            {
                return Ok(found);
            }
            if self.fill(most).await? == 0 {
                return Err(Trouble::closed());
            }
        }
    }

    /// See [`Wire::fill`].
    ///
    /// # Errors
    /// The connection broke, or `most` bytes stand there already.
    pub fn poll_fill(&mut self, cx: &mut Context<'_>, most: usize) -> Poll<Result<usize, Trouble>> {
        if std::mem::take(&mut self.state.has_waker) && !self.state.is_broken {
            return Poll::Pending;
        }
        if self.state.has_ended {
            return Poll::Ready(Ok(0));
        }
        if self.came.len() >= most {
            return Poll::Ready(Err(Trouble::too_large(most)));
        }
        if self.layer.is_some() {
            return Poll::Ready(ready!(self.poll_open(cx, 0)).map(|opened| opened.kept));
        }
        let is_broken = self.state.is_broken;
        let read = self
            .socket
            .poll_read_or_rest(is_broken, cx, self.came.room(1));
        if self.came.is_empty() && !matches!(read, Poll::Ready(Ok(1..))) {
            // It would hold a piece while it waits.
            self.came.release();
        }
        Poll::Ready(self.after_read(ready!(read)))
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
            if self.layer.is_some() && !self.state.has_ended {
                let opened = ready!(self.poll_open(cx, count));
                return Poll::Ready(opened.map(|opened| opened.skipped));
            }
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
        let filled = self.poll_fill(cx, usize::MAX);
        if filled.is_pending() {
            self.came.shrink();
            if let Some(layer) = &mut self.layer {
                layer.shrink();
            }
        }
        match ready!(filled) {
            Ok(0) => Poll::Ready(Idle::Gone(Trouble::closed())),
            Ok(_) => Poll::Ready(Idle::Bytes),
            Err(trouble) => Poll::Ready(Idle::Gone(trouble)),
        }
    }

    /// Whether it may be used again, as [`Wire::is_quiet`] says by [`Look::Told`]. If so, the waker is kept, and the fill that follows
    /// within the same poll waits without looking once more: nothing can have come.
    pub fn is_quiet_until(&mut self, cx: &mut Context<'_>) -> bool {
        self.is_whole() && self.has_nothing_until(cx) || self.is_quiet(Look::Told)
    }

    /// Whether nothing has come, as far as the thread has been told by the system. If so, the waker is kept, and the fill that has to
    /// follow within the same poll waits without looking once more: nothing can have come. With TLS the answer is always no.
    pub fn has_nothing_until(&mut self, cx: &mut Context<'_>) -> bool {
        let has_nothing = self.layer.is_none()
            && self.came.is_empty()
            && !self.is_over()
            && self.socket.poll_readable(cx).is_pending();
        self.state.has_waker |= has_nothing;
        has_nothing
    }

    /// Whether it may be used again: nothing is owed, nothing unasked has come, the other end is there, and the keys of TLS last.
    pub fn is_quiet(&mut self, look: Look) -> bool {
        if !self.may_serve_again() {
            return false;
        }
        let mut cx = Context::from_waker(Waker::noop());
        let has_nothing = match look {
            Look::Ask => self.socket.has_nothing(),
            Look::Told => self.socket.poll_readable(&mut cx).is_pending(),
        };
        if has_nothing {
            return true;
        }
        if self.layer.is_some() {
            return self.has_only_words_of_tls();
        }
        if look == Look::Ask {
            return false;
        }
        let read = self.socket.read_now(self.came.room(1));
        let is_quiet = matches!(read, Ok(None));
        match read {
            Ok(None) => self.came.release(),
            Ok(Some(count)) => drop(self.after_read(Ok(count))),
            Err(error) => drop(self.after_read(Err(error))),
        }
        is_quiet
    }

    /// Whether nothing is left of an exchange.
    #[inline]
    pub fn is_whole(&self) -> bool {
        self.owed == 0
            && !self.has_unsent()
            && self.came.is_empty()
            && !self.state.has_ended
            && !self.state.is_broken
            && !self.state.is_finished
    }

    /// Whether the keys of its TLS may end in the middle of one more exchange: then none should begin.
    #[inline]
    pub fn is_nearly_used_up(&self) -> bool {
        let layer = self.layer.as_ref();
        layer.is_some_and(|layer| layer.is_nearly_used_up())
    }

    /// As after so many records that no new exchange should begin over TLS 1.2.
    #[cfg(test)]
    pub(crate) fn use_up_nearly(&mut self) {
        if let Some(layer) = &mut self.layer {
            layer.use_up_nearly();
        }
    }

    /// Whether it can serve one more exchange, as far as is known without a look.
    #[inline]
    pub(crate) fn may_serve_again(&self) -> bool {
        self.is_whole() && !self.is_nearly_used_up()
    }

    /// Whether the other end closed it, or it broke.
    pub(crate) fn is_over(&self) -> bool {
        self.state.has_ended || self.state.is_broken
    }

    /// Whether an answer is owed, or a part of a request was not sent.
    pub(crate) fn is_owed(&self) -> bool {
        self.owed > 0 || self.has_unsent()
    }

    /// Whether something that was appended was not sent yet.
    #[inline]
    pub fn has_unsent(&self) -> bool {
        !self.out.is_empty() || self.layer.as_ref().is_some_and(|layer| layer.has_unsent())
    }

    /// An exchange is over, at about this moment.
    #[inline]
    pub fn rests(&mut self, now: Moment) {
        self.rests_since = Some(now);
    }

    /// How long it has rested since its last exchange; zero if it is new.
    #[inline]
    pub fn rested(&self, now: Moment) -> Duration {
        self.rests_since.map_or(Duration::ZERO, |since| now - since)
    }

    /// Whether it has served before.
    #[inline]
    pub fn is_reused(&self) -> bool {
        self.state.is_reused
    }

    #[inline]
    pub(crate) fn will_be_reused(&mut self) {
        self.state.is_reused = true;
        self.state.has_waker = false;
    }

    /// The address of the other end: of the proxy if there is one. A unix socket has none.
    pub fn peer(&self) -> Option<SocketAddr> {
        self.socket.peer()
    }

    /// The protocol that both ends agreed on in TLS (ALPN), if they agreed on one.
    pub fn alpn(&self) -> Option<&[u8]> {
        self.layer.as_ref()?.protocol()
    }

    /// The hash of the server's certificate, to which a login binds itself: `tls-server-end-point` (RFC 5929, section 4). It is there
    /// once, over TLS whose settings say [`TlsSettings::binds`](crate::TlsSettings), with a certificate for whose signature it is defined.
    pub fn take_end_point(&mut self) -> Option<Box<[u8]>> {
        self.layer.as_mut()?.take_end_point()
    }

    /// Whether the end that [`Wire::fill`] told by 0 is what the other end meant to be its end. With TLS an end that was not
    /// announced may be that of somebody between, so a message that only the end delimits is not whole.
    pub fn ended_cleanly(&self) -> bool {
        self.state.has_ended && self.layer.as_ref().is_none_or(|layer| layer.has_end())
    }

    /// TLS from here on, inside of TLS if the connection has it already. What was appended is sent before.
    ///
    /// # Errors
    /// There is no TLS connection: the texts say why, but not to whom. The connection is of no use any more.
    pub(crate) async fn secure(
        &mut self,
        tls: &Tls,
        sessions: &Rc<Sessions>,
        name: &str,
        named: Named,
    ) -> Result<(), Trouble> {
        self.send_only();
        self.flush().await?;
        if !self.came.is_empty() {
            return Err(self.breaks(no_tls("the server sent something before TLS began")));
        }
        let below = self.layer.take();
        // Until both ends agree, it can carry neither plain bytes nor records: whoever gives up here leaves it broken.
        self.state.is_broken = true;
        if below.as_ref().is_some_and(|below| below.depth() >= 2) {
            return Err(no_tls("TLS is spoken inside of TLS inside of TLS"));
        }
        let mut layer = Box::new(Layer::new(tls, sessions, name, named, below)?);
        let agreed = poll_fn(|cx| self.poll_agree(cx, &mut layer)).await;
        if agreed.is_err() {
            // An alert.
            let _ = self.socket.write_now(layer.sealed().bytes());
        }
        agreed?;
        self.state.is_broken = false;
        self.layer = Some(layer);
        Ok(())
    }

    /// Exchanges what both ends have to say until they agree.
    fn poll_agree(&mut self, cx: &mut Context<'_>, layer: &mut Layer) -> Poll<Result<(), Trouble>> {
        loop {
            layer.turn(&mut Plain::kept(&mut self.came), &mut Buf::new())?;
            while !layer.sealed().is_empty() {
                match ready!(self.socket.poll_write(cx, layer.sealed().bytes())) {
                    Ok(0) => return Poll::Ready(Err(layer.broken_off(None))),
                    Ok(count) => {
                        self.meter.sent(count);
                        layer.sealed().consume(count);
                    }
                    Err(error) => return Poll::Ready(Err(layer.broken_off(Some(&error)))),
                }
            }
            if layer.has_unsent() {
                continue;
            }
            if layer.is_agreed() {
                // A long chain of certificates took more than a piece.
                layer.shrink();
                return Poll::Ready(Ok(()));
            }
            if layer.is_over() {
                return Poll::Ready(Err(layer.broken_off(None)));
            }
            let read = self.socket.poll_read(cx, layer.room()?);
            if !matches!(read, Poll::Ready(Ok(1..))) {
                layer.release();
            }
            match ready!(read) {
                Ok(0) => return Poll::Ready(Err(layer.broken_off(None))),
                Ok(count) => {
                    self.meter.received(count);
                    layer.filled(count);
                }
                Err(error) => return Poll::Ready(Err(layer.broken_off(Some(&error)))),
            }
        }
    }

    /// Sends what was appended, which gets no answer, then says that nothing more will be sent. What the other end sends can still
    /// be read. The connection serves no other exchange.
    ///
    /// # Errors
    /// The connection broke.
    pub async fn finish(&mut self) -> Result<(), Trouble> {
        poll_fn(|cx| self.poll_finish(cx)).await
    }

    /// See [`Wire::finish`].
    fn poll_finish(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Trouble>> {
        self.send_only();
        self.state.is_finished = true;
        ready!(self.poll_flush(cx))?;
        if let Some(layer) = &mut self.layer {
            layer.say_end();
            ready!(self.poll_flush(cx))?;
        }
        if let Some(layer) = &mut self.layer {
            layer.say_end_below();
            ready!(self.poll_flush(cx))?;
        }
        let shut = ready!(self.socket.poll_shutdown(cx));
        Poll::Ready(shut.map_err(|error| self.breaks(Trouble::of_system(Phase::Exchange, &error))))
    }

    #[cfg(test)]
    pub(crate) fn meter(&self) -> &Meter {
        &self.meter
    }

    #[cfg(test)]
    pub(crate) fn socket(&self) -> &Socket {
        &self.socket
    }

    /// Bytes of memory that it holds for what stands in it.
    #[cfg(test)]
    pub(crate) fn held(&self) -> usize {
        let layer = self.layer.as_ref().map_or(0, |layer| layer.held());
        self.out.held() + self.came.held() + layer
    }

    /// One read is over.
    fn after_read(&mut self, read: io::Result<usize>) -> Result<usize, Trouble> {
        match read {
            Ok(0) => {
                self.state.has_ended = true;
                Ok(0)
            }
            Ok(count) => {
                self.came.filled(count);
                let is_first = !std::mem::replace(&mut self.state.has_received, true);
                self.meter.received(count);
                if is_first && speaks_tls(self.came.bytes()) {
                    return Err(self.breaks(no_tls(
                        "the server speaks TLS here, and this connection is without it",
                    )));
                }
                Ok(count)
            }
            Err(error) => Err(self.breaks(Trouble::of_system(Phase::Exchange, &error))),
        }
    }

    /// Reads until plain bytes have come, or there will be no more. The first `skip` of them are dropped.
    fn poll_open(&mut self, cx: &mut Context<'_>, skip: u64) -> Poll<Result<Opened, Trouble>> {
        loop {
            let Some(layer) = &mut self.layer else {
                return Poll::Ready(Ok(Opened::default()));
            };
            if let Some(trouble) = layer.take_kept() {
                return Poll::Ready(Err(trouble));
            }
            let room = match layer.room() {
                Ok(room) => room,
                Err(trouble) => return Poll::Ready(Err(self.breaks(trouble))),
            };
            let read = self
                .socket
                .poll_read_or_rest(self.state.is_broken, cx, room);
            if !matches!(read, Poll::Ready(Ok(1..))) {
                // It would hold a piece while it waits.
                layer.release();
            }
            let opened = self.after_reading_records(ready!(read), skip);
            if self.out.is_empty() && self.has_unsent() {
                // TLS has an answer of its own to what came. It is no exchange, and if it cannot go now it goes later.
                let sends_only = self.state.sends_only;
                let _ = self.poll_flush(cx);
                self.state.sends_only = sends_only;
            }
            if let Some(opened) = opened.transpose() {
                return Poll::Ready(opened);
            }
        }
    }

    /// One read of records is over: the plain bytes in them, if there were any, or the end.
    fn after_reading_records(
        &mut self,
        read: io::Result<usize>,
        skip: u64,
    ) -> Result<Option<Opened>, Trouble> {
        let count = match read {
            Ok(count) => count,
            Err(error) => return Err(self.breaks(Trouble::of_system(Phase::Exchange, &error))),
        };
        let before = self.came.len();
        self.meter.received(count);
        let Some(layer) = &mut self.layer else {
            return Ok(None);
        };
        if count == 0 {
            self.state.has_ended = true;
            return Ok(Some(Opened::default()));
        }
        layer.filled(count);
        let mut plain = Plain {
            kept: &mut self.came,
            skip,
            skipped: 0,
        };
        let turned = layer.turn(&mut plain, &mut Buf::new());
        let opened = Opened {
            skipped: plain.skipped,
            kept: self.came.len() - before,
        };
        self.state.has_ended |= layer.is_over();
        let came = opened.kept > 0 || opened.skipped > 0;
        match turned {
            Ok(()) => Ok((came || self.state.has_ended).then_some(opened)),
            Err(trouble) if came => {
                // What came before it counts first.
                layer.keep_for_later(trouble.clone());
                self.breaks(trouble);
                Ok(Some(opened))
            }
            Err(trouble) => Err(self.breaks(trouble)),
        }
    }

    /// Whether what the socket has for a quiet connection is for TLS alone, such as sessions to resume later.
    fn has_only_words_of_tls(&mut self) -> bool {
        while let Some(layer) = &mut self.layer {
            let Ok(room) = layer.room() else {
                self.state.is_broken = true;
                return false;
            };
            // The system is asked: the reactor may not have told yet.
            match self.socket.read_system(room) {
                Ok(None) => {
                    layer.release();
                    return self.is_whole();
                }
                Ok(Some(count)) => {
                    if !matches!(self.after_reading_records(Ok(count), 0), Ok(None)) {
                        return false;
                    }
                }
                Err(error) => {
                    let _ = self.after_reading_records(Err(error), 0);
                    return false;
                }
            }
        }
        false
    }

    fn breaks(&mut self, trouble: Trouble) -> Trouble {
        self.state.is_broken = true;
        if let Some(layer) = &mut self.layer {
            // An alert, if there is one.
            let _ = self.socket.write_now(layer.sealed().bytes());
            layer.sealed().clear();
        }
        trouble
    }
}

impl Drop for Wire {
    /// Announces the end in TLS and does not wait for an answer.
    fn drop(&mut self) {
        let can_say = !self.state.is_broken && !self.state.has_ended && !self.has_unsent();
        if let Some(layer) = self.layer.as_mut().filter(|_| can_say) {
            layer.say_end();
            let _ = self.socket.write_now(layer.sealed().bytes());
        }
    }
}

/// Plain bytes of one read.
#[derive(Debug, Clone, Copy, Default)]
struct Opened {
    kept: usize,
    skipped: u64,
}

fn no_tls(text: &'static str) -> Trouble {
    Trouble::new(Kind::Tls, Phase::Tls, text)
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
        if wire.has_unsent() {
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
        let finished = ready!(self.get_mut().poll_finish(cx));
        Poll::Ready(finished.map_err(|trouble| error_of(&trouble)))
    }
}

/// For whoever wants a stream: an error of the system's shape.
fn error_of(trouble: &Trouble) -> io::Error {
    let kind = match trouble.kind() {
        Kind::Closed => io::ErrorKind::UnexpectedEof,
        Kind::Timeout | Kind::Connect => io::ErrorKind::TimedOut,
        Kind::Refused => io::ErrorKind::ConnectionRefused,
        Kind::Tls => io::ErrorKind::InvalidData,
        _ => io::ErrorKind::ConnectionReset,
    };
    io::Error::new(kind, trouble.clone())
}

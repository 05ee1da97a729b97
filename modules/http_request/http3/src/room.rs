//! Where a request finds room: on a connection whose server takes one more stream, or on one that may be made.
//!
//! ```text
//! Server -> Turn: who waits, one after the other -> a stream on one of its connections, or something has changed
//!        '- Room: what a connection holds for as long as it counts as one
//! ```

use quinn::{Connection, ConnectionError, RecvStream, SendStream};
use std::cell::Cell;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use tokio::sync::{Mutex, MutexGuard, Notify, OwnedSemaphorePermit, Semaphore};

/// The two halves of a stream.
pub(crate) type Stream = (SendStream, RecvStream);

/// A connection counts as one as long as this is there.
pub(crate) type Room = OwnedSemaphorePermit;

/// A host, and the requests that wait for room on a connection to it.
pub(crate) struct Server {
    pub(crate) host: String,
    pub(crate) port: u16,
    /// A permit for each connection that may be made.
    connections: Arc<Semaphore>,
    /// Whose turn it is. The others come in the order in which they asked.
    turn: Mutex<()>,
    waiting: Cell<usize>,
    /// Wakes whose turn it is when a connection takes no more requests.
    lost: Notify,
}

/// Somebody waits, and is the next one.
pub(crate) struct Turn<'a> {
    server: &'a Server,
    _is_next: MutexGuard<'a, ()>,
    _waits: Waits<'a>,
}

struct Waits<'a>(&'a Cell<usize>);

impl<'a> Waits<'a> {
    fn new(count: &'a Cell<usize>) -> Self {
        count.set(count.get() + 1);
        Self(count)
    }
}

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}

impl Server {
    /// With room for so many connections; `None` if there is no limit.
    pub(crate) fn new((host, port): (&str, u16), most: Option<usize>) -> Self {
        let most = most.unwrap_or(usize::MAX).min(Semaphore::MAX_PERMITS);
        Self {
            host: host.to_owned(),
            port,
            connections: Arc::new(Semaphore::new(most)),
            turn: Mutex::new(()),
            waiting: Cell::new(0),
            lost: Notify::new(),
        }
    }

    /// Whether somebody waits, who is to be first.
    pub(crate) fn is_waited_for(&self) -> bool {
        self.waiting.get() > 0
    }

    /// Whether another connection may be made.
    pub(crate) fn has_room(&self) -> bool {
        self.connections.available_permits() > 0
    }

    /// Room for a connection, once there is some. `None` never comes, for nobody closes the semaphore.
    pub(crate) async fn room(&self) -> Option<Room> {
        Arc::clone(&self.connections).acquire_owned().await.ok()
    }

    /// One of its connections takes no more requests.
    pub(crate) fn lost_one(&self) {
        self.lost.notify_waiters();
    }

    /// Waits until those are served who came before.
    pub(crate) async fn turn(&self) -> Turn<'_> {
        let waits = Waits::new(&self.waiting);
        Turn {
            server: self,
            _is_next: self.turn.lock().await,
            _waits: waits,
        }
    }
}

impl Turn<'_> {
    /// Waits until one of these connections takes a stream: which. `None` if something else has changed, so that it is worth to
    /// look again: one of them is lost, or another one may be made where none could be.
    pub(crate) async fn stream(&self, connections: &[&Connection]) -> Option<(usize, Stream)> {
        let is_full = !self.server.has_room();
        let mut lost = pin!(self.server.lost.notified());
        let mut room = pin!(self.server.room());
        let opening = connections.iter();
        let mut opening: Vec<_> = opening
            .map(|connection| Box::pin(connection.open_bi()))
            .collect();
        poll_fn(|cx| {
            if lost.as_mut().poll(cx).is_ready() || is_full && room.as_mut().poll(cx).is_ready() {
                return Poll::Ready(None);
            }
            for (nth, opening) in opening.iter_mut().enumerate() {
                if let Poll::Ready(opened) = opening.as_mut().poll(cx) {
                    return Poll::Ready(opened.ok().map(|stream| (nth, stream)));
                }
            }
            Poll::Pending
        })
        .await
    }
}

/// A stream on a connection; `None` if its server takes no more of them at the moment.
pub(crate) fn open_at_once(connection: &Connection) -> Option<Result<Stream, ConnectionError>> {
    let mut cx = Context::from_waker(Waker::noop());
    match pin!(connection.open_bi()).poll(&mut cx) {
        Poll::Ready(opened) => Some(opened),
        Poll::Pending => None,
    }
}

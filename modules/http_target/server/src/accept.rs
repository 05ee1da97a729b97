//! Accepts connections and starts a task for each.

use crate::connection;
use crate::counts::{Counts, Shared};
use std::future::poll_fn;
use std::net::TcpListener as StdListener;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::Poll;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

/// Accepts until told to stop.
pub(crate) async fn connections(
    listener: StdListener,
    counts: Arc<Mutex<Counts>>,
    mut stop: oneshot::Receiver<()>,
) {
    let Ok(listener) = TcpListener::from_std(listener) else {
        return;
    };
    let shared = Shared { counts };
    loop {
        let next = poll_fn(|cx| {
            if Pin::new(&mut stop).poll(cx).is_ready() {
                return Poll::Ready(None);
            }
            listener.poll_accept(cx).map(Some)
        });
        match next.await {
            None => return,
            Some(Ok((stream, peer))) => {
                shared.counted(|counts| counts.connections += 1);
                tokio::spawn(connection::serve(stream, peer, shared.clone()));
            }
            // Out of file descriptors, or a peer that left before it was accepted: others may still be served, after
            // those that hold the descriptors have had their turn.
            Some(Err(_)) => tokio::task::yield_now().await,
        }
    }
}

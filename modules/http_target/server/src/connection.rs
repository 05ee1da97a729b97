//! Accepts connections and starts a task for each. Connections are kept alive as in HTTP/1.1, and every request is counted when
//! it arrives.

use crate::counts::{Counts, Shared};
use crate::request::Request;
use crate::route;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use std::future::poll_fn;
use std::net::{SocketAddr, TcpListener as StdListener};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::Poll;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

/// Accepts until told to stop.
pub(crate) async fn accept(
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
                tokio::spawn(connection(stream, peer, shared.clone()));
            }
            // Out of file descriptors, or a peer that left before it was accepted: others may still be served, after
            // those that hold the descriptors have had their turn.
            Some(Err(_)) => tokio::task::yield_now().await,
        }
    }
}

async fn connection(stream: TcpStream, peer: SocketAddr, shared: Shared) {
    // Nagle's algorithm only adds delay here; a system without the option serves all the same.
    let _ = stream.set_nodelay(true);
    let service = service_fn(|request: hyper::Request<Incoming>| {
        let shared = shared.clone();
        shared.counted(|counts| counts.request(request.uri().path()));
        async move { Ok::<_, Infallible>(route::answer(Request::new(request, peer), &shared).await) }
    });
    // The peer's end of a connection, clean or not, is no event for this server.
    let _ = http1::Builder::new()
        .pipeline_flush(true)
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

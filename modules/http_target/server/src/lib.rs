//! An HTTP server to try load tests on, on a thread of its own. Its endpoints are like those of httpbin.
//!
//! It is a plain library, which the asset `http_target` and `bggo target` use. `accept` starts a task for each connection.
//! A request goes from `connection` (bytes to requests and back) through `route` (which endpoint) to `inspect`, `content` or `session`, which make its `Reply`.
//!
//! ```text
//! serve(listen) -> Server { url, address, counts, stop }
//! ```

mod accept;
mod connection;
mod content;
mod counts;
mod date;
mod form;
mod inspect;
mod random;
mod reply;
mod request;
mod route;
mod session;

pub use counts::Counts;

use std::io;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use tokio::sync::oneshot;

/// A running server. It ends with [`Server::stop`], or when it is dropped.
pub struct Server {
    address: SocketAddr,
    counts: Arc<Mutex<Counts>>,
    running: Option<(oneshot::Sender<()>, JoinHandle<()>)>,
}

/// Listens on `listen` (port 0 means any free port) and serves from a thread of its own until the server is stopped.
pub fn serve(listen: impl ToSocketAddrs) -> io::Result<Server> {
    let listener = TcpListener::bind(listen)?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    let counts = Arc::new(Mutex::new(Counts::default()));
    let (stop, stopped) = oneshot::channel();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .enable_time()
        .build()?;
    let served = Arc::clone(&counts);
    let thread = std::thread::Builder::new()
        .name("http_target".to_owned())
        .spawn(move || {
            // The connections' tasks end with the runtime, so that nothing outlives the server.
            runtime.block_on(accept::connections(listener, served, stopped));
        })?;
    Ok(Server {
        address,
        counts,
        running: Some((stop, thread)),
    })
}

impl Server {
    /// `http://127.0.0.1:PORT`
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it has counted so far, the same as `/counts`.
    pub fn counts(&self) -> Counts {
        self.counts
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Closes the port and all connections. Returns when both are closed.
    pub fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        let Some((stop, thread)) = self.running.take() else {
            return;
        };
        // If the thread has ended by itself, there is nobody to tell and nothing to wait for.
        let _ = stop.send(());
        let _ = thread.join();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end();
    }
}

#[cfg(test)]
mod tests;

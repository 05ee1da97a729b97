//! A proxy between a program and its server that breaks exchanges off, and logs each of them: the oracle of what a program counts.
//!
//! ```text
//! program -> connection, request -> whole answer of the server -> fault by (seed, connection, number) -> program
//!                                                                 '-> a line of the log
//! ```
//!
//! It reads heads, frames and lengths by itself, so that a mistake of the code under test is not made twice. It closes no
//! connection on which a request may be on its way that it has not logged: a connection that it half-closes is read to its end.
//! The program speaks HTTP/1 or HTTP/2 with it, in the clear or over TLS; it speaks HTTP/1 in the clear with the server.

mod frames;
mod http1;
mod http2;
mod log;
mod plan;
mod program;
mod server;

pub use log::{Exchange, Fault, Log, Tally};
pub use plan::Plan;

use super::Certificates;
use program::{Pace, Program};
use rustls::ServerConfig;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// What a program speaks with a proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Speaks {
    /// HTTP/1 in the clear.
    Http1,
    /// HTTP/1 over TLS.
    Http1OverTls,
    /// HTTP/2 in the clear, known beforehand.
    Http2,
    /// HTTP/2 over TLS, offered by ALPN.
    Http2OverTls,
}

impl Speaks {
    /// Whether it is HTTP/2.
    pub fn is_http_2(self) -> bool {
        matches!(self, Self::Http2 | Self::Http2OverTls)
    }

    /// Whether it goes over TLS.
    pub fn is_over_tls(self) -> bool {
        matches!(self, Self::Http1OverTls | Self::Http2OverTls)
    }
}

/// A running proxy.
pub struct FaultProxy {
    address: SocketAddr,
    speaks: Speaks,
    certificates: Option<Certificates>,
    shared: Arc<Shared>,
    listening: Option<JoinHandle<()>>,
}

struct Shared {
    server: SocketAddr,
    speaks: Speaks,
    tls: Option<Arc<ServerConfig>>,
    plan: Plan,
    exchanges: Mutex<Vec<Exchange>>,
    more: Condvar,
    connections: AtomicU64,
    refused: AtomicU64,
    is_over: AtomicBool,
}

impl FaultProxy {
    /// Begins to take connections and to pass requests on to a server at `http://ADDRESS`.
    pub fn start(server: &str, speaks: Speaks, plan: Plan) -> Self {
        let server = server.trim_start_matches("http://");
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let address = listener.local_addr().expect("an address");
        let is_secret = speaks.is_over_tls();
        let certificates = is_secret.then(|| Certificates::new(&["127.0.0.1"]));
        let settings = certificates.as_ref().map(|certificates| {
            let mut settings = certificates.server_config();
            if speaks.is_http_2() {
                settings.alpn_protocols = vec![b"h2".to_vec()];
            }
            Arc::new(settings)
        });
        let shared = Arc::new(Shared {
            server: server.parse().expect("an address of a server"),
            speaks,
            tls: settings,
            plan,
            exchanges: Mutex::default(),
            more: Condvar::new(),
            connections: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            is_over: AtomicBool::new(false),
        });
        let all = Arc::clone(&shared);
        let listening = std::thread::spawn(move || listen(&listener, &all));
        Self {
            address,
            speaks,
            certificates,
            shared,
            listening: Some(listening),
        }
    }

    /// `http://127.0.0.1:PORT`, or the same with `https`.
    pub fn url(&self) -> String {
        let scheme = if self.speaks.is_over_tls() {
            "https"
        } else {
            "http"
        };
        format!("{scheme}://{}", self.address)
    }

    /// The file of the certificate to trust; `None` in the clear.
    pub fn authority(&self) -> Option<String> {
        let certificates = self.certificates.as_ref();
        certificates.map(|certificates| certificates.path("ca.crt"))
    }

    /// Waits until so many exchanges have ended.
    #[track_caller]
    pub fn wait_for(&self, count: usize) {
        let exchanges = self.shared.exchanges();
        let (exchanges, waited) = self
            .shared
            .more
            .wait_timeout_while(exchanges, Duration::from_secs(60), |exchanges| {
                exchanges.len() < count
            })
            .unwrap_or_else(PoisonError::into_inner);
        let came = exchanges.len();
        assert!(!waited.timed_out(), "only {came} of {count} exchanges came");
    }

    /// Waits until the program has closed all its connections: what came.
    pub fn stop(mut self) -> Log {
        self.end();
        Log {
            exchanges: std::mem::take(&mut self.shared.exchanges()),
            connections: self.shared.connections.load(Ordering::SeqCst),
            refused: self.shared.refused.load(Ordering::SeqCst),
        }
    }

    fn end(&mut self) {
        self.shared.is_over.store(true, Ordering::SeqCst);
        // Wakes the listener up.
        drop(TcpStream::connect(self.address));
        if let Some(listening) = self.listening.take() {
            listening.join().expect("no thread panics");
        }
    }
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        // A test that fails has its program still running, and does not wait for it.
        self.shared.is_over.store(true, Ordering::SeqCst);
        drop(TcpStream::connect(self.address));
    }
}

impl Shared {
    fn exchanges(&self) -> std::sync::MutexGuard<'_, Vec<Exchange>> {
        self.exchanges
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn log(&self, exchange: Exchange) {
        self.exchanges().push(exchange);
        self.more.notify_all();
    }
}

fn listen(listener: &TcpListener, shared: &Arc<Shared>) {
    let mut open = Vec::new();
    for stream in listener.incoming() {
        if shared.is_over.load(Ordering::SeqCst) {
            break;
        }
        let Ok(stream) = stream else { continue };
        let number = shared.connections.fetch_add(1, Ordering::SeqCst);
        let shared = Arc::clone(shared);
        open.push(std::thread::spawn(move || {
            // It ends when either end is gone; what it has seen is logged by then.
            let _ = serve(stream, number, &shared);
        }));
    }
    for thread in open {
        thread.join().expect("no thread panics");
    }
}

fn serve(stream: TcpStream, number: u64, shared: &Shared) -> std::io::Result<()> {
    // Every fourth connection over TLS comes in pieces of one byte, its handshake included.
    let pace = match shared.speaks.is_over_tls() && number % 4 == 3 {
        true => Pace::ByteByByte,
        false => Pace::Whole,
    };
    if shared.plan.refuses(number) {
        shared.refused.fetch_add(1, Ordering::SeqCst);
        let mut program = Program::new(stream, None, Pace::Whole)?;
        if shared.speaks.is_over_tls() && number % 2 == 1 {
            // In the middle of the handshake.
            program.more(&mut Vec::new())?;
        }
        program.reset();
        return Ok(());
    }
    let program = Program::new(stream, shared.tls.as_ref(), pace)?;
    if shared.speaks.is_http_2() {
        return http2::Connection::new(program, number, shared).serve();
    }
    http1::Connection::new(program, number, shared).serve()
}

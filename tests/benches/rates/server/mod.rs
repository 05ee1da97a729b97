//! Servers of the rows that are no requests of HTTP to nginx: one thread on the core of the server reads, answers as a protocol says,
//! and counts the operations. They are quick and check next to nothing: what is measured is the client.

mod grpc;
mod s3;
mod socketio;
mod websocket;

pub use grpc::{Streams, Unary};
pub use s3::S3;
pub use socketio::Socketio;
pub use websocket::Echo;

use crate::target::CORE;
use nix::sched::{CpuSet, sched_setaffinity};
use nix::unistd::Pid;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::LocalSet;

/// Bytes that are read at once.
const ROOM: usize = 32 << 10;

/// What a server says on one connection.
pub trait Protocol: Default + 'static {
    /// Answers what stands first in `read`, and says how many bytes that is: 0 if more of it has to come.
    fn answer(&mut self, read: &[u8], answer: &mut Answer) -> usize;
}

/// What goes back.
#[derive(Default)]
pub struct Answer {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// How many operations they answer.
    pub operations: u64,
}

/// A running server.
pub struct Server {
    address: SocketAddr,
    counts: Arc<Counts>,
}

#[derive(Default)]
struct Counts {
    operations: AtomicU64,
    connections: AtomicU64,
    open: AtomicU64,
}

impl Server {
    /// Starts one, which runs as long as this process.
    pub fn start<P: Protocol>() -> Self {
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        listener.set_nonblocking(true).expect("it is a socket");
        let address = listener.local_addr().expect("it is bound");
        let counts = Arc::<Counts>::default();
        let own = Arc::clone(&counts);
        std::thread::spawn(move || serve::<P>(listener, &own));
        Self { address, counts }
    }

    /// `SCHEME://127.0.0.1:PORT`
    pub fn url(&self, scheme: &str) -> String {
        format!("{scheme}://{}", self.address)
    }

    /// `127.0.0.1:PORT`
    pub fn address(&self) -> String {
        self.address.to_string()
    }

    /// Operations and connections so far, once every client has left.
    pub fn counts(&self) -> (u64, u64) {
        while self.counts.open.load(Ordering::Acquire) > 0 {
            std::thread::sleep(Duration::from_millis(1));
        }
        let counts = &self.counts;
        let numbers = [&counts.operations, &counts.connections];
        let [operations, connections] = numbers.map(|number| number.load(Ordering::Acquire));
        (operations, connections)
    }
}

fn serve<P: Protocol>(listener: std::net::TcpListener, counts: &Arc<Counts>) {
    let mut cores = CpuSet::new();
    cores.set(CORE as usize).expect("a core of this machine");
    sched_setaffinity(Pid::from_raw(0), &cores).expect("the core may be chosen");
    let runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = { runtime }.enable_io().build().expect("a runtime");
    LocalSet::new().block_on(&runtime, async {
        let listener = TcpListener::from_std(listener).expect("it does not block");
        loop {
            let (stream, _) = listener.accept().await.expect("it listens");
            counts.connections.fetch_add(1, Ordering::Release);
            counts.open.fetch_add(1, Ordering::Release);
            let counts = Arc::clone(counts);
            tokio::task::spawn_local(async move {
                // A client that breaks off has left as well.
                let _ = talk::<P>(stream, &counts).await;
                counts.open.fetch_sub(1, Ordering::Release);
            });
        }
    });
}

async fn talk<P: Protocol>(mut stream: TcpStream, counts: &Counts) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut protocol = P::default();
    let mut read = Vec::new();
    let mut answer = Answer::default();
    loop {
        read.reserve(ROOM);
        if stream.read_buf(&mut read).await? == 0 {
            return Ok(());
        }
        let mut begin = 0;
        loop {
            match protocol.answer(&read[begin..], &mut answer) {
                0 => break,
                used => begin += used,
            }
        }
        read.drain(..begin);
        counts
            .operations
            .fetch_add(std::mem::take(&mut answer.operations), Ordering::Release);
        stream.write_all(&answer.bytes).await?;
        answer.bytes.clear();
    }
}

/// The head of a request of HTTP/1.1 with the empty line after it, once it is there.
fn head(read: &[u8]) -> Option<&str> {
    let end = read.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    Some(std::str::from_utf8(&read[..end]).expect("a head is text"))
}

/// The value of a field of a head, by its name in lower case.
fn field<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().find_map(|line| {
        let (own, value) = line.split_once(':')?;
        own.eq_ignore_ascii_case(name).then_some(value.trim())
    })
}

//! A target that can stop answering for a while, and goes on accepting.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{oneshot, watch};

/// A running target.
pub struct Target {
    address: SocketAddr,
    freeze: watch::Sender<Option<(Instant, Instant)>>,
    first: mpsc::Receiver<Instant>,
    stop: oneshot::Sender<()>,
    thread: JoinHandle<Vec<Duration>>,
}

impl Target {
    /// Starts it on a thread of its own.
    pub fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        // The backlog of std is short: thousands of users connect at once when they cannot get an answer.
        rustix::net::listen(&listener, 65_535).expect("a longer backlog");
        listener.set_nonblocking(true).expect("it does not block");
        let address = listener.local_addr().expect("an address");
        let (freeze, frozen) = watch::channel(None);
        let (stop, stopped) = oneshot::channel();
        let (tell, first) = mpsc::channel();
        let thread = std::thread::spawn(move || serve(listener, &frozen, stopped, tell));
        Self {
            address,
            freeze,
            first,
            stop,
            thread,
        }
    }

    /// Where it listens.
    pub fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// Answers nothing for `length`, so long `after` the first request.
    pub fn freezes(&self, after: Duration, length: Duration) {
        let first = self.first.recv().expect("a request comes");
        let from = first + after;
        self.freeze.send_replace(Some((from, from + length)));
    }

    /// Stops it: when each answer was sent, since it began, in their order.
    pub fn stop(self) -> Vec<Duration> {
        let _ = self.stop.send(());
        let mut answers = self.thread.join().expect("it has not panicked");
        answers.sort_unstable();
        answers
    }
}

fn serve(
    listener: TcpListener,
    frozen: &watch::Receiver<Option<(Instant, Instant)>>,
    stopped: oneshot::Receiver<()>,
    first: mpsc::Sender<Instant>,
) -> Vec<Duration> {
    let runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = { runtime }.enable_all().build().expect("an event loop");
    let begin = Instant::now();
    let (tell, answers) = mpsc::channel();
    runtime.block_on(async move {
        let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
        let parts = (frozen.clone(), tell, first);
        tokio::spawn(async move {
            loop {
                if let Ok((stream, _)) = listener.accept().await {
                    tokio::spawn(answer(stream, begin, parts.clone()));
                }
            }
        });
        let _ = stopped.await;
    });
    drop(runtime);
    answers.try_iter().collect()
}

type Parts = (
    watch::Receiver<Option<(Instant, Instant)>>,
    mpsc::Sender<Duration>,
    mpsc::Sender<Instant>,
);

/// Answers each request of a connection.
async fn answer(mut stream: TcpStream, begin: Instant, (frozen, tell, first): Parts) {
    let _ = stream.set_nodelay(true);
    let mut buffer = [0; 4096];
    loop {
        // A request of this bench comes in one piece.
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
        let now = Instant::now();
        let _ = first.send(now);
        let freeze = *frozen.borrow();
        if let Some((from, until)) = freeze
            && (from..until).contains(&now)
        {
            tokio::time::sleep_until(until.into()).await;
        }
        let bytes = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
        if stream.write_all(bytes).await.is_err() {
            return;
        }
        let _ = tell.send(begin.elapsed());
    }
}

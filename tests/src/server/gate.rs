//! A server whose answers the test holds back: it says who has arrived, and answers a path only when told to.
//!
//! Order and concurrency are judged by it without any clock: what has arrived while another answer is held did not wait
//! for that one.

use std::collections::{HashMap, HashSet};
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

/// A gate; all paths are closed at first.
pub struct Gate {
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    arrived: HashMap<String, usize>,
    open: HashSet<String>,
    all_open: bool,
    order: Vec<String>,
}

impl Gate {
    /// Starts listening on a free loopback port.
    pub fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let address = listener.local_addr().expect("an address");
        let shared = Arc::<Shared>::default();
        let gate = Arc::clone(&shared);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(stream) = stream else { return };
                let gate = Arc::clone(&gate);
                std::thread::spawn(move || gate.serve(stream));
            }
        });
        Self { address, shared }
    }

    /// `http://127.0.0.1:PORT`
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Waits until `count` requests for `path` have arrived.
    #[track_caller]
    pub fn wait_for(&self, path: &str, count: usize) {
        let state = self.shared.state.lock().expect("no thread panics");
        let (state, waited) = self
            .shared
            .changed
            .wait_timeout_while(state, Duration::from_secs(60), |state| {
                state.arrived.get(path).copied().unwrap_or(0) < count
            })
            .expect("no thread panics");
        assert!(
            !waited.timed_out(),
            "{count} requests for {path} did not arrive, only {:?}",
            state.order
        );
    }

    /// How many requests for `path` have arrived.
    pub fn arrived(&self, path: &str) -> usize {
        self.shared
            .state
            .lock()
            .expect("no thread panics")
            .arrived
            .get(path)
            .copied()
            .unwrap_or(0)
    }

    /// Answers all requests for `path`, those that wait and those to come.
    pub fn open(&self, path: &str) {
        self.shared
            .state
            .lock()
            .expect("no thread panics")
            .open
            .insert(path.to_owned());
        self.shared.changed.notify_all();
    }

    /// Answers everything.
    pub fn open_all(&self) {
        self.shared.state.lock().expect("no thread panics").all_open = true;
        self.shared.changed.notify_all();
    }

    /// The paths in order of arrival.
    pub fn order(&self) -> Vec<String> {
        self.shared
            .state
            .lock()
            .expect("no thread panics")
            .order
            .clone()
    }
}

impl Shared {
    fn serve(&self, stream: TcpStream) {
        let Ok(mut answers) = stream.try_clone() else {
            return;
        };
        let mut lines = BufReader::new(stream).lines();
        while let Some(Ok(first)) = lines.next() {
            let path = first.split(' ').nth(1).unwrap_or("").to_owned();
            // Requests of these tests have no body: the head ends at the first empty line.
            while lines
                .next()
                .and_then(Result::ok)
                .is_some_and(|line| !line.is_empty())
            {}
            let mut state = self.state.lock().expect("no thread panics");
            *state.arrived.entry(path.clone()).or_default() += 1;
            state.order.push(path.clone());
            self.changed.notify_all();
            let state = self
                .changed
                .wait_while(state, |state| {
                    !state.all_open && !state.open.contains(&path)
                })
                .expect("no thread panics");
            drop(state);
            if answers
                .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
                .is_err()
            {
                return;
            }
        }
    }
}

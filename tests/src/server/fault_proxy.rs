//! A proxy between a program and its server that breaks exchanges off, and logs each of them: the oracle of what a program counts.
//!
//! ```text
//! program -> connection, request -> whole answer of the server -> fault by (seed, connection, number) -> program
//!                                                                 '-> a line of the log
//! ```
//!
//! It reads heads and lengths by itself, so that a mistake of the code under test is not made twice. It closes no connection on
//! which a request may be on its way that it has not logged: a connection that it half-closes is read to its end.

use rustix::net::sockopt::set_socket_linger;
use std::collections::{BTreeMap, HashSet};
use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// What happens to an exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The answer passes as it is.
    None,
    /// It passes, and the program sends on before it is told that the connection is over.
    HalfClose,
    /// It passes byte by byte.
    OneByte,
    /// It passes later.
    Delay(Duration),
    /// The connection is reset before any byte of the answer.
    ResetBefore,
    /// It is closed before any byte of the answer.
    CloseBefore,
    /// It is reset while the body of the request is on its way.
    ResetInRequest,
    /// The request is refused, with its body unread.
    AnswerInRequest,
    /// It is reset when so many bytes of the head have passed.
    ResetInHead(usize),
    /// It is closed when so many bytes of the head have passed.
    CloseInHead(usize),
    /// It is reset when so many bytes of the body have passed.
    ResetInBody(usize),
    /// It is closed when so many bytes of the body have passed.
    CloseInBody(usize),
    /// No answer ever comes.
    Swallow,
}

/// Which exchanges are broken off.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// All faults follow from it.
    pub seed: u64,
    /// One exchange of so many has a fault; none at 0.
    pub one_in: u64,
    /// One connection of so many is reset when it is taken; none at 0.
    pub refuses_one_in: u64,
}

impl Plan {
    /// Passes everything.
    pub const NOTHING: Self = Self {
        seed: 0,
        one_in: 0,
        refuses_one_in: 0,
    };
}

/// A request whose head came to the proxy, and what became of it.
#[derive(Debug, Clone)]
pub struct Exchange {
    /// The number of its connection, from 0.
    pub connection: u64,
    /// How many answers had passed whole on that connection before.
    pub nth: u64,
    /// Its method.
    pub method: String,
    /// Its path and query.
    pub path: String,
    /// The server answered it whole.
    pub is_forwarded: bool,
    /// The status of the server's answer.
    pub status: Option<u16>,
    /// The head of the answer passed whole.
    pub head_passed: bool,
    /// The answer passed whole.
    pub answer_passed: bool,
    /// What happened.
    pub fault: Fault,
}

/// What a program has to have counted after a run that was not cut off.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Heads of requests that came.
    pub heads: u64,
    /// Requests that the server has answered whole.
    pub forwarded: u64,
    /// Heads of answers that passed whole.
    pub answered: u64,
    /// Requests that have to be sent once more.
    pub resent: u64,
    /// Failures of steps by kind, without those of refused connections.
    pub failures: BTreeMap<&'static str, u64>,
    /// Connections that were taken, refused ones included.
    pub connections: u64,
    /// Those that were reset at once.
    pub refused: u64,
}

/// All that a proxy saw.
pub struct Log {
    /// In the order in which their answers ended.
    pub exchanges: Vec<Exchange>,
    connections: u64,
    refused: u64,
}

/// A running proxy.
pub struct FaultProxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    listening: Option<JoinHandle<()>>,
}

struct Shared {
    server: SocketAddr,
    plan: Plan,
    exchanges: Mutex<Vec<Exchange>>,
    more: Condvar,
    connections: AtomicU64,
    refused: AtomicU64,
    is_over: AtomicBool,
}

impl FaultProxy {
    /// Begins to take connections and to pass requests on to a server at `http://ADDRESS`.
    pub fn start(server: &str, plan: Plan) -> Self {
        let server = server.trim_start_matches("http://");
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let address = listener.local_addr().expect("an address");
        let shared = Arc::new(Shared {
            server: server.parse().expect("an address of a server"),
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
            shared,
            listening: Some(listening),
        }
    }

    /// `http://127.0.0.1:PORT`
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
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

impl Log {
    /// What a program has to have counted.
    pub fn tally(&self) -> Tally {
        let mut tally = Tally {
            connections: self.connections,
            refused: self.refused,
            ..Tally::default()
        };
        // A request is sent once more at most, so what is sent again is known by its path, which no other request has.
        let mut sent_again = HashSet::new();
        for one in &self.exchanges {
            tally.heads += 1;
            tally.forwarded += u64::from(one.is_forwarded);
            tally.answered += u64::from(one.head_passed);
            let kind = match one.fault {
                Fault::None | Fault::HalfClose | Fault::OneByte | Fault::Delay(_) => continue,
                Fault::ResetBefore | Fault::CloseBefore | Fault::ResetInRequest => {
                    let is_idempotent = matches!(one.method.as_str(), "GET" | "HEAD" | "PUT");
                    let request = (&one.method, &one.path);
                    if one.nth > 0 && is_idempotent && sent_again.insert(request) {
                        tally.resent += 1;
                        continue;
                    }
                    match one.fault {
                        Fault::CloseBefore => "closed",
                        _ => "reset",
                    }
                }
                Fault::ResetInHead(_) => "reset",
                Fault::CloseInHead(_) => "closed",
                // A redirect is followed whatever its body is.
                Fault::ResetInBody(_) | Fault::CloseInBody(_) if one.status == Some(302) => {
                    continue;
                }
                Fault::ResetInBody(_) | Fault::CloseInBody(_) => "body",
                Fault::Swallow => "timeout",
                Fault::AnswerInRequest => "status",
            };
            *tally.failures.entry(kind).or_default() += 1;
        }
        tally
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
        let refuses = shared.plan.refuses_one_in;
        if refuses > 0 && mixed(shared.plan.seed, number, u64::MAX).is_multiple_of(refuses) {
            shared.refused.fetch_add(1, Ordering::SeqCst);
            reset(stream);
            continue;
        }
        let shared = Arc::clone(shared);
        open.push(std::thread::spawn(move || {
            // It ends when either end is gone; what it has seen is logged by then.
            let _ = Connection::new(stream, number, &shared).and_then(Connection::serve);
        }));
    }
    for thread in open {
        thread.join().expect("no thread panics");
    }
}

/// A number that follows from three others, evenly spread (the mixing of SplitMix64).
fn mixed(seed: u64, connection: u64, nth: u64) -> u64 {
    let mut mixed = seed;
    for part in [connection, nth] {
        mixed = mixed.wrapping_add(part).wrapping_add(0x9e37_79b9_7f4a_7c15);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
    }
    mixed
}

fn reset(stream: TcpStream) {
    // A socket that is gone already needs no reset.
    let _ = set_socket_linger(&stream, Some(Duration::ZERO));
    drop(stream);
}

/// The answer to a request whose body is not read.
const REFUSED: &[u8] =
    b"HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno";

/// A message: its head with the empty line, and its body.
struct Message {
    head: Vec<u8>,
    body: Vec<u8>,
}

impl Message {
    fn bytes(&self) -> Vec<u8> {
        [&*self.head, &*self.body].concat()
    }

    /// The words of its first line.
    fn word(&self, at: usize) -> String {
        let line = self.head.split(|byte| *byte == b'\r').next();
        let line = String::from_utf8_lossy(line.unwrap_or_default()).into_owned();
        line.split(' ').nth(at).unwrap_or_default().to_owned()
    }

    fn has(&self, name: &str, value: &str) -> bool {
        field(&self.head, name).is_some_and(|known| known.eq_ignore_ascii_case(value))
    }
}

fn field(head: &[u8], name: &str) -> Option<String> {
    let text = String::from_utf8_lossy(head).into_owned();
    let mut lines = text.lines().skip(1);
    lines.find_map(|line| {
        let (known, value) = line.split_once(':')?;
        let is_it = known.eq_ignore_ascii_case(name);
        is_it.then(|| value.trim().to_owned())
    })
}

/// Reads the next head. `None` if the connection ended before it was whole.
fn head(stream: &mut TcpStream, left: &mut Vec<u8>) -> std::io::Result<Option<Vec<u8>>> {
    let end = loop {
        if let Some(at) = left.windows(4).position(|part| part == b"\r\n\r\n") {
            break at + 4;
        }
        if more(stream, left)? == 0 {
            return Ok(None);
        }
    };
    Ok(Some(left.drain(..end).collect()))
}

/// How long the body behind a head is, as the head says.
///
/// # Errors
/// It is in chunks, which neither end of these tests sends.
fn length(head: &[u8]) -> std::io::Result<usize> {
    if field(head, "transfer-encoding").is_some() {
        return Err(ErrorKind::InvalidData.into());
    }
    let length = field(head, "content-length");
    Ok(length.map_or(0, |length| length.parse().expect("a length")))
}

/// Reads a body of a length.
fn body(stream: &mut TcpStream, left: &mut Vec<u8>, length: usize) -> std::io::Result<Vec<u8>> {
    while left.len() < length {
        if more(stream, left)? == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(left.drain(..length).collect())
}

fn more(stream: &mut TcpStream, left: &mut Vec<u8>) -> std::io::Result<usize> {
    let mut piece = [0; 16 << 10];
    let count = stream.read(&mut piece)?;
    left.extend_from_slice(&piece[..count]);
    Ok(count)
}

/// A connection of the program and, once it is needed, one to the server.
struct Connection<'a> {
    program: TcpStream,
    server: Option<TcpStream>,
    number: u64,
    nth: u64,
    /// No more answers pass.
    is_half_closed: bool,
    shared: &'a Shared,
}

impl<'a> Connection<'a> {
    fn new(program: TcpStream, number: u64, shared: &'a Shared) -> std::io::Result<Self> {
        program.set_nodelay(true)?;
        Ok(Self {
            program,
            server: None,
            number,
            nth: 0,
            is_half_closed: false,
            shared,
        })
    }

    /// Passes exchanges until the program, a fault or the server ends the connection.
    fn serve(mut self) -> std::io::Result<()> {
        let mut left = Vec::new();
        while let Some(head) = head(&mut self.program, &mut left)? {
            let mut request = Message {
                head,
                body: Vec::new(),
            };
            let length = length(&request.head)?;
            let mut seen = Exchange {
                connection: self.number,
                nth: self.nth,
                method: request.word(0),
                path: request.word(1),
                is_forwarded: false,
                status: None,
                head_passed: false,
                answer_passed: false,
                fault: Fault::CloseBefore,
            };
            if !self.is_half_closed
                && let Some(fault) = self.fault_of_request(length)
            {
                return self.broken_off(seen, fault);
            }
            request.body = body(&mut self.program, &mut left, length)?;
            if self.is_half_closed {
                self.shared.log(seen);
                continue;
            }
            if seen.path.contains("/swallow") {
                seen.fault = Fault::Swallow;
                self.shared.log(seen);
                // The program waits in vain, and closes.
                continue;
            }
            let answer = self.answered(&request);
            seen.is_forwarded = answer.is_some();
            seen.status = answer.as_ref().map(|answer| {
                let status = answer.word(1);
                status.parse().expect("a status")
            });
            let Some(answer) = answer else {
                // The server is gone, and so is the answer.
                self.shared.log(seen);
                return Ok(());
            };
            seen.fault = self.fault(&answer);
            // The fault is logged before the program can do anything because of it.
            let (bytes, head) = (answer.bytes(), answer.head.len());
            let passed = match seen.fault {
                Fault::ResetBefore | Fault::CloseBefore | Fault::Swallow => 0,
                Fault::ResetInRequest | Fault::AnswerInRequest => 0,
                Fault::ResetInHead(count) | Fault::CloseInHead(count) => count,
                Fault::ResetInBody(count) | Fault::CloseInBody(count) => head + count,
                Fault::None | Fault::HalfClose | Fault::OneByte | Fault::Delay(_) => bytes.len(),
            };
            seen.head_passed = passed >= head;
            seen.answer_passed = passed == bytes.len();
            let (fault, has_passed) = (seen.fault, seen.answer_passed);
            self.shared.log(seen);
            self.pass(&bytes[..passed], fault)?;
            match fault {
                Fault::ResetBefore | Fault::ResetInHead(_) | Fault::ResetInBody(_) => {
                    reset(self.program);
                    return Ok(());
                }
                Fault::CloseBefore | Fault::CloseInHead(_) | Fault::CloseInBody(_) => return Ok(()),
                _ => {}
            }
            self.nth += u64::from(has_passed);
            if fault == Fault::HalfClose || answer.has("connection", "close") {
                self.program.shutdown(Shutdown::Write)?;
                self.is_half_closed = true;
            }
        }
        Ok(())
    }

    /// What the plan has for the next exchange: which fault, and a number for its place. `None` if it has none.
    fn planned(&self) -> Option<(u64, usize)> {
        let Plan { seed, one_in, .. } = self.shared.plan;
        let mixed = mixed(seed, self.number, self.nth);
        if one_in == 0 || !mixed.is_multiple_of(one_in) {
            return None;
        }
        let mixed = mixed / one_in;
        let place = usize::try_from(mixed / 12 % (1 << 30)).unwrap_or(0);
        Some((mixed % 12, place))
    }

    /// What happens to the request before its body is read.
    fn fault_of_request(&self, length: usize) -> Option<Fault> {
        match self.planned()?.0 {
            9 => Some(Fault::ResetInRequest),
            10 if length > 0 => Some(Fault::AnswerInRequest),
            _ => None,
        }
    }

    /// Ends the connection before the body of a request was read.
    fn broken_off(mut self, mut seen: Exchange, fault: Fault) -> std::io::Result<()> {
        let has_answer = fault == Fault::AnswerInRequest;
        seen.fault = fault;
        seen.head_passed = has_answer;
        seen.answer_passed = has_answer;
        self.shared.log(seen);
        if !has_answer {
            reset(self.program);
            return Ok(());
        }
        self.program.write_all(REFUSED)?;
        self.program.shutdown(Shutdown::Write)?;
        // What is left unread when a socket is closed makes a reset of it, which may overtake the answer.
        while more(&mut self.program, &mut Vec::new())? > 0 {}
        Ok(())
    }

    /// What happens to the exchange whose answer this is.
    fn fault(&self, answer: &Message) -> Fault {
        let Some((what, place)) = self.planned() else {
            return Fault::None;
        };
        // A body that is cut off has bytes that do not come.
        let in_head = 1 + place % (answer.head.len() - 1);
        let in_body = || place % answer.body.len();
        match what {
            0 => Fault::HalfClose,
            1 => Fault::OneByte,
            2 => Fault::Delay(Duration::from_millis(place as u64 % 30)),
            3 => Fault::ResetBefore,
            4 => Fault::CloseBefore,
            5 => Fault::ResetInHead(in_head),
            6 => Fault::CloseInHead(in_head),
            7 if !answer.body.is_empty() => Fault::ResetInBody(in_body()),
            8 if !answer.body.is_empty() => Fault::CloseInBody(in_body()),
            _ => Fault::None,
        }
    }

    fn pass(&mut self, bytes: &[u8], fault: Fault) -> std::io::Result<()> {
        match fault {
            Fault::OneByte => bytes
                .iter()
                .try_for_each(|byte| self.program.write_all(&[*byte])),
            Fault::Delay(how_long) => {
                std::thread::park_timeout(how_long);
                self.program.write_all(bytes)
            }
            _ => self.program.write_all(bytes),
        }
    }

    /// The server's whole answer; `None` if it closed or cannot be reached.
    fn answered(&mut self, request: &Message) -> Option<Message> {
        let mut server = match self.server.take() {
            Some(server) => server,
            None => {
                let server = TcpStream::connect(self.shared.server).ok()?;
                server.set_nodelay(true).ok()?;
                server
            }
        };
        server.write_all(&request.bytes()).ok()?;
        let mut left = Vec::new();
        let head = head(&mut server, &mut left).ok().flatten()?;
        let body = body(&mut server, &mut left, length(&head).ok()?).ok()?;
        self.server = Some(server);
        Some(Message { head, body })
    }
}

//! The conformance table: requests and answers as raw bytes, run over every transport. All have the same outputs, the same
//! faults and the same counts.
//!
//! ```text
//! Case -> a user and a scripted server on one thread -> outcomes, requests as the server saw them, counts -> compared
//! ```

mod answers;
mod bytes;
mod quic;
mod server;
mod streams;

use crate::user::{User, known, method, run, some, text, value};
use answers::Do;
use bggo_module_http_request::http_client;
use bggo_module_http_request::http_request::{In, Metric, Output, Wanted};
use bggo_runtime::contract::{Fault, Text};
use bggo_tests::server::Certificates;
use server::{Act, Pieces, Server, acceptor, pause};
use std::cell::Cell;
use std::collections::BTreeSet;
use std::rc::Rc;
use std::time::Duration;
use tokio::sync::watch;

/// A transport.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Via {
    /// reqwest.
    Reqwest,
    /// bggo's own.
    Own,
}

impl Via {
    /// Those that there are.
    const ALL: &'static [Self] = &[Self::Own, Self::Reqwest];

    /// What makes a client use it.
    fn inputs(self) -> Vec<http_client::In> {
        let name = match self {
            Self::Reqwest => "reqwest",
            Self::Own => "own",
        };
        vec![http_client::In::Transport(some(Text::Static(name)))]
    }
}

/// What is below HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Over {
    /// The row is run over each.
    Any,
    Tcp,
    Tls,
}

/// A version of HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Speaks {
    One,
    Two,
    Three,
}

/// What a server does.
#[derive(Clone, Copy)]
pub enum Script {
    /// Raw bytes of HTTP/1.
    Bytes(&'static [Act]),
    /// The parts of an answer, in whichever version of HTTP.
    Answers(&'static [Do]),
}

/// A row.
#[derive(Clone, Copy)]
pub struct Case {
    pub name: &'static str,
    /// Where the outcome comes from.
    pub rule: &'static str,
    /// Inputs of the client; the server's address is given.
    pub client: fn(&str) -> Vec<http_client::In>,
    pub requests: &'static [Ask],
    pub server: Script,
    /// What comes of it.
    pub comes: Comes,
    pub over: Over,
    /// The version of HTTP that alone has such a row.
    pub speaks: Option<Speaks>,
    /// The transport that alone is held to it, and why.
    pub only: Option<(Via, &'static str)>,
    /// Transports of which something else comes, and why.
    pub differs: &'static [(Via, &'static str, Comes)],
}

/// What comes of a row.
#[derive(Debug, Clone, Copy)]
pub struct Comes {
    /// One a request.
    pub outcomes: &'static [Outcome],
    /// The number of the connection, from 1, of each head that reached the server.
    pub heads: &'static [u32],
    pub connections: u32,
    pub counts: Counts,
}

/// Counters of the step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    pub requests: u64,
    pub answered: u64,
    pub cut: u64,
    pub resent: u64,
}

/// A request.
#[derive(Clone, Copy)]
pub struct Ask {
    pub method: &'static str,
    /// What follows the server's address, or a whole url; `ADDRESS` in it is the server's address.
    pub url: &'static str,
    pub body: Option<&'static str>,
    /// Headers, as JSON.
    pub headers: &'static str,
    pub more: fn() -> Vec<In>,
    /// Whether the body is read in every run.
    pub reads: bool,
    pub sees: &'static [Sees],
}

/// What a server sees of the request.
#[derive(Debug, Clone, Copy)]
pub enum Sees {
    /// The first line.
    First(&'static str),
    /// A field, whose name may be in any case; `ADDRESS` in its value is the server's address.
    Field(&'static str, &'static str),
    /// A whole line as it stands.
    Line(&'static str),
    /// No field of this name.
    No(&'static str),
    Body(&'static str),
}

/// What comes of a request.
#[derive(Debug, Clone, Copy)]
pub enum Outcome {
    Answer {
        status: u16,
        headers: &'static [(&'static str, &'static str)],
        body: Body,
    },
    /// The text of the fault begins with `says` or holds it behind the first colon; `ADDRESS` is the server's address.
    Fault {
        kind: &'static str,
        says: &'static str,
    },
}

/// The body of an answer.
#[derive(Debug, Clone, Copy)]
pub enum Body {
    /// It came as it is.
    Text(&'static str),
    /// It was smaller or larger on its way.
    Decoded { text: &'static str, size: usize },
    /// So many bytes.
    Size(usize),
}

/// How a table is run.
#[derive(Debug, Clone, Copy)]
struct Way {
    over: Over,
    speaks: Speaks,
    pieces: Pieces,
    /// Whether somebody reads the bodies.
    reads: bool,
}

/// What came of a row.
#[derive(Debug)]
struct Came {
    outcomes: Vec<Result<Output, Fault>>,
    seen: server::Seen,
    counts: Counts,
    address: String,
}

fn go(case: &Case, way: Way, via: Via, certificates: &Certificates) -> Came {
    run(async || {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut address = listener.local_addr().unwrap().to_string();
        let (leave, over) = watch::channel(false);
        let is_secret = way.over == Over::Tls;
        let waits = Rc::new(Cell::new(false));
        let server = Server {
            waits: Rc::clone(&waits),
            listener,
            tls: is_secret.then(|| acceptor(certificates, way.speaks)),
            pieces: way.pieces,
            over,
        };
        let serving = match (case.server, way.speaks) {
            (Script::Bytes(acts), _) => tokio::task::spawn_local(server.follow(acts)),
            (Script::Answers(parts), Speaks::One) => {
                tokio::task::spawn_local(server.follow(answers::over_http_1(parts)))
            }
            (Script::Answers(parts), Speaks::Two) => {
                tokio::task::spawn_local(streams::follow(server, parts))
            }
            (Script::Answers(parts), Speaks::Three) => {
                let over = server.over;
                let server = quic::Server::new(certificates, Rc::clone(&waits), over);
                address = server.address().to_string();
                tokio::task::spawn_local(server.follow(parts))
            }
        };
        let mut client = (case.client)(&address);
        client.extend(via.inputs());
        let version = match (way.speaks, is_secret) {
            (Speaks::One, _) => "1.1",
            (Speaks::Two, false) => "2",
            // The server offers it.
            (Speaks::Two, true) => "auto",
            (Speaks::Three, _) => "3",
        };
        client.push(http_client::In::HttpVersion(some(Text::Static(version))));
        if is_secret {
            client.push(http_client::In::CaFile(some(certificates.path("ca.crt"))));
        }
        let user = User::new(client);
        let mut outcomes = Vec::new();
        for ask in case.requests {
            let scheme = if is_secret { "https" } else { "http" };
            let target = match ask.url.strip_prefix('/') {
                Some(_) => format!("{scheme}://{address}{}", ask.url),
                None => ask.url.replace("ADDRESS", &address),
            };
            let mut inputs = vec![In::Url(known(target)), method(ask.method)];
            inputs.extend(ask.body.map(|body| In::Body(some(body.to_owned()))));
            if !ask.headers.is_empty() {
                inputs.push(In::Headers(some(value(ask.headers))));
            }
            inputs.extend((ask.more)());
            let wanted = if way.reads || ask.reads {
                Wanted::ALL
            } else {
                Wanted::NONE.status_code().headers().size()
            };
            // The server says all that it has to say before the next request.
            while !waits.get() {
                tokio::task::yield_now().await;
            }
            pause().await;
            outcomes.push(user.ask_late(inputs, &[], wanted).await);
        }
        let counts = Counts {
            requests: user.counted(Metric::REQUESTS),
            answered: user.counted(Metric::ANSWERED),
            cut: user.counted(Metric::CUT),
            resent: user.counted(Metric::RESENT),
        };
        user.leave().await;
        leave.send_replace(true);
        let seen = serving.await.unwrap();
        Came {
            outcomes,
            seen,
            counts,
            address,
        }
    })
}

/// What of `came` is not as it should be; empty if all is.
fn compared(case: &Case, comes: &Comes, came: &Came, reads: bool) -> Vec<String> {
    let mut wrong = Vec::new();
    for ((ask, expected), outcome) in case.requests.iter().zip(comes.outcomes).zip(&came.outcomes) {
        let came = said(outcome, reads || ask.reads, expected, &came.address);
        if let Some(came) = came {
            wrong.push(format!("expected {expected:?}, came {came}"));
        }
    }
    let heads: Vec<u32> = came
        .seen
        .requests
        .iter()
        .map(|(number, _)| *number)
        .collect();
    if heads != comes.heads {
        wrong.push(format!(
            "heads on connections {:?}, came {heads:?}",
            comes.heads
        ));
    }
    if came.seen.connections != comes.connections {
        let count = came.seen.connections;
        wrong.push(format!("{} connections, came {count}", comes.connections));
    }
    if came.counts != comes.counts {
        wrong.push(format!("{:?}, came {:?}", comes.counts, came.counts));
    }
    if let Some(number) = came.seen.stopped_at {
        wrong.push(format!("the server waits at act {number} of its script"));
    }
    // Where each request reached the server once, what it saw is judged.
    if case.requests.len() == came.seen.requests.len() {
        for (ask, (_, bytes)) in case.requests.iter().zip(&came.seen.requests) {
            wrong.extend(not_seen(ask.sees, bytes, &came.address));
        }
    }
    wrong
}

/// The outcome in words, if it is another than the expected one.
fn said(
    outcome: &Result<Output, Fault>,
    is_read: bool,
    expected: &Outcome,
    address: &str,
) -> Option<String> {
    match (outcome, expected) {
        (Err(fault), Outcome::Fault { kind, says }) => {
            let says = says.replace("ADDRESS", address);
            let is_right = fault.kind() == *kind && fault.text().contains(&says);
            (!is_right).then(|| format!("{}: {}", fault.kind(), fault.text()))
        }
        (Err(fault), Outcome::Answer { .. }) => Some(format!("{}: {}", fault.kind(), fault.text())),
        (Ok(output), expected) => {
            let shown = || {
                format!(
                    "{} {} with {} bytes",
                    text(&output.status_code),
                    text(&output.headers),
                    text(&output.size)
                )
            };
            let Outcome::Answer {
                status,
                headers,
                body,
            } = expected
            else {
                return Some(shown());
            };
            let field = |name: &str| output.headers.get(name).map(|field| text(&field));
            let size = text(&output.size);
            let is_right = text(&output.status_code) == status.to_string()
                && headers
                    .iter()
                    .all(|(name, value)| field(name).as_deref() == Some(*value))
                && match body {
                    Body::Size(expected) => size == expected.to_string(),
                    Body::Text(words) => {
                        size == words.len().to_string()
                            && (!is_read || text(&output.body) == *words)
                    }
                    Body::Decoded {
                        text: words,
                        size: expected,
                    } => size == expected.to_string() && (!is_read || text(&output.body) == *words),
                };
            (!is_right).then(shown)
        }
    }
}

/// What a server did not see of a request.
fn not_seen(sees: &[Sees], bytes: &[u8], address: &str) -> Vec<String> {
    let all = String::from_utf8_lossy(bytes);
    let (head, body) = all.split_once("\r\n\r\n").unwrap_or((&all, ""));
    let values = |name: &str| {
        let fields = head
            .split("\r\n")
            .skip(1)
            .filter_map(|line| line.split_once(':'));
        let same = fields.filter(|(known, _)| known.eq_ignore_ascii_case(name));
        same.map(|(_, value)| value.trim()).collect::<Vec<_>>()
    };
    let is_seen = |one: &&Sees| match one {
        Sees::First(line) => {
            head.split("\r\n").next() == Some(line.replace("ADDRESS", address).as_str())
        }
        Sees::Field(name, value) => values(name) == [value.replace("ADDRESS", address)],
        Sees::Line(line) => head.split("\r\n").any(|known| known == *line),
        Sees::No(name) => values(name).is_empty(),
        Sees::Body(text) => body == *text,
    };
    let missing = sees.iter().filter(|one| !is_seen(one));
    missing
        .map(|one| format!("the server did not see {one:?} in {all:?}"))
        .collect()
}

/// Rows to which the own transport is not held where an answer comes byte by byte: it does not hear of what came behind an
/// answer while the connection lay idle, and judges the protocol by the first byte alone. This list only becomes shorter.
const NOT_YET_BYTE_BY_BYTE: &[&str] = &["TLS where none is spoken"];

/// How the raw bytes of HTTP/1 are run.
const BYTES: &[Way] = &[
    Way::new(Over::Tcp, Speaks::One, Pieces::Whole, true),
    Way::new(Over::Tcp, Speaks::One, Pieces::Whole, false),
    Way::new(Over::Tcp, Speaks::One, Pieces::Cut, true),
    Way::new(Over::Tcp, Speaks::One, Pieces::Cut, false),
    Way::new(Over::Tls, Speaks::One, Pieces::Whole, true),
    Way::new(Over::Tls, Speaks::One, Pieces::Whole, false),
    Way::new(Over::Tls, Speaks::One, Pieces::Cut, true),
];

/// How the parts of answers are run.
const ANSWERS: &[Way] = &[
    Way::new(Over::Tcp, Speaks::One, Pieces::Whole, true),
    Way::new(Over::Tcp, Speaks::One, Pieces::Whole, false),
    Way::new(Over::Tls, Speaks::One, Pieces::Whole, true),
    Way::new(Over::Tcp, Speaks::Two, Pieces::Whole, true),
    Way::new(Over::Tcp, Speaks::Two, Pieces::Whole, false),
    Way::new(Over::Tls, Speaks::Two, Pieces::Whole, true),
    Way::new(Over::Tls, Speaks::Three, Pieces::Whole, true),
    Way::new(Over::Tls, Speaks::Three, Pieces::Whole, false),
];

impl Way {
    const fn new(over: Over, speaks: Speaks, pieces: Pieces, reads: bool) -> Self {
        Self {
            over,
            speaks,
            pieces,
            reads,
        }
    }
}

/// Why a row is not run that way, if it is not.
fn left_out(case: &Case, way: Way, via: Via) -> Option<&'static str> {
    if case.over != Over::Any && case.over != way.over {
        return Some("it has no sense over the other one of TCP and TLS");
    }
    if case.speaks.is_some_and(|only| only != way.speaks) {
        return Some("another version of HTTP has no such thing");
    }
    if way.speaks == Speaks::Three && via == Via::Reqwest {
        return Some("our reqwest has no HTTP/3");
    }
    if let Some((only, why)) = case.only
        && only != via
    {
        return Some(why);
    }
    let is_cut = way.pieces == Pieces::Cut;
    if via == Via::Own && is_cut && NOT_YET_BYTE_BY_BYTE.contains(&case.name) {
        return Some("it is not held to it byte by byte");
    }
    None
}

/// Runs each row and fails with all that is wrong.
fn hold(rows: &[Case], way: Way) {
    let certificates = Certificates::new(&["localhost", "127.0.0.1"]);
    let mut wrong = Vec::new();
    let mut held = 0;
    for case in rows {
        for via in Via::ALL {
            if left_out(case, way, *via).is_some() {
                continue;
            }
            held += 1;
            let came = go(case, way, *via, &certificates);
            let right = compared(case, &case.comes, &came, way.reads);
            let difference = case.differs.iter().find(|(other, ..)| other == via);
            let faults = match difference {
                None => right,
                Some(_) if right.is_empty() => {
                    vec!["the difference is gone: take it out of the row".to_owned()]
                }
                Some((_, _, other)) => compared(case, other, &came, way.reads),
            };
            let (over, speaks) = (way.over, way.speaks);
            let place = format!(
                "{} ({}), {via:?}, {over:?} {speaks:?}",
                case.name, case.rule
            );
            wrong.extend(faults.into_iter().map(|fault| format!("{place}: {fault}")));
        }
    }
    assert!(held > 0, "no row was run");
    assert!(
        wrong.is_empty(),
        "{} of {held} rows:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

/// Holds the rows in all ways that are like one.
fn hold_all(rows: &[Case], ways: &[Way], is_like: fn(&Way) -> bool) {
    for way in ways.iter().copied().filter(is_like) {
        hold(rows, way);
    }
}

#[test]
fn each_row_holds() {
    hold_all(bytes::ROWS, BYTES, |way| {
        way.over == Over::Tcp && way.pieces == Pieces::Whole
    });
}

#[test]
fn each_row_holds_byte_by_byte() {
    hold_all(bytes::ROWS, BYTES, |way| {
        way.over == Over::Tcp && way.pieces == Pieces::Cut
    });
}

#[test]
fn each_row_holds_over_tls() {
    hold_all(bytes::ROWS, BYTES, |way| {
        way.over == Over::Tls && way.pieces == Pieces::Whole
    });
}

#[test]
fn each_row_holds_over_tls_byte_by_byte() {
    hold_all(bytes::ROWS, BYTES, |way| {
        way.over == Over::Tls && way.pieces == Pieces::Cut
    });
}

#[test]
fn each_answer_is_the_same_in_both_versions_of_http() {
    hold_all(answers::ROWS, ANSWERS, |way| way.speaks != Speaks::Three);
}

#[test]
fn each_answer_is_the_same_over_http_3() {
    hold_all(answers::ROWS, ANSWERS, |way| way.speaks == Speaks::Three);
}

/// In which of the ways a row is run by a transport: over what, and which version of HTTP.
fn runs(case: &Case, ways: &[Way], via: Via) -> Vec<(Over, Speaks)> {
    let run = ways
        .iter()
        .filter(|way| left_out(case, **way, via).is_none());
    let mut runs: Vec<(Over, Speaks)> = run.map(|way| (way.over, way.speaks)).collect();
    runs.dedup();
    runs
}

#[test]
fn each_row_is_run_over_each_transport_or_says_why_not() {
    let (tcp, tls) = (Over::Tcp, Over::Tls);
    let (one, two, three) = (Speaks::One, Speaks::Two, Speaks::Three);
    for (rows, ways) in [(bytes::ROWS, BYTES), (answers::ROWS, ANSWERS)] {
        for (case, via) in rows
            .iter()
            .flat_map(|case| Via::ALL.iter().map(move |via| (case, *via)))
        {
            let all: &[(Over, Speaks)] = match case.server {
                Script::Bytes(_) => &[(tcp, one), (tls, one)],
                Script::Answers(_) => {
                    &[(tcp, one), (tls, one), (tcp, two), (tls, two), (tls, three)]
                }
            };
            let is_meant = |(over, speaks): &&(Over, Speaks)| {
                let is_of_another = case.only.is_some_and(|(only, _)| only != via);
                (case.over == Over::Any || case.over == *over)
                    && case.speaks.is_none_or(|only| only == *speaks)
                    && !(via == Via::Reqwest && *speaks == Speaks::Three)
                    && !is_of_another
            };
            let meant: Vec<(Over, Speaks)> = all.iter().filter(is_meant).copied().collect();
            assert_eq!(runs(case, ways, via), meant, "{}, {via:?}", case.name);
        }
    }
    // What is left out by name stands in the table, and each reason is one.
    let names: Vec<&str> = bytes::ROWS.iter().map(|case| case.name).collect();
    for name in NOT_YET_BYTE_BY_BYTE {
        assert!(names.contains(name), "there is no row {name}");
    }
    let rows = bytes::ROWS.iter().chain(answers::ROWS);
    for case in rows.clone() {
        let reasons = case.differs.iter().map(|(_, why, _)| *why);
        for why in reasons.chain(case.only.map(|(_, why)| why)) {
            assert!(why.len() > 10, "{}: {why:?} is no reason", case.name);
        }
    }
    // Rows that one transport alone is held to: the fewer the better.
    let alone = rows.filter(|case| case.only.is_some()).count();
    assert!(alone <= 2, "{alone} rows are not run over each transport");
}

#[test]
fn names_of_rows_are_unlike_and_each_has_as_many_outcomes_as_requests() {
    let mut names = BTreeSet::new();
    for case in bytes::ROWS.iter().chain(answers::ROWS) {
        assert!(names.insert(case.name), "{} stands there twice", case.name);
        let others = case.differs.iter().map(|(.., comes)| comes);
        for comes in others.chain([&case.comes]) {
            assert_eq!(comes.outcomes.len(), case.requests.len(), "{}", case.name);
            let Counts {
                requests,
                answered,
                cut,
                ..
            } = comes.counts;
            assert_eq!(requests, answered + cut, "{}", case.name);
        }
    }
}

#[test]
fn each_kind_of_failure_of_the_manifest_occurs_in_a_row() {
    let manifest = include_str!("../../../manifest.hcl");
    let (runner, _) = manifest.split_once("\nrunner \"http_events\"").unwrap();
    let kinds: Vec<&str> = runner
        .lines()
        .filter_map(|line| line.strip_prefix("  error \"")?.split('"').next())
        .collect();
    assert!(kinds.len() >= 9, "{kinds:?}");
    let rows = bytes::ROWS.iter();
    let outcomes = rows.flat_map(|case| {
        let others = case.differs.iter().map(|(.., comes)| comes);
        others.chain([&case.comes]).flat_map(|comes| comes.outcomes)
    });
    let shown: BTreeSet<&str> = outcomes
        .filter_map(|outcome| match outcome {
            Outcome::Fault { kind, .. } => Some(*kind),
            Outcome::Answer { .. } => None,
        })
        .collect();
    // No server makes them: a network that does not lead there, and descriptors or ports that are used up.
    for kind in kinds
        .iter()
        .filter(|kind| !["unreachable", "local"].contains(*kind))
    {
        assert!(
            shown.contains(kind),
            "no row has a fault of the kind {kind}"
        );
    }
}

/// An answer that is broken off behind each of its bytes, by a reset and by the end of the connection.
#[test]
fn an_answer_that_breaks_off_anywhere_is_a_fault_of_its_head_or_of_its_body() {
    const HEAD: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n";
    let answer = [HEAD, b"hello"].concat();
    let mut rows = Vec::new();
    for at in 0..answer.len() {
        for (end, kind) in [(Act::Reset, "reset"), (Act::Close, "closed")] {
            let has_head = at >= HEAD.len();
            let (kind, says, counts) = if has_head {
                ("body", "the body from ADDRESS ended early: ", (1, 1, 0))
            } else {
                (kind, "no answer from ADDRESS: ", (1, 0, 1))
            };
            let (requests, answered, cut) = counts;
            // All lives as long as the test.
            let sent: &'static [u8] = answer[..at].to_vec().leak();
            let name: &'static str = format!("broken off behind {at} bytes").leak();
            let outcome = Outcome::Fault { kind, says };
            rows.push(Case {
                name,
                rule: "RFC 9112 8",
                client: |_| Vec::new(),
                requests: &[bytes::GET],
                server: Script::Bytes(vec![Act::Head, Act::Say(sent), Act::Pause, end].leak()),
                comes: Comes {
                    outcomes: vec![outcome].leak(),
                    heads: &[1],
                    connections: 1,
                    counts: Counts {
                        requests,
                        answered,
                        cut,
                        resent: 0,
                    },
                },
                over: Over::Any,
                speaks: None,
                only: None,
                differs: &[],
            });
        }
    }
    for over in [Over::Tcp, Over::Tls] {
        for reads in [true, false] {
            hold(&rows, Way::new(over, Speaks::One, Pieces::Whole, reads));
        }
    }
}

/// A limit that is over while the server stands still.
const SHORT: Duration = Duration::from_millis(300);

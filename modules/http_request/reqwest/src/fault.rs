//! Turns errors of the libraries below into faults: a kind of failure of the manifest, and one clause with the cause.
//!
//! The texts are our own, except those of the operating system: the texts of a library are written for programmers.

use bggo_module_http_request::http_request::Error as Kind;
use bggo_module_http_request::link::{
    self, Hosts, TOO_LARGE_HEAD, Unreadable, cause_by, find, no_answer, word,
};
use bggo_runtime::contract::{Fault, FaultText};
use bggo_wire::{Phase, Trouble};
use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::io;
use url::Url;

/// A host name without an address. The connector passes this error on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NoAddress {
    name: String,
    cause: Option<String>,
}

impl NoAddress {
    /// With the message of the system's resolver.
    pub(crate) fn new(name: &str, cause: Option<&io::Error>) -> Self {
        Self {
            name: name.to_owned(),
            cause: cause.map(|cause| {
                let words = cause.to_string();
                // The standard library puts this text before the system's message.
                let system = words.strip_prefix("failed to lookup address information: ");
                system.unwrap_or(&words).to_owned()
            }),
        }
    }

    fn text(&self, hosts: Hosts) -> FaultText {
        let text = hosts.name(&self.name).and(" has no address");
        match &self.cause {
            Some(cause) => text.and(format_args!(": {cause}")),
            None => text,
        }
    }
}

impl fmt::Display for NoAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name has no address")
    }
}

impl Error for NoAddress {}

/// How far a request without an answer came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reached {
    /// It could not be built.
    Nothing,
    /// A connection was being made.
    Connecting,
    /// A connection was being made, for longer than the time limit.
    ConnectTimeout,
    /// It was sent, at least in part.
    Sent,
}

/// The fault for a request that got no answer.
pub(crate) fn unanswered(
    error: &(dyn Error + 'static),
    reached: Reached,
    url: &Url,
    hosts: Hosts,
) -> Fault {
    let about = |words: &'static str| FaultText::plain(words).and_text(&hosts.place(url));
    if let Some(cause) = find::<NoAddress>(error) {
        return Kind::Dns.fault(cause.text(hosts));
    }
    if let Some(cause) = find::<Unreadable>(error) {
        return Kind::Request.fault(cause.0.clone());
    }
    if let Some(cause) = find::<rustls::Error>(error) {
        let text = about("no secure connection to ").and(": ");
        return Kind::Tls.fault(text.and_text(&bggo_wire::explain_tls(cause, hosts.named())));
    }
    let by_system = find::<io::Error>(error).is_some_and(|error| error.raw_os_error().is_some());
    let because = |text: FaultText| text.and(format_args!(": {}", cause(error)));
    match reached {
        Reached::Nothing => Kind::Request.fault("the request cannot be sent as it is"),
        Reached::ConnectTimeout if !by_system => {
            Kind::Connect.fault(about("connecting to ").and(" took longer than connect_timeout"))
        }
        Reached::Connecting | Reached::ConnectTimeout => {
            let text = because(about("no connection to "));
            match find::<io::Error>(error).filter(|_| by_system) {
                Some(error) => Trouble::of_system(Phase::Dial, error).fault(text),
                None => Kind::Connect.fault(text),
            }
        }
        Reached::Sent => of_lost(error).fault(because(no_answer(url, hosts))),
    }
}

/// The kind of a connection that was lost before an answer.
fn of_lost(error: &(dyn Error + 'static)) -> Kind {
    if let Some(error) = find::<h2::Error>(error) {
        return lost_over_http_2(error);
    }
    let by_system = find::<io::Error>(error);
    match by_system.map(io::Error::kind) {
        Some(io::ErrorKind::ConnectionReset) => Kind::Reset,
        // The end of a connection is a broken pipe to h2 as well: only the system's own is a reset.
        Some(io::ErrorKind::BrokenPipe)
            if by_system.is_some_and(|error| error.raw_os_error().is_some()) =>
        {
            Kind::Reset
        }
        _ if is_closed(error) => Kind::Closed,
        _ => Kind::Protocol,
    }
}

/// The kind of failure of a request over HTTP/2 that was lost before its answer.
fn lost_over_http_2(error: &h2::Error) -> Kind {
    match error.get_io().map(io::Error::kind) {
        Some(io::ErrorKind::ConnectionReset) => Kind::Reset,
        // The end of the connection is a broken pipe to h2.
        Some(_) if is_closed(error) => Kind::Closed,
        // The server ends the connection with a word, or gives this one request up.
        None if error.is_go_away() && error.is_remote() => Kind::Closed,
        None if error.is_reset() && error.is_remote() => Kind::Reset,
        _ => Kind::Protocol,
    }
}

/// Whether a connection was closed by the other end before an answer came.
pub(crate) fn is_closed(error: &(dyn Error + 'static)) -> bool {
    if let Some(error) = find::<h2::Error>(error) {
        // It has no source, so what the system said is asked of itself.
        let by_system = error.get_io();
        return by_system.is_some_and(link::is_closed_by_system)
            || error.is_go_away() && error.is_remote();
    }
    link::is_closed(error)
        || find::<hyper::Error>(error).is_some_and(|error| {
            error.is_incomplete_message() || error.is_closed() || error.is_canceled()
        })
}

/// The deepest cause that we have a text for: an error of the operating system, or what was wrong with the answer.
pub(crate) fn cause(error: &(dyn Error + 'static)) -> Cow<'static, str> {
    cause_by(error, |error| {
        let of_http_1 = || error.downcast_ref::<hyper::Error>().and_then(of_http_1);
        let of_http_2 = || error.downcast_ref::<h2::Error>().and_then(of_http_2);
        let here = || of_http_1().or_else(|| of_proxy(error)).map(Cow::Borrowed);
        word(error).or_else(of_http_2).or_else(here)
    })
}

fn of_http_2(error: &h2::Error) -> Option<Cow<'static, str>> {
    let Some(reason) = error.reason() else {
        return error
            .get_io()
            .is_some()
            .then(|| "the connection is closed".into())
            .or(Some("what came is no HTTP/2".into()));
    };
    let name = reason_name(reason.into());
    Some(if error.is_library() {
        format!("what came is no right HTTP/2 ({name})").into()
    } else if error.is_go_away() {
        format!("the other end ended the HTTP/2 connection ({name})").into()
    } else {
        format!("the other end gave the HTTP/2 stream up ({name})").into()
    })
}

/// A reason's name in RFC 9113, section 7.
fn reason_name(code: u32) -> &'static str {
    const NAMES: [&str; 14] = [
        "NO_ERROR",
        "PROTOCOL_ERROR",
        "INTERNAL_ERROR",
        "FLOW_CONTROL_ERROR",
        "SETTINGS_TIMEOUT",
        "STREAM_CLOSED",
        "FRAME_SIZE_ERROR",
        "REFUSED_STREAM",
        "CANCEL",
        "COMPRESSION_ERROR",
        "CONNECT_ERROR",
        "ENHANCE_YOUR_CALM",
        "INADEQUATE_SECURITY",
        "HTTP_1_1_REQUIRED",
    ];
    usize::try_from(code)
        .ok()
        .and_then(|code| NAMES.get(code))
        .copied()
        .unwrap_or("a reason of its own")
}

fn of_http_1(error: &hyper::Error) -> Option<&'static str> {
    if error.is_parse_too_large() {
        Some(TOO_LARGE_HEAD)
    } else if error.is_parse_version_h2() {
        Some("HTTP/2 came where HTTP/1 was asked for")
    } else if error.is_parse() {
        Some("what came is no HTTP/1")
    } else if error.is_incomplete_message() {
        Some("the other end closed the connection before the answer was complete")
    } else if error.is_closed() || error.is_canceled() {
        Some("the connection is closed")
    } else if error.is_body_write_aborted() {
        Some("the request's body could not be sent")
    } else {
        None
    }
}

/// The errors of proxies have no public types, so they are recognised by their texts.
fn of_proxy(error: &(dyn Error + 'static)) -> Option<&'static str> {
    let text = error.to_string();
    if let Some(tunnel) = text.strip_prefix("tunnel error: ") {
        return Some(match tunnel {
            "proxy authorization required" => {
                "the proxy asks for a user and password, or for others than its url has"
            }
            "unsuccessful" => "the proxy would not connect",
            "unexpected end of file" => "the proxy closed the connection",
            _ => "the proxy's answer makes no sense",
        });
    }
    let socks = text.strip_prefix("SOCKS error: ")?;
    Some(if socks.contains("uthent") || socks.contains("auth") {
        "the SOCKS proxy asks for a user and password, or for others than its url has"
    } else if socks.contains("parsing") {
        "what came is no SOCKS proxy's answer"
    } else {
        "the SOCKS proxy would not connect"
    })
}

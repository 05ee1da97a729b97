//! Turns errors of the libraries below into faults: a kind of failure of the manifest, and one clause with the cause.
//!
//! The texts are our own, except those of the operating system: the texts of a library are written for programmers.

use crate::hosts::Hosts;
use crate::http_request::Error as Kind;
use bggo_runtime::contract::{Fault, FaultText};
use bggo_wire::Kind::TooLarge;
use bggo_wire::Trouble;
use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::io;
use url::{ParseError, Url};

/// A file of the body that cannot be read. The sender passes this error on.
#[derive(Debug)]
pub struct Unreadable(pub FaultText);

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a file cannot be read")
    }
}

impl Error for Unreadable {}

/// Why a file cannot be read. If a relative path is not found, the text names the absolute path that was tried.
pub(crate) fn unreadable_file(what: &str, path: &str, error: &io::Error) -> FaultText {
    let text = FaultText::plain(format_args!("the {what} "))
        .and_value(path)
        .and(format_args!(" cannot be read: {error}"));
    match std::path::absolute(path) {
        Ok(tried) if error.kind() == io::ErrorKind::NotFound && tried.as_os_str() != path => text
            .and("; ")
            .and_value(tried.display())
            .and(" was tried: a path is relative to the folder where the program runs"),
        _ => text,
    }
}

/// The most fields that the head of an answer may have, over every version of HTTP.
pub const HEAD_FIELDS: usize = 1_000;
/// The most bytes of its names and values. Over HTTP/1 all bytes of the head count, with the ends of its lines.
pub const HEAD_BYTES: usize = 256 << 10;
/// What is wrong with an answer whose head is larger.
pub const TOO_LARGE_HEAD: &str = "its head has more than 1,000 fields or is larger than 256 KiB";

/// The beginning of a text that says why there is no answer.
pub fn no_answer(url: &Url, hosts: Hosts) -> FaultText {
    FaultText::plain("no answer from ").and_text(&hosts.place(url))
}

/// The fault for a connection that cannot be made.
pub fn of_dial(trouble: &Trouble, url: &Url, hosts: Hosts) -> Fault {
    match trouble.connect_limit() {
        None => trouble.fault(trouble.text().clone()),
        Some(_) => {
            let text = FaultText::plain("connecting to ").and_text(&hosts.place(url));
            trouble.fault(text.and(" took longer than connect_timeout"))
        }
    }
}

/// The fault for a connection that broke, or was closed, before the answer.
pub(crate) fn of_exchange(trouble: &Trouble, url: &Url, hosts: Hosts) -> Fault {
    match trouble.kind() {
        TooLarge => too_large_head(url, hosts),
        _ => trouble.fault(no_answer(url, hosts).and(": ").and_text(trouble.text())),
    }
}

/// The fault for an answer that is none.
pub(crate) fn of_answer(cause: &FaultText, url: &Url, hosts: Hosts) -> Fault {
    Kind::Protocol.fault(no_answer(url, hosts).and(": ").and_text(cause))
}

/// The fault for a request over HTTP/2 that the other end gave up before its answer, or with the connection.
pub(crate) fn given_up(kind: Kind, cause: &FaultText, url: &Url, hosts: Hosts) -> Fault {
    kind.fault(no_answer(url, hosts).and(": ").and_text(cause))
}

/// The fault for an answer whose head is too large.
pub fn too_large_head(url: &Url, hosts: Hosts) -> Fault {
    Kind::Protocol.fault(no_answer(url, hosts).and(format_args!(": {TOO_LARGE_HEAD}")))
}

/// The fault for an answer whose body did not come to its end.
pub(crate) fn unfinished(cause: &FaultText, url: &Url, hosts: Hosts) -> Fault {
    Kind::Body.fault(
        FaultText::plain("the body from ")
            .and_text(&hosts.place(url))
            .and(" ended early: ")
            .and_text(cause),
    )
}

/// Whether a connection was closed by the other end before an answer came.
pub fn is_closed(error: &(dyn Error + 'static)) -> bool {
    find::<io::Error>(error).is_some_and(is_closed_by_system)
}

/// Whether the system said that a connection was closed by the other end.
pub fn is_closed_by_system(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe
            | io::ErrorKind::NotConnected
            | io::ErrorKind::UnexpectedEof
    )
}

/// What is wrong with a url.
pub fn of_url(error: ParseError) -> &'static str {
    match error {
        ParseError::EmptyHost => "it has no host",
        ParseError::InvalidPort => "its port is no number from 0 to 65535",
        ParseError::InvalidIpv4Address => "its host is like an IPv4 address, but is none",
        ParseError::InvalidIpv6Address => "its host is like an IPv6 address, but is none",
        ParseError::IdnaError | ParseError::InvalidDomainCharacter => {
            "its host holds what no name can"
        }
        ParseError::RelativeUrlWithoutBase
        | ParseError::RelativeUrlWithCannotBeABaseBase
        | ParseError::SetHostOnCannotBeABaseUrl => "it does not begin with http:// or https://",
        ParseError::Overflow => "it is too long",
        _ => "it is malformed",
    }
}

/// The cause of a type, at any depth. An `io::Error` shows the cause of what it wraps but not the wrapped error itself.
pub fn find<'a, T: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a T> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<T>() {
            return Some(found);
        }
        let wrapped = error
            .downcast_ref::<io::Error>()
            .and_then(|io| io.get_ref());
        if let Some(found) = wrapped.and_then(|inner| find::<T>(inner)) {
            return Some(found);
        }
        next = error.source();
    }
    None
}

/// The deepest cause that `word` has a text for.
pub fn cause_by(
    error: &(dyn Error + 'static),
    word: fn(&(dyn Error + 'static)) -> Option<Cow<'static, str>>,
) -> Cow<'static, str> {
    let mut words = None;
    let mut next = Some(error);
    while let Some(error) = next {
        words = word(error).or(words);
        next = error.source().or_else(|| {
            let wrapped = error.downcast_ref::<io::Error>()?.get_ref()?;
            Some(wrapped as &(dyn Error + 'static))
        });
    }
    words.unwrap_or(Cow::Borrowed("the connection failed"))
}

/// What an error says of the operating system.
pub fn word(error: &(dyn Error + 'static)) -> Option<Cow<'static, str>> {
    error.downcast_ref::<io::Error>().and_then(of_system)
}

fn of_system(error: &io::Error) -> Option<Cow<'static, str>> {
    if error.raw_os_error().is_some() {
        return Some(error.to_string().into());
    }
    match error.kind() {
        io::ErrorKind::UnexpectedEof => Some("the other end closed the connection".into()),
        io::ErrorKind::ConnectionReset => Some("the other end reset the connection".into()),
        io::ErrorKind::BrokenPipe | io::ErrorKind::NotConnected => {
            Some("the connection is closed".into())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http_request::Error as Kind;

    #[test]
    fn a_relative_path_that_is_not_there_says_what_it_is_relative_to() {
        let error = io::Error::from(io::ErrorKind::NotFound);
        let folder = std::env::current_dir().unwrap();
        let text = |what, path| {
            let fault = Kind::Request.fault(unreadable_file(what, path, &error));
            fault.to_string()
        };
        assert_eq!(
            text("file", "data/x.json"),
            format!(
                "the file data/x.json cannot be read: {error}; {}/data/x.json was tried: a path is relative to the folder where the program runs",
                folder.display()
            )
        );
        assert_eq!(
            text("ca_file", "/nowhere/ca"),
            format!("the ca_file /nowhere/ca cannot be read: {error}")
        );
    }
}

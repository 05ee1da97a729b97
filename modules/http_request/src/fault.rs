//! Turns what the HTTP stack says into a fault: a kind out of the manifest's, and one clause with the cause that helps.

use crate::http_request::Error as Kind;
use bggo_runtime::contract::Fault;
use reqwest::Url;
use std::error::Error;
use std::fmt;
use std::io;

/// A host's name without an address, on its way through the connector.
#[derive(Debug)]
pub(crate) struct NoAddress(pub(crate) String);

impl fmt::Display for NoAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for NoAddress {}

/// A file that was to be sent and cannot be read, on its way through the sender.
#[derive(Debug)]
pub(crate) struct Unreadable(pub(crate) String);

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for Unreadable {}

/// Why a file cannot be read. Of a relative path it says what it is relative to, with the path that was tried.
pub(crate) fn unreadable_file(what: &str, path: &str, error: &io::Error) -> String {
    let text = format!("the {what} {path} cannot be read: {error}");
    match std::path::absolute(path) {
        Ok(tried) if error.kind() == io::ErrorKind::NotFound && tried.as_os_str() != path => {
            let tried = tried.display();
            format!(
                "{text}; {tried} was tried: a path is relative to the folder where the program runs"
            )
        }
        _ => text,
    }
}

/// The fault for a request that got no answer.
pub(crate) fn unanswered(error: &reqwest::Error, url: &Url) -> Fault {
    let host = place(url);
    if let Some(cause) = find::<NoAddress>(error) {
        return Kind::Dns.fault(cause.to_string());
    }
    if let Some(cause) = find::<Unreadable>(error) {
        return Kind::Request.fault(cause.to_string());
    }
    if let Some(cause) = find::<rustls::Error>(error) {
        return Kind::Tls.fault(format!("no secure connection to {host}: {cause}"));
    }
    if error.is_timeout() {
        return Kind::Timeout.fault(format!(
            "connecting to {host} took longer than connect_timeout"
        ));
    }
    if error.is_connect() {
        return Kind::Connect.fault(format!("no connection to {host}: {}", root(error)));
    }
    if error.is_builder() {
        return Kind::Request.fault(format!("the request cannot be made: {}", root(error)));
    }
    Kind::Protocol.fault(format!("no answer from {host}: {}", root(error)))
}

/// The fault for an answer whose body did not come to its end.
pub(crate) fn unfinished(error: &reqwest::Error, url: &Url) -> Fault {
    Kind::Body.fault(format!(
        "the body from {} ended early: {}",
        place(url),
        root(error)
    ))
}

/// Host and port: never the path or query, which may hold what is sensitive.
fn place(url: &Url) -> String {
    let host = url.host_str().unwrap_or("?");
    url.port_or_known_default()
        .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// The cause of a type, at any depth. An `io::Error` shows the cause of what it wraps but not the wrapped error itself.
fn find<'a, T: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a T> {
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

/// The deepest cause: what the operating system or the parser said.
fn root(error: &dyn Error) -> String {
    let mut deepest = error;
    while let Some(cause) = deepest.source() {
        deepest = cause;
    }
    deepest.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relative_path_that_is_not_there_says_what_it_is_relative_to() {
        let error = io::Error::from(io::ErrorKind::NotFound);
        let folder = std::env::current_dir().unwrap();
        assert_eq!(
            unreadable_file("file", "data/x.json", &error),
            format!(
                "the file data/x.json cannot be read: {error}; {}/data/x.json was tried: a path is relative to the folder where the program runs",
                folder.display()
            )
        );
        assert_eq!(
            unreadable_file("ca_file", "/nowhere/ca", &error),
            format!("the ca_file /nowhere/ca cannot be read: {error}")
        );
    }
}

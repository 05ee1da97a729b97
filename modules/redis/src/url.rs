//! Where a server is, and who asks it: the url of a connection.

use std::fmt;
use std::path::PathBuf;

/// The port of a url that names none.
const PORT: u16 = 6379;

/// A url, read.
#[derive(PartialEq, Eq)]
pub(crate) struct Url {
    pub(crate) place: Place,
    pub(crate) is_secure: bool,
    pub(crate) username: Option<String>,
    pub(crate) password: Option<String>,
    pub(crate) database: Option<u32>,
}

/// Where the server is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    Host(String, u16),
    Unix(PathBuf),
}

impl fmt::Debug for Url {
    /// Leaves the password out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Url")
            .field("place", &self.place)
            .finish_non_exhaustive()
    }
}

impl Url {
    /// Reads a url; `None` if it is none of a server of Redis.
    pub(crate) fn read(url: &str) -> Option<Self> {
        if let Some(path) = url.strip_prefix("unix://") {
            return path.starts_with('/').then(|| Self {
                place: Place::Unix(path.into()),
                is_secure: false,
                username: None,
                password: None,
                database: None,
            });
        }
        let (is_secure, rest) = match url.strip_prefix("rediss://") {
            Some(rest) => (true, rest),
            None => (false, url.strip_prefix("redis://")?),
        };
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let database = match path {
            "" => None,
            digits => Some(digits.parse().ok()?),
        };
        let (of_user, host) = match authority.rsplit_once('@') {
            Some((of_user, host)) => (Some(of_user), host),
            None => (None, authority),
        };
        let (username, password) = match of_user {
            None => (None, None),
            Some(of_user) => match of_user.split_once(':') {
                Some((user, password)) => (Some(decoded(user)?), Some(decoded(password)?)),
                None => (Some(decoded(of_user)?), None),
            },
        };
        let (host, port) = of_host(host)?;
        Some(Self {
            place: Place::Host(host.to_owned(), port),
            is_secure,
            username: username.filter(|name| !name.is_empty()),
            password,
            database,
        })
    }
}

/// A host, and the port behind it. An address of IPv6 stands in brackets.
fn of_host(text: &str) -> Option<(&str, u16)> {
    let (host, rest) = match text.strip_prefix('[') {
        Some(inner) => inner.split_once(']')?,
        None => match text.split_once(':') {
            Some((host, _)) => text.split_at(host.len()),
            None => (text, ""),
        },
    };
    if host.is_empty() {
        return None;
    }
    match rest.strip_prefix(':') {
        None => rest.is_empty().then_some((host, PORT)),
        Some(port) => {
            let port = port
                .parse()
                .ok()
                .filter(|port| *port > 0 && !rest.contains('+'))?;
            Some((host, port))
        }
    }
}

/// A text with `%xx` read.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, behind)) = rest.split_first() {
        rest = behind;
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let (digits, behind) = rest.split_at_checked(2)?;
        let digits = std::str::from_utf8(digits).ok()?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        rest = behind;
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(host: &str, port: u16) -> Url {
        Url {
            place: Place::Host(host.to_owned(), port),
            is_secure: false,
            username: None,
            password: None,
            database: None,
        }
    }

    #[test]
    fn a_url_says_where_and_who() {
        let some = |text: &str| Some(text.to_owned());
        for (url, expected) in [
            ("redis://a", at("a", 6379)),
            (
                "redis://:p%40ss@a:7/3",
                Url {
                    password: some("p@ss"),
                    database: Some(3),
                    ..at("a", 7)
                },
            ),
            (
                "rediss://ada:x:y@[::1]:7/",
                Url {
                    is_secure: true,
                    username: some("ada"),
                    password: some("x:y"),
                    ..at("::1", 7)
                },
            ),
            (
                "unix:///run/redis",
                Url {
                    place: Place::Unix("/run/redis".into()),
                    ..at("", 0)
                },
            ),
        ] {
            assert_eq!(Url::read(url), Some(expected), "{url}");
        }
    }

    #[test]
    fn what_is_none_is_refused() {
        for url in [
            "http://a",
            "redis://",
            "redis://a:0",
            "redis://a:65536",
            "redis://a:+1",
            "redis://a:x",
            "redis://a/b",
            "redis://:%zz@a",
            "redis://[::1",
            "unix://a",
            "redis://:%ff@a",
        ] {
            assert_eq!(Url::read(url), None, "{url}");
        }
    }

    #[test]
    fn nobody_sees_the_password() {
        let shown = format!("{:?}", Url::read("redis://:secret@a"));
        assert!(!shown.contains("secret"), "{shown}");
    }
}

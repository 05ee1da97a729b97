//! Where a server is, and who asks it: the url of a connection.

use std::fmt;

/// A url, read.
#[derive(PartialEq, Eq)]
pub(crate) struct Url {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) is_secure: bool,
    pub(crate) username: Option<String>,
    pub(crate) password: Option<String>,
    pub(crate) vhost: Option<String>,
}

impl fmt::Debug for Url {
    /// Leaves the password out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Url")
            .field("host", &self.host)
            .field("port", &self.port)
            .finish_non_exhaustive()
    }
}

impl Url {
    /// Reads a url; `None` if it is none of a server that speaks AMQP.
    pub(crate) fn read(url: &str) -> Option<Self> {
        let (is_secure, rest) = match url.strip_prefix("amqps://") {
            Some(rest) => (true, rest),
            None => (false, url.strip_prefix("amqp://")?),
        };
        let (authority, vhost) = rest.split_once('/').unwrap_or((rest, ""));
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
        let (host, port) = of_host(host, if is_secure { 5671 } else { 5672 })?;
        if vhost.contains(['/', '?', '#']) {
            return None;
        }
        Some(Self {
            host: host.to_owned(),
            port,
            is_secure,
            username: username.filter(|name| !name.is_empty()),
            password,
            vhost: Some(decoded(vhost)?).filter(|vhost| !vhost.is_empty()),
        })
    }
}

/// A host, and the port behind it. An address of IPv6 stands in brackets.
fn of_host(text: &str, otherwise: u16) -> Option<(&str, u16)> {
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
        None => rest.is_empty().then_some((host, otherwise)),
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
            host: host.to_owned(),
            port,
            is_secure: false,
            username: None,
            password: None,
            vhost: None,
        }
    }

    #[test]
    fn a_url_says_where_and_who() {
        let some = |text: &str| Some(text.to_owned());
        for (url, expected) in [
            ("amqp://a", at("a", 5672)),
            ("amqp://a/", at("a", 5672)),
            (
                "amqp://ada:p%40ss@a:7/shop%2Fone",
                Url {
                    username: some("ada"),
                    password: some("p@ss"),
                    vhost: some("shop/one"),
                    ..at("a", 7)
                },
            ),
            (
                "amqps://[::1]/%2F",
                Url {
                    is_secure: true,
                    vhost: some("/"),
                    ..at("::1", 5671)
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
            "amqp://",
            "amqp://a:0",
            "amqp://a:65536",
            "amqp://a:+1",
            "amqp://a/b/c",
            "amqp://:%zz@a",
            "amqp://[::1",
            "amqp://:%ff@a",
        ] {
            assert_eq!(Url::read(url), None, "{url}");
        }
    }

    #[test]
    fn nobody_sees_the_password() {
        let shown = format!("{:?}", Url::read("amqp://ada:secret@a"));
        assert!(!shown.contains("secret"), "{shown}");
    }
}

//! Urls of MongoDB, of one host: `mongodb://USER:PASSWORD@HOST:PORT/DATABASE?NAME=VALUE`.

use std::fmt;

/// The port of a url that names none.
const PORT: u16 = 27017;

/// What a url says. What it does not say is `None`.
#[derive(PartialEq, Eq)]
pub(crate) struct Url {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) username: Option<String>,
    pub(crate) password: Option<String>,
    pub(crate) database: Option<String>,
    pub(crate) auth_source: Option<String>,
    pub(crate) auth_mechanism: Option<String>,
    pub(crate) app_name: Option<String>,
    pub(crate) replica_set: Option<String>,
    pub(crate) tls: Option<bool>,
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
    /// Reads a url.
    ///
    /// # Errors
    /// It is none that can be followed: a clause that says why, and nothing of what stands in it.
    pub(crate) fn read(text: &str) -> Result<Self, &'static str> {
        if text.starts_with("mongodb+srv://") {
            return Err(
                "mongodb+srv:// is not looked up: name the primary or a mongos by mongodb://",
            );
        }
        let rest = text
            .strip_prefix("mongodb://")
            .ok_or("it begins with mongodb://")?;
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (place, database) = rest.split_once('/').unwrap_or((rest, ""));
        let (who, place) = match place.rsplit_once('@') {
            Some((who, place)) => (Some(who), place),
            None => (None, place),
        };
        let (username, password) = match who.map(|who| who.split_once(':').ok_or(who)) {
            None => (None, None),
            Some(Ok((user, password))) => (Some(decoded(user)?), Some(decoded(password)?)),
            Some(Err(user)) => (Some(decoded(user)?), None),
        };
        let (host, port) = host_and_port(place)?;
        let mut url = Self {
            host: host.to_owned(),
            port,
            username: username.filter(|name| !name.is_empty()),
            password,
            database: Some(decoded(database)?).filter(|name| !name.is_empty()),
            auth_source: None,
            auth_mechanism: None,
            app_name: None,
            replica_set: None,
            tls: None,
        };
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            url.option(pair)?;
        }
        Ok(url)
    }

    fn option(&mut self, pair: &str) -> Result<(), &'static str> {
        const PLAIN: &str = "an option is a name, = and a value";
        let (name, value) = pair.split_once('=').ok_or(PLAIN)?;
        let value = decoded(value)?;
        match name {
            "authSource" => self.auth_source = Some(value),
            "authMechanism" => self.auth_mechanism = Some(value),
            "appName" => self.app_name = Some(value),
            "replicaSet" => self.replica_set = Some(value),
            "tls" | "ssl" => self.tls = Some(truth(&value)?),
            // Other connections are never looked for.
            "directConnection" => {
                truth(&value)?;
            }
            "retryWrites" | "retryReads" => {
                return Err("nothing is sent twice here: leave out retryWrites and retryReads");
            }
            "compressors" => return Err("messages are not compressed: leave out compressors"),
            _ => {
                return Err(
                    "of the options behind ? it may have authSource, authMechanism, appName, tls, directConnection and replicaSet",
                );
            }
        }
        Ok(())
    }
}

fn truth(text: &str) -> Result<bool, &'static str> {
    match text {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err("tls and directConnection are true or false"),
    }
}

/// A host, and the port behind it. An address of IPv6 stands in brackets.
fn host_and_port(place: &str) -> Result<(&str, u16), &'static str> {
    if place.contains(',') {
        return Err("it names one host: the primary or a mongos");
    }
    let (host, port) = match place.strip_prefix('[') {
        Some(inner) => {
            let (host, behind) = inner.split_once(']').ok_or("a bracket is not closed")?;
            match (behind.strip_prefix(':'), behind) {
                (Some(port), _) => (host, port),
                (None, "") => (host, ""),
                _ => return Err("behind a host stands a port or nothing"),
            }
        }
        None => match place.split_once(':') {
            Some((_, port)) if port.contains(':') => {
                return Err("an address of IPv6 stands in brackets");
            }
            Some(both) => both,
            None => (place, ""),
        },
    };
    if host.is_empty() {
        return Err("it names a host");
    }
    let is_number = port.bytes().all(|byte| byte.is_ascii_digit());
    let port = match port {
        "" => Some(PORT),
        text => text.parse().ok().filter(|port| is_number && *port > 0),
    };
    Ok((host, port.ok_or("a port is a number from 1 to 65535")?))
}

/// A text with `%xx` read.
fn decoded(text: &str) -> Result<String, &'static str> {
    const WRONG: &str = "behind a percent sign stand two hexadecimal digits of UTF-8";
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, behind)) = rest.split_first() {
        rest = behind;
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let (digits, behind) = rest.split_at_checked(2).ok_or(WRONG)?;
        let is_number = digits.iter().all(u8::is_ascii_hexdigit);
        let digits = std::str::from_utf8(digits).ok().filter(|_| is_number);
        let byte = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.push(byte.ok_or(WRONG)?);
        rest = behind;
    }
    String::from_utf8(bytes).map_err(|_| WRONG)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(host: &str, port: u16) -> Url {
        Url {
            host: host.to_owned(),
            port,
            username: None,
            password: None,
            database: None,
            auth_source: None,
            auth_mechanism: None,
            app_name: None,
            replica_set: None,
            tls: None,
        }
    }

    #[test]
    fn a_url_says_where_and_who_and_how() {
        let some = |text: &str| Some(text.to_owned());
        for (url, expected) in [
            ("mongodb://a", at("a", 27017)),
            ("mongodb://a/?", at("a", 27017)),
            (
                "mongodb://ada:p%40ss@[::1]:7/shop?authSource=users&tls=true&appName=a%20b",
                Url {
                    username: some("ada"),
                    password: some("p@ss"),
                    database: some("shop"),
                    auth_source: some("users"),
                    app_name: some("a b"),
                    tls: Some(true),
                    ..at("::1", 7)
                },
            ),
            (
                "mongodb://CN=ada@a?authMechanism=MONGODB-X509&replicaSet=rs&directConnection=true&ssl=false",
                Url {
                    username: some("CN=ada"),
                    auth_mechanism: some("MONGODB-X509"),
                    replica_set: some("rs"),
                    tls: Some(false),
                    ..at("a", 27017)
                },
            ),
        ] {
            assert_eq!(Url::read(url), Ok(expected), "{url}");
        }
    }

    #[test]
    fn what_cannot_be_followed_is_refused() {
        for (url, words) in [
            ("http://a", "mongodb://"),
            ("mongodb+srv://a", "not looked up"),
            ("mongodb://", "names a host"),
            ("mongodb://a,b", "one host"),
            ("mongodb://a:0", "a port"),
            ("mongodb://a:+1", "a port"),
            ("mongodb://a:65536", "a port"),
            ("mongodb://::1", "brackets"),
            ("mongodb://[::1", "bracket"),
            ("mongodb://[::1]x", "a port or nothing"),
            ("mongodb://u:%zz@a", "percent"),
            ("mongodb://u:%+1@a", "percent"),
            ("mongodb://u:%ff@a", "percent"),
            ("mongodb://a?tls", "a name, = and a value"),
            ("mongodb://a?tls=1", "true or false"),
            ("mongodb://a?retryWrites=true", "nothing is sent twice"),
            ("mongodb://a?compressors=zlib", "not compressed"),
            ("mongodb://a?w=1", "of the options"),
        ] {
            let why = Url::read(url).unwrap_err();
            assert!(why.contains(words), "{url}: {why}");
        }
    }

    #[test]
    fn nobody_sees_the_password() {
        let shown = format!("{:?}", Url::read("mongodb://u:secret@a"));
        assert!(!shown.contains("secret"), "{shown}");
    }
}

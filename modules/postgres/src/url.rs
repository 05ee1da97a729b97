//! Urls of PostgreSQL, as its own tools read them: `postgres://USER:PASSWORD@HOST:PORT/DATABASE?NAME=VALUE`.

/// What a url says. What it does not say is `None`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Url {
    pub(crate) user: Option<String>,
    pub(crate) password: Option<String>,
    pub(crate) host: Option<String>,
    pub(crate) port: Option<u16>,
    pub(crate) database: Option<String>,
    /// Settings by their names, in written order.
    pub(crate) settings: Vec<(String, String)>,
}

impl Url {
    /// Reads a url.
    ///
    /// # Errors
    /// It is none: a clause that says why, and nothing of what stands in it.
    pub(crate) fn read(text: &str) -> Result<Self, &'static str> {
        let scheme = ["postgres://", "postgresql://"];
        let rest = scheme.iter().find_map(|scheme| text.strip_prefix(scheme));
        let rest = rest.ok_or("it begins with postgres://")?;
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (place, database) = rest.split_once('/').unwrap_or((rest, ""));
        let (who, place) = place.rsplit_once('@').unwrap_or(("", place));
        let (user, password) = match who.split_once(':') {
            Some((user, password)) => (user, Some(password)),
            None => (who, None),
        };
        let (host, port) = host_and_port(place)?;
        let settings = query
            .split('&')
            .filter(|pair| !pair.is_empty())
            .map(|pair| {
                let (name, value) = pair
                    .split_once('=')
                    .ok_or("a setting is a name, = and a value")?;
                Ok((decoded(name)?, decoded(value)?))
            });
        Ok(Self {
            user: not_empty(decoded(user)?),
            password: password.map(decoded).transpose()?,
            host: not_empty(decoded(host)?),
            port,
            database: not_empty(decoded(database)?),
            settings: settings.collect::<Result<_, _>>()?,
        })
    }
}

fn not_empty(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

/// A host may stand in brackets, and it may be the folder of a socket, percent-encoded.
fn host_and_port(place: &str) -> Result<(&str, Option<u16>), &'static str> {
    if place.contains(',') {
        return Err("it names one host");
    }
    let (host, port) = match place.strip_prefix('[') {
        Some(inner) => {
            let (host, behind) = inner.split_once(']').ok_or("a bracket is not closed")?;
            match behind.strip_prefix(':') {
                Some(port) => (host, port),
                None if behind.is_empty() => (host, ""),
                None => return Err("behind a host stands a port or nothing"),
            }
        }
        None => match place.split_once(':') {
            Some((_, port)) if port.contains(':') => {
                return Err("an address of IPv6 stands in brackets");
            }
            Some((host, port)) => (host, port),
            None => (place, ""),
        },
    };
    let port = match port {
        "" => None,
        text => Some(number(text).ok_or("a port is a number from 1 to 65535")?),
    };
    Ok((host, port))
}

/// A port. (`parse` would take a plus sign.)
pub(crate) fn number(text: &str) -> Option<u16> {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|port| is_number && *port > 0)
}

/// Without its percent signs.
fn decoded(text: &str) -> Result<String, &'static str> {
    const WRONG: &str = "behind a percent sign stand two hexadecimal digits of UTF-8";
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let mut digit = || char::from(rest.next()?).to_digit(16);
        let both = digit().and_then(|high| u8::try_from(high * 16 + digit()?).ok());
        match both {
            Some(0) | None => return Err(WRONG),
            Some(byte) => bytes.push(byte),
        }
    }
    String::from_utf8(bytes).map_err(|_| WRONG)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_has_all_parts_or_few() {
        let text =
            "postgresql://a%40b:p%3aw@[::1]:5433/shop%20a?sslmode=require&application_name=x";
        let url = Url::read(text).unwrap();
        assert_eq!(url.user.as_deref(), Some("a@b"));
        assert_eq!(url.password.as_deref(), Some("p:w"));
        assert_eq!(url.host.as_deref(), Some("::1"));
        assert_eq!(url.port, Some(5433));
        assert_eq!(url.database.as_deref(), Some("shop a"));
        let setting = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let settings = [
            setting("sslmode", "require"),
            setting("application_name", "x"),
        ];
        assert_eq!(url.settings, settings);
        assert_eq!(Url::read("postgres://").unwrap(), Url::default());
        let url = Url::read("postgres://%2Frun%2Fpg/a").unwrap();
        assert_eq!(url.host.as_deref(), Some("/run/pg"));
        let url = Url::read("postgres://u@h").unwrap();
        assert_eq!(
            (url.user.as_deref(), url.host.as_deref()),
            (Some("u"), Some("h"))
        );
    }

    #[test]
    fn what_is_no_url_is_refused() {
        for text in [
            "mysql://a",
            "postgres://a:0",
            "postgres://a:+1",
            "postgres://a:65536",
            "postgres://::1",
            "postgres://[::1",
            "postgres://[::1]x",
            "postgres://a,b",
            "postgres://a%2",
            "postgres://a%zz",
            "postgres://%ff@a",
            "postgres://a/%00",
            "postgres://a/b?c",
        ] {
            assert!(Url::read(text).is_err(), "{text}");
        }
    }
}

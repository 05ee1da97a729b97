//! A cookie jar by RFC 6265: what servers set, kept by domain and path, sent back where it belongs.

mod date;

use http::header::{HeaderMap, SET_COOKIE};
use std::net::IpAddr;
use std::time::{Duration, SystemTime};
use url::Url;

/// The most cookies of one domain that are kept, and the most of all, as in browsers. The oldest make room.
const MOST_OF_DOMAIN: usize = 180;
const MOST: usize = 3_000;

/// The cookies of one client, those that were set last at the end. There are few, so a search goes through all of them.
#[derive(Debug, Default)]
pub(crate) struct Jar(Vec<Cookie>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Cookie {
    name: Vec<u8>,
    value: Vec<u8>,
    domain: String,
    /// Only for the host that set it.
    host_only: bool,
    path: String,
    secure: bool,
    expires: Option<SystemTime>,
}

impl Jar {
    /// Whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Keeps what an answer sets.
    pub(crate) fn keep(&mut self, url: &Url, headers: &HeaderMap, now: SystemTime) {
        for line in headers.get_all(SET_COOKIE) {
            if let Some(cookie) = read(line.as_bytes(), url, now) {
                self.0.retain(|known| {
                    !(known.name == cookie.name
                        && known.domain == cookie.domain
                        && known.path == cookie.path)
                });
                if cookie.expires.is_none_or(|end| end > now) {
                    self.make_room(&cookie.domain);
                    self.0.push(cookie);
                }
            }
        }
    }

    /// Removes the oldest cookie of a domain or of all where there is no room for one more.
    fn make_room(&mut self, domain: &str) {
        let is_of_domain = |cookie: &Cookie| cookie.domain == domain;
        let of_domain = self.0.iter().filter(|cookie| is_of_domain(cookie)).count();
        if of_domain >= MOST_OF_DOMAIN
            && let Some(oldest) = self.0.iter().position(is_of_domain)
        {
            self.0.remove(oldest);
        } else if self.0.len() >= MOST {
            self.0.remove(0);
        }
    }

    /// The pairs for a request: longer paths first, then in the order they were set.
    pub(crate) fn pairs(&mut self, url: &Url, now: SystemTime) -> Vec<(&[u8], &[u8])> {
        if self.0.is_empty() {
            return Vec::new();
        }
        self.0
            .retain(|cookie| cookie.expires.is_none_or(|end| end > now));
        let host = host(url);
        let secure = is_secure(url, &host);
        let belongs = |cookie: &&Cookie| {
            (if cookie.host_only {
                cookie.domain == host
            } else {
                within(&host, &cookie.domain)
            }) && under(url.path(), &cookie.path)
                && (secure || !cookie.secure)
        };
        let mut found: Vec<&Cookie> = self.0.iter().filter(belongs).collect();
        found.sort_by_key(|cookie| std::cmp::Reverse(cookie.path.len()));
        found
            .iter()
            .map(|cookie| (cookie.name.as_slice(), cookie.value.as_slice()))
            .collect()
    }
}

fn read(line: &[u8], url: &Url, now: SystemTime) -> Option<Cookie> {
    // Name and value go back as they came, whatever their bytes are.
    let (pair, attributes) = split_at_sign(line, b';').unwrap_or((line, b""));
    let (name, value) = split_at_sign(pair, b'=')?;
    let (name, value) = (name.trim_ascii(), value.trim_ascii());
    if name.is_empty() {
        return None;
    }
    let host = host(url);
    let mut cookie = Cookie {
        name: name.to_owned(),
        value: value.to_owned(),
        domain: host.clone(),
        host_only: true,
        path: default_path(url),
        secure: false,
        expires: None,
    };
    let (mut max_age, mut has_path) = (None, false);
    for attribute in String::from_utf8_lossy(attributes).split(';') {
        let (key, value) = attribute.split_once('=').unwrap_or((attribute, ""));
        let value = value.trim();
        match key.trim().to_ascii_lowercase().as_str() {
            "domain" if !value.is_empty() => {
                let domain = value.trim_start_matches('.').to_ascii_lowercase();
                // A server sets cookies for its own domain only, never for a whole top-level domain.
                if domain != host && !(within(&host, &domain) && domain.contains('.')) {
                    return None;
                }
                cookie.host_only = host.parse::<IpAddr>().is_ok();
                cookie.domain = domain;
            }
            "path" if value.starts_with('/') => {
                has_path = true;
                value.clone_into(&mut cookie.path);
            }
            "secure" => cookie.secure = true,
            "expires" => cookie.expires = date::read(value).or(cookie.expires),
            "max-age" => max_age = value.parse::<i64>().ok().or(max_age),
            _ => {}
        }
    }
    // Of the two, Max-Age decides.
    if let Some(seconds) = max_age {
        let after = Duration::from_secs(u64::try_from(seconds).unwrap_or(0));
        cookie.expires = if seconds <= 0 {
            Some(SystemTime::UNIX_EPOCH)
        } else {
            now.checked_add(after)
        };
    }
    // One that is to be safe comes over a safe way only (RFC 6265bis, section 5.7).
    let is_safe = !cookie.secure || is_secure(url, &host);
    (is_safe && cookie.keeps_its_name(has_path)).then_some(cookie)
}

/// What stands before and behind the first of such a sign.
fn split_at_sign(bytes: &[u8], sign: u8) -> Option<(&[u8], &[u8])> {
    let at = bytes.iter().position(|byte| *byte == sign)?;
    let (before, behind) = bytes.split_at(at);
    Some((before, behind.get(1..)?))
}

impl Cookie {
    /// Whether it is what its name promises (RFC 6265bis, section 4.1.3): browsers take no other one of such a name.
    fn keeps_its_name(&self, has_path: bool) -> bool {
        let begins_with = |prefix: &str| {
            let begin = self.name.get(..prefix.len());
            begin.is_some_and(|begin| begin.eq_ignore_ascii_case(prefix.as_bytes()))
        };
        if begins_with("__Host-") {
            return self.secure && self.host_only && has_path && self.path == "/";
        }
        self.secure || !begins_with("__Secure-")
    }
}

fn host(url: &Url) -> String {
    url.host_str()
        .unwrap_or("")
        .trim_start_matches('[')
        .trim_end_matches(']')
        .to_owned()
}

/// Whether `Secure` cookies may come from there and go there.
fn is_secure(url: &Url, host: &str) -> bool {
    url.scheme() == "https" || is_local(host)
}

/// Whether the host is this machine. To it a `Secure` cookie is sent without TLS, as in browsers.
fn is_local(host: &str) -> bool {
    match host.parse::<IpAddr>() {
        Ok(address) => address.is_loopback(),
        Err(_) => host == "localhost" || host.ends_with(".localhost"),
    }
}

fn within(host: &str, domain: &str) -> bool {
    host == domain
        || host.parse::<IpAddr>().is_err()
            && host
                .strip_suffix(domain)
                .is_some_and(|before| before.ends_with('.'))
}

fn under(path: &str, of: &str) -> bool {
    path.strip_prefix(of)
        .is_some_and(|rest| rest.is_empty() || of.ends_with('/') || rest.starts_with('/'))
}

fn default_path(url: &Url) -> String {
    match url.path().rfind('/') {
        None | Some(0) => "/".to_owned(),
        Some(end) => url.path()[..end].to_owned(),
    }
}

#[cfg(test)]
mod tests;

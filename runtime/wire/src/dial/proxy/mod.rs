//! The url of a proxy and the hosts that are reached without it, as settings; and what is asked of a proxy on a connection to it.

mod connect;
mod except;
mod login;
mod socks;
mod talk;

use self::except::Except;
use self::login::Login;
use self::socks::Place;
use self::talk::No;
use super::names::Names;
use super::target::{Target, host_and_port, is_host};
use crate::named::Named;
use crate::tls::Tls;
use crate::trouble::Trouble;
use crate::wire::Wire;
use bggo_runtime::contract::FaultText;
use std::cell::OnceCell;
use std::fmt;
use std::net::{IpAddr, SocketAddr};

/// A proxy and the hosts that are reached without it. It never shows its password.
pub struct Proxy {
    scheme: Scheme,
    host: String,
    port: u16,
    login: Option<Login>,
    /// Of an HTTP proxy with a login: the value of `Proxy-Authorization`.
    authorization: Option<String>,
    except: Except,
    /// TLS with the proxy itself, from the first connection to it on.
    tls: OnceCell<Tls>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scheme {
    Http,
    Https,
    /// SOCKS 5; names become addresses here.
    Socks5,
    /// SOCKS 5; names become addresses at the proxy.
    Socks5h,
}

impl Proxy {
    /// `url` is `SCHEME://[USER:PASSWORD@]HOST[:PORT]` with the scheme `http`, `https`, `socks5` (names become addresses here) or
    /// `socks5h` (at the proxy); user and password may be percent-encoded. `no_proxy` are hosts that are reached directly: a
    /// domain stands for itself and what is below it, an address or network (`10.0.0.0/8`) for hosts that are written as
    /// addresses, `*` for all; domains and addresses may have a port.
    ///
    /// # Errors
    /// What is wrong with the url or an entry of `no_proxy`, without the password.
    pub fn new(url: &str, no_proxy: &[&str]) -> Result<Self, FaultText> {
        let schemes = [
            ("http", Scheme::Http, 80),
            ("https", Scheme::Https, 443),
            ("socks5", Scheme::Socks5, 1080),
            ("socks5h", Scheme::Socks5h, 1080),
        ];
        let parts = url.trim().split_once("://").and_then(|(scheme, rest)| {
            let mut known = schemes.into_iter();
            let found = known.find(|(name, ..)| name.eq_ignore_ascii_case(scheme))?;
            Some((found.1, found.2, rest))
        });
        let Some((scheme, default, rest)) = parts else {
            return Err("a proxy is an url with http, https, socks5 or socks5h".into());
        };
        let (login, place) = match rest.rsplit_once('@') {
            Some((login, place)) => (Some(Login::of(login)), place),
            None => (None, rest),
        };
        let place = place.strip_suffix('/').unwrap_or(place);
        if place.contains(['/', '?', '#']) {
            return Err(
                "the proxy's url has more than a host and a port; a path has no meaning here"
                    .into(),
            );
        }
        let Some((host, port)) = host_and_port(place).filter(|(host, _)| is_host(host)) else {
            return Err("the proxy's url is malformed: it has no host, or a wrong port".into());
        };
        let socks = matches!(scheme, Scheme::Socks5 | Scheme::Socks5h);
        let too_long = |login: &Login| login.user.len().max(login.password.len()) > 255;
        if socks && login.as_ref().is_some_and(too_long) {
            return Err("user and password of a SOCKS proxy have at most 255 bytes each".into());
        }
        let basic = login.as_ref().filter(|_| !socks).map(Login::basic);
        Ok(Self {
            scheme,
            host: host.to_ascii_lowercase(),
            port: port.unwrap_or(default),
            login,
            authorization: basic,
            except: Except::new(no_proxy)?,
            tls: OnceCell::new(),
        })
    }

    /// Whether it passes on requests of HTTP by itself: those to `http` go whole to such a proxy, without a tunnel.
    pub fn takes_requests(&self) -> bool {
        matches!(self.scheme, Scheme::Http | Scheme::Https)
    }

    /// What requests that go whole to an HTTP proxy say in `Proxy-Authorization`.
    pub fn authorization(&self) -> Option<&str> {
        self.authorization.as_deref()
    }

    /// Whether connections to this host go through it.
    pub(crate) fn serves(&self, host: &str, port: u16) -> bool {
        !self.except.contains(host, port)
    }

    /// Whether it is reached by TLS.
    pub(crate) fn is_secure(&self) -> bool {
        self.scheme == Scheme::Https
    }

    /// TLS with the proxy itself: by the settings for hosts, but without the protocols that are spoken with hosts. A proxy that
    /// was offered HTTP/2 would not understand the CONNECT of HTTP/1.
    pub(crate) fn tls(&self, of_hosts: &Tls) -> &Tls {
        self.tls.get_or_init(|| of_hosts.without_protocols())
    }

    /// Its host and port. They may come from a secret, since they stand beside a password.
    pub(crate) fn address(&self) -> (&str, u16) {
        (&self.host, self.port)
    }

    /// How texts call it.
    pub(crate) fn named(&self) -> FaultText {
        FaultText::plain("the proxy ").and_text(&Named::Secret.place(&self.host, self.port))
    }

    /// Asks for connections to `host` until there is one, each on a connection to the proxy of its own, as `reach` makes them.
    pub(crate) async fn tunnel<T>(
        &self,
        to: &Target<'_>,
        (host, port): (&str, u16),
        names: &Names,
        mut reach: impl AsyncFnMut() -> Result<(Wire, T), Trouble>,
    ) -> Result<(Wire, T), Trouble> {
        let resolved = match self.scheme {
            Scheme::Socks5 => Some(names.addresses(host, port, to.named).await?),
            _ => None,
        };
        let addresses = resolved.iter().flat_map(|found| found.addresses(port));
        let mut places: Vec<Place<'_>> = addresses.map(Place::Address).collect();
        if places.is_empty() {
            places.push(match host.parse::<IpAddr>() {
                Ok(address) => Place::Address(SocketAddr::new(address, port)),
                Err(_) => Place::Name(host, port),
            });
        }
        let mut last = None;
        for place in places {
            let (mut wire, about) = reach().await?;
            let asked = if self.takes_requests() {
                connect::ask(&mut wire, (host, port), self.authorization()).await
            } else {
                socks::ask(&mut wire, place, self.login.as_ref()).await
            };
            match asked {
                Ok(()) => return Ok((wire, about)),
                Err(No::Place(trouble)) => last = Some(trouble),
                Err(No::Proxy(trouble)) => return Err(trouble.after(&to.no_connection())),
            }
        }
        // There is a place, so it was asked for.
        Err(last
            .unwrap_or_else(Trouble::closed)
            .after(&to.no_connection()))
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proxy")
            .field("scheme", &self.scheme)
            .finish_non_exhaustive()
    }
}

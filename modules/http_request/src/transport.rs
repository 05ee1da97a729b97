//! The way to the wire: one request out, the head of its answer and then its body in pieces back.
//!
//! Everything that knows reqwest's client is in this file; redirects, cookies, decompression and time limits are not.

use crate::body::Payload;
use crate::fault;
use crate::http_client::Error as Kind;
use crate::http_request;
use crate::resolve::{Names, Resolver};
use bggo_runtime::contract::Fault;
use bytes::Bytes;
use http_body::Body;
use reqwest::header::{CONTENT_LENGTH, HOST, HeaderMap, HeaderValue};
use reqwest::{
    Client, ClientBuilder, Method, NoProxy, Proxy, Request, Response, StatusCode, Url, Version,
    redirect,
};
use rustls::ClientConfig;
use rustls::client::Resumption;
use std::cell::RefCell;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// TLS sessions that a client remembers, so that it may resume them.
const SESSIONS: usize = 8;

/// Which HTTP is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Speak {
    /// HTTP/2 where TLS offers it, else HTTP/1.1.
    Auto,
    /// HTTP/1.1 only.
    Http1,
    /// HTTP/2 from the first byte.
    Http2,
}

impl Speak {
    /// What TLS offers (ALPN), best first.
    pub(crate) fn protocols(self) -> Vec<Vec<u8>> {
        let names: &[&str] = match self {
            Self::Auto => &["h2", "http/1.1"],
            Self::Http1 => &["http/1.1"],
            Self::Http2 => &["h2"],
        };
        names.iter().map(|name| name.as_bytes().to_vec()).collect()
    }
}

/// What connections are made of; the same for all clients of a resource.
#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) tls: ClientConfig,
    pub(crate) server_name: Option<String>,
    pub(crate) speak: Speak,
    pub(crate) proxy: Option<String>,
    pub(crate) no_proxy: Vec<String>,
    pub(crate) connect_timeout: Option<Duration>,
    pub(crate) idle_timeout: Duration,
    pub(crate) max_idle: Option<usize>,
    pub(crate) nodelay: bool,
    pub(crate) names: Names,
}

/// The connections of one client.
pub(crate) struct Transport(Kept);

enum Kept {
    One(Client),
    /// With a server name of its own: that name stands in the url, so each real host has connections of its own.
    ByHost {
        settings: Box<Settings>,
        name: String,
        clients: RefCell<Vec<(String, Client)>>,
    },
}

/// A request, ready to be written.
pub(crate) struct Outgoing<'a> {
    pub(crate) method: &'a Method,
    pub(crate) url: &'a Url,
    pub(crate) headers: HeaderMap,
    pub(crate) payload: &'a Payload,
}

/// An answer whose head has come.
pub(crate) struct Incoming {
    response: Response,
    url: Url,
}

impl Transport {
    /// No connection is made before the first request.
    pub(crate) fn new(settings: &Settings) -> Result<Self, Fault> {
        let Some(name) = settings.server_name.clone() else {
            let resolver = Resolver::new(settings.names.clone());
            return Ok(Self(Kept::One(client(settings, resolver)?)));
        };
        let Some(name) = dns_name(&name) else {
            return Err(Kind::Settings.fault("server_name is a host's name, not an address"));
        };
        if settings.proxy.is_some() {
            return Err(Kind::Settings.fault(
                "server_name and proxy cannot be combined: the proxy would resolve that name",
            ));
        }
        Ok(Self(Kept::ByHost {
            settings: Box::new(settings.clone()),
            name,
            clients: RefCell::default(),
        }))
    }

    /// Sends a request and waits for the head of its answer.
    pub(crate) async fn send(&self, outgoing: Outgoing<'_>) -> Result<Incoming, Fault> {
        let Outgoing {
            method,
            url,
            mut headers,
            payload,
        } = outgoing;
        let (client, target) = match &self.0 {
            Kept::One(client) => (client.clone(), url.clone()),
            Kept::ByHost {
                settings,
                name,
                clients,
            } if url.scheme() == "https" => {
                let target = renamed(url, name, &mut headers)?;
                (
                    by_host(settings, name, clients, url.host_str().unwrap_or(""))?,
                    target,
                )
            }
            Kept::ByHost {
                settings, clients, ..
            } => (by_host(settings, "", clients, "")?, url.clone()),
        };
        let mut request = Request::new(method.clone(), target);
        let body = payload.open().await?;
        let empty = body.as_ref().is_none_or(Body::is_end_stream);
        if empty && matches!(*method, Method::POST | Method::PUT | Method::PATCH) {
            // These announce a body: many servers refuse them without a length.
            headers
                .entry(CONTENT_LENGTH)
                .or_insert(HeaderValue::from_static("0"));
        }
        *request.headers_mut() = headers;
        *request.body_mut() = body;
        let response = client
            .execute(request)
            .await
            .map_err(|error| fault::unanswered(&error, url))?;
        Ok(Incoming {
            response,
            url: url.clone(),
        })
    }
}

impl Incoming {
    pub(crate) fn status(&self) -> StatusCode {
        self.response.status()
    }

    pub(crate) fn version(&self) -> Version {
        self.response.version()
    }

    pub(crate) fn headers(&self) -> &HeaderMap {
        self.response.headers()
    }

    pub(crate) fn url(&self) -> &Url {
        &self.url
    }

    pub(crate) fn remote_address(&self) -> Option<SocketAddr> {
        self.response.remote_addr()
    }

    /// The next piece of the body as it came, `None` at its end.
    pub(crate) async fn piece(&mut self) -> Result<Option<Bytes>, Fault> {
        self.response
            .chunk()
            .await
            .map_err(|error| fault::unfinished(&error, &self.url))
    }
}

fn by_host(
    settings: &Settings,
    name: &str,
    clients: &RefCell<Vec<(String, Client)>>,
    host: &str,
) -> Result<Client, Fault> {
    if let Some((_, client)) = clients.borrow().iter().find(|(known, _)| known == host) {
        return Ok(client.clone());
    }
    let made = client(
        settings,
        Resolver::with_alias(settings.names.clone(), name, host),
    )?;
    clients.borrow_mut().push((host.to_owned(), made.clone()));
    Ok(made)
}

/// The url with the name that TLS is to ask for; the server is still told the real one.
fn renamed(url: &Url, name: &str, headers: &mut HeaderMap) -> Result<Url, Fault> {
    let host = url.host_str().unwrap_or("");
    let authority = url
        .port()
        .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
    if let (false, Ok(value)) = (
        headers.contains_key(HOST),
        HeaderValue::from_str(&authority),
    ) {
        headers.insert(HOST, value);
    }
    let mut target = url.clone();
    target.set_host(Some(name)).map_err(|error| {
        http_request::Error::Request.fault(format!("server_name is no host's name: {error}"))
    })?;
    Ok(target)
}

/// The name as an url has it, if it is one and not an address.
fn dns_name(name: &str) -> Option<String> {
    let url = Url::parse(&format!("https://{name}/")).ok()?;
    let host = url.host_str()?;
    let address = host.starts_with('[') || host.parse::<IpAddr>().is_ok();
    let alone = url.path() == "/" && url.port().is_none() && url.username().is_empty();
    (alone && !address).then(|| host.to_owned())
}

fn client(settings: &Settings, resolver: Resolver) -> Result<Client, Fault> {
    let mut tls = settings.tls.clone();
    // A user resumes its own sessions, never another user's.
    tls.resumption = Resumption::in_memory_sessions(SESSIONS);
    let mut builder = Client::builder()
        .tls_backend_preconfigured(tls)
        .dns_resolver(resolver)
        .redirect(redirect::Policy::none())
        .referer(false)
        .pool_idle_timeout(settings.idle_timeout)
        .tcp_nodelay(settings.nodelay);
    if let Some(limit) = settings.connect_timeout {
        builder = builder.connect_timeout(limit);
    }
    if let Some(most) = settings.max_idle {
        builder = builder.pool_max_idle_per_host(most);
    }
    builder = match settings.speak {
        Speak::Auto => builder,
        Speak::Http1 => builder.http1_only(),
        Speak::Http2 => builder.http2_prior_knowledge(),
    };
    builder = proxied(builder, settings)?;
    // The proxy's url may hold a password: the cause is not shown.
    builder
        .build()
        .map_err(|_| Kind::Settings.fault("the client's settings cannot be used together"))
}

fn proxied(builder: ClientBuilder, settings: &Settings) -> Result<ClientBuilder, Fault> {
    let Some(url) = &settings.proxy else {
        return Ok(builder.no_proxy());
    };
    let scheme = url.split_once("://").map(|(scheme, _)| scheme);
    if !matches!(scheme, Some("http" | "https" | "socks5" | "socks5h")) {
        return Err(Kind::Settings.fault("a proxy is an url with http, https, socks5 or socks5h"));
    }
    let proxy = Proxy::all(url.as_str())
        .map_err(|_| Kind::Settings.fault("the proxy's url is malformed"))?;
    Ok(builder.proxy(proxy.no_proxy(NoProxy::from_string(&settings.no_proxy.join(",")))))
}

//! The connections of one client: reqwest's, with what the module asks of a transport beside sending.

use crate::fault::{self, Reached};
use crate::opened::Opened;
use crate::resolve::Names;
use crate::sent::Sent;
use bggo_module_http_request::http_client::Error as Kind;
use bggo_module_http_request::http_request;
use bggo_module_http_request::link::{
    AnswerHead, Details, OpenedBody, Remote, Reply, Request, Settings, Speak, Unanswered, Unread,
    find, of_url, server_name, too_large_head,
};
use bggo_runtime::contract::{Fault, FaultText, Running};
use bytes::Bytes;
use http::Version;
use http::header::{HOST, HeaderMap, HeaderValue};
use hyper_util::client::legacy::{self, connect::HttpInfo};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{Client, ClientBuilder, NoProxy, Proxy, Response, redirect};
use rustls::client::Resumption;
use std::cell::RefCell;
use std::rc::Rc;
use url::Url;

/// TLS sessions that a client remembers, so that it may resume them.
const SESSIONS: usize = 8;
/// The most hosts that a client with a `server_name` keeps connections to. The oldest makes room.
const HOSTS: usize = 64;
/// The most fields that the head of an answer may have.
const FIELDS: usize = 1_000;
/// The most bytes of names and values that the head of an answer may have over HTTP/1. hyper has a limit of its own, which is
/// higher and not exact.
const HTTP_1_HEAD_BYTES: usize = 256 << 10;
/// The most bytes that the head of an answer may have over HTTP/2, which counts 32 more for each field. A longer head fails its
/// request. A head that is longer by a fourth makes h2 end the connection, so this is more than a server should send.
const HTTP_2_HEAD_BYTES: u32 = 1 << 20;

/// The connections of one client.
pub(crate) struct Clients {
    settings: Rc<Settings>,
    kept: ClientsByHost,
    answered: Answered,
    opened: Opened,
}

enum ClientsByHost {
    One(RefCell<Client>),
    /// With a `server_name`: reqwest gets that name in the url, so each real host needs a client of its own.
    ByHost {
        name: String,
        clients: RefCell<Vec<(String, Client)>>,
    },
}

/// An answer whose head has come.
struct Answer {
    response: Response,
    head: AnswerHead,
}

impl Clients {
    /// No connection is made before the first request.
    pub(crate) fn new(settings: Rc<Settings>) -> Result<Self, Fault> {
        let opened = Opened::default();
        let kept = match settings.server_name.as_deref() {
            None => ClientsByHost::One(RefCell::new(client(&settings, Resolver::new(), &opened)?)),
            Some(name) => ClientsByHost::ByHost {
                name: checked_name(name, &settings)?,
                clients: RefCell::default(),
            },
        };
        Ok(Self {
            settings,
            kept,
            answered: Answered::default(),
            opened,
        })
    }

    /// Sends a request and waits for the head of its answer.
    async fn sent(&self, request: Request<'_>) -> Result<Answer, Unanswered> {
        let Request {
            method,
            url,
            mut headers,
            body,
            hosts,
            asking,
            // It tells nothing of them.
            phases: _,
            ..
        } = request;
        let (name, host) = self.place(url);
        let client = self.client(name, host)?;
        let target = if name.is_empty() {
            url.clone()
        } else {
            renamed(url, name, &mut headers)?
        };
        let mut request = reqwest::Request::new(method.clone(), target);
        *request.headers_mut() = headers;
        *request.body_mut() = match body {
            OpenedBody::None => None,
            OpenedBody::Bytes(bytes) => Some(bytes.into()),
            OpenedBody::Stream(stream) => Some(reqwest::Body::wrap(Sent(stream))),
        };
        let error = match client.execute(request).await {
            Ok(mut response) => {
                // Dropped with its body, such an answer closes its connection.
                if response.version() < Version::HTTP_2
                    && head_bytes(response.headers()) > HTTP_1_HEAD_BYTES
                {
                    return Err(Unanswered {
                        fault: too_large_head(url, hosts),
                        unread: Unread::No,
                        was_sent: true,
                    });
                }
                if let Some(connection) = response.extensions().get::<HttpInfo>() {
                    self.answered.note(connection.local_addr().port());
                }
                let head = AnswerHead {
                    status: response.status(),
                    version: response.version(),
                    came: asking.now(),
                    details: Some(Box::new(Details {
                        headers: std::mem::take(response.headers_mut()),
                        remote_address: response.remote_addr(),
                        ..Details::default()
                    })),
                };
                return Ok(Answer { response, head });
            }
            Err(error) => error,
        };
        let reached = reached(&error);
        let was_stale = reached == Reached::Sent
            && fault::is_closed(&error)
            && port(&error).is_some_and(|port| self.answered.take(port));
        if was_stale {
            // The pool takes the connection that was idle for the shortest time. If that one is closed, the others are too.
            self.renew(name, host)?;
        }
        Err(Unanswered {
            fault: fault::unanswered(&error, reached, url, hosts),
            // What the server did not look at the library sends again by itself.
            unread: match was_stale {
                true => Unread::Perhaps,
                false => Unread::No,
            },
            was_sent: reached == Reached::Sent,
        })
    }

    /// The name that TLS asks for, if it is another than the host's, and the host that has connections of its own then.
    fn place<'a>(&'a self, url: &'a Url) -> (&'a str, &'a str) {
        match &self.kept {
            ClientsByHost::ByHost { name, .. } if url.scheme() == "https" => {
                (name, url.host_str().unwrap_or(""))
            }
            _ => ("", ""),
        }
    }

    fn client(&self, name: &str, host: &str) -> Result<Client, Fault> {
        match &self.kept {
            ClientsByHost::One(client) => Ok(client.borrow().clone()),
            ClientsByHost::ByHost { clients, .. } => {
                let mut clients = clients.borrow_mut();
                if let Some((_, client)) = clients.iter().find(|(known, _)| known == host) {
                    return Ok(client.clone());
                }
                let resolver = Resolver::with_alias(name, host);
                let made = client(&self.settings, resolver, &self.opened)?;
                if clients.len() >= HOSTS {
                    clients.remove(0);
                }
                clients.push((host.to_owned(), made.clone()));
                Ok(made)
            }
        }
    }

    /// Drops idle connections: from now on requests use new ones.
    fn renew(&self, name: &str, host: &str) -> Result<(), Fault> {
        match &self.kept {
            ClientsByHost::One(kept) => {
                *kept.borrow_mut() = client(&self.settings, Resolver::new(), &self.opened)?;
            }
            ClientsByHost::ByHost { clients, .. } => {
                let resolver = Resolver::with_alias(name, host);
                let made = client(&self.settings, resolver, &self.opened)?;
                let mut clients = clients.borrow_mut();
                clients.retain(|(known, _)| known != host);
                clients.push((host.to_owned(), made));
            }
        }
        Ok(())
    }
}

impl Remote for Clients {
    fn send<'a>(&'a self, request: Request<'a>) -> Running<'a, Result<Box<dyn Reply>, Unanswered>> {
        Box::pin(async move {
            let answer = self.sent(request).await?;
            Ok(Box::new(answer) as Box<dyn Reply>)
        })
    }

    fn take_opened(&self) -> u64 {
        self.opened.take()
    }

    /// This polls the sockets, so it is done only for a request that must not be sent twice.
    fn hear_of_closed(&self) -> Running<'_, ()> {
        Box::pin(async {
            if !self.answered.0.borrow().is_empty() {
                // After a yield, tokio has polled the sockets and run the tasks that they woke.
                tokio::task::yield_now().await;
            }
        })
    }
}

impl Reply for Answer {
    fn head(&self) -> &AnswerHead {
        &self.head
    }

    fn take_head(&mut self) -> AnswerHead {
        self.head.take()
    }

    fn piece(&mut self) -> Running<'_, Result<Option<Bytes>, FaultText>> {
        Box::pin(async {
            let piece = self.response.chunk().await;
            piece.map_err(|error| FaultText::plain(fault::cause(&error)))
        })
    }
}

fn reached(error: &reqwest::Error) -> Reached {
    if error.is_builder() {
        Reached::Nothing
    } else if !error.is_connect() {
        Reached::Sent
    } else if error.is_timeout() {
        Reached::ConnectTimeout
    } else {
        Reached::Connecting
    }
}

/// The local ports of connections that have answered a request, in order. If a request fails on one of these, it was not the
/// first on its connection; reqwest does not tell that.
// If the system uses a port again, the new connection is taken for the old one. Then an idempotent request may be sent again
// although it was the first on its connection.
#[derive(Default)]
struct Answered(RefCell<Vec<u16>>);

impl Answered {
    fn note(&self, port: u16) {
        let mut ports = self.0.borrow_mut();
        if let Err(at) = ports.binary_search(&port) {
            ports.insert(at, port);
        }
    }

    /// Whether a connection had answered; it is gone now.
    fn take(&self, port: u16) -> bool {
        let mut ports = self.0.borrow_mut();
        let found = ports.binary_search(&port);
        found.map(|at| ports.remove(at)).is_ok()
    }
}

/// The local port of the connection that a request failed on, if it had one.
fn port(error: &reqwest::Error) -> Option<u16> {
    let failed: &legacy::Error = find(error)?;
    let mut about = http::Extensions::new();
    failed.connect_info()?.get_extras(&mut about);
    Some(about.get::<HttpInfo>()?.local_addr().port())
}

/// The resolver of one client. It uses the names of its thread.
#[derive(Clone)]
struct Resolver {
    names: Names,
    /// The `server_name` that stands in the url, and the real host behind it.
    alias: Option<(String, String)>,
}

impl Resolver {
    fn new() -> Self {
        Self {
            names: Names::of_this_thread(),
            alias: None,
        }
    }

    /// Resolves `name` as if it were `host`, where there is such a name.
    fn with_alias(name: &str, host: &str) -> Self {
        let host = host.trim_start_matches('[').trim_end_matches(']');
        Self {
            alias: (!name.is_empty()).then(|| (name.to_owned(), host.to_owned())),
            ..Self::new()
        }
    }
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let names = self.names.clone();
        let host = match &self.alias {
            Some((alias, host)) if alias == name.as_str() => host.clone(),
            _ => name.as_str().to_owned(),
        };
        Box::pin(async move {
            let addresses = names.addresses(&host).await?;
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

fn checked_name(name: &str, settings: &Settings) -> Result<String, Fault> {
    let name = server_name(name)?;
    if settings.proxy.is_some() {
        return Err(Kind::Settings
            .fault("server_name and proxy cannot be combined: the proxy would resolve that name"));
    }
    Ok(name)
}

/// The bytes of all names and values.
fn head_bytes(headers: &HeaderMap) -> usize {
    let fields = headers.iter();
    fields
        .map(|(name, value)| name.as_str().len() + value.len())
        .sum()
}

/// The url with the `server_name`, which TLS asks for. The `Host` header still names the real host.
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
        let why = of_url(error);
        http_request::Error::Request.fault(FaultText::plain(format_args!("server_name: {why}")))
    })?;
    Ok(target)
}

fn client(settings: &Settings, resolver: Resolver, opened: &Opened) -> Result<Client, Fault> {
    let mut tls = rustls::ClientConfig::clone(settings.tls.rustls_config());
    // Each client has its own TLS sessions, so no user resumes the session of another.
    tls.resumption = Resumption::in_memory_sessions(SESSIONS);
    let mut builder = Client::builder()
        .tls_backend_preconfigured(tls)
        .dns_resolver(resolver)
        .connector_layer(opened.clone())
        .redirect(redirect::Policy::none())
        .referer(false)
        .http1_max_headers(FIELDS)
        .http1_allow_obsolete_multiline_headers_in_responses(true)
        .http1_allow_spaces_after_header_name_in_responses(true)
        .http2_max_header_list_size(HTTP_2_HEAD_BYTES)
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
        Speak::Http3 => {
            return Err(Kind::Settings.fault("this transport does not speak HTTP/3"));
        }
    };
    builder = proxied(builder, settings)?;
    // The url of the proxy may contain a password, so the cause is not shown.
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

#[cfg(test)]
mod tests {
    use super::*;
    use bggo_module_http_request::link::Ways;
    use std::time::Duration;

    #[test]
    fn a_client_with_a_server_name_keeps_connections_to_so_many_hosts() {
        let settings = Settings {
            tls: bggo_wire::Tls::new(&bggo_wire::TlsSettings::default()).unwrap(),
            server_name: Some("site.test".to_owned()),
            speak: Speak::Auto,
            proxy: None,
            no_proxy: Vec::new(),
            connect_timeout: None,
            idle_timeout: Duration::from_secs(90),
            max_idle: None,
            nodelay: true,
            keep_alive: true,
            is_shared: false,
            max_connections: None,
            ways: Ways::default(),
        };
        let transport = Clients::new(Rc::new(settings)).unwrap();
        for host in 0..HOSTS + 3 {
            let url = Url::parse(&format!("https://h{host}.test/")).unwrap();
            let (name, host) = transport.place(&url);
            transport.client(name, host).unwrap();
        }
        let ClientsByHost::ByHost { clients, .. } = &transport.kept else {
            panic!("one client for all hosts");
        };
        let hosts: Vec<String> = clients
            .borrow()
            .iter()
            .map(|(host, _)| host.clone())
            .collect();
        assert_eq!(hosts.len(), HOSTS);
        assert_eq!(
            (hosts[0].as_str(), hosts[HOSTS - 1].as_str()),
            ("h3.test", "h66.test")
        );
    }
}

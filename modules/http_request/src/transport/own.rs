//! The connections of one client: made, lent, used again, looked after while they are idle.

use super::compose::{Parts, Template, put_parts};
use super::http1::{self, Sending};
use super::{Outgoing, Settings, Unanswered};
use crate::fault;
use crate::fields::Fields;
use crate::hosts::Hosts;
use crate::request;
use bggo_runtime::contract::AssetCx;
use bggo_wire::{Address, Buf, Dialer, Home, Loan, Look, Named, Rules, Target};
use http::Method;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::task::Context;
use std::time::{Duration, Instant};
use url::Url;

/// A connection that was idle for less is taken as it is, by what is not sent twice as well.
const FRESH: Duration = Duration::from_millis(1);

/// What all clients of a resource share on a thread.
pub(crate) struct Connections {
    rules: Rc<Rules>,
    idle_timeout: Duration,
    max_idle: usize,
    servers: RefCell<Vec<Server>>,
}

/// A server, by what makes a connection to it another than one to the next.
#[derive(Debug, PartialEq, Eq)]
struct Server {
    is_secure: bool,
    host: String,
    port: u16,
}

/// The connections of one client.
pub(crate) struct Pool {
    shared: Rc<Connections>,
    home: Home,
    dialer: Dialer,
    opened: Cell<u64>,
}

impl Connections {
    pub(crate) fn new(settings: &Settings) -> Self {
        Self {
            rules: Rc::new(Rules {
                connect_limit: settings.connect_timeout,
                nodelay: settings.nodelay,
            }),
            idle_timeout: settings.idle_timeout,
            max_idle: settings.max_idle.unwrap_or(usize::MAX),
            servers: RefCell::default(),
        }
    }

    /// The number of a url's server on this thread.
    fn server(&self, url: &Url) -> u32 {
        let is_secure = url.scheme() == "https";
        let host = url.host_str().unwrap_or_default();
        let port = url.port_or_known_default().unwrap_or_default();
        let mut servers = self.servers.borrow_mut();
        let is_it = |known: &Server| {
            known.port == port && known.is_secure == is_secure && known.host == host
        };
        let at = servers.iter().position(is_it).unwrap_or_else(|| {
            servers.push(Server {
                is_secure,
                host: host.to_owned(),
                port,
            });
            servers.len() - 1
        });
        at as u32
    }

    /// The head of requests that are all alike.
    pub(crate) fn template(
        &self,
        (method, url): (&Method, &Url),
        fields: &Fields,
        size: u64,
    ) -> Template {
        let mut bytes = Buf::new();
        let parts = Parts {
            method,
            url,
            fields,
            size,
        };
        put_parts(&mut bytes, &parts);
        Template::new(self.server(url), bytes.bytes())
    }
}

impl Pool {
    pub(super) fn new(cx: &AssetCx, shared: &Rc<Connections>) -> Self {
        Self {
            dialer: Dialer::new(cx, &shared.rules),
            shared: Rc::clone(shared),
            home: Home::new(),
            opened: Cell::new(0),
        }
    }

    pub(super) fn take_opened(&self) -> u64 {
        self.opened.take()
    }

    /// Closes the idle connections that the other end has closed.
    pub(super) fn poll_idle(&self, cx: &mut Context<'_>) {
        self.home.poll_idle(cx);
    }

    /// Sends a request and waits for the head of its answer.
    pub(super) async fn send<'c>(
        &'c self,
        outgoing: &Outgoing<'_>,
    ) -> Result<http1::Reply<'c>, Unanswered> {
        let body = match outgoing.payload.whole() {
            Some(bytes) => Sending::Bytes(bytes),
            None => Sending::of(Box::pin(outgoing.payload.open()).await?),
        };
        let server = match outgoing.template {
            Some(template) => template.server,
            None => {
                request::check_length(outgoing.fields, body.size())?;
                self.shared.server(outgoing.url)
            }
        };
        let loan = match self.lend(server, outgoing) {
            Some(loan) => loan,
            // Boxed: most requests have a connection, and carry no room for the making of one.
            None => Box::pin(self.dial(server, outgoing)).await?,
        };
        let was_reused = loan.is_reused();
        let exchanged = http1::exchange(self, loan, outgoing, body).await;
        exchanged.map_err(|lost| {
            let was_stale = was_reused && lost.is_closed_before_answer();
            if was_stale {
                // The connection that was idle for the shortest time was closed, so the others are as well.
                self.home.close(server);
            }
            Unanswered {
                fault: lost.fault(outgoing),
                was_stale,
                was_sent: true,
            }
        })
    }

    /// An idle connection to a server.
    fn lend(&self, server: u32, outgoing: &Outgoing<'_>) -> Option<Loan<'_>> {
        loop {
            let mut loan = self.home.lend(server)?;
            let rested = loan.rested(outgoing.now);
            if rested < FRESH {
                return Some(loan);
            }
            if rested > self.shared.idle_timeout {
                loan.spent();
                continue;
            }
            // What is not sent twice must not meet a connection that is closed by now.
            let look = if outgoing.method.is_idempotent() {
                Look::Told
            } else {
                Look::Ask
            };
            if loan.is_quiet(look) {
                return Some(loan);
            }
        }
    }

    async fn dial(&self, server: u32, outgoing: &Outgoing<'_>) -> Result<Loan<'_>, Unanswered> {
        let url = outgoing.url;
        let name = url.host_str().unwrap_or_default();
        let target = Target {
            address: Address::Host {
                name: name.trim_start_matches('[').trim_end_matches(']'),
                port: url.port_or_known_default().unwrap_or_default(),
            },
            named: match outgoing.hosts {
                Hosts::Open => Named::Open,
                Hosts::OfSensitiveUrl => Named::Secret,
            },
        };
        match self.dialer.dial(&target).await {
            Ok((wire, _)) => {
                self.opened.set(self.opened.get() + 1);
                Ok(self.home.settle(server, wire))
            }
            Err(trouble) => Err(fault::of_dial(&trouble).into()),
        }
    }

    /// The exchange on a connection is over; `now` is about when. The connection may serve another.
    pub(super) fn take_back(&self, mut loan: Loan<'_>, now: Instant) {
        let most = self.shared.max_idle;
        if most < usize::MAX && self.home.idle(loan.server()) >= most {
            loan.spent();
        } else {
            loan.rests(now);
        }
    }
}

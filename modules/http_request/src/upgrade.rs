//! Upgrades: a request that asks for another protocol to a connection that speaks it, for modules of such protocols.
//!
//! ```text
//! Upgrade -> request (client's fields and cookies) -> 101: Upgraded, a wire of the other protocol
//!                                                 '-> another answer: a fault
//! ```

use crate::asking::Asking;
use crate::client::HttpClient;
use crate::expect::Examples;
use crate::fault;
use crate::fields::{Fields, name};
use crate::hosts::Hosts;
use crate::http_request::Error as Kind;
use crate::limit::until;
use crate::phases::Phases;
use crate::request::{self, Arguments, Whole};
use crate::trace::{Request, Trace};
use crate::transport::{AnswerContext, AnswerHead, Asked, Incoming, Outgoing, Reads, Trust};
use bggo_runtime::contract::{Fault, FaultText, Running, format_duration};
use bggo_wire::{Dialled, Wire};
use http::header::{HeaderName, HeaderValue, UPGRADE};
use std::cell::RefCell;
use std::time::Duration;
use url::Url;

/// Bytes that are read of the body of another answer.
const MOST: usize = 1 << 10;
/// Characters of it that a fault shows.
const SHOWN: usize = 200;

/// A request that asks for another protocol on its connection.
#[derive(Debug, Clone, Copy)]
pub struct Upgrade<'a> {
    /// Its url, http or https.
    pub url: &'a str,
    /// The protocol, as `Upgrade` names it: `websocket`.
    pub protocol: &'a str,
    /// Further fields of the request. They replace those of the client.
    pub fields: &'a [(&'a str, &'a str)],
    /// Time limit of all of it, connecting included. Without it the client's holds.
    pub timeout: Option<Duration>,
    /// The certificate of the server is not verified, whatever the client says.
    pub trusts_every_certificate: bool,
    /// Its url contains a secret: no fault names the host, and nothing shows the url.
    pub url_is_sensitive: bool,
}

/// A connection that speaks the other protocol.
#[derive(Debug)]
pub struct Upgraded {
    /// It belongs to whoever asked. What the server said behind its answer stands in [`Wire::peek`].
    pub wire: Wire,
    /// How long the parts of the dial took.
    pub dialled: Dialled,
    head: AnswerHead,
}

impl Upgraded {
    /// A field of the server's answer. `None` if there is none, or if it is no text.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.head.headers().get(name)?.to_str().ok()
    }
}

impl HttpClient {
    /// Asks a server for another protocol, for a step or for an asset, over HTTP/1.1 on a connection of its own: with the fields, cookies, proxy, TLS and time
    /// limit of this client. Redirects are not followed.
    ///
    /// # Errors
    /// The request cannot be made (`request`), or there is no connection or no answer: the kinds of an `http_request`. An answer that
    /// is no upgrade fails with `status` and the beginning of its body; one that upgrades to something else with `protocol`. A
    /// client with a transport of another crate has no upgrades (`request`).
    pub async fn upgrade<'a>(
        &'a self,
        asking: impl Into<Asking<'a>>,
        asked: &'a Upgrade<'a>,
    ) -> Result<Upgraded, Fault> {
        self.upgrade_boxed(asking.into(), asked).await
    }

    /// Boxed: a user carries no room for it once it is over. And boxed here, so that no other module compiles a dial of its own, as it
    /// would of an `async fn`.
    #[inline(never)]
    fn upgrade_boxed<'a>(
        &'a self,
        asking: Asking<'a>,
        asked: &'a Upgrade<'a>,
    ) -> Running<'a, Result<Upgraded, Fault>> {
        Box::pin(self.upgrade_within_time(asking, asked))
    }

    async fn upgrade_within_time(
        &self,
        asking: Asking<'_>,
        asked: &Upgrade<'_>,
    ) -> Result<Upgraded, Fault> {
        let mut request = request::whole(&Arguments::get(asked.url))?;
        request.head = self.fields_of(&request, asked)?;
        let hosts = if asked.url_is_sensitive {
            Hosts::OfSensitiveUrl
        } else {
            Hosts::Open
        };
        let limit = asked.timeout.unwrap_or(self.common.exchange.timeout);
        let sent = asking.sends();
        let mut deadline = asking.deadline();
        deadline.set(sent + limit);
        let ended = until(
            self.ask_for_upgrade((asking, &request), asked, hosts),
            &mut deadline,
        )
        .await;
        self.count_connections();
        ended.unwrap_or_else(|| {
            let place = hosts.place(request.target.url());
            let text = FaultText::plain("no answer from ").and_text(&place);
            let within = format_args!(" within {}", format_duration(limit));
            Err(Kind::Timeout.fault(text.and(within)))
        })
    }

    /// The fields of a request that asks for another protocol.
    fn fields_of(&self, request: &Whole, asked: &Upgrade<'_>) -> Result<Fields, Fault> {
        let mut fields = Fields::default();
        for (name, value) in asked.fields {
            let (name, value) = field(name, value)?;
            fields.set(name, value);
        }
        let has_encoding = fields.contains(name::ACCEPT_ENCODING);
        let of_client = &self.common.fields;
        let to = (&request.target, &request.payload);
        let mut fields = request::complete(fields, to, of_client)?;
        if !has_encoding {
            // A refusal is shown as it comes.
            fields.remove(name::ACCEPT_ENCODING);
        }
        let (upgrade, protocol) = field(name::UPGRADE, asked.protocol)?;
        fields.set(name::CONNECTION, HeaderValue::from_static("Upgrade"));
        fields.set(upgrade, protocol);
        Ok(fields)
    }

    async fn ask_for_upgrade(
        &self,
        (asking, request): (Asking<'_>, &Whole),
        asked: &Upgrade<'_>,
        hosts: Hosts,
    ) -> Result<Upgraded, Fault> {
        let url = request.target.url();
        let cookies = self.cookies(|| url, &[], &request.head);
        let shown = asking.step();
        let shown = shown.and_then(|step| Some((step, step.shows_exchanges()?)));
        let trace = shown.map(|shown| {
            let trace = Trace::new(shown, self, &request.head, None);
            let trace = trace.hiding(asked.url_is_sensitive, false);
            trace.hide_credentials(asked.url, None, None);
            trace.sends(Request {
                method: &request.method,
                url,
                target: None,
                headers: &request.head,
                cookies: cookies.as_ref(),
                payload: &request.payload,
            });
            trace
        });
        let heard = |head: &AnswerHead| {
            if let Some(trace) = &trace {
                trace.hears(head);
            }
            self.keep_cookies(|| url, head);
        };
        let outgoing = Outgoing {
            method: &request.method,
            url,
            target: None,
            fields: &request.head,
            cookies: cookies.as_ref(),
            payload: &request.payload,
            template: None,
            hosts,
            now: asking.now(),
            hears: AnswerContext {
                last_head: &RefCell::default(),
                // It gets how long the dial took.
                phases: &Phases::default(),
                reads: Reads {
                    fields: true,
                    cookies: true,
                    location: false,
                    address: false,
                },
                examples: Examples {
                    asking,
                    expect: None,
                    may_come: false,
                    failures: false,
                },
            },
        };
        let trust = match asked.trusts_every_certificate {
            true => Trust::Everything,
            false => Trust::OfClient,
        };
        match self.transport.upgrade(&outgoing, trust).await? {
            Asked::Upgraded(upgraded) => {
                let (wire, head, dialled) = *upgraded;
                heard(&head);
                speaks(asked.protocol, &head, (url, hosts))?;
                Ok(Upgraded {
                    wire,
                    dialled,
                    head,
                })
            }
            Asked::Refused(mut incoming) => {
                heard(incoming.head());
                let status = incoming.head().status.as_u16();
                let start = start(&mut incoming, trace.as_ref()).await;
                let mut text = FaultText::plain(format_args!("status {status}, expected 101"));
                if !start.is_empty() {
                    text = text.and(": ").and_value(start);
                }
                Err(Kind::Status.fault(text))
            }
        }
    }
}

/// A field that can be sent.
fn field(name: &str, value: &str) -> Result<(String, HeaderValue), Fault> {
    let wrong = |what: &str| {
        let text = FaultText::plain("the field ").and_value(format_args!("{name:?}"));
        Kind::Request.fault(text.and(format_args!(" of an upgrade {what}")))
    };
    HeaderName::from_bytes(name.as_bytes()).map_err(|_| wrong("has no header's name"))?;
    let value = HeaderValue::from_bytes(value.as_bytes());
    let value = value.map_err(|_| wrong("holds what no header can, such as a line break"))?;
    Ok((name.to_owned(), value))
}

/// Checks that a server speaks the protocol that was asked for.
fn speaks(protocol: &str, head: &AnswerHead, (url, hosts): (&Url, Hosts)) -> Result<(), Fault> {
    let named = head.headers().get(UPGRADE);
    let named = named.map(|named| String::from_utf8_lossy(named.as_bytes()));
    let named = named.as_deref().unwrap_or_default().trim();
    if named.eq_ignore_ascii_case(protocol) {
        return Ok(());
    }
    let words = if named.is_empty() {
        FaultText::plain("its status is 101, and it names no protocol")
    } else {
        FaultText::plain("it upgrades to ")
            .and_value(named)
            .and(format_args!(", expected {protocol}"))
    };
    Err(fault::of_answer(&words, url, hosts))
}

/// The beginning of a body as one line of text. The rest is left.
async fn start(incoming: &mut Incoming<'_>, trace: Option<&Trace<'_>>) -> String {
    let mut bytes = Vec::new();
    while bytes.len() < MOST
        && let Ok(Some(piece)) = incoming.piece().await
    {
        if let Some(trace) = trace {
            trace.piece(&piece);
        }
        bytes.extend_from_slice(&piece);
    }
    incoming.leave();
    let text = String::from_utf8_lossy(&bytes);
    let words: Vec<&str> = text.split_whitespace().collect();
    let line = words.join(" ");
    line.chars()
        .filter(|letter| !letter.is_control())
        .take(SHOWN)
        .collect()
}

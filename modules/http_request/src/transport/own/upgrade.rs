//! A request that asks for another protocol, on a connection of its own that speaks HTTP/1.1.

use super::Pool;
use crate::fault;
use crate::transport::http1::Exchange;
use crate::transport::incoming::Incoming;
use crate::transport::message::{AnswerHead, Outgoing};
use crate::transport::settings::host_and_port;
use bggo_runtime::contract::Fault;
use bggo_wire::{Dialled, Target, Wire};
use std::future::poll_fn;

/// The only protocol that TLS offers: HTTP/2 cannot be upgraded.
const HTTP_1: &[&[u8]] = &[b"http/1.1"];
/// The status of an upgrade.
const SWITCHING: u16 = 101;

/// What a server made of it.
pub(crate) enum Asked<'c> {
    /// The connection speaks the other protocol from here on.
    Upgraded(Box<(Wire, AnswerHead, Dialled)>),
    /// Another answer.
    Refused(Incoming<'c>),
}

/// Which certificates of servers are trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trust {
    /// Those that the client trusts.
    OfClient,
    /// Every certificate.
    Everything,
}

impl Pool {
    /// Makes a connection and asks for the upgrade on it. A proxy is asked for a tunnel.
    pub(crate) async fn upgrade<'c>(
        &'c self,
        outgoing: &Outgoing<'_>,
        trust: Trust,
    ) -> Result<Asked<'c>, Fault> {
        let (url, hosts) = (outgoing.url, outgoing.hosts);
        let (name, port) = host_and_port(url);
        let mut target = Target {
            address: self.shared.address(name, port),
            secure: None,
            named: hosts.named(),
        };
        let dialled = if url.scheme() == "https" {
            let of_hosts = self.shared.rules.tls.as_ref();
            let verified = || of_hosts.map(|tls| tls.with_protocols(HTTP_1));
            let tls = match trust {
                Trust::OfClient => self.shared.upgrades.get_or_init(verified),
                Trust::Everything => {
                    let unverified = || verified().map(|tls| tls.trusting_every_certificate());
                    self.shared.unverified_upgrades.get_or_init(unverified)
                }
            };
            let dialer = match tls {
                Some(tls) => &self.dialer.with_tls(tls),
                None => &self.dialer,
            };
            target.secure = Some(self.shared.server_name.as_deref().unwrap_or(name));
            dialer.dial(&target).await
        } else {
            self.dialer.dial(&target).await
        };
        let (wire, times) = dialled.map_err(|trouble| fault::of_dial(&trouble, url, hosts))?;
        self.opened.set(self.opened.get() + 1);
        let mut loan = self.home.settle(self.shared.server(url), wire);
        let mut exchange = Exchange::begin(&mut loan, (outgoing, None), &[]).for_upgrade();
        let head = poll_fn(|cx| exchange.poll(&mut loan, &outgoing.hears, cx)).await;
        let head = head.map_err(|lost| lost.fault(outgoing))?;
        let made = exchange.head(&loan, &head, &outgoing.hears);
        if head.status != SWITCHING {
            let reply = exchange.reply(loan, (head, made), self.shared.max_idle);
            return Ok(Asked::Refused(Incoming::Http1(reply)));
        }
        loan.consume(head.size);
        loan.paid();
        Ok(Asked::Upgraded(Box::new((loan.keep(), made, times))))
    }
}

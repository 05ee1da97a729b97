//! TLS sessions, by which a later connection of the same asset is made with fewer steps: a few for each server, never shared
//! between assets.
//!
//! The library asks the configuration for sessions, and one configuration serves all assets of a thread, since one for each
//! would cost each user more memory than its sessions do. So whose sessions are meant is noted for as long as the library
//! works on a connection of that asset.

use rustls::NamedGroup;
use rustls::client::{
    ClientSessionStore, Resumption, Tls12ClientSessionValue, Tls13ClientSessionValue,
};
use rustls::pki_types::ServerName;
use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;
use std::sync::Arc;

/// Servers that are remembered: the one that was heard of first is forgotten first.
const SERVERS: usize = 8;

thread_local! {
    static CURRENT: RefCell<Option<Rc<Sessions>>> = const { RefCell::new(None) };
}

/// The sessions of one asset.
#[derive(Default)]
pub(crate) struct Sessions {
    servers: RefCell<Vec<Server>>,
}

struct Server {
    name: ServerName<'static>,
    group: Option<NamedGroup>,
    session_1_2: Option<Box<Tls12ClientSessionValue>>,
    /// A ticket of TLS 1.3, good for one connection: the newest. It holds the server's certificates, so more of them would be
    /// the greater part of what an idle connection costs; each connection brings new ones.
    ticket: Option<Box<Tls13ClientSessionValue>>,
}

impl Sessions {
    /// They are meant until the guard is dropped.
    pub(super) fn enter(self: &Rc<Self>) -> Entered {
        Entered(CURRENT.replace(Some(Rc::clone(self))))
    }

    /// How many tickets there are.
    #[cfg(test)]
    pub(crate) fn tickets(&self) -> usize {
        let servers = self.servers.borrow();
        let with = servers.iter().filter(|server| server.ticket.is_some());
        with.count()
    }

    fn of<T>(&self, name: &ServerName<'_>, work: impl FnOnce(&mut Server) -> T) -> Option<T> {
        let mut servers = self.servers.borrow_mut();
        let server = servers.iter_mut().find(|server| server.name == *name)?;
        Some(work(server))
    }

    fn of_new(&self, name: ServerName<'static>, work: impl FnOnce(&mut Server)) {
        let mut servers = self.servers.borrow_mut();
        if let Some(server) = servers.iter_mut().find(|server| server.name == name) {
            return work(server);
        }
        if servers.len() == SERVERS {
            servers.remove(0);
        }
        let mut server = Server {
            name,
            group: None,
            session_1_2: None,
            ticket: None,
        };
        work(&mut server);
        servers.reserve_exact(1);
        servers.push(server);
    }
}

impl fmt::Debug for Sessions {
    /// Leaves the sessions out, since they hold keys.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sessions").finish_non_exhaustive()
    }
}

/// Whose sessions were meant before.
pub(super) struct Entered(Option<Rc<Sessions>>);

impl Drop for Entered {
    fn drop(&mut self) {
        CURRENT.replace(self.0.take());
    }
}

/// Sessions are those of the asset whose connection is worked on.
pub(super) fn of_current_owner() -> Resumption {
    Resumption::store(Arc::new(OfCurrentOwner))
}

#[derive(Debug)]
struct OfCurrentOwner;

impl OfCurrentOwner {
    fn with<T>(work: impl FnOnce(&Sessions) -> T) -> Option<T> {
        CURRENT.with_borrow(|current| current.as_deref().map(work))
    }
}

impl ClientSessionStore for OfCurrentOwner {
    fn set_kx_hint(&self, name: ServerName<'static>, group: NamedGroup) {
        Self::with(|sessions| sessions.of_new(name, |server| server.group = Some(group)));
    }

    fn kx_hint(&self, name: &ServerName<'_>) -> Option<NamedGroup> {
        Self::with(|sessions| sessions.of(name, |server| server.group))??
    }

    fn set_tls12_session(&self, name: ServerName<'static>, session: Tls12ClientSessionValue) {
        Self::with(|sessions| {
            sessions.of_new(name, |server| server.session_1_2 = Some(Box::new(session)));
        });
    }

    fn tls12_session(&self, name: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        let session = Self::with(|sessions| {
            sessions.of(name, |server| server.session_1_2.as_deref().cloned())
        });
        session??
    }

    fn remove_tls12_session(&self, name: &ServerName<'static>) {
        Self::with(|sessions| sessions.of(name, |server| server.session_1_2 = None));
    }

    fn insert_tls13_ticket(&self, name: ServerName<'static>, ticket: Tls13ClientSessionValue) {
        Self::with(|sessions| {
            sessions.of_new(name, |server| server.ticket = Some(Box::new(ticket)));
        });
    }

    fn take_tls13_ticket(&self, name: &ServerName<'static>) -> Option<Tls13ClientSessionValue> {
        let ticket = Self::with(|sessions| sessions.of(name, |server| server.ticket.take()))??;
        Some(*ticket?)
    }
}

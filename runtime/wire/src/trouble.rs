//! What can go wrong on a connection, below every protocol: a closed set of kinds, and one clause that says what happened.

use bggo_runtime::contract::{Fault, FaultText, HostLimit};
use std::fmt;
use std::io;
use std::time::Duration;

/// What went wrong. A protocol adds kinds of its own and names all of them in its manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A host name has no address.
    Dns,
    /// Connecting took too long, or a proxy refused.
    Connect,
    /// Nobody listens there.
    Refused,
    /// There is no way to the host.
    Unreachable,
    /// No TLS connection: a certificate that is not trusted, no common version, or no TLS at all.
    Tls,
    /// The other end broke the connection off.
    Reset,
    /// The other end closed the connection in an orderly way, too early.
    Closed,
    /// Something took longer than its time limit.
    Timeout,
    /// A message is larger than its reader allows.
    TooLarge,
    /// This host has no more descriptors or ports: the generator's own fault.
    Local,
}

impl Kind {
    /// The name of the kind in manifests and reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Dns => "dns",
            Self::Connect => "connect",
            Self::Refused => "refused",
            Self::Unreachable => "unreachable",
            Self::Tls => "tls",
            Self::Reset => "reset",
            Self::Closed => "closed",
            Self::Timeout => "timeout",
            Self::TooLarge => "too_large",
            Self::Local => "local",
        }
    }
}

/// When it went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Phase {
    /// While the connection was made: its name, its address, its proxy.
    Dial,
    /// While both ends agreed on TLS.
    Tls,
    /// While messages were exchanged.
    Exchange,
}

/// Why a connection cannot be made or used. Its text is a clause of our own words, with the system's where the system refused.
///
/// It becomes a fault of the same name by `?`. A protocol that says more makes a [fault with another text](Self::fault), or puts
/// [words before](Self::after).
#[derive(Debug, Clone)]
pub struct Trouble(Box<Parts>);

#[derive(Debug, Clone)]
struct Parts {
    kind: Kind,
    phase: Phase,
    text: FaultText,
    limit: Option<HostLimit>,
    connect_limit: Option<Duration>,
}

impl Trouble {
    /// With a text that a report can show after a colon.
    pub fn new(kind: Kind, phase: Phase, text: impl Into<FaultText>) -> Self {
        Self(Box::new(Parts {
            kind,
            phase,
            text: text.into(),
            limit: None,
            connect_limit: None,
        }))
    }

    /// What the system answered.
    pub fn of_system(phase: Phase, error: &io::Error) -> Self {
        let limit = limit_of_host(error);
        let kind = match error.kind() {
            _ if limit.is_some() => Kind::Local,
            io::ErrorKind::ConnectionRefused => Kind::Refused,
            io::ErrorKind::HostUnreachable
            | io::ErrorKind::NetworkUnreachable
            | io::ErrorKind::NetworkDown
            | io::ErrorKind::NotFound => Kind::Unreachable,
            io::ErrorKind::ConnectionReset
            | io::ErrorKind::BrokenPipe
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::NotConnected => Kind::Reset,
            // The system gave up, after minutes without a word of the other end.
            io::ErrorKind::TimedOut if phase == Phase::Dial => Kind::Connect,
            io::ErrorKind::TimedOut => Kind::Timeout,
            _ if phase == Phase::Dial => Kind::Connect,
            _ => Kind::Reset,
        };
        let text = match limit {
            // The system's words alone do not say that it is this host's fault.
            Some(limit) => FaultText::plain(format_args!("{}: {error}", limit.words())),
            None => FaultText::plain(error),
        };
        let mut trouble = Self::new(kind, phase, text);
        trouble.0.limit = limit;
        trouble
    }

    /// The other end closed the connection before its message was whole.
    pub fn closed() -> Self {
        Self::new(
            Kind::Closed,
            Phase::Exchange,
            "the other end closed the connection",
        )
    }

    /// More bytes than the reader allows.
    pub(crate) fn too_large(most: usize) -> Self {
        Self::new(
            Kind::TooLarge,
            Phase::Exchange,
            FaultText::plain(format_args!("a message has more than {most} bytes")),
        )
    }

    /// The same with words before its text, such as those that say to whom the connection was.
    #[must_use]
    pub fn after(mut self, words: &FaultText) -> Self {
        self.0.text = words.clone().and(": ").and_text(&self.0.text);
        self
    }

    /// The same as another kind, where whoever asked sees something else in it.
    pub(crate) fn with_kind(mut self, kind: Kind) -> Self {
        self.0.kind = kind;
        self
    }

    /// The same, because a dial took longer than its limit.
    pub(crate) fn by_connect_limit(mut self, limit: Duration) -> Self {
        self.0.connect_limit = Some(limit);
        self
    }

    /// What went wrong.
    pub fn kind(&self) -> Kind {
        self.0.kind
    }

    /// When.
    pub fn phase(&self) -> Phase {
        self.0.phase
    }

    /// What happened, in words. Parts of it may be kept back where a step has secrets.
    pub fn text(&self) -> &FaultText {
        &self.0.text
    }

    /// What this host had none left of, if that is the cause.
    pub fn host_limit(&self) -> Option<HostLimit> {
        self.0.limit
    }

    /// The limit that connecting took longer than, if that is the cause: a protocol may call it by the name of its input.
    pub fn connect_limit(&self) -> Option<Duration> {
        self.0.connect_limit
    }

    /// A fault of this kind with another text, for a protocol that says more.
    pub fn fault(&self, text: FaultText) -> Fault {
        let fault = Fault::new(self.kind().name(), text);
        match self.0.limit {
            Some(limit) => fault.by_host(limit),
            None => fault,
        }
    }
}

impl fmt::Display for Trouble {
    /// The kind alone: the text may hold what is kept back.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind().name())
    }
}

impl std::error::Error for Trouble {}

impl From<Trouble> for Fault {
    fn from(trouble: Trouble) -> Self {
        trouble.fault(trouble.text().clone())
    }
}

/// What this host had none left of, if that is what the system says.
fn limit_of_host(error: &io::Error) -> Option<HostLimit> {
    match error.raw_os_error() {
        // EMFILE of the process and ENFILE of the system, which have no kind in the standard library.
        Some(24 | 23) => Some(HostLimit::Descriptors),
        // No port for the address of the target, or none of a local address that a socket was bound to.
        _ if matches!(
            error.kind(),
            io::ErrorKind::AddrNotAvailable | io::ErrorKind::AddrInUse
        ) =>
        {
            Some(HostLimit::Ports)
        }
        _ => None,
    }
}

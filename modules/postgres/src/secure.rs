//! The arguments of a connection that are about TLS.

use crate::postgres_connection::Error as Kind;
use bggo_runtime::contract::Fault;
use bggo_wire::{Tls, TlsArguments};

/// Whether TLS is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Never.
    Disable,
    /// If the server does.
    Prefer,
    /// Always, whatever certificate the server has.
    Require,
    /// Always, with a server whose certificate is trusted.
    VerifyCa,
    /// Always, with a server whose certificate is trusted and for its host.
    VerifyFull,
}

impl Mode {
    /// A mode by its name.
    pub(crate) fn of_name(name: &str) -> Option<Self> {
        match name {
            "disable" => Some(Self::Disable),
            "prefer" => Some(Self::Prefer),
            "require" => Some(Self::Require),
            "verify-ca" => Some(Self::VerifyCa),
            "verify-full" => Some(Self::VerifyFull),
            _ => None,
        }
    }
}

/// Whether the proof of a password is bound to the TLS connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ChannelBinding {
    /// Never.
    Disable,
    /// If the server offers it.
    Prefer,
    /// Always: who proves no password so is not let in.
    Require,
}

impl ChannelBinding {
    /// A way by its name.
    pub(crate) fn of_name(name: &str) -> Option<Self> {
        match name {
            "disable" => Some(Self::Disable),
            "prefer" => Some(Self::Prefer),
            "require" => Some(Self::Require),
            _ => None,
        }
    }
}

/// How TLS is spoken in a mode: not at all where it never is.
///
/// # Errors
/// A file cannot be read, a certificate has no key, or what they hold cannot be used.
pub(crate) fn tls(
    (mode, binding): (Mode, ChannelBinding),
    mut arguments: TlsArguments<'_>,
) -> Result<Option<Tls>, Fault> {
    if mode == Mode::Disable {
        return Ok(None);
    }
    arguments.insecure_skip_verify = !matches!(mode, Mode::VerifyCa | Mode::VerifyFull);
    let settings = arguments.settings();
    let mut settings = settings.map_err(|trouble| Kind::Tls.of(trouble.into()))?;
    settings.any_host = mode == Mode::VerifyCa;
    settings.binds = binding != ChannelBinding::Disable;
    let tls = Tls::new(&settings);
    tls.map(Some).map_err(|text| Kind::Tls.fault(text))
}

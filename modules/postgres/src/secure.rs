//! The arguments of a connection that are about TLS.

use crate::postgres_connection::{Error as Kind, Inputs};
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
            "verify-full" => Some(Self::VerifyFull),
            _ => None,
        }
    }
}

/// These arguments as they are given; `None` if one is not known yet.
pub(crate) fn arguments(inputs: &Inputs) -> Option<TlsArguments<'_>> {
    Some(TlsArguments {
        ca_file: inputs.ca_file.known()?.as_deref(),
        ca_pem: inputs.ca_pem.known()?.as_deref(),
        client_cert_file: inputs.client_cert_file.known()?.as_deref(),
        client_cert_pem: inputs.client_cert_pem.known()?.as_deref(),
        client_key_file: inputs.client_key_file.known()?.as_deref(),
        client_key_pem: inputs.client_key_pem.known()?.as_deref(),
        // The mode says it.
        insecure_skip_verify: false,
    })
}

/// How TLS is spoken in a mode: not at all where it never is.
///
/// # Errors
/// A file cannot be read, a certificate has no key, or what they hold cannot be used.
pub(crate) fn tls(mode: Mode, mut arguments: TlsArguments<'_>) -> Result<Option<Tls>, Fault> {
    if mode == Mode::Disable {
        return Ok(None);
    }
    arguments.insecure_skip_verify = mode != Mode::VerifyFull;
    let settings = arguments.settings();
    let settings = settings.map_err(|trouble| Kind::Tls.of(trouble.into()))?;
    let tls = Tls::new(&settings);
    tls.map(Some).map_err(|text| Kind::Tls.fault(text))
}

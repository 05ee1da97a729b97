//! A client's certificate and key to what it shows to servers that ask for one.

use super::pem::Pem;
use super::roots::certificates;
use bggo_runtime::contract::FaultText;
use rustls::client::WantsClientCert;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, Error, InconsistentKeys};

/// A client's certificate, with those of the authorities between where there are any, and its key. Both are PEM.
#[derive(Clone)]
pub struct Identity {
    /// The certificates, the client's own first.
    pub chain: Pem,
    /// The private key.
    pub key: Pem,
}

impl std::fmt::Debug for Identity {
    /// Leaves the key out.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Identity").finish_non_exhaustive()
    }
}

/// Completes a configuration with what the client shows.
///
/// # Errors
/// The certificate or the key cannot be used.
pub(super) fn shown(
    identity: Option<&Identity>,
    builder: rustls::ConfigBuilder<ClientConfig, WantsClientCert>,
) -> Result<ClientConfig, FaultText> {
    let Some(identity) = identity else {
        return Ok(builder.with_no_client_auth());
    };
    let Identity { chain, key } = identity;
    let private = PrivateKeyDer::from_pem_slice(key.text().as_bytes());
    let private = private.map_err(|_| {
        let text = key.called("the client's key");
        text.and(" is no PEM text of a private key")
    })?;
    let certificates = certificates(chain, "the client's certificate")?;
    builder
        .with_client_auth_cert(certificates, private)
        .map_err(|error| unusable(&error, identity))
}

/// Why a client's certificate and key cannot be used.
fn unusable(error: &Error, identity: &Identity) -> FaultText {
    let Identity { chain, key } = identity;
    let key = || key.called("the client's key");
    match error {
        Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => key()
            .and(" does not belong to ")
            .and_text(&chain.called("its certificate")),
        Error::InvalidCertificate(_) => chain
            .called("the client's certificate")
            .and(" cannot be read"),
        _ => key().and(" is of a kind that is not supported"),
    }
}

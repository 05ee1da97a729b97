//! A client's certificate and key to what it shows to servers that ask for one.

use super::explain::explain_identity;
use super::pem::Pem;
use super::roots::certificates;
use bggo_runtime::contract::FaultText;
use rustls::ClientConfig;
use rustls::client::WantsClientCert;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;

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
        .map_err(|error| explain_identity(&error, identity))
}

//! The TLS configuration of a client, whole: reqwest adds nothing to one that it is handed.
//!
//! Which certificates are trusted: those of `ca_file` and `ca_pem` where one is given, else the built-in ones and the
//! host's. The latter are read when the first server shows a certificate, so that a program without https starts at once.

use crate::http_client::Error as Kind;
use bggo_runtime::contract::Fault;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{
    CryptoProvider, WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use std::sync::{Arc, OnceLock};

/// What a client asks of TLS. Texts are PEM.
#[derive(Debug, Clone, Default)]
pub(crate) struct Settings {
    /// Trusted in place of the built-in and the host's certificates.
    pub(crate) ca: Option<String>,
    /// The client's chain and key.
    pub(crate) identity: Option<(String, String)>,
    /// Trust everything.
    pub(crate) insecure: bool,
    /// Speak nothing older than 1.3.
    pub(crate) only_13: bool,
    /// What is offered (ALPN), best first.
    pub(crate) protocols: Vec<Vec<u8>>,
}

/// Builds the configuration.
pub(crate) fn config(settings: &Settings) -> Result<ClientConfig, Fault> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let algorithms = provider.signature_verification_algorithms;
    let versions: &[_] = if settings.only_13 {
        &[&TLS13]
    } else {
        &[&TLS13, &TLS12]
    };
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(versions)
        .map_err(|error| Kind::Tls.fault(format!("no such TLS: {error}")))?;
    let checks = |trust| -> Arc<dyn ServerCertVerifier> { Arc::new(Checks { trust, algorithms }) };
    let verifier = match &settings.ca {
        _ if settings.insecure => checks(Trust::Everything),
        Some(pem) => verifier(chosen(pem)?, provider)?,
        None => checks(Trust::BuiltInAndHost),
    };
    let builder = builder
        .dangerous()
        .with_custom_certificate_verifier(verifier);
    let mut config = match &settings.identity {
        None => builder.with_no_client_auth(),
        Some((chain, key)) => {
            let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).map_err(|error| {
                Kind::Tls.fault(format!("the client's key cannot be read: {error}"))
            })?;
            let chain = certificates(chain, "the client's certificate")?;
            builder.with_client_auth_cert(chain, key).map_err(|error| {
                Kind::Tls.fault(format!("the client's certificate cannot be used: {error}"))
            })?
        }
    };
    config.alpn_protocols.clone_from(&settings.protocols);
    Ok(config)
}

fn certificates(pem: &str, what: &str) -> Result<Vec<CertificateDer<'static>>, Fault> {
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
    match read {
        Ok(certificates) if certificates.is_empty() => {
            Err(Kind::Tls.fault(format!("{what} holds no PEM certificate")))
        }
        Ok(certificates) => Ok(certificates),
        Err(error) => Err(Kind::Tls.fault(format!("{what} cannot be read: {error}"))),
    }
}

fn chosen(pem: &str) -> Result<RootCertStore, Fault> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(pem, "the CA")? {
        roots.add(certificate).map_err(|error| {
            Kind::Tls.fault(format!("a certificate of the CA cannot be used: {error}"))
        })?;
    }
    Ok(roots)
}

fn verifier(
    roots: RootCertStore,
    provider: Arc<CryptoProvider>,
) -> Result<Arc<WebPkiServerVerifier>, Fault> {
    WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider)
        .build()
        .map_err(|error| Kind::Tls.fault(format!("the CA cannot be used: {error}")))
}

/// The built-in certificates and the host's, read once a program.
fn known() -> Result<&'static WebPkiServerVerifier, rustls::Error> {
    static KNOWN: OnceLock<Option<Arc<WebPkiServerVerifier>>> = OnceLock::new();
    let made = KNOWN.get_or_init(|| {
        let mut roots = RootCertStore {
            roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
        };
        // A host without certificates, or with some that cannot be read, has the built-in ones.
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        verifier(roots, Arc::new(rustls::crypto::ring::default_provider())).ok()
    });
    made.as_deref()
        .ok_or_else(|| rustls::Error::General("no trusted certificates".to_owned()))
}

/// What is trusted where the grid names no CA.
#[derive(Debug)]
enum Trust {
    /// The built-in certificates and the host's.
    BuiltInAndHost,
    /// Every certificate.
    Everything,
}

/// Checks a server's certificate as `trust` says. In either case the server has to prove that it holds its key.
#[derive(Debug)]
struct Checks {
    trust: Trust,
    algorithms: WebPkiSupportedAlgorithms,
}

impl ServerCertVerifier for Checks {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        match self.trust {
            Trust::BuiltInAndHost => known()?.verify_server_cert(
                end_entity,
                intermediates,
                server_name,
                ocsp_response,
                now,
            ),
            Trust::Everything => Ok(ServerCertVerified::assertion()),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signed, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signed, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

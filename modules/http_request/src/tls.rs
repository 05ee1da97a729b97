//! The complete TLS configuration of a client. The transport adds nothing to it.
//!
//! With `ca_file` or `ca_pem` only their certificates are trusted: those of authorities, or that of the server itself. Without
//! them the built-in ones and the host's are trusted. They are read when the first server sends its certificate, so a program
//! without https starts at once.

mod certificate;
mod explain;

pub use explain::explain;

use crate::http_client::Error as Kind;
use bggo_runtime::contract::{Fault, FaultText};
use certificate::Certificate;
use rustls::CertificateError::{
    BadEncoding, BadSignature, Expired, NotValidForNameContext, NotValidYet,
};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::crypto::{
    CryptoProvider, WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature,
    verify_tls13_signature_with_raw_key,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{
    CertificateDer, PrivateKeyDer, ServerName, SubjectPublicKeyInfoDer, UnixTime,
};
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use std::sync::{Arc, OnceLock};

/// The TLS settings of a client. Texts are PEM.
#[derive(Debug, Clone, Default)]
pub(crate) struct Settings {
    /// The certificates to trust instead of the built-in ones and the host's.
    pub(crate) ca: Option<String>,
    /// The client's chain and key.
    pub(crate) identity: Option<(String, String)>,
    /// Trust everything.
    pub(crate) insecure: bool,
    /// Refuse versions older than 1.3.
    pub(crate) only_13: bool,
    /// The protocols that are offered (ALPN), best first.
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
        .map_err(|_| Kind::Tls.fault("no such version of TLS"))?;
    let checks = |trust| -> Arc<dyn ServerCertVerifier> { Arc::new(Checks { trust, algorithms }) };
    let verifier = match &settings.ca {
        _ if settings.insecure => checks(Trust::Everything),
        Some(pem) => checks(Trust::Chosen(chosen(pem, provider)?)),
        None => checks(Trust::BuiltInAndHost),
    };
    let builder = builder
        .dangerous()
        .with_custom_certificate_verifier(verifier);
    let mut config = match &settings.identity {
        None => builder.with_no_client_auth(),
        Some((chain, key)) => {
            let key = PrivateKeyDer::from_pem_slice(key.as_bytes())
                .map_err(|_| Kind::Tls.fault("the client's key is no PEM text of a private key"))?;
            let chain = certificates(chain, "the client's certificate")?;
            builder
                .with_client_auth_cert(chain, key)
                .map_err(|error| Kind::Tls.fault(explain::explain_identity(&error)))?
        }
    };
    config.alpn_protocols.clone_from(&settings.protocols);
    Ok(config)
}

fn certificates(pem: &str, what: &str) -> Result<Vec<CertificateDer<'static>>, Fault> {
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
    match read {
        Ok(certificates) if certificates.is_empty() => Err(Kind::Tls.fault(FaultText::plain(
            format_args!("{what} holds no PEM certificate"),
        ))),
        Ok(certificates) => Ok(certificates),
        Err(_) => Err(Kind::Tls.fault(FaultText::plain(format_args!(
            "{what} holds PEM text that is cut off or damaged"
        )))),
    }
}

fn chosen(pem: &str, provider: Arc<CryptoProvider>) -> Result<Chosen, Fault> {
    let given = certificates(pem, "the CA")?;
    let mut roots = RootCertStore::empty();
    for certificate in &given {
        roots
            .add(certificate.clone())
            .map_err(|_| Kind::Tls.fault("a certificate of the CA cannot be read"))?;
    }
    let authorities = verifier(roots, provider)
        .ok_or_else(|| Kind::Tls.fault("the certificates of the CA cannot be used"))?;
    Ok(Chosen { given, authorities })
}

fn verifier(
    roots: RootCertStore,
    provider: Arc<CryptoProvider>,
) -> Option<Arc<WebPkiServerVerifier>> {
    WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider)
        .build()
        .ok()
}

/// The certificates that the grid names: authorities, or those of servers themselves.
#[derive(Debug)]
struct Chosen {
    given: Vec<CertificateDer<'static>>,
    authorities: Arc<WebPkiServerVerifier>,
}

impl Chosen {
    /// Accepts a certificate that the grid gives itself, whoever signed it, while it is valid and for this host name.
    fn verify_given(
        &self,
        shown: &CertificateDer<'_>,
        name: &ServerName<'_>,
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let certificate = Certificate::read(shown).ok_or(BadEncoding)?;
        if now.as_secs() < certificate.not_before {
            return Err(NotValidYet.into());
        }
        if now.as_secs() > certificate.not_after {
            return Err(Expired.into());
        }
        let named = shown
            .try_into()
            .and_then(|parsed| verify_server_name(&parsed, name));
        let names_none = match &named {
            Err(rustls::Error::InvalidCertificate(NotValidForNameContext {
                presented, ..
            })) => presented.is_empty(),
            Err(error) => is_of_version_1(error),
            Ok(()) => false,
        };
        // A certificate without a subjectAltName is for the host in its common name.
        if !(names_none && certificate.is_for(&name.to_str())) {
            named?;
        }
        Ok(ServerCertVerified::assertion())
    }
}

fn is_of_version_1(error: &rustls::Error) -> bool {
    let rustls::Error::InvalidCertificate(rustls::CertificateError::Other(other)) = error else {
        return false;
    };
    matches!(
        other.0.downcast_ref(),
        Some(webpki::Error::UnsupportedCertVersion)
    )
}

/// Checks over TLS 1.2 that the server has the key of its certificate. The library cannot read certificates of version 1, such
/// as those of `openssl x509 -req -signkey`; for these only the key is checked.
fn signature_12(
    message: &[u8],
    certificate: &CertificateDer<'_>,
    signed: &DigitallySignedStruct,
    algorithms: &WebPkiSupportedAlgorithms,
) -> Result<HandshakeSignatureValid, rustls::Error> {
    let verified = verify_tls12_signature(message, certificate, signed, algorithms);
    let Some(key) = key_of_version_1(&verified, certificate) else {
        return verified;
    };
    let key = webpki::RawPublicKeyEntity::try_from(&key).map_err(|_| BadEncoding)?;
    algorithms
        .mapping
        .iter()
        .filter(|(scheme, _)| *scheme == signed.scheme)
        .flat_map(|(_, algorithms)| algorithms.iter())
        .find_map(|algorithm| {
            key.verify_signature(*algorithm, message, signed.signature())
                .ok()
        })
        .ok_or(BadSignature)?;
    Ok(HandshakeSignatureValid::assertion())
}

/// The same over TLS 1.3.
fn signature_13(
    message: &[u8],
    certificate: &CertificateDer<'_>,
    signed: &DigitallySignedStruct,
    algorithms: &WebPkiSupportedAlgorithms,
) -> Result<HandshakeSignatureValid, rustls::Error> {
    let verified = verify_tls13_signature(message, certificate, signed, algorithms);
    let Some(key) = key_of_version_1(&verified, certificate) else {
        return verified;
    };
    verify_tls13_signature_with_raw_key(message, &key, signed, algorithms)
}

fn key_of_version_1<'a>(
    verified: &Result<HandshakeSignatureValid, rustls::Error>,
    certificate: &'a CertificateDer<'_>,
) -> Option<SubjectPublicKeyInfoDer<'a>> {
    let error = verified.as_ref().err()?;
    let read = is_of_version_1(error).then(|| Certificate::read(certificate))??;
    Some(SubjectPublicKeyInfoDer::from(read.key))
}

/// The built-in certificates and the host's, read once in a program.
fn known() -> Result<&'static WebPkiServerVerifier, rustls::Error> {
    static KNOWN: OnceLock<Option<Arc<WebPkiServerVerifier>>> = OnceLock::new();
    let made = KNOWN.get_or_init(|| {
        let mut roots = RootCertStore {
            roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
        };
        // If the host has no certificates, or some cannot be read, the built-in ones remain.
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        verifier(roots, Arc::new(rustls::crypto::ring::default_provider()))
    });
    made.as_deref()
        .ok_or_else(|| rustls::Error::General("no trusted certificates".to_owned()))
}

/// The certificates that are trusted.
#[derive(Debug)]
enum Trust {
    /// Those that the grid names.
    Chosen(Chosen),
    /// The built-in certificates and the host's.
    BuiltInAndHost,
    /// Every certificate.
    Everything,
}

/// Checks the certificate of a server as `trust` says. In every case the server must prove that it has the key.
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
        let verify = |verifier: &WebPkiServerVerifier| {
            verifier.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
        };
        match &self.trust {
            Trust::Chosen(chosen) => {
                let verified = verify(&chosen.authorities);
                if verified.is_err() && chosen.given.iter().any(|given| given == end_entity) {
                    return chosen.verify_given(end_entity, server_name, now);
                }
                verified
            }
            Trust::BuiltInAndHost => verify(known()?),
            Trust::Everything => Ok(ServerCertVerified::assertion()),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        signature_12(message, certificate, signed, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        signature_13(message, certificate, signed, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

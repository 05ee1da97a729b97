//! Certificates to trust, and a server's certificate and signature to a verdict.
//!
//! Where certificates are given, only they are trusted: those of authorities, or that of the server itself. Otherwise the
//! built-in ones and the host's are. They are read when the first server sends its certificate, so a program without TLS
//! starts at once.

use super::certificate::Certificate;
use super::pem::Pem;
use bggo_runtime::contract::FaultText;
use rustls::CertificateError::{
    BadEncoding, BadSignature, Expired, NotValidForName, NotValidForNameContext, NotValidYet,
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
use rustls::{DigitallySignedStruct, RootCertStore, SignatureScheme};
use std::sync::{Arc, OnceLock};

/// Which certificates are trusted.
#[derive(Debug, Clone, Copy)]
pub(super) enum Trusted<'a> {
    /// Every certificate.
    Everything,
    /// Those of this PEM text.
    Given(&'a Pem),
    /// The built-in certificates and the host's.
    BuiltInAndHost,
}

/// For which hosts a certificate may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hosts {
    /// For the one that is connected to.
    Named,
    /// For any.
    Any,
}

/// What checks the certificates of servers.
///
/// # Errors
/// The PEM text holds no certificate that can be used.
pub(super) fn verifier(
    trusted: Trusted<'_>,
    hosts: Hosts,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<dyn ServerCertVerifier>, FaultText> {
    let trust = match trusted {
        Trusted::Everything => Trust::Everything,
        Trusted::Given(pem) => Trust::Chosen(chosen(pem, provider)?),
        Trusted::BuiltInAndHost => Trust::BuiltInAndHost,
    };
    Ok(checks(trust, hosts, provider))
}

/// What trusts every certificate.
pub(super) fn trusting_everything(provider: &CryptoProvider) -> Arc<dyn ServerCertVerifier> {
    checks(Trust::Everything, Hosts::Any, provider)
}

fn checks(trust: Trust, hosts: Hosts, provider: &CryptoProvider) -> Arc<dyn ServerCertVerifier> {
    let algorithms = provider.signature_verification_algorithms;
    Arc::new(Checks {
        trust,
        hosts,
        algorithms,
    })
}

/// The certificates of a PEM text; `what` is how a fault calls it.
///
/// # Errors
/// There are none, or one is damaged.
pub(super) fn certificates(
    pem: &Pem,
    what: &str,
) -> Result<Vec<CertificateDer<'static>>, FaultText> {
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem.text().as_bytes()).collect();
    match read {
        Ok(certificates) if certificates.is_empty() => {
            let has_key = PrivateKeyDer::from_pem_slice(pem.text().as_bytes()).is_ok();
            let found = if has_key { ", but a private key" } else { "" };
            let text = pem.called(what).and(" holds no PEM certificate");
            Err(text.and(found))
        }
        Ok(certificates) => Ok(certificates),
        Err(_) => {
            let text = pem.called(what);
            Err(text.and(" holds PEM text that is cut off or damaged"))
        }
    }
}

fn chosen(pem: &Pem, provider: &Arc<CryptoProvider>) -> Result<Chosen, FaultText> {
    let given = certificates(pem, "the CA")?;
    let mut roots = RootCertStore::empty();
    for certificate in &given {
        let added = roots.add(certificate.clone());
        added.map_err(|_| pem.called("a certificate of the CA").and(" cannot be read"))?;
    }
    let authorities = authorities(roots, Arc::clone(provider)).ok_or_else(|| {
        pem.called("the certificates of the CA")
            .and(" cannot be used")
    })?;
    Ok(Chosen { given, authorities })
}

fn authorities(
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
        authorities(roots, Arc::new(rustls::crypto::ring::default_provider()))
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
    hosts: Hosts,
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
        let verified = match &self.trust {
            Trust::Chosen(chosen) => {
                let verified = verify(&chosen.authorities);
                match chosen.given.iter().any(|given| given == end_entity) {
                    true if verified.is_err() => chosen.verify_given(end_entity, server_name, now),
                    _ => verified,
                }
            }
            Trust::BuiltInAndHost => verify(known()?),
            Trust::Everything => Ok(ServerCertVerified::assertion()),
        };
        // The name is looked at last, so that all else is in order.
        match verified {
            Err(rustls::Error::InvalidCertificate(
                NotValidForName | NotValidForNameContext { .. },
            )) if self.hosts == Hosts::Any => Ok(ServerCertVerified::assertion()),
            verified => verified,
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

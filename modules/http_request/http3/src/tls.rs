//! The TLS of a client to that of QUIC: TLS 1.3 only, sessions of the client's own, and what was wrong with a certificate is kept,
//! since quinn passes on a text alone.

use bggo_module_http_request::http_client::Error as Kind;
use bggo_module_http_request::link::Settings;
use bggo_runtime::contract::Fault;
use quinn::crypto::rustls::QuicClientConfig;
use quinn::{ClientConfig, TransportConfig, VarInt};
use rustls::client::Resumption;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::ring::cipher_suite::TLS13_AES_128_GCM_SHA256;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::quic::{ClientConnection, Version};
use rustls::{DigitallySignedStruct, Error, SignatureScheme};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// TLS sessions that a client remembers, so that it may resume them.
const SESSIONS: usize = 8;
/// How much of one body, and of all of a connection, a server may send before it is read.
const BODY_WINDOW: VarInt = VarInt::from_u32(2 << 20);
const CONNECTION_WINDOW: VarInt = VarInt::from_u32(5 << 20);
/// How many streams of its own a server may have open: its control stream, those of compressed fields, and some that have no
/// meaning.
const STREAMS_OF_SERVER: VarInt = VarInt::from_u32(16);

/// The TLS of one client.
pub(crate) struct Secured {
    pub(crate) config: ClientConfig,
    noted: Arc<Noted>,
}

/// Whether QUIC can be spoken as the settings say.
///
/// # Errors
/// They exclude what it needs.
pub(crate) fn check(settings: &Settings) -> Result<(), Fault> {
    let tls = Arc::clone(settings.tls.rustls_config());
    let wrong = || Kind::Settings.fault(TOO_OLD);
    let name = ServerName::try_from("localhost").map_err(|_| wrong())?;
    // quinn takes for granted that this does not fail.
    let tried = ClientConnection::new(tls, Version::V1, name, Vec::new());
    tried.map(drop).map_err(|_| wrong())
}

const TOO_OLD: &str =
    "HTTP/3 needs TLS 1.3: leave out the versions and cipher suites that exclude it";

impl Secured {
    /// For one client, whose settings were checked.
    ///
    /// # Errors
    /// The settings exclude what HTTP/3 needs.
    pub(crate) fn new(settings: &Settings) -> Result<Self, &'static str> {
        let mut tls = rustls::ClientConfig::clone(settings.tls.rustls_config());
        tls.alpn_protocols = vec![b"h3".to_vec()];
        // Each client has its own TLS sessions, so no user resumes the session of another.
        tls.resumption = Resumption::in_memory_sessions(SESSIONS);
        let noted = Arc::new(Noted {
            checks: Arc::clone(settings.tls.rustls_verifier()),
            wrong: Mutex::new(Vec::new()),
        });
        let verifier = Arc::clone(&noted) as Arc<dyn ServerCertVerifier>;
        tls.dangerous().set_certificate_verifier(verifier);
        let tls = Arc::new(tls);
        let initial = TLS13_AES_128_GCM_SHA256.tls13();
        let initial = initial.and_then(rustls::Tls13CipherSuite::quic_suite);
        let quic = initial.and_then(|suite| QuicClientConfig::with_initial(tls, suite).ok());
        let mut config = ClientConfig::new(Arc::new(quic.ok_or(TOO_OLD)?));
        config.transport_config(Arc::new(transport(settings.idle_timeout)));
        Ok(Self { config, noted })
    }

    /// What was wrong with the certificate of a server that a connection failed to.
    pub(crate) fn take_wrong(&self, name: &str) -> Option<Error> {
        let mut wrong = self.noted.wrong();
        let at = wrong.iter().position(|(of, _)| of == name)?;
        Some(wrong.swap_remove(at).1)
    }
}

fn transport(idle_timeout: Duration) -> TransportConfig {
    let mut transport = TransportConfig::default();
    transport
        .stream_receive_window(BODY_WINDOW)
        .receive_window(CONNECTION_WINDOW)
        .max_concurrent_uni_streams(STREAMS_OF_SERVER)
        .max_concurrent_bidi_streams(VarInt::from_u32(0))
        .datagram_receive_buffer_size(None)
        // None is longer than QUIC can say.
        .max_idle_timeout(idle_timeout.try_into().ok());
    transport
}

/// Checks certificates as the client does, and keeps what was wrong.
struct Noted {
    checks: Arc<dyn ServerCertVerifier>,
    /// By the name that TLS asked for.
    wrong: Mutex<Vec<(String, Error)>>,
}

impl Noted {
    fn wrong(&self) -> MutexGuard<'_, Vec<(String, Error)>> {
        self.wrong.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Noted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Noted").finish_non_exhaustive()
    }
}

impl ServerCertVerifier for Noted {
    fn verify_server_cert(
        &self,
        server: &CertificateDer<'_>,
        between: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let checked = self
            .checks
            .verify_server_cert(server, between, name, ocsp, now);
        if let Err(error) = &checked {
            let name = name.to_str().into_owned();
            let mut wrong = self.wrong();
            wrong.retain(|(of, _)| *of != name);
            wrong.push((name, error.clone()));
        }
        checked
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        server: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.checks.verify_tls12_signature(message, server, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        server: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.checks.verify_tls13_signature(message, server, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.checks.supported_verify_schemes()
    }
}

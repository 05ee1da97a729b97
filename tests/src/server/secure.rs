//! nginx that speaks TLS, and what a server of a test needs to speak it itself.

use super::{Certificates, Nginx, free_port};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::sync::Arc;

/// nginx with a certificate, HTTP/2 and HTTP/1.1 by ALPN, and a client's certificate if it asks for one.
pub struct SecureNginx {
    /// Its own, those of its authority and of a client.
    pub certificates: Certificates,
    /// Its port on 127.0.0.1.
    pub port: u16,
    _nginx: Nginx,
}

impl SecureNginx {
    /// Answers each request with `says`, in which nginx's variables tell of the connection. `settings` go into its `server`.
    pub fn start(certificates: Certificates, settings: &str, says: &str) -> Self {
        let port = free_port();
        let [chain, key, authority] =
            ["server.crt", "server.key", "ca.crt"].map(|name| certificates.path(name));
        let nginx = Nginx::start(&format!(
            "listen 127.0.0.1:{port} ssl http2; ssl_certificate {chain}; ssl_certificate_key {key};
             ssl_client_certificate {authority}; {settings}
             location / {{ return 200 '{says}'; }}",
        ));
        Self {
            certificates,
            port,
            _nginx: nginx,
        }
    }
}

impl Certificates {
    /// A server that shows its certificate, asks for none and offers no protocol by ALPN.
    pub fn server_config(&self) -> ServerConfig {
        let text = self.text("server.crt");
        let chain = CertificateDer::pem_slice_iter(text.as_bytes());
        let chain = chain.collect::<Result<Vec<_>, _>>().unwrap();
        let key = PrivateKeyDer::from_pem_slice(self.text("server.key").as_bytes()).unwrap();
        let ring = Arc::new(rustls::crypto::ring::default_provider());
        ServerConfig::builder_with_provider(ring)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .unwrap()
    }
}

//! TLS settings to the configuration that all connections of a resource share on a thread.

use super::identity::{self, Identity};
use super::pem::Pem;
use super::roots::{self, Hosts, Trusted};
use super::sessions;
use bggo_runtime::contract::FaultText;
use rustls::client::Resumption;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::{CryptoProvider, ring};
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, SupportedCipherSuite, SupportedProtocolVersion};
use std::fmt;
use std::sync::Arc;

/// What a client wants of TLS. Certificates and keys are PEM texts; with the file of a text ([`Pem::of_file`]) a fault names it.
#[derive(Debug, Clone, Default)]
pub struct TlsSettings {
    /// The certificates to trust instead of the built-in ones and the host's: those of authorities, or of servers themselves.
    pub ca: Option<Pem>,
    /// What the client shows to servers that ask for it.
    pub identity: Option<Identity>,
    /// Trust every certificate.
    pub insecure: bool,
    /// Trust a certificate that a trusted authority signed, whatever host it names.
    pub any_host: bool,
    /// Keep what a login can bind itself to on each connection: [`Wire::take_end_point`](crate::Wire::take_end_point).
    pub binds: bool,
    /// The oldest version that is spoken: 1.2 if nothing is said.
    pub oldest: Option<TlsVersion>,
    /// The newest version that is spoken: 1.3 if nothing is said.
    pub newest: Option<TlsVersion>,
    /// The cipher suites that are offered, by their registered names, best first; all that there are if it is empty.
    pub cipher_suites: Vec<String>,
    /// The protocols that are offered (ALPN), best first.
    pub protocols: Vec<Vec<u8>>,
}

/// A version of TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TlsVersion {
    /// TLS 1.2.
    V1_2,
    /// TLS 1.3.
    V1_3,
}

impl TlsVersion {
    /// A version by its number: `1.2` or `1.3`.
    pub fn of_number(number: &str) -> Option<Self> {
        match number {
            "1.2" => Some(Self::V1_2),
            "1.3" => Some(Self::V1_3),
            _ => None,
        }
    }
}

impl fmt::Display for TlsVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::V1_2 => "1.2",
            Self::V1_3 => "1.3",
        })
    }
}

/// The TLS configuration of a resource, made once on each thread. Copies are cheap and stand for the same.
#[derive(Clone)]
pub struct Tls {
    config: Arc<ClientConfig>,
    /// What the configuration checks certificates by.
    verifier: Arc<dyn ServerCertVerifier>,
    binds: bool,
}

impl Tls {
    /// Checks the settings and makes the configuration.
    ///
    /// # Errors
    /// A certificate, a key or a cipher suite cannot be used: a clause that says which and what to do.
    pub fn new(settings: &TlsSettings) -> Result<Self, FaultText> {
        let mut provider = ring::default_provider();
        if !settings.cipher_suites.is_empty() {
            provider.cipher_suites = suites(&settings.cipher_suites, &provider)?;
        }
        let provider = Arc::new(provider);
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(&versions(settings)?)
            .map_err(|_| {
                FaultText::plain(
                    "none of the cipher suites is one of the versions of TLS that may be spoken",
                )
            })?;
        let trusted = match &settings.ca {
            _ if settings.insecure => Trusted::Everything,
            Some(pem) => Trusted::Given(pem),
            None => Trusted::BuiltInAndHost,
        };
        let hosts = match settings.any_host {
            true => Hosts::Any,
            false => Hosts::Named,
        };
        let verifier = roots::verifier(trusted, hosts, &provider)?;
        let builder = builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::clone(&verifier));
        let mut config = identity::shown(settings.identity.as_ref(), builder)?;
        config.alpn_protocols.clone_from(&settings.protocols);
        config.resumption = sessions::of_current_owner();
        // A connection takes its keys over from the library.
        config.enable_secret_extraction = true;
        Ok(Self {
            config: Arc::new(config),
            verifier,
            binds: settings.binds,
        })
    }

    /// The same, but it offers no protocols (ALPN): for what is spoken below the protocol, as to a proxy.
    #[must_use]
    pub fn without_protocols(&self) -> Self {
        self.with_protocols(&[])
    }

    /// The same, but it offers these protocols (ALPN), best first.
    #[must_use]
    pub fn with_protocols(&self, protocols: &[&[u8]]) -> Self {
        let mut config = ClientConfig::clone(&self.config);
        config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
        Self {
            config: Arc::new(config),
            verifier: Arc::clone(&self.verifier),
            binds: self.binds,
        }
    }

    /// The same, but it trusts every certificate. What it learns of servers is not used by any other configuration.
    #[must_use]
    pub fn trusting_every_certificate(&self) -> Self {
        let mut config = ClientConfig::clone(&self.config);
        let verifier = roots::trusting_everything(config.crypto_provider());
        let mut dangerous = config.dangerous();
        dangerous.set_certificate_verifier(Arc::clone(&verifier));
        // A session that began without verification must not spare another connection of the asset the verification.
        config.resumption = Resumption::disabled();
        Self {
            config: Arc::new(config),
            verifier,
            binds: self.binds,
        }
    }

    /// Whether connections keep what a login can bind itself to.
    pub(super) fn binds(&self) -> bool {
        self.binds
    }

    /// The configuration as the TLS library takes it, for transports that bring their own connections.
    #[doc(hidden)]
    pub fn rustls_config(&self) -> &Arc<ClientConfig> {
        &self.config
    }

    /// What it checks certificates by, for transports that keep what was wrong with one.
    #[doc(hidden)]
    pub fn rustls_verifier(&self) -> &Arc<dyn ServerCertVerifier> {
        &self.verifier
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").finish_non_exhaustive()
    }
}

fn versions(settings: &TlsSettings) -> Result<Vec<&'static SupportedProtocolVersion>, FaultText> {
    let oldest = settings.oldest.unwrap_or(TlsVersion::V1_2);
    let newest = settings.newest.unwrap_or(TlsVersion::V1_3);
    if oldest > newest {
        return Err(FaultText::plain(format_args!(
            "the oldest version of TLS, {oldest}, is newer than the newest, {newest}"
        )));
    }
    let known = [(TlsVersion::V1_3, &TLS13), (TlsVersion::V1_2, &TLS12)];
    let spoken = known
        .into_iter()
        .filter(|(version, _)| (oldest..=newest).contains(version));
    Ok(spoken.map(|(_, version)| version).collect())
}

/// The suites with these names, in their order.
fn suites(
    names: &[String],
    provider: &CryptoProvider,
) -> Result<Vec<SupportedCipherSuite>, FaultText> {
    let known = &provider.cipher_suites;
    let by_name = |name: &String| {
        let found = known.iter().find(|suite| registered(**suite) == *name);
        found.copied().ok_or_else(|| {
            let names: Vec<String> = known.iter().map(|suite| registered(*suite)).collect();
            FaultText::plain("there is no cipher suite ")
                .and_value(name)
                .and(format_args!("; there are {}", names.join(", ")))
        })
    };
    names.iter().map(by_name).collect()
}

/// The registered name of a suite: `TLS_AES_128_GCM_SHA256` is what the library calls `TLS13_AES_128_GCM_SHA256`.
fn registered(suite: SupportedCipherSuite) -> String {
    let name = suite.suite().as_str().unwrap_or_default();
    name.replacen("TLS13_", "TLS_", 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use bggo_runtime::contract::Fault;

    fn refused(settings: &TlsSettings) -> String {
        match Tls::new(settings) {
            Ok(_) => panic!("it is taken"),
            Err(text) => Fault::new("tls", text).text().to_owned(),
        }
    }

    #[test]
    fn suites_are_known_by_their_registered_names() {
        let names = [
            "TLS_CHACHA20_POLY1305_SHA256",
            "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
        ];
        let settings = TlsSettings {
            cipher_suites: names.map(str::to_owned).to_vec(),
            ..TlsSettings::default()
        };
        let tls = Tls::new(&settings).unwrap();
        let offered = &tls.rustls_config().crypto_provider().cipher_suites;
        let offered: Vec<String> = offered.iter().map(|suite| registered(*suite)).collect();
        assert_eq!(offered, names);
    }

    #[test]
    fn an_unknown_suite_is_refused_with_those_that_are_known() {
        let settings = TlsSettings {
            cipher_suites: vec!["TLS_RSA_WITH_RC4_128_MD5".to_owned()],
            ..TlsSettings::default()
        };
        assert_eq!(
            refused(&settings),
            "there is no cipher suite TLS_RSA_WITH_RC4_128_MD5; there are TLS_AES_256_GCM_SHA384, TLS_AES_128_GCM_SHA256, \
             TLS_CHACHA20_POLY1305_SHA256, TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, \
             TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, \
             TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"
        );
    }

    #[test]
    fn suites_and_versions_that_exclude_each_other_are_refused() {
        let settings = TlsSettings {
            cipher_suites: vec!["TLS_AES_128_GCM_SHA256".to_owned()],
            newest: Some(TlsVersion::V1_2),
            ..TlsSettings::default()
        };
        assert_eq!(
            refused(&settings),
            "none of the cipher suites is one of the versions of TLS that may be spoken"
        );
        let settings = TlsSettings {
            oldest: Some(TlsVersion::V1_3),
            newest: Some(TlsVersion::V1_2),
            ..TlsSettings::default()
        };
        assert_eq!(
            refused(&settings),
            "the oldest version of TLS, 1.3, is newer than the newest, 1.2"
        );
    }

    #[test]
    fn certificates_and_keys_that_are_none_are_refused() {
        let of_ca = |pem: &str| TlsSettings {
            ca: Some(pem.to_owned().into()),
            ..TlsSettings::default()
        };
        assert_eq!(
            refused(&of_ca("nothing")),
            "the CA holds no PEM certificate"
        );
        assert_eq!(
            refused(&of_ca(
                "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"
            )),
            "the CA holds no PEM certificate, but a private key"
        );
        assert_eq!(
            refused(&of_ca("-----BEGIN CERTIFICATE-----\nAAAA\n")),
            "the CA holds PEM text that is cut off or damaged"
        );
        let settings = TlsSettings {
            identity: Some(Identity {
                chain: String::new().into(),
                key: "nothing".to_owned().into(),
            }),
            ..TlsSettings::default()
        };
        assert_eq!(
            refused(&settings),
            "the client's key is no PEM text of a private key"
        );
        assert!(!format!("{settings:?}").contains("nothing"));
    }

    #[test]
    fn a_fault_of_a_file_names_it() {
        let of = |text: &str, path: &str| Pem::from(text.to_owned()).of_file(path);
        let ca = TlsSettings {
            ca: Some(of("nothing", "/etc/ca.crt")),
            ..TlsSettings::default()
        };
        assert_eq!(
            refused(&ca),
            "the CA in /etc/ca.crt holds no PEM certificate"
        );
        let damaged = TlsSettings {
            ca: Some(of("-----BEGIN CERTIFICATE-----\nAAAA\n", "ca.crt")),
            ..TlsSettings::default()
        };
        assert_eq!(
            refused(&damaged),
            "the CA in ca.crt holds PEM text that is cut off or damaged"
        );
        let key = TlsSettings {
            identity: Some(Identity {
                chain: String::new().into(),
                key: of("nothing", "client.key"),
            }),
            ..TlsSettings::default()
        };
        assert_eq!(
            refused(&key),
            "the client's key in client.key is no PEM text of a private key"
        );
    }

    #[test]
    fn versions_are_known_by_number() {
        assert_eq!(TlsVersion::of_number("1.2"), Some(TlsVersion::V1_2));
        assert_eq!(TlsVersion::of_number("1.3"), Some(TlsVersion::V1_3));
        assert_eq!(TlsVersion::of_number("1.1"), None);
        assert_eq!(TlsVersion::V1_3.to_string(), "1.3");
    }
}

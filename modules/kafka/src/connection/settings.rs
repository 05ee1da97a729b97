//! The arguments of a client that are about its cluster: where it is, and who the client is.

use crate::kafka_produce::Error as Kind;
use crate::kafka_producer::Error as OfClient;
use bggo_runtime::contract::{Fault, FaultText, Value};
use bggo_scram::{Hash, Keys};
use bggo_wire::{Rules, Tls, TlsArguments};
use kafka_protocol::protocol::StrBytes;
use std::fmt;
use std::rc::Rc;
use std::time::Duration;

/// The longest time that connecting may take, TLS included.
const CONNECT: Duration = Duration::from_secs(10);

/// How a cluster is reached: what all clients of a resource share on a thread.
pub struct Settings {
    /// Hosts and ports.
    pub(crate) bootstrap: Vec<(String, u16)>,
    pub(crate) client_id: StrBytes,
    /// Whether TLS is spoken, and the name that all certificates have to be for.
    pub(crate) secure: Secure,
    pub(crate) sasl: Option<Sasl>,
    pub(crate) dials: Rc<Rules>,
    pub(crate) request_timeout: Duration,
    /// How often the brokers are asked whether topics have other leaders or more partitions.
    pub(crate) metadata_max_age: Duration,
}

/// Whether TLS is spoken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Secure {
    No,
    /// With each broker by its own host, or all by this one.
    Yes(Option<String>),
}

/// How a client proves who it is.
pub(crate) enum Sasl {
    Plain { user: String, password: String },
    Scram(Scram),
    OAuthBearer { token: String },
}

/// A user by SCRAM.
pub(crate) struct Scram {
    pub(crate) hash: Hash,
    pub(crate) user: String,
    pub(crate) password: String,
    /// Made once for all connections of the thread.
    pub(crate) keys: Keys,
}

impl Sasl {
    /// The name of the mechanism.
    pub(crate) fn mechanism(&self) -> &'static str {
        match self {
            Self::Plain { .. } => "PLAIN",
            Self::Scram(scram) => scram.hash.mechanism(),
            Self::OAuthBearer { .. } => "OAUTHBEARER",
        }
    }
}

impl fmt::Debug for Settings {
    /// Leaves out what may be secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("bootstrap", &self.bootstrap)
            .finish_non_exhaustive()
    }
}

/// The arguments as they are given. [`cluster_arguments`] makes them of the inputs of an asset.
pub(crate) struct Arguments<'a> {
    pub(crate) bootstrap_servers: &'a Value,
    pub(crate) client_id: &'a str,
    pub(crate) security_protocol: &'a str,
    pub(crate) sasl_mechanism: Option<&'a str>,
    pub(crate) sasl_username: Option<&'a str>,
    pub(crate) sasl_password: Option<&'a str>,
    pub(crate) sasl_token: Option<&'a str>,
    pub(crate) server_name: Option<&'a str>,
    pub(crate) request_timeout: Duration,
    pub(crate) metadata_max_age: Duration,
    pub(crate) tls: TlsArguments<'a>,
}

/// The arguments of `shared "cluster"` in the inputs of an asset. It leaves the function by `?` if one is not known yet.
macro_rules! cluster_arguments {
    ($inputs:expr) => {
        $crate::connection::Arguments {
            bootstrap_servers: $inputs.bootstrap_servers.known()?,
            client_id: $inputs.client_id.known()?,
            security_protocol: $inputs.security_protocol.known()?,
            sasl_mechanism: $inputs.sasl_mechanism.known()?.as_deref(),
            sasl_username: $inputs.sasl_username.known()?.as_deref(),
            sasl_password: $inputs.sasl_password.known()?.as_deref(),
            sasl_token: $inputs.sasl_token.known()?.as_deref(),
            server_name: $inputs.server_name.known()?.as_deref(),
            request_timeout: *$inputs.request_timeout.known()?,
            metadata_max_age: *$inputs.metadata_max_age.known()?,
            tls: ::bggo_wire::TlsArguments {
                ca_file: $inputs.ca_file.known()?.as_deref(),
                ca_pem: $inputs.ca_pem.known()?.as_deref(),
                client_cert_file: $inputs.client_cert_file.known()?.as_deref(),
                client_cert_pem: $inputs.client_cert_pem.known()?.as_deref(),
                client_key_file: $inputs.client_key_file.known()?.as_deref(),
                client_key_pem: $inputs.client_key_pem.known()?.as_deref(),
                insecure_skip_verify: *$inputs.insecure_skip_verify.known()?,
            },
        }
    };
}
pub(crate) use cluster_arguments;

impl Arguments<'_> {
    /// The settings that they are.
    ///
    /// # Errors
    /// A server is none, something is missing, or a file of TLS cannot be used.
    pub(crate) fn settings(&self) -> Result<Settings, Fault> {
        let servers = self.bootstrap_servers.items();
        let servers = servers.as_deref().unwrap_or_default();
        let bootstrap = servers.iter().map(|server| {
            let place = server.as_text().and_then(place);
            place.ok_or_else(|| {
                OfClient::Settings.fault("a server is a host and a port, as broker.test:9092")
            })
        });
        let bootstrap = bootstrap.collect::<Result<Vec<_>, _>>()?;
        if bootstrap.is_empty() {
            return Err(OfClient::Settings.fault("bootstrap_servers names no server"));
        }
        let speaks_tls = self.security_protocol.ends_with("SSL");
        let tls = match speaks_tls {
            true => {
                let settings = self.tls.settings();
                let settings =
                    settings.map_err(|trouble| OfClient::Settings.fault(trouble.text().clone()))?;
                Some(Tls::new(&settings).map_err(|text| Kind::Tls.fault(text))?)
            }
            false => None,
        };
        Ok(Settings {
            bootstrap,
            client_id: StrBytes::from_string(self.client_id.to_owned()),
            secure: match speaks_tls {
                true => Secure::Yes(self.server_name.map(str::to_owned)),
                false => Secure::No,
            },
            sasl: match self.security_protocol.starts_with("SASL") {
                true => Some(self.sasl()?),
                false => None,
            },
            dials: Rc::new(Rules {
                tls,
                connect_limit: Some(CONNECT.min(self.request_timeout)),
                ..Rules::default()
            }),
            request_timeout: self.request_timeout,
            metadata_max_age: self.metadata_max_age,
        })
    }

    fn sasl(&self) -> Result<Sasl, Fault> {
        let missing = |name: &str| {
            let text = format_args!("SASL needs the argument {name}");
            OfClient::Settings.fault(FaultText::plain(text))
        };
        let user = || {
            let user = self.sasl_username.ok_or_else(|| missing("sasl_username"))?;
            let password = self.sasl_password.ok_or_else(|| missing("sasl_password"))?;
            Ok((user.to_owned(), password.to_owned()))
        };
        let scram = |hash| {
            let (user, password) = user()?;
            Ok(Sasl::Scram(Scram {
                hash,
                user,
                password,
                keys: Keys::default(),
            }))
        };
        match self.sasl_mechanism {
            Some("PLAIN") => user().map(|(user, password)| Sasl::Plain { user, password }),
            Some("SCRAM-SHA-256") => scram(Hash::Sha256),
            Some("SCRAM-SHA-512") => scram(Hash::Sha512),
            Some("OAUTHBEARER") => {
                let token = self.sasl_token.ok_or_else(|| missing("sasl_token"))?;
                Ok(Sasl::OAuthBearer {
                    token: token.to_owned(),
                })
            }
            _ => Err(missing("sasl_mechanism")),
        }
    }
}

/// Host and port of a server. One of IPv6 stands in brackets.
fn place(text: &str) -> Option<(String, u16)> {
    let (host, port) = text.rsplit_once(':')?;
    let is_number = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    let port: u16 = port.parse().ok().filter(|port| is_number && *port > 0)?;
    let inner = host.strip_prefix('[').map(|inner| inner.strip_suffix(']'));
    let host = match inner {
        Some(inner) => inner?,
        None if host.contains(':') => return None,
        None => host,
    };
    (!host.is_empty()).then(|| (host.to_owned(), port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_a_host_and_a_port() {
        let at = |host: &str, port| Some((host.to_owned(), port));
        assert_eq!(place("broker.test:9092"), at("broker.test", 9092));
        assert_eq!(place("[::1]:1"), at("::1", 1));
        for text in [
            "broker", ":1", "a:", "a:0", "a:70000", "a:+1", "::1:1", "[::1:1",
        ] {
            assert_eq!(place(text), None, "{text}");
        }
    }
}

//! The arguments of a connection, once each is known.

use crate::mongo_connection::{Error as Kind, Inputs};
use crate::url::Url;
use bggo_runtime::contract::{Fault, FaultText};
use bggo_scram::Hash;
use bggo_wire::{Rules, Tls, TlsArguments};
use std::fmt;
use std::rc::Rc;
use std::time::Duration;

/// All arguments.
pub(crate) struct Settings {
    pub(crate) host: String,
    pub(crate) port: u16,
    /// What TLS checks, if it is spoken.
    pub(crate) secure: Option<String>,
    pub(crate) dials: Rc<Rules>,
    pub(crate) connect_timeout: Duration,
    /// The database of steps that name none.
    pub(crate) database: String,
    pub(crate) app_name: String,
    pub(crate) replica_set: Option<String>,
    pub(crate) login: Option<Login>,
}

/// Who logs in, and how.
pub(crate) struct Login {
    pub(crate) mechanism: Option<Mechanism>,
    pub(crate) username: Option<String>,
    pub(crate) password: Option<String>,
    /// The database that knows the user.
    pub(crate) source: String,
}

/// A way to log in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mechanism {
    Scram(Hash),
    X509,
    Plain,
}

impl Mechanism {
    fn of_name(name: &str) -> Option<Self> {
        match name {
            "SCRAM-SHA-256" => Some(Self::Scram(Hash::Sha256)),
            "SCRAM-SHA-1" => Some(Self::Scram(Hash::Sha1)),
            "MONGODB-X509" => Some(Self::X509),
            "PLAIN" => Some(Self::Plain),
            _ => None,
        }
    }
}

impl fmt::Debug for Settings {
    /// Leaves out who logs in.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("host", &self.host)
            .field("port", &self.port)
            .finish_non_exhaustive()
    }
}

/// All arguments as they are given.
struct Known<'a> {
    url: &'a str,
    database: Option<&'a str>,
    username: Option<&'a str>,
    password: Option<&'a str>,
    auth_source: Option<&'a str>,
    auth_mechanism: Option<&'a str>,
    app_name: &'a str,
    connect_timeout: Duration,
    tls: bool,
    server_name: Option<&'a str>,
    tls_arguments: TlsArguments<'a>,
}

impl Settings {
    /// The settings, if each argument is known.
    ///
    /// # Errors
    /// They cannot be used.
    pub(crate) fn of(inputs: &Inputs) -> Result<Option<Self>, Fault> {
        let read = || {
            Some(Known {
                url: inputs.url.known()?,
                database: inputs.database.known()?.as_deref(),
                username: inputs.username.known()?.as_deref(),
                password: inputs.password.known()?.as_deref(),
                auth_source: inputs.auth_source.known()?.as_deref(),
                auth_mechanism: inputs.auth_mechanism.known()?.as_deref(),
                app_name: inputs.app_name.known()?,
                connect_timeout: *inputs.connect_timeout.known()?,
                tls: *inputs.tls.known()?,
                server_name: inputs.server_name.known()?.as_deref(),
                tls_arguments: TlsArguments {
                    ca_file: inputs.ca_file.known()?.as_deref(),
                    ca_pem: inputs.ca_pem.known()?.as_deref(),
                    client_cert_file: inputs.client_cert_file.known()?.as_deref(),
                    client_cert_pem: inputs.client_cert_pem.known()?.as_deref(),
                    client_key_file: inputs.client_key_file.known()?.as_deref(),
                    client_key_pem: inputs.client_key_pem.known()?.as_deref(),
                    insecure_skip_verify: *inputs.insecure_skip_verify.known()?,
                },
            })
        };
        read().map(|known| known.settings()).transpose()
    }
}

impl Known<'_> {
    fn settings(&self) -> Result<Settings, Fault> {
        let url = Url::read(self.url).map_err(|why| {
            let text = FaultText::plain("the url cannot be used: ").and(why);
            Kind::Settings.fault(text)
        })?;
        let is_secure = self.tls || url.tls == Some(true);
        let secure = is_secure.then(|| self.server_name.unwrap_or(&url.host).to_owned());
        let tls = match is_secure {
            true => {
                let settings = self.tls_arguments.settings();
                let settings =
                    settings.map_err(|trouble| Kind::Settings.fault(trouble.text().clone()))?;
                Some(Tls::new(&settings).map_err(|text| Kind::Tls.fault(text))?)
            }
            false => None,
        };
        Ok(Settings {
            login: self.login(&url)?,
            host: url.host,
            port: url.port,
            secure,
            dials: Rc::new(Rules {
                tls,
                connect_limit: Some(self.connect_timeout),
                ..Rules::default()
            }),
            connect_timeout: self.connect_timeout,
            database: self
                .database
                .map(str::to_owned)
                .or(url.database)
                .unwrap_or_else(|| "test".to_owned()),
            app_name: url.app_name.unwrap_or_else(|| self.app_name.to_owned()),
            replica_set: url.replica_set,
        })
    }

    fn login(&self, url: &Url) -> Result<Option<Login>, Fault> {
        let name = self.auth_mechanism.or(url.auth_mechanism.as_deref());
        let mechanism = name.map(|name| {
            Mechanism::of_name(name).ok_or_else(|| {
                Kind::Settings
                    .fault("authMechanism is SCRAM-SHA-256, SCRAM-SHA-1, MONGODB-X509 or PLAIN")
            })
        });
        let mechanism = mechanism.transpose()?;
        let username = self.username.or(url.username.as_deref());
        let password = self.password.or(url.password.as_deref());
        if mechanism != Some(Mechanism::X509) {
            match (username, password) {
                (None, None) if mechanism.is_none() => return Ok(None),
                (None, _) => return Err(Kind::Settings.fault("who logs in needs a username")),
                (Some(_), None) => return Err(Kind::Settings.fault("a user needs a password")),
                (Some(_), Some(_)) => {}
            }
        }
        let source = match (self.auth_source.or(url.auth_source.as_deref()), mechanism) {
            (Some(source), _) => source,
            (None, Some(Mechanism::X509 | Mechanism::Plain)) => "$external",
            // As other clients have it: the database of the url knows its user.
            (None, _) => url.database.as_deref().unwrap_or("admin"),
        };
        Ok(Some(Login {
            mechanism,
            username: username.map(str::to_owned),
            password: password.map(str::to_owned),
            source: source.to_owned(),
        }))
    }
}

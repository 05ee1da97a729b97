//! The arguments of a connection to what is done with them: where it goes, who connects, and what the session is set to.

use crate::postgres_connection::{Error as Kind, Inputs};
use crate::postgres_pool;
use crate::secure::{self, ChannelBinding, Mode};
use crate::url::Url;
use bggo_runtime::contract::{Fault, FaultText, Number};
use bggo_wire::{Address, Named, Rules, Target, TlsArguments};
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

/// All arguments, once each is known.
#[derive(Debug)]
pub struct Settings {
    place: Place,
    pub(crate) user: String,
    pub(crate) password: Option<String>,
    pub(crate) mode: Mode,
    pub(crate) binding: ChannelBinding,
    pub(crate) dials: Rc<Rules>,
    pub(crate) connect_timeout: Duration,
    /// What the session is set to, the user and the database among them.
    pub(crate) session: Vec<(&'static str, String)>,
}

/// Where the server is.
#[derive(Debug, PartialEq, Eq)]
enum Place {
    Host(String, u16),
    Unix(PathBuf),
}

/// The settings of inputs that a connection and a pool have alike, if each is known.
macro_rules! known {
    ($inputs:ident) => {{
        let read = || {
            Some(Known {
                url: $inputs.url.known()?.as_deref(),
                host: $inputs.host.known()?.as_deref(),
                port: *$inputs.port.known()?,
                user: $inputs.user.known()?.as_deref(),
                password: $inputs.password.known()?.as_deref(),
                database: $inputs.database.known()?.as_deref(),
                sslmode: $inputs.sslmode.known()?.as_deref(),
                channel_binding: $inputs.channel_binding.known()?.as_deref(),
                application_name: $inputs.application_name.known()?,
                options: $inputs.options.known()?.as_deref(),
                search_path: $inputs.search_path.known()?.as_deref(),
                statement_timeout: *$inputs.statement_timeout.known()?,
                connect_timeout: *$inputs.connect_timeout.known()?,
                secure: TlsArguments {
                    ca_file: $inputs.ca_file.known()?.as_deref(),
                    ca_pem: $inputs.ca_pem.known()?.as_deref(),
                    client_cert_file: $inputs.client_cert_file.known()?.as_deref(),
                    client_cert_pem: $inputs.client_cert_pem.known()?.as_deref(),
                    client_key_file: $inputs.client_key_file.known()?.as_deref(),
                    client_key_pem: $inputs.client_key_pem.known()?.as_deref(),
                    // The mode says it.
                    insecure_skip_verify: false,
                },
            })
        };
        read().map(Known::settings).transpose()
    }};
}

impl Settings {
    /// The settings, if each argument is known.
    ///
    /// # Errors
    /// An argument cannot be used.
    pub(crate) fn of(inputs: &Inputs) -> Result<Option<Self>, Fault> {
        known!(inputs)
    }

    /// The same of a pool.
    ///
    /// # Errors
    /// An argument cannot be used.
    pub(crate) fn of_pool(inputs: &postgres_pool::Inputs) -> Result<Option<Self>, Fault> {
        known!(inputs)
    }

    /// Where a connection goes. TLS begins later, once the server has agreed.
    pub(crate) fn target(&self, named: Named) -> Target<'_> {
        Target {
            address: match &self.place {
                Place::Host(name, port) => Address::Host { name, port: *port },
                Place::Unix(path) => Address::Unix(path),
            },
            secure: None,
            named,
        }
    }

    /// The name that TLS checks. Over a socket of this host there is no TLS.
    pub(crate) fn secure_name(&self) -> Option<&str> {
        match &self.place {
            Place::Host(name, _) if self.mode != Mode::Disable => Some(name),
            Place::Host(..) | Place::Unix(_) => None,
        }
    }
}

/// All arguments as they are given.
struct Known<'a> {
    url: Option<&'a str>,
    host: Option<&'a str>,
    port: Option<Number>,
    user: Option<&'a str>,
    password: Option<&'a str>,
    database: Option<&'a str>,
    sslmode: Option<&'a str>,
    channel_binding: Option<&'a str>,
    application_name: &'a str,
    options: Option<&'a str>,
    search_path: Option<&'a str>,
    statement_timeout: Option<Duration>,
    connect_timeout: Duration,
    secure: TlsArguments<'a>,
}

impl Known<'_> {
    fn settings(self) -> Result<Settings, Fault> {
        let url = self.url.map(Url::read).transpose();
        let url = url.map_err(|why| {
            Kind::Settings.fault(FaultText::plain(format_args!(
                "the url is none of PostgreSQL: {why}"
            )))
        })?;
        let mut url = url.unwrap_or_default();
        let mut of_url = UrlSettings::default();
        for (name, value) in std::mem::take(&mut url.settings) {
            of_url.take(&name, value)?;
        }
        let own = |text: Option<&str>| text.map(str::to_owned);
        let user = own(self.user).or(url.user);
        let user = user.ok_or_else(|| Kind::Settings.fault("the connection needs a user"))?;
        let port = self
            .port
            .and_then(|port| u16::try_from(port.as_u64()?).ok());
        let port = port.or(url.port).unwrap_or(5432);
        let host = own(self.host).or(url.host);
        let mode = match self.sslmode {
            Some(name) => Mode::of_name(name).unwrap_or(Mode::Prefer),
            None => of_url.mode.unwrap_or(Mode::Prefer),
        };
        let binding = match self.channel_binding {
            Some(name) => ChannelBinding::of_name(name),
            None => of_url.binding,
        };
        let binding = binding.unwrap_or(ChannelBinding::Prefer);
        let mut session = vec![
            ("user", user.clone()),
            ("client_encoding", "UTF8".to_owned()),
            // The forms in which the server gives times are read.
            ("DateStyle", "ISO".to_owned()),
        ];
        let mut put =
            |name, value: Option<String>| session.extend(value.map(|value| (name, value)));
        put("database", own(self.database).or(url.database));
        put(
            "application_name",
            Some(
                of_url
                    .application_name
                    .unwrap_or_else(|| self.application_name.to_owned()),
            ),
        );
        put("options", own(self.options).or(of_url.options));
        put("search_path", own(self.search_path));
        put(
            "statement_timeout",
            self.statement_timeout
                .map(|time| time.as_millis().to_string()),
        );
        if session.iter().any(|(_, value)| value.contains('\0')) {
            return Err(Kind::Settings.fault("an argument holds a zero byte"));
        }
        Ok(Settings {
            place: match host {
                Some(folder) if folder.starts_with('/') => {
                    Place::Unix(PathBuf::from(folder).join(format!(".s.PGSQL.{port}")))
                }
                host => Place::Host(host.unwrap_or_else(|| "localhost".to_owned()), port),
            },
            user,
            password: own(self.password).or(url.password),
            mode,
            binding,
            dials: Rc::new(Rules {
                tls: secure::tls((mode, binding), self.secure)?,
                ..Rules::default()
            }),
            connect_timeout: of_url.connect_timeout.unwrap_or(self.connect_timeout),
            session,
        })
    }
}

/// What a url sets behind its `?`.
#[derive(Default)]
struct UrlSettings {
    mode: Option<Mode>,
    binding: Option<ChannelBinding>,
    application_name: Option<String>,
    options: Option<String>,
    connect_timeout: Option<Duration>,
}

impl UrlSettings {
    fn take(&mut self, name: &str, value: String) -> Result<(), Fault> {
        let wrong = |text: FaultText| Err(Kind::Settings.fault(text));
        match name {
            "sslmode" => match Mode::of_name(&value) {
                Some(mode) => self.mode = Some(mode),
                None => {
                    return wrong(FaultText::plain(
                        "the sslmode of the url is disable, prefer, require, verify-ca or verify-full",
                    ));
                }
            },
            "channel_binding" => match ChannelBinding::of_name(&value) {
                Some(binding) => self.binding = Some(binding),
                None => {
                    return wrong(FaultText::plain(
                        "the channel_binding of the url is disable, prefer or require",
                    ));
                }
            },
            "application_name" => self.application_name = Some(value),
            "options" => self.options = Some(value),
            "connect_timeout" => match value.parse() {
                Ok(seconds @ 1..) => self.connect_timeout = Some(Duration::from_secs(seconds)),
                _ => {
                    return wrong(FaultText::plain(
                        "the connect_timeout of the url is a number of seconds, at least 1",
                    ));
                }
            },
            name => {
                let text = FaultText::plain("the url sets ").and_value(name);
                return wrong(text.and(", which is not known here"));
            }
        }
        Ok(())
    }
}

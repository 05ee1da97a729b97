//! The first words on a connection: which versions of requests the broker knows, and who the client is.

use crate::connection::ask::Versions;
use crate::connection::broker::Connection;
use crate::connection::settings::{Sasl, Secure, Settings};
use crate::kafka_produce::Error as Kind;
use crate::outcome::{self, Code};
use bggo_runtime::contract::{AssetClock, Fault, FaultText, format_duration};
use bggo_scram::{Binding, Keys, Scram};
use bggo_wire::{Address, Dialer, Named, Target};
use bytes::Bytes;
use kafka_protocol::messages::{ApiVersionsRequest, SaslAuthenticateRequest, SaslHandshakeRequest};
use kafka_protocol::protocol::StrBytes;
use std::future::poll_fn;
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;

/// Makes the connections of one asset.
#[derive(Debug)]
pub(crate) struct Opener {
    pub(crate) settings: Rc<Settings>,
    dialer: Dialer,
    clock: AssetClock,
    named: Named,
}

impl Opener {
    pub(crate) fn new(cx: &bggo_runtime::contract::AssetCx, settings: &Rc<Settings>) -> Self {
        Self {
            settings: Rc::clone(settings),
            dialer: Dialer::new(cx, &settings.dials),
            clock: cx.clock(),
            named: match cx.info().is_sensitive() {
                true => Named::Secret,
                false => Named::Open,
            },
        }
    }

    /// The clock of the run.
    pub(crate) fn clock(&self) -> &AssetClock {
        &self.clock
    }

    /// A connection to a broker that has let the client in.
    ///
    /// # Errors
    /// There is no way there, it took longer than `request_timeout`, or the broker does not let the client in.
    pub(crate) async fn open(&self, host: &str, port: u16) -> Result<Rc<Connection>, Fault> {
        let begun = self.clock.now();
        let mut limit = self.clock.deadline();
        limit.set(begun + self.settings.request_timeout);
        let target = Target {
            address: Address::Host { name: host, port },
            secure: match &self.settings.secure {
                Secure::No => None,
                Secure::Yes(name) => Some(name.as_deref().unwrap_or(host)),
            },
            named: self.named,
        };
        let mut opening = pin!(self.connect(&target));
        let opened = poll_fn(|cx| match opening.as_mut().poll(cx) {
            Poll::Pending => limit.poll(cx).map(|()| None),
            Poll::Ready(opened) => Poll::Ready(Some(opened)),
        });
        opened.await.unwrap_or_else(|| {
            let limit = format_duration(self.settings.request_timeout);
            let text = target.no_connection();
            let text = text.and(format_args!(": the broker does not answer within {limit}"));
            Err(Kind::Connect.fault(text))
        })
    }

    async fn connect(&self, target: &Target<'_>) -> Result<Rc<Connection>, Fault> {
        let dialled = self.dialer.dial(target).await;
        let (wire, _) = dialled.map_err(|trouble| match trouble.kind() {
            // A broker that speaks none takes the first words of TLS for a request that is far too long, and hangs up.
            bggo_wire::Kind::Tls | bggo_wire::Kind::Reset | bggo_wire::Kind::Closed
                if target.secure.is_some() && trouble.phase() == bggo_wire::Phase::Tls =>
            {
                let text = trouble.text().clone();
                Kind::Tls.of(trouble.fault(text.and(HINT_OF_TLS)))
            }
            _ => outcome::of_dial(&trouble),
        })?;
        let connection = Rc::new(Connection::new(wire, self.settings.client_id.clone()));
        let place = target.no_connection().and(": ");
        self.greet(&connection, &Refuses(place)).await?;
        Ok(connection)
    }

    async fn greet(&self, connection: &Connection, refuses: &Refuses) -> Result<(), Fault> {
        let versions = versions(connection, refuses).await.map_err(|fault| {
            if fault.kind() != Kind::Closed.name() {
                return fault;
            }
            // A listener with TLS hangs up, or says so in words of TLS, which the wire knows.
            let text = match self.settings.secure {
                Secure::No => {
                    "the broker closed the connection before it answered: a listener with TLS has the security_protocol SSL or SASL_SSL"
                }
                Secure::Yes(_) => "the broker closed the connection before it answered",
            };
            refuses.because(Kind::Closed, text)
        })?;
        connection.knows(versions);
        match &self.settings.sasl {
            Some(sasl) => log_in((connection, refuses), sasl, &self.clock).await,
            None => Ok(()),
        }
    }
}

const HINT_OF_TLS: &str =
    ": a listener without TLS has the security_protocol PLAINTEXT or SASL_PLAINTEXT";

/// Why a broker does not let the client in: with its place before that.
struct Refuses(FaultText);

impl Refuses {
    fn because(&self, kind: Kind, text: impl Into<FaultText>) -> Fault {
        kind.fault(self.0.clone().and_text(&text.into()))
    }

    fn by(&self, code: Code, said: Option<&str>) -> Fault {
        self.because(code.kind(), code.told(said))
    }
}

/// Which versions of requests the broker knows.
async fn versions(connection: &Connection, refuses: &Refuses) -> Result<Versions, Fault> {
    let request = ApiVersionsRequest::default()
        .with_client_software_name(StrBytes::from_static_str("bggo"))
        .with_client_software_version(StrBytes::from_static_str(env!("CARGO_PKG_VERSION")));
    let asked = connection.begin(&request, 3)?;
    let mut bytes = poll_fn(|cx| asked.poll(cx)).await?;
    drop(asked);
    // A broker that does not know this version answers in the oldest one.
    let is_too_new = bytes.starts_with(&Code::UNSUPPORTED_VERSION.0.to_be_bytes());
    let answer = if is_too_new {
        connection.ask_in(&ApiVersionsRequest::default(), 0).await?
    } else {
        crate::connection::broker::decode::<ApiVersionsRequest>(&mut bytes, 3)?
    };
    match Code::of(answer.error_code) {
        Some(code) => Err(refuses.by(code, None)),
        None => Ok(Versions::of(&answer)),
    }
}

/// Says who the client is.
async fn log_in(to: (&Connection, &Refuses), sasl: &Sasl, clock: &AssetClock) -> Result<(), Fault> {
    let (connection, refuses) = to;
    let mechanism = sasl.mechanism();
    let request =
        SaslHandshakeRequest::default().with_mechanism(StrBytes::from_static_str(mechanism));
    let answer = connection.ask_in(&request, 1).await?;
    match Code::of(answer.error_code) {
        None => {}
        Some(Code::UNSUPPORTED_SASL_MECHANISM) => {
            let offered: Vec<&str> = answer.mechanisms.iter().map(|name| name.as_str()).collect();
            let text = FaultText::plain(format_args!("the broker does not offer {mechanism}"));
            let text = match offered.is_empty() {
                true => text,
                false => text.and(format_args!(", but {}", offered.join(", "))),
            };
            return Err(refuses.because(Kind::Authentication, text));
        }
        Some(Code::ILLEGAL_SASL_STATE) => {
            return Err(refuses.because(
                Kind::Authentication,
                "the listener is one without SASL: its security_protocol is PLAINTEXT or SSL",
            ));
        }
        Some(code) => return Err(refuses.by(code, None)),
    }
    match sasl {
        Sasl::Plain { user, password } => {
            let words = format!("\0{user}\0{password}");
            say(to, words.into()).await.map(drop)
        }
        Sasl::OAuthBearer { token } => {
            let words = format!("n,,\x01auth=Bearer {token}\x01\x01");
            let answer = say(to, words.into()).await?;
            match answer.is_empty() {
                true => Ok(()),
                // The broker waits for one more word before it says no.
                false => {
                    say(to, "\x01".into()).await?;
                    Err(refuses
                        .because(Kind::Authentication, "the broker does not accept the token"))
                }
            }
        }
        Sasl::Scram(user) => {
            let mut nonce = [0; 24];
            for place in nonce.chunks_exact_mut(8) {
                place.copy_from_slice(&clock.random().to_le_bytes());
            }
            let scram = Scram::new(user.hash, &user.user, &nonce, Binding::None);
            prove(to, &scram, &user.password, &user.keys).await
        }
    }
}

/// Proves a password by SCRAM, and that the broker knows it too.
async fn prove(
    to: (&Connection, &Refuses),
    scram: &Scram<'_>,
    password: &str,
    keys: &Keys,
) -> Result<(), Fault> {
    let of_scram = |wrong| to.1.because(Kind::Authentication, FaultText::plain(wrong));
    let first = say(to, scram.first().into()).await?;
    let first = String::from_utf8_lossy(&first);
    let answer = scram.answer(&first, password, keys).map_err(of_scram)?;
    let last = say(to, answer.message.clone().into()).await?;
    answer
        .verify(&String::from_utf8_lossy(&last))
        .map_err(of_scram)
}

/// Says a word of a mechanism: what the broker says to it.
async fn say((connection, refuses): (&Connection, &Refuses), word: Bytes) -> Result<Bytes, Fault> {
    let request = SaslAuthenticateRequest::default().with_auth_bytes(word);
    let answer = connection.ask(&request).await?;
    match Code::of(answer.error_code) {
        None => Ok(answer.auth_bytes),
        Some(code) => Err(refuses.by(code, answer.error_message.as_deref())),
    }
}

//! The beginning of a session: who connects, the proof of a password, and what the server says until it is ready.

use crate::arguments::Settings;
use crate::exchange::End;
use crate::message::{
    self, Bad, Fields, MALFORMED, MOST, Message, put, put_startup, put_text, send,
};
use crate::postgres_connection::Error as Kind;
use crate::secure::ChannelBinding;
use crate::server_error::ServerError;
use bggo_runtime::contract::{Fault, FaultText};
use bggo_scram::{Binding, Hash, Keys, Scram};
use bggo_wire::Wire;
use md5::{Digest, Md5};

/// The mechanism that is bound to the TLS connection.
const PLUS: &str = "SCRAM-SHA-256-PLUS";

/// What the server says before it is ready.
#[derive(Debug, Default)]
pub(crate) struct Greeting {
    pub(crate) server_version: String,
    pub(crate) key: Option<Key>,
}

/// By what a server cancels the statement of a session.
#[derive(Debug, Clone)]
pub(crate) struct Key {
    pub(crate) pid: u32,
    pub(crate) secret: Box<[u8]>,
}

/// A message of the server while it is not ready.
enum Came {
    Authentication(u32, Vec<u8>),
    Parameter(Vec<u8>),
    Key(Key),
    Error(ServerError),
    Ready,
}

/// Logs in, until the server is ready.
///
/// # Errors
/// It does not let the user in, or broke off.
pub(crate) async fn login(
    wire: &mut Wire,
    (settings, is_secure): (&Settings, bool),
    keys: &Keys,
    nonce: [u8; 24],
) -> Result<Greeting, Fault> {
    let session: Vec<_> = settings
        .session
        .iter()
        .map(|(name, value)| (*name, &**value))
        .collect();
    let must_bind = settings.binding == ChannelBinding::Require;
    if must_bind && !is_secure {
        return Err(Kind::Tls.fault(
            "`channel_binding = \"require\"` needs TLS, and the server does not speak it: `sslmode = \"require\"` says so earlier",
        ));
    }
    let end_point = wire.take_end_point();
    send(wire.out(), |out| put_startup(out, &session));
    let mut greeting = Greeting::default();
    let mut scram = None;
    let mut answer = None;
    let mut is_bound = false;
    loop {
        match next(wire).await? {
            Came::Ready => {
                wire.paid();
                return Ok(greeting);
            }
            Came::Error(error) => return Err(refused(&error)),
            Came::Parameter(body) => {
                let mut fields = Fields(&body);
                let (Ok(name), Ok(value)) = (fields.text(), fields.text()) else {
                    return Err(malformed(MALFORMED));
                };
                if name == b"server_version" {
                    greeting.server_version = String::from_utf8_lossy(value).into_owned();
                }
            }
            Came::Key(key) => greeting.key = Some(key),
            Came::Authentication(0, _) => {
                // A server that proved nothing may be another one.
                if answer.is_some() {
                    return Err(malformed(Bad("the server ends SCRAM without its proof")));
                }
                if must_bind && !is_bound {
                    return Err(unbound("it lets the user in without a proof"));
                }
            }
            Came::Authentication(way @ (3 | 5), _) if must_bind => {
                return Err(unbound(match way {
                    3 => "it asks for the password itself",
                    _ => "it asks for a proof by MD5",
                }));
            }
            Came::Authentication(3, _) => {
                let password = password(settings)?;
                send(wire.out(), |out| {
                    put(out, b'p', |out| put_text(out, password))
                });
            }
            Came::Authentication(5, salt) => {
                let hashed = md5(&settings.user, password(settings)?, &salt);
                send(wire.out(), |out| {
                    put(out, b'p', |out| put_text(out, &hashed))
                });
            }
            Came::Authentication(10, mechanisms) => {
                let (name, binding) = chosen(&mechanisms, end_point.as_deref(), settings.binding)?;
                is_bound = matches!(binding, Binding::Certificate(_));
                let made = scram.insert(Scram::new(Hash::Sha256, "", &nonce, binding));
                let first = made.first();
                send(wire.out(), |out| {
                    put(out, b'p', |out| {
                        put_text(out, name);
                        put_counted_text(out, &first);
                    });
                });
            }
            Came::Authentication(11, server) => {
                let Some(scram) = &scram else {
                    return Err(malformed(Bad(
                        "the server goes on with an exchange that did not begin",
                    )));
                };
                let made =
                    scram.answer(&String::from_utf8_lossy(&server), password(settings)?, keys);
                let made = made.map_err(|wrong| Kind::Auth.fault(FaultText::plain(wrong)))?;
                send(wire.out(), |out| {
                    put(out, b'p', |out| {
                        out.extend_from_slice(made.message.as_bytes())
                    })
                });
                answer = Some(made);
            }
            Came::Authentication(12, server) => {
                let Some(made) = answer.take() else {
                    return Err(malformed(Bad(
                        "the server ends an exchange that did not begin",
                    )));
                };
                let verified = made.verify(&String::from_utf8_lossy(&server));
                verified.map_err(|wrong| Kind::Auth.fault(FaultText::plain(wrong)))?;
            }
            Came::Authentication(way, _) => {
                let text = format_args!(
                    "the server asks for a way of authentication that is not known here (number {way})"
                );
                return Err(Kind::Auth.fault(FaultText::plain(text)));
            }
        }
    }
}

/// The mechanism, of those that the server offers, and what it is bound to. (RFC 5802, section 6: a client that could bind says so, and
/// a server that had offered it knows then that somebody took it out of its list.)
fn chosen<'a>(
    offered: &[u8],
    end_point: Option<&'a [u8]>,
    wanted: ChannelBinding,
) -> Result<(&'static str, Binding<'a>), Fault> {
    let offers = |name: &str| {
        let mut names = offered.split(|byte| *byte == 0);
        names.any(|offered| offered == name.as_bytes())
    };
    let name = Hash::Sha256.mechanism();
    match end_point {
        Some(hash) if wanted != ChannelBinding::Disable && offers(PLUS) => {
            return Ok((PLUS, Binding::Certificate(hash)));
        }
        _ if wanted != ChannelBinding::Require => {}
        None if offers(PLUS) => {
            return Err(unbound(
                "its certificate is signed in a way for which none is defined",
            ));
        }
        _ => return Err(unbound("it does not offer SCRAM-SHA-256-PLUS")),
    }
    if !offers(name) {
        return Err(
            Kind::Auth.fault("the server offers no mechanism that is known here: SCRAM-SHA-256 is")
        );
    }
    Ok(match end_point {
        Some(_) if wanted == ChannelBinding::Prefer => (name, Binding::NotOffered),
        _ => (name, Binding::None),
    })
}

/// There is no channel binding where it has to be.
fn unbound(why: &str) -> Fault {
    let text = format_args!("`channel_binding = \"require\"` does not go with this server: {why}");
    Kind::Auth.fault(FaultText::plain(text))
}

fn password(settings: &Settings) -> Result<&str, Fault> {
    let password = settings.password.as_deref();
    password.ok_or_else(|| {
        Kind::Auth.fault("the server asks for a password, and the resource has none")
    })
}

/// Sends what was appended, and takes the next message.
async fn next(wire: &mut Wire) -> Result<Came, Fault> {
    let broken = |trouble| End::Broken(trouble).fault();
    wire.flush().await.map_err(broken)?;
    let came = wire.until(MOST, |bytes| match message::first(bytes) {
        Ok(None) => None,
        Ok(Some((message, length))) => Some(read(message).map(|came| (came, length))),
        Err(bad) => Some(Err(bad)),
    });
    let (came, length) = came.await.map_err(broken)?.map_err(malformed)?;
    wire.consume(length);
    Ok(came)
}

fn read(message: Message<'_>) -> Result<Came, Bad> {
    let mut fields = Fields(message.body);
    Ok(match message.tag {
        b'R' => {
            let way = fields.u32()?;
            Came::Authentication(way, fields.0.to_vec())
        }
        b'S' => Came::Parameter(message.body.to_vec()),
        b'K' => Came::Key(Key {
            pid: fields.u32()?,
            secret: fields.0.into(),
        }),
        b'E' => Came::Error(ServerError::read(message.body)),
        b'Z' => Came::Ready,
        // It speaks an older version of the protocol, which is what this one is.
        b'v' | b'N' => Came::Parameter(b"\0\0".to_vec()),
        _ => {
            return Err(Bad(
                "the server sends a message that has no place in a login",
            ));
        }
    })
}

fn malformed(Bad(text): Bad) -> Fault {
    Kind::Protocol.fault(text)
}

/// Why the server lets nobody in.
fn refused(error: &ServerError) -> Fault {
    let fault = error.fault();
    let kind = match fault.kind() {
        "auth" => Kind::Auth,
        "too_many_connections" => Kind::TooManyConnections,
        "shutdown" => Kind::Shutdown,
        _ => Kind::ServerError,
    };
    kind.of(fault)
}

/// Appends the length of a text and the text.
fn put_counted_text(out: &mut Vec<u8>, text: &str) {
    let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(text.as_bytes());
}

/// What a server checks that keeps passwords by MD5.
fn md5(user: &str, password: &str, salt: &[u8]) -> String {
    let inner = hex(&Md5::new()
        .chain_update(password)
        .chain_update(user)
        .finalize());
    let outer = Md5::new().chain_update(inner).chain_update(salt).finalize();
    format!("md5{}", hex(&outer))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proof_is_bound_where_both_ends_can() {
        use ChannelBinding::{Disable, Prefer, Require};
        let (both, plain) = (
            b"SCRAM-SHA-256-PLUS\0SCRAM-SHA-256\0\0".as_slice(),
            b"SCRAM-SHA-256\0\0".as_slice(),
        );
        let hash = Some(b"hash".as_slice());
        let bound = (PLUS, Binding::Certificate(b"hash"));
        let unbound = ("SCRAM-SHA-256", Binding::None);
        for (offered, end_point, wanted, expected) in [
            (both, hash, Prefer, Some(bound)),
            (both, hash, Require, Some(bound)),
            (both, hash, Disable, Some(unbound)),
            (
                plain,
                hash,
                Prefer,
                Some(("SCRAM-SHA-256", Binding::NotOffered)),
            ),
            (plain, hash, Require, None),
            (both, None, Prefer, Some(unbound)),
            (both, None, Require, None),
            (b"OTHER\0\0".as_slice(), hash, Prefer, None),
        ] {
            let made = chosen(offered, end_point, wanted);
            assert_eq!(made.ok(), expected, "{offered:?} {wanted:?}");
        }
    }

    #[test]
    fn a_password_by_md5_is_what_other_clients_send() {
        let made = md5("md5_user", "password", &[0x2a, 0x3d, 0x8f, 0xe0]);
        assert_eq!(made, "md562af4dd09bbb41884907a838a3233294");
    }
}

//! Asks a SOCKS 5 proxy for a connection (RFC 1928, with user and password by RFC 1929).

use super::login::Login;
use super::talk::{No, need, say};
use crate::trouble::{Kind, Phase, Trouble};
use crate::wire::Wire;
use bggo_runtime::contract::FaultText;
use std::net::{IpAddr, SocketAddr};

const VERSION: u8 = 5;
const NO_LOGIN: u8 = 0;
const LOGIN: u8 = 2;
const NO_METHOD: u8 = 0xff;

/// What a proxy is asked to connect to.
#[derive(Debug, Clone, Copy)]
pub(super) enum Place<'a> {
    Name(&'a str, u16),
    Address(SocketAddr),
}

/// Asks for a connection. What the host says first stays in the wire.
pub(super) async fn ask(wire: &mut Wire, to: Place<'_>, login: Option<&Login>) -> Result<(), No> {
    match login {
        None => wire.out().put(&[VERSION, 1, NO_LOGIN]),
        Some(_) => wire.out().put(&[VERSION, 2, NO_LOGIN, LOGIN]),
    }
    match (answer(wire, VERSION).await?, login) {
        (NO_LOGIN, _) => {}
        (LOGIN, Some(login)) => {
            wire.out().put_byte(1);
            text(wire, &login.user)?;
            text(wire, &login.password)?;
            if answer(wire, 1).await? != 0 {
                return Err(No::login());
            }
        }
        (NO_METHOD | LOGIN, _) => return Err(No::login()),
        _ => return Err(no_socks()),
    }
    wire.out().put(&[VERSION, 1, 0]);
    match to {
        Place::Address(address) => {
            match address.ip() {
                IpAddr::V4(ip) => {
                    wire.out().put_byte(1);
                    wire.out().put(&ip.octets());
                }
                IpAddr::V6(ip) => {
                    wire.out().put_byte(4);
                    wire.out().put(&ip.octets());
                }
            }
            wire.out().put(&address.port().to_be_bytes());
        }
        Place::Name(name, port) => {
            wire.out().put_byte(3);
            text(wire, name.as_bytes())?;
            wire.out().put(&port.to_be_bytes());
        }
    }
    match answer(wire, VERSION).await? {
        0 => address(wire).await,
        code => Err(refused(code)),
    }
}

/// Sends what was appended and takes the first two bytes of the answer: a version and a code.
async fn answer(wire: &mut Wire, version: u8) -> Result<u8, No> {
    say(wire).await?;
    need(wire, 2).await?;
    let (came, code) = match wire.peek() {
        [came, code, ..] => (*came, *code),
        _ => return Err(no_socks()),
    };
    if came != version {
        return Err(no_socks());
    }
    wire.consume(2);
    wire.paid();
    Ok(code)
}

/// Takes the address that the proxy connects from, which nobody needs.
async fn address(wire: &mut Wire) -> Result<(), No> {
    need(wire, 3).await?;
    let length = match wire.peek() {
        [0, 1, ..] => 2 + 4 + 2,
        [0, 4, ..] => 2 + 16 + 2,
        [0, 3, length, ..] => 2 + 1 + usize::from(*length) + 2,
        _ => return Err(no_socks()),
    };
    need(wire, length).await?;
    wire.consume(length);
    Ok(())
}

/// Appends a text with its length before it.
fn text(wire: &mut Wire, text: &[u8]) -> Result<(), No> {
    let Ok(length) = u8::try_from(text.len()) else {
        return Err(No::proxy("a name for a SOCKS proxy has at most 255 bytes"));
    };
    wire.out().put_byte(length);
    wire.out().put(text);
    Ok(())
}

fn refused(code: u8) -> No {
    let words = match code {
        1 => "it failed",
        2 => "its rules forbid it",
        3 => "it has no way to the network",
        4 => "it has no way to the host",
        5 => "nobody listens there",
        6 => "the way is too long",
        7 => "it knows no connections",
        8 => "it knows no addresses of that kind",
        _ => "it gives a reason of its own",
    };
    let text = FaultText::plain(format_args!("the proxy would not connect: {words}"));
    let trouble = Trouble::new(Kind::Connect, Phase::Dial, text);
    // Another address of the host may do.
    match code {
        3..=6 | 8 => No::Place(trouble),
        _ => No::Proxy(trouble),
    }
}

fn no_socks() -> No {
    No::proxy("what the proxy answers is no SOCKS 5")
}

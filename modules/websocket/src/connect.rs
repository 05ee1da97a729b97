//! The beginning of a session: a handshake over a client of `http_request`, which gives cookies, headers, proxy and TLS.

use crate::frame::Compression;
use crate::handshake::Handshake;
use crate::session::{Session, SessionContext};
use crate::websocket::Error as Kind;
use bggo_module_http_request::{Asking, HttpClient, Upgrade};
use bggo_runtime::contract::{Fault, Running};
use std::rc::Rc;
use std::time::Duration;

/// What a session is asked for by.
#[derive(Debug, Clone, Copy)]
pub struct Connect<'a> {
    /// Where it is, as http or https.
    pub url: &'a str,
    /// Headers of the handshake. They replace those of the client.
    pub headers: &'a [(&'a str, &'a str)],
    /// Protocols that the messages may speak, the preferred one first.
    pub subprotocols: &'a [String],
    /// Whether messages are compressed, if the server agrees.
    pub compression: Compression,
    /// Time limit of the connection and the handshake together.
    pub timeout: Duration,
    /// The certificate of the server is not verified, whatever the client says.
    pub trusts_every_certificate: bool,
    /// The url contains a secret: no fault names the host.
    pub url_is_sensitive: bool,
}

/// A session that has begun.
#[derive(Debug)]
pub struct Connected {
    /// The session.
    pub session: Session,
    /// The subprotocol that the server chose.
    pub subprotocol: Option<String>,
}

impl Connect<'_> {
    /// Connects and shakes hands.
    ///
    /// # Errors
    /// There is no session: the kinds of the asset `websocket`.
    #[inline(never)]
    pub fn session<'a>(
        &'a self,
        asking: Asking<'a>,
        client: &'a HttpClient,
        context: &'a Rc<SessionContext>,
    ) -> Running<'a, Result<Connected, Fault>> {
        // Boxed here, so that no other module compiles a handshake of its own, as it would of an `async fn`.
        Box::pin(self.shake_hands(asking, client, context))
    }

    async fn shake_hands(
        &self,
        asking: Asking<'_>,
        client: &HttpClient,
        context: &Rc<SessionContext>,
    ) -> Result<Connected, Fault> {
        let clock = &context.clock;
        let nonce = u128::from(clock.random()) << 64 | u128::from(clock.random());
        let nonce = nonce.to_be_bytes();
        let handshake = Handshake::new(nonce, self.subprotocols, self.compression);
        let mut fields = handshake.fields();
        fields.extend(self.headers);
        let asked = Upgrade {
            url: self.url,
            protocol: "websocket",
            fields: &fields,
            timeout: Some(self.timeout),
            trusts_every_certificate: self.trusts_every_certificate,
            url_is_sensitive: self.url_is_sensitive,
        };
        let upgraded = client.upgrade(asking, &asked).await;
        let upgraded = upgraded.map_err(of_handshake)?;
        let agreed = handshake.read(|name| upgraded.field(name))?;
        Ok(Connected {
            session: Session::begin(upgraded.wire, agreed.compression, context),
            subprotocol: agreed.subprotocol,
        })
    }
}

/// A failure of the handshake, of the kind that this module names it by.
fn of_handshake(fault: Fault) -> Fault {
    let kind = match fault.kind() {
        "dns" => Kind::Dns,
        "connect" => Kind::Connect,
        "refused" => Kind::Refused,
        "unreachable" => Kind::Unreachable,
        "local" => Kind::Local,
        "tls" => Kind::Tls,
        "timeout" => Kind::Timeout,
        "reset" => Kind::Reset,
        "closed" => Kind::Closed,
        "status" => Kind::Handshake,
        "protocol" => Kind::Protocol,
        _ => Kind::Request,
    };
    kind.of(fault)
}

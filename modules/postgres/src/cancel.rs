//! Asks a server, over a connection of its own, to cancel what another one does.

use crate::arguments::Settings;
use crate::login::Key;
use crate::message::{ASK_FOR_TLS, cancel};
use crate::postgres_connection::Error as Kind;
use crate::secure::Mode;
use bggo_runtime::contract::{Fault, FaultText};
use bggo_wire::{Dialer, Named, Trouble, Wire};
use std::time::Duration;

/// Makes a connection on which TLS is spoken if it should be, before a word of the protocol: and how long TLS took.
///
/// # Errors
/// There is none, or the server does not speak TLS where it has to.
pub(crate) async fn reach(
    dialer: &Dialer,
    settings: &Settings,
    named: Named,
) -> Result<(Wire, Option<Duration>), Fault> {
    let target = settings.target(named);
    let dialled = dialer.dial(&target).await;
    let (mut wire, _) = dialled.map_err(|trouble| of_dial(&trouble))?;
    let Some(name) = settings.secure_name() else {
        return Ok((wire, None));
    };
    let words = || {
        FaultText::plain("no secure connection to ")
            .and_text(&target.place())
            .and(": ")
    };
    let after = |trouble: Trouble| {
        of_dial(
            &trouble.after(&FaultText::plain("no secure connection to ").and_text(&target.place())),
        )
    };
    wire.out().put(&ASK_FOR_TLS);
    wire.flush().await.map_err(after)?;
    let said = wire
        .until(2, |bytes| bytes.first().copied())
        .await
        .map_err(after)?;
    wire.consume(1);
    wire.paid();
    match said {
        b'S' => {
            let took = dialer.secure(&mut wire, name, named).await;
            Ok((wire, Some(took.map_err(after)?)))
        }
        b'N' if settings.mode == Mode::Prefer => Ok((wire, None)),
        b'N' => Err(Kind::Tls.fault(words().and("the server does not speak TLS"))),
        _ => Err(Kind::Protocol
            .fault(words().and("the server does not speak the protocol of PostgreSQL"))),
    }
}

/// Asks to cancel. Nothing comes back of it, so what goes wrong is not told: the statement ends some time by itself.
pub(crate) async fn send(dialer: &Dialer, settings: &Settings, named: Named, key: Key) {
    let Ok((mut wire, _)) = reach(dialer, settings, named).await else {
        return;
    };
    wire.send_only();
    wire.out().put(&cancel(key.pid, &key.secret));
    let _ = wire.finish().await;
}

/// The failure of a connection that cannot be made.
fn of_dial(trouble: &Trouble) -> Fault {
    let kind = match trouble.kind() {
        bggo_wire::Kind::Dns => Kind::Dns,
        bggo_wire::Kind::Refused => Kind::Refused,
        bggo_wire::Kind::Unreachable => Kind::Unreachable,
        bggo_wire::Kind::Tls => Kind::Tls,
        bggo_wire::Kind::Local => Kind::Local,
        bggo_wire::Kind::Reset | bggo_wire::Kind::Closed => Kind::Closed,
        _ => Kind::Connect,
    };
    kind.of(trouble.fault(trouble.text().clone()))
}

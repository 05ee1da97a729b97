//! Failures of other code, under the kinds of the manifest.

use crate::socketio_client::Error as Kind;
use bggo_runtime::contract::Fault;

/// The fault as one whose kind the manifest names, so that it stays the kind of the steps which wait for the connection.
///
/// # Errors
/// The manifest names no such kind: the fault as it was.
pub(crate) fn named(fault: Fault) -> Result<Fault, Fault> {
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
        "protocol" => Kind::Protocol,
        "request" => Kind::Request,
        _ => return Err(fault),
    };
    Ok(kind.of(fault))
}

//! Turns errors of QUIC and HTTP/3 into kinds of failure and clauses of our own: the texts of a library are written for programmers.

use crate::session::ServerNotices;
use bggo_module_http_request::http_request::Error as Kind;
use bggo_runtime::contract::FaultText;
use bggo_wire::{Named, Phase, Trouble, explain_tls};
use quinn::{ConnectError, ConnectionError, ReadError, VarInt};
use rustls::AlertDescription;

/// The server took no notice of the request (H3_REQUEST_REJECTED).
pub(crate) const REQUEST_REJECTED: VarInt = VarInt::from_u32(0x10b);
/// Codes from here on say what was wrong with TLS, by its alerts (RFC 9001, section 4.8).
const TLS: u64 = 0x100;

/// Why there is no connection to an address. `certificate` is what was wrong with the server's.
pub(crate) fn of_dial(
    error: &ConnectionError,
    certificate: Option<&rustls::Error>,
    named: Named,
) -> Trouble {
    if let Some(words) = of_tls(error, certificate, named) {
        return Trouble::new(bggo_wire::Kind::Tls, Phase::Tls, words);
    }
    let kind = match error {
        ConnectionError::Reset => bggo_wire::Kind::Reset,
        _ => bggo_wire::Kind::Connect,
    };
    let words = match error {
        ConnectionError::TimedOut => "the server did not answer".into(),
        _ => words(error, None),
    };
    Trouble::new(kind, Phase::Dial, words)
}

/// Why a connection cannot begin.
pub(crate) fn of_begin(error: &ConnectError) -> Trouble {
    match error {
        ConnectError::InvalidServerName(_) => {
            let words = "TLS asks for names of hosts and addresses, and this is neither";
            Trouble::new(bggo_wire::Kind::Tls, Phase::Tls, words)
        }
        ConnectError::InvalidRemoteAddress(_) => {
            let words = "nobody can be reached at this address";
            Trouble::new(bggo_wire::Kind::Unreachable, Phase::Dial, words)
        }
        _ => Trouble::new(
            bggo_wire::Kind::Connect,
            Phase::Dial,
            "this host cannot begin more connections of QUIC now",
        ),
    }
}

/// What was wrong with TLS, if that is why a connection is over.
pub(crate) fn of_tls(
    error: &ConnectionError,
    certificate: Option<&rustls::Error>,
    named: Named,
) -> Option<FaultText> {
    let (code, is_own) = match error {
        ConnectionError::TransportError(error) => (u64::from(error.code), true),
        ConnectionError::ConnectionClosed(close) => (u64::from(close.error_code), false),
        _ => return None,
    };
    let alert = code.checked_sub(TLS)?;
    let alert = AlertDescription::from(u8::try_from(alert).ok()?);
    Some(match certificate {
        Some(certificate) if is_own => explain_tls(certificate, named),
        _ if is_own => "the server does not keep to TLS".into(),
        _ => explain_tls(&rustls::Error::AlertReceived(alert), named),
    })
}

/// The kind of a connection that was lost before an answer.
pub(crate) fn kind_of_lost(error: &ConnectionError) -> Kind {
    match error {
        ConnectionError::Reset => Kind::Reset,
        ConnectionError::TransportError(_)
        | ConnectionError::VersionMismatch
        | ConnectionError::LocallyClosed
        | ConnectionError::CidsExhausted => Kind::Protocol,
        _ => Kind::Closed,
    }
}

/// Whether the other end closed a connection, or let it go while nothing was said.
pub(crate) fn is_closed(error: &ConnectionError) -> bool {
    matches!(
        error,
        ConnectionError::ApplicationClosed(_)
            | ConnectionError::ConnectionClosed(_)
            | ConnectionError::Reset
            | ConnectionError::TimedOut
    )
}

/// Why a connection is over.
pub(crate) fn words(error: &ConnectionError, notices: Option<&ServerNotices>) -> FaultText {
    let text = match error {
        ConnectionError::VersionMismatch => {
            "the server speaks no version of QUIC that the client does"
        }
        ConnectionError::Reset => "the other end reset the connection",
        ConnectionError::TimedOut => "nothing came for as long as a connection may be idle",
        ConnectionError::TransportError(_) => "what came is no right QUIC",
        ConnectionError::CidsExhausted => "the connection has no name left for its other end",
        ConnectionError::LocallyClosed => notices
            .and_then(ServerNotices::wrong)
            .unwrap_or("the connection is closed"),
        ConnectionError::ConnectionClosed(close) => {
            return ended("QUIC", transport_name(u64::from(close.error_code)));
        }
        ConnectionError::ApplicationClosed(close) => {
            return ended("HTTP/3", name(close.error_code.into_inner()));
        }
    };
    text.into()
}

fn ended(protocol: &str, name: &str) -> FaultText {
    match name {
        "NO_ERROR" | "H3_NO_ERROR" => "the other end closed the connection".into(),
        _ => FaultText::plain(format_args!(
            "the other end ended the {protocol} connection ({name})"
        )),
    }
}

/// Why nothing more can be read of a stream.
pub(crate) fn words_of_stream(error: &ReadError, notices: &ServerNotices) -> FaultText {
    match error {
        ReadError::Reset(code) => given_up(*code),
        ReadError::ConnectionLost(error) => words(error, Some(notices)),
        _ => "the stream is closed".into(),
    }
}

/// The other end gave a stream up.
pub(crate) fn given_up(code: VarInt) -> FaultText {
    let name = name(code.into_inner());
    FaultText::plain(format_args!(
        "the other end gave the HTTP/3 stream up ({name})"
    ))
}

/// A code's name in RFC 9114, section 8.1, or RFC 9204, section 6.
fn name(code: u64) -> &'static str {
    const NAMES: [&str; 17] = [
        "H3_NO_ERROR",
        "H3_GENERAL_PROTOCOL_ERROR",
        "H3_INTERNAL_ERROR",
        "H3_STREAM_CREATION_ERROR",
        "H3_CLOSED_CRITICAL_STREAM",
        "H3_FRAME_UNEXPECTED",
        "H3_FRAME_ERROR",
        "H3_EXCESSIVE_LOAD",
        "H3_ID_ERROR",
        "H3_SETTINGS_ERROR",
        "H3_MISSING_SETTINGS",
        "H3_REQUEST_REJECTED",
        "H3_REQUEST_CANCELLED",
        "H3_REQUEST_INCOMPLETE",
        "H3_MESSAGE_ERROR",
        "H3_CONNECT_ERROR",
        "H3_VERSION_FALLBACK",
    ];
    match code {
        0x200 => "QPACK_DECOMPRESSION_FAILED",
        0x201 => "QPACK_ENCODER_STREAM_ERROR",
        0x202 => "QPACK_DECODER_STREAM_ERROR",
        _ => nth(&NAMES, code.checked_sub(0x100)),
    }
}

/// A code's name in RFC 9000, section 20.1.
fn transport_name(code: u64) -> &'static str {
    const NAMES: [&str; 17] = [
        "NO_ERROR",
        "INTERNAL_ERROR",
        "CONNECTION_REFUSED",
        "FLOW_CONTROL_ERROR",
        "STREAM_LIMIT_ERROR",
        "STREAM_STATE_ERROR",
        "FINAL_SIZE_ERROR",
        "FRAME_ENCODING_ERROR",
        "TRANSPORT_PARAMETER_ERROR",
        "CONNECTION_ID_LIMIT_ERROR",
        "PROTOCOL_VIOLATION",
        "INVALID_TOKEN",
        "APPLICATION_ERROR",
        "CRYPTO_BUFFER_EXCEEDED",
        "KEY_UPDATE_ERROR",
        "AEAD_LIMIT_REACHED",
        "NO_VIABLE_PATH",
    ];
    nth(&NAMES, Some(code))
}

fn nth(names: &[&'static str], at: Option<u64>) -> &'static str {
    let at = at.and_then(|at| usize::try_from(at).ok());
    let name = at.and_then(|at| names.get(at));
    name.copied().unwrap_or("a reason of its own")
}

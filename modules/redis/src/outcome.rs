//! What the server or the connection says went wrong -> a failure of a kind of the manifest.

use crate::redis_command::Error as Kind;
use crate::scan::NoReply;
use bggo_runtime::contract::{Fault, FaultText};
use bggo_wire::Trouble;

/// The failure that an error of the server is. Its first word says which one; what follows may quote arguments.
pub(crate) fn refused(error: &str) -> Fault {
    let (word, rest) = error.split_once(' ').unwrap_or((error, ""));
    kind_of(word).fault(told(word, rest))
}

/// An error as it is shown.
pub(crate) fn told(word: &str, rest: &str) -> FaultText {
    let is_word = !word.is_empty()
        && word
            .bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    match (is_word, rest.is_empty()) {
        (true, true) => FaultText::plain(word),
        (true, false) => FaultText::plain(word).and(" ").and_value(rest),
        (false, _) => FaultText::value(format_args!("{word} {rest}")),
    }
}

fn kind_of(word: &str) -> Kind {
    match word {
        "WRONGTYPE" => Kind::WrongType,
        "NOPERM" => Kind::Permission,
        "NOAUTH" | "WRONGPASS" => Kind::Auth,
        "BUSY" | "LOADING" | "TRYAGAIN" | "MASTERDOWN" | "CLUSTERDOWN" => Kind::Busy,
        "MOVED" | "ASK" => Kind::Moved,
        "OOM" => Kind::OutOfMemory,
        "READONLY" => Kind::Readonly,
        "EXECABORT" => Kind::ExecAbort,
        "NOSCRIPT" => Kind::NoScript,
        _ => Kind::ServerError,
    }
}

/// The failure of a connection.
pub(crate) fn broken(trouble: &Trouble) -> Fault {
    use bggo_wire::Kind as Of;
    let kind = match trouble.kind() {
        Of::Dns => Kind::Dns,
        Of::Connect => Kind::Connect,
        Of::Refused => Kind::Refused,
        Of::Unreachable => Kind::Unreachable,
        Of::Local => Kind::Local,
        Of::Tls => Kind::Tls,
        Of::Reset | Of::Closed => Kind::Closed,
        Of::Timeout => Kind::Timeout,
        Of::TooLarge => Kind::TooLarge,
    };
    kind.of(trouble.fault(trouble.text().clone()))
}

/// The failure of an answer that is none.
pub(crate) fn no_reply(_: NoReply) -> Fault {
    Kind::Protocol.fault("what came is no reply of Redis")
}

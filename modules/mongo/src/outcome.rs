//! What the server or the connection says went wrong -> a failure of a kind of the manifest.

use crate::bson::{Bad, NotBson};
use crate::message::NoAnswer;
use crate::mongo_command::Error as Kind;
use crate::reply::{Error, Reply};
use bggo_runtime::contract::{Fault, FaultText};
use bggo_wire::Trouble;

/// The failure that an answer is, if it is one. `ok: 1` is none yet: a write says below it what failed.
pub(crate) fn failure(reply: &Reply<'_>) -> Option<Fault> {
    if reply.is_ok && reply.write_errors.is_none() && reply.write_concern_error.is_none() {
        return None;
    }
    told(reply)
}

#[cold]
fn told(reply: &Reply<'_>) -> Option<Fault> {
    if !reply.is_ok {
        return Some(refused(&reply.error));
    }
    if let Some(errors) = reply.write_errors {
        let mut errors = errors.elements().map_while(Result::ok);
        if let Some(first) = errors.next().and_then(|error| error.document()) {
            let error = Error::read(first);
            let more = errors.count();
            let mut text = FaultText::plain(format_args!("number {}: ", error.index + 1));
            text = text.and_text(&words(&error));
            if more > 0 {
                text = text.and(format_args!("; {} failed", more + 1));
            }
            return Some(kind_of(error.code).fault(text));
        }
    }
    let error = Error::read(reply.write_concern_error?);
    Some(Kind::WriteConcern.fault(words(&error)))
}

/// The failure that an error of the server is.
pub(crate) fn refused(error: &Error<'_>) -> Fault {
    kind_of(error.code).fault(words(error))
}

/// An error as it is shown. Its message may quote documents.
fn words(error: &Error<'_>) -> FaultText {
    let is_word = error.name.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let mut text = match error.code {
        0 => FaultText::default(),
        code => FaultText::plain(format_args!("error {code}")),
    };
    if is_word && !error.name.is_empty() {
        text = text.and(format_args!(" ({})", error.name));
    }
    match error.message {
        "" => text,
        message if error.code == 0 => text.and_value(message),
        message => text.and(": ").and_value(message),
    }
}

fn kind_of(code: i64) -> Kind {
    match code {
        18 => Kind::Auth,
        13 => Kind::Unauthorized,
        91 | 189 | 10058 | 10107 | 11600 | 11602 | 13435 | 13436 => Kind::NotPrimary,
        11000 | 11001 | 12582 => Kind::DuplicateKey,
        64 | 75 | 79 | 100 => Kind::WriteConcern,
        112 => Kind::WriteConflict,
        50 | 262 => Kind::MaxTime,
        43 => Kind::CursorNotFound,
        10334 => Kind::TooLarge,
        2 | 9 | 14 | 15 | 17 | 40 | 51 | 52 | 59 | 72 | 73 | 40323 | 40324 | 40352 | 40415 => {
            Kind::BadCommand
        }
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
        Of::TooLarge => Kind::Protocol,
    };
    kind.of(trouble.fault(trouble.text().clone()))
}

/// The failure of an answer that is none.
pub(crate) fn no_answer(NoAnswer(text): NoAnswer) -> Fault {
    Kind::Protocol.fault(text)
}

/// The failure of a document that is none.
pub(crate) fn no_document(_: NotBson) -> Fault {
    Kind::Protocol.fault("a document of the server cannot be read, or is more than 100 levels deep")
}

/// The failure of what cannot be written.
pub(crate) fn bad(Bad(text): Bad) -> Fault {
    Kind::Argument.fault(text)
}

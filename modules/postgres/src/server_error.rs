//! An error of the server to a fault: its SQLSTATE decides the kind, its severity, SQLSTATE and message are the text.

use crate::message::Fields;
use crate::postgres_query::Error as Kind;
use bggo_runtime::contract::{Fault, FaultText};

/// What the server says of an error. Its detail is left out, which holds values of rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ServerError {
    severity: String,
    /// The SQLSTATE: five characters, if the server keeps to the protocol.
    code: String,
    message: String,
    /// The function of the server that found it.
    routine: String,
}

impl ServerError {
    /// Reads the fields of an error or a notice. What is missing is empty.
    pub(crate) fn read(body: &[u8]) -> Self {
        let mut error = Self {
            severity: String::new(),
            code: String::new(),
            message: String::new(),
            routine: String::new(),
        };
        let mut fields = Fields(body);
        while let Ok(kind @ 1..) = fields.byte() {
            let Ok(text) = fields.text() else {
                break;
            };
            let text = || String::from_utf8_lossy(text).into_owned();
            match kind {
                // This one is never translated, and servers before 9.6 have the other one alone.
                b'V' => error.severity = text(),
                b'S' if error.severity.is_empty() => error.severity = text(),
                b'C' => error.code = text(),
                b'M' => error.message = text(),
                b'R' => error.routine = text(),
                _ => {}
            }
        }
        error
    }

    /// The class of its SQLSTATE, for a label.
    pub(crate) fn class(&self) -> &str {
        self.code.get(..2).unwrap_or("??")
    }

    /// Whether the connection ends with it.
    pub(crate) fn is_fatal(&self) -> bool {
        matches!(&*self.severity, "FATAL" | "PANIC")
    }

    /// Whether a statement was prepared before the types of its result changed.
    pub(crate) fn is_of_old_plan(&self) -> bool {
        self.code == "0A000" && self.routine == "RevalidateCachedQuery"
    }

    fn kind(&self) -> Kind {
        match &*self.code {
            "53300" => Kind::TooManyConnections,
            "57014" => Kind::Canceled,
            "57P01" | "57P02" | "57P03" | "57P04" | "57P05" => Kind::Shutdown,
            "40001" => Kind::Serialization,
            "40P01" => Kind::Deadlock,
            "25P02" => Kind::TransactionAborted,
            _ => match self.class() {
                "22" => Kind::Data,
                "23" => Kind::Constraint,
                "28" => Kind::Auth,
                "42" => Kind::Syntax,
                "53" => Kind::Resources,
                _ => Kind::ServerError,
            },
        }
    }

    /// Severity, SQLSTATE and message.
    pub(crate) fn fault(&self) -> Fault {
        self.fault_after(FaultText::default())
    }

    /// The same with words before.
    pub(crate) fn fault_after(&self, words: FaultText) -> Fault {
        let text = words.and(format_args!("{} {}: ", self.severity, self.code));
        // It may quote a value: invalid input syntax for type integer: "x".
        let text = text.and_value(&self.message);
        let text = match self.kind() {
            Kind::TooManyConnections => text.and(
                "; each user has a connection of its own: raise max_connections of the server, load with fewer users, or put PgBouncer between",
            ),
            _ => text,
        };
        self.kind().fault(text)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// The body of an error with these fields.
    pub(crate) fn body(fields: &[(u8, &str)]) -> Vec<u8> {
        let mut body = Vec::new();
        for (kind, text) in fields {
            body.push(*kind);
            body.extend_from_slice(text.as_bytes());
            body.push(0);
        }
        body.push(0);
        body
    }

    #[test]
    fn the_state_decides_the_kind_and_the_detail_is_left_out() {
        let body = body(&[
            (b'S', "FEHLER"),
            (b'V', "ERROR"),
            (b'C', "23505"),
            (b'M', "duplicate key value violates unique constraint \"a\""),
            (b'D', "Key (id)=(secret) already exists."),
        ]);
        let error = ServerError::read(&body);
        let fault = error.fault();
        assert_eq!(fault.kind(), "constraint");
        assert_eq!(
            fault.text(),
            "ERROR 23505: duplicate key value violates unique constraint \"a\""
        );
        assert_eq!(error.class(), "23");
        assert!(!error.is_fatal());
    }

    #[test]
    fn kinds_are_bounded() {
        for (code, kind) in [
            ("40001", "serialization"),
            ("40P01", "deadlock"),
            ("53300", "too_many_connections"),
            ("53200", "resources"),
            ("57014", "canceled"),
            ("57P01", "shutdown"),
            ("28P01", "auth"),
            ("42601", "syntax"),
            ("22012", "data"),
            ("25P02", "transaction_aborted"),
            ("XX000", "server_error"),
            ("", "server_error"),
            ("é", "server_error"),
        ] {
            let error = ServerError::read(&body(&[(b'C', code)]));
            assert_eq!(error.fault().kind(), kind, "{code}");
        }
    }

    #[test]
    fn an_error_that_is_cut_off_is_one_all_the_same() {
        let body = body(&[(b'V', "FATAL"), (b'C', "57P01"), (b'M', "bye")]);
        for cut in 0..body.len() {
            let _ = ServerError::read(&body[..cut]);
        }
        assert!(ServerError::read(&body).is_fatal());
    }
}

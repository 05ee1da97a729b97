//! What is wrong with what a server sent, against the rules of Engine.IO or Socket.IO.

use crate::socketio_emit::Error as Kind;
use bggo_runtime::contract::Fault;

/// Something that the protocol forbids. Its text is a clause of our own words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Malformed(pub(crate) &'static str);

impl From<Malformed> for Fault {
    fn from(malformed: Malformed) -> Self {
        Kind::Protocol.fault(malformed.0)
    }
}

//! The layer between the bytes of a socket and those of a protocol: records that came to plain bytes, and plain bytes to
//! records. It reads and writes nothing itself.
//!
//! ```text
//! socket -room, filled-> came -turn-> plain bytes that came
//! socket <---sealed----- out  <-turn- plain bytes to send
//! ```

use super::certificate::end_point;
use super::config::Tls;
use super::explain::{self, explain};
use super::records::{Holds, Records, Wrong};
use super::sessions::Sessions;
use crate::buf::Buf;
use crate::named::Named;
use crate::pool::PIECE;
use crate::trouble::{Kind, Phase, Trouble};
use bggo_runtime::contract::FaultText;
use rustls::AlertDescription as Alert;
use rustls::client::UnbufferedClientConnection;
use rustls::pki_types::ServerName;
use rustls::unbuffered::{ConnectionState, EncodeError, InsufficientSizeError, UnbufferedStatus};
use std::fmt;
use std::io;
use std::rc::Rc;
use std::sync::Arc;

/// Plain bytes of one record at most.
const RECORD: usize = 16 << 10;
/// A message of the handshake stands in one piece until it is whole: 64 KiB of it, and what is around its records.
const HANDSHAKE: usize = 72 << 10;
/// A read asks for that many bytes at least, where a piece has as many: few bytes would cost a call of their own.
const READ: usize = 2 << 10;

/// One end of TLS on a connection.
pub(crate) struct Layer {
    way: Way,
    sessions: Rc<Sessions>,
    named: Named,
    /// What came and was not opened yet: a part of a record, or of a message of the handshake.
    came: Buf,
    /// Records that were not sent yet.
    out: Buf,
    stage: Stage,
    /// The other end has announced that nothing more will come.
    has_end: bool,
    /// It was announced that nothing more will be sent.
    has_said_end: bool,
    /// Why it failed, behind what came before.
    failure: Option<Trouble>,
    /// What is kept for a login to bind itself to, and whether it is.
    end_point: Option<Box<[u8]>>,
    binds: bool,
    /// The layer that carries this one's records: TLS inside of TLS.
    below: Option<Box<Layer>>,
}

/// Who works on a connection.
enum Way {
    /// The library, until both ends agree.
    Handshake(Box<UnbufferedClientConnection>),
    /// This layer, by the keys that they agreed on.
    Records(Records),
    /// Nobody: they did not agree.
    None,
}

/// How far a connection is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Nothing came.
    Begun,
    /// The first bytes are of TLS.
    Answered,
    /// Both ends agreed.
    Agreed,
    /// Plain bytes came: the other end has agreed as well.
    Used,
    /// It failed, so nothing more can be said on it.
    Failed,
}

/// Where plain bytes go that came.
pub(crate) struct Plain<'a> {
    /// They are kept here.
    pub(crate) kept: &'a mut Buf,
    /// So many more are dropped instead, first.
    pub(crate) skip: u64,
    /// So many were dropped.
    pub(crate) skipped: u64,
}

impl<'a> Plain<'a> {
    pub(crate) fn kept(kept: &'a mut Buf) -> Self {
        Self {
            kept,
            skip: 0,
            skipped: 0,
        }
    }

    fn take(&mut self, bytes: &[u8]) {
        let skipped = usize::try_from(self.skip).map_or(bytes.len(), |skip| skip.min(bytes.len()));
        self.skip -= skipped as u64;
        self.skipped += skipped as u64;
        self.kept.put(bytes.get(skipped..).unwrap_or_default());
    }
}

impl Layer {
    /// For a connection to the server of this name, on another layer if there is one.
    ///
    /// # Errors
    /// The name is none that a certificate can have.
    pub(crate) fn new(
        tls: &Tls,
        sessions: &Rc<Sessions>,
        name: &str,
        named: Named,
        below: Option<Box<Self>>,
    ) -> Result<Self, Trouble> {
        let server = ServerName::try_from(name).map_err(|_| {
            let text = named.text(name);
            trouble(text.and(" is no name of a host that a certificate can have"))
        })?;
        let _entered = sessions.enter();
        let made =
            UnbufferedClientConnection::new(Arc::clone(tls.rustls_config()), server.to_owned());
        Ok(Self {
            way: Way::Handshake(Box::new(
                made.map_err(|error| trouble(explain(&error, named)))?,
            )),
            sessions: Rc::clone(sessions),
            named,
            came: Buf::new(),
            out: Buf::new(),
            stage: Stage::Begun,
            has_end: false,
            has_said_end: false,
            failure: None,
            end_point: None,
            binds: tls.binds(),
            below,
        })
    }

    /// Room for what comes from the socket.
    ///
    /// # Errors
    /// What stands there and is not whole yet is too large.
    pub(crate) fn room(&mut self) -> Result<&mut [u8], Trouble> {
        match self.below {
            Some(ref mut below) => below.room(),
            None if self.came.len() >= HANDSHAKE => Err(self.fails(explain::TOO_LARGE.into())),
            None => {
                let most = HANDSHAKE - self.came.len();
                let least = PIECE.saturating_sub(self.came.len()).clamp(1, READ);
                let room = self.came.room(least);
                let most = most.min(room.len());
                Ok(room.get_mut(..most).unwrap_or_default())
            }
        }
    }

    /// So many bytes came from the socket.
    pub(crate) fn filled(&mut self, count: usize) {
        match &mut self.below {
            Some(below) => below.filled(count),
            None => self.came.filled(count),
        }
    }

    /// Opens the records that came, and makes records of what there is to send, as many as are sent at once.
    ///
    /// # Errors
    /// The other end does not keep to TLS, or gives up. What is to be told to it stands in [`Self::sealed`].
    pub(crate) fn turn(&mut self, plain: &mut Plain<'_>, out: &mut Buf) -> Result<(), Trouble> {
        if let Some(below) = &mut self.below {
            below.turn(&mut Plain::kept(&mut self.came), &mut self.out)?;
        }
        let turned = self.turn_own(plain, out);
        if let Some(below) = &mut self.below {
            below.turn(&mut Plain::kept(&mut self.came), &mut self.out)?;
        }
        turned
    }

    fn turn_own(&mut self, plain: &mut Plain<'_>, out: &mut Buf) -> Result<(), Trouble> {
        if self.stage == Stage::Failed {
            return Err(self.fails(explain::MISBEHAVES.into()));
        }
        if matches!(self.way, Way::Handshake(_)) {
            self.turn_handshake(plain)?;
        }
        let turned = self.turn_records(plain, out);
        turned.map_err(|wrong| {
            if let (Some(alert), Way::Records(records)) = (wrong.alert, &mut self.way) {
                let _ = records.seal_end(alert, &mut self.out);
            }
            self.fails(wrong.text)
        })
    }

    /// Goes on until both ends agree or more has to come.
    fn turn_handshake(&mut self, plain: &mut Plain<'_>) -> Result<(), Trouble> {
        if self.stage == Stage::Begun {
            self.look_at_first_bytes()?;
        }
        let _entered = self.sessions.enter();
        let mut has_come = false;
        while let Way::Handshake(connection) = &mut self.way {
            let UnbufferedStatus { mut discard, state } =
                connection.process_tls_records(self.came.bytes_mut());
            let mut is_over = false;
            let mut failed = None;
            match state {
                // Over 1.2 the first of them may be opened with the last message of the handshake.
                Ok(ConnectionState::ReadTraffic(mut traffic)) => {
                    while let Some(record) = traffic.next_record() {
                        match record {
                            Ok(record) => {
                                discard += record.discard;
                                plain.take(record.payload);
                            }
                            Err(error) => failed = Some(explain(&error, self.named)),
                        }
                    }
                    has_come = true;
                }
                Ok(ConnectionState::EncodeTlsData(mut data)) => {
                    encode(&mut self.out, |room| data.encode(room));
                }
                // Records are sent in the order in which they are made, so they may count as sent.
                Ok(ConnectionState::TransmitTlsData(data)) => data.done(),
                Ok(ConnectionState::PeerClosed | ConnectionState::Closed) => {
                    self.has_end = true;
                    is_over = true;
                }
                Ok(ConnectionState::BlockedHandshake | ConnectionState::WriteTraffic(_)) => {
                    is_over = true;
                }
                // Early data is for servers.
                Ok(_) => failed = Some(explain::MISBEHAVES.into()),
                Err(error) => failed = Some(explain(&error, self.named)),
            }
            // Before anything is read with the keys that they agreed on: what stands there is for the records.
            let is_agreed = !connection.is_handshaking() && !connection.wants_write();
            self.came.consume(discard);
            if failed.is_none() && is_agreed {
                failed = self.agree().err();
            }
            if let Some(text) = failed {
                return Err(self.fails(text));
            }
            if is_over {
                break;
            }
        }
        if has_come && self.stage == Stage::Agreed {
            self.stage = Stage::Used;
        }
        Ok(())
    }

    /// Both ends agree: from here on the library works no more.
    fn agree(&mut self) -> Result<(), FaultText> {
        if let Way::Handshake(connection) = std::mem::replace(&mut self.way, Way::None) {
            if self.binds {
                let shown = connection.peer_certificates().and_then(<[_]>::first);
                self.end_point = shown.and_then(|shown| end_point(shown));
            }
            let records = Records::of(*connection).map_err(|error| explain(&error, self.named))?;
            self.way = Way::Records(records);
            self.stage = Stage::Agreed;
        }
        Ok(())
    }

    /// Opens all records that came whole, then seals what is to be sent, if those that were sealed before are gone.
    fn turn_records(&mut self, plain: &mut Plain<'_>, out: &mut Buf) -> Result<(), Wrong> {
        let Way::Records(records) = &mut self.way else {
            return Ok(());
        };
        while !self.has_end
            && let Some(record) = records.open(self.came.bytes_mut())?
        {
            let bytes = self.came.bytes().get(record.plain).unwrap_or_default();
            match record.holds {
                Holds::Data if bytes.is_empty() => {}
                Holds::Data => {
                    plain.take(bytes);
                    self.stage = Stage::Used;
                }
                Holds::Alert => self.has_end = records.hear_alert(bytes, self.named)?,
                Holds::Handshake => {
                    let _entered = self.sessions.enter();
                    records.hear_handshake(bytes, &mut self.out, self.named)?;
                }
            }
            self.came.consume(record.length);
        }
        if self.has_end {
            // What comes behind an end is nothing.
            self.came.clear();
        }
        if !self.out.is_empty() {
            return Ok(());
        }
        if records.owes_words() {
            records.seal_words(&mut self.out)?;
        }
        if !out.is_empty() {
            let count = out.len().min(RECORD);
            let bytes = out.bytes().get(..count).unwrap_or_default();
            records.seal_data(bytes, &mut self.out)?;
            out.consume(count);
        }
        Ok(())
    }

    /// A server that speaks something else is known by its first bytes.
    fn look_at_first_bytes(&mut self) -> Result<(), Trouble> {
        let first = self.came.bytes();
        if first.is_empty() {
            return Ok(());
        }
        if first.starts_with(&[HANDSHAKE_RECORD]) || first.starts_with(&[ALERT_RECORD]) {
            self.stage = Stage::Answered;
            return Ok(());
        }
        let text = if first.starts_with(b"HTTP/") {
            "the server does not speak TLS here, but plain HTTP"
        } else {
            "the server does not speak TLS here"
        };
        Err(self.fails(text.into()))
    }

    /// Records to send on the socket. What was sent is consumed.
    pub(crate) fn sealed(&mut self) -> &mut Buf {
        match &mut self.below {
            Some(below) => below.sealed(),
            None => &mut self.out,
        }
    }

    /// Whether records wait to be sent.
    pub(crate) fn has_unsent(&self) -> bool {
        !self.out.is_empty() || self.below.as_ref().is_some_and(|below| below.has_unsent())
    }

    /// Whether both ends have agreed, so that plain bytes can be sent.
    pub(crate) fn is_agreed(&self) -> bool {
        matches!(self.stage, Stage::Agreed | Stage::Used)
    }

    /// Whether the other end has announced that nothing more will come.
    pub(crate) fn has_end(&self) -> bool {
        self.has_end
    }

    /// Whether nothing more can come, because the other end of this layer or of one below has announced its end.
    pub(crate) fn is_over(&self) -> bool {
        self.has_end || self.below.as_ref().is_some_and(|below| below.is_over())
    }

    /// The hash of the server's certificate, if it is kept.
    pub(crate) fn take_end_point(&mut self) -> Option<Box<[u8]>> {
        self.end_point.take()
    }

    /// The protocol that both ends agreed on (ALPN).
    pub(crate) fn protocol(&self) -> Option<&[u8]> {
        match &self.way {
            Way::Records(records) => records.protocol(),
            Way::Handshake(_) | Way::None => None,
        }
    }

    /// How many layers there are.
    pub(crate) fn depth(&self) -> usize {
        1 + self.below.as_ref().map_or(0, |below| below.depth())
    }

    /// Whether its keys, or those of a layer below, may fail in the middle of one more exchange.
    pub(crate) fn is_nearly_used_up(&self) -> bool {
        matches!(&self.way, Way::Records(records) if records.is_nearly_used_up())
            || self
                .below
                .as_ref()
                .is_some_and(|below| below.is_nearly_used_up())
    }

    /// See [`Records::use_up_nearly`].
    #[cfg(test)]
    pub(crate) fn use_up_nearly(&mut self) {
        if let Way::Records(records) = &mut self.way {
            records.use_up_nearly();
        }
    }

    /// Announces that nothing more will be sent, if that can be said and was not said yet. What is to be told to the other end
    /// stands in [`Self::sealed`].
    pub(crate) fn say_end(&mut self) {
        if self.is_agreed()
            && self.out.is_empty()
            && !self.has_said_end
            && let Way::Records(records) = &mut self.way
        {
            self.has_said_end = true;
            let _ = records.seal_end(Alert::CloseNotify, &mut self.out);
        }
        if let Some(below) = &mut self.below {
            let _ = below.turn(&mut Plain::kept(&mut self.came), &mut self.out);
        }
    }

    /// The same for the layer below, which carried what this one had to say.
    pub(crate) fn say_end_below(&mut self) {
        if let Some(below) = &mut self.below {
            below.say_end();
        }
    }

    /// Keeps why it failed until what came before was read.
    pub(crate) fn keep_for_later(&mut self, failure: Trouble) {
        self.failure = Some(failure);
    }

    /// Why it failed, if that was kept.
    pub(crate) fn take_kept(&mut self) -> Option<Trouble> {
        self.failure.take()
    }

    /// Gives memory back that holds nothing.
    pub(crate) fn release(&mut self) {
        self.came.release();
        if let Some(below) = &mut self.below {
            below.release();
        }
    }

    /// Holds no more memory than what stands there needs.
    pub(crate) fn shrink(&mut self) {
        self.came.shrink();
        if let Way::Records(records) = &mut self.way {
            records.rest();
        }
        if let Some(below) = &mut self.below {
            below.shrink();
        }
    }

    /// What it means that the socket ended, or broke, while both ends were about to agree.
    pub(crate) fn broken_off(&self, error: Option<&io::Error>) -> Trouble {
        let Some(error) = error else {
            return trouble(
                match self.stage {
                    Stage::Begun => {
                        "the server closed the connection without a word of TLS; it may not speak TLS here"
                    }
                    _ => "the server closed the connection during the handshake",
                }
                .into(),
            );
        };
        let of_system = Trouble::of_system(Phase::Tls, error);
        match of_system.kind() {
            Kind::Reset => trouble(
                FaultText::plain("the server broke off the handshake: ").and_text(of_system.text()),
            ),
            _ => of_system,
        }
    }

    /// Bytes of memory that it holds for what stands in it.
    #[cfg(test)]
    pub(crate) fn held(&self) -> usize {
        let below = self.below.as_ref().map_or(0, |below| below.held());
        self.came.held() + self.out.held() + below
    }

    fn fails(&mut self, text: FaultText) -> Trouble {
        let phase = match self.stage {
            Stage::Used => Phase::Exchange,
            _ => Phase::Tls,
        };
        self.stage = Stage::Failed;
        // An alert of the handshake says why, if there is one. Nothing else is asked of the library, which would go on with what
        // came.
        while let Way::Handshake(connection) = &mut self.way
            && connection.wants_write()
        {
            let UnbufferedStatus { state, .. } = connection.process_tls_records(&mut []);
            let Ok(ConnectionState::EncodeTlsData(mut data)) = state else {
                break;
            };
            encode(&mut self.out, |room| data.encode(room));
        }
        Trouble::new(Kind::Tls, phase, text)
    }
}

impl fmt::Debug for Layer {
    /// Leaves out what the library has, since it holds keys.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Layer")
            .field("stage", &self.stage)
            .field("below", &self.below)
            .finish_non_exhaustive()
    }
}

fn trouble(text: FaultText) -> Trouble {
    Trouble::new(Kind::Tls, Phase::Tls, text)
}

/// The first byte of a record that holds a message of the handshake.
const HANDSHAKE_RECORD: u8 = 22;
/// The first byte of a record that holds an alert.
const ALERT_RECORD: u8 = 21;

/// Whether bytes are an alert of TLS that is not encrypted: what a server of TLS answers to whatever else it hears.
pub(crate) fn speaks_tls(bytes: &[u8]) -> bool {
    matches!(bytes, [ALERT_RECORD, 3, 0..=4, 0, 2, 1..=2, _, ..])
}

/// Appends a message that the library made. It says how much room that needs.
fn encode(out: &mut Buf, mut encode: impl FnMut(&mut [u8]) -> Result<usize, EncodeError>) {
    let mut least = 1;
    for _ in 0..2 {
        match encode(out.room(least)) {
            Ok(count) => return out.filled(count),
            Err(EncodeError::InsufficientSize(InsufficientSizeError { required_size })) => {
                least = required_size;
            }
            // It was not asked before.
            Err(EncodeError::AlreadyEncoded) => return,
        }
    }
}

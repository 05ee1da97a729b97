//! The records of a connection whose ends have agreed. The library makes the agreement and then hands its keys over, because what it
//! keeps beside them is the greater part of what an idle user costs. It still reads tickets and makes the next keys.
//!
//! ```text
//! bytes that came -open-> Record: data, or what is heard of the other end (alert, ticket, new keys)
//! plain bytes     -seal-> bytes to send
//! ```

use super::explain::{self, explain};
use crate::buf::Buf;
use crate::named::Named;
use bggo_runtime::contract::FaultText;
use ring::aead::{
    AES_128_GCM, AES_256_GCM, Aad, Algorithm, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce,
    UnboundKey,
};
use rustls::client::{ClientConnectionData, UnbufferedClientConnection};
use rustls::kernel::KernelConnection;
use rustls::{
    AlertDescription as Alert, ConnectionTrafficSecrets as Secrets, Error, ExtractedSecrets,
    ProtocolVersion, SupportedCipherSuite,
};
use std::ops::Range;

#[cfg(test)]
mod tests;

/// Kinds of records.
const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;
const DATA: u8 = 23;

/// Messages of the handshake that come after it, and what they are in 1.2.
const HELLO_REQUEST: u8 = 0;
const NEW_TICKET: u8 = 4;
const KEY_UPDATE: u8 = 24;

const WARNING: u8 = 1;
const FATAL: u8 = 2;

/// Bytes before what a record holds.
const HEAD: usize = 5;
/// Plain bytes of a record at most.
const PLAIN: usize = 16 << 10;
/// The same, sealed.
const SEALED: usize = PLAIN + 2048;
/// Bytes of a message of the handshake at most.
const MESSAGE: usize = 0xffff;
/// What all suites put behind what they seal.
const TAG: usize = 16;
/// Bytes of a nonce that AES-GCM of 1.2 sends with each record.
const EXPLICIT: usize = 8;
/// A connection that has sent so many records would soon count from 0 again.
const LAST: u64 = 0xffff_ffff_ffff_0000;

/// So many records before the end of its keys a connection over 1.2 begins no exchange any more: enough for a gigabyte.
const RESERVE: u64 = 1 << 16;

/// How much nonsense in a row is put up with.
const EMPTY: u8 = 32;
const UPDATES: u8 = 32;
const WARNINGS: u8 = 4;
const RENEGOTIATIONS: u8 = 1;

/// Keys of both directions, and how far each of them is.
pub(super) struct Records {
    is_1_3: bool,
    sends: Keys,
    receives: Keys,
    /// So many records are sealed with one key.
    most: u64,
    /// What makes the next keys and keeps tickets. 1.2 has neither, once both ends have agreed.
    library: Option<Box<KernelConnection<ClientConnectionData>>>,
    protocol: Option<Box<[u8]>>,
    /// The beginning of a message of the handshake that goes on in the next record.
    begun: Vec<u8>,
    /// The other end asked for new keys of this one.
    owes_update: bool,
    left: Patience,
}

/// What is still put up with.
struct Patience {
    empty: u8,
    updates: u8,
    warnings: u8,
    renegotiations: u8,
}

/// A record, where it stands in what came.
#[derive(Debug)]
pub(super) struct Record {
    /// What is in it.
    pub(super) holds: Holds,
    /// Where its plain bytes are.
    pub(super) plain: Range<usize>,
    /// How long it is.
    pub(super) length: usize,
}

/// What a record holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Holds {
    /// Bytes of the protocol.
    Data,
    /// A word about the connection.
    Alert,
    /// Messages of the handshake that come after it.
    Handshake,
}

/// The other end does not keep to the rules, or gives up.
#[derive(Debug)]
pub(super) struct Wrong {
    pub(super) text: FaultText,
    /// What it is told.
    pub(super) alert: Option<Alert>,
}

impl Wrong {
    fn told(alert: Alert) -> Self {
        Self {
            text: explain::MISBEHAVES.into(),
            alert: Some(alert),
        }
    }

    fn used_up() -> Self {
        Self {
            text: "the connection carried as much as its keys allow".into(),
            alert: None,
        }
    }
}

/// The keys of one direction.
struct Keys {
    secrets: Secrets,
    /// The number of the next record.
    number: u64,
    /// What is made of the key to work with it, eleven times as large. A connection that rests has none.
    made: Option<Box<LessSafeKey>>,
}

impl Keys {
    fn new((number, secrets): (u64, Secrets)) -> Self {
        Self {
            secrets,
            number,
            made: None,
        }
    }

    /// The algorithm, its key, and what the nonces are made of.
    fn parts(&self) -> Option<(&'static Algorithm, &[u8], &[u8])> {
        Some(match &self.secrets {
            Secrets::Aes128Gcm { key, iv } => (&AES_128_GCM, key.as_ref(), iv.as_ref()),
            Secrets::Aes256Gcm { key, iv } => (&AES_256_GCM, key.as_ref(), iv.as_ref()),
            Secrets::Chacha20Poly1305 { key, iv } => {
                (&CHACHA20_POLY1305, key.as_ref(), iv.as_ref())
            }
            // The library has no others.
            _ => return None,
        })
    }

    /// Whether a record of 1.2 begins with a part of its nonce.
    fn is_explicit(&self) -> bool {
        !matches!(self.secrets, Secrets::Chacha20Poly1305 { .. })
    }

    /// The nonce of the next record.
    fn nonce(&self) -> [u8; NONCE_LEN] {
        let mut nonce = [0; NONCE_LEN];
        let iv = self.parts().map(|(_, _, iv)| iv).unwrap_or_default();
        let number = u128::from(self.number).to_be_bytes();
        // The number stands at the end of the nonce.
        let numbers = number.iter().skip(number.len() - NONCE_LEN);
        for ((byte, iv), number) in nonce.iter_mut().zip(iv).zip(numbers) {
            *byte = iv ^ number;
        }
        nonce
    }

    /// The key, made if it is not there.
    fn key(&mut self) -> Option<&LessSafeKey> {
        if self.made.is_none() {
            let (algorithm, key, _) = self.parts()?;
            let key = UnboundKey::new(algorithm, key).ok()?;
            self.made = Some(Box::new(LessSafeKey::new(key)));
        }
        self.made.as_deref()
    }
}

/// What a record is sealed with beside its plain bytes: 5 bytes in 1.3, 13 in 1.2.
struct Beside {
    bytes: [u8; 13],
    length: usize,
}

impl Beside {
    fn of_1_3(head: [u8; HEAD]) -> Self {
        let mut bytes = [0; 13];
        for (byte, head) in bytes.iter_mut().zip(head) {
            *byte = head;
        }
        Self {
            bytes,
            length: HEAD,
        }
    }

    fn of_1_2(number: u64, kind: u8, plain: usize) -> Self {
        let [a, b, c, d, e, f, g, h] = number.to_be_bytes();
        let [high, low] = length(plain);
        Self {
            bytes: [a, b, c, d, e, f, g, h, kind, 3, 3, high, low],
            length: 13,
        }
    }

    fn aad(&self) -> Aad<&[u8]> {
        Aad::from(self.bytes.get(..self.length).unwrap_or_default())
    }
}

/// A length of a record, none of which is larger than 16 bits hold.
fn length(count: usize) -> [u8; 2] {
    u16::try_from(count).unwrap_or(u16::MAX).to_be_bytes()
}

impl Records {
    /// From what the library has, once both ends have agreed and nothing that it has to say is left.
    ///
    /// # Errors
    /// It keeps its keys.
    pub(super) fn of(connection: UnbufferedClientConnection) -> Result<Self, Error> {
        let protocol = connection.alpn_protocol().map(Box::from);
        let (secrets, library) = connection.dangerous_into_kernel_connection()?;
        let is_1_3 = library.protocol_version() == ProtocolVersion::TLSv1_3;
        let suite = library.negotiated_cipher_suite();
        Ok(Self {
            protocol,
            library: is_1_3.then(|| Box::new(library)),
            ..Self::with(secrets, suite)
        })
    }

    fn with(secrets: ExtractedSecrets, suite: SupportedCipherSuite) -> Self {
        let (is_1_3, common) = match suite {
            SupportedCipherSuite::Tls12(suite) => (false, &suite.common),
            SupportedCipherSuite::Tls13(suite) => (true, &suite.common),
        };
        Self {
            is_1_3,
            sends: Keys::new(secrets.tx),
            receives: Keys::new(secrets.rx),
            most: common.confidentiality_limit.min(LAST),
            library: None,
            protocol: None,
            begun: Vec::new(),
            owes_update: false,
            left: Patience {
                empty: EMPTY,
                updates: UPDATES,
                warnings: WARNINGS,
                renegotiations: RENEGOTIATIONS,
            },
        }
    }

    /// The protocol that both ends agreed on (ALPN).
    pub(super) fn protocol(&self) -> Option<&[u8]> {
        self.protocol.as_deref()
    }

    /// It holds no more memory than it needs to go on later.
    pub(super) fn rest(&mut self) {
        self.sends.made = None;
        self.receives.made = None;
    }

    /// Opens the first record of what came, where it stands; `None` if it is not whole yet.
    ///
    /// # Errors
    /// It is none, or not of the other end.
    pub(super) fn open(&mut self, came: &mut [u8]) -> Result<Option<Record>, Wrong> {
        let Some((head, rest)) = came.split_first_chunk_mut::<HEAD>() else {
            return Ok(None);
        };
        let [kind, version, _, high, low] = *head;
        let length = usize::from(u16::from_be_bytes([high, low]));
        if version != 3 || length > SEALED {
            return Err(Wrong::told(Alert::DecodeError));
        }
        if kind != DATA && (self.is_1_3 || !matches!(kind, ALERT | HANDSHAKE)) {
            return Err(Wrong::told(Alert::UnexpectedMessage));
        }
        let Some(sealed) = rest.get_mut(..length) else {
            return Ok(None);
        };
        let (kind, plain) = if self.is_1_3 {
            let beside = Beside::of_1_3(*head);
            let nonce = self.receives.nonce();
            let plain = self.unseal(nonce, &beside, sealed)?;
            let inner = sealed.get(..plain).unwrap_or_default();
            // Zeros fill a record up behind its kind.
            let end = inner.iter().rposition(|byte| *byte != 0);
            let end = end.ok_or_else(|| Wrong::told(Alert::UnexpectedMessage))?;
            let kind = inner.get(end).copied().unwrap_or_default();
            (kind, HEAD..HEAD + end)
        } else {
            let explicit = if self.receives.is_explicit() {
                EXPLICIT
            } else {
                0
            };
            let mut nonce = self.receives.nonce();
            let short = || Wrong::told(Alert::BadRecordMac);
            let (sent, sealed) = sealed.split_at_mut_checked(explicit).ok_or_else(short)?;
            let place = nonce.iter_mut().skip(NONCE_LEN - explicit);
            for (byte, sent) in place.zip(sent) {
                *byte = *sent;
            }
            let plain = sealed.len().checked_sub(TAG).ok_or_else(short)?;
            let beside = Beside::of_1_2(self.receives.number, kind, plain);
            let plain = self.unseal(nonce, &beside, sealed)?;
            (kind, HEAD + explicit..HEAD + explicit + plain)
        };
        let holds = match kind {
            DATA => Holds::Data,
            ALERT => Holds::Alert,
            HANDSHAKE => Holds::Handshake,
            _ => return Err(Wrong::told(Alert::UnexpectedMessage)),
        };
        if !self.begun.is_empty() && holds != Holds::Handshake {
            return Err(Wrong::told(Alert::UnexpectedMessage));
        }
        self.bears(&plain, holds)?;
        Ok(Some(Record {
            holds,
            plain,
            length: HEAD + length,
        }))
    }

    /// Opens what is sealed: how many bytes at its beginning are plain now.
    fn unseal(
        &mut self,
        nonce: [u8; NONCE_LEN],
        beside: &Beside,
        sealed: &mut [u8],
    ) -> Result<usize, Wrong> {
        let wrong = || Wrong::told(Alert::BadRecordMac);
        let key = self.receives.key().ok_or_else(wrong)?;
        let nonce = Nonce::assume_unique_for_key(nonce);
        let plain = key.open_in_place(nonce, beside.aad(), sealed);
        let plain = plain.map_err(|_| wrong())?.len();
        self.receives.number += 1;
        if plain > PLAIN + usize::from(self.is_1_3) {
            return Err(Wrong::told(Alert::RecordOverflow));
        }
        Ok(plain)
    }

    /// Records without bytes are work for nothing.
    fn bears(&mut self, plain: &Range<usize>, holds: Holds) -> Result<(), Wrong> {
        if plain.is_empty() {
            return spend(&mut self.left.empty);
        }
        self.left.empty = EMPTY;
        if holds == Holds::Data {
            self.left.updates = UPDATES;
        }
        Ok(())
    }

    /// Hears an alert: whether it is the end of what the other end sends.
    ///
    /// # Errors
    /// The other end gives up.
    pub(super) fn hear_alert(&mut self, alert: &[u8], named: Named) -> Result<bool, Wrong> {
        let &[level, alert] = alert else {
            return Err(Wrong::told(Alert::DecodeError));
        };
        match Alert::from(alert) {
            Alert::CloseNotify => Ok(true),
            _ if !matches!(level, WARNING | FATAL) => Err(Wrong::told(Alert::IllegalParameter)),
            alert if level == WARNING && (!self.is_1_3 || alert == Alert::UserCanceled) => {
                spend(&mut self.left.warnings)?;
                Ok(false)
            }
            alert => Err(Wrong {
                text: explain(&Error::AlertReceived(alert), named),
                alert: None,
            }),
        }
    }

    /// Hears messages of the handshake, or parts of them.
    ///
    /// # Errors
    /// They may not come, or are none.
    pub(super) fn hear_handshake(
        &mut self,
        bytes: &[u8],
        out: &mut Buf,
        named: Named,
    ) -> Result<(), Wrong> {
        let mut joined = std::mem::take(&mut self.begun);
        let mut rest = if joined.is_empty() {
            bytes
        } else {
            joined.extend_from_slice(bytes);
            &joined
        };
        while let Some((&[kind, a, b, c], after)) = rest.split_first_chunk() {
            let length = u32::from_be_bytes([0, a, b, c]) as usize;
            if length > MESSAGE {
                return Err(Wrong {
                    text: explain::TOO_LARGE.into(),
                    alert: Some(Alert::DecodeError),
                });
            }
            let Some((message, behind)) = after.split_at_checked(length) else {
                break;
            };
            rest = behind;
            match (kind, &mut self.library) {
                (NEW_TICKET, Some(library)) => {
                    let kept = library.handle_new_session_ticket(message);
                    kept.map_err(|error| Wrong {
                        text: explain(&error, named),
                        alert: Some(Alert::DecodeError),
                    })?;
                }
                // What comes behind it is sealed with other keys.
                (KEY_UPDATE, Some(library)) if rest.is_empty() => {
                    spend(&mut self.left.updates)?;
                    self.owes_update |= match message {
                        [0] => false,
                        [1] => true,
                        _ => return Err(Wrong::told(Alert::IllegalParameter)),
                    };
                    let next = library.update_rx_secret();
                    self.receives = Keys::new(next.map_err(|_| Wrong::used_up())?);
                }
                (HELLO_REQUEST, None) if message.is_empty() => {
                    spend(&mut self.left.renegotiations)?;
                    self.seal_alert(WARNING, Alert::NoRenegotiation, out)?;
                }
                _ => return Err(Wrong::told(Alert::UnexpectedMessage)),
            }
        }
        self.begun = rest.to_vec();
        Ok(())
    }

    /// Whether the keys are so near to their end that no new exchange should begin. 1.3 makes new ones in time.
    pub(super) fn is_nearly_used_up(&self) -> bool {
        !self.is_1_3 && self.sends.number >= self.most.saturating_sub(RESERVE)
    }

    /// As after so many records that no new exchange should begin.
    #[cfg(test)]
    pub(super) fn use_up_nearly(&mut self) {
        self.sends.number = self.most - RESERVE;
    }

    /// Whether something is to be said before plain bytes are sent.
    pub(super) fn owes_words(&self) -> bool {
        self.owes_update || (self.is_1_3 && self.sends.number >= self.most)
    }

    /// Says it.
    ///
    /// # Errors
    /// No record is made.
    pub(super) fn seal_words(&mut self, out: &mut Buf) -> Result<(), Wrong> {
        // The answer asks for none.
        self.seal(HANDSHAKE, &[KEY_UPDATE, 0, 0, 1, 0], out)?;
        let library = self.library.as_mut().ok_or_else(Wrong::used_up)?;
        let next = library.update_tx_secret();
        self.sends = Keys::new(next.map_err(|_| Wrong::used_up())?);
        self.owes_update = false;
        Ok(())
    }

    /// Appends a record of plain bytes, which are not more than a record may hold.
    ///
    /// # Errors
    /// The keys have sealed as much as they may.
    pub(super) fn seal_data(&mut self, plain: &[u8], out: &mut Buf) -> Result<(), Wrong> {
        if self.sends.number >= self.most {
            return Err(Wrong::used_up());
        }
        self.seal(DATA, plain, out)
    }

    /// Appends an alert: that nothing more is sent, or what is wrong.
    ///
    /// # Errors
    /// No record is made.
    pub(super) fn seal_end(&mut self, alert: Alert, out: &mut Buf) -> Result<(), Wrong> {
        let level = match alert {
            Alert::CloseNotify => WARNING,
            _ => FATAL,
        };
        self.seal_alert(level, alert, out)
    }

    fn seal_alert(&mut self, level: u8, alert: Alert, out: &mut Buf) -> Result<(), Wrong> {
        self.seal(ALERT, &[level, alert.into()], out)
    }

    fn seal(&mut self, kind: u8, plain: &[u8], out: &mut Buf) -> Result<(), Wrong> {
        let nonce = self.sends.nonce();
        let (mut outer, mut inner) = (kind, plain.len());
        let (mut explicit, mut kind_inside) = (&[][..], &[][..]);
        let kinds = [kind];
        if self.is_1_3 {
            (outer, kind_inside) = (DATA, &kinds[..]);
            inner += 1;
        } else if self.sends.is_explicit() {
            explicit = nonce.get(NONCE_LEN - EXPLICIT..).unwrap_or_default();
        }
        let [high, low] = length(explicit.len() + inner + TAG);
        let head = [outer, 3, 3, high, low];
        let beside = if self.is_1_3 {
            Beside::of_1_3(head)
        } else {
            Beside::of_1_2(self.sends.number, kind, plain.len())
        };
        // At once, so that nothing is moved for the tag.
        out.room(HEAD + explicit.len() + inner + TAG);
        out.put_all([&head, explicit, plain, kind_inside]);
        let begin = out.len() - inner;
        let key = self.sends.key();
        let sealed = key.zip(out.bytes_mut().get_mut(begin..));
        let sealed = sealed.and_then(|(key, bytes)| {
            let nonce = Nonce::assume_unique_for_key(nonce);
            key.seal_in_place_separate_tag(nonce, beside.aad(), bytes)
                .ok()
        });
        let Some(tag) = sealed else {
            // Nothing goes out that is not sealed.
            out.clear();
            return Err(Wrong::used_up());
        };
        out.put(tag.as_ref());
        self.sends.number += 1;
        Ok(())
    }
}

/// One more is put up with, if any.
fn spend(left: &mut u8) -> Result<(), Wrong> {
    let rest = left.checked_sub(1);
    *left = rest.ok_or_else(|| Wrong::told(Alert::UnexpectedMessage))?;
    Ok(())
}

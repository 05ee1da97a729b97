//! The messages of an exchange.

use crate::keys::{Hash, Keys, Pair};
use bggo_values::base64::{from_base64, to_base64};
use std::fmt;
use std::num::NonZeroU32;
use std::rc::Rc;

/// The most rounds that are done for a server: it could keep its clients busy for hours otherwise.
const MOST_ROUNDS: u32 = 10_000_000;

/// Whether the exchange is bound to the TLS connection below it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Binding<'a> {
    /// There is none, or the client knows nothing of it.
    None,
    /// The client could, and the server did not offer it.
    NotOffered,
    /// The hash of the server's certificate: `tls-server-end-point` (RFC 5929). The mechanism has `-PLUS` behind its name.
    Certificate(&'a [u8]),
}

/// One exchange, by its first message.
#[derive(Debug)]
pub struct Scram<'a> {
    hash: Hash,
    binding: Binding<'a>,
    /// The first message without what says how it is bound.
    bare: String,
    nonce: String,
}

/// The last message of the client, and what it expects of the server.
pub struct Answer {
    /// What is sent.
    pub message: String,
    said: String,
    pair: Rc<Pair>,
}

/// Why an exchange fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrong {
    /// A message of the server is none of SCRAM, or not the one that follows.
    Malformed,
    /// The server asks for more rounds than any client should do.
    TooManyRounds,
    /// The server says that the proof is wrong.
    Refused,
    /// The server does not know the password itself.
    NotTheServer,
}

impl fmt::Display for Wrong {
    /// A clause.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "the server does not keep to SCRAM",
            Self::TooManyRounds => "the server asks for more than 10,000,000 rounds of hashing",
            Self::Refused => "the server does not accept the proof of the password",
            Self::NotTheServer => "the server does not know the password itself",
        })
    }
}

impl fmt::Debug for Answer {
    /// Leaves the proof out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer").finish_non_exhaustive()
    }
}

impl<'a> Scram<'a> {
    /// For a user, who may have no name where the protocol says it elsewhere. The nonce is random.
    pub fn new(hash: Hash, user: &str, nonce: &[u8], binding: Binding<'a>) -> Self {
        let user = user.replace('=', "=3D").replace(',', "=2C");
        Self::with_nonce(hash, &user, to_base64(nonce), binding)
    }

    pub(crate) fn with_nonce(hash: Hash, user: &str, nonce: String, binding: Binding<'a>) -> Self {
        Self {
            hash,
            binding,
            bare: format!("n={user},r={nonce}"),
            nonce,
        }
    }

    /// The first message.
    pub fn first(&self) -> String {
        format!("{}{}", self.header(), self.bare)
    }

    fn header(&self) -> &'static str {
        match self.binding {
            Binding::None => "n,,",
            Binding::NotOffered => "y,,",
            Binding::Certificate(_) => "p=tls-server-end-point,,",
        }
    }

    /// What follows on the first message of the server.
    ///
    /// # Errors
    /// It is none, or asks too much.
    pub fn answer(&self, server: &str, password: &str, keys: &Keys) -> Result<Answer, Wrong> {
        let mut parts = server.split(',');
        let mut part = |name: &str| parts.next().and_then(|part| part.strip_prefix(name));
        let nonce = part("r=").ok_or(Wrong::Malformed)?;
        let salt = part("s=").and_then(from_base64).ok_or(Wrong::Malformed)?;
        let rounds = part("i=").and_then(|text| text.parse::<u32>().ok());
        let rounds = rounds.and_then(NonZeroU32::new).ok_or(Wrong::Malformed)?;
        // The server adds to the nonce, or somebody repeats an exchange.
        if nonce.len() <= self.nonce.len() || !nonce.starts_with(&self.nonce) {
            return Err(Wrong::Malformed);
        }
        if rounds.get() > MOST_ROUNDS {
            return Err(Wrong::TooManyRounds);
        }
        let mut bound = self.header().as_bytes().to_vec();
        if let Binding::Certificate(hash) = self.binding {
            bound.extend_from_slice(hash);
        }
        let message = format!("c={},r={nonce}", to_base64(&bound));
        let said = format!("{},{server},{message}", self.bare);
        let pair = keys.of(self.hash, password.as_bytes(), (&salt, rounds));
        let proof = self.hash.proof(&pair, &said);
        Ok(Answer {
            message: format!("{message},p={}", to_base64(&proof)),
            said,
            pair,
        })
    }
}

impl Answer {
    /// Whether the last message of the server proves that it knows the password.
    ///
    /// # Errors
    /// It does not.
    pub fn verify(&self, server: &str) -> Result<(), Wrong> {
        if server.starts_with("e=") {
            return Err(Wrong::Refused);
        }
        let signature = server
            .split(',')
            .next()
            .and_then(|part| part.strip_prefix("v="));
        let signature = signature.and_then(from_base64).ok_or(Wrong::Malformed)?;
        match self.pair.signed(&self.said, &signature) {
            true => Ok(()),
            false => Err(Wrong::NotTheServer),
        }
    }
}

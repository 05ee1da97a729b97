//! A password to the keys that prove it, made once for each salt.

use ring::{digest, hmac, pbkdf2};
use std::cell::RefCell;
use std::fmt;
use std::num::NonZeroU32;
use std::rc::Rc;

/// The most passwords of which keys are kept.
const KEPT: usize = 64;

/// The hash that a mechanism is named after.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hash {
    /// SCRAM-SHA-1.
    Sha1,
    /// SCRAM-SHA-256.
    Sha256,
    /// SCRAM-SHA-512.
    Sha512,
}

/// The keys of passwords that were used before, for all connections of a thread.
#[derive(Default)]
pub struct Keys(RefCell<Vec<Entry>>);

struct Entry {
    hash: Hash,
    password: Box<[u8]>,
    salt: Box<[u8]>,
    rounds: NonZeroU32,
    pair: Rc<Pair>,
}

/// What is made of a password and a salt.
pub(crate) struct Pair {
    /// It proves that the client knows the password.
    pub(crate) client: hmac::Tag,
    /// It proves that the server does.
    pub(crate) server: hmac::Key,
}

impl fmt::Debug for Keys {
    /// Leaves the passwords out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys").finish_non_exhaustive()
    }
}

impl Keys {
    /// The keys of a password: those that were made before, or new ones.
    pub(crate) fn of(
        &self,
        hash: Hash,
        password: &[u8],
        (salt, rounds): (&[u8], NonZeroU32),
    ) -> Rc<Pair> {
        let mut entries = self.0.borrow_mut();
        let known = entries.iter().find(|entry| {
            entry.hash == hash
                && entry.rounds == rounds
                && *entry.salt == *salt
                && *entry.password == *password
        });
        if let Some(known) = known {
            return Rc::clone(&known.pair);
        }
        let pair = Rc::new(hash.pair(password, salt, rounds));
        if entries.len() == KEPT {
            entries.remove(0);
        }
        entries.push(Entry {
            hash,
            password: password.into(),
            salt: salt.into(),
            rounds,
            pair: Rc::clone(&pair),
        });
        pair
    }

    #[cfg(test)]
    pub(crate) fn count(&self) -> usize {
        self.0.borrow().len()
    }
}

impl Hash {
    /// The name of the mechanism.
    pub const fn mechanism(self) -> &'static str {
        match self {
            Self::Sha1 => "SCRAM-SHA-1",
            Self::Sha256 => "SCRAM-SHA-256",
            Self::Sha512 => "SCRAM-SHA-512",
        }
    }

    fn pair(self, password: &[u8], salt: &[u8], rounds: NonZeroU32) -> Pair {
        let (algorithm, length) = match self {
            Self::Sha1 => (pbkdf2::PBKDF2_HMAC_SHA1, digest::SHA1_OUTPUT_LEN),
            Self::Sha256 => (pbkdf2::PBKDF2_HMAC_SHA256, digest::SHA256_OUTPUT_LEN),
            Self::Sha512 => (pbkdf2::PBKDF2_HMAC_SHA512, digest::SHA512_OUTPUT_LEN),
        };
        let mut salted = vec![0; length];
        pbkdf2::derive(algorithm, rounds, salt, password, &mut salted);
        let salted = self.key(&salted);
        Pair {
            client: hmac::sign(&salted, b"Client Key"),
            server: self.key(hmac::sign(&salted, b"Server Key").as_ref()),
        }
    }

    fn key(self, bytes: &[u8]) -> hmac::Key {
        let algorithm = match self {
            Self::Sha1 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            Self::Sha256 => hmac::HMAC_SHA256,
            Self::Sha512 => hmac::HMAC_SHA512,
        };
        hmac::Key::new(algorithm, bytes)
    }

    /// What is sent as the proof of what both ends have said.
    pub(crate) fn proof(self, pair: &Pair, said: &str) -> Vec<u8> {
        let algorithm = match self {
            Self::Sha1 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
            Self::Sha256 => &digest::SHA256,
            Self::Sha512 => &digest::SHA512,
        };
        let stored = digest::digest(algorithm, pair.client.as_ref());
        let signature = hmac::sign(&self.key(stored.as_ref()), said.as_bytes());
        let bytes = pair.client.as_ref().iter().zip(signature.as_ref());
        bytes.map(|(key, signature)| key ^ signature).collect()
    }
}

impl Pair {
    /// Whether the server signed what both ends have said.
    pub(crate) fn signed(&self, said: &str, signature: &[u8]) -> bool {
        hmac::verify(&self.server, said.as_bytes(), signature).is_ok()
    }
}

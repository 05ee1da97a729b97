//! The user and password of a proxy's url.

use bggo_runtime::contract::to_base64;

/// A user and its password. It has no form that shows them.
pub(super) struct Login {
    pub(super) user: Vec<u8>,
    pub(super) password: Vec<u8>,
}

impl Login {
    /// As it stands in an url: `USER:PASSWORD`, perhaps percent-encoded.
    pub(super) fn of(text: &str) -> Self {
        let (user, password) = text.split_once(':').unwrap_or((text, ""));
        Self {
            user: decoded(user),
            password: decoded(password),
        }
    }

    /// As an HTTP proxy expects it.
    pub(super) fn basic(&self) -> String {
        let pair = [&self.user, b":".as_slice(), &self.password].concat();
        format!("Basic {}", to_base64(&pair))
    }
}

/// Without its percent signs, where they stand before two hexadecimal digits.
fn decoded(text: &str) -> Vec<u8> {
    let mut rest = text.as_bytes();
    let mut out = Vec::with_capacity(rest.len());
    while let Some((first, behind)) = rest.split_first() {
        let digits = behind
            .first_chunk::<2>()
            .filter(|digits| *first == b'%' && digits.iter().all(u8::is_ascii_hexdigit))
            .and_then(|digits| str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        out.push(digits.unwrap_or(*first));
        let taken = if digits.is_some() { 3 } else { 1 };
        rest = rest.get(taken..).unwrap_or_default();
    }
    out
}

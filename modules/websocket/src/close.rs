//! What a close frame says: a code and a reason (RFC 6455, sections 5.5.1 and 7.4).

use crate::frame::CONTROL;
use crate::violation::Violation;

/// The most bytes of a reason: a control frame has 125, and two are the code.
pub(crate) const REASON: usize = CONTROL - 2;

/// Why a session is closed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Closing {
    /// `None` if the other end gave none.
    pub code: Option<u16>,
    /// Why, in words.
    pub reason: String,
}

impl Closing {
    /// Reads the payload of a close frame.
    ///
    /// # Errors
    /// The protocol forbids it: half a code, a code that is never sent, or a reason that is no UTF-8.
    pub(crate) fn read(payload: &[u8]) -> Result<Self, Violation> {
        let Some((code, reason)) = payload.split_first_chunk() else {
            return match payload {
                [] => Ok(Self::default()),
                _ => Err(Violation::Protocol("a close frame came with half a code")),
            };
        };
        let code = u16::from_be_bytes(*code);
        if !may_be_sent(code) {
            return Err(Violation::Protocol(
                "a close frame came with a code that nobody may send",
            ));
        }
        let reason = std::str::from_utf8(reason).map_err(|_| Violation::InvalidUtf8)?;
        Ok(Self {
            code: Some(code),
            reason: reason.to_owned(),
        })
    }

    /// The payload of a close frame. Of a reason that is too long only the beginning is said.
    pub(crate) fn payload(&self) -> Vec<u8> {
        let Some(code) = self.code else {
            return Vec::new();
        };
        let mut end = self.reason.len().min(REASON);
        while !self.reason.is_char_boundary(end) {
            end -= 1;
        }
        let mut payload = code.to_be_bytes().to_vec();
        payload.extend_from_slice(self.reason.as_bytes().get(..end).unwrap_or_default());
        payload
    }
}

/// Whether a close frame may hold this code. 1004 has no meaning; 1005, 1006 and 1015 stand for an end without a frame.
const fn may_be_sent(code: u16) -> bool {
    matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_close_frame_has_a_code_and_a_reason_or_nothing() {
        assert_eq!(Closing::read(b""), Ok(Closing::default()));
        let read = Closing::read(b"\x03\xe8bye").unwrap();
        assert_eq!((read.code, &*read.reason), (Some(1000), "bye"));
        assert_eq!(read.payload(), b"\x03\xe8bye");
        assert_eq!(Closing::default().payload(), b"");
        assert!(Closing::read(b"\x03").is_err());
        assert_eq!(Closing::read(b"\x03\xe8\xff"), Err(Violation::InvalidUtf8));
    }

    #[test]
    fn codes_that_nobody_may_send_are_refused() {
        // Autobahn 7.7 and 7.9.
        let good = [
            1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999,
            4000, 4999,
        ];
        let bad = [
            0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535,
        ];
        let passes = |code: u16| Closing::read(&code.to_be_bytes()).is_ok();
        assert_eq!(good.map(passes), [true; 16]);
        assert_eq!(bad.map(passes), [false; 12]);
    }

    #[test]
    fn a_long_reason_is_cut_between_two_characters() {
        let closing = Closing {
            code: Some(4001),
            reason: "ü".repeat(100),
        };
        let payload = closing.payload();
        assert_eq!(payload.len(), 2 + 122);
        assert_eq!(Closing::read(&payload).unwrap().reason, "ü".repeat(61));
    }
}

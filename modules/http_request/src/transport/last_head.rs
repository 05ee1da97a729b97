//! The head of the last answer, and what it says. A server answers a request of a step with the same bytes again and again, as
//! long as its Date is the same second; these are recognised and not read again.

use bggo_http1::{Asked, Head};

/// A head that is longer than this is read each time.
const LONGEST: usize = 4 << 10;

/// The last head of a step's answers on this thread.
#[derive(Debug, Default)]
pub(crate) struct LastHead {
    bytes: Vec<u8>,
    asked: Asked,
    head: Option<Head>,
}

impl LastHead {
    /// What the head says at the beginning of `bytes`, if it is the last one again. Nothing else is needed: bytes say the same
    /// each time.
    pub(super) fn recognise(&self, bytes: &[u8], asked: Asked) -> Option<Head> {
        let head = self.head?;
        (self.asked == asked && bytes.starts_with(&self.bytes)).then_some(head)
    }

    /// From now on this head is the last one; it has the first bytes.
    pub(super) fn keep(&mut self, bytes: &[u8], asked: Asked, head: Head) {
        self.head = None;
        if let Some(bytes) = bytes.get(..head.size).filter(|_| head.size <= LONGEST) {
            self.bytes.clear();
            self.bytes.extend_from_slice(bytes);
            self.asked = asked;
            self.head = Some(head);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bggo_http1::{Limits, Progress, read};

    fn head(bytes: &[u8], asked: Asked) -> Head {
        let limits = Limits {
            fields: 10,
            bytes: 10_000,
        };
        let read = read(bytes, &mut Progress::new(), &asked, &limits);
        read.unwrap().unwrap()
    }

    #[test]
    fn only_the_same_bytes_to_the_same_question_are_recognised() {
        let bytes = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
        let (get, of_head) = (
            Asked::default(),
            Asked {
                head: true,
                ..Asked::default()
            },
        );
        let mut last = LastHead::default();
        assert_eq!(last.recognise(bytes, get), None);
        last.keep(bytes, get, head(bytes, get));
        assert_eq!(last.recognise(bytes, get), Some(head(bytes, get)));
        // HEAD has no body, whatever the length says.
        assert_eq!(last.recognise(bytes, of_head), None);
        for part in 0..bytes.len() - "hello".len() {
            assert_eq!(last.recognise(&bytes[..part], get), None);
        }
        let other = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello!";
        assert_eq!(last.recognise(other, get), None);
    }
}

//! Whether a request that got no answer is sent once more.

use crate::transport::{Unanswered, Unread};
use http::Method;

/// How often a request is sent again that a server said it did not look at, where it need not look at the next one either.
const MOST_TOLD: u8 = 2;

/// How often a request was sent again so far.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Again {
    was_perhaps_read: bool,
    told: u8,
}

impl Again {
    /// Whether it is sent once more after this.
    ///
    /// Where nobody knows whether it was read, it must be idempotent, and goes out once more (RFC 9112, section 9.3.1). Where the
    /// server said that it was not, nothing came of it, whatever the method is (RFC 9113, section 8.7). A server that ends a
    /// connection behind some requests leaves fewer each time, so what it leaves goes out until the time of its step is over.
    pub(crate) fn takes(&mut self, lost: &Unanswered, method: &Method) -> bool {
        match lost.unread {
            Unread::No => false,
            Unread::Perhaps => {
                method.is_idempotent() && !std::mem::replace(&mut self.was_perhaps_read, true)
            }
            Unread::Told if self.told == MOST_TOLD => false,
            Unread::Told => {
                self.told += 1;
                true
            }
            Unread::Behind => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bggo_runtime::contract::Fault;

    fn taken(method: &Method, ends: &[Unread]) -> Vec<bool> {
        let mut again = Again::default();
        let lost = |unread: &Unread| Unanswered {
            unread: *unread,
            was_sent: true,
            ..Unanswered::from(Fault::new("reset", "it is gone"))
        };
        let ends = ends.iter();
        ends.map(|unread| again.takes(&lost(unread), method))
            .collect()
    }

    #[test]
    fn what_may_have_been_read_goes_out_again_once_and_only_if_it_is_idempotent() {
        use Unread::{No, Perhaps};
        assert_eq!(taken(&Method::GET, &[No, No]), [false, false]);
        assert_eq!(taken(&Method::GET, &[Perhaps, Perhaps]), [true, false]);
        assert_eq!(taken(&Method::POST, &[No, Perhaps]), [false, false]);
    }

    #[test]
    fn what_was_not_looked_at_goes_out_again_whatever_it_asks_for() {
        use Unread::{Behind, No, Perhaps, Told};
        for method in [Method::GET, Method::POST] {
            assert_eq!(taken(&method, &[Told, Told, Told]), [true, true, false]);
            assert_eq!(taken(&method, &[Behind; 100]), [true; 100]);
            assert_eq!(
                taken(&method, &[Told, Behind, Told, Behind, Told, No]),
                [true, true, true, true, false, false]
            );
        }
        // One rule takes nothing from the other.
        assert_eq!(
            taken(&Method::PUT, &[Told, Perhaps, Told, Perhaps]),
            [true, true, true, false]
        );
    }
}

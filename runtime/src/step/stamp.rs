//! Stamps in messages: when a message was sent, for whoever receives it, in this program or in another one.
//!
//! A stamp is 24 bytes: a number of the program, the moment of sending, and the moment at which the step was due that sent it, each
//! moment in nanoseconds since 1970 by the clock of the run, which nobody sets while it runs. Numbers have their highest byte first.

use super::attempt::Step;
use crate::clock::Moment;
use crate::info::Trend;
use std::time::Duration;

/// Bytes of a stamp.
pub const STAMP_BYTES: usize = 24;

/// The metrics `end_to_end`, `end_to_end_from_due` and `end_to_end_wall_clock` of a runner with `reads_stamps`, in this order.
pub type StampMetrics = [Trend; 3];

/// What a stamp says.
struct Stamp {
    program: u64,
    sent: u64,
    /// 0: the step had no such moment.
    due: u64,
}

impl Stamp {
    fn written(&self) -> [u8; STAMP_BYTES] {
        let mut bytes = [0; STAMP_BYTES];
        let numbers = [self.program, self.sent, self.due];
        for (place, number) in bytes.chunks_exact_mut(8).zip(numbers) {
            place.copy_from_slice(&number.to_be_bytes());
        }
        bytes
    }

    /// `None`: these bytes are no stamp.
    fn read(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; STAMP_BYTES] = bytes.try_into().ok()?;
        let mut numbers = bytes.chunks_exact(8);
        let mut number = || Some(u64::from_be_bytes(numbers.next()?.try_into().ok()?));
        Some(Self {
            program: number()?,
            sent: number()?,
            due: number()?,
        })
    }
}

impl Step<'_> {
    /// The stamp of a message that is sent now, for a runner whose `Wanted` asks for a stamp.
    pub fn stamp(&self) -> [u8; STAMP_BYTES] {
        let since_1970 = |moment: Moment| {
            let nanos = self.since_1970_at(moment).as_nanos();
            // Nanoseconds since 1970 fit into 64 bits until the year 2554.
            u64::try_from(nanos).unwrap_or(u64::MAX)
        };
        let stamp = Stamp {
            program: self.worker().start.program(),
            sent: since_1970(self.now()),
            due: self.iteration_of().due().map_or(0, since_1970),
        };
        stamp.written()
    }

    /// Records how long a message was on its way that carried a stamp and arrived at this moment. Bytes that are no stamp record nothing; nor does
    /// a moment before the sending, which wall clocks that do not agree may show.
    pub fn record_stamp(&self, stamp: &[u8], arrived: Moment, metrics: StampMetrics) {
        let Some(stamp) = Stamp::read(stamp) else {
            return;
        };
        let [end_to_end, from_due, wall_clock] = metrics;
        let arrived = self.since_1970_at(arrived);
        let since = |nanos: u64| arrived.checked_sub(Duration::from_nanos(nanos));
        let Some(since_sent) = since(stamp.sent) else {
            return;
        };
        if stamp.program != self.worker().start.program() {
            self.record_time(wall_clock, since_sent);
            return;
        }
        self.record_time(end_to_end, since_sent);
        if stamp.due != 0
            && let Some(since_due) = since(stamp.due)
        {
            self.record_time(from_due, since_due);
        }
    }

    fn since_1970_at(&self, moment: Moment) -> Duration {
        let worker = self.worker();
        let instant = worker.instant_of(moment).unwrap_or_else(|| worker.now());
        worker.start.since_epoch(instant)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_is_read_as_it_was_written_and_nothing_else_is_one() {
        let stamp = Stamp {
            program: 7,
            sent: 1_700_000_000_000_000_001,
            due: 0,
        };
        let bytes = stamp.written();
        let read = Stamp::read(&bytes).unwrap();
        assert_eq!(
            (read.program, read.sent, read.due),
            (7, 1_700_000_000_000_000_001, 0)
        );
        assert!(Stamp::read(&bytes[1..]).is_none());
        assert!(Stamp::read(b"").is_none());
    }
}

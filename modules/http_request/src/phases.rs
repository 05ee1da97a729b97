//! The phases of a step's requests: a transport says what happens, the runner asks how long each phase took.
//!
//! ```text
//! dns -> connecting -> tls_handshake -> sending -> waiting -> receiving
//! '------- once a connection ------'    '------ once a request ------'
//! ```
//!
//! Most requests are written at once to a connection that is there. Then no phase needs a look at the clock of its own: the moment
//! when the request begins stands for the moment when its last byte is out.

use crate::http_request::{Metric, Wanted};
use bggo_runtime::contract::{Counter, Moment, Rate, Step, Trend};
use bggo_wire::Dialled;
use std::cell::{Cell, RefCell};
use std::task::Poll;
use std::time::Duration;

/// What is seen of the phases of a step's requests, also of one that fails or is dropped.
#[derive(Debug, Default)]
pub struct Phases {
    /// Somebody asks how long the sending takes, so the clock is read at its end.
    times_sending: bool,
    /// The last request did not go out at once, so the clock is read when it has.
    lags: Cell<bool>,
    /// When the last request began to be sent.
    begun: Cell<Option<Moment>>,
    /// When its last byte was handed over, if the clock was read then.
    sent: Cell<Option<Moment>>,
    /// Whether its connection had served before, if that is known.
    is_reused: Cell<Option<bool>>,
    /// Requests on connections that had served before, and on new ones.
    reused: Cell<u32>,
    fresh: Cell<u32>,
    /// Bytes of bodies that were handed over.
    body: Cell<u64>,
    /// The connections that were made.
    dials: RefCell<Vec<Dialled>>,
}

/// What a request is sent on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Connection {
    /// A new connection.
    New,
    /// One that has served before.
    Reused,
    /// The transport does not tell.
    Unknown,
}

impl Connection {
    /// By whether it has served before.
    pub(crate) fn of(has_served: bool) -> Self {
        match has_served {
            true => Self::Reused,
            false => Self::New,
        }
    }
}

/// The metrics of a runner that tell what was seen of the phases of all its requests, also of those that failed.
pub(crate) struct PhaseCounters {
    pub(crate) dns: Trend,
    pub(crate) connecting: Trend,
    pub(crate) tls_handshake: Trend,
    pub(crate) reused: Rate,
    pub(crate) sent: Counter,
}

/// Whether the phase `sending` is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sending {
    Timed,
    Untimed,
}

impl Phases {
    /// Those of a run of a step, of which something wants these outputs.
    pub(crate) fn of(step: &Step<'_>, wanted: Wanted) -> Self {
        let is_asked = wanted.timings || step.asks(Metric::SENDING).is_some();
        Self::new(match is_asked {
            true => Sending::Timed,
            false => Sending::Untimed,
        })
    }

    fn new(sending: Sending) -> Self {
        Self {
            times_sending: sending == Sending::Timed,
            ..Self::default()
        }
    }

    /// A connection was made.
    pub fn dialled(&self, dialled: Dialled) {
        self.dials.borrow_mut().push(dialled);
    }

    /// A request is about to be written to its connection.
    pub fn begins(&self, now: Moment, on: Connection) {
        self.begun.set(Some(now));
        self.sent.set(None);
        self.lags.set(false);
        let (is_reused, count) = match on {
            Connection::New => (Some(false), &self.fresh),
            Connection::Reused => (Some(true), &self.reused),
            Connection::Unknown => {
                self.is_reused.set(None);
                return;
            }
        };
        self.is_reused.set(is_reused);
        count.set(count.get().saturating_add(1));
    }

    /// So many bytes of its body are handed over.
    pub fn hands_over(&self, bytes: u64) {
        self.body.set(self.body.get().saturating_add(bytes));
    }

    /// The request goes out piece by piece.
    pub fn takes_time(&self) {
        self.lags.set(true);
    }

    /// The last byte of the request is handed over, or an answer came first. The clock is read only where that is asked for, or
    /// where it took time.
    pub fn note_sent(&self, clock: impl FnOnce() -> Moment) {
        if self.times_sending || self.lags.get() {
            self.sent.set(Some(clock()));
        }
    }

    /// Watches something that is ready once the request is sent.
    pub(crate) fn watch<T>(&self, sending: Poll<T>, clock: impl FnOnce() -> Moment) -> Poll<T> {
        match sending {
            Poll::Ready(_) => self.note_sent(clock),
            Poll::Pending => self.takes_time(),
        }
        sending
    }

    /// Whether the connection of the last request had served before, if that is known.
    pub(crate) fn is_reused(&self) -> Option<bool> {
        self.is_reused.get()
    }

    /// How long the last request was sent, if somebody asked for that and the transport says it.
    pub(crate) fn sending(&self) -> Option<Duration> {
        if !self.times_sending {
            return None;
        }
        let (begun, sent) = (self.begun.get()?, self.sent.get()?);
        Some(sent - begun)
    }

    /// From the last byte of the last request to the first byte of its answer.
    pub(crate) fn waiting(&self, came: Moment) -> Duration {
        let sent = match (self.sent.get(), self.lags.get()) {
            (Some(sent), _) => sent,
            // The answer came before the request was sent to its end.
            (None, true) => came,
            (None, false) => self.begun.get().unwrap_or(came),
        };
        came - sent
    }

    /// The making of all connections together.
    pub(crate) fn dialling(&self) -> Dialled {
        let mut all = Dialled::default();
        for dialled in self.dials.borrow().iter() {
            all.dns += dialled.dns;
            all.connecting += dialled.connecting;
            all.tls += dialled.tls;
        }
        all
    }

    /// Records the phases of a request whose answer is whole: it came then, and its body took so long.
    pub(crate) fn record(&self, step: &Step<'_>, (came, receiving): (Moment, Duration)) {
        step.record_time(Metric::WAITING, self.waiting(came));
        step.record_time(Metric::RECEIVING, receiving);
        if self.times_sending
            && let (Some(metric), Some(sending)) = (step.asks(Metric::SENDING), self.sending())
        {
            step.record_time(metric, sending);
        }
    }

    /// Counts what was seen of all requests of a step, once it ends.
    pub(crate) fn count(&self, step: &Step<'_>, counters: &PhaseCounters) {
        for _ in 0..self.reused.get() {
            step.hit(counters.reused);
        }
        for _ in 0..self.fresh.get() {
            step.miss(counters.reused);
        }
        match self.body.get() {
            0 => {}
            bytes => step.add(counters.sent, bytes),
        }
        for dialled in self.dials.take() {
            step.record_time(counters.dns, dialled.dns);
            step.record_time(counters.connecting, dialled.connecting);
            // Without TLS there is no such phase.
            if dialled.tls > Duration::ZERO {
                step.record_time(counters.tls_handshake, dialled.tls);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bggo_runtime::contract::testing::WorkerContext;

    const MS: Duration = Duration::from_millis(1);

    fn now() -> Moment {
        WorkerContext::alone().unwrap().moment()
    }

    fn began(sending: Sending) -> (Phases, Moment) {
        let (phases, now) = (Phases::new(sending), now());
        phases.begins(now, Connection::Reused);
        (phases, now)
    }

    #[test]
    fn a_request_that_goes_out_at_once_waits_from_its_beginning_on_and_reads_no_clock() {
        let (phases, now) = began(Sending::Untimed);
        let read = Cell::new(0);
        let clock = || {
            read.set(read.get() + 1);
            now
        };
        assert!(phases.watch(Poll::Ready(()), clock).is_ready());
        assert_eq!(read.get(), 0);
        assert_eq!(phases.waiting(now + MS), MS);
        assert_eq!(phases.sending(), None);
    }

    #[test]
    fn a_request_that_took_its_time_waits_from_its_last_byte_on() {
        let (phases, now) = began(Sending::Untimed);
        let sent = now + MS;
        assert!(phases.watch(Poll::<()>::Pending, || now).is_pending());
        assert!(phases.watch(Poll::Ready(()), || sent).is_ready());
        assert_eq!(phases.waiting(sent + MS * 2), MS * 2);
        // Nobody asked for it.
        assert_eq!(phases.sending(), None);
    }

    #[test]
    fn an_answer_that_comes_before_the_request_is_out_was_not_waited_for() {
        let (phases, now) = began(Sending::Timed);
        phases.takes_time();
        assert_eq!(phases.waiting(now + MS), Duration::ZERO);
        assert_eq!(phases.sending(), None);
    }

    #[test]
    fn sending_and_waiting_follow_each_other_without_a_gap() {
        let (phases, now) = began(Sending::Timed);
        phases.note_sent(|| now + MS);
        assert_eq!(phases.sending(), Some(MS));
        assert_eq!(phases.waiting(now + MS * 3), MS * 2);
    }

    #[test]
    fn each_request_of_a_step_has_phases_of_its_own_and_connections_add_up() {
        let (phases, now) = began(Sending::Timed);
        phases.note_sent(|| now + MS);
        let dialled = Dialled {
            dns: MS,
            connecting: MS * 2,
            tls: MS * 3,
            address: None,
        };
        phases.dialled(dialled);
        phases.dialled(dialled);
        phases.begins(now + MS, Connection::New);
        assert_eq!((phases.sending(), phases.is_reused()), (None, Some(false)));
        let all = phases.dialling();
        assert_eq!((all.dns, all.connecting, all.tls), (MS * 2, MS * 4, MS * 6));
        phases.begins(now, Connection::Unknown);
        assert_eq!(phases.is_reused(), None);
        assert_eq!((phases.reused.get(), phases.fresh.get()), (1, 1));
    }
}

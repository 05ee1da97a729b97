//! What the work of a consumer and its steps share.

use crate::connection::{Cluster, Connection};
use crate::consuming::assigned::{Assigned, Taken};
use crate::consuming::settings::ConsumerSettings;
use crate::kafka_consumer::{Error as Kind, Metric};
use bggo_runtime::contract::{AssetCx, AssetMetrics, Fault, FaultText, Moment};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::task::Waker;
use std::time::Duration;

/// The pause before something is tried again, and how long it becomes.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// A consumer.
pub(crate) struct Core {
    pub(crate) settings: Rc<ConsumerSettings>,
    pub(crate) cluster: Cluster,
    pub(crate) assigned: RefCell<Assigned>,
    /// As what its group knows it; without a group as nobody.
    pub(crate) member: RefCell<Member>,
    /// Connections to brokers that lead partitions and that nobody uses.
    pub(crate) spare: RefCell<Vec<(i32, Rc<Connection>)>>,
    /// The connection to the coordinator of the group on which offsets are committed and asked for.
    pub(crate) coordinator: RefCell<Option<Rc<Connection>>>,
    pub(crate) metrics: AssetMetrics,
    /// For names that no other member has.
    pub(crate) cx: AssetCx,
    /// The step that waits.
    waiting: RefCell<Option<Waker>>,
    /// What does not work at present.
    trouble: RefCell<Option<Fault>>,
    /// How often something did not work.
    troubles: Cell<u64>,
    /// Attempts that failed one after the other.
    failures: Cell<u32>,
    /// Why no record will come any more.
    ended: RefCell<Option<Fault>>,
    is_told: Cell<bool>,
    /// When a step last looked for records.
    pub(crate) used: Cell<Moment>,
    /// The topics whose partitions it has shared out in its group, and how many each had. Nothing if another member does that.
    pub(crate) shared_out: RefCell<BTreeMap<String, i32>>,
    /// There are more by now: the group is to share out anew.
    pub(crate) shares_anew: Cell<bool>,
    /// Steps have left it to the end of their iteration to commit what was taken.
    pub(crate) commits_at_end: Cell<bool>,
}

/// A member of a group.
#[derive(Debug, Default, Clone)]
pub(crate) struct Member {
    pub(crate) id: String,
    /// Of the classic protocol, or the epoch of the member in the other one.
    pub(crate) generation: i32,
    /// Whether the group has given it partitions, or said that there are none for it.
    pub(crate) has_joined: bool,
    /// Whether what it has is its share of the present generation.
    pub(crate) has_share: bool,
}

impl std::fmt::Debug for Core {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Core")
            .field("assigned", &self.assigned)
            .finish_non_exhaustive()
    }
}

impl Core {
    pub(crate) fn new(cx: &AssetCx, settings: &Rc<ConsumerSettings>) -> Self {
        Self {
            settings: Rc::clone(settings),
            cluster: Cluster::new(cx, &settings.cluster),
            assigned: RefCell::default(),
            member: RefCell::default(),
            spare: RefCell::default(),
            coordinator: RefCell::default(),
            metrics: cx.metrics(),
            cx: cx.clone(),
            waiting: RefCell::default(),
            trouble: RefCell::default(),
            troubles: Cell::new(0),
            failures: Cell::new(0),
            ended: RefCell::default(),
            is_told: Cell::new(false),
            used: Cell::new(cx.now()),
            shared_out: RefCell::default(),
            shares_anew: Cell::new(false),
            commits_at_end: Cell::new(false),
        }
    }

    /// The next record that came, without waiting.
    ///
    /// # Errors
    /// What came cannot be read. The consumer is of no use any more: the records behind it are not known.
    pub(crate) fn take(&self) -> Result<Option<Taken>, Fault> {
        let taken = self.assigned.borrow_mut().take();
        taken.map_err(|(topic, partition, corrupt)| {
            let text = FaultText::plain(format_args!("partition {partition} of "));
            let text = text.and_value(&topic).and(": ").and(corrupt.0);
            let fault = Kind::Corrupt.fault(text);
            self.ends(fault.clone());
            self.is_told.set(true);
            fault
        })
    }

    /// Whether something came that was not taken.
    pub(crate) fn has_records(&self) -> bool {
        self.assigned.borrow().has_records()
    }

    /// Whether there may be room for more since this was asked last.
    pub(crate) fn takes_room(&self) -> bool {
        std::mem::take(&mut self.assigned.borrow_mut().has_room)
    }

    /// Why no record comes, if something does not work. A step fails with it.
    pub(crate) fn trouble(&self) -> Option<Fault> {
        if let Some(fault) = self.ended.borrow().clone() {
            self.is_told.set(true);
            return Some(fault);
        }
        self.trouble.borrow().clone()
    }

    /// How often something did not work so far. A step waits for the next attempt, and fails with it: it does not fail at once because of an
    /// earlier one.
    pub(crate) fn troubles(&self) -> u64 {
        self.troubles.get()
    }

    /// Whether a step has failed because no record will come any more.
    pub(crate) fn is_spent(&self) -> bool {
        self.is_told.get()
    }

    /// Whether no record will come any more.
    pub(crate) fn is_over(&self) -> bool {
        self.ended.borrow().is_some()
    }

    /// A step waits.
    pub(crate) fn waits(&self, waker: &Waker) {
        self.waiting.replace(Some(waker.clone()));
    }

    /// Whoever waits does the work itself just now, so it need not be woken.
    pub(crate) fn waits_no_more(&self) {
        self.waiting.take();
    }

    /// Wakes the step that waits.
    pub(crate) fn wake(&self) {
        let waiting = self.waiting.take();
        if let Some(waker) = waiting {
            waker.wake();
        }
    }

    /// Something does not work, and is tried again.
    pub(crate) fn is_troubled(&self, fault: Fault) {
        self.trouble.replace(Some(fault));
        self.troubles.set(self.troubles.get() + 1);
        self.wake();
    }

    /// It works.
    pub(crate) fn works(&self) {
        self.trouble.take();
        self.failures.set(0);
    }

    /// No record will come any more.
    pub(crate) fn ends(&self, fault: Fault) {
        self.ended.replace(Some(fault));
        self.wake();
    }

    /// Waits before something is tried again, the longer the more often it has failed.
    pub(crate) async fn pause_after_failure(&self) {
        let failures = self.failures.get();
        self.failures.set(failures.saturating_add(1));
        let time = FIRST_PAUSE.saturating_mul(1 << failures.min(4));
        self.cluster.pause(time.min(LONGEST_PAUSE)).await;
    }

    /// Counts connections that were opened.
    pub(crate) fn count_opened(&self) {
        let opened = self.cluster.take_opened();
        if opened.count > 0 {
            self.metrics.add(Metric::CONNECTIONS, opened.count);
            self.metrics.record_time(Metric::CONNECTING, opened.took);
        }
    }

    /// A connection to a broker that leads partitions: one that nobody uses, or a new one.
    ///
    /// # Errors
    /// There is no connection to it.
    pub(crate) async fn connection_to(&self, broker: i32) -> Result<Rc<Connection>, Fault> {
        let spare = {
            let mut spare = self.spare.borrow_mut();
            spare.retain(|(_, connection)| !connection.is_over());
            let at = spare.iter().position(|(id, _)| *id == broker);
            at.map(|at| spare.swap_remove(at).1)
        };
        if let Some(spare) = spare {
            return Ok(spare);
        }
        let opened = self.cluster.open(broker).await;
        self.count_opened();
        opened
    }
}

//! Whether more iterations failed by this host than a run may have failed: then its figures say nothing of the target.

use crate::host_limit::{HostLimit, Lacked};
use crate::metrics::{Interval, Layout, Outcome};
use std::fmt;

/// The kind of failure of what this host could not do. All modules call it so that connect to something.
const LOCAL: &str = "local";

/// Iterations that failed by this host, more than the run may have failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedHere {
    /// How many.
    pub failed: u64,
    /// Of how many that ended, or were due and never began.
    pub asked: u64,
    /// What this host had none left of, as far as that is known.
    pub limits: Vec<HostLimit>,
}

impl FailedHere {
    /// Of a whole run, in which this share of the iterations may fail.
    pub fn of(layout: &Layout, total: &Interval, may_fail: f64, lacked: &Lacked) -> Option<Self> {
        let rows = layout.iterations.iter();
        let (mut failed, mut asked) = (0_u64, 0_u64);
        for counts in rows.filter_map(|row| row.counts(total)) {
            let local = counts
                .kinds
                .iter()
                .filter(|(kind, _)| kind.as_str() == LOCAL);
            failed += local.map(|(_, count)| count).sum::<u64>();
            asked += counts.ended();
            asked += counts.count(Outcome::Dropped) + counts.count(Outcome::NotStarted);
        }
        let is_too_much = failed > 0 && failed as f64 >= may_fail * asked as f64;
        is_too_much.then(|| Self {
            failed,
            asked,
            limits: lacked.limits(),
        })
    }
}

impl fmt::Display for FailedHere {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { failed, asked, .. } = self;
        write!(f, "{failed} of {asked} iterations failed because ")?;
        let Some((first, others)) = self.limits.split_first() else {
            return f.write_str(
                "this host could not make their connections, so the figures say little of the target",
            );
        };
        f.write_str(first.words())?;
        for limit in others {
            write!(f, " and {}", limit.words())?;
        }
        f.write_str(", so the figures say little of the target; ")?;
        f.write_str(first.cure())?;
        for limit in others {
            write!(f, "; {}", limit.cure())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bggo_metrics::{IterationLayout, SlotFigures};
    use std::time::Duration;

    /// Of iterations that passed, failed by this host, failed by the target, and never began.
    fn of(counts: [u64; 4], may_fail: f64) -> Option<FailedHere> {
        let [passed, local, refused, dropped] = counts;
        let mut slot = SlotFigures::default();
        slot.add(Outcome::Passed, passed);
        slot.add(Outcome::Failed, local + refused);
        slot.add(Outcome::Dropped, dropped);
        slot.kinds = [("local".into(), local), ("refused".into(), refused)].into();
        let total = Interval {
            span: Some((Duration::ZERO, Duration::from_secs(1))),
            slots: [(0, slot)].into(),
            ..Interval::default()
        };
        let layout = Layout {
            iterations: vec![IterationLayout {
                scenario: "browse".into(),
                tags: Vec::new(),
                first: 0,
            }],
            ..Layout::default()
        };
        let lacked = Lacked::default();
        lacked.add(HostLimit::Ports);
        FailedHere::of(&layout, &total, may_fail, &lacked)
    }

    #[test]
    fn what_failed_here_counts_and_what_the_target_failed_does_not() {
        assert_eq!(of([100, 0, 50, 0], 0.01), None);
        assert_eq!(of([1_000, 9, 50, 0], 0.01), None);
        let found = of([900, 10, 50, 40], 0.01).unwrap();
        assert_eq!((found.failed, found.asked), (10, 1_000));
        assert_eq!(of([900, 10, 50, 40], 0.5), None);
        // Where nothing may fail, one is too many; where nothing failed, none is.
        assert!(of([999, 1, 0, 0], 0.0).is_some());
        assert_eq!(of([999, 0, 0, 0], 0.0), None);
    }

    #[test]
    fn it_says_what_was_used_up_and_what_to_do() {
        let found = of([0, 10, 0, 0], 0.01).unwrap().to_string();
        let begins = "10 of 10 iterations failed because this host had no source port left for the address of the target, so the figures say little of the target; widen net.ipv4.ip_local_port_range";
        assert!(found.starts_with(begins), "{found}");
        let unknown = FailedHere {
            failed: 2,
            asked: 3,
            limits: Vec::new(),
        };
        assert_eq!(
            unknown.to_string(),
            "2 of 3 iterations failed because this host could not make their connections, so the figures say little of the target"
        );
    }
}

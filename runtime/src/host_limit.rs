//! Limits of this host that a connection can fail by, and how often that happened.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};

/// What this host had none left of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HostLimit {
    /// Descriptors of this process or of the whole system.
    Descriptors,
    /// Source ports of connections to one address and port.
    Ports,
}

impl HostLimit {
    /// What there was none of, in words: a clause.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Descriptors => "this program had no descriptor left",
            Self::Ports => "this host had no source port left for the address of the target",
        }
    }

    /// What to do about it.
    pub(crate) const fn cure(self) -> &'static str {
        match self {
            Self::Descriptors => {
                "raise its limit (`ulimit -Hn`, or LimitNOFILE of its service), use fewer users, or share the load over several hosts with --segment"
            }
            Self::Ports => {
                "widen net.ipv4.ip_local_port_range, give the client more local_addresses, keep connections open instead of making new ones, or share the load over several hosts with --segment"
            }
        }
    }
}

/// How many steps failed in a stretch of time because this host had none left of something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LackedSteps {
    /// Because there was no descriptor left.
    pub descriptors: u64,
    /// Because there was no source port left.
    pub ports: u64,
}

impl LackedSteps {
    /// Adds those of another stretch of time.
    pub fn add(&mut self, more: Self) {
        self.descriptors += more.descriptors;
        self.ports += more.ports;
    }

    /// Those that came after `before` was counted.
    #[must_use]
    pub fn since(self, before: Self) -> Self {
        Self {
            descriptors: self.descriptors - before.descriptors,
            ports: self.ports - before.ports,
        }
    }

    /// The first limit by which some failed, and how many.
    pub fn first(self) -> Option<(HostLimit, u64)> {
        let all = [
            (HostLimit::Descriptors, self.descriptors),
            (HostLimit::Ports, self.ports),
        ];
        all.into_iter().find(|(_, steps)| *steps > 0)
    }
}

/// How many steps failed because this host had none left of something. Written only when one fails.
#[derive(Debug, Default)]
pub struct Lacked {
    descriptors: AtomicU64,
    ports: AtomicU64,
}

impl Lacked {
    /// One more step failed by it.
    pub(crate) fn add(&self, limit: HostLimit) {
        self.of(limit).fetch_add(1, Ordering::Relaxed);
    }

    /// How many did so far.
    pub(crate) fn so_far(&self) -> LackedSteps {
        LackedSteps {
            descriptors: self.count(HostLimit::Descriptors),
            ports: self.count(HostLimit::Ports),
        }
    }

    /// How many did so far by one of the limits.
    fn count(&self, limit: HostLimit) -> u64 {
        self.of(limit).load(Ordering::Relaxed)
    }

    const fn of(&self, limit: HostLimit) -> &AtomicU64 {
        match limit {
            HostLimit::Descriptors => &self.descriptors,
            HostLimit::Ports => &self.ports,
        }
    }

    /// The limits that were met.
    pub(crate) fn limits(&self) -> Vec<HostLimit> {
        let mut limits = vec![HostLimit::Descriptors, HostLimit::Ports];
        limits.retain(|limit| self.count(*limit) > 0);
        limits
    }

    /// A sentence with the cure for each limit that was met.
    pub(crate) fn sentences(&self) -> Vec<String> {
        let met = self.limits().into_iter();
        met.map(|limit| {
            let count = self.count(limit);
            let steps = if count == 1 { "step" } else { "steps" };
            let mut text = format!("{count} {steps} failed because {}", limit.words());
            // A String never refuses what is written to it.
            let _ = write!(text, ", which is no fault of the target: {}", limit.cure());
            text
        })
        .collect()
    }
}

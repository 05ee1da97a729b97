//! Which iterations and users of a run are one worker's: striped over hosts, then over the workers of a host.

/// What one worker of one host does of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segment {
    /// The first stripe of this host, and how many it has, of `stripes`.
    first: u64,
    own: u64,
    stripes: u64,
    worker: u64,
    workers: u64,
}

impl std::fmt::Display for Segment {
    /// The share of a host as `--segment` names it: `2/5`, `1-3/5`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (first, last) = (self.first + 1, self.first + self.own);
        if first == last {
            write!(f, "{first}/{}", self.stripes)
        } else {
            write!(f, "{first}-{last}/{}", self.stripes)
        }
    }
}

impl Segment {
    /// Everything.
    pub const WHOLE: Self = Self {
        first: 0,
        own: 1,
        stripes: 1,
        worker: 0,
        workers: 1,
    };

    /// Stripes `first..first + own` of `stripes`: `--segment 2-3/5` is `hosts(1, 2, 5)`. `None` where there are no such.
    pub const fn hosts(first: u32, own: u32, stripes: u32) -> Option<Self> {
        if own == 0 || first as u64 + own as u64 > stripes as u64 {
            return None;
        }
        Some(Self {
            first: first as u64,
            own: own as u64,
            stripes: stripes as u64,
            worker: 0,
            workers: 1,
        })
    }

    /// The share of one of `workers` of this host; of none that is not there.
    pub const fn worker(self, worker: u32, workers: u32) -> Self {
        Self {
            worker: worker as u64,
            workers: if workers == 0 { 1 } else { workers as u64 },
            ..self
        }
    }

    /// The number, within the whole run, of the `j`-th thing of this worker, both from 0. `None` beyond all numbers.
    pub fn nth(&self, j: u64) -> Option<u64> {
        let of_host = j.checked_mul(self.workers)?.checked_add(self.worker)?;
        let round = (of_host / self.own).checked_mul(self.stripes)?;
        round.checked_add(self.first + of_host % self.own)
    }

    /// Whether thing `k` of the run is this worker's.
    #[cfg(test)]
    pub fn has(&self, k: u64) -> bool {
        let stripe = k % self.stripes;
        let Some(place) = stripe
            .checked_sub(self.first)
            .filter(|place| *place < self.own)
        else {
            return false;
        };
        (k / self.stripes * self.own + place) % self.workers == self.worker
    }

    /// The share of its host: so many parts of so many.
    pub const fn share(&self) -> (u64, u64) {
        (self.own, self.stripes)
    }

    /// How many of `total` things, numbered from 0, are this worker's.
    pub fn of(&self, total: u64) -> u64 {
        let (rounds, rest) = (total / self.stripes, total % self.stripes);
        let of_host = rounds * self.own + rest.saturating_sub(self.first).min(self.own);
        of_host / self.workers + u64::from(of_host % self.workers > self.worker)
    }
}

//! How many runs of a step are there at once, and how often one begins: what `concurrency` and `rate_limit` count over all
//! threads of a run.

use crate::queue::Queue;
use bggo_runtime::parts::DrivenStep;
use bggo_schedule::Segment;
use bggo_values::Text;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The most keys of one rate limit.
const MOST_KEYS: usize = 65_536;

/// A step by the address of its [`Info`](bggo_runtime::parts::Info), which all calls of a flow share, and the key of its limit.
type StepKey = (usize, Text);

/// What the threads of a run share.
#[derive(Debug)]
pub(crate) struct StepLimits {
    /// The moment from which rates count.
    origin: Instant,
    /// This program's share of each rate, as own parts of all.
    share: (u64, u64),
    rates: Mutex<HashMap<usize, HashMap<Text, Arc<AtomicU64>>>>,
    places: Mutex<Places<StepKey>>,
}

impl StepRate {
    /// So many times in so much time, with so many of them at once where there was time for them before.
    pub fn new(limit: u32, per: Duration, burst: u32) -> Self {
        Self {
            limit: limit.into(),
            per,
            burst: burst.into(),
        }
    }
}

/// The attempts of a step that are counted together on one worker.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct OwnKey {
    /// The step.
    pub step: usize,
    /// The scenario of its user.
    pub scenario: u32,
    /// The number of its user.
    pub user: u64,
    /// The first slot of its body, where calls of a flow are told apart.
    pub body: Option<u32>,
    /// The key of its limit.
    pub key: Text,
}

/// How often something may begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StepRate {
    /// So many times,
    pub limit: u64,
    /// in so much time.
    pub per: Duration,
    /// So many of them at once, where there was time for them before.
    pub burst: u64,
}

/// The limits of the run of a step. They count from the moment when the first step of the run that has one asks.
pub(crate) fn limits_of(step: DrivenStep<'_>) -> Arc<StepLimits> {
    let make = || StepLimits::new(step.segment(), step.instant());
    step.of_run().get(make)
}

/// A rate limit has more keys than it can keep apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TooManyKeys;

impl StepLimits {
    /// Of a run of which this program has a share: that of any of its workers.
    pub fn new(segment: Segment, origin: Instant) -> Self {
        Self {
            origin,
            share: segment.share(),
            rates: Mutex::default(),
            places: Mutex::default(),
        }
    }

    /// Takes the next turn of a rate at `now`: how long it is until then. A turn that is taken is not given back.
    ///
    /// This is the generic cell rate algorithm (ITU-T I.371) with one number for each key, so it is exact over all threads.
    ///
    /// # Errors
    /// There are too many keys.
    pub fn turn(
        &self,
        step: usize,
        key: &Text,
        rate: StepRate,
        now: Instant,
    ) -> Result<Duration, TooManyKeys> {
        let next = self.next_of(step, key)?;
        let now = now.saturating_duration_since(self.origin).as_nanos();
        let now = u64::try_from(now).unwrap_or(u64::MAX);
        let interval = self.interval(rate);
        let ahead = interval.saturating_mul(rate.burst.saturating_sub(1));
        // What it was before is the moment at which all earlier turns are used up.
        let taken = next.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |used_up| {
            Some(used_up.max(now).saturating_add(interval))
        });
        let used_up = taken.unwrap_or_else(|same| same);
        let at = used_up.saturating_sub(ahead).max(now);
        Ok(Duration::from_nanos(at - now))
    }

    fn next_of(&self, step: usize, key: &Text) -> Result<Arc<AtomicU64>, TooManyKeys> {
        let mut rates = self.rates.lock().unwrap_or_else(PoisonError::into_inner);
        let keys = rates.entry(step).or_default();
        if let Some(next) = keys.get(key) {
            return Ok(Arc::clone(next));
        }
        if keys.len() >= MOST_KEYS {
            return Err(TooManyKeys);
        }
        let next = Arc::<AtomicU64>::default();
        // A text may be part of an answer, which would be kept with it.
        let key = Text::from(key.as_str().to_owned());
        keys.insert(key, Arc::clone(&next));
        Ok(next)
    }

    /// Nanoseconds between two turns of this program, rounded up: the limit is never exceeded.
    fn interval(&self, rate: StepRate) -> u64 {
        let (own, of) = self.share;
        let whole = rate.per.as_nanos().saturating_mul(u128::from(of));
        let turns = u128::from(rate.limit.max(1)) * u128::from(own.max(1));
        u64::try_from(whole.div_ceil(turns)).unwrap_or(u64::MAX)
    }

    /// The places of a step over all threads; `make` is asked the first time.
    pub fn places(&self, key: StepKey, make: impl FnOnce() -> Queue) -> Arc<Queue> {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        places.of(key, make)
    }

    /// Forgets the places of a key that nobody uses or waits for.
    pub fn forget(&self, key: &StepKey) {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        places.forget(key);
    }
}

/// How many runs of a step may be there at once, by a key. Keys that nobody uses are forgotten.
#[derive(Debug)]
pub(crate) struct Places<K>(HashMap<K, Arc<Queue>>);

impl<K> Default for Places<K> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<K: Eq + Hash> Places<K> {
    /// The places of a key; `make` is asked where nobody uses or waits for one.
    pub fn of(&mut self, key: K, make: impl FnOnce() -> Queue) -> Arc<Queue> {
        Arc::clone(self.0.entry(key).or_insert_with(|| Arc::new(make())))
    }

    /// Forgets a key that nobody uses or waits for.
    pub fn forget(&mut self, key: &K) {
        if self.0.get(key).is_some_and(|it| Arc::strong_count(it) == 1) {
            self.0.remove(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::queue::Order;
    use crate::queue::tests::free_place;
    use std::thread;

    const STEP: usize = 1;
    const KEY: Text = Text::Static("");

    fn rate(limit: u64, burst: u64) -> StepRate {
        StepRate {
            limit,
            per: Duration::from_secs(1),
            burst,
        }
    }

    fn waits(limits: &StepLimits, rate: StepRate, now: Instant, n: usize) -> Vec<u128> {
        let turn = || limits.turn(STEP, &KEY, rate, now).unwrap().as_millis();
        std::iter::repeat_with(turn).take(n).collect()
    }

    #[test]
    fn turns_are_spaced_evenly_and_a_burst_comes_at_once() {
        let origin = Instant::now();
        let limits = || StepLimits::new(Segment::WHOLE, origin);
        assert_eq!(waits(&limits(), rate(10, 1), origin, 4), [0, 100, 200, 300]);
        assert_eq!(
            waits(&limits(), rate(10, 3), origin, 5),
            [0, 0, 0, 100, 200]
        );
        // What was not used in time is lost, but for the burst.
        let late = origin + Duration::from_secs(60);
        let used = limits();
        waits(&used, rate(10, 3), origin, 2);
        assert_eq!(waits(&used, rate(10, 3), late, 5), [0, 0, 0, 100, 200]);
    }

    #[test]
    fn each_key_and_each_step_has_turns_of_its_own_up_to_a_bound() {
        let origin = Instant::now();
        let limits = StepLimits::new(Segment::WHOLE, origin);
        let turn = |step, key: &str| {
            let key = Text::from(key.to_owned());
            limits.turn(step, &key, rate(1, 1), origin)
        };
        assert_eq!(turn(1, "a"), Ok(Duration::ZERO));
        assert_eq!(turn(1, "b"), Ok(Duration::ZERO));
        assert_eq!(turn(2, "a"), Ok(Duration::ZERO));
        assert_eq!(turn(1, "a"), Ok(Duration::from_secs(1)));
        for n in 2..MOST_KEYS {
            turn(1, &n.to_string()).unwrap();
        }
        assert_eq!(turn(1, "one more"), Err(TooManyKeys));
        assert_eq!(turn(1, "a"), Ok(Duration::from_secs(2)));
    }

    #[test]
    fn hosts_split_a_rate_and_threads_share_it() {
        let origin = Instant::now();
        let third = Segment::hosts(1, 1, 3).unwrap();
        let limits = StepLimits::new(third, origin);
        assert_eq!(waits(&limits, rate(10, 1), origin, 3), [0, 300, 600]);
        let limits = StepLimits::new(Segment::WHOLE, origin);
        let mut all: Vec<u128> = thread::scope(|scope| {
            let own = || waits(&limits, rate(1000, 1), origin, 100);
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(own)).collect();
            threads
                .into_iter()
                .flat_map(|it| it.join().unwrap())
                .collect()
        });
        all.sort_unstable();
        assert_eq!(all, (0..400).collect::<Vec<u128>>());
    }

    #[test]
    fn places_that_nobody_uses_are_forgotten() {
        let mut places = Places::default();
        let mut of = |key| places.of(key, || Queue::new(1, Order::FirstInFirstOut));
        let first = free_place(&of("a")).unwrap();
        assert!(free_place(&of("a")).is_none());
        assert!(free_place(&of("b")).is_some());
        let waiting = of("a");
        drop(first);
        places.forget(&"a");
        assert!(places.0.contains_key("a"), "somebody waits");
        drop(waiting);
        places.forget(&"a");
        places.forget(&"b");
        assert!(places.0.is_empty());
    }
}

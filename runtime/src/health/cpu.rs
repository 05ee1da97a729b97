//! What may explain late starts: how long each worker ran and waited for a core, how long the process was held back, and
//! whether somebody set the clock.

use super::cgroup;
use crate::host_limit::LackedSteps;
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant, SystemTime};

/// Below this, wall clock and monotonic clock drift apart by themselves.
const CLOCK_STEP: Duration = Duration::from_millis(50);

/// What a worker did in a stretch of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WorkerTime {
    /// Its number.
    pub worker: u32,
    /// How long it ran, without what it spun.
    pub ran: Duration,
    /// How long it could have run and had no core.
    pub waited: Duration,
}

/// What is known of a stretch of time.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Evidence {
    /// How long it was.
    pub length: Duration,
    /// Each worker, where the system tells.
    pub workers: Vec<WorkerTime>,
    /// How long the process was held back by its control group.
    pub throttled: Duration,
    /// Somebody set the clock.
    pub clock_step: bool,
    /// Steps that failed because this host had none left of something.
    pub lacked: LackedSteps,
}

impl Evidence {
    /// Adds what is known of a later stretch of time.
    pub fn add(&mut self, later: &Self) {
        self.length += later.length;
        self.throttled += later.throttled;
        self.clock_step |= later.clock_step;
        self.lacked.add(later.lacked);
        for more in &later.workers {
            let mut mine = self.workers.iter_mut();
            match mine.find(|mine| mine.worker == more.worker) {
                Some(mine) => {
                    mine.ran += more.ran;
                    mine.waited += more.waited;
                }
                None => self.workers.push(*more),
            }
        }
    }
}

/// Reads the times of this process, each second.
#[derive(Debug)]
pub struct HostTimes {
    threads: Vec<Thread>,
    throttled: Option<Duration>,
    at: (Instant, SystemTime),
}

/// A worker's thread, and what was read of it last.
#[derive(Debug)]
struct Thread {
    worker: u32,
    stat: PathBuf,
    ran: Duration,
    waited: Duration,
    spun: Duration,
}

impl HostTimes {
    /// Knows the worker threads of this process by their names, so they must have begun.
    pub fn new() -> Self {
        let mut times = Self {
            threads: worker_threads(),
            throttled: cgroup::throttled(),
            at: (Instant::now(), SystemTime::now()),
        };
        // The first reading is what all that follow count from.
        for thread in &mut times.threads {
            if let Some((ran, waited)) = read(&thread.stat) {
                (thread.ran, thread.waited) = (ran, waited);
            }
        }
        times
    }

    /// What is known since the last reading. `spun` is how long a worker has spun since it began.
    pub fn take(&mut self, spun: impl Fn(u32) -> Duration) -> Evidence {
        let now = (Instant::now(), SystemTime::now());
        let (before, wall_before) = std::mem::replace(&mut self.at, now);
        let length = now.0.saturating_duration_since(before);
        let wall = now.1.duration_since(wall_before).unwrap_or_default();
        let workers = self.threads.iter_mut().filter_map(|thread| {
            let (ran, waited) = read(&thread.stat)?;
            let spun = spun(thread.worker);
            let ran_now = ran.saturating_sub(std::mem::replace(&mut thread.ran, ran));
            let spun_now = spun.saturating_sub(std::mem::replace(&mut thread.spun, spun));
            Some(WorkerTime {
                worker: thread.worker,
                ran: ran_now.saturating_sub(spun_now),
                waited: waited.saturating_sub(std::mem::replace(&mut thread.waited, waited)),
            })
        });
        let workers = workers.collect();
        let throttled = cgroup::throttled();
        let before = std::mem::replace(&mut self.throttled, throttled);
        Evidence {
            length,
            workers,
            throttled: match (throttled, before) {
                (Some(now), Some(before)) => now.saturating_sub(before),
                _ => Duration::ZERO,
            },
            clock_step: wall.abs_diff(length) > CLOCK_STEP,
            lacked: LackedSteps::default(),
        }
    }
}

/// The threads of this process that are called `worker-N`.
fn worker_threads() -> Vec<Thread> {
    let Ok(tasks) = fs::read_dir("/proc/self/task") else {
        return Vec::new();
    };
    let found = tasks.filter_map(|task| {
        let folder = task.ok()?.path();
        let name = fs::read_to_string(folder.join("comm")).ok()?;
        Some(Thread {
            worker: name.trim().strip_prefix("worker-")?.parse().ok()?,
            stat: folder.join("schedstat"),
            ran: Duration::ZERO,
            waited: Duration::ZERO,
            spun: Duration::ZERO,
        })
    });
    let mut threads: Vec<Thread> = Vec::new();
    for thread in found {
        let place = threads.partition_point(|known| known.worker < thread.worker);
        threads.insert(place, thread);
    }
    threads
}

fn read(stat: &PathBuf) -> Option<(Duration, Duration)> {
    times(&fs::read_to_string(stat).ok()?)
}

/// Of `/proc/.../schedstat`: how long a thread ran, and how long it waited for a core, in nanoseconds.
fn times(text: &str) -> Option<(Duration, Duration)> {
    let mut numbers = text.split_whitespace().map(str::parse::<u64>);
    let mut next = || Some(Duration::from_nanos(numbers.next()?.ok()?));
    Some((next()?, next()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_times_of_a_thread_are_read() {
        let ran = (Duration::from_nanos(1_500), Duration::from_nanos(20));
        assert_eq!(times("1500 20 3\n"), Some(ran));
        assert_eq!(times(""), None);
    }

    #[test]
    fn stretches_of_time_add_up_by_worker() {
        let second = |worker, ran| Evidence {
            length: Duration::from_secs(1),
            workers: vec![WorkerTime {
                worker,
                ran: Duration::from_millis(ran),
                waited: Duration::from_millis(1),
            }],
            throttled: Duration::from_millis(2),
            clock_step: worker == 1,
            lacked: LackedSteps {
                descriptors: 1,
                ports: worker.into(),
            },
        };
        let mut sum = second(0, 10);
        sum.add(&second(0, 20));
        assert!(!sum.clock_step);
        sum.add(&second(1, 5));
        assert!(sum.clock_step);
        assert_eq!(sum.length, Duration::from_secs(3));
        let lacked = LackedSteps {
            descriptors: 3,
            ports: 1,
        };
        assert_eq!(sum.lacked, lacked);
        assert_eq!(sum.throttled, Duration::from_millis(6));
        let ran: Vec<u128> = sum.workers.iter().map(|one| one.ran.as_millis()).collect();
        assert_eq!(ran, [30, 5]);
    }

    #[test]
    fn a_worker_that_works_is_seen_to_run() {
        let (begun, is_begun) = std::sync::mpsc::channel();
        let (end, is_over) = std::sync::mpsc::channel::<()>();
        let thread = std::thread::Builder::new().name("worker-7".to_owned());
        let thread = thread.spawn(move || {
            begun.send(()).unwrap();
            let mut number = 1_u64;
            while is_over.try_recv().is_err() {
                number = std::hint::black_box(number.wrapping_mul(3));
            }
        });
        is_begun.recv().unwrap();
        let mut times = HostTimes::new();
        let mut evidence = Evidence::default();
        let ran = |evidence: &Evidence| {
            let mut workers = evidence.workers.iter();
            workers.find(|one| one.worker == 7).map(|one| one.ran)
        };
        // The kernel counts once in some milliseconds; the test hangs if it is never seen.
        while ran(&evidence).is_none_or(|ran| ran.is_zero()) {
            evidence.add(&times.take(|_| Duration::ZERO));
        }
        end.send(()).unwrap();
        thread.unwrap().join().unwrap();
    }
}

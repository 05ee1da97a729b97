//! Whether this host can make the load that is asked for, and whether it did.
//!
//! ```text
//! before   what the load needs (users, connections, memory) against the limits of the system
//! each second, and at the end
//!          start errors decide whether the schedule was held; the time of each worker, throttling and clock steps explain it
//! ```

mod cgroup;
mod cpu;
mod limits;
mod schedule_held;

pub use cpu::{Evidence, HostTimes};
pub use limits::{Finding, Limits, Needs, findings};
pub use schedule_held::{FellBehind, ScheduleHeld};

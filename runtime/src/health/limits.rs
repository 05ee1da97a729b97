//! What a load needs of the system, against what the system gives: refused before it begins where it is certain not to fit.

use nix::libc::RLIM_INFINITY;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use std::fs;

/// Descriptors that a program has open beside its connections: files, timers, the event loops of its threads.
const OTHER_DESCRIPTORS: u64 = 64;
/// Bytes of a user beside its future: its task, its context and its row in the list of users.
const BYTES_BESIDE: u64 = 500;
/// Of the memory that is free, what users may take, in hundredths.
const SHARE_OF_MEMORY: u64 = 90;

/// What a load needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Needs {
    /// Users that there are for certain at one time.
    pub users: u64,
    /// Connections that they have at least.
    pub connections: u64,
    /// The most of these that begin at one local address. With several addresses they are spread over them.
    pub an_address: u64,
    /// Users that there may be, if the target is slow.
    pub most_users: u64,
    /// Connections that these have at least.
    pub most_connections: u64,
    /// Bytes of the future of a user; 0 where it is not known.
    pub user_bytes: u64,
}

/// What the system gives. `None` where it does not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Limits {
    /// Descriptors of this process.
    pub descriptors: Option<u64>,
    /// Source ports of connections to one address and port.
    pub ports: Option<u64>,
    /// Memory that is free.
    pub memory: Option<FreeMemory>,
}

/// Memory that is free.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct FreeMemory {
    /// How many bytes.
    pub bytes: u64,
    /// What leaves no more than that.
    pub by: LimitOfMemory,
}

/// What limits the memory of this program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LimitOfMemory {
    /// What the machine has.
    Machine,
    /// The limit of a control group, such as that of a container.
    ControlGroup,
    /// A limit of this process: `ulimit -v` or `ulimit -d`.
    Process,
}

/// What does not fit, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// It cannot fit: the run does not begin.
    Refused(String),
    /// It depends on the target.
    Warned(String),
}

impl Limits {
    /// Those of this system. The soft limit of descriptors is raised to the hard one, which is what it is for: programs that
    /// use `select` need a low one.
    pub fn of_system() -> Self {
        Self {
            descriptors: raise_descriptors(),
            ports: fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range")
                .ok()
                .and_then(|text| ports(&text)),
            memory: free_memory(),
        }
    }
}

fn raise_descriptors() -> Option<u64> {
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).ok()?;
    let raised = soft != hard && setrlimit(Resource::RLIMIT_NOFILE, hard, hard).is_ok();
    finite(if raised { hard } else { soft })
}

/// A limit, unless it is none.
fn finite(limit: u64) -> Option<u64> {
    (limit != RLIM_INFINITY).then_some(limit)
}

/// How many ports a range such as `32768 60999` has.
fn ports(text: &str) -> Option<u64> {
    let mut ends = text.split_whitespace().map(str::parse::<u64>);
    let (first, last) = (ends.next()?.ok()?, ends.next()?.ok()?);
    Some(last.checked_sub(first)? + 1)
}

/// The least of what the machine has left, and of what the limits of the control groups and of this process leave.
fn free_memory() -> Option<FreeMemory> {
    let machine = fs::read_to_string("/proc/meminfo").ok();
    let left = [
        (
            machine.and_then(|text| available(&text)),
            LimitOfMemory::Machine,
        ),
        (super::cgroup::memory_left(), LimitOfMemory::ControlGroup),
        (left_to_process(), LimitOfMemory::Process),
    ];
    let left = left.into_iter();
    left.filter_map(|(bytes, by)| Some(FreeMemory { bytes: bytes?, by }))
        .min()
}

/// Bytes that the limits of addresses and of data leave this process.
fn left_to_process() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let left = [
        (Resource::RLIMIT_AS, "VmSize:"),
        (Resource::RLIMIT_DATA, "VmData:"),
    ];
    let left = left.into_iter().filter_map(|(resource, used)| {
        let limit = finite(getrlimit(resource).ok()?.0)?;
        Some(limit.saturating_sub(kibibytes(&status, used)?))
    });
    left.min()
}

/// `MemAvailable` of `/proc/meminfo`, in bytes.
fn available(text: &str) -> Option<u64> {
    kibibytes(text, "MemAvailable:")
}

/// The bytes of a line such as `VmSize:  1024 kB`.
fn kibibytes(text: &str, name: &str) -> Option<u64> {
    let value = text.lines().find_map(|line| line.strip_prefix(name))?;
    let kibibytes: u64 = value.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kibibytes.checked_mul(1024)
}

/// What of a load does not fit.
pub fn findings(needs: &Needs, limits: &Limits) -> Vec<Finding> {
    [
        descriptors(needs, limits),
        ports_of(needs, limits),
        memory(needs, limits),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn descriptors(needs: &Needs, limits: &Limits) -> Option<Finding> {
    let given = limits.descriptors?;
    let needed = |connections: u64| connections.saturating_add(OTHER_DESCRIPTORS);
    if needs.connections > 0 && needed(needs.connections) > given {
        let Needs {
            users, connections, ..
        } = needs;
        let needed = needed(*connections);
        return Some(Finding::Refused(format!(
            "{users} virtual users have at least {connections} connections, which with {OTHER_DESCRIPTORS} other descriptors makes {needed}, and the system gives this program {given}: raise its limit (`ulimit -Hn {needed}` as root, or LimitNOFILE of its service), or share the load over several hosts with --segment"
        )));
    }
    if needs.most_connections > 0 && needed(needs.most_connections) > given {
        let Needs { most_users, .. } = needs;
        return Some(Finding::Warned(format!(
            "if the target is slow there may be {most_users} virtual users, and the system gives this program {given} descriptors: connections beyond that fail; raise its limit (`ulimit -Hn`), or lower max_vus"
        )));
    }
    None
}

fn ports_of(needs: &Needs, limits: &Limits) -> Option<Finding> {
    let ports = limits.ports?;
    (needs.an_address > ports).then(|| {
        let connections = needs.an_address;
        Finding::Warned(format!(
            "there are at least {connections} connections from one address, and this host has {ports} source ports for each address and port of a target: more than that to one of them fail; widen net.ipv4.ip_local_port_range, give the client more local_addresses, or share the load over several hosts with --segment"
        ))
    })
}

fn memory(needs: &Needs, limits: &Limits) -> Option<Finding> {
    let FreeMemory { bytes: free, by } = limits.memory?;
    if needs.user_bytes == 0 {
        return None;
    }
    let each = needs.user_bytes.saturating_add(BYTES_BESIDE);
    let needed = needs.users.saturating_mul(each);
    let may_take = free / 100 * SHARE_OF_MEMORY;
    (needed > may_take).then(|| {
        let users = needs.users;
        let (needed, free) = (mebibytes(needed), mebibytes(free));
        let free = match by {
            LimitOfMemory::Machine => format!("{free} MiB of memory are free here"),
            LimitOfMemory::ControlGroup => {
                format!("the control group of this program leaves it {free} MiB of memory")
            }
            LimitOfMemory::Process => {
                format!("the limits of this program (`ulimit -v`, `ulimit -d`) leave it {free} MiB")
            }
        };
        Finding::Refused(format!(
            "{users} virtual users of at least {each} bytes take {needed} MiB, and {free}: use fewer, or share the load over several hosts with --segment"
        ))
    })
}

fn mebibytes(bytes: u64) -> u64 {
    bytes >> 20
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits {
        descriptors: Some(1024),
        ports: Some(28_232),
        memory: Some(FreeMemory {
            bytes: 1 << 30,
            by: LimitOfMemory::Machine,
        }),
    };

    #[test]
    fn what_the_system_says_is_read() {
        assert_eq!(ports("32768\t60999\n"), Some(28_232));
        assert_eq!(ports("60999 32768"), None);
        assert_eq!(ports(""), None);
        let text = "MemTotal:       8000000 kB\nMemAvailable:   1024 kB\n";
        assert_eq!(available(text), Some(1 << 20));
        assert_eq!(available("MemTotal: 1 kB"), None);
    }

    #[test]
    fn a_load_that_fits_is_not_spoken_of() {
        let needs = Needs {
            users: 900,
            connections: 900,
            an_address: 900,
            most_users: 900,
            most_connections: 900,
            user_bytes: 500,
        };
        assert_eq!(findings(&needs, &LIMITS), []);
        assert_eq!(findings(&Needs::default(), &Limits::default()), []);
    }

    #[test]
    fn connections_beyond_the_descriptors_are_refused_where_they_are_certain() {
        let certain = Needs {
            users: 500,
            connections: 1000,
            ..Needs::default()
        };
        let found = findings(&certain, &LIMITS);
        let [Finding::Refused(text)] = found.as_slice() else {
            panic!("it is certain: {found:?}");
        };
        assert!(text.contains("500 virtual users"), "{text}");
        assert!(text.contains("makes 1064"), "{text}");
        let slow = Needs {
            users: 10,
            connections: 10,
            an_address: 10,
            most_users: 10_000,
            most_connections: 10_000,
            user_bytes: 0,
        };
        assert!(matches!(
            findings(&slow, &LIMITS).as_slice(),
            [Finding::Warned(_)]
        ));
    }

    #[test]
    fn more_connections_than_ports_to_a_target_are_warned_of() {
        let needs = Needs {
            users: 60_000,
            connections: 60_000,
            an_address: 30_000,
            ..Needs::default()
        };
        let limits = Limits {
            descriptors: Some(1 << 20),
            ..LIMITS
        };
        assert!(matches!(
            findings(&needs, &limits).as_slice(),
            [Finding::Warned(_)]
        ));
        let with_three_addresses = Needs {
            an_address: 20_000,
            ..needs
        };
        assert_eq!(findings(&with_three_addresses, &limits), []);
    }

    #[test]
    fn users_beyond_the_memory_are_refused_with_the_arithmetic_and_what_limits_it() {
        let needs = Needs {
            users: 10_000_000,
            user_bytes: 500,
            ..Needs::default()
        };
        for (by, free) in [
            (LimitOfMemory::Machine, "1024 MiB of memory are free here"),
            (
                LimitOfMemory::ControlGroup,
                "the control group of this program leaves it 1024 MiB of memory",
            ),
            (
                LimitOfMemory::Process,
                "the limits of this program (`ulimit -v`, `ulimit -d`) leave it 1024 MiB",
            ),
        ] {
            let bytes = 1 << 30;
            let limits = Limits {
                memory: Some(FreeMemory { bytes, by }),
                ..LIMITS
            };
            let text = format!(
                "10000000 virtual users of at least 1000 bytes take 9536 MiB, and {free}: use fewer, or share the load over several hosts with --segment"
            );
            assert_eq!(findings(&needs, &limits), [Finding::Refused(text)]);
            // 12 GiB hold them.
            let bytes = 12 << 30;
            let limits = Limits {
                memory: Some(FreeMemory { bytes, by }),
                ..LIMITS
            };
            assert_eq!(findings(&needs, &limits), []);
        }
    }
}

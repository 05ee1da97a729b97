//! What the control groups of this process allow it: how long it was held back, and how much memory is left.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

const ROOT: &str = "/sys/fs/cgroup";

/// The folders of the group of this process that has a controller, from the group itself up to the root: in a container the
/// inner ones may not be visible.
fn folders(controller: &str) -> Vec<PathBuf> {
    let Ok(text) = fs::read_to_string("/proc/self/cgroup") else {
        return Vec::new();
    };
    group(&text, controller)
        .map(|(root, path)| {
            let inner = PathBuf::from(format!("{ROOT}{root}{path}"));
            let outer = PathBuf::from(format!("{ROOT}{root}"));
            let up = inner.ancestors().take_while(|at| at.starts_with(&outer));
            up.map(PathBuf::from).collect()
        })
        .unwrap_or_default()
}

/// Where the hierarchy of a controller is mounted below the root, and the path of the group in it. Version 2 has one
/// hierarchy, with a line `0::/path`; version 1 has one for each controller.
fn group<'a>(text: &'a str, controller: &str) -> Option<(String, &'a str)> {
    let lines = text.lines().filter_map(|line| {
        let mut parts = line.splitn(3, ':');
        Some((parts.next()?, parts.next()?, parts.next()?))
    });
    let lines: Vec<_> = lines.collect();
    let of_its_own = lines
        .iter()
        .find(|(_, names, _)| names.split(',').any(|name| name == controller));
    if let Some((_, names, path)) = of_its_own {
        return Some((format!("/{names}"), *path));
    }
    let all = lines
        .iter()
        .find(|(number, names, _)| *number == "0" && names.is_empty());
    all.map(|(_, _, path)| (String::new(), *path))
}

/// For how long this process was kept from running because its group had used up its share of the processor.
pub fn throttled() -> Option<Duration> {
    let mut stats = folders("cpu").into_iter();
    let text = stats.find_map(|folder| fs::read_to_string(folder.join("cpu.stat")).ok())?;
    throttled_time(&text)
}

fn throttled_time(text: &str) -> Option<Duration> {
    let of = |name: &str| {
        let value = text.lines().find_map(|line| line.strip_prefix(name))?;
        value.trim().parse::<u64>().ok()
    };
    of("throttled_usec ")
        .map(Duration::from_micros)
        .or_else(|| of("throttled_time ").map(Duration::from_nanos))
}

/// Bytes of memory that the narrowest of its groups leaves it.
pub fn memory_left() -> Option<u64> {
    let read = |path: PathBuf| fs::read_to_string(path).ok()?.trim().parse::<u64>().ok();
    let left = folders("memory").into_iter().filter_map(|folder| {
        // No number (`max`) is no limit.
        let limit = read(folder.join("memory.max"))
            .or_else(|| read(folder.join("memory.limit_in_bytes")))?;
        let used = read(folder.join("memory.current"))
            .or_else(|| read(folder.join("memory.usage_in_bytes")))?;
        Some(limit.saturating_sub(used))
    });
    left.min()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_group_of_a_controller_is_found_in_both_versions() {
        let new = "0::/user.slice/a.scope\n";
        assert_eq!(
            group(new, "cpu"),
            Some((String::new(), "/user.slice/a.scope"))
        );
        let old = "5:memory:/m\n4:cpu,cpuacct:/docker/1:2\n0::/\n";
        assert_eq!(
            group(old, "cpu"),
            Some(("/cpu,cpuacct".to_owned(), "/docker/1:2"))
        );
        assert_eq!(group(old, "memory"), Some(("/memory".to_owned(), "/m")));
        assert_eq!(group("nonsense", "cpu"), None);
    }

    #[test]
    fn the_time_held_back_is_read_in_both_versions() {
        let new = "usage_usec 5\nnr_throttled 2\nthrottled_usec 1500\n";
        assert_eq!(throttled_time(new), Some(Duration::from_micros(1500)));
        let old = "nr_periods 5\nnr_throttled 2\nthrottled_time 1500\n";
        assert_eq!(throttled_time(old), Some(Duration::from_nanos(1500)));
        assert_eq!(throttled_time("usage_usec 5\n"), None);
    }
}

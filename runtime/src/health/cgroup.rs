//! What the control groups of this process allow it: how long it was held back, and how much memory is left.

use std::fs;
use std::path::{Path, PathBuf};
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
    let folders = folders("memory").into_iter();
    folders.filter_map(|folder| left_in(&folder)).min()
}

/// Bytes that the limit of a group leaves it, in either version; `None` without a limit. Pages of files count as left: the system
/// takes them back where memory is short.
fn left_in(folder: &Path) -> Option<u64> {
    let text = |name: &str| fs::read_to_string(folder.join(name)).ok();
    // No number (`max`) is no limit.
    let number = |name: &str| text(name)?.trim().parse::<u64>().ok();
    let limit = number("memory.max").or_else(|| number("memory.limit_in_bytes"))?;
    let used = number("memory.current").or_else(|| number("memory.usage_in_bytes"))?;
    let of_files = text("memory.stat").map_or(0, |text| pages_of_files(&text));
    Some(limit.saturating_sub(used.saturating_sub(of_files)))
}

/// Bytes of files that a group and those below it hold, by its `memory.stat`: version 1 has a line of its own for all of them.
fn pages_of_files(stat: &str) -> u64 {
    let of = |name: &str| {
        let mut lines = stat.lines();
        let value = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        value?.trim().parse::<u64>().ok()
    };
    let kinds = [
        ("total_active_file", "active_file"),
        ("total_inactive_file", "inactive_file"),
    ];
    let of_kinds = kinds.map(|(all, own)| of(all).or_else(|| of(own)).unwrap_or_default());
    of_kinds.into_iter().fold(0, u64::saturating_add)
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

    #[test]
    fn what_a_limit_leaves_is_read_in_both_versions_and_files_are_not_in_its_way() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        assert_eq!(left_in(folder.path()), None);
        write("memory.max", "max\n");
        write("memory.current", "600\n");
        assert_eq!(left_in(folder.path()), None);
        write("memory.max", "1000\n");
        assert_eq!(left_in(folder.path()), Some(400));
        write(
            "memory.stat",
            "anon 200\ninactive_file 300\nactive_file 50\n",
        );
        assert_eq!(left_in(folder.path()), Some(750));
        write("memory.current", "2000\n");
        assert_eq!(left_in(folder.path()), Some(0));

        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        write("memory.limit_in_bytes", "1000\n");
        write("memory.usage_in_bytes", "900\n");
        let stat =
            "inactive_file 1\nactive_file 2\ntotal_inactive_file 100\ntotal_active_file 20\n";
        write("memory.stat", stat);
        assert_eq!(left_in(folder.path()), Some(220));
    }
}

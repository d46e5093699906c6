//! The memory of the program, and of the machine or the container that it runs in.
//!
//! Linux tells both; where the system does not, nothing bounds the memory.

use crate::app::asset_limit::MemoryUse;
use std::{
    fs,
    path::{Component, Path, PathBuf},
};

/// The gauge of the program's memory.
#[derive(Clone, Copy, Debug)]
pub(super) struct MemoryGauge {
    /// The most that should be in use, in bytes.
    limit: Option<u64>,
}

impl MemoryGauge {
    /// Reads how much memory there is; half of it is the limit.
    pub(super) fn new() -> Self {
        let text = |path: &Path| fs::read_to_string(path).unwrap_or_default();
        let limits = limit_files(&text(Path::new("/proc/self/cgroup")));
        let limits = limits.iter().filter_map(|file| text(file).trim().parse().ok());
        Self { limit: half_of_least(total(&text(Path::new("/proc/meminfo"))), limits) }
    }

    /// Returns the use of memory now.
    pub(super) fn read(self) -> Option<MemoryUse> {
        let limit = self.limit?;
        let status = fs::read_to_string("/proc/self/status").ok()?;
        Some(MemoryUse { used: kibibytes(&status, "VmRSS:")?, limit })
    }
}

/// Returns the memory of the machine in `/proc/meminfo`.
fn total(meminfo: &str) -> Option<u64> {
    kibibytes(meminfo, "MemTotal:")
}

/// Returns half of the least of the machine's memory and the limits of its control groups.
fn half_of_least(total: Option<u64>, limits: impl Iterator<Item = u64>) -> Option<u64> {
    limits.chain(total).min().map(|bytes| bytes / 2)
}

/// Returns the number of KiB behind a word at the beginning of a line, in bytes.
fn kibibytes(text: &str, word: &str) -> Option<u64> {
    let rest = text.lines().find_map(|line| line.strip_prefix(word))?;
    rest.split_whitespace().next()?.parse::<u64>().ok()?.checked_mul(1024)
}

/// Returns the files with the limits that hold for a process, by its `/proc/PID/cgroup`: those of its group and of all
/// groups around it, in both versions of control groups. Not all of them exist, and one may say `max`.
fn limit_files(groups: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for line in groups.lines() {
        let mut fields = line.splitn(3, ':').skip(1);
        let (Some(controllers), Some(group)) = (fields.next(), fields.next()) else { continue };
        let (root, file) = match controllers {
            "" => ("/sys/fs/cgroup", "memory.max"),
            _ if controllers.split(',').any(|name| name == "memory") => {
                ("/sys/fs/cgroup/memory", "memory.limit_in_bytes")
            }
            _ => continue,
        };
        // A group outside of the own namespace begins with `/..`.
        let names = Path::new(group).components().filter(|part| matches!(part, Component::Normal(_)));
        let group: PathBuf = names.collect();
        files.extend(group.ancestors().map(|group| Path::new(root).join(group).join(file)));
    }
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_memory_counts() {
        let meminfo = "MemTotal:        1000 kB\nMemFree:  10 kB\n";
        let check = |limits: &[u64], expected| {
            assert_eq!(half_of_least(total(meminfo), limits.iter().copied()), expected, "{limits:?}");
        };
        check(&[], Some(512_000));
        check(&[600_000, 400_000], Some(200_000));
        // The value of version 1 without a limit.
        check(&[0x7fff_ffff_ffff_f000], Some(512_000));
        assert_eq!(half_of_least(total(""), std::iter::empty()), None);
        assert_eq!(half_of_least(total("MemTotal: much kB"), std::iter::once(8)), Some(4));
    }

    #[test]
    fn limits_are_those_of_all_groups_around_a_process() {
        let check = |groups: &str, expected: &[&str]| {
            let expected: Vec<_> = expected.iter().map(|file| Path::new("/sys/fs/cgroup").join(file)).collect();
            assert_eq!(limit_files(groups), expected, "{groups}");
        };
        check("0::/\n", &["memory.max"]);
        check("0::/a.slice/b.scope\n", &["a.slice/b.scope/memory.max", "a.slice/memory.max", "memory.max"]);
        check(
            "12:cpu,cpuacct:/x\n5:memory:/docker/abc\n1:name=systemd:/y\n",
            &[
                "memory/docker/abc/memory.limit_in_bytes",
                "memory/docker/memory.limit_in_bytes",
                "memory/memory.limit_in_bytes",
            ],
        );
        check("0::/../../other\n", &["other/memory.max", "memory.max"]);
        check("garbage\n\n", &[]);
    }

    #[test]
    fn linux_tells_the_memory_of_this_process() {
        let memory = MemoryGauge::new().read();
        if cfg!(target_os = "linux") {
            assert!(memory.is_some_and(|memory| memory.used > 0 && memory.limit > 0), "{memory:?}");
        }
    }
}

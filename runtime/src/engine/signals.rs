//! The signals that end a run.

use futures_util::future::select_all;
use std::io;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// The number of SIGHUP in the mask of signals that a process ignores, as Linux tells it: a bit for each signal, from 1.
const HANGUP: u32 = 1;

/// SIGINT, SIGTERM, and SIGHUP: its terminal was closed, or the connection to it. One that ignores SIGHUP from its start, as
/// `nohup` makes it, goes on ignoring it.
pub(super) struct Signals(Vec<Signal>);

impl Signals {
    pub(super) fn new() -> io::Result<Self> {
        let mut kinds = vec![SignalKind::interrupt(), SignalKind::terminate()];
        if !ignores_hangup() {
            kinds.push(SignalKind::hangup());
        }
        Ok(Self(
            kinds.into_iter().map(signal).collect::<io::Result<_>>()?,
        ))
    }

    /// Completes at the next one.
    pub(super) async fn next(&mut self) {
        let all = self.0.iter_mut().map(|one| Box::pin(one.recv()));
        select_all(all).await;
    }
}

/// Whether this process ignores SIGHUP; also where that is not known, since then nothing must change.
fn ignores_hangup() -> bool {
    std::fs::read_to_string("/proc/self/status").map_or(true, |status| ignores(&status, HANGUP))
}

/// Whether a process with this status ignores a signal.
fn ignores(status: &str, signal: u32) -> bool {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_none_or(|mask| mask >> (signal - 1) & 1 == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mask_of_a_status_says_which_signals_are_ignored() {
        let status =
            |mask: &str| format!("Name:\trun\nSigBlk:\t0000000000000001\nSigIgn:\t{mask}\n");
        assert!(ignores(&status("0000000000001001"), HANGUP));
        assert!(!ignores(&status("0000000000001000"), HANGUP));
        assert!(ignores("Name:\trun\n", HANGUP), "not known");
        assert!(ignores(&status("none"), HANGUP), "not known");
    }
}

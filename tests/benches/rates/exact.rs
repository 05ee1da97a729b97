//! One row -> system calls and instructions a request, of bggo and of its anchor. Both are differences of a long and a short run,
//! so what a program does once does not count. A busy machine hardly changes them.

use crate::peers::{Peer, found, pinned};
use crate::rows::Row;
use crate::sample::run;
use crate::table::Lines;
use crate::target::Target;
use std::path::Path;

/// The gate: system calls and instructions of bggo at most so many times those of the anchor.
const MOST_CALLS: f64 = 1.0;
const MOST_INSTRUCTIONS: f64 = 1.5;

/// Measures a row.
pub fn measure(row: &Row, target: &Target) -> Lines {
    let mut lines = Lines::new(row.title);
    let figures: Vec<_> = row
        .peers
        .iter()
        .take(2)
        .map(|peer| {
            let calls = each(peer, target, &CALLS);
            // valgrind cannot run programs of Go.
            let instructions = (peer.name != "k6")
                .then(|| each(peer, target, &INSTRUCTIONS))
                .flatten();
            (calls, instructions)
        })
        .collect();
    let anchor = figures[1];
    for (number, (peer, (calls, instructions))) in row.peers.iter().zip(figures).enumerate() {
        let (calls, calls_held) = cell(calls, anchor.0, MOST_CALLS);
        let (instructions, instructions_held) = cell(instructions, anchor.1, MOST_INSTRUCTIONS);
        let is_gate = number == 0 && anchor.0.is_some();
        let goal = match (is_gate, calls_held && instructions_held) {
            (false, _) => String::new(),
            (true, true) => format!("{MOST_CALLS} and {MOST_INSTRUCTIONS} times"),
            (true, false) => format!("{MOST_CALLS} and {MOST_INSTRUCTIONS} times (missed)"),
        };
        lines.add(&[peer.name, &calls, &instructions, &goal]);
    }
    lines
}

/// A figure with its share of the anchor's, and whether that is at most `most`.
fn cell(own: Option<f64>, anchor: Option<f64>, most: f64) -> (String, bool) {
    let digits = |value: f64| {
        if value < 1000.0 {
            format!("{value:.2}")
        } else {
            format!("{value:.0}")
        }
    };
    match (own, anchor) {
        (None, _) => ("not measured".into(), true),
        (Some(own), None) => (digits(own), true),
        (Some(own), Some(anchor)) => {
            let share = own / anchor;
            // Two digits are shown, and judged.
            (
                format!("{} ({share:.2})", digits(own)),
                share < most + 0.005,
            )
        }
    }
}

/// Something that runs a program and counts what it does.
struct Tool {
    name: &'static str,
    /// Its arguments, so that it writes into a file.
    words: fn(&Path) -> Vec<String>,
    /// The count in that file.
    read: fn(&str) -> Option<u64>,
    /// Seconds of the short run, and of the long one.
    seconds: [u32; 2],
    /// Whether a program behind it does a hundredth of what it does alone.
    is_slow: bool,
}

const CALLS: Tool = Tool {
    name: "strace",
    words: |file| {
        let words = ["-f", "-c", "-U", "calls,name", "-o"].map(str::to_owned);
        [words.to_vec(), vec![file.display().to_string()]].concat()
    },
    read: |text| {
        let mut lines = text.lines();
        let line = lines.find(|line| line.trim_end().ends_with(" total"))?;
        line.split_ascii_whitespace().next()?.parse().ok()
    },
    seconds: [1, 3],
    is_slow: false,
};

const INSTRUCTIONS: Tool = Tool {
    name: "valgrind",
    words: |file| {
        vec![
            "--tool=callgrind".to_owned(),
            "--callgrind-out-file=/dev/null".to_owned(),
            format!("--log-file={}", file.display()),
        ]
    },
    read: |text| {
        let (_, rest) = text.split_once("Collected : ")?;
        rest.split_ascii_whitespace().next()?.parse().ok()
    },
    seconds: [2, 8],
    is_slow: true,
};

/// What a tool counts for a request. What a program does once each second is left out, since behind a tool that makes it slow
/// far too much of it would fall to each request.
fn each(peer: &Peer, target: &Target, tool: &Tool) -> Option<f64> {
    let busy = difference(peer, target, tool, &peer.words)?;
    let idle = match &peer.idle_words {
        Some(words) if tool.is_slow => difference(peer, target, tool, words)?,
        _ => (0.0, 0.0),
    };
    Some((busy.0 - idle.0) / (busy.1 - idle.1))
}

/// What a tool counts in the long run without what it counts in the short one, and the requests that are between them.
fn difference(
    peer: &Peer,
    target: &Target,
    tool: &Tool,
    words: &dyn Fn(u32) -> Vec<String>,
) -> Option<(f64, f64)> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("counts");
    let name = tool.name;
    found(name)?;
    let around = [vec![name.to_owned()], (tool.words)(&file)].concat();
    let mut both = Vec::new();
    for seconds in tool.seconds {
        let command = pinned(&around, peer.program.as_ref()?, &words(seconds));
        let (ended, counted) = target.counted(|| run(command));
        let requests = counted.requests;
        assert!(
            ended.status.success(),
            "{} behind {name} ended with {}:\n{}",
            peer.name,
            ended.status,
            ended.stderr
        );
        let text = std::fs::read_to_string(&file).expect("the tool has written");
        let count = (tool.read)(&text).unwrap_or_else(|| panic!("no count in:\n{text}"));
        eprintln!(
            "{} behind {name}, {seconds} s: {count} for {requests} requests",
            peer.name
        );
        both.push((count as f64, requests as f64));
    }
    let [(less, fewer), (more, further)] = both[..] else {
        return None;
    };
    assert!(
        further > fewer,
        "{} sent more requests in the shorter run",
        peer.name
    );
    Some((more - less, further - fewer))
}

//! One row -> system calls and instructions a request, of bggo and of its anchor. Both are differences of a long and a short run,
//! so what a program does once does not count. A busy machine hardly changes them.

use crate::peers::{Peer, found, pinned};
use crate::rows::Row;
use crate::sample::run;
use crate::table::Lines;
use crate::target::Target;
use std::ops::Sub;
use std::path::Path;

/// The gate: system calls and instructions of bggo at most so many times those of the anchor.
const MOST_CALLS: f64 = 1.0;
const MOST_INSTRUCTIONS: f64 = 1.5;

/// Requests that the long run sends more than the short one; until it does, it is made twice as long.
const ENOUGH: f64 = 1_000.0;

/// Seconds that it lasts at most.
const LONGEST: u32 = 64;

/// Measures a row.
pub fn measure(row: &Row, target: &Target) -> Lines {
    let mut lines = Lines::new(row.title);
    let figures: Vec<_> = row
        .peers
        .iter()
        .take(2)
        .map(|peer| {
            let calls = each(peer, (row, target), &CALLS);
            let instructions = peer
                .is_native
                .then(|| each(peer, (row, target), &INSTRUCTIONS))
                .flatten();
            (calls, instructions)
        })
        .collect();
    let anchor = figures[1];
    for (number, (peer, (calls, instructions))) in row.peers.iter().zip(figures).enumerate() {
        let (calls, calls_held) = cell(calls, anchor.0, MOST_CALLS);
        let (instructions, instructions_held) = cell(instructions, anchor.1, MOST_INSTRUCTIONS);
        let is_gate = number == 0 && anchor.0.is_some() && row.is_gate;
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
fn each(peer: &Peer, server: (&Row, &Target), tool: &Tool) -> Option<f64> {
    let [short, mut long] = tool.seconds;
    let before = count(peer, server, tool, &(peer.words)(short))?;
    let busy = loop {
        let after = count(peer, server, tool, &(peer.words)(long))?;
        if after.requests >= before.requests + ENOUGH || long >= LONGEST {
            break after - before;
        }
        long *= 2;
    };
    assert!(busy.requests > 0.0, "{} sends nothing", peer.name);
    let idle = match &peer.idle_words {
        Some(words) if tool.is_slow => {
            let before = count(peer, server, tool, &words(short))?;
            count(peer, server, tool, &words(long))? - before
        }
        _ => Count::default(),
    };
    let rest = busy - idle;
    Some(rest.number / rest.requests)
}

/// What a tool counts in one run.
fn count(
    peer: &Peer,
    (row, target): (&Row, &Target),
    tool: &Tool,
    words: &[String],
) -> Option<Count> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("counts");
    let name = tool.name;
    found(name)?;
    let around = [vec![name.to_owned()], (tool.words)(&file)].concat();
    let command = pinned(&around, peer.program.as_ref()?, words);
    let (ended, requests) = row.counted(target, || run(command));
    assert!(
        ended.status.success(),
        "{} behind {name} ended with {}:\n{}",
        peer.name,
        ended.status,
        ended.stderr
    );
    let text = std::fs::read_to_string(&file).expect("the tool has written");
    let number = (tool.read)(&text).unwrap_or_else(|| panic!("no count in:\n{text}"));
    eprintln!(
        "{} behind {name}: {number} for {requests} requests",
        peer.name
    );
    Some(Count {
        number: number as f64,
        requests: requests as f64,
    })
}

/// What was counted, and for how many requests.
#[derive(Clone, Copy, Default)]
struct Count {
    number: f64,
    requests: f64,
}

impl Sub for Count {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self {
            number: self.number - other.number,
            requests: self.requests - other.requests,
        }
    }
}

//! Result files: how long a merge of long runs takes, and how much memory.

use crate::measure::{Goal, Table};
use bggo_metrics::file::{Head, Part, PartEnd, Share, SlotTags, end, head, second};
use bggo_metrics::report::Examples;
use bggo_metrics::{Histogram, Interval, IterationLayout, Layout, Outcome, StepLayout, buckets};
use bggo_tests::bench::{bggo, memory, warm_cache};
use bggo_values::Text;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

const HOSTS: u64 = 3;
const SECONDS: u32 = 3_600;
const STEPS: u32 = 4;
/// Those of the steps, and of the iterations.
const SLOTS: u32 = 4 * STEPS + 4;
/// Values of one histogram in one second.
const VALUES: u64 = 1_000;

/// `bggo merge` of three hosts that ran for an hour.
pub fn merge(table: &mut Table) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for host in 1..=HOSTS {
        write(&folder.path().join(format!("{host}.log")), host).expect("a file is written");
    }
    let size = std::fs::metadata(folder.path().join("1.log")).expect("it is there");
    let begin = Instant::now();
    let mut command = bggo(&warm_cache());
    command.current_dir(folder.path());
    command.args(["merge", "1.log", "2.log", "3.log", "-o", "all.log"]);
    let mut child = command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("bggo starts");
    let mut most = 0.0;
    let ended = loop {
        if let Some(kib) = memory(child.id(), "VmHWM") {
            most = kib;
        }
        if let Some(ended) = child.try_wait().expect("bggo can be waited for") {
            break ended;
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    assert!(ended.success(), "{ended}");
    let how = format!(
        "{SLOTS} slots of {VALUES} values a second, {:.0} MB each",
        size.len() as f64 / 1e6
    );
    table.time(
        "`bggo merge` of three 1-hour files",
        &how,
        begin.elapsed(),
        Duration::from_secs(6),
    );
    let most = most * 1_024.0 / 1e6;
    table.number("its memory", "VmHWM", most, "MB", Goal::AtMost(100.0));
}

/// The file of one host.
fn write(path: &Path, host: u64) -> std::io::Result<()> {
    let steps = (0..STEPS).map(|step| StepLayout {
        scenario: Text::Static("main"),
        path: Vec::new(),
        name: Text::from(format!("http_request.s{step}")),
        tags: Vec::new(),
        metrics: Vec::new(),
        checks: Vec::new(),
        first: step * 4,
    });
    let layout = Layout {
        steps: steps.collect(),
        iterations: vec![IterationLayout {
            scenario: Text::Static("main"),
            tags: Vec::new(),
            first: 4 * STEPS,
        }],
        ..Layout::default()
    };
    let begins = Head {
        version: Text::Static("0.1.0"),
        build: Text::Static("bench"),
        grid: Text::Static("bench.hcl"),
        seed: 1,
        parts: vec![Part {
            share: Share::parse(&format!("{host}/{HOSTS}")).expect("a share"),
            run: Text::Static("bench"),
            begun: Duration::from_secs(1_764_340_000),
            threads: 2,
            loads: Vec::new(),
        }],
        loads: Vec::new(),
        thresholds: Vec::new(),
        layout,
    };
    let histograms: Vec<Histogram> = (0..97).map(|seed| histogram(seed * HOSTS + host)).collect();
    let tags = SlotTags::of(&begins.layout);
    let mut file = BufWriter::new(File::create(path)?);
    file.write_all(head(&begins).as_bytes())?;
    for number in 1..=SECONDS {
        let mut interval = Interval {
            span: Some((
                Duration::from_secs(u64::from(number) - 1),
                Duration::from_secs(number.into()),
            )),
            ..Interval::default()
        };
        for slot in 0..SLOTS {
            let figures = interval.slots.entry(slot).or_default();
            let which = (number * 20 + slot * 7) as usize % histograms.len();
            figures.histogram.clone_from(&histograms[which]);
            figures.add(Outcome::Passed, VALUES);
        }
        file.write_all(second(&tags, number, &interval).as_bytes())?;
    }
    let ends = PartEnd {
        exit: 0,
        begins_for: Duration::from_secs(SECONDS.into()),
        left: false,
        fell_behind: None,
        searches: Vec::new(),
        examples: Examples::default(),
    };
    file.write_all(end(&[Some(ends)]).as_bytes())?;
    file.flush()
}

/// Times around 20 ms, as a server answers: their logarithms lie about as sums of three numbers by chance do.
fn histogram(seed: u64) -> Histogram {
    // A xorshift: the same files each time.
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut chance = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1u64 << 53) as f64 - 0.5
    };
    let values = (0..VALUES).map(|_| 20_000.0 * (chance() + chance() + chance()).exp());
    let values: Vec<u64> = values.map(|value| value as u64).collect();
    let mut counts = BTreeMap::new();
    for value in &values {
        *counts.entry(buckets::bucket(*value) as u32).or_default() += 1;
    }
    let extremes = values.iter().min().zip(values.iter().max());
    Histogram {
        buckets: counts.into_iter().collect(),
        sum: values.iter().map(|value| u128::from(*value) * 1_000).sum(),
        extremes: extremes.map(|(least, most)| (least * 1_000, most * 1_000)),
    }
}

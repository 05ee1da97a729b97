//! Interleaved rounds of one row -> requests a second, CPU time a request and memory, each beside the anchor's of the same round.

use crate::peers::{Peer, pinned};
use crate::rows::Row;
use crate::sample::{Ended, run};
use crate::table::{Lines, Quartiles, quartiles};
use crate::target::Target;
use std::process::Command;
use std::time::Duration;

/// What one run of a peer came to.
struct Sample {
    /// Requests a second.
    rate: f64,
    /// Microseconds of CPU a request, in its own code and in the kernel.
    user: f64,
    system: f64,
    /// The most memory, in KiB.
    peak: f64,
}

impl Sample {
    fn cpu(&self) -> f64 {
        self.user + self.system
    }
}

/// Measures a row in so many rounds of so many seconds each.
pub fn measure(row: &Row, target: &Target, rounds: usize, seconds: u32) -> Lines {
    let mut samples: Vec<Vec<Sample>> = row.peers.iter().map(|_| Vec::new()).collect();
    for round in 0..rounds {
        let mut order: Vec<usize> = (0..row.peers.len()).collect();
        // There and back: a machine that slowly changes changes all of a pair of rounds alike.
        if round % 2 == 1 {
            order.reverse();
        }
        for number in order {
            if let Some(sample) = sample(row, number, target, seconds) {
                eprintln!(
                    "{}, round {}: {}: {:.0}/s, {:.2} us of CPU a request",
                    row.title,
                    round + 1,
                    row.peers[number].name,
                    sample.rate,
                    sample.cpu()
                );
                samples[number].push(sample);
            }
        }
    }
    let mut lines = Lines::new(row.title);
    let anchor = &samples[1];
    for (number, (peer, own)) in row.peers.iter().zip(&samples).enumerate() {
        if own.is_empty() {
            lines.add(&[peer.name, "not on this machine", "", "", "", "", ""]);
            continue;
        }
        let middle = |figure: fn(&Sample) -> f64| quartiles(own.iter().map(figure)).middle;
        let ratio = |figure| match number {
            1 => None,
            _ => shares(own, anchor, figure),
        };
        let (rate, cpu) = (ratio(|sample| sample.rate), ratio(Sample::cpu));
        let goal = if number == 0 {
            goal(row)
        } else {
            String::new()
        };
        let missed = number == 0 && is_missed(row, &samples);
        let text = |ratio: Option<Quartiles>| match ratio {
            Some(ratio) => ratio.to_string(),
            None if number == 1 => "1".to_owned(),
            None => "no anchor".to_owned(),
        };
        lines.add(&[
            peer.name,
            &format!("{:.0}", middle(|sample| sample.rate)),
            &text(rate),
            &format!(
                "{:.1} ({:.1} + {:.1})",
                middle(Sample::cpu),
                middle(|sample| sample.user),
                middle(|sample| sample.system)
            ),
            &text(cpu),
            &format!("{:.1}", middle(|sample| sample.peak) / 1024.0),
            &format!("{goal}{}", if missed { " (missed)" } else { "" }),
        ]);
    }
    lines
}

/// One run, without what the program takes to start if that is known; nothing if the peer is not here.
fn sample(row: &Row, number: usize, target: &Target, seconds: u32) -> Option<Sample> {
    let peer = &row.peers[number];
    let program = peer.program.as_ref()?;
    let counted = |words: &[String]| counted(row, peer, target, pinned(&[], program, words));
    let started = peer.start_words.as_ref().map(|words| counted(words));
    let (ended, requests) = counted(&(peer.words)(seconds));
    let (before, few) = match &started {
        Some((started, few)) => ((started.user, started.system), *few),
        None => <_>::default(),
    };
    let each = |time: Duration, before: Duration| {
        time.saturating_sub(before).as_secs_f64() * 1e6 / (requests - few) as f64
    };
    Some(Sample {
        rate: requests as f64 / f64::from(seconds),
        user: each(ended.user, before.0),
        system: each(ended.system, before.1),
        peak: ended.peak,
    })
}

/// Runs a peer to its end: what it came to, and how many requests the server has counted. The peer's own count must be the same.
fn counted(row: &Row, peer: &Peer, target: &Target, command: Command) -> (Ended, u64) {
    let (ended, requests) = row.counted(target, || run(command));
    assert!(
        ended.status.success(),
        "{} ended with {}:\n{}\n{}",
        peer.name,
        ended.status,
        ended.stdout,
        ended.stderr
    );
    let told = (peer.told)(&ended);
    assert!(
        (told..=told.saturating_add(peer.left)).contains(&requests),
        "{} says that it sent {told} requests, and the server has counted {requests}",
        peer.name
    );
    (ended, requests)
}

/// The share of each round that bggo has of another peer's figure.
fn shares(own: &[Sample], others: &[Sample], figure: fn(&Sample) -> f64) -> Option<Quartiles> {
    let pairs = own.iter().zip(others);
    (!own.is_empty() && !others.is_empty())
        .then(|| quartiles(pairs.map(|(own, other)| figure(own) / figure(other))))
}

/// Whether a figure of bggo misses a goal beside a peer that is here.
fn is_missed(row: &Row, samples: &[Vec<Sample>]) -> bool {
    let share = |number: usize, figure| shares(&samples[0], &samples[number], figure);
    let rate = row.rate.zip(share(1, |sample| sample.rate));
    let mut cpu = row.cpu.iter().zip(1..);
    rate.is_some_and(|(least, rate)| rate.middle < least)
        || cpu
            .any(|(most, number)| share(number, Sample::cpu).is_some_and(|cpu| cpu.middle > *most))
}

fn goal(row: &Row) -> String {
    let anchor = row.peers[1].name;
    let rate = row.rate.map(|rate| match row.cpu {
        [] => format!("rate {rate} of {anchor}'s"),
        _ => format!("rate {rate}"),
    });
    let cpu = row.cpu.iter().zip(&row.peers[1..]).enumerate();
    let cpu = cpu.map(|(place, (most, peer))| match place {
        0 => format!("CPU {most} of {}'s", peer.name),
        _ => format!("{most} of {}'s", peer.name),
    });
    rate.into_iter().chain(cpu).collect::<Vec<_>>().join(", ")
}

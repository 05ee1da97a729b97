//! Measures bggo beside other load generators against nginx, over HTTP/3 against Caddy, of other protocols against servers of its own: requests a
//! second, CPU time, memory, system calls and instructions a request. `make bench` runs it after the figures.
//!
//! `cargo bench -p bggo-tests --bench rates -- NAMES` measures the rows whose names hold one of these words. The whole goes to
//! `docs/benchmarks.md`, unless `ROUNDS` or `RATES_SECONDS` make the rounds fewer or shorter than they should be; then only what
//! does not scatter goes there. `ROUNDS=0` measures nothing else.

mod exact;
mod peers;
mod quinn_loop;
mod rounds;
mod rows;
mod sample;
mod server;
mod table;
mod target;
mod users;

use table::Table;
use target::Target;

/// Seconds of a run, if `RATES_SECONDS` does not say otherwise.
const SECONDS: u32 = 5;

/// Connections that nginx holds at most: of users that wait, and of those that are many.
const CONNECTIONS: u32 = 110_000;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if let [word, words @ ..] = words.as_slice()
        && word == quinn_loop::WORD
    {
        return quinn_loop::run(words);
    }
    let wanted: Vec<String> = std::env::args()
        .skip(1)
        .filter(|word| !word.starts_with('-'))
        .collect();
    let wants =
        |name: &str| wanted.is_empty() || wanted.iter().any(|word| name.contains(word.as_str()));
    let rounds = number("ROUNDS");
    let seconds = number("RATES_SECONDS").unwrap_or(SECONDS);
    let mut rates = Table {
        name: "rates",
        head: &[
            "what",
            "program",
            "requests/s",
            "of the anchor's",
            "CPU us a request (own + kernel)",
            "of the anchor's",
            "memory, MiB",
            "goal",
        ],
        rows: Vec::new(),
    };
    let mut counts = Table {
        name: "counts",
        head: &[
            "what",
            "program",
            "system calls a request (of the anchor's)",
            "instructions a request (of the anchor's)",
            "goal",
        ],
        rows: Vec::new(),
    };
    let mut memory = Table {
        name: "users",
        head: &["what", "program", "memory", "goal"],
        rows: Vec::new(),
    };
    let target = Target::start(CONNECTIONS);
    let mut is_full = seconds >= SECONDS;
    for (name, make) in rows::ROWS {
        if !wants(name) {
            continue;
        }
        let row = make(&target);
        let wanted = rounds.map_or(row.rounds, |rounds| rounds as usize);
        is_full &= wanted >= row.rounds;
        if wanted > 0 {
            rates
                .rows
                .push(rounds::measure(&row, &target, wanted, seconds));
        }
        counts.rows.push(exact::measure(&row, &target));
    }
    for (name, measure) in users::ROWS {
        if wants(name) {
            memory.rows.push(measure(&target));
        }
    }
    target.stop();
    for table in [&rates, &counts, &memory] {
        table.print();
    }
    if is_full {
        rates.write();
    }
    counts.write();
    memory.write();
}

/// A whole number that a variable of the environment holds.
fn number(name: &str) -> Option<u32> {
    let text = std::env::var(name).ok()?;
    let number = text.parse();
    Some(number.unwrap_or_else(|_| panic!("{name} is a whole number: {text}")))
}

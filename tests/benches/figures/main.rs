//! Measures what bggo promises, each figure beside its goal: `make bench`.
//!
//! Nothing here decides whether a test passes; a figure over its goal is marked, and that is all.

mod build;
mod compared;
mod files;
mod load;
mod measure;
mod run;
mod stalling;

use measure::Table;

/// Measures one thing, or a few.
type Figure = fn(&mut Table);

fn main() {
    let wanted: Vec<String> = std::env::args()
        .skip(1)
        .filter(|word| !word.starts_with('-'))
        .collect();
    let wants =
        |name: &str| wanted.is_empty() || wanted.iter().any(|word| name.contains(word.as_str()));
    let mut table = Table::default();
    let figures: [(&str, Figure); 18] = [
        ("cold", build::cold),
        ("check", build::check),
        ("fmt", build::fmt),
        ("graph", build::graph),
        ("changed", build::ten_steps),
        ("large", build::large),
        ("first-byte", run::first_byte),
        ("noop", run::noop),
        ("idle", run::idle),
        ("thousand", run::thousand_steps),
        ("merge", files::merge),
        ("compare", compared::compare),
        ("start-error", load::start_error),
        ("million", load::million_a_second),
        ("users", load::million_users),
        ("thresholds", load::thresholds),
        ("stall", load::stall),
        ("rss", load::rss),
    ];
    for (name, figure) in figures {
        if wants(name) {
            figure(&mut table);
        }
    }
    table.print();
}

//! What may stand in each kind of block, for who writes one.

use super::fields::Shape;
use super::token::TOP;
use super::{checks, data, decode, flow, mix, parts, phase, scenario, threshold, types};

const PHASE: Shape = phase::shape("a phase");
const PHASES: [&str; 4] = ["setup", "teardown", "vu_setup", "vu_teardown"];

/// The kinds of data.
pub fn kinds_of_data() -> impl Iterator<Item = &'static str> {
    data::KINDS.iter().map(|(word, _)| *word)
}

/// The words that types are written with.
pub const TYPES: &[&str] = types::NAMES;

/// The kind of step that runs one of several flows.
pub const MIX: &str = mix::MIX;

/// What a block may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    /// An attribute of this name.
    Attribute(&'static str),
    /// A block of this kind.
    Block(&'static str),
}

/// What the innermost of these kinds of block, one within the other, may hold, if `label` is its first label; without any
/// kind, what a grid may. Empty for a block whose names are not the language's own, such as `arguments`.
pub fn inside(kinds: &[&str], label: &str) -> Vec<Holds> {
    let shape: &Shape = match kinds {
        [] => return TOP.iter().copied().map(Holds::Block).collect(),
        [.., "retry", "backoff"] => &parts::BACKOFF,
        [.., "scenario" | "step", "mix"] => &mix::CHOICE,
        [.., owner, "timeouts"] if PHASES.contains(owner) => &phase::TIMEOUTS,
        [.., "variable", "validation"] => &decode::VALIDATION,
        [.., "flow", "input"] => &flow::INPUT,
        [.., "flow", "output"] => &flow::OUTPUT,
        [.., "step", part] => match *part {
            "timeouts" => &parts::TIMEOUTS,
            "retry" => &parts::RETRY,
            "repeat" => &parts::REPEAT,
            "on_error" => &parts::ON_ERROR,
            "concurrency" => &parts::CONCURRENCY,
            "rate_limit" => &parts::RATE_LIMIT,
            "check" => &checks::CHECK,
            _ => return Vec::new(),
        },
        [.., kind] => match *kind {
            "step" if label == mix::MIX => &decode::MIX_STEP,
            "step" => &decode::STEP,
            "data" => match label {
                "csv" => &data::CSV,
                "jsonl" => &data::JSONL,
                "inline" => &data::INLINE,
                _ => return Vec::new(),
            },
            phase if PHASES.contains(&phase) => &PHASE,
            "resource" => &decode::RESOURCE,
            "variable" => &decode::VARIABLE,
            "scenario" => &scenario::SCENARIO,
            "flow" => &flow::FLOW,
            "grid" => &decode::GRID,
            "metric" => &checks::METRIC,
            "threshold" => &threshold::THRESHOLD,
            _ => return Vec::new(),
        },
    };
    let attributes = shape.attributes.iter().copied().map(Holds::Attribute);
    let blocks = shape.blocks.iter().chain(shape.repeated).copied();
    let mut all: Vec<Holds> = attributes.chain(blocks.map(Holds::Block)).collect();
    // `mix` is both.
    all.dedup();
    all
}

//! What may stand in each kind of block, for who writes one.

use super::fields::Shape;
use super::token::TOP;
use super::{checks, decode, flow, mix, parts, scenario, threshold};

/// What a block may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    /// An attribute of this name.
    Attribute(&'static str),
    /// A block of this kind.
    Block(&'static str),
}

/// What the innermost of these kinds of block, one within the other, may hold; without any, what a grid may. Empty for a
/// block whose names are not the language's own, such as `arguments`.
pub fn inside(kinds: &[&str]) -> Vec<Holds> {
    let shape: &Shape = match kinds {
        [] => return TOP.iter().copied().map(Holds::Block).collect(),
        [.., "retry", "backoff"] => &parts::BACKOFF,
        [.., "scenario", "mix"] => &mix::MIX,
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
            "step" => &decode::STEP,
            "resource" => &decode::RESOURCE,
            "variable" => &decode::VARIABLE,
            "scenario" => &scenario::SCENARIO,
            "flow" => &flow::FLOW,
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

//! Whether a text that is known in part can match.
//!
//! The automaton of the pattern is followed through the known pieces, with all states at once in which it may be. Where a piece
//! is not known, it may be in every state that some text leads to. What only a look at neighbouring characters decides, as `\b`
//! and the ends of lines, counts as possible, so a text is never called impossible that is not.
//!
//! A grid asks for one pattern many times, so each set of states is found once, and where each byte leads from there.

use regex_automata::nfa::thompson::{BuildError, Compiler, NFA, State};
use regex_automata::util::look::Look;
use regex_automata::util::primitives::StateID;
use std::cell::RefCell;
use std::collections::HashMap;

/// Sets of states that an automaton keeps before it forgets all of them.
const MOST_SETS: usize = 2_000;

/// The automaton of a pattern.
pub(crate) struct Automaton {
    nfa: NFA,
    known: RefCell<Known>,
}

/// Sets of states in which it may be, and what leads from one to another.
#[derive(Default)]
struct Known {
    /// Each with whether the pattern has matched there.
    sets: Vec<(Vec<StateID>, bool)>,
    numbers: HashMap<Vec<StateID>, usize>,
    next: HashMap<(Option<usize>, Step), usize>,
}

/// What comes next, and where that is in the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Step {
    comes: Comes,
    /// Nothing is before the place that is reached.
    is_at_start: bool,
    /// Nothing that is known is behind it.
    is_at_end: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Comes {
    /// The text begins.
    Nothing,
    Byte(u8),
    /// A piece that is not known.
    Any,
}

impl Automaton {
    /// That of an expression.
    ///
    /// # Errors
    /// It takes more bytes than that, or the library has no automaton for it.
    pub(crate) fn new(
        hir: &regex_syntax::hir::Hir,
        most_bytes: usize,
    ) -> Result<Self, Box<BuildError>> {
        let config = NFA::config().nfa_size_limit(Some(most_bytes));
        let nfa = Compiler::new()
            .configure(config)
            .build_from_hir(hir)
            .map_err(Box::new)?;
        Ok(Self {
            nfa,
            known: RefCell::default(),
        })
    }

    /// Whether there are texts for the pieces that are `None` with which the whole matches.
    pub(crate) fn may_match(&self, pieces: &[Option<&str>]) -> bool {
        let mut known = self.known.borrow_mut();
        if known.sets.len() > MOST_SETS {
            *known = Known::default();
        }
        let all = pieces.iter().flatten().map(|text| text.len());
        let mut rest: usize = all.sum();
        let mut step = Step {
            comes: Comes::Nothing,
            is_at_start: true,
            is_at_end: rest == 0,
        };
        let mut at = known.after(&self.nfa, None, step);
        for piece in pieces {
            let Some(text) = piece else {
                step.comes = Comes::Any;
                at = known.after(&self.nfa, Some(at), step);
                continue;
            };
            for byte in text.bytes() {
                // What comes behind a match changes nothing any more.
                if known.has_matched(at) {
                    return true;
                }
                rest -= 1;
                step = Step {
                    comes: Comes::Byte(byte),
                    is_at_start: false,
                    is_at_end: rest == 0,
                };
                at = known.after(&self.nfa, Some(at), step);
            }
        }
        known.has_matched(at)
    }
}

impl Known {
    fn has_matched(&self, set: usize) -> bool {
        self.sets
            .get(set)
            .is_some_and(|(_, has_matched)| *has_matched)
    }

    /// The set of states behind this step, from that set on.
    fn after(&mut self, nfa: &NFA, from: Option<usize>, step: Step) -> usize {
        if let Some(known) = self.next.get(&(from, step)) {
            return *known;
        }
        let here = from.and_then(|from| self.sets.get(from));
        let here = here.map_or(&[][..], |(states, _)| states);
        let begins = match step.comes {
            Comes::Nothing => vec![nfa.start_unanchored()],
            Comes::Any => here.to_vec(),
            Comes::Byte(byte) => {
                let next = here.iter().filter_map(|id| behind(nfa, *id, byte));
                next.collect()
            }
        };
        let states = entered(nfa, begins, step);
        let number = match self.numbers.get(&states) {
            Some(number) => *number,
            None => {
                let mut ids = states.iter();
                let has_matched = ids.any(|id| matches!(nfa.state(*id), State::Match { .. }));
                self.numbers.insert(states.clone(), self.sets.len());
                self.sets.push((states, has_matched));
                self.sets.len() - 1
            }
        };
        self.next.insert((from, step), number);
        number
    }
}

fn behind(nfa: &NFA, id: StateID, byte: u8) -> Option<StateID> {
    match nfa.state(id) {
        State::ByteRange { trans } => trans.matches_byte(byte).then_some(trans.next),
        State::Sparse(sparse) => sparse.matches_byte(byte),
        State::Dense(dense) => dense.matches_byte(byte),
        _ => None,
    }
}

/// These states and all that follow without a character, or, where a piece is not known, after some characters: in order.
fn entered(nfa: &NFA, mut ids: Vec<StateID>, step: Step) -> Vec<StateID> {
    let mut is_in = vec![false; nfa.states().len()];
    let mut all = Vec::new();
    let any = step.comes == Comes::Any;
    while let Some(id) = ids.pop() {
        let Some(is_in) = is_in.get_mut(id.as_usize()) else {
            continue;
        };
        if std::mem::replace(is_in, true) {
            continue;
        }
        all.push(id);
        match nfa.state(id) {
            State::ByteRange { trans } if any => ids.push(trans.next),
            State::Sparse(sparse) if any => {
                ids.extend(sparse.transitions.iter().map(|one| one.next));
            }
            State::Dense(dense) if any => {
                ids.extend((0..=u8::MAX).filter_map(|byte| dense.matches_byte(byte)));
            }
            State::Look { look, next } => {
                let is_possible = match look {
                    Look::Start => step.is_at_start,
                    Look::End => step.is_at_end,
                    _ => true,
                };
                if is_possible {
                    ids.push(*next);
                }
            }
            State::Union { alternates } => ids.extend(alternates.iter()),
            State::BinaryUnion { alt1, alt2 } => ids.extend([*alt1, *alt2]),
            State::Capture { next, .. } => ids.push(*next),
            State::ByteRange { .. }
            | State::Sparse(_)
            | State::Dense(_)
            | State::Fail
            | State::Match { .. } => {}
        }
    }
    all.sort_unstable();
    all
}

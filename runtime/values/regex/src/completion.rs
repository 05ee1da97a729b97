//! Whether a text that is known in part can match.
//!
//! The automaton of the pattern is followed through the known pieces, with all states at once in which it may be. Where a piece
//! is not known, it may be in every state that some text leads to. What only a look at neighbouring characters decides, as `\b`
//! and the ends of lines, counts as possible, so a text is never called impossible that is not.

use regex_automata::nfa::thompson::{Compiler, NFA, State};
use regex_automata::util::look::Look;
use regex_automata::util::primitives::StateID;

/// The automaton of a pattern, in all states in which it may be.
pub(crate) struct Automaton {
    nfa: NFA,
    /// By number of the state: whether it may be in it.
    states: Vec<bool>,
    /// Whether nothing is before the place that was reached, and whether nothing is behind it.
    is_at: (bool, bool),
}

impl Automaton {
    /// That of an expression; `None` if it takes more bytes than that.
    pub(crate) fn new(hir: &regex_syntax::hir::Hir, most_bytes: usize) -> Option<Self> {
        let config = NFA::config().nfa_size_limit(Some(most_bytes));
        let nfa = Compiler::new().configure(config).build_from_hir(hir).ok()?;
        Some(Self {
            states: vec![false; nfa.states().len()],
            nfa,
            is_at: (true, true),
        })
    }

    /// Whether there are texts for the pieces that are `None` with which the whole matches.
    pub(crate) fn may_match(mut self, pieces: &[Option<&str>]) -> bool {
        let known = pieces.iter().flatten().map(|text| text.len());
        let mut rest: usize = known.sum();
        self.is_at = (true, rest == 0);
        self.enter(vec![self.nfa.start_unanchored()], false);
        for piece in pieces {
            let Some(text) = piece else {
                let here = self.ids().collect();
                self.states.fill(false);
                self.enter(here, true);
                continue;
            };
            for byte in text.bytes() {
                if self.has_matched() {
                    return true;
                }
                rest -= 1;
                self.is_at = (false, rest == 0);
                let next = self.ids().filter_map(|id| self.after(id, byte)).collect();
                self.states.fill(false);
                self.enter(next, false);
            }
        }
        self.has_matched()
    }

    /// The states in which it may be.
    fn ids(&self) -> impl Iterator<Item = StateID> + '_ {
        let all = self.states.iter().enumerate();
        all.filter_map(|(number, is_in)| is_in.then(|| StateID::new(number).ok())?)
    }

    /// What comes behind a match changes nothing any more.
    fn has_matched(&self) -> bool {
        let mut ids = self.ids();
        ids.any(|id| matches!(self.nfa.state(id), State::Match { .. }))
    }

    fn after(&self, id: StateID, byte: u8) -> Option<StateID> {
        match self.nfa.state(id) {
            State::ByteRange { trans } => trans.matches_byte(byte).then_some(trans.next),
            State::Sparse(sparse) => sparse.matches_byte(byte),
            State::Dense(dense) => dense.matches_byte(byte),
            _ => None,
        }
    }

    /// Enters these states and all that follow without a character; with `any`, all that follow after some characters.
    fn enter(&mut self, mut ids: Vec<StateID>, any: bool) {
        while let Some(id) = ids.pop() {
            let Some(is_in) = self.states.get_mut(id.as_usize()) else {
                continue;
            };
            if std::mem::replace(is_in, true) {
                continue;
            }
            match self.nfa.state(id) {
                State::ByteRange { trans } if any => ids.push(trans.next),
                State::Sparse(sparse) if any => {
                    ids.extend(sparse.transitions.iter().map(|one| one.next));
                }
                State::Dense(dense) if any => {
                    ids.extend((0..=u8::MAX).filter_map(|byte| dense.matches_byte(byte)));
                }
                State::Look { look, next } => {
                    let (is_start, is_end) = self.is_at;
                    let is_possible = match look {
                        Look::Start => is_start,
                        Look::End => is_end,
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
    }
}

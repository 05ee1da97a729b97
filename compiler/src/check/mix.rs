//! Mixes: what they run are flows, and their weights are numbers that are known when the grid is built.

use bggo_schedule::MOST_WEIGHT;
use bggo_values::{Type, Value};

use crate::diagnostics::codes;
use crate::resolve::model::{BodyId, Callee, Node, StepId};
use crate::syntax::decl::Expr;

use super::expression::context::Checker;

impl Checker<'_> {
    /// The weights of the steps of a body of which each iteration runs one.
    pub(super) fn mix(&mut self, body: BodyId) -> Option<Vec<u32>> {
        let declared = self.declarations.body(body);
        let mix = declared.mix.as_ref()?;
        for (index, step) in declared.steps.iter().enumerate() {
            if let Some(Callee::Runner(_)) = self.callee_of(StepId { body, index }) {
                let name = &step.runner.text;
                self.error(
                    codes::INVALID_MIX,
                    step.runner.span,
                    format!("a `mix` runs flows, and `{name}` is a runner of a module"),
                )
                .hint("write a `flow` with a step that runs it");
            }
        }
        for edge in self.edges_of(body) {
            if let Node::Step(read) = edge.to
                && read.body == body
            {
                let address = self.declarations.step(read).address();
                let text =
                    format!("`{address}` does not run in the same iteration: a `mix` chooses one");
                self.error(codes::INVALID_MIX, edge.cause, text)
                    .hint("what follows from each other stands in one flow");
            }
        }
        let before = self.problems.list.len();
        let weights = mix.weights.iter();
        let weights: Vec<u32> = weights
            .map(|weight| weight.as_ref().and_then(|weight| self.weight(weight)))
            .map(Option::unwrap_or_default)
            .collect();
        let unread = |weight: &Option<Expr>| weight.as_ref().is_none_or(|one| !one.is_whole());
        if self.problems.list.len() > before || mix.weights.iter().any(unread) {
            return Some(weights);
        }
        let sum: u64 = weights.iter().map(|weight| u64::from(*weight)).sum();
        let wrong = match sum {
            0 => "no weight of the `mix` is above zero, so nothing runs".to_owned(),
            sum if sum > MOST_WEIGHT => {
                format!("the weights of a `mix` are together at most {MOST_WEIGHT}, found {sum}")
            }
            _ => return Some(weights),
        };
        self.error(codes::INVALID_MIX, mix.span, wrong);
        Some(weights)
    }

    fn weight(&mut self, weight: &Expr) -> Option<u32> {
        let before = self.problems.list.len();
        let value = self.known(weight, &Type::Number, "a weight");
        let Some(Value::Number(number)) = value else {
            if self.problems.list.len() == before && self.infer(weight).is_null() {
                self.error(codes::INVALID_MIX, weight.span, "a weight is null");
            }
            return None;
        };
        let whole = number
            .as_u64()
            .and_then(|number| u32::try_from(number).ok());
        if whole.is_none() {
            let text = format!(
                "a weight is a whole number from 0 to {}, found {number}",
                u32::MAX
            );
            self.error(codes::INVALID_MIX, weight.span, text)
                .hint("weights are in relation to each other: 7 and 3 are 70 % and 30 %");
        }
        whole
    }
}

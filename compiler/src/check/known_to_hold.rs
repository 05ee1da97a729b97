//! Whether something is so of a step, such as that it blocks its exclusive asset: what its manifest says of that, with the arguments
//! of the step.

use bggo_manifest::When;
use bggo_values::Value;

use crate::resolve::model::Read;

use super::contract::ArgumentOwner;
use super::expression::context::{Arguments, Checker};
use super::rule::absent;

impl Checker<'_> {
    /// Whether that is known of a step.
    pub(super) fn is_known_to_hold(
        &mut self,
        when: &When,
        owner: &ArgumentOwner<'_>,
        arguments: &Arguments,
    ) -> bool {
        self.judged(when, owner, arguments) == Some(true)
    }

    /// Whether it is so, or may turn out to be so when the program runs.
    pub(super) fn may_hold(
        &mut self,
        when: &When,
        owner: &ArgumentOwner<'_>,
        arguments: &Arguments,
    ) -> bool {
        self.judged(when, owner, arguments) != Some(false)
    }

    /// `None` where it is not known now.
    fn judged(
        &mut self,
        when: &When,
        owner: &ArgumentOwner<'_>,
        arguments: &Arguments,
    ) -> Option<bool> {
        let written = match when {
            When::Never => return Some(false),
            When::Always => return Some(true),
            When::If(condition) => &condition.text,
        };
        let condition = self.condition_of(written);
        let mut reads = Vec::with_capacity(condition.reads.len());
        for read in &condition.reads {
            // A manifest with another one is not used.
            let Read::Input(name) = read else {
                return Some(false);
            };
            let mut inputs = owner.inputs.iter();
            let Some(place) = inputs.position(|input| input.name == name.text) else {
                return Some(false);
            };
            if arguments.wrong.contains(&place) {
                return Some(false);
            }
            let input = &owner.inputs[place];
            let given = arguments.list.iter().find(|(at, _)| *at == place);
            reads.push(match given {
                None => absent(input, owner.span),
                Some((_, value)) => self.or_default(input, value.clone()),
            });
        }
        let names = self.bound_names.len();
        let typed = self.perhaps(true, |checker| {
            checker.typed_condition(&condition, reads, owner.span)
        });
        // No name of the condition is left anywhere.
        self.bound_names.truncate(names);
        self.names.truncate(names);
        match typed {
            Ok(typed) => typed.constant().map(Value::is_true),
            Err(_) => Some(false),
        }
    }
}

//! A metric is counted in the one way that its kind in the manifest has.

use bggo_runtime::contract::{Fault, Prepare, Runner, Step, module};

module!("fail/wrong_metric.hcl");

pub struct Say;

impl Runner for Say {
    type Inputs = say::Inputs;
    type Late<'a> = say::Late;
    type Uses<'a> = say::Uses;
    type Wanted = say::Wanted;
    type Output = say::Output;

    fn prepare(_: &Prepare<'_>, _: say::Inputs, _: say::Wanted) -> Result<Self, Fault> {
        Ok(Self)
    }

    async fn run<'a>(&'a self, step: &'a Step<'_>, _: say::Uses, _: &'a [say::Late]) -> Result<say::Output, Fault> {
        step.add(say::Metric::LOUD, 1);
        step.set(say::Metric::TOOK, 1);
        step.add(say::Metric::WORDS, 1);
        step.add(say::Metric::GONE, 1);
        step.add(say::Metric::RARE, 1);
        Ok(say::Output {})
    }
}

fn main() {}

//! A step that does nothing, or waits. Benches and tests of the engine use it.

use bggo_runtime::contract::{Fault, Prepare, Runner, Step, module};

module!("manifest.hcl");

/// Does nothing, or waits.
#[derive(Debug)]
pub struct Noop {
    inputs: noop::Inputs,
}

impl Runner for Noop {
    type Inputs = noop::Inputs;
    type Late<'a> = noop::Late;
    type Uses<'a> = noop::Uses;
    type Wanted = noop::Wanted;
    type Output = noop::Output;

    fn prepare(_: &Prepare<'_>, inputs: noop::Inputs, _: noop::Wanted) -> Result<Self, Fault> {
        Ok(Self { inputs })
    }

    async fn run<'a>(
        &'a self,
        step: &'a Step<'_>,
        _: noop::Uses,
        late: &'a [noop::Late],
    ) -> Result<noop::Output, Fault> {
        // Taken out before the `if`: otherwise every user would keep all inputs while it sleeps.
        let delay = self.inputs.with(late)?.delay;
        if let Some(delay) = delay {
            step.pause(delay).await;
        }
        Ok(noop::Output {})
    }
}

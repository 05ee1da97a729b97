//! The code makes an output that the manifest does not have, and not the one that it has.

use bggo_runtime::contract::{Fault, Prepare, Runner, Step, Value, module};

module!("fail/old_output.hcl");

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

    async fn run<'a>(&'a self, _: &'a Step<'_>, _: say::Uses, _: &'a [say::Late]) -> Result<say::Output, Fault> {
        Ok(say::Output { echo: Value::Null })
    }
}

fn main() {}

//! The manifest has an input that the code does not look at.

use bggo_runtime::contract::{Early, Fault, Prepare, Runner, Step, Text, module};

module!("fail/new_input.hcl");

pub struct Say(Early<Text>);

impl Runner for Say {
    type Inputs = say::Inputs;
    type Late<'a> = say::Late<'a>;
    type Uses<'a> = say::Uses;
    type Wanted = say::Wanted;
    type Output = say::Output;

    fn prepare(_: &Prepare<'_>, inputs: say::Inputs, _: say::Wanted) -> Result<Self, Fault> {
        let say::Inputs { text } = inputs;
        Ok(Self(text))
    }

    async fn run<'a>(
        &'a self,
        _: &'a Step<'_>,
        _: say::Uses,
        late: &'a [say::Late<'a>],
    ) -> Result<say::Output, Fault> {
        for input in late {
            match input {
                say::Late::Text(_) => {}
            }
        }
        Ok(say::Output {})
    }
}

fn main() {}

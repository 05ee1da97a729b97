//! The manifest asks for a shape, and the code does not look at what comes for its holes.

use bggo_runtime::contract::{Fault, Parts, Prepare, Runner, Step, Value, module};

module!("fail/whole_only.hcl");

pub struct Send;

impl Runner for Send {
    type Inputs = send::Inputs;
    type Late<'a> = send::Late<'a>;
    type Uses<'a> = send::Uses;
    type Wanted = send::Wanted;
    type Output = send::Output;

    fn prepare(_: &Prepare<'_>, inputs: send::Inputs, _: send::Wanted) -> Result<Self, Fault> {
        let _: Option<Option<Value>> = inputs.words.known().cloned();
        Ok(Self)
    }

    async fn run<'a>(
        &'a self,
        _: &'a Step<'_>,
        _: send::Uses,
        late: &'a [send::Late<'a>],
    ) -> Result<send::Output, Fault> {
        for input in late {
            match input {
                send::Late::Words(Some(Parts::Whole(_)) | None) => {}
            }
        }
        Ok(send::Output {})
    }
}

fn main() {}

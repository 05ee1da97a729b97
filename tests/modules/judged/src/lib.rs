//! A runner and an asset whose rules have conditions. They look at nothing themselves: the rules do.

use bggo_runtime::contract::{Asset, AssetCx, Fault, Number, Prepare, Runner, Step, Value, module, print_line};
use std::rc::Rc;

module!("manifest.hcl");

/// Has a height.
pub struct Ground {
    height: Number,
}

impl Asset for Ground {
    type Inputs = ground::Inputs;
    type Uses = ground::Uses;
    type Ready = ();
    type Exports = ground::Exports;

    fn prepare(_: &Prepare<'_>, _: &ground::Inputs) -> Result<(), Fault> {
        Ok(())
    }

    async fn create(_: AssetCx, _: Rc<()>, _: ground::Uses, inputs: ground::Inputs) -> Result<Self, Fault> {
        let height = inputs.height.known().copied();
        Ok(Self { height: height.ok_or_else(|| Fault::missing("height"))? })
    }

    fn exports(&self) -> ground::Exports {
        ground::Exports { height: Value::Number(self.height) }
    }

    async fn destroy(self) -> Result<(), Fault> {
        Ok(())
    }
}

/// Says a word.
pub struct Say {
    inputs: say::Inputs,
}

impl Runner for Say {
    type Inputs = say::Inputs;
    type Late<'a> = say::Late<'a>;
    type Uses<'a> = say::Uses<'a>;
    type Wanted = say::Wanted;
    type Output = say::Output;

    fn prepare(_: &Prepare<'_>, inputs: say::Inputs, _: say::Wanted) -> Result<Self, Fault> {
        Ok(Self { inputs })
    }

    async fn run<'a>(
        &'a self,
        _: &'a Step<'_>,
        _: say::Uses<'a>,
        late: &'a [say::Late<'a>],
    ) -> Result<say::Output, Fault> {
        let word = self.inputs.with(late)?.word.map(|word| word.into_owned());
        let word = word.unwrap_or_default();
        print_line(&word).map_err(|error| Fault::new("other", error.to_string()))?;
        Ok(say::Output { word: Value::from(word) })
    }
}

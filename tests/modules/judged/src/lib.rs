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

/// Picks an item.
pub struct Pick {
    inputs: pick::Inputs,
    wanted: pick::Wanted,
}

impl Runner for Pick {
    type Inputs = pick::Inputs;
    type Late<'a> = pick::Late<'a>;
    type Uses<'a> = pick::Uses;
    type Wanted = pick::Wanted;
    type Output = pick::Output;

    fn prepare(_: &Prepare<'_>, inputs: pick::Inputs, wanted: pick::Wanted) -> Result<Self, Fault> {
        Ok(Self { inputs, wanted })
    }

    async fn run<'a>(
        &'a self,
        step: &'a Step<'_>,
        _: pick::Uses,
        late: &'a [pick::Late<'a>],
    ) -> Result<pick::Output, Fault> {
        let inputs = self.inputs.with(late)?;
        let items = inputs.items.items();
        for (skipped, item) in items.iter().flat_map(|items| items.iter()).enumerate() {
            let output = pick::Output {
                item: item.clone(),
                skipped: Value::Number(Number::from(skipped as u64)),
            };
            let fits = match inputs.r#match {
                Some(predicate) => output.clone().fits(self.wanted, step, predicate)?,
                None => true,
            };
            if fits {
                return Ok(output);
            }
        }
        Err(pick::Error::None.fault("no item fits"))
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

//! A runner and an asset that make a word: by code of this crate, or by that of a crate which only some grids link.

use bggo_runtime::contract::{Asset, AssetCx, Early, Fault, Prepare, Runner, Step, Value, module};
use std::rc::Rc;

module!("manifest.hcl");

/// What a linked crate gives.
#[derive(Debug)]
pub struct Link {
    /// Makes a word.
    pub make: fn(&str) -> String,
}

fn made(link: Option<&Link>, word: &str) -> Value {
    let made = match link {
        Some(link) => (link.make)(word),
        None => format!("{word} of the module"),
    };
    Value::from(made)
}

/// A step that makes a word.
pub struct Choice {
    inputs: choice::Inputs,
}

impl Runner for Choice {
    type Inputs = choice::Inputs;
    type Late<'a> = choice::Late<'a>;
    type Uses<'a> = choice::Uses;
    type Wanted = choice::Wanted;
    type Output = choice::Output;

    fn prepare(_: &Prepare<'_>, inputs: choice::Inputs, _: choice::Wanted) -> Result<Self, Fault> {
        Ok(Self { inputs })
    }

    async fn run<'a>(
        &'a self,
        _: &'a Step<'_>,
        _: choice::Uses,
        late: &'a [choice::Late<'a>],
    ) -> Result<choice::Output, Fault> {
        let plain = self.inputs.with(late)?;
        Ok(choice::Output {
            made: made(self.inputs.way_link, &plain.word),
        })
    }
}

/// An asset that has made a word.
pub struct Maker {
    made: Value,
}

impl Asset for Maker {
    type Inputs = maker::Inputs;
    type Uses = maker::Uses;
    type Ready = ();
    type Exports = maker::Exports;

    fn prepare(_: &Prepare<'_>, _: &maker::Inputs) -> Result<(), Fault> {
        Ok(())
    }

    async fn create(
        _: AssetCx,
        _: Rc<()>,
        _: maker::Uses,
        inputs: maker::Inputs,
    ) -> Result<Self, Fault> {
        match &inputs.word {
            Early::Known(word) => Ok(Self {
                made: made(inputs.way_link, word.as_str()),
            }),
            Early::Later => Err(Fault::missing("word")),
        }
    }

    fn exports(&self) -> maker::Exports {
        maker::Exports {
            made: self.made.clone(),
        }
    }

    async fn destroy(self) -> Result<(), Fault> {
        Ok(())
    }
}

//! A line on which words are said, and a transaction on it. It says itself what becomes of it.

use bggo_runtime::contract::{
    Asset, AssetCx, AssetMetrics, Fault, Info, Prepare, Runner, Settling, Step, Value, module, print_line,
};
use std::cell::Cell;
use std::rc::Rc;

module!("manifest.hcl");

fn say(text: &str) -> Result<(), Fault> {
    print_line(text).map_err(|error| Fault::new("other", error.to_string()))
}

/// One step after the other.
pub struct Line {
    opened_by: Cell<Option<&'static Info>>,
    metrics: AssetMetrics,
}

impl Asset for Line {
    const SETTLES: bool = true;

    type Inputs = line::Inputs;
    type Uses = line::Uses;
    type Ready = ();
    type Exports = line::Exports;

    fn prepare(_: &Prepare<'_>, _: &line::Inputs) -> Result<(), Fault> {
        Ok(())
    }

    async fn create(cx: AssetCx, _: Rc<()>, _: line::Uses, _: line::Inputs) -> Result<Self, Fault> {
        Ok(Self { opened_by: Cell::new(None), metrics: cx.metrics() })
    }

    fn exports(&self) -> line::Exports {
        line::Exports {}
    }

    async fn settle(&self, end: &Settling<'_>) -> Result<(), Fault> {
        if let Some(by) = self.opened_by.take() {
            end.left_open("transaction", by);
            self.metrics.add(line::Metric::LEFT_OPEN, 1);
            say("rolled back")?;
        }
        Ok(())
    }

    async fn destroy(self) -> Result<(), Fault> {
        Ok(())
    }
}

/// Any number of them.
pub struct Lines;

impl Asset for Lines {
    type Inputs = lines::Inputs;
    type Uses = lines::Uses;
    type Ready = ();
    type Exports = lines::Exports;

    fn prepare(_: &Prepare<'_>, _: &lines::Inputs) -> Result<(), Fault> {
        Ok(())
    }

    async fn create(_: AssetCx, _: Rc<()>, _: lines::Uses, _: lines::Inputs) -> Result<Self, Fault> {
        Ok(Self)
    }

    fn exports(&self) -> lines::Exports {
        lines::Exports {}
    }

    async fn destroy(self) -> Result<(), Fault> {
        Ok(())
    }
}

/// Begins a transaction.
pub struct LineOpen;

impl Runner for LineOpen {
    type Inputs = line_open::Inputs;
    type Late<'a> = line_open::Late;
    type Uses<'a> = line_open::Uses<'a>;
    type Wanted = line_open::Wanted;
    type Output = line_open::Output;

    fn prepare(_: &Prepare<'_>, _: line_open::Inputs, _: line_open::Wanted) -> Result<Self, Fault> {
        Ok(Self)
    }

    async fn run<'a>(
        &'a self,
        step: &'a Step<'_>,
        uses: line_open::Uses<'a>,
        _: &'a [line_open::Late],
    ) -> Result<line_open::Output, Fault> {
        if let line_open::LineAsset::Line(line) = uses.line
            && line.opened_by.replace(Some(step.info())).is_some()
        {
            return Err(Fault::new("open", "it is open already"));
        }
        Ok(line_open::Output {})
    }
}

/// Ends it.
pub struct LineClose;

impl Runner for LineClose {
    type Inputs = line_close::Inputs;
    type Late<'a> = line_close::Late;
    type Uses<'a> = line_close::Uses<'a>;
    type Wanted = line_close::Wanted;
    type Output = line_close::Output;

    fn prepare(_: &Prepare<'_>, _: line_close::Inputs, _: line_close::Wanted) -> Result<Self, Fault> {
        Ok(Self)
    }

    async fn run<'a>(
        &'a self,
        _: &'a Step<'_>,
        uses: line_close::Uses<'a>,
        _: &'a [line_close::Late],
    ) -> Result<line_close::Output, Fault> {
        if let line_close::LineAsset::Line(line) = uses.line {
            line.opened_by.set(None);
            say("committed")?;
        }
        Ok(line_close::Output {})
    }
}

/// Says a word. One that is "no" fails, and "wait" is never said.
pub struct LineUse {
    inputs: line_use::Inputs,
}

impl Runner for LineUse {
    type Inputs = line_use::Inputs;
    type Late<'a> = line_use::Late<'a>;
    type Uses<'a> = line_use::Uses<'a>;
    type Wanted = line_use::Wanted;
    type Output = line_use::Output;

    fn prepare(_: &Prepare<'_>, inputs: line_use::Inputs, _: line_use::Wanted) -> Result<Self, Fault> {
        Ok(Self { inputs })
    }

    async fn run<'a>(
        &'a self,
        _: &'a Step<'_>,
        _: line_use::Uses<'a>,
        late: &'a [line_use::Late<'a>],
    ) -> Result<line_use::Output, Fault> {
        let word = self.inputs.with(late)?.word.map(|word| word.into_owned());
        let word = word.unwrap_or_default();
        match word.as_str() {
            "no" => return Err(Fault::new("refused", "nobody says this")),
            "wait" => {
                say("waiting")?;
                std::future::pending::<()>().await;
            }
            _ => say(&word)?,
        }
        Ok(line_use::Output { word: Value::from(word) })
    }
}

/// Does nothing: for grids that are only checked.
pub struct LineWait;

impl Runner for LineWait {
    type Inputs = line_wait::Inputs;
    type Late<'a> = line_wait::Late<'a>;
    type Uses<'a> = line_wait::Uses<'a>;
    type Wanted = line_wait::Wanted;
    type Output = line_wait::Output;

    fn prepare(_: &Prepare<'_>, _: line_wait::Inputs, _: line_wait::Wanted) -> Result<Self, Fault> {
        Ok(Self)
    }

    async fn run<'a>(
        &'a self,
        _: &'a Step<'_>,
        _: line_wait::Uses<'a>,
        _: &'a [line_wait::Late<'a>],
    ) -> Result<line_wait::Output, Fault> {
        Ok(line_wait::Output {})
    }
}

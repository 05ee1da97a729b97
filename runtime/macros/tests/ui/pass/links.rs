//! A module gets what a linked crate gives beside the input whose value links it, early and in a static.

use bggo_runtime::contract::{Asset, AssetCx, Early, Fault, Prepare, Runner, Step, Text, module};
use std::rc::Rc;

module!("pass/links.hcl");

#[derive(Debug)]
pub struct Link {
    pub number: fn() -> u32,
}

pub static LINK: Link = Link { number: || 3 };

pub struct Send {
    link: Option<&'static Link>,
}

impl Runner for Send {
    type Inputs = send::Inputs;
    type Late<'a> = send::Late<'a>;
    type Uses<'a> = send::Uses;
    type Wanted = send::Wanted;
    type Output = send::Output;

    fn prepare(_: &Prepare<'_>, inputs: send::Inputs, _: send::Wanted) -> Result<Self, Fault> {
        Ok(Self { link: inputs.way_link })
    }

    async fn run<'a>(&'a self, _: &'a Step<'_>, _: send::Uses, _: &'a [send::Late<'a>]) -> Result<send::Output, Fault> {
        assert_eq!(self.link.map(|link| (link.number)()), Some(3));
        Ok(send::Output {})
    }
}

pub struct Line;

impl Asset for Line {
    type Inputs = line::Inputs;
    type Uses = line::Uses;
    type Ready = Option<&'static Link>;
    type Exports = line::Exports;

    fn prepare(_: &Prepare<'_>, inputs: &line::Inputs) -> Result<Self::Ready, Fault> {
        Ok(inputs.way_link)
    }

    async fn create(_: AssetCx, link: Rc<Self::Ready>, _: line::Uses, _: line::Inputs) -> Result<Self, Fault> {
        assert!(link.is_none());
        Ok(Self)
    }

    fn exports(&self) -> line::Exports {
        line::Exports {}
    }

    async fn destroy(self) -> Result<(), Fault> {
        Ok(())
    }
}

static LINKED: [send::In; 2] = [
    send::In::Way(Early::Known(Some(Text::Static("other")))),
    send::In::WayLink(&LINK),
];
static PLAIN: [line::In; 1] = [line::In::Way(Early::Known(Some(Text::Static("own"))))];

fn main() {
    assert!(send::Inputs::defaults().way_link.is_none());
    assert!(line::Inputs::defaults().way_link.is_none());
    assert_eq!((LINKED.len(), PLAIN.len()), (2, 1));
}

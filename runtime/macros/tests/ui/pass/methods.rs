//! A method that a grid selects is known before a step runs, and the files that declare it are none of an asset's inputs.

use bggo_runtime::contract::{Asset, AssetCx, Early, Fault, Method, Prepare, Runner, Step, Text, module};
use std::rc::Rc;

module!("pass/methods.hcl");

pub struct Remote {}

impl Asset for Remote {
    type Inputs = remote::Inputs;
    type Uses = remote::Uses;
    type Ready = ();
    type Exports = remote::Exports;

    fn prepare(_: &Prepare<'_>, inputs: &remote::Inputs) -> Result<(), Fault> {
        let remote::Inputs { name: _ } = inputs;
        Ok(())
    }

    async fn create(_: AssetCx, _: Rc<()>, _: remote::Uses, _: remote::Inputs) -> Result<Self, Fault> {
        Ok(Self {})
    }

    fn exports(&self) -> remote::Exports {
        remote::Exports {}
    }

    async fn destroy(self) -> Result<(), Fault> {
        Ok(())
    }
}

pub struct Call(call::Inputs);

impl Runner for Call {
    type Inputs = call::Inputs;
    type Late<'a> = call::Late<'a>;
    type Uses<'a> = call::Uses<'a>;
    type Wanted = call::Wanted;
    type Output = call::Output;

    fn prepare(_: &Prepare<'_>, inputs: call::Inputs, _: call::Wanted) -> Result<Self, Fault> {
        Ok(Self(inputs))
    }

    async fn run<'a>(
        &'a self,
        _: &'a Step<'_>,
        _: call::Uses<'a>,
        late: &'a [call::Late<'a>],
    ) -> Result<call::Output, Fault> {
        let method: Method = self.0.with(late)?.method;
        Err(Fault::new("told", method.name))
    }
}

static MESSAGES: &[u8] = b"\x01";

fn main() {
    let method = Method {
        name: "shop.Cart/Add",
        client_streams: false,
        server_streams: true,
        table: MESSAGES,
    };
    let mut inputs = call::Inputs::defaults();
    assert_eq!(inputs.method, Early::Later);
    inputs.method = Early::Known(method);
    let plain = inputs.with(&[]).unwrap();
    assert_eq!(plain.method, method);
    assert!(plain.message.is_none());
    let _ = call::In::Method(Early::Known(method));
    let _ = remote::In::Name(Early::Known(Some(Text::Static("a"))));
}

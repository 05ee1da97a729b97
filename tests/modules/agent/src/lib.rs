//! A runner and an asset that use the client of the module `http_request`.

use bggo_module_http_request::HttpClient;
use bggo_runtime::contract::{Asset, AssetCx, Fault, Prepare, Runner, Step, Value, module};
use std::rc::Rc;

module!("manifest.hcl");

fn name(client: &HttpClient) -> Value {
    Value::from(client.user_agent().unwrap_or_default().to_owned())
}

/// Says what a client calls itself.
pub struct Agent;

impl Runner for Agent {
    type Inputs = agent::Inputs;
    type Late<'a> = agent::Late;
    type Uses<'a> = agent::Uses<'a>;
    type Wanted = agent::Wanted;
    type Output = agent::Output;

    fn prepare(_: &Prepare<'_>, _: agent::Inputs, _: agent::Wanted) -> Result<Self, Fault> {
        Ok(Self)
    }

    async fn run<'a>(
        &'a self,
        _: &'a Step<'_>,
        uses: agent::Uses<'a>,
        _: &'a [agent::Late],
    ) -> Result<agent::Output, Fault> {
        Ok(agent::Output { name: uses.client.map_or(Value::Null, name) })
    }
}

/// Stands on a client.
pub struct Visitor {
    name: Value,
}

impl Asset for Visitor {
    type Inputs = visitor::Inputs;
    type Uses = visitor::Uses;
    type Ready = ();
    type Exports = visitor::Exports;

    fn prepare(_: &Prepare<'_>, _: &visitor::Inputs) -> Result<(), Fault> {
        Ok(())
    }

    async fn create(_: AssetCx, _: Rc<()>, uses: visitor::Uses, _: visitor::Inputs) -> Result<Self, Fault> {
        Ok(Self { name: name(&uses.client) })
    }

    fn exports(&self) -> visitor::Exports {
        visitor::Exports { name: self.name.clone() }
    }

    async fn destroy(self) -> Result<(), Fault> {
        Ok(())
    }
}

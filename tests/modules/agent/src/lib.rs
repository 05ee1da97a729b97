//! Runners and assets that use those of other modules: the client of `http_request`, and what `probe` brings.

use bggo_module_http_request::HttpClient;
use bggo_runtime::contract::{
    Asset, AssetCx, Fault, Prepare, Runner, Step, Value, module, print_line,
};
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
        Ok(agent::Output {
            name: uses.client.map_or(Value::Null, name),
        })
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

    async fn create(
        _: AssetCx,
        _: Rc<()>,
        uses: visitor::Uses,
        _: visitor::Inputs,
    ) -> Result<Self, Fault> {
        Ok(Self {
            name: uses.client.as_deref().map_or(Value::Null, name),
        })
    }

    fn exports(&self) -> visitor::Exports {
        visitor::Exports {
            name: self.name.clone(),
        }
    }

    async fn destroy(self) -> Result<(), Fault> {
        Ok(())
    }
}

/// Gives its parcel away.
pub struct Courier {
    inputs: courier::Inputs,
}

impl Runner for Courier {
    type Inputs = courier::Inputs;
    type Late<'a> = courier::Late<'a>;
    type Uses<'a> = courier::Uses<'a>;
    type Wanted = courier::Wanted;
    type Output = courier::Output;

    fn prepare(
        _: &Prepare<'_>,
        inputs: courier::Inputs,
        _: courier::Wanted,
    ) -> Result<Self, Fault> {
        Ok(Self { inputs })
    }

    async fn run<'a>(
        &'a self,
        _: &'a Step<'_>,
        uses: courier::Uses<'a>,
        late: &'a [courier::Late<'a>],
    ) -> Result<courier::Output, Fault> {
        let parcel = self.inputs.with(late)?.parcel;
        match uses.to {
            Some(courier::ToAsset::Feed(feed)) => feed.offer(&parcel),
            Some(courier::ToAsset::Probe(probe)) => {
                let text = format!("probe {} gets {parcel}", probe.name());
                print_line(&text).map_err(|error| Fault::new("other", error.to_string()))?;
            }
            None => return Err(Fault::missing("to")),
        }
        Ok(courier::Output {})
    }
}

/// Stands on a feed or a probe.
pub struct Depot {
    on: Value,
}

impl Asset for Depot {
    type Inputs = depot::Inputs;
    type Uses = depot::Uses;
    type Ready = ();
    type Exports = depot::Exports;

    fn prepare(_: &Prepare<'_>, _: &depot::Inputs) -> Result<(), Fault> {
        Ok(())
    }

    async fn create(
        _: AssetCx,
        _: Rc<()>,
        uses: depot::Uses,
        _: depot::Inputs,
    ) -> Result<Self, Fault> {
        let on = match uses.on {
            depot::OnAsset::Probe(probe) => format!("probe {}", probe.name()),
            depot::OnAsset::Feed(_) => "a feed".to_owned(),
        };
        Ok(Self {
            on: Value::from(on),
        })
    }

    fn exports(&self) -> depot::Exports {
        depot::Exports {
            on: self.on.clone(),
        }
    }

    async fn destroy(self) -> Result<(), Fault> {
        Ok(())
    }
}

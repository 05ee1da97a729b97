//! The asset `http_target`: the server of the crate `bggo-target` inside the program, to try grids without another server.

use bggo_runtime::contract::{Asset, AssetCx, Fault, FaultText, Number, Prepare, module};
use bggo_target::Server;
use std::rc::Rc;

module!("manifest.hcl");

/// A server that lives as long as the run or the iteration.
pub struct HttpTarget {
    server: Server,
}

impl Asset for HttpTarget {
    type Inputs = http_target::Inputs;
    type Uses = http_target::Uses;
    type Ready = ();
    type Exports = http_target::Exports;

    fn prepare(_: &Prepare<'_>, _: &http_target::Inputs) -> Result<(), Fault> {
        Ok(())
    }

    async fn create(
        _: AssetCx,
        _: Rc<()>,
        _: http_target::Uses,
        inputs: http_target::Inputs,
    ) -> Result<Self, Fault> {
        let http_target::Inputs { listen } = inputs;
        let listen = listen
            .known()
            .ok_or_else(|| http_target::Error::Listen.fault("listen is not known"))?;
        let server = bggo_target::serve(listen.as_str()).map_err(|error| {
            http_target::Error::Listen.fault(
                FaultText::plain("cannot listen on ")
                    .and_value(listen)
                    .and(format_args!(": {error}")),
            )
        })?;
        Ok(Self { server })
    }

    fn exports(&self) -> http_target::Exports {
        let address = self.server.address();
        http_target::Exports {
            url: self.server.url().into(),
            address: address.to_string().into(),
            port: Number::from(u32::from(address.port())).into(),
        }
    }

    async fn destroy(self) -> Result<(), Fault> {
        self.server.stop();
        Ok(())
    }
}

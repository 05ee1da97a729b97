//! Sends HTTP requests by the crate reqwest, where a grid asks for that: to compare it with bggo's own transport.
//!
//! ```text
//! Request -> Clients (reqwest) -> answer, or why there is none (fault)
//!               |-- names to addresses (resolve), connections counted (opened), bodies (sent)
//! ```

mod clients;
mod fault;
mod opened;
mod resolve;
mod sent;

use bggo_module_http_request::link::{Link, Linked, Remote, Settings};
use bggo_runtime::contract::{AssetCx, Fault};
use clients::Clients;
use std::rc::Rc;

/// What the module gets where a grid writes `transport = "reqwest"`.
pub static LINK: Link = Link {
    prepare: |_| Ok(Box::new(Reqwest)),
};

/// Its clients share nothing.
struct Reqwest;

impl Linked for Reqwest {
    fn open(&self, _: &AssetCx, settings: &Rc<Settings>) -> Result<Rc<dyn Remote>, Fault> {
        Ok(Rc::new(Clients::new(Rc::clone(settings))?))
    }
}

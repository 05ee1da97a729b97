//! HTTP requests: the runner `http_request`, the runner `http_events` for streams of events, and the asset `http_client` that
//! their requests share.
//!
//! ```text
//! arguments -> prepared (request: url, headers, body) -> runner -> exchange (redirects, cookies, limit) -> transport
//!                                                     '-> response (the outputs that the grid reads), or events
//! ask, upgrade: requests of other modules -> exchange, or a connection that speaks another protocol
//! ```

mod again;
mod ask;
mod asking;
mod auth;
mod body;
mod charset;
mod client;
mod cookies;
mod decompress;
mod events;
mod exchange;
mod expect;
mod fault;
mod fields;
mod hosts;
mod limit;
mod multipart;
mod origin;
mod phases;
mod prepared;
mod redirect;
mod request;
mod response;
mod runner;
mod target;
mod trace;
mod transport;
mod unjudged;
mod upgrade;

pub use ask::{Answer, Ask, AskBody, AskCounters, KeptAsk, Place};
pub use asking::Asking;
pub use client::HttpClient;
pub use events::HttpEvents;
pub use prepared::HttpRequest;
pub use transport::link::{self, Link};
pub use upgrade::{Upgrade, Upgraded};

bggo_runtime::contract::module!("manifest.hcl");

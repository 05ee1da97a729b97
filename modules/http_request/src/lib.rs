//! HTTP requests: the runner `http_request` and the asset `http_client` that its requests share.
//!
//! ```text
//! arguments -> prepared (request: url, headers, body) -> runner -> exchange (redirects, cookies, limit) -> transport
//!                                                     '-> response (the outputs that the grid reads)
//! ```

mod auth;
mod body;
mod calendar;
mod charset;
mod client;
mod cookies;
mod decompress;
mod exchange;
mod expect;
mod fault;
mod fields;
mod hosts;
mod multipart;
mod prepared;
mod redirect;
mod request;
mod response;
mod runner;
mod trace;
mod transport;

pub use client::HttpClient;
pub use prepared::HttpRequest;
pub use transport::link::{self, Link};

bggo_runtime::contract::module!("manifest.hcl");

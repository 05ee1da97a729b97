//! TLS: settings to a configuration, and the layer between the bytes of a socket and those of a protocol.

mod arguments;
mod certificate;
mod config;
mod explain;
mod identity;
mod layer;
mod pem;
mod records;
mod roots;
mod sessions;

pub use arguments::TlsArguments;
pub use config::{Tls, TlsSettings, TlsVersion};
pub use explain::explain;
pub use identity::Identity as TlsIdentity;
pub(crate) use layer::{Layer, Plain, speaks_tls};
pub use pem::Pem;
pub(crate) use sessions::Sessions;

#[cfg(test)]
mod tests;

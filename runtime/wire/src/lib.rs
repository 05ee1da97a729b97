//! One connection, driven from its user's own task: what every protocol of bggo stands on.
//!
//! ```text
//! Dialer -dial-> Wire -settle-> Home -lend-> Loan
//!                 |  out, flush: what is sent        (buf, on pieces of the thread's pool)
//!                 |  fill, peek, consume: what comes
//!                 |- tls: plain bytes to records and back, where the connection is secured
//!                 '- socket
//! ```
//!
//! A protocol knows bytes and answers; a wire knows sockets, buffers and time. Nothing is shared between connections: there is no
//! task, channel or lock between a protocol and its socket.
#![forbid(unsafe_code)]

mod buf;
mod dial;
mod home;
mod meter;
mod named;
mod pool;
mod shared;
mod socket;
mod tls;
mod trouble;
mod wire;

pub use buf::Buf;
pub use dial::{Address, Dialer, Dialled, Names, Proxy, Rules, Sources, Target};
pub use home::{Counts, Home, Loan};
pub use meter::Traffic;
pub use named::Named;
pub use shared::{Line, Opening, Waiting};
#[doc(hidden)]
pub use tls::explain as explain_tls;
pub use tls::{Tls, TlsIdentity, TlsSettings, TlsVersion};
pub use trouble::{Kind, Phase, Trouble};
pub use wire::{Idle, Look, Wire};

#[cfg(test)]
mod tests;

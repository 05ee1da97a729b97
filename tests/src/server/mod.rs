//! Real servers, each owned by a test: a free loopback port, a folder, a log; stopped when dropped.

mod certificates;
mod gate;
mod nginx;
mod raw;

pub use certificates::Certificates;
pub use gate::Gate;
pub use nginx::Nginx;
pub use raw::RawPeer;

use std::net::{Ipv4Addr, TcpListener};

/// A free loopback port.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener.local_addr().expect("an address").port()
}

//! Real servers, each owned by a test: a free loopback port, a folder, a log; stopped when dropped.

mod caddy;
mod certificates;
mod fault_proxy;
mod gate;
mod grpc;
mod interop;
mod kafka;
mod mongo;
mod nginx;
mod pgbouncer;
mod postgres;
mod rabbitmq;
mod raw;
mod redis;
mod redis_cluster;
mod secure;
mod slack;
mod socketio;
mod versitygw;
mod ws;

pub use caddy::Caddy;
pub use certificates::{Certificates, SelfSigned};
pub use fault_proxy::{Exchange, Fault, FaultProxy, Log, Plan, Speaks, Tally};
pub use gate::Gate;
pub use grpc::{GrpcServer, GrpcSetup};
pub use interop::InteropServer;
pub use kafka::{Kafka, KafkaSetup, Listener};
pub use mongo::Mongo;
pub use nginx::{Nginx, Setup};
pub use pgbouncer::Pgbouncer;
pub use postgres::{Postgres, program as postgres_program};
pub use rabbitmq::{Rabbitmq, Vhost};
pub use raw::RawPeer;
pub use redis::{Redis, RedisSetup};
pub use redis_cluster::RedisCluster;
pub use secure::SecureNginx;
pub use slack::{Posted, SlackWebhooks};
pub use socketio::{SocketioServer, SocketioSetup};
pub use versitygw::{Connections, Versitygw};
pub use ws::{WsServer, WsSetup};

use rustix::net::{AddressFamily, SocketAddrV4, SocketType, bind, getsockname, socket, sockopt};
use std::net::Ipv4Addr;
use std::os::fd::OwnedFd;
use std::sync::{Mutex, PoisonError};

/// A loopback port for a server that the test starts, and for nothing else while this process lives.
///
/// A bound socket that does not listen holds it: no other test and no outgoing connection is given that port, while a
/// server that allows the reuse of addresses, as all do, can bind it. Who connects before is refused.
pub fn free_port() -> u16 {
    static HELD: Mutex<Vec<OwnedFd>> = Mutex::new(Vec::new());
    let hold = || -> rustix::io::Result<(OwnedFd, u16)> {
        let held = socket(AddressFamily::INET, SocketType::STREAM, None)?;
        sockopt::set_socket_reuseaddr(&held, true)?;
        bind(&held, &SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0))?;
        let port = SocketAddrV4::try_from(getsockname(&held)?)?.port();
        Ok((held, port))
    };
    let (held, port) = hold().expect("a free port");
    HELD.lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push(held);
    port
}

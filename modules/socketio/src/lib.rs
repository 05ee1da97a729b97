//! Socket.IO (protocol 5) over Engine.IO (protocol 4) and WebSocket: the asset `socketio_client`, the runners that emit, ask and wait
//! with it, and the runner `socketio` that does all in one step.
//!
//! ```text
//! url -place-> handshake (websocket: Connect) -connect-> Socket: session, inbox of events, who waits
//! emit, request, wait -Waits-> Socket -> engine (ping, message) -> packet (event, ack) -> attachments
//! ```

mod attachments;
mod client;
mod connect;
mod emit;
mod engine;
mod kinds;
mod malformed;
mod once;
mod owner;
mod packet;
mod payload;
mod place;
mod polling;
mod request;
mod settings;
mod shown;
mod socket;
mod wait;
mod waits;

pub use client::SocketioClient;
pub use emit::SocketioEmit;
pub use once::Socketio;
pub use request::SocketioRequest;
pub use wait::SocketioWait;

bggo_runtime::contract::module!("manifest.hcl");

//! WebSocket sessions: the asset `websocket`, and the runners that send, receive, ask, ping and close.
//!
//! ```text
//! websocket: url -handshake (client of http_request)-> Session: wire, reader, inbox
//! send, receive, request, ping, close -Operation-> Session -> frame (head, mask), reader (messages), deflate
//! ```
//!
//! A protocol on top of it, as that of Socket.IO, opens a session by [`Connect`] and drives it by [`Operation`]s.

mod close;
mod closes;
mod connect;
mod content;
mod deflate;
mod ended;
mod frame;
mod handshake;
mod matching;
mod ping;
mod reader;
mod receive;
mod request;
mod send;
mod session;
mod shown;
mod socket;
mod violation;
mod waits;

pub use close::Closing;
pub use closes::WebsocketClose;
pub use connect::{Connect, Connected};
pub use frame::Compression;
pub use ping::WebsocketPing;
pub use receive::WebsocketReceive;
pub use request::WebsocketRequest;
pub use send::WebsocketSend;
pub use session::{
    Content, Message, MessageCounters, Operation, Outgoing, Packed, Rules, Session, SessionContext,
    SessionCounters, Wants,
};
pub use socket::Websocket;

bggo_runtime::contract::module!("manifest.hcl");

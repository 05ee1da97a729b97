//! WebSocket sessions: the asset `websocket`, and the runners that send, receive, ask, ping and close.
//!
//! ```text
//! websocket: url -handshake (client of http_request)-> Session: wire, reader, inbox
//! send, receive, request, ping, close -Operation-> Session -> frame (head, mask), reader (messages), deflate
//! ```

mod close;
mod closes;
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

pub use closes::WebsocketClose;
pub use ping::WebsocketPing;
pub use receive::WebsocketReceive;
pub use request::WebsocketRequest;
pub use send::WebsocketSend;
pub use socket::Websocket;

bggo_runtime::contract::module!("manifest.hcl");

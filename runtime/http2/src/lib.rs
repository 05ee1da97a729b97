//! HTTP/2 as a client speaks it (RFC 9113, RFC 7541): bytes to answers, requests to bytes. There is no input and no output here, no
//! clock and no task.
//!
//! ```text
//! Block: fields --> bytes, which are the same on every connection
//! Connection: open, send, ping, close ------> bytes to be sent
//!             receive(bytes that came) -----> Event: Head, Data, End, Trailers, Reset, Failed, Room, Pong, GoesAway
//!             put_replies ------------------> acknowledgements, windows, ends of streams
//! ```
//!
//! ```
//! use bggo_http2::{Asking, Block, Connection, Ends, Event, Head, Limits, Rules};
//!
//! let rules = Rules {
//!     limits: Limits { fields: 100, bytes: 16 << 10 },
//!     stream_window: 1 << 20,
//!     connection_window: 1 << 20,
//! };
//! let mut out = Vec::new();
//! let mut connection = Connection::new(rules, &mut out);
//! let mut block = Block::new();
//! block.begin("GET", "http", ("a.test", "/"));
//! let asking = Asking { block: [block.bytes(), &[]], has_body: false, is_head: false };
//! let key = connection.open(&asking, &mut out).unwrap();
//! assert!(out.starts_with(b"PRI * HTTP/2.0\r\n"));
//!
//! // Settings, a head with `:status: 200`, and a body that ends the answer.
//! let came = b"\0\0\0\x04\0\0\0\0\0\0\0\x01\x01\x04\0\0\0\x01\x88\0\0\x02\0\x01\0\0\0\x01ok";
//! let (mut head, mut at, mut events) = (Head::new(), 0, Vec::new());
//! while at < came.len() {
//!     let received = connection.receive(&came[at..], &mut head).unwrap();
//!     at += received.taken;
//!     events.push(received.event);
//! }
//! assert_eq!(events, [Event::Room, Event::Head(key, Ends::No), Event::Data(key, 2, Ends::Yes)]);
//! assert_eq!(head.status(), 200);
//! ```
//!
//! It is strict: whatever the standard calls an error is one, of the stream or of the connection as it says (see [`Bad`]), but for
//! what still comes for streams that are closed, which is dropped. Everything has a bound: heads, interim heads, windows, pieces of
//! a head, frames that carry nothing. What the server is owed has none of its own, so whoever drives a connection reads no more
//! while much is unsent.

#![forbid(unsafe_code)]

mod bad;
mod block;
mod code;
mod connection;
mod decode;
mod frame;
#[doc(hidden)]
pub mod fuzz;
mod head;
pub mod huffman;
mod integer;
mod sink;
mod stream;
mod table;

pub use bad::Bad;
pub use block::{Block, Keeping};
pub use code::Code;
pub use connection::{Asking, Connection, Event, Received, Room, Rules};
pub use head::{Head, Limits, is_of_connection};
pub use sink::Sink;
pub use stream::{Ends, Key};

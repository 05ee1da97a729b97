//! The grammar of HTTP/1: bytes to meaning. There is no input and no output here, and nothing is allocated but the values of
//! folded fields.
//!
//! ```text
//! bytes that have come --read--> Head { status, framing, keeps, notable, size }     fields(&bytes[..size]) -> name, value
//!                      --read_request--> RequestHead { method, target, framing, .. }
//! a chunked body       --Chunks::step--> how many bytes are framing, and how many bytes of the body follow
//! ```
//!
//! ```
//! use bggo_http1::{Asked, Framing, Limits, Progress, fields, read};
//!
//! let limits = Limits { fields: 100, bytes: 16 << 10 };
//! let mut progress = Progress::new();
//! let first = b"HTTP/1.1 200 OK\r\nContent-Len";
//! assert_eq!(read(first, &mut progress, &Asked::default(), &limits), Ok(None));
//!
//! let all = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
//! let head = read(all, &mut progress, &Asked::default(), &limits).unwrap().unwrap();
//! assert_eq!((head.status, head.framing, head.keeps), (200, Framing::Length(5), true));
//! let (name, value) = fields(&all[..head.size]).next().unwrap();
//! assert_eq!((name, &*value), (&b"Content-Length"[..], &b"5"[..]));
//! ```
//!
//! It is strict where two readers could understand a message differently: see [`Bad`]. It is lenient where it is clear what is
//! meant: a line feed alone ends a line of a head, a reason may be missing, lines may be folded.

#![forbid(unsafe_code)]

mod answer;
mod bad;
mod block;
mod chunks;
mod field;
mod fields;
mod framing;
#[doc(hidden)]
pub mod fuzz;
mod lines;
mod request;

pub use answer::{Asked, Head, Progress, read};
pub use bad::Bad;
pub use chunks::{Chunks, Next, Piece};
pub use field::Notable;
pub use fields::{Fields, fields};
pub use framing::Framing;
pub use lines::Limits;
pub use request::{RequestHead, RequestProgress, read_request};

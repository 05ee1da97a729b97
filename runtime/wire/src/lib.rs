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
//! A protocol knows bytes and answers; a wire knows sockets, buffers and TLS. Nothing is shared between connections: there is no
//! task, channel or lock between a protocol and its socket.
//!
//! # A protocol
//!
//! The asset of a module keeps a [`Dialer`] and a [`Home`]; its runner takes a connection, sends, reads and says that the answer is
//! paid. This is all of Redis' PING, over TCP, a unix socket or TLS:
//!
//! ```
//! use bggo_runtime::contract::{AssetCx, Fault};
//! use bggo_wire::{Address, Dialer, Home, Loan, Look, Named, Rules, Target};
//! use std::rc::Rc;
//!
//! /// The longest line that is read.
//! const LINE: usize = 64 << 10;
//!
//! struct Redis {
//!     dialer: Dialer,
//!     home: Home,
//! }
//!
//! impl Redis {
//!     fn new(cx: &AssetCx, rules: &Rc<Rules>) -> Self {
//!         Self { dialer: Dialer::new(cx, rules), home: Home::new() }
//!     }
//!
//!     async fn connection(&self, to: &Target<'_>) -> Result<Loan<'_>, Fault> {
//!         // There is one server, so one number for it.
//!         if let Some(idle) = self.home.lend_quiet(0, Look::Told) {
//!             return Ok(idle);
//!         }
//!         let (wire, _) = self.dialer.dial(to).await?;
//!         Ok(self.home.settle(0, wire))
//!     }
//!
//!     async fn ping(&self, to: &Target<'_>) -> Result<String, Fault> {
//!         let mut wire = self.connection(to).await?;
//!         wire.out().put(b"PING\r\n");
//!         wire.flush().await?;
//!         let end = wire.until(LINE, |came| came.windows(2).position(|two| two == b"\r\n")).await?;
//!         let line = String::from_utf8_lossy(&wire.peek()[..end]).into_owned();
//!         wire.consume(end + 2);
//!         wire.paid();
//!         match line.strip_prefix('-') {
//!             Some(error) => Err(Fault::new("answer", error.to_owned())),
//!             None => Ok(line),
//!         }
//!     }
//! }
//! # // A server that keeps its connections, and how often it was called.
//! # fn server() -> (u16, std::thread::JoinHandle<usize>) {
//! #     use std::io::{BufRead, BufReader, Write};
//! #     let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
//! #     let port = listener.local_addr().unwrap().port();
//! #     let serving = std::thread::spawn(move || {
//! #         let (mut stream, _) = listener.accept().unwrap();
//! #         let lines = BufReader::new(stream.try_clone().unwrap()).lines();
//! #         let answered = lines.map(|line| {
//! #             assert_eq!(line.unwrap(), "PING");
//! #             stream.write_all(b"+PO").unwrap();
//! #             stream.write_all(b"NG\r\n").unwrap();
//! #         });
//! #         answered.count()
//! #     });
//! #     (port, serving)
//! # }
//! # let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
//! # let local = tokio::task::LocalSet::new();
//! # local.block_on(&runtime, async {
//! # let (port, serving) = server();
//! # let cx = AssetCx::alone(&Rc::new(bggo_runtime::contract::testing::WorkerContext::alone().unwrap()));
//!
//! let redis = Redis::new(&cx, &Rc::new(Rules::default()));
//! let to = Target {
//!     address: Address::Host { name: "127.0.0.1", port },
//!     secure: None,
//!     named: Named::Open,
//! };
//! assert_eq!(redis.ping(&to).await?, "+PONG");
//! assert_eq!(redis.ping(&to).await?, "+PONG");
//! // Both went over the same connection.
//! assert_eq!(redis.home.idle(0), 1);
//! # drop(redis);
//! # assert_eq!(serving.join().unwrap(), 2);
//! # Ok::<(), Fault>(())
//! # }).unwrap();
//! ```
//!
//! - **Answers are owed.** A flush owes an answer until [`Wire::paid`] says that it came whole. A [`Loan`] that is dropped before
//!   that, because its step failed, was cancelled or took too long, closes its connection: no answer can reach the next step.
//! - **Ends.** After an orderly goodbye the loan is [`Loan::spent`]. [`Loan::keep`] takes the wire out of its home, with whatever
//!   stands in [`Wire::peek`], for a protocol that begins on it (an upgrade) or keeps it for several steps (a session).
//! - **TLS** begins with the connection if the [`Target`] says so, or later by [`Dialer::secure`] (STARTTLS). How it is spoken is
//!   in [`Rules::tls`].
//! - **Faults.** `?` turns a [`Trouble`] into a fault of the module with the name of its [`Kind`], so the manifest names these
//!   kinds and those of the protocol itself.
//! - **Time.** Only dialling has a limit here. A step has one for all that it does; a runner that has one of its own does its exchange
//!   [`within`] it, and drops the exchange when it passes.
//! - **Once more.** A server may close an idle connection when it likes. What may be repeated is sent once more if the wire
//!   [was used before](Wire::is_reused) and ended (`Closed` or `Reset`) before a byte of the answer. For what must not be sent
//!   twice, [`Look::Ask`] finds out before.
//! - **One at a time.** Where answers come in the order of the questions, or a session has a state, steps that run side by side take
//!   [`Turns`].
//! - **Messages that nobody asked for**, such as those of a session, wait in an [`Inbox`] with limits. A connection that does nothing but
//!   listen is a [`Listening`], from which steps take what matches.
//! - **Idle connections** are looked after by [`Home::poll_idle`], in the asset's own `poll_idle`.
#![forbid(unsafe_code)]

mod buf;
mod dial;
mod home;
mod inbox;
mod limit;
mod listening;
mod meter;
mod named;
mod pool;
mod shared;
mod socket;
mod stamped;
mod tls;
mod trouble;
mod turns;
mod wire;

pub use buf::Buf;
pub use dial::{Address, Dialer, Dialled, Dialling, Names, Proxy, Rules, Sources, Target};
#[doc(hidden)]
pub use dial::{KeptNames, MOST_NAMES};
pub use home::{Counts, Home, Loan};
pub use inbox::{Inbox, InboxLimits, OnFull};
pub use limit::{KeepsDeadline, KeptDeadline, Within, within};
pub use listening::{Came, Keeps, Listening, Listens, Taken};
pub use meter::{Meter, Traffic};
pub use named::Named;
pub use shared::{Line, Opening, Waiting};
pub use stamped::{stamped, unstamped};
#[doc(hidden)]
pub use tls::explain as explain_tls;
pub use tls::{Pem, Tls, TlsArguments, TlsIdentity, TlsSettings, TlsVersion};
pub use trouble::{Kind, Phase, Trouble};
pub use turns::{Turn, Turns};
pub use wire::{Idle, Look, Wire};

#[cfg(test)]
mod tests;

//! gRPC: the asset `grpc_client` with the runner `grpc_request`, and streams that last over steps.
//!
//! ```text
//! grpc_client: target -dial (bggo-wire)-> Channel: a connection (bggo-http2) and the calls on it
//! grpc_request: head, messages -Codec, framing-> Call -> Slot: messages, status -outcome-> outputs
//! grpc_stream: Call; grpc_send, grpc_receive, grpc_close use it
//! ```

mod channel;
mod client;
mod close;
mod codec;
mod ended;
mod framing;
mod head;
mod limit;
mod outcome;
mod receive;
mod request;
mod send;
mod shown;
mod status;
mod stream;

pub use client::GrpcClient;
pub use close::GrpcClose;
pub use receive::GrpcReceive;
pub use request::GrpcRequest;
pub use send::GrpcSend;
pub use stream::GrpcStream;

bggo_runtime::contract::module!("manifest.hcl");

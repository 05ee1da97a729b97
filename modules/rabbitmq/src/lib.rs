//! RabbitMQ: the asset `rabbitmq_connection`, with runners that publish, consume, get, request, acknowledge and declare.
//!
//! ```text
//! rabbitmq_connection: url -dial (bggo-wire), login-> Session: channels, operations, what came
//!   of scope worker: a task drives the Session, and each user has a Lane of channels
//! rabbitmq_publish: properties, body -Outgoing-> frames -> Window <- confirms
//! rabbitmq_consume: Subscription -> a channel with an inbox <- Partial, Message <- frames
//! ```

mod ack;
mod bind;
mod channel;
mod codec;
mod connection;
mod consume;
mod declare;
mod delete;
mod exchange;
mod frame;
mod get;
mod message;
mod method;
mod opening;
mod operations;
mod outcome;
mod properties;
mod publish;
mod publish_batch;
mod publishing;
mod request;
mod session;
mod shared;
mod shown;
mod url;
mod window;

pub use ack::RabbitmqAck;
pub use bind::{RabbitmqBind, RabbitmqUnbind};
pub use connection::RabbitmqConnection;
pub use consume::RabbitmqConsume;
pub use declare::{RabbitmqDeclareExchange, RabbitmqDeclareQueue};
pub use delete::{RabbitmqDeleteExchange, RabbitmqDeleteQueue, RabbitmqPurgeQueue};
pub use get::RabbitmqGet;
pub use publish::RabbitmqPublish;
pub use publish_batch::RabbitmqPublishBatch;
pub use request::RabbitmqRequest;

bggo_runtime::contract::module!("manifest.hcl");

//! Groups: who of the members of a group reads which partitions, and how far the group has come.
//!
//! ```text
//! classic: JoinGroup -> one member shares out (assignors, by Subscriptions) -> SyncGroup -> partitions; Heartbeat until the group changes
//! modern:  ConsumerGroupHeartbeat: the broker shares out and says so
//! coordinator: the broker that keeps a group: offsets are committed and asked for there
//! ```

mod assignors;
mod classic;
mod coordinator;
mod modern;
mod offsets;
mod subscription;

pub(crate) use classic::{leave, membership};
pub(crate) use coordinator::group;
pub(crate) use modern::{leave_modern, membership_modern};
pub(crate) use offsets::{Offset, commit_taken, commit_with_earlier};

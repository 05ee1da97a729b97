//! The broker that keeps a group.

use crate::connection::Connection;
use crate::consuming::{Core, GroupSettings};
use crate::kafka_consumer::Error as Kind;
use crate::outcome::Code;
use bggo_runtime::contract::Fault;
use kafka_protocol::messages::{ApiKey, FindCoordinatorRequest};
use kafka_protocol::protocol::StrBytes;
use std::rc::Rc;

/// The settings of the group.
///
/// # Errors
/// The consumer is in none.
pub(crate) fn group(core: &Core) -> Result<&GroupSettings, Fault> {
    let group = core.settings.group.as_ref();
    group.ok_or_else(|| Kind::Settings.fault("the consumer is in no group: give group_id"))
}

/// Whether an error says that the coordinator is another one by now, or not ready yet.
pub(crate) fn is_of_coordinator(code: Code) -> bool {
    // COORDINATOR_LOAD_IN_PROGRESS, COORDINATOR_NOT_AVAILABLE, NOT_COORDINATOR
    matches!(code.0, 14..=16)
}

/// A new connection to the coordinator. `None` if there is none yet, as the group is the first of its cluster.
///
/// # Errors
/// No broker answers, the consumer may not read the group, or there is no connection.
pub(crate) async fn open(core: &Core) -> Result<Option<Rc<Connection>>, Fault> {
    let key = StrBytes::from_string(group(core)?.id.clone());
    let any = core.cluster.any().await;
    core.count_opened();
    let any = any?;
    let version = any.version(ApiKey::FindCoordinator, 0, 4)?;
    let request = match version {
        4.. => FindCoordinatorRequest::default().with_coordinator_keys(vec![key]),
        _ => FindCoordinatorRequest::default().with_key(key),
    };
    let answer = any.ask_in(&request, version);
    let answer = core.cluster.in_time(&any, answer).await?;
    let (code, host, port) = match answer.coordinators.first() {
        Some(found) => (found.error_code, &found.host, found.port),
        None => (answer.error_code, &answer.host, answer.port),
    };
    if let Some(code) = Code::of(code) {
        return match is_of_coordinator(code) {
            true => Ok(None),
            false => Err(code.fault(None)),
        };
    }
    let port = u16::try_from(port).unwrap_or(0);
    let opened = core.cluster.open_at(host, port).await;
    core.count_opened();
    opened.map(Some)
}

/// The connection on which offsets are committed and asked for, apart from the one on which the member may have to wait for others.
///
/// # Errors
/// See [`open`].
pub(crate) async fn connection(core: &Core) -> Result<Rc<Connection>, Fault> {
    let there = core.coordinator.borrow().clone();
    if let Some(there) = there.filter(|there| !there.is_over()) {
        return Ok(there);
    }
    loop {
        if let Some(opened) = open(core).await? {
            core.coordinator.replace(Some(Rc::clone(&opened)));
            return Ok(opened);
        }
        core.pause_after_failure().await;
    }
}

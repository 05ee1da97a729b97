//! The classic protocol: all members join, one of them shares out, and each hears what it gets. They say regularly that they are there.

use crate::connection::Connection;
use crate::consuming::{Core, GroupSettings, Partition};
use crate::group::assignors::{Subscription, TopicPartition, share_out};
use crate::group::coordinator::{group, is_of_coordinator, open};
use crate::group::offsets::{commit_taken, places};
use crate::group::subscription::{
    decode_share, decode_subscription, encode_share, encode_subscription,
};
use crate::kafka_consumer::{Error as Kind, Metric};
use crate::outcome::Code;
use bggo_runtime::contract::{Fault, Text};
use bytes::Bytes;
use kafka_protocol::messages::join_group_request::JoinGroupRequestProtocol;
use kafka_protocol::messages::leave_group_request::MemberIdentity;
use kafka_protocol::messages::sync_group_request::SyncGroupRequestAssignment;
use kafka_protocol::messages::{
    GroupId, HeartbeatRequest, JoinGroupRequest, JoinGroupResponse, LeaveGroupRequest,
    SyncGroupRequest,
};
use kafka_protocol::protocol::StrBytes;
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::rc::Rc;
use std::time::Duration;

/// What is said of members that read topics.
const CONSUMER: &str = "consumer";

/// Why a member begins anew.
enum Again {
    /// The group changes: it joins again, as the member that it is.
    Changes,
    /// The group knows it no more, or not under this name: it joins as a new one.
    Forgotten,
    /// The coordinator is another broker, or is not ready.
    Moved,
    /// Something does not work.
    Failed(Fault),
    /// It is of no use any more.
    Over(Fault),
}

impl From<Fault> for Again {
    fn from(fault: Fault) -> Self {
        Self::Failed(fault)
    }
}

/// Is a member for as long as the consumer lives.
pub(crate) async fn membership(core: Rc<Core>) -> Fault {
    core.member.borrow_mut().generation = -1;
    loop {
        match keep_up(&core).await {
            Again::Changes => core.member.borrow_mut().has_share = false,
            Again::Forgotten => forget(&core),
            Again::Moved => core.pause_after_failure().await,
            Again::Failed(fault) => {
                core.is_troubled(fault);
                core.pause_after_failure().await;
            }
            Again::Over(fault) => {
                core.member.borrow_mut().has_joined = false;
                return fault;
            }
        }
    }
}

/// It has no partitions and no name.
fn forget(core: &Core) {
    core.assigned.borrow_mut().partitions.clear();
    let mut member = core.member.borrow_mut();
    member.id.clear();
    member.generation = -1;
    member.has_share = false;
}

/// Joins, and joins again as often as the group changes. A connection that is lost changes nothing about the group.
async fn keep_up(core: &Core) -> Again {
    let kept = async {
        let Some(connection) = open(core).await? else {
            return Err(Again::Moved);
        };
        loop {
            let has_share = core.member.borrow().has_share;
            let again = match has_share {
                true => stay(core, group(core)?, &connection).await,
                false => join_and_share(core, &connection).await,
            };
            match again {
                Ok(()) => {}
                Err(Again::Changes) => core.member.borrow_mut().has_share = false,
                Err(again) => return Err(again),
            }
        }
    };
    let kept: Result<Infallible, Again> = kept.await;
    let Err(again) = kept;
    again
}

fn text(text: &str) -> StrBytes {
    StrBytes::from_string(text.to_owned())
}

fn millis(time: Duration) -> i32 {
    i32::try_from(time.as_millis()).unwrap_or(i32::MAX)
}

fn is_cooperative(group: &GroupSettings) -> bool {
    &*group.assignor == "cooperative_sticky"
}

/// The name of an assignor as members know it.
fn protocol(assignor: &str) -> &'static str {
    match assignor {
        "round_robin" => "roundrobin",
        "cooperative_sticky" => "cooperative-sticky",
        _ => "range",
    }
}

/// What a coordinator says no member may go on with.
fn checked(code: i16) -> Result<(), Again> {
    let Some(code) = Code::of(code) else {
        return Ok(());
    };
    Err(match code.0 {
        // REBALANCE_IN_PROGRESS
        27 => Again::Changes,
        // ILLEGAL_GENERATION, UNKNOWN_MEMBER_ID
        22 | 25 => Again::Forgotten,
        // FENCED_INSTANCE_ID, INVALID_GROUP_ID, INCONSISTENT_GROUP_PROTOCOL, INVALID_SESSION_TIMEOUT, GROUP_MAX_SIZE_REACHED
        82 | 24 | 23 | 26 | 81 => Again::Over(code.fault(None)),
        // UNSUPPORTED_VERSION and those of authorization
        29 | 30 | 35 => Again::Over(code.fault(None)),
        _ if is_of_coordinator(code) => Again::Moved,
        _ => Again::Failed(code.fault(None)),
    })
}

/// Joins, and takes its share over.
async fn join_and_share(core: &Core, connection: &Connection) -> Result<(), Again> {
    let group = group(core)?;
    let begun = core.cluster.clock().now();
    if !is_cooperative(group) && core.member.borrow().has_joined {
        // What it has may be somebody else's when all have joined.
        commit_before_loss(core).await;
        core.assigned.borrow_mut().partitions.clear();
    }
    core.shares_anew.set(false);
    core.shared_out.take();
    let joined = join(core, group, connection).await?;
    let protocol = joined.protocol_name.clone().unwrap_or_default();
    {
        let mut member = core.member.borrow_mut();
        member.id = joined.member_id.to_string();
        member.generation = joined.generation_id;
    }
    let assignments = match joined.leader == joined.member_id {
        true => shares(core, group, &joined).await?,
        false => Vec::new(),
    };
    let member = core.member.borrow().clone();
    let request = SyncGroupRequest::default()
        .with_group_id(GroupId(text(&group.id)))
        .with_generation_id(member.generation)
        .with_member_id(text(&member.id))
        .with_group_instance_id(group.instance_id.as_deref().map(text))
        .with_protocol_type(Some(text(CONSUMER)))
        .with_protocol_name(Some(protocol))
        .with_assignments(assignments);
    let synced = connection.ask(&request);
    let synced = core.cluster.in_time(connection, synced).await?;
    checked(synced.error_code)?;
    let share = decode_share(synced.assignment)
        .ok_or_else(|| Kind::Protocol.fault("what the group gave is no share of partitions"))?;
    let has_let_go = take_over(core, &share).await?;
    core.metrics.add(Metric::REBALANCES, 1);
    core.metrics
        .record_time(Metric::JOIN_TIME, core.cluster.clock().now() - begun);
    {
        let mut member = core.member.borrow_mut();
        member.has_joined = true;
        // If it has let something go, others wait for that: it joins once more.
        member.has_share = !has_let_go;
    }
    core.works();
    core.wake();
    Ok(())
}

/// Commits what was taken, if the settings ask for it. That it does not work is no failure of anything: the records come again.
async fn commit_before_loss(core: &Core) {
    if core.settings.commits_itself {
        let _ = commit_taken(core).await;
    }
}

/// The partitions that it has.
fn owned(core: &Core) -> Vec<TopicPartition> {
    let assigned = core.assigned.borrow();
    let owned = assigned
        .partitions
        .iter()
        .map(|partition| (partition.topic.to_string(), partition.number));
    owned.collect()
}

async fn join(
    core: &Core,
    group: &GroupSettings,
    connection: &Connection,
) -> Result<JoinGroupResponse, Again> {
    let topics: Vec<String> = core.settings.topics.iter().map(Text::to_string).collect();
    let (owned, generation) = match is_cooperative(group) {
        true => (owned(core), core.member.borrow().generation),
        false => (Vec::new(), -1),
    };
    let metadata = encode_subscription(&topics, &owned, generation)
        .ok_or_else(|| Kind::Settings.fault("the name of a topic is too long"))?;
    loop {
        let protocol = JoinGroupRequestProtocol::default()
            .with_name(text(protocol(&group.assignor)))
            .with_metadata(metadata.clone());
        let request = JoinGroupRequest::default()
            .with_group_id(GroupId(text(&group.id)))
            .with_session_timeout_ms(millis(group.session_timeout))
            .with_rebalance_timeout_ms(millis(group.max_poll_interval))
            .with_member_id(text(&core.member.borrow().id))
            .with_group_instance_id(group.instance_id.as_deref().map(text))
            .with_protocol_type(text(CONSUMER))
            .with_protocols(vec![protocol]);
        // It is answered when all members have joined, which they may take their time for.
        let limit = group.max_poll_interval + core.settings.cluster.request_timeout;
        let answer = connection.ask(&request);
        let answer = core.cluster.in_time_of(limit, connection, answer).await?;
        // MEMBER_ID_REQUIRED: it has a name now, under which it joins.
        if answer.error_code == 79 {
            core.member.borrow_mut().id = answer.member_id.to_string();
            continue;
        }
        checked(answer.error_code)?;
        return Ok(answer);
    }
}

/// As the member that shares out: what each member gets.
async fn shares(
    core: &Core,
    group: &GroupSettings,
    joined: &JoinGroupResponse,
) -> Result<Vec<SyncGroupRequestAssignment>, Again> {
    if joined.skip_assignment {
        return Ok(Vec::new());
    }
    let members = joined.members.iter().map(|member| {
        let said = decode_subscription(&member.member_id, member.metadata.clone())?;
        Some(Subscription {
            instance_id: member.group_instance_id.as_ref().map(ToString::to_string),
            ..said
        })
    });
    let members = members
        .collect::<Option<Vec<Subscription>>>()
        .ok_or_else(|| {
            Kind::Protocol.fault("what a member of the group wants cannot be understood")
        })?;
    let mut names: Vec<&str> = members
        .iter()
        .flat_map(|member| member.topics.iter().map(String::as_str))
        .collect();
    names.sort_unstable();
    names.dedup();
    let answers = core.cluster.topics(&names).await?;
    let mut topics = BTreeMap::new();
    for (name, answer) in names.iter().zip(answers) {
        match answer {
            Ok(known) => {
                let count = i32::try_from(known.partitions.len()).unwrap_or(i32::MAX);
                topics.insert((*name).to_owned(), count);
            }
            // A topic that it wants itself has to be there; others may wait for theirs.
            Err(code) if core.settings.topics.iter().any(|topic| **topic == **name) => {
                return Err(Again::Failed(code.of_topic(name)));
            }
            Err(_) => {}
        }
    }
    let shares = share_out(&group.assignor, &members, &topics);
    core.shared_out.replace(topics);
    let assignments = members.iter().zip(&shares).map(|(member, share)| {
        let share = encode_share(share).unwrap_or_default();
        SyncGroupRequestAssignment::default()
            .with_member_id(text(&member.member))
            .with_assignment(Bytes::clone(&share))
    });
    Ok(assignments.collect())
}

/// Lets go what is in its share no more, and begins with what is new in it. Whether it has let something go that others wait for.
///
/// # Errors
/// The coordinator does not say where to begin.
pub(crate) async fn take_over(core: &Core, share: &[TopicPartition]) -> Result<bool, Fault> {
    let is_in = |partition: &Partition| {
        share
            .iter()
            .any(|(topic, number)| partition.is(topic, *number))
    };
    let lets_go = !core.assigned.borrow().partitions.iter().all(is_in);
    if lets_go {
        commit_before_loss(core).await;
        core.assigned.borrow_mut().keep(is_in);
    }
    let owned = owned(core);
    let new: Vec<TopicPartition> = share
        .iter()
        .filter(|partition| !owned.contains(partition))
        .cloned()
        .collect();
    let places = places(core, &new).await?;
    let mut assigned = core.assigned.borrow_mut();
    for ((topic, number), place) in new.into_iter().zip(places) {
        let partition = Partition::new(Text::from(topic), number, place);
        assigned.partitions.push(partition);
    }
    Ok(lets_go)
}

/// Says that it is there until the group changes.
async fn stay(core: &Core, group: &GroupSettings, connection: &Connection) -> Result<(), Again> {
    loop {
        core.cluster.pause(group.heartbeat_interval).await;
        if core.shares_anew.take() {
            return Err(Again::Changes);
        }
        if core.cluster.clock().now() - core.used.get() > group.max_poll_interval {
            rest(core, connection).await?;
            return Err(Again::Forgotten);
        }
        if core.settings.commits_itself {
            // Another attempt follows.
            let _ = commit_taken(core).await;
        }
        let member = core.member.borrow().clone();
        let request = HeartbeatRequest::default()
            .with_group_id(GroupId(text(&group.id)))
            .with_generation_id(member.generation)
            .with_member_id(text(&member.id))
            .with_group_instance_id(group.instance_id.as_deref().map(text));
        let answer = connection.ask(&request);
        let answer = core.cluster.in_time(connection, answer).await?;
        checked(answer.error_code)?;
        core.works();
    }
}

/// Leaves the group because no step has looked for records for too long, until one does.
async fn rest(core: &Core, connection: &Connection) -> Result<(), Again> {
    let since = core.used.get();
    leave_by(core, connection).await?;
    forget(core);
    while core.used.get() == since {
        // A step that looks for records does this work as well.
        std::future::poll_fn(|_| match core.used.get() == since {
            true => std::task::Poll::Pending,
            false => std::task::Poll::Ready(()),
        })
        .await;
    }
    Ok(())
}

async fn leave_by(core: &Core, connection: &Connection) -> Result<(), Fault> {
    let group = group(core)?;
    let member = core.member.borrow().clone();
    let member = MemberIdentity::default()
        .with_member_id(text(&member.id))
        .with_group_instance_id(group.instance_id.as_deref().map(text));
    let request = LeaveGroupRequest::default()
        .with_group_id(GroupId(text(&group.id)))
        .with_members(vec![member]);
    let answer = connection.ask(&request);
    core.cluster.in_time(connection, answer).await?;
    Ok(())
}

/// Leaves the group for good. A member with a name of its own stays until its session is over: it may come back.
///
/// # Errors
/// The coordinator does not answer.
pub(crate) async fn leave(core: &Core) -> Result<(), Fault> {
    let group = group(core)?;
    let is_member = !core.member.borrow().id.is_empty();
    if !is_member || group.instance_id.is_some() {
        return Ok(());
    }
    // On another connection than the one on which it may be waiting for others.
    let connection = crate::group::coordinator::connection(core).await?;
    leave_by(core, &connection).await
}

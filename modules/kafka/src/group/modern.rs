//! The newer protocol (of Kafka 4.0): the coordinator shares out. A member says regularly that it is there and what it has, and hears what it
//! is to have.

use crate::connection::Connection;
use crate::consuming::{Core, GroupSettings};
use crate::group::assignors::TopicPartition;
use crate::group::classic::take_over;
use crate::group::coordinator::{connection, group, is_of_coordinator, open};
use crate::group::offsets::commit_taken;
use crate::group::subscription::by_topic;
use crate::kafka_consumer::Metric;
use crate::outcome::Code;
use bggo_runtime::contract::{Fault, Text};
use kafka_protocol::messages::consumer_group_heartbeat_request::TopicPartitions;
use kafka_protocol::messages::metadata_request::MetadataRequestTopic;
use kafka_protocol::messages::metadata_response::MetadataResponseTopic;
use kafka_protocol::messages::{
    ConsumerGroupHeartbeatRequest, ConsumerGroupHeartbeatResponse, GroupId, MetadataRequest,
    TopicName, consumer_group_heartbeat_response,
};
use kafka_protocol::protocol::StrBytes;
use std::rc::Rc;
use std::time::Duration;

/// The epochs by which a member joins, and by which it leaves: for good, or to come back under its own name.
const JOINS: i32 = 0;
const LEAVES: i32 = -1;
const LEAVES_FOR_A_WHILE: i32 = -2;

/// Is a member for as long as the consumer lives.
pub(crate) async fn membership_modern(core: Rc<Core>) -> Fault {
    let name = member_name(&core);
    core.member.borrow_mut().id = name;
    loop {
        match keep_up(&core).await {
            Ok(()) => core.pause_after_failure().await,
            Err(Stop::Again(fault)) => {
                core.is_troubled(fault);
                core.pause_after_failure().await;
            }
            Err(Stop::Over(fault)) => {
                core.member.borrow_mut().has_joined = false;
                return fault;
            }
        }
    }
}

enum Stop {
    Again(Fault),
    Over(Fault),
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Self::Again(fault)
    }
}

/// A name that no other member has.
fn member_name(core: &Core) -> String {
    let number = u128::from(core.cx.random()) << 64 | u128::from(core.cx.random());
    bggo_runtime::contract::to_base64(&number.to_be_bytes())
        .trim_end_matches('=')
        .replace('+', "-")
        .replace('/', "_")
}

/// Joins and stays for as long as the coordinator is this one.
async fn keep_up(core: &Core) -> Result<(), Stop> {
    let group = group(core)?;
    let Some(connection) = open(core).await? else {
        return Ok(());
    };
    let mut topics = Topics::default();
    topics.ask(core, &core.settings.topics).await?;
    // A member that comes back says all of itself.
    let mut says_all = true;
    let mut begun = core.cluster.clock().now();
    if core.member.borrow().generation <= JOINS {
        core.member.borrow_mut().generation = JOINS;
        core.assigned.borrow_mut().partitions.clear();
    }
    loop {
        let request = request(core, group, &topics, says_all);
        let answer = connection.ask(&request);
        let answer = core.cluster.in_time(&connection, answer).await?;
        if let Some(code) = Code::of(answer.error_code) {
            match code.0 {
                // UNKNOWN_MEMBER_ID, FENCED_MEMBER_EPOCH
                25 | 110 => {
                    core.assigned.borrow_mut().partitions.clear();
                    core.member.borrow_mut().generation = JOINS;
                    says_all = true;
                    begun = core.cluster.clock().now();
                    continue;
                }
                _ if is_of_coordinator(code) => return Ok(()),
                _ if code.is_retriable() => return Err(Stop::Again(code.fault(None))),
                _ => return Err(Stop::Over(code.fault(answer.error_message.as_deref()))),
            }
        }
        says_all = false;
        {
            let mut member = core.member.borrow_mut();
            member.generation = answer.member_epoch;
            if let Some(id) = answer.member_id.as_ref().filter(|id| !id.is_empty()) {
                member.id = id.to_string();
            }
        }
        let interval = u64::try_from(answer.heartbeat_interval_ms).unwrap_or(5000);
        if take_share(core, &mut topics, &answer).await? {
            core.metrics.add(Metric::REBALANCES, 1);
            core.metrics
                .record_time(Metric::JOIN_TIME, core.cluster.clock().now() - begun);
            // The coordinator waits to hear that.
            says_all = true;
            begun = core.cluster.clock().now();
        }
        core.member.borrow_mut().has_joined = true;
        core.works();
        core.wake();
        if says_all {
            continue;
        }
        core.cluster.pause(Duration::from_millis(interval)).await;
        if core.settings.commits_itself {
            // Another attempt follows.
            let _ = commit_taken(core).await;
        }
        if core.cluster.clock().now() - core.used.get() > group.max_poll_interval {
            let since = core.used.get();
            let _ = say_goodbye(core, &connection, LEAVES).await;
            core.assigned.borrow_mut().partitions.clear();
            // A step that looks for records does this work as well.
            std::future::poll_fn(|_| match core.used.get() == since {
                true => std::task::Poll::Pending,
                false => std::task::Poll::Ready(()),
            })
            .await;
            core.member.borrow_mut().generation = JOINS;
            says_all = true;
        }
        begun = core.cluster.clock().now();
    }
}

/// What a member says. All of it when it joins and when something has changed; else that it is there.
fn request(
    core: &Core,
    group: &GroupSettings,
    topics: &Topics,
    says_all: bool,
) -> ConsumerGroupHeartbeatRequest {
    let text = |text: &str| StrBytes::from_string(text.to_owned());
    let member = core.member.borrow().clone();
    let request = ConsumerGroupHeartbeatRequest::default()
        .with_group_id(GroupId(text(&group.id)))
        .with_member_id(text(&member.id))
        .with_member_epoch(member.generation)
        .with_rebalance_timeout_ms(-1)
        .with_instance_id(group.instance_id.as_deref().map(text));
    if !says_all {
        return request;
    }
    let limit = i32::try_from(group.max_poll_interval.as_millis()).unwrap_or(i32::MAX);
    let names = core.settings.topics.iter();
    request
        .with_rebalance_timeout_ms(limit)
        .with_subscribed_topic_names(Some(names.map(|topic| TopicName(text(topic))).collect()))
        .with_topic_partitions(Some(topics.ids_of_owned(core)))
}

/// Takes over the share that an answer has, if it has one: whether it does.
async fn take_share(
    core: &Core,
    topics: &mut Topics,
    answer: &ConsumerGroupHeartbeatResponse,
) -> Result<bool, Fault> {
    let Some(assignment) = &answer.assignment else {
        return Ok(false);
    };
    let given = &assignment.topic_partitions;
    let is_known = |of: &consumer_group_heartbeat_response::TopicPartitions| {
        topics.0.iter().any(|known| known.topic_id == of.topic_id)
    };
    if !given.iter().all(is_known) {
        // One that was deleted and made again has another id.
        topics.ask(core, &core.settings.topics).await?;
    }
    let mut share: Vec<TopicPartition> = Vec::new();
    for of in given {
        let known = topics.0.iter().find(|known| known.topic_id == of.topic_id);
        let name = known.and_then(|known| known.name.as_ref());
        let name = name.map(|name| name.0.to_string()).unwrap_or_default();
        share.extend(of.partitions.iter().map(|number| (name.clone(), *number)));
    }
    share.retain(|(name, _)| !name.is_empty());
    take_over(core, &share).await?;
    Ok(true)
}

/// Topics with their ids.
#[derive(Debug, Default)]
struct Topics(Vec<MetadataResponseTopic>);

impl Topics {
    /// Asks for the ids of topics.
    async fn ask(&mut self, core: &Core, names: &[Text]) -> Result<(), Fault> {
        let asked = names.iter().map(|name| {
            let name = TopicName(StrBytes::from_string(name.to_string()));
            MetadataRequestTopic::default().with_name(Some(name))
        });
        let request = MetadataRequest::default()
            .with_topics(Some(asked.collect()))
            .with_allow_auto_topic_creation(false);
        let any = core.cluster.any().await?;
        let answer = core.cluster.in_time(&any, any.ask(&request)).await?;
        for topic in &answer.topics {
            if let Some(code) = Code::of(topic.error_code) {
                let name = topic.name.as_ref().map_or("", |name| &name.0);
                return Err(code.of_topic(name));
            }
        }
        self.0 = answer.topics;
        Ok(())
    }

    /// What the member has.
    fn ids_of_owned(&self, core: &Core) -> Vec<TopicPartitions> {
        let assigned = core.assigned.borrow();
        let owned = assigned
            .partitions
            .iter()
            .map(|partition| (partition.topic.to_string(), partition.number));
        let owned: Vec<TopicPartition> = owned.collect();
        let by_id = by_topic(&owned).into_iter().filter_map(|(topic, numbers)| {
            let is_it = |known: &&MetadataResponseTopic| {
                known.name.as_ref().is_some_and(|name| *name.0 == *topic)
            };
            let known = self.0.iter().find(is_it)?;
            let of = TopicPartitions::default().with_topic_id(known.topic_id);
            Some(of.with_partitions(numbers))
        });
        by_id.collect()
    }
}

async fn say_goodbye(core: &Core, connection: &Connection, epoch: i32) -> Result<(), Fault> {
    let group = group(core)?;
    let text = |text: &str| StrBytes::from_string(text.to_owned());
    let request = ConsumerGroupHeartbeatRequest::default()
        .with_group_id(GroupId(text(&group.id)))
        .with_member_id(text(&core.member.borrow().id))
        .with_instance_id(group.instance_id.as_deref().map(text))
        .with_rebalance_timeout_ms(-1)
        .with_member_epoch(epoch);
    let answer = connection.ask(&request);
    core.cluster.in_time(connection, answer).await?;
    Ok(())
}

/// Leaves the group for good; a member with a name of its own leaves for a while.
///
/// # Errors
/// The coordinator does not answer.
pub(crate) async fn leave_modern(core: &Core) -> Result<(), Fault> {
    if !core.member.borrow().has_joined {
        return Ok(());
    }
    let epoch = match group(core)?.instance_id {
        Some(_) => LEAVES_FOR_A_WHILE,
        None => LEAVES,
    };
    let connection = connection(core).await?;
    say_goodbye(core, &connection, epoch).await
}

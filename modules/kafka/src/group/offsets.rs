//! How far a group has come: offsets are committed to its coordinator and asked for there.

use crate::consuming::{Core, Place};
use crate::group::assignors::TopicPartition;
use crate::group::coordinator::{connection, group, is_of_coordinator};
use crate::group::subscription::by_topic;
use crate::kafka_consumer::Error as Kind;
use crate::outcome::Code;
use bggo_runtime::contract::{Fault, FaultText, Text};
use kafka_protocol::messages::offset_commit_request::{
    OffsetCommitRequestPartition, OffsetCommitRequestTopic,
};
use kafka_protocol::messages::offset_fetch_request::{
    OffsetFetchRequestGroup, OffsetFetchRequestTopics,
};
use kafka_protocol::messages::{GroupId, OffsetCommitRequest, OffsetFetchRequest, TopicName};
use kafka_protocol::protocol::StrBytes;

/// The offset of a partition that is read next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Offset {
    pub(crate) topic: Text,
    pub(crate) partition: i32,
    pub(crate) next: i64,
}

/// Where the consumer begins in partitions that it got: where the group has come to, or what the settings say.
///
/// # Errors
/// The coordinator does not answer, or not with offsets.
pub(crate) async fn places(
    core: &Core,
    partitions: &[TopicPartition],
) -> Result<Vec<Place>, Fault> {
    if !core.settings.resumes || partitions.is_empty() {
        return Ok(vec![Place::Unknown(core.settings.start); partitions.len()]);
    }
    let topics = by_topic(partitions).into_iter().map(|(topic, numbers)| {
        OffsetFetchRequestTopics::default()
            .with_name(TopicName(StrBytes::from_string(topic)))
            .with_partition_indexes(numbers)
    });
    let asked = OffsetFetchRequestGroup::default()
        .with_group_id(GroupId(StrBytes::from_string(group(core)?.id.clone())))
        .with_member_epoch(-1)
        .with_topics(Some(topics.collect()));
    let request = OffsetFetchRequest::default()
        .with_groups(vec![asked])
        .with_require_stable(core.settings.isolation == 1);
    'again: loop {
        let connection = connection(core).await?;
        let answer = connection.ask(&request);
        let answer = core.cluster.in_time(&connection, answer).await?;
        let Some(told) = answer.groups.first() else {
            return Err(Kind::Protocol.fault("the offsets of another group came"));
        };
        let mut places = vec![Place::Unknown(core.settings.start); partitions.len()];
        if let Some(code) = Code::of(told.error_code) {
            if !is_of_coordinator(code) {
                return Err(code.fault(None));
            }
            core.coordinator.take();
            core.pause_after_failure().await;
            continue;
        }
        for topic in &told.topics {
            for partition in &topic.partitions {
                // UNSTABLE_OFFSET_COMMIT: a transaction is about to change it.
                if partition.error_code == 88 {
                    core.pause_after_failure().await;
                    continue 'again;
                }
                if let Some(code) = Code::of(partition.error_code) {
                    return Err(code.fault(None));
                }
                let is_it = |known: &TopicPartition| {
                    known.0 == *topic.name.0 && known.1 == partition.partition_index
                };
                let at = partitions.iter().position(is_it);
                let offset = partition.committed_offset;
                if let Some(place) = at.and_then(|at| places.get_mut(at))
                    && offset >= 0
                {
                    *place = Place::Known {
                        next: offset,
                        fetch: offset,
                    };
                }
            }
        }
        return Ok(places);
    }
}

/// Commits offsets.
///
/// # Errors
/// The consumer is in no group, the group has changed meanwhile (of kind `rebalance`), or the coordinator does not answer.
pub(crate) async fn commit(core: &Core, offsets: &[Offset]) -> Result<(), Fault> {
    let group = group(core)?;
    if offsets.is_empty() {
        return Ok(());
    }
    let mut topics: Vec<OffsetCommitRequestTopic> = Vec::new();
    for offset in offsets {
        let partition = OffsetCommitRequestPartition::default()
            .with_partition_index(offset.partition)
            .with_committed_offset(offset.next)
            .with_committed_leader_epoch(-1);
        match topics
            .iter_mut()
            .find(|topic| *topic.name.0 == *offset.topic)
        {
            Some(topic) => topic.partitions.push(partition),
            None => {
                let name = TopicName(StrBytes::from_string(offset.topic.to_string()));
                let topic = OffsetCommitRequestTopic::default().with_name(name);
                topics.push(topic.with_partitions(vec![partition]));
            }
        }
    }
    let text = |text: &String| StrBytes::from_string(text.clone());
    loop {
        let member = core.member.borrow().clone();
        let request = OffsetCommitRequest::default()
            .with_group_id(GroupId(text(&group.id)))
            .with_generation_id_or_member_epoch(member.generation)
            .with_member_id(text(&member.id))
            .with_group_instance_id(group.instance_id.as_ref().map(text))
            .with_topics(topics.clone());
        let connection = connection(core).await?;
        let answer = connection.ask(&request);
        let answer = core.cluster.in_time(&connection, answer).await?;
        let told = answer.topics.iter().flat_map(|topic| &topic.partitions);
        let codes: Vec<Code> = told
            .filter_map(|partition| Code::of(partition.error_code))
            .collect();
        let Some(code) = codes.first() else {
            is_committed(core, offsets);
            return Ok(());
        };
        match code.0 {
            // It is another broker by now, or it is not ready.
            14..=16 => {
                core.coordinator.take();
                core.pause_after_failure().await;
            }
            // ILLEGAL_GENERATION, UNKNOWN_MEMBER_ID, REBALANCE_IN_PROGRESS, FENCED_MEMBER_EPOCH, STALE_MEMBER_EPOCH
            22 | 25 | 27 | 110 | 113 => {
                let text = FaultText::plain("the group shares out its partitions anew: ");
                return Err(Kind::Rebalance.fault(text.and_text(&code.told(None))));
            }
            _ => return Err(code.fault(None)),
        }
    }
}

fn is_committed(core: &Core, offsets: &[Offset]) {
    let mut assigned = core.assigned.borrow_mut();
    for offset in offsets {
        if let Some(partition) = assigned.find(&offset.topic, offset.partition) {
            partition.committed = Some(offset.next);
        }
    }
}

/// The offsets up to which records were taken and that are not committed.
pub(crate) fn uncommitted(core: &Core) -> Vec<Offset> {
    let assigned = core.assigned.borrow();
    let moved = assigned.partitions.iter().filter_map(|partition| {
        let next = partition.next()?;
        let is_new =
            partition.began.is_some_and(|began| next > began) && partition.committed != Some(next);
        is_new.then(|| Offset {
            topic: partition.topic.clone(),
            partition: partition.number,
            next,
        })
    });
    moved.collect()
}

/// Commits all that was taken.
///
/// # Errors
/// See [`commit`].
pub(crate) async fn commit_taken(core: &Core) -> Result<(), Fault> {
    commit(core, &uncommitted(core)).await
}

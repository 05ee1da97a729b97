//! Which broker leads each partition of a consumer, and where reading begins.

use crate::consuming::assigned::{Partition, Place};
use crate::consuming::core::Core;
use crate::consuming::settings::Start;
use crate::kafka_consumer::Error as Kind;
use crate::outcome::Code;
use bggo_runtime::contract::{Fault, FaultText, Text};
use kafka_protocol::messages::list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic};
use kafka_protocol::messages::{BrokerId, ListOffsetsRequest, TopicName};
use kafka_protocol::protocol::StrBytes;

/// A time that stands for the end of a log, and one for its beginning.
const LATEST: i64 = -1;
const EARLIEST: i64 = -2;

/// Asks who leads the partitions of which that is not known, and where the consumer begins in those whose place is not known. Whether all
/// of them are known now.
///
/// # Errors
/// No broker answers, a topic is not there, or reading may begin nowhere.
pub(crate) async fn settle(core: &Core) -> Result<bool, Fault> {
    lead(core).await?;
    place(core).await?;
    let assigned = core.assigned.borrow();
    Ok(assigned.partitions.iter().all(is_known))
}

/// Whether a partition can be fetched.
pub(crate) fn is_known(partition: &Partition) -> bool {
    partition.leader.is_some() && partition.next().is_some()
}

/// The partitions of topics as they are now, for a consumer that chooses them itself.
///
/// # Errors
/// No broker answers, or there is no such topic or partition.
pub(crate) async fn choose(core: &Core) -> Result<(), Fault> {
    let settings = &core.settings;
    let names: Vec<&str> = settings.topics.iter().map(|topic| &**topic).collect();
    let answers = core.cluster.topics(&names).await;
    core.count_opened();
    let mut chosen = Vec::new();
    for (topic, answer) in settings.topics.iter().zip(answers?) {
        let known = answer.map_err(|code| code.of_topic(topic))?;
        let count = i32::try_from(known.partitions.len()).unwrap_or(i32::MAX);
        let numbers = settings.partitions.clone();
        for number in numbers.unwrap_or_else(|| (0..count).collect()) {
            if !(0..count).contains(&number) {
                let text = FaultText::plain("the topic ").and_value(topic);
                let text = text.and(format_args!(" has no partition {number}"));
                return Err(Kind::UnknownTopic.fault(text));
            }
            let place = Place::Unknown(settings.start);
            chosen.push(Partition::new(topic.clone(), number, place));
        }
    }
    core.assigned.borrow_mut().partitions = chosen;
    Ok(())
}

async fn lead(core: &Core) -> Result<(), Fault> {
    let topics: Vec<Text> = {
        let assigned = core.assigned.borrow();
        let unknown = assigned
            .partitions
            .iter()
            .filter(|partition| partition.leader.is_none());
        let mut topics: Vec<Text> = unknown.map(|partition| partition.topic.clone()).collect();
        topics.sort_by(|a, b| a.as_bytes().cmp(b.as_bytes()));
        topics.dedup_by(|a, b| **a == **b);
        topics
    };
    if topics.is_empty() {
        return Ok(());
    }
    let names: Vec<&str> = topics.iter().map(|topic| &**topic).collect();
    let answers = core.cluster.topics(&names).await;
    core.count_opened();
    for (topic, answer) in topics.iter().zip(answers?) {
        let known = match answer {
            Ok(known) => known,
            Err(code) if code.is_retriable() && code != Code::UNKNOWN_TOPIC_OR_PARTITION => {
                continue;
            }
            Err(code) => return Err(code.of_topic(topic)),
        };
        let mut assigned = core.assigned.borrow_mut();
        for partition in &mut assigned.partitions {
            let at = usize::try_from(partition.number).unwrap_or(usize::MAX);
            if *partition.topic == **topic
                && partition.leader.is_none()
                && let Some(known) = known.partitions.get(at)
            {
                partition.leader = known.leader;
                partition.leader_epoch = known.leader_epoch;
            }
        }
    }
    Ok(())
}

async fn place(core: &Core) -> Result<(), Fault> {
    loop {
        // Those of one leader at a time.
        let asked: Vec<(i32, Text, i32, Start)> = {
            let assigned = core.assigned.borrow();
            let mut leader = None;
            let unknown = assigned.partitions.iter().filter_map(|partition| {
                let Place::Unknown(start) = partition.place else {
                    return None;
                };
                let leads = partition.leader?;
                (*leader.get_or_insert(leads) == leads)
                    .then(|| (leads, partition.topic.clone(), partition.number, start))
            });
            unknown.collect()
        };
        let Some((leader, ..)) = asked.first() else {
            return Ok(());
        };
        let leader = *leader;
        let asking = async {
            let connection = core.connection_to(leader).await?;
            let request = request(core, &asked)?;
            let answer = connection.ask(&request);
            let answer = core.cluster.in_time(&connection, answer).await?;
            Ok((connection, answer))
        };
        let (connection, answer) = match asking.await {
            Ok(answered) => answered,
            Err(fault) => {
                // Another broker may lead its partitions by now.
                for partition in &mut core.assigned.borrow_mut().partitions {
                    if partition.leader == Some(leader) {
                        partition.leader = None;
                    }
                }
                return Err(fault);
            }
        };
        core.spare.borrow_mut().push((leader, connection));
        let mut has_failed = None;
        let mut assigned = core.assigned.borrow_mut();
        for topic in &answer.topics {
            for told in &topic.partitions {
                let Some(partition) = assigned.find(&topic.name.0, told.partition_index) else {
                    continue;
                };
                match Code::of(told.error_code) {
                    // A time behind the last record.
                    None if told.offset < 0 => partition.lose_place(Start::Latest),
                    None => partition.seek(told.offset),
                    Some(code) if code.is_of_old_metadata() => partition.leader = None,
                    Some(code) => has_failed = Some(code.of_topic(&partition.topic)),
                }
            }
        }
        // One that was not answered would be asked for for ever.
        for (_, topic, number, start) in &asked {
            if let Some(partition) = assigned.find(topic, *number)
                && partition.place == Place::Unknown(*start)
            {
                partition.leader = None;
            }
        }
        if let Some(fault) = has_failed {
            return Err(fault);
        }
    }
}

fn request(core: &Core, asked: &[(i32, Text, i32, Start)]) -> Result<ListOffsetsRequest, Fault> {
    let mut topics: Vec<ListOffsetsTopic> = Vec::new();
    for (_, topic, number, start) in asked {
        let time = match start {
            Start::Earliest => EARLIEST,
            Start::Latest => LATEST,
            Start::Time(time) => *time,
            Start::Nowhere => {
                let text = FaultText::plain("there is no offset to begin at in partition ");
                let text = text.and(format_args!("{number} of ")).and_value(topic);
                return Err(Kind::OffsetOutOfRange.fault(text));
            }
        };
        let partition = ListOffsetsPartition::default()
            .with_partition_index(*number)
            .with_current_leader_epoch(-1)
            .with_timestamp(time);
        match topics.iter_mut().find(|known| *known.name.0 == **topic) {
            Some(known) => known.partitions.push(partition),
            None => {
                let name = TopicName(StrBytes::from_string(topic.to_string()));
                let topic = ListOffsetsTopic::default().with_name(name);
                topics.push(topic.with_partitions(vec![partition]));
            }
        }
    }
    Ok(ListOffsetsRequest::default()
        .with_replica_id(BrokerId(-1))
        .with_isolation_level(core.settings.isolation)
        .with_topics(topics))
}

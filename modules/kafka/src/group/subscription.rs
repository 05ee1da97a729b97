//! What members of a group tell each other through their coordinator, which does not look at it: which topics each wants and what it has,
//! and what it gets.

use crate::group::assignors::{Subscription, TopicPartition};
use bytes::{Buf, BufMut, Bytes, BytesMut};
use kafka_protocol::messages::consumer_protocol_assignment::TopicPartition as Assigned;
use kafka_protocol::messages::consumer_protocol_subscription::TopicPartition as Owned;
use kafka_protocol::messages::{
    ConsumerProtocolAssignment, ConsumerProtocolSubscription, TopicName,
};
use kafka_protocol::protocol::{Decodable, Encodable, StrBytes};

/// The newest version of both, of which the older ones are beginnings.
const VERSION: i16 = 2;

/// As a member introduces itself.
pub(crate) fn encode_subscription(
    topics: &[String],
    owned: &[TopicPartition],
    generation: i32,
) -> Option<Bytes> {
    let text = |text: &String| StrBytes::from_string(text.clone());
    let owned = by_topic(owned).into_iter().map(|(topic, numbers)| {
        let topic = TopicName(StrBytes::from_string(topic));
        Owned::default().with_topic(topic).with_partitions(numbers)
    });
    let subscription = ConsumerProtocolSubscription::default()
        .with_topics(topics.iter().map(text).collect())
        .with_owned_partitions(owned.collect())
        .with_generation_id(generation);
    encode(&subscription, VERSION)
}

/// What a member of this name has said.
pub(crate) fn decode_subscription(member: &str, mut bytes: Bytes) -> Option<Subscription> {
    let version = version(&mut bytes)?;
    let said = ConsumerProtocolSubscription::decode(&mut bytes, version.min(3)).ok()?;
    let owned = said.owned_partitions.iter().flat_map(|owned| {
        let topic = owned.topic.0.to_string();
        let numbers = owned.partitions.iter();
        numbers.map(move |number| (topic.clone(), *number))
    });
    Some(Subscription {
        member: member.to_owned(),
        instance_id: None,
        topics: said.topics.iter().map(ToString::to_string).collect(),
        owned: owned.collect(),
        generation: said.generation_id,
    })
}

/// What a member gets.
pub(crate) fn encode_share(share: &[TopicPartition]) -> Option<Bytes> {
    let assigned = by_topic(share).into_iter().map(|(topic, numbers)| {
        let topic = TopicName(StrBytes::from_string(topic));
        Assigned::default()
            .with_topic(topic)
            .with_partitions(numbers)
    });
    let assignment =
        ConsumerProtocolAssignment::default().with_assigned_partitions(assigned.collect());
    encode(&assignment, VERSION)
}

/// What a member got. Nothing at all is an empty share.
pub(crate) fn decode_share(mut bytes: Bytes) -> Option<Vec<TopicPartition>> {
    if bytes.is_empty() {
        return Some(Vec::new());
    }
    let version = version(&mut bytes)?;
    let share = ConsumerProtocolAssignment::decode(&mut bytes, version.min(3)).ok()?;
    let share = share.assigned_partitions.iter().flat_map(|assigned| {
        let topic = assigned.topic.0.to_string();
        let numbers = assigned.partitions.iter();
        numbers.map(move |number| (topic.clone(), *number))
    });
    Some(share.collect())
}

fn version(bytes: &mut Bytes) -> Option<i16> {
    (bytes.len() >= 2)
        .then(|| bytes.get_i16())
        .filter(|version| *version >= 0)
}

fn encode(message: &impl Encodable, version: i16) -> Option<Bytes> {
    let mut bytes = BytesMut::new();
    bytes.put_i16(version);
    message.encode(&mut bytes, version).ok()?;
    Some(bytes.freeze())
}

/// Partitions by their topics, each topic once.
pub(crate) fn by_topic(partitions: &[TopicPartition]) -> Vec<(String, Vec<i32>)> {
    let mut topics: Vec<(String, Vec<i32>)> = Vec::new();
    for (topic, number) in partitions {
        match topics.iter_mut().find(|(known, _)| known == topic) {
            Some((_, numbers)) => numbers.push(*number),
            None => topics.push((topic.clone(), vec![*number])),
        }
    }
    topics
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owned() -> Vec<TopicPartition> {
        let one = |topic: &str, number| (topic.to_owned(), number);
        vec![one("s", 0), one("s", 2), one("t", 1)]
    }

    #[test]
    fn what_is_told_is_what_is_heard() {
        let topics = ["s".to_owned(), "t".to_owned()];
        let told = encode_subscription(&topics, &owned(), 7).unwrap();
        let heard = decode_subscription("m", told).unwrap();
        assert_eq!((heard.member.as_str(), heard.generation), ("m", 7));
        assert_eq!((heard.topics, heard.owned), (topics.to_vec(), owned()));
        let share = encode_share(&owned()).unwrap();
        assert_eq!(decode_share(share), Some(owned()));
        assert_eq!(decode_share(Bytes::new()), Some(Vec::new()));
        assert_eq!(decode_share(Bytes::from_static(&[0])), None);
    }

    #[test]
    fn a_member_of_the_oldest_kind_is_understood() {
        // Version 0, one topic `t`, no more to say.
        let told = Bytes::from_static(&[0, 0, 0, 0, 0, 1, 0, 1, b't', 0xff, 0xff, 0xff, 0xff]);
        let heard = decode_subscription("m", told).unwrap();
        assert_eq!((heard.topics, heard.owned), (vec!["t".to_owned()], vec![]));
    }
}

//! The runner `kafka_list_offsets`.

use crate::connection::To;
use crate::kafka_list_offsets::{ClientAsset, Inputs, Late, Output, Uses, Wanted};
use crate::outcome::Code;
use bggo_runtime::contract::{Fault, Number, Prepare, Runner, Step, Text, Value};
use kafka_protocol::messages::list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic};
use kafka_protocol::messages::{ListOffsetsRequest, TopicName};
use kafka_protocol::protocol::StrBytes;

/// In place of a time.
const EARLIEST: i64 = -2;
const LATEST: i64 = -1;

/// A prepared step that asks for offsets.
#[derive(Debug)]
pub struct KafkaListOffsets {
    inputs: Inputs,
}

impl Runner for KafkaListOffsets {
    type Inputs = Inputs;
    type Late<'a> = Late<'a>;
    type Uses<'a> = Uses<'a>;
    type Wanted = Wanted;
    type Output = Output;

    fn prepare(_: &Prepare<'_>, inputs: Inputs, _: Wanted) -> Result<Self, Fault> {
        Ok(Self { inputs })
    }

    async fn run<'a>(
        &'a self,
        _: &'a Step<'_>,
        uses: Uses<'a>,
        late: &'a [Late<'a>],
    ) -> Result<Output, Fault> {
        let given = self.inputs.with(late)?;
        let cluster = match uses.client {
            ClientAsset::KafkaProducer(producer) => &*producer.cluster,
            ClientAsset::KafkaConsumer(consumer) => &consumer.core().cluster,
        };
        let name: &str = &given.topic;
        let time = match (given.timestamp, &*given.at) {
            (Some(time), _) => time.as_i64().unwrap_or(i64::MAX),
            (None, "earliest") => EARLIEST,
            (None, _) => LATEST,
        };
        let found = cluster.topics(&[name]).await?;
        let topic = match found.into_iter().next() {
            Some(Ok(topic)) => topic,
            Some(Err(code)) => return Err(code.of_topic(name)),
            None => return Err(Code::UNKNOWN_TOPIC_OR_PARTITION.of_topic(name)),
        };
        // Each leader is asked for what it leads.
        let mut leaders: Vec<i32> = Vec::new();
        for partition in &topic.partitions {
            let leader = partition
                .leader
                .ok_or_else(|| Code::LEADER_NOT_AVAILABLE.of_topic(name))?;
            if !leaders.contains(&leader) {
                leaders.push(leader);
            }
        }
        let mut offsets: Vec<Option<i64>> = vec![None; topic.partitions.len()];
        for leader in leaders {
            let led = topic.partitions.iter().zip(0i32..);
            let led = led.filter(|(partition, _)| partition.leader == Some(leader));
            let asked = led.map(|(_, number)| {
                ListOffsetsPartition::default()
                    .with_partition_index(number)
                    .with_current_leader_epoch(-1)
                    .with_timestamp(time)
            });
            let request = ListOffsetsRequest::default()
                .with_replica_id((-1).into())
                .with_topics(vec![
                    ListOffsetsTopic::default()
                        .with_name(TopicName(StrBytes::from_string(name.to_owned())))
                        .with_partitions(asked.collect()),
                ]);
            let answer = cluster.ask_at(To::Broker(leader), &request).await?;
            for partition in answer.topics.iter().flat_map(|topic| &topic.partitions) {
                if let Some(code) = Code::of(partition.error_code) {
                    return Err(code.of_topic(name));
                }
                let place = usize::try_from(partition.partition_index);
                if let Some(place) = place.ok().and_then(|at| offsets.get_mut(at)) {
                    *place = Some(partition.offset).filter(|offset| *offset >= 0);
                }
            }
        }
        let total: i64 = offsets.iter().flatten().sum();
        let offsets = offsets.iter().enumerate().map(|(number, offset)| {
            let offset = offset.map_or(Value::Null, |offset| Value::from(Number::from(offset)));
            Value::from(vec![
                (Text::Static("partition"), Value::from(Number::from(number))),
                (Text::Static("offset"), offset),
            ])
        });
        Ok(Output {
            offsets: Value::from(offsets.collect::<Vec<_>>()),
            total: Value::from(Number::from(total)),
        })
    }
}

//! The runner `kafka_create_topic`.

use crate::connection::{Cluster, To};
use crate::kafka_create_topic::{ClientAsset, Error as Kind, Inputs, Late, Output, Uses, Wanted};
use crate::outcome::Code;
use bggo_runtime::contract::{Fault, FaultText, Number, Prepare, Runner, Step, Value};
use kafka_protocol::messages::create_topics_request::{CreatableTopic, CreatableTopicConfig};
use kafka_protocol::messages::{CreateTopicsRequest, TopicName};
use kafka_protocol::protocol::StrBytes;
use std::time::Duration;

/// How often the cluster is asked whether the topic is there.
const PAUSE: Duration = Duration::from_millis(20);

/// A prepared step that makes a topic.
#[derive(Debug)]
pub struct KafkaCreateTopic {
    inputs: Inputs,
}

impl Runner for KafkaCreateTopic {
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
        let topic = CreatableTopic::default()
            .with_name(TopicName(StrBytes::from_string(name.to_owned())))
            .with_num_partitions(whole(given.partitions))
            // The cluster says how many.
            .with_replication_factor(match given.replication_factor {
                Some(factor) => i16::try_from(whole(factor)).unwrap_or(i16::MAX),
                None => -1,
            })
            .with_configs(config(given.config));
        let request = CreateTopicsRequest::default()
            .with_topics(vec![topic])
            .with_timeout_ms(cluster.limit_in_ms());
        let answer = cluster.ask_at(To::Controller, &request).await?;
        let answered = answer.topics.first();
        let code = answered.and_then(|topic| Code::of(topic.error_code));
        let created = match code {
            None => true,
            Some(Code::TOPIC_ALREADY_EXISTS) if &*given.if_exists == "keep" => false,
            Some(Code::TOPIC_ALREADY_EXISTS) => {
                let text = FaultText::plain("there is a topic ").and_value(name);
                return Err(Kind::TopicExists.fault(text));
            }
            Some(code) => {
                return Err(code.fault(answered.and_then(|topic| topic.error_message.as_deref())));
            }
        };
        let waits = wait(cluster, name);
        let partitions = cluster.within_limit(waits).await?;
        Ok(Output {
            created: created.into(),
            partitions: Value::from(Number::from(partitions)),
        })
    }
}

/// Waits until each partition has a leader: how many there are.
async fn wait(cluster: &Cluster, name: &str) -> Result<usize, Fault> {
    loop {
        let found = cluster.topics(&[name]).await?;
        if let Some(Ok(topic)) = found.first()
            && !topic.partitions.is_empty()
            && topic
                .partitions
                .iter()
                .all(|partition| partition.leader.is_some())
        {
            return Ok(topic.partitions.len());
        }
        cluster.pause(PAUSE).await;
    }
}

fn config(config: Option<&Value>) -> Vec<CreatableTopicConfig> {
    let whole = config.map(|config| config.clone().normalized());
    let Some(Value::Object(entries)) = &whole else {
        return Vec::new();
    };
    let entries = entries.iter().map(|(name, value)| {
        CreatableTopicConfig::default()
            .with_name(StrBytes::from_string(name.to_string()))
            .with_value(
                value
                    .as_text()
                    .map(|text| StrBytes::from_string(text.to_owned())),
            )
    });
    entries.collect()
}

/// A whole number that the manifest has bounds for.
fn whole(number: Number) -> i32 {
    number
        .as_i64()
        .and_then(|number| i32::try_from(number).ok())
        .unwrap_or(i32::MAX)
}

//! The runner `kafka_delete_topic`.

use crate::connection::{Cluster, To};
use crate::kafka_delete_topic::{ClientAsset, Inputs, Late, Output, Uses, Wanted};
use crate::outcome::Code;
use bggo_runtime::contract::{Fault, Prepare, Runner, Step};
use kafka_protocol::messages::{DeleteTopicsRequest, TopicName};
use kafka_protocol::protocol::StrBytes;
use std::time::Duration;

/// How often the cluster is asked whether the topic is gone.
const PAUSE: Duration = Duration::from_millis(20);

/// A prepared step that deletes a topic.
#[derive(Debug)]
pub struct KafkaDeleteTopic {
    inputs: Inputs,
}

impl Runner for KafkaDeleteTopic {
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
        let request = DeleteTopicsRequest::default()
            .with_topic_names(vec![TopicName(StrBytes::from_string(name.to_owned()))])
            .with_timeout_ms(cluster.limit_in_ms());
        let answer = cluster.ask_at(To::Controller, &request).await?;
        let answered = answer.responses.first();
        let deleted = match answered.and_then(|topic| Code::of(topic.error_code)) {
            None => true,
            Some(Code::UNKNOWN_TOPIC_OR_PARTITION) if &*given.if_missing == "ignore" => false,
            Some(code) => {
                return Err(code.fault(answered.and_then(|topic| topic.error_message.as_deref())));
            }
        };
        cluster.within_limit(wait(cluster, name)).await?;
        Ok(Output {
            deleted: deleted.into(),
        })
    }
}

/// Waits until the cluster knows no such topic.
async fn wait(cluster: &Cluster, name: &str) -> Result<(), Fault> {
    loop {
        let found = cluster.topics(&[name]).await?;
        if let Some(Err(Code::UNKNOWN_TOPIC_OR_PARTITION)) = found.first() {
            return Ok(());
        }
        cluster.pause(PAUSE).await;
    }
}

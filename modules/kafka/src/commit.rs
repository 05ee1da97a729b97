//! The runner `kafka_commit`: tells a group how far its consumer has come.

use crate::consume::LIMIT;
use crate::consumer::KafkaConsumer;
use crate::group::commit_taken;
use crate::kafka_commit::{Error as Kind, Inputs, Late, Output, Uses, Wanted};
use bggo_runtime::contract::{Fault, FaultText, Prepare, Runner, Step, format_duration};
use bggo_wire::within;
use std::pin::pin;

/// A prepared step that commits.
#[derive(Debug)]
pub struct KafkaCommit {
    inputs: Inputs,
}

impl Runner for KafkaCommit {
    type Inputs = Inputs;
    type Late<'a> = Late;
    type Uses<'a> = Uses<'a>;
    type Wanted = Wanted;
    type Output = Output;

    fn prepare(_: &Prepare<'_>, inputs: Inputs, _: Wanted) -> Result<Self, Fault> {
        Ok(Self { inputs })
    }

    async fn run<'a>(
        &'a self,
        step: &'a Step<'_>,
        uses: Uses<'a>,
        late: &'a [Late],
    ) -> Result<Output, Fault> {
        let given = self.inputs.with(late)?;
        let consumer: &KafkaConsumer = uses.consumer;
        let limit = given.timeout.unwrap_or(LIMIT);
        let until = step.sent_at_once() + limit;
        let done = {
            let committing = pin!(async {
                let _turn = consumer.turns.take().await;
                let committing = commit_taken(consumer.core());
                consumer.while_working(committing).await
            });
            within(step, &consumer.deadline, until, committing).await
        };
        done.unwrap_or_else(|| {
            let limit = format_duration(limit);
            let text = format_args!("the coordinator does not answer within {limit}");
            Err(Kind::Timeout.fault(FaultText::plain(text)))
        })?;
        Ok(Output {})
    }
}

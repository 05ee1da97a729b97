//! The runners that delete queues and exchanges, and empty queues.

use crate::exchange::ask;
use crate::method::Ask;
use crate::operations::Reply;
use crate::{rabbitmq_delete_exchange, rabbitmq_delete_queue, rabbitmq_purge_queue};
use bggo_runtime::contract::{Fault, Number, Prepare, Runner, Step, Value};

/// A prepared step that empties a queue.
#[derive(Debug)]
pub struct RabbitmqPurgeQueue {
    inputs: rabbitmq_purge_queue::Inputs,
}

impl Runner for RabbitmqPurgeQueue {
    type Inputs = rabbitmq_purge_queue::Inputs;
    type Late<'a> = rabbitmq_purge_queue::Late<'a>;
    type Uses<'a> = rabbitmq_purge_queue::Uses<'a>;
    type Wanted = rabbitmq_purge_queue::Wanted;
    type Output = rabbitmq_purge_queue::Output;

    fn prepare(_: &Prepare<'_>, inputs: Self::Inputs, _: Self::Wanted) -> Result<Self, Fault> {
        Ok(Self { inputs })
    }

    async fn run<'a>(
        &'a self,
        step: &'a Step<'_>,
        uses: Self::Uses<'a>,
        late: &'a [Self::Late<'a>],
    ) -> Result<Self::Output, Fault> {
        let given = self.inputs.with(late)?;
        let question = Ask::PurgeQueue {
            queue: &given.queue,
        };
        let place = uses.connection.place(step).await?;
        let asked = ask(step, &place, given.timeout, ("purge queue", question));
        Ok(rabbitmq_purge_queue::Output {
            message_count: count(&asked.await?),
        })
    }
}

/// A prepared step that deletes a queue.
#[derive(Debug)]
pub struct RabbitmqDeleteQueue {
    inputs: rabbitmq_delete_queue::Inputs,
}

impl Runner for RabbitmqDeleteQueue {
    type Inputs = rabbitmq_delete_queue::Inputs;
    type Late<'a> = rabbitmq_delete_queue::Late<'a>;
    type Uses<'a> = rabbitmq_delete_queue::Uses<'a>;
    type Wanted = rabbitmq_delete_queue::Wanted;
    type Output = rabbitmq_delete_queue::Output;

    fn prepare(_: &Prepare<'_>, inputs: Self::Inputs, _: Self::Wanted) -> Result<Self, Fault> {
        Ok(Self { inputs })
    }

    async fn run<'a>(
        &'a self,
        step: &'a Step<'_>,
        uses: Self::Uses<'a>,
        late: &'a [Self::Late<'a>],
    ) -> Result<Self::Output, Fault> {
        let given = self.inputs.with(late)?;
        let question = Ask::DeleteQueue {
            queue: &given.queue,
            if_unused: given.if_unused,
            if_empty: given.if_empty,
        };
        let place = uses.connection.place(step).await?;
        let asked = ask(step, &place, given.timeout, ("delete queue", question));
        Ok(rabbitmq_delete_queue::Output {
            message_count: count(&asked.await?),
        })
    }
}

/// A prepared step that deletes an exchange.
#[derive(Debug)]
pub struct RabbitmqDeleteExchange {
    inputs: rabbitmq_delete_exchange::Inputs,
}

impl Runner for RabbitmqDeleteExchange {
    type Inputs = rabbitmq_delete_exchange::Inputs;
    type Late<'a> = rabbitmq_delete_exchange::Late<'a>;
    type Uses<'a> = rabbitmq_delete_exchange::Uses<'a>;
    type Wanted = rabbitmq_delete_exchange::Wanted;
    type Output = rabbitmq_delete_exchange::Output;

    fn prepare(_: &Prepare<'_>, inputs: Self::Inputs, _: Self::Wanted) -> Result<Self, Fault> {
        Ok(Self { inputs })
    }

    async fn run<'a>(
        &'a self,
        step: &'a Step<'_>,
        uses: Self::Uses<'a>,
        late: &'a [Self::Late<'a>],
    ) -> Result<Self::Output, Fault> {
        let given = self.inputs.with(late)?;
        let question = Ask::DeleteExchange {
            exchange: &given.exchange,
            if_unused: given.if_unused,
        };
        let name = ("delete exchange", question);
        ask(
            step,
            &uses.connection.place(step).await?,
            given.timeout,
            name,
        )
        .await?;
        Ok(rabbitmq_delete_exchange::Output {})
    }
}

fn count(reply: &Reply) -> Value {
    match reply {
        Reply::Count(count) => Value::Number(Number::from(*count)),
        _ => Value::Null,
    }
}

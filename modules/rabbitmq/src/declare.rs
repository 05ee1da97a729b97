//! The runners that declare queues and exchanges.

use crate::exchange::{arguments, ask};
use crate::method::Ask;
use crate::operations::Reply;
use crate::outcome;
use crate::{rabbitmq_declare_exchange, rabbitmq_declare_queue};
use bggo_runtime::contract::{Fault, Number, Prepare, Runner, Step, Text, Value};

/// A prepared step that declares a queue.
#[derive(Debug)]
pub struct RabbitmqDeclareQueue {
    inputs: rabbitmq_declare_queue::Inputs,
}

impl Runner for RabbitmqDeclareQueue {
    type Inputs = rabbitmq_declare_queue::Inputs;
    type Late<'a> = rabbitmq_declare_queue::Late<'a>;
    type Uses<'a> = rabbitmq_declare_queue::Uses<'a>;
    type Wanted = rabbitmq_declare_queue::Wanted;
    type Output = rabbitmq_declare_queue::Output;

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
        let arguments = arguments(given.arguments)?;
        let question = Ask::DeclareQueue {
            queue: &given.queue,
            passive: given.passive,
            durable: given.durable,
            exclusive: given.exclusive,
            auto_delete: given.auto_delete,
            arguments: &arguments,
        };
        let name = ("declare queue", question);
        let Reply::Queue {
            queue,
            messages,
            consumers,
        } = ask(
            step,
            &uses.connection.place(step).await?,
            given.timeout,
            name,
        )
        .await?
        else {
            return Err(outcome::protocol("the server answers something else"));
        };
        Ok(rabbitmq_declare_queue::Output {
            queue: Value::Text(Text::from(&*queue)),
            message_count: Value::Number(Number::from(messages)),
            consumer_count: Value::Number(Number::from(consumers)),
        })
    }
}

/// A prepared step that declares an exchange.
#[derive(Debug)]
pub struct RabbitmqDeclareExchange {
    inputs: rabbitmq_declare_exchange::Inputs,
}

impl Runner for RabbitmqDeclareExchange {
    type Inputs = rabbitmq_declare_exchange::Inputs;
    type Late<'a> = rabbitmq_declare_exchange::Late<'a>;
    type Uses<'a> = rabbitmq_declare_exchange::Uses<'a>;
    type Wanted = rabbitmq_declare_exchange::Wanted;
    type Output = rabbitmq_declare_exchange::Output;

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
        let arguments = arguments(given.arguments)?;
        let question = Ask::DeclareExchange {
            exchange: &given.exchange,
            kind: &given.r#type,
            passive: given.passive,
            durable: given.durable,
            auto_delete: given.auto_delete,
            internal: given.internal,
            arguments: &arguments,
        };
        let name = ("declare exchange", question);
        ask(
            step,
            &uses.connection.place(step).await?,
            given.timeout,
            name,
        )
        .await?;
        Ok(rabbitmq_declare_exchange::Output {})
    }
}

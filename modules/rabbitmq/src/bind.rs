//! The runners that bind queues and exchanges to exchanges, and end bindings.

use crate::exchange::{arguments, ask};
use crate::method::{Ask, Binding};
use crate::{rabbitmq_bind, rabbitmq_unbind};
use bggo_runtime::contract::{Fault, Prepare, Runner, Step};

/// A prepared step that makes a binding.
#[derive(Debug)]
pub struct RabbitmqBind {
    inputs: rabbitmq_bind::Inputs,
}

impl Runner for RabbitmqBind {
    type Inputs = rabbitmq_bind::Inputs;
    type Late<'a> = rabbitmq_bind::Late<'a>;
    type Uses<'a> = rabbitmq_bind::Uses<'a>;
    type Wanted = rabbitmq_bind::Wanted;
    type Output = rabbitmq_bind::Output;

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
        let to = given.queue.as_deref().or(given.exchange.as_deref());
        let binding = Binding {
            to: to.ok_or_else(|| Fault::missing("queue"))?,
            from: &given.source,
            routing_key: &given.routing_key,
            arguments: &arguments,
        };
        let question = match given.queue {
            Some(_) => Ask::BindQueue(binding),
            None => Ask::BindExchange(binding),
        };
        ask(
            step,
            &uses.connection.place(step).await?,
            given.timeout,
            ("bind", question),
        )
        .await?;
        Ok(rabbitmq_bind::Output {})
    }
}

/// A prepared step that ends a binding.
#[derive(Debug)]
pub struct RabbitmqUnbind {
    inputs: rabbitmq_unbind::Inputs,
}

impl Runner for RabbitmqUnbind {
    type Inputs = rabbitmq_unbind::Inputs;
    type Late<'a> = rabbitmq_unbind::Late<'a>;
    type Uses<'a> = rabbitmq_unbind::Uses<'a>;
    type Wanted = rabbitmq_unbind::Wanted;
    type Output = rabbitmq_unbind::Output;

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
        let to = given.queue.as_deref().or(given.exchange.as_deref());
        let binding = Binding {
            to: to.ok_or_else(|| Fault::missing("queue"))?,
            from: &given.source,
            routing_key: &given.routing_key,
            arguments: &arguments,
        };
        let question = match given.queue {
            Some(_) => Ask::UnbindQueue(binding),
            None => Ask::UnbindExchange(binding),
        };
        ask(
            step,
            &uses.connection.place(step).await?,
            given.timeout,
            ("unbind", question),
        )
        .await?;
        Ok(rabbitmq_unbind::Output {})
    }
}

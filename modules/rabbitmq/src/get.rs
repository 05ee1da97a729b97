//! The runner `rabbitmq_get`.

use crate::exchange::ask;
use crate::method::Ask;
use crate::operations::Reply;
use crate::rabbitmq_get::{Inputs, Late, Output, Uses, Wanted};
use crate::session::Acks;
use bggo_runtime::contract::{Fault, Number, Prepare, Runner, Step, Value};

/// A prepared step that takes one message.
#[derive(Debug)]
pub struct RabbitmqGet {
    inputs: Inputs,
    wanted: Wanted,
}

impl Runner for RabbitmqGet {
    type Inputs = Inputs;
    type Late<'a> = Late<'a>;
    type Uses<'a> = Uses<'a>;
    type Wanted = Wanted;
    type Output = Output;

    fn prepare(_: &Prepare<'_>, inputs: Inputs, wanted: Wanted) -> Result<Self, Fault> {
        Ok(Self { inputs, wanted })
    }

    async fn run<'a>(
        &'a self,
        step: &'a Step<'_>,
        uses: Uses<'a>,
        late: &'a [Late<'a>],
    ) -> Result<Output, Fault> {
        let given = self.inputs.with(late)?;
        let question = Ask::Get {
            queue: &given.queue,
            no_ack: false,
        };
        let place = uses.connection.place(step).await?;
        let reply = ask(step, &place, given.timeout, ("get", question)).await?;
        let Reply::Message(message, left, channel) = reply else {
            return Ok(Output {
                message: Value::Null,
                message_count: Value::number(0),
            });
        };
        let session = place.session();
        let acks = match given.ack {
            true => Acks::Each,
            false => Acks::Manual,
        };
        session.got(channel, message.tag(), acks);
        Ok(Output {
            message: match self.wanted.message {
                true => message.value(session.delivery_tag(channel.0, message.tag())),
                false => Value::Null,
            },
            message_count: Value::Number(Number::from(left)),
        })
    }
}

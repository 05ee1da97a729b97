//! The runner `redis_command`.

use crate::answer::{Answer, Reads};
use crate::ask::{Ask, Counts, DEFAULT};
use crate::command::Template;
use crate::exchange::exchange;
use crate::redis_command::{Inputs, Late, Metric, Output, Uses, Wanted};
use crate::reply::Reply;
use crate::shown::{is_shown, show};
use bggo_runtime::contract::{Early, Fault, Prepare, Runner, Step};
use std::cell::RefCell;
use std::time::Duration;

const COUNTS: Counts = Counts {
    waiting: Metric::WAITING,
    data_sent: Metric::DATA_SENT,
    data_received: Metric::DATA_RECEIVED,
    possibly_executed: Metric::POSSIBLY_EXECUTED,
};

/// A prepared step that sends a command.
#[derive(Debug)]
pub struct RedisCommand {
    wanted: Wanted,
    template: Template,
    timeout: Option<Duration>,
    /// Memory for what is sent.
    room: RefCell<Vec<u8>>,
}

impl Runner for RedisCommand {
    type Inputs = Inputs;
    type Late<'a> = Late<'a>;
    type Uses<'a> = Uses<'a>;
    type Wanted = Wanted;
    type Output = Output;

    fn prepare(_: &Prepare<'_>, inputs: Inputs, wanted: Wanted) -> Result<Self, Fault> {
        let template = match &inputs.command {
            Early::Known(shape) => Template::command(Some(shape))?,
            Early::Later => Template::Whole,
        };
        Ok(Self {
            wanted,
            template,
            timeout: inputs.timeout.known().copied().flatten(),
            room: RefCell::default(),
        })
    }

    async fn run<'a>(
        &'a self,
        step: &'a Step<'_>,
        uses: Uses<'a>,
        late: &'a [Late<'a>],
    ) -> Result<Output, Fault> {
        let mut parts = None;
        let mut timeout = self.timeout;
        for input in late {
            match *input {
                Late::Command(command) => parts = Some(command),
                Late::Timeout(time) => timeout = time,
            }
        }
        let mut room = self.room.take();
        room.clear();
        let commands = self.template.fill(parts, &mut room)?;
        let reads = Reads {
            value: self.wanted.value,
            kind: self.wanted.r#type,
            shown: step.shows_exchanges(),
        };
        let (mut answer, mut said) = (None, None);
        let ask = Ask {
            commands,
            count: 1,
            timeout: timeout.unwrap_or(DEFAULT),
            counts: &COUNTS,
        };
        let mut heard =
            |_: usize, reply: Reply<'_>| answer = Some(Answer::of(reply, reads, &mut said));
        let done = exchange(step, uses.connection, ask, &mut heard).await;
        let answer = done.and_then(|()| answer.unwrap_or_else(|| Err(Fault::missing("reply"))));
        if let Some(bytes) = is_shown(step, answer.as_ref().err()) {
            show(step, ("command", commands), said.as_slice(), bytes);
        }
        self.room.replace(room);
        let answer = answer?;
        Ok(Output {
            value: answer.value,
            r#type: answer.kind,
            is_null: answer.is_null.into(),
        })
    }
}

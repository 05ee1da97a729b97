//! The runner `socketio_wait`.

use crate::emit::items_of;
use crate::payload::Acknowledgement;
use crate::shown::{Heard, show};
use crate::socket::{Event, Waits};
use crate::socketio_wait::{Inputs, Late, Output, Uses, Wanted};
use crate::waits::{DEFAULT, Limit, What, within};
use bggo_runtime::contract::{Fault, Number, Predicate, Prepare, Runner, Step, Value};

/// A prepared step that waits for an event.
#[derive(Debug)]
pub struct SocketioWait {
    inputs: Inputs,
    wanted: Wanted,
}

impl Runner for SocketioWait {
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
        let plain = self.inputs.with(late)?;
        let limit = Limit {
            what: What::Event(&plain.event),
            from: step.sent_at_once(),
            limit: plain.timeout.unwrap_or(DEFAULT),
        };
        let acknowledgement = Acknowledgement::new(&items_of(&[plain.ack_args])?);
        let socket = uses.client.socket_for(step);
        let waits = socket.event(&plain.event);
        let taken = self.take(step, &waits, (limit, plain.r#match)).await;
        if let Ok((event, _)) = &taken {
            socket.acknowledge(event, &acknowledgement);
        }
        let heard = taken
            .as_ref()
            .map(|(event, _)| Heard::Event(&event.name, &event.args));
        show(step, Err(&*plain.event), heard);
        let (event, skipped) = taken?;
        step.received_at(event.came);
        Ok(self.output(&event, skipped))
    }
}

impl SocketioWait {
    /// The first event that fits, and how many did not.
    async fn take(
        &self,
        step: &Step<'_>,
        waits: &Waits<'_>,
        (limit, predicate): (Limit<'_>, Option<Predicate<'_>>),
    ) -> Result<(Event, u64), Fault> {
        let mut skipped = 0;
        loop {
            within(step, limit, |cx| waits.poll(cx)).await?;
            let Some(event) = waits.take_event() else {
                continue;
            };
            let Some(predicate) = predicate else {
                return Ok((event, skipped));
            };
            let output = self.output(&event, skipped);
            let judged = output.fits(self.wanted, step, predicate);
            if matches!(judged, Ok(true)) {
                return Ok((event, skipped));
            }
            // One that cannot be judged would fail each step that follows.
            waits.skips();
            skipped += 1;
            judged?;
        }
    }

    fn output(&self, event: &Event, skipped: u64) -> Output {
        let wanted = self.wanted;
        Output {
            data: match event.args.first() {
                Some(first) if wanted.data => first.clone(),
                _ => Value::Null,
            },
            args: match wanted.args {
                true => Value::from(event.args.clone()),
                false => Value::Null,
            },
            skipped: Number::from(skipped).into(),
        }
    }
}

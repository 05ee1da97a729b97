//! The runner `rabbitmq_ack`.

use crate::rabbitmq_ack::{Inputs, Late, Metric, Output, Uses, Wanted};
use crate::session::Verdict;
use crate::shown::{Said, show};
use bggo_runtime::contract::{Fault, Prepare, Runner, Step};

/// A prepared step that acknowledges.
#[derive(Debug)]
pub struct RabbitmqAck {
    inputs: Inputs,
}

impl Runner for RabbitmqAck {
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
        step: &'a Step<'_>,
        uses: Uses<'a>,
        late: &'a [Late<'a>],
    ) -> Result<Output, Fault> {
        let given = self.inputs.with(late)?;
        let verdict = match &*given.action {
            "requeue" => Verdict::Requeue,
            "reject" => Verdict::Drop,
            _ => Verdict::Ack,
        };
        let place = uses.connection.place(step).await?;
        let session = place.session();
        let judged = session.judge(&given.delivery_tag, given.multiple, verdict);
        let sent = Said {
            first: &given.action,
            lines: &[("delivery_tag", &given.delivery_tag)],
            body: None,
        };
        show(step, &sent, judged.as_ref().map(|_| Said::question("sent")));
        step.add(Metric::MESSAGES, judged? as u64);
        Ok(Output {})
    }
}

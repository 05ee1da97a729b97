//! A step that does nothing, or waits. Benches and tests of the engine use it.

use bggo_runtime::contract::{Fault, Pause, Prepare, Runner, Step, module};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

module!("manifest.hcl");

/// Does nothing, or waits.
#[derive(Debug)]
pub struct Noop {
    inputs: noop::Inputs,
}

impl Runner for Noop {
    type Inputs = noop::Inputs;
    type Late<'a> = noop::Late;
    type Uses<'a> = noop::Uses;
    type Wanted = noop::Wanted;
    type Output = noop::Output;

    fn prepare(_: &Prepare<'_>, inputs: noop::Inputs, _: noop::Wanted) -> Result<Self, Fault> {
        Ok(Self { inputs })
    }

    fn run<'a>(
        &'a self,
        step: &'a Step<'_>,
        _: noop::Uses,
        late: &'a [noop::Late],
    ) -> impl Future<Output = Result<noop::Output, Fault>> {
        let inputs = self.inputs.with(late);
        Waits(inputs.map(|inputs| inputs.delay.map(|delay| step.pause(delay))))
    }
}

/// A run. By hand, since every user that waits has one: an `async fn` would keep its arguments beside the pause, twice.
struct Waits<'a>(Result<Option<Pause<'a>>, Fault>);

impl Future for Waits<'_> {
    type Output = Result<noop::Output, Fault>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.0 {
            Ok(Some(pause)) => ready!(Pin::new(pause).poll(cx)),
            Ok(None) => {}
            Err(fault) => return Poll::Ready(Err(fault.clone())),
        }
        Poll::Ready(Ok(noop::Output {}))
    }
}

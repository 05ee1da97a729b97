//! The runner `redis_pipeline`: commands at once, and all their replies.

use crate::ask::{Ask, Counts, DEFAULT};
use crate::command::Template;
use crate::exchange::exchange;
use crate::outcome;
use crate::redis_pipeline::{Inputs, Late, Metric, Output, Uses, Wanted};
use crate::reply::Reply;
use crate::scan::Scan;
use crate::shown::{Said, is_shown, show};
use bggo_runtime::contract::{Early, Fault, FaultText, Prepare, Runner, Step, Value};
use std::cell::RefCell;

const COUNTS: Counts = Counts {
    waiting: Metric::WAITING,
    data_sent: Metric::DATA_SENT,
    data_received: Metric::DATA_RECEIVED,
    possibly_executed: Metric::POSSIBLY_EXECUTED,
};

const MULTI: &[u8] = b"*1\r\n$5\r\nMULTI\r\n";
const EXEC: &[u8] = b"*1\r\n$4\r\nEXEC\r\n";

/// A prepared step that sends commands.
#[derive(Debug)]
pub struct RedisPipeline {
    inputs: Inputs,
    wanted: Wanted,
    template: Template,
    /// How many commands there are, if that is known early.
    count: Option<usize>,
    /// Memory for what is sent.
    room: RefCell<Vec<u8>>,
}

/// What came of the commands.
#[derive(Debug, Default)]
struct Came {
    values: Vec<Value>,
    errors: Vec<Value>,
    /// The first failure, and the number of its command.
    failed: Option<(usize, Fault)>,
    failures: usize,
    said: Vec<Said>,
}

/// What of the replies somebody reads.
#[derive(Debug, Clone, Copy)]
struct Reads {
    values: bool,
    errors: bool,
    shown: Option<usize>,
}

impl Came {
    /// One more reply.
    #[inline]
    fn hear(&mut self, number: usize, reply: Reply<'_>, reads: Reads) {
        let is_read = reads.values || reads.errors || reads.shown.is_some();
        if is_read || reply.error().is_some() {
            self.read(number, reply, reads);
        }
    }

    fn read(&mut self, number: usize, reply: Reply<'_>, reads: Reads) {
        if let Some(bytes) = reads.shown {
            self.said.push(Said::of(reply, bytes));
        }
        let error = reply.error();
        if reads.errors {
            self.errors
                .push(error.map_or(Value::Null, |error| Value::from(error.to_owned())));
        }
        let failure = match error {
            Some(error) => Err(outcome::refused(error)),
            None if reads.values => reply.value().map_err(outcome::no_reply),
            None => Ok(Value::Null),
        };
        match failure {
            Ok(value) if reads.values => self.values.push(value),
            Ok(_) => {}
            Err(fault) => {
                if reads.values {
                    self.values.push(Value::Null);
                }
                self.fail(number, fault);
            }
        }
    }

    fn fail(&mut self, number: usize, fault: Fault) {
        self.failures += 1;
        if self.failed.is_none() {
            self.failed = Some((number, fault));
        }
    }
}

impl Runner for RedisPipeline {
    type Inputs = Inputs;
    type Late<'a> = Late<'a>;
    type Uses<'a> = Uses<'a>;
    type Wanted = Wanted;
    type Output = Output;

    fn prepare(_: &Prepare<'_>, inputs: Inputs, wanted: Wanted) -> Result<Self, Fault> {
        let template = match &inputs.commands {
            Early::Known(shape) => Template::commands(Some(shape))?,
            Early::Later => Template::Whole,
        };
        let count = inputs.commands.known().and_then(|shape| shape.length());
        Ok(Self {
            inputs,
            wanted,
            template,
            count,
            room: RefCell::default(),
        })
    }

    async fn run<'a>(
        &'a self,
        step: &'a Step<'_>,
        uses: Uses<'a>,
        late: &'a [Late<'a>],
    ) -> Result<Output, Fault> {
        let inputs = &self.inputs;
        let mut parts = None;
        let mut timeout = inputs.timeout.known().copied().flatten();
        let mut is_transaction = inputs.transaction.known().copied().unwrap_or_default();
        let mut goes_on = inputs
            .continue_on_error
            .known()
            .copied()
            .unwrap_or_default();
        for input in late {
            match *input {
                Late::Commands(commands) => parts = Some(commands),
                Late::Timeout(time) => timeout = time,
                Late::Transaction(is) => is_transaction = is.unwrap_or_default(),
                Late::ContinueOnError(goes) => goes_on = goes.unwrap_or_default(),
            }
        }
        let mut room = self.room.take();
        room.clear();
        let (own, count) = {
            let bytes = self.template.fill_all(parts, &mut room)?;
            let count = self.count.unwrap_or_else(|| count(bytes));
            match is_transaction {
                true => (Some([MULTI, bytes, EXEC].concat()), count),
                false => (None, count),
            }
        };
        let commands = match (&own, &self.template) {
            (Some(own), _) => own.as_slice(),
            (None, Template::Known(bytes)) => bytes,
            (None, _) => &room,
        };
        let reads = Reads {
            values: self.wanted.values,
            errors: self.wanted.errors,
            shown: step.shows_exchanges(),
        };
        let mut came = Came::default();
        let ask = Ask {
            commands,
            count: if is_transaction { count + 2 } else { count },
            timeout: timeout.unwrap_or(DEFAULT),
            counts: &COUNTS,
        };
        let done = {
            let mut heard = |number, reply: Reply<'_>| match is_transaction {
                true => transaction((number, count), reply, &mut came, reads),
                false => came.hear(number, reply, reads),
            };
            exchange(step, uses.connection, ask, &mut heard).await
        };
        let result = done.and_then(|()| {
            step.add(Metric::COMMANDS, count as u64);
            match came.failed.take() {
                Some((number, fault)) if !goes_on || fault.kind() == EXEC_ABORT => {
                    Err(of_command(number, came.failures, fault))
                }
                _ => Ok(()),
            }
        });
        if let Some(bytes) = is_shown(step, result.as_ref().err()) {
            show(step, ("commands", commands), &came.said, bytes);
        }
        self.room.replace(room);
        result?;
        Ok(Output {
            values: Value::from(came.values),
            errors: Value::from(came.errors),
        })
    }
}

/// The kind of a transaction that was not executed.
const EXEC_ABORT: &str = crate::redis_pipeline::Error::ExecAbort.name();

/// A reply within a transaction: of MULTI, of each command that is queued, and of EXEC, which has the replies to all of them.
fn transaction((number, count): (usize, usize), reply: Reply<'_>, came: &mut Came, reads: Reads) {
    if number == 0 || number <= count {
        // Refused when it was queued: EXEC will say that nothing was executed, and this says why.
        if let Some(error) = reply.error() {
            let fault = outcome::refused(error);
            let text = FaultText::plain("nothing was executed: ")
                .and_text(&FaultText::value(fault.text()));
            came.fail(
                number.saturating_sub(1),
                crate::redis_pipeline::Error::ExecAbort.fault(text),
            );
        }
        return;
    }
    if reply.error().is_some() {
        if came.failed.is_none() {
            came.hear(0, reply, reads);
        }
        return;
    }
    for (number, item) in reply.items().unwrap_or_default().into_iter().enumerate() {
        came.hear(number, item, reads);
    }
}

/// The failure of a step by that of one of its commands.
fn of_command(number: usize, failures: usize, fault: Fault) -> Fault {
    let mut text = FaultText::plain(format_args!("command {}: ", number + 1));
    text = text.and_text(&FaultText::value(fault.text()));
    if failures > 1 {
        text = text.and(format_args!("; {failures} commands failed"));
    }
    Fault::declared(fault.kind(), text)
}

/// How many commands there are.
fn count(mut commands: &[u8]) -> usize {
    let mut count = 0;
    while let Ok(Some(end)) = Scan::default().end(commands) {
        count += 1;
        commands = commands.get(end..).unwrap_or_default();
    }
    count
}

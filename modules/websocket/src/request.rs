//! The runner `websocket_request`.

use crate::content::{Fixed, Given, Reads, outputs};
use crate::matching::{Taken, fitting, next, unread};
use crate::session::{Message, Outgoing, Packed, Session, Wants};
use crate::shown::{Said, show};
use crate::waits::{DEFAULT, Limit, What, within};
use crate::websocket_request::{Inputs, Late, Output, Plain, Uses, Wanted};
use bggo_runtime::contract::{Fault, Number, Predicate, Prepare, Runner, Step};
use std::future::poll_fn;
use std::task::Poll;
use std::time::Duration;

/// A prepared step that sends a message and waits for the next one.
#[derive(Debug)]
pub struct WebsocketRequest {
    inputs: Inputs,
    wanted: Wanted,
    /// The message and the limit, if both are known early.
    fixed: Option<(Fixed, Duration)>,
}

impl Runner for WebsocketRequest {
    type Inputs = Inputs;
    type Late<'a> = Late<'a>;
    type Uses<'a> = Uses<'a>;
    type Wanted = Wanted;
    type Output = Output;

    fn prepare(_: &Prepare<'_>, inputs: Inputs, wanted: Wanted) -> Result<Self, Fault> {
        let is_known = inputs.text.known().is_some()
            && inputs.json.known().is_some()
            && inputs.binary.known().is_some()
            && inputs.timeout.known().is_some()
            && inputs.r#match.known().is_some();
        let fixed = match is_known {
            true => {
                let (given, timeout) = given(inputs.with(&[])?)?;
                Some((given.into_fixed(), timeout))
            }
            false => None,
        };
        Ok(Self {
            inputs,
            wanted,
            fixed,
        })
    }

    async fn run<'a>(
        &'a self,
        step: &'a Step<'_>,
        uses: Uses<'a>,
        late: &'a [Late<'a>],
    ) -> Result<Output, Fault> {
        let made;
        let (message, packed, timeout, predicate) = match &self.fixed {
            Some((fixed, timeout)) => (fixed.outgoing(), Some(&fixed.packed), *timeout, None),
            None => {
                let plain = self.inputs.with(late)?;
                let predicate = plain.r#match;
                made = given(plain)?;
                (made.0.outgoing(), None, made.1, predicate)
            }
        };
        let session = uses.socket.session();
        let asked = self.ask(step, session, (message, packed, timeout), predicate);
        let asked = asked.await;
        let came = asked.as_ref().map(|taken| taken.messages.as_slice());
        show(step, Said::Message(message), came);
        let Taken { messages, skipped } = asked?;
        if let Some(came) = messages.came() {
            step.received_at(came);
        }
        Ok(self.output(messages.as_slice(), skipped))
    }
}

impl WebsocketRequest {
    /// Sends a message and waits for its answer.
    async fn ask(
        &self,
        step: &Step<'_>,
        session: &Session,
        (message, packed, timeout): (Outgoing<'_>, Option<&Packed>, Duration),
        predicate: Option<Predicate<'_>>,
    ) -> Result<Taken, Fault> {
        // What came before the request is no answer to it.
        let before = poll_fn(|cx| Poll::Ready(session.skip(cx))).await;
        // It waits before the message goes out, so that no answer is too quick.
        let is_read = self.reads(step) || predicate.is_some();
        let operation = session.operation(match is_read {
            true => Wants::Messages(1),
            false => Wants::Next(None),
        });
        // A message that is known before goes out when the step begins, unless there is something to do first.
        let sent = match packed.is_some() && before == 0 && !session.compresses() {
            true => step.sent_at_once(),
            false => step.sent(),
        };
        session.put(message, packed)?;
        let limit = Limit {
            what: What::Answer,
            from: sent,
            limit: timeout,
        };
        let mut taken = match predicate {
            None => {
                within(step, &operation, limit).await?;
                match is_read {
                    true => next(&operation, 1),
                    false => unread(&operation),
                }
            }
            Some(predicate) => {
                let fits = |messages: &[Message], skipped| {
                    let output = self.output(messages, before + skipped);
                    output.fits(self.wanted, step, predicate)
                };
                // Steps without a predicate hold no place for it.
                Box::pin(fitting(step, &operation, (1, limit), fits)).await?
            }
        };
        taken.skipped += before;
        Ok(taken)
    }

    /// Whether somebody reads what the answer holds.
    fn reads(&self, step: &Step<'_>) -> bool {
        let Wanted {
            message,
            json,
            binary,
            skipped: _,
        } = self.wanted;
        message || json || binary || step.shows_exchanges().is_some()
    }

    fn output(&self, messages: &[Message], skipped: u64) -> Output {
        let wanted = self.wanted;
        let reads = Reads {
            message: wanted.message,
            json: wanted.json,
            binary: wanted.binary,
        };
        let (message, json, binary) = outputs(messages.last(), reads);
        Output {
            message,
            json,
            binary,
            skipped: Number::from(skipped).into(),
        }
    }
}

fn given(plain: Plain<'_>) -> Result<(Given<'_>, Duration), Fault> {
    let given = Given::one(plain.text, plain.json, plain.binary)?;
    Ok((given, plain.timeout.unwrap_or(DEFAULT)))
}

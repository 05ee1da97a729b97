//! The runner `redis_script`: EVALSHA, and EVAL where the server does not know the script.

use crate::answer::{Answer, Reads};
use crate::ask::{Ask, Counts, DEFAULT};
use crate::command::{put_argument, put_bytes, put_head};
use crate::exchange::exchange;
use crate::redis_script::{Error as Kind, Inputs, Late, Metric, Output, Plain, Uses, Wanted};
use crate::reply::Reply;
use crate::shown::{Said, is_shown, show};
use bggo_runtime::contract::{Fault, Prepare, Runner, Seq, Step, Value};
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use std::cell::RefCell;
use std::fmt::Write;
use std::time::Duration;

const COUNTS: Counts = Counts {
    waiting: Metric::WAITING,
    data_sent: Metric::DATA_SENT,
    data_received: Metric::DATA_RECEIVED,
    possibly_executed: Metric::POSSIBLY_EXECUTED,
};

/// A prepared step that runs a script.
#[derive(Debug)]
pub struct RedisScript {
    inputs: Inputs,
    wanted: Wanted,
    /// The hash of a script that is known early.
    hash: Option<String>,
    /// Memory for what is sent.
    room: RefCell<Vec<u8>>,
}

impl Runner for RedisScript {
    type Inputs = Inputs;
    type Late<'a> = Late<'a>;
    type Uses<'a> = Uses<'a>;
    type Wanted = Wanted;
    type Output = Output;

    fn prepare(_: &Prepare<'_>, inputs: Inputs, wanted: Wanted) -> Result<Self, Fault> {
        let hash = inputs.script.known().map(|script| hash(script));
        Ok(Self {
            inputs,
            wanted,
            hash,
            room: RefCell::default(),
        })
    }

    async fn run<'a>(
        &'a self,
        step: &'a Step<'_>,
        uses: Uses<'a>,
        late: &'a [Late<'a>],
    ) -> Result<Output, Fault> {
        let given = self.inputs.with(late)?;
        let timeout = given.timeout.unwrap_or(DEFAULT);
        let made;
        let hash = match &self.hash {
            Some(hash) => hash.as_str(),
            None => {
                made = hash(&given.script);
                &made
            }
        };
        let mut room = self.room.take();
        room.clear();
        put(&mut room, ("EVALSHA", hash), &given)?;
        let mut said = None;
        let mut answer = self.ask(step, &uses, (&room, timeout), &mut said).await;
        if matches!(&answer, Err(fault) if fault.kind() == Kind::NoScript.name()) {
            step.add(Metric::LOADED, 1);
            room.clear();
            put(&mut room, ("EVAL", &given.script), &given)?;
            answer = self.ask(step, &uses, (&room, timeout), &mut said).await;
        }
        if let Some(bytes) = is_shown(step, answer.as_ref().err()) {
            show(step, ("args", &room), said.as_slice(), bytes);
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

impl RedisScript {
    async fn ask(
        &self,
        step: &Step<'_>,
        uses: &Uses<'_>,
        (commands, timeout): (&[u8], Duration),
        said: &mut Option<Said>,
    ) -> Result<Answer, Fault> {
        let reads = Reads {
            value: self.wanted.value,
            kind: self.wanted.r#type,
            shown: step.shows_exchanges(),
        };
        let mut answer = None;
        let ask = Ask {
            commands,
            count: 1,
            timeout,
            counts: &COUNTS,
        };
        let mut heard = |_: usize, reply: Reply<'_>| answer = Some(Answer::of(reply, reads, said));
        exchange(step, uses.connection, ask, &mut heard).await?;
        answer.unwrap_or_else(|| Err(Fault::missing("reply")))
    }
}

/// EVAL or EVALSHA, with keys and arguments.
fn put(out: &mut Vec<u8>, (command, script): (&str, &str), given: &Plain<'_>) -> Result<(), Fault> {
    let [keys, args] = [given.keys, given.args].map(Value::items);
    let [keys, args] = [keys, args].map(|items| items.unwrap_or(Seq::Static(&[])));
    put_head(out, 3 + keys.len() + args.len());
    put_bytes(out, command.as_bytes());
    put_bytes(out, script.as_bytes());
    put_bytes(out, keys.len().to_string().as_bytes());
    for argument in keys.iter().chain(args.iter()) {
        put_argument(out, argument)?;
    }
    Ok(())
}

/// The hash by which the server knows a script.
fn hash(script: &str) -> String {
    let hash = digest(&SHA1_FOR_LEGACY_USE_ONLY, script.as_bytes());
    let mut text = String::with_capacity(40);
    for byte in hash.as_ref() {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

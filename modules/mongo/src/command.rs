//! The runner `mongo_command`.

use crate::bson::Bad;
use crate::exchange::{Counts, DEFAULT};
use crate::mongo_command::{Inputs, Late, Metric, Output, Uses, Wanted};
use crate::outcome;
use crate::template::{Builder, Slot, Template};
use crate::write::{Asked, ask, fill};
use bggo_runtime::contract::{
    Early, Fault, FaultText, Parts, Prepare, Runner, Shape, Step, Text, Value,
};
use std::cell::RefCell;

const READS: Counts = Counts {
    waiting: Metric::WAITING,
    data_sent: Metric::DATA_SENT,
    data_received: Metric::DATA_RECEIVED,
    possibly_written: None,
};

const WRITES: Counts = Counts {
    possibly_written: Some(Metric::POSSIBLY_WRITTEN),
    ..READS
};

const INPUTS: &[&str] = &["command"];

// Where the arguments stand that come with a run.
const DATABASE: usize = 0;
const COMMAND: usize = 1;
const SLOTS: usize = 2;

/// Commands that only read. Whatever else there is may write.
const READING: &[&str] = &[
    "buildInfo",
    "collStats",
    "count",
    "dbStats",
    "distinct",
    "explain",
    "find",
    "getMore",
    "hello",
    "isMaster",
    "killCursors",
    "listCollections",
    "listDatabases",
    "listIndexes",
    "ping",
    "serverStatus",
];

/// Commands that would change the connection for other steps.
const REFUSED: &[&str] = &["authenticate", "logout", "saslContinue", "saslStart"];

/// A prepared step that runs a command.
#[derive(Debug)]
pub struct MongoCommand {
    inputs: Inputs,
    wanted: Wanted,
    template: Template,
    /// Whether it may write, if its name is known.
    writes: Option<bool>,
    /// Memory for what is sent.
    room: RefCell<Vec<u8>>,
}

impl Runner for MongoCommand {
    type Inputs = Inputs;
    type Late<'a> = Late<'a>;
    type Uses<'a> = Uses<'a>;
    type Wanted = Wanted;
    type Output = Output;

    fn prepare(_: &Prepare<'_>, inputs: Inputs, wanted: Wanted) -> Result<Self, Fault> {
        let writes = match &inputs.command {
            Early::Known(Shape::Known(command)) => Some(named(command).map_err(outcome::bad)?),
            Early::Known(Shape::Object(pairs)) => {
                let keys: Vec<&Text> = pairs.iter().map(|(key, _)| key).collect();
                Some(writes(&keys).map_err(outcome::bad)?)
            }
            _ => None,
        };
        Ok(Self {
            template: template(&inputs).map_err(outcome::bad)?,
            inputs,
            wanted,
            writes,
            room: RefCell::default(),
        })
    }

    async fn run<'a>(
        &'a self,
        step: &'a Step<'_>,
        uses: Uses<'a>,
        late: &'a [Late<'a>],
    ) -> Result<Output, Fault> {
        let mut timeout = self.inputs.timeout.known().copied().flatten();
        let mut may_write = self.writes.unwrap_or(true);
        let mut slots = [const { Slot::Absent }; SLOTS];
        slots[DATABASE] = Slot::Text(uses.connection.database());
        for input in late {
            match *input {
                Late::Timeout(time) => timeout = time,
                Late::Database(Some(name)) => {
                    slots[DATABASE] = Slot::Value(name.to_string().into())
                }
                Late::Database(None) => {}
                Late::Command(parts) => {
                    if let (None, Parts::Whole(command) | Parts::Holes([command])) =
                        (self.writes, parts)
                    {
                        may_write = named(command).map_err(outcome::bad)?;
                    }
                    slots[COMMAND] = Slot::Parts(parts);
                }
            }
        }
        let mut room = self.room.take();
        fill(&self.template, &slots, uses.connection, &mut room)?;
        let asked = Asked {
            step,
            connection: uses.connection,
            timeout: timeout.unwrap_or(DEFAULT),
            counts: if may_write { &WRITES } else { &READS },
            is_answered: true,
            inputs: INPUTS,
        };
        let (done, answer) = ask(asked, &mut room, self.wanted.reply).await;
        self.room.replace(room);
        done?;
        Ok(Output {
            reply: answer.whole.unwrap_or(Value::Null),
        })
    }
}

/// Whether a command may write, by its name.
fn named(command: &Value) -> Result<bool, Bad> {
    let pairs = command.pairs();
    let pairs = pairs.ok_or(Bad(FaultText::from("a command is an object")))?;
    writes(&pairs.iter().map(|(key, _)| key).collect::<Vec<_>>())
}

fn writes(keys: &[&Text]) -> Result<bool, Bad> {
    let refuse = |text| Err(Bad(FaultText::from(text)));
    let Some(name) = keys.first() else {
        return refuse("a command is empty: its first key is its name");
    };
    if keys.iter().any(|key| &***key == "$db") {
        return refuse("the database of a command is the argument database");
    }
    if REFUSED.contains(&&***name) {
        return refuse(
            "the command would change the connection for the other steps: user and password stand in the mongo_connection",
        );
    }
    Ok(!READING.contains(&&***name))
}

fn template(inputs: &Inputs) -> Result<Template, Bad> {
    let mut builder = Builder::new();
    builder.spread(COMMAND, &inputs.command)?;
    builder.database(DATABASE, &inputs.database)?;
    builder.close();
    Ok(builder.end())
}

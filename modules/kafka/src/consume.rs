//! The runner `kafka_consume`: takes records of a consumer, waiting for the first.

use crate::batches::Record;
use crate::consumer::KafkaConsumer;
use crate::consuming::{Core, Taken};
use crate::group::{Offset, commit_with_earlier, group};
use crate::kafka_consume::{Error as Kind, Inputs, Late, Metric, Output, Uses, Wanted};
use crate::kafka_consumer::Metric as OfConsumer;
use bggo_runtime::contract::{
    Fault, Message, Number, Prepare, Runner, Secrets, Seq, Step, Text, Trend, Value, encode_json,
    format_duration,
};
use bggo_wire::within;
use std::borrow::Cow;
use std::future::poll_fn;
use std::pin::pin;
use std::task::{Context, Poll};
use std::time::Duration;

/// How long a step waits if the grid does not say.
pub(crate) const LIMIT: Duration = Duration::from_secs(5);

/// What its metrics of stamps are.
const STAMPS: [Trend; 3] = [
    Metric::END_TO_END,
    Metric::END_TO_END_FROM_DUE,
    Metric::END_TO_END_WALL_CLOCK,
];

/// The header in which the sender of a record has put a stamp.
const STAMP: &[u8] = b"bggo-sent";

/// A prepared step that takes records.
#[derive(Debug)]
pub struct KafkaConsume {
    inputs: Inputs,
    wanted: Wanted,
}

/// Which records count.
struct Wants<'a> {
    most: usize,
    key: Option<Cow<'a, [u8]>>,
    header: Option<(Text, Cow<'a, [u8]>)>,
}

/// Records that a step has taken.
#[derive(Debug, Default)]
struct Found {
    records: Vec<Taken>,
    /// How far the step has come in each partition, with what it passed over.
    offsets: Vec<Offset>,
    bytes: u64,
    passed: u64,
}

impl Runner for KafkaConsume {
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
        let consumer: &KafkaConsumer = uses.consumer;
        let header = given.match_header.as_ref().and_then(|header| {
            let Some(Value::Text(name)) = header.get("name") else {
                return None;
            };
            let value = header.get("value")?;
            Some((name, Cow::Owned(bytes_of(&value).into_owned())))
        });
        let wants = Wants {
            most: given.max_records.as_usize().unwrap_or(usize::MAX),
            key: given.match_key.map(bytes_of),
            header,
        };
        let limit = given.timeout.unwrap_or(LIMIT);
        let until = step.sent_at_once() + limit;
        let mut found = Found::default();
        let done = {
            let taking = pin!(take(consumer, &wants, &given.commit, &mut found));
            within(step, &consumer.deadline, until, taking).await
        };
        let done = done.unwrap_or_else(|| {
            if let Some(fault) = consumer.core().trouble() {
                return Err(fault);
            }
            let limit = format_duration(limit);
            let text = match found.records.is_empty() {
                true => format!("no record within {limit}"),
                false => format!("records came, and were not committed within {limit}"),
            };
            Err(Kind::Timeout.fault(text))
        });
        step.add(Metric::RECORDS, found.records.len() as u64);
        step.add(Metric::PASSED_OVER, found.passed);
        for taken in &found.records {
            let stamp = taken.record.headers().find(|(name, _)| *name == STAMP);
            if let Some((_, Some(stamp))) = stamp {
                step.record_stamp(stamp, taken.came, STAMPS);
            }
        }
        show(step, done.as_ref().map(|()| &found));
        done?;
        if let Some(last) = found.records.last()
            && *given.commit != *"each"
        {
            step.received_at(last.came);
        }
        let lag = consumer.core().assigned.borrow().lag();
        consumer.core().metrics.set(OfConsumer::LAG, lag);
        Ok(self.output(&found.records, lag))
    }
}

/// Takes records until there is one, and with it all that are there, up to the most.
async fn take(
    consumer: &KafkaConsumer,
    wants: &Wants<'_>,
    commits: &str,
    found: &mut Found,
) -> Result<(), Fault> {
    let _turn = consumer.turns.take().await;
    let core = consumer.core();
    if commits == "end" {
        group(core)?;
        core.commits_at_end.set(true);
    }
    let troubles = core.troubles();
    poll_fn(|cx| poll_found(consumer, wants, found, (troubles, cx))).await?;
    if commits == "each" {
        let committing = commit_with_earlier(core, &found.offsets);
        consumer.while_working(committing).await?;
    }
    Ok(())
}

fn poll_found(
    consumer: &KafkaConsumer,
    wants: &Wants<'_>,
    found: &mut Found,
    (troubles, cx): (u64, &mut Context<'_>),
) -> Poll<Result<(), Fault>> {
    let core = consumer.core();
    core.used.set(core.cluster.clock().now());
    core.waits_no_more();
    loop {
        let before = found.passed;
        takes_what_is_there(core, wants, found)?;
        // Where there is room for more it is fetched while the step goes on.
        if core.takes_room() || found.records.is_empty() {
            consumer.work(cx);
        }
        if !found.records.is_empty() {
            return Poll::Ready(Ok(()));
        }
        if core.has_records() {
            continue;
        }
        if (core.is_over() || core.troubles() > troubles)
            && let Some(fault) = core.trouble()
        {
            return Poll::Ready(Err(fault));
        }
        if found.passed == before {
            core.waits(cx.waker());
            return Poll::Pending;
        }
    }
}

fn takes_what_is_there(core: &Core, wants: &Wants<'_>, found: &mut Found) -> Result<(), Fault> {
    while found.records.len() < wants.most
        && let Some(taken) = core.take()?
    {
        let next = taken.record.offset + 1;
        let of_partition = found
            .offsets
            .iter_mut()
            .find(|known| known.partition == taken.partition && *known.topic == *taken.topic);
        match of_partition {
            Some(known) => known.next = next,
            None => found.offsets.push(Offset {
                topic: taken.topic.clone(),
                partition: taken.partition,
                next,
            }),
        }
        if wants.fits(&taken.record) {
            found.bytes += taken.record.size() as u64;
            found.records.push(taken);
        } else {
            found.passed += 1;
        }
    }
    Ok(())
}

impl Wants<'_> {
    fn fits(&self, record: &Record) -> bool {
        let key = self.key.as_deref();
        let has_key = key.is_none_or(|key| record.key() == Some(key));
        has_key
            && self.header.as_ref().is_none_or(|(name, value)| {
                record
                    .headers()
                    .any(|(header, of)| header == name.as_bytes() && of == Some(&**value))
            })
    }
}

impl KafkaConsume {
    fn output(&self, records: &[Taken], lag: u64) -> Output {
        let wanted = self.wanted;
        Output {
            records: match wanted.records {
                true => records.iter().map(object).collect::<Vec<_>>().into(),
                false => Value::Null,
            },
            record: match (wanted.record, records.first()) {
                (true, Some(first)) => object(first),
                _ => Value::Null,
            },
            count: Number::from(records.len()).into(),
            lag: Number::from(lag).into(),
        }
    }
}

/// What a grid gives as the key or the value of a record, as it stands in one.
fn bytes_of(value: &Value) -> Cow<'_, [u8]> {
    match value {
        Value::Text(text) => Cow::Borrowed(text.as_bytes()),
        Value::Bytes(bytes) => Cow::Borrowed(bytes),
        other => Cow::Owned(encode_json(other).into_bytes()),
    }
}

/// What stands in a record: a text, bytes if it is no UTF-8, or nothing.
fn value_of(bytes: Option<&[u8]>) -> Value {
    match bytes {
        None => Value::Null,
        Some(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => Value::Text(Text::from(text.to_owned())),
            Err(_) => Value::Bytes(Seq::from(bytes.to_vec())),
        },
    }
}

fn object(taken: &Taken) -> Value {
    let record = &taken.record;
    let mut headers: Vec<(Text, Value)> = Vec::new();
    for (name, value) in record.headers() {
        let name = Text::from(String::from_utf8_lossy(name).into_owned());
        // Of several with a name the last one counts, as with Kafka's own clients.
        headers.retain(|(known, _)| **known != *name);
        headers.push((name, value_of(value)));
    }
    Value::from(vec![
        (Text::Static("topic"), Value::Text(taken.topic.clone())),
        (
            Text::Static("partition"),
            Number::from(taken.partition).into(),
        ),
        (Text::Static("offset"), Number::from(record.offset).into()),
        (
            Text::Static("timestamp"),
            Number::from(record.timestamp).into(),
        ),
        (Text::Static("key"), value_of(record.key())),
        (Text::Static("value"), value_of(record.value())),
        (Text::Static("headers"), Value::from(headers)),
    ])
}

/// Hands over what a step waited for, if that is shown.
fn show(step: &Step<'_>, result: Result<&Found, &Fault>) {
    let shown = step.shows_exchanges().or_else(|| {
        let fault = result.err()?;
        step.wants_example(fault.kind())
    });
    let Some(bytes) = shown else {
        return;
    };
    let sent = Message::new("waits for records");
    let received = result.ok().and_then(|found| {
        let first = found.records.first()?;
        let place = format!(
            "record {} of partition {}",
            first.record.offset, first.partition
        );
        let mut received = Message::new(format!("{place} of {}", first.topic));
        let value = first.record.value().unwrap_or_default();
        let most = bytes.saturating_mul(2).saturating_add(1024);
        received.body(value.get(..most).unwrap_or(value), value.len() as u64);
        Some(received)
    });
    step.exchanged(&sent, received.as_ref(), &Secrets::default());
}

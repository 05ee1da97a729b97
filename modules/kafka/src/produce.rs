//! The runner `kafka_produce`.

use crate::kafka_produce::{Error as Kind, Inputs, Late as Given, Metric, Output, Uses, Wanted};
use crate::producer::{
    Appended, KafkaProducer, Late, Later, Outcome, Piece, Record, Sender, Stamped, Template, hash,
    put_headers, put_payload,
};
use crate::shown;
use bggo_runtime::contract::{
    Early, Fault, FaultText, Number, Prepare, Runner, Step, Text, Value, format_duration,
};
use bggo_wire::within;
use std::cell::RefCell;
use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

/// A prepared step that sends a record.
#[derive(Debug)]
pub struct KafkaProduce {
    inputs: Inputs,
    /// The topic, if it is known.
    topic: Option<Text>,
    template: Template,
    stamp: Stamped,
    /// Memory for what is written.
    room: RefCell<Vec<u8>>,
}

impl Runner for KafkaProduce {
    type Inputs = Inputs;
    type Late<'a> = Given<'a>;
    type Uses<'a> = Uses<'a>;
    type Wanted = Wanted;
    type Output = Output;

    fn prepare(_: &Prepare<'_>, inputs: Inputs, wanted: Wanted) -> Result<Self, Fault> {
        let payload = |value: Option<&Value>| {
            let mut bytes = Vec::new();
            let from = put_payload(&mut bytes, value);
            let hash = from.and_then(|from| bytes.get(from..)).map(hash);
            (Piece::Known(bytes.into()), hash)
        };
        let stamp = match wanted.stamp {
            true => Stamped::Yes,
            false => Stamped::No,
        };
        let key = match &inputs.key {
            Early::Known(key) => payload(key.as_ref()),
            Early::Later => (Piece::Late, None),
        };
        let value = match &inputs.value {
            Early::Known(value) => payload(Some(value)).0,
            Early::Later => Piece::Late,
        };
        let headers = match &inputs.headers {
            Early::Known(headers) => {
                let mut bytes = Vec::new();
                put_headers(&mut bytes, headers.as_ref(), stamp)?;
                Piece::Known(bytes.into())
            }
            Early::Later => Piece::Late,
        };
        Ok(Self {
            topic: inputs.topic.known().cloned(),
            template: Template::new(key, value, (headers, stamp)),
            stamp,
            inputs,
            room: RefCell::default(),
        })
    }

    async fn run<'a>(
        &'a self,
        step: &'a Step<'_>,
        uses: Uses<'a>,
        late: &'a [Given<'a>],
    ) -> Result<Output, Fault> {
        let begun = step.sent_at_once();
        let producer: &KafkaProducer = uses.producer;
        let sender = &*producer.sender;
        let given = self.inputs.with(late)?;
        let name: &str = self.topic.as_deref().unwrap_or(&given.topic);
        let mut since = None;
        let topic = poll_fn(|cx| sender.poll_topic(name, &mut since, cx)).await?;
        let mut room = self.room.take();
        room.clear();
        let stamp = (self.stamp == Stamped::Yes).then(|| step.stamp());
        let filled = self.template.fill(
            Late {
                key: given.key,
                value: Some(given.value),
                headers: given.headers,
                stamp: stamp.as_ref().map(|stamp| &stamp[..]),
            },
            &mut room,
        );
        let (tail, hash) = filled?;
        let size = tail.len();
        let record = Record {
            tail,
            hash,
            partition: match given.partition {
                Some(partition) => Some(partition_of(partition)?),
                None => None,
            },
            timestamp: match given.timestamp {
                Some(timestamp) => timestamp.as_i64().unwrap_or_default(),
                None => sender.timestamp(begun),
            },
        };
        let timestamp = record.timestamp;
        if sender.room.is_waited_for() || !sender.has_room(size) {
            wait_for_room(producer, step, size).await?;
        }
        let appended = sender.append(topic, &record);
        let shows = step.shows_exchanges();
        let shown = shows.map(|bytes| shown::Sent::new(step, name, &given, bytes));
        self.room.replace(room);
        let appended = appended?;
        let partition = Value::from(Number::from(appended.partition));
        if &*given.wait_for == "queued" {
            let later = Later {
                result: step.late_result(),
                begun,
                size,
            };
            sender.tell_later(appended, later);
            if let Some(shown) = shown {
                shown.show(step, None);
            }
            if appended.is_last {
                // Nothing else would be done on this thread while a user queues one record after the other.
                yield_once().await;
            }
            return Ok(Output {
                partition,
                ..Output::default()
            });
        }
        let waits = Waits {
            sender,
            step,
            appended: Some(appended),
        };
        let outcome = poll_fn(|cx| sender.poll_outcome(appended, cx)).await;
        waits.heard();
        let written = match outcome {
            Outcome::Written(written) => written,
            Outcome::Failed(failed) => {
                if failed.possibly_written {
                    step.add(Metric::UNACKNOWLEDGED, 1);
                }
                let shows = shows.or_else(|| step.wants_example(failed.fault.kind()));
                if let Some(bytes) = shows {
                    let sent = shown.unwrap_or_else(|| shown::Sent::new(step, name, &given, bytes));
                    sent.show(step, None);
                }
                return Err(failed.fault);
            }
        };
        step.received_at(written.acknowledged);
        step.record_time(Metric::QUEUE_TIME, written.sent - begun);
        step.record_time(Metric::BROKER_TIME, written.acknowledged - written.sent);
        step.add(Metric::BYTES, size as u64);
        if let Some(shown) = shown {
            shown.show(step, Some((appended, written.offset)));
        }
        Ok(Output {
            partition,
            offset: written
                .offset
                .map_or(Value::Null, |offset| Value::from(Number::from(offset))),
            timestamp: Value::from(Number::from(written.timestamp.unwrap_or(timestamp))),
        })
    }
}

/// Lets the others of the thread have their turns.
async fn yield_once() {
    let mut has_yielded = false;
    poll_fn(|cx| match std::mem::replace(&mut has_yielded, true) {
        true => Poll::Ready(()),
        false => {
            cx.waker().wake_by_ref();
            Poll::Pending
        }
    })
    .await;
}

/// A step that waits for its record. If it is dropped before, nobody knows what becomes of the record.
struct Waits<'a> {
    sender: &'a Sender,
    step: &'a Step<'a>,
    appended: Option<Appended>,
}

impl Waits<'_> {
    fn heard(mut self) {
        self.appended = None;
    }
}

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        if let Some(appended) = self.appended
            && self.sender.leave(appended)
        {
            self.step.add(Metric::UNACKNOWLEDGED, 1);
        }
    }
}

/// Waits until there is memory for a record.
async fn wait_for_room<'a>(
    producer: &'a KafkaProducer,
    step: &'a Step<'a>,
    size: usize,
) -> Result<(), Fault> {
    let sender = &*producer.sender;
    let limit = sender.rules.max_block;
    let until = step.now() + limit;
    let waits = async {
        let mut waiting = sender.room.join();
        sender.flush();
        while !(waiting.is_next() && sender.has_room(size)) {
            waiting.called().await;
        }
    };
    let mut waits = pin!(waits);
    match within(step, &producer.deadline, until, waits.as_mut()).await {
        Some(()) => Ok(()),
        None => {
            let text = format_args!("buffer_memory was full for {}", format_duration(limit));
            Err(Kind::ThrottledOut.fault(FaultText::plain(text)))
        }
    }
}

fn partition_of(number: Number) -> Result<u32, Fault> {
    let whole = number
        .as_u64()
        .and_then(|number| u32::try_from(number).ok());
    whole.ok_or_else(|| {
        Kind::UnknownTopic.fault(
            FaultText::plain("the partition is ")
                .and_value(number)
                .and(": it has to be a whole number from 0 on"),
        )
    })
}

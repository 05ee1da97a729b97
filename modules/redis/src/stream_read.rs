//! The runner `redis_stream_read`: XREAD, or XREADGROUP and XACK.

use crate::ask::{Ask, Counts, DEFAULT};
use crate::command::{put_bytes, put_head};
use crate::connection::RedisConnection;
use crate::exchange::exchange;
use crate::outcome;
use crate::positions::{BEGINNING, Positions};
use crate::redis_command::Error as Kind;
use crate::redis_stream_read::{Inputs, Late, Metric, Output, Plain, Uses, Wanted};
use crate::reply::Reply;
use crate::scan::NoReply;
use crate::shown::{Said, is_shown, show};
use bggo_runtime::contract::{Fault, Number, Prepare, Runner, StampMetrics, Step, Text, Value};
use std::cell::RefCell;
use std::time::Duration;

/// The field of an entry that holds its stamp.
pub(crate) const STAMP: &[u8] = b"bggo-sent";

const COUNTS: Counts = Counts {
    waiting: Metric::WAITING,
    data_sent: Metric::DATA_SENT,
    data_received: Metric::DATA_RECEIVED,
    possibly_executed: Metric::POSSIBLY_EXECUTED,
};

const STAMPS: StampMetrics = [
    Metric::END_TO_END,
    Metric::END_TO_END_FROM_DUE,
    Metric::END_TO_END_WALL_CLOCK,
];

/// An id that was older is none that the server made by its clock.
const OLDEST: Duration = Duration::from_secs(86_400);

/// A prepared step that reads entries.
#[derive(Debug)]
pub struct RedisStreamRead {
    inputs: Inputs,
    wanted: Wanted,
    /// Memory for what is sent.
    room: RefCell<Vec<u8>>,
}

/// An entry that came.
#[derive(Debug)]
struct Entry {
    stream: Text,
    id: Text,
    /// Null of one that was deleted, and where nobody reads them.
    fields: Value,
    stamp: Option<Vec<u8>>,
}

impl Runner for RedisStreamRead {
    type Inputs = Inputs;
    type Late<'a> = Late<'a>;
    type Uses<'a> = Uses<'a>;
    type Wanted = Wanted;
    type Output = Output;

    fn prepare(_: &Prepare<'_>, inputs: Inputs, wanted: Wanted) -> Result<Self, Fault> {
        Ok(Self {
            inputs,
            wanted,
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
        let default = DEFAULT.saturating_add(given.block.unwrap_or_default());
        let timeout = given.timeout.unwrap_or(default);
        let connection: &RedisConnection = uses.connection;
        let reads_on = given.group.is_none() && given.after.is_none();
        let mut room = self.room.take();
        if reads_on {
            begin(step, connection, (&given, timeout), &mut room).await?;
        }
        room.clear();
        put_read(&mut room, &given, reads_on.then_some(&connection.positions))?;
        let (mut entries, mut said) = (None, None);
        let shown = step.shows_exchanges();
        let reads_fields = self.wanted.entry || self.wanted.entries;
        let mut heard = |_: usize, reply: Reply<'_>| {
            said = shown.map(|bytes| Said::of(reply, bytes));
            entries = Some(match reply.error() {
                Some(error) => Err(outcome::refused(error)),
                None => entries_of(reply, reads_fields).map_err(outcome::no_reply),
            });
        };
        let ask = Ask {
            commands: &room,
            count: 1,
            timeout,
            counts: &COUNTS,
        };
        let done = exchange(step, connection, ask, &mut heard).await;
        let entries = done.and_then(|()| entries.unwrap_or_else(|| Err(Fault::missing("reply"))));
        if let Some(bytes) = is_shown(step, entries.as_ref().err()) {
            show(step, ("streams", &room), said.as_slice(), bytes);
        }
        let mut entries = match entries {
            Ok(entries) => entries,
            Err(fault) => {
                self.room.replace(room);
                return Err(fault);
            }
        };
        if reads_on {
            // A step that ran beside this one may have got some of them.
            entries.retain(|entry| connection.positions.go_on(&entry.stream, &entry.id));
        }
        measure(step, &entries);
        let mut acknowledged = Ok(());
        if let (Some(group), true, false) = (&given.group, given.ack, entries.is_empty()) {
            room.clear();
            let count = put_acks(&mut room, group, &entries);
            let ask = Ask {
                commands: &room,
                count,
                timeout,
                counts: &COUNTS,
            };
            let mut heard = |_: usize, reply: Reply<'_>| {
                if let Some(error) = reply.error() {
                    acknowledged = Err(outcome::refused(error));
                }
            };
            exchange(step, connection, ask, &mut heard).await?;
        }
        self.room.replace(room);
        acknowledged?;
        Ok(self.output(&entries))
    }
}

impl RedisStreamRead {
    fn output(&self, entries: &[Entry]) -> Output {
        let wanted = self.wanted;
        Output {
            entries: match wanted.entries {
                true => entries.iter().map(object).collect::<Vec<_>>().into(),
                false => Value::Null,
            },
            entry: match (wanted.entry, entries.first()) {
                (true, Some(first)) => object(first),
                _ => Value::Null,
            },
            count: Number::from(entries.len()).into(),
            last_id: match entries.last() {
                Some(last) => Value::Text(last.id.clone()),
                None => Value::Null,
            },
        }
    }
}

fn object(entry: &Entry) -> Value {
    Value::from(vec![
        (Text::Static("stream"), Value::Text(entry.stream.clone())),
        (Text::Static("id"), Value::Text(entry.id.clone())),
        (Text::Static("fields"), entry.fields.clone()),
    ])
}

/// Records how long entries were on their way.
fn measure(step: &Step<'_>, entries: &[Entry]) {
    if entries.is_empty() {
        return;
    }
    step.add(Metric::ENTRIES, entries.len() as u64);
    let (now, wall) = (step.now(), step.since_1970());
    for entry in entries {
        let since = entry.id.split_once('-').and_then(|(millis, _)| {
            let added = Duration::from_millis(millis.parse().ok()?);
            wall.checked_sub(added).filter(|since| *since < OLDEST)
        });
        if let Some(since) = since {
            step.record_time(Metric::DELIVERY_LATENCY, since);
        }
        if let Some(stamp) = &entry.stamp {
            step.record_stamp(stamp, now, STAMPS);
        }
    }
}

/// Finds out where a connection begins to read the streams that it has not read yet.
///
/// The server's own `$` would lose what is added between two steps that find nothing, so the last id is asked for.
async fn begin<'a>(
    step: &'a Step<'_>,
    connection: &'a RedisConnection,
    (given, timeout): (&Plain<'_>, Duration),
    room: &'a mut Vec<u8>,
) -> Result<(), Fault> {
    let Some(streams) = given.streams.items() else {
        return Ok(());
    };
    let missing = connection.positions.missing(&streams);
    if missing.is_empty() {
        return Ok(());
    }
    if let Some(id) = given.begin.as_deref().filter(|id| *id != "$") {
        let id = Text::from(id);
        for stream in missing {
            connection.positions.go_on(&Text::from(stream), &id);
        }
        return Ok(());
    }
    room.clear();
    for stream in &missing {
        put_head(room, 6);
        for word in ["XREVRANGE", stream, "+", "-", "COUNT", "1"] {
            put_bytes(room, word.as_bytes());
        }
    }
    let ask = Ask {
        commands: room,
        count: missing.len(),
        timeout,
        counts: &COUNTS,
    };
    let mut failed = None;
    let mut heard = |number: usize, reply: Reply<'_>| {
        let last = match reply.error() {
            Some(error) => Err(outcome::refused(error)),
            None => last_of(reply).map_err(outcome::no_reply),
        };
        match (last, missing.get(number)) {
            (Ok(id), Some(stream)) => {
                connection.positions.go_on(&Text::from(*stream), &id);
            }
            (Err(fault), _) => failed = failed.take().or(Some(fault)),
            (Ok(_), None) => {}
        }
    };
    exchange(step, connection, ask, &mut heard).await?;
    failed.map_or(Ok(()), Err)
}

/// The id of the last entry of a stream, which is the only one of the reply; of an empty stream that before all others.
fn last_of(reply: Reply<'_>) -> Result<Text, NoReply> {
    let entries = reply.items().ok_or(NoReply)?;
    let Some(last) = entries.first() else {
        return Ok(BEGINNING);
    };
    let parts = last.items().ok_or(NoReply)?;
    text(*parts.first().ok_or(NoReply)?)
}

/// XREAD or XREADGROUP. With positions each stream is read behind its own.
fn put_read(
    out: &mut Vec<u8>,
    given: &Plain<'_>,
    positions: Option<&Positions>,
) -> Result<(), Fault> {
    let streams = given.streams.items();
    let Some(streams) = streams.filter(|streams| !streams.is_empty()) else {
        return Err(Kind::Argument.fault("no stream is named"));
    };
    let mut words: Vec<&[u8]> = Vec::with_capacity(9 + 2 * streams.len());
    match (&given.group, &given.consumer) {
        (Some(group), Some(consumer)) => {
            words.extend([&b"XREADGROUP"[..], b"GROUP", group.as_bytes()]);
            words.push(consumer.as_bytes());
        }
        (Some(_), None) => return Err(Kind::Argument.fault("a group needs the name of a consumer")),
        (None, _) => words.push(b"XREAD"),
    }
    let count = given.count.to_string();
    words.extend([&b"COUNT"[..], count.as_bytes()]);
    let block = given.block.map(|time| milliseconds(time).to_string());
    if let Some(block) = &block {
        words.extend([&b"BLOCK"[..], block.as_bytes()]);
    }
    words.push(b"STREAMS");
    let after: &[u8] = match (&given.after, &given.group) {
        (Some(after), _) => after.as_bytes(),
        (None, Some(_)) => b">",
        (None, None) => b"$",
    };
    put_head(out, words.len() + 2 * streams.len());
    for word in words {
        put_bytes(out, word);
    }
    for stream in streams.iter() {
        match stream {
            Value::Text(name) => put_bytes(out, name.as_bytes()),
            _ => return Err(Kind::Argument.fault("the name of a stream is a string")),
        }
    }
    for stream in streams.iter() {
        let position = positions.and_then(|positions| positions.of(stream.as_text()?));
        match &position {
            Some(id) => put_bytes(out, id.as_bytes()),
            None => put_bytes(out, after),
        }
    }
    Ok(())
}

/// An XACK for the entries of each stream, which stand side by side. Gives back how many commands these are.
fn put_acks(out: &mut Vec<u8>, group: &str, entries: &[Entry]) -> usize {
    let of_streams = entries.chunk_by(|one, next| one.stream == next.stream);
    let mut count = 0;
    for of_stream in of_streams {
        put_head(out, 3 + of_stream.len());
        put_bytes(out, b"XACK");
        for entry in of_stream.iter().take(1) {
            put_bytes(out, entry.stream.as_bytes());
        }
        put_bytes(out, group.as_bytes());
        for entry in of_stream {
            put_bytes(out, entry.id.as_bytes());
        }
        count += 1;
    }
    count
}

/// The entries of a reply: pairs of a stream and its entries, each an id with names and values of fields in turn; null: there are none.
fn entries_of(reply: Reply<'_>, reads_fields: bool) -> Result<Vec<Entry>, NoReply> {
    let mut entries = Vec::new();
    if reply.is_null() {
        return Ok(entries);
    }
    let mut add = |stream: Reply<'_>, list: Reply<'_>| {
        let stream = text(stream)?;
        for entry in list.items().ok_or(NoReply)? {
            let parts = entry.items().ok_or(NoReply)?;
            let [id, fields] = parts.as_slice() else {
                return Err(NoReply);
            };
            let (fields, stamp) = fields_of(*fields, reads_fields)?;
            entries.push(Entry {
                stream: stream.clone(),
                id: text(*id)?,
                fields,
                stamp,
            });
        }
        Ok(())
    };
    if let Some(pairs) = reply.pairs() {
        for (stream, list) in pairs {
            add(stream, list)?;
        }
        return Ok(entries);
    }
    for pair in reply.items().ok_or(NoReply)? {
        let pair = pair.items().ok_or(NoReply)?;
        let [stream, list] = pair.as_slice() else {
            return Err(NoReply);
        };
        add(*stream, *list)?;
    }
    Ok(entries)
}

/// The fields of an entry, if somebody reads them, and its stamp.
fn fields_of(fields: Reply<'_>, reads: bool) -> Result<(Value, Option<Vec<u8>>), NoReply> {
    if fields.is_null() {
        return Ok((Value::Null, None));
    }
    let items = fields.items().ok_or(NoReply)?;
    let (mut pairs, mut stamp) = (Vec::new(), None);
    for pair in items.chunks_exact(2) {
        let [name, value] = pair else { continue };
        if name.string() == Some(STAMP) {
            stamp = value.string().map(<[u8]>::to_vec);
        } else if reads {
            pairs.push((text(*name)?, value.value()?));
        }
    }
    Ok((
        if reads {
            Value::from(pairs)
        } else {
            Value::Null
        },
        stamp,
    ))
}

fn text(reply: Reply<'_>) -> Result<Text, NoReply> {
    let bytes = reply.string().ok_or(NoReply)?;
    Ok(Text::from(String::from_utf8_lossy(bytes).into_owned()))
}

/// A time as the server takes it, rounded up: 0 would be for ever.
fn milliseconds(time: Duration) -> u128 {
    time.as_nanos().div_ceil(1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use bggo_runtime::contract::encode_json;

    #[test]
    fn a_part_of_a_millisecond_is_not_for_ever() {
        for (micros, expected) in [(0, 0), (1, 1), (500, 1), (1_000, 1), (1_001, 2)] {
            assert_eq!(milliseconds(Duration::from_micros(micros)), expected);
        }
    }

    #[test]
    fn entries_of_both_versions_are_read_with_their_stamps() {
        let entry = "*2\r\n$3\r\n5-0\r\n*4\r\n$1\r\nn\r\n$1\r\n7\r\n$9\r\nbggo-sent\r\n$2\r\n\u{1}\u{2}\r\n";
        let gone = "*2\r\n$3\r\n6-0\r\n*-1\r\n";
        let list = format!("$1\r\ns\r\n*2\r\n{entry}{gone}");
        for reply in [format!("*1\r\n*2\r\n{list}"), format!("%1\r\n{list}")] {
            let entries = entries_of(Reply::new(reply.as_bytes()), true).unwrap();
            let shown: Vec<_> = entries
                .iter()
                .map(|one| encode_json(&object(one)))
                .collect();
            assert_eq!(
                shown,
                [
                    r#"{"stream":"s","id":"5-0","fields":{"n":"7"}}"#,
                    r#"{"stream":"s","id":"6-0","fields":null}"#
                ]
            );
            assert_eq!(entries[0].stamp.as_deref(), Some(&[1, 2][..]));
        }
        assert!(entries_of(Reply::new(b"_\r\n"), true).unwrap().is_empty());
        assert!(entries_of(Reply::new(b"*-1\r\n"), true).unwrap().is_empty());
        assert!(entries_of(Reply::new(b"+OK\r\n"), true).is_err());
    }

    #[test]
    fn each_stream_has_an_acknowledgement_of_its_own() {
        let entry = |stream, id| Entry {
            stream: Text::Static(stream),
            id: Text::Static(id),
            fields: Value::Null,
            stamp: None,
        };
        let mut out = Vec::new();
        let entries = [entry("a", "1-0"), entry("a", "2-0"), entry("b", "1-0")];
        assert_eq!(put_acks(&mut out, "g", &entries), 2);
        let text = String::from_utf8(out).unwrap();
        assert!(text.starts_with("*5\r\n$4\r\nXACK\r\n$1\r\na\r\n$1\r\ng\r\n$3\r\n1-0\r\n"));
        assert!(text.ends_with("*4\r\n$4\r\nXACK\r\n$1\r\nb\r\n$1\r\ng\r\n$3\r\n1-0\r\n"));
    }
}

//! The reader of replies against that of another implementation, over replies that a generator makes, whole, cut anywhere and changed
//! anywhere. `MUTATIONS=1000000` takes so many.

use crate::reply::Reply;
use crate::scan::Scan;
use bggo_runtime::contract::{Number, Text, Value};
use redis_protocol::resp3::decode::complete::decode;
use redis_protocol::resp3::types::OwnedFrame;

/// A generator of numbers: SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ mixed >> 31
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    /// A reply, of values at most so deep.
    fn reply(&mut self, depth: usize, out: &mut Vec<u8>) {
        let kinds = if depth == 0 { 9 } else { 12 };
        let line = |out: &mut Vec<u8>, text: String| out.extend(format!("{text}\r\n").bytes());
        match self.below(kinds) {
            0 => line(out, format!("+{}", ["OK", "PONG", ""][self.below(3)])),
            1 => line(out, format!("-{} words", ["ERR", "MOVED"][self.below(2)])),
            2 => line(out, format!(":{}", self.next() as i64 >> self.below(60))),
            3 => line(out, "_".to_owned()),
            4 => line(out, format!("#{}", ["t", "f"][self.below(2)])),
            5 => line(out, format!(",{}.5", self.below(1_000))),
            6 => line(out, format!("({}", self.next())),
            7 | 8 => {
                let length = [0, 1, 5, 100, 3_000][self.below(5)];
                line(out, format!("${length}"));
                out.extend((0..length).map(|_| self.next() as u8));
                out.extend(b"\r\n");
            }
            9 => {
                let length = self.below(4);
                line(out, format!("%{length}"));
                for number in 0..length {
                    // Keys that differ: a map of the other implementation has each once.
                    line(out, format!("+{number}"));
                    self.reply(depth - 1, out);
                }
            }
            _ => {
                let length = self.below(4);
                line(out, format!("*{length}"));
                (0..length).for_each(|_| self.reply(depth - 1, out));
            }
        }
    }
}

/// What the other implementation reads: `None` where it reads nothing, or has a kind of value that ours has not.
fn value(frame: &OwnedFrame) -> Option<Value> {
    let text = |bytes: &[u8]| match std::str::from_utf8(bytes) {
        Ok(text) => Value::from(text.to_owned()),
        Err(_) => Value::Bytes(bytes.to_vec().into()),
    };
    Some(match frame {
        OwnedFrame::SimpleString { data, .. } | OwnedFrame::BlobString { data, .. } => text(data),
        OwnedFrame::SimpleError { data, .. } => Value::from(data.clone()),
        OwnedFrame::Number { data, .. } => Value::number(*data),
        OwnedFrame::Null => Value::Null,
        OwnedFrame::Boolean { data, .. } => Value::Bool(*data),
        OwnedFrame::Double { data, .. } => Value::Number(Number::parse(&data.to_string())?),
        OwnedFrame::BigNumber { data, .. } => {
            Value::Number(Number::parse(std::str::from_utf8(data).ok()?)?)
        }
        OwnedFrame::Array { data, .. } => {
            Value::from(data.iter().map(value).collect::<Option<Vec<_>>>()?)
        }
        OwnedFrame::Map { data, .. } => {
            let pairs = data.iter().map(|(key, of)| {
                let key = value(key)?.as_text()?.to_owned();
                Some((Text::from(key), value(of)?))
            });
            // It has no order.
            let mut pairs = pairs.collect::<Option<Vec<_>>>()?;
            pairs.sort_by(|a, b| a.0.as_str().cmp(b.0.as_str()));
            Value::from(pairs)
        }
        _ => return None,
    })
}

/// Where a reply ends by our reader, to which it comes in pieces.
fn end_in_pieces(bytes: &[u8], random: &mut Random) -> Result<Option<usize>, ()> {
    let (mut scan, mut came) = (Scan::default(), 0);
    loop {
        came = (came + 1 + random.below(40)).min(bytes.len());
        match scan.end(&bytes[..came]) {
            Err(_) => return Err(()),
            Ok(Some(end)) => return Ok(Some(end)),
            Ok(None) if came == bytes.len() => return Ok(None),
            Ok(None) => {}
        }
    }
}

#[test]
fn another_implementation_reads_the_same() {
    let count = std::env::var("MUTATIONS").ok();
    let count: u64 = count.map_or(10_000, |count| count.parse().unwrap());
    let mut random = Random(20_261_201);
    let mut changed = 0_u64;
    for number in 0..count {
        let mut bytes = Vec::new();
        random.reply(3, &mut bytes);
        let whole = bytes.len();
        // What follows is no part of it.
        random.reply(0, &mut bytes);
        assert_eq!(
            end_in_pieces(&bytes, &mut random),
            Ok(Some(whole)),
            "{number}"
        );
        let (frame, end) = decode(&bytes).unwrap().unwrap();
        assert_eq!(end, whole, "{number}");
        let ours = Reply::new(&bytes[..whole]).value().unwrap();
        assert_eq!(
            Some(&ours),
            value(&frame).as_ref(),
            "{number}: {:?}",
            &bytes[..whole]
        );
        // A reply that is cut has no end, wherever.
        let cut = random.below(whole);
        assert_eq!(
            end_in_pieces(&bytes[..cut], &mut random),
            Ok(None),
            "{number}"
        );
        // A changed one never ends elsewhere in both, unless one of them takes it for none.
        let at = random.below(whole);
        bytes[at] = random.next() as u8;
        let ours = end_in_pieces(&bytes, &mut random);
        if let (Ok(Some(ours)), Ok(Some((_, theirs)))) = (ours, decode(&bytes)) {
            assert_eq!(ours, theirs, "{number}: {bytes:?}");
            changed += 1;
        }
    }
    assert!(
        changed > count / 10,
        "{changed} of {count} were still replies"
    );
}

//! What a fetch brought of one partition: bytes -> records, one after the other.
//!
//! A batch is opened, its checksum compared and its records decompressed when its first record is taken. A record is a piece of these
//! bytes: its key, its value and its headers are found when somebody asks. Records that a transaction took back, and those by which
//! a broker marks the ends of transactions, are passed over.

use crate::decompress::decompress;
use bytes::{Buf, Bytes};
use std::collections::VecDeque;

/// What stands before the records of a batch.
const HEAD: usize = 61;
/// Where the size of a batch ends, which counts from there.
const BEHIND_SIZE: usize = 12;
/// Where that begins of which there is a checksum.
const CHECKED: usize = 21;

/// Batches of a partition, as they came.
#[derive(Debug)]
pub(crate) struct Batches {
    /// Those that were not opened.
    rest: Bytes,
    open: Option<Open>,
    /// Nothing before this offset was asked for.
    from: i64,
    /// The offset behind all of them.
    end: i64,
    /// Transactions that were taken back, by their first offsets: the producer of each.
    aborted: VecDeque<(i64, i64)>,
    /// Producers in a transaction that is taken back.
    aborting: Vec<i64>,
}

/// A batch whose records are being taken.
#[derive(Debug)]
struct Open {
    records: Bytes,
    left: u32,
    first_offset: i64,
    first_timestamp: i64,
    /// The time of all of them, if the broker gave it to them.
    appended: Option<i64>,
}

/// A record. It keeps the bytes of its batch alive.
#[derive(Debug, Clone)]
pub(crate) struct Record {
    pub(crate) offset: i64,
    /// Milliseconds since 1970.
    pub(crate) timestamp: i64,
    /// From the size of its key on.
    body: Bytes,
}

/// What a broker sent cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Corrupt(pub(crate) &'static str);

const CUT: Corrupt = Corrupt("a batch of records ends in the middle");

impl Batches {
    /// Those from an offset on. `aborted` are the transactions that were taken back, in any order: first offset and producer. A batch at
    /// the end that did not come whole is left out.
    pub(crate) fn new(mut rest: Bytes, from: i64, mut aborted: Vec<(i64, i64)>) -> Self {
        let (mut at, mut end) = (0, from);
        while let Some(head) = rest.get(at..).and_then(Head::read)
            && let Some(batch) = at.checked_add(head.size).filter(|end| *end <= rest.len())
        {
            end = end.max(head.last_offset() + 1);
            at = batch;
        }
        rest.truncate(at);
        aborted.sort_unstable();
        Self {
            rest,
            open: None,
            from,
            end,
            aborted: aborted.into(),
            aborting: Vec::new(),
        }
    }

    /// The offset behind all of them: what is fetched next.
    pub(crate) fn end(&self) -> i64 {
        self.end
    }

    /// How many bytes were not taken yet.
    pub(crate) fn size(&self) -> usize {
        self.rest.len() + self.open.as_ref().map_or(0, |open| open.records.len())
    }

    /// How many bytes of batches were not opened yet.
    pub(crate) fn unopened(&self) -> usize {
        self.rest.len()
    }

    /// The next record, if there is one left.
    pub(crate) fn next(&mut self) -> Result<Option<Record>, Corrupt> {
        loop {
            if let Some(open) = &mut self.open {
                match open.next()? {
                    Some(record) if record.offset < self.from => continue,
                    Some(record) => return Ok(Some(record)),
                    None => self.open = None,
                }
            }
            if self.rest.is_empty() {
                return Ok(None);
            }
            self.open = self.open_next()?;
        }
    }

    /// Opens the next batch: `None` if nobody is to see its records.
    fn open_next(&mut self) -> Result<Option<Open>, Corrupt> {
        let head = Head::read(&self.rest).ok_or(CUT)?;
        let batch = self.rest.split_to(head.size);
        if head.magic != 2 {
            return Err(Corrupt("a batch of records has an old format"));
        }
        let checked = batch.get(CHECKED..).ok_or(CUT)?;
        if crc32c::crc32c(checked) != head.checksum {
            return Err(Corrupt("the checksum of a batch of records does not fit"));
        }
        // Those that began within this batch or before.
        while let Some((first, producer)) = self.aborted.front().copied()
            && first <= head.last_offset()
        {
            self.aborted.pop_front();
            self.aborting.push(producer);
        }
        if head.is_control() {
            let mut marks = head.open(&batch)?;
            let mark = marks.next()?;
            if mark.is_some_and(|mark| mark.takes_back()) {
                self.aborting.retain(|producer| *producer != head.producer);
            }
            return Ok(None);
        }
        let is_taken_back = head.is_transactional() && self.aborting.contains(&head.producer);
        if is_taken_back || head.last_offset() < self.from {
            return Ok(None);
        }
        head.open(&batch).map(Some)
    }
}

/// What a batch says of itself.
#[derive(Debug)]
struct Head {
    /// Bytes of the whole batch.
    size: usize,
    first_offset: i64,
    magic: u8,
    checksum: u32,
    attributes: i16,
    last_delta: i32,
    first_timestamp: i64,
    last_timestamp: i64,
    producer: i64,
    records: u32,
}

impl Head {
    fn read(mut bytes: &[u8]) -> Option<Self> {
        if bytes.len() < HEAD {
            return None;
        }
        let first_offset = bytes.get_i64();
        let size = usize::try_from(bytes.get_i32()).ok()? + BEHIND_SIZE;
        // The epoch of the partition's leader.
        bytes.advance(4);
        let magic = bytes.get_u8();
        let checksum = bytes.get_u32();
        let attributes = bytes.get_i16();
        let last_delta = bytes.get_i32();
        let first_timestamp = bytes.get_i64();
        let last_timestamp = bytes.get_i64();
        let producer = bytes.get_i64();
        // The epoch of the producer, and the number of its first record.
        bytes.advance(6);
        let records = bytes.get_u32();
        (size >= HEAD).then_some(Self {
            size,
            first_offset,
            magic,
            checksum,
            attributes,
            last_delta,
            first_timestamp,
            last_timestamp,
            producer,
            records,
        })
    }

    fn last_offset(&self) -> i64 {
        self.first_offset.saturating_add(self.last_delta.into())
    }

    fn is_transactional(&self) -> bool {
        self.attributes & 0x10 != 0
    }

    fn is_control(&self) -> bool {
        self.attributes & 0x20 != 0
    }

    fn open(&self, batch: &Bytes) -> Result<Open, Corrupt> {
        let records = batch.slice(HEAD.min(batch.len())..);
        let compression = (self.attributes & 0x07) as u8;
        let records = decompress(records, compression)
            .ok_or(Corrupt("the records of a batch cannot be decompressed"))?;
        Ok(Open {
            records,
            left: self.records,
            first_offset: self.first_offset,
            first_timestamp: self.first_timestamp,
            appended: (self.attributes & 0x08 != 0).then_some(self.last_timestamp),
        })
    }
}

impl Open {
    fn next(&mut self) -> Result<Option<Record>, Corrupt> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        let mut bytes: &[u8] = &self.records;
        let size = varint(&mut bytes)
            .and_then(|size| usize::try_from(size).ok())
            .ok_or(CUT)?;
        let begin = self.records.len() - bytes.len();
        let mut of_record = bytes.get(..size).ok_or(CUT)?;
        // Its attributes say nothing so far.
        of_record = of_record.get(1..).ok_or(CUT)?;
        let timestamp = varint(&mut of_record).ok_or(CUT)?;
        let offset = varint(&mut of_record).ok_or(CUT)?;
        let body = begin + size - of_record.len();
        let body = self.records.slice(body..begin + size);
        self.records.advance(begin + size);
        Ok(Some(Record {
            offset: self.first_offset.saturating_add(offset),
            timestamp: self
                .appended
                .unwrap_or_else(|| self.first_timestamp.saturating_add(timestamp)),
            body,
        }))
    }
}

impl Record {
    /// Its key, if it has one.
    pub(crate) fn key(&self) -> Option<&[u8]> {
        piece(&mut &*self.body)?
    }

    /// Its value, if it has one.
    pub(crate) fn value(&self) -> Option<&[u8]> {
        let mut bytes = &*self.body;
        piece(&mut bytes)?;
        piece(&mut bytes)?
    }

    /// Its headers in order: several may have the same name.
    pub(crate) fn headers(&self) -> impl Iterator<Item = (&[u8], Option<&[u8]>)> {
        let mut bytes = &*self.body;
        let mut count = || {
            piece(&mut bytes)?;
            piece(&mut bytes)?;
            varint(&mut bytes)
        };
        let mut left = count().unwrap_or(0);
        std::iter::from_fn(move || {
            left = left.checked_sub(1).filter(|left| *left >= 0)?;
            let name = piece(&mut bytes)??;
            Some((name, piece(&mut bytes)?))
        })
    }

    /// How many bytes key, value and headers have.
    pub(crate) fn size(&self) -> usize {
        self.body.len()
    }

    /// Of a mark at the end of a transaction: whether it was taken back.
    fn takes_back(&self) -> bool {
        // A version and a type.
        self.key().and_then(|key| key.get(2..4)) == Some(&[0, 0])
    }
}

/// A piece with its size before it; a size below 0 says that there is none. `None` outside if the bytes end before.
fn piece<'a>(bytes: &mut &'a [u8]) -> Option<Option<&'a [u8]>> {
    let size = varint(bytes)?;
    let Ok(size) = usize::try_from(size) else {
        return Some(None);
    };
    let (piece, rest) = bytes.split_at_checked(size)?;
    *bytes = rest;
    Some(Some(piece))
}

/// A number of 64 bits at most, in groups of seven, the lowest first, its sign in the lowest bit.
pub(crate) fn varint(bytes: &mut &[u8]) -> Option<i64> {
    let mut number = 0_u64;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some((number >> 1) as i64 ^ -((number & 1) as i64));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::BytesMut;
    use kafka_protocol::indexmap::IndexMap;
    use kafka_protocol::protocol::StrBytes;
    use kafka_protocol::records::{
        Compression, Record as Written, RecordBatchEncoder, RecordEncodeOptions, TimestampType,
    };

    fn written(offset: i64, producer: i64) -> Written {
        let mut headers = IndexMap::new();
        headers.insert(
            StrBytes::from_static_str("id"),
            Some(Bytes::from(format!("h{offset}"))),
        );
        headers.insert(StrBytes::from_static_str("empty"), None);
        Written {
            transactional: producer >= 0,
            control: false,
            delete_horizon: false,
            partition_leader_epoch: 0,
            producer_id: producer,
            producer_epoch: 0,
            timestamp_type: TimestampType::Creation,
            offset,
            sequence: i32::try_from(offset).unwrap(),
            timestamp: 1000 + offset,
            key: (offset % 2 == 0).then(|| Bytes::from(format!("k{offset}"))),
            value: (offset % 3 != 0).then(|| Bytes::from(format!("v{offset}"))),
            headers,
        }
    }

    fn mark(offset: i64, producer: i64, commits: bool) -> Written {
        Written {
            control: true,
            key: Some(Bytes::from(vec![0, 0, 0, u8::from(commits)])),
            ..written(offset, producer)
        }
    }

    fn bytes(batches: &[Vec<Written>]) -> Bytes {
        let mut bytes = BytesMut::new();
        let options = RecordEncodeOptions {
            version: 2,
            compression: Compression::None,
        };
        for batch in batches {
            RecordBatchEncoder::encode(&mut bytes, batch, &options).unwrap();
        }
        bytes.freeze()
    }

    fn offsets(batches: &mut Batches) -> Vec<i64> {
        std::iter::from_fn(|| batches.next().unwrap())
            .map(|record| record.offset)
            .collect()
    }

    fn range(offsets: std::ops::Range<i64>, producer: i64) -> Vec<Written> {
        offsets.map(|offset| written(offset, producer)).collect()
    }

    #[test]
    fn a_record_has_what_was_written() {
        let bytes = bytes(&[range(0..7, -1)]);
        let mut batches = Batches::new(bytes, 0, Vec::new());
        assert_eq!(batches.end(), 7);
        for offset in 0..7 {
            let record = batches.next().unwrap().unwrap();
            let expected = written(offset, -1);
            assert_eq!((record.offset, record.timestamp), (offset, 1000 + offset));
            assert_eq!(record.key(), expected.key.as_deref());
            assert_eq!(record.value(), expected.value.as_deref());
            let headers: Vec<_> = record.headers().collect();
            let id = format!("h{offset}");
            let both: [(&[u8], _); 2] = [(b"id", Some(id.as_bytes())), (b"empty", None)];
            assert_eq!(headers, both);
        }
        assert!(batches.next().unwrap().is_none());
        assert_eq!(batches.size(), 0);
    }

    #[test]
    fn records_before_the_offset_and_a_cut_batch_are_left_out() {
        let whole = bytes(&[range(0..5, -1), range(5..10, -1)]);
        let mut batches = Batches::new(whole.clone(), 3, Vec::new());
        assert_eq!(batches.end(), 10);
        assert_eq!(offsets(&mut batches), (3..10).collect::<Vec<_>>());
        let mut batches = Batches::new(whole.clone(), 7, Vec::new());
        assert_eq!(offsets(&mut batches), (7..10).collect::<Vec<_>>());
        let mut batches = Batches::new(whole.slice(..whole.len() - 1), 0, Vec::new());
        assert_eq!(batches.end(), 5);
        assert_eq!(offsets(&mut batches), (0..5).collect::<Vec<_>>());
    }

    #[test]
    fn what_a_transaction_took_back_is_passed_over() {
        let log = bytes(&[
            range(0..2, 7),
            range(2..4, 8),
            vec![mark(4, 7, false)],
            vec![mark(5, 8, true)],
            range(6..8, 7),
            vec![mark(8, 7, true)],
            range(9..10, -1),
        ]);
        let mut committed = Batches::new(log.clone(), 0, vec![(0, 7)]);
        assert_eq!(offsets(&mut committed), [2, 3, 6, 7, 9]);
        let mut all = Batches::new(log, 0, Vec::new());
        assert_eq!(offsets(&mut all), [0, 1, 2, 3, 6, 7, 9]);
    }

    #[test]
    fn a_bit_that_changed_is_found() {
        let whole = bytes(&[range(0..3, -1)]);
        for at in CHECKED..whole.len() {
            let mut changed = whole.to_vec();
            changed[at] ^= 4;
            let mut batches = Batches::new(changed.into(), 0, Vec::new());
            assert!(batches.next().is_err(), "{at}");
        }
    }

    #[test]
    fn no_bytes_make_it_panic() {
        let whole = bytes(&[range(0..3, -1)]);
        for seed in 0..20_000_u32 {
            let mut changed = whole.to_vec();
            // The checksum is made to fit, so that what is inside is read.
            for turn in 0..3 {
                let mixed = seed.wrapping_mul(0x9E37_79B9).rotate_left(turn * 7) ^ seed;
                let at = mixed as usize % changed.len();
                changed[at] = (mixed >> 24) as u8;
            }
            let checksum = crc32c::crc32c(&changed[CHECKED..]).to_be_bytes();
            changed[17..CHECKED].copy_from_slice(&checksum);
            let mut batches = Batches::new(changed.into(), 0, Vec::new());
            for _ in 0..10 {
                let Ok(Some(record)) = batches.next() else {
                    break;
                };
                let _ = (record.key(), record.value(), record.headers().count());
            }
        }
    }
}

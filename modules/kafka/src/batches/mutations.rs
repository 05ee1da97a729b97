//! The reader of batches against that of the codec, over batches that a generator makes: whole, cut anywhere and changed anywhere.
//! `MUTATIONS=1000000` takes so many.

use super::{Batches, CHECKED, HEAD, Record, varint};
use bytes::{Bytes, BytesMut};
use kafka_protocol::indexmap::IndexMap;
use kafka_protocol::protocol::StrBytes;
use kafka_protocol::records::{
    Compression, Record as Written, RecordBatchDecoder, RecordBatchEncoder, RecordEncodeOptions,
    TimestampType,
};

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

    fn bytes(&mut self) -> Option<Bytes> {
        let length = [0, 1, 5, 70, 200][self.below(5)];
        let bytes = (0..length).map(|_| self.next() as u8).collect();
        (self.below(5) > 0).then_some(bytes)
    }

    fn record(&mut self, (offset, first): (i64, i64)) -> Written {
        let mut headers = IndexMap::new();
        for number in 0..self.below(4) {
            let name = StrBytes::from_string(format!("h{number}"));
            headers.insert(name, self.bytes());
        }
        Written {
            transactional: false,
            control: false,
            delete_horizon: false,
            partition_leader_epoch: 0,
            producer_id: -1,
            producer_epoch: -1,
            timestamp_type: TimestampType::Creation,
            offset,
            sequence: (offset - first) as i32,
            timestamp: 1_700_000_000_000 + self.below(100_000) as i64,
            key: self.bytes(),
            value: self.bytes(),
            headers,
        }
    }

    /// A batch whose first record has this offset.
    fn batch(&mut self, first: i64) -> Vec<u8> {
        let count = 1 + self.below(5) as i64;
        let records: Vec<_> = (first..first + count)
            .map(|offset| self.record((offset, first)))
            .collect();
        let options = RecordEncodeOptions {
            version: 2,
            compression: Compression::None,
        };
        let mut bytes = BytesMut::new();
        RecordBatchEncoder::encode(&mut bytes, &records, &options).unwrap();
        bytes.to_vec()
    }
}

/// All records, or none if it cannot be read.
fn ours(bytes: &[u8]) -> Option<Vec<Record>> {
    let mut batches = Batches::new(Bytes::copy_from_slice(bytes), i64::MIN, Vec::new());
    let mut records = Vec::new();
    while let Some(record) = batches.next().ok()? {
        records.push(record);
    }
    Some(records)
}

/// How many headers a record says that it has; `None` where it is cut, or a number has more bits than the codec reads.
fn headers(record: &Record) -> Option<i64> {
    let mut bytes = &*record.body;
    let small = |bytes: &mut &[u8]| {
        let before = bytes.len();
        let number = varint(bytes)?;
        let is_small = before - bytes.len() <= 5 && i32::try_from(number).is_ok();
        is_small.then_some(number)
    };
    for _ in 0..2 {
        let size = small(&mut bytes)?;
        bytes = bytes.get(usize::try_from(size).unwrap_or(0)..)?;
    }
    small(&mut bytes)
}

fn is_same(ours: &Record, theirs: &Written) -> bool {
    let known: Vec<(&[u8], Option<&[u8]>)> = ours.headers().collect();
    let mut names: Vec<_> = known.iter().map(|(name, _)| *name).collect();
    names.sort_unstable();
    names.dedup();
    // The codec keeps one header of each name.
    let has_same_headers = names.len() < known.len()
        || known.into_iter().eq(theirs
            .headers
            .iter()
            .map(|(name, value)| (name.as_bytes(), value.as_deref())));
    (ours.offset, ours.timestamp) == (theirs.offset, theirs.timestamp)
        && ours.key() == theirs.key.as_deref()
        && ours.value() == theirs.value.as_deref()
        && has_same_headers
}

#[test]
fn a_changed_batch_is_read_as_by_the_codec() {
    let count = std::env::var("MUTATIONS").ok();
    let count: u64 = count.map_or(10_000, |count| count.parse().unwrap());
    let mut random = Random(20_261_201);
    let mut read = 0_u64;
    for number in 0..count {
        let first = random.batch(0);
        let mut bytes = first.clone();
        // Another one behind it, which is left out where it is cut.
        bytes.extend(random.batch(100));
        let cut = first.len() + random.below(bytes.len() - first.len());
        let theirs = RecordBatchDecoder::decode(&mut Bytes::from(first.clone())).unwrap();
        let whole = ours(&bytes[..cut]).unwrap();
        assert_eq!(whole.len(), theirs.records.len(), "{number}");
        let mut both = whole.iter().zip(&theirs.records);
        assert!(both.all(|(one, other)| is_same(one, other)), "{number}");
        // Some bytes change, and the checksum fits: those of the head that say what else there is are left as they are, and so is how many
        // records there are, for which the codec would ask for memory.
        let mut changed = first;
        for _ in 0..=random.below(3) {
            let at = HEAD + random.below(changed.len() - HEAD);
            changed[at] = random.next() as u8;
        }
        let checksum = crc32c::crc32c(&changed[CHECKED..]).to_be_bytes();
        changed[17..CHECKED].copy_from_slice(&checksum);
        let Some(known) = ours(&changed) else {
            // What cannot be cut into records is none for the codec either.
            continue;
        };
        // The codec asks for memory for all that there are said to be.
        let is_for_it = |record: &Record| {
            i32::try_from(record.offset).is_ok()
                && headers(record).is_some_and(|count| count <= 1_000)
        };
        if !known.iter().all(is_for_it) {
            continue;
        }
        if let Ok(theirs) = RecordBatchDecoder::decode(&mut Bytes::from(changed)) {
            assert_eq!(known.len(), theirs.records.len(), "{number}");
            let mut both = known.iter().zip(&theirs.records);
            assert!(both.all(|(one, other)| is_same(one, other)), "{number}");
            read += 1;
        }
    }
    assert!(read > count / 10, "{read} of {count} were still batches");
}

//! Records of a partition that go out together.

use crate::batches::varint;
use crate::decompress::decompress;
use crate::producer::compression::Compression;
use crate::producer::record::{put_varint, varint_size};
use crate::producer::waiters::List;
use bggo_runtime::contract::Moment;
use bytes::Bytes;

/// Bytes before the records.
pub(crate) const HEAD: usize = 61;

/// A batch.
#[derive(Debug)]
pub(crate) struct Batch {
    /// The head, whose fields are written when it is sent, and the records: compressed once it is closed.
    bytes: Vec<u8>,
    pub(crate) count: u32,
    /// Bytes that it takes of the memory of its producer.
    pub(crate) held: usize,
    /// When its first record came.
    pub(crate) begun: Moment,
    first_timestamp: i64,
    max_timestamp: i64,
    /// Who waits for it.
    pub(crate) waiters: List,
    pub(crate) state: State,
    /// Whether it went out once, so that nobody knows whether it was written.
    pub(crate) went_out: bool,
    pub(crate) sent: Option<Moment>,
    /// It is sent again not before this.
    pub(crate) not_before: Option<Moment>,
    /// Who sends it, and the number of its first record among those that this one sent to the partition.
    pub(crate) sequence: Option<(ProducerId, i32)>,
}

/// A producer, as the brokers know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ProducerId {
    pub(crate) id: i64,
    pub(crate) epoch: i16,
}

/// How far a batch is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// It takes records.
    Filling,
    /// It takes none any more, and is to be sent.
    Closed,
    /// It is in the request of this number.
    Sent(i32),
}

impl Batch {
    pub(crate) fn new(mut memory: Vec<u8>, now: Moment, timestamp: i64) -> Self {
        memory.clear();
        memory.resize(HEAD, 0);
        Self {
            bytes: memory,
            count: 0,
            held: 0,
            begun: now,
            first_timestamp: timestamp,
            max_timestamp: timestamp,
            waiters: List::default(),
            state: State::Filling,
            went_out: false,
            sent: None,
            not_before: None,
            sequence: None,
        }
    }

    /// How many bytes it has.
    pub(crate) fn size(&self) -> usize {
        self.bytes.len()
    }

    /// How many bytes one more record takes.
    pub(crate) fn record_size(&self, tail: &[u8], timestamp: i64) -> usize {
        let length = self.length(tail, timestamp);
        varint_size(length as i64) + length
    }

    fn length(&self, tail: &[u8], timestamp: i64) -> usize {
        1 + varint_size(timestamp - self.first_timestamp)
            + varint_size(i64::from(self.count))
            + tail.len()
    }

    /// Appends a record.
    pub(crate) fn put(&mut self, tail: &[u8], timestamp: i64) {
        let length = self.length(tail, timestamp);
        let before = self.bytes.len();
        put_varint(&mut self.bytes, length as i64);
        // Its attributes, of which there are none.
        self.bytes.push(0);
        put_varint(&mut self.bytes, timestamp - self.first_timestamp);
        put_varint(&mut self.bytes, i64::from(self.count));
        self.bytes.extend_from_slice(tail);
        self.count += 1;
        self.max_timestamp = self.max_timestamp.max(timestamp);
        self.held += self.bytes.len() - before;
    }

    /// Takes no records any more, and compresses those that it has.
    pub(crate) fn close(&mut self, compression: Compression, memory: &mut Vec<u8>) {
        if self.state != State::Filling {
            return;
        }
        self.state = State::Closed;
        let mut attributes = 0;
        if compression != Compression::None {
            memory.clear();
            memory.resize(HEAD, 0);
            let records = self.bytes.get(HEAD..).unwrap_or_default();
            if compression.put(records, memory).is_some() {
                std::mem::swap(&mut self.bytes, memory);
                attributes = compression.number();
            }
        }
        let length = self.bytes.len().saturating_sub(12) as u32;
        let count = self.count;
        // The place in the log is the broker's, and so is its epoch, which this is not: -1.
        self.head(8, &length.to_be_bytes());
        self.head(12, &(-1i32).to_be_bytes());
        self.head(16, &[2]);
        self.head(21, &[0, attributes]);
        self.head(23, &count.saturating_sub(1).to_be_bytes());
        let times = (self.first_timestamp, self.max_timestamp);
        self.head(27, &times.0.to_be_bytes());
        self.head(35, &times.1.to_be_bytes());
        self.head(57, &count.to_be_bytes());
    }

    /// Says who sends it, for the requests that follow.
    pub(crate) fn seal(&mut self) {
        let (producer, sequence) = self.sequence.unwrap_or((ProducerId::NONE, -1));
        self.head(43, &producer.id.to_be_bytes());
        self.head(51, &producer.epoch.to_be_bytes());
        self.head(53, &sequence.to_be_bytes());
        let sum = crc32c::crc32c(self.bytes.get(21..).unwrap_or_default());
        self.head(17, &sum.to_be_bytes());
    }

    /// Two batches with half of its records each, in the place of one that is too large: they take its numbers, and nobody waits for them
    /// yet. `None` if it has one record.
    pub(crate) fn halves(&self) -> Option<[Self; 2]> {
        let attributes = self.bytes.get(22).copied().unwrap_or_default();
        let records = Bytes::copy_from_slice(self.bytes.get(HEAD..)?);
        let records = decompress(records, attributes & 7)?;
        let mut rest: &[u8] = &records;
        let (half, count) = (self.count / 2, self.count);
        if half == 0 {
            return None;
        }
        let mut part = |count: u32, sequence: u32| {
            let mut made = None;
            for _ in 0..count {
                let length = usize::try_from(varint(&mut rest)?).ok()?;
                let (record, behind) = rest.split_at_checked(length)?;
                rest = behind;
                // Behind its attributes.
                let mut tail = record.get(1..)?;
                let timestamp = self.first_timestamp + varint(&mut tail)?;
                varint(&mut tail)?;
                made.get_or_insert_with(|| Self::new(Vec::new(), self.begun, timestamp))
                    .put(tail, timestamp);
            }
            let mut made = made?;
            let number = i32::try_from(sequence).ok()?;
            // After the greatest number comes zero.
            let of = |(id, first): (ProducerId, i32)| (id, first.wrapping_add(number) & i32::MAX);
            made.sequence = self.sequence.map(of);
            Some(made)
        };
        Some([part(half, 0)?, part(count - half, half)?])
    }

    fn head(&mut self, at: usize, field: &[u8]) {
        if let Some(place) = self.bytes.get_mut(at..at + field.len()) {
            place.copy_from_slice(field);
        }
    }

    /// As it is sent.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Its memory, for another one.
    pub(crate) fn into_memory(self) -> Vec<u8> {
        self.bytes
    }
}

impl ProducerId {
    /// Of one whose records are not told apart.
    pub(crate) const NONE: Self = Self { id: -1, epoch: -1 };
}

#[cfg(test)]
mod tests {
    use super::*;
    use kafka_protocol::records::RecordBatchDecoder;

    fn moment() -> Moment {
        let worker = bggo_runtime::contract::testing::WorkerContext::alone().unwrap();
        bggo_runtime::contract::AssetCx::alone(&std::rc::Rc::new(worker)).now()
    }

    #[test]
    fn another_reader_finds_the_records_in_a_batch() {
        let mut batch = Batch::new(Vec::new(), moment(), 1000);
        for (tail, timestamp) in [
            (&b"\x02k\x06one\x00"[..], 1000),
            (b"\x01\x01\x02\x02a\x02b", 990),
            (b"\x01\x04tw\x00", 1007),
        ] {
            let before = batch.size();
            let size = batch.record_size(tail, timestamp);
            batch.put(tail, timestamp);
            assert_eq!(batch.size(), before + size);
        }
        batch.close(Compression::None, &mut Vec::new());
        let producer = ProducerId { id: 7, epoch: 3 };
        batch.sequence = Some((producer, 40));
        batch.seal();
        let mut bytes = Bytes::copy_from_slice(batch.bytes());
        let set = RecordBatchDecoder::decode(&mut bytes).unwrap();
        assert!(bytes.is_empty());
        let records = set.records;
        assert_eq!(records.len(), 3);
        let seen: Vec<_> = records
            .iter()
            .map(|record| {
                (
                    record.timestamp,
                    record.sequence,
                    record.key.clone(),
                    record.value.clone(),
                )
            })
            .collect();
        let some = |text: &'static str| Some(Bytes::from_static(text.as_bytes()));
        assert_eq!(seen[0], (1000, 40, some("k"), some("one")));
        assert_eq!(seen[1], (990, 41, None, None));
        assert_eq!(seen[2], (1007, 42, None, some("tw")));
        assert_eq!((records[0].producer_id, records[0].producer_epoch), (7, 3));
        assert_eq!(records[1].headers.len(), 1);
    }

    #[test]
    fn halves_have_all_records_with_their_numbers() {
        for compression in [Compression::None, Compression::Gzip, Compression::Snappy] {
            let mut batch = Batch::new(Vec::new(), moment(), 1000);
            for number in 0..5 {
                batch.put(b"\x01\x06one\x00", 1000 + number);
            }
            batch.sequence = Some((ProducerId { id: 7, epoch: 3 }, i32::MAX - 1));
            batch.close(compression, &mut Vec::new());
            let halves = batch.halves().unwrap();
            let mut seen = Vec::new();
            for mut half in halves {
                // The reader knows no compression.
                half.close(Compression::None, &mut Vec::new());
                half.seal();
                let mut bytes = Bytes::copy_from_slice(half.bytes());
                let set = RecordBatchDecoder::decode(&mut bytes).unwrap();
                seen.push((half.sequence.unwrap().1, half.count));
                let times: Vec<_> = set.records.iter().map(|of| of.timestamp).collect();
                assert!(times.is_sorted() && set.records.len() == half.count as usize);
                assert!(
                    set.records
                        .iter()
                        .all(|of| of.value == Some(Bytes::from("one")))
                );
            }
            assert_eq!(seen, [(i32::MAX - 1, 2), (0, 3)]);
        }
        let mut alone = Batch::new(Vec::new(), moment(), 1000);
        alone.put(b"\x01\x06one\x00", 1000);
        assert!(alone.halves().is_none());
    }
}

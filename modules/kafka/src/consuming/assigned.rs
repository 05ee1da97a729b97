//! The partitions that a consumer has, where it is in each, and what came of them and was not taken.

use crate::batches::{Batches, Corrupt, Record};
use crate::consuming::settings::Start;
use bggo_runtime::contract::{Moment, Text};
use std::collections::VecDeque;

/// The partitions of a consumer.
#[derive(Debug, Default)]
pub(crate) struct Assigned {
    pub(crate) partitions: Vec<Partition>,
    /// The one from which a record was taken last. All of what came of it is taken before the next one has its turn.
    turn: usize,
    /// A batch was opened or taken to its end, so there may be room for more.
    pub(crate) has_room: bool,
}

/// A partition.
#[derive(Debug)]
pub(crate) struct Partition {
    pub(crate) topic: Text,
    pub(crate) number: i32,
    /// The broker that leads it, while that is known.
    pub(crate) leader: Option<i32>,
    pub(crate) leader_epoch: i32,
    pub(crate) place: Place,
    /// The next offset of the log, as the broker said last.
    pub(crate) end: Option<i64>,
    /// What came and was not taken, and when.
    came: VecDeque<(Batches, Moment)>,
    /// The offset at which this consumer began.
    pub(crate) began: Option<i64>,
    /// What this consumer has committed.
    pub(crate) committed: Option<i64>,
}

/// Where a consumer is in a partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// It has to ask where that is.
    Unknown(Start),
    Known {
        /// What a step takes next.
        next: i64,
        /// What is fetched next.
        fetch: i64,
    },
}

/// A record that a step takes.
#[derive(Debug, Clone)]
pub(crate) struct Taken {
    pub(crate) topic: Text,
    pub(crate) partition: i32,
    pub(crate) record: Record,
    /// When it came.
    pub(crate) came: Moment,
}

impl Partition {
    pub(crate) fn new(topic: Text, number: i32, place: Place) -> Self {
        let mut partition = Self {
            topic,
            number,
            leader: None,
            leader_epoch: -1,
            place,
            end: None,
            came: VecDeque::new(),
            began: None,
            committed: None,
        };
        partition.began = partition.next();
        partition
    }

    /// Whether this is it.
    pub(crate) fn is(&self, topic: &str, number: i32) -> bool {
        self.number == number && *self.topic == *topic
    }

    /// The offset that a step takes next, once known.
    pub(crate) fn next(&self) -> Option<i64> {
        match self.place {
            Place::Known { next, .. } => Some(next),
            Place::Unknown(_) => None,
        }
    }

    /// It goes on from an offset. What came is of no use any more.
    pub(crate) fn seek(&mut self, offset: i64) {
        self.came.clear();
        self.began = self.began.or(Some(offset));
        self.place = Place::Known {
            next: offset,
            fetch: offset,
        };
    }

    /// Its offset is there no more.
    pub(crate) fn lose_place(&mut self, start: Start) {
        self.came.clear();
        self.place = Place::Unknown(start);
    }

    /// What is fetched next, if there is room for it: at most as many bytes as a fetch brings wait beside one that is open.
    pub(crate) fn wants(&self, most: usize) -> Option<i64> {
        let Place::Known { fetch, .. } = self.place else {
            return None;
        };
        let waiting: usize = self.came.iter().map(|(batches, _)| batches.size()).sum();
        (waiting < most).then_some(fetch)
    }

    /// Takes in what a fetch from an offset brought. One that the partition has not asked for any more is dropped.
    pub(crate) fn put(&mut self, batches: Batches, from: i64, came: Moment) {
        let Place::Known { next, fetch } = self.place else {
            return;
        };
        if fetch != from || batches.end() <= from {
            return;
        }
        self.place = Place::Known {
            next,
            fetch: batches.end(),
        };
        self.came.push_back((batches, came));
    }

    /// How many fetches there are that were not taken to their ends, and how much of the first of them was not opened.
    fn unopened(&self) -> (usize, usize) {
        let first = self.came.front().map_or(0, |(first, _)| first.unopened());
        (self.came.len(), first)
    }

    fn take(&mut self) -> Result<Option<(Record, Moment)>, Corrupt> {
        while let Some((batches, came)) = self.came.front_mut() {
            let came = *came;
            let record = batches.next()?;
            let behind = match &record {
                Some(record) => record.offset + 1,
                // Records that nobody is to see may stand at the end.
                None => batches.end(),
            };
            if let Place::Known { next, .. } = &mut self.place {
                *next = behind;
            }
            if let Some(record) = record {
                return Ok(Some((record, came)));
            }
            self.came.pop_front();
        }
        Ok(None)
    }
}

impl Assigned {
    /// The next record that came.
    ///
    /// # Errors
    /// What came of a partition cannot be read.
    pub(crate) fn take(&mut self) -> Result<Option<Taken>, (Text, i32, Corrupt)> {
        for _ in 0..self.partitions.len() {
            let Some(partition) = self.partitions.get_mut(self.turn) else {
                self.turn = 0;
                continue;
            };
            let unopened = partition.unopened();
            let record = partition.take();
            self.has_room |= partition.unopened() != unopened;
            match record {
                Ok(Some((record, came))) => {
                    return Ok(Some(Taken {
                        topic: partition.topic.clone(),
                        partition: partition.number,
                        record,
                        came,
                    }));
                }
                Ok(None) => {
                    self.turn = (self.turn + 1) % self.partitions.len();
                }
                Err(corrupt) => {
                    return Err((partition.topic.clone(), partition.number, corrupt));
                }
            }
        }
        Ok(None)
    }

    /// Whether something came that was not taken. It may be nothing that anybody is to see.
    pub(crate) fn has_records(&self) -> bool {
        let mut partitions = self.partitions.iter();
        partitions.any(|partition| !partition.came.is_empty())
    }

    /// Whether a partition had a leader and has none now, as far as is known.
    pub(crate) fn has_lost_leader(&self) -> bool {
        let mut partitions = self.partitions.iter();
        partitions.any(|partition| partition.leader.is_none() && partition.leader_epoch >= 0)
    }

    /// The partition, if the consumer has it.
    pub(crate) fn find(&mut self, topic: &str, number: i32) -> Option<&mut Partition> {
        self.partitions
            .iter_mut()
            .find(|partition| partition.is(topic, number))
    }

    /// How many records are behind those that were taken, as far as brokers have said.
    pub(crate) fn lag(&self) -> u64 {
        let lags = self.partitions.iter().filter_map(|partition| {
            let lag = partition.end?.checked_sub(partition.next()?)?;
            u64::try_from(lag).ok()
        });
        lags.sum()
    }

    /// It has these partitions from now on, and no others: those that it had go on where they are.
    pub(crate) fn keep(&mut self, keeps: impl Fn(&Partition) -> bool) {
        self.partitions.retain(|partition| keeps(partition));
        self.turn = 0;
    }
}

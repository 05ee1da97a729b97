//! Fetching: one request at a time to each broker that leads partitions of the consumer.
//!
//! ```text
//! partitions with leader and place, and room -> Fetch -> Batches -> partitions
//! '- without one of them: positions::settle, again and again
//! ```

use crate::batches::Batches;
use crate::connection::Connection;
use crate::consuming::core::Core;
use crate::consuming::positions::{is_known, settle};
use crate::consuming::settings::Start;
use crate::kafka_consumer::{Error as Kind, Metric};
use crate::outcome::Code;
use bggo_runtime::contract::{Fault, FaultText};
use kafka_protocol::messages::fetch_request::{FetchPartition, FetchTopic};
use kafka_protocol::messages::{BrokerId, FetchRequest, FetchResponse, TopicName};
use kafka_protocol::protocol::StrBytes;
use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

/// Work at one broker, or at finding out where partitions are.
type Work = Pin<Box<dyn Future<Output = ()>>>;

/// The offset is not in the partition.
const OFFSET_OUT_OF_RANGE: Code = Code(1);

/// The most bytes of an answer.
const MOST: i32 = 50 << 20;

/// Whose work it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Worker {
    Broker(i32),
    /// Asks where partitions are.
    Settler,
}

/// Whether all partitions can be fetched.
pub(crate) fn is_settled(core: &Core) -> bool {
    core.assigned.borrow().partitions.iter().all(is_known)
}

/// Fetches for as long as the consumer lives.
pub(crate) async fn fetching(core: Rc<Core>) -> Fault {
    let mut works: Vec<(Worker, Work)> = Vec::new();
    poll_fn(|cx| poll_works(&core, &mut works, cx)).await
}

fn poll_works(
    core: &Rc<Core>,
    works: &mut Vec<(Worker, Work)>,
    cx: &mut Context<'_>,
) -> Poll<Fault> {
    loop {
        for worker in workers(core) {
            if works.iter().all(|(at_work, _)| *at_work != worker) {
                let work: Work = match worker {
                    Worker::Broker(leader) => Box::pin(fetch_from(Rc::clone(core), leader)),
                    Worker::Settler => Box::pin(settling(Rc::clone(core))),
                };
                works.push((worker, work));
            }
        }
        let before = works.len();
        works.retain_mut(|(_, work)| work.as_mut().poll(cx).is_pending());
        if works.len() == before && workers(core).iter().all(|worker| has(works, *worker)) {
            return Poll::Pending;
        }
    }
}

fn has(works: &[(Worker, Work)], worker: Worker) -> bool {
    works.iter().any(|(at_work, _)| *at_work == worker)
}

/// Who has something to do.
fn workers(core: &Core) -> Vec<Worker> {
    let mut workers = Vec::new();
    for partition in &core.assigned.borrow().partitions {
        let worker = match partition.leader {
            Some(leader) if is_known(partition) => Worker::Broker(leader),
            _ => Worker::Settler,
        };
        if !workers.contains(&worker) {
            workers.push(worker);
        }
    }
    workers
}

/// Asks until it is known where all partitions are.
async fn settling(core: Rc<Core>) {
    if core.assigned.borrow().has_lost_leader() {
        // The others have to agree on a new one first.
        core.pause_after_failure().await;
    }
    loop {
        match settle(&core).await {
            Ok(true) => return,
            Ok(false) => {}
            Err(fault) if fault.kind() == Kind::OffsetOutOfRange.name() => {
                core.ends(fault);
                // Nothing is tried any more.
                return std::future::pending().await;
            }
            Err(fault) => {
                core.is_troubled(fault);
            }
        }
        core.pause_after_failure().await;
    }
}

/// Fetches from one broker until it leads no partition of the consumer, or something is wrong with it: then others ask who leads them.
async fn fetch_from(core: Rc<Core>, leader: i32) {
    if let Err(fault) = fetch_until_failure(&core, leader).await {
        core.is_troubled(fault);
        core.pause_after_failure().await;
        for partition in &mut core.assigned.borrow_mut().partitions {
            if partition.leader == Some(leader) {
                partition.leader = None;
            }
        }
    }
}

async fn fetch_until_failure(core: &Core, leader: i32) -> Result<(), Fault> {
    let connection = core.connection_to(leader).await?;
    loop {
        let asked = poll_fn(|_| match request(core, leader) {
            Wants::Nothing => Poll::Ready(None),
            // Whoever takes a record polls again.
            Wants::NoMore => Poll::Pending,
            Wants::More(request) => Poll::Ready(Some(request)),
        });
        let Some(request) = asked.await else {
            core.spare.borrow_mut().push((leader, connection));
            return Ok(());
        };
        let answer = ask(core, &connection, &request).await?;
        if let Some(code) = Code::of(answer.error_code) {
            return Err(code.fault(None));
        }
        takes(core, &request, answer);
        core.wake();
    }
}

async fn ask(
    core: &Core,
    connection: &Connection,
    request: &FetchRequest,
) -> Result<FetchResponse, Fault> {
    let clock = core.cluster.clock();
    let begun = clock.now();
    let answer = core
        .cluster
        .in_time(connection, connection.ask(request))
        .await?;
    core.works();
    let size = |partition: &kafka_protocol::messages::fetch_response::PartitionData| {
        partition
            .records
            .as_ref()
            .map_or(0, |records| records.len() as u64)
    };
    let partitions = answer.responses.iter().flat_map(|topic| &topic.partitions);
    core.metrics
        .record_time(Metric::FETCH_TIME, clock.now() - begun);
    match partitions.map(size).sum() {
        0 => core.metrics.add(Metric::EMPTY_POLLS, 1),
        bytes => core.metrics.add(Metric::BYTES, bytes),
    }
    Ok(answer)
}

/// What a broker is to be asked for.
enum Wants {
    /// It leads no partition.
    Nothing,
    /// Enough has come that was not taken.
    NoMore,
    More(Box<FetchRequest>),
}

fn request(core: &Core, leader: i32) -> Wants {
    let settings = &core.settings;
    let most = usize::try_from(settings.max_partition_fetch_bytes).unwrap_or(usize::MAX);
    let mut topics: Vec<FetchTopic> = Vec::new();
    let mut has_partition = false;
    for partition in &core.assigned.borrow().partitions {
        if partition.leader != Some(leader) {
            continue;
        }
        has_partition |= partition.next().is_some();
        let Some(from) = partition.wants(most) else {
            continue;
        };
        let asked = FetchPartition::default()
            .with_partition(partition.number)
            .with_current_leader_epoch(partition.leader_epoch)
            .with_fetch_offset(from)
            .with_partition_max_bytes(settings.max_partition_fetch_bytes);
        match topics
            .iter_mut()
            .find(|topic| *topic.topic.0 == *partition.topic)
        {
            Some(topic) => topic.partitions.push(asked),
            None => {
                let name = TopicName(StrBytes::from_string(partition.topic.to_string()));
                let topic = FetchTopic::default().with_topic(name);
                topics.push(topic.with_partitions(vec![asked]));
            }
        }
    }
    if topics.is_empty() {
        return match has_partition {
            true => Wants::NoMore,
            false => Wants::Nothing,
        };
    }
    let wait = i32::try_from(settings.fetch_max_wait.as_millis()).unwrap_or(i32::MAX);
    let request = FetchRequest::default()
        .with_replica_id(BrokerId(-1))
        .with_max_wait_ms(wait)
        .with_min_bytes(settings.fetch_min_bytes)
        .with_max_bytes(MOST)
        .with_isolation_level(settings.isolation)
        // Without a session: each request names all that is wanted.
        .with_session_epoch(-1)
        .with_topics(topics);
    Wants::More(Box::new(request))
}

/// Gives each partition what came of it.
fn takes(core: &Core, request: &FetchRequest, answer: FetchResponse) {
    let asked = |topic: &str, number: i32| {
        let topic = request
            .topics
            .iter()
            .find(|asked| *asked.topic.0 == *topic)?;
        let partition = topic
            .partitions
            .iter()
            .find(|asked| asked.partition == number)?;
        Some(partition.fetch_offset)
    };
    let now = core.cluster.clock().now();
    let mut assigned = core.assigned.borrow_mut();
    for topic in answer.responses {
        for came in topic.partitions {
            let number = came.partition_index;
            let from = asked(&topic.topic.0, number);
            let (Some(from), Some(partition)) = (from, assigned.find(&topic.topic.0, number))
            else {
                continue;
            };
            match Code::of(came.error_code) {
                None => {}
                Some(OFFSET_OUT_OF_RANGE) => {
                    if core.settings.reset == Start::Nowhere {
                        let text = FaultText::plain(format_args!(
                            "offset {from} is not in partition {number} of "
                        ));
                        core.ends(Kind::OffsetOutOfRange.fault(text.and_value(&partition.topic)));
                    }
                    partition.lose_place(core.settings.reset);
                    continue;
                }
                Some(code) if code.is_of_old_metadata() => {
                    partition.leader = None;
                    continue;
                }
                Some(code) => {
                    core.is_troubled(code.of_topic(&partition.topic));
                    partition.leader = None;
                    continue;
                }
            }
            let aborted = came.aborted_transactions.unwrap_or_default();
            let aborted = aborted
                .into_iter()
                .map(|one| (one.first_offset, one.producer_id.0))
                .collect();
            // What is not committed is not there for who reads only that.
            partition.end = Some(match core.settings.isolation {
                0 => came.high_watermark,
                _ => came.last_stable_offset,
            });
            if let Some(records) = came.records {
                partition.put(Batches::new(records, from, aborted), from, now);
            }
        }
    }
}

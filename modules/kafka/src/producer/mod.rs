//! The asset `kafka_producer`: it collects records of all its users into batches, and sends them to the brokers that lead their
//! partitions.
//!
//! ```text
//! kafka_produce -Template-> the bytes of a record -append-> Sender: batches -Produce-> brokers
//!       '- waits at its place among the Waiters <- what became of each batch <---------------'
//! ```

mod batch;
mod compression;
mod partitioner;
mod record;
mod request;
mod sender;
mod waiters;

pub(crate) use partitioner::hash;
pub(crate) use record::{Late, Piece, Stamped, Template, put_headers, put_payload};
pub(crate) use sender::{Appended, Record, Sender};
pub(crate) use waiters::{Later, Outcome};

use crate::connection::{Cluster, Settings, cluster_arguments};
use crate::kafka_producer::{Error as Kind, Exports, Inputs, Metric, Uses};
use crate::outcome::Code;
use batch::ProducerId;
use bggo_runtime::contract::{Asset, AssetCx, Fault, Number, Prepare, Value};
use bggo_wire::KeptDeadline;
use compression::Compression;
use kafka_protocol::messages::InitProducerIdRequest;
use partitioner::Partitioner;
use sender::Rules;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::Context;
use std::time::Duration;

/// A producer.
#[derive(Debug)]
pub struct KafkaProducer {
    pub(crate) sender: Rc<Sender>,
    pub(crate) cluster: Rc<Cluster>,
    /// Of steps that wait for room.
    pub(crate) deadline: KeptDeadline,
    has_task: bool,
}

/// All arguments, once each is known.
#[derive(Debug, Clone)]
pub struct Known {
    cluster: Rc<Settings>,
    rules: Rules,
}

impl Asset for KafkaProducer {
    const WORKS_WHEN_IDLE: bool = true;

    type Inputs = Inputs;
    type Uses = Uses;
    /// The arguments, if they are the same for all producers of the thread.
    type Ready = Option<Known>;
    type Exports = Exports;

    fn prepare(_: &Prepare<'_>, inputs: &Inputs) -> Result<Self::Ready, Fault> {
        known(inputs).transpose()
    }

    async fn create(
        cx: AssetCx,
        ready: Rc<Self::Ready>,
        _: Uses,
        inputs: Inputs,
    ) -> Result<Self, Fault> {
        let known = match &*ready {
            Some(known) => known.clone(),
            None => known(&inputs)
                .transpose()?
                .ok_or_else(|| Kind::Settings.fault("an argument of the producer is missing"))?,
        };
        let cluster = Rc::new(Cluster::new(&cx, &known.cluster));
        let producer = greet(&cluster, known.rules.idempotence).await;
        let producer = producer.map_err(|fault| of_asset(fault.kind()).of(fault))?;
        let metrics = cx.metrics();
        let opened = cluster.take_opened();
        metrics.add(Metric::CONNECTIONS, opened.count);
        metrics.record_time(Metric::CONNECTING, opened.took);
        let has_task = cx.may_spawn();
        let sender = Rc::new(Sender::new(
            Rc::clone(&cluster),
            known.rules,
            producer,
            (metrics, has_task),
        ));
        if has_task {
            let of_task = Rc::clone(&sender);
            cx.spawn("sender", poll_fn(move |cx| of_task.poll_task(cx)))?;
        }
        Ok(Self {
            sender,
            cluster,
            deadline: KeptDeadline::new(),
            has_task,
        })
    }

    fn exports(&self) -> Exports {
        Exports {
            cluster_id: self.cluster.id().map_or(Value::Null, Value::from),
        }
    }

    fn has_idle_work(&self) -> bool {
        !self.has_task
    }

    fn poll_idle(&self, cx: &mut Context<'_>) {
        self.sender.poll_idle(cx);
    }

    async fn destroy(self) -> Result<(), Fault> {
        self.sender.end();
        if !self.has_task {
            poll_fn(|cx| self.sender.poll_task(cx)).await;
        }
        Ok(())
    }
}

/// Learns which brokers there are, and gets the id by which they tell the records of this producer apart.
async fn greet(cluster: &Cluster, idempotence: bool) -> Result<ProducerId, Fault> {
    cluster.topics(&[]).await?;
    if !idempotence {
        return Ok(ProducerId::NONE);
    }
    let request = InitProducerIdRequest::default()
        .with_transactional_id(None)
        .with_transaction_timeout_ms(i32::MAX)
        .with_producer_id((-1).into())
        .with_producer_epoch(-1);
    loop {
        let answer = cluster.ask_any(&request).await?;
        match Code::of(answer.error_code) {
            None => {
                return Ok(ProducerId {
                    id: answer.producer_id.0,
                    epoch: answer.producer_epoch,
                });
            }
            // A broker that has just started does not know its cluster yet. The limit of the creation ends this.
            Some(code) if code.is_retriable() => cluster.pause(Duration::from_millis(100)).await,
            Some(code) => return Err(code.fault(None)),
        }
    }
}

/// A failure by its kind, as one of the asset.
fn of_asset(kind: &str) -> Kind {
    match kind {
        "tls" => Kind::Tls,
        "authentication" => Kind::Authentication,
        "authorization" => Kind::Authorization,
        "timeout" => Kind::Timeout,
        "closed" => Kind::Closed,
        "protocol" => Kind::Protocol,
        "connect" => Kind::Connect,
        _ => Kind::BrokerError,
    }
}

/// All arguments, if each is known.
fn known(inputs: &Inputs) -> Option<Result<Known, Fault>> {
    let arguments = cluster_arguments!(inputs);
    let size = |size: u64| usize::try_from(size).unwrap_or(usize::MAX);
    let rules = Rules {
        acks: match &**inputs.acks.known()? {
            "0" => 0,
            "1" => 1,
            _ => -1,
        },
        idempotence: *inputs.idempotence.known()?,
        linger: *inputs.linger.known()?,
        batch_size: size(*inputs.batch_size.known()?),
        compression: Compression::of_name(inputs.compression.known()?).unwrap_or(Compression::None),
        partitioner: Partitioner::of_name(inputs.partitioner.known()?)
            .unwrap_or(Partitioner::Default),
        max_in_flight: whole(*inputs.max_in_flight.known()?),
        max_request_size: size(*inputs.max_request_size.known()?),
        buffer_memory: size(*inputs.buffer_memory.known()?),
        max_block: *inputs.max_block.known()?,
        delivery_timeout: *inputs.delivery_timeout.known()?,
    };
    if rules.linger + arguments.request_timeout > rules.delivery_timeout {
        let text = "delivery_timeout is shorter than linger and request_timeout together";
        return Some(Err(Kind::Settings.fault(text)));
    }
    Some(arguments.settings().map(|cluster| Known {
        cluster: Rc::new(cluster),
        rules,
    }))
}

fn whole(number: Number) -> usize {
    number.as_usize().unwrap_or(1).clamp(1, 5)
}

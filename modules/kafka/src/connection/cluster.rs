//! A cluster: which brokers there are, and which of them leads each partition of a topic.
//!
//! It has one connection for such questions, apart from those that carry records.

use crate::connection::broker::Connection;
use crate::connection::login::Opener;
use crate::connection::settings::Settings;
use crate::kafka_producer::Error as Kind;
use crate::outcome::Code;
use bggo_runtime::contract::{AssetClock, AssetCx, Fault, FaultText};
use kafka_protocol::messages::metadata_request::MetadataRequestTopic;
use kafka_protocol::messages::{MetadataRequest, MetadataResponse, TopicName};
use kafka_protocol::protocol::StrBytes;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

/// A cluster, as one asset knows it.
#[derive(Debug)]
pub(crate) struct Cluster {
    opener: Opener,
    brokers: RefCell<Vec<Broker>>,
    id: RefCell<Option<String>>,
    /// The broker that changes topics, once known.
    controller: Cell<i32>,
    /// For questions.
    connection: RefCell<Option<Rc<Connection>>>,
    opened: Cell<Opened>,
}

/// Connections that were opened and are not counted yet.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Opened {
    pub(crate) count: u64,
    /// How long the last of them took.
    pub(crate) took: Duration,
}

/// A broker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Broker {
    pub(crate) id: i32,
    pub(crate) host: String,
    pub(crate) port: u16,
}

/// What a cluster says of a topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TopicMetadata {
    /// By their numbers, without gaps.
    pub(crate) partitions: Vec<PartitionMetadata>,
}

/// What a cluster says of a partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PartitionMetadata {
    /// The broker that leads it, if there is one.
    pub(crate) leader: Option<i32>,
    pub(crate) leader_epoch: i32,
}

impl Cluster {
    /// A cluster that nobody was asked about.
    pub(crate) fn new(cx: &AssetCx, settings: &Rc<Settings>) -> Self {
        Self {
            opener: Opener::new(cx, settings),
            brokers: RefCell::default(),
            id: RefCell::default(),
            controller: Cell::new(-1),
            connection: RefCell::default(),
            opened: Cell::default(),
        }
    }

    /// Its id, once it was asked and if it has one.
    pub(crate) fn id(&self) -> Option<String> {
        self.id.borrow().clone()
    }

    /// What holds for all its connections.
    pub(crate) fn settings(&self) -> &Settings {
        &self.opener.settings
    }

    /// The clock of the run.
    pub(crate) fn clock(&self) -> &AssetClock {
        self.opener.clock()
    }

    /// Connections that were opened since this was asked last.
    pub(crate) fn take_opened(&self) -> Opened {
        self.opened.take()
    }

    /// A new connection to a broker of the cluster.
    ///
    /// # Errors
    /// The cluster has no such broker, or there is no connection to it.
    pub(crate) async fn open(&self, broker: i32) -> Result<Rc<Connection>, Fault> {
        let found = self
            .brokers
            .borrow()
            .iter()
            .find(|known| known.id == broker)
            .cloned();
        let Some(found) = found else {
            let text = format_args!("the cluster has no broker {broker}");
            return Err(Kind::Connect.fault(FaultText::plain(text)));
        };
        self.open_at(&found.host, found.port).await
    }

    /// The same by its host and port, as a coordinator is named.
    ///
    /// # Errors
    /// There is no connection to it.
    pub(crate) async fn open_at(&self, host: &str, port: u16) -> Result<Rc<Connection>, Fault> {
        let begun = self.clock().now();
        let connection = self.opener.open(host, port).await?;
        let before = self.opened.get();
        self.opened.set(Opened {
            count: before.count + 1,
            took: self.clock().now() - begun,
        });
        Ok(connection)
    }

    /// The connection for questions: the one that is there, or a new one to any broker that answers.
    ///
    /// # Errors
    /// No broker answers: why the last one did not.
    pub(crate) async fn any(&self) -> Result<Rc<Connection>, Fault> {
        let there = self.connection.borrow().clone();
        if let Some(there) = there.filter(|there| !there.is_over()) {
            return Ok(there);
        }
        // Those that the cluster named may be others than those that the grid names.
        let named = self.brokers.borrow();
        let mut places: Vec<_> = named
            .iter()
            .map(|broker| (broker.host.clone(), broker.port))
            .collect();
        drop(named);
        for place in &self.settings().bootstrap {
            if !places.contains(place) {
                places.push(place.clone());
            }
        }
        let mut last = None;
        for (host, port) in places {
            match self.open_at(&host, port).await {
                Ok(connection) => {
                    self.connection.replace(Some(Rc::clone(&connection)));
                    return Ok(connection);
                }
                Err(fault) => last = Some(fault),
            }
        }
        Err(last.unwrap_or_else(|| Kind::Connect.fault("the cluster has no broker")))
    }

    /// The connection for changes of topics: to the controller, if it is another broker than the one that is asked.
    ///
    /// # Errors
    /// See [`Self::any`].
    pub(crate) async fn controller(&self) -> Result<Rc<Connection>, Fault> {
        let is_alone = self.brokers.borrow().len() < 2;
        match self.controller.get() {
            id if id >= 0 && !is_alone => self.open(id).await,
            _ => self.any().await,
        }
    }

    /// Asks about topics, and learns which brokers there are. No topic is made by that. For each topic there is what it is, or why not.
    ///
    /// # Errors
    /// No broker answers.
    pub(crate) async fn topics(
        &self,
        names: &[&str],
    ) -> Result<Vec<Result<TopicMetadata, Code>>, Fault> {
        let asked = names.iter().map(|name| {
            let name = StrBytes::from_string((*name).to_owned());
            MetadataRequestTopic::default().with_name(Some(TopicName(name)))
        });
        let request = MetadataRequest::default()
            .with_topics(Some(asked.collect()))
            .with_allow_auto_topic_creation(false);
        let connection = self.any().await?;
        let answer = self.in_time(&connection, connection.ask(&request)).await?;
        self.learns(&answer);
        let topics = names.iter().map(|name| {
            let is_it =
                |topic: &&kafka_protocol::messages::metadata_response::MetadataResponseTopic| {
                    topic
                        .name
                        .as_ref()
                        .is_some_and(|known| known.0.as_str() == *name)
                };
            let Some(topic) = answer.topics.iter().find(is_it) else {
                return Err(Code::UNKNOWN_TOPIC_OR_PARTITION);
            };
            if let Some(code) = Code::of(topic.error_code) {
                return Err(code);
            }
            let mut partitions = Vec::new();
            for partition in &topic.partitions {
                let Ok(at) = usize::try_from(partition.partition_index) else {
                    continue;
                };
                if at >= partitions.len() {
                    partitions.resize(at + 1, PartitionMetadata::UNKNOWN);
                }
                if let Some(place) = partitions.get_mut(at) {
                    *place = PartitionMetadata {
                        leader: Some(partition.leader_id.0).filter(|id| *id >= 0),
                        leader_epoch: partition.leader_epoch,
                    };
                }
            }
            Ok(TopicMetadata { partitions })
        });
        Ok(topics.collect())
    }

    fn learns(&self, answer: &MetadataResponse) {
        let brokers = answer.brokers.iter().filter_map(|broker| {
            Some(Broker {
                id: broker.node_id.0,
                host: broker.host.to_string(),
                port: u16::try_from(broker.port).ok()?,
            })
        });
        let brokers: Vec<_> = brokers.collect();
        if !brokers.is_empty() {
            self.brokers.replace(brokers);
        }
        self.controller.set(answer.controller_id.0);
        let id = answer.cluster_id.as_ref().map(ToString::to_string);
        self.id.replace(id);
    }

    /// An answer within `request_timeout`. A connection whose answer did not come is given up.
    ///
    /// # Errors
    /// That of the answer, or it did not come.
    pub(crate) async fn in_time<T>(
        &self,
        connection: &Connection,
        answer: impl Future<Output = Result<T, Fault>>,
    ) -> Result<T, Fault> {
        let limit = self.settings().request_timeout;
        let mut deadline = self.clock().deadline();
        deadline.set(self.clock().now() + limit);
        let mut answer = std::pin::pin!(answer);
        let answered = std::future::poll_fn(|cx| match answer.as_mut().poll(cx) {
            std::task::Poll::Pending => deadline.poll(cx).map(|()| None),
            std::task::Poll::Ready(answered) => std::task::Poll::Ready(Some(answered)),
        });
        match answered.await {
            Some(answered) => answered,
            None => {
                let fault = no_answer_within(limit);
                connection.give_up(fault.clone());
                Err(fault)
            }
        }
    }
}

/// A broker did not answer in time.
pub(crate) fn no_answer_within(limit: Duration) -> Fault {
    let limit = bggo_runtime::contract::format_duration(limit);
    Kind::Timeout.fault(FaultText::plain(format_args!(
        "the broker does not answer within {limit}"
    )))
}

impl PartitionMetadata {
    const UNKNOWN: Self = Self {
        leader: None,
        leader_epoch: -1,
    };
}

//! A cluster: which brokers there are, and which of them leads each partition of a topic.
//!
//! It has one connection for such questions, apart from those that carry records.

use crate::connection::ask::Ask;
use crate::connection::broker::Connection;
use crate::connection::login::Opener;
use crate::connection::settings::Settings;
use crate::kafka_produce::Error as Kind;
use crate::outcome::Code;
use bggo_runtime::contract::{AssetClock, AssetCx, Fault, FaultText};
use kafka_protocol::messages::metadata_request::MetadataRequestTopic;
use kafka_protocol::messages::{MetadataRequest, MetadataResponse, TopicName};
use kafka_protocol::protocol::StrBytes;
use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;
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

/// Whom a question is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum To {
    Controller,
    Broker(i32),
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
        let mut last = None;
        for (host, port) in self.places() {
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

    /// All that may be brokers: those that the cluster named may be others than those that the grid names.
    fn places(&self) -> Vec<(String, u16)> {
        let named = self.brokers.borrow();
        let mut places: Vec<_> = named
            .iter()
            .map(|broker| (broker.host.clone(), broker.port))
            .collect();
        for place in &self.settings().bootstrap {
            if !places.contains(place) {
                places.push(place.clone());
            }
        }
        places
    }

    /// A connection to a broker for questions: the one that is there, if no other broker can be meant.
    ///
    /// # Errors
    /// See [`Self::any`] and [`Self::open`].
    async fn at(&self, broker: i32) -> Result<Rc<Connection>, Fault> {
        let is_alone = self.brokers.borrow().len() < 2;
        match broker >= 0 && !is_alone {
            true => self.open(broker).await,
            false => self.any().await,
        }
    }

    /// Asks a broker, or the one that changes topics.
    ///
    /// # Errors
    /// There is no connection to it, or no answer.
    pub(crate) async fn ask_at<A: Ask>(&self, to: To, request: &A) -> Result<A::Answer, Fault> {
        let broker = match to {
            To::Controller => self.controller.get(),
            To::Broker(broker) => broker,
        };
        let connection = self.at(broker).await?;
        self.in_time(&connection, connection.ask(request)).await
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
        let answer = self.ask_any(&request).await?;
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

    /// Asks any broker, once more if the connection that was there is gone.
    ///
    /// # Errors
    /// No broker answers.
    pub(crate) async fn ask_any<A: Ask>(&self, request: &A) -> Result<A::Answer, Fault> {
        let was_there = self.connection.borrow().is_some();
        let connection = self.any().await?;
        let answer = self.in_time(&connection, connection.ask(request)).await;
        match answer {
            Err(fault) if was_there && fault.kind() == Kind::Closed.name() => {
                let connection = self.any().await?;
                self.in_time(&connection, connection.ask(request)).await
            }
            Err(fault) if fault.kind() == Kind::Closed.name() && self.settings().sasl.is_none() => {
                // So does a listener that wants to know who the client is.
                let text = "the broker closed the connection: a listener with SASL has the security_protocol SASL_PLAINTEXT or SASL_SSL";
                Err(Kind::Closed.fault(text))
            }
            answer => answer,
        }
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

    /// `request_timeout` as a request says it.
    pub(crate) fn limit_in_ms(&self) -> i32 {
        i32::try_from(self.settings().request_timeout.as_millis()).unwrap_or(i32::MAX)
    }

    /// Waits for what the cluster brings about, within `request_timeout`.
    ///
    /// # Errors
    /// It fails, or does not come in time.
    pub(crate) async fn within_limit<T>(
        &self,
        comes: impl Future<Output = Result<T, Fault>>,
    ) -> Result<T, Fault> {
        self.within(self.settings().request_timeout, comes).await
    }

    async fn within<T>(
        &self,
        limit: Duration,
        comes: impl Future<Output = Result<T, Fault>>,
    ) -> Result<T, Fault> {
        let mut deadline = self.clock().deadline();
        deadline.set(self.clock().now() + limit);
        let mut comes = pin!(comes);
        let came = poll_fn(|cx| match comes.as_mut().poll(cx) {
            Poll::Pending => deadline.poll(cx).map(|()| None),
            Poll::Ready(came) => Poll::Ready(Some(came)),
        });
        came.await.unwrap_or_else(|| Err(no_answer_within(limit)))
    }

    /// Waits.
    pub(crate) async fn pause(&self, time: Duration) {
        let mut deadline = self.clock().deadline();
        deadline.set(self.clock().now() + time);
        poll_fn(|cx| deadline.poll(cx)).await;
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
        self.in_time_of(limit, connection, answer).await
    }

    /// The same within another limit.
    ///
    /// # Errors
    /// See [`Self::in_time`].
    pub(crate) async fn in_time_of<T>(
        &self,
        limit: Duration,
        connection: &Connection,
        answer: impl Future<Output = Result<T, Fault>>,
    ) -> Result<T, Fault> {
        let answered = self.within(limit, answer).await;
        if let Err(fault) = &answered
            && fault.kind() == Kind::Timeout.name()
        {
            connection.give_up(fault.clone());
        }
        answered
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

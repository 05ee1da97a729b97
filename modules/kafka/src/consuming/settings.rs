//! The arguments of a consumer.

use crate::connection::{Settings, cluster_arguments};
use crate::kafka_consumer::{Error as Kind, Inputs};
use bggo_runtime::contract::{Fault, Text, Value};
use std::rc::Rc;
use std::time::Duration;

/// What all consumers of a resource share on a thread.
#[derive(Debug)]
pub struct ConsumerSettings {
    pub(crate) cluster: Rc<Settings>,
    pub(crate) topics: Vec<Text>,
    /// Those that it reads of each topic; without a group and without these all.
    pub(crate) partitions: Option<Vec<i32>>,
    pub(crate) group: Option<GroupSettings>,
    /// Where it begins in a partition of which its group has committed nothing.
    pub(crate) start: Start,
    /// Whether what its group has committed counts.
    pub(crate) resumes: bool,
    /// Where it goes on when its offset is there no more.
    pub(crate) reset: Start,
    /// As in a request: 1 for committed records alone.
    pub(crate) isolation: i8,
    pub(crate) commits_itself: bool,
    pub(crate) fetch_min_bytes: i32,
    pub(crate) fetch_max_wait: Duration,
    pub(crate) max_partition_fetch_bytes: i32,
}

/// Where reading a partition begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Start {
    Earliest,
    Latest,
    /// The first record of this time or later, in milliseconds since 1970.
    Time(i64),
    /// Nowhere: that is a failure.
    Nowhere,
}

/// How a consumer is a member of its group.
#[derive(Debug)]
pub(crate) struct GroupSettings {
    pub(crate) id: String,
    pub(crate) instance_id: Option<String>,
    pub(crate) protocol: GroupProtocol,
    pub(crate) assignor: Text,
    pub(crate) session_timeout: Duration,
    pub(crate) heartbeat_interval: Duration,
    pub(crate) max_poll_interval: Duration,
}

/// The protocol of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum GroupProtocol {
    /// A member of the group says who has what.
    Classic,
    /// The broker says it.
    Consumer,
}

impl ConsumerSettings {
    /// The settings, if each argument is known.
    ///
    /// # Errors
    /// They cannot be used.
    pub(crate) fn of(inputs: &Inputs) -> Result<Option<Self>, Fault> {
        let Some(arguments) = (|| Some(cluster_arguments!(inputs)))() else {
            return Ok(None);
        };
        let cluster = Rc::new(arguments.settings()?);
        let Some(settings) = read(inputs, cluster) else {
            return Ok(None);
        };
        if settings.topics.is_empty() {
            return Err(Kind::Settings.fault("topics names no topic"));
        }
        Ok(Some(settings))
    }
}

/// All of them beside those of the cluster.
fn read(inputs: &Inputs, cluster: Rc<Settings>) -> Option<ConsumerSettings> {
    let texts = |value: &Value| -> Vec<Text> {
        let items = value.items();
        let items = items.as_deref().unwrap_or_default();
        let texts = items.iter().filter_map(Value::as_text);
        texts.map(|text| Text::from(text.to_owned())).collect()
    };
    let numbers = |value: &Value| -> Option<Vec<i32>> {
        let items = value.items()?;
        let numbers = items.iter().filter_map(|item| match item {
            Value::Number(number) => i32::try_from(number.as_i64()?).ok(),
            _ => None,
        });
        Some(numbers.collect())
    };
    let reset = match &**inputs.auto_offset_reset.known()? {
        "earliest" => Start::Earliest,
        "none" => Start::Nowhere,
        _ => Start::Latest,
    };
    let (start, resumes) = match &**inputs.start_at.known()? {
        "committed" => (reset, true),
        "earliest" => (Start::Earliest, false),
        "latest" => (Start::Latest, false),
        time => (Start::Time(time.parse().unwrap_or(i64::MAX)), false),
    };
    let group = match inputs.group_id.known()?.as_deref() {
        None => None,
        Some(id) => Some(GroupSettings {
            id: id.to_owned(),
            instance_id: inputs
                .group_instance_id
                .known()?
                .as_deref()
                .map(str::to_owned),
            protocol: match &**inputs.group_protocol.known()? {
                "consumer" => GroupProtocol::Consumer,
                _ => GroupProtocol::Classic,
            },
            assignor: inputs.assignor.known()?.clone(),
            session_timeout: *inputs.session_timeout.known()?,
            heartbeat_interval: *inputs.heartbeat_interval.known()?,
            max_poll_interval: *inputs.max_poll_interval.known()?,
        }),
    };
    let bytes = |size: u64| i32::try_from(size).unwrap_or(i32::MAX);
    Some(ConsumerSettings {
        cluster,
        topics: texts(inputs.topics.known()?),
        partitions: inputs.partitions.known()?.as_ref().and_then(numbers),
        group,
        start,
        resumes,
        reset,
        isolation: i8::from(&**inputs.isolation_level.known()? == "read_committed"),
        commits_itself: *inputs.enable_auto_commit.known()?,
        fetch_min_bytes: bytes(*inputs.fetch_min_bytes.known()?),
        fetch_max_wait: *inputs.fetch_max_wait.known()?,
        max_partition_fetch_bytes: bytes(*inputs.max_partition_fetch_bytes.known()?),
    })
}

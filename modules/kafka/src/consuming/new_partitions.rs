//! Partitions that topics get while they are read: the brokers are asked every `metadata_max_age`.
//!
//! A consumer on its own takes them. In a group of the classic protocol the member that shares out has the group share out anew; in one of the
//! newer protocol the coordinator looks for itself.

use crate::consuming::assigned::{Partition, Place};
use crate::consuming::core::Core;
use crate::consuming::settings::{GroupProtocol, Start};
use bggo_runtime::contract::{Fault, Text};
use std::collections::BTreeMap;
use std::rc::Rc;

/// Whether this consumer has to look for new partitions itself.
pub(crate) fn looks_for_partitions(core: &Core) -> bool {
    match &core.settings.group {
        None => core.settings.partitions.is_none(),
        Some(group) => group.protocol == GroupProtocol::Classic,
    }
}

/// Looks for new partitions for as long as the consumer lives. That a broker does not answer is no trouble of any step: fetching says so, and
/// the next time comes.
pub(crate) async fn looking(core: Rc<Core>) -> Fault {
    loop {
        core.cluster
            .pause(core.settings.cluster.metadata_max_age)
            .await;
        let known = known(&core);
        if known.is_empty() {
            continue;
        }
        let names: Vec<&str> = known.keys().map(String::as_str).collect();
        let answers = core.cluster.topics(&names).await;
        core.count_opened();
        let Ok(answers) = answers else {
            continue;
        };
        for ((topic, before), answer) in known.iter().zip(answers) {
            let Ok(found) = answer else {
                continue;
            };
            let count = i32::try_from(found.partitions.len()).unwrap_or(i32::MAX);
            if count <= *before {
                continue;
            }
            match core.settings.group {
                Some(_) => core.shares_anew.set(true),
                None => add(&core, topic, *before..count),
            }
        }
    }
}

/// How many partitions each topic had when it was asked about last, of those for which this consumer has to look.
fn known(core: &Core) -> BTreeMap<String, i32> {
    if core.settings.group.is_some() {
        return core.shared_out.borrow().clone();
    }
    let assigned = core.assigned.borrow();
    let mut known = BTreeMap::new();
    for partition in &assigned.partitions {
        let count = known.entry(partition.topic.to_string()).or_insert(0);
        *count = partition.number.saturating_add(1).max(*count);
    }
    known
}

/// Reads these as well, from their beginnings: nothing was there before, so nothing is read that is older than the consumer, unless it begins
/// at a time.
fn add(core: &Core, topic: &str, numbers: std::ops::Range<i32>) {
    let start = match core.settings.start {
        Start::Time(time) => Start::Time(time),
        Start::Earliest | Start::Latest | Start::Nowhere => Start::Earliest,
    };
    let topic = Text::from(topic.to_owned());
    let new = numbers.map(|number| Partition::new(topic.clone(), number, Place::Unknown(start)));
    core.assigned.borrow_mut().partitions.extend(new);
}

//! The asset `kafka_consumer`: it reads topics, alone or as a member of a group.
//!
//! ```text
//! work: membership of its group (group) and fetching (consuming) <-driven by- idle work of its user, and steps that wait
//! ```

use crate::consuming::{
    ConsumerSettings, Core, GroupProtocol, choose, fetching, is_settled, looking,
    looks_for_partitions,
};
use crate::group::{commit_taken, leave, leave_modern, membership, membership_modern};
use crate::kafka_consumer::{Error as Kind, Exports, Inputs, Metric, Uses};
use bggo_runtime::contract::{Asset, AssetCx, Fault, Prepare, Settling, Value};
use bggo_wire::{KeptDeadline, Turns};
use std::cell::RefCell;
use std::fmt;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll};

/// Work of a consumer. It ends only with why no record will come any more.
type Work = Pin<Box<dyn Future<Output = Fault>>>;

/// A consumer.
pub struct KafkaConsumer {
    core: Rc<Core>,
    /// What is to be done between its steps and while they wait.
    works: RefCell<Vec<Work>>,
    /// Steps take records one after the other.
    pub(crate) turns: Turns,
    pub(crate) deadline: KeptDeadline,
}

impl fmt::Debug for KafkaConsumer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KafkaConsumer")
            .field("core", &self.core)
            .finish_non_exhaustive()
    }
}

impl Asset for KafkaConsumer {
    const WORKS_WHEN_IDLE: bool = true;
    const SETTLES: bool = true;

    type Inputs = Inputs;
    type Uses = Uses;
    /// The settings, if they are the same for all consumers of the thread.
    type Ready = Option<Rc<ConsumerSettings>>;
    type Exports = Exports;

    fn prepare(_: &Prepare<'_>, inputs: &Inputs) -> Result<Self::Ready, Fault> {
        Ok(ConsumerSettings::of(inputs)?.map(Rc::new))
    }

    async fn create(
        cx: AssetCx,
        ready: Rc<Self::Ready>,
        _: Uses,
        inputs: Inputs,
    ) -> Result<Self, Fault> {
        let settings =
            match &*ready {
                Some(settings) => Rc::clone(settings),
                None => Rc::new(ConsumerSettings::of(&inputs)?.ok_or_else(|| {
                    Kind::Settings.fault("an argument of the consumer is missing")
                })?),
            };
        let core = Rc::new(Core::new(&cx, &settings));
        let mut works: Vec<Work> = Vec::new();
        match &settings.group {
            None => choose(&core).await?,
            Some(group) => works.push(match group.protocol {
                GroupProtocol::Classic => Box::pin(membership(Rc::clone(&core))),
                GroupProtocol::Consumer => Box::pin(membership_modern(Rc::clone(&core))),
            }),
        }
        // Before what fetches: that has to hear of new partitions.
        if looks_for_partitions(&core) {
            works.push(Box::pin(looking(Rc::clone(&core))));
        }
        works.push(Box::pin(fetching(Rc::clone(&core))));
        let consumer = Self {
            core,
            works: RefCell::new(works),
            turns: Turns::new(),
            deadline: KeptDeadline::new(),
        };
        poll_fn(|cx| consumer.poll_begun(cx)).await?;
        Ok(consumer)
    }

    fn exports(&self) -> Exports {
        let assigned = self.core.assigned.borrow();
        Exports {
            topic: match self.core.settings.topics.first() {
                Some(topic) => Value::Text(topic.clone()),
                None => Value::Null,
            },
            partitions: u64::try_from(assigned.partitions.len()).map_or(Value::Null, |count| {
                bggo_runtime::contract::Number::from(count).into()
            }),
        }
    }

    fn has_idle_work(&self) -> bool {
        !self.core.is_over()
    }

    fn poll_idle(&self, cx: &mut Context<'_>) {
        self.work(cx);
    }

    fn is_spent(&self) -> bool {
        self.core.is_spent()
    }

    async fn settle(&self, _: &Settling<'_>) -> Result<(), Fault> {
        if !self.core.commits_at_end.take() {
            return Ok(());
        }
        self.while_working(commit_taken(&self.core)).await
    }

    async fn destroy(self) -> Result<(), Fault> {
        let Some(group) = &self.core.settings.group else {
            return Ok(());
        };
        // One that ended by what it read is a member still.
        if self.core.is_over() && !self.core.member.borrow().has_joined {
            return Ok(());
        }
        // Nobody else drives the connections from here on.
        self.works.borrow_mut().clear();
        let committed = match self.core.settings.commits_itself {
            true => commit_taken(&self.core).await,
            false => Ok(()),
        };
        let left = match group.protocol {
            GroupProtocol::Classic => leave(&self.core).await,
            GroupProtocol::Consumer => leave_modern(&self.core).await,
        };
        committed.and(left)
    }
}

impl KafkaConsumer {
    /// What it shares with its steps.
    pub(crate) fn core(&self) -> &Core {
        &self.core
    }

    /// Does what can be done now.
    pub(crate) fn work(&self, cx: &mut Context<'_>) {
        if self.core.is_over() {
            return;
        }
        // A step that this wakes may be polled only later.
        let mut works = self.works.borrow_mut();
        for work in works.iter_mut() {
            if let Poll::Ready(fault) = work.as_mut().poll(cx) {
                self.core.ends(fault);
                break;
            }
        }
        if self.core.is_over() {
            works.clear();
        }
    }

    /// Waits for a commit, and works meanwhile: nobody but who waits may be there to go on with the membership.
    ///
    /// # Errors
    /// Those of the commit.
    pub(crate) async fn while_working(
        &self,
        committing: impl Future<Output = Result<(), Fault>>,
    ) -> Result<(), Fault> {
        let mut committing = pin!(committing);
        poll_fn(|cx| match committing.as_mut().poll(cx) {
            Poll::Pending => {
                self.work(cx);
                Poll::Pending
            }
            done => done,
        })
        .await
    }

    /// Ready when it is known where it is in each partition that it has: what is produced from then on comes.
    fn poll_begun(&self, cx: &mut Context<'_>) -> Poll<Result<(), Fault>> {
        self.work(cx);
        if let Some(fault) = self.core.trouble() {
            return Poll::Ready(Err(fault));
        }
        let is_member = self.core.settings.group.is_none() || self.core.member.borrow().has_joined;
        if !is_member || !is_settled(&self.core) {
            return Poll::Pending;
        }
        let lag = self.core.assigned.borrow().lag();
        self.core.metrics.set(Metric::LAG, lag);
        Poll::Ready(Ok(()))
    }
}

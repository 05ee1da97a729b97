//! The asset `postgres_pool`: connections that the users of a thread share. A step borrows one, and waits in line if all are in use.

use crate::arguments::Settings;
use crate::connection::{Maker, PostgresConnection, Ready};
use crate::limit::before;
use crate::postgres_pool::{Exports, Inputs, Metric, Uses};
use crate::postgres_query::Error as StepKind;
use bggo_runtime::contract::{
    Asset, AssetCx, AssetMetrics, Fault, FaultText, Moment, Prepare, Step, format_duration,
};
use bggo_wire::Line;
use std::cell::{Cell, RefCell};
use std::ops::Deref;
use std::pin::pin;
use std::rc::Rc;
use std::task::Context;
use std::time::Duration;

/// A pool.
#[derive(Debug)]
pub struct PostgresPool {
    maker: Maker,
    metrics: AssetMetrics,
    most: usize,
    acquire_timeout: Duration,
    /// Those that nobody uses. The one that came back last is lent first.
    free: RefCell<Vec<Rc<PostgresConnection>>>,
    /// How many there are, those that are being made included.
    count: Cell<usize>,
    line: Line,
}

/// A connection of a pool. When it is dropped, the next one has it.
#[derive(Debug)]
pub(crate) struct Borrowed<'p> {
    pool: &'p PostgresPool,
    connection: Rc<PostgresConnection>,
}

/// A connection that is being made counts as one of the pool, until that fails or is given up.
struct Opening<'p> {
    pool: &'p PostgresPool,
    is_made: bool,
}

impl Asset for PostgresPool {
    const WORKS_WHEN_IDLE: bool = true;

    type Inputs = Inputs;
    type Uses = Uses;
    type Ready = Ready;
    type Exports = Exports;

    fn prepare(_: &Prepare<'_>, inputs: &Inputs) -> Result<Ready, Fault> {
        Ok(Ready::new(Settings::of_pool(inputs)?))
    }

    async fn create(cx: AssetCx, ready: Rc<Ready>, _: Uses, inputs: Inputs) -> Result<Self, Fault> {
        let most = inputs.max_connections.known();
        let most = most.and_then(|most| most.as_usize()).unwrap_or(usize::MAX);
        let timeout = inputs.acquire_timeout.known().copied();
        Ok(Self {
            maker: Maker::new(&cx, ready, || Settings::of_pool(&inputs))?,
            metrics: cx.metrics(),
            most,
            acquire_timeout: timeout.unwrap_or(Duration::MAX),
            free: RefCell::default(),
            count: Cell::new(0),
            line: Line::default(),
        })
    }

    fn exports(&self) -> Exports {
        Exports {}
    }

    fn has_idle_work(&self) -> bool {
        self.free.borrow().iter().any(|one| one.has_idle_work())
    }

    fn poll_idle(&self, cx: &mut Context<'_>) {
        for one in &*self.free.borrow() {
            one.poll_idle(cx);
        }
    }

    async fn destroy(self) -> Result<(), Fault> {
        for one in self.free.take() {
            one.close().await;
        }
        Ok(())
    }
}

impl PostgresPool {
    /// A connection for a step, which waits for it until a moment at most.
    ///
    /// # Errors
    /// None was free in time, or none can be made.
    pub(crate) async fn borrow(
        &self,
        step: &Step<'_>,
        until: Moment,
    ) -> Result<Borrowed<'_>, Fault> {
        if !self.line.is_waited_for()
            && let Some(borrowed) = self.take_free()
        {
            return Ok(borrowed);
        }
        let since = step.now();
        let limit = since + self.acquire_timeout;
        let waits = pin!(self.wait());
        let borrowed = before(step.deadline(), limit.min(until), waits).await;
        let Some(borrowed) = borrowed else {
            return Err(match limit < until {
                true => {
                    let limit = format_duration(self.acquire_timeout);
                    let text = format_args!("no connection of the pool was free within {limit}");
                    StepKind::PoolTimeout.fault(FaultText::plain(text))
                }
                false => StepKind::Timeout
                    .fault("no connection of the pool was free within the time limit of the step"),
            });
        };
        self.metrics
            .record_time(Metric::WAITING, step.sent() - since);
        borrowed
    }

    fn take_free(&self) -> Option<Borrowed<'_>> {
        let connection = self.free.borrow_mut().pop()?;
        Some(Borrowed {
            pool: self,
            connection,
        })
    }

    async fn wait(&self) -> Result<Borrowed<'_>, Fault> {
        let mut waiting = self.line.join();
        loop {
            if waiting.is_next() {
                if let Some(borrowed) = self.take_free() {
                    return Ok(borrowed);
                }
                if self.count.get() < self.most {
                    break;
                }
            }
            waiting.called().await;
        }
        let mut opening = Opening::new(self);
        // There may be room for one more.
        drop(waiting);
        let connection = self.maker.make().await?;
        opening.is_made = true;
        Ok(Borrowed {
            pool: self,
            connection: Rc::new(connection),
        })
    }

    fn counts(&self, count: usize) {
        self.count.set(count);
        self.metrics.set(Metric::POOL_SIZE, count as u64);
    }
}

impl<'p> Opening<'p> {
    fn new(pool: &'p PostgresPool) -> Self {
        pool.counts(pool.count.get() + 1);
        Self {
            pool,
            is_made: false,
        }
    }
}

impl Drop for Opening<'_> {
    fn drop(&mut self) {
        if !self.is_made {
            self.pool.counts(self.pool.count.get().saturating_sub(1));
            self.pool.line.call_next();
        }
    }
}

impl Deref for Borrowed<'_> {
    type Target = PostgresConnection;

    fn deref(&self) -> &PostgresConnection {
        &self.connection
    }
}

impl Drop for Borrowed<'_> {
    fn drop(&mut self) {
        let connection = Rc::clone(&self.connection);
        self.pool.free.borrow_mut().push(connection);
        self.pool.line.call_next();
    }
}

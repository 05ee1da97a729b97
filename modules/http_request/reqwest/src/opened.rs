//! Counts the connections that a client opens: a layer round whatever makes them.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::task::{Context, Poll};
use tower_layer::Layer;
use tower_service::Service;

/// How many connections a client has opened. A clone counts the same: some are made by tasks of the client's own.
#[derive(Debug, Clone, Default)]
pub(crate) struct Opened(Arc<AtomicU64>);

impl Opened {
    /// Those that were opened since this was asked last.
    pub(crate) fn take(&self) -> u64 {
        // Most requests open none: then nothing is written.
        match self.0.load(Relaxed) {
            0 => 0,
            _ => self.0.swap(0, Relaxed),
        }
    }
}

impl<S> Layer<S> for Opened {
    type Service = Counted<S>;

    fn layer(&self, connector: S) -> Counted<S> {
        Counted {
            connector,
            opened: self.clone(),
        }
    }
}

/// A connector whose connections are counted once they stand.
#[derive(Debug, Clone)]
pub(crate) struct Counted<S> {
    connector: S,
    opened: Opened,
}

impl<S, R> Service<R> for Counted<S>
where
    S: Service<R>,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.connector.poll_ready(cx)
    }

    fn call(&mut self, to: R) -> Self::Future {
        let (connecting, opened) = (self.connector.call(to), self.opened.clone());
        Box::pin(async move {
            let connection = connecting.await?;
            opened.0.fetch_add(1, Relaxed);
            Ok(connection)
        })
    }
}

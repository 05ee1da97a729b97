//! The sockets of one thread: one for IPv4 and one for IPv6, which all connections of a resource share.

use crate::session::NO_ERROR;
use crate::tasks::Tasks;
use bggo_wire::{Phase, Trouble};
use quinn::{Endpoint, EndpointConfig};
use socket2::SockRef;
use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Poll, Waker};
use std::time::Duration;

/// How long the thread waits at its end for the servers to hear that their connections are closed.
const FAREWELL: Duration = Duration::from_secs(1);
/// How many bytes of datagrams wait for a thread that is busy: many connections share its socket.
const RECEIVED: usize = 4 << 20;

/// The sockets of one resource on one thread. Each begins with the first connection that needs it.
#[derive(Debug)]
pub(crate) struct Endpoints {
    tasks: Tasks,
    open: Rc<RefCell<Vec<(IpAddr, Endpoint)>>>,
    over: Rc<Over>,
}

/// Whether the resource is over on this thread.
#[derive(Debug, Default)]
struct Over {
    is_over: Cell<bool>,
    waits: RefCell<Option<Waker>>,
}

impl Endpoints {
    /// With the task that takes care of their tasks, and ends them all when they are dropped.
    pub(crate) fn new() -> (Self, impl Future<Output = ()> + 'static) {
        let endpoints = Self {
            tasks: Tasks::default(),
            open: Rc::default(),
            over: Rc::default(),
        };
        let (tasks, open) = (endpoints.tasks.clone(), Rc::clone(&endpoints.open));
        let over = Rc::clone(&endpoints.over);
        (endpoints, keep(tasks, open, over))
    }

    /// The tasks of this thread.
    pub(crate) fn tasks(&self) -> &Tasks {
        &self.tasks
    }

    /// One from which `to` can be reached.
    ///
    /// # Errors
    /// There is no socket for it.
    pub(crate) fn to(&self, to: SocketAddr) -> Result<Endpoint, Trouble> {
        let from = match to {
            SocketAddr::V4(_) => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            SocketAddr::V6(_) => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
        };
        let mut open = self.open.borrow_mut();
        if let Some((_, endpoint)) = open.iter().find(|(known, _)| *known == from) {
            return Ok(endpoint.clone());
        }
        let made = self.bound(from);
        let endpoint = made.map_err(|error| Trouble::of_system(Phase::Dial, &error))?;
        open.push((from, endpoint.clone()));
        Ok(endpoint)
    }

    fn bound(&self, from: IpAddr) -> io::Result<Endpoint> {
        let socket = UdpSocket::bind((from, 0))?;
        // quinn draws random numbers and panics where it gets none: the first of a program take a descriptor, which it keeps.
        getrandom::fill(&mut [0])?;
        // What the system does not allow is less, and lost datagrams are sent again.
        let _ = SockRef::from(&socket).set_recv_buffer_size(RECEIVED);
        let tasks = Arc::new(self.tasks.clone());
        Endpoint::new(EndpointConfig::default(), None, socket, tasks)
    }
}

impl Drop for Endpoints {
    fn drop(&mut self) {
        self.over.is_over.set(true);
        if let Some(waits) = self.over.waits.borrow_mut().take() {
            waits.wake();
        }
    }
}

/// Drops what is left when the thread waits no longer.
struct Left(Tasks);

impl Drop for Left {
    fn drop(&mut self) {
        self.0.start_dropping();
    }
}

/// Takes out the tasks that end, until the resource is over; then closes its connections, and waits for the servers to hear of it,
/// but not for long.
async fn keep(tasks: Tasks, open: Rc<RefCell<Vec<(IpAddr, Endpoint)>>>, over: Rc<Over>) {
    let left = Left(tasks);
    poll_fn(|cx| {
        left.0.poll_ends(cx);
        if over.is_over.get() {
            return Poll::Ready(());
        }
        *over.waits.borrow_mut() = Some(cx.waker().clone());
        Poll::Pending
    })
    .await;
    for (_, endpoint) in open.take() {
        // A task of an endpoint ends when its connections are over and nobody holds it.
        endpoint.close(NO_ERROR, b"");
    }
    let _ = tokio::time::timeout(FAREWELL, left.0.until_none()).await;
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::task::LocalSet;
    use tokio::time::Instant;

    /// The time that passes after the drop until the end, on a clock that stands still while something runs.
    fn ends_after(task: impl Future<Output = ()> + 'static) -> Duration {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build();
        LocalSet::new().block_on(&runtime.unwrap(), async {
            let (endpoints, keeping) = Endpoints::new();
            let keeping = tokio::task::spawn_local(keeping);
            let to = "127.0.0.1:9".parse().unwrap();
            let (first, second) = (endpoints.to(to).unwrap(), endpoints.to(to).unwrap());
            assert_eq!(first.local_addr().unwrap(), second.local_addr().unwrap());
            endpoints.tasks().begin(task);
            drop((first, second));
            let dropped = Instant::now();
            drop(endpoints);
            keeping.await.unwrap();
            dropped.elapsed()
        })
    }

    #[test]
    fn without_connections_the_end_takes_no_time_and_it_never_takes_longer_than_a_second() {
        assert_eq!(ends_after(async {}), Duration::ZERO);
        let short = Duration::from_millis(300);
        assert_eq!(
            ends_after(async move { tokio::time::sleep(short).await }),
            short
        );
        assert_eq!(ends_after(std::future::pending()), FAREWELL);
    }
}

//! The addresses of a name to one connection (Happy Eyeballs, RFC 8305): each address gets a short time before the next one is
//! tried beside it. The first that connects wins, and the other attempts are dropped.

use super::names::Found;
use crate::trouble::{Kind, Phase, Trouble};
use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// How long an attempt is alone before the next address is tried as well.
const DELAY: Duration = Duration::from_millis(250);

type Attempt<'a, T> = Pin<Box<dyn Future<Output = Result<T, Trouble>> + 'a>>;

/// Connects to the first address that answers. One address needs neither a timer nor memory.
pub(super) async fn race<'a, T, F>(
    found: &'a Found,
    port: u16,
    connect: impl Fn(SocketAddr) -> F + 'a,
) -> Result<(T, SocketAddr), Trouble>
where
    F: Future<Output = Result<T, Trouble>> + 'a,
{
    let mut addresses = found.addresses(port);
    let Some(first) = addresses.next() else {
        return Err(no_address());
    };
    if found.len() == 1 {
        return Ok((connect(first).await?, first));
    }
    // Boxed as a whole: few connections have a choice, and this one need not make the others larger.
    Box::pin(several(first, addresses, connect)).await
}

async fn several<'a, T, F>(
    first: SocketAddr,
    mut others: impl Iterator<Item = SocketAddr>,
    connect: impl Fn(SocketAddr) -> F + 'a,
) -> Result<(T, SocketAddr), Trouble>
where
    F: Future<Output = Result<T, Trouble>> + 'a,
{
    let attempt = |to| -> (SocketAddr, Attempt<'a, T>) { (to, Box::pin(connect(to))) };
    let mut running = vec![attempt(first)];
    let mut next = others.next();
    let mut timer = pin!(sleep(DELAY));
    let mut worst: Option<Trouble> = None;
    poll_fn(|cx| {
        loop {
            let mut won = None;
            let before = running.len();
            running.retain_mut(|(to, attempt)| {
                if won.is_some() {
                    return true;
                }
                match attempt.as_mut().poll(cx) {
                    Poll::Pending => true,
                    Poll::Ready(Ok(made)) => {
                        won = Some((made, *to));
                        false
                    }
                    Poll::Ready(Err(trouble)) => {
                        worst = Some(match worst.take() {
                            Some(other) if rank(&other) > rank(&trouble) => other,
                            _ => trouble,
                        });
                        false
                    }
                }
            });
            if let Some(won) = won {
                return Poll::Ready(Ok(won));
            }
            let has_failed = running.len() < before;
            let Some(to) = next else {
                if running.is_empty() {
                    return Poll::Ready(Err(worst.take().unwrap_or_else(no_address)));
                }
                return Poll::Pending;
            };
            if !has_failed && timer.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            running.push(attempt(to));
            next = others.next();
            timer.as_mut().reset(Instant::now() + DELAY);
        }
    })
    .await
}

/// How much a failure says about the host: that which says most is told.
fn rank(trouble: &Trouble) -> u8 {
    match trouble.kind() {
        Kind::Local => 3,
        // The host is there.
        Kind::Refused => 2,
        // Most hosts without IPv6 say that at once.
        Kind::Unreachable => 0,
        _ => 1,
    }
}

fn no_address() -> Trouble {
    Trouble::new(Kind::Dns, Phase::Dial, "the host has no address")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dial::names::Names;
    use crate::named::Named;
    use std::cell::{Cell, RefCell};
    use std::io;

    /// What happens to an attempt.
    #[derive(Clone, Copy)]
    enum Ends {
        After(u64),
        Never,
        /// With an error of the system, after so many milliseconds.
        With(i32, u64),
    }
    use Ends::{After, Never, With};

    /// How many attempts are running.
    struct Running<'a>(&'a Cell<usize>);

    impl Drop for Running<'_> {
        fn drop(&mut self) {
            self.0.set(self.0.get() - 1);
        }
    }

    #[derive(Default)]
    struct Raced {
        running: Cell<usize>,
        /// Which address was tried when, in milliseconds.
        tried: RefCell<Vec<(u8, u64)>>,
    }

    impl Raced {
        /// Races addresses 10.0.0.0, 10.0.0.1, ...: which won, or why none did.
        async fn race(&self, ends: &[Ends]) -> Result<u8, Trouble> {
            let addresses: Vec<String> = (0..ends.len()).map(|at| format!("10.0.0.{at}")).collect();
            let names = Names::new(DELAY, &[("a.test", &addresses.join(","))]).unwrap();
            let found = names.addresses("a.test", 80, Named::Open).await.unwrap();
            let begun = Instant::now();
            let attempt = |to: SocketAddr| async move {
                let SocketAddr::V4(to) = to else {
                    unreachable!("all addresses are of IPv4")
                };
                let number = to.ip().octets()[3];
                let at = u64::try_from(begun.elapsed().as_millis()).unwrap();
                self.tried.borrow_mut().push((number, at));
                self.running.set(self.running.get() + 1);
                let _running = Running(&self.running);
                match ends[usize::from(number)] {
                    After(wait) => {
                        sleep(Duration::from_millis(wait)).await;
                        Ok(number)
                    }
                    Never => std::future::pending().await,
                    With(code, wait) => {
                        sleep(Duration::from_millis(wait)).await;
                        let error = io::Error::from_raw_os_error(code);
                        Err(Trouble::of_system(Phase::Dial, &error))
                    }
                }
            };
            let won = race(&found, 80, attempt).await;
            assert_eq!(self.running.get(), 0, "the others are dropped");
            won.map(|(number, _)| number)
        }

        fn tried(&self) -> Vec<(u8, u64)> {
            self.tried.borrow().clone()
        }
    }

    const REFUSED: i32 = 111;
    const NO_ROUTE: i32 = 101;
    const NO_PORT: i32 = 99;

    #[tokio::test(start_paused = true)]
    async fn the_next_address_is_tried_after_a_quarter_of_a_second_and_the_first_that_connects_wins()
     {
        let raced = Raced::default();
        let won = raced.race(&[Never, After(100), After(1)]).await;
        assert_eq!(won.unwrap(), 1);
        assert_eq!(raced.tried(), [(0, 0), (1, 250)]);
    }

    #[tokio::test(start_paused = true)]
    async fn an_address_that_was_tried_first_may_still_win() {
        let raced = Raced::default();
        let won = raced.race(&[After(600), Never, Never]).await;
        assert_eq!(won.unwrap(), 0);
        assert_eq!(raced.tried(), [(0, 0), (1, 250), (2, 500)]);
    }

    #[tokio::test(start_paused = true)]
    async fn after_a_failure_the_next_address_is_tried_at_once() {
        let raced = Raced::default();
        let won = raced
            .race(&[With(REFUSED, 10), Never, With(NO_ROUTE, 0), After(5)])
            .await;
        assert_eq!(won.unwrap(), 3);
        assert_eq!(raced.tried(), [(0, 0), (1, 10), (2, 260), (3, 260)]);
    }

    #[tokio::test(start_paused = true)]
    async fn the_failure_that_says_most_is_told() {
        for (ends, kind) in [
            ([With(REFUSED, 0), With(NO_ROUTE, 0)], Kind::Refused),
            ([With(NO_ROUTE, 0), With(REFUSED, 0)], Kind::Refused),
            ([With(NO_PORT, 0), With(REFUSED, 0)], Kind::Local),
            ([With(NO_ROUTE, 0), With(NO_ROUTE, 0)], Kind::Unreachable),
        ] {
            let raced = Raced::default();
            let trouble = raced.race(&ends).await.unwrap_err();
            assert_eq!(trouble.kind(), kind);
            assert_eq!(raced.tried().len(), 2);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn one_address_is_tried_without_a_timer() {
        let raced = Raced::default();
        assert_eq!(raced.race(&[After(1_000)]).await.unwrap(), 0);
        let begun = Instant::now();
        let trouble = raced.race(&[With(REFUSED, 0)]).await.unwrap_err();
        assert_eq!(trouble.kind(), Kind::Refused);
        assert!(begun.elapsed() < DELAY);
    }
}

//! Host names to addresses, looked up once for all users of a worker thread and kept for a short time.
//!
//! Otherwise ten thousand users that connect at once would look up ten thousand times, each on a thread of the blocking pool.

use crate::fault::NoAddress;
use bggo_wire::KeptNames;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::OnceCell;
use tokio::time::Instant;

/// How long addresses are used. The system's resolver does not tell their time to live.
const KEPT: Duration = Duration::from_secs(10);
/// How long a failure is kept, so that many users do not repeat a failing look-up one after the other.
const FAILURE_KEPT: Duration = Duration::from_secs(1);

thread_local! {
    static OF_THREAD: Names = Names::default();
}

/// The names that a worker thread has looked up. Clones share them.
// A connector must be `Send`, so there is a lock, which no other thread takes.
#[derive(Clone)]
pub(crate) struct Names(Arc<Mutex<KeptAnswers>>);

/// The first user looks a name up; the others wait for its answer.
type KeptAnswers = KeptNames<Arc<OnceCell<Answer>>>;

struct Answer {
    found: Result<Vec<SocketAddr>, NoAddress>,
    until: Instant,
}

impl Default for Names {
    fn default() -> Self {
        let until = |answer: &Arc<OnceCell<Answer>>| Some(answer.get()?.until);
        Self(Arc::new(Mutex::new(KeptNames::new(until))))
    }
}

impl Names {
    /// Those of this thread.
    pub(crate) fn of_this_thread() -> Self {
        OF_THREAD.with(Clone::clone)
    }

    /// The addresses of a host, with port 0. The host may be an address itself.
    pub(crate) async fn addresses(&self, host: &str) -> Result<Vec<SocketAddr>, NoAddress> {
        if let Ok(address) = host.parse::<IpAddr>() {
            return Ok(vec![SocketAddr::new(address, 0)]);
        }
        self.looked_up(host, || look_up(host)).await
    }

    fn kept(&self) -> MutexGuard<'_, KeptAnswers> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn looked_up<F>(
        &self,
        name: &str,
        look_up: impl FnOnce() -> F,
    ) -> Result<Vec<SocketAddr>, NoAddress>
    where
        F: Future<Output = Result<Vec<SocketAddr>, NoAddress>>,
    {
        let (answer, turn) = self.kept().entry(name);
        let answer = answer
            .get_or_init(|| async {
                let found = look_up().await;
                let kept = if found.is_ok() { KEPT } else { FAILURE_KEPT };
                Answer {
                    found,
                    until: Instant::now() + kept,
                }
            })
            .await;
        match &answer.found {
            Ok(addresses) => Ok(turned(addresses, turn)),
            Err(none) => Err(none.clone()),
        }
    }
}

async fn look_up(name: &str) -> Result<Vec<SocketAddr>, NoAddress> {
    match tokio::net::lookup_host((name, 0)).await {
        Ok(found) => {
            let found: Vec<_> = found.collect();
            if found.is_empty() {
                Err(NoAddress::new(name, None))
            } else {
                Ok(found)
            }
        }
        Err(error) => Err(NoAddress::new(name, Some(&error))),
    }
}

/// The addresses of the preferred family, rotated so that each caller begins with another one; then the rest.
fn turned(addresses: &[SocketAddr], turn: usize) -> Vec<SocketAddr> {
    let preferred = addresses.first().is_some_and(SocketAddr::is_ipv4);
    let (mut first, rest): (Vec<_>, Vec<_>) = addresses
        .iter()
        .partition(|address| address.is_ipv4() == preferred);
    if !first.is_empty() {
        let by = turn % first.len();
        first.rotate_left(by);
    }
    first.extend(rest);
    first
}

#[cfg(test)]
mod tests {
    use super::*;
    use bggo_wire::MOST_NAMES;
    use std::cell::Cell;

    fn addresses(texts: &[&str]) -> Vec<SocketAddr> {
        texts
            .iter()
            .map(|text| SocketAddr::new(text.parse().unwrap(), 0))
            .collect()
    }

    /// Names, and how often one was looked up; each look-up takes a second.
    #[derive(Default)]
    struct Asked {
        names: Names,
        count: Cell<usize>,
    }

    impl Asked {
        async fn ask(
            &self,
            name: &str,
            found: Result<Vec<SocketAddr>, NoAddress>,
        ) -> Result<Vec<SocketAddr>, NoAddress> {
            let look_up = || async {
                self.count.set(self.count.get() + 1);
                tokio::time::sleep(Duration::from_secs(1)).await;
                found
            };
            self.names.looked_up(name, look_up).await
        }
    }

    #[test]
    fn connections_spread_over_the_preferred_family() {
        let all = addresses(&["10.0.0.1", "::1", "10.0.0.2"]);
        assert_eq!(turned(&all, 0), addresses(&["10.0.0.1", "10.0.0.2", "::1"]));
        assert_eq!(turned(&all, 1), addresses(&["10.0.0.2", "10.0.0.1", "::1"]));
        assert_eq!(turned(&[], 3), []);
    }

    #[tokio::test(start_paused = true)]
    async fn one_look_up_serves_all_who_ask_for_ten_seconds() {
        let asked = Asked::default();
        let one = || Ok(addresses(&["10.0.0.1"]));
        let (first, second) = tokio::join!(asked.ask("a", one()), asked.ask("a", one()));
        assert_eq!(
            (first.unwrap(), second.unwrap()),
            (one().unwrap(), one().unwrap())
        );
        asked.ask("a", one()).await.unwrap();
        assert_eq!(asked.count.get(), 1);
        asked.ask("b", one()).await.unwrap();
        assert_eq!(asked.count.get(), 2);
        tokio::time::advance(KEPT).await;
        asked.ask("a", one()).await.unwrap();
        assert_eq!(asked.count.get(), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn a_failed_look_up_is_shared_by_those_who_wait_and_tried_again_later() {
        let asked = Asked::default();
        let none = || Err(NoAddress::new("a", None));
        let (first, second) = tokio::join!(asked.ask("a", none()), asked.ask("a", none()));
        assert!(first.is_err() && second.is_err());
        assert!(asked.ask("a", none()).await.is_err());
        assert_eq!(asked.count.get(), 1);
        tokio::time::advance(FAILURE_KEPT).await;
        assert!(asked.ask("a", Ok(addresses(&["10.0.0.1"]))).await.is_ok());
        assert_eq!(asked.count.get(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn who_gives_up_leaves_the_look_up_to_those_who_wait() {
        let asked = Asked::default();
        let one = || Ok(addresses(&["10.0.0.1"]));
        let short = Duration::from_millis(500);
        let (first, second) = tokio::join!(
            tokio::time::timeout(short, asked.ask("a", one())),
            asked.ask("a", one())
        );
        assert!(first.is_err());
        assert_eq!(second.unwrap(), one().unwrap());
        assert_eq!(asked.count.get(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn no_more_names_are_kept_than_there_is_room_for() {
        let asked = Asked::default();
        for number in 0..MOST_NAMES + 10 {
            let found = Ok(addresses(&["10.0.0.1"]));
            let name = format!("host-{number}");
            // Those that are over make room for the others.
            asked
                .names
                .looked_up(&name, || async { found })
                .await
                .unwrap();
        }
        assert_eq!(asked.names.kept().count(), MOST_NAMES);
        let last = format!("host-{}", MOST_NAMES + 9);
        asked.ask(&last, Ok(Vec::new())).await.unwrap();
        assert_eq!(asked.count.get(), 0, "the newest is kept");
    }

    #[test]
    fn a_thread_has_one_cache() {
        let (first, second) = (Names::of_this_thread(), Names::of_this_thread());
        assert!(Arc::ptr_eq(&first.0, &second.0));
        let other = std::thread::spawn(Names::of_this_thread).join().unwrap();
        assert!(!Arc::ptr_eq(&first.0, &other.0));
    }
}

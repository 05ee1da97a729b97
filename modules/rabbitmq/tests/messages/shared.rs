//! A connection that several users share: each has channels of its own, which are closed when it goes, and its loss is counted once for
//! each message.

use crate::user::{PUBLISH, User, known, message, number, run, told};
use bggo_module_rabbitmq::rabbitmq_connection::{In, Metric};
use bggo_module_rabbitmq::rabbitmq_publish;
use bggo_runtime::contract::{Fault, Text};
use bggo_tests::server::Rabbitmq;
use std::cell::Cell;
use std::future::poll_fn;
use std::net::TcpListener;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

/// What a user does.
type Turn<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

fn turn<'a, T>(work: impl Future<Output = T> + 'a) -> Turn<'a, T> {
    Box::pin(work)
}

/// Runs what several users do side by side: what each gave.
async fn all<T>(steps: Vec<Turn<'_, T>>) -> Vec<T> {
    let mut steps: Vec<_> = steps.into_iter().map(|step| (step, None)).collect();
    poll_fn(|cx| {
        for (step, done) in &mut steps {
            if done.is_none()
                && let Poll::Ready(it) = step.as_mut().poll(cx)
            {
                *done = Some(it);
            }
        }
        match steps.iter().all(|(_, done)| done.is_some()) {
            true => Poll::Ready(()),
            false => Poll::Pending,
        }
    })
    .await;
    steps.into_iter().map(|(_, done)| done.unwrap()).collect()
}

/// Users with one connection, from number 1 on.
fn users(url: &str, count: u64, inputs: Vec<In>) -> Vec<User> {
    let mut users = vec![User::sharing(url, inputs)];
    for number in 2..=count {
        let beside = users[0].beside(number);
        users.push(beside);
    }
    users
}

/// The only user that is left ends the connection.
async fn leave(mut users: Vec<User>) {
    users.iter().for_each(|user| user.goes());
    users.swap_remove(0).leave().await;
}

#[test]
fn each_user_of_a_connection_has_channels_of_its_own_and_takes_them_along() {
    let server = Rabbitmq::shared();
    let vhost = server.vhost("shared-channels");
    for number in 1..=5 {
        vhost.queue(&format!("q{number}"), "{}");
    }
    vhost.queue("last", "{}");
    run(async || {
        let mut users = users(&vhost.url(), 4, Vec::new());
        let mut turns = Vec::new();
        for (number, user) in (1_u64..).zip(&users) {
            turns.push(turn(async move {
                let queue = format!("q{number}");
                for round in 0..20 {
                    user.sends(&queue, &format!("{number} {round}")).await?;
                }
                let mut last = String::new();
                for _ in 0..20 {
                    last = user.takes(&queue).await?;
                }
                Ok::<_, Fault>(last)
            }));
        }
        for (number, last) in (1_u64..).zip(all(turns).await) {
            assert_eq!(last.unwrap(), format!("{number} 19"));
        }
        assert_eq!(
            users[0].counted_by(&PUBLISH, rabbitmq_publish::Metric::POSSIBLY_WRITTEN),
            0
        );
        assert_eq!(users[0].counted(Metric::CONNECTIONS), 1);
        // One for messages with confirms and one for a consumer, of each.
        let has = |channels: u64| {
            vhost.list("connections", |list| {
                list.len() == 1 && list[0]["channels"] == channels
            })
        };
        has(8);
        // Whoever hears of this one has heard of all before it.
        users[0].sends("last", "x").await.unwrap();
        for number in 1..=4 {
            vhost.holds(&format!("q{number}"), 0, 0);
        }
        // A user goes, and another one takes what it has left to its queue.
        users[0].sends("q4", "left").await.unwrap();
        vhost.holds("q4", 0, 1);
        users.pop().unwrap().goes();
        users[0].sends("last", "x").await.unwrap();
        has(6);
        vhost.holds("q4", 1, 0);
        let fifth = users[0].beside(5);
        assert_eq!(fifth.takes("q4").await.unwrap(), "left");
        fifth.sends("q5", "x").await.unwrap();
        has(8);
        vhost.holds("q5", 1, 0);
        users.push(fifth);
        leave(users).await;
        vhost.list("connections", <[_]>::is_empty);
    });
}

#[test]
fn a_connection_without_a_channel_for_one_more_user_says_so_until_one_goes() {
    let server = Rabbitmq::shared();
    let vhost = server.vhost("shared-full");
    vhost.queue("q", "{}");
    run(async || {
        let most = In::ChannelMax(number(2));
        let mut users = users(&vhost.url(), 3, vec![most]);
        let mut last = users.pop().unwrap();
        for user in &users {
            user.sends("q", "x").await.unwrap();
        }
        let (kind, text) = told(last.sends("q", "x").await);
        assert_eq!(kind, "channel_closed", "{text}");
        assert!(
            text.contains("2 channels") && text.contains("channel_max"),
            "{text}"
        );
        // The others go on.
        users[0].sends("q", "x").await.unwrap();
        users.pop().unwrap().goes();
        // Its channel is free once the server has said so.
        while let Err(fault) = last.sends("q", "x").await {
            assert_eq!(fault.kind(), "channel_closed", "{}", fault.text());
            last = users[0].beside(3);
            tokio::task::yield_now().await;
        }
        vhost.holds("q", 4, 0);
        users.push(last);
        leave(users).await;
    });
}

#[test]
fn a_server_that_dies_under_several_users_of_a_connection_is_counted_once_for_each_message() {
    let mut server = Rabbitmq::start();
    let vhost = server.vhost("shared-faults");
    vhost.queue("q", r#"{"durable":true}"#);
    let url = vhost.url();
    // The vhost would hold the server.
    std::mem::forget(vhost);
    let kept = || {
        let mut inputs = message("q", "kept");
        let mode = Some(Text::Static("persistent"));
        inputs.push(rabbitmq_publish::In::DeliveryMode(known(mode)));
        inputs
    };
    run(async || {
        let limit = In::ConnectTimeout(known(Duration::from_secs(1)));
        let users = users(&url, 6, vec![limit]);
        let publish = || {
            let steps = users.iter().map(|user| turn(user.publish(kept())));
            all(steps.collect())
        };
        let possibly = || users[0].counted_by(&PUBLISH, rabbitmq_publish::Metric::POSSIBLY_WRITTEN);
        let bytes = || users[0].counted_by(&PUBLISH, rabbitmq_publish::Metric::BYTES);
        for done in publish().await {
            done.unwrap();
        }
        server.freeze();
        let before = bytes();
        let dies = async {
            users[0].waits_until(|| bytes() == before + 6 * 4).await;
            server.die();
        };
        let (done, ()) = tokio::join!(publish(), dies);
        for failed in done {
            let (kind, text) = told(failed);
            assert_eq!(kind, "closed", "{text}");
        }
        assert_eq!(possibly(), 6);
        // Nobody is there: each step says so, and nothing was sent.
        for failed in publish().await {
            let (kind, text) = told(failed);
            assert_eq!(kind, "connect", "{text}");
        }
        assert_eq!(possibly(), 6);
        // Somebody is there and says nothing: one tries, and fails for all that wait.
        let silent = TcpListener::bind(("127.0.0.1", server.port())).unwrap();
        silent.set_nonblocking(true).unwrap();
        for failed in publish().await {
            let (kind, text) = told(failed);
            assert_eq!(kind, "connect", "{text}");
        }
        let tried = std::iter::from_fn(|| silent.accept().ok()).count();
        assert_eq!(tried, 1);
        drop(silent);
        server.restart();
        for done in publish().await {
            done.unwrap();
        }
        assert_eq!(users[0].counted(Metric::CONNECTIONS), 2);
        let there = users[0].ready("q").await.unwrap();
        assert!((12..=18).contains(&there), "{there}");
        leave(users).await;
    });
}

#[test]
fn one_whose_inbox_is_full_holds_up_the_others_no_longer_than_until_its_next_step() {
    let server = Rabbitmq::shared();
    let vhost = server.vhost("shared-held");
    vhost.queue("flood", "{}");
    vhost.queue("q", "{}");
    run(async || {
        let users = users(&vhost.url(), 2, vec![In::Prefetch(number(0))]);
        let (flooded, other) = (&users[0], &users[1]);
        // Each fills the inbox by a quarter.
        let large = "x".repeat(1 << 20);
        for _ in 0..8 {
            other.sends("flood", &large).await.unwrap();
        }
        for _ in 0..8 {
            assert_eq!(flooded.takes("flood").await.unwrap().len(), 1 << 20);
            // Its inbox is full at first, so the other one has its turn while a step of this one waits.
            let is_sent = Cell::new(false);
            let sends = async {
                other.sends("q", "x").await.unwrap();
                is_sent.set(true);
            };
            let asks = async {
                while !is_sent.get() {
                    flooded.ready("q").await.unwrap();
                }
            };
            tokio::join!(sends, asks);
        }
        leave(users).await;
    });
}

//! Deadlines, as the server hears of them and as they are kept here.

use crate::peer::{RST_STREAM, Server, reset};
use crate::user::{User, asking, limit, run, told};
use bggo_module_grpc::grpc_client;
use bggo_module_grpc::grpc_request::{In, Late};
use bggo_runtime::contract::Early;
use bggo_runtime::contract::testing::Policy;
use std::time::Duration;

#[test]
fn a_deadline_is_told_to_the_server() {
    let server = Server::start(|peer| {
        let asks = [peer.serves("x"), peer.serves("x"), peer.serves("x")];
        peer.ends();
        asks
    });
    let target = server.target.clone();
    run(async || {
        let user = User::new(&target);
        let early = In::Deadline(limit(2_500));
        user.request([asking("x"), vec![early]].concat())
            .await
            .unwrap();
        let later = In::Deadline(Early::Later);
        let prepared = user.prepared([asking("x"), vec![later]].concat());
        let late = [Late::Deadline(Some(Duration::from_secs(7)))];
        user.calls(&prepared, &late).await.unwrap();
        // Of the two, whichever ends first.
        let early = In::Deadline(limit(2_500));
        let policy = Policy::new().execution(Duration::from_secs(1));
        let prepared = user.prepared_with([asking("x"), vec![early]].concat(), policy);
        user.calls(&prepared, &[]).await.unwrap();
        user.leave().await;
    });
    let [first, second, third] = server.saw();
    assert_eq!(third.field("grpc-timeout"), Some("1S"));
    assert_eq!(first.field("grpc-timeout"), Some("2500m"));
    assert_eq!(second.field("grpc-timeout"), Some("7S"));
}

#[test]
fn a_deadline_is_kept_here_whatever_the_server_does_and_the_call_is_reset() {
    let server = Server::start(|peer| {
        let ask = peer.hears();
        // It goes on for ever.
        peer.write(&crate::peer::head(ask.stream));
        let frame = peer.next().unwrap();
        assert_eq!((frame.kind, frame.stream), (RST_STREAM, ask.stream));
        peer.serves("next");
        peer.ends();
    });
    let target = server.target.clone();
    run(async || {
        let user = User::new(&target);
        let deadline = In::Deadline(limit(30));
        let failed = told(user.request([asking("x"), vec![deadline]].concat()).await);
        assert_eq!(failed.0, "deadline_exceeded");
        assert_eq!(failed.1, "the call took longer than its deadline of 30ms");
        assert_eq!(user.asks("x").await.unwrap(), "next");
        user.leave().await;
    });
    server.saw();
}

#[test]
fn a_call_that_its_server_resets_for_its_deadline_took_longer_than_that() {
    const CANCEL: u32 = 8;
    let server = Server::start(|peer| {
        let ask = peer.hears();
        std::thread::sleep(Duration::from_millis(60));
        peer.write(&reset(ask.stream, CANCEL));
        let ask = peer.hears();
        peer.write(&reset(ask.stream, CANCEL));
        peer.ends();
    });
    let target = server.target.clone();
    run(async || {
        let user = User::new(&target);
        let by = |deadline| [asking("x"), vec![In::Deadline(limit(deadline))]].concat();
        let busy = async {
            // The request goes out, and then nobody looks before both have come.
            tokio::time::sleep(Duration::from_millis(10)).await;
            std::thread::sleep(Duration::from_millis(150));
        };
        let (ended, ()) = tokio::join!(user.request(by(30)), busy);
        assert_eq!(told(ended).0, "deadline_exceeded");
        // Before its deadline it is given up for another reason.
        assert_eq!(told(user.request(by(60_000)).await).0, "reset");
        user.leave().await;
    });
    server.saw();
}

#[test]
fn a_step_that_is_dropped_resets_its_call() {
    let server = Server::start(|peer| {
        let ask = peer.hears();
        let frame = peer.next().unwrap();
        assert_eq!((frame.kind, frame.stream), (RST_STREAM, ask.stream));
        peer.serves("next");
        peer.ends();
    });
    let target = server.target.clone();
    run(async || {
        let user = User::new(&target);
        let cut = tokio::time::timeout(Duration::from_millis(30), user.asks("x")).await;
        assert!(cut.is_err());
        assert_eq!(user.asks("x").await.unwrap(), "next");
        assert_eq!(user.counted(grpc_client::Metric::RECONNECTS), 0);
        user.leave().await;
    });
    server.saw();
}

#[test]
fn what_is_left_of_a_deadline_after_a_new_connection_is_told() {
    let server = Server::connections(2, |number, peer| {
        if number == 1 {
            let ask = peer.serves("x");
            peer.ends();
            return ask;
        }
        let ask = peer.serves("x");
        peer.breaks_off();
        ask
    });
    let target = server.target.clone();
    run(async || {
        let user = User::new(&target);
        let deadline = || vec![In::Deadline(limit(5_000))];
        user.request([asking("x"), deadline()].concat())
            .await
            .unwrap();
        user.idle_beside(tokio::time::sleep(Duration::from_millis(50)))
            .await;
        user.request([asking("x"), deadline()].concat())
            .await
            .unwrap();
        assert_eq!(user.counted(grpc_client::Metric::RECONNECTS), 1);
        user.leave().await;
    });
    let asks = server.saw();
    let told = |at: usize| asks[at].field("grpc-timeout").unwrap().to_owned();
    assert_eq!(told(0), "5S");
    // The dial took some of it.
    let left = told(1);
    let (digits, unit) = left.split_at(left.len() - 1);
    let digits: u64 = digits.parse().unwrap();
    let nanos = match unit {
        "n" => digits,
        "u" => digits * 1_000,
        "m" => digits * 1_000_000,
        other => panic!("{other}"),
    };
    assert!((1..5_000_000_000).contains(&nanos), "{left}");
}

//! What happens while no step waits for the session.

use crate::peer::{Frame, PING, PONG, Server};
use crate::user::{NEVER, User, known, limit, run};
use bggo_module_websocket::websocket::{In, Metric};
use bggo_module_websocket::{websocket_ping, websocket_receive};
use bggo_runtime::contract::Early;
use std::time::Duration;

#[test]
fn pings_are_answered_while_the_user_waits_anywhere() {
    let server = Server::start(|peer| {
        assert_eq!(peer.hears(), "hello");
        let mut pongs = vec![];
        for payload in [&b"1"[..], b"", &[7; 125]] {
            peer.write(PING, payload);
            pongs.push(peer.read().unwrap());
        }
        peer.says("news");
        pongs
    });
    let url = server.url.clone();
    run(async || {
        let user = User::new(vec![In::Url(known(url))]);
        user.says("hello").await;
        user.waits_until(|| server.is_over()).await;
        assert_eq!(user.hears().await, "news");
        user.leave().await;
    });
    let pongs = server.saw();
    let said: Vec<(u8, Vec<u8>)> = pongs
        .into_iter()
        .map(|Frame { first, payload, .. }| (first, payload))
        .collect();
    assert_eq!(
        said,
        [(PONG, b"1".to_vec()), (PONG, vec![]), (PONG, vec![7; 125])]
    );
}

#[test]
fn pings_are_sent_by_themselves_while_the_user_waits() {
    let server = Server::start(|peer| {
        for _ in 0..3 {
            let ping = peer.read().unwrap();
            assert_eq!((ping.first, &*ping.payload), (PING, &b""[..]));
            peer.write(PONG, b"");
        }
        peer.says("three");
        // More may come before the goodbye.
        while peer.read().is_some_and(|frame| frame.first == PING) {}
    });
    let url = server.url.clone();
    run(async || {
        let interval = Early::Known(Some(Duration::from_millis(20)));
        let user = User::new(vec![In::Url(known(url)), In::PingInterval(interval)]);
        assert_eq!(user.hears().await, "three");
        user.leave().await;
    });
    server.saw();
}

#[test]
fn the_pong_of_a_ping_is_the_one_with_its_payload() {
    let server = Server::start(|peer| {
        let ping = peer.read().unwrap();
        assert_eq!((ping.first, ping.payload.len()), (PING, 8));
        // Unasked, then wrong, then right.
        peer.write(PONG, b"");
        peer.write(PONG, b"12345678");
        peer.says("between");
        peer.write(PONG, &ping.payload);
        peer.goodbye();
    });
    let url = server.url.clone();
    run(async || {
        let user = User::new(vec![In::Url(known(url))]);
        let output = user.ping(vec![]).await.unwrap();
        assert!(!output.round_trip.is_null());
        // The message is there for the step that wants it.
        assert_eq!(user.counted(Metric::MESSAGES_RECEIVED), 1);
        assert_eq!(user.hears().await, "between");
        user.leave().await;
    });
    server.saw();
}

#[test]
fn steps_that_wait_side_by_side_get_each_what_is_theirs() {
    let server = Server::start(|peer| {
        assert_eq!(peer.hears(), "begin");
        let ping = peer.read().unwrap();
        peer.says("first");
        peer.says("second");
        peer.write(PONG, &ping.payload);
        peer.goodbye();
    });
    let url = server.url.clone();
    run(async || {
        let user = User::new(vec![In::Url(known(url))]);
        user.says("begin").await;
        let (one, two, pong) = tokio::join!(user.hears(), user.hears(), user.ping(vec![]));
        assert_eq!((&*one, &*two), ("first", "second"));
        pong.unwrap();
        user.leave().await;
    });
    server.saw();
}

#[test]
fn branches_with_wakers_of_their_own_are_woken_whoever_drives() {
    use std::rc::Rc;
    let server = Server::start(|peer| {
        assert_eq!(peer.read().unwrap().first, PING);
        for number in 0..20 {
            peer.says(&number.to_string());
            // It is taken before the next one comes.
            assert_eq!(peer.hears(), number.to_string());
        }
        peer.goodbye();
    });
    let url = server.url.clone();
    run(async || {
        let user = Rc::new(User::new(vec![In::Url(known(url))]));
        // One that waits all the time, and drives.
        let pings = Rc::clone(&user);
        let pings = tokio::task::spawn_local(async move {
            let _ = pings.ping(vec![]).await;
        });
        tokio::task::yield_now().await;
        let hears = Rc::clone(&user);
        let hearing = tokio::task::spawn_local(async move {
            for number in 0..20 {
                let heard = hears.hears().await;
                assert_eq!(heard, number.to_string());
                hears.says(&heard).await;
            }
        });
        hearing.await.unwrap();
        pings.abort();
        let _ = pings.await;
        Rc::into_inner(user).unwrap().leave().await;
    });
    server.saw();
}

#[test]
fn a_branch_that_was_woken_to_drive_and_goes_before_it_does_leaves_nobody_behind() {
    use std::rc::Rc;
    let (say, may_say) = std::sync::mpsc::channel();
    let server = Server::start(move |peer| {
        assert_eq!(peer.read().unwrap().first, PING);
        may_say.recv().unwrap();
        peer.says("news");
        peer.goodbye();
    });
    let url = server.url.clone();
    run(async || {
        let user = Rc::new(User::new(vec![In::Url(known(url))]));
        let waits = || {
            let user = Rc::clone(&user);
            let timeout = websocket_receive::In::Timeout(limit(NEVER));
            tokio::task::spawn_local(async move { user.receive(vec![timeout]).await })
        };
        let pings = Rc::clone(&user);
        let timeout = websocket_ping::In::Timeout(limit(NEVER));
        let pings = tokio::task::spawn_local(async move { pings.ping(vec![timeout]).await });
        user.waits_until(|| user.recorded(Metric::CONNECTING) == 1)
            .await;
        tokio::task::yield_now().await;
        let (first, second, third) = (waits(), waits(), waits());
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
        // The last one drives, and wakes the first one of those that wait, which go as well.
        third.abort();
        pings.abort();
        first.abort();
        say.send(()).unwrap();
        let news = second.await.unwrap().unwrap();
        assert_eq!(news.message.to_string(), "news");
        for gone in [third, first] {
            assert!(gone.await.unwrap_err().is_cancelled());
        }
        let _ = pings.await;
        Rc::into_inner(user).unwrap().leave().await;
    });
    server.saw();
}

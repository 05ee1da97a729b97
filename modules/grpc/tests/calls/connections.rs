//! What happens on a connection while no step waits, and how it is secured.

use crate::peer::{ACK, PING, Server, frame};
use crate::user::{User, known, limit, run, some};
use bggo_module_grpc::grpc_client::{In, Metric};

#[test]
fn pings_are_answered_while_the_user_waits_anywhere() {
    let server = Server::start(|peer| {
        peer.serves("x");
        for payload in [b"12345678", b"abcdefgh"] {
            peer.write(&frame(PING, 0, 0, payload));
            let pong = peer.next().unwrap();
            assert_eq!((pong.kind, pong.flags), (PING, ACK));
            assert_eq!(pong.payload, payload);
        }
    });
    let target = server.target.clone();
    run(async || {
        let user = User::new(&target);
        user.asks("x").await.unwrap();
        user.waits_until(|| server.is_over()).await;
        user.leave().await;
    });
    server.saw();
}

#[test]
fn a_server_that_is_silent_is_pinged_and_lives_if_it_answers() {
    let server = Server::start(|peer| {
        peer.serves("x");
        for _ in 0..3 {
            let ping = peer.next().unwrap();
            assert_eq!((ping.kind, ping.flags, ping.payload.len()), (PING, 0, 8));
            peer.write(&frame(PING, ACK, 0, &ping.payload));
        }
        // More pings may come before.
        let ask = loop {
            let next = peer.next().unwrap();
            if next.kind != PING {
                break next.stream;
            }
            peer.write(&frame(PING, ACK, 0, &next.payload));
        };
        peer.answers(ask, &[&crate::shop::answer("alive")]);
        while peer.next().is_some() {}
    });
    let target = server.target.clone();
    run(async || {
        let keepalive = In::KeepaliveTime(limit(20));
        let user = User::with(&target, vec![keepalive], vec![]);
        user.asks("x").await.unwrap();
        let waits = tokio::time::sleep(std::time::Duration::from_millis(150));
        user.idle_beside(waits).await;
        assert_eq!(user.asks("x").await.unwrap(), "alive");
        assert_eq!(user.counted(Metric::RECONNECTS), 0);
        user.leave().await;
    });
    server.saw();
}

#[test]
fn a_server_that_stays_silent_has_broken_off() {
    let server = Server::start(|peer| {
        peer.hears();
        let ping = peer.next().unwrap();
        assert_eq!((ping.kind, ping.flags), (PING, 0));
        while peer.next().is_some() {}
    });
    let target = server.target.clone();
    run(async || {
        let keepalive = vec![
            In::KeepaliveTime(limit(20)),
            In::KeepaliveTimeout(limit(20)),
        ];
        let user = User::with(&target, keepalive, vec![]);
        let failed = user.fails().await;
        assert_eq!(failed.0, "reset");
        assert_eq!(
            failed.1,
            "nothing came from the server, not even the answer to a ping"
        );
        user.leave().await;
    });
    server.saw();
}

#[test]
fn a_certificate_that_cannot_be_read_fails_the_client() {
    run(async || {
        let inputs = vec![
            In::Tls(known(true)),
            In::CaFile(some("/nowhere/at/all.pem")),
        ];
        let user = User::with("127.0.0.1:1", inputs, vec![]);
        let failed = user.fails().await;
        assert_eq!(failed.0, "settings");
        assert!(failed.1.contains("/nowhere/at/all.pem"), "{}", failed.1);
        user.leave().await;
        let inputs = vec![In::Tls(known(true)), In::CaPem(some("nothing"))];
        let user = User::with("127.0.0.1:1", inputs, vec![]);
        assert_eq!(user.fails().await.0, "tls");
        user.leave().await;
    });
}

//! Messages that nobody waits for: their number is limited, and what happens then is the grid's choice.

use crate::peer::{PING, Server};
use crate::user::{User, known, run};
use bggo_module_websocket::websocket::{In, Metric};
use bggo_runtime::contract::{Number, Text};

#[test]
fn the_oldest_messages_go_and_are_counted() {
    let server = Server::start(|peer| {
        assert_eq!(peer.read().unwrap().first, PING);
        for number in 0..100 {
            peer.says(&number.to_string());
        }
        peer.goodbye();
    });
    let url = server.url.clone();
    run(async || {
        let most = In::InboxMessages(known(Number::new(10)));
        let user = User::new(vec![In::Url(known(url)), most]);
        // The session begins with a step, and all come while it waits for something else.
        let ping = bggo_module_websocket::websocket_ping::In::Timeout(crate::user::limit(1));
        let _ = user.ping(vec![ping]).await;
        user.waits_until(|| user.counted(Metric::MESSAGES_RECEIVED) == 100)
            .await;
        assert_eq!(user.counted(Metric::DROPPED), 90);
        for number in 90..100 {
            assert_eq!(user.hears().await, number.to_string());
        }
        user.leave().await;
    });
    server.saw();
}

#[test]
fn a_full_inbox_that_blocks_makes_the_server_wait_and_loses_nothing() {
    const COUNT: usize = 20_000;
    let server = Server::start(|peer| {
        let text = "x".repeat(1000);
        for number in 0..COUNT {
            peer.says(&format!("{number} {text}"));
        }
        peer.goodbye();
    });
    let url = server.url.clone();
    run(async || {
        let user = User::new(vec![
            In::Url(known(url)),
            In::InboxMessages(known(Number::new(10))),
            In::OnFull(known(Text::Static("block"))),
        ]);
        assert!(user.hears().await.starts_with("0 "));
        user.waits_until(|| user.counted(Metric::MESSAGES_RECEIVED) >= 11)
            .await;
        // However long the user waits, no more is taken than there is room for.
        for _ in 0..100 {
            user.waits_until(|| true).await;
            tokio::task::yield_now().await;
        }
        assert_eq!(user.counted(Metric::MESSAGES_RECEIVED), 11);
        for number in 1..COUNT {
            let message = user.hears().await;
            assert!(message.starts_with(&format!("{number} ")), "{number}");
        }
        assert_eq!(user.counted(Metric::DROPPED), 0);
        user.leave().await;
    });
    server.saw();
}

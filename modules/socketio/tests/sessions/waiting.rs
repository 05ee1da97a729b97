//! Who waits for what: conditions, steps side by side, and what happens while no step waits.

use crate::peer::{BINARY, Server};
use crate::user::{NEVER, User, known, limit, question, run, told};
use bggo_module_socketio::socketio_client::{In, Metric};
use bggo_module_socketio::socketio_wait;
use bggo_runtime::contract::{Early, Fault, Predicate, Text, decode_json, encode_json};

#[test]
fn an_attachment_may_have_a_ping_before_it() {
    let server = Server::start(|peer| {
        peer.says(r#"452-["file",{"_placeholder":true,"num":1},{"_placeholder":true,"num":0}]"#);
        peer.says("2");
        assert_eq!(peer.hears(), "3");
        peer.write(BINARY, b"zero");
        peer.says("2x");
        assert_eq!(peer.hears(), "3x");
        peer.says("6");
        peer.write(BINARY, b"one");
        peer.goodbye();
    });
    let url = server.url.clone();
    run(async || {
        let user = User::new(vec![], &url);
        // Bytes are base64 as JSON.
        assert_eq!(user.hears("file").await.unwrap(), r#"["b25l","emVybw=="]"#);
        assert_eq!(user.counted(Metric::MESSAGES_RECEIVED), 1);
        user.leave().await;
    });
    server.saw();
}

#[test]
fn acknowledgements_and_events_go_each_to_who_waits_for_them() {
    let server = Server::start(|peer| {
        // Which of them asks first is not said.
        let asked = [peer.hears(), peer.hears()];
        let id = |name: &str| {
            let asks = asked.iter().find(|asks| asks.contains(name));
            asks.unwrap().chars().nth(2).unwrap()
        };
        let (first, second) = (id("first"), id("second"));
        assert_ne!(first, second);
        peer.says(&format!("43{second}[\"to the second\"]"));
        peer.says(r#"42["news",1]"#);
        peer.says(r#"42["other"]"#);
        peer.says(r#"42["news",2]"#);
        peer.says(&format!("43{first}[\"to the first\"]"));
        peer.goodbye();
    });
    let url = server.url.clone();
    run(async || {
        let user = User::new(vec![], &url);
        let waits = async {
            let (first, second) =
                tokio::join!(user.acked("first", "[]"), user.acked("second", "[]"));
            (first.unwrap(), second.unwrap())
        };
        let (one, two, acks) = tokio::join!(user.hears("news"), user.hears("news"), waits);
        assert_eq!((&*one.unwrap(), &*two.unwrap()), ("[1]", "[2]"));
        assert_eq!(acks.0, r#"["to the first"]"#);
        assert_eq!(acks.1, r#"["to the second"]"#);
        assert_eq!(user.hears("other").await.unwrap(), "[]");
        user.leave().await;
    });
    server.saw();
}

#[test]
fn branches_with_wakers_of_their_own_are_woken_whoever_drives() {
    use std::rc::Rc;
    let server = Server::start(|peer| {
        for number in 0..20 {
            peer.says(&format!("42[\"number\",{number}]"));
            // It is taken before the next one comes.
            assert_eq!(peer.hears(), format!("42[\"taken\",{number}]"));
        }
        peer.goodbye();
    });
    let url = server.url.clone();
    run(async || {
        let user = Rc::new(User::new(vec![], &url));
        // One that waits all the time, and drives.
        let other = Rc::clone(&user);
        let other = tokio::task::spawn_local(async move {
            let _ = other.hears("never").await;
        });
        tokio::task::yield_now().await;
        let hears = Rc::clone(&user);
        let hearing = tokio::task::spawn_local(async move {
            for number in 0..20 {
                let heard = hears.hears("number").await.unwrap();
                assert_eq!(heard, format!("[{number}]"));
                hears.says("taken", &heard).await.unwrap();
            }
        });
        hearing.await.unwrap();
        other.abort();
        let _ = other.await;
        Rc::into_inner(user).unwrap().leave().await;
    });
    server.saw();
}

/// What a step gives that waits for news with this condition, in JSON, and how many it skipped.
async fn fitting(
    user: &User,
    holds: &dyn Fn() -> Result<bool, Fault>,
) -> Result<(String, String), Fault> {
    let event = socketio_wait::In::Event(known(Text::Static("news")));
    let late = [socketio_wait::Late::Match(Some(Predicate::new(holds)))];
    let inputs = vec![event, socketio_wait::In::Match(Early::Later)];
    let output = user.wait_late(inputs, &late).await?;
    Ok((encode_json(&output.data), output.skipped.to_string()))
}

#[test]
fn events_that_do_not_fit_are_dropped_and_others_stay() {
    let server = Server::start(|peer| {
        for number in 0..4 {
            peer.says(&format!("42[\"news\",{number}]"));
        }
        peer.says(r#"42["other",7]"#);
        peer.goodbye();
    });
    let url = server.url.clone();
    run(async || {
        let user = User::new(vec![], &url);
        let judged = std::cell::Cell::new(0);
        // The third one.
        let third = || {
            judged.set(judged.get() + 1);
            Ok(judged.get() == 3)
        };
        let taken = fitting(&user, &third).await.unwrap();
        assert_eq!(taken, ("2".to_owned(), "2".to_owned()));
        // One that cannot be judged fails the step and is gone.
        let fault = || Err(Fault::new("value", "no such attribute"));
        assert_eq!(told(fitting(&user, &fault).await).0, "value");
        assert_eq!(user.counted(Metric::DROPPED), 3);
        assert_eq!(user.hears("other").await.unwrap(), "[7]");
        user.leave().await;
    });
    server.saw();
}

#[test]
fn what_comes_for_a_step_that_was_given_up_waits_for_the_next_one() {
    let server = Server::start(|peer| {
        assert_eq!(peer.hears(), r#"42["ready"]"#);
        peer.says(r#"42["news",1]"#);
        peer.goodbye();
    });
    let url = server.url.clone();
    run(async || {
        let user = User::new(vec![], &url);
        let event = || socketio_wait::In::Event(known(Text::Static("news")));
        let waits = vec![event(), socketio_wait::In::Timeout(limit(20))];
        assert_eq!(told(user.wait(waits).await).0, "timeout");
        user.says("ready", "[]").await.unwrap();
        user.waits_until(|| user.counted(Metric::MESSAGES_RECEIVED) == 1)
            .await;
        assert_eq!(user.hears("news").await.unwrap(), "[1]");
        user.leave().await;
    });
    server.saw();
}

#[test]
fn an_event_is_acknowledged_by_the_step_that_takes_it_if_the_server_asks_for_that() {
    let server = Server::start(|peer| {
        // Nobody takes the first one.
        peer.says(r#"421["other"]"#);
        peer.says(r#"4212["news",1]"#);
        assert_eq!(peer.hears(), r#"4312["seen",{"by":7}]"#);
        peer.says(r#"4213["news",2]"#);
        assert_eq!(peer.hears(), "4313[]");
        peer.says(r#"42["news",3]"#);
        assert_eq!(peer.hears(), r#"42["question"]"#);
        peer.says(r#"420["answer"]"#);
        assert_eq!(peer.hears(), "430[]");
        peer.goodbye();
    });
    let url = server.url.clone();
    run(async || {
        let user = User::new(vec![], &url);
        let args = decode_json(r#"["seen", {"by": 7}]"#).unwrap();
        let inputs = vec![
            socketio_wait::In::Event(known(Text::Static("news"))),
            socketio_wait::In::AckArgs(Early::Known(Some(args))),
        ];
        let output = user.wait(inputs).await.unwrap();
        assert_eq!(encode_json(&output.args), "[1]");
        assert_eq!(user.hears("news").await.unwrap(), "[2]");
        assert_eq!(user.hears("news").await.unwrap(), "[3]");
        user.request(question("question", None, "answer"))
            .await
            .unwrap();
        assert_eq!(user.counted(Metric::MESSAGES_SENT), 4);
        user.leave().await;
    });
    server.saw();
}

#[test]
fn events_of_another_iteration_are_dropped_unless_they_are_kept() {
    for keeps in [false, true] {
        let server = Server::start(|peer| {
            for text in [r#"42["begin"]"#, r#"42["news",1]"#, r#"42["news",2]"#] {
                peer.says(text);
            }
            assert_eq!(peer.hears(), r#"42["again"]"#);
            peer.says(r#"42["news",3]"#);
            peer.goodbye();
        });
        let url = server.url.clone();
        run(async || {
            let user = User::new(vec![In::Keep(known(keeps))], &url);
            user.hears("begin").await.unwrap();
            user.waits_until(|| user.counted(Metric::MESSAGES_RECEIVED) == 3)
                .await;
            user.begins_another_iteration();
            user.says("again", "[]").await.unwrap();
            let expected = if keeps { "[1]" } else { "[3]" };
            assert_eq!(user.hears("news").await.unwrap(), expected);
            assert_eq!(user.counted(Metric::DROPPED), if keeps { 0 } else { 2 });
            user.leave().await;
        });
        server.saw();
    }
}

#[test]
fn a_branch_that_goes_leaves_the_time_of_the_next_ping_to_the_others() {
    use std::rc::Rc;
    let server = Server::raw(|peer| {
        peer.says(r#"0{"sid":"a","upgrades":[],"pingInterval":50,"pingTimeout":250}"#);
        peer.lets_in();
        // It never pings.
        assert_eq!(peer.closed_with(), 1000);
    });
    let url = server.url.clone();
    run(async || {
        let user = Rc::new(User::new(vec![], &url));
        let waits = || {
            let user = Rc::clone(&user);
            tokio::task::spawn_local(async move {
                user.wait(vec![
                    socketio_wait::In::Event(known(Text::Static("never"))),
                    socketio_wait::In::Timeout(limit(NEVER)),
                ])
                .await
            })
        };
        let first = waits();
        user.waits_until(|| user.recorded(Metric::CONNECTING) == 1)
            .await;
        let last = waits();
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
        last.abort();
        assert_eq!(told(first.await.unwrap()).0, "ping_timeout");
        assert!(last.await.unwrap_err().is_cancelled());
        Rc::into_inner(user).unwrap().leave().await;
    });
    server.saw();
}

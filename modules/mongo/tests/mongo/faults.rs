//! Servers that die, freeze and come back, and steps that are given up.

use crate::scripted::{Says, Scripted};
use crate::user::{COMMAND, INSERT, User, json, known, limit, run, shape, things, told};
use bggo_module_mongo::{mongo_command, mongo_connection, mongo_insert};
use bggo_runtime::contract::encode_json;
use bggo_tests::server::Mongo;
use bson::doc;
use std::time::Duration;

/// Answers to everything but a command that it is told to sleep by.
fn sleeper() -> Scripted {
    Scripted::start(|command| match command.keys().next()?.as_str() {
        "sleep" => Some(Says::Nothing),
        "echo" => Some(Says::Answer(
            doc! { "of": command.get("echo").cloned().unwrap(), "ok": 1.0 },
        )),
        _ => None,
    })
}

async fn echoes(user: &User, word: &str) {
    let own = user
        .asks(&format!(r#"{{"echo": "{word}"}}"#))
        .await
        .unwrap();
    assert_eq!(own, json(&format!(r#"{{"of": "{word}", "ok": 1}}"#)));
}

#[test]
fn a_step_that_is_given_up_leaves_no_answer_for_the_next_one() {
    let server = sleeper();
    run(async || {
        let user = User::new(&server.url());
        let inputs = vec![
            mongo_command::In::Command(shape(r#"{"sleep": 1}"#)),
            mongo_command::In::Timeout(limit(200)),
        ];
        let (kind, text) = told(user.command(inputs, &[]).await);
        assert_eq!(kind, "timeout");
        assert!(text.contains("200ms"), "{text}");
        echoes(&user, "mine").await;
        assert_eq!(user.counted(mongo_connection::Metric::RECONNECTS), 1);
        let counted = user.counted_by(&COMMAND, mongo_command::Metric::POSSIBLY_WRITTEN);
        assert_eq!(counted, 1);
        user.leave().await;
    });
}

#[test]
fn a_user_that_is_cancelled_leaves_no_answer_either() {
    let server = sleeper();
    run(async || {
        let user = User::new(&server.url());
        echoes(&user, "first").await;
        let asks = user.asks(r#"{"sleep": 1}"#);
        let cut = tokio::time::timeout(Duration::from_millis(50), asks).await;
        assert!(cut.is_err());
        echoes(&user, "mine").await;
        let counted = user.counted_by(&COMMAND, mongo_command::Metric::POSSIBLY_WRITTEN);
        assert_eq!(counted, 1);
        user.leave().await;
    });
}

#[test]
fn steps_side_by_side_have_their_turns() {
    let server = sleeper();
    run(async || {
        let user = User::new(&server.url());
        echoes(&user, "first").await;
        tokio::join!(echoes(&user, "a"), echoes(&user, "b"), echoes(&user, "c"));
        assert_eq!(user.counted(mongo_connection::Metric::CONNECTIONS), 1);
        user.leave().await;
    });
    assert_eq!(server.commands().len(), 4);
}

#[test]
fn a_server_that_freezes_is_a_timeout_and_is_found_again() {
    let server = Mongo::start();
    run(async || {
        let user = User::new(&server.url());
        user.inserts(r#"[{"_id": 1}]"#).await.unwrap();
        server.freeze();
        let inserts = || {
            vec![
                mongo_insert::In::Collection(things()),
                mongo_insert::In::Documents(shape(r#"[{"of": "frozen"}]"#)),
                mongo_insert::In::Timeout(limit(200)),
            ]
        };
        assert_eq!(told(user.insert(inserts(), &[]).await).0, "timeout");
        assert_eq!(told(user.insert(inserts(), &[]).await).0, "timeout");
        server.resume();
        assert_eq!(user.finds(r#"{"_id": 1}"#).await.unwrap(), r#"[{"_id":1}]"#);
        // What was sent once may have been written; what was not sent was not.
        let counted = user.counted_by(&INSERT, mongo_insert::Metric::POSSIBLY_WRITTEN);
        assert_eq!(counted, 1);
        user.leave().await;
    });
    let count = server.ask("db.things.count_documents({'of': 'frozen'})");
    assert!(["0", "1"].contains(&count.as_str()), "{count}");
}

#[test]
fn a_server_that_dies_is_told_and_one_that_comes_back_is_used() {
    let mut server = Mongo::start();
    run(async || {
        let user = User::new(&server.url());
        user.inserts(r#"[{"_id": 1}]"#).await.unwrap();
        server.die();
        // A thread that waits hears of the end.
        let mut looks = 0;
        user.waits_until(|| {
            looks += 1;
            looks > 3
        })
        .await;
        assert_eq!(told(user.finds("{}").await).0, "refused");
        assert_eq!(told(user.finds("{}").await).0, "refused");
        server.restart();
        assert_eq!(user.finds("{}").await.unwrap(), "[]");
        assert_eq!(user.counted(mongo_connection::Metric::RECONNECTS), 1);
        user.leave().await;
    });
}

#[test]
fn a_first_connection_that_takes_too_long_is_told() {
    let server = Scripted::start(|_| Some(Says::Nothing));
    run(async || {
        let limit = known(Duration::from_millis(150));
        let inputs = vec![mongo_connection::In::ConnectTimeout(limit)];
        let user = User::with(&server.url(), inputs);
        let (kind, text) = told(user.asks(r#"{"ping": 1}"#).await);
        assert_eq!(kind, "connect");
        assert!(text.contains("150ms"), "{text}");
    });
}

#[test]
fn a_server_that_hangs_up_is_asked_about_tls() {
    let server = Scripted::start(|_| Some(Says::Close));
    run(async || {
        let user = User::new(&server.url());
        let (kind, text) = told(user.asks(r#"{"ping": 1}"#).await);
        assert_eq!(kind, "closed");
        assert!(text.contains("tls = true"), "{text}");
    });
}

#[test]
fn an_older_server_is_greeted_in_its_own_words() {
    let server = Mongo::start();
    run(async || {
        let user = User::new(&server.url());
        // It knows no hello, and says so by an answer.
        assert_eq!(told(user.asks(r#"{"hello": 1}"#).await).0, "bad_command");
        let answer = user.asks(r#"{"isMaster": 1}"#).await.unwrap();
        let version = answer.get("maxWireVersion").unwrap();
        assert_eq!(encode_json(&version), "17");
        user.leave().await;
    });
}

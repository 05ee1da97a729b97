//! Answers that a server gives seldom, and what is no answer.

use crate::scripted::{Says, Scripted, hello, message};
use crate::user::{COMMAND, INSERT, User, json, known, run, shape, things, told};
use bggo_module_mongo::{mongo_command, mongo_connection, mongo_insert};
use bggo_runtime::contract::{Early, Value, encode_json};
use bson::{Document, doc};

fn is(command: &Document, name: &str) -> bool {
    command.keys().next().is_some_and(|first| first == name)
}

#[test]
fn a_write_that_is_ok_and_failed_is_a_failure() {
    let mut answers = vec![
        doc! { "n": 1, "ok": 1.0, "writeConcernError": { "code": 64, "codeName": "WriteConcernFailed", "errmsg": "waiting for replication timed out" } },
        doc! { "n": 0, "ok": 1, "writeErrors": [
            { "index": 0, "code": 112, "errmsg": "conflict" }, { "index": 1, "code": 11000, "errmsg": "duplicate" },
        ] },
        doc! { "ok": 0.0, "code": 10107, "codeName": "NotWritablePrimary", "errmsg": "not primary" },
        doc! { "ok": 0.0, "code": 50, "codeName": "MaxTimeMSExpired", "errmsg": "operation exceeded time limit" },
        doc! { "ok": 0.0, "code": 13, "codeName": "Unauthorized", "errmsg": "not authorized" },
        doc! { "ok": 0.0, "code": 8000, "errmsg": "something" },
        doc! { "ok": 0.0 },
    ]
    .into_iter();
    let server = Scripted::start(move |command| {
        is(command, "insert").then(|| Says::Answer(answers.next().unwrap()))
    });
    run(async || {
        let user = User::new(&server.url());
        for (expected, words) in [
            (
                "write_concern",
                "error 64 (WriteConcernFailed): waiting for replication timed out",
            ),
            ("write_conflict", "number 1: error 112: conflict; 2 failed"),
            (
                "not_primary",
                "error 10107 (NotWritablePrimary): not primary",
            ),
            (
                "max_time",
                "error 50 (MaxTimeMSExpired): operation exceeded time limit",
            ),
            ("unauthorized", "error 13 (Unauthorized): not authorized"),
            ("server_error", "error 8000: something"),
            ("server_error", ""),
        ] {
            let (kind, text) = told(user.inserts(r#"[{"a": 1}]"#).await);
            assert_eq!((kind.as_str(), text.as_str()), (expected, words));
        }
        // All were answered on one connection.
        assert_eq!(user.counted(mongo_connection::Metric::CONNECTIONS), 1);
        assert_eq!(
            user.counted_by(&INSERT, mongo_insert::Metric::POSSIBLY_WRITTEN),
            0
        );
        assert_eq!(user.counted_by(&INSERT, mongo_insert::Metric::DOCUMENTS), 1);
        user.leave().await;
    });
}

#[test]
fn what_is_no_answer_closes_the_connection() {
    let ok = || doc! { "ok": 1.0 };
    let mut cases: Vec<(Says, &str)> = vec![
        (Says::Other(ok(), 0, 1), "answers another one"),
        (Says::Other(ok(), 1 << 1, 0), "another one follows"),
        (Says::Other(ok(), 1 << 3, 0), "a flag"),
    ];
    for (length, words) in [
        (15_i32, "the length"),
        (-1, "the length"),
        (48_000_001, "the length"),
    ] {
        let mut bytes = message(&ok(), 0, 0);
        bytes[..4].copy_from_slice(&length.to_le_bytes());
        cases.push((Says::Bytes(bytes), words));
    }
    let mut other = message(&ok(), 0, 0);
    other[12..16].copy_from_slice(&1_i32.to_le_bytes());
    cases.push((Says::Bytes(other), "another kind"));
    cases.push((
        Says::Bytes(b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec()),
        "the length",
    ));
    let words: Vec<&str> = cases.iter().map(|(_, words)| *words).collect();
    let mut says = cases.into_iter().map(|(says, _)| says);
    let server = Scripted::start(move |command| {
        let next = is(command, "ping").then(|| says.next());
        let echoes = is(command, "echo")
            .then(|| Says::Answer(doc! { "of": command.get_i32("echo").unwrap(), "ok": 1.0 }));
        next.flatten().or(echoes)
    });
    run(async || {
        let user = User::new(&server.url());
        for (number, words) in words.iter().enumerate() {
            let (kind, text) = told(user.asks(r#"{"ping": 1}"#).await);
            assert_eq!(kind, "protocol", "{words}");
            assert!(text.contains(words), "{words}: {text}");
            // The next step gets its own answer, on another connection.
            let own = user
                .asks(&format!(r#"{{"echo": {number}}}"#))
                .await
                .unwrap();
            assert_eq!(encode_json(&own), format!(r#"{{"of":{number},"ok":1}}"#));
            assert_eq!(
                user.counted(mongo_connection::Metric::RECONNECTS),
                number as u64 + 1
            );
        }
        user.leave().await;
    });
}

#[test]
fn a_checksum_is_left_out() {
    let server = Scripted::start(|command| {
        is(command, "ping").then(|| Says::Other(doc! { "ok": 1.0 }, 1, 0))
    });
    run(async || {
        let user = User::new(&server.url());
        assert_eq!(
            encode_json(&user.asks(r#"{"ping": 1}"#).await.unwrap()),
            r#"{"ok":1}"#
        );
        user.leave().await;
    });
}

#[test]
fn a_write_that_nobody_answers_ends_when_it_is_sent() {
    let server = Scripted::start(|command| {
        if is(command, "insert") {
            return Some(Says::Nothing);
        }
        is(command, "ping").then(|| Says::Answer(doc! { "ok": 1.0 }))
    });
    run(async || {
        let user = User::new(&server.url());
        for concern in [Early::Known(Some(json(r#"{"w": 0}"#))), Early::Later] {
            let is_late = concern == Early::Later;
            let inputs = vec![
                mongo_insert::In::Collection(things()),
                mongo_insert::In::Documents(shape(r#"[{"_id": 5}]"#)),
                mongo_insert::In::WriteConcern(concern),
            ];
            let value = json(r#"{"w": 0}"#);
            let late = [mongo_insert::Late::WriteConcern(Some(&value))];
            let done = user
                .insert(inputs, if is_late { &late } else { &[] })
                .await
                .unwrap();
            assert_eq!(done.inserted, Value::Null);
            assert_eq!(encode_json(&done.inserted_ids), "[5]");
        }
        // The connection is good, and the answer of the next one is its own.
        user.asks(r#"{"ping": 1}"#).await.unwrap();
        assert_eq!(user.counted(mongo_connection::Metric::CONNECTIONS), 1);
        user.leave().await;
    });
    let seen = server.all();
    assert_eq!(seen.len(), 3);
    for (flags, command) in &seen[..2] {
        assert_eq!(*flags, 2);
        assert_eq!(
            command.get_document("writeConcern").unwrap(),
            &doc! { "w": 0 }
        );
        assert_eq!(command.get_array("documents").unwrap().len(), 1);
    }
    assert_eq!(seen[2].0, 0);
}

#[test]
fn a_command_that_is_cut_off_may_have_been_executed() {
    let server = Scripted::start(|_| None);
    drop(server);
    let server = Scripted::start(|command| {
        (is(command, "ping") || is(command, "drop")).then_some(Says::Close)
    });
    run(async || {
        let user = User::new(&server.url());
        assert_eq!(told(user.asks(r#"{"drop": "things"}"#).await).0, "closed");
        assert_eq!(told(user.asks(r#"{"ping": 1}"#).await).0, "closed");
        // One that only reads is not counted.
        assert_eq!(
            user.counted_by(&COMMAND, mongo_command::Metric::POSSIBLY_WRITTEN),
            1
        );
        user.leave().await;
    });
    assert_eq!(server.commands().len(), 2);
}

#[test]
fn a_server_that_cannot_be_used_says_why() {
    for (hello, kind, words) in [
        (
            doc! { "isWritablePrimary": true, "maxWireVersion": 5, "ok": 1.0 },
            "unsupported",
            "version 5",
        ),
        (
            doc! { "isWritablePrimary": true, "maxWireVersion": 200, "minWireVersion": 150, "ok": 1.0 },
            "unsupported",
            "newer",
        ),
        (
            doc! { "isWritablePrimary": false, "secondary": true, "primary": "db1:27017", "maxWireVersion": 21, "ok": 1.0 },
            "not_primary",
            "db1:27017",
        ),
        (
            doc! { "isWritablePrimary": true, "setName": "other", "maxWireVersion": 21, "ok": 1.0 },
            "unsupported",
            "replica set",
        ),
        (
            doc! { "ok": 0.0, "code": 11600, "errmsg": "shutting down" },
            "not_primary",
            "shutting down",
        ),
    ] {
        let server = Scripted::start(move |command| {
            is(command, "hello").then(|| Says::Answer(hello.clone()))
        });
        run(async || {
            let user = User::new(&format!("{}/?replicaSet=mine", server.url()));
            let (told_kind, text) = told(user.asks(r#"{"ping": 1}"#).await);
            assert_eq!(told_kind, kind, "{text}");
            assert!(text.contains(words), "{words}: {text}");
        });
    }
}

#[test]
fn the_server_hears_who_connects_and_where_commands_go() {
    let server = Scripted::start(|command| match command.keys().next().unwrap().as_str() {
        "hello" => {
            let client = command.get_document("client").unwrap();
            assert_eq!(
                client
                    .get_document("application")
                    .unwrap()
                    .get_str("name")
                    .unwrap(),
                "shop test"
            );
            assert_eq!(
                client
                    .get_document("driver")
                    .unwrap()
                    .get_str("name")
                    .unwrap(),
                "bggo"
            );
            Some(Says::Answer(hello()))
        }
        "ping" => Some(Says::Answer(
            doc! { "db": command.get_str("$db").unwrap(), "ok": 1.0 },
        )),
        _ => None,
    });
    run(async || {
        let user = User::new(&format!("{}/shop?appName=shop%20test", server.url()));
        assert_eq!(
            encode_json(&user.asks(r#"{"ping": 1}"#).await.unwrap()),
            r#"{"db":"shop","ok":1}"#
        );
        let inputs = vec![
            mongo_command::In::Command(shape(r#"{"ping": 1}"#)),
            mongo_command::In::Database(Early::Later),
        ];
        let late = [mongo_command::Late::Database(Some(format_args!("other")))];
        let done = user.command(inputs, &late).await.unwrap();
        assert_eq!(encode_json(&done.reply), r#"{"db":"other","ok":1}"#);
        user.leave().await;
        let user = User::with(
            &server.url(),
            vec![mongo_connection::In::AppName(known("shop test".to_owned()))],
        );
        assert_eq!(
            encode_json(&user.asks(r#"{"ping": 1}"#).await.unwrap()),
            r#"{"db":"test","ok":1}"#
        );
        user.leave().await;
    });
}

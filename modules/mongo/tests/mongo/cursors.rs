//! Cursors on a scripted server: which messages a walk sends.

use crate::scripted::{Says, Scripted};
use crate::user::{FIND, User, json, known, run, things, told};
use bggo_module_mongo::{mongo_aggregate, mongo_connection, mongo_find};
use bggo_runtime::contract::{Early, Number, Shape, encode_json};
use bson::{Bson, Document, doc};

/// Three batches of two documents, of a cursor whose number needs 64 bits.
const ID: i64 = 1 << 40;

fn batches() -> Scripted {
    let mut fetched = 0;
    Scripted::start(move |command| {
        let batch = |first: i32| {
            vec![
                Bson::from(doc! { "_id": first }),
                Bson::from(doc! { "_id": first + 1 }),
            ]
        };
        let answer = |key: &str, id: i64, first: i32| {
            Says::Answer(
                doc! { "cursor": { key: batch(first), "id": id, "ns": "shop.my.things" }, "ok": 1.0 },
            )
        };
        Some(match command.keys().next().unwrap().as_str() {
            "find" | "aggregate" => answer("firstBatch", ID, 0),
            "getMore" => {
                fetched += 1;
                answer("nextBatch", if fetched == 2 { 0 } else { ID }, fetched * 2)
            }
            "killCursors" => Says::Answer(doc! { "cursorsKilled": [ID], "ok": 1.0 }),
            _ => return None,
        })
    })
}

fn number(number: i64) -> Early<Option<Number>> {
    Early::Known(Some(Number::new(number)))
}

#[test]
fn a_walk_fetches_all_batches() {
    let server = batches();
    run(async || {
        let user = User::new(&server.url());
        let inputs = vec![
            mongo_find::In::Collection(things()),
            mongo_find::In::BatchSize(number(2)),
        ];
        let found = user.find(inputs, &[]).await.unwrap();
        assert_eq!(encode_json(&found.count), "6");
        assert_eq!(encode_json(&found.document), r#"{"_id":0}"#);
        assert_eq!(
            encode_json(&found.documents),
            r#"[{"_id":0},{"_id":1},{"_id":2},{"_id":3},{"_id":4},{"_id":5}]"#
        );
        assert_eq!(user.counted_by(&FIND, mongo_find::Metric::BATCHES), 3);
        user.leave().await;
    });
    let more = doc! { "getMore": ID, "collection": "my.things", "batchSize": 2, "$db": "shop" };
    assert_eq!(
        server.commands(),
        [
            doc! { "find": "things", "batchSize": 2, "$db": "test" },
            more.clone(),
            more
        ]
    );
}

#[test]
fn a_step_that_stops_early_tells_the_server() {
    let server = batches();
    run(async || {
        let user = User::new(&server.url());
        let inputs = vec![
            mongo_aggregate::In::Collection(Early::Known(Some("things".to_owned().into()))),
            mongo_aggregate::In::Pipeline(Early::Known(Shape::Known(json(r#"[{"$match": {}}]"#)))),
            mongo_aggregate::In::All(known(false)),
        ];
        let found = user.aggregate(inputs, &[]).await.unwrap();
        assert_eq!(encode_json(&found.count), "2");
        // A server that does not know `singleBatch` keeps the cursor.
        let inputs = vec![
            mongo_find::In::Collection(things()),
            mongo_find::In::All(known(false)),
        ];
        assert_eq!(
            encode_json(&user.find(inputs, &[]).await.unwrap().count),
            "2"
        );
        assert_eq!(user.counted(mongo_connection::Metric::CONNECTIONS), 1);
        user.leave().await;
    });
    let kill = doc! { "killCursors": "my.things", "cursors": [ID], "$db": "shop" };
    assert_eq!(
        server.commands(),
        [
            doc! { "aggregate": "things", "pipeline": [{ "$match": {} }], "cursor": {}, "$db": "test" },
            kill.clone(),
            doc! { "find": "things", "singleBatch": true, "$db": "test" },
            kill
        ]
    );
}

#[test]
fn a_cursor_that_the_server_has_lost_fails_the_step() {
    let server = Scripted::start(|command| {
        Some(match command.keys().next().unwrap().as_str() {
            "find" => Says::Answer(
                doc! { "cursor": { "firstBatch": [{}], "id": 7_i64, "ns": "a.b" }, "ok": 1.0 },
            ),
            "getMore" => Says::Answer(
                doc! { "ok": 0.0, "code": 43, "codeName": "CursorNotFound", "errmsg": "cursor id 7 not found" },
            ),
            _ => return None,
        })
    });
    run(async || {
        let user = User::new(&server.url());
        let (kind, text) = told(user.finds("{}").await);
        assert_eq!(kind, "cursor_not_found");
        assert_eq!(text, "error 43 (CursorNotFound): cursor id 7 not found");
        user.leave().await;
    });
}

#[test]
fn a_document_that_is_too_deep_is_not_read_and_its_cursor_is_forgotten() {
    let mut deep = Document::new();
    for _ in 0..120 {
        deep = doc! { "a": deep };
    }
    let server = Scripted::start(move |command| {
        Some(match command.keys().next().unwrap().as_str() {
            "find" => Says::Answer(
                doc! { "cursor": { "firstBatch": [deep.clone()], "id": 7_i64, "ns": "a.b" }, "ok": 1.0 },
            ),
            "killCursors" => Says::Answer(doc! { "ok": 1.0 }),
            _ => return None,
        })
    });
    run(async || {
        let user = User::new(&server.url());
        let (kind, text) = told(user.finds("{}").await);
        assert_eq!(kind, "protocol");
        assert!(text.contains("100 levels"), "{text}");
        user.leave().await;
    });
    assert_eq!(
        server.commands()[1],
        doc! { "killCursors": "b", "cursors": [7_i64], "$db": "a" }
    );
}

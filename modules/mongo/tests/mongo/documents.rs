//! Documents on a real server: what is written is what another client finds, and the other way round.

use crate::user::{DELETE, FIND, INSERT, User, json, known, run, shape, some_shape, things, told};
use bggo_module_mongo::{mongo_delete, mongo_find, mongo_insert, mongo_update};
use bggo_runtime::contract::{Early, Number, Parts, Shape, Text, Value, encode_json};
use bggo_tests::server::Mongo;

#[test]
fn values_keep_their_types_and_another_client_sees_them() {
    let server = Mongo::start();
    run(async || {
        let user = User::new(&server.url());
        let documents = r#"[{"_id": 1, "text": "é", "small": 7, "large": 5000000000, "half": 0.5, "yes": true, "none": null,
            "list": [1, "a", {"b": []}], "when": {"$date": "2026-03-01T12:00:00.5Z"}, "id": {"$oid": "507f191e810c19729de860ea"},
            "long": {"$numberLong": "7"}, "double": {"$numberDouble": "3"}, "exact": {"$numberDecimal": "1.50"},
            "uuid": {"$uuid": "00112233-4455-6677-8899-aabbccddeeff"}, "bytes": {"$binary": {"base64": "AP8=", "subType": "80"}}}]"#;
        let inserted = user.inserts(documents).await.unwrap();
        assert_eq!(encode_json(&inserted.inserted), "1");
        assert_eq!(encode_json(&inserted.inserted_ids), "[1]");
        let seen = server.ask("[[k, type(v).__name__] for k, v in db.things.find_one().items()]");
        assert_eq!(
            seen,
            r#"[["_id", "int"], ["text", "str"], ["small", "int"], ["large", "Int64"], ["half", "float"], ["yes", "bool"], ["none", "NoneType"], ["list", "list"], ["when", "datetime"], ["id", "ObjectId"], ["long", "Int64"], ["double", "float"], ["exact", "Decimal128"], ["uuid", "Binary"], ["bytes", "Binary"]]"#
        );
        let found = user.finds("{}").await.unwrap();
        for part in [
            r#""text":"é","small":7,"large":5000000000,"half":0.5,"yes":true,"none":null,"list":[1,"a",{"b":[]}]"#,
            r#""when":{"$date":"2026-03-01T12:00:00.500Z"},"id":{"$oid":"507f191e810c19729de860ea"}"#,
            r#""exact":{"$numberDecimal":"1.50"},"uuid":{"$uuid":"00112233-4455-6677-8899-aabbccddeeff"}"#,
        ] {
            assert!(found.contains(part), "{part} in {found}");
        }
        user.leave().await;
    });
}

#[test]
fn a_document_without_an_id_gets_one_and_the_step_knows_it() {
    let server = Mongo::start();
    run(async || {
        let user = User::new(&server.url());
        let inserted = user
            .inserts(r#"[{"a": 1}, {"_id": "mine"}, {"a": 3}]"#)
            .await
            .unwrap();
        let ids = inserted.inserted_ids.items().unwrap();
        assert_eq!(ids[1], Value::text("mine"));
        assert_ne!(ids[0], ids[2]);
        let filter = Value::from(vec![(Text::Static("_id"), ids[2].clone())]);
        let inputs = vec![
            mongo_find::In::Collection(things()),
            mongo_find::In::Filter(Early::Later),
        ];
        let late = [mongo_find::Late::Filter(Some(Parts::Whole(&filter)))];
        let found = user.find(inputs, &late).await.unwrap();
        assert_eq!(found.document.get("a"), Some(Value::number(3)));
        assert_eq!(server.ask("db.things.count_documents({})"), "3");
        assert_eq!(
            server.ask("[list(d)[0] for d in db.things.find()]"),
            r#"["_id", "_id", "_id"]"#
        );
        user.leave().await;
    });
}

#[test]
fn what_varies_is_put_between_what_is_known() {
    let server = Mongo::start();
    run(async || {
        let user = User::new(&server.url());
        let key = |name: &'static str| Text::Static(name);
        let document = Shape::from(vec![
            (key("_id"), Shape::Hole(0)),
            (key("kind"), Shape::Known(Value::text("user"))),
            (
                key("deep"),
                Shape::from(vec![
                    (
                        key("list"),
                        Shape::from(vec![Shape::Known(Value::number(1)), Shape::Hole(1)]),
                    ),
                    (key("ref"), Shape::from(vec![(key("$oid"), Shape::Hole(2))])),
                ]),
            ),
        ]);
        let documents = Shape::from(vec![document, Shape::Hole(3)]);
        let prepared = || {
            vec![
                mongo_insert::In::Collection(Early::Later),
                mongo_insert::In::Documents(Early::Known(documents.clone())),
            ]
        };
        for vu in 1..=2 {
            let holes = [
                Value::number(vu),
                Value::Null,
                Value::text("507f191e810c19729de860ea"),
                json(r#"{"free": {"$numberLong": "4"}}"#),
            ];
            let late = [
                mongo_insert::Late::Collection(format_args!("users_{vu}")),
                mongo_insert::Late::Documents(Parts::Holes(&holes)),
            ];
            user.insert(prepared(), &late).await.unwrap();
        }
        assert_eq!(
            server.ask("list(db.users_2.find({}, {'_id': 0, 'free': 0}))"),
            r#"[{"kind": "user", "deep": {"list": [1, null], "ref": {"$oid": "507f191e810c19729de860ea"}}}, {}]"#
        );
        assert_eq!(server.ask("db.users_1.count_documents({'free': 4})"), "1");
        let holes = [Value::Null, Value::Null, Value::text("no id"), Value::Null];
        let late = [
            mongo_insert::Late::Collection(format_args!("users")),
            mongo_insert::Late::Documents(Parts::Holes(&holes)),
        ];
        let (kind, text) = told(user.insert(prepared(), &late).await);
        assert_eq!(kind, "argument");
        assert!(text.contains("$oid"), "{text}");
        user.leave().await;
    });
}

#[test]
fn keys_are_written_in_the_order_of_the_grid() {
    let server = Mongo::start();
    run(async || {
        let user = User::new(&server.url());
        user.inserts(r#"[{"_id": 1, "b": 1, "a": 2}, {"_id": 2, "b": 2, "a": 1}, {"_id": 3, "b": 1, "a": 1}]"#)
            .await
            .unwrap();
        let sorted = async |sort: &str| {
            let inputs = vec![
                mongo_find::In::Collection(things()),
                mongo_find::In::Sort(some_shape(sort)),
                mongo_find::In::Projection(some_shape(r#"{"_id": 1}"#)),
            ];
            encode_json(&user.find(inputs, &[]).await.unwrap().documents)
        };
        // By the order of the alphabet it would be 3, 2, 1.
        assert_eq!(
            sorted(r#"{"b": 1, "a": 1}"#).await,
            r#"[{"_id":3},{"_id":1},{"_id":2}]"#
        );
        assert_eq!(
            sorted(r#"{"a": 1, "b": 1}"#).await,
            r#"[{"_id":3},{"_id":2},{"_id":1}]"#
        );
        user.asks(r#"{"createIndexes": "things", "indexes": [{"key": {"z": 1, "a": -1}, "name": "both"}]}"#)
            .await
            .unwrap();
        assert_eq!(
            server.ask("[list(dict(i['key'])) for i in db.things.list_indexes()]"),
            r#"[["_id"], ["z", "a"]]"#
        );
        user.leave().await;
    });
}

#[test]
fn updates_and_deletes_say_what_they_did() {
    let server = Mongo::start();
    run(async || {
        let user = User::new(&server.url());
        user.inserts(r#"[{"_id": 1, "n": 0}, {"_id": 2, "n": 0}, {"_id": 3, "n": 5}]"#)
            .await
            .unwrap();
        let update = async |filter: &str, update: &str, more: Vec<mongo_update::In>| {
            let mut inputs = vec![
                mongo_update::In::Collection(things()),
                mongo_update::In::Filter(some_shape(filter)),
                mongo_update::In::Update(shape(update)),
            ];
            inputs.extend(more);
            let done = user.update(inputs, &[]).await?;
            Ok([done.matched, done.modified, done.upserted_id].map(|value| encode_json(&value)))
        };
        let increment = r#"{"$inc": {"n": 1}}"#;
        assert_eq!(
            update(r#"{"n": 0}"#, increment, vec![]).await.unwrap(),
            ["1", "1", "null"]
        );
        let all = vec![mongo_update::In::Multi(known(true))];
        assert_eq!(
            update("{}", increment, all).await.unwrap(),
            ["3", "3", "null"]
        );
        let or_insert = vec![mongo_update::In::Upsert(known(true))];
        assert_eq!(
            update(r#"{"_id": 9}"#, r#"{"n": 9}"#, or_insert)
                .await
                .unwrap(),
            ["0", "0", "9"]
        );
        let mixed: Result<_, bggo_runtime::contract::Fault> =
            update("{}", r#"{"n": 1, "$set": {"a": 1}}"#, vec![]).await;
        let (kind, text) = told(mixed);
        assert_eq!(kind, "argument");
        assert!(text.contains("into $set"), "{text}");
        assert_eq!(
            server.ask("sorted(d['n'] for d in db.things.find())"),
            "[1, 2, 6, 9]"
        );
        let delete = async |filter: &str, multi: bool| {
            let inputs = vec![
                mongo_delete::In::Collection(things()),
                mongo_delete::In::Filter(shape(filter)),
                mongo_delete::In::Multi(known(multi)),
            ];
            encode_json(&user.delete(inputs, &[]).await.unwrap().deleted)
        };
        assert_eq!(delete(r#"{"n": {"$lt": 3}}"#, false).await, "1");
        assert_eq!(delete("{}", true).await, "3");
        assert_eq!(server.ask("db.things.count_documents({})"), "0");
        assert_eq!(
            user.counted_by(&DELETE, mongo_delete::Metric::POSSIBLY_WRITTEN),
            0
        );
        user.leave().await;
    });
}

#[test]
fn what_the_server_refuses_has_its_kind() {
    let server = Mongo::start();
    run(async || {
        let user = User::new(&server.url());
        user.inserts(r#"[{"_id": 1}]"#).await.unwrap();
        let (kind, text) = told(
            user.inserts(r#"[{"_id": 2}, {"_id": 1}, {"_id": 3}]"#)
                .await,
        );
        assert_eq!(kind, "duplicate_key");
        assert!(text.starts_with("number 2: error 11000"), "{text}");
        // One more was inserted before.
        assert_eq!(server.ask("db.things.count_documents({})"), "2");
        assert_eq!(user.counted_by(&INSERT, mongo_insert::Metric::DOCUMENTS), 2);
        assert_eq!(
            told(user.asks(r#"{"noSuchCommand": 1}"#).await).0,
            "bad_command"
        );
        assert_eq!(
            told(user.finds(r#"{"a": {"$noSuchOperator": 1}}"#).await).0,
            "bad_command"
        );
        assert_eq!(
            encode_json(&user.asks(r#"{"ping": 1}"#).await.unwrap()),
            r#"{"ok":1}"#
        );
        for (command, words) in [
            ("{}", "is empty"),
            (r#"{"ping": 1, "$db": "a"}"#, "argument database"),
            (r#"{"logout": 1}"#, "change the connection"),
            (r#"{"ping": 123456789012345678901234567}"#, "64 bits"),
        ] {
            let (kind, text) = told(user.asks(command).await);
            assert_eq!(kind, "argument", "{command}");
            assert!(text.contains(words), "{text}");
        }
        user.leave().await;
    });
}

#[test]
fn a_document_that_no_server_takes_is_not_sent() {
    let server = Mongo::start();
    run(async || {
        let user = User::new(&server.url());
        let large = format!(r#"[{{"text": "{}"}}]"#, "x".repeat(17 << 20));
        let (kind, text) = told(user.inserts(&large).await);
        assert_eq!(kind, "too_large");
        assert!(text.contains("16777216"), "{text}");
        assert_eq!(user.counted_by(&INSERT, mongo_insert::Metric::DATA_SENT), 0);
        assert_eq!(user.finds("{}").await.unwrap(), "[]");
        user.leave().await;
    });
}

#[test]
fn cursors_are_walked_and_limits_hold() {
    let server = Mongo::start();
    run(async || {
        let user = User::new(&server.url());
        let documents: Vec<String> = (0..250).map(|n| format!(r#"{{"_id": {n}}}"#)).collect();
        user.inserts(&format!("[{}]", documents.join(",")))
            .await
            .unwrap();
        let count = async |more: Vec<mongo_find::In>| {
            let mut inputs = vec![mongo_find::In::Collection(things())];
            inputs.extend(more);
            let found = user.find(inputs, &[]).await.unwrap();
            encode_json(&found.count)
        };
        let number = |number: i64| Early::Known(Some(Number::new(number)));
        assert_eq!(count(vec![]).await, "250");
        assert_eq!(
            count(vec![mongo_find::In::BatchSize(number(50))]).await,
            "250"
        );
        assert_eq!(count(vec![mongo_find::In::Limit(number(120))]).await, "120");
        assert_eq!(count(vec![mongo_find::In::Skip(number(240))]).await, "10");
        assert_eq!(count(vec![mongo_find::In::Limit(number(1))]).await, "1");
        let first = vec![
            mongo_find::In::BatchSize(number(50)),
            mongo_find::In::All(known(false)),
        ];
        assert_eq!(count(first).await, "50");
        assert!(user.counted_by(&FIND, mongo_find::Metric::BATCHES) >= 10);
        assert_eq!(
            user.counted_by(&FIND, mongo_find::Metric::DOCUMENTS),
            250 + 250 + 120 + 10 + 1 + 50
        );
        user.leave().await;
    });
}

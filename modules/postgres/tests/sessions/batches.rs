//! Batches in each way, and what becomes of them when a statement fails.

use crate::user::{User, known, number, run, told};
use crate::{server, user};
use bggo_module_postgres::postgres_batch::In;
use bggo_module_postgres::postgres_query::Metric;
use bggo_runtime::contract::{Early, Shape, Value, encode_json};

fn statement(sql: &'static str, values: Vec<Value>) -> Value {
    Value::from(vec![
        ("sql".into(), Value::text(sql)),
        ("params".into(), values.into()),
    ])
}

fn statements(list: Vec<Value>) -> In {
    In::Statements(Early::Known(Shape::Known(list.into())))
}

async fn ways(user: &User, list: impl Fn() -> Vec<Value>) {
    let ways = [(true, true), (true, false), (false, true), (false, false)];
    let ways = ways.into_iter().flat_map(|way| [(way, true), (way, false)]);
    for ((transaction, pipeline), prepare) in ways {
        let inputs = vec![
            In::Prepare(known(prepare)),
            statements(list()),
            In::Transaction(known(transaction)),
            In::Pipeline(known(pipeline)),
        ];
        server().ask("TRUNCATE batches");
        let output = user.batch(inputs).await.unwrap();
        assert_eq!(
            encode_json(&output.results),
            r#"[{"rows":[],"row_count":0,"affected":1,"command":"INSERT"},{"rows":[],"row_count":0,"affected":1,"command":"INSERT"},{"rows":[{"n":2}],"row_count":1,"affected":1,"command":"SELECT"}]"#,
            "{transaction} {pipeline} {prepare}"
        );
        assert_eq!(server().ask("SELECT count(*) FROM batches"), "2");
    }
}

#[test]
fn batches_and_what_they_are_when_one_fails() {
    let _held = server();
    run(async || {
        let user = user();
        server().ask("DROP TABLE IF EXISTS batches; CREATE TABLE batches (id int PRIMARY KEY)");
        const INSERT: &str = "INSERT INTO batches VALUES ($1)";
        ways(&user, || {
            vec![
                statement(INSERT, vec![number(1)]),
                statement(INSERT, vec![number(2)]),
                statement("SELECT count(*) AS n FROM batches", vec![]),
            ]
        })
        .await;

        for (transaction, pipeline, left) in [
            (true, true, "0"),
            (true, false, "0"),
            (false, true, "2"),
            (false, false, "2"),
        ] {
            server().ask("TRUNCATE batches");
            let inputs = vec![
                statements(vec![
                    statement(INSERT, vec![number(1)]),
                    statement(INSERT, vec![number(1)]),
                    statement(INSERT, vec![number(3)]),
                ]),
                In::Transaction(known(transaction)),
                In::Pipeline(known(pipeline)),
            ];
            let (kind, text) = told(user.batch(inputs).await);
            assert_eq!(kind, "constraint");
            assert!(
                text.starts_with("statement 2 of 3: ERROR 23505: "),
                "{text}"
            );
            assert_eq!(
                server().ask("SELECT count(*) FROM batches"),
                left,
                "{transaction} {pipeline}"
            );
            // The connection goes on where it was.
            assert_eq!(user.rows("SELECT 1 AS n").await.unwrap(), r#"[{"n":1}]"#);
        }

        // Inside of a transaction they are a part of it.
        server().ask("TRUNCATE batches");
        user.begin().await.unwrap();
        let inputs = vec![statements(vec![statement(INSERT, vec![number(1)])])];
        user.batch(inputs).await.unwrap();
        assert_eq!(server().ask("SELECT count(*) FROM batches"), "0");
        user.commit().await.unwrap();
        assert_eq!(server().ask("SELECT count(*) FROM batches"), "1");
        user.leave().await;
    });
}

#[test]
fn a_batch_that_cannot_be_prepared_fails_and_can_be_later() {
    let _held = server();
    run(async || {
        let user = user();
        server().ask("DROP TABLE IF EXISTS later");
        let list = || {
            vec![
                statement("SELECT 1 AS n", vec![]),
                statement("SELECT * FROM later", vec![]),
            ]
        };
        for _ in 0..2 {
            let (kind, text) = told(user.batch(vec![statements(list())]).await);
            assert_eq!(kind, "syntax");
            assert!(text.contains("later"), "{text}");
        }
        server().ask("CREATE TABLE later (id int)");
        user.batch(vec![statements(list())]).await.unwrap();
        user.leave().await;
    });
}

#[test]
fn a_large_batch_does_not_wait_for_itself() {
    let _held = server();
    run(async || {
        let user = user();
        // More goes out than the system holds, while more comes back than it holds.
        let list = (0..3000)
            .map(|_| {
                statement(
                    "SELECT repeat('x', 2000) || $1 AS t",
                    vec![Value::from("y".repeat(2000))],
                )
            })
            .collect();
        let output = user.batch(vec![statements(list)]).await.unwrap();
        assert_eq!(output.results.items().unwrap().len(), 3000);
        assert_eq!(user.counted_by_step(Metric::ROWS), 3000);
        user.leave().await;
    });
}

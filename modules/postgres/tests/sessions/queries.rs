//! Statements: parameters, columns, errors, and turns at the connection.

use crate::user::{kind, known, limit, number, params, parts, run, some, text, told};
use crate::{server, user};
use bggo_module_postgres::{postgres_connection, postgres_query};
use bggo_runtime::contract::{Number, Parts, Shape, Value, encode_json};
use std::time::Duration;

#[test]
fn parameters_and_columns_have_the_types_of_the_server() {
    let _held = server();
    run(async || {
        let user = user();
        let sql = "SELECT $1::int4 AS a, $2::text AS b, $3::jsonb AS c, $4::text[] AS d, $5::bool AS e, \
                   $6::numeric AS f, $7::timestamptz AT TIME ZONE 'UTC' AS g, $8::interval AS h, $9::uuid AS i, $10::int8 AS j, \
                   octet_length($11::bytea) AS k";
        let object = Value::from(vec![("x".into(), number(1))]);
        let list = Value::from(vec![Value::text("a b"), Value::Null]);
        let values = vec![
            number(7),
            Value::text("it's; $1 ü"),
            object,
            list,
            Value::Bool(true),
            Number::parse("0.1").unwrap().into(),
            Value::text("2026-11-30T22:49:26Z"),
            Duration::from_millis(1500).into(),
            Value::text("7f1b9fb0-8c1c-4b3a-9d6a-000000000001"),
            Value::Null,
            Value::Bytes(vec![0, 1, 255].into()),
        ];
        let output = user.query(vec![text(sql), params(values)]).await.unwrap();
        assert_eq!(
            encode_json(&output.row),
            r#"{"a":7,"b":"it's; $1 ü","c":{"x":1},"d":["a b",null],"e":true,"f":0.1,"g":"2026-11-30T22:49:26","h":"00:00:01.5","i":"7f1b9fb0-8c1c-4b3a-9d6a-000000000001","j":null,"k":3}"#
        );
        assert_eq!(encode_json(&output.command), "\"SELECT\"");
        assert_eq!(encode_json(&output.affected), "1");
        user.leave().await;
    });
}

#[test]
fn a_statement_is_prepared_once_on_a_connection_and_runs_with_what_comes_late() {
    let _held = server();
    run(async || {
        let user = user();
        let items = vec![Shape::Hole(0), Shape::Known(Value::text("x"))];
        let step = user.prepared(vec![
            text("SELECT $1::int + 1 AS n, $2::text AS t"),
            parts(items),
        ]);
        for whole in 0..5 {
            let late = [number(whole)];
            let late = postgres_query::Late::Params(Some(Parts::Holes(&late)));
            let output = user.asks(&step, &[late]).await.unwrap();
            assert_eq!(
                encode_json(&output.row),
                format!(r#"{{"n":{},"t":"x"}}"#, whole + 1)
            );
        }
        assert_eq!(user.recorded_by_step(postgres_query::Metric::PREPARING), 1);
        let names = user
            .rows("SELECT count(*) AS n FROM pg_prepared_statements WHERE name LIKE 'bggo%'")
            .await;
        // That which asks is one itself.
        assert_eq!(names.unwrap(), r#"[{"n":2}]"#);
        let late = [Value::text("x")];
        let late = postgres_query::Late::Params(Some(Parts::Holes(&late)));
        // The server reads it as a number, which it is none.
        assert_eq!(kind(user.asks(&step, &[late]).await), "data");
        let late = [Value::Bool(true)];
        let late = postgres_query::Late::Params(Some(Parts::Holes(&late)));
        let (kind, text) = told(user.asks(&step, &[late]).await);
        assert_eq!(
            (&*kind, &*text),
            (
                "conversion",
                "parameter $1 of type int4: a number is expected"
            )
        );
        user.leave().await;
    });
}

#[test]
fn rows_are_counted_and_come_in_order() {
    let _held = server();
    run(async || {
        let user = user();
        let output = user.query(vec![text(
            "SELECT g AS n, repeat('x', 1000) AS t FROM generate_series(1, 5000) g",
        )]);
        let output = output.await.unwrap();
        assert_eq!(encode_json(&output.row_count), "5000");
        let rows = output.rows.items().unwrap();
        assert_eq!(rows.len(), 5000);
        let last = rows.last().unwrap().get("n").unwrap();
        assert_eq!(encode_json(&last), "5000");
        assert_eq!(user.counted_by_step(postgres_query::Metric::ROWS), 5000);
        assert!(user.counted_by_step(postgres_query::Metric::DATA_RECEIVED) > 5_000_000);
        let none = user
            .query(vec![text("SELECT 1 AS n WHERE false")])
            .await
            .unwrap();
        assert!(none.row.is_null());
        assert_eq!(encode_json(&none.rows), "[]");
        user.leave().await;
    });
}

#[test]
fn a_statement_without_a_name_takes_one_exchange() {
    let _held = server();
    run(async || {
        let user = user();
        let inputs = || {
            vec![
                text("SELECT $1::int AS n, $2::text[] AS t"),
                params(vec![number(3), Value::from(vec![Value::text("a")])]),
                postgres_query::In::Prepare(known(false)),
            ]
        };
        let output = user.query(inputs()).await.unwrap();
        assert_eq!(encode_json(&output.row), r#"{"n":3,"t":["a"]}"#);
        let mut typed = inputs();
        let types = Value::from(vec![Value::text("int8"), Value::text("text[]")]);
        typed.push(postgres_query::In::Types(known(Some(types))));
        let output = user.query(typed).await.unwrap();
        assert_eq!(encode_json(&output.row), r#"{"n":3,"t":["a"]}"#);
        let names = user
            .rows("SELECT count(*) AS n FROM pg_prepared_statements WHERE name LIKE 'bggo%'")
            .await;
        assert_eq!(names.unwrap(), r#"[{"n":1}]"#);
        user.leave().await;
    });
}

#[test]
fn errors_have_the_kind_of_their_state_and_the_connection_goes_on() {
    let _held = server();
    run(async || {
        let user = user();
        server().ask(
            "DROP TABLE IF EXISTS kinds; CREATE TABLE kinds (id int PRIMARY KEY, at int NOT NULL)",
        );
        user.rows("INSERT INTO kinds VALUES (1, 1)").await.unwrap();
        let (kind_of_it, text_of_it) = user.fails("INSERT INTO kinds VALUES (1, 1)").await;
        assert_eq!(kind_of_it, "constraint");
        assert_eq!(
            text_of_it,
            "ERROR 23505: duplicate key value violates unique constraint \"kinds_pkey\""
        );
        for (sql, expected) in [
            ("SELEC 1", "syntax"),
            ("SELECT * FROM nothing_here", "syntax"),
            ("SELECT 1 / 0", "data"),
            ("SELECT 'x'::int", "data"),
            ("SELECT pg_terminate_backend(0), 1 FROM no", "syntax"),
        ] {
            assert_eq!(user.fails(sql).await.0, expected, "{sql}");
        }
        assert_eq!(user.rows("SELECT 1 AS n").await.unwrap(), r#"[{"n":1}]"#);
        assert_eq!(user.counted(postgres_connection::Metric::CONNECTIONS), 1);
        assert_eq!(
            user.counted(postgres_connection::Metric::POSSIBLY_WRITTEN),
            0
        );
        user.leave().await;
    });
}

#[test]
fn what_is_no_single_statement_fails_before_it_is_sent() {
    let _held = server();
    run(async || {
        let user = user();
        for (inputs, part) in [
            (vec![text("SELECT 1; SELECT 2")], "2 statements"),
            (vec![text("BEGIN")], "postgres_begin"),
            (
                vec![text("SELECT $1::int")],
                "it has 1 parameters, and 0 are given",
            ),
            (vec![text("COPY a TO STDOUT")], "postgres_copy_out"),
        ] {
            let (kind, text) = told(user.query(inputs).await);
            assert_eq!(kind, "statement");
            assert!(text.contains(part), "{text}");
        }
        user.leave().await;
    });
}

#[test]
fn a_plan_whose_types_changed_is_prepared_again() {
    let _held = server();
    run(async || {
        let user = user();
        server().ask(
            "DROP TABLE IF EXISTS plans; CREATE TABLE plans (a int); INSERT INTO plans VALUES (1)",
        );
        let step = user.prepared(vec![text("SELECT * FROM plans")]);
        user.asks(&step, &[]).await.unwrap();
        server().ask("ALTER TABLE plans ADD b text DEFAULT 'x'");
        let output = user.asks(&step, &[]).await.unwrap();
        assert_eq!(encode_json(&output.row), r#"{"a":1,"b":"x"}"#);
        assert_eq!(
            user.counted_by_step(postgres_query::Metric::PREPARED_AGAIN),
            1
        );
        // Inside of a transaction it fails that one.
        user.begin().await.unwrap();
        user.asks(&step, &[]).await.unwrap();
        user.commit().await.unwrap();
        user.leave().await;
    });
}

#[test]
fn a_server_cancels_what_takes_longer_than_its_own_limit_and_keeps_the_connection() {
    let _held = server();
    run(async || {
        let url = server().url("postgres");
        let user = crate::user::User::with(vec![
            postgres_connection::In::Url(some(&url)),
            postgres_connection::In::StatementTimeout(limit(50)),
            postgres_connection::In::SearchPath(some("pg_catalog")),
        ]);
        assert_eq!(user.fails("SELECT pg_sleep(60)").await.0, "canceled");
        let path = user
            .rows("SELECT current_setting('search_path') AS s")
            .await
            .unwrap();
        assert_eq!(path, r#"[{"s":"pg_catalog"}]"#);
        assert_eq!(user.counted(postgres_connection::Metric::CONNECTIONS), 1);
        user.leave().await;
    });
}

#[test]
fn steps_beside_each_other_take_turns() {
    let _held = server();
    run(async || {
        let user = user();
        let first = user.rows("SELECT 1 AS n, pg_sleep(0.05)");
        let second = user.rows("SELECT 2 AS n");
        let third = user.rows("SELECT 3 AS n");
        let (first, second, third) = tokio::join!(first, second, third);
        assert!(first.unwrap().contains("\"n\":1"));
        assert_eq!(second.unwrap(), r#"[{"n":2}]"#);
        assert_eq!(third.unwrap(), r#"[{"n":3}]"#);
        assert_eq!(user.recorded(postgres_connection::Metric::WAITING), 2);
        user.leave().await;
    });
}

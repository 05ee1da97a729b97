//! Many users over few connections of the server: PgBouncer in transaction mode, which keeps no prepared statements.

use crate::user::{User, known, number, params, run, text};
use bggo_module_postgres::postgres_query::In;
use bggo_module_postgres::{postgres_batch, postgres_connection};
use bggo_runtime::contract::{Early, Shape, Text, Value, encode_json};
use bggo_tests::server::{Pgbouncer, Postgres};

/// A batch of two statements that are not prepared.
fn moves(id: i64) -> Vec<postgres_batch::In> {
    let one = |sql: &'static str| {
        Value::from(vec![
            (Text::Static("sql"), Value::Text(Text::Static(sql))),
            (Text::Static("params"), Value::from(vec![number(id)])),
            (
                Text::Static("types"),
                Value::from(vec![Value::Text(Text::Static("int4"))]),
            ),
        ])
    };
    let statements = vec![
        one("INSERT INTO bounced VALUES ($1)"),
        one("SELECT $1 + 1 AS next"),
    ];
    vec![
        postgres_batch::In::Statements(Early::Known(Shape::Known(statements.into()))),
        postgres_batch::In::Prepare(known(false)),
    ]
}

#[test]
fn statements_that_are_not_prepared_go_over_whatever_connection_there_is() {
    run(async || {
        let server = Postgres::start();
        server.ask("CREATE TABLE bounced (id int)");
        let bouncer = Pgbouncer::start(&server, 2);
        let users: Vec<_> = (0..6).map(|_| User::new(&bouncer.url())).collect();
        for round in 0..20 {
            for (place, user) in users.iter().enumerate() {
                let id = i64::try_from(place).unwrap() * 100 + round;
                let inputs = vec![
                    text("INSERT INTO bounced VALUES ($1) RETURNING id"),
                    params(vec![number(id)]),
                    In::Prepare(known(false)),
                ];
                let output = user.query(inputs).await.unwrap();
                assert_eq!(encode_json(&output.rows), format!(r#"[{{"id":{id}}}]"#));
                let results = user.batch(moves(id)).await.unwrap().results;
                let results = encode_json(&results);
                assert!(
                    results.contains(&format!(r#"[{{"next":{}}}]"#, id + 1)),
                    "{results}"
                );
            }
        }
        // A transaction of several steps keeps its connection, and the others go on over the other one.
        let (first, second) = (&users[0], &users[1]);
        let insert = || {
            vec![
                text("INSERT INTO bounced VALUES (-1)"),
                In::Prepare(known(false)),
            ]
        };
        first.begin().await.unwrap();
        first.query(insert()).await.unwrap();
        second.query(insert()).await.unwrap();
        assert!(first.roll_back().await.unwrap());
        assert_eq!(
            server.ask("SELECT count(*) FROM bounced WHERE id = -1"),
            "1"
        );
        let written = "SELECT count(*), count(DISTINCT id) FROM bounced WHERE id >= 0";
        assert_eq!(server.ask(written), "240|120");
        // All came over two connections.
        let connections = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()";
        let count: u32 = server.ask(connections).parse().unwrap();
        assert!(count <= 2, "{count}");
        for user in users {
            assert_eq!(user.counted(postgres_connection::Metric::RECONNECTS), 0);
            user.leave().await;
        }
    });
}

//! What statements take and give, and columns that are others than a grid was built for.

use crate::user::{known, run, text};
use crate::{server, user};
use bggo_module_postgres::postgres_connection::Metric;
use bggo_module_postgres::postgres_describe::In;
use bggo_module_postgres::postgres_query;
use bggo_runtime::contract::{Early, Fault, Text, Value, encode_json};

#[test]
fn statements_are_described_and_none_is_run() {
    let _held = server();
    run(async || {
        let user = user();
        server().ask(
            "DROP TABLE IF EXISTS described; DROP TYPE IF EXISTS feeling; CREATE TYPE feeling AS ENUM ('good');
             CREATE TABLE described (id int8, at timestamptz, tags text[], mood feeling)",
        );
        let statements = [
            "SELECT *, 1 AS id FROM described WHERE id = $1 AND mood = $2",
            "INSERT INTO described (id) VALUES ($1)",
            "SELECT nothing FROM described",
            "SELECT 1; SELECT 2",
            "DROP TABLE described",
        ];
        let statements = statements
            .map(|sql| Value::Text(Text::Static(sql)))
            .to_vec();
        let output = user
            .describe(vec![In::Statements(Early::Known(statements.into()))])
            .await
            .unwrap();
        let items = output.statements.items().unwrap();
        let said: Vec<String> = items.iter().map(encode_json).collect();
        assert_eq!(
            said[0],
            r#"{"parameters":["int8","text"],"columns":[{"name":"id","type":"int8"},{"name":"at","type":"timestamptz"},{"name":"tags","type":"text[]"},{"name":"mood","type":"text"},{"name":"id_2","type":"int4"}],"error":null}"#
        );
        assert_eq!(
            said[1],
            r#"{"parameters":["int8"],"columns":[],"error":null}"#
        );
        assert!(said[2].contains("42703"), "{}", said[2]);
        assert!(
            said[3].contains("there are 2 statements in it"),
            "{}",
            said[3]
        );
        assert_eq!(said[4], r#"{"parameters":[],"columns":[],"error":null}"#);
        assert_eq!(server().ask("SELECT count(*) FROM described"), "0");
        assert_eq!(user.counted(Metric::RECONNECTS), 0);
        user.leave().await;
    });
}

#[test]
fn columns_that_are_others_fail_the_step() {
    let _held = server();
    run(async || {
        let user = user();
        let ask = async |sql: &str, columns: &[(&'static str, &'static str)], prepare: bool| {
            let pairs = columns.iter().map(|(name, ty)| {
                let ty = Value::Text(Text::Static(ty));
                (Text::Static(name), ty)
            });
            let columns = Value::from(pairs.collect::<Vec<_>>());
            let inputs = vec![
                text(sql),
                postgres_query::In::Columns(known(Some(columns))),
                postgres_query::In::Prepare(known(prepare)),
            ];
            user.query(inputs).await
        };
        let told = |answer: Result<postgres_query::Output, Fault>| {
            let fault = answer.err().unwrap();
            (fault.kind(), fault.text().to_owned())
        };
        for prepare in [true, false] {
            let sql = "SELECT 1 AS a, 'x'::text AS b";
            ask(sql, &[("a", "int8"), ("b", "varchar(3)")], prepare)
                .await
                .unwrap();
            // They are compared each time, and the connection stays.
            for _ in 0..2 {
                let (kind, words) = told(ask(sql, &[("b", "numeric")], prepare).await);
                assert_eq!(kind, "conversion");
                assert!(words.contains("the column `b` is of text"), "{words}");
            }
            let (kind, words) = told(ask(sql, &[("c", "text")], prepare).await);
            assert_eq!(kind, "conversion");
            assert!(words.contains("gives no column `c`"), "{words}");
        }
        assert_eq!(user.counted(Metric::CONNECTIONS), 1);
        user.leave().await;
    });
}

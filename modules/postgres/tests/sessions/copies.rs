//! Rows that are copied in and out in one stream.

use crate::user::{User, kind, known, limit, number, run, some, told};
use crate::{server, user};
use bggo_module_postgres::postgres_connection::Metric;
use bggo_module_postgres::{postgres_copy_in as copy_in, postgres_copy_out as copy_out};
use bggo_runtime::contract::{Early, Seq, Value, encode_json};
use std::fmt::Write as _;
use std::process::Command;

fn rows(rows: Vec<Vec<Value>>) -> copy_in::In {
    let rows: Vec<Value> = rows.into_iter().map(Value::from).collect();
    copy_in::In::Rows(known(Some(Value::from(rows))))
}

fn into(table: &str) -> copy_in::In {
    copy_in::In::Table(some(table))
}

fn data(bytes: &[u8]) -> copy_in::In {
    copy_in::In::Data(Early::Known(Some(Seq::from(bytes.to_vec()))))
}

/// A table of this name with a number and a text, empty.
fn table(name: &str) {
    let held = server();
    held.ask(&format!(
        "DROP TABLE IF EXISTS {name}; CREATE TABLE {name} (id int PRIMARY KEY, name text)"
    ));
}

async fn count(user: &User, table: &str) -> String {
    user.rows(&format!("SELECT count(*) AS n FROM {table}"))
        .await
        .unwrap()
}

#[test]
fn rows_of_the_grid_arrive_as_they_are() {
    let _held = server();
    run(async || {
        let user = user();
        server().ask("DROP TABLE IF EXISTS kinds; CREATE TABLE kinds (b bytea, a int, \"T t\" text, l int[], j jsonb)");
        let names = ["a", "T t", "l", "b", "j"].map(Value::text).to_vec();
        let list = Value::from(vec![number(1), Value::Null]);
        let object = Value::from(vec![("x".into(), Value::text("a\\\"\n"))]);
        let bytes = Value::Bytes(vec![0, 255].into());
        let first = vec![
            number(7),
            Value::text("a\tb\nc\r\\N\\."),
            list,
            bytes,
            object,
        ];
        let second = vec![
            Value::Null,
            Value::text(""),
            Value::Null,
            Value::Null,
            Value::Null,
        ];
        let columns = copy_in::In::Columns(known(Some(Value::from(names))));
        let done = user.copy_in(vec![into("kinds"), columns, rows(vec![first, second])]);
        assert_eq!(encode_json(&done.await.unwrap().row_count), "2");
        assert_eq!(
            user.rows("SELECT a, \"T t\" AS t, l, b = '\\x00ff' AS b, j FROM kinds ORDER BY a")
                .await
                .unwrap(),
            "[{\"a\":7,\"t\":\"a\\tb\\nc\\r\\\\N\\\\.\",\"l\":[1,null],\"b\":true,\"j\":{\"x\":\"a\\\\\\\"\\n\"}},{\"a\":null,\"t\":\"\",\"l\":null,\"b\":null,\"j\":null}]"
        );
        user.leave().await;
    });
}

#[test]
fn a_file_is_streamed_and_every_row_of_it_arrives() {
    let _held = server();
    run(async || {
        let user = user();
        table("streamed");
        let mut text = String::new();
        for id in 0..100_000 {
            writeln!(text, "{id},\"name, {id}\"").unwrap();
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rows.csv");
        std::fs::write(&path, &text).unwrap();
        let done = user.copy_in(vec![
            into("streamed"),
            copy_in::In::Format(some("csv")),
            copy_in::In::File(some(path.to_str().unwrap())),
        ]);
        let done = done.await.unwrap();
        assert_eq!(encode_json(&done.row_count), "100000");
        assert_eq!(encode_json(&done.bytes), text.len().to_string());
        assert_eq!(
            server().ask("SELECT count(*), sum(id), count(DISTINCT name) FROM streamed WHERE name = 'name, ' || id"),
            "100000|4999950000|100000"
        );
        assert_eq!(
            user.counted_by_step(copy_in::Metric::DATA_SENT),
            text.len() as u64
        );
        assert_eq!(user.counted_by_step(copy_in::Metric::ROWS), 100_000);
        // What comes out is what went in.
        let out = user.copy_out(vec![
            copy_out::In::Sql(some("SELECT id, name FROM streamed ORDER BY id")),
            copy_out::In::Format(some("csv")),
        ]);
        let out = out.await.unwrap();
        assert_eq!(out.data.as_text(), Some(&*text));
        assert_eq!(encode_json(&out.row_count), "100000");
        assert_eq!(encode_json(&out.bytes), text.len().to_string());
        user.leave().await;
    });
}

#[test]
fn binary_rows_go_from_table_to_table() {
    let _held = server();
    run(async || {
        let user = user();
        table("one");
        table("other");
        server().ask("INSERT INTO one SELECT id, repeat('x', id) FROM generate_series(1, 300) id");
        let binary = || some("binary");
        let out = user.copy_out(vec![
            copy_out::In::Table(some("one")),
            copy_out::In::Format(binary()),
        ]);
        let Value::Bytes(bytes) = out.await.unwrap().data else {
            panic!("binary rows are no text");
        };
        let done = user.copy_in(vec![
            into("other"),
            copy_in::In::Format(binary()),
            data(&bytes),
        ]);
        assert_eq!(encode_json(&done.await.unwrap().row_count), "300");
        assert_eq!(
            server().ask("SELECT count(*) FROM one JOIN other USING (id, name)"),
            "300"
        );
        user.leave().await;
    });
}

#[test]
fn a_bad_row_fails_all_of_them_and_the_connection_goes_on() {
    let _held = server();
    run(async || {
        let user = user();
        table("bad");
        // More than the server reads before it says what it thinks of the first line.
        let text = format!("x\ta\n{}", "1\ta\n".repeat(1_000_000));
        assert_eq!(
            kind(user.copy_in(vec![into("bad"), data(text.as_bytes())]).await),
            "data"
        );
        assert_eq!(count(&user, "bad").await, r#"[{"n":0}]"#);
        let twice = rows(vec![
            vec![number(1), Value::Null],
            vec![number(1), Value::Null],
        ]);
        assert_eq!(
            kind(user.copy_in(vec![into("bad"), twice]).await),
            "constraint"
        );
        assert_eq!(count(&user, "bad").await, r#"[{"n":0}]"#);
        let (kind_of_it, text_of_it) = told(
            user.copy_in(vec![into("bad"), rows(vec![vec![], vec![number(1)]])])
                .await,
        );
        assert_eq!(kind_of_it, "data", "{text_of_it}");
        assert_eq!(
            kind(user.copy_in(vec![into("nowhere"), data(b"1\n")]).await),
            "syntax"
        );
        assert_eq!(
            kind(
                user.copy_out(vec![copy_out::In::Table(some("nowhere"))])
                    .await
            ),
            "syntax"
        );
        assert_eq!(user.counted(Metric::RECONNECTS), 0);
        user.leave().await;
    });
}

#[test]
fn rows_that_cannot_be_read_to_their_end_are_not_inserted() {
    let _held = server();
    run(async || {
        let user = user();
        table("unread");
        // A folder opens as a file does, and cannot be read.
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().to_str().unwrap();
        let unread = user.copy_in(vec![into("unread"), copy_in::In::File(some(path))]);
        assert_eq!(kind(unread.await), "file");
        let none = user.copy_in(vec![
            into("unread"),
            copy_in::In::File(some("/nowhere.csv")),
        ]);
        assert_eq!(kind(none.await), "file");
        assert_eq!(count(&user, "unread").await, r#"[{"n":0}]"#);
        assert_eq!(user.counted(Metric::RECONNECTS), 0);
        user.leave().await;
    });
}

#[test]
fn a_copy_that_is_given_up_inserts_nothing() {
    let _held = server();
    run(async || {
        let user = user();
        table("given_up");
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        assert!(
            Command::new("mkfifo")
                .arg(&pipe)
                .status()
                .unwrap()
                .success()
        );
        // It writes two rows, and holds the pipe open until it is told to end.
        let (done, ends) = std::sync::mpsc::channel::<()>();
        let path = pipe.clone();
        let writer = std::thread::spawn(move || {
            let mut file = std::fs::File::options()
                .read(true)
                .write(true)
                .open(path)
                .unwrap();
            std::io::Write::write_all(&mut file, b"1\ta\n2\tb\n").unwrap();
            let _ = ends.recv();
        });
        let given_up = user.copy_in(vec![
            into("given_up"),
            copy_in::In::File(some(pipe.to_str().unwrap())),
            copy_in::In::Timeout(limit(100)),
        ]);
        assert_eq!(kind(given_up.await), "timeout");
        assert_eq!(count(&user, "given_up").await, r#"[{"n":0}]"#);
        server().wait_for("SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'COPY given_up%' AND state = 'active'", "0");
        assert_eq!(server().ask("SELECT count(*) FROM given_up"), "0");
        assert_eq!(user.counted(Metric::RECONNECTS), 1);
        // The end was never sent, so nothing can have been written.
        assert_eq!(user.counted(Metric::POSSIBLY_WRITTEN), 0);
        drop(done);
        writer.join().unwrap();
        user.leave().await;
    });
}

#[test]
fn what_copies_another_way_is_no_copy() {
    let _held = server();
    run(async || {
        let user = user();
        table("ways");
        let sql = |sql| vec![copy_in::In::Sql(some(sql)), data(b"")];
        for wrong in [
            "SELECT 1",
            "COPY ways TO STDOUT",
            "COPY ways FROM STDIN; SELECT 1",
        ] {
            assert_eq!(kind(user.copy_in(sql(wrong)).await), "statement", "{wrong}");
        }
        for wrong in ["COPY ways FROM STDIN", "SELECT 1; SELECT 2"] {
            let out = user.copy_out(vec![copy_out::In::Sql(some(wrong))]);
            assert_eq!(kind(out.await), "statement", "{wrong}");
        }
        let whole = user.copy_in(vec![
            copy_in::In::Sql(some("COPY ways FROM STDIN WITH (FORMAT csv, HEADER)")),
            data(b"id,name\n1,a\n"),
        ]);
        assert_eq!(encode_json(&whole.await.unwrap().row_count), "1");
        // What a transaction copied goes with it.
        user.begin().await.unwrap();
        user.copy_in(vec![into("ways"), data(b"2\tb\n")])
            .await
            .unwrap();
        assert_eq!(count(&user, "ways").await, r#"[{"n":2}]"#);
        assert!(user.roll_back().await.unwrap());
        assert_eq!(count(&user, "ways").await, r#"[{"n":1}]"#);
        user.leave().await;
    });
}

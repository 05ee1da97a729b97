//! Transactions over several steps, and their ends.

use crate::user::{kind, number, params, run, text};
use crate::{server, user};
use bggo_module_postgres::postgres_begin;
use bggo_module_postgres::postgres_connection::Metric;
use bggo_runtime::contract::Early;

fn table(name: &str) {
    server().ask(&format!(
        "DROP TABLE IF EXISTS {name}; CREATE TABLE {name} (id int PRIMARY KEY)"
    ));
}

fn count(name: &str) -> String {
    server().ask(&format!("SELECT count(*) FROM {name}"))
}

#[test]
fn what_is_committed_is_there_and_what_is_rolled_back_is_not() {
    let _held = server();
    run(async || {
        let user = user();
        table("committed");
        user.begin().await.unwrap();
        user.rows("INSERT INTO committed VALUES (1)").await.unwrap();
        assert_eq!(count("committed"), "0");
        user.commit().await.unwrap();
        assert_eq!(count("committed"), "1");
        user.begin().await.unwrap();
        user.rows("INSERT INTO committed VALUES (2)").await.unwrap();
        assert!(user.roll_back().await.unwrap());
        assert_eq!(count("committed"), "1");
        assert!(!user.roll_back().await.unwrap());
        user.leave().await;
    });
}

#[test]
fn a_commit_of_a_failed_transaction_is_a_failure() {
    let _held = server();
    run(async || {
        let user = user();
        table("aborted");
        user.begin().await.unwrap();
        user.rows("INSERT INTO aborted VALUES (1)").await.unwrap();
        assert_eq!(
            user.fails("INSERT INTO aborted VALUES (1)").await.0,
            "constraint"
        );
        assert_eq!(user.fails("SELECT 1").await.0, "transaction_aborted");
        assert_eq!(kind(user.commit().await), "transaction_aborted");
        assert_eq!(count("aborted"), "0");
        // The next transaction is a new one.
        user.begin().await.unwrap();
        user.rows("INSERT INTO aborted VALUES (1)").await.unwrap();
        user.commit().await.unwrap();
        assert_eq!(count("aborted"), "1");
        user.leave().await;
    });
}

#[test]
fn savepoints_are_statements() {
    let _held = server();
    run(async || {
        let user = user();
        table("saved");
        user.begin().await.unwrap();
        user.rows("SAVEPOINT a").await.unwrap();
        user.rows("INSERT INTO saved VALUES (1)").await.unwrap();
        user.rows("ROLLBACK TO SAVEPOINT a").await.unwrap();
        user.rows("INSERT INTO saved VALUES (2)").await.unwrap();
        user.commit().await.unwrap();
        assert_eq!(server().ask("SELECT id FROM saved"), "2");
        user.leave().await;
    });
}

#[test]
fn a_transaction_has_what_it_is_asked_for_and_an_order() {
    let _held = server();
    run(async || {
        let user = user();
        let isolation = Early::Known(Some("serializable".into()));
        let inputs = vec![
            postgres_begin::In::Isolation(isolation),
            postgres_begin::In::ReadOnly(Early::Known(Some(true))),
        ];
        user.begin_with(inputs).await.unwrap();
        let sql = "SELECT current_setting('transaction_isolation') AS a, current_setting('transaction_read_only') AS b";
        assert_eq!(
            user.rows(sql).await.unwrap(),
            r#"[{"a":"serializable","b":"on"}]"#
        );
        assert_eq!(kind(user.begin().await), "transaction_order");
        user.commit().await.unwrap();
        assert_eq!(kind(user.commit().await), "transaction_order");
        user.leave().await;
    });
}

#[test]
fn a_transaction_that_is_left_open_is_rolled_back_before_the_next_iteration_works() {
    let _held = server();
    run(async || {
        let user = user();
        table("left_open");
        user.begin().await.unwrap();
        user.rows("INSERT INTO left_open VALUES (1)").await.unwrap();
        user.begins_another_iteration();
        let insert = user.query(vec![
            text("INSERT INTO left_open VALUES ($1)"),
            params(vec![number(2)]),
        ]);
        insert.await.unwrap();
        assert_eq!(server().ask("SELECT id FROM left_open"), "2");
        assert_eq!(user.counted(Metric::TRANSACTIONS_LEFT_OPEN), 1);
        user.leave().await;
    });
}

#[test]
fn a_transaction_that_is_left_open_is_rolled_back_when_its_iteration_ends() {
    let _held = server();
    run(async || {
        let user = user();
        table("settled");
        user.begin().await.unwrap();
        user.rows("INSERT INTO settled VALUES (1)").await.unwrap();
        // A lock that nobody else gets while the transaction is open.
        user.rows("LOCK TABLE settled").await.unwrap();
        user.scope.settle().await;
        assert_eq!(server().ask("SELECT count(*) FROM settled"), "0");
        assert_eq!(user.counted(Metric::TRANSACTIONS_LEFT_OPEN), 1);
        user.begins_another_iteration();
        user.rows("INSERT INTO settled VALUES (2)").await.unwrap();
        user.scope.settle().await;
        assert_eq!(server().ask("SELECT id FROM settled"), "2");
        assert_eq!(user.counted(Metric::TRANSACTIONS_LEFT_OPEN), 1);
        assert_eq!(user.counted(Metric::RECONNECTS), 0);
        user.leave().await;
    });
}

#[test]
fn serialization_and_deadlocks_have_kinds_of_their_own() {
    let _held = server();
    run(async || {
        let (one, other) = (user(), user());
        server().ask("DROP TABLE IF EXISTS races; CREATE TABLE races (id int PRIMARY KEY, n int); INSERT INTO races VALUES (1, 0), (2, 0)");
        let repeatable = || {
            let isolation = Early::Known(Some("repeatable read".into()));
            vec![postgres_begin::In::Isolation(isolation)]
        };
        one.begin_with(repeatable()).await.unwrap();
        other.begin_with(repeatable()).await.unwrap();
        one.rows("UPDATE races SET n = n + 1 WHERE id = 1")
            .await
            .unwrap();
        other.rows("SELECT * FROM races").await.unwrap();
        one.commit().await.unwrap();
        assert_eq!(
            other
                .fails("UPDATE races SET n = n + 1 WHERE id = 1")
                .await
                .0,
            "serialization"
        );
        other.roll_back().await.unwrap();

        one.begin().await.unwrap();
        other.begin().await.unwrap();
        one.rows("UPDATE races SET n = 1 WHERE id = 1")
            .await
            .unwrap();
        other
            .rows("UPDATE races SET n = 1 WHERE id = 2")
            .await
            .unwrap();
        let first = one.rows("UPDATE races SET n = 1 WHERE id = 2");
        let second = other.rows("UPDATE races SET n = 1 WHERE id = 1");
        let ended = async |user: &crate::user::User, work: Result<String, _>| {
            let failed = work.is_err().then(|| kind(work));
            user.roll_back().await.unwrap();
            failed
        };
        let (first, second) = tokio::join!(async { ended(&one, first.await).await }, async {
            ended(&other, second.await).await
        });
        let failed: Vec<_> = [first, second].into_iter().flatten().collect();
        assert_eq!(failed, ["deadlock"]);
        one.leave().await;
        other.leave().await;
    });
}

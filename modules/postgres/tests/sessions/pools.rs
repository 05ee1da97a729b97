//! Connections that several users share.

use crate::server;
use crate::user::{kind, known, limit, run, some, text, told};
use bggo_module_postgres::postgres_pool::{In, Metric};
use bggo_module_postgres::{postgres_pool, postgres_query};
use bggo_runtime::contract::testing::Policy;
use bggo_runtime::contract::{Fault, Info, Number, ResourceInfo, encode_json};
use bggo_test_user::TestUser;
use std::rc::Rc;

static STEP: Info = Info::new("postgres_query", "step", "test.hcl:1").slots(0..16);
static POOL: ResourceInfo = ResourceInfo::new("postgres_pool", "db", "test.hcl:2").first_slot(32);

/// Users of one pool.
struct Users {
    user: TestUser,
    pool: Rc<postgres_pool::Prepared>,
    pools: postgres_pool::Slot,
}

impl Users {
    /// Of a pool that the server knows by this name.
    fn new(name: &str, most: i64, mut inputs: Vec<In>) -> Self {
        let user = TestUser::default();
        let cx = user.prepare();
        inputs.push(In::Url(some(&server().url("postgres"))));
        inputs.push(In::ApplicationName(some(name)));
        inputs.push(In::MaxConnections(known(Number::new(most))));
        let pool = postgres_pool::Prepared::new(&cx, Ok(inputs));
        let pools = postgres_pool::Slot::new(&user.scope, &POOL, 0, &[]);
        Self { user, pool, pools }
    }

    async fn query(
        &self,
        inputs: Vec<postgres_query::In>,
    ) -> Result<postgres_query::Output, Fault> {
        let cx = self.user.prepare();
        let wanted = postgres_query::Wanted::ALL;
        let prepared = postgres_query::Prepared::new(&cx, Ok(inputs), wanted, Policy::new());
        self.user
            .runs((&STEP, prepared.policy()), async |it, step| {
                let mut make = |cx| self.pool.create(cx, Ok(Vec::new()));
                let pool = self.pools.get(it, &mut make);
                let pool = postgres_query::ConnectionGet::PostgresPool(pool);
                let needs = postgres_query::Needs::NONE.connection(pool);
                prepared.run(step, needs, &[]).await
            })
            .await
    }

    async fn rows(&self, sql: &str) -> String {
        let output = self.query(vec![text(sql)]).await;
        encode_json(&output.unwrap().rows)
    }
}

fn connections(name: &str) -> String {
    server().ask(&format!(
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = '{name}'"
    ))
}

#[test]
fn more_steps_than_connections_take_turns() {
    let _held = server();
    run(async || {
        let users = Rc::new(Users::new("turns", 3, vec![]));
        let step = |number: usize| {
            let users = Rc::clone(&users);
            let sql = format!("SELECT {number} AS n FROM pg_sleep(0.01)");
            tokio::task::spawn_local(async move { users.rows(&sql).await })
        };
        let all: Vec<_> = (0..20).map(step).collect();
        for (number, rows) in all.into_iter().enumerate() {
            assert_eq!(rows.await.unwrap(), format!(r#"[{{"n":{number}}}]"#));
        }
        assert_eq!(connections("turns"), "3");
        let worker = &users.user.worker;
        assert_eq!(worker.counted_by_asset(&POOL, Metric::CONNECTIONS), 3);
        assert_eq!(worker.counted_by_asset(&POOL, Metric::RECONNECTS), 0);
        // The first three waited as well, until theirs were made.
        assert_eq!(worker.recorded_by_asset(&POOL, Metric::WAITING), 20);
        users.rows("SELECT 1 AS n").await;
        assert_eq!(worker.recorded_by_asset(&POOL, Metric::WAITING), 20);
        users.user.scope.destroy().await;
        server().wait_for(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'turns'",
            "0",
        );
    });
}

#[test]
fn a_step_waits_for_a_connection_no_longer_than_it_should() {
    let _held = server();
    run(async || {
        let users = Users::new("waits", 1, vec![In::AcquireTimeout(limit(300))]);
        // The connection is there, so the first step of each pair has it.
        users.rows("SELECT 1 AS n").await;
        let slow = || text("SELECT 1 AS n FROM pg_sleep(1)");
        let (slow_one, waits) = tokio::join!(users.query(vec![slow()]), users.query(vec![slow()]));
        slow_one.unwrap();
        let (kind_of_it, text_of_it) = told(waits);
        assert_eq!(kind_of_it, "pool_timeout");
        assert!(text_of_it.contains("300ms"), "{text_of_it}");
        // Its own limit is shorter.
        let own = vec![slow(), postgres_query::In::Timeout(limit(20))];
        let (slow_one, waits) = tokio::join!(users.query(vec![slow()]), users.query(own));
        slow_one.unwrap();
        assert_eq!(kind(waits), "timeout");
        assert_eq!(users.rows("SELECT 1 AS n").await, r#"[{"n":1}]"#);
        assert_eq!(connections("waits"), "1");
        users.user.scope.destroy().await;
    });
}

#[test]
fn a_connection_that_a_step_gave_up_is_replaced_and_one_that_cannot_be_made_leaves_its_place() {
    let _held = server();
    run(async || {
        let users = Users::new("replaced", 1, vec![]);
        let worker = &users.user.worker;
        let given_up = vec![
            text("SELECT pg_sleep(600)"),
            postgres_query::In::Timeout(limit(50)),
        ];
        assert_eq!(kind(users.query(given_up).await), "timeout");
        assert_eq!(users.rows("SELECT 1 AS n").await, r#"[{"n":1}]"#);
        assert_eq!(worker.counted_by_asset(&POOL, Metric::CANCELS), 1);
        assert_eq!(worker.counted_by_asset(&POOL, Metric::RECONNECTS), 1);
        // The one that was given up is cancelled.
        users
            .user
            .waits_until(|| connections("replaced") == "1")
            .await;
        users.user.scope.destroy().await;

        let refused = Users::new("refused", 1, vec![In::User(some("nobody"))]);
        for _ in 0..3 {
            let asked = refused.query(vec![text("SELECT 1 AS n")]);
            assert_eq!(kind(asked.await), "auth");
        }
        refused.user.scope.destroy().await;
    });
}

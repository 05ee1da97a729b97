//! Several commands at once, and transactions.

use crate::user::{User, known, list, run, told};
use bggo_module_redis::redis_pipeline::{In, Metric, Output};
use bggo_runtime::contract::{Early, Fault, Shape, Value, encode_json};
use bggo_tests::server::Redis;

fn commands(commands: &[&[&str]]) -> In {
    let commands = commands.iter().map(|words| list(words)).collect::<Vec<_>>();
    In::Commands(Early::Known(Shape::from(Value::from(commands))))
}

fn shown(result: Result<Output, Fault>) -> (String, String) {
    let output = result.unwrap();
    (encode_json(&output.values), encode_json(&output.errors))
}

#[test]
fn values_and_errors_stand_at_the_places_of_their_commands() {
    let server = Redis::start();
    run(async || {
        let user = User::new(&server.url());
        let wrong = [
            &["SET", "key", "1"][..],
            &["LPUSH", "key", "x"],
            &["INCR", "key"],
            &["NOSUCH"],
        ];
        let (kind, text) = told(user.pipeline(vec![commands(&wrong)]).await);
        assert_eq!(kind, "wrong_type");
        assert!(
            text.contains("command 2") && text.contains("2 commands failed"),
            "{text}"
        );
        let goes_on = In::ContinueOnError(known(Some(true)));
        let (values, errors) = shown(user.pipeline(vec![commands(&wrong), goes_on]).await);
        assert_eq!(values, r#"["OK",null,2,null]"#);
        assert!(
            errors.starts_with(r#"[null,"WRONGTYPE "#)
                && errors.contains(r#"value",null,"ERR unknown command"#),
            "{errors}"
        );
        assert_eq!(user.counted_by_step(Metric::COMMANDS), 8);
        user.leave().await;
    });
    assert_eq!(server.calls("incr"), 2);
}

#[test]
fn a_transaction_is_executed_as_a_whole_or_not_at_all() {
    let server = Redis::start();
    run(async || {
        let user = User::new(&server.url());
        let is_one = || In::Transaction(known(Some(true)));
        let fine = [&["INCR", "a"][..], &["INCR", "b"], &["GET", "a"]];
        let (values, errors) = shown(user.pipeline(vec![commands(&fine), is_one()]).await);
        assert_eq!(
            (values.as_str(), errors.as_str()),
            (r#"[1,1,"1"]"#, "[null,null,null]")
        );
        // Refused when it is queued: nothing is executed, and the step says which command it was.
        let refused = [&["INCR", "a"][..], &["INCR"]];
        let (kind, text) = told(user.pipeline(vec![commands(&refused), is_one()]).await);
        assert_eq!(kind, "exec_abort");
        assert!(
            text.contains("command 2") && text.contains("wrong number of arguments"),
            "{text}"
        );
        assert_eq!(server.ask(&["GET", "a"]), "1");
        let goes_on = In::ContinueOnError(known(Some(true)));
        assert_eq!(
            told(
                user.pipeline(vec![commands(&refused), is_one(), goes_on])
                    .await
            )
            .0,
            "exec_abort"
        );
        // One that fails when it is executed does not undo the others.
        let half = [&["INCR", "a"][..], &["LPUSH", "a", "x"], &["INCR", "b"]];
        assert_eq!(
            told(user.pipeline(vec![commands(&half), is_one()]).await).0,
            "wrong_type"
        );
        assert_eq!(server.ask(&["MGET", "a", "b"]), "2\n2");
        assert_eq!(user.asks(&["PING"]).await.unwrap(), "\"PONG\"");
        user.leave().await;
    });
    assert_eq!(server.calls("exec"), 4);
}

#[test]
fn many_commands_are_answered_in_order() {
    let server = Redis::start();
    run(async || {
        let user = User::new(&server.url());
        let value = "x".repeat(1_000);
        let texts: Vec<String> = (0..2_000)
            .map(|number| format!("{number}:{value}"))
            .collect();
        let all: Vec<Vec<&str>> = texts.iter().map(|text| vec!["ECHO", text]).collect();
        let all: Vec<&[&str]> = all.iter().map(Vec::as_slice).collect();
        let output = user.pipeline(vec![commands(&all)]).await.unwrap();
        assert_eq!(
            encode_json(&output.values),
            encode_json(&Value::from(
                texts.into_iter().map(Value::from).collect::<Vec<_>>()
            ))
        );
        user.leave().await;
    });
    assert_eq!(server.calls("echo"), 2_000);
}

#[test]
fn commands_that_end_a_transaction_or_change_the_connection_are_refused() {
    let server = Redis::start();
    server.reset();
    run(async || {
        let user = User::new(&server.url());
        for word in ["EXEC", "multi", "SUBSCRIBE", "SELECT", "QUIT"] {
            let (kind, text) = told(
                user.pipeline(vec![commands(&[&["PING"], &[word, "1"]])])
                    .await,
            );
            assert_eq!(kind, "argument", "{text}");
        }
        user.leave().await;
    });
    assert_eq!(server.calls("ping"), 0);
}

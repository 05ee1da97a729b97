//! Scripts: by their hash, and by their text where the server does not know it.

use crate::user::{User, known, run, told};
use bggo_module_redis::redis_script::{In, Metric, Output};
use bggo_runtime::contract::{Early, Fault, Text, Value, encode_json};
use bggo_tests::server::Redis;

async fn script(
    user: &User,
    text: &'static str,
    keys: &[&str],
    args: Vec<Value>,
) -> Result<Output, Fault> {
    let keys: Vec<Value> = keys
        .iter()
        .map(|key| Value::from((*key).to_owned()))
        .collect();
    let inputs = vec![
        In::Script(known(Text::Static(text))),
        In::Keys(Early::Known(Some(Value::from(keys)))),
        In::Args(Early::Known(Some(Value::from(args)))),
    ];
    user.script(inputs).await
}

#[test]
fn a_script_is_sent_once_and_then_called_by_its_hash() {
    let server = Redis::start();
    run(async || {
        let user = User::new(&server.url());
        let text = "return {KEYS[1], ARGV[1], redis.call('INCRBY', KEYS[1], ARGV[1])}";
        for sum in [5, 10, 15] {
            let output = script(&user, text, &["sum"], vec![Value::number(5)])
                .await
                .unwrap();
            assert_eq!(encode_json(&output.value), format!(r#"["sum","5",{sum}]"#));
        }
        assert_eq!(user.counted_by_step(Metric::LOADED), 1);
        assert_eq!((server.calls("eval"), server.calls("evalsha")), (1, 3));
        server.ask(&["SCRIPT", "FLUSH"]);
        script(&user, text, &["sum"], vec![Value::number(5)])
            .await
            .unwrap();
        assert_eq!(user.counted_by_step(Metric::LOADED), 2);
        user.leave().await;
    });
    assert_eq!(server.ask(&["GET", "sum"]), "20");
}

#[test]
fn a_script_that_fails_fails_its_step() {
    let server = Redis::start();
    run(async || {
        let user = User::new(&server.url());
        let (kind, text) = told(
            script(
                &user,
                "return redis.error_reply('LATER not now')",
                &[],
                Vec::new(),
            )
            .await,
        );
        assert_eq!(kind, "server_error");
        assert!(text.contains("LATER not now"), "{text}");
        let (kind, _) = told(script(&user, "this is no lua", &[], Vec::new()).await);
        assert_eq!(kind, "server_error");
        user.leave().await;
    });
}

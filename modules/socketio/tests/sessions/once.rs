//! The step that does all by itself.

use crate::peer::Server;
use crate::user::{User, known, limit, run, some, told};
use bggo_module_socketio::socketio::{In, Metric};
use bggo_runtime::contract::{Early, Text, decode_json, encode_json};
use bggo_tests::server::{SocketioServer, SocketioSetup};

fn visit(url: &str, emits: Option<(&str, &str)>, on_event: &str) -> Vec<In> {
    let mut inputs = vec![
        In::Url(known(Text::from(url.to_owned()))),
        In::OnEvent(known(Text::from(on_event.to_owned()))),
    ];
    if let Some((event, data)) = emits {
        inputs.push(In::EmitEvent(some(event)));
        inputs.push(In::EmitData(Early::Known(Some(decode_json(data).unwrap()))));
    }
    inputs
}

#[test]
fn it_connects_asks_and_leaves_each_time() {
    let server = SocketioServer::start(&SocketioSetup::default());
    let url = server.url().to_owned();
    run(async || {
        let user = User::new(vec![], &url);
        for number in 0..2 {
            let data = format!("{{\"number\":{number}}}");
            let inputs = visit(&url, Some(("ask", &data)), "answer");
            let output = user.once(inputs).await.unwrap();
            assert_eq!(encode_json(&output.response_data), data);
        }
        assert_eq!(user.recorded_by_step(Metric::CONNECTING), 2);
        let mut refused = visit(&url, None, "answer");
        refused.push(In::Namespace(known(Text::Static("/staff"))));
        assert_eq!(told(user.once(refused).await).0, "connect_error");
        user.leave().await;
    });
    let seen = server.saw();
    for part in [
        "\"sessions\":3",
        "\"users\":{\"/\":2}",
        "\"refused\":1",
        "\"events\":2",
        "\"reasons\":[\"client namespace disconnect\",\"client namespace disconnect\"]",
    ] {
        assert!(seen.contains(part), "{part}: {seen}");
    }
}

#[test]
fn it_may_only_listen() {
    let server = Server::start(|peer| {
        peer.says(r#"42["welcome",{"a":1},2]"#);
        peer.goodbye();
    });
    let url = server.url.clone();
    run(async || {
        let user = User::new(vec![], &url);
        let output = user.once(visit(&url, None, "welcome")).await.unwrap();
        assert_eq!(encode_json(&output.response_data), r#"{"a":1}"#);
        user.leave().await;
    });
    server.saw();
}

#[test]
fn its_limit_is_that_of_all_of_it() {
    let server = Server::start(|peer| peer.goodbye());
    let url = server.url.clone();
    run(async || {
        let user = User::new(vec![], &url);
        let mut inputs = visit(&url, None, "welcome");
        inputs.push(In::Timeout(limit(100)));
        let (kind, text) = told(user.once(inputs).await);
        assert_eq!(kind, "timeout");
        assert_eq!(text, "no event \"welcome\" within 100ms");
        user.leave().await;
    });
    server.saw();
}

//! Against `socket.io` on node, which counts as well.

use crate::user::{User, bytes, emission, known, limit, question, run, some, told};
use bggo_module_socketio::socketio_client::{In, Metric};
use bggo_module_socketio::{socketio_emit, socketio_request, socketio_wait};
use bggo_runtime::contract::{Early, Text, Value, decode_json, encode_json};
use bggo_tests::server::{Certificates, SocketioServer, SocketioSetup};

fn server() -> SocketioServer {
    SocketioServer::start(&SocketioSetup::default())
}

/// What a server saw of one name.
fn saw(seen: &str, name: &str) -> String {
    let found = decode_json(seen).unwrap().get(name);
    encode_json(&found.unwrap_or_else(|| panic!("no {name}: {seen}")))
}

fn staff(word: &str) -> Vec<In> {
    vec![
        In::Namespace(known(Text::Static("/staff"))),
        In::Auth(some(&format!("{{\"word\":\"{word}\"}}"))),
    ]
}

#[test]
fn events_are_answered_and_each_side_counts_the_same() {
    let server = server();
    let url = server.url().to_owned();
    run(async || {
        let user = User::new(vec![], &url);
        let answer = user.asks("ask", r#"{"a":[1,"ü",null]}"#, "answer").await;
        assert_eq!(answer.unwrap(), r#"{"a":[1,"ü",null]}"#);
        user.says("echo", r#"[1,{"b":2},"three"]"#).await.unwrap();
        assert_eq!(user.hears("echo").await.unwrap(), r#"[1,{"b":2},"three"]"#);
        let you = decode_json(&user.asks("who", "null", "you").await.unwrap()).unwrap();
        assert_eq!(you.get("id").unwrap().to_string(), user.id());
        assert_eq!(user.counted(Metric::MESSAGES_SENT), 3);
        assert_eq!(user.counted(Metric::MESSAGES_RECEIVED), 3);
        assert_eq!(user.recorded(Metric::CONNECTING), 1);
        user.leave().await;
    });
    let seen = server.saw();
    assert_eq!(saw(&seen, "sessions"), "1");
    assert_eq!(saw(&seen, "users"), r#"{"/":1}"#);
    assert_eq!(saw(&seen, "events"), "3");
    assert_eq!(saw(&seen, "reasons"), r#"["client namespace disconnect"]"#);
}

#[test]
fn events_are_acknowledged() {
    let server = server();
    let url = server.url().to_owned();
    run(async || {
        let user = User::new(vec![], &url);
        for number in 0..3 {
            let args = format!("[{number},{{\"a\":[]}}]");
            assert_eq!(user.acked("echo", &args).await.unwrap(), args);
        }
        assert_eq!(user.acked("echo", "[]").await.unwrap(), "[]");
        assert_eq!(user.recorded(Metric::ACK_TIME), 4);
        assert_eq!(user.counted(Metric::DROPPED), 0);
        user.leave().await;
    });
    assert_eq!(saw(&server.saw(), "events"), "4");
}

#[test]
fn an_acknowledgement_that_comes_too_late_answers_no_other_event() {
    let server = server();
    let url = server.url().to_owned();
    run(async || {
        let user = User::new(vec![], &url);
        let mut inputs = emission("hold", "[]");
        inputs.push(socketio_emit::In::Ack(known(true)));
        inputs.push(socketio_emit::In::Timeout(limit(50)));
        let (kind, text) = told(user.emit(inputs).await);
        assert_eq!(kind, "ack_timeout");
        assert_eq!(text, "no acknowledgement of the event \"hold\" within 50ms");
        // The server now acknowledges the first event, then this one.
        assert_eq!(user.acked("release", "[]").await.unwrap(), r#"["in time"]"#);
        assert_eq!(user.counted(Metric::DROPPED), 1);
        assert_eq!(user.recorded(Metric::ACK_TIME), 1);
        user.leave().await;
    });
    assert_eq!(saw(&server.saw(), "users"), r#"{"/":1}"#);
}

#[test]
fn a_namespace_lets_in_who_knows_the_word_and_no_other() {
    let server = server();
    let url = server.url().to_owned();
    run(async || {
        let stranger = User::new(staff("please"), &url);
        let (kind, text) = told(stranger.says("who", "[]").await);
        assert_eq!(kind, "connect_error");
        assert!(
            text.ends_with("the server refused the namespace: who are you? {\"code\":7}"),
            "{text}"
        );
        stranger.leave().await;
        let user = User::new(staff("sesame"), &url);
        // Another namespace at the same time, over a connection of its own.
        let other = User::new(vec![], &url);
        let you = decode_json(&user.asks("who", "null", "you").await.unwrap()).unwrap();
        assert_eq!(you.get("namespace").unwrap().to_string(), "/staff");
        assert_eq!(other.asks("ask", "7", "answer").await.unwrap(), "7");
        assert_eq!(user.acked("echo", "[1]").await.unwrap(), "[1]");
        other.leave().await;
        user.leave().await;
    });
    let seen = server.saw();
    assert_eq!(saw(&seen, "refused"), "1");
    assert_eq!(saw(&seen, "users"), r#"{"/staff":1,"/":1}"#);
    assert_eq!(saw(&seen, "auths"), r#"[{"word":"sesame"},{}]"#);
}

#[test]
fn a_namespace_that_does_not_exist_is_refused() {
    let server = server();
    let url = server.url().to_owned();
    run(async || {
        let user = User::new(vec![In::Namespace(known(Text::Static("/nowhere")))], &url);
        let (kind, text) = told(user.says("x", "[]").await);
        assert_eq!(kind, "connect_error", "{text}");
        user.leave().await;
    });
}

#[test]
fn what_is_said_in_a_room_comes_to_all_who_are_in_it() {
    let server = server();
    let url = server.url().to_owned();
    run(async || {
        let [ann, ben] = [(); 2].map(|()| User::new(vec![], &url));
        ann.says("join", r#"["tea"]"#).await.unwrap();
        ann.hears("joined").await.unwrap();
        ben.says("join", r#"["tea"]"#).await.unwrap();
        ben.hears("joined").await.unwrap();
        let joined = decode_json(&ann.hears("joined").await.unwrap()).unwrap();
        assert_eq!(
            joined.at(0).unwrap().get("id").unwrap().to_string(),
            ben.id()
        );
        ben.says("say", r#"["tea","hello"]"#).await.unwrap();
        let said = r#"[{"room":"tea","text":"hello"}]"#;
        assert_eq!(ann.hears("said").await.unwrap(), said);
        assert_eq!(ben.hears("said").await.unwrap(), said);
        ann.leave().await;
        ben.leave().await;
    });
}

#[test]
fn bytes_go_as_attachments_and_come_back_in_their_places() {
    let server = server();
    let url = server.url().to_owned();
    let large: Vec<u8> = (0..100_000).map(|at| (at % 251) as u8).collect();
    run(async || {
        let user = User::new(vec![], &url);
        let args = Value::from(vec![bytes(b"one"), bytes(&large)]);
        let glue = vec![
            socketio_emit::In::Event(known(Text::Static("glue"))),
            socketio_emit::In::Args(Early::Known(Some(args))),
        ];
        user.emit(glue).await.unwrap();
        let event = socketio_wait::In::Event(known(Text::Static("glued")));
        let data = user.wait(vec![event]).await.unwrap().data;
        let Some(Value::Bytes(whole)) = data.get("whole") else {
            panic!("no bytes: {data:?}");
        };
        assert!(*whole == *[&b"one"[..], &large].concat());
        assert_eq!(encode_json(&data.get("sizes").unwrap()), "[3,100000]");
        // The same in a question and its answer, deep within.
        let deep = Value::from(vec![(Text::Static("deep"), Value::from(vec![bytes(b"x")]))]);
        let output = user.request(question("ask", Some(deep.clone()), "answer"));
        assert_eq!(output.await.unwrap().response_data, deep);
        user.leave().await;
    });
    assert_eq!(saw(&server.saw(), "attachments"), "2");
}

#[test]
fn events_that_come_between_steps_wait_in_the_inbox_up_to_its_limit() {
    let server = server();
    let url = server.url().to_owned();
    run(async || {
        let messages = In::InboxMessages(known(bggo_runtime::contract::Number::new(3)));
        let user = User::new(vec![messages], &url);
        user.says("news", "[5]").await.unwrap();
        user.waits_until(|| user.counted(Metric::MESSAGES_RECEIVED) == 5)
            .await;
        assert_eq!(user.counted(Metric::DROPPED), 2);
        for number in 2..5 {
            let news = user.hears("news").await.unwrap();
            assert_eq!(news, format!("[{{\"number\":{number}}}]"));
        }
        user.leave().await;
    });
}

#[test]
fn what_came_before_a_question_is_no_answer_and_other_events_stay() {
    let server = server();
    let url = server.url().to_owned();
    run(async || {
        let user = User::new(vec![], &url);
        user.says("news", "[1]").await.unwrap();
        user.says("echo", r#"["old"]"#).await.unwrap();
        user.waits_until(|| user.counted(Metric::MESSAGES_RECEIVED) == 2)
            .await;
        assert_eq!(
            user.asks("echo", "\"new\"", "echo").await.unwrap(),
            "\"new\""
        );
        assert_eq!(user.counted(Metric::DROPPED), 1);
        assert_eq!(user.hears("news").await.unwrap(), r#"[{"number":0}]"#);
        user.leave().await;
    });
}

#[test]
fn pings_are_answered_while_the_user_waits_anywhere() {
    let server = SocketioServer::start(&SocketioSetup {
        pings: (250, 1_000),
        ..SocketioSetup::default()
    });
    let url = server.url().to_owned();
    run(async || {
        let user = User::new(vec![], &url);
        // Within a step that waits for what never comes.
        let mut never = emission("never", "[]");
        never.push(socketio_emit::In::Ack(known(true)));
        never.push(socketio_emit::In::Timeout(limit(1_000)));
        assert_eq!(told(user.emit(never).await).0, "ack_timeout");
        // Between two steps.
        let pause = tokio::time::sleep(std::time::Duration::from_secs(1));
        user.idle_beside(pause).await;
        assert_eq!(user.acked("echo", "[1]").await.unwrap(), "[1]");
        assert_eq!(user.recorded(Metric::SESSION_DURATION), 0);
        user.leave().await;
    });
    let seen = server.saw();
    assert_eq!(saw(&seen, "sessions"), "1");
    let pongs: u32 = saw(&seen, "pongs").parse().unwrap();
    assert!(pongs >= 4, "{seen}");
}

#[test]
fn a_server_that_disconnects_a_user_fails_the_step_and_the_next_one_connects_again() {
    let server = server();
    let url = server.url().to_owned();
    run(async || {
        let user = User::new(vec![], &url);
        let gone = told(user.acked("out", "[]").await);
        let text = "the server disconnected the user from the namespace";
        assert_eq!(gone, ("namespace_disconnected".to_owned(), text.to_owned()));
        assert_eq!(user.acked("echo", "[1]").await.unwrap(), "[1]");
        assert_eq!(told(user.acked("close", "[]").await).0, "closed_by_peer");
        assert_eq!(user.acked("echo", "[2]").await.unwrap(), "[2]");
        assert_eq!(user.recorded(Metric::CONNECTING), 3);
        user.leave().await;
    });
    let seen = server.saw();
    assert_eq!(saw(&seen, "sessions"), "3");
    assert_eq!(
        saw(&seen, "reasons"),
        r#"["server namespace disconnect","forced close","client namespace disconnect"]"#
    );
}

#[test]
fn a_server_that_is_killed_breaks_the_session_and_then_refuses() {
    let mut server = server();
    let url = server.url().to_owned();
    run(async || {
        let user = User::new(vec![], &url);
        user.acked("echo", "[]").await.unwrap();
        server.die();
        let broken = told(user.acked("echo", "[]").await);
        assert!(matches!(&*broken.0, "reset" | "closed"), "{broken:?}");
        assert_eq!(told(user.acked("echo", "[]").await).0, "refused");
        user.leave().await;
    });
}

#[test]
fn path_query_and_headers_reach_the_server() {
    let server = SocketioServer::start(&SocketioSetup {
        path: "/live/",
        ..SocketioSetup::default()
    });
    let url = server.url().to_owned();
    let object = |json: &str| Early::Known(Some(decode_json(json).unwrap()));
    run(async || {
        let lost = User::new(vec![], &url);
        let (kind, text) = told(lost.says("x", "[]").await);
        assert!(
            matches!(&*kind, "handshake" | "closed" | "timeout"),
            "{kind}: {text}"
        );
        lost.leave().await;
        let inputs = vec![
            In::Path(some("/live")),
            In::Query(object(r#"{"team":"a & b"}"#)),
            In::Headers(object(r#"{"X-Team":"c"}"#)),
        ];
        let user = User::new(inputs, &url);
        user.acked("echo", "[]").await.unwrap();
        user.leave().await;
    });
    let seen = server.saw();
    assert_eq!(saw(&seen, "queries"), r#"["a & b"]"#);
    assert_eq!(saw(&seen, "headers"), r#"["c"]"#);
}

#[test]
fn a_session_may_begin_by_polling() {
    let server = SocketioServer::start(&SocketioSetup {
        pings: (250, 1_000),
        ..SocketioSetup::default()
    });
    let url = server.url().to_owned();
    run(async || {
        let transports = decode_json(r#"["polling","websocket"]"#).unwrap();
        let mut inputs = staff("sesame");
        inputs.push(In::Transports(known(transports)));
        let user = User::new(inputs, &url);
        assert_eq!(user.acked("echo", "[1]").await.unwrap(), "[1]");
        assert_eq!(user.recorded(Metric::UPGRADE), 1);
        let pause = tokio::time::sleep(std::time::Duration::from_secs(2));
        user.idle_beside(pause).await;
        assert_eq!(user.asks("ask", "2", "answer").await.unwrap(), "2");
        user.leave().await;
    });
    let seen = server.saw();
    assert_eq!(saw(&seen, "sessions"), "1");
    assert_eq!(saw(&seen, "upgrades"), "1");
    assert_eq!(saw(&seen, "users"), r#"{"/staff":1}"#);
    assert_eq!(saw(&seen, "reasons"), r#"["client namespace disconnect"]"#);
}

#[test]
fn a_certificate_is_verified_unless_the_grid_says_otherwise() {
    let certificates = Certificates::new(&["127.0.0.1"]);
    let (cert, key) = (
        certificates.path("server.crt"),
        certificates.path("server.key"),
    );
    let server = SocketioServer::start(&SocketioSetup {
        secure: Some((&cert, &key)),
        ..SocketioSetup::default()
    });
    let url = server.url().to_owned();
    run(async || {
        let user = User::new(vec![], &url);
        assert_eq!(told(user.says("x", "[]").await).0, "tls");
        user.leave().await;
        let user = User::new(vec![In::InsecureSkipVerify(known(true))], &url);
        assert_eq!(user.acked("echo", "[1]").await.unwrap(), "[1]");
        user.leave().await;
    });
    assert_eq!(saw(&server.saw(), "sessions"), "1");
}

#[test]
fn an_answer_that_does_not_come_is_a_timeout() {
    let server = server();
    let url = server.url().to_owned();
    run(async || {
        let user = User::new(vec![], &url);
        let mut inputs = question("never", None, "answer");
        inputs.push(socketio_request::In::Timeout(limit(30)));
        let (kind, text) = told(user.request(inputs).await);
        assert_eq!(kind, "timeout");
        assert_eq!(text, "no event \"answer\" within 30ms");
        // The session goes on.
        assert_eq!(user.asks("ask", "1", "answer").await.unwrap(), "1");
        user.leave().await;
    });
    assert_eq!(saw(&server.saw(), "sessions"), "1");
}

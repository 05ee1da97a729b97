//! Who is let in, and what is told of whoever is not.

use crate::user::{User, known, run, some, told};
use bggo_module_rabbitmq::rabbitmq_connection::{In, Metric};
use bggo_runtime::contract::Text;
use bggo_tests::server::Rabbitmq;
use std::time::Duration;

#[test]
fn a_connection_has_its_name_and_only_the_channels_that_it_needs() {
    let server = Rabbitmq::shared();
    let vhost = server.vhost("connecting-names");
    vhost.queue("q", "{}");
    run(async || {
        let name = In::ConnectionName(known(Some(Text::from("checkout load"))));
        let user = User::with(&vhost.url(), vec![name]);
        user.sends("q", "one").await.unwrap();
        let connections = vhost.list("connections", |list| {
            list.first().is_some_and(|one| one["channels"] == 1)
        });
        assert_eq!(
            connections[0]["client_properties"]["connection_name"],
            "checkout load"
        );
        assert_eq!(user.takes("q").await.unwrap(), "one");
        assert_eq!(user.ready("q").await.unwrap(), 0);
        vhost.list("connections", |list| {
            list.len() == 1 && list[0]["channels"] == 3
        });
        assert_eq!(user.counted(Metric::CONNECTIONS), 1);
        assert_eq!(user.recorded(Metric::CONNECTING), 1);
        user.leave().await;
        vhost.list("connections", <[_]>::is_empty);
    });
}

#[test]
fn who_is_not_let_in_hears_why() {
    let server = Rabbitmq::shared();
    let vhost = server.vhost("connecting-refused");
    server.http(
        "PUT",
        "/api/users/outsider",
        r#"{"password":"canary-4711","tags":""}"#,
    );
    let url = vhost.url();
    run(async || {
        let wrong = vec![
            In::Username(some("outsider")),
            In::Password(some("canary-wrong")),
        ];
        let user = User::with(&url, wrong);
        let (kind, text) = told(user.sends("q", "").await);
        assert_eq!(kind, "authentication", "{text}");
        assert!(
            text.contains("403 ACCESS_REFUSED") && !text.contains("canary"),
            "{text}"
        );

        let stranger = vec![
            In::Username(some("outsider")),
            In::Password(some("canary-4711")),
        ];
        let user = User::with(&url, stranger);
        let (kind, text) = told(user.sends("q", "").await);
        assert_eq!(kind, "access_refused", "{text}");

        let user = User::with(&url, vec![In::Vhost(some("nowhere"))]);
        let (kind, text) = told(user.sends("q", "").await);
        assert_eq!(kind, "vhost", "{text}");
        assert!(text.contains("nowhere"), "{text}");

        let user = User::new("amqp://127.0.0.1:1/");
        assert_eq!(told(user.sends("q", "").await).0, "refused");
    });
    server.http("DELETE", "/api/users/outsider", "");
}

#[test]
fn a_server_that_says_nothing_or_something_else_is_told() {
    use std::io::{Read, Write};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("amqp://127.0.0.1:{}", listener.local_addr().unwrap().port());
    let answers: [&[u8]; 4] = [
        b"AMQP\0\0\x09\x00",
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"",
        b"\x01\0\0\0\0\0\x04\0\x0a\0\x29\xce",
    ];
    let serving = std::thread::spawn(move || {
        for answer in answers {
            let (mut stream, _) = listener.accept().unwrap();
            stream.read_exact(&mut [0; 8]).unwrap();
            stream.write_all(answer).unwrap();
        }
        // The last one is never answered.
        listener.accept().unwrap()
    });
    run(async || {
        for (expected, words) in [
            ("protocol", "another version of AMQP"),
            ("protocol", "no frame of AMQP"),
            ("closed", "amqps://"),
            ("protocol", "something else than a login"),
        ] {
            let user = User::new(&url);
            let (kind, text) = told(user.sends("q", "").await);
            assert_eq!(kind, expected, "{text}");
            assert!(text.contains(words), "{text}");
        }
        let limit = In::ConnectTimeout(known(Some(Duration::from_millis(200))));
        let user = User::with(&url, vec![limit]);
        let (kind, text) = told(user.sends("q", "").await);
        assert_eq!(kind, "connect", "{text}");
        assert!(text.contains("200ms"), "{text}");
    });
    drop(serving.join().unwrap());
}

#[test]
fn a_server_with_tls_is_spoken_to_with_its_certificate_checked() {
    let server = Rabbitmq::start_secure();
    let vhost = server.vhost("secure");
    vhost.queue("q", "{}");
    run(async || {
        let trusted = || vec![In::CaFile(some(&server.file("ca.crt")))];
        let user = User::with(&vhost.url(), trusted());
        user.sends("q", &"x".repeat(300_000)).await.unwrap();
        assert_eq!(user.takes("q").await.unwrap().len(), 300_000);
        assert_eq!(user.recorded(Metric::TLS_HANDSHAKING), 1);
        user.leave().await;

        let user = User::new(&vhost.url());
        assert_eq!(told(user.sends("q", "").await).0, "tls");
        let plain = vhost.url().replace("amqps://localhost", "amqp://127.0.0.1");
        let user = User::new(&plain);
        let (kind, text) = told(user.sends("q", "").await);
        assert!(kind == "closed" || kind == "protocol", "{kind} {text}");
    });
}

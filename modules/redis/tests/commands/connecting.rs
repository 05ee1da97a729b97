//! How a connection begins: who asks, TLS, the database, and servers that refuse.

use crate::user::{User, known, run, some, told};
use bggo_module_redis::redis_connection::{In, Metric};
use bggo_runtime::contract::Number;
use bggo_tests::server::{Redis, RedisSetup, free_port};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::time::Duration;

#[test]
fn a_password_is_that_of_the_url_or_of_the_resource() {
    let server = Redis::start_with(RedisSetup {
        arguments: &["--requirepass", "p@ss"],
        ..RedisSetup::default()
    });
    let port = server.port();
    for version in [2, 3] {
        run(async || {
            let resp = || In::Resp(known(Number::from(version)));
            let user = User::with(&format!("redis://:p%40ss@127.0.0.1:{port}"), vec![resp()]);
            assert_eq!(user.asks(&["PING"]).await.unwrap(), "\"PONG\"");
            let user = User::with(&server.url(), vec![resp(), In::Password(some("p@ss"))]);
            assert_eq!(user.asks(&["PING"]).await.unwrap(), "\"PONG\"");
            let user = User::with(&server.url(), vec![resp(), In::Password(some("wrong"))]);
            let (kind, text) = told(user.asks(&["PING"]).await);
            assert_eq!(kind, "auth");
            assert!(
                !text.contains("wrong")
                    || text.contains("wrong number")
                    || text.contains("invalid"),
                "{text}"
            );
            assert_eq!(user.counted(Metric::CONNECTIONS), 0);
        });
    }
}

#[test]
fn without_a_password_the_server_says_that_it_wants_one() {
    let server = Redis::start_with(RedisSetup {
        arguments: &["--requirepass", "secret"],
        ..RedisSetup::default()
    });
    run(async || {
        let user = User::new(&server.url());
        let (kind, text) = told(user.asks(&["PING"]).await);
        assert_eq!(kind, "auth");
        assert!(text.contains("NOAUTH"), "{text}");
    });
}

#[test]
fn a_user_of_the_access_list_may_do_what_it_may() {
    let server = Redis::start();
    server.ask(&[
        "ACL", "SETUSER", "ada", "on", ">pw", "~own:*", "+get", "+set", "+hello", "+client",
    ]);
    run(async || {
        let user = User::with(
            &server.url(),
            vec![In::Username(some("ada")), In::Password(some("pw"))],
        );
        assert_eq!(user.asks(&["SET", "own:1", "x"]).await.unwrap(), "\"OK\"");
        let (kind, _) = told(user.asks(&["GET", "other"]).await);
        assert_eq!(kind, "permission");
        let (kind, _) = told(user.asks(&["DEL", "own:1"]).await);
        assert_eq!(kind, "permission");
        // An error of the server leaves the connection as it is.
        assert_eq!(user.asks(&["GET", "own:1"]).await.unwrap(), "\"x\"");
        assert_eq!(user.counted(Metric::RECONNECTS), 0);
    });
}

#[test]
fn the_database_is_that_of_the_url_or_of_the_resource() {
    let server = Redis::start();
    run(async || {
        let user = User::new(&format!("{}/3", server.url()));
        user.asks(&["SET", "three", "x"]).await.unwrap();
        let user = User::with(&server.url(), vec![In::Database(known(Number::from(5)))]);
        user.asks(&["SET", "five", "x"]).await.unwrap();
        let user = User::new(&format!("{}/99", server.url()));
        let (kind, text) = told(user.asks(&["PING"]).await);
        assert_eq!(kind, "server_error");
        assert!(text.contains("DB index is out of range"), "{text}");
    });
    assert_eq!(server.ask(&["-n", "3", "EXISTS", "three"]), "1");
    assert_eq!(server.ask(&["-n", "5", "EXISTS", "five"]), "1");
    assert_eq!(server.ask(&["EXISTS", "three", "five"]), "0");
}

#[test]
fn tls_is_spoken_with_a_certificate_of_the_client() {
    let server = Redis::start_with(RedisSetup {
        secure: true,
        ..RedisSetup::default()
    });
    run(async || {
        let trusts = || In::CaFile(some(&server.file("ca.crt")));
        let user = User::with(
            &server.url(),
            vec![
                trusts(),
                In::ClientCertFile(some(&server.file("client.crt"))),
                In::ClientKeyFile(some(&server.file("client.key"))),
            ],
        );
        for number in 0..10 {
            let value = "x".repeat(number * 5_000);
            user.asks(&["SET", "key", &value]).await.unwrap();
            assert_eq!(
                user.asks(&["GET", "key"]).await.unwrap(),
                format!("\"{value}\"")
            );
        }
        assert_eq!(user.recorded(Metric::TLS_HANDSHAKING), 1);
        // It wants a certificate, and it is not trusted without its authority.
        let user = User::with(&server.url(), vec![trusts()]);
        let (kind, _) = told(user.asks(&["PING"]).await);
        assert!(["tls", "closed"].contains(&&*kind), "{kind}");
        let user = User::new(&server.url());
        assert_eq!(told(user.asks(&["PING"]).await).0, "tls");
    });
}

#[test]
fn a_unix_socket_is_a_place_as_well() {
    let server = Redis::start();
    run(async || {
        let user = User::new(&format!("unix://{}", server.socket()));
        assert_eq!(user.asks(&["PING"]).await.unwrap(), "\"PONG\"");
    });
}

#[test]
fn tls_where_none_is_spoken_and_the_reverse_are_told() {
    let plain = Redis::start();
    let secure = Redis::start_with(RedisSetup {
        secure: true,
        ..RedisSetup::default()
    });
    run(async || {
        let limit = In::ConnectTimeout(known(Duration::from_millis(300)));
        let user = User::with(&plain.url().replace("redis:", "rediss:"), vec![limit]);
        let (kind, text) = told(user.asks(&["PING"]).await);
        assert_eq!(kind, "connect");
        assert!(
            text.ends_with("a server without TLS has a url with redis://"),
            "{text}"
        );
        let user = User::new(&secure.url().replace("rediss:", "redis:"));
        let (kind, text) = told(user.asks(&["PING"]).await);
        assert_eq!(kind, "closed");
        assert!(
            text.ends_with("one with TLS has a url with rediss://"),
            "{text}"
        );
    });
}

#[test]
fn nobody_there_and_somebody_else_there() {
    run(async || {
        let user = User::new(&format!("redis://127.0.0.1:{}", free_port()));
        assert_eq!(told(user.asks(&["PING"]).await).0, "refused");
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let answers = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let _ = stream.read(&mut [0; 64]).unwrap();
            stream
                .write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                .unwrap();
        });
        let user = User::new(&format!("redis://127.0.0.1:{port}"));
        assert_eq!(told(user.asks(&["PING"]).await).0, "protocol");
        answers.join().unwrap();
    });
}

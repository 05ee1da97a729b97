//! The beginnings of sessions: passwords, TLS, and why there is none.

use crate::server;
use crate::user::{User, known, limit, run, some, told};
use bggo_module_postgres::postgres_connection::{In, Metric};
use bggo_tests::server::{Certificates, Postgres};

fn who(role: &str, password: Option<&str>) -> User {
    let mut inputs = vec![
        In::Host(some("127.0.0.1")),
        In::Port(known(Some(u32::from(server().port()).into()))),
        In::User(some(role)),
        In::Database(some("postgres")),
    ];
    inputs.extend(password.map(|password| In::Password(some(password))));
    User::with(inputs)
}

#[test]
fn passwords_are_proven_in_each_way() {
    let _held = server();
    run(async || {
        for role in ["scram", "md5", "plain"] {
            let user = who(role, Some("secret"));
            let rows = user.rows("SELECT current_user::text AS u").await.unwrap();
            assert_eq!(rows, format!(r#"[{{"u":"{role}"}}]"#));
            assert_eq!(user.recorded(Metric::AUTHENTICATING), 1);
            user.leave().await;
            let user = who(role, Some("another"));
            let (kind, text) = user.fails("SELECT 1").await;
            assert_eq!(kind, "auth", "{text}");
            assert!(
                text.contains("FATAL 28P01: password authentication failed"),
                "{text}"
            );
            let user = who(role, None);
            let (kind, text) = user.fails("SELECT 1").await;
            assert_eq!(kind, "auth");
            assert!(text.contains("the server asks for a password"), "{text}");
        }
        let (kind, text) = who("nobody", None).fails("SELECT 1").await;
        assert_eq!(kind, "auth", "{text}");
        let (kind, text) = User::new("postgres://postgres@127.0.0.1:1/a")
            .fails("SELECT 1")
            .await;
        assert_eq!(kind, "refused", "{text}");
        let url = server().url("postgres").replace("/postgres", "/missing");
        let (kind, text) = User::new(&url.replace("postgres://missing", "postgres://postgres"))
            .fails("SELECT 1")
            .await;
        assert_eq!(kind, "server_error", "{text}");
        assert!(text.contains("3D000"), "{text}");
    });
}

#[test]
fn the_server_knows_the_session_by_its_name_and_sees_it_leave() {
    let _held = server();
    run(async || {
        let url = format!("{}?application_name=a%20test", server().url("postgres"));
        let user = User::new(&url);
        user.rows("SELECT 1").await.unwrap();
        let seen =
            "SELECT count(*), min(state) FROM pg_stat_activity WHERE application_name = 'a test'";
        server().wait_for(seen, "1|idle");
        user.leave().await;
        server().wait_for(seen, "0|");
    });
}

#[test]
fn urls_that_cannot_be_used_say_why() {
    run(async || {
        for (url, part) in [
            ("postgres://a@b:x", "a port is a number"),
            ("postgres://b", "needs a user"),
            ("postgres://a@b?target_session_attrs=any", "not known here"),
            ("postgres://a@b?sslmode=maybe", "sslmode"),
        ] {
            let (kind, text) = User::new(url).fails("SELECT 1").await;
            assert_eq!(kind, "settings");
            assert!(text.contains(part), "{text}");
        }
    });
}

#[test]
fn a_server_without_connections_says_so_in_one_line() {
    run(async || {
        let small =
            Postgres::start_with(&["max_connections=4", "superuser_reserved_connections=1"]);
        let users: Vec<_> = (0..4)
            .map(|_| User::new(&small.url("plain").replace("plain@", "plain:secret@")))
            .collect();
        let mut failed = Vec::new();
        for user in &users {
            if let Err(fault) = user.rows("SELECT 1").await {
                failed.push((fault.kind(), fault.text().to_owned()));
            }
        }
        assert_eq!(failed.len(), 1, "{failed:?}");
        assert_eq!(failed[0].0, "too_many_connections");
        assert!(failed[0].1.contains("PgBouncer"), "{failed:?}");
        for user in users {
            user.leave().await;
        }
    });
}

#[test]
fn tls_is_spoken_as_the_mode_says() {
    let _held = server();
    run(async || {
        let certificates = Certificates::new(&["localhost"]);
        let secure = Postgres::start_secure(&certificates);
        let ask = "SELECT ssl, version FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
        let with = |host: &str, mode: &str, ca: bool| {
            let mut inputs = vec![
                In::Host(some(host)),
                In::Port(known(Some(u32::from(secure.port()).into()))),
                In::User(some("scram")),
                In::Password(some("secret")),
                In::Database(some("postgres")),
                In::Sslmode(some(mode)),
            ];
            if ca {
                inputs.push(In::CaFile(some(&certificates.path("ca.crt"))));
            }
            User::with(inputs)
        };
        for (host, mode, ca, is_secure) in [
            ("127.0.0.1", "disable", false, false),
            ("127.0.0.1", "prefer", false, true),
            ("127.0.0.1", "require", false, true),
            ("127.0.0.1", "verify-ca", true, true),
            ("localhost", "verify-full", true, true),
        ] {
            let user = with(host, mode, ca);
            let rows = user.rows(ask).await.unwrap();
            assert!(
                rows.contains(&format!("\"ssl\":{is_secure}")),
                "{mode}: {rows}"
            );
            assert_eq!(user.recorded(Metric::TLS_HANDSHAKING), u64::from(is_secure));
            user.leave().await;
        }
        for (host, mode, ca) in [
            ("127.0.0.1", "verify-full", true),
            ("localhost", "verify-full", false),
            ("localhost", "verify-ca", false),
        ] {
            let (kind, text) = with(host, mode, ca).fails("SELECT 1").await;
            assert_eq!(kind, "tls", "{text}");
        }
        // A server that does not speak it.
        let url = server().url("postgres");
        let plain = |mode: &str| User::new(&format!("{url}?sslmode={mode}"));
        plain("prefer").rows("SELECT 1").await.unwrap();
        let (kind, text) = plain("require").fails("SELECT 1").await;
        assert_eq!(kind, "tls");
        assert!(text.contains("does not speak TLS"), "{text}");
    });
}

#[test]
fn a_server_that_says_nothing_is_waited_for_as_long_as_the_limit() {
    run(async || {
        let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = silent.local_addr().unwrap().port();
        let user = User::with(vec![
            In::Url(some(&format!("postgres://a@127.0.0.1:{port}"))),
            In::ConnectTimeout(known(limit(50).known().copied().flatten().unwrap())),
        ]);
        let (kind, text) = told(user.rows("SELECT 1").await);
        assert_eq!(kind, "connect");
        assert!(text.contains("took longer than 50ms"), "{text}");
    });
}

#[test]
fn a_proof_is_bound_to_its_tls_connection() {
    let _held = server();
    run(async || {
        let certificates = Certificates::new(&["localhost"]);
        let secure = Postgres::start_secure(&certificates);
        let with = |role: &str, binding: &str| {
            User::with(vec![
                In::Url(some(&secure.url(role))),
                In::Password(some("secret")),
                In::ChannelBinding(some(binding)),
            ])
        };
        // With `require` the step fails where nothing was bound, and the server where it was bound to another certificate.
        for binding in ["require", "prefer", "disable"] {
            let user = with("scram", binding);
            user.rows("SELECT 1").await.unwrap();
            user.leave().await;
        }
        let (kind, text) = User::with(vec![
            In::Url(some(&secure.url("scram"))),
            In::Password(some("another")),
            In::ChannelBinding(some("require")),
        ])
        .fails("SELECT 1")
        .await;
        assert_eq!(kind, "auth", "{text}");
        assert!(text.contains("28P01"), "{text}");
        // The password is not sent, and nobody is let in without a proof.
        for (role, part) in [
            ("plain", "it asks for the password itself"),
            ("md5", "it asks for a proof by MD5"),
            ("postgres", "it lets the user in without a proof"),
        ] {
            let (kind, text) = with(role, "require").fails("SELECT 1").await;
            assert_eq!(kind, "auth", "{text}");
            assert!(text.contains(part), "{text}");
        }
        // A server that does not speak TLS.
        let url = format!("{}?channel_binding=require", server().url("scram"));
        let (kind, text) = User::new(&url).fails("SELECT 1").await;
        assert_eq!(kind, "tls", "{text}");
        assert!(text.contains("needs TLS"), "{text}");
        let (kind, text) = User::new(&url.replace("=require", "=maybe"))
            .fails("SELECT 1")
            .await;
        assert_eq!(kind, "settings");
        assert!(text.contains("channel_binding"), "{text}");
    });
}

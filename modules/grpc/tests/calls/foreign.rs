//! Calls to grpcio on Python: what another implementation makes of them.

use crate::shop;
use crate::user::{
    User, asking, kind, known, limit, map, message, method, method_of_stream, run, some, told,
};
use bggo_module_grpc::{grpc_client, grpc_request};
use bggo_runtime::contract::{Early, Text, Value};
use bggo_tests::server::{Certificates, GrpcServer, GrpcSetup};

const PLAIN: GrpcSetup<'_> = GrpcSetup {
    secure: None,
    ca: None,
    gzip: false,
    reflection: false,
};

#[test]
fn calls_of_every_kind_are_answered_and_both_sides_count_the_same() {
    let server = GrpcServer::start(&PLAIN);
    let target = server.target();
    run(async || {
        let token = grpc_client::In::Metadata(Early::Known(Some(map(&[("x-token", "secret")]))));
        let stream = vec![method_of_stream(shop::talk())];
        let user = User::with(&target, vec![token], stream);
        let output = user.request(asking("ann")).await.unwrap();
        assert_eq!(shop::text(&output.message), "ANN");
        assert_eq!(output.metadata.get("x-first").unwrap().to_string(), "1");
        assert_eq!(output.trailers.get("x-last").unwrap().to_string(), "2");
        let bytes = output.trailers.get("x-bytes-bin").unwrap().to_string();
        assert_eq!(bytes.trim_end_matches('='), "AAH/");

        let three = ["a", "b", "c"].map(|name| shop::ask(name, 0)).to_vec();
        let list = grpc_request::In::Messages(Early::Known(Some(three.into())));
        let output = user.request(vec![method(shop::collect()), list]).await;
        assert_eq!(shop::text(&output.unwrap().message), "a,b,c");

        let inputs = vec![method(shop::list()), message(shop::known_ask("n", 100))];
        let output = user.request(inputs).await.unwrap();
        let all = output.messages.items().unwrap();
        assert_eq!(all.len(), 100);
        assert_eq!(shop::text(&all[99]), "n99");

        for number in 0..20 {
            user.says(&format!("m{number}")).await.unwrap();
            assert_eq!(user.hears().await.unwrap(), format!("m{number}!"));
        }
        assert_eq!(user.close(vec![]).await.unwrap().status.to_string(), "OK");
        user.leave().await;
    });
    let seen = server.saw();
    for part in [
        "\"calls\":4",
        "\"messages\":25",
        "\"cancelled\":0",
        "\"deadlines\":0",
        "\"tokens\":4",
        "\"connections\":1",
    ] {
        assert!(seen.contains(part), "{part}: {seen}");
    }
}

#[test]
fn every_status_that_the_server_aborts_with_is_its_kind_and_its_text() {
    let server = GrpcServer::start(&PLAIN);
    let target = server.target();
    run(async || {
        let user = User::new(&target);
        let kinds = [
            "cancelled",
            "unknown",
            "invalid_argument",
            "deadline_exceeded",
            "not_found",
            "already_exists",
            "permission_denied",
        ];
        for (number, expected) in (1..).zip(kinds) {
            let inputs = vec![
                method(shop::unary()),
                message(shop::known_ask("fail", number)),
            ];
            let (kind, text) = told(user.request(inputs).await);
            assert_eq!(kind, expected);
            assert!(text.ends_with(": asked to fail: 100% ü"), "{text}");
        }
        user.leave().await;
    });
    assert!(server.saw().contains("\"calls\":7"));
}

#[test]
fn messages_of_every_size_and_compressed_ones_come_and_go() {
    let server = GrpcServer::start(&GrpcSetup {
        gzip: true,
        ..PLAIN
    });
    let target = server.target();
    run(async || {
        for compression in ["none", "gzip"] {
            let inputs = vec![grpc_client::In::Compression(known(Text::Static(
                compression,
            )))];
            let user = User::with(&target, inputs, vec![]);
            for size in [0, 1, 100, 16_379, 16_380, 65_535, 70_000, 1_000_000] {
                let text = "x".repeat(size);
                assert_eq!(user.asks(&text).await.unwrap().len(), size);
            }
            user.leave().await;
        }
    });
    let seen = server.saw();
    assert!(seen.contains("\"messages\":16"), "{seen}");
}

#[test]
fn a_deadline_reaches_the_server_and_a_call_that_is_given_up_is_cancelled_there() {
    let server = GrpcServer::start(&PLAIN);
    let target = server.target();
    run(async || {
        let user = User::new(&target);
        let deadline = grpc_request::In::Deadline(limit(200));
        let inputs = [asking("hang"), vec![deadline]].concat();
        assert_eq!(
            kind(user.request(inputs.clone()).await),
            "deadline_exceeded"
        );
        let late = Value::from(vec![Value::from("DEADLINE_EXCEEDED")]);
        let expected = grpc_request::In::ExpectStatus(Early::Known(Some(late)));
        let ended = user.request([inputs, vec![expected]].concat()).await;
        let ended = ended.unwrap();
        assert_eq!(ended.status_code.to_string(), "4");
        assert_eq!(ended.status.to_string(), "DEADLINE_EXCEEDED");
        assert!(ended.message.is_null());
        // The same connection serves on.
        assert_eq!(user.asks("on").await.unwrap(), "ON");
        assert_eq!(user.counted(grpc_client::Metric::RECONNECTS), 0);
        user.leave().await;
    });
    let seen = server.saw();
    for part in ["\"calls\":3", "\"deadlines\":2", "\"connections\":1"] {
        assert!(seen.contains(part), "{part}: {seen}");
    }
}

#[test]
fn a_method_that_the_server_does_not_have_is_unimplemented() {
    let server = GrpcServer::start(&PLAIN);
    let target = server.target();
    run(async || {
        let user = User::new(&target);
        let mut none = shop::unary();
        none.name = "shop.Shop/None";
        let failed = told(user.request(vec![method(none)]).await);
        assert_eq!(failed.0, "unimplemented");
        user.leave().await;
    });
    server.saw();
}

#[test]
fn a_server_that_is_killed_is_a_failure_and_one_that_comes_back_is_called_again() {
    let mut server = GrpcServer::start(&PLAIN);
    let target = server.target();
    run(async || {
        let user = User::new(&target);
        user.asks("x").await.unwrap();
        let hangs = user.asks("hang");
        let kills = async {
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            server.die();
        };
        let (hung, ()) = tokio::join!(hangs, kills);
        assert_eq!(told(hung).0, "reset");
        assert_eq!(user.fails().await.0, "connect");
        user.leave().await;
    });
}

#[test]
fn calls_over_tls_are_known_by_certificates_on_both_sides() {
    let certificates = Certificates::new(&["127.0.0.1"]);
    let path = |name| certificates.path(name);
    let (cert, key, ca) = (path("server.crt"), path("server.key"), path("ca.crt"));
    let server = GrpcServer::start(&GrpcSetup {
        secure: Some((&cert, &key)),
        ca: Some(&ca),
        ..PLAIN
    });
    let target = server.target();
    run(async || {
        let tls = || vec![grpc_client::In::Tls(known(true))];
        let trusts = || [tls(), vec![grpc_client::In::CaFile(some(&ca))]].concat();
        let shows = vec![
            grpc_client::In::ClientCertFile(some(&path("client.crt"))),
            grpc_client::In::ClientKeyFile(some(&path("client.key"))),
        ];
        let user = User::with(&target, [trusts(), shows].concat(), vec![]);
        assert_eq!(user.asks("safe").await.unwrap(), "SAFE");
        let output = user.request(asking("x")).await.unwrap();
        assert_eq!(output.status_code, Value::number(0));
        user.leave().await;
        // Nobody says that the server may be trusted.
        let user = User::with(&target, tls(), vec![]);
        assert_eq!(user.fails().await.0, "tls");
        user.leave().await;
        // The server does not know who calls; TLS 1.3 tells that only after the handshake.
        let user = User::with(&target, trusts(), vec![]);
        let failed = user.fails().await;
        assert!(["tls", "reset"].contains(&&*failed.0), "{failed:?}");
        user.leave().await;
    });
    let seen = server.saw();
    assert!(seen.contains("\"calls\":2"), "{seen}");
}

#[test]
fn a_server_without_tls_is_no_secure_one() {
    let server = GrpcServer::start(&PLAIN);
    let target = server.target();
    run(async || {
        let user = User::with(&target, vec![grpc_client::In::Tls(known(true))], vec![]);
        let failed = user.fails().await;
        assert_eq!(failed.0, "tls", "{}", failed.1);
        user.leave().await;
    });
    server.saw();
}

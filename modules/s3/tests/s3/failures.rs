//! What fails, and by which kind.

use crate::peer::{Peer, answer};
use crate::user::{User, client, content, known, run, some, text};
use bggo_manifest::Manifest;
use bggo_module_s3::{s3_client, s3_get_object, s3_head_object, s3_put_object};

use bggo_tests::server::{Connections, Versitygw};
use std::fs::OpenOptions;

fn get(bucket: &str, key: &str) -> Vec<s3_get_object::In> {
    use s3_get_object::In;
    vec![In::Bucket(known(bucket)), In::Key(known(key))]
}

/// The kind and text of the failure of reading an object.
fn fails(s3: Vec<s3_client::In>, bucket: &str, key: &str) -> (&'static str, String) {
    run(async || {
        let user = User::new(s3);
        let fault = user.get(get(bucket, key)).await.expect_err("it fails");
        user.leave().await;
        (fault.kind(), fault.text().to_owned())
    })
}

#[test]
fn a_real_server_refuses_what_is_wrong() {
    let server = Versitygw::start(Connections::Close, &["shop"]);
    let url = server.url();
    let secret = || vec![s3_client::In::SecretAccessKey(known("wrong"))];
    let id = || vec![s3_client::In::AccessKeyId(known("nobody"))];
    let region = || vec![s3_client::In::Region(known("us-east-1"))];
    for (others, bucket, kind) in [
        (Vec::new(), "shop", "no_such_key"),
        (Vec::new(), "other", "no_such_bucket"),
        (secret(), "shop", "signature"),
        (id(), "shop", "access_denied"),
        (region(), "shop", "signature"),
    ] {
        let (found, text) = fails(client(&url, others), bucket, "x");
        assert_eq!(found, kind, "{text}");
        assert!(text.starts_with("status 4"), "{text}");
    }
    // An answer to HEAD says why by its status alone.
    run(async || {
        let user = User::new(client(&url, Vec::new()));
        let inputs = vec![
            s3_head_object::In::Bucket(known("shop")),
            s3_head_object::In::Key(known("x")),
        ];
        let fault = user.head(inputs).await.expect_err("there is no object");
        assert_eq!(fault.kind(), "no_such_key");
        user.leave().await;
    });
}

#[test]
fn errors_have_kinds_and_say_what_the_server_said() {
    let error = |code: &str| {
        format!(
            "<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>So &amp; so</Message></Error>"
        )
    };
    let cases = [
        (
            "503 Slow Down",
            "",
            error("SlowDown"),
            "slow_down",
            "SlowDown: So & so",
        ),
        (
            "503 Service Unavailable",
            "",
            String::new(),
            "slow_down",
            "",
        ),
        (
            "500 Internal Server Error",
            "",
            "oh <no".to_owned(),
            "other_s3_error",
            "",
        ),
        (
            "301 Moved Permanently",
            "x-amz-bucket-region: eu-north-1\r\nLocation: http://other/\r\n",
            error("PermanentRedirect"),
            "other_s3_error",
            "; the bucket is in region eu-north-1",
        ),
        (
            "403 Forbidden",
            "Date: Mon, 01 Jan 2001 00:00:00 GMT\r\n",
            error("RequestTimeTooSkewed"),
            "signature",
            "; the server's clock says Mon, 01 Jan 2001 00:00:00 GMT, that of this host 20",
        ),
    ];
    for (status, fields, body, kind, says) in cases {
        let whole = answer(status, fields, &body);
        let peer = Peer::start(move |_| whole.clone());
        let (found, text) = fails(client(peer.url(), Vec::new()), "shop", "x");
        assert_eq!(found, kind, "{text}");
        assert!(text.contains(says), "{text}");
        // Nothing is tried a second time, and no redirect is followed.
        assert_eq!(peer.lines(), ["GET /shop/x"]);
    }
}

#[test]
fn what_cannot_be_asked_is_a_fault_before_anything_is_sent() {
    let peer = Peer::start(|_| String::new());
    for (bucket, key) in [("a", "x"), ("shop", ""), ("shop", &*"k".repeat(1_025))] {
        let (kind, text) = fails(client(peer.url(), Vec::new()), bucket, key);
        // Bounds of the manifest are judged before the module is.
        assert!(matches!(kind, "request" | "value"), "{kind}: {text}");
    }
    let empty = vec![s3_client::In::SessionToken(some("to\nken"))];
    let (kind, text) = fails(client(peer.url(), empty), "shop", "x");
    assert_eq!(kind, "request");
    assert!(text.contains("session_token is empty, or holds"), "{text}");
    run(async || {
        use s3_put_object::In;
        let user = User::new(client(peer.url(), Vec::new()));
        let inputs = vec![
            In::Bucket(known("shop")),
            In::Key(known("x")),
            In::SourcePath(some("/nowhere/file")),
        ];
        let fault = user.put(inputs).await.expect_err("there is no file");
        assert_eq!(fault.kind(), "request");
        assert!(fault.text().contains("/nowhere/file"), "{fault}");
        user.leave().await;
    });
    assert_eq!(peer.lines(), [] as [String; 0]);
}

#[test]
fn a_session_token_goes_along_and_is_signed() {
    let peer = Peer::start(|_| answer("200 OK", "", "hello"));
    let others = vec![s3_client::In::SessionToken(some("to/ken="))];
    run(async || {
        let user = User::new(client(peer.url(), others));
        let read = user.get(get("shop", "x")).await.unwrap();
        assert_eq!(text(&read.body), "hello");
        user.leave().await;
    });
    assert_eq!(peer.lines(), ["GET /shop/x"]);
    let head = &peer.asked()[0].head;
    assert!(head.contains("X-Amz-Security-Token: to/ken=\r\n"), "{head}");
    assert!(head.contains(";x-amz-security-token,Signature="), "{head}");
}

#[test]
fn a_file_that_becomes_shorter_while_it_is_sent_fails_and_is_not_sent_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    let file = std::fs::File::create(&path).unwrap();
    // More than the buffers of a connection hold.
    file.set_len(256 << 20).unwrap();
    let again = path.clone();
    let peer = Peer::start(move |_| {
        let file = OpenOptions::new().write(true).open(&again).unwrap();
        file.set_len(1 << 10).unwrap();
        answer("200 OK", "", "")
    });
    run(async || {
        use s3_put_object::In;
        let user = User::new(client(peer.url(), Vec::new()));
        let inputs = vec![
            In::Bucket(known("shop")),
            In::Key(known("x")),
            In::SourcePath(some(path.to_str().unwrap())),
        ];
        let fault = user.put(inputs).await.expect_err("the file is shorter");
        assert_eq!(fault.kind(), "request");
        assert!(fault.text().contains("became shorter"), "{fault}");
        let counted = [
            s3_put_object::Metric::REQUESTS,
            s3_put_object::Metric::RESENT,
            s3_put_object::Metric::CUT,
        ];
        assert_eq!(counted.map(|metric| user.counted(metric)), [1, 0, 1]);
        user.leave().await;
    });
}

#[test]
fn every_runner_that_asks_declares_every_kind_and_every_metric() {
    let manifest: Manifest = bggo_manifest::read(include_str!("../../manifest.hcl")).unwrap();
    let mut kinds: Vec<Vec<String>> = Vec::new();
    for runner in &manifest.runners {
        if runner.name == "s3_presign" {
            continue;
        }
        kinds.push(runner.errors.iter().map(|kind| kind.name.clone()).collect());
    }
    assert_eq!(kinds.len(), 7);
    for kind in [
        "request",
        "dns",
        "refused",
        "timeout",
        "protocol",
        "body",
        "access_denied",
        "signature",
        "no_such_key",
        "no_such_bucket",
        "slow_down",
        "other_s3_error",
    ] {
        assert!(kinds[0].iter().any(|known| known == kind), "{kind}");
    }
    assert!(kinds.iter().all(|all| *all == kinds[0]), "{kinds:?}");
}

#[test]
fn a_payload_may_be_signed_or_not() {
    let peer = Peer::start(|_| answer("200 OK", "ETag: \"e\"\r\n", ""));
    for (signing, expected) in [
        ("unsigned", "UNSIGNED-PAYLOAD"),
        (
            "signed",
            "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824",
        ),
    ] {
        let signing = s3_client::In::PayloadSigning(some(signing));
        run(async || {
            use s3_put_object::In;
            let user = User::new(client(peer.url(), vec![signing]));
            let inputs = vec![
                In::Bucket(known("shop")),
                In::Key(known("x")),
                In::Body(content(b"hello")),
            ];
            user.put(inputs).await.unwrap();
            user.leave().await;
        });
        let head = peer.asked().pop().unwrap().head;
        let line = format!("X-Amz-Content-Sha256: {expected}\r\n");
        assert!(head.contains(&line), "{head}");
    }
}

//! One object: written, read, asked for, deleted.

use crate::peer::{Asked, Peer, answer};
use crate::user::{User, client, content, known, run, some, text};
use bggo_module_http_request::http_client;
use bggo_module_s3::{
    s3_client, s3_delete_object, s3_get_object, s3_head_object, s3_multipart_upload, s3_put_object,
};
use bggo_runtime::contract::{Early, Text, Value};
use bggo_tests::server::{Connections, Versitygw};
use std::time::Duration;

/// A key that has to be encoded, with slashes that must not be.
const KEY: &str = "a b+c/\u{fc}?&=%41.txt";

fn put(bucket: &str, key: &str, body: &str) -> Vec<s3_put_object::In> {
    use s3_put_object::In;
    vec![
        In::Bucket(known(bucket)),
        In::Key(known(key)),
        In::Body(content(body.as_bytes())),
    ]
}

fn get(bucket: &str, key: &str) -> Vec<s3_get_object::In> {
    use s3_get_object::In;
    vec![In::Bucket(known(bucket)), In::Key(known(key))]
}

/// Writes, reads, asks for and deletes an object: as many requests as that takes.
async fn whole_life(user: &User, server: &Versitygw) -> u64 {
    let file = server.bucket("shop").join(KEY);
    let mut inputs = put("shop", KEY, "hello");
    inputs.push(s3_put_object::In::ContentType(some("text/x-greeting")));
    let written = user.put(inputs).await.unwrap();
    assert_eq!(std::fs::read(&file).unwrap(), b"hello");
    assert_eq!(
        (text(&written.status_code), text(&written.size)),
        ("200".into(), "5".into())
    );
    let etag = text(&written.etag);
    assert_eq!(etag, "\"5d41402abc4b2a76b9719d911017c592\"");
    let read = user.get(get("shop", KEY)).await.unwrap();
    assert_eq!(
        (text(&read.body), text(&read.etag)),
        ("hello".into(), etag.clone())
    );
    assert_eq!(text(&read.content_type), "text/x-greeting");
    let mut part = get("shop", KEY);
    part.push(s3_get_object::In::Range(some("bytes=1-3")));
    let part = user.get(part).await.unwrap();
    assert_eq!(
        (text(&part.status_code), text(&part.body), text(&part.size)),
        ("206".into(), "ell".into(), "3".into())
    );
    let inputs = vec![
        s3_head_object::In::Bucket(known("shop")),
        s3_head_object::In::Key(known(KEY)),
    ];
    let known_of = user.head(inputs).await.unwrap();
    assert_eq!(
        (text(&known_of.size), text(&known_of.etag)),
        ("5".into(), etag)
    );
    assert!(!known_of.last_modified.is_null());
    let inputs = || {
        vec![
            s3_delete_object::In::Bucket(known("shop")),
            s3_delete_object::In::Key(known(KEY)),
        ]
    };
    let deleted = user.delete(inputs()).await.unwrap();
    assert_eq!(text(&deleted.status_code), "204");
    assert!(!file.exists());
    let gone = user.get(get("shop", KEY)).await.expect_err("it is gone");
    assert_eq!(gone.kind(), "no_such_key");
    6
}

#[test]
fn an_object_with_any_key_is_written_read_and_deleted_however_requests_are_signed_and_sent() {
    for connections in [Connections::Close, Connections::Keep] {
        let server = Versitygw::start(connections, &["shop"]);
        for signing in ["unsigned", "signed"] {
            run(async || {
                let signing = some(signing);
                let others = vec![s3_client::In::PayloadSigning(signing)];
                let user = User::new(client(&server.url(), others));
                let requests = whole_life(&user, &server).await;
                let expected = match connections {
                    Connections::Close => requests,
                    Connections::Keep => 1,
                };
                assert_eq!(user.connections(), expected, "{connections:?}");
                let resent = user.counted(s3_put_object::Metric::RESENT);
                assert_eq!(resent, 0);
                assert_eq!(user.leave().await, 0);
            });
        }
        let asked = server.log();
        let count = |name: &str| asked.iter().filter(|line| line.contains(name)).count();
        let names = ["PutObject", "GetObject", "HeadObject", "DeleteObject"];
        // Of two users each.
        assert_eq!(names.map(count), [2, 6, 2, 2], "{asked:?}");
        assert_eq!(count("NoSuchKey"), 2, "{asked:?}");
    }
}

#[test]
fn a_bucket_may_stand_before_the_host() {
    let server = Versitygw::start(Connections::Keep, &["shop"]);
    let others = vec![s3_client::In::UrlStyle(some("virtual_host"))];
    let resolve = Value::from(vec![(
        Text::Static("shop.s3.test"),
        Value::text("127.0.0.1"),
    )]);
    run(async || {
        let user = User::with(
            client(&server.named_url(), others),
            vec![http_client::In::Resolve(Early::Known(Some(resolve)))],
        );
        whole_life(&user, &server).await;
        user.leave().await;
    });
}

#[test]
fn a_file_is_streamed_and_hashed_where_bodies_are_signed() {
    let server = Versitygw::start(Connections::Keep, &["shop"]);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    let content: Vec<u8> = (0..300_000_u32).map(|i| (i / 7) as u8).collect();
    std::fs::write(&path, &content).unwrap();
    for signing in ["unsigned", "signed"] {
        let signing = s3_client::In::PayloadSigning(some(signing));
        run(async || {
            use s3_put_object::In;
            let user = User::new(client(&server.url(), vec![signing]));
            let inputs = vec![
                In::Bucket(known("shop")),
                In::Key(known("file")),
                In::SourcePath(some(path.to_str().unwrap())),
            ];
            let written = user.put(inputs).await.unwrap();
            assert_eq!(text(&written.size), "300000");
            let sent = user.counted(s3_put_object::Metric::SENT);
            assert_eq!(sent, 300_000);
            user.leave().await;
        });
        let file = server.bucket("shop").join("file");
        assert_eq!(std::fs::read(&file).unwrap(), content);
        std::fs::remove_file(file).unwrap();
    }
}

#[test]
fn metadata_and_bytes_come_back_as_they_were_written() {
    let server = Versitygw::start(Connections::Keep, &["shop"]);
    let pairs = [
        ("Origin", "  two   words "),
        ("colour-of", "green"),
        ("A", "1"),
    ];
    let given = pairs.map(|(name, value)| (Text::Static(name), Value::text(value)));
    let metadata = || Early::Known(Some(Value::from(given.to_vec())));
    let raw = [0, 159, 146, 150, 255];
    let expected = [
        ("a", "1"),
        ("colour-of", "green"),
        ("origin", "two   words"),
    ];
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    std::fs::write(&path, raw).unwrap();
    for signing in ["unsigned", "signed"] {
        let signing = s3_client::In::PayloadSigning(some(signing));
        run(async || {
            let user = User::new(client(&server.url(), vec![signing]));
            let kept = async || {
                let read = user.get(get("shop", "raw")).await.unwrap().metadata;
                let inputs = vec![
                    s3_head_object::In::Bucket(known("shop")),
                    s3_head_object::In::Key(known("raw")),
                ];
                assert_eq!(user.head(inputs).await.unwrap().metadata, read);
                let mut pairs = read.pairs().unwrap().to_vec();
                pairs.sort_by(|(one, _), (other, _)| one.as_str().cmp(other.as_str()));
                pairs
            };
            let expected = expected.map(|(name, value)| (Text::Static(name), Value::text(value)));
            user.put(vec![
                s3_put_object::In::Bucket(known("shop")),
                s3_put_object::In::Key(known("raw")),
                s3_put_object::In::Body(content(&raw)),
                s3_put_object::In::Metadata(metadata()),
            ])
            .await
            .unwrap();
            let file = server.bucket("shop").join("raw");
            assert_eq!(std::fs::read(&file).unwrap(), raw);
            assert_eq!(kept().await, expected);
            std::fs::remove_file(file).unwrap();
            user.upload(vec![
                s3_multipart_upload::In::Bucket(known("shop")),
                s3_multipart_upload::In::Key(known("raw")),
                s3_multipart_upload::In::SourcePath(known(path.to_str().unwrap())),
                s3_multipart_upload::In::Metadata(metadata()),
            ])
            .await
            .unwrap();
            assert_eq!(kept().await, expected);
            user.leave().await;
        });
    }
}

/// The value of a field that a peer was sent.
fn sent<'a>(asked: &'a Asked, name: &str) -> &'a str {
    let mut values = asked
        .head
        .lines()
        .filter_map(|line| line.strip_prefix(name));
    values.next().unwrap()
}

#[test]
fn a_step_that_is_always_the_same_is_signed_once_a_second() {
    let peer = Peer::start(|_| answer("200 OK", "", "hello"));
    run(async || {
        let user = User::new(Vec::new());
        let dates = || {
            let mut asked = peer.asked();
            asked.dedup_by_key(|asked| sent(asked, "X-Amz-Date: ").to_owned());
            asked.len()
        };
        while dates() < 3 {
            let clients = (0..20).map(|_| client(peer.url(), Vec::new()));
            for outcome in user.get_by(get("shop", KEY), clients.collect()).await {
                assert_eq!(text(&outcome.unwrap().body), "hello");
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        let asked = peer.asked();
        let of = |asked: &Asked| {
            let names = ["X-Amz-Date: ", "Authorization: "];
            names.map(|name| sent(asked, name).to_owned())
        };
        for pair in asked.windows(2) {
            let [[date, signature], [next_date, next_signature]] = [of(&pair[0]), of(&pair[1])];
            assert_eq!(date == next_date, signature == next_signature, "{pair:?}");
        }
        user.leave().await;
    });
}

#[test]
fn a_step_with_other_credentials_is_signed_anew() {
    let server = Versitygw::start(Connections::Keep, &["shop"]);
    run(async || {
        let user = User::new(client(&server.url(), Vec::new()));
        user.put(put("shop", "tea", "hello")).await.unwrap();
        let right = || client(&server.url(), Vec::new());
        let wrong = || {
            let secret = s3_client::In::SecretAccessKey(known("another"));
            client(&server.url(), vec![secret])
        };
        let clients = vec![right(), right(), wrong(), wrong(), right()];
        let outcomes = user.get_by(get("shop", "tea"), clients).await;
        let kinds = outcomes.iter().map(|outcome| match outcome {
            Ok(output) => text(&output.body),
            Err(fault) => fault.kind().to_owned(),
        });
        let kinds: Vec<_> = kinds.collect();
        assert_eq!(kinds, ["hello", "hello", "signature", "signature", "hello"]);
        user.leave().await;
    });
}

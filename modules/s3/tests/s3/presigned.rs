//! Presigned URLs, used by curl and by the runner `s3`.

use crate::user::{User, client, known, run, some, text};
use bggo_module_s3::{s3, s3_client, s3_presign};

use bggo_tests::server::{Connections, Versitygw};
use std::process::Command;

const KEY: &str = "a b+c/\u{fc}?.txt";

fn presign(method: &str) -> Vec<s3_presign::In> {
    use s3_presign::In;
    vec![
        In::Bucket(known("shop")),
        In::Key(known(KEY)),
        In::Method(some(method)),
    ]
}

fn send(url: &str, path: &str) -> Vec<s3::In> {
    vec![
        s3::In::Action(known("UpLoad")),
        s3::In::SourcePath(known(path)),
        s3::In::UploadUrl(known(url)),
    ]
}

#[test]
fn whoever_has_the_url_may_write_and_read_the_object() {
    let server = Versitygw::start(Connections::Close, &["shop"]);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    std::fs::write(&path, "hello").unwrap();
    let path = path.to_str().unwrap();
    run(async || {
        let user = User::new(client(&server.url(), Vec::new()));
        let to_put = text(&user.presign(presign("PUT")).await.unwrap().url);
        let done = user.send(send(&to_put, path)).await.unwrap();
        assert_eq!(
            (text(&done.success), text(&done.status)),
            ("true".into(), "200 OK".into())
        );
        let object = server.bucket("shop").join(KEY);
        assert_eq!(std::fs::read(&object).unwrap(), b"hello");
        assert_eq!(user.counted(s3::Metric::SENT), 5);

        let to_get = text(&user.presign(presign("GET")).await.unwrap().url);
        let read = Command::new("curl")
            .args(["-sf", &to_get])
            .output()
            .unwrap();
        assert_eq!(read.stdout, b"hello", "{to_get}");

        // What is signed for one thing is for nothing else.
        let wrong = user
            .send(send(&to_get, path))
            .await
            .expect_err("it is for GET");
        assert_eq!(wrong.kind(), "signature", "{wrong}");
        let other = to_put.replace("X-Amz-Expires=900", "X-Amz-Expires=901");
        assert_ne!(other, to_put);
        let wrong = user
            .send(send(&other, path))
            .await
            .expect_err("it was changed");
        assert_eq!(wrong.kind(), "signature", "{wrong}");
        user.leave().await;
    });
}

#[test]
fn an_upload_that_cannot_be_made_is_a_fault() {
    run(async || {
        let user = User::new(client("http://127.0.0.1:1", Vec::new()));
        let url = "http://127.0.0.1:1/x";
        let fault = user
            .send(send(url, "/nowhere/x"))
            .await
            .expect_err("no file");
        assert_eq!(fault.kind(), "request");
        let here = std::env::current_exe().unwrap();
        let fault = user.send(send(url, here.to_str().unwrap())).await;
        assert_eq!(fault.expect_err("nobody is there").kind(), "refused");
        let mut other = send(url, here.to_str().unwrap());
        other.push(s3::In::Action(known("download")));
        let fault = user.send(other).await.expect_err("there is no such action");
        assert_eq!(fault.kind(), "request");
        user.leave().await;
    });
}

#[test]
fn a_url_names_the_bucket_as_its_client_does() {
    run(async || {
        let token = vec![s3_client::In::SessionToken(some("to/ken"))];
        let mut inputs = client("", token);
        inputs.remove(0);
        let user = User::new(inputs);
        let url = text(&user.presign(presign("GET")).await.unwrap().url);
        let begin = "https://shop.s3.eu-west-1.amazonaws.com/a%20b%2Bc/%C3%BC%3F.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=testkey%2F2";
        assert!(url.starts_with(begin), "{url}");
        assert!(
            url.contains("&X-Amz-Expires=900&X-Amz-Security-Token=to%2Fken&"),
            "{url}"
        );
        user.leave().await;
    });
}

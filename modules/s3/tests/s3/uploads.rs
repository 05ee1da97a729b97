//! Uploads in parts: completed, failed, dropped, cut off. Nothing is left on the server.

use crate::peer::{Peer, answer};
use crate::user::{User, client, known, run, text};
use bggo_module_s3::s3_multipart_upload::{In, Metric};
use bggo_runtime::contract::{Early, Number};
use bggo_tests::server::{Connections, Versitygw};
use std::fs::OpenOptions;
use std::future::{Future, poll_fn};
use std::path::Path;
use std::pin::pin;
use std::task::Poll;
use tempfile::TempDir;

const MIB: u64 = 1 << 20;

/// A file with this many bytes.
fn file(folder: &TempDir, size: u64) -> String {
    let path = folder.path().join("file");
    let content: Vec<u8> = (0..size).map(|i| (i / 1_000) as u8).collect();
    std::fs::write(&path, content).unwrap();
    path.to_str().unwrap().to_owned()
}

/// The same without any content, which takes no time to make.
fn hole(folder: &TempDir, size: u64) -> String {
    let path = folder.path().join("file");
    std::fs::File::create(&path).unwrap().set_len(size).unwrap();
    path.to_str().unwrap().to_owned()
}

fn upload(path: &str, concurrency: i64) -> Vec<In> {
    vec![
        In::Bucket(known("shop")),
        In::Key(known("a/b c")),
        In::SourcePath(known(path)),
        In::PartSize(Early::Known(Some(5 * MIB))),
        In::Concurrency(Early::Known(Some(Number::new(concurrency)))),
    ]
}

#[test]
fn a_file_becomes_one_object_and_no_part_is_left() {
    let folder = tempfile::tempdir().unwrap();
    for (connections, lanes, size, parts) in [
        (Connections::Keep, 2, 12 * MIB + 3, "3"),
        (Connections::Close, 1, 10 * MIB, "2"),
        (Connections::Keep, 4, 0, "1"),
    ] {
        let server = Versitygw::start(connections, &["shop"]);
        let path = file(&folder, size);
        run(async || {
            let user = User::new(client(&server.url(), Vec::new()));
            let done = user.upload(upload(&path, lanes)).await.unwrap();
            assert_eq!(
                (text(&done.size), text(&done.parts)),
                (size.to_string(), parts.into())
            );
            assert!(text(&done.etag).contains('-'), "{}", text(&done.etag));
            assert!(user.counted(Metric::SENT) >= size);
            let requests = user.counted(Metric::REQUESTS).to_string();
            assert_eq!(requests, (parts.parse::<u64>().unwrap() + 2).to_string());
            assert_eq!(user.leave().await, 0);
        });
        let object = std::fs::read(server.bucket("shop").join("a/b c")).unwrap();
        assert!(object == std::fs::read(&path).unwrap(), "another content");
        assert_eq!(server.parts("shop"), [] as [&Path; 0]);
    }
}

#[test]
fn an_upload_whose_step_is_dropped_is_aborted_when_its_client_goes() {
    let server = Versitygw::start(Connections::Keep, &["shop"]);
    let folder = tempfile::tempdir().unwrap();
    let path = hole(&folder, 400 * MIB);
    run(async || {
        let user = User::new(client(&server.url(), Vec::new()));
        let dropped = {
            let mut step = pin!(user.upload(upload(&path, 1)));
            poll_fn(|cx| match step.as_mut().poll(cx) {
                Poll::Ready(ended) => Poll::Ready(Some(ended)),
                Poll::Pending if !server.parts("shop").is_empty() => Poll::Ready(None),
                Poll::Pending => Poll::Pending,
            })
            .await
        };
        assert!(
            dropped.is_none(),
            "it ended: {:?}",
            dropped.map(|ended| ended.err())
        );
        assert!(!server.parts("shop").is_empty());
        assert_eq!(user.aborted(), 0);
        assert_eq!(user.leave().await, 1);
    });
    assert_eq!(server.parts("shop"), [] as [&Path; 0]);
    assert!(!server.bucket("shop").join("a/b c").exists());
}

#[test]
fn an_upload_whose_server_is_killed_fails_once_and_every_request_is_counted() {
    let mut server = Versitygw::start(Connections::Keep, &["shop"]);
    let folder = tempfile::tempdir().unwrap();
    let path = hole(&folder, 400 * MIB);
    run(async || {
        let user = User::new(client(&server.url(), Vec::new()));
        let mut step = pin!(user.upload(upload(&path, 2)));
        let mut is_dead = false;
        let ended = poll_fn(|cx| {
            let polled = step.as_mut().poll(cx);
            if polled.is_pending() && !is_dead && !server.parts("shop").is_empty() {
                is_dead = true;
                server.die();
            }
            polled
        })
        .await;
        let fault = ended.expect_err("its server is gone");
        assert!(is_dead);
        assert!(
            matches!(fault.kind(), "reset" | "closed" | "refused"),
            "{}: {fault}",
            fault.kind()
        );
        let counted = [Metric::REQUESTS, Metric::ANSWERED, Metric::CUT];
        let [requests, answered, cut] = counted.map(|metric| user.counted(metric));
        assert_eq!(requests, answered + cut);
        assert!(cut >= 1, "{requests} {answered} {cut}");
        assert_eq!(user.counted(Metric::RESENT), 0);
    });
}

/// A peer that begins uploads, and answers all else by `says`.
fn peer(says: impl Fn(&str) -> String + Send + Sync + 'static) -> Peer {
    Peer::start(move |line| {
        if line.ends_with("?uploads=") {
            let id = "<InitiateMultipartUploadResult><UploadId>id/1</UploadId></InitiateMultipartUploadResult>";
            return answer("200 OK", "", id);
        }
        if line.starts_with("DELETE ") {
            return answer("204 No Content", "", "");
        }
        says(line)
    })
}

const ABORT: &str = "DELETE /shop/a/b%20c?uploadId=id%2F1";

/// The kind of failure of an upload, and what the peer was asked.
fn fails(peer: &Peer, path: &str) -> (String, Vec<String>, u64) {
    let (kind, aborted) = run(async || {
        let user = User::new(client(peer.url(), Vec::new()));
        let fault = user.upload(upload(path, 1)).await.expect_err("it fails");
        let aborted = user.aborted();
        user.leave().await;
        (fault.kind().to_owned(), aborted)
    });
    (kind, peer.lines(), aborted)
}

#[test]
fn what_fails_is_aborted_at_once_and_only_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = file(&folder, 6 * MIB);
    let ok = || answer("200 OK", "ETag: \"e\"\r\n", "");
    // A part is refused.
    let refuses = peer(|_| {
        answer(
            "403 Forbidden",
            "",
            "<Error><Code>AccessDenied</Code></Error>",
        )
    });
    let (kind, lines, aborted) = fails(&refuses, &path);
    let first = [
        "POST /shop/a/b%20c?uploads=",
        "PUT /shop/a/b%20c?partNumber=1&uploadId=id%2F1",
    ];
    assert_eq!((kind.as_str(), aborted), ("access_denied", 1));
    assert_eq!(lines, [first[0], first[1], ABORT]);
    // A part has no ETag.
    let forgets = peer(|_| answer("200 OK", "", ""));
    let (kind, lines, aborted) = fails(&forgets, &path);
    assert_eq!((kind.as_str(), aborted), ("protocol", 1));
    assert_eq!(lines, [first[0], first[1], ABORT]);
    // The answer to the completion begins well and holds an error.
    let late = peer(move |line| {
        if line.starts_with("PUT ") {
            return ok();
        }
        let body = "<?xml version=\"1.0\"?>\n \n<Error><Code>InternalError</Code><Message>x</Message></Error>";
        answer("200 OK", "", body)
    });
    let (kind, lines, aborted) = fails(&late, &path);
    assert_eq!((kind.as_str(), aborted), ("other_s3_error", 1));
    assert_eq!(
        lines[1..],
        [
            first[1],
            "PUT /shop/a/b%20c?partNumber=2&uploadId=id%2F1",
            "POST /shop/a/b%20c?uploadId=id%2F1",
            ABORT
        ]
    );
    let list = &late.asked()[3].body;
    assert_eq!(
        String::from_utf8_lossy(list),
        "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>\"e\"</ETag></Part><Part><PartNumber>2</PartNumber><ETag>\"e\"</ETag></Part></CompleteMultipartUpload>"
    );
}

#[test]
fn a_file_that_becomes_shorter_between_two_parts_fails_the_upload() {
    let folder = tempfile::tempdir().unwrap();
    let path = file(&folder, 8 * MIB);
    let again = path.clone();
    let peer = peer(move |_| {
        let file = OpenOptions::new().write(true).open(&again).unwrap();
        file.set_len(5 * MIB).unwrap();
        answer("200 OK", "ETag: \"e\"\r\n", "")
    });
    let (kind, lines, aborted) = fails(&peer, &path);
    assert_eq!((kind.as_str(), aborted), ("request", 1));
    assert_eq!(lines.last().map(String::as_str), Some(ABORT));
}

#[test]
fn an_abort_that_fails_is_tried_again_when_the_client_goes() {
    let folder = tempfile::tempdir().unwrap();
    let path = file(&folder, MIB);
    let aborts = std::sync::atomic::AtomicU32::new(0);
    let peer = Peer::start(move |line| {
        if line.ends_with("?uploads=") {
            let id = "<InitiateMultipartUploadResult><UploadId>id/1</UploadId></InitiateMultipartUploadResult>";
            return answer("200 OK", "", id);
        }
        if line.starts_with("DELETE ")
            && aborts.fetch_add(1, std::sync::atomic::Ordering::Relaxed) > 0
        {
            return answer("204 No Content", "", "");
        }
        answer("500 Internal Server Error", "", "")
    });
    run(async || {
        let user = User::new(client(peer.url(), Vec::new()));
        let fault = user.upload(upload(&path, 1)).await.expect_err("it fails");
        assert_eq!((fault.kind(), user.aborted()), ("other_s3_error", 0));
        assert_eq!(user.leave().await, 1);
    });
    assert_eq!(peer.lines().iter().filter(|line| *line == ABORT).count(), 2);
}

#[test]
fn parts_that_s3_does_not_take_are_refused_before_anything_is_sent() {
    let folder = tempfile::tempdir().unwrap();
    let path = hole(&folder, 5 * MIB * 10_000 + 1);
    let peer = peer(|_| String::new());
    let (kind, lines, aborted) = fails(&peer, &path);
    assert_eq!((kind.as_str(), aborted), ("request", 0));
    assert_eq!(lines, [] as [String; 0]);
}

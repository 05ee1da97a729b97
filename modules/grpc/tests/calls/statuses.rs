//! What a server says of a call in the end, and the kind of failure that it is.

use crate::peer::{
    END_HEADERS, END_STREAM, HEADERS, Server, block, data, frame, framed, head, trailers,
    trailers_only,
};
use crate::shop;
use crate::user::{User, asking, list, run};
use bggo_module_grpc::grpc_request;
use bggo_runtime::contract::{Early, Value};

/// What a call says to which a server answers so.
fn answered(bytes: impl FnOnce(u32) -> Vec<u8> + Send + 'static) -> (String, String) {
    let server = Server::start(move |peer| {
        let ask = peer.hears();
        peer.write(&bytes(ask.stream));
        // The connection is as good as before, whatever came of the call.
        loop {
            let next = peer.next().expect("another call");
            if next.kind == HEADERS {
                break peer.answers(next.stream, &[&shop::answer("next")]);
            }
        }
        while peer.next().is_some() {}
    });
    let target = server.target.clone();
    let failed = run(async || {
        let user = User::new(&target);
        let failed = user.fails().await;
        assert_eq!(user.asks("again").await.unwrap(), "next");
        user.leave().await;
        failed
    });
    server.saw();
    failed
}

#[test]
fn each_status_is_a_kind_of_failure() {
    let kinds = [
        "cancelled",
        "unknown",
        "invalid_argument",
        "deadline_exceeded",
        "not_found",
        "already_exists",
        "permission_denied",
        "resource_exhausted",
        "failed_precondition",
        "aborted",
        "out_of_range",
        "unimplemented",
        "internal",
        "unavailable",
        "data_loss",
        "unauthenticated",
        // Nobody knows it.
        "unknown",
    ];
    for (number, kind) in (1..).zip(kinds) {
        let failed = answered(move |stream| {
            let number = number.to_string();
            let mut bytes = head(stream);
            // A message before the status does not make it good.
            bytes.extend(data(stream, &framed(&shop::answer("x"))));
            bytes.extend(trailers(stream, &[("grpc-status", &number)]));
            bytes
        });
        assert_eq!(failed.0, kind);
    }
}

#[test]
fn a_status_may_come_without_anything_before_it() {
    let failed = answered(|stream| {
        let fields = [
            ("grpc-status", "3"),
            ("grpc-message", "the name is too long: 100%25"),
        ];
        trailers_only(stream, &fields)
    });
    assert_eq!(failed.0, "invalid_argument");
    assert_eq!(
        failed.1,
        "the server answered INVALID_ARGUMENT: the name is too long: 100%"
    );
}

#[test]
fn details_are_read_where_they_are_wanted() {
    let server = Server::start(|peer| {
        let ask = peer.hears();
        let coded = "CAMaHQoXdHlwZS5nb29nbGVhcGlzLmNvbS9hLkISAgEC";
        let fields = [
            ("grpc-status", "3"),
            ("grpc-status-details-bin", coded),
            ("x-more", "1"),
        ];
        peer.write(&trailers_only(ask.stream, &fields));
        peer.ends();
    });
    let target = server.target.clone();
    run(async || {
        let user = User::new(&target);
        let names = Early::Known(Some(list(&["INVALID_ARGUMENT"])));
        let expect = grpc_request::In::ExpectStatus(names);
        let output = user
            .request([asking("x"), vec![expect]].concat())
            .await
            .unwrap();
        let detail = output.details.at(0).unwrap();
        assert_eq!(detail.get("type").unwrap().to_string(), "a.B");
        assert_eq!(
            detail.get("value").unwrap(),
            Value::Bytes(vec![1, 2].into())
        );
        assert_eq!(output.trailers, crate::user::map(&[("x-more", "1")]));
        user.leave().await;
    });
    server.saw();
}

#[test]
fn an_answer_of_http_alone_is_the_status_that_it_comes_to() {
    let page = |status: &'static [u8]| {
        move |stream| {
            let fields = block(false, &[("content-type", "text/html")]);
            let block = [status, &fields].concat();
            let mut bytes = frame(HEADERS, END_HEADERS, stream, &block);
            bytes.extend(frame(0, END_STREAM, stream, b"<html>"));
            bytes
        }
    };
    let failed = answered(page(b"\x08\x03503"));
    assert_eq!(failed.0, "unavailable");
    assert_eq!(
        failed.1,
        "the server answered UNAVAILABLE, by status 503 of HTTP"
    );
    assert_eq!(answered(page(b"\x8d")).0, "unimplemented");
    let failed = answered(page(b"\x88"));
    assert_eq!(failed.0, "protocol");
    assert_eq!(failed.1, "the answer is none of gRPC, by its Content-Type");
    let empty = |stream| {
        let block = b"\x08\x03403";
        frame(HEADERS, END_HEADERS | END_STREAM, stream, block)
    };
    assert_eq!(answered(empty).0, "permission_denied");
}

#[test]
fn what_is_no_answer_is_a_failure_of_the_protocol() {
    /// What a server says on a stream.
    type Says = fn(u32) -> Vec<u8>;
    let cases: [(&str, Says); 6] = [
        ("the server ended the call without a status", |stream| {
            let mut bytes = head(stream);
            bytes.extend(frame(0, END_STREAM, stream, &framed(&shop::answer("x"))));
            bytes
        }),
        ("the server ended the call without a status", |stream| {
            [head(stream), trailers(stream, &[("x", "y")])].concat()
        }),
        (
            "the server ended the call in the middle of a message",
            |stream| {
                let part = &framed(b"\x0a\x01x")[..6];
                let end = trailers(stream, &[("grpc-status", "0")]);
                [head(stream), data(stream, part), end].concat()
            },
        ),
        (
            "the server sent 0 messages, and the method has one",
            |stream| [head(stream), trailers(stream, &[("grpc-status", "0")])].concat(),
        ),
        (
            "the server sent 2 messages, and the method has one",
            |stream| crate::peer::answer(stream, &[b"", b""]),
        ),
        ("what came is no message of gRPC", |stream| {
            let end = trailers(stream, &[("grpc-status", "0")]);
            [head(stream), data(stream, b"\x02\0\0\0\0"), end].concat()
        }),
    ];
    for (text, bytes) in cases {
        let failed = answered(bytes);
        assert_eq!((&*failed.0, &*failed.1), ("protocol", text));
    }
}

#[test]
fn a_message_that_is_none_of_its_type_cannot_be_decoded() {
    let failed = answered(|stream| crate::peer::answer(stream, &[b"\x0a\x05x"]));
    assert_eq!(failed.0, "decode");
    assert!(
        failed
            .1
            .starts_with("a message of the server cannot be read: "),
        "{}",
        failed.1
    );
}

#[test]
fn a_message_that_is_too_large_is_refused_by_its_length() {
    let failed = answered(|stream| {
        let mut bytes = head(stream);
        bytes.extend(data(stream, b"\0\0\x40\0\x01"));
        bytes
    });
    assert_eq!(failed.0, "message_too_large");
    assert!(failed.1.contains("4194304"), "{}", failed.1);
}

#[test]
fn headers_that_are_none_fail_the_call_alone() {
    let failed = answered(|stream| {
        let fields = [("content-type", "application/grpc"), ("Upper", "x")];
        frame(HEADERS, END_HEADERS, stream, &block(true, &fields))
    });
    assert_eq!(failed.0, "protocol");
}

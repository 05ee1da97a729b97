//! Lists, page after page.

use crate::peer::{Peer, answer};
use crate::user::{User, client, known, run, some, text};
use bggo_module_s3::s3_list_objects::{In, Metric};
use bggo_runtime::contract::{Early, Number, Value};
use bggo_tests::server::{Connections, Versitygw};

fn list(others: Vec<In>) -> Vec<In> {
    let mut inputs = vec![In::Bucket(known("shop"))];
    inputs.extend(others);
    inputs
}

fn max_keys(count: i64) -> In {
    In::MaxKeys(Early::Known(Some(Number::new(count))))
}

/// The keys of the objects.
fn keys(objects: &Value) -> Vec<String> {
    let items = objects.items().unwrap();
    items
        .iter()
        .map(|object| text(&object.get("key").unwrap()))
        .collect()
}

#[test]
fn pages_are_followed_until_the_last_one_or_as_far_as_the_grid_says() {
    let server = Versitygw::start(Connections::Keep, &["shop"]);
    let names = ["a 1", "a+2", "a\u{fc}3", "b/1", "b/2", "c&d<e>"];
    let folder = server.bucket("shop");
    std::fs::create_dir(folder.join("b")).unwrap();
    for name in names {
        std::fs::write(folder.join(name), "12345").unwrap();
    }
    run(async || {
        let user = User::new(client(&server.url(), Vec::new()));
        let all = user.list(list(vec![max_keys(2)])).await.unwrap();
        let mut found = keys(&all.objects);
        found.sort();
        let mut expected = names.map(str::to_owned);
        expected.sort();
        assert_eq!(found, expected);
        assert_eq!(
            (text(&all.count), text(&all.pages)),
            ("6".into(), "3".into())
        );
        assert!(all.continuation_token.is_null());
        assert_eq!(user.counted(Metric::REQUESTS), 3);
        let first = all.objects.at(0).unwrap();
        assert_eq!(text(&first.get("size").unwrap()), "5");

        // One page, and the rest from there on.
        let one = Early::Known(Some(Number::new(1)));
        let page = list(vec![max_keys(4), In::MaxPages(one)]);
        let page = user.list(page).await.unwrap();
        assert_eq!(
            (text(&page.count), text(&page.pages)),
            ("4".into(), "1".into())
        );
        let from = some(&text(&page.continuation_token));
        let rest = list(vec![max_keys(4), In::ContinuationToken(from)]);
        let rest = user.list(rest).await.unwrap();
        assert_eq!(text(&rest.count), "2");
        let mut both = keys(&page.objects);
        both.extend(keys(&rest.objects));
        both.sort();
        assert_eq!(both, expected);

        let below = list(vec![In::Prefix(some("b/"))]);
        let below = user.list(below).await.unwrap();
        assert_eq!(keys(&below.objects), ["b/1", "b/2"]);
        let folded = list(vec![In::Delimiter(some("/"))]);
        let folded = user.list(folded).await.unwrap();
        let prefixes = folded.prefixes.items().unwrap();
        let prefixes: Vec<String> = prefixes.iter().map(text).collect();
        assert_eq!(
            (text(&folded.count), prefixes),
            ("4".into(), vec!["b/".to_owned()])
        );
        user.leave().await;
    });
}

#[test]
fn a_server_that_never_ends_or_speaks_no_xml_is_a_fault() {
    let same = "<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>x</NextContinuationToken></ListBucketResult>";
    let cut = &same[..60];
    for (body, kind, requests) in [
        (same, "protocol", 2),
        (cut, "protocol", 1),
        ("", "protocol", 1),
        ("<Error><Code>SlowDown</Code></Error>", "slow_down", 1),
    ] {
        let peer = Peer::start(move |_| answer("200 OK", "", body));
        run(async || {
            let user = User::new(client(peer.url(), Vec::new()));
            let fault = user.list(list(Vec::new())).await.expect_err("it fails");
            assert_eq!(fault.kind(), kind, "{fault}");
            user.leave().await;
        });
        assert_eq!(peer.lines().len(), requests);
    }
}

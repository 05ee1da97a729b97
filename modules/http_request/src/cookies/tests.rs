//! Cookies of one user: which a server may set, and to which requests they go back.

use super::*;
use http::HeaderValue;

fn url(text: &str) -> Url {
    Url::parse(text).unwrap()
}

fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000)
}

/// What is sent to `to` after `from` answered with these `Set-Cookie` lines.
fn sent(from: &str, lines: &[&str], to: &str) -> String {
    let mut jar = Jar::default();
    for line in lines {
        jar.keep(
            &url(from),
            &HeaderMap::from_iter([(SET_COOKIE, line.parse().unwrap())]),
            now(),
        );
    }
    jar.pairs(&url(to), now())
        .iter()
        .map(|(name, value)| [*name, b"=", *value].concat())
        .map(|pair| String::from_utf8(pair).unwrap())
        .collect::<Vec<_>>()
        .join("; ")
}

#[test]
fn a_cookie_goes_back_to_its_host_only() {
    assert_eq!(sent("http://a.test/", &["k=v"], "http://a.test/x"), "k=v");
    assert_eq!(sent("http://a.test/", &["k=v"], "http://b.a.test/x"), "");
    assert_eq!(
        sent("http://127.0.0.1:80/", &["k=v"], "http://127.0.0.1:81/"),
        "k=v"
    );
}

#[test]
fn what_is_no_text_goes_back_as_it_came() {
    let mut jar = Jar::default();
    let line = HeaderValue::from_bytes(b"\xe4=\xff\xfe; Path=/\xe4; Secure").unwrap();
    let root = url("https://a.test/");
    jar.keep(&root, &HeaderMap::from_iter([(SET_COOKIE, line)]), now());
    assert_eq!(jar.pairs(&root, now()), Vec::new());
    let line = HeaderValue::from_bytes(b"\xe4=\xff\xfe; Secure").unwrap();
    jar.keep(&root, &HeaderMap::from_iter([(SET_COOKIE, line)]), now());
    let pair: (&[u8], &[u8]) = (b"\xe4", b"\xff\xfe");
    assert_eq!(jar.pairs(&root, now()), [pair]);
}

#[test]
fn a_name_that_promises_something_is_kept_only_if_it_holds() {
    let root = "https://b.a.test/";
    let rows = [
        ("__Secure-k=v; Secure", true),
        ("__Secure-k=v; Secure; Domain=a.test; Path=/", true),
        ("__Secure-k=v", false),
        ("__secure-k=v", false),
        ("__Host-k=v; Secure; Path=/", true),
        ("__Host-k=v; Secure", false),
        ("__Host-k=v; Path=/", false),
        ("__HOST-k=v; Path=/", false),
        ("__Host-k=v; Secure; Path=/x", false),
        ("__Host-k=v; Secure; Path=/; Domain=a.test", false),
        ("__Hostk=v", true),
        ("__=v", true),
    ];
    for (line, is_kept) in rows {
        let came = sent(root, &[line], "https://b.a.test/x");
        let pair = line.split(';').next().unwrap();
        assert_eq!(came, if is_kept { pair } else { "" }, "{line}");
    }
}

#[test]
fn a_domain_covers_what_is_below_it() {
    assert_eq!(
        sent(
            "http://b.a.test/",
            &["k=v; Domain=.A.test"],
            "http://c.a.test/"
        ),
        "k=v"
    );
    assert_eq!(
        sent(
            "http://b.a.test/",
            &["k=v; Domain=other.test"],
            "http://other.test/"
        ),
        ""
    );
    assert_eq!(
        sent("http://a.test/", &["k=v; Domain=test"], "http://b.test/"),
        ""
    );
    assert_eq!(
        sent("http://xa.test/", &["k=v; Domain=a.test"], "http://a.test/"),
        ""
    );
}

#[test]
fn a_path_covers_what_is_below_it() {
    assert_eq!(sent("http://a/b/c", &["k=v"], "http://a/b/d"), "k=v");
    assert_eq!(sent("http://a/b/c", &["k=v"], "http://a/bx"), "");
    assert_eq!(sent("http://a/b/c", &["k=v; Path=/"], "http://a/x"), "k=v");
    assert_eq!(
        sent(
            "http://a/b/c",
            &["r=1; Path=/", "s=2; Path=/b"],
            "http://a/b"
        ),
        "s=2; r=1"
    );
}

#[test]
fn a_secure_cookie_is_not_sent_in_the_clear() {
    assert_eq!(
        sent(
            "https://a/",
            &["k=v; Secure; HttpOnly; SameSite=Lax"],
            "http://a/"
        ),
        ""
    );
    assert_eq!(sent("https://a/", &["k=v; Secure"], "https://a/"), "k=v");
}

#[test]
fn a_secure_cookie_is_sent_in_the_clear_to_this_machine() {
    for host in [
        "localhost",
        "shop.localhost",
        "127.0.0.1:8080",
        "127.9.9.9",
        "[::1]:8080",
    ] {
        let url = format!("http://{host}/");
        assert_eq!(sent(&url, &["k=v; Secure"], &url), "k=v", "{host}");
    }
    for host in ["localhost.test", "10.0.0.1", "[::2]", "notlocalhost"] {
        let url = format!("http://{host}/");
        assert_eq!(sent(&url, &["k=v; Secure"], &url), "", "{host}");
    }
}

#[test]
fn a_cookie_ends_when_it_says_so() {
    assert_eq!(
        sent("http://a/", &["k=v", "k=; Max-Age=0"], "http://a/"),
        ""
    );
    assert_eq!(
        sent(
            "http://a/",
            &["k=v; Expires=Thu, 01 Jan 1970 00:00:00 GMT"],
            "http://a/"
        ),
        ""
    );
    assert_eq!(
        sent(
            "http://a/",
            &["k=v; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT"],
            "http://a/"
        ),
        "k=v"
    );
    let mut jar = Jar::default();
    jar.keep(
        &url("http://a/"),
        &HeaderMap::from_iter([(SET_COOKIE, "k=v; Max-Age=60".parse().unwrap())]),
        now(),
    );
    assert_eq!(
        jar.pairs(&url("http://a/"), now() + Duration::from_secs(59)),
        [(b"k".as_slice(), b"v".as_slice())]
    );
    assert_eq!(
        jar.pairs(&url("http://a/"), now() + Duration::from_secs(61)),
        []
    );
}

#[test]
fn a_later_value_replaces_the_first() {
    assert_eq!(
        sent("http://a/", &["k=1", "k=2", "=x", "nothing"], "http://a/"),
        "k=2"
    );
}

#[test]
fn a_server_that_sets_ever_new_cookies_fills_no_memory() {
    let mut jar = Jar::default();
    let mut set = |host: usize, number: usize| {
        let line = format!("k{number}=v").parse().unwrap();
        let from = url(&format!("http://h{host}.test/"));
        jar.keep(&from, &HeaderMap::from_iter([(SET_COOKIE, line)]), now());
        jar.0.len()
    };
    for number in 0..MOST_OF_DOMAIN + 5 {
        set(0, number);
    }
    assert_eq!(set(0, MOST_OF_DOMAIN + 4), MOST_OF_DOMAIN);
    for host in 1..MOST + 5 {
        assert!(set(host, 0) <= MOST);
    }
    let last = url(&format!("http://h{}.test/", MOST + 4));
    assert_eq!(
        jar.pairs(&last, now()),
        [(b"k0".as_slice(), b"v".as_slice())]
    );
    assert!(jar.pairs(&url("http://h0.test/"), now()).is_empty());
}

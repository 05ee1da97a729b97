//! Dials to real peers on this host.

mod host_limits;
mod proxies;
mod secure;

use super::*;
use bggo_runtime::contract::Fault;
use bggo_runtime::contract::testing::WorkerContext;
use std::net::TcpListener;
use std::path::Path;
use tokio::task::LocalSet;

/// A dialer as an asset has it.
pub(super) fn dialer(rules: Rules) -> Dialer {
    let worker = Rc::new(WorkerContext::alone().unwrap());
    Dialer::new(&AssetCx::alone(&worker), &Rc::new(rules))
}

/// Dials by rules.
pub(super) async fn dial(rules: Rules, to: Address<'_>) -> Result<(Wire, Dialled), Trouble> {
    let local = LocalSet::new();
    let to = Target {
        address: to,
        secure: None,
        named: Named::Open,
    };
    let dialling = async { dialer(rules).dial(&to).await };
    local.run_until(dialling).await
}

pub(super) fn host(name: &str, port: u16) -> Address<'_> {
    Address::Host { name, port }
}

/// The kind and text of a failure.
pub(super) fn told(dialled: Result<(Wire, Dialled), Trouble>) -> (Kind, String) {
    let trouble = dialled.expect_err("there should be no connection");
    let kind = trouble.kind();
    (kind, Fault::from(trouble).text().to_owned())
}

/// Names by which tests reach this host.
pub(super) fn named(resolve: &[(&str, &str)]) -> Names {
    Names::new(Duration::from_secs(10), resolve).unwrap()
}

/// A port where nobody listens.
pub(super) fn closed_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// A port whose queue of connections is full.
fn full_queue() -> (TcpListener, Vec<std::net::TcpStream>) {
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(1).unwrap().into_std().unwrap();
    let address = listener.local_addr().unwrap();
    let mut waiting = Vec::new();
    // Linux queues one more than the backlog says; a connection that does not come is the sign that it is full.
    while let Ok(stream) =
        std::net::TcpStream::connect_timeout(&address, Duration::from_millis(100))
    {
        waiting.push(stream);
    }
    (listener, waiting)
}

#[tokio::test]
async fn a_host_is_reached_by_its_name_or_address_and_the_dial_says_where_and_how_long() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let rules = || Rules {
        names: named(&[("shop.test", "127.0.0.1")]),
        ..Rules::default()
    };
    for name in ["127.0.0.1", "shop.test", "localhost"] {
        let (mut wire, times) = dial(rules(), host(name, address.port())).await.unwrap();
        assert_eq!(times.address, Some(address), "{name}");
        assert_eq!(times.dns.is_zero(), name != "localhost", "{name}");
        assert!(!times.connecting.is_zero());
        assert!(times.tls.is_zero());
        let (mut peer, _) = listener.accept().unwrap();
        wire.out().put(b"hello");
        wire.flush().await.unwrap();
        let mut came = [0; 5];
        std::io::Read::read_exact(&mut peer, &mut came).unwrap();
        assert_eq!(&came, b"hello");
    }
}

#[tokio::test]
async fn messages_wait_for_more_only_where_the_rules_say_so() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    for nodelay in [true, false] {
        let rules = Rules {
            nodelay,
            ..Rules::default()
        };
        let (wire, _) = dial(rules, host("127.0.0.1", port)).await.unwrap();
        let Socket::Tcp(stream) = wire.socket() else {
            panic!("a host is reached by TCP");
        };
        assert_eq!(stream.nodelay().unwrap(), nodelay);
    }
}

#[tokio::test]
async fn dialers_with_the_same_rules_count_together_what_they_carried() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let worker = Rc::new(WorkerContext::alone().unwrap());
    let cx = AssetCx::alone(&worker);
    let rules = Rc::new(Rules::default());
    let [one, other] = [(); 2].map(|()| Dialer::new(&cx, &rules));
    let with_other_rules = Dialer::new(&cx, &Rc::default());
    let to = Target {
        address: host("127.0.0.1", listener.local_addr().unwrap().port()),
        secure: None,
        named: Named::Open,
    };
    let send = async {
        let (mut wire, _) = one.dial(&to).await.unwrap();
        wire.out().put(b"hello");
        wire.flush().await.unwrap();
    };
    LocalSet::new().run_until(send).await;
    assert_eq!(with_other_rules.take_traffic(), Traffic::default());
    assert_eq!(other.take_traffic().sent, 5);
    assert_eq!(one.take_traffic(), Traffic::default());
}

#[tokio::test]
async fn a_host_that_refuses_says_so_with_its_place() {
    let port = closed_port();
    let refused =
        |place| format!("no connection to {place}:{port}: Connection refused (os error 111)");
    assert_eq!(
        told(dial(Rules::default(), host("127.0.0.1", port)).await),
        (Kind::Refused, refused("127.0.0.1"))
    );
    assert_eq!(
        told(dial(Rules::default(), host("::1", port)).await),
        (Kind::Refused, refused("[::1]"))
    );
}

#[tokio::test]
async fn a_name_without_an_address_is_a_kind_of_its_own() {
    let (kind, text) = told(dial(Rules::default(), host("nowhere.invalid", 80)).await);
    assert_eq!(kind, Kind::Dns);
    assert!(
        text.starts_with("nowhere.invalid has no address: "),
        "{text}"
    );
}

#[tokio::test]
async fn a_name_with_two_addresses_is_reached_by_the_one_that_listens() {
    let listener = TcpListener::bind("[::1]:0").unwrap();
    let address = listener.local_addr().unwrap();
    let rules = Rules {
        names: named(&[("both.test", "127.0.0.1, ::1")]),
        ..Rules::default()
    };
    let made = dial(rules, host("both.test", address.port())).await;
    assert_eq!(made.unwrap().1.address, Some(address));
}

#[tokio::test]
async fn an_address_that_does_not_answer_gives_way_to_the_next() {
    let full = full_queue();
    let port = full.0.local_addr().unwrap().port();
    let listener = TcpListener::bind(("::1", port)).unwrap();
    let rules = Rules {
        names: named(&[("both.test", "127.0.0.1, ::1")]),
        ..Rules::default()
    };
    let (_, times) = dial(rules, host("both.test", port)).await.unwrap();
    assert_eq!(times.address, Some(listener.local_addr().unwrap()));
    assert!(times.connecting >= Duration::from_millis(250));
}

#[tokio::test]
async fn a_dial_ends_with_its_limit() {
    let full = full_queue();
    let port = full.0.local_addr().unwrap().port();
    let rules = Rules {
        connect_limit: Some(Duration::from_millis(50)),
        ..Rules::default()
    };
    let dialled = dial(rules, host("127.0.0.1", port)).await;
    let limit = dialled.as_ref().unwrap_err().connect_limit();
    assert_eq!(limit, Some(Duration::from_millis(50)));
    assert_eq!(
        told(dialled),
        (
            Kind::Connect,
            format!("connecting to 127.0.0.1:{port} took longer than 50ms")
        )
    );
}

#[tokio::test]
async fn connections_begin_at_the_local_addresses_in_turn() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let rules = Rules {
        sources: Sources::new(&["127.0.0.7", "127.0.0.8"]).unwrap(),
        ..Rules::default()
    };
    let local = LocalSet::new();
    let dials = async {
        let dialer = dialer(rules);
        let to = Target {
            address: host("127.0.0.1", port),
            secure: None,
            named: Named::Open,
        };
        let mut seen = Vec::new();
        for _ in 0..3 {
            let _wire = dialer.dial(&to).await.unwrap();
            seen.push(listener.accept().unwrap().1.ip().to_string());
        }
        seen
    };
    let seen = local.run_until(dials).await;
    assert_eq!(seen, ["127.0.0.7", "127.0.0.8", "127.0.0.7"]);
}

#[tokio::test]
async fn a_name_that_may_not_be_shown_is_kept_back_in_each_text() {
    let local = LocalSet::new();
    let port = closed_port();
    let refused = "Connection refused (os error 111)";
    let missing = "No such file or directory (os error 2)";
    let to = FaultText::plain("no connection to ");
    let dials = async {
        let dialer = dialer(Rules::default());
        for (address, expected) in [
            (
                host("127.0.0.1", port),
                to.clone()
                    .and_value("127.0.0.1")
                    .and(format_args!(":{port}: {refused}")),
            ),
            (
                Address::Unix(Path::new("/nowhere/socket")),
                to.and_value("/nowhere/socket").and(": ").and(missing),
            ),
        ] {
            let to = Target {
                address,
                secure: None,
                named: Named::Secret,
            };
            let trouble = dialer.dial(&to).await.unwrap_err();
            // Only this form tells which parts are kept back.
            assert_eq!(format!("{:?}", trouble.text()), format!("{expected:?}"));
        }
    };
    local.run_until(dials).await;
}

#[tokio::test]
async fn a_socket_in_the_file_system_is_reached_by_its_path() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let listener = std::os::unix::net::UnixListener::bind(&path).unwrap();
    let (mut wire, times) = dial(Rules::default(), Address::Unix(&path)).await.unwrap();
    assert_eq!((times.address, times.dns), (None, Duration::ZERO));
    let (mut peer, _) = listener.accept().unwrap();
    std::io::Write::write_all(&mut peer, b"hello").unwrap();
    assert_eq!(wire.fill(64).await.unwrap(), 5);
    drop(listener);
    let (kind, text) = told(dial(Rules::default(), Address::Unix(&path)).await);
    assert_eq!(kind, Kind::Refused);
    let place = path.display();
    assert_eq!(
        text,
        format!("no connection to {place}: Connection refused (os error 111)")
    );
    std::fs::remove_file(&path).unwrap();
    let (kind, _) = told(dial(Rules::default(), Address::Unix(&path)).await);
    assert_eq!(kind, Kind::Unreachable);
    let long = "x".repeat(200);
    let (_, text) = told(dial(Rules::default(), Address::Unix(Path::new(&long))).await);
    assert!(text.ends_with("the path of a socket has at most 107 bytes, none of them zero"));
}

#[tokio::test]
async fn a_full_queue_of_a_socket_in_the_file_system_is_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let socket = socket2::Socket::new(socket2::Domain::UNIX, socket2::Type::STREAM, None).unwrap();
    socket
        .bind(&socket2::SockAddr::unix(&path).unwrap())
        .unwrap();
    socket.listen(0).unwrap();
    let mut waiting = Vec::new();
    while let Ok(stream) = tokio::net::UnixStream::connect(&path).await {
        waiting.push(stream);
    }
    let (dialled, ()) = tokio::join!(dial(Rules::default(), Address::Unix(&path)), async {
        // The dial has been told once that there is no room.
        tokio::task::yield_now().await;
        drop(socket.accept().unwrap());
    });
    dialled.unwrap();
}

#[tokio::test]
async fn a_user_that_dials_needs_little_memory() {
    let local = LocalSet::new();
    let size = async {
        let dialer = dialer(Rules::default());
        let to = Target {
            address: host("127.0.0.1", 1),
            secure: None,
            named: Named::Open,
        };
        size_of_val(&dialer.dial(&to))
    };
    let size = local.run_until(size).await;
    // It is a part of the future of each exchange. What few connections need is boxed.
    assert!(size <= 768, "{size}");
}

//! Connections that the users of a thread share: how many there are, who gets one, and what stays each user's own.

use crate::peer::{Script, Then};
use crate::user::{User, fault, run, some, text, url};
use bggo_module_http_request::http_client::{In, Metric};
use bggo_module_http_request::http_request::{self, Wanted};
use bggo_runtime::contract::{Early, Fault, Number, Text};
use bggo_tests::server::{Gate, Nginx, free_port};
use std::collections::BTreeSet;
use std::rc::Rc;
use std::time::Duration;
use tokio::task::{JoinHandle, spawn_local};

/// Connections that are shared, so many at most.
fn shared(most: i64) -> Vec<In> {
    vec![
        In::Connections(some(Text::Static("shared"))),
        In::MaxConnections(some(Number::new(most))),
    ]
}

fn over_http_2(mut client: Vec<In>) -> Vec<In> {
    client.push(In::HttpVersion(some(Text::Static("2"))));
    client
}

/// A user that has asked for something; its answer's body.
fn asks(user: &Rc<User>, address: String) -> JoinHandle<Result<String, Fault>> {
    let user = Rc::clone(user);
    spawn_local(async move {
        let output = user.ask(vec![url(address)]).await?;
        Ok(text(&output.body))
    })
}

/// So many users with the same connections.
fn users(client: Vec<In>, count: usize) -> Vec<Rc<User>> {
    let first = User::new(client);
    let others: Vec<User> = (1..count).map(|_| first.beside()).collect();
    [first].into_iter().chain(others).map(Rc::new).collect()
}

async fn all_leave(users: Vec<Rc<User>>) {
    for user in users {
        Rc::into_inner(user).unwrap().leave().await;
    }
}

/// The bodies of `rounds` answers to each of `count` users that ask at the same time.
async fn bodies(users: &[Rc<User>], address: &str, rounds: usize) -> Vec<String> {
    let mut bodies = Vec::new();
    for _ in 0..rounds {
        let asked: Vec<_> = users
            .iter()
            .map(|user| asks(user, address.to_owned()))
            .collect();
        for asked in asked {
            bodies.push(asked.await.unwrap().unwrap());
        }
    }
    bodies
}

#[test]
fn fifty_users_have_four_connections_if_these_are_the_most() {
    let nginx = Nginx::start("location / { return 200 $connection; }");
    run(async || {
        let users = users(shared(4), 50);
        let seen = bodies(&users, &nginx.url(), 4).await;
        assert_eq!(seen.len(), 200);
        assert_eq!(seen.iter().collect::<BTreeSet<_>>().len(), 4);
        assert_eq!(users[0].counted_by_client(Metric::CONNECTIONS), 4);
        all_leave(users).await;
    });
}

#[test]
fn without_a_limit_there_are_as_many_connections_as_requests_at_once() {
    let gate = Gate::start();
    run(async || {
        let client = vec![In::Connections(some(Text::Static("shared")))];
        let users = users(client, 3);
        let asked: Vec<_> = users
            .iter()
            .map(|user| asks(user, format!("{}/held", gate.url())))
            .collect();
        while gate.arrived("/held") < 3 {
            tokio::task::yield_now().await;
        }
        gate.open_all();
        for asked in asked {
            asked.await.unwrap().unwrap();
        }
        assert_eq!(users[0].counted_by_client(Metric::CONNECTIONS), 3);
        all_leave(users).await;
    });
}

#[test]
fn requests_that_wait_go_in_the_order_in_which_they_came() {
    let script = Script::start(|_, _| {
        Then::Answer(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".to_vec())
    });
    run(async || {
        let users = users(shared(1), 20);
        let asked: Vec<_> = users
            .iter()
            .enumerate()
            .map(|(number, user)| asks(user, format!("{}/{number}", script.url())))
            .collect();
        for asked in asked {
            asked.await.unwrap().unwrap();
        }
        let expected: Vec<_> = (0..20)
            .map(|number| (1, format!("GET /{number}")))
            .collect();
        assert_eq!(script.seen(), expected);
        all_leave(users).await;
    });
}

#[test]
fn a_request_that_gives_up_waiting_leaves_the_connection_to_the_next() {
    let gate = Gate::start();
    run(async || {
        let users = users(shared(1), 3);
        let held = asks(&users[0], format!("{}/held", gate.url()));
        while gate.arrived("/held") < 1 {
            tokio::task::yield_now().await;
        }
        let hurried = vec![
            url(format!("{}/hurried", gate.url())),
            http_request::In::Timeout(some(Duration::from_millis(120))),
        ];
        let hurried_user = Rc::clone(&users[1]);
        let hurried = spawn_local(async move { hurried_user.ask(hurried).await.map(drop) });
        let patient = asks(&users[2], format!("{}/patient", gate.url()));
        let gave_up = hurried.await.unwrap().unwrap_err();
        assert_eq!(gave_up.kind(), "timeout");
        gate.open_all();
        held.await.unwrap().unwrap();
        patient.await.unwrap().unwrap();
        assert_eq!(gate.arrived("/hurried"), 0, "it was never sent");
        assert_eq!(users[0].counted_by_client(Metric::CONNECTIONS), 1);
        all_leave(users).await;
    });
}

#[test]
fn a_connection_that_cannot_be_made_keeps_nobody_waiting() {
    let port = free_port();
    run(async || {
        let users = users(shared(1), 4);
        let asked: Vec<_> = users
            .iter()
            .map(|user| asks(user, format!("http://127.0.0.1:{port}/")))
            .collect();
        for asked in asked {
            assert_eq!(asked.await.unwrap().unwrap_err().kind(), "refused");
        }
        all_leave(users).await;
    });
}

/// nginx with HTTP/2 and what it is set to.
fn http_2(settings: &str) -> (Nginx, String) {
    let port = free_port();
    let nginx = Nginx::start(&format!(
        "listen 127.0.0.1:{port} http2; {settings} location / {{ return 200 $connection; }}"
    ));
    (nginx, format!("http://127.0.0.1:{port}/"))
}

#[test]
fn a_hundred_users_have_one_connection_of_http_2() {
    let (_nginx, address) = http_2("");
    let unlimited = vec![In::Connections(some(Text::Static("shared")))];
    for client in [shared(1), unlimited] {
        run(async || {
            let users = users(over_http_2(client), 100);
            let seen = bodies(&users, &address, 2).await;
            assert_eq!(seen.iter().collect::<BTreeSet<_>>().len(), 1);
            assert_eq!(users[0].counted_by_client(Metric::CONNECTIONS), 1);
            all_leave(users).await;
        });
    }
}

#[test]
fn requests_beyond_the_streams_of_a_server_wait_for_one() {
    let (_nginx, address) = http_2("http2_max_concurrent_streams 2;");
    run(async || {
        let users = users(over_http_2(shared(2)), 30);
        let seen = bodies(&users, &address, 3).await;
        assert_eq!(seen.len(), 90);
        let connections = seen.iter().collect::<BTreeSet<_>>().len();
        assert!(connections <= 2, "{connections}");
        all_leave(users).await;
    });
}

#[test]
fn a_session_that_the_server_ends_makes_room_for_another() {
    let (_nginx, address) = http_2("keepalive_requests 3;");
    run(async || {
        let users = users(over_http_2(shared(1)), 5);
        for _ in 0..4 {
            for user in &users {
                user.ask(vec![url(&address)]).await.unwrap();
            }
        }
        assert!(users[0].counted_by_client(Metric::CONNECTIONS) > 1);
        all_leave(users).await;
    });
}

#[test]
fn cookies_stay_each_users_own() {
    let nginx = Nginx::start(
        "location /set { add_header Set-Cookie \"user=$arg_user\"; return 200 ok; } location / { return 200 \"$cookie_user $connection\"; }",
    );
    run(async || {
        let users = users(shared(1), 3);
        for (number, user) in users.iter().enumerate() {
            let address = format!("{}/set?user=u{number}", nginx.url());
            user.ask(vec![url(address)]).await.unwrap();
        }
        let mut connections = BTreeSet::new();
        for (number, user) in users.iter().enumerate() {
            let output = user.ask(vec![url(nginx.url())]).await.unwrap();
            let body = text(&output.body);
            let (cookie, connection) = body.split_once(' ').unwrap();
            assert_eq!(cookie, format!("u{number}"));
            connections.insert(connection.to_owned());
        }
        assert_eq!(connections.len(), 1);
        all_leave(users).await;
    });
}

#[test]
fn clients_that_differ_between_users_share_nothing_and_say_so() {
    let late = vec![In::UserAgent(some("x".to_owned()))];
    let mut client = shared(1);
    client.push(In::UserAgent(Early::Later));
    let fault = run(async || {
        let user = User::with_late(client, late);
        user.ask(vec![url("http://127.0.0.1:1/")])
            .await
            .unwrap_err()
    });
    let text = fault.text();
    assert!(
        text.contains("with connections = \"shared\" each argument must be known"),
        "{text}"
    );
}

#[test]
fn another_transport_shares_nothing_and_says_so() {
    let mut client = vec![In::Connections(some(Text::Static("shared")))];
    client.push(In::Transport(some(Text::Static("reqwest"))));
    let fault = fault(client, vec![url("http://127.0.0.1:1/")]);
    assert!(
        fault
            .text()
            .ends_with("leave out connections, or the transport"),
        "{}",
        fault.text()
    );
}

#[test]
fn one_that_gives_up_on_a_connection_of_http_2_leaves_it_to_the_others() {
    let gate = Gate::start();
    let port = free_port();
    let _nginx = Nginx::start(&format!(
        "listen 127.0.0.1:{port} http2; location /held {{ proxy_pass {}; }} location / {{ return 200 $connection; }}",
        gate.url()
    ));
    let address = format!("http://127.0.0.1:{port}");
    run(async || {
        let users = users(over_http_2(shared(1)), 4);
        let first = bodies(&users[..1], &address, 1).await;
        let held = asks(&users[0], format!("{address}/held/long"));
        let hurried = vec![
            url(format!("{address}/held/hurried")),
            http_request::In::Timeout(some(Duration::from_millis(120))),
        ];
        let hurried_user = Rc::clone(&users[1]);
        let hurried = spawn_local(async move { hurried_user.ask(hurried).await.map(drop) });
        assert_eq!(hurried.await.unwrap().unwrap_err().kind(), "timeout");
        // Nobody waits for what comes but the task of the pool and these.
        let others = bodies(&users[2..], &address, 2).await;
        assert!(others.iter().all(|connection| *connection == first[0]));
        gate.open_all();
        assert_eq!(held.await.unwrap().unwrap(), "ok");
        assert_eq!(users[0].counted_by_client(Metric::CONNECTIONS), 1);
        all_leave(users).await;
    });
}

/// Answers of 64 KiB over HTTP/2, so many that a connection carries them only if room is made by those that are over.
fn large_answers(
    client: Vec<In>,
    ask: impl AsyncFn(&User, Vec<http_request::In>) -> Option<String> + Copy + 'static,
) -> Vec<Option<String>> {
    let piece = "x".repeat(1 << 10);
    let many = "$piece".repeat(64);
    let (_nginx, address) = http_2(&format!(
        "set $piece {piece}; location /large {{ return 200 \"{many}\"; }}"
    ));
    run(async || {
        let users = users(over_http_2(client), 8);
        let mut outcomes = Vec::new();
        for _ in 0..30 {
            let asked: Vec<_> = users
                .iter()
                .map(|user| {
                    let user = Rc::clone(user);
                    let request = vec![
                        url(format!("{address}large")),
                        http_request::In::Timeout(some(Duration::from_secs(20))),
                    ];
                    spawn_local(async move { ask(&user, request).await })
                })
                .collect();
            for asked in asked {
                outcomes.push(asked.await.unwrap());
            }
        }
        assert_eq!(users[0].counted_by_client(Metric::CONNECTIONS), 1);
        all_leave(users).await;
        outcomes
    })
}

#[test]
fn bodies_that_nobody_reads_make_room_for_the_next() {
    let outcomes = large_answers(shared(1), async |user, request| {
        let answer = user.ask_late(request, &[], Wanted::NONE).await;
        answer.err().map(|fault| fault.kind().to_owned())
    });
    assert_eq!(outcomes, vec![None; 240]);
}

#[test]
fn bodies_that_are_given_up_make_room_for_the_next() {
    let mut client = shared(1);
    client.push(In::MaxBodySize(some(Number::new(1))));
    let outcomes = large_answers(client, async |user, request| {
        let answer = user.ask(request).await;
        answer.err().map(|fault| fault.kind().to_owned())
    });
    assert_eq!(outcomes, vec![Some("body".to_owned()); 240]);
}

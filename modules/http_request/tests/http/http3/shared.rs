//! Connections of HTTP/3 that the users of a thread share.

use super::{Said, Server, config, counts, data, head, is_heard, ok};
use crate::user::{User, method, run, some, text};
use bggo_module_http_request::http_client::{In as Of, Metric};
use bggo_module_http_request::http_request;
use bggo_runtime::contract::{Fault, Number, Text};
use bggo_tests::server::Certificates;
use quinn::{ConnectionError, VarInt};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

/// So many users of a thread that share their connections, of which there may be so many.
fn sharing(server: &Server, users: usize, most: Option<i64>) -> Vec<Rc<User>> {
    sharing_with(server, users, most.map(limit).into_iter().collect())
}

fn sharing_with(server: &Server, users: usize, mut client: Vec<Of>) -> Vec<Rc<User>> {
    client.push(Of::Connections(some(Text::Static("shared"))));
    let first = server.user(client);
    let others: Vec<User> = (1..users).map(|_| first.beside()).collect();
    [first].into_iter().chain(others).map(Rc::new).collect()
}

/// So many connections at most.
fn limit(most: i64) -> Of {
    Of::MaxConnections(some(Number::new(most)))
}

/// A user that has asked for something; the body of its answer.
fn asks(
    user: &Rc<User>,
    ask: Vec<http_request::In>,
) -> tokio::task::JoinHandle<Result<String, Fault>> {
    let user = Rc::clone(user);
    tokio::task::spawn_local(async move {
        let output = user.ask(ask).await?;
        Ok(text(&output.body))
    })
}

async fn all_leave(users: Vec<Rc<User>>) {
    for user in users {
        Rc::into_inner(user).unwrap().leave().await;
    }
}

/// Says which request it is, by its path.
async fn says_its_path(said: &mut Said, path: &str) {
    said.say(&[head(&[]), data(path)].concat()).await;
    said.send.finish().unwrap();
}

#[test]
fn a_connection_without_requests_is_closed_after_its_idle_timeout_whatever_its_server_says_meanwhile()
 {
    run(async || {
        let certificates = Certificates::new(&["localhost", "127.0.0.1"]);
        let mut config = config(&certificates, &[b"h3"]);
        let mut transport = quinn::TransportConfig::default();
        // Each of its words begins the limit of QUIC anew.
        transport.keep_alive_interval(Some(Duration::from_millis(50)));
        config.transport_config(Arc::new(transport));
        let server = Server::of(certificates, config);
        let last = Rc::new(RefCell::new(None));
        let kept = Rc::clone(&last);
        server.say(async move |mut said: Said| {
            said.read().await;
            says_its_path(&mut said, "ok").await;
            *kept.borrow_mut() = Some(said.connection.clone());
        });
        let rests = vec![Of::IdleTimeout(some(Duration::from_millis(300)))];
        let users = sharing_with(&server, 2, rests);
        for user in &users {
            let asked = asks(user, vec![server.url("/")]);
            assert_eq!(asked.await.unwrap().unwrap(), "ok");
        }
        let connection = last.borrow_mut().take().unwrap();
        // Nobody asks for anything more.
        let closed = tokio::time::timeout(Duration::from_secs(20), connection.closed()).await;
        let by_client = closed.expect("it is closed");
        assert!(
            matches!(
                &by_client,
                ConnectionError::ApplicationClosed(closed) if closed.error_code == VarInt::from_u32(0x100)
            ),
            "{by_client}"
        );
        all_leave(users).await;
    });
}

#[test]
fn users_that_share_have_one_connection_as_long_as_its_server_takes_more() {
    run(async || {
        let server = Server::new();
        server.say(async |mut said: Said| {
            said.read().await;
            says_its_path(&mut said, "ok").await;
        });
        let users = sharing(&server, 50, None);
        for _ in 0..3 {
            let asked: Vec<_> = users
                .iter()
                .map(|user| asks(user, vec![server.url("/")]))
                .collect();
            for asked in asked {
                assert_eq!(asked.await.unwrap().unwrap(), "ok");
            }
        }
        assert_eq!(server.connections(), 1);
        let first = &users[0];
        assert_eq!(first.counted_by_client(Metric::CONNECTIONS), 1);
        // The first one made the connection, and the others waited for it.
        assert_eq!(first.recorded_by_client(Metric::CONNECTION_WAIT), 49);
        assert_eq!(counts(first), (150, 150, 0, 0));
        all_leave(users).await;
    });
}

#[test]
fn where_a_connection_takes_no_more_requests_another_is_made_up_to_the_most() {
    run(async || {
        // Answers come only when all requests are there that can be.
        for (most, connections, at_once) in [(None, 5, 10), (Some(2), 2, 4)] {
            let server = Server::taking(2);
            let held = Rc::new(Cell::new(true));
            let seen = Rc::clone(&server.seen);
            let holds = Rc::clone(&held);
            server.say(async move |mut said: Said| {
                let holds = Rc::clone(&holds);
                tokio::task::spawn_local(async move {
                    said.read().await;
                    while holds.get() {
                        tokio::task::yield_now().await;
                    }
                    says_its_path(&mut said, "ok").await;
                });
            });
            let users = sharing(&server, 10, most);
            let asked: Vec<_> = users
                .iter()
                .map(|user| asks(user, vec![server.url("/")]))
                .collect();
            let all_came = || seen.requests.borrow().len() == at_once;
            while !all_came() {
                tokio::task::yield_now().await;
            }
            held.set(false);
            for asked in asked {
                assert_eq!(asked.await.unwrap().unwrap(), "ok");
            }
            assert_eq!(server.connections(), connections);
            let waited = users[0].recorded_by_client(Metric::CONNECTION_WAIT);
            assert_eq!(waited, 9);
            all_leave(users).await;
        }
    });
}

#[test]
fn requests_that_wait_for_a_stream_go_in_the_order_in_which_they_came() {
    run(async || {
        let server = Server::taking(1);
        let paths = Rc::new(RefCell::new(Vec::new()));
        let noted = Rc::clone(&paths);
        server.answer(async move |request, stream| {
            noted.borrow_mut().push(request.uri().path().to_owned());
            ok(stream, "ok").await;
        });
        let users = sharing(&server, 20, Some(1));
        let asked: Vec<_> = users
            .iter()
            .enumerate()
            .map(|(nth, user)| asks(user, vec![server.url(&format!("/{nth}"))]))
            .collect();
        for asked in asked {
            assert_eq!(asked.await.unwrap().unwrap(), "ok");
        }
        let expected: Vec<String> = (0..20).map(|nth| format!("/{nth}")).collect();
        assert_eq!(*paths.borrow(), expected);
        assert_eq!(server.connections(), 1);
        all_leave(users).await;
    });
}

#[test]
fn who_gives_up_while_a_connection_is_made_or_waited_for_holds_nobody_up() {
    run(async || {
        let server = Server::taking(1);
        server.say(async |mut said: Said| {
            said.read().await;
            says_its_path(&mut said, "ok").await;
        });
        let users = sharing(&server, 3, Some(1));
        // The first one dials, the second one waits for that.
        let dials = asks(&users[0], vec![server.url("/")]);
        let waits = asks(&users[1], vec![server.url("/")]);
        tokio::task::yield_now().await;
        tokio::task::yield_now().await;
        dials.abort();
        assert!(dials.await.unwrap_err().is_cancelled());
        assert_eq!(waits.await.unwrap().unwrap(), "ok");
        let asked = asks(&users[2], vec![server.url("/")]);
        assert_eq!(asked.await.unwrap().unwrap(), "ok");
        all_leave(users).await;
    });
}

#[test]
fn a_lost_connection_makes_room_for_another_one() {
    run(async || {
        let server = Server::taking(1);
        server.say(async |mut said: Said| {
            said.read().await;
            if said.nth == 1 {
                said.connection.close(VarInt::from_u32(0x100), b"");
            } else {
                says_its_path(&mut said, "ok").await;
            }
        });
        let users = sharing(&server, 4, Some(1));
        let asked: Vec<_> = users
            .iter()
            .map(|user| asks(user, vec![server.url("/"), method("POST")]))
            .collect();
        let mut ended = Vec::new();
        for asked in asked {
            ended.push(
                asked
                    .await
                    .unwrap()
                    .map_err(|fault| fault.kind().to_owned()),
            );
        }
        let lost = Err("closed".to_owned());
        let ok = || Ok("ok".to_owned());
        assert_eq!(ended, [lost, ok(), ok(), ok()]);
        assert_eq!(server.connections(), 2);
        all_leave(users).await;
    });
}

#[test]
fn a_server_that_falls_silent_loses_its_connection_and_who_waits_gets_another() {
    run(async || {
        let server = Server::taking(1);
        server.say(async |mut said: Said| {
            said.read().await;
            match said.nth {
                1 => std::future::pending().await,
                _ => says_its_path(&mut said, "ok").await,
            }
        });
        let users = sharing(&server, 4, Some(1));
        let hasty = http_request::In::Timeout(some(Duration::from_millis(300)));
        let hasty = asks(&users[0], vec![server.url("/"), hasty]);
        let patient: Vec<_> = users[1..]
            .iter()
            .map(|user| asks(user, vec![server.url("/")]))
            .collect();
        assert_eq!(hasty.await.unwrap().unwrap_err().kind(), "timeout");
        for asked in patient {
            assert_eq!(asked.await.unwrap().unwrap(), "ok");
        }
        assert_eq!(server.requests(), [1, 2, 2, 2]);
        all_leave(users).await;
    });
}

#[test]
fn a_server_that_says_goodbye_makes_room_for_another_connection_once_its_requests_are_answered() {
    run(async || {
        let server = Server::taking(1);
        let at_once = Rc::new(Cell::new(0));
        let most = Rc::new(Cell::new(0));
        let (open, seen) = (Rc::clone(&at_once), Rc::clone(&most));
        server.accept(move |connection, seen_by, number| {
            let (open, most) = (Rc::clone(&open), Rc::clone(&seen));
            async move {
                open.set(open.get() + 1);
                most.set(most.get().max(open.get()));
                let mut control = connection.open_uni().await.unwrap();
                control.write_all(&[0, 4, 0]).await.unwrap();
                while let Ok((mut send, mut receive)) = connection.accept_bi().await {
                    seen_by.requests.borrow_mut().push(number);
                    let _ = receive.read_to_end(1 << 20).await;
                    // It takes no request behind the first, and leaves it to the client to close the connection.
                    control.write_all(&[7, 1, 4]).await.unwrap();
                    is_heard(&connection).await;
                    let answer = [head(&[]), data("ok")].concat();
                    send.write_all(&answer).await.unwrap();
                    send.finish().unwrap();
                }
                open.set(open.get() - 1);
            }
        });
        let users = sharing(&server, 4, Some(1));
        let asked: Vec<_> = users
            .iter()
            .map(|user| asks(user, vec![server.url("/")]))
            .collect();
        for asked in asked {
            assert_eq!(asked.await.unwrap().unwrap(), "ok");
        }
        assert_eq!(server.requests(), [1, 2, 3, 4]);
        assert_eq!(most.get(), 1);
        all_leave(users).await;
    });
}

#[test]
fn without_keep_alive_there_are_no_more_connections_at_once_than_the_most() {
    run(async || {
        let server = Server::new();
        let at_once = Rc::new(Cell::new(0));
        let most = Rc::new(Cell::new(0));
        let seen = Rc::clone(&most);
        server.say(async move |mut said: Said| {
            at_once.set(at_once.get() + 1);
            seen.set(seen.get().max(at_once.get()));
            said.read().await;
            tokio::task::yield_now().await;
            says_its_path(&mut said, "ok").await;
            // The client closes a connection that has served.
            said.connection.closed().await;
            at_once.set(at_once.get() - 1);
        });
        let keep_alive = Of::KeepAlive(some(false));
        let users = sharing_with(&server, 6, vec![limit(2), keep_alive]);
        let asked: Vec<_> = users
            .iter()
            .map(|user| asks(user, vec![server.url("/")]))
            .collect();
        for asked in asked {
            assert_eq!(asked.await.unwrap().unwrap(), "ok");
        }
        assert_eq!(server.connections(), 6);
        assert!(most.get() <= 2, "{}", most.get());
        let waited = users[0].recorded_by_client(Metric::CONNECTION_WAIT);
        assert_eq!(waited, 4);
        all_leave(users).await;
    });
}

#[test]
fn connections_of_one_user_have_no_metric_of_their_waits() {
    run(async || {
        let server = Server::taking(1);
        server.say(async |mut said: Said| {
            said.read().await;
            says_its_path(&mut said, "ok").await;
        });
        let user = Rc::new(server.user(Vec::new()));
        let both = [
            asks(&user, vec![server.url("/")]),
            asks(&user, vec![server.url("/")]),
        ];
        for asked in both {
            assert_eq!(asked.await.unwrap().unwrap(), "ok");
        }
        assert_eq!(user.recorded_by_client(Metric::CONNECTION_WAIT), 0);
        all_leave(vec![user]).await;
    });
}

#[test]
fn a_request_that_keeps_its_host_back_shares_the_only_connection_with_one_that_does_not() {
    run(async || {
        let server = Server::taking(1);
        server.say(async |mut said: Said| {
            said.read().await;
            says_its_path(&mut said, "ok").await;
        });
        let users = sharing(&server, 2, Some(1));
        let open = asks(&users[0], vec![server.url("/")]);
        let user = Rc::clone(&users[1]);
        let kept_back = vec![server.url("/")];
        let kept_back = tokio::task::spawn_local(async move {
            user.ask_keeping_back(kept_back)
                .await
                .map(|output| text(&output.body))
        });
        for asked in [open, kept_back] {
            assert_eq!(asked.await.unwrap().unwrap(), "ok");
        }
        assert_eq!(server.connections(), 1);
        all_leave(users).await;
    });
}

//! Requests over HTTP/2 that a server says it did not look at, as raw frames.

use crate::user::{User, method, run, some, text, url};
use bggo_module_http_request::http_client::In;
use bggo_module_http_request::http_request::{In as Ask, Metric};
use bggo_runtime::contract::{Number, Text};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::rc::Rc;
use std::thread::JoinHandle;
use tokio::task::spawn_local;

const HEADERS: u8 = 1;
const GOAWAY: u8 = 7;
const SETTINGS: &[u8] = &[0, 0, 0, 4, 0, 0, 0, 0, 0];

/// A server, which ends when it has had so many connections.
struct Server {
    address: String,
    serving: JoinHandle<Vec<u32>>,
}

impl Server {
    /// It takes so many requests of a connection, and says so as soon as the last of them came. If it takes none, it says so when the first one comes.
    fn taking(requests: u32, connections: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let serving = std::thread::spawn(move || {
            let streams = listener.incoming().take(connections);
            streams
                .map(|stream| serve(stream.unwrap(), requests))
                .collect()
        });
        Self { address, serving }
    }

    fn ask(&self) -> Vec<Ask> {
        vec![url(format!("http://{}/", self.address)), method("POST")]
    }

    /// How many heads came on each connection.
    fn heads(self) -> Vec<u32> {
        self.serving.join().unwrap()
    }
}

/// Serves a connection until the client closes it: how many heads came.
fn serve(mut stream: TcpStream, requests: u32) -> u32 {
    let mut preface = [0; 24];
    stream.read_exact(&mut preface).unwrap();
    stream.write_all(SETTINGS).unwrap();
    let mut heads = 0;
    loop {
        let mut head = [0; 9];
        if stream.read_exact(&mut head).is_err() {
            return heads;
        }
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let mut payload = vec![0; length as usize];
        stream.read_exact(&mut payload).unwrap();
        if head[3] != HEADERS {
            continue;
        }
        heads += 1;
        let last = (2 * requests).saturating_sub(1);
        let mut says = Vec::new();
        if heads == requests.max(1) {
            says.extend([0, 0, 8, GOAWAY, 0, 0, 0, 0, 0]);
            says.extend(last.to_be_bytes());
            says.extend([0; 4]);
        }
        if heads <= requests {
            // Status 200, and nothing more.
            says.extend([0, 0, 1, HEADERS, 5]);
            says.extend(&head[5..]);
            says.push(0x88);
        }
        // The client may have closed.
        let _ = stream.write_all(&says);
    }
}

fn client() -> Vec<In> {
    vec![In::HttpVersion(some(Text::Static("2")))]
}

fn counts(user: &User) -> [u64; 4] {
    [
        user.counted(Metric::REQUESTS),
        user.counted(Metric::ANSWERED),
        user.counted(Metric::CUT),
        user.counted(Metric::RESENT),
    ]
}

#[test]
fn a_server_that_takes_no_request_of_any_connection_is_asked_three_times() {
    run(async || {
        let server = Server::taking(0, 3);
        let user = User::new(client());
        let fault = user.ask(server.ask()).await.unwrap_err();
        let says = format!(
            "no answer from {}: the other end ended the HTTP/2 connection (NO_ERROR)",
            server.address
        );
        assert_eq!((fault.kind(), fault.text()), ("closed", &*says));
        assert_eq!(counts(&user), [3, 0, 3, 2]);
        user.leave().await;
        assert_eq!(server.heads(), [1, 1, 1]);
    });
}

#[test]
fn a_server_that_begins_an_answer_and_refuses_its_request_is_asked_no_more() {
    run(async || {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let serving = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut came = [0; 24];
            stream.read_exact(&mut came).unwrap();
            // Status 103, then REFUSED_STREAM.
            let begun = [&[0, 0, 5, HEADERS, 4, 0, 0, 0, 1, 0x08, 3][..], b"103"].concat();
            let refused = [0, 0, 4, 3, 0, 0, 0, 0, 1, 0, 0, 0, 7];
            let says = [SETTINGS, &begun, &refused].concat();
            let mut left = 1;
            while left > 0 {
                let mut head = [0; 9];
                stream.read_exact(&mut head).unwrap();
                let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
                stream.read_exact(&mut vec![0; length as usize]).unwrap();
                left -= u32::from(head[3] == HEADERS);
            }
            stream.write_all(&says).unwrap();
            let _ = stream.read_to_end(&mut Vec::new());
        });
        let user = User::new(client());
        let ask = vec![url(format!("http://{address}/")), method("POST")];
        let fault = user.ask(ask).await.unwrap_err();
        assert_eq!(fault.kind(), "reset");
        assert_eq!(counts(&user), [1, 0, 1, 0]);
        user.leave().await;
        serving.join().unwrap();
    });
}

#[test]
fn what_is_left_behind_others_is_sent_until_it_is_served() {
    run(async || {
        // Each connection serves two of twelve users.
        let server = Server::taking(2, 6);
        let mut shared = client();
        shared.push(In::Connections(some(Text::Static("shared"))));
        shared.push(In::MaxConnections(some(Number::new(1))));
        let first = User::new(shared);
        let others: Vec<User> = (1..12).map(|_| first.beside()).collect();
        let users: Vec<_> = [first].into_iter().chain(others).map(Rc::new).collect();
        let asked: Vec<_> = users
            .iter()
            .map(|user| {
                let (user, ask) = (Rc::clone(user), server.ask());
                spawn_local(async move { user.ask(ask).await.map(|output| text(&output.body)) })
            })
            .collect();
        for asked in asked {
            assert_eq!(asked.await.unwrap().unwrap(), "");
        }
        let [requests, answered, cut, resent] = counts(&users[0]);
        assert_eq!((answered, cut), (12, resent));
        assert_eq!(requests, 12 + resent);
        // Ten users at once find a connection that serves one more of them.
        assert!(resent > 0, "{resent}");
        for user in users {
            Rc::into_inner(user).unwrap().leave().await;
        }
        let heads = server.heads();
        assert_eq!(
            heads.iter().map(|heads| u64::from(*heads)).sum::<u64>(),
            requests
        );
    });
}

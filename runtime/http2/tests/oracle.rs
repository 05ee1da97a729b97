//! Against the server of the crate h2, over a pipe in memory: random requests, bodies, answers and windows, many at once. Each
//! answer says what the server saw.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "what cannot be set up fails the test"
)]

use bggo_http2::{Asking, Block, Connection, Ends, Event, Head, Keeping, Key, Limits, Room, Rules};
use bytes::Bytes;
use std::collections::BTreeMap;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

/// splitmix64
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end.max(1) as u64).unwrap()
    }

    /// Mostly small, sometimes beyond every window.
    fn size(&mut self) -> usize {
        match self.below(8) {
            0..3 => 0,
            3..6 => self.below(2_000),
            _ => self.below(100_000),
        }
    }
}

fn filled(size: usize, first: usize) -> Vec<u8> {
    (first..first + size).map(|at| (at % 251) as u8).collect()
}

/// What one request is, and what is asked of the server: the path says how long the answer is and how often its field stands.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Ask {
    path: String,
    field: String,
    sends: usize,
    gets: usize,
    has_trailers: bool,
    is_head: bool,
}

impl Ask {
    fn of(random: &mut Random, number: usize) -> Self {
        let (gets, has_trailers) = (random.size(), random.below(3) == 0);
        let signs: Vec<char> = (' '..='~').collect();
        let length = match random.below(20) {
            0 => 20_000,
            _ => random.below(60),
        };
        let field: String = (0..length)
            .map(|_| signs[random.below(signs.len())])
            .collect();
        Self {
            path: format!("/{number}?{gets},{}", u8::from(has_trailers)),
            field: field.trim().to_owned(),
            sends: random.size(),
            gets,
            has_trailers,
            is_head: random.below(10) == 0,
        }
    }

    fn method(&self) -> &'static str {
        match (self.is_head, self.sends) {
            (true, _) => "HEAD",
            (_, 0) => "GET",
            _ => "POST",
        }
    }
}

/// Answers every request with what it was.
async fn serve(stream: DuplexStream, window: u32, most: u32) {
    let mut builder = h2::server::Builder::new();
    builder
        .initial_window_size(window)
        .max_concurrent_streams(most)
        .max_header_list_size(100_000);
    let mut connection = builder.handshake::<_, Bytes>(stream).await.unwrap();
    while let Some(accepted) = connection.accept().await {
        let Ok((request, respond)) = accepted else {
            return;
        };
        tokio::task::spawn_local(answer(request, respond));
    }
}

async fn answer(
    request: http::Request<h2::RecvStream>,
    mut respond: h2::server::SendResponse<Bytes>,
) {
    let (parts, mut body) = request.into_parts();
    let (mut size, mut is_right) = (0, true);
    while let Some(piece) = body.data().await {
        let piece = piece.unwrap();
        is_right &= piece == filled(piece.len(), size);
        size += piece.len();
        body.flow_control().release_capacity(piece.len()).unwrap();
    }
    let (gets, has_trailers) = parts.uri.query().unwrap().split_once(',').unwrap();
    let gets: usize = gets.parse().unwrap();
    let said = format!(
        "{} {} {} {} {size} {is_right}",
        parts.method,
        parts.uri.scheme_str().unwrap(),
        parts.uri.authority().unwrap(),
        parts.uri.path(),
    );
    let mut head = http::Response::builder()
        .status(200 + gets as u16 % 4)
        .header("x-said", said)
        .header("x-field", parts.headers.get("x-field").unwrap());
    if parts.method == "HEAD" {
        head = head.header("content-length", gets);
        respond.send_response(head.body(()).unwrap(), true).unwrap();
        return;
    }
    let ends = gets == 0 && has_trailers == "0";
    let mut sending = respond.send_response(head.body(()).unwrap(), ends).unwrap();
    let mut sent = 0;
    while sent < gets {
        sending.reserve_capacity(gets - sent);
        let room = std::future::poll_fn(|cx| sending.poll_capacity(cx)).await;
        let count = room.unwrap().unwrap().min(gets - sent);
        let piece = filled(count, sent);
        sent += count;
        let is_last = sent == gets && has_trailers == "0";
        sending.send_data(piece.into(), is_last).unwrap();
    }
    if has_trailers == "1" {
        let mut trailers = http::HeaderMap::new();
        trailers.insert("x-trailer", "end".parse().unwrap());
        sending.send_trailers(trailers).unwrap();
    }
}

/// What came of a request so far.
#[derive(Debug, Default, PartialEq, Eq)]
struct Came {
    head: String,
    size: usize,
    trailer: String,
    has_ended: bool,
}

/// The client: it opens what it can, sends and takes bodies in random pieces.
struct Client {
    connection: Connection,
    head: Head,
    random: Random,
    out: Vec<u8>,
    came: Vec<u8>,
    asks: Vec<Ask>,
    /// By key: which request it is, how much of it was sent, what came.
    open: BTreeMap<usize, (usize, usize, Came)>,
    over: Vec<(Ask, Came)>,
    /// How many requests the server takes at once.
    knows: bool,
}

impl Client {
    fn opens(&mut self, next: &mut usize) {
        while *next < self.asks.len() && self.connection.room() == Room::Now {
            let ask = &self.asks[*next];
            let mut block = Block::new();
            block.begin(ask.method(), "http", ("a.test:81", &ask.path));
            block.field(b"X-Field", ask.field.as_bytes(), Keeping::Allowed);
            block.field(b"cookie", b"a=b", Keeping::Never);
            let asking = Asking {
                block: [block.bytes(), &[]],
                has_body: ask.sends > 0,
                is_head: ask.is_head,
            };
            let key = self.connection.open(&asking, &mut self.out).unwrap();
            self.open.insert(key.0, (*next, 0, Came::default()));
            *next += 1;
        }
    }

    fn sends(&mut self) {
        for (key, (ask, sent, _)) in &mut self.open {
            let size = self.asks[*ask].sends;
            while *sent < size {
                let may_send = self.connection.may_send(Key(*key));
                if may_send == 0 {
                    break;
                }
                // Sometimes more than may be sent.
                let count = (1 + self.random.below(may_send + 100)).min(size - *sent);
                let ends = if *sent + count == size {
                    Ends::Yes
                } else {
                    Ends::No
                };
                let piece = filled(count, *sent);
                let taken = self.connection.send(Key(*key), &piece, ends, &mut self.out);
                assert_eq!(taken, may_send.min(count));
                *sent += taken;
            }
        }
    }

    fn receives(&mut self) {
        let mut at = 0;
        loop {
            let received = self.connection.receive(&self.came[at..], &mut self.head);
            let received = received.unwrap_or_else(|bad| panic!("{}", bad.words()));
            at += received.taken;
            let (key, ends) = match received.event {
                Event::More => break,
                Event::Nothing => continue,
                Event::Room => {
                    self.knows = true;
                    continue;
                }
                Event::Head(key, ends) => {
                    let text = |name| String::from_utf8(self.head.get(name).unwrap().to_vec());
                    let (said, field) = (text("x-said").unwrap(), text("x-field").unwrap());
                    let (.., came) = self.open.get_mut(&key.0).unwrap();
                    came.head = format!("{} {said} {field}", self.head.status());
                    (key, ends)
                }
                Event::Data(key, size, ends) => {
                    let (.., came) = self.open.get_mut(&key.0).unwrap();
                    assert_eq!(self.came[at - size..at], filled(size, came.size));
                    came.size += size;
                    self.connection.taken(key, size);
                    (key, ends)
                }
                Event::End(key) => (key, Ends::Yes),
                Event::Trailers(key) => {
                    let (.., came) = self.open.get_mut(&key.0).unwrap();
                    let trailer = self.head.get("x-trailer").unwrap_or_default();
                    came.trailer = String::from_utf8(trailer.to_vec()).unwrap();
                    (key, Ends::Yes)
                }
                other => panic!("{other:?}"),
            };
            if ends == Ends::Yes {
                let (ask, sent, mut came) = self.open.remove(&key.0).unwrap();
                assert_eq!(sent, self.asks[ask].sends);
                came.has_ended = true;
                self.over.push((self.asks[ask].clone(), came));
                self.connection.close(key);
            }
        }
        self.came.drain(..at);
    }
}

async fn talk(seed: u64) {
    let mut random = Random(seed);
    let server_window = [1_000, 65_535, 1 << 20][random.below(3)];
    let most = [1, 7, 100][random.below(3)];
    let pipe = [1_000, 10_000, 1 << 16][random.below(3)];
    let rules = Rules {
        limits: Limits {
            fields: 100,
            bytes: 100_000,
        },
        stream_window: [2_000, 65_535, 1 << 20][random.below(3)],
        connection_window: [65_535, 1 << 20][random.below(2)],
    };
    let (mut stream, server) = duplex(pipe);
    let serving = tokio::task::spawn_local(serve(server, server_window, most));
    let count = 5 + random.below(20);
    let asks: Vec<Ask> = (0..count)
        .map(|number| Ask::of(&mut random, number))
        .collect();
    let mut out = Vec::new();
    let mut client = Client {
        connection: Connection::new(rules, &mut out),
        head: Head::new(),
        random,
        out,
        came: Vec::new(),
        asks,
        open: BTreeMap::new(),
        over: Vec::new(),
        knows: most == 100,
    };
    let mut next = 0;
    while client.over.len() < client.asks.len() {
        if client.knows {
            client.opens(&mut next);
        }
        client.sends();
        client.connection.put_replies(&mut client.out);
        let mut piece = vec![0; 1 + client.random.below(20_000)];
        let (mut from, mut to) = tokio::io::split(&mut stream);
        tokio::select! {
            biased;
            count = from.read(&mut piece) => {
                let count = count.unwrap();
                assert!(count > 0, "the server stays");
                client.came.extend(&piece[..count]);
            }
            count = to.write(&client.out), if !client.out.is_empty() => {
                client.out.drain(..count.unwrap());
            }
        }
        client.receives();
    }
    for (ask, came) in &client.over {
        let Ask { sends, field, .. } = ask;
        let path = ask.path.split('?').next().unwrap();
        let status = 200 + ask.gets % 4;
        let said = format!(
            "{status} {} http a.test:81 {path} {sends} true {field}",
            ask.method()
        );
        let is_head = ask.is_head;
        let expected = Came {
            head: said,
            size: if is_head { 0 } else { ask.gets },
            trailer: if ask.has_trailers && !is_head {
                "end"
            } else {
                ""
            }
            .to_owned(),
            has_ended: true,
        };
        assert_eq!(*came, expected, "seed {seed}");
    }
    serving.abort();
}

#[tokio::test(flavor = "current_thread")]
async fn every_answer_is_that_to_its_request() {
    let local = tokio::task::LocalSet::new();
    for seed in 0..24 {
        eprintln!("seed {seed} {:?}", std::time::Instant::now());
        local.run_until(talk(seed)).await;
    }
}

/// A stream that is given up is reset, and those beside it are not disturbed.
#[tokio::test(flavor = "current_thread")]
async fn a_request_that_is_given_up_leaves_the_connection_in_order() {
    let rules = Rules {
        limits: Limits {
            fields: 100,
            bytes: 100_000,
        },
        stream_window: 65_535,
        connection_window: 65_535,
    };
    let local = tokio::task::LocalSet::new();
    let talking = async {
        let (mut stream, server) = duplex(1 << 16);
        let serving = tokio::task::spawn_local(serve(server, 65_535, 100));
        let mut out = Vec::new();
        let mut connection = Connection::new(rules, &mut out);
        let (mut head, mut came) = (Head::new(), Vec::new());
        let mut ended = 0;
        for number in 0..100 {
            let mut block = Block::new();
            // Longer than the windows of half of them together.
            let size = if number % 2 == 0 { 50_000 } else { 10 };
            block.begin("GET", "http", ("a", &format!("/{number}?{size},0")));
            block.field(b"x-field", b"", Keeping::Allowed);
            let asking = Asking {
                block: [block.bytes(), &[]],
                has_body: false,
                is_head: false,
            };
            let key = connection.open(&asking, &mut out).unwrap();
            let mut is_open = true;
            while is_open {
                connection.put_replies(&mut out);
                stream.write_all(&std::mem::take(&mut out)).await.unwrap();
                let count = stream.read_buf(&mut came).await.unwrap();
                assert!(count > 0);
                let mut at = 0;
                loop {
                    let received = connection.receive(&came[at..], &mut head).unwrap();
                    at += received.taken;
                    match received.event {
                        Event::More => break,
                        Event::Data(of, size, ends) => {
                            assert_eq!(of, key);
                            connection.taken(key, size);
                            ended += u64::from(ends == Ends::Yes);
                            is_open = ends == Ends::No && number % 2 == 1;
                            if !is_open {
                                connection.close(key);
                            }
                        }
                        Event::Head(of, Ends::No) => assert_eq!(of, key),
                        Event::Nothing | Event::Room => {}
                        other => panic!("{other:?}"),
                    }
                }
                came.drain(..at);
            }
        }
        assert_eq!(ended, 50);
        serving.abort();
    };
    local.run_until(talking).await;
}

//! Answers that come in pieces, cut anywhere: each step has its own whole answer all the same.

use crate::server;
use crate::user::{User, number, parts, run, text};
use bggo_module_postgres::postgres_query::Late;
use bggo_runtime::contract::{Parts, Shape, encode_json};
use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread::spawn;

/// How many answers are cut in a round. `BGGO_POSTGRES_ROUNDS` asks for more rounds.
const ANSWERS: u64 = 10_000;

/// Numbers that look random, the same in each run.
struct Draws(u64);

impl Draws {
    /// The next one, below a bound.
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}

/// Passes on what a server says in pieces of a few bytes, or of many.
fn pass(mut from: TcpStream, mut to: TcpStream) {
    let mut draws = Draws(0x9e37_79b9_7f4a_7c15);
    let mut bytes = [0; 1 << 16];
    while let Ok(count @ 1..) = from.read(&mut bytes) {
        let mut rest = &bytes[..count];
        while !rest.is_empty() {
            let most = [1, 7, 60, 5000][draws.below(4) as usize];
            let piece = 1 + draws.below(most) as usize;
            let (now, behind) = rest.split_at(piece.min(rest.len()));
            if to.write_all(now).is_err() {
                return;
            }
            rest = behind;
            std::thread::yield_now();
        }
    }
}

/// A port behind which the server is, which cuts up what that says.
fn cutter() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let to = server().port();
    spawn(move || {
        while let Ok((client, _)) = listener.accept() {
            let server = TcpStream::connect(("127.0.0.1", to)).unwrap();
            client.set_nodelay(true).unwrap();
            server.set_nodelay(true).unwrap();
            let (mut from, mut up) = (client.try_clone().unwrap(), server.try_clone().unwrap());
            spawn(move || {
                let _ = std::io::copy(&mut from, &mut up);
                let _ = up.shutdown(std::net::Shutdown::Both);
            });
            spawn(move || pass(server, client));
        }
    });
    port
}

#[test]
fn answers_that_come_in_pieces_are_read_as_whole_ones() {
    let _held = server();
    let rounds = std::env::var("BGGO_POSTGRES_ROUNDS");
    let rounds = rounds.map_or(1, |count| count.parse().unwrap());
    for round in 0..rounds {
        split(round);
    }
}

fn split(round: u64) {
    run(async || {
        let port = cutter();
        let user = User::new(&format!(
            "postgres://postgres@127.0.0.1:{port}/postgres?sslmode=disable"
        ));
        let sql = "SELECT $1::int + n AS n, repeat('x', $2) AS t, NULL AS z FROM generate_series(1, $3) AS n";
        let step = user.prepared(vec![text(sql), parts([0, 1, 2].map(Shape::Hole).to_vec())]);
        let mut draws = Draws(42 + round);
        for _ in 0..ANSWERS {
            let [first, length, count] =
                [1_000_000, 300, 4].map(|bound| i64::try_from(draws.below(bound)).unwrap());
            let late = [first, length, count].map(number);
            let late = Late::Params(Some(Parts::Holes(&late)));
            let came = user.asks(&step, &[late]).await.unwrap();
            let mut expected = String::from("[");
            for row in 1..=count {
                let comma = if row > 1 { "," } else { "" };
                let text = "x".repeat(usize::try_from(length).unwrap());
                let n = first + row;
                write!(expected, r#"{comma}{{"n":{n},"t":"{text}","z":null}}"#).unwrap();
            }
            expected.push(']');
            assert_eq!(encode_json(&came.rows), expected);
        }
        // One connection has served them all.
        let counted = bggo_module_postgres::postgres_connection::Metric::RECONNECTS;
        assert_eq!(user.counted(counted), 0);
        user.leave().await;
    });
}

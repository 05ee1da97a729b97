//! The rows: what is sent to whom, by whom, and what bggo is to reach beside its anchor.

use crate::peers::{Peer, Version, Way, autocannon, bggo, h2load, k6, oha, quinn, wrk};
use crate::target::{Http3Target, Target};
use bggo_tests::bench::Program;

/// Connections of every row that says nothing else.
const CONNECTIONS: u32 = 64;

/// Streams of the row of HTTP/2, all on one connection.
const STREAMS: u32 = 100;

/// A row, ready to be measured.
pub struct Row {
    /// What it says it is in the table.
    pub title: &'static str,
    /// bggo comes first; its anchor second; then whoever else there is.
    pub peers: Vec<Peer>,
    /// The least share of the anchor's requests a second.
    pub rate: f64,
    /// The largest share of the anchor's CPU time a request, if there is a goal.
    pub cpu: Option<f64>,
    /// Rounds, if nobody says otherwise.
    pub rounds: usize,
    /// Whether system calls and instructions of bggo and of the anchor are counted.
    pub is_exact: bool,
    /// Where it sends to, if that is not the target of all rows.
    pub http3: Option<Http3Target>,
}

impl Row {
    fn new(title: &'static str, peers: Vec<Peer>) -> Self {
        Self {
            title,
            peers,
            rate: 1.0,
            cpu: None,
            rounds: 5,
            is_exact: true,
            http3: None,
        }
    }

    /// What `clients` gave back, and how many requests the server has counted meanwhile.
    pub fn counted<T>(&self, target: &Target, clients: impl FnOnce() -> T) -> (T, u64) {
        match &self.http3 {
            Some(http3) => http3.counted(clients),
            None => {
                let (done, counted) = target.counted(clients);
                (done, counted.requests)
            }
        }
    }
}

/// Makes a row that sends to a target.
pub type Make = fn(&Target) -> Row;

/// All rows by their names.
pub const ROWS: [(&str, Make); 9] = [
    ("fixed", fixed),
    ("tls", tls),
    ("body-1k", |target| {
        body(target, "1k", "unread body of 1 KiB")
    }),
    ("body-64k", |target| {
        body(target, "64k", "unread body of 64 KiB")
    }),
    ("body-1m", |target| {
        body(target, "1m", "unread body of 1 MiB")
    }),
    ("varying", varying),
    ("journey", journey),
    ("http2", http2),
    ("http3", http3),
];

fn fixed(target: &Target) -> Row {
    let way = way(format!("{}/hit", target.plain()));
    let of_k6 = Way {
        url: target.plain(),
        script: Some("fixed.js"),
        ..way
    };
    let url = flag("--url", target.plain());
    let grid = include_str!("grids/fixed.hcl");
    let reference = include_str!("grids/reqwest.hcl");
    let peers = vec![
        bggo("bggo", Program::new(grid), CONNECTIONS, url.clone()),
        wrk(&way),
        wrk(&with_same_head(&way)),
        h2load(&way, Version::One),
        oha(&way),
        k6(&of_k6),
        bggo("bggo on reqwest", Program::new(reference), CONNECTIONS, url),
    ];
    Row {
        cpu: Some(1.0),
        rounds: 10,
        ..Row::new("fixed GET, 64 connections", peers)
    }
}

fn tls(target: &Target) -> Row {
    let flags = [
        flag("--url", target.tls()),
        flag("--ca", target.authority()),
    ];
    let program = Program::new(include_str!("grids/tls.hcl"));
    let way = way(format!("{}/hit", target.tls()));
    let peers = vec![
        bggo("bggo", program, CONNECTIONS, flags.concat()),
        wrk(&way),
        wrk(&with_same_head(&way)),
    ];
    Row {
        rate: 1.05,
        cpu: Some(0.8),
        ..Row::new("fixed GET over TLS", peers)
    }
}

fn body(target: &Target, file: &'static str, title: &'static str) -> Row {
    let flags = [flag("--url", target.plain()), flag("--file", file.into())];
    let program = Program::new(include_str!("grids/body.hcl"));
    let peers = vec![
        bggo("bggo", program, CONNECTIONS, flags.concat()),
        wrk(&way(format!("{}/{file}", target.plain()))),
    ];
    Row {
        cpu: Some(0.9),
        ..Row::new(title, peers)
    }
}

fn varying(target: &Target) -> Row {
    let program = Program::new(include_str!("grids/varying.hcl"));
    let url = flag("--url", target.plain());
    let scripted = Way {
        script: Some("varying.lua"),
        ..way(target.plain())
    };
    let peers = vec![bggo("bggo", program, CONNECTIONS, url), wrk(&scripted)];
    Row {
        cpu: Some(1.0),
        ..Row::new("a path that varies (wrk with Lua)", peers)
    }
}

fn journey(target: &Target) -> Row {
    let program = Program::new(include_str!("grids/journey.hcl"));
    let url = flag("--url", target.plain());
    let way = |script| Way {
        script: Some(script),
        ..way(target.plain())
    };
    let peers = vec![
        bggo("bggo", program, CONNECTIONS, url),
        k6(&way("journey.js")),
        autocannon(&way("journey.mjs")),
    ];
    Row {
        rate: 12.0,
        ..Row::new("journey of five steps, three POSTs", peers)
    }
}

fn http2(target: &Target) -> Row {
    let program = Program::new(include_str!("grids/http2.hcl"));
    let url = flag("--url", target.http2());
    let streams = Way {
        connections: STREAMS,
        ..way(format!("{}/hit", target.http2()))
    };
    let peers = vec![
        bggo("bggo", program, STREAMS, url),
        h2load(&streams, Version::Two),
    ];
    Row {
        rate: 0.95,
        ..Row::new("HTTP/2, one connection, 100 streams", peers)
    }
}

fn http3(_: &Target) -> Row {
    let target = Http3Target::start();
    let flags = [
        flag("--url", target.url()),
        flag("--ca", target.authority()),
    ];
    let program = Program::new(include_str!("grids/http3.hcl"));
    let peers = vec![
        bggo("bggo", program, STREAMS, flags.concat()),
        quinn(&target.url(), &target.authority(), STREAMS),
    ];
    Row {
        rate: 0.9,
        http3: Some(target),
        ..Row::new("HTTP/3, one connection, 100 streams", peers)
    }
}

fn way(url: String) -> Way<'static> {
    Way {
        url,
        connections: CONNECTIONS,
        script: None,
        same_head: false,
    }
}

fn with_same_head<'a>(way: &Way<'a>) -> Way<'a> {
    Way {
        url: way.url.clone(),
        same_head: true,
        ..*way
    }
}

fn flag(name: &str, value: String) -> Vec<String> {
    vec![name.to_owned(), value]
}

//! The rows: what is sent to whom, by whom, and what bggo is to reach beside its anchor.

use crate::peers::{
    Calls, Peer, Version, Way, autocannon, bggo, ghz, grpc_go, h2load, iterations, k6, kcat_group,
    kcat_sending, memtier, minio, mongo_driver, oha, perf_test, pgbench, quinn, rdkafka,
    redis_benchmark, socketio_client, uws, wrk,
};
use crate::sample::Ended;
use crate::server::{Echo, S3, Server, Socketio, Streams, Unary};
use crate::target::{CORE, Http3Target, Target};
use bggo_tests::bench::{Program, summary};
use bggo_tests::server::{Kafka, KafkaSetup, Mongo, Postgres, Rabbitmq, Redis, RedisSetup, Vhost};
use std::cell::Cell;

/// Connections of every row that says nothing else.
const CONNECTIONS: u32 = 64;

/// Streams of the row of HTTP/2, all on one connection.
const STREAMS: u32 = 100;

/// Users of the rows of other protocols than HTTP, each with a connection of its own.
pub const SESSIONS: u32 = 16;

/// Users of the rows of Redis.
const CLIENTS: u32 = 32;

/// Users of the rows of PostgreSQL.
const TELLERS: u32 = 8;

/// Commands that are on their way at the same time in the deep row of Redis.
const DEEP: u64 = 16;

/// The services that the grids of gRPC call.
pub const SHOP: (&str, &str) = ("shop.proto", include_str!("grids/shop.proto"));

/// How many requests a server has had.
type Served = Box<dyn Fn() -> u64>;

/// A row, ready to be measured.
pub struct Row {
    /// What it says it is in the table.
    pub title: &'static str,
    /// bggo comes first; its anchor second; then whoever else there is.
    pub peers: Vec<Peer>,
    /// The least share of the anchor's requests a second, if there is a goal.
    pub rate: Option<f64>,
    /// The largest shares of CPU time a request: of the anchor's, then of who comes after it.
    pub cpu: &'static [f64],
    /// Rounds, if nobody says otherwise.
    pub rounds: usize,
    /// Whether system calls and instructions have a goal.
    pub is_gate: bool,
    /// How many requests its server has had, if that is not the target of all rows.
    pub served: Option<Served>,
}

impl Row {
    fn new(title: &'static str, peers: Vec<Peer>) -> Self {
        Self {
            title,
            peers,
            rate: Some(1.0),
            cpu: &[],
            rounds: 5,
            is_gate: true,
            served: None,
        }
    }

    /// One that a server of its own answers. Its goal is CPU time.
    fn of_server(server: Server, title: &'static str, peers: Vec<Peer>) -> Self {
        Self {
            rate: None,
            is_gate: false,
            served: Some(Box::new(move || server.counts().0)),
            ..Self::new(title, peers)
        }
    }

    /// What `clients` gave back, and how many requests the server has counted meanwhile.
    pub fn counted<T>(&self, target: &Target, clients: impl FnOnce() -> T) -> (T, u64) {
        match &self.served {
            Some(served) => {
                let before = served();
                let done = clients();
                (done, served() - before)
            }
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
pub const ROWS: [(&str, Make); 28] = [
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
    ("grpc-unary", grpc_unary),
    ("grpc-stream", grpc_stream),
    ("websocket-20", |_| websocket(20, "WebSocket, echo of 20 B")),
    ("websocket-16k", |_| {
        websocket(16 << 10, "WebSocket, echo of 16 KiB")
    }),
    ("socketio", socketio),
    ("s3-get", |_| s3("get", "S3, GET of 1 KiB")),
    ("s3-put", |_| s3("put", "S3, PUT of 1 KiB")),
    ("mongo", mongo),
    ("kafka-linger", kafka_linger),
    ("kafka-wait", kafka_wait),
    ("kafka-consume", kafka_consume),
    ("rabbitmq-window", rabbitmq_window),
    ("rabbitmq-wait", rabbitmq_wait),
    ("rabbitmq-consume", rabbitmq_consume),
    ("redis-1", |_| redis(1, "Redis, GET of 100 B")),
    ("redis-16", |_| redis(DEEP, "Redis, GET of 100 B, 16 deep")),
    ("postgres-select", |_| {
        let grid = include_str!("grids/postgres_select.hcl");
        postgres(grid, "PostgreSQL, SELECT of one row", true)
    }),
    ("postgres-tpcb", |_| {
        let grid = include_str!("grids/postgres_tpcb.hcl");
        postgres(grid, "PostgreSQL, TPC-B in seven steps", false)
    }),
    ("postgres-batch", |_| {
        let grid = include_str!("grids/postgres_batch.hcl");
        let row = postgres(grid, "PostgreSQL, TPC-B in a batch", false);
        Row {
            rate: Some(1.5),
            ..row
        }
    }),
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
        cpu: &[1.0],
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
        rate: Some(1.05),
        cpu: &[0.8],
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
        cpu: &[0.9],
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
        cpu: &[1.0],
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
        rate: Some(12.0),
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
        rate: Some(0.95),
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
        rate: Some(0.9),
        // A bare loop over a library is the floor, no peer.
        is_gate: false,
        served: Some(Box::new(move || target.requests())),
        ..Row::new("HTTP/3, one connection, 100 streams", peers)
    }
}

fn grpc_unary(_: &Target) -> Row {
    let server = Server::start::<Unary>();
    let program = Program::with_files(include_str!("grids/grpc_unary.hcl"), &[SHOP]);
    let target = flag("--target", server.address());
    let method = format!("{}/shop.Shop/Unary", server.url("http"));
    let peers = vec![
        of_iterations(bggo("bggo", program, SESSIONS, target)),
        h2load(&session(method), Version::Grpc),
        ghz(&session(server.address()), Calls::Unary),
    ];
    Row {
        cpu: &[0.9, 0.25],
        ..Row::of_server(server, "gRPC, unary call", peers)
    }
}

fn grpc_stream(_: &Target) -> Row {
    let server = Server::start::<Streams>();
    let program = Program::with_files(include_str!("grids/grpc_stream.hcl"), &[SHOP]);
    let target = flag("--target", server.address());
    let peers = vec![
        of_iterations(bggo("bggo", program, SESSIONS, target)),
        grpc_go(&session(server.address())),
        ghz(&session(server.address()), Calls::Streams),
    ];
    Row {
        cpu: &[0.3],
        ..Row::of_server(server, "gRPC, a message there and back", peers)
    }
}

fn websocket(size: usize, title: &'static str) -> Row {
    let server = Server::start::<Echo>();
    let program = Program::new(include_str!("grids/websocket.hcl"));
    let url = server.url("ws");
    let flags = [
        flag("--url", url.clone()),
        flag("--message", "T".repeat(size)),
    ];
    let by_k6 = Way {
        script: Some("websocket.js"),
        ..session(format!("{url}/{size}"))
    };
    let peers = vec![
        of_iterations(bggo("bggo", program, SESSIONS, flags.concat())),
        uws(&session(url), size),
        k6(&by_k6),
    ];
    Row {
        cpu: &[1.05, 0.25],
        ..Row::of_server(server, title, peers)
    }
}

fn socketio(_: &Target) -> Row {
    let server = Server::start::<Socketio>();
    let program = Program::new(include_str!("grids/socketio.hcl"));
    let url = server.url("http");
    let scripted = Way {
        script: Some("socketio.mjs"),
        ..session(url.clone())
    };
    let peers = vec![
        of_iterations(bggo("bggo", program, SESSIONS, flag("--url", url))),
        socketio_client(&scripted),
    ];
    Row {
        cpu: &[0.65],
        ..Row::of_server(server, "Socket.IO, acknowledged event", peers)
    }
}

fn s3(method: &'static str, title: &'static str) -> Row {
    let server = Server::start::<S3>();
    let grid = match method {
        "get" => include_str!("grids/s3_get.hcl"),
        _ => include_str!("grids/s3_put.hcl"),
    };
    let url = flag("--url", server.url("http"));
    let peers = vec![
        bggo("bggo", Program::new(grid), SESSIONS, url),
        minio(&session(server.address()), method),
    ];
    Row {
        cpu: &[0.2],
        ..Row::of_server(server, title, peers)
    }
}

fn mongo(_: &Target) -> Row {
    let server = Mongo::start_on(CORE);
    server.ask("db.client.bench.things.insert_many([{'_id': i, 'text': 'x' * 100} for i in range(100)]).acknowledged");
    let program = Program::new(include_str!("grids/mongo.hcl"));
    let peers = vec![
        of_iterations(bggo("bggo", program, SESSIONS, flag("--url", server.url()))),
        mongo_driver(&session(server.url())),
    ];
    Row {
        rate: None,
        cpu: &[0.75],
        is_gate: false,
        served: Some(Box::new(move || server.calls("find"))),
        ..Row::new("MongoDB, find by _id", peers)
    }
}

/// A broker with the topic that the rows of Kafka send to, and how many records are there.
fn kafka() -> (String, Served) {
    let server = Kafka::start_with(KafkaSetup {
        core: Some(CORE),
        ..KafkaSetup::default()
    });
    server.create_topic("t", 1);
    let address = server.server();
    (
        address,
        Box::new(move || server.end_offsets("t", 1).iter().sum()),
    )
}

fn kafka_linger(_: &Target) -> Row {
    let (server, served) = kafka();
    let program = Program::new(include_str!("grids/kafka_linger.hcl"));
    let peers = vec![
        of_iterations(bggo(
            "bggo",
            program,
            SESSIONS,
            flag("--server", server.clone()),
        )),
        kcat_sending(&server),
    ];
    Row {
        rate: None,
        cpu: &[1.0],
        is_gate: false,
        served: Some(served),
        ..Row::new("Kafka, record of 100 B, linger 5 ms", peers)
    }
}

fn kafka_wait(_: &Target) -> Row {
    let (server, served) = kafka();
    let program = Program::new(include_str!("grids/kafka_wait.hcl"));
    let peers = vec![
        of_iterations(bggo(
            "bggo",
            program,
            CONNECTIONS,
            flag("--server", server.clone()),
        )),
        rdkafka(&server, CONNECTIONS),
    ];
    Row {
        rate: None,
        cpu: &[0.5],
        is_gate: false,
        served: Some(served),
        ..Row::new("Kafka, record of 100 B, 64 users wait for theirs", peers)
    }
}

/// A broker with a queue `bench` in a vhost `bench`, which lives as long as this process.
fn rabbitmq() -> (&'static Rabbitmq, String) {
    let server: &Rabbitmq = Box::leak(Box::new(Rabbitmq::start_on(CORE)));
    let vhost: &Vhost<'_> = Box::leak(Box::new(server.vhost("bench")));
    vhost.queue("bench", r#"{"durable":false,"auto_delete":false}"#);
    (server, vhost.url())
}

/// Messages that a queue got in a run. It is emptied before.
fn published(server: &'static Rabbitmq) -> Served {
    let is_before = Cell::new(true);
    Box::new(move || {
        if is_before.replace(!is_before.get()) {
            server.http("DELETE", "/api/queues/bench/bench/contents", "");
            return 0;
        }
        server.depth("bench", "bench")
    })
}

/// PerfTest that publishes messages of 100 bytes over so many connections, each with so many confirms to come.
fn perf_test_publishing(url: &str, (connections, confirms): (u64, u64), each_second: u64) -> Peer {
    let numbers = [connections, confirms].map(|number| number.to_string());
    let how = ["-x", &numbers[0], "-y", "0", "-c", &numbers[1], "-s", "100"];
    let to = ["-p", "-u", "bench", "-e", "", "-k", "bench"];
    let how = [&how[..], &to].concat();
    perf_test(url, (&how, "-C"), (connections, each_second))
}

fn rabbitmq_window(_: &Target) -> Row {
    const WINDOW: u64 = 100;
    let (server, url) = rabbitmq();
    let program = Program::new(include_str!("grids/rabbitmq_window.hcl"));
    let own = bggo("bggo", program, 1, flag("--url", url.clone()));
    let own = Peer {
        told: |ended| iterations(ended) * WINDOW,
        ..own
    };
    Row {
        rate: None,
        cpu: &[0.3],
        is_gate: false,
        served: Some(published(server)),
        ..Row::new(
            "RabbitMQ, message of 100 B, windows of 100",
            vec![own, perf_test_publishing(&url, (1, WINDOW), 100_000)],
        )
    }
}

fn rabbitmq_wait(_: &Target) -> Row {
    let (server, url) = rabbitmq();
    let program = Program::new(include_str!("grids/rabbitmq_wait.hcl"));
    let own = bggo("bggo", program, CONNECTIONS, flag("--url", url.clone()));
    let other = perf_test_publishing(&url, (CONNECTIONS.into(), 1), 32_000);
    Row {
        rate: None,
        cpu: &[0.35],
        is_gate: false,
        served: Some(published(server)),
        ..Row::new(
            "RabbitMQ, message of 100 B, 64 users wait for their confirms",
            vec![of_iterations(own), other],
        )
    }
}

/// Each run takes messages of a queue that is filled before.
fn rabbitmq_consume(_: &Target) -> Row {
    /// Messages that are stored, those that a run takes for each of its seconds, and those of a step.
    const STORED: u64 = 300_000;
    const EACH_SECOND: u64 = 40_000;
    const EACH_STEP: u64 = 100;
    let (server, url) = rabbitmq();
    let filling = Program::new(include_str!("grids/rabbitmq_window.hcl"));
    let own = bggo(
        "bggo",
        Program::new(include_str!("grids/rabbitmq_consume.hcl")),
        1,
        flag("--url", url.clone()),
    );
    let words = own.words;
    let own = Peer {
        words: Box::new(move |seconds| {
            let count = STORED.min(u64::from(seconds) * EACH_SECOND);
            let mut words = words(seconds);
            words.truncate(words.len() - 2);
            words.extend(["--iterations".to_owned(), (count / EACH_STEP).to_string()]);
            words
        }),
        idle_words: None,
        told: |ended| {
            let summary = summary(&ended.stderr);
            let messages = &summary["steps"][0]["metrics"]["messages"]["sum"];
            messages.as_u64().expect("a number of messages")
        },
        ..own
    };
    let how = ["-x", "0", "-y", "1", "-q", "100", "-p", "-u", "bench"];
    let other = perf_test(&url, (&how, "-D"), (1, EACH_SECOND));
    let published = published(server);
    let is_before = Cell::new(true);
    Row {
        rate: None,
        cpu: &[0.3],
        is_gate: false,
        served: Some(Box::new(move || {
            if is_before.replace(!is_before.get()) {
                published();
                let windows = (STORED / EACH_STEP).to_string();
                let filled = filling.start(&["--iterations", &windows, "--url", &url]);
                assert_eq!(filled.finish().code(), 0);
                return 0;
            }
            STORED - published()
        })),
        ..Row::new("RabbitMQ, messages of 100 B taken", vec![own, other])
    }
}

fn redis(depth: u64, title: &'static str) -> Row {
    let server = Redis::start_with(RedisSetup {
        core: Some(CORE),
        ..RedisSetup::default()
    });
    // memtier_benchmark numbers its keys.
    for key in ["key", "key1"] {
        server.ask(&["SET", key, &"x".repeat(100)]);
    }
    let (grid, told): (_, fn(&Ended) -> u64) = match depth {
        1 => (include_str!("grids/redis.hcl"), iterations),
        _ => (include_str!("grids/redis_deep.hcl"), |ended| {
            iterations(ended) * DEEP
        }),
    };
    let way = Way {
        connections: CLIENTS,
        ..way(server.port().to_string())
    };
    let url = flag("--url", server.url());
    let own = bggo("bggo", Program::new(grid), CLIENTS, url);
    let own = Peer { told, ..own };
    let [memtier, redis_benchmark] = [memtier(&way, depth), redis_benchmark(&way, depth)];
    // The anchor is the better of the two.
    let (peers, most): (_, &[f64]) = match depth {
        1 => (vec![own, memtier, redis_benchmark], &[0.65]),
        _ => (vec![own, redis_benchmark, memtier], &[0.7]),
    };
    Row {
        rate: None,
        cpu: most,
        is_gate: false,
        served: Some(Box::new(move || server.calls("get"))),
        ..Row::new(title, peers)
    }
}

fn postgres(grid: &str, title: &'static str, only_selects: bool) -> Row {
    let server = Postgres::start_for_bench(CORE);
    let url = flag("--url", server.url("postgres"));
    let way = Way {
        connections: TELLERS,
        ..way(server.port().to_string())
    };
    let peers = vec![
        of_iterations(bggo("bggo", Program::new(grid), TELLERS, url)),
        pgbench(&way, only_selects),
    ];
    // Each select looks a key up once, and each transaction writes one row of its history.
    let figure = match only_selects {
        true => "idx_scan FROM pg_stat_user_tables WHERE relname = 'pgbench_accounts'",
        false => "n_tup_ins FROM pg_stat_user_tables WHERE relname = 'pgbench_history'",
    };
    Row {
        rate: None,
        cpu: if only_selects { &[0.9] } else { &[1.0] },
        is_gate: false,
        served: Some(Box::new(move || {
            // A session adds its figures to those of all when it ends.
            let own = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'";
            server.wait_for(own, "1");
            let count = server.ask(&format!("SELECT {figure}"));
            count.parse().expect("a number of requests")
        })),
        ..Row::new(title, peers)
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

fn session(url: String) -> Way<'static> {
    Way {
        connections: SESSIONS,
        ..way(url)
    }
}

fn of_iterations(peer: Peer) -> Peer {
    Peer {
        told: iterations,
        ..peer
    }
}

fn with_same_head<'a>(way: &Way<'a>) -> Way<'a> {
    Way {
        url: way.url.clone(),
        same_head: true,
        ..*way
    }
}

/// Records of one partition, taken by a member of a group that is alone in it. Each run begins at the first one again, and the server says how
/// far it has come.
fn kafka_consume(_: &Target) -> Row {
    /// Records that are stored, and those that a run takes for each of its seconds.
    const STORED: u64 = 4_000_000;
    const EACH_SECOND: u64 = 1_000_000;
    let server = Kafka::start_with(KafkaSetup {
        core: Some(CORE),
        ..KafkaSetup::default()
    });
    server.create_topic("bench", 1);
    let line = "x".repeat(99) + "\n";
    for _ in 0..STORED / EACH_SECOND {
        server.produce("bench", 0, &line.repeat(EACH_SECOND as usize), &[]);
    }
    let own = bggo(
        "bggo",
        Program::new(include_str!("grids/kafka_consume.hcl")),
        1,
        flag("--server", server.server()),
    );
    let words = own.words;
    let own = Peer {
        // It may take a little more than the others, as it takes what there is.
        words: Box::new(move |seconds| {
            let count = STORED.min(u64::from(seconds) * EACH_SECOND);
            let mut words = words(seconds);
            words.truncate(words.len() - 2);
            words.extend(["--iterations".to_owned(), (count / 500).to_string()]);
            words
        }),
        idle_words: None,
        told: |ended| {
            let summary = summary(&ended.stderr);
            let records = &summary["steps"][0]["metrics"]["records"]["sum"];
            records.as_u64().expect("a number of records")
        },
        ..own
    };
    let kcat = kcat_group(&server.server(), STORED, EACH_SECOND);
    let is_before = Cell::new(true);
    Row {
        rate: None,
        cpu: &[1.0],
        is_gate: false,
        served: Some(Box::new(move || {
            if is_before.replace(!is_before.get()) {
                server.commit("bench", "bench", 0);
                return 0;
            }
            server.committed("bench", "bench", 1)[0].unwrap_or(0)
        })),
        ..Row::new("Kafka, records of 100 B taken", vec![own, kcat])
    }
}

fn flag(name: &str, value: String) -> Vec<String> {
    vec![name.to_owned(), value]
}

//! Users that wait with an open connection -> memory of each.

use crate::peers::{Way, pinned, wrk};
use crate::rows::SHOP;
use crate::sample::run;
use crate::server::{Echo, Server, Streams};
use crate::table::Lines;
use crate::target::Target;
use bggo_tests::bench::{Program, WORKERS};
use bggo_tests::server::{Mongo, Postgres, Rabbitmq, Redis};
use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// Users of the rows whose figure is a user's.
const USERS: u32 = 5_000;

/// Users with a session of another protocol than HTTP.
const SESSIONS: u32 = 2_000;

/// Users whose server has a process or a thread for each.
const PROCESSES: u32 = 400;

/// Users of the row whose figure is the whole program's.
const MANY: u32 = 100_000;

/// Measures one thing against a target.
pub type Make = fn(&Target) -> Lines;

/// All rows by their names.
pub const ROWS: [(&str, Make); 9] = [
    ("users-plain", plain),
    ("users-tls", tls),
    ("users-many", many),
    ("users-websocket", |_| websocket()),
    ("users-grpc", |_| grpc()),
    ("users-redis", |_| redis()),
    ("users-postgres", |_| postgres()),
    ("users-mongo", |_| mongo()),
    ("users-rabbitmq", |_| rabbitmq()),
];

fn plain(target: &Target) -> Lines {
    let title = "idle connected user";
    measure(
        title,
        target,
        &["--url", &target.plain()],
        &target.plain(),
        2.0,
    )
}

fn tls(target: &Target) -> Lines {
    let title = "idle connected user, TLS";
    let flags = ["--url", &target.tls(), "--ca", &target.authority()];
    measure(title, target, &flags, &target.tls(), 6.0)
}

fn measure(title: &str, target: &Target, flags: &[&str], url: &str, goal: f64) -> Lines {
    let program = Program::new(include_str!("grids/connected.hcl"));
    let settled = |users| settled(&program, target, users, flags);
    let mut lines = of_bggo(title, goal, (settled, USERS));
    let [few, many] = [1, USERS].map(|connections| {
        let peer = wrk(&Way {
            url: format!("{url}/hit"),
            connections,
            script: None,
            same_head: false,
        });
        let (ended, _) = target.counted(|| {
            let command = pinned(&[], peer.program.as_ref()?, &(peer.words)(3));
            Some(run(command))
        });
        ended.map(|ended| ended.peak)
    });
    let text = match few.zip(many) {
        Some((few, many)) => format!("{:.2} KiB", (many - few) / f64::from(USERS - 1)),
        None => "not on this machine".into(),
    };
    lines.add(&["wrk (its connections are busy)", &text, ""]);
    lines
}

/// What a user has of the memory of so many, beside that of one on each worker: what a worker has for itself is no user's.
fn of_bggo(title: &str, goal: f64, (settled, users): (impl Fn(u32) -> f64, u32)) -> Lines {
    let [few, many] = [WORKERS, users].map(settled);
    let own = (many - few) / f64::from(users - WORKERS);
    let mark = if own <= goal { "" } else { " (missed)" };
    let mut lines = Lines::new(title);
    lines.add(&[
        "bggo",
        &format!("{own:.2} KiB"),
        &format!("at most {goal} KiB{mark}"),
    ]);
    lines
}

fn websocket() -> Lines {
    let server = Server::start::<Echo>();
    let program = Program::new(include_str!("grids/idle_websocket.hcl"));
    let flags = ["--url", &server.url("ws")];
    let counts = || counts_of(&server);
    let title = "idle WebSocket session";
    sessions((title, 2.0), (&program, SESSIONS, &flags), counts)
}

fn grpc() -> Lines {
    let server = Server::start::<Streams>();
    let program = Program::with_files(include_str!("grids/idle_grpc.hcl"), &[SHOP]);
    let flags = ["--target", &server.address()];
    let counts = || counts_of(&server);
    let title = "idle connection of gRPC with a stream";
    sessions((title, 16.0), (&program, SESSIONS, &flags), counts)
}

/// Messages that a server of the bench has had, and connections.
fn counts_of(server: &Server) -> Vec<u64> {
    let (messages, connections) = server.counts();
    vec![messages, connections]
}

fn redis() -> Lines {
    let server = Redis::start();
    let program = Program::new(include_str!("grids/idle_redis.hcl"));
    let flags = ["--url", &server.url()];
    let counts = || vec![server.calls("get")];
    let title = "idle connection of Redis";
    sessions((title, 2.0), (&program, SESSIONS, &flags), counts)
}

fn postgres() -> Lines {
    let most = format!("max_connections={}", PROCESSES + 10);
    let server = Postgres::start_with(&[&most]);
    server.ask("CREATE TABLE once (id int)");
    let program = Program::new(include_str!("grids/idle_postgres.hcl"));
    let flags = ["--url", &server.url("postgres")];
    let counts = || {
        vec![
            server
                .ask("SELECT count(*) FROM once")
                .parse()
                .expect("a count"),
        ]
    };
    let title = "idle connection of PostgreSQL";
    sessions((title, 8.0), (&program, PROCESSES, &flags), counts)
}

fn mongo() -> Lines {
    let server = Mongo::start();
    let program = Program::new(include_str!("grids/idle_mongo.hcl"));
    let flags = ["--url", &server.url()];
    let counts = || vec![server.calls("find")];
    let title = "idle connection of MongoDB";
    sessions((title, 8.0), (&program, PROCESSES, &flags), counts)
}

fn rabbitmq() -> Lines {
    let server = Rabbitmq::start();
    let vhost = server.vhost("bench");
    vhost.queue("bench", "{}");
    let program = Program::new(include_str!("grids/idle_rabbitmq.hcl"));
    let flags = ["--url", &vhost.url()];
    let counts = || vec![server.depth("bench", "bench")];
    let title = "idle connection of RabbitMQ";
    sessions((title, 2.0), (&program, SESSIONS, &flags), counts)
}

/// Users that have sent one message each: each count of the server grows by one for each.
fn sessions(
    (title, goal): (&str, f64),
    (program, users, flags): (&Program, u32, &[&str]),
    counts: impl Fn() -> Vec<u64>,
) -> Lines {
    let settled = |users: u32| {
        let before = counts();
        let memory = program.settled_under(&["--stages", &load(users)], users, flags);
        let own: Vec<u64> = before
            .iter()
            .map(|count| count + u64::from(users))
            .collect();
        assert_eq!(counts(), own);
        memory
    };
    of_bggo(title, goal, (settled, users))
}

/// Memory of the whole program, in KiB. Each user has sent one request over a connection of its own.
fn settled(program: &Program, target: &Target, users: u32, flags: &[&str]) -> f64 {
    let (memory, counted) =
        target.counted(|| program.settled_under(&["--stages", &load(users)], users, flags));
    let users = u64::from(users);
    assert_eq!((counted.requests, counted.connections), (users, users));
    memory
}

/// A user after the other: the queue of connections that the server has not taken yet is short, and few logins take memory at the same time,
/// each of several words there and back.
fn load(users: u32) -> String {
    format!("{}s:{users},5m:{users}", 1 + users / 200)
}

fn many(_: &Target) -> Lines {
    let mut lines = Lines::new("100,000 connected users, from eight addresses");
    let spare = 1_000;
    let most = descriptors(MANY + spare).saturating_sub(spare).max(2);
    // Where no process may have so many descriptors, several share the users, and nginx has as many workers and one more.
    let segments = MANY.div_ceil(most);
    let target = Target::start_wide(segments + 1, most);
    let program = Program::new(include_str!("grids/many.hcl"));
    let load = format!("40s:{MANY},5m:{MANY}");
    let load = ["--stages", &load];
    let url = target.wide();
    let (memory, counted) =
        target.counted(|| program.settled_in_segments(segments, &load, MANY, &["--url", &url]));
    target.stop();
    let many = u64::from(MANY);
    assert_eq!((counted.requests, counted.connections), (many, many));
    let whole = memory / 1024.0;
    let mark = if whole <= 250.0 { "" } else { " (missed)" };
    let programs = match segments {
        1 => String::new(),
        _ => format!(
            ", in {segments} programs by `--segment`, since a process of this host may have {} descriptors",
            most + spare
        ),
    };
    let text = format!("{whole:.0} MiB, all answered{programs}");
    lines.add(&["bggo", &text, &format!("at most 250 MiB{mark}")]);
    lines
}

/// Lets this process and those that it starts have so many descriptors, or as many as the host allows: how many.
fn descriptors(count: u32) -> u32 {
    let wanted = u64::from(count);
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).expect("the limit can be read");
    if soft >= wanted || setrlimit(Resource::RLIMIT_NOFILE, wanted, hard.max(wanted)).is_ok() {
        return count;
    }
    // Only a privileged process may go beyond the second one.
    setrlimit(Resource::RLIMIT_NOFILE, hard, hard).expect("a process may have what it is allowed");
    u32::try_from(hard).unwrap_or(count)
}

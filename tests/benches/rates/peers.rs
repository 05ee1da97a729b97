//! Load generators: where each is found, the words that make it send what a row asks for, and how many requests it says it sent.

use crate::quinn_loop;
use crate::sample::Ended;
use bggo_tests::bench::{Program, read, summary, target_folder};
use bggo_tests::server::postgres_program;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;

/// One that sends the requests of a row.
pub struct Peer {
    /// Its name in the table.
    pub name: &'static str,
    /// Its program; `None` if it is not on this machine.
    pub program: Option<PathBuf>,
    /// Its arguments for a run of so many seconds.
    pub words: Box<dyn Fn(u32) -> Vec<String>>,
    /// Its arguments for a run of so many seconds that does next to nothing, if what it does once a second is worth a look.
    pub idle_words: Option<Box<dyn Fn(u32) -> Vec<String>>>,
    /// Its arguments for a run that only starts and sends next to nothing, if that takes CPU time worth taking off.
    pub start_words: Option<Vec<String>>,
    /// Whether its program is machine code that valgrind can run: those of Go, Java and Node.js are not.
    pub is_native: bool,
    /// How many requests it says it sent.
    pub told: fn(&Ended) -> u64,
    /// The server may have read so many more: it leaves while they are on their way.
    pub left: u64,
}

/// Where a row's requests go, and over how many connections.
pub struct Way<'a> {
    /// The URL.
    pub url: String,
    /// Connections at a time.
    pub connections: u32,
    /// A script of the peer, which makes the requests.
    pub script: Option<&'a str>,
    /// wrk sends the fields of a head that bggo sends by itself, so that the server has the same to read.
    pub same_head: bool,
}

/// Fields that bggo sends by itself.
const OWN_FIELDS: [&str; 3] = [
    concat!("User-Agent: bggo/", env!("CARGO_PKG_VERSION")),
    "Accept-Encoding: gzip, br, zstd",
    "Accept: */*",
];

/// A script of this folder.
pub fn script(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let path = folder.join("benches/rates/scripts").join(name);
    path.display().to_string()
}

/// bggo itself, in one of its forms: the program of a grid with as many users as there are connections.
pub fn bggo(name: &'static str, program: Program, users: u32, flags: Vec<String>) -> Peer {
    let path = program.path.clone();
    let words = [strings(&["--threads", "1", "--log-format", "json"]), flags].concat();
    let idle = words.clone();
    Peer {
        name,
        program: Some(path),
        words: Box::new(move |seconds| {
            // The program's file is there as long as its words are.
            let _kept = &program;
            let (users, seconds) = (users.to_string(), format!("{seconds}s"));
            with_last(&words, &["--vus", &users, "--duration", &seconds])
        }),
        idle_words: Some(Box::new(move |seconds| {
            let seconds = format!("{seconds}s");
            // Behind callgrind starts may be late, which says nothing of a count.
            let load = ["--rate", "1/s", "--allow-overload", "--duration", &seconds];
            with_last(&idle, &load)
        })),
        start_words: None,
        is_native: true,
        told: |ended| {
            let summary = summary(&ended.stderr);
            let steps = summary["steps"].as_array().expect("a list of steps");
            steps
                .iter()
                .map(|step| number(&step["metrics"]["requests"]["sum"]))
                .sum()
        },
        left: 0,
    }
}

/// How many operations bggo says it did, where that is one an iteration.
pub fn iterations(ended: &Ended) -> u64 {
    number(&summary(&ended.stderr)["iterations"]["count"])
}

/// wrk, with one thread.
pub fn wrk(way: &Way<'_>) -> Peer {
    let mut words = strings(&["-t1", "--timeout", "10s"]);
    words.push(format!("-c{}", way.connections));
    if let Some(script) = way.script {
        words.extend(["-s".into(), self::script(script)]);
    }
    if way.same_head {
        words.extend(OWN_FIELDS.iter().flat_map(|field| strings(&["-H", field])));
    }
    words.push(way.url.clone());
    Peer {
        name: match way.same_head {
            true => "wrk that sends bggo's head",
            false => "wrk",
        },
        program: found("wrk"),
        words: Box::new(move |seconds| with(&[&format!("-d{seconds}s")], &words)),
        idle_words: None,
        start_words: None,
        is_native: true,
        told: |ended| {
            assert!(!ended.stdout.contains("Non-2xx"), "{}", ended.stdout);
            let line = ended
                .stdout
                .lines()
                .find(|line| line.contains(" requests in "));
            let word = line.and_then(|line| line.split_ascii_whitespace().next());
            parsed(word, ended)
        },
        left: way.connections.into(),
    }
}

/// quinn's own client in a loop: this program, started again.
pub fn quinn(url: &str, authority: &str, streams: u32) -> Peer {
    let words = strings(&[quinn_loop::WORD, url, authority, &streams.to_string()]);
    Peer {
        name: "quinn's client in a loop",
        program: std::env::current_exe().ok(),
        words: Box::new(move |seconds| with_last(&words, &[&seconds.to_string()])),
        idle_words: None,
        start_words: None,
        is_native: true,
        told: first_line,
        left: 0,
    }
}

/// h2load with one thread.
pub fn h2load(way: &Way<'_>, version: Version) -> Peer {
    let count = way.connections;
    let mut words = match version {
        Version::One => vec!["--h1".into(), format!("-c{count}")],
        Version::Two => vec!["-c1".into(), format!("-m{count}")],
        Version::Grpc => {
            let body = target_folder().join("message-of-h2load");
            std::fs::write(&body, MESSAGE).expect("the message is written");
            let fields = ["-H", "content-type: application/grpc", "-H", "te: trailers"];
            let first = [format!("-c{count}"), "-m1".into(), "-d".into()];
            [&first[..], &[body.display().to_string()], &strings(&fields)].concat()
        }
    };
    words.extend(["-t1".into(), way.url.clone()]);
    Peer {
        name: "h2load",
        program: found("h2load"),
        words: Box::new(move |seconds| with(&["-D", &seconds.to_string()], &words)),
        idle_words: None,
        start_words: None,
        is_native: true,
        told: |ended| {
            // `requests: T total, S started, D done, ..`
            let line = ended
                .stdout
                .lines()
                .find(|line| line.starts_with("requests: "));
            let word = line.and_then(|line| line.split(", ").nth(2)?.split(' ').next());
            parsed(word, ended)
        },
        left: way.connections.into(),
    }
}

/// `{ name = "nn..", count = 7 }` of `shop.proto`: as many bytes as bggo and ghz send.
const MESSAGE: &[u8] =
    b"\0\0\0\0\x47\x0a\x43nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn\x10\x07";

/// What h2load speaks.
#[derive(Clone, Copy)]
pub enum Version {
    /// HTTP/1.1.
    One,
    /// One connection of HTTP/2, whose streams are the connections of the row.
    Two,
    /// Calls of gRPC, one after the other on each connection.
    Grpc,
}

/// ghz on one core, which calls `shop.proto`.
pub fn ghz(way: &Way<'_>, calls: Calls) -> Peer {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/rates/grids/shop.proto");
    let message = format!(r#"{{"name": "{}", "count": 7}}"#, "n".repeat(67));
    let (method, data, told): (_, _, fn(&Ended) -> u64) = match calls {
        Calls::Unary => ("Unary", message, calls_of_ghz),
        Calls::Streams => {
            let messages = vec![message; MESSAGES].join(",");
            let told = |ended: &Ended| calls_of_ghz(ended) * MESSAGES as u64;
            ("Talk", format!("[{messages}]"), told)
        }
    };
    let (method, file) = (format!("shop.Shop/{method}"), file.display().to_string());
    let connections = way.connections.to_string();
    let how = ["--insecure", "--cpus", "1", "--format", "json"];
    let end = ["--duration-stop", "wait"];
    let what = ["--proto", &file, "--call", &method, "--data", &data];
    let number = [
        "--concurrency",
        &connections,
        "--connections",
        &connections,
        &way.url,
    ];
    let words = strings(&[&how[..], &end, &what, &number].concat());
    Peer {
        name: "ghz",
        program: found("ghz"),
        words: Box::new(move |seconds| with(&["--duration", &format!("{seconds}s")], &words)),
        idle_words: None,
        start_words: None,
        is_native: false,
        told,
        left: 0,
    }
}

/// What ghz does.
#[derive(Clone, Copy)]
pub enum Calls {
    /// Calls of a message each way.
    Unary,
    /// Calls of so many messages each way. None waits for the answer to the one before.
    Streams,
}

/// Messages of a call with several.
const MESSAGES: usize = 100;

fn calls_of_ghz(ended: &Ended) -> u64 {
    let said = read(&ended.stdout);
    assert_eq!(
        said["statusCodeDistribution"]["OK"], said["count"],
        "{said}"
    );
    number(&said["count"])
}

/// The load test of uWebSockets in C: echoes of so many bytes.
pub fn uws(way: &Way<'_>, size: usize) -> Peer {
    let address = way.url.trim_start_matches("ws://");
    let (host, port) = address.split_once(':').expect("HOST:PORT");
    let connections = way.connections.to_string();
    let words = strings(&[&connections, host, port, "0", "0", &size.to_string()]);
    Peer {
        name: "uWebSockets' load test",
        program: found("uws_load_test"),
        words: Box::new(move |seconds| with(&[&seconds.to_string()], &words)),
        idle_words: None,
        start_words: None,
        is_native: true,
        told: |ended| {
            // A line for each four seconds.
            let lines = ended.stdout.lines();
            let rates = lines.filter_map(|line| line.strip_prefix("Msg/sec: "));
            let rates = rates.map(|rate| rate.parse::<f64>().expect("a rate"));
            (rates.sum::<f64>() * 4.0).round() as u64
        },
        left: way.connections.into(),
    }
}

/// memtier_benchmark: GETs of one key, so many on their way on each connection. `way` has the port of the server.
pub fn memtier(way: &Way<'_>, depth: u64) -> Peer {
    let (port, clients, depth) = (&way.url, way.connections.to_string(), depth.to_string());
    let what = [
        "--ratio",
        "0:1",
        "--key-prefix",
        "key",
        "--key-minimum",
        "1",
        "--key-maximum",
        "1",
    ];
    let how = [
        "-t",
        "1",
        "-c",
        &clients,
        "--pipeline",
        &depth,
        "-p",
        port,
        "-s",
        "127.0.0.1",
    ];
    let shown = ["--hide-histogram", "--json-out-file", "/dev/stdout"];
    let words = strings(&[&how[..], &what, &shown].concat());
    Peer {
        name: "memtier_benchmark",
        program: found("memtier_benchmark"),
        words: Box::new(move |seconds| with(&["--test-time", &seconds.to_string()], &words)),
        idle_words: None,
        start_words: None,
        is_native: true,
        told: |ended| {
            // One for each kind of command and each second; that of all is the largest.
            let lines = ended.stdout.lines();
            let counts = lines.filter(|line| line.contains("\"Count\""));
            let words = counts.filter_map(|line| {
                line.split([':', ','])
                    .find_map(|word| word.trim().parse().ok())
            });
            words.max().unwrap_or(0)
        },
        left: way.connections as u64,
    }
}

/// kcat as a member of the group `bench`, which takes so many records a second of the topic `bench`. It writes a letter for each, by which they
/// are counted.
pub fn kcat_group(server: &str, most: u64, each_second: u64) -> Peer {
    let words = strings(&[
        "-b",
        server,
        "-q",
        "-f",
        "x",
        "-X",
        "auto.offset.reset=earliest",
    ]);
    Peer {
        name: "kcat",
        program: found("kcat"),
        words: Box::new(move |seconds| {
            let count = most.min(u64::from(seconds) * each_second).to_string();
            [
                &words[..],
                &strings(&["-c", &count, "-G", "bench", "bench"]),
            ]
            .concat()
        }),
        idle_words: None,
        start_words: None,
        is_native: true,
        told: |ended| ended.stdout.len() as u64,
        left: 0,
    }
}

/// pgbench over prepared statements: SELECTs of one row, or its transactions of seven statements. `way` has the port of the server.
pub fn pgbench(way: &Way<'_>, only_selects: bool) -> Peer {
    let connections = way.connections.to_string();
    let how = ["-n", "-M", "prepared", "-j", "1", "-c", &connections];
    let place = ["-h", "127.0.0.1", "-U", "postgres", "-p", &way.url];
    let what: &[&str] = if only_selects { &["-S"] } else { &[] };
    let words = strings(&[&how[..], &place, what, &["postgres"]].concat());
    Peer {
        name: "pgbench",
        // What is on the path is a script that looks for the program: its start would count as pgbench's.
        program: found("pgbench").map(|_| postgres_program("pgbench")),
        words: Box::new(move |seconds| with(&["-T", &seconds.to_string()], &words)),
        idle_words: None,
        start_words: None,
        is_native: true,
        told: |ended| {
            let mut lines = ended.stdout.lines();
            let line = lines
                .find_map(|line| line.strip_prefix("number of transactions actually processed: "));
            let count = line.and_then(|line| line.split('/').next()?.trim().parse().ok());
            count.expect("pgbench says how many transactions there were")
        },
        left: 0,
    }
}

/// redis-benchmark: GETs of one key, so many on their way on each connection. It ends after a number of them.
pub fn redis_benchmark(way: &Way<'_>, depth: u64) -> Peer {
    let (port, clients, depth_word) = (&way.url, way.connections.to_string(), depth.to_string());
    let how = [
        "-h",
        "127.0.0.1",
        "-p",
        port,
        "-c",
        &clients,
        "-P",
        &depth_word,
    ];
    let words = strings(&how);
    // About as many as it sends in a second.
    let each_second = match depth {
        1 => 80_000,
        _ => 1_000_000,
    };
    Peer {
        name: "redis-benchmark",
        program: found("redis-benchmark"),
        words: Box::new(move |seconds| {
            let count = (u64::from(seconds) * each_second).to_string();
            [&words[..], &strings(&["-n", &count, "GET", "key"])].concat()
        }),
        idle_words: None,
        start_words: None,
        is_native: true,
        told: |ended| {
            let line = ended
                .stdout
                .lines()
                .find(|line| line.contains(" requests completed in "));
            parsed(
                line.and_then(|line| line.split_ascii_whitespace().next()),
                ended,
            )
        },
        left: 0,
    }
}

/// kcat: the lines of a file as records, with the settings of the row. It ends after a number of them.
pub fn kcat_sending(server: &str) -> Peer {
    const RECORD: usize = 100;
    let words = strings(&[
        "-P",
        "-b",
        server,
        "-t",
        "t",
        "-X",
        "linger.ms=5",
        "-X",
        "batch.size=65536",
        "-X",
        "acks=all",
        "-X",
        "enable.idempotence=true",
        "-l",
    ]);
    let file = tempfile::NamedTempFile::new().expect("a temporary file");
    Peer {
        name: "kcat",
        program: found("kcat"),
        words: Box::new(move |seconds| {
            // About as many as it sends meanwhile.
            let count = seconds as usize * 500_000;
            let line = "x".repeat(RECORD) + "\n";
            std::fs::write(file.path(), line.repeat(count)).expect("the records are written");
            [&words[..], &strings(&[&file.path().display().to_string()])].concat()
        }),
        idle_words: None,
        start_words: None,
        is_native: true,
        // It says nothing. The server counts.
        told: |_| 0,
        left: u64::MAX,
    }
}

/// A loop on librdkafka: so many records that wait for their acknowledgements.
pub fn rdkafka(server: &str, waiting: u32) -> Peer {
    let words = strings(&[server, &waiting.to_string()]);
    Peer {
        name: "librdkafka",
        program: found("rdkafka_loop"),
        words: Box::new(move |seconds| [&words[..], &strings(&[&seconds.to_string()])].concat()),
        idle_words: None,
        start_words: None,
        is_native: true,
        told: |ended| parsed(ended.stdout.split_ascii_whitespace().next(), ended),
        left: 0,
    }
}

/// PerfTest of RabbitMQ on the JVM, with these arguments. Each of its connections ends after so many messages for each second, whose number
/// `count` names, and nothing is said of how many there were: the server counts.
pub fn perf_test(
    url: &str,
    (how, count): (&[&str], &'static str),
    (connections, each_second): (u64, u64),
) -> Peer {
    let libraries = folder().join("perf_test/libs");
    let is_there = libraries.is_dir();
    let class = format!("{}/*", libraries.display());
    let program = ["-cp", &class, "com.rabbitmq.perf.PerfTest", "-h", url];
    let words = strings(&[&program[..], how, &[count]].concat());
    Peer {
        name: "PerfTest",
        program: found("java").filter(|_| is_there),
        start_words: Some(with_last(&words, &[&(1_000 / connections).to_string()])),
        words: Box::new(move |seconds| {
            let most = u64::from(seconds) * each_second / connections;
            with_last(&words, &[&most.to_string()])
        }),
        idle_words: None,
        is_native: false,
        told: |_| 0,
        left: u64::MAX,
    }
}

/// oha.
pub fn oha(way: &Way<'_>) -> Peer {
    let mut words = strings(&["--no-tui", "--output-format", "json", "-w"]);
    words.extend(["-c".into(), way.connections.to_string(), way.url.clone()]);
    Peer {
        name: "oha",
        program: found("oha"),
        words: Box::new(move |seconds| with(&["-z", &format!("{seconds}s")], &words)),
        idle_words: None,
        start_words: None,
        is_native: true,
        told: |ended| {
            let said = read(&ended.stdout);
            number(&said["statusCodeDistribution"]["200"])
        },
        left: way.connections.into(),
    }
}

/// k6 with a script.
pub fn k6(way: &Way<'_>) -> Peer {
    let mut words = strings(&["run", "--quiet", "--no-usage-report", "--no-color"]);
    words.extend(["--summary-export", "/dev/stdout", "--vus"].map(str::to_owned));
    words.extend([
        way.connections.to_string(),
        "-e".into(),
        format!("TARGET={}", way.url),
        script(way.script.expect("k6 runs a script")),
    ]);
    Peer {
        name: "k6",
        program: found("k6"),
        words: Box::new(move |seconds| {
            let (own, duration) = (format!("SECONDS={seconds}"), format!("{seconds}s"));
            with_last(&words, &["-e", &own, "--duration", &duration])
        }),
        idle_words: None,
        start_words: None,
        is_native: false,
        told: |ended| {
            // The summary for people stands before the object.
            let begin = ended.stdout.find("\n{").map_or(0, |at| at + 1);
            let metrics = &read(&ended.stdout[begin..])["metrics"];
            let counts = [&metrics["http_reqs"], &metrics["ws_msgs_received"]];
            let count = counts.iter().find(|metric| metric.is_object());
            number(&count.expect("a count")["count"])
        },
        left: way.connections.into(),
    }
}

/// autocannon with a script of Node.js.
pub fn autocannon(way: &Way<'_>) -> Peer {
    Peer {
        told: |ended| {
            let said = read(&ended.stdout);
            assert_eq!(said["failed"], 0, "{said}");
            number(&said["passed"])
        },
        ..on_node("autocannon", way)
    }
}

/// socket.io-client with a script of Node.js.
pub fn socketio_client(way: &Way<'_>) -> Peer {
    on_node("socket.io-client", way)
}

/// A package of npm with a script, which prints how many requests it sent.
fn on_node(name: &'static str, way: &Way<'_>) -> Peer {
    let folder = folder();
    let is_there = folder.join("node_modules").join(name).is_dir();
    let words = vec![
        script(way.script.expect("node runs a script")),
        folder.display().to_string(),
        way.url.clone(),
        way.connections.to_string(),
    ];
    Peer {
        name,
        program: found("node").filter(|_| is_there),
        words: Box::new(move |seconds| with_last(&words, &[&seconds.to_string()])),
        idle_words: None,
        start_words: None,
        is_native: false,
        told: first_line,
        left: way.connections.into(),
    }
}

/// minio-go in a loop of `scripts/minio.go`, which GETs or PUTs an object.
pub fn minio(way: &Way<'_>, method: &str) -> Peer {
    of_loop(("minio-go in a loop", "minio_loop"), &[method], way)
}

/// grpc-go in a loop of `scripts/grpc.go`, which waits for the answer to each message.
pub fn grpc_go(way: &Way<'_>) -> Peer {
    of_loop(("grpc-go in a loop", "grpc_loop"), &[], way)
}

/// The official driver of MongoDB in a loop of `scripts/mongo.rs`, which finds one document again and again.
pub fn mongo_driver(way: &Way<'_>) -> Peer {
    of_loop(
        ("the official driver of MongoDB in a loop", "mongo_loop"),
        &[],
        way,
    )
}

/// A program that prints how many requests it sent.
fn of_loop((name, program): (&'static str, &str), first: &[&str], way: &Way<'_>) -> Peer {
    let words = with(first, &[way.url.clone(), way.connections.to_string()]);
    Peer {
        name,
        program: found(program),
        words: Box::new(move |seconds| with_last(&words, &[&seconds.to_string()])),
        idle_words: None,
        start_words: None,
        is_native: false,
        told: first_line,
        left: 0,
    }
}

fn first_line(ended: &Ended) -> u64 {
    parsed(ended.stdout.lines().next(), ended)
}

/// A program on the path, or in the folder that `peers.sh` fills.
pub fn found(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    folders.push(folder().join("bin"));
    let mut files = folders.into_iter().map(|folder| folder.join(name));
    files.find(|file| file.is_file())
}

/// A command whose process has core 0 for itself, behind a tool that watches it, if any.
pub fn pinned(tool: &[String], program: &Path, words: &[String]) -> Command {
    let mut command = Command::new("taskset");
    command
        .args(["-c", "0"])
        .args(tool)
        .arg(program)
        .args(words);
    command
}

fn folder() -> PathBuf {
    target_folder().join("peers")
}

fn number(value: &Value) -> u64 {
    value
        .as_u64()
        .unwrap_or_else(|| panic!("{value} is a count"))
}

#[track_caller]
fn parsed(word: Option<&str>, ended: &Ended) -> u64 {
    word.and_then(|word| word.parse().ok())
        .unwrap_or_else(|| panic!("no count in:\n{}\n{}", ended.stdout, ended.stderr))
}

fn strings(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn with(first: &[&str], rest: &[String]) -> Vec<String> {
    [strings(first), rest.to_vec()].concat()
}

fn with_last(first: &[String], last: &[&str]) -> Vec<String> {
    [first.to_vec(), strings(last)].concat()
}

//! Load generators: where each is found, the words that make it send what a row asks for, and how many requests it says it sent.

use crate::quinn_loop;
use crate::sample::Ended;
use bggo_tests::bench::{Program, read, summary, target_folder};
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
        told: |ended| parsed(ended.stdout.lines().next(), ended),
        left: 0,
    }
}

/// h2load with one thread: HTTP/1.1, or one connection of HTTP/2 whose streams are the connections of the row.
pub fn h2load(way: &Way<'_>, version: Version) -> Peer {
    let mut words = match version {
        Version::One => vec!["--h1".into(), format!("-c{}", way.connections)],
        Version::Two => vec!["-c1".into(), format!("-m{}", way.connections)],
    };
    words.extend(["-t1".into(), way.url.clone()]);
    Peer {
        name: "h2load",
        program: found("h2load"),
        words: Box::new(move |seconds| with(&["-D", &seconds.to_string()], &words)),
        idle_words: None,
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

/// What h2load speaks.
#[derive(Clone, Copy)]
pub enum Version {
    /// HTTP/1.1.
    One,
    /// HTTP/2.
    Two,
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
        words: Box::new(move |seconds| with_last(&words, &["--duration", &format!("{seconds}s")])),
        idle_words: None,
        told: |ended| {
            // The summary for people stands before the object.
            let begin = ended.stdout.find("\n{").map_or(0, |at| at + 1);
            let said = read(&ended.stdout[begin..]);
            number(&said["metrics"]["http_reqs"]["count"])
        },
        left: way.connections.into(),
    }
}

/// autocannon with a script of Node.js.
pub fn autocannon(way: &Way<'_>) -> Peer {
    let folder = folder();
    let is_there = folder.join("node_modules/autocannon").is_dir();
    let words = vec![
        script(way.script.expect("autocannon runs a script")),
        folder.display().to_string(),
        way.url.clone(),
        way.connections.to_string(),
    ];
    Peer {
        name: "autocannon",
        program: found("node").filter(|_| is_there),
        words: Box::new(move |seconds| with_last(&words, &[&seconds.to_string()])),
        idle_words: None,
        told: |ended| {
            let said = read(&ended.stdout);
            assert_eq!(said["failed"], 0, "{said}");
            number(&said["passed"])
        },
        left: way.connections.into(),
    }
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

//! The command line of a compiled grid: built-in flags, and one flag for each variable of the grid.

use super::arguments::{Arguments, Conflict, Flag, HELP, Stopped, VERSION, utf8};
use super::completions::{SHELL_NAMES, Shell};
use super::moment;
use crate::engine::Spin;
use crate::event::LogLevel;
use crate::grid::{Grid, Variable};
use crate::outputs::Progress;
use bggo_metrics::report::Percentiles;
use bggo_metrics::{Draft, MetricName};
use bggo_schedule::{Segment, Spread};
use bggo_values::{Number, Type, Value, convert, duration, json};
use std::ffi::OsString;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::{Duration, SystemTime};

/// The flags that were given on the command line.
#[derive(Debug)]
pub struct Flags {
    /// A functional run, also of a grid that declares a load.
    pub once: bool,
    /// The scenarios that are run; all if there are none.
    pub scenarios: Vec<String>,
    /// Virtual users of a load run.
    pub vus: Option<u32>,
    /// How long iterations may begin.
    pub duration: Option<Duration>,
    /// Iterations of all users.
    pub iterations: Option<u64>,
    /// Arrivals.
    pub rate: Option<PerTime>,
    /// The most users of arrivals.
    pub max_vus: Option<u32>,
    /// How arrivals are spread.
    pub arrivals: Option<Spread>,
    /// A number of users or a rate that changes.
    pub stages: Option<Stages>,
    /// The share of the run that this host does.
    pub segment: Segment,
    /// Thresholds beside those of the grid.
    pub thresholds: Vec<Draft>,
    /// Metrics that are measured although no threshold reads them.
    pub metrics: Vec<MetricName>,
    /// The share of iterations that may fail, below 1.
    pub max_failed: Option<f64>,
    /// The seed of all that is random in the run.
    pub seed: Option<u64>,
    /// Worker threads.
    pub threads: Option<u32>,
    /// Whether workers spin before an iteration is due; where nothing is said, they do if a core is free for it.
    pub spin: Option<Spin>,
    /// Each worker stays on a core of its own.
    pub pin: bool,
    /// When the clock of the run starts.
    pub start_at: Option<SystemTime>,
    /// A run whose load this host could not make is not failed for it.
    pub allow_overload: bool,
    /// How long running iterations may go on when no iteration begins any more.
    pub graceful_stop: Option<Duration>,
    /// The plan of the load is printed, and nothing is run.
    pub dry_run: bool,
    /// How long an iteration is assumed to take in the plan.
    pub assume_latency: Option<Duration>,
    /// How the progress of a load run is shown; `None`: as stderr is.
    pub progress: Option<Progress>,
    /// Columns of the summary.
    pub percentiles: Percentiles,
    /// Where the figures of all seconds are kept.
    pub out: Option<PathBuf>,
    /// A file that is kept there is replaced.
    pub force: bool,
    /// Where the summary is written as JSON: `-` is stdout.
    pub summary_json: Option<PathBuf>,
    /// Where the figures of each second are written.
    pub csv: Option<PathBuf>,
    /// Where what had to hold is written.
    pub junit: Option<PathBuf>,
    /// Where the steps of a share of all iterations are written down, one by one.
    pub samples: Option<PathBuf>,
    /// That share, from 0 to 1.
    pub sample_share: Option<f64>,
    /// Bytes of each body that are shown of what the steps of a functional run send and receive.
    pub trace_io: Option<usize>,
    /// JSON instead of text.
    pub json: bool,
    /// Which lines are written.
    pub level: LogLevel,
    /// Values of variables, weakest first.
    pub given: Vec<Given>,
    /// Files of data instead of those that the grid names.
    pub files_of_data: Vec<(String, PathBuf)>,
    /// The shell whose completion script is printed instead of a run.
    pub completions: Option<Shell>,
}

/// A number of iterations in a time: `500/s`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PerTime {
    /// Millionths of an iteration.
    pub millionths: u64,
    /// The time, in nanoseconds.
    pub unit: u64,
}

/// What `--stages` says: each stage takes a time, and has a number of users or a rate at its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stages {
    /// Users.
    Users(Vec<(Duration, u32)>),
    /// Iterations in a time, the same for all stages.
    Rates {
        /// The time, in nanoseconds.
        unit: u64,
        /// Millionths of an iteration.
        stages: Vec<(Duration, u64)>,
    },
}

/// A value of a variable, or a file of such, from the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Given {
    /// `--var-file PATH`.
    File(PathBuf),
    /// `--var NAME=VALUE`.
    Var(String, String),
    /// The variable's own flag: its name and the text.
    Flag(String, String),
}

const ONCE: &str = "once";
const VUS: &str = "vus";
const SCENARIO: &str = "scenario";
const DURATION: &str = "duration";
const ITERATIONS: &str = "iterations";
const RATE: &str = "rate";
const MAX_VUS: &str = "max-vus";
const ARRIVALS: &str = "arrivals";
const STAGES: &str = "stages";
const SEGMENT: &str = "segment";
const THRESHOLD: &str = "threshold";
const METRIC: &str = "metric";
const MAX_FAILED: &str = "max-failed";
const SEED: &str = "seed";
const THREADS: &str = "threads";
const SPIN: &str = "spin";
const PIN: &str = "pin";
const START_AT: &str = "start-at";
const ALLOW_OVERLOAD: &str = "allow-overload";
const GRACEFUL_STOP: &str = "graceful-stop";
const DRY_RUN: &str = "dry-run";
const ASSUME_LATENCY: &str = "assume-latency";
const PROGRESS: &str = "progress";
const PERCENTILES: &str = "percentiles";
const OUT: &str = "out";
const FORCE: &str = "force";
const SUMMARY_JSON: &str = "summary-json";
const CSV: &str = "csv";
const JUNIT: &str = "junit";
const SAMPLES: &str = "samples";
const SAMPLE_SHARE: &str = "sample-share";
const TRACE_IO: &str = "trace-io";
const LOG_FORMAT: &str = "log-format";
const LOG_LEVEL: &str = "log-level";
const QUIET: &str = "quiet";
const VAR: &str = "var";
const VAR_FILE: &str = "var-file";
const DATA: &str = "data";
const COMPLETIONS: &str = "completions";

/// The flag of a variable: `--base-url` of `base_url`; `None` when a built-in flag, or another variable, has that name.
fn own_flag(grid: &Grid, variable: &Variable) -> Option<String> {
    let flag = variable.name.replace('_', "-");
    let first = grid
        .all_variables()
        .find(|other| other.name.replace('_', "-") == flag);
    let of_data = flag == DATA && reads_files(grid);
    let taken =
        of_data || is_built_in(&flag) || first.is_some_and(|other| other.name != variable.name);
    (!taken).then_some(flag)
}

/// Whether rows of the grid lie in files that its program opens.
fn reads_files(grid: &Grid) -> bool {
    grid.data.iter().any(|data| data.file().is_some())
}

/// Whether a variable cannot have this flag.
fn is_built_in(name: &str) -> bool {
    let mut flags = RUN_FLAGS.iter().chain(REPORT_FLAGS).chain(VARIABLE_FLAGS);
    flags.any(|flag| flag.name == name) || [HELP.name, VERSION.name].contains(&name)
}

/// How the variable is set on the command line, as a message names it.
pub fn how_to_set(grid: &Grid, variable: &Variable) -> String {
    match own_flag(grid, variable) {
        Some(flag) => format!("--{flag} <{}>", type_name(variable)),
        None => format!("--var {}=<{}>", variable.name, type_name(variable)),
    }
}

fn type_name(variable: &Variable) -> String {
    variable.ty.map_or(Type::Any, |ty| ty()).to_string()
}

/// Reads the command line (without the program's name).
///
/// # Errors
/// Wrong usage, and `--help` and `--version`.
pub fn read(grid: &Grid, words: &[OsString]) -> Result<Flags, Stopped> {
    let texts = OwnFlag::all(grid);
    let flags = all_flags(grid, &texts);
    let arguments = Arguments::read(&flags, words)?;
    let level = match arguments.text(LOG_LEVEL)? {
        _ if arguments.has(QUIET) => LogLevel::Error,
        Some("error") => LogLevel::Error,
        Some("warn") => LogLevel::Warn,
        Some("debug") => LogLevel::Debug,
        _ => LogLevel::Info,
    };
    let path = |name| arguments.last(name).map(PathBuf::from);
    let mut scenarios = Vec::new();
    for (_, name) in arguments.all(SCENARIO) {
        scenarios.push(utf8(SCENARIO, name)?.to_owned());
    }
    let mut thresholds = Vec::new();
    for (_, text) in arguments.all(THRESHOLD) {
        let text = utf8(THRESHOLD, text)?;
        let draft = threshold(text).map_err(|why| arguments.invalid(THRESHOLD, text, &why))?;
        thresholds.push(draft);
    }
    let mut metrics = Vec::new();
    for (_, text) in arguments.all(METRIC) {
        let text = utf8(METRIC, text)?;
        let name = MetricName::read(text).map_err(|why| arguments.invalid(METRIC, text, &why))?;
        metrics.push(name);
    }
    Ok(Flags {
        once: arguments.has(ONCE),
        scenarios,
        vus: arguments.value(VUS, one_or_more)?,
        duration: arguments.value(DURATION, positive_length)?,
        iterations: arguments.value(ITERATIONS, one_or_more)?,
        rate: arguments.value(RATE, per_time)?,
        max_vus: arguments.value(MAX_VUS, one_or_more)?,
        arrivals: match arguments.text(ARRIVALS)? {
            Some("even") => Some(Spread::Even),
            Some("poisson") => Some(Spread::Poisson),
            _ => None,
        },
        stages: arguments.value(STAGES, stages)?,
        segment: arguments.value(SEGMENT, segment)?.unwrap_or(Segment::WHOLE),
        thresholds,
        metrics,
        max_failed: arguments.value(MAX_FAILED, share)?,
        seed: arguments.value(SEED, seed)?,
        threads: arguments.value(THREADS, threads)?,
        spin: match arguments.text(SPIN)? {
            Some("on") => Some(Spin::On),
            Some("off") => Some(Spin::Off),
            _ => None,
        },
        pin: arguments.has(PIN),
        start_at: arguments.value(START_AT, moment::read)?,
        allow_overload: arguments.has(ALLOW_OVERLOAD),
        graceful_stop: arguments.value(GRACEFUL_STOP, length)?,
        dry_run: arguments.has(DRY_RUN),
        assume_latency: arguments.value(ASSUME_LATENCY, positive_length)?,
        progress: match arguments.text(PROGRESS)? {
            Some("bar") => Some(Progress::Bar),
            Some("plain") => Some(Progress::Plain),
            Some("none") => Some(Progress::None),
            _ => None,
        },
        percentiles: arguments
            .value(PERCENTILES, Percentiles::parse)?
            .unwrap_or_default(),
        out: path(OUT),
        force: arguments.has(FORCE),
        summary_json: path(SUMMARY_JSON),
        csv: path(CSV),
        junit: path(JUNIT),
        samples: path(SAMPLES),
        sample_share: arguments.value(SAMPLE_SHARE, share)?,
        trace_io: arguments.value(TRACE_IO, size)?,
        json: arguments.text(LOG_FORMAT)? == Some("json"),
        level,
        given: given(&texts, &arguments)?,
        files_of_data: files_of_data(&arguments)?,
        completions: arguments.text(COMPLETIONS)?.and_then(Shell::of_name),
    })
}

/// Whether the words of a command line ask for JSON lines. The last one counts.
pub fn ask_for_json(words: &[OsString]) -> bool {
    let after = words.iter().skip(1).map(Some).chain([None]);
    let formats = words.iter().zip(after).filter_map(|(flag, next)| {
        match flag
            .to_str()?
            .strip_prefix("--")?
            .strip_prefix(LOG_FORMAT)?
        {
            "" => next?.to_str(),
            value => value.strip_prefix('='),
        }
    });
    formats.last() == Some("json")
}

/// Values from the command line, weakest first: `--var` and `--var-file` in the order given, then own flags.
fn given(texts: &[OwnFlag<'_>], arguments: &Arguments<'_>) -> Result<Vec<Given>, Stopped> {
    let mut ordered = Vec::new();
    for (number, text) in arguments.all(VAR) {
        // What was found is not shown: it may be a secret.
        let (name, value) = utf8(VAR, text)?
            .split_once('=')
            .filter(|(name, _)| !name.trim().is_empty())
            .ok_or_else(|| Stopped::Wrong("`--var` is followed by NAME=VALUE, such as `--var region=eu`; what was found is not shown, it may be sensitive".to_owned()))?;
        ordered.push((number, Given::Var(name.trim().to_owned(), value.to_owned())));
    }
    for (number, path) in arguments.all(VAR_FILE) {
        let place = ordered.partition_point(|(known, _)| *known < number);
        ordered.insert(place, (number, Given::File(path.into())));
    }
    let mut given: Vec<Given> = ordered.into_iter().map(|(_, given)| given).collect();
    for own in texts {
        if let Some(text) = arguments.text(&own.flag)? {
            given.push(Given::Flag(own.variable.name.to_owned(), text.to_owned()));
        }
    }
    Ok(given)
}

fn files_of_data(arguments: &Arguments<'_>) -> Result<Vec<(String, PathBuf)>, Stopped> {
    let pairs = arguments.all(DATA).map(|(_, text)| {
        let text = utf8(DATA, text)?;
        let pair = text.split_once('=').filter(|(name, _)| !name.is_empty());
        let (name, file) = pair.ok_or_else(|| {
            arguments.invalid(
                DATA,
                text,
                "it is KIND.NAME=FILE, such as csv.users=users.csv",
            )
        })?;
        Ok((name.to_owned(), PathBuf::from(file)))
    });
    pairs.collect()
}

/// A variable that has a flag, and the texts of this flag.
pub struct OwnFlag<'a> {
    variable: &'a Variable,
    flag: String,
    value: String,
    help: String,
}

impl<'a> OwnFlag<'a> {
    /// Those of all variables that have one.
    pub fn all(grid: &'a Grid) -> Vec<Self> {
        let variables = grid.all_variables();
        variables
            .filter_map(|variable| {
                Some(Self {
                    variable,
                    flag: own_flag(grid, variable)?,
                    value: type_name(variable),
                    help: help_of(variable),
                })
            })
            .collect()
    }
}

/// Variables without a flag of their own, each as help shows it.
pub fn without_own_flag(grid: &Grid) -> Vec<String> {
    grid.all_variables()
        .filter(|variable| own_flag(grid, variable).is_none())
        .map(|variable| format!("  {}  {}", how_to_set(grid, variable), help_of(variable)))
        .collect()
}

/// All flags of a grid's program, in the order of its help.
pub fn all_flags<'a>(grid: &Grid, own: &'a [OwnFlag<'a>]) -> Vec<Flag<'a>> {
    let [mut all, rest @ ..] = groups(grid, own).map(|(_, flags)| flags);
    for flags in rest {
        all.extend(flags);
    }
    all
}

/// The same, by the headings of help.
pub fn groups<'a>(grid: &Grid, own: &'a [OwnFlag<'a>]) -> [(&'static str, Vec<Flag<'a>>); 3] {
    let mut variables: Vec<Flag<'a>> = own.iter().map(OwnFlag::described).collect();
    variables.extend_from_slice(VARIABLE_FLAGS);
    if reads_files(grid) {
        variables.push(FILE_OF_DATA);
    }
    [
        ("Run", RUN_FLAGS.to_vec()),
        ("Report", REPORT_FLAGS.to_vec()),
        ("Variables", variables),
    ]
}

impl OwnFlag<'_> {
    fn described(&self) -> Flag<'_> {
        let flag = Flag::new(&self.flag).value(&self.value).help(&self.help);
        if self.variable.ty.is_some_and(|ty| ty() == Type::Bool) {
            return flag.alone("true");
        }
        flag.any_word()
    }
}

/// Flags under `Run`.
const RUN_FLAGS: &[Flag<'static>] = &[
    Flag::new(ONCE)
        .conflicts(&[Conflict {
            with: &[VUS, DURATION, ITERATIONS, RATE, STAGES, MAX_VUS, ARRIVALS],
            why: "a functional test has no load; leave out --once for a load test",
        }])
        .help("One virtual user runs one iteration, as a functional test [the default]"),
    Flag::new(SCENARIO)
        .value("NAME")
        .help("Runs this scenario and no other; may be given several times [default: all of them]"),
    Flag::new(VUS)
        .value("N")
        .conflicts(&[Conflict {
            with: &[RATE, MAX_VUS, ARRIVALS],
            why: "--vus is a fixed number of users, and a rate makes users as it needs them; leave out --vus: --max-vus says how many there may be, and `vus` in a `load` block of the grid how many are made before the load begins",
        }])
        .help("Virtual users of a load test [default: 1]; needs --duration or --iterations"),
    Flag::new(DURATION)
        .value("DURATION")
        .help("How long iterations may begin, such as 30s or 1m30s"),
    Flag::new(ITERATIONS)
        .value("N")
        .conflicts(&[Conflict {
            with: &[RATE, MAX_VUS, ARRIVALS],
            why: "iterations of a rate begin by the clock until --duration is over; write --duration in place of --iterations",
        }])
        .help("How many iterations all virtual users run together"),
    Flag::new(RATE)
        .value("N/TIME")
        .help("Iterations that begin in a time, whether or not earlier ones have ended, such as 500/s or 90/m; needs --duration"),
    Flag::new(STAGES)
        .value("STAGES")
        .conflicts(&[Conflict {
            with: &[DURATION, ITERATIONS, RATE, VUS],
            why: "each stage says how long it takes, and with how many users or which rate it ends",
        }])
        .help("A load that changes: each stage takes a time and ends with a number of users, such as 30s:500,2m:500, or with a rate, such as 30s:500/s,2m:500/s; it begins with none"),
    Flag::new(MAX_VUS)
        .value("N")
        .help("The most virtual users that a rate may make [default: 10000]"),
    Flag::new(ARRIVALS)
        .value("HOW")
        .one_of(&["even", "poisson"])
        .help("How the iterations of a rate are spread: evenly, or by chance as independent callers come [default: even]"),
    Flag::new(SEGMENT)
        .value("I/N")
        .help("Runs one of N equal shares of the load, such as 2/5; with all of them on as many hosts, each iteration runs once"),
    Flag::new(THRESHOLD)
        .value("CONDITION")
        .help("Fails the run if this is not true of its figures, such as 'p95 < 300ms', 'failed < 1%' or 'http_request.home.p95 < 300ms over 30s for 10s after 20s'; may be given several times"),
    Flag::new(MAX_FAILED)
        .value("PERCENT")
        .help("Fails the run if this share of iterations or more failed or never began, such as 5% or 0.1%; 0% allows none [default: 1%]"),
    Flag::new(SEED)
        .value("N")
        .help("The seed of random values and of arrivals by chance [default: another one in each run]"),
    Flag::new(THREADS)
        .value("N")
        .help("Worker threads [default: one for each core, at most one for each virtual user]"),
    Flag::new(SPIN)
        .value("WHEN")
        .one_of(&["auto", "on", "off"])
        .help("Whether a worker spins for the last microseconds before an iteration is due, which makes it more exact and takes its core [default: auto: if there are fewer workers than cores]"),
    Flag::new(PIN)
        .help("Keeps each worker on a core of its own, as long as there are enough cores"),
    Flag::new(START_AT)
        .value("TIME")
        .help("Starts the clock of the run at a moment, such as 2030-01-31T09:30:00Z, so that several hosts begin together"),
    Flag::new(ALLOW_OVERLOAD)
        .help("Only warns where this host could not hold the load, instead of ending with exit code 111"),
    Flag::new(GRACEFUL_STOP)
        .value("DURATION")
        .help("How long running iterations may still take at the end [default: 30s; after Ctrl-C 5s, in a functional test 0s]"),
    Flag::new(DRY_RUN)
        .help("Prints the plan of the load, and runs nothing"),
    Flag::new(ASSUME_LATENCY)
        .value("DURATION")
        .needs(DRY_RUN)
        .help("How long an iteration takes in the plan of --dry-run, which then says how many virtual users are needed"),
];

/// Flags under `Report`.
const REPORT_FLAGS: &[Flag<'static>] = &[
    Flag::new(PROGRESS)
        .value("HOW")
        .one_of(&["auto", "bar", "plain", "none"])
        .help("How the progress of a load test is shown: a line that is drawn again each second, or a line every ten seconds [default: auto: a bar on a terminal]"),
    Flag::new(PERCENTILES)
        .value("LIST")
        .help("The percentiles that the summary shows, such as p50,p95,p99.99 [default: p50,p90,p95,p99,p99.9]"),
    Flag::new(METRIC)
        .value("STEP.METRIC")
        .help("Measures a metric that costs something and is left out else, such as http_request.home.sending; may be given several times"),
    Flag::new(OUT)
        .path("FILE")
        .help("Keeps all that each second of a load test measures in FILE, for bggo report, merge and export"),
    Flag::new(FORCE)
        .needs(OUT)
        .help("Replaces the FILE of --out if it is there"),
    Flag::new(SUMMARY_JSON)
        .path("FILE")
        .help("Writes the summary to FILE as one JSON object; - is standard output"),
    Flag::new(CSV)
        .path("FILE")
        .help("Writes the figures of each second of a load test to FILE: a row a second and metric"),
    Flag::new(JUNIT)
        .path("FILE")
        .help("Writes thresholds and checks to FILE as test cases for a CI system; of a functional test its steps"),
    Flag::new(SAMPLES)
        .path("FILE")
        .help("Writes the steps of a share of all iterations to FILE: a row a step. A seed always takes the same iterations"),
    Flag::new(SAMPLE_SHARE)
        .value("PERCENT")
        .needs(SAMPLES)
        .help("The share of iterations of --samples [default: 1%]"),
    Flag::new(TRACE_IO)
        .value("SIZE")
        .alone("4KiB")
        .help("Shows what each step of a functional test sends and receives, with so much of each body [default: 4KiB]; secrets are kept back"),
    Flag::new(LOG_FORMAT)
        .value("FORMAT")
        .one_of(&["text", "json"])
        .default("text")
        .help(
            "The form of the lines on stderr: text for people, or one JSON object on each line",
    ),
    Flag::new(LOG_LEVEL)
        .value("LEVEL")
        .one_of(&["error", "warn", "info", "debug"])
        .default("info")
        .help("Which lines are written: those of this level and of the levels before it"),
    Flag::new(QUIET)
        .letter('q')
        .help("The same as --log-level error: no step lines, no live lines, no summary; the verdict only if the run did not pass"),
    Flag::new(COMPLETIONS)
        .value("SHELL")
        .one_of(&SHELL_NAMES)
        .help("Prints the completion script of a shell, and runs nothing"),
];

/// Flags under `Variables`, behind those of the variables.
const VARIABLE_FLAGS: &[Flag<'static>] = &[
    Flag::new(VAR)
        .value("NAME=VALUE")
        .help("Sets a variable; may be repeated"),
    Flag::new(VAR_FILE)
        .path("FILE")
        .help("Sets the variables that FILE names; may be repeated. Always read, if there: bggo.vars.hcl and *.auto.vars.hcl"),
];

/// Under `Variables` as well, where rows lie in files.
const FILE_OF_DATA: Flag<'static> = Flag::new(DATA)
    .value("KIND.NAME=FILE")
    .help("Reads the rows of these data from FILE, such as `csv.users=more.csv`; may be repeated");

/// Description and default.
fn help_of(variable: &Variable) -> String {
    let default = match variable.default.map(|default| default()) {
        None => "[required]".to_owned(),
        Some(Value::Null) => "[default: null]".to_owned(),
        Some(_) if variable.sensitive => "[default: (sensitive value)]".to_owned(),
        Some(Value::Text(text)) => format!("[default: {text:?}]"),
        Some(value) => format!("[default: {}]", json::encode_plain(&value)),
    };
    match variable.description {
        "" => default,
        description => format!("{description} {default}"),
    }
}

fn length(text: &str) -> Result<Duration, String> {
    duration::parse(text).ok_or_else(|| {
        let units = duration::UNITS_IN_WORDS;
        format!("expected a duration such as 30s, 1m30s or 500ms; its units are {units}")
    })
}

/// A number of bytes: `512`, `64KiB`.
fn size(text: &str) -> Result<usize, String> {
    let wrong = || "expected a size such as 512, 4KiB or 1MiB".to_owned();
    let size = convert::convert(&Value::from(text.to_owned()), &Type::Size);
    match size.map_err(|_| wrong())? {
        Value::Number(number) => number
            .as_u64()
            .and_then(|size| usize::try_from(size).ok())
            .ok_or_else(wrong),
        _ => Err(wrong()),
    }
}

/// A whole number above zero that fits its type.
fn one_or_more<N: FromStr + PartialOrd + From<u8>>(text: &str) -> Result<N, String> {
    let number = text.parse().ok().filter(|number| *number >= N::from(1));
    number.ok_or_else(|| "expected a whole number, 1 or more".to_owned())
}

fn threads(text: &str) -> Result<u32, String> {
    let number = text
        .parse()
        .ok()
        .filter(|number| (1..=1024).contains(number));
    number.ok_or_else(|| "expected a whole number from 1 to 1024".to_owned())
}

fn positive_length(text: &str) -> Result<Duration, String> {
    match length(text)? {
        Duration::ZERO => Err("expected a duration longer than zero".to_owned()),
        length => Ok(length),
    }
}

/// `30s:500,2m:500` or `30s:500/s,2m:500/s`.
fn stages(text: &str) -> Result<Stages, String> {
    let wrong = || {
        "expected stages such as 30s:500,2m:500 (users) or 30s:500/s,2m:500/s (a rate)".to_owned()
    };
    let parts = text.split(',').map(|part| {
        let (lasts, to) = part.split_once(':').ok_or_else(wrong)?;
        Ok((length(lasts.trim()).map_err(|_| wrong())?, to.trim()))
    });
    let parts: Vec<(Duration, &str)> = parts.collect::<Result<_, String>>()?;
    if !text.contains('/') {
        let users = parts.into_iter().map(|(length, to)| {
            let users = to.parse().map_err(|_| wrong())?;
            Ok((length, users))
        });
        return Ok(Stages::Users(users.collect::<Result<_, String>>()?));
    }
    let (mut unit, mut stages) = (None, Vec::with_capacity(parts.len()));
    for (length, to) in parts {
        let rate = per_time(to).map_err(|_| wrong())?;
        if *unit.get_or_insert(rate.unit) != rate.unit {
            return Err("all stages have rates of one time, such as /s".to_owned());
        }
        stages.push((length, rate.millionths));
    }
    let unit = unit.ok_or_else(wrong)?;
    Ok(Stages::Rates { unit, stages })
}

/// `2/5`, or several shares at once: `1-3/5`.
fn segment(text: &str) -> Result<Segment, String> {
    let wrong =
        || "expected one of equal shares, such as 2/5, or 1-3/5 for three of five".to_owned();
    let (own, all) = text.split_once('/').ok_or_else(wrong)?;
    let (first, last) = own.split_once('-').unwrap_or((own, own));
    let number = |text: &str| text.parse::<u32>().map_err(|_| wrong());
    let (first, last, all) = (number(first)?, number(last)?, number(all)?);
    let count = last.checked_sub(first).ok_or_else(wrong)?;
    let count = count.saturating_add(1);
    let before = first.checked_sub(1).ok_or_else(wrong)?;
    Segment::hosts(before, count, all)
        .ok_or_else(|| format!("there is no share {own} of {all}: they are 1 to {all}"))
}

fn threshold(text: &str) -> Result<Draft, String> {
    Draft::read(text).map_err(|refused| refused.to_string())
}

fn share(text: &str) -> Result<f64, String> {
    let share = bggo_metrics::percent(text);
    share
        .filter(|share| (0.0..=1.0).contains(share))
        .ok_or_else(|| "expected a share from 0% to 100%, such as 5%".to_owned())
}

fn seed(text: &str) -> Result<u64, String> {
    let wrong = |_| "expected a whole number of at most 64 bits".to_owned();
    match text.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).map_err(wrong),
        None => text.parse().map_err(wrong),
    }
}

/// `500/s`, `0.5/s`, `90/m`, `10/h`, `5000/d`.
fn per_time(text: &str) -> Result<PerTime, String> {
    let wrong = || "expected a number and a time, such as 500/s, 90/m or 0.5/s".to_owned();
    let (number, unit) = text.split_once('/').ok_or_else(wrong)?;
    let unit = match unit.trim() {
        "s" => 1_000_000_000,
        "m" | "min" => 60_000_000_000,
        "h" => 3_600_000_000_000,
        "d" => 86_400_000_000_000,
        _ => return Err(wrong()),
    };
    let number = Number::parse(number.trim()).ok_or_else(wrong)?;
    if number.is_negative() {
        return Err(wrong());
    }
    let (digits, scale) = number.unscaled();
    let zeros = 6_u32
        .checked_sub(scale)
        .ok_or_else(|| "a rate has at most 6 digits after its point".to_owned())?;
    let millionths = digits
        .checked_mul(10_u128.pow(zeros))
        .and_then(|millionths| u64::try_from(millionths).ok())
        .ok_or_else(|| "a rate is at most 1000000000/s".to_owned())?;
    Ok(PerTime { millionths, unit })
}

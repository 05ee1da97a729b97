//! The command line of a compiled grid: built-in flags, and one flag for each variable of the grid.

use super::completions::{SHELLS, Shell};
use super::moment;
use crate::engine::Spin;
use crate::event::LogLevel;
use crate::exit::Exit;
use crate::grid::{Grid, Variable};
use crate::outputs::Progress;
use bggo_metrics::Draft;
use bggo_metrics::report::Percentiles;
use bggo_schedule::Segment;
use bggo_values::{Number, Type, Value, convert, json};
use clap::builder::{PossibleValuesParser, TypedValueParser, ValueParser};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgAction, ArgMatches, Command};
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
    /// How arrivals are spread: by chance, or evenly.
    pub by_chance: bool,
    /// A number of users or a rate that changes.
    pub stages: Option<Stages>,
    /// The share of the run that this host does.
    pub segment: Segment,
    /// Thresholds beside those of the grid.
    pub thresholds: Vec<Draft>,
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
const COMPLETIONS: &str = "completions";
/// Flags that a variable cannot have.
const BUILT_IN: &[&str] = &[
    ONCE,
    SCENARIO,
    VUS,
    DURATION,
    ITERATIONS,
    RATE,
    MAX_VUS,
    ARRIVALS,
    STAGES,
    SEGMENT,
    THRESHOLD,
    MAX_FAILED,
    SEED,
    THREADS,
    SPIN,
    PIN,
    START_AT,
    ALLOW_OVERLOAD,
    GRACEFUL_STOP,
    DRY_RUN,
    ASSUME_LATENCY,
    PROGRESS,
    PERCENTILES,
    OUT,
    FORCE,
    SUMMARY_JSON,
    CSV,
    JUNIT,
    SAMPLES,
    SAMPLE_SHARE,
    TRACE_IO,
    LOG_FORMAT,
    LOG_LEVEL,
    QUIET,
    VAR,
    VAR_FILE,
    COMPLETIONS,
    "help",
    "version",
];
/// Stands before the name of a variable in the id of its flag, so that no id is that of a built-in flag.
const OWN: &str = "variable ";

/// The flag of a variable: `--base-url` of `base_url`; `None` when a built-in flag, or another variable, has that name.
fn own_flag(grid: &Grid, variable: &Variable) -> Option<String> {
    let flag = variable.name.replace('_', "-");
    let first = grid
        .all_variables()
        .find(|other| other.name.replace('_', "-") == flag);
    let taken =
        BUILT_IN.contains(&flag.as_str()) || first.is_some_and(|other| other.name != variable.name);
    (!taken).then_some(flag)
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
/// Wrong usage, and `--help` and `--version`, as clap puts it.
pub fn read(
    grid: &Grid,
    arguments: impl IntoIterator<Item = OsString>,
) -> Result<Flags, clap::Error> {
    let matches = command(grid)
        .try_get_matches_from(arguments)
        .map_err(|error| without_far_tip(without_value_of_var(grid, error)))?;
    let json = matches
        .get_one::<String>(LOG_FORMAT)
        .is_some_and(|format| format == "json");
    let level = match matches.get_one::<String>(LOG_LEVEL).map(String::as_str) {
        _ if matches.get_flag(QUIET) => LogLevel::Error,
        Some("error") => LogLevel::Error,
        Some("warn") => LogLevel::Warn,
        Some("debug") => LogLevel::Debug,
        _ => LogLevel::Info,
    };
    Ok(Flags {
        once: matches.get_flag(ONCE),
        scenarios: matches
            .get_many(SCENARIO)
            .map(|names| names.cloned().collect())
            .unwrap_or_default(),
        vus: matches.get_one(VUS).copied(),
        duration: matches.get_one(DURATION).copied(),
        iterations: matches.get_one(ITERATIONS).copied(),
        rate: matches.get_one(RATE).copied(),
        max_vus: matches.get_one(MAX_VUS).copied(),
        by_chance: matches
            .get_one::<String>(ARRIVALS)
            .is_some_and(|how| how == "poisson"),
        stages: matches.get_one(STAGES).cloned(),
        segment: matches.get_one(SEGMENT).copied().unwrap_or(Segment::WHOLE),
        thresholds: matches
            .get_many(THRESHOLD)
            .map(|drafts| drafts.cloned().collect())
            .unwrap_or_default(),
        max_failed: matches.get_one(MAX_FAILED).copied(),
        seed: matches.get_one(SEED).copied(),
        threads: matches.get_one(THREADS).copied(),
        spin: matches
            .get_one::<String>(SPIN)
            .and_then(|spin| match spin.as_str() {
                "on" => Some(Spin::On),
                "off" => Some(Spin::Off),
                _ => None,
            }),
        pin: matches.get_flag(PIN),
        start_at: matches.get_one(START_AT).copied(),
        allow_overload: matches.get_flag(ALLOW_OVERLOAD),
        graceful_stop: matches.get_one(GRACEFUL_STOP).copied(),
        dry_run: matches.get_flag(DRY_RUN),
        assume_latency: matches.get_one(ASSUME_LATENCY).copied(),
        progress: match matches.get_one::<String>(PROGRESS).map(String::as_str) {
            Some("bar") => Some(Progress::Bar),
            Some("plain") => Some(Progress::Plain),
            Some("none") => Some(Progress::None),
            _ => None,
        },
        percentiles: matches.get_one(PERCENTILES).cloned().unwrap_or_default(),
        out: matches.get_one(OUT).cloned(),
        force: matches.get_flag(FORCE),
        summary_json: matches.get_one(SUMMARY_JSON).cloned(),
        csv: matches.get_one(CSV).cloned(),
        junit: matches.get_one(JUNIT).cloned(),
        samples: matches.get_one(SAMPLES).cloned(),
        sample_share: matches.get_one(SAMPLE_SHARE).copied(),
        trace_io: matches.get_one(TRACE_IO).copied(),
        json,
        level,
        given: given(grid, &matches),
        completions: matches.get_one(COMPLETIONS).copied(),
    })
}

/// clap quotes what stands after `--var` without a `=`: it may be a secret.
fn without_value_of_var(grid: &Grid, error: clap::Error) -> clap::Error {
    let of_var = error.kind() == ErrorKind::ValueValidation
        && matches!(
            error.get(ContextKind::InvalidArg),
            Some(ContextValue::String(flag)) if flag.starts_with("--var ")
        );
    if !of_var {
        return error;
    }
    let text = "`--var` is followed by NAME=VALUE, such as `--var region=eu`; what was found is not shown, it may be sensitive";
    command(grid).error(ErrorKind::ValueValidation, text)
}

/// clap proposes a flag that is rather unlike what was written (`--once` for `--nope`): such a tip misleads.
fn without_far_tip(mut error: clap::Error) -> clap::Error {
    let far = match (
        error.get(ContextKind::InvalidArg),
        error.get(ContextKind::SuggestedArg),
    ) {
        (Some(ContextValue::String(written)), Some(ContextValue::String(proposed))) => {
            !is_near(written, proposed)
        }
        _ => false,
    };
    if far {
        error.remove(ContextKind::SuggestedArg);
    }
    error
}

/// Whether one flag is probably a slip for the other: one typing error in three characters.
fn is_near(written: &str, proposed: &str) -> bool {
    let written = written.trim_start_matches('-');
    let proposed = proposed.trim_start_matches('-');
    let allowed = written.chars().count().max(3) / 3;
    strsim::damerau_levenshtein(written, proposed) <= allowed
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
fn given(grid: &Grid, matches: &ArgMatches) -> Vec<Given> {
    let indexed = |id| matches.indices_of(id).into_iter().flatten();
    let vars = indexed(VAR)
        .zip(
            matches
                .get_many::<(String, String)>(VAR)
                .into_iter()
                .flatten(),
        )
        .map(|(index, (name, value))| (index, Given::Var(name.clone(), value.clone())));
    let files = indexed(VAR_FILE)
        .zip(matches.get_many::<PathBuf>(VAR_FILE).into_iter().flatten())
        .map(|(index, path)| (index, Given::File(path.clone())));
    let mut ordered: Vec<(usize, Given)> = vars.chain(files).collect();
    ordered.sort_unstable_by_key(|(index, _)| *index);
    let own = grid.all_variables().filter_map(|variable| {
        let id = format!("{OWN}{}", variable.name);
        let text = matches.try_get_one::<String>(&id).ok().flatten()?;
        Some(Given::Flag(variable.name.to_owned(), text.clone()))
    });
    ordered
        .into_iter()
        .map(|(_, given)| given)
        .chain(own)
        .collect()
}

/// All flags of a grid's program.
pub fn command(grid: &Grid) -> Command {
    let command = Command::new(grid.name)
        .version(format!("(built by bggo {})", grid.version))
        .about(about(grid))
        .args_override_self(true)
        .max_term_width(110)
        .args(run_flags())
        .args(report_flags())
        .args(variable_flags(grid));
    let hidden: Vec<String> = grid
        .all_variables()
        .filter(|variable| own_flag(grid, variable).is_none())
        .map(|variable| format!("  {}  {}", how_to_set(grid, variable), help(variable)))
        .collect();
    let mut after = exit_codes();
    if !hidden.is_empty() {
        after = format!(
            "Variables without a flag of their own, because the flag has another meaning:\n{}\n\n{after}",
            hidden.join("\n")
        );
    }
    command.after_help(after)
}

fn exit_codes() -> String {
    let lines = Exit::MEANINGS.map(|(exit, meaning)| format!("\n  {:<3}  {meaning}", exit.code()));
    format!("Exit codes:{}", lines.concat())
}

fn about(grid: &Grid) -> String {
    let what = if grid.description.is_empty() {
        format!("The grid {}.", grid.name)
    } else {
        grid.description.to_owned()
    };
    format!(
        "{what}\nWithout flags it runs once, as a functional test. With --duration, --iterations, --rate or --stages it is a load test."
    )
}

fn long(id: &'static str) -> Arg {
    Arg::new(id).long(id)
}

fn run_flags() -> Vec<Arg> {
    let load = [VUS, DURATION, ITERATIONS, RATE, STAGES];
    let flags = vec![
        long(ONCE).action(ArgAction::SetTrue).conflicts_with_all(load).help("One virtual user runs one iteration, as a functional test [the default]"),
        long(SCENARIO)
            .value_name("NAME")
            .action(ArgAction::Append)
            .help("Runs this scenario and no other; may be given several times [default: all of them]"),
        long(VUS)
            .value_name("N")
            .allow_negative_numbers(true)
            .value_parser(ValueParser::new(one_or_more::<u32>))
            .help("Virtual users of a load test [default: 1]; needs --duration or --iterations"),
        long(DURATION)
            .value_name("DURATION")
            .allow_hyphen_values(true)
            .value_parser(ValueParser::new(positive_duration))
            .help("How long iterations may begin, such as 30s or 1m30s"),
        long(ITERATIONS)
            .value_name("N")
            .allow_negative_numbers(true)
            .value_parser(ValueParser::new(one_or_more::<u64>))
            .help("How many iterations all virtual users run together"),
        long(RATE)
            .value_name("N/TIME")
            .allow_hyphen_values(true)
            .value_parser(ValueParser::new(per_time))
            .conflicts_with(ITERATIONS)
            .help("Iterations that begin in a time, whether or not earlier ones have ended, such as 500/s or 90/m; needs --duration"),
        long(STAGES)
            .value_name("STAGES")
            .allow_hyphen_values(true)
            .value_parser(ValueParser::new(stages))
            .conflicts_with_all([DURATION, ITERATIONS, RATE, VUS])
            .help("A load that changes: each stage takes a time and ends with a number of users, such as 30s:500,2m:500, or with a rate, such as 30s:500/s,2m:500/s; it begins with none"),
        long(MAX_VUS)
            .value_name("N")
            .value_parser(ValueParser::new(one_or_more::<u32>))
            .help("The most virtual users that a rate may make [default: 10000]"),
        long(ARRIVALS)
            .value_name("HOW")
            .value_parser(PossibleValuesParser::new(["even", "poisson"]))
            .help("How the iterations of a rate are spread: evenly, or by chance as independent callers come [default: even]"),
        long(SEGMENT)
            .value_name("I/N")
            .value_parser(ValueParser::new(segment))
            .help("Runs one of N equal shares of the load, such as 2/5; with all of them on as many hosts, each iteration runs once"),
        long(THRESHOLD)
            .value_name("CONDITION")
            .action(ArgAction::Append)
            .value_parser(ValueParser::new(threshold))
            .help("Fails the run if this is not true of its figures, such as 'p95 < 300ms', 'failed < 1%' or 'http_request.home.p95 < 300ms over 30s for 10s after 20s'; may be given several times"),
        long(MAX_FAILED)
            .value_name("PERCENT")
            .value_parser(ValueParser::new(share))
            .help("Fails the run if this share of iterations or more failed or never began, such as 5% or 0.1%; 0% allows none [default: 1%]"),
        long(SEED)
            .value_name("N")
            .value_parser(ValueParser::new(seed))
            .help("The seed of random values and of arrivals by chance [default: another one in each run]"),
        long(THREADS)
            .value_name("N")
            .allow_negative_numbers(true)
            .value_parser(ValueParser::new(threads))
            .help("Worker threads [default: one for each core, at most one for each virtual user]"),
        long(SPIN)
            .value_name("WHEN")
            .value_parser(PossibleValuesParser::new(["auto", "on", "off"]))
            .help("Whether a worker spins for the last microseconds before an iteration is due, which makes it more exact and takes its core [default: auto: if there are fewer workers than cores]"),
        long(PIN)
            .action(ArgAction::SetTrue)
            .help("Keeps each worker on a core of its own"),
        long(START_AT)
            .value_name("TIME")
            .value_parser(ValueParser::new(moment::read))
            .help("Starts the clock of the run at a moment, such as 2030-01-31T09:30:00Z, so that several hosts begin together"),
        long(ALLOW_OVERLOAD)
            .action(ArgAction::SetTrue)
            .help("Only warns where this host could not begin iterations in time, instead of ending with exit code 111"),
        long(GRACEFUL_STOP).value_name("DURATION").allow_hyphen_values(true).value_parser(ValueParser::new(duration)).help(
            "How long running iterations may still take at the end [default: 30s; after Ctrl-C 5s, in a functional test 0s]",
        ),
        long(DRY_RUN)
            .action(ArgAction::SetTrue)
            .help("Prints the plan of the load, and runs nothing"),
        long(ASSUME_LATENCY)
            .value_name("DURATION")
            .allow_hyphen_values(true)
            .value_parser(ValueParser::new(positive_duration))
            .requires(DRY_RUN)
            .help("How long an iteration takes in the plan of --dry-run, which then says how many virtual users are needed"),
    ];
    flags
        .into_iter()
        .map(|flag| flag.help_heading("Run"))
        .collect()
}

fn report_flags() -> Vec<Arg> {
    let flags = vec![
        long(PROGRESS)
            .value_name("HOW")
            .value_parser(PossibleValuesParser::new(["auto", "bar", "plain", "none"]))
            .help("How the progress of a load test is shown: a line that is drawn again each second, or a line every ten seconds [default: auto: a bar on a terminal]"),
        long(PERCENTILES)
            .value_name("LIST")
            .value_parser(ValueParser::new(Percentiles::parse))
            .help("The percentiles that the summary shows, such as p50,p95,p99.99 [default: p50,p90,p95,p99,p99.9]"),
        long(OUT)
            .value_name("FILE")
            .value_parser(clap::value_parser!(PathBuf))
            .help("Keeps all that each second of a load test measures in FILE, for bggo report, merge and export"),
        long(FORCE)
            .action(ArgAction::SetTrue)
            .requires(OUT)
            .help("Replaces the FILE of --out if it is there"),
        long(SUMMARY_JSON)
            .value_name("FILE")
            .value_parser(clap::value_parser!(PathBuf))
            .help("Writes the summary to FILE as one JSON object; - is standard output"),
        long(CSV)
            .value_name("FILE")
            .value_parser(clap::value_parser!(PathBuf))
            .help("Writes the figures of each second of a load test to FILE: a row a second and metric"),
        long(JUNIT)
            .value_name("FILE")
            .value_parser(clap::value_parser!(PathBuf))
            .help("Writes thresholds and checks to FILE as test cases for a CI system; of a functional test its steps"),
        long(SAMPLES)
            .value_name("FILE")
            .value_parser(clap::value_parser!(PathBuf))
            .help("Writes the steps of a share of all iterations to FILE: a row a step. A seed always takes the same iterations"),
        long(SAMPLE_SHARE)
            .value_name("PERCENT")
            .value_parser(ValueParser::new(share))
            .requires(SAMPLES)
            .help("The share of iterations of --samples [default: 1%]"),
        long(TRACE_IO)
            .value_name("SIZE")
            .num_args(0..=1)
            .require_equals(true)
            .default_missing_value("4KiB")
            .value_parser(ValueParser::new(size))
            .help("Shows what each step of a functional test sends and receives, with this much of each body [default: 4KiB]; --trace-io=0 shows no bodies. Secrets are kept back"),
        long(LOG_FORMAT)
            .value_name("FORMAT")
            .value_parser(PossibleValuesParser::new(["text", "json"]))
            .default_value("text")
            .help(
                "The form of the lines on stderr: text for people, or one JSON object on each line",
            ),
        long(LOG_LEVEL)
            .value_name("LEVEL")
            .value_parser(PossibleValuesParser::new([
                "error", "warn", "info", "debug",
            ]))
            .default_value("info")
            .help("Which lines are written: those of this level and of the levels before it"),
        long(QUIET)
            .short('q')
            .action(ArgAction::SetTrue)
            .help("The same as --log-level error: no step lines, no live lines, no summary; the verdict only if the run did not pass"),
        long(COMPLETIONS)
            .value_name("SHELL")
            .value_parser(PossibleValuesParser::new(SHELLS.map(|(name, _)| name)).map(shell))
            .help("Prints the completion script of a shell, and runs nothing"),
    ];
    flags
        .into_iter()
        .map(|flag| flag.help_heading("Report"))
        .collect()
}

fn variable_flags(grid: &Grid) -> Vec<Arg> {
    let mut flags: Vec<Arg> = grid
        .all_variables()
        .filter_map(|variable| {
            let flag = Arg::new(format!("{OWN}{}", variable.name))
                .long(own_flag(grid, variable)?)
                .value_name(type_name(variable))
                .allow_hyphen_values(true)
                .help(help(variable));
            let is_bool = variable.ty.is_some_and(|ty| ty() == Type::Bool);
            Some(if is_bool {
                flag.num_args(0..=1).default_missing_value("true")
            } else {
                flag
            })
        })
        .collect();
    flags.push(
        long(VAR)
            .value_name("NAME=VALUE")
            .action(ArgAction::Append)
            .value_parser(ValueParser::new(name_and_value))
            .help("Sets a variable; may be repeated"),
    );
    flags.push(
        long(VAR_FILE)
            .value_name("FILE")
            .action(ArgAction::Append)
            .value_parser(clap::value_parser!(PathBuf))
            .help("Sets the variables that FILE names; may be repeated. Always read, if there: bggo.vars.hcl and *.auto.vars.hcl"),
    );
    flags
        .into_iter()
        .map(|flag| flag.help_heading("Variables"))
        .collect()
}

/// Description and default.
fn help(variable: &Variable) -> String {
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

/// The shell of this name. clap has checked the name.
fn shell(name: String) -> Shell {
    let found = SHELLS.into_iter().find(|(known, _)| *known == name);
    found.map_or(Shell::Bash, |(_, shell)| shell)
}

fn duration(text: &str) -> Result<Duration, String> {
    bggo_values::duration::parse(text)
        .ok_or_else(|| "expected a duration such as 30s, 1m30s or 500ms".to_owned())
}

/// A number of bytes: `512`, `64KiB`.
fn size(text: &str) -> Result<usize, String> {
    let wrong = || "expected a size such as 512, 4KiB or 1MiB".to_owned();
    let size = convert::convert(&Value::from(text.to_owned()), &Type::Size).map_err(|_| wrong())?;
    match size {
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

fn positive_duration(text: &str) -> Result<Duration, String> {
    match duration(text)? {
        Duration::ZERO => Err("expected a duration longer than zero".to_owned()),
        duration => Ok(duration),
    }
}

fn name_and_value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.trim().is_empty() => {
            Ok((name.trim().to_owned(), value.to_owned()))
        }
        _ => Err("expected NAME=VALUE".to_owned()),
    }
}

/// Reads `500/s`, `0.5/s`, `90/m`, `10/h`.
/// `30s:500,2m:500` or `30s:500/s,2m:500/s`.
fn stages(text: &str) -> Result<Stages, String> {
    let wrong = || {
        "expected stages such as 30s:500,2m:500 (users) or 30s:500/s,2m:500/s (a rate)".to_owned()
    };
    let parts = text.split(',').map(|part| {
        let (length, to) = part.split_once(':').ok_or_else(wrong)?;
        Ok((duration(length.trim()).map_err(|_| wrong())?, to.trim()))
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

fn per_time(text: &str) -> Result<PerTime, String> {
    let wrong = || "expected a number and a time, such as 500/s, 90/m or 0.5/s".to_owned();
    let (number, unit) = text.split_once('/').ok_or_else(wrong)?;
    let unit = match unit.trim() {
        "s" => 1_000_000_000,
        "m" | "min" => 60_000_000_000,
        "h" => 3_600_000_000_000,
        _ => return Err(wrong()),
    };
    let number = Number::parse(number.trim()).ok_or_else(wrong)?;
    if number.is_negative() {
        return Err(wrong());
    }
    let (digits, scale) = number.unscaled();
    let millionths = 6_u32
        .checked_sub(scale)
        .and_then(|zeros| digits.checked_mul(10_u128.pow(zeros)));
    Ok(PerTime {
        millionths: millionths
            .and_then(|millionths| u64::try_from(millionths).ok())
            .ok_or_else(wrong)?,
        unit,
    })
}

//! The command line of bggo: a file for each command, exit codes, and what the terminal shows.

mod build;
mod cache;
mod calibrate;
mod check;
mod compare;
mod compared_run;
mod completions;
mod console;
mod describing;
mod ending_signals;
mod exit;
mod explain;
mod export;
mod fmt;
mod graph;
mod grpc;
mod lsp;
mod merge;
mod new;
mod noise_file;
mod postgres;
mod program;
mod program_flags;
mod recorded;
mod repair;
mod report;
mod result_file;
mod rewritten;
mod run;
mod target;
mod watch;

use clap::{CommandFactory, Parser, Subcommand};
use console::Console;
use exit::Exit;
use std::ffi::OsString;
use std::process::ExitCode;

const AFTER_HELP: &str = "First steps: `bggo new shop`, then `bggo run shop.hcl`.

Exit codes:
  0    done
  1    the grid has errors, or this machine cannot build it; a figure has changed by more than `--fail-on` allows
  2    bggo was called wrongly
  3    `bggo fmt --check` found a file that is not formatted
  4    a result file cannot be read, or does not fit the others
  99   a threshold of a merged run failed, or no iteration of it ended
  101  a bug in bggo
  111  the figures of a merged run are not valid
`bggo run` ends with the exit code of the program; the `--help` of the program lists its exit codes.";

/// Compiles declarative load tests to executables.
#[derive(Debug, Parser)]
#[command(name = "bggo", version = concat!(env!("CARGO_PKG_VERSION"), " (build ", env!("BGGO_BUILD_ID"), ")"), about, propagate_version = false, after_help = AFTER_HELP)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show all errors of a grid
    Check(check::Check),
    /// Say what the code of an error means, with a wrong grid and the right one
    Explain(explain::Explain),
    /// Write files of HCL in the form of `terraform fmt`
    Fmt(fmt::Fmt),
    /// Build one executable of a grid
    Build(build::Build),
    /// Build a grid and run it
    Run(run::Run),
    /// Draw the graph of a grid
    Graph(graph::Graph),
    /// Write a first grid, with comments that explain it
    New(new::New),
    /// Start an HTTP server to try grids on: that of the module `http_target`
    Target(target::Target),
    /// Show the summary of a load run again, from its result file
    Report(report::Report),
    /// Merge the result files of the hosts of a run, and judge the whole
    Merge(merge::Merge),
    /// Cut off what a kill left at the end of a result file
    Repair(repair::Repair),
    /// Write a result file in a form for other tools
    Export(export::Export),
    /// Say whether runs of an old and a new program differ, and by how much
    Compare(compare::Compare),
    /// Run a program several times, and say by how much its runs differ
    Calibrate(calibrate::Calibrate),
    /// Ask a server of gRPC for what a grid has to know of it
    Grpc(grpc::Grpc),
    /// Ask a server of PostgreSQL for what a grid has to know of it
    Postgres(postgres::Postgres),
    /// Print the completion script of a shell
    Completions(completions::Completions),
    /// Answer an editor: a language server on standard input and output
    Lsp(lsp::Lsp),
    /// Show how large the cache is, or remove it
    Cache(cache::Cache),
}

/// The `main` of bggo.
pub fn main() -> ExitCode {
    console::report_panics();
    let mut console = Console::new();
    let words: Vec<OsString> = std::env::args_os().collect();
    let words = match program_flags::set_apart(words, &Arguments::command()) {
        Ok(words) => words,
        Err(flag) => {
            console.fault(
                &format!("`{flag}` is no flag of `bggo run`"),
                &format!("write flags of the program after the grid: `bggo run GRID {flag} ..`; `bggo run --help` lists the flags of `bggo run`"),
            );
            return Exit::Usage.into();
        }
    };
    let arguments = match Arguments::try_parse_from(&words) {
        Ok(arguments) => arguments,
        Err(wrong) => {
            if !wrong.use_stderr() {
                // If the terminal is gone, nobody can be told.
                let _ = wrong.print();
                return Exit::Done.into();
            }
            if let Some(flag) = one_dash(&words, &Arguments::command()) {
                console.fault(
                    &format!("flags have two dashes, found `-{flag}`"),
                    &format!("write `--{flag}`"),
                );
                return Exit::Usage.into();
            }
            // If the terminal is gone, nobody can be told.
            let _ = wrong.print();
            return Exit::Usage.into();
        }
    };
    let run = || match arguments.command {
        Command::Check(command) => command.run(&mut console),
        Command::Explain(command) => command.run(&mut console),
        Command::Fmt(command) => command.run(&mut console),
        Command::Build(command) => command.run(&mut console),
        Command::Run(command) => command.run(&mut console),
        Command::Graph(command) => command.run(&mut console),
        Command::New(command) => command.run(&mut console),
        Command::Target(command) => command.run(&mut console),
        Command::Report(command) => command.run(&mut console),
        Command::Merge(command) => command.run(&mut console),
        Command::Repair(command) => command.run(&mut console),
        Command::Export(command) => command.run(&mut console),
        Command::Compare(command) => command.run(&mut console),
        Command::Calibrate(command) => command.run(&mut console),
        Command::Grpc(command) => command.run(&mut console),
        Command::Postgres(command) => command.run(&mut console),
        Command::Completions(command) => command.run(Arguments::command(), &mut console),
        Command::Lsp(command) => command.run(&mut console),
        Command::Cache(command) => command.run(&mut console),
    };
    // The panic has been reported by the hook.
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(run))
        .unwrap_or(Exit::Bug)
        .into()
}

/// The first flag that has one dash, as Terraform's have, where it is one of the command with two.
fn one_dash<'w>(words: &'w [OsString], bggo: &clap::Command) -> Option<&'w str> {
    let mut command = bggo;
    for word in words.iter().skip(1) {
        let word = word.to_str()?;
        if let Some(inner) = command.find_subcommand(word) {
            command = inner;
        } else if word == "--" {
            return None;
        } else if let Some(flag) = word.strip_prefix('-') {
            let name = flag.split('=').next();
            let mut known = command.get_arguments().filter_map(clap::Arg::get_long);
            if flag.len() > 1 && known.any(|known| Some(known) == name) {
                return Some(flag);
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tree_of_commands_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn a_flag_with_one_dash_is_known() {
        let found = |line: &str| {
            let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
            one_dash(&words, &Arguments::command()).map(str::to_owned)
        };
        assert_eq!(found("bggo fmt -check a.hcl").as_deref(), Some("check"));
        let format = found("bggo check -format=json a.hcl");
        assert_eq!(format.as_deref(), Some("format=json"));
        for line in [
            "bggo fmt --check -",
            "bggo fmt -x",
            "bggo run a.hcl -- -check",
        ] {
            assert_eq!(found(line), None, "{line}");
        }
    }

    #[test]
    fn flags_of_the_binary_follow_two_dashes() {
        let parsed =
            Arguments::try_parse_from(["bggo", "run", "a.hcl", "--", "--vus", "50"]).unwrap();
        let Command::Run(run) = parsed.command else {
            panic!("another command")
        };
        assert_eq!(run.flags, ["--vus", "50"]);
    }
}

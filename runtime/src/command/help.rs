//! The flags of a grid's program -> the texts of `--help` and `--version`, and of a command line that is wrong.

use super::arguments::{Flag, HELP, VERSION};
use super::flags::{OwnFlag, groups, without_own_flag};
use crate::exit::Exit;
use crate::grid::Grid;
use std::fmt::Write as _;

/// What `--version` prints.
pub fn version(grid: &Grid) -> String {
    format!("{} (built by bggo {})\n", grid.name, grid.version)
}

/// What is printed of a command line that is wrong.
pub fn wrong(text: &str) -> String {
    format!("error: {text}\n\nFor more information, try '--help'.\n")
}

/// What `--help` prints; `called` is the name by which the program was called.
pub fn help(grid: &Grid, called: &str) -> String {
    let mut text = format!("{}\n\nUsage: {called} [OPTIONS]\n", about(grid));
    let own = OwnFlag::all(grid);
    group(&mut text, "Options", &[HELP, VERSION]);
    for (heading, flags) in groups(grid, &own) {
        group(&mut text, heading, &flags);
    }
    let hidden = without_own_flag(grid);
    if !hidden.is_empty() {
        text.push_str(
            "\nVariables without a flag of their own, because the flag has another meaning:\n",
        );
        text.push_str(&hidden.join("\n"));
        text.push('\n');
    }
    text.push_str("\nExit codes:\n");
    for (exit, meaning) in Exit::MEANINGS {
        line(&mut text, format_args!("  {:<3}  {meaning}", exit.code()));
    }
    text
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

/// Flags under a heading. What they are for begins in one column.
fn group(text: &mut String, heading: &str, flags: &[Flag<'_>]) {
    line(text, format_args!("\n{heading}:"));
    let usages = flags.iter().map(|flag| match flag.letter {
        Some(letter) => format!("-{letter}, {}", flag.usage()),
        None => format!("    {}", flag.usage()),
    });
    let usages: Vec<String> = usages.collect();
    let width = usages.iter().map(|usage| usage.chars().count()).max();
    let width = width.unwrap_or_default();
    for (flag, usage) in flags.iter().zip(&usages) {
        let mut what = flag.help.to_owned();
        if !flag.default.is_empty() {
            what.push_str(&format!(" [default: {}]", flag.default));
        }
        what.push_str(&flag.known_values(" "));
        // A description may have several lines.
        let what = what.replace('\n', &format!("\n{:width$}", "", width = width + 4));
        line(text, format_args!("  {usage:width$}  {what}"));
    }
}

fn line(text: &mut String, words: std::fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    let _ = writeln!(text, "{words}");
}

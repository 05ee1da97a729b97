//! The words of `bggo run`: which are bggo's own, and which belong to the program that it runs.

use clap::Command;
use std::ffi::{OsStr, OsString};

/// A command line of bggo with `--` before the flags of the program: in `bggo run`, everything after the grid that is no
/// flag of `bggo run` itself. If there is a `--` already, everything after it belongs to the program.
///
/// # Errors
/// A flag before the grid that bggo does not know.
pub fn set_apart(words: Vec<OsString>, bggo: &Command) -> Result<Vec<OsString>, String> {
    let Some(run) = bggo.find_subcommand("run") else {
        return Ok(words);
    };
    if words.get(1).is_none_or(|word| word != "run") {
        return Ok(words);
    }
    let mut own: Vec<OsString> = words[..2].to_vec();
    let mut of_program = Vec::new();
    let mut grid = false;
    let mut rest = words[2..].iter();
    while let Some(word) = rest.next() {
        if word == "--" {
            of_program.extend(rest.cloned());
            break;
        }
        match (flag(word, run), word.as_encoded_bytes().first()) {
            (Some(takes_value), _) => {
                own.push(word.clone());
                if takes_value {
                    own.extend(rest.next().cloned());
                }
            }
            (None, Some(b'-')) if !grid => return Err(word.to_string_lossy().into_owned()),
            (None, _) if grid => of_program.push(word.clone()),
            (None, _) => {
                grid = true;
                own.push(word.clone());
            }
        }
    }
    if !of_program.is_empty() {
        own.push("--".into());
        own.append(&mut of_program);
    }
    Ok(own)
}

/// Whether a word is a flag of `bggo run`; if so, whether the next word is its value.
fn flag(word: &OsStr, run: &Command) -> Option<bool> {
    let word = word.to_str()?;
    if ["-h", "--help"].contains(&word) {
        return Some(false);
    }
    let (name, value) = match word.strip_prefix("--")?.split_once('=') {
        Some((name, _)) => (name, true),
        None => (&word[2..], false),
    };
    let known = run
        .get_arguments()
        .find(|known| known.get_long() == Some(name))?;
    Some(known.get_action().takes_values() && !value)
}

/// Whether the flags ask for JSON lines. If the flag is given twice, the last one counts, as for the program.
pub fn wants_json(flags: &[OsString]) -> bool {
    let after = flags.iter().skip(1).map(Some).chain([None]);
    let formats = flags.iter().zip(after).filter_map(|(flag, next)| {
        let flag = flag.to_str()?;
        match flag.strip_prefix("--log-format")? {
            "" => next?.to_str(),
            value => value.strip_prefix('='),
        }
    });
    formats.last() == Some("json")
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{Arg, ArgAction};

    fn bggo() -> Command {
        let run = Command::new("run")
            .arg(Arg::new("path"))
            .arg(Arg::new("watch").long("watch").action(ArgAction::SetTrue))
            .arg(Arg::new("profile").long("profile"));
        Command::new("bggo").subcommand(run)
    }

    fn split(line: &str) -> Result<String, String> {
        let words = line.split(' ').map(OsString::from).collect();
        let words = set_apart(words, &bggo())?;
        let words: Vec<&str> = words.iter().map(|word| word.to_str().unwrap()).collect();
        Ok(words.join(" "))
    }

    #[test]
    fn what_follows_the_grid_and_is_no_flag_of_bggo_is_the_programs() {
        for (line, expected) in [
            ("bggo run g.hcl", "bggo run g.hcl"),
            ("bggo run g.hcl --vus 5", "bggo run g.hcl -- --vus 5"),
            (
                "bggo run g.hcl --vus 5 --watch -q --profile max --x=--watch",
                "bggo run g.hcl --watch --profile max -- --vus 5 -q --x=--watch",
            ),
            (
                "bggo run --profile max g.hcl --vus 5",
                "bggo run --profile max g.hcl -- --vus 5",
            ),
            (
                "bggo run --profile=max g.hcl a",
                "bggo run --profile=max g.hcl -- a",
            ),
            (
                "bggo run g.hcl --vus 5 -- --watch --",
                "bggo run g.hcl -- --vus 5 --watch --",
            ),
            ("bggo run g.hcl --help", "bggo run g.hcl --help"),
            ("bggo run g.hcl --", "bggo run g.hcl"),
            ("bggo run --profile", "bggo run --profile"),
            ("bggo check g.hcl --vus 5", "bggo check g.hcl --vus 5"),
            ("bggo", "bggo"),
        ] {
            assert_eq!(split(line).as_deref(), Ok(expected), "{line}");
        }
    }

    #[test]
    fn an_unknown_flag_before_the_grid_is_refused() {
        assert_eq!(split("bggo run --vus 5 g.hcl"), Err("--vus".to_owned()));
        assert_eq!(split("bggo run -q g.hcl"), Err("-q".to_owned()));
    }

    #[test]
    fn the_last_log_format_counts() {
        for (line, json) in [
            ("--log-format json", true),
            ("--vus 5 --log-format=json", true),
            ("--log-format json --log-format text", false),
            ("--log-format", false),
            ("--log-formatter json", false),
            ("", false),
        ] {
            let flags: Vec<OsString> = line.split(' ').map(OsString::from).collect();
            assert_eq!(wants_json(&flags), json, "{line}");
        }
    }
}

//! `bggo explain`: what a code of an error means, with a wrong grid and the right one.

use super::console::Console;
use super::exit::Exit;
use crate::diagnostics::{codes, nearest};
use clap::Args;

/// Arguments of `bggo explain`.
#[derive(Debug, Args)]
pub struct Explain {
    /// A code, as it stands in brackets: `unknown_step` of `error[unknown_step]`. Without one, all codes are listed
    #[arg(value_name = "CODE")]
    code: Option<String>,
}

impl Explain {
    /// Runs the command.
    pub fn run(self, console: &mut Console) -> Exit {
        let Some(written) = self.code else {
            return console.result(&list());
        };
        let code = bare(&written);
        match codes::ALL.iter().find(|entry| entry.code.0 == code) {
            Some(entry) => console.result(entry.page),
            None => {
                let names = codes::ALL.iter().map(|entry| entry.code.0);
                let hint = nearest::hint(code, names)
                    .unwrap_or_else(|| "`bggo explain` lists all codes".to_owned());
                console.fault(&format!("`{code}` is no code of an error"), &hint);
                Exit::Usage
            }
        }
    }
}

/// The code of what was copied from an error: `error[unknown_step]`, or with brackets alone.
fn bare(written: &str) -> &str {
    let inside = written
        .split_once('[')
        .and_then(|(_, rest)| rest.split_once(']'));
    inside.map_or(written, |(code, _)| code).trim()
}

/// Each code with its summary, by name.
fn list() -> String {
    let mut entries: Vec<_> = codes::ALL.iter().collect();
    entries.sort_by_key(|entry| entry.code);
    let width = entries.iter().map(|entry| entry.code.0.len()).max();
    let width = width.unwrap_or_default();
    entries
        .iter()
        .map(|entry| format!("{:width$}  {}\n", entry.code.0, entry.summary))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_known_as_it_is_copied() {
        for written in [
            "unknown_step",
            "error[unknown_step]",
            "[unknown_step]:",
            " unknown_step",
        ] {
            assert_eq!(bare(written), "unknown_step");
        }
    }

    #[test]
    fn the_list_has_every_code_once_and_in_order() {
        let list = list();
        assert_eq!(list.lines().count(), codes::ALL.len());
        assert!(list.lines().is_sorted());
        assert!(list.contains("\nunknown_step "), "{list}");
    }
}

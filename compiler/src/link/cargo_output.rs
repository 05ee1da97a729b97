//! What cargo writes while it builds: its messages and lines -> the program, errors, and progress.

use super::job::Event;
use serde::Deserialize;
use std::path::PathBuf;

/// What cargo has written so far.
#[derive(Debug, Default)]
pub struct CargoOutput {
    /// The executable that it built.
    pub program: Option<PathBuf>,
    /// Errors of rustc: the `Cargo.toml` of the crate, and the text.
    pub errors: Vec<(PathBuf, String)>,
    /// Lines of stderr without the progress bar.
    pub lines: Vec<String>,
}

#[derive(Deserialize)]
struct Message {
    reason: String,
    #[serde(default)]
    executable: Option<PathBuf>,
    #[serde(default)]
    manifest_path: PathBuf,
    #[serde(default)]
    message: Option<Rendered>,
}

#[derive(Deserialize)]
struct Rendered {
    level: String,
    #[serde(default)]
    rendered: Option<String>,
}

impl CargoOutput {
    /// Takes a line of stdout, which is a message in JSON.
    pub fn message(&mut self, line: &str) {
        let Ok(message) = serde_json::from_str::<Message>(line) else {
            return;
        };
        if message.reason == "compiler-artifact" && message.executable.is_some() {
            self.program = message.executable;
        }
        let error = message
            .message
            .filter(|said| said.level.starts_with("error"));
        if let Some(words) = error.and_then(|said| said.rendered) {
            self.errors.push((message.manifest_path, words));
        }
    }

    /// Takes a line of stderr: a state of the progress bar, or text that is kept.
    pub fn line(&mut self, line: String, progress: &mut dyn FnMut(Event<'_>)) {
        let words = line.trim();
        if let Some((done, total, name)) = bar(words) {
            progress(Event::Compiling { done, total, name });
        } else if words.starts_with("Blocking waiting for file lock") {
            progress(Event::Waiting);
        } else if words.starts_with("Fetch [")
            || words.starts_with("Downloading")
            || words.starts_with("Downloaded")
            || words.starts_with("Updating")
        {
            progress(Event::Fetching);
        } else if !words.is_empty() {
            self.lines.push(line);
        }
    }
}

/// Reads a state of cargo's bar: `Building [====>   ] 12/215: tokio, hyper(build)`.
fn bar(line: &str) -> Option<(u32, u32, &str)> {
    let (_, rest) = line.strip_prefix("Building [")?.split_once("] ")?;
    let (count, names) = rest.split_once(": ").unwrap_or((rest, ""));
    let (done, total) = count.split_once('/')?;
    let name = names
        .split([',', '('])
        .next()
        .unwrap_or_default()
        .trim_end_matches("...");
    Some((
        done.trim().parse().ok()?,
        total.trim().parse().ok()?,
        name.trim(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_of_a_bar_are_progress_and_no_lines_that_are_kept() {
        let mut output = CargoOutput::default();
        let mut fetching = 0;
        let lines = [
            "       Fetch [==>    ] 56 complete; 47 pending     ",
            "    Updating crates.io index",
            "error: could not compile `x`",
        ];
        for line in lines {
            output.line(line.to_owned(), &mut |event| {
                fetching += u32::from(event == Event::Fetching);
            });
        }
        assert_eq!((output.lines, fetching), (vec![lines[2].to_owned()], 2));
    }

    #[test]
    fn the_state_of_cargos_bar_is_count_and_first_crate() {
        assert_eq!(
            bar("Building [====>     ] 12/215: tokio, hyper(build)"),
            Some((12, 215, "tokio"))
        );
        assert_eq!(
            bar("Building [=======>  ] 200/215: ring(build)..."),
            Some((200, 215, "ring"))
        );
        assert_eq!(bar("Building [>         ] 0/3"), Some((0, 3, "")));
        assert_eq!(bar("Compiling tokio v1.54.0"), None);
        assert_eq!(bar("Building [broken"), None);
    }
}

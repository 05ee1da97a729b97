//! `bggo build`: a grid to one executable, or to what it is made of on the way.

use super::console::{Console, size};
use super::exit::Exit;
use super::program::Compile;
use crate::link::{self, BuiltProgram};
use crate::plan;
use clap::{Args, ValueEnum};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// What is written instead of a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Emit {
    /// The Rust source
    Rust,
    /// The plan: the order of the steps, and when each value is known
    Plan,
}

/// Arguments of `bggo build`.
#[derive(Debug, Args)]
pub struct Build {
    #[command(flatten)]
    compile: Compile,
    /// Write the program to this file
    #[arg(short, long, value_name = "OUT", required_unless_present = "emit")]
    output: Option<PathBuf>,
    /// Write this to OUT, or to standard output, instead of the program
    #[arg(long, value_enum)]
    emit: Option<Emit>,
}

impl Build {
    /// Runs the command.
    pub fn run(self, console: &mut Console) -> Exit {
        let begin = Instant::now();
        let done = match (self.emit, &self.output) {
            (Some(emit), output) => self.emit(emit, output.as_deref(), console),
            (None, Some(output)) => self.build(output, begin, console),
            // clap asks for one of the two.
            (None, None) => Err(Exit::Usage),
        };
        done.unwrap_or_else(|exit| exit)
    }

    fn build(&self, output: &Path, begin: Instant, console: &mut Console) -> Result<Exit, Exit> {
        link::check_output(output).map_err(|fault| console.link_fault(&fault))?;
        let built = self.compile.program(console)?;
        link::copy_to_output(&built.path, output).map_err(|fault| console.link_fault(&fault))?;
        console.say(summary(output, &built, begin.elapsed()));
        Ok(Exit::Done)
    }

    fn emit(&self, emit: Emit, output: Option<&Path>, console: &mut Console) -> Result<Exit, Exit> {
        let mut sources = self.compile.sources(console)?;
        let loaded = self.compile.loaded(console)?;
        crate::read_files(&mut sources, &loaded.all);
        let (compiled, _) = self.compile.compile(&sources, &loaded, console)?;
        let text = match emit {
            Emit::Rust => files(&compiled.package.files),
            Emit::Plan => plan::print(&compiled.plan),
        };
        let Some(output) = output else {
            return Ok(console.result(&text));
        };
        link::check_text(output)
            .and_then(|()| {
                fs::write(output, text).map_err(|error| link::LinkFault::output(output, &error))
            })
            .map_err(|fault| console.link_fault(&fault))?;
        Ok(Exit::Done)
    }
}

/// One file as it is, several with their names.
fn files(files: &std::collections::BTreeMap<String, String>) -> String {
    if let Some(text) = files.values().next().filter(|_| files.len() == 1) {
        return text.clone();
    }
    files
        .iter()
        .map(|(path, text)| format!("// {path}\n{text}\n"))
        .collect()
}

/// The message at the end: `built shop: 7.1 MB in 2.3 s; 4 steps, modules http_request and http_target, 1840 bytes a virtual user`.
fn summary(output: &Path, built: &BuiltProgram, took: Duration) -> String {
    let bytes = fs::metadata(output).map_or(0, |found| found.len());
    let record = &built.record;
    let steps = if record.steps == 1 {
        "1 step".to_owned()
    } else {
        format!("{} steps", record.steps)
    };
    let word = if record.modules.len() == 1 {
        "module"
    } else {
        "modules"
    };
    let modules = if record.modules.is_empty() {
        "no module".to_owned()
    } else {
        format!("{word} {}", record.modules.join(", "))
    };
    let user = record
        .user_bytes
        .map(|bytes| format!("; {bytes} bytes a virtual user"))
        .unwrap_or_default();
    format!(
        "built {}: {} in {}\n  {steps}; {modules}{user}",
        output.display(),
        size(bytes),
        time(took)
    )
}

fn time(took: Duration) -> String {
    if took < Duration::from_secs(1) {
        format!("{} ms", took.as_millis())
    } else {
        format!("{:.1} s", took.as_secs_f64())
    }
}

//! `bggo postgres describe`: what a server says of the statements of a grid, as a file that the grid has types from.
//!
//! bggo opens no connection itself: it builds a grid of its own, which asks the server, and writes down what that prints. The server
//! prepares the statements and runs none.

use super::console::Console;
use super::describing::{absolute, lay_out};
use super::exit::Exit;
use super::program::{Compile, ModuleFolders};
use crate::check::KnownStatement;
use crate::link;
use crate::source::{self, Sources};
use bggo_values::{Text, Value, json};
use clap::{Args, Subcommand};
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

/// The grid.
static FILES: [(&str, &str); 1] = [(
    "describe_postgres.hcl",
    include_str!("../../../templates/describe/postgres.hcl"),
)];

/// Arguments of `bggo postgres`.
#[derive(Debug, Args)]
pub struct Postgres {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Ask a server what the statements of a grid take and give, and write it into the file that the grid has types from
    Describe(Describe),
}

/// Arguments of `bggo postgres describe`.
#[derive(Debug, Args)]
#[command(
    after_help = "The password comes from the environment: PGPASSWORD. It is written nowhere.
The server prepares each statement and runs none, so the tables must be there."
)]
struct Describe {
    /// A `.hcl` file, or a folder of `.hcl` files
    #[arg(value_name = "GRID")]
    path: PathBuf,
    /// Where the database is, as in postgres://app@127.0.0.1:5432/shop
    #[arg(value_name = "URL")]
    url: String,
    /// Write to this file; without it to the one that the grid names by `statements_file`
    #[arg(short, long, value_name = "OUT")]
    output: Option<PathBuf>,
    /// File of PEM certificates to trust instead of the built-in ones, with `sslmode=verify-full` in the URL
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
    /// File of the client's certificate chain
    #[arg(long, value_name = "FILE")]
    client_cert_file: Option<PathBuf>,
    /// File of the key of that certificate
    #[arg(long, value_name = "FILE")]
    client_key_file: Option<PathBuf>,
    /// Use no network to build: take crates that are on this disk already
    #[arg(long)]
    offline: bool,
    #[command(flatten)]
    modules: ModuleFolders,
}

/// A statement as a server describes it.
#[derive(Debug, PartialEq, Eq)]
struct Described {
    parameters: Vec<String>,
    /// Names and types.
    columns: Vec<(String, String)>,
    /// Why the server refuses it.
    error: Option<String>,
}

impl Postgres {
    /// Runs the command.
    pub fn run(self, console: &mut Console) -> Exit {
        let Action::Describe(describe) = self.action;
        describe.run(console).unwrap_or_else(|exit| exit)
    }
}

impl Describe {
    fn run(&self, console: &mut Console) -> Result<Exit, Exit> {
        let loaded = self.modules.load();
        let loaded = loaded.map_err(|fault| console.link_fault(&fault))?;
        let mut sources = source::read(&self.path).map_err(|problems| {
            console.problems(&problems, &Sources::default());
            Exit::Failed
        })?;
        crate::read_files(&mut sources, &loaded.all);
        let found = crate::statements(&sources, &loaded.all);
        let (output, statements) = self.wanted(&sources, found.known, console)?;
        if statements.is_empty() {
            // What is wrong with the grid may be why.
            console.problems(&crate::check(&sources, &loaded.all).1, &sources);
            console.fault(
                "the grid has no statement that is known when it is built and whose columns it does not name",
                "",
            );
            return Err(Exit::Failed);
        }
        let texts: BTreeSet<&str> = statements.iter().map(|one| one.sql.as_str()).collect();
        let texts: Vec<&str> = texts.into_iter().collect();
        let described = self.ask(&texts, console)?;
        if described.len() != texts.len() {
            console.fault("the server described another number of statements", "");
            return Err(Exit::Failed);
        }
        let described: BTreeMap<&str, Described> = texts.into_iter().zip(described).collect();
        let mut refused = false;
        for statement in &statements {
            let error = described.get(statement.sql.as_str());
            if let Some(error) = error.and_then(|one| one.error.as_ref()) {
                let (file, line, column) = sources.place(statement.at);
                console.fault(
                    &format!("{file}:{line}:{column}: the server refuses the statement: {error}"),
                    "",
                );
                refused = true;
            }
        }
        if refused {
            return Err(Exit::Failed);
        }
        fs::write(&output, file_of(&described)).map_err(|error| {
            let path = output.display();
            console.fault(&format!("cannot write `{path}`: {error}"), "");
            Exit::Failed
        })?;
        let count = match described.len() {
            1 => "1 statement".to_owned(),
            count => format!("{count} statements"),
        };
        console.say(format_args!("wrote {}: {count}", output.display()));
        if found.unknown > 0 {
            let unknown = found.unknown;
            console.say(format_args!(
                "{unknown} more are not known when the grid is built, and are left out"
            ));
        }
        Ok(Exit::Done)
    }

    /// The file to write, and the statements that belong in it.
    fn wanted(
        &self,
        sources: &Sources,
        known: Vec<KnownStatement>,
        console: &mut Console,
    ) -> Result<(PathBuf, Vec<KnownStatement>), Exit> {
        let files: BTreeSet<&str> = known.iter().filter_map(|one| one.file.as_deref()).collect();
        let files: Vec<&str> = files.into_iter().collect();
        let output = match (&self.output, files.as_slice()) {
            (Some(output), _) => output.clone(),
            (None, [only]) => sources.path_beside(only),
            (None, []) => {
                console.fault(
                    "no connection of the grid names a file of statements",
                    "add `statements_file = \"statements.json\"` to its arguments, or write `-o FILE`",
                );
                return Err(Exit::Failed);
            }
            (None, several) => {
                console.fault(
                    &format!("the grid names several files: {}", several.join(", ")),
                    "`-o FILE` says which one is meant: its statements go to the server of the URL",
                );
                return Err(Exit::Failed);
            }
        };
        let whole = absolute(Some(&output));
        let is_same = |file: &str| absolute(Some(&sources.path_beside(file))) == whole;
        let is_named = files.iter().any(|file| is_same(file));
        let belongs = |one: &KnownStatement| match one.file.as_deref() {
            Some(file) if is_named => is_same(file),
            None if is_named => false,
            _ => true,
        };
        let known = known.into_iter().filter(belongs).collect();
        Ok((output, known))
    }

    /// Builds the grid that asks, and runs it.
    fn ask(&self, texts: &[&str], console: &mut Console) -> Result<Vec<Described>, Exit> {
        let cache = link::Cache::of_user().map_err(|fault| console.link_fault(&fault))?;
        let folder = cache.folder.join("describe");
        let values = folder.join(format!("statements-{}.vars.hcl", std::process::id()));
        let laid_out = lay_out(&folder, &FILES).and_then(|()| fs::write(&values, values_of(texts)));
        laid_out.map_err(|error| {
            console.fault(&format!("cannot write to the cache: {error}"), "");
            Exit::Failed
        })?;
        let asked = self.ask_by(&folder, &values, console);
        // It is not needed any more, and one that stays does no harm.
        let _ = fs::remove_file(&values);
        asked
    }

    fn ask_by(
        &self,
        folder: &Path,
        values: &Path,
        console: &mut Console,
    ) -> Result<Vec<Described>, Exit> {
        let compile = Compile::of(folder.join(FILES[0].0), self.offline);
        let built = compile.program(console)?;
        let mut command = compile.command(&built.path, &self.flags(values));
        // Other users of the host see the arguments of a program, and not its environment.
        command.env("BGGO_VAR_server", &self.url);
        if let Some(password) = std::env::var_os("PGPASSWORD") {
            command.env("BGGO_VAR_password", password);
        }
        let ended = command.stderr(Stdio::inherit()).output().map_err(|error| {
            console.fault(&format!("the program does not start: {error}"), "");
            Exit::Failed
        })?;
        if !ended.status.success() {
            // It has said why.
            return Err(Exit::Failed);
        }
        let said = String::from_utf8_lossy(&ended.stdout);
        let mut lines = said.lines();
        let line = lines.find_map(|line| line.strip_prefix("described "));
        Ok(line.map_or(Vec::new(), read))
    }

    fn flags(&self, values: &Path) -> Vec<OsString> {
        let mut flags: Vec<OsString> = vec!["--var-file".into(), values.into()];
        let files = [
            ("--ca-file", &self.ca_file),
            ("--client-cert-file", &self.client_cert_file),
            ("--client-key-file", &self.client_key_file),
        ];
        for (flag, file) in files {
            if let Some(file) = absolute(file.as_deref()) {
                flags.extend([flag.into(), file]);
            }
        }
        flags
    }
}

/// The statements as values for a program.
fn values_of(texts: &[&str]) -> String {
    let texts = texts.iter().map(|text| Value::Text(Text::from(*text)));
    let texts = Value::from(texts.collect::<Vec<_>>());
    format!("statements = {}\n", json::encode_hcl(&texts))
}

/// What the program printed.
fn read(line: &str) -> Vec<Described> {
    let items = json::decode(line).ok().and_then(|value| value.items());
    let text = |value: Option<Value>| value.map_or_else(String::new, |value| value.to_string());
    let one = |item: &Value| {
        let get = |of: &Value, name: &str| {
            let pairs = of.pairs()?;
            let mut pairs = pairs.iter();
            let found = pairs.find(|(key, _)| key.as_str() == name)?;
            Some(found.1.clone())
        };
        let list = |name: &str| get(item, name).and_then(|value| value.items());
        let (parameters, columns) = (list("parameters"), list("columns"));
        let columns = columns
            .iter()
            .flat_map(|columns| columns.iter())
            .map(|column| (text(get(column, "name")), text(get(column, "type"))));
        let parameters = parameters.iter().flat_map(|parameters| parameters.iter());
        Described {
            parameters: parameters.map(Value::to_string).collect(),
            columns: columns.collect(),
            error: match get(item, "error") {
                None | Some(Value::Null) => None,
                Some(error) => Some(error.to_string()),
            },
        }
    };
    items
        .iter()
        .flat_map(|items| items.iter())
        .map(one)
        .collect()
}

/// The file: in the order of the texts of the statements, a column a line, so that a change of one is a change of one line.
fn file_of(described: &BTreeMap<&str, Described>) -> String {
    let text = |text: &str| json::encode(&Value::Text(Text::from(text)));
    let mut file = "{".to_owned();
    for (number, (sql, one)) in described.iter().enumerate() {
        let comma = if number > 0 { "," } else { "" };
        let parameters: Vec<String> = one.parameters.iter().map(|ty| text(ty)).collect();
        let columns = one.columns.iter().map(|(name, ty)| {
            let (name, ty) = (text(name), text(ty));
            format!("\n      {name}: {ty}")
        });
        let columns: Vec<String> = columns.collect();
        let end = if columns.is_empty() { "" } else { "\n    " };
        // A text takes all that is written.
        let _ = write!(
            file,
            "{comma}\n  {}: {{\n    \"parameters\": [{}],\n    \"columns\": {{{}{end}}}\n  }}",
            text(sql),
            parameters.join(", "),
            columns.join(","),
        );
    }
    file.push_str("\n}\n");
    file
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_a_column_a_line_in_the_order_of_the_server() {
        let line = r#"[{"parameters":["int8"],"columns":[{"name":"z","type":"text"},{"name":"a\"","type":"int8"}],"error":null},{"parameters":[],"columns":[],"error":null}]"#;
        let described = read(line);
        assert_eq!(described.len(), 2);
        let texts = ["SELECT\n1", "DELETE"];
        let described: BTreeMap<&str, Described> = texts.into_iter().zip(described).collect();
        let expected = r#"{
  "DELETE": {
    "parameters": [],
    "columns": {}
  },
  "SELECT\n1": {
    "parameters": ["int8"],
    "columns": {
      "z": "text",
      "a\"": "int8"
    }
  }
}
"#;
        assert_eq!(file_of(&described), expected);
    }

    #[test]
    fn what_is_no_list_describes_nothing() {
        for line in ["", "{}", "[", "null"] {
            assert_eq!(read(line), [], "{line}");
        }
        let refused = read(r#"[{"error":"no such table"}]"#);
        let error = refused.first().and_then(|one| one.error.as_deref());
        assert_eq!(error, Some("no such table"));
    }

    #[test]
    fn a_statement_is_a_value_and_no_template() {
        let values = values_of(&["SELECT '${a}'\n\"b\""]);
        assert_eq!(
            values,
            "statements = [\n  \"SELECT '$${a}'\\n\\\"b\\\"\",\n]\n"
        );
    }
}

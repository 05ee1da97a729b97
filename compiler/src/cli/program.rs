//! A grid on disk to a program in the cache: what `build`, `run` and `run --watch` have in common.

use super::console::{Console, warnings};
use super::exit::Exit;
use crate::check;
use crate::link::{
    self, BuiltProgram, Cache, ExternalModule, Job, LinkFault, Options, ProgramRecord,
};
use crate::modules::{Module, Modules};
use crate::on_a_large_stack;
use crate::source::{self, Answer, Proto, Question, Sources};
use bggo_values::{Seq, Value};
use clap::{Args, ValueEnum};
use std::borrow::Cow;
use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

/// External modules.
#[derive(Debug, Args)]
pub struct ModuleFolders {
    /// Let the grid use the module in this folder; may be repeated
    #[arg(long = "module", value_name = "DIR")]
    folders: Vec<PathBuf>,
}

/// The modules that a grid may use.
#[derive(Debug)]
pub struct LoadedModules {
    /// Built-in and external modules.
    pub all: Cow<'static, Modules>,
    /// Those of `--module`.
    pub external: Vec<ExternalModule>,
}

impl ModuleFolders {
    /// Reads the manifests.
    pub fn load(&self) -> Result<LoadedModules, LinkFault> {
        let mut external: Vec<ExternalModule> = Vec::new();
        let mut given = Vec::new();
        for folder in &self.folders {
            let found = link::module(folder)?;
            // A folder that is given twice is one module.
            if external.iter().all(|known| known.folder != found.folder) {
                external.push(found);
                given.push(folder);
            }
        }
        let all = if external.is_empty() {
            Cow::Borrowed(Modules::built_in())
        } else {
            let mut all = Modules::built_in().clone();
            for (found, folder) in external.iter().zip(given) {
                all.list.push(module(found, folder)?);
            }
            let mut contradictions = all.contradictions();
            contradictions.extend(on_a_large_stack(|| check::faults_of_conditions(&all)));
            if !contradictions.is_empty() {
                return Err(LinkFault::usage(
                    "these modules cannot be used together",
                    "correct them, or leave a module out",
                )
                .details(contradictions.join("\n")));
            }
            Cow::Owned(all)
        };
        Ok(LoadedModules { all, external })
    }
}

fn module(found: &ExternalModule, given: &Path) -> Result<Module, LinkFault> {
    let manifest = bggo_manifest::read(&found.manifest).map_err(|faults| {
        let path = found.folder.join("manifest.hcl");
        let line = |fault: &bggo_manifest::ManifestFault| {
            format!(
                "{}:{}: {fault}",
                path.display(),
                fault.line(&found.manifest)
            )
        };
        let lines: Vec<String> = faults.iter().map(line).collect();
        LinkFault::usage(
            format!("the manifest of `{}` has errors", found.folder.display()),
            "correct it",
        )
        .details(lines.join("\n"))
    })?;
    Ok(Module {
        name: found.name(),
        folder: Some(given.display().to_string()),
        crate_name: found.crate_name.clone(),
        manifest,
    })
}

/// How the grid is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Profile {
    /// Builds in about a second: the runtime and the modules are optimised, the code of the grid is not
    Fast,
    /// Optimises everything together; this takes minutes the first time
    Max,
}

/// Arguments of every command that needs a program.
#[derive(Debug, Args)]
pub struct Compile {
    /// A `.hcl` file, or a folder of `.hcl` files
    #[arg(value_name = "GRID")]
    pub path: PathBuf,
    /// How much to optimise
    #[arg(long, value_enum, default_value_t = Profile::Fast)]
    profile: Profile,
    /// Use no network: build from crates that are on this disk already
    #[arg(long)]
    offline: bool,
    /// Leave the names of functions in the program
    #[arg(long, hide = true)]
    keep_symbols: bool,
    #[command(flatten)]
    modules: ModuleFolders,
}

impl Compile {
    /// That of a grid of bggo's own, which needs no module but those that are built in.
    pub fn of(path: PathBuf, offline: bool) -> Self {
        Self {
            path,
            profile: Profile::Fast,
            offline,
            keep_symbols: false,
            modules: ModuleFolders {
                folders: Vec::new(),
            },
        }
    }

    /// The texts of the grid. Shows an error for what cannot be read.
    pub fn sources(&self, console: &mut Console) -> Result<Sources, Exit> {
        source::read(&self.path).map_err(|problems| {
            console.problems(&problems, &Sources::default());
            Exit::Failed
        })
    }

    /// Runs all stages but the last, and shows every problem.
    pub fn compile(
        &self,
        sources: &Sources,
        loaded: &LoadedModules,
        console: &mut Console,
    ) -> Result<(crate::Compiled, usize), Exit> {
        let (compiled, problems) = crate::compile(sources, &loaded.all);
        console.problems(&problems, sources);
        Ok((compiled.ok_or(Exit::Failed)?, warnings(&problems)))
    }

    /// The modules. Shows an error for a module that cannot be used.
    pub fn loaded(&self, console: &mut Console) -> Result<LoadedModules, Exit> {
        self.modules
            .load()
            .map_err(|fault| console.link_fault(&fault))
    }

    /// Everything that external modules are compiled from, as far as it is known: folders and files.
    pub fn module_sources(&self) -> Vec<PathBuf> {
        let folders = self.modules.folders.iter();
        let folders: Vec<PathBuf> = folders
            .filter_map(|folder| folder.canonicalize().ok())
            .collect();
        // Without a cache nothing is built, and the build says why.
        Cache::of_user().map_or_else(
            |_| folders.clone(),
            |cache| link::sources_of_modules(&cache, &folders),
        )
    }

    /// What the grid asks about files that it reads when it is built, and where each path leads. Says nothing of what is wrong
    /// with the grid: the build does.
    pub fn files_beside(&self) -> Vec<(Question, PathBuf)> {
        let (Ok(mut sources), Ok(loaded)) = (source::read(&self.path), self.modules.load()) else {
            return Vec::new();
        };
        crate::read_files(&mut sources, &loaded.all);
        let mut asked: Vec<Question> = Vec::new();
        for (question, answer) in sources.answers() {
            match answer {
                // Each file that is looked for counts by itself.
                Answer::Protos(found) => {
                    asked.extend(found.looked_at.iter().cloned().map(Question::Exists));
                }
                _ => asked.push(question.clone()),
            }
        }
        asked
            .into_iter()
            .map(|question| {
                let path = sources.path_beside(question.path());
                (question, path)
            })
            .collect()
    }

    /// The program of the grid, from the cache when it was built before.
    pub fn program(&self, console: &mut Console) -> Result<BuiltProgram, Exit> {
        let mut sources = self.sources(console)?;
        let loaded = self.loaded(console)?;
        crate::read_files(&mut sources, &loaded.all);
        let options = self.options(&loaded);
        let cache = Cache::of_user().map_err(|fault| console.link_fault(&fault))?;
        let grid = self
            .path
            .canonicalize()
            .unwrap_or_else(|_| self.path.clone());
        let since = SystemTime::now();
        let key = key(&sources, &options).map_err(|error| {
            console.fault(&format!("a module could not be read: {error}"), "");
            Exit::Failed
        })?;
        if let Some(built) = link::answer(&cache, &key, &options) {
            if built.record.warnings > 0 {
                console.problems(&crate::check(&sources, &loaded.all).1, &sources);
            }
            return Ok(built);
        }
        let (compiled, warnings) = self.compile(&sources, &loaded, console)?;
        let crates: Vec<String> = compiled.package.crates.iter().cloned().collect();
        let record = ProgramRecord {
            steps: compiled.plan.steps().count(),
            modules: module_names(&loaded.all, &crates),
            warnings,
            user_bytes: None,
        };
        let job = Job {
            key: &key,
            since,
            grid: &grid,
            files: &compiled.package.files,
            rows: &compiled.package.rows,
            crates: &crates,
            record,
        };
        let built = link::link(&cache, &job, &options, &mut |event| console.progress(event));
        console.clear();
        built.map_err(|fault| console.link_fault(&fault))
    }

    /// The program as a command, called by the grid's name: its `--help` shows that.
    pub fn command(&self, program: &Path, flags: &[OsString]) -> Command {
        let mut command = Command::new(program);
        command.args(flags);
        // `.` has no name; the folder that it stands for has.
        let path = match self.path.file_name() {
            Some(_) => Ok(self.path.clone()),
            None => self.path.canonicalize(),
        };
        let name = path.as_ref().ok().and_then(|path| {
            if path.is_dir() {
                path.file_name()
            } else {
                path.file_stem()
            }
        });
        if let Some(name) = name {
            command.arg0(name);
        }
        command
    }

    fn options(&self, loaded: &LoadedModules) -> Options {
        let profile = match self.profile {
            Profile::Fast => link::Profile::Fast,
            Profile::Max => link::Profile::Max,
        };
        Options {
            profile,
            offline: self.offline,
            keep_symbols: self.keep_symbols,
            modules: loaded.external.clone(),
        }
    }
}

fn key(sources: &Sources, options: &Options) -> std::io::Result<String> {
    let files = sources.files.iter();
    let files = files.map(|file| (file.name.as_str(), file.text.as_str()));
    let beside = beside(sources);
    let beside = beside
        .iter()
        .map(|(name, found)| (name.as_str(), found.as_str()));
    // A program contains the name of its grid: for a folder, the name of the folder.
    link::key(
        [("", sources.name.as_str())]
            .into_iter()
            .chain(files)
            .chain(beside),
        options,
    )
}

/// What was found of files beside the grid, as texts that are equal only if it is: names and hashes, or what was said.
fn beside(sources: &Sources) -> Vec<(String, String)> {
    let hash = |bytes: Seq<u8>| {
        // Bytes have a hash, so there is no fault.
        let hash = bggo_hashes::sha256(&[Value::Bytes(bytes)]);
        hash.map_or_else(|fault| fault.to_string(), |hash| hash.to_string())
    };
    let hash_of_file = |id| {
        let text = sources.file(id).map(|file| file.whole());
        hash(text.unwrap_or_default().into_bytes().into())
    };
    let found = sources.answers().iter().map(|(question, answer)| {
        let found = match answer {
            Answer::Content(bytes) => hash(bytes.clone()),
            Answer::Text(id) => hash_of_file(*id),
            Answer::Protos(found) => {
                let files = found.files.iter().map(|(path, found)| match found {
                    Proto::File(id) => format!("{path}\n{}\n", hash_of_file(*id)),
                    Proto::In(_) | Proto::Refused(_) => format!("{path}\n{found:?}\n"),
                });
                files.collect()
            }
            Answer::Exists(_) | Answer::Matching(_) | Answer::Refused(_) => format!("{answer:?}"),
        };
        (format!("{question:?}"), found)
    });
    found.collect()
}

/// Names of the modules of these crates.
fn module_names(modules: &Modules, crates: &[String]) -> Vec<String> {
    modules
        .list
        .iter()
        .filter(|module| crates.contains(&module.crate_name))
        .map(|module| module.name.clone())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_depends_on_what_was_found_beside_the_grid() {
        let grid = |files: &[(&str, &[u8])]| {
            let text = "step \"print\" \"a\" {\n  arguments {\n    input = [for name in fileset(\".\", \"*.b\") : filemd5(name)]\n  }\n}\n";
            let files = files
                .iter()
                .map(|(name, bytes)| ((*name).to_owned(), bytes.to_vec()));
            let mut sources =
                Sources::from_texts(vec![("a.hcl".to_owned(), text.to_owned())]).beside(files);
            crate::read_files(&mut sources, Modules::built_in());
            beside(&sources)
        };
        let one = grid(&[("x.b", b"\xff")]);
        assert_eq!(one, grid(&[("x.b", b"\xff"), ("y.c", b"")]));
        assert_ne!(one, grid(&[("x.b", b"\xfe")]));
        assert_ne!(one, grid(&[("y.b", b"\xff")]));
        assert_ne!(one, grid(&[]));
    }
}

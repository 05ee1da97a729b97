//! `bggo run --watch`: saves, signals and ends of the program to builds and runs, one after the other.

use super::console::Console;
use super::ending_signals::ending_signals;
use super::exit::Exit;
use super::program::Compile;
use crate::source::{Patterns, Question};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use rustix::process::{Pid, Signal, kill_process};
use signal_hook::consts::{SIGCHLD, SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

/// An editor writes a file in several steps; they count as one save when they are no further apart.
const ONE_SAVE: Duration = Duration::from_millis(50);

enum WatchEvent {
    /// A file, as seen from the working folder.
    Saved(PathBuf),
    Signal(i32),
}

impl WatchEvent {
    /// Whether bggo is to end.
    fn ends(&self) -> bool {
        matches!(self, Self::Signal(SIGINT | SIGTERM | SIGHUP))
    }
}

/// Builds and runs until a signal ends it.
pub fn watch(compile: &Compile, flags: &[OsString], console: &mut Console) -> Exit {
    let (sender, happened) = channel();
    let mut watching = match listen(compile, flags, &sender) {
        Ok(watching) => watching,
        Err(error) => return cannot_watch(compile, &error, console),
    };
    loop {
        let mut child = start(compile, flags, console);
        // A build finds files that its modules read from elsewhere, and a save may have brought folders.
        if let Err(error) = watching.follow(compile) {
            if let Some(child) = &mut child {
                tell(child, Signal::TERM);
                finish(child, &happened);
            }
            return cannot_watch(compile, &error, console);
        }
        let saved = wait(&mut child, &happened, console);
        let mut over = saved.is_none();
        // Whatever happened, the program of before is over before anything else begins.
        if let Some(child) = &mut child {
            over = finish(child, &happened) || over;
        }
        while let Ok(next) = happened.recv_timeout(ONE_SAVE) {
            over = over || next.ends();
        }
        let Some(saved) = saved.filter(|_| !over) else {
            return Exit::Done;
        };
        console.say(format_args!("\n{} was saved", saved.display()));
    }
}

fn cannot_watch(compile: &Compile, error: &io::Error, console: &mut Console) -> Exit {
    console.fault(
        &format!("cannot watch `{}`: {error}", compile.path.display()),
        "",
    );
    Exit::Failed
}

/// Builds and starts the program; problems are shown, and then there is none.
fn start(compile: &Compile, flags: &[OsString], console: &mut Console) -> Option<Child> {
    let Ok(built) = compile.program(console) else {
        console.say("waiting for the next save");
        return None;
    };
    // A group of its own: Ctrl-C reaches bggo, which passes it on once.
    match compile.command(&built.path, flags).process_group(0).spawn() {
        Ok(child) => Some(child),
        Err(error) => {
            console.fault(&format!("the program does not start: {error}"), "");
            None
        }
    }
}

/// Waits for a save, whose file it gives back, or for a signal that ends bggo. Tells the program that it is to end.
fn wait(
    child: &mut Option<Child>,
    happened: &Receiver<WatchEvent>,
    console: &mut Console,
) -> Option<PathBuf> {
    loop {
        // The senders live as long as this process.
        match happened.recv().ok()? {
            WatchEvent::Saved(file) => {
                child.iter().for_each(|child| tell(child, Signal::TERM));
                return Some(file);
            }
            WatchEvent::Signal(SIGCHLD) => {
                let ended = child
                    .as_mut()
                    .and_then(|child| child.try_wait().ok().flatten());
                if let Some(status) = ended {
                    *child = None;
                    console.say(format_args!(
                        "the program ended ({status}); waiting for the next save"
                    ));
                }
            }
            WatchEvent::Signal(signal) => {
                child.iter().for_each(|child| pass_on(child, signal));
                return None;
            }
        }
    }
}

/// Waits for the end of a program that was told to end; says whether bggo was told so as well.
fn finish(child: &mut Child, happened: &Receiver<WatchEvent>) -> bool {
    let mut over = false;
    while matches!(child.try_wait(), Ok(None)) {
        let Ok(next) = happened.recv() else {
            return true;
        };
        over = over || next.ends();
        if let WatchEvent::Signal(signal @ (SIGINT | SIGTERM | SIGHUP)) = next {
            pass_on(child, signal);
        }
    }
    over
}

fn pass_on(child: &Child, signal: i32) {
    tell(
        child,
        if signal == SIGINT {
            Signal::INT
        } else {
            Signal::TERM
        },
    );
}

/// A child that is over already needs no signal.
fn tell(child: &Child, signal: Signal) {
    let _ = kill_process(Pid::from_child(child), signal);
}

/// What is watched, and by what.
struct Watching {
    watcher: RecommendedWatcher,
    watched: Arc<Mutex<Watched>>,
    folders: BTreeSet<PathBuf>,
}

impl Watching {
    /// Watches what the grid reads when it is built and what its modules are compiled from, as far as these are known.
    fn follow(&mut self, compile: &Compile) -> io::Result<()> {
        let (modules, beside) = (compile.module_sources(), compile.files_beside());
        let folders = {
            let mut watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
            watched.modules = modules;
            watched.follow_beside(beside);
            watched.folders()
        };
        // Editors replace files, so folders are watched and not files.
        for folder in folders.difference(&self.folders) {
            self.watcher
                .watch(folder, RecursiveMode::NonRecursive)
                .map_err(io::Error::other)?;
        }
        self.folders.extend(folders);
        Ok(())
    }
}

/// Sends saves and signals.
fn listen(
    compile: &Compile,
    flags: &[OsString],
    sender: &Sender<WatchEvent>,
) -> io::Result<Watching> {
    let signals = sender.clone();
    let mut incoming = Signals::new(ending_signals().into_iter().chain([SIGCHLD]))?;
    thread::spawn(move || {
        for signal in incoming.forever() {
            if signals.send(WatchEvent::Signal(signal)).is_err() {
                return;
            }
        }
    });
    let saves = sender.clone();
    let watched = Watched::new(&compile.path, flags, &std::env::current_dir()?)?;
    let watched = Arc::new(Mutex::new(watched));
    let of_watcher = Arc::clone(&watched);
    let watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
        let watched = of_watcher.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(saved) = event.ok().and_then(|event| watched.saved(&event)) {
            // The receiver is gone when bggo ends.
            let _ = saves.send(WatchEvent::Saved(saved));
        }
    })
    .map_err(io::Error::other)?;
    let mut watching = Watching {
        watcher,
        watched,
        folders: BTreeSet::new(),
    };
    watching.follow(compile)?;
    Ok(watching)
}

/// The files whose saves begin a new run: the grid, what it reads when it is built, those that the program reads variables
/// from, and what external modules are compiled from. Paths are absolute.
struct Watched {
    /// Where the grid lies, or the grid itself if it is a folder.
    grid_folder: PathBuf,
    /// The grid's file; none if it is a folder.
    grid_file: Option<OsString>,
    /// Where the program runs.
    working_folder: PathBuf,
    /// What `--var-file` names.
    var_files: Vec<PathBuf>,
    /// Folders and files that external modules are compiled from.
    modules: Vec<PathBuf>,
    /// Files that the grid reads when it is built, and those that it looks for.
    beside: BTreeSet<PathBuf>,
    /// Folders and what the grid looks for below them.
    patterns: Vec<(PathBuf, Patterns)>,
}

impl Watched {
    fn new(grid: &Path, flags: &[OsString], working_folder: &Path) -> io::Result<Self> {
        let working_folder = working_folder.canonicalize()?;
        let grid = working_folder.join(grid);
        let (folder, file) = if grid.is_dir() {
            (grid.as_path(), None)
        } else {
            let folder = grid.parent().unwrap_or(&working_folder);
            (folder, grid.file_name().map(OsStr::to_owned))
        };
        let mut var_files = Vec::new();
        for path in var_files_of(flags) {
            let path = working_folder.join(path);
            // Of a folder that is not there the program says what is wrong.
            if let (Some(Ok(folder)), Some(name)) =
                (path.parent().map(Path::canonicalize), path.file_name())
            {
                var_files.push(folder.join(name));
            }
        }
        Ok(Self {
            grid_folder: folder.canonicalize()?,
            grid_file: file,
            working_folder,
            var_files,
            modules: Vec::new(),
            beside: BTreeSet::new(),
            patterns: Vec::new(),
        })
    }

    /// Takes what the grid asks about files instead of what it asked before.
    fn follow_beside(&mut self, asked: Vec<(Question, PathBuf)>) {
        self.beside.clear();
        self.patterns.clear();
        for (question, path) in asked {
            let path = self.working_folder.join(path);
            match question {
                Question::Matching(_, pattern) => {
                    if let (Ok(folder), Ok(pattern)) = (path.canonicalize(), Patterns::of(&pattern))
                    {
                        self.patterns.push((folder, pattern));
                    }
                }
                Question::Content(_)
                | Question::Head(_)
                | Question::Text(_)
                | Question::Exists(_)
                | Question::Protos { .. } => {
                    // A file may come, a folder that is not there is not waited for.
                    if let (Some(Ok(folder)), Some(name)) =
                        (path.parent().map(Path::canonicalize), path.file_name())
                    {
                        self.beside.insert(folder.join(name));
                    }
                }
            }
        }
    }

    fn folders(&self) -> BTreeSet<PathBuf> {
        let files = self.var_files.iter().chain(&self.beside);
        let of_files = files.filter_map(|path| path.parent());
        let mut folders: BTreeSet<PathBuf> = [self.grid_folder.as_path(), &self.working_folder]
            .into_iter()
            .chain(of_files)
            .map(Path::to_owned)
            .collect();
        // One that is watched for a file of its own is watched with those below it all the same.
        let mut whole = BTreeSet::new();
        for source in &self.modules {
            if source.is_dir() {
                push_folders(source, is_source, &mut whole);
            } else if let Some(folder) = source.parent().filter(|folder| folder.is_dir()) {
                folders.insert(folder.to_owned());
            }
        }
        for (folder, _) in &self.patterns {
            let mut below = BTreeSet::new();
            push_folders(folder, |_| true, &mut below);
            whole.extend(below);
        }
        folders.extend(whole);
        folders
    }

    /// The file that was saved, if an event is a save of one that counts; that a file was read is no save.
    fn saved(&self, event: &Event) -> Option<PathBuf> {
        if matches!(event.kind, EventKind::Access(_)) {
            return None;
        }
        let path = event.paths.iter().find(|path| self.counts(path))?;
        let shown = path.strip_prefix(&self.working_folder).unwrap_or(path);
        Some(shown.to_owned())
    }

    /// Beside a grid that is one file there may be others, which are none of its business.
    fn counts(&self, path: &Path) -> bool {
        let file = path.file_name().unwrap_or_default();
        let name = file.to_string_lossy();
        let in_folder = |folder: &Path| path.parent() == Some(folder);
        let of_grid = in_folder(&self.grid_folder)
            && match &self.grid_file {
                Some(grid) => grid == file,
                None => {
                    name.ends_with(".hcl") && !name.ends_with(".vars.hcl") && !name.starts_with('.')
                }
            };
        let of_variables = in_folder(&self.working_folder)
            && (name == "bggo.vars.hcl"
                || (name.ends_with(".auto.vars.hcl") && !name.starts_with('.')));
        let of_module = self.modules.iter().any(|source| {
            let inside = path.strip_prefix(source);
            inside.is_ok_and(|inside| inside.iter().all(is_source) && !name.ends_with('~'))
        });
        let matches = |(folder, patterns): &(PathBuf, Patterns)| {
            let inside = path.strip_prefix(folder).ok().and_then(Path::to_str);
            inside.is_some_and(|inside| patterns.match_path(inside))
        };
        let of_build = self.beside.contains(path) || self.patterns.iter().any(matches);
        of_grid
            || of_variables
            || of_module
            || of_build
            || self.var_files.iter().any(|file| file == path)
    }
}

/// Whether a name in a module's folder is one of its sources: neither hidden nor what cargo built.
fn is_source(name: &OsStr) -> bool {
    name != "target" && !name.as_encoded_bytes().starts_with(b".")
}

/// A folder and those below it whose names count.
fn push_folders(folder: &Path, counts: fn(&OsStr) -> bool, found: &mut BTreeSet<PathBuf>) {
    if !found.insert(folder.to_owned()) {
        return;
    }
    // One that cannot be listed is named by the build.
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        if is_folder && counts(&entry.file_name()) {
            push_folders(&entry.path(), counts, found);
        }
    }
}

/// What `--var-file` names among the flags of a program.
fn var_files_of(flags: &[OsString]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut flags = flags.iter();
    while let Some(flag) = flags.next() {
        let Some(rest) = flag
            .to_str()
            .and_then(|flag| flag.strip_prefix("--var-file"))
        else {
            continue;
        };
        match rest.strip_prefix('=') {
            Some(path) => found.push(path.into()),
            None if rest.is_empty() => found.extend(flags.next().map(PathBuf::from)),
            None => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use notify::event::{AccessKind, ModifyKind};

    /// A folder with grids and a file of variables in folders of their own.
    fn folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for path in ["grids/shop.hcl", "values/x.vars.hcl", "here/notes"] {
            let path = folder.path().join(path);
            fs::create_dir(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        folder
    }

    /// What was saved by a change of a file, as seen from the folder `here`.
    fn saved(grid: &str, file: &str) -> Option<String> {
        let folder = folder();
        let flags = ["--vus", "5", "--var-file", "../values/x.vars.hcl"].map(OsString::from);
        let watched = Watched::new(Path::new(grid), &flags, &folder.path().join("here")).unwrap();
        let root = folder.path().canonicalize().unwrap();
        let event = Event::new(EventKind::Modify(ModifyKind::Any)).add_path(root.join(file));
        let saved = watched.saved(&event)?;
        let name = saved.strip_prefix(&root).unwrap_or(&saved);
        Some(name.to_string_lossy().into_owned())
    }

    #[test]
    fn the_grid_counts_as_saved_and_its_neighbours_do_not() {
        for (grid, file, counts) in [
            ("../grids/shop.hcl", "grids/shop.hcl", true),
            ("../grids/shop.hcl", "grids/other.hcl", false),
            ("../grids", "grids/other.hcl", true),
            ("../grids", "grids/.shop.hcl.swp", false),
            ("../grids", "grids/.#shop.hcl", false),
            ("../grids", "grids/notes.txt", false),
        ] {
            let expected = counts.then(|| file.to_owned());
            assert_eq!(saved(grid, file), expected, "{grid}: {file}");
        }
    }

    #[test]
    fn files_of_variables_count_where_the_program_reads_them() {
        for (file, shown) in [
            ("here/bggo.vars.hcl", Some("bggo.vars.hcl")),
            ("here/a.auto.vars.hcl", Some("a.auto.vars.hcl")),
            ("here/.a.auto.vars.hcl", None),
            ("here/x.vars.hcl", None),
            ("values/x.vars.hcl", Some("values/x.vars.hcl")),
            ("values/bggo.vars.hcl", None),
            ("grids/bggo.vars.hcl", None),
        ] {
            let expected = shown.map(str::to_owned);
            assert_eq!(saved("../grids/shop.hcl", file), expected, "{file}");
            assert_eq!(saved("../grids", file), expected, "{file}, a folder");
        }
    }

    #[test]
    fn the_sources_of_modules_count_and_their_folders_are_watched() {
        let folder = folder();
        let root = folder.path().canonicalize().unwrap();
        for path in ["add/src/inner", "add/target/debug", "add/.git", "texts"] {
            fs::create_dir_all(root.join(path)).unwrap();
        }
        fs::write(root.join("texts/one"), "").unwrap();
        let mut watched =
            Watched::new(Path::new("../grids/shop.hcl"), &[], &root.join("here")).unwrap();
        watched.modules = vec![root.join("add"), root.join("texts/one")];
        let folders = ["add", "add/src", "add/src/inner", "grids", "here", "texts"];
        assert!(
            watched
                .folders()
                .into_iter()
                .eq(folders.map(|path| root.join(path)))
        );
        for (file, counts) in [
            ("add/manifest.hcl", true),
            ("add/src/inner/deep.rs", true),
            ("add/target/debug/x", false),
            ("add/.git/index", false),
            ("add/src/.lib.rs.swp", false),
            ("add/src/lib.rs~", false),
            ("texts/one", true),
            ("texts/two", false),
        ] {
            assert_eq!(watched.counts(&root.join(file)), counts, "{file}");
        }
    }

    #[test]
    fn a_file_that_was_read_is_not_saved() {
        let folder = folder();
        let watched = Watched::new(Path::new("grids/shop.hcl"), &[], folder.path()).unwrap();
        let path = folder.path().canonicalize().unwrap().join("grids/shop.hcl");
        let read = Event::new(EventKind::Access(AccessKind::Any)).add_path(path);
        assert_eq!(watched.saved(&read), None);
    }

    #[test]
    fn files_that_the_grid_reads_count_and_those_that_it_looks_for() {
        let folder = folder();
        let root = folder.path().canonicalize().unwrap();
        fs::create_dir_all(root.join("grids/bodies/old")).unwrap();
        let mut watched = Watched::new(Path::new("grids/shop.hcl"), &[], &root).unwrap();
        let beside = |path: &str| root.join("grids").join(path);
        let asked = vec![
            (Question::Content("bodies/a".to_owned()), beside("bodies/a")),
            (Question::Exists("./b".to_owned()), beside("./b")),
            (Question::Text("none/c".to_owned()), beside("none/c")),
            (
                Question::Matching("bodies".to_owned(), "**/*.json".to_owned()),
                beside("bodies"),
            ),
        ];
        watched.follow_beside(asked);
        for (file, counts) in [
            ("grids/bodies/a", true),
            ("grids/b", true),
            ("grids/none/c", false),
            ("grids/bodies/x.json", true),
            ("grids/bodies/old/y.json", true),
            ("grids/bodies/x.txt", false),
            ("grids/x.json", false),
        ] {
            assert_eq!(watched.counts(&root.join(file)), counts, "{file}");
        }
        assert!(watched.folders().contains(&root.join("grids/bodies/old")));
    }

    #[test]
    fn var_files_are_found_among_the_flags_however_they_are_written() {
        let flags = [
            "--var-file=a",
            "--var",
            "--var-file",
            "--var-file",
            "b",
            "--var-files",
            "c",
        ];
        let found = var_files_of(&flags.map(OsString::from));
        assert_eq!(found, [Path::new("a"), Path::new("--var-file")]);
    }
}

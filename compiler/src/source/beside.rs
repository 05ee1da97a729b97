//! Files beside the grid that it reads when it is built: what its expressions ask of the disk, and the answers.
//!
//! A check reads nothing: it says which answers it lacks, these are found here, and the grid is checked again.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fs;
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use bggo_values::Seq;

use super::{FileId, Sources, Unsaved, proto_imports};
use crate::diagnostics::nearest;

/// The most bytes of one file that is read when the grid is built.
pub const LONGEST: u64 = 64 << 20;

/// How many bytes are the head of a file.
pub const HEAD: u64 = 64 << 10;

/// The most files that are looked at for one pattern.
const MOST_FILES: usize = 100_000;

/// What an expression asks. Paths are as the grid gives them, relative to its folder.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Question {
    /// The bytes of a file.
    Content(String),
    /// The first bytes of a file.
    Head(String),
    /// A file whose text has places of its own, as a template has.
    Text(String),
    /// Whether there is a file.
    Exists(String),
    /// Which files below a folder, the first text, match a pattern, the second.
    Matching(String, String),
    /// `.proto` files and all that they import. The folder of the grid is looked in first, then these in their order.
    Protos {
        /// The files.
        paths: Vec<String>,
        /// The folders.
        folders: Vec<String>,
    },
}

/// What the disk says.
#[derive(Debug, Clone)]
pub enum Answer {
    /// The bytes.
    Content(Seq<u8>),
    /// A file of `Sources`.
    Text(FileId),
    /// Whether there is one.
    Exists(bool),
    /// Paths relative to the folder, sorted.
    Matching(Vec<String>),
    /// The files by the paths that name them.
    Protos(Arc<Protos>),
    /// There is no answer.
    Refused(Refusal),
}

/// `.proto` files that belong together.
#[derive(Debug, Clone, Default)]
pub struct Protos {
    /// By the path by which the grid or a file names each.
    pub files: BTreeMap<String, Proto>,
    /// Every path that was looked at.
    pub looked_at: BTreeSet<String>,
}

/// What a path of a `.proto` file leads to.
#[derive(Debug, Clone)]
pub enum Proto {
    /// A file of `Sources`.
    File(FileId),
    /// No file, but there would be one if this folder were among those that are looked in.
    In(String),
    /// No file.
    Refused(Refusal),
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// One clause for people.
    pub text: String,
    /// A path that may have been meant.
    pub near: Option<String>,
    /// What to do about it.
    pub hint: Option<&'static str>,
}

/// All that was asked so far.
pub type Answers = BTreeMap<Question, Answer>;

impl Question {
    /// The file, or the folder, that it is about.
    pub fn path(&self) -> &str {
        match self {
            Self::Content(path) | Self::Head(path) | Self::Text(path) | Self::Exists(path) => path,
            Self::Matching(folder, _) => folder,
            Self::Protos { paths, .. } => paths.first().map_or("", String::as_str),
        }
    }
}

impl Refusal {
    fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            near: None,
            hint: None,
        }
    }

    fn hint(self, hint: &'static str) -> Self {
        Self {
            hint: Some(hint),
            ..self
        }
    }
}

impl Sources {
    /// Files beside a grid that is not on disk (tests, editors): names and bytes. Nothing else is there.
    #[must_use]
    pub fn beside(mut self, files: impl IntoIterator<Item = (String, Vec<u8>)>) -> Self {
        self.disk = Some(files.into_iter().collect());
        self
    }

    /// What was asked, with its answers.
    pub fn answers(&self) -> &Answers {
        &self.answers
    }

    /// Finds an answer, unless there is one.
    pub fn answer(&mut self, question: Question) {
        self.answer_over(question, &Unsaved::new());
    }

    /// Finds an answer, unless there is one. The texts of an editor come before the disk.
    pub fn answer_over(&mut self, question: Question, unsaved: &Unsaved<'_>) {
        if self.answers.contains_key(&question) {
            return;
        }
        let found = match &question {
            Question::Head(path) => self
                .head_of(path, unsaved)
                .map(|bytes| Answer::Content(bytes.into())),
            Question::Content(path) => self
                .bytes_of(path, unsaved)
                .map(|bytes| Answer::Content(bytes.into())),
            Question::Text(path) => self.bytes_of(path, unsaved).and_then(|bytes| {
                let text = String::from_utf8(bytes).map_err(|error| not_utf8(path, &error))?;
                Ok(Answer::Text(self.add_text(path.clone(), text)))
            }),
            Question::Exists(path) => self.exists(path, unsaved).map(Answer::Exists),
            Question::Matching(folder, pattern) => self
                .matching(folder, pattern, unsaved)
                .map(Answer::Matching),
            Question::Protos { paths, folders } => {
                let found = self.protos(paths, folders, unsaved);
                Ok(Answer::Protos(Arc::new(found)))
            }
        };
        let answer = found.unwrap_or_else(Answer::Refused);
        self.answers.insert(question, answer);
    }

    /// Whether what the grid asked may have another answer when this file changes, comes or goes.
    pub fn asks_of(&self, file: &Path) -> bool {
        let is_at = |path: &str| file == straight(&self.path_beside(path));
        self.answers
            .iter()
            .any(|(question, answer)| match (question, answer) {
                (Question::Matching(folder, _), _) => {
                    file.starts_with(straight(&self.path_beside(folder)))
                }
                (_, Answer::Protos(found)) => found.looked_at.iter().any(|path| is_at(path)),
                _ => is_at(question.path()),
            })
    }

    /// The text that an editor has open of a file.
    fn open_text<'t>(&self, path: &str, unsaved: &Unsaved<'t>) -> Option<&'t str> {
        match unsaved.is_empty() {
            true => None,
            false => unsaved.get(&straight(&self.path_beside(path))).copied(),
        }
    }

    fn add_text(&mut self, name: String, text: String) -> FileId {
        let place = self.files.len() + self.texts.len();
        self.texts.push(Self::source_file(name, text));
        FileId(u32::try_from(place).unwrap_or(u32::MAX))
    }

    /// Where a path leads. An empty root is the working folder.
    pub fn path_beside(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }

    fn bytes_of(&self, path: &str, unsaved: &Unsaved<'_>) -> Result<Vec<u8>, Refusal> {
        if let Some(text) = self.open_text(path, unsaved) {
            return Ok(text.as_bytes().to_vec());
        }
        if let Some(disk) = &self.disk {
            let found = disk.get(plain(path));
            return found.cloned().ok_or_else(|| missing(path, disk.keys()));
        }
        let (mut file, length) = self.open(path)?;
        if length > LONGEST {
            let text = format!(
                "`{path}` has {length} bytes: a file that is read when the grid is built has at most {} MiB",
                LONGEST >> 20
            );
            return Err(Refusal::new(text));
        }
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)
            .map_err(|error| Refusal::new(format!("`{path}` cannot be read: {error}")))?;
        Ok(bytes)
    }

    /// The first bytes of a file, which may be of any size.
    fn head_of(&self, path: &str, unsaved: &Unsaved<'_>) -> Result<Vec<u8>, Refusal> {
        if self.disk.is_some() {
            return self.bytes_of(path, unsaved);
        }
        if let Some(text) = self.open_text(path, unsaved) {
            let longest = usize::try_from(HEAD).unwrap_or(usize::MAX);
            return Ok(text.bytes().take(longest).collect());
        }
        let (mut file, _) = self.open(path)?;
        let mut head = Vec::new();
        let read = file.by_ref().take(HEAD).read_to_end(&mut head);
        read.map_err(|error| Refusal::new(format!("`{path}` cannot be read: {error}")))?;
        Ok(head)
    }

    /// A plain file, and how long it is.
    fn open(&self, path: &str) -> Result<(fs::File, u64), Refusal> {
        let whole = self.path_beside(path);
        let cannot = |error: io::Error| match error.kind() {
            _ if is_content(path) => content_for_path(),
            io::ErrorKind::NotFound => missing(path, &neighbours(&whole, path)),
            _ => Refusal::new(format!("`{path}` cannot be read: {error}")),
        };
        let found = fs::metadata(&whole).map_err(cannot)?;
        if found.is_dir() {
            return Err(Refusal::new(format!("`{path}` is a folder, not a file")));
        }
        // A device or a pipe might never end.
        if !found.is_file() {
            return Err(Refusal::new(format!("`{path}` is not a plain file")));
        }
        Ok((fs::File::open(&whole).map_err(cannot)?, found.len()))
    }

    fn exists(&self, path: &str, unsaved: &Unsaved<'_>) -> Result<bool, Refusal> {
        if self.open_text(path, unsaved).is_some() {
            return Ok(true);
        }
        if let Some(disk) = &self.disk {
            return Ok(disk.contains_key(plain(path)));
        }
        match fs::metadata(self.path_beside(path)) {
            Ok(found) if found.is_file() => Ok(true),
            Ok(_) => Err(Refusal::new(format!("`{path}` is not a file"))),
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
                ) =>
            {
                Ok(false)
            }
            Err(error) => Err(Refusal::new(format!("`{path}` cannot be read: {error}"))),
        }
    }

    fn protos(&mut self, paths: &[String], folders: &[String], unsaved: &Unsaved<'_>) -> Protos {
        let mut found = Protos::default();
        let mut read: BTreeMap<String, FileId> = BTreeMap::new();
        // A path, and the file that imports it.
        let mut open: VecDeque<(String, Option<String>)> =
            paths.iter().map(|path| (path.clone(), None)).collect();
        while let Some((path, by)) = open.pop_front() {
            if found.files.contains_key(&path) {
                continue;
            }
            let here = std::iter::once("").chain(folders.iter().map(String::as_str));
            let here: Vec<String> = here.map(|folder| joined(folder, &path)).collect();
            found.looked_at.extend(here.iter().cloned());
            let is_there = |place: &&String| !matches!(self.exists(place, unsaved), Ok(false));
            let Some(place) = here.iter().find(is_there) else {
                let folder = by.and_then(|by| self.folder_around(&by, &path, unsaved));
                let lacking = match (folder, &self.disk) {
                    (Some(folder), _) => {
                        found.looked_at.insert(joined(&folder, &path));
                        Proto::In(folder)
                    }
                    (None, Some(disk)) => Proto::Refused(missing(&path, disk.keys())),
                    (None, None) => {
                        let near = neighbours(&self.path_beside(&path), &path);
                        Proto::Refused(missing(&path, &near))
                    }
                };
                found.files.insert(path, lacking);
                continue;
            };
            let file = match read.get(place) {
                Some(file) => Ok(*file),
                None => self.bytes_of(place, unsaved).and_then(|bytes| {
                    let text = String::from_utf8(bytes).map_err(|error| not_utf8(place, &error))?;
                    let imports = proto_imports::of(&text);
                    open.extend(imports.map(|import| (import, Some(place.clone()))));
                    let file = self.add_text(place.clone(), text);
                    read.insert(place.clone(), file);
                    Ok(file)
                }),
            };
            let file = file.map_or_else(Proto::Refused, Proto::File);
            found.files.insert(path, file);
        }
        found
    }

    /// The folder around a file from which a path leads to another one.
    fn folder_around(&self, file: &str, path: &str, unsaved: &Unsaved<'_>) -> Option<String> {
        let folders = Path::new(file).ancestors().skip(1);
        let mut folders = folders.filter_map(Path::to_str);
        let leads = |folder: &&str| {
            let there = self.exists(&joined(folder, path), unsaved);
            !folder.is_empty() && matches!(there, Ok(true))
        };
        folders.find(leads).map(str::to_owned)
    }

    fn matching(
        &self,
        folder: &str,
        pattern: &str,
        unsaved: &Unsaved<'_>,
    ) -> Result<Vec<String>, Refusal> {
        let patterns = Patterns::of(pattern)?;
        let mut names = Vec::new();
        match &self.disk {
            Some(disk) => {
                let prefix = match plain(folder) {
                    "." | "" => String::new(),
                    folder => format!("{folder}/"),
                };
                names.extend(
                    disk.keys()
                        .filter_map(|name| name.strip_prefix(&prefix).map(str::to_owned)),
                );
            }
            None => {
                let folder = self.path_beside(folder);
                // As with Terraform, no folder has no files.
                if folder.is_dir() {
                    list(&folder, "", patterns.levels(), &mut names)?;
                }
                let folder = straight(&folder);
                let open = unsaved
                    .keys()
                    .filter_map(|path| path.strip_prefix(&folder).ok());
                names.extend(open.filter_map(|path| path.to_str().map(str::to_owned)));
            }
        }
        names.retain(|name| patterns.match_path(name));
        names.sort();
        names.dedup();
        Ok(names)
    }
}

/// A path without the parts that lead back, as an editor gives it.
fn straight(path: &Path) -> PathBuf {
    let mut straight = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if straight.file_name().is_some() => {
                straight.pop();
            }
            _ => straight.push(part),
        }
    }
    straight
}

/// A path from a folder, both as the grid writes them, without parts that lead nowhere.
fn joined(folder: &str, path: &str) -> String {
    let whole = match (folder.is_empty(), path.starts_with('/')) {
        (true, _) | (_, true) => path.to_owned(),
        (false, false) => format!("{folder}/{path}"),
    };
    let mut parts: Vec<&str> = Vec::new();
    for part in whole.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    let root = if whole.starts_with('/') { "/" } else { "" };
    format!("{root}{}", parts.join("/"))
}

/// Without `./` before it.
fn plain(path: &str) -> &str {
    let mut path = path;
    while let Some(rest) = path.strip_prefix("./") {
        path = rest;
    }
    path.trim_end_matches('/')
}

/// A pattern of `fileset`: `*`, `?`, `**`, `[a-z]` and `{a,b}`.
#[derive(Debug, Clone)]
pub struct Patterns(Vec<glob::Pattern>);

/// The most patterns that the braces of one stand for.
const MOST_PATTERNS: usize = 1_000;

impl Patterns {
    /// Reads one.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn of(pattern: &str) -> Result<Self, Refusal> {
        let mut whole = vec![plain(pattern).to_owned()];
        while let Some(at) = whole.iter().position(|one| one.contains('{')) {
            let one = whole.swap_remove(at);
            whole.extend(without_first_braces(&one)?);
            if whole.len() > MOST_PATTERNS {
                let text = format!("the pattern stands for more than {MOST_PATTERNS}");
                return Err(Refusal::new(text));
            }
        }
        let read = whole.iter().map(|one| {
            // The crate knows `!` alone, and `**` only as a whole folder.
            let parts = one.replace("[^", "[!");
            let parts = parts.split('/').map(|part| match part {
                "**" => part.to_owned(),
                _ => part.replace("**", "*"),
            });
            glob::Pattern::new(&parts.collect::<Vec<_>>().join("/"))
                .map_err(|error| Refusal::new(format!("the pattern is wrong: {}", error.msg)))
        });
        Ok(Self(read.collect::<Result<_, _>>()?))
    }

    /// Whether a path relative to the folder matches.
    pub fn match_path(&self, path: &str) -> bool {
        let options = glob::MatchOptions {
            require_literal_separator: true,
            ..glob::MatchOptions::new()
        };
        self.0.iter().any(|one| one.matches_with(path, options))
    }

    /// How many folders deep a path may lie that matches; `None` if there is no end.
    fn levels(&self) -> Option<usize> {
        let each = self.0.iter().map(|one| match one.as_str() {
            text if text.contains("**") => None,
            text => Some(text.matches('/').count()),
        });
        each.collect::<Option<Vec<_>>>()
            .map(|levels| levels.into_iter().max().unwrap_or(0))
    }
}

/// What a pattern stands for, by its first braces that hold no others.
fn without_first_braces(pattern: &str) -> Result<Vec<String>, Refusal> {
    let unclosed = || Refusal::new("the pattern has a `{` that is never closed");
    let close = pattern.find('}').ok_or_else(unclosed)?;
    let (before, after) = pattern.split_at(close);
    let open = before.rfind('{').ok_or_else(unclosed)?;
    let (head, inner) = before.split_at(open);
    let (inner, tail) = (&inner[1..], &after[1..]);
    Ok(inner
        .split(',')
        .map(|one| format!("{head}{one}{tail}"))
        .collect())
}

/// The files of a folder and of those below it, as paths relative to it.
fn list(
    folder: &Path,
    above: &str,
    levels: Option<usize>,
    names: &mut Vec<String>,
) -> Result<(), Refusal> {
    let cannot = |error: io::Error| {
        Refusal::new(format!("`{}` cannot be listed: {error}", folder.display()))
    };
    let entries = fs::read_dir(folder).map_err(cannot)?;
    let mut folders = Vec::new();
    for entry in entries {
        let entry = entry.map_err(cannot)?;
        // What has no name in Unicode has no path in a grid.
        let Ok(name) = entry.file_name().into_string() else {
            continue;
        };
        let kind = entry.file_type().map_err(cannot)?;
        let (is_file, is_folder) = if kind.is_symlink() {
            let behind = fs::metadata(entry.path());
            (behind.is_ok_and(|found| found.is_file()), false)
        } else {
            (kind.is_file(), kind.is_dir())
        };
        let path = format!("{above}{name}");
        if is_file {
            names.push(path);
        } else if is_folder && levels != Some(0) {
            folders.push((entry.path(), format!("{path}/")));
        }
        if names.len() + folders.len() > MOST_FILES {
            let text = format!("more than {MOST_FILES} files lie below the folder");
            return Err(Refusal::new(text).hint("name a folder that lies deeper"));
        }
    }
    for (folder, above) in folders {
        list(&folder, &above, levels.map(|levels| levels - 1), names)?;
    }
    Ok(())
}

/// Whether a path that leads nowhere is what a file holds.
fn is_content(path: &str) -> bool {
    path.contains('\n') || path.trim_start().starts_with(['{', '[', '<'])
}

/// It is not shown: what files hold is long, and may be secret.
fn content_for_path() -> Refusal {
    Refusal::new("this is what a file holds, not its path")
        .hint("write the path, without `file(..)`")
}

fn missing<'a>(path: &str, known: impl IntoIterator<Item = &'a String>) -> Refusal {
    if is_content(path) {
        return content_for_path();
    }
    let near = nearest::nearest(path, known.into_iter().map(String::as_str));
    Refusal {
        near: near.map(str::to_owned),
        ..Refusal::new(format!("there is no file `{path}`"))
            .hint("a path is relative to the folder of the grid")
    }
}

/// Paths of the files beside one that is missing, written as it is.
fn neighbours(whole: &Path, path: &str) -> Vec<String> {
    let written = path.rfind('/').map_or("", |at| &path[..=at]);
    // A name alone lies in the working folder, which has no name in its path.
    let folder = whole.parent().map(|folder| match folder.as_os_str() {
        name if name.is_empty() => Path::new("."),
        _ => folder,
    });
    let entries = folder.map(fs::read_dir);
    let entries = entries.into_iter().flatten().flatten().flatten();
    entries
        .filter_map(|entry| entry.file_name().into_string().ok())
        .map(|name| format!("{written}{name}"))
        .collect()
}

/// What to say of a file that is no text.
pub fn not_utf8(path: &str, error: &std::string::FromUtf8Error) -> Refusal {
    let at = error.utf8_error().valid_up_to();
    let before = error.as_bytes().get(..at).unwrap_or_default();
    let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
    Refusal::new(format!(
        "`{path}` is not UTF-8 text: line {line} has an invalid byte"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_beside_a_name_alone_are_those_of_the_working_folder() {
        // That of a test is the folder of its package.
        let names = neighbours(Path::new("Cargo.tml"), "Cargo.tml");
        assert!(names.contains(&"Cargo.toml".to_owned()), "{names:?}");
    }

    fn grid() -> (tempfile::TempDir, Sources) {
        let folder = tempfile::tempdir().unwrap();
        for (name, content) in [
            ("main.hcl", "x = 1"),
            ("bodies/order.json", "{}"),
            ("bodies/buy.json", "{}"),
            ("bodies/old/first.json", "{}"),
            ("bodies/.hidden.json", "{}"),
            ("bodies/notes.txt", ""),
        ] {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        let sources = super::super::read(&folder.path().join("main.hcl")).unwrap();
        (folder, sources)
    }

    fn ask(sources: &mut Sources, question: Question) -> Answer {
        sources.answer(question.clone());
        sources.answers()[&question].clone()
    }

    fn refused(answer: Answer) -> Refusal {
        match answer {
            Answer::Refused(refusal) => refusal,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_file_is_read_once_and_one_that_is_missing_names_its_neighbour() {
        let (folder, mut sources) = grid();
        let content = |path: &str| Question::Content(path.to_owned());
        let path = folder.path().join("bodies/order.json");
        for later in ["first", "second"] {
            let Answer::Content(order) = ask(&mut sources, content("./bodies/order.json")) else {
                panic!("it was not read");
            };
            assert_eq!(&*order, b"{}");
            fs::write(&path, later).unwrap();
        }
        let missing = refused(ask(&mut sources, content("bodies/ordr.json")));
        assert_eq!(missing.text, "there is no file `bodies/ordr.json`");
        assert_eq!(missing.near.as_deref(), Some("bodies/order.json"));
        let dir = refused(ask(&mut sources, content("bodies")));
        assert_eq!(dir.text, "`bodies` is a folder, not a file");
    }

    #[test]
    fn what_a_file_holds_is_no_path_and_is_not_shown() {
        let (_folder, mut sources) = grid();
        let long = "{\"a\": 1}".repeat(1_000);
        for held in ["{\"a\": 1}", " [1]", "<order/>", "id,name\n1,x\n", &long] {
            let refusal = refused(ask(&mut sources, Question::Content(held.to_owned())));
            assert_eq!(refusal.text, "this is what a file holds, not its path");
        }
    }

    #[test]
    fn what_is_no_plain_file_or_too_large_is_not_read() {
        let (folder, mut sources) = grid();
        let pipe = refused(ask(&mut sources, Question::Content("/dev/zero".to_owned())));
        assert_eq!(pipe.text, "`/dev/zero` is not a plain file");
        let large = fs::File::create(folder.path().join("large")).unwrap();
        large.set_len(LONGEST + 1).unwrap();
        let large = refused(ask(&mut sources, Question::Content("large".to_owned())));
        assert!(large.text.contains("at most 64 MiB"), "{}", large.text);
    }

    #[test]
    fn patterns_are_those_of_terraform() {
        let (_folder, mut sources) = grid();
        for (folder, pattern, expected) in [
            ("bodies", "*.json", ".hidden.json buy.json order.json"),
            (
                "bodies",
                "**/*.json",
                ".hidden.json buy.json old/first.json order.json",
            ),
            ("bodies/", "{buy,order}.*", "buy.json order.json"),
            (".", "bodies/old/*", "bodies/old/first.json"),
            ("bodies", "[^.o]*.json", "buy.json"),
            ("bodies", "????.json", ""),
            ("nowhere", "*", ""),
        ] {
            let asked = Question::Matching(folder.to_owned(), pattern.to_owned());
            let Answer::Matching(found) = ask(&mut sources, asked) else {
                panic!("{pattern}");
            };
            assert_eq!(found.join(" "), expected, "{folder} {pattern}");
        }
        let wrong = Question::Matching(".".to_owned(), "{a".to_owned());
        let wrong = refused(ask(&mut sources, wrong));
        assert!(wrong.text.contains("never closed"), "{}", wrong.text);
    }

    #[test]
    fn a_grid_that_is_not_on_disk_has_the_files_that_it_was_given() {
        let files = [("page.tmpl".to_owned(), b"hello".to_vec())];
        let mut sources =
            Sources::from_texts(vec![("main.hcl".to_owned(), String::new())]).beside(files);
        let page = ask(&mut sources, Question::Text("./page.tmpl".to_owned()));
        assert!(matches!(page, Answer::Text(FileId(1))), "{page:?}");
        assert_eq!(sources.file(FileId(1)).unwrap().text, "hello");
        let exists = ask(&mut sources, Question::Exists("other".to_owned()));
        assert!(matches!(exists, Answer::Exists(false)), "{exists:?}");
    }

    #[test]
    fn proto_files_are_found_with_all_that_they_import() {
        let file = |imports: &[&str]| {
            let lines = imports.iter().map(|path| format!("import \"{path}\";\n"));
            lines.collect::<String>().into_bytes()
        };
        let files = [
            (
                "a.proto",
                file(&["shop/b.proto", "google/protobuf/any.proto"]),
            ),
            (
                "protos/shop/b.proto",
                file(&["shop/c.proto", "d.proto", "../a.proto"]),
            ),
            ("protos/shop/c.proto", file(&["shop/b.proto", "e.proto"])),
            ("protos/shop/e.proto", file(&[])),
            ("more/d.proto", file(&["./shop/./b.proto"])),
            ("more/bad.proto", vec![0xff]),
        ];
        let files = files.map(|(path, text)| (path.to_owned(), text));
        let mut sources = Sources::from_texts(Vec::new()).beside(files);
        let question = |paths: &[&str], folders: &[&str]| Question::Protos {
            paths: paths.iter().map(|path| (*path).to_owned()).collect(),
            folders: folders.iter().map(|path| (*path).to_owned()).collect(),
        };
        let whole = question(&["a.proto"], &["./protos/", "more"]);
        sources.answer(whole.clone());
        let Some(Answer::Protos(found)) = sources.answers().get(&whole) else {
            panic!("no answer");
        };
        let told = found.files.iter().map(|(path, found)| {
            let leads = match found {
                Proto::File(file) => sources.file(*file).unwrap().name.clone(),
                Proto::In(folder) => format!("in {folder}"),
                Proto::Refused(refusal) => refusal.text.clone(),
            };
            (path.as_str(), leads)
        });
        let told: Vec<_> = told.collect();
        let expected = [
            ("../a.proto", "a.proto"),
            ("./shop/./b.proto", "protos/shop/b.proto"),
            ("a.proto", "a.proto"),
            ("d.proto", "more/d.proto"),
            ("e.proto", "in protos/shop"),
            (
                "google/protobuf/any.proto",
                "there is no file `google/protobuf/any.proto`",
            ),
            ("shop/b.proto", "protos/shop/b.proto"),
            ("shop/c.proto", "protos/shop/c.proto"),
        ];
        assert_eq!(told, expected.map(|(path, leads)| (path, leads.to_owned())));
        // One file, however it is named.
        assert_eq!(sources.texts.len(), 4);
        assert!(sources.asks_of(Path::new("more/d.proto")));
        assert!(sources.asks_of(Path::new("protos/d.proto")));
        assert!(sources.asks_of(Path::new("protos/shop/e.proto")));
        assert!(!sources.asks_of(Path::new("e/e.proto")));
        let bad = question(&["bad.proto", "protoz/a.proto"], &["more"]);
        sources.answer(bad.clone());
        let Some(Answer::Protos(found)) = sources.answers().get(&bad) else {
            panic!("no answer");
        };
        let Some(Proto::Refused(refusal)) = found.files.get("bad.proto") else {
            panic!("{found:?}");
        };
        assert_eq!(
            refusal.text,
            "`more/bad.proto` is not UTF-8 text: line 1 has an invalid byte"
        );
    }
}

//! The files that an editor has open, and which of them are one grid: those of a folder in which a file has a block `grid`,
//! else each for itself.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use lsp_types::{Diagnostic, TextDocumentContentChangeEvent, Uri};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::analysis::{Analysis, GridFile};
use super::document::{Columns, Document};
use super::published::diagnostic;
use crate::diagnostics::Problems;
use crate::modules::Modules;
use crate::source::{self, FileId, Sources, Unsaved};
use crate::syntax;

/// The block that makes one grid of a folder.
const GRID: &str = "grid";

/// What editors call the language of grids.
const LANGUAGES: [&str; 2] = ["hcl", "bggo"];

/// What is not written as it is in the last part of an address.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

/// Which grid a file is of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    /// The grid of a folder.
    Folder(PathBuf),
    /// A file that is a grid of its own.
    File(Uri),
}

/// A file that is open.
struct Open {
    document: Rc<Document>,
    /// Where it lies; `None` for a text that has no place on the disk.
    path: Option<PathBuf>,
    /// Its grid; `None` for a file that a grid may read.
    key: Option<Key>,
    /// Whether it has a block `grid`.
    has_grid: bool,
}

/// A grid of which a file is open.
#[derive(Default)]
struct Grid {
    /// Of these very texts; made when it is needed.
    analysis: Option<Analysis>,
    /// The editor knows the problems of these very texts.
    published: bool,
    /// The files of which the editor was told problems, or that there are none.
    told: BTreeSet<Uri>,
}

/// What is to be told of a file: its version where it is open, and its problems.
pub struct Told {
    /// The file.
    pub uri: Uri,
    /// The version of its text.
    pub version: Option<i32>,
    /// All that is wrong in it.
    pub problems: Vec<Diagnostic>,
}

/// What the check of a grid gave.
pub struct Checked {
    key: Key,
    /// All that is to be told.
    pub told: Vec<Told>,
}

/// All that is open.
pub struct Desk<'m> {
    modules: &'m Modules,
    columns: Columns,
    open: BTreeMap<Uri, Open>,
    grids: BTreeMap<Key, Grid>,
    /// Of folders in which grid files are open: whether one of the others has a block `grid`.
    folders: BTreeMap<PathBuf, bool>,
    /// Files of which the editor shows problems that nothing stands for any more.
    left: BTreeSet<Uri>,
}

impl<'m> Desk<'m> {
    /// An empty one.
    pub fn new(modules: &'m Modules, columns: Columns) -> Self {
        Self {
            modules,
            columns,
            open: BTreeMap::new(),
            grids: BTreeMap::new(),
            folders: BTreeMap::new(),
            left: BTreeSet::new(),
        }
    }

    /// A file is opened.
    pub fn opened(&mut self, uri: &Uri, language: &str, text: String, version: i32) {
        let path = path_of(uri);
        let name = path.as_deref().and_then(Path::file_name);
        // What has no name as a file yet is what the editor says that it is.
        let is_grid = match (&path, name) {
            (Some(_), Some(name)) => name.to_string_lossy().ends_with(".hcl"),
            _ => LANGUAGES.contains(&language),
        };
        let key = is_grid.then(|| Key::File(uri.clone()));
        let open = Open {
            has_grid: is_grid && syntax::has_block(&text, GRID),
            document: Rc::new(Document::new(text, version, self.columns)),
            path,
            key,
        };
        self.open.insert(uri.clone(), open);
        self.disk_changed_at(uri);
    }

    /// A file that is open is edited.
    pub fn edited(
        &mut self,
        uri: &Uri,
        changes: Vec<TextDocumentContentChangeEvent>,
        version: i32,
    ) {
        // Else what was found would keep a text alive, which were copied then.
        self.forget(uri);
        let Some(file) = self.open.get_mut(uri) else {
            return;
        };
        Rc::make_mut(&mut file.document).edit(changes, version);
        if file.key.is_some() {
            let had_grid = file.has_grid;
            file.has_grid = syntax::has_block(&file.document.text, GRID);
            let folder = folder_of(file);
            if had_grid != file.has_grid
                && let Some(folder) = folder
            {
                self.group(&folder);
            }
        }
    }

    /// A file is open no more: what the disk holds of it counts again.
    pub fn closed(&mut self, uri: &Uri) {
        self.forget(uri);
        let Some(file) = self.open.remove(uri) else {
            return;
        };
        if let Some(folder) = folder_of(&file) {
            self.look_at(&folder);
        }
        self.without_open_files();
    }

    /// What the disk holds of a file is another now, or nothing.
    pub fn disk_changed_at(&mut self, uri: &Uri) {
        self.forget(uri);
        let open = self.open.get(uri);
        let path = open.map_or_else(|| path_of(uri), |file| file.path.clone());
        let Some(path) = path else {
            return self.without_open_files();
        };
        let is_grid_file = path.file_name().is_some_and(source::is_grid_file);
        if let Some(folder) = path.parent().filter(|_| is_grid_file) {
            self.look_at(&folder.to_path_buf());
            if let Some(grid) = self.grids.get_mut(&Key::Folder(folder.to_path_buf())) {
                grid.forget();
            }
        }
        self.without_open_files();
    }

    /// What was found of the grids that hold or read a file counts no more.
    fn forget(&mut self, uri: &Uri) {
        let open = self.open.get(uri);
        let key = open.and_then(|file| file.key.as_ref());
        if let Some(grid) = key.and_then(|key| self.grids.get_mut(key)) {
            grid.forget();
        }
        let path = open.map_or_else(|| path_of(uri), |file| file.path.clone());
        let Some(path) = path else { return };
        for grid in self.grids.values_mut() {
            if grid.analysis.as_ref().is_some_and(|one| one.asks_of(&path)) {
                grid.forget();
            }
        }
    }

    /// Reads a folder again, for whether it is one grid.
    fn look_at(&mut self, folder: &PathBuf) {
        let in_folder = |file: &&Open| folder_of(file).as_ref() == Some(folder);
        let open: BTreeSet<PathBuf> = self
            .open
            .values()
            .filter(in_folder)
            .filter_map(|file| file.path.clone())
            .collect();
        if open.is_empty() {
            self.folders.remove(folder);
        } else {
            let others = source::texts_over(folder, &Unsaved::new()).into_iter();
            let mut others = others.filter(|(path, _)| !open.contains(path));
            let has_grid = others.any(|(_, text)| syntax::has_block(&text, GRID));
            self.folders.insert(folder.clone(), has_grid);
        }
        self.group(folder);
    }

    /// Gives the open files of a folder the grid that they are of.
    fn group(&mut self, folder: &PathBuf) {
        let is_beside = |file: &Open| folder_of(file).as_ref() == Some(folder);
        let mut beside = self.open.values().filter(|file| is_beside(file));
        let is_one = self.folders.get(folder) == Some(&true) || beside.any(|file| file.has_grid);
        for (uri, file) in &mut self.open {
            if is_beside(file) {
                file.key = Some(match is_one {
                    true => Key::Folder(folder.clone()),
                    false => Key::File(uri.clone()),
                });
            }
        }
        self.without_open_files();
    }

    /// Drops the grids of which no file is open, and begins those that are new.
    fn without_open_files(&mut self) {
        let keys: BTreeSet<&Key> = self
            .open
            .values()
            .filter_map(|one| one.key.as_ref())
            .collect();
        let left = &mut self.left;
        self.grids.retain(|key, grid| {
            let stays = keys.contains(key);
            if !stays {
                left.append(&mut grid.told);
            }
            stays
        });
        for key in keys {
            if !self.grids.contains_key(key) {
                self.grids.insert(key.clone(), Grid::default());
            }
        }
    }

    /// Checks a grid whose problems are not told yet, and gives what is to be told. `None` if there is none.
    pub fn check(&mut self) -> Option<Checked> {
        let mut grids = self.grids.iter();
        let key = grids.find(|(_, grid)| !grid.published)?.0.clone();
        self.analyse(&key);
        let grid = self.grids.get(&key)?;
        let told = match &grid.analysis {
            Some(analysis) => to_tell(analysis, &grid.told),
            None => Vec::new(),
        };
        Some(Checked { key, told })
    }

    /// What `check` gave was told.
    pub fn told(&mut self, checked: &Checked) {
        for one in &checked.told {
            self.left.remove(&one.uri);
        }
        if let Some(grid) = self.grids.get_mut(&checked.key) {
            let told = checked.told.iter();
            let shown = told.filter(|one| one.version.is_some() || !one.problems.is_empty());
            grid.told = shown.map(|one| one.uri.clone()).collect();
            grid.published = true;
        }
    }

    /// Files of which the editor still shows what is not so any more.
    pub fn left(&mut self) -> Vec<Told> {
        let left = std::mem::take(&mut self.left);
        let told = |uri: &Uri| self.grids.values().any(|grid| grid.told.contains(uri));
        left.into_iter()
            .filter(|uri| !told(uri))
            .map(nothing)
            .collect()
    }

    /// What the stages say of the grid of an open file, and which of its files that is.
    pub fn analysed(&mut self, uri: &Uri) -> Option<(&Analysis, FileId)> {
        let key = self.open.get(uri)?.key.clone()?;
        self.analyse(&key);
        let analysis = self.grids.get(&key)?.analysis.as_ref()?;
        Some((analysis, analysis.file(uri)?))
    }

    /// A text that is open and is not only read by a grid.
    pub fn document(&self, uri: &Uri) -> Option<&Document> {
        let file = self.open.get(uri)?;
        file.key.as_ref().map(|_| &*file.document)
    }

    fn analyse(&mut self, key: &Key) {
        let Some(grid) = self.grids.get(key) else {
            return;
        };
        if grid.analysis.is_some() {
            return;
        }
        let unsaved = self.unsaved();
        let analysis = match key {
            Key::File(uri) => self.analysis_of_file(uri, &unsaved),
            Key::Folder(folder) => self.analysis_of_folder(folder, &unsaved),
        };
        if let Some(grid) = self.grids.get_mut(key) {
            grid.analysis = analysis;
        }
    }

    fn unsaved(&self) -> Unsaved<'_> {
        let open = self.open.values();
        let texts = open.filter_map(|file| Some((file.path.clone()?, file.document.text.as_str())));
        texts.collect()
    }

    fn analysis_of_file(&self, uri: &Uri, unsaved: &Unsaved<'_>) -> Option<Analysis> {
        let file = self.open.get(uri)?;
        let sources = sources(uri, &file.document);
        let path = file.path.as_deref().and_then(Path::file_name);
        let is_grid = path.is_none_or(source::is_grid_file);
        let files = vec![GridFile {
            uri: uri.clone(),
            document: Rc::clone(&file.document),
            is_open: true,
        }];
        let made = Analysis::of(sources, files, Problems::default(), self.modules, unsaved);
        let folder = file.path.as_deref().and_then(Path::parent);
        let made = made.with_read(|path, text| self.read_file(folder?, path, text));
        Some(match is_grid {
            true => made,
            false => made.without_problems(),
        })
    }

    fn analysis_of_folder(&self, folder: &Path, unsaved: &Unsaved<'_>) -> Option<Analysis> {
        let (sources, unread) = source::read_over(folder, unsaved);
        let by_path = |path: &Path| {
            let mut open = self.open.iter();
            open.find(|(_, file)| file.path.as_deref() == Some(path))
        };
        let files = sources.files.iter().map(|file| {
            let path = folder.join(&file.name);
            match by_path(&path) {
                Some((uri, file)) => Some(GridFile {
                    uri: uri.clone(),
                    document: Rc::clone(&file.document),
                    is_open: true,
                }),
                None => Some(GridFile {
                    uri: self.uri_in(folder, &file.name)?,
                    document: Rc::new(Document::new(file.whole(), 0, self.columns)),
                    is_open: false,
                }),
            }
        });
        let files = files.collect::<Option<Vec<_>>>()?;
        let analysis = Analysis::of(sources, files, unread, self.modules, unsaved);
        Some(analysis.with_read(|path, text| self.read_file(folder, path, text)))
    }

    /// A file that the grid of a folder reads.
    fn read_file(&self, folder: &Path, path: &str, text: &str) -> Option<GridFile> {
        Some(GridFile {
            uri: self.uri_in(folder, path)?,
            document: Rc::new(Document::new(text.to_owned(), 0, self.columns)),
            is_open: false,
        })
    }

    /// The address of a file in a folder of which a file is open, spelt as that one's; none for one outside of the folder.
    fn uri_in(&self, folder: &Path, path: &str) -> Option<Uri> {
        let (beside, _) = self.open.iter().find(|(_, file)| {
            let parent = file.path.as_deref().and_then(Path::parent);
            parent == Some(folder)
        })?;
        let beside = beside.as_str();
        let folder = beside.get(..=beside.rfind('/')?)?;
        let parts = path.split('/').filter(|part| *part != ".");
        let parts = parts.map(|part| match part {
            "" | ".." => None,
            part => Some(utf8_percent_encode(part, ESCAPED).to_string()),
        });
        let parts = parts.collect::<Option<Vec<_>>>()?;
        format!("{folder}{}", parts.join("/")).parse().ok()
    }
}

impl Grid {
    fn forget(&mut self) {
        self.analysis = None;
        self.published = false;
    }
}

/// The only file of a grid, named as if it were read from the disk.
pub fn sources(uri: &Uri, document: &Document) -> Sources {
    let path = percent_decode_str(uri.path().as_str()).decode_utf8_lossy();
    let path = PathBuf::from(path.into_owned());
    let name = path.file_name().unwrap_or(path.as_os_str());
    let name = name.to_string_lossy().into_owned();
    let mut sources = Sources::from_texts(vec![(name, document.text.clone())]);
    // What it reads when it is built lies beside it.
    sources.disk = None;
    sources.root = path.parent().map(PathBuf::from).unwrap_or_default();
    sources
}

/// The problems of each file that is open or has some, and of those that had some.
fn to_tell(analysis: &Analysis, before: &BTreeSet<Uri>) -> Vec<Told> {
    let mut problems: BTreeMap<FileId, Vec<Diagnostic>> = BTreeMap::new();
    for problem in &analysis.problems.list {
        let found = problems.entry(analysis.file_of(problem)).or_default();
        found.push(diagnostic(problem, analysis));
    }
    let files = analysis.sources.ids().zip(&analysis.files);
    let files = files.filter_map(|(id, file)| {
        let problems = problems.remove(&id).unwrap_or_default();
        let is_told = file.is_open || !problems.is_empty() || before.contains(&file.uri);
        is_told.then(|| Told {
            uri: file.uri.clone(),
            version: file.is_open.then_some(file.document.version),
            problems,
        })
    });
    let mut told: Vec<Told> = files.collect();
    let known: BTreeSet<&Uri> = analysis.files.iter().map(|file| &file.uri).collect();
    let gone = before.iter().filter(|uri| !known.contains(uri));
    told.extend(gone.map(|uri| nothing(uri.clone())));
    told
}

fn nothing(uri: Uri) -> Told {
    Told {
        uri,
        version: None,
        problems: Vec::new(),
    }
}

/// Where a file lies that is one of the disk.
fn path_of(uri: &Uri) -> Option<PathBuf> {
    let is_file = uri.scheme().is_some_and(|scheme| scheme.as_str() == "file");
    let path = percent_decode_str(uri.path().as_str()).decode_utf8_lossy();
    is_file.then(|| PathBuf::from(path.into_owned()))
}

/// The folder of whose grid a file may be.
fn folder_of(file: &Open) -> Option<PathBuf> {
    let path = file.path.as_deref().filter(|_| file.key.is_some())?;
    let is_grid_file = source::is_grid_file(path.file_name()?);
    is_grid_file.then(|| path.parent().map(Path::to_path_buf))?
}

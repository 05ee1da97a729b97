//! Files and folders to texts. The only part of the compiler that reads a grid from disk.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::Sources;
use crate::diagnostics::{Problems, codes};

/// A longer file is surely no grid, and offsets are 32 bits.
const LONGEST: u64 = 64 << 20;

/// Texts that an editor has open, by the paths of their files: as long as they are, what the disk holds does not count.
pub type Unsaved<'t> = BTreeMap<PathBuf, &'t str>;

/// Reads a grid: one file, or a folder whose `.hcl` files are read flat, in order of name.
///
/// In a folder, names that begin with a dot and `.vars.hcl` files (values for a run) are no grid files.
///
/// # Errors
///
/// One problem for each thing that cannot be read.
pub fn read(path: &Path) -> Result<Sources, Problems> {
    let mut problems = Problems::default();
    let sources = match fs::metadata(path) {
        Ok(found) if found.is_dir() => read_folder(path, &Unsaved::new(), &mut problems),
        Ok(found) if found.is_file() => {
            let root = path.parent().map(Path::to_path_buf).unwrap_or_default();
            let paths = vec![path.to_path_buf()];
            let sources = read_files(root, name_of(path), paths, &Unsaved::new(), &mut problems);
            Some(sources)
        }
        Ok(_) => {
            problems.whole(
                codes::UNREADABLE_FILE,
                format!("`{}` is neither a file nor a folder", path.display()),
            );
            None
        }
        Err(error) => {
            unreadable(path, &error, &mut problems);
            None
        }
    };
    match sources {
        Some(sources) if problems.list.is_empty() => Ok(sources),
        _ => Err(problems),
    }
}

/// Reads a folder that is a grid, with the texts of an editor. What can be read is there, also where something cannot be.
pub fn read_over(root: &Path, unsaved: &Unsaved<'_>) -> (Sources, Problems) {
    let mut problems = Problems::default();
    let sources = read_folder(root, unsaved, &mut problems);
    (sources.unwrap_or_default(), problems)
}

/// The grid files of a folder, by path, with the texts of an editor; those that cannot be read are left out.
pub fn texts_over(root: &Path, unsaved: &Unsaved<'_>) -> Vec<(PathBuf, String)> {
    let mut problems = Problems::default();
    let sources = read_folder(root, unsaved, &mut problems);
    let files = sources.into_iter().flat_map(|sources| sources.files);
    files
        .map(|file| (root.join(&file.name), file.text))
        .collect()
}

/// Whether a file of this name is one of a grid's files, as far as a folder goes.
pub fn is_grid_file(name: &OsStr) -> bool {
    matches!(kind_of(name), Kind::Grid)
}

fn read_folder(root: &Path, unsaved: &Unsaved<'_>, problems: &mut Problems) -> Option<Sources> {
    let is_beside = |path: &&PathBuf| path.parent() == Some(root);
    let open = unsaved.keys().filter(is_beside);
    let open = open.filter(|path| path.file_name().is_some_and(is_grid_file));
    let mut paths: Vec<PathBuf> = open.cloned().collect();
    let mut skipped_vars = false;
    match fs::read_dir(root) {
        Ok(entries) => {
            for entry in entries {
                match entry {
                    Ok(entry) if unsaved.contains_key(&entry.path()) => {}
                    Ok(entry) => match kind_of(&entry.file_name()) {
                        Kind::Grid if !entry.path().is_dir() => paths.push(entry.path()),
                        Kind::Variables => skipped_vars = true,
                        _ => {}
                    },
                    Err(error) => unreadable(root, &error, problems),
                }
            }
        }
        // An editor may have files in a folder that is not there yet.
        Err(_) if !paths.is_empty() => {}
        Err(error) => {
            unreadable(root, &error, problems);
            return None;
        }
    }
    if paths.is_empty() {
        let problem = problems.whole(
            codes::NO_GRID,
            format!("the folder `{}` holds no `.hcl` file", root.display()),
        );
        problem.hint(if skipped_vars {
            "`.vars.hcl` files hold values of variables; a grid is a file such as `main.hcl`"
        } else {
            "a folder's files are read flat: name the folder that the `.hcl` files lie in"
        });
        return None;
    }
    paths.sort();
    let name = name_of(root);
    Some(read_files(
        root.to_path_buf(),
        name,
        paths,
        unsaved,
        problems,
    ))
}

/// The last part of a path. `.` and the like are resolved first, so that a folder has the same name however it is given.
fn name_of(path: &Path) -> String {
    let whole;
    let named = match path.file_name() {
        Some(_) => path,
        None => {
            whole = path.canonicalize().unwrap_or_default();
            &whole
        }
    };
    let name = named.file_name().unwrap_or(path.as_os_str());
    name.to_string_lossy().into_owned()
}

fn read_files(
    root: PathBuf,
    name: String,
    paths: Vec<PathBuf>,
    unsaved: &Unsaved<'_>,
    problems: &mut Problems,
) -> Sources {
    let mut sources = Sources {
        root,
        name,
        ..Sources::default()
    };
    for path in paths {
        let text = match unsaved.get(&path) {
            Some(text) => Some((*text).to_owned()),
            None => read_text(&path, problems),
        };
        if let Some(text) = text {
            sources.add(name_of(&path), text);
        }
    }
    sources
}

fn read_text(path: &Path, problems: &mut Problems) -> Option<String> {
    let length = fs::metadata(path).map(|found| found.len());
    if matches!(length, Ok(length) if length > LONGEST) {
        problems.whole(
            codes::UNREADABLE_FILE,
            format!(
                "`{}` is larger than {} MiB, too large for a grid",
                path.display(),
                LONGEST >> 20
            ),
        );
        return None;
    }
    let bytes = match length.and_then(|_| fs::read(path)) {
        Ok(bytes) => bytes,
        Err(error) => {
            unreadable(path, &error, problems);
            return None;
        }
    };
    match String::from_utf8(bytes) {
        Ok(text) => Some(text),
        Err(error) => {
            let at = error.utf8_error().valid_up_to();
            let before = error.as_bytes().get(..at).unwrap_or_default();
            let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
            let problem = problems.whole(
                codes::NOT_UTF8,
                format!(
                    "`{}` is not UTF-8 text: line {line} has an invalid byte",
                    path.display()
                ),
            );
            problem.hint("save the file as UTF-8");
            None
        }
    }
}

fn unreadable(path: &Path, error: &io::Error, problems: &mut Problems) {
    if error.kind() == io::ErrorKind::NotFound {
        let problem = problems.whole(
            codes::FILE_NOT_FOUND,
            format!("there is no file or folder `{}`", path.display()),
        );
        if let Ok(tried) = std::path::absolute(path)
            && tried != path
        {
            problem.hint(format!("`{}` was tried", tried.display()));
        }
    } else {
        problems.whole(
            codes::UNREADABLE_FILE,
            format!("`{}` cannot be read: {error}", path.display()),
        );
    }
}

enum Kind {
    Grid,
    Variables,
    Other,
}

fn kind_of(name: &OsStr) -> Kind {
    let name = name.to_string_lossy();
    if name.starts_with('.') || !name.ends_with(".hcl") {
        Kind::Other
    } else if name.ends_with(".vars.hcl") {
        Kind::Variables
    } else {
        Kind::Grid
    }
}

//! Files that modules read from outside of their packages, such as `include_str!("../../text")`: what cargo recorded of a
//! build -> a part of the key of the next one.
//!
//! Nobody can tell these files before the first build: the compiler finds them. So the cache keeps their paths for each set
//! of modules, and a program is kept by a key with their content, made after the build.

use super::cache::{Cache, replace};
use super::external_module::ExternalModule;
use super::key;
use super::package::sources_of;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// The key `of_sources`, and the content of the files that these modules were found to read elsewhere.
pub fn whole_key(
    cache: &Cache,
    of_sources: &str,
    modules: &[ExternalModule],
) -> io::Result<String> {
    if modules.is_empty() {
        return Ok(of_sources.to_owned());
    }
    key::with_files(of_sources, &files(cache, folders(modules)))
}

/// Everything that these modules are compiled from, as far as it is known: folders and files.
pub fn sources(cache: &Cache, modules: &[PathBuf]) -> Vec<PathBuf> {
    let of_packages = modules.iter().flat_map(|folder| sources_of(folder));
    let elsewhere = files(cache, modules.iter().map(PathBuf::as_path));
    of_packages.chain(elsewhere).collect()
}

/// Keeps what cargo recorded beside a `program` that it built. Whether the program is what its key says: no file that it is
/// compiled from was saved `since` the key was made.
pub fn record(
    cache: &Cache,
    modules: &[ExternalModule],
    program: &Path,
    since: SystemTime,
) -> io::Result<bool> {
    let of_packages: Vec<PathBuf> = modules
        .iter()
        .flat_map(|module| sources_of(&module.folder))
        .collect();
    let recorded = fs::read_to_string(program.with_extension("d"))?;
    let read: Vec<PathBuf> = dependencies(&recorded)
        .into_iter()
        .map(|file| file.canonicalize().unwrap_or(file))
        .filter(|file| !file.starts_with(&cache.root))
        .collect();
    let saved_later = |file: &PathBuf| {
        let saved = fs::metadata(file).and_then(|found| found.modified());
        saved.is_ok_and(|saved| saved >= since)
    };
    let is_as_its_key = !read.iter().any(saved_later);
    let of_package = |file: &PathBuf| of_packages.iter().any(|known| file.starts_with(known));
    let mut found = read;
    found.retain(|file| !of_package(file));
    found.sort();
    found.dedup();
    let path = list(cache, folders(modules))?;
    fs::create_dir_all(cache.included())?;
    let lines: Vec<String> = found.iter().filter_map(|file| line(file)).collect();
    replace(&path, 0o666, |file| {
        file.write_all(lines.join("\n").as_bytes())
    })?;
    Ok(is_as_its_key)
}

fn folders(modules: &[ExternalModule]) -> impl Iterator<Item = &Path> {
    modules.iter().map(|module| module.folder.as_path())
}

fn files<'a>(cache: &Cache, modules: impl Iterator<Item = &'a Path>) -> Vec<PathBuf> {
    let text = list(cache, modules).and_then(fs::read_to_string);
    // Nothing was built with these modules yet.
    text.unwrap_or_default()
        .lines()
        .map(PathBuf::from)
        .collect()
}

/// Where the paths of the files of a set of modules are kept, one a line.
fn list<'a>(cache: &Cache, modules: impl Iterator<Item = &'a Path>) -> io::Result<PathBuf> {
    let mut folders: Vec<String> = modules
        .map(|folder| folder.to_string_lossy().into_owned())
        .collect();
    folders.sort();
    let name = key::hash(&folders.join("\n"));
    let name = name.map_err(|fault| io::Error::other(fault.to_string()))?;
    Ok(cache.included().join(name))
}

/// A path as a line of the list; one that is no line of text is left out, and its changes are not seen.
fn line(file: &Path) -> Option<String> {
    let text = file.to_str()?;
    (!text.contains('\n')).then(|| text.to_owned())
}

/// The files after the colon of `program: a b\ c`, as cargo writes it: a space of a path has a backslash before it.
fn dependencies(text: &str) -> Vec<PathBuf> {
    let Some((_, files)) = text.split_once(": ") else {
        return Vec::new();
    };
    let mut found = vec![String::new()];
    let mut letters = files.trim_end().chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' if letters.next_if_eq(&' ').is_some() => push(&mut found, ' '),
            ' ' => found.push(String::new()),
            letter => push(&mut found, letter),
        }
    }
    found.retain(|file| !file.is_empty());
    found.into_iter().map(PathBuf::from).collect()
}

fn push(found: &mut [String], letter: char) {
    if let Some(last) = found.last_mut() {
        last.push(letter);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use std::time::Duration;

    #[test]
    fn files_stand_after_the_colon_and_may_have_spaces() {
        assert_eq!(
            dependencies("/t/my\\ grid: /a/lib.rs /b\\ c/x.txt\n"),
            [Path::new("/a/lib.rs"), Path::new("/b c/x.txt")]
        );
        assert!(dependencies("/t/grid:\n").is_empty());
    }

    #[test]
    fn a_file_that_a_module_reads_elsewhere_is_known_after_the_build_and_its_content_is_in_the_key()
    {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        let cache = Cache::at(&root.join("cache"));
        let write = |path: &str, text: &str| {
            let path = root.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write("module/src/lib.rs", "");
        write("far away/text", "one");
        let shown = root.display();
        write(
            "built/grid.d",
            &format!(
                "{shown}/built/grid: {shown}/module/src/lib.rs {shown}/module/../far\\ away/text {}/src/x.rs\n",
                cache.folder.display()
            ),
        );
        let modules = [ExternalModule {
            folder: root.join("module"),
            crate_name: "x".to_owned(),
            manifest: String::new(),
        }];
        let of = || whole_key(&cache, "sources", &modules).unwrap();
        let program = root.join("built/grid");
        let before = of();
        let later = SystemTime::now() + Duration::from_secs(60);
        assert!(record(&cache, &modules, &program, later).unwrap());
        let folders = [root.join("module")];
        assert_eq!(
            sources(&cache, &folders),
            [root.join("module"), root.join("far away/text")]
        );
        let one = of();
        write("far away/text", "two");
        let two = of();
        assert_eq!(BTreeSet::from([before, one, two]).len(), 3);
        assert!(!record(&cache, &modules, &program, SystemTime::UNIX_EPOCH).unwrap());
        assert_eq!(whole_key(&cache, "sources", &[]).unwrap(), "sources");
        // A source of the module itself that is saved while the build waits: the key has the one before.
        let saved = fs::File::options()
            .write(true)
            .open(root.join("module/src/lib.rs"))
            .unwrap();
        saved.set_modified(later).unwrap();
        assert!(!record(&cache, &modules, &program, later).unwrap());
    }
}

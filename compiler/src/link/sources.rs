//! The sources that every grid links. `build.rs` puts them into `bggo` as an archive; here they become files on disk.

use std::fs;
use std::io;
use std::path::Path;

/// Identifies the sources that grids link. The cache has a folder for each id.
pub const SOURCES_ID: &str = env!("BGGO_SOURCES_ID");
/// Identifies a build of bggo: these sources, and the compiler that emits code for them.
pub const BUILD_ID: &str = env!("BGGO_BUILD_ID");
/// The target triple of programs.
pub const TARGET: &str = env!("BGGO_TARGET");

static ARCHIVE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/sources.bin"));
static OPTIONAL: &str = include_str!(concat!(env!("OUT_DIR"), "/optional.txt"));
static RARE: &str = include_str!(concat!(env!("OUT_DIR"), "/rare.txt"));

/// Name and folder of each embedded crate that is linked only if it is used: modules, some functions, and parts of steps.
pub fn optional() -> impl Iterator<Item = (&'static str, &'static str)> {
    OPTIONAL.lines().filter_map(|line| line.split_once(' '))
}

/// Name and folder of each embedded crate that is linked only if a grid gives an input a certain value or calls a rare
/// function. What these need is not downloaded before a grid does.
pub fn rare() -> impl Iterator<Item = (&'static str, &'static str)> {
    RARE.lines().filter_map(|line| line.split_once(' '))
}

/// Path and text of each file.
pub fn files() -> impl Iterator<Item = (&'static str, &'static str)> {
    let mut rest = ARCHIVE;
    std::iter::from_fn(move || Some((part(&mut rest)?, part(&mut rest)?)))
}

/// The lock file of a grid.
pub fn lock_file() -> &'static str {
    files()
        .find(|(path, _)| *path == "Cargo.lock")
        .map_or("", |(_, text)| text)
}

/// Writes all files below a folder.
pub fn unpack(folder: &Path) -> io::Result<()> {
    for (path, text) in files() {
        let path = folder.join(path);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(path, text)?;
    }
    Ok(())
}

/// Takes a length and as many bytes off the front.
fn part(rest: &mut &'static [u8]) -> Option<&'static str> {
    let (length, after) = rest.split_first_chunk::<4>()?;
    let (text, after) = after.split_at_checked(u32::from_le_bytes(*length) as usize)?;
    *rest = after;
    str::from_utf8(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_archive_holds_the_runtime_its_lock_file_and_no_compiler() {
        let names: Vec<&str> = files().map(|(path, _)| path).collect();
        for wanted in [
            "Cargo.toml",
            "Cargo.lock",
            "runtime/src/lib.rs",
            "runtime/values/src/lib.rs",
            "modules/noop/manifest.hcl",
        ] {
            assert!(names.contains(&wanted), "{wanted} is missing in {names:?}");
        }
        assert!(
            !names
                .iter()
                .any(|name| name.starts_with("compiler") || name.starts_with("tests")),
            "{names:?}"
        );
        assert!(names.is_sorted(), "the order does not depend on the disk");
    }

    #[test]
    fn the_archive_holds_no_path_of_the_machine_that_made_it() {
        let here = env!("CARGO_MANIFEST_DIR");
        for (path, text) in files() {
            assert!(!text.contains(here), "{path}");
        }
    }

    #[test]
    fn the_lock_file_knows_the_grid_and_all_that_it_may_use_but_no_crate_of_the_compiler() {
        let lock = lock_file();
        assert!(lock.contains("name = \"grid\""));
        for (name, _) in optional().chain(rare()) {
            assert!(lock.contains(&format!("name = \"{name}\"")), "{name}");
        }
        assert!(!lock.contains("hcl-edit"), "the parser is not linked");
    }
}

//! Writes a program to its output path: what `-o` refuses to overwrite, and a copy that is complete or does not exist.

use super::cache::copy_program;
use super::fault::LinkFault;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// Refuses a path where no program belongs: a folder, a source file, any file that is no executable.
pub fn check(path: &Path) -> Result<(), LinkFault> {
    let refuse = |why: &str| {
        Err(LinkFault::usage(
            format!("`-o {}` {why}", path.display()),
            "give `-o` the path of a new file, or of a program that may be replaced",
        ))
    };
    if ["hcl", "rs", "toml"]
        .iter()
        .any(|source| path.extension() == Some(OsStr::new(source)))
    {
        return refuse("names a source file, not a program");
    }
    match fs::metadata(path) {
        Ok(found) if found.is_dir() => refuse("is a folder"),
        Ok(found) if !found.is_file() => refuse("is no regular file"),
        Ok(found) if found.len() > 0 && found.permissions().mode() & 0o111 == 0 => {
            refuse("is a file that is no program; it would be overwritten")
        }
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let folder = path
                .parent()
                .filter(|folder| !folder.as_os_str().is_empty());
            match folder {
                Some(folder) if !folder.is_dir() => refuse("lies in a folder that does not exist"),
                _ => Ok(()),
            }
        }
        Err(error) => Err(LinkFault::output(path, &error)),
    }
}

/// The same for a text (`--emit`): any file may be replaced, except a grid.
pub fn check_text(path: &Path) -> Result<(), LinkFault> {
    if path.is_dir() || path.extension() == Some(OsStr::new("hcl")) {
        return Err(LinkFault::usage(
            format!("`-o {}` is a folder or a grid", path.display()),
            "give `-o` the path of a file for the text",
        ));
    }
    Ok(())
}

/// Copies a program out of the cache.
pub fn copy_to_output(program: &Path, path: &Path) -> Result<(), LinkFault> {
    check(path)?;
    copy_program(program, path).map_err(|error| LinkFault::output(path, &error))
}

//! What commands have in common that ask a server by a grid of bggo's own.

use std::ffi::OsString;
use std::path::Path;
use std::{fs, io};

/// Lays out a grid and the files that it reads. It writes what differs, so that a program that was built is found again.
///
/// # Errors
/// A file cannot be written.
pub fn lay_out(folder: &Path, files: &[(&str, &str)]) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    for (name, text) in files {
        let path = folder.join(name);
        if fs::read_to_string(&path).is_ok_and(|known| known == *text) {
            continue;
        }
        fs::write(path, text)?;
    }
    Ok(())
}

/// A path that means the same from every folder.
pub fn absolute(path: Option<&Path>) -> Option<OsString> {
    let path = path?;
    let absolute = std::path::absolute(path);
    Some(absolute.unwrap_or_else(|_| path.to_owned()).into())
}

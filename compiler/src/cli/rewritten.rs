//! A file of the user's that gets another text: the whole new one or still the old one, whatever happens meanwhile.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;
use tempfile::NamedTempFile;

/// Gives a file another text. It keeps its permissions, and a link goes on leading to it.
///
/// # Errors
///
/// If the file, or a new one beside it, cannot be written: the file is as it was.
pub fn rewrite(path: &Path, text: &str) -> io::Result<()> {
    let path = path.canonicalize()?;
    let found = fs::metadata(&path)?;
    if found.permissions().readonly() {
        // Its folder may be writable, so that another file could take its name.
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    let folder = path.parent().unwrap_or(Path::new("/"));
    let mut new = NamedTempFile::new_in(folder)?;
    new.write_all(text.as_bytes())?;
    new.as_file().set_permissions(found.permissions())?;
    new.persist(&path).map_err(|error| error.error)?;
    Ok(())
}

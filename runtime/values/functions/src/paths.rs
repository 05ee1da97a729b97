//! Functions over paths of files, as texts: none but `pathexpand` and `abspath` asks the system, and none opens a file.

use super::args::args;
use bggo_values::text::normalized;
use bggo_values::{Fault, Value};
use std::path::Path;

/// The last part of a path.
///
/// # Errors
/// When the argument is no string.
pub fn basename(values: &[Value]) -> Result<Value, Fault> {
    let path = args("basename", values, 1, 1)?.text(0)?;
    let rest = path.trim_end_matches('/');
    let name = match (path.is_empty(), rest.is_empty()) {
        (true, _) => ".",
        (_, true) => "/",
        _ => rest.rsplit('/').next().unwrap_or(rest),
    };
    Ok(Value::from(name.to_owned()))
}

/// A path without its last part, and without `.`, `..` and repeated `/` in it.
///
/// # Errors
/// When the argument is no string.
pub fn dirname(values: &[Value]) -> Result<Value, Fault> {
    let path = args("dirname", values, 1, 1)?.text(0)?;
    let folder = path.rfind('/').map_or("", |at| &path[..=at]);
    Ok(Value::from(clean(folder)))
}

/// A path whose `~` at the begin is the home folder of the user who runs the program.
///
/// # Errors
/// When the path names another user's folder, or the environment has no `HOME`.
pub fn pathexpand(values: &[Value]) -> Result<Value, Fault> {
    let args = args("pathexpand", values, 1, 1)?;
    let path = args.text(0)?;
    let Some(rest) = path.strip_prefix('~') else {
        return Ok(Value::Text(path));
    };
    if !rest.is_empty() && !rest.starts_with('/') {
        return Err(args.fault(0, "the home folders of other users are not known"));
    }
    let home = std::env::var("HOME").ok().filter(|home| !home.is_empty());
    let home = home.ok_or_else(|| args.fault(0, "the environment has no `HOME`"))?;
    Ok(Value::from(normalized(clean(&format!("{home}/{rest}")))))
}

/// A path from the root: what is not, is relative to the folder in which the program runs.
///
/// # Errors
/// When the argument is no string, or the folder is not known or no UTF-8.
pub fn abspath(values: &[Value]) -> Result<Value, Fault> {
    let args = args("abspath", values, 1, 1)?;
    let path = args.text(0)?;
    if path.starts_with('/') {
        return Ok(Value::from(clean(&path)));
    }
    let here = std::env::current_dir().ok();
    let here = here.as_deref().and_then(Path::to_str);
    let here = here.ok_or_else(|| args.fault(0, "the folder of the program is not known"))?;
    Ok(Value::from(normalized(clean(&format!("{here}/{path}")))))
}

/// The shortest path that means the same, by its text alone.
fn clean(path: &str) -> String {
    let rooted = path.starts_with('/');
    let mut kept: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if kept.last().is_some_and(|last| *last != "..") => {
                kept.pop();
            }
            ".." if rooted => {}
            part => kept.push(part),
        }
    }
    let joined = kept.join("/");
    match (rooted, joined.is_empty()) {
        (true, _) => format!("/{joined}"),
        (false, true) => ".".to_owned(),
        (false, false) => joined,
    }
}

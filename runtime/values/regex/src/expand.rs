//! The text that replaces a match: `$1`, `$name`, `${1}` and `${name}` are what a group matched, `$$` is a dollar.
//!
//! As in Go, a name without braces is as long as it can be (`$1x` is the group `1x`), a group that is not there or matched
//! nothing gives nothing, and a dollar that begins no name is a dollar.

use crate::class;

/// Numbers from here on are names: no pattern has as many groups.
const MOST: usize = 100_000_000;

/// Writes a replacement. `names` are those of the groups by number, `group` gives what a group matched.
pub fn expand<'t>(
    out: &mut String,
    with: &str,
    names: &[Option<String>],
    group: &dyn Fn(usize) -> Option<&'t str>,
) {
    let mut rest = with;
    while let Some((before, after)) = rest.split_once('$') {
        out.push_str(before);
        if let Some(after) = after.strip_prefix('$') {
            out.push('$');
            rest = after;
            continue;
        }
        let Some((name, after)) = name(after) else {
            out.push('$');
            rest = after;
            continue;
        };
        let found = match number(name) {
            Some(number) if number < names.len() => group(number),
            Some(_) => None,
            None => (0..names.len())
                .filter(|at| names[*at].as_deref() == Some(name))
                .find_map(group),
        };
        out.push_str(found.unwrap_or_default());
        rest = after;
    }
    out.push_str(rest);
}

/// The name at the start of a text, and what follows it.
fn name(text: &str) -> Option<(&str, &str)> {
    let inside = text.strip_prefix('{');
    let text = inside.unwrap_or(text);
    let end = text.find(|c| !class::is_of_name(c)).unwrap_or(text.len());
    let (name, after) = text.split_at(end);
    if name.is_empty() {
        return None;
    }
    match inside {
        Some(_) => Some((name, after.strip_prefix('}')?)),
        None => Some((name, after)),
    }
}

/// A group's number; one with a leading zero is a name.
fn number(name: &str) -> Option<usize> {
    if name.len() > 1 && name.starts_with('0') || !name.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    name.parse().ok().filter(|number| *number < MOST)
}

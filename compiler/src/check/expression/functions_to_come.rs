//! Functions of the language that this version does not have yet, because bggo does not read files when it builds a grid. A
//! call of one gives "not yet supported" instead of "unknown".

const LATER: &[&str] = &[
    "file",
    "filebase64",
    "filebase64sha256",
    "filebase64sha512",
    "fileexists",
    "filemd5",
    "fileset",
    "filesha1",
    "filesha256",
    "filesha512",
    "templatefile",
    "templatestring",
];

/// Whether the language has this function and this version does not.
pub(super) fn is_later(name: &str) -> bool {
    LATER.contains(&name)
}

//! What `module!` makes compiles against a module's author, and what it says when it does not.
//!
//! Each `ui/*/NAME.rs` has its manifest beside it. A path of `module!` is relative to the folder of its crate, and
//! trybuild makes a crate of its own, so the manifests are laid there first. Renew the `.stderr` files by
//! `TRYBUILD=overwrite`.

use std::fs;
use std::path::Path;

#[test]
fn modules_compile_or_say_why_not() {
    let ui = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ui");
    // Where trybuild puts the crate of this one's cases.
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let cases = target.join("tests/trybuild").join(env!("CARGO_PKG_NAME"));
    for part in ["pass", "fail"] {
        let to = cases.join(part);
        fs::create_dir_all(&to).unwrap();
        for entry in fs::read_dir(ui.join(part)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|end| end == "hcl") {
                fs::copy(&path, to.join(path.file_name().unwrap())).unwrap();
            }
        }
    }
    let cases = trybuild::TestCases::new();
    cases.pass("tests/ui/pass/*.rs");
    cases.compile_fail("tests/ui/fail/*.rs");
}

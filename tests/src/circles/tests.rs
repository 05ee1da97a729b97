//! Small crates with and without circles.

use super::{circles, names};

fn of(files: &[(&str, &str)]) -> Vec<(String, String)> {
    files
        .iter()
        .map(|(path, text)| ((*path).to_owned(), (*text).to_owned()))
        .collect()
}

fn found(files: &[(&str, &str)]) -> Vec<String> {
    circles(&of(files))
        .iter()
        .map(|circle| circle.join(" "))
        .collect()
}

/// What the file `a/x.rs` names, where `a/y.rs` defines `Y`.
fn named_by_x(code: &str) -> Vec<String> {
    let files = [
        ("lib.rs", "mod a;"),
        ("a/mod.rs", "mod x; mod y; pub use y::Y; pub struct Own;"),
        ("a/x.rs", code),
        ("a/y.rs", "pub struct Y; pub fn y() {}"),
    ];
    names(&of(&files))["a/x.rs"].iter().cloned().collect()
}

#[test]
fn a_file_is_named_by_use_by_a_path_in_code_and_inside_of_macros() {
    for code in [
        "use super::y::Y;",
        "use crate::a::y::{self as other, Y};",
        "use super::{y, Unknown as _};",
        "use super::y::*;",
        "fn f() { super::y::y() }",
        "fn f() { println!(\"{:?}\", crate::a::y::y()); }",
        "mod inner { fn f(_: super::super::y::Y) {} }",
        "use crate::a; fn f() { a::y::y() }",
        "fn f(items: [u8; 2]) -> Option<super::y::Y> { None }",
    ] {
        assert!(
            named_by_x(code).contains(&"a/y.rs".to_owned()),
            "{code}: {:?}",
            named_by_x(code)
        );
    }
}

#[test]
fn a_name_that_is_passed_on_belongs_to_the_file_that_defines_it() {
    assert_eq!(named_by_x("use super::Y;"), ["a/y.rs"]);
    assert_eq!(named_by_x("use super::Own;"), ["a/mod.rs"]);
    assert_eq!(named_by_x("fn f(_: crate::a::Y) {}"), ["a/y.rs"]);
}

#[test]
fn tests_comments_texts_fields_and_other_crates_name_nothing() {
    for code in [
        "#[cfg(test)]\nmod tests { use super::super::y::Y; }",
        "#[cfg(test)]\nfn f(_: u8) { super::y::y() }",
        "// use super::y::Y;",
        "const TEXT: &str = \"super::y::Y\";",
        "macro_rules! m { () => { $crate::a::y::y() } }",
        "use ::a::y::Y;",
        "use other::a::y::Y;",
        "fn f(this: This) { let y = this.y; y.y() }",
    ] {
        assert_eq!(named_by_x(code), [""; 0], "{code}");
    }
    assert_eq!(
        named_by_x("#[cfg(test)]\nmod tests;\nuse super::y;"),
        ["a/y.rs"],
        "what follows the tests counts again"
    );
}

#[test]
fn a_circle_is_found_over_any_number_of_files_and_folders() {
    let two = [
        ("lib.rs", "mod a; mod b; mod c;"),
        ("a.rs", "use crate::b::B; pub struct A;"),
        ("b.rs", "pub struct B; fn f(_: crate::a::A) {}"),
        ("c.rs", "use crate::a::A;"),
    ];
    assert_eq!(found(&two), ["a.rs b.rs"]);
    let three = [
        ("lib.rs", "mod a; mod b;"),
        ("a/mod.rs", "mod x; pub use x::X; pub struct A;"),
        ("a/x.rs", "use crate::b::B; pub struct X;"),
        ("b.rs", "use crate::a::A; pub struct B;"),
    ];
    assert_eq!(found(&three), [""; 0], "x names b, which names a alone");
    let closed = [
        three[0],
        three[1],
        three[2],
        ("b.rs", "use crate::a::X; pub struct B;"),
    ];
    assert_eq!(found(&closed), ["a/x.rs b.rs"]);
}

#[test]
fn a_folder_that_calls_its_files_and_is_named_by_them_is_a_circle() {
    let files = [
        ("lib.rs", "mod a;"),
        ("a/mod.rs", "mod x; pub struct A; pub fn f() { x::f() }"),
        ("a/x.rs", "use super::A; pub fn f() {}"),
    ];
    assert_eq!(found(&files), ["a/mod.rs a/x.rs"]);
}

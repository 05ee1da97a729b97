//! The command line as people use it: the `bggo` executable, its streams and its exit codes. No program is built here.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod compare;
mod fmt;
mod graph;
mod machine;
mod result_files;

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

fn bggo(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bggo"));
    command
        .current_dir(folder)
        .env("XDG_CACHE_HOME", folder.join("cache"))
        .env("NO_COLOR", "1");
    command
}

struct Said {
    code: Option<i32>,
    out: String,
    err: String,
}

fn said(output: Output) -> Said {
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Said {
        code: output.status.code(),
        out: text(output.stdout),
        err: text(output.stderr),
    }
}

fn run(folder: &TempDir, words: &[&str]) -> Said {
    said(bggo(folder.path()).args(words).output().unwrap())
}

fn folder_with(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

const GRID: &str = "step \"noop\" \"first\" {}\n\nstep \"noop\" \"item\" {\n  count      = 3\n  depends_on = [\"first\"]\n}\n\nstep \"noop\" \"end\" {\n  depends_on = [step.noop.item]\n}\n";

#[test]
fn the_version_names_the_build() {
    let said = run(&folder_with(&[]), &["--version"]);
    assert_eq!(said.code, Some(0));
    assert!(
        said.out
            .starts_with(concat!("bggo ", env!("CARGO_PKG_VERSION"), " (build ")),
        "{}",
        said.out
    );
}

#[test]
fn wrong_usage_exits_with_2_and_help_with_0() {
    let folder = folder_with(&[("grid.hcl", GRID)]);
    for words in [
        &["nonsense"][..],
        &["build", "grid.hcl"],
        &["check"],
        &["check", "grid.hcl", "--format", "xml"],
        &["check", "grid.hcl", "--module", "nowhere"],
    ] {
        assert_eq!(run(&folder, words).code, Some(2), "{words:?}");
    }
    assert_eq!(run(&folder, &["build", "--help"]).code, Some(0));
}

#[test]
fn check_exits_with_0_or_1_and_speaks_json() {
    let folder = folder_with(&[
        ("good.hcl", GRID),
        ("bad.hcl", "step \"noop\" \"a\" {\n  nonsense = 1\n}\n"),
    ]);
    let good = run(&folder, &["check", "good.hcl"]);
    assert_eq!(
        (good.code, good.out.as_str(), good.err.as_str()),
        (Some(0), "", "good.hcl: no errors\n")
    );
    let text = run(&folder, &["check", "bad.hcl"]);
    assert_eq!(text.code, Some(1));
    assert!(text.err.contains("bad.hcl:2:3"), "{}", text.err);
    let json = run(&folder, &["check", "bad.hcl", "--format", "json"]);
    assert_eq!(json.code, Some(1));
    let report: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!(
        (&report["valid"], &report["error_count"]),
        (&false.into(), &1.into())
    );
}

#[test]
fn check_says_what_is_known_of_a_grid_if_it_is_asked() {
    let folder = folder_with(&[
        ("good.hcl", GRID),
        ("bad.hcl", "step \"noop\" \"a\" {\n  nonsense = 1\n}\n"),
    ]);
    for flag in ["-v", "--verbose"] {
        let good = run(&folder, &["check", flag, "good.hcl"]);
        assert_eq!(
            (good.code, good.err.as_str()),
            (Some(0), "good.hcl: no errors\n")
        );
        assert!(good.out.starts_with("grid \"good.hcl\"\n"), "{}", good.out);
        assert!(good.out.contains("an iteration  noop 5\n"), "{}", good.out);
    }
    let bad = run(&folder, &["check", "-v", "bad.hcl"]);
    assert_eq!((bad.code, bad.out.as_str()), (Some(1), ""));
    let json = run(&folder, &["check", "-v", "good.hcl", "--format", "json"]);
    assert_eq!((json.code, json.out.as_str()), (Some(2), ""));
}

#[test]
fn check_fixes_what_one_replacement_cures() {
    let broken = "\u{feff}step \"nop\" \"a\" {\n  depnds_on = [step.noop.c]\n  nonsense  = 1\n}\n\nstep \"noop\" \"c\" {}\n";
    // With the right runner its arguments are looked at: three errors for one.
    let worse = "step \"http_reqest\" \"d\" {\n  arguments {\n    one = 1\n    two = 2\n  }\n}\n";
    let folder = folder_with(&[("a.hcl", broken), ("b.hcl", GRID)]);
    let fixed = run(&folder, &["check", "a.hcl", "--fix"]);
    assert_eq!(fixed.code, Some(1));
    for line in [
        "a.hcl:1:6: `\"nop\"` is now `\"noop\"`\n",
        "a.hcl:2:3: `depnds_on` is now `depends_on`\n",
        "error[unknown_attribute]: a step has no attribute `nonsense`",
        "a.hcl: 1 error\n",
    ] {
        assert!(fixed.err.contains(line), "{}", fixed.err);
    }
    let text = fs::read_to_string(folder.path().join("a.hcl")).unwrap();
    assert_eq!(
        text,
        broken
            .replace("nop\"", "noop\"")
            .replace("depnds", "depends")
    );
    let json = run(&folder, &["check", "a.hcl", "--fix", "--format", "json"]);
    assert_eq!((json.code, json.err.as_str()), (Some(1), ""));
    let before = fs::metadata(folder.path().join("b.hcl"))
        .unwrap()
        .modified();
    let good = run(&folder, &["check", "b.hcl", "--fix"]);
    assert_eq!(
        (good.code, good.err.as_str()),
        (Some(0), "b.hcl: no errors\n")
    );
    let after = fs::metadata(folder.path().join("b.hcl"))
        .unwrap()
        .modified();
    assert_eq!(after.unwrap(), before.unwrap());
    fs::write(folder.path().join("c.hcl"), worse).unwrap();
    let kept = run(&folder, &["check", "c.hcl", "--fix"]);
    assert_eq!(kept.code, Some(1));
    assert_eq!(
        fs::read_to_string(folder.path().join("c.hcl")).unwrap(),
        worse,
        "{}",
        kept.err
    );
}

#[test]
fn a_warning_that_is_allowed_is_not_fixed() {
    let text = "variable \"x\" {\n  default = \"a\"\n}\n\nstep \"print\" \"a\" {\n  arguments {\n    # bggo: allow(quoted_reference) the words are meant\n    input = \"var.x\"\n  }\n}\n";
    let folder = folder_with(&[("a.hcl", text)]);
    let path = folder.path().join("a.hcl");
    assert_eq!(
        run(&folder, &["check", "a.hcl", "--fix"]).err,
        "a.hcl: no errors\n"
    );
    assert_eq!(fs::read_to_string(&path).unwrap(), text);
    let line = "    # bggo: allow(quoted_reference) the words are meant\n";
    fs::write(&path, text.replace(line, "")).unwrap();
    run(&folder, &["check", "a.hcl", "--fix"]);
    assert_eq!(
        fs::read_to_string(&path).unwrap(),
        text.replace(line, "").replace("\"var.x\"", "var.x")
    );
}

#[test]
fn check_speaks_sarif_and_github_with_the_same_exit_codes() {
    let folder = folder_with(&[
        ("good.hcl", GRID),
        ("bad.hcl", "step \"noop\" \"a\" {\n  nonsense = 1\n}\n"),
    ]);
    let github = run(&folder, &["check", "bad.hcl", "--format", "github"]);
    assert_eq!((github.code, github.err.as_str()), (Some(1), ""));
    assert!(
        github
            .out
            .starts_with("::error file=bad.hcl,line=2,endLine=2,col=3,endColumn=11,title="),
        "{}",
        github.out
    );
    let sarif = run(&folder, &["check", "bad.hcl", "--format", "sarif"]);
    assert_eq!((sarif.code, sarif.err.as_str()), (Some(1), ""));
    let report: serde_json::Value = serde_json::from_str(&sarif.out).unwrap();
    assert_eq!(
        report["runs"][0]["results"][0]["ruleId"],
        "unknown_attribute"
    );
    for (format, out) in [("github", 0), ("sarif", 1)] {
        let good = run(&folder, &["check", "good.hcl", "--format", format]);
        assert_eq!((good.code, good.err.as_str()), (Some(0), ""));
        assert_eq!(good.out.lines().count().min(1), out, "{}", good.out);
    }
}

#[test]
fn explain_shows_the_page_of_a_code_lists_them_all_and_knows_the_nearest() {
    let folder = folder_with(&[]);
    let page = run(&folder, &["explain", "error[unknown_step]"]);
    assert_eq!(
        (page.code, page.out.as_str(), page.err.as_str()),
        (
            Some(0),
            include_str!("../../../docs/errors/unknown_step.md"),
            ""
        )
    );
    let list = run(&folder, &["explain"]);
    assert_eq!(list.code, Some(0));
    let pages = fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/errors")).unwrap();
    assert_eq!(list.out.lines().count(), pages.count());
    let wrong = run(&folder, &["explain", "unknown_stop"]);
    assert_eq!((wrong.code, wrong.out.as_str()), (Some(2), ""));
    assert!(
        wrong.err.contains("did you mean `unknown_step`?"),
        "{}",
        wrong.err
    );
}

#[test]
fn a_path_without_a_grid_says_so() {
    let folder = folder_with(&[("grid.hcl", "\u{feff}"), ("latin.hcl", "")]);
    fs::create_dir(folder.path().join("empty")).unwrap();
    fs::write(folder.path().join("latin.hcl"), b"# caf\xe9\n").unwrap();
    for (path, words) in [
        ("nowhere.hcl", "nowhere.hcl"),
        ("empty", "no `.hcl` file"),
        ("latin.hcl", "UTF-8"),
    ] {
        let said = run(&folder, &["build", path, "-o", "out"]);
        assert_eq!(said.code, Some(1), "{path}: {}", said.err);
        assert!(said.err.contains(words), "{path}: {}", said.err);
    }
}

#[test]
fn build_refuses_to_overwrite_folders_sources_and_files_that_are_no_program() {
    let folder = folder_with(&[
        ("grid.hcl", GRID),
        ("main.rs", "fn main() {}"),
        ("notes", "mine"),
    ]);
    fs::create_dir(folder.path().join("folder")).unwrap();
    for output in ["folder", "grid.hcl", "main.rs", "notes", "nowhere/out"] {
        let said = run(&folder, &["build", "grid.hcl", "-o", output]);
        assert_eq!(said.code, Some(2), "{output}: {}", said.err);
        assert!(
            said.err.contains(output) && said.err.contains("help:"),
            "{}",
            said.err
        );
    }
    assert_eq!(
        fs::read_to_string(folder.path().join("notes")).unwrap(),
        "mine"
    );
    assert!(
        !folder.path().join("cache").exists(),
        "refused before anything is built"
    );
}

#[test]
fn new_writes_a_grid_that_is_right_and_overwrites_nothing() {
    let folder = folder_with(&[]);
    let first = run(&folder, &["new", "shop"]);
    assert_eq!(first.code, Some(0), "{}", first.err);
    let text = fs::read_to_string(folder.path().join("shop.hcl")).unwrap();
    assert!(
        text.starts_with("# shop:") && !text.contains("{{"),
        "{text}"
    );
    let checked = run(&folder, &["check", "shop.hcl"]);
    assert_eq!(
        (checked.code, checked.err.as_str()),
        (Some(0), "shop.hcl: no errors\n")
    );
    fs::write(folder.path().join("shop.hcl"), "mine").unwrap();
    let second = run(&folder, &["new", "shop"]);
    assert_eq!(second.code, Some(2));
    assert!(second.err.contains("is there already"), "{}", second.err);
    assert_eq!(
        fs::read_to_string(folder.path().join("shop.hcl")).unwrap(),
        "mine"
    );
}

#[test]
fn completions_know_the_commands() {
    for shell in ["bash", "zsh", "fish"] {
        let said = run(&folder_with(&[]), &["completions", shell]);
        assert_eq!(said.code, Some(0));
        assert!(
            said.out.contains("graph") && said.out.contains("profile"),
            "{shell}"
        );
    }
}

#[test]
fn the_target_serves_until_it_is_told_to_stop() {
    let folder = folder_with(&[]);
    let mut child = bggo(folder.path())
        .arg("target")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut url = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut url)
        .unwrap();
    let address = url.trim().strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    write!(
        stream,
        "GET /get HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(
        Command::new("kill")
            .arg(child.id().to_string())
            .status()
            .unwrap()
            .success()
    );
    let said = said(child.wait_with_output().unwrap());
    assert_eq!(said.code, Some(0));
    assert!(said.err.contains("served 1 requests"), "{}", said.err);
}

#[test]
fn the_cache_is_cleaned() {
    let folder = folder_with(&[]);
    let kept = folder.path().join("cache/bggo/0.0.0-old/target");
    fs::create_dir_all(&kept).unwrap();
    fs::write(kept.join("big"), vec![0; 5000]).unwrap();
    let said = run(&folder, &["cache", "clean"]);
    assert_eq!(said.code, Some(0));
    assert!(said.err.contains("removed 5.0 kB"), "{}", said.err);
    assert!(!folder.path().join("cache/bggo").exists());
    assert_eq!(
        run(&folder, &["cache", "clean"]).code,
        Some(0),
        "an empty one too"
    );
}

#[test]
fn the_cache_alone_says_where_it_is_and_how_large() {
    let folder = folder_with(&[]);
    let root = folder.path().join("cache/bggo");
    let empty = run(&folder, &["cache"]);
    assert_eq!(empty.code, Some(0));
    assert_eq!(empty.out, format!("{}: 0 B\n", root.display()));
    fs::create_dir_all(root.join("0.0.0-old/target")).unwrap();
    fs::write(root.join("0.0.0-old/target/big"), vec![0; 5000]).unwrap();
    // As cargo keeps a program: one file, two names.
    fs::hard_link(
        root.join("0.0.0-old/target/big"),
        root.join("0.0.0-old/target/again"),
    )
    .unwrap();
    let full = run(&folder, &["cache"]);
    assert_eq!(full.out, format!("{}: 5.0 kB\n", root.display()));
    assert!(full.err.contains("bggo cache clean"), "{}", full.err);
}

#[test]
fn help_lists_the_exit_codes() {
    let said = run(&folder_with(&[]), &["--help"]);
    for code in ["0    done", "1    ", "2    ", "101  "] {
        assert!(said.out.contains(code), "{code} in {}", said.out);
    }
}

#[test]
fn a_flag_of_the_program_before_the_grid_is_refused_with_what_to_write() {
    let folder = folder_with(&[("grid.hcl", GRID)]);
    let said = run(&folder, &["run", "--vus", "5", "grid.hcl"]);
    assert_eq!(said.code, Some(2));
    assert!(
        said.err.contains("`--vus` is no flag of `bggo run`")
            && said.err.contains("bggo run GRID --vus"),
        "{}",
        said.err
    );
}

#[test]
fn what_is_wrong_before_a_run_with_json_lines_is_json_too() {
    let folder = folder_with(&[
        ("bad.hcl", "step \"noop\" \"a\" {\n  nonsense = 1\n}\n"),
        ("grid.hcl", GRID),
        ("file", ""),
    ]);
    let lines = |words: &[&str]| -> Vec<serde_json::Value> {
        let mut command = bggo(folder.path());
        command
            .args(words)
            .env("XDG_CACHE_HOME", folder.path().join("file"));
        let said = said(command.output().unwrap());
        assert_eq!(said.code, Some(1), "{}", said.err);
        said.err
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    };
    let wrong = lines(&["run", "bad.hcl", "--log-format", "json"]);
    assert_eq!(
        wrong[0],
        serde_json::json!({
            "event": "error", "code": "unknown_attribute", "place": "bad.hcl:2:3",
            "text": wrong[0]["text"], "help": wrong[0]["help"],
        })
    );
    assert!(wrong[0]["text"].as_str().unwrap().contains("nonsense"));
    let unbuilt = lines(&["run", "grid.hcl", "--", "--log-format=json"]);
    assert_eq!(unbuilt[0]["event"], "error");
    assert!(
        unbuilt[0]["help"]
            .as_str()
            .unwrap()
            .contains("XDG_CACHE_HOME")
    );
    let missing = lines(&["run", "nowhere.hcl", "--log-format", "json"]);
    assert_eq!(missing[0]["code"], "file_not_found");
}

#[test]
fn an_external_module_that_is_none_says_what_is_missing() {
    let folder = folder_with(&[("grid.hcl", GRID)]);
    fs::create_dir(folder.path().join("mine")).unwrap();
    let said = run(&folder, &["check", "grid.hcl", "--module", "mine"]);
    assert_eq!(said.code, Some(2));
    assert!(said.err.contains("manifest.hcl"), "{}", said.err);
}

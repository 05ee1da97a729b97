//! What is in a program and what it needs: nothing interpreted, no libc to load, no grid file.

use bggo_tests::{Grid, bggo, repository};
use std::process::Command;

fn symbols_of_an_unstripped_build(grid: &Grid) -> String {
    // The shipped program is stripped, so the names of its functions are read from the object that was linked.
    let kept = grid.folder().join("unstripped");
    let said = bggo()
        .args(["build", "--keep-symbols"])
        .arg(grid.path())
        .arg("-o")
        .arg(&kept)
        .output()
        .unwrap();
    assert!(
        said.status.success(),
        "{}",
        String::from_utf8_lossy(&said.stderr)
    );
    let said = Command::new("nm").arg("-C").arg(&kept).output().unwrap();
    String::from_utf8_lossy(&said.stdout).into_owned()
}

#[test]
fn a_program_holds_no_expression_type_no_evaluator_no_parser_and_no_table_of_functions() {
    let grid = Grid::example("data_passing");
    let symbols = symbols_of_an_unstripped_build(&grid);
    assert!(symbols.contains("bggo_runtime"), "symbols were read");
    for absent in [
        "hcl_edit",
        "hcl::",
        "bggo::",
        "petgraph",
        "functions::table::table",
        "functions::table::find",
        "functions::table::TABLE",
        "TExpr",
        "ExprKind",
        "regex",
    ] {
        assert!(!symbols.contains(absent), "{absent} is linked");
    }
    let rust = grid.rust();
    for absent in [
        "Expr",
        "eval",
        "parse(",
        "unwrap",
        "expect(",
        "tokio::spawn",
        "Box<dyn Fn",
    ] {
        assert!(!rust.contains(absent), "the emitted text has {absent:?}");
    }
}

#[test]
fn only_a_program_that_may_search_by_a_pattern_links_the_engine_for_it() {
    let grid = |searched: &str| {
        let text = format!(
            "variable \"text\" {{\n  default = \"a1\"\n}}\nstep \"print\" \"show\" {{\n  arguments {{\n    input = replace(var.text, {searched}, \"#\")\n  }}\n}}\n"
        );
        Grid::new(&text).build()
    };
    let (plain, pattern, folded) = (
        grid("\"1\""),
        grid("\"/[0-9]/\""),
        grid("replace(\"x1\", \"/^x/\", \"\")"),
    );
    for grid in [&plain, &pattern, &folded] {
        let ended = grid.start(&["--quiet"]).finish().expect_code(0);
        assert_eq!(ended.stdout, "a#\n");
    }
    let size = |grid: &Grid| std::fs::metadata(grid.program()).unwrap().len();
    assert!(
        size(&pattern) > size(&plain) + 100_000,
        "the engine is there"
    );
    assert_eq!(size(&folded), size(&plain));
    for (grid, linked) in [(&plain, false), (&pattern, true), (&folded, false)] {
        let symbols = symbols_of_an_unstripped_build(grid);
        assert_eq!(symbols.contains("regex"), linked);
    }
}

#[test]
fn only_a_program_that_asks_for_another_transport_links_it() {
    let nginx = bggo_tests::server::Nginx::start("location / { return 200 ok; }");
    let grid = |client: &str| {
        let text = format!(
            "variable \"url\" {{\n  type = string\n}}\nresource \"http_client\" \"one\" {{\n  arguments {{\n{client}  }}\n}}\nstep \"http_request\" \"get\" {{\n  uses {{\n    client = resource.http_client.one\n  }}\n  arguments {{\n    url           = var.url\n    expect_status = 200\n  }}\n}}\n"
        );
        Grid::new(&text).build()
    };
    let (own, reqwest) = (grid(""), grid("    transport = \"reqwest\"\n"));
    for (grid, linked) in [(&own, false), (&reqwest, true)] {
        grid.start(&["--url", &nginx.url(), "--quiet"])
            .finish()
            .expect_code(0);
        let symbols = symbols_of_an_unstripped_build(grid);
        assert!(symbols.contains("bggo_wire"), "symbols were read");
        assert_eq!(symbols.contains("reqwest"), linked);
    }
    let size = |grid: &Grid| std::fs::metadata(grid.program()).unwrap().len();
    assert!(
        size(&reqwest) > size(&own) + 300_000,
        "{} and {}",
        size(&reqwest),
        size(&own)
    );
}

#[test]
fn a_program_has_no_interpreter_segment_and_runs_in_a_bare_root() {
    let grid = Grid::example("http_request").build();
    let said = Command::new("readelf")
        .args(["-l", "-d"])
        .arg(grid.program())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&said.stdout);
    assert!(text.contains("LOAD"), "readelf read it: {text}");
    assert!(
        !text.contains("INTERP") && !text.contains("NEEDED"),
        "{text}"
    );
    grid.bare_root(&[], &[]).finish().expect_code(0);
}

#[test]
fn a_bare_root_resolves_localhost_and_names_of_etc_hosts() {
    let nginx = bggo_tests::server::Nginx::start("location / { return 200 ok; }");
    let port = nginx.url().rsplit(':').next().unwrap().to_owned();
    let grid = Grid::new(
        "variable \"url\" {\n  type = string\n}\nstep \"http_request\" \"get\" {\n  arguments {\n    url = var.url\n    expect_status = 200\n  }\n}\n",
    )
    .build();
    let hosts = (
        "etc/hosts",
        "127.0.0.1 localhost\n127.0.0.1 shop.internal\n",
    );
    for name in ["localhost", "shop.internal"] {
        grid.bare_root(&["--url", &format!("http://{name}:{port}/")], &[hosts])
            .finish()
            .expect_code(0);
    }
    let unknown = grid
        .bare_root(
            &["--url", &format!("http://nowhere.internal:{port}/")],
            &[hosts],
        )
        .finish()
        .expect_code(1);
    assert!(
        unknown.stderr.contains("nowhere.internal"),
        "{}",
        unknown.stderr
    );
}

#[test]
fn the_same_grid_in_two_folders_gives_the_same_bytes() {
    let text = example();
    // A comment at the end: another grid to the cache of programs, the same program.
    let (one, two) = (
        Grid::new(&format!("{text}# one\n")).build(),
        Grid::new(&format!("{text}# two\n")).build(),
    );
    assert!(bytes(&one) == bytes(&two));
}

#[test]
fn a_grid_that_is_edited_and_edited_back_gives_the_bytes_of_before() {
    let text = example();
    let mut grid = Grid::new(&format!("{text}# {} before\n", std::process::id())).build();
    let before = bytes(&grid);
    let edits: [(&str, String); 3] = [
        ("another url", text.replace("/get", "/anything")),
        (
            "a step less",
            text.rsplit_once("step \"").unwrap().0.to_owned(),
        ),
        (
            "a step more",
            format!("{text}step \"noop\" \"more\" {{}}\n"),
        ),
    ];
    for (what, edited) in edits {
        assert_ne!(edited, text, "{what}");
        grid = grid.edit(&edited).build();
        assert!(bytes(&grid) != before, "{what}");
        grid = grid
            .edit(&format!("{text}# {} {what}\n", std::process::id()))
            .build();
        assert!(bytes(&grid) == before, "after {what}");
    }
}

fn example() -> String {
    std::fs::read_to_string(repository().join("examples/http_request.hcl")).unwrap()
}

fn bytes(grid: &Grid) -> Vec<u8> {
    std::fs::read(grid.program()).unwrap()
}

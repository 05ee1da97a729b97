//! A crate is in a program only if the grid gives an input the value that links it.

use bggo_tests::{Grid, bggo, repository};

#[test]
fn a_value_links_its_crate_and_the_module_gets_what_it_gives() {
    let grid = |way: &str| {
        let text = format!(
            r#"
variable "word" {{
  default = "w"
}}
resource "maker" "one" {{
  arguments {{
    way  = "{way}"
    word = "m${{vu.id}}"
  }}
}}
step "choice" "late" {{
  arguments {{
    way  = "{way}"
    word = resource.maker.one.made
  }}
}}
step "choice" "started" {{
  arguments {{
    way  = "{way}"
    word = var.word
  }}
}}
step "print" "made" {{
  arguments {{
    input = [step.choice.late.output.made, step.choice.started.output.made]
  }}
}}
"#
        );
        Grid::new(&text)
            .module(repository().join("tests/modules/choice"))
            .build()
    };
    let holds = |grid: &Grid, text: &str| {
        let program = std::fs::read(grid.program()).unwrap();
        program
            .windows(text.len())
            .any(|window| window == text.as_bytes())
    };
    let (plain, fast) = (grid("plain"), grid("fast"));
    let said = |grid: &Grid| grid.start(&["--quiet"]).finish().expect_code(0).stdout;
    assert_eq!(
        said(&plain),
        "[\"m1 of the module of the module\",\"w of the module\"]\n"
    );
    assert_eq!(
        said(&fast),
        "[\"m1 of a crate of a crate\",\"w of a crate\"]\n"
    );
    for (grid, linked) in [(&plain, false), (&fast, true)] {
        assert!(holds(grid, " of the module"), "the module is there");
        assert_eq!(holds(grid, " of a crate"), linked);
    }
}

#[test]
fn a_crate_that_is_not_where_the_manifest_says_is_named() {
    let grid = Grid::new("step \"noop\" \"a\" {}\n");
    let module = grid.folder().join("sum");
    std::fs::create_dir_all(module.join("fast")).unwrap();
    std::fs::write(
        module.join("Cargo.toml"),
        "[package]\nname = \"bggo-module-sum\"\n",
    )
    .unwrap();
    std::fs::write(
        module.join("manifest.hcl"),
        "runner \"sum\" {\n  input \"way\" {\n    type = string\n    one_of = [\"fast\"]\n    link \"fast\" {\n      crate = \"sum-fast\"\n      path = \"fast\"\n    }\n  }\n}\n",
    )
    .unwrap();
    let said = || {
        let mut command = bggo();
        command.arg("check").arg(grid.path());
        let said = command.arg("--module").arg(&module).output().unwrap();
        assert_eq!(said.status.code(), Some(2));
        String::from_utf8_lossy(&said.stderr).into_owned()
    };
    let missing = said();
    assert!(
        missing.contains("links a crate `sum-fast`") && missing.contains("`path` is the folder"),
        "{missing}"
    );
    std::fs::write(
        module.join("fast/Cargo.toml"),
        "[package]\nname = \"other\"\n",
    )
    .unwrap();
    let other = said();
    assert!(other.contains("it is the package `other`"), "{other}");
}

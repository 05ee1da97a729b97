//! The module of `docs/modules.md` is built from that very page and used in a grid.

use bggo_tests::{Grid, repository};

#[test]
fn the_module_of_the_page_works_as_the_page_says() {
    let page = std::fs::read_to_string(repository().join("docs/modules.md")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("src")).unwrap();
    for (language, file) in [
        ("toml", "Cargo.toml"),
        ("hcl", "manifest.hcl"),
        ("rust", "src/lib.rs"),
    ] {
        std::fs::write(folder.path().join(file), block(&page, language)).unwrap();
    }
    assert!(
        block(&page, "rust")
            .lines()
            .filter(|line| !line.is_empty())
            .count()
            <= 40,
        "the page promises 40 lines"
    );
    let grid = Grid::new(
        "variable \"third\" {\n  type    = number\n  default = 3\n}\n\nstep \"add\" \"up\" {\n  arguments {\n    numbers = [1, 2.5, var.third]\n  }\n}\n\n\
         step \"print\" \"sum\" {\n  arguments {\n    input = \"sum ${step.add.up.output.sum}\"\n  }\n}\n",
    )
    .module(folder.path())
    .build();
    let ended = grid.start(&["--third", "4"]).finish().expect_code(0);
    assert_eq!(ended.stdout, "sum 7.5\n");
}

/// A module with a library of another name than its package, whose sums are at least what a package beside it says.
const SHIFTED: [(&str, &str); 5] = [
    (
        "module/Cargo.toml",
        "[lib]\nname = \"shifted_library\"\n\n[package]\nname = \"shifted\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\nbggo-functions = \"0.1\"\nbggo-runtime = \"0.1\"\nbeside = { path = \"../beside\" }\n",
    ),
    (
        "module/manifest.hcl",
        "description = \"Sums.\"\n\nrunner \"add\" {\n  description = \"Adds up numbers.\"\n\n  input \"numbers\" {\n    type     = list(number)\n    required = true\n  }\n  output \"sum\" {\n    type = number\n  }\n}\n",
    ),
    (
        "beside/Cargo.toml",
        "[package]\nname = \"beside\"\nversion = \"0.1.0\"\nedition = \"2024\"\n",
    ),
    ("beside/src/lib.rs", "pub const LEAST: i64 = 10;\n"),
    ("module/src/lib.rs", ""),
];

#[test]
fn a_module_whose_library_has_another_name_works_and_a_changed_package_beside_it_is_seen() {
    let page = std::fs::read_to_string(repository().join("docs/modules.md")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    for (path, text) in SHIFTED {
        write(path, text);
    }
    let sum = "numeric::sum(&[numbers.clone()])?";
    let source = block(&page, "rust");
    assert!(source.contains(sum), "{source}");
    let beside =
        "numeric::max(&[numeric::sum(&[numbers.clone()])?, Value::number(beside::LEAST)])?";
    write("module/src/lib.rs", &source.replace(sum, beside));
    let grid = Grid::new(
        "step \"add\" \"up\" {\n  arguments {\n    numbers = [1, 2]\n  }\n}\n\n\
         step \"print\" \"sum\" {\n  arguments {\n    input = \"sum ${step.add.up.output.sum}\"\n  }\n}\n",
    )
    .module(folder.path().join("module"))
    .build();
    let ended = grid.start(&[]).finish().expect_code(0);
    assert_eq!(ended.stdout, "sum 10\n");
    write("beside/src/lib.rs", "pub const LEAST: i64 = 20;\n");
    let ended = grid.build().start(&[]).finish().expect_code(0);
    assert_eq!(ended.stdout, "sum 20\n");
}

/// The first block of a language on the page.
fn block(page: &str, language: &str) -> String {
    let from = page
        .find(&format!("```{language}\n"))
        .unwrap_or_else(|| panic!("no {language} block"));
    let text = &page[from + language.len() + 4..];
    text[..text.find("```").expect("the block ends")].to_owned()
}

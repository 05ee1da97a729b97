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

/// The first block of a language on the page.
fn block(page: &str, language: &str) -> String {
    let from = page
        .find(&format!("```{language}\n"))
        .unwrap_or_else(|| panic!("no {language} block"));
    let text = &page[from + language.len() + 4..];
    text[..text.find("```").expect("the block ends")].to_owned()
}

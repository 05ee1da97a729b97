//! Every HCL block of the manual and the README is a grid, or a manifest, without errors.

use bggo_tests::{Grid, bggo, repository};
use std::path::{Path, PathBuf};

#[test]
fn every_hcl_block_of_the_docs_passes_check() {
    let mut pages = vec![repository().join("README.md")];
    pages.extend(markdown(&repository().join("docs")));
    let mut blocks = 0;
    for page in pages {
        // Pages of errors show wrong grids on purpose; they have a test of their own.
        if page.components().any(|part| part.as_os_str() == "errors") {
            continue;
        }
        let text = std::fs::read_to_string(&page).unwrap();
        for block in hcl_blocks(&text) {
            if block.contains("runner \"") || block.contains("asset \"") {
                let read = bggo_manifest::read(&block);
                assert!(read.is_ok(), "{}: {read:?}\n{block}", page.display());
                continue;
            }
            blocks += 1;
            let grid = if block.contains("step \"") {
                block
            } else {
                format!("{block}\nstep \"noop\" \"filler\" {{}}\n")
            };
            let grid = Grid::new(&grid).beside_examples();
            let said = bggo().arg("check").arg(grid.path()).output().unwrap();
            assert!(
                said.status.success(),
                "{}:\n{}",
                page.display(),
                String::from_utf8_lossy(&said.stderr)
            );
        }
    }
    assert!(blocks >= 8, "only {blocks} blocks were found");
}

fn markdown(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(markdown(&path));
        } else if path.extension().is_some_and(|ending| ending == "md") {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn hcl_blocks(text: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut open: Option<String> = None;
    for line in text.lines() {
        match (&mut open, line.trim_end()) {
            (None, "```hcl") => open = Some(String::new()),
            (Some(_), "```") => blocks.extend(open.take()),
            (Some(block), line) => {
                block.push_str(line);
                block.push('\n');
            }
            (None, _) => {}
        }
    }
    blocks
}

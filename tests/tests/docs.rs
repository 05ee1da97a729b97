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

#[test]
fn every_link_of_the_docs_leads_to_a_file_and_a_heading_that_are_there() {
    let root = repository();
    let mut pages = vec![
        root.join("README.md"),
        root.join("CHANGELOG.md"),
        root.join("editors/README.md"),
    ];
    pages.extend(markdown(&root.join("docs")));
    pages.extend(markdown(&root.join("modules")));
    let (mut wrong, mut seen) = (Vec::new(), 0);
    for page in pages {
        let text = std::fs::read_to_string(&page).unwrap();
        for link in links(&text) {
            seen += 1;
            let (file, heading) = link.split_once('#').unwrap_or((&link, ""));
            let to = match file {
                "" => page.clone(),
                file => page.parent().unwrap().join(file),
            };
            let is_there = match heading {
                "" => to.exists(),
                heading => {
                    let text = std::fs::read_to_string(&to).unwrap_or_default();
                    headings(&text).iter().any(|one| one == heading)
                }
            };
            if !is_there {
                wrong.push(format!("{}: {link}", page.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(seen > 100, "only {seen} links were found");
}

/// Links of a page to other pages of the repository.
fn links(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for line in outside_of_code(text) {
        for (at, _) in line.match_indices("](") {
            let rest = &line[at + 2..];
            let link = &rest[..rest.find(')').unwrap_or(rest.len())];
            if !link.contains("://") && !link.is_empty() {
                found.push(link.to_owned());
            }
        }
    }
    found
}

/// The names of the headings of a page, as links have them.
fn headings(text: &str) -> Vec<String> {
    let lines = outside_of_code(text).filter(|line| line.starts_with('#'));
    let name = |line: &str| {
        let words = line.trim_start_matches('#').trim().to_lowercase();
        let kept = words
            .chars()
            .filter(|letter| letter.is_alphanumeric() || matches!(letter, ' ' | '-' | '_'));
        kept.map(|letter| if letter == ' ' { '-' } else { letter })
            .collect()
    };
    lines.map(name).collect()
}

fn outside_of_code(text: &str) -> impl Iterator<Item = &str> {
    let mut is_code = false;
    text.lines().filter(move |line| {
        let is_fence = line.trim_start().starts_with("```");
        is_code ^= is_fence;
        !is_fence && !is_code
    })
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

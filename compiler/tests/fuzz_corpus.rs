//! The fuzz targets over their corpus: every fixture and example, whole, cut off at every character, and without each of
//! its words, and spliced. `make fuzz` searches on from there (`tests/fuzz`).

use std::path::{Path, PathBuf};
use std::{fs, io};

/// Longer ones (those about depth) are only taken whole: cutting them is quadratic and shows nothing new.
const LONGEST_CUT: usize = 800;

fn corpus() -> io::Result<Vec<(PathBuf, String)>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut found = Vec::new();
    for folder in ["tests/fixtures", "examples", "modules"] {
        let folder = root.join(folder);
        if folder.is_dir() {
            collect(&folder, &mut found)?;
        }
    }
    found.sort();
    assert!(found.len() > 50, "the corpus is not where it was");
    Ok(found)
}

fn collect(folder: &Path, found: &mut Vec<(PathBuf, String)>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, found)?;
        } else if path.extension().is_some_and(|extension| extension == "hcl") {
            let text = fs::read_to_string(&path)?;
            found.push((path, text));
        }
    }
    Ok(())
}

/// Runs with the stack of a thread of tests, 2 MiB, which is less than the main thread has.
fn holds(body: fn(&str), path: &Path, text: &str) {
    let result = std::panic::catch_unwind(|| body(text));
    assert!(result.is_ok(), "{}, as\n{text}", path.display());
}

/// Pieces of a text: words, runs of spaces, single other characters.
fn pieces(text: &str) -> Vec<&str> {
    let class = |character: char| match character {
        ' ' | '\t' => 1,
        _ if character.is_alphanumeric() || character == '_' => 2,
        _ => 0,
    };
    let mut pieces = Vec::new();
    let mut start = 0;
    let mut last = None;
    for (at, character) in text.char_indices() {
        let now = class(character);
        if last.is_some_and(|before| before != now || now == 0) {
            pieces.push(&text[start..at]);
            start = at;
        }
        last = Some(now);
    }
    pieces.push(&text[start..]);
    pieces
}

#[test]
fn every_text_of_the_corpus_holds() {
    for (path, text) in corpus().unwrap() {
        holds(bggo::fuzz::parse, &path, &text);
        holds(bggo::fuzz::check, &path, &text);
        holds(bggo::fuzz::emit, &path, &text);
        holds(bggo::fuzz::format, &path, &text);
    }
}

#[test]
fn every_text_cut_off_anywhere_holds() {
    for (path, text) in corpus()
        .unwrap()
        .into_iter()
        .filter(|(_, text)| text.len() < LONGEST_CUT)
    {
        for (at, _) in text.char_indices() {
            holds(bggo::fuzz::parse, &path, &text[..at]);
            holds(bggo::fuzz::format, &path, &text[..at]);
        }
    }
}

#[test]
fn every_text_without_any_of_its_words_holds() {
    for (path, text) in corpus()
        .unwrap()
        .into_iter()
        .filter(|(_, text)| text.len() < LONGEST_CUT)
    {
        let pieces = pieces(&text);
        for missing in 0..pieces.len() {
            let rest: String = pieces
                .iter()
                .enumerate()
                .filter(|(index, _)| *index != missing)
                .map(|(_, piece)| *piece)
                .collect();
            holds(bggo::fuzz::check, &path, &rest);
            holds(bggo::fuzz::format, &path, &rest);
        }
    }
}

#[test]
fn texts_spliced_of_pieces_of_others_hold() {
    let corpus: Vec<_> = corpus()
        .unwrap()
        .into_iter()
        .filter(|(_, text)| text.len() < LONGEST_CUT)
        .collect();
    let mut dice = Dice(0x2545_f491_4f6c_dd1d);
    for _ in 0..4000 {
        let (path, text) = &corpus[dice.below(corpus.len())];
        let mut spliced = pieces(text);
        for _ in 0..=dice.below(4) {
            let other = pieces(&corpus[dice.below(corpus.len())].1);
            let from = dice.below(other.len());
            let to = (from + 1 + dice.below(8)).min(other.len());
            let start = dice.below(spliced.len());
            let end = (start + dice.below(8)).min(spliced.len());
            spliced.splice(start..end, other[from..to].iter().copied());
        }
        let spliced = spliced.concat();
        holds(bggo::fuzz::check, path, &spliced);
        holds(bggo::fuzz::emit, path, &spliced);
        holds(bggo::fuzz::format, path, &spliced);
    }
}

/// The same numbers on every run (xorshift).
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 33) as usize % end
    }
}

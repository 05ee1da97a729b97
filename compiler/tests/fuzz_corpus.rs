//! The fuzz targets over their corpus: every fixture and example, whole, cut off at every character, and without each of
//! its words, spliced, and with other numbers and texts in it. Of cuts and words each text has its share, another one than the
//! text before it. `BGGO_FUZZ_SECONDS=600` takes all of them and goes on for ten minutes, `BGGO_FUZZ_SEED` says with which
//! texts; `make fuzz` searches on from there (`tests/fuzz`).

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use std::{fs, io};

/// Longer ones (those about depth) are only taken whole: cutting them is quadratic and shows nothing new.
const LONGEST_CUT: usize = 800;

/// One of so many cuts of a text, and of its words, is tried.
const SHARE: usize = 5;

/// Which ones of the text with this number: the first one, and how far the next ones are from each other.
fn share(number: usize) -> (usize, usize) {
    match std::env::var_os("BGGO_FUZZ_SECONDS") {
        Some(_) => (0, 1),
        None => (number % SHARE, SHARE),
    }
}

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
    let corpus = corpus().unwrap().into_iter();
    let texts = corpus.filter(|(_, text)| text.len() < LONGEST_CUT);
    for (number, (path, text)) in texts.enumerate() {
        let (first, step) = share(number);
        for (at, _) in text.char_indices().skip(first).step_by(step) {
            holds(bggo::fuzz::parse, &path, &text[..at]);
            holds(bggo::fuzz::format, &path, &text[..at]);
        }
    }
}

#[test]
fn every_text_without_any_of_its_words_holds() {
    let corpus = corpus().unwrap().into_iter();
    let texts = corpus.filter(|(_, text)| text.len() < LONGEST_CUT);
    for (number, (path, text)) in texts.enumerate() {
        let pieces = pieces(&text);
        let (first, step) = share(number);
        for missing in (first..pieces.len()).step_by(step) {
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
    let mut dice = Dice::seeded(0x2545_f491_4f6c_dd1d);
    let until = until();
    let mut count = 0;
    while count < 4000 || Instant::now() < until {
        count += 1;
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
        holds(bggo::fuzz::parse, path, &spliced);
        holds(bggo::fuzz::check, path, &spliced);
        holds(bggo::fuzz::emit, path, &spliced);
        holds(bggo::fuzz::format, path, &spliced);
    }
}

/// Numbers that are written in another one's place: such as a program has other types or no room for.
const NUMBERS: &[&str] = &[
    "0",
    "1",
    "2",
    "-1",
    "0.5",
    "1e3",
    "1e-9",
    "007",
    "255",
    "256",
    "65536",
    "2147483648",
    "9007199254740993",
    "9223372036854775808",
    "18446744073709551616",
    "1e308",
    "123456789012345678901234567890",
];

/// Texts that are written in another one's place: such as Rust writes otherwise, or other languages read as something else.
const TEXTS: &[&str] = &[
    "",
    " ",
    "{}",
    "{0:?}",
    "}}{{",
    "%s%d",
    "\\\"",
    "\\\\",
    "\\n\\r\\t",
    "\\u0000",
    "\\u200B\\u202E",
    "\\U0001F600",
    "é😀",
    "\\\"#",
    "r#\\\"x\\\"#",
    "'",
    "*/ /*",
    "// #",
    "$${x}%%{y}",
    "${1}",
    "${upper(\"a\")}b",
    "1s",
    "0s",
    "10KiB",
    "1%",
    "true",
    "null",
    "self",
    "fn",
    "http://127.0.0.1:1/",
];

/// A grid that passes check, with other numbers and texts in it.
fn with_other_values(text: &str, dice: &mut Dice) -> String {
    let mut pieces: Vec<String> = pieces(text).into_iter().map(str::to_owned).collect();
    for _ in 0..=dice.below(2) {
        let is_number = |piece: &String| piece.starts_with(|first: char| first.is_ascii_digit());
        let numbers: Vec<usize> = (0..pieces.len())
            .filter(|at| is_number(&pieces[*at]))
            .collect();
        let quotes: Vec<usize> = (0..pieces.len()).filter(|at| pieces[*at] == "\"").collect();
        if dice.below(3) == 0 && !numbers.is_empty() {
            let at = numbers[dice.below(numbers.len())];
            pieces[at] = NUMBERS[dice.below(NUMBERS.len())].to_owned();
        } else if quotes.len() > 1 {
            // Of a pair of quotes that are beside each other, mostly one that belongs together.
            let pair = dice.below(quotes.len() / 2) * 2;
            let (open, close) = (quotes[pair], quotes[pair + 1]);
            let new = TEXTS[dice.below(TEXTS.len())].to_owned();
            pieces.splice(open + 1..close, [new]);
        }
    }
    pieces.concat()
}

#[test]
fn what_passes_check_is_emitted_as_rust_whatever_its_values_are() {
    let passes = |text: &str| {
        let sources =
            bggo::source::Sources::from_texts(vec![("grid.hcl".to_owned(), text.to_owned())]);
        !bggo::check(&sources, bggo::modules::Modules::built_in())
            .1
            .has_errors()
    };
    let corpus: Vec<_> = corpus().unwrap();
    let right: Vec<_> = corpus
        .into_iter()
        .filter(|(_, text)| text.len() < 8 * LONGEST_CUT && passes(text))
        .collect();
    assert!(right.len() > 50, "{}", right.len());
    let mut dice = Dice::seeded(0x9e37_79b9_7f4a_7c15);
    let until = until();
    let (mut count, mut passed) = (0, 0);
    while count < 1000 || Instant::now() < until {
        count += 1;
        let (path, text) = &right[dice.below(right.len())];
        let other = with_other_values(text, &mut dice);
        if passes(&other) {
            passed += 1;
            holds(bggo::fuzz::emit, path, &other);
        }
        holds(bggo::fuzz::check, path, &other);
        holds(bggo::fuzz::format, path, &other);
    }
    // Else nothing was emitted that the corpus has not.
    assert!(passed * 8 > count, "{passed} of {count}");
}

/// How long to go on beyond what every test does.
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
fn until() -> Instant {
    let seconds = std::env::var("BGGO_FUZZ_SECONDS").ok();
    let seconds = seconds.map_or(0, |seconds| seconds.parse().unwrap());
    Instant::now() + Duration::from_secs(seconds)
}

/// The same numbers on every run (xorshift).
struct Dice(u64);

impl Dice {
    #[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    fn seeded(otherwise: u64) -> Self {
        let seed = std::env::var("BGGO_FUZZ_SEED").ok();
        let seed: Option<u64> = seed.map(|seed| seed.parse().unwrap());
        Self(seed.unwrap_or(otherwise).max(1))
    }

    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 33) as usize % end
    }
}

//! Lines of the tables -> what is printed, and the tables of `docs/benchmarks.md`, in which a row that was measured takes its
//! old place.

use std::fmt;
use std::path::PathBuf;

/// The middle of some numbers, and the two between which half of them lie.
pub struct Quartiles {
    /// The lower one.
    pub lower: f64,
    /// The median.
    pub middle: f64,
    /// The upper one.
    pub upper: f64,
}

impl fmt::Display for Quartiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:.2} [{:.2}-{:.2}]",
            self.middle, self.lower, self.upper
        )
    }
}

/// The quartiles of at least one number; between two of them by their distance.
pub fn quartiles(values: impl IntoIterator<Item = f64>) -> Quartiles {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    let at = |share: f64| {
        let place = share * (values.len() - 1) as f64;
        let (below, above) = (
            values[place.floor() as usize],
            values[place.ceil() as usize],
        );
        below + (above - below) * place.fract()
    };
    Quartiles {
        lower: at(0.25),
        middle: at(0.5),
        upper: at(0.75),
    }
}

/// The lines of one row: each begins with its title.
pub struct Lines {
    title: String,
    lines: Vec<String>,
}

impl Lines {
    /// None yet.
    pub fn new(title: &str) -> Self {
        Self {
            title: title.to_owned(),
            lines: Vec::new(),
        }
    }

    /// Adds one.
    pub fn add(&mut self, cells: &[&str]) {
        self.lines
            .push(format!("| {} | {} |", self.title, cells.join(" | ")));
    }
}

/// A table of the page: its name there, and its head.
pub struct Table {
    /// Stands in the marks around it.
    pub name: &'static str,
    /// The cells of its head.
    pub head: &'static [&'static str],
    /// What has been measured.
    pub rows: Vec<Lines>,
}

impl Table {
    /// Prints it.
    pub fn print(&self) {
        if !self.rows.is_empty() {
            println!("\n{}", self.text(&[]));
        }
    }

    /// Writes what was measured into the page, and leaves its other rows.
    pub fn write(&self) {
        if self.rows.is_empty() {
            return;
        }
        let page = page();
        let text = std::fs::read_to_string(&page).expect("the page of the benchmarks");
        let (begin, end) = (
            format!("<!-- {} -->\n", self.name),
            format!("<!-- end of {} -->\n", self.name),
        );
        let (before, rest) = text.split_once(&begin).expect("the mark before the table");
        let (old, after) = rest.split_once(&end).expect("the mark after the table");
        let old: Vec<&str> = old.lines().skip(2).collect();
        let text = format!("{before}{begin}{}{end}{after}", self.text(&old));
        std::fs::write(&page, text).expect("the page is written");
    }

    /// The table with the lines of an older one, whose rows give way to those of the same title.
    fn text(&self, old: &[&str]) -> String {
        let rule = vec!["---"; self.head.len()];
        let mut lines = vec![
            format!("| {} |", self.head.join(" | ")),
            format!("| {} |", rule.join(" | ")),
        ];
        let mut left: Vec<&Lines> = self.rows.iter().collect();
        for line in old {
            let is_of = |row: &Lines| line.starts_with(&format!("| {} |", row.title));
            match left.iter().position(|row| is_of(row)) {
                Some(place) => lines.extend(left.remove(place).lines.clone()),
                None if self.rows.iter().any(is_of) => {}
                None => lines.push((*line).to_owned()),
            }
        }
        lines.extend(left.into_iter().flat_map(|row| row.lines.clone()));
        lines
            .iter()
            .flat_map(|line| [line.as_str(), "\n"])
            .collect()
    }
}

fn page() -> PathBuf {
    bggo_tests::repository().join("docs/benchmarks.md")
}

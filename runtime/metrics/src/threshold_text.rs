//! Texts of flags to thresholds: `http_request.home.p95 < 300ms && failed < 1% over 30s for 10s after 20s`.
//!
//! ```text
//! text --Draft::read--> Draft: addresses and bounds as they are written --resolve, with a layout--> Threshold
//! ```
//!
//! It is the condition of a `threshold` block without `metrics.`, with short forms: `p95` alone is the response time of the
//! run's iterations, `http_request.home.p95` that of a step, and `failed` is the share of those that failed. What a bound is
//! (a time, a size, a share) follows from the figure that it is compared with, which only a layout knows.

use crate::address::{FigureKind, Quantity, unknown};
use crate::condition::{Address, Condition, OnFail, Statistic, Subject, Term, Threshold};
use crate::layout::Layout;
use bggo_values::{Number, Text, duration};
use std::fmt;
use std::time::Duration;

/// What is wrong with a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The place in the text, in characters from 1.
    pub column: usize,
    /// What is wrong there.
    pub text: String,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (column {})", self.text, self.column)
    }
}

impl std::error::Error for Refused {}

/// A threshold as it is written, before it is known what its addresses mean.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    text: String,
    /// The text up to the window.
    condition: String,
    /// In postfix order.
    parts: Vec<Part>,
    over: Option<u32>,
    hold: u32,
    after: u32,
}

#[derive(Debug, Clone, PartialEq)]
enum Part {
    Compare(Box<Comparison>),
    And,
    Or,
    Not,
}

#[derive(Debug, Clone, PartialEq)]
struct Comparison {
    left: Side,
    sign: Term,
    right: Side,
    /// Of the sign.
    column: usize,
}

#[derive(Debug, Clone, PartialEq)]
struct Side {
    column: usize,
    is: What,
}

#[derive(Debug, Clone, PartialEq)]
enum What {
    Figure(Address),
    /// As it is written, without quotes.
    Bound(String),
}

/// The share that `1%` or `0.5 %` stands for.
pub fn percent(text: &str) -> Option<f64> {
    let number = Number::parse(text.strip_suffix('%')?.trim_end())?;
    Some(number.as_f64() / 100.0)
}

/// The bound that a text stands for, in seconds, bytes, a number or a share from 0 to 1.
///
/// # Errors
/// It is of another kind, with what to write.
pub fn bound(text: &str, quantity: Quantity) -> Result<f64, String> {
    let number = || Number::parse(text).map(|number| number.as_f64());
    let (value, wanted) = match quantity {
        Quantity::Time => (
            duration::parse(text).map(|time| time.as_secs_f64()),
            format!(
                "a time such as `{}`",
                number().map_or("300ms".to_owned(), |_| format!("{text}ms"))
            ),
        ),
        Quantity::Bytes => (
            duration::parse_size(text).map(|size| size as f64),
            "a size such as `10KiB`".to_owned(),
        ),
        Quantity::Number => (number(), "a number".to_owned()),
        Quantity::Ratio => (
            percent(text).or_else(number),
            "a share such as `1%` or `0.01`".to_owned(),
        ),
    };
    value.ok_or_else(|| format!("expected {wanted}, found `{text}`"))
}

/// As it is written.
impl fmt::Display for Draft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Draft {
    /// Reads a text.
    ///
    /// # Errors
    /// What is wrong, and where.
    pub fn read(text: &str) -> Result<Self, Refused> {
        let mut reader = Reader::new(text);
        let mut parts = Vec::new();
        reader.or(&mut parts, 0)?;
        let condition = text.get(..reader.at).unwrap_or_default();
        let (mut over, mut hold, mut after) = (None, None, None);
        while !reader.at_end() {
            let at = reader.column();
            let (place, at_least) = match reader.word() {
                "over" => (&mut over, 1),
                "for" => (&mut hold, 1),
                "after" => (&mut after, 0),
                _ => {
                    return Err(refused(
                        at,
                        "expected `&&`, `||`, `over`, `for`, `after` or the end",
                    ));
                }
            };
            let word = reader.take_word();
            if place.is_some() {
                return Err(refused(at, format!("`{word}` stands twice")));
            }
            let at = reader.column();
            let length = duration::parse(&reader.bound()?);
            let whole = length.filter(|length| length.subsec_nanos() == 0);
            let seconds = whole.and_then(|length: Duration| u32::try_from(length.as_secs()).ok());
            let Some(seconds) = seconds.filter(|seconds| *seconds >= at_least) else {
                let text = format!("`{word}` takes whole seconds, such as `30s`");
                return Err(refused(at, text));
            };
            *place = Some(seconds);
        }
        Ok(Self {
            text: text.trim().to_owned(),
            condition: condition.trim().to_owned(),
            parts,
            over,
            hold: hold.unwrap_or(0),
            after: after.unwrap_or(0),
        })
    }

    /// The threshold over the figures of this layout; it fails the run.
    ///
    /// # Errors
    /// An address that the layout does not have, or a bound of another kind than the figure that it is compared with.
    pub fn resolve(&self, layout: &Layout) -> Result<Threshold, Refused> {
        let (mut addresses, mut terms) = (Vec::new(), Vec::new());
        for part in &self.parts {
            match part {
                Part::And => terms.push(Term::And),
                Part::Or => terms.push(Term::Or),
                Part::Not => terms.push(Term::Not),
                Part::Compare(comparison) => {
                    comparison.resolve(layout, &mut addresses, &mut terms)?;
                }
            }
        }
        Ok(Threshold {
            name: Text::from(self.text.clone()),
            condition: Condition {
                addresses,
                terms,
                text: Text::from(self.condition.clone()),
            },
            over: self.over,
            hold: self.hold,
            after: self.after,
            on_fail: OnFail::Fail,
        })
    }

    /// Bounds that are meant as a percentage and lack its sign, with what to write: a share is 1 at most, so no run could break
    /// `failed < 5`, and none whose iterations do not all fail breaks `failed < 1`.
    pub fn without_percent_sign(&self, layout: &Layout) -> Vec<Refused> {
        let comparisons = self.parts.iter().filter_map(|part| match part {
            Part::Compare(comparison) => comparison.without_percent_sign(layout),
            Part::And | Part::Or | Part::Not => None,
        });
        comparisons.collect()
    }
}

impl Comparison {
    fn without_percent_sign(&self, layout: &Layout) -> Option<Refused> {
        let (figure, written, figure_is_left) = match (&self.left.is, &self.right.is) {
            (What::Figure(_), What::Bound(bound)) => (&self.left, (bound, &self.right), true),
            (What::Bound(bound), What::Figure(_)) => (&self.right, (bound, &self.left), false),
            _ => return None,
        };
        let (bound, side) = written;
        let number = Number::parse(bound)?.as_f64();
        if figure.quantity(layout).ok()?? != Quantity::Ratio || number < 1.0 {
            return None;
        }
        // That all of them are asked for makes sense.
        let asks_for_all = match self.sign {
            Term::GreaterOrEqual => figure_is_left,
            Term::LessOrEqual => !figure_is_left,
            Term::Less | Term::Greater => false,
            _ => true,
        };
        if number <= 1.0 && asks_for_all {
            return None;
        }
        let text = format!("a share is from 0 to 1: write `{bound}%`");
        Some(refused(side.column, text))
    }

    /// Adds its terms, once it is known what its figures are.
    fn resolve(
        &self,
        layout: &Layout,
        addresses: &mut Vec<Address>,
        terms: &mut Vec<Term>,
    ) -> Result<(), Refused> {
        let (left, right) = (self.left.quantity(layout)?, self.right.quantity(layout)?);
        if let (Some(one), Some(other)) = (left, right)
            && one != other
        {
            let text = "the figures on both sides are of different kinds";
            return Err(refused(self.column, text));
        }
        let Some(quantity) = left.or(right) else {
            let text = "one side of a comparison is a figure such as `p95`";
            return Err(refused(self.left.column, text));
        };
        for side in [&self.left, &self.right] {
            terms.push(match &side.is {
                What::Figure(address) => figure(addresses, address),
                What::Bound(text) => {
                    Term::Bound(bound(text, quantity).map_err(|text| refused(side.column, text))?)
                }
            });
        }
        terms.push(self.sign);
        Ok(())
    }
}

impl Side {
    /// What a figure is; `None` for a bound.
    fn quantity(&self, layout: &Layout) -> Result<Option<Quantity>, Refused> {
        match &self.is {
            What::Bound(_) => Ok(None),
            What::Figure(address) => match layout.resolve(address) {
                Ok(source) => Ok(Some(source.quantity)),
                Err(unknown) => Err(refused(self.column, unknown.to_string())),
            },
        }
    }
}

/// The term of an address, which is listed once. (A text of a flag cannot hold 65,536 of them: see [`LONGEST`].)
fn figure(addresses: &mut Vec<Address>, address: &Address) -> Term {
    let known = addresses.iter().position(|known| known == address);
    let place = known.unwrap_or_else(|| {
        addresses.push(address.clone());
        addresses.len() - 1
    });
    Term::Figure(u16::try_from(place).unwrap_or(u16::MAX))
}

fn refused(column: usize, text: impl Into<String>) -> Refused {
    Refused {
        column,
        text: text.into(),
    }
}

/// The most characters of a text.
const LONGEST: usize = 10_000;

/// Brackets in brackets.
const DEEPEST: usize = 64;

/// Units that may stand after a space.
const UNITS: [&str; 23] = [
    "ns", "us", "µs", "μs", "ms", "s", "m", "h", "B", "kB", "KB", "MB", "GB", "TB", "PB", "KiB",
    "kiB", "MiB", "GiB", "TiB", "PiB", "%", "",
];

struct Reader<'t> {
    all: &'t str,
    /// The byte that comes next.
    at: usize,
}

impl<'t> Reader<'t> {
    fn new(all: &'t str) -> Self {
        let mut reader = Self { all, at: 0 };
        reader.skip_spaces();
        reader
    }

    fn rest(&self) -> &'t str {
        self.all.get(self.at..).unwrap_or_default()
    }

    fn column(&self) -> usize {
        let before = self.all.get(..self.at).unwrap_or_default();
        before.chars().count() + 1
    }

    fn at_end(&self) -> bool {
        self.rest().is_empty()
    }

    fn skip_spaces(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start().len();
    }

    /// Takes these characters, if they come next, and the spaces after them.
    fn take(&mut self, text: &str) -> bool {
        let comes = self.rest().starts_with(text);
        if comes {
            self.at += text.len();
            self.skip_spaces();
        }
        comes
    }

    /// Characters that come next and are all of this sort.
    fn run(&self, is: impl Fn(char) -> bool) -> &'t str {
        let rest = self.rest();
        let end = rest.find(|letter| !is(letter)).unwrap_or(rest.len());
        &rest[..end]
    }

    /// The word that comes next.
    fn word(&self) -> &'t str {
        self.run(|letter| letter.is_alphanumeric() || letter == '_' || letter == '-')
    }

    fn take_word(&mut self) -> &'t str {
        let word = self.word();
        self.take(word);
        word
    }

    fn wrong(&self, expected: &str) -> Refused {
        let found = match self.rest().chars().next() {
            Some(_) if !self.word().is_empty() => format!("`{}`", self.word()),
            Some(letter) => format!("`{letter}`"),
            None => "the end".to_owned(),
        };
        refused(self.column(), format!("expected {expected}, found {found}"))
    }

    fn or(&mut self, parts: &mut Vec<Part>, depth: usize) -> Result<(), Refused> {
        self.and(parts, depth)?;
        while self.take("||") {
            self.and(parts, depth)?;
            parts.push(Part::Or);
        }
        Ok(())
    }

    fn and(&mut self, parts: &mut Vec<Part>, depth: usize) -> Result<(), Refused> {
        self.not(parts, depth)?;
        while self.take("&&") {
            self.not(parts, depth)?;
            parts.push(Part::And);
        }
        Ok(())
    }

    fn not(&mut self, parts: &mut Vec<Part>, depth: usize) -> Result<(), Refused> {
        if self.all.chars().count() > LONGEST || depth > DEEPEST {
            return Err(refused(self.column(), "the condition is too long"));
        }
        if self.take("!") {
            self.not(parts, depth + 1)?;
            parts.push(Part::Not);
            return Ok(());
        }
        if self.take("(") {
            self.or(parts, depth + 1)?;
            return if self.take(")") {
                Ok(())
            } else {
                Err(self.wrong("`)`"))
            };
        }
        let left = self.side()?;
        let column = self.column();
        let sign = self.sign()?;
        let right = self.side()?;
        let is_count = |side: &Side| match &side.is {
            What::Figure(address) => {
                matches!(address.statistic, Statistic::Count | Statistic::Sum)
            }
            What::Bound(_) => true,
        };
        if matches!(sign, Term::Equal | Term::NotEqual) && !(is_count(&left) && is_count(&right)) {
            let text = "only a `count` or a `sum` can be asked for an exact value: write `<`, `<=`, `>` or `>=`";
            return Err(refused(column, text));
        }
        parts.push(Part::Compare(Box::new(Comparison {
            left,
            sign,
            right,
            column,
        })));
        Ok(())
    }

    fn sign(&mut self) -> Result<Term, Refused> {
        let signs = [
            ("<=", Term::LessOrEqual),
            (">=", Term::GreaterOrEqual),
            ("==", Term::Equal),
            ("!=", Term::NotEqual),
            ("<", Term::Less),
            (">", Term::Greater),
        ];
        let found = signs.into_iter().find(|(sign, _)| self.take(sign));
        match found {
            Some((_, term)) => Ok(term),
            None => Err(self.wrong("`<`, `<=`, `>` or `>=`")),
        }
    }

    fn side(&mut self) -> Result<Side, Refused> {
        let column = self.column();
        let is_bound = |letter: char| letter.is_ascii_digit() || letter == '.' || letter == '"';
        let is = if self.rest().starts_with(is_bound) {
            What::Bound(self.bound()?)
        } else {
            What::Figure(self.address()?)
        };
        Ok(Side { column, is })
    }

    /// `300ms`, `300 ms`, `"300ms"`, `1%`, `42`.
    fn bound(&mut self) -> Result<String, Refused> {
        if self.rest().starts_with('"') {
            return self.quoted();
        }
        let taken = self.run(|letter| letter.is_alphanumeric() || ".%".contains(letter));
        if !taken.starts_with(|letter: char| letter.is_ascii_digit() || letter == '.') {
            return Err(self.wrong("a value such as `300ms`, `1%` or `10`"));
        }
        let mut value = taken.to_owned();
        self.take(taken);
        if taken
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'.')
        {
            let unit = self.run(|letter| letter.is_alphanumeric() || letter == '%');
            if UNITS.contains(&unit) {
                value.push_str(unit);
                self.take(unit);
            }
        }
        Ok(value)
    }

    /// A text in quotes, in which nothing stands for anything else.
    fn quoted(&mut self) -> Result<String, Refused> {
        let mut parts = self.rest().splitn(3, '"');
        match (parts.next(), parts.next(), parts.next()) {
            (Some(""), Some(text), Some(_)) => {
                self.at += text.len() + 2;
                self.skip_spaces();
                Ok(text.to_owned())
            }
            _ => Err(self.wrong("a text in quotes")),
        }
    }

    fn address(&mut self) -> Result<Address, Refused> {
        let mut path = Path {
            names: Vec::new(),
            key: None,
            tags: Vec::new(),
        };
        let start = self.column();
        loop {
            let column = self.column();
            let word = self.word();
            let is_name = word.starts_with(|letter: char| letter.is_alphabetic() || letter == '_')
                || !path.names.is_empty() && !word.is_empty();
            if !is_name {
                let wanted = match path.names.is_empty() {
                    true => "a figure such as `p95` or `http_request.home.p95`",
                    false => "a name",
                };
                return Err(self.wrong(wanted));
            }
            path.names.push((word, column));
            self.at += word.len();
            while self.rest().starts_with('[') {
                self.index(&mut path)?;
            }
            if !self.rest().starts_with('.') {
                break;
            }
            self.at += 1;
        }
        self.skip_spaces();
        path.address(start)
    }

    /// `["timeout"]`, `[503]` or `[{ team = "a" }]`.
    fn index(&mut self, path: &mut Path<'t>) -> Result<(), Refused> {
        let column = self.column();
        self.take("[");
        if self.take("{") {
            loop {
                let key = self.take_word();
                if key.is_empty() {
                    return Err(self.wrong("a tag such as `team = \"a\"`"));
                }
                if !self.take("=") {
                    return Err(self.wrong("`=`"));
                }
                let value = self.quoted()?;
                path.tags.push((Text::from(key), Text::from(value)));
                if !self.take(",") {
                    break;
                }
            }
            if !self.take("}") {
                return Err(self.wrong("`}`"));
            }
        } else {
            let key = if self.rest().starts_with('"') {
                self.quoted()?
            } else {
                self.take_word().to_owned()
            };
            if key.is_empty() {
                return Err(self.wrong("a key such as `\"timeout\"`"));
            }
            if path
                .key
                .replace((Text::from(key), path.names.len()))
                .is_some()
            {
                return Err(refused(column, "an address has one key"));
            }
        }
        // Spaces behind the bracket end the address.
        if self.rest().starts_with(']') {
            self.at += 1;
            return Ok(());
        }
        Err(self.wrong("`]`"))
    }
}

/// The names of an address as they are written, with their columns.
struct Path<'t> {
    names: Vec<(&'t str, usize)>,
    /// A key, and behind how many names it stands.
    key: Option<(Text, usize)>,
    tags: Vec<(Text, Text)>,
}

impl Path<'_> {
    fn address(self, start: usize) -> Result<Address, Refused> {
        let names: Vec<&str> = self.names.iter().map(|(name, _)| *name).collect();
        let step = |scenario, runner: &str, name: &str| Subject::Step {
            scenario,
            runner: Text::from(runner),
            name: Text::from(name),
        };
        let of_run = |name: &str| {
            let known = Subject::Run.built_in();
            known.iter().any(|known| known.name == name) || Statistic::of_word(name).is_some()
        };
        let (subject, rest) = match names.as_slice() {
            ["metrics", ..] => {
                return Err(refused(
                    start,
                    "an address in a flag stands without `metrics.`",
                ));
            }
            ["run", rest @ ..] => (Subject::Run, rest),
            ["custom", name, rest @ ..] => (Subject::Custom(Text::from(*name)), rest),
            ["flow", flow, "step", runner, name, rest @ ..] => {
                let step = [*runner, *name].map(Text::from);
                let flow = Text::from(*flow);
                let step = Some(step);
                (Subject::Flow { flow, step }, rest)
            }
            ["flow", flow, rest @ ..] => {
                let flow = Text::from(*flow);
                (Subject::Flow { flow, step: None }, rest)
            }
            ["scenario", scenario, "step", runner, name, rest @ ..] => {
                (step(Some(Text::from(*scenario)), runner, name), rest)
            }
            ["scenario", scenario, rest @ ..] => (Subject::Scenario(Text::from(*scenario)), rest),
            rest @ ([first] | [first, _]) if of_run(first) => (Subject::Run, rest),
            [first, last] if Statistic::of_word(last).is_some() => {
                let text = format!(
                    "`{first}` is no metric of the run; that of a step is `RUNNER.NAME.{last}`, that of a scenario `scenario.NAME.{last}`"
                );
                return Err(refused(start, text));
            }
            [runner, name, rest @ ..] => (step(None, runner, name), rest),
            [word] => {
                let words = [
                    "p95", "mean", "max", "failed", "run", "scenario", "flow", "custom",
                ];
                let missing = unknown("figure", word, words);
                return Err(refused(start, missing.to_string()));
            }
            [] => return Err(refused(start, "expected a figure such as `p95`")),
        };
        let first = names.len() - rest.len();
        let column = |at: usize| self.names.get(at).map_or(start, |(_, column)| *column);
        if let Some((key, behind)) = &self.key
            && (rest.is_empty() || *behind != first + 1)
        {
            let text = format!("`[{:?}]` stands behind a metric", key.as_str());
            return Err(refused(start, text));
        }
        let (metric, statistic) = self.metric(&subject, rest).map_err(|(at, text)| {
            let at = if rest.is_empty() {
                start
            } else {
                column(first + at)
            };
            refused(at, text)
        })?;
        Ok(Address {
            subject,
            metric: Text::from(metric),
            key: self.key.map(|(key, _)| key),
            tags: self.tags,
            statistic,
        })
    }

    /// The metric and the statistic behind a subject, or which name is wrong.
    fn metric<'r>(
        &self,
        subject: &Subject,
        rest: &[&'r str],
    ) -> Result<(&'r str, Statistic), (usize, String)> {
        let statistic = |at: usize, word: &str| {
            let known = [
                "min", "mean", "med", "max", "stddev", "p95", "count", "rate", "ratio",
            ];
            Statistic::of_word(word)
                .ok_or_else(|| (at, unknown("statistic", word, known).to_string()))
        };
        match (subject, rest) {
            (Subject::Custom(_), [word]) => Ok(("", statistic(0, word)?)),
            (Subject::Custom(_), _) => {
                let text = "a metric of the grid is written `custom.NAME.STATISTIC`";
                Err((0, text.to_owned()))
            }
            (_, [metric, word]) => Ok((metric, statistic(1, word)?)),
            (_, [word]) => {
                let mut known = subject.built_in().iter();
                if let Some(known) = known.find(|known| known.name == *word) {
                    if matches!(known.figures, FigureKind::Share | FigureKind::Rate) {
                        return Ok((word, Statistic::Ratio));
                    }
                    let such = match known.figures {
                        FigureKind::Values(_) => "p95",
                        _ => "count",
                    };
                    return Err((0, format!("`{word}` needs a statistic, such as `.{such}`")));
                }
                if self.key.is_some() {
                    return Err((0, format!("`{word}` needs a statistic, such as `.count`")));
                }
                Ok(("response_time", statistic(0, word)?))
            }
            (_, []) => Err((
                0,
                "an address ends with a statistic such as `.p95`".to_owned(),
            )),
            (Subject::Scenario(scenario), [runner, name, ..]) => Err((
                2,
                format!(
                    "nothing stands behind a statistic; a step of a scenario is `scenario.{scenario}.step.{runner}.{name}`"
                ),
            )),
            (_, _) => Err((2, "nothing stands behind a statistic".to_owned())),
        }
    }
}

#[cfg(test)]
mod tests;

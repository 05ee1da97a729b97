//! A result file to its head, its seconds one by one and its end: never more than a second in memory.
//!
//! A file that a kill or a full disk has cut is read up to its last whole second, and [`Ending`] says so. Whatever else does not
//! fit is an error that names the line.

use super::crc::Crc;
use super::hdr;
use super::line::{BEGINS, is_sound};
use super::tags::SlotTags;
use super::write::{FORMAT, OUTCOMES, QUANTITIES, SEARCH_ENDS, STEPS_CAME};
use super::{Head, Load, Part, PartEnd, Share};
use crate::condition::{Address, Condition, OnFail, Statistic, Subject, Term, Threshold};
use crate::interval::{Histogram, Interval, LastValue, SlotFigures};
use crate::judge::Course;
use crate::layout::Layout;
use crate::report::{DescribedLoad, Examples};
use crate::search::{SearchStep, Searched};
use crate::verdict::Reading;
use bggo_values::base64::from_base64;
use bggo_values::json::decode;
use bggo_values::{Number, Text, Value};
use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, BufRead};
use std::time::Duration;

/// What is counted one by one is never more: 1,000 hosts of such a count still add up.
const LARGEST_COUNT: u64 = 1 << 53;
/// The longest line that is read: a head of ten thousand steps, or a second of as many, stays far below.
const LONGEST_LINE: u64 = 256 << 20;

/// Why a file cannot be read.
#[derive(Debug)]
pub enum Unreadable {
    /// The system says so.
    Io(io::Error),
    /// It is no result file.
    NoResult,
    /// It is one of another version of the format.
    OtherFormat(u64),
    /// It was cut before its first second.
    CutInHead,
    /// This line, from 1, is not what it should be.
    Damaged {
        /// Its number.
        line: u64,
        /// What is wrong.
        what: &'static str,
    },
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => error.fmt(f),
            Self::NoResult => {
                f.write_str("it is no result file: write one with --out FILE of a load run")
            }
            Self::OtherFormat(format) => write!(
                f,
                "its format has the version {format}, and this bggo reads version {FORMAT}: use the bggo that built the program"
            ),
            Self::CutInHead => {
                f.write_str("it was cut before its first second, so nothing is in it")
            }
            Self::Damaged { line, what } => write!(
                f,
                "it is damaged at line {line}: {what}; `bggo repair` keeps what stands before"
            ),
        }
    }
}

impl std::error::Error for Unreadable {}

impl From<io::Error> for Unreadable {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// A second of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Second {
    /// Its number by the clock of the run, from 1.
    pub number: u32,
    /// What was measured in it.
    pub interval: Interval,
}

/// How a file ends.
#[derive(Debug, Clone, PartialEq)]
pub enum Ending {
    /// As its program ended it: how each part of the head ended.
    Whole(Vec<Option<PartEnd>>),
    /// It was cut: so many bytes at its end are no whole second.
    Cut(u64),
}

/// A file that is read.
#[derive(Debug)]
pub struct Recording<R> {
    lines: Lines<R>,
    head: Head,
    slots: BTreeMap<Text, u32>,
    last: u32,
    ending: Option<Ending>,
    sound: u64,
}

/// Lines with their number, and how many bytes were read.
#[derive(Debug)]
struct Lines<R> {
    from: R,
    line: String,
    number: u64,
    bytes: u64,
}

/// What came.
enum Came {
    /// `Lines::line` is a line with its end.
    Line,
    /// It is one that was cut, or nothing.
    End,
}

impl<R: BufRead> Lines<R> {
    fn next(&mut self) -> Result<Came, Unreadable> {
        let mut bytes = std::mem::take(&mut self.line).into_bytes();
        bytes.clear();
        let read = io::Read::take(&mut self.from, LONGEST_LINE).read_until(b'\n', &mut bytes)?;
        self.number += 1;
        self.bytes += read as u64;
        let is_whole = bytes.last() == Some(&b'\n');
        match String::from_utf8(bytes) {
            Ok(line) => self.line = line,
            // The cut may be within a letter.
            Err(_) if !is_whole => {}
            Err(_) => return Err(self.damaged("it is no text")),
        }
        Ok(if is_whole { Came::Line } else { Came::End })
    }

    fn damaged(&self, what: &'static str) -> Unreadable {
        Unreadable::Damaged {
            line: self.number,
            what,
        }
    }
}

impl<R: BufRead> Recording<R> {
    /// Reads the head.
    ///
    /// # Errors
    /// It is no result file, or the system cannot read it.
    pub fn open(from: R) -> Result<Self, Unreadable> {
        let mut lines = Lines {
            from,
            line: String::new(),
            number: 0,
            bytes: 0,
        };
        // Of another file nothing but its beginning is read.
        let begins = lines.from.fill_buf()?;
        let known = BEGINS.len().min(begins.len());
        if begins.is_empty() {
            return Err(Unreadable::CutInHead);
        }
        if begins.get(..known) != BEGINS.as_bytes().get(..known) {
            return Err(Unreadable::NoResult);
        }
        if let Came::End = lines.next()? {
            return Err(Unreadable::CutInHead);
        }
        if !is_sound(Crc::new(), &lines.line) {
            return Err(lines.damaged("its bytes do not give its CRC"));
        }
        let head = object_of(&lines.line)
            .ok_or_else(|| lines.damaged("it is no JSON"))
            .and_then(|object| {
                let format = object.number("format").unwrap_or_default();
                if format != FORMAT {
                    return Err(Unreadable::OtherFormat(format));
                }
                read_head(&object).ok_or_else(|| lines.damaged("it is no head of a result file"))
            })?;
        // What HdrHistogram's readers want.
        for _ in 0..4 {
            if let Came::End = lines.next()? {
                return Err(Unreadable::CutInHead);
            }
        }
        Ok(Self {
            slots: SlotTags::of(&head.layout).slots(),
            sound: lines.bytes,
            lines,
            head,
            last: 0,
            ending: None,
        })
    }

    /// What is known of the run.
    pub fn head(&self) -> &Head {
        &self.head
    }

    /// How the file ends, when all its seconds were read.
    pub fn ending(&self) -> Option<&Ending> {
        self.ending.as_ref()
    }

    /// How many bytes of the file are whole: those of its head and of the seconds that were read, and its end.
    pub fn sound_bytes(&self) -> u64 {
        self.sound
    }

    /// The next second; `None` when there is no further one.
    ///
    /// # Errors
    /// The file is damaged.
    pub fn second(&mut self) -> Result<Option<Second>, Unreadable> {
        if self.ending.is_some() {
            return Ok(None);
        }
        let mut interval = Interval::default();
        let mut crc = Crc::new();
        loop {
            match self.lines.next()? {
                Came::Line => {}
                Came::End => {
                    let cut = self.lines.bytes - self.sound;
                    self.ending = Some(Ending::Cut(cut));
                    return Ok(None);
                }
            }
            let line = &self.lines.line;
            if line.starts_with(BEGINS) {
                break;
            }
            crc.add(line.as_bytes());
            let Some((slot, buckets)) = self.histogram(line) else {
                return Err(self.lines.damaged("it is no histogram of this run"));
            };
            interval.slots.entry(slot).or_default().histogram.buckets = buckets;
        }
        if !is_sound(crc, &self.lines.line) {
            let what = "the bytes of its second do not give its CRC";
            return Err(self.lines.damaged(what));
        }
        let Some(object) = object_of(&self.lines.line) else {
            return Err(self.lines.damaged("it is no JSON"));
        };
        if let Some(ends) = object.0.get("ends") {
            return self.ends(&ends).map(|()| None);
        }
        let Some(number) = self.figures(&object, &mut interval) else {
            return Err(self.lines.damaged("it closes no second of this run"));
        };
        if number <= self.last {
            let what = "its second does not come after the one before";
            return Err(self.lines.damaged(what));
        }
        self.last = number;
        self.sound = self.lines.bytes;
        Ok(Some(Second { number, interval }))
    }

    fn histogram(&self, line: &str) -> Option<(u32, Vec<(u32, u64)>)> {
        let mut fields = line.trim_end().splitn(5, ',');
        let tag = fields.next()?.strip_prefix("Tag=")?;
        let slot = self.slot(tag)?;
        Some((slot, hdr::decode(fields.nth(3)?)?))
    }

    fn slot(&self, tag: &str) -> Option<u32> {
        if let Some(slot) = self.slots.get(&Text::from(tag)) {
            return Some(*slot);
        }
        tag.strip_prefix("slot.")?.parse().ok()
    }

    /// The closing line of a second: its number.
    fn figures(&self, object: &Fields, interval: &mut Interval) -> Option<u32> {
        interval.span = Some((object.time("from")?, object.time("to")?));
        interval.users_begun = object.count("users_begun")?;
        interval.users_ended = object.count("users_ended")?;
        for (tag, figures) in object.pairs("slots")? {
            let slot = interval.slots.entry(self.slot(&tag)?).or_default();
            slot_figures(&Fields(figures), slot)?;
        }
        u32::try_from(object.number("second")?).ok()
    }

    fn ends(&mut self, ends: &Value) -> Result<(), Unreadable> {
        let read = items(ends).map(|ends| {
            let ends = ends.into_iter();
            ends.map(|end| match end {
                Value::Null => Some(None),
                end => part_end(&Fields(end)).map(Some),
            })
            .collect::<Option<Vec<_>>>()
        });
        let Some(ends) = read
            .flatten()
            .filter(|ends| ends.len() == self.head.parts.len())
        else {
            return Err(self.lines.damaged("it is no end of this run"));
        };
        self.sound = self.lines.bytes;
        if !matches!(
            (self.lines.next()?, self.lines.line.as_str()),
            (Came::End, "")
        ) {
            return Err(self.lines.damaged("it stands behind the end"));
        }
        self.ending = Some(Ending::Whole(ends));
        Ok(())
    }
}

/// An object of JSON that is read.
struct Fields(Value);

/// The object of a `#bggo` line.
fn object_of(line: &str) -> Option<Fields> {
    let json = line.trim_end().strip_prefix("#bggo ")?;
    decode(json).ok().map(Fields)
}

fn items(value: &Value) -> Option<Vec<Value>> {
    match value {
        Value::List(items) => Some(items.to_vec()),
        _ => None,
    }
}

impl Fields {
    fn number(&self, key: &str) -> Option<u64> {
        match self.0.get(key)? {
            Value::Number(number) => number.as_u64(),
            _ => None,
        }
    }

    /// A number that is 0 where it is left out.
    fn optional(&self, key: &str) -> Option<u64> {
        match self.0.get(key) {
            None => Some(0),
            Some(_) => self.number(key),
        }
    }

    /// The same of what is counted one by one.
    fn count(&self, key: &str) -> Option<u64> {
        self.optional(key).filter(|count| *count <= LARGEST_COUNT)
    }

    fn sum(&self) -> Option<u128> {
        match self.0.get("sum") {
            None => Some(0),
            Some(Value::Number(number)) => whole(number),
            Some(_) => None,
        }
    }

    fn time(&self, key: &str) -> Option<Duration> {
        match self.0.get(key)? {
            Value::Number(number) => {
                let nanos = whole(number)?;
                let seconds = u64::try_from(nanos / 1_000_000_000).ok()?;
                Some(Duration::new(seconds, (nanos % 1_000_000_000) as u32))
            }
            _ => None,
        }
    }

    fn is_true(&self, key: &str) -> Option<bool> {
        match self.0.get(key)? {
            Value::Bool(is_true) => Some(is_true),
            _ => None,
        }
    }

    fn text(&self, key: &str) -> Option<Text> {
        match self.0.get(key)? {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// What may be left out.
    fn some<T>(&self, key: &str, read: fn(&Self, &str) -> Option<T>) -> Option<Option<T>> {
        match self.0.get(key) {
            None => Some(None),
            Some(_) => read(self, key).map(Some),
        }
    }

    fn list(&self, key: &str) -> Option<Vec<Value>> {
        items(&self.0.get(key)?)
    }

    /// The pairs of an object, which may be left out.
    fn pairs(&self, key: &str) -> Option<Vec<(Text, Value)>> {
        match self.0.get(key) {
            None => Some(Vec::new()),
            Some(Value::Object(pairs)) => Some(pairs.to_vec()),
            Some(_) => None,
        }
    }

    fn counts(&self, key: &str) -> Option<BTreeMap<Text, u64>> {
        let pairs = self.pairs(key)?.into_iter();
        pairs
            .map(|(name, count)| match count {
                Value::Number(count) => Some((name, count.as_u64()?)),
                _ => None,
            })
            .collect()
    }

    fn extremes(&self) -> Option<Option<(u64, u64)>> {
        match self.0.get("min") {
            None => Some(None),
            Some(_) => Some(Some((self.number("min")?, self.number("max")?))),
        }
    }
}

fn whole(number: Number) -> Option<u128> {
    u128::try_from(number.whole()?).ok()
}

fn slot_figures(object: &Fields, slot: &mut SlotFigures) -> Option<()> {
    for (outcome, name) in OUTCOMES {
        slot.add(outcome, object.count(name)?);
    }
    slot.kinds = object.counts("kinds")?;
    if slot.kinds.values().any(|count| *count > LARGEST_COUNT) {
        return None;
    }
    slot.labels = object.counts("labels")?;
    if let Some(values) = object.0.get("values") {
        let values = Fields(values);
        slot.histogram = Histogram {
            buckets: std::mem::take(&mut slot.histogram.buckets),
            sum: values.sum()?,
            extremes: values.extremes()?,
        };
    }
    if let Some(scalar) = object.0.get("scalar") {
        let from = Fields(scalar);
        let scalar = &mut slot.scalar;
        scalar.count = from.count("count")?;
        scalar.sum = from.sum()?;
        scalar.extremes = from.extremes()?;
        scalar.last = match from.0.get("last") {
            None => None,
            Some(_) => Some(LastValue {
                value: from.number("last")?,
                at: from.number("last_at")?,
                worker: u32::try_from(from.number("last_worker")?).ok()?,
            }),
        };
    }
    Some(())
}

fn part_end(object: &Fields) -> Option<PartEnd> {
    let mut examples = Examples::default();
    for example in object.list("examples")? {
        let example = Fields(example);
        examples.keep(
            &example.text("step")?,
            example.text("kind")?,
            &example.text("text")?,
        );
    }
    Some(PartEnd {
        exit: u8::try_from(object.number("exit")?).ok()?,
        begins_for: object.time("begins_for")?,
        left: object.is_true("left")?,
        fell_behind: object.some("fell_behind", Fields::text)?,
        searches: {
            let searches = object.some("searches", Fields::list)?.unwrap_or_default();
            let searches = searches
                .into_iter()
                .map(|search| read_searched(&Fields(search)));
            searches.collect::<Option<_>>()?
        },
        examples,
    })
}

fn read_searched(object: &Fields) -> Option<Searched> {
    let steps = object.list("steps")?.into_iter();
    let steps = steps.map(|step| read_search_step(&Fields(step)));
    Some(Searched {
        scenario: object.text("scenario")?,
        until: object.text("until")?,
        asked: object.text("asked")?,
        end: of_name(SEARCH_ENDS, &object.text("end")?)?,
        steps: steps.collect::<Option<_>>()?,
    })
}

fn read_search_step(object: &Fields) -> Option<SearchStep> {
    let readings = object.list("figures")?.into_iter();
    let readings = readings.map(|reading| {
        let object = Fields(reading);
        Some(Reading {
            figure: object.text("figure")?,
            quantity: of_name(QUANTITIES, &object.text("quantity")?)?,
            value: object.some("value", decimal)?,
            worst: object.some("worst", decimal)?,
        })
    });
    Some(SearchStep {
        rate: decimal(object, "rate")?,
        from: object.time("from")?,
        to: object.time("to")?,
        came: of_name(STEPS_CAME, &object.text("came")?)?,
        readings: readings.collect::<Option<_>>()?,
    })
}

/// A number that is written as a text, so that it is the same one.
fn decimal(object: &Fields, key: &str) -> Option<f64> {
    object.text(key)?.parse().ok()
}

fn of_name<T: Copy>(names: &[(T, &str)], name: &str) -> Option<T> {
    let mut names = names.iter();
    names.find(|(_, known)| *known == name).map(|(of, _)| *of)
}

fn read_head(object: &Fields) -> Option<Head> {
    let parts = object.list("parts")?.into_iter();
    let parts: Vec<Part> = parts
        .map(|part| read_part(&Fields(part)))
        .collect::<Option<_>>()?;
    let loads = object.list("loads")?.into_iter();
    let loads = loads.map(|load| read_load(&Fields(load)));
    let thresholds = object.list("thresholds")?.into_iter();
    let thresholds = thresholds.map(|threshold| read_threshold(&Fields(threshold)));
    let layout = Layout::from_bytes(&from_base64(&object.text("layout")?)?).ok()?;
    (!parts.is_empty()).then_some(())?;
    Some(Head {
        version: object.text("version")?,
        build: object.text("build")?,
        grid: object.text("grid")?,
        seed: object.number("seed")?,
        parts,
        loads: loads.collect::<Option<_>>()?,
        thresholds: thresholds.collect::<Option<_>>()?,
        layout,
    })
}

fn read_load(object: &Fields) -> Option<Load> {
    Some(Load {
        scenario: object.text("scenario")?,
        exact: object.text("load")?,
        course: Course {
            from: object.time("from")?,
            until: object.some("until", Fields::time)?,
            has_due_times: object.is_true("has_due_times")?,
            searches: object.some("searches", Fields::is_true)? == Some(true),
        },
    })
}

fn read_part(object: &Fields) -> Option<Part> {
    Some(Part {
        share: Share::parse(&object.text("segment")?)?,
        run: object.text("run")?,
        begun: object.time("begun")?,
        threads: u32::try_from(object.number("threads")?).ok()?,
        loads: {
            let loads = object.list("loads")?.into_iter();
            let loads = loads.map(|load| read_described(&Fields(load)));
            loads.collect::<Option<_>>()?
        },
    })
}

fn read_described(object: &Fields) -> Option<DescribedLoad> {
    Some(DescribedLoad {
        scenario: object.text("scenario")?,
        profile: object.text("profile")?,
        words: object.text("words")?,
        is_open: object.is_true("is_open")?,
        users: object.count("users")?,
        most_users: object.count("most_users")?,
        iterations: object.some("iterations", Fields::number)?,
        expected: object.some("expected", Fields::number)?,
        start_after: object.time("start_after")?,
        length: object.some("length", Fields::time)?,
        warm_up: object.some("warm_up", Fields::time)?.unwrap_or_default(),
    })
}

fn read_threshold(object: &Fields) -> Option<Threshold> {
    let addresses = object.list("figures")?.into_iter();
    let addresses = addresses.map(|address| read_address(&Fields(address)));
    let addresses: Vec<Address> = addresses.collect::<Option<_>>()?;
    let terms = object.text("terms")?;
    let terms = terms
        .split(' ')
        .map(|term| read_term(term, addresses.len()));
    let whole_seconds = |key| u32::try_from(object.number(key)?).ok();
    Some(Threshold {
        name: object.text("name")?,
        over: match object.some("over", Fields::number)? {
            None => None,
            Some(over) => Some(u32::try_from(over).ok()?),
        },
        hold: whole_seconds("for")?,
        after: whole_seconds("after")?,
        on_fail: match object.text("on_fail")?.as_str() {
            "abort" => OnFail::Abort,
            "fail" => OnFail::Fail,
            "warn" => OnFail::Warn,
            _ => return None,
        },
        condition: Condition {
            terms: terms.collect::<Option<_>>()?,
            text: object.text("condition")?,
            addresses,
        },
    })
}

fn read_term(term: &str, addresses: usize) -> Option<Term> {
    Some(match term {
        "<" => Term::Less,
        "<=" => Term::LessOrEqual,
        ">" => Term::Greater,
        ">=" => Term::GreaterOrEqual,
        "==" => Term::Equal,
        "!=" => Term::NotEqual,
        "&&" => Term::And,
        "||" => Term::Or,
        "!" => Term::Not,
        _ => match term.strip_prefix('f') {
            Some(place) => {
                let place: u16 = place.parse().ok()?;
                (usize::from(place) < addresses).then_some(Term::Figure(place))?
            }
            None => Term::Bound(term.parse().ok()?),
        },
    })
}

fn read_address(object: &Fields) -> Option<Address> {
    let (scenario, step, custom) = (
        object.some("scenario", Fields::text)?,
        object.some("step", Fields::text)?,
        object.some("custom", Fields::text)?,
    );
    let flow = object.some("flow", Fields::text)?;
    let subject = match (custom, step, scenario) {
        (None, step, None) if let Some(flow) = flow => Subject::Flow {
            flow,
            step: match step {
                Some(name) => Some([object.text("runner")?, name]),
                None => None,
            },
        },
        (Some(name), None, None) => Subject::Custom(name),
        (None, Some(name), scenario) => Subject::Step {
            scenario,
            runner: object.text("runner")?,
            name,
        },
        (None, None, Some(scenario)) => Subject::Scenario(scenario),
        (None, None, None) => Subject::Run,
        _ => return None,
    };
    let tags = object.pairs("tags")?.into_iter();
    let tags = tags.map(|(key, value)| match value {
        Value::Text(value) => Some((key, value)),
        _ => None,
    });
    Some(Address {
        subject,
        metric: object.text("metric")?,
        key: object.some("key", Fields::text)?,
        tags: tags.collect::<Option<_>>()?,
        statistic: read_statistic(&object.text("statistic")?)?,
    })
}

fn read_statistic(name: &str) -> Option<Statistic> {
    Some(match name {
        "min" => Statistic::Minimum,
        "mean" => Statistic::Mean,
        "median" => Statistic::Median,
        "max" => Statistic::Maximum,
        "stddev" => Statistic::StandardDeviation,
        "count" => Statistic::Count,
        "rate" => Statistic::Rate,
        "ratio" => Statistic::Ratio,
        "sum" => Statistic::Sum,
        "last" => Statistic::Last,
        "value" => Statistic::Value,
        _ => Statistic::Percentile(name.strip_prefix('p')?.parse().ok()?),
    })
}

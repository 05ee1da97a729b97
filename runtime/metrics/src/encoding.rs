//! Layouts and intervals as bytes and back, for whoever reads what another process measured.
//!
//! ```text
//! "bggo", version, 'L' or 'I', then the fields in their order:
//!   a number   7 bits a byte, the lowest first; the top bit says that more follow
//!   a text     its length, its bytes
//!   a list     its length, its items
//!   an option  0, or 1 and the value
//! ```
//!
//! A program writes the layout of its figures into its result file; all else is of bggo alone (feature `tools`).
//! What is read is checked: whatever comes in, the answer is a value that can be merged and shown, or an error.

#[cfg(feature = "tools")]
use crate::buckets::BUCKETS;
#[cfg(feature = "tools")]
use crate::interval::{Histogram, Interval, LastValue, Scalar, SlotFigures};
#[cfg(feature = "tools")]
use crate::layout::{CheckLayout, LabelWarning, MetricKind, ResourceLayout};
use crate::layout::{CustomLayout, IterationLayout, Layout, MetricLayout, StepLayout, Tags, Unit};
#[cfg(feature = "tools")]
use crate::outcome::Outcome;
use bggo_values::Text;
#[cfg(feature = "tools")]
use std::collections::BTreeMap;
#[cfg(feature = "tools")]
use std::fmt;
#[cfg(feature = "tools")]
use std::time::Duration;

const MAGIC: &[u8; 4] = b"bggo";
const VERSION: u8 = 1;
#[cfg(feature = "tools")]
/// What is counted one by one is never more: 2,000 hosts of such a count still add up.
const LARGEST_COUNT: u64 = 1 << 53;
#[cfg(feature = "tools")]
/// The largest sum: 64 bits of values, each as large as 53 bits of them may be.
const LARGEST_SUM: u128 = 1 << 117;
#[cfg(feature = "tools")]
/// Slots beyond are no grid's.
const LARGEST_SLOT: u32 = 1 << 30;
#[cfg(feature = "tools")]
/// And so are more metrics of one step.
const MOST_METRICS: usize = 1 << 16;

#[cfg(feature = "tools")]
/// Why bytes are no layout or no interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unreadable {
    what: &'static str,
    at: usize,
}

#[cfg(feature = "tools")]
impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, at } = self;
        write!(
            f,
            "these are no figures of this version of bggo: {what} at byte {at}"
        )
    }
}

#[cfg(feature = "tools")]
impl std::error::Error for Unreadable {}

#[cfg(feature = "tools")]
impl Interval {
    /// As bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Out::new(b'I');
        out.option(self.span.as_ref(), |out, (from, to)| {
            out.number(from.as_nanos());
            out.number(to.as_nanos());
        });
        out.number(self.users_begun.into());
        out.number(self.users_ended.into());
        out.list(self.slots.iter(), |out, (number, slot)| {
            out.number((*number).into());
            out.slot(slot);
        });
        out.0
    }

    /// From what [`Interval::to_bytes`] made.
    ///
    /// # Errors
    /// The bytes are something else, or of another version.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Unreadable> {
        let mut from = In::new(bytes, b'I')?;
        let interval = Self {
            span: from.option(|from| Ok((from.duration()?, from.duration()?)))?,
            users_begun: from.count()?,
            users_ended: from.count()?,
            slots: from.map(In::slot_number, In::slot)?,
        };
        from.end(interval)
    }
}

impl Layout {
    /// As bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Out::new(b'L');
        out.steps(&self.steps);
        out.list(self.resources.iter(), |out, resource| {
            out.text(&resource.name);
            out.metrics(&resource.metrics);
            out.number(resource.first.into());
        });
        out.iterations(&self.iterations);
        out.steps(&self.warm_up_steps);
        out.iterations(&self.warm_up_iterations);
        out.custom(&self.custom);
        out.custom(&self.warm_up_custom);
        out.0
    }

    #[cfg(feature = "tools")]
    /// From what [`Layout::to_bytes`] made.
    ///
    /// # Errors
    /// The bytes are something else, or of another version.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Unreadable> {
        let mut from = In::new(bytes, b'L')?;
        let layout = Self {
            steps: from.steps()?,
            resources: from.list(|from| {
                Ok(ResourceLayout {
                    name: from.text()?,
                    metrics: from.metrics()?,
                    first: from.slot_number()?,
                })
            })?,
            iterations: from.iterations()?,
            warm_up_steps: from.steps()?,
            warm_up_iterations: from.iterations()?,
            custom: from.custom()?,
            warm_up_custom: from.custom()?,
        };
        from.end(layout)
    }
}

#[cfg(feature = "tools")]
const KINDS: [MetricKind; 4] = [
    MetricKind::Trend,
    MetricKind::Counter,
    MetricKind::Gauge,
    MetricKind::Rate,
];

/// Bytes in the making.
struct Out(Vec<u8>);

impl Out {
    fn new(what: u8) -> Self {
        let mut bytes = MAGIC.to_vec();
        bytes.extend([VERSION, what]);
        Self(bytes)
    }

    fn number(&mut self, mut number: u128) {
        while number >= 0x80 {
            self.0.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.0.push(number as u8);
    }

    fn text(&mut self, text: &Text) {
        let bytes = text.as_str().as_bytes();
        self.number(bytes.len() as u128);
        self.0.extend_from_slice(bytes);
    }

    fn option<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Self, T)) {
        self.0.push(value.is_some().into());
        if let Some(value) = value {
            write(self, value);
        }
    }

    fn list<T>(
        &mut self,
        items: impl ExactSizeIterator<Item = T>,
        mut write: impl FnMut(&mut Self, T),
    ) {
        self.number(items.len() as u128);
        for item in items {
            write(self, item);
        }
    }

    fn tags(&mut self, tags: &Tags) {
        self.list(tags.iter(), |out, (key, value)| {
            out.text(key);
            out.text(value);
        });
    }

    #[cfg(feature = "tools")]
    fn counts(&mut self, counts: &BTreeMap<Text, u64>) {
        self.list(counts.iter(), |out, (name, count)| {
            out.text(name);
            out.number((*count).into());
        });
    }

    #[cfg(feature = "tools")]
    fn extremes(&mut self, extremes: Option<(u64, u64)>) {
        self.option(extremes, |out, (smallest, largest)| {
            out.number(smallest.into());
            out.number(largest.into());
        });
    }

    fn steps(&mut self, steps: &[StepLayout]) {
        self.list(steps.iter(), |out, step| {
            out.text(&step.scenario);
            out.list(step.path.iter(), Out::text);
            out.text(&step.name);
            out.tags(&step.tags);
            out.metrics(&step.metrics);
            out.list(step.checks.iter(), |out, check| {
                out.text(&check.name);
                out.0.push(check.required.into());
            });
            out.number(step.first.into());
        });
    }

    fn iterations(&mut self, iterations: &[IterationLayout]) {
        self.list(iterations.iter(), |out, scenario| {
            out.text(&scenario.scenario);
            out.tags(&scenario.tags);
            out.number(scenario.first.into());
        });
    }

    fn custom(&mut self, metrics: &[CustomLayout]) {
        self.list(metrics.iter(), |out, custom| {
            out.text(&custom.scenario);
            out.tags(&custom.tags);
            out.metric(&custom.metric);
            out.number(custom.slot.into());
        });
    }

    fn metrics(&mut self, metrics: &[MetricLayout]) {
        self.list(metrics.iter(), Self::metric);
    }

    fn metric(&mut self, metric: &MetricLayout) {
        self.text(&metric.name);
        self.text(match &metric.unit {
            Unit::Time => &Text::Static("time"),
            Unit::Other(name) => name,
        });
        self.number(metric.kind as u128);
        self.option(metric.label.as_ref(), Self::text);
        self.option(metric.warning.as_ref(), |out, warning| {
            out.text(&warning.prefix);
            out.number(warning.over_millionths.into());
            out.text(&warning.text);
        });
        self.number(metric.scale.into());
        self.option(metric.description.as_ref(), Self::text);
    }

    #[cfg(feature = "tools")]
    fn slot(&mut self, slot: &SlotFigures) {
        for outcome in Outcome::ALL {
            self.number(slot.count(outcome).into());
        }
        self.counts(&slot.kinds);
        let histogram = &slot.histogram;
        self.list(histogram.buckets.iter(), |out, (bucket, count)| {
            out.number((*bucket).into());
            out.number((*count).into());
        });
        self.number(histogram.sum);
        self.extremes(histogram.extremes);
        let scalar = &slot.scalar;
        self.number(scalar.count.into());
        self.number(scalar.sum);
        self.extremes(scalar.extremes);
        self.option(scalar.last, |out, last| {
            out.number(last.at.into());
            out.number(last.worker.into());
            out.number(last.value.into());
        });
        self.counts(&slot.labels);
    }
}

#[cfg(feature = "tools")]
/// Bytes that are read.
struct In<'a> {
    bytes: &'a [u8],
    at: usize,
}

#[cfg(feature = "tools")]
type Read<T> = Result<T, Unreadable>;

#[cfg(feature = "tools")]
impl<'a> In<'a> {
    fn new(bytes: &'a [u8], what: u8) -> Read<Self> {
        let mut from = Self { bytes, at: 0 };
        let [a, b, c, d] = *MAGIC;
        for expected in [a, b, c, d, VERSION, what] {
            if from.byte()? != expected {
                return Err(from.wrong("another beginning"));
            }
        }
        Ok(from)
    }

    fn wrong(&self, what: &'static str) -> Unreadable {
        Unreadable { what, at: self.at }
    }

    /// `value`, if nothing is left.
    fn end<T>(self, value: T) -> Read<T> {
        if self.at == self.bytes.len() {
            Ok(value)
        } else {
            Err(self.wrong("more than there should be"))
        }
    }

    fn take(&mut self, count: usize) -> Read<&'a [u8]> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let Some(taken) = rest.get(..count) else {
            return Err(self.wrong("the end"));
        };
        self.at += count;
        Ok(taken)
    }

    fn byte(&mut self) -> Read<u8> {
        self.take(1)
            .map(|bytes| bytes.first().copied().unwrap_or_default())
    }

    fn wide(&mut self) -> Read<u128> {
        let mut number = 0;
        for shift in (0..u128::BITS).step_by(7) {
            let byte = self.byte()?;
            let part = u128::from(byte & 0x7f);
            if part << shift >> shift != part {
                break;
            }
            number |= part << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(self.wrong("a number that is too large"))
    }

    fn number<T: TryFrom<u128>>(&mut self) -> Read<T> {
        let number = self.wide()?;
        T::try_from(number).map_err(|_| self.wrong("a number that is too large"))
    }

    fn count(&mut self) -> Read<u64> {
        let count = self.number()?;
        if count > LARGEST_COUNT {
            return Err(self.wrong("a count that is too large"));
        }
        Ok(count)
    }

    fn sum(&mut self) -> Read<u128> {
        let sum = self.wide()?;
        if sum > LARGEST_SUM {
            return Err(self.wrong("a sum that is too large"));
        }
        Ok(sum)
    }

    fn slot_number(&mut self) -> Read<u32> {
        let slot = self.number()?;
        if slot > LARGEST_SLOT {
            return Err(self.wrong("a slot that no grid has"));
        }
        Ok(slot)
    }

    fn duration(&mut self) -> Read<Duration> {
        let nanos = self.wide()?;
        let seconds = u64::try_from(nanos / 1_000_000_000);
        let seconds = seconds.map_err(|_| self.wrong("a time that is too long"))?;
        Ok(Duration::new(seconds, (nanos % 1_000_000_000) as u32))
    }

    fn text(&mut self) -> Read<Text> {
        let length = self.number()?;
        let bytes = self.take(length)?;
        let text = std::str::from_utf8(bytes).map_err(|_| self.wrong("a text that is none"))?;
        Ok(Text::from(text.to_owned()))
    }

    fn option<T>(&mut self, read: impl FnOnce(&mut Self) -> Read<T>) -> Read<Option<T>> {
        match self.byte()? {
            0 => Ok(None),
            1 => read(self).map(Some),
            _ => Err(self.wrong("neither something nor nothing")),
        }
    }

    /// Its length is no promise: nothing is reserved for it, and the bytes end first.
    fn list<T>(&mut self, mut read: impl FnMut(&mut Self) -> Read<T>) -> Read<Vec<T>> {
        let length: usize = self.number()?;
        let mut items = Vec::new();
        for _ in 0..length {
            items.push(read(self)?);
        }
        Ok(items)
    }

    fn map<K: Ord, V>(
        &mut self,
        mut key: impl FnMut(&mut Self) -> Read<K>,
        mut value: impl FnMut(&mut Self) -> Read<V>,
    ) -> Read<BTreeMap<K, V>> {
        let length: usize = self.number()?;
        let mut map = BTreeMap::new();
        for _ in 0..length {
            let (key, value) = (key(self)?, value(self)?);
            if map.insert(key, value).is_some() {
                return Err(self.wrong("the same thing twice"));
            }
        }
        Ok(map)
    }

    fn tags(&mut self) -> Read<Tags> {
        self.list(|from| Ok((from.text()?, from.text()?)))
    }

    fn extremes(&mut self) -> Read<Option<(u64, u64)>> {
        self.option(|from| Ok((from.number()?, from.number()?)))
    }

    fn steps(&mut self) -> Read<Vec<StepLayout>> {
        self.list(|from| {
            Ok(StepLayout {
                scenario: from.text()?,
                path: from.list(In::text)?,
                name: from.text()?,
                tags: from.tags()?,
                metrics: from.metrics()?,
                checks: from.checks()?,
                first: from.slot_number()?,
            })
        })
    }

    fn checks(&mut self) -> Read<Vec<CheckLayout>> {
        let checks = self.list(|from| {
            Ok(CheckLayout {
                name: from.text()?,
                required: from.option(|_| Ok(()))?.is_some(),
            })
        })?;
        if checks.len() > MOST_METRICS {
            return Err(self.wrong("more checks than a step has"));
        }
        Ok(checks)
    }

    fn custom(&mut self) -> Read<Vec<CustomLayout>> {
        self.list(|from| {
            Ok(CustomLayout {
                scenario: from.text()?,
                tags: from.tags()?,
                metric: from.metric()?,
                slot: from.slot_number()?,
            })
        })
    }

    fn iterations(&mut self) -> Read<Vec<IterationLayout>> {
        self.list(|from| {
            Ok(IterationLayout {
                scenario: from.text()?,
                tags: from.tags()?,
                first: from.slot_number()?,
            })
        })
    }

    fn metrics(&mut self) -> Read<Vec<MetricLayout>> {
        let metrics = self.list(Self::metric)?;
        if metrics.len() > MOST_METRICS {
            return Err(self.wrong("more metrics than a step has"));
        }
        Ok(metrics)
    }

    fn metric(&mut self) -> Read<MetricLayout> {
        Ok(MetricLayout {
            name: self.text()?,
            unit: Unit::of(self.text()?),
            kind: self.kind()?,
            label: self.option(Self::text)?,
            warning: self.option(|from| {
                Ok(LabelWarning {
                    prefix: from.text()?,
                    over_millionths: from.number()?,
                    text: from.text()?,
                })
            })?,
            scale: self.scale()?,
            description: self.option(Self::text)?,
        })
    }

    /// Figures are divided by it.
    fn scale(&mut self) -> Read<u32> {
        match self.number()? {
            0 => Err(self.wrong("a scale of nothing")),
            scale => Ok(scale),
        }
    }

    fn kind(&mut self) -> Read<MetricKind> {
        let kind = KINDS.get(usize::from(self.byte()?));
        kind.copied()
            .ok_or_else(|| self.wrong("an unknown kind of metric"))
    }

    fn slot(&mut self) -> Read<SlotFigures> {
        let mut slot = SlotFigures::default();
        for outcome in Outcome::ALL {
            slot.add(outcome, self.count()?);
        }
        slot.kinds = self.map(Self::text, Self::count)?;
        slot.histogram = self.histogram()?;
        slot.scalar = Scalar {
            count: self.count()?,
            sum: self.sum()?,
            extremes: self.extremes()?,
            last: self.option(|from| {
                Ok(LastValue {
                    at: from.number()?,
                    worker: from.number()?,
                    value: from.number()?,
                })
            })?,
        };
        slot.labels = self.map(Self::text, Self::number)?;
        Ok(slot)
    }

    fn histogram(&mut self) -> Read<Histogram> {
        let mut next = 0;
        let buckets = self.list(|from| {
            let (bucket, count) = (from.number::<u32>()?, from.count()?);
            if bucket < next || bucket as usize >= BUCKETS {
                return Err(from.wrong("a range of values that is not there"));
            }
            next = bucket + 1;
            Ok((bucket, count))
        })?;
        let total = buckets.iter().map(|(_, count)| u128::from(*count));
        if total.sum::<u128>() > u128::from(LARGEST_COUNT) {
            return Err(self.wrong("a count that is too large"));
        }
        Ok(Histogram {
            buckets,
            sum: self.sum()?,
            extremes: self.extremes()?,
        })
    }
}

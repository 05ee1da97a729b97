//! Reads the fields of a load or of a stage one by one, and collects what is wrong with them.

use super::given::{Given, Mistake, Wrong};
use super::profile::Field;
use crate::rate::{HIGHEST, LONGEST, LONGEST_UNIT};
use crate::{Nanos, Precision};
use bggo_values::{Number, Text, Value, duration};
use std::time::Duration;

/// The most users of a scenario.
pub const MOST_VUS: u32 = 10_000_000;
/// The most iterations of a scenario, or of one user.
pub const MOST_ITERATIONS: u64 = 1_000_000_000_000_000;
/// Parts of an iteration in which rates are counted.
const MILLIONTHS: u64 = 1_000_000;
/// How near the rates must be that held and that broke, in millionths of the one that held.
const DEFAULT_PRECISION: u64 = 50_000;
/// The shortest unit of time of a rate.
const SHORTEST_UNIT: Nanos = 1_000_000;

/// Reads the fields of one block. Each method gives `None` where the value is wrong, which is noted, or not known yet.
pub(super) struct Reader<'a, P> {
    /// Of the block.
    place: P,
    fields: &'a [Given<P>],
    pub(super) wrong: Vec<Wrong<P>>,
}

impl<'a, P: Copy> Reader<'a, P> {
    pub(super) const fn new(place: P, fields: &'a [Given<P>]) -> Self {
        Self {
            place,
            fields,
            wrong: Vec::new(),
        }
    }

    fn find(&self, field: Field) -> Option<&'a Given<P>> {
        let mut fields = self.fields.iter();
        fields.find(|given| {
            let is_null = given.value.as_ref().is_some_and(Value::is_null);
            given.field == field && !is_null
        })
    }

    /// Whether the field is there, with a value other than null as far as that is known.
    pub(super) fn is_given(&self, field: Field) -> bool {
        self.find(field).is_some()
    }

    /// Notes a mistake in a field, or in the block if the field is not there.
    pub(super) fn wrong(&mut self, field: Field, text: String) {
        let place = self.find(field).map_or(self.place, |given| given.place);
        self.wrong.push(Wrong {
            kind: Mistake::Value,
            place,
            text,
            hint: None,
        });
    }

    /// Notes a mistake of the whole block.
    pub(super) fn wrong_whole(&mut self, text: String) {
        self.wrong.push(Wrong {
            kind: Mistake::Value,
            place: self.place,
            text,
            hint: None,
        });
    }

    /// Notes that a part of the block is missing.
    pub(super) fn missing(&mut self, text: String, hint: &str) {
        self.wrong.push(Wrong {
            kind: Mistake::Missing,
            place: self.place,
            text,
            hint: Some(hint.to_owned()),
        });
    }

    fn hint(&mut self, hint: &str) {
        if let Some(last) = self.wrong.last_mut() {
            last.hint = Some(hint.to_owned());
        }
    }

    /// Notes a pace: this profile has none.
    pub(super) fn no_pace(&mut self) {
        if let Some(pace) = self.find(Field::Pace) {
            self.wrong.push(Wrong {
                kind: Mistake::PaceOfOpen,
                place: pace.place,
                text: "`pace` is for profiles whose users begin again when they are free; here iterations begin by the rate".to_owned(),
                hint: Some("leave it out, or write a profile such as `constant_vus`".to_owned()),
            });
        }
    }

    /// The value of a field, or its default; a field without a default must be there.
    fn value<T>(
        &mut self,
        field: Field,
        default: Option<T>,
        read: impl FnOnce(&mut Self, &Value) -> Option<T>,
    ) -> Option<T> {
        match (self.find(field), default) {
            (Some(given), _) => read(self, given.value.as_ref()?),
            (None, Some(default)) => Some(default),
            (None, None) => {
                let name = field.name();
                self.wrong.push(Wrong {
                    kind: Mistake::Missing,
                    place: self.place,
                    text: format!("`{name}` is missing"),
                    hint: Some(format!(
                        "write a line such as `{name} = {}`",
                        field.example()
                    )),
                });
                None
            }
        }
    }

    fn number<T>(
        &mut self,
        field: Field,
        default: Option<T>,
        read: impl FnOnce(&mut Self, &Number) -> Option<T>,
    ) -> Option<T> {
        self.value(field, default, |reader, value| match value {
            Value::Number(number) if number.is_negative() => {
                let name = field.name();
                reader.wrong(
                    field,
                    format!("`{name}` must not be negative, found {number}"),
                );
                None
            }
            Value::Number(number) => read(reader, number),
            other => reader.of_another_type(field, "a number", other),
        })
    }

    /// The callers convert values before, so nobody sees this text.
    fn of_another_type<T>(&mut self, field: Field, wanted: &str, found: &Value) -> Option<T> {
        let (name, found) = (field.name(), found.kind());
        self.wrong(field, format!("`{name}` must be {wanted}, found {found}"));
        None
    }

    fn whole(&mut self, field: Field, default: Option<u64>, most: u64) -> Option<u64> {
        let name = field.name();
        self.number(field, default, |reader, number| match number.as_u64() {
            Some(whole) if whole <= most => Some(whole),
            _ if !number.is_whole() => {
                reader.wrong(
                    field,
                    format!("`{name}` must be a whole number, found {number}"),
                );
                None
            }
            _ => {
                reader.wrong(field, format!("`{name}` is at most {most}, found {number}"));
                None
            }
        })
    }

    /// A number of users, which may be none.
    pub(super) fn users(&mut self, field: Field, default: Option<u32>) -> Option<u32> {
        let default = default.map(u64::from);
        let users = self.whole(field, default, MOST_VUS.into())?;
        u32::try_from(users).ok()
    }

    /// A number of users, at least one.
    pub(super) fn vus(&mut self, field: Field, default: Option<u32>) -> Option<u32> {
        let users = self.users(field, default)?;
        self.at_least_one(field, users)
    }

    /// `iterations`
    pub(super) fn iterations(&mut self) -> Option<u64> {
        let iterations = self.whole(Field::Iterations, None, MOST_ITERATIONS)?;
        self.at_least_one(Field::Iterations, iterations)
    }

    fn at_least_one<T: PartialEq + Default>(&mut self, field: Field, number: T) -> Option<T> {
        if number == T::default() {
            let name = field.name();
            self.wrong(field, format!("`{name}` must be at least 1, found 0"));
            return None;
        }
        Some(number)
    }

    /// A length of time.
    pub(super) fn time(&mut self, field: Field, default: Option<Duration>) -> Option<Duration> {
        self.value(field, default, |reader, value| match value {
            Value::Duration(time) if time.as_nanos() <= u128::from(LONGEST) => Some(*time),
            Value::Duration(_) => {
                let name = field.name();
                reader.wrong(field, format!("`{name}` is too long: at most ten years"));
                None
            }
            other => reader.of_another_type(field, "a duration", other),
        })
    }

    /// A length of time that is not zero.
    pub(super) fn some_time(
        &mut self,
        field: Field,
        default: Option<Duration>,
    ) -> Option<Duration> {
        let time = self.time(field, default)?;
        if time.is_zero() {
            let name = field.name();
            self.wrong(field, format!("`{name}` must be longer than 0s"));
            return None;
        }
        Some(time)
    }

    /// `per`, in nanoseconds.
    pub(super) fn unit(&mut self) -> Option<Nanos> {
        let time = self.time(Field::Per, Some(Duration::from_secs(1)))?;
        let unit = Nanos::try_from(time.as_nanos()).ok();
        let unit = unit.filter(|unit| (SHORTEST_UNIT..=LONGEST_UNIT).contains(unit));
        if unit.is_none() {
            let found = duration::format(time);
            self.wrong(
                Field::Per,
                format!("`per` is from 1ms to 24h, found {found}"),
            );
        }
        unit
    }

    /// A rate in millionths of an iteration a unit.
    pub(super) fn rate(
        &mut self,
        field: Field,
        default: Option<u64>,
        unit: Option<Nanos>,
    ) -> Option<u64> {
        let name = field.name();
        self.number(field, default, |reader, number| {
            let scale = Number::from(MILLIONTHS);
            let Some(millionths) = number.times(&scale).filter(Number::is_whole) else {
                reader.wrong(
                    field,
                    format!("`{name}` has more than 6 digits after the point, found {number}"),
                );
                reader.hint("a longer unit of time makes it whole: a third a second is `rate = 20` with `per = \"1m\"`");
                return None;
            };
            let unit = unit?;
            let highest = u128::from(unit) * u128::from(HIGHEST * MILLIONTHS);
            let fits = |millionths: &u64| u128::from(*millionths) <= highest;
            let millionths = millionths.as_u64().filter(fits);
            if millionths.is_none() {
                // In a long unit the number itself is what does not fit.
                let most = match u64::try_from(highest) {
                    Ok(_) => "1000000000 a second".to_owned(),
                    Err(_) => {
                        let unit = duration::format(Duration::from_nanos(unit));
                        format!("{} in {unit}", u64::MAX / MILLIONTHS)
                    }
                };
                let text = format!("`{name}` is too high: at most {most}, found {number}");
                reader.wrong(field, text);
            }
            millionths
        })
    }

    /// A rate that is not zero.
    pub(super) fn some_rate(&mut self, field: Field, unit: Option<Nanos>) -> Option<u64> {
        let rate = self.rate(field, None, unit)?;
        if rate == 0 {
            let name = field.name();
            self.wrong(field, format!("`{name}` must be more than 0"));
            return None;
        }
        Some(rate)
    }

    /// A factor by which something grows, in millionths.
    pub(super) fn factor(&mut self, field: Field) -> Option<u64> {
        self.number(field, None, |reader, number| {
            let scaled = number.times(&Number::from(MILLIONTHS));
            let factor = scaled.filter(Number::is_whole);
            let factor = factor.and_then(|factor| factor.as_u64());
            let factor = factor.filter(|factor| *factor > MILLIONTHS);
            if factor.is_none() {
                let name = field.name();
                reader.wrong(
                    field,
                    format!("`{name}` is more than 1, with at most 6 digits after the point, found {number}"),
                );
            }
            factor
        })
    }

    /// A text.
    pub(super) fn text(&mut self, field: Field) -> Option<Text> {
        self.value(field, None, |reader, value| match value.as_text() {
            Some(text) => Some(Text::from(text.to_owned())),
            None => reader.of_another_type(field, "a string", value),
        })
    }

    /// `precision`: a share of the rate, such as `5%`, or a rate.
    pub(super) fn precision(&mut self) -> Option<Precision> {
        let default = Some(Precision::Share(DEFAULT_PRECISION));
        self.value(Field::Precision, default, |reader, value| {
            let text = value.as_text().unwrap_or_default();
            let millionths = |text: &str, of: u64| {
                let number = Number::parse(text.trim())?.times(&Number::from(of))?;
                let some = !number.is_negative() && number.is_whole();
                number.as_u64().filter(|millionths| some && *millionths > 0)
            };
            let read = match text.strip_suffix('%') {
                Some(percent) => millionths(percent, MILLIONTHS / 100)
                    .filter(|share| *share < MILLIONTHS)
                    .map(Precision::Share),
                None => millionths(text, MILLIONTHS).map(Precision::Rate),
            };
            if read.is_none() {
                let text = format!(
                    "`precision` is a share of the rate such as \"5%\", or a rate such as 10, found \"{text}\""
                );
                reader.wrong(Field::Precision, text);
            }
            read
        })
    }

    /// `hold`: whole seconds, since thresholds are judged each second.
    pub(super) fn hold(&mut self) -> Option<Duration> {
        let hold = self.some_time(Field::Hold, None)?;
        if hold.subsec_nanos() != 0 {
            let found = duration::format(hold);
            let text = format!("`hold` takes whole seconds, found {found}");
            self.wrong(Field::Hold, text);
            return None;
        }
        Some(hold)
    }

    /// What one of the words of a field means; the first one is the default.
    pub(super) fn word<T: Copy>(&mut self, field: Field, meanings: &[T]) -> Option<T> {
        let words = field.words();
        let default = meanings.first().copied();
        self.value(field, default, |reader, value| {
            let found = value.as_text();
            let place = words.iter().position(|word| Some(*word) == found);
            if place.is_none() {
                let name = field.name();
                let words: Vec<String> = words.iter().map(|word| format!("\"{word}\"")).collect();
                let words = words.join(" or ");
                reader.wrong(
                    field,
                    format!(
                        "`{name}` is {words}, found \"{}\"",
                        found.unwrap_or_default()
                    ),
                );
            }
            meanings.get(place?).copied()
        })
    }

    /// The length of all stages together, which lasts.
    pub(super) fn total_length(&mut self, length: Nanos) -> Option<Nanos> {
        if length == 0 {
            self.wrong_whole("all stages together last 0s".to_owned());
            return None;
        }
        if length > LONGEST {
            self.wrong_whole("all stages together are too long: at most ten years".to_owned());
            return None;
        }
        Some(length)
    }
}

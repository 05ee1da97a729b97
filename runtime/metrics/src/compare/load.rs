//! The load of a recorded run, as its file states it -> what a comparison needs of it, and how it differs from another one in words.

use crate::judge::Course;
use bggo_values::{Text, duration};
use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;

/// What a comparison needs to know of the load of a scenario.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedLoad {
    /// The scenario.
    pub scenario: Text,
    /// Its load as its file states it, exactly. Runs are compared where these are equal.
    pub exact: Text,
    /// Whether iterations are due at moments of their own.
    pub is_open: bool,
    /// Seconds since the beginning of the run: from the end of the warm-up until no iteration begins any more.
    pub judged: Range<u32>,
}

impl RecordedLoad {
    /// Of a scenario whose load a file states so. `begins_for` is for how long iterations of the run could begin: a load of so many
    /// iterations is over when they are.
    pub fn new(scenario: &Text, exact: &Text, course: &Course, begins_for: Duration) -> Self {
        let until = course
            .until
            .filter(|_| !Stated::of(exact).is_of_iterations());
        let seconds = |time: Duration| u32::try_from(time.as_secs()).unwrap_or(u32::MAX);
        let begin = seconds(course.from);
        Self {
            scenario: scenario.clone(),
            exact: exact.clone(),
            is_open: course.has_due_times,
            judged: begin..seconds(until.unwrap_or(begins_for)).max(begin),
        }
    }

    /// Whether the file alone says how long it lasts.
    pub fn is_of_known_length(exact: &Text, course: &Course) -> bool {
        course.until.is_some() && !Stated::of(exact).is_of_iterations()
    }
}

/// A load as a file states it: `constant_vus users=50 length=300000000000 ..`.
struct Stated<'a> {
    profile: &'a str,
    fields: BTreeMap<&'a str, &'a str>,
}

/// Fields that are nanoseconds.
const TIMES: [&str; 6] = [
    "length",
    "start_after",
    "graceful_stop",
    "graceful_ramp_down",
    "pace",
    "warm_up",
];

impl<'a> Stated<'a> {
    fn of(exact: &'a Text) -> Self {
        let mut words = exact.as_str().split(' ');
        Self {
            profile: words.next().unwrap_or_default(),
            fields: words.filter_map(|word| word.split_once('=')).collect(),
        }
    }

    fn time(&self, field: &str) -> Option<Duration> {
        let nanos = self.fields.get(field)?.parse().ok()?;
        Some(Duration::from_nanos(nanos))
    }

    /// It ends with its last iteration; a length is only the most that it may take.
    fn is_of_iterations(&self) -> bool {
        ["iterations", "iterations_of_each"]
            .iter()
            .any(|field| self.fields.contains_key(field))
    }

    fn described(&self, field: &str) -> String {
        let Some(value) = self.fields.get(field) else {
            return "not set".to_owned();
        };
        if TIMES.contains(&field) {
            return self
                .time(field)
                .map_or_else(|| (*value).to_owned(), duration::format);
        }
        let stages = match field {
            "rate" => rates(value),
            "users" => users(value),
            _ => None,
        };
        stages.unwrap_or_else(|| (*value).to_owned())
    }
}

fn nanos(text: &str) -> Option<String> {
    text.parse()
        .ok()
        .map(|nanos| duration::format(Duration::from_nanos(nanos)))
}

/// `10s from 0/s to 500/s, ..`, from `10000000000:0-500000000/1000000000`: rates are millionths of an arrival in the unit.
fn rates(text: &str) -> Option<String> {
    let (stages, unit) = text.rsplit_once('/')?;
    let unit: f64 = unit.parse().ok()?;
    let a_second =
        |rate: &str| -> Option<f64> { Some(rate.parse::<f64>().ok()? / 1e6 * 1e9 / unit) };
    let stages = stages.split(',').map(|stage| {
        let (length, rates) = stage.split_once(':')?;
        let (from, to) = rates.split_once('-')?;
        let (length, from, to) = (nanos(length)?, a_second(from)?, a_second(to)?);
        Some(if from == to {
            format!("{length} at {to}/s")
        } else {
            format!("{length} from {from}/s to {to}/s")
        })
    });
    let stages: Option<Vec<String>> = stages.collect();
    Some(stages?.join(", "))
}

/// `1, 10s to 50, ..`, from `1,10000000000:50`; `None` of a plain number.
fn users(text: &str) -> Option<String> {
    let (first, stages) = text.split_once(',')?;
    let stages = stages.split(',').map(|stage| {
        let (length, users) = stage.split_once(':')?;
        Some(format!("{} to {users}", nanos(length)?))
    });
    let stages: Option<Vec<String>> = stages.collect();
    Some(format!("{first}, {}", stages?.join(", ")))
}

/// What is unlike in two loads: each with its name and the value of both.
pub fn differences(one: &Text, other: &Text) -> Vec<(String, String, String)> {
    let (one, other) = (Stated::of(one), Stated::of(other));
    let mut found = Vec::new();
    if one.profile != other.profile {
        let profiles = (one.profile.to_owned(), other.profile.to_owned());
        found.push(("profile".to_owned(), profiles.0, profiles.1));
    }
    let mut fields: Vec<&str> = one
        .fields
        .keys()
        .chain(other.fields.keys())
        .copied()
        .collect();
    fields.sort_unstable();
    fields.dedup();
    for field in fields {
        if one.fields.get(field) != other.fields.get(field) {
            found.push((
                field.to_owned(),
                one.described(field),
                other.described(field),
            ));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: &str = "constant_arrival_rate rate=300000000000:500000000-500000000/1000000000 arrivals=even users=0-10000 \
                        when_full=wait length=300000000000 start_after=5000000000 graceful_stop=30000000000 warm_up=10000000000";

    fn text(text: &str) -> Text {
        Text::from(text)
    }

    const COURSE: Course = Course {
        from: Duration::from_secs(15),
        until: Some(Duration::from_millis(305_400)),
        has_due_times: true,
        searches: false,
    };

    fn judged(exact: &str, course: &Course) -> Range<u32> {
        RecordedLoad::new(&text("main"), &text(exact), course, Duration::from_secs(42)).judged
    }

    #[test]
    fn a_load_of_a_known_length_is_judged_from_its_warm_up_to_its_end() {
        assert_eq!(judged(RATE, &COURSE), 15..305);
        assert!(RecordedLoad::is_of_known_length(&text(RATE), &COURSE));
    }

    #[test]
    fn a_load_of_iterations_is_over_when_they_are() {
        for (exact, until) in [
            (
                "shared_iterations users=5 iterations=1000 length=600000000000",
                Some(Duration::from_secs(600)),
            ),
            (
                "per_vu_iterations users=5 iterations_of_each=10 length=600000000000",
                Some(Duration::from_secs(600)),
            ),
            ("constant_vus users=5", None),
        ] {
            let course = Course {
                from: Duration::ZERO,
                until,
                has_due_times: false,
                searches: false,
            };
            assert_eq!(judged(exact, &course), 0..42);
            assert!(!RecordedLoad::is_of_known_length(&text(exact), &course));
        }
        // A run that was over in its warm-up.
        let course = Course {
            until: None,
            ..COURSE
        };
        assert_eq!(
            RecordedLoad::new(&text("main"), &text(RATE), &course, Duration::from_secs(5)).judged,
            15..15
        );
    }

    #[test]
    fn what_differs_is_said_as_a_grid_writes_it() {
        let other = RATE
            .replace("500000000-500000000", "0-250000000")
            .replace("length=300000000000", "length=60000000000");
        let other = other
            .replace("constant", "ramping")
            .replace(" warm_up=10000000000", "");
        let found = differences(&text(RATE), &text(&other));
        let found: Vec<[&str; 3]> = found
            .iter()
            .map(|(name, one, other)| [name.as_str(), one, other])
            .collect();
        assert_eq!(
            found,
            [
                ["profile", "constant_arrival_rate", "ramping_arrival_rate"],
                ["length", "5m0s", "1m0s"],
                ["rate", "5m0s at 500/s", "5m0s from 0/s to 250/s"],
                ["warm_up", "10s", "not set"],
            ]
        );
        let users = |users: &str| text(&format!("ramping_vus users={users}"));
        let found = differences(
            &users("1,10000000000:50"),
            &users("2,10000000000:50,5000000000:0"),
        );
        let stages = (
            "users".to_owned(),
            "1, 10s to 50".to_owned(),
            "2, 10s to 50, 5s to 0".to_owned(),
        );
        assert_eq!(found, [stages]);
        assert_eq!(differences(&text(RATE), &text(RATE)), []);
    }
}

//! The dates of cookies, read as leniently as RFC 6265 (section 5.1.1) asks: by their parts, in any order.

use bggo_runtime::contract::days_since_1970;
use std::time::{Duration, SystemTime};

const MONTHS: [&str; 12] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];

/// The moment that a date names.
pub(super) fn read(text: &str) -> Option<SystemTime> {
    let (mut time, mut day, mut month, mut year) = (None, None, None, None);
    let is_delimiter = |letter: char| !(letter.is_ascii_alphanumeric() || letter == ':');
    for token in text.split(is_delimiter).filter(|token| !token.is_empty()) {
        let digits = token.bytes().take_while(u8::is_ascii_digit).count();
        let number = || token[..digits].parse::<u32>().ok();
        if time.is_none() && token.contains(':') {
            time = Some(clock(token)?);
        } else if day.is_none() && (1..=2).contains(&digits) {
            day = number();
        } else if let (None, true, Some(name)) = (month, digits == 0, token.get(..3)) {
            month = MONTHS
                .iter()
                .position(|known| name.eq_ignore_ascii_case(known));
        } else if year.is_none() && (2..=4).contains(&digits) {
            year = number().map(|year| match year {
                70..=99 => year + 1900,
                0..=69 => year + 2000,
                whole => whole,
            });
        }
    }
    let (day, month, year) = (day?, u32::try_from(month?).ok()? + 1, year?);
    if !(1..=31).contains(&day) || year < 1601 {
        return None;
    }
    let since = days_since_1970(year.into(), month, day) * 86_400 + i64::from(time?);
    // Any time before 1970 is over, which is all that matters of it.
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(u64::try_from(since).unwrap_or(0)))
}

/// Seconds of the day.
fn clock(text: &str) -> Option<u32> {
    let mut parts = text.splitn(3, ':').map(|part| {
        let digits = part.bytes().take_while(u8::is_ascii_digit).count();
        part[..digits].parse::<u32>().ok()
    });
    let (hour, minute, second) = (parts.next()??, parts.next()??, parts.next()??);
    (hour < 24 && minute < 60 && second < 60).then_some(hour * 3600 + minute * 60 + second)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(text: &str) -> Option<u64> {
        read(text).map(|time| {
            time.duration_since(SystemTime::UNIX_EPOCH)
                .unwrap()
                .as_secs()
        })
    }

    #[test]
    fn the_dates_that_servers_write_are_read() {
        for text in [
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
        ] {
            assert_eq!(seconds(text), Some(784_111_777), "{text}");
        }
        assert_eq!(
            seconds("Tue, 29 Feb 2028 00:00:00 GMT"),
            Some(1_835_395_200)
        );
        assert_eq!(seconds("Thu, 01 Jan 1970 00:00:00 GMT"), Some(0));
        assert_eq!(seconds("Mon, 01 Jan 1601 00:00:00 GMT"), Some(0));
    }

    #[test]
    fn what_is_no_date_is_not_read() {
        for text in [
            "",
            "soon",
            "06 Nov 1994",
            "06 Nov 1994 25:00:00",
            "0 Nov 1994 08:49:37",
            "08:49:37",
            "ü 06 Növ 1994 08:49:37",
        ] {
            assert_eq!(seconds(text), None, "{text}");
        }
    }
}

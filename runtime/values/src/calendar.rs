//! Dates of the Gregorian calendar as days, for whatever reads a date: flags, cookies, certificates.

/// Days from 1970-01-01 to a day of the Gregorian calendar; negative before it. `month` is 1 to 12, `day` from 1: a day that the
/// month does not have is one of the next month.
pub fn days_since_1970(year: i64, month: u32, day: u32) -> i64 {
    // Years begin in March here, so that a leap day is a year's last; 719,468 days lie between March of year 0 and 1970.
    let year = year - i64::from(month <= 2);
    let of_year = (153 * ((i64::from(month) + 9) % 12) + 2) / 5 + i64::from(day) - 1;
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    365 * year + leap_days + of_year - 719_468
}

/// Year, month (1 to 12) and day (from 1) of the day that is so many days after 1970-01-01.
pub fn date_of_days(days: i64) -> (i64, u32, u32) {
    // Years begin in March here, and 146,097 days are 400 of them.
    let days = days + 719_468;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let of_years = of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096;
    let year = of_years / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = era * 400 + year + i64::from(month <= 2);
    // Both are small by how they were computed.
    let small = |number: i64| u32::try_from(number).unwrap_or(1);
    (year, small(month), small(day))
}

/// How many days a month has. `month` is 1 to 12.
pub fn days_of_month(year: i64, month: u32) -> u32 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted_from_1970() {
        assert_eq!(days_since_1970(1970, 1, 1), 0);
        assert_eq!(days_since_1970(1969, 12, 31), -1);
        assert_eq!(days_since_1970(2000, 3, 1), 11_017);
        assert_eq!(days_since_1970(2028, 2, 29), 21_243);
        assert_eq!(days_since_1970(0, 3, 1), -719_468);
        assert_eq!(days_since_1970(0, 2, 29), -719_469);
    }

    #[test]
    fn days_become_the_dates_that_they_came_from() {
        for days in (-1_000_000..3_000_000).step_by(17) {
            let (year, month, day) = date_of_days(days);
            assert_eq!(days_since_1970(year, month, day), days);
            assert!((1..=12).contains(&month) && (1..=days_of_month(year, month)).contains(&day));
        }
        assert_eq!(date_of_days(0), (1970, 1, 1));
        assert_eq!(date_of_days(21_243), (2028, 2, 29));
    }

    #[test]
    fn each_month_follows_the_one_before_it() {
        let months = (1999..=2101).flat_map(|year| (1..=12).map(move |month| (year, month)));
        let mut next = days_since_1970(1999, 1, 1);
        for (year, month) in months {
            assert_eq!(days_since_1970(year, month, 1), next, "{year}-{month}");
            next += i64::from(days_of_month(year, month));
        }
    }
}

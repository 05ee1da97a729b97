//! The numbers of thresholds as emitted code computes them when the program starts: values of the grid to bounds and times.

use crate::fault::Fault;
use crate::input_conversion::{duration, number as plain_number, size};
use bggo_metrics::percent;
use bggo_values::Value;

/// A bound of a time, in seconds.
///
/// # Errors
/// It is null, or no length of time.
pub fn time(value: &Value) -> Result<f64, Fault> {
    Ok(duration(value, "bound")?.as_secs_f64())
}

/// A bound of a size, in bytes.
///
/// # Errors
/// It is null, or no size.
pub fn bytes(value: &Value) -> Result<f64, Fault> {
    Ok(size(value, "bound")? as f64)
}

/// A bound of a number.
///
/// # Errors
/// It is null, or no number.
pub fn number(value: &Value) -> Result<f64, Fault> {
    Ok(plain_number(value, "bound")?.as_f64())
}

/// A bound of a share: a number from 0 to 1, or a text such as `1%`.
///
/// # Errors
/// It is null, or neither.
pub fn ratio(value: &Value) -> Result<f64, Fault> {
    match value.as_text().and_then(percent) {
        Some(share) => Ok(share),
        None => number(value),
    }
}

/// `over`, `for` or `after`: whole seconds. `at_least` is the smallest that makes sense.
///
/// # Errors
/// It is null, no length of time, not whole, less than that, or more than 2^32 seconds.
pub fn seconds(value: &Value, name: &str, at_least: u32) -> Result<u32, Fault> {
    let length = duration(value, name)?;
    let whole = u32::try_from(length.as_secs()).ok();
    let whole = whole.filter(|whole| length.subsec_nanos() == 0 && *whole >= at_least);
    whole.ok_or_else(|| {
        let text = format!("`{name}` takes whole seconds, {at_least}s or more");
        Fault::new("value", text)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use bggo_values::Number;

    fn text(text: &str) -> Value {
        Value::from(text.to_owned())
    }

    #[test]
    fn bounds_are_in_the_units_of_figures() {
        assert_eq!(time(&text("300 ms")).unwrap(), 0.3);
        assert_eq!(bytes(&text("10KiB")).unwrap(), 10_240.0);
        assert_eq!(bytes(&Value::number(7)).unwrap(), 7.0);
        assert_eq!(number(&text("1.5")).unwrap(), 1.5);
        assert_eq!(ratio(&text("1 %")).unwrap(), 0.01);
        let share = Number::parse("0.01").unwrap();
        assert_eq!(ratio(&Value::Number(share)).unwrap(), 0.01);
    }

    #[test]
    fn what_is_no_bound_is_refused() {
        for bad in [&text("soon"), &Value::number(3), &Value::Null] {
            assert!(time(bad).is_err(), "{bad:?}");
        }
        for bad in [&text("1%"), &Value::Null, &text("x")] {
            assert!(number(bad).is_err(), "{bad:?}");
        }
        for bad in [&text("much"), &text("%"), &Value::Null] {
            assert!(ratio(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn times_are_whole_seconds() {
        assert_eq!(seconds(&text("1m30s"), "over", 1).unwrap(), 90);
        assert_eq!(seconds(&text("0s"), "after", 0).unwrap(), 0);
        for (bad, least) in [("0s", 1), ("1500ms", 0), ("2000000h", 0)] {
            let said = seconds(&text(bad), "over", least).unwrap_err();
            let wanted = format!("`over` takes whole seconds, {least}s or more");
            assert_eq!(said.text(), wanted, "{bad}");
        }
    }
}

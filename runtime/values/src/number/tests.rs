//! Numbers: reading, printing, rounding.

use super::Number;
use proptest::prelude::*;

fn shown(text: &str) -> Option<String> {
    Number::parse(text).map(|number| number.to_string())
}

#[test]
fn a_literal_prints_without_exponent_and_without_zeros_at_the_end() {
    let cases = [
        ("0", "0"),
        ("-0", "0"),
        ("0.000", "0"),
        ("1.50", "1.5"),
        ("1.0", "1"),
        ("007", "7"),
        ("100", "100"),
        ("1e5", "100000"),
        ("1.5E+3", "1500"),
        ("25e-3", "0.025"),
        ("-2.5", "-2.5"),
        (".5", "0.5"),
        ("5.", "5"),
        ("+5", "5"),
        ("1e-28", "0.0000000000000000000000000001"),
        (
            "9999999999999999999999999999",
            "9999999999999999999999999999",
        ),
        ("1e27", "1000000000000000000000000000"),
        ("0e999999999999", "0"),
        ("18446744073709551616", "18446744073709551616"),
    ];
    for (text, expected) in cases {
        assert_eq!(shown(text).as_deref(), Some(expected), "{text}");
    }
}

#[test]
fn what_is_not_exact_in_28_digits_is_no_literal() {
    for text in [
        "12345678901234567890123456789",
        "1e28",
        "1e-29",
        "0.12345678901234567890123456789",
        "1e99999999999999999999",
        "1234567890.1234567890123456789",
    ] {
        assert_eq!(shown(text), None, "{text}");
    }
}

#[test]
fn what_is_no_number_is_refused() {
    for text in [
        "", "-", "+", ".", "e5", "1e", "1e+", "0x10", "1_000", " 1", "1 ", "inf", "NaN", "1.2.3",
        "--1", "१",
    ] {
        assert!(!Number::is_number(text), "{text}");
        assert_eq!(Number::parse_rounded(text), None, "{text}");
    }
}

#[test]
fn a_number_from_outside_is_rounded_after_the_point_only() {
    let cases = [
        (
            "0.12345678901234567890123456789",
            Some("0.1234567890123456789012345679"),
        ),
        (
            "0.33333333333333333333333333333333333",
            Some("0.3333333333333333333333333333"),
        ),
        ("9.99999999999999999999999999999", Some("10")),
        ("1e-400", Some("0")),
        ("6e-29", Some("0.0000000000000000000000000001")),
        (
            "1234567890.12345678901234567894",
            Some("1234567890.123456789012345679"),
        ),
        ("12345678901234567890123456789", None),
        ("1e400", None),
        ("9999999999999999999999999999.5", None),
        ("1.7976931348623157e308", None),
    ];
    for (text, expected) in cases {
        let found = Number::parse_rounded(text).map(|number| number.to_string());
        assert_eq!(found.as_deref(), expected, "{text}");
    }
}

#[test]
fn decimals_add_up() {
    let number = |text| Number::parse(text).unwrap();
    assert_eq!(number("0.1").plus(&number("0.2")), Some(number("0.3")));
    assert_eq!(
        number("1").over(&number("3")).unwrap().to_string(),
        "0.3333333333333333333333333333"
    );
    assert_eq!(
        number("2").over(&number("3")).unwrap().to_string(),
        "0.6666666666666666666666666667"
    );
    assert_eq!(
        number("20").over(&number("3")).unwrap().to_string(),
        "6.666666666666666666666666667"
    );
    assert_eq!(number("-5").modulo(&number("3")), Some(number("-2")));
    assert_eq!(number("5").modulo(&number("-3")), Some(number("2")));
    assert_eq!(
        number("9223372036854775807")
            .plus(&number("1"))
            .unwrap()
            .to_string(),
        "9223372036854775808"
    );
}

#[test]
fn what_leaves_the_range_is_no_number() {
    let large = Number::parse("9999999999999999999999999999").unwrap();
    let one = Number::new(1);
    assert_eq!(large.plus(&one), None);
    assert_eq!(large.negated().minus(&one), None);
    assert_eq!(large.times(&Number::new(2)), None);
    assert_eq!(large.over(&Number::parse("0.1").unwrap()), None);
    assert_eq!(one.over(&Number::ZERO), None);
    assert_eq!(one.modulo(&Number::ZERO), None);
    assert_eq!(
        large.minus(&one).unwrap().to_string(),
        "9999999999999999999999999998"
    );
}

#[test]
fn a_constant_is_the_number_that_was_read() {
    const WHOLE: Number = Number::new(i64::MIN);
    const PARTS: Number = Number::from_parts(0x9c40_0ab2, 0x0000_0af4, 0, true, 9);
    assert_eq!(Number::parse("-9223372036854775808"), Some(WHOLE));
    let (lo, mid, hi, negative, scale) = PARTS.parts();
    assert_eq!(Number::from_parts(lo, mid, hi, negative, scale), PARTS);
    assert_eq!(Number::parse(&PARTS.to_string()), Some(PARTS));
}

#[test]
fn whole_numbers_convert_only_when_they_are() {
    let number = |text| Number::parse(text).unwrap();
    assert_eq!(number("5.0").as_i64(), Some(5));
    assert_eq!(number("5.5").as_i64(), None);
    assert_eq!(number("-5").as_u64(), None);
    assert_eq!(number("18446744073709551615").as_u64(), Some(u64::MAX));
    assert_eq!(number("18446744073709551616").as_u64(), None);
    assert_eq!(number("9223372036854775808").as_i64(), None);
    assert_eq!(number("-9223372036854775808").as_i64(), Some(i64::MIN));
    assert_eq!(number("-9223372036854775809").as_i64(), None);
    assert_eq!(number("-9223372036854775808.0").as_i64(), Some(i64::MIN));
    assert_eq!(number("-0").as_u64(), Some(0));
    assert_eq!(number("3").as_usize(), Some(3));
    assert_eq!(number("-12.0").whole(), Some(-12));
    assert_eq!(number("0.5").whole(), None);
    assert!(number("2.0").is_whole());
    assert!(!number("-0").is_negative());
}

#[test]
fn binary_numbers_take_their_shortest_text() {
    assert_eq!(Number::from_f64(0.1).unwrap().to_string(), "0.1");
    assert_eq!(
        Number::from_f64(1e21).unwrap().to_string(),
        "1000000000000000000000"
    );
    assert_eq!(Number::from_f64(f64::NAN), None);
    assert_eq!(Number::from_f64(f64::INFINITY), None);
    assert!((Number::parse("123.456").unwrap().as_f64() - 123.456).abs() < f64::EPSILON);
}

proptest! {
    #[test]
    fn what_is_printed_reads_back(whole in -9_999_999_999_999_999_999_999_999_999i128..=9_999_999_999_999_999_999_999_999_999, scale in 0u32..=28) {
        let text = format!("{whole}e-{scale}");
        let number = Number::parse(&text).unwrap();
        let printed = number.to_string();
        prop_assert_eq!(Number::parse(&printed), Some(number));
        prop_assert!(!printed.contains('e'));
        let padded = printed.contains('.') && printed.ends_with('0');
        prop_assert!(!padded, "{}", printed);
        let (lo, mid, hi, negative, scale) = number.parts();
        prop_assert_eq!(Number::from_parts(lo, mid, hi, negative, scale), number);
    }

    #[test]
    fn results_stay_within_28_digits(a in -1_000_000_000_000_000i64..1_000_000_000_000_000, b in 1i64..1_000_000, scale in 0u32..10) {
        let number = Number::parse(&format!("{a}e-{scale}")).unwrap();
        for result in [number.over(&Number::new(b)), number.times(&Number::new(b)), number.plus(&Number::new(b))] {
            let result = result.unwrap();
            prop_assert_eq!(Number::parse(&result.to_string()), Some(result));
        }
    }

    #[test]
    fn rounding_agrees_with_exact_reading(text in "-?[0-9]{1,15}(\\.[0-9]{1,12})?") {
        prop_assert_eq!(Number::parse_rounded(&text), Number::parse(&text));
    }
}

//! `%e`, `%f` and `%g` of decimal numbers, with the digits that Terraform would print.

use super::verb::Verb;
use bggo_values::Number;

/// A number as its decimal digits, without zeros at either end: 0.DIGITS * 10^point.
struct Digits {
    digits: Vec<u8>,
    point: i64,
    /// Mantissa and places after the point, kept to judge a tie.
    unscaled: (u128, u32),
}

pub(super) fn format(verb: &Verb, number: &Number) -> String {
    let digits = Digits::of(number);
    let body = match (verb.letter, verb.precision) {
        ('f', precision) => digits.fixed(precision.unwrap_or(6)),
        ('e' | 'E', precision) => digits.scientific(precision.unwrap_or(6)),
        (_, precision) => digits.general(precision),
    };
    let body = if verb.letter.is_ascii_uppercase() {
        body.to_uppercase()
    } else {
        body
    };
    let sign = verb.sign(number.is_negative());
    let free = verb
        .width
        .unwrap_or(0)
        .saturating_sub(sign.len() + body.len());
    // Unlike a whole number's, the zeros of a float stand even where the field is filled on the right.
    if verb.zero {
        format!("{sign}{}{body}", "0".repeat(free))
    } else if verb.minus {
        format!("{sign}{body}{}", " ".repeat(free))
    } else {
        format!("{}{sign}{body}", " ".repeat(free))
    }
}

impl Digits {
    fn of(number: &Number) -> Self {
        let (mantissa, scale) = number.unscaled();
        let text = mantissa.to_string();
        let point = text.len() as i64 - i64::from(scale);
        let kept = text.trim_end_matches('0');
        if kept.is_empty() {
            return Self {
                digits: Vec::new(),
                point: 0,
                unscaled: (0, 0),
            };
        }
        Self {
            digits: kept.bytes().map(|digit| digit - b'0').collect(),
            point,
            unscaled: (mantissa, scale),
        }
    }

    /// Rounded to so many digits; as few as none are left when the count is negative.
    fn rounded(&self, count: i64) -> Self {
        let keep = match usize::try_from(count) {
            Ok(keep) if keep >= self.digits.len() => {
                return Self {
                    digits: self.digits.clone(),
                    point: self.point,
                    unscaled: self.unscaled,
                };
            }
            Ok(keep) => keep,
            Err(_) => {
                return Self {
                    digits: Vec::new(),
                    point: 0,
                    unscaled: (0, 0),
                };
            }
        };
        let tie = self.digits[keep] == 5 && keep + 1 == self.digits.len();
        let up = if tie {
            self.tie_goes_up(keep)
        } else {
            self.digits[keep] >= 5
        };
        let mut digits = self.digits[..keep].to_vec();
        let mut point = self.point;
        if up {
            while digits.last() == Some(&9) {
                digits.pop();
            }
            match digits.last_mut() {
                Some(last) => *last += 1,
                None => {
                    digits.push(1);
                    point += 1;
                }
            }
        }
        while digits.last() == Some(&0) {
            digits.pop();
        }
        if digits.is_empty() {
            point = 0;
        }
        Self {
            digits,
            point,
            unscaled: self.unscaled,
        }
    }

    /// Terraform keeps numbers as binary fractions of 512 bits. A tie that is exact there goes to the even neighbour, any
    /// other goes to the side on which the nearest binary fraction lies.
    fn tie_goes_up(&self, keep: usize) -> bool {
        let (mantissa, scale) = self.unscaled;
        // mantissa / 10^scale = (mantissa / 5^scale) / 2^scale: only the five matters.
        let divisor = 5u128.pow(scale);
        let mut rest = mantissa % divisor;
        if rest == 0 {
            return keep > 0 && self.digits[keep - 1] % 2 == 1;
        }
        // The quotient's bits so far, then one at a time until there are 512.
        let mut bits = match mantissa / divisor {
            0 => 0,
            whole => whole.ilog2() + 1,
        };
        while bits < 512 {
            rest *= 2;
            let one = rest >= divisor;
            if one {
                rest -= divisor;
            }
            bits += u32::from(one || bits > 0);
        }
        rest * 2 > divisor
    }

    fn digit(&self, place: i64) -> char {
        let digit = usize::try_from(place)
            .ok()
            .and_then(|place| self.digits.get(place))
            .copied()
            .unwrap_or(0);
        char::from(b'0' + digit)
    }

    fn fixed(&self, precision: usize) -> String {
        let rounded = self.rounded(self.point + precision as i64);
        let whole: String = (0..rounded.point)
            .map(|place| rounded.digit(place))
            .collect();
        let part: String = (0..precision as i64)
            .map(|place| rounded.digit(rounded.point + place))
            .collect();
        let whole = if whole.is_empty() { "0" } else { &whole };
        if precision == 0 {
            whole.to_string()
        } else {
            format!("{whole}.{part}")
        }
    }

    fn scientific(&self, precision: usize) -> String {
        let rounded = self.rounded(precision as i64 + 1);
        let part: String = (1..=precision as i64)
            .map(|place| rounded.digit(place))
            .collect();
        let exponent = if rounded.digits.is_empty() {
            0
        } else {
            rounded.point - 1
        };
        let sign = if exponent < 0 { '-' } else { '+' };
        let point = if precision == 0 { "" } else { "." };
        format!(
            "{}{point}{part}e{sign}{:02}",
            rounded.digit(0),
            exponent.abs()
        )
    }

    /// `%g`: scientific for exponents below -4 and from the precision on, without zeros at the end.
    fn general(&self, precision: Option<usize>) -> String {
        let count = precision.map_or(self.digits.len(), |precision| precision.max(1));
        let rounded = self.rounded(count as i64);
        let length = rounded.digits.len();
        let limit = match precision {
            None => 6,
            Some(_) if count > length && length as i64 >= rounded.point => length as i64,
            Some(_) => count as i64,
        };
        let exponent = rounded.point - 1;
        if exponent < -4 || exponent >= limit {
            return rounded.scientific(count.min(length).saturating_sub(1));
        }
        rounded.fixed(usize::try_from(length as i64 - rounded.point).unwrap_or(0))
    }
}

//! Powers and logarithms. As in Terraform they are computed in binary (64 bits), and the shortest decimal of the result
//! is the value.

use bggo_functions::args::args;
use bggo_values::{Fault, Number, Value};

fn decimal(function: &str, result: f64) -> Result<Value, Fault> {
    match Number::from_f64(result) {
        Some(number) => Ok(number.into()),
        None if result.is_nan() || result.is_infinite() => Err(Fault::new(format!(
            "`{function}` has no result for these numbers"
        ))),
        None => Err(Fault::new(format!(
            "the result of `{function}` is out of range (28 digits)"
        ))),
    }
}

/// A number to the power of another.
///
/// # Errors
/// When an argument is no number, or there is no such power or it is out of range.
pub fn pow(values: &[Value]) -> Result<Value, Fault> {
    let args = args("pow", values, 2, 2)?;
    let (base, exponent) = (args.number(0)?.as_f64(), args.number(1)?.as_f64());
    decimal("pow", power(base, exponent))
}

/// Rounded as Terraform (Go) rounds it, which is not always to the nearest: the fraction of the exponent by logarithms, the
/// whole part by squaring. With a fraction the last of 17 digits may still be another one than there.
fn power(base: f64, exponent: f64) -> f64 {
    let size = exponent.abs();
    // Special cases and whatever is surely zero, one or infinite are the library's.
    if base == 0.0 || size == 0.5 && base < 0.0 || size >= 1e9 || !size.is_normal() {
        return libm::pow(base, exponent);
    }
    if size == 0.5 {
        let root = libm::sqrt(base);
        return if exponent < 0.0 { 1.0 / root } else { root };
    }
    let (mut part, mut whole) = libm::modf(size);
    if part != 0.0 && base < 0.0 {
        return f64::NAN;
    }
    // What is sought is `mantissa` times two to the power of `scale`.
    let (mut mantissa, mut scale) = (1.0, 0i32);
    if part != 0.0 {
        if part > 0.5 {
            part -= 1.0;
            whole += 1.0;
        }
        mantissa = libm::exp(part * libm::log(base));
    }
    let (mut square, mut shift) = libm::frexp(base);
    #[expect(
        clippy::cast_possible_truncation,
        reason = "it is whole and below 1e9 + 1"
    )]
    let mut left = whole as i64;
    while left != 0 {
        if shift.abs() > 1 << 12 {
            scale = scale.saturating_add(shift);
            break;
        }
        if left & 1 == 1 {
            mantissa *= square;
            scale += shift;
        }
        square *= square;
        shift *= 2;
        if square.abs() < 0.5 {
            square += square;
            shift -= 1;
        }
        left >>= 1;
    }
    match exponent < 0.0 {
        true => libm::ldexp(1.0 / mantissa, -scale),
        false => libm::ldexp(mantissa, scale),
    }
}

/// The logarithm of a number to a base.
///
/// # Errors
/// When an argument is no number, or there is no such logarithm.
pub fn log(values: &[Value]) -> Result<Value, Fault> {
    let args = args("log", values, 2, 2)?;
    let (number, base) = (args.number(0)?.as_f64(), args.number(1)?.as_f64());
    decimal("log", libm::log(number) / libm::log(base))
}

//! Functions whose value is another one at each call: drawn from the context, never from the system.

use super::args::args;
use bggo_values::context::Context;
use bggo_values::split_mix::{GAMMA, mix};
use bggo_values::{Fault, Number, Value};

/// Most characters of a `random_string`.
const LONGEST: usize = 1_000_000;

/// What `random_string` is made of unless the grid says otherwise.
const LETTERS_AND_DIGITS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// Random numbers for one call that needs many: all follow from one value that the context gave.
#[derive(Debug, Clone)]
pub struct Stream {
    state: u64,
    /// Another one for each call, so that no two walk through the same numbers.
    stride: u64,
}

impl Stream {
    /// The stream of this call.
    pub fn new(context: &Context<'_>) -> Self {
        let drawn = context.draw();
        let half = |bits: u128| u64::try_from(bits & u128::from(u64::MAX)).unwrap_or(0);
        Self {
            state: half(drawn >> 64),
            // Odd, so that it visits every number before one comes again.
            stride: mix(half(drawn).wrapping_add(GAMMA)) | 1,
        }
    }

    /// The next 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(self.stride);
        mix(self.state)
    }

    /// A number below a bound that is not zero, each as likely as any other.
    pub fn below(&mut self, bound: u64) -> u64 {
        // Multiplied and cut (Lemire, "Fast random integer generation in an interval", 2019); what would come too often is
        // drawn again.
        let threshold = bound.wrapping_neg() % bound.max(1);
        loop {
            let wide = u128::from(self.bits()) * u128::from(bound);
            let low = u64::try_from(wide & u128::from(u64::MAX)).unwrap_or(0);
            if low >= threshold {
                return u64::try_from(wide >> 64).unwrap_or(0);
            }
        }
    }

    /// The position of one of so many items, which are more than none.
    pub fn position(&mut self, items: usize) -> usize {
        usize::try_from(self.below(items as u64)).unwrap_or(0)
    }
}

/// A random UUID, version 4. Unique, not secret.
///
/// # Errors
/// When there is an argument.
pub fn uuid(context: &Context<'_>, values: &[Value]) -> Result<Value, Fault> {
    args("uuid", values, 0, 0)?;
    let drawn = context.draw();
    // The version in the upper half of the seventh byte, the variant in the upper two bits of the ninth.
    let bits = drawn & !(0xF << 76) | 4 << 76;
    let bits = bits & !(0b11 << 62) | 0b10 << 62;
    let part = |from: u32, digits: u32| bits >> from & ((1 << (4 * digits)) - 1);
    Ok(Value::from(format!(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        part(96, 8),
        part(80, 4),
        part(64, 4),
        part(48, 4),
        part(0, 12),
    )))
}

/// A random whole number from a least to a most, both included.
///
/// # Errors
/// When an argument is no whole number of 64 bits, or the least is above the most.
pub fn random_int(context: &Context<'_>, values: &[Value]) -> Result<Value, Fault> {
    let args = args("random_int", values, 2, 2)?;
    let (least, most) = (args.whole(0)?, args.whole(1)?);
    if least > most {
        return Err(args.fault(1, "the most is below the least"));
    }
    let mut stream = Stream::new(context);
    let above = match most.abs_diff(least).checked_add(1) {
        Some(count) => stream.below(count),
        None => stream.bits(),
    };
    Ok(Value::from(Number::new(least.wrapping_add_unsigned(above))))
}

/// A random string of so many characters out of an alphabet; without one, letters and digits of ASCII.
///
/// # Errors
/// When the length is not 0 to a million or the alphabet is empty.
pub fn random_string(context: &Context<'_>, values: &[Value]) -> Result<Value, Fault> {
    let args = args("random_string", values, 1, 2)?;
    let length = args.count(0, LONGEST)?;
    let alphabet: Vec<char> = match args.any(1).is_null() {
        true => LETTERS_AND_DIGITS.chars().collect(),
        false => args.text(1)?.chars().collect(),
    };
    if alphabet.is_empty() {
        return Err(args.fault(1, "the alphabet is empty"));
    }
    let mut stream = Stream::new(context);
    let letters = (0..length).filter_map(|_| alphabet.get(stream.position(alphabet.len())));
    Ok(super::string::made(letters.collect()))
}

/// A random item of a list.
///
/// # Errors
/// When the argument is no list, or empty.
pub fn random_choice(context: &Context<'_>, values: &[Value]) -> Result<Value, Fault> {
    let args = args("random_choice", values, 1, 1)?;
    let list = args.list(0)?;
    if list.is_empty() {
        return Err(args.fault(0, "an empty list has no items"));
    }
    let at = Stream::new(context).position(list.len());
    Ok(list.get(at).cloned().unwrap_or(Value::Null))
}

//! Decimal numbers of 28 significant digits, whole numbers exact through 64 bits and beyond.

use rust_decimal::Decimal;

/// A number of the grid language. Prints without exponent and without a trailing `.0`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Number(Decimal);

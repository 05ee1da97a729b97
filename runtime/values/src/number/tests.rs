//! Numbers: reading, printing, rounding.

//! JSON: order, numbers, escapes, the raw scan.

//! Whole-program tests of bggo.

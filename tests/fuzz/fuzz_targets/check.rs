//! `bggo::fuzz::check` for any text.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| bggo::fuzz::check(text));

//! `bggo::fuzz::parse` for any text.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| bggo::fuzz::parse(text));

//! `bggo::fuzz::format` for any text.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| bggo::fuzz::format(text));

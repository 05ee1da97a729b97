//! `bggo_http1::fuzz` for any bytes, as an answer, as a request and as a chunked body.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    bggo_http1::fuzz::answer(bytes);
    bggo_http1::fuzz::request(bytes);
    bggo_http1::fuzz::chunks(bytes);
});

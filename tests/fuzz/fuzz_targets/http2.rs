//! `bggo_http2::fuzz` for any bytes behind the first settings of a server.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    bggo_http2::fuzz::server(&[b"\0\0\0\x04\0\0\0\0\0", bytes].concat());
});

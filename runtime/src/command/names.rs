//! How host names are looked up.
//!
//! A static program of glibc loads libraries of the host for `getaddrinfo`, as `/etc/nsswitch.conf` says: another version of
//! glibc may crash it. Names are read from `/etc/hosts` and asked of DNS instead, whose code is linked in.

/// Says so to glibc; once, before the first look-up.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[expect(
    unsafe_code,
    reason = "glibc has no safe face for it; without it a static program opens the host's libraries"
)]
pub fn look_up_by_files_and_dns() {
    use std::ffi::{c_char, c_int};
    unsafe extern "C" {
        fn __nss_configure_lookup(database: *const c_char, services: *const c_char) -> c_int;
    }
    // SAFETY: both texts end in NUL, live for ever and are only read, and no other thread is there yet. A failure leaves
    // the host's configuration as it is.
    unsafe {
        __nss_configure_lookup(c"hosts".as_ptr(), c"files dns".as_ptr());
    }
}

/// Other systems' look-up loads nothing.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub fn look_up_by_files_and_dns() {}

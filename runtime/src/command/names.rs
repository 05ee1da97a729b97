//! How host names are looked up.
//!
//! In a static program glibc loads the libraries that `/etc/nsswitch.conf` of the host names, and with another version of
//! glibc the program may crash. So names come only from `/etc/hosts` and DNS, whose code is linked in.

/// Tells glibc to use files and DNS only. Call it once, before the first look-up.
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

/// Other systems load no libraries for a look-up.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub fn look_up_by_files_and_dns() {}

//! The memory of a load run: as much after ten minutes as after one, so that it says something of the program under load.
//!
//! Each second the reporter makes and drops figures and lines. The allocator gives what it has dropped back to the system and asks
//! for it again, so what a run took went up and down by some hundred KiB, and rare times made it grow.
//!
//! It also keeps small pieces as they are when they are freed, for others of just their size. What is left beside each aligned piece of
//! memory, of which every user has two, is seldom of a size that anybody wants.

/// Free bytes at the end of a heap from which on the allocator gives them back.
const KEPT: i32 = 16 << 20;
/// Bytes of a piece of memory that is asked of the system by itself. (If only the other limit were set, that would be 128 KiB, and a
/// body of that length would cost a page fault for each of its pages.)
const LARGE: i32 = 4 << 20;
/// Bytes that the figures and lines of a second may take.
const OF_A_SECOND: usize = 1 << 20;

/// From now on this process keeps what it frees, and this thread has the memory that it needs each second.
pub fn keep() {
    set_limits();
    let room = std::hint::black_box(vec![1_u8; OF_A_SECOND]);
    drop(room);
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[expect(
    unsafe_code,
    reason = "the allocator has no other switch: without it the memory of a run over HTTP is 2 to 6 % off after minutes"
)]
fn set_limits() {
    const TRIM_THRESHOLD: i32 = -1;
    const MMAP_THRESHOLD: i32 = -3;
    const KEPT_AS_IT_IS: i32 = 1;
    // SAFETY: this is how the C library declares it.
    unsafe extern "C" {
        safe fn mallopt(limit: i32, value: i32) -> i32;
    }
    // It refuses only values that are out of range.
    mallopt(MMAP_THRESHOLD, LARGE);
    mallopt(TRIM_THRESHOLD, KEPT);
    mallopt(KEPT_AS_IT_IS, 0);
}

/// Other allocators have other habits.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn set_limits() {}

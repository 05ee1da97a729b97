//! The width of a terminal.

use nix::libc::{TIOCGWINSZ, ioctl, winsize};
use std::os::fd::{AsFd, AsRawFd};

/// Columns of the terminal that a file is; `None` if it is none, or one that does not know its size.
#[expect(
    unsafe_code,
    reason = "the crate that asks this safely adds 3 s of processor time to the first build of a grid"
)]
pub(super) fn columns(file: &impl AsFd) -> Option<usize> {
    let mut size = winsize {
        ws_row: 0,
        ws_col: 0,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    // SAFETY: the descriptor is borrowed and so open, and this request writes one `winsize` to where it is told.
    let answer = unsafe { ioctl(file.as_fd().as_raw_fd(), TIOCGWINSZ, &raw mut size) };
    (answer == 0 && size.ws_col > 0).then_some(usize::from(size.ws_col))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::pty::{OpenptFlags, grantpt, openpt, unlockpt};
    use rustix::termios::{Winsize, tcsetwinsize};
    use std::fs::File;

    #[test]
    fn a_terminal_says_its_columns_and_a_file_has_none() {
        assert_eq!(columns(&File::open("/dev/null").unwrap()), None);
        let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&terminal).unwrap();
        unlockpt(&terminal).unwrap();
        assert_eq!(columns(&terminal), None, "it does not know its size");
        let size = Winsize {
            ws_row: 50,
            ws_col: 132,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        tcsetwinsize(&terminal, size).unwrap();
        assert_eq!(columns(&terminal), Some(132));
    }
}

//! Sixteen bytes at a time: which of them are line ends, controls, letters of a name. Bit N of a mask stands for byte N.
//!
//! On x86-64 a question costs two to six instructions for sixteen bytes (SSE2, which every such processor has); elsewhere it
//! is a loop that the compiler turns into what the processor has.

/// How many bytes a block has.
pub(crate) const WIDTH: usize = 16;
/// The mask of a whole block.
pub(crate) const ALL: u32 = 0xffff;

pub(crate) use portable::Block;

mod portable {
    use super::WIDTH;

    #[derive(Clone, Copy)]
    pub(crate) struct Block([u8; WIDTH]);

    impl Block {
        pub(crate) fn new(bytes: &[u8; WIDTH]) -> Self {
            Self(*bytes)
        }

        /// Which bytes are this one.
        pub(crate) fn equal(self, byte: u8) -> u32 {
            self.those(|one| one == byte)
        }

        /// Which bytes are control characters other than the tab.
        pub(crate) fn controls(self) -> u32 {
            self.those(|one| one.is_ascii_control() && one != b'\t')
        }

        /// Which bytes are letters, digits or hyphens, as nearly all bytes of names are.
        pub(crate) fn plain(self) -> u32 {
            self.those(|one| one.is_ascii_alphanumeric() || one == b'-')
        }

        #[inline]
        fn those(self, are: impl Fn(u8) -> bool) -> u32 {
            let bits = self.0.into_iter().zip(0_u32..);
            bits.fold(0, |mask, (one, at)| mask | (u32::from(are(one)) << at))
        }
    }
}

/// The first sixteen bytes; spaces stand for those that are not there.
#[inline]
pub(crate) fn first(bytes: &[u8]) -> [u8; WIDTH] {
    match bytes.first_chunk() {
        Some(whole) => *whole,
        None => {
            let mut padded = [b' '; WIDTH];
            for (to, from) in padded.iter_mut().zip(bytes) {
                *to = *from;
            }
            padded
        }
    }
}

//! Finds the line of a byte by a binary search over the starts of all lines.

/// Where each line of a text starts; after the last one, the text's end.
#[derive(Debug, Clone)]
pub(super) struct Lines {
    starts: Vec<u32>,
    end: u32,
}

impl Lines {
    /// `text` is shorter than 4 GiB: `read` refuses longer files.
    pub(super) fn new(text: &str) -> Lines {
        let after_break = |(at, byte): (usize, u8)| (byte == b'\n').then_some(offset(at + 1));
        let starts = std::iter::once(0)
            .chain(text.bytes().enumerate().filter_map(after_break))
            .collect();
        Lines {
            starts,
            end: offset(text.len()),
        }
    }

    pub(super) fn line_of(&self, byte: u32) -> u32 {
        offset(
            self.starts
                .partition_point(|start| *start <= byte)
                .saturating_sub(1),
        )
    }

    pub(super) fn start(&self, line: u32) -> u32 {
        self.starts.get(line as usize).copied().unwrap_or(self.end)
    }

    pub(super) fn count(&self) -> u32 {
        offset(self.starts.len())
    }
}

fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

//! Finds the end of a reply in what has come so far (RESP2 and RESP3), without reading what it holds.

/// The most bytes of one string, as the server has it.
const LONGEST: u64 = 512 << 20;
/// The most characters of a line that says how long something is.
const LONGEST_LINE: usize = 64 << 10;

/// A look at one reply that goes on where it stopped when more has come. It holds no more than two numbers, however deep a reply is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Scan {
    /// How many bytes were looked at.
    at: usize,
    /// How many values are still to come.
    left: u64,
}

/// What came is no reply of Redis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NoReply;

impl Default for Scan {
    fn default() -> Self {
        Self { at: 0, left: 1 }
    }
}

impl Scan {
    /// Where the reply ends, if all of it has come. `came` begins with the reply, and holds what it held before.
    #[inline]
    pub(crate) fn end(&mut self, came: &[u8]) -> Result<Option<usize>, NoReply> {
        if self.at == 0
            && let Some(end) = short_string(came)
        {
            return Ok(Some(end));
        }
        self.go_on(came)
    }

    fn go_on(&mut self, came: &[u8]) -> Result<Option<usize>, NoReply> {
        while self.left > 0 {
            let Some((&kind, rest)) = came.get(self.at..).and_then(<[u8]>::split_first) else {
                return Ok(None);
            };
            let Some(line) = line(rest)? else {
                return Ok(None);
            };
            let mut next = self.at + 1 + line.len() + 2;
            let mut more = 0;
            match kind {
                b'+' | b'-' | b':' | b'_' | b',' | b'#' | b'(' => {}
                b'$' | b'!' | b'=' => {
                    if let Some(length) = length(line)? {
                        if length > LONGEST {
                            return Err(NoReply);
                        }
                        let length = usize::try_from(length).map_err(|_| NoReply)?;
                        let end = came.get(next + length..next + length + 2);
                        match end {
                            None => return Ok(None),
                            Some(b"\r\n") => next += length + 2,
                            Some(_) => return Err(NoReply),
                        }
                    }
                }
                b'*' | b'~' | b'>' => more = length(line)?.unwrap_or(0),
                b'%' => more = twice(length(line)?.unwrap_or(0))?,
                // What is said of the value that follows, which is still to come.
                b'|' => more = twice(length(line)?.unwrap_or(0))? + 1,
                _ => return Err(NoReply),
            }
            self.left = (self.left - 1).checked_add(more).ok_or(NoReply)?;
            self.at = next;
        }
        Ok(Some(self.at))
    }
}

/// Where a string of up to 9,999 bytes ends, which most replies are, if all of it has come.
#[inline]
fn short_string(came: &[u8]) -> Option<usize> {
    let digits = came.strip_prefix(b"$")?;
    let mut length = 0;
    for (at, byte) in digits.iter().take(5).enumerate() {
        match byte {
            b'0'..=b'9' if at < 4 => length = length * 10 + usize::from(byte - b'0'),
            b'\r' if at > 0 => {
                let end = 1 + at + 2 + length + 2;
                let is_whole = came.get(end - 2..end) == Some(b"\r\n");
                return (is_whole && came.get(at + 2) == Some(&b'\n')).then_some(end);
            }
            _ => return None,
        }
    }
    None
}

/// What stands before the end of the first line, if that has come.
pub(crate) fn line(came: &[u8]) -> Result<Option<&[u8]>, NoReply> {
    let Some(end) = came.iter().position(|byte| *byte == b'\r') else {
        return match came.len() > LONGEST_LINE {
            true => Err(NoReply),
            false => Ok(None),
        };
    };
    match came.get(end + 1) {
        None => Ok(None),
        Some(b'\n') => Ok(came.get(..end)),
        Some(_) => Err(NoReply),
    }
}

/// A length; `None` is that of null, -1.
pub(crate) fn length(line: &[u8]) -> Result<Option<u64>, NoReply> {
    if line == b"-1" {
        return Ok(None);
    }
    if line.is_empty() || line.len() > 18 {
        return Err(NoReply);
    }
    let mut length = 0;
    for byte in line {
        match byte {
            b'0'..=b'9' => length = length * 10 + u64::from(byte - b'0'),
            _ => return Err(NoReply),
        }
    }
    Ok(Some(length))
}

fn twice(count: u64) -> Result<u64, NoReply> {
    count
        .checked_mul(2)
        .filter(|twice| *twice < u64::MAX)
        .ok_or(NoReply)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where a reply ends, however it is cut: byte by byte, and as a whole with something behind it.
    fn ends(reply: &[u8]) {
        let mut scan = Scan::default();
        for cut in 0..reply.len() {
            assert_eq!(scan.end(&reply[..cut]), Ok(None), "{cut} of {reply:?}");
        }
        assert_eq!(scan.end(reply), Ok(Some(reply.len())));
        let mut scan = Scan::default();
        assert_eq!(
            scan.end(&[reply, b"+OK\r\n"].concat()),
            Ok(Some(reply.len()))
        );
    }

    #[test]
    fn a_reply_ends_where_it_ends_however_it_is_cut() {
        for reply in [
            &b"+OK\r\n"[..],
            b"-ERR no\r\n",
            b":-5\r\n",
            b"$5\r\na\r\nbc\r\n",
            b"$0\r\n\r\n",
            b"$-1\r\n",
            b"*-1\r\n",
            b"_\r\n",
            b"#t\r\n",
            b",1.5\r\n",
            b"(12345678901234567890\r\n",
            b"=7\r\ntxt:abc\r\n",
            b"!3\r\nERR\r\n",
            b"*0\r\n",
            b"*3\r\n:1\r\n*2\r\n$1\r\na\r\n_\r\n+b\r\n",
            b"%2\r\n+a\r\n:1\r\n+b\r\n~2\r\n:1\r\n:2\r\n",
            b"|1\r\n+ttl\r\n:3\r\n$1\r\nx\r\n",
            b">3\r\n+message\r\n+a\r\n$1\r\nb\r\n",
        ] {
            ends(reply);
        }
    }

    #[test]
    fn what_is_no_reply_is_told() {
        for bytes in [
            &b"HTTP/1.1 400 Bad Request\r\n"[..],
            b"$abc\r\n",
            b"$-2\r\n",
            b"$3\r\nabcd\r\n",
            b"$600000000\r\n",
            b"+a\rb\r\n",
            b"*99999999999999999999\r\n",
            b"%9223372036854775808\r\n",
            b"\x15\x03\x01\r\n",
        ] {
            assert_eq!(Scan::default().end(bytes), Err(NoReply), "{bytes:?}");
        }
    }

    #[test]
    fn a_reply_that_is_very_deep_takes_no_memory() {
        let deep = b"*1\r\n".repeat(100_000);
        let mut scan = Scan::default();
        assert_eq!(scan.end(&deep), Ok(None));
        assert_eq!(
            scan.end(&[&deep[..], b":1\r\n"].concat()),
            Ok(Some(deep.len() + 4))
        );
    }
}

//! What comes on a stream: numbers, frames, fields, pieces of a body.

use crate::frame::{number, number_length};
use crate::qpack::{Fields, NoFields};
pub(crate) use bggo_http2::is_of_connection;
pub(crate) use bggo_module_http_request::link::{HEAD_BYTES, HEAD_FIELDS};
use bytes::Bytes;
use http::StatusCode;
use http::header::{HeaderMap, HeaderName, HeaderValue};
use quinn::{ReadError, RecvStream, VarInt};

/// How many bytes are taken at once.
const PIECE: usize = 64 << 10;
/// Nobody reads the rest (RFC 9114, section 8.1).
pub(crate) const REQUEST_CANCELLED: VarInt = VarInt::from_u32(0x10c);

/// What comes on a stream. When it is dropped before its end, the server is told that nobody reads the rest.
pub(crate) struct Incoming {
    /// `None` once it is handed on.
    stream: Option<RecvStream>,
    /// What came and is not read yet.
    came: Bytes,
    has_begun: bool,
    has_ended: bool,
    /// It ended within a number or a frame.
    is_cut: bool,
}

/// The head of an answer.
pub(crate) struct Head {
    pub(crate) status: StatusCode,
    pub(crate) fields: HeaderMap,
}

/// Why bytes are no head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoHead {
    TooLarge,
    /// It breaks a rule of HTTP/3.
    Wrong(&'static str),
}

impl Incoming {
    pub(crate) fn new(stream: RecvStream) -> Self {
        Self {
            stream: Some(stream),
            came: Bytes::new(),
            has_begun: false,
            has_ended: false,
            is_cut: false,
        }
    }

    /// The stream, for one that nobody reads and nobody may close.
    pub(crate) fn into_stream(mut self) -> Option<RecvStream> {
        self.stream.take()
    }

    /// Whether a byte of it came.
    pub(crate) fn has_begun(&self) -> bool {
        self.has_begun
    }

    /// Whether its end was read.
    pub(crate) fn has_ended(&self) -> bool {
        self.has_ended
    }

    /// Whether it ended within a number or a frame.
    pub(crate) fn is_cut(&self) -> bool {
        self.is_cut
    }

    /// Waits until there is something to read: whether there is, or this is its end.
    async fn more(&mut self) -> Result<bool, ReadError> {
        while self.came.is_empty() {
            let Some(stream) = self.stream.as_mut().filter(|_| !self.has_ended) else {
                return Ok(false);
            };
            match stream.read_chunk(PIECE, true).await? {
                Some(chunk) => self.came = chunk.bytes,
                None => self.has_ended = true,
            }
        }
        self.has_begun = true;
        Ok(true)
    }

    /// The next piece of at most so many bytes; `None` at the end.
    pub(crate) async fn piece(&mut self, most: u64) -> Result<Option<Bytes>, ReadError> {
        if !self.more().await? {
            return Ok(None);
        }
        let size = usize::try_from(most).unwrap_or(usize::MAX);
        Ok(Some(self.came.split_to(size.min(self.came.len()))))
    }

    /// So many bytes; `None` if it ends before. The caller limits their count.
    pub(crate) async fn bytes(&mut self, count: u64) -> Result<Option<Bytes>, ReadError> {
        if count == 0 {
            return Ok(Some(Bytes::new()));
        }
        let Some(first) = self.piece(count).await? else {
            self.is_cut = true;
            return Ok(None);
        };
        if first.len() as u64 == count {
            return Ok(Some(first));
        }
        let mut all = first.to_vec();
        while (all.len() as u64) < count {
            match self.piece(count - all.len() as u64).await? {
                Some(piece) => all.extend_from_slice(&piece),
                None => {
                    self.is_cut = true;
                    return Ok(None);
                }
            }
        }
        Ok(Some(all.into()))
    }

    /// The next number; `None` at the end, or if it is cut off there.
    pub(crate) async fn number(&mut self) -> Result<Option<u64>, ReadError> {
        let Some(first) = self.piece(1).await? else {
            return Ok(None);
        };
        let Some(first) = first.first().copied() else {
            return Ok(None);
        };
        let rest = self.bytes(number_length(first) as u64 - 1).await?;
        Ok(rest.map(|rest| number(first, &rest)))
    }

    /// The kind and length of the next frame; `None` at the end, or if it is cut off there.
    pub(crate) async fn frame_begin(&mut self) -> Result<Option<(u64, u64)>, ReadError> {
        let Some(kind) = self.number().await? else {
            return Ok(None);
        };
        let length = self.number().await?;
        self.is_cut |= length.is_none();
        Ok(length.map(|length| (kind, length)))
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        if let Some(stream) = self.stream.as_mut().filter(|_| !self.has_ended) {
            // It only fails where it is closed already.
            let _ = stream.stop(REQUEST_CANCELLED);
        }
    }
}

impl Head {
    /// Reads a head.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, NoHead> {
        let wrong = |_: NoFields| NoHead::Wrong("its fields cannot be decoded");
        let mut fields = Fields::new(bytes).map_err(wrong)?;
        let mut status = None;
        let mut map = HeaderMap::new();
        let (mut count, mut size) = (0, 0);
        while let Some(field) = fields.next().map_err(wrong)? {
            count += 1;
            size += field.name.len() + field.value.len();
            if count > HEAD_FIELDS + 1 || size > HEAD_BYTES + b":status200".len() {
                return Err(NoHead::TooLarge);
            }
            if field.name == b":status" {
                if status.is_some() || !map.is_empty() {
                    return Err(NoHead::Wrong("its status stands twice or not first"));
                }
                status = StatusCode::from_bytes(field.value).ok();
                if status.is_none() {
                    return Err(NoHead::Wrong("its status is no number of three digits"));
                }
                continue;
            }
            let (name, value) = read_field(field.name, field.value)?;
            map.append(name, value);
        }
        Ok(Self {
            status: status.ok_or(NoHead::Wrong("it has no status"))?,
            fields: map,
        })
    }
}

fn read_field(name: &[u8], value: &[u8]) -> Result<(HeaderName, HeaderValue), NoHead> {
    let no_name = NoHead::Wrong("one of its fields has no right name");
    if name.iter().any(u8::is_ascii_uppercase) {
        return Err(no_name);
    }
    let name = HeaderName::from_bytes(name).map_err(|_| no_name)?;
    if is_of_connection(name.as_str()) {
        return Err(NoHead::Wrong("it has a field that HTTP/3 does not know"));
    }
    let value = HeaderValue::from_bytes(value)
        .map_err(|_| NoHead::Wrong("one of its fields has no right value"))?;
    Ok((name, value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::qpack;

    fn head(fields: &[(&str, &str)]) -> Result<Head, NoHead> {
        let mut bytes = Vec::new();
        qpack::begin(&mut bytes);
        for (name, value) in fields {
            qpack::put(name, value.as_bytes(), &mut bytes);
        }
        Head::read(&bytes)
    }

    fn refused(fields: &[(&str, &str)]) -> NoHead {
        match head(fields) {
            Ok(head) => panic!("it is taken: {}", head.status),
            Err(why) => why,
        }
    }

    #[test]
    fn a_head_is_a_status_and_fields() {
        let head = head(&[
            (":status", "404"),
            ("x-a", "1"),
            ("x-a", "2"),
            ("server", ""),
        ])
        .unwrap();
        assert_eq!(head.status, 404);
        let values: Vec<_> = head.fields.get_all("x-a").iter().collect();
        assert_eq!(values, ["1", "2"]);
        assert_eq!(head.fields["server"], "");
    }

    #[test]
    fn what_breaks_the_rules_is_no_head() {
        for fields in [
            &[("server", "x")][..],
            &[(":status", "200"), (":status", "200")],
            &[("server", "x"), (":status", "200")],
            &[(":status", "20")],
            &[(":status", "2000")],
            &[(":status", "200"), (":path", "/")],
            &[(":status", "200"), ("X-A", "1")],
            &[(":status", "200"), ("x a", "1")],
            &[(":status", "200"), ("", "1")],
            &[(":status", "200"), ("x-a", "1\n2")],
            &[(":status", "200"), ("transfer-encoding", "chunked")],
            &[(":status", "200"), ("connection", "close")],
        ] {
            assert!(matches!(refused(fields), NoHead::Wrong(_)), "{fields:?}");
        }
    }

    /// Bytes of a head, changed in a few places that follow from a seed (SplitMix64).
    fn changed(seed: u64) -> Vec<u8> {
        let mut state = seed;
        let mut below = |end: usize| {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            usize::try_from((mixed ^ (mixed >> 31)) % end as u64).unwrap_or(0)
        };
        let mut bytes = Vec::new();
        qpack::begin(&mut bytes);
        for (name, value) in [
            (":status", "200"),
            ("content-type", "text/plain"),
            ("x-a", "some value"),
            ("content-length", "5"),
        ] {
            qpack::put(name, value.as_bytes(), &mut bytes);
        }
        // `x-b: 302`, both in the code of Huffman.
        bytes.extend([0x2b, 0xf2, 0xb4, 0x7f, 0x82, 0x64, 0x02]);
        for _ in 0..=below(3) {
            let at = below(bytes.len());
            match below(4) {
                0 => bytes[at] ^= 1 << below(8),
                1 => bytes[at] = u8::try_from(below(256)).unwrap_or(0),
                2 => drop(bytes.remove(at)),
                _ => bytes.truncate(at.max(2)),
            }
        }
        bytes
    }

    /// `MUTATIONS=10000000 cargo test --release -p bggo-http-3 changed` tries more than the usual number.
    #[test]
    fn a_changed_head_is_refused_or_read_and_comes_back() {
        let wanted = std::env::var("MUTATIONS").ok();
        let count = wanted.map_or(100_000, |count| count.parse().expect("a number"));
        let mut taken = 0;
        for seed in 0..count {
            let bytes = changed(seed);
            let Ok(head) = Head::read(&bytes) else {
                continue;
            };
            taken += 1;
            // What was read is written as it is read again.
            let mut again = Vec::new();
            qpack::begin(&mut again);
            qpack::put(":status", head.status.as_str().as_bytes(), &mut again);
            for (name, value) in &head.fields {
                qpack::put(name.as_str(), value.as_bytes(), &mut again);
            }
            let same = Head::read(&again)
                .is_ok_and(|same| same.status == head.status && same.fields == head.fields);
            assert!(same, "seed {seed}: {}", bytes.escape_ascii());
        }
        // It reaches both.
        assert!(taken > count / 20 && taken < count, "{taken} of {count}");
    }

    #[test]
    fn the_largest_head_is_taken_and_none_beyond() {
        let with = |count: usize| {
            let mut fields = vec![(":status", "200")];
            fields.resize(count + 1, ("x-a", "1"));
            head(&fields).map(|head| head.fields.len())
        };
        assert_eq!(with(HEAD_FIELDS), Ok(HEAD_FIELDS));
        assert_eq!(with(HEAD_FIELDS + 1), Err(NoHead::TooLarge));
        let of_size = |size: usize| {
            let value = "v".repeat(size - "x-a".len());
            head(&[(":status", "200"), ("x-a", &value)]).map(|_| ())
        };
        assert_eq!(of_size(HEAD_BYTES), Ok(()));
        assert_eq!(of_size(HEAD_BYTES + 1), Err(NoHead::TooLarge));
    }
}

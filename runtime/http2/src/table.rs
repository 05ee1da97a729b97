//! The two tables of HPACK (RFC 7541, section 2.3 and appendix A): fields that both ends always know, and those that the server
//! has put in.

use std::collections::VecDeque;

/// Name and value of the fields that both ends always know, from index 1 on.
#[rustfmt::skip]
pub(crate) const STATIC: [(&str, &str); 61] = [
    (":authority", ""), (":method", "GET"), (":method", "POST"), (":path", "/"), (":path", "/index.html"),
    (":scheme", "http"), (":scheme", "https"), (":status", "200"), (":status", "204"), (":status", "206"),
    (":status", "304"), (":status", "400"), (":status", "404"), (":status", "500"), ("accept-charset", ""),
    ("accept-encoding", "gzip, deflate"), ("accept-language", ""), ("accept-ranges", ""), ("accept", ""),
    ("access-control-allow-origin", ""), ("age", ""), ("allow", ""), ("authorization", ""), ("cache-control", ""),
    ("content-disposition", ""), ("content-encoding", ""), ("content-language", ""), ("content-length", ""),
    ("content-location", ""), ("content-range", ""), ("content-type", ""), ("cookie", ""), ("date", ""),
    ("etag", ""), ("expect", ""), ("expires", ""), ("from", ""), ("host", ""), ("if-match", ""),
    ("if-modified-since", ""), ("if-none-match", ""), ("if-range", ""), ("if-unmodified-since", ""),
    ("last-modified", ""), ("link", ""), ("location", ""), ("max-forwards", ""), ("proxy-authenticate", ""),
    ("proxy-authorization", ""), ("range", ""), ("referer", ""), ("refresh", ""), ("retry-after", ""),
    ("server", ""), ("set-cookie", ""), ("strict-transport-security", ""), ("transfer-encoding", ""),
    ("user-agent", ""), ("vary", ""), ("via", ""), ("www-authenticate", ""),
];

/// What a field counts beside its bytes (RFC 7541, section 4.1).
pub(crate) const OVERHEAD: usize = 32;
/// The largest size of the table of the server, which is the one that holds without a word.
pub(crate) const MOST: usize = 4_096;

/// Fields that the server has put in, the newest first.
#[derive(Debug)]
pub(crate) struct Table {
    /// Names and values, the oldest first. Those of fields that are gone may stand before them.
    text: Vec<u8>,
    entries: VecDeque<Entry>,
    size: usize,
    most: usize,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    start: usize,
    name: usize,
    value: usize,
}

impl Entry {
    const fn size(self) -> usize {
        self.name + self.value + OVERHEAD
    }
}

impl Table {
    /// Empty. It holds no memory before something is put in.
    pub(crate) const fn new() -> Self {
        Self {
            text: Vec::new(),
            entries: VecDeque::new(),
            size: 0,
            most: MOST,
        }
    }

    /// The server uses so much of it from now on. False if that is more than it may.
    pub(crate) fn resize(&mut self, most: usize) -> bool {
        if most > MOST {
            return false;
        }
        self.most = most;
        self.make_room(0);
        true
    }

    /// Whether nothing can be put in. Some servers say so and go on with fields that would be put in.
    pub(crate) const fn is_closed(&self) -> bool {
        self.most == 0
    }

    /// Name and value of a field; `None` if there is none of that index.
    #[inline]
    pub(crate) fn get(&self, index: usize) -> Option<(&[u8], &[u8])> {
        let at = index.checked_sub(1)?;
        if let Some((name, value)) = STATIC.get(at) {
            return Some((name.as_bytes(), value.as_bytes()));
        }
        let entry = self.entries.get(at - STATIC.len())?;
        let text = self.text.get(entry.start..)?;
        let (name, rest) = text.split_at_checked(entry.name)?;
        Some((name, rest.get(..entry.value)?))
    }

    /// Puts a field in. Older ones go until there is room; one that is larger than the table empties it.
    pub(crate) fn insert(&mut self, name: &[u8], value: &[u8]) {
        let entry = Entry {
            start: 0,
            name: name.len(),
            value: value.len(),
        };
        self.make_room(entry.size());
        if entry.size() > self.most {
            return;
        }
        if self.text.len() + name.len() + value.len() > 2 * MOST {
            self.forget();
        }
        let start = self.text.len();
        self.text.extend_from_slice(name);
        self.text.extend_from_slice(value);
        self.entries.push_front(Entry { start, ..entry });
        self.size += entry.size();
    }

    /// Puts the last `count` fields in again, so many times, in the order in which they were put in.
    pub(crate) fn repeat(&mut self, count: usize, times: usize) {
        let mut text = Vec::new();
        for _ in 0..count.saturating_mul(times) {
            // The oldest of them; those that did not fit are put in by no repetition either.
            let Some((name, value)) = self.get(STATIC.len() + count) else {
                return;
            };
            text.clear();
            text.extend_from_slice(name);
            text.extend_from_slice(value);
            let (name, value) = text.split_at(name.len());
            self.insert(name, value);
        }
    }

    /// Lets all fields go, as one does that is too large for the table.
    pub(crate) fn clear(&mut self) {
        self.make_room(self.most + 1);
    }

    /// Lets the oldest fields go until there is room for so much.
    fn make_room(&mut self, size: usize) {
        while self.size + size > self.most {
            let Some(oldest) = self.entries.pop_back() else {
                break;
            };
            self.size -= oldest.size();
        }
        if self.entries.is_empty() {
            self.text.clear();
        }
    }

    /// Moves the text to the beginning, over that of fields that are gone.
    fn forget(&mut self) {
        let first = self.entries.back().map_or(0, |oldest| oldest.start);
        self.text.drain(..first);
        for entry in &mut self.entries {
            entry.start -= first;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{MOST, STATIC, Table};

    fn texts(table: &Table) -> Vec<String> {
        (STATIC.len() + 1..)
            .map_while(|index| table.get(index))
            .map(|(name, value)| {
                let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
                format!("{}: {}", text(name), text(value))
            })
            .collect()
    }

    #[test]
    fn indexes_begin_with_the_known_fields_and_go_on_with_the_newest() {
        let mut table = Table::new();
        assert_eq!(table.get(0), None);
        assert_eq!(table.get(1), Some((&b":authority"[..], &b""[..])));
        assert_eq!(table.get(61), Some((&b"www-authenticate"[..], &b""[..])));
        assert_eq!(table.get(62), None);
        table.insert(b"a", b"1");
        table.insert(b"b", b"2");
        assert_eq!(texts(&table), ["b: 2", "a: 1"]);
        assert_eq!(table.get(64), None);
    }

    #[test]
    fn the_oldest_go_and_what_is_too_large_empties_it() {
        let mut table = Table::new();
        assert!(table.resize(100) && !table.resize(MOST + 1));
        for text in ["1", "2", "3"] {
            table.insert(b"name", text.as_bytes());
        }
        assert_eq!(texts(&table), ["name: 3", "name: 2"]);
        table.insert(b"name", &[b'x'; 64]);
        assert_eq!(table.size, 100);
        assert_eq!(texts(&table).len(), 1);
        table.insert(b"name", &[b'x'; 65]);
        assert_eq!((texts(&table).len(), table.size), (0, 0));
        table.insert(b"name", b"");
        assert!(table.resize(0) && texts(&table).is_empty());
    }

    #[test]
    fn text_that_is_gone_does_not_stay_for_ever() {
        let mut table = Table::new();
        for number in 0..10_000 {
            let value = format!("{number}{}", "x".repeat(number % 700));
            table.insert(b"name", value.as_bytes());
            let (_, newest) = table.get(62).unwrap();
            assert_eq!(newest, value.as_bytes());
            assert!(table.text.len() <= 2 * MOST && table.size <= MOST);
        }
        let texts = texts(&table);
        assert!(texts.len() > 1 && texts.iter().all(|text| text.starts_with("name: 99")));
    }
}

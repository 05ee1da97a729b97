//! Bytes of an event stream to events, as the HTML standard says (9.2.6, interpreting an event stream).
//!
//! Bytes come in pieces that end anywhere. A line ends by LF, CR or CRLF; an empty line ends an event. What is no UTF-8 becomes
//! U+FFFD.

use std::borrow::Cow;

/// The mark of UTF-8 that a stream may begin with.
const MARK: &[u8] = "\u{feff}".as_bytes();

/// Reads a stream.
pub(crate) struct Parser {
    /// The most bytes that an event may have, with the line that is being read.
    most: usize,
    /// The beginning of a line whose end has not come.
    line: Vec<u8>,
    /// The last line ended by CR, so an LF that comes next belongs to that.
    had_cr: bool,
    has_begun: bool,
    /// The event was handed out, so the next one begins.
    is_told: bool,
    event: Vec<u8>,
    /// Each line of the data has an LF behind it.
    data: Vec<u8>,
    /// Stays until the server gives another one.
    id: Vec<u8>,
}

/// An event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Event<'a> {
    /// The last id that the server gave, with this event or before.
    id: &'a [u8],
    event: &'a [u8],
    data: &'a [u8],
}

/// An event is longer than it may be.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TooLarge;

impl<'a> Event<'a> {
    /// The last id that the server gave; empty if it gave none.
    pub(crate) fn id(&self) -> Cow<'a, str> {
        String::from_utf8_lossy(self.id)
    }

    /// Its name: `message` if the server gives it none.
    pub(crate) fn event(&self) -> Cow<'a, str> {
        match self.event {
            [] => Cow::Borrowed("message"),
            name => String::from_utf8_lossy(name),
        }
    }

    /// Its data, lines with an LF between them.
    pub(crate) fn data(&self) -> Cow<'a, str> {
        String::from_utf8_lossy(self.data)
    }
}

impl Parser {
    pub(crate) fn new(most: usize) -> Self {
        Self {
            most,
            line: Vec::new(),
            had_cr: false,
            has_begun: false,
            is_told: false,
            event: Vec::new(),
            data: Vec::new(),
            id: Vec::new(),
        }
    }

    /// The next event of a piece, which becomes what is behind that event. `None` when all of the piece is read.
    ///
    /// # Errors
    /// The event is too long.
    pub(crate) fn next(&mut self, piece: &mut &[u8]) -> Result<Option<Event<'_>>, TooLarge> {
        if std::mem::take(&mut self.is_told) {
            self.event.clear();
            self.data.clear();
        }
        while let Some((first, behind)) = piece.split_first() {
            if std::mem::take(&mut self.had_cr) && *first == b'\n' {
                *piece = behind;
                continue;
            }
            let end = piece.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
            let before = end.map_or(*piece, |end| piece.get(..end).unwrap_or_default());
            let held = self.line.len() + self.event.len() + self.data.len() + self.id.len();
            if held + before.len() > self.most {
                return Err(TooLarge);
            }
            let Some(end) = end else {
                self.line.extend_from_slice(before);
                *piece = &[];
                break;
            };
            self.had_cr = piece.get(end) == Some(&b'\r');
            *piece = piece.get(end + 1..).unwrap_or_default();
            // Most lines come in one piece, and are not copied.
            let is_over = if self.line.is_empty() {
                self.takes(before)
            } else {
                let mut line = std::mem::take(&mut self.line);
                line.extend_from_slice(before);
                let is_over = self.takes(&line);
                line.clear();
                self.line = line;
                is_over
            };
            if is_over {
                self.is_told = true;
                return Ok(Some(Event {
                    id: &self.id,
                    event: &self.event,
                    data: self.data.strip_suffix(b"\n").unwrap_or(&self.data),
                }));
            }
        }
        Ok(None)
    }

    /// Reads a line: whether it ends an event.
    fn takes(&mut self, mut line: &[u8]) -> bool {
        if !std::mem::replace(&mut self.has_begun, true) {
            line = line.strip_prefix(MARK).unwrap_or(line);
        }
        if line.is_empty() {
            let has_data = !self.data.is_empty();
            if !has_data {
                // It is no event, and its name is forgotten.
                self.event.clear();
            }
            return has_data;
        }
        let colon = line.iter().position(|byte| *byte == b':');
        let (name, value) = match colon {
            None => (line, [].as_slice()),
            Some(at) => {
                let value = line.get(at + 1..).unwrap_or_default();
                let value = value.strip_prefix(b" ").unwrap_or(value);
                (line.get(..at).unwrap_or_default(), value)
            }
        };
        match name {
            b"event" => {
                self.event.clear();
                self.event.extend_from_slice(value);
            }
            b"data" => {
                self.data.extend_from_slice(value);
                self.data.push(b'\n');
            }
            b"id" if !value.contains(&0) => {
                self.id.clear();
                self.id.extend_from_slice(value);
            }
            // A comment has no name. `retry` is for whoever connects again.
            _ => {}
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Told = (String, String, String);

    /// All events (id, name, data) of a stream that comes in pieces of so many bytes.
    fn by(size: usize, stream: &[u8]) -> Vec<Told> {
        let mut parser = Parser::new(1 << 20);
        let mut all = Vec::new();
        for mut piece in stream.chunks(size) {
            while let Some(event) = parser.next(&mut piece).unwrap() {
                all.push((
                    event.id().into_owned(),
                    event.event().into_owned(),
                    event.data().into_owned(),
                ));
            }
        }
        all
    }

    /// The same, however the stream is cut.
    fn read(stream: &[u8]) -> Vec<Told> {
        let whole = by(usize::MAX, stream);
        for size in 1..stream.len() {
            assert_eq!(by(size, stream), whole, "in pieces of {size}");
        }
        whole
    }

    fn told(events: &[(&str, &str, &str)]) -> Vec<Told> {
        let one = |(id, event, data): &(&str, &str, &str)| {
            ((*id).to_owned(), (*event).to_owned(), (*data).to_owned())
        };
        events.iter().map(one).collect()
    }

    #[test]
    fn the_streams_of_the_standard() {
        let stream = b"data: This is the first message.\n\ndata: This is the second message, it\ndata: has two lines.\n\ndata: This is the third message.\n\n";
        assert_eq!(
            read(stream),
            told(&[
                ("", "message", "This is the first message."),
                (
                    "",
                    "message",
                    "This is the second message, it\nhas two lines."
                ),
                ("", "message", "This is the third message."),
            ])
        );
        let stream = b": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n";
        assert_eq!(
            read(stream),
            told(&[
                ("1", "message", "first event"),
                ("", "message", "second event")
            ]),
            "an event without its empty line is none"
        );
        assert_eq!(
            read(b"data\n\ndata\ndata\n\ndata:"),
            told(&[("", "message", ""), ("", "message", "\n")])
        );
        assert_eq!(
            read(b"data:test\n\ndata: test\n\n"),
            told(&[("", "message", "test"), ("", "message", "test")])
        );
    }

    #[test]
    fn lines_end_by_each_of_the_three_ways() {
        let all = told(&[("7", "a", "1\n2"), ("7", "message", "3")]);
        for end in ["\n", "\r", "\r\n"] {
            let stream = [
                "event:a", "data:1", "id: 7", "data:2", "", "data: 3", "", "",
            ];
            assert_eq!(read(stream.join(end).as_bytes()), all, "{end:?}");
        }
        let mixed = b"event:a\rdata:1\r\nid: 7\ndata:2\n\r\ndata: 3\r\r\n";
        assert_eq!(read(mixed), all);
    }

    #[test]
    fn a_mark_is_left_out_at_the_beginning_only() {
        // The second one makes its line a field that nobody knows.
        assert_eq!(
            read("\u{feff}data: 1\n\n\u{feff}data: 2\n\ndata: \u{feff}3\n\n".as_bytes()),
            told(&[("", "message", "1"), ("", "message", "\u{feff}3")])
        );
    }

    #[test]
    fn ids_stay_and_those_with_nul_are_passed_over() {
        assert_eq!(
            read(b"id: 1\n\ndata: a\n\nid: 2\0\ndata: b\n\nid\ndata: c\n\n"),
            told(&[
                ("1", "message", "a"),
                ("1", "message", "b"),
                ("", "message", "c")
            ])
        );
    }

    #[test]
    fn what_is_no_field_says_nothing() {
        let stream = b"retry: 10\nretry: x\n: comment\nother: 1\nDATA: 2\n data: 3\nevent: a\nevent: b\ndata: 4\n\n";
        assert_eq!(read(stream), told(&[("", "b", "4")]));
        assert_eq!(
            read(b"event: lost\n\ndata: 1\n\n"),
            told(&[("", "message", "1")]),
            "the name of an event without data goes with it"
        );
    }

    #[test]
    fn bytes_that_are_no_text_are_replaced() {
        assert_eq!(
            read(b"event: \xff\ndata: a\xc3\n\n"),
            told(&[("", "\u{fffd}", "a\u{fffd}")])
        );
    }

    #[test]
    fn an_event_without_end_has_a_bound() {
        let mut parser = Parser::new(16);
        let mut fits: &[u8] = b"data: 0123456789\n";
        assert_eq!(parser.next(&mut fits), Ok(None));
        let mut more: &[u8] = b"data: 0";
        assert_eq!(parser.next(&mut more), Err(TooLarge));
        let mut parser = Parser::new(16);
        for _ in 0..2 {
            assert_eq!(parser.next(&mut b"data: 01".as_slice()), Ok(None));
        }
        assert_eq!(parser.next(&mut b"x".as_slice()), Err(TooLarge));
    }
}

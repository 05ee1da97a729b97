//! How far a connection has read its streams: a step that reads goes on behind the last entry that an earlier one got.

use bggo_runtime::contract::{Text, Value};
use std::cell::RefCell;

/// So many streams are remembered: a grid that names another one in each iteration does not fill the memory.
const MOST: usize = 256;

/// The id behind which a stream without entries is read.
pub(crate) const BEGINNING: Text = Text::Static("0-0");

/// The last ids of streams. The stream that was read last comes last.
#[derive(Debug, Default)]
pub(crate) struct Positions {
    streams: RefCell<Vec<(Text, Text)>>,
}

impl Positions {
    /// The id behind which a stream is read next; `None` if it was not read yet.
    pub(crate) fn of(&self, stream: &str) -> Option<Text> {
        let streams = self.streams.borrow();
        let found = streams.iter().find(|(name, _)| name.as_str() == stream);
        found.map(|(_, id)| id.clone())
    }

    /// Goes on to an id, never back. Whether it was behind the last one.
    pub(crate) fn go_on(&self, stream: &Text, id: &Text) -> bool {
        let mut streams = self.streams.borrow_mut();
        let at = streams.iter().position(|(name, _)| name == stream);
        let known = at.map(|at| streams.remove(at));
        let is_newer = known
            .as_ref()
            .is_none_or(|(_, last)| order(id) > order(last));
        let kept = match known {
            Some(known) if !is_newer => known,
            _ => (stream.clone(), id.clone()),
        };
        if streams.len() >= MOST {
            streams.remove(0);
        }
        streams.push(kept);
        is_newer
    }

    /// The streams of a list that were not read yet.
    pub(crate) fn missing<'a>(&self, streams: &'a [Value]) -> Vec<&'a str> {
        let names = streams.iter().filter_map(Value::as_text);
        names.filter(|name| self.of(name).is_none()).collect()
    }
}

/// An id as a place in the order of its stream: milliseconds and a number within them.
fn order(id: &str) -> (u64, u64) {
    let (millis, number) = id.split_once('-').unwrap_or((id, "0"));
    (
        millis.parse().unwrap_or_default(),
        number.parse().unwrap_or_default(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn go_on(positions: &Positions, stream: &str, id: &'static str) -> bool {
        positions.go_on(&Text::from(stream), &Text::Static(id))
    }

    #[test]
    fn a_stream_is_read_on_and_never_back() {
        let positions = Positions::default();
        assert_eq!(positions.of("s"), None);
        assert!(go_on(&positions, "s", "9-2"));
        assert!(go_on(&positions, "s", "10-1"));
        assert!(!go_on(&positions, "s", "10-1"));
        assert!(!go_on(&positions, "s", "9-30"));
        assert!(go_on(&positions, "s", "10-20"));
        assert!(!go_on(&positions, "s", "10-3"));
        assert_eq!(positions.of("s").as_deref(), Some("10-20"));
        let streams = [Value::text("s"), Value::text("t")];
        assert_eq!(positions.missing(&streams), ["t"]);
    }

    #[test]
    fn the_streams_that_were_read_last_are_remembered() {
        let positions = Positions::default();
        go_on(&positions, "kept", "1-0");
        for number in 0..MOST - 1 {
            go_on(&positions, &number.to_string(), "1-0");
        }
        go_on(&positions, "kept", "2-0");
        go_on(&positions, "one more", "1-0");
        assert_eq!(positions.of("kept").as_deref(), Some("2-0"));
        assert_eq!(positions.of("0"), None);
        assert_eq!(positions.streams.borrow().len(), MOST);
    }
}
